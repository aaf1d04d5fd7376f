"""WARC records taken out of a file, or replaced, so that the offset of every other record stays what it was.

In the place of what is taken out lies one gzip member of exactly its length: a ``metadata`` record that says who
removed it, filled with blanks. A record that is replaced is put behind the file's end, and the member in its old
place says where, so that rows which name the old offset can follow whenever a kill interrupts."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from fastwarc.warc import ArchiveIterator

from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import new_urn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from govcrawl.archive.storage import Storage

FIELDS = "application/warc-fields"
_REMOVED = "removed-by: scrapy forget, "
_BLOCK = 65_535  # of a stored block of deflate
_COPY = 1 << 20
_MOVED = re.compile(r"^moved: (\d+) to (\d+), (\S+) to (\S+)$")


@dataclass(slots=True)
class Member:
    """A whole gzip member with its one record. ``headers``: of WARC, names in lower case."""

    offset: int
    length: int
    content: bytes
    headers: dict[str, str]

    @property
    def kind(self) -> str:
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        return self.headers.get("warc-target-uri", "")

    @property
    def record_id(self) -> str:
        return self.headers.get("warc-record-id", "").strip("<>")

    @property
    def concurrent_to(self) -> str:
        return self.headers.get("warc-concurrent-to", "").strip("<>")

    @property
    def digest(self) -> str:
        return self.headers.get("warc-payload-digest", "")

    @property
    def is_placeholder(self) -> bool:
        """Whether it stands for what was removed."""
        return self.kind == "metadata" and self.block.startswith(_REMOVED.encode())

    @property
    def block(self) -> bytes:
        return self.content.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")


class Moved(NamedTuple):
    """Where a replaced record lies now, with the digests of its payload before and after."""

    offset: int
    to: int
    digest: str
    new_digest: str


def members(stream: Any) -> Iterator[Member]:
    """The whole members of a WARC file, one after the other. It ends where the file is cut or is no gzip."""
    offset, rest = 0, b""
    while True:
        unpacker = zlib.decompressobj(31)
        out, read = [], 0
        try:
            while not unpacker.eof:
                block = rest or stream.read(_COPY)
                if not block:
                    return
                out.append(unpacker.decompress(block))
                rest = unpacker.unused_data
                read += len(block) - len(rest)
        except zlib.error:
            return
        content = b"".join(out)
        yield Member(offset, read, content, _headers(content))
        offset += read


def _headers(content: bytes) -> dict[str, str]:
    lines = content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


class Response(NamedTuple):
    """The HTTP message of a record: its first line, headers, and payload with its encodings undone as far as that
    goes."""

    first: str
    headers: list[tuple[str, str]]
    payload: bytes


def response_of(member: Member) -> Response:
    """What a response or revisit record holds; a conversion is all payload."""
    if not member.headers.get("content-type", "").startswith("application/http"):
        return Response("", [], member.block)
    head, _, body = member.block.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in lines)]
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(member.content), parse_http=True, auto_decode="content")))
        body = record.reader.read()
    except (OSError, ValueError, StopIteration):
        pass  # an encoding that the headers claim and the body has not: it is searched as it is
    for _ in range(3):  # a server may gzip what its backend has gzipped
        if body[:2] != b"\x1f\x8b":
            break
        try:
            body = zlib.decompressobj(31).decompress(body)
        except zlib.error:
            break
    return Response(first, headers, body)


def moves(member: Member) -> list[Moved]:
    """What a member that stands for others says of where they are."""
    if not member.is_placeholder:
        return []
    found = (_MOVED.match(line) for line in member.block.decode("utf-8", "replace").split("\r\n"))
    return [Moved(int(m[1]), int(m[2]), m[3], m[4]) for m in found if m]


@dataclass(slots=True)
class Erasure:
    """What is to become of one file: members that go, by offset with their length; those that are replaced, by
    offset, with the new members and the digests; where its last whole member ends."""

    gone: dict[int, int] = field(default_factory=dict)
    replaced: dict[int, tuple[list[bytes], str, str]] = field(default_factory=dict)
    end: int = 0

    def moved(self) -> dict[int, Moved]:
        """Where the replaced records will lie, by old offset."""
        found, to = {}, self.end
        for offset, (new, digest, new_digest) in sorted(self.replaced.items()):
            found[offset] = Moved(offset, to, digest, new_digest)
            to += sum(map(len, new))
        return found

    def regions(self) -> list[tuple[int, int]]:
        """Stretches of neighbouring members that go, as offset and length."""
        found: list[tuple[int, int]] = []
        for offset, length in sorted(self.gone.items()):
            if found and sum(found[-1]) == offset:
                found[-1] = (found[-1][0], found[-1][1] + length)
            else:
                found.append((offset, length))
        return found


def rewrite(storage: Storage, name: str, erasure: Erasure, run_id: str) -> None:
    """Put a file in the place of itself, with what is to go overwritten. It is the old one or the new one at every
    moment. Raises StorageError."""
    by_region: dict[int, list[Moved]] = defaultdict(list)
    regions = erasure.regions()
    for move in erasure.moved().values():
        own = next(offset for offset, length in regions if offset <= move.offset < offset + length)
        by_region[own].append(move)

    def write(out: Any) -> None:
        with storage.fs.open_input_file(storage.path(name)) as source:
            at = 0
            for offset, length in regions:
                _copy(source, out, at, offset)
                out.write(placeholder(length, run_id, by_region[offset]))
                at = offset + length
            _copy(source, out, at, erasure.end)
        for _, (new, _, _) in sorted(erasure.replaced.items()):
            out.writelines(new)

    try:
        storage.publish_stream(name, write)
    except OSError as exc:
        msg = f"cannot read {name} below {storage.root} ({exc}); run again"
        raise StorageError(msg) from exc


def _copy(source: Any, out: Any, start: int, end: int) -> None:
    source.seek(start)
    left = end - start
    while left > 0:
        block = source.read(min(_COPY, left))
        if not block:
            msg = "it has become shorter"
            raise OSError(msg)
        out.write(block)
        left -= len(block)


def placeholder(length: int, run_id: str, moved: Sequence[Moved] = ()) -> bytes:
    """One gzip member of exactly this length, with a record that says who removed what lay there, and where that lies
    now which was replaced."""
    lines = [f"{_REMOVED}{run_id}"]
    lines += [f"moved: {m.offset} to {m.to}, {m.digest} to {m.new_digest}" for m in moved]
    text = "".join(f"{line}\r\n" for line in lines).encode()
    urn = new_urn()
    blanks = length
    while blanks >= 0:
        head = (
            f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: {urn}\r\nWARC-Date: {_date(run_id)}\r\n"
            f"Content-Type: {FIELDS}\r\nContent-Length: {len(text) + blanks}\r\n\r\n"
        ).encode()
        member = _member(head + text, b" " * blanks + b"\r\n\r\n", length)
        if isinstance(member, bytes):
            return member
        blanks -= max(1, member)
    msg = f"{length} bytes cannot hold a record"
    raise ValueError(msg)


def _member(head: bytes, tail: bytes, length: int) -> bytes | int:
    """A gzip member with its tail in stored blocks, lengthened to ``length`` by a comment; or how many bytes it is too
    long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    starts = range(0, len(tail), _BLOCK)
    total = 10 + len(packed) + 5 * len(starts) + len(tail) + 8
    if total > length:
        return total - length
    spare = length - total
    out = [b"\x1f\x8b\x08", b"\x10" if spare else b"\0", bytes(4), b"\2\xff"]
    out += [b"." * (spare - 1) + b"\0"] if spare else []
    out.append(packed)
    for start in starts:
        block = tail[start : start + _BLOCK]
        last = start + _BLOCK >= len(tail)
        out.append(struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block)
    content = head + tail
    return b"".join([*out, struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)])


def _date(run_id: str) -> str:
    """The beginning of a run as WARC-Date."""
    stamp = run_id.rsplit("-", 2)[1]
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}T{stamp[9:11]}:{stamp[11:13]}:{stamp[13:15]}Z"
