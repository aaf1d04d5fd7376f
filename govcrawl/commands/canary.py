"""``scrapy canary``: whether the sites still answer as their spiders expect, with a handful of requests each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.warc import now_ms
from govcrawl.commands.health import proposed
from govcrawl.commands.sites import aligned
from govcrawl.errors import nearest
from govcrawl.recognition import trial
from govcrawl.recognition.families import spiders
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse

    from govcrawl.items import Article
    from govcrawl.recognition.trial import Trial

CHANNELS = 3
# What a reader misses first. Only news has authors and sources on most pages, so they are told and not demanded.
DEMANDED = ("title", "text", "published_on", "province")
TOLD = (*DEMANDED, "published_at", "source", "author", "editor", "doc_number")


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[--json FILE] [site …]"

    def short_desc(self) -> str:
        return "Look at each site live: reachable, blocked, rows per channel, one article's fields"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--json", metavar="FILE", help="write the findings to a file as well")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        trial.quiet(self)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        known = spiders(self.settings)
        unknown = [name for name in args if name not in known]
        if unknown:
            raise UsageError(
                f"unknown site {unknown[0]!r}{nearest(unknown[0], known)}; scrapy sites shows the {len(known)} sites",
                print_help=False,
            )
        chosen = [(known[name], dict(opts.spargs)) for name in args or known]
        found = [finding(t) for t in trial.run(self, chosen, channels=CHANNELS)]
        print(aligned(("site", "state", "fields", "rows per channel", ""), [cells(one) for one in found]), end="")
        for one in found:
            print("".join(f"{line}\n" for p in one["proposals"] for line in proposed(one["site"], p)), end="")
        if opts.json:
            Path(opts.json).write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        self.exitcode = max((one["exit_code"] for one in found), default=verdict.COMPLETE)


def finding(seen: Trial) -> dict[str, Any]:
    """What a look at a site tells. ``state``: `ok`, `changed` (a channel without rows, an article without what is
    demanded of all), `blocked`, `robots`, `unreachable`, `partial` (some channels are), `not_set_up` (the spider itself says why)."""
    channels = [
        {"name": w.channel, "url": w.url, "rows": w.rows, "ended": w.ended, "problems": w.broken} for w in seen.walks
    ]
    article = _fields(seen.articles[0]) if seen.articles else None
    state, why = _state(seen, channels, article)
    code = {
        "ok": verdict.COMPLETE,
        "changed": verdict.NO_ROWS,
        "blocked": verdict.BLOCKED,
        "robots": verdict.ROBOTS,
        "unreachable": verdict.PARTIAL,
        "partial": verdict.PARTIAL,
        "not_set_up": verdict.ARGUMENTS,
    }[state]
    return {
        "site": seen.name,
        "state": state,
        "exit_code": code,
        "why": why,
        "checked_at": now_ms().isoformat(),
        "channels": channels,
        "article": article,
        "proposals": (seen.run or {}).get("proposals", []),
    }


def cells(one: dict[str, Any]) -> tuple[str, ...]:
    """A finding as a row of the table: site, state, how many of an article's fields are filled, rows, why."""
    rows = ", ".join(f"{c['name']} {c['rows']}" for c in one["channels"]) or "-"
    article = one["article"]
    fields = f"{sum(article['fields'].values())}/{len(article['fields'])}" if article else "-"
    return one["site"], one["state"], fields, rows, one["why"]


def _state(seen: Trial, channels: list[dict[str, Any]], article: dict[str, Any] | None) -> tuple[str, str]:
    if seen.error is not None:
        return "not_set_up", seen.error
    ended = [c["ended"] for c in channels]
    for state, word in (("blocked", "challenge"), ("robots", "robots")):
        if word in ended and not any(c["rows"] for c in channels):
            return state, f"{channels[ended.index(word)]['url']} answered with {word}"
    if not seen.lists:
        problems = [p for c in channels for p in c["problems"]]
        return "unreachable", problems[0] if problems else (seen.run or {}).get("reason", "no list page came")
    if empty := [c for c in channels if not c["rows"]]:
        failed = all(c["ended"] == "failed" for c in empty)
        state = "changed" if not failed else "unreachable" if len(empty) == len(channels) else "partial"
        return state, f"{empty[0]['name']}: {empty[0]['ended']} at {empty[0]['url']}"
    if article is None:
        outcomes = (seen.run or {}).get("outcomes", {}).get("article", {})
        blocked = "challenge" in outcomes
        return ("blocked" if blocked else "changed"), f"no article landed ({', '.join(outcomes) or 'none was asked'})"
    if missing := [name for name in DEMANDED if not article["fields"][name]]:
        return "changed", f"{article['url']} has no {', '.join(missing)}"
    return "ok", ""


def _fields(article: Article) -> dict[str, Any]:
    here = {name: getattr(article, name) not in (None, "", [], "unknown") for name in TOLD}
    return {"url": article.url, "title": article.title, "fields": here}
