"""The Dockerfile and the workflows: what they name is there, and their commands run as they stand."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from scrapy.settings import Settings

from tests.docs.papers import blocks, read
from tests.loopback import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = sorted((PROJECT / ".github/workflows").glob("*.yml"))
KNOWN = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile."""
    joined = re.sub(r"\\\n", " ", read("Dockerfile"))
    return [(w, rest) for w, _, rest in (line.partition(" ") for line in joined.splitlines()) if w.isupper()]


def last(word: str) -> str:
    return [rest for w, rest in steps() if w == word][-1]


def is_sent(path: str) -> bool:
    """Whether .dockerignore lets a file reach the build; its last line that fits decides."""
    sent = True
    for line in read(".dockerignore").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#") and any(fnmatch(part, pattern) for part in (path, *path.split("/"))):
            sent = line.startswith("!")
    return sent


def test_the_image_has_what_it_needs_and_no_more() -> None:
    copied = [
        part for w, rest in steps() if w == "COPY" and not rest.startswith("--from") for part in rest.split()[:-1]
    ]
    project = tomllib.loads(read("pyproject.toml"))["project"]
    assert {"pyproject.toml", "govcrawl", project["readme"], *project["license-files"]} == set(copied)
    assert all(is_sent(path) and (PROJECT / path).exists() for path in copied)
    assert is_sent("govcrawl/spiders/moe.py")
    assert is_sent("govcrawl/overview/page.html.j2")
    for path in (".git/config", ".venv/bin/python", "data/sample", "tests/loopback.py", "govcrawl/__pycache__/x.pyc"):
        assert not is_sent(path), path
    (extras,) = re.findall(r"'\.\[([\w,]+)\]'", "".join(rest for w, rest in steps() if w == "RUN"))
    assert set(extras.split(",")) <= set(KNOWN)
    requires = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    assert all(rest.startswith(f"python:{requires}-slim") for w, rest in steps() if w == "FROM")
    assert int(last("USER")) > 0
    assert f"--uid {last('USER')} " in last("RUN")
    assert last("VOLUME") == last("WORKDIR") == last("RUN").split()[-1]


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A folder and an environment like those of the container; the recording stands for the network."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "opt").symlink_to(sys.prefix)
    (folder / "srv").mkdir()
    env = {"HOME": str(folder), "GOVCRAWL_REPLAY": str(PROJECT / "data/sample"), "PYTHONPATH": str(PROJECT)}
    for name, value in (pair.split("=", 1) for pair in last("ENV").split()):
        env[name] = value.replace("/opt/govcrawl", f"{folder}/opt").replace("$PATH", os.environ["PATH"])
    return {"cwd": folder / "srv", "env": env, "capture_output": True, "text": True, "timeout": 600}


def test_the_containers_command_crawls_and_its_health_check_tells(inside: dict[str, Any]) -> None:
    check = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    command = json.loads(last("ENTRYPOINT")) + json.loads(last("CMD"))
    done = subprocess.run([*command, "--sites", "heilongjiang"], check=False, **inside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(path.name for path in inside["cwd"].iterdir()) == ["data", "log"]
    well = subprocess.run(check, check=False, **inside)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "1 sites: 0 alarms" in well.stdout


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options of a command of govcrawl's. Raises SystemExit for unknown ones."""
    name, *options = arguments
    command = import_module(f"govcrawl.commands.{name}").Command()
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.settings = Settings()
    command.add_options(parser)
    return parser.parse_known_args(options)[0] if name == "health" else parser.parse_args(options)


def test_the_container_commands_of_the_papers() -> None:
    (block,) = (b for b in blocks("docs/operate.md") if b.mark.startswith("checked as container"))
    build, *runs = block.commands
    assert build == "docker build -t govcrawl ."
    for line in runs:
        words = shlex.split(line)
        assert words[:2] == ["docker", "run"]
        assert words[words.index("-v") + 1].partition(":")[2] == last("VOLUME")
        parsed(words[words.index("govcrawl") + 1 :])


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_the_steps_of_a_workflow(workflow: Path) -> None:
    told = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    assert told["permissions"] == {"contents": "read"}
    done = [step["run"] for job in told["jobs"].values() for step in job["steps"] if "run" in step]
    assert done
    for line in done:
        for command in line.split(" && "):
            program, *arguments = shlex.split(command)
            if program == ".venv/bin/scrapy":
                parsed(arguments)
            elif program == ".venv/bin/pip":
                assert re.search(r" -e (?:\.|'\.\[[\w,]+\]')$", command)
            elif program == "docker":
                assert command in ("docker build -t govcrawl .", "docker run --rm govcrawl version")
            else:
                assert command == "python3 -m venv .venv" or os.access(PROJECT / program, os.X_OK), command


def test_both_are_linted_where_the_lint_extra_is() -> None:
    """As CI does beside the tests; the programs come with the extra that the tests bring."""
    lines = [shlex.split(line) for line in read(".ci/run").splitlines() if line.startswith(".venv/bin/")]
    linted = [line for line in lines if line[0].endswith(("hadolint", "check-jsonschema"))]
    assert len(linted) == 2
    assert {str(path.relative_to(PROJECT)) for path in WORKFLOWS} < set(linted[1])
    for program, *arguments in linted:
        found = shutil.which(program.rpartition("/")[2], path=f"{sys.prefix}/bin")
        assert found
        ended = subprocess.run(
            [found, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
