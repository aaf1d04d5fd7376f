"""``scrapy crawlall``: every site in a process of its own, none left behind, the worst run's exit code."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import now_ms
from govcrawl.batch import board, plan
from govcrawl.batch.board import duration
from govcrawl.batch.runner import Batch
from govcrawl.commands import health
from govcrawl.commands.crawlall import seconds_of
from govcrawl.errors import BadArgument
from govcrawl.health.survey import health_of
from govcrawl.run_report import verdict
from tests.batch.bent import BLOCKED, DEAD, DRIPS, FORBIDDEN, HEALTHY, REDESIGNED, SITES, SIZES
from tests.batch.kills import BENT, expected, killed_and_started_again, landed, left, run, start
from tests.loopback import scrapy
from tests.simulated.moved import moved


def test_each_site_ends_as_it_must(tmp_path: Path) -> None:
    done = run(tmp_path, "--jobs", "3", "--json", str(tmp_path / "batch.json"))
    facts = json.loads((tmp_path / "batch.json").read_text(encoding="utf-8"))
    codes = {one["site"]: one["exit_code"] for one in facts["sites"]}
    assert codes == dict.fromkeys((*HEALTHY, DRIPS), verdict.COMPLETE) | {
        BLOCKED: verdict.BLOCKED,
        REDESIGNED: verdict.NO_ROWS,
        DEAD: verdict.PARTIAL,
        FORBIDDEN: verdict.ROBOTS,
    }, done.stdout
    assert done.returncode == facts["exit_code"] == verdict.NO_ROWS
    urls = landed(tmp_path / "data")
    assert len(urls) == len(set(urls))
    assert set(urls) == set().union(*map(expected, (*HEALTHY, DRIPS)))
    table = {
        line.split()[0]: line.split()[1] for line in done.stdout.splitlines() if "landed" in line and ": " not in line
    }
    assert {site: table[site] for site in HEALTHY} == dict.fromkeys(HEALTHY, "complete")
    assert "8 sites: 4 complete, 3 failed, 1 partial" in done.stdout
    assert json.loads(next((tmp_path / "data/batches").iterdir()).read_text(encoding="utf-8")) == facts
    for one in facts["sites"]:
        assert Path(one["log"]).is_file()
        assert bool(one["reason"]) == bool(one["exit_code"])
    a_proposal_is_right(tmp_path)
    # The next batch begins with those that never came to an end.
    order = plan.in_order(Storage(str(tmp_path / "data")), SITES)
    assert set(order[:4]) == {BLOCKED, REDESIGNED, DEAD, FORBIDDEN}


def a_proposal_is_right(tmp_path: Path) -> None:
    """What the run file and health propose for the redesigned site, and the command that tries it."""
    report = json.loads(max((tmp_path / f"data/runs/site={REDESIGNED}").iterdir()).read_text(encoding="utf-8"))
    (proposal,) = report["proposals"]
    articles = moved(REDESIGNED, "boda", **SIZES).articles
    assert all(re.search(proposal["article_pattern"], article.url) for article in articles)
    assert {"title", "text", "published_on"} <= set(proposal["fields"])
    storage = Storage(str(tmp_path / "data"))
    told = health.text([health_of(storage, REDESIGNED, now_ms(), timedelta(days=3))])
    assert f"  try it: {proposal['command']}" in told
    assert all(f"  {a.published_on}  {a.title}  {a.url}" in told for a in articles[:3])
    files = sorted((tmp_path / "data").rglob("*"))
    program, *arguments = shlex.split(proposal["command"])
    assert program == "scrapy"
    done = scrapy(tmp_path / "data", *arguments, settings=BENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"with the pattern {proposal['article_pattern']}" in done.stdout
    rows = [line.split()[2:4] for line in done.stdout.splitlines() if line.startswith("page ")]
    assert rows[:2] == [["6", "rows"], ["4", "rows"]], done.stdout
    assert all(f"title         {a.title}" in done.stdout for a in articles[:3])
    assert "3 articles would land; all of them state title, text, published_on" in done.stdout
    assert sorted((tmp_path / "data").rglob("*")) == files


def test_killed_and_started_again(tmp_path: Path) -> None:
    """One moment of those that ``python -m tests.batch.kills`` tries."""
    assert killed_and_started_again(tmp_path, 4) == []


def test_sigterm_ends_the_crawls_as_partial(tmp_path: Path) -> None:
    process = start(tmp_path, "--jobs", "2", delay=0.3, sites=HEALTHY)
    runs = tmp_path / "data/staging"
    end = time.monotonic() + 60
    while len(list(runs.glob("site=*.lock"))) < 3 and time.monotonic() < end:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == verdict.PARTIAL
    assert not left(tmp_path)
    facts = json.loads(next((tmp_path / "data/batches").iterdir()).read_text(encoding="utf-8"))
    assert facts["stopped"] == "stopped by SIGTERM"
    assert [one["state"] for one in facts["sites"]] == ["partial", "partial", "not_started"]


def test_a_budget_ends_runs_as_partial(tmp_path: Path) -> None:
    done = run(tmp_path, "--jobs", "1", "--budget", "4s", delay=0.5, sites=HEALTHY)
    assert done.returncode == verdict.PARTIAL, done.stdout
    assert "the budget is used up" in done.stdout
    assert "not_started" in done.stdout


def test_started_twice(tmp_path: Path) -> None:
    process = start(tmp_path, "--jobs", "1", delay=0.3, sites=HEALTHY)
    lock = tmp_path / "data/staging/site=crawlall.lock"
    end = time.monotonic() + 60
    while not lock.exists() and time.monotonic() < end:
        time.sleep(0.05)
    second = run(tmp_path, sites=HEALTHY)
    assert second.returncode == verdict.LOCKED
    assert "another crawlall works on" in second.stderr
    process.terminate()
    waited = run(tmp_path, "--wait", sites=HEALTHY)
    assert waited.returncode == verdict.COMPLETE, waited.stdout
    process.wait(60)


def test_a_killed_site_takes_no_other(tmp_path: Path) -> None:
    process = start(tmp_path, "--jobs", "3", delay=0.3, sites=HEALTHY)
    end = time.monotonic() + 60
    victim = None
    while victim is None and time.monotonic() < end:
        time.sleep(0.1)
        for pid in left(tmp_path):
            line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"crawl" in line and b"sichuan" in line:
                victim = int(pid)
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    assert process.wait(90) == verdict.CRASHED
    facts = json.loads(next((tmp_path / "data/batches").iterdir()).read_text(encoding="utf-8"))
    states = {one["site"]: (one["state"], one["reason"]) for one in facts["sites"]}
    assert states.pop("sichuan") == ("failed", "killed by SIGKILL")
    assert {state for state, _ in states.values()} == {"complete"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--jobs", "0"], "--jobs 0 is not a number from 1 to 1000"),
        (["--budget", "soon"], "--budget soon is no time; write 45m or 3h"),
        (["--province", "atlantis"], "--province atlantis is no province's slug"),
        (["--sites", "helongjiang"], "unknown site 'helongjiang'"),
        (["--sites", "moe", "--kind", "news"], "no site has --sites moe and --kind news"),
        (["moe"], "write --sites moe"),
        (["--json", "nowhere/batch.json"], "--json nowhere/batch.json: there is no folder nowhere"),
    ],
)
def test_bad_arguments(tmp_path: Path, options: list[str], says: str) -> None:
    done = scrapy(tmp_path / "data", "crawlall", *options, settings={"SPIDER_MODULES": "govcrawl.spiders"})
    assert done.returncode == verdict.ARGUMENTS
    assert says in done.stderr + done.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("width", [60, 120])
def test_the_table_on_a_terminal(tmp_path: Path, width: int) -> None:
    batch = Batch(Storage(str(tmp_path)), "b", ["moe", "beijing", "heilongjiang", "hunan", "gmw"], [], logs=tmp_path)
    failed, done, running = batch.runs[:3]
    failed.state, failed.reason, failed.began, failed.seconds = (
        "failed",
        "channel 通知公告: challenge at " + "x" * 200,
        5.0,
        12,
    )
    done.state, done.landed, done.began, done.seconds = "complete", 12, 9.0, 95.2
    running.state, running.began, running.log = "running", time.monotonic() - 40, str(tmp_path / "log")
    (tmp_path / "log").write_text("first\n[govcrawl] INFO: 通知公告: list page 3\n", encoding="utf-8")
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    console.print(board.table(batch))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["heilongjiang", "running", "40", "s"],
        ["2", "more", "waiting"],
        ["beijing", "complete", "1:35", "12"],
        ["moe", "failed", "12", "s"],
    ]
    assert "[govcrawl] INFO: 通知" in lines[1]
    assert lines[4].endswith("…")


def test_times() -> None:
    assert [seconds_of("--budget", t) for t in ("90", "45m", "3h", "1.5h", "1d")] == [90, 2700, 10800, 5400, 86400]
    assert [duration(t) for t in (0.2, 42, 185, 7385)] == ["0 s", "42 s", "3:05", "2:03:05"]
    for wrong in ("", "3 h", "٣h", "-1h", "0h", "1e9"):
        with pytest.raises(BadArgument):
            seconds_of("--budget", wrong)
