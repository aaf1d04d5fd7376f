"""Compaction of captures: the many small files that daily runs leave of a site become few large ones, their rows as they were and
in their order.

Order of the steps, so that a kill between any two loses nothing: the merged file, staged, renamed and read back; the old files'
removal. A merged file says which it replaces, and counts in their stead from the moment that it is there (``segments``), so
that no row counts twice; ``verify`` reports old files that a kill has left, and the next compaction removes them. The snapshot
of what is known takes in all captures before: it counts on, whichever files hold them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.compact import Compacted, Scope, Sizes, groups, new_run_id
from govcrawl.archive.lock import Locked
from govcrawl.archive.schema import ADDED, CAPTURES, without
from govcrawl.archive.segments import MERGED, REPAIRED, Merged, captures_files, merged_name, repaired_by
from govcrawl.archive.site import SiteArchive, segment
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcrawl.archive.segments import CapturesFiles
    from govcrawl.archive.storage import Storage

SIZES = Sizes(small=16 << 20, large=256 << 20)
ROW_GROUP = 50_000


def compact_captures(storage: Storage, scope: Scope | None = None) -> Iterator[Compacted]:
    """Merge the captures of every site, one site after the other, each under its lock; of runs in scope, which names no
    partition. A site that a run holds is passed over and named. Raises StorageError; what was done stays valid."""
    scope = scope or Scope()
    sites = {named[0] for name in storage.files("captures", ".parquet") if (named := segment(name)) is not None}
    for site in sorted(sites):
        there = captures_files(storage, site)
        if not there.replaced and not list(_candidates(there, scope)):
            continue
        try:
            archive = SiteArchive(storage, site, new_run_id(storage, site))
        except Locked as exc:
            yield Compacted(site, locked=str(exc), dataset="captures")
            continue
        try:
            yield _of_site(storage, archive, scope)
        finally:
            archive.abandon()


def _of_site(storage: Storage, archive: SiteArchive, scope: Scope) -> Compacted:
    there = captures_files(storage, archive.site)
    before = after = rows = 0
    for merged in sorted(set(there.replaced.values())):
        _read_through(storage, merged)
    for name in there.replaced:
        storage.remove(name)
        before += 1
    archive.state.keep(archive.run_id)
    for candidates in _candidates(there, scope):
        for group in _of_one_shape(storage, candidates):
            if len(group) > 1:
                rows += _merge(storage, there, group, archive.commit_if_due)  # which renews the lock
                before += len(group)
                after += 1
    return Compacted(archive.site, 1, before, after, rows, dataset="captures")


def _candidates(there: CapturesFiles, scope: Scope) -> Iterator[list[str]]:
    fits = {name for name in there.sizes if (named := segment(name)) is not None and scope.is_of(named[1])}
    return groups(there.sizes, fits, SIZES)


class _Facts(NamedTuple):
    """What the end of a file says."""

    schema: pa.Schema
    rows: int
    repaired: dict[str, list[str]]


def _of_one_shape(storage: Storage, names: list[str]) -> Iterator[dict[str, _Facts]]:
    """Files that follow one another and have the same columns: what an earlier version did not keep is not null afterwards."""
    group: dict[str, _Facts] = {}
    for name in names:
        facts = _facts_of(storage, name)
        if group and not facts.schema.equals(next(iter(group.values())).schema, check_metadata=True):
            yield group
            group = {}
        group[name] = facts
    yield group


def _facts_of(storage: Storage, name: str) -> _Facts:
    """Raises StorageError."""
    file = _parquet(storage, name)
    found = file.schema_arrow
    schema = without(CAPTURES, [n for n in CAPTURES.names if n in ADDED and n not in found.names])
    if not found.equals(schema, check_metadata=False):
        msg = f"{name} has other columns than captures have; run scrapy verify --repair, then compact again"
        raise StorageError(msg)
    said = {key: text for key, text in (found.metadata or {}).items() if key not in (MERGED, REPAIRED)}
    repaired = repaired_by(storage, name) if {MERGED, REPAIRED} & (file.metadata.metadata or {}).keys() else {}
    return _Facts(schema.with_metadata(said), file.metadata.num_rows, repaired)


def _merge(storage: Storage, there: CapturesFiles, group: dict[str, _Facts], renew: Callable[[], None]) -> int:
    """Put one file in the place of these; returns the number of its rows. Raises StorageError."""
    names, facts = list(group), list(group.values())
    marks = {_base(mark): size for name in names for mark, size in there.marks_of(name).items()}
    merged = [_base(name) for name in names if name in there.merged]
    repaired = {_base(mark): docs for one in facts for mark, docs in one.repaired.items()}
    new, expected = merged_name(names[-1]), sum(one.rows for one in facts)
    said = Merged(marks, merged, repaired)
    storage.publish_stream(new, partial(_write, storage, names, facts[0].schema, said, renew))
    if (written := _read_through(storage, new)) != expected:
        msg = f"{new} has {written} rows instead of {expected}; nothing was removed: run scrapy verify"
        raise StorageError(msg)
    for name in names:
        storage.remove(name)
        renew()
    return written


def _base(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _write(
    storage: Storage, names: list[str], schema: pa.Schema, said: Merged, renew: Callable[[], None], out: Any
) -> None:
    with pq.ParquetWriter(out, schema, compression="zstd", compression_level=9, write_page_checksum=True) as writer:
        waiting: list[pa.RecordBatch] = []
        for name in names:
            for batch in _batches(storage, name, schema):
                waiting.append(batch)
                if sum(map(len, waiting)) >= ROW_GROUP:
                    table = pa.Table.from_batches(waiting)
                    writer.write_table(table.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
                    waiting = table.slice(ROW_GROUP).to_batches()
                    renew()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=ROW_GROUP)
        writer.add_key_value_metadata({MERGED.decode(): said.packed().decode()})


def _batches(storage: Storage, name: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        for batch in _parquet(storage, name).iter_batches(10_000, use_threads=False):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)
    except (OSError, pa.ArrowException) as exc:
        raise _unreadable(name, exc) from exc


def _read_through(storage: Storage, name: str) -> int:
    """The rows of a file, each page held against its checksum. Raises StorageError."""
    try:
        with storage.fs.open_input_file(storage.path(name)) as source:
            file = pq.ParquetFile(source, pre_buffer=not storage.local, page_checksum_verification=True)
            return sum(len(batch) for batch in file.iter_batches(10_000, use_threads=False))
    except (OSError, pa.ArrowException) as exc:
        raise _unreadable(name, exc) from exc


def _parquet(storage: Storage, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(storage.path(name), filesystem=storage.fs, pre_buffer=not storage.local)
    except (OSError, pa.ArrowException) as exc:
        raise _unreadable(name, exc) from exc


def _unreadable(name: str, error: Exception) -> StorageError:
    return StorageError(f"{name} is not readable ({error}); run scrapy verify --repair, then compact again")
