"""Checks of single files: Parquet that does not open, wrong names and places, run files, what was left in staging."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.finding import REPAIR
from govcrawl.archive.checks.reading import SchemaError, whole_batches
from govcrawl.archive.compact import file_name
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.site import owner_of_staged, partition_of, segment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding, Segment
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class ParquetFiles(Check):
    kinds = ("unreadable", "schema", "partition", "name", "stray")
    looks_at = "every page and column of the files of articles and captures, their names and folders"
    mended = "moved to quarantine/, or renamed where only the name is wrong; what was in them is derived again below"

    def find(self, look: Look) -> Iterator[Finding]:
        yield from look.problems["articles"]
        yield from look.problems["captures"]

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        moved: set[str] = set()
        for finding in found:
            name = finding.file
            if name in moved:
                continue
            moved.add(name)
            yield self._renamed(work, name) if finding.kind == "name" else work.quarantine(name)

    def _renamed(self, work: Mending, name: str) -> str:
        """Give a readable file the name of its rows' segment."""
        dataset = name.split("/", 1)[0]
        schema = ARTICLES if dataset == "articles" else CAPTURES
        segments: set[Segment] = set()
        try:
            if dataset == "articles":
                partition_of(name)
            for batch in whole_batches(work.storage, name, schema):
                if dataset == "articles" and pc.any(pc.not_equal(batch["site"], work.site)).as_py():
                    return work.quarantine(name)
                segments.update(zip(batch["run_id"].to_pylist(), batch["seq"].to_pylist(), strict=True))
        except (SchemaError, OSError, pa.ArrowException, KeyError, ValueError):
            return work.quarantine(name)
        folder = name.rsplit("/", 1)[0] if dataset == "articles" else f"captures/site={work.site}"
        if len(segments) == 1:
            new = f"{folder}/{file_name(*segments.pop())}"
        elif dataset == "articles":
            # Rows of several segments, as compaction leaves them: a segment of its own, marked by empty captures.
            own = work.next_segment()
            work.write_captures([], *own)
            new = f"{folder}/{file_name(*own)}"
        else:
            return work.quarantine(name)
        if segment(new) is None or (segment(new) or ("",))[0] != work.site:
            return work.quarantine(name)
        work.storage.move(name, new)
        return f"{name}: renamed to {new}"


class Replaced(Check):
    kinds = ("replaced",)
    looks_at = "captures files and run files that a merged one replaces: a compaction which was killed leaves them"
    mended = "removed, where the merged file could be read to its end"
    unfinished = True

    def find(self, look: Look) -> Iterator[Finding]:
        remedy = f"scrapy compact removes it, or {REPAIR} {look.site}"
        for name, merged in look.replaced.items():
            yield look.finding("replaced", name, f"it does not count, its rows are in {merged} too", remedy)
        for name in look.replaced_reports:
            yield look.finding("replaced", name, "it does not count, a merged run file tells the same", remedy)

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for finding in found:
            work.storage.remove(finding.file)
            yield f"{finding.file}: removed"


class RunFiles(Check):
    kinds = ("run_file",)
    looks_at = "the run files: JSON, and every part of them that is read somewhere"
    mended = "moved to quarantine/; the next crawl walks on to the end of its channels"

    def find(self, look: Look) -> Iterator[Finding]:
        yield from look.problems["runs"]

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for finding in found:
            yield work.quarantine(finding.file)


class Staging(Check):
    kinds = ("staging",)
    looks_at = "files that a run which was killed left in staging/"
    mended = "removed: nothing of them counts"
    unfinished = True

    def find(self, look: Look) -> Iterator[Finding]:
        for name in list(look.storage.files("staging")):
            if owner_of_staged(name) == look.site:
                remedy = f"the site's next crawl removes it, or {REPAIR} {look.site}"
                yield look.finding("staging", name, "left by a run that was killed", remedy)

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for finding in found:
            work.storage.remove(finding.file)
            yield f"{finding.file}: removed"
