"""Where the archive lies: a local folder or any pyarrow file system, with files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import io
import json
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow import fs

from govcrawl import __version__
from govcrawl.archive.schema import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERSIONS = "versions"  # the folder of a small file for each schema version that has written here
STALE_SECONDS = 3600  # nobody writes a staged file for longer


class StorageError(Exception):
    """The archive could not be read or written; the message names the file and the remedy."""


class NewerArchive(StorageError):
    """A newer govcrawl has written to the archive; nothing of this one may."""


class Storage:
    """The root folder of an archive. ``root`` is a folder or a URI such as ``s3://bucket/prefix``.
    Paths given to the methods are relative to it, with ``/``. Every method raises StorageError where storage fails, and
    those that write raise NewerArchive where they know less than who wrote before."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._durable: set[str] = set()  # folders whose entry this process has made durable
        self._ours = False  # whether the archive is known to be of no newer version
        self.local = "://" not in root
        if self.local:
            self.fs: Any = fs.LocalFileSystem()
            self.base = str(Path(root).expanduser().absolute())
        else:
            self.fs, self.base = _file_system(root)

    def path(self, relative: str) -> str:
        return f"{self.base}/{relative}"

    def prepare(self) -> None:
        """Make the folders and try to write one file, so that a run fails at once and not after its first segment."""
        self.refuse_newer()
        try:
            if self.local:
                for folder in ("articles", "captures", "runs", "warc", "staging"):
                    self.make_folder(folder)
                self._sweep()
                probe = self.path(f"staging/probe-{os.getpid()}")
                with open(probe, "wb") as file:
                    file.write(b"ok")
                os.unlink(probe)
            else:
                probe = self.path(f"staging/probe-{os.getpid()}")
                self.fs.create_dir(self.path("staging"), recursive=True)
                with self.fs.open_output_stream(probe) as out:
                    out.write(b"ok")
                self.fs.delete_file(probe)
        except OSError as exc:
            msg = f"the data folder {self.root} is not writable ({exc}); set GOVCRAWL_DATA to one that is"
            raise StorageError(msg) from exc
        if VERSION not in self.versions():
            said = {"schema_version": int(VERSION), "govcrawl": __version__}
            self.publish(f"{VERSIONS}/{VERSION}.json", json.dumps(said).encode())

    def versions(self) -> dict[str, str]:
        """The schema versions that have written to the archive, each with the path of its file. Programs before 0.3 left
        none."""
        found = {name.rsplit("/", 1)[-1].removesuffix(".json"): name for name in self.files(VERSIONS, ".json")}
        return {version: name for version, name in found.items() if version.isdecimal()}

    def refuse_newer(self) -> None:
        """Raises NewerArchive where a program with a newer schema has written here. It is looked for once."""
        if self._ours:
            return
        newest, name = max(((int(version), name) for version, name in self.versions().items()), default=(0, ""))
        if newest > int(VERSION):
            msg = (
                f"{self.root} was written with schema version {newest} ({self._writer(name)}), and this is govcrawl "
                f"{__version__}, which knows version {VERSION}: nothing was written; upgrade govcrawl, or set GOVCRAWL_DATA "
                "to another folder"
            )
            raise NewerArchive(msg)
        self._ours = True

    def _writer(self, name: str) -> str:
        try:
            return f"govcrawl {json.loads(self.read(name))['govcrawl']}"
        except (ValueError, KeyError, TypeError):
            return "by a govcrawl that does not say which"

    def _sweep(self) -> None:
        """Remove what writers of attachments left in staging/ when they were killed. A site's own files are swept by its
        next run, under its lock."""
        old = time.time() - STALE_SECONDS
        for entry in os.scandir(self.path("staging")):
            with contextlib.suppress(FileNotFoundError):  # another run may just have renamed it into its place
                if entry.is_file() and not entry.name.endswith((".lock", ".lease")) and entry.stat().st_mtime < old:
                    os.unlink(entry.path)

    def make_folder(self, relative: str) -> None:
        """Make a local folder and those above it durable: a power cut that spares a file must spare the way to it. Folders
        that are there already may come from a run that was cut off before it synced them. Raises OSError."""
        missing = [self.base]
        while not os.path.isdir(missing[-1]):
            missing.append(os.path.dirname(missing[-1]))
        for folder in reversed(missing[:-1]):
            _make_folder(folder)
        folder = self.base
        for part in relative.split("/"):
            folder = f"{folder}/{part}"
            if folder not in self._durable or not os.path.isdir(folder):
                _make_folder(folder)
                self._durable.add(folder)

    def publish(self, relative: str, data: bytes | memoryview | Any) -> None:
        """Write a new file that readers see complete or not at all: staged outside the datasets, fsynced, renamed.
        On an object store one put does the same. ``relative`` must be new: nothing is ever overwritten."""
        if self.local:
            self.publish_stream(relative, lambda out: out.write(data))
        else:
            self._put(relative, data)

    def publish_stream(self, relative: str, write: Callable[[Any], object]) -> None:
        """``publish`` for what is too large to hold: ``write`` gets the open file. On an object store it is held."""
        self.refuse_newer()
        if not self.local:
            buffer = io.BytesIO()
            write(buffer)
            self._put(relative, buffer.getvalue())
            return
        try:
            final = self.path(relative)
            # Two runs may publish the same attachment at once, each from a staged file of its own.
            staged = self.path(f"staging/{os.path.basename(relative)}.{secrets.token_hex(4)}")
            self.make_folder(os.path.dirname(relative))
            self.make_folder("staging")
            try:
                with open(staged, "wb") as out:
                    write(out)
                    out.flush()
                    os.fsync(out.fileno())
                os.rename(staged, final)
            except OSError:
                with contextlib.suppress(OSError):  # its space may be what is missing
                    os.unlink(staged)
                raise
            fsync_folder(os.path.dirname(final))
        except OSError as exc:
            msg = f"cannot write {relative} below {self.root} ({exc}); free space or permissions, then run again"
            raise StorageError(msg) from exc

    def _put(self, relative: str, data: Any) -> None:
        self.refuse_newer()
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
        yield from sorted(self._names(folder, suffix)) if self.local else self.sizes(folder, suffix)

    def _names(self, folder: str, suffix: str) -> Iterator[str]:
        """The same of a local folder, unsorted; without a look at each file it takes a sixth of the time."""
        start = len(self.base) + 1

        def failed(error: OSError) -> None:
            if not isinstance(
                error, FileNotFoundError | NotADirectoryError
            ):  # another process may just have removed it
                msg = f"cannot list {folder} below {self.root} ({error})"
                raise StorageError(msg) from error

        for where, _, names in os.walk(self.path(folder), onerror=failed, followlinks=True):
            within = f"{where[start:]}/" if where[start:] else ""
            yield from (within + name for name in names if name.endswith(suffix))

    def sizes(self, folder: str, suffix: str = "") -> dict[str, int]:
        """The same with their sizes in bytes."""
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
        found = {i.path[start:]: i.size for i in infos if i.type == fs.FileType.File and i.path.endswith(suffix)}
        return dict(sorted(found.items()))

    def exists(self, relative: str) -> bool:
        try:
            return bool(self.fs.get_file_info(self.path(relative)).type == fs.FileType.File)
        except OSError as exc:
            msg = f"cannot look for {relative} below {self.root} ({exc})"
            raise StorageError(msg) from exc

    def remove(self, relative: str) -> None:
        """Remove a file for good: it does not come back after a power cut. One that is not there is no error."""
        self.refuse_newer()
        try:
            if not self.local:
                self.fs.delete_file(self.path(relative))
                return
            os.unlink(self.path(relative))
            if not relative.startswith("staging/"):
                fsync_folder(os.path.dirname(self.path(relative)))
        except FileNotFoundError:
            pass
        except OSError as exc:
            msg = f"cannot remove {relative} below {self.root} ({exc})"
            raise StorageError(msg) from exc

    def move(self, relative: str, target: str) -> None:
        """Give a file another path; both folders are durable afterwards."""
        self.refuse_newer()
        try:
            if not self.local:
                self.fs.create_dir(os.path.dirname(self.path(target)), recursive=True)
                self.fs.move(self.path(relative), self.path(target))
                return
            self.make_folder(os.path.dirname(target))
            os.rename(self.path(relative), self.path(target))
            for folder in dict.fromkeys((os.path.dirname(target), os.path.dirname(relative))):
                fsync_folder(self.path(folder))
        except OSError as exc:
            msg = f"cannot move {relative} to {target} below {self.root} ({exc}); free space or permissions, then run again"
            raise StorageError(msg) from exc

    def quarantine(self, relative: str) -> str:
        """Move a file out of the datasets to quarantine/, where no reader and no command looks; returns its new path."""
        target = f"quarantine/{relative}"
        if self.exists(target):
            target += f".{secrets.token_hex(3)}"
        self.move(relative, target)
        return target

    def truncate(self, relative: str, size: int) -> None:
        """Cut a file to its first bytes."""
        self.refuse_newer()
        try:
            if not self.local:
                self._put(relative, self.read(relative)[:size])
                return
            with open(self.path(relative), "r+b") as file:
                file.truncate(size)
                os.fsync(file.fileno())
        except OSError as exc:
            msg = f"cannot cut {relative} below {self.root} ({exc}); check permissions, then run again"
            raise StorageError(msg) from exc


def _file_system(uri: str) -> Any:
    """The file system and the folder that a URI names. An object of S3 up to 10 MB goes there in one request: cut off, it
    leaves nothing, where the upload in parts would leave parts."""
    if uri.startswith("s3://") and "allow_delayed_open=" not in uri:
        uri = f"{uri}{'&' if '?' in uri else '?'}allow_delayed_open=true"
    return fs.FileSystem.from_uri(uri)


def _make_folder(folder: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    fsync_folder(os.path.dirname(folder))


def fsync_folder(folder: str) -> None:
    """Make a rename durable: the entry lives in the folder, not in the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
