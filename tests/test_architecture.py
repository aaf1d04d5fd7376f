"""The plan of the house: imports point one way, and a wrong one is noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "govcrawl", tmp_path / "govcrawl", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_arrows_point_one_way(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        ("extraction/dates.py", "import govcrawl.archive.warc"),
        ("archive/lock.py", "import govcrawl.extraction"),
        ("archive/lock.py", "import scrapy"),
        ("base_spiders/rows.py", "import govcrawl.pipelines"),
        ("items.py", "import govcrawl.archive.ledger"),
        ("extraction/dates.py", "import govcrawl.extraction.metadata"),
        ("addresses.py", "import govcrawl.provinces"),
    ],
)
def test_a_wrong_import_is_noticed(copy: Path, module: str, planted: str) -> None:
    path = copy / "govcrawl" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{planted}\n", encoding="utf-8")
    done = lint_imports(copy)
    assert done.returncode == 1, done.stdout
    assert planted.rpartition(".")[2].removeprefix("import ") in done.stdout


def test_every_room_is_in_the_plan(copy: Path) -> None:
    (copy / "govcrawl" / "attic").mkdir()
    (copy / "govcrawl" / "attic" / "__init__.py").touch()
    assert "attic" in lint_imports(copy).stdout
