"""Of an archive of many sites a run lists the provinces that its own site has written to, once, however many articles it looks
up; and whatever became of what is noted of them, no row is lost and none is there twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from govcrawl.archive import own_files, site
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import SiteArchive, captured
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_compact import Killed, article, daily, land, steps
from tests.readers import read_all
from tests.reextract.archive import Made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from govcrawl.items import Article


def test_it_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: Counter[str] = Counter()
    whole = Storage.files

    def files(self: Storage, folder: str, suffix: str = "") -> Iterator[str]:
        listed[folder] += 1
        return whole(self, folder, suffix)

    monkeypatch.setattr(Storage, "files", files)
    first = Made(tmp_path)
    one = first.land(1)
    first.close()
    assert listed["articles"] == 1, "nothing was noted"
    listed.clear()
    made = Made(tmp_path)
    two = made.land(2)
    made.own.commit()
    three = made.land(3)
    assert one is not None
    assert two is not None
    assert three is not None
    for row in (one, two, three):  # of a run before, of a segment before, of this segment
        found = made.own.stored(row.doc_id, ["title"])
        assert found is not None
        assert found["title"] == row.title
    made.close()
    assert {folder: count for folder, count in listed.items() if folder.startswith("articles")} == {
        "articles/province=heilongjiang": 1
    }


def test_a_large_text_ends_its_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several in one commit would hold up the event loop."""
    made = Made(tmp_path)
    made.land(1)
    storage = Storage(str(tmp_path))
    assert not list(storage.files("captures", ".parquet"))
    monkeypatch.setattr(site, "_LARGE", 1)
    made.land(2)
    assert len(list(storage.files("captures", ".parquet"))) == 1
    made.close()


def listings(data: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders of articles that a start lists; its run ends as one that found nothing new."""
    seen: list[str] = []
    whole = Storage.files

    def files(self: Storage, folder: str, suffix: str = "") -> Iterator[str]:
        seen.append(folder)
        return whole(self, folder, suffix)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "files", files)
        archive = SiteArchive(Storage(str(data)), "s", "s-20250101T000000000Z-0000")
        archive.close()
    return [folder for folder in seen if folder.startswith("articles")]


def rows(data: Path) -> int:
    keys = set(read_all(data))
    assert not list(verify(Storage(str(data))))
    return len(keys)


def run(data: Path, day: str, *rows: Article) -> None:
    """A run of one segment; where something fails its process is gone."""
    archive = SiteArchive(Storage(str(data)), "s", f"s-{day}T010203456Z-ab12")
    try:
        for row in rows:
            row.site, row.run_id, row.seq = "s", archive.run_id, 1
            archive.add([captured({f.name: getattr(row, f.name) for f in fields(row)})], [row])
        archive.close()
    except BaseException:
        archive.abandon()
        raise


OWN = ["articles/province=heilongjiang", "articles/province=shaanxi"]


@pytest.mark.parametrize("harm", ["none", "gone", "words", "kind", "older", "captures gone", "captures more", "merged"])
def test_what_is_noted_counts_where_it_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str) -> None:
    storage = Storage(str(daily(tmp_path)))
    (noted,) = storage.files("state/site=s", own_files.SUFFIX)
    count = rows(tmp_path)
    if harm == "gone":
        storage.remove(noted)
    elif harm in ("words", "kind"):
        (tmp_path / noted).write_text("{" if harm == "words" else '["heilongjiang"]')
    elif harm == "older":
        (tmp_path / noted).write_text(json.dumps({"provinces": ["heilongjiang"], "marks": own_files.digest([])}))
    elif harm == "captures gone":
        storage.remove(list(storage.files("captures/site=s"))[1])
    elif harm == "captures more":
        land(tmp_path, "20240109", article(98), whole=False)
        count += 1
    elif harm == "merged":
        assert list(compact_captures(storage))
    seen = listings(tmp_path, monkeypatch)
    assert seen == OWN if harm in ("none", "merged") else seen[0] == "articles"
    assert rows(tmp_path) == count
    assert listings(tmp_path, monkeypatch) == OWN


@pytest.mark.parametrize("province", ["shaanxi", "beijing"])
def test_a_run_killed_in_its_first_segment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, province: str
) -> None:
    """Also where it was the first to write to a province, at whatever step."""
    daily(tmp_path / "data")
    count = rows(tmp_path / "data")
    new = [article(50), article(51, province=province)]
    with monkeypatch.context() as patch:
        taken = steps(patch, None, after=False, folders=("articles/", "captures/", "state/"))
        run(shutil.copytree(tmp_path / "data", tmp_path / "whole"), "20240109", *new)
    assert len(taken) == {"shaanxi": 5, "beijing": 7}[province], taken
    for number in range(1, len(taken) + 1):
        copy = shutil.copytree(tmp_path / "data", tmp_path / str(number))
        with monkeypatch.context() as patch:
            steps(patch, number, after=True, folders=("articles/", "captures/", "state/"))
            with pytest.raises(Killed):
                run(copy, "20240109", *new)
        landed = sum(step.startswith("publish_stream articles/") for step in taken[:number])
        listings(copy, monkeypatch)
        assert rows(copy) == count + landed, taken[number - 1]
        shutil.rmtree(copy)


def test_a_province_that_is_not_noted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier program, which notes none, was killed in its first segment."""
    storage = Storage(str(daily(tmp_path)))
    land(tmp_path, "20240109", article(51, province="beijing"), whole=False)
    (noted,) = storage.files("state/site=s", own_files.SUFFIX)
    marks = [mark for mark, _ in captures_files(storage, "s").marks()]
    (tmp_path / noted).write_text(
        json.dumps({"provinces": ["heilongjiang", "shaanxi"], "marks": own_files.digest(marks)})
    )
    assert listings(tmp_path, monkeypatch) == OWN
    found = list(verify(storage))
    assert {f.kind for f in found} == {"state", "unmarked"}
    assert "it lacks provinces with article files of the site: beijing" in [f.what for f in found]
    list(repair(storage, found, Rules(lambda _site, _url: None, lambda *_: None)))
    assert not list(verify(storage))
    assert listings(tmp_path, monkeypatch) == ["articles"]


def test_where_it_cannot_be_noted_the_run_ends_with_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily(tmp_path)
    count = rows(tmp_path)
    whole = Storage.publish

    def publish(self: Storage, name: str, data: Any) -> None:
        if name.endswith(own_files.SUFFIX):
            raise StorageError("no space")
        whole(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(Storage, "publish", publish)
        for day, province in (("20240109", "shaanxi"), ("20240110", "beijing")):
            with pytest.raises(StorageError, match="no space"):
                run(tmp_path, day, article(int(day), province=province))
    assert listings(tmp_path, monkeypatch) == ["articles"]
    assert rows(tmp_path) == count + 1, "what was to go to a new province is not committed"
