"""What extraction returns."""

from dataclasses import dataclass, field
from datetime import date, datetime

from govcrawl.extraction.explain import Explanation


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document linked from the body: absolute address, file name or link text, media type or None."""

    url: str
    name: str
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the body: absolute address and alternative text ("" without one)."""

    url: str
    alt: str = ""


@dataclass
class Cleaned:
    """The body of a page. `page_type` is one of article, list, video, challenge, error, away (a server that is busy or being mended), attachment, empty; all but the
    first have no text; `form` says what such a page shows instead: list, video, frame, script, image, redirect …. `text` is Simplified; `text_original` is as published where the page is Traditional.
    `text_hash` is the SHA-256 hex of the NFKC-folded text without white space, `text_length` its characters."""

    page_type: str = "article"
    text: str = ""
    text_original: str | None = None
    script: str = "hans"
    images: list[Image] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    text_hash: str = ""
    text_length: int = 0
    extractor: str = ""
    form: str | None = None


@dataclass
class Metadata:
    """What a page says of itself. `published_on` is the day in China; `published_at` (+08:00) only where a clock is
    stated, to `published_precision` (second, minute, day); `published_from` is meta, label, url, listing or signature.
    `province` is a slug, "national" or "unknown"; `year` 0 where nothing tells it."""

    title: str = ""
    title_original: str | None = None
    published_on: date | None = None
    published_at: datetime | None = None
    published_precision: str | None = None
    published_from: str | None = None
    source: str | None = None
    author: list[str] = field(default_factory=list)
    editor: list[str] = field(default_factory=list)
    issuer: str | None = None
    doc_number: str | None = None
    index_number: str | None = None
    written_on: date | None = None
    subject: str | None = None
    validity: str | None = None
    province: str = "unknown"
    province_name: str = ""
    province_code: str | None = None
    province_from: str = "none"
    year: int = 0
    year_from: str = "none"
    keywords: list[str] = field(default_factory=list)


@dataclass
class Extracted(Metadata, Cleaned):
    """Everything that extraction tells of a page. `explanation` says why, only where it was asked for."""

    quality: list[str] = field(default_factory=list)
    explanation: Explanation | None = field(default=None, repr=False, compare=False)
