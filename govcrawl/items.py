"""What travels the pipelines: a Page in, an Article out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import date, datetime

# Columns whose lack is counted: a redesign shows in them first.
COUNTED = ("published_on", "published_at", "source", "author", "editor", "doc_number", "attachments")

AttemptT = TypeVar("AttemptT")
ReadingT = TypeVar("ReadingT")


@dataclass(slots=True, repr=False)
class Page(Generic[AttemptT, ReadingT]):
    """One response to an article request, as the spider hands it on. ``reading`` holds its bytes and what the stages
    find in them; ``attempt`` is its entry in the ledger. ``is_listed``: a listing names it. ``is_foreign``: a redirect led
    to another site. ``is_again``: read again from the WARC. ``form``: what
    the page shows in place of an article's text, where none could be read."""

    url: str
    doc_id: str
    site: str
    site_name: str | None
    site_kind: str
    channel: str | None
    fetched_at: datetime
    attempt: AttemptT
    reading: ReadingT
    is_article_address: bool = True
    reading_is_file: bool = False
    is_listed: bool = False
    is_foreign: bool = False
    is_again: bool = False
    form: str | None = None
    article: Article | None = None

    def __repr__(self) -> str:
        return f"<Page {self.url}>"


@dataclass(slots=True, repr=False)
class Article:
    """One row of the archive: its fields are the columns of ``archive.schema.ARTICLES``, in order, then the two
    partitions. What a column means is said there."""

    doc_id: str
    revision: int
    revision_cause: str
    status: str
    url: str
    site: str
    site_name: str | None
    site_kind: str
    channel: str | None
    title: str | None
    title_original: str | None
    text: str | None
    text_original: str | None
    script: str
    published_on: date | None
    published_at: datetime | None
    published_precision: str | None
    published_from: str | None
    source: str | None
    author: list[str]
    editor: list[str]
    issuer: str | None
    doc_number: str | None
    index_number: str | None
    written_on: date | None
    subject: str | None
    validity: str | None
    province_name: str | None
    province_code: str | None
    province_from: str
    year_from: str
    keywords: list[str]
    attachments: list[dict[str, Any]]
    images: list[dict[str, str]]
    quality: list[str]
    text_hash: str
    text_length: int
    extractor: str
    warc_file: str | None
    warc_offset: int | None
    payload_digest: str | None
    fetched_at: datetime
    province: str
    year: int
    run_id: str = field(default="")
    seq: int = field(default=0)

    def __repr__(self) -> str:
        return f"<Article {self.url} {self.title} {self.published_on}>"
