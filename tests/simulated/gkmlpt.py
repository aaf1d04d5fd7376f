"""广东: NFCMS pages counted from 1, and the gkmlpt directory whose lists are JSON."""

from __future__ import annotations

import datetime as dt
import json
import re
from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Row, SimulatedSite

SITE_ID = 168
COLUMN = 1620
API_PAGE = 100


class Guangdong(SimulatedSite):
    """A gkmlpt column answers up to 100 rows a page; the page past its last one answers 404."""

    family = "gkmlpt"
    site_name = "广东省教育厅"
    finite = False
    planted = (
        "JSON list with unix timestamps", "the page past the end answers 404", "single page app: column tree in window._CONFIG", "one-based suffix: index_2 is page 2",
        "no date in article URLs", "sticky old rows on top of page 1",
    )  # fmt: skip

    def is_directory(self, channel_url: str) -> bool:
        return "/gkmlpt/" in channel_url

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        serial = number - 2_100_000
        if self.is_directory(channel_url):
            return urljoin(channel_url, f"/gkmlpt/content/{serial // 1_000_000}/{serial // 1000}/post_{serial}.html")
        return urljoin(channel_url, f"content/post_{serial}.html")

    def make_rows(self, channel: str, channel_url: str, count: int) -> list[Row]:
        """A directory column is long enough for three pages of the API."""
        return super().make_rows(channel, channel_url, 2 * API_PAGE + 30 if self.is_directory(channel_url) else count)

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        pages = super().lay_out(index, url, rows)
        if index == 0:
            pages[0][:0] = [self.make_row(rows[0].channel, url, dt.date(2021, 11, 5 + n)) for n in range(2)]
        return pages

    def list_url(self, channel: Channel, page: int) -> str:
        if self.is_directory(channel.url):
            return urljoin(channel.url, f"/gkmlpt/api/all/{COLUMN}?page={page}&sid={SITE_ID}")
        return channel.url if page == 1 else urljoin(channel.url, f"index_{page}.html")

    def lists_at(self, channel: Channel, address: str) -> bool:
        directory = self.is_directory(channel.url) and f"/gkmlpt/api/all/{COLUMN}" in address
        return directory or super().lists_at(channel, address)

    def publish_lists(self, channel: Channel) -> None:
        if self.is_directory(channel.url):
            self.publish(channel.url, lambda: self.html(self.application(channel)))
            return
        super().publish_lists(channel)
        self.publish(
            urljoin(channel.url, "index.html" if channel.url.endswith("/") else "./"),
            lambda: self.html(self.list_page(channel, 1)),
        )

    def list_page(self, channel: Channel, page: int) -> str:
        rows = "".join(
            f'<li><a href="{line.href}" target="_blank">{escape(line.text)}</a><span class="time">{line.date}</span></li>'
            for line in channel.pages[page - 1]
        )
        pager = h.numbered_pager([self.list_url(channel, n + 1) for n in range(len(channel.pages))], page, "page")
        body = f"""<div class="pos">当前位置：<a href="/">首页</a> &gt; <a href="./">{escape(channel.name)}</a></div>{h.sidebar(self.stranger_rows[2:])}
<ul class="list">{rows}</ul>{pager}"""
        return h.document(self, f"{channel.name}-{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def config(self, detail: dict[str, Any] | None) -> str:
        tree = [
            {"id": COLUMN, "name": channel.name, "parent_id": 0, "children": []}
            for channel in self.lists
            if self.is_directory(channel.url)
        ]
        pairs = f"SITE_ID: {SITE_ID}, SITE_NAME: '{self.site_name}', CLASSIFY_ID: 0"
        last = f", DETAIL: {json.dumps(detail, ensure_ascii=False)}" if detail else ""
        return f"<script>window._CONFIG = {{ {pairs}{last}, TREE: {json.dumps(tree, ensure_ascii=False)}, POST_TYPE: 'gkmlpt' }};</script>"

    def application(self, channel: Channel) -> str:
        body = f'<div id="app"></div>{self.config(None)}<script src="/gkmlpt/js/app.js"></script><noscript>请启用 JavaScript 浏览{self.site_name}政府信息公开目录</noscript>'
        return h.document(self, f"{self.site_name}政府信息公开目录", body, meta=h.government_meta(self, channel.name))

    def entry(self, row: Row) -> dict[str, Any]:
        stamp = f"{row.stamp}:00"
        return {
            "id": row.number - 2_100_000, "title": row.title, "url": row.url, "post_url": row.url, "date": row.unix, "created_at": stamp,
            "display_publish_time": row.unix, "first_publish_time": row.unix, "publisher": self.site_name, "identifier": f"006939748/{row.index_number}",
            "document_number": f"粤{row.doc_number}", "classify_main_name": "教育", "abstract": "", "attachment": [], "is_expired": 0,
        }  # fmt: skip

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        found = re.fullmatch(r"/gkmlpt/api/all/(\d+)", urlsplit(url).path)
        if not found:
            return None
        page = int(fields.get("page", "1") or 1)
        for channel in self.lists:
            if (
                self.is_directory(channel.url)
                and int(found[1]) == COLUMN
                and fields.get("sid", str(SITE_ID)) == str(SITE_ID)
            ):
                chosen = channel.rows[(page - 1) * API_PAGE : page * API_PAGE]
                if not chosen:
                    return self.html(
                        "<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center></body></html>",
                        404,
                    )
                return self.json(
                    {
                        "articles": [self.entry(row) for row in chosen],
                        "total": len(channel.rows),
                        "classify": {"id": int(found[1]), "name": channel.name},
                    }
                )
        return None

    def article_page(self, row: Row) -> str:
        if self.is_directory(row.url):
            detail = {**self.entry(row), "content": row.html_paragraphs, "source": row.source}
            table = f"""<table class="classify"><tr><td class="title">索引号:</td><td>006939748/{row.index_number}</td><td class="title">分类:</td><td>教育</td></tr>
<tr><td class="title">发布机构:</td><td>{self.site_name}</td><td class="title">成文日期:</td><td>{row.published_on - dt.timedelta(days=5)}</td></tr>
<tr><td class="title">文号:</td><td>粤{row.doc_number}</td><td class="title">发布日期:</td><td>{row.published_on}</td></tr></table>"""
            body = f'{table}<div class="content"><h1 class="title">{escape(row.title)}</h1><div class="article-content">{row.html_paragraphs}</div></div>{self.config(detail)}'
        else:
            body = f"""<h1 class="title">{escape(row.title)}</h1><div class="info"><span>时间：{row.stamp}:00</span><span>来源：{escape(row.source)}</span></div>
<div class="article-content content">{row.html_paragraphs}</div>"""
        meta = (
            f'{h.government_meta(self, row.channel, row)}\n<meta name="ArticleId" content="{row.number - 2_100_000}" />'
        )
        return h.document(
            self,
            f"{row.title}-{self.site_name}",
            f'<div class="pos">当前位置：<a href="/">首页</a></div>{body}{h.neighbours(self)}',
            meta=meta,
        )


CLASSES: dict[str, type[SimulatedSite]] = {"guangdong": Guangdong}
