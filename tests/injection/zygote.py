"""Runs programs of this project in forks of one process that has imported everything, so that a run costs no more than what
it does. A job is a line of JSON on standard input, its exit code a line on standard output."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback
from typing import Any

import govcrawl
from tests.injection.patches import Fault

MODULES = ("scrapy.cmdline", "scrapy.crawler", "pyarrow.parquet", "tests.loopback_spider", "tests.injection.programs")
SECONDS = 60


def serve() -> None:
    own = [found.name for found in pkgutil.walk_packages(govcrawl.__path__, "govcrawl.")]
    for name in (*MODULES, *own):
        if name != "govcrawl.settings":  # read anew by each fork, from its environment
            importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules, "each fork installs its own"
    print("ready", flush=True)
    gc.freeze()  # a collection in a fork would copy every page
    for line in sys.stdin:
        job = json.loads(line)
        if (child := os.fork()) == 0:
            run(job)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def run(job: dict[str, Any]) -> None:
    """``argv`` of scrapy, or ``call`` (module:function) with ``arguments``, in the fork; ``then`` a call that is also given
    the exit code of the first."""
    signal.alarm(SECONDS)
    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(job.get("env", {}))
    if "fault" in job:
        Fault(**job["fault"]).install()
    code = _code(job)
    if "then" in job:  # in the same fork, after the program has ended: forks are what costs
        code = _code(job["then"], code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


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
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    serve()
