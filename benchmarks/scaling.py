"""What an archive of many sites costs as it grows: simulated captures and files, real or synthetic pages, no network.

    python -m benchmarks.scaling                                      # 300 sites of 16,667 addresses each
    python -m benchmarks.scaling --sites 3000                         # 50 million addresses
    python -m benchmarks.scaling --sites 3000 --files 200000          # and so many files of articles beside them

prints a table: CPU seconds and peak RSS of starts, of a day's commits, of ordering a batch and of listing the archive, each
for one site and, multiplied, for 3,000; then what a million pages take in bytes. A sample of the sites is measured, since
sites know nothing of each other; the files of all of them are there.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from benchmarks import pages, state
from benchmarks.whole import pages_of, rows_of, warc
from govcrawl.archive import runs
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import now_ms
from govcrawl.batch import plan
from govcrawl.items import Article
from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL_SITES = 3000
DAILY = 20  # articles that a site lands in a day's run
RUNS = 30  # run files of each site
SAMPLE = 10  # sites that are measured


def site_name(number: int) -> str:
    return f"site{number:05d}"


def province_of(site: str) -> str:
    """Each province has as many sites."""
    provinces = list(PROVINCES)
    return provinces[int(site.removeprefix("site")) % len(provinces)]


def build(root: str, sites: int, addresses: int, files: int) -> None:
    """Captures and run files of each site, and empty files in the place of its articles'."""
    storage = Storage(root)
    for number in range(sites):
        name = site_name(number)
        state.build(root, addresses, 1, name)
        for day in range(RUNS):
            run_id = f"{name}-{state.FIRST_DAY + timedelta(days=day):%Y%m%dT%H%M%S}000Z-{day:04x}"
            said = {"run_id": run_id, "landed": {}, "spider": name, "status": "complete", "exit_code": 0}
            ended = (state.FIRST_DAY + timedelta(days=day, hours=1)).isoformat()
            channel = {"url": "http://www.example.gov.cn/list", "complete": True, "ended": "known", "name": "x"}
            Path(root, f"runs/site={name}").mkdir(parents=True, exist_ok=True)
            Path(root, runs.name_of(name, run_id)).write_text(
                json.dumps(said | {"finished_at": ended, "channels": [channel] * 20}), encoding="utf-8"
            )
    for number in range(files):
        name, year = site_name(number % sites), 2005 + number // sites % 20
        folder = Path(storage.path(f"articles/province={province_of(name)}/year={year}"))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}-{state.FIRST_DAY:%Y%m%dT%H%M%S}000Z-0000-00001-{number:06x}.parquet").touch()


# Each measured in a process of its own


def start(root: str, site: str) -> None:
    """What a spider does before its first request."""
    Archive(Storage(root)).site(site).close()


def day(root: str, site: str) -> None:
    """A run that lands a day's articles."""
    archive = Archive(Storage(root))
    own = archive.site(site)
    for number, row in enumerate(_rows(DAILY, province_of(site))):
        attempt = archive.begin(Attempt(site, f"http://{site}.gov.cn/new/{number}.htm", "article", listed_title="通知"))
        attempt.hops.append(Hop(attempt.url, now_ms(), 200, payload_digest=row["payload_digest"], bytes=35_000))
        article = Article(**row | {"doc_id": attempt.doc_id, "url": attempt.url, "site": site})
        archive.settle(attempt, "landed", [article], text_hash=article.text_hash, revision=1)
    own.close({"run_id": own.run_id, "landed": {}})


def _rows(count: int, province: str) -> list[dict[str, Any]]:
    return [
        {"province": province, "year": 2024, "site_name": None, "channel": None} | row
        for row in rows_of(pages_of(count))
    ]


def order(root: str, sites: str) -> None:
    """What crawlall does before its first crawl."""
    plan.in_order(Storage(root), [site_name(n) for n in range(int(sites))])


def listing(root: str, _: str) -> None:
    """What a first start lists to find what a killed run left, and one after such a run; others list a province."""
    assert list(Storage(root).files("articles", ".parquet"))


def nothing(root: str, _: str) -> None:
    """A process that only loads the program."""


WORK = {work.__name__: work for work in (start, day, order, listing, nothing)}


def measured(what: str, root: str, argument: str) -> tuple[float, float]:
    """CPU seconds without those of loading the program, and peak RSS in MiB."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", "--measure", what, root, argument],
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(done.stdout)
    return facts["cpu"], facts["rss"]


def measure(what: str, root: str, argument: str) -> None:
    if what == "day":
        _rows(2, province_of(argument))  # what extraction loads
    began = time.process_time()
    WORK[what](root, argument)
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())  # getrusage tells the parent's too
    assert peak is not None
    print(json.dumps({"cpu": time.process_time() - began, "rss": int(peak[1]) / 1024}))


@contextmanager
def added(root: str, what: str, into: dict[str, tuple[float, float]]) -> Iterator[None]:
    """Files and bytes that come into an archive meanwhile."""
    before = _size(root)
    yield
    into[what] = (_size(root)[0] - before[0], _size(root)[1] - before[1])


def _size(root: str) -> tuple[int, int]:
    sizes = [p.stat().st_size for p in Path(root).rglob("*") if p.is_file()]
    return len(sizes), sum(sizes)


def grown(root: str, sites: int) -> None:
    """Print the table of an archive that is there."""
    sample = [site_name(n) for n in range(0, sites, max(1, sites // SAMPLE))][:SAMPLE]
    into: dict[str, tuple[float, float]] = {}
    print(f"| what | CPU of one | peak RSS | CPU of {ALL_SITES:,} sites |\n| --- | --- | --- | --- |")
    for name, what in (
        ("first start of a site", "start"),
        ("next start", "start"),
        (f"a day: {DAILY} articles", "day"),
    ):
        with added(root, name, into):
            found = [measured(what, root, site) for site in sample]
        cpu, rss = statistics.median(c for c, _ in found), max(r for _, r in found)
        print(f"| {name} | {cpu:.2f} s | {rss:.0f} MiB | {cpu * ALL_SITES / 3600:.1f} h |", flush=True)
    cpu, rss = measured("order", root, str(sites))
    print(
        f"| order of a batch, a site | {cpu / sites * 1000:.1f} ms | {rss:.0f} MiB | {cpu / sites * ALL_SITES:.0f} s |"
    )
    cpu, rss = measured("listing", root, "")
    print(f"| listing of the files of articles | {cpu:.2f} s | {rss:.0f} MiB | {cpu * ALL_SITES / 3600:.1f} h |")
    for name, (files, size) in into.items():
        print(f"{name}: {files / len(sample):.1f} files, {size / len(sample) / 1000:.0f} kB a site")


def bytes_a_page() -> None:
    """What pages take in the archive, real ones where there are."""
    some = [(row.url, row.body) for folder in pages.there() for row in pages.rows_of(folder)]
    with tempfile.TemporaryDirectory() as root:
        places = warc(some, root)
        in_warc = Path(root, places[0][0]).stat().st_size / len(some)
    raw = sum(len(body) for _, body in some) / len(some)
    rows = rows_of(some)
    whole, daily = _encoded(rows), sum(_encoded(rows[n : n + DAILY]) for n in range(0, len(rows), DAILY))
    print(
        f"{len(some)} pages of {raw / 1000:.0f} kB: {in_warc / 1000:.1f} kB a page in WARC, in Parquet "
        f"{whole / len(rows) / 1000:.2f} kB in one file, {daily / len(rows) / 1000:.2f} kB in files of {DAILY} rows"
    )


def _encoded(rows: list[dict[str, Any]]) -> int:
    return len(encode(pa.Table.from_pylist(rows, schema=ARTICLES)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=300)
    parser.add_argument("--addresses", type=int, default=16_667, help="known addresses of each site (default 16,667)")
    parser.add_argument("--files", type=int, default=20_000, help="files of articles (default 20,000)")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return 0
    with tempfile.TemporaryDirectory() as root:
        began = time.process_time()
        build(root, given.sites, given.addresses, given.files)
        files, size = _size(root)
        print(
            f"{given.sites * given.addresses:,} addresses of {given.sites:,} sites: {files:,} files, {size / 1e9:.2f} GB, "
            f"made in {time.process_time() - began:.0f} s of CPU"
        )
        grown(root, given.sites)
    bytes_a_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
