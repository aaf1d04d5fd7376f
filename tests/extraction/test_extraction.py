"""Extraction on whole pages: our own, written in the templates that sites use, and the reference pages where present."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from govcrawl.extraction import Extracted, Page, Site, clean, extract, metadata, quality

PAGES = Path(__file__).parents[1] / "pages"
SHARED = Path(__file__).parents[3] / "shared"
OWN = [json.loads(line) for line in (PAGES / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def bare(text: str | None) -> str:
    return re.sub(r"\s+", "", text or "").replace("著", "着")


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value


def of(row: dict[str, Any], folder: Path = PAGES) -> Extracted:
    site = Site(**row["site"]) if row.get("site") else None
    return extract((folder / row["file"]).read_bytes(), row["url"], headers=row["headers"], site=site, **row["hints"])


@pytest.mark.parametrize("row", OWN, ids=lambda row: row["file"])
def test_own_page(row: dict[str, Any]) -> None:
    got = of(row)
    for name, want in row["gold"].items():
        if name in ("text", "text_original"):
            assert bare(getattr(got, name)) == bare(want), name
        elif name == "text_has":
            assert bare(want) in bare(got.text)
        elif name == "quality_has":
            assert want in got.quality
        elif name == "attachments":
            assert [a.url for a in got.attachments] == want
        else:
            assert plain(getattr(got, name)) == want, name


@pytest.mark.parametrize("row", OWN, ids=lambda row: row["file"])
def test_fields_agree_with_one_another(row: dict[str, Any]) -> None:
    got = of(row)
    assert got.text_length == len(got.text)
    assert got.extractor.startswith("govcrawl/")
    assert not re.search(r"[ \t\u3000]\n|\n[ \t\u3000]|\n\n", got.text)
    if got.page_type in ("article", "list", "video"):
        assert len(got.text_hash) in (0, 64)
    else:
        assert got.text == got.title == ""
        assert got.quality == []
    assert (got.published_on is None) == (got.published_precision is None)
    if got.published_at is not None:
        assert got.published_at.utcoffset() is not None
        assert got.published_at.date() == got.published_on


def test_steps_compose_to_extract() -> None:
    row = OWN[0]
    page = Page((PAGES / row["file"]).read_bytes(), row["url"], site=Site(**row["site"]))
    whole = of(row)
    assert clean(page).text == whole.text
    assert metadata(page).doc_number == whole.doc_number
    assert quality(page) == whole.quality


def test_nothing_after_the_fetch() -> None:
    row = next(r for r in OWN if r["file"] == "news_people.html")
    body = (PAGES / row["file"]).read_bytes()
    before = extract(body, "http://x.example/a.html", fetched_at=datetime(2024, 5, 16, 3, tzinfo=UTC))
    assert before.published_on is None
    assert "no_publish_date" in before.quality
    same_day = extract(body, "http://x.example/a.html", fetched_at=datetime(2024, 5, 17, 0, 30, tzinfo=UTC))
    assert (same_day.published_on, same_day.published_at) == (date(2024, 5, 17), None)


def test_what_the_cms_stated_wins() -> None:
    got = extract(
        b"{}",
        "http://gkmlpt.example/content/1/1/post_1.html",
        known={
            "title": "关于做好春季开学工作的通知",
            "html": "<p>各学校要做好开学前的安全检查，确保按时开学。</p><p><a href='/attachment/1.pdf'>附件.pdf</a></p>",
            "published_at": datetime(2024, 2, 19, 9, 0, tzinfo=UTC),
            "doc_number": "示教〔2024〕3号",
        },
    )
    assert got.title == "关于做好春季开学工作的通知"
    assert got.text.startswith("各学校要做好开学前的安全检查")
    assert (got.published_on, got.year, got.doc_number) == (date(2024, 2, 19), 2024, "示教〔2024〕3号")
    assert [a.url for a in got.attachments] == ["http://gkmlpt.example/attachment/1.pdf"]


def test_listing_dates_a_page_that_is_silent() -> None:
    body = "<h1>校园里的春天来了</h1><div id=zoom><p>同学们在操场上放风筝，老师们忙着整理花圃。</p></div>".encode()
    got = extract(body, "http://x.example/show?id=1", listed_on=date(2023, 4, 3))
    assert (got.published_on, got.published_from) == (date(2023, 4, 3), "listing")


def test_site_body_is_tried_first() -> None:
    body = (
        "<div class=a><p>"
        + "侧栏里有一篇很长的导读，内容与正文无关。" * 20
        + "</p></div><div class=own><p>正文只有这一句话，很短。</p></div>"
    ).encode()
    got = extract(body, "http://x.example/1", site=Site("x", body=("div.own",)))
    assert got.text == "正文只有这一句话，很短。"
    assert got.extractor.endswith(":site")


def test_a_selector_that_cannot_be_read_fails_with_its_site() -> None:
    with pytest.raises(ValueError, match="div"):
        Site("x", body=("div[[",))


SEEDS = SHARED / "seedweb" / "gold.jsonl"
SEED_SITES = {
    "gmw": Site("gmw", "光明网", "news", "national", ("gmw.cn",)),
    "wy163": Site("netease", "网易", "news", "national", ("163.com",)),
    "chce": Site("chce", "国家素质教育网", "news", "national", ("chce.org.cn",)),
}
SEED_ROWS = [json.loads(line) for line in SEEDS.read_text(encoding="utf-8").splitlines()] if SEEDS.exists() else []


@pytest.mark.skipif(not SEED_ROWS, reason="no reference pages beside the repository (../shared/seedweb)")
@pytest.mark.parametrize("row", SEED_ROWS, ids=lambda row: row["file"])
def test_reference_page(row: dict[str, Any]) -> None:
    got = extract(
        (SEEDS.parent / row["file"]).read_bytes(),
        row["url"],
        headers={"Content-Type": "text/html"},
        site=SEED_SITES.get(row["site"]),
    )
    for name in (
        "title",
        "published_on",
        "published_at",
        "published_precision",
        "source",
        "author",
        "editor",
        "province",
        "year",
        "script",
    ):
        assert plain(getattr(got, name)) == row[name], name
    optional = set(row["quality_optional"])
    assert set(got.quality) - optional == set(row["quality"]) - optional
    assert bare(got.text) == bare(row["text"])
    for name in ("text_original", "title_original"):
        if name in row:
            assert bare(getattr(got, name)) == bare(row[name]), name


LISTS = (
    [
        row
        for row in map(json.loads, (SEEDS.parent / "index.jsonl").read_text(encoding="utf-8").splitlines())
        if row["kind"] == "listing" and row.get("file")
    ]
    if SEED_ROWS
    else []
)


@pytest.mark.skipif(not SEED_ROWS, reason="no reference pages beside the repository (../shared/seedweb)")
@pytest.mark.parametrize("row", LISTS, ids=lambda row: row["file"])
def test_reference_list_is_no_article(row: dict[str, Any]) -> None:
    got = extract((SEEDS.parent / row["file"]).read_bytes(), row["url"])
    assert got.page_type == ("empty" if row["file"].endswith(".js") else "list")


def test_body_kept_as_json_in_a_script() -> None:
    html = "<p>各学校要做好开学前的安全检查，确保按时开学。</p><p>教师要提前到岗，学生分批返校。</p>"
    body = f"<title>开学通知</title><div id=app></div><script>var data = {{title: '开学通知', content: {{\"content\": {json.dumps(html)}}}}};</script>"
    got = extract(body.encode(), "http://x.example/content/content_1.html")
    assert got.text == "各学校要做好开学前的安全检查，确保按时开学。\n教师要提前到岗，学生分批返校。"
    assert (got.page_type, got.extractor.rpartition(":")[2]) == ("article", "script")


def test_images_and_documents_of_the_body() -> None:
    body = (
        "<base href='/news/'><h1>校园科技节开幕</h1><div class=article-content><p>科技节今天开幕，三百名学生参加了机器人比赛。</p>"
        "<p><img src='1.jpg' alt='机器人比赛'></p><p><img src='/images/logo.gif'></p><p>各班展示了自己的作品，评委现场打分。</p>"
        "<p>附件：<a href='../files/a.docx?x=1'>获奖名单</a> <a href='b.PDF'></a></p></div><img src='/ad.png'>"
    )
    got = extract(body.encode(), "http://x.example/2024/index.html")
    assert [(i.url, i.alt) for i in got.images] == [("http://x.example/news/1.jpg", "机器人比赛")]
    assert [(a.url, a.name, a.media_type) for a in got.attachments] == [
        (
            "http://x.example/files/a.docx?x=1",
            "获奖名单",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("http://x.example/news/b.PDF", "b.PDF", "application/pdf"),
    ]


def test_hidden_text_is_not_read_unless_the_page_shows_it_by_script() -> None:
    sentence = "同学们在操场上放风筝，老师们忙着整理花圃，校园里一片春光。"
    hidden = f"<style>.cc{{display:none}}</style><h1>校园里的春天</h1><div id=zoom><p>{sentence}</p><p class=cc>暗藏的广告语，请勿阅读。</p></div>"
    assert extract(hidden.encode(), "http://x.example/1").text == sentence
    whole = f"<meta name=ArticleTitle content='校园里的春天来得特别早'><div>导航栏目一</div><div style='display:none'><h1>校园里的春天来得特别早</h1><div id=zoom><p>{sentence}</p></div></div>"
    got = extract(whole.encode(), "http://x.example/1")
    assert (got.title, got.text) == ("校园里的春天来得特别早", sentence)
    screen = f"<style>@media print{{.zoom{{display:none}}}}</style><h1>校园里的春天</h1><div class=zoom><p>{sentence}</p></div>"
    assert extract(screen.encode(), "http://x.example/1").text == sentence
