"""An archive of many sites is listed once for each run of one of them, however many articles it looks up."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from govcrawl.archive import site
from govcrawl.archive.storage import Storage
from tests.reextract.archive import Made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest


def test_it_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: Counter[str] = Counter()
    whole = Storage.files

    def files(self: Storage, folder: str, suffix: str = "") -> Iterator[str]:
        listed[folder] += 1
        return whole(self, folder, suffix)

    monkeypatch.setattr(Storage, "files", files)
    first = Made(tmp_path)
    one = first.land(1)
    first.close()
    listed.clear()
    made = Made(tmp_path)
    two = made.land(2)
    made.own.commit()
    three = made.land(3)
    assert one is not None
    assert two is not None
    assert three is not None
    for row in (one, two, three):  # of a run before, of a segment before, of this segment
        found = made.own.stored(row.doc_id, ["title"])
        assert found is not None
        assert found["title"] == row.title
    assert listed["articles"] == 1
    made.close()


def test_a_large_text_ends_its_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several in one commit would hold up the event loop."""
    made = Made(tmp_path)
    made.land(1)
    storage = Storage(str(tmp_path))
    assert not list(storage.files("captures", ".parquet"))
    monkeypatch.setattr(site, "_LARGE", 1)
    made.land(2)
    assert len(list(storage.files("captures", ".parquet"))) == 1
    made.close()
