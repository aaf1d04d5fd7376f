"""Sites whose CMS is not known, or known in part: numbered lists as plain sites write them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite, split_pages

if TYPE_CHECKING:
    from collections.abc import Sequence


class Plain(SimulatedSite):
    """`<li><a href title>…</a><span>date</span></li>` with a numbered pager; page 2 is `?page=2`."""

    family = "generic"
    title_css = "title"
    body_css = 'class="content"'

    def list_url(self, channel: Channel, page: int) -> str:
        if page == 1:
            return channel.url
        return f"{channel.url}{'&' if urlsplit(channel.url).query else '?'}page={page}"

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(
            super().line(row, list_url, place),
            href=row.path if urlsplit(row.url).hostname == urlsplit(list_url).hostname else row.url,
        )

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a href="{escape(line.href, quote=True)}" title="{escape(line.row.title, quote=True)}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></li>'
            for line in lines
        )
        return f'<ul class="list">{rows}</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        return h.numbered_pager([self.list_url(channel, n + 1) for n in range(len(channel.pages))], page)

    def list_page(self, channel: Channel, page: int) -> str:
        body = f"{h.breadcrumb(channel, self, 'crumb')}{h.sidebar(self.stranger_rows[2:])}{self.items(channel, channel.pages[page - 1])}{self.pager(channel, page)}"
        return h.document(self, f"{channel.name}_{self.site_name}", body)

    def info(self, row: Row) -> str:
        return f'<div class="info">时间：{row.stamp}　来源：{escape(row.source)}</div>'

    def article_meta(self, row: Row) -> str:
        return ""

    def article_page(self, row: Row) -> str:
        body = f"""{h.breadcrumb(None, self, "crumb")}<h1 class="{self.title_css}">{escape(row.title)}</h1>{self.info(row)}
<div {self.body_css}>{row.html_paragraphs}</div><div class="editor">责任编辑：{row.editor}</div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}_{self.site_name}", body, meta=self.article_meta(row))


class Xizang(Plain):
    site_name = "西藏自治区教育厅"
    planted = (
        "no date in article URLs",
        "rows dated 2024年5月3日 without padding",
        "last page only in the pager's link",
        "one-based suffix: list2 is page 2",
    )

    def publish_lists(self, channel: Channel) -> None:
        if channel.url.endswith("/6/index.html"):
            self.publish(channel.url, lambda: self.html(self.tabs(channel)))
        else:
            super().publish_lists(channel)

    def tabs(self, channel: Channel) -> str:
        """One page of boxes; scripts only show and hide them."""
        boxes = "".join(
            f'<div class="notice" style="display:{"block" if n == 0 else "none"}"><h3 onclick="tab({n})">{("文件通知", "公示公告")[n % 2]}</h3><ul>'
            + "".join(
                f'<li><a href="{line.href}">{escape(line.text)}</a><span>{line.date}</span></li>' for line in page
            )
            + "</ul></div>"
            for n, page in enumerate(channel.pages)
        )
        return h.document(self, f"{channel.name}_{self.site_name}", f"{h.breadcrumb(channel, self)}{boxes}")

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        folder = "./29/" if channel_url.endswith("/6/index.html") else "./"
        return urljoin(channel_url, f"{folder}{number - 6_400_000}.html")

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else urljoin(channel.url, f"list{page}.html")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        day = row.published_on
        return replace(super().line(row, list_url, place), date=f"{day.year}年{day.month}月{day.day}日")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return f'<div class="content-box">{super().items(channel, lines)}</div>'


class Qinghai(Plain):
    """Nothing is known of paging and article addresses; ids are small numbers."""

    site_name = "青海省教育厅"
    planted = (
        "facts unknown: list paging and article addresses",
        "no date in article URLs",
        "unpadded dates (2024-5-3)",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"{number - 6_490_000}.html")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        day = row.published_on
        return replace(super().line(row, list_url, place), date=f"{day.year}-{day.month}-{day.day}")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return super().items(channel, lines).replace('class="list"', 'id="idul"')


class Chinanews(Plain):
    """中国新闻网: the scroll list carries the channel's label and a date without its year."""

    site_name = "中国新闻网"
    body_css = 'class="left_zw"'
    title_css = "content_left_title"
    planted = (
        "rows dated 5-31 09:32 without a year, whose URL has it",
        "same article under chinanews.com and chinanews.com.cn",
        "protocol-relative links",
        "facts unknown: paging of local columns",
        "start pages without paging",
    )

    def publish_lists(self, channel: Channel) -> None:
        if channel.url.endswith("/"):
            self.publish(channel.url, lambda: self.html(h.front_page(self, channel)))
        else:
            super().publish_lists(channel)

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        if "scroll" in channel_url:
            return f"https://www.chinanews.com.cn/edu/{day:%Y/%m-%d}/{number + 3_700_000}.shtml"
        return urljoin(channel_url, f"/edu/{day:%Y/%m-%d}/{number + 3_700_000}.shtml")

    def list_url(self, channel: Channel, page: int) -> str:
        if "news1.html" in channel.url:
            return channel.url.replace("news1.html", f"news{page}.html")
        return channel.url if page == 1 else urljoin(channel.url, f"index_{page}.shtml")

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(
            row.url.replace("www.chinanews.com.cn", "www.chinanews.com"), lambda: self.html(self.article_page(row))
        )

    def retouch(self, channel: Channel) -> Channel:
        line = channel.lines[:4][-1]
        return channel.with_line(
            1, 3, replace(line, href=line.href.replace("www.chinanews.com.cn", "www.chinanews.com"))
        )

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return Line(
            row, row.url.split(":", 1)[1], row.title, f"{row.published_on.month}-{row.published_on.day} {row.clock}"
        )

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><div class="dd_lm">[<a href="//www.chinanews.com.cn/edu.shtml">教育</a>]</div><div class="dd_bt"><a href="{line.href}">{escape(line.text)}</a></div><div class="dd_time">{line.date}</div></li>'
            for line in lines
        )
        return f'<div class="content_list"><ul>{rows}</ul></div>'

    def pager(self, channel: Channel, page: int) -> str:
        return super().pager(channel, page).replace('class="pages"', 'class="pagebox"')

    def info(self, row: Row) -> str:
        return f'<div class="content_left_time">{row.published_on:%Y年%m月%d日} {row.clock}　来源：<a href="/">{escape(row.source)}</a><span id="source_baidu" style="display:none">来源：{escape(row.source)}</span></div>'


class Dbw(Plain):
    """东北网: GBK pages, `/system/` addresses."""

    site_name = "东北网"
    encoding = "gbk"
    charset_header = False
    body_css = 'id="p-detail"'
    planted = (
        "facts unknown: list paging",
        "GBK",
        "start pages without paging",
        "no dates in the list, the URL has them",
    )

    def publish_lists(self, channel: Channel) -> None:
        if channel.url.endswith("/"):
            self.publish(channel.url, lambda: self.html(h.front_page(self, channel)))
        else:
            super().publish_lists(channel)

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        host = "edu" if "edu." in channel_url else "heilongjiang"
        return f"https://{host}.dbw.cn/system/{day:%Y/%m/%d}/0{number + 51_700_000}.shtml"

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else urljoin(channel.url, f"index_{page}.shtml")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return Line(row, row.url, row.title, "")

    def article_meta(self, row: Row) -> str:
        return f'<meta name="source" content="{escape(row.source, quote=True)}" />'

    def info(self, row: Row) -> str:
        return f'<div class="info">{row.published_on:%Y-%m-%d} {row.clock}:00　来源：{escape(row.source)}</div>'


class Sina(Plain):
    site_name = "新浪"
    body_css = 'id="article" class="article"'
    title_css = "main-title"
    planted = ("facts unknown: list paging", "links to several hosts")

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        letters = "".join(chr(97 + int(digit)) for digit in str(number))
        return f"https://edu.sina.com.cn/{('zxx', 'gaokao', 'l')[number % 3]}/{day}/doc-i{letters}{number % 10_000_000:07d}.shtml"

    def article_meta(self, row: Row) -> str:
        return f'<meta property="article:published_time" content="{row.published_on}T{row.clock}:00+08:00" /><meta name="mediaid" content="{escape(row.source, quote=True)}"/>'

    def info(self, row: Row) -> str:
        return f'<div class="date-source"><span class="date">{row.published_on:%Y年%m月%d日} {row.clock}</span><a class="source" href="#">{escape(row.source)}</a></div>'


class Sohu(Plain):
    site_name = "搜狐"
    body_css = 'id="mp-editor" class="article"'
    planted = ("facts unknown: list paging", "no date in article URLs", "links with a tracking query")

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://www.sohu.com/a/{number + 771_000_000}_{120_000 + number % 900}"

    def line(self, row: Row, list_url: str, place: int) -> Line:
        # The query names the box a link stands in; the page is the same without it.
        return Line(
            row,
            f"//www.sohu.com{row.path}?scm=1019.20001.0.0.0&spm=smpc.channel_{place}",
            row.title,
            f"{row.published_on}",
        )

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        plain = url.split("?", maxsplit=1)[0]
        return self.answer("GET", plain) if "?scm=" in url and method == "GET" else None

    def article_meta(self, row: Row) -> str:
        return f'<meta itemprop="datePublished" content="{row.stamp}" /><meta property="og:release_date" content="{row.stamp}"/><meta name="mediaid" content="{escape(row.source, quote=True)}"/>'

    def info(self, row: Row) -> str:
        return f'<div class="article-info"><span class="time" id="news-time" data-val="{row.unix * 1000}">{row.stamp}</span> 来源：{escape(row.source)}</div>'


class Qq(Plain):
    """No listing is known; a plain page stands for one."""

    site_name = "腾讯新闻"
    body_css = 'id="ArticleContent"'
    planted = ("facts unknown: columns and list paging", "the article id begins with the date")

    def columns(self) -> list[tuple[str, str]]:
        return [("教育", "https://new.qq.com/ch/edu/"), ("考试", "https://new.qq.com/ch/kaoshi/")]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://new.qq.com/rain/a/{day:%Y%m%d}A0{number % 100_000:05d}00"


class Ynet(Plain):
    site_name = "北青网"
    body_css = 'id="articleBox"'
    planted = (
        "one-based suffix: _2 is page 2",
        "twins under http and https listed twice",
        "sticky old rows on top of page 1",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"/{day:%Y/%m/%d}/{number - 2_700_000}t70.html")

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        pages = split_pages(rows, self.per_page)
        pages[0].insert(0, self.make_row(rows[0].channel, url, dt.date(2022, 3, 1)))
        return pages

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else channel.url.replace(".html", f"_{page}.html")

    def retouch(self, channel: Channel) -> Channel:
        line = channel.lines[:4][-1]
        other = (
            line.row.url.replace("https:", "http:")
            if line.row.url.startswith("https:")
            else line.row.url.replace("http:", "https:")
        )
        return channel.with_line(1, 5, replace(line, href=other))

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li class="cfix"><h2><a href="{line.href}" target="_blank">{escape(line.text)}</a></h2><em class="fRight">{line.date}</em></li>'
            for line in lines
        )
        return f'<ul class="fin_newsList cfix">{rows}</ul>'

    def info(self, row: Row) -> str:
        return f'<div class="sourceBox"><span class="yearMsg">{row.published_on}</span><span class="timeMsg">{row.clock}:00</span><span class="sourceMsg">{escape(row.source)}</span></div>'


class Chce(Plain):
    """国家素质教育网: an old ASP site of layout tables in GBK; addresses are parameters."""

    site_name = "国家素质教育网"
    encoding = "gb18030"
    declared = "gb2312"
    charset_header = False
    after_end = "repeat"
    planted = (
        "facts unknown: everything",
        "article addresses are parameters",
        "GBK declared as gb2312 in the page only",
        "unpadded dates (2024-5-3)",
        "list repeats its last page for ever",
    )

    def columns(self) -> list[tuple[str, str]]:
        return [
            (name, f"http://www.chce.org.cn/Article_Class.asp?ClassID={number}")
            for name, number in (("素质教育", 12), ("教育新闻", 8))
        ]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"http://www.chce.org.cn/Article_Show.asp?ArticleID={number - 6_480_000}"

    def line(self, row: Row, list_url: str, place: int) -> Line:
        day = row.published_on
        return Line(row, row.url.rsplit("/", 1)[1], row.title, f"{day.year}-{day.month}-{day.day}")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<tr><td>·[<a href="{channel.url.rsplit("/", 1)[1]}">{channel.name}</a>]&nbsp;<a href="{line.href}" title="文章标题：{escape(line.row.title, quote=True)}" target="_blank">{escape(line.text)}</a>&nbsp;<font color="red">({line.date})</font></td></tr>'
            for line in lines
        )
        return f'<table width="760" border="0"><tr><td><table width="100%">{rows}</table></td></tr></table>'

    def info(self, row: Row) -> str:
        day = row.published_on
        return f"<table><tr><td>作者：{row.author}&nbsp;&nbsp;文章来源：{escape(row.source)}&nbsp;&nbsp;点击数：{row.number % 99}&nbsp;&nbsp;更新时间：{day.year}-{day.month}-{day.day}</td></tr></table>"


CLASSES: dict[str, type[SimulatedSite]] = {
    "xizang": Xizang, "qinghai": Qinghai, "chinanews": Chinanews, "dbw": Dbw, "sina": Sina, "sohu": Sohu, "qq": Qq, "ynet": Ynet, "chce": Chce,
}  # fmt: skip
