"""Re-extraction on one core and on all: time, memory of each process, and the same rows after kills.

    python -m benchmarks.reextract                        # 20,000 recorded pages, one process, then one for each core
    python -m benchmarks.reextract --pages 4000 --kills 5 # and once more, killed (kill -9) five times

Real pages where they are, each recorded as often as it takes; every tenth row lacks its source, every fiftieth stands in
another year, as older rules may have read them. CPU is the sum of all processes. On a machine that has other work, look at
CPU and not at seconds: what n cores could do at best is n × the CPU of one process / the CPU of all.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from scrapy.settings import Settings

from benchmarks import pages
from govcrawl.addresses import doc_id
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange
from govcrawl.base_spiders.article import page_of
from govcrawl.items import Article
from govcrawl.pipelines import SAID, Dropped
from govcrawl.reextract.again import row_again
from govcrawl.reextract.facts import Sites
from govcrawl.reextract.plan import Scope
from govcrawl.reextract.run import Reading, reextract
from govcrawl.workers.local import cores, loaded, local

SITE = "bench.example"
SITES = Sites(Settings({"SPIDER_MODULES": ["govcrawl.spiders"]}))
HEADERS = {"Content-Type": "text/html; charset=utf-8"}
WHEN = datetime(2024, 5, 6, tzinfo=UTC)


def distinct() -> list[tuple[bytes, Article]]:
    """Pages that can be read, with their rows."""
    found = []
    for row in (row for folder in pages.there() for row in pages.rows_of(folder)):
        attempt = Attempt(SITE, f"http://{SITE}/0.htm", "article", channel="c", hops=[Hop("", WHEN, 200)])
        page = page_of(attempt, attempt.url, row.body, row.context.get("headers") or {}, SITES.of(SITE, attempt.url))
        try:
            article = row_again(page, lambda _: None, frames=0, pages=0)
        except Dropped:
            continue
        if article.title and article.source:
            found.append((row.body, article))
    return found


def make(data: Path, count: int) -> int:
    """An archive of so many pages; how many of its rows are to change."""
    archive, kinds = Archive(Storage(str(data))), distinct()
    changing = 0
    for number in range(count):
        body, known = kinds[number % len(kinds)]
        url = f"http://{SITE}/{number}.htm"
        attempt = archive.begin(Attempt(SITE, url, "article", channel="c"))
        given = [] if number % len(kinds) else list(HEADERS.items())
        exchange = Exchange(url, "GET", [], b"", 200, "OK", given, body, WHEN)
        file, offset, digest, _, _ = archive.site(SITE).record(exchange, None)
        hop = Hop(url, WHEN, 200, payload_digest=digest, warc_file=file, warc_offset=offset)
        attempt.hops.append(hop)
        article = replace(known, doc_id=doc_id(url), url=url, warc_file=file, warc_offset=offset, payload_digest=digest)
        article.extractor = "govcrawl/0.0.9:text"
        article.source = None if number % 10 == 0 else article.source
        article.year = 1999 if number % 50 == 1 else article.year
        changing += number % 10 == 0 or number % 50 == 1
        archive.settle(attempt, "landed", [article], text_hash=article.text_hash, revision=1)
    archive.commit()
    archive.site(SITE).close({"run_id": archive.site(SITE).run_id, "landed": {}})
    return changing


def run(data: Path, jobs: int) -> dict[str, Any]:
    """Read the archive again in this process and its workers."""
    loaded()  # as the command does
    began = time.monotonic()
    with local(jobs) as workers:
        done = reextract(Storage(str(data)), SITE, Reading(Scope(), SITES, 8, 8, workers))
    seconds = time.monotonic() - began
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "jobs": jobs, "read": done.read, "changed": done.changed, "trouble": dict(done.trouble), "seconds": seconds,
        "cpu": own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime, "own": own.ru_utime + own.ru_stime,
        "mib": own.ru_maxrss / 1024, "worker_mib": others.ru_maxrss / 1024,
    }  # fmt: skip


def started(data: Path, jobs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.reextract", "--run", str(data), "--jobs", str(jobs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measured(data: Path, jobs: int) -> dict[str, Any]:
    process = started(data, jobs)
    told, _ = process.communicate()
    assert process.returncode == 0, process.returncode
    found: dict[str, Any] = json.loads(told)
    return found


def killed(data: Path, times: int, seconds: float) -> list[float]:
    """Start it so many times and kill it (SIGKILL) at a random moment, each within its share of the time that one run takes;
    the seconds that each ran. Raises RuntimeError where one had come to its end before."""
    rng = random.Random(7)
    ran = []
    for _ in range(times):
        began = time.monotonic()
        process = started(data, cores())
        time.sleep(rng.uniform(0.1, 1) * seconds / times)
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            msg = f"it ended by itself with {process.returncode} before it was killed; take more pages"
            raise RuntimeError(msg)
        ran.append(time.monotonic() - began)
    return ran


def said(data: Path) -> list[tuple[str, ...]]:
    """What the rows say, without the runs that landed them."""
    names = ("doc_id", "revision", "revision_cause", "status", "warc_offset", *SAID)
    there = {f.name for f in fields(Article)} - {"province", "year"}
    found = []
    for path in data.glob("articles/**/*.parquet"):
        table = pq.ParquetFile(path).read().to_pylist()
        found += [(str(path.parent.relative_to(data)), *(repr(r[n]) for n in names if n in there)) for r in table]
    return sorted(found)


def table(results: list[dict[str, Any]]) -> None:
    print(
        "| processes | pages | changed | seconds | CPU s | CPU of the parent s | ms a page | at best | MiB | MiB a worker |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for r in results:
        best = results[0]["cpu"] / r["cpu"] * r["jobs"]
        print(
            f"| {r['jobs']} | {r['read']} | {r['changed']} | {r['seconds']:.1f} | {r['cpu']:.1f} | {r['own']:.1f} "
            f"| {r['cpu'] / r['read'] * 1000:.2f} | {best:.2f} × | {r['mib']:.0f} | {r['worker_mib']:.0f} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=20_000, help="recorded pages (default 20,000)")
    parser.add_argument("--kills", type=int, default=0, help="then once more, killed so many times")
    parser.add_argument("--jobs", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run is not None:
        print(json.dumps(run(given.run, given.jobs)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        changing = make(root / "made", given.pages)
        results = []
        for jobs in (1, cores()):
            data = shutil.copytree(root / "made", root / f"jobs{jobs}")
            results.append(measured(data, jobs))
        table(results)
        right = all(r["changed"] == changing and not r["trouble"] for r in results)
        same = said(root / "jobs1") == said(data)
        print(
            f"{changing} rows were to change: {'they did' if right else 'WRONG'}; {'the same' if same else 'OTHER'} rows"
        )
        if given.kills:
            shutil.copytree(root / "made", root / "killed")
            ran = ", ".join(f"{s:.1f}" for s in killed(root / "killed", given.kills, results[-1]["seconds"]))
            last = measured(root / "killed", cores())
            whole = said(root / "killed") == said(data)
            print(f"killed after {ran} s; {last['read']} pages left: {'the same' if whole else 'OTHER'} rows")
            same = same and whole
        return 0 if right and same else 1


if __name__ == "__main__":
    sys.exit(main())
