"""Every department's spider walks the simulated site of its host to the end: all articles, none twice, with full titles and
right dates. No network and no Scrapy engine: the spider's own callbacks, driven by a loop."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import pytest
from scrapy.http import Headers
from scrapy.responsetypes import responsetypes
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from govcrawl import settings as project
from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage
from govcrawl.archive.urls import doc_id
from tests import simulated

if TYPE_CHECKING:
    from pathlib import Path

    from govcrawl.base_spiders.listing import ListingSpider
    from govcrawl.items import Page
    from tests.simulated import SimulatedSite

SETTINGS = Settings({name: getattr(project, name) for name in dir(project) if name.isupper()})
LOADER = SpiderLoader.from_settings(SETTINGS)
SPIDERS: dict[str, type[ListingSpider]] = {name: LOADER.load(name) for name in LOADER.list()}
DEPARTMENTS = sorted(n for n, s in SPIDERS.items() if getattr(s, "kind", "") in ("department", "ministry"))
WALKED = [n for n in [*simulated.SLUGS, *simulated.VARIANTS] if simulated.VARIANTS.get(n, n) in DEPARTMENTS]
TABLE: list[tuple[str, ...]] = []


class Crawl:
    """A walk of a simulated site. ``pages``: what the spider handed on, ``walks``: its channels, ``asked``: every request."""

    def __init__(self, spider: type[ListingSpider], site: SimulatedSite, folder: Path, **arguments: str) -> None:
        # The columns of the simulated site, which are those that are known of the real one.
        made = type(spider.__name__, (spider,), {"channels": site.channels})
        self.spider = made(**arguments)
        self.site = site
        self.archive = Archive(Storage(str(folder)))
        extension = SimpleNamespace(archive=self.archive)
        self.spider.crawler = SimpleNamespace(settings=SETTINGS, get_extension=lambda _: extension)
        self.pages: list[Page] = []
        self.asked: list[str] = []
        self._queue: list[Any] = []
        self._order = itertools.count()
        asyncio.run(self._start())
        while self._queue:
            self._take(heapq.heappop(self._queue)[-1])
        self.walks = list(self.spider.walks.values())
        for own in self.archive.sites.values():
            own.abandon()

    async def _start(self) -> None:
        async for request in self.spider.start():
            self._add(request)

    def _add(self, request: Any) -> None:
        heapq.heappush(self._queue, (-request.priority, next(self._order), request))

    def _take(self, request: Any) -> None:
        self.asked.append(request.url)
        url, answer = request.url, self.site.answer(request.method, request.url, request.body)
        while 300 <= answer.status < 400:
            url = urljoin(url, dict(answer.headers)["Location"])
            answer = self.site.answer("GET", url)
        headers = Headers({k: [v] for k, v in answer.headers})
        kind = responsetypes.from_args(headers=headers, url=url, body=answer.body)
        response = kind(url, status=answer.status, headers=headers, body=answer.body, request=request)
        if answer.status >= 400:
            failure = Failure(HttpError(response))
            failure.request = request
            results = request.errback(failure)
        else:
            results = request.callback(response, **request.cb_kwargs)
        for result in results or ():
            if hasattr(result, "reading"):
                self.pages.append(result)
            else:
                self._add(result)


@pytest.mark.parametrize("slug", WALKED)
def test_whole_site(slug: str, tmp_path: Path) -> None:
    site = simulated.site(slug)
    spider = SPIDERS[simulated.VARIANTS.get(slug, slug)]
    crawl = Crawl(spider, site, tmp_path)
    expected = {doc_id(a.url): a for a in site.articles}
    found = [p.attempt.doc_id for p in crawl.pages]
    right = [
        (expected[k].title == p.attempt.listed_title, expected[k].published_on == p.attempt.listed_on)
        for p in crawl.pages
        if (k := p.attempt.doc_id) in expected
    ]
    TABLE.append(
        (
            slug,
            spider.__mro__[1].__name__,
            f"{len(set(found) & set(expected))} of {len(expected)}",
            f"{sum(t for t, _ in right)} titles",
            f"{sum(d for _, d in right)} dates",
            f"{sum(w.pages for w in crawl.walks)} list pages",
            f"{len(crawl.asked)} requests",
        )
    )
    assert sorted(expected[k].url for k in set(expected) - set(found)) == []
    assert len(found) == len(set(found))
    assert {p.url for p in crawl.pages if p.attempt.doc_id not in expected} <= {s.url for s in site.strangers}
    for page in crawl.pages:
        if (article := expected.get(page.attempt.doc_id)) is not None:
            assert page.attempt.listed_title == article.title
            assert page.attempt.listed_on == article.published_on, article.url
    assert {w.ended for w in crawl.walks} == {"last"}


@pytest.fixture(scope="module", autouse=True)
def _table() -> Any:
    yield
    widths = [max(map(len, column)) for column in zip(*TABLE, strict=True)] if TABLE else []
    print()
    for row in sorted(TABLE):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
