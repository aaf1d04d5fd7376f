"""Memory of a crawl that goes on: peak RSS over a loopback crawl of many articles, sampled at each tenth of the way.

    python -m benchmarks.memory --articles 20000

prints RSS in MiB by articles landed; flat means that the second half stays within 15 % of its start.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from tests.loopback import FAST, Site, start


def rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    return int(found.group(1)) / 1024 if found else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000, help="articles of the site (default 20,000)")
    given = parser.parse_args()
    samples: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder, Site(given.articles, per_page=100) as site:
        began = time.monotonic()
        process = start(Path(folder), "loopback", "-a", f"channel={site.listing}", settings=FAST)
        following = given.articles // 10
        while process.poll() is None:
            time.sleep(0.2)
            asked = len(site.asked)
            if asked >= following:
                try:
                    samples.append((asked, rss_mib(process.pid)))
                except FileNotFoundError:
                    break
                following += given.articles // 10
        code = process.wait()
        seconds = time.monotonic() - began
    for asked, mib in samples:
        print(f"{asked:>8} pages  {mib:7.1f} MiB")
    half = samples[len(samples) // 2 :]
    growth = half[-1][1] / half[0][1] - 1
    rate = given.articles / seconds
    print(f"exit code {code}, {rate:.0f} pages/s, second half of the crawl: {growth:+.1%}")
    return 0 if code == 0 and abs(growth) <= 0.15 else 1


if __name__ == "__main__":
    sys.exit(main())
