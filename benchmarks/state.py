"""What the start of a run costs where a site has many known addresses, against one reading of the same captures by pyarrow.

    python -m benchmarks.state --addresses 100000 1000000            # in one file and in 5,000 each
    python -m benchmarks.state --addresses 10000000 --files 1 5000
    python -m benchmarks.state --addresses 100000 --files 300 --visits 10    # each address visited so often

prints, for each archive, CPU seconds and peak RSS in MiB of processes of their own: pyarrow reads the captures once; the
first start, which makes the snapshot; the next start, as every later run finds it; of several files also what it takes to
compact them, and a start after that. A start is what a spider does before
its first request: opening the site, asking for what is to be retried, visited and read again, and 1,000 look-ups.
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
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.schema import CAPTURES, RETRIED
from govcrawl.archive.storage import Storage

SITE = "example"
REVISITED = 10  # one address in so many has a second row
FIRST_DAY = datetime(2010, 1, 1, tzinfo=UTC)


def mixed(numbers: Any, salt: int) -> Any:
    """Numbers as 64 bits that look random (the finaliser of SplitMix64)."""
    with np.errstate(over="ignore"):
        z = np.asarray(numbers, np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % (1 << 64))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def hexadecimal(numbers: Any, salts: int) -> pa.Array:
    """Strings of 16 characters a salt."""
    text = np.stack([mixed(numbers, salt) for salt in range(1, salts + 1)], 1).tobytes().hex().encode()
    offsets = np.arange(0, len(text) + 1, 16 * salts, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(text))


def doc_id_of(number: int) -> str:
    return str(hexadecimal(np.array([number]), 2)[0].as_py())


def build(root: str, addresses: int, files: int, site: str = SITE, visits: int = 1) -> None:
    """Captures of so many addresses, in so many files of daily runs; of one visit each, a tenth of them are visited again."""
    storage = Storage(root)
    storage.prepare()
    rows = addresses * visits if visits > 1 else addresses + addresses // REVISITED
    done = 0
    for day in range(files):
        run = f"{site}-{FIRST_DAY + timedelta(days=day):%Y%m%dT%H%M%S}000Z-{day % 65536:04x}"
        upto = rows * (day + 1) // files
        write = partial(_write, range(done, upto), addresses, 1 if visits > 1 else REVISITED, run)
        storage.publish_stream(f"captures/site={site}/{run}-00001-{day:06x}.parquet", write)
        done = upto


def _write(numbers: range, addresses: int, step: int, run: str, out: Any) -> None:
    with pq.ParquetWriter(out, CAPTURES, compression="zstd", compression_level=3, write_page_checksum=True) as writer:
        for start in range(numbers.start, numbers.stop, 50_000):
            part = numbers[start - numbers.start : start - numbers.start + 50_000]
            writer.write_table(_rows(part, addresses, step, run), row_group_size=10_000)


def _rows(numbers: range, addresses: int, step: int, run: str) -> pa.Table:
    number = np.arange(numbers.start, numbers.stop)
    late = number >= addresses
    which = np.where(late, (number - addresses) * step, number) % addresses
    failed = ~late & (mixed(which, 9) % np.uint64(1000) == 0)
    text = pa.array(which).cast(pa.string())
    landed = ~late & ~failed
    digest = hexadecimal(which, 4)
    when = datetime.strptime(run.split("-")[1], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)

    def only(mask: Any, values: Any) -> Any:
        return pc.if_else(pa.array(mask), values, None)

    def joined(*parts: Any) -> Any:
        return pc.binary_join_element_wise(*parts, "")

    columns: dict[str, Any] = {
        "url": joined("http://www.example.gov.cn/jyt/xxgk/c97/202401/t", text, ".html"),
        "doc_id": hexadecimal(which, 2),
        "method": "GET",
        "kind": "article",
        "channel": joined("栏目", pa.array(which % 20).cast(pa.string())),
        "listed_title": joined("关于做好", text, "年教育系统有关工作的通知"),
        "listed_on": pa.array((14_600 + which % 5000).astype(np.int32)).cast(pa.date32()),
        "status": only(~failed, pa.scalar(200, pa.int32())),
        "outcome": pc.if_else(pa.array(late), "unchanged", pc.if_else(pa.array(failed), "network", "landed")),
        "attempts": pa.scalar(1, pa.int32()),
        "etag": joined('W/"', pc.utf8_slice_codeunits(digest, 0, 12), '"'),
        "last_modified": "Wed, 21 Oct 2015 07:28:00 GMT",
        "payload_digest": joined("sha1:", pc.utf8_upper(pc.utf8_slice_codeunits(digest, 0, 32))),
        "text_hash": only(landed, digest),
        "revision": only(landed, pa.scalar(1, pa.int32())),
        "warc_file": only(~failed, f"warc/site={run.split('-', maxsplit=1)[0]}/{run}-00001.warc.gz"),
        "warc_offset": only(~failed, pa.array(which * 9000)),
        "bytes": pa.scalar(9000, pa.int64()),
        "fetched_at": pa.scalar(when, CAPTURES.field("fetched_at").type),
        "run_id": run,
        "seq": pa.scalar(1, pa.int32()),
    }
    count = len(number)
    made = [columns.get(f.name, pa.scalar(None, f.type)) for f in CAPTURES]
    arrays = [one if isinstance(one, pa.Array) else pa.repeat(one, count) for one in made]
    return pa.table(arrays, schema=CAPTURES)


def measure(what: str, root: str) -> None:
    """Do one thing in this process; print CPU seconds and peak RSS as JSON."""
    from govcrawl.archive.compact_captures import compact_captures
    from govcrawl.archive.revisit import Schedule
    from govcrawl.archive.run import Archive

    began = time.process_time()
    if what == "pyarrow":
        pq.read_table(f"{root}/captures/site={SITE}", partitioning=None)
    elif what == "compact":
        list(compact_captures(Storage(root)))
    else:
        archive = Archive(Storage(root))
        state = archive.site(SITE).state
        schedule = Schedule.parse("7:1 30:7 365:90 *:365")
        list(state.where(lambda k: k.of_kind("article") & k.ended(RETRIED)))
        list(islice(state.where(lambda k: schedule.due(k, archive.started_at), longest_unasked=True), 200))
        for number in range(0, 1_000_000, 1_000):
            state.get(doc_id_of(number))
        archive.site(SITE).close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": time.process_time() - began, "rss": peak}))


def measured(what: str, root: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.state", "--measure", what, root], capture_output=True, text=True, check=True
    )
    facts = json.loads(done.stdout)
    return facts["cpu"], facts["rss"]


def round_of(root: str) -> list[tuple[float, float]]:
    """Pyarrow's reading, a first start and the next one, after one another."""
    shutil.rmtree(f"{root}/state", ignore_errors=True)
    return [measured(what, root) for what in ("pyarrow", "start", "start")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addresses", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--files", type=int, nargs="+", default=[1, 5_000])
    parser.add_argument("--visits", type=int, default=1, help="of each address (default 1, and a tenth of them again)")
    parser.add_argument("--repeat", type=int, default=3, help="the least of so many is told (default 3)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(*given.measure)
        return 0
    print("| addresses | files | pyarrow reads them | first start | next start | compaction | start after it |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for addresses in given.addresses:
        for files in given.files:
            with tempfile.TemporaryDirectory() as root:
                build(root, addresses, files, visits=given.visits)
                rounds = [round_of(root) for _ in range(given.repeat)]
                read, first, start = (min(one) for one in zip(*rounds, strict=True))
                after = []
                if files > 1:
                    after = [measured("compact", root), min(measured("start", root) for _ in range(given.repeat))]
            cells = [f"{cpu:.2f} s, {rss:.0f} MiB" for cpu, rss in (read, first, start, *after)]
            print(f"| {addresses:,} | {files:,} | {' | '.join(cells + [''] * (5 - len(cells)))} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
