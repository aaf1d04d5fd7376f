"""The papers of the project as tests read them: their code blocks, the marks before these, and a copy of the project to run
them in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.loopback import PROJECT
from tests.zygote.client import Zygote

if TYPE_CHECKING:
    from pathlib import Path

AT_THE_ROOT = ["README.md", "README.zh.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
PAPERS = [*AT_THE_ROOT, *sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^(?:<!-- ([^\n]*?) -->\n)?( *)```(\w*)\n(.*?)\n\2```$", re.DOTALL | re.MULTILINE)
_MARK_IN_A_LIST = re.compile(r"^ +(<!-- .*? -->)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. ``mark``: the comment on the line before it, empty where there is none."""

    paper: str
    number: int
    language: str
    mark: str
    code: str

    def __str__(self) -> str:
        return f"{self.paper}-{self.number}-{self.language}"

    @property
    def commands(self) -> list[str]:
        """The commands of a shell block without their comments; lines that end with a backslash are joined."""
        lines = self.code.replace("\\\n", " ").splitlines()
        return [bare for line in lines if (bare := uncommented(line))]


def uncommented(line: str) -> str:
    return re.sub(r"(?:^|\s+)#\s.*", "", line).strip()


def read(paper: str) -> str:
    return (PROJECT / paper).read_text(encoding="utf-8")


def blocks(paper: str, text: str | None = None) -> list[Block]:
    """The fenced blocks of a paper, those in lists too."""
    text = _MARK_IN_A_LIST.sub(r"\1", read(paper) if text is None else text)
    found = []
    for number, match in enumerate(_FENCE.finditer(text), 1):
        mark, indent, language, code = match.groups()
        bare = "\n".join(line.removeprefix(indent) for line in code.splitlines())
        found.append(Block(paper, number, language, mark or "", bare))
    return found


def table(paper: str, heading: str) -> list[tuple[str, ...]]:
    """The rows of the table whose head begins so."""
    lines = iter(read(paper).splitlines())
    assert any(line.startswith(f"| {heading} |") for line in lines), f"{paper} has no table that begins with {heading}"
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    return rows


class Copy:
    """A copy of the project in which commands of the papers run as they stand, answered by the shipped recording."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        leave = shutil.ignore_patterns("__pycache__", "*.tar.gz")
        for name in ("govcrawl", "docs", "data/sample", "benchmarks", "tests"):
            shutil.copytree(PROJECT / name, folder / name, ignore=leave)
        for name in (*AT_THE_ROOT, "pyproject.toml", "scrapy.cfg", "data/README.md", ".pre-commit-config.yaml"):
            shutil.copy(PROJECT / name, folder / name)
        (folder / ".venv").symlink_to(sys.prefix)
        (folder / "log").mkdir()
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GOVCRAWL_", "PYTEST_"))}
        path = f"{folder / 'bin'}:{folder / '.venv/bin'}:{clean['PATH']}"
        self.environment = clean | {"PATH": path, "PYTHONPATH": str(folder), "GOVCRAWL_REPLAY": "data/sample"}
        (folder / "bin").mkdir()

    def warm(self) -> Zygote:
        """Let ``scrapy`` run in forks of a zygote of this copy, from now on."""
        zygote = Zygote(self.folder)
        zygote.shim(self.folder / "bin/scrapy")
        return zygote

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command of a shell, at most three minutes."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
