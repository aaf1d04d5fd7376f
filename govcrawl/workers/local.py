"""A function mapped over tasks by the processes of this machine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
R = TypeVar("R")
_TRIES = 3  # a task during which a worker died is given to others so often


class WorkerDied(Exception):
    """One worker after the other died during a task, the exception's argument."""


class Workers(Protocol):
    """What maps a function over tasks: ``function`` and tasks can be pickled, and a task may be done twice."""

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        """Each task with its result, in the order of the tasks, which are taken a few ahead of what is asked for. Raises what
        the function does, and WorkerDied."""


class Here:
    """No worker: this process does it."""

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        return ((task, function(task)) for task in tasks)


class Processes:
    """A pool of processes, made anew where one of them dies; its tasks are then done again."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[T], R], tasks: Iterable[T]) -> Iterator[tuple[T, R]]:
        left = iter(tasks)
        first = list(islice(left, 2))
        if len(first) < 2:  # not worth the processes
            yield from ((task, function(task)) for task in first)
            return
        left = chain(first, left)
        waiting: deque[tuple[T, Future[R]]] = deque()
        died, most = 0, 3 * self._number
        while True:
            waiting.extend((t, self._submit(function, t)) for t in islice(left, most - len(waiting)))
            if not waiting:
                return
            task, future = waiting[0]
            try:
                result = future.result()
            except BrokenExecutor as exc:
                died += 1
                if died == _TRIES:
                    raise WorkerDied(task) from exc
                self.close()
                # By itself now: so it shows whether this task is the cause.
                left, most = chain([t for t, _ in waiting], left), 1
                waiting.clear()
                continue
            died, most = 0, 3 * self._number
            waiting.popleft()
            yield task, result

    def _submit(self, function: Callable[[T], R], task: T) -> Future[R]:
        for fresh in (False, True):
            if fresh or self._pool is None:
                self.close()
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self._number, mp_context=context, initializer=end_with_parent)
            try:
                return self._pool.submit(_in_worker, function, task)
            except BrokenExecutor:
                continue
        raise AssertionError

    def close(self) -> None:
        """End the processes; what they have not begun is not done."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


@contextmanager
def local(number: int) -> Iterator[Workers]:
    """So many processes of this machine, or this one where it is one. They end with the context."""
    if number <= 1:
        yield Here()
        return
    pool = Processes(number)
    try:
        yield pool
    finally:
        pool.close()


def loaded() -> None:
    """Say that a long work begins: what is loaded by now stays to the end, the collector need not walk through it after every
    hundredth page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


_loaded_once = cache(loaded)


def _in_worker(function: Callable[[T], R], task: T) -> R:
    """A task in a process of the pool, which has imported by now what the function needs."""
    _loaded_once()
    return function(task)


def end_with_parent() -> None:
    """What a worker does first. One whose parent was killed would wait for work for ever; Ctrl-C, which reaches all, is the
    parent's to heed."""
    parent: Any = multiprocessing.parent_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def jobs_of(text: str, option: str = "--jobs") -> int:
    """A number of processes as it is typed. Raises BadArgument."""
    most = 4 * cores()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= most):
        msg = f"{option} {text} is not a number of processes from 1 to {most}; write {option} 2"
        raise BadArgument(msg)
    return int(text)
