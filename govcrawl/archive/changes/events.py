"""What one row, against the one before it, is as a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from govcrawl.archive.changes.gathering import PLACE
from govcrawl.archive.changes.positions import Position
from govcrawl.archive.schema import ARTICLES, STRINGS, UTC_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: dict[str, str] = {
    "added": "an article that was not there",
    "edited": "its page says something else",
    "reextracted": "its page is the same and is read otherwise, by newer rules or with a file that could be fetched at last",
    "moved": "it lies in another partition; where `after` is null, its text stands at another address, as another article",
    "withdrawn": "its publisher took it away",
    "returned": "it was withdrawn and is there again",
    "repaired": "`scrapy verify --repair` put a row back or wrote one off: `after` is what the archive holds now",
    "forgotten": "`scrapy forget` took it out of the archive",
}

# What names a revision and its evidence: a difference in these alone is none that a reader sees.
OF_THE_REVISION = (
    *("revision", "revision_cause", "extractor", "warc_file", "warc_offset", "payload_digest", "fetched_at"),
    *("run_id", "seq"),
)
ROW = [*ARTICLES.names, *(f.name for f in PLACE)]
SEEN = [name for name in ROW if name not in OF_THE_REVISION]
_ROW = pa.struct([pa.field(f.name, f.type) for f in (*ARTICLES, *PLACE)])


def _schema(*columns: tuple[str, Any, bool, str]) -> pa.Schema:
    return pa.schema([pa.field(n, t, nullable=null, metadata={"description": about}) for n, t, null, about in columns])


EVENTS = _schema(
    ("number", pa.int64(), False, "1, 2, … in this output: the order in which the changes are to be applied"),
    ("change", pa.string(), False, "what happened, listed below"),
    ("site", pa.string(), False, "the article's site"),
    ("doc_id", pa.string(), False, "the article"),
    ("revision", pa.int32(), True, "the revision that it is since; null where no row is left"),
    (
        "at",
        UTC_MS,
        True,
        "when the response came that says so; of `forgotten`, when it was forgotten; null for `repaired`",
    ),
    ("position", pa.string(), False, "RUN:SEGMENT, the commit that brought it"),
    (
        "changed_columns",
        STRINGS,
        True,
        "the columns that differ from the revision before; null where that is not known",
    ),
    ("before", _ROW, True, "of the revision before, the columns that differ; null in `added`, `repaired`, `forgotten`"),
    ("after", _ROW, True, "the whole row, with province and year; null where the article is to be shown no more"),
)

Event = dict[str, Any]


def change(row: Mapping[str, Any], before: Mapping[str, Any] | None, *, followed: bool) -> Event | None:
    """The change that a row of articles is. None for the row that an article leaves in its old partition, where the next one
    in the new partition tells of the move (``followed``)."""
    if row["status"] == "moved" and followed:
        return None
    event: Event = {
        "change": _kind(row, before),
        "site": row["site"],
        "doc_id": row["doc_id"],
        "revision": row["revision"],
        "at": row["fetched_at"],
        "position": str(Position(row["run_id"], row["seq"])),
        "changed_columns": None,
        "before": None,
        "after": {name: row[name] for name in ROW} if row["status"] == "live" else None,
    }
    if before is not None:
        if before["status"] == "moved" and event["change"] == "moved":
            before = {**before, "status": "live"}  # it is a copy of the row that was live
        changed = [name for name in SEEN if before[name] != row[name]]
        event |= {"changed_columns": changed, "before": {name: before[name] for name in changed}}
    return event


def _kind(row: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    status = before["status"] if before is not None else None
    if row["status"] in ("gone", "moved"):
        return "withdrawn" if row["status"] == "gone" else "moved"
    if row["revision"] == 1 or row["revision_cause"] == "first":
        return "added"
    if row["revision_cause"] == "returned" or status == "gone":
        return "returned"
    return "moved" if status == "moved" else "edited" if row["revision_cause"] == "edited" else "reextracted"


def taken_out(kind: str, site: str, doc_id: str, position: Position, **facts: Any) -> Event:
    """A change that is no row of its own."""
    nothing = dict.fromkeys(("revision", "at", "changed_columns", "before", "after"))
    return {"change": kind, "site": site, "doc_id": doc_id, "position": str(position)} | nothing | facts
