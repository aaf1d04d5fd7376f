"""A row of articles as the export formats write it: its columns in reading order, its values in plain types."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from govcrawl.archive.schema import ARTICLES
from govcrawl.exports.selection import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.storage import Storage
    from govcrawl.exports.selection import Places

# What a person reads first; the rest follows as in the data dictionary.
_FIRST = ("title", "published_on", "province_name", "year", "site_name", "channel", "source", "url", "text")
COLUMNS = (*_FIRST, "province", *(name for name in ARTICLES.names if name not in _FIRST))


def rows(storage: Storage, places: Places, columns: tuple[str, ...] = COLUMNS) -> Iterator[dict[str, Any]]:
    """The chosen rows by column name, in order. Raises StorageError."""
    for table in tables(storage, places, list(columns)):
        yield from table.to_pylist()


def iso(value: Any) -> Any:
    """A day or a moment in ISO 8601, a moment to the millisecond with its offset; other values as they are."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return value.isoformat() if isinstance(value, date) else value
