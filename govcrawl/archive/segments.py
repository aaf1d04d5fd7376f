"""Which captures files of a site count, and for which segments each of them stands.

A run leaves one captures file for each segment: its mark. Compaction merges marks that follow one another into one file, which
has the name of the last of them with another end, so that it sorts in their place, and names them all in its metadata. Where
both are there, since a compaction was killed before it had removed the old ones, the merged one alone counts.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.captures import in_order
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from govcrawl.archive.storage import Storage

REPAIRED = b"repaired"  # in the metadata of a mark: doc_ids, as JSON
MERGED = b"merged"  # in the metadata of a merged file: ``Merged``, as JSON
_MERGED_NAME = re.compile(r"-m[0-9a-f]{6}\.parquet\Z")
_TRIES = 10

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merged file says of itself. ``marks``: the files of the segments whose rows it holds, in order, name → bytes;
    ``files``: merged files before it, which it replaces too; ``repaired``: of marks, the doc_ids that they name as
    repaired. Names are without their folder."""

    marks: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    repaired: dict[str, list[str]] = field(default_factory=dict)

    def packed(self) -> bytes:
        facts = {"marks": self.marks, "files": self.files, "repaired": self.repaired}
        return json.dumps(facts, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class CapturesFiles:
    """Captures files. ``sizes``: those that count, in the order of their segments, name → bytes; ``merged``: of those that
    stand for several marks, these, name → bytes; ``replaced``: those that a merged one replaces; ``damaged``: those that say
    they are merged and cannot tell of what, with the error."""

    sizes: dict[str, int]
    merged: dict[str, dict[str, int]]
    replaced: dict[str, str]
    damaged: dict[str, Exception]

    def marks_of(self, name: str) -> dict[str, int]:
        """The marks that a file stands for, name → bytes: itself, where it is not merged."""
        return self.merged.get(name) or {name: self.sizes[name]}

    def marks(self) -> Iterator[tuple[str, str]]:
        """Each mark, whether merged or not, with the file that holds its rows."""
        for name in self.sizes:
            for mark in self.marks_of(name):
                yield mark, name


def is_merged(name: str) -> bool:
    return _MERGED_NAME.search(name) is not None


def merged_name(last: str) -> str:
    """A new merged file's name, in the place of the last file that it replaces."""
    return f"{last.rsplit('-', 1)[0]}-m{secrets.token_hex(3)}.parquet"


def captures_files(storage: Storage, site: str = "", *, judge: bool = False) -> CapturesFiles:
    """The captures files of a site, or of all. Raises StorageError where a merged one cannot tell what it is, but for who
    is to ``judge`` that."""
    folder = f"captures/site={site}" if site else "captures"
    for tries in range(_TRIES):
        sizes = storage.sizes(folder, ".parquet")
        told: dict[str, Merged] = {}
        damaged: dict[str, Exception] = {}
        for name in filter(is_merged, sizes):
            try:
                told[name] = told_by(storage, name)
            except StorageError as exc:
                damaged[name] = exc
        if not damaged or tries == _TRIES - 1 or all(map(storage.exists, damaged)):
            break  # else a compaction has replaced one meanwhile
    if damaged and not judge:
        raise next(iter(damaged.values()))
    merged = {name: {_beside(name, m): size for m, size in one.marks.items()} for name, one in told.items()}
    replaced = {_beside(name, other): name for name, one in told.items() for other in (*one.marks, *one.files)}
    replaced = {name: by for name, by in replaced.items() if name in sizes}
    counting = {name: sizes[name] for name in in_order(sizes) if name not in replaced}
    return CapturesFiles(counting, {n: m for n, m in merged.items() if n in counting}, replaced, damaged)


def told_by(storage: Storage, name: str) -> Merged:
    """What a captures file stands for, as its metadata says; nothing of one that is not merged. Raises StorageError."""
    metadata = metadata_of(storage, name)
    try:
        facts: dict[str, Any] = json.loads(metadata[MERGED]) if MERGED in metadata else {}
        return Merged(**facts)
    except (ValueError, TypeError) as exc:
        msg = f"{name} below {storage.root} does not say what it was merged of ({exc}); run scrapy verify --repair"
        raise StorageError(msg) from exc


def repaired_by(storage: Storage, name: str) -> dict[str, list[str]]:
    """The doc_ids that a captures file names as repaired, by their marks. Raises StorageError."""
    metadata = metadata_of(storage, name)
    if MERGED in metadata:
        return {_beside(name, mark): docs for mark, docs in told_by(storage, name).repaired.items()}
    docs: list[str] = json.loads(metadata.get(REPAIRED, b"[]"))
    return {name: docs} if docs else {}


def metadata_of(storage: Storage, name: str) -> dict[bytes, bytes]:
    """What a Parquet file says of itself. Raises StorageError."""
    try:
        with storage.fs.open_input_file(storage.path(name)) as source:
            return dict(pq.ParquetFile(source).metadata.metadata or {})
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} below {storage.root} is not readable ({exc}); run scrapy verify --repair"
        raise StorageError(msg) from exc


def _beside(name: str, other: str) -> str:
    return f"{name.rsplit('/', 1)[0]}/{other}"


def read_each(storage: Storage, site: str, read: Callable[[str], T]) -> list[T]:
    """What ``read`` makes of each captures file of a site, in order, for readers that hold no lock: where a compaction
    replaces files meanwhile, all are read anew. Raises StorageError."""
    for _ in range(_TRIES - 1):
        names = captures_files(storage, site).sizes
        try:
            found = [read(name) for name in names]
        except StorageError:
            if _all_there(storage, site, names):
                raise
            continue
        if _all_there(storage, site, names):
            return found
    return [read(name) for name in captures_files(storage, site).sizes]


def _all_there(storage: Storage, site: str, names: Iterable[str]) -> bool:
    return captures_files(storage, site).sizes.keys() >= set(names)
