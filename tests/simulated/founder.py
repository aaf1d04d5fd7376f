"""光明网, 中国网: `node_ID.htm`, `node_ID_2.htm`, articles `/YYYY-MM/DD/content_ID.htm`."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from . import html as h
from .model import Channel, Line, Row, SimulatedSite, relative

if TYPE_CHECKING:
    import datetime as dt


def media_meta(row: Row) -> str:
    pairs = [("filetype", "0"), ("publishedtype", "1"), ("pagetype", "1"), ("contentid", str(row.number)), ("publishdate", f"{row.published_on}"),
             ("author", row.editor), ("editor", row.editor), ("source", row.source), ("sourcetype", "")]  # fmt: skip
    return "\n".join(f'<meta name="{name}" content="{escape(value, quote=True)}">' for name, value in pairs)


class Gmw(SimulatedSite):
    family = "founder"
    site_name = "光明网"
    planted: tuple[str, ...] = (
        "relative links without ./", "total only as text 共N页", "rows without dates whose URL has them", "one-based suffix: _2 is page 2", "an article listed in two columns",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"{day:%Y-%m/%d}/content_{number + 30_800_000}.htm")

    def retouch(self, channel: Channel) -> Channel:
        """The second column lists an article of the first one as well."""
        if channel.index != 1:
            return channel
        row = self.lists[0].rows[-1]
        return channel.with_line(0, 0, Line(row, row.url, row.title, f"{row.published_on}"))

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else channel.url.replace(".htm", f"_{page}.htm")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        line = replace(super().line(row, list_url, place), href=relative(row.url, list_url).removeprefix("./"))
        return line if "difang" in list_url else replace(line, date="")

    def rows(self, channel: Channel, page: int) -> str:
        lines = channel.pages[page - 1]
        if "difang" in channel.url:
            items = "".join(
                f'<div class="each_news"><h3><a href={line.href} target=_blank>{escape(line.text)}</a></h3><span class="date">{line.date}</span></div>'
                for line in lines
            )
            return f'<div class="news_list">{items}</div>'
        return "".join(
            '<ul class="channel-newsGroup">'
            + "".join(
                f'<li><span class="channel-newsTitle"><a href={line.href} target=_blank>{escape(line.text)}</a></span></li>'
                for line in lines[start : start + 5]
            )
            + "</ul>"
            for start in range(0, len(lines), 5)
        )

    def list_page(self, channel: Channel, page: int) -> str:
        names = [self.list_url(channel, n + 1).rsplit("/", 1)[1] for n in range(len(channel.pages))]
        pager = f'<div id="displaypagenum"><center>{page} {"".join(f"<a href={name}>{n}</a> " for n, name in enumerate(names, 1) if n != page)}<a href={names[min(page, len(names) - 1)]}>下一页</a> 共{len(names)}页</center></div>'
        body = f"""<div class="channel-crumb"><a href="https://www.gmw.cn/">首页</a>&gt; <a href={names[0]}>{escape(channel.name)}</a></div>
<div class="channelLeftPart">{self.rows(channel, page)}{pager}</div>{h.sidebar(self.stranger_rows[2:], "热点排行")}"""
        return h.document(self, f"{channel.name}_{self.site_name}", body)

    def article_page(self, row: Row) -> str:
        body = f"""<div class="g-crumbs"><a href="/">首页</a>&gt; 正文</div><h1 class="u-title">{escape(row.title)}</h1>
<div class="m-contentMsg"><span class="m-con-source">来源：<a href="/">{escape(row.source)}</a></span><span class="m-con-time">{row.stamp}</span></div>
<div class="con-text" id="articleBox"><div id="article_inbox"><div class="u-mainText">{row.html_paragraphs}</div></div>
<!--enpproperty <articleid>{row.number}</articleid><date>{row.stamp}:00.0</date><title>{escape(row.title)}</title> /enpproperty-->
<span class="liability">[ 责编：{row.editor} ]</span></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title} _{self.site_name}", body, meta=media_meta(row))


class ChinaComCn(Gmw):
    """The start page has no known paging; the node form of the CMS is used for the other column."""

    site_name = "中国网"
    planted = (
        "facts unknown: list paging",
        "articles on the column's host",
        "pages of one article as _2",
        "one-based suffix: _2 is page 2",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"/{day:%Y-%m/%d}/content_{number + 110_800_000}.shtml")

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if channel.url.endswith("/") else super().list_url(channel, page)

    def publish_lists(self, channel: Channel) -> None:
        if channel.url.endswith("/"):
            self.publish(channel.url, lambda: self.html(h.front_page(self, channel)))
        else:
            super().publish_lists(channel)

    def rows(self, channel: Channel, page: int) -> str:
        items = "".join(
            f'<li><a href="{line.row.url}" target="_blank">{escape(line.text)}</a><span>{line.row.published_on}</span></li>'
            for line in channel.pages[page - 1]
        )
        return f'<div class="bd"><ul>{items}</ul></div>'

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        if row.number % 7 == 0:
            self.publish(
                row.url.replace(".shtml", "_2.shtml"), lambda: self.html(self.part(row, row.paragraphs[2:], 2))
            )

    def part(self, row: Row, paragraphs: tuple[str, ...], number: int) -> str:
        split = row.number % 7 == 0
        name = row.path.rsplit("/", 1)[1]
        turn = (
            f'<div id="autopage"><center><a href="{name}">1</a> <a href="{name.replace(".shtml", "_2.shtml")}">2</a></center></div>'
            if split
            else ""
        )
        body = f"""<div class="content_left"><div class="content"><h1>{escape(row.title)}</h1><div class="inform"><p>中国网 | 时间：{row.stamp} | 来源：{escape(row.source)}</p></div>
<div class="article"><!--enpcontent--><p>{"</p><p>".join(escape(text) for text in paragraphs)}</p><!--/enpcontent-->{turn}</div><div class="editor">【责任编辑：{row.editor}】</div></div></div>"""
        return h.document(
            self,
            f"{row.title}_{self.site_name}",
            f"{body}{h.neighbours(self)}<!-- part {number} -->",
            meta=media_meta(row),
        )

    def article_page(self, row: Row) -> str:
        return self.part(row, row.paragraphs[:2] if row.number % 7 == 0 else row.paragraphs, 1)


CLASSES: dict[str, type[SimulatedSite]] = {"gmw": Gmw, "china_com_cn": ChinaComCn}
