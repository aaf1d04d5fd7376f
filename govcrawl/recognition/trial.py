"""A short look at a site: one list page a channel and an article, through the same stages as a crawl, into an archive
that is thrown away."""

from __future__ import annotations

from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler

from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.extensions import ArchiveExtension
from govcrawl.recognition.unknown import ARTICLES

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from scrapy import Spider
    from scrapy.commands import ScrapyCommand
    from scrapy.http import Request, Response

    from govcrawl.base_spiders.listing import Walk
    from govcrawl.items import Article


@dataclass
class Trial:
    """What came of it. ``error``: why the spider could not run at all. ``lists`` and ``pages``: the list pages and the articles'
    as received. ``run``: the
    run's report as in run files."""

    name: str
    arguments: dict[str, str]
    walks: list[Walk] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    lists: list[Response] = field(default_factory=list)
    pages: list[Response] = field(default_factory=list)
    run: dict[str, Any] | None = None
    error: str | None = None
    spider: ListingSpider | None = None


def run(
    command: ScrapyCommand,
    asked: Iterable[tuple[type[Spider], dict[str, str]]],
    *,
    channels: int | None = None,
    pages: int | None = None,
    timeout: float = 20,
) -> list[Trial]:
    """Try these spiders side by side, each in its own archive. ``channels``: how many channels of each at most; ``pages``:
    walk so many list pages instead of ending with a sample; ``timeout``: seconds to wait for a host."""
    process, settings = command.crawler_process, command.settings
    assert isinstance(process, AsyncCrawlerProcess)
    assert settings is not None
    with TemporaryDirectory(prefix="govcrawl-") as folder:
        trials = []
        for number, (cls, arguments) in enumerate(asked):
            own = settings.copy()
            own.set("GOVCRAWL_DATA", f"{folder}/{number}", priority="cmdline")
            own.set("DOWNLOAD_TIMEOUT", timeout, priority="cmdline")
            own.set("RETRY_TIMES", 0, priority="cmdline")
            trial = Trial(cls.name, arguments)
            crawler = Crawler(cls, own)
            _watch(crawler, trial, channels)
            if pages is not None:
                own.set("GOVCRAWL_LIST_PAGES", pages, priority="cmdline")
                limited = arguments
            else:
                limited = arguments | {"sample": str(ARTICLES)} if issubclass(cls, ListingSpider) else arguments
            process.crawl(crawler, **limited).add_done_callback(_Done(crawler, trial))
            trials.append(trial)
        process.start()
        return trials


def quiet(command: ScrapyCommand) -> None:
    """Show what was found instead of the log; ``-L INFO`` shows both."""
    assert command.settings is not None
    command.settings.set("LOG_LEVEL", "CRITICAL", priority="project")


def _watch(crawler: Crawler, trial: Trial, channels: int | None) -> None:
    def opened(spider: Spider) -> None:
        if isinstance(spider, ListingSpider):
            trial.spider = spider
            spider.planned = dict(list(spider.planned.items())[:channels])

    def received(response: Response, request: Request) -> None:
        if request.meta["attempt"].kind == "listing":
            trial.lists.append(response)
        elif request.meta["attempt"].kind == "article":
            trial.pages.append(response)

    def scraped(item: Article) -> None:
        trial.articles.append(item)

    crawler.signals.connect(opened, signals.spider_opened, weak=False)
    crawler.signals.connect(received, signals.response_received, weak=False)
    crawler.signals.connect(scraped, signals.item_scraped, weak=False)


@dataclass
class _Done:
    crawler: Crawler
    trial: Trial

    def __call__(self, task: asyncio.Task[None]) -> None:
        trial = self.trial
        if not task.cancelled() and (error := task.exception()) is not None:
            trial.error = str(error)
            return
        extension = self.crawler.get_extension(ArchiveExtension)
        trial.run = extension.run_report if extension is not None else None
        if trial.spider is not None:
            trial.walks = list(trial.spider.walks.values())
