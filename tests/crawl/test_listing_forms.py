"""Forms in which sites write their lists and pagers: whole crawls of a listing that no spider knows, on loopback."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from tests.loopback import Site, crawl, sentence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
UNKNOWN = {"SPIDER_MODULES": "govcrawl.spiders", "RETRY_TIMES": "0"}  # no spider has this host
SIDE = "".join(
    f"<li><a href='/tz/202301/t202301{k:02d}_{k}.html'>点得多的第{k}条消息的题目</a><em>2023-01-{k:02d}</em></li>"
    for k in range(1, 9)
)


def day(number: int) -> date:
    return date(2024, 1, 1) + timedelta(days=number)


def path(number: int) -> str:
    return f"/tz/{day(number):%Y%m}/t{day(number):%Y%m%d}_{1000 + number}.html"


def title(number: int) -> str:
    return f"关于第{number}号工作安排的通知"


def article(number: int) -> bytes:
    body = "".join(f"<p>{sentence(number * 10 + k)}</p>" for k in range(4))
    return f"<title>{title(number)}</title><h1>{title(number)}</h1><p>时间：{day(number)} 08:30</p><div class=content>{body}</div>".encode()


def row(number: int, href: str | None = None) -> str:
    return f"<li><a href='{href or path(number)}'>{title(number)}</a><span>{day(number)}</span></li>"


def page(inner: str, head: str = "", side: str = SIDE) -> bytes:
    box = f"<div class=fr><h3>热门信息</h3><ul>{side}</ul></div>"
    return f"<html><head><title>通知公告</title>{head}</head><body>{box}<div class=list>{inner}</div></body></html>".encode()


def rows(numbers: Any) -> str:
    return f"<ul>{''.join(map(row, numbers))}</ul>"


def walk(site: Site, data: Path, first: str = "/tz/") -> tuple[int, list[int], str]:
    """Exit code, the numbers of the articles that landed, and what was printed."""
    done = crawl(data, "site", "-a", f"start={site.base}{first}", settings=UNKNOWN)
    found = pq.read_table(data / "articles").to_pylist() if (data / "articles").exists() else []
    assert {r["title"] for r in found} <= {title(n) for n in range(1, 99)}
    return done.returncode, sorted(int(r["title"][3:].partition("号")[0]) for r in found), done.stdout


ONE_PAGE: dict[str, Callable[[int], str]] = {
    "backslashes": lambda n: row(n, path(n).replace("/", "\\")),
    "line ends": lambda n: row(n, f"\n {path(n)[:8]}\n{path(n)[8:]} "),
    "options": lambda n: f"<option value='{path(n)}'>{title(n)} {day(n)}</option>",
    "areas": lambda n: f"<area shape=rect coords='0,{n},9,9' href='{path(n)}' alt='{title(n)}'>",
    "calls of rows": lambda n: f"<tr onclick=\"window.open('{path(n)}')\"><td>{title(n)}<td>{day(n)}</tr>",
    "data of items": lambda n: f"<li data-url='{path(n)}'>{title(n)}<span>{day(n)}</span></li>",
    "written by a script": lambda n: f'<script>document.write("{row(n)}");</script>',
    "added by a script": lambda n: row(n).join(('h += "', '";\n')),
    "text field": row,
}
AROUND = {
    "options": "<select onchange='go(this)'>{}</select>",
    "areas": "<img src=/m.jpg usemap='#m'><map name=m>{}</map>",
    "calls of rows": "<table>{}</table>",
    "added by a script": "<ul id=l></ul><script>var h = '';\n{}$('#l').html(h);</script>",
    "text field": "<ul id=l></ul><textarea hidden>{}</textarea>",
}


@pytest.mark.parametrize("form", ONE_PAGE)
def test_rows(form: str, tmp_path: Path) -> None:
    with Site(0) as site:
        inner = "".join(map(ONE_PAGE[form], range(1, 11)))
        if form == "written by a script":
            inner = f"<ul><script>{inner.replace('<script>', '').replace('</script>', '')}</script></ul>"
        site.answers["/tz/"] = 200, HTML, page(AROUND.get(form, "<ul>{}</ul>").format(inner))
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 11)}
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (0, list(range(1, 11))), said
        assert not site.asked["/tz/202301/t20230101_1.html"]


def test_few_rows_that_a_script_writes_are_not_the_list(tmp_path: Path) -> None:
    with Site(0) as site:
        slides = "".join(f'document.write("{row(n)}");' for n in range(1, 6))
        site.answers["/tz/"] = 200, HTML, page(f"<script>{slides}</script><ul class=list></ul>")
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (4, []), said


@pytest.mark.parametrize(
    ("base", "first", "href"),
    [
        ("/tz/", "/col/list.html", lambda n: path(n)[4:]),
        ("{}/", "/tz/", lambda n: path(n)[1:]),
        ("http://192.168.3.7:8080/oa/", "/tz/", path),
    ],
)
def test_links_are_joined_to_the_base(base: str, first: str, href: Callable[[int], str], tmp_path: Path) -> None:
    with Site(0) as site:
        inner = f"<ul>{''.join(row(n, href(n)) for n in range(1, 9))}</ul>"
        site.answers[first] = 200, HTML, page(inner, f'<base href="{base.format(site.base)}">')
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 9)}
        code, landed, said = walk(site, tmp_path, first)
        assert (code, landed) == (0, list(range(1, 9))), said


@pytest.mark.parametrize(
    "above",
    [
        f"<div class=pic><a href='{path(1)}'><img src=/1.jpg></a><a href='{path(1)}'>{title(1)}</a></div>",
        f"<h2><a href='{path(1)}'>{title(1)}</a></h2><p>摘要：各学校要提前安排。</p>",
    ],
)
def test_the_story_above_the_list_is_a_row(above: str, tmp_path: Path) -> None:
    with Site(0) as site:
        site.answers["/tz/"] = 200, HTML, page(above + rows(range(2, 11)))
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 11)}
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (0, list(range(1, 11))), said


def test_a_list_whose_charset_is_not_the_one_declared(tmp_path: Path) -> None:
    """Its headings are read, and so the box beside it is told; a page without text is called as its row is."""
    with Site(0) as site:
        site.answers["/tz/"] = 200, HTML, page(rows(range(1, 9))).decode().encode("gbk")
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(2, 9)}
        site.answers[path(1)] = 200, HTML, b"<html><div id=app></div><script src=/a.js></script></html>"
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (3, list(range(1, 9))), said


def test_the_number_of_a_session_makes_no_other_article(tmp_path: Path) -> None:
    with Site(0) as site:
        site.answers |= {f"/tz/show.jsp?id={n}": (200, HTML, article(n)) for n in range(1, 9)}
        for session in ("0A1B.node1", "7F3C!-99"):
            hrefs = [f"/tz/show.jsp;jsessionid={session}?id={n}" for n in range(1, 9)]
            inner = "".join(row(n, href) for n, href in enumerate(hrefs, 1))
            site.answers["/tz/"] = 200, HTML, page(f"<ul>{inner}</ul>", side="")
            code, landed, said = walk(site, tmp_path)
            assert (code, landed) == (0, list(range(1, 9))), said
        assert site.asked["/tz/show.jsp?id=3"] == 1


POST = "<a href=\"javascript:__doPostBack('pager','{next}')\">下一页</a>"
CALL = "<a href='javascript:goPage({next})'>下一页</a>"
FORM = "<form action='/tz/list.jsp' method={}><input type=hidden name=col value=7><input name=pageNo value={{here}}></form>"
# Form of the pager → the address of its pages after the first, and how it is written.
PAGERS: dict[str, tuple[str, str]] = {
    "button": (
        "/tz/list.jsp?p={}",
        "<input type=button value='下一页' onclick=\"location.href='/tz/list.jsp?p={next}'\">",
    ),
    "call with an address": (
        "/tz/l.jsp?p={}",
        "<a href=\"javascript:window.open('l.jsp?p={next}','_self')\">下一页</a>",
    ),
    "cursor": ("/tz/more?cursor=c{}", "<a class=more href='/tz/more?cursor=c{next}'>加载更多</a>"),
    "picture": ("/tz/list_{}.html", "<a href='/tz/list_{next}.html'><img src=/n.gif alt='下一页'></a>"),
    "folders": ("/tz/p/{}/", "<a href='/tz/p/{next}/'>下一页&gt;</a><a href='/tz/p/4/'>末页</a>"),
    "count of zero": ("/tz/index_{before}.html", "<script>createPageHTML(0, {before}, 'index', 'html');</script>"),
    "form": ("/tz/list.jsp?col=7&pageNo={}", "第{here}页/共4页" + CALL + FORM.format("get")),
    "posted form": ("POST /tz/list.jsp col=7&pageNo={}", "<b>{here}</b>/4页" + CALL + FORM.format("post")),
    "posted back": (
        "POST /tz/ __VIEWSTATE=s{before}&__EVENTTARGET=pager&__EVENTARGUMENT={}",
        "<form method=post action='/tz/'><input type=hidden name=__VIEWSTATE value=s{here}>第{here}页，共4页 {post}</form>",
    ),
}


def paged(site: Site, form: str) -> None:
    address, pager = PAGERS[form]
    for number in range(1, 5):
        named = {"here": number, "next": number + 1, "before": number - 1}
        inner = rows(range(number * 8 - 7, number * 8 + 1)) + (
            pager.replace("{post}", POST) if number < 4 else ""
        ).format(**named)
        where = "/tz/" if number == 1 else address.format(number, **named)
        site.answers[where] = 200, HTML, page(inner)
    site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 33)}


@pytest.mark.parametrize("form", PAGERS)
def test_pagers(form: str, tmp_path: Path) -> None:
    with Site(0) as site:
        paged(site, form)
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (0, list(range(1, 33))), said


@pytest.mark.parametrize(
    "form",
    [
        "",
        "<form action='/search'><input name=q><input type=hidden name=page value=1></form>",
        "<form action='http://other.example.org/list'><input type=hidden name=page value=1></form>",
    ],
    ids=["none", "a search", "another site"],
)
def test_a_pager_that_tells_no_address_is_told(form: str, tmp_path: Path) -> None:
    with Site(0) as site:
        pager = "第<b>1</b>页/共<b>4</b>页" + CALL.format(next=2)
        site.answers["/tz/"] = 200, HTML, page(rows(range(1, 9)) + pager + form)
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 9)}
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (3, list(range(1, 9))), said
        assert "page 1 of 4, but no address of the next" in said
        assert not [path for path in site.asked if path.startswith("/search")]


@pytest.mark.parametrize("error", [page("<p>系统繁忙，请稍后再试</p>", side=""), page("", side=""), b""])
def test_a_page_without_rows_between_others(error: bytes, tmp_path: Path) -> None:
    """It is told, the rows behind it land, and the next run brings its own."""
    with Site(0) as site:
        for number in range(1, 6):
            inner = (
                rows(range(number * 8 - 7, number * 8 + 1))
                + f"<script>createPageHTML(5,{number - 1},'index','html')</script>"
            )
            site.answers["/tz/" if number == 1 else f"/tz/index_{number - 1}.html"] = 200, HTML, page(inner)
        whole = site.answers["/tz/index_2.html"]
        site.answers["/tz/index_2.html"] = 200, HTML, error
        site.answers |= {path(n): (200, HTML, article(n)) for n in range(1, 41)}
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (3, [n for n in range(1, 41) if not 16 < n < 25]), said
        assert "/tz/index_2.html has no rows, but the page after it has" in said
        site.answers["/tz/index_2.html"] = whole
        code, landed, said = walk(site, tmp_path)
        assert (code, landed) == (0, list(range(1, 41))), said


def test_a_listing_whose_articles_are_all_gone_is_told(tmp_path: Path) -> None:
    with Site(0) as site:
        site.answers["/tz/"] = 200, HTML, page(rows(range(1, 9)))
        code, _, said = walk(site, tmp_path)
        assert code == 3, said
        assert "8 articles: not_found, every one that was asked for" in said
        report = json.loads(max(tmp_path.glob("runs/**/*.json")).read_text())
        assert report["status"] == "partial"
