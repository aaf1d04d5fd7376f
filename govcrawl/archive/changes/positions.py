"""How far a reader of changes has come: for each site the last segment that it has seen.

Runs of a site hold its lock, and their ids are dated after all earlier ones; so (run, segment) orders what is committed of a
site, and one position for each site is all that a reader keeps. Sites are crawled side by side: no single number or moment
could tell what of them all was seen, since a run that began earlier may commit later.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from govcrawl.archive.captures import run_started
from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = "v1"  # of the written form, so that a later one is told from it
TOMBSTONES = 0  # where in its run a forgetting stands: before what the run rewrites
_RUN = re.compile(r"[^\s,]{1,300}-\d{8}T\d{9}Z-[0-9a-z]{1,16}")
_DAY = re.compile(r"\d{4}(-\d\d){0,2}")


class Position(NamedTuple):
    """A segment of a run; of one site they are ordered as they were committed."""

    run: str
    seq: int

    def __str__(self) -> str:
        return f"{self.run}:{self.seq}"

    @property
    def site(self) -> str:
        return self.run.rsplit("-", 2)[0]


Cursor = dict[str, Position]


def at(site: str, moment: datetime) -> Position:
    """The position before all runs of a site that began at this moment or later."""
    moment = moment.astimezone(UTC)
    return Position(f"{site}-{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z", -1)


def write(cursor: Mapping[str, Position]) -> str:
    """A cursor in one line: ``v1,RUN:SEGMENT,RUN:SEGMENT``, a site's position each."""
    return ",".join([HEAD, *(str(position) for _, position in sorted(cursor.items()))])


def is_cursor(text: str) -> bool:
    return bool(re.match(r"v\d{1,3}(,|$)", text))


def read(text: str) -> Cursor:
    """The cursor that ``write`` wrote. Raises BadArgument."""
    head, *parts = text.strip().split(",")
    if head != HEAD:
        msg = f"{text[:60]!r} is no cursor of this govcrawl; it would begin with {HEAD}, and scrapy changes writes it"
        raise BadArgument(msg)
    cursor: Cursor = {}
    for part in parts:
        run, _, seq = part.rpartition(":")
        if not _RUN.fullmatch(run) or not re.fullmatch(r"\d{1,9}", seq):
            msg = f"{part[:80]!r} in the cursor is no position; it would read RUN:SEGMENT, as scrapy changes writes it"
            raise BadArgument(msg)
        position = Position(run, int(seq))
        cursor[position.site] = position
    return cursor


def is_run(text: str) -> bool:
    return bool(_RUN.fullmatch(text))


def moment(text: str, *, end: bool = False) -> datetime:
    """The beginning of a day, month or year in UTC, ``end``: that of the next one; a moment in ISO 8601; the moment when a
    run began. Raises BadArgument."""
    try:
        if is_run(text):
            return run_started(text) + timedelta(milliseconds=1 if end else 0)
        if not _DAY.fullmatch(text):
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        first = date.fromisoformat(f"{text}-01-01"[:10])
        if end:
            days = {4: 366, 7: 31, 10: 1}[len(text)]
            later = first + timedelta(days=days)
            first = later if len(text) == 10 else later.replace(day=1, month=1 if len(text) == 4 else later.month)
        return datetime(first.year, first.month, first.day, tzinfo=UTC)
    except (ValueError, OverflowError) as exc:
        msg = f"{text[:80]!r} is neither a day (2024-03-31), a moment (2024-03-31T08:00Z), a run, nor a cursor of scrapy changes"
        raise BadArgument(msg) from exc
