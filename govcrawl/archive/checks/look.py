"""One site's files as they lie: read once, for all checks. What the memory holds is what a crawl's start holds: keys and
record places."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from govcrawl.archive import runs
from govcrawl.archive.checks.finding import REPAIR, Finding, Key, Segment
from govcrawl.archive.checks.reading import SchemaError, first_line, whole_batches
from govcrawl.archive.schema import ARTICLES, CAPTURES, LANDING
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import partition_of, segment
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcrawl.archive.checks.reading import Hashes
    from govcrawl.archive.segments import CapturesFiles
    from govcrawl.archive.storage import Storage

_READ = (
    "doc_id",
    "revision",
    "site",
    "url",
    "run_id",
    "seq",
    "attachments",
    "warc_file",
    "warc_offset",
    "payload_digest",
)


# Outcomes whose ``revision`` is a row that landed with them: the last two of an article that moved to another address, and of
# one whose new place a killed run did not write.
LANDED = (*LANDING, "not_found", "alias", "callback_error")


class Changed(Exception):
    """A file vanished while it was checked: a compaction ran. The site is checked again."""


class Place(NamedTuple):
    """Where a row says that its response lies, and what must be found there."""

    offset: int
    url: str
    digest: str | None
    named_in: str
    article: bool


@dataclass(slots=True)
class Losses:
    """What the run files of maintenance say is gone for good or was removed on purpose."""

    rows: set[Key] = field(default_factory=set)
    records: set[tuple[str, int]] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    by_run: Counter[str] = field(default_factory=Counter)

    def add(self, report: dict[str, Any]) -> None:
        self.by_run.update(report.get("rows_removed", {}))
        self.rows.update((d, r) for d, r in report.get("lost_rows", ()))
        self.records.update((f, o) for f, many in report.get("lost_records", {}).items() for o in many)
        self.files.update(report.get("lost_files", ()))

    def __len__(self) -> int:
        return len(self.rows) + len(self.records) + len(self.files)


class Look:
    """What is there of one site. ``problems`` are the findings that reading it brings by itself, by the folder that they are
    of. Raises Changed, StorageError."""

    def __init__(self, storage: Storage, site: str, hashes: Hashes) -> None:
        self.storage = storage
        self.site = site
        self.hashes = hashes
        self.files = self.rows = self.records = self.elsewhere = (
            0  # what was looked at; the last two by the checks of WARC
        )
        self.problems: dict[str, list[Finding]] = {"articles": [], "captures": [], "runs": []}
        self.names: list[str] = []  # files of articles
        self.keys: dict[Key, tuple[int, str]] = {}  # of articles → number of the file, run
        self.rows_of_run: Counter[str] = Counter()
        self.doubled: Counter[tuple[str, str]] = Counter()  # two files → keys that are in both
        self.segments: dict[Segment, str] = {}  # of articles' rows → one of their files
        self.marked: set[Segment] = set()  # segments that have captures
        self.replaced: dict[str, str] = {}  # captures files that do not count → the merged file that does
        self.stated: dict[Key, str] = {}  # of captures → their file
        self.places: dict[str, list[Place]] = defaultdict(list)  # by WARC file
        self.attached: dict[str, tuple[str | None, int | None, str, str]] = {}  # path → sha256, bytes, url, named in
        self.reports: dict[str, list[dict[str, Any]]] = {}  # what run files say, by their name
        self.losses = Losses()
        self._also: set[tuple[Key, str]] = set()
        self._read()

    def finding(self, kind: str, file: str, what: str, remedy: str = "", items: Iterable[Any] = ()) -> Finding:
        return Finding(kind, self.site, file, what, remedy or f"{REPAIR} {self.site}", tuple(items))

    def _read(self) -> None:
        # What a run commits meanwhile: its articles come before their captures, and its run file comes last. So run files
        # and captures are taken from before the articles, and marks from after them.
        self._read_reports()
        captures = set(self.storage.files(f"captures/site={self.site}"))
        self.names = [
            n for n in self.storage.files("articles", ".parquet") if site_of_file(self.storage, n) == self.site
        ]
        for number, name in enumerate(self.names):
            self._article_file(name, number)
        there = captures_files(self.storage, self.site, judge=True)
        if any(merged not in captures for merged in there.replaced.values()):
            raise Changed(min(there.replaced))
        self.replaced = there.replaced
        for name in sorted(captures - self.replaced.keys()):
            self._captures_file(name, there)
        for name in there.sizes.keys() - captures:
            self._mark(name, there)

    def _mark(self, name: str, there: CapturesFiles) -> None:
        for mark in there.marks_of(name):
            if (named := segment(mark)) is not None:
                self.marked.add(named[1:])

    def _problem(self, kind: str, name: str, what: str) -> None:
        self.problems[name.split("/", 1)[0]].append(self.finding(kind, name, what))

    def _read_reports(self) -> None:
        self.replaced_reports = runs.files(self.storage, self.site).replaced
        for name in self.storage.files(f"runs/site={self.site}"):
            if name in self.replaced_reports:
                continue
            try:
                self.reports[name] = runs.read(self.storage, name)
            except StorageError as exc:
                if self.storage.exists(name):
                    raise
                raise Changed(name) from exc
            except ValueError as exc:
                self._problem("run_file", name, f"it is no run file ({first_line(exc)})")
                continue
            for report in self.reports[name]:
                self.losses.add(report)

    def _article_file(self, name: str, number: int) -> None:
        self.files += 1
        if segment(name) is None:
            self._problem("name", name, "the name tells no site, run and segment")
        try:
            partition_of(name)
        except (KeyError, ValueError):
            self._problem("partition", name, "it lies in no province=…/year=… folder")
        strangers = 0
        try:
            for batch in whole_batches(self.storage, name, ARTICLES):
                rows = batch.select(_READ).to_pylist()
                strangers += sum(row["site"] != self.site for row in rows)
                for row in rows:
                    self._article_row(row, name, number)
        except SchemaError as exc:
            self._problem("schema", name, str(exc))
        except (OSError, pa.ArrowException) as exc:
            self._unreadable(name, exc)
        if strangers:
            self._problem("name", name, f"{strangers} of its rows belong to other sites than its name says")

    def _article_row(self, row: dict[str, Any], name: str, number: int) -> None:
        self.rows += 1
        key = (row["doc_id"], row["revision"])
        run = row["run_id"]
        before = self.keys.get(key)
        if before is None:
            self.keys[key] = (number, run)
            self.rows_of_run[run] += 1
        else:
            self.doubled[self.names[before[0]], name] += 1
            if run != before[1] and (key, run) not in self._also:
                self._also.add((key, run))
                self.rows_of_run[run] += 1
        self.segments.setdefault((run, row["seq"]), name)
        self._place(row, name, article=True)
        for file in row["attachments"] or ():
            if file["path"] or file["sha256"]:
                path = file["path"] or ""
                self.attached.setdefault(path, (file["sha256"], file["bytes"], file["url"], name))

    def _place(self, row: dict[str, Any], name: str, *, article: bool) -> None:
        if row["warc_file"] is not None and (row["warc_file"], row["warc_offset"]) not in self.losses.records:
            place = Place(row["warc_offset"] or 0, row["url"], row["payload_digest"], name, article)
            self.places[row["warc_file"]].append(place)

    def _captures_file(self, name: str, there: CapturesFiles) -> None:
        self.files += 1
        if not name.endswith(".parquet"):
            self._problem("stray", name, "no Parquet file, but readers of the folder open it")
            return
        named = segment(name)
        if named is None or named[0] != self.site or name.count("/") != 2:
            self._problem("name", name, "the name does not tell this site, a run and a segment")
            return
        try:
            for batch in whole_batches(self.storage, name, CAPTURES):
                for row in batch.to_pylist():
                    if row["revision"] is not None and row["outcome"] in LANDED:
                        self.stated[row["doc_id"], row["revision"]] = name
                    self._place(row, name, article=False)
            if name in there.damaged:
                self._problem("unreadable", name, first_line(there.damaged[name]))
            elif name in there.sizes:
                self._mark(name, there)
        except SchemaError as exc:
            self._problem("schema", name, str(exc))
        except (OSError, pa.ArrowException) as exc:
            self._unreadable(name, exc)

    def _unreadable(self, name: str, error: Exception) -> None:
        if self.storage.fs.get_file_info(self.storage.path(name)).type == fs.FileType.NotFound:
            raise Changed(name) from error
        self._problem("unreadable", name, f"it does not open ({first_line(error)})")


def site_of_file(storage: Storage, name: str) -> str:
    """The site of an article file: by its name, or by its first row where the name tells nothing."""
    if (named := segment(name)) is not None:
        return named[0]
    if not name.endswith(".parquet"):
        return ""
    try:
        batches = pq.ParquetFile(storage.path(name), filesystem=storage.fs).iter_batches(batch_size=1, columns=["site"])
        return str(next(iter(batches))["site"][0])
    except (OSError, pa.ArrowException, KeyError, IndexError, StopIteration):
        return ""
