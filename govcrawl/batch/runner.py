"""Runs the sites of a batch: a process for each, a few at a time, none left behind."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govcrawl.archive import runs
from govcrawl.archive.captures import run_started
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from govcrawl.archive.storage import Storage

GRACE_SECONDS = 180  # what a crawl may take to finish what is in flight and commit
_PR_SET_PDEATHSIG = 1
_TAIL = 4096


@dataclass
class SiteRun:
    """One site of a batch. ``state``: `waiting`, `running`, a run's `complete` `partial` `failed`, or `not_started`.
    ``seconds``: how long its process ran. ``landed``: rows of articles."""

    site: str
    state: str = "waiting"
    exit_code: int | None = None
    reason: str = ""
    run_id: str | None = None
    landed: int = 0
    pages: int = 0
    seconds: float = 0.0
    log: str = ""
    began: float = field(default=0.0, repr=False)

    def facts(self) -> dict[str, Any]:
        """What the batch file says of it."""
        names = ("site", "state", "exit_code", "reason", "run_id", "landed", "pages", "seconds", "log")
        return {name: getattr(self, name) for name in names} | {"seconds": round(self.seconds, 1)}


class Batch:
    """Sites crawled side by side. ``told`` is called with each site that begins or ends."""

    def __init__(
        self,
        storage: Storage,
        sites: Sequence[str],
        options: Sequence[str],
        *,
        jobs: int,
        logs: Path,
        budget: float | None = None,
        told: Callable[[SiteRun], object] = lambda _: None,
    ) -> None:
        self.storage = storage
        self.runs = [SiteRun(site) for site in sites]
        self.options = list(options)
        self.jobs = jobs
        self.logs = logs
        self.budget = budget
        self.told = told
        self.stopped = ""
        self.started_at = now_ms()
        self._waiting = iter(self.runs)
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> None:
        """Crawl them all. SIGTERM, SIGINT and the end of the budget stop the crawls that run, which finish what is in
        flight; a second signal kills them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        ended = loop.call_later(self.budget, self.stop, "the budget is used up") if self.budget is not None else None
        try:
            await asyncio.gather(*(self._work() for _ in range(self.jobs)))
        finally:
            if ended is not None:
                ended.cancel()
            self._signal_all(signal.SIGKILL)
        for left in self._waiting:
            left.state, left.reason = "not_started", self.stopped
            self.told(left)

    def stop(self, why: str) -> None:
        """Begin no other site, and end those that run as partial."""
        if not self.stopped:
            self.stopped = why
            self._signal_all(signal.SIGTERM)
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._signal_all, signal.SIGKILL)

    @property
    def exit_code(self) -> int:
        """That of the worst run; a site that was not begun counts as partial."""
        return verdict.worst_code(
            verdict.PARTIAL if run.exit_code is None else run.exit_code for run in self.runs if run.state != "running"
        )

    def _signalled(self, number: int) -> None:
        if self.stopped:
            self._signal_all(signal.SIGKILL)
        self.stop(f"stopped by {signal.Signals(number).name}")

    def _signal_all(self, number: int) -> None:
        for process in self._processes.values():
            if process.returncode is None:
                process.send_signal(number)

    async def _work(self) -> None:
        while not self.stopped and (run := next(self._waiting, None)) is not None:
            await self._crawl(run)

    async def _crawl(self, run: SiteRun) -> None:
        log = self.logs / f"{run.site}.log"
        run.state, run.began, run.log = "running", time.monotonic(), str(log)
        began = now_ms()
        self.told(run)
        command = [sys.executable, "-m", "scrapy", "crawl", run.site, *self.options]
        with log.open("wb") as out:
            # A session of its own: Ctrl-C reaches the batch alone, which passes it on once.
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
            )
            self._processes[run.site] = process
            if self.stopped:
                process.terminate()
            code = await process.wait()
        del self._processes[run.site]
        run.seconds = time.monotonic() - run.began
        self._ended(run, code, began)
        self.told(run)

    def _ended(self, run: SiteRun, code: int, began: datetime) -> None:
        stopped_early = code == -signal.SIGTERM and bool(self.stopped)  # before Scrapy heeded signals
        run.exit_code = code if code in verdict.EXIT_CODES else verdict.PARTIAL if stopped_early else verdict.CRASHED
        run.state = verdict.EXIT_CODES[run.exit_code][0]
        report = self._report(run.site, began)
        if stopped_early:
            run.reason = self.stopped
        elif code < 0:
            run.reason = f"killed by {signal.Signals(-code).name}"
        elif report is not None:
            run.reason = str(report.get("reason") or "")
        elif code:
            run.reason = last_line(Path(run.log))
        if report is not None:
            run.run_id = report.get("run_id")
            run.pages = report.get("pages") or 0
            run.landed = sum(n for years in (report.get("landed") or {}).values() for n in years.values())

    def _report(self, site: str, began: datetime) -> dict[str, Any] | None:
        """The run file that this process wrote."""
        try:
            newest = runs.crawls(self.storage, site, last=1)
        except StorageError:
            return None
        return next((r for r in newest if _began(r, began)), None)


def _began(report: dict[str, Any], moment: datetime) -> bool:
    try:
        return run_started(f"{report['run_id']}-") >= moment
    except (KeyError, ValueError):
        return False


def last_line(log: Path) -> str:
    """The end of a crawl's log, which says why it ended."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines: Iterator[str] = reversed(file.read().decode("utf-8", "replace").splitlines())
    return next((line.strip()[:300] for line in lines if line.strip()), "")


def _die_with(parent: int) -> Callable[[], None] | None:
    """What a child does first: ask Linux to kill it when the batch ends in whatever way, so that none is orphaned."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the request was made
            os._exit(1)

    return ask
