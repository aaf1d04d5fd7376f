"""The article files of one site, found without a listing of all sites': they lie in the provinces that the site has written to.

A file in ``state/site=<site>/`` (JSON) names these, and the digest of the site's marks. It is published before the first article
file goes to a province that it lacks, and at the end of a run. It is derived and never a second truth: it counts only where the
digest is that of the marks which are there. Where it is gone or damaged, where a run was killed after a commit, and where captures were
lost or put back, the files of all sites are listed, and it is made anew.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from govcrawl.archive.captures import in_order
from govcrawl.archive.segments import captures_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from govcrawl.archive.storage import Storage

SUFFIX = "-provinces"


class OwnFiles:
    """The article files of a site, under its lock. ``marks``: the names of the captures files of its segments. ``is_own``: which
    files are the site's. Every method raises StorageError."""

    def __init__(
        self, storage: Storage, site: str, run_id: str, marks: Iterable[str], is_own: Callable[[str], bool]
    ) -> None:
        self._storage, self._site, self._run_id = storage, site, run_id
        self._marks, self._is_own = list(marks), is_own
        self._recorded = recorded(storage, site)
        self._provinces: set[str] | None = None
        if self._recorded is not None and self._recorded["marks"] == digest(self._marks):
            self._provinces = set(self._recorded["provinces"])
        self._names: list[str] | None = None
        self._written = 0

    def names(self) -> list[str]:
        """Once listed they are kept: nobody else changes them."""
        if self._names is None:
            folders = ["articles"]
            if self._provinces is not None:
                folders = [f"articles/province={one}" for one in sorted(self._provinces)]
            every = (name for folder in folders for name in self._storage.files(folder, ".parquet"))
            self._names = list(filter(self._is_own, every))
            if self._provinces is None:
                self._provinces = provinces_of(self._names)
        return self._names

    def list_again(self) -> None:
        """Say that files were replaced within their folders."""
        self._names = None

    def before(self, provinces: Iterable[str]) -> None:
        """Say that files are to be published in these provinces."""
        self.names()
        assert self._provinces is not None
        if more := set(provinces) - self._provinces:
            self._provinces |= more
            self._write()

    def committed(self, names: Iterable[str], mark: str) -> None:
        """Say that a segment is published."""
        self.names().extend(names)
        self._marks.append(mark)

    def ended(self) -> None:
        """Say that all segments of a run are published."""
        if self._recorded != self._now():
            self._write()

    def _now(self) -> dict[str, Any]:
        self.names()
        return {"provinces": sorted(self._provinces or ()), "marks": digest(self._marks)}

    def _write(self) -> None:
        before = _files(self._storage, self._site)
        self._written += 1
        name = f"state/site={self._site}/{self._run_id}-{self._written:05d}{SUFFIX}"
        now = self._now()
        self._storage.publish(name, json.dumps(now).encode())
        self._recorded = now
        for old in before:
            self._storage.remove(old)


def recorded(storage: Storage, site: str) -> dict[str, Any] | None:
    """What is noted of a site; None where nothing is, or it is damaged."""
    for name in _files(storage, site)[-1:]:
        try:
            facts = json.loads(storage.read(name))
            return {"provinces": sorted(map(str, facts["provinces"])), "marks": str(facts["marks"])}
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
    return None


def fault(storage: Storage, site: str, names: Iterable[str]) -> str:
    """What is wrong where what is noted of a site counts: it lacks a province of its article files, since a run of an earlier
    program was killed in its first segment. Raises StorageError."""
    noted = recorded(storage, site)
    if noted is None or noted["marks"] != digest(mark for mark, _ in captures_files(storage, site).marks()):
        return ""
    lacking = sorted(provinces_of(names) - set(noted["provinces"]))
    return f"it lacks provinces with article files of the site: {', '.join(lacking)}" if lacking else ""


def forget(storage: Storage, site: str) -> None:
    """Have the site's next run list all files. Raises StorageError."""
    for name in _files(storage, site):
        storage.remove(name)


def digest(marks: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(in_order(name.rsplit("/", 1)[-1] for name in marks)).encode()).hexdigest()


def provinces_of(names: Iterable[str]) -> set[str]:
    """A file that lies in none is told of by ``verify``."""
    parts = (part for name in names for part in name.split("/")[1:2])
    return {part.removeprefix("province=") for part in parts if part.startswith("province=")}


def _files(storage: Storage, site: str) -> list[str]:
    return list(storage.files(f"state/site={site}", SUFFIX))
