"""``scrapy compact``: the many small files that daily runs leave become few."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive import compact_captures, compact_runs
from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.compact import Compacted, Scope, compact, days_ago
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.attachments import compaction
from govcrawl.errors import nearest
from govcrawl.extensions import data_folder
from govcrawl.provinces import PROVINCES
from govcrawl.reprints.check import compact_rows
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


SCOPES = ("province", "year")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--older-than DAYS] [province=SLUG] [year=YYYY]"

    def short_desc(self) -> str:
        return "Merge small files, and remove rows that are there twice"

    def long_desc(self) -> str:
        return (
            "Merge the article files of each site and partition into one, keeping each (doc_id, revision) once, and where no "
            "partition is named, each site's captures files, its run files older than a month, and the texts of attachments into few. "
            f"Of captures, files below {_size(compact_captures.SIZES.small)} are merged with those after them, into none above "
            f"{_size(compact_captures.SIZES.large)}; of texts {_size(compaction.SIZES.small)} and {_size(compaction.SIZES.large)}; "
            f"of run files {_size(compact_runs.SIZES.small)} and {_size(compact_runs.SIZES.large)}. Readers may go on reading; a site that a crawl holds is passed over. Exit codes: 0 done, 2 bad argument, 7 a site was passed "
            "over, 8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--older-than",
            metavar="DAYS",
            help="only files of runs that began so many days ago or earlier, of every kind of file",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        scope = _scope(args, opts.older_than)
        data = data_folder(self.settings)
        storage = Storage(data)
        done: list[Compacted] = []
        try:
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise UsageError(msg, print_help=False)
            storage.prepare()
            for one in _compacted(storage, scope):
                told = one.locked and any(other.locked for other in done if other.site == one.site)
                done.append(one)
                if not told:
                    print(_line(one))
            if scope == Scope() and (reprints := compact_rows(storage)) is not None:
                done.append(reprints)
                print(_line(reprints))
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE
            return
        files = sum(c.before - c.after for c in done)
        print(f"{files} files fewer, {sum(c.doubled for c in done)} doubled rows removed in {data}")
        self.exitcode = verdict.LOCKED if any(c.locked for c in done) else verdict.COMPLETE


def _compacted(storage: Storage, scope: Scope) -> Iterator[Compacted]:
    yield from compact(storage, scope)
    if not scope.names_partition:
        yield from compact_captures.compact_captures(storage, scope)
        yield from compact_runs.compact_runs(storage, scope)
        if (texts := compaction.compact_texts(storage, scope)) is not None:
            yield texts


def _size(number: int) -> str:
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"


def _line(one: Compacted) -> str:
    if one.locked:
        return f"{one.site}: passed over, {one.locked}"
    doubled = f", {one.doubled} doubled rows removed" if one.doubled else ""
    if one.dataset != "articles":
        rows = "runs" if one.dataset == "run" else "rows"
        return f"{one.site}: {one.before} {one.dataset} files became {one.after} with {one.rows} {rows}{doubled}"
    return f"{one.site}: {one.before} files in {one.partitions} partitions became {one.after} with {one.rows} rows{doubled}"


def _scope(args: list[str], older_than: str | None) -> Scope:
    given: dict[str, str] = {}
    for arg in args:
        key, _, value = arg.partition("=")
        if key not in SCOPES or not value or key in given:
            msg = f"{arg!r} is no argument of compact{nearest(key, SCOPES)}; write province=heilongjiang or year=2023, each once"
            raise UsageError(msg, print_help=False)
        given[key] = value
    province, year = given.get("province"), given.get("year")
    slugs = (*PROVINCES, "national", "unknown")
    if province is not None and province not in slugs:
        msg = f"province={province} is no province's slug{nearest(province, slugs)}; the folders below articles/ show those there are"
        raise UsageError(msg, print_help=False)
    if year is not None and not (year.isdecimal() and len(year) <= 4):
        msg = f"year={year} is not a year; write year=2023, or year=0 for articles without one"
        raise UsageError(msg, print_help=False)
    before = None
    if older_than is not None:
        try:
            days = float(older_than)
            if not 0 <= days < 36_500:
                raise ValueError(older_than)
        except ValueError as exc:
            msg = f"--older-than {older_than} is not a number of days; write --older-than 30"
            raise UsageError(msg, print_help=False) from exc
        before = days_ago(days)
    return Scope(before, province, int(year) if year is not None else None)
