"""Archives as earlier versions wrote them are read, continued, verified and compacted by the code of today."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tests.archives.write import ADDRESS, ARTICLES, SETTINGS, ArchivedSite, run
from tests.loopback import PROJECT, crawl, scrapy
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

KEPT = sorted((PROJECT / "tests/archives").glob("*.tar.gz"))
ROWS = {"v1": 85, "v2": 85, "v3": 84}
Key = tuple[str, int]


def rows(data: Path) -> dict[Key, dict[str, Any]]:
    """Every row by its key, which is unique."""
    table = pq.read_table(data / "articles").to_pylist()
    found = {(row["doc_id"], row["revision"]): row for row in table}
    assert len(found) == len(table)
    return found


def revisions(data: Path, number: int) -> dict[int, dict[str, Any]]:
    url = ADDRESS + ArchivedSite.path_of(number)
    return {row["revision"]: row for row in rows(data).values() if row["url"] == url}


def unpacked(packed: Path, folder: Path) -> Path:
    with tarfile.open(packed) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture(params=KEPT, ids=lambda path: path.name.partition(".")[0])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    """An archive, unpacked, and how many rows it had when it was written."""
    return unpacked(request.param, tmp_path), ROWS[request.param.name.partition(".")[0]]


def verified(data: Path) -> str:
    done = scrapy(data, "verify", settings=SETTINGS)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "clean"), done.stdout + done.stderr
    return done.stdout


def test_a_kept_archive_is_read_verified_continued_and_compacted(kept: tuple[Path, int]) -> None:
    data, written = kept
    assert len(read_all(data)) == written
    assert "2 sites" in verified(data)
    before = rows(data)

    with ArchivedSite() as site:
        site.another_day()
        done = run(data, site)
        assert done.returncode == 0, done.stdout + done.stderr
        assert site.asked[ADDRESS + site.path_of(1)] == 1, "a known article is visited once"
    replayed = crawl(data, "heilongjiang", settings=SETTINGS, GOVCRAWL_REPLAY="data/sample")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr

    after = rows(data)
    for key, row in before.items():
        assert {name: after[key][name] for name in row} == row, "what has landed never changes"
    assert list(revisions(data, ARTICLES + 3)) == [1], "the new article"
    edits = [row["revision_cause"] for _, row in sorted(revisions(data, 35).items())]
    assert (edits[0], edits[-1], len(edits)) == ("first", "edited", 2)
    assert "都有了可喜的进展" in revisions(data, 35)[2]["text"]
    assert len({doc for doc, _ in after}) == len({doc for doc, _ in before}) + 1
    verified(data)

    files = len(list(data.glob("articles/**/*.parquet")))
    done = scrapy(data, "compact", settings=SETTINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(data.glob("articles/**/*.parquet"))) < files
    assert rows(data) == after
    assert len(read_all(data)) == len(after)
    verified(data)


def test_every_kept_archive_is_known() -> None:
    assert [path.name.partition(".")[0] for path in KEPT] == list(ROWS)
