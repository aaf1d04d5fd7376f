"""The short form of the fault rounds, and a disk that is full."""

from __future__ import annotations

import os
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests import faults
from tests.injection import every_write
from tests.injection.patches import KINDS
from tests.loopback import FAST, Site, command, crawl, environment
from tests.readers import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_six_rounds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = faults.run(tmp_path, rounds=6, articles=120)
    with capsys.disabled():
        print(f"\n{result}")
    assert result.holds, result
    assert result.landed == 120


@pytest.mark.parametrize("kinds", [KINDS[::2], KINDS[1::2]], ids="-".join)
def test_a_fault_at_some_writes_of_every_program(
    tmp_path: Path, kinds: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """The short form of ``python -m tests.faults --every-write``."""
    tallies = every_write.run(tmp_path, faults.SHORT, kinds)
    with capsys.disabled():
        print()
        for name, tally in tallies.items():
            print(f"{name}: {tally}")
    assert sum(tally.points for tally in tallies.values()) > 0
    for tally in tallies.values():
        assert tally.holds or not tally.points, tally.told


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    yield folder if mounted else tmp_path / "none"
    if mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """Without the right to mount, a limit on the size of a file stands for it: the WARC hits it first."""
    mounted = small_disk.exists()
    data = small_disk / "data" if mounted else tmp_path / "data"
    with Site(200) as site:
        done = subprocess.run(
            command(
                "crawl", "loopback", "-a", f"channel={site.listing}", settings=FAST | {"GOVCRAWL_SEGMENT_ROWS": "20"}
            ),
            env=environment(data),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            preexec_fn=None if mounted else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)),
        )
        assert done.returncode == 8, done.stdout + done.stderr[-3000:]
        assert "free space" in done.stderr
        before = len(read_all(data))
        assert 0 < before < 200
        if mounted:
            subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
        again = crawl(data, "loopback", "-a", f"channel={site.listing}")
        assert again.returncode == 0, again.stdout + again.stderr[-2000:]
    assert len(read_all(data)) == 200
