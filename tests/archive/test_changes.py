"""A reader who follows the changes has what the archive's latest view has, whatever happens to both."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from govcrawl.archive.changes.events import KINDS
from tests.archive.days import followed

if TYPE_CHECKING:
    from pathlib import Path


def test_thirty_days_followed(tmp_path: Path) -> None:
    """`python -m tests.archive.days` tries as many seeds as one likes."""
    days, (daily, _, late) = followed(tmp_path, 5)
    assert min(days.done[what] for what in ("repair", "compaction", "kill")) > 0
    told = Counter(event["change"] for event in daily.seen)
    assert told.keys() == KINDS.keys() - {"reextracted"}
    assert len(late.seen) < len(daily.seen)
