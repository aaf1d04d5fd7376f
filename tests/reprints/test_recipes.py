"""The recipes of docs/reprints.md and of the data dictionary, run as they stand there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from govcrawl.archive.storage import Storage
from govcrawl.reprints.run import group_pending
from tests.loopback import PROJECT
from tests.reprints.archive import article, doc_id, land
from tests.reprints.planted import synthetic

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [text for _, text in synthetic(4, seed=11)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three notices in five articles; one more was there and is not."""
    noon = datetime(2024, 3, 1, 4, tzinfo=UTC)
    department = {"site": "dept", "site_name": "清源省教育厅", "site_kind": "department"}
    land(
        tmp_path,
        [
            article("one", TEXTS[0], title="甲", published_at=noon, **department),
            article("two", TEXTS[1], title="乙", **department),
        ],
        "province=heilongjiang/year=2024",
    )
    land(
        tmp_path,
        [
            article(
                "copy", TEXTS[0] + "本网将继续关注。", title="甲", published_at=noon.replace(hour=10), site="东林网"
            ),
            article("part", TEXTS[0][:230], title="甲", site="北岸在线", published_on=date(2024, 3, 3)),
            article("else", TEXTS[2], title="丙"),
        ],
    )
    gone = land(tmp_path, [article("gone", TEXTS[3])])
    group_pending(Storage(str(tmp_path)))
    land(tmp_path, [article("one", TEXTS[0] + "特此通知。", title="甲", revision=2, published_at=noon, **department)],
         "province=heilongjiang/year=2024")  # fmt: skip
    gone.unlink()
    group_pending(Storage(str(tmp_path)))
    return tmp_path


def blocks(document: str, language: str, data: Path) -> list[str]:
    text = (PROJECT / document).read_text(encoding="utf-8")
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [b.replace("data/reprints", f"{data}/reprints").replace("data/articles", f"{data}/articles") for b in found]


def test_duckdb_and_polars_agree(data: Path) -> None:
    queries = {re.findall(r"^-- (.*)", q)[0]: q for q in blocks("docs/reprints.md", "sql", data)}
    with duckdb.connect() as connection:
        answers = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    scope: dict[str, Any] = {}
    for block in blocks("docs/reprints.md", "python", data):
        exec(compile(block, "docs/reprints.md", "exec"), scope)
    one = doc_id("one")
    assert answers["count once"] == scope["count_once"].rows() == [("heilongjiang", 2, 4), ("unknown", 1, 1)]
    assert answers["who reprinted"] == scope["who"].rows() == [
        ("甲", "清源省教育厅", "东林网", "reprint", 6.0),
        ("甲", "清源省教育厅", "北岸在线", "excerpt", 48.0),
    ]  # fmt: skip
    assert answers["delay"] == scope["delay"].rows() == [("东林网", 1, 6.0), ("北岸在线", 1, 48.0)]
    changed = answers["what changed"]
    assert [row[:2] for row in changed] == [row[:2] for row in scope["changed"].rows()] == [(one, doc_id("copy"))]
    assert 0.9 < changed[0][2] < 1


def test_the_dictionarys_recipe(data: Path) -> None:
    (query,) = (q for q in blocks("data/README.md", "sql", data) if "reprints" in q)
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall() == [(3,)]
