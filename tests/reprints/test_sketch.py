"""Sketches: what two texts share, whatever they were sketched with."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.reprints.sketch import ANCHORS, BANDS, GRAM, KEPT, Sketches, concatenated, shared, sketch, some
from tests.reprints.planted import synthetic

LETTERS = st.text(st.characters(categories=("Lo", "Nd")), max_size=60)


def of(sketches: Sketches, n: int) -> tuple[list[int], int, set[int]]:
    hashes = sketches.hashes[sketches.offsets[n] : sketches.offsets[n + 1]].tolist()
    return hashes, int(sketches.sizes[n]), set(sketches.keys[sketches.owners == n].tolist())


@given(st.lists(LETTERS, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_text_has_the_same_sketch_alone_and_among_others(texts: list[str]) -> None:
    together = sketch([*texts, "清源省教育厅"])
    for n, text in enumerate(texts):
        assert of(together, n) == of(sketch([text]), 0)


@given(st.lists(LETTERS, min_size=2, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_parts_and_wholes(texts: list[str], data: st.DataObject) -> None:
    whole = sketch(texts)
    joined = concatenated([sketch(texts[:1]), sketch(texts[1:])])
    positions = data.draw(st.lists(st.sampled_from(range(len(texts))), unique=True))
    chosen = some(whole, positions)
    for n in range(len(texts)):
        assert of(joined, n) == of(whole, n)
    for n, position in enumerate(positions):
        assert of(chosen, n) == of(whole, position)


@given(LETTERS, LETTERS)
@settings(max_examples=100, deadline=None)
def test_what_short_texts_share_is_exact(one: str, other: str) -> None:
    a, b = ({t[i : i + GRAM] for i in range(len(t) - GRAM + 1)} for t in (one, other))
    both = sketch([one, other])
    hashes = [both.hashes[both.offsets[n] : both.offsets[n + 1]] for n in (0, 1)]
    found = shared(hashes[0], int(both.sizes[0]), hashes[1], int(both.sizes[1]))
    assert both.sizes.tolist() == [len(a), len(b)]
    if a and b:
        assert np.allclose(found, (len(a & b) / len(a), len(a & b) / len(b), len(a & b) / len(a | b)))
    else:
        assert found == (0.0, 0.0, 0.0)


def test_what_long_texts_share_is_estimated() -> None:
    chance = random.Random(3)
    chars = [chr(0x4E00 + n) for n in range(3000)]
    long = "".join(chance.choices(chars, k=20_000))
    texts = [long, long[5_000:10_000], "".join(chance.choices(chars, k=20_000)), long[:14_000]]
    sketches = sketch(texts)
    pieces = [
        (sketches.hashes[sketches.offsets[n] : sketches.offsets[n + 1]], int(sketches.sizes[n])) for n in range(4)
    ]
    assert all(len(p[0]) == KEPT for p in pieces)
    part, whole, _ = shared(*pieces[1], *pieces[0])
    assert part == 1.0
    assert abs(whole - 0.25) < 0.06
    assert shared(*pieces[2], *pieces[0])[0] < 0.02
    assert shared(*pieces[3], *pieces[0])[0] == 1.0


def test_an_excerpt_shares_anchors_and_an_edited_whole_shares_bands() -> None:
    text = synthetic(1, length=3_000)[0][1].replace("\n", "")
    third, mixed = text[1_000:2_000], "".join(c if n % 25 else "某" for n, c in enumerate(text))
    keys = [of(sketch([t]), 0)[2] for t in (text, third, mixed, synthetic(2)[1][1])]
    assert all(len(k) == BANDS + ANCHORS for k in keys)
    assert sum(not k & 1 for k in keys[0] & keys[1]) >= 5
    assert any(k & 1 for k in keys[0] & keys[2])
    assert len(keys[0] & keys[3]) < len(keys[0] & keys[1]), "of phrases that every notice has"


def test_texts_too_short_to_have_a_gram() -> None:
    sketches = sketch(["", "短", "两字", "三个字"])
    assert sketches.sizes.tolist() == [0, 0, 0, 1]
    assert set(sketches.owners.tolist()) == {3}
    assert sketch([]).sizes.tolist() == []
