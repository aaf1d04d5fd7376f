"""``scrapy forget`` as people type it."""

from __future__ import annotations

import re
import shutil
from argparse import ArgumentParser
from typing import TYPE_CHECKING

import duckdb
import pytest
from scrapy.exceptions import UsageError
from scrapy.utils.project import get_project_settings

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.attachments.text import extract_pending
from govcrawl.commands.forget import Command
from govcrawl.reprints.check import check as check_reprints
from govcrawl.reprints.run import group_pending
from tests import forgettable
from tests.docs.papers import blocks
from tests.forgettable import ALIAS, BASE, COPY, NEIGHBOUR, REASON, SITE, URL, WORDS, path_of
from tests.holds import holding

if TYPE_CHECKING:
    from pathlib import Path


KEY = doc_id(URL)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a copy on another site, its attachments read, its articles grouped."""
    data = tmp_path_factory.mktemp("origin") / "data"
    forgettable.make(data, copy=True)
    extract_pending(Storage(str(data)))
    assert group_pending(Storage(str(data))).articles == 4
    return data


@pytest.fixture
def data(origin: Path, tmp_path: Path) -> Path:
    return shutil.copytree(origin, tmp_path / "data")


def run(data: Path, *arguments: str) -> int:
    """Run the command in this process; returns its exit code."""
    command = Command()
    command.settings = get_project_settings().copy()
    command.settings.set("GOVCRAWL_DATA", str(data), "cmdline")
    parser = ArgumentParser()
    command.add_options(parser)
    options, rest = parser.parse_known_args(arguments)
    command.run(rest, options)
    return int(command.exitcode)


def findings(data: Path) -> list[str]:
    storage = Storage(str(data))
    return [str(f) for f in (*verify(storage), *check_reprints(storage))]


def test_a_dry_run_tells_and_changes_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}
    assert run(data, "--dry-run", URL) == 0
    said = capsys.readouterr().out
    assert f"{SITE}: addresses: 1 alias, 1 article, 1 duplicate, 1 part" in said
    assert "1 rows of articles, 6 rows of captures" in said
    assert re.search(r"loopback: 1\d WARC records, and words in \d more, in 2 files", said)
    assert "2 run files and the like that name it" in said
    assert (
        f"1 other articles have the same text; --copies takes them out too:\n  reprinter: {BASE}{path_of(COPY)}" in said
    )
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file()} == before


def test_with_its_copies_no_word_is_left(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert holding(data, WORDS)
    assert run(data, "--reason", REASON, "--copies", BASE + path_of(ALIAS)) == 0
    assert "2 articles taken out of their groups" in capsys.readouterr().out
    assert holding(data, WORDS) == []
    assert findings(data) == []
    assert run(data, "--list") == 0
    said = capsys.readouterr().out
    assert f"{SITE} {KEY}: {REASON}, with 4 other addresses" in said
    assert "2 articles forgotten" in said
    query = next(b.code for b in blocks("data/README.md") if b.language == "sql" and "forgotten_at" in b.code)
    with duckdb.connect() as connection:
        found = connection.execute(query.replace("data/", f"{data}/")).fetchall()
    assert (KEY, REASON) in {row[:2] for row in found}


def test_asked_again_it_says_so_and_finishes_what_was_begun(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        msg = "cannot write: no space"
        raise StorageError(msg)

    with monkeypatch.context() as patched:
        patched.setattr("govcrawl.archive.forget.rewrite", full)
        assert run(data, "--reason", REASON, "--copies", URL) == 8
    assert "no space" in capsys.readouterr().err
    assert any("begun and not finished" in line for line in findings(data))
    assert run(data, "--reason", REASON, "--copies", URL) == 0
    assert f"{URL} was forgotten on" in capsys.readouterr().out
    assert holding(data, WORDS) == []
    assert findings(data) == []


def test_addresses_from_a_file(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "urls.txt"
    listed.write_text(f"# two of them\n{BASE}{path_of(NEIGHBOUR)}\n\n{BASE}{path_of(7)} # the other\n")
    assert run(data, "--reason", REASON, "--file", str(listed)) == 0
    assert "addresses: 2 article" in capsys.readouterr().out
    assert findings(data) == []


def test_what_cannot_be_meant_is_refused_before_anything_is_removed(data: Path, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in data.rglob("*.parquet")}
    for arguments, says in (
        ([URL], "forget needs a reason"),
        (["--reason", " ", URL], "forget needs a reason"),
        (["--reason", REASON], "forget needs the address of an article"),
        (["--reason", REASON, URL, BASE + "/2022-01/05/content_6.htm"], "did you mean"),
        (["--reason", REASON, "--file", str(tmp_path / "none.txt")], "cannot be read: No such file"),
    ):
        with pytest.raises(UsageError, match=says):
            run(data, *arguments)
    with pytest.raises(UsageError, match="there is no archive at"):
        run(tmp_path / "elsewhere", "--reason", REASON, URL)
    assert {p: p.read_bytes() for p in data.rglob("*.parquet")} == before


@pytest.mark.parametrize("held", [SITE, "reprints", "attachment_text"])
def test_what_another_process_holds_is_left_alone(data: Path, held: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock = SiteLock(Storage(str(data)), held, "x")
    lock.acquire()
    try:
        assert run(data, "--reason", REASON, "--copies", URL) == 7
    finally:
        lock.release()
    assert "wait for it to end" in capsys.readouterr().err
    assert not list(data.glob("forgotten/site=reprinter/*"))
