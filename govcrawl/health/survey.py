"""The state of each site as its run files and captures tell it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive import runs as run_files
from govcrawl.archive.captures import read_table
from govcrawl.archive.schema import AGAIN, CAPTURES, RETRIED
from govcrawl.archive.segments import read_each
from govcrawl.health import signs as rules
from govcrawl.health.signs import Sign
from govcrawl.health.workdays import CHINA
from govcrawl.run_report import report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from govcrawl.archive.storage import Storage

RUNS = 200  # run files of a site that are looked at: half a year of nights
YEAR = timedelta(days=365)
_COLUMNS = ["doc_id", "kind", "outcome", "attempts", "revision", "listed_on", "fetched_at"]
_STUBBORN = 3  # failures in a row after which an address that waits is more than a bad night
_RETIRED_AFTER, _RETIRED_RUNS = timedelta(days=30), 3
_NO_ANSWER = ("failed", "stopped", "challenge", "robots")  # ends of a walk that say nothing of what the site has


@dataclass
class SiteHealth:
    """One site. ``state``: `ok`, `note` or `alarm`. ``coverage``: the share of the newest rows that state a field.
    ``waiting``: addresses that will be asked again; ``unread``: articles that hold no text; ``proposals``: what run files
    propose for what has changed; ``retire``: channels that are dead."""

    site: str
    state: str
    last_run: datetime | None = None
    last_complete: datetime | None = None
    newest_article: date | None = None
    articles: int = 0
    waiting: int = 0
    unread: int = 0
    blocked_since: datetime | None = None
    channels: list[dict[str, Any]] = field(default_factory=list)
    coverage: dict[str, float] = field(default_factory=dict)
    signs: list[Sign] = field(default_factory=list)
    proposals: list[dict[str, Any]] = field(default_factory=list)
    retire: list[str] = field(default_factory=list)

    @property
    def alarms(self) -> list[Sign]:
        return [sign for sign in self.signs if sign.is_alarm]

    def facts(self) -> dict[str, Any]:
        """As JSON says it."""

        def iso(value: Any) -> Any:
            return value.isoformat() if isinstance(value, date) else value

        found = {name: iso(getattr(self, name)) for name in self.__dataclass_fields__ if name != "signs"}
        told = [
            {"kind": s.kind, "subject": s.subject, "message": s.message, "since": iso(s.since), "runs": s.runs}
            | {"alarm": s.is_alarm}
            for s in self.signs
        ]
        return found | {"signs": told}


def sites_of(storage: Storage) -> list[str]:
    """The sites that have ever been crawled into this archive. Raises StorageError."""
    names = (*storage.files("runs"), *storage.files("captures", ".parquet"))
    return sorted({n.split("/")[1].removeprefix("site=") for n in names if n.count("/") == 2})


def survey(storage: Storage, sites: Sequence[str], now: datetime, max_age: timedelta) -> Iterator[SiteHealth]:
    """Each of these sites in turn; only one is in memory. Raises StorageError."""
    for site in sites:
        yield health_of(storage, site, now, max_age)


def health_of(storage: Storage, site: str, now: datetime, max_age: timedelta) -> SiteHealth:
    """Judge one site. ``now``: the moment of judgement; ``max_age``: how long ago its last run may be."""
    captures = captures_of(storage, site)
    crawls = list(crawls_of(storage, site, captures, now))
    found = SiteHealth(site, "ok")
    if crawls:
        last = crawls[-1]
        found.last_run = last.finished_at
        complete = [r.finished_at for r in crawls if r.facts.get("status") == "complete"]
        found.last_complete = complete[-1] if complete else None
        found.newest_article = last.days[-1] if last.days else None
        found.channels = [{n: c.get(n) for n in ("name", "rows", "total", "coverage", "ended")} for c in last.channels]
        found.coverage = _coverage(crawls)
        found.proposals = _proposals(crawls)
        found.retire = _dead_channels(crawls)
    waiting, stubborn, found.articles, found.unread = _counts(captures)
    found.waiting = waiting
    found.signs = rules.read(crawls, now, max_age)
    thin = (sign.subject for sign in found.signs if sign.kind == "field_thin")
    found.proposals += _of_thin_fields(site, crawls, thin, found.proposals)
    if waiting:
        runs = rules.ALARM_AFTER if stubborn > max(5, found.articles // 20) else 1
        message = f"{waiting} addresses wait to be asked again, {stubborn} of them failed {_STUBBORN} times or more"
        found.signs.append(Sign("retries", "", message, now, runs))
    found.blocked_since = next((s.since for s in found.signs if s.kind == "blocked"), None)
    found.state = "alarm" if found.alarms else "note" if found.signs else "ok"
    return found


def captures_of(storage: Storage, site: str) -> pa.Table:
    asked = pc.field("outcome") != AGAIN  # a page that was read again was not visited
    tables = read_each(storage, site, lambda name: read_table(storage, name, CAPTURES, _COLUMNS).filter(asked))
    empty = pa.schema([CAPTURES.field(n) for n in _COLUMNS]).empty_table()
    return pa.concat_tables(tables) if tables else empty


def crawls_of(storage: Storage, site: str, captures: pa.Table, now: datetime) -> Iterator[rules.Run]:
    """The crawls of a site up to now, oldest first, each with the days on which articles known by then were published."""
    first = captures.filter(
        (pc.field("kind") == "article") & (pc.field("outcome") == "landed") & (pc.field("revision") == 1)
    )
    seen = sorted(
        (at, on or at.astimezone(CHINA).date())
        for at, on in zip(first["fetched_at"].to_pylist(), first["listed_on"].to_pylist(), strict=True)
    )
    known: set[date] = set()
    days: list[date] = []
    position = 0
    for facts in run_files.crawls(storage, site, RUNS):
        finished = _finished(facts)
        if finished is None or finished > now:
            continue
        before = len(known)
        while position < len(seen) and seen[position][0] <= finished:
            if seen[position][1] <= finished.astimezone(CHINA).date():
                known.add(seen[position][1])
            position += 1
        if len(known) != before:
            days = sorted(d for d in known if d >= (finished - YEAR).date()) or sorted(known)[-1:]
        yield rules.Run(finished, facts, days)


def _finished(facts: dict[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(facts["finished_at"]))
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _counts(captures: pa.Table) -> tuple[int, int, int, int]:
    """Addresses that wait for another try, those of them that failed often, articles, and articles that hold no text."""
    numbered = captures.select(["doc_id", "kind", "outcome", "attempts"]).append_column(
        "row", pa.array(range(captures.num_rows), pa.int64())
    )
    newest = numbered.group_by("doc_id").aggregate([("row", "max")])["row_max"]
    state = numbered.take(newest)
    waits = state.filter(pc.is_in(state["outcome"], pa.array(sorted(RETRIED))))
    stubborn = pc.sum(pc.greater_equal(waits["attempts"], _STUBBORN)).as_py() or 0
    landed = captures.filter((pc.field("kind") == "article") & (pc.field("outcome") == "landed"))
    unread = pc.sum(pc.equal(state["outcome"], "unreadable")).as_py() or 0
    return waits.num_rows, stubborn, pc.count_distinct(landed["doc_id"]).as_py(), unread


def _coverage(crawls: Sequence[rules.Run]) -> dict[str, float]:
    """The share of the newest rows that state a field."""
    rows, missing = 0, Counter[str]()
    for run in reversed(crawls):
        rows += run.landed
        missing.update(run.facts.get("missing_fields") or {})
        if rows >= rules.THIN_ROWS:
            break
    return {name: round(max(0.0, 1 - count / rows), 3) for name, count in sorted(missing.items())} if rows else {}


def _proposals(crawls: Sequence[rules.Run]) -> list[dict[str, Any]]:
    """What the newest walk of each channel proposed, and the newest run with rows for its fields: what is well again needs
    none."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for run in crawls:
        walked = {str(c.get("name")) for c in run.channels if c.get("rows") or c.get("ended") not in _NO_ANSWER}
        for key in [k for k in found if k[1] in walked or (k[0] == "field" and run.landed)]:
            del found[key]
        for proposal in run.facts.get("proposals") or ():
            if isinstance(proposal, dict):
                kind = "field" if proposal.get("change") == "field" else "channel"
                found[kind, str(proposal.get("field") if kind == "field" else proposal.get("channel"))] = proposal
    return list(found.values())


def _of_thin_fields(
    site: str, crawls: Sequence[rules.Run], thin: Iterable[str], proposed: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """For fields that have thinned out over several runs: the newest rows that lack them."""
    told = {p.get("field") for p in proposed}
    found = []
    for name in thin:
        rows = next((r for run in reversed(crawls) if (r := (run.facts.get("lacking") or {}).get(name))), None)
        if rows and name not in told:
            found.append(report.field_proposal(site, name, rows))
    return found


def _dead_channels(crawls: Sequence[rules.Run]) -> list[str]:
    """Channels whose listing has not been found (404, 410) by several runs over thirty days; a night without an answer
    says nothing."""
    dead: dict[str, list[datetime]] = {}
    for run in crawls:
        for channel in run.channels:
            name = str(channel.get("name"))
            if channel.get("ended") == "not_found" and not channel.get("rows"):
                dead.setdefault(name, []).append(run.finished_at)
            elif channel.get("rows") or channel.get("ended") not in _NO_ANSWER:
                dead.pop(name, None)
    return [name for name, when in dead.items() if len(when) >= _RETIRED_RUNS and when[-1] - when[0] >= _RETIRED_AFTER]
