"""Mending what ``verify`` finds. What cannot be read is moved to quarantine/, never deleted; what is derivable is derived
again: captures from article rows and WARC, article rows from WARC, attachments from WARC. What is lost for good is
written off in a run file, so that the next ``verify`` tells of new faults only, and asked again by the next crawl."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator, WarcRecordType

from govcrawl.addresses import doc_id
from govcrawl.archive import runs
from govcrawl.archive.compact import file_name, maintenance_report, new_run_id
from govcrawl.archive.ledger import outcome_of_status
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.site import COLUMNS, captured, encode, partition_of, storable
from govcrawl.archive.storage import fsync_folder
from govcrawl.archive.verify import (
    Finding,
    Hashes,
    Key,
    Record,
    SchemaError,
    Segment,
    SiteCheck,
    is_file_name,
    open_place,
    record_at,
    segment,
    whole_batches,
    whole_until,
)
from govcrawl.archive.warc import now_ms, payload_digest
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from govcrawl.archive.storage import Storage

_FLUSH = 500
_LOST = "its row was lost from the archive and could not be read again from the WARC"
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
_OF_CAPTURES = [*_CAPTURED, "run_id", "seq", "title", "published_on"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the archive does not know of a site. ``is_article(site, url)``: whether an address is an article's, None where
    no rule tells; ``read(captures row, record, part)``: the row that a page gives today, None where it is no article;
    ``part(address)`` is the record of a frame or further page."""

    is_article: Callable[[str, str], bool | None]
    read: Callable[[dict[str, Any], Record, Callable[[str], Record | None]], Article | None]


def repair(storage: Storage, findings: Iterable[Finding], rules: Rules) -> Iterator[str]:
    """Mend what can be mended of these findings, site by site under its lock; says each step. Doubled keys are left to
    ``compact``. Raises StorageError."""
    storage.prepare()
    by_site: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.kind != "doubled_key":
            by_site[finding.site].append(finding)
    for finding in by_site.pop("", []):
        yield quarantine(storage, finding.file)
    for site, found in sorted(by_site.items()):
        run_id = new_run_id(site)
        lock = SiteLock(storage, site, run_id)
        try:
            lock.acquire()
        except Locked as exc:
            yield f"{site}: not repaired, {exc}"
            continue
        try:
            for line in _SiteRepair(storage, site, run_id, rules).run(found):
                lock.renew()
                yield line
        finally:
            lock.release()


def quarantine(storage: Storage, name: str) -> str:
    """Move a file out of the datasets; returns what was done."""
    target = f"quarantine/{name}"
    if storage.exists(target):
        target += f".{secrets.token_hex(3)}"
    folder = storage.path(target).rsplit("/", 1)[0]
    storage.fs.create_dir(folder, recursive=True)
    storage.fs.move(storage.path(name), storage.path(target))
    if storage.local:
        fsync_folder(folder)
        fsync_folder(os.path.dirname(storage.path(name)))
    return f"{name}: moved to {target}"


class _SiteRepair:
    def __init__(self, storage: Storage, site: str, run_id: str, rules: Rules) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.rules = rules
        self.hashes = Hashes(storage)
        self.lost_captures: set[Segment] = set()
        self.done: list[str] = []
        self._off: dict[str, Any] = {}
        self._streams: dict[str, Any] = {}
        self._parts: dict[str, tuple[str, int]] = {}  # place of the frames and further pages of articles

    def run(self, found: list[Finding]) -> Iterator[str]:
        try:
            for step in (
                self._move_away,
                self._rebuild_captures,
                self._restore_files,
                self._restore_rows,
                self._write_off,
            ):
                for line in step(found):
                    self.done.append(line)
                    yield line
        finally:
            for stream in self._streams.values():
                if stream is not None:
                    stream.close()
        if self.done:
            report = maintenance_report(self.site, self.run_id, "verify", repaired=self.done, **self._off)
            runs.write(self.storage, self.site, self.run_id, report)

    def _check(self) -> tuple[SiteCheck, list[Finding]]:
        """The site as it is now, without its WARC, which repairs do not change."""
        check = SiteCheck(self.storage, self.site, self.hashes, repairing=True)
        return check, list(check.run())

    # Faulty files

    def _move_away(self, found: list[Finding]) -> Iterator[str]:
        _, now = self._check()
        moved: set[str] = set()
        for finding in [*now, *(f for f in found if f.kind == "warc_cut")]:
            name = finding.file
            if name in moved:
                continue
            if finding.kind in ("unreadable", "schema", "partition", "stray", "run_file"):
                moved.add(name)
                yield quarantine(self.storage, name)
            elif finding.kind == "name":
                moved.add(name)
                yield self._renamed(name)
            elif finding.kind == "staging":
                self.storage.remove(name)
                yield f"{name}: removed"
            elif finding.kind == "warc_cut":
                yield from self._cut(name, finding.items[0])
            elif finding.kind == "attachment":
                have = self.hashes.get(name)
                if have is not None and have[0] not in name:
                    moved.add(name)
                    self.hashes.forget(name)
                    yield quarantine(self.storage, name)

    def _renamed(self, name: str) -> str:
        """Give a readable file the name of its rows' segment."""
        dataset = name.split("/", 1)[0]
        schema = ARTICLES if dataset == "articles" else CAPTURES
        segments: set[Segment] = set()
        try:
            if dataset == "articles":
                partition_of(name)
            for batch in whole_batches(self.storage, name, schema):
                if dataset == "articles" and pc.any(pc.not_equal(batch["site"], self.site)).as_py():
                    return quarantine(self.storage, name)
                segments.update(zip(batch["run_id"].to_pylist(), batch["seq"].to_pylist(), strict=True))
        except (SchemaError, OSError, pa.ArrowException, KeyError, ValueError):
            return quarantine(self.storage, name)
        folder = name.rsplit("/", 1)[0] if dataset == "articles" else f"captures/site={self.site}"
        if len(segments) == 1:
            new = f"{folder}/{file_name(*segments.pop())}"
        elif dataset == "articles":
            # Rows of several segments, as compaction leaves them: a segment of its own, marked by empty captures.
            self._write_captures([], self.run_id, 1)
            new = f"{folder}/{file_name(self.run_id)}"
        else:
            return quarantine(self.storage, name)
        if segment(new) is None or (segment(new) or ("",))[0] != self.site:
            return quarantine(self.storage, name)
        self.storage.fs.move(self.storage.path(name), self.storage.path(new))
        return f"{name}: renamed to {new}"

    def _cut(self, name: str, end: int) -> Iterator[str]:
        """Keep the whole records of a WARC file; what follows goes to quarantine."""
        with open_place(self.storage, name) as stream:
            size = stream.size()
            if size and (whole_until(stream, end) != end or end == size):
                return
            stream.seek(end)
            tail = stream.read()
        if end == 0:
            yield quarantine(self.storage, name)
            return
        self.storage.publish(f"quarantine/{name}.from-{end}", tail)
        if self.storage.local:
            with open(self.storage.path(name), "r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
        else:
            self.storage.publish(name, self.storage.read(name)[:end])
        yield f"{name}: {size - end} bytes after its last whole record moved to quarantine/{name}.from-{end}"

    # Captures

    def _rebuild_captures(self, found: list[Finding]) -> Iterator[str]:
        """Captures of segments that have none: from the article rows, and where a file was there and is lost, from the
        records of its run that no other captures name. An attempt that got no response left no record and is forgotten."""
        check, now = self._check()
        unmarked = {item for f in now if f.kind == "unmarked" for item in f.items}
        for name in self.storage.files(f"quarantine/captures/site={self.site}"):
            # Moved there now, or by a repair that was killed before it came to this.
            if (tells := segment(name)) is not None and tells[0] == self.site:
                self.lost_captures.add(tells[1:])
        lost = (unmarked | self.lost_captures) - check.marked
        if not lost:
            return
        rows: dict[Segment, list[dict[str, Any]]] = {own: [] for own in lost}
        landed = set()
        for row in self._rows("articles", ARTICLES, _OF_CAPTURES):
            landed.add(row["doc_id"])
            own = (row["run_id"], row["seq"])
            if own in rows:
                rows[own].append(captured(row))
        first: dict[str, int] = {}
        for run, seq in sorted(self.lost_captures & lost, reverse=True):
            first[run] = seq
        if first:
            kinds: dict[str, str] = {}
            named = {(r["warc_file"], r["warc_offset"]) for many in rows.values() for r in many}
            for row in self._rows("captures", CAPTURES, ["doc_id", "kind", "warc_file", "warc_offset"]):
                kinds[row["doc_id"]] = row["kind"]
                named.add((row["warc_file"], row["warc_offset"]))
            for run, seq in first.items():
                rows[run, seq] += self._from_warc(run, seq, named, kinds, landed)
        for (run, seq), segment_rows in sorted(rows.items()):
            segment_rows.sort(key=lambda r: r["fetched_at"])
            name = self._write_captures(segment_rows, run, seq)
            yield f"{name}: written again with {len(segment_rows)} rows"
        if self.lost_captures & lost:
            yield f"{self.site}: requests without a response are forgotten; scrapy crawl {self.site} -a full=1 asks for all"

    def _from_warc(
        self, run: str, seq: int, named: set[tuple[str, int]], kinds: dict[str, str], landed: set[str]
    ) -> Iterator[dict[str, Any]]:
        for name in self.storage.files(f"warc/site={self.site}"):
            if not name.rsplit("/", 1)[-1].startswith(f"{run}-"):
                continue
            with open_place(self.storage, name) as stream:
                row: dict[str, Any] | None = None
                for record in _whole_records(stream):
                    if record.record_type == WarcRecordType.request:
                        # It follows its response and tells the method and body, which the key of a POST depends on.
                        if row is not None:
                            yield self._captures_row(row, record, kinds, landed)
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

    def _captures_row(
        self, row: dict[str, Any], request: Any, kinds: dict[str, str], landed: set[str]
    ) -> dict[str, Any]:
        """The row of a response whose outcome nobody recorded: what its status says; an article that has no row is asked
        again."""
        url, status = row["url"], row["status"]
        method = (request.http_headers.status_line if request.http_headers else "GET").split(" ", 1)[0]
        document = doc_id(url, method, request.reader.read())
        location, revisit = row.pop("location"), row.pop("revisit")
        kind = kinds.get(document)
        if kind is None and urlsplit(url).path == "/robots.txt":
            kind = "robots"
        if kind is None:
            rule = self.rules.is_article(self.site, url) if method == "GET" else False
            kind = "listing" if rule is False else "article"
        outcome, alias, error = "landed", None, None
        if 300 <= status < 400 and location and status != 304:
            outcome, alias = "alias", doc_id(urljoin(url, location))
        elif status >= 300:
            outcome = outcome_of_status(status)
        elif kind in ("article", "attachment"):
            outcome = "unchanged" if document in landed or revisit else "callback_error"
            error = "its captures were lost; written again from the WARC" if outcome == "callback_error" else None
        facts = {
            "doc_id": document,
            "method": method,
            "kind": kind,
            "outcome": outcome,
            "alias_of": alias,
            "error": error,
        }
        return {n: storable(v) for n, v in (row | facts).items()}

    def _write_captures(self, rows: list[dict[str, Any]], run: str, seq: int) -> str:
        name = f"captures/site={self.site}/{file_name(run, seq)}"
        self.storage.publish(name, encode(pa.Table.from_pylist(rows, schema=CAPTURES)))
        return name

    # Article rows

    def _restore_rows(self, found: list[Finding]) -> Iterator[str]:
        """Rows that captures say landed and that no file holds, read again from the WARC. They keep revision, run and
        segment, so that their captures and run file stay true; their cause says ``reextracted``."""
        _, now = self._check()
        lost = sorted({key for f in now if f.kind == "lost_row" for key in f.items})
        if not lost:
            return
        documents = {document for document, _ in lost}
        captures: dict[str, list[dict[str, Any]]] = defaultdict(list)
        files: dict[str, str] = {}
        for row in self._rows("captures", CAPTURES, CAPTURES.names):
            if row["kind"] == "part" and row["status"] == 200:
                self._parts[row["doc_id"]] = (row["warc_file"], row["warc_offset"])
            if row["kind"] == "attachment" and row["text_hash"]:
                files[row["doc_id"]] = row["text_hash"]
            for document in {row["doc_id"], row["alias_of"]} & documents:
                captures[document].append(row)
        waiting: list[Article] = []
        restored = 0
        for document, revision in lost:
            article = self._read_again(document, revision, captures[document], waiting)
            if article is None:
                continue
            for entry in article.attachments:
                self._attach(entry, files.get(doc_id(entry["url"])))
            waiting.append(article)
            restored += 1
            # A document's revisions are written together: a later one may be made from the one before.
            if len(waiting) >= _FLUSH and document != waiting[-2].doc_id:
                self._land(waiting[:-1])
                waiting = waiting[-1:]
        self._land(waiting)
        yield f"{self.site}: {restored} of {len(lost)} lost article rows read again from the WARC"

    def _read_again(
        self, document: str, revision: int, captures: list[dict[str, Any]], waiting: list[Article]
    ) -> Article | None:
        own = [r for r in captures if r["doc_id"] == document and r["revision"] == revision]
        base = next((r for r in reversed(own) if r["outcome"] in ("landed", "not_found")), None)
        if base is None or base["outcome"] == "not_found":
            return self._copied(document, revision, base, waiting)
        # A redirected article's response is its target's; a revisit's payload is that of an earlier row.
        same = [r for r in captures if (r["run_id"], r["seq"]) == (base["run_id"], base["seq"]) and r["status"] == 200]
        like = [r for r in captures if r["payload_digest"] == base["payload_digest"] and r["status"] == 200]
        for row in (*([base] if base["status"] == 200 else reversed(same)), *reversed(like)):
            record = self._record(row["warc_file"], row["warc_offset"])
            if record is None or record.revisit:
                continue
            facts = base | {"site": self.site, "fetched_at": row["fetched_at"]}
            article = self.rules.read(
                facts, record, lambda address: self._record(*self._parts.get(doc_id(address), (None, None)))
            )
            if article is None:
                continue
            article.doc_id, article.revision, article.revision_cause = document, revision, "reextracted"
            article.run_id, article.seq, article.fetched_at = base["run_id"], base["seq"], base["fetched_at"]
            article.warc_file, article.warc_offset = row["warc_file"], row["warc_offset"]
            article.payload_digest = row["payload_digest"]
            for entry in article.attachments:
                if entry["url"] == article.url:  # a row whose page is the document
                    self._attach(entry, _sha256(record.body))
            for name in COLUMNS:
                setattr(article, name, storable(getattr(article, name)))
            return article
        return None

    def _copied(
        self, document: str, revision: int, gone: dict[str, Any] | None, waiting: list[Article]
    ) -> Article | None:
        """A `gone` row, or the `moved` row between two partitions: the row before it with another status."""
        before = self._row(document, revision - 1, waiting)
        if before is None:
            return None
        status = "gone"
        following: dict[str, Any] | None = gone
        if gone is None:
            status, following = "moved", self._row(document, revision + 1, waiting)
            if following is None or all(following[n] == before[n] for n in ("province", "year")):
                return None
        assert following is not None
        changed = {n: following[n] for n in ("run_id", "seq", "fetched_at")}
        return Article(**before | changed | {"revision": revision, "revision_cause": status, "status": status})

    def _row(self, document: str, revision: int, waiting: list[Article]) -> dict[str, Any] | None:
        for article in waiting:
            if (article.doc_id, article.revision) == (document, revision):
                return {f.name: getattr(article, f.name) for f in fields(Article)}
        for name in self._files("articles"):
            table = pq.read_table(
                self.storage.path(name),
                filesystem=self.storage.fs,
                partitioning=None,
                filters=(pc.field("doc_id") == document) & (pc.field("revision") == revision),
            )
            for row in table.to_pylist():
                return dict(row) | partition_of(name)
        return None

    def _attach(self, entry: dict[str, Any], sha256: str | None) -> None:
        path = next((n for n in self.storage.files(f"files/{sha256[:2]}") if sha256 in n), None) if sha256 else None
        if path is not None and (found := self.hashes.get(path)) is not None and found[0] == sha256:
            entry |= {"sha256": sha256, "bytes": found[1], "path": path}

    def _land(self, articles: list[Article]) -> None:
        groups: dict[tuple[str, int, str, int], list[Article]] = defaultdict(list)
        for article in articles:
            groups[article.run_id, article.seq, article.province, article.year].append(article)
        for (run, seq, province, year), rows in sorted(groups.items()):
            table = pa.table({n: [getattr(r, n) for r in rows] for n in COLUMNS}, schema=ARTICLES)
            self.storage.publish(f"articles/province={province}/year={year}/{file_name(run, seq)}", encode(table))

    # Attachments

    def _restore_files(self, found: list[Finding]) -> Iterator[str]:
        """Attachments that rows name and that are not there, from the WARC."""
        _, now = self._check()
        wanted = {f.items for f in now if f.kind == "attachment" and is_file_name(f.file)}
        by_hash = {
            path.rsplit("/", 1)[-1].partition(".")[0]: path for path, _ in wanted if self.hashes.get(path) is None
        }
        documents = {doc_id(url) for _, url in wanted}
        for row in self._rows("captures", CAPTURES, ["doc_id", "text_hash", "warc_file", "warc_offset"]):
            if not by_hash:
                return
            if row["doc_id"] not in documents and row["text_hash"] not in by_hash:
                continue
            record = self._record(row["warc_file"], row["warc_offset"])
            sha256 = _sha256(record.body) if record is not None and not record.revisit else ""
            if record is None or sha256 not in by_hash:
                continue
            path = by_hash.pop(sha256)
            self.storage.publish(path, record.body)
            self.hashes.forget(path)
            yield f"{path}: written again from the WARC"

    # What is lost

    def _write_off(self, found: list[Finding]) -> Iterator[str]:
        check, now = self._check()
        rows = sorted({key for f in now if f.kind == "lost_row" for key in f.items})
        records: dict[str, list[int]] = {f.file: [] for f in found if f.kind == "record"}
        for finding in found:
            if finding.kind == "record":
                records[finding.file] += finding.items
        files = sorted({f.items[0] for f in now if f.kind == "attachment"})
        short: Counter[str] = Counter()
        for finding in now:
            if finding.kind == "run_rows":
                run, missing = finding.items
                short[run] += max(missing, 0)
        self._off = {
            "lost_rows": rows,
            "lost_records": {name: sorted(set(offsets)) for name, offsets in records.items()},
            "lost_files": files,
            "rows_removed": dict(+short),
        }
        if rows:
            again = self._ask_again(rows, check)
            yield f"{self.site}: {len(rows)} article rows are lost; the next crawl asks for {again} of them again"
        for name, offsets in records.items():
            yield f"{name}: {len(set(offsets))} records are lost"
        for path in files:
            yield f"{path}: lost; the article's next visit fetches it"
        if sum(short.values()) > len(rows):
            more = sum(short.values()) - len(rows)
            yield f"{self.site}: {more} more rows are lost; the next crawl asks for those whose addresses the WARC tells"

    def _ask_again(self, lost: list[Key], check: SiteCheck) -> int:
        """Captures that have the next run ask for articles whose newest row is lost."""
        newest: dict[str, int] = {}
        for document, revision in check.keys:
            newest[document] = max(revision, newest.get(document, 0))
        wanted = {document for document, revision in lost if revision > newest.get(document, 0)}
        rows: dict[str, dict[str, Any]] = {}
        for row in self._rows("captures", CAPTURES, CAPTURES.names):
            if row["doc_id"] in wanted and row["kind"] == "article":
                rows[row["doc_id"]] = row
        same = ("url", "doc_id", "method", "kind", "channel", "listed_title", "listed_on")
        new = {"outcome": "callback_error", "error": _LOST, "attempts": 1, "fetched_at": now_ms()}
        asked = [{n: row[n] for n in same} | new | {"run_id": self.run_id, "seq": 1} for row in rows.values()]
        if asked:
            self._write_captures(asked, self.run_id, 1)
        return len(asked)

    # Reading

    def _files(self, dataset: str) -> list[str]:
        if dataset == "captures":
            return list(self.storage.files(f"captures/site={self.site}", ".parquet"))
        return [n for n in self.storage.files("articles", ".parquet") if (s := segment(n)) and s[0] == self.site]

    def _rows(self, dataset: str, schema: pa.Schema, columns: list[str]) -> Iterator[dict[str, Any]]:
        """The site's rows in the order in which they were written."""
        for name in sorted(self._files(dataset), key=lambda n: n.rsplit("/", 1)[-1]):
            for batch in whole_batches(self.storage, name, schema, columns):
                yield from batch.to_pylist()

    def _record(self, name: str | None, offset: int | None) -> Record | None:
        if name is None or offset is None:
            return None
        if name not in self._streams:
            self._streams[name] = open_place(self.storage, name)
        stream = self._streams[name]
        return record_at(stream, offset, decoded=True) if stream is not None else None


def _whole_records(stream: Any) -> Iterator[Any]:
    """The response, revisit and request records of a WARC file, up to where it is damaged."""
    wanted = WarcRecordType.response | WarcRecordType.revisit | WarcRecordType.request
    try:
        yield from ArchiveIterator(stream, record_types=wanted, parse_http=True)
    except (OSError, ValueError):
        return


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
