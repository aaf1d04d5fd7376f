"""Puts a fault into one of the writes that this process makes below a folder: creating, writing, syncing, renaming and
removing files, making folders. Pyarrow's own file systems write past this; local archives use none of them to write."""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from typing import Any

KINDS = ("kill", "ENOSPC", "EIO", "EDQUOT", "short")


class Fault:
    """``at``: number of the write that fails, from 1; nought none. ``kind``: ``kill`` (in the middle of a write, before any
    other step), an error, which leaves half of what was to be written, or ``short``, which writes half and says so, as POSIX
    allows. ``note`` is the file that gets a line for each step, up to the fault."""

    def __init__(self, root: str, at: int, kind: str, note: str) -> None:
        self.root = root
        self.at = at
        self.kind = kind
        self.count = 0
        self._note = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def hits(self, step: str, path: str) -> bool:
        """Count a step; whether the fault is to happen in it."""
        self.count += 1
        if not self.at or self.count <= self.at:
            os.write(self._note, f"{step} {path.removeprefix(self.root)}\n".encode())
        return self.count == self.at

    def happen(self) -> None:
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "short":
            return  # only a write can be short, and a crawl's steps do not always come in one order
        number = getattr(errno, self.kind)
        raise OSError(number, f"{os.strerror(number)} (injected)")

    def below(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and os.path.abspath(os.fspath(path)).startswith(self.root)

    def install(self) -> None:
        for name in ("mkdir", "rename", "replace", "unlink", "remove"):
            setattr(os, name, self._step(name, getattr(os, name)))
        real_sync, real_open = os.fsync, io.open

        def fsync(fd: Any) -> None:
            path = os.readlink(f"/proc/self/fd/{fd}")
            if self.below(path) and self.hits("fsync", path):
                self.happen()
            real_sync(fd)

        def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if not self.below(file) or not set(mode) & set("wxa+"):
                return real_open(file, mode, *arguments, **named)
            if self.hits("create", str(file)):
                self.happen()
            raw = _File(file, mode.replace("b", ""), self)
            buffer: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
            return buffer if "b" in mode else io.TextIOWrapper(buffer, *arguments[1:], **named)

        os.fsync = fsync
        builtins.open = io.open = opened

    def _step(self, name: str, real: Any) -> Any:
        def step(path: Any, *arguments: Any, **named: Any) -> Any:
            if self.below(path) and self.hits(name, str(path)):
                self.happen()
            return real(path, *arguments, **named)

        return step


class _File(io.FileIO):
    """A file whose writes are counted."""

    def __init__(self, path: Any, mode: str, fault: Fault) -> None:
        super().__init__(path, mode)
        self._fault = fault

    def write(self, data: Any) -> int:
        fault = self._fault
        if not fault.hits("write", str(self.name)):
            return super().write(data)
        written = super().write(memoryview(data)[: max(1, len(data) // 2)])
        if fault.kind != "short":
            fault.happen()
        return written
