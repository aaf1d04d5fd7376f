"""What is proposed for a listing that has changed: right on sites after a redesign, and nothing where nothing is wrong."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
from lxml import etree, html
from scrapy.http import Headers, HtmlResponse, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes

from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage
from govcrawl.recognition.proposals import ProposalExtension, found_in
from tests import simulated
from tests.simulated.moved import moved
from tests.spiders.test_families import SPIDERS, Crawl

if TYPE_CHECKING:
    from pathlib import Path

    from govcrawl.base_spiders.listing import ListingSpider
    from tests.simulated import SimulatedSite

REDESIGNS = [
    ("beijing", "boda"), ("hunan", "hex"), ("hubei", "webplus"), ("neimenggu", "founder"), ("tianjin", "boda"), ("ningxia", "hex"),
    ("jiangsu", "hex"), ("zhejiang", "trs"), ("sichuan", "boda"), ("hainan", "webplus"), ("guangdong", "hex"),
    ("anhui", "founder"), ("liaoning", "boda"), ("xizang", "boda"), ("shanghai", "query"), ("cnr", "query"), ("gmw", "hex"),
    ("eol", "webplus"), ("chinanews", "hex"), ("shaanxi", "two"), ("guizhou", "two"),
]  # fmt: skip


def answered(site: SimulatedSite, request: Request) -> Response:
    answer = site.answer(request.method, request.url, request.body)
    headers = Headers({k: [v] for k, v in answer.headers})
    kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.body)
    return kind(request.url, status=answer.status, headers=headers, body=answer.body, request=request)


def first_page(site: SimulatedSite) -> TextResponse:
    page = answered(site, Request(site.lists[0].url))
    assert isinstance(page, TextResponse)
    return page


def spider_of(slug: str, site: SimulatedSite) -> ListingSpider:
    made: type[ListingSpider] = type(SPIDERS[slug].__name__, (SPIDERS[slug],), {"channels": site.channels})
    return made()


@pytest.mark.parametrize(("slug", "form"), REDESIGNS)
def test_the_pattern_of_a_redesigned_site(slug: str, form: str) -> None:
    site = moved(slug, form)
    page, spider = first_page(site), spider_of(slug, site)
    assert list(spider.rows(page)) == []
    found = found_in(page, spider)
    assert found is not None
    assert found.pattern is not None
    articles = {row.url for row in site.lists[0].rows if not row.document}
    assert [url for url in articles if not re.search(found.pattern, url)] == []
    known = articles | {row.url for row in site.stranger_rows}
    linked = {urljoin(page.url, href).partition("#")[0] for href in page.css("a::attr(href)").getall()}
    assert [u for u in {*linked, *site.channels.values(), page.url} - known if re.search(found.pattern, u)] == []
    # What is shown are rows of the list, not of the boxes beside it.
    listed = {line.row.url: line.row for line in site.lists[0].lines}
    for row in found.rows:
        assert row.title == listed[row.url].title
        assert row.date in (None, listed[row.url].published_on)
    assert len(found.rows) >= 12


def without_rows(page: TextResponse, site: SimulatedSite) -> TextResponse:
    """A list page as it is where nothing has been published."""
    root = html.fromstring(page.text)
    rows = {urlsplit(row.url).path for row in site.lists[0].rows}
    for anchor in list(root.iter("a")):
        if urlsplit(urljoin(page.url, anchor.get("href") or "")).path in rows or "isDownLoad" in (
            anchor.get("onclick") or ""
        ):
            row = next((n for n in (anchor, *anchor.iterancestors()) if n.tag in ("li", "tr", "dl")), anchor)
            if row.getparent() is not None:
                row.drop_tree()
    made = page.replace(body=etree.tostring(root, encoding="utf-8", method="html"), encoding="utf-8")
    assert isinstance(made, TextResponse)
    return made


@pytest.mark.parametrize("form", ["", "hex"])
@pytest.mark.parametrize("slug", ["beijing", "hunan", "anhui", "gmw", "people", "guangdong", "xizang", "cnr"])
def test_an_empty_column_is_no_redesign(slug: str, form: str) -> None:
    site = moved(slug, form) if form else simulated.site(slug, pages=3, channels=1)
    assert found_in(without_rows(first_page(site), site), spider_of(slug, site)) is None


@pytest.mark.parametrize(
    "slug", ["heilongjiang_shells", "jiangsu_shells", "zhejiang_shells", "guangdong_policy", "anhui_labels"]
)
def test_a_list_that_a_script_fills_is_told_as_one(slug: str) -> None:
    site = simulated.site(slug, channels=1, pages=2, per_page=4)
    # As another site's spider meets it: one whose lists stood in its pages.
    found = found_in(first_page(site), spider_of("beijing", site))
    assert found is not None
    assert (found.pattern, found.rows) == (None, [])
    assert found.family is not None


@pytest.mark.parametrize(
    ("body", "script"),
    [
        ("<div id=app></div><script src=/app.js></script>", True),
        ("<ul id=list v-for='a in rows'></ul>", True),
        ("<h1>网站维护公告</h1><p>本网站正在升级维护，请稍后访问。</p><a href='/'>返回首页</a>", False),
        (
            "<p>您访问的页面不存在</p><ul><li><a href='/a/1.html'>关于我们的网站</a></li><li><a href='/a/2.html'>联系我们的方式</a></li></ul>",
            False,
        ),
        ("", False),
    ],
)
def test_pages_that_are_no_list(body: str, script: bool) -> None:
    site = simulated.site("beijing", channels=1, pages=1)
    page = HtmlResponse(site.lists[0].url, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8")
    found = found_in(page, spider_of("beijing", site))
    assert (found is not None) is script
    assert found is None or found.pattern is None


def test_a_column_that_leads_to_the_front_page_is_no_redesign() -> None:
    site = moved("beijing", "boda")
    page = first_page(site)
    assert found_in(page.replace(url=urljoin(page.url, "/")), spider_of("beijing", site)) is None


# In a crawl


def idle(slug: str, site: SimulatedSite, folder: Path) -> tuple[ListingSpider, Any]:
    """A walk, and what is asked when it has nothing more to do; answered from the site, three times over."""
    crawl = Crawl(SPIDERS[slug], site, folder / "walk")
    spider = crawl.spider
    spider.archive = Archive(Storage(str(folder / "data")))
    asked: list[Request] = []
    counts: dict[str, int] = {}
    crawler: Any = SimpleNamespace(
        engine=SimpleNamespace(crawl=asked.append),
        stats=SimpleNamespace(inc_value=lambda name: counts.update({name: 1})),
    )
    extension = ProposalExtension(crawler)
    for _ in range(3):
        extension.spider_idle(spider)
    for request in asked:
        assert request.callback is not None
        request.callback(answered(site, request), **request.cb_kwargs)
    assert counts == {}
    archive = spider.archive
    outcomes = {(kind, outcome): n for (_, _, kind, outcome), n in archive.outcomes.items()}
    assert not archive.open_attempts
    for own in archive.sites.values():
        own.abandon()
    return spider, (asked, outcomes)


def test_two_articles_of_a_pattern_are_read(tmp_path: Path) -> None:
    site = moved("hunan", "boda", pages=2, channels=3)
    spider, (asked, outcomes) = idle("hunan", site, tmp_path)
    assert [p["channel"] for p in spider.proposals] == list(site.channels)
    assert len(asked) == 2, "the same pattern in three channels"
    assert outcomes == {("example", "landed"): 2}
    one = spider.proposals[0]
    assert one["change"] == "moved"
    assert {"title", "text", "published_on", "source"} <= set(one["fields"])
    rows = site.lists[0].rows[:3]
    assert one["rows"] == [{"date": r.published_on.isoformat(), "title": r.title, "url": r.url} for r in rows]
    assert one["command"] == f"scrapy probe {site.lists[0].url} --try --pattern '{one['article_pattern']}'"


def test_what_lies_behind_the_rows_is_no_article(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = moved("hunan", "boda", pages=1)
    monkeypatch.setattr(
        site, "article_page", lambda row: f"<html><title>{row.number}</title><ul><li>栏目</li></ul></html>"
    )
    spider, (asked, _) = idle("hunan", site, tmp_path)
    assert len(asked) == 2
    assert spider.proposals == []


@pytest.mark.parametrize("slug", ["beijing", "jiangsu", "heilongjiang", "guangdong", "people"])
def test_nothing_is_proposed_where_nothing_is_wrong(slug: str, tmp_path: Path) -> None:
    spider, (asked, outcomes) = idle(slug, simulated.site(slug, pages=2, per_page=5), tmp_path)
    assert (spider.proposals, asked, outcomes) == ([], [], {})
    assert all(walk.first is None for walk in spider.walks.values()), "a page that is not needed is not kept"
