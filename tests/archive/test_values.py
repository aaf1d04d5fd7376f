"""What the columns hold: a row that passes the check is stored and read back; one that does not is told by column."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.values import Misfit, check, fitting, storable
from tests.archive.test_readers import article

CAPTURE: dict[str, Any] = {
    "url": "http://h.cn/1",
    "doc_id": "0" * 32,
    "method": "GET",
    "kind": "article",
    "outcome": "landed",
    "attempts": 1,
    "fetched_at": datetime(2024, 1, 2, tzinfo=UTC),
    "run_id": "s-20240101T010203456Z-ab12",
    "seq": 1,
}
ANYTHING = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.text(st.characters(codec=None)),
    st.binary(max_size=8),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.lists(st.text(max_size=3), max_size=2),
    st.lists(st.dictionaries(st.sampled_from(["url", "name", "bytes"]), st.one_of(st.text(max_size=3), st.integers()))),
)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("status", 99999999999, "out of range"),
        ("status", "200", "no whole number"),
        ("attempts", 1.5, "no whole number"),
        ("bytes", 1 << 63, "out of range"),
        ("warc_offset", -(1 << 64), "out of range"),
        ("revision", True, "no whole number"),
        ("listed_on", datetime(2024, 1, 1, tzinfo=UTC), "no date"),
        ("fetched_at", date(2024, 1, 1), "no moment"),
        ("etag", b"\xff", "no text"),
        ("error", "\ud800", "half a surrogate pair"),
        ("url", None, "a value is required"),
    ],
)
def test_a_row_of_captures_that_does_not_fit(column: str, value: Any, why: str) -> None:
    check(CAPTURE, CAPTURES)
    with pytest.raises(Misfit, match=f"{column} cannot be stored: .*{why}"):
        check(CAPTURE | {column: value}, CAPTURES)


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("text_length", 1 << 31, "out of range"),
        ("published_at", datetime(9999, 12, 31, 23, tzinfo=UTC), "out of range in Asia/Shanghai"),
        ("author", "记者", "no list"),
        ("author", [1], "no text"),
        ("attachments", [{"url": "u", "bytes": 1 << 64}], "bytes: out of range"),
        ("text", "x" * ((1 << 28) + 1), "characters"),
    ],
    ids=["length", "moment", "text for a list", "number in a list", "attachment", "endless text"],
)
def test_an_article_that_does_not_fit(column: str, value: Any, why: str) -> None:
    row = {name: getattr(article(1), name) for name in ARTICLES.names} | {"run_id": "r", "seq": 1}
    check(row, ARTICLES)
    with pytest.raises(Misfit, match=f"{column} cannot be stored: .*{why}"):
        check(row | {column: value}, ARTICLES)


@given(st.dictionaries(st.sampled_from(CAPTURES.names), ANYTHING))
def test_what_passes_is_stored_and_read_back(changes: dict[str, Any]) -> None:
    row = CAPTURE | {name: storable(value) for name, value in changes.items()}
    try:
        check(row, CAPTURES)
    except Misfit:
        required = {f.name for f in CAPTURES if not f.nullable}
        if not required & changes.keys():
            check(fitting(row, CAPTURES), CAPTURES)
        return
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row], schema=CAPTURES), buffer)
    (read,) = pq.read_table(buffer).to_pylist()
    plain = {n: v for n, v in row.items() if not isinstance(v, datetime) and v is not None}
    assert {n: read[n] for n in plain} == plain
