"""Simulated sites over HTTP on this machine, and as a WARC file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import threading
import time
import uuid
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .model import Answer, SimulatedSite

RECORDED = "2024-06-01T00:00:00Z"


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.path.startswith("http"):
            url = self.path  # a client that uses this server as its proxy
        else:
            url = f"http://{self.headers.get('Host', '')}{self.path}"
            if urlsplit(url).port == self.server.server_port and urlsplit(url).hostname in ("127.0.0.1", "localhost"):
                url = f"http://{self.server.default_host}{self.path}"
        if self.server.delay:
            time.sleep(self.server.delay)
        self.server.asked.append((self.command, url))
        answer = self.server.find(self.command, url, body)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_HEAD = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing on standard error."""


class SiteServer(ThreadingHTTPServer):
    """Serves simulated sites by Host header, or as a proxy for http addresses; `asked` lists what was asked for."""

    daemon_threads = True

    def __init__(self, sites: tuple[SimulatedSite, ...], delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sites = sites
        self.delay = delay
        self.asked: list[tuple[str, str]] = []
        self.default_host = urlsplit(sites[0].lists[0].url).hostname or ""

    @property
    def url(self) -> str:
        """`http://127.0.0.1:port`; asked without another Host it answers for the first column's host."""
        return f"http://127.0.0.1:{self.server_port}"

    def find(self, method: str, url: str, body: bytes) -> Answer:
        """The first answer of any site that is not 404."""
        answers = [site.answer(method, url, body) for site in self.sites]
        return next((answer for answer in answers if answer.status != HTTPStatus.NOT_FOUND), answers[0])


@contextmanager
def serve(*sites: SimulatedSite, delay: float = 0.0) -> Iterator[SiteServer]:
    """Run a server on a free port of 127.0.0.1 until the block ends; `delay` is seconds before each answer."""
    server = SiteServer(sites, delay)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _record(url: str, answer: Answer) -> bytes:
    phrase = HTTPStatus(answer.status).phrase
    headers = "".join(f"{name}: {value}\r\n" for name, value in (*answer.headers, ("Content-Length", len(answer.body))))
    block = f"HTTP/1.1 {answer.status} {phrase}\r\n{headers}\r\n".encode() + answer.body
    digest = base64.b32encode(hashlib.sha1(answer.body).digest()).decode()
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, url)}>\r\nWARC-Date: {RECORDED}\r\n"
        f"WARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha1:{digest}\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", mtime=0)


def record(site: SimulatedSite, path: Path) -> int:
    """
    Write a gzipped WARC of every request of `site.requests()`, one member a record; the number of records.

    Answers of 404 are recorded too: a walk that asks past the end of a list must find that out. Raises ValueError for
    a site whose requests cannot be listed.
    """
    count = 0
    with path.open("wb") as file:
        for method, url, body in site.requests():
            file.write(_record(url, site.answer(method, url, body)))
            count += 1
    if not count:
        raise ValueError(f"{site.slug}: the requests of this family cannot be listed")
    return count
