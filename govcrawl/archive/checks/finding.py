"""What a check finds, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]  # doc_id, revision
Segment = tuple[str, int]  # run, seq

REPAIR = "scrapy verify --repair"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, the file, what it is and the remedy. ``site`` is empty for what belongs to none.
    ``items`` are the keys, offsets or paths that a repair needs."""

    kind: str
    site: str
    file: str
    what: str
    remedy: str
    items: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.file}: {self.what}; {self.remedy}"


@dataclass(slots=True)
class Checked:
    """What was looked at. ``elsewhere``: record places in recordings outside the archive that are not there to be read,
    as a replay leaves them; ``known_losses``: what a repair wrote off; ``running``: sites that a run holds, whose
    unfinished segments were not judged."""

    sites: int = 0
    files: int = 0
    rows: int = 0
    records: int = 0
    attachments: int = 0
    elsewhere: int = 0
    known_losses: int = 0
    running: list[str] = field(default_factory=list)
