"""Telling a person: a command of the operator's gets each new alarm once, and once more when it has ended."""

from __future__ import annotations

import json
import logging
import subprocess
from typing import TYPE_CHECKING, Any

from govcrawl.archive.warc import now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from govcrawl.archive.storage import Storage
    from govcrawl.health.survey import SiteHealth

logger = logging.getLogger(__name__)
FOLDER = "alarms"
SECONDS = 60


def alert(storage: Storage, found: Sequence[SiteHealth], command: str) -> bool:
    """Run ``command`` in a shell with the health JSON on standard input, if an alarm began or ended since the last time it
    was told. What was told is kept in ``alarms/`` of the archive only when the command ended with 0, so that a mail that
    could not be sent is sent later. Returns whether all is told. Raises StorageError."""
    before = told_before(storage)
    now = {f"{one.site} {sign.key}" for one in found for sign in one.alarms}
    judged = {one.site for one in found}
    kept = {key for key in before if key.partition(" ")[0] not in judged}
    begun, ended = sorted(now - before), sorted(before - now - kept)
    if not begun and not ended:
        return True
    message = {"begun": begun, "ended": ended, "sites": [one.facts() for one in found]}
    if not _told(command, message):
        return False
    moment = now_ms()
    name = f"{FOLDER}/{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z.json"
    text = {"told_at": moment.isoformat(), "alarms": sorted(now | kept)}
    storage.publish(name, json.dumps(text, ensure_ascii=False, indent=1).encode())
    return True


def told_before(storage: Storage) -> set[str]:
    """The alarms that were last told. Raises StorageError."""
    for name in reversed(list(storage.files(FOLDER, ".json"))):
        try:
            return set(json.loads(storage.read(name))["alarms"])
        except (ValueError, KeyError, TypeError):
            logger.warning("%s does not hold alarms; the one before it counts", name)
    return set()


def _told(command: str, message: dict[str, Any]) -> bool:
    text = json.dumps(message, ensure_ascii=False).encode()
    try:
        done = subprocess.run(command, shell=True, input=text, timeout=SECONDS, check=False)  # noqa: S602  the operator's own
    except subprocess.TimeoutExpired:
        logger.warning(
            "GOVCRAWL_ON_ALARM=%s did not end within %d s; the alarms are told again next time", command, SECONDS
        )
        return False
    if done.returncode:
        logger.warning(
            "GOVCRAWL_ON_ALARM=%s ended with %d; the alarms are told again next time", command, done.returncode
        )
    return done.returncode == 0
