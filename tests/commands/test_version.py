"""The version is one, and a start warns of nothing."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from govcrawl import __version__, settings
from tests.loopback import Site, crawl, scrapy

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
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 0, done.stderr
    assert "deprecat" not in done.stderr.lower()
    assert "Warning" not in done.stderr
