"""``scrapy cdxj``: the index by which web archive tools find the recorded pages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from govcrawl.archive.checks.verify import is_there, sites_of
from govcrawl.archive.storage import Storage
from govcrawl.errors import BadArgument, nearest
from govcrawl.exports import cdxj
from govcrawl.exports.ends import told
from govcrawl.exports.output import STDOUT, Output
from govcrawl.extensions import data_folder
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse

NOTHING = 1  # exit code where nothing is recorded


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[-o FILE] [site …]"

    def short_desc(self) -> str:
        return "Write a CDXJ index of the recorded responses, for pywb and replayweb.page"

    def long_desc(self) -> str:
        return (
            "Index the WARC records that captures name, of all sites or of some, sorted. Exit codes: 0 done, 1 nothing is "
            "recorded, 2 bad argument, 8 reading or writing failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", default=STDOUT, help="the file; else standard output")
        parser.add_argument("--force", action="store_true", help="replace a file that is there")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        with told(self):
            output = Output(opts.output, opts.force)
            output.check(streams=True, gz=False)
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise BadArgument(msg)
            with output.text() as out:
                done = cdxj.write(storage, _sites(storage, args), out)
            sys.stderr.write(f"{done.records} records of {done.files} files indexed\n")
            for name, count in done.lost.items():
                sys.stderr.write(f"{count} records of {name} cannot be read; run scrapy verify\n")
            self.exitcode = verdict.COMPLETE if done.records else NOTHING


def _sites(storage: Storage, names: list[str]) -> list[str]:
    known = sites_of(storage)
    for name in names:
        if name not in known:
            msg = f"{name} is no site of the archive{nearest(name, known)}; scrapy stats shows them"
            raise BadArgument(msg)
    return sorted(set(names)) or known
