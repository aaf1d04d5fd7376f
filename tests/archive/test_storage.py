"""Where the archive lies: local folders, and file systems given by a URI, which stand for object stores."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.archive.lock import Locked, SiteLock, is_gone, is_held, this_process
from govcrawl.archive.site import SiteArchive, segment_of
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import Replay, WarcWriter
from tests.archive.test_state import row as captured
from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes a lease at the same moment here, but for the test of that."""
    monkeypatch.setattr("govcrawl.archive.lock.SETTLE_SECONDS", 0)


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


def test_of_two_that_take_a_lease_at_the_same_moment_the_later_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(f"file://{tmp_path}")
    first, second = SiteLock(storage, "s", "run-1"), SiteLock(storage, "s", "run-2")
    # The other saw no lease either, and writes its own before this one looks again.
    monkeypatch.setattr("govcrawl.archive.lock.time.sleep", lambda _: second._write_lease())
    with pytest.raises(Locked, match=r"another run holds site s .run-2."):
        first.acquire()
    first.release()
    second.acquire()
    second.release()
    assert not is_held(storage, "s")


def lease_of(storage: Storage) -> dict[str, Any]:
    """A lease as it is, once it is written: on a folder that stands for an object store it is empty for a moment."""
    while not (content := storage.read("staging/site=s.lock")).endswith(b"}"):
        time.sleep(0.005)
    found: dict[str, Any] = json.loads(content)
    return found


def test_a_lease_is_renewed_whatever_its_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govcrawl.archive.lock.BEAT", 0.02)
    storage = Storage(f"file://{tmp_path}")
    lock = SiteLock(storage, "s", "run-1")
    lock.acquire()
    first, deadline = lease_of(storage)["expires"], time.monotonic() + 20
    while lease_of(storage)["expires"] == first and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lease_of(storage)["expires"] > first
    lock.release()
    time.sleep(0.1)
    assert not storage.exists("staging/site=s.lock"), "nothing renews what was given back"


def test_a_lease_that_cannot_be_renewed_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("govcrawl.archive.lock.BEAT", 0.02)
    storage = Storage(f"file://{tmp_path}")
    lock = SiteLock(storage, "s", "run-1")
    lock.acquire()
    first, real = lease_of(storage)["expires"], storage.publish
    failed: list[str] = []

    def fails_once(relative: str, data: bytes) -> None:
        if not failed:
            failed.append(relative)
            msg = "the store is away"
            raise StorageError(msg)
        real(relative, data)

    monkeypatch.setattr(storage, "publish", fails_once)
    deadline = time.monotonic() + 20
    while lease_of(storage)["expires"] == first and time.monotonic() < deadline:
        time.sleep(0.02)
    assert lease_of(storage)["expires"] > first
    assert "The lease of site s could not be renewed: the store is away" in caplog.text
    lock.release()


def test_a_lease_that_is_given_back_while_it_is_read_holds_nobody_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(f"file://{tmp_path}")
    there = iter([True, False])
    monkeypatch.setattr(storage, "exists", lambda _: next(there))
    assert not is_held(storage, "s")


def test_a_run_that_stood_still_for_its_lease_writes_nothing_more(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    first, second = SiteLock(storage, "s", "run-1"), SiteLock(storage, "s", "run-2")
    first.acquire()
    first._until = time.time() - 1
    storage.publish("staging/site=s.lock", json.dumps({"run_id": "run-1", "expires": first._until}).encode())
    second.acquire()
    with pytest.raises(StorageError, match=r"stood still .* another run holds site s .run-2.*writes nothing more"):
        first.renew()
    first.release()
    assert lease_of(storage)["run_id"] == "run-2", "what it lost it does not give back"
    second.release()


def test_a_site_lost_to_another_run_gets_no_further_row(tmp_path: Path) -> None:
    """A machine that slept through its lease: what it holds then is not committed beside what the other run lands."""
    storage = Storage(f"file://{tmp_path}")
    storage.prepare()
    archive = SiteArchive(storage, "s", "s-20260301T000000000Z-aaaa")
    archive.add([captured("1" * 32)])
    archive._lock._until = time.time() - 1
    storage.publish("staging/site=s.lock", json.dumps({"run_id": "other", "expires": time.time() + 60}).encode())
    with pytest.raises(StorageError, match="stood still"):
        archive.commit()
    archive.abandon()
    assert not list(storage.files("captures"))
    assert lease_of(storage)["run_id"] == "other"


def test_a_lease_ends_with_its_process_for_others_of_the_machine(tmp_path: Path) -> None:
    storage = Storage(f"file://{tmp_path}")
    program = (
        "import os, sys; from govcrawl.archive.lock import SiteLock; from govcrawl.archive.storage import Storage; "
        "SiteLock(Storage(sys.argv[1]), 's', 'run-1').acquire(); print('held', flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program, storage.root], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        second = SiteLock(storage, "s", "run-2")
        with pytest.raises(Locked, match="run-1"):
            second.acquire()
        process.kill()
        deadline = time.monotonic() + 20  # a zombie counts as gone
        while is_held(storage, "s") and time.monotonic() < deadline:
            time.sleep(0.01)
        second.acquire()
        second.release()


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (lambda boot, space, pid, start: (boot, space, pid, start), False),
        (lambda boot, space, pid, start: (boot, space, pid, "1"), True),  # its pid is another process's by now
        (lambda boot, space, pid, start: (boot, space, str(2**22 + 1), start), True),
        (lambda boot, space, pid, start: ("another-boot", space, "1", "1"), False),
        (lambda boot, space, pid, start: (boot, "pid:[1]", "1", "1"), False),
        (lambda boot, space, pid, start: (boot, space, "../1", start), False),
        (lambda boot, space, pid, start: (), False),
    ],
)
def test_whose_process_is_known_to_be_gone(change: Callable[..., tuple[str, ...]], gone: bool) -> None:
    assert is_gone(" ".join(change(*this_process().split()))) is gone


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_gets_a_lease(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    storage = Storage(str(tmp_path))
    storage.prepare()
    first, second = SiteLock(storage, "s", "run-1"), SiteLock(storage, "s", "run-2")
    assert not is_held(storage, "s")
    first.acquire()
    assert "has no locks" in caplog.text
    assert "a lease of 5 minutes" in caplog.text
    assert is_held(storage, "s")
    with pytest.raises(Locked, match=r"another run holds site s .run-1."):
        second.acquire()
    first.renew()
    first.release()
    assert not is_held(storage, "s")
    second.acquire()
    second.release()


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_lock_that_another_holds(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    storage = Storage(str(tmp_path))
    storage.prepare()
    with pytest.raises(Locked):
        SiteLock(storage, "s", "run-1").acquire()
    assert is_held(storage, "s")


def test_a_lock_that_fails_is_a_failure_of_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.EIO, "I/O error")

    storage = Storage(str(tmp_path))
    storage.prepare()
    (tmp_path / "staging/site=t.lock").mkdir()
    with pytest.raises(StorageError, match=r"cannot lock site t with staging/site=t.lock .* mend its permissions"):
        SiteLock(storage, "t", "run-1").acquire()
    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(StorageError, match="I/O error"):
        SiteLock(storage, "s", "run-1").acquire()
    with pytest.raises(StorageError, match="cannot look at"):
        is_held(storage, "s")


@settings(max_examples=50, deadline=None)
@given(
    st.binary(max_size=20)
    | st.sampled_from(
        [
            b"",
            b"[]",
            b"null",
            b"[" * 50_000,
            b'{"run_id": "x"}',
            b'{"run_id": "x", "expires": "soon"}',
            b'{"run_id": "x", "expires": 1%s}' % (b"0" * 400),
            b'{"run_id": "x", "expires": Infinity}',
            b'{"expires": NaN}',
        ]
    )
)
def test_what_is_no_lease_holds_nobody_off(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("lease")
    storage = Storage(f"file://{folder}")
    (folder / "staging").mkdir()
    (folder / "staging/site=s.lock").write_bytes(content)
    assert not is_held(storage, "s")
    lock = SiteLock(storage, "s", "run-1")
    lock.acquire()
    lock.release()


def test_every_folder_is_made_durable_before_a_file_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's entry lies in the folder above it, which is synced after it was made, also where an earlier run that was
    killed made it."""
    data = tmp_path / "a/b/data"
    synced: set[str] = set()
    for module in ("storage", "warc"):
        where = f"govcrawl.archive.{module}.fsync_folder"
        monkeypatch.setattr(where, lambda folder: synced.add(os.path.relpath(folder, data)))
    storage = Storage(str(data))
    storage.prepare()
    storage.publish("articles/province=x/year=1/f.parquet", b"x")
    assert synced == {
        "../../..",
        "../..",
        "..",
        ".",
        "versions",
        "articles",
        "articles/province=x",
        "articles/province=x/year=1",
    }
    synced.clear()
    storage.publish("articles/province=x/year=1/g.parquet", b"x")
    assert synced == {"articles/province=x/year=1"}, "once by each run"
    synced.clear()
    later = Storage(str(data))
    later.publish("articles/province=x/year=1/h.parquet", b"x")
    assert synced == {".", "articles", "articles/province=x", "articles/province=x/year=1"}
    WarcWriter(later, "s", "run")._current().close()
    assert {"warc", "warc/site=s"} <= synced


def test_a_staged_file_that_another_run_publishes_meanwhile_stops_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    staged = tmp_path / "staging" / "hubei-20260301T000000000Z-abcd-00001-e2e717.parquet"
    staged.touch()

    def listed_before_the_rename(folder: str) -> Any:
        if not staged.exists():
            return real(folder)
        entries = list(real(folder))
        staged.rename(tmp_path / "articles" / staged.name)
        return entries

    real = os.scandir
    monkeypatch.setattr("govcrawl.archive.storage.os.scandir", listed_before_the_rename)
    storage.prepare()
    assert not list((tmp_path / "staging").iterdir())


def test_stale_files_of_killed_writers_are_swept(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    for name, age in (("a.pdf.0a1b", 7200), ("b.pdf.0a1b", 60), ("site=s.lock", 7200), ("site=s.lease", 7200)):
        (tmp_path / "staging" / name).write_bytes(b"x")
        os.utime(tmp_path / "staging" / name, (time.time() - age,) * 2)
    Storage(str(tmp_path)).prepare()
    assert sorted(p.name for p in (tmp_path / "staging").iterdir()) == ["b.pdf.0a1b", "site=s.lease", "site=s.lock"]


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
