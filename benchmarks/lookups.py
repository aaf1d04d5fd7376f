"""What a lookup reads of a large archive: one article by ``doc_id`` or ``url``, one day, one month; DuckDB, Polars, pyarrow.

    python -m benchmarks.lookups --articles 1000000

The archive is invented, as crawls leave it and then as ``scrapy compact`` does. Bytes are those that the kernel counts; Polars
reads as from an object store, since it maps local files into memory. 1,000,000 articles take 4 GB below --data, or of /tmp.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["POLARS_FORCE_ASYNC"] = "1"  # before it is imported

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from govcrawl.archive.compact import compact
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sized

YEARS = range(2010, 2025)
NEWS = ("gmw", "jyb", "people", "xinhua")
RUNS = 4  # by which the articles of a partition came
WHEN = datetime(2024, 3, 1, tzinfo=UTC)
_RNG = np.random.default_rng(7)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


def _invented_words(count: int = 30_000) -> Any:
    """Words of two characters, UTF-8, drawn so that a text packs by zstd as Chinese articles do, to some 45 %."""
    code = 0x4E00 + (_RNG.random(count * 2) ** 2 * 2500).astype(np.uint32)
    words = np.stack([0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63], axis=1).astype(np.uint8)
    shares = np.cumsum(1 / (np.arange(count) + 10))
    drawn = np.searchsorted(shares / shares[-1], _RNG.random(1 << 20)).clip(0, count - 1)
    return words.reshape(count, 6)[drawn]


WORDS = _invented_words()


def texts(words: Any) -> pa.Array:
    """A text of so many words for each number."""
    ends = np.concatenate([[0], np.cumsum(words * 6)]).astype(np.int32)
    letters = WORDS[_RNG.integers(0, len(WORDS), int(words.sum()))].reshape(-1)
    return pa.StringArray.from_buffers(len(words), pa.py_buffer(ends), pa.py_buffer(letters))


def digits(count: int, width: int) -> pa.Array:
    """Hashes in hexadecimal."""
    ends = (np.arange(count + 1) * width).astype(np.int32)
    letters = _HEX[_RNG.integers(0, 16, count * width, dtype=np.uint8)]
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(letters))


def rows(site: str, year: int, count: int, run: str) -> pa.Table:
    """Articles of one year as a listing names them, the newest first; 1,000 characters on average."""
    days = [date(year, 1, 1) + timedelta(int(n)) for n in np.sort(_RNG.integers(0, 365, count))[::-1]]
    numbers = _RNG.integers(10**6, 10**7, count).tolist()
    words = np.minimum(_RNG.lognormal(5.8, 1.05, count) + 20, 8_000).astype(np.int64)
    place = [f"http://{site}.example.cn/c{n % 7}/{d:%Y%m}/{n}.shtml" for d, n in zip(days, numbers, strict=True)]
    columns: dict[str, Any] = {
        "doc_id": digits(count, 32), "url": place, "title": texts(np.full(count, 10)), "text": texts(words),
        "channel": [f"通知公告{n % 7}" for n in numbers], "published_on": days, "source": [f"来源{n % 40}" for n in numbers],
        "text_hash": digits(count, 64), "text_length": words * 2, "payload_digest": digits(count, 32),
        "warc_offset": np.cumsum(_RNG.integers(5_000, 20_000, count)),
        "fetched_at": [WHEN + timedelta(seconds=n) for n in range(count)],
    }  # fmt: skip
    same = {
        "revision": 1, "revision_cause": "first", "status": "live", "site": site, "site_kind": "department",
        "script": "hans", "province_name": "某省", "province_from": "site", "year_from": "published", "run_id": run, "seq": 1,
        "extractor": "govcrawl/0.3.0:text", "warc_file": f"warc/site={site}/{run}-00001.warc.gz",
    }  # fmt: skip
    columns |= {name: [value] * count for name, value in same.items()}
    lists: dict[str, Any] = {f.name: [[]] * count for f in ARTICLES if pa.types.is_list(f.type)}
    return pa.table(dict.fromkeys(ARTICLES.names, [None] * count) | lists | columns, schema=ARTICLES)


def partitions(articles: int) -> Iterator[tuple[str, str, int, int]]:
    """Site, province, year and articles: 60 % of departments, 30 % of news sites, 10 % of one by province."""
    provinces = [name for name, p in PROVINCES.items() if p.name][:31]
    for year in YEARS:
        for province in provinces:
            yield province, province, year, articles * 6 // (10 * 31 * len(YEARS))
            yield NEWS[0], province, year, articles // (10 * 31 * len(YEARS))
        for site in NEWS:
            yield site, "national", year, articles * 3 // (10 * len(NEWS) * len(YEARS))


def build(data: Path, articles: int) -> None:
    """The archive as crawls leave it: several files for each site and partition, each segment with its mark."""
    storage = Storage(str(data))
    storage.prepare()
    empty = encode(CAPTURES.empty_table())
    for number, (site, province, year, count) in enumerate(partitions(articles)):
        for run in range(RUNS):
            run_id = f"{site}-202403{1 + run:02}T000000000Z-aaaa"
            name = f"{run_id}-{number + 1:05d}-aaaaaa.parquet"
            table = rows(site, year, max(1, count // RUNS), run_id)
            storage.publish(f"articles/province={province}/year={year}/{name}", encode(table))
            storage.publish(f"captures/site={site}/{name}", empty)


def lookups(data: Path) -> Iterator[tuple[str, str, Callable[[], Sized]]]:
    """What is looked up, by which program, and how."""
    folder, files = f"{data}/articles", f"{data}/articles/**/*.parquet"
    name = max((data / "articles").rglob("*.parquet"))
    table = pq.ParquetFile(name).read_row_group(0, columns=["doc_id", "url", "published_on"])
    one = table.to_pylist()[len(table) // 2]
    document, url, day = one["doc_id"], one["url"], one["published_on"]
    first, last = date(day.year, 3, 1), date(day.year, 3, 31)

    def sql(columns: str, where: str) -> Sized:
        known = f"FROM read_parquet('{files}', hive_partitioning=true) WHERE {where}"
        return duckdb.connect().execute(f"SELECT {columns} {known}").fetchall()

    def polars(where: pl.Expr, columns: list[str]) -> Sized:
        return pl.scan_parquet(files, hive_partitioning=True).filter(where).select(columns).collect()

    def polars_twice(where: pl.Expr) -> Sized:
        scan = pl.scan_parquet(files, hive_partitioning=True, include_file_paths="file")
        names = scan.filter(where).select("file").unique().collect()["file"].to_list()
        return pl.scan_parquet(names, hive_partitioning=True).filter(where).collect()

    def arrow(where: Any, columns: list[str]) -> Sized:
        table: Sized = ds.dataset(folder, partitioning="hive").to_table(columns=columns, filter=where)
        return table

    def arrow_twice(where: Any) -> Sized:
        dataset = ds.dataset(folder, partitioning="hive")
        names = pc.unique(dataset.to_table(columns=["__filename"], filter=where)["__filename"]).to_pylist()
        table: Sized = ds.dataset(names, partitioning="hive").to_table(filter=where)
        return table

    day_of, month = pc.field("published_on"), ["title", "text"]
    yield "doc_id", "DuckDB", lambda: sql("*", f"doc_id = '{document}'")
    yield "doc_id", "Polars, all at once", lambda: polars(pl.col("doc_id") == document, ARTICLES.names)
    yield "doc_id", "Polars, file first", lambda: polars_twice(pl.col("doc_id") == document)
    yield "doc_id", "pyarrow, all at once", lambda: arrow(pc.field("doc_id") == document, ARTICLES.names)
    yield "doc_id", "pyarrow, file first", lambda: arrow_twice(pc.field("doc_id") == document)
    known = (pl.col("doc_id") == document) & (pl.col("year") == day.year)
    yield "doc_id and year", "Polars, file first", lambda: polars_twice(known)
    known_too = (pc.field("doc_id") == document) & (pc.field("year") == day.year)
    yield "doc_id and year", "pyarrow, file first", lambda: arrow_twice(known_too)
    yield "url", "DuckDB", lambda: sql("*", f"url = '{url}'")
    yield "title of a day", "DuckDB", lambda: sql("title", f"published_on = DATE '{day}'")
    inside = f"year = {day.year} AND published_on BETWEEN DATE '{first}' AND DATE '{last}'"
    yield "text of a month", "DuckDB", lambda: sql("title, text", inside)
    between = (pl.col("year") == day.year) & pl.col("published_on").is_between(first, last)
    yield "text of a month", "Polars", lambda: polars(between, month)
    within = (pc.field("year") == day.year) & (day_of >= first) & (day_of <= last)
    yield "text of a month", "pyarrow", lambda: arrow(within, month)


def read_so_far() -> int:
    """Bytes that this process has read."""
    told = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="utf-8").splitlines())
    return int(told["rchar"])


def measure(data: Path, state: str) -> None:
    sizes = [path.stat().st_size for path in (data / "articles").rglob("*.parquet")]
    print(f"\n{state}: {len(sizes)} files, {sum(sizes) >> 20} MiB\n")
    print("| looked up | by | rows | MB read | of all | seconds |\n| --- | --- | --- | --- | --- | --- |")
    for what, program, look in lookups(data):
        before, began = read_so_far(), time.monotonic()
        found = len(look())
        took, seconds = read_so_far() - before, time.monotonic() - began
        share = 100 * took / sum(sizes)
        print(f"| {what} | {program} | {found} | {took / 1e6:.1f} | {share:.2f} % | {seconds:.2f} |", flush=True)


def compacted(data: Path) -> None:
    """Compact the archive, in a process of its own, which tells what it took."""
    began = time.process_time()
    list(compact(Storage(str(data))))
    said = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = int(said.split("VmHWM:")[1].split()[0]) >> 10
    print(f"\ncompacted in {time.process_time() - began:.0f} s of CPU, {peak} MiB of memory at most")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--data", type=Path, help="an archive that an earlier run has left, or where to leave it")
    options = parser.parse_args()
    data = options.data or Path(tempfile.mkdtemp(prefix="lookups-"))
    try:
        if not (data / "articles").exists():
            build(data, options.articles)
            measure(data, "as crawls leave it")
            own = multiprocessing.get_context("spawn").Process(target=compacted, args=(data,))
            own.start()
            own.join()
        measure(data, "compacted")
    finally:
        if options.data is None:
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
