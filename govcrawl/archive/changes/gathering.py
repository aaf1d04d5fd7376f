"""The rows that are new, each with the one before it, brought into commit order.

First the keys alone are read, which give the order; then each file once. Memory holds some 100 bytes for each new row, and the
rows of one bucket.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.captures import read_table
from govcrawl.archive.changes.news import position_of
from govcrawl.archive.changes.spool import Spool
from govcrawl.archive.schema import ADDED, ARTICLES, with_nulls
from govcrawl.archive.site import partition_of
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from govcrawl.archive.changes.news import News
    from govcrawl.archive.changes.positions import Position
    from govcrawl.archive.storage import Storage

_KEYS = ["doc_id", "revision", "run_id", "seq"]
_KEY_ROWS = pa.schema(
    [
        *(ARTICLES.field(n).remove_metadata() for n in _KEYS),
        *(pa.field(n, pa.int64()) for n in ("site", "file", "row")),
    ]
)
PLACE = [pa.field("province", pa.string(), nullable=False), pa.field("year", pa.int32(), nullable=False)]
# ``rank``: that of the change that the row is for; ``earlier``: whether it is the row before it; ``followed``: whether the
# next one is the same article's in the same segment.
SPOOLED = pa.schema(
    [*ARTICLES, *PLACE, pa.field("rank", pa.int64()), pa.field("earlier", pa.bool_()), pa.field("followed", pa.bool_())]
)
_BATCH = 2_000

Numbers = np.ndarray[Any, Any]


class Rewritten(Exception):
    """A file vanished while the archive was read: a compaction ran."""


class _Places:
    """Which rows of which files are wanted, and what for."""

    def __init__(self) -> None:
        self._new: dict[str, list[tuple[Numbers, Numbers, Numbers]]] = defaultdict(list)
        self._before: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def new(self, file: str, rows: Numbers, ranks: Numbers, followed: Numbers) -> None:
        self._new[file].append((rows, ranks, followed))

    def before(self, file: str, row: int, rank: int) -> None:
        self._before[file].append((row, rank))

    def of_files(self) -> Iterator[tuple[str, Numbers, Numbers, Numbers, Numbers]]:
        """For each file the numbers of its rows, ascending; ranks, ``earlier`` and ``followed`` of them."""
        for file in sorted(self._new.keys() | self._before.keys()):
            before = np.array(self._before.get(file, []), dtype=np.int64).reshape(-1, 2)
            parts = [(before[:, 0], before[:, 1], np.ones(len(before), bool), np.zeros(len(before), bool))]
            parts += [
                (rows, ranks, np.zeros(len(rows), bool), followed) for rows, ranks, followed in self._new.get(file, [])
            ]
            columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
            order = np.argsort(columns[0], kind="stable")
            yield file, columns[0][order], columns[1][order], columns[2][order], columns[3][order]


def gather(storage: Storage, sites: list[News], forgotten: Collection[str], bucket_rows: int) -> Spool:
    """The new rows of these sites but for the forgotten articles', spooled. Raises Rewritten, StorageError."""
    files: list[str] = []
    gone = pa.array(sorted(forgotten), pa.string())
    keys = _ordered(
        pa.concat_tables(
            [_KEY_ROWS.empty_table(), *(t for n, one in enumerate(sites) for t in _keys(storage, one, n, gone, files))]
        )
    )
    places = _Places()
    if len(keys):
        _place_new(keys, files, places)
    for number, site in enumerate(sites):
        _place_before(storage, site, keys.filter(pc.equal(keys["site"], number)), files, places)
    spool = Spool(SPOOLED, len(keys), bucket_rows)
    try:
        for name, rows, *facts in places.of_files():
            for batch in _taken(storage, name, rows, *facts):
                spool.add(batch)
    except BaseException:
        spool.close()
        raise
    return spool


def read_columns(storage: Storage, name: str, columns: list[str]) -> pa.Table:
    """Raises Rewritten, StorageError."""
    try:
        return read_table(storage, name, ARTICLES, columns)
    except StorageError as exc:
        raise lost(storage, name, exc) from exc


def lost(storage: Storage, name: str, error: Exception) -> Exception:
    if not storage.exists(name):
        return Rewritten(name)
    return StorageError(
        f"{name} below {storage.root} is not readable ({error}); run scrapy verify --repair, then again"
    )


def _after(table: pa.Table, position: Position) -> Any:
    """Which rows were committed after a position."""
    later = pc.greater(table["run_id"], position.run)
    return pc.or_(later, pc.and_(pc.equal(table["run_id"], position.run), pc.greater(table["seq"], position.seq)))


def _keys(storage: Storage, site: News, number: int, gone: pa.Array, files: list[str]) -> Iterator[pa.Table]:
    """The keys of a site's new rows, with the number of their file, which is added to ``files``, and their own in it."""
    for name in site.files:
        if not site.holds(position_of(name)):
            continue
        table = read_columns(storage, name, _KEYS)
        new = pc.and_not(
            pc.and_not(_after(table, site.since), _after(table, site.upto)), pc.is_in(table["doc_id"], gone)
        )
        for column, values in (
            ("site", np.full(len(table), number)),
            ("file", np.full(len(table), len(files))),
            ("row", np.arange(len(table))),
        ):
            table = table.append_column(column, pa.array(values, pa.int64()))
        files.append(name)
        yield table.filter(new)


def _ordered(keys: pa.Table) -> pa.Table:
    """Keys in commit order, each once (a compaction that was killed leaves rows twice), with their rank."""
    runs = pc.unique(keys["run_id"]).to_pylist()
    begun = {run: number for number, run in enumerate(sorted(runs, key=begun_first))}
    places = pa.array([begun[run] for run in runs], pa.int64())
    keys = keys.append_column("run", pc.take(places, pc.index_in(keys["run_id"], pa.array(runs, pa.string()))))
    keys = keys.sort_by([(name, "ascending") for name in ("run", "seq", "doc_id", "revision", "file", "row")])
    if len(keys):
        same = [pc.equal(keys[n].slice(1), keys[n].slice(0, len(keys) - 1)).to_numpy() for n in _KEYS]
        keys = keys.filter(pa.array(np.concatenate([[True], ~np.logical_and.reduce(same)])))
    return keys.append_column("rank", pa.array(np.arange(len(keys)), pa.int64())).combine_chunks()


def begun_first(run: str) -> tuple[str, str]:
    """What orders runs of all sites: when they began."""
    return run.rsplit("-", 2)[1], run


def _place_new(keys: pa.Table, files: list[str], places: _Places) -> None:
    last = len(keys) - 1
    same = [pc.equal(keys[n].slice(1), keys[n].slice(0, last)).to_numpy() for n in ("doc_id", "run_id", "seq")]
    followed = np.concatenate([np.logical_and.reduce(same), [False]])
    file, row = keys["file"].to_numpy(), keys["row"].to_numpy()
    order = np.argsort(file, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(file[order])) + 1):
        places.new(files[file[part[0]]], row[part], part, followed[part])


def _place_before(storage: Storage, site: News, keys: pa.Table, files: list[str], places: _Places) -> None:
    """Where the revision before each new one lies: among the new ones, or in an older file of the same partition, as a
    revision in another one leaves a `moved` row in its own segment."""
    later = keys.filter(pc.greater(keys["revision"], 1)).select(["doc_id", "revision", "file", "rank"])
    if not len(later):
        return
    later = later.set_column(1, "revision", pc.subtract(later["revision"], pa.scalar(1, pa.int32())))
    known = keys.select(["doc_id", "revision", "file", "row"]).rename_columns(
        ["doc_id", "revision", "at_file", "at_row"]
    )
    waiting: dict[str, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in later.join(known, ["doc_id", "revision"]).to_pylist():
        if one["at_file"] is not None:
            places.before(files[one["at_file"]], one["at_row"], one["rank"])
        else:
            folder = files[one["file"]].rsplit("/", 1)[0]
            waiting[folder][one["doc_id"], one["revision"]].append(one["rank"])
    for folder, wanted in waiting.items():
        for name in sorted((n for n in site.files if n.startswith(f"{folder}/")), key=position_of, reverse=True):
            if not wanted:
                break
            for row, key in with_keys(storage, name, {document for document, _ in wanted}):
                for rank in wanted.pop(key, ()):
                    places.before(name, row, rank)


def with_keys(storage: Storage, name: str, documents: Collection[str]) -> Iterator[tuple[int, tuple[str, int]]]:
    """The rows of a file that are of these documents: number and key."""
    table = read_columns(storage, name, _KEYS[:2])
    inside = pc.is_in(table["doc_id"], pa.array(sorted(documents), pa.string())).to_numpy()
    for row in np.flatnonzero(inside).tolist():
        yield row, (table["doc_id"][row].as_py(), table["revision"][row].as_py())


def _taken(
    storage: Storage, name: str, rows: Numbers, ranks: Numbers, earlier: Numbers, followed: Numbers
) -> Iterator[pa.RecordBatch]:
    """Rows of a file by their ascending numbers, one perhaps for several ranks; only row groups that hold some are read."""
    province, year = partition_of(name).values()
    for first, batch in _batches(storage, name, rows):
        low, high = np.searchsorted(rows, (first, first + len(batch)))
        if low == high:
            continue
        taken = batch.take(pa.array(rows[low:high] - first))
        facts = [ranks[low:high], earlier[low:high], followed[low:high]]
        columns = [*taken.columns, pa.repeat(province, len(taken)), pa.repeat(pa.scalar(year, pa.int32()), len(taken))]
        yield pa.RecordBatch.from_arrays([*columns, *map(pa.array, facts)], schema=SPOOLED)


def _batches(storage: Storage, name: str, rows: Numbers) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches of a file as the present schema has them, each with the number of its first row."""
    try:
        with storage.fs.open_input_file(storage.path(name)) as source:
            file = pq.ParquetFile(source)
            missing = [n for n in ARTICLES.names if n in ADDED and n not in file.schema_arrow.names]
            present = [n for n in ARTICLES.names if n not in missing]
            first = 0
            for group in range(file.num_row_groups):
                end = first + file.metadata.row_group(group).num_rows
                if np.searchsorted(rows, first) == np.searchsorted(rows, end):
                    first = end
                    continue
                for batch in file.iter_batches(batch_size=_BATCH, row_groups=[group], columns=present):
                    whole = pa.Table.from_batches([with_nulls(batch, missing, ARTICLES)]).select(ARTICLES.names)
                    for part in whole.cast(ARTICLES).combine_chunks().to_batches():
                        yield first, part
                        first += len(part)
    except (OSError, pa.ArrowException) as exc:
        raise lost(storage, name, exc) from exc
