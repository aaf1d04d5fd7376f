"""The parts of a page that all CMS families share: head, navigation, sidebar, footer, pagers."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Channel, Row, SimulatedSite

_SCRIPT = """<script type="text/javascript">
var _hmt = _hmt || []; (function(){ var hm = document.createElement("script"); hm.src = "//hm.example/hm.js?" + Math.random();
var s = document.getElementsByTagName("script")[0]; s.parentNode.insertBefore(hm, s); })();
</script>"""


# Columns known by the address of their data only: readers are never linked there.
_INTERFACE = re.compile(r"/common/search/|/fjdzapp/|/nodeart/|\.js(?:\?|$)")


def government_meta(site: SimulatedSite, column: str, row: Row | None = None, *, published: str = "") -> str:
    """
    The meta block of 国办发〔2017〕47号: site and column names, and the article's own where there is one.

    `published` overrides PubDate, for hosts that print the generation time there.
    """
    pairs = [("SiteName", site.site_name), ("SiteDomain", urlsplit(site.lists[0].url).hostname or ""),
             ("SiteIDCode", f"{site.number % 90 + 10}00000068"), ("ColumnName", column), ("ColumnType", "工作动态")]  # fmt: skip
    if row is None:
        pairs += [("ColumnDescription", f"{site.site_name}{column}栏目"), ("ColumnKeywords", column)]
    else:
        pairs += [("ArticleTitle", row.title), ("PubDate", published or row.stamp), ("ContentSource", row.source),
                  ("Keywords", ""), ("Author", ""), ("Url", row.path)]  # fmt: skip
    return "\n".join(f'<meta name="{name}" content="{escape(value, quote=True)}" />' for name, value in pairs)


def document(site: SimulatedSite, title: str, body: str, *, meta: str = "", script: str = "") -> str:
    """A whole page. `title` becomes `<title>` as given. Every page has a side list: where `body` brings none, one is added."""
    if not any(escape(row.title, quote=True) in body for row in site.stranger_rows[3:]):
        body = f"{sidebar(site.stranger_rows[2:])}\n{body}"
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta http-equiv="Content-Type" content="text/html; charset={site.declared or site.encoding}" />
<meta http-equiv="X-UA-Compatible" content="IE=edge" />
<title>{escape(title)}</title>
{meta}
<link rel="stylesheet" href="/images/style.css" />
<script type="text/javascript" src="/images/jquery.min.js"></script>
</head>
<body>
{navigation(site)}
{body}
{footer(site)}
{script}
{_SCRIPT}
</body>
</html>
"""


def navigation(site: SimulatedSite) -> str:
    links = "".join(
        f'<li><a href="{escape(url, quote=True)}" target="_blank">{escape(name)}</a></li>'
        for name, url in [column for column in site.columns() if not _INTERFACE.search(column[1])][:8]
    )
    return f"""<div class="header"><a class="logo" href="/"><img src="/images/logo.png" alt="{escape(site.site_name)}" /></a>
<form action="/search" method="get"><input name="q" type="text" value="请输入关键字" /><input type="submit" value="搜索" /></form></div>
<div class="nav"><ul><li><a href="/">首页</a></li>{links}<li><a href="/wza/">无障碍浏览</a></li></ul></div>"""


def footer(site: SimulatedSite) -> str:
    return f"""<div class="footer"><p>主办单位：{escape(site.site_name)}　备案序号：京ICP备00000000号-1　网站标识码：0000000000</p>
<p>版权所有 © 2019-2026 建议使用1366×768分辨率　<a href="/wzdt/">网站地图</a>　<a href="/lxwm/">联系我们</a></p></div>"""


def breadcrumb(channel: Channel | None, site: SimulatedSite, css: str = "CurrChnlCls") -> str:
    name = channel.name if channel else "正文"
    url = channel.url if channel else "./"
    return (
        f'<div class="position">您现在的位置：<a href="/" title="首页" class="{css}">首页</a>&nbsp;&gt;&nbsp;'
        f'<a href="{escape(url, quote=True)}" title="{escape(name)}" class="{css}">{escape(name)}</a></div>'
    )


# Heading, class of the box, and of its list: no two sites call them alike.
_BOXES = (
    ("热点推荐", "sidebar", "hot"), ("阅读排行", "box w300", "list"), ("热门信息", "fr col2", ""), ("最新发布", "mod", "list"), ("相关信息", "con_r", "news"),
    ("图片新闻", "left_box", "pic"), ("点击排行榜", "item", "list"), ("推荐阅读", "block", ""), ("本周热文", "side", "l"), ("猜你喜欢", "wrap_r", "txt"),
)  # fmt: skip


def sidebar(rows: Sequence[Row], title: str = "") -> str:
    """Links to articles that are not rows of the list beside them, dated like its rows, as such boxes have. Its heading and
    classes differ from site to site; a given ``title`` stands in the first form."""
    host = urlsplit(rows[0].url).hostname or ""
    # On the front pages of news sites what is recommended or newest is content; only rankings and the like are not.
    boxes = (
        _BOXES
        if host.endswith("gov.cn")
        else [b for b in _BOXES if b[0] in ("阅读排行", "点击排行榜", "相关信息", "猜你喜欢")]
    )
    heading, box, css = boxes[sum(map(ord, host)) % len(boxes)]
    if title:
        heading, box, css = title, "sidebar", "hot"
    items = "".join(
        f'<li><a href="{escape(row.url, quote=True)}" title="{escape(row.title, quote=True)}" target="_blank">'
        f"{escape(row.cut_title)}</a><span>{row.published_on}</span></li>"
        for row in rows
    )
    return f'<div class="{box}"><h3>{heading}</h3><ul class="{css}">{items}</ul></div>'


def front_page(site: SimulatedSite, channel: Channel) -> str:
    """A start page: every row of the column in blocks of links without dates, nothing to turn."""
    blocks = "".join(
        f'<div class="block b{n}"><h3>{escape(channel.name)}</h3><ul>'
        + "".join(
            f'<li><a href="{escape(line.href, quote=True)}" target="_blank">{escape(line.text)}</a></li>'
            for line in page
        )
        + "</ul></div>"
        for n, page in enumerate(channel.pages)
    )
    return document(site, f"{channel.name}_{site.site_name}", f'<div class="index">{blocks}</div>')


def neighbours(site: SimulatedSite) -> str:
    """The two links under an article."""
    before, after = site.stranger_rows[:2]
    return (
        f'<div class="prevnext"><p>上一篇：<a href="{escape(before.url, quote=True)}">{escape(before.title)}</a></p>'
        f'<p>下一篇：<a href="{escape(after.url, quote=True)}">{escape(after.title)}</a></p></div>'
    )


def numbered_pager(urls: Sequence[str], current: int, css: str = "pages") -> str:
    """首页 上一页 1 2 3 下一页 尾页, as links."""
    last = len(urls)
    numbers = "".join(
        f'<a class="on" href="javascript:;">{n}</a>'
        if n == current
        else f'<a href="{escape(urls[n - 1], quote=True)}">{n}</a>'
        for n in range(1, last + 1)
    )
    before, after = urls[max(current - 2, 0)], urls[min(current, last - 1)]
    return (
        f'<div class="{css}"><a href="{escape(urls[0], quote=True)}">首页</a><a href="{escape(before, quote=True)}">上一页</a>{numbers}'
        f'<a href="{escape(after, quote=True)}">下一页</a><a class="last" href="{escape(urls[-1], quote=True)}" title="尾页">尾页</a></div>'
    )


def article_tools() -> str:
    return '<div class="tools">字体：【<a href="javascript:;">大</a> <a href="javascript:;">中</a> <a href="javascript:;">小</a>】 <a href="javascript:window.print()">打印本页</a> 扫一扫在手机打开当前页</div>'
