"""Compaction of run files: fewer files that say the same; a kill at any step changes nothing of what is read."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from govcrawl.archive import runs
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import Scope, days_ago
from govcrawl.archive.compact_runs import SIZES, compact_runs
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_compact import Killed, steps

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = {"url": "http://h.cn/", "complete": True, "ended": "last", "down_to": None}
RULES = Rules(lambda _site, _url: None, lambda *_: None)
FOLDER = "runs/site=s"


def run(data: Path, day: int, **facts: Any) -> str:
    run_id = f"s-202401{day:02d}T010203456Z-ab12"
    report = {"run_id": run_id, "finished_at": f"2024-01-{day:02d}T02:00:00+00:00", "landed": {}, "spider": "s"}
    runs.write(Storage(str(data)), "s", run_id, report | {"channels": [CHANNEL], "title": "通知"} | facts)
    return run_id


def told(data: Path) -> list[dict[str, Any]]:
    storage = Storage(str(data))
    assert runs.history(storage, "s", 99) == list(runs.newest_first(storage, "s"))[::-1]
    return list(runs.newest_first(storage, "s"))


def files(data: Path) -> list[str]:
    return list(Storage(str(data)).files(FOLDER))


def compacted(data: Path, **scope: Any) -> list[tuple[int, int, int]]:
    return [(c.before, c.after, c.rows) for c in compact_runs(Storage(str(data)), Scope(**scope))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for day in range(1, 6):
        run(tmp_path / "data", day, lost_rows=[["a", day]])
    return tmp_path / "data"


def test_old_ones_become_one(data: Path) -> None:
    before, walks = told(data), runs.complete_walks(Storage(str(data)), "s")
    assert compacted(data, before=days_ago(10_000)) == []
    assert compacted(data) == [(5, 1, 5)]
    assert runs.ids(Storage(str(data)), "s") == {report["run_id"] for report in before}
    (name,) = files(data)
    assert name.endswith("0105T010203456Z-ab12.jsonl")
    assert "通知" in (data / name).read_text("utf-8")
    assert told(data) == before
    assert runs.complete_walks(Storage(str(data)), "s") == walks
    assert not list(verify(Storage(str(data))))
    assert compacted(data) == []
    run(data, 9)
    run(data, 10)
    recent = run(data, 11)
    (data / FOLDER / f"{recent}.json").rename(data / FOLDER / "s-29990101T010203456Z-ab12.json")
    assert compacted(data) == [(3, 1, 7)]
    assert len(files(data)) == 2, "what is recent stays as it is"
    assert [report["run_id"] for report in told(data)][3:] == [report["run_id"] for report in before]


def test_a_kill_at_any_step_changes_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compacted(data)
    run(data, 6)
    run(data, 7)
    before = told(data)
    whole = shutil.copytree(data, tmp_path / "whole")
    with monkeypatch.context() as patch:
        taken = steps(patch, None, after=False, folders=("runs/",))
        compacted(whole)
    assert [step.split("/")[0] for step in taken] == ["publish_stream runs", *["remove runs"] * 3]
    for number in range(1, len(taken) + 1):
        for after in (False, True):
            copy = shutil.copytree(data, tmp_path / f"{number}-{after}")
            with monkeypatch.context() as patch:
                steps(patch, number, after=after, folders=("runs/",))
                with pytest.raises(Killed):
                    compacted(copy)
            assert told(copy) == before, taken[number - 1]
            found = list(verify(Storage(str(copy))))
            assert {f.kind for f in found} <= {"replaced"}
            if after:
                list(repair(Storage(str(copy)), found, RULES))
            compacted(copy)
            assert not list(verify(Storage(str(copy))))
            assert told(copy)[-7:] == before
            assert len(files(copy)) <= 2, "and the run file of the repair"


@pytest.mark.parametrize("harm", ["head", "line", "end"])
def test_a_damaged_merged_file_is_told_and_set_aside(data: Path, harm: str) -> None:
    compacted(data)
    run(data, 6)
    (name, _) = files(data)
    content = (data / name).read_bytes()
    lines = content.split(b"\n")
    if harm == "head":
        lines[0] = lines[0][:-3]
    elif harm == "line":
        lines[2] = b"[]"
    else:
        lines[-2:] = [lines[-2][:9]]
    (data / name).write_bytes(b"\n".join(lines))
    assert {(f.kind, f.file) for f in verify(Storage(str(data)))} == {("run_file", name)}
    assert compacted(data) == []
    assert len(runs.complete_walks(Storage(str(data)), "s")) == 1
    assert len(files(data)) == 1
    assert (data / "quarantine" / name).exists()


def test_what_is_no_run_file_stays_and_large_ones_do(data: Path) -> None:
    (data / FOLDER / "s-20240103T010203456Z-ab12.json").write_text("[]")
    (data / FOLDER / "s-20240102T010203456Z-ab12.json").write_text(
        json.dumps(told(data)[-1] | {"title": "x" * SIZES.large})
    )
    (data / FOLDER / "note.json").write_text("{}")
    (data / FOLDER / "note.txt").write_text("")
    assert compacted(data) == [(2, 1, 2)]
    lock = SiteLock(Storage(str(data)), "s", "s-20250101T000000000Z-0000")
    run(data, 6)
    run(data, 7)
    lock.acquire()
    (passed,) = compact_runs(Storage(str(data)))
    lock.release()
    assert "another run holds site s" in passed.locked


def test_readers_go_on_while_files_are_merged(data: Path) -> None:
    before = told(data)
    reading = runs.newest_first(Storage(str(data)), "s")
    first = [next(reading), next(reading)]
    compacted(data)
    assert [*first, *reading] == before
    with pytest.raises(StorageError, match="cannot read"):
        runs._runs_in(Storage(str(data)), f"{FOLDER}/none.jsonl")
