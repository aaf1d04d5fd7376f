"""``scrapy crawl``: Scrapy's own command, with an exit code that tells how the run ended and a summary."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError

from govcrawl.errors import BadArgument, nearest
from govcrawl.extensions import ArchiveExtension, data_folder
from govcrawl.recognition.families import spiders
from govcrawl.run_report import report, verdict
from govcrawl.workers.local import loaded

if TYPE_CHECKING:
    import argparse


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[options] <spider>"

    def short_desc(self) -> str:
        return "Crawl a site into the archive; the exit code tells how it ended"

    def long_desc(self) -> str:
        codes = "; ".join(f"{code} {meaning}" for code, (_, meaning, _) in verdict.EXIT_CODES.items())
        return f"Crawl a site into the archive. Exit codes: {codes}."

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            msg = "give one spider: scrapy crawl heilongjiang (scrapy list shows them)"
            raise UsageError(msg, print_help=False)
        assert self.crawler_process is not None
        assert self.settings is not None
        known = self.crawler_process.spider_loader.list()
        if args[0] not in known:
            titled = [f"{cls.name} ({cls.site_name})" for cls in spiders(self.settings).values()]
            near = nearest(args[0], known if args[0].isascii() else titled)
            msg = (
                f"unknown site {args[0]!r}{near}; scrapy list shows the {len(known)} sites, "
                "scrapy crawl urls takes any page"
            )
            raise UsageError(msg, print_help=False)
        crawler = self._create_crawler(args[0])
        crawler.signals.connect(loaded, signals.spider_opened)
        outcome: Any = self.crawler_process.crawl(crawler, **opts.spargs)
        errors: list[BaseException] = []
        _collect(outcome, errors)
        self.crawler_process.start()
        if errors and isinstance(errors[0], BadArgument):
            raise UsageError(str(errors[0]), print_help=False)
        if errors:
            sys.stderr.write(f"{type(errors[0]).__name__}: {errors[0]}\n")
            self.exitcode = verdict.CRASHED
            return
        extension = crawler.get_extension(ArchiveExtension)
        run = extension.run_report if extension is not None else None
        if run is None:  # a signal came before the spider was opened
            print(f"{args[0]}: partial (stopped before it began), exit code {verdict.PARTIAL}")
            self.exitcode = verdict.PARTIAL
            return
        print(report.summary(run, data_folder(self.settings)))
        self.exitcode = run["exit_code"]


def _collect(outcome: Any, errors: list[BaseException]) -> None:
    """Take the error of a crawl that could not start, so that it is told once and not as an unhandled one."""
    if isinstance(outcome, asyncio.Future):

        def done(task: asyncio.Future[Any]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                errors.append(error)

        outcome.add_done_callback(done)
    else:
        outcome.addErrback(lambda failure: errors.append(failure.value))
