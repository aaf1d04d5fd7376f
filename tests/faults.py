"""Fault rounds: a site that misbehaves, kill -9 at random moments, readers all the time, and one invariant at the end.

    python -m tests.faults --rounds 50

prints ``fetched …, landed …, lost 0, doubled 0, unreadable 0`` and exits 1 where that is not so.

    python -m tests.faults --every-write

kills each program that writes to the archive (a crawl, compact, attachments, verify --repair, forget, and the archive alone) at
every write, create, mkdir, rename, fsync and unlink in turn, then lets each of them fail once with ENOSPC, EIO and EDQUOT,
then each write be short; after each it runs the program again to its end. It prints a line for each of the three; ``--short``
tries a few points of each, as the tests do.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tests.injection import every_write
from tests.loopback import Site, crawl, start
from tests.readers import READERS

SHORT = 2  # points of each program and kind of fault
HTML = {"Content-Type": "text/html; charset=utf-8"}
SETTINGS = {
    "GOVCRAWL_SEGMENT_ROWS": "15",
    "RETRY_TIMES": "0",
    "DOWNLOAD_TIMEOUT": "4",
    "GOVCRAWL_MAX_ATTEMPTS": "1000",
    "GOVCRAWL_CHALLENGES": "1000",
}


@dataclass(slots=True)
class Result:
    """The invariant: what was asked of the site, what is in the archive, and what must be nought."""

    kills: int
    fetched: int
    landed: int
    lost: int
    doubled: int
    unreadable: int

    def __str__(self) -> str:
        return (
            f"{self.kills} kills: fetched {self.fetched}, landed {self.landed}, lost {self.lost}, "
            f"doubled {self.doubled}, unreadable {self.unreadable}"
        )

    @property
    def holds(self) -> bool:
        return not (self.lost or self.doubled or self.unreadable) and self.landed > 0


def misbehave(site: Site, rng: random.Random) -> None:
    """Give some articles an answer that fails, for a while."""
    site.answers.clear()
    for number in rng.sample(range(1, site.count + 1), site.count // 6):
        packed = gzip.compress(site.article(number).encode())
        site.answers[site.path_of(number)] = rng.choice(
            [
                (503, HTML, b"busy"),
                (429, HTML, b"slow down"),
                (200, HTML, b""),
                (200, HTML | {"Content-Encoding": "gzip"}, packed[: len(packed) // 2]),
                (412, HTML, b"<script>$_ts={}</script>"),
                (200, HTML | {"Content-Length": "99999"}, b"<p>cut"),
            ]
        )


def keys(data: Path) -> Counter[tuple[str, int]]:
    if not list(data.glob("articles/**/*.parquet")):
        return Counter()
    table = pq.read_table(data / "articles", columns=["doc_id", "revision"])
    return Counter(zip(table["doc_id"].to_pylist(), table["revision"].to_pylist(), strict=True))


def run(data: Path, rounds: int, articles: int = 300, readers: int = 2, seed: int = 1) -> Result:
    """Crawl a site of so many articles with a kill in each round, then to its end, reading all the while."""
    rng = random.Random(seed)
    errors: list[str] = []
    stop = threading.Event()

    def read_on() -> None:
        while not stop.wait(0.3):
            for name, read in READERS.items():
                try:
                    if list(data.glob("articles/**/*.parquet")):
                        read(data)
                except Exception as exc:
                    errors.append(f"{name}: {exc}")

    kills = 0
    with Site(max(20, articles // 2), delay=0.01) as site:
        threads = [threading.Thread(target=read_on) for _ in range(readers)]
        for thread in threads:
            thread.start()
        for number in range(rounds):
            misbehave(site, rng)
            if site.count < articles:
                site.publish(min(articles - site.count, -(-articles // (2 * rounds))))
            process = start(data, "loopback", "-a", f"channel={site.listing}", settings=SETTINGS)
            asked, deadline = sum(site.asked.values()), time.monotonic() + 20
            while sum(site.asked.values()) == asked and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(rng.uniform(0, 1.5))
            if process.poll() is None:
                process.kill()
                kills += 1
            process.wait()
            if number % 10 == 9:
                print(f"round {number + 1}: {sum(keys(data).values())} rows", flush=True)
        site.publish(articles - site.count)
        site.answers.clear()
        for _ in range(3):
            last = crawl(data, "loopback", "-a", f"channel={site.listing}", settings=SETTINGS)
            if last.returncode == 0:
                break
        stop.set()
        for thread in threads:
            thread.join()
        found = keys(data)
        urls = set(pq.read_table(data / "articles", columns=["url"])["url"].to_pylist())
        documents = len({doc for doc, _ in found})
        for line in errors[:5]:
            print(line, file=sys.stderr)
        return Result(
            kills,
            sum(site.asked.values()),
            documents,
            len(site.urls() - urls),
            sum(n - 1 for n in found.values()) + sum(found.values()) - documents,
            len(errors),
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="crawls that are killed (default 50)")
    parser.add_argument("--articles", type=int, default=600, help="articles of the site (default 600)")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments and faults (default 1)")
    parser.add_argument("--every-write", action="store_true", help="a fault at every write instead of rounds")
    parser.add_argument(
        "--points", type=int, help="with --every-write: at most so many of each program and kind of fault"
    )
    parser.add_argument("--short", action="store_const", const=SHORT, dest="points", help=f"--points {SHORT}")
    given = parser.parse_args()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # an fsync costs nothing there
    if given.every_write:
        with tempfile.TemporaryDirectory(dir=memory) as folder:
            tallies = every_write.run(Path(folder), given.points)
        for name, tally in tallies.items():
            print(f"{name}: {tally}")
            for line in tally.told:
                print(line, file=sys.stderr)
        return 0 if all(tally.holds for tally in tallies.values()) else 1
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), given.rounds, given.articles, seed=given.seed)
    print(result)
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
