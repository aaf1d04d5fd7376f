"""The archive during a crawl: opened before the first request, committed as it goes, closed with the run file."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import CloseSpider, DropItem
from scrapy.utils.asyncio import create_looping_call

from govcrawl.addresses import doc_id, host_of
from govcrawl.archive.lock import Locked
from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.extraction import clean
from govcrawl.items import COUNTED, Article, Page
from govcrawl.run_report import report

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from govcrawl.archive.ledger import Attempt

logger = logging.getLogger(__name__)
SHOWN = 3  # rows that show what a field lacks


def data_folder(settings: BaseSettings) -> str:
    """Where the archive lies: a replay defaults to a folder of its own, so that a sample never mixes with the real one."""
    return settings.get("GOVCRAWL_DATA") or ("data/replay" if settings.get("GOVCRAWL_REPLAY") else "data")


class ArchiveExtension:
    """Opens the archive (closing the spider where another run holds the site or the folder cannot be written), settles
    the requests that end in a drop, an error or a filtered redirect, commits by the clock, and writes the run file."""

    archive: Archive

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.failure: Exception | None = None
        self._ending = False
        self.run_report: dict[str, Any] | None = None
        self.sites_by_host: dict[str, str] = {}
        self.lacking: dict[str, list[Article]] = {}
        connect = crawler.signals.connect
        connect(self.spider_opened, signals.spider_opened)
        connect(self.spider_closed, signals.spider_closed)
        connect(self.request_dropped, signals.request_dropped)
        connect(self.item_scraped, signals.item_scraped)
        connect(self.item_dropped, signals.item_dropped)
        connect(self.item_error, signals.item_error)
        connect(self.spider_error, signals.spider_error)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def spider_opened(self, spider: Spider) -> None:
        settings = self.crawler.settings
        try:
            self.archive = Archive(
                Storage(data_folder(settings)),
                max_attempts=settings.getint("GOVCRAWL_MAX_ATTEMPTS"),
                on_failure=self._stop,
                segment_rows=settings.getint("GOVCRAWL_SEGMENT_ROWS"),
                segment_seconds=settings.getfloat("GOVCRAWL_SEGMENT_SECONDS"),
                rotate_bytes=settings.getint("GOVCRAWL_WARC_BYTES"),
            )
            spider.archive = self.archive  # type: ignore[attr-defined]
            for name in getattr(spider, "sites", ()):
                site = self.archive.site(name)
                if site.recovered:
                    logger.warning("Recovered %d rows that a killed run had landed in %s", site.recovered, name)
        except (Locked, StorageError) as exc:
            self.failure = exc
            logger.critical(str(exc))
            raise CloseSpider("locked" if isinstance(exc, Locked) else "storage_failed") from exc
        self._clock = create_looping_call(self.archive.commit_if_due)
        self._clock.start(min(30.0, settings.getfloat("GOVCRAWL_SEGMENT_SECONDS")), now=False)

    def site_of(self, url: str) -> str:
        """The site that an address which no spider asked for (robots.txt) is filed under."""
        spider = self.crawler.spider
        assert spider is not None
        return self.sites_by_host.get(host_of(url)) or spider.name

    def settle(self, attempt: Attempt, outcome: str, articles: Iterable[Article] = (), **final: Any) -> None:
        self.archive.settle(attempt, outcome, articles, **final)

    def storage_failed(self, error: StorageError) -> None:
        """End the run: nothing more can be kept. What is committed stays readable; the next run repeats the rest."""
        self.archive.failed(error)

    def _stop(self, error: Exception) -> None:
        self.failure = error
        logger.critical(str(error))
        if self.crawler.engine is not None and not self._ending:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="storage_failed"))

    def request_dropped(self, request: Request) -> None:
        """A redirect to an address already asked in this run: the first address is another name of it."""
        attempt: Attempt | None = request.meta.get("attempt")
        if attempt is not None and attempt.hops:
            self.settle(attempt, "alias", alias_of=doc_id(request.url))

    def item_scraped(self, item: Any) -> None:
        """Count the fields that a landed row lacks, and keep a few rows that show it."""
        for name in COUNTED if isinstance(item, Article) else ():
            if not getattr(item, name):
                self.crawler.stats.inc_value(f"govcrawl/field/{name}/missing")
                rows = self.lacking.setdefault(name, [])
                rows += [item] if len(rows) < SHOWN else []

    def item_dropped(self, item: Any, exception: DropItem) -> None:
        if isinstance(item, Page):
            outcome = getattr(exception, "outcome", "not_article")
            alias_of = getattr(exception, "alias_of", None)
            unread: dict[str, Any] = {}
            if item.form and outcome in ("unreadable", "unchanged"):
                unread = {"form": item.form, "extractor": clean(item.reading).extractor}
            self.settle(item.attempt, outcome, alias_of=alias_of, error=str(exception), **unread)

    def item_error(self, item: Any, failure: Failure) -> None:
        if isinstance(item, Page):
            self._code_failed(item.attempt, failure)

    def spider_error(self, failure: Failure, response: Response) -> None:
        request = getattr(response, "request", None)
        attempt: Attempt | None = request.meta.get("attempt") if request is not None else None
        self._code_failed(attempt, failure)

    def _code_failed(self, attempt: Attempt | None, failure: Failure) -> None:
        """What a stage or a callback raised: a failure of storage ends the run, any other one the request."""
        if isinstance(failure.value, StorageError):
            self.storage_failed(failure.value)
        elif attempt is not None:
            self.settle(attempt, "callback_error", error=f"{type(failure.value).__name__}: {failure.value}"[:500])

    def spider_closed(self, spider: Spider, reason: str) -> None:
        if (clock := getattr(self, "_clock", None)) is not None and clock.running:
            clock.stop()
        archive: Archive | None = getattr(self, "archive", None)
        if archive is None:
            self.run_report = report.failed(spider, self.failure, reason)
            return
        self._ending = True
        try:
            if self.failure is None:
                self._close(archive, spider, reason)
        except StorageError as exc:
            archive.failed(exc)
        if self.failure is not None:
            for site in archive.sites.values():
                site.abandon()
            self.run_report = report.failed(spider, self.failure, reason)

    def _close(self, archive: Archive, spider: Spider, reason: str) -> None:
        if reason == "finished":
            for attempt in list(archive.open_attempts):
                archive.settle(attempt, "callback_error", error="the crawl ended without an outcome for this request")
        archive.commit()
        if self.failure is not None:
            return
        reports = report.build(spider, archive, self.crawler.stats.get_stats(), reason, self.lacking)
        for site in archive.sites.values():
            site.close(reports[site.site])
        self.run_report = report.worst(spider, reports.values())
