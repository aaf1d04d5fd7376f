"""The recorded web agrees with itself: pages, index, expected rows and the WARC file that is shipped."""

from __future__ import annotations

import gzip
import html
import io
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from selectolax.lexbor import LexborHTMLParser

from tests import build_web

HERE = Path(__file__).resolve().parent

INDEX = build_web.entries()
GOLD = [json.loads(line) for line in (HERE / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
BY_URL = {entry["url"]: entry for entry in INDEX}


def source(entry: dict[str, Any]) -> str:
    return (HERE / str(entry["file"])).read_text(encoding="utf-8")


def visible(markup: str) -> str:
    """Text without tags, comments and scripts."""
    markup = re.sub(r"(?s)<!--.*?-->|<script.*?</script>|<style.*?</style>", "", markup)
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_shipped_file_is_up_to_date() -> None:
    assert build_web.main(["--check"]) == 0
    assert build_web.build() == build_web.build()
    assert build_web.TARGET.stat().st_size < 400_000


def test_a_stale_or_broken_file_is_noticed(tmp_path: Path) -> None:
    sources, target = tmp_path / "web", tmp_path / "web.warc.gz"
    shutil.copytree(HERE, sources)
    arguments = ["--sources", str(sources), "--target", str(target)]
    assert build_web.main([*arguments, "--check"]) == 1
    assert build_web.main(arguments) == 0
    assert build_web.main([*arguments, "--check"]) == 0
    page = sources / GOLD_FILE
    page.write_text(page.read_text(encoding="utf-8").replace("</p>", "。</p>", 1), encoding="utf-8")
    assert build_web.main([*arguments, "--check"]) == 1
    assert build_web.main(arguments) == 0
    target.write_bytes(target.read_bytes()[:-20])
    assert build_web.main([*arguments, "--check"]) == 1


GOLD_FILE = BY_URL[GOLD[0]["url"]]["file"]


def test_the_warc_file_holds_every_line_of_the_index() -> None:
    kinds: Counter[str] = Counter()
    answers: dict[str, tuple[str, bytes]] = {}
    with build_web.TARGET.open("rb") as stream:
        for record in ArchiveIterator(stream, parse_http=False):
            kinds[record.headers["WARC-Type"]] += 1
            assert record.verify_block_digest()
            if record.record_type == WarcRecordType.response:
                top, _, rest = record.reader.read().partition(b"\r\n\r\n")
                answers[record.headers["WARC-Target-URI"]] = (top.decode("latin-1"), rest)
    revisits = sum(1 for entry in INDEX if entry.get("revisit"))
    assert kinds == {"warcinfo": 1, "request": len(INDEX) + revisits, "response": len(INDEX), "revisit": revisits}
    assert revisits
    for entry in INDEX:
        head, body = answers[entry["url"]]
        assert head.startswith(f"HTTP/1.1 {entry['status']} ")
        assert ("Content-Length:" in head) == entry.get("content_length", True)
        if "Content-Encoding: gzip" in head:
            body = gzip.decompress(body)
        assert body.decode(entry["encoding"]) == (HERE / entry["file"]).read_bytes().decode("utf-8")


def test_warcio_accepts_the_file() -> None:
    checker = pytest.importorskip("warcio.archiveiterator", reason="warcio is an extra")
    stream = io.BytesIO(build_web.TARGET.read_bytes())
    count = 0
    for record in checker.ArchiveIterator(stream, check_digests="raise"):
        record.content_stream().read()
        count += 1
    assert count > 2 * len(INDEX)


def test_the_index_names_each_address_once_and_each_file() -> None:
    assert len(BY_URL) == len(INDEX)
    files = {path.relative_to(HERE).as_posix() for path in HERE.glob("*/**/*") if path.is_file()}
    assert files - {f for f in files if "__pycache__" in f} == {entry["file"] for entry in INDEX}
    assert {entry["kind"] for entry in INDEX} == {"listing", "article", "robots", "other"}
    assert {entry["status"] for entry in INDEX} == {200, 301, 404, 503}


def test_every_article_that_answers_has_an_expected_row() -> None:
    answered = {e["url"] for e in INDEX if e["kind"] == "article" and e["status"] == 200}
    without = {e["url"] for e in INDEX if e.get("duplicate_of") or not source(e)}
    assert len(without) == 2
    assert {row["url"] for row in GOLD} == answered - without
    assert len(GOLD) == len({row["url"] for row in GOLD})
    assert {url for row in GOLD for url in row.get("also_at", [])} == {e["url"] for e in INDEX if "duplicate_of" in e}


@pytest.mark.parametrize("row", GOLD, ids=lambda row: row["url"].rsplit("/", 1)[-1])
def test_an_expected_row_is_what_the_page_says(row: dict[str, Any]) -> None:
    page = source(BY_URL[row["url"]])
    spaced = visible(page)
    text = squeeze(spaced)
    for line in row.get("text_original", row["text"]).split("\n"):
        assert squeeze(line) in text
    assert squeeze(row.get("title_original", row["title"])) in text
    if row["published_on"]:
        year, month, day = row["published_on"].split("-")
        assert re.search(rf"{year}-0?{int(month)}-0?{int(day)}(?!\d)", spaced)
        assert row["year"] == int(year)
    if row["published_at"]:
        clock = row["published_at"][11:19]
        assert row["published_precision"] in {"second", "minute"}
        assert (clock if row["published_precision"] == "second" else clock[:5]) in text
    said = [row["source"], *row["author"], *row["editor"]]
    said += [row.get(key) for key in ("doc_number", "index_number", "issuer", "written_on", "subject", "validity")]
    if row["script"] == "hans":
        assert [s for s in said if s and s not in text] == []
    assert [url for url in row.get("attachments", []) if url.removeprefix("https://jyt.hlj.gov.cn") not in page] == []
    assert [url for url in row.get("attachments", []) if BY_URL[url]["kind"] != "other"] == []


BODIES = {
    "gmw": ".u-mainText",
    "heilongjiang": "ucapcontent",
    "netease": ".post_body",
    "jyb": ".TRS_Editor",
    "chce": "#articleContent",
    "jyt.hlj-edu.example": ".wp_articlecontent",
    "m.junhan-copy.example": ".TRS_Editor",
}


@pytest.mark.parametrize("row", GOLD, ids=lambda row: row["url"].rsplit("/", 1)[-1])
def test_an_expected_text_is_the_whole_body(row: dict[str, Any]) -> None:
    body = LexborHTMLParser(source(BY_URL[row["url"]])).css(BODIES[row["site"]])
    assert len(body) == 1
    for credit in body[0].css(".liability, .ep-source"):
        credit.decompose()
    assert squeeze(body[0].text()) == squeeze(row.get("text_original", row["text"]))


def listed(entry: dict[str, Any]) -> list[str]:
    """Addresses of the articles that a list page names: by the sites' own address forms."""
    body = source(entry)
    if entry["file"].endswith(".json"):
        found = [row["url"] for row in json.loads(body)["data"]["results"]]
    elif entry["file"].endswith(".js"):
        found = re.findall(r'"docurl":"([^"]*)"', body)
    else:
        found = re.findall(r'<li><span class="channel-newsTitle"><a href=(\S+)', body)
        found += (
            re.findall(r'(?:news_title|ln_headline)"><h[23]><a href="([^"]*)"', body)
            if entry["site"] == "netease"
            else []
        )
        found += re.findall(r'<a href="([^"]*)" class="title"', body)
        found += re.findall(r'<li><a href="([^"]*)" target="_blank" title', body)
        found += re.findall(r'<a href="([^"]*)" title="文章标题', body)
    return [urljoin(entry["url"], url) for url in found]


def test_what_a_list_names_is_recorded() -> None:
    named: Counter[str] = Counter()
    for entry in INDEX:
        if entry["kind"] == "listing":
            urls = listed(entry)
            assert len(urls) >= 2, entry["url"]
            named.update(urls)
    elsewhere = {url for url in named if url not in BY_URL}
    hosts = {urljoin(url, "/").split("/")[2] for url in elsewhere}
    assert hosts == {"www.hlj.gov.cn", "mp.weixin.qq.com", "www.moe.gov.cn"}
    targets = {dict(e["headers"]).get("Location") for e in INDEX if e["status"] == 301}
    assert {e["url"] for e in INDEX if e["kind"] == "article"} == (set(named) - elsewhere) | targets


DIFFICULTIES = {
    "gmw: the first h1 is a menu": ("gmw/content_36901877.htm", r"(?s)^(?:(?!<h1).)*<h1>全部导航</h1>"),
    "gmw: author is the editor": (
        "gmw/content_36901877.htm",
        r'author" content="乔予"/>\n<meta name="editor" content="乔予"',
    ),
    "gmw: later items": ("gmw/content_36901877.htm", r'(?s)(<div class="u-time">2025-.*?){20}'),
    "gmw: enpproperty": ("gmw/content_36901877.htm", r"<!--enpproperty .*<date>2023-10-18 09:35:00\.0</date>"),
    "ucap: markers": ("heilongjiang/c110481_c00_31676643.shtml.html", r"(?s)<UCAPTITLE>.*<PUBLISHTIME>.*<UCAPCONTENT>"),
    "ucap: spaced labels": ("heilongjiang/c110481_c00_31676643.shtml.html", r"<th>索 引 号：</th>.*\n.*\n.*标　　题"),
    "ucap: strings for nothing": ("heilongjiang/search_notice_1.json", r'"refno",\s*"name": "文号",\s*"value": "null"'),
    "netease: empty post_info": ("netease/I4QM7T2C04228EEJ.html", r'<div class="post_info">\s*</div>'),
    "netease: no time in the attributes": ("netease/I4QM7T2C04228EEJ.html", r'data-docid="\w+" data-hidead'),
    "netease: US dates": ("netease/xinxiliu.js", r'"time":"08/28/2023 17:12:00"'),
    "jyb: kicker and subtitle": ("jyb/t20240118_2111149377.html", r"<h3>.*</h3>\n<h1>.*</h1>\n<h4>"),
    "jyb: broken off": ("jyb/t20231221_2111141865.html", r"发给家长$"),
    "jyb: pager": ("jyb/rmtlistxqjy_index.html", r'createPageHTML\(2, 0, "index", "html"\)'),
    "chce: unclosed quotation mark": ("chce/Article_Show_12031.html", r"全国“十佳校园文化</a>"),
    "chce: unpadded date and hits": ("chce/Article_Show_12024.html", r"2024-2-5 浏览：<script.*></script>\d+ 来源："),
    "rehost: pager": ("jyt.hlj-edu.example/list.shtml.html", r"createPageHTML\('page_div',2, 1,'list','shtml',5\)"),
    "mirror: title in entities": ("m.junhan-copy.example/t20240223_2111158431.html", r"<title>(&#\d+;)+</title>"),
    "mirror: spam off-screen": ("m.junhan-copy.example/index.html", r'friendship-link" style="position:fixed;left:-9'),
}


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_a_difficulty_is_there(name: str) -> None:
    file, pattern = DIFFICULTIES[name]
    assert re.search(pattern, (HERE / file).read_text(encoding="utf-8"))


def test_the_undated_article_has_no_date_of_its_own() -> None:
    row = next(row for row in GOLD if row["published_on"] is None)
    entry = BY_URL[row["url"]]
    page = source(entry)
    assert {m[:4] for m in re.findall(r"20\d\d-\d\d-\d\d", page)} == {"2025"}
    assert "Last-Modified" not in dict(entry["headers"])
    assert row["url"].removeprefix("https:") in source(BY_URL["https://liaoning.news.163.com/"])
    assert row["url"] not in source(BY_URL["https://liaoning.news.163.com/special/04228EED/xinxiliu.js"])
