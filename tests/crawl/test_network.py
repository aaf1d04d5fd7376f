"""Between the crawl and the sites: proxies, and how many connections a site sees."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest

from tests.crawl.test_old_servers import certificate, server
from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["certificate"]  # a fixture


class Proxy:
    """A proxy on 127.0.0.1 for which every name is a site of this test."""

    def __init__(self, http: Site, https: Site | None = None) -> None:
        self.asked: Counter[str] = Counter()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                proxy.asked[self.path] += 1
                parts = urlsplit(self.path)
                other = HTTPConnection(http.base.removeprefix("http://"))
                other.request("GET", parts._replace(scheme="", netloc="").geturl())
                answer = other.getresponse()
                body = answer.read()
                other.close()
                self.send_response(answer.status)
                for name in {"Content-Type", "Content-Length", "Location"} & set(answer.headers):
                    self.send_header(name, answer.headers[name])
                self.end_headers()
                self.wfile.write(body)

            def do_CONNECT(self) -> None:
                proxy.asked[f"CONNECT {self.path}"] += 1
                assert https is not None
                with socket.create_connection(("127.0.0.1", int(https.base.rpartition(":")[2]))) as other:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
                    back.start()
                    _pump(self.connection, other)
                    back.join(5)
                self.close_connection = True

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_proxy_at_an_inner_address(tmp_path: Path) -> None:
    with Site(3) as site, Proxy(site) as proxy:
        address = "http://jyt.example.gov.cn"
        site.answers["/node_1.htm"] = (
            200,
            {"Content-Type": "text/html; charset=utf-8"},
            site.list_page(1)
            .replace("</ul>", '<li><a href="/2022-01/09/content_9.htm">引向代理</a></li></ul>')
            .encode(),
        )
        site.answers["/2022-01/09/content_9.htm"] = (302, {"Location": f"{proxy.url}/secret/content_1.htm"}, b"")
        done = crawl(
            tmp_path,
            "site",
            "-a",
            f"start={address}/node_1.htm",
            settings={"RETRY_TIMES": "0"},
            GOVCRAWL_ALLOW_HOSTS="",
            http_proxy=proxy.url,
            no_proxy="",
        )
        assert len(read_all(tmp_path)) == 3, done.stdout + done.stderr[-3000:]
        assert proxy.asked[f"{address}/node_1.htm"] == 1
        assert not any("secret" in path for path in proxy.asked), "a page is not let to the proxy itself"


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/x_1.htm", "http://[::1]/x_1.htm", "http://2130706433/x_1.htm"])
def test_inner_addresses_are_not_asked_of_a_proxy(tmp_path: Path, target: str) -> None:
    with Site(1) as site, Proxy(site) as proxy:
        done = crawl(
            tmp_path, "urls", "-a", f"url={target}", GOVCRAWL_ALLOW_HOSTS="", http_proxy=proxy.url, no_proxy=""
        )
        assert done.returncode in (0, 3), done.stdout
        assert not proxy.asked


def test_https_through_a_proxy(certificate: Path, tmp_path: Path) -> None:
    with Site(3, tls=server(certificate, "TLSv1_2")) as site, Proxy(site, site) as proxy:
        done = crawl(
            tmp_path,
            "site",
            "-a",
            "start=https://jyt.example.gov.cn/node_1.htm",
            GOVCRAWL_ALLOW_HOSTS="",
            https_proxy=proxy.url,
            no_proxy="",
        )
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        assert set(proxy.asked) == {"CONNECT jyt.example.gov.cn:443"}
    assert len(read_all(tmp_path)) == 3
    assert {c["tls"] for c in pq.read_table(tmp_path / "captures").to_pylist()} == {"TLSv1.2"}


@pytest.mark.parametrize("most", [1, 2])
def test_a_site_sees_no_more_connections_than_the_setting_allows(tmp_path: Path, most: int) -> None:
    with Site(30) as site:
        plain, lock = site.answer, threading.Lock()
        now = highest = 0

        def counted(path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            nonlocal now, highest
            with lock:
                now += 1
                highest = max(highest, now)
            time.sleep(0.02)
            try:
                return plain(path, headers)
            finally:
                with lock:
                    now -= 1

        site.answer = counted  # type: ignore[method-assign,assignment]
        settings = {"CONCURRENT_REQUESTS_PER_DOMAIN": str(most), "CONCURRENT_REQUESTS": "16", "DOWNLOAD_DELAY": "0"}
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=settings)
        assert done.returncode == 0, done.stdout
        assert highest <= most
    assert len(read_all(tmp_path)) == 30
