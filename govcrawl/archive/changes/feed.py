"""The changes since a reader's position, in commit order, each once.

Nothing is kept for it: changes are what the committed rows of articles say, each against the revision before it. Only files
named by a run after the position are opened, and of older ones those in which the revisions before lie. Rows older than the
position in newer files were moved there by a compaction and are no change; what a repair put back or wrote off is named in
the mark of its segment.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive import forgotten, segments
from govcrawl.archive.changes import gathering
from govcrawl.archive.changes.events import ROW, Event, change, taken_out
from govcrawl.archive.changes.gathering import Rewritten, begun_first, gather, read_columns
from govcrawl.archive.changes.news import Wanted, listing, news, position_of
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import partition_of
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from govcrawl.archive.changes.news import News
    from govcrawl.archive.changes.positions import Cursor, Position
    from govcrawl.archive.storage import Storage

_TRIES = 10

Ordered = tuple[tuple[Any, ...], Event]


class Changes:
    """The changes, each a mapping with the columns of EVENTS, and the ``cursor`` at their end. To be entered: that reads all
    that is needed, so that nothing which happens to the archive meanwhile matters. Raises Outdated, BadArgument,
    StorageError."""

    def __init__(self, storage: Storage, wanted: Wanted | None = None, *, bucket_rows: int = 10_000) -> None:
        self.storage = storage
        self.wanted = wanted or Wanted()
        self.cursor: Cursor = {}
        self._bucket_rows = bucket_rows

    def __enter__(self) -> Self:
        for tries in range(_TRIES):
            there = listing(self.storage)
            sites = news(there, self.wanted, self.storage.root)
            try:
                self._extra = sorted(self._beside_rows(sites), key=lambda one: one[0])
                self._rows = gather(self.storage, sites, self._forgotten, self._bucket_rows)
            except Rewritten:
                continue
            # What was rewritten while it was listed could be missing from both its old and its new file.
            if listing(self.storage) == there or tries == _TRIES - 1:
                ends = {site.site: site.end for site in sites if site.end is not None}
                self.cursor = self.wanted.cursor | ends
                return self
            self._rows.close()
        msg = f"the files of {self.storage.root} change while they are read; try again when nothing compacts them"
        raise StorageError(msg)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    def __iter__(self) -> Iterator[Event]:
        merged = heapq.merge(self._of_rows(), self._extra, key=lambda one: one[0])
        for number, (_, event) in enumerate(merged, 1):
            yield {"number": number} | event

    def _of_rows(self) -> Iterator[Ordered]:
        for table in self._rows.tables():
            before: dict[int, dict[str, Any]] = {}
            now: dict[int, dict[str, Any]] = {}
            for batch in table.to_batches(max_chunksize=1000):
                for row in batch.to_pylist():
                    (before if row["earlier"] else now)[row["rank"]] = row
            for rank, row in now.items():
                event = change(row, before.get(rank), followed=row["followed"])
                if event is not None:
                    yield (*begun_first(row["run_id"]), row["seq"], row["doc_id"], row["revision"]), event

    # What is no row

    def _beside_rows(self, sites: Iterable[News]) -> Iterator[Ordered]:
        """What was forgotten, and what repairs changed of what a reader has."""
        self._forgotten: set[str] = set()
        for site in sites:
            for position, name in sorted(site.stones.items()):
                for stone in forgotten.read(self.storage, name):
                    self._forgotten.add(stone.doc_id)
                    if site.holds(position) and (stone.kind == "article" or stone.landed):
                        event = taken_out("forgotten", site.site, stone.doc_id, position, at=stone.forgotten_at)
                        yield _order(position, stone.doc_id), event
            if site.since.run and site.since.seq >= 0:
                yield from self._repaired(site)

    def _repaired(self, site: News) -> Iterator[Ordered]:
        """The articles that marks name as repaired, but for those whose newest row is a change of its own."""
        named: dict[str, Position] = {}
        for name in dict.fromkeys(name for position, name in sorted(site.marks.items()) if site.holds(position)):
            for position, documents in repaired_by(self.storage, name).items():
                if site.holds(position):
                    named |= dict.fromkeys(documents - self._forgotten, position)
        if not named:
            return
        rows = self._newest(site, set(named), max(named.values()))
        for doc_id, position in named.items():
            row = rows.get(doc_id)
            facts: dict[str, Any] = {}
            if row is not None:
                if (row["run_id"], row["seq"]) > site.since:
                    continue
                facts = {"revision": row["revision"], "after": row if row["status"] == "live" else None}
            yield _order(position, doc_id), taken_out("repaired", site.site, doc_id, position, **facts)

    def _newest(self, site: News, documents: set[str], upto: Position) -> dict[str, dict[str, Any]]:
        """The newest rows of articles as they were committed up to a position."""
        newest: dict[str, tuple[int, str]] = {}
        wanted = pa.array(sorted(documents))
        for name in site.files:
            table = read_columns(self.storage, name, ["doc_id", "revision", "run_id", "seq"])
            for row in table.filter(pc.is_in(table["doc_id"], wanted)).to_pylist():
                if (row["run_id"], row["seq"]) <= upto and row["revision"] > newest.get(row["doc_id"], (0, ""))[0]:
                    newest[row["doc_id"]] = (row["revision"], name)
        found: dict[str, dict[str, Any]] = {}
        for name in sorted({name for _, name in newest.values()}, key=position_of):
            table = read_columns(self.storage, name, ARTICLES.names)
            for row in table.filter(pc.is_in(table["doc_id"], wanted)).to_pylist():
                if newest[row["doc_id"]] == (row["revision"], name):
                    whole = row | partition_of(name)
                    found[row["doc_id"]] = {column: whole[column] for column in ROW}
        return found


def repaired_by(storage: Storage, name: str) -> dict[Position, set[str]]:
    """The doc_ids that the marks in a captures file name as repaired, in their order. Raises Rewritten, StorageError."""
    try:
        found = segments.repaired_by(storage, name)
    except (StorageError, ValueError) as exc:
        raise gathering.lost(storage, name, exc) from exc
    return {position_of(mark): set(documents) for mark, documents in found.items()}


def _order(position: Position, doc_id: str) -> tuple[Any, ...]:
    return (*begun_first(position.run), position.seq, doc_id, 0)
