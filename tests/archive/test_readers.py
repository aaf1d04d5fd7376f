"""The archive read by DuckDB, pandas, Polars and pyarrow: types, partitions, Chinese text, null dates, time zones."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.site import COLUMNS, SiteArchive
from govcrawl.archive.storage import Storage
from govcrawl.items import Article
from tests.loopback import PROJECT
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

EMPTY: dict[str, Any] = dict.fromkeys(f for f in Article.__dataclass_fields__)


def article(number: int, **fields: Any) -> Article:
    given: dict[str, Any] = EMPTY | {
        "doc_id": f"{number:032x}",
        "revision": 1,
        "revision_cause": "first",
        "status": "live",
        "url": f"http://h.cn/{number}",
        "site": "s",
        "site_kind": "department",
        "title": f"标题{number}",
        "text": "正文\n第二段\t表格",
        "script": "hans",
        "published_on": date(2024, 1, 1),
        "published_at": datetime(2023, 12, 31, 16, 30, tzinfo=UTC),
        "author": ["甲", "乙"],
        "editor": [],
        "province_name": "黑龙江省",
        "province_from": "site",
        "year_from": "published",
        "keywords": [],
        "attachments": [
            {"url": "u", "name": "附件.pdf", "media_type": None, "sha256": None, "bytes": None, "path": None}
        ],
        "images": [],
        "quality": [],
        "text_hash": "h",
        "text_length": 3,
        "extractor": "t",
        "fetched_at": datetime(2024, 1, 2, tzinfo=UTC),
        "province": "heilongjiang",
        "year": 2024,
    }
    return Article(**given | fields)


def land(data: Path, *articles: Article) -> None:
    storage = Storage(str(data))
    storage.prepare()
    site = SiteArchive(storage, "s", "s-20240503T010203456Z-ab12")
    site.add([], articles)
    site._captures.append(
        {"url": "u", "doc_id": "d", "method": "GET", "kind": "article", "outcome": "landed", "attempts": 1}
        | {"fetched_at": datetime(2024, 1, 2, tzinfo=UTC), "run_id": site.run_id, "seq": 1}
    )
    site.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    land(
        tmp_path,
        article(1),
        article(2, published_on=None, published_at=None, year=0, year_from="none", province="unknown"),
        article(3, province="shaanxi", year=2023, title="陕西“双减”"),
    )
    return tmp_path


def test_fields_and_columns_are_the_same() -> None:
    assert [n for n in ARTICLES.names if n not in ("run_id", "seq")] + ["run_id", "seq"] == COLUMNS


def test_all_readers_agree(data: Path) -> None:
    assert read_all(data) == [f"{n:032x}" for n in (1, 2, 3)]


def test_duckdb(data: Path) -> None:
    query = f"SELECT * FROM read_parquet('{data}/articles/**/*.parquet', hive_partitioning=true) ORDER BY doc_id"
    for zone in ("Asia/Shanghai", "UTC", "America/Los_Angeles"):
        with duckdb.connect() as connection:
            connection.execute(f"SET TimeZone='{zone}'")
            described = {r[0]: r[1] for r in connection.execute(f"DESCRIBE {query}").fetchall()}
            rows = connection.execute(
                f"SELECT published_on::VARCHAR, province, year, title, author FROM ({query})"
            ).fetchall()
        assert (described["year"], described["province"], described["published_on"]) == ("BIGINT", "VARCHAR", "DATE")
        assert described["published_at"] == "TIMESTAMP WITH TIME ZONE"
        assert rows[0] == ("2024-01-01", "heilongjiang", 2024, "标题1", ["甲", "乙"]), zone
        assert rows[1][:3] == (None, "unknown", 0)
        assert rows[2][1:4] == ("shaanxi", 2023, "陕西“双减”")


def test_pandas(data: Path) -> None:
    frame = pd.read_parquet(data / "articles").sort_values("doc_id")
    assert next(iter(frame["published_on"])) == date(2024, 1, 1)
    assert frame["published_on"].isna().tolist() == [False, True, False]
    assert frame["published_at"].iloc[0].isoformat() == "2024-01-01T00:30:00+08:00"
    assert frame["year"].astype(int).tolist() == [2024, 0, 2023]
    assert list(pd.read_parquet(data / "articles", filters=[("province", "=", "shaanxi")])["title"]) == ["陕西“双减”"]


def test_polars(data: Path) -> None:
    frame = pl.scan_parquet(data / "articles/**/*.parquet", hive_partitioning=True).sort("doc_id").collect()
    assert frame["published_on"].to_list() == [date(2024, 1, 1), None, date(2024, 1, 1)]
    assert frame.schema["year"] == pl.Int64
    assert frame.schema["published_at"] == pl.Datetime("ms", "Asia/Shanghai")
    assert frame["text"][0] == "正文\n第二段\t表格"


def test_pyarrow(data: Path) -> None:
    table = pq.read_table(data / "articles")
    assert table.schema.field("published_on").type == pa.date32()
    pruned = pq.read_table(data / "articles", filters=[("province", "=", "heilongjiang"), ("year", "=", 2024)])
    assert pruned.num_rows == 1
    one = pq.read_schema(next(data.glob("articles/**/*.parquet")))
    assert one.equals(ARTICLES, check_metadata=True), "complete in every file, descriptions included"


def test_the_recipes_for_latest_and_as_of(tmp_path: Path) -> None:
    """The recipes of data/README.md, run as they stand there."""
    june, july = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 7, 2, tzinfo=UTC)
    land(
        tmp_path,
        article(1, fetched_at=june, title="旧标题"),
        article(1, revision=2, revision_cause="edited", fetched_at=july, title="新标题"),
        article(2, fetched_at=june),
        article(2, revision=2, revision_cause="moved", status="moved", fetched_at=july),
        article(2, revision=3, revision_cause="edited", fetched_at=july, province="shaanxi"),
        article(3, fetched_at=june),
        article(3, revision=2, revision_cause="gone", status="gone", fetched_at=july),
    )
    text = (PROJECT / "data/README.md").read_text(encoding="utf-8").replace("data/articles", f"{tmp_path}/articles")
    sql = [q for q in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) if "QUALIFY" in q]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone='UTC'")
        latest, as_of = (connection.execute(f"SELECT doc_id, title, province FROM ({q})").fetchall() for q in sql)
    scope: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "data/README.md", "exec"), scope)
    expected_latest = {(f"{1:032x}", "新标题", "heilongjiang"), (f"{2:032x}", "标题2", "shaanxi")}
    expected_as_of = {(f"{n:032x}", t, "heilongjiang") for n, t in ((1, "旧标题"), (2, "标题2"), (3, "标题3"))}
    for found, frame, expected in ((latest, scope["latest"], expected_latest), (as_of, scope["as_of"], expected_as_of)):
        assert set(found) == expected
        assert set(frame.select("doc_id", "title", "province").iter_rows()) == expected
    pruned = pl.scan_parquet(tmp_path / "articles/province=heilongjiang/**/*.parquet", hive_partitioning=True)
    newest = pruned.sort("revision").unique("doc_id", keep="last", maintain_order=True).collect()
    assert newest.filter(pl.col("status") == "live")["title"].to_list() == ["新标题"], (
        "one partition alone is never stale"
    )
