"""Documents linked from articles: fetched, recorded, stored once by SHA-256, listed in the row; never outside the folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.storage import Storage
from govcrawl.attachments.fetching import kind_of, store
from tests.crawl.test_revisions import age
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PDF = b"%PDF-1.4\n" + b"notice " * 100
HTML = {"Content-Type": "text/html; charset=utf-8"}
BINARY = {"Content-Type": "application/octet-stream"}


def rows(data: Path) -> dict[int, dict[str, Any]]:
    found = sorted(pq.read_table(data / "articles").to_pylist(), key=lambda r: r["revision"])
    return {int(r["url"].rsplit("_", 1)[-1].removesuffix(".htm")): r for r in found if "content_" in r["url"]}


def with_links(site: Site, number: int, *links: str) -> None:
    html = "".join(f'<p><a href="{link}">附件{k}：名单{link[-4:]}</a></p>' for k, link in enumerate(links, 1))
    page = site.article(number).replace("</div></body>", html + "</div></body>")
    site.answers[site.path_of(number)] = (200, HTML, page.encode())


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(5) as site:
        yield site


def run(data: Path, site: Site, code: int = 0, **settings: str) -> str:
    done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_REVISIT": "*:1"} | settings)
    assert done.returncode == code, done.stdout + done.stderr[-3000:]
    return done.stdout


def test_files_are_stored_once_and_listed(tmp_path: Path, site: Site) -> None:
    site.answers["/f/a.pdf"] = (200, BINARY, PDF)
    site.answers["/f/b.doc"] = (200, BINARY, PDF)
    site.answers["/f/..%2f..%2fx.xls"] = (200, BINARY, b"\xd0\xcf\x11\xe0" + b"cells")
    with_links(site, 5, "/f/a.pdf")
    with_links(site, 4, "/f/a.pdf", "/f/b.doc")
    with_links(site, 3, "/f/..%2f..%2fx.xls")
    run(tmp_path, site)
    found = rows(tmp_path)
    digest = hashlib.sha256(PDF).hexdigest()
    for number, names in ((5, ["a.pdf"]), (4, ["a.pdf", "b.doc"])):
        assert [a["url"].rsplit("/", 1)[1] for a in found[number]["attachments"]] == names
        for attachment in found[number]["attachments"]:
            assert (attachment["sha256"], attachment["bytes"]) == (digest, len(PDF))
            assert (tmp_path / attachment["path"]).read_bytes() == PDF
    assert site.asked["/f/a.pdf"] == 1
    stored = [p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("files/**/*") if p.is_file()]
    assert sorted(stored) == sorted({a["path"] for r in found.values() for a in r["attachments"]})
    assert all(len(p.split("/")) == 3 for p in stored)
    captures = {c["url"].removeprefix(site.base): c for c in pq.read_table(tmp_path / "captures").to_pylist()}
    assert captures["/f/a.pdf"]["kind"] == "attachment"
    assert captures["/f/a.pdf"]["outcome"] == "landed"
    assert captures["/f/a.pdf"]["warc_file"]


def test_a_changed_file_makes_a_revision_and_an_unchanged_one_none(tmp_path: Path, site: Site) -> None:
    site.answers["/f/a.pdf"] = (200, BINARY, PDF)
    site.answers["/f/b.pdf"] = (200, BINARY, PDF + b"2")
    with_links(site, 5, "/f/a.pdf")
    with_links(site, 4, "/f/b.pdf")
    run(tmp_path, site)
    age(tmp_path, 2)
    site.answers["/f/a.pdf"] = (200, BINARY, PDF + b"corrected")
    run(tmp_path, site)
    found = rows(tmp_path)
    assert (found[5]["revision"], found[5]["revision_cause"]) == (2, "edited")
    assert found[5]["attachments"][0]["bytes"] == len(PDF) + 9
    assert found[4]["revision"] == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((404, HTML, b"no"), 0),
        ((500, HTML, b"no"), 3),
        ((200, HTML, b"<!DOCTYPE html><title>login</title>"), 0),
        ((200, BINARY, b"x" * 3000), 3),
    ],
    ids=["404", "500", "page in place of the file", "too large"],
)
def test_what_cannot_be_fetched_is_listed_without_a_hash(tmp_path: Path, site: Site, answer: Any, code: int) -> None:
    site.answers["/f/a.pdf"] = answer
    with_links(site, 5, "/f/a.pdf")
    run(tmp_path, site, code, GOVCRAWL_ATTACHMENT_BYTES="2000", RETRY_TIMES="0")
    attachment = rows(tmp_path)[5]["attachments"][0]
    assert attachment["url"].endswith("/f/a.pdf")
    assert attachment["sha256"] is None
    if code:
        age(tmp_path, 2)
        site.answers["/f/a.pdf"] = (200, BINARY, PDF)
        run(tmp_path, site)
        again = rows(tmp_path)[5]
        assert (again["revision_cause"], again["attachments"][0]["sha256"]) == (
            "reextracted",
            hashlib.sha256(PDF).hexdigest(),
        )


def test_foreign_hosts_are_listed_and_not_asked(tmp_path: Path, site: Site) -> None:
    with_links(site, 5, "http://example.com/a.pdf")
    run(tmp_path, site)
    assert rows(tmp_path)[5]["attachments"][0]["sha256"] is None


def test_a_row_that_is_a_document_lands_as_one(tmp_path: Path, site: Site) -> None:
    listing = site.list_page(1).replace(
        "<ul>", '<ul><li><a href="/2022-02/P020.pdf">某某公示名单</a><span>2022-02-03</span></li>'
    )
    site.answers["/node_1.htm"] = (200, HTML, listing.encode())
    site.answers["/2022-02/P020.pdf"] = (200, {"Content-Type": "application/pdf"}, PDF)
    run(tmp_path, site)
    row = next(r for r in pq.read_table(tmp_path / "articles").to_pylist() if r["url"].endswith("P020.pdf"))
    assert (row["title"], row["text"], str(row["published_on"]), row["quality"]) == (
        "某某公示名单",
        None,
        "2022-02-03",
        ["attachment_only"],
    )
    assert (tmp_path / row["attachments"][0]["path"]).read_bytes() == PDF


@pytest.mark.parametrize(
    ("body", "url", "expected"),
    [
        (PDF, "http://h/a.doc", "pdf"),
        (b"\xd0\xcf\x11\xe0..", "http://h/a.xls", "xls"),
        (b"PK\x03\x04..", "http://h/download?id=3", "zip"),
        (b"PK\x03\x04..", "http://h/a.docx", "docx"),
        (b"what", "http://h/../../etc/passwd", "bin"),
        (b"what", "http://h/a.wps", "wps"),
        (b"", "http://h/a.%00", "bin"),
    ],
)
def test_kind_of(body: bytes, url: str, expected: str) -> None:
    assert kind_of(body, url)[0] == expected


def test_no_name_escapes_the_folder(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    for url in (
        "http://h/../../x",
        "http://h/..%2f..%2fx.pdf",
        "http://h/a.p/../../x",
        "http://h/\x00.pdf",
        "file:///etc/passwd",
    ):
        assert (tmp_path / store(storage, b"body of " + url.encode(), url).path).is_file()
