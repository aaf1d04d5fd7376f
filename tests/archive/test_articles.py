"""Files of articles: sorted and divided so that a lookup reads little of them, and single rows read from them."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.archive import articles
from govcrawl.archive.captures import read_table
from govcrawl.archive.compact import compact
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import COLUMNS, SiteArchive, encode
from govcrawl.archive.storage import Storage, StorageError
from tests.archive.test_compact import article, land, rows_of

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2024, 1, 1)
NAME = "articles/province=heilongjiang/year=2024/s-20240101T000000000Z-ab12-00001-abcdef.parquet"


def dated(*days: int | None, first: int = 1) -> list[Any]:
    """Articles published so many days after the first of January."""
    return [
        article(first + n, published_on=None if day is None else DAY + timedelta(day), text=f"正文{first + n}")
        for n, day in enumerate(days)
    ]


def table_of(rows: list[Any]) -> pa.Table:
    for row in rows:
        row.run_id, row.seq = "s-20240101T000000000Z-ab12", 1
    return pa.table({n: [getattr(r, n) for r in rows] for n in COLUMNS}, schema=ARTICLES)


def filtered(group: Any) -> set[str]:
    """The columns of a row group that have a Bloom filter."""
    columns = [group.column(n) for n in range(group.num_columns)]
    return {c.path_in_schema for c in columns if getattr(c, "bloom_filter_offset", None) is not None}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of at most four rows."""
    monkeypatch.setattr(articles, "ROW_GROUP", 4)


@pytest.mark.parametrize(("rows", "size"), [(0, 1), (1, 1), (2000, 2000), (2001, 1001), (13_500, 1929)])
def test_row_groups_are_alike(rows: int, size: int) -> None:
    assert articles.row_group(rows) == size


@pytest.mark.usefixtures("small")
def test_a_file_is_in_order_and_says_what_is_in_it() -> None:
    file = pq.ParquetFile(io.BytesIO(encode(table_of(dated(5, None, 3, 9, 1)))))
    days = [None if d is None else (d - DAY).days for d in file.read()["published_on"].to_pylist()]
    assert days == [1, 3, 5, 9, None], "rows without a date are the last"
    assert file.schema_arrow.equals(ARTICLES, check_metadata=True)
    groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [3, 2]
    columns = {groups[0].column(n).path_in_schema: groups[0].column(n) for n in range(groups[0].num_columns)}
    day, text = columns["published_on"], columns["text"]
    assert (day.statistics.min, day.statistics.max) == (DAY + timedelta(1), DAY + timedelta(5))
    assert not text.is_stats_set, "whose bounds would be most of the footer"
    assert day.has_column_index
    assert text.has_offset_index
    assert [c.column_index for c in groups[0].sorting_columns] == [COLUMNS.index(n) for n, _ in articles.ORDER]
    assert filtered(groups[0]) == ({"doc_id", "url"} if articles._HAS_BLOOM else set())


def test_an_older_pyarrow_writes_no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(articles, "_HAS_BLOOM", False)
    file = pq.ParquetFile(io.BytesIO(encode(table_of(dated(2, 1)))))
    assert file.read()["doc_id"].to_pylist() == [f"{2:032x}", f"{1:032x}"]
    assert not filtered(file.metadata.row_group(0))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 22)), st.integers(1, 9))
def test_rows_by_number(tmp_path_factory: pytest.TempPathFactory, numbers: set[int], size: int) -> None:
    storage = Storage(str(tmp_path_factory.getbasetemp() / "rows"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(articles, "ROW_GROUP", 4)
        if not storage.exists(NAME):
            storage.publish(NAME, encode(table_of(dated(*range(23)))))
    wanted = np.array(sorted(numbers), np.int64)
    found = list(articles.rows_at(storage, NAME, wanted, ["text", "doc_id"], size))
    every = read_table(storage, NAME, ARTICLES).select(["text", "doc_id"]).take(pa.array(wanted))
    assert pa.Table.from_batches(found, schema=every.schema).equals(every)
    assert all(0 < len(batch) <= size for batch in found)


@pytest.mark.usefixtures("small")
def test_only_row_groups_that_hold_some_are_read(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.publish(NAME, encode(table_of(dated(*range(12)))))
    data = bytearray((tmp_path / NAME).read_bytes())
    at = pq.read_metadata(tmp_path / NAME).row_group(1).column(COLUMNS.index("text")).data_page_offset
    data[at : at + 400] = bytes(400)
    (tmp_path / NAME).write_bytes(data)
    found = articles.rows_at(storage, NAME, np.array([3, 8]), ["text"])
    assert [row["text"] for batch in found for row in batch.to_pylist()] == ["正文4", "正文9"]
    with pytest.raises((OSError, pa.ArrowException)):
        list(articles.rows_at(storage, NAME, np.array([4]), ["text"]))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("part", [1, 4_000, 1 << 30])
def test_compaction_sorts_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr("govcrawl.archive.compact._PART", part)
    land(tmp_path, "20240101", *dated(7, 1, None, 1, 30, 2, 2))
    land(tmp_path, "20240102", *dated(4, 1, 0, None, 3, first=10))
    before = rows_of(tmp_path)
    list(compact(Storage(str(tmp_path))))
    (name,) = tmp_path.glob("articles/**/*.parquet")
    table = pq.ParquetFile(name).read()
    assert rows_of(tmp_path) == before
    assert table.equals(articles.ordered(table))
    assert pq.read_metadata(name).num_row_groups == 3


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files whose keys an index reads."""
    read: list[str] = []

    def watched(storage: Storage, name: str, *rest: Any) -> pa.Table:
        read.append(name)
        return read_table(storage, name, *rest)

    monkeypatch.setattr(articles, "read_table", watched)
    return read


def test_a_stored_row_is_found_without_reading_every_file_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 6):
        land(tmp_path, f"2024010{day}", *dated(day, day + 20, first=10 * day))
    land(tmp_path, "20240106", article(10, revision=2, title="新", fetched_at=datetime(2024, 1, 6, tzinfo=UTC)))
    read = counted(monkeypatch)
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250101T000000000Z-0000")
    found = archive.stored(f"{10:032x}", ["title"])
    assert found is not None
    assert (found["title"], found["revision"], found["province"]) == ("新", 2, "heilongjiang")
    assert len(read) == 1, "the file of the segment that the state names"
    archive.abandon()

    list(compact(Storage(str(tmp_path))))
    read.clear()
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250102T000000000Z-0000")
    rows = [archive.stored(f"{n:032x}", ["title", "revision"]) for n in (10, 11, 30, 77)]
    assert [row and row["revision"] for row in rows] == [2, 1, 1, None]
    assert len(read) == 1, "the one file, once"
    archive.abandon()


def test_a_row_of_this_run_is_found_after_its_commit(tmp_path: Path) -> None:
    land(tmp_path, "20240101", article(1, doc_number="教〔2024〕1号"))
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250101T000000000Z-0000")
    assert archive.stored(f"{2:032x}", ["title"]) is None
    archive.abandon()
    run = land(tmp_path, "20240102", article(2), article(3, doc_number="教〔2024〕2号"))
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250102T000000000Z-0000")
    assert archive.stored(f"{1:032x}", ["title"]) is not None, "the index is made"
    new = article(1, revision=2, revision_cause="edited", title="改", doc_number="教〔2024〕1号")
    archive.add([], [new])
    archive._captures.append(
        {"url": new.url, "doc_id": new.doc_id, "method": "GET", "kind": "article", "outcome": "landed", "attempts": 1}
        | {"revision": 2, "fetched_at": new.fetched_at, "run_id": archive.run_id, "seq": 1}
    )
    archive.state.apply(archive._captures[-1])
    archive.commit()
    found = archive.stored(new.doc_id, ["title", "run_id"])
    assert found is not None
    assert (found["title"], found["revision"]) == ("改", 2)
    assert archive.stored(f"{3:032x}", ["run_id"]) == {
        "run_id": run, "doc_id": f"{3:032x}", "revision": 1, "province": "heilongjiang", "year": 2024,
    }  # fmt: skip
    archive.close()


def test_a_lookup_in_a_file_that_is_damaged_is_told(tmp_path: Path) -> None:
    land(tmp_path, "20240101", article(1))
    archive = SiteArchive(Storage(str(tmp_path)), "s", "s-20250101T000000000Z-0000")
    (name,) = tmp_path.glob("articles/**/*.parquet")
    name.write_bytes(b"no")
    with pytest.raises(StorageError, match="is not readable"):
        archive.stored(f"{1:032x}", ["title"])
    archive.abandon()
