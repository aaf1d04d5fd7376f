"""The whole archive checked against itself: Parquet files, run files, captures, WARC records, attachments.

Nothing is locked and nothing is written; ``repair`` mends what can be mended. What the memory holds at once is what a
crawl's start holds: the keys and record places of one site.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import time
import zlib
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pyarrow import fs

from govcrawl.addresses import doc_id
from govcrawl.archive.captures import run_started
from govcrawl.archive.schema import ADDED, ARTICLES, ATTACHMENT_TEXT, CAPTURES, with_nulls, without
from govcrawl.archive.site import partition_of, segment_of
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import payload_digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from govcrawl.archive.storage import Storage

Key = tuple[str, int]
Segment = tuple[str, int]

REPAIR = "scrapy verify --repair"
DERIVED = {"attachment_text": ("scrapy attachments", ATTACHMENT_TEXT), "reprints": ("scrapy reprints", None)}
_BATCH = 1_000
_STALE_SECONDS = 3600
_FILE_NAME = re.compile(r"files/([0-9a-f]{2})/((?:\1)[0-9a-f]{62})(?:\.[0-9a-z]+)?")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the file, what it is and the remedy. ``site`` is empty for what belongs to none.
    ``items`` are the keys, offsets or paths that a repair needs."""

    kind: str
    site: str
    file: str
    what: str
    remedy: str
    items: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.file}: {self.what}; {self.remedy}"


@dataclass(slots=True)
class Checked:
    """What was looked at. ``elsewhere``: record places in recordings outside the archive that are not there to be read,
    as a replay leaves them; ``known_losses``: what a repair wrote off; ``running``: sites that a run holds, whose
    unfinished segments were not judged."""

    sites: int = 0
    files: int = 0
    rows: int = 0
    records: int = 0
    attachments: int = 0
    elsewhere: int = 0
    known_losses: int = 0
    running: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Losses:
    """What the run files of maintenance say is gone for good or was removed on purpose."""

    rows: set[Key] = field(default_factory=set)
    records: set[tuple[str, int]] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    by_run: Counter[str] = field(default_factory=Counter)


class _Place(NamedTuple):
    """Where a row says that its response lies, and what must be found there."""

    offset: int
    url: str
    digest: str | None
    named_in: str
    article: bool


class _ChangedError(Exception):
    """A file vanished while it was checked: a compaction ran. The site is checked again."""


def verify(storage: Storage, only: Collection[str] = (), checked: Checked | None = None) -> Iterator[Finding]:
    """Every fault of the archive, or of some sites of it. Raises StorageError where the storage itself fails."""
    checked = checked if checked is not None else Checked()
    hashes = Hashes(storage)
    sites = list(only) or sites_of(storage)
    if not only:
        yield from _outside_sites(storage, sites, checked)
    every = array("Q")
    told: set[str] = set()
    for site in sites:
        for tries in range(3):
            found: list[Finding] = []
            check = SiteCheck(storage, site, hashes)
            try:
                found = list(check.run())
            except _ChangedError as exc:
                if tries == 2:
                    msg = f"the files of {site} change while they are read ({exc}); verify again when nothing runs"
                    raise StorageError(msg) from exc
                continue
            break
        yield from found
        told.update(f.file for f in found if f.kind == "attachment")
        checked.sites += 1
        checked.files += check.files
        checked.rows += check.rows
        checked.records += check.records
        checked.elsewhere += check.elsewhere
        checked.attachments += len(check.attached)
        losses = check.losses
        checked.known_losses += len(losses.rows) + len(losses.records) + len(losses.files)
        checked.running += [site] if check.running else []
        every.extend(_short(key) for key in check.keys)
    if not only:
        yield from _misnamed(storage, hashes, told)
        yield from _in_two_sites(storage, every)


def is_there(storage: Storage) -> bool:
    """Whether the data folder is an archive, if an empty one."""
    folders = [storage.path(folder) for folder in ("articles", "captures", "runs", "warc")]
    return any(info.type != fs.FileType.NotFound for info in storage.fs.get_file_info(folders))


def sites_of(storage: Storage) -> list[str]:
    """Every site that something in the archive names."""
    found = set()
    for folder in ("captures", "warc", "runs"):
        for name in storage.files(folder):
            part = name.split("/")[1]
            if part.startswith("site=") and name.count("/") >= 2:
                found.add(part.removeprefix("site="))
    found |= {site for name in storage.files("articles") if (site := site_of_file(storage, name))}
    return sorted(found)


def site_of_file(storage: Storage, name: str) -> str:
    """The site of an article file: by its name, or by its first row where the name tells nothing."""
    if (named := segment(name)) is not None:
        return named[0]
    if not name.endswith(".parquet"):
        return ""
    try:
        batches = pq.ParquetFile(storage.path(name), filesystem=storage.fs).iter_batches(batch_size=1, columns=["site"])
        return str(next(iter(batches))["site"][0])
    except (OSError, pa.ArrowException, KeyError, IndexError, StopIteration):
        return ""


def segment(name: str) -> tuple[str, str, int] | None:
    """``segment_of``, or None too where the name holds no time."""
    found = segment_of(name)
    try:
        if found is not None:
            run_started(found[1])
    except (ValueError, IndexError):
        return None
    return found


class SiteCheck:
    """The check of one site: run it, then read what it saw. ``repairing``: the lock is ours, and the WARC is left out."""

    def __init__(self, storage: Storage, site: str, hashes: Hashes, *, repairing: bool = False) -> None:
        self.storage = storage
        self.site = site
        self.hashes = hashes
        self.files = self.rows = self.records = self.elsewhere = 0
        self.keys: dict[Key, tuple[int, str]] = {}  # number of the file, run
        self.losses = Losses()
        self.attached: dict[str, tuple[str | None, int | None, str, str]] = {}  # path → sha256, bytes, url, named in
        self.marked: set[Segment] = set()
        self.running = False
        self._repairing = repairing
        self._names: list[str] = []
        self._by_run: Counter[str] = Counter()
        self._also: set[tuple[Key, str]] = set()
        self._doubled: Counter[tuple[str, str]] = Counter()
        self._segments: dict[Segment, str] = {}  # of rows → one of their files
        self._stated: dict[Key, str] = {}  # of captures → their file
        self._places: dict[str, list[_Place]] = defaultdict(list)

    def run(self) -> Iterator[Finding]:
        held = self._held()
        self._read_losses()
        # What a run commits meanwhile: its articles come before their captures, and its run file comes last. So run files
        # and captures are taken from before the articles, and marks from after them.
        reports = list(self.storage.files(f"runs/site={self.site}"))
        captures = set(self.storage.files(f"captures/site={self.site}"))
        self._names = [
            n for n in self.storage.files("articles", ".parquet") if site_of_file(self.storage, n) == self.site
        ]
        for number, name in enumerate(self._names):
            yield from self._article_file(name, number)
        for name in list(self.storage.files(f"captures/site={self.site}")):
            if name in captures:
                yield from self._captures_file(name)
            elif (named := segment(name)) is not None:
                self.marked.add(named[1:])
        yield from self._lost_rows()
        yield from self._attachments()
        yield from self._run_files(reports)
        unfinished = [*self._twice(), *self._unmarked(), *self._left_over()]
        unfinished += [] if self._repairing else self._warc()
        self.running = held or (bool(unfinished) and self._held())
        yield from (f for f in unfinished if not self.running or f.kind == "record")

    def _finding(self, kind: str, file: str, what: str, remedy: str = REPAIR, items: Iterable[Any] = ()) -> Finding:
        return Finding(
            kind, self.site, file, what, f"{REPAIR} {self.site}" if remedy == REPAIR else remedy, tuple(items)
        )

    def _held(self) -> bool:
        return not self._repairing and is_held(self.storage, self.site)

    # Parquet

    def _article_file(self, name: str, number: int) -> Iterator[Finding]:
        self.files += 1
        if segment(name) is None:
            yield self._finding("name", name, "the name tells no site, run and segment")
        try:
            partition_of(name)
        except (KeyError, ValueError):
            yield self._finding("partition", name, "it lies in no province=…/year=… folder")
        strangers = 0
        try:
            for batch in whole_batches(self.storage, name, ARTICLES):
                rows = batch.select(_READ).to_pylist()
                strangers += sum(row["site"] != self.site for row in rows)
                for row in rows:
                    self._article_row(row, name, number)
        except SchemaError as exc:
            yield self._finding("schema", name, str(exc))
        except (OSError, pa.ArrowException) as exc:
            yield self._unreadable(name, exc)
        if strangers:
            yield self._finding("name", name, f"{strangers} of its rows belong to other sites than its name says")

    def _article_row(self, row: dict[str, Any], name: str, number: int) -> None:
        self.rows += 1
        key = (row["doc_id"], row["revision"])
        run = row["run_id"]
        before = self.keys.get(key)
        if before is None:
            self.keys[key] = (number, run)
            self._by_run[run] += 1
        else:
            self._doubled[self._names[before[0]], name] += 1
            if run != before[1] and (key, run) not in self._also:
                self._also.add((key, run))
                self._by_run[run] += 1
        self._segments.setdefault((run, row["seq"]), name)
        self._place(row, name, article=True)
        for file in row["attachments"] or ():
            if file["path"] or file["sha256"]:
                path = file["path"] or ""
                self.attached.setdefault(path, (file["sha256"], file["bytes"], file["url"], name))

    def _place(self, row: dict[str, Any], name: str, *, article: bool) -> None:
        if row["warc_file"] is not None and (row["warc_file"], row["warc_offset"]) not in self.losses.records:
            place = _Place(row["warc_offset"] or 0, row["url"], row["payload_digest"], name, article)
            self._places[row["warc_file"]].append(place)

    def _captures_file(self, name: str) -> Iterator[Finding]:
        self.files += 1
        if not name.endswith(".parquet"):
            yield self._finding("stray", name, "no Parquet file, but readers of the folder open it")
            return
        named = segment(name)
        if named is None or named[0] != self.site or name.count("/") != 2:
            yield self._finding("name", name, "the name does not tell this site, a run and a segment")
            return
        try:
            for batch in whole_batches(self.storage, name, CAPTURES):
                for row in batch.to_pylist():
                    if row["revision"] is not None and row["outcome"] in ("landed", "not_found"):
                        self._stated[row["doc_id"], row["revision"]] = name
                    self._place(row, name, article=False)
            self.marked.add(named[1:])
        except SchemaError as exc:
            yield self._finding("schema", name, str(exc))
        except (OSError, pa.ArrowException) as exc:
            yield self._unreadable(name, exc)

    def _unreadable(self, name: str, error: Exception) -> Finding:
        if self.storage.fs.get_file_info(self.storage.path(name)).type == fs.FileType.NotFound:
            raise _ChangedError(name) from error
        return self._finding("unreadable", name, f"it does not open ({str(error).splitlines()[0][:200]})")

    # Rows against marks, captures and run files

    def _twice(self) -> Iterator[Finding]:
        for (one, other), count in sorted(self._doubled.items()):
            what = f"{count} keys (doc_id, revision) are in {one} too"
            yield self._finding("doubled_key", other, what, "scrapy compact removes them")

    def _unmarked(self) -> Iterator[Finding]:
        torn = set()
        for name in self._names:
            named = segment(name)
            if named is not None and named[1:] not in self.marked:
                torn.add(named[1:])
                what = f"its segment {named[1]}, {named[2]} has no captures file"
                remedy = f"the site's next crawl mends it, or {REPAIR} {self.site}"
                yield self._finding("unmarked", name, what, remedy, [named[1:]])
        for own, name in sorted(self._segments.items()):
            if own not in self.marked and own not in torn:
                what = f"rows of segment {own[0]}, {own[1]}, which has no captures file"
                yield self._finding("unmarked", name, what, items=[own])

    def _lost_rows(self) -> Iterator[Finding]:
        lost: dict[str, list[Key]] = defaultdict(list)
        for key, name in self._stated.items():
            if key not in self.keys and key not in self.losses.rows:
                lost[name].append(key)
        for name, keys in sorted(lost.items()):
            what = f"{len(keys)} articles that it says landed have no row, first {keys[0][0]} revision {keys[0][1]}"
            yield self._finding("lost_row", name, what, items=sorted(keys))
        top: dict[str, int] = {}
        for document, revision in (*self.keys, *self._stated):
            top[document] = max(revision, top.get(document, 0))
        gaps = [
            (document, revision)
            for document, last in top.items()
            for revision in range(1, last)
            if (document, revision) not in self.keys and (document, revision) not in self._stated
        ]
        gaps = [key for key in gaps if key not in self.losses.rows]
        if gaps:
            what = f"{len(gaps)} articles lack a revision between others, first {gaps[0][0]} revision {gaps[0][1]}"
            yield self._finding("lost_row", f"captures/site={self.site}", what, items=sorted(gaps))

    def _run_files(self, names: list[str]) -> Iterator[Finding]:
        for name in names:
            try:
                report = json.loads(self.storage.read(name))
                run, stated = report["run_id"], sum(n for years in report["landed"].values() for n in years.values())
            except (ValueError, KeyError, TypeError, AttributeError) as exc:
                yield self._finding("run_file", name, f"it is no run file ({type(exc).__name__}: {exc})")
                continue
            have, removed = self._by_run[run], self.losses.by_run[run]
            if not stated - removed <= have <= stated:
                what = f"the run landed {stated} article rows, the archive holds {have}"
                what += f" and {removed} were removed" if removed else ""
                yield self._finding("run_rows", name, what, items=[run, stated - removed - have])

    def _read_losses(self) -> None:
        for name in self.storage.files(f"runs/site={self.site}", ".json"):
            try:
                report = json.loads(self.storage.read(name))
                self.losses.by_run.update(report.get("rows_removed", {}))
                self.losses.rows.update((d, r) for d, r in report.get("lost_rows", ()))
                self.losses.records.update((f, o) for f, many in report.get("lost_records", {}).items() for o in many)
                self.losses.files.update(report.get("lost_files", ()))
            except (ValueError, TypeError, AttributeError):
                continue  # said by the check of run files

    def _left_over(self) -> Iterator[Finding]:
        for name in list(self.storage.files("staging")):
            if owner_of_staged(name) == self.site:
                remedy = f"the site's next crawl removes it, or {REPAIR} {self.site}"
                yield self._finding("staging", name, "left by a run that was killed", remedy)

    # WARC

    def _warc(self) -> Iterator[Finding]:
        own = set(self.storage.files(f"warc/site={self.site}"))
        for name in sorted(own | self._places.keys()):
            places = self._places.get(name, [])
            inside = name.startswith("warc/")
            stream = open_place(self.storage, name)
            if stream is None:
                if inside:
                    offsets = sorted({p.offset for p in places})
                    what = f"the file is not there; {len(places)} rows name it, as {places[0].named_in}"
                    yield self._finding("record", name, what, _RESTORE, offsets)
                else:
                    self.elsewhere += len(places)
                continue
            try:
                with stream:
                    yield from self._records(stream, name, places)
                    if inside and name.endswith(".gz"):
                        yield from self._tail(stream, name, max((p.offset for p in places), default=0))
            except OSError as exc:
                msg = f"cannot read {name} below {self.storage.root} ({exc})"
                raise StorageError(msg) from exc

    def _records(self, stream: Any, name: str, places: list[_Place]) -> Iterator[Finding]:
        problems: dict[str, list[_Place]] = defaultdict(list)
        places.sort(key=lambda p: (p.offset, p.url))
        last = -1
        read: Record | None = None
        for place in places:
            if place.offset != last:
                self.records += 1
                last, read = place.offset, record_at(stream, place.offset)
            if (problem := _mismatch(place, read)) is not None:
                problems[problem].append(place)
        for problem, bad in sorted(problems.items()):
            first = bad[0]
            what = f"{problem}: {len(bad)} rows, first {first.url} at offset {first.offset} in {first.named_in}"
            yield self._finding("record", name, what, _RESTORE, sorted({p.offset for p in bad}))

    def _tail(self, stream: Any, name: str, start: int) -> Iterator[Finding]:
        size = stream.size()
        end = whole_until(stream, start)
        if not size:
            yield self._finding("warc_cut", name, "it is empty", items=[0])
        elif end < size:
            what = f"it is cut: {size - end} bytes after offset {end} are no whole record"
            yield self._finding("warc_cut", name, what, items=[end])

    # Attachments

    def _attachments(self) -> Iterator[Finding]:
        for path, (sha256, size, url, named_in) in sorted(self.attached.items()):
            if path in self.losses.files:
                continue
            what = None
            shape = _FILE_NAME.fullmatch(path)
            if shape is None or sha256 is None or shape[2] != sha256:
                what = f"{named_in} names it as the file with SHA-256 {sha256} of {url}"
            elif (found := self.hashes.get(path)) is None:
                what = f"{named_in} names it, but it is not there ({url})"
            elif found[0] != sha256:
                what = f"its content is not the file with its SHA-256 ({url} in {named_in})"
            elif size is not None and found[1] != size:
                what = f"it has {found[1]} bytes, {size} by {named_in}"
            if what is not None:
                yield self._finding("attachment", path or named_in, what, items=[path, url])


_READ = (
    "doc_id",
    "revision",
    "site",
    "url",
    "run_id",
    "seq",
    "attachments",
    "warc_file",
    "warc_offset",
    "payload_digest",
)
_RESTORE = "restore the file from a backup; scrapy verify --repair writes the records off"


def is_file_name(path: str) -> bool:
    """Whether a path is one that an attachment may have."""
    return _FILE_NAME.fullmatch(path) is not None


class Hashes:
    """SHA-256 and size of files, each read once."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._known: dict[str, tuple[str, int] | None] = {}

    def get(self, path: str) -> tuple[str, int] | None:
        """None where there is no such file."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def forget(self, path: str) -> None:
        self._known.pop(path, None)

    def _read(self, path: str) -> tuple[str, int] | None:
        where = self._storage.path(path)
        if self._storage.fs.get_file_info(where).type != fs.FileType.File:
            return None
        digest, size = hashlib.sha256(), 0
        with self._storage.fs.open_input_stream(where, compression=None) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
        return digest.hexdigest(), size


class SchemaError(Exception):
    """A Parquet file with other columns than its dataset."""


def whole_batches(
    storage: Storage, name: str, schema: pa.Schema | None, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Every row of a Parquet file, without ``columns`` with every column, so that damage anywhere shows. Raises
    SchemaError, OSError, ArrowException."""
    with storage.fs.open_input_file(storage.path(name)) as source:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        have = file.schema_arrow
        missing = [n for n in schema.names if n in ADDED and n not in have.names] if schema is not None else []
        if schema is not None and not have.equals(without(schema, missing), check_metadata=False):
            raise SchemaError(_difference(have, schema))
        wanted = columns or (schema.names if schema is not None else None)
        there = [n for n in wanted if n not in missing] if wanted is not None else None
        for batch in file.iter_batches(batch_size=_BATCH, columns=there):
            # A file of the version before lacks columns that were added since.
            yield with_nulls(batch, [n for n in missing if wanted is None or n in wanted], schema) if missing else batch


def _difference(have: pa.Schema, want: pa.Schema) -> str:
    missing = [n for n in want.names if n not in have.names]
    more = [n for n in have.names if n not in want.names]
    other = [n for n in want.names if n in have.names and not have.field(n).equals(want.field(n))]
    parts = [f"{label} {', '.join(names[:8])}" for label, names in _labels(missing, more, other) if names]
    return "its columns are not those of the schema: " + ("; ".join(parts) or "another order")


def _labels(missing: list[str], more: list[str], other: list[str]) -> list[tuple[str, list[str]]]:
    return [("missing", missing), ("unknown", more), ("of another type", other)]


def open_place(storage: Storage, name: str) -> Any:
    """The WARC file that a row names, open; None where it is not there. A replay's rows name recordings outside."""
    inside = name.startswith("warc/")
    path = storage.path(name) if inside else name
    system = storage.fs if inside else fs.LocalFileSystem()
    return system.open_input_file(path) if system.get_file_info(path).type == fs.FileType.File else None


class Record(NamedTuple):
    """What lies at an offset of a WARC file: a response, or a revisit, which has no payload of its own."""

    url: str
    revisit: bool
    digest: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def record_at(stream: Any, offset: int, *, decoded: bool = False) -> Record | None:
    """The response or revisit record at an offset; None where none begins or its end is missing. ``decoded``: its body
    unpacked, and ``digest`` then of that."""
    stream.seek(offset)
    try:
        record = next(
            iter(ArchiveIterator(stream, parse_http=True, auto_decode="content" if decoded else "none")), None
        )
        if record is None or record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
            return None
        if record.http_headers is None:
            return None
        revisit = record.record_type == WarcRecordType.revisit
        body = record.reader.read()
        stated = record.headers.get("WARC-Payload-Digest") or ""
        digest = stated if revisit else payload_digest(body)
        headers = list(record.http_headers.items())
        url = record.headers.get("WARC-Target-URI") or ""
        return Record(url, revisit, digest, record.http_headers.status_code or 0, headers, body)
    except (OSError, ValueError):
        return None


def _mismatch(place: _Place, record: Record | None) -> str | None:
    if record is None:
        return "no whole response record begins there"
    if doc_id(record.url) != doc_id(place.url):
        return "the record there is of another address"
    if place.article and record.revisit:
        return "the record there is a revisit, not the full response"
    if place.digest is not None and record.digest != place.digest:
        return "the payload there has another digest"
    return None


def whole_until(stream: Any, start: int) -> int:
    """Offset after the last whole gzip member, from one that begins at ``start`` on. Readers pass over a cut member
    silently."""
    stream.seek(start)
    end = start
    rest = b""
    while True:
        unpacker = zlib.decompressobj(31)
        read = 0
        while not unpacker.eof:
            block = rest or stream.read(1 << 20)
            rest = b""
            if not block:
                return end
            try:
                unpacker.decompress(block, 1 << 20)
            except zlib.error:
                return end
            # Only so much is unpacked at once: a page of zeros must not fill the memory.
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            read += len(block) - len(rest)
        end += read


def is_held(storage: Storage, site: str) -> bool:
    """Whether a run holds a site at this moment."""
    name = f"staging/site={site}.lock"
    if not storage.local:
        if name not in storage.files("staging", ".lock"):
            return False
        return bool(json.loads(storage.read(name))["expires"] > time.time())
    try:
        with open(storage.path(name), encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


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


# What belongs to no site


def _outside_sites(storage: Storage, sites: list[str], checked: Checked) -> Iterator[Finding]:
    for name in storage.files("articles"):
        if not name.endswith(".parquet"):
            yield Finding("stray", "", name, "no Parquet file, but readers of the folder open it", REPAIR)
        elif not site_of_file(storage, name):
            yield Finding(
                "unreadable", "", name, "it does not open, and its name tells no site, run and segment", REPAIR
            )
    for name in storage.files("captures"):
        if not name.split("/")[1].startswith("site=") or name.count("/") != 2:
            yield Finding("stray", "", name, "it lies in no site=… folder", REPAIR)
    for folder, (again, schema) in DERIVED.items():
        for name in storage.files(folder):
            checked.files += 1
            remedy = f"{REPAIR}, then {again} makes it anew"
            try:
                for _ in whole_batches(storage, name, schema):
                    pass
            except SchemaError as exc:
                yield Finding("schema", "", name, str(exc), remedy)
            except (OSError, pa.ArrowException) as exc:
                yield Finding("unreadable", "", name, f"it does not open ({str(exc).splitlines()[0][:200]})", remedy)
    for name in storage.files("staging"):
        if name.endswith(".lock") or owner_of_staged(name) in sites:
            continue
        changed = storage.fs.get_file_info(storage.path(name)).mtime
        if changed is not None and time.time() - changed.timestamp() > _STALE_SECONDS:
            yield Finding("staging", "", name, "left by a command that was killed", REPAIR)


def _misnamed(storage: Storage, hashes: Hashes, told: set[str]) -> Iterator[Finding]:
    """Attachments that are not what their name says, beside those that a row names."""
    for name in storage.files("files"):
        if name in told:
            continue
        found, shape = hashes.get(name), _FILE_NAME.fullmatch(name)
        if found is not None and (shape is None or shape[2] != found[0]):
            what = f"its name is not the SHA-256 of its content, {found[0]}"
            yield Finding("attachment", "", name, what, REPAIR, (name,))


def _short(key: Key) -> int:
    """A key as 64 bits: eight bytes for each row of the archive are held, not its key."""
    return int.from_bytes(hashlib.blake2b(f"{key[0]} {key[1]}".encode(), digest_size=8).digest(), "little")


def _in_two_sites(storage: Storage, every: array[int]) -> Iterator[Finding]:
    counts = pc.value_counts(pa.array(every, pa.uint64()))
    twice = {c["values"] for c in counts.filter(pc.greater(counts.field("counts"), 1)).to_pylist()}
    if not twice:
        return
    seen: dict[Key, tuple[str, str]] = {}
    found: Counter[tuple[str, str, str, str]] = Counter()
    for name in storage.files("articles", ".parquet"):
        site = site_of_file(storage, name)
        try:
            table = pq.read_table(
                storage.path(name), filesystem=storage.fs, columns=["doc_id", "revision"], partitioning=None
            )
        except (OSError, pa.ArrowException):
            continue
        for document, revision in zip(*(table[c].to_pylist() for c in ("doc_id", "revision")), strict=True):
            key = (document, revision)
            if _short(key) in twice:
                other, other_site = seen.setdefault(key, (name, site))
                if other_site != site:
                    found[site, name, other_site, other] += 1
    for (site, name, other_site, other), count in sorted(found.items()):
        what = f"{count} keys (doc_id, revision) are in {other} of site {other_site} too"
        yield Finding(
            "doubled_key", site, name, what, "one address belongs to one site: remove one site's folder by hand"
        )
