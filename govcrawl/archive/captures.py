"""What is known of an address, how each row of captures changes it, and how captures are read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.schema import AGAIN, BESIDE, CAPTURES, RETRIED, SETTLED
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from govcrawl.archive.storage import Storage

NOTHING_NEW = RETRIED | {"unchanged", "unreadable", "not_found", "given_up", "forgotten"}

# What a visit that brought nothing new leaves.
LASTING = ("etag", "last_modified", "payload_digest", "text_hash", "revision", "form", "extractor")
LISTED_HELD = 1_000  # characters; what a listing stated may be whole articles
# What says nothing of an address's state.
STATE = [name for name in CAPTURES.names if name not in ("error", "tls", "truncated")]


@dataclass(slots=True)
class Known:
    """One address. ``asked_at``: start of the run that asked last; ``settled_at``: of the run that first settled it.
    (Runs and not responses date these: a replayed response keeps its old date.) ``full_*``: the last full response,
    which revisits refer to. ``listed``: what a listing last stated of it, as JSON, or
    empty where that is long and to be read from captures. ``segment``: run and seq of its newest row in articles. ``missing``: visits in a row that did not find a landed article, since when; ``gone``: its
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
    listed: str | None = None

    @property
    def settled(self) -> bool:
        return self.outcome in SETTLED

    @property
    def landed(self) -> bool:
        """Whether an article of this address is in the archive."""
        return self.revision is not None


@lru_cache(maxsize=4096)
def run_started(name: str) -> datetime:
    """When a run began, from its id ``<site>-<yyyymmddThhmmss><ms>Z-<random>`` or the name of one of its files. Raises
    ValueError for other names."""
    found = re.search(r"-(\d{8}T\d{9}Z)-", name.rsplit("/", 1)[-1])
    if found is None:
        msg = f"{name} is not named by a run"
        raise ValueError(msg)
    return datetime.strptime(found.group(1), "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)


def newer(row: Mapping[str, Any], old: Known | None) -> Known | None:
    """What is known of an address after a row that is newer than what was known. None where the row changes nothing: a part
    or an example says nothing of an article at the same address."""
    if old is not None and row["outcome"] == AGAIN:
        return _read_again(old, row)
    if old is not None and (old.kind in BESIDE) != (row["kind"] in BESIDE):
        if row["kind"] in BESIDE:
            return None
        old = None
    new = _plain(row)
    _date_settling(new, old)
    _count_missing(new, old)
    _keep_article(new, old)
    _keep_places(new, old, row)
    if new.listed is None:
        new.listed = old.listed if old is not None else None
    elif len(new.listed) > LISTED_HELD:
        new.listed = ""
    return new


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
        listed=row.get("listed"),
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
    elif new.outcome in NOTHING_NEW:
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
    if old is None or new.outcome not in NOTHING_NEW:
        return
    for name in LASTING:
        if getattr(new, name) is None:
            setattr(new, name, getattr(old, name))


def _keep_places(new: Known, old: Known | None, row: Mapping[str, Any]) -> None:
    """Where its newest row of articles lies, and its last full response, which a revisit refers to."""
    if row.get("revision") is not None:
        new.segment = (row["run_id"], row["seq"])
    elif old is not None:
        new.segment = old.segment
    full = bool(row.get("warc_file")) and (row.get("status") or 0) == 200
    if old is not None and old.full_file and (not full or old.payload_digest == new.payload_digest):
        new.full_url, new.full_at = old.full_url, old.full_at
        new.full_file, new.full_offset = old.full_file, old.full_offset
    elif full:
        new.full_url, new.full_at = new.url, row["fetched_at"]
        new.full_file, new.full_offset = row["warc_file"], row["warc_offset"]


def in_order(names: Iterable[str]) -> list[str]:
    """Files in the order in which they were written: their names begin with run and segment."""
    return sorted(names, key=lambda n: n.rsplit("/", 1)[-1])


def read_rows(storage: Storage, files: Iterable[str], schema: pa.Schema = CAPTURES) -> Iterator[dict[str, Any]]:
    """Rows of a site's Parquet files in the order in which they were written. Raises StorageError naming a file that does
    not open."""
    columns = STATE if schema is CAPTURES else schema.names
    for batch in batches(storage, in_order(files), schema, columns):
        yield from batch.to_pylist()


def batches(
    storage: Storage, names: Iterable[str], schema: pa.Schema, columns: list[str], size: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """These columns of the rows of Parquet files, file by file; what a file of an earlier version lacks is null. Raises
    StorageError naming a file that does not open."""
    wanted = pa.schema([schema.field(n) for n in columns])
    for name in names:
        try:
            with storage.fs.open_input_file(storage.path(name)) as source:
                # Buffered before, all that was read of a file stays in memory to its end; a store far away needs it.
                file = pq.ParquetFile(source, pre_buffer=not storage.local)
                has = set(file.schema_arrow.names)
                there = [n for n in columns if n in has]
                for batch in file.iter_batches(size, columns=there, use_threads=False):
                    yield shaped(batch, wanted)
        except (OSError, pa.ArrowException, KeyError) as exc:
            raise unreadable(storage, name, exc) from exc


def shaped(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch as a schema has it; columns that it lacks are null."""
    if batch.schema.equals(schema, check_metadata=False):
        return batch
    have = set(batch.schema.names)
    arrays = [batch[f.name].cast(f.type) if f.name in have else pa.nulls(len(batch), f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def read_table(storage: Storage, name: str, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    try:
        return pq.read_table(
            storage.path(name), filesystem=storage.fs, schema=schema, columns=columns, partitioning=None
        )
    except (OSError, pa.ArrowException) as exc:
        raise unreadable(storage, name, exc) from exc


def unreadable(storage: Storage, name: str, error: Exception) -> StorageError:
    """The error of a file that cannot be read."""
    return StorageError(f"{name} below {storage.root} is not readable ({error}); move it away, then run again")
