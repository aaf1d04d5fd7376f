"""Every department's spider walks the simulated site of its host to the end: all articles, none twice, with full titles
and right dates. No network and no Scrapy engine: the spider's own callbacks, driven by a loop. Then what the simulated
sites leave out: forms of pagers, stores, shells and rows."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import itertools
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import pytest
from parsel import Selector
from scrapy.http import Headers, HtmlResponse, Request, TextResponse
from scrapy.responsetypes import responsetypes
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from govcrawl import settings as project
from govcrawl.addresses import doc_id
from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage
from govcrawl.base_spiders.gkmlpt import GkmlptSpider
from govcrawl.base_spiders.jcms import JcmsSpider
from govcrawl.base_spiders.numbered import Pager, list_file, numbered_pages, script_pager, stated_pages
from govcrawl.base_spiders.rows import find_rows
from govcrawl.base_spiders.ucap import UcapSpider
from govcrawl.errors import BadArgument
from govcrawl.provinces import PROVINCES
from tests import simulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.base_spiders.listing import ListingSpider
    from tests.simulated import SimulatedSite

SETTINGS = Settings({name: getattr(project, name) for name in dir(project) if name.isupper()})
LOADER = SpiderLoader.from_settings(SETTINGS)
SPIDERS = {name: cast("type[ListingSpider]", LOADER.load(name)) for name in LOADER.list()}
DEPARTMENTS = sorted(n for n, s in SPIDERS.items() if getattr(s, "kind", "") in ("department", "ministry"))
WALKED = [n for n in [*simulated.SLUGS, *simulated.VARIANTS] if simulated.VARIANTS.get(n, n) in DEPARTMENTS]


class Crawl:
    """A walk of a simulated site. ``pages``: what the spider handed on, ``walks``: its channels, ``asked``: every request."""

    def __init__(self, spider: type[ListingSpider], site: SimulatedSite, folder: Path, **arguments: str) -> None:
        # The columns of the simulated site, which are those that are known of the real one.
        made = type(spider.__name__, (spider,), {"channels": site.channels})
        self.spider = made(**arguments)
        self.site = site
        self.archive = self.spider.archive = Archive(Storage(str(folder)))
        self.spider.crawler = SimpleNamespace(settings=SETTINGS)
        self.pages: list[ArticlePage] = []
        self.asked: list[str] = []
        self._queue: list[Any] = []
        self._order = itertools.count()
        asyncio.run(self._start())
        while self._queue:
            self._take(heapq.heappop(self._queue)[-1])
        self.walks = list(self.spider.walks.values())
        for own in self.archive.sites.values():
            own.abandon()

    def coverage(self, slug: str) -> tuple[str, ...]:
        """A row of the table of spiders: what was found of what the site has."""
        expected = {doc_id(a.url): a for a in self.site.articles}
        attempts = {p.attempt.doc_id: p.attempt for p in self.pages}
        pairs = [(expected[k], a) for k, a in attempts.items() if k in expected]
        return (
            slug,
            next(c.__name__ for c in type(self.spider).__mro__ if c.__module__.startswith("govcrawl.base_spiders")),
            f"{len(pairs)} of {len(expected)}",
            str(sum(e.title == a.listed_title for e, a in pairs)),
            str(sum(e.published_on == a.listed_on for e, a in pairs)),
            str(sum(w.pages for w in self.walks)),
        )

    async def _start(self) -> None:
        async for request in self.spider.start():
            self._add(request)

    def _add(self, request: Any) -> None:
        heapq.heappush(self._queue, (-request.priority, next(self._order), request))

    def _take(self, request: Any) -> None:
        self.asked.append(doc_id(request.url, request.method, request.body))
        url, answer = request.url, self.site.answer(request.method, request.url, request.body)
        while 300 <= answer.status < 400:
            url = urljoin(url, dict(answer.headers)["Location"])
            answer = self.site.answer("GET", url)
        headers = Headers({k: [v] for k, v in answer.headers})
        kind = responsetypes.from_args(headers=headers, url=url, body=answer.body)
        response = kind(url, status=answer.status, headers=headers, body=answer.body, request=request)
        if answer.status >= 400:
            failure: Any = Failure(HttpError(response))  # type: ignore[no-untyped-call]
            failure.request = request
            results = request.errback(failure)
        else:
            results = request.callback(response, **request.cb_kwargs)
        for result in results or ():
            if hasattr(result, "reading"):
                self.pages.append(result)
            else:
                self._add(result)


@pytest.mark.parametrize("slug", WALKED)
def test_whole_site(slug: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    site = simulated.site(slug, channels=4)
    spider = SPIDERS[simulated.VARIANTS.get(slug, slug)]
    crawl = Crawl(spider, site, tmp_path)
    expected = {doc_id(a.url): a for a in site.articles}
    found = [p.attempt.doc_id for p in crawl.pages]
    record_property("walked", crawl.coverage(slug))
    assert sorted(expected[k].url for k in set(expected) - set(found)) == []
    assert len(found) == len(set(found))
    assert {p.url for p in crawl.pages if p.attempt.doc_id not in expected} <= {s.url for s in site.strangers}
    for page in crawl.pages:
        if (article := expected.get(page.attempt.doc_id)) is not None:
            assert page.attempt.listed_title == article.title
            assert page.attempt.listed_on == article.published_on, article.url
    assert {w.ended for w in crawl.walks} == {"last"}
    assert len(crawl.asked) == len(set(crawl.asked))


@pytest.mark.parametrize("slug", simulated.SHELLS)
def test_a_site_of_shells(slug: str, tmp_path: Path) -> None:
    site = simulated.site(slug, channels=None, pages=3, per_page=6)
    crawl = Crawl(SPIDERS[simulated.SHELLS[slug]], site, tmp_path)
    assert sorted(p.url for p in crawl.pages) == sorted(a.url for a in site.articles)
    assert {w.ended for w in crawl.walks} == {"last"}
    assert [w.broken for w in crawl.walks if w.broken] == []
    assert len(crawl.asked) == len(set(crawl.asked))


@pytest.mark.parametrize(
    "slug", ["heilongjiang_shells", "gansu_shells", "jiangsu_shells", "jpaas_shells", "anhui_labels"]
)
def test_a_shell_whose_interface_is_gone_has_no_rows(
    slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = simulated.site(slug, channels=None, pages=2, per_page=4)
    monkeypatch.setattr(site, "dynamic", lambda *_: None)
    crawl = Crawl(SPIDERS[simulated.SHELLS[slug]], site, tmp_path)
    # A column may be called as the box beside it.
    walks = [w for w in crawl.walks if w.channel != "图片新闻"]
    assert {(w.ended, w.rows) for w in walks} == {("no_rows", 0)}


@pytest.mark.parametrize("slug", WALKED)
def test_a_site_of_one_short_page(slug: str, tmp_path: Path) -> None:
    site = simulated.site(slug, pages=1, per_page=5, channels=1)
    crawl = Crawl(SPIDERS[simulated.VARIANTS.get(slug, slug)], site, tmp_path)
    assert {doc_id(a.url) for a in site.articles} == {p.attempt.doc_id for p in crawl.pages}


# The spiders themselves

FACTS = Path(__file__).parents[3] / "shared" / "facts" / "sites.yaml"
NOT_COVERED = {"xianggang", "aomen", "taiwan"}


def facts() -> dict[str, str]:
    """What is known of each site, as text by slug."""
    if not FACTS.exists():
        pytest.skip(f"the facts that the spiders were written from are not here: {FACTS}")
    return {
        b.split("\n", 1)[0].strip(): b
        for b in re.split(r"^- slug: ", FACTS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    }


def test_every_division_and_the_ministry_have_a_spider() -> None:
    assert set(PROVINCES) - NOT_COVERED <= set(DEPARTMENTS)
    assert "moe" in DEPARTMENTS
    for name in DEPARTMENTS:
        spider = SPIDERS[name]
        assert spider.__name__ == f"{name.capitalize()}Spider"
        assert spider.__module__ == f"govcrawl.spiders.{name}"
        assert spider.province == ("national" if name == "moe" else name)


@pytest.mark.parametrize("slug", sorted(SPIDERS.keys() - {"site", "urls"}))
def test_every_column_that_was_seen_is_walked_or_excused(slug: str) -> None:
    """A column is walked under its own address, that of its data, or of the same listing in another form."""
    known = facts()[slug]
    columns = known.partition("\n  columns:\n")[2]
    columns = re.split(r"\n  \w", columns)[0]
    spider = SPIDERS[slug]
    walked = {listing(url) for url in spider.channels.values()}
    seen = re.findall(r"(?:url|static_url|index_url): (http\S+)", columns)
    entries = re.split(r"(?m)^  - ", columns)[1:]
    for entry in entries:
        urls = re.findall(r"url: (http\S+)", entry)
        library = re.search(r"chnlid: (\d+)", entry)
        forms = {listing(u) for u in urls} | ({f"chnlid={library[1]}"} if library else set())
        assert forms & walked or any(u in spider.left_out for u in urls), (
            f"{slug}: {urls} is neither walked nor left out"
        )
    assert set(spider.left_out) <= set(seen)
    assert not set(spider.left_out) & set(spider.channels.values())
    assert all(0 < len(why) < 120 and "\n" not in why for why in spider.left_out.values())


def listing(url: str) -> str:
    """What tells one listing from another: the id that it is searched by, else its address."""
    searched = re.search(r"/common/search/([0-9a-f]{32})|(chnlid(?:=|%3D)\d+)", url)
    return (searched.group(1) or searched.group(2)).replace("%3D", "=") if searched else doc_id(url)


@pytest.mark.parametrize("slug", DEPARTMENTS)
def test_facts_know_every_channel_and_example(slug: str) -> None:
    known = facts()[slug]
    spider = SPIDERS[slug]
    for url in spider.channels.values():
        column = re.search(r"/common/search/(\w+)|classsql=chnlid%3D(\d+)|channelid=(\d+)", url)
        stated = next(g for g in column.groups() if g) if column else url.removesuffix("&page=1")
        assert stated in known, url
    examples = re.search(r"^  article_examples:\n(.*?)(?=^  \w)", known, re.MULTILINE | re.DOTALL)
    for entry in re.split(r"^  - ", examples[1], flags=re.MULTILINE)[1:] if examples else ():
        example = re.match(r"url: (\S+)", entry)
        assert example
        if "sibling: true" not in entry:
            assert re.search(spider.article_pattern, example[1]), example[1]


def test_a_spider_without_an_address_says_so() -> None:
    with pytest.raises(BadArgument, match="look it up"):
        SPIDERS["bingtuan"]()


def test_json_lists_bring_the_text_and_the_policy_fields(tmp_path: Path) -> None:
    for slug, names in {
        "heilongjiang": {"html", "index_number", "written_on", "source"},
        "guangdong": {"index_number", "doc_number", "issuer", "subject"},
        "jiangxi": {"html", "title", "published_on", "source"},
    }.items():
        crawl = Crawl(SPIDERS[slug], simulated.site(slug), tmp_path / slug)
        stated = [p.attempt.fields for p in crawl.pages if p.attempt.fields]
        assert stated, slug
        assert names <= set(stated[0]), slug
        assert not {"null", "undefined", ""} & {v for fields in stated for v in fields.values() if isinstance(v, str)}
        # The article's own page is asked for all the same.
        assert all(p.reading.body for p in crawl.pages)


@pytest.mark.parametrize("slug", [d for d in DEPARTMENTS if SPIDERS[d].channels])
def test_what_a_shield_answers_is_a_list_without_rows(slug: str) -> None:
    spider = SPIDERS[slug]()
    url = {
        "guangdong": "https://edu.gd.gov.cn/gkmlpt/api/all/1620?page=1&sid=168",
        "zhejiang": "https://jyt.zj.gov.cn/api-gateway/jpaas-publish-server/front/page/build/unit?pageNo=1",
        "jiangsu": "https://jyt.jiangsu.gov.cn/module/web/jpage/dataproxy.jsp?startrecord=46",
    }.get(slug, next(iter(spider.channels.values())))
    asked = spider.first_request(url)
    for body in (
        "<script>location.reload()</script>",
        "null",
        '{"data": null}',
        '{"data": "", "articles": 1}',
        "[]",
        "",
    ):
        answer = TextResponse(asked.url, body=body.encode(), encoding="utf-8", request=asked)
        assert list(spider.rows(answer)) == []
        assert spider.total(answer) is None
        assert all(spider.owns(r.url) for r in itertools.islice(spider.page_requests(answer), 2))


# Pagers


@pytest.mark.parametrize(
    ("call", "pager"),
    [
        ('createPageHTML(4, 0, "index", "html");', Pager(4, 0, "index", "html")),
        ("createPageHTML(4, 0, 'index', 'shtml');", Pager(4, 0, "index", "shtml")),
        ('createPageHTML(61,4,0,"index","html");', Pager(4, 0, "index", "html")),
        ("createPageHTML('page_div',10, 1,'zwgklist','shtml',200);", Pager(10, 1, "zwgklist", "shtml")),
        ('createPage(12, 0, "index", "html")', Pager(12, 0, "index", "html")),
        ("function createPageHTML(_nPageCount, _nCurrIndex, _sPageName, _sPageExt){}", None),
        ("createPageHTML(countPage, currentPage)", None),
    ],
)
def test_calls_that_draw_a_pager(call: str, pager: Pager | None) -> None:
    assert script_pager(f"<script>{call}</script>") == pager


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("var countPage = 7;//共多少页", 7),
        ("totalPage: '12',", 12),
        ("<span>共<font>3</font>页</span>", 3),
        ("<b>85</b>条记录&nbsp;1/8页", 8),
        ('<span class="sDisable" data-page="9">尾页</span><span data-page="2">下一页</span>', 9),
        ("2024年共3条", None),
    ],
)
def test_stated_numbers_of_pages(text: str, pages: int | None) -> None:
    assert stated_pages(text) == pages


@pytest.mark.parametrize(
    ("url", "second"),
    [
        ("https://a.gov.cn/tzgg/", "https://a.gov.cn/tzgg/index_1.html"),
        ("https://a.gov.cn/zc/xzgfxwj", "https://a.gov.cn/zc/xzgfxwj/index_1.html"),
        ("https://a.gov.cn/xdt/index.htm", "https://a.gov.cn/xdt/index_1.htm"),
        ("https://a.gov.cn/jyyw/2019_zfxxgk_listsub.html", "https://a.gov.cn/jyyw/2019_zfxxgk_listsub_1.html"),
        ("https://a.gov.cn/zcfg_2020.html", "https://a.gov.cn/zcfg_2020_1.html"),
        ("https://a.gov.cn/tzgg/index_1.html", "https://a.gov.cn/tzgg/index_2.html"),
        ("https://a.gov.cn/news-list-633-1.html", "https://a.gov.cn/news-list-633-2.html"),
    ],
)
def test_address_of_the_next_list_page(url: str, second: str) -> None:
    assert next(iter(numbered_pages(page(url, "<p>通知公告</p>")))).url == second
    assert list_file(url).folder.endswith("/")


@pytest.mark.parametrize(
    ("pager", "addresses"),
    [
        ('createPageHTML(4, 0, "index", "html")', ["index_1.html", "index_2.html", "index_3.html"]),
        ("createPageHTML('d',4,1,'index','shtml',40)", ["index_2.shtml", "index_3.shtml", "index_4.shtml"]),
        ('<a href="index_1.htm">下一页</a><a href="./index_2.htm">尾页</a>', ["index_1.htm", "index_2.htm"]),
        ('<a href="index_2.html">2</a><a href="index_3.html">3</a>', ["index_2.html", "index_3.html"]),
        ('<a href="index_3.html">尾页</a> 共3页', ["index_2.html", "index_3.html"]),
        ('<a href="index_2.html">尾页</a> 共3页', ["index_1.html", "index_2.html"]),
        ('<a href="../other/index_7.html">7</a>共3页', ["index_1.html", "index_2.html"]),
        ("共1页", []),
        ('<a href="index_0.html">尾页</a>', []),
    ],
)
def test_pages_that_a_first_page_tells_of(pager: str, addresses: list[str]) -> None:
    found = numbered_pages(page("https://a.gov.cn/zwgk/tzgg/", pager if "<a" in pager else f"<script>{pager}</script>"))
    assert [r.url.removeprefix("https://a.gov.cn/zwgk/tzgg/") for r in found] == addresses


# Stores and shells


class Jcms(JcmsSpider):
    site_name, province, hosts = "岚墅县教育局", "zhejiang", ("jyj.lanshu.gov.cn",)
    channels = {"通知公告": "https://jyj.lanshu.gov.cn/col/col7/index.html"}
    article_pattern = r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+\.html$|/art/\d{4}/art_[0-9a-f]{32}\.html$"


def store(unit: str, column: int, count: int) -> str:
    records = "".join(
        f"<record><![CDATA[<li><a href='/art/2024/5/{n}/art_{column}_{n}.html' title='第{n}号通知'>第{n}号…</a><b>2024-05-{n:02}</b></li>]]></record>"
        for n in range(1, count + 1)
    )
    link = f'<a href="/module/web/jpage/dataproxy.jsp?page=1&webid=9&path=/&columnid={column}&unitid={unit}&webname=%25E5%25B2%259A"></a>'
    return (
        f'<div id="{unit}"><script type="text/xml"><datastore><nextgroup><![CDATA[{link}]]></nextgroup><recordset>{records}'
        f"</recordset></datastore></script></div><script>$('#{unit}').jpage({{totalRecord:{40 * count},perPage:{count}}});</script>"
    )


def test_jcms_takes_the_largest_store_and_asks_for_its_unit() -> None:
    response = page(Jcms.channels["通知公告"], store("11", 8, 3) + store("22", 7, 20))
    spider = Jcms("t")
    rows = list(spider.rows(response))
    assert [(r.title, r.date) for r in rows[:2]] == [
        ("第1号通知", dt.date(2024, 5, 1)),
        ("第2号通知", dt.date(2024, 5, 2)),
    ]
    assert len(rows) == 20
    asked, *others = spider.page_requests(response)
    assert len(others) == 38
    form = dict(parse_qsl(asked.body.decode()))
    assert (asked.method, urlsplit(asked.url).path) == ("POST", "/module/web/jpage/dataproxy.jsp")
    assert (form["unitid"], form["columnid"], form["webid"], form["webname"]) == ("22", "7", "9", "岚")
    query = dict(parse_qsl(urlsplit(asked.url).query))
    assert (query["startrecord"], query["endrecord"]) == ("21", "40")


def test_jcms_asks_no_hundred_windows_where_the_page_holds_few_records() -> None:
    held = store("22", 7, 3).replace("totalRecord:120", "totalRecord:400")
    asked = list(Jcms("t").page_requests(page(Jcms.channels["通知公告"], held)))
    assert [dict(parse_qsl(urlsplit(r.url).query))["startrecord"] for r in asked] == [str(45 * n + 1) for n in range(9)]
    assert list(Jcms("t").page_requests(page(Jcms.channels["通知公告"], held.replace("400", "3")))) == []


def test_jcms_with_an_encrypted_unit_asks_for_no_window() -> None:
    response = page(Jcms.channels["通知公告"], store("a41c9f", 7, 20))
    asked = next(iter(Jcms("t").page_requests(response)))
    assert (asked.method, parse_qs(urlsplit(asked.url).query)) == ("GET", {"uid": ["a41c9f"], "pageNum": ["2"]})


def test_jcms_fills_a_column_without_records_from_the_first_window() -> None:
    script = "<script>var param_5={col:1,webid:9,columnid:7,unitid:'55'};url='/module/jpage/dataproxy.jsp'</script>"
    response = page(Jcms.channels["通知公告"], script)
    assert list(Jcms("t").rows(response)) == []
    asked = next(iter(Jcms("t").page_requests(response)))
    assert "startrecord=1&" in asked.url
    assert dict(parse_qsl(asked.body.decode()))["unitid"] == "55"


@pytest.mark.parametrize(
    "filled",
    [
        """<script>$.post("/module/xxgk/search.jsp?currpage="+n, {infotypeId:"A02", jdid:"62", divid:"div7"})</script>""",
        '<iframe src="/module/xxgk/search.jsp?infotypeId=A02&amp;jdid=62&amp;divid=div7"></iframe>',
    ],
)
def test_jcms_posts_the_search_that_fills_a_column(filled: str) -> None:
    spider = Jcms("t")
    shell = page(Jcms.channels["通知公告"], filled)
    assert list(spider.rows(shell)) == []
    (asked,) = spider.page_requests(shell)
    form = dict(parse_qsl(asked.body.decode()))
    assert (asked.method, form["infotypeId"], form["jdid"], form["divid"]) == ("POST", "A02", "62", "div7")
    row = '<tr><td><a href="/art/2024/5/3/art_7_1.html" title="校车检查通知">校车检查…</a></td><td>2024-05-03</td></tr>'
    answer = HtmlResponse(asked.url, body=f"<table>{row}</table>第1/3页".encode(), encoding="utf-8", request=asked)
    assert [(r.title, r.date) for r in spider.rows(answer)] == [("校车检查通知", dt.date(2024, 5, 3))]
    following = list(spider.page_requests(answer))
    assert [parse_qs(urlsplit(r.url).query)["currpage"] for r in following] == [["2"], ["3"]]
    assert {(r.method, r.body) for r in following} == {("POST", asked.body)}


def test_jcms_reads_a_static_list_beside_a_link_to_the_search() -> None:
    row = '<li><a href="/art/2024/5/3/art_7_1.html">校车检查通知</a><b>2024-05-03</b></li>'
    body = f'<a href="/module/xxgk/search.jsp?jdid=62">信息公开搜索</a><ul>{row}</ul>'
    assert [r.title for r in Jcms("t").rows(page(Jcms.channels["通知公告"], body))] == ["校车检查通知"]


def test_a_column_that_moved_to_jpaas_is_filled_by_its_unit() -> None:
    unit = "querydata=\"{'webId':'9','pageId':'7','tagId':'信息列表','tplSetId':'x1'}\""
    shell = page(
        Jcms.channels["通知公告"],
        f'<script url="/api-gateway/jpaas-publish-server/front/page/build/unit" {unit}></script>',
    )
    spider = Jcms("t")
    assert list(spider.rows(shell)) == []
    asked = next(iter(spider.page_requests(shell)))
    assert parse_qs(urlsplit(asked.url).query)["tplSetId"] == ["x1"]
    assert parse_qs(urlsplit(asked.url).query)["pageNo"] == ["1"]
    html = f'<ul><li><a href="/col/col7/art/2024/art_{"ab" * 16}.html">校车检查</a><span>2024-05-03</span></li></ul><div count="16" rows="15" {unit}></div>'
    answer = TextResponse(
        asked.url, body=json.dumps({"data": {"html": html}}).encode(), encoding="utf-8", request=asked
    )
    assert [r.title for r in spider.rows(answer)] == ["校车检查"]
    assert [parse_qs(urlsplit(r.url).query)["pageNo"] for r in spider.page_requests(answer)] == [["2"]]


class Ucap(UcapSpider):
    site_name, province, hosts = "汀畈县教育局", "gansu", ("jyj.tingfan.gov.cn",)
    channels = {"通知公告": "https://jyj.tingfan.gov.cn/jyj/c1/list.shtml"}
    article_pattern = r"/c\d+/\d{6}/\d+\.shtml$"


UCAP_ROWS = "".join(
    f'<li><a href="/jyj/c1/202405/{n}.shtml">第{n}号通知</a><b>2024-05-{n:02}</b></li>' for n in range(1, 6)
)
UCAP_ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("body", "rows", "following"),
    [
        (f"<ul>{UCAP_ROWS}</ul>", 5, "list_2.shtml"),
        (
            f'<meta name="channelId" content="{UCAP_ID}"><ul>{UCAP_ROWS}</ul><a href="list_2.shtml">下一页</a>',
            5,
            "list_2.shtml",
        ),
        (
            f'<meta name="channelid" content="{UCAP_ID}"><ul></ul><!-- <ul>{UCAP_ROWS}</ul> -->',
            5,
            f"/common/search/{UCAP_ID}",
        ),
        (f"<ul></ul><script>var channelId = '{UCAP_ID}'; $.get('/common/search/' + channelId)</script>", 0, UCAP_ID),
        (f"<ul></ul><!-- <ul>{UCAP_ROWS}</ul> -->", 5, "list_2.shtml"),
        (f'<a href="/common/search/{UCAP_ID}?page=1">其他栏目</a><ul>{UCAP_ROWS}</ul>', 5, "list_2.shtml"),
        # Five rows under another heading: the search knows better whether they are the channel.
        (f'<meta name="channelId" content="{UCAP_ID}"><h3>校园风采</h3><ul>{UCAP_ROWS}</ul>', 5, f"/search/{UCAP_ID}"),
    ],
)
def test_ucap_tells_shells_from_lists(body: str, rows: int, following: str) -> None:
    response = page(Ucap.channels["通知公告"], body)
    spider = Ucap("t")
    assert len(list(spider.rows(response))) == rows
    assert following in next(iter(spider.page_requests(response))).url


def test_a_directory_walks_its_columns_one_after_the_other() -> None:
    class Gkmlpt(GkmlptSpider):
        site_name, province, hosts = "泓垟市教育局", "guangdong", ("jyj.hongyang.gov.cn",)
        channels = {"目录": "http://jyj.hongyang.gov.cn/gkmlpt/index"}
        article_pattern = r"/post_\d+\.html$"

    spider = Gkmlpt("t")
    tree = [{"id": 5, "name": "政策", "children": [{"id": 6}]}, {"id": 9, "name": "公告", "children": []}]
    shell = page(
        Gkmlpt.channels["目录"],
        f"<script>window._CONFIG = {{SITE_ID: 2, TREE: {json.dumps(tree)}, DETAIL: {{}}}}</script>",
    )
    assert list(spider.rows(shell)) == []
    asked: list[str] = []
    response: TextResponse = shell
    total = {"5": 150, "9": 20}
    while (request := next(iter(spider.page_requests(response)), None)) is not None:
        asked.append(
            urlsplit(request.url).path.rsplit("/", 1)[1] + "/" + parse_qs(urlsplit(request.url).query)["page"][0]
        )
        articles = [
            {"url": f"/gkmlpt/content/1/1/post_{n}.html", "title": "通知", "date": 1_714_665_600} for n in range(100)
        ]
        body = json.dumps({"articles": articles, "total": total[asked[-1][0]]}).encode()
        response = TextResponse(request.url, body=body, encoding="utf-8", request=request)
    assert asked == ["5/1", "5/2", "9/1"]
    assert next(iter(spider.rows(response))).date == dt.date(2024, 5, 3)


# Rows


def test_json_has_no_rows() -> None:
    assert find_rows(Selector('{"code": 403}'), "http://a.cn/", re.compile("html")) == []


def rows_of(body: str, css: str | None = None) -> list[tuple[str, dt.date | None]]:
    form = re.compile(r"/\d+\.html$")
    return [
        (r.url.rsplit("/", 1)[1], r.date)
        for r in find_rows(Selector(f"<html><body>{body}</body></html>"), "http://a.cn/", form, css)
    ]


@pytest.mark.parametrize(
    "date",
    [
        "<p>（发文字号：教办〔2024〕3号　成文日期：2024-05-01）</p><span>2024-05-03</span>",
        "<td>成文日期</td><td>2024-05-01</td><td>2024-05-03</td>",
        "<i>实施日期：2024年6月1日</i> 2024年5月3日",
        "<em>[2024-05-03]</em><p>废止日期：2029-05-03</p>",
    ],
)
def test_the_date_of_a_row_is_not_that_of_its_document(date: str) -> None:
    rows = "".join(f'<tr><td><a href="/{n}.html">第{n}号通知印发</a></td>{date}</tr>' for n in range(3))
    assert {d for _, d in rows_of(f"<table>{rows}</table>")} == {dt.date(2024, 5, 3)}


def test_selectors_that_hold_no_link_are_passed_over() -> None:
    body = "".join(f'<a href="/{n}.html"><p>第{n}号通知</p><span>2024-05-0{n}</span></a>' for n in (1, 2, 3))
    assert rows_of(f"<ul>{body}</ul><ol class=x><li></li></ol>", "ol.x li") == [
        (f"{n}.html", dt.date(2024, 5, n)) for n in (1, 2, 3)
    ]


def test_a_box_beside_the_list_has_no_rows_though_it_is_made_alike() -> None:
    hot = '<div class="sidebar hot"><ul class="l"><li><a href="/9.html">热点一则新闻</a></li></ul></div>'
    body = '<ul class="l"><li><a href="/1.html">第一号通知</a><span>2024-05-03</span></li></ul>'
    assert rows_of(hot + body, "ul.l li") == [("1.html", dt.date(2024, 5, 3))]


def test_a_page_of_files_alone_is_a_page_of_rows() -> None:
    body = '<div class="b"><ul class="l"><li><a href="/a/P02024.pdf">名单</a><span>2024-05-03</span></li></ul></div>'
    assert rows_of(body + '<ul><li><a href="/9.html">热点</a></li></ul>', "ul.l li") == [
        ("P02024.pdf", dt.date(2024, 5, 3))
    ]


@pytest.mark.parametrize("slug", ["hebei", "yunnan", "qinghai"])
def test_where_any_page_may_be_an_article_a_menu_is_not_taken_for_a_list(slug: str) -> None:
    spider = SPIDERS[slug]()
    url = next(iter(spider.channels.values()))
    links = "".join(f'<li><a href="/xxgk/zwgk/gongkai{n}.html">公开指南第{n}部分</a>{{}}</li>' for n in range(1, 6))
    assert not list(spider.rows(page(url, f"<ul>{links}</ul>".replace("{}", ""))))
    assert len(list(spider.rows(page(url, f"<ul>{links}</ul>".replace("{}", "<span>2024-05-03</span>"))))) == 5


def page(url: str, body: str) -> HtmlResponse:
    return HtmlResponse(url, body=f"<html><body>{body}</body></html>".encode(), encoding="utf-8", request=Request(url))
