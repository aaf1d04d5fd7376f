"""One run per site: flock on a local archive, a lease that expires on shared storage and where the file system has no
locks."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from io import TextIOWrapper

    from govcrawl.archive.storage import Storage

logger = logging.getLogger(__name__)

LEASE_SECONDS = 1800
SETTLE_SECONDS = 1.0  # until each of two that take a lease at the same moment sees who wrote last
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
_NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}


class Locked(Exception):
    """Another run holds the site."""


class SiteLock:
    """The lock of one site. A lease is best effort: where it fails, two runs land the same keys, which ``verify`` tells
    and ``compact`` mends."""

    def __init__(self, storage: Storage, site: str, run_id: str) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.name = lock_name(site)
        self.lease = self.name if not storage.local else lease_name(site)
        self._file: TextIOWrapper | None = None
        self._held = False

    def acquire(self) -> None:
        """Raises Locked where another run holds the site, StorageError where the lock cannot be had, NewerArchive."""
        self.storage.refuse_newer()
        if not self.storage.local or not self._flock():
            self._take_lease()
        self._held = True

    def renew(self) -> None:
        """Extend the lease; a flock needs no renewing."""
        if self._held and self._file is None:
            self._write_lease()

    def release(self) -> None:
        if not self._held:
            return
        self._held = False
        if self._file is not None:
            self._file.close()
            self._file = None
        else:
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

    def _must_be_free(self) -> None:
        """Raises Locked where a lease of another run holds."""
        lease = read_lease(self.storage, self.lease)
        if lease is not None and lease["expires"] > time.time() and lease["run_id"] != self.run_id:
            msg = f"another run holds site {self.site} ({lease['run_id']}); its lease ends at {lease['expires']:.0f}"
            raise Locked(msg)

    def _write_lease(self) -> None:
        lease = {"run_id": self.run_id, "expires": time.time() + LEASE_SECONDS}
        self.storage.publish(self.lease, json.dumps(lease).encode())


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
    """Who holds a lease and until when; None where nobody does. What is no lease counts as none, with a warning: a
    writer on shared storage may have been cut off."""
    if not storage.exists(name):
        return None
    try:
        lease = json.loads(storage.read(name))
        holder, expires = str(lease["run_id"]), float(lease["expires"])
        if not expires < time.time() + 2 * LEASE_SECONDS:  # a day of some other century would hold for ever
            msg = f"it would end at {expires}"
            raise ValueError(msg)
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError) as exc:
        logger.warning("%s below %s is no lease (%s); it counts as none", name, storage.root, exc)
        return None
    return {"run_id": holder, "expires": expires}


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
