"""The same work by the workers of a Dask cluster, which listens on 127.0.0.1 only; what breaks there changes nothing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import psutil
import pytest

from govcrawl.errors import BadArgument
from govcrawl.workers import cluster as dask
from govcrawl.workers.chosen import add_options, chosen
from govcrawl.workers.cluster import Unreachable
from tests.cluster import proof
from tests.workers.test_local import double

if TYPE_CHECKING:
    from pathlib import Path


def typed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser, 1)
    return parser.parse_args(arguments)


def test_a_killed_worker_and_a_restarted_scheduler(tmp_path: Path) -> None:
    assert proof(tmp_path, 40, 2) == []


def test_a_cluster_of_this_machine() -> None:
    with chosen(typed("--workers", "1")) as workers:
        assert list(workers.map(double, range(9))) == [(n, 2 * n) for n in range(9)]
        me = psutil.Process()
        open_ports = [
            c.laddr
            for p in (me, *me.children(recursive=True))
            for c in p.net_connections("tcp")
            if c.status == "LISTEN"
        ]
        assert {where.ip for where in open_ports} == {"127.0.0.1"}
        assert 8787 not in {where.port for where in open_ports}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scheduler", "10.0.0.1"], "is no scheduler's address; write tcp://"),
        (["--workers", "0"], "--workers 0 is not a number of processes"),
        (["--workers", "1", "--scheduler", "tcp://127.0.0.1:1"], "are two clusters"),
    ],
)
def test_what_is_mistyped(arguments: list[str], said: str) -> None:
    with pytest.raises(BadArgument, match=said), chosen(typed(*arguments)):
        pass


def test_nobody_answers_or_dask_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unreachable, match=r"no scheduler with workers answers at tcp://127\.0\.0\.1:1"):
        dask.Cluster("tcp://127.0.0.1:1", first=0)

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(dask, "import_module", missing)
    with pytest.raises(BadArgument, match=r"pip install 'govcrawl\[cluster\]'"), dask.cluster(None, 1):
        pass
