"""A function mapped over tasks by processes: in order, each task once in the results, also where a worker dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from govcrawl.errors import BadArgument
from govcrawl.workers.local import WorkerDied, cores, jobs_of, local


def double(number: int) -> int:
    return 2 * number


def dies_once(task: tuple[int, str]) -> int:
    """The worker that meets the third task for the first time is killed."""
    number, mark = task
    if number == 3 and not Path(mark).exists():
        Path(mark).write_text("met")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_order_with_their_tasks(tmp_path: Path) -> None:
    assert [(t, r) for number in (1,) for t, r in _mapped(number)] == [(n, 2 * n) for n in range(9)]
    with local(2) as workers:
        tasks = [(n, str(tmp_path / "mark")) for n in range(9)]
        assert [r for _, r in workers.map(dies_once, tasks)] == list(range(9)), "the pool was made anew"
        with pytest.raises(WorkerDied) as told:
            list(workers.map(dies, range(3)))
        assert told.value.args == (1,), "the task during which they die"
        assert list(workers.map(double, [4])) == [(4, 8)]


def _mapped(number: int) -> list[tuple[int, int]]:
    with local(number) as workers:
        return list(workers.map(double, range(9)))


def test_a_number_of_processes() -> None:
    assert jobs_of("1") == 1
    for wrong in ("0", "x", "-1", "٣", str(4 * cores() + 1)):
        with pytest.raises(BadArgument, match="is not a number of processes"):
            jobs_of(wrong)
