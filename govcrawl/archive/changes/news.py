"""What is new of each site since a reader's position: told by the names of files alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from govcrawl.archive import forgotten, runs
from govcrawl.archive.captures import run_started
from govcrawl.archive.changes.positions import TOMBSTONES, Cursor, Position, at
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import segment
from govcrawl.errors import BadArgument, nearest

if TYPE_CHECKING:
    from datetime import datetime

    from govcrawl.archive.storage import Storage


class Outdated(BadArgument):
    """The archive does not hold what a cursor names; its reader starts over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes: those after ``cursor``; of sites that it does not name, those of runs begun at ``begun`` or later; of
    runs begun before ``until``; of these ``sites``, or all."""

    cursor: Cursor = field(default_factory=dict)
    begun: datetime | None = None
    until: datetime | None = None
    sites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Listing:
    """The files that tell of changes, by site: those that hold marks and tombstones by their position, article files."""

    marks: dict[str, dict[Position, str]]
    stones: dict[str, dict[Position, str]]
    files: dict[str, list[str]]


def listing(storage: Storage) -> Listing:
    """What is there now. Marks are listed first: what they mark is there already. Raises StorageError."""
    found = Listing(defaultdict(dict), defaultdict(dict), defaultdict(list))
    for mark, name in captures_files(storage).marks():
        if (own := segment(mark)) is not None:
            found.marks[own[0]][Position(*own[1:])] = name
    for name in forgotten.names(storage):
        run = name.rsplit("/", 1)[-1].removesuffix(".parquet")
        run_started(f"{run}-")
        found.stones[forgotten.site_of(name)][Position(run, TOMBSTONES)] = name
    for name in storage.files("articles", ".parquet"):
        if (own := segment(name)) is not None:
            found.files[own[0]].append(name)
    return found


def position_of(name: str) -> Position:
    """The segment that the name of an article file or a mark tells, of those that ``listing`` gives."""
    own = segment(name)
    assert own is not None
    return Position(*own[1:])


def end_of(storage: Storage, run: str) -> Position | None:
    """The last segment of a run, or where it committed none, of those before it; None where there are none. Raises
    BadArgument where the archive holds no such run."""
    site = Position(run, 0).site
    marks = listing(storage).marks.get(site, {})
    if run not in runs.ids(storage, site) and all(mark.run != run for mark in marks):
        msg = f"there is no run {run!r} in {storage.root}{nearest(run, {mark.run for mark in marks})}"
        raise BadArgument(msg)
    return max((mark for mark in marks if mark.run <= run), default=None)


@dataclass(slots=True)
class News:
    """What is new of a site: segments after ``since`` up to ``upto``. ``end``: the position that a reader of it has then;
    None where nothing was committed yet."""

    site: str
    since: Position
    upto: Position
    end: Position | None
    files: list[str]
    marks: dict[Position, str]
    stones: dict[Position, str]

    def holds(self, position: Position) -> bool:
        return self.since < position <= self.upto


def news(there: Listing, wanted: Wanted, root: str) -> list[News]:
    """The sites with what is new of them. Raises Outdated, BadArgument."""
    known = {*there.marks, *there.files, *there.stones}
    for site in sorted(wanted.sites - known):
        msg = f"no site {site!r} in {root}{nearest(site, known)}; it holds: {', '.join(sorted(known)) or 'nothing'}"
        raise BadArgument(msg)
    return [_of_site(site, there, wanted, root) for site in sorted(wanted.sites or known | set(wanted.cursor))]


def _of_site(site: str, there: Listing, wanted: Wanted, root: str) -> News:
    marks, stones, files = there.marks.get(site, {}), there.stones.get(site, {}), there.files.get(site, [])
    given = wanted.cursor.get(site)
    if given is not None and given not in marks and given not in stones:
        msg = (
            f"the cursor names the segment {given}, which {root} does not hold: that archive was built anew, put back from a "
            "copy, or is another; start over: an empty copy, and scrapy changes without --since"
        )
        raise Outdated(msg)
    # A run that was killed left rows without a mark. Its site's next run takes them in; what follows waits for that.
    torn = min((p for name in files if (p := position_of(name)) not in marks), default=None)
    ends = [p for p in (*marks, *stones) if torn is None or p < torn]
    if wanted.until is not None:
        bound = at(site, wanted.until)
        ends = [p for p in ends if p < bound]
    end = max([*ends, *([given] if given else [])], default=None)
    since = given or (at(site, wanted.begun) if wanted.begun is not None else Position("", -1))
    return News(site, since, end or since, end, files, marks, stones)
