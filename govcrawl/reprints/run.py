"""``scrapy reprints``: group the articles that are new or changed since the last run.

A batch of articles goes into the index first and its rows into ``reprints/`` last: the rows are the mark that it is done.
A kill between the two leaves documents in the index that have no row; the next run groups them as this one would have.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.compact import file_name, new_run_id
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import REPRINTS
from govcrawl.archive.site import encode
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.reprints import facts, sketch
from govcrawl.reprints.groups import EVIDENCE, FORGOTTEN, LEAST_GRAMS, PART, ROLES, SAME, Groups, Link, delay_hours
from govcrawl.reprints.index import DOCUMENTS, Index, keys_of
from govcrawl.reprints.index import FOLDER as INDEX
from govcrawl.reprints.text import compared
from govcrawl.workers.local import Here

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from govcrawl.archive.storage import Storage
    from govcrawl.reprints.sketch import Array, Sketches
    from govcrawl.workers.local import Workers

FOLDER = "reprints"
# Articles of a batch: what a kill makes the next run repeat, and the rows of a file.
BATCH = 10_000
# Names of staged files that a killed run leaves.
_STAGED = (f"{FOLDER}-", f"documents-{FOLDER}-", f"keys-{FOLDER}-", "manifest-")
_TASK = 1_000  # articles that one process sketches at a time
_READ = [
    "doc_id", "revision", "title", "text", "doc_number", "site", "site_name", "site_kind", "source", "published_on",
    "published_at",
]  # fmt: skip
_KNOWN = ["doc_id", "group_id", "origin_doc_id", "revision", "grouped_at", "role", "origin_from", "also"]
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
    """The newest row of each article in the dataset, in order of its key: the article's key, revision, keys of its group
    and origin, role, evidence (-1: ``only``), file and row; what digests contain too, by position; the time of the newest
    row."""

    names: list[str]
    ids: Array
    revisions: Array
    groups: Array
    origins: Array
    roles: Array
    evidence: Array
    files: Array
    rows: Array
    also: dict[int, Array]
    last: datetime | None


def group_pending(
    storage: Storage,
    *,
    workers: Workers | None = None,
    batch: int = BATCH,
    after: Callable[[Grouped], None] | None = None,
) -> Grouped:
    """Group what is new, changed or gone from the archive; a kill at any moment loses no more than the present batch.
    ``workers`` sketch; ``after`` is called after each batch. Raises Locked, StorageError, WorkerDied."""
    done = Grouped()
    run_id = new_run_id(storage, FOLDER)
    storage.prepare()
    lock = SiteLock(storage, FOLDER, run_id)
    lock.acquire()
    with ExitStack() as stack:
        stack.callback(lock.release)
        for name in list(storage.files("staging")):
            if name.rsplit("/", 1)[-1].startswith(_STAGED):
                storage.remove(name)
        run = _Run(storage, run_id, done, _sketcher(workers or Here()), batch)
        for _ in run.go():
            lock.renew()
            if after is not None:
                after(done)
    return done


def forget(storage: Storage, doc_ids: Collection[str]) -> int:
    """Take articles that the archive has no more out of their groups, and the words of these doc_ids out of the index.
    Returns how many were grouped. Raises Locked, StorageError."""
    done = Grouped()
    if not (any(storage.files(FOLDER)) or any(storage.files(INDEX))):
        return 0
    run_id = new_run_id(storage, FOLDER)
    lock = SiteLock(storage, FOLDER, run_id)
    lock.acquire()
    with ExitStack() as stack:
        stack.callback(lock.release)
        for _ in _Run(storage, run_id, done, _sketcher(Here()), BATCH).only_forget(doc_ids):
            lock.renew()
    return done.forgotten


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
        present = self.index.revision_of(self.index.find(articles.ids)) == articles.revisions
        # What was grouped before and is not in the index: an index that is missing is built anew.
        again = np.flatnonzero(~wanted & ~present)
        self.done.rebuilt = bool(len(again))
        for table in self._batches(articles, again):
            self._insert(table)
            self.done.indexed += len(table.documents)
            yield
        self.groups = load(self.storage, self.index, known)
        yield from self._forget(articles, known)
        for table in self._batches(articles, np.flatnonzero(wanted)):
            self._group(table)
            yield

    def only_forget(self, doc_ids: Collection[str]) -> Iterator[None]:
        articles, known = newest_articles(self.storage), known_rows(self.storage)
        self.last = known.last
        self.groups = load(self.storage, self.index, known)
        yield from self._forget(articles, known)
        indexed = self.index.find(keys_of(pa.array(sorted(doc_ids), pa.string())))
        if left := indexed[indexed >= 0].tolist():  # a killed run had indexed them, and left no row
            self.index.blank(left, self.run_id)
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
        ordinals = self.index.find(ids)
        new = np.flatnonzero((ordinals < 0) | (self.index.revision_of(ordinals) != revisions))
        if len(new):
            added = prepared if len(new) == len(ids) else prepared.some(new.tolist())
            ordinals[new] = self.index.add(added.documents, added.sketches, self.run_id) + np.arange(len(new))
        return ordinals

    def _group(self, prepared: Prepared) -> None:
        before = self.index.find(keys_of(prepared.documents.column("doc_id")))
        own = self._insert(prepared)
        self.groups.grow()
        rest: list[list[int]] = []
        pending = set(own.tolist())
        for old, ordinal in zip(before.tolist(), own.tolist(), strict=True):
            if old < 0:
                continue
            if staying := self.groups.leave(old):
                rest.append(staying)
            if old != ordinal:
                self.groups.alive[old] = False
        for members in rest:
            self._regroup([m for m in members if m not in pending and self.groups.alive[m]])
        self._place(prepared.sketches, own)
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
        gone = np.flatnonzero((known.roles != FORGOTTEN) & ~np.isin(known.ids, articles.ids))
        if not len(gone):
            return
        found = self.index.find(known.ids[gone])
        dead = found[found >= 0].tolist()
        for ordinal in dead:
            rest = self.groups.leave(ordinal)
            self.groups.alive[ordinal] = False
            self._regroup([m for m in rest if m not in dead])
        for digest, parts in self.groups.also.items():
            if not parts.isdisjoint(dead):
                parts.difference_update(dead)
                self.groups.touched.add(digest)
        rows = [
            row
            | {"role": ROLES[FORGOTTEN], "origin_doc_id": row["doc_id"], "origin_from": "none", "similarity": 0.0}
            | {"containment": 0.0, "delay_hours": None, "also": [], "merged_from": None}
            for row in _cells(self.storage, known, gone, ["doc_id", "revision", "group_id"])
        ]  # fmt: skip
        self.done.forgotten += len(rows)
        if dead:
            self.index.blank(dead, self.run_id)
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
        table = read(storage, name, _ARTICLE_KEY)
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
    """The newest row of each article in the dataset. Raises StorageError."""
    names = list(storage.files(FOLDER, ".parquet"))
    columns: list[list[Array]] = [[] for _ in range(9)]
    lists: dict[tuple[int, int], Array] = {}
    for number, name in enumerate(names):
        table = read(storage, name, _KNOWN)
        cells = [
            *(keys_of(table.column(n)) for n in ("doc_id", "group_id", "origin_doc_id")),
            table.column("revision").to_numpy(),
            table.column("grouped_at").cast(pa.int64()).to_numpy(),
            pc.index_in(table.column("role"), pa.array(ROLES)).fill_null(0).to_numpy().astype(np.int8),
            pc.index_in(table.column("origin_from"), pa.array(EVIDENCE)).fill_null(-1).to_numpy().astype(np.int8),
            np.full(len(table), number, np.int32),
            np.arange(len(table), dtype=np.int32),
        ]
        for column, cell in zip(columns, cells, strict=True):
            column.append(cell)
        also = table.column("also")
        for row in np.flatnonzero(pc.list_value_length(also).fill_null(0).to_numpy(zero_copy_only=False)).tolist():
            lists[number, row] = keys_of(pa.array(also[row].as_py()))
    ids, groups, origins, revisions, times, roles, evidence, files, rows = (
        np.concatenate(c) if c else np.zeros(0, np.int64) for c in columns
    )
    order = np.lexsort((rows, times, ids))
    last = order[np.concatenate([ids[order][1:] != ids[order][:-1], [True]])] if len(order) else order
    newest = datetime.fromtimestamp(int(times.max()) / 1000, UTC) if len(times) else None
    places = zip(files[last].tolist(), rows[last].tolist(), strict=True)
    also_by_position = {n: lists[place] for n, place in enumerate(places) if place in lists} if lists else {}
    return _Known(
        names,
        ids[last],
        revisions[last],
        groups[last],
        origins[last],
        roles[last],
        evidence[last],
        files[last],
        rows[last],
        also_by_position,
        newest,
    )


def load(storage: Storage, index: Index, known: _Known) -> Groups:
    """The groups as the dataset has them, of the documents that are in the index."""
    groups = Groups(index, np.zeros(0, bool))
    groups.grow()
    groups.alive = index.alive()
    live = known.roles != FORGOTTEN
    mine = np.where(live, index.find(known.ids), -1)
    here = np.flatnonzero(mine >= 0)
    if not len(here):
        return groups
    labels, origins = index.find(known.groups[here]), index.find(known.origins[here])
    mine = mine[here]
    # Names that no document in the index has, and those whose founder is in another group now.
    founded = known.groups[here][known.groups[here] == known.ids[here]]
    strange = np.flatnonzero((labels < 0) | ~np.isin(known.groups[here], founded))
    given: dict[str, int] = {}
    for n, row in zip(strange.tolist(), _cells(storage, known, here[strange], ["group_id"]), strict=True):
        name = row["group_id"]
        groups.orphaned.add(name)
        if labels[n] < 0:
            if name not in given:
                given[name] = groups.named(name)
            labels[n] = given[name]
    groups.label[mine] = labels
    groups.origin[mine] = np.where(origins >= 0, origins, mine)
    order = mine[np.lexsort((mine, labels))]
    ordered = groups.label[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    following = np.roll(order, -1)
    following[np.append(starts[1:], len(order)) - 1] = order[starts]
    groups.following[order] = following
    decided = np.flatnonzero((known.evidence[here] >= 0) & (groups.origin[mine] == mine))
    names = [EVIDENCE[k] for k in known.evidence[here[decided]].tolist()]
    groups.evidence = dict(zip(mine[decided].tolist(), names, strict=True))
    position = {int(p): int(m) for p, m in zip(here, mine, strict=True)} if known.also else {}
    for n, keys in known.also.items():
        if n in position:
            parts = index.find(keys)
            groups.also[position[n]] = set(parts[parts >= 0].tolist())
    return groups


def _cells(storage: Storage, known: _Known, which: Array, columns: list[str]) -> list[dict[str, Any]]:
    """Some columns of the newest rows at some positions."""
    found: dict[int, dict[str, Any]] = {}
    for number in np.unique(known.files[which]).tolist():
        inside = which[known.files[which] == number]
        table = read(storage, known.names[number], columns).take(pa.array(known.rows[inside]))
        found |= dict(zip(inside.tolist(), table.to_pylist(), strict=True))
    return [found[n] for n in which.tolist()]


def _holds(ids: Array, revisions: Array, asked: Array, asked_revisions: Array) -> Array:
    """Which of the asked keys are there with the asked revision; ``ids`` ascend."""
    if not len(ids):
        return np.zeros(len(asked), bool)
    at = np.minimum(np.searchsorted(ids, asked), len(ids) - 1)
    held: Array = (ids[at] == asked) & (revisions[at] == asked_revisions)
    return held


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


def read(storage: Storage, name: str, columns: list[str]) -> pa.Table:
    """Columns of one Parquet file. Raises StorageError."""
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
    heads = [facts.head_keys(title or "", b.first) for title, b in zip(titles, bodies, strict=True)]
    return Prepared(documents, sketch.with_keys(sketch.sketch([b.letters for b in bodies]), heads))


def _sketcher(workers: Workers) -> Callable[[Iterator[pa.Table]], Iterator[Prepared]]:
    return lambda tables: (prepared for _, prepared in workers.map(prepare, tables))
