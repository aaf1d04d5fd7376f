"""Which articles of a site are to be read again, and their pieces."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.addresses import doc_id
from govcrawl.archive import forgotten, listed, runs
from govcrawl.archive.articles import rows_at
from govcrawl.archive.captures import read_table
from govcrawl.archive.schema import ADDED, AGAIN, ARTICLES, CAPTURES
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import STORED, partition_of, segment_of
from govcrawl.archive.storage import StorageError
from govcrawl.extraction import is_older
from govcrawl.reextract.piece import Piece, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from govcrawl.archive.captures import Known
    from govcrawl.archive.state import State
    from govcrawl.archive.storage import Storage
    from govcrawl.reextract.facts import Sites

GATHERED = 2000  # rows that are in memory at a time, to be put into the order of their WARC files
PIECE = 200  # pages of a piece: a second or two of work
_INDEX = ["doc_id", "revision", "status", "published_on", "fetched_at", "extractor"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which articles: published since a day (undated ones: fetched since), read by rules older than a version."""

    since: date | None = None
    older_than: str | None = None

    def holds(self, day: date | None, *extractors: str | None) -> bool:
        """Whether an article of a day that these rules have read is in it."""
        old = self.older_than is None or all(is_older(rules, self.older_than) for rules in extractors)
        return old and (self.since is None or (day is not None and day >= self.since))


@dataclass(slots=True)
class _Kept:
    """What captures keep that the state of a crawl has not in memory: files that tell what listings stated, by doc_id;
    addresses whose captures are of the version before, which kept none; records of bodies that were cut; and what
    re-extractions have read, by run."""

    stated: dict[str, str] = field(default_factory=dict)
    unkept: set[str] = field(default_factory=set)
    truncated: set[tuple[str, int]] = field(default_factory=set)
    again: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Plan:
    """The articles of a site in scope. ``total``: how many there are to read; ``before``: how many an unfinished run has read
    by today's rules; ``lost``: those whose captures are not there, by address. Raises StorageError."""

    def __init__(self, storage: Storage, site: str, state: State, scope: Scope, run: str) -> None:
        self.storage, self.site, self.state, self.scope, self.run = storage, site, state, scope, run
        self.lost: list[str] = []
        self._kept = _kept(storage, site)
        done = set(self._done())
        self.resumed = len(done)
        self._left = done | forgotten.tombstones(storage, {site}).keys()
        self._files = self._chosen()
        self._unread = [k for k in state.values() if self._is_unread(k)]
        self.total = sum(map(len, self._files.values())) + len(self._unread)

    def pieces(self, sites: Sites, frames: int, pages: int) -> Iterator[Piece]:
        """The work, lazily: a few thousand rows are in memory at a time."""
        root = self.storage.base if self.storage.local else self.storage.root
        gathered: list[tuple[str, Wanted]] = []
        facts = rendered = None
        for place in self._places(sites):
            gathered.append(place)
            if facts is None:
                facts = sites.of(self.site, place[1].known.url)
                rendered = sites.is_rendered(self.site)
            if len(gathered) >= GATHERED:
                yield from _cut(gathered, root, self.run, facts, bool(rendered), frames, pages)
                gathered = []
        if facts is not None:
            yield from _cut(gathered, root, self.run, facts, bool(rendered), frames, pages)

    # What is read again

    def _done(self) -> Iterator[str]:
        """What runs that did not come to their end have read by today's rules, since the last one that did."""
        again = self._kept.again
        closed = ""
        for report in runs.newest_first(self.storage, self.site) if again else ():
            if report["run_id"] < min(again):
                break
            if _came_through(report):
                closed = report["run_id"]
                break
        for run, documents in again.items():
            if run > closed:
                yield from documents

    def _chosen(self) -> dict[str, list[int]]:
        """Numbers of the rows to read again, by their file."""
        names = [n for n in self.storage.files("articles", ".parquet") if (s := segment_of(n)) and s[0] == self.site]
        tables = []
        for number, name in enumerate(names):
            table = read_table(self.storage, name, ARTICLES, _INDEX)
            where = pa.array([number] * len(table), pa.int32()), pa.array(range(len(table)), pa.int32())
            tables.append(table.append_column("file", where[0]).append_column("row", where[1]))
        chosen: dict[str, list[int]] = defaultdict(list)
        if not tables:
            return chosen
        for batch in _newest(pa.concat_tables(tables)).to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                if self._is_wanted(row):
                    chosen[names[row["file"]]].append(row["row"])
        return chosen

    def _is_wanted(self, row: dict[str, Any]) -> bool:
        if row["doc_id"] in self._left:
            return False
        known = self.state.get(row["doc_id"])
        # A run that was cut off between two partitions left `moved` as the newest row; the other one is made now.
        torn = row["status"] == "moved" and known is not None and known.outcome == "callback_error"
        if row["status"] != "live" and not torn:
            return False
        day = row["published_on"] or row["fetched_at"].astimezone(UTC).date()
        return torn or self.scope.holds(
            day, row["extractor"], *([known.extractor] if known and known.extractor else ())
        )

    def _is_unread(self, known: Known) -> bool:
        """Whether it is a page of which nothing has landed, since nothing could be read."""
        if (
            known.doc_id in self._left
            or known.outcome != "unreadable"
            or known.landed
            or known.kind != "article"
            or known.method != "GET"
        ):
            return False
        day = known.listed_on or (known.full_at.date() if known.full_at else None)
        return known.full_file is not None and self.scope.holds(day, known.extractor)

    # How it is read

    def _places(self, sites: Sites) -> Iterator[tuple[str, Wanted]]:
        """Each page with its WARC file."""
        for name, numbers in sorted(self._files.items()):
            for rows in _rows(self.storage, name, sorted(numbers)):
                stated = self._stated({row["doc_id"] for row in rows})
                for row in rows:
                    known = self.state.get(row["doc_id"])
                    if known is None or doc_id(known.url) != row["doc_id"]:
                        self.lost.append(row["url"])
                        continue
                    region = sites.region(self.site, row["channel"], known.url)
                    place = row["warc_file"] or "", row["warc_offset"] or 0
                    yield place[0], self._wanted(known, row, place, stated.get(known.doc_id, {}), region)
        stated = self._stated({known.doc_id for known in self._unread})
        for known in self._unread:
            assert known.full_file is not None
            assert known.full_offset is not None
            region = sites.region(self.site, known.channel, known.url)
            place = known.full_file, known.full_offset
            yield place[0], self._wanted(known, None, place, stated.get(known.doc_id, {}), region)

    def _wanted(
        self,
        known: Known,
        row: dict[str, Any] | None,
        place: tuple[str, int],
        stated: dict[str, Any],
        region: str | None,
    ) -> Wanted:
        return Wanted(
            known,
            row["url"] if row is not None else known.full_url or known.url,
            place[1],
            row["payload_digest"] if row is not None else known.payload_digest,
            row["fetched_at"] if row is not None else known.full_at or known.asked_at,
            row,
            stated,
            not stated and known.doc_id in self._kept.unkept,
            region,
            place in self._kept.truncated,
        )

    def _stated(self, documents: set[str]) -> dict[str, dict[str, Any]]:
        """What listings stated of these articles, by doc_id."""
        files: dict[str, set[str]] = defaultdict(set)
        for document in documents:
            if (name := self._kept.stated.get(document)) is not None:
                files[name].add(document)
        found: dict[str, dict[str, Any]] = {}
        for name, inside in files.items():
            table = read_table(self.storage, name, CAPTURES, ["doc_id", "listed"])
            among = pc.is_in(pc.field("doc_id"), pa.array(sorted(inside)))
            for row in table.filter(among & pc.is_valid(pc.field("listed"))).to_pylist():
                found[row["doc_id"]] = listed.loads(row["listed"])
        return found


def _kept(storage: Storage, site: str) -> _Kept:
    found = _Kept()
    columns = ["doc_id", "kind", "outcome", "extractor", "run_id", "truncated", "warc_file", "warc_offset", "listed"]
    for name in captures_files(storage, site).sizes:
        table = read_table(storage, name, CAPTURES, columns)
        articles = table.filter(pc.field("kind") == "article")
        for document in articles.filter(pc.is_valid(pc.field("listed")))["doc_id"].to_pylist():
            found.stated[document] = name
        if "listed" not in _columns(storage, name):
            found.unkept.update(articles["doc_id"].to_pylist())
        cut = articles.filter(pc.field("truncated"))
        found.truncated.update(zip(cut["warc_file"].to_pylist(), cut["warc_offset"].to_pylist(), strict=True))
        for row in articles.filter(pc.field("outcome") == AGAIN).select(["doc_id", "extractor", "run_id"]).to_pylist():
            if not is_older(row["extractor"]):
                found.again[row["run_id"]].append(row["doc_id"])
    return found


def _columns(storage: Storage, name: str) -> list[str]:
    try:
        return list(pq.read_schema(storage.path(name), filesystem=storage.fs).names)
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} below {storage.root} is not readable ({exc}); move it away, then run again"
        raise StorageError(msg) from exc


def _came_through(report: dict[str, Any]) -> bool:
    """Whether a run was a re-extraction that came to its end."""
    told = report.get("reextract")
    return isinstance(told, dict) and told.get("through") is True


def _newest(rows: pa.Table) -> pa.Table:
    """The newest row of each doc_id."""
    rows = rows.sort_by([("doc_id", "ascending"), ("revision", "descending")])
    ids = rows["doc_id"].combine_chunks()
    first = pc.not_equal(ids[1:], ids[:-1])
    return rows.filter(pa.concat_arrays([pa.array([True]), first])) if len(rows) else rows


def _rows(storage: Storage, name: str, numbers: list[int]) -> Iterator[list[dict[str, Any]]]:
    """These rows of an article file with their partition, a batch of them at a time. Raises StorageError."""
    where = partition_of(name)
    if missing := set(STORED) - ADDED - set(_columns(storage, name)):
        msg = f"{name} below {storage.root} lacks {', '.join(sorted(missing))}; run scrapy verify --repair, then again"
        raise StorageError(msg)
    try:
        for batch in rows_at(storage, name, np.array(numbers), STORED):
            yield [row | where for row in batch.to_pylist()]
    except (OSError, pa.ArrowException) as exc:
        msg = f"{name} below {storage.root} is not readable ({exc}); run scrapy verify --repair, then again"
        raise StorageError(msg) from exc


def _cut(
    gathered: Iterable[tuple[str, Wanted]], root: str, run: str, site: Any, rendered: bool, frames: int, pages: int
) -> Iterator[Piece]:
    """Pages as pieces of one WARC file each, in the order of the files."""
    files: dict[str, list[Wanted]] = defaultdict(list)
    for name, wanted in gathered:
        files[name].append(wanted)
    for name, inside in sorted(files.items()):
        inside.sort(key=lambda wanted: wanted.offset)
        for at in range(0, len(inside), PIECE):
            yield Piece(root, run, site, name, tuple(inside[at : at + PIECE]), rendered, frames, pages)
