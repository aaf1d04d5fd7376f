"""kill -9 at any moment: the next run repairs the archive; nothing is lost, doubled or unreadable."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from tests.loopback import Site, crawl, start
from tests.readers import READERS, read_all

if TYPE_CHECKING:
    from pathlib import Path

SEGMENTS = {"GOVCRAWL_SEGMENT_ROWS": "20"}


def commits(data: Path) -> int:
    return len(list((data / "captures").glob("**/*.parquet")))


def urls(data: Path) -> list[str]:
    return list(pq.read_table(data / "articles", columns=["url"])["url"].to_pylist())


def test_ten_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    between = 0
    stop = threading.Event()
    unreadable: list[BaseException] = []

    def read_on() -> None:
        while not stop.wait(0.1):
            try:
                for read in READERS.values() if list(tmp_path.glob("articles/**/*.parquet")) else ():
                    read(tmp_path)
            except Exception as exc:
                unreadable.append(exc)

    with Site(300, delay=0.02) as site:
        reader = threading.Thread(target=read_on)
        reader.start()
        rng = random.Random(7)
        for kill in range(10):
            before, asked = commits(tmp_path), sum(site.asked.values())
            process = start(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=SEGMENTS)
            deadline = time.monotonic() + 30
            # Two kills as soon as this run asks for its first page, the others after one more segment; each a random
            # moment later, short enough that ten of them do not use up the site.
            while process.poll() is None and time.monotonic() < deadline:
                if commits(tmp_path) > before or (kill in (0, 4) and sum(site.asked.values()) > asked):
                    break
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.06))
            assert process.poll() is None, "the crawl ended before it was killed"
            process.kill()
            process.wait()
            landed = len(read_all(tmp_path))
            between += 0 < landed < 300
        last = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=SEGMENTS)
        stop.set()
        reader.join()
        assert last.returncode == 0, last.stdout + last.stderr[-3000:]
        assert between >= 6
        assert not unreadable, unreadable[0]
        assert sorted(urls(tmp_path)) == sorted(site.urls())
    assert len(read_all(tmp_path)) == 300


def never(_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """An answer that comes too late."""
    time.sleep(60)
    return 200, {}, b""


def test_a_killed_daily_run_hides_no_older_page(tmp_path: Path) -> None:
    """The rows of the newest list page are settled by a run that is then killed; the next run must still go on to the new
    rows below them, although the page above holds only settled ones."""
    with Site(60) as site:
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0
        site.publish(60)
        site.answers["/node_1_2.htm"] = never
        process = start(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_SEGMENT_ROWS": "1"})
        deadline = time.monotonic() + 30
        while len(set(urls(tmp_path))) < 80 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
        process.wait()
        assert len(set(urls(tmp_path))) == 80, "the first list page's rows have landed"
        del site.answers["/node_1_2.htm"]
        last = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert last.returncode == 0, last.stdout
        assert sorted(urls(tmp_path)) == sorted(site.urls())


def test_a_second_run_asks_for_one_list_page(tmp_path: Path) -> None:
    with Site(50) as site:
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0
        site.asked.clear()
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert again.returncode == 0
        assert {p: n for p, n in site.asked.items() if p != "/robots.txt"} == {"/node_1.htm": 1}
        assert "0 article rows landed" in again.stdout
