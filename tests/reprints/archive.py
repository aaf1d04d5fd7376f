"""A small archive for the tests of reprints: articles in, the newest row of each out."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.schema import ARTICLES, REPRINTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NUMBERS = itertools.count(1)


def doc_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def article(name: str, text: str | None, **fields: Any) -> dict[str, Any]:
    """A row of articles whose doc_id is made of ``name``."""
    site = fields.get("site", "清源")
    return {
        "doc_id": doc_id(name),
        "revision": 1,
        "revision_cause": "first",
        "status": "live",
        "url": f"http://{site}.example/{name}",
        "site": site,
        "site_name": site,
        "site_kind": "news",
        "title": name,
        "text": text,
        "script": "hans",
        "published_on": date(2024, 3, 1),
        "published_at": None,
        "author": [],
        "editor": [],
        "province_name": "未知",
        "province_from": "none",
        "year_from": "published",
        "keywords": [],
        "attachments": [],
        "images": [],
        "quality": [],
        "text_hash": "",
        "text_length": len(text or ""),
        "extractor": "",
        "fetched_at": datetime(2024, 3, 2, tzinfo=UTC),
        "run_id": "s-20240302T000000000Z-aaaa",
        "seq": 1,
    } | fields


def land(data: Path, rows: Iterable[dict[str, Any]], partition: str = "province=unknown/year=2024") -> Path:
    """Write rows as one more file of articles."""
    number = next(_NUMBERS)
    path = data / f"articles/{partition}/s-20240302T000000000Z-aaaa-00001-{number:06x}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=ARTICLES), path)
    return path


def rows(data: Path) -> list[dict[str, Any]]:
    """Every row of the dataset, oldest first."""
    files = sorted((data / "reprints").glob("*.parquet"))
    tables = [pq.read_table(f) for f in files]
    assert all(t.schema.equals(REPRINTS, check_metadata=True) for t in tables)
    return pa.concat_tables(tables).sort_by("grouped_at").to_pylist() if tables else []


def newest(data: Path) -> dict[str, dict[str, Any]]:
    """The newest row of each doc_id."""
    return {row["doc_id"]: row for row in rows(data)}


def places(data: Path) -> dict[str, tuple[Any, ...]]:
    """What readers conclude of each article: its group, role and origin."""
    wanted = ("revision", "group_id", "role", "origin_doc_id", "origin_from", "delay_hours", "also")
    return {
        d: tuple(tuple(v) if isinstance(v, list) else v for v in (r[w] for w in wanted))
        for d, r in newest(data).items()
    }
