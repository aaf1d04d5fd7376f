"""Compaction: fewer files, the same rows; a kill at any step loses nothing and changes nothing of what is known."""

from __future__ import annotations

import shutil
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.captures import read_rows
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import Scope, compact
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import SiteArchive, captured, partition_of
from govcrawl.archive.state import State
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_readers import article as any_article
from tests.loopback import scrapy
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

    from govcrawl.items import Article

WHEN = datetime(2024, 1, 2, tzinfo=UTC)


def article(number: int, **columns: Any) -> Article:
    return any_article(number, **{"province_name": "黑龙江省", **columns})


class Killed(BaseException):
    """What a kill looks like to the code that it hits."""


def land(data: Path, run: str, *rows: Article, site: str = "s", whole: bool = True) -> str:
    """A run of a site that lands rows as one segment; not ``whole``: killed before its captures file."""
    storage = Storage(str(data))
    storage.prepare()
    run_id = f"{site}-{run}T010203456Z-ab12"
    archive = SiteArchive(storage, site, run_id)
    for row in rows:
        row.site, row.run_id, row.seq = site, run_id, 1
        archive.add([captured({f.name: getattr(row, f.name) for f in fields(row)})], [row])
    archive.commit()
    archive.close()
    if not whole:
        for name in storage.files(f"captures/site={site}"):
            if run_id in name:
                storage.remove(name)
    return run_id


def daily(data: Path) -> Path:
    """Five runs of one site: three partitions, an edited article, one that moved to another partition."""
    for day in range(1, 5):
        rows = [article(day * 10 + n, year=2023 + n % 2, fetched_at=WHEN.replace(day=day)) for n in range(4)]
        land(data, f"2024010{day}", *rows)
    land(
        data,
        "20240105",
        article(10, revision=2, revision_cause="edited", year=2023, title="新标题", fetched_at=WHEN.replace(day=5)),
        article(11, revision=2, revision_cause="moved", status="moved", fetched_at=WHEN.replace(day=5)),
        article(11, revision=3, revision_cause="edited", province="shaanxi", fetched_at=WHEN.replace(day=5)),
    )
    land(data, "20240106", article(99, province="national"), site="news.cn")
    return data


def known(data: Path, site: str = "s") -> dict[str, Any]:
    storage = Storage(str(data))
    state = State(read_rows(storage, list(storage.files(f"captures/site={site}", ".parquet"))))
    return {k.doc_id: {f.name: getattr(k, f.name) for f in fields(k)} for k in state.values()}


def rows_of(data: Path) -> list[tuple[Any, ...]]:
    """Every row with its partition, sorted."""
    found = []
    for path in data.glob("articles/**/*.parquet"):
        where = partition_of(str(path.relative_to(data)))
        found += [(*where.values(), repr(row)) for row in pq.ParquetFile(path).read().to_pylist()]
    return sorted(found)


def files_of(data: Path) -> list[str]:
    return sorted(str(p.relative_to(data)) for p in data.glob("articles/**/*.parquet"))


def test_one_file_for_each_site_and_partition(tmp_path: Path) -> None:
    daily(tmp_path)
    rows, before = rows_of(tmp_path), known(tmp_path)
    done = list(compact(Storage(str(tmp_path))))
    assert [(c.site, c.partitions, c.before, c.after, c.rows, c.doubled) for c in done] == [("s", 2, 10, 2, 18, 0)]
    assert len(files_of(tmp_path)) == 4, "two rewritten, and the single files of two partitions"
    assert rows_of(tmp_path) == rows
    assert known(tmp_path) == before
    assert len(read_all(tmp_path)) == len(rows)
    for name in files_of(tmp_path):
        assert pq.read_schema(tmp_path / name).equals(ARTICLES, check_metadata=True)
    assert not list(verify(Storage(str(tmp_path))))
    assert not list(compact(Storage(str(tmp_path)))), "there is nothing left to do"
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250101T000000000Z-0000")
    assert archive.recovered == 0
    stored = archive.stored(f"{10:032x}", ["title"])
    archive.close()
    assert stored is not None
    assert (stored["title"], stored["year"]) == ("新标题", 2023)


def test_row_groups_and_codec(tmp_path: Path) -> None:
    for day in (1, 2, 3):
        land(tmp_path, f"2024010{day}", *(article(day * 10_000 + n) for n in range(4500)))
    list(compact(Storage(str(tmp_path))))
    (name,) = files_of(tmp_path)
    metadata = pq.ParquetFile(tmp_path / name).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [1929] * 6 + [1926]
    assert metadata.row_group(0).column(0).compression == "ZSTD"


def test_scope(tmp_path: Path) -> None:
    daily(tmp_path)
    storage = Storage(str(tmp_path))
    assert not list(compact(storage, Scope(province="shaanxi")))
    assert not list(compact(storage, Scope(before=datetime(2024, 1, 2, tzinfo=UTC)))), "one old file a partition"
    (older,) = compact(storage, Scope(before=datetime(2024, 1, 4, tzinfo=UTC), year=2023))
    assert (older.partitions, older.before, older.after) == (1, 3, 1)
    (rest,) = compact(storage, Scope(year=2024))
    assert (rest.partitions, rest.before, rest.after) == (1, 5, 1)


def test_doubled_rows_go_also_from_another_partition(tmp_path: Path) -> None:
    """Two runs of one site at once, as on shared storage whose lease failed."""
    land(tmp_path, "20240101", article(1, title="旧"), article(2))
    land(tmp_path, "20240102", article(1, title="新", fetched_at=WHEN.replace(day=3)))
    land(tmp_path, "20240103", article(2, province="shaanxi", fetched_at=WHEN.replace(day=4)))
    assert {f.kind for f in verify(Storage(str(tmp_path)))} == {"doubled_key"}
    (done,) = compact(Storage(str(tmp_path)))
    assert done.doubled == 2
    table = pq.read_table(tmp_path / "articles").to_pylist()
    assert {(r["doc_id"][-1], r["title"], r["province"]) for r in table} == {
        ("1", "新", "heilongjiang"),
        ("2", "标题2", "shaanxi"),
    }
    assert len(table) == 2
    assert not list(verify(Storage(str(tmp_path))))


def test_a_torn_segment_gets_its_captures_first(tmp_path: Path) -> None:
    land(tmp_path, "20240101", article(1))
    land(tmp_path, "20240102", article(2), whole=False)
    (done,) = compact(Storage(str(tmp_path)))
    assert done.after == 1
    assert set(known(tmp_path)) == {f"{1:032x}", f"{2:032x}"}


def test_a_site_that_a_run_holds_is_passed_over(tmp_path: Path) -> None:
    daily(tmp_path)
    lock = SiteLock(Storage(str(tmp_path)), "s", "s-20250101T000000000Z-0000")
    lock.acquire()
    before = files_of(tmp_path)
    (passed,) = compact(Storage(str(tmp_path)))
    lock.release()
    assert "another run holds site s" in passed.locked
    assert files_of(tmp_path) == before


def test_an_unreadable_file_stops_it_before_anything_is_removed(tmp_path: Path) -> None:
    daily(tmp_path)
    files = files_of(tmp_path)
    torn = tmp_path / files[2]
    torn.write_bytes(torn.read_bytes()[:-40])
    with pytest.raises(StorageError, match="verify --repair"):
        list(compact(Storage(str(tmp_path))))
    assert files_of(tmp_path) == files


def steps(
    monkeypatch: pytest.MonkeyPatch, stop_at: int | None, *, after: bool, folders: tuple[str, ...] = ()
) -> list[str]:
    """Count the writes and removals of a compaction, in these folders alone where some are named, and kill it at one of
    them, before or after it took effect."""
    done: list[str] = []

    def passed(name: str, relative: str) -> bool:
        if folders:
            return not relative.startswith(folders)
        # The probe, and what publish itself calls.
        return relative.startswith("staging/") or (
            name == "publish_stream" and relative.startswith(("captures", "runs"))
        )

    def watched(name: str) -> Any:
        real = getattr(Storage, name)

        def call(self: Storage, relative: str, *rest: Any) -> Any:
            if passed(name, relative):
                return real(self, relative, *rest)
            done.append(f"{name} {relative}")
            if stop_at == len(done) and not after:
                raise Killed
            result = real(self, relative, *rest)
            if stop_at == len(done):
                raise Killed
            return result

        return call

    for name in ("publish_stream", "remove") if folders else ("publish", "publish_stream", "remove"):
        monkeypatch.setattr(Storage, name, watched(name))
    return done


def with_doubles(data: Path) -> Path:
    daily(data)
    land(data, "20240107", article(10, revision=2, revision_cause="edited", year=2023, fetched_at=WHEN.replace(day=7)))
    return data


def test_a_kill_at_any_step_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = with_doubles(tmp_path / "origin")
    keys = sorted({(r["doc_id"], r["revision"]) for r in pq.read_table(origin / "articles").to_pylist()})
    before = known(origin)
    whole = shutil.copytree(origin, tmp_path / "whole")
    with monkeypatch.context() as patch:
        taken = steps(patch, None, after=False)
        list(compact(Storage(str(whole))))
    assert len(taken) == 1 + 2 + 1 + 11, taken
    assert taken[0].startswith("publish captures/")
    settled = rows_of(whole)
    for number in range(1, len(taken) + 1):
        for after in (False, True):
            data = shutil.copytree(origin, tmp_path / f"{number}-{after}")
            with monkeypatch.context() as patch:
                steps(patch, number, after=after)
                with pytest.raises(Killed):
                    list(compact(Storage(str(data))))
            read = read_all(data)
            assert set(read) == {doc for doc, _ in keys}, taken[number - 1]
            assert known(data) == before, taken[number - 1]
            archive = SiteArchive(Storage(str(data)), "s", "s-20250101T000000000Z-0000")
            assert archive.recovered == 0, "no file of a compaction passes for one of a killed crawl"
            archive.close()
            assert {f.kind for f in verify(Storage(str(data)))} <= {"doubled_key"}
            list(compact(Storage(str(data))))
            assert rows_of(data) == settled, taken[number - 1]
            assert known(data) == before
            assert not list(verify(Storage(str(data)))), taken[number - 1]
            shutil.rmtree(data)


def test_a_kill_while_the_new_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily(tmp_path)
    rows = rows_of(tmp_path)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("govcrawl.archive.storage.os.rename", killed)
        patch.setattr(Storage, "publish", lambda *_: None)  # the mark
        with pytest.raises(Killed):
            list(compact(Storage(str(tmp_path))))
    assert rows_of(tmp_path) == rows
    assert len(list((tmp_path / "staging").glob("*.parquet*"))) == 1
    list(compact(Storage(str(tmp_path))))
    assert rows_of(tmp_path) == rows
    assert not list((tmp_path / "staging").glob("*.parquet*")), "the left-over is swept"


def test_the_command(tmp_path: Path) -> None:
    daily(tmp_path)
    none = scrapy(tmp_path, "compact", "--older-than", "30", "year=2023", "province=shaanxi")
    assert (none.returncode, none.stdout.splitlines()[-1][:15]) == (0, "0 files fewer, "), none.stderr
    done = scrapy(tmp_path, "compact", "--older-than", "30", "province=heilongjiang")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "s: 10 files in 2 partitions became 2 with 18 rows"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["provnce=hebei"], "'provnce=hebei' is no argument of compact (did you mean province?)"),
        (["province=heibei"], "province=heibei is no province's slug (did you mean hebei"),
        (["year=twenty"], "year=twenty is not a year"),
        (["--older-than", "soon"], "--older-than soon is not a number of days"),
    ],
)
def test_bad_arguments(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = scrapy(tmp_path, "compact", *arguments)
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
