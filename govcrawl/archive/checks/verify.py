"""The whole archive checked against itself: Parquet files, run files, captures, WARC records, attachments.

Nothing is locked and nothing is written; ``repair`` mends what can be mended.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pyarrow import fs

from govcrawl.archive.checks.erased import Erased
from govcrawl.archive.checks.every import OF_A_SITE, OF_THE_ARCHIVE
from govcrawl.archive.checks.finding import Checked, Finding
from govcrawl.archive.checks.look import Changed, Look, site_of_file
from govcrawl.archive.checks.outside import Around
from govcrawl.archive.checks.reading import Hashes
from govcrawl.archive.lock import is_held
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from govcrawl.archive.storage import Storage

TRIES = 10  # of a site whose files change while they are read: each compaction ends


def verify(storage: Storage, only: Collection[str] = (), checked: Checked | None = None) -> Iterator[Finding]:
    """Every fault of the archive, or of some sites of it. Raises StorageError where the storage itself fails."""
    checked = checked if checked is not None else Checked()
    hashes = Hashes(storage)
    sites = list(only) or sites_of(storage)
    around = Around(storage, sites, hashes, checked)
    whole = () if only else OF_THE_ARCHIVE
    for outside in whole:
        if not outside.after:
            yield from outside.find(around)
    for site in sites:
        look, found = _checked(storage, site, hashes, checked)
        yield from found
        around.seen(look, found)
    for outside in whole:
        if outside.after:
            yield from outside.find(around)


def _checked(storage: Storage, site: str, hashes: Hashes, checked: Checked) -> tuple[Look, list[Finding]]:
    """What is there of a site, and what is wrong with it. What a run seems to have left half done is looked at twice: one that
    came to its end meanwhile had it in hand."""
    before: list[Finding] = []
    for _ in range(TRIES):
        held, look = _looked(storage, site, hashes)
        begun = list(Erased.begun(look))
        if begun:
            # Whatever else would be found is what a removal looks like from the middle.
            held = held or is_held(storage, site)
            checked.running += [site] if held else []
            return look, [] if held else begun
        found = [finding for check in OF_A_SITE if not check.unfinished for finding in check.find(look)]
        unfinished = [finding for check in OF_A_SITE if check.unfinished for finding in check.find(look)]
        running = held or (bool(unfinished) and is_held(storage, site))
        if running or unfinished in ([], before):
            break
        before = unfinished
    checked.sites += 1
    checked.files += look.files
    checked.rows += look.rows
    checked.records += look.records
    checked.elsewhere += look.elsewhere
    checked.attachments += len(look.attached)
    checked.known_losses += len(look.losses)
    checked.running += [site] if running else []
    return look, found if running else found + unfinished


def _looked(storage: Storage, site: str, hashes: Hashes) -> tuple[bool, Look]:
    """Whether a run holds the site, and what is there of it."""
    for tries in range(TRIES):
        try:
            return is_held(storage, site), Look(storage, site, hashes)
        except Changed as exc:
            change = exc
            time.sleep(0.1 * tries)
    msg = f"the files of {site} change while they are read ({change}); verify again when nothing runs"
    raise StorageError(msg) from change


def is_there(storage: Storage) -> bool:
    """Whether the data folder is an archive, if an empty one. Raises StorageError."""
    folders = [storage.path(folder) for folder in ("articles", "captures", "runs", "warc")]
    try:
        return any(info.type != fs.FileType.NotFound for info in storage.fs.get_file_info(folders))
    except OSError as exc:
        msg = f"cannot look for an archive at {storage.root} ({exc})"
        raise StorageError(msg) from exc


def sites_of(storage: Storage) -> list[str]:
    """Every site that something in the archive names."""
    found = set()
    for folder in ("captures", "warc", "runs"):
        for name in storage.files(folder):
            part = name.split("/")[1]
            if part.startswith("site=") and name.count("/") >= 2:
                found.add(part.removeprefix("site="))
    found |= {site for name in storage.files("articles") if (site := site_of_file(storage, name))}
    return sorted(found)
