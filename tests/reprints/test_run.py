"""Grouping an archive: who is whose reprint, and that nothing changes when it is interrupted, repeated or rebuilt."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import signal
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from benchmarks.reprints import EASY, real_texts, rows_of, score
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.reprints.run import BATCH, FOLDER, group_pending
from govcrawl.workers.local import local
from tests.loopback import PROJECT
from tests.reprints.archive import article, doc_id, land, newest, places, rows
from tests.reprints.planted import PLACES, TEMPLATE, Text, edited, notice, plant, substituted, synthetic, traditional
from tests.zygote import client as zygote

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

TEXTS = [text for _, text in synthetic(12, seed=5)]
DEPARTMENT = {"site": "dept", "site_name": "清源省教育厅", "site_kind": "department"}


def group(data: Path, *, jobs: int = 1, batch: int = BATCH) -> dict[str, tuple[object, ...]]:
    with local(jobs) as workers:
        group_pending(Storage(str(data)), workers=workers, batch=batch)
    return places(data)


def together(data: Path) -> set[frozenset[str]]:
    """The groups of several, by their members."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in newest(data).values():
        if row["role"] != "forgotten":
            found[row["group_id"]].add(row["doc_id"])
    return {frozenset(members) for members in found.values() if len(members) > 1}


def names(*of: str) -> frozenset[str]:
    return frozenset(map(doc_id, of))


def variant(text: str, share: float = 0.05, seed: int = 1) -> str:
    return edited(random.Random(seed), text, share)


# Quality


def figures(data: Path, planted: list[Text]) -> dict[str, float]:
    for part in range(0, len(planted), 400):
        land(data, rows_of(planted[part : part + 400], part))
    group_pending(Storage(str(data)))
    found: set[tuple[int, int]] = set()
    known = list(newest(data).values())
    number = {row["doc_id"]: n for n, row in enumerate(rows_of(planted))}
    groups: dict[str, list[int]] = defaultdict(list)
    for row in known:
        groups[row["group_id"]].append(number[row["doc_id"]])
    for members in groups.values():
        found.update(itertools.combinations(sorted(members), 2))
    of = {row["doc_id"]: row["group_id"] for row in known}
    for row in known:
        for other in row["also"]:
            mine = number[row["doc_id"]]
            found.update((min(mine, m), max(mine, m)) for m in groups[of[other]])
    return score(planted, found)


def check(found: dict[str, float]) -> None:
    assert found["precision"] >= 0.99, found
    assert all(found[kind] >= 0.97 for kind in EASY), found
    assert found["third"] >= 0.95, found
    assert found[TEMPLATE] >= 0.99, found


@pytest.mark.parametrize("length", [250, 680, 3_000])
def test_planted_copies_are_found_and_templates_stay_apart(tmp_path: Path, length: int) -> None:
    check(figures(tmp_path, list(plant(synthetic(40, seed=length, length=length), seed=2))))


def test_copies_of_real_texts_are_found(tmp_path: Path) -> None:
    texts = real_texts()
    if not texts:
        pytest.skip("the reference pages do not stand beside the repository")
    check(figures(tmp_path, list(plant(texts[:80], seed=3))))


SEEDS = PROJECT.parent / "shared" / "seeds" / "gold.jsonl"


@pytest.mark.skipif(not SEEDS.exists(), reason="the seed pages do not stand beside the repository")
def test_the_seed_pages_and_their_copies(tmp_path: Path) -> None:
    """Five pages on meetings of the same kind, whose copies are found; the mirror beside what it converted."""
    seeds = [json.loads(line) for line in SEEDS.read_text().splitlines()]
    found = figures(tmp_path, list(plant([(s["title"], s["text"]) for s in seeds], seed=4)))
    check(found)
    (mirror,) = [s for s in seeds if s["script"] == "hant"]
    beside = tmp_path / "beside"
    original = article("original", mirror["text"], title=mirror["title"], site_name=mirror["source"])
    shown = traditional(mirror["text_original"])
    land(beside, [original, article("mirror", shown, title=mirror["title"], site="镜像", source=mirror["source"])])
    group(beside)
    assert together(beside) == {names("original", "mirror")}
    assert newest(beside)[doc_id("mirror")]["origin_from"] == "credited"


def test_a_traditional_mirror_and_a_word_substituted_copy(tmp_path: Path) -> None:
    text = (
        "本报讯（记者 林知远）3月1日，全省高校毕业生就业工作会议在清源召开。会议强调，各高校要把学生就业放在突出位置，"
        "完善课程体系，改进教学方法，加强教师队伍建设。\n会议指出，招生与就业要联动，学校要主动对接用人单位，"
        "为学生提供更多岗位，对困难家庭的学生实行一对一帮扶。省教育厅有关负责同志，各高校主要负责同志参加会议。"
    )
    title = "全省高校毕业生就业工作会议召开"
    copies = [
        article("original", text, title=title, site_name="中国教育新闻网"),
        article(
            "mirror", traditional(text), title=traditional(title), site="镜像", source="中国教育新闻网", script="hant"
        ),
        article("farm", substituted(text), title=substituted(title), site="农场", published_on=None),
        article("next year", text.replace("3月1日", "3月9日").replace("清源", "北岸"), title="2025年" + title),
    ]
    land(tmp_path, [*copies, article("else", TEXTS[0])])
    group(tmp_path)
    assert names("original", "mirror", "farm") in together(tmp_path)
    found = newest(tmp_path)
    assert {found[doc_id(n)]["origin_doc_id"] for n in ("mirror", "farm")} == {doc_id("original")}
    assert found[doc_id("mirror")]["origin_from"] == "credited"


def test_an_agency_story_and_five_reprints(tmp_path: Path) -> None:
    story = TEXTS[1]
    agency = article(
        "agency", "新华社清源3月1日电（记者 林知远）" + story, title="头条", site="xinhua", site_name="新华网"
    )
    copies = [
        article(f"copy {n}", variant(story, 0.02, n) + f"（责任编辑：编{n}）", title=f"头条{n}", site=f"n{n}", source=source,
                published_on=date(2024, 3, 1 + n))
        for n, source in enumerate(["新华社", "新华网", None, "新华社客户端", "本站"])
    ]  # fmt: skip
    land(tmp_path, [*copies, agency])
    group(tmp_path)
    found = newest(tmp_path)
    assert together(tmp_path) == {names("agency", *(f"copy {n}" for n in range(5)))}
    assert found[doc_id("agency")]["role"] == "origin"
    assert Counter(r["role"] for r in found.values()) == {"origin": 1, "reprint": 5}
    assert [found[doc_id(f"copy {n}")]["delay_hours"] for n in range(5)] == [0.0, 24.0, 48.0, 72.0, 96.0]


# Origins and roles


def test_the_origin_is_by_credit_then_time_then_kind(tmp_path: Path) -> None:
    clock = datetime(2024, 3, 1, 1, 0, tzinfo=UTC)
    land(
        tmp_path,
        [
            article("a early", TEXTS[0], published_on=date(2024, 2, 1), site="a", source="清源省教育厅"),
            article("a credited", TEXTS[0], **DEPARTMENT, published_on=date(2024, 2, 9)),
            article("b later", TEXTS[1], published_at=clock.replace(hour=3), site="b"),
            article("b first", variant(TEXTS[1]), published_at=clock, site="c"),
            article("c news", TEXTS[2], site="a"),
            article("c ministry", TEXTS[2], site="moe", site_kind="ministry"),
            article("c department", variant(TEXTS[2]), **DEPARTMENT),
            article("d undated", TEXTS[3], published_on=None),
            article("d dated", TEXTS[3], site="d"),
        ],
    )
    group(tmp_path)
    found = newest(tmp_path)

    def origin(name: str) -> tuple[str, str]:
        row = found[doc_id(name)]
        return row["origin_doc_id"], row["origin_from"]

    assert origin("a early") == (doc_id("a credited"), "credited")
    assert origin("b later") == (doc_id("b first"), "earliest")
    assert origin("c news") == origin("c ministry") == (doc_id("c department"), "site_kind")
    assert origin("d undated") == (doc_id("d dated"), "earliest")
    assert found[doc_id("a early")]["delay_hours"] == -192.0
    assert found[doc_id("b later")]["delay_hours"] == 2.0
    assert found[doc_id("d undated")]["delay_hours"] is None


@pytest.mark.parametrize("order", list(itertools.permutations(["one", "two", "digest"])))
def test_a_digest_keeps_two_notices_apart_whichever_comes_first(tmp_path: Path, order: tuple[str, ...]) -> None:
    made = {
        "one": article("one", TEXTS[0][:600], **DEPARTMENT),
        "two": article("two", TEXTS[1][:400], site="moe", site_kind="ministry"),
        "digest": article("digest", f"{TEXTS[0][:600]}\n{TEXTS[1][:400]}", title="要闻两则", site="n"),
    }
    for name in order:
        land(tmp_path, [made[name]])
        group(tmp_path)
    found = newest(tmp_path)
    assert found[doc_id("one")]["group_id"] != found[doc_id("two")]["group_id"]
    digest = found[doc_id("digest")]
    assert digest["role"] == "digest"
    carried = {digest["origin_doc_id"], *digest["also"]}
    assert carried == names("one", "two")
    assert {found[doc_id(n)]["role"] for n in ("one", "two")} == {"origin"}


def test_an_excerpt_and_what_is_too_short(tmp_path: Path) -> None:
    land(
        tmp_path,
        [
            article("whole", TEXTS[0], published_on=date(2024, 3, 1)),
            article("part", TEXTS[0][:220], published_on=date(2024, 3, 2), site="n"),
            article("see attachment", "详见附件。"),
            article("see attachment too", "详见附件。", site="n"),
            article("nothing", None),
        ],
    )
    group(tmp_path)
    found = newest(tmp_path)
    assert together(tmp_path) == {names("whole", "part")}
    assert (found[doc_id("part")]["role"], found[doc_id("part")]["containment"]) == ("excerpt", 1.0)
    assert found[doc_id("part")]["similarity"] < 0.5
    assert len(found) == 5, "every article has a row"


# Over time


def test_articles_keep_their_group_when_others_join_and_merges_are_recorded(tmp_path: Path) -> None:
    text = TEXTS[0]
    # Two versions with little in common, until one comes that has much of both.
    land(tmp_path, [article("a", text[:450], title="头条"), article("b", text[330:], title="头条", site="n")])
    before = group(tmp_path)
    assert not together(tmp_path)
    land(tmp_path, [article("c", text, title="头条", site="m")])
    after = group(tmp_path)
    assert together(tmp_path) == {names("a", "b", "c")}
    assert after[doc_id("c")][1] in {before[doc_id("a")][1], before[doc_id("b")][1]}
    recorded = {row["doc_id"]: row["merged_from"] for row in rows(tmp_path) if row["merged_from"]}
    assert len(recorded) == 1
    (merged, old) = next(iter(recorded.items()))
    assert old == before[merged][1] != after[merged][1]


def test_a_revised_article_is_grouped_again(tmp_path: Path) -> None:
    land(
        tmp_path, [article("a", TEXTS[0]), article("b", variant(TEXTS[0]), site="n"), article("c", TEXTS[0], site="m")]
    )
    before = group(tmp_path)
    first = before[doc_id("a")][1]
    founder = next(n for n in "abc" if doc_id(n) == first)
    land(tmp_path, [article(founder, TEXTS[5], revision=2)])
    after = group(tmp_path)
    rest = [n for n in "abc" if n != founder]
    assert together(tmp_path) == {names(*rest)}
    assert all(after[doc_id(n)][1] == first for n in rest), "those that stay keep the group's name"
    assert after[doc_id(founder)][0] == 2
    assert after[doc_id(founder)][1] != first, "so the one that left gets another"
    land(tmp_path, [article(founder, TEXTS[0], revision=3)])
    again = group(tmp_path)
    assert {again[doc_id(n)][1] for n in "abc"} == {first}


def test_a_forgotten_article_leaves_its_group_and_the_index(tmp_path: Path) -> None:
    gone = land(
        tmp_path, [article("origin", TEXTS[0], title="不该留下的标题", **DEPARTMENT, published_on=date(2024, 1, 1))]
    )
    land(
        tmp_path, [article("b", variant(TEXTS[0]), site="n"), article("c", TEXTS[0], site="m"), article("d", TEXTS[3])]
    )
    before = group(tmp_path)
    gone.unlink()
    after = group(tmp_path)
    assert together(tmp_path) == {names("b", "c")}
    assert after[doc_id("origin")][2] == "forgotten"
    assert after[doc_id("b")][1] == before[doc_id("b")][1]
    assert {after[doc_id(n)][3] for n in "bc"} <= names("b", "c")
    kept = b"".join(p.read_bytes() for p in tmp_path.glob("reprints*/**/*") if p.is_file())
    assert "不该留下的标题".encode() not in kept
    assert group(tmp_path) == after, "and nothing more to do"


def test_a_second_run_groups_only_what_is_new(tmp_path: Path) -> None:
    land(tmp_path, rows_of(plant(synthetic(20))))
    first = group_pending(Storage(str(tmp_path)))
    files = set((tmp_path / FOLDER).iterdir())
    assert group_pending(Storage(str(tmp_path))).articles == 0
    assert set((tmp_path / FOLDER).iterdir()) == files
    land(tmp_path, [article("new", TEXTS[7]), article("copy", variant(synthetic(20)[3][1]), title="")])
    second = group_pending(Storage(str(tmp_path)))
    assert (first.articles, second.articles, second.indexed) == (260, 2, 0)
    assert sum(second.roles.values()) < 30, "rows are written for what changed"


@pytest.mark.parametrize("options", [{"batch": 50}, {"batch": 7}, {"jobs": 2, "batch": 100}])
def test_the_groups_do_not_depend_on_batches_or_processes(tmp_path: Path, options: dict[str, int]) -> None:
    made = list(rows_of(plant(synthetic(6))))
    for name in ("once", "other"):
        land(tmp_path / name, made)
    group(tmp_path / "once")
    group(tmp_path / "other", **options)
    assert together(tmp_path / "once") == together(tmp_path / "other")


def test_a_group_of_hundreds(tmp_path: Path) -> None:
    texts = [variant(TEXTS[0], 0.02, seed) for seed in range(30)]
    copies = [
        article(f"c{n}", texts[n % 30], title="头条", site=f"n{n}", published_on=date(2024, 3, 2)) for n in range(300)
    ]
    land(tmp_path, copies)
    before = group(tmp_path, batch=90)
    assert len({place[1] for place in before.values()}) == 1
    land(tmp_path, [article("first", TEXTS[0], title="头条", published_on=date(2024, 2, 1))])
    after = group(tmp_path)
    assert {place[1] for place in after.values()} == {place[1] for place in before.values()}
    assert {place[3] for place in after.values()} == {doc_id("first")}
    land(tmp_path, [article("last", TEXTS[0], title="头条", site="z", published_on=date(2024, 4, 1))])
    done = group_pending(Storage(str(tmp_path)))
    assert sum(done.roles.values()) == 1, "a newcomer changes no other's row"
    assert newest(tmp_path)[doc_id("last")]["origin_doc_id"] == doc_id("first")


def test_reprints_of_each_of_a_templates_many_notices(tmp_path: Path) -> None:
    """Sixty notices that differ in place, year and number only, each with copies: more than a key is followed to."""
    title, text = notice(random.Random(4), 1, "黑龙江省", 2020)
    rows_ = []
    for n in range(60):
        place, year = PLACES[n % 12], 2000 + n
        head, body = (t.replace("黑龙江省", place).replace("2020", str(year)) for t in (title, text))
        body = re.sub(r"\d+名", f"{37 * n + 11}名", body)
        rows_ += [
            article(f"{n}", body, title=head, **DEPARTMENT),
            article(f"{n} edited", variant(body, 0.05, n), title=head),
        ]
        rows_ += [article(f"{n} third", body[: len(body) // 3], title=head, site="m")]
        rows_ += [article(f"{n} tail", body[len(body) * 3 // 10 :], title=head, site="o")]
    random.Random(1).shuffle(rows_)
    land(tmp_path, rows_)
    group(tmp_path)
    assert together(tmp_path) == {names(f"{n}", f"{n} edited", f"{n} third", f"{n} tail") for n in range(60)}


# Interrupted, broken, shared


def test_killed_at_ten_moments_it_comes_to_the_same_groups(tmp_path: Path) -> None:
    made = list(rows_of(plant(synthetic(8))))
    changed = [made[3] | {"revision": 2, "text": TEXTS[9]}, made[20] | {"revision": 2, "text": TEXTS[8]}]

    def run(data: Path, moment: int) -> subprocess.CompletedProcess[str]:
        call = {"call": "tests.reprints.killing:grouped", "arguments": [str(data), str(moment)]}
        return zygote.shared().run(call | {"env": dict(os.environ), "cwd": str(PROJECT)}, 120)

    begun = tmp_path / "begun"
    land(begun, made[:60])
    group(begun, batch=40)
    land(begun, made[60:])
    land(begun, changed)

    def archive(name: str) -> Path:
        return shutil.copytree(begun, tmp_path / name)

    undisturbed = archive("undisturbed")
    done = run(undisturbed, 1_000)
    assert done.returncode == 0, done.stderr
    steps = 1_000 - int(done.stdout)
    assert steps >= 10
    expected = places(undisturbed)
    for number in range(10):
        data = archive(f"killed{number}")
        ended = run(data, number * (steps - 1) // 9)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert group(data, batch=40) == expected, f"moment {number}"
        assert not [p for p in (data / "staging").iterdir() if not p.name.endswith(".lock")]


def test_an_index_that_is_missing_or_damaged_is_built_anew(tmp_path: Path) -> None:
    land(tmp_path, rows_of(plant(synthetic(6))))
    expected = group(tmp_path)
    index = tmp_path / "reprints_index"
    more = list(rows_of(plant(synthetic(7))))[78:]

    def cut() -> None:
        for path in index.glob("documents-*"):
            path.write_bytes(path.read_bytes()[:100])

    def other_version() -> None:
        (path,) = index.glob("manifest-*")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "old"}))

    def removed() -> None:
        shutil.rmtree(index)

    def without_keys() -> None:
        next(index.glob("keys-*")).unlink()

    def half_a_manifest() -> None:
        next(index.glob("manifest-*")).write_bytes(b"{")

    for damage in (removed, cut, other_version, without_keys, half_a_manifest):
        damage()
        done = group_pending(Storage(str(tmp_path)))
        assert (done.rebuilt, done.indexed, done.articles) == (True, len(expected), 0)
        assert places(tmp_path) == expected
        assert len(list(index.iterdir())) == 3, "nothing of the old one is left"
    land(tmp_path, more)
    removed()
    assert group_pending(Storage(str(tmp_path))).articles == len(more)
    assert len(together(tmp_path)) == 7


def test_a_file_that_is_not_readable_is_named(tmp_path: Path) -> None:
    path = land(tmp_path, [article("a", TEXTS[0])])
    path.write_bytes(b"PAR1 no")
    with pytest.raises(StorageError, match=r"abcdef|00001-.*parquet.*scrapy verify --repair"):
        group_pending(Storage(str(tmp_path)))


def test_one_at_a_time(tmp_path: Path) -> None:
    land(tmp_path, [article("a", TEXTS[0])])
    storage = Storage(str(tmp_path))
    storage.prepare()
    lock = SiteLock(storage, FOLDER, "other")
    lock.acquire()
    with pytest.raises(Locked):
        group_pending(storage)
    lock.release()
    assert group_pending(storage).articles == 1


def test_through_a_file_system_that_is_not_local(tmp_path: Path) -> None:
    land(tmp_path, rows_of(plant(synthetic(3))))
    storage = Storage(f"file://{tmp_path}")
    assert not storage.local
    group_pending(storage, batch=20)
    assert len(together(tmp_path)) == 3
    assert group_pending(storage).articles == 0


def test_an_archive_without_articles(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    assert group_pending(Storage(str(tmp_path))).articles == 0
    assert not list((tmp_path / FOLDER).glob("*")) if (tmp_path / FOLDER).exists() else True


def test_rows_say_when_and_by_which_run(tmp_path: Path) -> None:
    land(tmp_path, rows_of(plant(synthetic(4))))
    group(tmp_path, batch=10)
    times = [pq.read_table(p)["grouped_at"].unique().to_pylist() for p in sorted((tmp_path / FOLDER).iterdir())]
    assert all(len(t) == 1 for t in times)
    assert len({t[0] for t in times}) == len(times), "each file's moment is later than the one's before"
    assert {row["run_id"].split("-")[0] for row in rows(tmp_path)} == {FOLDER}
