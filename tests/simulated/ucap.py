"""Ucap 开普: static `<name>_N.shtml` lists counted from 1, lists by `/common/search/`, articles with a 32-hex name."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite, as_document

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PAGE_SIZE = 50


def quoted(text: str) -> str:
    return escape(text, quote=True)


class Ucap(SimulatedSite):
    """Static lists; a channel whose address is a search, or whose page is filled by script, answers by search as well."""

    family = "ucap"
    planted: tuple[str, ...] = ("one-based suffix: _2 is page 2",)

    # Addresses.

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"{day:%Y%m}/{self.hex32(number)}.shtml")

    def list_url(self, channel: Channel, page: int) -> str:
        if "/common/search/" in channel.url:
            return re.sub(r"page=\d+$", f"page={page}", channel.url)
        if page == 1:
            return channel.url
        parts = urlsplit(channel.url)
        return parts._replace(path=parts.path.replace(".shtml", f"_{page}.shtml")).geturl()

    def channel_id(self, channel: Channel) -> str:
        """32 hex: from the address of a search, else invented."""
        found = re.search(r"/common/search/([0-9a-f]{32})", channel.url)
        return found[1] if found else self.hex32(channel.url)

    def lists_at(self, channel: Channel, address: str) -> bool:
        return self.channel_id(channel) in address or super().lists_at(channel, address)

    def by_script(self, channel: Channel) -> bool:
        """Whether the HTML page holds no rows."""
        return False

    def publish_lists(self, channel: Channel) -> None:
        if "/common/search/" in channel.url:
            return
        if self.by_script(channel):
            self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))
        else:
            super().publish_lists(channel)

    # Lists.

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=row.path)

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "\n".join(
            f'<li><a href="{quoted(line.href)}" target="_blank" title="{quoted(line.row.title)}">{escape(line.text)}</a><span>{line.date}</span></li>'
            for line in lines
        )
        return f'<ul class="list">{rows}</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        stem = urlsplit(channel.url).path.rsplit("/", 1)[1].removesuffix(".shtml")
        return f"""<div id="page_div" class="page"></div><script type="text/javascript" src="/xhtml/js/page.js"></script>
<script type="text/javascript">createPageHTML('page_div',{len(channel.pages)}, {page},'{stem}','shtml',{len(channel.lines)});</script>"""

    def list_meta(self, channel: Channel) -> str:
        meta = h.government_meta(self, channel.name)
        return f'{meta}\n<meta name="channelId" content="{self.channel_id(channel)}" />\n<meta name="code" content="{self.code(channel)}" />'

    def code(self, channel: Channel) -> str:
        found = re.search(r"/(c\d+)/", channel.url)
        return found[1] if found else f"c{110000 + channel.index}"

    def list_page(self, channel: Channel, page: int) -> str:
        inner = f"{self.items(channel, channel.pages[page - 1])}{self.pager(channel, page)}"
        body = f"""<div class="main">{h.breadcrumb(channel, self, "mbx")}{h.sidebar(self.stranger_rows[2:])}<div class="right"><h2>{escape(channel.name)}</h2>{inner}</div></div>"""
        return h.document(self, f"{channel.name}-{self.site_name}", body, meta=self.list_meta(channel))

    # The search.

    def search_row(self, row: Row) -> dict[str, Any]:
        meta = [
            {"key": "refno", "name": "文号", "value": row.doc_number if row.number % 2 else "null"},
            {"key": "writedate", "name": "成文日期", "value": f"{row.published_on - dt.timedelta(days=4)}"},
            {"key": "pubdate", "name": "发文日期", "value": f"{row.published_on}"},
            {"key": "indexnumber", "name": "索引号", "value": row.index_number},
            {"key": "theme", "name": "主题分类", "value": "undefined"},
            {"key": "source", "name": "来源", "value": row.source},
        ]
        return {
            "id": self.hex32(row.number), "title": row.title, "subTitle": "", "url": row.path, "channelName": row.channel,
            "publishedTimeStr": f"{row.stamp}:00", "publishedTime": row.unix * 1000, "content": "　　".join(row.paragraphs),
            "contentHtml": row.html_paragraphs, "domainMetaList": [{"domainName": "政务公开", "resultList": meta}],
        }  # fmt: skip

    def search_rows(self, channel: Channel, page: int) -> list[Row]:
        """All rows in the order of the search, as they stand when page N is asked for."""
        return channel.rows

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        path = urlsplit(url).path
        if path == "/common/getChannelList":
            children = [
                {"displayName": channel.name, "channelId": self.channel_id(channel), "channelCode": self.code(channel)}
                for channel in self.lists
                if fields.get("channelCode") in ("", self.code(channel))
            ]
            return self.json({"success": True, "results": {"children": children}})
        found = re.fullmatch(r"/(?:common/)?search/([0-9a-f]{32})", path)
        for channel in self.lists:
            if found and found[1] == self.channel_id(channel):
                return self.search(channel, fields)
        return None

    def search(self, channel: Channel, fields: dict[str, str]) -> Answer:
        size = min(int(fields.get("_pageSize", "10") or 10), MAX_PAGE_SIZE)
        page = max(int(fields.get("page", "1") or 1), 1)
        rows = self.search_rows(channel, page)
        chosen = rows[(page - 1) * size : page * size]
        if fields.get("_isJson") == "false":
            return self.html(self.search_html(channel, chosen, page, -(-len(rows) // size)))
        results = [self.search_row(row) for row in chosen]
        return self.json(
            {"code": 200, "success": True, "data": {"total": len(rows), "page": page, "rows": size, "results": results}}
        )

    def search_html(self, channel: Channel, rows: list[Row], page: int, count: int) -> str:
        items = "".join(
            f'<li><a href="{row.path}">{escape(row.title)}</a><span>{row.published_on}</span></li>' for row in rows
        )
        return h.document(self, channel.name, f'<ul class="search">{items}</ul><div class="page">共{count}页</div>')

    # Articles.

    def visible_date(self, row: Row) -> str:
        return row.stamp

    def body(self, row: Row) -> str:
        return f"""<ucaptitle><h1 class="article_title">{escape(row.title)}</h1></ucaptitle>
<div class="article_info"><span class="date">日期：<b><publishtime>{self.visible_date(row)}</publishtime></b></span> <span class="ly">来源：<b>{escape(row.source)}</b></span></div>
<div class="article_content" id="zoomcon"><ucapcontent>{row.html_paragraphs}</ucapcontent></div><div class="zrbj">责任编辑：{row.editor}</div>"""

    def article_meta(self, row: Row) -> str:
        return h.government_meta(self, row.channel, row)

    def article_page(self, row: Row) -> str:
        body = f"""<div class="main">{h.breadcrumb(None, self, "mbx")}<div class="detail">{self.body(row)}</div>{h.article_tools()}{h.neighbours(self)}{h.sidebar(self.stranger_rows[3:], "相关推荐")}</div>"""
        return h.document(self, f"{row.title}-{row.channel}-{self.site_name}", body, meta=self.article_meta(row))


FILLED = """<ul class="{css}" id="list-data"></ul><div id="page_div" class="page"></div>
<script type="text/javascript">
var channelId = "{channel}";
function getList(page){{ $.ajax({{ url: "/common/search/" + channelId + "?sort=&_isAgg=true&_isJson=true&_pageSize={size}&_template=index&_rangeTimeGte=&_rangeTimeLt=&_channelName=&page=" + page,
 type: "get", dataType: "json", success: function(res){{ render(res.data.results); initPage(res.data.total, res.data.rows); }} }}); }}
getList(1);
</script>"""


class Heilongjiang(Ucap):
    """Static `list.shtml`; `public_*.shtml` are filled by the search; the other columns are given as searches."""

    site_name = "黑龙江省教育厅"
    finite = False
    planted = (
        "JSON list by channelId", "page filled by script, id only in meta channelId", "'null' and 'undefined' as strings",
        "dates of document and publishing differ", "one-based suffix: _2 is page 2", "page_div in createPageHTML",
    )  # fmt: skip

    def page_size(self, channel_url: str) -> int:
        return 15

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        found = re.search(r"/(c\d+)/", channel_url)
        return (
            f"https://jyt.hlj.gov.cn/jyt/{found[1] if found else 'c110480'}/{day:%Y%m}/c00_{number + 25_000_000}.shtml"
        )

    def by_script(self, channel: Channel) -> bool:
        return "public_" in channel.url

    def list_page(self, channel: Channel, page: int) -> str:
        if not self.by_script(channel):
            return super().list_page(channel, page)
        widget = FILLED.format(css="list", channel=self.channel_id(channel), size=15)
        return h.document(
            self,
            channel.name,
            f"{h.breadcrumb(channel, self)}{h.sidebar(self.stranger_rows[2:])}{widget}",
            meta=self.list_meta(channel),
        )


class Gansu(Ucap):
    """甘肃: rows inside an HTML comment, the page is filled from the search; the list's date is the document's."""

    site_name = "甘肃省教育厅"
    finite = False
    planted = (
        "rows inside an HTML comment, filled by JSON", "list date is the document date, earlier than the publish date", "meta tags twice",
        "an article published while the walk runs repeats the last row of page 1", "page_div in a commented createPageHTML", "a row that is a direct PDF",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        found = re.search(r"/(c\d+)/", channel_url)
        return (
            f"https://jyt.gansu.gov.cn/jyt/{found[1] if found else 'c107270'}/{day:%Y%m}/{number + 167_000_000}.shtml"
        )

    def retouch(self, channel: Channel) -> Channel:
        """The oldest row but four of the first column is a PDF beside the articles."""
        if channel.index:
            return channel
        old = channel.lines[-5:][0]
        name = f"{old.row.url.removesuffix('.shtml')}/files/{self.hex32(old.row.number)}.pdf"
        new = replace(old, row=as_document(old.row, name), href=urlsplit(name).path)
        pages = tuple(tuple(new if line is old else line for line in page) for page in channel.pages)
        return replace(channel, pages=pages)

    def channel_id(self, channel: Channel) -> str:
        return "e5eb2abb5014415399847ba2bb99b31f" if "/c110634/" in channel.url else super().channel_id(channel)

    def by_script(self, channel: Channel) -> bool:
        return True

    def search_rows(self, channel: Channel, page: int) -> list[Row]:
        rows = channel.rows
        # From page 2 on one more article stands on top: it was published while page 1 was read.
        return rows if page == 1 else [self.stranger_rows[0], *rows]

    def list_page(self, channel: Channel, page: int) -> str:
        rows = "\n".join(
            f'<li><a href="{line.href}" title="{quoted(line.row.title)}" target="_blank">{escape(line.row.cut_title)}</a><b>{line.row.published_on - dt.timedelta(days=line.row.number % 5)}</b></li>'
            for line in channel.pages[0]
        )
        stem = urlsplit(channel.url).path.rsplit("/", 1)[1].removesuffix(".shtml")
        widget = FILLED.format(css="jytxxgklist", channel=self.channel_id(channel), size=10)
        body = f"""{h.breadcrumb(channel, self)}{h.sidebar(self.stranger_rows[2:])}{widget}
<!-- <ul class="jytxxgklist">
{rows}
</ul>
<div id="page_div"></div><script>createPageHTML('page_div',{len(channel.pages)}, 1,'{stem}','shtml',{len(channel.lines)});</script> -->"""
        return h.document(
            self, channel.name, body, meta=f"{h.government_meta(self, channel.name)}\n{self.list_meta(channel)}"
        )


class Sichuan(Ucap):
    """四川: month and day without padding in URLs; meta PubDate is when the file was generated, not the article's date."""

    site_name = "四川省教育厅"
    planted = (
        "facts unknown: how 政策文件库 is filled", "meta PubDate is the generation time", "?version=zzzq listed as a second row", "month and day without padding in URLs",
        "a second copy of the body for the accessible version", "one-based suffix: _2 is page 2",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        base = channel_url.replace("/zcwjk/", "/c101518/")
        return urljoin(base, f"{day.year}/{day.month}/{day.day}/{self.hex32(number)}.shtml")

    def by_script(self, channel: Channel) -> bool:
        return "/zcwjk/" in channel.url

    def list_page(self, channel: Channel, page: int) -> str:
        if not self.by_script(channel):
            return super().list_page(channel, page)
        widget = FILLED.format(css="list", channel=self.channel_id(channel), size=15)
        return h.document(self, channel.name, f"{h.breadcrumb(channel, self)}{widget}", meta=self.list_meta(channel))

    def retouch(self, channel: Channel) -> Channel:
        if channel.index:
            return channel
        line = channel.lines[:3][-1]
        return channel.with_line(1, 5, replace(line, href=f"{line.href}?version=zzzq"))

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(f"{row.url}?version=zzzq", lambda: self.html(self.article_page(row)))

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return super().items(channel, lines).replace('class="list"', 'class="xwzxList"')

    def pager(self, channel: Channel, page: int) -> str:
        links = "".join(
            f'<a class="pagination-index" href="{urlsplit(self.list_url(channel, n)).path}">{n}</a>'
            for n in range(1, len(channel.pages) + 1)
        )
        return f'<div class="pagination">{links}</div>'

    def visible_date(self, row: Row) -> str:
        return f"{row.published_on:%Y年%m月%d日} {row.clock.replace(':', '时')}分"

    def article_meta(self, row: Row) -> str:
        meta = h.government_meta(self, row.channel, row, published="2024-06-14 10:16:14")
        return f'{meta}\n<meta name="others" content="页面生成时间 2024-06-14 10:16:14" />'

    def body(self, row: Row) -> str:
        return f"""<h1>{escape(row.title)}</h1><div class="xgxx"><span>来源：{escape(row.source)}</span><span>{self.visible_date(row)}</span></div>
<div id="cmsArticleContent"><ucapcontent>{row.html_paragraphs}</ucapcontent></div><div class="zrbj">责任编辑：{row.editor}</div>
<div id="articlezzzqcontent" style="display:none">{row.html_paragraphs}</div>"""


class Hainan(Ucap):
    """海南: `tylist_N.shtml`, and a search that answers HTML because `_isJson=false`."""

    site_name = "海南省教育厅"
    planted = (
        "facts unknown: article addresses",
        "search answers HTML",
        "date behind a label in the list",
        "one-based suffix: _2 is page 2",
    )

    def list_url(self, channel: Channel, page: int) -> str:
        if "news-list" in channel.url:
            return re.sub(r"-1\.html$", f"-{page}.html", channel.url)
        return super().list_url(channel, page)

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        base = channel_url if "/edu/" in channel_url else "http://edu.hainan.gov.cn/edu/0400/"
        return super().article_url(number, day, base)

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a href="{line.href}" title="{quoted(line.row.title)}">{escape(line.text)}</a><em>发布时间：{line.date}</em></li>'
            for line in lines
        )
        return f"<dl>{rows}</dl>"

    def pager(self, channel: Channel, page: int) -> str:
        last = urlsplit(self.list_url(channel, len(channel.pages))).path
        after = urlsplit(self.list_url(channel, min(page + 1, len(channel.pages)))).path
        return f'<div class="pages"><a href="{after}">下一页</a><a href="{last}">末页</a></div>'

    def search_html(self, channel: Channel, rows: list[Row], page: int, count: int) -> str:
        items = "".join(
            f'<div class="list-right"><div class="list-right_title fon_1"><a href="{row.path}" target="_blank" title="{quoted(row.title)}">{escape(row.title)}</a></div>'
            f"<table><tr><td>发布日期：{row.published_on}</td><td>来源：{escape(row.source)}</td></tr></table></div>"
            for row in rows
        )
        base = parse_qs(urlsplit(channel.url).query).get("_template", [""])[0]
        pager = f'<div class="pages"><a href="javascript:toPage({min(page + 1, count)})">下一页</a><a href="javascript:toPage({count})">末页</a> 共{count}页</div>'
        body = f'<div class="list_left_title">{channel.name}</div><div class="cen-div-1 mar-t" data-template="{base}">{items}</div>{pager}'
        return h.document(self, channel.name, body, meta=self.list_meta(channel))

    def requests(self) -> Any:
        yield from super().requests()
        for channel in self.lists:
            if "/common/search/" in channel.url:
                for page in range(1, len(channel.pages) + 1):
                    yield "GET", self.list_url(channel, page), b""

    def body(self, row: Row) -> str:
        return f"""<ucaptitle>{escape(row.title)}</ucaptitle><div class="zx-xxxqy-sj">发布时间：{row.stamp}　来源：{escape(row.source)}</div>
<div class="zx-xxxqy-nr"><ucapcontent>{row.html_paragraphs}</ucapcontent></div>"""


class Xinjiang(Ucap):
    site_name = "新疆维吾尔自治区教育厅"
    after_end = "repeat"
    planted = (
        "one-based suffix: _2 is page 2",
        "list repeats its last page for ever",
        "no total anywhere",
        "dates with slashes",
    )

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), date=f"{row.published_on:%Y/%m/%d}")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a href="{line.href}" target="_blank">{escape(line.text)}</a><div class="time">{line.date}</div></li>'
            for line in lines
        )
        return f'<div class="tab"><ul>{rows}</ul></div>'

    def pager(self, channel: Channel, page: int) -> str:
        after = urlsplit(self.list_url(channel, page + 1)).path.rsplit("/", 1)[1]
        return f'<div class="page"><a href="{after}">下一页</a></div>'


CLASSES: dict[str, type[SimulatedSite]] = {
    "heilongjiang": Heilongjiang, "gansu": Gansu, "sichuan": Sichuan, "hainan": Hainan, "xinjiang": Xinjiang,
}  # fmt: skip
