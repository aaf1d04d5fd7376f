"""The archive on an object store: an S3 API on 127.0.0.1, from the first crawl to its readers. What a real store does beside
the API (throttling, failing half way) is not shown here."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from govcrawl.archive.lock import lock_name
from govcrawl.archive.storage import Storage
from govcrawl.run_report import verdict
from tests.loopback import Site, crawl, scrapy, start
from tests.store import KEYS, object_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.store import Store

SEGMENTS = {"GOVCRAWL_SEGMENT_ROWS": "6"}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with object_store() as made:
        yield made


def objects(data: str, folder: str) -> list[str]:
    return list(Storage(data).files(folder))


def urls(data: str) -> list[str]:
    """The addresses of the rows, as each reader of docs/read.md sees them."""
    articles = ds.dataset(f"{data}/articles", format="parquet", partitioning="hive")
    with duckdb.connect() as connection:
        connection.register("articles", articles)
        by_duckdb = sorted(row[0] for row in connection.execute("SELECT url FROM articles").fetchall())
    by_polars = pl.scan_parquet(f"{data}/articles/**/*.parquet", hive_partitioning=True).collect()["url"].to_list()
    by_pyarrow = pq.read_table(f"{data}/articles", columns=["url"])["url"].to_pylist()
    assert by_duckdb == sorted(by_polars) == sorted(by_pyarrow)
    return by_duckdb


def test_from_the_first_crawl_to_compaction(store: Store) -> None:
    data = "s3://archive/whole"
    with Site(8, per_page=4) as site:
        channel = f"channel={site.listing}"
        done = crawl(data, "loopback", "-a", channel, settings=SEGMENTS)
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        site.publish(2)
        again = crawl(data, "loopback", "-a", channel)
        assert again.returncode == 0, again.stdout + again.stderr[-3000:]
        assert "2 article rows landed" in again.stdout
        assert urls(data) == sorted(site.urls())
        assert "clean" in scrapy(data, "verify").stdout
        files = objects(data, "articles")
        assert len(files) >= 3
        # A file of articles is cut short: it is told, taken aside, and its pages are asked for again.
        storage = Storage(data)
        storage.truncate(files[0], 100)
        found = scrapy(data, "verify")
        assert found.returncode != 0
        assert files[0] in found.stdout
        scrapy(data, "verify", "--repair")
        assert objects(data, "quarantine") == [f"quarantine/{files[0]}"]
        assert crawl(data, "loopback", "-a", channel).returncode == 0
        assert urls(data) == sorted(site.urls())
        merged = scrapy(data, "compact")
        assert merged.returncode == 0, merged.stdout + merged.stderr
        assert len(objects(data, "articles")) < len(files)
        assert urls(data) == sorted(site.urls())
        assert scrapy(data, "verify").returncode == 0
    assert objects(data, "staging") == []
    assert store.unfinished() == []


def test_killed_and_held_off_and_resumed(store: Store) -> None:
    data = "s3://archive/killed"
    with Site(24, per_page=4, delay=0.05) as site:
        channel = f"channel={site.listing}"
        process = start(data, "loopback", "-a", channel, settings=SEGMENTS)
        deadline = time.monotonic() + 60
        while not objects(data, "captures") and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        second = crawl(data, "loopback", "-a", channel)
        assert second.returncode == verdict.LOCKED, second.stdout
        assert process.poll() is None, "the first goes on"
        process.kill()
        process.wait()
        landed = len(urls(data)) if objects(data, "articles") else 0
        assert landed < 24
        # On another machine, nobody knows that the run is dead until its lease ends.
        storage, name = Storage(data), lock_name("loopback")
        lease = json.loads(storage.read(name))
        storage.publish(name, json.dumps(lease | {"process": "another-machine pid:[1] 1 1"}).encode())
        assert crawl(data, "loopback", "-a", channel).returncode == verdict.LOCKED
        storage.publish(name, json.dumps(lease).encode())
        last = crawl(data, "loopback", "-a", channel, settings=SEGMENTS)
        assert last.returncode == 0, last.stdout + last.stderr[-3000:]
        assert urls(data) == sorted(site.urls())
    assert scrapy(data, "verify").returncode == 0
    assert store.unfinished() == []


def test_small_objects_go_in_one_request(store: Store) -> None:
    storage = Storage("s3://archive/small")
    storage.publish("a/small", b"x" * 1_000_000)
    storage.publish("a/large", b"x" * 21_000_000)
    small, large = (store.client.head_object(Bucket="archive", Key=f"small/a/{n}")["ETag"] for n in ("small", "large"))
    assert "-" not in small
    assert "-" in large, "in parts, which S3 counts behind the dash"


def test_a_store_that_is_not_there_is_told() -> None:
    done = scrapy("s3://archive/gone", "verify", settings=None, AWS_ENDPOINT_URL="http://127.0.0.1:9", **KEYS)
    assert done.returncode == verdict.STORAGE, done.stdout + done.stderr
    assert "cannot look for an archive at s3://archive/gone" in done.stderr
