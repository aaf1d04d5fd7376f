"""人民网: `/GB/<column>/indexN.html` where index1 is page 1 again, about ten pages kept, GBK declared as GB2312."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from . import html as h
from .founder import media_meta
from .model import Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt


class People(SimulatedSite):
    family = "people"
    site_name = "人民网"
    encoding = "gb18030"
    declared = "GB2312"
    charset_header = False
    planted = (
        "index1 is page 1 again", "GBK declared as GB2312 in the page only", "no total: pages end with 404", "来源： inside the value of meta source",
        "absolute links under http, https and protocol-relative",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        column = channel_url.split("/GB/")[1].split("/", maxsplit=1)[0]
        folder = "n1" if channel_url.startswith("http://edu.") else "n2"
        return urljoin(channel_url, f"/{folder}/{day:%Y/%m%d}/c{column}-{number + 33_700_000}.html")

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else urljoin(channel.url, f"index{page}.html")

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        self.publish(urljoin(channel.url, "index1.html"), lambda: self.html(self.list_page(channel, 1)))

    def line(self, row: Row, list_url: str, place: int) -> Line:
        forms = (row.path, row.url, row.url.removeprefix("http:"), row.url.replace("http:", "https:"))
        return replace(
            super().line(row, list_url, place), href=forms[place % 4], date=f"[{row.published_on:%Y年%m月%d日}]"
        )

    def list_page(self, channel: Channel, page: int) -> str:
        items = "".join(
            f"<li><a href='{line.href}' target=_blank>{escape(line.text)}</a> <em>{line.date}</em></li>"
            for line in channel.pages[page - 1]
        )
        names = "".join(f'<a href="index{n}.html">{n}</a>' for n in range(1, len(channel.pages) + 1))
        body = f"""<div class="path"><a href="http://www.people.com.cn/" class="clink">人民网</a>&gt;&gt;<a href="index.html" class="clink">{escape(channel.name)}</a></div>
<div class="p2j_list"><ul class="list_16 mt10">{items}</ul><div class="page_n clearfix">{names}<a href="index{min(page + 1, len(channel.pages))}.html">下一页</a></div></div>{h.sidebar(self.stranger_rows[2:], "热点排行")}"""
        return h.document(self, f"{channel.name}--{self.site_name}", body)

    def article_page(self, row: Row) -> str:
        meta = media_meta(row).replace(
            f'name="source" content="{escape(row.source, quote=True)}"',
            f'name="source" content="来源：{escape(row.source, quote=True)}"',
        )
        body = f"""<div class="rm_txt cf"><div class="col col-1"><h1>{escape(row.title)}</h1><div class="author cf">{row.author}</div>
<div class="channel cf"><div class="col-1-1">{row.published_on:%Y年%m月%d日}{row.clock} | 来源：<a href="#">{escape(row.source)}</a></div></div>
<div class="rm_txt_con cf" id="rm_txt_zw">{row.html_paragraphs}<div class="edit cf">(责编：{row.editor}、{row.author})</div></div></div></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}--{self.site_name}", body, meta=meta)


CLASSES: dict[str, type[SimulatedSite]] = {"people": People}
