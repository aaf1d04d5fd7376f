"""``scrapy health``: which sites are fresh and whole, and which need a person."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.commands.crawlall import seconds_of
from govcrawl.commands.sites import aligned
from govcrawl.errors import BadArgument
from govcrawl.extensions import data_folder
from govcrawl.health import alert, metrics
from govcrawl.health.survey import SiteHealth, sites_of, survey
from govcrawl.run_report import report, verdict

if TYPE_CHECKING:
    import argparse
    from datetime import date

ALARM = 1


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--max-age 3d] [--json] [--prometheus FILE] [site …]"

    def short_desc(self) -> str:
        return "Tell a line a site: fresh, stale, blocked, changed or thinner than before; from the archive alone"

    def long_desc(self) -> str:
        return (
            "Judge the sites by their run files and captures, without any request. One bad run is a note, three in a row are "
            "an alarm. Exit codes: 0 no alarm, 1 alarms, 2 bad argument, 8 storage failed. GOVCRAWL_ON_ALARM=command gets the "
            "JSON on standard input once for each alarm that begins and once when it ends."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--max-age", metavar="TIME", default="3d", help="how long ago the last crawl may be (3d)")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument("--prometheus", metavar="FILE", help="write metrics for node_exporter's textfile collector")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        now = now_ms()
        try:
            seconds = seconds_of("--max-age", opts.max_age)
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise BadArgument(msg)
            found = list(survey(storage, _chosen(storage, args), now, timedelta(seconds=seconds or 0)))
            if opts.prometheus:
                metrics.write(found, now, opts.prometheus)
            if command := self.settings.get("GOVCRAWL_ON_ALARM"):
                alert.alert(storage, found, command)
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except (StorageError, OSError) as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE
            return
        print(json.dumps([one.facts() for one in found], ensure_ascii=False, indent=1) if opts.json else text(found))
        self.exitcode = ALARM if any(one.alarms for one in found) else verdict.COMPLETE


def _chosen(storage: Storage, args: list[str]) -> list[str]:
    known = sites_of(storage)
    if unknown := [name for name in args if name not in known]:
        msg = f"the archive holds nothing of {unknown[0]!r}; it holds: {', '.join(known) or 'nothing'}"
        raise BadArgument(msg)
    return args or known


def text(found: list[SiteHealth]) -> str:
    """A line a site, then what is wrong with those that are not well."""
    rows: list[tuple[str, ...]] = [
        (one.site, one.state, _day(one.last_complete), _day(one.newest_article), str(one.articles), _missed(one))
        for one in found
    ]
    lines = [aligned(("site", "state", "complete", "newest", "articles", ""), rows).rstrip("\n")]
    for one in found:
        for sign in one.signs:
            subject = f" {sign.subject}" if sign.subject else ""
            state = "alarm" if sign.is_alarm else "note"
            lines.append(f"{state}: {one.site}: {sign.kind}{subject}, {sign.message} ({sign.runs} runs)")
        lines += [f"retire: {one.site}: channel {name} has not been found for 30 days" for name in one.retire]
        for proposal in one.proposals:
            lines += proposed(one.site, proposal)
    alarms = sum(len(one.alarms) for one in found)
    notes = sum(len(one.signs) for one in found) - alarms
    return "\n".join([*lines, f"{len(found)} sites: {alarms} alarms, {notes} notes"])


def proposed(site: str, proposal: dict[str, Any]) -> list[str]:
    """A proposal of a run file in lines: what has changed, rows that show it, and the command that tries it."""
    lines = [f"proposal: {site}: {report.of_proposal(proposal)}"]
    lines += [f"  {row.get('date') or '-'}  {row.get('title')}  {row.get('url')}" for row in proposal.get("rows") or ()]
    return [*lines, f"  try it: {proposal.get('command')}"]


def _missed(one: SiteHealth) -> str:
    parts = [f"{len(one.alarms)} alarms" if one.alarms else "", f"{one.waiting} waiting" if one.waiting else ""]
    parts += [f"blocked since {one.blocked_since:%Y-%m-%d}" if one.blocked_since else ""]
    parts += [f"{one.unread} unread" if one.unread else ""]
    return ", ".join(part for part in parts if part)


def _day(moment: date | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"
