"""What an older program may do with a newer archive: read it, and write nothing. Every file says its schema version."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, cast

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from govcrawl import __version__
from govcrawl.archive.checks.finding import Finding
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.compact import compact, new_run_id
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.run import Archive
from govcrawl.archive.schema import (
    ADDED,
    ARTICLES,
    ATTACHMENT_TEXT,
    CAPTURES,
    FORGOTTEN,
    REPRINTS,
    SINCE,
    VERSION,
    version_of,
)
from govcrawl.archive.storage import NewerArchive, Storage
from govcrawl.attachments.text import extract_pending
from govcrawl.reprints.run import group_pending
from tests.archive.test_compact import article, daily, land, rows_of
from tests.archive.test_kept_archives import KEPT, unpacked
from tests.loopback import scrapy
from tests.readers import read_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


SCHEMAS = {
    "articles": ARTICLES,
    "captures": CAPTURES,
    "attachment_text": ATTACHMENT_TEXT,
    "reprints": REPRINTS,
    "forgotten": FORGOTTEN,
}


def tree(data: Path) -> dict[str, bytes]:
    return {str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file()}


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """An archive to which a program of a later schema has written."""
    daily(tmp_path)
    (tmp_path / "files/3f").mkdir(parents=True)
    (tmp_path / "files/3f" / f"{'3f' * 32}.pdf").write_bytes(b"%PDF-")
    later = {"schema_version": int(VERSION) + 1, "govcrawl": "9.1.0"}
    (tmp_path / f"versions/{int(VERSION) + 1}.json").write_text(json.dumps(later))
    return tmp_path


WRITERS: dict[str, Callable[[Storage], object]] = {
    "crawl": Archive,
    "compact": lambda storage: list(compact(storage)),
    "repair": lambda storage: list(
        repair(storage, [Finding("staging", "s", "x", "y", "z")], Rules(lambda s, u: None, lambda *a: None))
    ),
    "reprints": group_pending,
    "attachments": extract_pending,
    "publish": lambda storage: storage.publish("batches/x.json", b"{}"),
    "remove": lambda storage: storage.remove("articles/x.parquet"),
    "move": lambda storage: storage.quarantine("runs/x.json"),
    "truncate": lambda storage: storage.truncate("warc/x.warc.gz", 1),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=list(WRITERS))
def test_an_older_program_writes_nothing_into_a_newer_archive(writer: Callable[[Storage], object], newer: Path) -> None:
    before = tree(newer)
    message = rf"schema version {int(VERSION) + 1} \(govcrawl 9\.1\.0\), and this is govcrawl {__version__}, .* upgrade"
    with pytest.raises(NewerArchive, match=message):
        writer(Storage(str(newer)))
    assert tree(newer) == before


def test_the_commands_say_so_and_readers_read_on(newer: Path) -> None:
    before = tree(newer)
    done = scrapy(newer, "verify", "--repair")
    assert done.returncode == 8
    assert "upgrade govcrawl" in done.stderr
    assert tree(newer) == before
    assert len(read_all(newer)) == len(rows_of(newer)) > 0


def test_a_file_of_versions_that_says_nothing_still_counts(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    for name, content in {"notes.txt": b"", "x.json": b"{}", "00012.json": b"no JSON"}.items():
        (tmp_path / "versions" / name).write_bytes(content)
    with pytest.raises(NewerArchive, match=r"schema version 12 \(by a govcrawl that does not say which\)"):
        Storage(str(tmp_path)).prepare()


def test_an_archive_names_each_version_that_wrote_to_it_once(tmp_path: Path) -> None:
    for _ in range(2):
        Storage(str(tmp_path)).prepare()
    (name,) = (tmp_path / "versions").iterdir()
    assert name.name == f"{VERSION}.json"
    assert json.loads(name.read_text()) == {"schema_version": int(VERSION), "govcrawl": __version__}


@pytest.mark.parametrize("packed", KEPT, ids=lambda path: path.name.partition(".")[0])
def test_every_file_says_its_version_and_files_of_two_versions_are_read_as_one(packed: Path, tmp_path: Path) -> None:
    data, written = unpacked(packed, tmp_path), int(packed.name.removeprefix("v").partition(".")[0])
    land(data, "20300101", article(7001), article(7002))
    storage = Storage(str(data))
    extract_pending(storage)
    group_pending(storage)
    said: dict[str, set[int | None]] = {}
    for path in data.rglob("*.parquet"):
        folder = str(path.relative_to(data)).split("/")[0]
        said.setdefault(folder, set()).add(version_of(pq.read_schema(path).metadata))
    assert said.keys() | {"forgotten"} == SCHEMAS.keys()
    assert set().union(*said.values()) == {written, int(VERSION)}
    assert len(read_all(data)) == len(rows_of(data))

    captures = f"{data}/captures/**/*.parquet"
    with duckdb.connect() as connection:
        query = f"SELECT * FROM read_parquet('{captures}', union_by_name=true)"
        by_duckdb = connection.sql(query).to_arrow_table()
    columns = cast("pl.DataFrame", pl.from_arrow(CAPTURES.empty_table())).schema
    by_polars = pl.scan_parquet(captures, missing_columns="insert", schema=columns).collect()
    by_pandas = pd.concat(pd.read_parquet(path) for path in sorted(data.glob("captures/**/*.parquet")))
    by_pyarrow = pq.read_table(data / "captures", schema=CAPTURES, partitioning=None)
    assert by_duckdb.num_rows == len(by_polars) == len(by_pandas) == by_pyarrow.num_rows
    for names in (by_duckdb.column_names, by_polars.columns, by_pandas.columns, by_pyarrow.column_names):
        assert set(names) >= set(CAPTURES.names)
    if written == 1:
        old = by_pyarrow.filter(pc.less(by_pyarrow["run_id"], "z"))
        assert all(old[name].null_count > 0 for name in ADDED)


def test_the_dictionary_says_since_when_each_column_is_there() -> None:
    """As the kept archives have them: each version's files have the columns that are said to be there since it, or before."""
    for packed in KEPT:
        version = f"0.{packed.name.removeprefix('v').partition('.')[0]}.0"
        with tarfile.open(packed) as tar:
            for name in (n.removeprefix("./") for n in tar.getnames() if n.endswith(".parquet")):
                member = tar.extractfile(f"./{name}")
                assert member is not None
                dataset = name.partition("/")[0]
                columns = {f.name: SINCE.get(f"{dataset}.{f.name}", SINCE[dataset]) for f in SCHEMAS[dataset]}
                there = pq.read_schema(pa.BufferReader(member.read())).names
                assert there == [column for column, since in columns.items() if since <= version], name


def test_a_run_is_dated_after_all_others_of_its_site(tmp_path: Path) -> None:
    """Also where the clock was set back, and where another run came and went between the look and the lock."""
    land(tmp_path, "29990101", article(1))
    storage = Storage(str(tmp_path))
    assert new_run_id(storage, "s") > "s-29990101T010203456Z-"
    assert new_run_id(storage, "other") < "other-2999"

    class Slow(Archive):
        asked = 0

        def _run_id(self, name: str) -> str:
            self.asked += 1
            found = super()._run_id(name)
            if self.asked == 1:
                land(tmp_path, "29990102", article(2))
            return found

    slow = Slow(storage)
    opened = slow.site("s")
    assert opened.run_id > "s-29990102T010203456Z-"
    assert slow.asked > 2
    with pytest.raises(Exception, match="another run holds site s"):
        SiteLock(storage, "s", "x").acquire()
    opened.abandon()
