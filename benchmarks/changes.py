"""What following the changes costs on a large archive: everything once, then a day's news.

    python -m benchmarks.changes --rows 300000

An archive of many sites is made of invented rows, a year of days, compacted but for its last month. CPU seconds, and the
peak of the process's memory; each measurement is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from govcrawl.archive.changes import positions
from govcrawl.archive.changes.feed import Changes
from govcrawl.archive.changes.news import Wanted
from govcrawl.archive.changes.output import as_jsonl
from govcrawl.archive.compact import Scope, compact
from govcrawl.archive.site import SiteArchive, captured
from govcrawl.archive.storage import Storage
from govcrawl.items import Article
from tests.archive.test_readers import article

SITES, DAYS, EDITED = 20, 60, 0.05
BEGIN = datetime(2023, 1, 1, 5, tzinfo=UTC)
TEXT = "为深入贯彻落实全国教育大会精神，经研究决定开展本年度工作，现将有关事项通知如下。" * 20


def build(data: Path, rows: int) -> None:
    """So many rows in equal daily runs of each site, some of which edit earlier ones."""
    storage = Storage(str(data))
    storage.prepare()
    each = rows // (SITES * DAYS)
    for site in (f"site{n:02d}" for n in range(SITES)):
        landed: list[int] = []
        for day in range(DAYS):
            when = BEGIN + timedelta(days=day)
            if day == DAYS - 10:
                list(compact(storage, Scope()))
            archive = SiteArchive(storage, site, f"{site}-{when:%Y%m%dT%H%M%S}000Z-ab12", segment_rows=10**9)
            edits = landed[:: max(1, int(len(landed) / (each * EDITED) or 1))][: int(each * EDITED)] if landed else []
            new = [int(site[4:]) * 10_000_000 + day * 10_000 + n for n in range(each - len(edits))]
            for number, revision in [*((n, 1) for n in new), *((n, 2) for n in edits)]:
                cause = "first" if revision == 1 else "edited"
                row = article(
                    number, site=site, revision=revision, revision_cause=cause, fetched_at=when, year=2020 + number % 4
                )
                row.text = f"{number}{TEXT}{revision}"
                row.run_id, row.seq = archive.run_id, 1
                archive.add([captured({f.name: getattr(row, f.name) for f in fields(Article)})], [row])
            landed = [n for n in landed if n not in set(edits)] + new
            archive.close({"run_id": archive.run_id, "landed": {}})


def measure(data: Path, since: str) -> None:
    began = time.process_time()
    wanted = Wanted(positions.read(since)) if since else Wanted()
    with Changes(Storage(str(data)), wanted) as changes:
        characters = events = 0
        for line in as_jsonl(changes):
            characters, events = characters + len(line), events + 1
        cursor = positions.write(changes.cursor)
    facts = {"changes": events, "cpu_s": round(time.process_time() - began, 2), "characters": characters}
    facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(facts | {"cursor": cursor}))


def day_before(data: Path) -> str:
    """The cursor of a reader who has seen all but the last day."""
    last = BEGIN + timedelta(days=DAYS - 1)
    with Changes(Storage(str(data)), Wanted(begun=last, until=last)) as changes:
        return positions.write(changes.cursor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--data", type=Path, help="an archive that an earlier run has left, or where to leave it")
    parser.add_argument("--measure", metavar="CURSOR", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure is not None:
        measure(options.data, options.measure)
        return
    data = options.data or Path(tempfile.mkdtemp(prefix="changes-"))
    if not (data / "articles").exists():
        build(data, options.rows)
    try:
        for name, since in (("everything", ""), ("the last day", day_before(data))):
            command = [sys.executable, "-m", "benchmarks.changes", "--data", str(data), "--measure", since]
            facts = json.loads(subprocess.check_output(command))
            facts.pop("cursor")
            print(name, facts, flush=True)
    finally:
        if options.data is None:
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
