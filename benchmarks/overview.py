"""What ``scrapy report`` costs on a large archive of synthetic articles.

python -m benchmarks.overview --articles 500000
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from govcrawl.archive import runs
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.provinces import PROVINCES

PROJECT = Path(__file__).parents[1]
SITES = 50
DAYS = 100


def build(storage: Storage, articles: int, seed: int = 1) -> None:
    """Fifty sites, a hundred days, a file a site and month."""
    chance = random.Random(seed)
    slugs = list(PROVINCES)
    now = datetime.now(UTC).replace(microsecond=0)
    each = articles // SITES
    for number in range(SITES):
        site, province = f"site{number}", slugs[number % len(slugs)]
        run_ids = [f"{site}-{now - timedelta(days=DAYS - d):%Y%m%dT%H%M%S}000Z-{d:04x}" for d in range(DAYS)]
        for run_id in run_ids:
            runs.write(storage, site, run_id, _run(site, run_id, each // DAYS))
        for year in range(now.year - 9, now.year + 1):
            rows = [_article(site, province, year, n, run_ids[-1], now, chance) for n in range(each // 10)]
            for folder, schema in (
                (f"articles/province={province}/year={year}", ARTICLES),
                (f"captures/site={site}", CAPTURES),
            ):
                table = pa.Table.from_pylist(
                    [
                        {n: r.get(n) for n in schema.names} | ({"status": 200} if schema is CAPTURES else {})
                        for r in rows
                    ],
                    schema=schema,
                )
                storage.publish(f"{folder}/{run_ids[-1]}-{year:05d}-abcdef.parquet", encode(table))


def _article(
    site: str, province: str, year: int, number: int, run_id: str, now: datetime, chance: random.Random
) -> dict[str, Any]:
    on = datetime(year, 1, 1, tzinfo=UTC).date() + timedelta(days=chance.randrange(365))
    key = f"{abs(hash((site, year, number))):032x}"[:32]
    return {
        "doc_id": key, "revision": 1, "revision_cause": "first", "status": "live", "url": f"http://{site}.example/{key}",
        "site": site, "site_kind": "department", "title": "关于工作的通知", "text": "各学校：" * 200, "script": "hans",
        "published_on": on, "source": "教育厅" if chance.random() < 0.9 else None, "author": [], "editor": [],
        "province_name": province, "province_from": "site", "year_from": "published", "keywords": [], "attachments": [],
        "images": [], "quality": ["short"] if chance.random() < 0.05 else [], "text_hash": key, "text_length": 800,
        "extractor": "govcrawl", "fetched_at": now, "run_id": run_id, "seq": year, "method": "GET", "kind": "article",
        "outcome": "landed", "attempts": 1, "listed_on": on,
    }  # fmt: skip


def _run(site: str, run_id: str, landed: int) -> dict[str, Any]:
    stamp = datetime.strptime(run_id.split("-")[1], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    channel = {"name": "通知公告", "url": f"http://{site}.example/", "rows": 20, "ended": "known", "complete": True}
    return {
        "run_id": run_id, "site": site, "spider": site, "arguments": {}, "finished_at": stamp.isoformat(),
        "status": "complete", "exit_code": 0, "reason": "", "landed": {"hunan": {"2025": landed}},
        "missing_fields": {"source": landed // 10}, "outcomes": {"article": {"landed": landed}}, "channels": [channel],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=500_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="govcrawl-") as folder:
        build(Storage(f"{folder}/data"), given.articles)
        environment = os.environ | {"GOVCRAWL_DATA": f"{folder}/data", "PYTHONPATH": str(PROJECT)}
        began = time.perf_counter()
        command = [sys.executable, "-m", "scrapy.cmdline", "report", "-o", f"{folder}/report.html"]
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
        wall = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
        size = Path(f"{folder}/report.html").stat().st_size
    print(
        f"report of {given.articles} articles: {wall:.1f} s, {cpu:.1f} s of CPU, {memory:.0f} MiB, page of {size >> 10} KiB"
    )


if __name__ == "__main__":
    main()
