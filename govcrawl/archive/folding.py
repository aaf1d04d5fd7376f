"""Rows of captures folded into what is known of their addresses: ``captures.newer`` for whole tables.

The rows of one address lie together, in their order. ``newer`` goes from row to row; here each column asks which row said last
what it holds, for all addresses at once, and the rows that no column asks for are never copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.captures import LASTING, LISTED_HELD, NOTHING_NEW, newer, run_started
from govcrawl.archive.schema import AGAIN, BESIDE, RETRIED, SETTLED, UTC_MS
from govcrawl.archive.snapshot import ROWS, identities_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcrawl.archive.captures import Known
    from govcrawl.archive.snapshot import Bools, Level, Numbers

_READ_AGAIN = ("revision", "text_hash", "form")  # what a second reading says where it made a revision


def stored(levels: Sequence[Level], doc_id: str) -> Known | None:
    """What the newest level that knows an address says of it. Raises Damaged."""
    for level in reversed(levels):
        if (number := level.find(doc_id)) is not None:
            return level.known(number)
    return None


def folded(rows: pa.Table, below: Sequence[Level]) -> pa.Table:
    """What is known of the addresses of rows of captures, which are in order. ``below``: what was known before. Raises
    Damaged."""
    if not len(rows):
        return ROWS.empty_table()
    rows = rows.combine_chunks()
    keys, rests = identities_of(rows["doc_id"])
    order = np.argsort(keys, kind="stable")
    keys, rests = keys[order], rests[order]
    same = keys[1:] == keys[:-1]
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    counts = np.diff(np.append(begins, len(keys)))
    # One by one: of which one key is several addresses, of which something was known, or whose first row is of a second reading.
    odd = _among(rows["outcome"], {AGAIN})[order[begins]]
    odd[np.searchsorted(begins, np.flatnonzero(same & (rests[1:] != rests[:-1])), "right") - 1] = True
    for level in below:
        odd |= level.has(keys[begins])
    if not odd.any():
        return _Groups(rows, order, counts).states()
    one_by_one = np.repeat(odd, counts)
    states = _Groups(rows, order[~one_by_one], counts[~odd]).states()
    others = table_of(_folded_rows(rows.take(pa.array(np.sort(order[one_by_one]))), below))
    return pa.concat_tables([states, others])


def _folded_rows(rows: pa.Table, below: Sequence[Level]) -> Iterable[Known]:
    known: dict[str, Known] = {}
    for row in rows.to_pylist():
        old = known[row["doc_id"]] if row["doc_id"] in known else stored(below, row["doc_id"])
        after = newer(row, old) or old
        assert after is not None
        known[row["doc_id"]] = after
    return known.values()


def first_states(rows: pa.Table) -> pa.Table:
    """What is known of addresses of which nothing was known, after one row of each."""
    started = _started(rows["run_id"])
    settled, landed, full = (
        pa.array(which)
        for which in (_among(rows["outcome"], SETTLED), _bools(pc.is_valid(rows["revision"])), _full(rows))
    )
    made = {
        "asked_at": started,
        "settled_at": _where(settled, started),
        "segment_run": _where(landed, rows["run_id"]),
        "segment_seq": _where(landed, rows["seq"]),
        "missing": pa.repeat(pa.scalar(0, pa.int32()), len(rows)),
        "missing_since": pa.nulls(len(rows), UTC_MS),
        "gone": pa.repeat(pa.scalar(False), len(rows)),
        "listed": _held(rows["listed"]),
        "full_url": _where(full, rows["url"]),
        "full_at": _where(full, rows["fetched_at"]),
        "full_file": _where(full, rows["warc_file"]),
        "full_offset": _where(full, rows["warc_offset"]),
    }
    return pa.table([made.get(name, rows[name] if name not in made else None) for name in ROWS.names], schema=ROWS)


def _where(condition: Any, values: Any) -> Any:
    return pc.if_else(condition, values, pa.scalar(None, values.type))


class _Groups:
    """Rows of addresses of which nothing was known, those of one address after one another; the first of each is no second
    reading. Numbers of rows are places in ``order``."""

    def __init__(self, rows: pa.Table, order: Numbers, counts: Numbers) -> None:
        beside = _among(rows["kind"], BESIDE)[order]
        again = _among(rows["outcome"], {AGAIN})[order]
        group = np.repeat(np.arange(len(counts)), counts)
        # A part says nothing of an article at its address, and what was said before the article's first row nothing of it.
        article = ~beside & ~again
        if beside.any():
            first = np.full(len(counts), len(order))
            np.minimum.at(first, group[article], np.flatnonzero(article))
            first = first[group]
            counts_on = (first == len(order)) | ((np.arange(len(order)) >= first) & (article | again))
            order, again, group = order[counts_on], again[counts_on], group[counts_on]
            counts = np.bincount(group, minlength=len(counts))
        self.rows, self.order = rows, order
        self.visit = ~again
        self.ends = np.cumsum(counts)
        self.begins = self.ends - counts
        self.begin = self.begins[group]  # of each row

    def states(self) -> pa.Table:
        if not len(self.order):
            return ROWS.empty_table()
        outcome, landed = self.rows["outcome"], self.valid("revision")
        nothing_new = self.among(outcome, NOTHING_NEW)
        made = self.plain(self.last(self.visit))
        sayings = {name: self.visit & (self.valid(name) | ~nothing_new) for name in LASTING}
        for name in _READ_AGAIN:
            sayings[name] |= ~self.visit & landed
        sayings["extractor"] |= ~self.visit
        for name, says in sayings.items():
            made[name] = self.take(self.rows[name], self.last(says))
        segment = self.last(landed)
        made["segment_run"] = self.take(self.rows["run_id"], segment)
        made["segment_seq"] = self.take(self.rows["seq"], segment)
        made |= self.settled(self.among(outcome, SETTLED), nothing_new)
        made |= self.missing(sayings["revision"], landed)
        made |= self.full(sayings["payload_digest"])
        listed = self.take(self.rows["listed"], self.last(self.visit & self.valid("listed")))
        made["listed"] = _held(listed)
        return pa.table([made[name] for name in ROWS.names], schema=ROWS)

    def plain(self, last: Numbers) -> dict[str, Any]:
        """What the last visit says, and it alone."""
        plain = [n for n in ROWS.names if n in self.rows.column_names and n not in (*LASTING, "listed")]
        return {name: self.take(self.rows[name], last) for name in plain} | {"asked_at": self.asked(last)}

    def settled(self, settled: Bools, nothing_new: Bools) -> dict[str, Any]:
        """Since the first visit that settled it after the last one that undid that."""
        undone = self.running(self.visit & ~settled & ~nothing_new)
        at = self.first(self.visit & settled, np.maximum(undone[self.ends - 1] + 1, self.begins))
        return {"settled_at": self.asked(at)}

    def missing(self, says: Bools, landed: Bools) -> dict[str, Any]:
        """Visits that did not find a landed article, after the last one that found something."""
        revision = self.running(says)
        was = np.append(False, ((revision >= self.begin) & landed[revision])[:-1])
        was[self.begins] = False
        outcome = self.rows["outcome"]
        missed = self.visit & was & self.among(outcome, {"not_found"})
        retried = self.among(outcome, RETRIED)
        retried[self.begins] = False
        found = self.running(self.visit & ~missed & ~retried)
        since = np.maximum(found[self.ends - 1] + 1, self.begins)
        total = np.append(0, np.cumsum(missed))
        gone = np.append(0, np.cumsum(missed & landed))
        return {
            "missing": pa.array((total[self.ends] - total[since]).astype(np.int32)),
            "missing_since": self.asked(self.first(missed, since)),
            "gone": pa.array(gone[self.ends] > gone[since]),
        }

    def full(self, says: Bools) -> dict[str, Any]:
        """The last full response whose content was another than before."""
        full = self.visit & _full(self.rows)[self.order]
        digest = _codes(self.rows["payload_digest"])[self.order]
        saying = self.running(says)
        digest = np.where(saying >= self.begin, digest[saying], -1)
        changed = np.append(True, digest[1:] != digest[:-1])
        before = np.append(-1, self.running(full)[:-1])
        place = self.last(full & (changed | (before < self.begin)))
        names = {"full_url": "url", "full_at": "fetched_at", "full_file": "warc_file", "full_offset": "warc_offset"}
        return {name: self.take(self.rows[of], place) for name, of in names.items()}

    # Rows that say something

    def among(self, column: Any, names: Iterable[str]) -> Bools:
        return _among(column, names)[self.order]

    def valid(self, name: str) -> Bools:
        return _bools(pc.is_valid(self.rows[name]))[self.order]

    def running(self, which: Bools) -> Numbers:
        """For each row the last one up to it that is true, maybe of an address before; -1 where none is."""
        found: Numbers = np.maximum.accumulate(np.where(which, np.arange(len(which)), -1))
        return found

    def last(self, which: Bools) -> Numbers:
        """For each address its last row that is true, or -1."""
        found = self.running(which)[self.ends - 1]
        return np.where(found >= self.begins, found, -1)

    def first(self, which: Bools, since: Numbers) -> Numbers:
        """For each address its first row that is true, from one on, or -1."""
        places = np.append(np.flatnonzero(which), len(which))
        found = places[np.searchsorted(places, since)]
        return np.where(found < self.ends, found, -1)

    def take(self, column: pa.ChunkedArray, places: Numbers) -> pa.Array:
        missing = places < 0
        return column.take(pa.array(self.order[places], mask=missing if missing.any() else None))

    def asked(self, places: Numbers) -> pa.Array:
        """When the runs of these rows began."""
        return _started(self.take(self.rows["run_id"], places))


def _started(runs: pa.ChunkedArray) -> pa.Array:
    named = _whole(runs).dictionary_encode()
    return pa.array([run_started(run) for run in named.dictionary.to_pylist()], UTC_MS).take(named.indices)


def _held(listed: Any) -> Any:
    """What is held of what a listing stated."""
    return pc.if_else(pc.greater(pc.utf8_length(listed), LISTED_HELD), "", listed)


def _full(rows: pa.Table) -> Bools:
    """Which rows have a full response, recorded."""
    return _bools(
        pc.and_(pc.not_equal(pc.fill_null(rows["warc_file"], ""), ""), pc.equal(pc.fill_null(rows["status"], 0), 200))
    )


def _codes(column: pa.ChunkedArray) -> Numbers:
    """Equal values as equal numbers; null is -1."""
    found: Numbers = pc.fill_null(_whole(column).dictionary_encode().indices, -1).to_numpy()
    return found


def _whole(column: Any) -> pa.Array:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _bools(column: Any) -> Bools:
    found: Bools = _whole(column).to_numpy(zero_copy_only=False)
    return found


def _among(column: Any, names: Iterable[str]) -> Bools:
    return _bools(pc.is_in(column, pa.array(sorted(names), pa.string())))
