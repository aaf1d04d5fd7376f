"""Checks of the attachments: the files that rows name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.mending import sha256_of
from govcrawl.archive.schema import CAPTURES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending

FILE_NAME = re.compile(r"files/([0-9a-f]{2})/((?:\1)[0-9a-f]{62})(?:\.[0-9a-z]+)?")


class Attachments(Check):
    kinds = ("attachment",)
    looks_at = "the files that rows name: there, with the size and the SHA-256 that their name states"
    mended = (
        "an altered one is moved to quarantine/; one that is missing is written again from the WARC, or written off"
    )

    def find(self, look: Look) -> Iterator[Finding]:
        for path, (sha256, size, url, named_in) in sorted(look.attached.items()):
            if path in look.losses.files:
                continue
            what = None
            shape = FILE_NAME.fullmatch(path)
            if shape is None or sha256 is None or shape[2] != sha256:
                what = f"{named_in} names it as the file with SHA-256 {sha256} of {url}"
            elif (found := look.hashes.get(path)) is None:
                what = f"{named_in} names it, but it is not there ({url})"
            elif found[0] != sha256:
                what = f"its content is not the file with its SHA-256 ({url} in {named_in})"
            elif size is not None and found[1] != size:
                what = f"it has {found[1]} bytes, {size} by {named_in}"
            if what is not None:
                yield look.finding("attachment", path or named_in, what, items=[path, url])

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        for name in dict.fromkeys(finding.file for finding in found):
            have = work.hashes.get(name)
            if have is not None and have[0] not in name:
                work.hashes.forget(name)
                yield work.quarantine(name)
        yield from self._restored(work, {f.items for f in found if FILE_NAME.fullmatch(f.file)})

    def _restored(self, work: Mending, wanted: set[tuple[str, str]]) -> Iterator[str]:
        """Those of the wanted paths and addresses that are not there, from the WARC."""
        by_hash = {
            path.rsplit("/", 1)[-1].partition(".")[0]: path for path, _ in wanted if work.hashes.get(path) is None
        }
        documents = {doc_id(url) for _, url in wanted}
        for row in work.rows("captures", CAPTURES, ["doc_id", "text_hash", "warc_file", "warc_offset"]):
            if not by_hash:
                return
            if row["doc_id"] not in documents and row["text_hash"] not in by_hash:
                continue
            record = work.recorded(row["warc_file"], row["warc_offset"])
            found = sha256_of(record.body) if record is not None else ""
            if record is None or found not in by_hash:
                continue
            path = by_hash.pop(found)
            work.storage.publish(path, record.body)
            work.hashes.forget(path)
            yield f"{path}: written again from the WARC"

    def write_off(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        files = sorted({finding.items[0] for finding in found})
        work.lost["lost_files"] = files
        for path in files:
            yield f"{path}: lost; the article's next visit fetches it"
