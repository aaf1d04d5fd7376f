"""Memory and time of ``scrapy export`` over many articles: an archive of invented rows, each export in a process of its own.

python -m benchmarks.exports --articles 500000 csv sqlite
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import subprocess
import tempfile
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import encode
from govcrawl.items import Article
from tests.exports.archive import article
from tests.loopback import PROJECT, command, environment

if TYPE_CHECKING:
    import resource

_FILE = 20_000
_WORDS = "招生,教育,学校,通知,工作,会议,全省,教师,学生,高等,职业,培训,考试,管理,规定,办法,安全,发展,改革,资助,黑龙江省,教育厅"


def build(data: Path, articles: int) -> None:
    """Articles of 400 to 2,300 characters, one in twenty of them with a second revision."""
    rng = random.Random(7)
    words = _WORDS.split(",")
    paragraphs = ["".join(rng.choices(words, k=50)) + "。" for _ in range(5_000)]
    names = [f.name for f in fields(Article) if f.name not in ("province", "year")]
    for first in range(0, articles, _FILE):
        rows = []
        for number in range(first, min(first + _FILE, articles)):
            text = "\n".join(rng.choices(paragraphs, k=rng.randrange(4, 22)))
            url = f"http://jyt.example.cn/{number}.html"
            made = article(url, f"第{number}号通知", text, run_id="jyt-20240301T000000000Z-aaaa", seq=1)
            rows.append(made)
            if number % 20 == 0:
                rows.append(article(url, f"第{number}号更正", text, revision=2, run_id=made.run_id, seq=1))
        table = pa.table({n: [getattr(r, n) for r in rows] for n in names}, schema=ARTICLES)
        folder = data / f"articles/province=heilongjiang/year={2000 + first // _FILE % 25}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"jyt-20240301T000000000Z-aaaa-00001-{first:06x}.parquet").write_bytes(encode(table))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="+", choices=("csv", "jsonl", "sqlite", "corpus"))
    parser.add_argument("--articles", type=int, default=500_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        # In a process of its own: the peak of a child counts from the memory of the process that starts it.
        builder = multiprocessing.get_context("spawn").Process(target=build, args=(data, options.articles))
        builder.start()
        builder.join()
        for form in options.formats:
            target = data / f"out.{form}"
            began = time.monotonic()
            child = subprocess.Popen(
                command("export", "--format", form, "-o", str(target)), cwd=PROJECT, env=environment(data)
            )
            _, status, usage = _wait(child)
            print(
                f"{form}: {options.articles} articles, {target.stat().st_size >> 20} MiB, exit code {status}, "
                f"{usage.ru_maxrss >> 10} MiB of memory, {usage.ru_utime + usage.ru_stime:.0f} s of CPU, "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
            target.unlink()


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, int, resource.struct_rusage]:
    pid, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return pid, child.returncode, usage


if __name__ == "__main__":
    main()
