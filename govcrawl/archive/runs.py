"""Run files: what each run did, per channel. They are also the memory of how far each channel was walked."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from govcrawl.archive.captures import run_started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CompleteWalk:
    """The newest complete walk of a channel. ``down_to``: the date it reached, None for its very end; ``through_at``:
    when a walk last went all the way instead of stopping at known rows."""

    finished_at: datetime
    down_to: date | None
    through_at: datetime | None

    def covers(self, since: date | None) -> bool:
        """Whether a run that asks for articles since then may stop where this walk began."""
        return self.down_to is None or (since is not None and self.down_to <= since)


def name_of(site: str, run_id: str) -> str:
    return f"runs/site={site}/{run_id}.json"


def run_id(storage: Storage, site: str, when: datetime, random: str) -> str:
    """The id of a run that begins now: ``<site>-<yyyymmddThhmmss><ms>Z-<random>``. What is committed of a site is ordered by
    it, so a clock that was set back does not count: the run is then dated just after the site's newest one."""
    for folder in ("captures", "runs", "forgotten"):
        for path in list(storage.files(f"{folder}/site={site}"))[-1:]:
            with contextlib.suppress(ValueError):  # a stray file; verify tells of it
                when = max(when, run_started(path) + timedelta(milliseconds=1))
    return f"{site}-{when:%Y%m%dT%H%M%S}{when.microsecond // 1000:03d}Z-{random}"


def write(storage: Storage, site: str, run_id: str, report: dict[str, Any]) -> None:
    """Raises StorageError."""
    storage.publish(name_of(site, run_id), json.dumps(report, ensure_ascii=False, indent=1, default=str).encode())


def read(storage: Storage, name: str) -> dict[str, Any]:
    """A run file with every part of it that is read anywhere of its right shape. Raises ValueError where it is no run file,
    StorageError where it cannot be read."""
    content = storage.read(name)
    try:
        report = json.loads(content)
    except RecursionError as exc:
        msg = "it is nested without end"
        raise ValueError(msg) from exc
    if not isinstance(report, dict):
        msg = f"it holds {type(report).__name__}, not an object"
        raise ValueError(msg)  # noqa: TRY004
    for part, (fits, shape) in _PARTS.items():
        if part in report and not fits(report[part]):
            msg = f"{part} is not {shape}"
            raise ValueError(msg)
    for part in ("run_id", "landed"):
        if part not in report:
            msg = f"it has no {part}"
            raise ValueError(msg)
    return report


def newest_first(storage: Storage, site: str, *, set_aside: bool = False) -> Iterator[dict[str, Any]]:
    """A site's run files. What is none is passed over, or ``set_aside`` under the site's lock: moved to quarantine/ with a
    warning. What it knew of walks is forgotten: the next one goes on to the end of its channel, which finds whatever the
    archive lacks."""
    for name in reversed(list(storage.files(f"runs/site={site}", ".json"))):
        try:
            yield read(storage, name)
        except ValueError as exc:
            if set_aside:
                where = storage.quarantine(name)
                logger.warning(
                    "%s is no run file (%s); it was set aside as %s, and the walks that only it tells of are made again",
                    *(name, str(exc)[:200], where),
                )


def history(storage: Storage, site: str, last: int = 20) -> list[dict[str, Any]]:
    """The newest run files of a site, the oldest of them first."""
    return list(islice(newest_first(storage, site), last))[::-1]


def crawls(storage: Storage, site: str, last: int = 20) -> list[dict[str, Any]]:
    """The same without those of maintenance commands."""
    return list(islice(newest_crawls(storage, site), last))[::-1]


def newest_crawls(storage: Storage, site: str) -> Iterator[dict[str, Any]]:
    """The run files of a site's crawls, the newest first."""
    return (run for run in newest_first(storage, site) if run.get("spider") in (site, "site", "urls"))


def complete_walks(storage: Storage, site: str, horizon: timedelta = timedelta(days=400)) -> dict[str, CompleteWalk]:
    """The newest complete walk of each channel, by its listing URL. To be called under the site's lock: what is no run
    file is set aside."""
    found: dict[str, dict[str, Any]] = {}
    through: dict[str, datetime] = {}
    newest: datetime | None = None
    for report in newest_first(storage, site, set_aside=True):
        if "finished_at" not in report:
            continue
        finished = datetime.fromisoformat(report["finished_at"])
        newest = newest or finished
        if newest - finished > horizon:
            break
        for channel in report.get("channels", ()):
            if not channel.get("complete"):
                continue
            found.setdefault(channel["url"], channel | {"finished_at": finished})
            if channel.get("ended") in ("last", "since"):
                through.setdefault(channel["url"], finished)
    return {
        url: CompleteWalk(
            channel["finished_at"],
            date.fromisoformat(channel["down_to"]) if channel.get("down_to") else None,
            through.get(url),
        )
        for url, channel in found.items()
    }


# The shapes of what is read


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_moment(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (ValueError, TypeError):
        return False


def _is_day(value: Any) -> bool:
    try:
        return not value or bool(date.fromisoformat(value))
    except (ValueError, TypeError):
        return False


def _of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Whether a value is an object whose values fit."""
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _list_of(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_key(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _is_text(value[0]) and _is_count(value[1])


def _is_channel(value: Any) -> bool:
    return isinstance(value, dict) and _is_text(value.get("url")) and _is_day(value.get("down_to"))


_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "run_id": (_is_text, "text"),
    "finished_at": (_is_moment, "a moment with its time zone"),
    "landed": (_of(_of(_is_count)), "numbers of rows by province and year"),
    "missing_fields": (_of(_is_count), "numbers of rows by field"),
    "outcomes": (_of(_of(_is_count)), "numbers of requests by kind and outcome"),
    "without_text": (_of(_of(_is_count)), "numbers of pages by what became of them and what they show"),
    "lacking": (_of(_list_of(_is_object)), "lists of rows by field"),
    "proposals": (_list_of(_is_object), "a list of proposals"),
    "channels": (_list_of(_is_channel), "a list of channels"),
    "rows_removed": (_of(_is_count), "numbers of rows by run"),
    "lost_rows": (_list_of(_is_key), "a list of keys"),
    "lost_records": (_of(_list_of(_is_count)), "lists of offsets by file"),
    "lost_files": (_list_of(_is_text), "a list of paths"),
}
