"""The stages between a page and its row, in run order. Each is one sentence; each reason to drop is a class of its own,
so that Scrapy's counters name it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, ClassVar

from scrapy.exceptions import DropItem

from govcrawl import extraction
from govcrawl.archive.site import STORED
from govcrawl.extensions import ArchiveExtension
from govcrawl.items import Article

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from govcrawl.archive.site import SiteArchive
    from govcrawl.base_spiders.article import ArticlePage

MIN_DUPLICATE_LENGTH = 100


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


class ErrorPage(Dropped):
    pass


class NotAnArticle(Dropped):
    pass


class SoftNotFound(Dropped):
    """A known article's address that answers 200 with something else; it counts as a 404."""

    outcome = "not_found"


class NoTitle(Dropped):
    log_level = "WARNING"


class NoText(Dropped):
    log_level = "WARNING"


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
            attempt.keeps = landed
            reason = f"{attempt.url} leads to {page.url}, which is no article's address"
            raise SoftNotFound(reason) if landed else NotAnArticle(reason)
        if page.doc_id in self._here or (target is not None and target.settled and target.alias_of != attempt.doc_id):
            raise DuplicateUrl(f"{attempt.url} leads to {page.url}, which is in the archive", alias_of=page.doc_id)
        if landed:
            attempt.keeps = True
            page.doc_id = attempt.doc_id


class CleanPipeline(Stage):
    """Finds the body, and drops what holds none: shields, error pages, lists, videos."""

    def process_item(self, page: ArticlePage) -> ArticlePage:
        found = extraction.clean(page.reading)
        where = page.url
        if not page.reading.body:
            raise EmptyPage(f"{where} is a page of zero bytes")
        if found.page_type == "challenge":
            raise ChallengePage(f"{where} is a shield's challenge, not the page")
        page.reading_is_file = found.page_type == "attachment"
        known = page.attempt.known
        if found.page_type in ("error", "list", "video", "empty") and known is not None and known.landed:
            raise SoftNotFound(f"{where} no longer shows its article ({found.page_type})")
        if found.page_type == "error":
            raise ErrorPage(f"{where} says that there is no such page")
        if found.page_type in ("list", "video", "empty"):
            raise NotAnArticle(f"{where} holds no article ({found.page_type})")
        return page


class MetadataPipeline(Stage):
    """Reads title, dates, people, policy fields, province and year."""

    def process_item(self, page: ArticlePage) -> ArticlePage:
        extraction.metadata(page.reading)
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
        article = page.article
        assert article is not None
        if article.text_length < MIN_DUPLICATE_LENGTH:
            return page
        site = self.site(page)
        other = site.state.with_text(article.text_hash)
        if other is None or other == article.doc_id:
            return page
        row = site.stored(other, ["title", "text_hash", "published_on", "attachments"])
        if row is not None and (row["title"], row["text_hash"], row["published_on"]) == (
            article.title,
            article.text_hash,
            article.published_on,
        ):
            theirs = {a["url"] for a in row["attachments"] or ()}
            if theirs == {a["url"] for a in article.attachments}:
                raise DuplicateText(f"{page.url} repeats another article of the site", alias_of=other)
        return page


class ValidatePipeline(Stage):
    """Drops a row without headline or content, and counts the fields that a row lacks."""

    counted = ("published_on", "published_at", "source", "author", "editor", "doc_number", "attachments")

    def process_item(self, page: ArticlePage) -> ArticlePage:
        article = page.article
        assert article is not None
        if not article.title:
            raise NoTitle(f"{page.url} has no headline")
        if not article.text and not article.attachments:
            raise NoText(f"{page.url} has neither text nor attachments")
        for name in self.counted:
            if not getattr(article, name):
                self.crawler.stats.inc_value(f"govcrawl/field/{name}/missing")
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
            changed = changes(before, article)
            if not changed and before["status"] == "live":
                raise Unchanged(f"{page.url} has not changed")
            for name in changed:
                self.crawler.stats.inc_value(f"govcrawl/changed/{name}")
            rows = revised(article, before, changed)
        final = {"text_hash": article.text_hash, "revision": rows[-1].revision}
        self.keeper.settle(page.attempt, "landed", rows, **final)
        self.crawler.stats.inc_value(f"govcrawl/landed/{article.province}/{article.year}")
        return article


def changes(before: dict[str, Any], article: Article) -> list[str]:
    """The columns in which a reader sees a difference. A file that could not be fetched before or now is none."""
    seen = ("title", "text_hash", "published_on", "source", "doc_number", "validity")
    found = [name for name in seen if before[name] != getattr(article, name)]
    old = {a["url"]: a["sha256"] for a in before["attachments"] or ()}
    new = {a["url"]: a["sha256"] for a in article.attachments}
    if old.keys() != new.keys() or any(old[u] != new[u] for u in new if old[u] and new[u]):
        found.append("attachments")
    elif any(new[u] and not old[u] for u in new):
        found.append("attachment_fetched")
    return found


def revised(article: Article, before: dict[str, Any], changed: list[str]) -> list[Article]:
    """The next revision; where the partition changes, a `moved` row goes to the old one first."""
    article.revision = before["revision"] + 1
    if before["status"] == "gone":
        article.revision_cause = "returned"
    else:
        same_page = before["payload_digest"] == article.payload_digest and "attachments" not in changed
        article.revision_cause = "reextracted" if same_page or changed == ["attachment_fetched"] else "edited"
    if (before["province"], before["year"]) == (article.province, article.year):
        return [article]
    moved = {
        "revision": article.revision,
        "revision_cause": "moved",
        "status": "moved",
        "fetched_at": article.fetched_at,
    }
    article.revision += 1
    return [Article(**before | moved), article]


def article_of(page: ArticlePage) -> Article:
    """The row of a page whose stages have run."""
    reading = page.reading
    found, meta = extraction.clean(reading), extraction.metadata(reading)
    hop = page.attempt.last
    attachments = [{**asdict(a), "sha256": None, "bytes": None, "path": None} for a in found.attachments]
    article = Article(
        doc_id=page.doc_id,
        revision=1,
        revision_cause="first",
        status="live",
        url=page.url,
        site=page.site,
        site_name=page.site_name,
        site_kind=page.site_kind,
        channel=page.channel,
        title=meta.title,
        title_original=meta.title_original,
        text=found.text or None,
        text_original=found.text_original,
        script=found.script,
        published_on=meta.published_on,
        published_at=meta.published_at,
        published_precision=meta.published_precision,
        published_from=meta.published_from,
        source=meta.source,
        author=meta.author,
        editor=meta.editor,
        issuer=meta.issuer,
        doc_number=meta.doc_number,
        index_number=meta.index_number,
        written_on=meta.written_on,
        subject=meta.subject,
        validity=meta.validity,
        province_name=meta.province_name,
        province_code=meta.province_code,
        province_from=meta.province_from,
        year_from=meta.year_from,
        keywords=meta.keywords,
        attachments=attachments,
        images=[asdict(i) for i in found.images],
        quality=extraction.quality(reading),
        text_hash=found.text_hash,
        text_length=found.text_length,
        extractor=found.extractor,
        warc_file=hop.full_file if hop else None,
        warc_offset=hop.full_offset if hop else None,
        payload_digest=hop.payload_digest if hop else None,
        fetched_at=page.fetched_at,
        province=meta.province,
        year=meta.year,
    )
    if page.reading_is_file:
        _describe_file(article, page)
    return article


def _describe_file(article: Article, page: ArticlePage) -> None:
    """A document that a listing links directly says nothing of itself; its row in the listing does."""
    listed = page.attempt.listed_on
    article.title = article.title or page.attempt.listed_title
    article.attachments = [{"url": page.url, "name": article.title or page.url, "media_type": None}]
    article.attachments[0] |= dict.fromkeys(("sha256", "bytes", "path"))
    article.quality = ["attachment_only"]
    if article.published_on is None and listed is not None:
        article.published_on, article.published_precision, article.published_from = listed, "day", "listing"
        article.year, article.year_from = listed.year, "published"
    if article.published_on is None:
        article.quality.append("no_publish_date")
