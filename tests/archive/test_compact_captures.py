"""Compaction of captures: fewer files, the same rows in the same order; a kill at any step changes nothing of what counts."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive import compact_captures as rules
from govcrawl.archive import levels, state
from govcrawl.archive.captures import read_rows, run_started
from govcrawl.archive.changes.feed import Changes
from govcrawl.archive.changes.news import Wanted
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import Compacted, Scope, Sizes, compact
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ADDED, CAPTURES
from govcrawl.archive.segments import captures_files, is_merged, read_each, told_by
from govcrawl.archive.site import SiteArchive
from govcrawl.archive.state import State
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_compact import Killed, article, daily, land, steps

if TYPE_CHECKING:
    from pathlib import Path

RULES = Rules(lambda _site, _url: None, lambda *_: None)
FOLDER = "captures/site=s"
FOLDERS = ("captures/", "state/")


def storage_of(data: Path) -> Storage:
    return Storage(str(data))


def files(data: Path) -> list[str]:
    return list(storage_of(data).files(FOLDER))


def rows(data: Path) -> list[dict[str, Any]]:
    """What counts, in order."""
    return list(read_rows(storage_of(data), captures_files(storage_of(data), "s").sizes))


def on_disk(data: Path) -> int:
    """What somebody finds who reads the folder."""
    return len(pq.read_table(data / FOLDER, partitioning=None))


def told(data: Path) -> dict[str, Any]:
    """All that is known, from captures and as a run finds it."""
    found = {k.doc_id: asdict(k) for k in State(rows(data)).values()}
    archive = SiteArchive(storage_of(data), "s", "s-20250101T000000000Z-0000")
    assert archive.recovered == 0, "no segment has lost its mark"
    assert {k.doc_id: asdict(k) for k in archive.state.values()} == found
    archive.abandon()
    return found


def merged(data: Path) -> list[Compacted]:
    return [one for one in compact_captures(storage_of(data)) if one.site == "s"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return daily(tmp_path / "data")


def test_many_become_one(data: Path) -> None:
    before, known = rows(data), told(data)
    (done,) = merged(data)
    assert (done.before, done.after, done.rows, done.dataset) == (5, 1, len(before), "captures")
    (name,) = files(data)
    assert is_merged(name)
    assert rows(data) == before
    assert on_disk(data) == len(before)
    assert told(data) == known
    assert pq.read_schema(data / name).equals(CAPTURES)
    assert not list(verify(storage_of(data)))
    assert not merged(data), "there is nothing left to do"
    land(data, "20240109", article(98))
    assert list(compact(storage_of(data))), "articles find their marks"
    (again,) = merged(data)
    assert (again.before, again.after) == (3, 1)
    assert len(told(data)) == len(known) + 1
    assert not list(verify(storage_of(data)))


def test_cursors_of_before_are_known(data: Path) -> None:
    cursors = []
    for day in (20, 21):
        with Changes(storage_of(data)) as changes:
            cursors.append(changes.cursor)
        land(data, f"202401{day}", article(day * 10))

    def news(cursor: Any) -> list[str]:
        with Changes(storage_of(data), Wanted(cursor)) as changes:
            return [event["doc_id"] for event in changes]

    before = [news(cursor) for cursor in cursors]
    assert list(map(len, before)) == [2, 1]
    merged(data)
    assert [news(cursor) for cursor in cursors] == before


def test_the_snapshot_counts_on(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "UNCOVERED_FILES", 1)
    known = told(data)
    snapshots = list(storage_of(data).files("state/site=s", ".state"))
    merged(data)
    assert list(storage_of(data).files("state/site=s", ".state")) == snapshots
    monkeypatch.setattr(levels.Levels, "build", lambda *_: pytest.fail("captures are read"))
    assert told(data) == known


def test_a_snapshot_that_covers_a_merged_file_in_part_is_made_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "UNCOVERED_FILES", 0)
    told(data)
    monkeypatch.setattr(state, "UNCOVERED_FILES", 32)
    land(data, "20240120", article(20, title="新", revision=2, revision_cause="edited"))
    monkeypatch.setattr(State, "keep", lambda *_: None)
    merged(data)
    monkeypatch.undo()
    (entry,) = json.loads(next((data / "state/site=s").glob("*.json")).read_text())["levels"]
    assert len(entry["captures"]) == 5
    assert len(told(data)) == len({row["doc_id"] for row in rows(data)})


def test_a_kill_at_any_step_changes_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while what was merged before is merged with what has come since."""
    merged(data)
    land(data, "20240120", article(20, title="新", revision=2, revision_cause="edited"))
    land(data, "20240121", article(21, revision=2, status="gone", revision_cause="gone"))
    before, known = rows(data), told(data)
    whole = shutil.copytree(data, tmp_path / "whole")
    with monkeypatch.context() as patch:
        taken = steps(patch, None, after=False, folders=FOLDERS)
        merged(whole)
    assert [step.split("/")[0] for step in taken] == [
        *("publish_stream state", "publish_stream state", "remove state"),
        *("publish_stream captures", "remove captures", "remove captures", "remove captures"),
    ], taken
    seen = 0
    for number in range(1, len(taken) + 1):
        for after in (False, True):
            copy = shutil.copytree(data, tmp_path / f"{number}-{after}")
            with monkeypatch.context() as patch:
                steps(patch, number, after=after, folders=FOLDERS)
                with pytest.raises(Killed):
                    merged(copy)
            assert rows(copy) == before, taken[number - 1]
            kinds = {f.kind for f in verify(storage_of(copy))}
            assert kinds <= {"replaced"}
            seen += bool(kinds)
            assert told(copy) == known, taken[number - 1]
            if after:
                list(repair(storage_of(copy), list(verify(storage_of(copy))), RULES))
            else:
                merged(copy)
            assert not list(verify(storage_of(copy))), taken[number - 1]
            merged(copy)
            assert on_disk(copy) == len(before)
            assert len(files(copy)) <= 2, "the merged file, and the mark of a repair"
            assert told(copy) == known
            shutil.rmtree(copy)
    assert seen >= 5


def damage(path: Path, harm: str) -> None:
    """Harm a merged file's rows, its end or what it says that it replaces."""
    content = bytearray(path.read_bytes())
    if harm == "pages":
        content[200:260] = bytes(60)
    elif harm == "end":
        del content[-9:]
    else:
        content[content.index(b'{"marks":')] = ord("!")
    path.write_bytes(content)


@pytest.mark.parametrize("harm", ["pages", "end", "words"])
def test_a_damaged_merged_file_gives_way_to_those_it_replaced(data: Path, harm: str) -> None:
    """A kill has left them: none of their rows is lost, none is there twice."""
    before, known = rows(data), told(data)
    old = {name: (data / name).read_bytes() for name in files(data)}
    merged(data)
    (name,) = files(data)
    for path, content in old.items():
        (data / path).write_bytes(content)
    damage(data / name, harm)
    found = list(verify(storage_of(data)))
    assert "unreadable" in {f.kind for f in found}
    done = list(repair(storage_of(data), found, RULES))
    assert list(storage_of(data).files("quarantine", ".parquet")) == [f"quarantine/{name}"], done
    assert not list(verify(storage_of(data)))
    assert rows(data) == before
    assert on_disk(data) == len(before)
    assert told(data) == known
    merged(data)
    assert rows(data) == before


@pytest.mark.parametrize("harm", ["pages", "end", "words"])
def test_a_damaged_merged_file_is_made_again_from_the_rows(data: Path, harm: str) -> None:
    known = {k.doc_id: (k.revision, k.outcome, k.segment) for k in State(rows(data)).values()}
    with Changes(storage_of(data)) as changes:
        cursor = changes.cursor
    merged(data)
    (name,) = files(data)
    damage(data / name, harm)
    if harm != "pages":
        with pytest.raises(StorageError, match="verify --repair"):
            SiteArchive(storage_of(data), "s", "s-20250101T000000000Z-0000")
    found = list(verify(storage_of(data)))
    assert {f.kind for f in found} == {"unreadable", "unmarked"}
    list(repair(storage_of(data), found, RULES))
    assert not list(verify(storage_of(data)))
    assert {k.doc_id: (k.revision, k.outcome, k.segment) for k in State(rows(data)).values()} == known
    with Changes(storage_of(data), Wanted(cursor)) as changes:
        assert not list(changes)


def test_what_repairs_said_is_kept(data: Path) -> None:
    """Rows that a repair put back are told to a reader who had come past them, from merged files too."""
    with Changes(storage_of(data)) as changes:
        cursor = changes.cursor
    lost = next(data.glob("articles/**/s-2024010[1-3]*.parquet"))
    lost.unlink()
    list(repair(storage_of(data), list(verify(storage_of(data))), RULES))
    with Changes(storage_of(data), Wanted(cursor)) as changes:
        before = list(changes)
    assert {event["change"] for event in before} == {"repaired"}
    for number in (1, 2):
        merged(data)
        with Changes(storage_of(data), Wanted(cursor)) as changes:
            assert [event for event in changes if event["change"] != "added"] == before
        land(data, f"2040010{number}", article(80 + number))


def test_large_ones_stay_and_older_columns_too(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = files(data)
    for name in (first, second):
        table = pq.read_table(data / name, partitioning=None)
        pq.write_table(table.drop_columns(sorted(ADDED)).replace_schema_metadata({"govcrawl": "1"}), data / name)
    before = rows(data)
    (done,) = merged(data)
    assert (done.before, done.after) == (5, 2)
    assert [set(pq.read_schema(data / name).names) >= ADDED for name in files(data)] == [False, True]
    assert pq.read_schema(data / files(data)[0]).metadata[b"govcrawl"] == b"1"
    assert rows(data) == before
    assert not list(verify(storage_of(data)))
    monkeypatch.setattr(rules, "SIZES", Sizes(small=0, large=1 << 30))
    for day in range(10, 24):
        land(data, f"202402{day}", *(article(day * 100 + n) for n in range(40)))
        merged(data)
        assert len(files(data)) <= 6
    old = list(compact_captures(storage_of(data), Scope(before=run_started("s-20240103T010203456Z-ab12"))))
    assert not old, "of these runs there is one file"


def test_a_held_site_is_passed_over_and_bad_columns_stop_it(data: Path) -> None:
    lock = SiteLock(storage_of(data), "s", "s-20250101T000000000Z-0000")
    lock.acquire()
    (passed,) = merged(data)
    lock.release()
    assert "another run holds site s" in passed.locked
    name = files(data)[1]
    table = pq.read_table(data / name, partitioning=None)
    pq.write_table(table.drop_columns(["url"]), data / name)
    with pytest.raises(StorageError):
        merged(data)
    assert len(files(data)) == 5


def test_a_reader_without_a_lock_begins_anew(data: Path) -> None:
    count = len(rows(data))
    calls = 0

    def read(name: str) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            merged(data)
        try:
            return len(pq.read_table(data / name, partitioning=None))
        except OSError as exc:
            raise StorageError(name) from exc

    assert read_each(storage_of(data), "s", read) == [count]
    assert told_by(storage_of(data), files(data)[0]).marks
    with pytest.raises(StorageError, match="it is broken"):
        read_each(storage_of(data), "s", lambda _: (_ for _ in ()).throw(StorageError("it is broken")))
