"""Changes as JSON Lines and as Parquet."""

from __future__ import annotations

import json
from datetime import date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.changes.events import EVENTS
from govcrawl.archive.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcrawl.archive.changes.events import Event

FORMATS = ("jsonl", "parquet")
_ROWS = 2_000


def as_jsonl(events: Iterable[Event]) -> Iterator[str]:
    """A line for each change; days and times in ISO 8601."""
    for event in events:
        yield json.dumps(event, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n"


def as_parquet(events: Iterable[Event], out: BinaryIO, cursor: str) -> None:
    """One file with the columns of EVENTS; its metadata names the schema version and the cursor at its end."""
    schema = EVENTS.with_metadata({"schema_version": VERSION, "cursor": cursor})
    several = iter(events)
    with pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True) as writer:
        while some := list(islice(several, _ROWS)):
            writer.write_table(pa.Table.from_pylist(some, schema=schema))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
