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

from govcrawl.archive import own_files
from govcrawl.archive.captures import STATE, batches, in_order
from govcrawl.archive.folding import first_states, folded
from govcrawl.archive.schema import CAPTURES, LANDING
from govcrawl.archive.segments import captures_files
from govcrawl.archive.snapshot import ROWS, Damaged, Level, OtherVersion, Pairs, Part, Spool, keys_of, write
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

    from govcrawl.archive.segments import CapturesFiles
    from govcrawl.archive.snapshot import Bools, Numbers
    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

GROWTH = 4  # a new level takes in those below it that have at most so many times its rows
_PART_ROWS = 50_000  # rows that are sorted and folded at once
_MOST_BITS = 8
_BATCH_ROWS = 50_000  # rows of captures that are taken in at once
_MOSTLY = 0.7


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
        except OtherVersion as exc:
            logger.info("%s: %s; what is known is read from the captures anew", self.site, exc)
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
        with _system_memory():
            self._publish(run_id, marks, [Part(rows)], rows.num_rows, lambda: texts)

    def build(self, run_id: str, captures: CapturesFiles, names: Sequence[str], renew: Callable[[], None]) -> None:
        """Publish a level made of those of the captures files that follow what is covered, in bounded memory. Raises
        StorageError."""
        marks = {mark: size for name in names for mark, size in captures.marks_of(name).items()}
        with _system_memory(), _Build(self.storage, names, self.levels, renew) as build:
            self._publish(run_id, marks, build.parts(), build.rows, build.texts)

    def _publish(
        self, run_id: str, marks: dict[str, int], parts: Iterable[Part], rows: int, texts: Callable[[], Pairs]
    ) -> None:
        kept, taken = list(self.covered), list[Covered]()
        while kept and kept[-1].level.rows <= GROWTH * rows:
            taken.insert(0, kept.pop())
            rows += taken[0].level.rows
        levels = [one.level for one in taken]
        covers = {mark: size for one in taken for mark, size in one.marks.items()} | marks
        if levels:
            parts = _merged(levels, parts)

        def firsts() -> Pairs:
            every = [*(one.texts for one in levels), texts()]
            return Pairs.sorted(((t.first, t.second) for t in every), once=True) if levels else every[0]

        self._number += 1
        stem = f"{folder_of(self.site)}/{run_id}-{self._number:05d}-{secrets.token_hex(3)}"
        told: dict[str, int] = {}
        folder = _temporary(self.storage)
        self.storage.publish_stream(f"{stem}.state", lambda out: told.update(write(out, parts, firsts, folder)))
        level = Level(self.storage, f"{stem}.state", told["footer"])
        self.covered = [*kept, Covered(level, covers, told["footer"])]
        self.storage.publish(f"{stem}.json", _list_of(self.covered))
        self._named = {f"{stem}.json", *(one.level.name for one in self.covered)}
        self.sweep()

    def sweep(self) -> None:
        """Remove the files of snapshots before, and of those whose making was cut off."""
        for name in list(self.storage.files(folder_of(self.site))):
            if name not in self._named and not name.endswith(own_files.SUFFIX):
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
    bits = _bits(sum(files.values()) // 100)
    with _Texts(storage) as texts, _Split(storage, bits) as split, _Split(storage, bits) as said:
        for batch in batches(storage, files, CAPTURES, STATE, 100_000):
            keys = keys_of(batch["doc_id"])
            texts.add(batch, keys)
            split.add(pa.Table.from_batches([batch]), keys, np.arange(len(keys)))
        for part in _merged(snapshot.levels, []):
            said.add(part.rows, part.key, np.arange(len(part.key)))
        for number, (rows, states) in enumerate(zip(split.parts(), said.parts(), strict=True)):
            told = folded(rows, []) if rows is not None else ROWS.empty_table()
            mine = states if states is not None else ROWS.empty_table()
            if not told.sort_by("doc_id").equals(mine.sort_by("doc_id")):
                more = " of addresses that are in no captures, or" if len(mine) > len(told) else ""
                return f"it says something else{more} than the captures in part {number + 1} of {1 << bits}"
        first = Pairs.sorted(((t.first, t.second) for t in (one.texts for one in snapshot.levels)), once=True)
        told_first = texts.pairs()
    same = np.array_equal(first.first, told_first.first) and np.array_equal(first.second, told_first.second)
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


def _temporary(storage: Storage) -> str | None:
    """The folder of temporary files."""
    return storage.path("staging") if storage.local else None


# A level from captures


class _Build:
    """The states of addresses after the rows of captures files, in bounded memory. Most addresses have one row: what it says
    is written as it comes. The other rows are set aside and folded at the end."""

    def __init__(
        self, storage: Storage, names: Sequence[str], below: Sequence[Level], renew: Callable[[], None]
    ) -> None:
        self._storage, self._names, self._below, self._renew = storage, names, below, renew
        keys = [keys_of(batch["doc_id"]) for batch in batches(storage, names, CAPTURES, ["doc_id"], _BATCH_ROWS)]
        every = np.sort(np.concatenate([*keys, np.empty(0, np.uint64)]))
        self.rows = len(every)
        self._several = _Several(every, below)
        del keys, every
        renew()
        self._texts = _Texts(storage)
        self._split = _Split(storage, _bits(self._several.rows))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._texts.close()
        self._split.close()

    def texts(self) -> Pairs:
        """Which address first had a text, after all parts were taken."""
        return self._texts.pairs()

    def parts(self) -> Iterator[Part]:
        for rows in self._tables():
            part = Part(rows)
            self._texts.add(rows, part.key)
            several = self._several.among(part.key)
            if several.any():
                self._split.add(rows, part.key, np.flatnonzero(several))
            alone = len(rows) - np.count_nonzero(several)
            if alone >= _MOSTLY * len(rows):  # a row that does not count costs less than to copy all others
                yield part.with_states(first_states(rows), ~several)
            elif alone:
                yield Part(first_states(rows.filter(pa.array(~several))))
            self._renew()
        for set_aside in self._split.parts():
            if set_aside is not None:
                yield Part(folded(set_aside, self._below))
                self._renew()

    def _tables(self) -> Iterator[pa.Table]:
        """The rows in their order, the batches of small files as one."""
        held: list[pa.RecordBatch] = []
        for batch in batches(self._storage, self._names, CAPTURES, STATE, _BATCH_ROWS):
            held.append(batch)
            if sum(map(len, held)) >= _BATCH_ROWS:
                yield pa.Table.from_batches(held).combine_chunks()
                held = []
        if held:
            yield pa.Table.from_batches(held).combine_chunks()


class _Several:
    """Keys that several rows have, or a level. It may say so of others too, few of them: each key is looked up by its first
    bits alone, which is quick. ``rows``: how many rows have such a key, about."""

    def __init__(self, keys: Numbers, below: Sequence[Level]) -> None:
        same = keys[1:] == keys[:-1]
        several = np.append(same, False) | np.append(False, same) if len(keys) else np.zeros(0, bool)
        for level in below:
            several |= level.has(keys)
        self.rows = int(np.count_nonzero(several))
        self._shift = np.uint64(64 - max(10, min(27, (8 * self.rows).bit_length())))
        self._table = np.zeros(1 << (64 - int(self._shift)), bool)
        self._table[keys[several] >> self._shift] = True

    def among(self, keys: Numbers) -> Bools:
        found: Bools = self._table[keys >> self._shift]
        return found


class _Texts:
    """Which address first had a text, from rows of captures in their order."""

    def __init__(self, storage: Storage) -> None:
        self._firsts, self._seconds = Spool(_temporary(storage)), Spool(_temporary(storage))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._firsts.close()
        self._seconds.close()

    def add(self, rows: pa.Table | pa.RecordBatch, keys: Numbers) -> None:
        """``keys``: of their addresses."""
        landed = pc.and_(
            pc.and_(pc.is_in(rows["outcome"], pa.array(sorted(LANDING))), pc.equal(rows["kind"], "article")),
            pc.not_equal(pc.fill_null(rows["text_hash"], ""), ""),
        )
        which = landed.to_numpy(zero_copy_only=False) if isinstance(landed, pa.Array) else landed.to_numpy()
        if which.any():
            self._firsts.add(keys_of(rows["text_hash"].filter(landed)))
            self._seconds.add(keys[which])

    def pairs(self) -> Pairs:
        return Pairs.sorted(((self._firsts.taken(), self._seconds.taken()) for _ in range(1)), once=True)


def _bits(rows: int) -> int:
    """Of how many bits of the key parts are made, so that each of so many rows fits into memory."""
    return min(_MOST_BITS, max(0, (rows // _PART_ROWS).bit_length()))


class _Split:
    """Rows, divided by address, each part small enough to be folded in memory; in unnamed temporary files where there are
    several. Nothing of it outlives the process."""

    def __init__(self, storage: Storage, bits: int) -> None:
        self._folder = _temporary(storage)
        self._bits = bits
        self._small: list[pa.Table] = []  # what is not split
        self._files: list[Any] = []
        self._writers: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for file in self._files:
            file.close()

    def add(self, table: pa.Table, keys: Numbers, which: Numbers) -> None:
        """Some rows of a table. ``keys``: of their addresses."""
        if not self._bits:
            self._small.append(table.take(pa.array(which)))
            return
        if not self._files:
            for _ in range(1 << self._bits):
                self._files.append(tempfile.TemporaryFile(dir=self._folder))  # noqa: SIM115
                self._writers.append(pa.ipc.new_stream(self._files[-1], table.schema))
        part = (keys[which] >> np.uint64(64 - self._bits)).astype(np.uint8)
        order = np.argsort(part, kind="stable")
        table = table.take(pa.array(which[order]))
        ends = np.searchsorted(part[order], np.arange(1 << self._bits, dtype=np.uint8), "right")
        start = 0
        for writer, end in zip(self._writers, ends.tolist(), strict=True):
            writer.write_table(table.slice(start, end - start))
            start = end

    def parts(self) -> Iterator[pa.Table | None]:
        """The rows of each part, in the order in which they came; None of one that has none."""
        if not self._files:
            yield pa.concat_tables(self._small) if self._small else None
            yield from [None] * ((1 << self._bits) - 1)
        for writer, file in zip(self._writers, self._files, strict=True):
            writer.close()
            file.seek(0)
            yield pa.ipc.open_stream(file).read_all()
            file.close()


# Levels merged


def _merged(levels: Sequence[Level], parts: Iterable[Part]) -> Iterator[Part]:
    """Parts, and of levels, the oldest first, what nothing newer says anything of."""
    newer = _Identities()
    for part in parts:
        newer.add(part.of_live(part.key), part.of_live(part.rest))
        yield part
    for level in reversed(levels):
        yield from map(Part, level.tables(~newer.have(level.key, level.rest)))
        newer.add(level.key, level.rest)


class _Identities:
    """Addresses by what identifies them."""

    def __init__(self) -> None:
        self._added: list[tuple[Numbers, Numbers]] = []

    def add(self, keys: Numbers, rests: Numbers) -> None:
        self._added.append((keys, rests))

    def have(self, keys: Numbers, rests: Numbers) -> Bools:
        """Which of these are among those added."""
        mine = Pairs.sorted(self._added, once=False)
        self._added = [(mine.first, mine.second)]
        found = np.zeros(len(keys), bool)
        at = np.searchsorted(mine.first, keys)
        more = np.arange(len(keys))  # a key may be that of several addresses
        while len(more := more[at[more] < len(mine.first)]) and len(more := more[mine.first[at[more]] == keys[more]]):
            found[more] |= mine.second[at[more]] == rests[more]
            at[more] += 1
        return found
