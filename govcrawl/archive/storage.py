"""Where the archive lies: a local folder or any pyarrow file system, with files that appear whole or not at all."""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import fs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StorageError(Exception):
    """The archive could not be read or written; the message names the file and the remedy."""


class Storage:
    """The root folder of an archive. ``root`` is a folder or a URI such as ``s3://bucket/prefix``.
    Paths given to the methods are relative to it, with ``/``."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.local = "://" not in root
        if self.local:
            self.fs: Any = fs.LocalFileSystem()
            self.base = str(Path(root).expanduser().absolute())
        else:
            self.fs, self.base = fs.FileSystem.from_uri(root)

    def path(self, relative: str) -> str:
        return f"{self.base}/{relative}"

    def prepare(self) -> None:
        """Make the folders and try to write one file, so that a run fails at once and not after its first segment."""
        try:
            if self.local:
                for folder in ("articles", "captures", "runs", "warc", "staging"):
                    os.makedirs(self.path(folder), exist_ok=True)
            probe = self.path(f"staging/probe-{os.getpid()}")
            self.fs.create_dir(self.path("staging"), recursive=True)
            with self.fs.open_output_stream(probe) as out:
                out.write(b"ok")
            self.fs.delete_file(probe)
        except OSError as exc:
            msg = f"the data folder {self.root} is not writable ({exc}); set GOVCRAWL_DATA to one that is"
            raise StorageError(msg) from exc

    def publish(self, relative: str, data: bytes | memoryview | Any) -> None:
        """Write a new file that readers see complete or not at all: staged outside the datasets, fsynced, renamed.
        On an object store one put does the same. ``relative`` must be new: nothing is ever overwritten."""
        if self.local:
            self.publish_stream(relative, lambda out: out.write(data))
        else:
            self._put(relative, data)

    def publish_stream(self, relative: str, write: Callable[[Any], object]) -> None:
        """``publish`` for what is too large to hold: ``write`` gets the open file. On an object store it is held."""
        if not self.local:
            buffer = io.BytesIO()
            write(buffer)
            self._put(relative, buffer.getbuffer())
            return
        try:
            final = self.path(relative)
            # Two runs may publish the same attachment at once, each from a staged file of its own.
            staged = self.path(f"staging/{os.path.basename(relative)}.{secrets.token_hex(4)}")
            os.makedirs(os.path.dirname(final), exist_ok=True)
            os.makedirs(os.path.dirname(staged), exist_ok=True)
            with open(staged, "wb") as out:
                write(out)
                out.flush()
                os.fsync(out.fileno())
            os.rename(staged, final)
            fsync_folder(os.path.dirname(final))
        except OSError as exc:
            msg = f"cannot write {relative} below {self.root} ({exc}); free space or permissions, then run again"
            raise StorageError(msg) from exc

    def _put(self, relative: str, data: Any) -> None:
        path = self.path(relative)
        try:
            try:
                out = self.fs.open_output_stream(path, compression=None)
            except FileNotFoundError:  # a shared folder has directories, an object store has none
                self.fs.create_dir(os.path.dirname(path), recursive=True)
                out = self.fs.open_output_stream(path, compression=None)
            with out:
                out.write(data)
        except OSError as exc:
            msg = f"cannot write {relative} below {self.root} ({exc}); check access, then run again"
            raise StorageError(msg) from exc

    def read(self, relative: str) -> bytes:
        try:
            with self.fs.open_input_file(self.path(relative)) as file:
                return bytes(file.read())
        except OSError as exc:
            msg = f"cannot read {relative} below {self.root} ({exc})"
            raise StorageError(msg) from exc

    def files(self, folder: str, suffix: str = "") -> Iterator[str]:
        """Relative paths of the files below a folder, sorted; none where the folder is not there."""
        selector = fs.FileSelector(self.path(folder), recursive=True, allow_not_found=True)
        try:
            try:
                infos = self.fs.get_file_info(selector)
            except FileNotFoundError:  # a folder that another process made or emptied while it was listed
                infos = self.fs.get_file_info(selector)
        except OSError as exc:
            msg = f"cannot list {folder} below {self.root} ({exc})"
            raise StorageError(msg) from exc
        start = len(self.base) + 1
        yield from sorted(i.path[start:] for i in infos if i.type == fs.FileType.File and i.path.endswith(suffix))

    def exists(self, relative: str) -> bool:
        return bool(self.fs.get_file_info(self.path(relative)).type == fs.FileType.File)

    def remove(self, relative: str) -> None:
        try:
            self.fs.delete_file(self.path(relative))
        except FileNotFoundError:
            pass
        except OSError as exc:
            msg = f"cannot remove {relative} below {self.root} ({exc})"
            raise StorageError(msg) from exc


def fsync_folder(folder: str) -> None:
    """Make a rename durable: the entry lives in the folder, not in the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
