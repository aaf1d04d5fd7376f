"""Recorded pages of one WARC file read again: a pure function of what the archive holds, for any process or machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from govcrawl.addresses import doc_id
from govcrawl.archive.captures import read_table
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import COLUMNS
from govcrawl.archive.storage import Storage
from govcrawl.archive.values import check
from govcrawl.archive.warc import open_recording, read_record, recorded_in
from govcrawl.base_spiders.article import page_again
from govcrawl.extraction import clean
from govcrawl.pipelines import Dropped, differences
from govcrawl.reextract.again import row_again

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from govcrawl.archive.captures import Known
    from govcrawl.archive.warc import Recorded
    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.extraction import Site
    from govcrawl.items import Article


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page to read again: what captures know of its address, where its response lies, and the article's newest row with its
    partition, None where nothing could be read so far. ``stated``: what its listing said beside title and date; ``unkept``:
    captures of the version before did not keep that. ``truncated``: the body ended before its Content-Length."""

    known: Known
    url: str
    offset: int
    digest: str | None
    fetched_at: datetime
    before: dict[str, Any] | None
    stated: dict[str, Any] = field(default_factory=dict)
    unkept: bool = False
    region: str | None = None
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Pages of one site in one WARC file, in the order of the file. ``root``: of the archive; ``run``: whose piece it is, so
    that no worker keeps what it knows beyond it; ``rendered``: a browser fills the site's articles; ``frames`` and ``pages``:
    most parts of an article."""

    root: str
    run: str
    site: Site
    file: str
    wanted: tuple[Wanted, ...]
    rendered: bool
    frames: int
    pages: int


@dataclass(slots=True)
class Read:
    """What a page says today. ``found``: `same`, `changed` (a row differs in these columns), `refused` (today's rules find no
    article, or would lose what only the listing told), `missing` (no response lies there) or `failed`; ``why`` is for the
    last three. ``extractor``: the rules that read it; ``form``: what it shows where no text could be read."""

    found: str
    why: str = ""
    article: Article | None = None
    changed: list[str] = field(default_factory=list)
    extractor: str | None = None
    form: str | None = None


class _Unkept(Exception):
    """The row's text came from a listing that captures do not keep."""


def read_piece(piece: Piece) -> list[Read]:
    """Read the pages of a piece, one result for each."""
    storage = _storage(piece.root)
    try:
        stream = open_recording(storage, piece.file)
    except OSError as exc:
        return [Read("missing", f"{piece.file} cannot be opened ({exc})")] * len(piece.wanted)
    with stream:
        return [_read(storage, stream, piece, wanted) for wanted in piece.wanted]


def _read(storage: Storage, stream: Any, piece: Piece, wanted: Wanted) -> Read:
    recorded = recorded_in(stream, piece.file, wanted.offset, rendered=piece.rendered)
    if recorded is None or doc_id(recorded.url) != doc_id(wanted.url):
        return Read("missing", f"{piece.file} holds no response of {wanted.url} at {wanted.offset}")
    page = _page(piece, wanted, recorded)
    try:
        article = row_again(page, _Parts(storage, piece), frames=piece.frames, pages=piece.pages)
        extractor = article.extractor
        before = wanted.before
        if before is None:
            return Read("changed", "", article, [], extractor, page.form)
        _carry(article, before)
        if wanted.unkept:
            _keep_listed(article, before, page)
        changed = differences(before, article)
        check({name: getattr(article, name) for name in COLUMNS}, ARTICLES)
    except (Dropped, _Unkept) as exc:
        return Read("refused", str(exc), extractor=clean(page.reading).extractor, form=page.form)
    except Exception as exc:
        return Read("failed", f"{wanted.url}: {type(exc).__name__}: {exc}"[:500])
    if not changed and before["status"] == "live":
        return Read("same", extractor=extractor)
    return Read("changed", "", article, changed, extractor, page.form)


def _page(piece: Piece, wanted: Wanted, recorded: Recorded) -> ArticlePage:
    known, place = wanted.known, (piece.file, wanted.offset)
    attempt = Attempt(
        piece.site.name,
        known.url,
        "article",
        channel=wanted.before["channel"] if wanted.before is not None else known.channel,
        listed_title=known.listed_title,
        listed_on=known.listed_on,
        known=known,
        fields=wanted.stated,
    )
    hop = Hop(wanted.url, wanted.fetched_at, 200, payload_digest=wanted.digest, truncated=wanted.truncated)
    hop.warc_file, hop.warc_offset = hop.full_file, hop.full_offset = place
    attempt.hops.append(hop)
    page = page_again(attempt, recorded, piece.site, wanted.region)
    page.doc_id = known.doc_id
    return page


@lru_cache(maxsize=4)
def _storage(root: str) -> Storage:
    return Storage(root)


class _Parts:
    """The recorded frames and further pages of a site's articles, by their address."""

    def __init__(self, storage: Storage, piece: Piece) -> None:
        self._storage = storage
        self._piece = piece

    def __call__(self, address: str) -> Recorded | None:
        place = _places(self._storage, self._piece.site.name, self._piece.run).get(doc_id(address))
        recorded = read_record(self._storage, *place) if place is not None else None
        return recorded if recorded is not None and recorded.body else None


@lru_cache(maxsize=2)
def _places(storage: Storage, site: str, _run: str) -> dict[str, tuple[str, int]]:
    """Where the newest full response of each part lies, by doc_id, over redirects; read where the first article has parts."""
    columns = ["doc_id", "kind", "status", "alias_of", "payload_digest", "warc_file", "warc_offset"]
    newest: dict[str, tuple[str | None, tuple[str, int]]] = {}
    leads: dict[str, str] = {}
    for name in captures_files(storage, site).sizes:
        for row in read_table(storage, name, CAPTURES, columns).filter(pc.field("kind") == "part").to_pylist():
            if row["alias_of"]:
                leads[row["doc_id"]] = row["alias_of"]
            elif row["status"] == 200 and row["warc_file"] is not None:
                leads.pop(row["doc_id"], None)
                before = newest.get(row["doc_id"])
                if before is None or before[0] != row["payload_digest"]:  # else it is a revisit
                    newest[row["doc_id"]] = row["payload_digest"], (row["warc_file"], row["warc_offset"])
    found = {document: place for document, (_, place) in newest.items()}
    for document in leads:
        target = document
        for _ in range(8):
            target = leads.get(target, target)
        if target in newest:
            found[document] = newest[target][1]
    return found


def _carry(article: Article, before: dict[str, Any]) -> None:
    """A document that was fetched stays so."""
    old = {entry["url"]: entry for entry in before["attachments"] or ()}
    for entry in article.attachments:
        if (known := old.get(entry["url"])) is not None:
            entry |= {name: known[name] for name in ("sha256", "bytes", "path")}
            entry["media_type"] = entry["media_type"] or known["media_type"]


# What a listing's JSON may state beside title and day.
_LISTED = tuple(
    "source author editor issuer doc_number index_number written_on subject validity keywords".split()  # noqa: SIM905
)


def _keep_listed(article: Article, before: dict[str, Any], page: ArticlePage) -> None:
    """Keep what a row has that its page does not show, and today's rules do not give: it came from the listing. Raises
    _Unkept where that is the text."""
    readings = [page.reading, *(part for part in page.reading.parts.values() if part is not None)]
    shown = _bare("".join(reading.decoded[0] for reading in readings))
    text = _bare(before["text_original"] or before["text"] or "")
    samples = [text[at : at + 20] for at in (len(text) // 4, len(text) // 2, len(text) * 3 // 4)]
    if text and article.text_hash != before["text_hash"] and not any(sample in shown for sample in samples):
        msg = f"{page.url} does not show the text of its row; captures of that version do not keep what listings stated"
        raise _Unkept(msg)
    for name in _LISTED:
        if not getattr(article, name) and before[name] and not _is_shown(before[name], shown):
            setattr(article, name, before[name])
    times = ("published_on", "published_at", "published_precision", "published_from")
    same_day = article.published_on in (None, before["published_on"])
    clock = f"{before['published_at']:%H:%M}" if before["published_at"] else ""
    if same_day and not article.published_at and clock and clock not in shown:
        for name in times:
            setattr(article, name, before[name])


def _bare(markup: str) -> str:
    return re.sub(r"<[^<>]*>|\s+", "", unescape(markup))


def _is_shown(value: str | list[str] | date, markup: str) -> bool:
    if isinstance(value, str):
        return _bare(value) in markup
    if isinstance(value, list):
        return all(_bare(part) in markup for part in value)
    return any(form in markup for form in _days(value))


def _days(day: date) -> Iterator[str]:
    """How pages write a day."""
    for month, number in ((f"{day.month:02}", f"{day.day:02}"), (str(day.month), str(day.day))):
        for forms in ("{}-{}-{}", "{}年{}月{}日", "{}/{}/{}", "{}.{}.{}", "{}{}{}"):
            yield forms.format(day.year, month, number)
