"""When a known article is visited again, and when one that is not found counts as withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from govcrawl.archive.captures import Known

# Government servers answer 404 under load: one that lasts this long is a withdrawal (the rule of archives that watch them).
GONE_VISITS = 3
GONE_DAYS = 14


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
        days = next((every for upto, every in self.steps if age.total_seconds() <= upto * 86400), self.steps[-1][1])
        return timedelta(days=days)

    def due(self, known: Known, now: datetime) -> bool:
        """Whether a landed article is to be visited."""
        if not self.steps or not known.landed or known.alias_of:
            return False
        since = now - known.asked_at
        if known.missing:
            return since >= timedelta(days=GONE_DAYS / (GONE_VISITS - 1))
        born = datetime.combine(known.listed_on, time(), UTC) if known.listed_on else known.settled_at or known.asked_at
        interval = self.interval(now - born)
        return interval is not None and since >= interval


def is_withdrawn(known: Known, now: datetime) -> bool:
    """Whether an article that was just not found again has been so on enough visits for long enough."""
    return (
        known.missing_since is not None
        and known.missing + 1 >= GONE_VISITS
        and now - known.missing_since >= timedelta(days=GONE_DAYS)
    )
