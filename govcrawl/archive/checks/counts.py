"""The check of counts: run files against the rows of their run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from govcrawl.archive.checks.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class RunRows(Check):
    kinds = ("run_rows",)
    looks_at = "the number of rows that each run file says landed"
    mended = "rows that are missing are written off; rows too many are told until somebody looks"

    def find(self, look: Look) -> Iterator[Finding]:
        for name, report in ((name, report) for name, many in look.reports.items() for report in many):
            run, stated = report["run_id"], sum(n for years in report["landed"].values() for n in years.values())
            have, removed = look.rows_of_run[run], look.losses.by_run[run]
            if not stated - removed <= have <= stated:
                what = f"the run landed {stated} article rows, the archive holds {have}"
                what += f" and {removed} were removed" if removed else ""
                yield look.finding("run_rows", name, what, items=[run, stated - removed - have])

    def write_off(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        short: Counter[str] = Counter()
        for finding in found:
            run, missing = finding.items
            short[run] += max(missing, 0)
        work.lost["rows_removed"] = dict(+short)
        if (more := sum(short.values()) - len(work.lost["lost_rows"])) > 0:
            yield f"{work.site}: {more} more rows are lost; the next crawl asks for those whose addresses the WARC tells"
