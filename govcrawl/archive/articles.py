"""How files of articles are written, so that a lookup reads little of them, and how single rows are read.

Rows lie in the order of their publish dates; each row group and page states its first and its last one. Bloom filters tell
which row groups do not hold a ``doc_id`` or a ``url``.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.captures import read_table, shaped
from govcrawl.archive.schema import ARTICLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from govcrawl.archive.storage import Storage

ORDER = [("published_on", "ascending"), ("doc_id", "ascending"), ("revision", "ascending")]
ROW_GROUP = 2_000  # rows at most: some 4 MB
_PAGE = 250
# What is looked up, filtered or pruned by. Statistics of texts would be most of a footer, which every lookup reads.
_BOUNDED = [
    *("doc_id", "revision", "status", "url", "site", "channel", "published_on", "published_at", "written_on"),
    *("fetched_at", "run_id", "seq"),
]
_BLOOM = ("doc_id", "url")
_HAS_BLOOM = "bloom_filter_options" in signature(pq.ParquetWriter).parameters  # since pyarrow 26
_KEYS = ["doc_id", "revision", "doc_number"]


def row_group(rows: int) -> int:
    """The size of the row groups of a file of so many rows: all alike, so that none is small for the cost of its metadata."""
    groups = max(1, -(-rows // ROW_GROUP))
    return max(1, -(-rows // groups))


def options(size: int, level: int) -> dict[str, Any]:
    """How a file with row groups of this size is written by pyarrow."""
    bloom = {"bloom_filter_options": {name: {"ndv": size, "fpp": 0.01} for name in _BLOOM}} if _HAS_BLOOM else {}
    return {
        "compression": "zstd",
        "compression_level": level,
        "write_page_checksum": True,
        "write_statistics": _BOUNDED,
        "write_page_index": True,
        "sorting_columns": pq.SortingColumn.from_ordering(ARTICLES, ORDER),
        "max_rows_per_page": _PAGE,
    } | bloom


def ordered(table: pa.Table) -> pa.Table:
    """The rows in the order in which they are written."""
    return table.take(pc.sort_indices(table.select([name for name, _ in ORDER]), sort_keys=ORDER))


def rows_at(
    storage: Storage, name: str, numbers: NDArray[np.int64], columns: list[str], size: int = 500
) -> Iterator[pa.RecordBatch]:
    """The rows of an article file with these numbers (ascending), so many at a time, as the present schema has them; what
    an older file lacks is null. Only row groups that hold some are read, and each page is checked. Raises OSError, ArrowException."""
    schema = pa.schema([ARTICLES.field(c) for c in columns])
    with storage.fs.open_input_file(storage.path(name)) as source:
        file = pq.ParquetFile(source, page_checksum_verification=True)
        has = set(file.schema_arrow.names)
        there = [c for c in columns if c in has]
        first = 0
        for group in range(file.num_row_groups):
            end = first + file.metadata.row_group(group).num_rows
            if np.searchsorted(numbers, first) == np.searchsorted(numbers, end):
                first = end
                continue
            for batch in file.iter_batches(size, row_groups=[group], columns=there, use_threads=False):
                low, high = np.searchsorted(numbers, (first, first + len(batch)))
                if low < high:
                    yield shaped(batch.take(pa.array(numbers[low:high] - first)), schema)
                first += len(batch)


class Place(NamedTuple):
    """A row: its file, its number there, its revision."""

    file: str
    row: int
    revision: int


class Index:
    """Where the rows of some article files lie. The keys of a file are read when they are first needed, and kept: some 60 bytes
    a row."""

    def __init__(self, storage: Storage, names: Iterable[str]) -> None:
        self._storage = storage
        self.names = list(names)
        self._unread = dict.fromkeys(self.names)
        self._read: list[str] = []
        fields = [*(ARTICLES.field(c) for c in _KEYS), pa.field("file", pa.int32()), pa.field("row", pa.int32())]
        self._keys = pa.schema(fields).empty_table()

    def add(self, name: str) -> None:
        """A further file, whose rows are the newest."""
        self.names.append(name)
        self._unread[name] = None

    def newest(self, doc_id: str, likely: Iterable[str], revision: int | None) -> Place | None:
        """The newest row of an article. ``revision``: where a file that is ``likely`` has this one, no other is read. Raises
        StorageError."""
        self._load(likely)
        found = self._newest(doc_id)
        if found is None or revision is None or found.revision < revision:
            self._load(self.names)
            found = self._newest(doc_id)
        return found

    def with_number(self, doc_number: str) -> list[Place]:
        """Rows of every article of this 发文字号. Raises StorageError."""
        self._load(self.names)
        return self._places("doc_number", doc_number)

    def _newest(self, doc_id: str) -> Place | None:
        return max(self._places("doc_id", doc_id), key=lambda place: place.revision, default=None)

    def _places(self, column: str, value: str) -> list[Place]:
        found = self._keys.filter(pc.equal(self._keys[column], value)).to_pylist()
        return [Place(self._read[row["file"]], row["row"], row["revision"]) for row in found]

    def _load(self, names: Iterable[str]) -> None:
        tables = [self._keys]
        for name in [n for n in names if n in self._unread]:
            table = read_table(self._storage, name, ARTICLES, _KEYS).select(_KEYS)
            file = pa.repeat(pa.scalar(len(self._read), pa.int32()), len(table))
            numbered = table.append_column("file", file).append_column("row", pa.array(range(len(table)), pa.int32()))
            tables.append(numbered.cast(self._keys.schema))
            self._read.append(name)
            del self._unread[name]
        if len(tables) > 1:
            self._keys = pa.concat_tables(tables).combine_chunks()
