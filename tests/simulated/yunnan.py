"""云南: `/article/category/<32 hex>-<page>`, total in the text `…条记录 …/N页`."""

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


class Yunnan(SimulatedSite):
    family = "yunnan"
    site_name = "云南省教育厅"
    planted = (
        "facts unknown: article addresses",
        "page number behind the category id",
        "total only in the text 条记录 x/N页",
        "no date in article URLs",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"/article/{self.hex32(number)}")

    def list_url(self, channel: Channel, page: int) -> str:
        return re.sub(r"-1$", f"-{page}", channel.url)

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=row.path)

    def list_page(self, channel: Channel, page: int) -> str:
        lines, count = channel.pages[page - 1], len(channel.pages)
        if channel.name == "教育信息":
            items = "".join(
                f'<div class="jyxxnr1"><a href="{line.href}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></div>'
                for line in lines
            )
            box = f'<div class="jyxxlb">{items}</div>'
        else:
            items = "".join(
                f'<li><a href="{line.href}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></li>'
                for line in lines
            )
            box = f'<div class="yemian"><ul>{items}</ul><ul class="pg"><li>{page}</li></ul></div>'
        after = urlsplit(self.list_url(channel, min(page + 1, count))).path
        body = f'{h.breadcrumb(channel, self)}{h.sidebar(self.stranger_rows[2:])}{box}<div class="page">{len(channel.lines)}条记录 {page}/{count}页 <a href="{after}">下一页</a></div>'
        return h.document(self, f"{channel.name}-{self.site_name}", body)

    def article_page(self, row: Row) -> str:
        body = f"""<div class="passage-contents"><h4>{escape(row.title)}</h4><p class="info">时间：{row.stamp}　来源：{escape(row.source)}</p><div class="TRS_Editor">{row.html_paragraphs}</div></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}-{self.site_name}", body)


CLASSES: dict[str, type[SimulatedSite]] = {"yunnan": Yunnan}
