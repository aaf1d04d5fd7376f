"""Run files: what each run did, per channel. They are also the memory of how far each channel was walked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from govcrawl.archive.storage import Storage


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


def write(storage: Storage, site: str, run_id: str, report: dict[str, Any]) -> None:
    """Raises StorageError."""
    storage.publish(name_of(site, run_id), json.dumps(report, ensure_ascii=False, indent=1, default=str).encode())


def history(storage: Storage, site: str, last: int = 20) -> list[dict[str, Any]]:
    """The newest run files of a site; one that cannot be read is passed over."""
    found = []
    for name in list(storage.files(f"runs/site={site}", ".json"))[-last:]:
        try:
            found.append(json.loads(storage.read(name)))
        except ValueError:
            continue
    return found


def complete_walks(storage: Storage, site: str, horizon: timedelta = timedelta(days=400)) -> dict[str, CompleteWalk]:
    """The newest complete walk of each channel, by its listing URL. A run file that cannot be read counts as none:
    the channel is then walked again, which is harmless."""
    found: dict[str, dict[str, Any]] = {}
    through: dict[str, datetime] = {}
    newest: datetime | None = None
    for name in reversed(list(storage.files(f"runs/site={site}", ".json"))):
        try:
            report = json.loads(storage.read(name))
            finished = datetime.fromisoformat(report["finished_at"])
            channels = report["channels"]
        except (ValueError, KeyError, TypeError):
            continue
        newest = newest or finished
        if finished < newest - horizon:
            break
        for channel in channels:
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
