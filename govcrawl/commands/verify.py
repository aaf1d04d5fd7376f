"""``scrapy verify``: the archive checked against itself, and mended."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive import listed
from govcrawl.archive.checks.every import OF_A_SITE, OF_THE_ARCHIVE
from govcrawl.archive.checks.finding import Checked, Finding
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import is_there, sites_of, verify
from govcrawl.archive.ledger import Hop
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.base_spiders.article import attempt_for, page_again
from govcrawl.base_spiders.rows import Row
from govcrawl.errors import nearest
from govcrawl.extensions import data_folder
from govcrawl.pipelines import Dropped
from govcrawl.reextract.again import row_again
from govcrawl.reextract.facts import Sites
from govcrawl.reprints import check as reprints
from govcrawl.reprints.check import KINDS as REGROUPED
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from scrapy.settings import BaseSettings

    from govcrawl.archive.checks.check import Check
    from govcrawl.archive.checks.outside import OutsideCheck
    from govcrawl.archive.warc import Recorded
    from govcrawl.items import Article

FINDINGS = 1


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--repair] [--json FILE] [site …] | --list"

    def short_desc(self) -> str:
        return "Check the whole archive, or some sites of it, and repair it"

    def long_desc(self) -> str:
        return (
            "Check Parquet, captures, WARC, run files and attachments against one another; one line for each finding. With "
            "--repair, unreadable files move to quarantine/, what was in them is derived again where that is possible, and rows "
            "that are there several times stay once. Exit codes: 0 clean, 1 findings, 2 bad argument, 8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--repair", action="store_true", help="mend what can be mended, then check again")
        parser.add_argument(
            "--list", action="store_true", help="tell what is checked and how it is mended; check nothing"
        )
        parser.add_argument("--json", metavar="FILE", help="write the findings to a file too")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if opts.list:
            print(*_checks(), sep="\n")
            return
        data = data_folder(self.settings)
        storage = Storage(data)
        try:
            self._run(storage, data, args, opts)
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE

    def _run(self, storage: Storage, data: str, sites: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if not is_there(storage):
            msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
            raise UsageError(msg, print_help=False)
        storage.refuse_newer()  # what a newer schema holds would be findings
        there = sites_of(storage)
        unknown = sorted(set(sites) - set(there))
        if unknown:
            msg = f"no site {unknown[0]!r} in {data}{nearest(unknown[0], there)}; it holds: {', '.join(there) or 'nothing'}"
            raise UsageError(msg, print_help=False)
        checked = Checked()
        found = _told(storage, sites, checked)
        repaired: list[str] = []
        left = found
        if opts.repair and found:
            for line in repair(storage, [f for f in found if f.kind not in REGROUPED], rules(self.settings)):
                repaired.append(line)
                print(f"repair: {line}")
            checked = Checked()
            left = _told(storage, sites, checked)
        print(_summary(checked, left, data))
        if opts.json:
            text = {"data": data, "found": _plain(found), "repaired": repaired, "left": _plain(left)}
            try:
                Path(opts.json).write_text(
                    json.dumps(text | {"checked": asdict(checked)}, ensure_ascii=False, indent=1)
                )
            except OSError as exc:
                msg = f"--json {opts.json} cannot be written: {exc.strerror}"
                raise UsageError(msg, print_help=False) from exc
        self.exitcode = FINDINGS if left else verdict.COMPLETE


def _checks() -> Iterator[str]:
    """A line or two for each check, in the order of repairs: kinds of its findings, what it looks at, how that is mended."""
    every: tuple[Check | OutsideCheck, ...] = (*OF_A_SITE, *OF_THE_ARCHIVE)
    for check in every:
        yield f"{', '.join(check.kinds)}: {check.looks_at}\n    {check.mended}"
    yield f"{', '.join(REGROUPED)}: {reprints.LOOKS_AT}\n    {reprints.MENDED}"


def _told(storage: Storage, sites: list[str], checked: Checked) -> list[Finding]:
    found = []
    for finding in chain(verify(storage, sites, checked), () if sites else reprints.check(storage)):
        print(finding)
        found.append(finding)
    return found


def _plain(findings: list[Finding]) -> list[dict[str, Any]]:
    return [{n: v for n, v in asdict(f).items() if n != "items"} for f in findings]


def _summary(checked: Checked, left: list[Finding], data: str) -> str:
    lines = [
        (
            f"{data}: {checked.sites} sites, {checked.files} Parquet files, {checked.rows} article rows, "
            f"{checked.records} WARC records, {checked.attachments} attachments"
        )
    ]
    if checked.elsewhere:
        lines.append(f"{checked.elsewhere} rows name recordings outside the archive that are not there; not checked")
    if checked.known_losses:
        lines.append(f"{checked.known_losses} losses that a repair wrote off (runs/) are not counted")
    if checked.running:
        lines.append(f"being crawled, unfinished segments not judged: {', '.join(checked.running)}")
    lines.append(f"{len(left)} findings" if left else "clean")
    return "\n".join(lines)


def rules(settings: BaseSettings) -> Rules:
    """What the spiders know of their sites."""
    sites = Sites(settings)
    most = {"frames": settings.getint("GOVCRAWL_FRAMES"), "pages": settings.getint("GOVCRAWL_ARTICLE_PAGES")}

    def read(row: dict[str, Any], recorded: Recorded, part: Callable[[str], Recorded | None]) -> Article | None:
        listing = Row(row["url"], row["listed_title"], row["listed_on"], listed.loads(row["listed"]))
        facts = sites.of(row["site"], row["url"])
        attempt = attempt_for(listing, row["url"], facts, row["channel"])
        attempt.hops.append(Hop(recorded.url, row["fetched_at"], recorded.status, truncated=row["truncated"]))
        region = sites.region(row["site"], row["channel"], row["url"])
        page = page_again(attempt, recorded, facts, region)
        page.site = row["site"]
        try:
            article = row_again(page, part, **most)
        except Dropped:
            return None
        return article if article.title else None

    return Rules(sites.is_article, read, sites.is_rendered)
