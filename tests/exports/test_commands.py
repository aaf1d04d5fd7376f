"""``scrapy export`` and ``scrapy cdxj`` as they are typed."""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from govcrawl.archive.storage import Storage
from govcrawl.commands import cdxj, export
from govcrawl.exports import output, text
from govcrawl.reprints.run import group_pending
from tests.exports.archive import TEXT, build
from tests.loopback import scrapy
from tests.reprints.archive import article, land

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    build(folder)
    return folder


def run(module: Any, data: Path, *arguments: str) -> int:
    """The exit code of a command that is run here. Raises UsageError, which is code 2."""
    command = module.Command()
    command.settings = Settings({"GOVCRAWL_DATA": str(data)})
    parser = argparse.ArgumentParser()
    parser.add_argument("rest", nargs="*")
    command.add_options(parser)
    options = parser.parse_args(arguments)
    command.run(options.rest, options)
    return int(command.exitcode)


def test_as_typed(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    done = scrapy(data, "export", "--format", "csv", "-o", str(target), "--words", "招生", "--columns", "title,year")
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (0, "", [f"2 rows in {target}"])
    assert target.read_text("utf-8-sig").splitlines()[0] == "title,year"


def test_every_format(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.jsonl", "a.corpus", "a.db", "a.wacz"):
        form = {"db": "sqlite"}.get(name.split(".")[1], name.split(".")[1])
        more = ["--metadata", str(tmp_path / "metadata.json")] if form == "sqlite" else []
        assert run(export, data, "--format", form, "-o", str(tmp_path / name), "--province", "黑龙江省", *more) == 0
    assert len((tmp_path / "a.jsonl").read_text("utf-8").splitlines()) == 2
    assert json.loads((tmp_path / "a.corpus").read_text("utf-8").splitlines()[1])["text"].endswith(TEXT)
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        assert dict(database.execute("SELECT name, value FROM about"))["filters"] == "--province 黑龙江省"
    assert set(json.loads((tmp_path / "metadata.json").read_text("utf-8"))["databases"]) == {"a"}
    assert zipfile.is_zipfile(tmp_path / "a.wacz")
    assert set(os.listdir(tmp_path)) == {"a.jsonl", "a.corpus", "a.db", "a.wacz", "metadata.json"}
    told = capsys.readouterr().err.splitlines()
    assert told[0] == f"2 rows in {tmp_path / 'a.jsonl'}"
    assert told[-2:] == ["jyt: 2 articles", "2 pages, 7 records"]


def test_nothing_selected_writes_nothing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(export, data, "--format", "csv", "-o", str(tmp_path / "a.csv"), "--year", "1999") == 1
    assert "no article of" in capsys.readouterr().err
    assert not os.listdir(tmp_path)


def test_what_is_left_out_or_long_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "CELL", 70)
    monkeypatch.setattr(export, "_TOLD_SECONDS", 0)
    land(tmp_path, [article("a", TEXT, text_hash="1" * 64), article("b", None, text_hash="2" * 64)])
    out = str(tmp_path / "out")
    assert run(export, tmp_path, "--format", "csv", "-o", out) == 0
    assert run(export, tmp_path, "--format", "csv", "-o", out, "--force", "--excel") == 0
    group_pending(Storage(str(tmp_path)))
    land(tmp_path, [article("c", "新的", text_hash="3" * 64)])
    assert run(export, tmp_path, "--format", "corpus", "-o", out, "--force", "--without-copies", "near") == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "%" not in line]
    long = "1 cells of more than 70 characters are"
    assert told == [
        f"2 rows in {out}", f"{long} whole, and too long for Excel; --excel cuts them", f"2 rows in {out}", f"{long} cut",
        "1 articles are not grouped as they are now; run scrapy reprints", f"2 rows in {out}",
        "1 articles without text are left out",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["jyt"], "export takes no argument, and 'jyt' is one; write --site jyt"),
        (["--province", "jilinn", "-o", "x"], "jilinn is no province (did you mean jilin?)"),
        (["--site", "jty", "-o", "x"], "jty is no site (did you mean jyt?)"),
        (["--site", ",", "-o", "x"], "--site names nothing"),
        (["--year", "20x4", "-o", "x"], "--year 20x4 is not a year"),
        (["--since", "soon", "-o", "x"], "since=soon is not a date"),
        (
            ["--since", "2025", "--until", "2024", "-o", "x"],
            "--since 2025-01-01 is after --until 2024-12-31; swap them",
        ),
        (["--words", " ", "-o", "x"], "--words holds no word"),
        (["--columns", "titel", "-o", "x"], "titel is no column (did you mean title?)"),
        (["--metadata", "m", "-o", "x"], "--metadata is an option of --format sqlite, not of csv"),
        (["--without-copies", "near", "--revisions", "-o", "x"], "leave out --revisions"),
        (["--without-copies", "near", "-o", "x"], "run scrapy reprints first"),
        ([], "say where to write"),
    ],
)
def test_bad_arguments_are_named(
    data: Path, arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        run(export, data, "--format", "csv", *arguments)
    assert told in str(caught.value)
    assert not os.listdir(tmp_path)


def test_no_archive_and_no_library(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, arguments in ((export, ("--format", "wacz", "-o", str(tmp_path / "a"))), (cdxj, ())):
        with pytest.raises(UsageError, match="there is no archive at"):
            run(module, tmp_path / "nowhere", *arguments)

        def missing() -> None:
            raise ModuleNotFoundError("no", name="cdxj_indexer")

        monkeypatch.setattr("govcrawl.exports.cdxj.library", missing)
        with pytest.raises(UsageError, match=r"cdxj_indexer is not installed; pip install 'govcrawl\[webarchive\]'"):
            run(module, data, *arguments)
    assert not os.listdir(tmp_path)


def test_a_failing_disk_is_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(folder: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(output, "fsync_folder", full)
    assert run(export, data, "--format", "csv", "-o", str(tmp_path / "a.csv")) == 8
    assert run(cdxj, data, "-o", str(tmp_path / "a.cdxj")) == 8
    assert capsys.readouterr().err.count("no space left") == 2


def test_who_stops_reading_is_no_failure(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> None:
        raise BrokenPipeError

    closed: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _, number: closed.append(number))
    monkeypatch.setattr("govcrawl.exports.text.write_csv", gone)
    monkeypatch.setattr("govcrawl.exports.cdxj.write", gone)
    with open(os.devnull, "w", encoding="utf-8") as out:
        monkeypatch.setattr("sys.stdout", out)
        assert run(export, data, "--format", "csv", "-o", "-") == 0
        assert run(cdxj, data) == 0
    assert len(closed) == 2


def test_the_index(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "a.cdxj"
    assert run(cdxj, data, "-o", str(target)) == 0
    assert len(target.read_text().splitlines()) == 17
    assert capsys.readouterr().err == "17 records of 3 files indexed\n"
    assert run(cdxj, data, "-o", str(target), "--force", "news") == 0
    assert len(target.read_text().splitlines()) == 2
    with pytest.raises(UsageError, match=r"nwes is no site of the archive \(did you mean news\?\)"):
        run(cdxj, data, "nwes")
    land(tmp_path / "bare", [article("a", TEXT)])
    assert run(cdxj, tmp_path / "bare", "-o", str(tmp_path / "b.cdxj")) == 1
