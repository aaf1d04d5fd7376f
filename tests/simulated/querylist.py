"""江西: lists by POST `/queryList` with JSON strings inside JSON; article pages hold their body in a script."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from . import html as h
from .model import Answer, Channel, Line, Row, SimulatedSite

if TYPE_CHECKING:
    import datetime as dt


class Jiangxi(SimulatedSite):
    """The column page is a shell; `?uid=&pageNum=` shows the same shell."""

    family = "querylist"
    site_name = "江西省教育厅"
    finite = False
    planted = (
        "JSON strings inside JSON", "POST only: GET answers 405", "array parameters with or without []", "page filled by script", "?uid=&pageNum= answers the same page",
        "rows of the former CMS (/art/…) at the end of the list", "article body only in a script",
    )  # fmt: skip

    def page_size(self, channel_url: str) -> int:
        return 15

    def code(self, channel_url: str) -> str:
        return urlsplit(channel_url).path.split("/")[2]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(
            channel_url,
            f"/jxjyw/{self.code(channel_url)}/pc/content/content_{1_790_000_000_000_000_000 + number * 7919}.html",
        )

    def retouch(self, channel: Channel) -> Channel:
        """The last three rows were published by the CMS before this one."""
        old = channel.rows[-3:]

        def former(line: Line) -> Line:
            day, row = line.row.published_on, line.row
            if row in old:
                row = replace(
                    row, url=urljoin(channel.url, f"/art/{day.year}/{day.month}/{day.day}/art_56952_{row.number}.html")
                )
            return replace(line, row=row, href=row.path)

        return replace(channel, pages=tuple(tuple(former(line) for line in page) for page in channel.pages))

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else f"{channel.url}?uid=368486&pageNum={page}"

    def publish_lists(self, channel: Channel) -> None:
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))
        for page in range(1, 40):
            self.publish(f"{channel.url}?uid=368486&pageNum={page}", lambda: self.html(self.list_page(channel, 1)))

    def list_page(self, channel: Channel, page: int) -> str:
        body = f"""<div class="title_name b-free-read-leaf">{escape(channel.name)}</div>
<div id="368486"><div class="default_pgContainer"></div><div class="default_pgPanel"><span class="default_pgTotalPage"></span></div></div>
{h.sidebar(self.stranger_rows[2:])}
<script type="text/javascript">
var webSiteCode = "jxjyw"; var channelCode = "{self.code(channel.url)}"; var unitid = "368486"; var perPage = {self.per_page};
function loadList(current){{ $.post("/queryList", {{ "current": current, "unitid": unitid, "webSiteCode[]": webSiteCode, "channelCode[]": channelCode,
 "pageSize": perPage, "sort": "sortNum", "order": "desc", "showMode": "full" }}, function(res){{ renderList(res.data.results); }}, "json"); }}
loadList(getQueryString("pageNum") || 1);
</script>"""
        return h.document(self, f"{channel.name}_{self.site_name}", body, meta=h.government_meta(self, channel.name))

    def result(self, row: Row) -> dict[str, Any]:
        return {
            "id": f"{row.number}",
            "source": {
                "title": row.title, "showTitle": row.cut_title, "pubDate": f"{row.stamp}:00", "channelName": row.channel,
                "content": {"content": row.html_paragraphs}, "urls": json.dumps({"pc": row.path, "wap": row.path.replace("/pc/", "/wap/")}),
                "images": "[]", "metadata": json.dumps({"author": row.source, "keywords": ""}, ensure_ascii=False),
            },
        }  # fmt: skip

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        path = urlsplit(url).path
        for channel in self.lists:
            code = self.code(channel.url)
            if path == f"/jxjyw/{code}/{code}-articleList.json":
                return self.json(
                    [
                        {"title": row.title, "pubDate": f"{row.stamp}:00", "urls": json.dumps({"pc": row.path})}
                        for row in channel.rows
                    ]
                )
        if path != "/queryList":
            return None
        if method != "POST":
            return Answer(405, (("Allow", "POST"),), b"")
        rows: list[Row] = []
        for channel in self.lists:
            asked = {name.removesuffix("[]"): value for name, value in fields.items()}
            if asked.get("channelCode") == self.code(channel.url) and asked.get("webSiteCode") == "jxjyw":
                rows = channel.rows
        page, size = int(fields.get("current", "1") or 1), int(fields.get("pageSize") or fields.get("perPage") or 10)
        chosen = rows[(page - 1) * size : page * size]
        return self.json(
            {
                "code": 200,
                "msg": "success",
                "data": {
                    "total": len(rows),
                    "current": page,
                    "size": size,
                    "results": [self.result(row) for row in chosen],
                },
            }
        )

    def article_page(self, row: Row) -> str:
        if "/art/" in row.url:
            body = f'<h1>{escape(row.title)}</h1><div class="info">发布日期：{row.stamp}　来源：{escape(row.source)}</div><div id="zoom">{row.html_paragraphs}</div>'
        else:
            data = json.dumps({"content": row.html_paragraphs}, ensure_ascii=False).replace("</", "<\\/")
            body = f"""<div id="app"><h1 class="title">{escape(row.title)}</h1><div class="time">发布日期：{row.stamp}　来源：{escape(row.source)}</div><div id="content"></div></div>
<script type="text/javascript">var articleContent_1 = [{{ title:{json.dumps(row.title, ensure_ascii=False)}, content:{data}, pubDate:"{row.stamp}:00" }}];
document.getElementById("content").innerHTML = articleContent_1[0].content.content;</script>"""
        return h.document(
            self,
            row.title,
            f"{h.breadcrumb(None, self)}{body}{h.neighbours(self)}",
            meta=h.government_meta(self, row.channel, row),
        )


CLASSES: dict[str, type[SimulatedSite]] = {"jiangxi": Jiangxi}
