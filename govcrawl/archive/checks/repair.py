"""Mending what ``verify`` finds. What cannot be read is moved to quarantine/, never deleted; what is derivable is derived
again: captures from article rows and WARC, article rows from WARC, attachments from WARC. What is lost for good is
written off in a run file, so that the next ``verify`` tells of new faults only, and asked again by the next crawl."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from govcrawl.archive import own_files, runs
from govcrawl.archive.checks.every import OF_A_SITE
from govcrawl.archive.checks.mending import Mending, Rules
from govcrawl.archive.compact import maintenance_report, new_run_id
from govcrawl.archive.lock import Locked, SiteLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcrawl.archive.checks.check import Check
    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.storage import Storage


def repair(storage: Storage, findings: Iterable[Finding], rules: Rules) -> Iterator[str]:
    """Mend what can be mended of these findings, site by site under its lock; says each step. Raises StorageError."""
    storage.prepare()
    by_site: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_site[finding.site].append(finding)
    for finding in by_site.pop("", []):
        name = finding.file
        # What lay in staging for long, the preparation above has swept.
        yield f"{name}: moved to {storage.quarantine(name)}" if storage.exists(name) else f"{name}: removed"
    for site, found in sorted(by_site.items()):
        lock = SiteLock(storage, site, new_run_id(storage, site))
        try:
            lock.acquire()
        except Locked as exc:
            yield f"{site}: not repaired, {exc}"
            continue
        run_id = new_run_id(storage, site)  # under the lock: dated after all that is committed
        work = Mending(storage, site, run_id, rules, lock.renew)
        try:
            for line in _repaired(work, found):
                lock.renew()
                yield line
        finally:
            work.close()
            lock.release()


def _repaired(work: Mending, found: list[Finding]) -> Iterator[str]:
    """Mend a site: each check in turn mends what it finds now, then each writes off what is left."""
    done: list[str] = []
    own_files.forget(work.storage, work.site)  # files may get another name or place
    for check in OF_A_SITE:
        for line in check.mend(work, _now(check, work, found)):
            done.append(line)
            work.changed()
            yield line
    for check in OF_A_SITE:
        for line in check.write_off(work, _now(check, work, found)):
            done.append(line)
            yield line
    if done:
        report = maintenance_report(work.site, work.run_id, "verify", repaired=done, **work.lost)
        runs.write(work.storage, work.site, work.run_id, report)


def _now(check: Check, work: Mending, found: list[Finding]) -> list[Finding]:
    """What a check finds in the site as it is now."""
    return [f for f in found if f.kind in check.kinds] if check.deep else list(check.find(work.look))
