"""TRS WCM: static directories, `t{YYYYMMDD}_{id}`, `index_N` lists, page totals in inline scripts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from . import html as h
from .model import Channel, Line, Row, SimulatedSite, as_document, overlapping_pages, relative, split_pages

if TYPE_CHECKING:
    from collections.abc import Sequence


CNR_PROVINCES = (
    "ln", "jl", "js", "zj", "hubei", "hunan", "gd", "gx", "hainan", "cq", "sc", "gz", "yn", "shaanxi", "gs", "qh", "nx", "xinjiang",
)  # fmt: skip


def quoted(text: str) -> str:
    return escape(text, quote=True)


class Trs(SimulatedSite):
    """The common case: relative links, zero-based suffix, `createPageHTML(pages, current, name, ext)`."""

    family = "trs"
    list_ext = "html"
    article_ext = "html"
    first_suffix = 1  # the number in the address of page 2: 1 where counting is zero based, 2 where it is one based
    relative_links = True

    # Addresses.

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"{day:%Y%m}/t{day:%Y%m%d}_{number}.{self.article_ext}")

    def list_name(self, channel: Channel) -> str:
        """File name of page 1 without extension: `index`, or what the column's own address says."""
        last = channel.url.rsplit("/", 1)[1]
        return last.rsplit(".", 1)[0] if last else "index"

    def list_url(self, channel: Channel, page: int) -> str:
        if page == 1:
            return channel.url
        return urljoin(channel.url, f"{self.list_name(channel)}_{page - 2 + self.first_suffix}.{self.list_ext}")

    def publish_lists(self, channel: Channel) -> None:
        super().publish_lists(channel)
        # The bare directory and its index file are one page; with one-based counting index_1 is page 1 as well.
        names = [f"{self.list_name(channel)}.{self.list_ext}"]
        if channel.url.rsplit("/", 1)[1].startswith("index."):
            names.append("")
        if self.first_suffix == 2:
            names.append(f"{self.list_name(channel)}_1.{self.list_ext}")
        for name in names:
            self.publish(urljoin(channel.url, name), lambda: self.html(self.list_page(channel, 1)))

    # Lists.

    def line(self, row: Row, list_url: str, place: int) -> Line:
        href = relative(row.url, list_url) if self.relative_links else row.url
        return replace(super().line(row, list_url, place), href=href)

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "\n".join(
            f'<li><a href="{quoted(line.href)}" target="_blank" title="{quoted(line.row.title)}">{escape(line.text)}</a>'
            f"<span>{line.date}</span></li>"
            for line in lines
        )
        return f'<ul class="list">\n{rows}\n</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        return (
            '<div class="page"><script language="JavaScript" src="/images/page.js"></script>'
            f'<script language="JavaScript">createPageHTML({len(channel.pages)}, {page - 1}, '
            f'"{self.list_name(channel)}", "{self.list_ext}");</script></div>'
        )

    def list_page(self, channel: Channel, page: int) -> str:
        body = f"""<div class="main"><div class="left">{self.crumbs(channel)}{h.sidebar(self.stranger_rows[2:])}</div>
<div class="right"><h2>{escape(channel.name)}</h2>
{self.items(channel, channel.pages[page - 1])}
{self.pager(channel, page)}
</div></div>"""
        meta = h.government_meta(self, channel.name)
        return h.document(self, f"{channel.name}_{self.site_name}", body, meta=meta)

    def crumbs(self, channel: Channel | None) -> str:
        return h.breadcrumb(channel, self)

    # Articles.

    def body(self, row: Row) -> str:
        return f"""<h1 class="title">{escape(row.title)}</h1>
<div class="info">发布时间：{row.stamp}　来源：{escape(row.source)}　浏览次数：<span id="hits">{row.number % 900}</span></div>
<div class="TRS_Editor"><style type="text/css">.TRS_Editor P{{line-height:2;font-family:宋体;}}</style>
{row.html_paragraphs}</div>
<div class="editor">责任编辑：{escape(row.editor)}</div>"""

    def article_meta(self, row: Row) -> str:
        return h.government_meta(self, row.channel, row)

    def article_page(self, row: Row) -> str:
        body = f"""<div class="main">{self.crumbs(None)}
<div class="article">{self.body(row)}</div>
{h.article_tools()}{h.neighbours(self)}{h.sidebar(self.stranger_rows[3:], "相关阅读")}</div>"""
        return h.document(self, f"{row.title}_{self.site_name}", body, meta=self.article_meta(row))


class Beijing(Trs):
    site_name = "北京市教育委员会"
    planted = ("countPage", "an article published while the walk runs repeats the last row of page 1", "relative links")

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        return overlapping_pages(rows, self.per_page)

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return f'<div class="announce_list a-hov-c">{super().items(channel, lines)}</div>'

    def pager(self, channel: Channel, page: int) -> str:
        return f"""<div class="page"><script>
var currentPage = {page - 1};//所在页从0开始
var prevPage = currentPage-1;//上一页
var nextPage = currentPage+1;//下一页
var countPage = {len(channel.pages)};//共多少页
document.write("共"+countPage+"页&nbsp;&nbsp;");
if(countPage>1&&currentPage!=0){{ document.write("<a href=\\"index.html\\">首页</a>"); }}
if(countPage>1&&currentPage!=(countPage-1)){{ document.write("<a href=\\"index"+"_" + nextPage + "."+"html\\">下一页</a>"); }}
</script></div>"""

    def body(self, row: Row) -> str:
        return f"""<div class="z-gb-cont"><h3>{escape(row.title)}</h3>
<p class="z-gb-time">{row.published_on}　<span>来源：{escape(row.source)}</span></p>
<div class="view TRS_UEDITOR trs_paper_default">{row.html_paragraphs}</div></div>"""


class Tianjin(Trs):
    site_name = "天津市教育委员会"
    truncate = True
    after_end = "repeat"
    planted = (
        "links only in onclick", "total only as text 共N页", "list repeats its last page for ever", "list page embeds article text",
        "titles cut in text, full in @title",
    )  # fmt: skip

    def crumbs(self, channel: Channel | None) -> str:
        return h.breadcrumb(channel, self, "tagcolor")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "\n".join(
            f"""<li><a href="javascript:void(0);" onclick="isDownLoad(this,'{line.row.url}')" title="{quoted(line.row.title)}">
<p class="list-content">{escape(line.text)}</p></a><p class="list-date">{line.date}</p>
<div class="hidDom" style="display:none"><span class="text">{escape("".join(line.row.paragraphs))}</span></div></li>"""
            for line in lines
        )
        return f'<ul class="common-list-right-list">\n{rows}\n</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        return (
            f'<div class="page-list"><span>第{page}页</span><span>共{len(channel.pages)}页</span>'
            "<a href=\"javascript:goPage('next')\">下一页</a></div>"
        )


class Shanxi(Trs):
    site_name = "山西省教育厅"
    truncate = True
    planted = ("rows that are direct PDFs", "titles cut in text, full in @title", "last page only in the pager's link")

    def retouch(self, channel: Channel) -> Channel:
        """Every third row of 公告通知 links the PDF itself, named as TRS names attachments."""
        if channel.index:
            return channel
        pages, left = [], len(channel.lines)
        for page in channel.pages:
            lines = []
            for line in page:
                left -= 1
                if left % 3 == 0:
                    day = line.row.published_on
                    name = f"{day:%Y%m}/P0{day:%Y%m%d}{line.row.number % 10**10:010d}.pdf"
                    row = as_document(line.row, urljoin(channel.url, name))
                    line = replace(line, row=row, href=f"./{name}")
                lines.append(line)
            pages.append(tuple(lines))
        return replace(channel, pages=tuple(pages))

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return (
            '<div class="xwzx_ggtz">' + super().items(channel, lines).replace('class="list"', 'class="fl"') + "</div>"
        )

    def pager(self, channel: Channel, page: int) -> str:
        last = f"index_{len(channel.pages) - 1}.html"
        before = "index.html" if page <= 2 else f"index_{page - 2}.html"
        after = f"index_{min(page, len(channel.pages) - 1)}.html"
        return f'<div class="ye"><a href="index.html">首页</a><a href="{before}">上一页</a><a href="{after}">下一页</a><a href="{last}">尾页</a></div>'

    def body(self, row: Row) -> str:
        return f"""<h2 class="bt">{escape(row.title)}</h2><div class="ly_zj"><span>{row.published_on}</span><b>来源：{escape(row.source)}</b></div>
<div id="contents"><div class="TRS_Editor">{row.html_paragraphs}</div></div>"""


class Neimenggu(Trs):
    site_name = "内蒙古自治区教育厅"
    after_end = "stub"
    planted = ("stub pages of 300 bytes after the end", "total only as text 共N页", "table list without any total")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        if "fdzdgknr" in channel.url:
            rows = "\n".join(
                f'<tr><td>{n}</td><td><a href="{quoted(line.href)}" title="{quoted(line.row.title)}">{escape(line.text)}</a></td>'
                f"<td>{line.row.doc_number}</td><td>{line.date}</td></tr>"
                for n, line in enumerate(lines, 1)
            )
            return f"<table><thead><tr><th>序号</th><th>标题</th><th>文号</th><th>发布日期</th></tr></thead><tbody>{rows}</tbody></table>"
        return f'<div class="tygl_con_tit"><span>{channel.name}</span></div><div class="tygl_con_con">{super().items(channel, lines)}</div>'

    def pager(self, channel: Channel, page: int) -> str:
        if "fdzdgknr" in channel.url:
            return '<div class="xll_pagebox"><a href="javascript:jump(1)">下一页</a></div>'
        return f'<div class="xll_pagebox"><span><font>共{len(channel.pages)}页</font></span><a href="javascript:jump(1)">下一页</a></div>'


class Jilin(Trs):
    site_name = "吉林省教育厅"
    list_ext = "htm"
    planted = ("list extension .htm, articles .html", "deep layout tables", "last page only in the pager's link")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "\n".join(
            f'<tr><td height="32"><a class="style_ys03" href="{quoted(line.href)}" target="_blank" title="{quoted(line.row.title)}">{escape(line.text)}</a></td>'
            f'<td width="90" align="right">{line.date}</td></tr>'
            for line in lines
        )
        return f'<table class="table1 navBlock"><tr><td><table width="100%"><tr><td><table>{rows}</table></td></tr></table></td></tr></table>'

    def pager(self, channel: Channel, page: int) -> str:
        count = len(channel.pages)
        after = f"index_{min(page, count - 1)}.htm"
        return f'<div id="pages"><a href="index.htm">首页</a><a href="{after}">下一页</a><a href="index_{count - 1}.htm">尾页</a></div>'


class Hubei(Trs):
    site_name = "湖北省教育厅"
    list_ext = "shtml"
    article_ext = "shtml"
    planted = (
        "dates split over elements",
        "last page only in the pager's link",
        "separator rows",
        "list extension .shtml",
    )

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        if "GK2020" in channel.url:
            rows = "".join(
                f'<li><a href="{quoted(line.href)}">{escape(line.text)}</a><span>{line.date}</span></li>'
                + ('<li class="line"></li>' if n % 5 == 0 else "")
                for n, line in enumerate(lines, 1)
            )
            return f'<ul class="info-list">{rows}</ul>'
        rows = "".join(
            f'<li class="col-md-6"><div class="calendar"><h4>{line.row.published_on:%d}</h4><p>{line.row.published_on:%Y.%m}</p></div>'
            f'<a href="{quoted(line.href)}" title="{quoted(line.row.title)}"><h4>{escape(line.text)}</h4></a></li>'
            for line in lines
        )
        return f'<ul class="row">{rows}</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        urls = [self.list_url(channel, n + 1).rsplit("/", 1)[1] or "index.shtml" for n in range(len(channel.pages))]
        return h.numbered_pager(urls, page, "black2")

    def body(self, row: Row) -> str:
        return f"""<h2>{escape(row.title)}</h2><div class="info"><span>{row.published_on} {row.clock}</span> <span>{escape(row.source)}</span></div>
<div class="trs_editor_view TRS_UEDITOR trs_paper_default">{row.html_paragraphs}</div>"""


class Hunan(Trs):
    site_name = "湖南省教育厅"
    first_suffix = 2
    planted = (
        "one-based suffix: index_1 is page 1 again",
        "first page not named index",
        "last page only in the pager's link",
    )

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return super().items(channel, lines).replace('class="list"', 'class="list_gkzd_content"')

    def pager(self, channel: Channel, page: int) -> str:
        last = self.list_url(channel, len(channel.pages)).rsplit("/", 1)[1]
        return f'<ul class="pages"><li class="cur">{page}</li><li class="end_page"><a href="{last}">尾页</a></li></ul>'

    def body(self, row: Row) -> str:
        return f"""<div class="tys-main-zt-show"><h2>{escape(row.title)}</h2><p class="sj">发布时间：{row.published_on:%Y-%m-%d}　信息来源：{escape(row.source)}</p>
<div id="zoom">{row.html_paragraphs}</div></div>"""


class Guangxi(Trs):
    site_name = "广西壮族自治区教育厅"
    list_ext = "shtml"
    article_ext = "shtml"
    planted = ("no date in article URLs", "last page only in the pager's link", "meta Url as canonical address")

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, f"t{number + 10_000_000}.shtml")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        return super().items(channel, lines).replace('class="list"', 'class="more-list"')

    def pager(self, channel: Channel, page: int) -> str:
        urls = [self.list_url(channel, n + 1).rsplit("/", 1)[1] or "index.shtml" for n in range(len(channel.pages))]
        return h.numbered_pager(urls, page, "more-page")

    def body(self, row: Row) -> str:
        return f"""<div class="article"><h1>{escape(row.title)}</h1><div class="article-inf"><div class="article-inf-left">
{row.stamp}&nbsp;&nbsp;来源：{escape(row.source)}</div><div class="article-inf-right">【字体：大 中 小】</div></div>
<div class="article-con"><div class="view TRS_UEDITOR trs_paper_default trs_web">{row.html_paragraphs}</div></div></div>"""


class Chongqing(Trs):
    site_name = "重庆市教育委员会"
    planted = (
        "createPage(",
        "a row listed twice: plain and _wap",
        "date of the document beside the publish date",
        "dates without padding",
    )

    def retouch(self, channel: Channel) -> Channel:
        if channel.index:
            return channel
        first = channel.lines[:4][-1]
        return channel.with_line(1, 2, replace(first, href=first.href.replace(".html", "_wap.html")))

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(row.url.replace(".html", "_wap.html"), lambda: self.html(self.article_page(row)))

    def line(self, row: Row, list_url: str, place: int) -> Line:
        day = row.published_on
        return replace(super().line(row, list_url, place), date=f"{day.year}-{day.month}-{day.day}")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        if "zcwj" in channel.url:
            rows = "".join(
                f'<tr class="zcwjk-list-c"><td>{n}</td><td><p class="tit"><a class="title" href="{quoted(line.href)}">{escape(line.text)}</a></p>'
                f'<p class="info">（发文字号：渝{line.row.doc_number}　成文日期：{line.row.published_on - dt.timedelta(days=6)}）</p></td>'
                f'<td><span class="time">{line.row.published_on}</span></td></tr>'
                for n, line in enumerate(lines, 1)
            )
            return f'<div class="zcwjk-list"><table>{rows}</table></div>'
        return f'<div class="information-l-content">{super().items(channel, lines)}</div>'

    def pager(self, channel: Channel, page: int) -> str:
        return (
            f'<div class="page"><script>createPage({len(channel.pages)}, {page - 1}, "index", "html");</script></div>'
        )

    def body(self, row: Row) -> str:
        written = row.published_on - dt.timedelta(days=6)
        return f"""<table class="zwxl-table"><tr><td class="t">[ 索引号 ]</td><td>{row.index_number}</td><td class="t">[ 发文字号 ]</td><td>渝{row.doc_number}</td></tr>
<tr><td class="t">[ 主题分类 ]</td><td colspan="3">教育</td></tr><tr><td class="t">[ 发布机构 ]</td><td colspan="3">市教委</td></tr>
<tr><td class="t">[ 成文日期 ]</td><td>{written}</td><td class="t">[ 发布日期 ]</td><td>{row.published_on}</td></tr></table>
<div class="zwxl-article"><h3>{escape(row.title)}</h3><div class="view TRS_UEDITOR trs_paper_default">{row.html_paragraphs}</div></div>
<p class="wap">手机版：<a href="{row.path.replace(".html", "_wap.html")}">查看</a></p>"""


class Guizhou(Trs):
    site_name = "贵州省教育厅"
    planted = ("createPageHTML(pages, current, name, ext)", "separator rows", "twins under http and https listed twice")

    def retouch(self, channel: Channel) -> Channel:
        if channel.index:
            return channel
        first = channel.lines[:14][-1]
        return channel.with_line(1, 4, replace(first, href=first.row.url.replace("https:", "http:")))

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a href="{quoted(line.href)}" title="{quoted(line.row.title)}" target="_blank">{escape(line.text)}</a><span>{line.date}</span></li>'
            + ('<li class="b"></li>' if n % 5 == 0 else "")
            for n, line in enumerate(lines, 1)
        )
        return f'<div class="PageMainBox aBox"><div class="NewsList"><ul>{rows}</ul></div></div>'


class Shaanxi(Trs):
    site_name = "陕西省教育厅"
    planted = ("createPage(", "x/N页 text", "sticky old rows on top of page 1")

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        """Two rows of 2021 stay on top of page 1, as notices that are pinned."""
        pinned = [self.make_row(rows[0].channel, url, dt.date(2021, 3, 4 + n)) for n in range(2)]
        pages = split_pages(rows, self.per_page)
        return [[*pinned, *pages[0]], *pages[1:]]

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        css, item = ("cm-news-list gov-item", "con-times") if "gfxwj" in channel.url else ("news-list", "time")
        rows = "".join(
            f'<li class="clearfix"><a href="{quoted(line.href)}" target="_blank">{escape(line.text)}</a><span class="{item}">{line.date}</span></li>'
            for line in lines
        )
        return f'<ul class="{css}">{rows}</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        count = len(channel.pages)
        return f'<div id="page"><span>{page}/{count}页</span></div><script>createPage({count}, {page - 1}, "index", "html");</script>'

    def body(self, row: Row) -> str:
        table = f"""<table class="cm-table-fixed zw-table"><tr><td>索 引 号</td><td>{row.index_number}</td><td>主题分类</td><td>教育</td></tr>
<tr><td>发布机构</td><td>省教育厅</td><td>有 效 性</td><td>有效</td></tr><tr><td>成文日期</td><td>{row.published_on - dt.timedelta(days=3)}</td><td></td><td></td></tr></table>"""
        return f"""{table if "规范性" in row.channel else ""}<h1 class="m-txt-title">{escape(row.title)}</h1>
<div class="cm-source">来源：{escape(row.source)}　发布时间：{row.stamp}</div><div class="lfNewsDetail clearfix news-detail">{row.html_paragraphs}</div>"""


class Ningxia(Trs):
    site_name = "宁夏回族自治区教育厅"
    planted = (
        "the list item stands inside the link",
        "last page only in the pager's link",
        "an article listed in two columns",
    )

    def retouch(self, channel: Channel) -> Channel:
        if channel.index != 1:
            return channel
        row = self.lists[0].rows[-1]
        return channel.with_line(0, 0, Line(row, row.path, row.title, f"{row.published_on}"))

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        if "zcwj" in channel.url:
            return "".join(
                f'<div class="zfxxgk_zd1"><a href="{quoted(line.href)}">{escape(line.text)}</a><b>{line.date}</b></div>'
                for line in lines
            )
        rows = "".join(
            f'<a href="{quoted(line.href)}" target="_blank"><li><p>{escape(line.text)}</p><span>{line.date}</span></li></a>'
            for line in lines
        )
        return f'<ul class="wzlb">{rows}</ul>'

    def pager(self, channel: Channel, page: int) -> str:
        last = self.list_url(channel, len(channel.pages)).rsplit("/", 1)[1]
        after = self.list_url(channel, min(page + 1, len(channel.pages))).rsplit("/", 1)[1]
        return f'<div class="fy"><a href="{after}">下一页</a><a class="be" href="{last}">末页</a></div>'


class Moe(Trs):
    """
    教育部: `createPageHTML(records, pages, current, name, ext)`, rows of other directories and of hudong.moe.gov.cn.

    教育部文件 is a search page, `/was5/web/search`, of 15 rows.
    """

    site_name = "中华人民共和国教育部"
    planted = (
        "createPageHTML(records, pages, current, name, ext)", "links with ../", "rows of another directory", "a row on another host of the site",
        "document dates beside the publish date", "facts unknown: markup of /was5/web/search",
    )  # fmt: skip

    def columns(self) -> list[tuple[str, str]]:
        return [*super().columns(), ("教育部文件", "http://www.moe.gov.cn/was5/web/search?channelid=239993")]

    def page_size(self, channel_url: str) -> int:
        return 15 if "/was5/" in channel_url else self.per_page

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        return split_pages(rows, self.page_size(url))

    def list_url(self, channel: Channel, page: int) -> str:
        return f"{channel.url}&page={page}" if "/was5/" in channel.url else super().list_url(channel, page)

    def publish_lists(self, channel: Channel) -> None:
        if "/was5/" not in channel.url:
            super().publish_lists(channel)
            return
        SimulatedSite.publish_lists(self, channel)
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))

    def lists_at(self, channel: Channel, address: str) -> bool:
        return super().lists_at(channel, address.removesuffix("&page=1"))

    def retouch(self, channel: Channel) -> Channel:
        if channel.index:
            return channel
        line = channel.pages[-1][0]
        return channel.with_line(
            len(channel.pages) - 1, 0, replace(line, href=line.row.url.replace("//www.", "//hudong.")), instead=True
        )

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(row.url.replace("//www.", "//hudong."), lambda: self.html(self.article_page(row)))

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        if number % 3 == 0 or "/was5/" in channel_url:
            channel_url = f"http://www.moe.gov.cn/srcsite/A{number % 26 + 1:02d}/s{number % 900 + 3000}/"
        return super().article_url(number, day, channel_url)

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        if "xxgk" in channel.url:
            rows = "".join(
                f'<dd><a href="{quoted(line.href)}">{escape(line.text)}</a><span class="x_gkndbg_pcdate">{line.date}</span></dd>'
                for line in lines
            )
            return f'<dl id="list"><dt>标题</dt>{rows}</dl>'
        return super().items(channel, lines).replace('class="list"', 'id="list"')

    def pager(self, channel: Channel, page: int) -> str:
        count = len(channel.pages)
        if "/was5/" in channel.url:
            return f"""<div id="fanye"><script>var countPage = {count};//共多少页
var currentPage = {page}; var recordCount = {len(channel.lines)};
document.write("<a href='/was5/web/search?channelid=239993&page=" + (currentPage + 1) + "'>下一页</a>");</script></div>"""
        return f"""<ul id="page"><li class="mhide">{page}/{count}</li></ul>
<script>createPageHTML({len(channel.lines)},{count},{page - 1},"index","html");</script>"""

    def article_meta(self, row: Row) -> str:
        media = [("publishdate", f"{row.published_on}"), ("author", row.editor), ("source", row.source), ("contentid", str(row.number)),
                 ("filetype", "0"), ("catalogs", "moe_1485")]  # fmt: skip
        return (
            super().article_meta(row)
            + "\n"
            + "\n".join(f'<meta name="{name}" content="{quoted(value)}"/>' for name, value in media)
        )

    def body(self, row: Row) -> str:
        if "/srcsite/" in row.url:
            return f"""<table id="moe-policy-table"><tr><td class="policy-item-title">信息名称：</td><td class="policy-item-cont" colspan="3">{escape(row.title)}</td></tr>
<tr><td class="policy-item-title">信息索引：</td><td class="policy-item-cont">360A12-07-{row.published_on.year}-{row.number % 9000:04d}-1</td>
<td class="policy-item-title">生成日期：</td><td class="policy-item-cont">{row.published_on - dt.timedelta(days=9)}</td></tr>
<tr><td class="policy-item-title">发文机构：</td><td class="policy-item-cont">{self.site_name}</td><td class="policy-item-title">发文字号：</td><td class="policy-item-cont">{row.doc_number}</td></tr></table>
<div class="moe-detail-shuxing">发布日期：{row.published_on}</div><div id="downloadContent"><h1>{escape(row.title)}</h1><p class="moe-policy-wenhao">{row.doc_number}</p>
<div class="TRS_Editor">{row.html_paragraphs}<p align="right">{self.site_name}</p><p align="right">{row.published_on - dt.timedelta(days=14):%Y年%m月%d日}</p></div></div>"""
        return f"""<div class="moe-detail-box"><h1>{escape(row.title)}</h1><div id="detail-date-source">日期：{row.published_on}　来源：{escape(row.source)}</div>
<div class="TRS_Editor">{row.html_paragraphs}</div><div id="detail-editor">（责任编辑：{escape(row.editor)}）</div></div>"""


class Jyb(Trs):
    site_name = "中国教育新闻网"
    planted = (
        "createPageHTML with single quotes",
        "rows without a date of their own element",
        "news filed in another directory",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"http://www.jyb.cn/rmtzcg/xwy/wzxw/{day:%Y%m}/t{day:%Y%m%d}_{2_111_000_000 + number % 1_000_000}.html"

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<li><a class="title" href="{quoted(line.href)}" title="{quoted(line.row.title)}" target="_blank">{escape(line.text)}</a>'
            f'<p class="tags"><span>作者：{line.row.author}</span><span>来源：{escape(line.row.source)}</span><span>时间：{line.date}</span></p></li>'
            for line in lines
        )
        return f'<div id="jybpx"><ul class="yxj_list">{rows}</ul></div>'

    def pager(self, channel: Channel, page: int) -> str:
        return f"<div class=\"page\"><script>createPageHTML({len(channel.pages)}, {page - 1}, 'index', 'html');</script></div>"

    def article_meta(self, row: Row) -> str:
        return ""

    def body(self, row: Row) -> str:
        return f"""<div class="xl_title"><h1>{escape(row.title)}</h1><h2><span>发布时间：{row.published_on}</span>　<span>作者：{row.author}</span>　<span>来源：{escape(row.source)}</span></h2></div>
<div class="xl_text"><div class="TRS_Editor">{row.html_paragraphs}</div></div>"""


class Cnr(Trs):
    """央广网: the folder is the day, list paging is the CMS's own rule."""

    site_name = "央广网"
    article_ext = "shtml"
    planted = ("facts unknown: list paging", "folder is YYYYMMDD", "protocol-relative links")

    def columns(self) -> list[tuple[str, str]]:
        listed = super().columns()
        hosts = {url for _, url in listed}
        local = [(f"地方 {code}", url) for code in CNR_PROVINCES if (url := f"https://www.cnr.cn/{code}/") not in hosts]
        return [listed[1], *listed[:1], *listed[2:], *local]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        if not channel_url.endswith("/list/"):
            channel_url = urljoin(channel_url, "jy/")
        return urljoin(channel_url, f"{day:%Y%m%d}/t{day:%Y%m%d}_{number + 520_000_000}.shtml")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return Line(row, row.url.split(":", 1)[1], row.title, f"{row.published_on}")

    def body(self, row: Row) -> str:
        return f"""<h1>{escape(row.title)}</h1><div class="source"><span id="pubtime_baidu">{row.stamp}:00</span><span id="source_baidu">来源：{escape(row.source)}</span></div>
<div class="article-body"><div class="TRS_Editor">{row.html_paragraphs}</div></div><div class="editor">责编：{row.editor}</div>"""


class Eol(Trs):
    site_name = "中国教育在线"
    list_ext = "shtml"
    article_ext = "shtml"
    planted = ("facts unknown: list paging", "rows without dates whose URL has them")

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), date="")

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        rows = "".join(
            f'<div class="fline"><a href="{quoted(line.href)}" target="_blank">{escape(line.text)}</a></div>'
            for line in lines
        )
        return f'<div class="list">{rows}</div>'


CLASSES: dict[str, type[SimulatedSite]] = {
    "beijing": Beijing, "tianjin": Tianjin, "shanxi": Shanxi, "neimenggu": Neimenggu, "jilin": Jilin, "hubei": Hubei, "hunan": Hunan,
    "guangxi": Guangxi, "chongqing": Chongqing, "guizhou": Guizhou, "shaanxi": Shaanxi, "ningxia": Ningxia, "moe": Moe, "jyb": Jyb,
    "cnr": Cnr, "eol": Eol,
}  # fmt: skip
