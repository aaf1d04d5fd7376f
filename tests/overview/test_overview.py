"""``scrapy report`` and ``scrapy stats``: the figures are those of the archive, and the page stands alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from selectolax.lexbor import LexborHTMLParser

from govcrawl.archive.schema import REPRINTS
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.overview import figures
from govcrawl.overview.queries import PREPARED, QUERIES, Answers
from govcrawl.overview.text import sparkline
from govcrawl.provinces import PROVINCES
from tests.loopback import PROJECT, crawl, scrapy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("overview") / "data"
    assert crawl(data, "heilongjiang", GOVCRAWL_REPLAY=str(PROJECT / "data/sample")).returncode == 0
    assert scrapy(data, "reprints").returncode == 0
    return data


def test_the_page_stands_alone(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = scrapy(archive, "report", "-o", str(file))
    assert done.returncode == 0, done.stderr
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)=(?![\"']#)|url\(|@import|<script", text), "nothing is loaded from elsewhere"
    tree = LexborHTMLParser(text)
    assert "38篇文章articles" in "".join(tree.css(".facts")[0].text().split())
    heat = {row.css("th")[0].text(): row.css("td") for row in tree.css(".heat tr")[1:]}
    assert sum(int(cell.text() or 0) for cells in heat.values() for cell in cells) == 38
    for language in ("zh", "en"):
        assert len(tree.css(f"h2 [lang={language}]")) == len(tree.css("h2")) - 1
    for name in QUERIES:
        assert tree.css_first(f"#query-{name}") is not None
        assert tree.css(f'a[href="#query-{name}"]')


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed here")
def test_the_page_opens_in_chromium_without_a_word_on_the_console(archive: Path, tmp_path: Path) -> None:
    file, shot = tmp_path / "report.html", tmp_path / "shot.png"
    assert scrapy(archive, "report", "-o", str(file)).returncode == 0
    flags = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking")
    more = ("disable-component-update", "disable-sync", "enable-logging=stderr", f"user-data-dir={tmp_path / 'user'}")
    done = subprocess.run(
        [
            "chromium",
            *(f"--{f}" for f in (*flags, *more)),
            "--window-size=390,2000",
            f"--screenshot={shot}",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert shot.stat().st_size > 20_000
    assert "CONSOLE" not in done.stderr


def test_stats_in_thirty_lines(archive: Path) -> None:
    done = scrapy(archive, "stats")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("38 articles of 1 sites in 1 provinces, ")
    assert len(lines) <= 30
    assert any(line.startswith("sites: 0 ok, 1 with notes, 0 with alarms") for line in lines), done.stdout


def test_a_reader_gets_the_same_by_the_queries(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(Storage(str(archive)))
    monkeypatch.chdir(archive.parent)
    with duckdb.connect() as connection:
        connection.execute(PREPARED)
        for name, query in QUERIES.items():
            assert [tuple(row.values()) for row in answers.of(name)] == connection.execute(query).fetchall(), name


def test_who_reprinted_whom(archive: Path, tmp_path: Path) -> None:
    data = shutil.copytree(archive, tmp_path / "data")
    articles = pq.read_table(data / "articles", columns=["doc_id", "title"]).to_pylist()
    now = datetime.now(UTC).replace(microsecond=0)
    row = {
        "doc_id": articles[1]["doc_id"],
        "revision": 1,
        "group_id": "g",
        "role": "reprint",
        "origin_from": "earliest",
    }
    row |= {"origin_doc_id": articles[0]["doc_id"], "similarity": 0.9, "containment": 0.9, "also": [], "run_id": "r"}
    table = pa.Table.from_pylist([{n: (row | {"grouped_at": now}).get(n) for n in REPRINTS.names}], schema=REPRINTS)
    Storage(str(data)).publish("reprints/later.parquet", encode(table))
    answers = Answers(Storage(str(data)))
    assert [(r["title"], r["copies"]) for r in answers.of("reprinted")] == [(articles[0]["title"], 1)]
    assert answers.of("carriers") == [{"province": "heilongjiang", "outlet": "heilongjiang", "copies": 1}]


def test_an_archive_without_rows(tmp_path: Path) -> None:
    Storage(str(tmp_path / "data")).prepare()
    assert scrapy(tmp_path / "data", "report", "-o", str(tmp_path / "r.html")).returncode == 0
    done = scrapy(tmp_path / "data", "stats")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 articles of 0 sites")


def test_mistakes(tmp_path: Path) -> None:
    nowhere = scrapy(tmp_path / "none", "report", "-o", "x.html")
    assert nowhere.returncode == 2
    assert "there is no archive at" in nowhere.stderr
    assert "scrapy report -o report.html" in scrapy(tmp_path, "report").stderr


def test_every_province_has_a_tile_of_its_own() -> None:
    assert set(figures.TILES) == set(PROVINCES)
    assert len(set(figures.TILES.values())) == len(figures.TILES)


def test_shapes() -> None:
    years, rows = figures.heat_map(
        [{"province": "hunan", "year": 2024, "articles": 9}, {"province": "x", "year": 0, "articles": 1}]
    )
    assert years == [0, 2024]
    assert [(slug, [c.number for c in cells]) for slug, cells in rows] == [("hunan", [0, 9]), ("x", [1, 0])]
    assert figures.shade(9, 9).colour == figures.SCALE[-1]
    days = figures.bars([{"day": date(2024, 1, 1), "articles": 2}, {"day": date(2024, 1, 3), "articles": 4}])
    assert [(n, h) for _, n, h in days] == [(2, 0.5), (0, 0.0), (4, 1.0)]
    assert figures.bars([]) == []
    assert sparkline([0, 4, 8]) == " ▄█"
