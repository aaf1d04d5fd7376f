"""上海: `index_N` counted from 1, articles `/{column}/{day}/{32 hex}.html`, copies of rows in comments."""

from __future__ import annotations

import datetime as dt
from html import escape
from urllib.parse import urljoin

from . import html as h
from .model import Channel, Row, SimulatedSite


class Shanghai(SimulatedSite):
    family = "shanghai"
    site_name = "上海市教育委员会"
    planted = (
        "one-based suffix: index_1 is page 1 again", "copies of rows inside comments", "total only as text 共N页", "a row of 2004 in the form of that time",
        "twins under http and https listed twice",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        if day.year < 2010:
            return urljoin(channel_url, f"/xwzx_bsxw/{day:%Y%m%d}/0015-xw_{number % 90000}.html")
        column = channel_url.removesuffix("index.html").rstrip("/").rsplit("/", 1)[1]
        return urljoin(channel_url, f"/{column}/{day:%Y%m%d}/{self.hex32(number)}.html")

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        pages = super().lay_out(index, url, rows)
        if index == 0:
            pages[-1].append(self.make_row(rows[0].channel, url, dt.date(2004, 5, 17)))
        return pages

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else urljoin(channel.url, f"index_{page}.html")

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        for name in ("index.html", "index_1.html", "./"):
            self.publish(urljoin(channel.url, name), lambda: self.html(self.list_page(channel, 1)))

    def list_page(self, channel: Channel, page: int) -> str:
        items = []
        for n, line in enumerate(channel.pages[page - 1]):
            item = f'<li><a href="{line.href}" target="_blank" title="{escape(line.row.title, quote=True)}">{escape(line.text)}</a><span class="listTime">{line.date}</span></li>'
            items.append(f"{item}\n<!-- {item} -->" if n % 4 == 0 else item)
        if page == 2:
            first = channel.lines[:3][-1]
            items.append(
                f'<li><a href="{first.row.url.replace("https:", "http:")}" target="_blank">{escape(first.text)}</a><span class="listTime">{first.date}</span></li>'
            )
        body = f"""<div class="top"><div><h3><a href="./"><font>{escape(channel.name)}</font></a></h3></div></div>{h.sidebar(self.stranger_rows[2:])}
<ul id="listContent">{"".join(items)}</ul><div class="whj_padding whj_color">第{page}页 共{len(channel.pages)}页</div>"""
        return h.document(self, f"{channel.name}_{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def article_page(self, row: Row) -> str:
        body = f"""{h.breadcrumb(None, self)}<div class="Article"><h2 id="ivs_title">{escape(row.title)}</h2><small id="ivs_date">（{row.published_on:%Y年%m月%d日}）</small>
<p class="source">来源：{escape(row.source)}</p><div id="ivs_content" class="Article_content">{row.html_paragraphs}</div></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}_{self.site_name}", body, meta=h.government_meta(self, row.channel, row))


CLASSES: dict[str, type[SimulatedSite]] = {"shanghai": Shanghai}
