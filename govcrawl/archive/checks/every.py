"""The list of checks. To add one, derive a class from ``Check`` (of one site) or ``OutsideCheck`` (of the whole archive) and
name it here; repairs are made in this order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.archive.checks.attachments import Attachments
from govcrawl.archive.checks.counts import RunRows
from govcrawl.archive.checks.erased import Erased
from govcrawl.archive.checks.files import ParquetFiles, Replaced, RunFiles, Staging
from govcrawl.archive.checks.keys import DoubledKeys
from govcrawl.archive.checks.known import Snapshot
from govcrawl.archive.checks.marks import Marks
from govcrawl.archive.checks.outside import Derived, InTwoSites, Misnamed, StaleStaging, Strays
from govcrawl.archive.checks.rows import LostRows
from govcrawl.archive.checks.warc import Records, WarcEnds

if TYPE_CHECKING:
    from govcrawl.archive.checks.check import Check
    from govcrawl.archive.checks.outside import OutsideCheck

OF_A_SITE: tuple[Check, ...] = (
    Erased(),
    ParquetFiles(),
    Replaced(),
    RunFiles(),
    Staging(),
    WarcEnds(),
    Marks(),
    DoubledKeys(),
    Attachments(),
    LostRows(),
    Records(),
    RunRows(),
    Snapshot(),
)
OF_THE_ARCHIVE: tuple[OutsideCheck, ...] = (Strays(), Derived(), StaleStaging(), Misnamed(), InTwoSites())
