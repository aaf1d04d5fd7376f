"""The four ways of reading the archive that docs/read.md shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path


def by_duckdb(data: Path) -> list[str]:
    query = f"SELECT doc_id FROM read_parquet('{data}/articles/**/*.parquet', hive_partitioning=true)"
    with duckdb.connect() as connection:
        return [row[0] for row in connection.execute(query).fetchall()]


def by_pyarrow(data: Path) -> list[str]:
    return list(pq.read_table(data / "articles", columns=["doc_id"])["doc_id"].to_pylist())


def by_pandas(data: Path) -> list[str]:
    return list(pd.read_parquet(data / "articles")["doc_id"])


def by_polars(data: Path) -> list[str]:
    return pl.scan_parquet(data / "articles/**/*.parquet", hive_partitioning=True).collect()["doc_id"].to_list()


READERS = {"duckdb": by_duckdb, "pyarrow": by_pyarrow, "pandas": by_pandas, "polars": by_polars}


def read_all(data: Path) -> list[str]:
    """The doc_ids by every reader, which must agree; none where nothing has landed yet."""
    if not list((data / "articles").glob("**/*.parquet")):
        return []
    found = {name: sorted(read(data)) for name, read in READERS.items()}
    assert len({tuple(ids) for ids in found.values()}) == 1, {k: len(v) for k, v in found.items()}
    return found["duckdb"]
