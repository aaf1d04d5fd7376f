"""Sketches of texts: one-permutation MinHash in bands, bottom-k anchors, and the hashes by which containment is measured.

Hashed are a text's character 3-grams. The least hash in each of 64 bins is its one-permutation MinHash (Li, Owen and
Zhang 2012; empty bins borrow from the next one, Shrivastava and Li 2014), whose 16 bands of 4 find whole texts again. The
least hashes of its 8-grams (bottom-k) find excerpts: what two texts share has the same least hashes in both.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GRAM = 3
ANCHOR = 8
BINS = 64
BANDS = 16
ANCHORS = 48
# So many of a text's gram hashes are kept: all of them up to some 500 characters, beyond that a uniform sample.
KEPT = 512
# Changing any of these, or the stripping of texts, makes another index.
VERSION = f"3-grams oph{BINS}/{BANDS} anchors{ANCHOR}/{ANCHORS} kept{KEPT} head text1"

U64 = np.dtype(np.uint64)
Array = np.ndarray[Any, Any]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_BAND_TAG = np.uint64(0xD6E8FEB86659FD93)
_BORROWED = np.uint64(1 << 40)
_MAX_TEXTS = 1 << 12
_MAX_LETTERS = 1 << 18


@dataclass(frozen=True, slots=True)
class Sketches:
    """Of n texts. ``hashes``: their sorted 32-bit gram hashes, one after the other; text i has ``hashes[offsets[i] :
    offsets[i + 1]]``; ``sizes``: how many distinct grams each has; ``keys``: 64-bit index keys (an anchor's is
    even) and ``owners``, the text of each."""

    hashes: Array
    offsets: Array
    sizes: Array
    keys: Array
    owners: Array


def sketch(texts: Sequence[str]) -> Sketches:
    """Sketch texts of letters only (``text.compared``). A text of fewer than 3 letters has no gram and no key."""
    return concatenated([_sketch(part) for part in _portions(texts)])


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts in portions whose arrays stay small, so that a thousand long texts take no more memory than short ones."""
    start = letters = 0
    for n, text in enumerate(texts):
        if n > start and (letters + len(text) > _MAX_LETTERS or n - start >= _MAX_TEXTS):
            yield texts[start:n]
            start, letters = n, 0
        letters += len(text)
    yield texts[start:]


def with_keys(sketches: Sketches, more: Sequence[Sequence[bytes]]) -> Sketches:
    """Sketches whose texts have further keys, each of which alone makes a candidate."""
    owners = np.repeat(np.arange(len(more), dtype=np.uint32), [len(m) for m in more])
    digests = b"".join(hashlib.blake2b(key, digest_size=8).digest() for keys in more for key in keys)
    keys = np.frombuffer(digests, "<u8").astype(U64) | np.uint64(1)
    return replace(
        sketches, keys=np.concatenate([sketches.keys, keys]), owners=np.concatenate([sketches.owners, owners])
    )


def concatenated(parts: Sequence[Sketches]) -> Sketches:
    """The sketches of several lists of texts as those of one list."""
    if len(parts) == 1:
        return parts[0]
    none = np.zeros(0, np.uint64)
    counts, owners, first = [np.zeros(1, np.int64)], [], 0
    for part in parts:
        counts.append(np.diff(part.offsets))
        owners.append(part.owners + np.uint32(first))
        first += len(part.sizes)
    return Sketches(
        np.concatenate([p.hashes for p in parts] or [none.astype(np.uint32)]),
        np.cumsum(np.concatenate(counts)),
        np.concatenate([p.sizes for p in parts] or [none.astype(np.int64)]),
        np.concatenate([p.keys for p in parts] or [none]),
        np.concatenate([*owners, none.astype(np.uint32)]),
    )


def _sketch(texts: Sequence[str]) -> Sketches:
    count = len(texts)
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "replace"), np.uint32).astype(U64)
    lengths = np.fromiter(map(len, texts), np.int64, count)
    text_of = np.repeat(np.arange(count, dtype=np.int64), lengths)
    left = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(codes))  # letters from here to the text's end
    grams, anchors = _grams(codes)
    owner, hashes = _distinct(text_of[: len(grams)], grams, left[: len(grams)] >= GRAM, 32)
    sizes = np.bincount(owner, minlength=count)
    starts = np.cumsum(sizes) - sizes
    kept = np.arange(len(hashes)) - np.repeat(starts, sizes) < KEPT
    offsets = np.concatenate([[0], np.cumsum(np.minimum(sizes, KEPT))])
    band_keys, band_owners = _bands(owner, hashes, sizes)
    anchor_keys, anchor_owners = _anchors(text_of[: len(anchors)], anchors, left[: len(anchors)] >= ANCHOR, count)
    return Sketches(
        hashes[kept].astype(np.uint32),
        offsets.astype(np.int64),
        sizes,
        np.concatenate([band_keys, anchor_keys]),
        np.concatenate([band_owners, anchor_owners]).astype(np.uint32),
    )


def _grams(codes: Array) -> tuple[Array, Array]:
    """Hashes of the 3-grams and of the 8-grams that begin at each place."""

    single = mixed(codes)
    pair = _pairwise(single, single, 1)
    triple = _pairwise(pair, single, 2)
    four = _pairwise(pair, pair, 2)
    eight = _pairwise(four, four, 4)
    return triple, eight


def _pairwise(one: Array, other: Array, step: int) -> Array:
    """Hash of what ``one`` hashes at each place and of what ``other`` hashes ``step`` places on."""
    n = min(len(one), max(len(other) - step, 0))
    with np.errstate(over="ignore"):
        return mixed(one[:n] * _MULTIPLIER + other[step : step + n])


def mixed(values: Array) -> Array:
    """splitmix64's finalizer: 64-bit values spread evenly."""
    with np.errstate(over="ignore"):
        x: Array = values ^ (values >> np.uint64(30))
        x = x * np.uint64(0xBF58476D1CE4E5B9)
        x ^= x >> np.uint64(27)
        x *= np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return x


def _distinct(text_of: Array, hashes: Array, valid: Array, bits: int) -> tuple[Array, Array]:
    """Text and upper bits of the distinct hashes of each text, ascending within it."""
    packed = (text_of[valid].astype(U64) << np.uint64(bits)) | (hashes[valid] >> np.uint64(64 - bits))
    packed.sort()
    if len(packed):
        packed = packed[np.concatenate([[True], packed[1:] != packed[:-1]])]
    return (packed >> np.uint64(bits)).astype(np.int64), packed & np.uint64((1 << bits) - 1)


def _bands(owner: Array, hashes: Array, sizes: Array) -> tuple[Array, Array]:
    bits = 32 - (BINS.bit_length() - 1)
    cell = owner * BINS + (hashes >> np.uint64(bits)).astype(np.int64)
    first = np.flatnonzero(np.concatenate([[True], cell[1:] != cell[:-1]])) if len(cell) else np.zeros(0, np.int64)
    table = np.zeros(len(sizes) * BINS, U64)
    table[cell[first]] = (hashes[first] & np.uint64((1 << bits) - 1)) + np.uint64(1)
    rows = np.flatnonzero(sizes)
    bins: Array = table.reshape(-1, BINS)[rows]
    # An empty bin takes the next full one's value, marked as borrowed.
    while not bins.all():
        bins = np.where(bins == 0, np.roll(np.where(bins == 0, bins, bins | _BORROWED), -1, axis=1), bins)
    bands = bins.reshape(len(rows), BANDS, BINS // BANDS)
    key: Array = np.broadcast_to(np.arange(1, BANDS + 1, dtype=U64) * _BAND_TAG, bands.shape[:2])
    for n in range(BINS // BANDS):
        with np.errstate(over="ignore"):
            key = mixed(key * _MULTIPLIER + bands[:, :, n])
    return key.reshape(-1) | np.uint64(1), np.repeat(rows, BANDS)


def _anchors(text_of: Array, hashes: Array, valid: Array, count: int) -> tuple[Array, Array]:
    bits = 64 - (_MAX_TEXTS.bit_length() - 1)
    owner, distinct = _distinct(text_of, hashes, valid, bits)
    sizes = np.bincount(owner, minlength=count)
    least = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes) < ANCHORS
    return mixed(distinct[least]) & ~np.uint64(1), owner[least]


def shared(one: Array, one_size: int, other: Array, other_size: int) -> tuple[float, float, float]:
    """Share of the first text's grams that the second has, the reverse, and Jaccard similarity; of the kept hashes, by
    what both samples cover."""
    limits = [int(h[-1]) for h, size in ((one, one_size), (other, other_size)) if len(h) < size]
    if limits:
        limit = np.uint32(min(limits))
        one, other = (h[: np.searchsorted(h, limit, side="right")] for h in (one, other))
    if not len(one) or not len(other):
        return 0.0, 0.0, 0.0
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / len(one), both / len(other), both / (len(one) + len(other) - both)


def some(sketches: Sketches, positions: Sequence[int]) -> Sketches:
    """The sketches of the texts at some positions."""
    at = np.array(positions, np.int64)
    counts = np.diff(sketches.offsets)[at]
    ends = np.cumsum(counts)
    flat = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(sketches.offsets[at] - (ends - counts), counts)
    place = np.full(len(sketches.sizes), -1, np.int64)
    place[at] = np.arange(len(at))
    owners = place[sketches.owners]
    mine = owners >= 0
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    return Sketches(
        sketches.hashes[flat], offsets, sketches.sizes[at], sketches.keys[mine], owners[mine].astype(np.uint32)
    )
