"""What a run did, as its run file and as the summary that a person reads."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from govcrawl import __version__
from govcrawl.archive.lock import Locked
from govcrawl.archive.runs import crawls
from govcrawl.archive.schema import RETRIED
from govcrawl.archive.warc import now_ms
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from scrapy import Spider

    from govcrawl.archive.run import Archive
    from govcrawl.base_spiders.listing import Walk
    from govcrawl.items import Article


def failed(spider: Spider, error: Exception | None, reason: str) -> dict[str, Any]:
    """The report of a run that could not keep what it did."""
    code = verdict.LOCKED if isinstance(error, Locked) else verdict.STORAGE if error is not None else verdict.CRASHED
    return {
        "spider": spider.name,
        "status": verdict.EXIT_CODES[code][0],
        "exit_code": code,
        "reason": str(error) if error is not None else reason,
        "channels": [],
        "landed": {},
        "outcomes": {},
        "dropped": {},
        "problems": [],
    }


def build(
    spider: Spider, archive: Archive, stats: Mapping[str, Any], reason: str, lacking: Mapping[str, Sequence[Article]]
) -> dict[str, dict[str, Any]]:
    """A report for each site that the run wrote to. ``lacking``: by column, a few rows that lack it."""
    walks: list[Walk] = list(getattr(spider, "walks", {}).values())
    limits = [f"{k}={v}" for k, v in getattr(spider, "given", {}).items() if k in ("sample", "until")]
    limited = " ".join(limits)
    reports = {}
    for site in archive.sites.values():
        outcomes, by_channel = _outcomes(archive, site.site)
        waiting = Counter(a.channel for a in archive.open_attempts if a.site == site.site)
        own = walks if site.site == spider.name else []
        channels = [_channel(w, by_channel[w.channel], waiting[w.channel], reason, limited) for w in own]
        landed: dict[str, dict[str, int]] = defaultdict(dict)
        for (province, year), rows in sorted(site.rows_landed.items()):
            landed[province][str(year)] = rows
        missing = {k.removesuffix("/missing"): v for k, v in _group(stats, "govcrawl/field/").items()}
        before = crawls(archive.storage, site.site) if len(archive.sites) == 1 else []
        emptied = verdict.emptied_fields(landed, missing, before)
        shown = {name: _rows(lacking.get(name, ())) for name in sorted(verdict.usual_fields(before) & missing.keys())}
        forms = _forms(archive, site.site)
        waits = sum(waiting.values())
        code, why, problems = verdict.decide(channels, outcomes, reason, limited, waits, list(emptied.values()), forms)
        if code == verdict.COMPLETE and (refused := archive.refused[site.site]):
            code, why = verdict.PARTIAL, f"{refused} requests gave rows that the archive cannot hold"
        named = [f"{url}: {error}" for name, url, error in archive.failures if name == site.site]
        reports[site.site] = {
            "run_id": site.run_id,
            "site": site.site,
            "spider": spider.name,
            "batch": spider.settings.get("GOVCRAWL_BATCH"),
            "arguments": dict(getattr(spider, "given", {})),
            "version": __version__,
            "started_at": archive.started_at.isoformat(),
            "finished_at": now_ms().isoformat(),
            "status": verdict.EXIT_CODES[code][0],
            "exit_code": code,
            "reason": why,
            "problems": [*problems, *named],
            "pages": stats.get("response_received_count", 0),
            "landed": landed,
            "outcomes": {kind: dict(c) for kind, c in outcomes.items()},
            "dropped": _group(stats, "item_dropped_reasons_count/"),
            "without_text": forms,
            "missing_fields": missing,
            "changed": _group(stats, "govcrawl/changed/"),
            "lacking": shown,
            "proposals": [
                *(getattr(spider, "proposals", ()) if own else ()),
                *(field_proposal(site.site, name, shown[name]) for name in emptied if shown.get(name)),
            ],
            "recovered": site.recovered,
            "channels": channels,
        }
    return reports


def _outcomes(archive: Archive, site: str) -> tuple[dict[str, Counter[str]], dict[str | None, Counter[str]]]:
    """How a site's requests ended, by kind, and those for articles by channel."""
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    by_channel: dict[str | None, Counter[str]] = defaultdict(Counter)
    for (name, channel, kind, outcome), count in archive.outcomes.items():
        if name == site:
            by_kind[kind][outcome] += count
            if kind == "article":
                by_channel[channel][outcome] += count
    return by_kind, by_channel


def _forms(archive: Archive, site: str) -> dict[str, dict[str, int]]:
    """What a site's pages without text show, by what became of them."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (name, state, form), count in sorted(archive.forms.items()):
        if name == site:
            found[state][form] = count
    return found


def _rows(articles: Sequence[Article]) -> list[dict[str, Any]]:
    return [
        {"date": a.published_on.isoformat() if a.published_on else None, "title": a.title, "url": a.url}
        for a in articles
    ]


def field_proposal(site: str, name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a run file proposes for a field that has thinned out: rows that lack it, and what tells why."""
    command = f"scrapy explain --site {shlex.quote(site)} {shlex.quote(str(rows[0]['url']))}"
    return {"channel": None, "field": name, "change": "field", "rows": list(rows), "command": command}


def _group(stats: Mapping[str, Any], prefix: str) -> dict[str, int]:
    return {k.removeprefix(prefix): v for k, v in sorted(stats.items()) if k.startswith(prefix)}


def _channel(walk: Walk, outcomes: Counter[str], waiting: int, reason: str, limited: str) -> dict[str, Any]:
    whole = walk.ended in ("known", "last", "since") and not walk.broken and reason == "finished"
    complete = whole and not waiting and not limited
    before = walk.complete_before
    down_to = None
    if walk.ended == "since":
        down_to = walk.since
    elif walk.ended == "known" and before is not None:
        down_to = before.down_to
    return {
        "name": walk.channel,
        "url": walk.url,
        "pages": walk.pages,
        "rows": walk.rows,
        "elsewhere": walk.elsewhere,
        "refused": walk.refused,
        "total": walk.total,
        "coverage": round(min(1.0, (walk.rows + walk.elsewhere + walk.refused) / walk.total), 3)
        if walk.total
        else None,
        "new": walk.new,
        "known": walk.known,
        "landed": outcomes["landed"],
        "failed": sum(outcomes[o] for o in RETRIED | {"given_up"}),
        "waiting": waiting,
        "ended": walk.ended,
        "complete": complete,
        "down_to": down_to.isoformat() if down_to else None,
        "broken": walk.broken,
    }


def of_proposal(proposal: Mapping[str, Any]) -> str:
    """A proposal of a run file in one line, without its rows and its command."""
    if proposal.get("change") == "field":
        return f"field {proposal.get('field')} is missing in such rows"
    if proposal.get("change") == "script":
        by = f" ({proposal['family']})" if proposal.get("family") else ""
        return f"channel {proposal.get('channel')}: a script fills the list now{by}"
    reads = ", ".join(proposal.get("fields") or ())
    return (
        f"channel {proposal.get('channel')}: {proposal.get('found')} rows of {proposal.get('family')} fit "
        f"{proposal.get('article_pattern')}; their articles state {reads}"
    )


def worst(spider: Spider, reports: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The report whose exit code the process ends with; several sites' rows are added up for the summary."""
    every = list(reports)
    if not every:
        return failed(spider, None, "nothing was asked") | {
            "exit_code": verdict.ARGUMENTS,
            "reason": "nothing was asked",
        }
    chosen = max(every, key=lambda r: (r["exit_code"] != verdict.COMPLETE, r["exit_code"]))
    if len(every) == 1:
        return chosen
    landed: dict[str, Counter[str]] = defaultdict(Counter)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for one in every:
        for province, years in one["landed"].items():
            landed[province].update(years)
        for kind, counts in one["outcomes"].items():
            outcomes[kind].update(counts)
    return chosen | {"landed": landed, "outcomes": outcomes, "site": ", ".join(r["site"] for r in every)}


def summary(run: Mapping[str, Any], data: str) -> str:
    """The end of a run in a few lines: rows per province and year, what was dropped and why, channels, verdict."""
    lines = []
    landed = run["landed"]
    total = sum(n for years in landed.values() for n in years.values())
    lines.append(f"{total} article rows landed in {data}" + (f" in {run['pages']} pages" if run.get("pages") else ""))
    for province, years in landed.items():
        lines.append(f"  {province:<14}" + "  ".join(f"{'undated' if y == '0' else y}: {n}" for y, n in years.items()))
    for kind, counts in run["outcomes"].items():
        lines.append(f"{kind} requests: " + ", ".join(f"{n} {o}" for o, n in sorted(counts.items())))
    for name, count in run["dropped"].items():
        lines.append(f"dropped: {count} {name}")
    for channel in run["channels"]:
        stated = f" of {channel['total']} stated" if channel["total"] else ""
        away = f", {channel['elsewhere']} lead to other hosts" if channel["elsewhere"] else ""
        state = "complete" if channel["complete"] else "incomplete"
        lines.append(
            f"channel {channel['name']}: {channel['pages']} list pages, {channel['rows']} rows{stated}{away}, "
            f"{channel['landed']} landed, ended at: {channel['ended']} ({state})"
        )
    lines += [f"problem: {p}" for p in run["problems"]]
    lines += [f"proposal: {of_proposal(p)}; try it: {p['command']}" for p in run.get("proposals", ())]
    why = f" ({run['reason']})" if run["reason"] else ""
    lines.append(f"{run['spider']}: {run['status']}{why}, exit code {run['exit_code']}")
    return "\n".join(lines)
