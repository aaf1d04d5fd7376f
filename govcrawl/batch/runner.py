"""Runs the sites of a batch: a process for each, a few at a time, none left behind."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govcrawl.archive import runs
from govcrawl.archive.lock import LEASE_SECONDS
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.batch.site import Ended, Job
from govcrawl.run_report import verdict
from govcrawl.workers.cluster import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from govcrawl.archive.storage import Storage
    from govcrawl.batch.executors import Executor

GRACE_SECONDS = 180  # what a crawl may take to finish what is in flight and commit
_LOOK = 5.0  # seconds between looks for places that have come free, and for crawls that a stop has not reached


@dataclass
class SiteRun:
    """One site of a batch. ``state``: `waiting`, `running`, a run's `complete` `partial` `failed`, or `not_started`.
    ``host``: the machine that crawled it. ``seconds``: how long its process ran. ``landed``: rows of articles."""

    site: str
    state: str = "waiting"
    exit_code: int | None = None
    reason: str = ""
    run_id: str | None = None
    landed: int = 0
    pages: int = 0
    seconds: float = 0.0
    host: str = ""
    log: str = ""
    began: float = field(default=0.0, repr=False)

    def facts(self) -> dict[str, Any]:
        """What the batch file says of it."""
        names = ("site", "state", "exit_code", "reason", "run_id", "landed", "pages", "seconds", "host", "log")
        return {name: getattr(self, name) for name in names} | {"seconds": round(self.seconds, 1)}


class Batch:
    """Sites crawled side by side by an executor. ``options``: of scrapy crawl. ``environment``: what each crawl gets.
    ``told`` is called with each site that begins or ends."""

    def __init__(
        self,
        storage: Storage,
        batch_id: str,
        sites: Sequence[str],
        options: Sequence[str],
        *,
        logs: Path,
        environment: Mapping[str, str] | None = None,
        budget: float | None = None,
        patience: float = 0.0,
        told: Callable[[SiteRun], object] = lambda _: None,
    ) -> None:
        self.storage = storage
        self.batch_id = batch_id
        self.runs = [SiteRun(site) for site in sites]
        self.options = (*options, "-s", f"GOVCRAWL_BATCH={batch_id}")
        self.environment = dict(environment or {})
        self.logs = logs
        self.budget = budget
        self.patience = patience
        self.told = told
        self.most = 0  # sites crawled at once
        self.stopped = ""
        self.started_at = now_ms()
        self._waiting = iter(self.runs)
        self._signals: set[asyncio.Task[None]] = set()

    async def run(self, executor: Executor) -> None:
        """Crawl them all. SIGTERM, SIGINT and the end of the budget stop the crawls that run, which finish what is in
        flight; a second signal kills them."""
        self._executor = executor
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        ended = loop.call_later(self.budget, self.stop, "the budget is used up") if self.budget is not None else None
        running: set[asyncio.Task[None]] = set()
        try:
            while await self._begun(running) or running:
                done, running = await asyncio.wait(running, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                if self.stopped:  # also those that another worker has begun meanwhile
                    self._send(signal.SIGTERM)
        finally:
            if ended is not None:
                ended.cancel()
            if running:
                await executor.signal(self.batch_id, signal.SIGKILL)
        for left in self._waiting:
            left.state, left.reason = "not_started", self.stopped
            self.told(left)

    async def _begun(self, running: set[asyncio.Task[None]]) -> bool:
        """Begin crawls where there are places. Whether one was begun."""
        places, before = (0 if self.stopped else await self._executor.places()), len(running)
        while not self.stopped and len(running) < places and (run := next(self._waiting, None)) is not None:
            running.add(asyncio.create_task(self._crawl(run)))
            self.most = max(self.most, len(running))
        return len(running) > before

    def stop(self, why: str) -> None:
        """Begin no other site, and end those that run as partial."""
        if not self.stopped:
            self.stopped = why
            self._send(signal.SIGTERM)
            asyncio.get_running_loop().call_later(GRACE_SECONDS, self._send, signal.SIGKILL)

    @property
    def exit_code(self) -> int:
        """That of the worst run; a site that was not begun counts as partial."""
        return verdict.worst_code(
            verdict.PARTIAL if run.exit_code is None else run.exit_code for run in self.runs if run.state != "running"
        )

    def _signalled(self, number: int) -> None:
        if self.stopped:
            self._send(signal.SIGKILL)
        self.stop(f"stopped by {signal.Signals(number).name}")

    def _send(self, number: int) -> None:
        task = asyncio.ensure_future(self._executor.signal(self.batch_id, number))
        self._signals.add(task)
        task.add_done_callback(self._signals.discard)

    async def _crawl(self, run: SiteRun) -> None:
        run.state, run.began, run.log = "running", time.monotonic(), str(self.logs / f"{run.site}.log")
        self.told(run)
        job = Job(self.batch_id, run.site, self.options, run.log, self.environment, self.patience)
        try:
            ended = await self._executor.crawl(job)
        except Unreachable as exc:
            ended = Ended(verdict.CRASHED, "", str(exc))
            self.stop(str(exc))
        run.seconds = time.monotonic() - run.began
        self._ended(run, ended)
        self.told(run)

    def _ended(self, run: SiteRun, ended: Ended) -> None:
        code = ended.code
        stopped_early = code == -signal.SIGTERM and bool(self.stopped)  # before Scrapy heeded signals
        run.exit_code = code if code in verdict.EXIT_CODES else verdict.PARTIAL if stopped_early else verdict.CRASHED
        run.state, run.host = verdict.EXIT_CODES[run.exit_code][0], ended.host
        report = report_of(self.storage, run.site, self.batch_id)
        if stopped_early:
            run.reason = self.stopped
        elif code < 0:
            run.reason = f"killed by {signal.Signals(-code).name}"
        elif report is not None and report.get("exit_code") == code:
            run.reason = str(report.get("reason") or "")
        elif code:
            run.reason = ended.why
        if report is not None:
            run.run_id = report.get("run_id")
            run.pages = report.get("pages") or 0
            run.landed = sum(n for years in (report.get("landed") or {}).values() for n in years.values())


def report_of(storage: Storage, site: str, batch_id: str) -> dict[str, Any] | None:
    """The newest run file that a batch's crawl of a site wrote."""
    try:
        newest = runs.crawls(storage, site, last=3)
    except StorageError:
        return None
    return next((run for run in reversed(newest) if run.get("batch") == batch_id), None)


def ended_before(storage: Storage, site: str, batch_id: str) -> Ended | None:
    """How a batch's crawl of a site came to its end, where nobody heard of it; None where it was cut short."""
    report = report_of(storage, site, batch_id)
    if report is None or str(report.get("reason")).startswith("stopped: "):
        return None
    return Ended(int(report.get("exit_code", verdict.CRASHED)), "", "")


# A crawl whose worker died may hold its lease for so long; a lock goes with its process.
LOCK_PATIENCE = LEASE_SECONDS + 60.0
