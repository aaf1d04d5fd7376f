"""``scrapy reprints``: group the articles that are new or changed since the last run.

A batch of articles goes into the index first and its rows into ``reprints/`` last: the rows are the mark that it is done.
A kill between the two leaves documents in the index that have no row; the next run groups them as this one would have.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.compact import file_name, new_run_id
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import REPRINTS
from govcrawl.archive.site import encode, segment_of
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.reprints import facts, sketch
from govcrawl.reprints.groups import LEAST_GRAMS, PART, ROLES, SAME, Groups, Link, delay_hours
from govcrawl.reprints.index import DOCUMENTS, Index, keys_of
from govcrawl.reprints.text import compared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from govcrawl.archive.storage import Storage
    from govcrawl.reprints.sketch import Array, Sketches

FOLDER = "reprints"
# Articles of a batch: what a kill makes the next run repeat, and the rows of a file.
BATCH = 10_000
_TASK = 1_000  # articles that one process sketches at a time
_ASKED = 1_000  # articles whose candidates are held at once
_READ = [
    "doc_id", "revision", "title", "text", "doc_number", "site", "site_name", "site_kind", "source", "published_on",
    "published_at",
]  # fmt: skip
_ARTICLE_KEY = ["doc_id", "revision"]


@dataclass(slots=True)
class Grouped:
    """What a run did: articles it grouped, those it indexed again, forgotten ones, and the groups' roles it wrote."""

    articles: int = 0
    indexed: int = 0
    forgotten: int = 0
    merged: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    rebuilt: bool = False


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest row of each article in the archive: its key, revision, file and row in it; in order of file and row."""

    names: list[str]
    ids: Array
    revisions: Array
    files: Array
    rows: Array


@dataclass(frozen=True, slots=True)
class _Known:
    """The newest row of each article in the dataset, by key."""

    ids: Array
    revisions: Array
    table: pa.Table
    last: datetime | None


def group_pending(
    storage: Storage, *, jobs: int = 1, batch: int = BATCH, after: Callable[[Grouped], None] | None = None
) -> Grouped:
    """Group what is new, changed or gone from the archive; a kill at any moment loses no more than the present batch.
    ``jobs``: processes that sketch; ``after`` is called after each batch. Raises Locked, StorageError."""
    done = Grouped()
    run_id = new_run_id(FOLDER)
    storage.prepare()
    lock = SiteLock(storage, FOLDER, run_id)
    lock.acquire()
    with ExitStack() as stack:
        stack.callback(lock.release)
        for name in list(storage.files("staging")):
            if (segment := segment_of(name)) is not None and _own(segment[0]):
                storage.remove(name)
        run = _Run(storage, run_id, done, _sketcher(stack, jobs), batch)
        for _ in run.go():
            lock.renew()
            if after is not None:
                after(done)
    return done


def _own(site: str) -> bool:
    return site in (FOLDER, f"documents-{FOLDER}", f"keys-{FOLDER}")


class _Run:
    def __init__(
        self, storage: Storage, run_id: str, done: Grouped, prepare: Callable[..., Iterator[Prepared]], batch: int
    ) -> None:
        self.storage, self.run_id, self.done, self.prepare, self.batch = storage, run_id, done, prepare, batch
        self.index = Index(storage)
        self.index.sweep()
        self.seq = 0

    def go(self) -> Iterator[None]:
        articles = newest_articles(self.storage)
        known = known_rows(self.storage)
        self.last = known.last
        wanted = ~_holds(known.ids, known.revisions, articles.ids, articles.revisions)
        present = _holds(*_latest(self.index.ids, self.index.revisions), articles.ids, articles.revisions)
        # What was grouped before and is not in the index: an index that is missing is built anew.
        again = np.flatnonzero(~wanted & ~present)
        self.done.rebuilt = bool(len(again))
        for table in self._batches(articles, again):
            self._insert(table)
            self.done.indexed += len(table.documents)
            yield
        self.groups = load(self.index, known)
        self.newest = self.index.newest()
        yield from self._forget(articles, known)
        for table in self._batches(articles, np.flatnonzero(wanted)):
            self._group(table)
            yield

    def _batches(self, articles: _Newest, which: Array) -> Iterator[Prepared]:
        """Prepared articles, ``batch`` at a time."""
        waiting: list[Prepared] = []
        count = 0
        for prepared in self.prepare(_tables(self.storage, articles, which, min(self.batch, _TASK))):
            waiting.append(prepared)
            count += len(prepared.documents)
            if count >= self.batch:
                yield Prepared.of(waiting)
                waiting, count = [], 0
        if waiting:
            yield Prepared.of(waiting)

    def _insert(self, prepared: Prepared) -> Array:
        """Add to the index what it does not have. Returns the ordinals."""
        ids = keys_of(prepared.documents.column("doc_id"))
        revisions = prepared.documents.column("revision").to_numpy()
        newest = {} if not len(self.index) else _ordinals(self.index, ids)
        new = [
            n
            for n, (key, revision) in enumerate(zip(ids.tolist(), revisions.tolist(), strict=True))
            if key not in newest or self.index.revisions[newest[key]] != revision
        ]
        if new:
            some = prepared if len(new) == len(ids) else prepared.some(new)
            first = self.index.add(some.documents, some.sketches, self.run_id)
            newest |= {int(ids[n]): first + k for k, n in enumerate(new)}
        return np.array([newest[key] for key in ids.tolist()], np.int64)

    def _group(self, prepared: Prepared) -> None:
        ids = keys_of(prepared.documents.column("doc_id")).tolist()
        before = {key: self.newest[key] for key in ids if key in self.newest}
        own = self._insert(prepared)
        self.groups.grow()
        rest: list[list[int]] = []
        pending = set(own.tolist())
        for key, ordinal in zip(ids, own.tolist(), strict=True):
            old = before.get(key, ordinal)
            if staying := self.groups.leave(old):
                rest.append(staying)
            if old != ordinal:
                self.groups.alive[old] = False
            self.newest[key] = ordinal
        for members in rest:
            self._regroup([m for m in members if m not in pending and self.groups.alive[m]])
        for first in range(0, len(own), _ASKED):
            some = list(range(first, min(first + _ASKED, len(own))))
            self._place(prepared.sketches if len(some) == len(own) else prepared.some(some).sketches, own[some])
        self.done.articles += len(own)
        self._write()

    def _regroup(self, members: list[int]) -> None:
        """Those that stay of one group, which other members may have left too meanwhile."""
        together: dict[int, list[int]] = {}
        for member in members:
            if self.groups.label[member] != -1:
                together.setdefault(int(self.groups.label[member]), []).append(member)
        for rest in together.values():
            self.groups.regroup(rest)

    def _place(self, asked: Sketches, own: Array) -> None:
        pairs = self.index.similar(asked, self.groups.alive, own, min(SAME, PART))
        links: dict[int, list[Link]] = {}
        for owner, ordinal, mine, theirs, similarity in zip(*(c.tolist() for c in pairs), strict=True):
            links.setdefault(owner, []).append(Link(ordinal, mine, theirs, similarity))
        for n, ordinal in enumerate(own.tolist()):
            near = links.get(n, []) if asked.sizes[n] >= LEAST_GRAMS else []
            self.groups.place(ordinal, [k for k in near if self.groups.label[k.ordinal] != -1])

    def _forget(self, articles: _Newest, known: _Known) -> Iterator[None]:
        """Articles that the archive has no more: the rest of their groups is grouped again, the index loses their words."""
        live = known.table.column("role").to_numpy(zero_copy_only=False) != "forgotten"
        gone = np.flatnonzero(live & ~np.isin(known.ids, articles.ids))
        dead = [self.newest[k] for k in known.ids[gone].tolist() if k in self.newest]
        dead += [o for k, o in self.newest.items() if k not in set(articles.ids.tolist())] if len(gone) else []
        if not len(gone):
            return
        for ordinal in dead:
            rest = self.groups.leave(ordinal)
            self.groups.alive[ordinal] = False
            self._regroup([m for m in rest if m not in dead])
        for parts in self.groups.also.values():
            parts.difference_update(dead)
        rows = [
            row | {"role": "forgotten", "origin_doc_id": row["doc_id"], "origin_from": "none", "similarity": 0.0}
            | {"containment": 0.0, "delay_hours": None, "also": [], "merged_from": None}
            for row in known.table.take(pa.array(gone)).to_pylist()
        ]  # fmt: skip
        self.done.forgotten += len(rows)
        if dead:
            every = np.flatnonzero(np.isin(self.index.ids, self.index.ids[dead]))
            self.index.blank(every.tolist(), self.run_id)
        self._write(rows)
        yield

    def _write(self, more: Iterable[dict[str, Any]] = ()) -> None:
        """The rows that changed, as one file."""
        now = now_ms()
        if self.last is not None and now <= self.last:
            now = self.last + timedelta(milliseconds=1)
        self.last = now
        rows = [*(row | {"grouped_at": now, "run_id": self.run_id} for row in more), *self._rows(now)]
        self.groups.clear()
        if rows:
            self.seq += 1
            table = pa.Table.from_pylist(rows, schema=REPRINTS)
            self.storage.publish(f"{FOLDER}/{file_name(self.run_id, self.seq)}", encode(table))

    def _rows(self, now: datetime) -> Iterator[dict[str, Any]]:
        groups, index = self.groups, self.index
        for ordinal in groups.changed():
            me, origin = index.document(ordinal), index.document(int(groups.origin[ordinal]))
            role, similarity, containment = groups.role(ordinal)
            self.done.roles[ROLES[role]] += 1
            self.done.merged += ordinal in groups.merged_from
            yield {
                "doc_id": me.doc_id,
                "revision": me.revision,
                "group_id": groups.group_id(ordinal),
                "role": ROLES[role],
                "origin_doc_id": origin.doc_id,
                "origin_from": groups.origin_from(ordinal),
                "similarity": similarity,
                "containment": containment,
                "delay_hours": delay_hours(me, origin),
                "also": sorted(index.doc_id(o) for o in groups.also.get(ordinal, ())),
                "merged_from": groups.merged_from.get(ordinal),
                "grouped_at": now,
                "run_id": self.run_id,
            }


# What the archive and the dataset hold


def newest_articles(storage: Storage) -> _Newest:
    """The newest row of each article. Raises StorageError."""
    names = list(storage.files("articles", ".parquet"))
    ids, revisions, files, rows = [], [], [], []
    for number, name in enumerate(names):
        table = _read(storage, name, _ARTICLE_KEY)
        ids.append(keys_of(table.column("doc_id")))
        revisions.append(table.column("revision").to_numpy())
        files.append(np.full(len(table), number, np.int32))
        rows.append(np.arange(len(table), dtype=np.int64))
    every = [np.concatenate(c) if c else np.zeros(0, np.int64) for c in (ids, revisions, files, rows)]
    order = np.lexsort((every[2], every[1], every[0]))
    every = [c[order] for c in every]
    last = np.flatnonzero(np.concatenate([every[0][1:] != every[0][:-1], [True]])) if len(order) else order
    every = [c[last] for c in every]
    order = np.lexsort((every[3], every[2]))
    return _Newest(names, *(c[order] for c in every))


def known_rows(storage: Storage) -> _Known:
    """The newest row of each article in the dataset, ordered by key. Raises StorageError."""
    tables = [_read(storage, name, REPRINTS.names) for name in storage.files(FOLDER, ".parquet")]
    table = pa.concat_tables(tables).combine_chunks() if tables else REPRINTS.empty_table()
    ids = keys_of(table.column("doc_id"))
    times = table.column("grouped_at").cast(pa.int64()).to_numpy()
    order = np.lexsort((times, ids))
    last = order[np.flatnonzero(np.concatenate([ids[order][1:] != ids[order][:-1], [True]]))] if len(ids) else order
    newest = pc.max(table.column("grouped_at")).as_py() if len(table) else None
    table = table.take(pa.array(last, pa.int64()))
    return _Known(ids[last], table.column("revision").to_numpy(), table, newest)


def load(index: Index, known: _Known) -> Groups:
    """The groups as the dataset has them, of the documents that are in the index."""
    alive = np.zeros(len(index), bool)
    ordinals = _ordinals(index, np.unique(index.ids))
    alive[list(ordinals.values())] = True
    groups = Groups(index, np.zeros(0, bool))
    groups.grow()
    groups.alive = alive
    live = [n for n, role in enumerate(known.table.column("role").to_pylist()) if role != "forgotten"]
    table = known.table.take(pa.array(live, pa.int64()))
    mine = [ordinals.get(k, -1) for k in known.ids[live].tolist()]
    named = [ordinals.get(k, -1) for k in keys_of(table.column("group_id")).tolist()]
    origins = [ordinals.get(k, -1) for k in keys_of(table.column("origin_doc_id")).tolist()]
    doc_ids, group_ids = (table.column(c).to_pylist() for c in ("doc_id", "group_id"))
    founders = {g for d, g in zip(doc_ids, group_ids, strict=True) if d == g}
    labels: dict[str, int] = {}
    for ordinal, founder, group_id in zip(mine, named, group_ids, strict=True):
        if ordinal >= 0:
            if group_id not in labels:
                labels[group_id] = founder if founder >= 0 else groups.named(group_id)
                if group_id not in founders:
                    groups.orphaned.add(group_id)
            groups.label[ordinal] = labels[group_id]
    here = np.array([m for m in mine if m >= 0], np.int64)
    groups.origin[here] = [o if o >= 0 else m for m, o in zip(mine, origins, strict=True) if m >= 0]
    if not len(here):
        return groups
    order = here[np.lexsort((here, groups.label[here]))]
    starts = np.flatnonzero(np.concatenate([[True], groups.label[order][1:] != groups.label[order][:-1]]))
    following = np.roll(order, -1)
    following[np.append(starts[1:], len(order)) - 1] = order[starts]
    groups.following[order] = following
    for n, (also, evidence) in enumerate(
        zip(*(table.column(c).to_pylist() for c in ("also", "origin_from")), strict=True)
    ):
        if mine[n] < 0:
            continue
        if also:
            parts = keys_of(pa.array(also)).tolist()
            groups.also[mine[n]] = {ordinals[k] for k in parts if k in ordinals}
        if evidence != "only" and origins[n] == mine[n]:
            groups.evidence[mine[n]] = evidence
    return groups


def _latest(ids: Array, revisions: Array) -> tuple[Array, Array]:
    """Of each key what came last."""
    reverse, first = ids[::-1], revisions[::-1]
    keys, where = np.unique(reverse, return_index=True)
    return keys, first[where]


def _holds(ids: Array, revisions: Array, asked: Array, asked_revisions: Array) -> Array:
    """Which of the asked keys are there with the asked revision; ``ids`` ascend."""
    if not len(ids):
        return np.zeros(len(asked), bool)
    at = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
    held: Array = (ids[at] == asked) & (revisions[at] == asked_revisions)
    return held


def _ordinals(index: Index, keys: Array) -> dict[int, int]:
    """Ordinal of what was indexed last of each of these keys, where something was."""
    at = np.flatnonzero(np.isin(index.ids, keys))
    return dict(zip(index.ids[at].tolist(), at.tolist(), strict=True))


def _tables(storage: Storage, articles: _Newest, which: Array, size: int) -> Iterator[pa.Table]:
    """The articles at some places, ``size`` at a time; each file's row groups are read once."""
    waiting: list[pa.Table] = []
    count = 0
    for number in np.unique(articles.files[which]).tolist():
        name = articles.names[number]
        rows = articles.rows[which[articles.files[which] == number]]
        for table in _rows_of(storage, name, rows):
            waiting.append(table)
            count += len(table)
            while count >= size:
                every = pa.concat_tables(waiting)
                yield every.slice(0, size).combine_chunks()
                waiting = [every.slice(size)]
                count -= size
    if count:
        yield pa.concat_tables(waiting).combine_chunks()


def _rows_of(storage: Storage, name: str, rows: Array) -> Iterator[pa.Table]:
    try:
        file = pq.ParquetFile(storage.path(name), filesystem=storage.fs)
        first = 0
        for number in range(file.num_row_groups):
            count = file.metadata.row_group(number).num_rows
            inside = rows[(rows >= first) & (rows < first + count)] - first
            if len(inside):
                yield file.read_row_group(number, columns=_READ).select(_READ).take(pa.array(inside))
            first += count
    except (OSError, pa.ArrowException) as exc:
        raise _unreadable(storage, name, exc) from exc


def _read(storage: Storage, name: str, columns: list[str]) -> pa.Table:
    try:
        table = pq.read_table(storage.path(name), filesystem=storage.fs, columns=columns, partitioning=None)
        return table.select(columns).combine_chunks()
    except (OSError, KeyError, pa.ArrowException) as exc:
        raise _unreadable(storage, name, exc) from exc


def _unreadable(storage: Storage, name: str, error: Exception) -> StorageError:
    return StorageError(
        f"{name} below {storage.root} is not readable ({error}); run scrapy verify --repair, then again"
    )


# Sketching, in processes of its own


@dataclass(frozen=True, slots=True)
class Prepared:
    """Articles as the index takes them: the columns of ``DOCUMENTS`` but hashes and size, and their sketches."""

    documents: pa.RecordBatch
    sketches: Sketches

    @classmethod
    def of(cls, parts: list[Prepared]) -> Prepared:
        """Several as one."""
        table = pa.Table.from_batches([p.documents for p in parts]).combine_chunks()
        return cls(table.to_batches()[0], sketch.concatenated([p.sketches for p in parts]))

    def some(self, positions: list[int]) -> Prepared:
        """Those at some positions."""
        return Prepared(self.documents.take(pa.array(positions, pa.int64())), sketch.some(self.sketches, positions))


def prepare(table: pa.Table) -> Prepared:
    """What the index takes of articles."""
    titles, texts = (table.column(c).to_pylist() for c in ("title", "text"))
    bodies = [compared(text, title) for text, title in zip(texts, titles, strict=True)]
    columns: dict[str, Any] = {
        name: table.column(name).combine_chunks()
        for name in ("doc_id", "revision", "title", "doc_number", "site", "site_name", "site_kind", "source")
    }
    columns["first"] = pa.array([b.first for b in bodies], pa.string())
    columns["stated"] = pa.array(
        [facts.tokens(f"{title or ''}\n{b.plain}") for b, title in zip(bodies, titles, strict=True)],
        DOCUMENTS.field("stated").type,
    )
    days = table.column("published_on").cast(pa.int32()).cast(pa.int64())
    midnight = pc.subtract(pc.multiply(days, 86_400_000), 8 * 3_600_000)
    stated = table.column("published_at").cast(pa.int64())
    columns["published"] = pc.coalesce(stated, midnight).combine_chunks()
    columns["clock"] = pc.is_valid(stated).combine_chunks()
    schema = pa.schema([f for f in DOCUMENTS if f.name in columns])
    documents = pa.RecordBatch.from_arrays([columns[n].cast(schema.field(n).type) for n in schema.names], schema=schema)
    return Prepared(documents, sketch.sketch([b.letters for b in bodies]))


def _sketcher(stack: ExitStack, jobs: int) -> Callable[[Iterator[pa.Table]], Iterator[Prepared]]:
    if jobs <= 1:
        return lambda tables: map(prepare, tables)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)
    stack.callback(pool.shutdown, cancel_futures=True)

    def run(tables: Iterator[pa.Table]) -> Iterator[Prepared]:
        """In order, a few tables ahead of what is asked for."""
        waiting = deque(pool.submit(prepare, t) for t in islice(tables, 2 * jobs))
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(prepare, t) for t in islice(tables, 1))

    return run


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
