"""Taking a body out of its Content-Encoding: never more than the limit, and telling half a body from a whole one."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import brotli

if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14
except ImportError:
    from backports import zstd

NESTED = 3  # encodings one in another; a server may gzip what its backend has gzipped
_CHUNK = 1 << 16
WHOLE, CUT, BAD = "whole", "cut", "bad"


class TooLarge(ValueError):
    """A body that is larger than the limit once it is unpacked, or packed again and again."""


@dataclass(slots=True)
class Unpacked:
    """A body without its encodings. ``cut``: the encoding that ended before its end. ``lied``: encodings that the
    headers claim and the body has not."""

    body: bytes
    cut: str | None = None
    lied: tuple[str, ...] = ()


def unpack(body: bytes, encodings: list[str], limit: int, kind: str = "") -> Unpacked:
    """Take a body out of these encodings, the last one first. ``limit``: most bytes of any step, 0 for none. Raises
    TooLarge. An encoding that is not known ends it: what is inside is left as it is. ``kind``: the Content-Type; a text that
    is packed though no header says so is unpacked too."""
    done = _unpacked(body, encodings, limit)
    if done.cut is None and is_packed(done.body, kind):
        inner = _unpacked(done.body, ["gzip"], limit)
        done.body, done.cut = inner.body, inner.cut
    return done


def is_packed(body: bytes, kind: str) -> bool:
    """Whether a body that should be a text is gzip."""
    return body.startswith(b"\x1f\x8b\x08") and kind.lower().lstrip().startswith(("text/", "application/xhtml"))


def _unpacked(body: bytes, encodings: list[str], limit: int) -> Unpacked:
    if sum(e in _READERS for e in encodings) > NESTED:
        raise TooLarge(f"packed {len(encodings)} times; at most {NESTED} are unpacked")
    done = Unpacked(body)
    for encoding in reversed(encodings):
        if encoding not in _READERS:
            break
        if not done.body or not _can_be(encoding, done.body):
            done.lied += (encoding,) if done.body else ()
            continue
        out, end = _READERS[encoding](done.body, limit)
        if end == BAD and not out:
            done.lied += (encoding,)
            continue
        done.body = out
        if end != WHOLE:
            done.cut = encoding
            break
    return done


def _can_be(encoding: str, body: bytes) -> bool:
    """Whether a body can be what its header claims. gzip and zstd begin with marks; others never begin as text does."""
    if encoding in ("gzip", "x-gzip"):
        return body.startswith(b"\x1f\x8b"[: len(body)])
    if encoding == "zstd":
        mark = body[:4]
        return mark == b"\x28\xb5\x2f\xfd"[: len(mark)] or (mark[1:] == b"\x2a\x4d\x18" and mark[0] >> 4 == 5)
    return not (len(body) >= 4 and all(32 <= c < 127 or c in b"\t\r\n" for c in body[:64]))


def _stream(make: Callable[[], Any], body: bytes, limit: int, again: bytes | None = None) -> tuple[bytes, str]:
    """What a decoder makes of a body, and how the body ended. ``again``: the mark of a further part behind the first;
    other bytes there are no part of the page."""
    out: list[bytes] = []
    size = at = 0
    view = memoryview(body)
    reader = make()
    try:
        while at < len(body):
            data = view[at : at + _CHUNK]
            at += len(data)
            piece = reader.decompress(data, _CHUNK)
            while piece or reader.more:
                out.append(piece)
                size += len(piece)
                if limit and size > limit:
                    raise TooLarge(f"more than {limit} bytes once it is unpacked")
                if reader.eof or not reader.more:
                    break
                piece = reader.decompress(b"", _CHUNK)
            if reader.eof:
                at -= len(reader.unused_data)
                if again is None or not body.startswith(again, at):
                    return b"".join(out), WHOLE
                reader = make()
    except (zlib.error, brotli.error, zstd.ZstdError):
        return b"".join(out), BAD
    return b"".join(out), CUT


class _Zlib:
    """zlib's decoder with the input that waits inside it, as those of zstd have."""

    def __init__(self, bits: int) -> None:
        self._inner = zlib.decompressobj(bits)

    def decompress(self, data: bytes | memoryview, most: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail or data, most)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def more(self) -> bool:
        return bool(self._inner.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


class _Brotli:
    unused_data = b""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self.more = False

    def decompress(self, data: bytes | memoryview, most: int) -> bytes:
        found: bytes = self._inner.process(bytes(data), output_buffer_limit=most)
        self.more = bool(found) and not self.eof  # it says neither what it holds back nor how much
        return found

    @property
    def eof(self) -> bool:
        return bool(self._inner.is_finished())


class _Zstd:
    def __init__(self) -> None:
        self._inner = zstd.ZstdDecompressor()

    def decompress(self, data: bytes | memoryview, most: int) -> bytes:
        return bytes(self._inner.decompress(bytes(data), most))

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def more(self) -> bool:
        return not self._inner.needs_input

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)


def _gzip(body: bytes, limit: int) -> tuple[bytes, str]:
    """gzip, of one member or several. A wrong checksum is not held against a page, as browsers do not."""
    out, end = _stream(lambda: _Zlib(31), body, limit, again=b"\x1f\x8b")
    if end != WHOLE and body[3:4] == b"\0":
        return _stream(lambda: _Zlib(-15), body[10:], limit)
    return out, end


def _deflate(body: bytes, limit: int) -> tuple[bytes, str]:
    """zlib's format as the standard says, or without its header as some servers send it."""
    if body[0] & 15 == 8 and int.from_bytes(body[:2]) % 31 == 0:
        found = _stream(lambda: _Zlib(15), body, limit)
        if found[0] or found[1] != BAD:
            return found
    return _stream(lambda: _Zlib(-15), body, limit)


_READERS: dict[str, Callable[[bytes, int], tuple[bytes, str]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": lambda body, limit: _stream(_Brotli, body, limit),
    "zstd": lambda body, limit: _stream(_Zstd, body, limit, again=b"\x28\xb5\x2f\xfd"),
}


def encodings_in(header: str) -> list[str]:
    """What Content-Encoding names, in the order in which it was applied, in lower case."""
    return [e for part in header.split(",") if (e := part.strip().lower()) and e != "identity"]
