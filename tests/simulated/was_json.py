"""福建: TRS WCM pages with lists from the WAS front `fjdzapp/search`, GET or POST."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urljoin, urlsplit

from .trs import Trs

if TYPE_CHECKING:
    from .model import Answer, Channel, Row, SimulatedSite

CHANNEL_IDS = {"gggs": 30169, "zywj": 30170, "bmzcwjjd": 30173}


class Fujian(Trs):
    """Dates of 2025, because the known list addresses name that year; the first page of a directory is static as well."""

    family = "was_json"
    site_name = "福建省教育厅"
    list_ext = "htm"
    article_ext = "htm"
    finite = False
    newest = dt.date(2025, 12, 20)
    steps = (0, 0, 1, 1, 1)
    planted = (
        "JSON list asked with GET or POST", "publishyear factor in classsql", "publish times as text in one column, as milliseconds in another",
        "recordCount in the page's script", "list extension .htm", "templet=docs.jsp answers docs",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        base = urljoin(channel_url, "/jyyw/jyt/") if "/fjdzapp/" in channel_url else channel_url
        return super().article_url(number, day, base)

    def page_size(self, channel_url: str) -> int:
        return int(parse_qs(urlsplit(channel_url).query).get("prepage", [self.per_page])[0])

    def is_search(self, channel: Channel) -> bool:
        return "/fjdzapp/" in channel.url

    def list_url(self, channel: Channel, page: int) -> str:
        if self.is_search(channel):
            return re.sub(r"([?&])page=\d+", rf"\g<1>page={page}", channel.url)
        return super().list_url(channel, page)

    def publish_lists(self, channel: Channel) -> None:
        if not self.is_search(channel):
            super().publish_lists(channel)

    def chnlid(self, channel: Channel) -> int:
        if self.is_search(channel):
            found = re.search(r"chnlid=(\d+)", parse_qs(urlsplit(channel.url).query)["classsql"][0])
            assert found
            return int(found[1])
        return CHANNEL_IDS.get(channel.url.rstrip("/").rsplit("/", 1)[1], 30500 + channel.index)

    def lists_at(self, channel: Channel, address: str) -> bool:
        asked = re.search(r"chnlid=(\d+)", parse_qs(urlsplit(address).query).get("classsql", [""])[0])
        return int(asked[1]) == self.chnlid(channel) if asked else super().lists_at(channel, address)

    def pager(self, channel: Channel, page: int) -> str:
        return f"""<div class="page" id="page"></div><script type="text/javascript">
var pageConfig = {{ url: '/fjdzapp/search', channelid: '229105', sortfield: '-docorderpri,-docreltime', classsql: 'chnlid={self.chnlid(channel)}',
 classcol: 'publishyear', classnum: '100', classsort: '0', cache: 'true', recordCount: '{len(channel.lines)}', prepage: '{self.per_page}' }};
</script>"""

    def document_row(self, channel: Channel, row: Row) -> dict[str, Any]:
        time: str | int = row.unix * 1000 if channel.index % 2 else f"{row.stamp}:00"
        return {
            "doctitle": row.title, "chnldocurl": row.url, "docpuburl": row.url, "docreltime": time, "chnlname": row.channel,
            "chnlid": self.chnlid(channel), "metadataid": row.number, "docabstract": row.paragraphs[0][:40], "fileNum": "",
        }  # fmt: skip

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if urlsplit(url).path != "/fjdzapp/search":
            return None
        condition = fields.get("classsql", "")
        column = re.search(r"chnlid=(\d+)", condition)
        year = re.search(r"publishyear=(\d{4})", condition)
        page, size = int(fields.get("page", "1") or 1), int(fields.get("prepage", "15") or 15)
        for channel in self.lists:
            if column and int(column[1]) == self.chnlid(channel):
                rows = [row for row in channel.rows if not year or row.published_on.year == int(year[1])]
                found = [self.document_row(channel, row) for row in rows[(page - 1) * size : page * size]]
                name = "docs" if fields.get("templet") == "docs.jsp" else "data"
                if name == "data" and fields.get("channelid") != "229105":
                    found = []
                return self.json(
                    {name: found, "pageCount": -(-len(rows) // size), "recordCount": len(rows), "page": page}
                )
        return self.json({"data": [], "pageCount": 0, "recordCount": 0, "page": page})


CLASSES: dict[str, type[SimulatedSite]] = {"fujian": Fujian}
