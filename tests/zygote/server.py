"""The process that is forked. ``python -m tests.zygote.server SOCKET`` writes a line when it is warm, and ends when its
standard input does. A connection asks for one program: a job in JSON with the three descriptors that it gets as standard
input, output and error. The answers are its process id, then, when it has ended, its exit code, negative for a signal.
Whoever closes the connection before kills the program."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
import traceback
import warnings
from dataclasses import dataclass
from typing import Any

MODULES = (
    "scrapy.cmdline",
    "scrapy.crawler",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pandas",
    "duckdb",
    "jinja2",
    "tests",
)
_NOT = ("govcrawl.settings", "reactor", "ossignal", ".tests.")  # read anew by each fork from its environment
_LONGEST = 1 << 20


@dataclass
class _Running:
    connection: socket.socket
    pid: int
    ended: int  # a descriptor that is readable when the process has ended


class Server:
    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen(64)
        self._running: list[_Running] = []

    def serve(self) -> None:
        """Run programs until standard input ends."""
        chosen = selectors.DefaultSelector()
        chosen.register(sys.stdin, selectors.EVENT_READ)
        chosen.register(self._listener, selectors.EVENT_READ)
        while True:
            for key, _ in chosen.select():
                if key.fileobj is sys.stdin:
                    for one in self._running:
                        os.kill(one.pid, signal.SIGKILL)
                    return
                if key.fileobj is self._listener:
                    one = self._begin()
                    chosen.register(one.connection, selectors.EVENT_READ, one)
                    chosen.register(one.ended, selectors.EVENT_READ, one)
                elif key.fileobj is key.data.connection:
                    chosen.unregister(key.data.connection)
                    os.kill(key.data.pid, signal.SIGKILL)  # not reaped before it is seen to have ended
                else:
                    chosen.unregister(key.data.ended)
                    with contextlib.suppress(KeyError):
                        chosen.unregister(key.data.connection)
                    self._end(key.data)

    def _begin(self) -> _Running:
        connection, _ = self._listener.accept()
        job, given, _, _ = socket.recv_fds(connection, _LONGEST, 3)
        if (pid := os.fork()) == 0:
            self._listener.close()
            connection.close()
            for one in self._running:
                one.connection.close()
                os.close(one.ended)
            for number, descriptor in enumerate(given):
                os.dup2(descriptor, number)
                os.close(descriptor)
            _run(json.loads(job))
        for descriptor in given:
            os.close(descriptor)
        one = _Running(connection, pid, os.pidfd_open(pid))
        self._running.append(one)
        connection.send(b"%d" % pid)
        return one

    def _end(self, one: _Running) -> None:
        code = os.waitstatus_to_exitcode(os.waitpid(one.pid, 0)[1])
        self._running.remove(one)
        os.close(one.ended)
        with contextlib.suppress(OSError):
            one.connection.send(b"%d" % code)
        one.connection.close()


def _run(job: dict[str, Any]) -> None:
    """``argv`` of scrapy, or ``call`` (module:function) with ``arguments``, in the fork, with the environment ``env`` in the
    folder ``cwd``; ``fault`` is put into its writes; ``then`` a call that is also given the exit code of the first."""
    code = 1
    try:
        os.environ.clear()
        os.environ.update(job["env"])
        os.chdir(job["cwd"])
        first = [p for p in job["env"].get("PYTHONPATH", "").split(os.pathsep) if p]
        sys.path[:] = [*first, *(p for p in sys.path if p not in first)]
        importlib.invalidate_caches()
        _measure()
        warnings.filterwarnings("error", category=DeprecationWarning, module="govcrawl$")
        if "fault" in job:
            from tests.injection.patches import Fault

            Fault(**job["fault"]).install()
        code = _code(job)
        if "then" in job:  # in the same fork, after the program has ended: forks are what costs
            code = _code(job["then"], code)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _measure() -> None:
    """Begin what coverage does in every process that is started while it measures."""
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        import coverage

        coverage.process_startup(force=True)


def _code(job: dict[str, Any], *before: int) -> int:
    """Run ``argv`` or ``call``; returns its exit code."""
    try:
        if "argv" in job:
            sys.argv = ["scrapy", *job["argv"]]
            importlib.import_module("scrapy.cmdline").execute()
            return 0
        module, _, name = job["call"].partition(":")
        return int(getattr(importlib.import_module(module), name)(*job["arguments"], *before) or 0)
    except SystemExit as exc:
        if isinstance(exc.code, str):
            print(exc.code, file=sys.stderr)
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1


def warm() -> None:
    """Import what programs import. None of it may install a reactor or start a thread: each fork does that itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Scrapy's words on parts of its own that nobody uses
        for name in MODULES:
            importlib.import_module(name)
        for package in ("scrapy", "govcrawl"):
            for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
                if not any(part in found.name for part in _NOT):
                    with contextlib.suppress(ImportError):  # what of Scrapy's wants a library that is not here
                        importlib.import_module(found.name)
    assert "twisted.internet.reactor" not in sys.modules
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page


if __name__ == "__main__":
    server = Server(sys.argv[1])
    warm()
    print("ready", flush=True)
    server.serve()
