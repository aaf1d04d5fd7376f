"""The file of an export: there when it is whole, never over another unasked."""

from __future__ import annotations

import gzip
import io
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from govcrawl.errors import BadArgument
from govcrawl.exports.output import Output

if TYPE_CHECKING:
    from pathlib import Path


def test_it_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with Output(str(path)).text("utf-8-sig") as out:
        out.write("标题\r\n")
        out.flush()
        assert not path.exists()
    assert path.read_bytes() == "\ufeff标题\r\n".encode()
    assert os.listdir(tmp_path) == ["a.csv"]


def write_half(output: Output) -> None:
    with output.text() as out:
        out.write("new" * 100_000)
        raise RuntimeError("half way")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_what_fails_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    with pytest.raises(RuntimeError, match="half way"):
        write_half(Output(str(path), force=True))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [name]


def test_what_came_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(BadArgument, match="is there already; --force replaces it"), Output(str(path)).text():
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    with Output(str(path), force=True).text() as out:
        out.write("ours")
    assert path.read_text() == "ours"


def test_gz_by_its_name_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        with Output(str(tmp_path / name)).text() as out:
            out.write("标题\n" * 1000)
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()).decode() == "标题\n" * 1000
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


def test_standard_output_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=raw))
    for text in ("一\n", "二\n"):
        with Output("-").text() as out:
            out.write(text)
    assert raw.getvalue().decode() == "一\n二\n"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("s3://bucket/a.csv", "is no local file"),
        ("nowhere/a.csv", "there is no folder nowhere; make it"),
        (".", "is a folder; name a file in it"),
        ("a.db.gz", "not compressed as a whole"),
        ("-", "cannot go to standard output"),
    ],
)
def test_targets_that_cannot_be_are_named(target: str, told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        Output(target).check(streams=False, gz=False)


def test_targets_that_can_be(tmp_path: Path) -> None:
    Output("-").check(streams=True, gz=True)
    Output(str(tmp_path / "a.csv.gz")).check(streams=True, gz=True)
