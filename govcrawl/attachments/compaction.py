"""Compaction of ``attachment_text/``: the small files that readings leave become few, each row once.

The new file is staged, renamed and read back before the old ones are removed. A kill between leaves rows twice, the older files
wholly; ``verify`` reports them, and the next compaction removes them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.captures import batches
from govcrawl.archive.compact import Compacted, Scope, Sizes, file_name, groups, new_run_id
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.schema import ATTACHMENT_TEXT
from govcrawl.archive.site import segment
from govcrawl.archive.storage import StorageError
from govcrawl.attachments.text import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.archive.storage import Storage

    LeftOut = dict[str, set[int]]  # file → numbers of rows that later files have too

SIZES = Sizes(small=16 << 20, large=256 << 20)
_GROUP_BYTES = 32 << 20
_BATCH = 200  # rows; each may be a text of a million characters


def compact_texts(storage: Storage, scope: Scope | None = None) -> Compacted | None:
    """Merge the files of readings in scope, which names no partition. None where there is nothing to do. Raises
    StorageError; what was done stays valid."""
    scope = scope or Scope()
    if len(list(storage.files(FOLDER, ".parquet"))) < 2:
        return None
    lock = SiteLock(storage, FOLDER, new_run_id(storage, FOLDER))
    try:
        lock.acquire()
    except Locked as exc:
        return Compacted(FOLDER, locked=str(exc), dataset="text")
    try:
        return _compacted(storage, scope, lock.renew)
    finally:
        lock.release()


def _compacted(storage: Storage, scope: Scope, renew: Callable[[], None]) -> Compacted | None:
    left_out, counts = _doubled(storage)
    before = after = rows = 0
    for name in [name for name, numbers in left_out.items() if len(numbers) == counts[name]]:
        storage.remove(name)
        before += 1
    sizes = storage.sizes(FOLDER, ".parquet")
    fits = {name for name in sizes if (named := segment(name)) is not None and scope.is_of(named[1])}
    together = list(groups(sizes, fits, SIZES))
    grouped = {name for names in together for name in names}
    together += [[name] for name in fits - grouped if name in left_out]
    for number, names in enumerate(together, 1):
        rows += _merge(storage, names, left_out, sum(counts[n] - len(left_out.get(n, ())) for n in names), number)
        before += len(names)
        after += 1
        renew()
    doubled = sum(map(len, left_out.values()))
    return Compacted(FOLDER, 1, before, after, rows, doubled, dataset="text") if before else None


def _doubled(storage: Storage) -> tuple[LeftOut, dict[str, int]]:
    """The rows of each file that later files have too, and how many rows each has."""
    seen: set[tuple[str, str]] = set()
    left_out: LeftOut = {}
    counts: dict[str, int] = {}
    for name in reversed(list(storage.files(FOLDER, ".parquet"))):
        keys: list[tuple[str, str]] = []
        for batch in batches(storage, [name], ATTACHMENT_TEXT, ["sha256", "extractor"]):
            keys += zip(batch["sha256"].to_pylist(), batch["extractor"].to_pylist(), strict=True)
        counts[name] = len(keys)
        for number in range(len(keys) - 1, -1, -1):
            if keys[number] in seen:
                left_out.setdefault(name, set()).add(number)
            seen.add(keys[number])
    return left_out, counts


def _merge(storage: Storage, names: list[str], left_out: LeftOut, expected: int, number: int) -> int:
    new = f"{FOLDER}/{file_name(new_run_id(storage, FOLDER), number)}"
    storage.publish_stream(new, partial(_write, storage, names, left_out))
    written = sum(len(batch) for batch in batches(storage, [new], ATTACHMENT_TEXT, ATTACHMENT_TEXT.names, _BATCH))
    if written != expected:
        msg = f"{new} has {written} rows instead of {expected}; nothing was removed: run scrapy verify"
        raise StorageError(msg)
    for name in names:
        storage.remove(name)
    return written


def _write(storage: Storage, names: list[str], left_out: LeftOut, out: Any) -> None:
    with pq.ParquetWriter(out, ATTACHMENT_TEXT, compression="zstd", write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for name in names:
            first, without = 0, left_out.get(name, set())
            for batch in batches(storage, [name], ATTACHMENT_TEXT, ATTACHMENT_TEXT.names, _BATCH):
                stay = [n - first for n in range(first, first + len(batch)) if n not in without]
                first += len(batch)
                waiting.append(batch.take(pa.array(stay, pa.int64())))
                if sum(one.nbytes for one in waiting) >= _GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(waiting).cast(ATTACHMENT_TEXT))
                    waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting).cast(ATTACHMENT_TEXT))
