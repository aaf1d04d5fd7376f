"""Every write of every program that writes to the archive fails in turn: the program is killed there, gets an error, or a
short write; then it is run again to its end, and the archive must be what it would have been."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests import forgettable
from tests.injection.patches import KINDS
from tests.loopback import FAST, PROJECT, Site, environment, options
from tests.zygote import client as zygote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORAGE, KILLED = 8, -9
PDF = b"%PDF-1.4\nmade up for this test\n%%EOF\n"


class Forks:
    """Runs programs in forks of the zygote. What the last one said is in ``log``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = ""

    def run(self, data: Path, job: dict[str, Any]) -> int:
        """Run a job on a data folder, at most a minute; returns its exit code."""
        env = {k: v for k, v in environment(data).items() if not k.startswith("COVERAGE_")}  # hundreds of like runs
        done = zygote.shared().run(job | {"env": env, "cwd": str(PROJECT)}, 60)
        self.log = done.stdout + done.stderr
        return done.returncode


@dataclass(frozen=True, slots=True)
class Program:
    """What is run, on a copy of ``origin``: once with a fault, then again."""

    name: str
    job: dict[str, Any]
    origin: Path | None = None


@dataclass(slots=True)
class Tally:
    """What came of one kind of fault."""

    points: int = 0
    lost: int = 0
    doubled: int = 0
    unreadable: int = 0
    wrong_codes: int = 0
    findings: int = 0
    told: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.points} points: lost {self.lost}, doubled {self.doubled}, unreadable {self.unreadable}, "
            f"wrong exit codes {self.wrong_codes}, findings of verify {self.findings}"
        )

    @property
    def holds(self) -> bool:
        bad = self.lost + self.doubled + self.unreadable + self.wrong_codes + self.findings
        return self.points > 0 and not bad


def scrapy(*arguments: str, settings: dict[str, str] | None = None) -> dict[str, Any]:
    return {"argv": [*arguments, *options(settings)]}


def call(name: str, *arguments: str) -> dict[str, Any]:
    return {"call": f"tests.injection.programs:{name}", "arguments": list(arguments)}


def site_with_files() -> Site:
    """Nine articles of two years on three list pages, one with an attachment, one whose answer no column can hold."""
    site = Site(9, per_page=4)
    page = site.article(9).replace("</div></body>", '<p><a href="/files/list.pdf">附件：名单.pdf</a></p></div></body>')
    html = {"Content-Type": "text/html; charset=utf-8"}
    site.answers[site.path_of(9)] = (200, html, page.encode())
    site.answers[site.path_of(2)] = (200, html, site.article(2).replace(site.day(2), "2021-05-06").encode())
    site.answers["/files/list.pdf"] = (200, {"Content-Type": "application/pdf"}, PDF)
    return site


def programs(forks: Forks, site: Site) -> Iterator[Program]:
    """What is tried, each with the archive that it begins with."""
    folder = forks.folder
    yield Program("archive", call("keep", "{data}"))
    settings = FAST | {"GOVCRAWL_SEGMENT_ROWS": "6", "RETRY_TIMES": "0"}
    crawl = scrapy("crawl", "loopback", "-a", f"channel={site.listing}", settings=settings)
    yield Program("crawl", crawl)
    made = folder / "compact"
    forks.run(made, call("merge", str(made)))
    yield Program("compact", scrapy("compact"), made)
    made = folder / "attachments"
    forks.run(made, call("documents", str(made)))
    yield Program("attachments", scrapy("attachments"), made)
    made = folder / "repair"
    assert forks.run(made, crawl) == 0, forks.log
    assert forks.run(made, call("damage", str(made))) == 0, forks.log
    yield Program("verify --repair", scrapy("verify", "--repair"), made)
    made = folder / "forget"
    assert forks.run(made, call("forgettable", str(made))) == 0, forks.log
    yield Program("forget", scrapy("forget", "--reason", "x", "--copies", forgettable.URL), made)


def run(folder: Path, most: int | None = None, kinds: tuple[str, ...] = KINDS) -> dict[str, Tally]:
    """Try every point of every program with every kind of fault, or at most so many of them, spread over the program's run. Returns what came of kills, of errors, of short writes."""
    tallies = {"kills": Tally(), "errors": Tally(), "short writes": Tally()}
    forks = Forks(folder)
    with site_with_files() as site:
        for program in programs(forks, site):
            want, steps = _without_fault(forks, program)
            for number, kind in enumerate(kinds):
                tally = tallies["kills" if kind == "kill" else "short writes" if kind == "short" else "errors"]
                points = [n for n, step in enumerate(steps, 1) if kind != "short" or step.startswith("write ")]
                # The archive alone is quick: it is tried at more of its points.
                few = len(points) if most is None else 3 * most if program.name == "archive" else most
                stride = max(1, -(-len(points) // few))
                for at in points[number % stride :: stride]:
                    _try(forks, program, kind, at, want, tally)
    return tallies


def _without_fault(forks: Forks, program: Program) -> tuple[dict[str, Any], list[str]]:
    """What the archive holds after an undisturbed run, and the steps that write it."""
    data = _fresh(forks, program)
    note = forks.folder / "note"
    found = _examine(forks, program, data, {"root": str(data), "at": 0, "kind": "count", "note": str(note)})
    assert found["code"] == 0, forks.log
    assert not found["findings"], found["findings"]
    return found, note.read_text().splitlines()


def _fresh(forks: Forks, program: Program) -> Path:
    data = forks.folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    if program.origin is not None:
        shutil.copytree(program.origin, data)
    return data


def _run(forks: Forks, program: Program, data: Path, **more: Any) -> int:
    return forks.run(data, json.loads(json.dumps(program.job).replace("{data}", str(data))) | more)


def _examine(forks: Forks, program: Program, data: Path, fault: dict[str, Any] | None = None) -> dict[str, Any]:
    """Run a program to its end; what it leaves."""
    out = forks.folder / "found.json"
    out.unlink(missing_ok=True)
    _run(forks, program, data, then=call("examine", str(data), str(out)), **({"fault": fault} if fault else {}))
    return json.loads(out.read_text()) if out.exists() else {"code": 1, "error": forks.log}


def _try(forks: Forks, program: Program, kind: str, at: int, want: dict[str, Any], tally: Tally) -> None:
    data, note = _fresh(forks, program), forks.folder / "note"
    code = _run(forks, program, data, fault={"root": str(data), "at": at, "kind": kind, "note": str(note)})
    taken = note.read_text().splitlines()
    if len(taken) < at:
        return  # requests are answered in another order at times, and fewer steps needed
    step, log = taken[-1], forks.log
    tally.points += 1
    wrong = []
    if code != (KILLED if kind == "kill" else 0 if kind == "short" else STORAGE):
        wrong.append(f"exit code {code}: {log[-1500:]}")
    found = _examine(forks, program, data)
    if found["code"] != 0:
        wrong.append(f"exit code {found['code']} when run again: {forks.log[-1500:]}")
    tally.wrong_codes += len(wrong)
    if "error" in found:
        tally.unreadable += 1
        wrong.append(found["error"])
    else:
        lost = [row for name in ("view", "texts") for row in want[name] if row not in found[name]]
        lost += [row for name in ("view", "texts") for row in found[name] if row not in want[name]]
        tally.lost += len(lost)
        tally.doubled += found["doubled"]
        tally.unreadable += len(found["unreadable"])
        tally.findings += len(found["findings"])
        wrong += [*map(str, lost), *found["unreadable"], *found["findings"]]
        wrong += [f"{found['doubled']} doubled"] if found["doubled"] else []
    if wrong:
        tally.told.append(f"{program.name}, {kind} at {at} ({step}): " + "; ".join(wrong))
        if os.environ.get("KEEP_FAULTS"):
            shutil.copytree(data, forks.folder / f"kept-{program.name}-{kind}-{at}", dirs_exist_ok=True)
