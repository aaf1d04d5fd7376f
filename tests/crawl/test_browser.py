"""Pages that only a browser fills: it has no network of its own, and what it makes stands beside what came."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tests.loopback import Site, crawl, scrapy

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
MODULES = {"SPIDER_MODULES": "tests.loopback_spider,tests.crawl.browser_spider,govcrawl.spiders", "RETRY_TIMES": "0"}
SCRIPT = """
fetch("/data%s.json").then(r => r.json()).then(d => { document.querySelector("#here").innerHTML = d.html; });
for (const inner of ["http://127.0.0.2/secret", "http://169.254.169.254/latest", "http://2130706434/secret", "/no/robots.json"])
  fetch(inner).then(r => r.text()).then(t => { document.title = "leaked"; }).catch(() => {});
try { new WebSocket("ws://127.0.0.1:1/"); } catch (e) {}
"""


def shell(number: int | str, title: str = "") -> bytes:
    text = f"<html><head><title>{title}</title></head><body><div id='here'></div><img src='/picture.png'>"
    return f"{text}<script>{SCRIPT % number}</script></body></html>".encode()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = tmp_path_factory.mktemp("browser")
    with Site(3) as site:
        site.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /no/\n")
        rows = site.list_page(1).partition("<body>")[2].partition("</body>")[0]
        site.answers["/node_1.htm"] = (200, HTML, shell("list"))
        site.answers["/datalist.json"] = (200, JSON, json.dumps({"html": rows}).encode())
        for number in (1, 2, 3):
            site.answers[site.path_of(number)] = (200, HTML, shell(number, site.title(number)))
            inner = site.article(number).partition("<body>")[2].partition("</body>")[0]
            site.answers[f"/data{number}.json"] = (200, JSON, json.dumps({"html": inner}).encode())
        done = crawl(data, "rendered", "-a", f"channel={site.listing}", settings=MODULES)
        yield data, site, done


def test_what_scripts_fill_is_read(rendered: Any) -> None:
    data, site, done = rendered
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    rows = {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "articles").to_pylist()}
    assert {path: row["title"] for path, row in rows.items()} == {site.path_of(n): site.title(n) for n in (1, 2, 3)}
    assert all(row["text_length"] > 80 for row in rows.values())


def test_the_crawl_asks_and_records_for_the_browser(rendered: Any) -> None:
    data, site, _ = rendered
    assert all(n == 1 for path, n in site.asked.items()), "nothing is asked twice, by crawl or browser"
    assert "/picture.png" not in site.asked
    assert not [path for path in site.asked if "no/robots" in path], "robots.txt holds for scripts too"
    captures = {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "captures").to_pylist()}
    assert {captures[f"/data{n}.json"]["kind"] for n in (1, 2, 3)} == {"part"}
    refused = [r for url, r in captures.items() if "127.0.0.2" in url or "169.254" in url]
    assert refused
    assert all("inner address" in r["error"] and r["status"] is None for r in refused)


def test_the_rendered_page_stands_beside_the_raw_one(rendered: Any) -> None:
    data, _, _ = rendered
    kinds = [
        line.split(b": ")[1]
        for file in data.glob("warc/**/*.warc.gz")
        for line in gzip.decompress(file.read_bytes()).split(b"\r\n")
        if line.startswith(b"WARC-Type: ")
    ]
    assert kinds.count(b"conversion") == 5, "two list pages and three articles"
    assert kinds.count(b"response") >= 8


def test_a_spider_that_does_not_ask_for_a_browser_gets_none(rendered: Any, tmp_path: Path) -> None:
    _, site, _ = rendered
    done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=MODULES)
    assert done.returncode == 4, "off by default: the list is empty"


def test_without_chromium(tmp_path: Path) -> None:
    with Site(1) as site:
        none = {"GOVCRAWL_CHROMIUM": str(tmp_path / "chromium")}
        done = crawl(tmp_path, "rendered", "-a", f"channel={site.listing}", settings=MODULES | none)
        assert done.returncode == 2
        assert "is no program: apt install chromium, or set GOVCRAWL_CHROMIUM" in done.stderr
        assert not site.asked


def test_the_archive_of_rendered_pages_is_sound(rendered: Any) -> None:
    data, _, _ = rendered
    done = scrapy(data, "verify", settings=MODULES)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
