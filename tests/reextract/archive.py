"""An archive as a crawl of other rules left it, made without a crawl: real records, rows that lack or misread what the pages
say."""

from __future__ import annotations

import gzip
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from scrapy.settings import Settings

from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.site import partition_of
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange, Recorded, payload_digest
from govcrawl.base_spiders.article import page_of
from govcrawl.pipelines import SAID, Dropped
from govcrawl.reextract.again import row_again
from govcrawl.reextract.facts import Sites
from govcrawl.reextract.plan import Scope
from govcrawl.reextract.run import Done, Reading, reextract
from govcrawl.workers.local import Here
from tests.loopback import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.items import Article

SITE, BASE = "loopback", "http://127.0.0.1"
SITES = Sites(Settings({"SPIDER_MODULES": ["tests.loopback_spider"]}))
HTML = "text/html; charset=utf-8"
OLD = "govcrawl/0.0.9:text"
WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
PAGES = Site(0)  # writes articles; it listens nowhere


class Made:
    """The archive while it is made. Close it before it is read."""

    def __init__(self, data: Path, site: str = SITE, **segment: Any) -> None:
        self.data, self.name = data, site
        self.archive = Archive(Storage(str(data)), **segment)
        self.own = self.archive.site(site)
        self.facts = SITES.of(site, BASE)
        self._parts: dict[str, Recorded | None] = {}

    def close(self) -> None:
        self.own.commit()
        landed: dict[str, dict[str, int]] = defaultdict(dict)
        for (province, year), count in self.own.rows_landed.items():
            landed[province][str(year)] = count
        self.own.close({"run_id": self.own.run_id, "landed": landed})

    def record(self, attempt: Attempt, body: bytes, headers: Mapping[str, str], status: int = 200) -> Hop:
        """A response as the wire side of a crawl notes it."""
        self.archive.begin(attempt)
        when = WHEN + timedelta(seconds=len(self.archive.outcomes))
        given = list(headers.items())
        exchange = Exchange(attempt.url, "GET", [], b"", status, "OK", given, body, when)
        file, offset, digest, full_file, full_offset = self.own.record(exchange, attempt.known)
        assert digest == payload_digest(body)
        hop = Hop(attempt.url, when, status, etag='"1"', payload_digest=digest, bytes=len(body))
        hop.warc_file, hop.warc_offset, hop.full_file, hop.full_offset = file, offset, full_file, full_offset
        attempt.hops.append(hop)
        return hop

    def part(self, address: str, markup: str, status: int = 200) -> None:
        """A frame or further page."""
        attempt = Attempt(self.name, address, "part")
        hop = self.record(attempt, markup.encode(), {"Content-Type": HTML}, status)
        self.archive.settle(attempt, "landed" if status == 200 else "not_found")
        brought = Recorded(address, status, [("Content-Type", HTML)], markup.encode(), hop.fetched_at, "", 0)
        self._parts[address] = brought if status == 200 else None

    def land(
        self,
        number: int,
        page: str | bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        listed: Mapping[str, Any] | None = None,
        channel: str | None = "教育要闻",
        url: str | None = None,
        **misread: Any,
    ) -> Article | None:
        """An article with what earlier rules misread of it; its row, or None where it is left unread."""
        body = page if isinstance(page, bytes) else (page if page is not None else PAGES.article(number)).encode()
        attempt = Attempt(
            self.name, url or BASE + PAGES.path_of(number), "article", channel=channel, listed_title=PAGES.title(number),
            listed_on=datetime.fromisoformat(PAGES.day(number)).date(), fields=dict(listed or {}),
        )  # fmt: skip
        headers = {"Content-Type": HTML} if headers is None else headers
        self.record(attempt, gzip.compress(body) if "Content-Encoding" in headers else body, headers)
        reading = page_of(attempt, attempt.url, body, dict(headers), self.facts)
        return self._settle(attempt, reading, misread)

    def _settle(self, attempt: Attempt, page: ArticlePage, misread: Mapping[str, Any]) -> Article | None:
        try:
            article = row_again(page, self._parts.get, frames=8, pages=8)
        except Dropped as exc:
            self.archive.settle(attempt, exc.outcome, form=page.form, extractor=OLD)
            return None
        form = misread.get("form", page.form)
        for name, value in {"extractor": OLD, **misread}.items():
            if name != "form":
                setattr(article, name, value)
        unread = {"form": form, "extractor": OLD} if form else {}
        self.archive.settle(attempt, "landed", [article], text_hash=article.text_hash, revision=1, **unread)
        return article


def read(data: Path, site: str = SITE, **given: Any) -> Done:
    """Read the archive again, in this process."""
    segment = {name: given.pop(name) for name in list(given) if name.startswith("segment")}
    how: dict[str, Any] = {"scope": Scope(), "sites": SITES, "frames": 8, "pages": 8, "workers": Here()} | given
    return reextract(Storage(str(data)), site, Reading(**how), **segment)


def rows(data: Path) -> list[dict[str, Any]]:
    """Every row of articles with its partition."""
    found: list[dict[str, Any]] = []
    for path in sorted(data.glob("articles/**/*.parquet")):
        where = partition_of(str(path.relative_to(data)))
        found += [row | where for row in pq.ParquetFile(path).read().to_pylist()]
    return sorted(found, key=lambda r: (r["doc_id"], r["revision"]))


def said(found: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What rows say, without the runs that landed them."""
    names = ("doc_id", "revision", "revision_cause", "status", "warc_file", "warc_offset", "attachments", *SAID)
    return [tuple(repr(row[name]) for name in names) for row in found]


def captures(data: Path) -> list[dict[str, Any]]:
    """Every row of captures in the order in which they were written."""
    found: list[dict[str, Any]] = []
    for path in sorted(data.glob("captures/**/*.parquet"), key=lambda p: p.name):
        found += pq.ParquetFile(path).read().to_pylist()
    return found
