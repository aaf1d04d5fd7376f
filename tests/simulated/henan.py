"""河南: `index_N` counted from 0, articles at the root of the host by day, links with an explicit port."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt


class Henan(SimulatedSite):
    family = "henan"
    site_name = "河南省教育厅"
    planted = (
        ":443 in links", "the column is not in article URLs", "total only in the attribute data-page", "a row listed twice: on the host and on the mobile host",
        "a column address without its trailing slash redirects", "zero-based suffix: index_1 is page 2",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://jyt.henan.gov.cn/{day:%Y/%m-%d}/{number}.html"

    def base(self, channel: Channel) -> str:
        return channel.url.rstrip("/") + "/"

    def list_url(self, channel: Channel, page: int) -> str:
        return self.base(channel) if page == 1 else f"{self.base(channel)}index_{page - 1}.html"

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        self.publish(f"{self.base(channel)}index.html", lambda: self.html(self.list_page(channel, 1)))
        self.publish(
            self.base(channel).rstrip("/"),
            lambda: Answer(301, (("Location", self.base(channel)), ("Content-Type", "text/html")), b""),
        )

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(row.url.replace("//jyt.", "//m.jyt."), lambda: self.html(self.article_page(row)))

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=f"https://jyt.henan.gov.cn:443{row.path}")

    def retouch(self, channel: Channel) -> Channel:
        """One row of page 1 stands on page 2 again, linked on the mobile host."""
        line = channel.lines[:6][-1]
        return channel.with_line(1, 5, replace(line, href=f"https://m.jyt.henan.gov.cn{line.row.path}"))

    def list_page(self, channel: Channel, page: int) -> str:
        count = len(channel.pages)
        items = "".join(
            f'<li><a href="{line.href}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></li>'
            for line in channel.pages[page - 1]
        )
        marks = "".join(
            f'<span class="sDisable" data-page="{n}">{text}</span>'
            for text, n in (
                ("首页", 1),
                ("上一页", max(page - 1, 1)),
                ("下一页", min(page + 1, count)),
                ("尾页", count),
            )
        )
        body = f"""<div class="subnav">您的位置：<a href="/">首页</a><a href="/jydt/">教育动态</a><a href="./">{escape(channel.name)}</a></div>{h.sidebar(self.stranger_rows[2:])}
<div class="list"><ul>{items}</ul></div><div class="pageTurn">{marks}</div>"""
        return h.document(self, f"{channel.name}-{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def article_page(self, row: Row) -> str:
        body = f"""{h.breadcrumb(None, self)}<div class="article"><h1 class="til">{escape(row.title)}</h1>
<div class="fun"><span><publishtime>{row.stamp}</publishtime></span><span>阅读：{row.number % 999}</span><span>来源：{escape(row.source)}</span></div>
<div class="det">{row.html_paragraphs}</div><p class="zr">责任编辑：{row.editor}</p></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}-{self.site_name}", body, meta=h.government_meta(self, row.channel, row))


CLASSES: dict[str, type[SimulatedSite]] = {"henan": Henan}
