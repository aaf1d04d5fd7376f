"""Servers of another time, and bent ones: what a browser shows lands here too."""

from __future__ import annotations

import gzip
import ssl
import warnings
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit

import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from govcrawl.addresses import as_written
from govcrawl.extraction import relative
from tests.loopback import Site, crawl, scrapy, sentence
from tests.readers import read_all

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it looks whether there is an asyncore
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.constants import CipherSuite, ExtensionType
    from tlslite.errors import BaseTLSException

if TYPE_CHECKING:
    import socket
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
UNUSED = 0xFFFE  # number of no cipher suite and of no extension


def captures(data: Path, site: Site) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "captures").to_pylist()}


def articles(data: Path, site: Site) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "articles").to_pylist()}


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


class Unaware:
    """Listens, and greets as a server does that has never heard of secure renegotiation (RFC 5746)."""

    def __init__(self, certificate: Path, newest: tuple[int, int], listening: socket.socket) -> None:
        pem = certificate.read_text()
        self._chain, self._key = X509CertChain(), parsePEMKey(pem, private=True)
        self._chain.parsePemList(pem[pem.index("-----BEGIN CERTIFICATE") :])
        self._listening = listening
        self._settings = HandshakeSettings()
        self._settings.minVersion = self._settings.maxVersion = newest
        self._settings.versions = [newest]
        self.fileno, self.close = listening.fileno, listening.close

    def accept(self) -> tuple[TLSConnection, Any]:
        accepted, address = self._listening.accept()
        connection = TLSConnection(accepted)
        try:
            connection.handshakeServer(certChain=self._chain, privateKey=self._key, settings=self._settings)
        except BaseTLSException as exc:
            raise ConnectionResetError from exc
        return connection, address


@pytest.mark.parametrize(
    ("newest", "spoken", "refused"),
    [((3, 3), "TLSv1.2", "unsafe legacy renegotiation disabled"), ((3, 1), "TLSv1", "version|unsupported")],
)
def test_a_server_that_knows_no_secure_renegotiation(
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    newest: tuple[int, int],
    spoken: str,
    refused: str,
) -> None:
    # What the client says of it is neither seen nor answered.
    monkeypatch.setattr(CipherSuite, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", UNUSED)
    monkeypatch.setattr(ExtensionType, "renegotiation_info", UNUSED)
    listener = SimpleNamespace(wrap_socket=lambda it, **_: Unaware(certificate, newest, it))
    with Site(3, tls=listener) as site:
        # OpenSSL refuses it where it is not told otherwise.
        with pytest.raises(ssl.SSLError, match=refused):
            ssl.get_server_certificate(("127.0.0.1", urlsplit(site.base).port or 0))
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        assert {c["tls"] for c in captures(tmp_path, site).values()} == {spoken}
    assert len(read_all(tmp_path)) == 3


def test_a_server_that_speaks_no_tls_is_a_failure(tmp_path: Path) -> None:
    with Site(2) as site:
        url = site.listing.replace("http:", "https:")
        done = crawl(tmp_path, "loopback", "-a", f"channel={url}", settings={"RETRY_TIMES": "0"})
        assert done.returncode == 3, done.stdout
        assert "Traceback" not in done.stdout


def test_a_body_shorter_than_its_length_is_kept_after_the_retries(tmp_path: Path) -> None:
    with Site(4) as site:
        page = site.article(2).encode()
        half = page[: len(page) * 3 // 4]
        header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(page)
        site.raw[site.path_of(2)] = header + half
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "2"})
        assert done.returncode == 0, done.stdout
        assert site.asked[site.path_of(2)] == 3
        capture = captures(tmp_path, site)[site.path_of(2)]
        assert capture["truncated"]
        assert capture["outcome"] == "landed"
        rows = articles(tmp_path, site)
        assert "truncated" in rows[site.path_of(2)]["quality"]
        assert "truncated" not in rows[site.path_of(1)]["quality"]
        assert not captures(tmp_path, site)[site.path_of(1)]["truncated"]
        again = crawl(tmp_path / "again", "loopback", "-a", f"channel={site.listing}", GOVCRAWL_REPLAY=str(tmp_path))
        assert again.returncode == 0, again.stdout
        replayed = articles(tmp_path / "again", site)
        assert "truncated" in replayed[site.path_of(2)]["quality"], "a replay knows it too"


def test_a_listing_that_is_cut_is_a_failure(tmp_path: Path) -> None:
    with Site(4) as site:
        page = site.list_page(1).encode()
        header = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(page)
        site.raw["/node_1.htm"] = header + page[: len(page) // 2]
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "1"})
        assert done.returncode == 3, "half a list is no walk"
        assert "shorter than its Content-Length" in done.stdout


def test_claimed_gzip_that_is_none(tmp_path: Path) -> None:
    with Site(3) as site:
        site.answers[site.path_of(2)] = (200, HTML | {"Content-Encoding": "gzip"}, site.article(2).encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout
    assert len(read_all(tmp_path)) == 3


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["no header", "packed twice"])
def test_gzip_that_no_header_tells(headers: dict[str, str], tmp_path: Path) -> None:
    with Site(3) as site:
        for path in (site.path_of(2), "/node_1.htm"):
            packed = gzip.compress(site.answer(path, {})[2])
            site.answers[path] = (200, HTML | headers, gzip.compress(packed) if headers else packed)
        site.answers["/f.gz"] = (200, {"Content-Type": "application/gzip"}, gzip.compress(b"a file"))
        site.answers[site.path_of(1)] = (
            200,
            HTML,
            site.article(1).replace("</p>", "</p><a href='/f.gz'>x.zip</a>", 1).encode(),
        )
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout
    rows = {r["title"]: r for r in pq.read_table(tmp_path / "articles").to_pylist()}
    assert len(rows) == 3
    assert sentence(20) in rows[Site.title(2)]["text"]
    assert rows[Site.title(1)]["attachments"][0]["bytes"] == len(gzip.compress(b"a file"))
    assert scrapy(tmp_path, "reextract").returncode == 0
    assert len(read_all(tmp_path)) == 3, "read again as it was read"


def test_a_redirect_that_leads_nowhere_is_asked_again(tmp_path: Path) -> None:
    with Site(2) as site:
        site.answers[site.path_of(1)] = (302, HTML, b"moved")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "0"})
        assert done.returncode == 3, done.stdout
        assert "1 articles: server_error" in done.stdout
        del site.answers[site.path_of(1)]
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0
    assert len(read_all(tmp_path)) == 2


def test_a_redirect_to_itself_that_only_sets_a_cookie(tmp_path: Path) -> None:
    with Site(12) as site:
        told: list[str | None] = []

        def door(number: int) -> Any:
            def answer(headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
                told.append(headers.get("Cookie"))
                if headers.get("Cookie") != "visitor=7":
                    itself = site.path_of(number)
                    return 302, {"Location": itself, "Set-Cookie": "visitor=7; Path=/; HttpOnly"}, b""
                return 200, HTML, site.article(number).encode()

            return answer

        for number in set(range(1, 13)) - {4}:
            site.answers[site.path_of(number)] = door(number)
        endless = {"Location": site.path_of(4), "Set-Cookie": "visitor=7"}
        site.answers[site.path_of(4)] = (302, endless, b"")
        one = {"CONCURRENT_REQUESTS_PER_DOMAIN": "1", "REDIRECT_MAX_TIMES": "3", "RETRY_TIMES": "0"}
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=one)
        assert done.returncode == 3, "one that goes on and on is a failure"
        assert told.count("visitor=7") == 11
        assert told.count(None) <= 5, "the cookie is known from then on; some requests waited already"
        assert site.asked[site.path_of(4)] <= 6
        assert set(articles(tmp_path, site)) == {site.path_of(n) for n in range(1, 13) if n != 4}
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=one)
        assert again.returncode == 3
        assert site.asked[site.path_of(1)] <= 2, "it has landed, and is not asked again"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_addresses_are_written_as_a_browser_would(tmp_path: Path, encoding: str) -> None:
    with Site(1) as site:
        links = [
            "/通知 一/x.jsp?k=关键 词&u=/2022-01/05/content_1.htm",
            " /2022-01/05/content_2.htm\n",
            "/a b/2022-01/05/content_3.htm",
        ]
        rows = "".join(f'<li><a href="{link}">第{n}条教育消息</a></li>' for n, link in enumerate(links))
        page = f'<html><head><meta charset="{encoding}"></head><body><ul>{rows}</ul></body></html>'
        site.answers["/node_1.htm"] = (200, {"Content-Type": f"text/html; charset={encoding}"}, page.encode(encoding))
        crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        asked = {unquote_to_bytes(path) for path in site.asked}
        query = "?k=关键 词&u=/2022-01/05/content_1.htm".encode(encoding)
        assert "/通知 一/x.jsp".encode() + query in asked, site.asked
        assert {"/2022-01/05/content_2.htm", "/a%20b/2022-01/05/content_3.htm"} <= set(site.asked)


@pytest.mark.parametrize(
    ("link", "encoding", "asked"),
    [
        (
            "http://h/通知/附 件.doc?n=附件",
            "gb2312",
            "http://h/%E9%80%9A%E7%9F%A5/%E9%99%84%20%E4%BB%B6.doc?n=%B8%BD%BC%FE",
        ),
        ("http://h/通知?n=附件", "utf-8", "http://h/%E9%80%9A%E7%9F%A5?n=%E9%99%84%E4%BB%B6"),
        (" http://h/a\n b ", "utf-8", "http://h/a%20b"),
        ("http://h/%B8%BD?n=%B8%BD", "utf-8", "http://h/%B8%BD?n=%B8%BD"),
        ("http://h/?n=𠮷", "gbk", "http://h/?n=%954%B25"),
        ("http://h/?n=附件", "no-such", "http://h/?n=附件"),
    ],
)
def test_addresses(link: str, encoding: str, asked: str) -> None:
    """The path in UTF-8, the query in the page's encoding; what is escaped already stays."""
    assert as_written(link, encoding) == asked


@pytest.mark.parametrize(
    ("words", "day", "clock"),
    [
        ("刚刚", 24, None),
        ("5分钟前", 23, None),
        ("2小时前", 23, None),
        ("半小时前", 23, None),
        ("昨天", 23, None),
        ("昨天 08:30", 23, "08:30"),
        ("前天08：30:12", 22, "08:30"),
        ("今日 00:03", 24, "00:03"),
        ("3天前", 21, None),
        ("一周前", 17, None),
        ("2个星期前", 10, None),
        ("大前天", 21, None),
        ("剛剛", 24, None),
        ("3小時前", 23, None),
    ],
)
def test_relative_times(words: str, day: int, clock: str | None) -> None:
    """They count from the fetch, here at four minutes past midnight in China on the 24th."""
    found = relative.moment(words, datetime(2024, 5, 23, 16, 4, tzinfo=UTC))
    assert found is not None
    assert found.day.day == day or (words == "刚刚" and found.day.day == 24)
    assert (found.at.strftime("%H:%M") if found.at else None) == clock
    assert relative.alone(f"[{words}]") == words
    assert relative.alone(f"发布时间：{words}") == words


@pytest.mark.parametrize("text", ["昨天，教育部发布通知", "前天下午", "100000天前", "", "2小时前的消息", "2024-05-03"])
def test_words_that_are_no_time_alone(text: str) -> None:
    assert relative.alone(text) is None


def test_days_that_count_from_the_present_on(tmp_path: Path) -> None:
    with Site(4) as site:
        told = {1: "2小时前", 2: "昨天 08:30", 3: "刚刚", 4: "3天前"}
        rows = "".join(
            f'<li><a href="/x/content_{n}.htm">{site.title(n)}</a><span>{words}</span></li>'
            for n, words in told.items()
        )
        site.answers["/list.htm"] = (200, HTML, f"<html><body><ul>{rows}</ul></body></html>".encode())
        for number, words in told.items():
            text = site.article(number).replace(f"{site.day(number)} 08:30", words if number == 2 else "")
            site.answers[f"/x/content_{number}.htm"] = (200, HTML, text.encode())
        china = datetime.now(UTC) + timedelta(hours=8)
        start = f"{site.base.replace('127.0.0.1', 'localhost')}/list.htm"  # a host that no spider knows
        done = crawl(tmp_path, "site", "-a", f"start={start}", GOVCRAWL_ALLOW_HOSTS="localhost")
        assert done.returncode == 0, done.stdout
        found = {url.rpartition("_")[2]: row for url, row in articles(tmp_path, site).items()}
        assert abs((found["1.htm"]["published_on"] - china.date()).days) <= 1
        assert found["3.htm"]["published_on"] >= china.date()
        assert (china.date() - found["4.htm"]["published_on"]).days in (2, 3)
        assert (china.date() - found["2.htm"]["published_on"]).days in (0, 1)
        assert found["2.htm"]["published_at"].strftime("%H:%M") in ("08:30", "00:30"), "the page's own clock"
