"""Batches over simulated sites, killed with -9 and started again: every article once, and no process left.

python -m tests.batch.kills --kills 10
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from govcrawl.archive.storage import Storage
from govcrawl.run_report import verdict
from tests import simulated
from tests.batch.bent import HEALTHY, SITES, SIZES
from tests.loopback import FAST, PROJECT, command, environment

BENT = FAST | {
    "DOWNLOAD_HANDLERS": json.dumps(dict.fromkeys(("http", "https"), "tests.batch.bent.Handler")),
    "SPIDER_MODULES": "govcrawl.spiders",
    "RETRY_TIMES": "0",
    "GOVCRAWL_SEGMENT_ROWS": "4",
}


def batch(tmp_path: Path, *options: str, delay: float = 0.0, sites: tuple[str, ...] = SITES) -> list[str]:
    given = BENT | {"BENT_DELAY": str(delay)}
    return command("crawlall", "--sites", ",".join(sites), "--logs", str(tmp_path / "log"), *options, settings=given)


def run(tmp_path: Path, *options: str, **given: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        batch(tmp_path, *options, **given),
        env=environment(tmp_path / "data"),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def start(tmp_path: Path, *options: str, data: str = "", **given: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        batch(tmp_path, *options, **given),
        env=environment(data or tmp_path / "data"),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def left(tmp_path: Path, data: str = "") -> list[str]:
    """The processes that work on this archive."""
    wanted = f"GOVCRAWL_DATA={data or tmp_path / 'data'}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes() and (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def none_left(tmp_path: Path, data: str = "", within: float = 10.0) -> bool:
    end = time.monotonic() + within
    while left(tmp_path, data):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def expected(site: str) -> set[str]:
    return {a.url for a in simulated.site(site, **SIZES).articles}


def landed(data: Path | str) -> list[str]:
    """The addresses of the rows of articles."""
    storage = Storage(str(data))
    files = (storage.path(name) for name in storage.files("articles", ".parquet"))
    tables = (pq.read_table(file, columns=["url"], filesystem=storage.fs, partitioning=None) for file in files)
    return [url for table in tables for url in table["url"].to_pylist()]


def killed_and_started_again(tmp_path: Path, commits: int) -> list[str]:
    """What is wrong after a batch was killed once so many files of captures were there, and run again."""
    process = start(tmp_path, "--jobs", str(len(HEALTHY)), delay=0.1, sites=HEALTHY)
    end = time.monotonic() + 300
    while time.monotonic() < end and (
        len(left(tmp_path)) < 3 or len(list((tmp_path / "data").glob("captures/*/*.parquet"))) < commits
    ):
        time.sleep(0.02)
    process.kill()
    process.wait()
    wrong = [] if none_left(tmp_path) else [f"processes are left: {left(tmp_path)}"]
    before = landed(tmp_path / "data")
    done = run(tmp_path, "--jobs", str(len(HEALTHY)), sites=HEALTHY)
    if done.returncode != verdict.COMPLETE:
        wrong.append(f"exit code {done.returncode}: {done.stdout}{done.stderr}")
    urls = landed(tmp_path / "data")
    wanted = set().union(*map(expected, HEALTHY))
    wrong += [f"{url} landed {n} times" for url, n in Counter(urls).items() if n > 1]
    wrong += [f"{url} is missing" for url in sorted((wanted | set(before)) - set(urls))]
    return [*wrong, *(f"{url} is no article" for url in sorted(set(urls) - wanted))]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, metavar="N", help="moments at which a batch is killed (10)")
    asked = parser.parse_args(arguments)
    failed = 0
    for moment in range(asked.kills):
        with TemporaryDirectory() as folder:
            wrong = killed_and_started_again(Path(folder), moment)
        failed += bool(wrong)
        print(f"killed at {moment} commits: {'; '.join(wrong) or 'every article once, no process left'}", flush=True)
    print(f"{asked.kills} kills, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
