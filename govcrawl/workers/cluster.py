"""A function mapped over tasks by the workers of a Dask cluster: of other machines, or a small one of this one."""

from __future__ import annotations

import signal
import time
from asyncio import CancelledError
from collections import deque
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from govcrawl.errors import BadArgument
from govcrawl.workers.local import WorkerDied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from govcrawl.workers.local import Workers

T = TypeVar("T")
R = TypeVar("R")
FIRST, PATIENCE = 30, 300  # seconds for which a scheduler is waited for at the start, and once it went away
LOST = 5  # times that the scheduler may go away without a result between


class Unreachable(Exception):
    """There is no scheduler at the address, or no more."""


class Cluster:
    """The workers of a Dask scheduler. What a worker had when it died is done by another; what waits when the scheduler goes
    away is given to it anew once it is there again."""

    def __init__(self, address: str, first: float = FIRST, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience
        self._client = connected(self._address, first)

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        left = iter(tasks)
        waiting: deque[list[Any]] = deque()  # tasks, each with its future once it was given to the scheduler
        lost = 0
        while True:
            waiting.extend([task, None] for task in islice(left, max(0, self._ahead() - len(waiting))))
            if not waiting:
                return
            future = None
            try:
                for entry in waiting:
                    entry[1] = entry[1] or self._client.submit(function, entry[0], pure=False)
                future = waiting[0][1]
                result: R = future.result()
            except _dask().KilledWorker as exc:
                raise WorkerDied(waiting[0][0]) from exc
            except (Exception, CancelledError):
                lost += 1
                if (future is not None and future.status == "error") or lost > LOST:  # the function's own error
                    raise
                self.close()
                self._client = connected(self._address, self._patience)
                for entry in waiting:
                    entry[1] = None
                continue
            lost = 0
            yield waiting.popleft()[0], result

    def _ahead(self) -> int:
        """Tasks under way: enough for every worker, and no more results than fit into memory."""
        try:
            threads: int = sum(self._client.nthreads().values())
        except Exception:  # whoever waits for a result learns of it
            threads = 0
        return max(2, 3 * threads)

    def close(self) -> None:
        """Leave the cluster; what was not begun for this client is not done."""
        with suppress(Exception, CancelledError):  # a scheduler that is gone hears of nothing
            self._client.close(timeout=5)


@contextmanager
def cluster(address: str | None, number: int = 0, first: float = FIRST) -> Iterator[Workers]:
    """The workers of a scheduler as ``scheduler`` gives it. ``first``: seconds for which it is waited for. Raises BadArgument,
    Unreachable."""
    with scheduler(address, number) as where:
        found = Cluster(where, first if address is not None else PATIENCE)
        try:
            yield found
        finally:
            found.close()


@contextmanager
def scheduler(address: str | None, number: int = 0) -> Iterator[str]:
    """The address of a scheduler: the one that is given, or one with so many workers of this machine, which end with the
    context and listen on 127.0.0.1 only. Raises BadArgument."""
    dask = _dask()
    if address is not None:
        yield address
        return
    loopback: dict[str, Any] = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    # Ctrl-C, which reaches the workers too, is this process's to heed.
    heeded = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        # Asked to have no dashboard, Dask opens one all the same; the scheduler must be told itself.
        no_dashboard = {"dashboard": False}
        here = dask.LocalCluster(n_workers=number, threads_per_worker=1, scheduler_kwargs=no_dashboard, **loopback)
    finally:
        signal.signal(signal.SIGINT, heeded)
    with here:
        yield here.scheduler_address


def connected(address: str, patience: float) -> Any:
    """A client of a scheduler that has workers, waited for so many seconds. Raises BadArgument, Unreachable."""
    until = time.monotonic() + patience
    while True:
        try:
            client = _dask().Client(address, timeout=min(10, max(1, patience)), set_as_default=False)
            client.wait_for_workers(1, timeout=max(1.0, until - time.monotonic()))
        except (OSError, TimeoutError, ValueError) as exc:
            if isinstance(exc, ValueError) or time.monotonic() > until:
                msg = f"no scheduler with workers answers at {address} ({exc}); start dask scheduler and dask worker"
                raise Unreachable(msg) from exc
            time.sleep(1)
        else:
            return client


def _dask() -> Any:
    try:
        return import_module("distributed")
    except ImportError as exc:
        msg = "--scheduler and --workers need Dask: pip install 'govcrawl[cluster]'"
        raise BadArgument(msg) from exc
