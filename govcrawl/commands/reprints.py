"""``scrapy reprints``: who reprinted whom, and what a reprint changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.lock import Locked
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.errors import BadArgument
from govcrawl.extensions import data_folder
from govcrawl.reprints.diff import Unknown, article, marked
from govcrawl.reprints.run import FOLDER, Grouped, group_pending
from govcrawl.run_report import verdict
from govcrawl.workers.chosen import add_options, chosen
from govcrawl.workers.cluster import Unreachable
from govcrawl.workers.local import WorkerDied

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--jobs N | --scheduler tcp://… | --workers N] | --diff DOC DOC"

    def short_desc(self) -> str:
        return "Group the articles that carry one notice, or show what a reprint changed"

    def long_desc(self) -> str:
        return (
            "Group the articles that are new or changed since the last run into data/reprints: origin, reprints, excerpts and "
            "digests of one notice. It may be killed and run again at any time. With --diff: the words that differ between two "
            "articles, each given by its doc_id or address. Exit codes: 0 done, 1 workers died or no scheduler answers, 2 bad "
            "argument, 7 another process is at it, "
            "8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add_options(parser, 1)
        parser.add_argument("--diff", metavar="DOC", nargs=2, help="show what the second article changed of the first")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            msg = f"reprints takes no argument, and {args[0]!r} is one; scrapy reprints groups what is not grouped yet"
            raise UsageError(msg, print_help=False)
        data = data_folder(self.settings)
        storage = Storage(data)
        try:
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise UsageError(msg, print_help=False)
            if opts.diff:
                self._diff(storage, *opts.diff)
            else:
                with chosen(opts) as workers:
                    _print(group_pending(storage, workers=workers, after=_tell), data)
                self.exitcode = verdict.COMPLETE
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except (Unreachable, WorkerDied) as exc:
            why = (
                exc
                if isinstance(exc, Unreachable)
                else "workers died while they read texts (out of memory?); run again"
            )
            sys.stderr.write(f"{why}\n")
            self.exitcode = verdict.CRASHED
        except Locked:
            sys.stderr.write(f"another process groups the articles of {data}; wait for it to end\n")
            self.exitcode = verdict.LOCKED
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE

    def _diff(self, storage: Storage, old: str, new: str) -> None:
        try:
            one, other = article(storage, old), article(storage, new)
        except Unknown as exc:
            raise UsageError(str(exc), print_help=False) from exc
        for sign, row in (("---", one), ("+++", other)):
            print(f"{sign} {row['doc_id']} revision {row['revision']} {row['site_name'] or ''} {row['url']}")
        print(marked(one["title"] or "", other["title"] or ""))
        print()
        print(marked(one["text"] or "", other["text"] or ""))
        self.exitcode = verdict.COMPLETE


def _tell(done: Grouped) -> None:
    if done.articles or done.indexed:
        sys.stderr.write(f"{done.indexed} indexed again, {done.articles} grouped\n")


def _print(done: Grouped, data: str) -> None:
    if done.rebuilt:
        print(f"the index was missing or of another version: {done.indexed} articles indexed again")
    if done.forgotten:
        print(f"{done.forgotten} articles are no more in the archive; their groups were made anew")
    if done.merged:
        print(f"{done.merged} articles came into another group, as two groups are one notice")
    for role, count in done.roles.most_common():
        print(f"{count} rows of role {role}")
    print(f"{done.articles} articles grouped into {data}/{FOLDER}")
