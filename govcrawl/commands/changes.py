"""``scrapy changes``: what has changed in the archive since its reader last looked."""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.changes import positions
from govcrawl.archive.changes.feed import Changes
from govcrawl.archive.changes.news import Wanted, end_of
from govcrawl.archive.changes.output import FORMATS, as_jsonl, as_parquet
from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.errors import BadArgument
from govcrawl.extensions import data_folder
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from govcrawl.archive.changes.events import Event


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--since CURSOR|RUN|DATE] [--until RUN|DATE] [--site SITE] [--format jsonl|parquet] [-o FILE] [--cursor FILE]"

    def short_desc(self) -> str:
        return "Tell what was added, edited, moved, withdrawn … since you last looked"

    def long_desc(self) -> str:
        return (
            "Print each change of the articles once, in the order in which they were committed, with the columns that differ. "
            "Keep a cursor to be told only of what is new the next time. Readers wait for nobody: it may run while sites are "
            "crawled. Exit codes: 0 done, 1 the reader of the output went away, 2 bad argument or a cursor that the archive "
            "does not hold, 8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--since",
            metavar="POINT",
            help="a cursor, or a file that holds one; a day (UTC): runs begun then or later; a run: what came to its site since",
        )
        parser.add_argument("--until", metavar="POINT", help="a day or a run: only runs begun no later")
        parser.add_argument(
            "--site", action="append", default=[], metavar="SITE", help="only this site; may be repeated"
        )
        parser.add_argument(
            "--format", choices=FORMATS, default="jsonl", help="jsonl (default) or parquet, which needs -o"
        )
        parser.add_argument("-o", dest="output", metavar="FILE", help="a new file, which appears whole or not at all")
        parser.add_argument(
            "--cursor",
            metavar="FILE",
            help="begin where this file says, unless --since does, and keep there where this ends",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        try:
            if args:
                msg = f"changes takes no {args[0]!r}; write --site {args[0]}"
                raise BadArgument(msg)
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise BadArgument(msg)
            self.exitcode = _tell(storage, _wanted(storage, opts), opts)
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except (StorageError, OSError) as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE


def _wanted(storage: Storage, opts: argparse.Namespace) -> Wanted:
    until = positions.moment(opts.until, end=True) if opts.until else None
    sites = frozenset(opts.site)
    if opts.since is None:
        kept = opts.cursor and Path(opts.cursor).exists()
        return Wanted(_cursor_in(opts.cursor) if kept else {}, until=until, sites=sites)
    if positions.is_cursor(opts.since):
        return Wanted(positions.read(opts.since), until=until, sites=sites)
    if Path(opts.since).is_file():
        return Wanted(_cursor_in(opts.since), until=until, sites=sites)
    if positions.is_run(opts.since):
        site = positions.Position(opts.since, 0).site
        if sites - {site}:
            msg = f"--since {opts.since} is a run of {site}, and --site names {', '.join(sorted(sites))}; give a day or a cursor"
            raise BadArgument(msg)
        end = end_of(storage, opts.since)
        return Wanted({site: end} if end else {}, until=until, sites=frozenset([site]))
    return Wanted(begun=positions.moment(opts.since), until=until, sites=sites)


def _cursor_in(file: str) -> positions.Cursor:
    """The cursor that a file holds; an empty file is the beginning."""
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as exc:
        msg = f"{file} is no file with a cursor ({exc})"
        raise BadArgument(msg) from exc
    try:
        return positions.read(text) if text else {}
    except BadArgument as exc:
        msg = f"{file}: {exc}"
        raise BadArgument(msg) from exc


def _tell(storage: Storage, wanted: Wanted, opts: argparse.Namespace) -> int:
    if opts.format == "parquet" and not opts.output:
        msg = "--format parquet cannot be printed; name a file with -o"
        raise BadArgument(msg)
    if opts.output and Path(opts.output).exists():
        msg = f"-o {opts.output} is there already: load it and remove it first, or name another"
        raise BadArgument(msg)
    told: Counter[str] = Counter()
    with Changes(storage, wanted) as changes:
        cursor = positions.write(changes.cursor)
        events = _counted(changes, told)
        if opts.format == "parquet":
            _publish(opts.output, lambda out: as_parquet(events, out, cursor))
        elif opts.output:
            _publish(opts.output, lambda out: out.writelines(line.encode() for line in as_jsonl(events)))
        elif not _printed(events):
            return verdict.CRASHED
    if opts.cursor:
        _publish(opts.cursor, lambda out: out.write(f"{cursor}\n".encode()))
    sys.stderr.write(f"{', '.join(f'{n} {kind}' for kind, n in told.most_common()) or 'no changes'}\n")
    if not opts.cursor:
        sys.stderr.write(f"go on with --since {cursor}\n")
    return verdict.COMPLETE


def _counted(events: Changes, told: Counter[str]) -> Iterator[Event]:
    for event in events:
        told[event["change"]] += 1
        yield event


def _printed(events: Iterator[Event]) -> bool:
    """Whether all of it was taken."""
    try:
        for line in as_jsonl(events):
            sys.stdout.write(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # What Python flushes at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _publish(name: str, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that appears whole or not at all."""
    staged = f"{name}.{secrets.token_hex(4)}.part"
    try:
        with open(staged, "wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(staged, name)
    finally:
        Path(staged).unlink(missing_ok=True)
