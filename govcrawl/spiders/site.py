from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from govcrawl.addresses import doc_id
from govcrawl.base_spiders.article import ArticleSpider
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.numbered import NumberedSpider
from govcrawl.errors import BadArgument, nearest
from govcrawl.recognition.families import checked_url, other_site, owner, recognise, spiders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.crawler import Crawler
    from scrapy.http import Request, TextResponse

    from govcrawl.base_spiders.rows import Row
    from govcrawl.extraction.page import Site
    from govcrawl.recognition.families import Recognised


class SiteSpider(ArticleSpider):
    """Any listing: ``-a start=<its address>``. A host that a spider knows is walked by that spider, as its ``channel``;
    for others the CMS family is recognised from the first page. Takes what the other spiders take: since, sample …"""

    name = "site"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Any:
        start = kwargs.pop("start", None)
        if start is None or "channel" in kwargs:
            near = next((f"{k!r}{found}" for k in kwargs if (found := nearest(k, ["start"]))), None)
            said = f"; it has no argument {near}" if near else ""
            raise BadArgument(f"site needs -a start=<address of a listing> and takes no channel{said}")
        start = checked_url(start, "start")
        named = spiders(crawler.settings)
        known = owner(start, named)
        if known is not None:
            return known.from_crawler(crawler, *args, channel=start, **kwargs)
        site = other_site(start, named)
        facts = {"name": site.name, "site_name": site.name, "hosts": site.hosts, "of": site}
        other: type[UnknownSite] = type("OtherSite", (UnknownSite,), facts)
        return other.from_crawler(crawler, *args, channel=start, **kwargs)


class UnknownSite(ListingSpider):
    """A listing of a host that no spider knows, walked as the family that its first page tells of."""

    kind = "other"
    province = ""
    channels: ClassVar[dict[str, str]] = {}
    article_pattern = r"(?!)"
    of: ClassVar[Site]

    recognised: Recognised | None = None
    family: ListingSpider | None = None

    @classmethod
    def site(cls) -> Site:
        return cls.of

    def rows(self, response: TextResponse) -> Iterable[Row]:
        if self.family is None:
            self._recognise(response)
        return self.family.rows(response) if self.family is not None else ()

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if self.family is not None:
            start = next(iter(self.planned.values()))
            first = self.family.first_request(start)
            # Where the family's lists are not at the page that people see, that page is only the door.
            if doc_id(start) == doc_id(response.url) != doc_id(first.url, first.method, first.body):
                yield first
            else:
                if isinstance(self.family, NumberedSpider) and any(walk.repeated for walk in self.walks.values()):
                    type(self.family).first_number = 2
                yield from self.family.page_requests(response)

    def filled_by(self, response: TextResponse) -> Request | None:
        if self.family is None:
            self._recognise(response)
        return self.family.filled_by(response) if self.family is not None else None

    def branches(self, response: TextResponse) -> Iterable[Request]:
        return self.family.branches(response) if self.family is not None else ()

    def total(self, response: TextResponse) -> int | None:
        return self.family.total(response) if self.family is not None else None

    def article_url(self, url: str) -> str:
        return self.family.article_url(url) if self.family is not None else url

    def _recognise(self, response: TextResponse) -> None:
        self.recognised = found = recognise(response)
        if found is None:
            self.logger.error("%s links nothing that looks like articles: is it a listing?", response.url)
            return
        self.logger.info("%s: %s (%s)", response.url, found.family.about, ", ".join(found.evidence))
        facts = {"name": self.name, "site_name": self.site_name, "province": "", "hosts": self.hosts, "channels": {}}
        family = type("Walked", (found.family.spider,), facts | {"article_pattern": found.article_pattern})
        self.family = family(channel=response.url)
        self.family.crawler = self.crawler
        self._pattern = re.compile(found.article_pattern)
