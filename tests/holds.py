"""A search for words through every file of an archive, byte for byte and unpacked."""

from __future__ import annotations

import io
import json
import zlib
from typing import TYPE_CHECKING, Any

import brotli
import pyarrow as pa
import pyarrow.parquet as pq
from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def holding(data: Path, words: list[str]) -> list[str]:
    """Where any of the words stands: file and how it was found."""
    forms = {
        form
        for word in words
        for form in (word.encode(), word.encode("gb18030"), json.dumps(word)[1:-1].encode(), word.encode("utf-16-le"))
    }
    found = []
    for path in sorted(p for p in data.rglob("*") if p.is_file()):
        for how, content in _contents(path):
            if any(form in content for form in forms):
                found.append(f"{path.relative_to(data)}: {how}")
    return found


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    raw = path.read_bytes()
    yield "bytes", raw
    if path.suffix == ".parquet":
        if raw.startswith(b"PAR1"):
            yield "rows", _rows(pq.ParquetFile(io.BytesIO(raw)).read())
    elif path.suffix == ".arrow":
        with pa.ipc.open_file(io.BytesIO(raw)) as file:
            yield "rows", _rows(file.read_all())
    elif path.suffix == ".gz":
        for offset, content in _members(raw):
            yield f"member at {offset}", content
            for name, body in _payload(content):
                yield f"payload ({name}) at {offset}", body


def _rows(table: pa.Table) -> bytes:
    return json.dumps(table.to_pylist(), ensure_ascii=False, default=str).encode()


def _members(raw: bytes) -> Iterator[tuple[int, bytes]]:
    rest, offset = raw, 0
    while rest:
        unpacker = zlib.decompressobj(31)
        content = unpacker.decompress(rest)  # half a member gives what there is of it
        yield offset, content
        offset += len(rest) - len(unpacker.unused_data)
        rest = unpacker.unused_data if unpacker.eof else b""


def _payload(content: bytes) -> Iterator[tuple[str, bytes]]:
    body = content.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
    unpack: dict[str, Any] = {
        "br": brotli.decompress,
        "zstd": zstd.decompress,
        "gzip": lambda b: zlib.decompressobj(31).decompress(b),
        "deflate": zlib.decompress,
    }
    for name, step in unpack.items():
        try:
            yield name, step(body)
        except Exception:
            continue
