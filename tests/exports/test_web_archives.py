"""CDXJ and WACZ, held against the readers of web archivists: warcio, cdxj-indexer, and the places that an index names."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import struct
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from govcrawl.archive import forgotten
from govcrawl.archive.captures import read_table
from govcrawl.archive.checks.verify import sites_of, verify
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.forgotten import Tombstone
from govcrawl.archive.storage import Storage
from govcrawl.exports import cdxj, wacz
from govcrawl.exports.selection import Selection, select
from tests.exports.archive import BASE, NEWS, TEXT, Run, build, notice, page, png

if TYPE_CHECKING:
    from pathlib import Path

    from govcrawl.archive.compact import Compacted

ABOUT = {"rows": "newest", "filters": "--site jyt"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    build(folder)
    return folder


def index(data: Path, *sites: str) -> tuple[list[str], cdxj.Indexed]:
    storage = Storage(str(data))
    out = io.StringIO()
    done = cdxj.write(storage, sites or sites_of(storage), out)
    return out.getvalue().splitlines(), done


def fields(line: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(line[line.index("{") :])
    return found


# CDXJ


def test_the_index_is_that_of_cdxj_indexer(data: Path, tmp_path: Path) -> None:
    lines, done = index(data)
    cdxj.library()  # which keeps Python's warnings of its code to itself
    from cdxj_indexer.main import CDXJIndexer

    theirs = tmp_path / "theirs.cdxj"
    files = sorted(str(p) for p in data.glob("warc/**/*.warc.gz"))
    CDXJIndexer(str(theirs), files, sort=True, post_append=True, dir_root=str(data)).process_all()
    assert lines == theirs.read_text().splitlines()
    assert lines == sorted(lines)
    assert (len(lines), done.records, done.files, done.lost) == (17, 17, 3, {})


def test_a_compaction_meanwhile_harms_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A captures file that is listed may be replaced before it is read."""
    lines, _ = index(data)
    copy = shutil.copytree(data, tmp_path / "copy")
    merged: list[Compacted] = []

    def read(storage: Storage, name: str, *about: Any) -> Any:
        if not merged:
            merged.extend(compact_captures(storage))
        return read_table(storage, name, *about)

    monkeypatch.setattr(cdxj, "read_table", read)
    assert index(copy)[0] == lines
    assert any(one.before > one.after for one in merged)


def test_every_line_leads_to_its_record(data: Path) -> None:
    lines, _ = index(data)
    for line in lines:
        told = fields(line)
        raw = (data / told["filename"]).read_bytes()[int(told["offset"]) :][: int(told["length"])]
        (record,) = ArchiveIterator(io.BytesIO(raw), parse_http=True)
        assert record.headers["WARC-Target-URI"] == told["url"]
        assert str(record.http_headers.status_code) == told["status"]
        assert record.headers["WARC-Payload-Digest"] == told["digest"]
    kinds = {(fields(line)["mime"], fields(line).get("method", "GET")) for line in lines}
    assert {("warc/revisit", "GET"), ("application/pdf", "GET"), ("text/html", "POST")} <= kinds


def test_requests_by_post_have_keys_of_their_own(data: Path) -> None:
    keys = [line.split(" ")[0] for line in index(data)[0] if "/search" in line]
    assert len(set(keys)) == 2
    assert all("__wb_method=post" in key and "page=" in key for key in keys)


def test_a_revisit_of_a_post_keeps_its_key(tmp_path: Path) -> None:
    sent = ("application/x-www-form-urlencoded", b"page=1")
    for day in (0, 1):
        run = Run(tmp_path, "jyt", day)
        run.visit(f"{BASE}/search", "listing", b"[]", method="POST", sent=sent)
        run.close()
    lines, _ = index(tmp_path)
    assert len({line.split(" ")[0] for line in lines}) == 1
    assert [fields(line)["mime"] for line in lines] == ["text/html", "warc/revisit"]


def test_some_sites(data: Path) -> None:
    lines, done = index(data, "news")
    assert done.records == len(lines) == 2
    assert all("site=news" in fields(line)["filename"] for line in lines)


def test_what_was_not_committed_is_not_indexed(tmp_path: Path) -> None:
    run = Run(tmp_path, "jyt")
    run.visit(f"{BASE}/1.html", "listing", page("一", TEXT))
    run.archive.commit()
    run.visit(f"{BASE}/2.html", "listing", page("二", TEXT))
    run.archive.abandon()
    lines, _ = index(tmp_path)
    assert [fields(line)["url"] for line in lines] == [f"{BASE}/1.html"]


def test_what_is_cut_or_gone_is_told(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "cut"
    shutil.copytree(data, copy)
    first, second, news = sorted(copy.glob("warc/**/*.warc.gz"))
    last = max(int(fields(line)["offset"]) for line in index(data)[0] if first.name in line)
    first.write_bytes(first.read_bytes()[: last + 100])
    second.write_bytes(second.read_bytes()[:50])
    news.unlink()
    lines, done = index(copy)
    assert done.lost == {p.relative_to(copy).as_posix(): n for p, n in ((first, 1), (second, 3), (news, 2))}
    assert len(lines) == 17 - 6


def test_recordings_outside_the_archive_are_indexed_where_they_are(data: Path, tmp_path: Path) -> None:
    """As a replay leaves them: its captures name files that are no part of the archive, also ones that are not compressed."""
    source = next(data.glob("warc/site=news/*.warc.gz"))
    plain = tmp_path / "plain.warc"
    plain.write_bytes(gzip.decompress(source.read_bytes()))
    storage = Storage(str(data))
    offsets = [r.stream_pos for r in ArchiveIterator(io.BytesIO(plain.read_bytes()), parse_http=False)]
    import numpy as np

    found = list(cdxj.records(storage, str(plain), np.array(offsets)))
    assert [r.url for r in found] == [f"{NEWS}/a/1.html", f"{NEWS}/a/2.html"]
    ((_, response, request), _) = wacz._copied(storage, {str(plain): np.array(offsets)}, wacz.Packed())
    assert gzip.decompress(response + request) == plain.read_bytes()[found[0].offset : found[0].end]


# WACZ


def packed(data: Path, target: Path, listings: bool = False, **filters: Any) -> wacz.Packed:
    storage = Storage(str(data))
    places = select(storage, Selection(**filters))
    return wacz.write(storage, places, str(target), ABOUT, listings=listings, tell=lambda _: None)


def index_of(package: zipfile.ZipFile) -> list[str]:
    """The lines of the compressed index, read as replayweb.page does: block by block, as index.idx names them."""
    blocks = package.read("indexes/index.cdx.gz")
    head, *entries = package.read("indexes/index.idx").decode().splitlines()
    assert head.startswith('!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}')
    lines: list[str] = []
    for entry in entries:
        told = json.loads(entry[entry.index("{") :])
        block = blocks[told["offset"] :][: told["length"]]
        assert told["digest"] == f"sha256:{hashlib.sha256(block).hexdigest()}"
        lines += gzip.decompress(block).decode().splitlines()
        assert entry.startswith(lines[-len(gzip.decompress(block).decode().splitlines())].partition(" {")[0])
    return lines


def urls_of(target: Path) -> list[str]:
    with zipfile.ZipFile(target) as package:
        lines = index_of(package)
        for line in lines:
            told = fields(line)
            raw = package.read(f"archive/{told['filename']}")[int(told["offset"]) :][: int(told["length"])]
            (record,) = WarcioIterator(io.BytesIO(raw))
            assert record.rec_headers.get_header("WARC-Target-URI") == told["url"]
            assert record.rec_type == "response", "a revisit would show nothing without what it refers to"
            assert record.content_stream().read() is not None
        return sorted(fields(line)["url"].removeprefix(BASE).removeprefix(NEWS) for line in lines)


def test_a_wacz_is_what_its_description_says(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.wacz"
    done = packed(data, target)
    assert (done.pages, done.records, done.lost) == (4, 9, {})
    with zipfile.ZipFile(target) as package:
        assert package.testzip() is None
        described = json.loads(package.read("datapackage.json"))
        digest = json.loads(package.read("datapackage-digest.json"))
        assert digest["hash"] == f"sha256:{hashlib.sha256(package.read('datapackage.json')).hexdigest()}"
        assert (described["profile"], described["wacz_version"]) == ("data-package", "1.1.1")
        listed = {r["path"]: r for r in described["resources"]}
        assert set(listed) == set(package.namelist()) - {"datapackage.json", "datapackage-digest.json"}
        for name, resource in listed.items():
            content = package.read(name)
            assert (resource["bytes"], resource["hash"]) == (
                len(content),
                f"sha256:{hashlib.sha256(content).hexdigest()}",
            )
        for name in ("archive/jyt-00001.warc.gz", "archive/news-00001.warc.gz", "indexes/index.cdx.gz"):
            assert package.getinfo(name).compress_type == zipfile.ZIP_STORED
        head, *pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]
        assert head["format"] == "json-pages-1.0"
        shown = {p["url"]: p for p in pages}
        assert shown[notice().url]["text"] == TEXT
        assert shown[notice().url]["title"] == notice().title
        assert shown[notice().url]["ts"] == "2024-03-01T02:00:06.123Z"
        assert "mainPageUrl" not in described


def test_its_files_lie_where_wabac_looks_for_them(data: Path, tmp_path: Path) -> None:
    """wabac takes a file to begin right behind its name where the table at the end has no extra field for it."""
    packed(data, tmp_path / "a.wacz")
    raw = (tmp_path / "a.wacz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        for entry in package.infolist():
            _, extra = struct.unpack("<HH", raw[entry.header_offset + 26 : entry.header_offset + 30])
            assert extra == len(entry.extra) == 0


def test_what_belongs_to_the_articles_is_in_it(data: Path, tmp_path: Path) -> None:
    own = ["/2024/0229/c1.html", "/f/%E5%90%8D%E5%8D%95.pdf", "/frame.html", "/i/1.png", "/i/2.png", "/old/c1.html"]
    packed(data, tmp_path / "a.wacz", sites=("jyt",), years=(2024,))
    assert urls_of(tmp_path / "a.wacz") == own
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        described = json.loads(package.read("datapackage.json"))
        assert (described["mainPageUrl"], described["title"]) == (notice().url, notice().title)
        assert package.read("archive/jyt-00001.warc.gz").count(b"\x1f\x8b\x08") >= 13
    packed(data, tmp_path / "b.wacz", listings=True, sites=("jyt",), years=(2024,))
    assert urls_of(tmp_path / "b.wacz") == sorted([*own, "/api", "/list.html", "/search", "/search"])
    packed(data, tmp_path / "c.wacz", revisions=True, years=(2023,))
    assert urls_of(tmp_path / "c.wacz") == ["/2023/0101/c2.html"] * 2 + ["/2023/0202/c3.html"] * 2


def test_what_cannot_be_read_is_told(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "cut"
    shutil.copytree(data, copy)
    (name,) = (p for p in copy.glob("warc/site=news/*"))
    name.unlink()
    done = packed(copy, tmp_path / "a.wacz")
    assert list(done.lines()) == [
        "4 pages, 7 records",
        f"2 records of {name.relative_to(copy).as_posix()} cannot be read; run scrapy verify",
    ]
    assert "/a/1.html" not in urls_of(tmp_path / "a.wacz")


def test_large_archives_are_several_files(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wacz, "ROTATE_BYTES", 1500)
    packed(data, tmp_path / "a.wacz")
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        assert len([n for n in package.namelist() if n.startswith("archive/jyt-")]) > 2
    assert len(urls_of(tmp_path / "a.wacz")) == 9


def test_the_newest_full_response_is_taken(tmp_path: Path) -> None:
    """An image that came, came again as it was, and then was another."""
    for day, red in enumerate((10, 10, 200, 200)):
        run = Run(tmp_path, "jyt", day)
        if not day:
            run.visit(notice().url, "article", page("一", TEXT), notice())
        run.visit(f"{BASE}/i/1.png", "image", png(red), headers=(("Content-Type", "image/png"),))
        run.close()
    packed(tmp_path, tmp_path / "a.wacz")
    assert urls_of(tmp_path / "a.wacz") == ["/2024/0229/c1.html", "/i/1.png"]
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        (line,) = (line for line in index_of(package) if "/i/1.png" in line)
        assert line.split(" ")[1].startswith("20240303")


def test_what_was_forgotten_is_in_no_export(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "archive"
    shutil.copytree(data, copy)
    key, when = notice().doc_id, datetime(2024, 4, 1, tzinfo=UTC)
    stone = Tombstone(key, "article", key, "on request", (), when, "jyt-20240401T000000000Z-ab12", "jyt")
    forgotten.write(Storage(str(copy)), [stone])
    packed(copy, tmp_path / "a.wacz", sites=("jyt",))
    assert urls_of(tmp_path / "a.wacz") == ["/2023/0101/c2.html"]
    lines, _ = index(copy, "jyt")
    assert (
        len(lines) == 15 - 6
    )  # the page twice, its other address, its frame and two images; the file may be another's too
    assert not [line for line in lines if "c1.html" in line or "/i/" in line]


def test_the_archive_of_these_tests_is_whole(data: Path) -> None:
    assert not list(verify(Storage(str(data))))
