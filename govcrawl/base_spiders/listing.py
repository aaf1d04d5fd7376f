"""The way from a site's channels to its articles, the same for every CMS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urljoin, urlsplit

from scrapy.http import Request, Response, TextResponse

from govcrawl.addresses import as_written, doc_id, host_of, is_address
from govcrawl.archive.ledger import Attempt
from govcrawl.archive.revisit import Schedule
from govcrawl.archive.schema import RETRIED
from govcrawl.base_spiders.arguments import count, day, switch
from govcrawl.base_spiders.article import ArticleSpider, outcome_of, texts_of
from govcrawl.base_spiders.rows import Row, date_in_url, find_rows
from govcrawl.errors import BadArgument, IncoherentSpider, nearest
from govcrawl.extraction import charset, clean, relative
from govcrawl.extraction.elsewhere import leads_to
from govcrawl.extraction.page import Page as Reading
from govcrawl.extraction.page import Site
from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from typing import Self

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from govcrawl.archive.captures import Known
    from govcrawl.archive.runs import CompleteWalk
    from govcrawl.archive.site import SiteArchive
    from govcrawl.archive.snapshot import Bools, Columns


@dataclass(slots=True)
class Walk:
    """One channel of one run. ``ended``: `known` (a page whose rows were all settled), `last` (its last page), `since`,
    or why it stopped before: `sample` `stopped` `no_rows` `not_found` `failed` `challenge` `robots`."""

    channel: str
    url: str
    region: str | None = None
    complete_before: CompleteWalk | None = None
    since: date | None = None
    through: bool = False
    pages: int = 0
    rows: int = 0
    elsewhere: int = 0
    refused: int = 0
    new: int = 0
    known: int = 0
    total: int | None = None
    repeated: bool = False
    parts: bool = False
    ended: str = "stopped"
    broken: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    ahead: Iterator[Request] | None = None
    first: Response | None = None  # until rows are found
    last_response: Response | None = None
    shell: TextResponse | None = None
    branches: list[Request] = field(default_factory=list)
    list_pages: int = 0
    list_rows: int = 0
    held: int | None = None
    empty: str | None = None  # the last page, where it had no rows


class ListingSpider(ArticleSpider):
    """Base of the spiders that walk listings.

    To add a site:

    #. Find its CMS family in ``base_spiders/`` and derive from that class.
    #. Set ``name`` (= file name), ``site_name``, ``kind``, ``province`` and ``hosts``.
    #. Set ``channels``: name of the column → address of its first list page.
    #. Set ``article_pattern``: a regular expression that its article URLs match, and ``examples`` of them.
    #. Run ``scrapy crawl <name> -a sample=5`` and read the summary.

    A family gives two hooks: ``page_requests`` (the further list pages that a page tells of) and ``rows`` (its entries);
    where scripts fill its pages also ``filled_by`` (what they ask), and where a column is a tree ``branches`` (its lists).
    An odd site overrides the same.
    """

    kind: ClassVar[str] = "department"
    site_name: ClassVar[str]
    province: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]]
    channels: ClassVar[dict[str, str]]
    article_pattern: ClassVar[str]
    front_pages: ClassVar[tuple[str, ...]] = ()  # addresses of channels with articles in many blocks, not in one list
    browser: ClassVar[tuple[str, ...]] = ()  # kinds of pages that only a browser fills: "listing", "article"
    rows_css: ClassVar[str | None] = None
    body_css: ClassVar[tuple[str, ...]] = ()
    verified: ClassVar[str | None] = None
    examples: ClassVar[tuple[str, ...]] = ()
    why_no_channels: ClassVar[str] = ""
    left_out: ClassVar[dict[str, str]] = {}  # columns of the site that are not walked: address → why, in one line

    arguments: ClassVar[dict[str, str]] = {
        "since": "oldest publish date, YYYY-MM-DD, YYYY-MM or YYYY",
        "until": "newest publish date, in the same forms",
        "sample": "stop after this many articles",
        "full": "1: walk every page, also where all rows are known",
        "channel": "walk only this channel: its name, or the address of a listing",
    }

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name)
        unknown = sorted(set(arguments) - set(self.arguments))
        if unknown:
            known = ", ".join(f"{k} ({v})" for k, v in self.arguments.items())
            msg = f"{self.name} has no argument {unknown[0]!r}{nearest(unknown[0], self.arguments)}; it takes: {known}"
            raise BadArgument(msg)
        self.given = arguments
        self.since = day(arguments, "since", first=True)
        self.until = day(arguments, "until", first=False)
        if self.since and self.until and self.since > self.until:
            msg = f"since={self.since} is after until={self.until}; swap them"
            raise BadArgument(msg)
        self.sample = count(arguments, "sample")
        self.full = switch(arguments, "full")
        self.walks: dict[str, Walk] = {}
        self.proposals: list[dict[str, Any]] = []
        self.requested = 0
        self._pattern = re.compile(self.article_pattern)
        self.planned = self._planned_channels()
        self.schedule = Schedule(())

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.schedule = Schedule.parse(crawler.settings["GOVCRAWL_REVISIT"])
        return spider

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("name"):
            for attribute in ("site_name", "province", "hosts", "channels", "article_pattern"):
                if not hasattr(cls, attribute):
                    msg = f"{cls.__name__} sets a name but no {attribute}"
                    raise IncoherentSpider(msg)
            re.compile(cls.article_pattern)

    # What a family defines

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        """The list pages of this channel after this one, nearest first; asked lazily, so it may go on without end. It is
        asked of the first page, and of the last one again when its pages are used up; pages already asked are skipped.
        A request with ``meta["part"]`` begins another list of the channel, which is walked whatever the one before held."""
        return ()

    def rows(self, response: TextResponse) -> Iterable[Row]:
        """The entries of a list page, in its order."""
        here = doc_id(response.url)
        front = any(doc_id(url) == here for url in self.front_pages)
        names = column_names(response)
        return find_rows(response.selector, response.url, self._pattern, self.rows_css, every_block=front, names=names)

    def filled_by(self, response: TextResponse) -> Request | None:
        """What the script of a channel's first page asks for its rows; None where the page is not filled by one. The rows
        that the page itself holds then count only where this answers with none."""
        return None

    def branches(self, response: TextResponse) -> Iterable[Request]:
        """The first pages of further lists that belong to this channel, such as the columns of a tree. Each is walked
        whatever the others hold; those already asked are skipped."""
        return ()

    def total(self, response: TextResponse) -> int | None:
        """How many entries the listing itself says it has."""
        return stated_total(response.text)

    def first_request(self, url: str) -> Request:
        """The request for a channel's first list page."""
        return Request(url)

    # What is known of the site

    @classmethod
    def site(cls) -> Site:
        return Site(
            name=cls.name,
            title=cls.site_name,
            kind=cls.kind,
            province=cls.province,
            hosts=cls.hosts,
            body=cls.body_css,
        )

    @classmethod
    def owns(cls, url: str) -> bool:
        """Whether the address lies on one of the site's hosts."""
        host = host_of(url)
        return any(host == h or host.endswith("." + h) for h in cls.hosts)

    def is_article_address(self, url: str) -> bool:
        return bool(self._pattern.search(url)) or (self.owns(url) and super().is_article_address(url))

    def region(self, channel: str, url: str) -> str | None:
        """The province of a regional channel of a news site: its name begins with it. A listing given by its address
        takes it from the channels in the same folder, or on the same host."""
        if self.kind != "news":
            return None
        found = {_province_named(channel)}
        for part in (_folder, host_of):
            if found == {None}:
                found = {_province_named(name) for name, known in self.channels.items() if part(known) == part(url)}
        return found.pop() if len(found) == 1 else None

    # The crawl

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the run writes to; opened, and so locked, before its first request."""
        return (self.name,)

    @property
    def own(self) -> SiteArchive:
        return self.archive.site(self.name)

    async def start(self) -> AsyncIterator[Any]:
        if self.sample is None and self.until is None:
            for page in self.read_again(self.site()):
                yield page
            for request in self._again():
                yield request
        for channel, url in self.planned.items():
            walk = self.walks[url] = self._walk(channel, url)
            yield self._list_request(self.first_request(url), walk)

    def _planned_channels(self) -> dict[str, str]:
        wanted = self.given.get("channel")
        if wanted is None:
            if not self.channels:
                msg = f"{self.name} knows no channel yet; give one with -a channel=<address of a listing>"
                raise BadArgument(f"{msg} ({self.why_no_channels})" if self.why_no_channels else msg)
            return self.channels
        if wanted in self.channels:
            return {wanted: self.channels[wanted]}
        if "://" not in wanted:
            names = ", ".join(self.channels) or "none"
            msg = f"{self.name} has no channel {wanted!r}{nearest(wanted, self.channels)}; it has: {names}; or give a listing's address"
            raise BadArgument(msg)
        for channel, url in self.channels.items():
            if doc_id(url) == doc_id(wanted):
                return {channel: wanted}  # under the scheme that was asked for
        if not self.owns(wanted):
            msg = f"channel={wanted} is not on a host of {self.name} ({', '.join(self.hosts)})"
            raise BadArgument(msg)
        return {wanted: wanted}

    def _walk(self, channel: str, url: str) -> Walk:
        before = self.own.walks.get(url)
        walk = Walk(channel, url, self.region(channel, url), before, self.since)
        oldest = datetime.now(UTC) - timedelta(days=self.crawler.settings.getfloat("GOVCRAWL_FULL_WALK_DAYS"))
        walk.through = (
            self.full
            or before is None
            or not before.covers(self.since)
            or before.through_at is None
            or before.through_at < oldest
        )
        return walk

    def _again(self) -> Iterator[Request]:
        """Known addresses to ask again: what a former run left unsettled, what was not found long ago, and the articles
        whose turn it is, at most GOVCRAWL_REVISITS of them, the longest unvisited first."""
        settings = self.crawler.settings
        again = timedelta(days=settings.getfloat("GOVCRAWL_NOT_FOUND_DAYS"))
        now = self.archive.started_at
        for known in self._short_of_parts():
            yield self._known_request(known, whole=True)
        long_ago = (now - again).timestamp() * 1000

        def waiting(known: Columns) -> Bools:
            lost = known.ended({"not_found"}) & ~known.landed & (known.asked_at < long_ago)
            return known.of_kind("article") & known.got & (known.ended(RETRIED) | lost)

        def due(known: Columns) -> Bools:
            return known.of_kind("article") & known.got & ~waiting(known) & self.schedule.due(known, now)

        state = self.own.state
        for known in filter(self._may_ask_again, state.where(waiting)):
            yield self._known_request(known)
        turn = filter(self._may_ask_again, state.where(due, longest_unasked=True))
        for known in islice(turn, settings.getint("GOVCRAWL_REVISITS")):
            yield self._known_request(known)

    def _may_ask_again(self, known: Known) -> bool:
        return known.doc_id not in self._asked and ("channel" not in self.given or known.channel in self.planned)

    def _short_of_parts(self) -> list[Known]:
        """Landed articles of which a frame or a page could not be had, and may be now."""
        state = self.own.state
        short = {k.part_of: None for k in state.where(lambda k: k.of_kind("part") & k.ended(RETRIED)) if k.part_of}
        return [known for key in short if (known := state.get(key)) is not None and known.landed]

    def _known_request(self, known: Known, *, whole: bool = False) -> Request:
        stated = self.own.listed_fields(known) if known.outcome in RETRIED else {}
        row = Row(known.url, known.listed_title, known.listed_on, stated)
        region = self.region(known.channel, known.url) if known.channel else None
        request = self.article_request(row, self.site(), known.channel, region)
        request.meta["attempt"].whole = whole
        return request

    def _list_request(self, request: Request, walk: Walk) -> Request:
        attempt = Attempt(self.name, request.url, "listing", request.method, request.body, walk.channel)
        self.archive.begin(attempt)
        walk.asked.add(attempt.doc_id)
        walk.parts = walk.parts or "part" in request.meta
        return request.replace(
            callback=self.parse_list,
            errback=self.list_failed,
            cb_kwargs={"walk": walk},
            meta=request.meta | {"attempt": attempt, "allow_offsite": True, "download_slot": self.name},
            dont_filter=True,
            priority=0,
        )

    def parse_list(self, response: Response, walk: Walk) -> Iterator[Request]:
        try:
            yield from self._parse_list(response, walk)
        except Exception as exc:
            # Such as HTML where JSON was expected: a shield's page, or the site has changed.
            if _is_challenge(response):
                walk.ended = "challenge"
                self.archive.settle(response.meta["attempt"], "challenge")
                return
            walk.ended = "failed" if walk.rows else "no_rows"
            walk.broken.append(f"{response.url} cannot be read: {type(exc).__name__}: {exc}"[:300])
            raise

    def _parse_list(self, response: Response, walk: Walk) -> Iterator[Request]:
        attempt: Attempt = response.meta["attempt"]
        response = as_it_is(response)
        walk.pages += 1
        walk.list_pages += 1
        walk.last_response = response
        walk.first = walk.first or response
        page = response if isinstance(response, TextResponse) and response.body else None
        if page is not None and walk.list_pages == 1 and (behind := self.filled_by(page)) is not None:
            walk.shell = page
            walk.pages -= 1  # the list begins with what fills this page
            self._branch(page, walk, empty=False)
            self.archive.settle(attempt, "landed")
            yield self._list_request(behind, walk)
            return
        rows = self._usable(self._listed(page) if page is not None else [], walk)
        if not rows and not walk.list_rows and walk.shell is not None:
            rows = self._own_rows(walk)
        if page is not None and walk.total is None and rows:
            walk.total = self.total(page)
        fresh = [row for row in rows if doc_id(self.article_url(row.url)) not in walk.seen]
        walk.rows += len(fresh)
        walk.list_rows += len(fresh)
        walk.first = None if walk.rows else walk.first
        if page is not None:
            self._branch(page, walk, empty=not rows and walk.list_pages == 1)
        if not fresh:
            # A page that scripts fill says where its rows are; a page or two without any is no reason to give up.
            # Where page 2 repeats page 1, the site counts from the other number.
            # One page without rows may be an error between others.
            walk.repeated = walk.repeated or (walk.list_pages == 2 and bool(rows))
            more = walk.list_pages < 3 if not walk.list_rows else walk.list_pages == 2 and walk.repeated
            if walk.list_rows and not rows and walk.empty is None and (page is None or page.selector.type == "html"):
                walk.empty, more = response.url, True
            following = self._next_page(walk, part=not more)
            walk.ended = "last" if walk.rows else "no_rows"
            if walk.ended == "no_rows" and _is_challenge(response):
                walk.ended, following = "challenge", None
                self.archive.settle(attempt, "challenge")
                return
            self.archive.settle(attempt, "landed" if walk.rows or following else "not_article")
            if following is not None:
                yield following
            return
        if walk.empty is not None:
            walk.broken.append(f"{walk.empty} has no rows, but the page after it has")
            walk.empty = None
        yield from self._take(fresh, walk)
        self.archive.settle(attempt, "landed")

    def _take(self, fresh: list[Row], walk: Walk) -> Iterator[Request]:
        """The requests for the new rows of a page, and for the list page after it."""
        stop = self._stop_reason(fresh, walk)
        for row in fresh:
            walk.seen.add(doc_id(self.article_url(row.url)))
            if self._wants(row):
                if self.sample is not None and self.requested >= self.sample:
                    stop = "sample"
                    break
                self.requested += 1
                walk.new += 1
                yield self.article_request(row, self.site(), walk.channel, walk.region)
            elif self.own.state.get(doc_id(self.article_url(row.url))) is not None:
                walk.known += 1
        self.logger.info("%s: list page %d, %d rows, %d asked so far", walk.channel, walk.pages, len(fresh), walk.new)
        following = self._next_page(walk, part=True) if stop in ("known", "since") else None
        if following is not None:
            yield following
        elif stop is not None:
            walk.ended = stop
        elif (request := self._next_page(walk)) is not None:
            yield request
        else:
            walk.ended = "last"
            self._look_for_more(walk)

    def _look_for_more(self, walk: Walk) -> None:
        """Note that a page says that it is not the last, where nothing tells how to come to the next."""
        page = walk.last_response
        stated = stated_position(page.text) if isinstance(page, TextResponse) else None
        if page is not None and stated is not None and stated[0] < stated[1] and walk.list_pages < stated[1]:
            walk.broken.append(f"{page.url}: page {stated[0]} of {stated[1]}, but no address of the next")

    def _own_rows(self, walk: Walk) -> list[Row]:
        """The rows of the page itself, where what should fill it gave none; its pages are gone on from there."""
        shell, walk.shell = walk.shell, None
        rows = self._usable(self._listed(shell), walk) if shell is not None else []
        if rows:
            walk.last_response, walk.ahead = shell, None
        return [row for row in rows if doc_id(self.article_url(row.url)) not in walk.seen]

    def _branch(self, page: TextResponse, walk: Walk, *, empty: bool) -> None:
        """Note the further lists that a page leads to; where it has no rows, also what it shows in frames or sends on to."""
        walk.branches += self.branches(page)
        if empty:
            walk.branches += (Request(url) for url in shown_instead(page) if self.owns(url))

    def _listed(self, page: TextResponse) -> list[Row]:
        """The entries of a list page: their addresses as a browser writes them, their days counted from the fetch."""
        listed = list(self.rows(page))
        hop = page.meta["attempt"].last
        for row in listed:
            row.url = as_written(row.url, page.encoding)
            if row.date is None and row.told is not None and hop is not None:
                counted = relative.moment(row.told, hop.fetched_at)
                row.date = counted.day if counted is not None else None
        return listed

    def _usable(self, listed: list[Row], walk: Walk) -> list[Row]:
        """The rows that can be asked: of this site, of a usable length, and no more than a page can honestly hold."""
        settings = self.crawler.settings
        longest = settings.getint("URLLENGTH_LIMIT")
        here = [row for row in listed if self.owns(row.url) or self._pattern.search(row.url[:longest])]
        walk.elsewhere += len(listed) - len(here)
        short = [row for row in here if len(row.url) <= longest and is_address(row.url)]
        most = settings.getint("GOVCRAWL_LIST_ROWS")
        if len(short) > most:
            walk.broken.append(f"{len(short) - most} rows beyond GOVCRAWL_LIST_ROWS={most} on one page")
        walk.refused += len(here) - len(short[:most])
        return short[:most]

    def _stop_reason(self, rows: list[Row], walk: Walk) -> str | None:
        """Why the walk ends with this page: all of it is older than `since`, or was settled before the newest complete
        walk of the channel ended (later rows may come from a run that was killed and hide others below them)."""
        if self.since and all((d := self._date(row)) is not None and d < self.since for row in rows):
            return "since"
        before = walk.complete_before
        if walk.through or before is None:
            return None
        for row in rows:
            if (key := doc_id(self.article_url(row.url))) in self.archive.never_asked:
                continue
            known = self.own.state.resolve(key)
            if known is None or known.settled_at is None or known.settled_at > before.finished_at:
                return None
        return "known"

    def _wants(self, row: Row) -> bool:
        if (on := self._date(row)) is not None:
            if self.since and on < self.since:
                return False
            if self.until and on > self.until:
                return False
        return self.unsettled(self.name, self.article_url(row.url))

    @staticmethod
    def _date(row: Row) -> date | None:
        return row.date or date_in_url(row.url)

    def _next_page(self, walk: Walk, *, part: bool = False) -> Request | None:
        """The next list page that has not been asked, of this list or else of the next branch; ``part``: not of this list
        any more, but the first page of its next part, if there is one."""
        if len(walk.asked) >= self.crawler.settings.getint("GOVCRAWL_LIST_PAGES"):
            walk.broken.append(f"stopped after GOVCRAWL_LIST_PAGES={len(walk.asked)} list pages")
            return None
        return self._page_after(walk, part=part) or self._next_branch(walk)

    def _page_after(self, walk: Walk, *, part: bool) -> Request | None:
        if part and not walk.parts:
            return None
        for asked_again in (False, True):
            if walk.ahead is None or asked_again:
                if not isinstance(walk.last_response, TextResponse):
                    return None
                walk.ahead = iter(self.page_requests(walk.last_response))
            try:
                for request in walk.ahead:
                    if not _asked(request, walk) and (not part or request.meta.get("part")):
                        return self._list_request(request, walk)
            except ValueError as exc:  # a pager that leads to no address
                walk.broken.append(f"{walk.last_response and walk.last_response.url}: {exc}"[:300])
                return None
        return None

    def _next_branch(self, walk: Walk) -> Request | None:
        while walk.branches:
            request = walk.branches.pop(0)
            if not _asked(request, walk):
                walk.ahead, walk.shell, walk.repeated, walk.parts, walk.held = None, None, False, False, None
                walk.empty = None
                walk.list_pages = walk.list_rows = 0
                return self._list_request(request, walk)
        return None

    def list_failed(self, failure: Failure, walk: Walk | None = None) -> Iterator[Request]:
        request: Request = failure.request  # type: ignore[attr-defined]
        walk = request.cb_kwargs["walk"]
        outcome, error = outcome_of(failure)
        self.archive.settle(request.meta["attempt"], outcome, error=error)
        if walk.pages == 0 and walk.shell is None:
            walk.ended = {"not_found": "not_found", "challenge": "challenge", "robots": "robots"}.get(outcome, "failed")
            walk.broken.append(f"{request.url}: {error}")
            return
        if outcome != "not_found":
            walk.broken.append(f"{request.url}: {error}")
        shell = walk.shell
        if shell is not None and not walk.list_rows and (rows := self._own_rows(walk)):
            walk.pages += 1
            walk.rows += len(rows)
            walk.list_rows = len(rows)
            walk.held = len(rows) if not _shows(shell, rows) else None
            yield from self._take(rows, walk)
            return
        if outcome == "not_found" and walk.held is not None and walk.held == walk.list_rows:
            walk.broken.append(f"{walk.url} is filled from elsewhere, which is not there; {walk.held} rows stand in it")
        if outcome == "not_found":
            # Page counts run ahead of the pages that exist on several CMSs; the stated total tells when rows are missing.
            walk.ended = "last" if walk.rows else "no_rows"
            if walk.list_pages == 1 and walk.rows:
                self._look_for_more(walk)
            if (following := self._next_page(walk, part=True)) is not None:
                yield following
            return
        walk.ended = outcome if outcome in ("challenge", "robots") and not walk.rows else "failed"
        if outcome in ("server_error", "network") and len(walk.broken) < 3:
            following = self._next_page(walk)
            if following is not None:
                yield following


def _shows(page: TextResponse, rows: list[Row]) -> bool:
    """Whether a page links its rows where readers see them, and not in a comment."""
    linked = " ".join(page.xpath("//a/@href | //a/@onclick").getall())
    return any(urlsplit(row.url).path.rpartition("/")[2] in linked for row in rows)


def _asked(request: Request, walk: Walk) -> bool:
    return doc_id(request.url, request.method, request.body) in walk.asked


def _is_challenge(response: Response) -> bool:
    """Whether a shield's page came in place of the listing, with status 200."""
    return clean(Reading(response.body, response.url)).page_type == "challenge"


def column_names(response: TextResponse) -> tuple[str, ...]:
    """What the spider calls the channel that a page belongs to; none where it was given by its address."""
    attempt = response.meta.get("attempt") if response.request is not None else None
    channel = getattr(attempt, "channel", None)
    return (channel,) if channel and "://" not in channel else ()


def as_it_is(response: Response) -> Response:
    """A list page read by the encoding that it has, where the one that its header declares does not fit."""
    if not isinstance(response, TextResponse) or "\ufffd" not in response.text[:200_000]:
        return response
    _, encoding, repaired = charset.decode(response.body, texts_of(response.headers))
    return response if repaired or encoding == response.encoding else response.replace(encoding=encoding)


_NO_LIST = re.compile(r"weather|tianqi|share|banner|head|foot|top|left|menu|nav|login|count|search", re.IGNORECASE)
_NO_COLUMN = re.compile(r"^/?$|^/(?:index|default|home)\.\w+$|/(?:404|error)\b", re.IGNORECASE)


def shown_instead(page: TextResponse) -> Iterator[str]:
    """The addresses of a page's frames, without those of menus and the like, and where a script or a meta tag sends on to."""
    if page.selector.type == "json":
        return
    addresses = [s for s in page.xpath("//iframe/@src | //frame/@src").getall() if not _NO_LIST.search(s)]
    if (target := leads_to(page.text, page.url)) is not None:
        addresses.append(target)
    for address in addresses:
        try:
            url = urljoin(page.url, address.strip())
        except ValueError:
            continue
        # A column that is gone often sends to the front page.
        if url.startswith(("http://", "https://")) and not _NO_COLUMN.search(urlsplit(url).path):
            yield url


_TOTAL = re.compile(r"共\s*+(?:有\s*+)?(?:<[^<>]++>\s*+)*+(\d{1,7})\s*+(?:<[^<>]++>\s*+)*+(?:条|篇|项|个记录|个信息)")


def stated_total(text: str) -> int | None:
    """The number of entries that a list page states: 共 N 条, 共有N条记录, 共 <b>24</b> 篇文章."""
    found = _TOTAL.search(text)
    return int(found.group(1)) if found else None


_POSITION = re.compile(
    r"第\s{0,9}(\d{1,5})\s{0,9}页?\s{0,9}[/／,，|]?\s{0,9}共\s{0,9}(\d{1,5})\s{0,9}页|(?<![\d/])(\d{1,5})\s{0,9}/\s{0,9}(\d{1,5})\s{0,9}页"
)


def stated_position(text: str) -> tuple[int, int] | None:
    """Which list page a page says that it is, and of how many: 第1页/共4页, 1/4页."""
    found = _POSITION.search(re.sub(r"<[^<>]{0,500}>|&nbsp;", " ", text))
    return None if found is None else (int(found[1] or found[3]), int(found[2] or found[4]))


def _province_named(channel: str) -> str | None:
    return next((p.slug for p in PROVINCES.values() if channel.startswith(p.short)), None)


def _folder(url: str) -> str:
    return f"{host_of(url)}{urlsplit(url).path.rpartition('/')[0]}"


def url_with(url: str, **query: str | int) -> str:
    """A URL with query parameters set or replaced, the others and their order kept."""
    parts = urlsplit(url)
    kept = [q for q in parts.query.split("&") if q and q.partition("=")[0] not in query]
    return parts._replace(query="&".join([*kept, *(f"{k}={v}" for k, v in query.items())])).geturl()
