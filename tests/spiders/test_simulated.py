"""The simulated sites check themselves: a wrong simulation would make every test on top of it wrong."""

from __future__ import annotations

import functools
import itertools
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import pytest

from tests.loopback import PROJECT
from tests.simulated import SHELLS, SLUGS, VARIANTS, site
from tests.simulated.download import settings
from tests.simulated.server import record, serve

if TYPE_CHECKING:
    from tests.simulated.model import Channel, Row, SimulatedSite

ALL = [*SLUGS, *VARIANTS]
FACTS = Path(__file__).parents[3] / "shared" / "facts" / "sites.yaml"
NOWHERE = {"bingtuan"}  # no host is known for them


@pytest.fixture(scope="module", params=ALL)
def simulated(request: pytest.FixtureRequest) -> SimulatedSite:
    return site(request.param)


def text_of(simulated_site: SimulatedSite, method: str, url: str, body: bytes = b"") -> str:
    answer = simulated_site.answer(method, url, body)
    if answer.status != 200:
        return ""
    charset = re.search(r"charset=([\w-]+)", dict(answer.headers)["Content-Type"])
    return answer.body.decode(charset[1] if charset else simulated_site.encoding)


def form(**fields: object) -> bytes:
    return urlencode({name.replace("__", "[]"): str(value) for name, value in fields.items()}).encode()


def walk(simulated_site: SimulatedSite, channel: Channel) -> list[str]:
    """Every list answer of a channel, asked for page by page as a browser's script would, until a page adds nothing."""
    answers: list[str] = []
    for page in itertools.count(1):
        text = ask(simulated_site, channel, page, answers)
        if not text or text in answers or page > 40:
            return answers
        answers.append(text)
    raise AssertionError


def ask(s: SimulatedSite, channel: Channel, page: int, answers: list[str]) -> str:
    origin = urljoin(channel.url, "/")
    first = answers[0] if answers else ""
    if s.family == "jcms" and page > 1:
        column = re.search(r"/col(\d+)/", channel.url)
        assert column
        if "search.jsp" in first:
            found = re.search(r'jdid:"(\d+)".*?divid:"(\w+)"', first)
            assert found
            return (
                text_of(
                    s,
                    "POST",
                    f"{origin}module/xxgk/search.jsp?currpage={page - 1}",
                    form(jdid=found[1], divid=found[2], infotypeId="A02003"),
                )
                if page < 14
                else ""
            )
        unit, proxy = re.search(r"unitid:'(\w+)'", first), re.search(r"proxyUrl:'([^']+)'", first)
        assert unit
        assert proxy
        size = 3 * s.per_page
        window = (
            f"{origin[:-1]}{proxy[1]}?startrecord={(page - 1) * size + 1}&endrecord={page * size}&perpage={s.per_page}"
        )
        text = text_of(s, "POST", window, form(col=1, appid=1, columnid=column[1], unitid=unit[1], sourceContentType=1))
        return text if "<record>" in text else ""
    if s.family == "querylist" and page > 1:
        code = re.search(r'channelCode = "(\w+)"', first)
        assert code
        text = text_of(
            s,
            "POST",
            f"{origin}queryList",
            form(current=page - 1, pageSize=15, webSiteCode__="jxjyw", channelCode__=code[1]),
        )
        return "\n".join(result["source"]["urls"] for result in json.loads(text)["data"]["results"])
    if s.family == "label8888" and page > 1 and "label/8888" in first:
        fields = dict(re.findall(r'(organId|catId|siteId): "(\d+)"', first))
        return (
            text_of(
                s,
                "POST",
                f"{origin}site/label/8888",
                form(pageIndex=page - 1, pageSize=15, labelName="publicInfoList", **fields),
            )
            if page < 10
            else ""
        )
    if s.family == "gkmlpt" and page > 1 and "/gkmlpt/" in channel.url:
        tree = re.search(r"TREE: (\[.*?\]), POST_TYPE", first)
        assert tree
        ids = {node["name"]: node["id"] for node in json.loads(tree[1])}
        return text_of(s, "GET", f"{origin}gkmlpt/api/all/{ids[channel.name]}?page={page - 1}&sid=168").replace(
            "\\/", "/"
        )
    if s.slug in ("heilongjiang", "gansu", "sichuan") and page > 1 and 'id="list-data"' in first:
        found = re.search(r'name="channelId" content="(\w{32})"', first)
        assert found
        return results(text_of(s, "GET", f"{origin}common/search/{found[1]}?_isJson=true&_pageSize=15&page={page - 1}"))
    if s.family == "ucap" and "/common/search/" in channel.url and "_isJson=true" in channel.url:
        return results(text_of(s, "GET", re.sub(r"page=\d+$", f"page={page}", channel.url)))
    if s.family == "jpaas" and page > 1:
        query = re.search(r'queryData="\{(.*?)\}"', first)
        assert query
        fields = dict(re.findall(r"'(\w+)':'([^']*)'", query[1]))
        fields["paramJson"] = json.dumps({"pageNo": page, "pageSize": s.per_page})
        text = text_of(s, "GET", f"{origin}api-gateway/jpaas-publish-server/front/page/build/unit?{urlencode(fields)}")
        fragment = str(json.loads(text)["data"]["html"])
        return fragment if "<li" in fragment else ""
    if s.slug == "thepaper" and page > 1:
        cursor = re.findall(r'"startTime": (\d+)', answers[-1])[-1]
        body = json.dumps(
            {"channelId": channel.url.rsplit("_", 1)[1], "pageSize": 20, "startTime": int(cursor), "pageNum": page}
        ).encode()
        text = text_of(s, "POST", "https://api.thepaper.cn/contentapi/nodeCont/getByChannelId", body)
        return text if json.loads(text)["data"]["list"] else ""
    if s.slug == "xinhua":
        if "nodeart" in channel.url:
            return text_of(s, "GET", re.sub(r"pgnum=\d+", f"pgnum={page}", channel.url))
        name = re.search(r'window\.datasource = "([^"]+)"', first)
        return (
            text_of(s, "GET", urljoin(channel.url, name[1]))
            if page == 2 and name
            else text_of(s, "GET", channel.url)
            if page == 1
            else ""
        )
    if s.slug == "fujian" and "/fjdzapp/" in channel.url:
        text = text_of(s, "GET", re.sub(r"([?&])page=\d+", rf"\g<1>page={page}", channel.url))
        return text if json.loads(text)["data"] else ""
    if s.family == "gkmlpt" and "/gkmlpt/" in channel.url:
        return text_of(s, "GET", channel.url)
    return text_of(s, "GET", s.list_url(channel, page))


def results(text: str) -> str:
    return "\n".join(result["url"] for result in json.loads(text)["data"]["results"])


def is_linked(row: Row, text: str) -> bool:
    """Whether the text names the article by the end of its address, which relative links keep."""
    parts = urlsplit(row.url)
    tail = parts.path.split("/")
    name = tail[-1] + (f"?{parts.query}" if parts.query else "")
    if len(name) < 12:
        name = "/".join(tail[-2:])
    if f"{name}" not in text and "newsDetail" in name:
        name = f'"contId": "{name.rsplit("_", 1)[1]}"'
    return name in text.replace("_wap.html", ".html")


def test_every_article_is_linked_from_its_channel(simulated: SimulatedSite) -> None:
    for channel in simulated.lists:
        text = "\n".join(walk(simulated, channel))
        missing = [row.url for row in channel.rows if not is_linked(row, text)]
        assert not missing, (channel.name, len(missing), missing[:3])


def test_every_article_answers_and_states_its_title_and_date(simulated: SimulatedSite) -> None:
    for channel in simulated.lists:
        for line in channel.lines:
            row = line.row
            answer = simulated.answer("GET", row.url)
            assert answer.status == 200, row.url
            if row.document:
                assert answer.body.startswith(b"%PDF-")
                continue
            if not line.href.startswith("javascript"):
                assert simulated.answer("GET", urljoin(channel.url, line.href)).body == answer.body, line.href
            text = answer.body.decode(simulated.encoding)
            day = row.published_on
            assert row.title in text
            assert row.paragraphs[0] in text
            assert any(
                form in text
                for form in (
                    f"{day}",
                    f"{day:%Y年%m月%d日}",
                    f"{day.year}-{day.month}-{day.day}",
                    f"<em>{day:%m}</em>/<em>{day:%d}</em>",
                )
            ), row.url
            assert 120 <= sum(map(len, row.paragraphs)) <= 450


def test_the_numbers_are_right(simulated: SimulatedSite) -> None:
    urls = [article.url for article in simulated.articles]
    assert len(urls) == len(set(urls)) > 40
    assert len({article.title for article in simulated.articles}) == len(urls)
    assert not set(urls) & {article.url for article in simulated.strangers}
    for article in simulated.strangers:
        assert simulated.answer("GET", article.url).status == 200
    for channel in simulated.lists:
        assert simulated.channels[channel.name] == channel.url
        assert len(channel.pages) >= 4
        dated = [
            row.published_on for row in channel.rows if row.published_on.year >= 2024 and row.channel == channel.name
        ]
        assert dated == sorted(dated, reverse=True)
        assert dated[0] == simulated.newest


@pytest.mark.parametrize("slug", [*ALL, *SHELLS])
def test_every_page_has_a_side_list_that_is_dated_like_the_rows(slug: str) -> None:
    built = site(slug, pages=2, per_page=4, channels=None)
    pages = [*built.channels.values(), *(line.row.url for line in built.lists[0].lines[:2])]
    for url in pages:
        answer = built.answer("GET", url)
        text = answer.body.decode(built.encoding, "replace")
        if answer.status == 200 and "<body" in text:
            beside = [row for row in built.stranger_rows if is_linked(row, text)]
            assert len(beside) > 4, url
            assert any(f"<span>{row.published_on}</span>" in text for row in beside), url


def test_what_is_not_there_answers_404(simulated: SimulatedSite) -> None:
    for channel in simulated.lists:
        assert simulated.answer("GET", urljoin(channel.url, "/never/202405/t20240501_1.html")).status == 404
    assert simulated.answer("GET", "https://other.example/").status == 404
    assert simulated.traps


@pytest.mark.parametrize("slug", ["anhui", "beijing", "thepaper"])
def test_the_same_arguments_build_the_same_site(slug: str) -> None:
    one, other = site(slug), site(slug)
    assert one.articles == other.articles
    assert all(one.answer("GET", article.url) == other.answer("GET", article.url) for article in one.articles[:5])
    assert len(site(slug, pages=6, per_page=5, channels=1).lists) == 1


@pytest.mark.parametrize("slug", ALL)
def test_newer_articles_leave_the_others_as_they_are(slug: str) -> None:
    before, after = site(slug, pages=2, per_page=4), site(slug, pages=2, per_page=4, newer=3)
    known, later = set(before.articles), set(after.articles)
    added = later - known
    assert len(added) == 3 * len(after.lists)
    assert known < later
    assert len({article.url for article in later}) == len({article.title for article in later}) == len(later)
    assert {(article.published_on - after.newest).days for article in added} == {1, 2, 3}
    for channel in after.lists:
        assert {row.expected for row in channel.rows} & added <= {row.expected for row in channel.rows[:8]}


def test_sizes_can_be_chosen() -> None:
    small = site("neimenggu", pages=5, per_page=6, channels=None)
    assert [len(channel.pages) for channel in small.lists] == [5] * 5
    assert len(small.articles) == 5 * (4 * 6 + 4)


def test_facts_agree() -> None:
    """Hosts, columns and article addresses against the collected facts, where they are at hand."""
    if not FACTS.exists():
        pytest.skip("the collected facts are not beside the repository")
    facts: dict[str, dict[str, Any]] = {entry["slug"]: entry for entry in read_yaml(FACTS)}
    assert set(facts) - set(SLUGS) == NOWHERE
    assert set(SLUGS) <= set(facts)
    for slug in SLUGS:
        built, known = site(slug, channels=None, pages=1), facts[slug]
        patterns = [known[name] for name in ("article_url_regex", "article_url_regex_legacy") if known.get(name)]
        for article in built.articles:
            assert not patterns or article.document or any(re.match(pattern, article.url) for pattern in patterns), (
                article.url
            )
        listed = {column["url"] for column in known["columns"]}
        invented = {url for url in built.channels.values() if url not in listed}
        assert not invented or any("facts unknown" in trap for trap in built.traps), (slug, invented)


def read_yaml(path: Path) -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


PLANTED = (
    "one-based suffix", "createPageHTML(pages, current", "createPageHTML(records, pages", "page_div in createPageHTML", "createPage(", "countPage", "共N页",
    "stub pages", "only in onclick", "relative links", "links with ../", "protocol-relative", ":443", "twins under http and https", "cut in text, full in @title",
    "inside an HTML comment", "CDATA records", "windows of records", "encrypted unitid", "?uid=&pageNum=", "repeats its last page", "answers 404",
    "sticky old rows", "rows without dates whose URL has them", "direct PDF", "unix timestamps", "JSON strings inside JSON", "not strict JSON", "US order",
    "GBK feeds", "published while the walk runs", "unpadded dates", "without a year, whose URL has it", "_wap", "generation time", "listed in two columns",
)  # fmt: skip


@functools.cache
def all_traps() -> frozenset[str]:
    return frozenset(planted for slug in ALL for planted in site(slug, pages=1, per_page=1).traps)


@pytest.mark.parametrize("trap", PLANTED)
def test_the_trap_is_planted_somewhere(trap: str) -> None:
    assert any(trap in planted for planted in all_traps())


def page(slug: str, number: int, column: int = 0) -> str:
    simulated_site = site(slug)
    return text_of(simulated_site, "GET", simulated_site.list_url(simulated_site.lists[column], number))


def test_wrong_bases_read_page_one_again() -> None:
    for slug, folder in (
        ("hunan", "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/tzgg/"),
        ("shanghai", "https://edu.sh.gov.cn/xwzx_bsxw/"),
    ):
        built = site(slug)
        assert built.answer("GET", f"{folder}index_1.html").body == built.answer("GET", f"{folder}index.html").body
        assert built.answer("GET", f"{folder}index_2.html").body != built.answer("GET", f"{folder}index.html").body
    beijing = site("beijing")
    assert beijing.answer("GET", "https://jw.beijing.gov.cn/tzgg/index_0.html").status == 404
    assert beijing.answer("GET", "https://jw.beijing.gov.cn/tzgg/index_3.html").status == 200
    assert beijing.answer("GET", "https://jw.beijing.gov.cn/tzgg/index_4.html").status == 404


def test_pages_past_the_end() -> None:
    stub = site("neimenggu").answer("GET", "https://jyt.nmg.gov.cn/zwgk/tzgg_25132/index_4.html")
    assert stub.status == 200
    assert 200 < len(stub.body) < 500
    assert b"<a " not in stub.body
    assert page("tianjin", 9) == page("tianjin", 4)
    assert site("guangdong").answer("GET", "https://edu.gd.gov.cn/gkmlpt/api/all/1620?page=4&sid=168").status == 404


def test_page_totals_are_written_as_each_site_writes_them() -> None:
    assert "countPage = 4;" in page("beijing", 1)
    assert 'createPageHTML(4, 2, "index", "html")' in page("guizhou", 3)
    assert re.search(r'createPageHTML\(44,4,1,"index","html"\)', page("moe", 2))
    assert "createPageHTML('page_div',4, 1,'zwgklist','shtml',44)" in page("gansu", 1)
    assert "共4页" in page("tianjin", 1)
    assert "countPage" not in page("neimenggu", 1, 1)
    assert "共4页" not in page("neimenggu", 1, 1)


def test_tianjin_links_only_in_onclick() -> None:
    text = page("tianjin", 1)
    rows = re.findall(r"isDownLoad\(this,'(https://jy\.tj\.gov\.cn/[^']+)'\)", text)
    assert len(rows) == 12
    assert not [row for row in rows if f'href="{row}"' in text]


def test_gansu_rows_stand_in_a_comment_only() -> None:
    text = page("gansu", 1)
    built = site("gansu")
    outside = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    assert all(line.href in text and line.href not in outside for line in built.lists[0].pages[0])
    first, second = (
        json.loads(
            built.answer(
                "GET",
                f"https://jyt.gansu.gov.cn/common/search/e5eb2abb5014415399847ba2bb99b31f?_isJson=true&_pageSize=10&page={n}",
            ).body
        )["data"]
        for n in (1, 2)
    )
    assert first["results"][-1] == second["results"][0]
    assert (first["total"], second["total"]) == (44, 45)


def test_dataproxy_windows() -> None:
    built = site("zhejiang")
    url = "https://jyt.zj.gov.cn/module/jpage/dataproxy.jsp?startrecord=31&endrecord=45&perpage=15"
    asked = {
        "col": 1,
        "appid": 1,
        "webid": 3099,
        "path": "/",
        "columnid": 1229266336,
        "unitid": 6258453,
        "webname": "浙江省教育厅",
    }
    text = built.answer("POST", url, form(**asked)).body.decode()
    assert text.count("<record>") == 15
    assert built.lists[0].lines[30].row.url in text
    assert built.answer("GET", f"{url}&{urlencode(asked)}").body.decode() == text
    assert "<record>" not in built.answer("POST", url, form(**{**asked, "unitid": 1})).body.decode()
    shandong = site("shandong")
    encrypted = re.search(r"unitid:'(\w{64})'", page("shandong", 1))
    assert encrypted
    window = "http://edu.shandong.gov.cn/module/web/jpage/dataproxy.jsp?startrecord=1&endrecord=45&perpage=15"
    assert (
        b"<record>"
        not in shandong.answer("POST", window, form(**{**asked, "columnid": 11969, "unitid": encrypted[1]})).body
    )
    assert page("shandong", 1).count("<record>") == len(shandong.lists[0].rows)


def test_queries_by_post_only() -> None:
    built = site("jiangxi")
    assert built.answer("GET", "http://jyt.jiangxi.gov.cn/queryList?current=1").status == 405
    body = form(current=1, pageSize=15, webSiteCode__="jxjyw", channelCode__="tzgg785")
    data = json.loads(built.answer("POST", "http://jyt.jiangxi.gov.cn/queryList", body).body)["data"]
    assert len(data["results"]) == 15
    assert json.loads(data["results"][0]["source"]["urls"])["pc"] == urlsplit(built.articles[0].url).path


def test_fujian_looks_at_the_year() -> None:
    built = site("fujian")
    address = "https://jyt.fujian.gov.cn/fjdzapp/search"
    asked = {"channelid": 229105, "classsql": "(chnlid=30242)*(publishyear=2025)", "page": 1, "prepage": 500}
    whole = json.loads(built.answer("POST", address, form(**{**asked, "classsql": "chnlid=30242"})).body)
    year = json.loads(built.answer("GET", f"{address}?{urlencode(asked, quote_via=quote)}").body)
    assert len(whole["data"]) == whole["recordCount"] == len(built.lists[0].rows)
    assert all(row["docreltime"].startswith("2025") for row in year["data"])
    assert isinstance(
        json.loads(built.answer("POST", address, form(**{**asked, "classsql": "chnlid=30169"})).body)["data"][0][
            "docreltime"
        ],
        int,
    )


def test_netease_feed_is_neither_utf8_nor_json() -> None:
    raw = (
        site("netease")
        .answer("GET", "https://edu.163.com/special/002987KB/newsdata_edu_hot_02.js?callback=data_callback")
        .body
    )
    with pytest.raises(UnicodeDecodeError):
        raw.decode()
    text = raw.decode("gbk")
    assert re.search(r'"time":"05/\d\d/2024 \d\d:\d\d:00"', text)
    with pytest.raises(json.JSONDecodeError):
        json.loads(text[text.index("(") + 1 : text.rindex(")")])
    assert site("netease").answer("GET", "https://edu.163.com/special/002987KB/newsdata_edu_hot_05.js").status == 404


def test_thepaper_turns_pages_by_start_time() -> None:
    built = site("thepaper")
    address = "https://api.thepaper.cn/contentapi/nodeCont/getByChannelId"

    def listed(**body: object) -> list[str]:
        data = json.loads(
            built.answer("POST", address, json.dumps({"channelId": "25950", "pageSize": 20, **body}).encode()).body
        )["data"]
        return [row["contId"] for row in data["list"]]

    assert listed(pageNum=1) == listed(pageNum=2)
    cursor = built.lists[0].rows[19].unix * 1000
    assert not set(listed(pageNum=2, startTime=cursor)) & set(listed())
    assert json.loads(built.answer("GET", f"{address}?channelId=25950").body)["code"] == 99998


def test_bytes_are_what_the_site_declares() -> None:
    for slug in ("hebei", "people", "chce", "dbw"):
        answer = site(slug).answer("GET", site(slug).articles[0].url)
        assert ("Content-Type", "text/html") in answer.headers
        with pytest.raises(UnicodeDecodeError):
            answer.body.decode("utf-8")
    with pytest.raises(UnicodeDecodeError):
        site("hebei").answer("GET", site("hebei").articles[0].url).body.decode("gb2312")


def test_sichuan_meta_date_is_wrong_and_the_visible_one_right() -> None:
    built = site("sichuan")
    article = built.articles[0]
    text = built.answer("GET", article.url + "?version=zzzq").body.decode()
    assert 'name="PubDate" content="2024-06-14 10:16:14"' in text
    assert f"{article.published_on:%Y年%m月%d日}" in text


def test_server_answers_by_host_and_as_a_proxy() -> None:
    built, other = site("moe", channels=1), site("guangxi", channels=1)
    article, foreign = built.articles[0], other.articles[0]
    with serve(built, other) as server:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": server.url}))
        with opener.open(article.url) as answer:
            assert answer.read() == built.answer("GET", article.url).body
        request = urllib.request.Request(server.url + urlsplit(foreign.url).path, headers={"Host": "jyt.gxzf.gov.cn"})
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == other.answer("GET", foreign.url).body
        with urllib.request.urlopen(server.url + urlsplit(built.lists[0].url).path) as answer:
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        with pytest.raises(urllib.error.HTTPError) as error:
            opener.open("http://www.moe.gov.cn/nothing")
        error.value.close()
        assert server.asked[0] == ("GET", article.url)
    with pytest.raises(urllib.error.URLError):
        opener.open(article.url)


SPIDER = """
import scrapy

class Walk(scrapy.Spider):
    name = "walk"

    async def start(self):
        yield scrapy.FormRequest("http://jyt.jiangxi.gov.cn/queryList", formdata={
            "current": "1", "pageSize": "15", "webSiteCode[]": "jxjyw", "channelCode[]": "tzgg785"})
        yield scrapy.Request("https://jyt.henan.gov.cn/zwgk/zc/xzgfxwj", callback=self.html)

    def parse(self, response):
        yield {"total": response.json()["data"]["total"]}

    def html(self, response):
        yield {"url": response.url, "hrefs": response.css(".list a::attr(href)").getall()}
"""


def test_download_handler_stands_for_the_network(tmp_path: Path) -> None:
    (tmp_path / "walk.py").write_text(SPIDER)
    given = settings("jiangxi", "henan", channels=3)
    options = [part for name, value in given.items() for part in ("-s", f"{name}={value}")]
    options += ["-s", "TELNETCONSOLE_ENABLED=False", "-s", "REMOTE_CONTROL_ENABLED=False"]
    command = [sys.executable, "-m", "scrapy", "runspider", "walk.py", "-O", "items.json", *options]
    # Without the project, which other tests of this process have loaded.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("SCRAPY_")}
    environment = outside | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    found = {key: value for item in json.loads((tmp_path / "items.json").read_text()) for key, value in item.items()}
    assert found.get("total") == 3 * 15 + 10, done.stderr
    assert found["url"] == "https://jyt.henan.gov.cn/zwgk/zc/xzgfxwj/"
    assert len(found["hrefs"]) == 12


def test_recording_can_be_read_by_others(tmp_path: Path) -> None:
    archive = pytest.importorskip("warcio.archiveiterator").ArchiveIterator
    built = site("jyb", channels=1)
    path = tmp_path / "jyb.warc.gz"
    count = record(built, path)
    with path.open("rb") as file:
        records = {
            item.rec_headers["WARC-Target-URI"]: (item.http_headers.get_statuscode(), item.content_stream().read())
            for item in archive(file, check_digests=True)
        }
    assert len(records) == count
    for article in built.articles:
        assert records[article.url] == ("200", built.answer("GET", article.url).body)
    assert records["http://www.jyb.cn/rmtlistxqjy/index_4.html"][0] == "404"
    with pytest.raises(ValueError, match="cannot be listed"):
        record(site("thepaper"), tmp_path / "none.warc.gz")
