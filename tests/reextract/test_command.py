"""``scrapy reextract`` as it is typed."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from govcrawl import __version__
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.storage import Storage
from govcrawl.commands.reextract import Command
from govcrawl.workers.local import Here, WorkerDied
from tests.loopback import scrapy
from tests.reextract.archive import SITE, Made, captures, rows

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = Made(tmp_path / "data")
    for number in range(1, 6):
        misread: dict[str, Any] = {"source": None, "author": ["误读"]} if number % 2 else {}
        made.land(number, **misread)
    made.close()
    return tmp_path / "data"


def typed(data: Path, *arguments: str) -> int:
    """The exit code of the command, run in this process."""
    command = Command()
    command.settings = Settings(
        {"SPIDER_MODULES": ["tests.loopback_spider"], "GOVCRAWL_DATA": str(data), "GOVCRAWL_SEGMENT_ROWS": 100}
        | {"GOVCRAWL_FRAMES": 8, "GOVCRAWL_ARTICLE_PAGES": 8, "GOVCRAWL_SEGMENT_SECONDS": 600}
    )
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    options, sites = parser.parse_known_args([*arguments])
    command.run(sites, options)
    return command.exitcode


def test_as_a_user_types_it(data: Path) -> None:
    """Two processes, then nothing left to do."""
    done = scrapy(data, "reextract", SITE, "--jobs", "2", "--where-extractor-older-than", __version__)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SITE}: 5 of 5 pages read again, 3 changed" in done.stdout
    assert "  source: 3" in done.stdout
    assert len(rows(data)) == 8
    assert "Traceback" not in done.stderr


def test_a_dry_run_shows_examples(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(data, "--dry-run", "--jobs", "1") == 0
    told = capsys.readouterr().out
    assert "3 would change" in told
    assert "    http://127.0.0.1/2022-01/02/content_1.htm: nothing → 黑龙江日报" in told
    assert "nothing was written" in told
    assert typed(data, "--diff", "2", "--jobs", "1", SITE) == 0
    told = capsys.readouterr().out
    assert told.count("--- ") == told.count("+++ ") == 2
    assert "author: [-误读-]{++}" in told
    assert len(rows(data)) == 5
    assert len(captures(data)) == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no site 'nowhere' in"),
        (["--jobs", "0"], "--jobs 0 is not a number of processes"),
        (["--since", "yesterday"], "since=yesterday is not a date"),
        (["--where-extractor-older-than", "new"], "is no version; write 0.3.0"),
        (["--diff", "all"], "--diff all is not a number of pages"),
    ],
)
def test_what_is_mistyped(arguments: list[str], said: str, data: Path) -> None:
    with pytest.raises(UsageError, match=said):
        typed(data, *arguments)


def test_how_it_ends(data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="there is no archive at"):
        typed(data / "none")
    lock = SiteLock(Storage(str(data)), SITE, "other")
    lock.acquire()
    assert typed(data, "--jobs", "1") == 7
    lock.release()
    assert f"{SITE}: passed over, another run holds" in capsys.readouterr().out

    def dies(_here: Here, _function: Any, tasks: Any) -> Any:
        raise WorkerDied(next(iter(tasks)))

    with monkeypatch.context() as poor:
        poor.setattr(Here, "map", dies)
        assert typed(data, "--jobs", "1") == 1
    assert "workers died while they read 5 pages of warc/site=loopback/" in capsys.readouterr().err
    next(data.glob("warc/**/*.gz")).unlink()
    assert typed(data, "--jobs", "1") == 3
    file = next(data.glob("articles/**/*.parquet"))
    pq.write_table(pq.ParquetFile(file).read().drop_columns(["author"]), file)
    assert typed(data, "--jobs", "1") == 8
    assert "lacks author; run scrapy verify --repair" in capsys.readouterr().err
    file.write_bytes(b"no")
    assert typed(data, "--jobs", "1") == 8
    assert "is not readable" in capsys.readouterr().err
