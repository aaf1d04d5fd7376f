"""Tombstones: written, read back, and told of where they cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from govcrawl.archive import forgotten
from govcrawl.archive.storage import Storage, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def stone(doc_id: str, run: int, site: str = "s", reason: str = "身份证号") -> forgotten.Tombstone:
    when = datetime(2026, 1, run, tzinfo=UTC)
    return forgotten.Tombstone(doc_id, "article", doc_id, reason, ("a", "a"), when, f"{site}-2026010{run}", site)


def test_tombstones_are_read_as_they_were_written_the_newest_of_each(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    assert forgotten.tombstones(storage) == {}
    forgotten.write(storage, [stone("b", 2, reason="更正"), stone("c", 2)])
    forgotten.write(storage, [stone("a", 1), stone("b", 1)])
    forgotten.write(storage, [stone("d", 3, site="t")])
    assert forgotten.tombstones(storage) == {
        "a": stone("a", 1),
        "b": stone("b", 2, reason="更正"),
        "c": stone("c", 2),
        "d": stone("d", 3, site="t"),
    }
    assert set(forgotten.tombstones(storage, sites=["t"])) == {"d"}


def test_tombstones_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    forgotten.write(storage, [stone("a", 1)])
    (tmp_path / "forgotten/site=s/s-20260101.parquet").write_bytes(b"PAR1")
    with pytest.raises(StorageError, match=r"forgotten/site=s/s-20260101\.parquet .*restore it from a backup"):
        forgotten.tombstones(storage)
