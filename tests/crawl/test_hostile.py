"""Hostile pages and hosts: each is bounded by a setting and counted; nothing inner is asked, nothing hangs, nothing is lost."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.network.guard import is_inner
from govcrawl.network.politeness import retry_after
from tests.loopback import FAST, Site, command, crawl, environment, start
from tests.readers import read_all

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

HTML = {"Content-Type": "text/html; charset=utf-8"}
QUICK = {"RETRY_TIMES": "0", "DOWNLOAD_TIMEOUT": "3", "DOWNLOAD_MAXSIZE": "2000000", "REDIRECT_MAX_TIMES": "5"}


def captures(data: Path, site: Site) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "captures").to_pylist()}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One crawl of twenty articles, most of them traps."""
    data = tmp_path_factory.mktemp("hostile")
    with Site(14) as site:

        def slow(_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            time.sleep(6)
            return 200, HTML, b"late"

        bomb = gzip.compress(b"<p>x</p>" * 2_000_000)
        answers: dict[int, Any] = {
            14: (200, HTML | {"Content-Encoding": "gzip"}, bomb),
            13: (200, HTML, b"x" * 3_000_000),
            12: (302, {"Location": site.path_of(12)}, b""),
            11: (302, {"Location": "http://127.0.0.2/secret/content_1.htm"}, b""),
            10: (302, {"Location": "file:///etc/passwd"}, b""),
            9: (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, b""),
            8: (200, HTML, b"<div>" * 100_000 + site.article(8).encode()),
            7: (200, HTML, site.article(7).replace("黑龙江省第7号", "黑龙江省\x00第7号\x07").encode()),
            6: (302, {"Location": "http://localhost:1/content_1.htm"}, b""),
            5: (200, HTML, site.article(5).replace("<p>", "<p>=1+cmd|' /C calc'!A0 ").encode()),
            4: slow,
        }
        for number, answer in answers.items():
            site.answers[site.path_of(number)] = answer
        listing = site.list_page(1)
        extra = f'<li><a href="/{"a" * 100_000}/2022-01/01/content_99.htm">长</a><span>2022-01-01</span></li>'
        site.answers["/node_1.htm"] = (200, HTML, listing.replace("</ul>", extra + "</ul>").encode())
        began = time.monotonic()
        done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        yield data, site, done, time.monotonic() - began


def test_the_run_ends_and_keeps_the_rest(hostile: Any) -> None:
    data, _site, done, seconds = hostile
    assert done.returncode == 3, done.stdout + done.stderr[-3000:]
    assert seconds < 60
    assert len(read_all(data)) >= 6
    assert not [p for p in data.rglob("*") if p.is_file() and "passwd" in p.name]


@pytest.mark.parametrize(
    ("number", "outcomes"),
    [
        (14, {"network"}),
        (13, {"network"}),
        (12, {"network", "alias"}),
        (11, {"alias"}),
        (10, {"not_article"}),
        (9, {"alias"}),
        (6, {"alias"}),
        (4, {"network"}),
    ],
    ids=[
        "gzip bomb",
        "too large",
        "redirect loop",
        "to loopback",
        "to a file",
        "to link-local",
        "to localhost",
        "drip",
    ],
)
def test_traps_are_bounded(hostile: Any, number: int, outcomes: set[str]) -> None:
    data, site, done, _ = hostile
    found = captures(data, site)
    assert found[site.path_of(number)]["outcome"] in outcomes, done.stderr[-2000:]
    if outcomes == {"alias"}:
        target = site.answers[site.path_of(number)][1]["Location"]
        assert found[target]["outcome"] == "not_article"
        assert "is an inner address" in found[target]["error"]
        assert found[target]["status"] is None


def test_odd_characters_are_stored_and_readable(hostile: Any) -> None:
    data, site, _, _ = hostile
    rows = {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "articles").to_pylist()}
    assert rows[site.path_of(7)]["title"].replace(" ", "") == "黑龙江省第7号教育消息"
    assert "=1+cmd" in rows[site.path_of(5)]["text"], "text is text; nothing is evaluated or altered"
    assert rows[site.path_of(8)]["title"] == site.title(8)


def test_a_url_of_100_kb_is_no_row(hostile: Any) -> None:
    data, _, done, _ = hostile
    report = json.loads(next(data.glob("runs/**/*.json")).read_text())
    assert report["channels"][0]["refused"] == 1
    assert report["channels"][0]["waiting"] == 0, done.stdout


def test_inner_addresses_are_refused_by_default(tmp_path: Path) -> None:
    with Site(2) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", GOVCRAWL_ALLOW_HOSTS="")
        assert not site.asked
    assert done.returncode in (3, 4)
    assert "127.0.0.1 is an inner address; GOVCRAWL_ALLOW_HOSTS=127.0.0.1 would allow it" in done.stdout


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "100.64.0.1",
    ],
)
def test_inner(address: str) -> None:
    assert is_inner(address)


@pytest.mark.parametrize("address", ["114.114.114.114", "240e::1", "8.8.8.8"])
def test_outer(address: str) -> None:
    assert not is_inner(address)


def test_names_that_resolve_to_inner_addresses_are_refused(tmp_path: Path) -> None:
    """localhost goes through the resolver where the request guard is off."""
    with Site(2) as site:
        url = site.base.replace("127.0.0.1", "localhost") + site.path_of(1)
        off = json.dumps(
            {"govcrawl.network.guard.AddressGuardMiddleware": None, "govcrawl.middlewares.WarcMiddleware": 890}
        )
        settings = {"DOWNLOADER_MIDDLEWARES": off, "RETRY_TIMES": "0"}
        done = crawl(tmp_path, "urls", "-a", f"url={url}", settings=settings)
        assert not site.asked
        assert done.returncode == 3
        assert "localhost resolves to the inner address 127.0.0.1" in done.stderr
        allowed = crawl(tmp_path, "urls", "-a", f"url={url}", settings=settings, GOVCRAWL_ALLOW_HOSTS="localhost")
        assert allowed.returncode == 0, allowed.stdout + allowed.stderr[-2000:]


def test_a_list_that_repeats_and_one_without_end(tmp_path: Path) -> None:
    with Site(20) as site:
        first = site.list_page(1).replace("</body>", '<a href="node_1_2.htm">2</a></body>').encode()
        for page in range(2, 30):
            site.answers[f"/node_1_{page}.htm"] = (200, HTML, first.replace(b"node_1_2", b"node_1_%d" % (page + 1)))
        site.answers["/node_1.htm"] = (200, HTML, first)
        done = crawl(tmp_path / "a", "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout
        assert site.asked["/node_1_2.htm"] == 1
        assert site.asked["/node_1_4.htm"] == 0, "one page more than the first repeat: page numbers may begin at nought"

    with Site(5000) as site:
        done = crawl(
            tmp_path / "b",
            "loopback",
            "-a",
            f"channel={site.listing}",
            "-a",
            "since=2030-01-01",
            settings={"GOVCRAWL_LIST_PAGES": "3"},
        )
        assert sum(n for p, n in site.asked.items() if p.startswith("/node")) <= 3, done.stdout


def test_a_million_rows(tmp_path: Path) -> None:
    with Site(30) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_LIST_ROWS": "7"})
        report = json.loads(next(tmp_path.glob("runs/**/*.json")).read_text())
        assert report["channels"][0]["refused"] > 0
        assert done.returncode == 3
        assert "rows beyond" in done.stdout


def test_sigterm_finishes_what_is_in_flight_and_says_partial(tmp_path: Path) -> None:
    import subprocess

    with Site(200, delay=0.05) as site:
        process = subprocess.Popen(
            command("crawl", "loopback", "-a", f"channel={site.listing}", settings=FAST),
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        deadline = time.monotonic() + 30
        while sum(site.asked.values()) < 30 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 3, out
        assert "partial (stopped: shutdown)" in out
        report = json.loads(next(tmp_path.glob("runs/**/*.json")).read_text())
        assert report["status"] == "partial"
        assert not report["channels"][0]["complete"]
        landed = len(read_all(tmp_path))
        assert landed > 10
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert again.returncode == 0
    assert len(read_all(tmp_path)) == 200


def listening(pid: int) -> list[str]:
    """Addresses at which a process accepts connections (hexadecimal, as the kernel lists them)."""
    sockets = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):  # closed since
            sockets.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]


def test_a_crawl_opens_no_door(tmp_path: Path) -> None:
    with Site(20, delay=0.3) as site:
        process = start(tmp_path, "loopback", "-a", f"channel={site.listing}")
        try:
            deadline = time.monotonic() + 60
            while sum(site.asked.values()) < 3 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert sum(site.asked.values()) >= 3
            assert process.poll() is None
            assert listening(process.pid) == []
            assert listening(os.getpid()), "the site of this test itself is seen"
        finally:
            process.kill()
            process.wait()


def test_retry_after_is_waited_for(tmp_path: Path) -> None:
    with Site(6) as site:
        told: list[float] = []

        def busy(_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            told.append(time.monotonic())
            if len(told) == 1:
                return 503, {"Retry-After": "2"}, b""
            return 200, HTML, site.article(6).encode()

        site.answers[site.path_of(6)] = busy
        done = crawl(
            tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"CONCURRENT_REQUESTS_PER_DOMAIN": "1"}
        )
        assert done.returncode == 0, done.stdout
        assert told[1] - told[0] >= 1.9


def test_crawl_delay_is_kept(tmp_path: Path) -> None:
    with Site(4) as site:
        site.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nCrawl-delay: 1\n")
        began = time.monotonic()
        done = crawl(
            tmp_path,
            "loopback",
            "-a",
            f"channel={site.listing}",
            settings={"CONCURRENT_REQUESTS_PER_DOMAIN": "1", "DOWNLOAD_DELAY_JITTER": "0"},
        )
        assert done.returncode == 0, done.stdout
        assert time.monotonic() - began >= 3.5
        assert "asks for 1.0 s between requests" in done.stderr


def test_a_host_that_asks_for_a_browser_is_left_alone(tmp_path: Path) -> None:
    with Site(20) as site:
        for number in range(1, 21):
            site.answers[site.path_of(number)] = (412, HTML, b"<script>$_ts={}</script>")
        done = crawl(
            tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"CONCURRENT_REQUESTS_PER_DOMAIN": "1"}
        )
        assert done.returncode == 5, done.stdout
        assert 3 <= sum(n for p, n in site.asked.items() if "content" in p) <= 7, (
            "three, and those already in the queue"
        )
        assert "left alone" in done.stderr


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><title>登录</title></head><body><h2>统一身份认证平台</h2><form>用户名 密码</form></body></html>",
        "<html><body><p>请登录后查看</p></body></html>",
        "<html><head><script>document.cookie='__jsl_clearance=1';location.href='/'</script></head><body></body></html>",
        "<html><body><script src='/EO_Bot_Ssid'></script></body></html>",
        "<html><title>访问被拦截</title><p>您访问的URL有可能对网站造成安全威胁，您的访问已被阻断。</p></html>",
        "<html><title>用户登录</title><form><input name=u></form><p>请先登录后再查看</p></html>",
        "<html><head><title>安全验证</title></head><body><div id='captcha'>请完成验证</div></body></html>",
    ],
    ids=["login", "login to read", "jsl", "EdgeOne", "firewall", "login first", "captcha"],
)
def test_walls_answered_with_200_never_land(tmp_path: Path, page: str) -> None:
    with Site(3) as site:
        site.answers[site.path_of(2)] = (200, HTML, page.encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 3, done.stdout
        assert captures(tmp_path, site)[site.path_of(2)]["outcome"] == "challenge"
    assert len(read_all(tmp_path)) == 2


@pytest.mark.parametrize(
    ("value", "low", "high"), [("120", 120, 120), ("Wed, 21 Oct 2065 07:28:00 GMT", 1e8, 1e10), ("soon", None, None)]
)
def test_retry_after_forms(value: str, low: float | None, high: float | None) -> None:
    from scrapy.http import Response

    found = retry_after(Response("http://h/", headers={"Retry-After": value}))
    assert found == low if low is None else low <= (found or 0) <= (high or 0)


def test_a_stream_that_never_ends(tmp_path: Path) -> None:
    """Bytes without end, slowly: the download timeout covers the whole of it."""
    with Site(3) as site:
        handler: type[BaseHTTPRequestHandler] = site._server.RequestHandlerClass  # type: ignore[assignment]
        plain = handler.do_GET  # type: ignore[attr-defined]
        stop = threading.Event()

        def endless(self: BaseHTTPRequestHandler) -> None:
            if self.path != site.path_of(3):
                plain(self)
                return
            self.send_response(200)
            self.end_headers()
            while not stop.wait(0.2):
                try:
                    self.wfile.write(b"<p>more</p>")
                except OSError:
                    return

        handler.do_GET = endless  # type: ignore[attr-defined]
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        stop.set()
        assert done.returncode == 3, done.stdout
        assert captures(tmp_path, site)[site.path_of(3)]["outcome"] == "network"
    assert len(read_all(tmp_path)) == 2
