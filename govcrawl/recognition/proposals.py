"""What to do about a listing that has changed: the rows that its page now has by their shape, and the pattern of their
addresses. A false proposal is worse than none, so it is made only where two articles read behind it are articles."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.http import Request, TextResponse

from govcrawl.archive.ledger import Attempt
from govcrawl.archive.schema import RETRIED
from govcrawl.base_spiders.article import outcome_of, page_of, texts_of
from govcrawl.base_spiders.blocks import Blocks
from govcrawl.base_spiders.listing import ListingSpider, column_names
from govcrawl.base_spiders.rows import is_sure
from govcrawl.extraction import clean, metadata
from govcrawl.extraction.page import Page as Reading
from govcrawl.pipelines import is_listed_headline
from govcrawl.recognition.families import GENERIC, bound_to, recognise, shapes_of
from govcrawl.recognition.unknown import UnknownSite, walker

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from govcrawl.base_spiders.listing import Walk
    from govcrawl.base_spiders.rows import Row
    from govcrawl.recognition.families import Family

FIELDS = ("title", "text", "published_on", "published_at", "source", "author", "editor", "doc_number")
ROWS = 3  # that a proposal shows
EXAMPLES = 2  # articles asked for each pattern, and patterns of a run for which they are
PATTERNS = 3
LEAST = 3  # rows without which a pattern says nothing
NOTHING = r"(?!)"
DATED = 0.5  # share of rows with a date where nothing else says that they are the list


@dataclass
class Found:
    """What a changed listing holds. ``family``: whose rules walk it; ``pattern`` None where a script fills it."""

    family: Family | None
    pattern: str | None
    rows: list[Row] = field(default_factory=list)


def found_in(page: TextResponse, spider: ListingSpider) -> Found | None:
    """The rows of a list page in which a spider's own pattern finds none, by their shape; None where there are none that
    are surely its list, and no script that would fill it."""
    if page.selector.type == "json" or (_is_front(page.url) and not any(map(_is_front, spider.channels.values()))):
        return None
    known = recognise(page)
    family = known.family if known is not None else GENERIC
    learnt = (known.article_pattern if known is not None else None, _of_the_list(page, spider, family))
    tried = [Found(family, pattern, _rows(page, spider, family, pattern)) for pattern in learnt if pattern is not None]
    best = max(tried, key=lambda found: len(found.rows), default=None)
    if best is not None and best.rows:
        return best
    evident = known is not None and family.asks and re.search(family.asks, page.text, re.IGNORECASE)
    if evident or is_filled_by_script(page, spider, walker(family, NOTHING, spider, page)):
        return Found(known.family if known is not None else None, None)
    return None


def _rows(page: TextResponse, spider: ListingSpider, family: Family, pattern: str) -> list[Row]:
    """The rows of a page whose addresses fit a pattern; none where they are few, or nothing says that they are its list, or
    the pattern fits a listing as well."""
    fits = re.compile(pattern)
    if any(fits.search(url) for url in (page.url, *spider.channels.values())):
        return []
    rows = [row for row in walker(family, pattern, spider, page).rows(page) if fits.search(row.url)]
    dated = sum(row.date is not None for row in rows)
    sure = dated >= DATED * len(rows) or is_sure(page.selector, page.url, fits, names=column_names(page))
    return rows if len(rows) >= LEAST and sure else []


def _of_the_list(page: TextResponse, spider: ListingSpider, family: Family) -> str | None:
    """The forms of address of the page's own dated list, whatever they are; None where one of them has no number in it."""
    anything = bound_to(page.url, r"/[^?#]*[\w?].*")
    rows = [row for row in walker(family, anything, spider, page).rows(page) if not row.document]
    if len(rows) < LEAST or any(row.date is None for row in rows):
        return None
    return shapes_of(page.url, (row.url for row in rows))


def is_filled_by_script(page: TextResponse, *spiders: ListingSpider) -> bool:
    """Whether a script writes the list of this page, or the whole page. An empty list alone may have nothing in it."""
    blocks = Blocks(page.selector.root, (), column_names(page))
    if any(spider.filled_by(page) is not None for spider in spiders) or (blocks.filled and blocks.asks):
        return True
    return clean(Reading(page.body, page.url, headers=texts_of(page.headers))).form == "script"


def _is_front(url: str) -> bool:
    return re.fullmatch(r"/?(?:index|default|home)?(?:\.\w+)?", urlsplit(url).path) is not None


def entry(channel: str, page: TextResponse, found: Found) -> dict[str, Any]:
    """A proposal as run files hold it. ``change``: `moved` (the list is there, under another pattern) or `script` (a script
    fills it now). ``fields`` come with the examples."""
    shown = [
        {"date": row.date.isoformat() if row.date else None, "title": row.title, "url": row.url}
        for row in sorted(found.rows, key=lambda row: row.document)[:ROWS]
    ]
    given = f" --pattern {shlex.quote(found.pattern)}" if found.pattern else ""
    return {
        "channel": channel,
        "url": page.url,
        "change": "moved" if found.pattern else "script",
        "family": found.family.about if found.family is not None else None,
        "article_pattern": found.pattern,
        "found": len(found.rows),
        "rows": shown,
        "fields": [],
        "command": f"scrapy probe {shlex.quote(page.url)} --try{given}",
    }


@dataclass
class _Group:
    """The proposals of one pattern, which the same examples speak for. ``read``: what was read in those that are articles."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    read: list[set[str]] = field(default_factory=list)


class ProposalExtension:
    """When a crawl has nothing more to ask, looks at the channels that gave no rows, asks for two articles of each new
    pattern (recorded, but no rows of the archive), and leaves what proves true in the spider's ``proposals``."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._looked = False
        self._groups: dict[str, _Group] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.spider_idle, signals.spider_idle)
        return extension

    def spider_idle(self, spider: Spider) -> None:
        if self._looked or not isinstance(spider, ListingSpider) or isinstance(spider, UnknownSite):
            return
        self._looked = True
        for walk in spider.walks.values():
            if walk.ended == "no_rows":
                try:
                    self._consider(spider, walk)
                except Exception:
                    # A page may be anything; the run's own verdict stands without a proposal.
                    self.crawler.stats.inc_value("govcrawl/proposals/failed")

    def _consider(self, spider: ListingSpider, walk: Walk) -> None:
        seen: dict[str, TextResponse] = {
            page.url: page for page in (walk.first, walk.last_response) if isinstance(page, TextResponse) and page.body
        }
        for page in seen.values():
            found = found_in(page, spider)
            if found is None:
                continue
            made = entry(walk.channel, page, found)
            if found.pattern is None:
                spider.proposals.append(made)
            elif found.pattern in self._groups:
                self._groups[found.pattern].entries.append(made)
            elif len(self._groups) < PATTERNS:
                self._groups[found.pattern] = group = _Group([made])
                self._ask(spider, group, found, walk)
            return

    def _ask(self, spider: ListingSpider, group: _Group, found: Found, walk: Walk) -> None:
        assert self.crawler.engine is not None
        pages = [row for row in found.rows if not row.document]
        for row in sorted(pages, key=lambda row: len(row.title or "") < 8)[:EXAMPLES]:
            attempt = Attempt(spider.name, row.url, "example", listed_title=row.title, listed_on=row.date)
            attempt.channel = walk.channel
            spider.archive.begin(attempt)
            self.crawler.engine.crawl(
                Request(
                    row.url,
                    callback=self._read,
                    errback=self._failed,
                    cb_kwargs={"spider": spider, "group": group},
                    meta={"attempt": attempt, "allow_offsite": True, "download_slot": spider.name},
                    dont_filter=True,
                )
            )

    def _read(self, response: Response, spider: ListingSpider, group: _Group) -> None:
        attempt: Attempt = response.meta["attempt"]
        page = page_of(attempt, response.url, response.body, texts_of(response.headers), spider.site())
        found, stated = clean(page.reading), metadata(page.reading)
        spider.archive.settle(attempt, "landed")
        if found.page_type != "article" or not is_listed_headline(page):
            return
        group.read.append({n for n in FIELDS if getattr(found if n == "text" else stated, n)})
        every = set.intersection(*group.read)
        for one in group.entries:
            one["fields"] = [name for name in FIELDS if name in every]
            if one not in spider.proposals:
                spider.proposals.append(one)

    def _failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, error = outcome_of(failure)
        keeper = request.cb_kwargs["spider"].archive
        # Nobody asks for an example again.
        keeper.settle(request.meta["attempt"], "given_up" if outcome in RETRIED else outcome, error=error)
