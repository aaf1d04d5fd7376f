"""The stages between a page and its row, in run order. Each is one sentence; each reason to drop is a class of its own,
so that Scrapy's counters name it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.exceptions import DropItem
from scrapy.http import Request

from govcrawl import extraction
from govcrawl.addresses import doc_id
from govcrawl.archive.ledger import Attempt, outcome_of_status
from govcrawl.archive.site import STORED
from govcrawl.base_spiders.article import outcome_of_error, texts_of
from govcrawl.extensions import ArchiveExtension
from govcrawl.extraction import parts
from govcrawl.extraction.elsewhere import is_headed
from govcrawl.extraction.results import Metadata
from govcrawl.extraction.title import key as headline_key
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeVar

    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from govcrawl.archive.site import SiteArchive
    from govcrawl.archive.warc import Recorded
    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.extraction import Cleaned
    from govcrawl.extraction.page import Page as Reading

    Found = TypeVar("Found")

MIN_DUPLICATE_LENGTH = 100
# Pages of more bytes, 50 times an ordinary one, are read in a thread: others' connections would wait for seconds.
LARGE_PAGE = 1 << 20


async def aside(read: Callable[[Reading], Found], reading: Reading) -> Found:
    """What ``read`` finds in a page. Meanwhile connections go on where the page is large."""
    if len(reading.body) + sum(len(part.body) for part in reading.parts.values() if part) < LARGE_PAGE:
        return read(reading)
    return await asyncio.to_thread(read, reading)


class Dropped(DropItem):
    """A page that does not land; ``outcome`` is what its capture says."""

    outcome: ClassVar[str] = "not_article"
    log_level = "INFO"

    def __init__(self, message: str, alias_of: str | None = None) -> None:
        super().__init__(message, log_level=self.log_level)
        self.alias_of = alias_of


class DuplicateUrl(Dropped):
    outcome = "alias"


class DuplicateText(Dropped):
    outcome = "duplicate"


class ChallengePage(Dropped):
    outcome = "challenge"
    log_level = "WARNING"


class EmptyPage(Dropped):
    outcome = "server_error"
    log_level = "WARNING"


class ServerAway(Dropped):
    """A server that says, with status 200, that it is busy or being mended; it says nothing of the article."""

    outcome = "server_error"
    log_level = "WARNING"


class ErrorPage(Dropped):
    pass


class Unreadable(Dropped):
    """A page that no listing names, or that has landed before, and in which nothing could be read now. It is no proof
    that there is no article: newer rules read it again from the WARC."""

    outcome = "unreadable"
    log_level = "WARNING"


class NotAnArticle(Dropped):
    pass


class SoftNotFound(Dropped):
    """A known article's address that answers 200 with something else; it counts as a 404."""

    outcome = "not_found"


class Unchanged(Dropped):
    outcome = "unchanged"


class Stage:
    """A pipeline stage with the archive at hand."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def keeper(self) -> ArchiveExtension:
        extension = self.crawler.get_extension(ArchiveExtension)
        assert extension is not None
        return extension

    def site(self, page: ArticlePage) -> SiteArchive:
        return self.keeper.archive.site(page.site)

    async def ask(self, attempt: Attempt, largest: int, slot: str) -> Response:
        """The response to a request that a stage makes itself, entered in the ledger, at the pace of its slot. Raises what
        the downloader does."""
        meta = {"attempt": attempt, "allow_offsite": True, "download_maxsize": largest, "download_slot": slot}
        assert self.crawler.engine is not None
        request = Request(attempt.url, meta=meta, dont_filter=True, priority=2)
        return await self.crawler.engine.download_async(request)


class DedupeUrlPipeline(Stage):
    """Drops a page whose address, after redirects, is another settled document. A known article that now leads
    to a new article address has moved: it keeps its doc_id and history."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._here: set[str] = set()

    def process_item(self, page: ArticlePage) -> ArticlePage:
        attempt = page.attempt
        if page.doc_id != attempt.doc_id:
            self._led_elsewhere(page, attempt.known is not None and attempt.known.landed)
        if page.doc_id in self._here:
            raise DuplicateUrl(f"{page.url} was read in this run already", alias_of=page.doc_id)
        self._here.add(page.doc_id)
        return page

    def _led_elsewhere(self, page: ArticlePage, landed: bool) -> None:
        attempt = page.attempt
        target = self.site(page).state.get(page.doc_id)
        if not page.is_article_address:
            attempt.keeps = landed or page.is_foreign
            reason = f"{attempt.url} leads to {page.url}, which is no article's address"
            if landed:
                raise SoftNotFound(reason)
            if not page.is_foreign:
                raise NotAnArticle(reason)
            page.doc_id = attempt.doc_id  # a listed notice that another site shows
            return
        if page.doc_id in self._here or (target is not None and target.settled and target.alias_of != attempt.doc_id):
            raise DuplicateUrl(f"{attempt.url} leads to {page.url}, which is in the archive", alias_of=page.doc_id)
        if landed:
            attempt.keeps = True
            page.doc_id = attempt.doc_id


class PartsPipeline(Stage):
    """Brings what of the article lies at other addresses of its site: frames, further pages. An article's outcome is
    written only once its parts are known; one that cannot be had flags it as truncated."""

    kept, small = 32, 1 << 18  # frames of a few kilobytes that many pages share are asked for once

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._frames = settings.getint("GOVCRAWL_FRAMES")
        self._pages = settings.getint("GOVCRAWL_ARTICLE_PAGES")
        self._largest = settings.getint("GOVCRAWL_PART_BYTES")
        self._brought: OrderedDict[str, Response | Recorded | None] = OrderedDict()

    async def process_item(self, page: ArticlePage) -> ArticlePage:
        for _ in part_rounds(page, self._frames, self._pages):
            wanted = await aside(self._wanted, page.reading)
            for address in wanted:
                bring(page, address, await self._part(address, page))
            if not wanted:
                break
        return page

    def _wanted(self, reading: Reading) -> list[str]:
        return parts.wanted(reading, frames=self._frames, pages=self._pages)

    async def _part(self, address: str, page: ArticlePage) -> Response | Recorded | None:
        key = doc_id(address)
        if key not in self._brought:
            recorded = self._recorded(key, page) if page.is_again else None
            part = recorded or await self._fetch(address, page)
            if part is not None and len(part.body) > self.small:
                return part
            self._brought[key] = part
            if len(self._brought) > self.kept:
                self._brought.popitem(last=False)
        return self._brought[key]

    def _recorded(self, key: str, page: ArticlePage) -> Recorded | None:
        """A part that the WARC holds already."""
        known = self.site(page).state.get(key)
        return self.keeper.archive.recorded(known) if known is not None else None

    async def _fetch(self, address: str, page: ArticlePage) -> Response | None:
        attempt = Attempt(page.site, address, "part", channel=page.channel, part_of=page.doc_id)
        self.keeper.archive.begin(attempt)
        try:
            response = await self.ask(attempt, self._largest, page.site)
        except Exception as error:
            outcome, why = outcome_of_error(error)
            attempt.kind = _kind(address, page)
            self.keeper.settle(attempt, outcome, error=why)
            return None
        whole = response.status == 200 and bool(response.body)
        outcome = (
            "landed" if whole else "server_error" if response.status == 200 else outcome_of_status(response.status)
        )
        attempt.kind = "part" if whole else _kind(address, page)
        self.keeper.settle(attempt, outcome, error=None if whole else f"HTTP {response.status}")
        return response if whole else None


class CleanPipeline(Stage):
    """Finds the body. What is positively something else is dropped; a listed page in which nothing can be read goes on
    with what it shows instead, and lands as its listing names it."""

    async def process_item(self, page: ArticlePage) -> ArticlePage:
        found = await aside(extraction.clean, page.reading)
        without = not page.reading.body or found.page_type == "away"
        sort_out(page, stays_empty=without and self._stays_empty(page))
        return page

    def _stays_empty(self, page: ArticlePage) -> bool:
        """Whether a listed page has been empty, or its server away, so often that it lands as its listing names it."""
        return page.is_listed and self.keeper.archive.is_last_try(page.attempt)


class MetadataPipeline(Stage):
    """Reads title, dates, people, policy fields, province and year."""

    async def process_item(self, page: ArticlePage) -> ArticlePage:
        await aside(extraction.metadata, page.reading)
        return page


class QualityPipeline(Stage):
    """Raises the flags that a reader must know, and makes the row."""

    def process_item(self, page: ArticlePage) -> ArticlePage:
        page.article = article_of(page)
        return page


class DedupeTextPipeline(Stage):
    """Drops a second copy within the site: same title, text, date and attachments, and at least 100 characters
    (yearly notices and 详见附件 pages share their text and are different articles)."""

    def process_item(self, page: ArticlePage) -> ArticlePage:
        assert page.article is not None
        if (other := repeated(self.site(page), page.article)) is not None:
            raise DuplicateText(f"{page.url} repeats another article of the site", alias_of=other)
        return page


class ValidatePipeline(Stage):
    """A row without headline or content lands only where a listing names it."""

    def process_item(self, page: ArticlePage) -> ArticlePage:
        article = page.article
        assert article is not None
        demand(article, page)
        return page


class ParquetPipeline(Stage):
    """Lands the article: as revision 1, or as the next one where what a reader sees has changed."""

    def process_item(self, page: ArticlePage) -> Article:
        article = page.article
        assert article is not None
        site = self.site(page)
        known = site.state.get(article.doc_id)
        before = site.stored(article.doc_id, STORED) if known is not None and known.landed else None
        rows = [article]
        if before is not None:
            changed = differences(before, article) if page.is_again else changes(before, article)
            if not changed and before["status"] == "live":
                raise Unchanged(f"{page.url} has not changed")
            for name in changed:
                self.crawler.stats.inc_value(f"govcrawl/changed/{name}")
            rows = revised(article, before, changed, again=page.is_again)
        final = {"text_hash": article.text_hash, "revision": rows[-1].revision, **unread(page)}
        self.keeper.settle(page.attempt, "landed", rows, **final)
        if page.attempt.outcome == "landed":
            self.crawler.stats.inc_value(f"govcrawl/landed/{article.province}/{article.year}")
        return article


def _kind(address: str, page: ArticlePage) -> str:
    """What a part is that could not be had: what a script asks for may be anything, and nothing may be missing."""
    return "script" if address in page.reading.scripts_asked else "part"


def part_rounds(page: ArticlePage, frames: int, pages: int) -> range:
    """How often the parts that a page wants are brought at most, since one may tell of others. A foreign page has none."""
    return range(frames + pages if page.reading.body and not page.is_foreign else 0)


def bring(page: ArticlePage, address: str, part: Response | Recorded | None) -> None:
    """Give a page one of its parts; None where it could not be had."""
    if part is None:
        parts.bring(page.reading, address, None)
    else:
        parts.bring(page.reading, address, part.body, part.url, texts_of(part.headers))


def sort_out(page: ArticlePage, *, stays_empty: bool = False) -> None:
    """Say what a page is. Raises Dropped where it is positively something else than an article. ``stays_empty``: it is asked
    no more."""
    found = extraction.clean(page.reading)
    if not page.reading.body and not page.is_again and not stays_empty:
        raise EmptyPage(f"{page.url} is a page of zero bytes")
    if found.page_type == "away" and not page.is_again and not stays_empty:
        raise ServerAway(f"{page.url} says that its server is busy or being mended")
    if found.page_type == "challenge":
        raise ChallengePage(f"{page.url} is a shield's challenge, not the page")
    page.reading_is_file = found.page_type == "attachment"
    if found.page_type not in ("article", "attachment"):
        _without_text(page, found)
    elif page.is_foreign and not page.reading_is_file and not is_listed_headline(page):
        page.form = "redirect"


def _without_text(page: ArticlePage, found: Cleaned) -> None:
    """What becomes of a page without text: a listed one lands, unless it says that it is gone."""
    known = page.attempt.known
    landed = known is not None and known.landed
    had_text = known is not None and known.landed and not known.form
    gone = found.page_type == "error" and not is_listed_headline(page)
    if (landed and gone) or (had_text and found.page_type == "list"):
        raise SoftNotFound(f"{page.url} no longer shows its article ({found.page_type})")
    if gone:
        raise ErrorPage(f"{page.url} says that there is no such page (error)")
    form = found.form or found.page_type
    if not page.is_listed and not landed and form in ("list", "video"):
        raise NotAnArticle(f"{page.url} holds no article ({form})")
    page.form = form
    if had_text or not page.is_listed:
        raise Unreadable(f"{page.url} shows no text that can be read ({form})")


def demand(article: Article, page: ArticlePage) -> None:
    """A row without headline or content lands only where a listing names it. Raises Unreadable."""
    bare = not article.text and not article.attachments and not article.images
    if page.form or not (bare or not article.title):
        return
    page.form = "no_text" if bare else "no_title"
    if not page.is_listed:
        raise Unreadable(f"{page.url} has no {'text' if bare else 'headline'} that can be read")
    if bare:
        describe_unread(article, page)


def repeated(site: SiteArchive, article: Article) -> str | None:
    """doc_id of another article of the site that this one repeats."""
    if article.text_length < MIN_DUPLICATE_LENGTH:
        return None
    other = site.state.with_text(article.text_hash)
    if other is None or other == article.doc_id:
        return None
    row = site.stored(other, ["title", "text_hash", "published_on", "attachments"])
    same = ("title", "text_hash", "published_on")
    if row is None or any(row[name] != getattr(article, name) for name in same):
        return None
    theirs = {a["url"] for a in row["attachments"] or ()}
    return other if theirs == {a["url"] for a in article.attachments} else None


def changes(before: dict[str, Any], article: Article) -> list[str]:
    """The columns in which a reader sees a difference between two visits. A file that could not be fetched before or now is
    none."""
    seen = ("title", "text_hash", "published_on", "source", "doc_number", "validity")
    found = [name for name in seen if before[name] != getattr(article, name)]
    old = {a["url"]: a["sha256"] for a in before["attachments"] or ()}
    new = {a["url"]: a["sha256"] for a in article.attachments}
    if old.keys() != new.keys() or any(old[u] != new[u] for u in new if old[u] and new[u]):
        found.append("attachments")
    elif any(new[u] and not old[u] for u in new):
        found.append("attachment_fetched")
    return found


# What a page says to its readers, beside its attachments. Its evidence (…_from), its measures and its place follow from
# that, and are no difference by themselves; nor are the rules that read it.
SAID = tuple(
    "title title_original text text_original published_on published_at published_precision source author editor "  # noqa: SIM905
    "issuer doc_number index_number written_on subject validity keywords images quality province year".split()
)


def differences(before: dict[str, Any], article: Article) -> list[str]:
    """The columns in which a reader sees a difference between two readings of one page: those that make a revision after a
    visit, and whatever else the page says."""
    found = [name for name in SAID if _plain(before[name]) != _plain(getattr(article, name))]
    visited = [name for name in changes(before, article) if name.startswith("attachment")]
    if not visited and _names(before["attachments"]) != _names(article.attachments):
        visited = ["attachments"]
    return found + visited


def _names(attachments: list[dict[str, Any]] | None) -> list[tuple[str, str]]:
    return [(a["url"], a["name"]) for a in attachments or ()]


def _plain(value: Any) -> Any:
    """A value as it comes back from the archive: times to the millisecond, no list as an empty one."""
    if isinstance(value, datetime):
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return value or None if isinstance(value, list) else value


def revised(article: Article, before: dict[str, Any], changed: list[str], *, again: bool = False) -> list[Article]:
    """The next revision; where the partition changes, a `moved` row goes to the old one first. ``again``: of a page that was
    read again and not visited."""
    article.revision = before["revision"] + 1
    if before["status"] == "gone":
        article.revision_cause = "returned"
    else:
        same_page = before["payload_digest"] == article.payload_digest and "attachments" not in changed
        read = again or same_page or changed == ["attachment_fetched"]
        article.revision_cause = "reextracted" if read else "edited"
    if before["status"] == "moved" or (before["province"], before["year"]) == (article.province, article.year):
        return [article]
    moved = {
        "revision": article.revision,
        "revision_cause": "moved",
        "status": "moved",
        "fetched_at": article.fetched_at,
    }
    article.revision += 1
    return [Article(**before | moved), article]


def _flags(page: ArticlePage) -> list[str]:
    """What the page shows of itself, and that its body ended before its Content-Length."""
    flags, hop = extraction.quality(page.reading), page.attempt.last
    return [*flags, "truncated"] if hop is not None and hop.truncated and "truncated" not in flags else flags


def article_of(page: ArticlePage) -> Article:
    """The row of a page whose stages have run."""
    article = Article(**_named(page), **_read(page), **_evidence(page))
    if page.reading_is_file:
        _describe_file(article, page)
    elif page.form:
        describe_unread(article, page)
    elif not article.title and page.is_listed:
        article.title = page.attempt.listed_title
    return article


def _named(page: ArticlePage) -> dict[str, Any]:
    """Which document of which site this is."""
    same = ("doc_id", "url", "site", "site_name", "site_kind", "channel", "fetched_at")
    first = {"revision": 1, "revision_cause": "first", "status": "live"}
    return {name: getattr(page, name) for name in same} | first


def _read(page: ArticlePage) -> dict[str, Any]:
    """What extraction found in it."""
    found, meta = extraction.clean(page.reading), extraction.metadata(page.reading)
    columns = {f.name for f in fields(Article)}
    said = {f.name: getattr(meta, f.name) for f in fields(Metadata) if f.name in columns}
    body = {n: getattr(found, n) for n in ("text_original", "script", "text_hash", "text_length", "extractor")}
    attachments = [{**asdict(a), "sha256": None, "bytes": None, "path": None} for a in found.attachments]
    more = {
        "text": found.text or None,
        "attachments": attachments,
        "images": [asdict(i) for i in found.images],
        "quality": _flags(page),
    }
    return said | body | more


def _evidence(page: ArticlePage) -> dict[str, Any]:
    """Where the response lies that says so."""
    hop = page.attempt.last
    if hop is None:
        return {"warc_file": None, "warc_offset": None, "payload_digest": None}
    return {"warc_file": hop.full_file, "warc_offset": hop.full_offset, "payload_digest": hop.payload_digest}


def _describe_file(article: Article, page: ArticlePage) -> None:
    """A document that a listing links directly says nothing of itself; its row in the listing does."""
    article.title = article.title or page.attempt.listed_title
    article.attachments = [{"url": page.url, "name": article.title or page.url, "media_type": None}]
    article.attachments[0] |= dict.fromkeys(("sha256", "bytes", "path"))
    _as_listed(article, page, "attachment_only")


_CREDITS = tuple(
    "source author editor keywords issuer doc_number index_number written_on subject validity".split()  # noqa: SIM905
)


def describe_unread(article: Article, page: ArticlePage) -> None:
    """A page in which no text could be read is what its listing says it is."""
    article.title = page.attempt.listed_title or article.title
    article.text = article.text_original = None
    article.text_hash, article.text_length = hashlib.sha256(b"").hexdigest(), 0
    article.attachments, article.images = [], []
    if page.is_foreign or not is_headed(page.reading):
        stated = page.attempt.fields or {}
        for name in _CREDITS:
            setattr(article, name, stated.get(name, [] if name in ("author", "editor", "keywords") else None))
    _as_listed(article, page, "no_text")


def _as_listed(article: Article, page: ArticlePage, flag: str) -> None:
    listed = page.attempt.listed_on
    article.quality = [flag]
    if listed is not None and (article.published_on is None or not is_headed(page.reading)):
        article.published_at = None
        article.published_on, article.published_precision, article.published_from = listed, "day", "listing"
        article.year, article.year_from = listed.year, "published"
    if article.published_on is None:
        article.quality.append("no_publish_date")


def is_listed_headline(page: ArticlePage) -> bool:
    """Whether the page's headline is the title under which a listing names it."""
    listed, shown = headline_key(page.attempt.listed_title or ""), headline_key(page.reading.headline.text)
    return len(listed) >= 4 and len(shown) >= 4 and (listed.startswith(shown) or shown.startswith(listed))


def unread(page: ArticlePage) -> dict[str, str]:
    """What captures keep of a page in which no text could be read."""
    return {"form": page.form, "extractor": extraction.clean(page.reading).extractor} if page.form else {}
