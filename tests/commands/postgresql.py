"""A PostgreSQL server of the machine's own programs, on a socket in a temporary folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Self


class Server:
    """Runs from ``with`` to its end, as another user where this one is root, whom PostgreSQL refuses."""

    def __init__(self, initdb: str) -> None:
        self._programs = Path(initdb).resolve().parent
        self._user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp")  # a socket's path is short
        self.where = self._folder.name
        if self._user:
            os.chown(self.where, int(subprocess.check_output(["id", "-u", "nobody"])), -1)
        self._run(
            "initdb", "-D", f"{self.where}/db", "-U", "reader", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        options = f"-k {self.where} -c listen_addresses= -c fsync=off"
        self._run(
            "pg_ctl", "-D", f"{self.where}/db", "-w", "-t", "60", "-l", f"{self.where}/log", "-o", options, "start"
        )
        return self

    def __exit__(self, *error: object) -> None:
        self._run("pg_ctl", "-D", f"{self.where}/db", "-m", "immediate", "stop")
        self._folder.cleanup()

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(
            command,
            cwd=self.where,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
            **self._user,
        )
        assert done.returncode == 0, done.stderr.decode()

    def command(self, psql: str) -> str:
        """A command line of psql that speaks to this server."""
        options = f"-X -q -h {self.where} -U reader -d postgres"
        return f"{shlex.quote(str(self._programs / 'psql'))} {options} {psql.removeprefix('psql')}"

    def rows(self, query: str) -> list[str]:
        command = self.command(f"psql -At -c {shlex.quote(query)}")
        return subprocess.check_output(["bash", "-c", command], text=True).splitlines()
