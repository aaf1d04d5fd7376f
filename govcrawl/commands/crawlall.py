"""``scrapy crawlall``: every site, each in its own process, a few side by side."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError
from scrapy.utils.conf import arglist_to_dict

from govcrawl import __version__
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.batch import board, plan
from govcrawl.batch.executors import Grid, Here
from govcrawl.batch.runner import LOCK_PATIENCE, Batch, ended_before
from govcrawl.errors import BadArgument
from govcrawl.extensions import data_folder
from govcrawl.provinces import PROVINCES
from govcrawl.recognition.families import spiders
from govcrawl.run_report import verdict
from govcrawl.workers.chosen import add_cluster_options, cluster_of
from govcrawl.workers.cluster import FIRST, PATIENCE, Unreachable, scheduler

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from govcrawl.batch.executors import Executor

LOCK = "crawlall"
KINDS = ("department", "ministry", "news")
_MODULE = "SCRAPY_SETTINGS_MODULE"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return (
            "[--sites a,b] [--kind KIND] [--province SLUG] [--jobs N] [--budget 3h] [--scheduler tcp://… | --workers N]"
        )

    def short_desc(self) -> str:
        return "Crawl every site, each in its own process, the longest without success first"

    def long_desc(self) -> str:
        worst = ", ".join(str(code) for code in verdict.WORST_FIRST)
        return (
            "Crawl the sites side by side, each in its own process, the one whose last success is oldest first. What the batch "
            "did is in batches/<id>.json of the archive, each site's log in the folder of --logs. The exit code is that of "
            f"the worst run, worst first: {worst}; scrapy crawl -h says what they mean. 7 is also a second crawlall on one archive, "
            "1 that no scheduler answers."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--sites", metavar="A,B", default="", help="only these sites")
        parser.add_argument("--kind", choices=KINDS, help="only sites of this kind")
        parser.add_argument("--province", metavar="SLUG", help="only sites of this province, or national")
        parser.add_argument("--jobs", metavar="N", help="sites at a time (default 4, of a cluster as many as threads)")
        add_cluster_options(parser)
        parser.add_argument("--budget", metavar="TIME", help="end after 90m, 3h …; what then runs ends as partial")
        parser.add_argument("--json", metavar="FILE", help="write what batches/<id>.json says to a file as well")
        parser.add_argument("--logs", metavar="FOLDER", default="log", help="folder of the sites' logs (default log)")
        parser.add_argument("--wait", action="store_true", help="wait where another crawlall holds the archive")
        parser.add_argument("-a", dest="spargs", action="append", default=[], metavar="NAME=VALUE", help="as of crawl")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        if args:
            msg = f"crawlall takes no {args[0]!r}; write --sites {','.join(args)}"
            raise UsageError(msg, print_help=False)
        try:
            jobs = number_of("--jobs", opts.jobs) if opts.jobs is not None else None
            budget, cluster = seconds_of("--budget", opts.budget), cluster_of(opts)
            sites = self._sites(opts)
            if opts.json and not Path(opts.json).parent.is_dir():
                msg = f"--json {opts.json}: there is no folder {Path(opts.json).parent}"
                raise BadArgument(msg)
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        storage = Storage(data_folder(self.settings))
        batch_id = f"{now_ms():%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        try:
            storage.prepare()
            lock = SiteLock(storage, LOCK, batch_id)
            _acquire(lock, wait=opts.wait)
            try:
                batch = self._batch(storage, batch_id, plan.in_order(storage, sites), budget, opts)
                with _executor(batch, jobs, cluster) as executor:
                    self.exitcode = _crawl(batch, executor, opts)
            finally:
                lock.release()
        except BadArgument as exc:  # Dask is not installed
            raise UsageError(str(exc), print_help=False) from exc
        except Unreachable as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.CRASHED
        except Locked as exc:
            sys.stderr.write(f"another crawlall works on {storage.root} ({exc}); --wait waits for it\n")
            self.exitcode = verdict.LOCKED
        except (StorageError, OSError) as exc:  # the archive, the folder of logs, the file of --json
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE

    def _sites(self, opts: argparse.Namespace) -> list[str]:
        if opts.province not in {None, "national", *PROVINCES}:
            msg = f"--province {opts.province} is no province's slug; scrapy sites shows them"
            raise BadArgument(msg)
        assert self.settings is not None
        wanted = [name.strip() for name in opts.sites.split(",") if name.strip()]
        return plan.chosen(spiders(self.settings), wanted, opts.kind, opts.province)

    def _batch(
        self, storage: Storage, batch_id: str, sites: list[str], budget: float | None, opts: argparse.Namespace
    ) -> Batch:
        logs = Path(opts.logs).absolute() / batch_id
        logs.mkdir(parents=True)
        here = storage.base if storage.local else storage.root
        return Batch(
            storage,
            batch_id,
            sites,
            [*passed_on(opts), "-s", f"GOVCRAWL_DATA={here}"],
            logs=logs,
            environment={k: v for k, v in os.environ.items() if k.startswith("GOVCRAWL_") or k == _MODULE},
            budget=budget,
        )


@contextmanager
def _executor(batch: Batch, jobs: int | None, cluster: tuple[str | None, int] | None) -> Iterator[Executor]:
    """Who crawls. Raises BadArgument, Unreachable."""
    if cluster is None:
        here = Here(4 if jobs is None else jobs)
        try:
            yield here
        finally:
            here.close()
        return
    batch.patience = LOCK_PATIENCE
    with scheduler(*cluster) as address:
        ended = partial(ended_before, batch.storage, batch_id=batch.batch_id)
        grid = Grid(address, jobs, ended, FIRST if cluster[0] is not None else PATIENCE)
        try:
            yield grid
        finally:
            grid.close()


def _crawl(batch: Batch, executor: Executor, opts: argparse.Namespace) -> int:
    with board.shown(batch, Console()):
        asyncio.run(batch.run(executor))
    text = json.dumps(_facts(batch, opts), ensure_ascii=False, indent=1)
    batch.storage.publish(f"batches/{batch.batch_id}.json", text.encode())
    if opts.json:
        Path(opts.json).write_text(text + "\n", encoding="utf-8")
    print(board.summary(batch))
    return batch.exit_code


def passed_on(opts: argparse.Namespace) -> list[str]:
    """The options that each site's crawl gets."""
    given = [part for pair in opts.spargs for part in ("-a", pair)] + [
        part for pair in opts.set for part in ("-s", pair)
    ]
    return [*given, *(("-L", opts.loglevel) if opts.loglevel else ())]


def number_of(name: str, value: str) -> int:
    """A number of 1 or more. Raises BadArgument."""
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= 1000):
        msg = f"{name} {value} is not a number from 1 to 1000"
        raise BadArgument(msg)
    return int(value)


def seconds_of(name: str, value: str | None) -> float | None:
    """The seconds of ``90``, ``90s``, ``45m``, ``3h`` or ``1d``. Raises BadArgument."""
    if value is None:
        return None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smhd]?)", value, re.ASCII)
    if found is None or float(found[1]) == 0:
        msg = f"{name} {value} is no time; write 45m or 3h"
        raise BadArgument(msg)
    return float(found[1]) * _UNITS[found[2] or "s"]


def _acquire(lock: SiteLock, *, wait: bool) -> None:
    while True:
        try:
            lock.acquire()
        except Locked:
            if not wait:
                raise
            time.sleep(1)
        else:
            return


def _facts(batch: Batch, opts: argparse.Namespace) -> dict[str, Any]:
    return {
        "batch_id": batch.batch_id,
        "version": __version__,
        "started_at": batch.started_at.isoformat(),
        "finished_at": now_ms().isoformat(),
        "arguments": arglist_to_dict(opts.spargs),
        "jobs": batch.most,
        "budget_seconds": batch.budget,
        "stopped": batch.stopped,
        "exit_code": batch.exit_code,
        "sites": [run.facts() for run in batch.runs],
    }
