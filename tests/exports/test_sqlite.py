"""The SQLite file, asked with SQLite alone: words of any length are found, and Datasette is told how to show it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from govcrawl.archive.storage import Storage
from govcrawl.exports import sqlite
from govcrawl.exports.rows import COLUMNS, rows
from govcrawl.exports.selection import Selection, select
from tests.exports.archive import build, notice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ABOUT = {"rows": "newest", "filters": ""}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    folder = tmp_path_factory.mktemp("archive")
    build(folder)
    storage = Storage(str(folder))
    written = sqlite.write(rows(storage, select(storage, Selection())), str(folder / "a.db"), ABOUT)
    assert written.rows == 4
    with closing(sqlite3.connect(folder / "a.db")) as database:
        database.execute("VACUUM")  # as anybody may
        yield database


def test_the_table_has_the_rows(database: sqlite3.Connection) -> None:
    names = [row[1] for row in database.execute("PRAGMA table_info(articles)")]
    assert names == ["id", *COLUMNS]
    query = "SELECT title, published_on, year, author, attachments, published_at FROM articles WHERE url = ?"
    (row,) = database.execute(query, [notice().url])
    assert row[:3] == (notice().title, "2024-02-29", 2024)
    assert json.loads(row[3]) == ["王某", "李某"]
    assert json.loads(row[4])[0]["name"] == "名单"
    assert row[5] == "2024-02-29T08:30:00.000+08:00"
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('integrity-check', 0)")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("招生", 2), ("招生 会议", 0), ("会议", 1), ("教育厅", 2), ("普通高等学校", 2), ("2024年普通", 2), ("省教", 2), ("生招", 0),
        ("生", 2), ("厅", 2), ("", 0), (" ", 0), ('招生" OR "会议', 0), ("更正", 1), ("图解新闻", 1), ("清教考", 0),
    ],
)  # fmt: skip
def test_what_people_type_is_found(database: sqlite3.Connection, typed: str, found: int) -> None:
    assert len(database.execute(sqlite.SEARCH, {"q": typed}).fetchall()) == found


def test_two_characters_need_no_help(database: sqlite3.Connection) -> None:
    query = "SELECT title FROM articles WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)"
    assert len(database.execute(query, ["招生"]).fetchall()) == 2
    assert len(database.execute(query, ["招生 考生"]).fetchall()) == 2
    assert len(database.execute(query, ['"教育 育厅"']).fetchall()) == 2
    assert len(database.execute(query, ["title : 招生"]).fetchall()) == 2


def test_the_file_tells_how_to_search_it(database: sqlite3.Connection) -> None:
    about = dict(database.execute("SELECT name, value FROM about"))
    assert about["rows"] == "newest"
    assert len(database.execute(about["search"], {"q": "教育厅"}).fetchall()) == 2


SIGNS = st.text(st.sampled_from("教育厅生a2 ，\n"), min_size=1, max_size=12)


@given(st.lists(SIGNS, min_size=1, max_size=4), st.integers(0, 40), st.integers(1, 5))
@example(["厅a教育"], 0, 2)
def test_every_part_of_a_text_is_found(texts: list[str], start: int, length: int) -> None:
    """A part that begins and ends between words, as people type it; and no text that lacks it."""
    part = texts[0][start % len(texts[0]) :][:length]
    typed = "".join(c if c.isalnum() else " " for c in part)
    before, after = texts[0][: start % len(texts[0])][-1:], texts[0][start % len(texts[0]) + length :][:1]
    if (typed[0].isascii() and before.isalnum() and before.isascii()) or (
        typed[-1].isascii() and after.isalnum() and after.isascii()
    ):
        return  # half a number or Latin word, which is no word
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE f USING fts5(t, content='', tokenize='unicode61 remove_diacritics 2')")
        for number, text in enumerate(texts):
            database.execute("INSERT INTO f (rowid, t) VALUES (?, ?)", (number, sqlite.paired(text)))
        query = f"SELECT rowid FROM f WHERE f MATCH ({sqlite.EXPRESSION})"
        found = {row[0] for row in database.execute(query, {"q": typed})}
    words = typed.split()
    assert (0 in found) is bool(words)
    for number in found:
        plain = "".join(c if c.isalnum() else " " for c in texts[number])
        assert all(word in plain or word in plain.replace(" ", "") for word in words)


def test_datasette_is_told_what_there_is(database: sqlite3.Connection) -> None:
    told: dict[str, Any] = sqlite.metadata("some/where/a.db", ABOUT)
    shown = told["databases"]["a"]["tables"]["articles"]
    there = {row[1] for row in database.execute("PRAGMA table_info(articles)")}
    assert set(shown["facets"]) == {"province", "year", "site"} <= there
    assert set(shown["columns"]) == set(COLUMNS) == there - {"id"}
    assert shown["columns"]["title"].startswith("the headline")
    assert {shown["sort_desc"], shown["label_column"], shown["fts_pk"]} <= there
    query = told["databases"]["a"]["queries"]["search"]
    assert database.execute(query["sql"], {"q": "招生"}).fetchone()
    assert json.loads(json.dumps(told, ensure_ascii=False)) == told


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="SQLite cannot write the database"):
        sqlite.write([], str(tmp_path / "nowhere" / "a.db"), ABOUT)
