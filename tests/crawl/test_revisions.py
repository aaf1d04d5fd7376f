"""What a publisher edits, moves or withdraws: revisions, aliases, `gone` rows; and what never makes one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govcrawl.archive.captures import Known
from govcrawl.archive.revisit import Schedule, is_withdrawn
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.errors import BadArgument
from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
_STAMP = re.compile(r"\d{8}T\d{9}Z")


def age(data: Path, days: float) -> None:
    """Make everything in an archive older, as if its runs had been that many days earlier."""

    def older(text: str) -> str:
        def shift(match: re.Match[str]) -> str:
            when = datetime.strptime(match.group(), "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC) - timedelta(days=days)
            return f"{when:%Y%m%dT%H%M%S}{when.microsecond // 1000:03d}Z"

        return _STAMP.sub(shift, text)

    for folder, schema in (("articles", ARTICLES), ("captures", CAPTURES)):
        for path in list((data / folder).glob("**/*.parquet")):
            rows = pq.read_table(path, partitioning=None).to_pylist()
            for row in rows:
                row["run_id"] = older(row["run_id"])
                row["fetched_at"] -= timedelta(days=days)
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), path.with_name(older(path.name)))
            path.unlink()
    for path in list((data / "runs").glob("**/*.json")):
        report = json.loads(path.read_text())
        for name in ("started_at", "finished_at"):
            report[name] = (datetime.fromisoformat(report[name]) - timedelta(days=days)).isoformat()
        path.with_name(older(path.name)).write_text(json.dumps(report))
        path.unlink()


def rows(data: Path, site: Site, number: int) -> list[dict[str, Any]]:
    found = [r for r in pq.read_table(data / "articles").to_pylist() if f"content_{number}.htm" in r["url"]]
    return sorted(found, key=lambda r: r["revision"])


def run(data: Path, site: Site, **settings: str) -> str:
    done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_REVISIT": "*:1"} | settings)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def landed(tmp_path: Path) -> Iterator[tuple[Path, Site]]:
    """Four articles that landed two days ago."""
    with Site(4) as site:
        site.headers[site.path_of(4)] = {"ETag": '"four"'}
        run(tmp_path, site)
        age(tmp_path, 2)
        yield tmp_path, site


def test_edits_make_revisions_and_counters_do_not(landed: tuple[Path, Site]) -> None:
    data, site = landed
    asked: list[dict[str, str]] = []

    def not_modified(headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        asked.append(headers)
        return 304, {"ETag": '"four"'}, b""

    site.answers[site.path_of(4)] = not_modified
    edited = site.article(3).replace("都有新的进展", "都有了新的进展")
    site.answers[site.path_of(3)] = (200, HTML, edited.encode())
    counted = site.article(2).replace("来源：", "浏览次数：1234 来源：")
    site.answers[site.path_of(2)] = (200, HTML, counted.encode())
    run(data, site)
    assert asked[0]["If-None-Match"] == '"four"'
    assert [(r["revision"], r["revision_cause"]) for r in rows(data, site, 3)] == [(1, "first"), (2, "edited")]
    for number in (1, 2, 4):
        assert len(rows(data, site, number)) == 1, number
    outcomes = [c["outcome"] for c in pq.read_table(data / "captures").to_pylist() if "content_4" in c["url"]]
    assert outcomes == ["landed", "unchanged"]
    report = json.loads(max(data.glob("runs/**/*.json")).read_text())
    assert report["changed"] == {"text_hash": 1}


def test_a_new_partition_leaves_a_moved_row(landed: tuple[Path, Site]) -> None:
    data, site = landed
    other = site.article(2).replace(site.day(2), "2021-12-30")
    site.answers[site.path_of(2)] = (200, HTML, other.encode())
    run(data, site)
    found = rows(data, site, 2)
    assert [(r["year"], r["revision"], r["revision_cause"], r["status"]) for r in found] == [
        (2022, 1, "first", "live"),
        (2022, 2, "moved", "moved"),
        (2021, 3, "edited", "live"),
    ]
    read_all(data)


def test_a_withdrawal_needs_three_visits_over_two_weeks_and_may_return(landed: tuple[Path, Site]) -> None:
    data, site = landed
    site.answers[site.path_of(1)] = (404, HTML, b"no such page")
    for visit, days in enumerate((8, 8, 8)):
        assert len(rows(data, site, 1)) == 1, f"visit {visit}"
        run(data, site)
        age(data, days)
    found = rows(data, site, 1)
    assert [(r["revision"], r["revision_cause"], r["status"]) for r in found] == [
        (1, "first", "live"),
        (2, "gone", "gone"),
    ]
    assert found[1]["title"] == found[0]["title"]
    del site.answers[site.path_of(1)]
    run(data, site)
    last = rows(data, site, 1)[-1]
    assert (last["revision"], last["revision_cause"], last["status"]) == (3, "returned", "live")


def test_a_false_404_is_no_withdrawal(landed: tuple[Path, Site]) -> None:
    data, site = landed
    for answer in ((404, HTML, b""), None, (410, HTML, b""), (404, HTML, b"")):
        if answer is None:
            site.answers.pop(site.path_of(1))
        else:
            site.answers[site.path_of(1)] = answer
        run(data, site)
        age(data, 8)
    assert [r["status"] for r in rows(data, site, 1)] == ["live"]


def test_a_moved_page_keeps_its_history(landed: tuple[Path, Site]) -> None:
    data, site = landed
    new = "/2022-01/02/content_777001.htm"
    site.answers[site.path_of(1)] = (301, {"Location": new}, b"")
    site.answers[new] = (200, HTML, site.article(1).replace("都有新的进展", "都有了新的进展").encode())
    run(data, site)
    found = [r for r in pq.read_table(data / "articles").to_pylist() if r["title"] == site.title(1)]
    assert len({r["doc_id"] for r in found}) == 1
    assert sorted((r["revision"], r["url"].removeprefix(site.base)) for r in found) == [(1, site.path_of(1)), (2, new)]
    captures = {c["url"].removeprefix(site.base): c for c in pq.read_table(data / "captures").to_pylist()}
    assert captures[new]["outcome"] == "alias"
    assert captures[new]["alias_of"] == found[0]["doc_id"]
    age(data, 2)
    run(data, site)
    assert len([r for r in pq.read_table(data / "articles").to_pylist() if r["title"] == site.title(1)]) == 2


def test_a_notice_with_the_same_number_elsewhere_has_moved(tmp_path: Path) -> None:
    """The old address answers 404 and the notice stands at a new one, reworded a little: no withdrawal."""
    number = "黑教规〔2022〕3号"
    with Site(4) as site:
        page = site.article(1).replace("<p>第10号", f"<p>{number}</p><p>第10号")
        site.answers[site.path_of(1)] = (200, HTML, page.encode())
        run(tmp_path, site)
        assert rows(tmp_path, site, 1)[0]["doc_number"] == number
        age(tmp_path, 2)
        site.publish(1)
        again = page.replace("都有新的进展", "都有了新的进展")
        site.answers[site.path_of(5)] = (200, HTML, again.encode())
        site.answers[site.path_of(1)] = (404, HTML, b"")
        for _ in range(4):
            run(tmp_path, site)
            age(tmp_path, 8)
        old = rows(tmp_path, site, 1)
        assert [(r["revision"], r["status"]) for r in old] == [(1, "live"), (2, "moved")]
        newest = [c for c in pq.read_table(tmp_path / "captures").to_pylist() if c["url"].endswith(site.path_of(1))][-1]
        assert (newest["outcome"], newest["alias_of"]) == ("alias", rows(tmp_path, site, 5)[0]["doc_id"])


def test_a_redirect_to_the_front_page_is_a_soft_404(landed: tuple[Path, Site]) -> None:
    data, site = landed
    site.answers[site.path_of(1)] = (302, {"Location": "/"}, b"")
    site.answers["/"] = (200, HTML, site.article(2).encode())
    run(data, site)
    assert len(rows(data, site, 1)) == 1
    newest = [c for c in pq.read_table(data / "captures").to_pylist() if c["url"].endswith(site.path_of(1))][-1]
    assert newest["outcome"] == "not_found"


def test_a_clock_that_was_set_back_does_not_count(landed: tuple[Path, Site]) -> None:
    """The archive's runs seem to come from the future; the next one is still the newest."""
    data, site = landed
    age(data, -400)
    site.publish(1)
    assert "1 article rows landed" in run(data, site, GOVCRAWL_REVISIT="")
    assert "0 article rows landed" in run(data, site, GOVCRAWL_REVISIT="")
    names = sorted(p.name for p in data.glob("captures/**/*.parquet"))
    assert len(names) == 3
    second = pq.read_table(data / "captures" / "site=loopback" / names[1], partitioning=None).to_pylist()
    assert [c["kind"] for c in second if c["outcome"] == "landed"].count("article") == 1


def test_the_schedule() -> None:
    schedule = Schedule.parse("7:1 30:7 *:365")
    assert [schedule.interval(timedelta(days=d)) for d in (1, 8, 4000)] == [timedelta(days=d) for d in (1, 7, 365)]
    assert Schedule.parse("").interval(timedelta(days=1)) is None
    with pytest.raises(BadArgument, match="'daily' is no step; write age:interval"):
        Schedule.parse("daily")


def test_withdrawn_counts_visits_and_days() -> None:
    now = datetime(2024, 5, 20, tzinfo=UTC)
    known = Known("d", "u", "article", "GET", None, None, None, "not_found", 1, now, revision=1)
    for missing, days, withdrawn in ((0, 0, False), (1, 30, False), (2, 13, False), (2, 14, True), (5, 3, False)):
        known.missing, known.missing_since = missing, now - timedelta(days=days)
        assert is_withdrawn(known, now) is withdrawn, (missing, days)
