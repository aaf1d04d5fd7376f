"""The dataset ``reprints/`` and its index checked, for ``scrapy verify``; and the dataset's files made one, for ``compact``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.checks.finding import Finding
from govcrawl.archive.compact import Compacted, file_name, new_run_id
from govcrawl.archive.lock import Locked, SiteLock, is_held
from govcrawl.archive.schema import REPRINTS
from govcrawl.archive.storage import StorageError
from govcrawl.reprints.groups import FORGOTTEN
from govcrawl.reprints.index import FOLDER as INDEX
from govcrawl.reprints.index import Index, keys_of
from govcrawl.reprints.run import FOLDER, known_rows, newest_articles, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.storage import Storage

# Kinds of findings that scrapy reprints mends, and no repair.
KINDS = ("index", "reprints")
LOOKS_AT = "the groups of reprints and their index"
MENDED = "nothing; scrapy reprints mends them, as the finding says"
_AGAIN = "run scrapy reprints"
_ANEW = f"remove the folders {FOLDER} and {INDEX}, then {_AGAIN}"


def check(storage: Storage) -> Iterator[Finding]:
    """What is wrong with the groups, beside files that do not open, which ``verify`` tells. Nothing where a run of
    ``scrapy reprints`` is at it. Articles that no run has grouped yet are no fault."""
    files = list(storage.files(INDEX))
    if not (files or any(storage.files(FOLDER))) or is_held(storage, FOLDER):
        return
    if files and Index(storage).lost:
        what = "the index is damaged or of another version"
        yield Finding("index", "", files[-1], what, f"{_AGAIN}, which builds it anew")
    try:
        known, articles = known_rows(storage), newest_articles(storage)
    except StorageError:
        return
    live = known.roles != FORGOTTEN
    gone = int((live & ~np.isin(known.ids, articles.ids)).sum())
    if gone:
        what = f"{gone} articles are grouped that are no more in the archive"
        yield Finding("reprints", "", FOLDER, what, f"{_AGAIN}, which groups the others anew")
    at = np.minimum(np.searchsorted(known.ids, known.origins), max(len(known.ids) - 1, 0))
    if len(at):
        apart = live & ((known.ids[at] != known.origins) | (known.groups[at] != known.groups))
        if apart.any():
            what = f"{int(apart.sum())} rows name an origin that is not in their group"
            yield Finding("reprints", "", FOLDER, what, _ANEW)


def compact_rows(storage: Storage) -> Compacted | None:
    """Make one file of the dataset's, with the newest row of each article and those that record a merge. None where there
    is nothing to do. A kill before the last removal leaves rows twice, which readers of the newest row do not see.
    Raises StorageError."""
    if len(list(storage.files(FOLDER, ".parquet"))) < 2:
        return None
    run_id = new_run_id(storage, FOLDER)
    lock = SiteLock(storage, FOLDER, run_id)
    try:
        lock.acquire()
    except Locked as exc:
        return Compacted(FOLDER, locked=str(exc))
    try:
        known = known_rows(storage)
        new = f"{FOLDER}/{file_name(run_id)}"
        newest = {n: np.sort(known.rows[known.files == n]) for n in range(len(known.names))}
        kept: list[int] = []
        storage.publish_stream(new, partial(_write, storage, known.names, newest, kept))
        written = pq.ParquetFile(storage.path(new), filesystem=storage.fs).metadata.num_rows
        if written != sum(kept):
            msg = f"{new} has {written} rows instead of {sum(kept)}; nothing was removed: run scrapy verify"
            raise StorageError(msg)
        for name in known.names:
            storage.remove(name)
        return Compacted(FOLDER, 1, len(known.names), 1, written)
    finally:
        lock.release()


def _write(storage: Storage, names: list[str], newest: dict[int, Any], kept: list[int], out: Any) -> None:
    merges: set[tuple[int, int]] = set()
    with pq.ParquetWriter(out, REPRINTS, compression="zstd", write_page_checksum=True) as writer:
        for number, name in enumerate(names):
            table = read(storage, name, REPRINTS.names)
            stay = np.zeros(len(table), bool)
            stay[newest[number]] = True
            merged = np.flatnonzero(table.column("merged_from").is_valid().to_numpy(zero_copy_only=False) & ~stay)
            keys = keys_of(table.column("doc_id"))[merged].tolist()
            times = table.column("grouped_at").cast(pa.int64()).to_numpy()[merged].tolist()
            for row, mark in zip(merged.tolist(), zip(keys, times, strict=True), strict=True):
                stay[row] = mark not in merges
                merges.add(mark)
            some = table.take(pa.array(np.flatnonzero(stay)))
            kept.append(len(some))
            writer.write_table(some.cast(REPRINTS))
