"""The CDXJ index of recorded responses, by which pywb and replayweb.page find a page in WARC files.

What is indexed is what ``captures`` names: the tail that a killed run left behind its last commit is not. The parts of
cdxj-indexer that make keys and sort are used as they are; its reader is not, since it takes every record of local files
only, at a third of the speed, and gives no key of its own to a revisit that answers a POST.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import warnings
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from fastwarc.warc import ArchiveIterator, WarcRecordType

from govcrawl.archive.captures import read_table
from govcrawl.archive.checks.reading import End, open_place, whole_until
from govcrawl.archive.forgotten import tombstones
from govcrawl.archive.schema import CAPTURES
from govcrawl.archive.segments import read_each

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import TextIO

    from numpy.typing import NDArray

    from govcrawl.archive.storage import Storage

T = TypeVar("T")

_TYPES = ("response", "revisit", "request")
_LED = ("doc_id", "part_of", "alias_of")  # by which an address belongs to an article
_LARGEST_BODY = 1 << 20  # of a request; a key takes its first 4,096 characters


@dataclass(slots=True)
class Record:
    """A record of a WARC file. ``offset``, ``end``: its bytes, compressed. ``method``, ``sent_type`` and ``sent`` are a
    request's; of a response they are its request's, once that is known, and ``end`` is that of the request behind it."""

    offset: int
    end: int
    kind: str
    record_id: str
    concurrent_to: str
    url: str
    date: datetime | None
    digest: str
    status: int
    media_type: str
    method: str = "GET"
    sent_type: str = ""
    sent: bytes = b""
    length: int = 0


class Library(NamedTuple):
    """What is taken from cdxj-indexer and surt."""

    key: Callable[[str], str]
    query: Callable[..., tuple[str, str]]
    sorting: Callable[..., Any]
    blocks: Callable[..., Any]


@cache
def library() -> Library:
    """Raises ModuleNotFoundError where the extra ``webarchive`` is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # surt has escapes that Python warns of when it compiles them
        from cdxj_indexer.main import CompressedWriter, SortingWriter
        from cdxj_indexer.postquery import append_method_query
        from surt import surt
    return Library(surt, append_method_query, SortingWriter, CompressedWriter)


@dataclass(slots=True)
class Indexed:
    """What was indexed: records by file, and those that rows name and no file gives."""

    records: int = 0
    files: int = 0
    lost: dict[str, int] = field(default_factory=dict)


def write(storage: Storage, sites: Iterable[str], out: TextIO) -> Indexed:
    """Write the index of these sites' recorded responses, sorted. ``filename`` is relative to the data folder, as in
    ``captures``; of a replay it names the recording. Raises StorageError, OSError."""
    done = Indexed()
    with sorting(out) as lines:
        for site in sites:
            for name, offsets in places_of(storage, site).items():
                found = 0
                for record in records(storage, name, offsets):
                    lines.write(line(record, name, record.offset, record.length))
                    found += 1
                done.records += found
                done.files += bool(found)
                if found < len(offsets):
                    done.lost[name] = len(offsets) - found
    return done


def places_of(storage: Storage, site: str) -> dict[str, NDArray[np.int64]]:
    """WARC files of a site's captures, with the offsets of the records that these name, ascending."""
    found: dict[str, list[Any]] = {}
    for places in captured(storage, site, [], _places):
        for file, offsets in places.items():
            found.setdefault(file, []).append(offsets)
    return {name: np.unique(np.concatenate(parts)) for name, parts in sorted(found.items())}


def _places(table: pa.Table) -> dict[str, NDArray[np.int64]]:
    files, offsets = table.column("warc_file"), table.column("warc_offset")
    return {file: offsets.filter(pc.equal(files, file)).to_numpy() for file in pc.unique(files).to_pylist()}


def captured(storage: Storage, site: str, columns: list[str], make: Callable[[pa.Table], T]) -> list[T]:
    """What ``make`` makes of the captures of a site whose response was recorded, without those of forgotten articles, a file at a
    time in the order in which they were written. Columns: these, and the place of the record. Raises StorageError."""
    forgotten = pa.array(list(tombstones(storage)), pa.string())
    wanted = [*dict.fromkeys([*columns, *_LED, "warc_file", "warc_offset"])]

    def read(name: str) -> T:
        table = read_table(storage, name, CAPTURES, wanted)
        kept = table.column("warc_file").is_valid().to_numpy(zero_copy_only=False)
        for column in _LED if len(forgotten) else ():
            kept &= ~pc.is_in(table.column(column), forgotten).to_numpy(zero_copy_only=False)
        return make(table.filter(pa.array(kept)))

    return read_each(storage, site, read)


def records(storage: Storage, name: str, offsets: NDArray[np.int64]) -> Iterator[Record]:
    """The responses and revisits at these offsets (ascending) of a WARC file, each with what was asked. What is not there, cut
    or damaged is passed over. Raises OSError."""
    stream = open_place(storage, name)
    if stream is None or not len(offsets):
        return
    wanted, last = set(offsets.tolist()), int(offsets[-1])
    with stream:
        before: Record | None = None
        for record in _read(stream, packed=name.endswith(".gz")):
            if before is not None:
                if record.kind == "request" and record.concurrent_to == before.record_id:
                    before.method, before.sent_type, before.sent = record.method, record.sent_type, record.sent
                    before.end = record.end
                yield before
                before = None
            if record.offset > last:
                return
            if record.offset in wanted and record.kind in ("response", "revisit"):
                before = record
        if before is not None:
            yield before


def _read(stream: Any, *, packed: bool) -> Iterator[Record]:
    """Every whole record of a WARC file from its beginning, with the place where it ends."""
    before: Record | None = None
    try:
        for record in ArchiveIterator(stream, parse_http=True):
            offset = record.stream_pos
            if before is not None:
                yield _ended(before, offset)
            before = _record(record, offset)
    except (ValueError, EOFError):
        pass
    except OSError as exc:
        if "WARC" not in str(exc):  # a store that fails, and no record whose header is cut
            raise
    if before is not None:
        end = whole_until(stream, before.offset, most=1) if packed else End(stream.size(), 1)
        if end.members:  # readers pass over a cut end silently
            yield _ended(before, end.offset)


def _ended(record: Record, end: int) -> Record:
    record.end, record.length = end, end - record.offset
    return record


def _record(record: Any, offset: int) -> Record:
    kind = next((name for name in _TYPES if record.record_type == getattr(WarcRecordType, name)), "other")
    head = record.headers
    found = Record(
        offset,
        offset,
        kind,
        head.get("WARC-Record-ID") or "",
        head.get("WARC-Concurrent-To") or "",
        head.get("WARC-Target-URI") or "",
        record.record_date,
        head.get("WARC-Payload-Digest") or "",
        0,
        "",
    )
    http = record.http_headers
    if http is None:
        return found
    if kind == "request":
        found.method = (http.status_line or "GET").split(" ", 1)[0].upper()
        found.sent_type, found.sent = http.get("Content-Type") or "", record.reader.read(_LARGEST_BODY)
    else:
        found.status = http.status_code or 0
        found.media_type = (http.get("Content-Type") or "unk").split(";")[0].strip().split(" ")[0] or "unk"
    return found


def line(record: Record, filename: str, offset: int, length: int) -> str:
    """The index line of a response whose record lies there. What was asked by another method than GET is part of the key, by
    the convention of pywb."""
    fields: dict[str, str] = {
        "url": record.url,
        "mime": "warc/revisit" if record.kind == "revisit" else record.media_type,
        "status": str(record.status),
        "digest": record.digest,
        "length": str(length),
        "offset": str(offset),
        "filename": filename,
    }
    key = record.url
    if record.method != "GET":
        body = io.BytesIO(record.sent)
        query, appended = library().query(record.method, record.sent_type, len(record.sent), body, record.url)
        fields |= {"requestBody": query or "", "method": record.method}
        key += appended
    stamp = f"{record.date:%Y%m%d%H%M%S}" if record.date is not None else "19700101000000"
    return f"{library().key(key)} {stamp} {json.dumps(fields)}\n"


@contextlib.contextmanager
def sorting(out: Any) -> Iterator[Any]:
    """A file for lines that reach ``out`` sorted, each once; more than 32 MB of them wait in temporary files."""
    lines = library().sorting(out)
    try:
        yield lines
        lines.flush()
    finally:
        for name in lines.tmp_files:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
