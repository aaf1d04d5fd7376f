"""Reading the files of an archive as a check needs it: to the last byte, and telling what is wrong instead of failing."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
from fastwarc.warc import ArchiveIterator, WarcRecordType
from pyarrow import fs

from govcrawl.archive.schema import ADDED, with_nulls, without
from govcrawl.archive.warc import payload_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from govcrawl.archive.storage import Storage

_BATCH = 1_000


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
        file = pq.ParquetFile(source, pre_buffer=not storage.local, page_checksum_verification=True)
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


def record_at(stream: Any, offset: int) -> Record | None:
    """The response or revisit record at an offset as it lies there; None where none begins or its end is missing."""
    stream.seek(offset)
    try:
        record = next(iter(ArchiveIterator(stream, parse_http=True)), None)
        if record is None or record.record_type not in (WarcRecordType.response, WarcRecordType.revisit):
            return None
        if record.http_headers is None:
            return None
        revisit = record.record_type == WarcRecordType.revisit
        stated = record.headers.get("WARC-Payload-Digest") or ""
        digest = payload_digest(record.reader.read()) if not revisit else stated
        url = record.headers.get("WARC-Target-URI") or ""
        return Record(url, revisit, digest, record.http_headers.status_code or 0)
    except (OSError, ValueError):
        return None


class End(NamedTuple):
    """Where the whole gzip members of a file end, and how many they are from where one looked."""

    offset: int
    members: int


def whole_until(stream: Any, start: int, most: int | None = None) -> End:
    """The end of the last whole gzip member, from one that begins at ``start`` on, or of so many of them. Readers pass over
    a cut member silently."""
    stream.seek(start)
    end, members = start, 0
    rest = b""
    while members != most:
        unpacker = zlib.decompressobj(31)
        read = 0
        while not unpacker.eof:
            block = rest or stream.read(1 << 20)
            rest = b""
            if not block:
                return End(end, members)
            try:
                unpacker.decompress(block, 1 << 20)
            except zlib.error:
                return End(end, members)
            # Only so much is unpacked at once: a page of zeros must not fill the memory.
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            read += len(block) - len(rest)
        end, members = end + read, members + 1
    return End(end, members)


def whole_records(stream: Any) -> Iterator[Any]:
    """The response, revisit and request records of a WARC file, up to where it is damaged."""
    wanted = WarcRecordType.response | WarcRecordType.revisit | WarcRecordType.request
    try:
        yield from ArchiveIterator(stream, record_types=wanted, parse_http=True)
    except (OSError, ValueError):
        return


def first_line(error: Exception) -> str:
    """What an error says, on one line of bounded length."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
