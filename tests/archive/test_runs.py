"""Run files of any content: what is none is set aside with a warning, and the walks it told of are made again."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.archive import runs
from govcrawl.archive.storage import Storage

if TYPE_CHECKING:
    from pathlib import Path

CHANNEL = {"url": "http://h.cn/", "complete": True, "ended": "last", "down_to": None}
REPORT: dict[str, Any] = {
    "run_id": "s-20240101T010203456Z-ab12",
    "finished_at": "2024-01-01T01:05:00+00:00",
    "landed": {"heilongjiang": {"2024": 3}},
    "channels": [CHANNEL],
}
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("2024-01-01")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def lay(data: Path, content: bytes, day: int = 2) -> str:
    name = f"runs/site=s/s-202401{day:02d}T010203456Z-ab12.json"
    (data / name).parent.mkdir(parents=True, exist_ok=True)
    (data / name).write_bytes(content)
    return name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(REPORT).encode()[:-20],
        json.dumps(REPORT | {"channels": None}).encode(),
        json.dumps(REPORT | {"channels": ["x"]}).encode(),
        json.dumps(REPORT | {"channels": [CHANNEL | {"url": ["x"]}]}).encode(),
        json.dumps(REPORT | {"channels": [CHANNEL | {"down_to": "soon"}]}).encode(),
        json.dumps(REPORT | {"finished_at": "2024-01-01T01:05:00"}).encode(),
        json.dumps(REPORT | {"finished_at": 7}).encode(),
        json.dumps(REPORT | {"landed": []}).encode(),
        json.dumps(REPORT | {"missing_fields": {"source": "x"}}).encode(),
        json.dumps(REPORT | {"proposals": ["x"]}).encode(),
        json.dumps(REPORT | {"lacking": {"source": 3}}).encode(),
        json.dumps(REPORT | {"without_text": {"no_text": 3}}).encode(),
        json.dumps(REPORT | {"lost_rows": [["x"]]}).encode(),
        json.dumps({k: v for k, v in REPORT.items() if k != "landed"}).encode(),
    ],
)
def test_what_is_no_run_file(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = lay(tmp_path, content)
    storage = Storage(str(tmp_path))
    assert not runs.history(storage, "s")
    with caplog.at_level(logging.WARNING):
        assert not runs.complete_walks(storage, "s")
    assert f"set aside as quarantine/{name}" in caplog.text
    assert (tmp_path / "quarantine" / name).read_bytes() == content
    caplog.clear()
    assert not runs.complete_walks(storage, "s")
    assert not caplog.text


def test_a_bad_run_file_does_not_hide_an_older_one(tmp_path: Path) -> None:
    lay(tmp_path, json.dumps(REPORT).encode(), day=1)
    lay(tmp_path, b"[]", day=2)
    (walk,) = runs.complete_walks(Storage(str(tmp_path)), "s").values()
    assert walk.covers(None)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*runs._PARTS, *CHANNEL]), JSON), st.booleans())
def test_any_content_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, parts: Any, inside: bool) -> None:
    report = REPORT | ({"channels": [CHANNEL | parts]} if inside else parts)
    data = tmp_path_factory.mktemp("runs")
    lay(data, json.dumps(report).encode())
    storage = Storage(str(data))
    runs.history(storage, "s")
    for walk in runs.complete_walks(storage, "s").values():
        walk.covers(None)
    assert len(list(data.glob("**/*.json"))) == 1
