"""Rows of captures folded into what is known of their addresses: ``captures.newer`` for whole tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.captures import LASTING, LISTED_HELD, NOTHING_NEW, newer, run_started
from govcrawl.archive.schema import AGAIN, BESIDE, RETRIED, SETTLED, UTC_MS
from govcrawl.archive.snapshot import ROWS, identities_of, known_of, table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from govcrawl.archive.captures import Known
    from govcrawl.archive.snapshot import Bools, Level, Numbers

_FEW = 200  # addresses; so many or fewer cost less one by one than as a table


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
    keys, rests = identities_of(rows["doc_id"])
    order = np.argsort(keys, kind="stable")
    keys, rests = keys[order], rests[order]
    same = keys[1:] == keys[:-1]
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    counts = np.diff(np.append(begins, len(keys)))
    odd = np.zeros(len(begins), bool)  # of which one key is several addresses, or something was known before
    odd[np.searchsorted(begins, np.flatnonzero(same & (rests[1:] != rests[:-1])), "right") - 1] = True
    for level in below:
        odd |= level.has(keys[begins])
    state = _tabled(rows, order, begins[~odd], counts[~odd])
    if not odd.any():
        return state
    one_by_one = rows.take(pa.array(np.sort(order[np.repeat(odd, counts)])))
    return pa.concat_tables([state, table_of(_folded_rows(one_by_one, below))])


def _folded_rows(rows: pa.Table, below: Sequence[Level]) -> Iterable[Known]:
    known: dict[str, Known] = {}
    for row in rows.to_pylist():
        old = known[row["doc_id"]] if row["doc_id"] in known else stored(below, row["doc_id"])
        after = newer(row, old) or old
        assert after is not None
        known[row["doc_id"]] = after
    return known.values()


def _tabled(rows: pa.Table, order: Numbers, begins: Numbers, counts: Numbers) -> pa.Table:
    """The states of addresses of which nothing was known: after the first rows of all at once, then after the second ones of
    those that have them, and so on."""
    if not len(begins):
        return ROWS.empty_table()
    state = first_states(rows.take(pa.array(order[begins])))
    before: list[tuple[pa.Table, Bools]] = []  # states, and those of them that later rows change
    while (more := counts > 1).any():
        before.append((state, more))
        begins, counts = begins[more] + 1, counts[more] - 1
        state = state.filter(pa.array(more))
        if len(begins) <= _FEW:
            rest = [order[begin : begin + count] for begin, count in zip(begins, counts, strict=True)]
            state = _applied(state, rows.take(pa.array(np.concatenate(rest))))
            break
        state = next_states(state, rows.take(pa.array(order[begins])))
    for whole, changed in reversed(before):
        state = _replaced(whole, changed, state)
    return state


def _replaced(state: pa.Table, which: Bools, others: pa.Table) -> pa.Table:
    """A table with other rows in the place of some."""
    mask = pa.array(which)
    columns = [
        pc.replace_with_mask(_whole(column), mask, _whole(other))
        for column, other in zip(state.columns, others.columns, strict=True)
    ]
    return pa.table(columns, schema=ROWS)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _applied(state: pa.Table, rows: pa.Table) -> pa.Table:
    known = {row["doc_id"]: known_of(row) for row in state.to_pylist()}
    for row in rows.to_pylist():
        old = known[row["doc_id"]]
        known[row["doc_id"]] = newer(row, old) or old
    return table_of(known.values())


def first_states(rows: pa.Table) -> pa.Table:
    """What is known of addresses of which nothing was known, after one row of each."""
    asked = rows["run_id"].combine_chunks().dictionary_encode()
    started = pa.array([run_started(run) for run in asked.dictionary.to_pylist()], UTC_MS).take(asked.indices)
    landed, full = pc.is_valid(rows["revision"]), _full(rows)
    made = {
        "asked_at": started,
        "settled_at": _where(_among(rows["outcome"], SETTLED), pa.chunked_array([started])),
        "segment_run": _where(landed, rows["run_id"]),
        "segment_seq": _where(landed, rows["seq"]),
        "missing": pa.repeat(pa.scalar(0, pa.int32()), len(rows)),
        "missing_since": pa.nulls(len(rows), UTC_MS),
        "gone": pa.repeat(pa.scalar(False), len(rows)),
        "listed": pc.if_else(pc.greater(pc.utf8_length(rows["listed"]), LISTED_HELD), "", rows["listed"]),
        "full_url": _where(full, rows["url"]),
        "full_at": _where(full, rows["fetched_at"]),
        "full_file": _where(full, rows["warc_file"]),
        "full_offset": _where(full, rows["warc_offset"]),
    }
    return pa.table([made.get(name, rows[name] if name not in made else None) for name in ROWS.names], schema=ROWS)


def next_states(old: pa.Table, rows: pa.Table) -> pa.Table:
    """What is known of addresses after one further row of each; ``old`` and ``rows`` are of the same ones in their order."""
    alone = first_states(rows)
    visited = _visited(old, rows, alone)
    again = _among(rows["outcome"], {AGAIN})
    beside, was_beside = _among(rows["kind"], BESIDE), _among(old["kind"], BESIDE)
    untold = pc.and_(beside, pc.invert(was_beside))  # a part says nothing of an article at its address
    anew = pc.and_(pc.invert(beside), was_beside)
    reread = {"extractor": rows["extractor"]}
    landed = pc.is_valid(rows["revision"])
    for name in ("revision", "text_hash", "form", "segment_run", "segment_seq"):
        reread[name] = pc.if_else(landed, alone[name], old[name])
    columns = []
    for name in ROWS.names:
        visit = pc.if_else(anew, alone[name], visited.get(name, alone[name]))
        columns.append(pc.if_else(again, reread.get(name, old[name]), pc.if_else(untold, old[name], visit)))
    return pa.table(columns, schema=ROWS)


def _visited(old: pa.Table, rows: pa.Table, alone: pa.Table) -> dict[str, Any]:
    """The columns of addresses that a visit leaves as they were, in part or whole."""
    outcome, asked = rows["outcome"], alone["asked_at"]
    nothing_new, retried = _among(outcome, NOTHING_NEW), _among(outcome, RETRIED)
    made = {name: pc.if_else(nothing_new, pc.coalesce(alone[name], old[name]), alone[name]) for name in LASTING}
    settled = _where(nothing_new, old["settled_at"])
    made["settled_at"] = pc.if_else(_among(outcome, SETTLED), pc.coalesce(old["settled_at"], asked), settled)
    missed = pc.and_(pc.is_valid(old["revision"]), pc.equal(outcome, "not_found"))
    landed = pc.is_valid(rows["revision"])
    for name, counted in (
        ("missing", pc.add(old["missing"], pa.scalar(1, pa.int32()))),
        ("missing_since", pc.coalesce(old["missing_since"], asked)),
        ("gone", pc.or_(old["gone"], landed)),
    ):
        made[name] = pc.if_else(missed, counted, pc.if_else(retried, old[name], alone[name]))
    for name in ("segment_run", "segment_seq"):
        made[name] = pc.if_else(landed, alone[name], old[name])
    digest = made["payload_digest"]
    same = pc.if_else(
        pc.or_(pc.is_null(digest), pc.is_null(old["payload_digest"])),
        pc.and_(pc.is_null(digest), pc.is_null(old["payload_digest"])),
        pc.equal(digest, old["payload_digest"]),
    )
    kept = pc.and_(pc.not_equal(pc.fill_null(old["full_file"], ""), ""), pc.or_(pc.invert(_full(rows)), same))
    for name in ("full_url", "full_at", "full_file", "full_offset"):
        made[name] = pc.if_else(kept, old[name], alone[name])
    made["listed"] = pc.coalesce(alone["listed"], old["listed"])
    return made


def _full(rows: pa.Table) -> Any:
    """Which rows have a full response, recorded."""
    return pc.and_(pc.is_valid(rows["warc_file"]), pc.equal(pc.fill_null(rows["status"], 0), 200))


def _among(column: Any, names: Iterable[str]) -> Any:
    return pc.is_in(column, pa.array(sorted(names), pa.string()))


def _where(condition: Any, values: Any) -> Any:
    return pc.if_else(condition, values, pa.scalar(None, values.type))
