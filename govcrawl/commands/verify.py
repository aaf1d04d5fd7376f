"""``scrapy verify``: the archive checked against itself, and mended."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl import extraction, items
from govcrawl.archive import listed
from govcrawl.archive.checks.every import OF_A_SITE, OF_THE_ARCHIVE
from govcrawl.archive.checks.finding import Checked, Finding
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import is_there, sites_of, verify
from govcrawl.archive.ledger import Hop
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.base_spiders.article import attempt_for, page_of
from govcrawl.base_spiders.rows import Row
from govcrawl.errors import nearest
from govcrawl.extensions import data_folder
from govcrawl.extraction import parts
from govcrawl.pipelines import article_of
from govcrawl.recognition.families import other_site, spiders
from govcrawl.reprints import check as reprints
from govcrawl.reprints.check import KINDS as REGROUPED
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from scrapy.settings import BaseSettings

    from govcrawl.archive.checks.check import Check
    from govcrawl.archive.checks.outside import OutsideCheck
    from govcrawl.archive.checks.reading import Record

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
    known = spiders(settings)

    def is_article(site: str, url: str) -> bool | None:
        cls = known.get(site)
        return None if cls is None else re.search(cls.article_pattern, url) is not None

    def read(row: dict[str, Any], record: Record, part: Callable[[str], Record | None]) -> items.Article | None:
        cls = known.get(row["site"])
        facts = cls.site() if cls is not None else other_site(record.url)
        channel = row["channel"]
        # The rule reads class attributes only; a spider without channels cannot be instantiated.
        region = cls.region(cast("Any", cls), channel, record.url) if cls is not None and channel else None
        attempt = attempt_for(
            Row(record.url, row["listed_title"], row["listed_on"], listed.loads(row["listed"])),
            record.url,
            facts,
            channel,
        )
        attempt.hops.append(Hop(record.url, row["fetched_at"], record.status))
        page = page_of(attempt, record.url, record.body, dict(record.headers), facts, region)
        page.site, page.form = row["site"], row["form"]
        while wanted := parts.wanted(page.reading):
            for address in wanted:
                found = part(address)
                bring = (found.body, found.url, dict(found.headers)) if found is not None else (None, None, None)
                parts.bring(page.reading, address, *bring)
        page_type = extraction.clean(page.reading).page_type
        page.reading_is_file = page_type == "attachment"
        if page_type not in ("article", "attachment") and not page.form:
            return None
        article = article_of(page)
        return article if article.title else None

    return Rules(is_article, read)
