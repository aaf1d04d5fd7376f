"""Days on which Chinese offices publish: no weekends, no public holidays, not the golden weeks around two of them."""

from __future__ import annotations

from datetime import date, timedelta, timezone
from functools import cache, lru_cache

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
# The first holiday of a golden week, and the days around it that are off in most years.
_GOLDEN_WEEKS = {"Chinese New Year (": range(-1, 8), "National Day": range(8)}


@lru_cache(1 << 16)  # a site's pauses are looked at again for each of its runs
def between(first: date, last: date) -> int:
    """Working days after ``first`` up to and with ``last``; 0 where ``last`` is not later."""
    return sum(is_workday(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


@cache
def is_workday(day: date) -> bool:
    return day.weekday() < 5 and day not in _days_off(day.year)


@cache
def _days_off(year: int) -> frozenset[date]:
    """The year's public holidays (State Council order 795 by way of the holidays library), and whole golden weeks: what a
    working weekend is exchanged for is decided anew each year, and known to no library before."""
    import holidays  # a fifth of a second, for which no other command than health should wait

    named = holidays.country_holidays("CN", years=[year], language="en_US")
    weeks = [
        min(day for day, name in named.items() if first in name) + timedelta(days=n)
        for first, around in _GOLDEN_WEEKS.items()
        for n in around
    ]
    return frozenset([*named, *weeks])
