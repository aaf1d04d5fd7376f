"""What a page costs on its whole way, in milliseconds of CPU time, beside its parts and what does something like it.

    python -m benchmarks.whole                    # the whole path, its parts, and peers that are installed, in one run
    python -m benchmarks.whole --pages 2000       # pages of the longer of two crawls; their difference is what is told
    python -m benchmarks.whole --lag              # how late the event loop wakes up, with 5 MB pages among the pages

A page is a government notice of some 35 kB with menus and side lists, served from 127.0.0.1 by a process whose time does
not count. The whole path: listing, download, WARC, extraction, dedupe, Parquet. Its parts, each alone: a bare Scrapy
spider on the same site that keeps nothing, `extract()`, a WARC record, a row of Parquet. Peers download the same pages and
keep nothing: news-please (`pip install news-please`, in an environment that is not the project's) and trafilatura with its
own crawler. The figures are medians of rounds in which all take turns.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow as pa

from govcrawl import extraction
from govcrawl.addresses import doc_id
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange, WarcWriter, now_ms, payload_digest, recorded_in
from tests.loopback import FAST, PROJECT, Site, command, environment, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pages = list[tuple[str, bytes]]  # address and markup

PER_PAGE = 100
FEW = 100  # pages of the shorter crawl, whose time is that of the start
LARGE_EVERY, LARGE_BYTES = 100, 5_000_000
PARTS = ("bare Scrapy spider", "extract()", "WARC record", "Parquet row")
_HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Server", "bench"),
    ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
]


class Notices(Site):
    """A site whose articles stand among the menus and side lists of an ordinary government page, and whose list pages link
    each other all. ``large``: each hundredth article is a page of five megabytes."""

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

    def list_page(self, page: int) -> str:
        pager = "".join(f'<a href="node_1_{p}.htm">{p}</a>' for p in range(2, -(-self.count // PER_PAGE) + 1))
        return super().list_page(page).replace("</ul>", f"</ul><div>{pager}</div>")

    def article(self, number: int) -> str:
        body = "".join(f"<p>{sentence(number * 12 + k)}</p>" for k in range(12))
        if self.large and number % LARGE_EVERY == 0:
            body += self._filler
        return (
            f'<html><head><meta charset="utf-8"><title>{self.title(number)}</title></head><body>{self._head}'
            f'<div class="main"><h1>{self.title(number)}</h1><div class="info">发布时间：{self.day(number)} 08:30 '
            f'来源：黑龙江日报 责任编辑：林知远</div><div class="content">{body}</div></div>{self._side}</body></html>'
        )


def serve(count: int, *, large: bool) -> None:
    """Serve until standard input ends; the listing's address is the one line of output."""
    with Notices(count, large=large) as site:
        print(site.listing, flush=True)
        sys.stdin.read()


class Served:
    """The site in a process of its own; the context is the listing's address."""

    def __init__(self, count: int, *, large: bool = False) -> None:
        arguments = ["--serve", str(count), *(["--large"] if large else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.whole", *arguments],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

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
        "LOG_LEVEL": "ERROR",
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "RETRY_ENABLED": False,
        "REFERER_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "CONCURRENT_ITEMS": 8,
        "CONCURRENT_REQUESTS": 4,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
        "DOWNLOAD_DELAY": 0,
    }
    options = [part for name, value in tuned.items() for part in ("-s", f"{name}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        seen = Path(folder) / "seen"
        spider = str(Path(__file__).with_name("bare_spider.py"))
        arguments = [sys.executable, "-m", "scrapy.cmdline", "runspider", spider, *options]
        seconds = run(arguments, folder, WHOLE_LISTING=listing, WHOLE_SEEN=str(seen))
        # What saw nothing would cost nothing.
        assert int(seen.read_text()) % FEW == 0 < int(seen.read_text())
        return seconds


def a_page(crawl: Callable[[str], float], count: int) -> float:
    """Seconds that a page more costs a crawl."""
    with Served(FEW) as short, Served(count) as long:
        return (crawl(long) - crawl(short)) / (count - FEW)


# The parts, each alone


def pages_of(count: int) -> Pages:
    site = Notices(count)
    return [(f"{site.base}{site.path_of(n)}", site.article(n).encode()) for n in range(1, count + 1)]


def timed(work: Callable[[Pages], object], pages: Pages) -> float:
    """Seconds of CPU time a page, after some pages that bring what is loaded at the first one."""
    work(pages[:20])
    began = time.process_time()
    work(pages)
    return (time.process_time() - began) / len(pages)


def extract(pages: Pages) -> None:
    for url, body in pages:
        extraction.extract(body, url)


def warc(pages: Pages, folder: str) -> list[tuple[str, int]]:
    """Request and response records, as a crawl writes them; file and offset of each response."""
    storage = Storage(folder)
    storage.prepare()
    writer = WarcWriter(storage, "bench", f"bench-20240101T000000000Z-{secrets.token_hex(2)}")
    places = [
        writer.write(Exchange(url, "GET", _HEADERS, b"", 200, "OK", _HEADERS, body, now_ms()), payload_digest(body))
        for url, body in pages
    ]
    writer.close()
    return places


def warc_read(pages: Pages, folder: str, places: list[tuple[str, int]]) -> None:
    """Each response as re-extraction reads it."""
    with open(f"{folder}/{places[0][0]}", "rb") as file:
        for (_, body), (name, offset) in zip(pages, places, strict=False):
            found = recorded_in(file, name, offset)
            assert found is not None
            assert found.body == body


def warcio_write(pages: Pages, file: io.BytesIO) -> None:
    """The same records by warcio, which compresses at its level 9."""
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    writer = WARCWriter(file, gzip=True)
    for url, body in pages:
        asked = StatusAndHeaders("GET / HTTP/1.1", _HEADERS, is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", http_headers=asked))
        said = StatusAndHeaders("200 OK", _HEADERS, protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(url, "response", io.BytesIO(body), http_headers=said))


def warcio_read(file: io.BytesIO) -> None:
    from warcio.archiveiterator import ArchiveIterator

    file.seek(0)
    for record in ArchiveIterator(file):
        record.content_stream().read()


def parquet(rows: list[dict[str, Any]]) -> None:
    """Rows of articles, as a segment of so many is written."""
    for first in range(0, len(rows), 2000):
        encode(pa.Table.from_pylist(rows[first : first + 2000], schema=ARTICLES))


def rows_of(pages: Pages) -> list[dict[str, Any]]:
    """Rows of articles with what extraction finds and what a crawl adds."""
    crawled = {
        "revision": 1,
        "revision_cause": "first",
        "status": "live",
        "site": "bench",
        "site_kind": "department",
        "fetched_at": now_ms(),
        "warc_file": "warc/site=bench/bench-20240101T000000000Z-aaaa-00001.warc.gz",
        "warc_offset": 1 << 20,
        "run_id": "bench-20240101T000000000Z-aaaa",
        "seq": 1,
    }
    rows = []
    for url, body in pages:
        found = extraction.extract(body, url)
        said = {name: getattr(found, name) for name in ARTICLES.names if hasattr(found, name)}
        files = [asdict(a) | {"sha256": None, "bytes": None, "path": None} for a in found.attachments]
        more = {"doc_id": doc_id(url), "url": url, "payload_digest": payload_digest(body), "attachments": files}
        rows.append(said | crawled | more | {"images": [asdict(i) for i in found.images]})
    return rows


def parts(pages: Pages) -> Iterator[tuple[str, float]]:
    """What each part costs a page, in seconds, and what warcio takes for the same."""
    yield "extract()", timed(extract, pages)
    with tempfile.TemporaryDirectory() as folder:
        yield "WARC record", timed(lambda some: warc(some, folder), pages)
    with tempfile.TemporaryDirectory() as folder:
        places = warc(pages, folder)
        yield "WARC record, read", timed(lambda some: warc_read(some, folder, places), pages)
    rows = rows_of(pages)
    yield "Parquet row", timed(lambda some: parquet(rows[: len(some)]), pages)
    yield "warcio: record", timed(lambda some: warcio_write(some, io.BytesIO()), pages)
    file = io.BytesIO()
    warcio_write(pages, file)
    yield "warcio: record, read", timed(lambda _: warcio_read(file), pages)


# Peers


def newsplease(urls: list[str]) -> None:
    """Its own downloader and extraction."""
    from newsplease import NewsPlease

    found = [NewsPlease.from_url(url, fetch_images=False) for url in urls]
    assert all(article and article.title for article in found)  # the text it finds on none of these pages


def trafilatura(urls: list[str]) -> None:
    """The pages fetched as its crawler does, their links extracted, and their text."""
    from trafilatura import bare_extraction, fetch_url
    from trafilatura.settings import use_config
    from trafilatura.spider import CrawlParameters, process_links

    config = use_config()
    config.set("DEFAULT", "SLEEP_TIME", "0")
    config.set("DEFAULT", "SSRF_PROTECTION", "off")  # with it, 127.0.0.1 is never asked
    crawl = CrawlParameters(urls[0], config=config)
    for url in urls:
        page = fetch_url(url, config=config)
        assert page
        process_links(page, crawl, url)
        assert bare_extraction(page, url=url, with_metadata=True) is not None


def peers(count: int) -> Iterator[tuple[str, float | None]]:
    """Seconds a page, None where a peer is not installed."""
    with Served(count) as listing:
        base = listing.rsplit("/", 1)[0]
        pages = [(base + urlsplit(url).path, body) for url, body in pages_of(count)]
        for name, peer in (("news-please", newsplease), ("trafilatura's crawler", trafilatura)):
            try:
                yield name, timed(lambda some, peer=peer: peer([url for url, _ in some]), pages)  # type: ignore[misc]
            except ImportError:
                yield name, None


def costs(count: int, peer_pages: int, rounds: int) -> None:
    found: dict[str, list[float | None]] = defaultdict(list)
    pages = pages_of(count)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        found["whole path"].append(a_page(whole, count))
        found["bare Scrapy spider"].append(a_page(bare, count))
        for name, seconds in (*parts(pages), *peers(peer_pages)):
            found[name].append(seconds)
    told = {name: statistics.median(s) for name, all_ in found.items() if (s := [x for x in all_ if x is not None])}
    path, alone = told["whole path"], sum(told[name] for name in PARTS)
    print("| a page | CPU ms | of the whole path |\n| --- | --- | --- |")
    for name in found:
        figures = f"{told[name] * 1000:.2f} | {told[name] / path:.2f}" if name in told else "not installed | –"
        print(f"| {name} | {figures} |")
    print(f"\nthe whole path costs {path / alone:.2f} of its four parts together ({alone * 1000:.2f} ms)")


def lags(count: int) -> None:
    """The event loop's delays in a crawl with large pages, and in one without: by the clock, and what of it the crawl itself
    computed, which does not hang on what else the machine does."""
    print("| pages | p99 ms | most ms | of the crawl itself: p99 | most |\n| --- | --- | --- | --- | --- |")
    for large in (False, True):
        with tempfile.NamedTemporaryFile() as file, Served(count, large=large) as listing:
            whole(listing, file.name)
            late = json.loads(Path(file.name).read_text())
        which = f"{count}, {count // LARGE_EVERY} of them of 5 MB" if large else f"{count} ordinary ones"
        figures = [
            f"{1000 * figure:.0f}"
            for kind in zip(*late, strict=True)
            for figure in (statistics.quantiles(kind, n=100)[98], max(kind))
        ]
        print(f"| {which} | {' | '.join(figures)} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1000, help="pages of the site (default 1,000)")
    parser.add_argument("--peers", type=int, default=100, help="pages of the peers, which are slow (default 100)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median is told (default 3)")
    parser.add_argument("--lag", action="store_true", help="the event loop's delays instead")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--large", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, large=given.large)
        return 0
    if given.pages < 2 * FEW or given.pages % FEW:
        parser.error(f"pages go by {FEW}, from {2 * FEW} on")
    logging.disable(logging.CRITICAL)
    if given.lag:
        lags(given.pages)
    else:
        costs(given.pages, given.peers, given.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
