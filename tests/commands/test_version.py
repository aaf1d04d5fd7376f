"""The version is one, and a start warns of nothing."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

from govcrawl import __version__, settings
from tests.loopback import FAST, PROJECT, Site, command, environment, scrapy

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_told(tmp_path: Path) -> None:
    short, long = scrapy(tmp_path, "version"), scrapy(tmp_path, "version", "-v")
    assert short.stdout.splitlines() == [f"govcrawl {__version__}", f"Scrapy {version('Scrapy')}"]
    assert long.stdout.startswith(f"govcrawl {__version__}\n")
    assert "lxml" in long.stdout


def test_the_version_is_the_installed_ones() -> None:
    assert version("govcrawl") == __version__, "install again: pip install -e ."
    assert f"govcrawl/{__version__} " in settings.USER_AGENT


def test_a_start_warns_of_nothing(tmp_path: Path) -> None:
    with Site(1) as site:
        arguments = command("crawl", "loopback", "-a", f"channel={site.listing}", settings=FAST)
        done = subprocess.run(
            arguments, env=environment(tmp_path), cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "deprecat" not in done.stderr.lower()
    assert "Warning" not in done.stderr
