"""One run per site: flock on a local archive, a lease that expires on shared storage."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import TextIOWrapper

    from govcrawl.archive.storage import Storage

LEASE_SECONDS = 1800


class Locked(Exception):
    """Another run holds the site."""


class SiteLock:
    def __init__(self, storage: Storage, site: str, run_id: str) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.name = f"staging/site={site}.lock"
        self._file: TextIOWrapper | None = None
        self._held = False

    def acquire(self) -> None:
        if self.storage.local:
            self._flock()
        else:
            self._lease()
        self._held = True

    def renew(self) -> None:
        """Extend the lease; a flock needs no renewing."""
        if self._held and not self.storage.local:
            self._write_lease()

    def release(self) -> None:
        if not self._held:
            return
        self._held = False
        if self._file is not None:
            self._file.close()
            self._file = None
        else:
            self.storage.remove(self.name)

    def _flock(self) -> None:
        file = open(self.storage.path(self.name), "a+", encoding="utf-8")  # noqa: SIM115
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            msg = f"another run holds site {self.site} ({holder}); wait for it to end or stop it"
            raise Locked(msg) from exc
        file.truncate(0)
        file.write(f"{self.run_id}, pid {os.getpid()} on {socket.gethostname()}")
        file.flush()
        self._file = file

    def _lease(self) -> None:
        if self.name in self.storage.files("staging", ".lock"):
            lease = json.loads(self.storage.read(self.name))
            if lease["expires"] > time.time() and lease["run_id"] != self.run_id:
                msg = (
                    f"another run holds site {self.site} ({lease['run_id']}); its lease ends at {lease['expires']:.0f}"
                )
                raise Locked(msg)
        self._write_lease()

    def _write_lease(self) -> None:
        lease = {"run_id": self.run_id, "expires": time.time() + LEASE_SECONDS}
        self.storage.publish(self.name, json.dumps(lease).encode())
