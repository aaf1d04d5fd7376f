"""No input costs more than time in proportion to its size: every pattern of the package, and what reads pages with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.patterns import collect, pumps

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

SMALL = 2_000
FLOOR = 0.0015  # seconds of CPU below which nothing is said: a square of SMALL costs more
GROWTH = 9.0  # four times the input; 4 where linear, 16 where square

PATTERNS = collect()


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def superlinear(work: Callable[[int], object]) -> str | None:
    """What growth of CPU was seen, where it is more than in proportion to the size."""
    for size in (24, 48, SMALL // 10, SMALL):
        first = cpu(lambda size=size: work(size))  # type: ignore[misc]
        if size < SMALL // 10 and first > 100 * FLOOR:
            return f"{size} characters {first * 1e3:.1f} ms"  # grows with a power of two, or worse
        if first < FLOOR or size < SMALL // 10:
            continue
        first = min(first, cpu(lambda size=size: work(size)))  # type: ignore[misc]
        larger = cpu(lambda size=size: work(4 * size))  # type: ignore[misc]
        if larger > GROWTH * max(first, FLOOR / 2):
            larger = min(larger, cpu(lambda size=size: work(4 * size)))  # type: ignore[misc]
            if larger > GROWTH * max(first, FLOOR / 2):
                return f"{size} characters {first * 1e3:.1f} ms, {4 * size} {larger * 1e3:.1f} ms"
    return None


def run(pattern: re.Pattern[str], method: str, text: str) -> None:
    if method == "search":
        for _ in pattern.finditer(text):
            pass
    else:
        getattr(pattern, method)(text)


@pytest.mark.parametrize("where", sorted(PATTERNS))
def test_pattern(where: str) -> None:
    pattern, method = PATTERNS[where]
    slow = []
    for head, unit, tail in pumps(pattern):

        def work(size: int, head: str = head, unit: str = unit, tail: str = tail) -> None:
            run(pattern, method, head + unit * (size // len(unit)) + tail)

        if (found := superlinear(work)) is not None:
            slow.append(f"{head!r} + {unit!r} * n + {tail!r}: {found}")
            break
    assert not slow, f"{where}: {slow[0]}"
