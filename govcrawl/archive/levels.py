"""The snapshot of a site beside its captures: ``state/site=<site>/``. It is derived and never a second truth: whatever of it is
missing, damaged, older or of another set of captures files counts for nothing and is made anew.

It has levels, each one file over the captures after those of the level below. A list (JSON) names the levels, and for each the
marks that it covers, with their sizes; the list is published last and counts only where each mark that it names is there, or a
merged file that stands for it, and every other one is newer. New captures become a level of their own, merged with those below that are not
much larger: a run pays for the rows that it adds, and a look-up passes few levels.
"""

from __future__ import annotations

import json
import logging
import secrets
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.captures import STATE, batches, in_order
from govcrawl.archive.folding import by_key, folded
from govcrawl.archive.schema import CAPTURES, LANDING
from govcrawl.archive.segments import captures_files
from govcrawl.archive.snapshot import ROWS, Damaged, Level, Pairs, keys_of, write
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from govcrawl.archive.segments import CapturesFiles
    from govcrawl.archive.snapshot import Numbers
    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

GROWTH = 4  # a new level takes in those below it that have at most so many times its rows
_PART_ROWS = 50_000  # rows that are sorted and folded at once
_MOST_BITS = 8
_SPLIT_ROWS = 100_000  # rows of captures that are taken in at once


@dataclass(frozen=True, slots=True)
class Covered:
    """A level with the marks that it covers, name → bytes."""

    level: Level
    marks: dict[str, int]
    footer: int


def folder_of(site: str) -> str:
    return f"state/site={site}"


class Levels:
    """The snapshot of one site as it counts for these captures files. To be written under the site's lock."""

    def __init__(self, storage: Storage, site: str, captures: CapturesFiles) -> None:
        self.storage, self.site = storage, site
        self.covered: list[Covered] = []
        self._number = 0
        self.damage = ""
        self._named: set[str] = set()  # the files that count: the newest list, and those that it names
        lists = sorted(storage.files(folder_of(site), ".json"), key=_number)
        if lists:
            self._number = _number(lists[-1])
            self._read(lists[-1], captures)

    @property
    def levels(self) -> list[Level]:
        """The oldest first."""
        return [one.level for one in self.covered]

    def rest(self, captures: CapturesFiles) -> list[str]:
        """The captures files that no level covers, in order."""
        covered = {mark for one in self.covered for mark in one.marks}
        return [name for name in captures.sizes if not covered.issuperset(captures.marks_of(name))]

    def _read(self, name: str, captures: CapturesFiles) -> None:
        there = {mark: size for file in captures.sizes for mark, size in captures.marks_of(file).items()}
        try:
            entries = _entries(self.storage, name)
            self._named = {name, *(entry["file"] for entry in entries)}
            for entry in entries:
                if any(there.get(mark) != size for mark, size in entry["captures"].items()):
                    break
                level = Level(self.storage, entry["file"], entry["footer"])
                if (level.bytes, level.rows) != (entry["bytes"], entry["rows"]):
                    raise Damaged(f"{level.name} is not what {name} names")
                self.covered.append(Covered(level, entry["captures"], entry["footer"]))
        except Damaged as exc:
            self.damage = str(exc)
            logger.warning("%s: %s; what is known is read from the captures anew", self.site, exc)
        # A mark that is older than one that a level covers: its rows are not in their turn. So are those of a merged file
        # that a level covers in part.
        while self.covered and (rest := self.rest(captures)):
            first, last = next(iter(captures.marks_of(rest[0]))), list(self.covered[-1].marks)
            if in_order([first, *last])[-1] == first and not set(last) & captures.marks_of(rest[0]).keys():
                break
            self.covered.pop()

    def add(self, run_id: str, marks: dict[str, int], rows: pa.Table, texts: Pairs) -> None:
        """Publish a level of rows that were folded already, and that these marks brought. Raises StorageError."""
        self._publish(run_id, marks, [by_key(rows)], rows.num_rows, texts)

    def build(self, run_id: str, captures: CapturesFiles, names: Sequence[str], renew: Callable[[], None]) -> None:
        """Publish a level made of those of the captures files that follow what is covered, in bounded memory. Raises
        StorageError."""
        marks = {mark: size for name in names for mark, size in captures.marks_of(name).items()}
        with _system_memory(), _Split(self.storage, sum(captures.sizes[name] for name in names)) as split:
            for batch in batches(self.storage, names, CAPTURES, STATE, 100_000):
                split.add(batch)
                renew()
            self._publish(run_id, marks, split.folded(self.levels), split.rows, split.texts())

    def _publish(self, run_id: str, marks: dict[str, int], parts: Iterable[pa.Table], rows: int, texts: Pairs) -> None:
        kept, taken = list(self.covered), list[Covered]()
        while kept and kept[-1].level.rows <= GROWTH * rows:
            taken.insert(0, kept.pop())
            rows += taken[0].level.rows
        levels = [one.level for one in taken]
        covers = {mark: size for one in taken for mark, size in one.marks.items()} | marks
        if levels:
            parts = _merged(levels, parts)
            texts = Pairs.sorted(
                [*((t.first, t.second) for t in (one.texts for one in levels)), (texts.first, texts.second)], once=True
            )
        self._number += 1
        stem = f"{folder_of(self.site)}/{run_id}-{self._number:05d}-{secrets.token_hex(3)}"
        told: dict[str, int] = {}
        self.storage.publish_stream(f"{stem}.state", lambda out: told.update(write(out, parts, texts)))
        level = Level(self.storage, f"{stem}.state", told["footer"])
        self.covered = [*kept, Covered(level, covers, told["footer"])]
        self.storage.publish(f"{stem}.json", _list_of(self.covered))
        self._named = {f"{stem}.json", *(one.level.name for one in self.covered)}
        self.sweep()

    def sweep(self) -> None:
        """Remove the files of snapshots before, and of those whose making was cut off."""
        for name in list(self.storage.files(folder_of(self.site))):
            if name not in self._named:
                self.storage.remove(name)


def _number(name: str) -> int:
    part = name.rsplit("-", 2)[-2:-1]
    return int(part[0]) if part and part[0].isdigit() else 0


def _list_of(covered: Sequence[Covered]) -> bytes:
    levels = [
        {"file": c.level.name, "bytes": c.level.bytes, "rows": c.level.rows, "footer": c.footer, "captures": c.marks}
        for c in covered
    ]
    return json.dumps({"levels": levels, "checksum": _checksum(levels)}, indent=0).encode()


def _checksum(levels: Any) -> int:
    return zlib.crc32(json.dumps(levels).encode())


def _entries(storage: Storage, name: str) -> list[dict[str, Any]]:
    """What a list names. Raises Damaged."""
    try:
        facts = json.loads(storage.read(name))
        if facts["checksum"] != _checksum(facts["levels"]):
            raise ValueError("its checksum does not fit")
        levels: list[dict[str, Any]] = facts["levels"]
    except (StorageError, ValueError, LookupError, TypeError, RecursionError) as exc:
        msg = f"{name} is damaged ({exc})"
        raise Damaged(msg) from exc
    return levels


def fault(storage: Storage, site: str) -> str:
    """What is wrong with the snapshot of a site: damage, or that it says something else than the captures that it covers;
    empty where nothing is. One that lacks captures is only older. Raises StorageError."""
    captures = captures_files(storage, site)
    snapshot = Levels(storage, site, captures)
    if snapshot.damage or not snapshot.covered:
        return snapshot.damage
    rest = set(snapshot.rest(captures))
    files = {name: size for name, size in captures.sizes.items() if name not in rest}
    low, none = 0, ROWS.empty_table()
    with _Split(storage, sum(files.values())) as split:
        for batch in batches(storage, files, CAPTURES, STATE, 100_000):
            split.add(batch)
        for part in split.folded([]):
            high = int(keys_of(part["doc_id"])[-1]) if part.num_rows else low - 1
            if not pa.concat_tables([none, *_between(snapshot.levels, low, high, none)]).equals(part):
                return f"it says something else than the captures of addresses {low:016x}… to {high:016x}…"
            low = high + 1
        if any(part.num_rows for part in _between(snapshot.levels, low, (1 << 64) - 1, none)):
            return "it knows addresses that are in no captures"
        said = Pairs.sorted(((t.first, t.second) for t in (one.texts for one in snapshot.levels)), once=True)
        told = split.texts()
    same = np.array_equal(said.first, told.first) and np.array_equal(said.second, told.second)
    return "" if same else "it names other addresses that first had a text"


@contextmanager
def _system_memory() -> Iterator[None]:
    """Arrow's own pools give large blocks back to the system at once, and get them anew: a third more CPU here."""
    pool = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.system_memory_pool().release_unused()
        pa.set_memory_pool(pool)


# Rows divided by address


class _Split:
    """Rows of captures, divided by address, each part small enough to be folded in memory; in unnamed temporary files where
    they are many. Nothing of it outlives the process."""

    def __init__(self, storage: Storage, size: int) -> None:
        self.rows = 0
        self._folder = storage.path("staging") if storage.local else None
        self._bits = min(_MOST_BITS, max(0, (size // 100 // _PART_ROWS).bit_length()))
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._small: list[pa.Table] = []  # what is not split
        self._files: list[Any] = []
        self._writers: list[Any] = []
        self._texts: list[tuple[Numbers, Numbers]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += len(batch)
        self._held.append(batch)
        self._held_rows += len(batch)
        if self._held_rows >= _SPLIT_ROWS:
            self._put_away()

    def texts(self) -> Pairs:
        """Which address first had a text, after all rows were added."""
        self._put_away()
        pa.default_memory_pool().release_unused()
        found = Pairs.sorted(self._texts, once=True)
        self._texts.clear()
        return found

    def _put_away(self) -> None:
        """Take in what is held, many small batches as one."""
        if not self._held:
            return
        table = pa.Table.from_batches(self._held).combine_chunks()
        self._held, self._held_rows = [], 0
        landed = (
            pc.field("outcome").isin(list(LANDING)) & (pc.field("kind") == "article") & (pc.field("text_hash") != "")
        )
        texts = table.select(["outcome", "kind", "text_hash", "doc_id"]).filter(landed)
        if texts.num_rows:
            self._texts.append((keys_of(texts["text_hash"]), keys_of(texts["doc_id"])))
        if self._bits:
            self._spill(table)
        else:
            self._small.append(table)

    def _spill(self, table: pa.Table) -> None:
        if not self._files:
            for _ in range(1 << self._bits):
                self._files.append(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
                self._writers.append(pa.ipc.new_stream(self._files[-1], table.schema))
        part = (keys_of(table["doc_id"]) >> np.uint64(64 - self._bits)).astype(np.uint8)
        order = np.argsort(part, kind="stable")
        table = table.take(pa.array(order))
        ends = np.searchsorted(part[order], np.arange(1 << self._bits, dtype=np.uint8), "right")
        start = 0
        for writer, end in zip(self._writers, ends.tolist(), strict=True):
            writer.write_table(table.slice(start, end - start))
            start = end

    def folded(self, below: Sequence[Level]) -> Iterator[pa.Table]:
        """The states of the addresses after these rows, sorted, part by part."""
        self._put_away()
        if self._small:
            yield folded(pa.concat_tables(self._small), below)
        for writer, file in zip(self._writers, self._files, strict=True):
            writer.close()
            file.seek(0)
            yield folded(pa.ipc.open_stream(file).read_all(), below)
            file.close()


def _bounds(level: Level, low: int, high: int) -> tuple[int, int]:
    """The rows of a level whose keys lie between two, both included."""
    key = level.columns.key
    ends = np.array([low, high], np.uint64)
    return int(np.searchsorted(key, ends[:1], "left")[0]), int(np.searchsorted(key, ends[1:], "right")[0])


def _merged(levels: Sequence[Level], parts: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The rows of levels, the oldest first, and of parts that are newer, sorted; of an address the newest."""
    low = 0
    for part in parts:
        if not part.num_rows:
            continue
        high = int(keys_of(part["doc_id"].slice(part.num_rows - 1))[0])
        yield from _between(levels, low, high, part)
        low = high + 1
    yield from _between(levels, low, (1 << 64) - 1, ROWS.empty_table())


def _between(levels: Sequence[Level], low: int, high: int, newest: pa.Table) -> Iterator[pa.Table]:
    """``_merged`` of what lies between two keys, in steps that fit into memory."""
    if low > high:
        return
    count = sum(stop - start for start, stop in (_bounds(level, low, high) for level in levels))
    if count > 2 * _PART_ROWS and high - low > 1:
        middle = (low + high) // 2
        mine = (
            int(np.searchsorted(keys_of(newest["doc_id"]), np.array([middle], np.uint64), "right")[0])
            if newest.num_rows
            else 0
        )
        yield from _between(levels, low, middle, newest.slice(0, mine))
        yield from _between(levels, middle + 1, high, newest.slice(mine))
        return
    rows = pa.concat_tables([*(level.table(*_bounds(level, low, high)) for level in levels), newest]).combine_chunks()
    if not rows.num_rows:
        return
    keys = keys_of(rows["doc_id"])
    order = np.argsort(keys, kind="stable")
    newest_of = {}
    if len(np.unique(keys)) == len(keys):
        yield rows.take(pa.array(order))
        return
    for number, doc_id in zip(order.tolist(), rows["doc_id"].take(pa.array(order)).to_pylist(), strict=True):
        newest_of[doc_id] = number
    yield by_key(rows.take(pa.array(sorted(newest_of.values()))))
