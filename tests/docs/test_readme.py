"""What the README says is true: its Python runs, its tables are those of the code, the sample crawl does what it tells."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest

from govcrawl import settings
from govcrawl.archive import dictionary
from govcrawl.run_report import verdict
from tests.loopback import PROJECT, command, crawl, environment

if TYPE_CHECKING:
    from pathlib import Path

README = (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("sample")
    done = crawl(data, "heilongjiang", GOVCRAWL_REPLAY="data/sample")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "heilongjiang: complete, exit code 0" in done.stdout
    assert "channel 通知公告: 2 list pages" in done.stdout
    return data


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks(README, "python"))))
def test_the_readmes_python_runs(number: int, sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = blocks(README, "python")[number].replace("data/replay", str(sample))
    exec(compile(code, f"README block {number}", "exec"), {})
    assert len(capsys.readouterr().out) > 5


def test_the_dictionary_is_the_schemas() -> None:
    assert (PROJECT / "data/README.md").read_text(encoding="utf-8") == dictionary.render(), (
        "run: scrapy dictionary --write data/README.md"
    )


def test_the_text_of_attachments_joins_to_their_articles(sample: Path) -> None:
    done = subprocess.run(
        command("attachments"), env=environment(sample), cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    query = next(q for q in blocks((PROJECT / "data/README.md").read_text(encoding="utf-8"), "sql") if "UNNEST" in q)
    with duckdb.connect() as connection:
        rows = connection.execute(query.replace("data/", f"{sample}/")).fetchall()
    assert len(rows) == 7
    assert any(text for _, _, text in rows)


def test_the_exit_codes_are_the_programs() -> None:
    table = README.split("<!-- exit codes -->")[1].split("<!-- /exit codes -->")[0]
    rows = [tuple(c.strip() for c in line.strip("|").split("|")) for line in table.strip().splitlines()[2:]]
    assert rows == [(str(code), *texts) for code, texts in verdict.EXIT_CODES.items()]


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", table, re.MULTILINE))
    own = {n: v for n, v in vars(settings).items() if n.startswith("GOVCRAWL_")}
    assert own.keys() <= rows.keys()
    for name, written in rows.items():
        value = getattr(settings, name)
        if name == "GOVCRAWL_DATA" or not value:
            continue
        shown = ",".join(value) if isinstance(value, list) else str(value)
        assert written == f"`{shown}`", name
