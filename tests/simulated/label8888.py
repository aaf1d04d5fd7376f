"""安徽: `/content/column/{id}?pageIndex=N`, and 信息公开 lists as HTML fragments of `/site/label/8888`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

SITE_ID = "6791141"
PATHS = {
    "31401481": "/xwzx/tzgg/",
    "31401491": "/xwzx/jyyw/",
    "31401501": "/xwzx/jcjy/",
    "31401511": "/xwzx/zyjy/",
    "31401521": "/xwzx/gdjy/",
}


def quoted(text: str) -> str:
    return escape(text, quote=True)


class Anhui(SimulatedSite):
    """No date in article addresses; a column's own index.html pages on through `/content/column/`."""

    family = "label8888"
    site_name = "安徽省教育厅"
    finite = False
    truncate = True
    planted = (
        "no date in article URLs", "total only in the attribute paged", "separator rows", "list by /site/label/8888, GET or POST",
        "siteId only in meta SiteId", "titles cut in text, full in @title", "index.html pages on at /content/column/",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        parts = urlsplit(channel_url)
        if parts.path.startswith("/public/"):
            folder = f"/public/{parts.path.rsplit('/', 1)[1]}/"
        elif parts.path.startswith("/content/"):
            folder = PATHS.get(parts.path.rsplit("/", 1)[1], "/xwzx/qtxw/")
        else:
            folder = urlsplit(urljoin(channel_url, "./")).path
        return urljoin(channel_url, f"{folder}{number + 34_000_000}.html")

    def page_size(self, channel_url: str) -> int:
        return 15

    def by_label(self, channel: Channel) -> bool:
        return "/public/column/" in channel.url

    def column_id(self, channel: Channel) -> str:
        path = urlsplit(channel.url).path
        return path.rsplit("/", 1)[1] if path.startswith("/content/column/") else str(31402001 + channel.index)

    def list_url(self, channel: Channel, page: int) -> str:
        if self.by_label(channel):
            return channel.url
        if page == 1:
            return channel.url
        return urljoin(channel.url, f"/content/column/{self.column_id(channel)}?pageIndex={page}")

    def publish_lists(self, channel: Channel) -> None:
        if self.by_label(channel):
            self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))
            return
        super().publish_lists(channel)
        for address in (
            f"/content/column/{self.column_id(channel)}",
            f"/content/column/{self.column_id(channel)}?pageIndex=1",
        ):
            self.publish(urljoin(channel.url, address), lambda: self.html(self.list_page(channel, 1)))

    def pager(self, channel: Channel, page: int) -> str:
        count = len(channel.pages)
        numbers = "".join(f'<a href="javascript:;" paged="{n}">{n}</a>' for n in range(1, min(count, 3) + 1))
        return f"""<div class="pagination"><a href="javascript:;" paged="1">首页</a><a href="javascript:;" paged="{max(page - 1, 1)}">上一页</a>{numbers}
<a href="javascript:;" paged="{min(page + 1, count)}">下一页</a><a href="javascript:;" paged="{count}">尾页</a></div>
<script>$(".pagination a").click(function(){{ location.href = "/content/column/{self.column_id(channel)}?pageIndex=" + $(this).attr("paged"); }});</script>"""

    def meta(self, channel: Channel) -> str:
        return f'{h.government_meta(self, channel.name)}\n<meta name="SiteId" content="{SITE_ID}" />'

    def list_page(self, channel: Channel, page: int) -> str:
        if self.by_label(channel):
            query = parse_qs(urlsplit(channel.url).query)
            inner = f"""<div class="xxgk_list" id="publicInfoList"><img src="/images/loading.gif" alt="加载中" /></div>
<script type="text/javascript">
$.ajax({{ url: "/site/label/8888", type: "post", headers: {{ "Ls-Language": "zh" }}, data: {{ IsAjax: 1, dataType: "html", labelName: "publicInfoList",
 siteId: "{SITE_ID}", organId: "{urlsplit(channel.url).path.rsplit("/", 1)[1]}", catId: "{query.get("catId", [""])[0]}", type: "{query.get("type", ["4"])[0]}", action: "list",
 pageSize: 15, pageIndex: 1, isDate: true, dateFormat: "yyyy-MM-dd", length: 80, file: "/xxgk/publicInfoList_newest2020" }},
 success: function(html){{ $("#publicInfoList").html(html); }} }});
</script>"""
        else:
            inner = self.items(channel.pages[page - 1]) + self.pager(channel, page)
        body = f"""<div class="wz_top wza-region_nav"><span>当前位置：<a href="/">首页</a> &gt; <a href="/xwzx/">新闻中心</a> &gt; <a href="./">{escape(channel.name)}</a></span></div>
{h.sidebar(self.stranger_rows[2:])}<div class="rightnr">{inner}</div>"""
        return h.document(self, f"{channel.name}_{self.site_name}", body, meta=self.meta(channel))

    def items(self, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a class="left" href="{line.href}" target="_blank" title="{quoted(line.row.title)}"><span>{escape(line.text)}</span></a><span class="right date">{line.date}</span></li>'
            + ('<li class="lm_line"></li>' if n % 5 == 0 else "")
            for n, line in enumerate(lines, 1)
        )
        return f'<ul class="doc_list list-{SITE_ID}">{rows}</ul>'

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if urlsplit(url).path != "/site/label/8888":
            return None
        page, size = int(fields.get("pageIndex", "1") or 1), int(fields.get("pageSize", "15") or 15)
        for channel in self.lists:
            organ, category = (
                urlsplit(channel.url).path.rsplit("/", 1)[1],
                parse_qs(urlsplit(channel.url).query).get("catId", [""])[0],
            )
            asked = fields.get("catId") or fields.get("catIds")
            if (
                self.by_label(channel)
                and fields.get("organId") == organ
                and asked == category
                and fields.get("siteId", SITE_ID) == SITE_ID
            ):
                return self.html(self.fragment(channel.rows, page, size))
        return self.html('<div class="no_data">暂无信息</div>')

    def fragment(self, rows: list[Row], page: int, size: int) -> str:
        count = -(-len(rows) // size)
        items = "".join(
            f'<li class="clearfix"><a class="title" href="{row.url}" target="_blank" title="{quoted(row.title)}">{escape(row.cut_title)}</a><span class="date">{row.published_on}</span></li>'
            for row in rows[(page - 1) * size : page * size]
        )
        return f"""<ul class="clearfix xxgk_nav_list">{items}</ul>
<div class="pagination"><span class="count">共{len(rows)}条 {page}/{count}页</span><a href="javascript:;" paged="{min(page + 1, count)}">下一页</a><a href="javascript:;" paged="{count}">尾页</a></div>"""

    def article_page(self, row: Row) -> str:
        table = f"""<table class="xxgk_table"><tr><th>索&ensp;引&ensp;号：</th><td>{row.index_number}</td><th>发布机构：</th><td>{self.site_name}</td></tr>
<tr><th>文　　号：</th><td>{row.doc_number}</td><th>发布日期：</th><td>{row.published_on}</td></tr></table>"""
        body = f"""{h.breadcrumb(None, self)}{table if "/public/" in row.url else ""}<h1 class="newstitle">{escape(row.title)}</h1>
<div class="newsinfo">发布时间：{row.stamp}　信息来源：{escape(row.source)}　浏览次数：<span id="hits">0</span></div>
<div class="newscontnet" id="zoom">{row.html_paragraphs}</div><div class="editor">责任编辑：{row.editor}</div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}_{self.site_name}", body, meta=h.government_meta(self, row.channel, row))


CLASSES: dict[str, type[SimulatedSite]] = {"anhui": Anhui}
