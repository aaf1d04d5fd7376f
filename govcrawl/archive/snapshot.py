"""The newest state of many addresses in one immutable file, sorted, so that a look-up reads a few kilobytes of it and a
search over all addresses a few bytes of each.

A file holds, in this order: blocks of up to 256 rows as they came, each an Arrow batch compressed as a whole; arrays of numbers
(``Columns``), one entry for each address, sorted by key, with the place of its row; pairs of keys (which address first had a
text, which address leads to which); a footer in JSON with the place of everything, and its length. Rows that no entry names
count for nothing: to leave them out would cost more than they do. Blocks are read when they are asked for; arrays are
memory-mapped where the file is local. All of it is under checksums, which are looked at before a byte counts.
"""

from __future__ import annotations

import hashlib
import json
import re
import struct
import tempfile
import zlib
from collections import OrderedDict
from copy import copy
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.captures import Known
from govcrawl.archive.schema import UTC_MS
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy.typing as npt

    from govcrawl.archive.storage import Storage

    Bools = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[Any]

FORMAT = 3  # rises when what a file says, or the rules of captures.newer, change: snapshots before it are made anew
BLOCK = 256  # another number is another format
_MAGIC = b"govstate"
_END = struct.Struct("<II8s")  # length and CRC of the footer
_HEX = re.compile(r"[0-9a-f]{16}\Z")
_CODEC = pa.Codec("lz4")  # zstd packs to two thirds of it, and takes twice the CPU both ways
_BLOCKS_HELD = 16
_HELD_BYTES = 1 << 22
_ROWS_READ = 5_000  # at once, of many
_GET, _LANDED, _ALIAS, _FORM = 1, 2, 4, 8

_TYPES: dict[str, Any] = {
    "listed_on": pa.date32(),
    "attempts": pa.int32(),
    "revision": pa.int32(),
    "segment_seq": pa.int32(),
    "missing": pa.int32(),
    "gone": pa.bool_(),
    "bytes": pa.int64(),
    "full_offset": pa.int64(),
    **dict.fromkeys(("asked_at", "settled_at", "missing_since", "full_at"), UTC_MS),
}
_FIELDS = [f.name for f in fields(Known)]
_NAMES = [n for n in _FIELDS if n != "segment"] + ["segment_run", "segment_seq"]
ROWS = pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in _NAMES])


class Damaged(StorageError):
    """A snapshot is not what was written; the message says where, and the remedy."""


class OtherVersion(StorageError):
    """Another version wrote a snapshot, which is no damage."""


# Keys


def key_of(name: str) -> int:
    """The key of a doc_id or a hash in hexadecimal: its last 64 bits; of another name: 64 bits of its own hash."""
    if _HEX.match(name[-16:]):
        return int(name[-16:], 16)
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


_WHOLE = re.compile(r"[0-9a-f]{32}\Z")
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


def keys_of(names: pa.Array | pa.ChunkedArray) -> Numbers:
    """``key_of`` of each name."""
    names = _joined(names)
    words = _words(names, 1)
    return np.array([key_of(name) for name in names.to_pylist()], np.uint64) if words is None else words[:, 0]


def identities_of(names: pa.Array | pa.ChunkedArray) -> tuple[Numbers, Numbers]:
    """Key of each name, and 64 bits more of it: names that share both are the same."""
    names = _joined(names)
    words = _words(names, 2)
    if words is not None:
        return words[:, 1], words[:, 0]
    return keys_of(names), np.array([_rest_of(name) for name in names.to_pylist()], np.uint64)


def _rest_of(name: str) -> int:
    if _WHOLE.match(name):
        return int(name[:16], 16)
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8, person=b"rest").digest(), "big")


def _joined(names: pa.Array | pa.ChunkedArray) -> pa.Array:
    return names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names


def _words(names: pa.Array, count: int) -> Numbers | None:
    """The last so many times 16 characters of each name as numbers, the last one last; where there are two, they are all of it.
    None where not all names are such hexadecimal ones of one length."""
    if not len(names):
        return np.empty((0, count), np.uint64)
    offsets = np.frombuffer(names.buffers()[1], np.int32)[names.offset :][: len(names) + 1]
    length = int(offsets[1] - offsets[0])
    if length < 16 or (count == 2 and length != 32) or not (np.diff(offsets) == length).all():
        return None
    text = np.frombuffer(names.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(len(names), length)
    nibbles = _NIBBLES[text[:, -16 * count :]]
    if (nibbles == 255).any():
        return None
    pairs = (nibbles[:, ::2] << 4) | nibbles[:, 1::2]
    found: Numbers = np.ascontiguousarray(pairs).view(">u8").astype(np.uint64)
    return found


def sorting(keys: Numbers) -> Numbers:
    """The stable order of keys, of which few are alike: numpy sorts faster where it need not be stable."""
    order: Numbers = np.argsort(keys)
    ordered = keys[order]
    alike = ordered[1:] == ordered[:-1]
    if alike.any():
        which = np.flatnonzero(np.append(alike, False) | np.append(False, alike))
        order[which] = order[which][np.lexsort((order[which], ordered[which]))]
    return order


# Rows


def table_of(known: Iterable[Known]) -> pa.Table:
    """Addresses as rows."""
    rows = list(known)
    columns = {name: [getattr(k, name) for k in rows] for name in _FIELDS if name != "segment"}
    columns["segment_run"] = [k.segment and k.segment[0] for k in rows]
    columns["segment_seq"] = [k.segment and k.segment[1] for k in rows]
    return pa.table(columns, schema=ROWS)


def known_of(row: dict[str, Any]) -> Known:
    run, seq = row.pop("segment_run"), row.pop("segment_seq")
    return Known(**row, segment=(run, seq) if run is not None else None)


class _Names:
    """The values of a column that has few, as numbers."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.codes = {name: number for number, name in enumerate(names)}

    def numbers(self, column: pa.ChunkedArray) -> Numbers:
        found = pc.fill_null(column.combine_chunks(), "").dictionary_encode()
        codes = [self.codes.setdefault(name, len(self.codes)) for name in found.dictionary.to_pylist()]
        numbers: Numbers = np.array(codes, np.uint16)[found.indices.to_numpy()]
        return numbers


@dataclass(frozen=True, slots=True)
class Columns:
    """What a search over all addresses looks at, one entry for each. Times in milliseconds of the epoch; ``born``: the
    day in the listing, or when the address was settled or asked."""

    asked_at: Numbers
    born: Numbers
    missing: Numbers
    kinds: Numbers
    outcomes: Numbers
    extractors: Numbers
    flags: Numbers
    names: Mapping[str, _Names]

    @classmethod
    def of(cls, table: pa.Table, names: Mapping[str, _Names] | None = None) -> Columns:
        """The columns of rows; ``names`` goes on from those of rows before."""
        names = names or {n: _Names() for n in ("kind", "outcome", "extractor")}
        asked = table["asked_at"].cast(pa.int64())
        listed = pc.multiply(table["listed_on"].cast(pa.int32()).cast(pa.int64()), 86_400_000)
        born = pc.coalesce(listed, table["settled_at"].cast(pa.int64()), asked)
        flags = (
            _GET * pc.equal(table["method"], "GET").to_numpy().astype(np.uint8)
            + _LANDED * pc.is_valid(table["revision"]).to_numpy().astype(np.uint8)
            + _ALIAS * _stated(table["alias_of"]).astype(np.uint8)
            + _FORM * _stated(table["form"]).astype(np.uint8)
        ).astype(np.uint8)
        kinds, outcomes, extractors = (names[n].numbers(table[n]) for n in ("kind", "outcome", "extractor"))
        missing = table["missing"].to_numpy()
        return cls(asked.to_numpy(), born.to_numpy(), missing, kinds, outcomes, extractors, flags, names)

    def __len__(self) -> int:
        return len(self.asked_at)

    def of_kind(self, kind: str) -> Bools:
        return self._among("kind", self.kinds, {kind}.__contains__)

    def ended(self, outcomes: frozenset[str] | set[str]) -> Bools:
        """Whose newest outcome is one of these."""
        return self._among("outcome", self.outcomes, outcomes.__contains__)

    def read_by(self, fits: Callable[[str], bool]) -> Bools:
        """What an extractor left unread that fits."""
        return self._among("extractor", self.extractors, fits) & self._flag(_FORM)

    @property
    def got(self) -> Bools:
        """Asked with GET."""
        return self._flag(_GET)

    @property
    def landed(self) -> Bools:
        return self._flag(_LANDED)

    @property
    def aliases(self) -> Bools:
        return self._flag(_ALIAS)

    def _flag(self, flag: int) -> Bools:
        return (self.flags & np.uint8(flag)).astype(bool)

    def _among(self, column: str, numbers: Numbers, fits: Callable[[str], bool]) -> Bools:
        return np.isin(numbers, [code for name, code in self.names[column].codes.items() if fits(name)])


def _stated(column: pa.ChunkedArray) -> Bools:
    found: Bools = pc.not_equal(pc.fill_null(column, ""), "").to_numpy()
    return found


_ARRAYS = [f.name for f in fields(Columns) if f.name != "names"]


class Pairs:
    """Pairs of keys, each sorted by the first; of pairs with one first key, the earliest come first."""

    def __init__(self, first: Numbers, second: Numbers) -> None:
        self.first, self.second = first, second

    @classmethod
    def sorted(cls, parts: Iterable[tuple[Numbers, Numbers]], *, once: bool) -> Pairs:
        """``once``: the earliest of each first key alone."""
        given = [(np.empty(0, np.uint64), np.empty(0, np.uint64)), *parts]
        first = np.concatenate([f for f, _ in given])
        second = np.concatenate([s for _, s in given])
        del given  # not held twice
        order = sorting(first)
        first, second = first[order], second[order]
        if once and len(first):
            new = np.concatenate(([True], first[1:] != first[:-1]))
            first, second = first[new], second[new]
        return cls(first, second)

    def at(self, key: int) -> list[int]:
        low, high = np.searchsorted(self.first, np.array([key], np.uint64), "left")[0], 0
        high = int(np.searchsorted(self.first, np.array([key], np.uint64), "right")[0])
        return [int(n) for n in self.second[low:high]]


# Files


class _Out:
    """Writes a snapshot's file, and knows where it is."""

    def __init__(self, out: Any) -> None:
        self.out, self.at = out, 0

    def write(self, data: Any) -> None:
        self.out.write(data)
        self.at += len(data)

    def array(self, values: Numbers) -> list[Any]:
        """Place, type, length and checksum of what was written."""
        self.write(b"\0" * (-self.at % 8))
        place, data = self.at, np.ascontiguousarray(values).view(np.uint8).data
        self.write(data)
        return [place, values.dtype.str, len(values), zlib.crc32(data)]


class Part:
    """Rows to be written, with what identifies their addresses. ``live``: which of them count, where not all do."""

    def __init__(self, rows: pa.Table, live: Bools | None = None) -> None:
        self.rows, self.live = rows, live
        self.key, self.rest = identities_of(rows["doc_id"])

    def with_states(self, rows: pa.Table, live: Bools) -> Part:
        """Other rows of the same addresses."""
        other = copy(self)
        other.rows, other.live = rows, live
        return other

    def of_live(self, values: Numbers) -> Numbers:
        return values if self.live is None else values[self.live]


class Spool:
    """An array that grows, in an unnamed temporary file where it is long: all at once would be half a gigabyte for ten million."""

    def __init__(self, folder: str | None, dtype: Any = np.uint64) -> None:
        self._file = tempfile.SpooledTemporaryFile(_HELD_BYTES, dir=folder)  # noqa: SIM115
        self._dtype = np.dtype(dtype)

    def add(self, values: Numbers) -> None:
        self._dtype = values.dtype
        self._file.write(np.ascontiguousarray(values).view(np.uint8).data)

    def taken(self) -> Numbers:
        """All of it; the file is gone afterwards."""
        with self._file:
            self._file.seek(0)
            return np.frombuffer(self._file.read(), self._dtype)

    def close(self) -> None:
        self._file.close()


def write(out: Any, parts: Iterable[Part], texts: Callable[[], Pairs], folder: str | None = None) -> dict[str, int]:
    """Write rows, each address once among those that count. ``texts`` is asked at the end: which address first had a text.
    ``folder``: for temporary files. Returns number of addresses and checksum of the footer."""
    file = _Out(out)
    names = {n: _Names() for n in ("kind", "outcome", "extractor")}
    spools = {name: Spool(folder) for name in ("key", "rest", "row", *_ARRAYS)}
    try:
        aliases: list[tuple[Numbers, Numbers]] = []
        places: list[tuple[int, int, int]] = []
        for part in parts:
            if not part.rows.num_rows:
                continue
            columns = Columns.of(part.rows, names)
            found = {name: getattr(columns, name) for name in _ARRAYS}
            found |= {"key": part.key, "rest": part.rest, "row": _blocks(file, part.rows, places)}
            for name, values in found.items():
                spools[name].add(part.of_live(values))
            which = columns.aliases if part.live is None else columns.aliases & part.live
            if which.any():
                aliases.append((keys_of(part.rows["alias_of"].filter(pa.array(which))), part.key[which]))
        return _footer(file, spools, names, places, aliases, texts)
    finally:
        for spool in spools.values():
            spool.close()


def _blocks(file: _Out, rows: pa.Table, places: list[tuple[int, int, int]]) -> Numbers:
    """Write rows as blocks, of each of which place, size when unpacked, and checksum are added. Returns where each row is:
    ``BLOCK`` times the number of its block, and its number there."""
    found = []
    for batch in rows.to_batches(BLOCK):
        found.append(len(places) * BLOCK + np.arange(len(batch), dtype=np.uint32))
        raw = batch.serialize()
        packed = _CODEC.compress(raw, asbytes=True)
        places.append((file.at, raw.size, zlib.crc32(packed)))
        file.write(packed)
    return np.concatenate(found).astype(np.uint32)


def _footer(
    file: _Out,
    spools: dict[str, Spool],
    names: dict[str, _Names],
    places: list[tuple[int, int, int]],
    aliases: list[tuple[Numbers, Numbers]],
    texts: Callable[[], Pairs],
) -> dict[str, int]:
    end = file.at
    key = spools.pop("key").taken()
    order = sorting(key)
    arrays = {"key": file.array(key[order])}
    rows = len(key)
    del key
    for name in list(spools):
        arrays[name] = file.array(spools.pop(name).taken()[order])
    del order
    arrays["place"] = file.array(np.array([p[0] for p in places] + [end], np.uint64))
    arrays["unpacked"] = file.array(np.array([p[1] for p in places], np.uint64))
    arrays["checksum"] = file.array(np.array([p[2] for p in places], np.uint64))
    pair = texts()
    arrays["text_first"], arrays["text_second"] = file.array(pair.first), file.array(pair.second)
    pair = Pairs.sorted(aliases, once=False)
    arrays["alias_first"], arrays["alias_second"] = file.array(pair.first), file.array(pair.second)
    facts = {"format": FORMAT, "columns": ROWS.names, "rows": rows, "arrays": arrays}
    facts["names"] = {n: list(v.codes) for n, v in names.items()}
    footer = json.dumps(facts, ensure_ascii=False).encode()
    file.write(footer)
    file.write(_END.pack(len(footer), zlib.crc32(footer), _MAGIC))
    return {"rows": rows, "footer": zlib.crc32(footer)}


class Level:
    """A snapshot's file, open. Raises Damaged where it is not what was written, OtherVersion."""

    def __init__(self, storage: Storage, name: str, footer: int | None = None) -> None:
        self.name = name
        self.owned = False  # whether it may be removed where it is damaged
        self._storage = storage
        self._blocks: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        try:
            self._file = storage.fs.open_input_file(storage.path(name))
            self.bytes = self._file.size()
            facts = self._facts(footer)
            self.rows: int = facts["rows"]
            mapped = pa.memory_map(storage.path(name)) if storage.local else None
            arrays = {n: self._array(mapped, n, *place) for n, place in facts["arrays"].items()}
        except (OSError, ValueError, LookupError, TypeError, struct.error, pa.ArrowException) as exc:
            msg = f"{name} is damaged ({exc})"
            raise Damaged(msg) from exc
        named = {n: _Names(v) for n, v in facts["names"].items()}
        self.columns = Columns(**{n: arrays[n] for n in _ARRAYS}, names=named)
        self.texts = Pairs(arrays["text_first"], arrays["text_second"])
        self._aliases = Pairs(arrays["alias_first"], arrays["alias_second"])
        self.key, self.rest, self._row = arrays["key"], arrays["rest"], arrays["row"]
        self._place, self._unpacked, self._checksum = arrays["place"], arrays["unpacked"], arrays["checksum"]

    def _facts(self, footer: int | None) -> dict[str, Any]:
        length, checksum, magic = _END.unpack(self._file.read_at(_END.size, self.bytes - _END.size))
        if magic != _MAGIC or (footer is not None and checksum != footer):
            raise ValueError("it does not end as a snapshot")
        text = self._file.read_at(length, self.bytes - _END.size - length)
        if zlib.crc32(text) != checksum:
            raise ValueError("its footer is damaged")
        facts: dict[str, Any] = json.loads(text)
        if (facts["format"], facts["columns"]) != (FORMAT, ROWS.names):
            raise OtherVersion(f"another version wrote {self.name}")
        return facts

    def _array(self, mapped: Any, name: str, place: int, dtype: str, length: int, checksum: int) -> Numbers:
        size = length * np.dtype(dtype).itemsize
        if mapped is None:
            data = self._file.read_at(size, place)
            found = zlib.crc32(data)
        else:
            # Read and not looked at through the map: what is mapped and touched counts as memory.
            found = 0
            for start in range(place, place + size, 1 << 20):
                found = zlib.crc32(self._file.read_at(min(1 << 20, place + size - start), start), found)
            mapped.seek(place)
            data = mapped.read_buffer(size)
        if found != checksum:
            raise ValueError(f"its {name} is damaged")
        return np.frombuffer(data, np.dtype(dtype), length)

    def numbers(self, key: int) -> range:
        """The entries with a key."""
        asked = np.array([key], np.uint64)
        low = int(np.searchsorted(self.key, asked, "left")[0])
        high = low
        while high < self.rows and self.key[high] == asked[0]:
            high += 1
        return range(low, high)

    def has(self, keys: Numbers) -> Bools:
        """Which of these keys have an entry."""
        if not self.rows:
            return np.zeros(len(keys), bool)
        found: Bools = self.key[np.minimum(np.searchsorted(self.key, keys), self.rows - 1)] == keys
        return found

    def find(self, doc_id: str) -> int | None:
        """The number of an address's entry."""
        return next((n for n in self.numbers(key_of(doc_id)) if self.doc_id(n) == doc_id), None)

    def known(self, number: int) -> Known:
        block, row = self._row_of(number)  # to_pylist() of one row costs fifty times as much
        return known_of({n: c[row].as_py() for n, c in zip(ROWS.names, block.columns, strict=True)})

    def doc_id(self, number: int) -> str:
        block, row = self._row_of(number)
        return str(block["doc_id"][row].as_py())

    def _row_of(self, number: int) -> tuple[pa.RecordBatch, int]:
        block, row = divmod(int(self._row[number]), BLOCK)
        return self._block(block), row

    def aliases(self, key: int) -> Iterator[str]:
        """doc_ids of the addresses that lead to a key."""
        for other in self._aliases.at(key):
            yield from map(self.doc_id, self.numbers(other))

    def tables(self, which: Bools) -> Iterator[pa.Table]:
        """The rows of these entries, as they lie in the file."""
        places = np.sort(self._row[which])
        for start in range(0, len(places), _ROWS_READ):
            part = places[start : start + _ROWS_READ]
            numbers, begins = np.unique(part // BLOCK, return_index=True)
            rows = []
            for number, inside in zip(numbers.tolist(), np.split(part % BLOCK, begins[1:]), strict=True):
                block = self._block(number)
                rows.append(block if len(inside) == len(block) else block.take(pa.array(inside)))
            yield pa.Table.from_batches(rows).combine_chunks()

    def _block(self, number: int) -> pa.RecordBatch:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        start, end = int(self._place[number]), int(self._place[number + 1])
        try:
            packed = self._file.read_at(end - start, start)
            if zlib.crc32(packed) != self._checksum[number]:
                raise ValueError("a checksum does not fit")
            raw = _CODEC.decompress(packed, decompressed_size=int(self._unpacked[number]))
            batch = pa.ipc.read_record_batch(raw, ROWS)
        except (OSError, ValueError, pa.ArrowException) as exc:
            if self.owned:
                self._storage.remove(self.name)
            done = "it was removed" if self.owned else "remove it"
            msg = (
                f"{self.name} is damaged at byte {start} ({exc}); {done}, the next run makes it anew from the captures"
            )
            raise Damaged(msg) from exc
        self._blocks[number] = batch
        if len(self._blocks) > _BLOCKS_HELD:
            self._blocks.popitem(last=False)
        return batch
