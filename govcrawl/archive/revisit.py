"""When a known article is visited again, and when one that is not found counts as withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from datetime import datetime

    from govcrawl.archive.captures import Known
    from govcrawl.archive.snapshot import Bools, Columns, Numbers

# Government servers answer 404 under load: one that lasts this long is a withdrawal (the rule of archives that watch them).
GONE_VISITS = 3
GONE_DAYS = 14
_DAY = 86_400_000.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of (age in days, days between visits), youngest first; older articles follow the last step."""

    steps: tuple[tuple[float, float], ...]

    @classmethod
    def parse(cls, text: str) -> Schedule:
        """``7:1 30:7 365:90 *:365`` visits an article daily for a week, weekly for a month, and so on; empty: never.
        Raises BadArgument."""
        steps = []
        for part in text.split():
            age, _, every = part.partition(":")
            try:
                steps.append((float("inf") if age == "*" else float(age), float(every)))
            except ValueError as exc:
                msg = f"GOVCRAWL_REVISIT={text!r}: {part!r} is no step; write age:interval in days, such as 7:1 30:7 *:365"
                raise BadArgument(msg) from exc
        return cls(tuple(sorted(steps)))

    def interval(self, age: timedelta) -> timedelta | None:
        """Time between two visits of an article of this age."""
        if not self.steps:
            return None
        return timedelta(milliseconds=float(self._intervals(np.array([age.total_seconds() * 1000]))[0]))

    def _intervals(self, ages: Numbers) -> Numbers:
        """The same for ages in milliseconds."""
        upto, every = np.array(self.steps).T * _DAY
        found: Numbers = every[np.minimum(np.searchsorted(upto, ages, "left"), len(every) - 1)]
        return found

    def due(self, known: Columns, now: datetime) -> Bools:
        """Which of these addresses are landed articles that are to be visited."""
        if not self.steps:
            return np.zeros(len(known), bool)
        moment = now.timestamp() * 1000
        since = moment - known.asked_at
        missed = since >= GONE_DAYS / (GONE_VISITS - 1) * _DAY
        turn = since >= self._intervals(moment - known.born)
        return known.landed & ~known.aliases & np.where(known.missing > 0, missed, turn)


def is_withdrawn(known: Known, now: datetime) -> bool:
    """Whether an article that was just not found again has been so on enough visits for long enough."""
    return (
        known.missing_since is not None
        and known.missing + 1 >= GONE_VISITS
        and now - known.missing_since >= timedelta(days=GONE_DAYS)
    )
