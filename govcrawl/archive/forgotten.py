"""What `scrapy forget` took out of the archive: tombstones that name addresses by their key alone, never words of a
page."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from govcrawl.archive.schema import FORGOTTEN
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from datetime import datetime

    from govcrawl.archive.storage import Storage

FOLDER = "forgotten"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One address that is in the archive no more: the columns of ``schema.FORGOTTEN``, and its site."""

    doc_id: str
    kind: str
    article: str
    reason: str
    landed: tuple[str, ...]
    forgotten_at: datetime
    run_id: str
    site: str


def tombstones(storage: Storage, sites: Collection[str] | None = None) -> dict[str, Tombstone]:
    """The newest tombstone of each doc_id, of all sites or some of them. Raises StorageError naming a file that does
    not open."""
    found: dict[str, Tombstone] = {}
    for name in names(storage, sites):
        for stone in read(storage, name):
            before = found.get(stone.doc_id)
            if before is None or before.forgotten_at <= stone.forgotten_at:
                found[stone.doc_id] = stone
    return found


def never_asked(storage: Storage) -> frozenset[str]:
    """doc_ids of forgotten articles and of the addresses that led to them. (Their parts and attachments are asked for
    where another article has them.) Raises StorageError."""
    return frozenset(s.doc_id for s in tombstones(storage).values() if s.kind in ("article", "alias", "duplicate"))


def names(storage: Storage, sites: Collection[str] | None = None) -> Iterator[str]:
    """The dataset's files: forgotten/site=…/<run_id>.parquet."""
    for name in storage.files(FOLDER, ".parquet"):
        if name.count("/") == 2 and (sites is None or site_of(name) in sites):
            yield name


def site_of(name: str) -> str:
    """The site of one of the dataset's files."""
    return name.split("/")[1].removeprefix("site=")


def read(storage: Storage, name: str) -> list[Tombstone]:
    """The rows of one file. Raises StorageError."""
    try:
        table = pq.read_table(storage.path(name), filesystem=storage.fs, schema=FORGOTTEN, partitioning=None)
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} below {storage.root} is not readable ({exc}); restore it from a backup, or forget again"
        raise StorageError(msg) from exc
    rows = (row | {"landed": tuple(row["landed"]), "site": site_of(name)} for row in table.to_pylist())
    return [Tombstone(**row) for row in rows]


def write(storage: Storage, stones: Iterable[Tombstone]) -> None:
    """Publish the tombstones of one run in one site, as one file. Raises StorageError."""
    rows = list(stones)
    buffer = BytesIO()
    table = pa.Table.from_pylist([{n: getattr(s, n) for n in FORGOTTEN.names} for s in rows], schema=FORGOTTEN)
    pq.write_table(table, buffer, compression="zstd", write_page_checksum=True)
    storage.publish(f"{FOLDER}/site={rows[0].site}/{rows[0].run_id}.parquet", buffer.getvalue())
