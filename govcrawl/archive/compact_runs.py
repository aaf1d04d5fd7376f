"""Compaction of run files: those of a site that are older than a month become few, a run a line.

The merged file is staged, renamed and read back before the old ones are removed; it counts in their stead from the moment that it is
there (``runs``). ``verify`` reports old files that a kill has left, and the next compaction removes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.archive import runs
from govcrawl.archive.compact import Compacted, Scope, Sizes, days_ago, groups, new_run_id
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcrawl.archive.runs import RunFiles
    from govcrawl.archive.storage import Storage

SIZES = Sizes(small=256 << 10, large=4 << 20)
RECENT_DAYS = 30  # runs that people look at: theirs stay as they are


def compact_runs(storage: Storage, scope: Scope | None = None) -> Iterator[Compacted]:
    """Merge the run files of every site, each under its lock; of runs in scope, which names no partition. A site that a run
    holds is passed over and named. Raises StorageError; what was done stays valid."""
    scope = scope or Scope()
    before = min(scope.before or days_ago(RECENT_DAYS), days_ago(RECENT_DAYS))
    sites = {name.split("/")[1] for name in storage.files("runs") if name.count("/") == 2}
    for site in sorted(folder.removeprefix("site=") for folder in sites if folder.startswith("site=")):
        there = runs.files(storage, site)
        if not there.replaced and not list(_candidates(storage, site, there, Scope(before))):
            continue
        lock = SiteLock(storage, site, new_run_id(storage, site))
        try:
            lock.acquire()
        except Locked as exc:
            yield Compacted(site, locked=str(exc), dataset="run")
            continue
        try:
            yield _of_site(storage, site, Scope(before), lock.renew)
        finally:
            lock.release()


def _of_site(storage: Storage, site: str, scope: Scope, renew: Callable[[], None]) -> Compacted:
    there = runs.files(storage, site)
    before = after = rows = 0
    for name in there.runs if there.replaced else ():
        _read_back(storage, name)
    for name in there.replaced:
        storage.remove(name)
        before += 1
    for names in _candidates(storage, site, there, scope):
        rows += _merge(storage, there, names)
        before += len(names)
        after += 1
        renew()
    return Compacted(site, 1, before, after, rows, dataset="run")


def _candidates(storage: Storage, site: str, there: RunFiles, scope: Scope) -> Iterator[list[str]]:
    """Files that are to become one; what is no run file stays as it is, for ``verify``."""
    sizes = storage.sizes(f"runs/site={site}")
    fits = {name for name, ran in there.runs.items() if ran and _is_of(scope, ran)}
    for names in groups({name: sizes[name] for name in there.runs}, fits, SIZES):
        whole = [name for name in names if _is_whole(storage, name)]
        if len(whole) > 1:
            yield whole


def _is_of(scope: Scope, ran: list[str]) -> bool:
    try:
        return all(map(scope.is_of, ran))
    except ValueError:
        return False  # a stray file


def _is_whole(storage: Storage, name: str) -> bool:
    try:
        runs.read(storage, name)
    except ValueError:
        return False
    return True


def _merge(storage: Storage, there: RunFiles, names: list[str]) -> int:
    """Put one file in the place of these; returns how many runs it tells of. Raises StorageError."""
    ran = [run for name in names for run in there.runs[name]]
    new = f"{names[-1].rpartition('/')[0]}/{ran[-1]}{runs.MERGED}"
    storage.publish_stream(new, lambda out: out.writelines(runs.merged(storage, names, ran)))
    if len(_read_back(storage, new)) != len(ran):
        msg = f"{new} does not tell of {len(ran)} runs; nothing was removed: run scrapy verify"
        raise StorageError(msg)
    for name in names:
        if name != new:
            storage.remove(name)
    return len(ran)


def _read_back(storage: Storage, name: str) -> list[dict[str, object]]:
    try:
        return runs.read(storage, name)
    except ValueError as exc:
        msg = f"{name} is no run file ({exc}); run scrapy verify --repair, then compact again"
        raise StorageError(msg) from exc
