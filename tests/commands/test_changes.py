"""`scrapy changes` as people type it, and the mirrors of docs/changes.md, applied as they stand there."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pyarrow.parquet as pq
import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from govcrawl.archive.changes import positions
from govcrawl.archive.changes.events import EVENTS, KINDS
from govcrawl.archive.schema import VERSION
from govcrawl.commands.changes import Command
from tests.archive.days import Days, latest
from tests.archive.test_compact import article, land
from tests.commands.postgresql import Server
from tests.docs.papers import blocks, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


BLOCKS = blocks("docs/changes.md")
MIRROR = [block for block in BLOCKS if block.mark.startswith("checked as a mirror")]


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs the command with these arguments, in a folder with an archive ``data``."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, data: str = "data") -> Done:
        command = Command()
        command.settings = Settings({"GOVCRAWL_DATA": data})
        parser = argparse.ArgumentParser(conflict_handler="resolve")
        command.add_options(parser)
        capfd.readouterr()
        try:
            opts, rest = parser.parse_known_args(arguments)
            command.run(rest, opts)
        except UsageError as exc:
            return Done(2, capfd.readouterr().out, str(exc))
        return Done(command.exitcode, *capfd.readouterr())

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three runs of two sites: articles that are added, edited, withdrawn."""
    where = tmp_path / "data"
    land(where, "20240101", article(1), article(2))
    land(where, "20240201", article(9), site="heilongjiang")
    land(
        where,
        "20240301",
        article(1, revision=2, revision_cause="edited", title="新标题"),
        article(2, revision=2, revision_cause="gone", status="gone"),
        article(3, published_at=None, published_on=None),
    )
    return where


def lines(done: Done) -> list[dict[str, Any]]:
    assert done.code == 0, done
    return [json.loads(line) for line in done.out.splitlines()]


def told(done: Done) -> list[tuple[str, str]]:
    return [(one["change"], one["doc_id"][-1]) for one in lines(done)]


ADDED = [("added", "1"), ("added", "2"), ("added", "9")]
LATER = [("edited", "1"), ("withdrawn", "2"), ("added", "3")]
S3 = "s-20240301T010203456Z-ab12"


def test_each_change_is_told_once_with_what_differs(changes: Callable[..., Done], data: Path) -> None:
    done = changes()
    assert told(done) == ADDED + LATER
    assert done.err.splitlines()[0] == "4 added, 1 edited, 1 withdrawn"
    found = lines(done)
    assert [one["number"] for one in found] == [1, 2, 3, 4, 5, 6]
    assert found[0].keys() == set(EVENTS.names)
    edited, gone, new = found[3:]
    assert edited["changed_columns"] == ["title"]
    assert edited["before"] == {"title": "标题1"}
    assert (edited["after"]["title"], edited["after"]["revision"], edited["revision"]) == ("新标题", 2, 2)
    assert (edited["position"], edited["site"]) == (f"{S3}:1", "s")
    assert (gone["changed_columns"], gone["before"], gone["after"]) == (["status"], {"status": "live"}, None)
    assert (new["before"], new["changed_columns"]) == (None, None)
    assert new["after"]["published_on"] is None
    assert found[0]["after"]["published_at"] == "2024-01-01T00:30:00.000+08:00"
    assert found[0]["after"]["province"] == "heilongjiang"
    assert found[0]["after"]["attachments"][0]["name"] == "附件.pdf"
    assert found[0]["at"] == "2024-01-02T00:00:00.000+00:00"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--since", "2024-01-01"], ADDED + LATER),
        (["--since", "2024-01-02"], [ADDED[2], *LATER]),
        (["--since", "2024-02"], [ADDED[2], *LATER]),
        (["--since", "2024-03-01T01:02:04Z"], []),
        (["--since", "2025"], []),
        (["--until", "2024-01"], ADDED[:2]),
        (["--until", "2024-01-01"], ADDED[:2]),
        (["--until", "2024"], ADDED + LATER),
        (["--until", "heilongjiang-20240201T010203456Z-ab12"], ADDED),
        (["--since", "2024-01-02", "--until", "2024-02-28"], ADDED[2:]),
        (["--site", "heilongjiang"], ADDED[2:]),
        (["--since", "s-20240101T010203456Z-ab12"], LATER),
        (["--since", S3], []),
        (["--since", "v1"], ADDED + LATER),
        (["--since", "v1,s-20240101T010203456Z-ab12:1"], [ADDED[2], *LATER]),
    ],
    ids=str,
)
def test_since_until_and_site(
    changes: Callable[..., Done], data: Path, arguments: list[str], expected: list[tuple[str, str]]
) -> None:
    assert told(changes(*arguments)) == expected


def test_a_cursor_goes_on_from_wherever_it_was_got(changes: Callable[..., Done], data: Path) -> None:
    for first in (
        ["--until", "2024-01"],
        ["--since", "2024-01-01", "--until", "2024-01"],
        ["--site", "s", "--until", "2024-02"],
    ):
        Path("kept").unlink(missing_ok=True)
        assert told(changes(*first, "--cursor", "kept")) == ADDED[:2]
        assert told(changes("--since", "kept")) == [ADDED[2], *LATER], "the file is only read"
        assert told(changes("--cursor", "kept")) == [ADDED[2], *LATER]
        assert told(changes("--cursor", "kept")) == []
        assert Path("kept").read_text() == f"v1,heilongjiang-20240201T010203456Z-ab12:1,{S3}:1\n"
    past = changes("--since", "2025", "--cursor", "kept")
    assert told(past) == []
    assert told(changes("--cursor", "kept")) == [], "what was there before the date is not told of later"
    go_on = re.search(r"go on with --since (\S+)", changes().err)
    assert go_on
    assert told(changes("--since", go_on[1])) == []


def test_parquet_has_the_same_with_types_and_cursor(changes: Callable[..., Done], data: Path) -> None:
    done = changes("--format", "parquet", "-o", "new.parquet")
    assert done.code == 0
    table = pq.read_table("new.parquet")
    assert table.schema.equals(EVENTS)
    assert table.schema.metadata[b"schema_version"] == VERSION.encode()
    assert positions.read(table.schema.metadata[b"cursor"].decode()).keys() == {"s", "heilongjiang"}
    assert table.select(["change", "doc_id"]).to_pylist() == [
        {n: o[n] for n in ("change", "doc_id")} for o in lines(changes())
    ]
    with duckdb.connect() as connection:
        query = "SELECT after.title, before.title FROM 'new.parquet' WHERE change = 'edited'"
        assert connection.execute(query).fetchall() == [("新标题", "标题1")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x"], "write --site x"),
        (["--format", "parquet"], "name a file with -o"),
        (["-o", "there"], "is there already: load it and remove it first"),
        (["--since", "gestern"], "'gestern' is neither a day"),
        (["--since", "2024-13"], "'2024-13' is neither"),
        (["--until", "9999"], "'9999' is neither"),
        (["--since", "v2,x"], "is no cursor of this govcrawl; it would begin with v1"),
        (["--since", "v1,x"], "'x' in the cursor is no position"),
        (["--since", "there"], "there: 'no cursor' is no cursor"),
        (["--since", "binary"], "binary is no file with a cursor"),
        (["--site", "heilongjian"], r"no site 'heilongjian' in data \(did you mean heilongjiang\?\)"),
        (["--since", "s-20240101T010203456Z-ab13"], r"no run '.*' in data \(did you mean s-20240101"),
        (["--since", S3, "--site", "heilongjiang"], "is a run of s, and --site names heilongjiang"),
        (["--since", f"v1,{S3}:7"], f"names the segment {S3}:7, which data does not hold.*start over.*without --since"),
    ],
    ids=str,
)
def test_what_cannot_be_answered_says_why(
    changes: Callable[..., Done], data: Path, arguments: list[str], says: str
) -> None:
    Path("there").write_text("no cursor")
    Path("binary").write_bytes(b"\xff\xfe")
    done = changes(*arguments)
    assert (done.code, done.out) == (2, "")
    assert re.search(says, done.err, re.DOTALL), done.err
    assert Path("there").read_text() == "no cursor"


def test_no_archive_and_a_damaged_one(changes: Callable[..., Done], data: Path) -> None:
    assert "there is no archive at nowhere" in changes(data="nowhere").err
    next(data.glob("articles/**/s-20240301*")).write_bytes(b"PAR1")
    done = changes("--cursor", "kept", "-o", "new.jsonl")
    assert done.code == 8
    assert "run scrapy verify --repair" in done.err
    assert not Path("kept").exists()
    assert not Path("new.jsonl").exists()


def test_an_archive_that_was_built_anew_is_told_from_the_old_one(changes: Callable[..., Done], data: Path) -> None:
    assert changes("--cursor", "kept").code == 0
    shutil.rmtree("data")
    land(data, "20240401", article(1))
    done = changes("--cursor", "kept")
    assert done.code == 2
    assert "start over" in done.err
    assert told(changes()) == [("added", "1")]


def test_a_pipe_that_closes_keeps_no_cursor(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land(data, "20240501", *(article(n, text="长" * 5000) for n in range(100, 140)))
    run = [sys.executable, "-m", "scrapy.cmdline", "changes", "--cursor", "kept"]
    where = {"GOVCRAWL_DATA": str(data), "SCRAPY_SETTINGS_MODULE": "govcrawl.settings"}
    command = f"{shlex.join(run)} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=os.environ | where, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert not (tmp_path / "kept").exists()


# docs/changes.md


def test_the_commands_that_are_shown(changes: Callable[..., Done], data: Path) -> None:
    (block,) = [block for block in BLOCKS if block.mark.startswith("checked as commands")]
    shown = [told(changes(*shlex.split(c.partition(" > ")[0])[2:])) for c in block.commands]
    assert shown == [[], ADDED + LATER, []]


def test_the_tables_are_the_programs() -> None:
    types = {"timestamp[ms, tz=UTC]": "timestamp[ms, UTC]", "list<element: string>": "list<string>"}
    columns = []
    for field in EVENTS:
        kind = "struct" if str(field.type).startswith("struct") else types.get(str(field.type), str(field.type))
        columns.append(
            (f"`{field.name}`", kind + ("?" if field.nullable else ""), field.metadata[b"description"].decode())
        )
    assert table("docs/changes.md", "column") == columns
    assert table("docs/changes.md", "change") == [(f"`{kind}`", about) for kind, about in KINDS.items()]


def mirrored(tmp_path: Path, changes: Callable[..., Done], shell: list[str]) -> None:
    """Run a block of commands, those of scrapy within this process."""
    for command in shell:
        if command.startswith("scrapy changes "):
            assert changes(*shlex.split(command)[2:]).code == 0
        else:
            subprocess.run(["bash", "-c", command], check=True, capture_output=True)


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    """An archive of four days, of which the caller lives on."""
    made = Days(tmp_path / "data", 11)
    for _ in range(4):
        made.day(accidents=False)
    yield made
    assert sum(made.done.values()) > 0


def test_a_mirror_in_duckdb_ends_equal(
    tmp_path: Path, changes: Callable[..., Done], days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    code, shell = (next(b for b in MIRROR if b.language == language) for language in ("python", "sh"))
    Path("mirror.py").write_text(code.code)
    mirrored(tmp_path, changes, shell.commands)
    for _ in range(6):
        days.day()
    days.settle()
    before_moving_on = shell.commands[:-1]
    for commands in (before_moving_on, shell.commands, shell.commands):
        mirrored(tmp_path, changes, commands)
        with duckdb.connect("mirror.duckdb") as mirror:
            mirror.execute("SET TimeZone='UTC'")
            rows = mirror.sql("SELECT * FROM articles").to_arrow_table().to_pylist()
        expected = latest(tmp_path / "data")
        assert len(rows) == len(expected) > 10
        assert {row["doc_id"]: row for row in rows} == expected


@pytest.fixture
def server() -> Iterator[Server]:
    assert INITDB is not None
    with Server(INITDB) as running:
        yield running


INITDB = shutil.which("initdb") or next(iter(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")))), None)


@pytest.mark.skipif(INITDB is None, reason="PostgreSQL is not installed (apt-get install postgresql)")
def test_a_mirror_in_postgresql_ends_equal(
    tmp_path: Path, changes: Callable[..., Done], days: Days, server: Server
) -> None:
    code = next(b for b in MIRROR if b.language == "sql")
    shell = [b for b in MIRROR if b.language == "sh"][1]
    Path("mirror.sql").write_text(code.code)
    commands = [server.command(c) if c.startswith("psql") else c for c in shell.commands]
    mirrored(tmp_path, changes, commands)
    for _ in range(6):
        days.day()
    days.settle()
    for _ in range(2):
        mirrored(tmp_path, changes, commands)
        rows = [json.loads(line) for line in server.rows("SELECT row_to_json(a) FROM articles a")]
        expected = latest(tmp_path / "data")
        assert {row["doc_id"] for row in rows} == expected.keys()
        for row in rows:
            true = expected[row["doc_id"]]
            for name in (
                "revision",
                "status",
                "site",
                "province",
                "year",
                "title",
                "text",
                "author",
                "quality",
                "attachments",
            ):
                assert row[name] == true[name], name
            assert datetime.fromisoformat(row["fetched_at"]) == true["fetched_at"]
