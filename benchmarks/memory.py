"""Memory of what goes on for long, sampled at each tenth of the way: a loopback crawl, or extraction alone.

    python -m benchmarks.memory --articles 20000      # a crawl of that many articles
    python -m benchmarks.memory --extractions 50000   # that many pages read in one process, real ones where there are

prints RSS in MiB by pages, and the most that it was between; flat means that the second half stays within 15 % of its start.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import extraction, pages
from tests.loopback import FAST, Site, start


def rss_mib(pid: int, what: str = "VmRSS") -> float:
    """``what`` is VmHWM: the most that it was."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+)", status)
    return int(found.group(1)) / 1024 if found else 0.0


def crawl(articles: int) -> tuple[list[tuple[int, float]], float, int]:
    """RSS of a crawl's process by pages asked for, the most that it was, and its exit code."""
    samples: list[tuple[int, float]] = []
    most = 0.0
    with tempfile.TemporaryDirectory() as folder, Site(articles, per_page=100) as site:
        process = start(Path(folder), "loopback", "-a", f"channel={site.listing}", settings=FAST)
        following = articles // 10
        while process.poll() is None:
            time.sleep(0.2)
            asked = len(site.asked)
            try:
                most = max(most, rss_mib(process.pid, "VmHWM"))
                if asked >= following:
                    samples.append((asked, rss_mib(process.pid)))
                    following += articles // 10
            except FileNotFoundError:
                break
        return samples, most, process.wait()


def extractions(count: int) -> list[tuple[int, float]]:
    """RSS of this process by pages read."""
    rows = [row for folder in pages.there() for row in pages.rows_of(folder)]
    samples: list[tuple[int, float]] = []
    for n in range(1, count + 1):
        extraction.govcrawl(rows[n % len(rows)])
        if n % (count // 10) == 0:
            samples.append((n, rss_mib(os.getpid())))
    return samples


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000, help="articles of the site (default 20,000)")
    parser.add_argument("--extractions", type=int, help="instead, pages to read without a crawl")
    given = parser.parse_args()
    began = time.monotonic()
    count = given.extractions or given.articles
    if count < 10:
        parser.error("at least 10 pages are needed, one for each sample")
    if given.extractions:
        samples, code = extractions(count), 0
        most = rss_mib(os.getpid(), "VmHWM")
    else:
        samples, most, code = crawl(count)
    rate = count / (time.monotonic() - began)
    for read, mib in samples:
        print(f"{read:>8} pages  {mib:7.1f} MiB")
    half = samples[len(samples) // 2 :]
    growth = half[-1][1] / half[0][1] - 1
    print(f"exit code {code}, {rate:.0f} pages/s, at most {most:.1f} MiB, second half: {growth:+.1%}")
    return 0 if code == 0 and abs(growth) <= 0.15 else 1


if __name__ == "__main__":
    sys.exit(main())
