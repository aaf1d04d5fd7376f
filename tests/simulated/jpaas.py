"""Hanweb JPaaS: the CMS that departments of 浙江 move to; lists by `page/build/unit`, articles named by 32 hex."""

from __future__ import annotations

import json
import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from . import html as h
from .columns import COLUMNS
from .model import Answer, Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
WEB_ID = "3099"
TEMPLATE = "quSyqDUrFfjv1nGRQhEEH"
TAG = "当前栏目_list"


class ZhejiangJpaas(SimulatedSite):
    """The column page names its query in the pager; page and size go as `paramJson` or as `pageNo` and `rows`."""

    family = "jpaas"
    site_name = "浙江省教育厅"
    finite = False
    truncate = True
    planted = (
        "HTML inside JSON",
        "query only in attributes of the pager",
        "parameters as paramJson or as pageNo and rows",
        "no full date in article URLs",
        "parseType spelled bulidstatic",
    )

    def columns(self) -> list[tuple[str, str]]:
        return COLUMNS["zhejiang"]

    def column_id(self, channel_url: str) -> str:
        found = re.search(r"/col(\d+)/", channel_url)
        assert found
        return found[1]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(
            channel_url, f"/col/col{self.column_id(channel_url)}/art/{day.year}/art_{self.hex32(number)}.html"
        )

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url

    def publish_lists(self, channel: Channel) -> None:
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))

    def fragment(self, channel: Channel, lines: Sequence[Line], page: int, size: int) -> str:
        items = "".join(
            f'<li class="clearfix"><a class="news" href="{line.row.path}" target="_blank" title="{escape(line.row.title, quote=True)}">{escape(line.text)}</a><span class="time">{line.date}</span></li>'
            for line in lines
        )
        query = f"{{'parseType':'bulidstatic','webId':'{WEB_ID}','tplSetId':'{TEMPLATE}','pageType':'column','tagId':'{TAG}','editType':'null','pageId':'{self.column_id(channel.url)}'}}"
        return f"""<ul class="page-content">{items}</ul><div class="pagination" id="page_{channel.index}" count="{len(channel.lines)}" rows="{size}" pageNo="{page}" url="{UNIT}" queryData="{query}"></div>"""

    def list_page(self, channel: Channel, page: int) -> str:
        inner = self.fragment(channel, channel.pages[0], 1, self.per_page)
        body = f'{h.breadcrumb(channel, self)}{h.sidebar(self.stranger_rows[2:])}<div class="list-box" id="{TAG}">{inner}</div><script src="/jpaas/pagination.js"></script>'
        return h.document(self, f"{channel.name}-{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if urlsplit(url).path != UNIT:
            return None
        given = json.loads(fields["paramJson"].replace("'", '"')) if fields.get("paramJson") else {}
        page = int(given.get("pageNo") or fields.get("pageNo") or 1)
        size = int(given.get("pageSize") or fields.get("rows") or self.per_page)
        for channel in self.lists:
            if (
                fields.get("pageId") == self.column_id(channel.url)
                and fields.get("webId") == WEB_ID
                and fields.get("tplSetId") == TEMPLATE
            ):
                text = self.fragment(channel, channel.lines[(page - 1) * size : page * size], page, size)
                return self.json({"success": True, "code": "200", "message": "操作成功", "data": {"html": text}})
        return self.json({"success": False, "code": "500", "message": "单元不存在", "data": None})

    def article_page(self, row: Row) -> str:
        body = f"""{h.breadcrumb(None, self)}<h1 class="title">{escape(row.title)}</h1><div class="info">发布日期：{row.stamp}　来源：{escape(row.source)}</div>
<div id="zoom" class="article-conter">{row.html_paragraphs}</div>{h.neighbours(self)}"""
        return h.document(self, row.title, body, meta=h.government_meta(self, row.channel, row))


VARIANTS: dict[str, type[SimulatedSite]] = {"zhejiang_jpaas": ZhejiangJpaas}
