"""A listing whose spider is not known, or no longer right: walked as the family that its first page tells of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from govcrawl.addresses import doc_id, host_of
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.numbered import NumberedSpider
from govcrawl.recognition.families import GENERIC, recognise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import Request, TextResponse

    from govcrawl.base_spiders.rows import Row
    from govcrawl.extraction.page import Site
    from govcrawl.recognition.families import Family, Recognised

ARTICLES = 3  # of a trial: one is enough, but the newest may have been withdrawn


class UnknownSite(ListingSpider):
    """``of``: the site that its articles belong to. ``owner``: the spider that knows the site, whose rules no longer fit its
    listing. ``pattern``: what its articles' addresses look like, where that is given and need not be learnt."""

    kind = "other"
    province = ""
    channels: ClassVar[dict[str, str]] = {}
    article_pattern = r"(?!)"
    of: ClassVar[Site]
    owner: ClassVar[type[ListingSpider] | None] = None
    pattern: ClassVar[str | None] = None

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
        pattern = self.pattern or (found.article_pattern if found is not None else None)
        if pattern is None:
            self.logger.error("%s links nothing that looks like articles: is it a listing?", response.url)
            return
        family = found.family if found is not None else GENERIC
        evidence = ", ".join(found.evidence) if found is not None else "its pattern was given"
        self.logger.info("%s: %s (%s)", response.url, family.about, evidence)
        self.family = walker(family, pattern, self, response)
        self.family.crawler = self.crawler
        self._pattern = re.compile(pattern)


class TriedSite(UnknownSite):
    """One that goes through a few list pages and asks for a few articles."""

    def _wants(self, row: Row) -> bool:
        return self.requested < ARTICLES and super()._wants(row)


def walker(family: Family, pattern: str, of: ListingSpider, page: TextResponse) -> ListingSpider:
    """A spider of a family for the listing that a page begins, with the facts of another spider. Where that one's site has
    a spider of its own, and only it knows how the page goes on, its rules are kept."""
    owner = of.owner if isinstance(of, UnknownSite) else type(of)
    facts = {
        "name": of.name,
        "site_name": of.site_name,
        "province": of.province,
        "hosts": (*of.hosts, host_of(page.url)),
        "channels": {},
        "article_pattern": pattern,
    }

    def made(base: type[ListingSpider]) -> ListingSpider:
        walked: type[ListingSpider] = type("Walked", (base,), facts)
        return walked(channel=page.url)

    found = made(family.spider)
    if owner is None:
        return found
    if issubclass(owner, family.spider):
        return made(owner)
    if family is GENERIC and next(iter(found.page_requests(page)), None) is None:
        kept = made(owner)
        return kept if list(kept.rows(page)) else found
    return found


def anew(cls: type[UnknownSite], owner: type[ListingSpider] | None, of: Site, pattern: str | None) -> type[UnknownSite]:
    """A spider for one listing of a site: ``of`` a known one whose rules no longer fit (``owner``), or of another."""
    facts = {"name": of.name, "site_name": of.title or of.name, "hosts": of.hosts, "of": of}
    if owner is not None:
        facts |= {"kind": owner.kind, "province": owner.province, "owner": owner}
    made: type[UnknownSite] = type("OtherSite", (cls,), facts | {"pattern": pattern})
    return made
