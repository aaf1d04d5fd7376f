"""One run per site: flock on a local archive, a lease that expires on shared storage and where the file system has no
locks."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from io import TextIOWrapper

    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

LEASE_SECONDS = 300  # what a run that died holds others off, unless they see that its process is gone
BEAT = LEASE_SECONDS / 5  # between two renewals, by a thread: whatever the run does meanwhile
LONGEST = 3600  # no program ever took a longer lease
SETTLE_SECONDS = 1.0  # until each of two that take a lease at the same moment sees who wrote last
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}


class Locked(Exception):
    """Another run holds the site."""


class SiteLock:
    """The lock of one site. A lease is best effort: where it fails, two runs land the same keys, which ``verify`` tells
    and ``compact`` mends. It is renewed while its process lives, and ends at once for others of the same machine when that
    is gone."""

    def __init__(self, storage: Storage, site: str, run_id: str) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.name = lock_name(site)
        self.lease = self.name if not storage.local else lease_name(site)
        self._file: TextIOWrapper | None = None
        self._held = False
        self._until = 0.0  # the end of the lease, a time stamp
        self._writing = threading.Lock()
        self._released = threading.Event()

    def acquire(self) -> None:
        """Raises Locked where another run holds the site, StorageError where the lock cannot be had, NewerArchive."""
        self.storage.refuse_newer()
        if not self.storage.local or not self._flock():
            self._take_lease()
        self._held = True

    def renew(self) -> None:
        """Be sure that the site is still held: to be called before something is written. Raises StorageError where this
        process stood still for longer than its lease and another run took the site; a flock cannot be lost."""
        if not self._held or self._file is not None or time.time() < self._until - LEASE_SECONDS / 2:
            return
        try:
            self._extend()
        except Locked as exc:
            self._held = False
            self._released.set()
            msg = (
                f"this run stood still for longer than its lease, and {exc}; it writes nothing more, the other goes on"
            )
            raise StorageError(msg) from exc

    def release(self) -> None:
        if not self._held:
            return
        self._held = False
        if self._file is not None:
            self._file.close()
            self._file = None
            return
        self._released.set()
        with self._writing:
            lease = read_lease(self.storage, self.lease) if time.time() > self._until else None
            if lease is None or lease["run_id"] == self.run_id:  # another's, taken after ours had ended, stays
                self.storage.remove(self.lease)

    def _flock(self) -> bool:
        """Whether the lock file is locked; not where its file system knows no locks."""
        try:
            file = open(self.storage.path(self.name), "a+", encoding="utf-8")  # noqa: SIM115
        except OSError as exc:
            raise self._failed(exc) from exc
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(f"{self.run_id}, pid {os.getpid()} on {socket.gethostname()}")
            file.flush()
        except OSError as exc:
            holder = _text_of(file)
            if exc.errno in _HELD:
                msg = f"another run holds site {self.site} ({holder}); wait for it to end or stop it"
                raise Locked(msg) from exc
            if exc.errno not in _NO_LOCKS:
                raise self._failed(exc) from exc
            logger.warning(
                "%s: the file system below %s has no locks (%s); a lease of %d minutes in %s stands for one",
                *(self.site, self.storage.root, exc.strerror, LEASE_SECONDS // 60, self.lease),
            )
            return False
        self._file = file
        return True

    def _failed(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot lock site {self.site} with {self.name} below {self.storage.root} ({error}); "
            "mend its permissions or the file system, then run again"
        )

    def _take_lease(self) -> None:
        self._must_be_free()
        self._write_lease()
        time.sleep(SETTLE_SECONDS)
        self._must_be_free()
        self._released.clear()
        threading.Thread(target=self._beat, name=f"lease of {self.site}", daemon=True).start()

    def _must_be_free(self) -> None:
        """Raises Locked where a lease of another run holds."""
        lease = read_lease(self.storage, self.lease)
        if lease is not None and lease["expires"] > time.time() and lease["run_id"] != self.run_id:
            msg = f"another run holds site {self.site} ({lease['run_id']}); its lease ends at {lease['expires']:.0f}"
            raise Locked(msg)

    def _write_lease(self) -> None:
        until = time.time() + LEASE_SECONDS
        lease = {"run_id": self.run_id, "expires": until, "process": this_process()}
        self.storage.publish(self.lease, json.dumps(lease).encode())
        self._until = until

    def _extend(self) -> None:
        """Raises Locked, StorageError."""
        with self._writing:
            if not self._released.is_set():
                self._must_be_free()
                self._write_lease()

    def _beat(self) -> None:
        """Renew the lease until it is released or lost."""
        while not self._released.wait(BEAT):
            try:
                self._extend()
            except Locked:
                return  # the run learns of it when it next writes
            except StorageError as exc:
                logger.warning("The lease of site %s could not be renewed: %s", self.site, exc)


def this_process() -> str:
    """The name of this process, which no other has: boot of the machine, namespace, pid, start in clock ticks. Empty where
    the system tells no such things."""
    return _process(os.getpid())


def _process(pid: int | str) -> str:
    """The name of a process of this machine and namespace; empty where there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = os.readlink("/proc/self/ns/pid")
        # Behind the program's name, which may hold anything: the state, and as the 20th field the start.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return f"{boot} {namespace} {pid} {fields[19]}" if fields[0] not in ("Z", "X") else ""
    except (OSError, IndexError):
        return ""


def is_gone(process: str) -> bool:
    """Whether a process is known to have ended: one of this boot and namespace that is not there."""
    own, named = this_process().split(), process.split()
    return (
        len(own) == len(named) == 4 and own[:2] == named[:2] and named[2].isdecimal() and _process(named[2]) != process
    )


def lock_name(site: str) -> str:
    """The lock file of a site; on shared storage it holds the lease."""
    return f"staging/site={site}.lock"


def lease_name(site: str) -> str:
    """The lease of a site on a local file system without locks."""
    return f"staging/site={site}.lease"


def is_held(storage: Storage, site: str) -> bool:
    """Whether a run holds a site at this moment. Raises StorageError."""
    name = lease_name(site) if storage.local else lock_name(site)
    lease = read_lease(storage, name)
    if lease is not None and lease["expires"] > time.time():
        return True
    if not storage.local:
        return False
    try:
        file = open(storage.path(lock_name(site)), encoding="utf-8")  # noqa: SIM115
    except FileNotFoundError:
        return False
    except OSError as exc:
        msg = f"cannot look at {lock_name(site)} below {storage.root} ({exc})"
        raise StorageError(msg) from exc
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as exc:
            if exc.errno not in _HELD | _NO_LOCKS:
                msg = f"cannot look at {lock_name(site)} below {storage.root} ({exc})"
                raise StorageError(msg) from exc
            return exc.errno in _HELD
    return False


def read_lease(storage: Storage, name: str) -> dict[str, Any] | None:
    """Who holds a lease and until when; None where nobody does, as where its process is known to be gone. What is no lease
    counts as none, with a warning: a writer on shared storage may have been cut off."""
    if not storage.exists(name):
        return None
    try:
        content = storage.read(name)
    except StorageError:
        if storage.exists(name):
            raise
        return None  # given back meanwhile
    try:
        lease = json.loads(content)
        holder, expires = str(lease["run_id"]), float(lease["expires"])
        if not expires < time.time() + LONGEST:  # a day of some other century would hold for ever
            msg = f"it would end at {expires}"
            raise ValueError(msg)
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError) as exc:
        logger.warning("%s below %s is no lease (%s); it counts as none", name, storage.root, exc)
        return None
    return None if is_gone(str(lease.get("process", ""))) else {"run_id": holder, "expires": expires}


def _text_of(file: TextIOWrapper) -> str:
    """What a lock file says of its holder; the file is closed."""
    try:
        file.seek(0)
        return file.read(200).strip() or "another process"
    except (OSError, ValueError):
        return "another process"
    finally:
        try:
            file.close()
        except OSError:
            pass
