"""The list of a page told from what stands beside it: invented pages of many makes, and those kept beside the project."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, Request

from govcrawl.base_spiders.numbered import NumberedSpider
from govcrawl.base_spiders.rows import find_rows
from govcrawl.base_spiders.ucap import UcapSpider
from govcrawl.recognition.families import other_site, recognise
from govcrawl.recognition.unknown import UnknownSite, anew
from tests import simulated
from tests.simulated import Answer
from tests.spiders.test_families import Crawl

if TYPE_CHECKING:
    from govcrawl.base_spiders.rows import Row
    from tests.simulated import SimulatedSite

ARTICLE = re.compile(r"/zw/c\d+/\d{6}/\d+\.html$")
CASES = Path(__file__).parents[3] / "shared" / "cases"


def row(column: int, number: int, tag: str = "li") -> str:
    title = f"关于第{column * 100 + number}号事项的通知"
    link = f'<a href="/zw/c{column}/202403/{column * 100 + number}.html" title="{title}">{title}</a>'
    return f"<{tag}>{link}<span>2024-03-{number + 1:02}</span></{tag}>"


def items(column: int, count: int) -> str:
    return "\n".join(row(column, n) for n in range(count))


def box(
    heading: str,
    count: int = 6,
    form: str = "<div class='{css}'><h3>{heading}</h3><ul>{rows}</ul></div>",
    css: str = "b2",
) -> str:
    return form.format(css=css, heading=heading, rows=items(9, count))


def found(body: str, head: str = "<title>通知公告_白石县教育局</title>", **how: Any) -> list[Row]:
    page = HtmlResponse(
        "https://jyj.baishi.example/zw/tzgg/",
        body=f"<html><head>{head}</head><body>{body}</body></html>".encode(),
        encoding="utf-8",
    )
    return find_rows(page.selector, page.url, ARTICLE, **how)


def columns(rows: list[Row]) -> set[str]:
    return {re.findall(r"/c(\d+)/", r.url)[0] for r in rows}


HEADINGS = (
    "热门信息", "热点推荐", "热点新闻", "推荐阅读", "编辑推荐", "阅读排行", "点击排行榜", "本周排行", "最新发布", "最新信息 更多>>", "相关信息", "相关阅读",
    "图片新闻", "友情链接", "猜你喜欢", "大家都在看", "一周热榜", "浏览排行", "人气文章", "延伸阅读", "快速通道", "24小时热文", "今日推荐", "新闻排行", "TOP10",
)  # fmt: skip
FORMS = (
    "<div class='{css}'><h3>{heading}</h3><ul>{rows}</ul></div>",
    "<div class='{css}'><div class='tit'><span>{heading}</span><a href='/more/'>更多</a></div><div class='con'><ul>{rows}</ul></div></div>",
    "<table class='{css}'><tr><td>{heading}</td></tr><tr><td><ul>{rows}</ul></td></tr></table>",
    "<div class='{css}'><p>{heading}</p>{rows}</div>",
    "<dl class='{css}'><dt>{heading}</dt><dd><ul>{rows}</ul></dd></dl>",
)
EMPTY = (
    '<div class="main"><ul class="list"></ul></div>',
    '<div class="main"><div id="data"></div><script>$.get("/api/list", function(d){ $("#data").html(d) })</script></div>',
    "<p>正在加载</p>",
)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_box_beside_a_list_that_is_not_there_is_not_the_list(heading: str) -> None:
    for form, empty in itertools.product(FORMS, EMPTY):
        side = box(heading, form=form)
        assert found(empty + side) == [], (form, empty)
        assert found(side + empty) == [], (form, empty)


@pytest.mark.parametrize(
    "css", ["sidebar", "side", "right-side", "hot", "rank_list", "xgyd", "recommend", "tuijian", "phb"]
)
def test_a_box_that_its_class_calls_beside_is_not_the_list(css: str) -> None:
    assert found(EMPTY[2] + box("教育信息", css=css)) == []
    assert columns(found(box("教育信息", css=css) + f"<ul>{items(1, 2)}</ul>")) == {"1"}


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("form", FORMS)
def test_the_list_is_found_beside_a_longer_box(heading: str, form: str) -> None:
    side = box(heading, 10, form)
    main = f"<div class='b1'><h2>通知公告</h2><ul>{items(1, 3)}</ul><div class='page'>共1页</div></div>"
    for body in (
        side + main,
        main + side,
        f"<div>{side}{main}</div>",
        f"<table><tr><td>{side}</td><td>{main}</td></tr></table>",
    ):
        assert columns(found(body)) == {"1"}


@pytest.mark.parametrize("name", ["最新文件", "图片新闻", "热点新闻", "头条推荐", "最新信息公开"])
@pytest.mark.parametrize(
    "head",
    [
        "<title>{}_白石县教育局</title>",
        "<title>{}</title>",
        '<meta name="ColumnName" content="{}"><title>白石县教育局</title>',
    ],
)
def test_a_column_may_be_called_like_a_box(name: str, head: str) -> None:
    for form in FORMS[:2]:
        assert len(found(box(name, 10, form), head.format(name))) == 10
    crumb = f"<div>当前位置：<a href='/'>首页</a> &gt; <a href='./'>{name}</a></div>"
    assert len(found(crumb + box(name, 10), "<title>白石县教育局</title>")) == 10
    assert len(found(box(name, 10), "", names=[name])) == 10


def test_a_box_with_a_pager_is_a_list() -> None:
    pager = "<div class='page'><a href='index_1.html'>下一页</a></div>"
    for form in FORMS[:2]:
        assert len(found(box("最新信息", 10, form.replace("{rows}</ul>", "{rows}</ul>" + pager)))) == 10


@pytest.mark.parametrize("empty", ["<ul id=rm></ul>", "<table><tbody> </tbody></table>"])
def test_the_heading_of_an_empty_box_is_not_that_of_the_list_behind_it(empty: str) -> None:
    before = f"<div class='b2'><h3>热门信息</h3>{empty}</div>"
    assert len(found(f"{before}<div class='b1'><ul>{items(7, 10)}</ul></div>", "<title>白石县教育局</title>")) == 10


def test_a_few_rows_that_nothing_names_are_not_the_list_that_a_script_fills() -> None:
    rows = f"<div class='c3'><div class='h'>本局要情</div><ul>{items(9, 6)}</ul></div>"
    scripts = "<script>$.post('/list.do', {col: 7}, function(d){ $('#xxlist').html(tmpl(d)); })</script>"
    for empty in (
        "<div id='xxlist'></div>",
        "<ul id='xxlist'><li>正在加载中……</li></ul>",
        "<table id='xxlist'><tbody></tbody></table>",
    ):
        assert found(f"<div class='c2'>{empty}</div>{rows}{scripts}") == []
    vue = "<div id='app'><ul><li v-for='r in rows'><a :href='r.url'>{{ r.title }}</a></li></ul></div>"
    assert found(vue + rows) == []
    # More rows that come below those that are there.
    assert len(found(f"<div><ul>{items(1, 6)}</ul><div id='xxlist'></div></div>{scripts}")) == 6
    # A box of its own that a script fills.
    hot = "<div class='c4'><h3>点击排行</h3><ul id='xxlist'></ul></div>"
    assert len(found(f"<div class='c2'><ul>{items(1, 6)}</ul></div>{hot}{scripts}")) == 6


@pytest.mark.parametrize("side", ["", box("热门信息"), box("本局要情"), box("教育信息", css="sidebar")])
def test_rows_that_stand_in_a_comment(side: str) -> None:
    hidden = f"<div class='main'><ul class='list'>\n<!--\n{items(1, 8)}\n-->\n</ul><div id='page_div'></div></div>"
    for body in (
        hidden + side,
        side + hidden,
        side + hidden.replace("<!--\n", "<!-- <ul>").replace("\n-->", "</ul> -->"),
    ):
        rows = found(body)
        assert len(rows) == 8, body[:80]
        assert columns(rows) == {"1"}
        assert all(r.title and r.date for r in rows)
        assert columns(found(body, comments=False)) <= {"9"}
    shown = f"<div class='main'><h2>通知公告</h2><ul>{items(2, 3)}</ul></div>"
    assert columns(found(shown + hidden)) == {"2"}
    assert found(f"<div><h3>热门信息</h3><ul><!-- {items(1, 8)} --></ul></div>") == []
    assert found("<!-- <a href='/zw/c1/202403/1.html'>一条</a> -->") == []


def test_every_block_of_a_front_page_counts_but_rankings() -> None:
    page = box("热点推荐") + f"<div><h3>要闻</h3><ul>{items(1, 4)}</ul></div>" + box("阅读排行").replace("/c9/", "/c8/")
    assert columns(found(page, every_block=True)) == {"1", "9"}
    assert found(box("阅读排行"), every_block=True) == []


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(HEADINGS), st.sampled_from(FORMS), st.sampled_from(["", "b2", "fr", "w300 mt10", "con"]),
    st.integers(2, 12), st.integers(2, 15), st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_list_and_a_box_of_any_length(
    heading: str, form: str, css: str, beside: int, listed: int, first: bool, wrapped: bool
) -> None:
    side = box(heading, beside, form, css)
    main = f"<div class='l'><ul class='list'>{items(1, listed)}</ul></div>"
    body = side + main if first else main + side
    rows = found(f"<div class='wrap'>{body}</div>" if wrapped else body)
    assert columns(rows) == {"1"}
    assert len(rows) == listed


def test_pages_that_nest_without_end_or_hold_many_rows_are_read() -> None:
    deep = "<div>" * 3000 + box("热门信息") + "</div>" * 3000
    assert isinstance(found(deep), list)
    many = "".join(f"{row(1, n % 25, 'p').replace('/202403/', f'/{200000 + n}/')}<br><i>{n}</i>" for n in range(3000))
    assert len(found(f"<div>{many}</div>")) == 3000


class Tingfan(UcapSpider):
    site_name, province, hosts = "汀畈县教育局", "gansu", ("jyj.tingfan.example",)
    channels = {"文件通知": "https://jyj.tingfan.example/gg/c1/list.shtml"}
    article_pattern = r"/c\d+/\d{6}/\d+\.shtml$"


@pytest.mark.parametrize("spider", [Tingfan, None], ids=["ucap", "any"])
def test_listings_kept_beside_the_project(spider: type[UcapSpider] | None) -> None:
    if not CASES.exists():
        pytest.skip("the collected cases are not beside the repository")
    cases = [json.loads(line) for line in (CASES / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
    listings = [c for c in cases if "rows" in c["want"]]
    assert listings
    for case in listings:
        url = f"https://jyj.tingfan.example/gg/c1/{case['file']}"
        page = HtmlResponse(url, body=(CASES / case["file"]).read_bytes(), encoding="utf-8", request=Request(url))
        known = recognise(page)
        assert known is not None
        family = spider or type(
            "Any",
            (known.family.spider,),
            {"hosts": Tingfan.hosts, "channels": {}, "article_pattern": known.article_pattern},
        )
        made = family("t", channel=url)
        rows = list(made.rows(page))
        assert len(rows) == case["want"]["rows"]
        if rows:
            assert rows[0].url.endswith(case["want"]["first"])
        asked = made.filled_by(page)
        assert asked is not None
        assert case["want"].get("api", "/common/search/") in asked.url
        assert next(iter(made.page_requests(page))).url == asked.url


def unknown(url: str) -> type[UnknownSite]:
    site = other_site(url)
    return anew(UnknownSite, None, site, None)


# Without an id in the page or the spider there is nothing to ask; a phone's copy of a page has another address.
UNTOLD = {"jiangsu_shells": "55505", "zhejiang_shells": "1229106823"}


@pytest.mark.parametrize("slug", simulated.SHELLS)
def test_a_column_of_a_shell_is_walked_without_a_spider(slug: str, tmp_path: Path) -> None:
    site = simulated.site(slug, channels=None, pages=2, per_page=5)
    for number, (name, url) in enumerate(site.channels.items()):
        told = UNTOLD.get(slug, "none") not in url
        expected = {a.url for a in site.articles if a.channel == name or len(site.channels) == 1}
        crawl = Crawl(unknown(url), site, tmp_path / str(number), channel=url)
        assert {p.url for p in crawl.pages} == (expected if told else set()), url
        assert [w.ended for w in crawl.walks] == ["last" if told else "no_rows"]


@pytest.mark.parametrize(
    "heading",
    [
        "<div class='t'><img src='/i/rm.png' alt='热门信息'></div>",
        "<img src='/i/rm.png' alt='热门信息'>",
        "<div class='t'><a href='/rd/'>热点新闻</a></div>",
    ],
)
def test_a_heading_may_be_a_picture_or_a_link(heading: str) -> None:
    assert found(f"<p>正在加载</p><div class='b2'>{heading}<ul>{items(9, 6)}</ul></div>") == []
    assert found(f"<p>正在加载</p><div class='b2' title='点击排行'><ul>{items(9, 6)}</ul></div>") == []


class Leads(NumberedSpider):
    name, site_name, province, hosts = "leads", "汀畈县教育局", "gansu", ("jyj.tingfan.example",)
    channels = {"通知公告": "https://jyj.tingfan.example/zw/"}
    article_pattern = ARTICLE.pattern


SENT = (
    "<script>location.href='./list/'</script>",
    '<script>window.location.replace("list/");</script>',
    "<meta http-equiv='Refresh' content='0; url=list/'>",
    "<frameset cols='20%,80%'><frame src='menu.html'><frame src='list/'></frameset>",
    "<p>通知公告</p><iframe src='list/'></iframe><iframe src='/weather.html'></iframe>",
    f"{box('热门信息')}<iframe src='list/'></iframe>",
)


@pytest.mark.parametrize("sent", SENT)
def test_a_listing_that_lies_elsewhere_is_followed(sent: str, tmp_path: Path) -> None:
    pages = {
        "/zw/": sent,
        "/zw/list/": f"<h2>通知公告</h2><ul>{items(1, 5)}</ul>",
        "/zw/list/index_1.html": f"<ul>{items(2, 5)}</ul>",
    }
    crawl = Crawl(Leads, cast("SimulatedSite", Answers(Leads.channels, pages)), tmp_path)
    (walk,) = crawl.walks
    assert (walk.ended, walk.rows, walk.broken) == ("last", 10, [])
    assert not any("menu" in url or "weather" in url for url in crawl.site.asked)  # type: ignore[attr-defined]


def test_a_page_whose_functions_name_addresses_is_not_left(tmp_path: Path) -> None:
    script = "<script>function go(n) {\n if (n) { location.href = '/zw/list/'; }\n}</script>" + " " * 5000
    site = Answers(Leads.channels, {"/zw/": box("热门信息") + script, "/zw/list/": f"<ul>{items(1, 5)}</ul>"})
    crawl = Crawl(Leads, cast("SimulatedSite", site), tmp_path)
    assert [(w.ended, w.rows) for w in crawl.walks] == [("no_rows", 0)]


def test_a_column_that_sends_to_the_front_page_has_no_rows(tmp_path: Path) -> None:
    site = Answers(
        Leads.channels, {"/zw/": "<meta http-equiv='refresh' content='0;url=/'>", "/": f"<ul>{items(1, 5)}</ul>"}
    )
    crawl = Crawl(Leads, cast("SimulatedSite", site), tmp_path)
    assert [(w.ended, w.rows) for w in crawl.walks] == [("no_rows", 0)]


class Answers:
    """A site of a few pages; articles answer alike."""

    def __init__(self, channels: dict[str, str], pages: dict[str, str]) -> None:
        self.channels = channels
        self.pages = pages
        self.asked: list[str] = []

    def answer(self, method: str, url: str, body: bytes = b"") -> Answer:
        self.asked.append(url)
        text = self.pages.get(urlsplit(url).path, "<h1>正文</h1>" if ARTICLE.search(url) else None)
        return Answer(
            404 if text is None else 200,
            (("Content-Type", "text/html; charset=utf-8"),),
            f"<html><body>{text}</body></html>".encode(),
        )
