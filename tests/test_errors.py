"""What an error about a mistyped name offers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcrawl.errors import nearest

SITES = ("heilongjiang", "hebei", "henan", "hubei", "hunan", "shanxi", "shaanxi", "moe")


@pytest.mark.parametrize(
    ("wrong", "known", "first"),
    [
        ("helongjiang", SITES, "heilongjiang"),
        ("HEBEI", SITES, "hebei"),
        (" hunnan", SITES, "hunan"),
        ("chanel", ("since", "until", "channel"), "channel"),
        ("通知公吿", ("教育要闻", "通知公告"), "通知公告"),
        ("公示", ("教育要闻", "政务公开栏目公示公告"), "政务公开栏目公示公告"),
    ],
)
def test_the_nearest_names_are_offered(wrong: str, known: tuple[str, ...], first: str) -> None:
    assert nearest(wrong, known).startswith(f" (did you mean {first}")


def test_a_slip_of_the_finger_leaves_no_choice() -> None:
    assert nearest("helongjiang", (*SITES, "zhejiang", "chongqing")) == " (did you mean heilongjiang?)"


@pytest.mark.parametrize("wrong", ["atlantis", "", "x", "教"])
def test_nothing_near_is_not_guessed(wrong: str) -> None:
    assert nearest(wrong, (*SITES, "教育要闻")) == ""


@given(st.text(), st.lists(st.text(min_size=1), max_size=8))
def test_only_known_names_are_offered_and_three_at_most(wrong: str, known: list[str]) -> None:
    said = nearest(wrong, known)
    if said:
        near = said.removeprefix(" (did you mean ").removesuffix("?)")
        assert any(near.startswith(name) for name in known)
        assert said.count(" or ") <= 2 + sum(name.count(" or ") for name in known)
