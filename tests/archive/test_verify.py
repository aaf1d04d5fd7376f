"""Each fault that an archive may have, planted: verify names it, repair mends it or moves it away, readers go on reading."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scrapy.settings import Settings

from govcrawl.archive.checks.files import Staging
from govcrawl.archive.checks.finding import Checked, Finding
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage
from govcrawl.commands.verify import rules
from tests.archive.test_compact import article, known, land
from tests.loopback import Site, crawl, scrapy, start
from tests.readers import read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from govcrawl.archive.checks.look import Look

SITE = "loopback"
NO_RULES = Rules(lambda _site, _url: None, lambda _row, _record, _part: None)
PDF = b"%PDF-1.4\nmade up for this test\n%%EOF\n"
WHEN = datetime(2024, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Rules:
    return rules(Settings({"SPIDER_MODULES": ["tests.loopback_spider", "govcrawl.spiders"]}))


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(30) as served:
        for number in (30, 3):
            linked = '<p><a href="/files/list.pdf">附件：名单.pdf</a></p></div></body>'
            page = served.article(number).replace("</div></body>", linked)
            served.answers[served.path_of(number)] = (200, {"Content-Type": "text/html; charset=utf-8"}, page.encode())
        served.answers["/files/list.pdf"] = (200, {"Content-Type": "application/pdf"}, PDF)
        served.answers[served.path_of(29)] = (404, {}, b"gone")
        served.answers[served.path_of(28)] = (302, {"Location": served.path_of(27)}, b"")
        yield served


@pytest.fixture(scope="module")
def origin(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive as a crawl leaves it: two segments, 28 articles, an attachment, a redirect, a 404."""
    data = tmp_path_factory.mktemp("origin") / "data"
    done = crawl(data, SITE, "-a", f"channel={site.listing}", settings={"GOVCRAWL_SEGMENT_ROWS": "20"})
    assert done.returncode == 0, done.stdout
    return data


@pytest.fixture
def data(origin: Path, tmp_path: Path) -> Path:
    return shutil.copytree(origin, tmp_path / "data")


def found(data: Path, *sites: str) -> list[Finding]:
    return list(verify(Storage(str(data)), sites))


def mend(data: Path, shop: Rules) -> list[str]:
    return list(repair(Storage(str(data)), found(data), shop))


def one(data: Path, pattern: str, number: int = 0) -> Path:
    return sorted(data.glob(pattern))[number]


def rows(data: Path) -> list[dict[str, Any]]:
    """Every article row but for what a second reading may say otherwise."""
    table = pq.read_table(data / "articles").to_pylist()
    return sorted(({k: v for k, v in r.items() if k != "revision_cause"} for r in table), key=lambda r: r["doc_id"])


def places(data: Path) -> set[tuple[str, int]]:
    return {(c["warc_file"], c["warc_offset"]) for c in pq.read_table(data / "captures").to_pylist()}


def rewrite(path: Path, schema: pa.Schema, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    changed = [change(r) for r in pq.ParquetFile(path).read().to_pylist()]
    path.write_bytes(encode(pa.Table.from_pylist(changed, schema=schema)))


# What is planted; each returns the file that the finding must name.


def cut_articles(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    return path


def damaged_articles(data: Path) -> Path:
    """The footer is whole; one bit pattern in a page of data is not."""
    path = one(data, "articles/**/*.parquet", 1)
    group = pq.ParquetFile(path).metadata.row_group(0)
    column = next(c for n in range(group.num_columns) if (c := group.column(n)).path_in_schema == "text")
    content = bytearray(path.read_bytes())
    content[(column.dictionary_page_offset + column.data_page_offset) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def empty_articles(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet")
    path.write_bytes(b"")
    return path


def other_columns(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet")
    pq.write_table(pq.ParquetFile(path).read().drop_columns(["source", "editor"]), path)
    return path


def no_segment_in_the_name(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet")
    return path.rename(path.with_name("part-0.parquet"))


def no_partition(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet")
    (data / "articles/2022").mkdir()
    return path.rename(data / "articles/2022" / path.name)


def notes_among_articles(data: Path) -> Path:
    path = one(data, "articles/**/*.parquet").with_name("notes.txt")
    path.write_text("not for readers")
    return path


def temporary_among_captures(data: Path) -> Path:
    path = data / f"captures/site={SITE}/x.parquet.tmp"
    path.write_bytes(b"")
    return path


def articles_deleted(data: Path) -> Path:
    one(data, "articles/**/*.parquet").unlink()
    return one(data, f"captures/site={SITE}/*")


def captures_deleted(data: Path) -> Path:
    one(data, f"captures/site={SITE}/*").unlink()
    return one(data, "articles/**/*.parquet")


def captures_cut(data: Path) -> Path:
    path = one(data, f"captures/site={SITE}/*")
    path.write_bytes(path.read_bytes()[:-10])
    return path


def captures_of_no_site(data: Path) -> Path:
    path = one(data, f"captures/site={SITE}/*")
    return path.rename(path.with_name("old.parquet"))


def run_file_cut(data: Path) -> Path:
    path = one(data, "runs/**/*.json")
    path.write_text(path.read_text()[:-30])
    return path


def warc_cut(data: Path) -> Path:
    path = one(data, "warc/**/*.gz")
    with path.open("ab") as file:
        file.write(path.read_bytes()[:200])
    return path


def warc_with_zeros(data: Path) -> Path:
    path = one(data, "warc/**/*.gz")
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    return path


def warc_empty(data: Path) -> Path:
    path = data / f"warc/site={SITE}/{one(data, 'runs/**/*.json').stem}-00009.warc.gz"
    path.write_bytes(b"")
    return path


def attachment_deleted(data: Path) -> Path:
    path = one(data, "files/**/*.pdf")
    path.unlink()
    return path


def attachment_altered(data: Path) -> Path:
    path = one(data, "files/**/*.pdf")
    path.write_bytes(PDF + b"more")
    return path


def left_in_staging(data: Path) -> Path:
    path = data / "staging" / f"{one(data, 'articles/**/*.parquet').name.replace('00001', '00007')}.0a1b2c3d"
    path.write_bytes(b"half")
    return path


def run_file_in_staging(data: Path) -> Path:
    path = data / "staging" / f"{one(data, 'runs/**/*.json').name}.0a1b2c3d"
    path.write_bytes(b"{")
    return path


def left_by_a_command(data: Path) -> Path:
    path = data / "staging" / "probe-123"
    path.write_bytes(b"ok")
    os.utime(path, (0, 0))
    return path


def derived_cut(data: Path) -> Path:
    path = data / "reprints" / "x.parquet"
    path.parent.mkdir()
    path.write_bytes(b"PAR1")
    return path


MENDED: dict[Callable[[Path], Path], str] = {
    cut_articles: "unreadable",
    damaged_articles: "unreadable",
    empty_articles: "unreadable",
    other_columns: "schema",
    no_segment_in_the_name: "name",
    no_partition: "partition",
    notes_among_articles: "stray",
    temporary_among_captures: "stray",
    articles_deleted: "lost_row",
    captures_deleted: "unmarked",
    captures_cut: "unreadable",
    captures_of_no_site: "name",
    run_file_cut: "run_file",
    warc_cut: "warc_cut",
    warc_with_zeros: "warc_cut",
    warc_empty: "warc_cut",
    attachment_deleted: "attachment",
    attachment_altered: "attachment",
    left_in_staging: "staging",
    run_file_in_staging: "staging",
    left_by_a_command: "staging",
    derived_cut: "unreadable",
}


def test_a_fresh_archive_is_clean(data: Path) -> None:
    checked = Checked()
    assert not list(verify(Storage(str(data)), (), checked))
    assert (checked.sites, checked.rows, checked.attachments) == (1, 28, 1)
    assert checked.records == len(places(data)) >= 34, "articles, list pages, robots.txt, redirect, 404, attachment"


@pytest.mark.parametrize("plant", MENDED, ids=lambda p: p.__name__)
def test_a_fault_is_found_and_mended(plant: Callable[[Path], Path], data: Path, shop: Rules) -> None:
    whole, before = rows(data), known(data, SITE)
    name = str(plant(data).relative_to(data))
    findings = found(data)
    assert [f.file for f in findings if f.kind == MENDED[plant]] == [name], findings
    assert all(f.remedy for f in findings)
    assert mend(data, shop)
    assert not found(data)
    assert rows(data) == whole, "what was there is there again"
    assert len(read_all(data)) == len(whole)
    after = known(data, SITE)
    assert {d for d, k in after.items() if k["revision"]} == {d for d, k in before.items() if k["revision"]}
    if plant not in (captures_deleted, captures_cut):
        assert after == before
    if plant is captures_cut:
        assert after.keys() == before.keys(), "the WARC told what the articles could not"
        told = ("outcome", "kind", "alias_of", "full_offset", "text_hash")
        outcomes = {d: [k[name] for name in told] for d, k in before.items()}
        assert {d: [k[name] for name in told] for d, k in after.items()} == outcomes


@pytest.mark.parametrize(
    "plant", [cut_articles, captures_cut, attachment_altered, run_file_cut], ids=lambda p: p.__name__
)
def test_nothing_is_deleted(plant: Callable[[Path], Path], data: Path, shop: Rules) -> None:
    path = plant(data)
    content = path.read_bytes()
    mend(data, shop)
    assert (data / "quarantine" / path.relative_to(data)).read_bytes() == content


def test_the_rows_read_again_say_so(data: Path, shop: Rules) -> None:
    number = pq.ParquetFile(one(data, "articles/**/*.parquet")).metadata.num_rows
    cut_articles(data)
    mend(data, shop)
    causes = pq.read_table(data / "articles")["revision_cause"].to_pylist()
    assert causes.count("reextracted") == number


def test_a_repaired_site_is_crawled_on(data: Path, shop: Rules, site: Site) -> None:
    cut_articles(data)
    run_file_cut(data)
    path = one(data, f"captures/site={SITE}/*", 1)
    path.write_bytes(path.read_bytes()[:-10])
    assert mend(data, shop)
    assert not found(data)
    done = crawl(data, SITE, "-a", f"channel={site.listing}")
    assert done.returncode == 0, done.stdout
    assert "0 article rows landed" in done.stdout
    assert not found(data)
    assert len(rows(data)) == 28


def test_several_faults_at_once(data: Path, shop: Rules) -> None:
    whole = rows(data)
    for plant in (damaged_articles, captures_cut, warc_cut, run_file_cut, left_in_staging, notes_among_articles):
        plant(data)
    assert {f.kind for f in found(data)} >= {"unreadable", "warc_cut", "run_file", "staging", "stray"}
    mend(data, shop)
    assert not found(data)
    assert rows(data) == whole


def test_articles_and_captures_of_a_segment_lost_together(data: Path, shop: Rules, site: Site) -> None:
    """Nothing but the WARC tells of them; the next crawl asks for them again."""
    shutil.rmtree(data / "articles")
    (data / "articles").mkdir()
    for path in (data / f"captures/site={SITE}").iterdir():
        path.write_bytes(b"")
    mend(data, shop)
    assert not found(data)
    waiting = [k for k in known(data, SITE).values() if k["kind"] == "article" and k["outcome"] == "callback_error"]
    assert len(waiting) == 28
    crawl(data, SITE, "-a", f"channel={site.listing}")
    assert len(rows(data)) == 28
    assert not found(data)


# What a killed run leaves


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b half a member", None], ids=["empty", "cut", "whole records"])
def test_a_warc_file_that_no_row_names_is_no_fault(content: bytes | None, data: Path) -> None:
    """A run killed before its first commit; its pages are asked again."""
    other = one(data, "warc/**/*.gz").read_bytes()[:2000]
    path = data / f"warc/site={SITE}/{SITE}-20240101T000000000Z-0000-00001.warc.gz"
    path.write_bytes(other if content is None else content)
    assert not found(data)


def test_the_tail_after_the_last_commit_of_a_killed_run_is_no_fault(data: Path) -> None:
    one(data, "runs/**/*.json").unlink()
    path = warc_cut(data)
    assert not found(data)
    content = path.read_bytes()
    last = max(offset for name, offset in places(data) if name == str(path.relative_to(data)))
    path.write_bytes(content[: last + 20])
    assert {f.kind for f in found(data)} == {"record", "warc_cut"}, "a committed record is cut"
    path.write_bytes(content[: content.index(b"\x1f\x8b\x08", last + 1) + 20])
    assert {f.kind for f in found(data)} == {"warc_cut"}, "the request behind a committed response is cut"


# What is lost for good


def test_lost_records_are_written_off(data: Path, shop: Rules) -> None:
    path = one(data, "warc/**/*.gz")
    path.unlink()
    (finding,) = found(data)
    assert (finding.kind, finding.file) == ("record", str(path.relative_to(data)))
    assert "not there" in finding.what
    mend(data, shop)
    checked = Checked()
    assert not list(verify(Storage(str(data)), (), checked))
    assert checked.known_losses == len(places(data))
    assert len(read_all(data)) == 28


def test_a_flipped_bit_in_the_warc(data: Path, shop: Rules) -> None:
    row = pq.ParquetFile(one(data, "articles/**/*.parquet")).read().to_pylist()[3]
    path = data / row["warc_file"]
    content = bytearray(path.read_bytes())
    content[row["warc_offset"] + 300] ^= 0xFF
    path.write_bytes(content)
    (finding,) = found(data)
    assert (finding.kind, finding.file, finding.items) == ("record", row["warc_file"], (row["warc_offset"],))
    assert row["url"] in finding.what
    mend(data, shop)
    assert not found(data)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"warc_offset": 0}, "no whole response record begins there"),
        ({"url": "http://127.0.0.1/other"}, "of another address"),
        ({"payload_digest": "sha1:AAAA"}, "another digest"),
    ],
    ids=["offset", "address", "digest"],
)
@pytest.mark.parametrize("dataset", ["articles", "captures"])
def test_rows_that_their_records_contradict(
    dataset: str, change: dict[str, Any], said: str, data: Path, shop: Rules
) -> None:
    path = one(data, f"{dataset}/**/*.parquet")
    schema = ARTICLES if dataset == "articles" else CAPTURES
    rewrite(path, schema, lambda row: row | change if row["url"].endswith("_27.htm") else row)
    findings = found(data)
    assert {f.kind for f in findings} == {"record"}
    assert all(said in f.what and path.name in f.what for f in findings), findings
    mend(data, shop)
    assert not found(data)


def test_an_article_must_not_rest_on_a_revisit(tmp_path: Path) -> None:
    with Site(3) as served:
        for _ in range(2):
            crawl(tmp_path, SITE, "-a", f"channel={served.listing}", "-a", "full=1")
    captures = sorted(pq.read_table(tmp_path / "captures").to_pylist(), key=lambda c: c["run_id"])
    again = [c for c in captures if c["url"] == served.listing and c["run_id"] == captures[-1]["run_id"]]
    assert len(again) == 1
    wanted = {n: again[0][n] for n in ("warc_file", "warc_offset", "url")}
    rewrite(
        one(tmp_path, "articles/**/*.parquet"),
        ARTICLES,
        lambda row: row | wanted if row["url"].endswith("_1.htm") else row,
    )
    assert any("is a revisit" in f.what for f in found(tmp_path))


def test_rows_without_a_record_are_asked_again(data: Path, shop: Rules, site: Site) -> None:
    cut_articles(data)
    one(data, "warc/**/*.gz").unlink()
    steps = mend(data, shop)
    assert any("the next crawl asks for" in line for line in steps)
    assert not found(data)
    assert 0 < len(read_all(data)) < 28
    done = crawl(data, SITE, "-a", f"channel={site.listing}")
    assert done.returncode == 0, done.stdout
    assert len({r["doc_id"] for r in rows(data)}) == 28
    assert not found(data)


def test_a_packed_attachment_is_hashed_as_it_lies(data: Path) -> None:
    body = gzip.compress(PDF)
    sha256 = hashlib.sha256(body).hexdigest()
    path = data / f"files/{sha256[:2]}/{sha256}.gz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    assert not found(data)


def test_a_lost_attachment_is_written_off(data: Path, shop: Rules) -> None:
    attachment_deleted(data)
    one(data, "warc/**/*.gz").unlink()
    mend(data, shop)
    assert not found(data)


@pytest.mark.parametrize("wrong", [{"bytes": 7}, {"sha256": "0" * 64}, {"path": "files/../../etc/passwd"}])
def test_an_attachment_entry_that_does_not_fit(wrong: dict[str, Any], data: Path, shop: Rules) -> None:
    path = one(data, "articles/**/*.parquet")

    def change(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"attachments": [a | wrong for a in row["attachments"]]}

    for path in data.glob("articles/**/*.parquet"):
        rewrite(path, ARTICLES, change)
    assert {f.kind for f in found(data)} == {"attachment"}
    kept = one(data, "files/**/*.pdf").read_bytes()
    mend(data, shop)
    assert one(data, "files/**/*.pdf").read_bytes() == kept
    assert not found(data)


# Counts and keys


@pytest.mark.parametrize(("stated", "mended"), [(40, True), (20, False)])
def test_counts_of_a_run(stated: int, mended: bool, data: Path, shop: Rules) -> None:
    path = one(data, "runs/**/*.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"landed": {"heilongjiang": {"2022": stated}}}))
    (finding,) = found(data)
    assert (finding.kind, finding.file) == ("run_rows", str(path.relative_to(data)))
    assert f"landed {stated} article rows, the archive holds 28" in finding.what
    mend(data, shop)
    assert (not found(data)) == mended, "rows too many are told until somebody looks"


def test_doubled_keys_stay_once(data: Path, shop: Rules) -> None:
    whole = rows(data)
    path = one(data, "articles/**/*.parquet")
    copy = path.with_name(path.name[:-11] + "2.parquet")
    shutil.copy(path, copy)
    (finding,) = found(data)
    assert finding.kind == "doubled_key"
    assert {finding.file, finding.what.split(" are in ")[1].removesuffix(" too")} == {
        str(p.relative_to(data)) for p in (path, copy)
    }
    assert mend(data, shop)
    assert not found(data)
    assert rows(data) == whole


def test_a_key_in_two_sites(tmp_path: Path) -> None:
    land(tmp_path, "20240101", article(1))
    land(tmp_path, "20240102", article(1), article(2), site="t")
    (finding,) = found(tmp_path)
    assert (finding.kind, finding.site) == ("doubled_key", "t")
    assert "of site s too" in finding.what
    assert not found(tmp_path, "t"), "one site alone holds it once"


def test_moved_and_gone_rows_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A moved row has no captures row of its own; a gone one has, but no page."""
    land(tmp_path, "20240101", article(1, warc_file=None), article(2, warc_file=None), article(3, warc_file=None))
    moved = article(
        1, revision=2, revision_cause="moved", status="moved", fetched_at=WHEN.replace(day=3), warc_file=None
    )
    run = land(
        tmp_path,
        "20240102",
        moved,
        article(1, revision=3, province="shaanxi", province_name="陕西省", fetched_at=WHEN.replace(day=3)),
    )
    path = next(p for p in tmp_path.glob("captures/**/*") if run in p.name)
    rewrite(path, CAPTURES, lambda row: row if row["revision"] == 3 else row | {"revision": None, "outcome": "alias"})
    gone = article(2, revision=2, revision_cause="gone", status="gone", fetched_at=WHEN.replace(day=4))
    run = land(tmp_path, "20240103", gone)
    path = next(p for p in tmp_path.glob("captures/**/*") if run in p.name)
    rewrite(path, CAPTURES, lambda row: row | {"outcome": "not_found", "status": 404})
    assert not found(tmp_path)
    whole = rows(tmp_path)
    for path in list(tmp_path.glob("articles/**/*.parquet")):
        if {r["status"] for r in pq.ParquetFile(path).read().to_pylist()} != {"live"}:
            path.write_bytes(b"")
    mend(tmp_path, NO_RULES)
    assert not found(tmp_path)
    assert sorted(map(repr, rows(tmp_path))) == sorted(map(repr, whole))


def test_captures_lost_after_compaction(tmp_path: Path) -> None:
    """The segment's own article file is gone into a larger one, and nothing but its rows names the segment."""
    from govcrawl.archive.compact import compact

    for day in (1, 2, 3):
        land(tmp_path, f"2024010{day}", article(day))
    before = known(tmp_path)
    list(compact(Storage(str(tmp_path))))
    one(tmp_path, "captures/site=s/*").unlink()
    assert [f.kind for f in found(tmp_path)] == ["unmarked"]
    mend(tmp_path, NO_RULES)
    assert not found(tmp_path)
    assert known(tmp_path) == before
    mark = one(tmp_path, "captures/site=s/*", -1)
    mark.unlink()
    mend(tmp_path, NO_RULES)
    assert pq.read_metadata(one(tmp_path, "captures/site=s/*", -1)).num_rows == 0, (
        "the mark of a compacted file is empty"
    )
    assert known(tmp_path) == before


# Running crawls, other places


def test_a_running_crawl_is_no_fault(data: Path, shop: Rules) -> None:
    left_in_staging(data)
    warc_cut(data)
    captures_deleted(data)
    lock = SiteLock(Storage(str(data)), SITE, f"{SITE}-20250101T000000000Z-0000")
    lock.acquire()
    checked = Checked()
    told = list(verify(Storage(str(data)), (), checked))
    steps = list(repair(Storage(str(data)), [Finding("staging", SITE, "x", "y", "z")], shop))
    lock.release()
    assert {f.kind for f in told} <= {"run_rows"}
    assert checked.running == [SITE]
    assert "not repaired, another run holds" in steps[0]
    assert {f.kind for f in found(data)} >= {"staging", "warc_cut", "unmarked"}


def test_a_replay_names_records_outside(origin: Path, tmp_path: Path, site: Site) -> None:
    recording = shutil.copytree(origin / "warc", tmp_path / "recording")
    data = tmp_path / "data"
    crawl(data, SITE, "-a", f"channel={site.listing}", GOVCRAWL_REPLAY=str(recording))
    assert len(rows(data)) == 28
    checked = Checked()
    assert not list(verify(Storage(str(data)), (), checked))
    assert checked.records >= 30
    shutil.rmtree(recording)
    checked = Checked()
    assert not list(verify(Storage(str(data)), (), checked))
    assert (checked.records, checked.elsewhere) == (0, len(pq.read_table(data / "captures")) + 28)


def test_nothing_is_found_while_a_crawl_and_compactions_run(tmp_path: Path, shop: Rules) -> None:
    from govcrawl.archive.compact import compact
    from govcrawl.archive.compact_captures import compact_captures

    storage = Storage(str(tmp_path))
    looked = 0
    with Site(300, delay=0.01) as served:
        settings = {"GOVCRAWL_SEGMENT_ROWS": "10"}
        process = start(tmp_path, SITE, "-a", f"channel={served.listing}", settings=settings)
        try:
            while process.poll() is None:
                checked = Checked()
                assert not list(verify(storage, (), checked))
                looked += 0 < checked.rows < 300
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0
    assert looked >= 3
    busy = threading.Thread(target=lambda: [*compact(storage), *compact_captures(storage)])
    busy.start()
    while busy.is_alive():
        assert not list(verify(storage))
    busy.join()
    assert not list(verify(storage))
    assert len(read_all(tmp_path)) == 300


def test_what_a_run_has_finished_by_the_second_look_is_no_finding(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, looks = left_in_staging(data), []
    real = Staging.find

    def find(check: Staging, look: Look) -> Iterator[Finding]:
        yield from real(check, look)
        path.unlink(missing_ok=True)  # as the run does that came to its end
        looks.append(look)

    monkeypatch.setattr(Staging, "find", find)
    assert not found(data)
    assert len(looks) == 2


class Killed(BaseException):
    pass


def test_a_repair_killed_at_any_step_is_done_by_the_next(
    origin: Path, tmp_path: Path, shop: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = shutil.copytree(origin, tmp_path / "source")
    whole = rows(source)
    for plant in (cut_articles, warc_cut, plant_second_name):
        plant(source)
    path = one(source, f"captures/site={SITE}/*", 1)
    path.write_bytes(path.read_bytes()[:-10])
    real = Storage.publish
    finished = False
    for number in range(1, 20):
        data = shutil.copytree(source, tmp_path / str(number))
        count = [0]

        def publish(self: Storage, relative: str, content: Any, count: list[int] = count, number: int = number) -> None:
            if not relative.startswith("staging/"):
                count[0] += 1
            if count[0] == number:
                raise Killed
            real(self, relative, content)

        with monkeypatch.context() as patch:
            patch.setattr(Storage, "publish", publish)
            try:
                mend(data, shop)
                finished = True
            except Killed:
                pass
        mend(data, shop)
        assert not found(data), number
        assert rows(data) == whole, number
        shutil.rmtree(data)
        if finished:
            break
    assert finished
    assert number > 3


def plant_second_name(data: Path) -> None:
    path = one(data, "articles/**/*.parquet", 1)
    path.rename(path.with_name("part-1.parquet"))


# The command


def test_the_command(data: Path, tmp_path: Path) -> None:
    clean = scrapy(data, "verify")
    assert (clean.returncode, clean.stdout.splitlines()[-1]) == (0, "clean"), clean.stderr
    path = cut_articles(data)
    name = str(path.relative_to(data))
    told = scrapy(data, "verify", "--json", str(tmp_path / "found.json"), SITE)
    assert told.returncode == 1
    assert f"unreadable: {name}: it does not open" in told.stdout
    assert "scrapy verify --repair loopback" in told.stdout
    written = json.loads((tmp_path / "found.json").read_text())
    assert [f["file"] for f in written["found"] if f["kind"] == "unreadable"] == [name]
    mended = scrapy(data, "verify", "--repair")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert f"repair: {name}: moved to quarantine/{name}" in mended.stdout
    assert len(read_all(data)) == 28


def test_the_list_of_checks(tmp_path: Path) -> None:
    told = scrapy(tmp_path / "nowhere", "verify", "--list")
    assert told.returncode == 0, told.stderr
    kinds = {kind for line in told.stdout.splitlines()[::2] for kind in line.partition(": ")[0].split(", ")}
    others = {"record", "run_rows", "doubled_key", "state", "forgotten", "index", "reprints", "replaced"}
    assert kinds == {*MENDED.values(), *others}
    assert all(line.startswith("    ") for line in told.stdout.splitlines()[1::2])


def test_bad_arguments(data: Path) -> None:
    done = scrapy(data, "verify", "nosuch")
    assert done.returncode == 2
    assert "no site 'nosuch'" in done.stdout + done.stderr
    assert "it holds: loopback" in done.stdout + done.stderr
    assert "(did you mean loopback?)" in scrapy(data, "verify", "lopback").stderr
    for arguments in (["verify"], ["compact"]):
        done = scrapy(data / "nowhere", *arguments)
        assert done.returncode == 2
        assert "there is no archive at" in done.stdout + done.stderr
    assert not (data / "nowhere").exists()
    assert scrapy(data / "files", "verify").returncode == 2, "a folder of something else is no clean archive"
