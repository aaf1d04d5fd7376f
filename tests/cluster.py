"""Re-extraction by a cluster that breaks: a worker is killed (kill -9) in the middle, and the scheduler restarted once.

    python -m tests.cluster --pages 400 --workers 3

prints the invariant: every article read, each change landed once, nothing lost, doubled or different from what one process
makes of the same archive. All listen on 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from govcrawl.workers.cluster import cluster
from tests.loopback import PROJECT, environment
from tests.reextract.archive import Made, captures, read, rows, said

if TYPE_CHECKING:
    from govcrawl.reextract.run import Done

PIECE = 5


class Daemons:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, data: Path, workers: int) -> None:
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--workers", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = proof(Path(folder), given.pages, given.workers)
    print(*(f"WRONG: {what}" for what in wrong), sep="\n", end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
