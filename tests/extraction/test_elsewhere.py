"""Content that does not stand in its page: recognised, and read once its parts are there."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govcrawl.extraction import Page, clean, elsewhere, extract, metadata, parts, quality, shown, written
from tests.forms import (
    ATTACHED,
    BASE,
    BODY,
    DOCUMENT_SHOWN,
    LEADS,
    MARK,
    SCAN,
    SCANNED,
    TEXT_ELSEWHERE,
    TITLE,
    UNREADABLE,
    URL,
    further,
    page,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = Path(__file__).parents[3] / "shared" / "cases"


def whole(markup: str, others: Mapping[str, str], url: str = URL, **hints: Any) -> tuple[Page, list[str]]:
    """A page with the parts that it asks for, and their paths; what is not among `others` cannot be had."""
    read = Page(markup.encode(), url, **hints)
    asked: list[str] = []
    while wanted := parts.wanted(read):
        for address in wanted:
            path = address.removeprefix(BASE)
            asked.append(path)
            body = others.get(path)
            parts.bring(read, address, body.encode() if body is not None else None)
    return read, asked


@pytest.mark.parametrize("form", TEXT_ELSEWHERE)
def test_text_elsewhere(form: str) -> None:
    markup, others = TEXT_ELSEWHERE[form]
    read, asked = whole(markup, others)
    assert [path for path in asked if path in others] == list(others)
    got, said = clean(read), metadata(read)
    assert got.text.count(MARK) == 5
    assert "热门" not in got.text
    assert (said.title, said.published_on, said.source) == (TITLE, date(2024, 3, 12), "青溪县教育局")
    assert not {"truncated", "short"} & set(quality(read))


@pytest.mark.parametrize("form", DOCUMENT_SHOWN)
def test_documents_shown(form: str) -> None:
    body, path = DOCUMENT_SHOWN[form]
    got = extract(page(body).encode(), URL)
    assert [a.url for a in got.attachments] == [BASE + path]
    assert (got.title, got.text, got.published_on) == (TITLE, "", date(2024, 3, 12))
    assert "attachment_only" in got.quality


@pytest.mark.parametrize("form", ATTACHED)
def test_attachments_behind_calls_and_attributes(form: str) -> None:
    got = extract(page(f"{BODY}<p>附件：{ATTACHED[form]}</p>").encode(), URL)
    assert [a.url for a in got.attachments] == [f"{BASE}/f/x.xls"]
    assert got.text.count(MARK) == 5


@pytest.mark.parametrize(
    ("link", "attached"),
    [
        ("<a href='/api/file/33' download='名单.xls'>名单</a>", True),
        ("<a href='/api/file/33' title='名单.xls'>名单</a>", True),
        ("<a href='..\\\\api\\\\file\\\\33.xls'>名单</a>", True),
        ("<a href='/gg/33.html' title='名单.xls'>名单</a>", False),
    ],
)
def test_links_that_name_their_file(link: str, attached: bool) -> None:
    got = extract(page(f"{BODY}<p>附件：{link}</p>").encode(), f"{BASE}/gg/1.html")
    assert [a.url.startswith(f"{BASE}/api/file/33") for a in got.attachments] == [True] * attached


REST = BODY.replace(MARK, f"其余{MARK}")
TURNS = "<div class=fy><a href='javascript:go(1)'>1</a> <a href='javascript:go(2)'>2</a> <a href='#'>下一页</a></div>"


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (f"{BODY}<div id=more style='display:none'>{REST}</div><a onclick=x href='#'>展开全文</a>", 10),
        (f"{BODY}<div class=rest hidden>{REST}</div><p>点击查看余下全文 &gt;&gt;</p>", 10),
        (f"<div class=pg>{BODY}</div><div class=pg style='display:none'>{REST}</div>{TURNS}", 10),
        (f"<div class=pg>{BODY}</div><div class=pg hidden>{REST}</div><a href='#'>1</a> <a href='#'>2</a>", 10),
        (f"<div class=pg>{BODY}</div><div class=pg style='display:none'>{REST}</div>", 5),
        (f"<div class=pg>{BODY}</div><div class=other style='display:none'>{REST}</div>{TURNS}", 5),
        (
            f"<div class=pg>{BODY}</div><div class=pg style='display:none'>{REST}</div><a href='/gg/2.html'>下一页</a>",
            5,
        ),
        (f"{BODY}<div style='position:absolute;left:-9999px'>{REST}</div><a href='#'>展开全文</a>", 5),
    ],
    ids=[
        "folded",
        "hidden attribute",
        "turned by a script",
        "numbers",
        "tabs",
        "another box",
        "another page",
        "off the screen",
    ],
)
def test_what_a_reader_unfolds(body: str, count: int) -> None:
    assert extract(page(body).encode(), URL).text.count(MARK) == count


def test_characters_of_the_pages_own_font_are_missing_and_told() -> None:
    own = {"学": "\ue001", "校": "\ue002", "的": "\ue003", "检": "\ue004"}
    coded = "".join(own.get(character, character) for character in BODY)
    assert "unmapped_characters" in extract(page(coded).encode(), URL).quality
    signs = BODY.replace("<p>", "<p>\uf0b2 ") + "<p>字体图标<i class=iconfont>\ue601</i></p>"
    assert not extract(page(signs).encode(), URL).quality


@pytest.mark.parametrize("form", SCANNED)
def test_scanned_notices(form: str) -> None:
    read, _ = whole(page(SCANNED[form]), {"/scan.html": SCAN})
    got = clean(read)
    assert [i.url for i in got.images] == [f"{BASE}/u/1.jpg", f"{BASE}/u/2.jpg"]
    assert "image_only" in quality(read)
    assert metadata(read).title == TITLE


@pytest.mark.parametrize("form", UNREADABLE)
def test_what_cannot_be_read_is_named(form: str) -> None:
    markup, shows = UNREADABLE[form]
    read, _ = whole(markup, {})
    assert (clean(read).text, clean(read).form) == ("", shows)
    assert clean(read).page_type != "article"


def test_a_listed_page_shows_its_header_although_it_has_no_text() -> None:
    markup, _ = UNREADABLE["application"]
    read = Page(markup.encode(), URL, listed_title=TITLE)
    assert clean(read).form == "script"
    assert (metadata(read).published_on, metadata(read).source) == (date(2024, 3, 12), "青溪县教育局")


PAGER = "<div class='fy'><a href='t20240312_17_1.html'>2</a><a href='t20240312_17_2.html'>3</a><a href='t20240312_17_1.html'>下一页</a></div>"
TWO, THREE = "/gg/202403/t20240312_17_1.html", "/gg/202403/t20240312_17_2.html"


@pytest.mark.parametrize(
    ("more", "others", "url"),
    [
        (PAGER, {TWO: further(2), THREE: further(3)}, URL),
        ('<script>createPageHTML(3, 0, "t20240312_17", "html");</script>', {TWO: further(2), THREE: further(3)}, URL),
        (
            "<script>createPageHTML('page', 3, 0,'t20240312_17','html',60);</script>",
            {TWO: further(2), THREE: further(3)},
            URL,
        ),
        (
            "<a href='?id=3&page=2'>下一页</a>",
            {
                "/show.jsp?id=3&page=2": further(2)
                + "<a href='?id=3&page=1'>上一页</a><a href='?id=3&page=3'>下一页</a>",
                "/show.jsp?id=3&page=3": further(3),
            },
            f"{BASE}/show.jsp?id=3",
        ),
        (
            "<a href='88_2.shtml'>[2]</a>",
            {"/a/88_2.shtml": further(2) + "<a href='88_3.shtml'>下页</a>", "/a/88_3.shtml": further(3)},
            f"{BASE}/a/88.shtml",
        ),
        (
            "<script>createPageHTML('page', 3, 1, 't20240312_17', 'html', 3);</script>",
            {TWO.replace("_1.", "_2."): further(2), TWO.replace("_1.", "_3."): further(3)},
            URL,
        ),
        (
            "<select onchange='go(this)'><option value='t20240312_17_1.html'>2<option value='t20240312_17_2.html'>3</select>",
            {TWO: further(2), THREE: further(3)},
            URL,
        ),
        (
            "<a onclick=\"location.href='t20240312_17_1.html'\">下一页</a><script>var p = ['t20240312_17_2.html'];</script>",
            {TWO: further(2), THREE: further(3)},
            URL,
        ),
        (
            "<a href='9-2.htm'>2</a><a href='9-3.htm'>尾页</a>",
            {"/9-2.htm": further(2), "/9-3.htm": further(3)},
            f"{BASE}/9.htm",
        ),
    ],
    ids=[
        "pager",
        "createPageHTML",
        "createPageHTML with a count first",
        "query",
        "chain",
        "createPageHTML from 1 on",
        "options",
        "scripts",
        "dash",
    ],
)
def test_articles_on_several_pages(more: str, others: dict[str, str], url: str) -> None:
    read, asked = whole(page(BODY + more), others, url)
    assert asked == list(others)
    text = clean(read).text
    assert text.count(MARK) == 15
    assert text.index("第2页") < text.index("第3页")
    assert "truncated" not in quality(read)


def test_a_page_that_is_lost_or_repeats() -> None:
    lost, _ = whole(page(BODY + PAGER), {TWO: further(2)})
    assert clean(lost).text.count(MARK) == 10
    assert "truncated" in quality(lost)
    same = page(BODY + "<a href='?page=2'>2</a>")
    repeated, _ = whole(same, {"/a.html?page=2": same}, f"{BASE}/a.html")
    assert clean(repeated).text.count(MARK) == 5


@pytest.mark.parametrize(
    "more",
    [
        "<a href='t20240312_18.html'>下一页</a>",
        "<a href='t20240313_3.html'>下一篇</a>",
        "<a href='/gg/index_2.html'>2</a>",
        "<a href='http://other.example.org/gg/202403/t20240312_17_2.html'>2</a>",
        '<script>createPageHTML(30, 0, "index", "html");</script>',
        "<a href='t20240312_17.html?page=abc'>2</a>",
    ],
)
def test_other_pages_are_no_further_pages(more: str) -> None:
    _, asked = whole(page(BODY + more), {})
    assert not asked


LEAVING = "您访问的链接即将离开本站，是否继续访问？如您继续，将打开新的页面，请您谨慎选择。"
OTHER = json.dumps({"rows": [{"title": "另一项工作的通知", "content": BODY}]})


@pytest.mark.parametrize(
    "more",
    [
        f"<script>function out(u) {{ layer.open({{content: '<p>{LEAVING}</p>'}}) }}</script>",
        f"<script>var h = '<div>'; h += '<p>{LEAVING}</p>'; h += '<p>{LEAVING}</p>'; $('#pop').html(h)</script>",
        f"<script>var words = '{LEAVING}';</script>",
        f"<div id=popContent style='display:none'><p>{LEAVING * 3}</p></div>",
        f"<div class=con_box style='display:none'><p>{LEAVING}</p></div>",
    ],
)
def test_what_programs_say_is_no_text_of_a_scanned_notice(more: str) -> None:
    read, _ = whole(page(SCANNED["plain"] + more), {})
    assert (clean(read).text, len(clean(read).images)) == ("", 2)
    assert "image_only" in quality(read)


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("$.getJSON('/api/related?id=17')", OTHER),
        ("$.getJSON('/api/list')", json.dumps([{"title": f"{TITLE}（{k}）", "content": BODY} for k in range(6)])),
        (
            "$('#foot').load('/inc/sm.html')",
            "<p>主办单位：青溪县教育局</p><p>地址：人民路1号，邮编：100000，欢迎来访。</p>",
        ),
        ("$.get('/api/hits?id=17')", "3"),
        ("$.ajax({url: '/api/save', type: 'post'})", _answer := json.dumps({"content": BODY})),
        ("$.getJSON('http://other.example.org/api/17')", _answer),
    ],
)
def test_what_scripts_ask_for_is_not_always_the_article(script: str, answer: str) -> None:
    asked: list[str] = []

    class Everywhere(dict[str, str]):
        def get(self, path: str, default: Any = None) -> Any:
            asked.append(path)
            return answer

    read, _ = whole(page(f"<div id=app></div><script>{script}</script>"), Everywhere())
    assert (clean(read).text, clean(read).form) == ("", "script")
    assert not [path for path in asked if "save" in path or "hits" in path or "other" in path]


def test_parts_are_bounded() -> None:
    body = "".join(f"<iframe src='f{k}.html'></iframe>" for k in range(50))
    _, asked = whole(page(body), {})
    assert len(asked) == elsewhere.MAX_FRAMES
    pager = "".join(f"<a href='t20240312_17_{k}.html'>{k}</a>" for k in range(1, 90))
    _, asked = whole(page(BODY + pager), {})
    assert len(asked) == elsewhere.MAX_PAGES - 1
    rings = {
        f"/gg/202403/{a}.html": f"<html><body><iframe src='{b}.html'></iframe></body></html>" for a, b in ("xy", "yx")
    }
    _, asked = whole(page("<iframe src='x.html'></iframe>"), rings)
    assert len(asked) == 2


def test_an_ordinary_page_asks_for_nothing() -> None:
    _, asked = whole(page(BODY + "<iframe src='/side/weather.html'></iframe><iframe src='/x.html'></iframe>"), {})
    assert not asked


@pytest.mark.parametrize("form", LEADS)
def test_leading_elsewhere(form: str) -> None:
    markup = f"<html><head>{LEADS[form].format('../b/t_9.html')}</head></html>"
    assert elsewhere.leads_to(markup, f"{BASE}/a/t_1.html") == f"{BASE}/b/t_9.html"


@pytest.mark.parametrize(
    "markup",
    [
        "<meta http-equiv='refresh' content='60'>",
        "<meta http-equiv='refresh' content='0;url=t_1.html'>",
        "<noscript><meta http-equiv='refresh' content='0;url=/nojs.html'></noscript>",
        "<!-- <meta http-equiv='refresh' content='0;url=/old.html'> -->",
        "<script>document.cookie='k=1'; location.href='/x.html'</script>",
        "<script>if (/Mobile/.test(navigator.userAgent)) location.href='/m/1.html'</script>",
        "<script>if (top != self) top.location = self.location;</script>",
        "<script>location.href = base + '/x.html';</script>",
        "<script>location.href='javascript:void(0)'</script>",
        page(BODY) + "<script>function print(){ location.href='/print.html'; }</script>",
    ],
)
def test_what_leads_nowhere(markup: str) -> None:
    assert elsewhere.leads_to(markup, f"{BASE}/a/t_1.html") is None


@pytest.mark.parametrize(
    ("code", "goes"),
    [
        ("function go(){location.href='/b.html'} go();", True),
        ("function go(){location.href='/b.html'} window.onload = go;", True),
        ("function go(){if(1){location.href='/b.html'}} setTimeout('go()', 3000);", True),
        ("window.onload = function(){location.href='/b.html'}", True),
        ("function a(){} location.href='/b.html'", True),
        ("function go(n){ if (n) { location.href='/b.html'; } }", False),
        ("window.location.href='/WZWSREL2E='; var wzws_cid='x'", False),
    ],
)
def test_only_what_the_page_runs_itself_leads_on(code: str, goes: bool) -> None:
    found = elsewhere.leads_to(f"<script>{code}</script><a onclick='go(1)'>x</a>", f"{BASE}/a.html")
    assert found == (f"{BASE}/b.html" if goes else None)


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("document.write('2024-03-12');", "2024-03-12"),
        (
            "var s = '青溪日报'; if (s) { document.write('来源：' + s); } else { document.write('本站'); }",
            "来源：青溪日报",
        ),
        ("var s=''; if(s!=''){document.write(s)}else{document.write('本站')}", "本站"),
        ("var d='2024-03-12 15:40:00'; document.write(d.substring(0, 10))", "2024-03-12"),
        ("var s = 'A'; if (navigator.x) { s = 'B' } document.write(s)", ""),
        ("document.write(new Date().getFullYear())", ""),
        ("if (a == 1) { document.write('no') } document.write('yes')", "yes"),
        ("var a = typeof b; var c = window.d; var e = f[0]; document.write('yes')", "yes"),
        ("for (var i = 0; i < 3; i++) { document.write('x') } document.write('y')", "y"),
    ],
)
def test_what_a_script_writes(script: str, text: str) -> None:
    assert "".join(w.html for found in written.writings([script]) for w in found) == text


def test_a_name_that_another_script_sets() -> None:
    scripts = ["var csource = '青溪县教育局';", "document.write(csource);"]
    assert [w.html for found in written.writings(scripts) for w in found] == ["青溪县教育局"]
    changed = [*scripts, "csource = other();"]
    assert not [w for found in written.writings(changed) for w in found]


def test_header_values_that_scripts_write() -> None:
    header = "<p>时间：<script>document.write('2024-03-12');</script> 来源：<span id=s></span></p><script>$('#s').text('青溪日报')</script>"
    got = extract(
        page(header + BODY, header=False).replace("<div class='nr'>", f"<h2>{TITLE}</h2><div class='nr'>").encode(), URL
    )
    assert (got.published_on, got.source) == (date(2024, 3, 12), "青溪日报")


TEXTS = st.text(alphabet=st.sampled_from("<>\"'`\\/=;(){}[]+.,:&%#? \n\x00aAbif0script中。"), max_size=300)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
@example("0;url=//[")
@example("'http://[a'")
def test_no_text_breaks_the_readers(text: str) -> None:
    elsewhere.leads_to(f"<script>location.href={text}</script>", URL)
    elsewhere.leads_to(f"<meta http-equiv=refresh content={text}>", URL)
    shown.shown(text)
    shown.behind({"onclick": text, "href": f"javascript:{text}"})
    for _ in written.writings([f"document.write({text})", f"var a = {text}"]):
        pass
    for before, after in (
        ("<iframe src=", ">"),
        ("<textarea>", ""),
        ("<script>var c=", "</script>"),
        ("<object data=", ">"),
    ):
        read, _ = whole(page(f"{before}{text}{after}"), {})
        quality(read)


@pytest.mark.parametrize(
    "piece",
    [
        "<iframe ",
        "<iframe src='",
        "<textarea>",
        '<script type="text/html">',
        "<script>",
        "<!--",
        '\\"',
        "var a='",
        "<meta ",
        "document.write(",
        "createPage(",
        ' value="',
        "location.href='",
        "<frameset>",
    ],
)
def test_cost_grows_in_proportion(piece: str) -> None:
    def cost(size: int) -> float:
        markup = "<html><body>" + piece * (size // len(piece))
        best = 9.0
        for _ in range(3):
            began = time.process_time()
            read = Page(markup.encode(), URL)
            elsewhere.with_source(read)
            elsewhere.leads_to(markup[: elsewhere.MAX_DOOR], URL)
            read.parts[f"{BASE}/x"] = None
            elsewhere.with_frames(read)
            best = min(best, time.process_time() - began)
        return best

    assert cost(80_000) < 8 * cost(20_000) + 0.05


ROWS = [json.loads(line) for line in (CASES / "cases.jsonl").read_text().splitlines()] if CASES.exists() else []
OURS = ("frame", "pdf_", "scanned", "pages", "onclick", "written", "hidden_source", "empty_label", "label_as_value")


@pytest.mark.skipif(not ROWS, reason="no cases beside the repository (../shared/cases)")
@pytest.mark.parametrize("row", [r for r in ROWS if r["file"].startswith(OURS)], ids=lambda row: row["file"])
def test_case(row: dict[str, Any]) -> None:
    base = f"{BASE}/gg/"
    others = {f"/gg/{name}": (CASES / name).read_text() for name in row.get("needs", ())}
    read, _ = whole((CASES / row["file"]).read_text(), others, base + row["file"])
    got, said, want = clean(read), metadata(read), row["want"]
    for piece in want.get("text_has", ()):
        assert piece in got.text
    for name in ("attachments", "images"):
        if name in want:
            assert [one.url for one in getattr(got, name)] == [shown.joined(base, address) for address in want[name]]
    assert set(want.get("quality_has", ())) <= set(quality(read))
    for name in ("source", "title"):
        assert name not in want or getattr(said, name) == want[name]
    assert "published_on" not in want or str(said.published_on) == want["published_on"]


@pytest.mark.skipif(not ROWS, reason="no cases beside the repository (../shared/cases)")
@pytest.mark.parametrize("row", [r for r in ROWS if "alias_of" in r["want"]], ids=lambda row: row["file"])
def test_case_that_leads_elsewhere(row: dict[str, Any]) -> None:
    found = elsewhere.leads_to((CASES / row["file"]).read_text(), f"{BASE}/gg/{row['file']}")
    assert found == f"{BASE}/gg/{row['want']['alias_of']}"


@pytest.mark.parametrize(
    ("data", "source", "author", "editor"),
    [
        ('"source": "白石日报", "author": "何一舟"', "白石日报", ["何一舟"], []),
        ("'docSource': '白石县教育局', 'dutyEditor': '蒋小满'", "白石县教育局", [], ["蒋小满"]),
        ('"source": "\\u767d\\u77f3\\u65e5\\u62a5"', "白石日报", [], []),
        ('"list": [{"source": "甲日报"}, {"source": "乙日报"}]', None, [], []),
        ('"source": "web", "author": "admin"', None, [], []),
    ],
)
def test_credits_in_the_data_of_a_script(data: str, source: str | None, author: list[str], editor: list[str]) -> None:
    text = BODY.replace('"', "'").replace("\n", "")
    markup = f'<title>{TITLE}</title><div id=app></div><script>window.__X__ = {{{data}, "content": "{text}"}};</script>'
    got = extract(markup.encode(), URL)
    assert got.text.count(MARK) == 5
    assert (got.source, got.author, got.editor) == (source, author, editor)
