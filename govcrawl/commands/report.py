"""``scrapy report``: the archive at a glance, as one HTML page."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.extensions import data_folder
from govcrawl.health.survey import SiteHealth, sites_of, survey
from govcrawl.overview import page
from govcrawl.overview.queries import Answers
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from scrapy.settings import BaseSettings

MAX_AGE = timedelta(days=3)


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "-o FILE"

    def short_desc(self) -> str:
        return "Write one HTML page that shows the whole archive: provinces, freshness, fields, failures"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="the page; it loads nothing from elsewhere")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args or not opts.output:
            msg = "say where to write: scrapy report -o report.html"
            raise UsageError(msg, print_help=False)
        try:
            with opened(self.settings) as (storage, answers, health):
                text = page.render(answers, health, now_ms(), storage.root)
            Path(opts.output).write_text(text, encoding="utf-8")
        except (StorageError, OSError) as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE


@contextmanager
def opened(settings: BaseSettings) -> Iterator[tuple[Storage, Answers, list[SiteHealth]]]:
    """The archive of these settings, ready to be asked. Raises UsageError where it, or what reads it, is not there, and
    StorageError."""
    data = data_folder(settings)
    storage = Storage(data)
    if not is_there(storage):
        msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
        raise UsageError(msg, print_help=False)
    try:
        answers = Answers(storage)
        yield storage, answers, list(survey(storage, sites_of(storage), now_ms(), MAX_AGE))
    except ModuleNotFoundError as exc:
        msg = f"{exc.name} is not installed; pip install 'govcrawl[report]'"
        raise UsageError(msg, print_help=False) from exc
