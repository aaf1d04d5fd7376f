"""What the papers say is true: their commands and code run, their tables are those of the code, their links lead somewhere."""

from __future__ import annotations

import ast
import configparser
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
import yaml

from govcrawl import pipelines, settings
from govcrawl.archive import dictionary
from govcrawl.commands.health import proposed
from govcrawl.run_report import report, verdict
from tests.docs.papers import PAPERS, Block, Copy, blocks, read, table, uncommented
from tests.loopback import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERY = [block for paper in PAPERS for block in blocks(paper)]
DRAFT = "govcrawl/spiders/hlj_edu.py"
BUILT_IN = {"list", "genspider"}  # commands of Scrapy's own that the papers name


def chosen(language: str, mark: str = "") -> list[Block]:
    return [block for block in EVERY if block.language == language and block.mark.startswith(mark or "")]


def plain(language: str) -> list[Block]:
    """Blocks that are run as they stand; the Chinese README's are the README's, see below."""
    every = (block for block in chosen(language) if block.paper != "README.zh.md")
    return [block for block in every if not block.mark.startswith(("checked", "test"))]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    """A copy of the project in which the README's first command has run."""
    made = Copy(tmp_path_factory.mktemp("papers"))
    done = made.run(without_installing(next(b for b in blocks("README.md") if b.mark == "try").code))
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "heilongjiang: complete, exit code 0" in done.stdout
    assert "channel 通知公告: 2 list pages" in done.stdout
    with made.warm():
        yield made


def without_installing(command: str) -> str:
    """A command without the steps that CI does: they must be those that CI knows."""
    steps = command.split(" && ")
    assert steps[0] == "python3 -m venv .venv"
    extras = re.fullmatch(r"\.venv/bin/pip install -q -e '\.\[([\w,]+)\]'", steps[1])
    assert extras, steps[1]
    known = re.findall(r"^(\w+) = \[$", (PROJECT / "pyproject.toml").read_text(), re.MULTILINE)
    assert set(extras[1].split(",")) <= set(known)
    return " && ".join(steps[2:])


# Blocks


@pytest.mark.parametrize("block", plain("python"), ids=str)
def test_python_runs(
    block: Block, copy: Copy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(copy.folder)
    if "hlj_edu" in block.code:
        crawl_the_draft(copy)
    exec(compile(block.code, str(block), "exec"), {})
    assert len(capsys.readouterr().out) > 5


@pytest.mark.parametrize("block", plain("sql"), ids=str)
def test_sql_answers(block: Block, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(copy.folder)
    with duckdb.connect() as connection:
        assert connection.execute(block.code).fetchall()


@pytest.mark.parametrize("block", [b for b in plain("sh") if (b.paper, b.mark) != ("README.md", "try")], ids=str)
def test_commands_run(block: Block, copy: Copy) -> None:
    if "scrapy probe" in block.code:
        (copy.folder / DRAFT).unlink(missing_ok=True)
    elif "hlj_edu" in block.code:
        crawl_the_draft(copy)
    if " page.html" in block.code:
        write_the_page(copy)
    if "scrapy verify" in block.code:
        forget_the_draft(copy)
    exports = ""
    for line in block.code.splitlines():
        command = uncommented(line)
        if command.startswith("export "):
            exports += f"{command}; "
        elif command:
            stated = re.search(r"# .*exit code (\d)(?! with)", line)
            done = copy.run(exports + command)
            assert done.returncode == int(stated[1] if stated else 0), f"{command}\n{done.stdout}{done.stderr[-3000:]}"


def crawl_the_draft(copy: Copy) -> None:
    """What the steps of add-a-site.md before this one leave."""
    if not (copy.folder / DRAFT).exists():
        probe = next(c for b in blocks("docs/add-a-site.md") for c in b.commands if c.startswith("scrapy probe"))
        assert copy.run(probe).returncode == 0
    if not list(copy.folder.glob("data/replay/articles/**/hlj_edu-*.parquet")):
        done = copy.run("scrapy crawl hlj_edu -a sample=5")
        assert done.returncode == 3, done.stdout + done.stderr[-3000:]


def forget_the_draft(copy: Copy) -> None:
    """Remove its rows: another page has the same articles under the name of their host, which verify tells of."""
    for path in copy.folder.glob("data/replay/*/**/*hlj_edu*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("block", chosen("sh", "checked by its options"), ids=str)
def test_long_commands_have_these_options(block: Block, copy: Copy) -> None:
    for command in block.commands:
        program = re.split(r" -", command)[0] if " -m " not in command else " ".join(command.split()[:3])
        done = copy.run(f"{program} --help")
        assert done.returncode == 0, done.stderr
        for option in re.findall(r"(?<= )--[\w-]+", command):
            assert option in done.stdout, command


@pytest.mark.parametrize("block", chosen("sh", "checked by collecting"), ids=str)
def test_the_tests_that_are_named_are_there(block: Block) -> None:
    for command in block.commands:
        assert re.match(r"pytest -q( -n \d| -k \w+| tests/[\w/.]+)*$", command), command
        for path in re.findall(r"tests/[\w/.]+", command):
            assert (PROJECT / path).exists(), command
        if word := re.search(r"-k (\w+)", command):
            text = (PROJECT / re.findall(r"tests/[\w/.]+", command)[0]).read_text(encoding="utf-8")
            assert re.search(rf"def test_\w*{word[1]}", text), command


@pytest.mark.parametrize("block", chosen("sh", "checked by its parts"), ids=str)
def test_setting_up_is_what_ci_does(block: Block) -> None:
    steps = block.commands
    assert without_installing(" && ".join(steps)) == ".venv/bin/pre-commit install"
    assert steps[1] in read(".ci/run")


@pytest.mark.parametrize("block", chosen("crontab"), ids=str)
def test_a_crontab_line_runs(block: Block, copy: Copy) -> None:
    limits = (59, 23, 31, 12, 7)
    for line in block.code.splitlines():
        *when, command = line.split(maxsplit=5)
        assert len(when) == 5
        assert all(field == "*" or 0 <= int(field) <= most for field, most in zip(when, limits, strict=True))
        assert "%" not in command, "cron reads a per cent sign as the end of the line"
        here = command.replace("cd /srv/govcrawl ", f"cd {copy.folder} ")
        assert here != command
        here = here.replace(" crawlall ", " crawlall --sites heilongjiang ")  # of all sites the one that is recorded
        done = copy.run(here)
        assert done.returncode == 0, done.stderr
        written = re.search(r">(log/\w+\.log)", command)
        assert written
        log = (copy.folder / written[1]).read_text(encoding="utf-8")
        assert re.search(r"heilongjiang\W.*\bcomplete\b|\b0 alarms\b", log), log


@pytest.mark.parametrize("block", chosen("ini"), ids=str)
def test_a_systemd_unit_is_one_and_its_command_runs(block: Block, copy: Copy, tmp_path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(block.code)
    kind = "timer" if "Timer" in unit else "service"
    if kind == "service":
        assert "SuccessExitStatus" not in unit["Service"], "a partial run and one that is locked out are told, too"
        if "OnFailure" not in unit["Unit"]:
            assert unit["Service"]["ExecStart"].startswith("/usr/bin/logger -p user.warning -t govcrawl ")
            return
        told = unit["Unit"]["OnFailure"].replace("%i", "")
        assert f"/etc/systemd/system/{told}" in read(block.paper)
        command = unit["Service"]["ExecStart"].replace("/srv/govcrawl", str(copy.folder)).replace("%i", "heilongjiang")
        assert copy.run(command).returncode == 0
    if analyze := shutil.which("systemd-analyze"):
        for other in chosen("ini"):
            failed = "" if "[Timer]" in other.code or "OnFailure" in other.code else "-failed"
            name = "timer" if "[Timer]" in other.code else "service"
            text = other.code.replace("/srv/govcrawl", str(copy.folder)).replace("User=govcrawl\n", "")
            (tmp_path / f"govcrawl{failed}@.{name}").write_text(text)
        done = subprocess.run(
            [analyze, "verify", str(tmp_path / f"govcrawl@.{kind}")], capture_output=True, text=True, check=False
        )
        assert "govcrawl@" not in done.stderr, done.stderr


@pytest.mark.parametrize("block", chosen("sh", "checked by name"), ids=str)
def test_systemctl_names_the_unit(block: Block) -> None:
    assert block.commands == ["systemctl enable --now govcrawl@heilongjiang.timer"]
    assert "/etc/systemd/system/govcrawl@.timer" in read(block.paper)


def write_the_page(copy: Copy) -> None:
    """The page that docs/extraction.md explains."""
    page = next(block.code for block in chosen("text", "checked as a page"))
    (copy.folder / "page.html").write_text(page, encoding="utf-8")


@pytest.mark.parametrize("block", chosen("text", "checked as an explanation"), ids=str)
def test_an_explanation_is_the_one_that_is_printed(block: Block, copy: Copy) -> None:
    write_the_page(copy)
    commands = [command for other in blocks(block.paper) for command in other.commands]
    done = copy.run(next(command for command in commands if command.startswith("scrapy explain page.html")))
    printed = done.stdout.splitlines()
    assert [line for line in block.code.splitlines() if line not in printed] == []


@pytest.mark.parametrize("block", chosen("text", "checked as a proposal"), ids=str)
def test_a_proposal_is_printed_so(block: Block) -> None:
    form = re.compile(
        r"proposal: (?P<site>\w+): channel (?P<channel>\S+): (?P<found>\d+) rows of (?P<family>.+) fit (?P<article_pattern>\S+); "
        r"their articles state (?P<fields>.+)\n  (?P<date>\S+)  (?P<title>\S+)  (?P<url>\S+)\n  try it: (?P<command>.+)"
    )
    said = form.fullmatch(block.code)
    assert said
    parts: dict[str, Any] = said.groupdict()
    row = {name: parts.pop(name) for name in ("date", "title", "url")}
    proposal = parts | {"fields": parts["fields"].split(", "), "rows": [row], "change": "moved"}
    assert "\n".join(proposed(said["site"], proposal)) == block.code


@pytest.mark.parametrize("block", [b for b in chosen("text") if not b.mark], ids=str)
def test_a_drawing_names_what_is_there(block: Block) -> None:
    paths = re.findall(r"govcrawl/[\w/.]+", block.code)
    words = re.findall(r"\w+", block.code)
    assert paths or "base_spiders" in words
    for path in paths:
        assert (PROJECT / path).exists(), path


def test_every_block_is_checked() -> None:
    ways = ("checked as", "checked by collecting", "checked by its options", "checked by its parts", "checked by name")
    by_hand = re.compile(r"checked by hand with \w+ \d[\d.]*( and \w+ \d[\d.]*)*")  # programs that CI has not
    for block in EVERY:
        assert block.language in {"sh", "python", "sql", "text", "ini", "crontab"}, block
        assert not block.mark.startswith("checked") or block.mark.startswith(ways) or by_hand.fullmatch(block.mark), (
            block
        )
        assert block.language not in {"ini", "crontab"} or block.mark.startswith("checked as"), block
    fences = sum(read(paper).count("```") for paper in PAPERS)
    assert fences == 2 * len(EVERY), "a block is not seen by these tests"


# The two READMEs


def test_the_readmes_agree() -> None:
    english, chinese = blocks("README.md"), blocks("README.zh.md")

    def bare(every: list[Block]) -> list[tuple[str, str, list[str]]]:
        return [(b.language, b.mark, b.commands if b.language == "sh" else b.code.splitlines()) for b in every]

    assert bare(english) == bare(chinese)
    commands = [[row[0] for row in table(paper, head)] for paper, head in ZIPPED]
    assert commands[0] == commands[1]


ZIPPED = (("README.md", "command"), ("README.zh.md", "命令"))


@pytest.mark.parametrize(("paper", "heading"), ZIPPED)
def test_every_command_is_in_the_table(paper: str, heading: str) -> None:
    named = {row[0].strip("`").removeprefix("scrapy ") for row in table(paper, heading)}
    own = {path.stem for path in (PROJECT / "govcrawl/commands").glob("[!_]*.py")}
    assert named - BUILT_IN == own


@pytest.mark.parametrize("paper", ["README.md", "README.zh.md"])
def test_the_readmes_figures_are_those_measured(paper: str) -> None:
    told = re.findall(
        r"^\| (?:govcrawl|trafilatura) \| \d.*\|$", (PROJECT / paper).read_text(encoding="utf-8"), re.MULTILINE
    )
    measured = (PROJECT / "docs/measured.md").read_text(encoding="utf-8")
    assert len(told) == 2
    assert all(f"\n{row}" in measured for row in told)


def test_the_readme_is_short() -> None:
    assert len(read("README.md").splitlines()) <= 150


def links() -> Iterator[tuple[str, str]]:
    for paper in PAPERS:
        text = re.sub(r"```.*?```", "", read(paper), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?://)([^)#]+)(?:#[^)]*)?\)", text):
            yield paper, target


def test_links_lead_somewhere() -> None:
    missing = [(p, target) for p, target in links() if not (PROJECT / p).parent.joinpath(target).exists()]
    assert not missing


def test_paths_that_are_named_are_there() -> None:
    named = {
        (p, path)
        for p in PAPERS[:3] + PAPERS[5:]
        for path in re.findall(r"`((?:govcrawl|tests|docs)/[\w/.-]+)`", read(p))
    }
    assert len(named) > 20
    assert not [(p, path) for p, path in named if not (PROJECT / path).exists() and path != DRAFT]


def test_every_paper_is_linked_from_the_readme() -> None:
    linked = {target for paper, target in links() if paper == "README.md"}
    assert linked >= set(PAPERS) - {"README.md"}


# Tables


def test_the_exit_codes_are_the_programs() -> None:
    rows = table("docs/operate.md", "code")
    assert rows == [(str(code), *texts) for code, texts in verdict.EXIT_CODES.items()]


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = {row[0].strip("`"): row[1] for row in table("docs/settings.md", "setting")}
    own = {n: v for n, v in vars(settings).items() if n.startswith("GOVCRAWL_")}
    assert own.keys() <= rows.keys()
    for name, written in rows.items():
        value = getattr(settings, name)
        if name == "GOVCRAWL_DATA" or not value:
            continue
        shown = ",".join(value) if isinstance(value, list) else str(value)
        assert written == f"`{shown}`", name


def messages() -> Iterator[str]:
    """What the package's loggers say, with … for what varies."""
    for path in (PROJECT / "govcrawl").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and re.fullmatch(r"(self\.|spider\.)?logger\.\w+", ast.unparse(call.func)):
                match call.args[0]:
                    case ast.Constant(value=str(text)):
                        yield re.sub(r"%\w", "…", text)
                    case ast.JoinedStr(values=parts):
                        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in parts)


def test_every_log_message_is_explained() -> None:
    explained = {row[0].strip("`") for row in table("docs/operate.md", "message")}
    said = set(messages())
    assert len(said) >= 6
    assert not said - explained, "explain it in the table of docs/operate.md"


def test_every_explained_message_is_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (PROJECT / "govcrawl").rglob("*.py"))
    joined = re.sub(r'"\n\s+f?"', "", code)
    for row in table("docs/operate.md", "message"):
        parts = sorted((p for p in re.split("…", row[0].strip("`"))), key=len)
        assert parts[-1] in joined, row[0]


def test_every_reason_to_drop_is_explained() -> None:
    named = {name for row in table("docs/operate.md", "drop") for name in re.findall(r"`(\w+)`", row[0])}
    there = {c.__name__ for c in vars(pipelines).values() if isinstance(c, type) and issubclass(c, pipelines.Dropped)}
    assert named == there - {"Dropped"}


def test_every_end_of_a_walk_is_explained() -> None:
    named = {row[0].strip("`") for row in table("docs/operate.md", "ended at")}
    listing = (PROJECT / "govcrawl/base_spiders/listing.py").read_text(encoding="utf-8")
    head = listing.split("class Walk:")[1].split("channel: str")[0]
    assert named == set(re.findall(r"`(\w+)`", head)) - {"ended"}


def test_every_line_of_the_summary_is_explained() -> None:
    shown = [row[0].strip("`") for row in table("docs/operate.md", "line")]
    run: dict[str, Any] = {
        "spider": "gmw", "status": "partial", "exit_code": 3, "reason": "stopped: shutdown", "pages": 9,
        "landed": {"heilongjiang": {"2024": 2, "0": 1}}, "outcomes": {"article": {"landed": 3, "network": 1}},
        "dropped": {"Unreadable": 1}, "problems": ["1 articles: network"],
        "proposals": [{"channel": "要闻", "change": "script", "command": "scrapy probe https://news.example/ --try"}],
        "channels": [{"name": "要闻", "pages": 1, "rows": 20, "total": 90, "elsewhere": 2, "landed": 3, "ended": "stopped",
                      "complete": False}],
    }  # fmt: skip
    forms = [re.compile(re.escape(form).replace("…", ".*")) for form in shown]
    for line in report.summary(run, "data").splitlines():
        assert any(form.match(line) for form in forms), line
    for form in forms:
        assert any(form.match(line) for line in report.summary(run, "data").splitlines()), form.pattern


def test_the_dictionary_is_the_schemas() -> None:
    assert read("data/README.md") == dictionary.render(), "run: scrapy dictionary --write data/README.md"


def test_the_text_of_attachments_joins_to_their_articles(copy: Copy) -> None:
    done = copy.run("scrapy attachments")
    assert done.returncode == 0, done.stdout + done.stderr
    query = next(b.code for b in blocks("data/README.md") if b.language == "sql" and "UNNEST" in b.code)
    with duckdb.connect() as connection:
        rows = connection.execute(query.replace("data/", f"{copy.folder}/data/replay/")).fetchall()
    assert len(rows) >= 7
    assert any(text for _, _, text in rows)


def test_pre_commit_checks_what_ci_checks() -> None:
    hooks = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    entries = [hook["entry"] for repo in hooks for hook in repo["hooks"]]
    checks = read(".ci/run").split("[test,lint]'\n")[1].splitlines()
    assert entries == checks


def test_the_plan_names_every_room_once_in_a_line() -> None:
    rows = table("docs/architecture.md", "room")
    named = [row[0].strip("`").removeprefix("govcrawl/").rstrip("/") for row in rows]
    there = {
        path.name
        for path in (PROJECT / "govcrawl").iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert sorted(named) == sorted(there)
    for row in rows:
        assert " and " not in row[1], row


def test_the_floor_of_coverage_is_the_one_that_is_told() -> None:
    floor = re.search(r"^fail_under = (\d+)", read("pyproject.toml"), re.MULTILINE)
    assert floor
    assert f"at least **{floor[1]} %**" in read("CONTRIBUTING.md")
