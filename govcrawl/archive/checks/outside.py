"""Checks of what belongs to no site, or to more than one."""

from __future__ import annotations

import hashlib
import time
from array import array
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive.checks.attachments import FILE_NAME
from govcrawl.archive.checks.finding import REPAIR, Finding
from govcrawl.archive.checks.look import site_of_file
from govcrawl.archive.checks.reading import SchemaError, first_line, whole_batches
from govcrawl.archive.lock import is_held
from govcrawl.archive.schema import ATTACHMENT_TEXT, REPRINTS
from govcrawl.archive.site import owner_of_staged
from govcrawl.archive.storage import STALE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcrawl.archive.checks.finding import Checked, Key
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.reading import Hashes
    from govcrawl.archive.storage import Storage

ATTACHMENT_TEXTS = "attachment_text"
DERIVED = {ATTACHMENT_TEXTS: ("scrapy attachments", ATTACHMENT_TEXT), "reprints": ("scrapy reprints", REPRINTS)}


class Around:
    """What the checks of the whole archive know: its sites, and what was seen of them one after the other. Eight bytes for
    each row of the archive are held, not its key."""

    def __init__(self, storage: Storage, sites: list[str], hashes: Hashes, checked: Checked) -> None:
        self.storage = storage
        self.sites = sites
        self.hashes = hashes
        self.checked = checked
        self.told: set[str] = set()  # attachments that a site's check has told of
        self.keys = array("Q")

    def seen(self, look: Look, found: list[Finding]) -> None:
        self.told.update(f.file for f in found if f.kind == "attachment")
        self.keys.extend(short(key) for key in look.keys)


class OutsideCheck:
    """One thing that is looked at in the whole archive. ``after``: when its sites have been checked. What it finds in no
    site is moved to quarantine/."""

    kinds: ClassVar[tuple[str, ...]]
    looks_at: ClassVar[str]
    mended: ClassVar[str]
    after: ClassVar[bool] = False

    def find(self, around: Around) -> Iterable[Finding]:
        raise NotImplementedError


class Strays(OutsideCheck):
    kinds = ("stray", "unreadable")
    looks_at = "files among articles and captures that belong to no site"
    mended = "moved to quarantine/"

    def find(self, around: Around) -> Iterator[Finding]:
        storage = around.storage
        for name in storage.files("articles"):
            if not name.endswith(".parquet"):
                yield Finding("stray", "", name, "no Parquet file, but readers of the folder open it", REPAIR)
            elif not site_of_file(storage, name):
                what = "it does not open, and its name tells no site, run and segment"
                yield Finding("unreadable", "", name, what, REPAIR)
        for name in storage.files("captures"):
            if not name.split("/")[1].startswith("site=") or name.count("/") != 2:
                yield Finding("stray", "", name, "it lies in no site=… folder", REPAIR)


class Derived(OutsideCheck):
    kinds = ("schema", "unreadable", "replaced")
    looks_at = "every page of the datasets that are derived from others: " + ", ".join(DERIVED)
    mended = "moved to quarantine/; their command makes them anew"

    def find(self, around: Around) -> Iterator[Finding]:
        texts: dict[str, set[int]] = defaultdict(set)
        for folder, (again, schema) in DERIVED.items():
            for name in around.storage.files(folder):
                around.checked.files += 1
                remedy = f"{REPAIR}, then {again} makes it anew"
                try:
                    for batch in whole_batches(around.storage, name, schema):
                        if folder == ATTACHMENT_TEXTS:
                            keys = batch["sha256"].to_pylist(), batch["extractor"].to_pylist()
                            texts[name].update(hash(key) for key in zip(*keys, strict=True))
                except SchemaError as exc:
                    yield Finding("schema", "", name, str(exc), remedy)
                except (OSError, pa.ArrowException) as exc:
                    yield Finding("unreadable", "", name, f"it does not open ({first_line(exc)})", remedy)
        seen: set[int] = set()
        for name in sorted(texts, reverse=True):
            if texts[name] <= seen and not is_held(around.storage, ATTACHMENT_TEXTS):
                what = "its rows are in later files too, since a compaction was killed"
                yield Finding("replaced", "", name, what, f"scrapy compact removes it, or {REPAIR}")
            seen |= texts[name]


class StaleStaging(OutsideCheck):
    kinds = ("staging",)
    looks_at = "files that no site's run left in staging/, an hour old or older"
    mended = "removed: nothing of them counts"

    def find(self, around: Around) -> Iterator[Finding]:
        for name in around.storage.files("staging"):
            if name.endswith((".lock", ".lease")) or owner_of_staged(name) in around.sites:
                continue
            changed = around.storage.fs.get_file_info(around.storage.path(name)).mtime
            if changed is not None and time.time() - changed.timestamp() > STALE_SECONDS:
                yield Finding("staging", "", name, "left by a command that was killed", REPAIR)


class Misnamed(OutsideCheck):
    kinds = ("attachment",)
    looks_at = "files of files/ that no row names: their name is the SHA-256 of their content"
    mended = "moved to quarantine/"
    after = True

    def find(self, around: Around) -> Iterator[Finding]:
        for name in around.storage.files("files"):
            if name in around.told:
                continue
            found, shape = around.hashes.get(name), FILE_NAME.fullmatch(name)
            if found is not None and (shape is None or shape[2] != found[0]):
                what = f"its name is not the SHA-256 of its content, {found[0]}"
                yield Finding("attachment", "", name, what, REPAIR, (name,))


class InTwoSites(OutsideCheck):
    kinds = ("doubled_key",)
    looks_at = "the keys (doc_id, revision) of all sites: one address belongs to one site"
    mended = "by hand: only you know which site it belongs to"
    after = True

    def find(self, around: Around) -> Iterator[Finding]:
        counts = pc.value_counts(pa.array(around.keys, pa.uint64()))
        twice = {c["values"] for c in counts.filter(pc.greater(counts.field("counts"), 1)).to_pylist()}
        if not twice:
            return
        seen: dict[Key, tuple[str, str]] = {}
        found: Counter[tuple[str, str, str, str]] = Counter()
        for name in around.storage.files("articles", ".parquet"):
            site = site_of_file(around.storage, name)
            try:
                table = pq.read_table(
                    around.storage.path(name),
                    filesystem=around.storage.fs,
                    columns=["doc_id", "revision"],
                    partitioning=None,
                )
            except (OSError, pa.ArrowException):
                continue
            for document, revision in zip(*(table[c].to_pylist() for c in ("doc_id", "revision")), strict=True):
                key = (document, revision)
                if short(key) in twice:
                    other, other_site = seen.setdefault(key, (name, site))
                    if other_site != site:
                        found[site, name, other_site, other] += 1
        for (site, name, other_site, other), count in sorted(found.items()):
            what = f"{count} keys (doc_id, revision) are in {other} of site {other_site} too"
            yield Finding(
                "doubled_key", site, name, what, "one address belongs to one site: remove one site's folder by hand"
            )


def short(key: Key) -> int:
    """A key as 64 bits."""
    return int.from_bytes(hashlib.blake2b(f"{key[0]} {key[1]}".encode(), digest_size=8).digest(), "little")
