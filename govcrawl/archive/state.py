"""What is known of a site's addresses: a snapshot on disk, and in memory what captures have said since."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from govcrawl.archive.captures import newer, read_rows
from govcrawl.archive.folding import stored
from govcrawl.archive.levels import Levels
from govcrawl.archive.schema import LANDING
from govcrawl.archive.segments import captures_files
from govcrawl.archive.snapshot import Columns, Pairs, key_of, table_of
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

    from govcrawl.archive.captures import Known
    from govcrawl.archive.snapshot import Bools, Level
    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

# Captures without a snapshot are read at each start: so much of them costs less than a second.
UNCOVERED_BYTES, UNCOVERED_FILES = 1 << 20, 32
# What a run has added becomes part of the snapshot at its end, or before, so that its memory does not grow.
ADDED_ROWS, HELD_ROWS = 1_000, 20_000


class State:
    """The known addresses of one site by doc_id. Every method raises StorageError where the snapshot is damaged."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = (), snapshot: Levels | None = None) -> None:
        self._snapshot = snapshot
        self._new: dict[str, Known] = {}
        self._texts: dict[str, str] = {}
        self._copies: dict[str, set[str]] = {}
        self._uncovered: dict[str, int] = {}  # marks whose rows are in memory, with their bytes
        for row in rows:
            self.apply(row)

    @classmethod
    def open(cls, storage: Storage, site: str, run_id: str, renew: Callable[[], None]) -> Self:
        """The state of a site, under its lock. What the snapshot lacks is read from the captures, and where that is much,
        the snapshot takes it in. Raises StorageError."""
        captures = captures_files(storage, site)
        snapshot = Levels(storage, site, captures)
        rest = snapshot.rest(captures)
        if sum(captures.sizes[name] for name in rest) > UNCOVERED_BYTES or len(rest) > UNCOVERED_FILES:
            snapshot.build(run_id, captures, rest, renew)
            rest = []
        else:
            snapshot.sweep()
        for level in snapshot.levels:
            level.owned = True
        found = cls(read_rows(storage, rest), snapshot)
        found._uncovered = {mark: size for name in rest for mark, size in captures.marks_of(name).items()}
        return found

    @property
    def _levels(self) -> list[Level]:
        return self._snapshot.levels if self._snapshot is not None else []

    def get(self, doc_id: str) -> Known | None:
        known = self._new.get(doc_id)
        return known if known is not None else stored(self._levels, doc_id)

    def values(self) -> Iterator[Known]:
        """All of them."""
        return self.where(lambda known: np.ones(len(known), bool))

    def where(self, fits: Callable[[Columns], Bools], *, longest_unasked: bool = False) -> Iterator[Known]:
        """The addresses for which ``fits`` is true, in no order, or the longest unasked first."""
        levels, held = self._levels, list(self._new)
        columns = [*(level.columns for level in levels), Columns.of(table_of(self._new.values()))]
        which = [np.flatnonzero(fits(c)) for c in columns]
        places = np.repeat(np.arange(len(which)), [len(w) for w in which])
        numbers = np.concatenate(which)
        if longest_unasked:
            order = np.argsort(
                np.concatenate([c.asked_at[w] for c, w in zip(columns, which, strict=True)]), kind="stable"
            )
            places, numbers = places[order], numbers[order]
        for place, number in zip(places, numbers, strict=True):
            if place == len(levels):
                known = self.get(held[number])
            else:
                known = self._unless_newer(levels, int(place), int(number))
            if known is not None:
                yield known

    def _unless_newer(self, levels: list[Level], place: int, number: int) -> Known | None:
        """A row of a level, where neither a level above nor the memory knows its address."""
        doc_id = levels[place].doc_id(number)
        if doc_id in self._new or any(level.find(doc_id) is not None for level in levels[place + 1 :]):
            return None
        return levels[place].known(number)

    def with_text(self, text_hash: str) -> str | None:
        """doc_id of the first article that landed with this text."""
        key = key_of(text_hash)
        for level in self._levels:
            for first in level.texts.at(key):
                if (doc_id := self._doc_id(first)) is not None:
                    return doc_id
        return self._texts.get(text_hash)

    def _doc_id(self, key: int) -> str | None:
        found = (level.doc_id(n) for level in self._levels for n in level.numbers(key))
        return next(found, None)

    def other_addresses(self, doc_id: str) -> set[str]:
        """doc_ids of the addresses that lead to an article or repeat it."""
        key = key_of(doc_id)
        found = self._copies.get(doc_id, set()).union(*(level.aliases(key) for level in self._levels))
        return {other for other in found if (known := self.get(other)) is not None and known.alias_of == doc_id}

    def resolve(self, doc_id: str) -> Known | None:
        """The address that an alias leads to, over at most a few steps."""
        known = self.get(doc_id)
        for _ in range(8):
            if known is None or known.outcome != "alias" or known.alias_of is None:
                break
            known = self.get(known.alias_of)
        return known

    def apply(self, row: Mapping[str, Any]) -> None:
        """Take in a row newer than those before it."""
        new = newer(row, self.get(row["doc_id"]))
        if new is None:
            return
        self._new[new.doc_id] = new
        if new.alias_of:
            self._copies.setdefault(new.alias_of, set()).add(new.doc_id)
        text = row.get("text_hash") if row["outcome"] in LANDING and row["kind"] == "article" else None
        if text and not self.with_text(text):
            self._texts[text] = new.doc_id

    # The snapshot

    def committed(self, name: str, size: int, run_id: str) -> None:
        """Say that all rows applied are in captures files, the newest of which is this one."""
        self._uncovered[name] = size
        if len(self._new) >= HELD_ROWS:
            self._try_to_keep(run_id)

    def ended(self, run_id: str) -> None:
        """Say that a run is over, all of its rows committed."""
        if len(self._new) >= ADDED_ROWS or len(self._uncovered) > UNCOVERED_FILES:
            self._try_to_keep(run_id)

    def _try_to_keep(self, run_id: str) -> None:
        """What a run does whose rows are committed: where the snapshot fails, the captures tell the same."""
        try:
            self.keep(run_id)
        except StorageError as exc:
            logger.warning(
                "The snapshot of what is known could not be written, the next run reads captures instead: %s", exc
            )

    def keep(self, run_id: str) -> None:
        """Make what is in memory part of the snapshot. Raises StorageError."""
        if self._snapshot is None or not self._uncovered:
            return
        firsts = [(key_of(text), key_of(doc_id)) for text, doc_id in self._texts.items()]
        pairs = np.array(firsts, np.uint64).reshape(-1, 2)
        texts = Pairs.sorted([(pairs[:, 0], pairs[:, 1])], once=True)
        self._snapshot.add(run_id, self._uncovered, table_of(self._new.values()), texts)
        for level in self._snapshot.levels:
            level.owned = True
        self._new, self._texts, self._copies, self._uncovered = {}, {}, {}, {}
