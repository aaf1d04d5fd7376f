"""Checks of the recording: the records that rows name, and the ends of its files."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from govcrawl.addresses import doc_id
from govcrawl.archive import runs
from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.reading import open_place, record_at, whole_until
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look, Place
    from govcrawl.archive.checks.mending import Mending
    from govcrawl.archive.checks.reading import Record
    from govcrawl.archive.storage import Storage

_RESTORE = "restore the file from a backup; scrapy verify --repair writes the records off"


class Records(Check):
    kinds = ("record",)
    looks_at = "the WARC record that each row names: a whole response, of the row's address, with its digest"
    mended = "written off: nothing else holds what was recorded"
    deep = True

    def find(self, look: Look) -> Iterator[Finding]:
        for name in sorted(look.places):
            places = look.places[name]
            with _opened(look.storage, name) as stream:
                if stream is not None:
                    yield from self._compared(look, stream, name, places)
                elif name.startswith("warc/"):
                    offsets = sorted({p.offset for p in places})
                    what = f"the file is not there; {len(places)} rows name it, as {places[0].named_in}"
                    yield look.finding("record", name, what, _RESTORE, offsets)
                else:
                    look.elsewhere += len(places)

    def _compared(self, look: Look, stream: Any, name: str, places: list[Place]) -> Iterator[Finding]:
        problems: dict[str, list[Place]] = defaultdict(list)
        places.sort(key=lambda p: (p.offset, p.url))
        last = -1
        read: Record | None = None
        for place in places:
            if place.offset != last:
                look.records += 1
                last, read = place.offset, record_at(stream, place.offset)
            if (problem := _mismatch(place, read)) is not None:
                problems[problem].append(place)
        for problem, bad in sorted(problems.items()):
            first = bad[0]
            what = f"{problem}: {len(bad)} rows, first {first.url} at offset {first.offset} in {first.named_in}"
            yield look.finding("record", name, what, _RESTORE, sorted({p.offset for p in bad}))

    def write_off(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        lost: dict[str, set[int]] = defaultdict(set)
        for finding in found:
            lost[finding.file].update(finding.items)
        work.lost["lost_records"] = {name: sorted(offsets) for name, offsets in lost.items()}
        for name, offsets in lost.items():
            yield f"{name}: {len(offsets)} records are lost"


class WarcEnds(Check):
    kinds = ("warc_cut",)
    looks_at = "the ends of WARC files: whole records to the last byte, of a killed run to its last commit"
    mended = "what is no whole record is moved to quarantine/"
    unfinished = True
    deep = True

    def find(self, look: Look) -> Iterator[Finding]:
        ended = runs.ids(look.storage, look.site)
        for name in look.storage.files(f"warc/site={look.site}", ".gz"):
            last = max((p.offset for p in look.places.get(name, ())), default=None)
            with _opened(look.storage, name) as stream:
                if stream is not None:
                    yield from self._tail(look, stream, name, last, killed=_run_of(name) not in ended)

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for finding in found:
            yield from self._cut(work, finding.file, finding.items[0])

    def _cut(self, work: Mending, name: str, end: int) -> Iterator[str]:
        """Keep the whole records of a WARC file; what follows goes to quarantine."""
        with open_place(work.storage, name) as stream:
            size = stream.size()
            if size and (whole_until(stream, end).members or end == size):
                return
            stream.seek(end)
            tail = stream.read()
        if end == 0:
            yield work.quarantine(name)
            return
        work.storage.publish(f"quarantine/{name}.from-{end}", tail)
        work.storage.truncate(name, end)
        yield f"{name}: {size - end} bytes after its last whole record moved to quarantine/{name}.from-{end}"

    def _tail(self, look: Look, stream: Any, name: str, last: int | None, *, killed: bool) -> Iterator[Finding]:
        """The end of a file, after the last record that a row names. What a killed run (one without a run file) wrote after
        its last commit counts for nothing, whole or cut: its pages are asked again. A committed response has its request
        behind it."""
        size = stream.size()
        if killed and last is None:
            return
        end = whole_until(stream, last or 0, most=2 if killed else None)
        if killed and end.members == 2:
            return
        if not size:
            yield look.finding("warc_cut", name, "it is empty", items=[0])
        elif end.offset < size:
            what = f"it is cut: {size - end.offset} bytes after offset {end.offset} are no whole record"
            yield look.finding("warc_cut", name, what, items=[end.offset])


@contextmanager
def _opened(storage: Storage, name: str) -> Iterator[Any]:
    """A WARC file, or None where it is not there."""
    stream = open_place(storage, name)
    try:
        if stream is None:
            yield None
            return
        with stream:
            yield stream
    except OSError as exc:
        msg = f"cannot read {name} below {storage.root} ({exc})"
        raise StorageError(msg) from exc


def _mismatch(place: Place, record: Record | None) -> str | None:
    if record is None:
        return "no whole response record begins there"
    if doc_id(record.url) != doc_id(place.url):
        return "the record there is of another address"
    if place.article and record.revisit:
        return "the record there is a revisit, not the full response"
    if place.digest is not None and record.digest != place.digest:
        return "the payload there has another digest"
    return None


def _run_of(name: str) -> str:
    """The run that a WARC file's name states."""
    return name.rsplit("/", 1)[-1].rsplit("-", 1)[0]
