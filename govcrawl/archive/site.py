"""One site's part of the archive during a run: its lock, its state, and its segments with their commit order."""

from __future__ import annotations

import io
import json
import re
import secrets
import time
from collections import Counter, defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive import articles, listed, runs
from govcrawl.archive.captures import read_rows, read_table, run_started, unreadable
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.own_files import OwnFiles
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.segments import REPAIRED, captures_files
from govcrawl.archive.state import State
from govcrawl.archive.storage import StorageError
from govcrawl.archive.values import Misfit, check, storable
from govcrawl.archive.warc import ROTATE_BYTES, Exchange, Original, WarcWriter, payload_digest
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from govcrawl.archive.captures import Known
    from govcrawl.archive.storage import Storage

_LEVEL = 3  # fast to write, and within a few per cent of the size that slower levels reach on Chinese text
_LARGE = 500_000  # characters; a text of so many ends its segment: several in one would hold up the event loop
_SLUG = re.compile(r"[a-z_]{1,40}")
COLUMNS = [f.name for f in fields(Article) if f.name not in ("province", "year")]
STORED = [n for n in COLUMNS if n not in ("run_id", "seq")]


def segment_of(path: str) -> tuple[str, str, int] | None:
    """Site, run and sequence that a Parquet file's name states: ``<site>-<time>-<random>-<seq>-<random>.parquet``."""
    stem = path.rsplit("/", 1)[-1].removesuffix(".parquet")
    parts = stem.rsplit("-", 4)
    if len(parts) != 5 or not parts[3].isdigit():
        return None
    return parts[0], "-".join(parts[:3]), int(parts[3])


def segment(name: str) -> tuple[str, str, int] | None:
    """``segment_of``, or None too where the name holds no time."""
    found = segment_of(name)
    try:
        if found is not None:
            run_started(found[1])
    except (ValueError, IndexError):
        return None
    return found


def owner_of_staged(name: str) -> str:
    """The site whose run staged a file: a Parquet segment or a run file; empty for others."""
    if (found := segment(name)) is not None:
        return found[0]
    stem = re.sub(r"\.json(\.[0-9a-f]+)?$", "", name.rsplit("/", 1)[-1])
    try:
        run_started(stem)
    except (ValueError, IndexError):
        return ""
    return stem.rsplit("-", 2)[0]


class SiteArchive:
    """Opens a site: takes its lock, repairs what a killed run left, reads its state. Then rows are added to the present
    segment, which commits in this order: WARC on disk, article files, captures file. The captures file is the mark.

    After the first write that fails the site is ``broken``: nothing is recorded, added or committed any more, so that no
    part of a segment is ever published twice. What was published of it is taken in by the site's next run."""

    def __init__(
        self,
        storage: Storage,
        site: str,
        run_id: str,
        *,
        segment_rows: int = 2000,
        segment_seconds: float = 600,
        rotate_bytes: int = ROTATE_BYTES,
    ) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.segment_rows = segment_rows
        self.segment_seconds = segment_seconds
        self.rows_landed: Counter[tuple[str, int]] = Counter()
        self.recovered = 0
        self.broken = False
        self._lock = SiteLock(storage, site, run_id)
        self._lock.acquire()
        try:
            self._sweep_staging()
            self._recover()
            self.state = State.open(storage, site, run_id, self._lock.renew)
            self.walks = runs.complete_walks(storage, site)
        except BaseException:
            self._lock.release()
            raise
        self._warc = WarcWriter(storage, site, run_id, rotate_bytes)
        self._rows: articles.Index | None = None  # which is made where a row is first looked up
        self._seq = 1
        self._articles: list[Article] = []
        self._captures: list[dict[str, Any]] = []
        self._segment_began = time.monotonic()

    # Recording

    def record(self, exchange: Exchange, known: Known | None) -> tuple[str, int, str, str, int]:
        """Write a response to the WARC, as a revisit where its payload is the known one. Returns file and offset of the
        record, its payload digest, and file and offset of the full response. Raises StorageError."""
        self._must_be_whole()
        try:
            return self._record(exchange, known)
        except StorageError:
            self.broken = True  # half a record may lie there: offsets after it are not to be trusted
            raise

    def record_rendered(self, url: str, markup: bytes, when: datetime) -> None:
        """Write what a browser made of a page beside the page as it came. Raises StorageError."""
        self._must_be_whole()
        try:
            self._warc.convert(url, markup, when)
        except StorageError:
            self.broken = True
            raise

    def _record(self, exchange: Exchange, known: Known | None) -> tuple[str, int, str, str, int]:
        digest = payload_digest(exchange.body)
        if known is not None and known.full_at and known.full_url and known.full_file and known.full_offset is not None:
            not_modified = exchange.status == 304
            if not_modified:
                digest = known.payload_digest or digest
            if not_modified or (exchange.status == 200 and digest == known.payload_digest):
                file, offset = self._warc.write(exchange, digest, Original(known.full_url, known.full_at))
                return file, offset, digest, known.full_file, known.full_offset
        file, offset = self._warc.write(exchange, digest)
        return file, offset, digest, file, offset

    # Segments

    def add(self, captures: Iterable[dict[str, Any]], articles: Iterable[Article] = ()) -> None:
        """Add finished rows; they become visible together, with the segment. Raises Misfit, before anything is taken, where
        the schema cannot hold one of them; StorageError where the segment is full and its commit fails."""
        self._must_be_whole()
        stamp = {"run_id": self.run_id, "seq": self._seq}
        rows = [{name: storable(value) for name, value in row.items()} | stamp for row in captures]
        taken = list(articles)
        for row in rows:
            check(row, CAPTURES)
        for article in taken:
            article.run_id, article.seq = self.run_id, self._seq
            for name in COLUMNS:
                setattr(article, name, storable(getattr(article, name)))
            check({name: getattr(article, name) for name in COLUMNS}, ARTICLES)
            if not _SLUG.fullmatch(article.province) or not 0 <= article.year <= 9999:
                msg = f"there can be no partition province={article.province!r:.80}, year={article.year!r:.80}"
                raise Misfit(msg)
        self._articles += taken
        for row in rows:
            self._captures.append(row)
            self.state.apply(row)
        if len(self._captures) >= self.segment_rows or any(len(a.text or "") >= _LARGE for a in taken):
            self.commit()

    def commit_if_due(self) -> None:
        if self.broken:
            return
        try:
            self._lock.renew()
        except StorageError:
            self.broken = True  # the site may be another run's by now
            raise
        if time.monotonic() - self._segment_began >= self.segment_seconds:
            self.commit()

    def commit(self) -> None:
        """Write the segment. Raises StorageError; then nothing of it counts and the next run repeats it."""
        self._segment_began = time.monotonic()
        self._must_be_whole()
        if not self._captures:
            return
        self.broken = True  # until all of it is written
        try:
            self._lock.renew()
            partitions = self._partitions()
            files = self._segment_files(partitions)
            self._own.before(province for province, _ in partitions)
            self._warc.sync()
            for name, content in files:
                self.storage.publish(name, content)
        except StorageError:
            raise
        except Exception as exc:
            msg = f"the segment {self.run_id}, {self._seq} cannot be written ({type(exc).__name__}: {exc}); report it"
            raise StorageError(msg) from exc
        else:
            self.broken = False
        for key, rows in partitions.items():
            self.rows_landed[key] += len(rows)
        for name, _ in files[:-1] if self._rows is not None else ():
            self._index().add(name)
        self._articles.clear()
        self._captures.clear()
        self._seq += 1
        mark, content = files[-1]
        self._own.committed([name for name, _ in files[:-1]], mark)
        self.state.committed(mark, len(content), self.run_id)

    def _partitions(self) -> dict[tuple[str, int], list[Article]]:
        partitions: dict[tuple[str, int], list[Article]] = defaultdict(list)
        for article in self._articles:
            partitions[article.province, article.year].append(article)
        return dict(sorted(partitions.items()))

    def _segment_files(self, partitions: dict[tuple[str, int], list[Article]]) -> list[tuple[str, bytes]]:
        """Names and contents of the segment's files, the mark last: all of them are there before the first is published."""
        files = []
        for (province, year), rows in partitions.items():
            table = pa.table({n: [getattr(r, n) for r in rows] for n in COLUMNS}, schema=ARTICLES)
            files.append((f"articles/province={province}/year={year}/{self._file_name()}", encode(table)))
        mark = pa.Table.from_pylist(self._captures, schema=CAPTURES)
        return [*files, (f"captures/site={self.site}/{self._file_name()}", encode(mark))]

    def _must_be_whole(self) -> None:
        if self.broken:
            msg = f"nothing more is kept of {self.site}: a write of this run has failed; run again"
            raise StorageError(msg)

    def pending(self, doc_id: str) -> Article | None:
        """The newest row of an article that waits in the present segment."""
        return next((a for a in reversed(self._articles) if a.doc_id == doc_id), None)

    def stored(self, doc_id: str, columns: list[str]) -> dict[str, Any] | None:
        """The newest row of an article with these columns, province and year, from the segment or the site's files."""
        if (row := self.pending(doc_id)) is not None:
            return {c: getattr(row, c) for c in [*columns, "province", "year"]}
        known, index = self.state.get(doc_id), self._index()
        segment = "/{}-{:05d}-".format(*known.segment) if known and known.segment else None
        likely = [name for name in index.names if segment and segment in name]
        place = index.newest(doc_id, likely, known.revision if known else None)
        if place is None:
            return None
        return self._row(place, list(dict.fromkeys([*columns, "doc_id", "revision"]))) | partition_of(place.file)

    def _index(self) -> articles.Index:
        """The site's article files, which nobody else changes while its lock is held."""
        if self._rows is None:
            self._rows = articles.Index(self.storage, self._own.names())
        return self._rows

    def _row(self, place: articles.Place, columns: list[str]) -> dict[str, Any]:
        try:
            (batch,) = articles.rows_at(self.storage, place.file, np.array([place.row]), columns)
        except (OSError, pa.ArrowException) as exc:
            raise unreadable(self.storage, place.file, exc) from exc
        return dict(batch.to_pylist()[0])

    def listed_fields(self, known: Known) -> dict[str, Any]:
        """What a listing last stated of an address."""
        if known.listed != "":
            return listed.loads(known.listed)
        for name in reversed(captures_files(self.storage, self.site).sizes):
            table = read_table(self.storage, name, CAPTURES, ["doc_id", "listed"])
            found = table.filter((pc.field("doc_id") == known.doc_id) & pc.is_valid(pc.field("listed")))
            if found.num_rows:
                return listed.loads(found["listed"][-1].as_py())
        return {}

    def same_notice(self, row: dict[str, Any]) -> str | None:
        """doc_id of a live article of the site with the number and title of this one, at another address."""
        if not row["doc_number"]:
            return None
        for article in self._articles:
            pending = {n: getattr(article, n) for n in ("doc_id", "title", "doc_number", "status")}
            if self._is_same(row, pending):
                return article.doc_id
        for place in self._index().with_number(row["doc_number"]):
            found = self._row(place, ["doc_id", "title", "doc_number", "status"])
            if self._is_same(row, found):
                return str(found["doc_id"])
        return None

    def _is_same(self, row: dict[str, Any], other: dict[str, Any]) -> bool:
        known = self.state.get(other["doc_id"])
        alive = other["status"] == "live" and known is not None and not known.gone and not known.missing
        same = other["doc_number"] == row["doc_number"] and other["title"] == row["title"]
        return alive and same and other["doc_id"] != row["doc_id"]

    def close(self, report: dict[str, Any] | None = None) -> None:
        """Commit what is left, write the run file, release the lock."""
        try:
            self.commit()
            self._warc.close()
            self._own.ended()
            if report is not None:
                runs.write(self.storage, self.site, self.run_id, report)
            self.state.ended(self.run_id)
        except BaseException:
            self.broken = True
            raise
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """Release the lock without writing: after a storage failure, or where only the lock was needed."""
        self.broken = True
        self._warc.abandon()
        self._lock.release()

    # Repair

    def _sweep_staging(self) -> None:
        for name in list(self.storage.files("staging")):
            if owner_of_staged(name) == self.site:
                self.storage.remove(name)

    def _recover(self) -> None:
        """Take in article files whose segment never got its mark: each of their rows once, whatever other files hold. The
        mark comes last, so that a kill in between leaves the same to do."""
        marks = [mark for mark, _ in captures_files(self.storage, self.site).marks()]
        self._own = OwnFiles(self.storage, self.site, self.run_id, marks, self._is_own)
        marked = set(map(segment_of, marks))
        torn: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        whole = []
        for name in self._own.names():
            segment = segment_of(name)
            if segment is not None and segment not in marked:
                torn[segment].append(name)
            else:
                whole.append(name)
        seen = {key for name in (whole if torn else ()) for key in self._keys(name)}
        for (_, run_id, seq), names in sorted(torn.items()):
            for name in sorted(names):
                self._keep_once(name, seen)
            self._own.list_again()
            names = [n for n in self._own.names() if segment_of(n) == (self.site, run_id, seq)]
            found = list(read_rows(self.storage, names, ARTICLES))
            rows = recaptured(r for r in found if (r["run_id"], r["seq"]) == (run_id, seq))
            put_back = [
                r["doc_id"] for r in found if (r["run_id"], r["seq"]) != (run_id, seq)
            ]  # by a repair that was killed
            if found:
                name = f"captures/site={self.site}/{run_id}-{seq:05d}-{secrets.token_hex(3)}.parquet"
                self.storage.publish(name, mark(rows, put_back))
                self._own.committed([], name)
                self.recovered += len(rows)

    def _keys(self, name: str) -> list[tuple[str, int]]:
        table = read_table(self.storage, name, ARTICLES, ["doc_id", "revision"])
        return list(zip(table["doc_id"].to_pylist(), table["revision"].to_pylist(), strict=True))

    def _keep_once(self, name: str, seen: set[tuple[str, int]]) -> None:
        """Leave in a file the rows whose key no other has, and add their keys to those seen."""
        keys = self._keys(name)
        first = {key: n for n, key in reversed(list(enumerate(keys))) if key not in seen}
        fresh = sorted(first.values())
        seen.update(keys)
        if len(fresh) == len(keys):
            return
        if fresh:
            folder, _, stem = name.rpartition("/")
            table = read_table(self.storage, name, ARTICLES).take(pa.array(fresh))
            new = f"{folder}/{stem.rsplit('-', 1)[0]}-{secrets.token_hex(3)}.parquet"
            self.storage.publish(new, encode(table))
        self.storage.remove(name)

    def _is_own(self, name: str) -> bool:
        segment = segment_of(name)
        return segment is not None and segment[0] == self.site

    def _file_name(self) -> str:
        return f"{self.run_id}-{self._seq:05d}-{secrets.token_hex(3)}.parquet"


def captured(row: dict[str, Any]) -> dict[str, Any]:
    """The captures row that a landed article must have had, or an article found withdrawn."""
    same = ("url", "doc_id", "channel", "payload_digest", "text_hash", "revision", "warc_file", "warc_offset")
    known = {name: row[name] for name in (*same, "fetched_at", "run_id", "seq")}
    listed = {"listed_title": row["title"], "listed_on": row["published_on"]}
    made = known | listed | {"method": "GET", "kind": "article", "status": 200, "outcome": "landed", "attempts": 1}
    if row["status"] == "gone":
        # The answer that said so left a record that the row does not name.
        made |= {"status": 404, "outcome": "not_found", "payload_digest": None, "warc_file": None, "warc_offset": None}
    return made


def recaptured(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The captures rows of a segment that lost its mark. An article that moved to a partition whose file was never
    published is asked again by the next run, which lands it there."""
    newest: dict[str, dict[str, Any]] = {}
    found = []
    for row in sorted(rows, key=lambda r: (r["doc_id"], r["revision"])):
        newest[row["doc_id"]] = row
        found.append(captured(row))
    for made in found:
        row = newest[made["doc_id"]]
        if row["status"] == "moved" and made["revision"] == row["revision"]:
            made |= {"outcome": "callback_error", "error": "its new place was not written; asked again"}
    return found


def partition_of(path: str) -> dict[str, Any]:
    """Province and year from the path of an article file."""
    keys = dict(part.split("=", 1) for part in path.split("/") if "=" in part)
    return {"province": keys["province"], "year": int(keys["year"])}


def mark(rows: list[dict[str, Any]], repaired: Iterable[str] = ()) -> bytes:
    """The captures file that marks a segment. ``repaired``: articles of which the segment changed what was committed before:
    a repair put a row of theirs back, or wrote it off."""
    table = pa.Table.from_pylist(rows, schema=CAPTURES)
    if documents := sorted(set(repaired)):
        table = table.replace_schema_metadata({**CAPTURES.metadata, REPAIRED: json.dumps(documents)})
    return encode(table)


def encode(table: pa.Table) -> bytes:
    """A table as the bytes of one Parquet file; rows of articles in the order in which a lookup reads little."""
    buffer = io.BytesIO()
    if table.schema.names == ARTICLES.names:
        size = articles.row_group(len(table))
        pq.write_table(articles.ordered(table), buffer, row_group_size=size, **articles.options(size, _LEVEL))
    else:
        pq.write_table(
            table, buffer, compression="zstd", compression_level=_LEVEL, row_group_size=10_000, write_page_checksum=True
        )
    return buffer.getvalue()
