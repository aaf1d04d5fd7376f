"""辽宁: lists `{8 hex}-{N}.shtml` whose hash stands only in the pager, articles in folders named by a 19-digit time."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from . import html as h
from .model import Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt


class Liaoning(SimulatedSite):
    family = "easysite"
    site_name = "辽宁省教育厅"
    planted = (
        "hash in list addresses", "pager only in the attribute tagname", "rows dated 05-31 without a year, whose URL has it", "total only as text 共N页",
        "table list with a page total of its own form",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(
            channel_url,
            f"{day:%Y%m%d}{8 + number % 9:02d}{number % 60:02d}{number // 60 % 60:02d}{number % 100_000:05d}/index.shtml",
        )

    def list_url(self, channel: Channel, page: int) -> str:
        return re.sub(r"-1\.shtml$", f"-{page}.shtml", channel.url)

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        self.publish(urljoin(channel.url, "index.shtml"), lambda: self.html(self.list_page(channel, 1)))

    def line(self, row: Row, list_url: str, place: int) -> Line:
        line = replace(super().line(row, list_url, place), href=row.path)
        return line if "xzgfxwj" in list_url else replace(line, date=f"{row.published_on:%m-%d}")

    def list_page(self, channel: Channel, page: int) -> str:
        lines, count = channel.pages[page - 1], len(channel.pages)
        last, after = (urlsplit(self.list_url(channel, n)).path for n in (count, min(page + 1, count)))
        if "xzgfxwj" in channel.url:
            items = "".join(
                f'<li class="kr-body-table-block"><span class="kr-table-ratio1">{n}</span><span class="kr-table-ratio2"><a href="{line.href}" target="_blank">{escape(line.text)}</a></span>'
                f'<span class="kr-table-ratio3">辽{line.row.doc_number}</span><span class="kr-table-ratio4">{line.date}</span></li>'
                for n, line in enumerate(lines, 1)
            )
            box = f'<ul class="kr-body-table">{items}</ul><span class="page_zys">{count}</span><div class="pagesx clearfix"><a tagname="{urlsplit(channel.url).path}">首页</a><a tagname="{after}">下一页</a><a tagname="{last}">尾页</a></div>'
        else:
            items = "".join(
                f'<li><a href="{line.href}" title="{escape(line.row.title, quote=True)}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></li>'
                for line in lines
            )
            box = f"""<div class="l-gl-main cl"><ul>{items}</ul></div><div class="easysite-pager"><a href="javascript:void(0)" title="首页" tagname="{urlsplit(channel.url).path}">首页</a>
<a href="javascript:void(0)" title="下一页" tagname="{after}">下一页</a><a href="javascript:void(0)" title="尾页" tagname="{last}">尾页</a>
<div class="easysite-total-page"><span>共{count}页</span></div></div>"""
        body = f'<div class="location2">位置：<a href="/">首页</a>-<a href="index.shtml">{escape(channel.name)}</a></div><div class="sidebar_b_tittle fl">{escape(channel.name)}</div>{h.sidebar(self.stranger_rows[2:])}{box}'
        return h.document(self, f"{channel.name}-{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def article_page(self, row: Row) -> str:
        container = "TRS_Editor" if "zfxxgk" in row.url else "zoom"
        body = f"""{h.breadcrumb(None, self)}<div class="dlist_title">{escape(row.title)}</div><div class="dlist_info">发布时间：{row.stamp}　信息来源：{escape(row.source)}</div>
<div class="{container}">{row.html_paragraphs}</div><div class="edit">责任编辑：{row.editor}</div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}-{self.site_name}", body, meta=h.government_meta(self, row.channel, row))


CLASSES: dict[str, type[SimulatedSite]] = {"liaoning": Liaoning}
