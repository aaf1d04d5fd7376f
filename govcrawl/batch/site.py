"""One site of a batch, crawled by a process of its own; the thread that starts it waits for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TAIL = 4096
_LOOK = 0.2  # seconds between looks at a crawl that may be wanted no more
_LOCKED_WAIT = 5.0  # seconds until a site whose lock was held is tried again


@dataclass(frozen=True)
class Job:
    """A site that a machine shall crawl. ``options``: of scrapy crawl. ``environment``: variables that it gets beside the
    machine's own. ``patience``: seconds for which a lock of the site is waited for."""

    batch_id: str
    site: str
    options: tuple[str, ...]
    log: str
    environment: dict[str, str] = field(default_factory=dict)
    patience: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How a crawl ended. ``code``: its exit code, a signal's number below zero. ``why``: what the log or the machine says."""

    code: int
    host: str
    why: str


_guard = threading.Lock()
_running: dict[subprocess.Popen[bytes], str] = {}  # the crawls of this process, with their batches
_signalled: dict[str, set[int]] = {}  # what the crawls of a batch were sent


def crawl(job: Job, wanted: Callable[[], bool] | None = None) -> Ended:
    """Crawl a site and wait for the end. Once it is not ``wanted`` any more it ends as after a SIGTERM. Raises OSError where
    the log cannot be written."""
    log = Path(job.log)
    log.parent.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + job.patience
    while True:
        code = _once(job, log, wanted)
        ends = job.batch_id in _signalled or (wanted is not None and not wanted())
        if code != verdict.LOCKED or ends or time.monotonic() > until:
            return Ended(code, socket.gethostname(), last_line(log))
        time.sleep(min(_LOCKED_WAIT, job.patience))


def signal_crawls(batch_id: str, number: int) -> None:
    """Send a signal to the crawls of a batch that this process waits for, once to each; it begins no others of it."""
    with _guard:
        if number in _signalled.setdefault(batch_id, set()):
            return
        _signalled[batch_id].add(number)
        for process, batch in _running.items():
            if batch == batch_id:
                process.send_signal(number)


def _once(job: Job, log: Path, wanted: Callable[[], bool] | None) -> int:
    with _guard, log.open("wb") as out:
        if job.batch_id in _signalled:
            return -signal.SIGTERM
        # A session of its own: Ctrl-C reaches the batch alone, which passes it on once.
        process = subprocess.Popen(  # noqa: S603
            _command(job),
            env=os.environ | job.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        _running[process] = job.batch_id
    try:
        return process.wait() if wanted is None else _watched(process, wanted)
    finally:
        with _guard:
            del _running[process]


def _command(job: Job) -> list[str]:
    return [sys.executable, "-m", "govcrawl.batch.child", str(os.getpid()), "crawl", job.site, *job.options]


def _watched(process: subprocess.Popen[bytes], wanted: Callable[[], bool]) -> int:
    while wanted():
        with suppress(subprocess.TimeoutExpired):
            return process.wait(_LOOK)
    process.terminate()
    return process.wait()


def last_line(log: Path) -> str:
    """The end of a crawl's log, which says why it ended."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines: Iterator[str] = reversed(file.read().decode("utf-8", "replace").splitlines())
    return next((line.strip()[:300] for line in lines if line.strip()), "")
