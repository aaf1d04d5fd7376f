"""Segments whose commit fails, and what the next run makes of them: nothing twice, nothing lost, whatever is settled
meanwhile."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.site import SiteArchive, captured, recaptured
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_compact import WHEN, article, known, land
from tests.archive.test_verify import NO_RULES

if TYPE_CHECKING:
    from pathlib import Path

RUN = "s-20240201T010203456Z-ab12"


def rows(data: Path) -> list[tuple[str, int]]:
    return sorted(
        (row["doc_id"], row["revision"])
        for path in data.glob("articles/**/*.parquet")
        for row in pq.ParquetFile(path).read(["doc_id", "revision"]).to_pylist()
    )


def settle(archive: Archive, number: int, **columns: Any) -> None:
    attempt = archive.begin(Attempt("s", f"http://h.cn/{number}", "article"))
    attempt.hops.append(Hop(attempt.url, WHEN, 200))
    row = article(number, doc_id=attempt.doc_id, url=attempt.url, warc_file=None, **columns)
    archive.settle(attempt, "landed", [row], text_hash=row.text_hash, revision=1)


@pytest.mark.parametrize("failing", ["articles/", "captures/"])
def test_a_segment_that_failed_is_never_committed_again(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Storage.publish
    failed: list[Exception] = []

    def publish(self: Storage, relative: str, content: Any) -> None:
        if relative.startswith(failing) and not failed:
            raise StorageError("no space, once")
        real(self, relative, content)

    archive = Archive(Storage(str(tmp_path)), segment_rows=3, on_failure=failed.append)
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "publish", publish)
        for number in range(1, 9):
            settle(archive, number, year=2023 + number % 2)
        archive.commit()
    assert [str(e) for e in failed] == ["no space, once"], "told once"
    assert archive.failure is failed[0]
    before = rows(tmp_path)
    assert len(before) == len(set(before)) == (3 if failing == "captures/" else 0)
    with pytest.raises(StorageError, match="nothing more is kept of s"):
        archive.site("s").close({})
    again = Archive(Storage(str(tmp_path)), segment_rows=3)
    for number in range(1, 9):
        known_before = again.site("s").state.get(Attempt("s", f"http://h.cn/{number}", "article").doc_id)
        if known_before is None:
            settle(again, number, year=2023 + number % 2)
    again.commit()
    again.site("s").close()
    assert len(rows(tmp_path)) == len(set(rows(tmp_path))) == 8
    assert not list(verify(Storage(str(tmp_path))))


def test_without_somebody_to_tell_a_failure_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def publish(*_: object) -> None:
        raise StorageError("no space")

    archive = Archive(Storage(str(tmp_path)), segment_rows=1)
    archive.site("s")
    monkeypatch.setattr(Storage, "publish", publish)
    with pytest.raises(StorageError, match="no space"):
        settle(archive, 1)
    archive.site("s").abandon()


def test_a_segment_that_cannot_be_built_publishes_nothing(tmp_path: Path) -> None:
    archive = Archive(Storage(str(tmp_path)))
    settle(archive, 1)
    site = archive.site("s")
    site._captures[0]["status"] = "a value that no check saw"
    with pytest.raises(StorageError, match="cannot be written"):
        archive.commit()
    site.abandon()
    assert not list(tmp_path.glob("articles/**/*.parquet"))


@pytest.mark.parametrize(
    "poison", [{"text_length": 1 << 31}, {"year": 10_000}, {"province": "../up"}], ids=["length", "year", "province"]
)
def test_a_poison_article_is_set_aside(poison: dict[str, Any], tmp_path: Path) -> None:
    archive = Archive(Storage(str(tmp_path)))
    for number in (1, 2, 3):
        settle(archive, number, **(poison if number == 2 else {}))
    archive.commit()
    archive.site("s").close()
    assert len(rows(tmp_path)) == 2
    outcomes = {k["url"]: k["outcome"] for k in known(tmp_path).values()}
    assert outcomes == {f"http://h.cn/{n}": "callback_error" if n == 2 else "landed" for n in (1, 2, 3)}
    assert archive.refused == {"s": 1}
    ((_, url, error),) = archive.failures
    assert (url, next(iter(poison)) in error) == ("http://h.cn/2", True)
    assert not list(verify(Storage(str(tmp_path))))


def test_a_poison_row_is_given_up_in_the_end(tmp_path: Path) -> None:
    for _ in range(3):
        archive = Archive(Storage(str(tmp_path)), max_attempts=3)
        settle(archive, 1, text_length=1 << 31)
        archive.commit()
        archive.site("s").close()
    assert {k["outcome"] for k in known(tmp_path).values()} == {"given_up"}


def torn(data: Path) -> Path:
    """A segment without a mark, whose rows are there up to three times, one of them in a whole file too."""
    land(data, "20240101", article(1), article(2))
    run = land(data, "20240102", article(3), article(4), article(5, year=2023))
    extra = land(data, "20240103", article(2), article(6))
    for path in list(data.glob("captures/**/*")):
        if run in path.name or extra in path.name:
            path.unlink()
    for path in list(data.glob(f"articles/**/{run}*")):
        for copy in ("aaaaaa", "bbbbbb"):
            shutil.copy(path, path.with_name(f"{path.name[:-14]}{copy}.parquet"))
    for path in list(data.glob(f"articles/**/{extra}*")):
        path.rename(path.with_name(path.name.replace(extra, run)))
    return data


def test_a_torn_segment_is_taken_in_with_each_row_once(tmp_path: Path) -> None:
    torn(tmp_path)
    assert len(rows(tmp_path)) == 2 + 3 * 3 + 2
    site = SiteArchive(Storage(str(tmp_path)), "s", RUN)
    site.close()
    assert site.recovered == 3, "the row of another segment has captures of its own to find"
    assert [doc for doc, _ in rows(tmp_path)] == [f"{n:032x}" for n in range(1, 7)]


class Killed(BaseException):
    pass


def test_taking_in_a_torn_segment_may_be_killed_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = torn(tmp_path / "origin")
    for stop in range(1, 12):
        data = shutil.copytree(origin, tmp_path / str(stop))
        steps = [0]

        def counted(real: Any, steps: list[int] = steps, stop: int = stop) -> Any:
            def step(self: Storage, relative: str, *content: Any) -> None:
                steps[0] += not relative.startswith("staging/")
                if steps[0] == stop:
                    raise Killed
                real(self, relative, *content)

            return step

        with monkeypatch.context() as patch:
            patch.setattr(Storage, "publish", counted(Storage.publish))
            patch.setattr(Storage, "remove", counted(Storage.remove))
            try:
                SiteArchive(Storage(str(data)), "s", RUN).close()
            except Killed:
                pass
        SiteArchive(Storage(str(data)), "s", f"{RUN}2").close()
        assert [doc for doc, _ in rows(data)] == [f"{n:032x}" for n in range(1, 7)], stop


def test_an_archive_doubled_by_repeated_commits_is_mended(tmp_path: Path) -> None:
    """As an older version left it: the same rows of a segment under many names, its mark written by the last try, or
    never."""
    land(tmp_path, "20240101", article(1), article(2))
    for whole, run in ((True, "20240102"), (False, "20240103")):
        first = 3 if whole else 7
        name = land(tmp_path, run, *(article(first + n, year=2023 + n % 2) for n in range(4)), whole=whole)
        for path in list(tmp_path.glob(f"articles/**/{name}*")):
            for copy in range(20):
                shutil.copy(path, path.with_name(f"{path.name[:-14]}{copy:06x}.parquet"))
    storage = Storage(str(tmp_path))
    assert len(rows(tmp_path)) == 2 + 2 * 21 * 4
    assert {f.kind for f in verify(storage)} == {"doubled_key", "unmarked"}
    list(repair(storage, list(verify(storage)), NO_RULES))
    assert not list(verify(storage))
    assert [doc for doc, _ in rows(tmp_path)] == [f"{n:032x}" for n in range(1, 11)]
    assert {k["outcome"] for k in known(tmp_path).values()} == {"landed"}
    assert len(known(tmp_path)) == 10


def test_captures_written_again() -> None:
    """A withdrawn article stays withdrawn; one whose new place was not written is asked again."""
    facts = [
        article(1, revision=2, status="moved", revision_cause="moved"),
        article(2, revision=2, status="moved", revision_cause="moved"),
        article(2, revision=3),
        article(3, revision=4, status="gone", revision_cause="gone"),
    ]
    plain = [{n: getattr(row, n) for n in row.__dataclass_fields__} for row in facts]
    found = [(r["doc_id"][-1], r["revision"], r["outcome"]) for r in recaptured(plain)]
    assert found == [("1", 2, "callback_error"), ("2", 2, "landed"), ("2", 3, "landed"), ("3", 4, "not_found")]
    assert captured(plain[3])["status"] == 404
