"""All spiders, by one test; the news spiders on simulated sites; and rows of listings, shipped and saved ones."""

from __future__ import annotations

import hashlib
import json
import re
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cssselect
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, TextResponse

from govcrawl.addresses import doc_id, host_of
from govcrawl.base_spiders.news_json import feed_of, loads, rows_in
from govcrawl.base_spiders.news_links import next_link
from govcrawl.base_spiders.rows import find_rows
from govcrawl.errors import BadArgument
from govcrawl.provinces import PROVINCES
from govcrawl.recognition.families import recognise, spiders
from tests import simulated
from tests.spiders.test_families import SETTINGS, Crawl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcrawl.base_spiders.listing import ListingSpider

SPIDERS = spiders(SETTINGS)
NEWS = sorted(name for name, cls in SPIDERS.items() if cls.kind == "news")
HERE = Path(__file__).parents[1]
# Facts and pages that belong to others lie beside the repository, where they are at all.
SHARED = HERE.parents[1] / "shared"


def facts() -> dict[str, list[str]]:
    """Example article addresses of each site; empty where the facts are not at hand."""
    path = SHARED / "facts/sites.yaml"
    found: dict[str, list[str]] = {}
    if path.exists():
        for site in path.read_text(encoding="utf-8").split("\n- slug: ")[1:]:
            block = re.search(r"\n  article_examples:\n((?:  - .*\n(?:    .*\n)*)*)", site)
            found[site.split("\n", 1)[0].strip()] = re.findall(r"- url: (\S+)", block.group(1)) if block else []
    return found


FACTS = facts()


@pytest.mark.parametrize("name", sorted(SPIDERS))
def test_spider(name: str) -> None:
    cls = SPIDERS[name]
    assert cls.__module__ == f"govcrawl.spiders.{name}"
    assert cls.__name__ == "".join(part.capitalize() for part in name.split("_")) + "Spider"
    assert cls.kind in ("department", "ministry", "news")
    # What a department publishes is its province's; on other sites each page decides.
    assert cls.province == (name if cls.kind == "department" else "national")
    assert cls.kind != "department" or cls.province in PROVINCES
    assert cls.site_name
    assert cls.hosts
    assert all(host == host.lower() and "/" not in host for host in cls.hosts)
    for channel, url in cls.channels.items():
        assert channel
        assert cls.owns(url), f"{channel} lies on a host that is not the site's"
        assert not re.search(cls.article_pattern, url), f"{channel} looks like an article"
    assert len({doc_id(url) for url in cls.channels.values()}) == len(cls.channels)
    assert set(cls.front_pages) <= set(cls.channels.values())
    for css in (cls.rows_css, *cls.body_css):
        if css is not None:
            cssselect.parse(css)
    assert cls.verified is None or date.fromisoformat(cls.verified)
    spider = started(cls)
    own = [url for url in examples(cls) if cls.owns(url)]
    assert own or not cls.examples
    for url in own:
        assert re.search(cls.article_pattern, spider.article_url(url)), url


def started(cls: type[ListingSpider]) -> ListingSpider:
    """A spider with something to ask for; one that knows no channel must say so and take one."""
    if not cls.channels:
        with pytest.raises(BadArgument, match="knows no channel"):
            cls()
        return cls(channel=f"https://{cls.hosts[0]}/list/")
    spider = cls()
    assert spider.planned == cls.channels
    for channel, url in spider.planned.items():
        request = spider.first_request(url)
        assert host_of(request.url), channel
    return spider


def examples(cls: type[ListingSpider]) -> list[str]:
    """The class's own examples, and those of the facts where they are at hand (some are of sister sites)."""
    found = [*cls.examples, *FACTS.get(cls.name, [])]
    if not found and not FACTS:
        pytest.skip(
            f"{cls.name} has no example of its own, and the facts about the sites are not beside the repository"
        )
    return found


def test_no_two_spiders_share_a_host() -> None:
    owners: dict[str, str] = {}
    for name, cls in SPIDERS.items():
        for host in cls.hosts:
            assert owners.setdefault(host, name) == name


@pytest.mark.parametrize("name", [n for n in NEWS if n in simulated.SLUGS])
def test_news_site_is_walked_to_its_end(
    name: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    site = simulated.site(name)
    crawl = Crawl(SPIDERS[name], site, tmp_path)
    record_property("walked", crawl.coverage(name))
    expected = {doc_id(a.url): a for a in site.articles}
    found = {p.attempt.doc_id: p for p in crawl.pages}
    assert sorted(a.url for k, a in expected.items() if k not in found) == []
    assert len(found) == len(crawl.pages)
    assert sorted(p.url for k, p in found.items() if k not in expected) == []
    for key, page in found.items():
        assert page.attempt.listed_title == expected[key].title
        assert page.attempt.listed_on == expected[key].published_on, page.url
    assert {w.ended for w in crawl.walks} == {"last"}


def test_every_news_spider_has_a_site_to_walk() -> None:
    assert [n for n in NEWS if n not in simulated.SLUGS] == []


LISTINGS = sorted(p.stem for p in (HERE / "listings").glob("*.json"))


@pytest.mark.parametrize("listing", LISTINGS)
def test_rows_of_shipped_listing(listing: str) -> None:
    """Pages of our own in the templates of the sites: <name>.html or .js, and what its spider must make of it."""
    gold = json.loads((HERE / f"listings/{listing}.json").read_text(encoding="utf-8"))
    page = next(p for p in (HERE / "listings").glob(f"{listing}.*") if p.suffix != ".json")
    body = page.read_text(encoding="utf-8").encode(gold.get("encoding", "utf-8"))
    cls = SPIDERS[gold["spider"]]
    spider = cls(channel=gold["url"])
    kind = HtmlResponse if page.suffix == ".html" else TextResponse
    response = kind(
        gold["url"],
        body=body,
        headers={"Content-Type": gold["content_type"]},
        request=spider.first_request(gold["url"]),
    )
    rows = [[str(r.date) if r.date else None, r.title, spider.article_url(r.url)] for r in spider.rows(response)]
    assert rows == gold["rows"]
    following = next(iter(spider.page_requests(response)), None)
    assert (following.url if following is not None else None) == gold["next"]


NETEASE = r"163\.com/(?:(?:[a-z0-9]+/)*article/(?:detail/)?[A-Z0-9]{16}|\d{2}/\d{4}/\d{2}/[A-Z0-9]{16}|photoview/\w+/\d+)\.html"
TRS = r"/\d{6}/t\d{8}_\d+\.s?html?$"
# Saved listings: what article addresses look like, rows counted by eye, and digests of the first and the last headline
# (the words belong to their publishers).
SAVED = [
    ("index_excerpts/mee_list.html", TRS, 15, "e99a2fb2bbac", "c3e5aeb5f2bf"),
    ("index_excerpts/ndrc_list.html", TRS, 5, "d8d31939786f", "236f3001b615"),
    ("index_excerpts/tangshan_zygh_list.html", r"/\d{18,}\.html$", 5, "5ff41866eb3a", "e9c92d2858a5"),
    ("index_excerpts/yichun_list.html", TRS, 15, "09de2fa2bedc", "61958e783348"),
    ("index_excerpts/lntdxy_vsb_list.html", r"/info/\d+/\d+\.htm$", 3, "be78d1d6b6f6", "3b1279207013"),
    ("gne/test_list_page/163/1.html", NETEASE, 29, "3eb33263320e", "1928393b7667"),
    ("gne/test_list_page/163/2.html", NETEASE, 54, "ac53cca37d4b", "a3cdadbb0e6e"),
    ("gne/test_list_page/netease_forum/1.html", r"/thread-\d+-1-1\.html$", 42, "5a95676c9214", "6d337f786079"),
    ("gne/test_list_page/tieba/1.html", r"/p/\d+$", 50, "9e278dad05af", "6c70c58b7f65"),
    ("gerapy/list/dfa66_announcement.html", "/contents/", 10, "87783a940f24", "78b597101bf0"),
    ("gerapy/list/hrfund_announcement.html", r"/Upload/File/.*\.pdf$", 10, "06cea227bcb5", "2a9fc0c1cd2e"),
    ("gerapy/list/hsqhfunds_announcement.html", r"/upload/user/.*\.pdf$", 20, "f1ed5d78c1fc", "6ce60cab4e58"),
    ("gerapy/list/netease_international_news.html", NETEASE, 140, "d0d6784e8263", "45303030c5d3"),
    ("gerapy/list/netease_rolling_news.html", NETEASE, 40, "e6815f8801cf", "7c2b66abadac"),
    ("gerapy/list/rtfund_xxpl.html", r"/main/a/\d+/\d+\.shtml", 15, "f9db1d53e7ea", "f48b434a3b0b"),
    (
        "gerapy/list/tencent_important_news.html",
        r"new\.qq\.com/(?:omn/\d{8}|zt/template)",
        10,
        "ad62e3bf5a03",
        "7c765ce38529",
    ),
    ("autopager/184.html", r"/\d+\.html$", 20, "71957beab750", "460e8569d152"),
    ("autopager/185.html", r"/\d+\.html$", 20, "e91e50492e8f", "1bff7c96faf7"),
]


@pytest.mark.parametrize(("file", "pattern", "count", "first", "last"), SAVED, ids=[s[0] for s in SAVED])
def test_rows_of_saved_listing(file: str, pattern: str, count: int, first: str, last: str) -> None:
    path = SHARED / "pages" / file
    if not path.exists():
        pytest.skip("saved listings belong to their publishers; they are tested where they lie beside the repository")
    url = "https://new.qq.com/x/" if "tencent" in file else "https://www.example.com/list/index.html"
    # Saved as UTF-8 whatever the page declares.
    response = HtmlResponse(url, body=path.read_bytes(), encoding="utf-8")
    found = find_rows(response.selector, url, re.compile(pattern))
    assert 0.95 * count <= len(found) <= count
    titles = [row.title or "" for row in found]
    assert all(titles)
    assert (digest(titles[0]), digest(titles[-1])) == (first, last)


# Those whose articles have one form of address: others need a spider of their own.
UNIFORM = [(file, count) for file, pattern, count, *_ in SAVED if pattern != NETEASE and "tencent" not in file]


@pytest.mark.parametrize(("file", "count"), UNIFORM, ids=[u[0] for u in UNIFORM])
def test_saved_listing_of_an_unknown_site_is_recognised(file: str, count: int) -> None:
    path = SHARED / "pages" / file
    if not path.exists():
        pytest.skip("saved listings belong to their publishers; they are tested where they lie beside the repository")
    host = {
        "tieba": "tieba.baidu.com",
        "netease_forum": "n.netease.com",
        "autopager": "jslcae.com",
        "rtfund": "www.rtfund.com",
    }
    url = f"http://{next((h for part, h in host.items() if part in file), 'www.example.com')}/list/index.html"
    response = HtmlResponse(url, body=path.read_bytes(), encoding="utf-8")
    found = recognise(response)
    assert found is not None
    assert 0.95 * count <= len(find_rows(response.selector, url, re.compile(found.article_pattern))) <= count


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


_MARKUP = (
    '<a href="/a/1.html">第一条</a>', '<a href="/a/2.html"></a>', '<a href="/a/3.html" title="第三条的全部标题">第三…</a>', "<a href='http://[/a/4.html'>坏</a>",
    "<a onclick=\"go('/a/5.html')\">第五条</a>", "<ul>", "</ul>", "<li>", "</li>", "<tr>", "<td>", "<div class='hot'>", "</div>", "<!-- x -->", "<?pi?>",
    " 2024-05-03 ", "<b>03</b><i>2024-05</i>", "2024-13-45", "\x00", "<a><a>", "<svg><a href='/a/6.html'>六</a></svg>", "<frameset>",
)  # fmt: skip


def rows(
    html: str, pattern: str = r"/a/\d+\.html$", css: str | None = None
) -> list[tuple[str, str | None, str | None]]:
    response = HtmlResponse("https://news.example/list/", body=html.encode(), encoding="utf-8")
    found = find_rows(response.selector, response.url, re.compile(pattern), css)
    return [(r.url.rsplit("/", 1)[1], r.title, str(r.date) if r.date else None) for r in found]


def test_dates_between_the_rows() -> None:
    after = '<p><a href="/a/1.html">第一条消息</a> 2024-05-03<br><a href="/a/2.html">第二条消息</a> 2024-05-02<br></p>'
    before = '<p>2024-05-03 <a href="/a/1.html">第一条消息</a><br>2024-05-02 <a href="/a/2.html">第二条消息</a></p>'
    cells = (
        "<table>"
        + "".join(f'<tr><td><a href="/a/{n}.html">第{n}条消息</a></td><td>2024-05-0{n}</td></tr>' for n in (1, 2))
        + "</table>"
    )
    pairs = '<dl><dt><a href="/a/1.html">第一条消息</a></dt><dd>2024-05-03</dd><dt><a href="/a/2.html">第二条消息</a></dt><dd>2024-05-02</dd></dl>'
    right = [("1.html", "第一条消息", "2024-05-03"), ("2.html", "第二条消息", "2024-05-02")]
    assert rows(after) == right
    assert rows(before) == right
    assert rows(pairs) == right
    assert rows(cells) == [("1.html", "第1条消息", "2024-05-01"), ("2.html", "第2条消息", "2024-05-02")]
    cell = '<td><a href="/a/{0}.html">第{0}条消息</a></td><td>2024-05-0{0}</td>'
    twice = f"<table><tr>{cell.format(1)}{cell.format(2)}</tr><tr>{cell.format(3)}{cell.format(4)}</tr></table>"
    assert [r[2] for r in rows(twice)] == ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"]


def test_a_rows_other_links_are_no_rows() -> None:
    one = '<li><a href="/a/{0}.html">第{0}号通知</a><div class="jd"><a href="/a/{0}0.html">对第{0}号通知的解读</a></div><span>2024-05-0{0}</span></li>'
    alone = '<li><a href="/a/3.html">第3号通知</a><span>2024-05-03</span></li>'
    html = "<ul>" + one.format(1) + alone + one.format(2) + "</ul>"
    assert [r[0] for r in rows(html)] == ["1.html", "3.html", "2.html"]


def test_boxes_beside_the_list_are_no_rows() -> None:
    hot = "".join(f'<li><a href="/a/9{n}.html">热门消息之{n}</a><span>2024-05-0{n}</span></li>' for n in range(1, 6))
    html = f'<div class="sidebar"><ul>{hot}</ul></div><ul class="list"><li><a href="/a/1.html">第一条消息</a></li><li><a href="/a/2.html">第二条消息</a></li></ul>'
    assert [r[0] for r in rows(html)] == ["1.html", "2.html"]


def test_a_card_is_named_by_its_heading() -> None:
    card = '<li><a href="/a/{0}.html"><img src="x.jpg"><h4>第{0}条消息</h4><p class="date">2024-05-0{0}</p><p>很长的一段摘要，说的是消息的经过和意义。</p></a></li>'
    assert rows("<ul>" + card.format(1) + card.format(2) + "</ul>")[0] == ("1.html", "第1条消息", "2024-05-01")


def test_a_lone_row_keeps_to_its_item() -> None:
    html = '<div class="main"><div class="search">起始 2020-01-01</div><ul><li><a href="/a/1.html">仅有的一条消息</a><i>2024-05-03</i></li></ul></div>'
    assert rows(html) == [("1.html", "仅有的一条消息", "2024-05-03")]


def feeds() -> Iterator[tuple[str, Any]]:
    yield (
        'data_callback([{"title":"他说"好"，走了","time":"05/03/2024 10:00:00",},])',
        [{"title": '他说"好"，走了', "time": "05/03/2024 10:00:00"}],
    )
    yield "({'a': 'b', c: [1, 2,], d: null})", {"a": "b", "c": [1, 2], "d": None}
    yield 'var list = {"a": "x\\ty"};', {"a": "x\ty"}
    yield '\ufeff{"a": 1}'.lstrip("\ufeff"), {"a": 1}
    yield 'jQuery18304_1({"data":{"list":[{"Title":"it\'s"}]}});', {"data": {"list": [{"Title": "it's"}]}}


@pytest.mark.parametrize(("text", "data"), list(feeds()))
def test_feeds_as_scripts_write_them(text: str, data: Any) -> None:
    assert loads(text) == data


def test_a_feed_that_is_none_says_so() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        loads("data_callback(")


@pytest.mark.parametrize(
    "text", ["<html></html>", "\ufeff\ufeff  <p>", "Not Found", "", "document.write('<a>')", "欢迎"]
)
def test_a_page_is_no_feed(text: str) -> None:
    assert feed_of(TextResponse("https://news.example/", body=text.encode())) is None


def test_rows_in_data_are_told_by_their_address() -> None:
    data = {
        "code": 1,
        "list": [
            {
                "cover": "//img.example/a/1.jpg",
                "link": "//news.example/a/1.html",
                "Title": "<b>第一</b>条",
                "PubTime": "2024-05-03 10:00:00",
            },
            {"docurl": "../a/2.html", "title": "第二条", "time": "05/02/2024 10:00:00"},
            {"url": "https://ad.example/1.html", "title": "广告"},
        ],
    }
    found = rows_in(data, "https://news.example/feed/list.js", re.compile(r"^https://news\.example/a/\d+\.html$"))
    assert [(r.url, r.title, str(r.date)) for r in found] == [
        ("https://news.example/a/1.html", "第一条", "2024-05-03"),
        ("https://news.example/a/2.html", "第二条", "2024-05-02"),
    ]


@pytest.mark.parametrize(
    ("pager", "following"),
    [
        ('<a href="list_2.html">下一页</a>', "list_2.html"),
        ('<a href="javascript:;">下一页</a><a href="list_2.html">2</a>', "list_2.html"),
        ('<a href="list.html">1</a><a href="list_2.html">2</a><span>3</span>', "list_2.html"),
        ('<link rel="next" href="list_2.html">', "list_2.html"),
        (
            '<span>1</span><a href="list_2.html">[2]</a><a href="list_3.html">[3]</a><a href="list_3.html">尾页</a>',
            "list_2.html",
        ),
        ('<a href="list_2.html">&gt;</a>', "list_2.html"),
        ('<a href="/edu/">&gt;</a><a href="/sports/">»</a>', None),
        ('<a href="list.html">下一页</a>', None),
        ('<a href="list.html">上一页</a><span>下一页</span>', None),
        ('<a href="column_2.html">第二栏</a><a href="/node_7.html">2024</a>', None),
    ],
)
def test_next_page(pager: str, following: str | None) -> None:
    response = HtmlResponse("https://news.example/x/list.html", body=pager.encode(), encoding="utf-8")
    assert next_link(response) == (response.urljoin(following) if following else None)


def test_next_page_of_a_later_page() -> None:
    pager = '<a href="list.html">1</a><b>2</b><a href="list_3.html">3</a><a href="list_4.html">4</a>'
    response = HtmlResponse("https://news.example/x/list_2.html", body=pager.encode(), encoding="utf-8")
    assert next_link(response) == "https://news.example/x/list_3.html"


def test_a_spider_that_has_no_channel_says_why() -> None:
    with pytest.raises(BadArgument, match="interface whose parameters are not known"):
        SPIDERS["qq"]()


def test_rows_of_markup_that_nests_without_end() -> None:
    html = "<ul>" + "".join(f'<li><div><a href="/a/{n}.html">第{n}条消息</a>' for n in range(3000))
    began = time.process_time()
    assert len(rows(html)) > 100
    assert time.process_time() - began < 5


@given(st.lists(st.sampled_from(_MARKUP), max_size=30))
def test_rows_of_any_markup(parts: list[str]) -> None:
    for url, title, _ in rows("".join(parts)):
        assert url.endswith(".html")
        assert title is None or title.strip() == title


class Pages:
    """A site of a few given pages."""

    def __init__(self, channels: dict[str, str], pages: dict[str, str]) -> None:
        self.channels = channels
        self.pages = pages

    def answer(self, method: str, url: str, body: bytes = b"") -> simulated.Answer:
        text = self.pages.get(url)
        if text is None:
            return simulated.Answer(404, (), b"")
        kind = "application/json" if url.endswith(".json") else "text/html"
        return simulated.Answer(200, (("Content-Type", f"{kind}; charset=utf-8"),), text.encode())


def test_parts_of_a_channel_are_walked_one_by_one(tmp_path: Path) -> None:
    def url(n: int) -> str:
        return f"http://www.he.news.cn/2024050{n}/{n:032x}/c.html"

    def part(*numbers: int) -> str:
        return json.dumps(
            {
                "datasource": [
                    {"title": f"第{n}条", "publishUrl": url(n), "publishTime": f"2024-05-0{n} 08:00:00"}
                    for n in numbers
                ]
            }
        )

    names = [f"ds_{c * 32}.json" for c in "abcd"]
    front = f'<a href="{url(1)}">第1条</a>' + "".join(
        f'<div data="datasource:{n[3:-5]}" preview="{n}"></div>' for n in names
    )
    base = "http://www.he.news.cn/"
    # The first holds nothing new, the second nothing at all, and the third is missing.
    site = Pages(
        {"河北": base},
        {url(n): "<h1>x</h1>" for n in (1, 2, 3)}
        | {
            base: front,
            base + names[0]: part(1),
            base + names[1]: '{"datasource": []}',
            base + names[3]: part(1, 2, 3),
        },
    )
    crawl = Crawl(SPIDERS["xinhua"], site, tmp_path)  # type: ignore[arg-type]
    assert {page.url for page in crawl.pages} == {url(n) for n in (1, 2, 3)}
    assert [w.ended for w in crawl.walks] == ["last"]
    assert [w.region for w in crawl.walks] == ["hebei"]
