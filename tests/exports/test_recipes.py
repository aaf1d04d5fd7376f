"""The recipes of docs/export.md, run as they stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.commands import export
from tests.docs.papers import blocks
from tests.exports.archive import build, notice
from tests.exports.test_commands import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    for command in (c for b in blocks("docs/export.md") if b.language == "sh" and not b.mark for c in b.commands):
        assert run(export, tmp_path / "data", *command.split()[2:]) == 0
    recipes = [b for b in blocks("docs/export.md") if b.language == "python"]
    for block in recipes:
        assert block.mark == "test: run by tests/exports/test_recipes.py"
        capsys.readouterr()
        exec(compile(block.code, str(block), "exec"), {})
        assert str(notice().title)[:8] in capsys.readouterr().out
    assert len(recipes) == 2
