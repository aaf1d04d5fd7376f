"""The check of keys: each (doc_id, revision) once in a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.finding import REPAIR
from govcrawl.archive.compact import remove_doubled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class DoubledKeys(Check):
    kinds = ("doubled_key",)
    looks_at = "the keys (doc_id, revision) of the site's rows"
    mended = "the newest row of each key stays, as after scrapy compact"
    unfinished = True

    def find(self, look: Look) -> Iterator[Finding]:
        for (one, other), count in sorted(look.doubled.items()):
            what = f"{count} keys (doc_id, revision) are in {one} too"
            yield look.finding("doubled_key", other, what, f"scrapy compact or {REPAIR} {look.site} leaves each once")

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        """Rows that are there several times, as a run left them whose commit failed and was tried again."""
        if not found:
            return
        done = remove_doubled(work.storage, work.site, work.renew)
        if done.doubled:
            yield f"{work.site}: {done.doubled} doubled rows removed, {done.before} files became {done.after}"
