"""The check of marks: every segment has its captures file."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from fastwarc.warc import WarcRecordType

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.finding import REPAIR
from govcrawl.archive.checks.reading import open_place, whole_batches, whole_records
from govcrawl.archive.ledger import outcome_of_status
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.segments import is_merged, told_by
from govcrawl.archive.site import recaptured, segment
from govcrawl.archive.storage import StorageError
from govcrawl.archive.values import storable
from govcrawl.archive.warc import payload_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding, Key, Segment
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending

_CAPTURED = (
    "url",
    "doc_id",
    "channel",
    "payload_digest",
    "text_hash",
    "revision",
    "warc_file",
    "warc_offset",
    "fetched_at",
)
_OF_CAPTURES = [*_CAPTURED, "run_id", "seq", "title", "published_on", "status", "attachments", "images"]


@dataclass
class _Told:
    """What the rows that are there tell of addresses, by doc_id: kinds, files of attachments (SHA-256), articles."""

    kinds: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    landed: set[str] = field(default_factory=set)

    def article(self, row: dict[str, Any]) -> None:
        self.landed.add(row["doc_id"])
        for name, kind in (("images", "image"), ("attachments", "attachment")):
            for entry in row[name] or ():
                self.kinds[doc_id(entry["url"])] = kind
        self.files.update({doc_id(a["url"]): a["sha256"] for a in row["attachments"] or () if a["sha256"]})


def _segments_in(work: Mending, name: str) -> set[Segment]:
    """The segments that a captures file in quarantine stood for. Of a merged one that cannot tell: the first of each run
    that has recordings and no captures at all."""
    tells = segment(name)
    if tells is None or tells[0] != work.site:
        return set()
    if not is_merged(name):
        return {tells[1:]}
    try:
        marks = [segment(mark) for mark in told_by(work.storage, name).marks]
        return {mark[1:] for mark in marks if mark is not None}
    except StorageError:
        captured = {run for run, _ in work.look.marked}
        recorded = {n.rsplit("/", 1)[-1].rsplit("-", 1)[0] for n in work.storage.files(f"warc/site={work.site}")}
        return {(run, 1) for run in recorded - captured if run <= tells[1]} | {tells[1:]}


class Marks(Check):
    kinds = ("unmarked",)
    looks_at = "the captures file of each segment that has rows: a run which was killed before it leaves none"
    mended = "written again from the rows; where captures were lost, from the records of their run too"
    unfinished = True

    def find(self, look: Look) -> Iterator[Finding]:
        torn = set()
        for name in look.names:
            named = segment(name)
            if named is not None and named[1:] not in look.marked:
                torn.add(named[1:])
                what = f"its segment {named[1]}, {named[2]} has no captures file"
                remedy = f"the site's next crawl mends it, or {REPAIR} {look.site}"
                yield look.finding("unmarked", name, what, remedy, [named[1:]])
        for own, name in sorted(look.segments.items()):
            if own not in look.marked and own not in torn:
                what = f"rows of segment {own[0]}, {own[1]}, which has no captures file"
                yield look.finding("unmarked", name, what, items=[own])

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        """Captures of segments that have none: from the article rows, and where a file was there and is lost, from the
        records of its run that no other captures name. An attempt that got no response left no record and is forgotten."""
        unmarked = {item for finding in found for item in finding.items}
        quarantined: set[Segment] = set()
        for name in work.storage.files(f"quarantine/captures/site={work.site}"):
            # Moved there now, or by a repair that was killed before it came to this.
            quarantined |= _segments_in(work, name)
        lost = (unmarked | quarantined) - work.look.marked
        if not lost:
            return
        rows: dict[Segment, list[dict[str, Any]]] = {own: [] for own in lost}
        stored: dict[Segment, dict[Key, dict[str, Any]]] = defaultdict(dict)
        told = _Told()
        for row in work.rows("articles", ARTICLES, _OF_CAPTURES):
            told.article(row)
            own = (row["run_id"], row["seq"])
            if own in rows:
                stored[own][row["doc_id"], row["revision"]] = row
        for own, once in stored.items():
            rows[own] = recaptured(once.values())
        first: dict[str, int] = {}
        for run, seq in sorted(quarantined & lost, reverse=True):
            first[run] = seq
        if first:
            named = {(r["warc_file"], r["warc_offset"]) for many in rows.values() for r in many}
            for row in work.rows("captures", CAPTURES, ["doc_id", "kind", "warc_file", "warc_offset"]):
                told.kinds[row["doc_id"]] = row["kind"]
                named.add((row["warc_file"], row["warc_offset"]))
            for run, seq in first.items():
                rows[run, seq] += self._from_warc(work, run, seq, named, told)
        put_back = self._put_back(work, lost)
        for (run, seq), segment_rows in sorted(rows.items()):
            segment_rows.sort(key=lambda r: r["fetched_at"])
            name = work.write_captures(segment_rows, run, seq, put_back[run, seq])
            yield f"{name}: written again with {len(segment_rows)} rows"
        if quarantined & lost:
            yield f"{work.site}: requests without a response are forgotten; scrapy crawl {work.site} -a full=1 asks for all"

    def _put_back(self, work: Mending, lost: set[Segment]) -> dict[Segment, set[str]]:
        """The articles of which files of these segments hold rows of earlier ones: a repair that was killed put them there."""
        found: dict[Segment, set[str]] = defaultdict(set)
        for name in work.files("articles"):
            named = segment(name)
            if named is None or named[1:] not in lost:
                continue
            for batch in whole_batches(work.storage, name, ARTICLES, ["doc_id", "run_id", "seq"]):
                rows = batch.to_pylist()
                found[named[1:]].update(r["doc_id"] for r in rows if (r["run_id"], r["seq"]) != named[1:])
        return found

    def _from_warc(
        self, work: Mending, run: str, seq: int, named: set[tuple[str, int]], told: _Told
    ) -> Iterator[dict[str, Any]]:
        for name in work.storage.files(f"warc/site={work.site}"):
            if not name.rsplit("/", 1)[-1].startswith(f"{run}-"):
                continue
            with open_place(work.storage, name) as stream:
                row: dict[str, Any] | None = None
                for record in whole_records(stream):
                    if record.record_type == WarcRecordType.request:
                        # It follows its response and tells the method and body, which the key of a POST depends on.
                        if row is not None:
                            yield self._captures_row(work, row, record, told)
                        row = None
                    elif (name, record.stream_pos) not in named:
                        row = self._response_row(record, name, run, seq)

    def _response_row(self, record: Any, name: str, run: str, seq: int) -> dict[str, Any] | None:
        if record.http_headers is None:
            return None
        headers = record.http_headers
        offset, when = record.stream_pos, record.record_date
        digest = record.headers.get("WARC-Payload-Digest")
        body = record.reader.read()
        return {
            "url": record.headers.get("WARC-Target-URI") or "",
            "status": headers.status_code or 0,
            "location": headers.get("Location"),
            "revisit": record.record_type == WarcRecordType.revisit,
            "etag": headers.get("ETag"),
            "last_modified": headers.get("Last-Modified"),
            "payload_digest": digest or payload_digest(body),
            "warc_file": name,
            "warc_offset": offset,
            "bytes": len(body),
            "fetched_at": when,
            "run_id": run,
            "seq": seq,
            "attempts": 1,
        }

    def _captures_row(self, work: Mending, row: dict[str, Any], request: Any, told: _Told) -> dict[str, Any]:
        """The row of a response whose outcome nobody recorded: what its status says; an article that has no row is asked
        again."""
        url, status = row["url"], row["status"]
        method = (request.http_headers.status_line if request.http_headers else "GET").split(" ", 1)[0]
        document = doc_id(url, method, request.reader.read())
        location, revisit = row.pop("location"), row.pop("revisit")
        kind, file = told.kinds.get(document), told.files.get(document)
        if kind is None and urlsplit(url).path == "/robots.txt":
            kind = "robots"
        if kind is None:
            rule = work.rules.is_article(work.site, url) if method == "GET" else False
            kind = "listing" if rule is False else "article"
        outcome, alias, error = "landed", None, None
        if 300 <= status < 400 and location and status != 304:
            outcome, alias = "alias", doc_id(urljoin(url, location))
        elif status >= 300:
            outcome = outcome_of_status(status)
        elif kind in ("article", "attachment") and file is None:
            outcome = "unchanged" if document in told.landed or revisit else "callback_error"
            error = "its captures were lost; written again from the WARC" if outcome == "callback_error" else None
        facts = {
            "doc_id": document,
            "method": method,
            "kind": kind,
            "outcome": outcome,
            "alias_of": alias,
            "error": error,
            "text_hash": file if outcome == "landed" else None,
        }
        return {n: storable(v) for n, v in (row | facts).items()}
