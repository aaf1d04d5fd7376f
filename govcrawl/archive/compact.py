"""Compaction: the many small article files that daily runs leave become one for each site and partition.

Order of the steps, so that a kill between any two loses nothing: an empty captures file, the mark of the new files'
segment; the new files, each staged, renamed and read back; the old files' removal. A kill before the last removal leaves
rows twice, in an old file and in the new one; ``verify`` reports them and the next compaction removes them. Captures are
left as they are, so what is known of an address does not change. Readers see whole files at every moment.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl import __version__
from govcrawl.archive import articles, runs
from govcrawl.archive.captures import run_started
from govcrawl.archive.lock import Locked
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import SiteArchive, encode, partition_of, segment, segment_of
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from govcrawl.archive.storage import Storage

GROWTH = 4
_BATCH = 2_000
_LEVEL = 9
_PART, _ROW = 20_000_000, 1_000  # characters in memory at a time; what a row weighs beside its text
_KEY = ["doc_id", "revision"]


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one site in a dataset: partitions rewritten, files before and after in them, rows in the new files,
    doubled rows left out. ``locked``: who holds the site, where nothing was done."""

    site: str
    partitions: int = 0
    before: int = 0
    after: int = 0
    rows: int = 0
    doubled: int = 0
    locked: str = ""
    dataset: str = "articles"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which files to look at: of runs begun before a moment, of one province, of one year."""

    before: datetime | None = None
    province: str | None = None
    year: int | None = None

    @property
    def names_partition(self) -> bool:
        return self.province is not None or self.year is not None

    def holds(self, name: str) -> bool:
        try:
            found = partition_of(name)
        except (KeyError, ValueError):
            return False  # in no partition: verify says so
        if (self.province or found["province"]) != found["province"] or self.year not in (None, found["year"]):
            return False
        segment = segment_of(name)
        return segment is not None and self.is_of(segment[1])

    def is_of(self, run: str) -> bool:
        return self.before is None or run_started(run) < self.before


class Sizes(NamedTuple):
    """In bytes: files that are smaller are merged with those after them; no merged file gets larger."""

    small: int
    large: int


def groups(files: dict[str, int], fits: Collection[str], sizes: Sizes) -> Iterator[list[str]]:
    """Of files in their order, name → bytes, those that follow one another and are to become one, the newest first. A file
    is merged with those after it where it is small, or has at most ``GROWTH`` times their bytes: each row is written a few
    times in all, however often files are merged."""
    group: list[str] = []
    held = 0
    for name, size in reversed(files.items()):
        if name not in fits or (group and (size > max(sizes.small, GROWTH * held) or held + size > sizes.large)):
            if len(group) > 1:
                yield group[::-1]
            group, held = [], 0
        if name in fits:
            group.append(name)
            held += size
    if len(group) > 1:
        yield group[::-1]


@dataclass(slots=True)
class _Plan:
    """Files to rewrite by folder, and the rows of them to leave out: file → row numbers; those rows by their run, where
    another run's row stays in their place."""

    folders: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, set[int]] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)


def new_run_id(storage: Storage, site: str) -> str:
    """The id of a maintenance run that begins now, dated after the rows that a killed run left too; of a dataset's run, where
    that stands for the site."""
    begun = [run_started(name) for name in _files_of(storage, site) if segment(name) is not None]
    return runs.run_id(
        storage, site, max([now_ms(), *(b + timedelta(milliseconds=1) for b in begun)]), secrets.token_hex(2)
    )


def file_name(run_id: str, seq: int = 1) -> str:
    """A new Parquet file's name in a segment."""
    return f"{run_id}-{seq:05d}-{secrets.token_hex(3)}.parquet"


def maintenance_report(site: str, run_id: str, command: str, **facts: Any) -> dict[str, Any]:
    """The run file of a maintenance command. It walks no channel, so crawls take nothing from it."""
    return {
        "run_id": run_id,
        "site": site,
        "spider": command,
        "arguments": {},
        "version": __version__,
        "started_at": run_started(run_id).isoformat(),
        "finished_at": now_ms().isoformat(),
        "status": "complete",
        "exit_code": 0,
        "reason": "",
        "problems": [],
        "pages": 0,
        "landed": {},
        "outcomes": {},
        "dropped": {},
        "channels": [],
    } | facts


def days_ago(days: float) -> datetime:
    return now_ms() - timedelta(days=days)


def compact(storage: Storage, scope: Scope | None = None) -> Iterator[Compacted]:
    """Compact every site's files in scope, one site after the other, each under its lock. A site that a run holds is
    passed over and named. Raises StorageError; what was done stays valid."""
    scope = scope or Scope()
    sites: dict[str, list[str]] = defaultdict(list)
    for name in storage.files("articles", ".parquet"):
        if (segment := segment_of(name)) is not None:
            sites[segment[0]].append(name)
    for site, names in sorted(sites.items()):
        if not _plan(storage, names, scope).folders:
            continue
        try:
            # Opening the site takes its lock and writes the captures of torn segments while their files still tell them.
            archive = SiteArchive(storage, site, new_run_id(storage, site))
        except Locked as exc:
            yield Compacted(site, locked=str(exc))
            continue
        try:
            # Under the lock: dated after all that is committed.
            yield _compact_site(storage, archive, new_run_id(storage, site), scope)
        finally:
            archive.abandon()


def _compact_site(storage: Storage, archive: SiteArchive, run_id: str, scope: Scope) -> Compacted:
    plan = _plan(storage, _files_of(storage, archive.site), scope)
    if not plan.folders:
        return Compacted(archive.site)
    return _rewrite(storage, archive.site, run_id, plan, archive.commit_if_due)  # which renews the lock


def remove_doubled(storage: Storage, site: str, renew: Callable[[], None]) -> Compacted:
    """Leave each (doc_id, revision) of a site once, rewriting only the files that lose a row. To be called under the site's
    lock. Raises StorageError."""
    plan = _plan(storage, _files_of(storage, site), Scope())
    plan.folders = {
        folder: losing for folder, names in plan.folders.items() if (losing := [n for n in names if n in plan.left_out])
    }
    if not plan.folders:
        return Compacted(site)
    return _rewrite(storage, site, new_run_id(storage, site), plan, renew)


def _files_of(storage: Storage, site: str) -> list[str]:
    return [n for n in storage.files("articles", ".parquet") if (s := segment_of(n)) and s[0] == site]


def _rewrite(storage: Storage, site: str, run_id: str, plan: _Plan, renew: Callable[[], None]) -> Compacted:
    _check_marks(storage, site, (n for names in plan.folders.values() for n in names))
    mark = pa.Table.from_pylist([], schema=CAPTURES)
    storage.publish(f"captures/site={site}/{file_name(run_id)}", encode(mark))
    rows = after = 0
    for folder, names in sorted(plan.folders.items()):
        expected = sum(_parquet(storage, n).metadata.num_rows - len(plan.left_out.get(n, ())) for n in names)
        if not expected:
            continue
        new = f"{folder}/{file_name(run_id)}"
        storage.publish_stream(new, partial(_write, storage, names, plan.left_out))
        written = _parquet(storage, new).metadata.num_rows
        if written != expected:
            msg = f"{new} has {written} rows instead of {expected}; nothing was removed: run scrapy verify"
            raise StorageError(msg)
        rows += written
        after += 1
        renew()
    if plan.removed:
        report = maintenance_report(site, run_id, "compact", rows_removed=dict(plan.removed))
        runs.write(storage, site, run_id, report)
    old = [n for names in plan.folders.values() for n in names]
    for name in old:
        storage.remove(name)
    doubled = sum(len(numbers) for numbers in plan.left_out.values())
    return Compacted(site, len(plan.folders), len(old), after, rows, doubled)


def _plan(storage: Storage, names: list[str], scope: Scope) -> _Plan:
    """What to rewrite of a site's files. A doubled key's newest row stays, wherever it is."""
    plan = _Plan()
    for number, winner, row in _doubled(storage, names):
        name = names[number]
        if scope.holds(name):
            plan.left_out.setdefault(name, set()).add(row["row"])
            if row["run_id"] != winner:
                plan.removed[row["run_id"]] += 1
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if scope.holds(name):
            folders[name.rsplit("/", 1)[0]].append(name)
    for folder, inside in folders.items():
        if len(inside) > 1 or plan.left_out.keys() & set(inside):
            plan.folders[folder] = sorted(inside, key=lambda n: n.rsplit("/", 1)[-1])
    return plan


def _doubled(storage: Storage, names: list[str]) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """The rows whose key another row has too, but for the newest of each key: number of the file, run of the newest row,
    and the row."""
    columns = [*_KEY, "fetched_at", "run_id"]
    parts = []
    for number, name in enumerate(names):
        keys = pa.Table.from_batches(_batches(storage, name, columns), schema=_only(columns))
        parts.append(
            keys.append_column("file", pa.repeat(pa.scalar(number, pa.int32()), len(keys))).append_column(
                "row", pa.array(range(len(keys)), pa.int32())
            )
        )
    if not parts:
        return
    every = pa.concat_tables(parts)
    counts = every.group_by(_KEY).aggregate([("row", "count")])
    doubled = counts.filter(pc.field("row_count") > 1)
    if not len(doubled):
        return
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in every.join(doubled, _KEY, join_type="inner").to_pylist():
        groups[row["doc_id"], row["revision"]].append(row)
    for rows in groups.values():
        rows.sort(key=lambda r: (r["fetched_at"], r["run_id"], names[r["file"]].rsplit("/", 1)[-1], r["row"]))
        for row in rows[:-1]:
            yield row["file"], rows[-1]["run_id"], row


def _check_marks(storage: Storage, site: str, names: Iterator[str]) -> None:
    marked = {segment_of(mark) for mark, _ in captures_files(storage, site).marks()}
    for name in names:
        if segment_of(name) not in marked:
            msg = f"{name} has no captures file; run scrapy verify --repair {site}, then compact again"
            raise StorageError(msg)


def _write(storage: Storage, names: list[str], left_out: dict[str, set[int]], out: Any) -> None:
    """The rows of these files as one, in the order of article files. So many are in memory as one part holds; where there are
    several, each reads the row groups that it has rows in."""
    order = _order(storage, names, left_out)
    size = articles.row_group(len(order))
    with pq.ParquetWriter(out, ARTICLES, **articles.options(size, _LEVEL)) as writer:
        for part in _parts(order, size):
            writer.write_table(_gathered(storage, names, part), row_group_size=size)


def _order(storage: Storage, names: list[str], left_out: dict[str, set[int]]) -> pa.Table:
    """Number of the file and of the row in it, and characters, of the rows that stay, in the order in which to write them."""
    tables = []
    for number, name in enumerate(names):
        columns = [*(column for column, _ in articles.ORDER), "text_length"]
        keys = pa.Table.from_batches(_batches(storage, name, columns), schema=_only(columns))
        rows = np.setdiff1d(np.arange(len(keys)), list(left_out.get(name, ()))).astype(np.int64)
        file = pa.array(np.full(len(rows), number, np.int32))
        tables.append(keys.take(pa.array(rows)).append_column("file", file).append_column("row", pa.array(rows)))
    return articles.ordered(pa.concat_tables(tables)).select(["file", "row", "text_length"]).combine_chunks()


def _parts(order: pa.Table, size: int) -> Iterator[pa.Table]:
    """Whole row groups, as many as a part holds."""
    groups = range(0, len(order), size)
    heavy = np.add.reduceat(order["text_length"].to_numpy().astype(np.int64) + _ROW, groups)
    first = weight = 0
    for begin, characters in zip(groups, heavy.tolist(), strict=True):
        if weight and weight + characters > _PART:
            yield order.slice(first, begin - first)
            first, weight = begin, 0
        weight += characters
    yield order.slice(first)


def _gathered(storage: Storage, names: list[str], part: pa.Table) -> pa.Table:
    """The rows of a part in its order."""
    files, rows = part["file"].to_numpy(), part["row"].to_numpy()
    by_place = np.lexsort((rows, files))
    batches: list[pa.RecordBatch] = []
    for number in np.unique(files).tolist():
        with _told(names[number]):
            batches += articles.rows_at(storage, names[number], np.sort(rows[files == number]), ARTICLES.names)
    return pa.Table.from_batches(batches, schema=ARTICLES).take(pa.array(np.argsort(by_place)))


def _batches(storage: Storage, name: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of an article file in its order, as the present schema has them."""
    file = _parquet(storage, name)
    schema = _only(columns)
    with _told(name):
        if file.schema_arrow.names != ARTICLES.names:
            msg = f"{name} has other columns than articles have; run scrapy verify --repair, then compact again"
            raise StorageError(msg)
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
            yield from pa.Table.from_batches([batch]).select(columns).cast(schema).to_batches()


def _parquet(storage: Storage, name: str) -> pq.ParquetFile:
    with _told(name):
        return pq.ParquetFile(storage.path(name), filesystem=storage.fs)


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """A file that cannot be read stops the compaction."""
    try:
        yield
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} is not readable ({exc}); run scrapy verify --repair, then compact again"
        raise StorageError(msg) from exc


def _only(columns: list[str]) -> pa.Schema:
    return pa.schema([ARTICLES.field(c) for c in columns], metadata=ARTICLES.metadata)
