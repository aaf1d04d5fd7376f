"""The check of what scrapy forget took out: tombstones that can be read, removals that were finished, nothing that is
back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from govcrawl.archive import forgotten
from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.finding import REPAIR
from govcrawl.archive.compact import new_run_id
from govcrawl.archive.family import known
from govcrawl.archive.forget import begin, finish, unfinished
from govcrawl.archive.lock import Locked
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class Erased(Check):
    kinds = ("forgotten",)
    looks_at = (
        "what scrapy forget took out: its tombstones, removals that were begun and not finished, rows that are back"
    )
    mended = "the removal is finished, or made again; a tombstone that cannot be read is restored by hand"

    def find(self, look: Look) -> Iterator[Finding]:
        try:
            stones = forgotten.tombstones(look.storage, [look.site])
        except StorageError as exc:
            remedy = "crawls of the site fail until it is there again"
            yield look.finding("forgotten", f"{forgotten.FOLDER}/site={look.site}", str(exc), remedy)
            return
        back = {document for document, _ in (*look.keys, *look.stated)} & stones.keys()
        if back:
            what = f"{len(back)} forgotten articles are back, first {min(back)}"
            yield look.finding("forgotten", f"{forgotten.FOLDER}/site={look.site}", what, items=sorted(back))

    @staticmethod
    def begun(look: Look) -> Iterator[Finding]:
        """Removals that were begun and are not finished."""
        for name in unfinished(look.storage, look.site):
            what = "the removal was begun and not finished; the rest of the site is looked at afterwards"
            yield look.finding("forgotten", name, what, f"the site's next crawl finishes it, or {REPAIR} {look.site}")

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        try:
            yield from self._taken_out(work)
        except Locked as exc:
            yield f"{work.site}: what scrapy forget took out waits, {exc}"

    def _taken_out(self, work: Mending) -> Iterator[str]:
        if finish(work.storage, work.site, work.renew):
            work.changed()
            yield f"{work.site}: what scrapy forget had begun to take out is taken out"
        back = [key for finding in self.find(work.look) for key in finding.items]
        stones = forgotten.tombstones(work.storage, [work.site]) if back else {}
        by_reason: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        articles = {stones[key].article for key in back}
        for stone in stones.values():
            if stone.article in articles:
                by_reason[stone.reason][stone.doc_id] = (stone.kind, stone.article)
        for reason, members in sorted(by_reason.items()):
            begin(work.storage, known(work.storage, work.site, members), reason, new_run_id(work.storage, work.site))
        if finish(work.storage, work.site, work.renew):
            yield f"{work.site}: {len(back)} forgotten articles taken out again"
