"""Lines of text: CSV as spreadsheets and pandas read it, JSON Lines that give the rows back, a corpus with its rights."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.storage import Storage
from govcrawl.exports import text
from govcrawl.exports.rows import COLUMNS, rows
from govcrawl.exports.selection import Selection, select
from tests.exports.archive import TEXT, build, notice

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    build(folder)
    return folder


def chosen(data: Path, columns: tuple[str, ...] = COLUMNS, **filters: Any) -> Any:
    storage = Storage(str(data))
    return rows(storage, select(storage, Selection(**filters)), columns)


def test_pandas_reads_the_csv(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        done = text.write_csv(chosen(data, revisions=True), COLUMNS, out)
    assert done.rows == 7
    assert path.read_bytes().startswith(b"\xef\xbb\xbftitle,")
    assert path.read_bytes().count(b"\r\n") == 8
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert list(table.columns) == list(COLUMNS)
    first = table[table.url == notice().url].iloc[0]
    assert (first.title, first.text, first.author) == (notice().title, TEXT, "王某; 李某")
    assert (first.published_on, first.published_at) == ("2024-02-29", "2024-02-29T08:30:00.000+08:00")
    assert (first.attachments, first.year) == (f"名单 {notice().attachments[0]['url']}", "2024")
    assert "'=已撤回的文章" in set(table.title)


@given(st.text(st.characters(codec="utf-8")))
def test_no_cell_is_a_formula_and_each_gives_its_text_back(value: str) -> None:
    cell = text.cell(value)
    assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert text.uncell(cell) == value
    out = io.StringIO()
    row = {"title": value}
    text.write_csv([row], ("title",), out)
    assert [text.uncell(c) for c in list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1]] == [value]


def test_lists_and_nulls_and_moments() -> None:
    assert text.cell(None) == ""
    assert text.cell([]) == ""
    assert text.cell(["=1", "b"]) == "'=1; b"
    assert (
        text.cell([{"url": "http://a/1", "alt": "图"}, {"url": "http://a/2", "alt": None}])
        == "图 http://a/1\nhttp://a/2"
    )
    assert text.cell(date(2024, 1, 2)) == "2024-01-02"
    assert text.cell(datetime(2024, 1, 2, 3, tzinfo=UTC)) == "2024-01-02T03:00:00.000+00:00"
    assert text.cell(-1) == "-1"


@pytest.mark.parametrize("value", ["字" * 40_000, "😀" * 20_000, "字" * 32_765 + "😀😀", "字" * 16_383 + "😀" * 9_000])
def test_long_cells_are_told_and_cut_where_asked(value: str) -> None:
    for cut in (False, True):
        out = io.StringIO()
        assert text.write_csv([{"text": value}], ("text",), out, cut=cut).long_cells == 1
        (cell,) = list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1]
        assert (cell == value) is not cut
        if cut:
            assert text.CELL - 2 <= text.units(cell) <= text.CELL
            assert value.startswith(cell[:-1])
            assert cell[-1] == "…"


def test_a_cell_of_just_the_limit_is_not_long() -> None:
    out = io.StringIO()
    assert text.write_csv([{"text": "字" * text.CELL}], ("text",), out, cut=True).long_cells == 0


def test_json_lines_give_the_rows_back(data: Path) -> None:
    out = io.StringIO()
    assert text.write_jsonl(chosen(data, revisions=True), out).rows == 7
    read = [json.loads(line) for line in out.getvalue().splitlines()]
    assert read[0].keys() == set(COLUMNS)
    for row in read:
        for field in ARTICLES:
            if row[field.name] is not None and pa.types.is_timestamp(field.type):
                row[field.name] = datetime.fromisoformat(row[field.name])
            elif row[field.name] is not None and pa.types.is_date(field.type):
                row[field.name] = date.fromisoformat(row[field.name])
    files = sorted(data.glob("articles/**/*.parquet"))
    stored = pa.concat_tables([pq.read_table(f, schema=ARTICLES, partitioning=None) for f in files])
    order = [("doc_id", "ascending"), ("revision", "ascending")]
    again = pa.Table.from_pylist(read, schema=ARTICLES)
    assert again.sort_by(order).to_pylist() == stored.sort_by(order).to_pylist()
    assert {(r["province"], r["year"]) for r in read} == {
        ("heilongjiang", 2024),
        ("heilongjiang", 2023),
        ("national", 2024),
    }


def test_the_corpus_has_title_text_and_rights(data: Path) -> None:
    out = io.StringIO()
    done = text.write_corpus(chosen(data, text.CORPUS_COLUMNS), out)
    assert (done.rows, done.without_text) == (3, 1)
    read = {d["meta"]["url"].rsplit("/", 1)[1]: d for d in map(json.loads, out.getvalue().splitlines())}
    assert read["c1.html"]["text"] == f"{notice().title}\n\n{TEXT}"
    assert read["c1.html"]["licence"] == text.LICENCES["department"]
    assert read["1.html"]["licence"] == text.LICENCES["news"]
    assert set(read["1.html"]) == {"text", "meta", "licence"}
    assert read["1.html"]["meta"]["published_on"] == "2024-03-02"
