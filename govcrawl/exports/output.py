"""The file that an export becomes: written beside its place under a name of its own, and renamed when it is whole."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from govcrawl.archive.storage import fsync_folder
from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    """Where an export goes: a local file, or ``-`` for standard output. ``force``: take the place of a file that is there."""

    target: str
    force: bool = False

    @property
    def is_stream(self) -> bool:
        return self.target == STDOUT

    def check(self, *, streams: bool, gz: bool) -> None:
        """Raises BadArgument where the target cannot become such a file. ``streams``, ``gz``: what the format can be."""
        if self.is_stream:
            if not streams:
                msg = "a file of this format cannot go to standard output; name a file with -o"
                raise BadArgument(msg)
            return
        if "://" in self.target:
            msg = f"{self.target} is no local file; write one with -o, then copy it"
            raise BadArgument(msg)
        if self.target.endswith(".gz") and not gz:
            msg = f"{self.target}: a file of this format is not compressed as a whole; leave out .gz"
            raise BadArgument(msg)
        folder = os.path.dirname(self.target) or "."
        if not os.path.isdir(folder):
            msg = f"there is no folder {folder}; make it, or write elsewhere"
            raise BadArgument(msg)
        if os.path.isdir(self.target):
            msg = f"{self.target} is a folder; name a file in it"
            raise BadArgument(msg)
        self._must_be_free()

    def _must_be_free(self) -> None:
        if os.path.lexists(self.target) and not self.force:
            msg = f"{self.target} is there already; --force replaces it"
            raise BadArgument(msg)

    @contextlib.contextmanager
    def path(self) -> Iterator[str]:
        """The name to write to; afterwards the file is durable under its own name. Where writing fails nothing is left, and
        what was there stays. Raises OSError."""
        folder, name = os.path.split(os.path.abspath(self.target))
        part = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.part")
        try:
            yield part
            with open(part, "rb") as file:
                os.fsync(file.fileno())
            self._must_be_free()
            os.replace(part, self.target)
            fsync_folder(folder)
        finally:
            for left in (part, f"{part}-journal"):  # of a database that was cut off
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(left)

    @contextlib.contextmanager
    def text(self, encoding: str = "utf-8") -> Iterator[TextIO]:
        """An open text file without newline translation, compressed where its name ends with ``.gz``. Raises OSError."""
        if self.is_stream:
            with _as_text(sys.stdout.buffer, encoding) as out:
                yield out
            return
        with self.path() as part, open(part, "wb") as file:
            if self.target.endswith(".gz"):
                # Neither name nor time: the same rows make the same bytes.
                with gzip.GzipFile("", "wb", 6, file, 0) as packed, _as_text(packed, encoding) as out:
                    yield out
            else:
                with _as_text(file, encoding) as out:
                    yield out


@contextlib.contextmanager
def _as_text(file: Any, encoding: str) -> Iterator[TextIO]:
    """A text file over an open one, which stays open."""
    out = io.TextIOWrapper(io.BufferedWriter(file, 1 << 20), encoding, newline="", write_through=True)
    try:
        yield out
        out.flush()
    finally:
        with contextlib.suppress(OSError):
            out.detach().detach()
