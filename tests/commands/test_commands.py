"""The maintainers' commands and the two spiders for other pages, run as a user runs them: on a site at 127.0.0.1, or on the
recorded web that the project ships."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from scrapy.http import HtmlResponse

from govcrawl.addresses import doc_id
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.storage import Storage
from govcrawl.commands import canary, probe, sites
from govcrawl.errors import BadArgument
from govcrawl.recognition import families
from govcrawl.recognition.families import FAMILIES, FEED, GENERIC, bound_to, checked_url, other_site, registrable
from govcrawl.recognition.unknown import UnknownSite, anew
from govcrawl.spiders.urls import UrlsSpider
from tests import loopback, simulated
from tests.loopback import FAST, PROJECT, Site, crawl
from tests.spiders.test_families import SETTINGS, Crawl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE = "data/sample"


def scrapy(
    data: Path, *arguments: str, modules: str = "tests.loopback_spider,govcrawl.spiders", **extra: str
) -> subprocess.CompletedProcess[str]:
    return loopback.scrapy(data, *arguments, settings=FAST | {"SPIDER_MODULES": modules}, **extra)


def landed(data: Path) -> dict[str, dict[str, Any]]:
    return (
        {row["url"]: row for row in pq.read_table(data / "articles").to_pylist()}
        if (data / "articles").exists()
        else {}
    )


@pytest.fixture(scope="module")
def small() -> Iterator[Site]:
    with Site(6) as site:
        yield site


# start


def test_commands_start_without_what_only_some_of_them_need() -> None:
    program = (
        "import sys; from scrapy.utils.misc import walk_modules; walk_modules('govcrawl.commands'); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True)
    heavy = {"pandas", "duckdb", "jinja2", "holidays", "distributed", "playwright", "trafilatura", "calamine"}
    assert "govcrawl.commands.export" in loaded.stdout.split()
    assert heavy.isdisjoint(loaded.stdout.split())


# sites


def test_the_table_of_sites_is_fresh() -> None:
    paper = (PROJECT / "docs/sites.md").read_text(encoding="utf-8")
    assert "<!-- sites -->\n" in paper
    assert "<!-- /sites -->" in paper
    assert sites.put(paper, sites.markdown(sites.table(SETTINGS))) == paper, "run: scrapy sites --write docs/sites.md"


def test_table_of_sites() -> None:
    rows = sites.table(SETTINGS)
    names = [row[0] for row in rows]
    assert names[:2] == ["moe", "beijing"]
    assert names.index("heilongjiang") < names.index("bingtuan") < names.index("gmw")
    assert len(set(names)) == len(names) >= 50
    assert ("heilongjiang", "黑龙江省教育厅", "Ucap 开普", "heilongjiang", "8", "not yet") in rows
    lines = sites.aligned(sites.COLUMNS, rows).splitlines()
    assert len(lines) == len(rows) + 1
    # Columns line up on a terminal, where a Chinese character is two cells wide.
    assert len({sites._width(line[: line.index(row[2])]) for line, row in zip(lines[1:], rows, strict=True)}) == 1


def test_a_document_without_markers_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# no table here\n", encoding="utf-8")
    done = scrapy(tmp_path, "sites", "--write", str(page))
    assert done.returncode == 2
    assert "<!-- sites -->" in done.stderr
    assert page.read_text(encoding="utf-8") == "# no table here\n"


# genspider


def test_a_template_for_every_family() -> None:
    folder = PROJECT / "govcrawl/templates/spiders"
    families = {family.module: family for family in (*FAMILIES, GENERIC, FEED)}
    assert sorted(p.stem for p in folder.glob("*.tmpl")) == sorted(families)
    for module, family in families.items():
        assert (folder / f"{module}.tmpl").read_text(encoding="utf-8") == probe.template_of(family)
        assert family.spider.__name__ == family.name


def test_genspider_makes_a_spider_that_loads(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "__init__.py").touch()
    settings = {"SPIDER_MODULES": "own", "NEWSPIDER_MODULE": "own"}
    path = {"PYTHONPATH": f"{tmp_path}:{PROJECT}"}
    arguments = ("genspider", "-t", "trs", "tongliao_edu", "https://jyj.tongliao.example/tzgg/")
    done = loopback.scrapy(tmp_path, *arguments, settings=settings, **path)
    assert done.returncode == 0, done.stderr
    text = (folder / "tongliao_edu.py").read_text(encoding="utf-8")
    assert "class TongliaoEduSpider(TrsSpider):" in text
    listed = loopback.scrapy(tmp_path, "list", settings=settings, **path)
    assert listed.stdout.split() == ["tongliao_edu"], listed.stderr


# recognise


@pytest.mark.parametrize(
    ("slug", "family"),
    [
        ("gmw", "founder"), ("jyb", "trs"), ("beijing", "trs"), ("jiangsu", "jcms"), ("zhejiang_jpaas", "jpaas"), ("sichuan", "ucap"),
        ("guangdong", "gkmlpt"), ("anhui", "label8888"), ("liaoning", "easysite"), ("yunnan", "category"), ("hebei", "column_jsp"),
        ("fujian", "was_json"), ("chce", "generic"), ("ynet", "generic"), ("people", "generic"), ("qinghai", "generic"),
    ],
)  # fmt: skip
def test_a_listing_is_recognised(slug: str, family: str) -> None:
    site = simulated.site(slug)
    channel = site.lists[0]
    answer = site.answer("GET", channel.url)
    response = HtmlResponse(channel.url, body=answer.body, headers=dict(answer.headers))
    found = families.recognise(response)
    assert found is not None
    assert found.family.module == family
    articles = [line.row.url for line in channel.pages[0] if not line.row.document]
    assert articles
    assert all(re.search(found.article_pattern, url) for url in articles)
    assert not re.search(found.article_pattern, channel.url)


@pytest.mark.parametrize(
    "slug",
    [
        "anhui", "beijing", "chce", "gansu", "gmw", "guangdong", "hebei", "hunan", "ifeng", "jiangsu", "jiangxi", "liaoning",
        "people", "qinghai", "sichuan", "xizang", "ynet", "yunnan", "zhejiang_jpaas",
    ],
)  # fmt: skip
def test_a_site_that_no_spider_knows_is_walked_to_its_end(slug: str, tmp_path: Path) -> None:
    site = simulated.site(slug)
    channel = site.lists[0]
    of = other_site(channel.url)
    walked = Crawl(anew(UnknownSite, None, of, None), site, tmp_path, channel=channel.url)
    expected = {doc_id(row.url) for row in channel.rows}
    assert {page.attempt.doc_id for page in walked.pages} == expected
    assert [w.ended for w in walked.walks] == ["last"]


def test_what_is_no_listing_is_not_recognised() -> None:
    page = '<html><body><a href="/">首页</a><a href="/about.html">关于我们的网站</a><p>2024-05-01</p></body></html>'
    assert families.recognise(HtmlResponse("https://x.example/a.html", body=page.encode(), encoding="utf-8")) is None


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("https://jyt.hlj.gov.cn/a.html", "hlj.gov.cn"), ("http://www.163.com/", "163.com"), ("http://a.b.example.com.cn/", "example.com.cn"),
        ("http://127.0.0.1:8000/x", "127.0.0.1"), ("http://gov.cn/", "gov.cn"),
    ],
)  # fmt: skip
def test_registrable(url: str, owner: str) -> None:
    assert registrable(url) == owner


def test_a_pattern_is_bound_to_its_site() -> None:
    pattern = re.compile(bound_to("http://127.0.0.1:8000/list/", r"/\d+\.html$"))
    assert pattern.search("http://127.0.0.1:8000/a/1.html")
    assert not pattern.search("http://127.0.0.1:8001/a/1.html")
    assert not pattern.search("http://evil.example/127.0.0.1:8000/1.html")


def test_addresses_are_checked() -> None:
    assert checked_url("https://x.example/a?b=c", "here") == "https://x.example/a?b=c"
    for bad in ("", "x.example/a", "ftp://x.example/", "https://", "https:///a", "http://[::1/", "javascript:alert(1)"):
        with pytest.raises(BadArgument, match="here: "):
            checked_url(bad, "here")


# crawl site


def test_site_walks_a_listing_it_recognises(small: Site, tmp_path: Path) -> None:
    done = crawl(tmp_path, "site", "-a", f"start={small.listing}", settings={"SPIDER_MODULES": "govcrawl.spiders"})
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    rows = landed(tmp_path)
    assert set(rows) == small.urls()
    assert {(row["site"], row["site_kind"]) for row in rows.values()} == {("127.0.0.1", "other")}
    again = crawl(tmp_path, "site", "-a", f"start={small.listing}", settings={"SPIDER_MODULES": "govcrawl.spiders"})
    assert again.returncode == 0
    assert "ended at: known (complete)" in again.stdout


def test_site_of_a_known_host_is_that_spiders(tmp_path: Path) -> None:
    url = "https://difang.gmw.cn/hlj/node_12836.htm"
    done = crawl(tmp_path, "site", "-a", f"start={url}", "-a", "sample=1", GOVCRAWL_REPLAY=SAMPLE)
    assert done.returncode == 3, done.stdout + done.stderr[-3000:]
    assert "channel 黑龙江 要闻: 1 list pages" in done.stdout
    assert {row["site"] for row in landed(tmp_path).values()} == {"gmw"}


def test_site_says_when_a_page_is_no_listing(small: Site, tmp_path: Path) -> None:
    small.answers["/about.html"] = (200, {"Content-Type": "text/html"}, b"<p>nothing here</p>")
    done = crawl(
        tmp_path, "site", "-a", f"start={small.base}/about.html", settings={"SPIDER_MODULES": "govcrawl.spiders"}
    )
    assert done.returncode == 4
    assert "links nothing that looks like articles" in done.stderr


def test_a_list_that_cannot_be_read_is_no_success(small: Site, tmp_path: Path) -> None:
    small.answers["/feed.js"] = (200, {"Content-Type": "application/javascript"}, b'data_callback([{"a": }}')
    done = crawl(tmp_path, "site", "-a", f"start={small.base}/feed.js", settings={"SPIDER_MODULES": "govcrawl.spiders"})
    assert done.returncode == 4
    assert "(incomplete)" in done.stdout


# crawl urls


def test_urls_go_to_the_sites_that_own_them(tmp_path: Path) -> None:
    given = [json.loads(line) for line in (PROJECT / "tests/web/gold.jsonl").read_text(encoding="utf-8").splitlines()]
    copies = [g for g in given if g["site"].count(".") >= 1]
    own = [g for g in given if g["site"] == "gmw"][:2]
    assert len(copies) >= 4
    file = tmp_path / "urls.txt"
    file.write_text(
        "# pages\n\n" + "\n".join(f"{g['url']}  # again" for g in [*copies, *own, *own]) + "\n", encoding="utf-8"
    )
    done = crawl(tmp_path / "data", "urls", "-a", f"file={file}", GOVCRAWL_REPLAY=SAMPLE)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    rows = landed(tmp_path / "data")
    assert {g["url"] for g in [*copies, *own]} == set(rows)
    assert {rows[g["url"]]["site"] for g in own} == {"gmw"}
    assert {rows[g["url"]]["site"] for g in copies} == {g["site"] for g in copies}
    again = crawl(tmp_path / "data", "urls", "-a", f"file={file}", GOVCRAWL_REPLAY=SAMPLE)
    assert again.returncode == 0
    assert "article requests" not in again.stdout
    assert landed(tmp_path / "data").keys() == rows.keys()


def test_urls_of_a_site_that_another_run_holds(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("https://difang.gmw.cn/a.htm\nhttps://news.example/a.htm\n", encoding="utf-8")
    storage = Storage(str(tmp_path / "data"))
    storage.prepare()
    lock = SiteLock(storage, "gmw", "gmw-another")
    lock.acquire()
    try:
        done = crawl(tmp_path / "data", "urls", "-a", f"file={file}", GOVCRAWL_REPLAY=SAMPLE)
    finally:
        lock.release()
    assert done.returncode == 7, done.stdout + done.stderr[-2000:]
    assert "gmw" in done.stdout
    assert not list((tmp_path / "data").glob("captures/**/*.parquet")), "nothing was asked"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http://x.example/1\n\nnot a url\n", "line 3: 'not a url' is no address"),
        ("# only a comment\n", "holds no address"),
        ("", "holds no address"),
    ],
)
def test_a_bad_file_of_urls_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadArgument) as found:
        UrlsSpider(file=str(file))
    assert problem in str(found.value)
    assert str(file) in str(found.value)


def test_bad_arguments_of_urls_are_refused(tmp_path: Path) -> None:
    for arguments, problem in (
        ({}, "needs one argument"),
        ({"files": "x"}, r"no argument 'files' \(did you mean file"),
        ({"file": "x", "url": "http://x.example/"}, "needs one argument"),
        ({"file": str(tmp_path / "none")}, "No such file"),
        ({"file": str(tmp_path)}, "cannot be read"),
    ):
        with pytest.raises(BadArgument, match=problem):
            UrlsSpider(**arguments)
    binary = tmp_path / "gbk.txt"
    binary.write_bytes("http://x.example/中文".encode("gb18030"))
    with pytest.raises(BadArgument, match="not UTF-8"):
        UrlsSpider(file=str(binary))


# probe


def test_probe_shows_and_drafts(small: Site, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    draft = tmp_path / "own/xincheng.py"
    done = scrapy(tmp_path / "data", "probe", "-o", str(draft), small.listing, modules="govcrawl.spiders")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "Founder node/content" in done.stdout
    assert "rows      6 on the first page" in done.stdout
    assert "title         黑龙江省第6号教育消息" in done.stdout
    text = draft.read_text(encoding="utf-8")
    ast.parse(text)
    assert "class XinchengSpider(FounderSpider):" in text
    assert small.listing in text
    assert not (tmp_path / "data").exists(), "a probe leaves nothing in the archive"
    again = scrapy(tmp_path / "data", "probe", "-o", str(draft), small.listing)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert draft.read_text(encoding="utf-8") == text
    (tmp_path / "own/__init__.py").touch()
    path = {"PYTHONPATH": f"{tmp_path}:{PROJECT}"}
    crawled = crawl(tmp_path / "data", "xincheng", settings={"SPIDER_MODULES": "own"}, **path)
    assert crawled.returncode == 0, crawled.stdout + crawled.stderr[-3000:]
    assert set(landed(tmp_path / "data")) == small.urls()


def test_probe_refuses_what_is_no_address(tmp_path: Path) -> None:
    done = scrapy(tmp_path, "probe", "news.example")
    assert done.returncode == 2
    assert "'news.example' is no address" in done.stderr


# explain


def test_explain_a_file(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    text = "<p>读书节那天，山野小学的孩子们带来了自己最喜欢的书，在操场上读给大家听。</p>"
    file.write_text(
        f"<title>读书节</title><h1>山野小学的读书节</h1><p>2024-03-12 来源：转载文章</p>{text}<p>来源：白石日报</p>",
        "utf-8",
    )
    done = scrapy(tmp_path / "data", "explain", str(file), "--site", "heilongjiang", modules="govcrawl.spiders")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "source        白石日报\n              by label 来源 below the text" in done.stdout
    assert "not 转载文章: a word that names no source" in done.stdout
    assert "province      heilongjiang\n              by site" in done.stdout
    assert "  + 读书节那天" in done.stdout
    assert not (tmp_path / "data").exists(), "an explanation leaves nothing in the archive"


def test_explain_an_address(small: Site, tmp_path: Path) -> None:
    done = scrapy(tmp_path / "data", "explain", min(small.urls()))
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert re.search(r"title         黑龙江省第\d号教育消息\n              by line", done.stdout)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "give one address or file"),
        (("missing.html",), "'missing.html' is no address"),
        (("README.md", "--site", "nowhere"), "unknown site 'nowhere'"),
        (("README.md", "--url", "nowhere"), "--url: 'nowhere' is no address"),
    ],
)
def test_explain_refuses(arguments: tuple[str, ...], why: str, tmp_path: Path) -> None:
    done = scrapy(tmp_path, "explain", *arguments)
    assert done.returncode == 2
    assert why in done.stderr


def test_explain_says_what_did_not_come(small: Site, tmp_path: Path) -> None:
    done = scrapy(tmp_path, "explain", small.listing.rsplit("/", 1)[0] + "/no-such-page.html")
    assert done.returncode == 2
    assert "404" in done.stderr


# canary


def test_canary_tells_how_sites_are(small: Site, tmp_path: Path) -> None:
    found = tmp_path / "canary.json"
    arguments = ("canary", "loopback", "--json", str(found), "-a", f"channel={small.listing}")
    done = scrapy(tmp_path / "data", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    one = json.loads(found.read_text(encoding="utf-8"))[0]
    assert (one["site"], one["state"]) == ("loopback", "ok")
    assert [c["rows"] for c in one["channels"]] == [6]
    assert one["article"]["fields"]["title"]
    assert one["article"]["fields"]["published_on"]
    assert not one["article"]["fields"]["doc_number"]
    assert re.fullmatch(r"site +state +fields +rows per channel\nloopback +ok +\d/9 +\S+ 6\n", done.stdout)
    assert not (tmp_path / "data").exists(), "a canary leaves nothing in the archive"
    assert sum(small.asked[small.path_of(n)] for n in range(1, 7)) < 30


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        ((412, {}, b"<script>challenge</script>"), "blocked", 5),
        ((500, {}, b"oops"), "unreachable", 3),
        ((200, {"Content-Type": "text/html"}, "<p>改版公告</p>".encode()), "changed", 4),
        ((404, {}, b"gone"), "changed", 4),
    ],
)
def test_canary_tells_what_is_wrong(answer: Any, state: str, code: int, tmp_path: Path) -> None:
    with Site(3) as site:
        site.answers["/node_1.htm"] = answer
        done = scrapy(tmp_path / "data", "canary", "loopback", "-a", f"channel={site.listing}")
        assert done.stdout.splitlines()[1].split()[:2] == ["loopback", state], done.stdout + done.stderr[-2000:]
        assert done.returncode == code


def test_canary_of_a_spider_without_channels_says_why(tmp_path: Path) -> None:
    done = scrapy(tmp_path / "data", "canary", "qq")
    assert done.returncode == 2
    assert "knows no channel yet" in done.stdout


def test_canary_of_an_unknown_site(tmp_path: Path) -> None:
    done = scrapy(tmp_path / "data", "canary", "helongjiang")
    assert done.returncode == 2
    assert "unknown site 'helongjiang' (did you mean heilongjiang" in done.stderr


def test_a_finding_as_a_row() -> None:
    one = {
        "site": "x",
        "state": "ok",
        "why": "",
        "channels": [{"name": "要闻", "rows": 3}],
        "article": {"fields": {"title": True, "text": False}},
    }
    assert canary.cells(one) == ("x", "ok", "1/2", "要闻 3", "")
