"""Where the archive lies: local folders, and file systems given by a URI, which stand for object stores."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.site import segment_of
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import Replay
from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()

    def fails(out: object) -> None:
        msg = "no space left"
        raise OSError(28, msg)

    with pytest.raises(StorageError, match=r"cannot write articles/x.parquet .*free space"):
        storage.publish_stream("articles/x.parquet", fails)
    assert not list((tmp_path / "articles").iterdir())
    storage.publish("articles/y/x.parquet", b"data")
    assert (tmp_path / "articles/y/x.parquet").read_bytes() == b"data"
    assert list(storage.files("articles")) == ["articles/y/x.parquet"]


def test_an_archive_on_a_file_system_given_by_uri(tmp_path: Path) -> None:
    """The way of object stores: no rename, WARC uploaded with each segment, a lease instead of a lock."""
    with Site(30) as site:
        where = f"file://{tmp_path}/bucket"
        done = crawl(where, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_SEGMENT_ROWS": "10"})
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        again = crawl(where, "loopback", "-a", f"channel={site.listing}")
        assert again.returncode == 0
        assert "0 article rows landed" in again.stdout
    data = tmp_path / "bucket"
    assert len(read_all(data)) == 30
    warc = sorted(data.glob("warc/**/*.warc.gz"))
    assert len(warc) >= 3, "one file a segment"
    assert len(Replay(str(data / "warc"))) >= 32
    for row in pq.read_table(data / "articles").to_pylist():
        assert (data / row["warc_file"]).is_file()
    assert not list(data.glob("staging/*.lock"))


def test_a_lease_holds_others_off_until_it_ends(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    first, second = SiteLock(storage, "s", "run-1"), SiteLock(storage, "s", "run-2")
    first.acquire()
    with pytest.raises(Locked, match=r"another run holds site s .run-1."):
        second.acquire()
    first.renew()
    lease = tmp_path / "staging/site=s.lock"
    lease.write_text(json.dumps({"run_id": "run-1", "expires": time.time() - 1}))
    second.acquire()
    second.release()
    assert not lease.exists()


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        (
            "articles/province=x/year=1/gmw-20240503T010203456Z-ab12-00007-c0ffee.parquet",
            ("gmw", "gmw-20240503T010203456Z-ab12", 7),
        ),
        (
            "captures/site=h-x.cn/h-x.cn-20240503T010203456Z-ab12-00001-c0ffee.parquet",
            ("h-x.cn", "h-x.cn-20240503T010203456Z-ab12", 1),
        ),
        ("articles/other.parquet", None),
        ("articles/a-b-c-d-e.parquet", None),
    ],
)
def test_names_tell_the_segment(name: str, segment: tuple[str, str, int] | None) -> None:
    assert segment_of(name) == segment
