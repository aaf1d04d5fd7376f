"""Servers of another time, and bent ones: what a browser shows lands here too."""

from __future__ import annotations

import ssl
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """-----BEGIN X9.42 DH PARAMETERS-----
MIIBJgKBgQDzYzw4GnI/e5orHYI2WY1lUu0JrwLr23eXzhdeduajHmv1Nu4syA/2
ZXN6JGTrf5S3wzh7OSPxGVsK6FkdAyKA9gyIRurBJ5Y3XmONYdmkX3NopziluBTS
KsyF/WWJyoKm1zSPnQTFkgNZwO6SHTKiKjhzukGcHt7UBn5htEa63QKBgGIIajKF
Ym0TT8uTyIRq1wVoP/PfyB7qnFXMILIO5IVw8TzuUtbrKfl2HItPYpy2IuGd+PlP
3u69/xZawiQO5WpbFWjZLg6d6zXiKoWAJJDdMSZBeKpcUxoC6iOQxsmPBgGQoZyj
R+uyqL8pkPDa18Ntd7fX9un87oGjpCozaYOwAh0A/LGwhmWtRF4i5Lyl665R831b
HJ9+rCK6oC5LvQ==
-----END X9.42 DH PARAMETERS-----
"""  # 1,024 bits
HTML = {"Content-Type": "text/html; charset=utf-8"}


def captures(data: Path, site: Site) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "captures").to_pylist()}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that its own server has signed, and that ran out yesterday."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "old.example")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(9), now - timedelta(1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server(certificate: Path, version: str, ciphers: str = "ALL") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that is what is wanted here
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    return context


@pytest.mark.parametrize(
    ("version", "spoken"), [("TLSv1", "TLSv1"), ("TLSv1_1", "TLSv1.1"), ("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")]
)
def test_versions_of_tls(certificate: Path, tmp_path: Path, version: str, spoken: str) -> None:
    with Site(3, tls=server(certificate, version)) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        assert {c["tls"] for c in captures(tmp_path, site).values()} == {spoken}
        lowered = "offers no TLS of today" in done.stderr
        assert lowered == (version in ("TLSv1", "TLSv1_1")), "only where nothing newer is offered"
        assert done.stderr.count("offers no TLS of today") <= 1, "remembered for the run"
    assert len(read_all(tmp_path)) == 3


def test_a_small_key_of_diffie_hellman(certificate: Path, tmp_path: Path) -> None:
    context = server(certificate, "TLSv1_2", "DHE-RSA-AES128-SHA")
    file = tmp_path / "dh.pem"
    file.write_text(SMALL)
    context.load_dh_params(str(file))
    with Site(2, tls=context) as site:
        done = crawl(tmp_path / "data", "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert len(read_all(tmp_path / "data")) == 2


def test_a_server_that_speaks_no_tls_is_a_failure(tmp_path: Path) -> None:
    with Site(2) as site:
        url = site.listing.replace("http:", "https:")
        done = crawl(tmp_path, "loopback", "-a", f"channel={url}", settings={"RETRY_TIMES": "0"})
        assert done.returncode == 3, done.stdout
        assert "Traceback" not in done.stdout
