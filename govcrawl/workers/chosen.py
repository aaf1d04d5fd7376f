"""The workers that a command's options ask for."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from govcrawl.errors import BadArgument
from govcrawl.workers.cluster import cluster
from govcrawl.workers.local import jobs_of, local

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from govcrawl.workers.local import Workers


def add_options(parser: argparse.ArgumentParser, jobs: int) -> None:
    """``jobs``: how many processes there are without options."""
    parser.add_argument("--jobs", metavar="N", default=str(jobs), help=f"processes of this machine (default {jobs})")
    add_cluster_options(parser)


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scheduler", metavar="tcp://…", help="share the work out to the workers of a Dask scheduler")
    parser.add_argument("--workers", metavar="N", help="the same with a Dask cluster of N workers on this machine")


def cluster_of(opts: argparse.Namespace) -> tuple[str | None, int] | None:
    """The scheduler's address, or how many workers of this machine; None where neither was asked for. Raises BadArgument."""
    if opts.scheduler is None and opts.workers is None:
        return None
    if opts.scheduler is not None and opts.workers is not None:
        msg = "--scheduler and --workers are two clusters; give one of them"
        raise BadArgument(msg)
    if opts.scheduler is not None and not re.fullmatch(r"(?:tcp|tls)://\S+:\d{1,5}", opts.scheduler):
        msg = f"--scheduler {opts.scheduler} is no scheduler's address; write tcp://10.0.0.1:8786"
        raise BadArgument(msg)
    return opts.scheduler, jobs_of(opts.workers, "--workers") if opts.workers is not None else 0


@contextmanager
def chosen(opts: argparse.Namespace) -> Iterator[Workers]:
    """Raises BadArgument, Unreachable."""
    jobs, asked = jobs_of(opts.jobs), cluster_of(opts)
    if asked is not None:
        with cluster(*asked) as workers:
            yield workers
    else:
        with local(jobs) as workers:
            yield workers
