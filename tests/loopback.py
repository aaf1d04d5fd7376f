"""A site on 127.0.0.1 for the crawls of these tests, and the way to run a crawl on it as a user would."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.zygote import client as zygote

if TYPE_CHECKING:
    import ssl
    import subprocess

    from tests.zygote.client import Forked

PROJECT = Path(__file__).parents[1]
PER_PAGE = 20

_WORDS = (
    "学校",
    "教师",
    "课程",
    "阅读",
    "实验",
    "体育",
    "安全",
    "乡村",
    "家长",
    "艺术",
    "劳动",
    "资助",
    "职教",
    "幼儿园",
)


Answer = tuple[int, dict[str, str], bytes]


def sentence(number: int) -> str:
    """A sentence that no other number gives."""
    words = [_WORDS[(number * k + k) % len(_WORDS)] for k in range(1, 7)]
    return f"第{number}号消息说，{words[0]}和{words[1]}在{words[2]}中相互支持，{words[3]}、{words[4]}与{words[5]}都有新的进展。"


class Site:
    """Articles 1..count, newest first, 20 a list page. ``publish(n)`` adds n newer ones. ``answers`` overrides paths with
    (status, headers, body) or a callable that returns one, ``POST /path body`` those of forms; ``raw`` with bytes as they go over the wire."""

    def __init__(
        self, count: int, delay: float = 0.0, per_page: int = PER_PAGE, tls: ssl.SSLContext | Any = None
    ) -> None:
        self.count = count
        self.delay = delay
        self.per_page = per_page
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Any] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.raw: dict[str, bytes] = {}
        self.posted: list[tuple[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                site.posted.append((self.path, sent))
                self.path = f"POST {self.path} {sent}"
                self.do_GET()

            def do_GET(self) -> None:
                site.asked[self.path] += 1
                time.sleep(site.delay)
                if (raw := site.raw.get(self.path)) is not None:
                    self.wfile.write(raw)
                    self.close_connection = True
                    return
                status, headers, body = site.answer(self.path, dict(self.headers.items()))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.base = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self.listing = f"{self.base}/node_1.htm"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def publish(self, number: int) -> None:
        self.count += number

    @staticmethod
    def path_of(number: int) -> str:
        day = date(2022, 1, 1) + timedelta(days=number)
        return f"/{day:%Y-%m/%d}/content_{number}.htm"

    def urls(self) -> set[str]:
        return {self.base + self.path_of(n) for n in range(1, self.count + 1)}

    def answer(self, path: str, request_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        given = self.answers.get(path)
        if given is not None:
            said: Answer = given(request_headers) if callable(given) else given
            return said
        headers = {"Content-Type": "text/html; charset=utf-8", **self.headers.get(path, {})}
        if path == "/robots.txt":
            return 404, headers, b"no"
        if path.startswith("/node_1"):
            page = int(path.removesuffix(".htm").removeprefix("/node_1").lstrip("_") or 1)
            return 200, headers, self.list_page(page).encode()
        number = int(path.rsplit("_", 1)[1].removesuffix(".htm")) if "content_" in path else 0
        if 1 <= number <= self.count:
            return 200, headers, self.article(number).encode()
        return 404, headers, b"not found"

    def list_page(self, page: int) -> str:
        numbers = range(self.count, 0, -1)[(page - 1) * self.per_page : page * self.per_page]
        rows = "".join(
            f'<li><a href="{self.path_of(n)}">{self.title(n)}</a><span>{self.day(n)}</span></li>' for n in numbers
        )
        last = -(-self.count // self.per_page)
        pager = "".join(f'<a href="node_1_{p}.htm">{p}</a>' for p in (2, last) if p > 1)
        return f"<html><head><title>列表</title></head><body><ul>{rows}</ul><div>{pager}</div></body></html>"

    @staticmethod
    def title(number: int) -> str:
        return f"黑龙江省第{number}号教育消息"

    @staticmethod
    def day(number: int) -> str:
        return (date(2022, 1, 1) + timedelta(days=number)).isoformat()

    def article(self, number: int) -> str:
        body = "".join(f"<p>{sentence(number * 10 + k)}</p>" for k in range(4))
        return (
            f"<html><head><title>{self.title(number)}</title></head><body><h1>{self.title(number)}</h1>"
            f'<div class="info">发布时间：{self.day(number)} 08:30 来源：黑龙江日报</div><div class="content">{body}</div></body></html>'
        )


FAST = {"DOWNLOAD_DELAY": "0", "AUTOTHROTTLE_ENABLED": "False", "CONCURRENT_REQUESTS_PER_DOMAIN": "4"}


def options(settings: dict[str, Any] | None = None) -> list[str]:
    given = {"SPIDER_MODULES": "tests.loopback_spider,govcrawl.spiders"} | (settings or {})
    return [part for k, v in given.items() for part in ("-s", f"{k}={v}")]


def command(*arguments: str, settings: dict[str, Any] | None = None) -> list[str]:
    """The command as a user starts it, in a Python of its own: two seconds more than ``scrapy`` takes."""
    python = [sys.executable, "-W", "error::DeprecationWarning:govcrawl", "-m", "scrapy.cmdline"]
    return [*python, *arguments, *options(settings)]


def environment(data: Path | str, **extra: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GOVCRAWL_")}
    allowed = {"GOVCRAWL_ALLOW_HOSTS": "127.0.0.1"}
    return clean | allowed | {"GOVCRAWL_DATA": str(data), "PYTHONPATH": str(PROJECT)} | extra


def job(data: Path | str, *arguments: str, settings: dict[str, Any] | None = None, **extra: str) -> dict[str, Any]:
    """A command of scrapy for the zygote."""
    return {"argv": [*arguments, *options(settings)], "env": environment(data, **extra), "cwd": str(PROJECT)}


def crawl(
    data: Path | str, spider: str, *arguments: str, settings: dict[str, Any] | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run ``scrapy crawl`` to its end, at most two minutes."""
    return scrapy(data, "crawl", spider, *arguments, settings=FAST | (settings or {}), **extra)


def scrapy(
    data: Path | str, *arguments: str, settings: dict[str, Any] | None = None, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of scrapy to its end in a fork of the zygote, at most two minutes."""
    return zygote.shared().run(job(data, *arguments, settings=settings, **extra), 120)


def start(data: Path | str, spider: str, *arguments: str, settings: dict[str, Any] | None = None) -> Forked:
    """Start a crawl that the test will kill."""
    given = job(data, "crawl", spider, *arguments, settings=FAST | (settings or {}))
    with Path(os.devnull).open("wb") as nothing:
        return zygote.shared().start(given, nothing, nothing)
