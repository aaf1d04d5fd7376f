"""Hanweb JCMS: CDATA records inside the column page, windows of records from `dataproxy.jsp`, 信息公开 lists by POST."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt

EMPTY = "<datastore><nextgroup></nextgroup><recordset></recordset></datastore>"
XXGK_TOPIC = "A02003"


class Jcms(SimulatedSite):
    """A column page holds the first three pages of records; `?uid=&pageNum=` changes nothing in what the host sends."""

    family = "jcms"
    finite = False
    truncate = True
    proxy_path = "/module/web/jpage/dataproxy.jsp"
    webid = 101
    jdid = 62
    unitids: dict[str, str] = {}
    unitid = "396302"
    inline_pages = 3
    xxgk_columns: tuple[str, ...] = ()
    planted: tuple[str, ...] = (
        "CDATA records in the page", "windows of records", "?uid=&pageNum= answers the same page", "month and day without padding in URLs",
        "titles cut in text, full in @title", "columns by POST /module/xxgk/search.jsp",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(
            channel_url, f"/art/{day.year}/{day.month}/{day.day}/art_{self.column_id(channel_url)}_{number}.html"
        )

    def page_size(self, channel_url: str) -> int:
        """A window of records: three pages as readers see them."""
        return self.per_page * 3

    @staticmethod
    def column_id(channel_url: str) -> str:
        found = re.search(r"/col(\d+)/", channel_url)
        assert found
        return found[1]

    def unit(self, channel: Channel) -> str:
        return self.unitids.get(self.column_id(channel.url), self.unitid)

    def list_url(self, channel: Channel, page: int) -> str:
        """The address that a browser shows; every page of it is the same file."""
        if page == 1:
            return channel.url
        return urljoin(channel.url, f"index.html?uid={self.unit(channel)}&pageNum={page}")

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        for page in range(1, 40):
            address = urljoin(channel.url, f"index.html?uid={self.unit(channel)}&pageNum={page}")
            self.publish(address, lambda: self.html(self.list_page(channel, 1)))
        self.publish(urljoin(channel.url, "index.html"), lambda: self.html(self.list_page(channel, 1)))

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=row.path)

    # The list.

    def item(self, line: Line) -> str:
        return (
            f"<li class='cf'><a href='{line.href}' target='_blank' title='{escape(line.row.title, quote=True)}'>{escape(line.text)}</a>"
            f"<span class='fr'>{line.date}</span></li>"
        )

    def next_group(self, channel: Channel) -> str:
        name = quote(quote(self.site_name))
        return (
            f'<a href="{self.proxy_path}?page=1&appid=1&appid=1&webid={self.webid}&path=/&columnid={self.column_id(channel.url)}'
            f'&unitid={self.unit(channel)}&webname={name}&permissiontype=0"></a>'
        )

    def datastore(self, channel: Channel, lines: list[Line]) -> str:
        records = "\n".join(f"<record><![CDATA[\n{self.item(line)}]]></record>" for line in lines)
        return f"<datastore>\n<nextgroup><![CDATA[{self.next_group(channel)}]]></nextgroup>\n<recordset>\n{records}\n</recordset>\n</datastore>"

    def total(self, channel: Channel) -> int:
        return len(channel.lines)

    def is_xxgk(self, channel: Channel) -> bool:
        return self.column_id(channel.url) in self.xxgk_columns

    def list_page(self, channel: Channel, page: int) -> str:
        column, unit = self.column_id(channel.url), self.unit(channel)
        if self.is_xxgk(channel):
            widget = f"""<div id="div{column}" class="xxgk_list">正在加载，请稍候……</div>
<script type="text/javascript">
var currpage = 1;
jQuery(function($){{ $.post("/module/xxgk/search.jsp?standardXxgk=0&isAllList=1&texttype=0&fbtime=-1&vc_all=&vc_filenumber=&vc_title=&vc_number=&currpage="+currpage+"&sortfield=,compaltedate:0",
 {{ infotypeId:"{XXGK_TOPIC}", jdid:"{self.jdid}", area:"", divid:"div{column}", vc_title:"", sortfield:",compaltedate:0", standardXxgk:"0", isAllList:"1" }},
 function(data){{ $("#div{column}").html(data); }}); }});
</script>"""
        else:
            inline = channel.lines[: self.per_page * self.inline_pages]
            widget = f"""<div id="{unit}"><script type="text/xml">{self.datastore(channel, inline)}</script></div>
<script type="text/javascript">
jQuery(function($){{ $('#{unit}').jpage({{ themeName:'default', dataStore:'', totalRecord:{self.total(channel)}, openCookies:0, showMode:'full', perPage:{self.per_page}, groupSize:3,
 barPosition:'bottom', titleMsg:'选择分页', dataBefore:'<ul>', dataAfter:'</ul>', proxyUrl:'{self.proxy_path}',
 ajaxParam:{{ col:1, appid:1, webid:{self.webid}, path:'/', columnid:{column}, sourceContentType:1, unitid:'{unit}', webname:'{self.site_name}', permissiontype:0 }} }}); }});
</script>"""
        body = f"""<div class="currentPosition"><table><tr><td>当前位置：<a href="/">首页</a> &gt; <a href="/col/col{column}/index.html">{escape(channel.name)}</a></td></tr></table></div>
<div class="main">{h.sidebar(self.stranger_rows[2:])}<div class="right"><h2>{escape(channel.name)}</h2>{widget}</div></div>"""
        return h.document(self, f"{self.site_name} {channel.name}", body, meta=h.government_meta(self, channel.name))

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        parts = urlsplit(url)
        if parts.hostname != urlsplit(self.lists[0].url).hostname:
            return None
        if parts.path == self.proxy_path:
            return self.window(fields)
        if parts.path == "/module/xxgk/search.jsp":
            return self.xxgk(fields)
        return None

    def window(self, fields: dict[str, str]) -> Answer:
        """Records `startrecord` to `endrecord`, counted from 1; an empty store where a field is missing or wrong."""
        text = EMPTY
        for channel in self.lists:
            known = fields.get("columnid") == self.column_id(channel.url) and fields.get("unitid") == self.unit(channel)
            if (
                known
                and fields.get("startrecord", "").isdigit()
                and fields.get("endrecord", "").isdigit()
                and not self.is_xxgk(channel)
            ):
                lines = channel.lines[int(fields["startrecord"]) - 1 : int(fields["endrecord"])]
                text = self.datastore(channel, lines) if lines else EMPTY
        return Answer(200, (("Content-Type", "text/xml;charset=UTF-8"),), text.encode())

    def xxgk(self, fields: dict[str, str]) -> Answer:
        """A page of 信息公开 rows as an HTML fragment, found by `divid` and `jdid`."""
        page = int(fields.get("currpage", "1") or 1)
        for channel in self.lists:
            if fields.get("divid") != f"div{self.column_id(channel.url)}" or fields.get("jdid") != str(self.jdid):
                continue
            lines = channel.pages[page - 1] if 1 <= page <= len(channel.pages) else ()
            rows = "\n".join(
                f'<tr><td width="70%"><a href="{line.row.url}" target="_blank" class="bt_link" title="{escape(line.row.title, quote=True)}">{escape(line.text)}</a></td>'
                f"<td>{line.row.index_number}</td><td>{line.date}</td></tr>"
                for line in lines
            )
            pager = f'<div class="tb_pager">共&nbsp;{len(channel.lines)}&nbsp;条&nbsp;第{page}/{len(channel.pages)}页 共{len(channel.pages)}页 <a href="javascript:;" onclick="cx({page + 1},\'div{self.column_id(channel.url)}\')">下一页</a></div>'
            return self.html(
                f'<table width="100%" class="xxgk_list_table"><tr><th>标题</th><th>索引号</th><th>发布日期</th></tr>{rows}</table>{pager}'
            )
        return self.html("")

    # The article.

    def body(self, row: Row) -> str:
        return f"""<div id="zoom">{row.html_paragraphs}</div>"""

    def article_page(self, row: Row) -> str:
        body = f"""{h.breadcrumb(None, self)}<div class="main-txt"><div id="title" class="tit">{escape(row.title)}</div>
<div class="info">发布日期：{row.stamp}　来源：{escape(row.source)}　浏览次数：<script src="/module/visitcount/articlehits.jsp?colid=1&artid={row.number}"></script></div>
{self.body(row)}<div class="edit">责任编辑：{row.editor}</div></div>{h.neighbours(self)}{h.sidebar(self.stranger_rows[3:], "相关链接")}"""
        return h.document(
            self, f"{self.site_name} {row.channel} {row.title}", body, meta=h.government_meta(self, row.channel, row)
        )


class Jiangsu(Jcms):
    site_name = "江苏省教育厅"
    webid = 57
    xxgk_columns = ("55505",)

    def body(self, row: Row) -> str:
        return (
            f'<div class="bt-content zoom clearfix" id="zoom"><div class="artile_zw">{row.html_paragraphs}</div></div>'
        )


class Zhejiang(Jcms):
    site_name = "浙江省教育厅"
    proxy_path = "/module/jpage/dataproxy.jsp"
    webid = 3099
    jdid = 3099
    unitid = "4729348"
    unitids = {"1229266336": "6258453", "1532992": "4735063", "1532836": "4735063", "1543960": "4848547"}
    xxgk_columns = ("1229106823",)

    def item(self, line: Line) -> str:
        return f'<li><a title="{escape(line.row.title, quote=True)}" target="_blank" href="{line.row.url}">{escape(line.text)}</a><span>[{line.date}]</span></li>'


class Shandong(Jcms):
    """The widget's id is encrypted and `dataproxy.jsp` answers nothing: what the page holds is all there is."""

    site_name = "山东省教育厅"
    webid = 68
    inline_pages = 10_000
    planted = (*Jcms.planted, "encrypted unitid: dataproxy answers an empty store", "the total is larger than what can be had",
               "meta table inside the body container")  # fmt: skip

    def unit(self, channel: Channel) -> str:
        return self.hex32(channel.url) + self.hex32(channel.name)

    def total(self, channel: Channel) -> int:
        return len(channel.lines) + 1200

    def window(self, fields: dict[str, str]) -> Answer:
        return Answer(200, (("Content-Type", "text/xml;charset=UTF-8"),), EMPTY.encode())

    def body(self, row: Row) -> str:
        return f"""<div id="zoom"><table class="xxgk_table"><tr><td><b>索引号：</b></td><td>{row.index_number}</td><td><b>主题分类：</b></td><td>教育</td></tr>
<tr><td><b>发布机构：</b></td><td>{self.site_name}</td><td><b>发文字号：</b></td><td>{row.doc_number}</td></tr></table>{row.html_paragraphs}</div>"""


CLASSES: dict[str, type[SimulatedSite]] = {"jiangsu": Jiangsu, "zhejiang": Zhejiang, "shandong": Shandong}
