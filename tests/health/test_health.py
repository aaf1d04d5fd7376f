"""``scrapy health`` over sixty simulated days: the planted faults are told, and nothing else."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from prometheus_client.parser import text_string_to_metric_families

from govcrawl.addresses import doc_id
from govcrawl.archive import runs
from govcrawl.archive.schema import CAPTURES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.commands import health
from govcrawl.health import metrics, workdays
from govcrawl.health.signs import Run, read
from govcrawl.health.survey import SiteHealth, captures_of, crawls_of, health_of
from tests.loopback import Site, crawl, scrapy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = date(2025, 8, 20)
DAYS = 60  # until after the golden week of October
MAX_AGE = timedelta(days=3)
FIELDS = {"source": 0.95, "author": 0.6, "published_at": 1.0, "doc_number": 0.3}


@dataclass
class Published:
    """A site as it publishes. ``rate``: articles of a working day; ``every``: weekdays on which it publishes."""

    rate: float = 8.0
    every: tuple[int, ...] = (0, 1, 2, 3, 4)
    bend: Callable[[int, dict[str, Any]], None] = lambda day, run: None
    source: Callable[[int], float] = lambda day: FIELDS["source"]
    publishes: Callable[[int], bool] = lambda day: True
    crawled: Callable[[int], bool] = lambda day: True
    serial: int = field(default=0)


def crawled_on(storage: Storage, site: str, day: int, of: Published, chance: random.Random) -> None:
    """Write what the crawl of a night leaves: a captures file and a run file."""
    today = START + timedelta(days=day)
    at = datetime(today.year, today.month, today.day, 15, 0, tzinfo=UTC)
    run_id = f"{site}-{at:%Y%m%dT%H%M%S}000Z-{chance.randrange(65536):04x}"

    def publishes(on: date) -> int:
        return (
            sum(chance.random() < of.rate / 16 for _ in range(16))
            if workdays.is_workday(on) and on.weekday() in of.every
            else 0
        )

    # The first crawl finds what was published in the half year before.
    written = [today - timedelta(days=n) for n in range(1, 180)] if day == 0 else []
    dates = [on for on in written for _ in range(publishes(on))]
    dates += [today] * (publishes(today) if of.publishes(day) else 0)
    count, rows = len(dates), []
    for on in dates:
        of.serial += 1
        url = f"http://{site}.example/{of.serial}.html"
        rows.append(
            {"url": url, "doc_id": doc_id(url), "method": "GET", "kind": "article", "outcome": "landed", "attempts": 1}
            | {"revision": 1, "listed_on": on, "fetched_at": at, "run_id": run_id, "seq": 1, "status": 200}
        )
    if rows:
        table = pa.Table.from_pylist(rows, schema=CAPTURES)
        storage.publish(f"captures/site={site}/{run_id}-00001-abcdef.parquet", encode(table))
    shares = FIELDS | {"source": of.source(day)}
    missing = {name: sum(chance.random() > share for _ in range(count)) for name, share in shares.items()}
    run: dict[str, Any] = {
        "run_id": run_id, "site": site, "spider": site, "arguments": {}, "finished_at": at.isoformat(),
        "status": "complete", "exit_code": 0, "reason": "", "landed": {"hunan": {"2025": count}} if count else {},
        "missing_fields": {k: v for k, v in missing.items() if v}, "outcomes": {"article": {"landed": count}},
        "channels": [
            {"name": name, "url": f"http://{site}.example/{name}/", "rows": 20, "ended": "known", "complete": True}
            for name in ("tz", "xw")
        ],
    }  # fmt: skip
    of.bend(day, run)
    runs.write(storage, site, run_id, run)


def ended(code: int, ends: str, first: int, last: int = DAYS) -> Callable[[int, dict[str, Any]], None]:
    """From one day to another every walk ends so."""

    def bend(day: int, run: dict[str, Any]) -> None:
        if first <= day < last:
            run |= {"status": "failed", "exit_code": code, "reason": ends, "landed": {}, "missing_fields": {}}
            for channel in run["channels"]:
                channel |= {"ended": ends, "rows": 0, "complete": False}

    return bend


def redesigned(day: int, run: dict[str, Any]) -> None:
    if day >= 30:
        run |= {"status": "failed", "exit_code": 4, "reason": "no rows"}
        run["channels"][0] |= {"ended": "no_rows", "rows": 0, "complete": False}


PLANTED: dict[str, tuple[Published, dict[int, set[str]]]] = {
    "daily": (Published(), {}),
    "busy": (Published(rate=14.0), {}),
    "weekly": (Published(rate=3.0, every=(3,)), {}),
    "seldom": (Published(rate=0.6), {}),
    "oneblockednight": (Published(bend=ended(5, "challenge", 25, 26)), {}),
    "twobadnights": (Published(bend=ended(3, "failed", 25, 27)), {}),
    "blocked": (Published(bend=ended(5, "challenge", 40)), {42: {"blocked "}}),
    "dead": (Published(bend=ended(3, "failed", 40)), {42: {"unreachable "}}),
    "redesigned": (Published(bend=redesigned), {32: {"channel_empty tz"}}),
    "decays": (Published(source=lambda day: 0.95 - 0.35 * day / DAYS), {59: {"field_thin source"}}),
    "healed": (Published(bend=ended(5, "challenge", 20, 30)), {22: {"blocked "}}),
    "silent": (Published(publishes=lambda day: day < 14), {30: {"silent "}}),
    "forgotten": (Published(crawled=lambda day: day < 20), {23: {"not_run "}}),
}


def alarms(found: SiteHealth) -> set[str]:
    return {f"{s.kind} {s.subject}" for s in found.alarms}


def at_night(day: int) -> datetime:
    return datetime.combine(START + timedelta(days=day), datetime.min.time(), UTC) + timedelta(hours=20)


def test_sixty_days(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    chance = random.Random(1)
    for day in range(DAYS):
        for name, (site, _) in PLANTED.items():
            if site.crawled(day):
                crawled_on(storage, name, day, site, chance)
    for name, (_, planted) in PLANTED.items():
        crawls = list(crawls_of(storage, name, captures_of(storage, name), at_night(DAYS)))
        told = {
            day: {
                f"{s.kind} {s.subject}"
                for s in read([c for c in crawls if c.finished_at <= at_night(day)], at_night(day), MAX_AGE)
                if s.is_alarm
            }
            for day in range(DAYS)
        }
        assert told[DAYS - 1] == alarms(health_of(storage, name, at_night(DAYS - 1), MAX_AGE))
        ever, wanted = set().union(*told.values()), set().union(*planted.values())
        # A site that is blocked or dead gives no articles either: that it is silent is true as well.
        also = {"silent "} if name in ("blocked", "dead") else set()
        assert ever - also == wanted, (name, {d: a for d, a in told.items() if a})
        for day, kinds in planted.items():
            assert kinds <= told[day], (name, day)
            assert min(d for d, a in told.items() if kinds & a) >= day - 25, name
        if name == "healed":
            assert not told[DAYS - 1], "what is well again is no alarm"


def test_a_planted_note_is_no_alarm(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    site, chance = Published(bend=ended(5, "challenge", 10, 12)), random.Random(5)
    for day in range(12):
        crawled_on(storage, "site", day, site, chance)
    now = at_night(11)
    found = health_of(storage, "site", now, MAX_AGE)
    assert (found.state, found.blocked_since) == ("note", now.replace(hour=15) - timedelta(days=1))
    assert [(s.kind, s.runs) for s in found.signs if s.kind == "blocked"] == [("blocked", 2)]


def planted(tmp_path: Path, bend: Callable[[int, dict[str, Any]], None], days: int) -> SiteHealth:
    """The health of a site after so many days, whose run files are bent."""
    storage = Storage(str(tmp_path))
    storage.prepare()
    site, chance = Published(bend=bend), random.Random(6)
    for day in range(days):
        crawled_on(storage, "site", day, site, chance)
    return health_of(storage, "site", at_night(days - 1), MAX_AGE)


@pytest.mark.parametrize(
    ("ends", "retired"),
    [
        (dict.fromkeys(range(5, 40), "not_found"), ["xw"]),
        (dict.fromkeys(range(10, 40), "not_found"), []),  # 29 days
        (
            dict.fromkeys(range(5, 40), "not_found") | dict.fromkeys((20, 21), "failed"),
            ["xw"],
        ),  # nights without network
        (dict.fromkeys(range(5, 40), "not_found") | {20: "no_rows"}, []),  # it was there in between
        ({5: "not_found", 39: "not_found"} | dict.fromkeys(range(6, 39), "failed"), []),  # two runs are not several
    ],
)
def test_channel_that_is_gone_for_a_month_is_to_be_retired(
    tmp_path: Path, ends: dict[int, str], retired: list[str]
) -> None:
    def bend(day: int, run: dict[str, Any]) -> None:
        if day in ends:
            run["channels"][1] |= {"ended": ends[day], "rows": 0, "complete": False}

    found = planted(tmp_path, bend, 40)
    assert found.retire == retired == found.facts()["retire"]
    file = tmp_path / "metrics.prom"
    metrics.write([found], at_night(39), str(file))
    dead = [line for line in file.read_text().splitlines() if line.startswith("govcrawl_channel_dead{")]
    assert dead == [f'govcrawl_channel_dead{{channel="{name}",site="site"}} 1.0' for name in retired]
    assert ("retire: site: channel xw has not been found for 30 days" in health.text([found])) is bool(retired)


PROPOSAL = {
    "channel": "tz",
    "change": "moved",
    "article_pattern": "/info/",
    "rows": [],
    "command": "scrapy probe x --try",
}


def test_a_proposal_stays_until_the_channel_is_well(tmp_path: Path) -> None:
    def bend(day: int, run: dict[str, Any]) -> None:
        redesigned(day, run)
        if 30 <= day < 36:
            run["proposals"] = [PROPOSAL | {"found": day}]
        if day == 37:  # a night without network says nothing of the channel
            run["channels"][0]["ended"] = "failed"
        if day > 37:
            run["channels"][0] |= {"ended": "known", "rows": 20, "complete": True}

    assert planted(tmp_path / "a", bend, 34).proposals == [PROPOSAL | {"found": 33}]
    assert planted(tmp_path / "b", bend, 37).proposals == [], "the walk after it made none"
    assert planted(tmp_path / "c", lambda day, run: bend(min(day, 35 if day < 37 else day), run), 38).proposals
    assert planted(tmp_path / "d", bend, 40).proposals == []


def test_a_field_that_decays_is_shown_by_rows_that_lack_it(tmp_path: Path) -> None:
    def bend(day: int, run: dict[str, Any]) -> None:
        run["lacking"] = {"source": [{"date": None, "title": f"第{day}号", "url": f"http://site.example/{day}.html"}]}

    storage = Storage(str(tmp_path))
    storage.prepare()
    site, chance = Published(bend=bend, source=lambda day: 0.95 if day < 30 else 0.4), random.Random(6)
    for day in range(60):
        crawled_on(storage, "site", day, site, chance)
    found = health_of(storage, "site", at_night(59), MAX_AGE)
    (proposal,) = found.proposals
    assert (proposal["field"], proposal["rows"][0]["title"]) == ("source", "第59号")
    assert proposal["command"] == "scrapy explain --site site http://site.example/59.html"
    assert "proposal: site: field source is missing in such rows" in health.text([found])


@pytest.mark.parametrize(("form", "alarms"), [("script", ["unread"]), ("video", [])])
def test_articles_that_land_without_text(form: str, alarms: list[str]) -> None:
    facts = {
        "landed": {"hunan": {"2025": 40}},
        "without_text": {"no_text": {form: 12}},
        "outcomes": {"article": {"landed": 40}},
    }
    runs = [Run(at_night(day), facts) for day in range(3)]
    assert [sign.kind for sign in read(runs, at_night(3), MAX_AGE) if sign.is_alarm] == alarms


def test_the_command_on_a_real_archive(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Site(30) as site:
        assert crawl(data, "loopback", "-a", f"channel={site.listing}").returncode == 0
    file = tmp_path / "govcrawl.prom"
    done = scrapy(data, "health", "--prometheus", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[1].split()[:2] == ["loopback", "ok"]
    assert "1 sites: 0 alarms, 0 notes" in done.stdout
    told = json.loads(scrapy(data, "health", "--json", "loopback").stdout)
    assert (told[0]["state"], told[0]["articles"], told[0]["newest_article"]) == ("ok", 30, "2022-01-31")
    text = file.read_text(encoding="utf-8")
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert families["govcrawl_site_articles"].samples[0].value == 30
    for name, family in families.items():
        # promtool check metrics: help for each, lower case, base units, no unit or type in the wrong place.
        assert family.documentation.endswith(".")
        assert name == name.lower()
        assert not name.endswith(("_total", "_count", "_bucket", "_sum", "_milliseconds", "_days", "_gauge"))
    wrong = scrapy(data, "health", "nosuch")
    assert wrong.returncode == 2
    assert "the archive holds nothing of 'nosuch'; it holds: loopback" in wrong.stderr + wrong.stdout


def test_alarms_are_told_once_and_when_they_end(tmp_path: Path) -> None:
    data, told = tmp_path / "data", tmp_path / "told.jsonl"
    storage = Storage(str(data))
    storage.prepare()
    script = tmp_path / "tell.py"
    script.write_text(f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read() + chr(10))")
    command = f"{sys.executable} {script}"
    with Site(3) as site:
        assert crawl(data, "loopback", "-a", f"channel={site.listing}").returncode == 0
        for expected in (1, 1):
            done = scrapy(data, "health", "--max-age", "0.001s", GOVCRAWL_ON_ALARM=command)
            assert done.returncode == 1, done.stderr
            assert len(told.read_text(encoding="utf-8").splitlines()) == expected
        assert scrapy(data, "health", GOVCRAWL_ON_ALARM=command).returncode == 0
    lines = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    assert [(one["begun"], one["ended"]) for one in lines] == [
        (["loopback not_run"], []),
        ([], ["loopback not_run"]),
    ]
    failing = scrapy(data, "health", "--max-age", "0.001s", GOVCRAWL_ON_ALARM="exit 3")
    assert "ended with 3; the alarms are told again next time" in failing.stderr
    scrapy(data, "health", "--max-age", "0.001s", GOVCRAWL_ON_ALARM=command)
    assert len(told.read_text(encoding="utf-8").splitlines()) == 3


def test_working_days() -> None:
    assert not workdays.is_workday(date(2025, 10, 1))
    assert not workdays.is_workday(date(2025, 10, 8))
    assert workdays.is_workday(date(2025, 10, 9))
    assert not workdays.is_workday(date(2027, 2, 9)), "the week of the spring festival"
    assert workdays.between(date(2025, 9, 26), date(2025, 10, 9)) == 3
    assert workdays.between(date(2025, 9, 26), date(2025, 9, 1)) == 0
