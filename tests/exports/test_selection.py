"""Which rows an export holds: the newest of each article, its filters, and words however they are typed."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.errors import BadArgument
from govcrawl.exports import selection
from govcrawl.exports.copies import without_copies
from govcrawl.exports.rows import COLUMNS, rows
from govcrawl.exports.selection import Selection, folded, select
from govcrawl.reprints.run import group_pending
from tests.exports.archive import BASE, NEWS, TEXT, build
from tests.reprints.archive import article, land

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    build(folder)
    return folder


def urls(data: Path, **filters: Any) -> list[str]:
    storage = Storage(str(data))
    found = rows(storage, select(storage, Selection(**filters)), ("url", "revision"))
    return [f"{row['url'].replace(BASE, '').replace(NEWS, '')} {row['revision']}" for row in found]


FIRST, EDITED, COPY, SCAN = "/2024/0229/c1.html 1", "/2023/0101/c2.html 2", "/a/1.html 1", "/a/2.html 1"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [EDITED, FIRST, COPY, SCAN]),
        ({"provinces": ("heilongjiang",)}, [EDITED, FIRST]),
        ({"years": (2023,)}, [EDITED]),
        ({"sites": ("news",)}, [COPY, SCAN]),
        ({"since": date(2024, 2, 29)}, [FIRST, COPY, SCAN]),
        ({"until": date(2024, 2, 29)}, [EDITED, FIRST]),
        ({"words": ("招生",), "provinces": ("heilongjiang",)}, [FIRST]),
        ({"words": ("教育廳", "２０２４")}, [FIRST, COPY]),
        ({"words": ("更正",)}, [EDITED]),
        ({"words": ("没有的词",)}, []),
        ({"provinces": ("jilin",)}, []),
    ],
)
def test_filters(data: Path, filters: dict[str, Any], found: list[str]) -> None:
    assert urls(data, **filters) == found


def test_revisions_are_every_row(data: Path) -> None:
    assert sorted(urls(data, revisions=True, years=(2023,))) == [
        "/2023/0101/c2.html 1", EDITED, "/2023/0202/c3.html 1", "/2023/0202/c3.html 2",
    ]  # fmt: skip


def test_a_row_that_is_there_twice_is_exported_once(tmp_path: Path) -> None:
    for _ in range(2):
        land(tmp_path, [article("a", TEXT), article("b", TEXT)])
    assert len(urls(tmp_path)) == 2
    assert len(urls(tmp_path, revisions=True)) == 2


def test_what_an_older_file_lacks_is_null(tmp_path: Path) -> None:
    path = land(tmp_path, [article("a", TEXT, subject="主题")])
    pq.write_table(pq.read_table(path, partitioning=None).drop(["subject"]), path)
    storage = Storage(str(tmp_path))
    (row,) = rows(storage, select(storage, Selection()))
    assert (row["subject"], row["text"], row["province"], row["year"]) == (None, TEXT, "unknown", 2024)
    assert list(row) == list(COLUMNS)


def test_rows_come_a_few_at_a_time_and_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "BATCH", 7)
    path = land(tmp_path, [article(f"{n:03}", None, status="gone" if n % 3 else "live") for n in range(100)])
    pq.write_table(pq.read_table(path, schema=ARTICLES, partitioning=None), path, row_group_size=30)
    storage = Storage(str(tmp_path))
    places = select(storage, Selection())
    tables = list(selection.tables(storage, places, ["title", "year"]))
    assert max(map(len, tables)) <= 7
    assert [t for table in tables for t in table.column("title").to_pylist()] == [f"{n:03}" for n in range(0, 100, 3)]


def test_a_file_that_is_gone_meanwhile_is_told(tmp_path: Path) -> None:
    path = land(tmp_path, [article("a", TEXT)])
    storage = Storage(str(tmp_path))
    places = select(storage, Selection())
    path.unlink()
    with pytest.raises(StorageError, match="if a compaction has merged it meanwhile, run again"):
        list(rows(storage, places))


def test_a_file_in_no_partition_is_passed_over(tmp_path: Path) -> None:
    land(tmp_path, [article("a", TEXT)], "province=unknown")
    assert urls(tmp_path) == []


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1, max_size=3))
def test_words_are_found_as_python_would(text: str, word: str) -> None:
    pattern = folded(word)
    table = pa.table({"title": pa.array([None], pa.string()), "text": [text]})
    expected = pattern in unicodedata.normalize("NFKC", text).lower() or pattern == ""
    unlike = {c for c in text if len(c.lower()) > 1}  # İ: Arrow's lower case of a character is one character
    if not unlike:
        assert bool(selection._holding(table, [pattern])[0]) == expected


# Copies


def test_of_one_text_the_earliest_stays(data: Path) -> None:
    storage = Storage(str(data))
    kept, ungrouped = without_copies(storage, select(storage, Selection()), "exact")
    left = [row["url"] for row in rows(storage, kept, ("url",))]
    assert [u.rsplit("/", 1)[1] for u in left] == ["c2.html", "c1.html", "2.html"]
    assert ungrouped == 0


def test_of_one_notice_the_origin_stays(tmp_path: Path) -> None:
    base = "".join(f"第{n}条，各级教育行政部门应当按照第{n * 7}号文件的要求落实相关工作。" for n in range(40))
    storage = Storage(str(tmp_path))
    land(tmp_path, [article("a", base, text_hash="1" * 64), article("b", "短", text_hash="2" * 64)])
    with pytest.raises(BadArgument, match="run scrapy reprints first"):
        without_copies(storage, select(storage, Selection()), "near")
    late = {"published_on": date(2024, 3, 9), "site": "北岸"}
    edited = base.replace("第3条", "第三条") + "特此通知。"
    land(
        tmp_path,
        [article("c", edited, text_hash="3" * 64, **late), article("d", base[:400], text_hash="4" * 64, **late)],
    )
    group_pending(storage)
    land(tmp_path, [article("e", "新", text_hash="5" * 64)])

    def left(**filters: Any) -> tuple[list[str], int]:
        kept, ungrouped = without_copies(storage, select(storage, Selection(**filters)), "near")
        return sorted(row["title"] for row in rows(storage, kept, ("title",))), ungrouped

    assert left() == (["a", "b", "e"], 1)
    assert left(sites=("北岸",)) == (["c"], 0)  # where the origin is not selected, the fullest copy stands for it
