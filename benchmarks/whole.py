"""What a page costs on its whole way, in milliseconds of CPU time, beside what does a part of it or something like it.

    python -m benchmarks.whole                    # the whole path, its parts, and peers that are installed, in one run
    python -m benchmarks.whole --pages 4000       # pages of the longer of two crawls; their difference is what is told
    python -m benchmarks.whole --lag              # how late the event loop wakes up, with 5 MB pages among the pages

A page is a government notice of some 45 kB with menus and side lists, served from 127.0.0.1 by a process whose time does
not count. The whole path: listing, download, WARC, extraction, dedupe, Parquet. Its parts, each alone: a bare Scrapy
spider on the same site that keeps nothing, `extract()`, a WARC record, a row of Parquet. Peers: news-please and
trafilatura with its own crawler, which download the same pages and keep nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from govcrawl import extraction
from govcrawl.addresses import doc_id
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange, WarcWriter, now_ms, payload_digest
from tests.loopback import FAST, PROJECT, Site, command, environment, sentence

PER_PAGE = 100
LARGE_EVERY, LARGE_BYTES = 100, 5_000_000


class Notices(Site):
    """A site whose articles stand among the menus and side lists of an ordinary government page. ``large``: each
    hundredth is a page of five megabytes."""

    def __init__(self, count: int, *, large: bool = False) -> None:
        super().__init__(count, per_page=PER_PAGE)
        self.large = large
        menu = "".join(f'<li><a href="/channel_{n}/" title="栏目{n}">栏目{n}</a></li>' for n in range(180))
        style = "".join(f".block{n} {{ margin: 0 {n}px; color: #33{n % 100:02d}66 }}\n" for n in range(200))
        self._head = f'<style>{style}</style><div class="header"><ul class="nav">{menu}</ul></div>'
        side = "".join(
            f'<li><a href="/side/{n}.htm" target="_blank">关于第{n}次会议情况的通报</a><span>2023-0{n % 9 + 1}-11</span></li>'
            for n in range(120)
        )
        self._side = (
            f'<div class="side"><h3>热点推荐</h3><ul>{side}</ul></div><div class="footer">版权所有 网站地图</div>'
        )
        rows = (f'<p class="row"><span>{sentence(n)}</span></p>' for n in range(LARGE_BYTES // 143 if large else 0))
        self._filler = "".join(rows)

    def article(self, number: int) -> str:
        body = "".join(f"<p>{sentence(number * 12 + k)}</p>" for k in range(12))
        if self.large and number % LARGE_EVERY == 0:
            body += self._filler
        return (
            f'<html><head><meta charset="utf-8"><title>{self.title(number)}</title></head><body>{self._head}'
            f'<div class="main"><h1>{self.title(number)}</h1><div class="info">发布时间：{self.day(number)} 08:30 '
            f'来源：黑龙江日报 责任编辑：林知远</div><div class="content">{body}</div></div>{self._side}</body></html>'
        )


def serve(count: int, large: bool) -> None:
    """Serve until standard input ends; the listing's address is the one line of output."""
    with Notices(count, large=large) as site:
        print(site.listing, flush=True)
        sys.stdin.read()


class Served:
    """The site in a process of its own."""

    def __init__(self, count: int, *, large: bool = False) -> None:
        arguments = ["--serve", str(count), *(["--large"] if large else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.whole", *arguments],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.listing = self._process.stdout.readline().strip()

    def __enter__(self) -> str:
        return self.listing

    def __exit__(self, *exc: object) -> None:
        self._process.communicate()


def run(arguments: list[str], folder: str, **extra: str) -> float:
    """Seconds of CPU time of a process and its children, which must succeed."""
    process = subprocess.Popen(
        arguments, cwd=folder, env=environment(f"{folder}/data", **extra), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


def whole(listing: str, lag: str = "") -> float:
    """A crawl as it is scheduled, without its delays."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "scrapy.cfg").write_text("[settings]\ndefault = govcrawl.settings\n")
        settings = FAST | {"SPIDER_MODULES": "benchmarks.whole_spiders", "LOG_LEVEL": "ERROR"}
        arguments = command("crawl", "whole", "-a", f"channel={listing}", settings=settings)
        return run(arguments, folder, **({"WHOLE_LAG": lag} if lag else {}))


def bare(listing: str) -> float:
    """Scrapy alone on the same site, tuned: few tasks a response, no middleware that is not needed."""
    tuned = {
        "LOG_LEVEL": "ERROR", "COOKIES_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "RETRY_ENABLED": False,
        "CONCURRENT_ITEMS": 8, "CONCURRENT_REQUESTS": 4, "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        "REFERER_ENABLED": False, "DEPTH_STATS_VERBOSE": False, "DOWNLOAD_DELAY": 0, "MEMUSAGE_ENABLED": False,
    }  # fmt: skip
    options = [part for name, value in tuned.items() for part in ("-s", f"{name}={value}")]
    spider = str(Path(__file__).with_name("bare_spider.py"))
    with tempfile.TemporaryDirectory() as folder:
        arguments = [sys.executable, "-m", "scrapy.cmdline", "runspider", spider, *options]
        return run(arguments, folder, WHOLE_LISTING=listing)


# The parts, each alone


def pages_of(count: int) -> list[tuple[str, bytes]]:
    site = Notices(count)
    return [(f"{site.base}{site.path_of(n)}", site.article(n).encode()) for n in range(1, count + 1)]


def extract(pages: list[tuple[str, bytes]]) -> float:
    began = time.process_time()
    for url, body in pages:
        extraction.extract(body, url)
    return time.process_time() - began


def warc(pages: list[tuple[str, bytes]]) -> float:
    """Request and response records, as a crawl writes them."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Server", "bench"),
        ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        storage = Storage(folder)
        storage.prepare()
        writer = WarcWriter(storage, "bench", "bench-20240101T000000000Z-aaaa")
        began = time.process_time()
        for url, body in pages:
            writer.write(Exchange(url, "GET", headers, b"", 200, "OK", headers, body, now_ms()), payload_digest(body))
        writer.close()
        return time.process_time() - began


def warcio(pages: list[tuple[str, bytes]]) -> float:
    """The same records by warcio, which compresses at level 9."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Server", "bench"),
        ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
    ]
    with tempfile.TemporaryFile() as file:
        writer = WARCWriter(file, gzip=True)
        began = time.process_time()
        for url, body in pages:
            asked = StatusAndHeaders("GET / HTTP/1.1", headers, is_http_request=True)
            writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
            said = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=said))
        return time.process_time() - began


def parquet(rows: list[dict[str, Any]]) -> float:
    """Rows of articles, as a segment of so many is written."""
    began = time.process_time()
    for first in range(0, len(rows), 2000):
        encode(pa.Table.from_pylist(rows[first : first + 2000], schema=ARTICLES))
    return time.process_time() - began


# Peers


def newsplease(listing: str, pages: list[tuple[str, bytes]]) -> float:
    """Its own downloader and extraction."""
    from newsplease import NewsPlease

    base = listing.rsplit("/", 1)[0]
    urls = [base + urlsplit(url).path for url, _ in pages]
    began = time.process_time()
    found = [NewsPlease.from_url(url, fetch_images=False) for url in urls]
    seconds = time.process_time() - began
    assert sum(bool(article and article.maintext) for article in found) > len(urls) * 0.9
    return seconds


def trafilatura(listing: str, pages: list[tuple[str, bytes]]) -> float:
    """Its crawler on the listing, and its extraction of what that finds."""
    from trafilatura import bare_extraction, fetch_url
    from trafilatura.settings import use_config
    from trafilatura.spider import focused_crawler

    config = use_config()
    config.set("DEFAULT", "SLEEP_TIME", "0")
    began = time.process_time()
    focused_crawler(listing, max_seen_urls=len(pages) // PER_PAGE, config=config)
    base = listing.rsplit("/", 1)[0]
    for url, _ in pages:
        page = fetch_url(base + urlsplit(url).path, config=config)
        assert page
        bare_extraction(page, url=url, with_metadata=True)
    return time.process_time() - began


def costs(count: int, peers: int) -> None:
    few = max(count // 10, PER_PAGE)
    marks: dict[str, float] = {}
    for name, crawl in (("the whole path", whole), ("bare Scrapy spider", bare)):
        with Served(few) as short, Served(count) as long:
            marks[name] = (crawl(long) - crawl(short)) / (count - few)
    pages = pages_of(count)
    marks["extract()"] = extract(pages) / count
    marks["WARC record"] = warc(pages) / count
    marks["Parquet row"] = parquet(rows_of(pages)) / count
    alone = sum(marks[n] for n in ("bare Scrapy spider", "extract()", "WARC record", "Parquet row"))
    with contextlib.suppress(ImportError):
        marks["WARC record by warcio"] = warcio(pages) / count
    with Served(count) as listing:
        for name, peer in (("news-please", newsplease), ("trafilatura's crawler", trafilatura)):
            try:
                marks[name] = peer(listing, pages[:peers]) / peers
            except ImportError as exc:
                print(f"{name} is left out: {exc}", file=sys.stderr)
    print("| | CPU ms a page | of the whole path |\n| --- | --- | --- |")
    for name, seconds in marks.items():
        print(f"| {name} | {seconds * 1000:.2f} | {seconds / marks['the whole path']:.2f} |")
    print(f"\nthe whole path is {marks['the whole path'] / alone:.2f} of its four parts, each alone")


def rows_of(pages: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """Rows of articles with what extraction finds and what a crawl adds."""
    crawled = {
        "revision": 1, "revision_cause": "first", "status": "live", "site": "bench", "site_kind": "department",
        "fetched_at": now_ms(), "warc_file": "warc/site=bench/bench-20240101T000000000Z-aaaa-00001.warc.gz", "warc_offset": 1 << 20,
        "run_id": "bench-20240101T000000000Z-aaaa", "seq": 1,
    }  # fmt: skip
    rows = []
    for url, body in pages:
        found = extraction.extract(body, url)
        said = {name: getattr(found, name) for name in ARTICLES.names if hasattr(found, name)}
        files = [asdict(a) | {"sha256": None, "bytes": None, "path": None} for a in found.attachments]
        more = {"doc_id": doc_id(url), "url": url, "payload_digest": payload_digest(body), "attachments": files}
        rows.append(said | crawled | more | {"images": [asdict(i) for i in found.images]})
    return rows


def lags(count: int) -> None:
    """The event loop's delays in a crawl with large pages, and in one without."""
    print("| pages | median ms | p99 ms | most ms |\n| --- | --- | --- | --- |")
    for large in (False, True):
        with tempfile.NamedTemporaryFile() as file, Served(count, large=large) as listing:
            whole(listing, file.name)
            late = sorted(json.loads(Path(file.name).read_text()))
        p99 = statistics.quantiles(late, n=100)[98]
        which = f"{count}, {count // LARGE_EVERY} of them of 5 MB" if large else f"{count} ordinary ones"
        print(
            f"| {which} | {statistics.median(late) * 1000:.1f} | {p99 * 1000:.1f} | {late[-1] * 1000:.0f} |", flush=True
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000, help="pages of the site (default 2,000)")
    parser.add_argument("--peers", type=int, default=200, help="pages of the peers, which are slow (default 200)")
    parser.add_argument("--lag", action="store_true", help="the event loop's delays instead")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--large", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pages < 2 * PER_PAGE:
        parser.error(f"at least {2 * PER_PAGE} pages are needed, two list pages")
    logging.disable(logging.CRITICAL)
    if args.serve:
        serve(args.serve, args.large)
    elif args.lag:
        lags(args.pages)
    else:
        costs(args.pages, min(args.peers, args.pages))
    return 0


if __name__ == "__main__":
    sys.exit(main())
