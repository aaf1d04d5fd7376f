"""The check of what is derived from captures beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.archive import own_files
from govcrawl.archive.checks.check import Check
from govcrawl.archive.levels import fault, folder_of
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class Snapshot(Check):
    kinds = ("state",)
    looks_at = "the snapshot of what is known of addresses (state/), held against the captures that it covers, and provinces noted"
    mended = "removed; the site's next run makes it anew"
    unfinished = True

    def find(self, look: Look) -> Iterator[Finding]:
        try:
            what = fault(look.storage, look.site) or own_files.fault(look.storage, look.site, look.names)
        except StorageError as exc:
            what = "" if look.problems["captures"] else str(exc)  # captures that do not open are told of there
        if what:
            yield look.finding("state", folder_of(look.site), what)

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for finding in found:
            for name in list(work.storage.files(finding.file)):
                work.storage.remove(name)
            yield f"{finding.file}: removed"
