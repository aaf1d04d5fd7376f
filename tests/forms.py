"""Invented pages of one notice, in the forms in which sites keep what their page does not show."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote

TITLE = "关于实验室安全检查的通知"
MARK = "实验室安全（"
BASE = "http://www.qingxi.example.cn"
URL = f"{BASE}/gg/202403/t20240312_17.html"
BODY = "".join(
    f"<p>{MARK}{k}）：各学校要提前安排，检查期间由值班教师负责登记，结束后三日内把记录交到办公室存档。</p>"
    for k in range(1, 6)
)
ESCAPED = html.escape(BODY)
FRAME = f"<html><head><meta charset='utf-8'></head><body>{BODY}</body></html>"
_BESIDE = "".join(
    f"<li><a href='/gg/{k}.html'>关于第{k}项工作安排的公告</a><em>2024-01-1{k % 10}</em></li>" for k in range(14)
)


def page(body: str, *, head: str = "", header: bool = True, title: str = TITLE, day: str = "2024-03-12") -> str:
    """A site's article page around a body: navigation, headline, dates, a side list, a foot."""
    said = f"<h2>{title}</h2><p class='xx'>发布日期：{day} 15:40　信息来源：青溪县教育局</p>" if header else ""
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><title>{title}-青溪县教育局</title>{head}</head><body>"
        f"<div class='nav'><a href='/'>首页</a> &gt; <a href='/gg/'>公告</a></div>{said}<div class='nr'>{body}</div>"
        f"<div class='side'><h3>热门信息</h3><ul>{_BESIDE}</ul></div><div class='bq'>版权所有：青溪县教育局</div></body></html>"
    )


def further(number: int) -> str:
    """Page `number` of the notice."""
    return page(BODY.replace(MARK, f"第{number}页{MARK}"))


_STATE = json.dumps({"article": {"title": "x", "content": BODY}})
_PARAGRAPHS = json.dumps(
    {"parts": [{"type": "text", "text": f"{MARK}{k}）：各学校要提前安排，由值班教师登记。"} for k in range(1, 6)]}
)
_LINES = [f"<p>{line}" for line in BODY.split("<p>")[1:]]
_PACKED = base64.b64encode(BODY.encode()).decode()
_ANSWER = json.dumps({"code": 0, "data": {"title": TITLE, "content": BODY}})
_WIDE = "".join(f"%u{ord(c):04X}" if ord(c) > 255 else quote(c) for c in BODY)

# Form → the page, and the other pages that it needs; the whole text is in all of them.
TEXT_ELSEWHERE: dict[str, tuple[str, dict[str, str]]] = {
    "frame": (page("<iframe src='body.html'></iframe>"), {"/gg/202403/body.html": FRAME}),
    "frame with its own header": (
        page("<iframe src='/show/17.html' frameborder=0></iframe>", header=False),
        {"/show/17.html": page(BODY)},
    ),
    "frame in a frame": (
        page("<iframe src='a/b.html'></iframe>"),
        {
            "/gg/202403/a/b.html": "<html><body><iframe src='c.html'></iframe></body></html>",
            "/gg/202403/a/c.html": FRAME,
        },
    ),
    "frameset": (
        f"<html><head><title>{TITLE}</title></head><frameset rows='80,*'><frame src='top.html'><frame src='main.html'></frameset></html>",
        {"/gg/202403/main.html": page(BODY)},
    ),
    "frame that a script writes": (
        page("<script>document.write('<iframe src=\"body.html\"></iframe>');</script>"),
        {"/gg/202403/body.html": FRAME},
    ),
    "srcdoc": (page(f'<iframe srcdoc="{ESCAPED}"></iframe>'), {}),
    "textarea": (page(f"<div id=c></div><textarea style='display:none'>{ESCAPED}</textarea>"), {}),
    "textarea with tags": (page(f"<div id=c></div><textarea hidden>{BODY}</textarea>"), {}),
    "template in a script": (page(f"<div id=c></div><script type='text/html'>{BODY}</script>"), {}),
    "template": (page(f"<template>{BODY}</template>"), {}),
    "noscript": (page(f"<noscript>{BODY}</noscript>"), {}),
    "hidden input": (page(f'<input type=hidden id=x value="{ESCAPED}">'), {}),
    "initial state": (page("<div id=app></div>", head=f"<script>window.__INITIAL_STATE__ = {_STATE};</script>"), {}),
    "island of JSON": (
        page("<div id=__next></div>", head=f"<script id='__NEXT_DATA__' type='application/json'>{_STATE}</script>"),
        {},
    ),
    "paragraphs in JSON": (page("<div id=app></div>", head=f"<script>var d = {_PARAGRAPHS}</script>"), {}),
    "escaped in a variable": (page(f'<div id=c></div><script>var content = "{ESCAPED}";</script>'), {}),
    "JSON-LD": (
        page(
            "", head=f"<script type='application/ld+json'>{json.dumps({'articleBody': html.unescape(BODY)})}</script>"
        ),
        {},
    ),
    "document.write": (page(f"<script>document.write('{BODY}');</script>"), {}),
    "document.write in pieces": (
        page(f"<script>var a = '{BODY[:99]}'; document.write(a + '{BODY[99:]}');</script>"),
        {},
    ),
    "unescape": (page(f"<script>document.write(unescape('{_WIDE}'));</script>"), {}),
    "decodeURIComponent": (page(f"<script>document.write(decodeURIComponent('{quote(BODY)}'));</script>"), {}),
    "innerHTML": (
        page(f"<div id=c></div><script>document.getElementById('c').innerHTML = '{BODY}';</script>"),
        {},
    ),
    "frame of data": (page(f"<iframe src='data:text/html;base64,{_PACKED}'></iframe>"), {}),
    "frame that a script addresses": (
        page("<iframe id=f></iframe><script>document.getElementById('f').src = 'body.html';</script>"),
        {"/gg/202403/body.html": FRAME},
    ),
    "frame that jQuery addresses": (
        page("<iframe id=f></iframe><script>var n='body'; $('#f').attr('src', n + '.html');</script>"),
        {"/gg/202403/body.html": FRAME},
    ),
    "object of a page": (
        page("<object type='text/html' data='body.html'></object>"),
        {"/gg/202403/body.html": FRAME},
    ),
    "loaded": (page("<div id=c></div><script>$('#c').load('body.html');</script>"), {"/gg/202403/body.html": BODY}),
    "asked by getJSON": (page("<script>$.getJSON('/api/1?id=17', fill);</script>"), {"/api/1?id=17": _ANSWER}),
    "asked by ajax": (
        page("<script>var id = '17'; $.ajax({type: 'get', url: '/api/2/' + id + '.json', success: f});</script>"),
        {"/api/2/17.json": _ANSWER},
    ),
    "asked by fetch": (page("<script>fetch(`/api/3`).then(fill)</script>"), {"/api/3": _ANSWER}),
    "asked as XML": (
        page("<script>x.open('GET', '/api/4.xml', true);</script>"),
        {"/api/4.xml": f"<?xml version='1.0'?><r><content>{ESCAPED}</content></r>"},
    ),
    "called back": (page("<script src='/api/5?callback=fill'></script>"), {"/api/5?callback=fill": f"fill({_ANSWER})"}),
    "base 64": (page(f"<script>$('#c').html(decodeURIComponent(escape(atob('{_PACKED}'))));</script>"), {}),
    "base 64 in an input": (page(f"<input type=hidden id=x value='{_PACKED}'>"), {}),
    "percent signs in an attribute": (page(f"<div data-content='{quote(BODY)}'></div>"), {}),
    "JSON in an attribute": (page(f"<div data-props='{html.escape(json.dumps({'content': BODY}))}'></div>"), {}),
    "array": (page(f"<script>var a = {json.dumps(_LINES)}; $('#c').html(a.join(''));</script>"), {}),
    "pushed": (
        page(
            "<script>var a = [];"
            + "".join(f"a.push('{line}');" for line in _LINES)
            + "$('#c').html(a.join(''))</script>"
        ),
        {},
    ),
    "added": (
        page(
            f"<script>var v = '{'x' * 1_600}', s = '';"
            + "".join(f"s += '{line}';\n" for line in _LINES)
            + "c.innerHTML = s;</script>"
        ),
        {},
    ),
    "hidden until a script has run": (
        page(f"<div id=zoom style='display:none'>{BODY}</div><script>$('#zoom').show()</script>"),
        {},
    ),
    "CDATA": (page(f"<xml id=d><![CDATA[{BODY}]]></xml>"), {}),
    "CDATA in a script": (page(f"<script type='text/xml'><content><![CDATA[{BODY}]]></content></script>"), {}),
    "arguments of a function": (
        page(
            "", head=f"<script>window.__NUXT__=(function(a,b){{return {{t:a,c:b}}}}('x', {json.dumps(BODY)}));</script>"
        ),
        {},
    ),
    "jQuery": (page(f"<div id=c></div><script>$(function(){{ $('#c').html('{BODY}'); }});</script>"), {}),
}

# Form → the body, and the address of the document that it shows.
DOCUMENT_SHOWN: dict[str, tuple[str, str]] = {
    "iframe": ("<iframe src='shoufei.pdf' width='100%'></iframe>", "/gg/202403/shoufei.pdf"),
    "embed": ("<embed src='/f/x.pdf' type='application/pdf'>", "/f/x.pdf"),
    "object": ("<object type='application/pdf' data='x.pdf'></object>", "/gg/202403/x.pdf"),
    "object with parameters": (
        "<object classid='clsid:CA8A9780'><param name='src' value='/f/x.pdf'><embed src='/f/x.pdf'></object>",
        "/f/x.pdf",
    ),
    "media": ("<a class='media' href='/f/x.pdf'></a>", "/f/x.pdf"),
    "pdf.js": ("<iframe src='/pdfjs/web/viewer.html?file=/f/x.pdf'></iframe>", "/f/x.pdf"),
    "pdf.js encoded": ("<iframe src='/pdfjs/web/viewer.html?file=%2Ff%2Fx.pdf#page=1'></iframe>", "/f/x.pdf"),
    "pdf.js relative": ("<iframe src='/pdfjs/web/viewer.html?file=../../f/x.pdf'></iframe>", "/f/x.pdf"),
    "Office": (
        f"<iframe src='https://view.officeapps.live.com/op/embed.aspx?src={quote(BASE + '/f/x.docx', safe='')}'></iframe>",
        "/f/x.docx",
    ),
    "program behind a viewer": (
        "<iframe src='/pdfjs/web/viewer.html?file=%2Fdownload%2Fdownfile.jsp%3Fid%3D33'></iframe>",
        "/download/downfile.jsp?id=33",
    ),
    "furl": (f"<iframe src='http://ow.example.com/?i=1&furl={BASE}/f/x.doc'></iframe>", "/f/x.doc"),
    "base 64": (
        "<iframe src='/onlinePreview?url=aHR0cDovL3d3dy5xaW5neGkuZXhhbXBsZS5jbi9mL3gucGRm'></iframe>",
        "/f/x.pdf",
    ),
    "PDFObject": ("<div id=pdf></div><script>PDFObject.embed('/f/x.pdf', '#pdf');</script>", "/f/x.pdf"),
    "flip book": ("<div class='flipbook' data-pdf='/f/x.pdf'></div>", "/f/x.pdf"),
    "source of a book": ("<div class='_df_book' source='x.pdf'></div>", "/gg/202403/x.pdf"),
    "variable": ('<div id=pdf></div><script>var pdfUrl = "\\/f\\/x.ofd"; show(pdfUrl);</script>', "/f/x.ofd"),
}

# Form → the link below the text, all to /f/x.xls.
ATTACHED: dict[str, str] = {
    "window.open": "<a href='javascript:void(0)' onclick=\"window.open('/f/x.xls')\">名单</a>",
    "javascript address": "<a href=\"javascript:openFile('/f/x.xls')\">名单</a>",
    "encoded javascript address": '<a href="javascript:openFile(%27/f/x.xls%27)">名单</a>',
    "call with an id before": "<a href='#' onclick=\"down('33', '/f/x.xls', '名单.xls')\">名单</a>",
    "span with data": "<span data-href='/f/x.xls'>名单</span>",
    "link with data": "<a data-url='/f/x.xls' href='#'>名单</a>",
    "button": "<button onclick=\"location.href='/f/x.xls'\">下载</button>",
    "viewer": "<a href='/preview/view.html?url=%2Ff%2Fx.xls'>名单</a>",
}

SCANNED: dict[str, str] = {
    "plain": "<p><img src='/u/1.jpg'></p><p><img src='/u/2.jpg'></p>",
    "lazy": "<p><img src='/i/loading.gif' data-original='/u/1.jpg'></p><p><img data-src='/u/2.jpg'></p>",
    "old lazy": "<p><img _src='/u/1.jpg' src='data:image/gif;base64,xx'></p><p><img original='/u/2.jpg'></p>",
    "sets": "<p><img srcset='/u/1.jpg 1x, /u/9.jpg 2x'></p><p><img srcset='/u/2.jpg 800w'></p>",
    "captions": "<p>（扫描件）</p><p><img src='/u/1.jpg' width='800'></p><p>第2页</p><p><img src='/u/2.jpg'></p>",
    "in a frame": "<iframe src='/scan.html'></iframe>",
}
SCAN = "<html><body><img src='/u/1.jpg'><img src='/u/2.jpg'></body></html>"

# Form → the page as it is, and what it is called. Nothing of these can be read.
UNREADABLE: dict[str, tuple[str, str]] = {
    "application": (page("<div id=app></div>", head="<script src='/js/app.js'></script>"), "script"),
    "bare application": (
        "<html><head><script src=/a.js></script></head><body><div id=app></div></body></html>",
        "script",
    ),
    "asked for by script": (page("<div id=c></div><script>$.getJSON('/api/17', fill)</script>"), "script"),
    "frame of another site": (page("<iframe src='http://other.example.org/x.html'></iframe>"), "frame"),
    "frame that is lost": (page("<iframe src='/lost.html'></iframe>"), "frame"),
    "canvas": (page("<canvas id=c></canvas><script src='/draw.js'></script>"), "canvas"),
    "Flash": (page("<object><param name=movie value='/x.swf'></object>"), "plugin"),
    "film": (page("<video src='/v.mp4'></video>"), "video"),
    "icons": (page("<p><img src='/images/icon1.png'></p>"), "image"),
    "nothing": ("<html><body></body></html>", "empty"),
    "to another site": ("<html><script>location.href='http://other.example.org/1.html'</script></html>", "redirect"),
}

LEADS: dict[str, str] = {
    "meta": "<meta http-equiv='refresh' content='0;url={}'>",
    "meta in quotes": '<META HTTP-EQUIV="Refresh" CONTENT="3; URL=\'{}\'">',
    "meta bare": "<meta content=0;url={} http-equiv=refresh>",
    "meta without url": "<meta http-equiv='refresh' content='1;{}'>",
    "location": "<script>location = '{}'</script>",
    "href": '<script>window.location.href="{}";</script>',
    "replace": "<script language='javascript'>self.location.replace('{}');</script>",
    "assign": '<script>top.location.assign("{}")</script>',
    "variable": "<script>var url = '{}'; window.location.href = url;</script>",
    "timeout": "<p>正在跳转</p><script>setTimeout(function(){{ location.href = '{}'; }}, 1000)</script>",
    "timeout with code": "<script>setTimeout(\"location.href='{}'\", 500)</script>",
    "named function": "<body onload='go()'><script>function go(){{ document.location.href='{}'; }}</script>",
    "open": "<script>window.open('{}', '_self')</script>",
}
