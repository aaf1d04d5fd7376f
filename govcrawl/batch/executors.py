"""Who crawls the sites of a batch: this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import signal
from asyncio import CancelledError
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from govcrawl.batch.site import Ended, crawl, signal_crawls
from govcrawl.run_report import verdict
from govcrawl.workers.cluster import FIRST, LOST, PATIENCE, Unreachable, connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.batch.site import Job


class Executor(Protocol):
    """What crawls a site somewhere."""

    async def places(self) -> int:
        """How many sites may be crawled at once, by now; 1 or more."""

    async def crawl(self, job: Job) -> Ended:
        """Crawl a site to its end. Raises Unreachable where nobody is left to do it."""

    async def signal(self, batch_id: str, number: int) -> None:
        """Send a signal to all crawls of a batch, once to each; none is begun after it."""

    def close(self) -> None:
        """To be called when no crawl runs."""


class Here:
    """So many crawls of this machine, each waited for by a thread."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._threads = ThreadPoolExecutor(jobs)

    async def places(self) -> int:
        return self._jobs

    async def crawl(self, job: Job) -> Ended:
        return await asyncio.get_running_loop().run_in_executor(self._threads, crawl, job)

    async def signal(self, batch_id: str, number: int) -> None:
        signal_crawls(batch_id, number)

    def close(self) -> None:
        self._threads.shutdown()


class Grid:
    """The workers of a Dask scheduler, a crawl for each of their threads, at most ``jobs``. A site whose worker died is given
    to another one. After the scheduler went away, sites are given to it again, unless ``ended`` finds that their crawl came
    to its end. Raises Unreachable."""

    def __init__(
        self,
        address: str,
        jobs: int | None,
        ended: Callable[[str], Ended | None],
        first: float = FIRST,
        patience: float = PATIENCE,
    ) -> None:
        self._address, self._jobs, self._ended, self._patience = address, jobs, ended, patience
        self._client: Any = connected(address, first)
        self._one = asyncio.Lock()
        self._gone: Unreachable | None = None
        self._stopping = False

    async def places(self) -> int:
        try:
            threads: int = sum((await asyncio.to_thread(self._client.nthreads)).values())
        except Exception:  # whoever waits for a crawl learns of it
            threads = 0
        return max(1, threads if self._jobs is None else min(threads, self._jobs))

    async def crawl(self, job: Job) -> Ended:
        for lost in range(LOST + 1):
            client, future = self._client, None
            try:
                future = client.submit(_on_worker, job, key=f"{job.batch_id}-{job.site}-{lost}", pure=False)
                if await _known(client, future):
                    return future.result(timeout=60)  # type: ignore[no-any-return]
            except (Exception, CancelledError) as exc:
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    raise
                if future is not None and future.status == "error":
                    return Ended(verdict.CRASHED, "", f"{type(exc).__name__}: {exc}"[:300])
            if self._stopping:
                break
            await self._reconnect(client)
            if (ended := await asyncio.to_thread(self._ended, job.site)) is not None:
                return ended
        return Ended(-signal.SIGTERM if self._stopping else verdict.CRASHED, "", "the scheduler went away")

    async def _reconnect(self, lost: Any) -> None:
        async with self._one:
            if self._gone is not None:
                raise self._gone
            if self._client is lost:
                await asyncio.to_thread(_left, lost)
                try:
                    self._client = await asyncio.to_thread(connected, self._address, self._patience)
                except Unreachable as exc:
                    self._gone = exc
                    raise

    async def signal(self, batch_id: str, number: int) -> None:
        self._stopping = True
        with suppress(Exception, CancelledError):  # workers that cannot be reached end their crawls themselves
            await asyncio.to_thread(self._client.run, signal_crawls, batch_id, number, on_error="ignore")

    def close(self) -> None:
        _left(self._client)


async def _known(client: Any, future: Any) -> bool:
    """Wait until a task has ended, or the scheduler is gone. Whether it has ended."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    future.add_done_callback(lambda _: loop.call_soon_threadsafe(done.set))
    while not done.is_set() and client.status != "closed":
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), 5)
    return bool(future.status in ("finished", "error"))


def _left(client: Any) -> None:
    with suppress(Exception, CancelledError):  # a scheduler that is gone hears of nothing
        client.close(timeout=5)


def _on_worker(job: Job) -> Ended:
    """Crawl a site on a worker of Dask, as long as it is wanted: not once the batch, the scheduler or the worker goes."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return worker.status.name in ("running", "paused") and task is not None and task.state == "executing"

    return crawl(job, wanted)
