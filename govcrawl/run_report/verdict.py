"""How a run ended: its exit code, and the problems that decided it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from govcrawl.archive.schema import RETRIED
from govcrawl.items import COUNTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COMPLETE, CRASHED, ARGUMENTS, PARTIAL, NO_ROWS, BLOCKED, ROBOTS, LOCKED, STORAGE = range(9)

EXIT_CODES: dict[int, tuple[str, str, str]] = {
    COMPLETE: ("complete", "everything listed is in the archive or settled", "nothing"),
    CRASHED: ("failed", "the program itself failed", "read the log's traceback and report it"),
    ARGUMENTS: ("failed", "bad argument, setting or site name", "correct the command"),
    PARTIAL: (
        "partial",
        "stopped, limited (`sample`, `until`), or some pages failed or could not be read",
        "run it again; the rest is retried, and what could not be read is when newer rules come",
    ),
    NO_ROWS: (
        "failed",
        "the site has changed: a listing gave no rows, or a field that its articles had is empty",
        "look at the channel or field that the summary names",
    ),
    BLOCKED: ("failed", "a shield asked for a browser", "wait, and crawl slower or from another network"),
    ROBOTS: ("failed", "robots.txt forbids the listing", "leave the site alone, or ask its owner"),
    LOCKED: ("failed", "another run holds the site", "wait for it to end"),
    STORAGE: ("failed", "the data folder could not be read or written", "free space or permissions, then run it again"),
}


# Of several runs the worst tells: what the operator must mend, then what the program must, then what the sites did.
WORST_FIRST = (ARGUMENTS, STORAGE, CRASHED, NO_ROWS, BLOCKED, ROBOTS, LOCKED, PARTIAL, COMPLETE)


def worst_code(codes: Iterable[int]) -> int:
    """The exit code of several runs together, by WORST_FIRST."""
    return min(codes, key=WORST_FIRST.index, default=COMPLETE)


def decide(
    channels: list[dict[str, Any]],
    outcomes: Mapping[str, Counter[str]],
    reason: str,
    limited: str,
    waiting: int,
    emptied: list[str],
    forms: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[int, str, list[str]]:
    """Exit code, one line that says why, and every problem met. ``forms``: of the articles in which no text could be read,
    by what they became (`no_text`, `unreadable`), how many show what instead."""
    problems = []
    codes = {"no_rows": NO_ROWS, "not_found": NO_ROWS, "challenge": BLOCKED, "robots": ROBOTS}
    worst = COMPLETE
    for channel in channels:
        code = codes.get(channel["ended"]) if not channel["rows"] else None
        if code is not None:
            problems.append(f"channel {channel['name']}: {channel['ended']} at {channel['url']}")
            worst = max(worst, code) if worst else code
        elif channel["broken"] or channel["ended"] == "failed":
            problems.append(f"channel {channel['name']}: {'; '.join(channel['broken']) or 'failed'}")
    for channel in channels:
        # Only a walk to the end can tell; the stated number runs a little ahead of the rows on many CMSs.
        if channel["ended"] == "last" and channel["coverage"] is not None and channel["coverage"] < 0.95:
            found = round(channel["coverage"] * channel["total"])
            problems.append(
                f"channel {channel['name']}: {found} of the {channel['total']} rows that the listing states"
            )
    articles = outcomes.get("article", Counter())
    if articles["not_found"] == articles.total() >= 3:
        problems.append(f"{articles['not_found']} articles: not_found, every one that was asked for")
    for kind in ("article", "part", "attachment"):
        wrong = RETRIED | {"given_up"} | ({"not_found", "not_article", "robots"} if kind == "part" else set())
        for outcome in sorted(wrong):
            if count := outcomes.get(kind, Counter())[outcome]:
                problems.append(f"{count} {kind}s: {outcome}")
    for state, shown in sorted((forms or {}).items()):
        problems.append(
            f"{sum(shown.values())} articles: {state} ({', '.join(f'{n} {f}' for f, n in sorted(shown.items()))})"
        )
    if worst:
        return worst, problems[0], [*problems, *emptied]
    if emptied:
        return NO_ROWS, emptied[0], [*problems, *emptied]
    if articles["challenge"] and not articles["landed"]:
        return BLOCKED, problems[0], problems
    if reason == "start_error":
        return CRASHED, "the spider failed at its start; see the log", problems
    if reason != "finished":
        return PARTIAL, f"stopped: {reason}", [f"{waiting} requests were not finished", *problems]
    if problems:
        return PARTIAL, problems[0], problems
    if limited:
        return PARTIAL, f"limited by {limited}", problems
    return COMPLETE, "", problems


def _total(by_province: Mapping[str, Mapping[str, int]]) -> int:
    return sum(n for years in by_province.values() for n in years.values())


def _shares(runs: Iterable[Mapping[str, Any]]) -> tuple[int, Counter[str]]:
    """The rows that landed in some runs, and how many of them lack each field."""
    rows, missing = 0, Counter[str]()
    for run in runs:
        rows += _total(run.get("landed", {}))
        missing.update(run.get("missing_fields", {}))
    return rows, missing


def usual_fields(before: Iterable[Mapping[str, Any]]) -> set[str]:
    """The counted fields that at least half of the site's articles used to have."""
    rows, missing = _shares(before)
    return {name for name in COUNTED if rows and missing[name] <= rows / 2}


def emptied_fields(
    landed: Mapping[str, Mapping[str, int]], missing: Mapping[str, int], before: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Fields that the site's articles used to have and this run's mostly lack, each with the problem in a line: what a
    redesign does on its first day. Five rows now and twenty before are the least that says anything."""
    rows = _total(landed)
    rows_before, missing_before = _shares(before)
    if rows < 5 or rows_before < 20:
        return {}
    found = {}
    for name, count in sorted(missing.items()):
        now, then = 1 - count / rows, 1 - missing_before[name] / rows_before
        if then >= 0.8 and now <= then - 0.5:
            found[name] = f"field {name}: stated by {now:.0%} of the {rows} new rows, by {then:.0%} of the rows before"
    return found
