"""How tests run programs in forks of the warm process. ``shared`` is this process's own, started when it is first asked for."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Any, Self

PROJECT = Path(__file__).parents[2]
_CLEAN = ("GOVCRAWL_", "COVERAGE_")  # the server itself is not measured: it only imports
# A program for shells that stands for a command of scrapy. It ends as the command does, and takes it along when it is killed.
SHIM = """\
#!{python} -IS
import json, os, signal, socket, sys
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.connect({socket!r})
job = {{"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}}
socket.send_fds(connection, [json.dumps(job).encode()], [0, 1, 2])
pid = int(connection.recv(64))
signal.signal(signal.SIGTERM, lambda number, _: os.kill(pid, number))
code = int(connection.recv(64) or b"1")
os.kill(os.getpid(), -code) if code < 0 else os._exit(code)
"""


class Forked:
    """A program that was started: what of ``subprocess.Popen`` tests use."""

    def __init__(self, path: str, job: dict[str, Any], out: int, err: int) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(path)
        with Path(os.devnull).open("rb") as nothing:
            socket.send_fds(self._connection, [json.dumps(job).encode()], [nothing.fileno(), out, err])
        self.pid = int(self._connection.recv(64))

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        try:
            return self.wait(0)
        except (TimeoutError, BlockingIOError):
            return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises TimeoutError."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            self.returncode = int(self._connection.recv(64) or b"-1")
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Zygote:
    """A warm process of this project, or of a copy of it in ``project``. ``extra`` goes into its environment."""

    def __init__(self, project: Path = PROJECT, **extra: str) -> None:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(_CLEAN)}
        self._folder = Path(tempfile.mkdtemp(prefix="zygote"))
        self.path = str(self._folder / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote.server", self.path],
            env=clean | {"PYTHONPATH": str(project)} | extra,
            cwd=project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, with what still runs."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        shutil.rmtree(self._folder)

    def start(self, job: dict[str, Any], out: IO[bytes], err: IO[bytes]) -> Forked:
        """Start a job (see the server); ``env`` and ``cwd`` are in it."""
        return Forked(self.path, job, out.fileno(), err.fileno())

    def run(self, job: dict[str, Any], timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a job to its end, at most so many seconds; what it wrote, with its exit code."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = self.start(job, out, err)
            try:
                code = process.wait(timeout)
            except TimeoutError:
                process.kill()
                raise
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(job.get("argv", []), code, out.read().decode(), err.read().decode())

    def shim(self, file: Path) -> None:
        """Write the program that stands for ``scrapy``."""
        file.write_text(SHIM.format(python=sys.executable, socket=self.path))
        file.chmod(0o755)


@functools.cache
def shared() -> Zygote:
    zygote = Zygote()
    atexit.register(zygote.close)
    return zygote
