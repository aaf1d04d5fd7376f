"""WARC 1.1: every response as it came over the wire, and the way back from a record to a response.

Each request and response is a record of its own gzip member, so that an offset is enough to read it and a cut file
loses no more than its last record. A payload that is the same as at the last visit becomes a ``revisit`` record.
"""

from __future__ import annotations

import base64
import contextlib
import glob
import hashlib
import io
import os
import uuid
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import urlsplit

from fastwarc.stream_io import GzipWriter
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from pyarrow import fs

from govcrawl import __version__
from govcrawl.addresses import canonical
from govcrawl.archive.storage import StorageError, fsync_folder
from govcrawl.archive.unpacking import encodings_in, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from govcrawl.archive.storage import Storage

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
ROTATE_BYTES = 1 << 30

HeaderList = list[tuple[str, str]]

# Written by the connection, not by the page: a stored body is de-chunked and its length is known.
_HOP_BY_HOP = {"transfer-encoding", "content-length", "connection", "keep-alive"}
_SECRET = {"authorization", "proxy-authorization", "proxy-connection"}


def payload_digest(body: bytes) -> str:
    """WARC-Payload-Digest: SHA-1 in base 32, as every WARC tool writes it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()


def now_ms() -> datetime:
    """The present in UTC, to the millisecond that WARC-Date and the Parquet columns keep."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def warc_date(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the response to it, bodies as on the wire."""

    url: str
    method: str
    request_headers: Sequence[tuple[str, str]]
    request_body: bytes
    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    fetched_at: datetime
    ip: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The full response that a revisit refers to."""

    url: str
    fetched_at: datetime


class WarcWriter:
    """Writes the records of one run of one site. One writer per file; a file is never appended to by another run."""

    def __init__(self, storage: Storage, site: str, run_id: str, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._storage = storage
        self._folder = f"warc/site={site}"
        self._run_id = run_id
        self._rotate_bytes = rotate_bytes
        self._number = 0
        self._file: BinaryIO | None = None
        self._name = ""
        self._size = 0
        self._info_id = ""

    def write(self, exchange: Exchange, digest: str, original: Original | None = None) -> tuple[str, int]:
        """Append request and response (or revisit) records; returns the file, relative to the root, and the offset of
        the response record. Raises StorageError."""
        try:
            file = self._current()
            response_id = new_urn()
            common = [("WARC-Date", warc_date(exchange.fetched_at)), ("WARC-Target-URI", exchange.url)]
            if exchange.ip:
                common.append(("WARC-IP-Address", exchange.ip))
            head = http_head(
                f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip(), exchange.headers, len(exchange.body)
            )
            extra = [("WARC-Payload-Digest", digest), ("WARC-Warcinfo-ID", self._info_id)]
            if original is None:
                kind, content = WarcRecordType.response, head + exchange.body
            else:
                kind, content = WarcRecordType.revisit, head
                extra += [
                    ("WARC-Profile", NOT_MODIFIED if exchange.status == 304 else IDENTICAL),
                    ("WARC-Refers-To-Target-URI", original.url),
                    ("WARC-Refers-To-Date", warc_date(original.fetched_at)),
                ]
            response = record_bytes(kind, response_id, [*common, *extra], content, "application/http; msgtype=response")
            parts = urlsplit(exchange.url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = [("Host", parts.netloc), *(h for h in exchange.request_headers if h[0].lower() not in _SECRET)]
            asked = http_head(f"{exchange.method} {target} HTTP/1.1", headers, len(exchange.request_body) or None)
            concurrent = [("WARC-Concurrent-To", response_id), ("WARC-Warcinfo-ID", self._info_id)]
            request = record_bytes(
                WarcRecordType.request,
                new_urn(),
                [*common, *concurrent],
                asked + exchange.request_body,
                "application/http; msgtype=request",
            )
            # Both are there before the first is written: a header that makes no record costs one request, not the file.
            offset = self._size
            self._append(file, response)
            self._append(file, request)
        except OSError as exc:
            msg = f"cannot write {self._name or self._folder} ({exc}); free space or permissions, then run again"
            raise StorageError(msg) from exc
        else:
            return self._name, offset

    def convert(self, url: str, markup: bytes, when: datetime) -> None:
        """Append a page as a browser rendered it: a conversion of the response before it. Raises StorageError."""
        try:
            file = self._current()
            headers = [
                ("WARC-Date", warc_date(when)),
                ("WARC-Target-URI", url),
                ("WARC-Refers-To-Target-URI", url),
                ("WARC-Payload-Digest", payload_digest(markup)),
                ("WARC-Warcinfo-ID", self._info_id),
            ]
            self._append(file, record_bytes(WarcRecordType.conversion, new_urn(), headers, markup, RENDERED))
        except OSError as exc:
            msg = f"cannot write {self._name or self._folder} ({exc}); free space or permissions, then run again"
            raise StorageError(msg) from exc

    def sync(self) -> None:
        """Make what was written durable. On shared storage the file is closed and uploaded under its final name."""
        if self._file is None:
            return
        try:
            self._file.flush()
            if self._storage.local:
                os.fsync(self._file.fileno())
            else:
                self._file.seek(0)
                self._storage.publish(self._name, self._file.read())
                self._file.close()
                self._file = None
        except OSError as exc:
            msg = f"cannot write {self._name} ({exc}); free space, then run again"
            raise StorageError(msg) from exc

    def close(self) -> None:
        """Raises StorageError."""
        self.sync()
        self.abandon()

    def abandon(self) -> None:
        """Close the file as it is; what did not reach it is not missed."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _current(self) -> BinaryIO:
        if self._file is not None and self._size >= self._rotate_bytes:
            self.close()
        if self._file is None:
            self._number += 1
            self._name = f"{self._folder}/{self._run_id}-{self._number:05d}.warc.gz"
            if self._storage.local:
                path = self._storage.path(self._name)
                self._storage.make_folder(self._folder)
                self._file = open(path, "xb")  # noqa: SIM115
                fsync_folder(os.path.dirname(path))
            else:
                self._file = io.BytesIO()
            self._size = 0
            self._info_id = new_urn()
            self._append(self._file, info_record(os.path.basename(self._name), self._run_id, self._info_id))
        return self._file

    def _append(self, file: BinaryIO, member: bytes) -> None:
        file.write(member)
        self._size += len(member)


def info_record(filename: str, part_of: str, record_id: str | None = None) -> bytes:
    """The warcinfo record with which a file begins, compressed. ``part_of``: the run or the collection that it belongs to."""
    fields = (
        f"software: govcrawl/{__version__}\r\nformat: WARC File Format 1.1\r\n"
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
        f"isPartOf: {part_of}\r\n"
    ).encode()
    headers = [("WARC-Date", warc_date(now_ms())), ("WARC-Filename", filename)]
    return record_bytes(WarcRecordType.warcinfo, record_id or new_urn(), headers, fields, "application/warc-fields")


def new_urn() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _clean(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ")


def http_head(first: str, headers: Iterable[tuple[str, str]], length: int | None) -> bytes:
    lines = [first, *(f"{_clean(k)}: {_clean(v)}" for k, v in headers if k.lower() not in _HOP_BY_HOP)]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def record_bytes(kind: WarcRecordType, record_id: str, headers: HeaderList, content: bytes, media_type: str) -> bytes:
    record = WarcRecord()
    record.init_headers(record_type=kind, record_urn=record_id[5:-1].encode())
    for name, value in headers:
        record.headers[name] = value
    record.headers["Content-Type"] = media_type
    record.set_bytes_content(content)
    buffer = io.BytesIO()
    writer = GzipWriter(buffer)
    record.write(writer, checksum_data=True)
    writer.close()
    return buffer.getvalue()


# Reading back


@dataclass(frozen=True, slots=True)
class Recorded:
    """A response read from a record. ``file`` and ``offset`` point at the full response, never at a revisit."""

    url: str
    status: int
    headers: HeaderList
    body: bytes
    fetched_at: datetime
    file: str
    offset: int


@dataclass(slots=True)
class _Entry:
    when: datetime
    file: int
    offset: int
    status: int
    location: str | None
    refers_to: tuple[str, str] | None  # digest and target URI, for a revisit


class Replay:
    """The records of WARC files by what was asked: method, URL and request body. The newest record of a key wins,
    revisits are resolved, and an address recorded only under the other scheme answers for its twin.

    ``where`` is a file, a folder or a glob. Raises ValueError where it names no WARC file or one cannot be read."""

    def __init__(self, where: str) -> None:
        self.files = _warc_files(where)
        self.warnings: list[str] = []
        self._entries: dict[tuple[str, str, str], _Entry] = {}
        self._full: dict[tuple[str, str], _Entry] = {}  # (payload digest, URL) of full responses
        for number, name in enumerate(self.files):
            self._index(number, name)
        if not self._entries:
            raise ValueError(self.warnings[0] if self.warnings else f"{where} holds no WARC response record")

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, method: str, url: str, body: bytes = b"") -> Recorded | None:
        """The recorded answer to a request, or None."""
        for address in (url, _twin(url)):
            entry = self._entries.get(_key(method, address, body))
            if entry is None:
                continue
            if address != url and entry.location and canonical(entry.location) == canonical(url):
                continue
            return self._read(url, entry)
        return None

    def _read(self, url: str, entry: _Entry) -> Recorded | None:
        full = self._full.get(entry.refers_to) if entry.refers_to else entry
        if full is None:
            return None
        with open(self.files[full.file], "rb") as file:
            file.seek(full.offset)
            record = next(iter(ArchiveIterator(file, parse_http=True)))
            body = record.reader.read()
        headers = [(k, v) for k, v in record.http_headers.items() if k.lower() != "transfer-encoding"]
        return Recorded(url, full.status, headers, body, entry.when, self.files[full.file], full.offset)

    def _index(self, number: int, name: str) -> None:
        bodies: dict[str, tuple[str, str]] = {}  # response record id → method and body digest of its request
        answers: list[tuple[str, str, _Entry]] = []
        last = -1
        wanted = WarcRecordType.response | WarcRecordType.revisit | WarcRecordType.request
        try:
            with open(name, "rb") as file:
                for record in ArchiveIterator(file, record_types=wanted, parse_http=True):
                    last = record.stream_pos
                    url = record.headers.get("WARC-Target-URI") or ""
                    if record.record_type == WarcRecordType.request:
                        method = (record.http_headers.status_line or "GET").split(" ", 1)[0]
                        sent = record.reader.read()
                        if method != "GET" or sent:
                            asked = record.headers.get("WARC-Concurrent-To") or ""
                            bodies[asked] = (method, hashlib.sha256(sent).hexdigest())
                        continue
                    if record.http_headers is None or not url:
                        continue
                    digest = record.headers.get("WARC-Payload-Digest") or ""
                    revisit = record.record_type == WarcRecordType.revisit
                    target = record.headers.get("WARC-Refers-To-Target-URI") or url
                    entry = _Entry(
                        record.record_date or datetime.fromtimestamp(0, UTC),
                        number,
                        record.stream_pos,
                        record.http_headers.status_code or 0,
                        record.http_headers.get("Location"),
                        (digest, canonical(target)) if revisit else None,
                    )
                    if not revisit:
                        self._full.setdefault((digest, canonical(url)), entry)
                    answers.append((record.record_id or "", url, entry))
        except (OSError, ValueError) as exc:
            if answers:
                self.warnings.append(
                    f"{name} is damaged after {len(answers)} responses ({exc}); the rest is not replayed"
                )
            else:
                self.warnings.append(f"{name} cannot be read as WARC ({exc})")
        else:
            if last < 0:
                self.warnings.append(f"{name} holds no WARC response record")
            elif _is_cut(name, last):
                self.warnings.append(f"{name} is cut short after {len(answers)} responses; the rest is not replayed")
        for record_id, url, entry in answers:
            method, sent_digest = bodies.get(_strip(record_id)) or bodies.get(record_id) or ("GET", "")
            key = (method, canonical(url), sent_digest)
            known = self._entries.get(key)
            if known is None or known.when <= entry.when:
                self._entries[key] = entry


def _strip(record_id: str) -> str:
    return record_id if record_id.startswith("<") else f"<{record_id}>"


def _key(method: str, url: str, body: bytes) -> tuple[str, str, str]:
    plain = method == "GET" and not body
    return method, canonical(url), "" if plain else hashlib.sha256(body).hexdigest()


def _twin(url: str) -> str:
    return "http" + url[5:] if url.startswith("https:") else "https" + url[4:]


def _warc_files(where: str) -> list[str]:
    if os.path.isdir(where):
        names: Iterable[str] = glob.iglob(f"{where}/**/*.warc*", recursive=True)
    elif os.path.isfile(where):
        names = [where]
    else:
        names = glob.iglob(where, recursive=True)
    files = sorted(n for n in names if n.endswith((".warc", ".warc.gz", ".warc.zst")) or n == where)
    if not files:
        msg = f"GOVCRAWL_REPLAY={where} names no WARC file; give a .warc.gz file, a folder of them or a glob"
        raise ValueError(msg)
    return files


def _is_cut(name: str, last: int) -> bool:
    """Whether the file ends inside a gzip member, which readers pass over silently. ``last``: where to look from."""
    if not name.endswith(".gz"):
        return False
    with open(name, "rb") as file:
        file.seek(last)
        rest = file.read()
    while rest:
        unpacker = zlib.decompressobj(31)
        try:
            while not unpacker.eof and rest:
                unpacker.decompress(rest, 1 << 20)
                rest = unpacker.unconsumed_tail
        except zlib.error:
            return True
        if not unpacker.eof:
            return True
        rest = unpacker.unused_data
    return False


def read_record(
    storage: Storage, name: str, offset: int, url: str | None = None, *, rendered: bool = False
) -> Recorded | None:
    """The response at an offset of a WARC file of the archive, or of a recording outside it; None where it cannot be read.
    See ``recorded_in``."""
    try:
        with open_recording(storage, name) as stream:
            return recorded_in(stream, name, offset, url, rendered=rendered)
    except OSError:
        return None


def open_recording(storage: Storage, name: str) -> Any:
    """A WARC file that a row names: of the archive, or outside it, which rows of a replay name. Raises OSError."""
    inside = name.startswith("warc/")
    system = storage.fs if inside else fs.LocalFileSystem()
    return system.open_input_file(storage.path(name) if inside else name)


def recorded_in(
    stream: Any, name: str, offset: int, url: str | None = None, *, rendered: bool = False
) -> Recorded | None:
    """The response at an offset of an open WARC file, its body unpacked as a crawl unpacks it; None where none can be read,
    as for a revisit, which has no payload. ``url``: where it answers for another address than its own. ``rendered``: as a
    browser made it, where that follows it in the file."""
    try:
        stream.seek(offset)
        record = next(iter(ArchiveIterator(stream, parse_http=True)), None)
        if record is None or record.record_type != WarcRecordType.response or record.http_headers is None:
            return None
        found = list(record.http_headers.items())
        status, when = record.http_headers.status_code or 0, record.record_date or now_ms()
        own = record.headers.get("WARC-Target-URI") or ""
        packed = ",".join(v for k, v in found if k.lower() == "content-encoding")
        kind = next((v for k, v in found if k.lower() == "content-type"), "")
        body = unpack(record.reader.read(), encodings_in(packed), MOST_BYTES, kind).body
        headers = [(k, v) for k, v in found if k.lower() not in _DECODED]
        if rendered and (markup := _rendered_after(stream, offset, own)) is not None:
            body = markup
            headers = [(k, v) for k, v in headers if k.lower() != "content-type"]
            headers.append(("Content-Type", RENDERED))
        return Recorded(url or own, status, headers, body, when, name, offset)
    except (OSError, ValueError):
        return None


def _rendered_after(stream: Any, offset: int, url: str) -> bytes | None:
    """What a browser made of the response at an offset: its conversion, before the address is recorded once more."""
    stream.seek(offset)
    wanted = WarcRecordType.response | WarcRecordType.conversion
    records = ArchiveIterator(stream, record_types=wanted, parse_http=False)
    for record in islice(records, 1, 1 + MOST_BETWEEN):
        if record.headers.get("WARC-Target-URI") == url:
            return record.reader.read() if record.record_type == WarcRecordType.conversion else None
    return None


MOST_BYTES = 1 << 28  # of a body once it is unpacked; what was larger has landed nowhere
MOST_BETWEEN = 500  # records of scripts and of other pages between a page and what a browser made of it
RENDERED = "text/html; charset=utf-8"
_DECODED = ("transfer-encoding", "content-encoding")


def responses(path: str) -> Iterator[tuple[int, str, datetime]]:
    """Offset, URL and date of each full response in a WARC file."""
    with open(path, "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False):
            yield record.stream_pos, record.headers.get("WARC-Target-URI") or "", record.record_date
