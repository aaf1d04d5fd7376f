"""``scrapy reextract``: stored articles read again by today's rules."""

from __future__ import annotations

import re
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.checks.verify import is_there, sites_of
from govcrawl.archive.lock import Locked
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.base_spiders.arguments import day
from govcrawl.errors import BadArgument, nearest
from govcrawl.extensions import data_folder
from govcrawl.reextract import shown
from govcrawl.reextract.facts import Sites
from govcrawl.reextract.plan import Scope
from govcrawl.reextract.run import Done, Reading, look, reextract
from govcrawl.run_report import verdict
from govcrawl.workers.chosen import add_options, chosen
from govcrawl.workers.cluster import Unreachable
from govcrawl.workers.local import WorkerDied, cores, loaded

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from types import FrameType

    from govcrawl.items import Article
    from govcrawl.reextract.piece import Wanted
    from govcrawl.workers.local import Workers

_EVERY_SECONDS = 30  # a line of progress where there is no terminal


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--since DAY] [--where-extractor-older-than VERSION] [--jobs N | --scheduler tcp://… | --workers N] [--dry-run] [--diff N] [site …]"

    def short_desc(self) -> str:
        return "Read stored articles again by today's rules, from their recordings"

    def long_desc(self) -> str:
        return (
            "Read every article of these sites (of all, without names) again from its WARC, without a request. What a reader "
            "would see otherwise lands as a revision with the cause reextracted; a page that reads the same makes no row. A run "
            "that was killed is continued by the next one. Exit codes: 0 done, 1 workers died or no scheduler answers, 2 bad argument, 3 stopped, or "
            "some pages could not be read, 7 a run holds a site, which was passed over, 8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--since", metavar="DAY", help="only articles published since, 2024-03-31, 2024-03 or 2024")
        parser.add_argument(
            "--where-extractor-older-than",
            metavar="VERSION",
            dest="older_than",
            help="only articles that were last read by rules before this version of govcrawl",
        )
        add_options(parser, cores())
        parser.add_argument(
            "--dry-run", action="store_true", help="tell what would change, with examples; write nothing"
        )
        parser.add_argument(
            "--diff", metavar="N", help="show the first N pages that differ, before and after, and write nothing"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        try:
            scope, most = _scope(opts), _count(opts.diff)
            sites = _sites(storage, data, args)
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE
            return
        loaded()
        try:
            with chosen(opts) as workers, _stopping() as stop:
                self._run(storage, sites, _Work(self, scope, workers, stop, most, dry=opts.dry_run or most is not None))
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except Unreachable as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.CRASHED

    def _run(self, storage: Storage, sites: list[str], work: _Work) -> None:
        codes = []
        for site in sites:
            if work.is_over:
                break
            try:
                codes.append(work.on(storage, site))
            except Locked as exc:
                print(f"{site}: passed over, {exc}")
                codes.append(verdict.LOCKED)
            except StorageError as exc:
                sys.stderr.write(f"{exc}\n")
                codes.append(verdict.STORAGE)
                break
            except WorkerDied as exc:
                piece = exc.args[0]
                sys.stderr.write(
                    f"workers died while they read {len(piece.wanted)} pages of {piece.file} from offset "
                    f"{piece.wanted[0].offset} on (out of memory?); give --jobs 1, or report it\n"
                )
                codes.append(verdict.CRASHED)
                break
        what = "would change; nothing was written" if work.dry else "changed"
        print(f"{work.read} pages read again, {work.changed} {what} in {storage.root}")
        self.exitcode = verdict.worst_code([*codes, verdict.PARTIAL] if work.stop else codes)


class _Work:
    """What is done with one site after the other."""

    def __init__(
        self, command: Command, scope: Scope, workers: Workers, stop: list[int], most: int | None, *, dry: bool
    ) -> None:
        assert command.settings is not None
        settings = command.settings
        self.sites = Sites(settings)
        self.parts = settings.getint("GOVCRAWL_FRAMES"), settings.getint("GOVCRAWL_ARTICLE_PAGES")
        self.segment = {
            "segment_rows": settings.getint("GOVCRAWL_SEGMENT_ROWS"),
            "segment_seconds": settings.getfloat("GOVCRAWL_SEGMENT_SECONDS"),
        }
        self.scope, self.workers, self.stop, self.most, self.dry = scope, workers, stop, most, dry
        self.read = self.changed = self.pages = 0

    @property
    def is_over(self) -> bool:
        """Whether it was stopped, or has shown all the pages that it was asked for."""
        return bool(self.stop) or (self.most is not None and self.pages >= self.most)

    def on(self, storage: Storage, site: str) -> int:
        examples = shown.Examples()

        def differs(wanted: Wanted, article: Article, changed: list[str]) -> bool:
            examples.take(wanted, article, changed)
            if self.most is not None and self.pages < self.most:
                self.pages += 1
                print(*shown.page(wanted, article, changed), "", sep="\n")
            return self.is_over

        with _progress(site) as told:
            how = Reading(
                self.scope, self.sites, *self.parts, self.workers, lambda done: told(done) or self.is_over, differs
            )
            done = look(storage, site, how) if self.dry else reextract(storage, site, how, **self.segment)
        self.read += done.read
        self.changed += done.changed
        print(*_lines(done, examples if self.dry and self.most is None else None, dry=self.dry), sep="\n")
        return verdict.COMPLETE if self.most is not None and not self.stop else done.exit_code


def _lines(done: Done, examples: shown.Examples | None, *, dry: bool) -> Iterator[str]:
    more = [f"{done.resumed} read before the last run was cut off"] if done.resumed else []
    more += [f"{done.moved} moved to another province or year"] if done.moved else []
    more += [f"{count} {what}" for what, count in sorted(done.trouble.items())]
    verb = "would change" if dry else "changed"
    yield ", ".join([f"{done.site}: {done.read} of {done.total} pages read again", f"{done.changed} {verb}", *more])
    for name, count in done.fields.most_common():
        yield f"  {name}: {count}"
        yield from (f"    {line}" for line in (examples.of(name) if examples is not None else ()))
    yield from (f"  {line}" for line in done.named)


@contextmanager
def _progress(site: str) -> Iterator[_Told]:
    """What tells how far a site is: a bar with the time left on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Told(site, None)
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Told(site, bar)


class _Told:
    def __init__(self, site: str, bar: Progress | None) -> None:
        self._began = self._last = time.monotonic()
        self._bar = bar
        self._task = bar.add_task(site, total=None) if bar is not None else None

    def __call__(self, done: Done) -> bool:
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=done.total, completed=done.read)
        elif time.monotonic() - self._last >= _EVERY_SECONDS:
            self._last = time.monotonic()
            left = (self._last - self._began) / max(done.read, 1) * (done.total - done.read)
            minutes = f"{left / 60:.0f} min left" if left >= 90 else f"{left:.0f} s left"
            sys.stderr.write(
                f"{done.site}: {done.read} of {done.total} pages read, {done.changed} changed, {minutes}\n"
            )
        return False


@contextmanager
def _stopping() -> Iterator[list[int]]:
    """A list that SIGINT and SIGTERM fill: what was read is then committed. A second one ends the process as it would have."""
    came: list[int] = []
    before: dict[int, Any] = {}

    def heed(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(number, before[number])

    for wanted in (signal.SIGINT, signal.SIGTERM):
        before[wanted] = signal.signal(wanted, heed)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sites(storage: Storage, data: str, wanted: list[str]) -> list[str]:
    if not is_there(storage):
        msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
        raise BadArgument(msg)
    there = sites_of(storage)
    unknown = sorted(set(wanted) - set(there))
    if unknown:
        msg = f"no site {unknown[0]!r} in {data}{nearest(unknown[0], there)}; it holds: {', '.join(there) or 'nothing'}"
        raise BadArgument(msg)
    return wanted or there


def _scope(opts: argparse.Namespace) -> Scope:
    version = opts.older_than
    if version is not None and not re.fullmatch(r"\d{1,6}(\.\d{1,6}){0,2}", version, re.ASCII):
        msg = f"--where-extractor-older-than {version} is no version; write 0.3.0"
        raise BadArgument(msg)
    return Scope(day({"since": opts.since}, "since", first=True) if opts.since else None, version)


def _count(diff: str | None) -> int | None:
    if diff is not None and not (diff.isascii() and diff.isdecimal() and 1 <= int(diff[:6]) <= 100_000):
        msg = f"--diff {diff} is not a number of pages; write --diff 20"
        raise BadArgument(msg)
    return int(diff) if diff is not None else None
