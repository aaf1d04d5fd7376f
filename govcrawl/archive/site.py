"""One site's part of the archive during a run: its lock, its state, and its segments with their commit order."""

from __future__ import annotations

import io
import re
import secrets
import time
from collections import Counter, defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive import listed, runs
from govcrawl.archive.captures import State, read_rows, read_table
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.warc import ROTATE_BYTES, Exchange, Original, WarcWriter, payload_digest
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcrawl.archive.captures import Known
    from govcrawl.archive.storage import Storage

# Fast to write, and within a few per cent of the size that slower levels reach on Chinese text.
COMPRESSION = {"compression": "zstd", "compression_level": 3, "row_group_size": 10_000, "write_page_checksum": True}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
COLUMNS = [f.name for f in fields(Article) if f.name not in ("province", "year")]
STORED = [n for n in COLUMNS if n not in ("run_id", "seq")]


def segment_of(path: str) -> tuple[str, str, int] | None:
    """Site, run and sequence that a Parquet file's name states: ``<site>-<time>-<random>-<seq>-<random>.parquet``."""
    stem = path.rsplit("/", 1)[-1].removesuffix(".parquet")
    parts = stem.rsplit("-", 4)
    if len(parts) != 5 or not parts[3].isdigit():
        return None
    return parts[0], "-".join(parts[:3]), int(parts[3])


class SiteArchive:
    """Opens a site: takes its lock, repairs what a killed run left, reads its state. Then rows are added to the present
    segment, which commits in this order: WARC on disk, article files, captures file. The captures file is the mark."""

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
        self._lock = SiteLock(storage, site, run_id)
        self._lock.acquire()
        try:
            self._sweep_staging()
            self._recover()
            self.state = State(read_rows(storage, list(storage.files(f"captures/site={site}", ".parquet"))))
            self.walks = runs.complete_walks(storage, site)
        except BaseException:
            self._lock.release()
            raise
        self._warc = WarcWriter(storage, site, run_id, rotate_bytes)
        self._seq = 1
        self._articles: list[Article] = []
        self._captures: list[dict[str, Any]] = []
        self._segment_began = time.monotonic()

    # Recording

    def record(self, exchange: Exchange, known: Known | None) -> tuple[str, int, str, str, int]:
        """Write a response to the WARC, as a revisit where its payload is the known one. Returns file and offset of the
        record, its payload digest, and file and offset of the full response."""
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
        """Add finished rows; they become visible together, with the segment."""
        for article in articles:
            article.run_id, article.seq = self.run_id, self._seq
            for name in COLUMNS:
                setattr(article, name, storable(getattr(article, name)))
            self._articles.append(article)
        for row in captures:
            row = {name: storable(value) for name, value in row.items()}
            row["run_id"], row["seq"] = self.run_id, self._seq
            self._captures.append(row)
            self.state.apply(row)
        if len(self._captures) >= self.segment_rows:
            self.commit()

    def commit_if_due(self) -> None:
        self._lock.renew()
        if time.monotonic() - self._segment_began >= self.segment_seconds:
            self.commit()

    def commit(self) -> None:
        """Write the segment. Raises StorageError; then nothing of it counts and the next run repeats it."""
        self._segment_began = time.monotonic()
        if not self._captures:
            return
        self._warc.sync()
        partitions: dict[tuple[str, int], list[Article]] = defaultdict(list)
        for article in self._articles:
            partitions[article.province, article.year].append(article)
        for (province, year), rows in sorted(partitions.items()):
            table = pa.table({n: [getattr(r, n) for r in rows] for n in COLUMNS}, schema=ARTICLES)
            self.storage.publish(f"articles/province={province}/year={year}/{self._file_name()}", encode(table))
        self._write_captures(self._captures, self._file_name())
        for key, rows in partitions.items():
            self.rows_landed[key] += len(rows)
        self._articles.clear()
        self._captures.clear()
        self._seq += 1

    def pending(self, doc_id: str) -> Article | None:
        """The newest row of an article that waits in the present segment."""
        return next((a for a in reversed(self._articles) if a.doc_id == doc_id), None)

    def stored(self, doc_id: str, columns: list[str]) -> dict[str, Any] | None:
        """The newest row of an article with these columns, province and year, from the segment or the site's files."""
        if (row := self.pending(doc_id)) is not None:
            return {c: getattr(row, c) for c in [*columns, "province", "year"]}
        wanted = list(dict.fromkeys([*columns, "doc_id", "revision"]))
        known = self.state.get(doc_id)
        files = self._own_files()
        likely = [n for n in files if known and known.segment and segment_of(n) == (self.site, *known.segment)]
        for names in (likely, files):  # all of them, where the row was moved to another file
            newest: dict[str, Any] | None = None
            for name in names:
                table = read_table(self.storage, name, ARTICLES, wanted)
                for found in table.filter(pc.field("doc_id") == doc_id).to_pylist():
                    if newest is None or found["revision"] > newest["revision"]:
                        newest = found | partition_of(name)
            if newest is not None:
                return newest
        return None

    def listed_fields(self, doc_ids: set[str]) -> dict[str, dict[str, Any]]:
        """What listings stated of these addresses, by doc_id, from the newest captures that tell of it."""
        found: dict[str, dict[str, Any]] = {}
        for name in sorted(
            self.storage.files(f"captures/site={self.site}", ".parquet"), key=lambda n: n.rsplit("/", 1)[-1]
        ):
            table = read_table(self.storage, name, CAPTURES, ["doc_id", "listed"])
            for row in table.filter(pc.is_valid(pc.field("listed"))).to_pylist():
                if row["doc_id"] in doc_ids:
                    found[row["doc_id"]] = listed.loads(row["listed"])
        return found

    def same_notice(self, row: dict[str, Any]) -> str | None:
        """doc_id of a live article of the site with the number and title of this one, at another address."""
        if not row["doc_number"]:
            return None
        for article in self._articles:
            pending = {n: getattr(article, n) for n in ("doc_id", "title", "doc_number", "status")}
            if self._is_same(row, pending):
                return article.doc_id
        for name in self._own_files():
            table = read_table(self.storage, name, ARTICLES, ["doc_id", "title", "doc_number", "status"])
            for found in table.filter(pc.field("doc_number") == row["doc_number"]).to_pylist():
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
            if report is not None:
                runs.write(self.storage, self.site, self.run_id, report)
        finally:
            self._lock.release()

    def abandon(self) -> None:
        """Release the lock without writing: after a storage failure."""
        self._lock.release()

    # Repair

    def _sweep_staging(self) -> None:
        for name in list(self.storage.files("staging")):
            own = segment_of(name)
            if own is not None and own[0] == self.site:
                self.storage.remove(name)

    def _recover(self) -> None:
        """Write the captures of article files whose segment never got its mark."""
        marked = {segment_of(n) for n in self.storage.files(f"captures/site={self.site}", ".parquet")}
        torn: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        for name in self._own_files():
            segment = segment_of(name)
            if segment is not None and segment not in marked:
                torn[segment].append(name)
        for (_, run_id, seq), names in sorted(torn.items()):
            rows = [
                captured(r)
                for r in read_rows(self.storage, names, ARTICLES)
                if (r["run_id"], r["seq"]) == (run_id, seq)
            ]
            if rows:
                self._write_captures(rows, f"{run_id}-{seq:05d}-{secrets.token_hex(3)}.parquet")
                self.recovered += len(rows)

    def _own_files(self) -> list[str]:
        return [n for n in self.storage.files("articles", ".parquet") if (s := segment_of(n)) and s[0] == self.site]

    def _file_name(self) -> str:
        return f"{self.run_id}-{self._seq:05d}-{secrets.token_hex(3)}.parquet"

    def _write_captures(self, rows: list[dict[str, Any]], name: str) -> None:
        table = pa.Table.from_pylist(rows, schema=CAPTURES)
        self.storage.publish(f"captures/site={self.site}/{name}", encode(table))


def storable(value: Any) -> Any:
    """A value without the characters that no column can hold or no reader shows: controls, lone surrogates."""
    if isinstance(value, str):
        return _CONTROL.sub("", value) if _CONTROL.search(value) else value
    if isinstance(value, list):
        return [storable(v) for v in value]
    if isinstance(value, dict):
        return {k: storable(v) for k, v in value.items()}
    return value


def captured(row: dict[str, Any]) -> dict[str, Any]:
    """The captures row that a landed article must have had."""
    same = ("url", "doc_id", "channel", "payload_digest", "text_hash", "revision", "warc_file", "warc_offset")
    known = {name: row[name] for name in (*same, "fetched_at", "run_id", "seq")}
    listed = {"listed_title": row["title"], "listed_on": row["published_on"]}
    return known | listed | {"method": "GET", "kind": "article", "status": 200, "outcome": "landed", "attempts": 1}


def partition_of(path: str) -> dict[str, Any]:
    """Province and year from the path of an article file."""
    keys = dict(part.split("=", 1) for part in path.split("/") if "=" in part)
    return {"province": keys["province"], "year": int(keys["year"])}


def encode(table: pa.Table) -> memoryview:
    """A table as the bytes of one Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **COMPRESSION)
    return buffer.getbuffer()
