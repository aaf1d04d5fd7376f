"""What is known of a site's addresses: the newest row of captures for each, read back when a run starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.schema import AGAIN, CAPTURES, LANDING, RETRIED, SETTLED
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from govcrawl.archive.storage import Storage

_NOTHING_NEW = RETRIED | {"unchanged", "unreadable", "not_found", "given_up"}

# What a visit that brought nothing new leaves.
_LASTING = ("etag", "last_modified", "payload_digest", "text_hash", "revision", "form", "extractor")
# What a run need not have in memory of each address.
_STATE = [name for name in CAPTURES.names if name not in ("listed", "error")]


@dataclass(slots=True)
class Known:
    """One address. ``asked_at``: start of the run that asked last; ``settled_at``: of the run that first settled it.
    (Runs and not responses date these: a replayed response keeps its old date.) ``full_*``: the last full response,
    which revisits refer to. ``segment``: run and seq of its newest row in articles. ``missing``: visits in a row that did not find a landed article, since when; ``gone``: its
    withdrawal is in the archive."""

    doc_id: str
    url: str
    kind: str
    method: str
    channel: str | None
    listed_title: str | None
    listed_on: date | None
    outcome: str
    attempts: int
    asked_at: datetime
    settled_at: datetime | None = None
    alias_of: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_digest: str | None = None
    text_hash: str | None = None
    revision: int | None = None
    segment: tuple[str, int] | None = None
    bytes: int | None = None
    missing: int = 0
    missing_since: datetime | None = None
    gone: bool = False
    full_url: str | None = None
    full_at: datetime | None = None
    full_file: str | None = None
    full_offset: int | None = None
    form: str | None = None
    extractor: str | None = None
    part_of: str | None = None

    @property
    def settled(self) -> bool:
        return self.outcome in SETTLED

    @property
    def landed(self) -> bool:
        """Whether an article of this address is in the archive."""
        return self.revision is not None


def run_started(name: str) -> datetime:
    """When a run began, from its id ``<site>-<yyyymmddThhmmss><ms>Z-<random>`` or the name of one of its files. Raises
    ValueError for other names."""
    found = re.search(r"-(\d{8}T\d{9}Z)-", name.rsplit("/", 1)[-1])
    if found is None:
        msg = f"{name} is not named by a run"
        raise ValueError(msg)
    return datetime.strptime(found.group(1), "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


class State:
    """The known addresses of one site by doc_id."""

    def __init__(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        self._known: dict[str, Known] = {}
        self._texts: dict[str, str] = {}
        self._copies: dict[str, set[str]] = {}
        for row in rows:
            self.apply(row)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, doc_id: str) -> Known | None:
        return self._known.get(doc_id)

    def values(self) -> Iterable[Known]:
        return self._known.values()

    def with_text(self, text_hash: str) -> str | None:
        """doc_id of the first article that landed with this text."""
        return self._texts.get(text_hash)

    def other_addresses(self, doc_id: str) -> set[str]:
        """doc_ids of the addresses that lead to an article or repeat it."""
        return self._copies.get(doc_id, set())

    def resolve(self, doc_id: str) -> Known | None:
        """The address that an alias leads to, over at most a few steps."""
        known = self._known.get(doc_id)
        for _ in range(8):
            if known is None or known.outcome != "alias" or known.alias_of is None:
                break
            known = self._known.get(known.alias_of)
        return known

    def apply(self, row: Mapping[str, Any]) -> None:
        """Take in a row newer than those before it. A part says nothing of an article at the same address."""
        old = self._known.get(row["doc_id"])
        if old is not None and row["outcome"] == AGAIN:
            self._take(_read_again(old, row), old, row)
            return
        if old is not None and (old.kind == "part") != (row["kind"] == "part"):
            if row["kind"] == "part":
                return
            old = None
        new = _plain(row)
        _date_settling(new, old)
        _count_missing(new, old)
        _keep_article(new, old)
        _keep_places(new, old, row)
        self._take(new, old, row)

    def _take(self, new: Known, old: Known | None, row: Mapping[str, Any]) -> None:
        self._known[new.doc_id] = new
        self._link(new, old)
        if row["outcome"] in LANDING and new.text_hash and new.kind == "article":
            self._texts.setdefault(new.text_hash, new.doc_id)

    def _link(self, new: Known, old: Known | None) -> None:
        """Note which article an address leads to."""
        if old is not None and old.alias_of and old.alias_of != new.alias_of:
            self._copies.get(old.alias_of, set()).discard(new.doc_id)
        if new.alias_of:
            self._copies.setdefault(new.alias_of, set()).add(new.doc_id)


def _plain(row: Mapping[str, Any]) -> Known:
    """What a row says by itself."""
    return Known(
        row["doc_id"],
        row["url"],
        row["kind"],
        row["method"],
        row.get("channel"),
        row.get("listed_title"),
        row.get("listed_on"),
        row["outcome"],
        row["attempts"],
        run_started(row["run_id"]),
        alias_of=row.get("alias_of"),
        etag=row.get("etag"),
        last_modified=row.get("last_modified"),
        payload_digest=row.get("payload_digest"),
        text_hash=row.get("text_hash"),
        revision=row.get("revision"),
        bytes=row.get("bytes"),
        form=row.get("form"),
        extractor=row.get("extractor"),
        part_of=row.get("part_of"),
    )


def _read_again(old: Known, row: Mapping[str, Any]) -> Known:
    """What was known, read again by other rules. No visit: nothing was asked, found or missed."""
    new = replace(old, extractor=row.get("extractor"))
    if row.get("revision") is not None:
        new.revision, new.text_hash, new.form = row["revision"], row.get("text_hash"), row.get("form")
        new.segment = (row["run_id"], row["seq"])
    return new


def _date_settling(new: Known, old: Known | None) -> None:
    """An address is settled since the run that first settled it, also while later visits fail."""
    before = old.settled_at if old is not None else None
    if new.settled:
        new.settled_at = before or new.asked_at
    elif new.outcome in _NOTHING_NEW:
        new.settled_at = before


def _count_missing(new: Known, old: Known | None) -> None:
    """Visits in a row that did not find a landed article; one that failed counts for nothing."""
    if old is None:
        return
    if old.landed and new.outcome == "not_found":
        new.missing, new.missing_since = old.missing + 1, old.missing_since or new.asked_at
        new.gone = old.gone or new.revision is not None
    elif new.outcome in RETRIED:
        new.missing, new.missing_since, new.gone = old.missing, old.missing_since, old.gone


def _keep_article(new: Known, old: Known | None) -> None:
    """A visit that brought nothing new leaves what was known of the article."""
    if old is None or new.outcome not in _NOTHING_NEW:
        return
    for name in _LASTING:
        if getattr(new, name) is None:
            setattr(new, name, getattr(old, name))


def _keep_places(new: Known, old: Known | None, row: Mapping[str, Any]) -> None:
    """Where its newest row of articles lies, and its last full response, which a revisit refers to."""
    if row.get("revision") is not None:
        new.segment = (row["run_id"], row["seq"])
    elif old is not None:
        new.segment = old.segment
    full = row.get("warc_file") is not None and (row.get("status") or 0) == 200
    if old is not None and old.full_file and (not full or old.payload_digest == new.payload_digest):
        new.full_url, new.full_at = old.full_url, old.full_at
        new.full_file, new.full_offset = old.full_file, old.full_offset
    elif full:
        new.full_url, new.full_at = new.url, row["fetched_at"]
        new.full_file, new.full_offset = row["warc_file"], row["warc_offset"]


def read_rows(storage: Storage, files: Iterable[str], schema: pa.Schema = CAPTURES) -> Iterator[dict[str, Any]]:
    """Rows of a site's Parquet files in the order in which they were written, which is that of the names: they begin
    with run and segment. Raises StorageError naming a file that does not open."""
    columns = _STATE if schema is CAPTURES else None
    tables = [read_table(storage, name, schema, columns) for name in sorted(files, key=lambda n: n.rsplit("/", 1)[-1])]
    if not tables:
        return
    table = pa.concat_tables(tables)
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def read_table(storage: Storage, name: str, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(
            storage.path(name), filesystem=storage.fs, schema=schema, columns=columns, partitioning=None
        )
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} below {storage.root} is not readable ({exc}); move it away, then run again"
        raise StorageError(msg) from exc
