"""``scrapy stats``: the archive at a glance, in the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.storage import StorageError
from govcrawl.commands.report import opened
from govcrawl.overview import text
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Tell in thirty lines what the archive holds: provinces, fields, flags, failures, alarms"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            msg = f"stats takes no {args[0]!r}"
            raise UsageError(msg, print_help=False)
        try:
            with opened(self.settings) as (_, answers, health):
                print(text.render(answers, health))
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE
