"""Articles as one SQLite file with a full-text index that finds Chinese words, of two characters too.

FTS5's ``trigram`` finds nothing shorter than three characters, and ``unicode61`` takes a whole run of Chinese for one word.
So the index is fed with each run of Chinese characters written as its overlapping pairs and its last character (教育厅 as
``教育 育厅 厅``), of which ``unicode61`` makes words: a word of two characters is one of them, a longer one a phrase of its
pairs. The tokeniser is SQLite's own, so that every client can search the file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import unicodedata
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from govcrawl import __version__
from govcrawl.archive.dictionary import meaning_of
from govcrawl.archive.schema import ARTICLES, PARTITIONS
from govcrawl.exports.rows import COLUMNS, iso
from govcrawl.exports.text import Written

if TYPE_CHECKING:
    from collections.abc import Iterable

HAN = "〇々㐀-䶿一-鿿豈-﫿𠀀-𳿿"  # in brackets a class of re and of GLOB
_RUN = re.compile(f"[{HAN}]+")
_INDEXED = ("province", "year", "site", "published_on", "doc_number")
_BATCH = 500

# The expression of FTS5 for what people type, as SQL of the parameter :q. Words between blanks must all be found; in each,
# a run of Chinese characters is a phrase of its pairs, a character alone the beginning of a pair.
EXPRESSION = """\
WITH RECURSIVE place(i) AS (
  SELECT 1 UNION ALL SELECT i + 1 FROM place WHERE i < length(:q)
), sign(i, c, before, next) AS (
  SELECT i, substr(:q, i, 1), substr(' ' || :q, i, 1), substr(:q || ' ', i + 1, 1) FROM place
), typed(i, phrase) AS (
  SELECT 1, '"' UNION ALL
  SELECT i + 1, phrase || CASE
    WHEN c = ' ' THEN '" "'
    WHEN c = '"' THEN ' '
    WHEN c NOT GLOB '[{HAN}]' THEN c
    WHEN next GLOB '[{HAN}]' THEN ' ' || c || next || ' '
    WHEN next <> ' ' THEN ' ' || c || ' '
    WHEN before GLOB '[{HAN}]' THEN ''
    ELSE ' ' || c || '" * "' END
  FROM typed JOIN sign USING (i)
)
SELECT phrase || '"' FROM typed ORDER BY i DESC LIMIT 1""".replace("{HAN}", HAN)
SEARCH = """\
SELECT articles.title, published_on, site_name, province, url
FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid
WHERE articles_fts MATCH (
{EXPRESSION}
)
ORDER BY rank LIMIT 100""".replace("{EXPRESSION}", EXPRESSION)


def paired(text: str) -> str:
    """A text as the index is fed with it: NFKC, each run of Chinese characters as its pairs and its last character."""
    return _RUN.sub(_pairs, unicodedata.normalize("NFKC", text))


def _pairs(run: re.Match[str]) -> str:
    text = run[0]
    return f" {' '.join(map(str.__add__, text, text[1:]))} {text[-1]} "


def write(rows: Iterable[dict[str, Any]], path: str, about: dict[str, str]) -> Written:
    """Make the database at a path that is free. Tables: ``articles``, its lists as JSON; ``articles_fts`` over title and text,
    by ``articles.id``; ``about``. Raises OSError where it cannot be written."""
    done = Written()
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            _make(database, rows, about, done)
    except sqlite3.Error as exc:
        msg = f"SQLite cannot write the database ({exc}); free space or permissions, then run again"
        raise OSError(msg) from exc
    return done


def _make(database: sqlite3.Connection, rows: Iterable[dict[str, Any]], about: dict[str, str], done: Written) -> None:
    """Until it is renamed the file is nobody's: nothing in it needs a journal."""
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536", "locking_mode=EXCLUSIVE"):
        database.execute(f"PRAGMA {pragma}")
    columns = ", ".join(f"{name} {_kind(name)}" for name in COLUMNS)
    database.execute(f"CREATE TABLE articles (id INTEGER PRIMARY KEY, {columns}, UNIQUE (doc_id, revision))")
    database.execute(
        "CREATE VIRTUAL TABLE articles_fts USING fts5(title, text, content='', tokenize='unicode61 remove_diacritics 2')"
    )
    database.execute("INSERT INTO articles_fts (articles_fts, rank) VALUES ('hashsize', 33554432)")
    database.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT)")
    facts = {"program": f"govcrawl {__version__}", **about, "search": SEARCH}
    database.execute("BEGIN")
    database.executemany("INSERT INTO about VALUES (?, ?)", facts.items())
    insert = f"INSERT INTO articles VALUES ({', '.join('?' * (len(COLUMNS) + 1))})"  # noqa: S608
    index = "INSERT INTO articles_fts (rowid, title, text) VALUES (?, ?, ?)"
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            _add(database, insert, index, batch, done)
    _add(database, insert, index, batch, done)
    database.execute("COMMIT")
    for name in _INDEXED:
        database.execute(f"CREATE INDEX articles_{name} ON articles ({name})")
    database.execute("INSERT INTO articles_fts (articles_fts) VALUES ('optimize')")
    database.execute("ANALYZE")


def _add(database: sqlite3.Connection, insert: str, index: str, batch: list[dict[str, Any]], done: Written) -> None:
    """Put rows into the table and into the index, and forget them."""
    numbered = list(enumerate(batch, done.rows + 1))
    database.executemany(insert, ([n, *(_value(row[c]) for c in COLUMNS)] for n, row in numbered))
    texts = ((n, paired(row["title"] or ""), paired(row["text"] or "")) for n, row in numbered)
    database.executemany(index, texts)
    done.rows += len(batch)
    batch.clear()


def _kind(name: str) -> str:
    if name in PARTITIONS:
        return "INTEGER" if name == "year" else "TEXT"
    return "INTEGER" if pa.types.is_integer(ARTICLES.field(name).type) else "TEXT"


def _value(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else iso(value)


def metadata(database: str, about: dict[str, str]) -> dict[str, Any]:
    """What Datasette shows of the file named ``database``: facets, descriptions of the columns, and a search that takes words
    of any length."""
    described = {f.name: meaning_of(f) for f in ARTICLES} | PARTITIONS
    table = {
        "description": "one row per article" if about["rows"] == "newest" else "one row per revision of an article",
        "facets": ["province", "year", "site"],
        "sort_desc": "published_on",
        "label_column": "title",
        "size": 20,
        "fts_table": "articles_fts",
        "fts_pk": "id",
        "columns": {name: described[name] for name in COLUMNS},
    }
    search = {"title": "Search words of any length", "sql": SEARCH, "params": ["q"]}
    name = os.path.splitext(os.path.basename(database))[0]
    tables = {"articles": table, "about": {"description": "what the file is, and how to search it"}}
    return {
        "title": "Articles of China's education departments and of the news sites that report on them",
        "source": f"govcrawl {__version__}",
        "databases": {name: {"tables": tables, "queries": {"search": search}}},
    }
