"""Which rows of articles an export holds, and the way through them a few at a time.

Selecting reads the narrow columns of every file in scope and keeps a few numbers a row; texts are read when they are written.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.articles import rows_at
from govcrawl.archive.captures import read_table
from govcrawl.archive.forgotten import tombstones
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import partition_of
from govcrawl.archive.storage import StorageError
from govcrawl.extraction.script import to_simplified
from govcrawl.reprints.index import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from govcrawl.archive.storage import Storage

BATCH = 500  # rows in memory at a time
_KEY = ["doc_id", "revision", "status", "site", "published_on"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows to export; what is empty restricts nothing. ``since`` and ``until`` bound ``published_on``, both included, so
    that they leave out what has no date. ``words``: each must stand in title or text, see ``folded``. ``revisions``: every
    row instead of the newest of each article that is still published."""

    provinces: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    sites: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    words: tuple[str, ...] = ()
    revisions: bool = False

    def reaches(self, name: str) -> bool:
        """Whether a file lies in a partition of the selection; within one, the newest row of an article is true."""
        try:
            found = partition_of(name)
        except (KeyError, ValueError):
            return False  # in no partition: verify says so
        return (not self.provinces or found["province"] in self.provinces) and (
            not self.years or found["year"] in self.years
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where the chosen rows lie: by position, file (a number in ``names``), row in it, and the article's 64-bit key; in
    order of file and row."""

    names: list[str]
    files: NDArray[np.int32]
    rows: NDArray[np.int64]
    keys: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.rows)

    def some(self, mask: NDArray[np.bool_]) -> Places:
        return Places(self.names, self.files[mask], self.rows[mask], self.keys[mask])


@dataclass(slots=True)
class _Found:
    """Columns of the rows in scope, a part for each file."""

    keys: list[Any] = field(default_factory=list)
    revisions: list[Any] = field(default_factory=list)
    wanted: list[Any] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)


def select(storage: Storage, selection: Selection) -> Places:
    """The rows that a selection names, each (doc_id, revision) once; none of a forgotten article. Raises StorageError."""
    names = [name for name in storage.files("articles", ".parquet") if selection.reaches(name)]
    found = _Found()
    for number, name in enumerate(names):
        table = read_table(storage, name, ARTICLES, _KEY)
        found.keys.append(keys_of(table.column("doc_id")))
        found.revisions.append(table.column("revision").to_numpy())
        found.wanted.append(_wanted(table, selection))
        found.files.append(np.full(len(table), number, np.int32))
        found.rows.append(np.arange(len(table), dtype=np.int64))
    if not names:
        return Places([], np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.uint64))
    keys, revisions, wanted, files, rows = (
        np.concatenate(part) for part in (found.keys, found.revisions, found.wanted, found.files, found.rows)
    )
    wanted &= ~np.isin(keys, keys_of(pa.array(list(tombstones(storage)), pa.string())))
    order = np.lexsort((rows, files, revisions, keys))
    same = keys[order][1:] == keys[order][:-1]
    if selection.revisions:
        same &= revisions[order][1:] == revisions[order][:-1]
    newest = order[np.concatenate([~same, [True]])] if len(order) else order
    chosen = np.sort(newest[wanted[newest]])  # rows were gathered in order of file and row
    places = Places(names, files[chosen], rows[chosen], keys[chosen])
    return _with_words(storage, places, selection.words) if selection.words else places


def _wanted(table: pa.Table, selection: Selection) -> NDArray[np.bool_]:
    mask = np.ones(len(table), bool)
    if not selection.revisions:
        mask &= _mask(pc.equal(table.column("status"), "live"))
    if selection.sites:
        mask &= _mask(pc.is_in(table.column("site"), pa.array(selection.sites)))
    if selection.since is not None:
        mask &= _mask(pc.greater_equal(table.column("published_on"), pa.scalar(selection.since, pa.date32())))
    if selection.until is not None:
        mask &= _mask(pc.less_equal(table.column("published_on"), pa.scalar(selection.until, pa.date32())))
    return mask


def _mask(values: Any) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return mask


def folded(word: str) -> str:
    """A word as it is searched: Simplified characters, NFKC, lower case. Titles and texts are Simplified in the archive."""
    return unicodedata.normalize("NFKC", to_simplified(word)).lower()


def _with_words(storage: Storage, places: Places, words: tuple[str, ...]) -> Places:
    """The rows in whose title or text every word stands."""
    patterns = [folded(word) for word in words]
    masks = [_holding(table, patterns) for table in tables(storage, places, ["title", "text"])]
    return places.some(np.concatenate([np.zeros(0, bool), *masks]))


def _holding(table: pa.Table, patterns: list[str]) -> NDArray[np.bool_]:
    columns = [
        pc.utf8_lower(pc.utf8_normalize(pc.fill_null(table.column(name), ""), form="NFKC"))
        for name in ("title", "text")
    ]
    mask = np.ones(len(table), bool)
    for pattern in patterns:
        mask &= _mask(pc.or_(*(pc.match_substring(column, pattern) for column in columns)))
    return mask


# Reading


def tables(storage: Storage, places: Places, columns: list[str]) -> Iterator[pa.Table]:
    """The chosen rows with these columns of the schema, at most ``BATCH`` at a time, in order. ``province`` and ``year`` are
    columns too. What an older file lacks is null. Raises StorageError."""
    ends = np.searchsorted(places.files, np.arange(len(places.names) + 1)).tolist()
    for name, start, end in zip(places.names, ends, ends[1:], strict=False):
        wanted = places.rows[start:end]
        if not len(wanted):
            continue
        partition = partition_of(name)
        read = [c for c in columns if c not in partition] or ["doc_id"]
        try:
            for batch in rows_at(storage, name, wanted, read, BATCH):
                table = pa.Table.from_batches([batch])
                for key, kind in (("province", pa.string()), ("year", pa.int32())):
                    if key in columns:
                        table = table.append_column(key, pa.repeat(pa.scalar(partition[key], kind), len(table)))
                yield table.select(columns)
        except (OSError, pa.ArrowException) as exc:
            msg = (
                f"{name} below {storage.root} cannot be read ({exc}); if a compaction has merged it meanwhile, run again, "
                "else run scrapy verify"
            )
            raise StorageError(msg) from exc
