"""河北: `column.jsp?id=&current=N` in GBK, declared as gb2312 in the page only."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

from . import html as h
from .model import Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt


class Hebei(SimulatedSite):
    family = "hebei_jsp"
    site_name = "河北省教育厅"
    encoding = "gb18030"
    declared = "gb2312"
    charset_header = False
    after_end = "repeat"
    planted = (
        "facts unknown: article addresses", "GBK declared as gb2312 in the page only", "total only in an onclick", "list repeats its last page for ever",
        "two table forms of lists", "characters outside gb2312",
    )  # fmt: skip

    def column_id(self, channel_url: str) -> str:
        return parse_qs(urlsplit(channel_url).query)["id"][0]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(
            channel_url, f"/col/{self.column_id(channel_url)}/{day:%Y/%m/%d}/{1_717_000_000_000 + number}.html"
        )

    def make_row(self, channel: str, channel_url: str, day: dt.date) -> Row:
        row = super().make_row(channel, channel_url, day)
        # A county whose name gb2312 does not have: only gb18030 decodes it.
        return replace(row, paragraphs=(*row.paragraphs, "桤堃镇中心校、赟洺学校、喆溪小学作了交流发言。"))

    def list_url(self, channel: Channel, page: int) -> str:
        return urljoin(channel.url, f"/column.jsp?id={self.column_id(channel.url)}&current={page}")

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        self.publish(
            urljoin(channel.url, f"/col/{self.column_id(channel.url)}/index.html"),
            lambda: self.html(self.list_page(channel, 1)),
        )

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=row.path)

    def list_page(self, channel: Channel, page: int) -> str:
        lines, count = channel.pages[page - 1], len(channel.pages)
        if "信息公开" in channel.name:
            items = "".join(
                f'<tr><td>{n}</td><td><a href="{line.href}" target="_blank">{escape(line.text)}</a></td><td>{line.date}</td></tr>'
                for n, line in enumerate(lines, 1)
            )
            items = f'<tr id="th"><td>序号</td><td>名称</td><td>发布日期</td></tr>{items}'
        else:
            items = "".join(
                f'<tr><td><a href="{line.href}" target="_blank">{escape(line.text)}</a></td><td>{line.date}</td></tr>'
                for line in lines
            )
        body = f"""{h.sidebar(self.stranger_rows[2:])}<div class="col-name"><div><div>{escape(channel.name)}</div></div><table width="100%">{items}</table>
<a title="下一页" href="#" onclick="goPage({min(page + 1, count)},'{self.column_id(channel.url)}')">下一页</a><a title="最后页" href="#" onclick="goPage({count},'{self.column_id(channel.url)}')">最后页</a></div>"""
        return h.document(self, f"{channel.name}-{self.site_name}", body)

    def article_page(self, row: Row) -> str:
        body = f"""<div class="tit">{escape(row.title)}</div><div class="time">发布日期：{row.published_on}　来源：{escape(row.source)}</div><font id="Zoom">{row.html_paragraphs}</font>{h.neighbours(self)}"""
        return h.document(self, row.title, body)


CLASSES: dict[str, type[SimulatedSite]] = {"hebei": Hebei}
