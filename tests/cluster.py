"""Work by a cluster that breaks: a worker is killed (kill -9) in the middle, and the scheduler restarted once.

    python -m tests.cluster --pages 400 --workers 3            # re-extraction
    python -m tests.cluster --crawl --workers 3                # a batch of simulated sites
    python -m tests.cluster --crawl --workers 3 --s3           # the same into an object store, where a lock is a lease

prints the invariant: every article read, each change landed once, nothing lost, doubled or different from what one process
makes of the same archive; of a batch, every article once, and no process left. All listen on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from govcrawl.archive.storage import Storage
from govcrawl.run_report import verdict
from govcrawl.workers.cluster import cluster
from tests.batch.bent import HEALTHY
from tests.batch.kills import expected, landed, left, none_left, start
from tests.loopback import PROJECT, environment
from tests.reextract.archive import Made, captures, read, rows, said
from tests.store import object_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.reextract.run import Done

PIECE = 5


class Daemons:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, data: Path | str, workers: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self._data = data
        self._scheduler = self._started("scheduler", "--port", str(self.port), "--no-dashboard")
        self._workers = [self._worker() for _ in range(workers)]

    def _worker(self) -> subprocess.Popen[bytes]:
        return self._started("worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

    def _started(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1"],
            env=environment(self._data), cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill_a_worker(self) -> None:
        worker = self._workers.pop()
        worker.kill()
        worker.wait()

    def restart_scheduler(self) -> None:
        """Its workers end with it, as a service would start them again."""
        self._scheduler.kill()
        self._scheduler.wait()
        for worker in self._workers:
            worker.kill()
            worker.wait()
        self._scheduler = self._started("scheduler", "--port", str(self.port), "--no-dashboard")
        self._workers = [self._worker() for _ in self._workers]

    def lose_scheduler(self) -> None:
        """Its workers are left to end by themselves, with what they crawl; a service then starts all again."""
        self._scheduler.kill()
        self._scheduler.wait()
        for worker in self._workers:
            worker.wait(120)
        self._scheduler = self._started("scheduler", "--port", str(self.port), "--no-dashboard")
        self._workers = [self._worker() for _ in self._workers]

    def close(self) -> None:
        for process in (*self._workers, self._scheduler):
            process.kill()
            process.wait()


def proof(folder: Path, pages: int, workers: int) -> list[str]:
    """What is wrong in the end; empty where all is right."""
    made = Made(folder / "whole")
    for number in range(1, pages + 1):
        made.land(number, author=["误读"] if number % 3 == 0 else [])
    made.close()
    shutil.copytree(folder / "whole", folder / "broken")
    read(folder / "whole")
    with ExitStack() as stack:
        stack.enter_context(mock.patch("govcrawl.reextract.plan.PIECE", PIECE))
        daemons = Daemons(folder / "broken", workers)
        stack.callback(daemons.close)
        events = {PIECE * 2: daemons.kill_a_worker, pages // 2 // PIECE * PIECE: daemons.restart_scheduler}

        def told(done: Done) -> bool:
            if (event := events.pop(done.read, None)) is not None:
                event()
            return False

        done = read(
            folder / "broken",
            workers=stack.enter_context(cluster(daemons.address, first=200)),
            told=told,
            segment_rows=20,
        )
    return list(_wrong(folder, done, pages, len(events)))


def _wrong(folder: Path, done: Done, pages: int, left: int) -> list[str]:
    again = Counter(c["doc_id"] for c in captures(folder / "broken") if c["outcome"] == "reread")
    keys = Counter((r["doc_id"], r["revision"]) for r in rows(folder / "broken"))
    lost, twice = pages - len(again), sum(n > 1 for n in (*again.values(), *keys.values()))
    other = said(rows(folder / "whole")) != said(rows(folder / "broken"))
    print(
        f"{pages} articles, a worker killed, the scheduler restarted: read {done.read}, changed {done.changed}, "
        f"lost {lost}, doubled {twice}, {'OTHER' if other else 'the same'} rows"
    )
    facts = {
        "an event did not come": left > 0,
        "not all were read": done.read != pages or lost != 0,
        "some landed twice": twice > 0,
        "other rows than one process makes": other,
        "the wrong number changed": done.changed != pages // 3,
    }
    return [what for what, is_so in facts.items() if is_so]


def crawled(
    folder: Path, workers: int, sites: tuple[str, ...] = HEALTHY, delay: float = 0.4, store: str = ""
) -> list[str]:
    """What is wrong after a batch during which the cluster broke; empty where all is right. ``store``: the archive's URI."""
    data = store or str(folder / "data")
    with ExitStack() as stack:
        daemons = Daemons(data, workers)
        stack.callback(daemons.close)
        options = ("--scheduler", daemons.address, "--json", str(folder / "batch.json"))
        batch = start(folder, *options, data=store, delay=delay, sites=sites)
        stack.callback(batch.kill)
        missed = [
            event.__name__
            for event in (daemons.kill_a_worker, daemons.lose_scheduler)
            if not _broken(data, batch, event)
        ]
        code = batch.wait(600)
    urls = Counter(landed(data))
    wanted = set().union(*map(expected, sites))
    lost, twice = len(wanted - set(urls)), sum(n > 1 for n in urls.values())
    alone = none_left(folder, store)
    print(
        f"{len(sites)} sites, {len(wanted)} articles, a worker killed, the scheduler restarted: exit code {code}, "
        f"lost {lost}, doubled {twice}, {'no' if alone else 'SOME'} process left"
    )
    facts = {
        f"an event did not come: {missed}": bool(missed),
        f"exit code {code}": code != verdict.COMPLETE,
        "articles are lost or doubled": lost > 0 or twice > 0,
        "what landed is no article": bool(set(urls) - wanted),
        f"processes are left: {left(folder, store)}": not alone,
    }
    return [what for what, is_so in facts.items() if is_so]


def _broken(data: str, batch: subprocess.Popen[bytes], event: Callable[[], None]) -> bool:
    """Let an event come once a crawl has committed what was not there before."""
    storage = Storage(data)
    before, end = set(storage.files("captures")), time.monotonic() + 300
    while batch.poll() is None and time.monotonic() < end:
        if set(storage.files("captures")) - before:
            event()
            return True
        time.sleep(0.05)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--crawl", action="store_true", help="a batch of crawls instead of re-extraction")
    parser.add_argument("--s3", action="store_true", help="with --crawl: the archive is an object store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        where = Path(folder)
        if given.s3:
            stack.enter_context(object_store())
        store = "s3://archive/batch" if given.s3 else ""
        wrong = crawled(where, given.workers, store=store) if given.crawl else proof(where, given.pages, given.workers)
    print(*(f"WRONG: {what}" for what in wrong), sep="\n", end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
