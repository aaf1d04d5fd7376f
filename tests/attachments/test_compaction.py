"""Compaction of the texts of attachments: fewer files, each row once, whenever it is killed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import Scope, Sizes
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ATTACHMENT_TEXT
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.attachments import compaction
from govcrawl.attachments.compaction import compact_texts
from govcrawl.attachments.text import FOLDER, read_before
from tests.archive.test_compact import WHEN, Killed, steps

if TYPE_CHECKING:
    from pathlib import Path

RULES = Rules(lambda _site, _url: None, lambda *_: None)


def reading(data: Path, day: int, *numbers: int, extractor: str = "attachments 1") -> None:
    run_id = f"{FOLDER}-202401{day:02d}T010203456Z-ab12"
    facts: dict[str, Any] = {"media_type": "application/pdf", "extractor": extractor, "extracted_at": WHEN}
    rows = [{"sha256": f"{n:064x}", "text": f"通知{n}", "text_length": 3, "run_id": run_id, **facts} for n in numbers]
    table = pa.Table.from_pylist(rows, schema=ATTACHMENT_TEXT)
    Storage(str(data)).publish(f"{FOLDER}/{run_id}-00001-{day:06x}.parquet", encode(table))


def rows(data: Path) -> list[str]:
    return sorted(map(str, pq.read_table(data / FOLDER, partitioning=None).to_pylist()))


def files(data: Path) -> list[str]:
    return list(Storage(str(data)).files(FOLDER))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Storage(str(tmp_path / "data")).prepare()
    for day in (1, 2, 3):
        reading(tmp_path / "data", day, day * 10, day * 10 + 1)
    reading(tmp_path / "data", 4, 10, extractor="attachments 2")
    return tmp_path / "data"


def test_files_become_one(data: Path) -> None:
    storage, before, read = Storage(str(data)), rows(data), read_before(Storage(str(data)))
    assert compact_texts(storage, Scope(before=WHEN.replace(year=2020))) is None
    done = compact_texts(storage)
    assert done is not None
    assert (done.before, done.after, done.rows, done.doubled) == (4, 1, 7, 0)
    (name,) = files(data)
    assert rows(data) == before
    assert read_before(storage) == read
    assert pq.read_schema(data / name).equals(ATTACHMENT_TEXT, check_metadata=True)
    assert not list(verify(storage))
    assert compact_texts(storage) is None


def test_a_kill_at_any_step(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(data)
    for number in range(1, 6):
        for after in (False, True):
            copy = shutil.copytree(data, tmp_path / f"{number}-{after}")
            storage = Storage(str(copy))
            with monkeypatch.context() as patch:
                steps(patch, number, after=after, folders=(FOLDER,))
                with pytest.raises(Killed):
                    compact_texts(storage)
            found = list(verify(storage))
            assert {f.kind for f in found} <= {"replaced"}
            assert len(found) == (len(files(copy)) - 1 if (number, after) > (1, False) else 0)
            if after:
                list(repair(storage, found, RULES))
            compact_texts(storage)
            assert rows(copy) == before
            assert not list(verify(storage))


def test_doubled_rows_go(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(data)
    reading(data, 5, 30, 50)
    monkeypatch.setattr(compaction, "SIZES", Sizes(small=0, large=1))
    done = compact_texts(Storage(str(data)))
    assert done is not None
    assert (done.before, done.after, done.rows, done.doubled) == (1, 1, 1, 1)
    assert len(rows(data)) == len(before) + 1


def test_held_and_damaged(data: Path) -> None:
    lock = SiteLock(Storage(str(data)), FOLDER, f"{FOLDER}-20250101T000000000Z-0000")
    lock.acquire()
    held = compact_texts(Storage(str(data)))
    lock.release()
    assert held is not None
    assert "another run holds site" in held.locked
    (data / files(data)[1]).write_bytes(b"PAR1")
    with pytest.raises(StorageError, match="is not readable"):
        compact_texts(Storage(str(data)))
    assert len(files(data)) == 4
