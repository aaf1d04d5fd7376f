"""The index of sketches, in files below ``reprints_index/``: what each text's keys lead to, and what each text is.

Two kinds of immutable Arrow files, mapped and not read in: documents in order of their number (ordinal), and runs of keys,
sorted, each with its document's ordinal. Runs are merged as they grow (log-structured), so that few are searched. The
newest manifest names the files that count. All of it is derived: what is missing or damaged is built anew from articles.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from govcrawl.archive.compact import file_name
from govcrawl.archive.storage import StorageError
from govcrawl.reprints.facts import Head
from govcrawl.reprints.sketch import VERSION, Array, Sketches, mixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from govcrawl.archive.storage import Storage

FOLDER = "reprints_index"
# Of the texts that a key leads to, so many are looked at, the earliest: what boilerplate costs is bounded.
PER_KEY = 48
# Of a text's candidates, so many are measured, those of the rarest keys.
PER_TEXT = 32
# A key of a band or of the head alone makes a candidate; of the anchors, which single phrases share too, it takes two.
_ENOUGH = 2
_PART = 1 << 20
# Texts whose candidates, and pairs whose hashes, are held at once.
_ASKED = 1_000
_PAIRS = 1 << 10
_GROWTH = 3
_CACHED = 50_000
_RECENT = 100_000
_HEX = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)
_SMALL = 20_000

_HASHES = pa.list_(pa.field("element", pa.uint32(), nullable=False))
DOCUMENTS = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("revision", pa.int32(), nullable=False),
        pa.field("hashes", _HASHES, nullable=False),
        pa.field("size", pa.int32(), nullable=False),
        pa.field("stated", _HASHES, nullable=False),
        *(
            pa.field(n, pa.string())
            for n in ("title", "first", "doc_number", "site", "site_name", "site_kind", "source")
        ),
        pa.field("published", pa.int64()),  # ms since 1970, of midnight in China where the page states no clock
        pa.field("clock", pa.bool_(), nullable=False),
    ]
)
KEYS = pa.schema([pa.field("key", pa.uint64(), nullable=False), pa.field("ordinal", pa.uint32(), nullable=False)])


@dataclass(frozen=True, slots=True)
class Document:
    """An indexed article. ``published``: ms since 1970; ``day``: days since 1970 in China."""

    ordinal: int
    doc_id: str
    revision: int
    head: Head
    site: str
    site_name: str
    site_kind: str
    source: str
    published: int | None
    clock: bool
    hashes: Array
    size: int

    @property
    def day(self) -> int | None:
        return None if self.published is None else (self.published + 8 * 3_600_000) // 86_400_000


class Pairs(NamedTuple):
    """Texts asked for (``owner``, their position) and documents that share grams with them (``ordinal``): the share of
    the text's grams in the document, the reverse, and Jaccard similarity."""

    owner: Array
    ordinal: Array
    mine: Array
    theirs: Array
    similarity: Array


class _Hits(NamedTuple):
    """Keys that were found: the part of a run, position of the key, where its documents begin in the part, and how many
    of them are taken."""

    part: Array
    key: Array
    first: Array
    taken: Array


class _Run(NamedTuple):
    """A file of keys: its record batches, each with its least and greatest key."""

    name: str
    entries: int
    parts: list[tuple[int, int, Array, Array]]


class _Chunk(NamedTuple):
    name: str
    table: pa.RecordBatch


class Index:
    """Opens what is there; nothing is written before the first ``add``. ``lost``: the index was damaged or of another
    version, and starts empty."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.lost = False
        self._number = 0
        self._chunks: list[_Chunk] = []
        self._runs: list[_Run] = []
        self._listed: list[str] = []
        self._cache: dict[int, Document] = {}
        self._open()
        self._first = np.zeros(0, np.int64)
        self.ids = np.zeros(0, np.uint64)  # by ordinal: the article's key
        self.revisions = np.zeros(0, np.int32)
        self._recent: dict[int, int] = {}
        if self._chunks:
            tables = [c.table for c in self._chunks]
            self.ids = np.concatenate([keys_of(t.column("doc_id")) for t in tables])
            self.revisions = np.concatenate([t.column("revision").to_numpy() for t in tables])
        self._sort()
        self._place()

    def __len__(self) -> int:
        return len(self.ids)

    # Reading

    def find(self, keys: Array) -> Array:
        """Ordinal of what was indexed last of each article, by its key; -1 where nothing was."""
        found = np.full(len(keys), -1, np.int64)
        if len(self._sorted):
            at = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
            found = np.where(self._sorted[at] == keys, self._ordinals[at], -1)
        if self._recent:
            recent = self._recent
            found = np.array([recent.get(k, o) for k, o in zip(keys.tolist(), found.tolist(), strict=True)], np.int64)
        return found

    def revision_of(self, ordinals: Array) -> Array:
        """The revisions of documents; 0 for the ordinal -1."""
        return np.append(self.revisions, np.int32(0))[ordinals]

    def alive(self) -> Array:
        """By ordinal, whether it is what was indexed last of its article."""
        return np.asarray(self.find(self.ids) == np.arange(len(self.ids)))

    def document(self, ordinal: int) -> Document:
        if (known := self._cache.get(ordinal)) is None:
            table, row = self._row(ordinal)
            known = self._remember(ordinal, table.slice(row, 1))
        return known

    def _remember(self, first: int, table: pa.RecordBatch) -> Document:
        """Keep documents at hand, the first of which has this ordinal; that one is returned."""
        if len(self._cache) + len(table) > _CACHED:
            self._cache.clear()
        columns = {name: table.column(name).to_pylist() for name in DOCUMENTS.names if name != "hashes"}
        hashes = table.column("hashes")
        offsets, values = hashes.offsets.to_numpy(), hashes.values.to_numpy()
        for n in range(len(table)):
            row = {name: column[n] for name, column in columns.items()}
            self._cache[first + n] = Document(
                first + n,
                row["doc_id"],
                row["revision"],
                Head(row["doc_number"] or "", row["title"] or "", row["first"] or "", frozenset(row["stated"])),
                row["site"] or "",
                row["site_name"] or "",
                row["site_kind"] or "",
                row["source"] or "",
                row["published"],
                row["clock"],
                values[offsets[n] : offsets[n + 1]],
                row["size"],
            )
        return self._cache[first]

    def doc_id(self, ordinal: int) -> str:
        if (known := self._cache.get(ordinal)) is not None:
            return known.doc_id
        table, row = self._row(ordinal)
        return str(table.column("doc_id")[row])

    def similar(self, asked: Sketches, alive: Array, own: Array, least: float) -> Pairs:
        """The documents that share at least ``least`` of their grams, or of the text's, with each of the texts asked
        for; ``alive`` says by ordinal which count, ``own`` is the ordinal of each text itself."""
        order = np.argsort(asked.keys, kind="stable")
        keys, owners = asked.keys[order], asked.owners[order].astype(np.int64)
        found, hits = self._looked_up(keys)
        parts = [
            Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), *(np.zeros(0) for _ in range(3))),
            *(
                self._confirmed(asked, candidates, least)
                for candidates in self._candidates(keys, owners, found, hits, alive, own)
            ),
        ]
        return Pairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _looked_up(self, keys: Array) -> tuple[Array, _Hits]:
        """How many documents each of some ascending keys leads to, and where the first of them stand in the runs."""
        found = np.zeros(len(keys), np.int64)
        hits: list[_Hits] = []
        for part, (low, high, run_keys, _) in enumerate(self._parts()):
            a = int(np.searchsorted(keys, np.uint64(low), "left"))
            b = int(np.searchsorted(keys, np.uint64(high), "right"))
            left = np.searchsorted(run_keys, keys[a:b], "left")
            there = np.flatnonzero(run_keys[np.minimum(left, len(run_keys) - 1)] == keys[a:b])
            if not len(there):
                continue
            left, which = left[there], there + a
            count = np.searchsorted(run_keys, keys[which], "right") - left
            taken = np.minimum(count, np.maximum(PER_KEY - found[which], 0))
            found[which] += count
            hits.append(_Hits(np.full(len(which), part), which, left, taken))
        if not hits:
            return found, _Hits(*(np.zeros(0, np.int64) for _ in range(4)))
        return found, _Hits(*(np.concatenate(columns) for columns in zip(*hits, strict=True)))

    def _candidates(
        self, keys: Array, owners: Array, found: Array, hits: _Hits, alive: Array, own: Array
    ) -> Iterator[tuple[Array, Array]]:
        """Texts and the ordinals of their candidates, ascending by text; some texts at a time."""
        parts = self._parts()
        order = np.argsort(owners[hits.key], kind="stable")
        hits = _Hits(*(column[order] for column in hits))
        ends = np.searchsorted(owners[hits.key], np.arange(0, len(own), _ASKED))
        for a, b in itertools.pairwise([*ends.tolist(), len(hits.key)]):
            some = _Hits(*(column[a:b] for column in hits))
            pieces: list[tuple[Array, Array]] = []
            for part in np.unique(some.part).tolist():
                mine = np.flatnonzero(some.part == part)
                flat = ranges(some.first[mine], some.taken[mine])
                pieces.append((np.repeat(some.key[mine], some.taken[mine]), parts[part][3][flat].astype(np.int64)))
            if not pieces:
                continue
            key, ordinal = (np.concatenate([p[n] for p in pieces]) for n in (0, 1))
            good = alive[ordinal] & (ordinal != own[owners[key]])
            key, ordinal = key[good], ordinal[good]
            if not len(key):
                continue
            packed = (owners[key] << 32) | ordinal
            order = np.lexsort((key, packed))
            packed, key = packed[order], key[order]
            first = np.flatnonzero(np.concatenate([[True], packed[1:] != packed[:-1]]))
            points = np.add.reduceat(np.where(keys[key] & np.uint64(1), 2, 1), first)
            # Squared, so that the few keys of one case outweigh the many of its template.
            weight = np.add.reduceat(1.0 / found[key] ** 2, first)
            enough = points >= _ENOUGH
            packed, weight = packed[first][enough], weight[enough]
            order = np.lexsort((packed, -weight, packed >> 32))
            packed = packed[order]
            owner = packed >> 32
            sizes = np.bincount(owner, minlength=len(own))
            best = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes) < PER_TEXT
            if best.any():
                yield owner[best], packed[best] & 0xFFFFFFFF

    def _confirmed(self, asked: Sketches, candidates: tuple[Array, Array], least: float) -> Pairs:
        owner, ordinal = candidates
        mine, theirs, similarity = self._measured(asked, owner, ordinal)
        good = np.maximum(mine, theirs) >= least
        return Pairs(owner[good], ordinal[good], mine[good], theirs[good], similarity[good])

    def _parts(self) -> list[tuple[int, int, Array, Array]]:
        return [part for run in self._runs for part in run.parts]

    def _measured(self, asked: Sketches, owner: Array, ordinal: Array) -> tuple[Array, Array, Array]:
        """Of pairs in order of their owners, what ``shared`` says of two."""
        count = len(owner)
        mine, theirs, both = (np.zeros(count, np.int64) for _ in range(3))
        sizes = np.diff(asked.offsets)
        mark = np.repeat(np.arange(len(sizes), dtype=np.uint64) << np.uint64(32), sizes)
        every = mark | asked.hashes  # each text's hashes with its position, ascending
        limits = np.full(len(sizes), 0xFFFFFFFF, np.uint64)
        cut = np.flatnonzero(sizes < asked.sizes)
        limits[cut] = asked.hashes[asked.offsets[cut + 1] - 1]
        where = np.searchsorted(self._first, ordinal, "right") - 1
        for number in np.unique(where).tolist():
            table = self._chunks[number].table
            column = table.column("hashes")
            offsets, values = column.offsets.to_numpy(), column.values.to_numpy()
            whole = table.column("size").to_numpy()
            of_chunk = np.flatnonzero(where == number)
            for first in range(0, len(of_chunk), _PAIRS):
                at = of_chunk[first : first + _PAIRS]
                rows = ordinal[at] - self._first[number]
                starts, ends = offsets[rows].astype(np.int64), offsets[rows + 1].astype(np.int64)
                limit = limits[owner[at]]
                short = np.flatnonzero(ends - starts < whole[rows])
                limit[short] = np.minimum(limit[short], values[ends[short] - 1])
                high = owner[at].astype(np.uint64) << np.uint64(32)
                mine[at] = np.searchsorted(every, high | limit, "right") - asked.offsets[owner[at]]
                hashes, pair = values[ranges(starts, ends - starts)], np.repeat(np.arange(len(at)), ends - starts)
                good = hashes <= limit[pair]
                wanted, pair = high[pair[good]] | hashes[good], pair[good]
                found = np.searchsorted(every, wanted)
                hit = every[np.minimum(found, len(every) - 1)] == wanted
                theirs[at] = np.bincount(pair, minlength=len(at))
                both[at] = np.bincount(pair[hit], minlength=len(at))
        return both / np.maximum(mine, 1), both / np.maximum(theirs, 1), both / np.maximum(mine + theirs - both, 1)

    def _row(self, ordinal: int) -> tuple[pa.RecordBatch, int]:
        number = int(np.searchsorted(self._first, ordinal, "right")) - 1
        return self._chunks[number].table, ordinal - int(self._first[number])

    # Writing

    def add(self, documents: pa.RecordBatch, sketches: Sketches, run_id: str) -> int:
        """Add documents (all columns but their hashes, size) with their sketches, durably. Returns the ordinal of the
        first. Raises StorageError."""
        first = len(self)
        lists = pa.ListArray.from_arrays(
            pa.array(sketches.offsets, pa.int32()), pa.array(sketches.hashes), type=_HASHES
        )
        given = {name: documents.column(name) for name in documents.schema.names}
        given |= {"hashes": lists, "size": pa.array(sketches.sizes, pa.int32())}
        table = pa.RecordBatch.from_arrays([given[n] for n in DOCUMENTS.names], schema=DOCUMENTS)
        order = np.argsort(sketches.keys, kind="stable")
        keys, ordinals = sketches.keys[order], sketches.owners[order].astype(np.uint32) + np.uint32(first)
        self._chunks.append(self._write_chunk([table], run_id))
        self._runs.append(self._write_run([_Run("", len(keys), _parts(keys, ordinals))], run_id))
        while len(self._chunks) > 1 and (
            2 * len(self._chunks[-1].table) >= len(self._chunks[-2].table)
            and len(self._chunks[-1].table) + len(self._chunks[-2].table) <= _SMALL
        ):
            merged = self._write_chunk([c.table for c in self._chunks[-2:]], run_id)
            self._chunks[-2:] = [merged]
        while len(self._runs) > 1 and self._runs[-2].entries < _GROWTH * self._runs[-1].entries:
            self._runs[-2:] = [self._write_run(self._runs[-2:], run_id)]
        self._commit()
        self._count(table)
        self._place()
        self._remember(first, table)
        return first

    def blank(self, ordinals: Sequence[int], run_id: str) -> None:
        """Take the words of documents (title, first sentence, number) and their hashes out of the files."""
        where = np.searchsorted(self._first, np.array(ordinals, np.int64), "right") - 1
        for number in np.unique(where).tolist():
            rows = {o - int(self._first[number]) for o, w in zip(ordinals, where.tolist(), strict=True) if w == number}
            table = self._chunks[number].table
            out = np.array([n in rows for n in range(len(table))])
            if not any(table.column("size")[n].as_py() or table.column("title")[n].is_valid for n in rows):
                continue
            columns = []
            for name in DOCUMENTS.names:
                column = table.column(name)
                if name in ("hashes", "stated"):
                    column = pa.array([[] if o else v.as_py() for o, v in zip(out, column, strict=True)], _HASHES)
                elif name == "size":
                    column = pa.array(np.where(out, 0, column.to_numpy()), pa.int32())
                elif name in ("title", "first", "doc_number", "source"):
                    column = pa.array([None if o else v.as_py() for o, v in zip(out, column, strict=True)], pa.string())
                columns.append(column)
            self._chunks[number] = self._write_chunk([pa.RecordBatch.from_arrays(columns, schema=DOCUMENTS)], run_id)
        for ordinal in ordinals:
            self._cache.pop(ordinal, None)
        self._commit()

    def _write_chunk(self, tables: list[pa.RecordBatch], run_id: str) -> _Chunk:
        name = f"{FOLDER}/documents-{file_name(run_id).removesuffix('.parquet')}.arrow"
        table = pa.Table.from_batches(tables).combine_chunks()
        batch = table.to_batches()[0] if len(table) else pa.RecordBatch.from_pylist([], schema=DOCUMENTS)
        self.storage.publish_stream(name, partial(_write_batches, DOCUMENTS, [batch]))
        return _Chunk(name, self._batches(name)[0])

    def _write_run(self, runs: list[_Run], run_id: str) -> _Run:
        """Runs merged into one, a range of keys at a time; the keys of equal value stay in order of their documents."""
        name = f"{FOLDER}/keys-{file_name(run_id).removesuffix('.parquet')}.arrow"
        self.storage.publish_stream(name, partial(_write_batches, KEYS, _merged(runs)))
        return self._opened_run(name)

    def _commit(self) -> None:
        names = {
            "version": VERSION,
            "documents": [c.name for c in self._chunks],
            "keys": [r.name for r in self._runs],
        }
        self._number += 1
        manifest = f"{FOLDER}/manifest-{self._number:09d}.json"
        self.storage.publish(manifest, json.dumps(names, indent=1).encode())
        now = [*names["documents"], *names["keys"], manifest]
        for name in self._listed:
            if name not in now:
                self.storage.remove(name)
        self._listed = now

    # Opening

    def _open(self) -> None:
        found = list(self.storage.files(FOLDER))
        manifests = [n for n in found if "/manifest-" in n]
        for name in reversed(manifests):
            self._number = max(self._number, int(name.rsplit("-", 1)[-1].removesuffix(".json")))
            try:
                manifest = json.loads(self.storage.read(name))
                if manifest["version"] != VERSION:
                    break
                self._chunks = [_Chunk(n, self._batches(n)[0]) for n in manifest["documents"]]
                self._runs = [self._opened_run(n) for n in manifest["keys"]]
            except (StorageError, ValueError, KeyError, IndexError, TypeError, OSError, pa.ArrowException):
                self._chunks, self._runs = [], []
                break
            self._listed = [name, *manifest["documents"], *manifest["keys"]]
            break
        self.lost = bool(found) and not self._listed

    def sweep(self) -> None:
        """Remove files that no manifest names: a killed run's, or those of an index that cannot be used."""
        for name in list(self.storage.files(FOLDER)):
            if name not in self._listed:
                self.storage.remove(name)

    def _batches(self, name: str) -> list[pa.RecordBatch]:
        path = self.storage.path(name)
        source = pa.memory_map(path) if self.storage.local else self.storage.fs.open_input_file(path)
        file = pa.ipc.open_file(source)
        return [file.get_batch(i) for i in range(file.num_record_batches)]

    def _opened_run(self, name: str) -> _Run:
        parts = []
        for batch in self._batches(name):
            keys = batch.column("key").to_numpy()
            if len(keys):
                parts.append((int(keys[0]), int(keys[-1]), keys, batch.column("ordinal").to_numpy()))
        return _Run(name, sum(len(p[2]) for p in parts), parts)

    def _count(self, table: pa.RecordBatch) -> None:
        first = len(self.ids)
        keys = keys_of(table.column("doc_id"))
        self.ids = np.concatenate([self.ids, keys])
        self.revisions = np.concatenate([self.revisions, table.column("revision").to_numpy()])
        self._recent |= dict(zip(keys.tolist(), range(first, first + len(keys)), strict=True))
        if len(self._recent) > _RECENT:
            self._sort()

    def _sort(self) -> None:
        """Keys in order, each with the ordinal of what came last."""
        self._sorted, last = np.unique(self.ids[::-1], return_index=True)
        self._ordinals = len(self.ids) - 1 - last
        self._recent = {}

    def _place(self) -> None:
        sizes = [len(c.table) for c in self._chunks]
        self._first = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64) if sizes else np.zeros(0, np.int64)


def keys_of(doc_ids: Any) -> Array:
    """Articles' doc_ids (an Arrow array of 32 hex digits each) as 64-bit keys."""
    chunks = doc_ids.chunks if isinstance(doc_ids, pa.ChunkedArray) else [doc_ids]
    return np.concatenate([np.zeros(0, np.uint64), *(_chunk_keys(chunk) for chunk in chunks)])


def _chunk_keys(chunk: pa.Array) -> Array:
    if len(chunk) and not chunk.null_count:
        offsets = np.frombuffer(chunk.buffers()[1], np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        if (np.diff(offsets) == 32).all():
            digits = np.frombuffer(chunk.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
            values = _HEX[digits]
            if (values < 16).all():
                halves = ((values[0::2] << 4) | values[1::2]).view(">u8").astype(np.uint64).reshape(-1, 2)
                return mixed(halves[:, 0]) ^ halves[:, 1]
    return np.concatenate([np.zeros(0, np.uint64), *(_key_of(str(t)) for t in chunk.to_pylist())])


def _key_of(text: str) -> Array:
    """The key of what may be no doc_id."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return keys_of(pa.array([text if re.fullmatch("[0-9a-f]{32}", text) else digest]))


def ranges(starts: Array, counts: Array) -> Array:
    """The indices of ranges, one range after the other."""
    ends = np.cumsum(counts)
    found: Array = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return found


def _parts(keys: Array, ordinals: Array) -> list[tuple[int, int, Array, Array]]:
    return [(int(keys[0]), int(keys[-1]), keys, ordinals)] if len(keys) else []


def _merged(runs: list[_Run]) -> Iterator[pa.RecordBatch]:
    count = max(-(-sum(r.entries for r in runs) // _PART), 1)
    for part in range(count):
        low, high = (part << 64) // count, ((part + 1) << 64) // count - 1
        pieces = [
            (keys[a:b], ordinals[a:b])
            for run in runs
            for least, greatest, keys, ordinals in run.parts
            if least <= high and greatest >= low
            for a in [int(np.searchsorted(keys, np.uint64(low), "left"))]
            for b in [int(np.searchsorted(keys, np.uint64(high), "right"))]
        ]
        if not pieces:
            continue
        keys = np.concatenate([p[0] for p in pieces])
        ordinals = np.concatenate([p[1] for p in pieces])
        if len(pieces) > 1:
            order = np.argsort(keys, kind="stable")
            keys, ordinals = keys[order], ordinals[order]
        yield pa.RecordBatch.from_arrays([pa.array(keys), pa.array(ordinals)], schema=KEYS)


def _write_batches(schema: pa.Schema, batches: Any, out: Any) -> None:
    with pa.ipc.new_file(out, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
