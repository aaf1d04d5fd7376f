"""Run files: what each run did, per channel. They are also the memory of how far each channel was walked.

A run leaves one, in JSON. Compaction merges old ones into JSON Lines, a run a line; the first line names the runs (``{"runs":
[…]}``), and the file has the name of the last of them, so that it sorts in their place. Where both are there, since a
compaction was killed, the merged file alone counts.
"""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from govcrawl.archive.captures import run_started
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

MERGED = ".jsonl"
_TRIES = 10


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


@dataclass(frozen=True, slots=True)
class RunFiles:
    """``runs``: the run files that count, the oldest first, each with the runs that it tells of; ``replaced``: those that do not,
    since a merged one tells the same."""

    runs: dict[str, list[str]]
    replaced: list[str]


class _Vanished(Exception):
    """A file is there no more."""


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


def files(storage: Storage, site: str) -> RunFiles:
    """The run files of a site. Raises StorageError."""
    for tries in range(_TRIES):
        try:
            return _files(storage, site)
        except StorageError:
            if tries == _TRIES - 1:
                raise  # else a compaction has replaced a merged file meanwhile
    raise AssertionError


def _files(storage: Storage, site: str) -> RunFiles:
    found = RunFiles({}, [])
    seen: set[str] = set()
    for name in reversed(list(storage.files(f"runs/site={site}"))):
        if not name.endswith((".json", MERGED)):
            continue
        run = name.rsplit("/", 1)[-1].rpartition(".")[0]
        if run in seen:
            found.replaced.append(name)
            continue
        found.runs[name] = _runs_in(storage, name) if name.endswith(MERGED) else [run]
        seen.update(found.runs[name])
    return RunFiles(dict(reversed(found.runs.items())), found.replaced[::-1])


def ids(storage: Storage, site: str) -> set[str]:
    """The runs of a site that left a run file. Raises StorageError."""
    return {run for runs in files(storage, site).runs.values() for run in runs}


def _runs_in(storage: Storage, name: str) -> list[str]:
    """The runs that a merged file names; none where it is damaged, which who reads it finds."""
    head = b""
    try:
        with storage.fs.open_input_stream(storage.path(name), compression=None) as stream:
            while b"\n" not in head and (block := stream.read(1 << 16)):
                head += block
        return _named(head.partition(b"\n")[0])
    except OSError as exc:
        msg = f"cannot read {name} below {storage.root} ({exc})"
        raise StorageError(msg) from exc
    except ValueError:
        return []


def _named(head: bytes) -> list[str]:
    facts = _loaded(head)
    named = facts.get("runs") if isinstance(facts, dict) else None
    if not isinstance(named, list) or not all(map(_is_text, named)):
        msg = "its first line names no runs"
        raise ValueError(msg)
    return named


def merged(storage: Storage, names: Iterable[str], ran: Sequence[str]) -> Iterator[bytes]:
    """The lines of a file that tells of all these runs as these files do. Raises StorageError."""
    yield json.dumps({"runs": ran}).encode() + b"\n"
    for name in names:
        content = storage.read(name)
        if name.endswith(MERGED):
            yield content.partition(b"\n")[2]
        else:
            yield json.dumps(json.loads(content), ensure_ascii=False).encode() + b"\n"


def read(storage: Storage, name: str) -> list[dict[str, Any]]:
    """The reports of a run file, the oldest first. Raises ValueError where it is no run file, StorageError where it cannot be
    read."""
    return list(read_backwards(storage, name))[::-1]


def read_backwards(storage: Storage, name: str) -> Iterator[dict[str, Any]]:
    """The same, the newest first, each when it is asked for."""
    content = storage.read(name)
    if not name.endswith(MERGED):
        yield _checked(content)
        return
    head, *lines = content.split(b"\n")
    if len(_named(head)) != len(lines) - 1 or lines[-1]:
        msg = f"it names {len(_named(head))} runs and has {len(lines) - 1} lines for them"
        raise ValueError(msg)
    for line in reversed(lines[:-1]):
        yield _checked(line)


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except RecursionError as exc:
        msg = "it is nested without end"
        raise ValueError(msg) from exc


def _checked(content: bytes) -> dict[str, Any]:
    """A report with every part of it that is read anywhere of its right shape. Raises ValueError."""
    report = _loaded(content)
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
    """What a site's run files say. What is none is passed over, or ``set_aside`` under the site's lock: moved to quarantine/
    with a warning. What it knew of walks is forgotten: the next one goes on to the end of its channel, which finds whatever the
    archive lacks."""
    told: set[str] = set()
    while True:
        try:
            yield from _untold(storage, site, told, set_aside=set_aside)
        except _Vanished:
            continue
        return


def _untold(storage: Storage, site: str, told: set[str], *, set_aside: bool) -> Iterator[dict[str, Any]]:
    """``newest_first`` without the runs that were told. Raises _Vanished where a compaction has merged a file meanwhile."""
    for name, ran in reversed(files(storage, site).runs.items()):
        if ran and told.issuperset(ran):
            continue
        try:
            for report, run in zip(read_backwards(storage, name), reversed(ran), strict=True):
                if run not in told:
                    told.add(run)
                    yield report
        except StorageError as exc:
            if storage.exists(name):
                raise
            raise _Vanished(name) from exc
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
