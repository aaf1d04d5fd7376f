"""A notice that a listing names is never lost, in whatever form its page keeps it, readable or not."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govcrawl.archive.schema import CAPTURES
from tests.crawl.test_revisions import age
from tests.forms import (
    ATTACHED,
    BASE,
    BODY,
    DOCUMENT_SHOWN,
    FRAME,
    LEADS,
    MARK,
    SCAN,
    SCANNED,
    TEXT_ELSEWHERE,
    UNREADABLE,
    further,
    page,
)
from tests.loopback import Site, crawl, scrapy, start

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
FILE = {"Content-Type": "application/octet-stream"}
QUICK = {"RETRY_TIMES": "0"}
FORMS: dict[str, str] = {
    **{f"text: {name}": markup for name, (markup, _) in TEXT_ELSEWHERE.items()},
    **{f"document: {name}": page(body) for name, (body, _) in DOCUMENT_SHOWN.items()},
    **{f"attached: {name}": page(f"{BODY}<p>附件：{link}</p>") for name, link in ATTACHED.items()},
    **{f"scan: {name}": page(body) for name, body in SCANNED.items()},
    **{f"unreadable: {name}": markup for name, (markup, _) in UNREADABLE.items()},
    "list": page("", header=False),
}


def serve(site: Site, number: int, markup: str) -> None:
    site.answers[site.path_of(number)] = (200, HTML, markup.encode())


def quoted(text: str) -> str:
    return quote(text, safe="")


def packed(text: str) -> str:
    return base64.b64encode(f"{text}/f/x.pdf".encode()).decode()


def rows(data: Path) -> dict[str, dict[str, Any]]:
    found = sorted(pq.read_table(data / "articles").to_pylist(), key=lambda r: r["revision"])
    return {r["url"].split("/", 3)[3]: r for r in found}


def captures(data: Path) -> dict[str, dict[str, Any]]:
    found = sorted(pq.read_table(data / "captures").to_pylist(), key=lambda r: (r["run_id"], r["seq"]))
    return {c["url"].split("/", 3)[3]: c for c in found}


def report(data: Path) -> dict[str, Any]:
    return json.loads(max(data.glob("runs/**/*.json")).read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def every_form(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One crawl of a listing that names a notice of each form, then the same crawl again."""
    data = tmp_path_factory.mktemp("forms")
    names = list(FORMS)
    with Site(len(names)) as site:
        for number, name in enumerate(names, 1):
            day = f"2023-{1 + number // 28:02d}-{1 + number % 28:02d}"
            # Each a notice of its own: pages that say the same on the same day are one.
            here = FORMS[name]
            for written in (str, quoted, packed):
                here = here.replace(written(BASE), written(site.base))
            serve(site, number, here.replace("2024-03-12", day))
            folder = site.path_of(number).rpartition("/")[0]
            kind, _, form = name.partition(": ")
            for path, body in TEXT_ELSEWHERE[form][1].items() if kind == "text" else ():
                site.answers[path.replace("/gg/202403", folder)] = (200, HTML, body.encode())
            for file in ("shoufei.pdf", "x.pdf"):
                site.answers[f"{folder}/{file}"] = (200, FILE, b"%PDF-1.4\n" + folder.encode())
        for path in ("/f/x.pdf", "/f/x.docx", "/f/x.doc", "/f/x.xls", "/f/x.ofd", "/download/downfile.jsp?id=33"):
            site.answers[path] = (200, FILE, b"%PDF-1.4\n" + path.encode())
        for path in ("/u/1.jpg", "/u/2.jpg"):
            site.answers[path] = (200, {"Content-Type": "image/jpeg"}, b"\xff\xd8\xff" + path.encode())
        site.answers["/scan.html"] = (200, HTML, SCAN.encode())
        done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        asked = dict(site.asked)
        again = crawl(data, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        asked_again = {k: n - asked.get(k, 0) for k, n in site.asked.items() if n > asked.get(k, 0)}
        yield data, {name: site.path_of(n).lstrip("/") for n, name in enumerate(names, 1)}, done, again, asked_again


def test_every_listed_row_is_an_article(every_form: Any) -> None:
    data, paths, done, _, _ = every_form
    assert done.returncode == 3, done.stdout + done.stderr[-3000:]
    found = rows(data)
    assert not {name: path for name, path in paths.items() if path not in found}
    for name, path in paths.items():
        row = found[path]
        assert row["title"], name
        assert row["published_on"], name
        assert row["warc_file"], name
        if name.startswith(("text", "attached")):
            assert row["text"].count(MARK) == 5, name
            assert "no_text" not in row["quality"], name
        if name.startswith(("document", "scan")):
            flag = "attachment_only" if name.startswith("document") else "image_only"
            assert flag in row["quality"], name
            for entry in row["attachments"]:
                assert (data / entry["path"]).is_file(), name
            assert len(row["attachments"]) == (1 if name.startswith("document") else 2), name
        if name.startswith("attached"):
            assert [a["url"].rpartition("/")[2] for a in row["attachments"]] == ["x.xls"], name
            assert row["attachments"][0]["sha256"], name


def test_what_could_not_be_read_is_flagged_counted_and_makes_the_run_partial(every_form: Any) -> None:
    data, paths, done, _, _ = every_form
    found, known = rows(data), captures(data)
    shown: dict[str, int] = {"list": 1}
    for name, (_, form) in UNREADABLE.items():
        path = paths[f"unreadable: {name}"]
        assert (found[path]["text"], found[path]["quality"][0]) == (None, "no_text"), name
        assert found[path]["title"] == Site.title(int(path.rpartition("_")[2].removesuffix(".htm"))), name
        assert (known[path]["outcome"], known[path]["form"]) == ("landed", form), name
        assert known[path]["extractor"].startswith("govcrawl/"), name
        shown[form] = shown.get(form, 0) + 1
    first = json.loads(min(data.glob("runs/**/*.json")).read_text())
    assert first["without_text"]["no_text"] == shown
    assert first["status"] == "partial"
    assert f"{sum(shown.values())} articles: no_text (" in done.stdout


def test_parts_are_recorded_as_such(every_form: Any) -> None:
    data, _paths, _, _, _ = every_form
    parts = [
        c for c in pq.read_table(data / "captures").to_pylist() if c["kind"] == "part" and c["outcome"] == "landed"
    ]
    owners = {row["doc_id"] for row in rows(data).values()}
    assert len(parts) >= 6
    assert all(c["part_of"] in owners and c["warc_file"] for c in parts)


def test_the_next_run_asks_for_the_listing_only(every_form: Any) -> None:
    _, _, _, again, asked = every_form
    assert set(asked) <= {"/robots.txt", "/node_1.htm", "/lost.html", *(p for p in asked if "content_" in p)}
    assert sum(n for path, n in asked.items() if "content_" in path) <= 1, "only the article whose frame was lost"
    assert again.returncode in (0, 3), again.stdout


def test_the_archive_of_all_forms_is_sound(every_form: Any) -> None:
    data, *_ = every_form
    done = scrapy(data, "verify")
    assert done.returncode == 0, done.stdout


def test_pages_that_lead_elsewhere_are_aliases(tmp_path: Path) -> None:
    names = list(LEADS)
    with Site(2 * len(names)) as site:
        for number, name in enumerate(names, 1):
            target = f"../..{site.path_of(number + len(names))}"
            serve(site, number, f"<html><head>{LEADS[name].format(target)}</head></html>")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        found, known = rows(tmp_path), captures(tmp_path)
        assert len(found) == len(names)
        for number, name in enumerate(names, 1):
            first, path = (site.path_of(n).lstrip("/") for n in (number, number + len(names)))
            assert known[first]["outcome"] == "alias", name
            assert known[first]["alias_of"] == known[path]["doc_id"] == found[path]["doc_id"], name


def test_given_pages_are_unreadable_instead_of_no_article(tmp_path: Path) -> None:
    with Site(3) as site:
        serve(site, 1, UNREADABLE["application"][0])
        serve(site, 2, UNREADABLE["film"][0])
        serve(site, 3, page("", header=False))
        (tmp_path / "urls.txt").write_text("\n".join(site.base + site.path_of(n) for n in (1, 2, 3)))
        done = crawl(tmp_path / "data", "urls", "-a", f"file={tmp_path / 'urls.txt'}", settings=QUICK)
        assert done.returncode == 3, done.stdout + done.stderr[-2000:]
        known = captures(tmp_path / "data")
        told = [known[site.path_of(n).lstrip("/")] for n in (1, 2, 3)]
        assert [c["outcome"] for c in told] == ["unreadable", "not_article", "not_article"]
        assert told[0]["form"] == "script"
        assert "(video)" in told[1]["error"]
        assert "(list)" in told[2]["error"]
        assert report(tmp_path / "data")["without_text"] == {"unreadable": {"script": 1}}
        again = crawl(tmp_path / "data", "urls", "-a", f"file={tmp_path / 'urls.txt'}", settings=QUICK)
        assert again.returncode == 0, again.stdout
        assert site.asked[site.path_of(1)] == 1


def older_rules(data: Path) -> None:
    """Make it so that what could not be read was read by rules of an earlier version."""
    for path in data.glob("captures/**/*.parquet"):
        found = pq.read_table(path, partitioning=None).to_pylist()
        for row in found:
            row["extractor"] = row["extractor"] and "govcrawl/0.0.1:none"
        pq.write_table(pa.Table.from_pylist(found, schema=CAPTURES), path)


def test_newer_rules_read_again_from_the_warc_without_a_request(tmp_path: Path) -> None:
    """Rows that older rules could not read: what those rules landed is planted, and the pages are such as can be read."""
    with Site(3) as site:
        serve(site, 1, page("<div id=app></div>", head="<script src='/a.js'></script>"))
        serve(site, 2, page(BODY))
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert done.returncode == 3, done.stdout
        older_rules(tmp_path)
        before, page_one, page_two = sum(site.asked.values()), site.path_of(1).lstrip("/"), site.path_of(2).lstrip("/")
        # The readable page's row as if it had not been read.
        for path in tmp_path.glob("articles/**/*.parquet"):
            table = pq.read_table(path, partitioning=None)
            changed = table.to_pylist()
            for row in changed:
                if row["url"].endswith(page_two):
                    row |= {"text": None, "text_length": 0, "quality": ["no_text"], "text_hash": "0" * 64}
            pq.write_table(pa.Table.from_pylist(changed, schema=table.schema), path)
        for path in tmp_path.glob("captures/**/*.parquet"):
            changed = pq.read_table(path, partitioning=None).to_pylist()
            for row in changed:
                if row["url"].endswith(page_two):
                    row |= {"form": "script", "extractor": "govcrawl/0.0.1:none", "text_hash": "0" * 64}
            pq.write_table(pa.Table.from_pylist(changed, schema=CAPTURES), path)
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert again.returncode == 0, again.stdout + again.stderr[-2000:]
        assert sum(site.asked.values()) - before <= 2, "robots.txt and the listing"
        row = rows(tmp_path)[page_two]
        assert (row["revision"], row["revision_cause"], row["quality"]) == (2, "reextracted", [])
        assert row["text"].count(MARK) == 5
        known = captures(tmp_path)
        assert (known[page_two]["form"], known[page_two]["outcome"]) == (None, "landed")
        assert (known[page_one]["form"], known[page_one]["outcome"]) == ("script", "unchanged")
        assert not known[page_one]["extractor"].startswith("govcrawl/0.0.1")
        third = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert "unchanged" not in third.stdout, "read again once"
        assert scrapy(tmp_path, "verify").returncode == 0


def test_a_part_that_is_lost_is_flagged_and_asked_again(tmp_path: Path) -> None:
    with Site(2) as site:
        second = site.path_of(1).replace(".htm", "_2.htm")
        serve(site, 1, page(f"{BODY}<a href='{second}'>下一页</a>"))
        site.answers[second] = (500, HTML, b"no")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert done.returncode == 3, done.stdout
        assert "1 parts: server_error" in done.stdout
        path = site.path_of(1).lstrip("/")
        assert (rows(tmp_path)[path]["quality"], rows(tmp_path)[path]["text"].count(MARK)) == (["truncated"], 5)
        site.answers[second] = (200, HTML, further(2).encode())
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert again.returncode == 0, again.stdout
        row = rows(tmp_path)[path]
        assert (row["revision"], row["quality"], row["text"].count(MARK)) == (2, [], 10)


def test_a_kill_between_the_parts_neither_loses_nor_settles(tmp_path: Path) -> None:
    with Site(2) as site:
        second = site.path_of(1).replace(".htm", "_2.htm")
        serve(site, 1, page(f"{BODY}<a href='{second}'>下一页</a>"))

        def slow(_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
            time.sleep(30)
            return 200, HTML, b""

        site.answers[second] = slow
        settings = QUICK | {"GOVCRAWL_SEGMENT_ROWS": "1"}
        process = start(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=settings)
        deadline = time.monotonic() + 60
        while not site.asked[second] and time.monotonic() < deadline:
            time.sleep(0.05)
        process.kill()
        process.wait()
        path = site.path_of(1).lstrip("/")
        assert site.asked[second] == 1
        assert path not in captures(tmp_path)
        site.answers[second] = (200, HTML, further(2).encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert done.returncode == 0, done.stdout
        assert rows(tmp_path)[path]["text"].count(MARK) == 10
        assert sum(r["url"].endswith(path) for r in pq.read_table(tmp_path / "articles").to_pylist()) == 1


def test_parts_of_a_listed_page_keep_to_their_limits(tmp_path: Path) -> None:
    with Site(1) as site:
        serve(site, 1, page("".join(f"<iframe src='/f{k}.html'></iframe>" for k in range(5))))
        for k in range(5):
            site.answers[f"/f{k}.html"] = (200, HTML, b"<html></html>" if k < 4 else FRAME.encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK | {"GOVCRAWL_FRAMES": "2"})
        assert done.returncode == 3
        assert [site.asked[f"/f{k}.html"] for k in range(5)] == [1, 1, 0, 0, 0]
        assert report(tmp_path)["without_text"] == {"no_text": {"frame": 1}}


def test_a_withdrawn_text_is_not_taken_for_a_withdrawn_article(tmp_path: Path) -> None:
    """A known article whose page is now filled by script is no missing one."""
    with Site(2) as site:
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK).returncode == 0
        age(tmp_path, 2)
        serve(site, 1, UNREADABLE["bare application"][0])
        done = crawl(
            tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK | {"GOVCRAWL_REVISIT": "*:1"}
        )
        assert done.returncode == 3, done.stdout
        known = captures(tmp_path)[site.path_of(1).lstrip("/")]
        assert (known["outcome"], known["form"]) == ("unreadable", "script")
        assert rows(tmp_path)[site.path_of(1).lstrip("/")]["text"]


def test_what_a_script_asks_for_in_vain_is_no_missing_part(tmp_path: Path) -> None:
    """Neither where the text comes by another of its requests, nor where it stands in the page."""
    with Site(3) as site:
        asks = "<script>$.get('/api/visits/1'); $.getJSON('/api/text/{}.json', fill); $.get('/api/more')</script>"
        serve(site, 1, page(asks.format(1)))
        serve(
            site,
            2,
            page(
                f"<div id=zoom><p>经研究，同意青溪县第三小学的备案申请，请遵照执行，并于年底前报送落实情况。</p></div>{asks.format(2)}"
            ),
        )
        answer = json.dumps({"title": "关于实验室安全检查的通知", "content": BODY}).encode()
        site.answers["/api/text/1.json"] = (200, {"Content-Type": "application/json"}, answer)
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        found = rows(tmp_path)
        assert found[site.path_of(1).lstrip("/")]["text"].count(MARK) == 5
        assert not any("truncated" in row["quality"] for row in found.values())
        assert (site.asked["/api/visits/1"], site.asked["/api/text/1.json"], site.asked["/api/more"]) == (1, 1, 0)
        assert {c["url"].rpartition("/")[2]: c["kind"] for c in captures(tmp_path).values() if "/api/" in c["url"]} == {
            "1": "script",
            "1.json": "part",
        }
        asked = dict(site.asked)
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=QUICK)
        assert again.returncode == 0, again.stdout
        assert {path for path, n in site.asked.items() if n > asked[path]} <= {"/robots.txt", "/node_1.htm"}
        assert scrapy(tmp_path, "verify").returncode == 0
