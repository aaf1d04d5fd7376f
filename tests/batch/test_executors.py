"""Who crawls the sites of a batch: this machine or a Dask cluster, here with a shell in place of each crawl."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from govcrawl.archive import runs
from govcrawl.archive.storage import Storage
from govcrawl.batch import site as sites
from govcrawl.batch.executors import Executor, Grid, Here
from govcrawl.batch.runner import Batch, ended_before
from govcrawl.batch.site import Ended, Job
from govcrawl.run_report import verdict
from govcrawl.workers.cluster import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What the crawl of a site does.
SCRIPTS = {
    "good": "exit 0",
    "changed": "echo channel gone; exit 4",
    "says": 'echo "$GOVCRAWL_CONTACT"; exit 1',
    "long": "echo begun; exec sleep 300",
    "held": "test -e LOG.held || { touch LOG.held; exit 7; }",
}


@pytest.fixture(autouse=True)
def _scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(job: Job) -> list[str]:
        return ["sh", "-c", SCRIPTS[job.site].replace("LOG", job.log)]

    monkeypatch.setattr(sites, "_command", command)
    monkeypatch.setattr(sites, "_signalled", {})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler and a worker of two threads, both in this process."""
    from distributed import LocalCluster

    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        silence_logs=50,
    ) as cluster:
        yield cluster.scheduler_address


def grid(address: str) -> Grid:
    return Grid(address, None, lambda _: None, first=10)


def both() -> list[Any]:
    return [pytest.param(lambda _: Here(2), id="here"), pytest.param(grid, id="grid")]


def batch(tmp_path: Path, *names: str, **given: Any) -> Batch:
    Storage(str(tmp_path)).prepare()
    return Batch(Storage(str(tmp_path)), f"b-{tmp_path.name}", names, [], logs=tmp_path / "log", **given)


def run(one: Batch, executor: Executor) -> dict[str, tuple[str, int | None, str]]:
    try:
        asyncio.run(one.run(executor))
    finally:
        executor.close()
    return {r.site: (r.state, r.exit_code, r.reason) for r in one.runs}


def until(is_so: Callable[[], object], within: float = 60.0) -> None:
    end = time.monotonic() + within
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize("made", both())
def test_each_ends_as_its_process_did(tmp_path: Path, address: str, made: Callable[[str], Executor]) -> None:
    one = batch(tmp_path, "good", "changed", "says", environment={"GOVCRAWL_CONTACT": "you@example.org"})
    assert run(one, made(address)) == {
        "good": ("complete", 0, ""),
        "changed": ("failed", 4, "channel gone"),
        "says": ("failed", 1, "you@example.org"),
    }
    assert one.exit_code == verdict.CRASHED
    assert one.most == 2
    assert all(r.host for r in one.runs)


@pytest.mark.parametrize("made", both())
def test_a_stop_reaches_every_crawl(tmp_path: Path, address: str, made: Callable[[str], Executor]) -> None:
    one = batch(tmp_path, "long", "good", "good", "long", "good")

    def told(run: Any) -> None:
        if sum(r.state == "complete" for r in one.runs) == 2 and not one.stopped:
            one.stop("the budget is used up")

    one.told = told
    run(one, made(address))
    assert [(r.state, r.reason) for r in one.runs] == [
        ("partial", "the budget is used up"),
        ("complete", ""),
        ("complete", ""),
        ("not_started", "the budget is used up"),
        ("not_started", "the budget is used up"),
    ]
    assert one.exit_code == verdict.PARTIAL


@pytest.mark.parametrize(("patience", "code"), [(0.0, verdict.LOCKED), (0.05, verdict.COMPLETE)])
def test_a_lock_is_waited_for(tmp_path: Path, patience: float, code: int) -> None:
    assert run(batch(tmp_path, "held", patience=patience), Here(1))["held"][1] == code


def test_a_crawl_ends_when_its_batch_goes(tmp_path: Path, address: str) -> None:
    """As after kill -9 of the command: the scheduler notices that its client is gone."""
    log = tmp_path / "long.log"
    executor = grid(address)

    async def crawl() -> None:
        task = asyncio.create_task(executor.crawl(Job("gone", "long", (), str(log))))
        await asyncio.to_thread(until, lambda: log.exists() and log.read_text())
        (process,) = sites._running
        executor.close()
        await asyncio.to_thread(until, lambda: process not in sites._running)
        assert process.returncode == -signal.SIGTERM
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(crawl())


def test_what_a_worker_cannot_do_fails_its_site_alone(tmp_path: Path, address: str) -> None:
    one = batch(tmp_path, "good")
    (tmp_path / "log").write_text("no folder")
    state, code, reason = run(one, grid(address))["good"]
    assert (state, code) == ("failed", verdict.CRASHED)
    assert reason.startswith("FileExistsError")


class Gone(Here):
    """An executor whose machines go away."""

    async def crawl(self, job: Job) -> Ended:
        raise Unreachable("no scheduler answers")


def test_nobody_is_left(tmp_path: Path) -> None:
    one = batch(tmp_path, "good", "changed")
    assert run(one, Gone(1)) == {
        "good": ("failed", verdict.CRASHED, "no scheduler answers"),
        "changed": ("not_started", None, "no scheduler answers"),
    }
    assert one.exit_code == verdict.CRASHED


def test_which_sites_have_come_to_their_end(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()

    def ran(number: int, batch: str | None, code: int, reason: str = "") -> None:
        name = f"moe-20240101T00000{number}000Z-aaaa"
        said: dict[str, Any] = {
            "run_id": name,
            "landed": {},
            "spider": "moe",
            "batch": batch,
            "exit_code": code,
            "reason": reason,
        }
        runs.write(storage, "moe", name, said)

    assert ended_before(storage, "moe", "b") is None
    ran(1, "other", 0)
    assert ended_before(storage, "moe", "b") is None
    ran(2, "b", 3, "stopped: shutdown")
    assert ended_before(storage, "moe", "b") is None  # its worker went away
    ran(3, "b", 4, "channel gone")
    assert ended_before(storage, "moe", "b") == Ended(4, "", "")
