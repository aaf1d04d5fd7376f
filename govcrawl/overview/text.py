"""The overview in thirty lines of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.overview.page import COVERED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from govcrawl.health.survey import SiteHealth
    from govcrawl.overview.queries import Answers

_SHADES = " ▁▂▃▄▅▆▇█"
_WIDTH = 60


def render(answers: Answers, health: Sequence[SiteHealth]) -> str:
    """Totals, the largest provinces, the last weeks, fields, flags, failures and alarms."""
    return "\n".join(_lines(answers, health))


def _lines(answers: Answers, health: Sequence[SiteHealth]) -> Iterator[str]:
    totals = answers.of("totals")[0]
    yield (
        f"{totals['articles']:,} articles of {totals['sites']} sites in {totals['provinces']} provinces, "
        f"{totals['oldest']} to {totals['newest']}"
    )
    by_province: dict[str, int] = {}
    for row in answers.of("years"):
        by_province[row["province"]] = by_province.get(row["province"], 0) + row["articles"]
    most = max(by_province.values(), default=1)
    for slug, articles in sorted(by_province.items(), key=lambda p: -p[1])[:8]:
        yield f"  {slug:<13}{articles:>9,}  {'█' * round(40 * articles / most)}"
    days = [row["articles"] for row in answers.of("days")][-_WIDTH:]
    if days:
        yield f"last {len(days)} days with articles, {days[-1]} on the newest: {sparkline(days)}"
    for row in answers.of("coverage")[:3]:
        month = f"{row['month']:%Y-%m}" if row["month"] else "undated"
        yield f"fields {month:<8}" + "  ".join(f"{name} {row[name]:.0%}" for name in COVERED)
    for name, column, count in (("flags", "flag", "articles"), ("unread", "form", "pages")):
        found = ", ".join(f"{row[column]} {row[count]}" for row in answers.of(name)[:8])
        yield f"{name}: {found or 'none'}"
    changes: dict[str, int] = {}
    for row in answers.of("changes"):
        changes[row["cause"]] = changes.get(row["cause"], 0) + row["rows"]
    yield f"changes: {', '.join(f'{cause} {rows}' for cause, rows in changes.items()) or 'none'}"
    for row in answers.of("failed")[:4]:
        yield f"waiting: {row['site']}: {row['addresses']} {row['outcome']} ({(row['example'] or '')[:80]})"
    states = [one.state for one in health]
    yield f"sites: {states.count('ok')} ok, {states.count('note')} with notes, {states.count('alarm')} with alarms"
    alarms = [(one.site, sign) for one in health for sign in one.alarms]
    for site, sign in alarms[:6]:
        yield f"  alarm: {site}: {sign.key}, {sign.message[:90]}"


def sparkline(numbers: Sequence[int]) -> str:
    """Numbers as a row of blocks, the largest full."""
    most = max(numbers, default=0) or 1
    return "".join(_SHADES[round((len(_SHADES) - 1) * n / most)] for n in numbers)
