"""``scrapy reprints`` as it is typed, the word diff, and what verify and compact know of the dataset."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.reprints import rows_of
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.storage import Storage
from govcrawl.reprints.check import check, compact_rows
from govcrawl.reprints.diff import Unknown, changes, marked
from govcrawl.reprints.diff import article as find
from govcrawl.reprints.run import FOLDER, group_pending
from tests.loopback import scrapy
from tests.reprints.archive import article, doc_id, land, newest, places, rows
from tests.reprints.planted import plant, synthetic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = [text for _, text in synthetic(4, seed=21)]
WORDS = st.lists(st.sampled_from(["教育厅", "。", "\n", "2024年", "a", " ", "学校", "开学", "10%"]), max_size=30).map(
    "".join
)


def grouped(data: Path) -> Storage:
    land(
        data,
        [article("a", TEXTS[0]), article("b", TEXTS[0][:-9] + "另有规定的除外。", site="n"), article("c", TEXTS[1])],
    )
    storage = Storage(str(data))
    group_pending(storage)
    return storage


def test_the_command(tmp_path: Path) -> None:
    land(tmp_path, [article("a", TEXTS[0]), article("b", TEXTS[0], site="n")])
    first = scrapy(tmp_path, "reprints", "--jobs", "2")
    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, f"2 articles grouped into {tmp_path}/reprints"), (
        first.stderr
    )
    assert "1 rows of role reprint" in first.stdout
    (tmp_path / "reprints_index" / "manifest-000000001.json").write_text("{")
    again = scrapy(tmp_path, "reprints")
    assert "2 articles indexed again" in again.stdout
    diff = scrapy(tmp_path, "reprints", "--diff", doc_id("a")[:12], doc_id("b"))
    assert diff.returncode == 0
    assert TEXTS[0] in diff.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--jobs", "0"], "--jobs 0 is not a number of processes"),
        (["--jobs", "many"], "--jobs many is not a number of processes"),
        (["heilongjiang"], "reprints takes no argument, and 'heilongjiang' is one"),
        (["--diff", "xyz", "abcd"], "'xyz' is no article"),
        (["--diff", "00000000", "abcd"], "has no article 00000000"),
    ],
)
def test_bad_arguments_are_named(tmp_path: Path, arguments: list[str], told: str) -> None:
    land(tmp_path, [article("a", TEXTS[0])])
    ended = scrapy(tmp_path, "reprints", *arguments)
    assert ended.returncode == 2
    assert told in ended.stderr


def test_other_ends(tmp_path: Path) -> None:
    none = scrapy(tmp_path / "nowhere", "reprints")
    assert (none.returncode, "there is no archive at" in none.stderr) == (2, True)
    path = land(tmp_path, [article("a", TEXTS[0])])
    storage = Storage(str(tmp_path))
    storage.prepare()
    lock = SiteLock(storage, FOLDER, "other")
    lock.acquire()
    assert scrapy(tmp_path, "reprints").returncode == 7
    lock.release()
    path.write_bytes(b"no")
    broken = scrapy(tmp_path, "reprints")
    assert (broken.returncode, path.name in broken.stderr) == (8, True)


# The word diff


@given(WORDS, WORDS)
@settings(max_examples=200, deadline=None)
def test_a_diff_holds_both_texts(old: str, new: str) -> None:
    parts = list(changes(old, new))
    assert "".join(t for kind, t in parts if kind != "added") == old
    assert "".join(t for kind, t in parts if kind != "removed") == new
    assert all(text for _, text in parts)
    assert all(one[0] != other[0] for one, other in itertools.pairwise(parts))


def test_what_a_diff_shows() -> None:
    old = "3月1日，省教育厅召开会议。各校按时开学，学生报到。"
    new = "3月8日，省教育厅召开会议。各校按时开学，员工报到。本网讯。"
    assert marked(old, new) == "3月[-1-]{+8+}日，省教育厅召开会议。各校按时开学，[-学生-]{+员工+}报到。{+本网讯。+}"
    assert marked(old, old) == old
    assert marked("", new) == f"{{+{new}+}}"


def test_articles_are_found_by_doc_id_beginning_or_address(tmp_path: Path) -> None:
    storage = grouped(tmp_path)
    land(tmp_path, [article("a", "第二版", revision=2)])
    assert find(storage, doc_id("a"))["text"] == "第二版"
    assert find(storage, doc_id("c")[:8].upper())["text"] == TEXTS[1]
    with pytest.raises(Unknown, match="has no article"):
        find(storage, "http://nowhere.example/1")
    land(tmp_path, [article(f"x{n}", "") | {"doc_id": f"abcd{n:028x}"} for n in range(2)])
    with pytest.raises(Unknown, match="abcd begins 2 doc_ids"):
        find(storage, "abcd")


# verify and compact


def test_verify_is_clean_after_a_run_and_between_runs(tmp_path: Path) -> None:
    storage = grouped(tmp_path)
    assert list(check(storage)) == []
    land(tmp_path, [article("d", TEXTS[2]), article("a", TEXTS[3], revision=2)])
    assert list(check(storage)) == [], "what waits for the next run is no fault"
    group_pending(storage)
    assert list(check(storage)) == []


def _index_cut(data: Path) -> None:
    next((data / "reprints_index").glob("documents-*")).write_bytes(b"ARROW1")


def _articles_gone(data: Path) -> None:
    for path in data.glob("articles/**/*.parquet"):
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "told"),
    [(_index_cut, "index: .*damaged"), (_articles_gone, "reprints: .*3 articles are grouped")],
)
def test_verify_tells(tmp_path: Path, damage: Callable[[Path], None], told: str) -> None:
    storage = grouped(tmp_path)
    damage(tmp_path)
    (finding,) = check(storage)
    assert re.match(told, str(finding))
    group_pending(storage)
    assert list(check(storage)) == []


def test_verify_tells_an_origin_of_another_group(tmp_path: Path) -> None:
    storage = grouped(tmp_path)
    other = tmp_path / "other"
    land(other, [article("a", TEXTS[0])])
    group_pending(Storage(str(other)))
    for path in (tmp_path / FOLDER).iterdir():
        path.unlink()
    land(other, [article("b", TEXTS[0], site="n")])
    before = set((other / FOLDER).iterdir())
    group_pending(Storage(str(other)))
    (later,) = set((other / FOLDER).iterdir()) - before
    (tmp_path / FOLDER / later.name).write_bytes(later.read_bytes())
    found = [str(f) for f in check(storage)]
    assert len(found) == (0 if newest(tmp_path)[doc_id("b")]["role"] == "origin" else 1)
    assert all("an origin that is not in their group" in f for f in found)


def test_the_command_verify_tells_of_reprints(tmp_path: Path) -> None:
    grouped(tmp_path)
    _index_cut(tmp_path)
    for options in ((), ("--repair",)):
        ended = scrapy(tmp_path, "verify", *options)
        assert ended.returncode == 1
        assert "index: reprints_index" in ended.stdout
    assert scrapy(tmp_path, "reprints").returncode == 0
    assert "index:" not in scrapy(tmp_path, "verify").stdout


def test_compaction_keeps_what_is_true_and_what_was_merged(tmp_path: Path) -> None:
    made = list(rows_of(plant(synthetic(6))))
    text = TEXTS[0]
    land(tmp_path, made)
    land(tmp_path, [article("m1", text[:450], title="头条"), article("m2", text[330:], title="头条", site="n")])
    storage = Storage(str(tmp_path))
    group_pending(storage, batch=20)
    land(tmp_path, [article("m3", text, title="头条", site="m")])
    group_pending(storage, batch=20)
    before, merged = places(tmp_path), [r for r in rows(tmp_path) if r["merged_from"]]
    assert merged
    compacted = compact_rows(storage)
    assert compacted is not None
    assert (compacted.after, len(list((tmp_path / FOLDER).iterdir()))) == (1, 1)
    assert places(tmp_path) == before
    assert [r for r in rows(tmp_path) if r["merged_from"]] == merged
    assert compact_rows(storage) is None
    assert group_pending(storage).articles == 0
    assert list(check(storage)) == []


def test_compact_leaves_a_dataset_that_is_being_written(tmp_path: Path) -> None:
    storage = grouped(tmp_path)
    land(tmp_path, [article("d", TEXTS[2])])
    group_pending(storage)
    lock = SiteLock(storage, FOLDER, "other")
    lock.acquire()
    compacted = compact_rows(storage)
    lock.release()
    assert compacted is not None
    assert compacted.locked
    ended = scrapy(tmp_path, "compact")
    assert "reprints: 2 files in 1 partitions became 1" in ended.stdout, ended.stderr
