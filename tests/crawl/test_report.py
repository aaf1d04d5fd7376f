"""Runs that tell the truth: the verdict of a run from what happened in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from govcrawl.run_report.verdict import emptied_fields
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
BEFORE = [{"landed": {"x": {"2024": 30}}, "missing_fields": {"author": 30, "source": 3}}]


@pytest.mark.parametrize(
    ("rows", "missing", "before", "found"),
    [
        (10, {"source": 10}, BEFORE, ["source"]),
        (10, {"source": 3}, BEFORE, []),
        (10, {"author": 10}, BEFORE, []),
        (4, {"source": 4}, BEFORE, []),
        (10, {"source": 10}, [], []),
    ],
    ids=["emptied", "still there", "never there", "too few rows", "no history"],
)
def test_emptied_fields(rows: int, missing: dict[str, int], before: list[dict[str, Any]], found: list[str]) -> None:
    told = emptied_fields({"x": {"2024": rows}}, missing, before)
    assert list(told) == found
    assert all(line.startswith(f"field {name}: ") for name, line in told.items())


def test_a_redesign_that_empties_a_field_fails_the_day_it_happens(tmp_path: Path) -> None:
    with Site(25) as site:
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0
        site.publish(8)
        for number in range(26, 34):
            page = site.article(number).replace(" 来源：黑龙江日报", "")
            site.answers[site.path_of(number)] = (200, HTML, page.encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        report = json.loads(max(tmp_path.glob("runs/**/*.json")).read_text())
        assert {k: report["channels"][0][k] for k in ("rows", "new", "known")} == {"rows": 33, "new": 8, "known": 25}
    assert done.returncode == 4, done.stdout
    assert "field source: stated by 0% of the 8 new rows, by 100% of the rows before" in done.stdout
    rows = report["lacking"]["source"]
    new = [{"date": site.day(n), "title": site.title(n), "url": site.base + site.path_of(n)} for n in range(26, 34)]
    assert len(rows) == 3
    assert all(row in new for row in rows)
    command = f"scrapy explain --site loopback {rows[0]['url']}"
    assert report["proposals"] == [
        {"channel": None, "field": "source", "change": "field", "rows": rows, "command": command}
    ]
    assert f"proposal: field source is missing in such rows; try it: {command}" in done.stdout


def test_a_page_on_which_our_code_fails_is_named(tmp_path: Path) -> None:
    with Site(3) as site:
        settings = {
            "ITEM_PIPELINES": '{"tests.failing.FailingPipeline": 50, "govcrawl.pipelines.ParquetPipeline": null}'
        }
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=settings)
    assert done.returncode == 3
    assert "3 articles: callback_error" in done.stdout
    assert f"problem: {site.base}{site.path_of(2)}: RuntimeError: planned" in done.stdout


def test_a_shields_page_with_status_200_in_place_of_a_listing(tmp_path: Path) -> None:
    shield = (
        b"<html><head><script>window.location.href='/WZWSREL2luZGV4Lmh0bWw=';var wzws_cid='x'</script></head></html>"
    )
    with Site(3) as site:
        site.answers["/node_1.htm"] = (200, HTML, shield)
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 5, done.stdout


def test_a_listing_that_states_more_rows_than_it_shows(tmp_path: Path) -> None:
    with Site(20) as site:
        site.answers["/node_1.htm"] = (200, HTML, site.list_page(1).replace("</body>", "共 60 条</body>").encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 3, done.stdout
        assert f"{site.listing}: 20 of the 60 rows that the listing states" in done.stdout
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0, (
            "the next run looks for news only"
        )
