"""The rules: what each run of a site tells, and when it becomes an alarm.

Each rule reads the site's runs in order and says of each run whether it was bad. One bad run is a note, ALARM_AFTER in a
row are an alarm, and a good run ends it; so a night without network wakes nobody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import TYPE_CHECKING, Any

from govcrawl.health import workdays
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

ALARM_AFTER = 3
# A field has thinned out where its share fell by so much between the older half of the rows and the newest ones, and by
# so many standard errors: fewer are chance.
THIN_DROP, THIN_ERRORS, THIN_ROWS = 0.15, 3.5, 60
# Articles that were listed and could not be read, as a share of what was read.
UNREAD_SHARE, UNREAD_LEAST = 0.2, 5
# What pages without text show where a film, a picture or another site is not simply what they are.
UNREAD_FORMS = ("script", "frame", "empty", "no_text", "no_title")
# Least days with articles before a site's rhythm says anything.
RHYTHM_DAYS = 8


@dataclass(frozen=True, slots=True)
class Run:
    """A crawl by its run file; ``newest``: the latest publish date known after it; ``days``: those of all articles so far."""

    finished_at: datetime
    facts: Mapping[str, Any]
    days: Sequence[date] = ()

    @property
    def channels(self) -> list[Mapping[str, Any]]:
        return [c for c in self.facts.get("channels") or () if isinstance(c, dict)]

    @property
    def landed(self) -> int:
        return sum(n for years in (self.facts.get("landed") or {}).values() for n in years.values())


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that is not as it was. ``subject``: the channel or field; ``since``: the first bad run of the row;
    ``runs``: how many bad ones in a row."""

    kind: str
    subject: str
    message: str
    since: datetime
    runs: int

    @property
    def is_alarm(self) -> bool:
        return self.runs >= ALARM_AFTER

    @property
    def key(self) -> str:
        return f"{self.kind} {self.subject}".rstrip()


def read(runs: Sequence[Run], now: datetime, max_age: timedelta) -> list[Sign]:
    """What is wrong with a site now, alarms first. ``runs``: its crawls, oldest first."""
    streaks: dict[tuple[str, str], Sign] = {}
    for number, run in enumerate(runs):
        bad = {(kind, subject): message for kind, subject, message in _bad(runs[: number + 1])}
        told = _told(run)
        for key in list(streaks):
            if key not in bad and told(key):
                del streaks[key]
        for key, message in bad.items():
            before = streaks.get(key)
            since, count = (before.since, before.runs) if before else (run.finished_at, 0)
            streaks[key] = Sign(*key, message, since, count + 1)
    found = [*streaks.values(), *_not_run(runs, now, max_age)]
    return sorted(found, key=lambda s: (not s.is_alarm, s.kind, s.subject))


def _told(run: Run) -> Any:
    """Whether a run says anything of a sign: one of a single channel is silent on the others."""
    channels = {c.get("name") for c in run.channels}
    partly = "channel" in (run.facts.get("arguments") or {})
    return lambda key: not partly or key[1] in channels


def _bad(runs: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    """Kind, subject and message of what is wrong with the newest of these runs."""
    yield from _ended(runs[-1])
    yield from _empty_channels(runs[-1])
    yield from _incomplete_channels(runs[-1])
    yield from _short_of_total(runs[-1])
    yield from _unread(runs)
    yield from _thin(runs)
    yield from _silent(runs)


def _ended(run: Run) -> Iterator[tuple[str, str, str]]:
    reason = str(run.facts.get("reason") or "")
    kinds = {
        verdict.BLOCKED: "blocked",
        verdict.ROBOTS: "robots",
        verdict.CRASHED: "crashed",
        verdict.STORAGE: "storage",
    }
    kind = kinds.get(run.facts.get("exit_code", 0))
    if kind is not None:
        yield kind, "", reason
    elif run.channels and all(c.get("ended") == "failed" and not c.get("rows") for c in run.channels):
        yield "unreachable", "", reason


def _empty_channels(run: Run) -> Iterator[tuple[str, str, str]]:
    for channel in run.channels:
        if channel.get("ended") in ("no_rows", "not_found") and not channel.get("rows"):
            yield "channel_empty", str(channel.get("name")), f"{channel['ended']} at {channel.get('url')}"


def _incomplete_channels(run: Run) -> Iterator[tuple[str, str, str]]:
    """Walks that began and did not reach what is known; a run that was told to stop early says nothing."""
    if set(run.facts.get("arguments") or {}) & {"sample", "until"} or str(run.facts.get("reason")).startswith(
        "stopped"
    ):
        return
    for channel in run.channels:
        if channel.get("rows") and not channel.get("complete"):
            broken = "; ".join(map(str, channel.get("broken") or ())) or f"{channel.get('waiting')} requests unfinished"
            yield "channel_incomplete", str(channel.get("name")), f"ended at {channel.get('ended')}: {broken}"[:300]


def _short_of_total(run: Run) -> Iterator[tuple[str, str, str]]:
    for channel in run.channels:
        coverage = channel.get("coverage")
        if channel.get("ended") == "last" and coverage is not None and coverage < 0.95:
            message = f"{coverage:.0%} of the {channel.get('total')} rows that the listing states"
            yield "total_missed", str(channel.get("name")), message


def _unread(runs: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    """Many of the newest listed articles hold nothing that could be read, and people can read them in a browser."""
    asked = unread = 0
    for run in reversed(runs):
        outcomes = (run.facts.get("outcomes") or {}).get("article") or {}
        forms = (run.facts.get("without_text") or {}).get("no_text") or {}
        asked += run.landed + outcomes.get("unreadable", 0)
        unread += outcomes.get("unreadable", 0) + sum(forms.get(form, 0) for form in UNREAD_FORMS)
        if asked >= THIN_ROWS // 2:
            break
    if unread >= UNREAD_LEAST and unread > UNREAD_SHARE * asked:
        yield "unread", "", f"{unread} of the newest {asked} listed articles could not be read"


def _thin(runs: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    """Fields that fewer of the newest rows have than of the older half."""
    with_rows = [run for run in runs if run.landed]
    newest, rows_now = [], 0
    while with_rows and rows_now < THIN_ROWS:
        newest.append(with_rows.pop())
        rows_now += newest[-1].landed
    total = sum(run.landed for run in with_rows)
    older: list[Run] = []
    rows_then = 0
    for run in with_rows:
        if rows_then >= max(THIN_ROWS, total / 2):
            break
        older.append(run)
        rows_then += run.landed
    if rows_now < THIN_ROWS or rows_then < THIN_ROWS:
        return
    missing_now, missing_then = _missing(newest), _missing(older)
    for name in sorted(missing_now.keys()):
        now, then = 1 - missing_now[name] / rows_now, 1 - missing_then[name] / rows_then
        both = (missing_now[name] + missing_then[name]) / (rows_now + rows_then)
        error = sqrt(max(both * (1 - both), 1e-9) * (1 / rows_now + 1 / rows_then))
        if then - now >= THIN_DROP and then - now >= THIN_ERRORS * error:
            yield "field_thin", name, f"stated by {now:.0%} of the newest {rows_now} rows, by {then:.0%} before"


def _missing(runs: Iterable[Run]) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in runs:
        found.update(run.facts.get("missing_fields") or {})
    return found


def _silent(runs: Sequence[Run]) -> Iterator[tuple[str, str, str]]:
    """No new article for much longer than the site's own rhythm, in working days."""
    days = runs[-1].days
    if len(days) < RHYTHM_DAYS:
        return
    gaps = [workdays.between(a, b) for a, b in pairwise(days)]
    longest, middle = max(gaps), fmean(gaps)
    spread = sqrt(fmean((gap - middle) ** 2 for gap in gaps))
    today = runs[-1].finished_at.astimezone(workdays.CHINA).date()
    silent = workdays.between(days[-1], today)
    if silent > max(5, middle + 5 * spread, 1.5 * longest):
        yield (
            "silent",
            "",
            f"no article since {days[-1]}, {silent} working days; the longest pause before was {longest}",
        )


def _not_run(runs: Sequence[Run], now: datetime, max_age: timedelta) -> Iterator[Sign]:
    """Nobody has crawled the site: nothing else can tell, so this needs no third time."""
    if not runs or now - runs[-1].finished_at > max_age:
        last = runs[-1].finished_at if runs else datetime.min.replace(tzinfo=UTC)
        told = f"last crawled {last:%Y-%m-%d %H:%M} UTC" if runs else "never crawled"
        yield Sign("not_run", "", told, last, ALARM_AFTER)
