"""The text of the archive's attachments: the dataset ``attachment_text/``, one row for each file and reader."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.compact import file_name, new_run_id
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.schema import ATTACHMENT_TEXT
from govcrawl.archive.site import encode, owner_of_staged
from govcrawl.archive.storage import StorageError
from govcrawl.archive.values import storable
from govcrawl.archive.warc import now_ms
from govcrawl.attachments.readers import CHARACTERS, SUITE, DocumentText, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.storage import Storage

FOLDER = "attachment_text"
SEGMENT_ROWS = 500
SEGMENT_SECONDS = 120.0


def extract_pending(storage: Storage, *, reader: Reader | None = None) -> Counter[str]:
    """Read the files that this version has not read yet; a kill loses no more than the present segment, and no file is
    read twice. Returns how many came out how: ``text``, ``empty``, ``unsupported``, ``error``; ``missing <library>``:
    files left for when it is installed; ``locked``: another process is at it. Raises StorageError."""
    found: Counter[str] = Counter()
    run_id = new_run_id(storage, FOLDER)
    names = list(storage.files("files"))
    if not names:
        return found
    storage.prepare()
    lock = SiteLock(storage, FOLDER, run_id)
    try:
        lock.acquire()
    except Locked:
        found["locked"] += 1
        return found
    try:
        for name in list(storage.files("staging")):
            if owner_of_staged(name) == FOLDER:
                storage.remove(name)
        done = read_before(storage)
        pending = {sha256: name for name in names if (sha256 := sha256_of(name)) not in done}
        with reader or Reader() as reading:
            for rows in _segments(storage, pending, reading, found):
                for row in rows:
                    row["run_id"] = run_id
                table = pa.Table.from_pylist(rows, schema=ATTACHMENT_TEXT)
                storage.publish(f"{FOLDER}/{file_name(run_id, 1)}", encode(table))
                lock.renew()
    finally:
        lock.release()
    return found


def read_before(storage: Storage) -> set[str]:
    """SHA-256 of the files that this version has read."""
    done: set[str] = set()
    for name in storage.files(FOLDER, ".parquet"):
        try:
            table = pq.read_table(
                storage.path(name), filesystem=storage.fs, columns=["sha256", "extractor"], partitioning=None
            )
        except (OSError, pa.ArrowException) as exc:
            msg = f"{name} below {storage.root} is not readable ({exc}); run scrapy verify --repair, then again"
            raise StorageError(msg) from exc
        columns = (table[c].to_pylist() for c in ("sha256", "extractor"))
        done.update(sha256 for sha256, extractor in zip(*columns, strict=True) if extractor.partition(" ")[0] == SUITE)
    return done


def sha256_of(name: str) -> str:
    """The hash that a file's name states."""
    return name.rsplit("/", 1)[-1].partition(".")[0]


def _segments(
    storage: Storage, pending: dict[str, str], reader: Reader, found: Counter[str]
) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    size, began = 0, time.monotonic()
    for sha256, name in pending.items():
        with _local(storage, name) as path:
            result = reader.read(path)
        if result.missing is not None:
            found[f"missing {result.missing}"] += 1
            continue
        found[_outcome(result)] += 1
        rows.append(_row(sha256, result))
        size += rows[-1]["text_length"]
        if len(rows) >= SEGMENT_ROWS or size >= 10 * CHARACTERS or time.monotonic() - began >= SEGMENT_SECONDS:
            yield rows
            rows, size, began = [], 0, time.monotonic()
    if rows:
        yield rows


def _row(sha256: str, result: DocumentText) -> dict[str, Any]:
    text = storable(result.text)
    return {
        "sha256": sha256,
        "media_type": result.media_type,
        "text": text,
        "text_length": len(text or ""),
        "extractor": result.extractor,
        "error": storable(result.error),
        "extracted_at": now_ms(),
    }


def _outcome(result: DocumentText) -> str:
    if result.text is not None:
        return "text" if result.text.strip() else "empty"
    return "unsupported" if (result.error or "").startswith("no reader for") else "error"


@contextmanager
def _local(storage: Storage, name: str) -> Iterator[str]:
    """A path where the reader's process finds the file; shared storage is copied to a temporary one."""
    if storage.local:
        yield storage.path(name)
        return
    with tempfile.NamedTemporaryFile(suffix=os.path.splitext(name)[1]) as copy:
        copy.write(storage.read(name))
        copy.flush()
        yield copy.name
