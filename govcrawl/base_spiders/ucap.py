"""Ucap 开普: the provincial platform of 黑龙江, 四川, 甘肃, 海南, 新疆.

Lists come as JSON from ``/common/search/<32 hex channel id>?…&_isJson=true&page=N`` (one based): ``data.total``,
``data.rows`` (page size) and ``data.results[]`` with title, url, publishedTimeStr and often the whole text
(``contentHtml``) and the policy fields (``domainMetaList``). Empty values are the strings ``null`` and ``undefined``.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import TYPE_CHECKING, Any

from govcrawl.base_spiders.listing import ListingSpider, url_with
from govcrawl.base_spiders.rows import Row, date_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import Request, TextResponse

# Keys of domainMetaList → columns of the archive.
_POLICY = {
    "refno": "doc_number",
    "writedate": "written_on",
    "indexnumber": "index_number",
    "theme": "subject",
    "source": "source",
}
_API = "{base}/common/search/{channel}?_isAgg=true&_isJson=true&_pageSize=15&_template=index&_rangeTimeGte=&_channelName=&page=1"


def search_url(base: str, channel_id: str) -> str:
    """The address of a channel's JSON listing."""
    return _API.format(base=base, channel=channel_id)


class UcapSpider(ListingSpider):
    """Lists ``/common/search`` as JSON."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        data = self._data(response)
        size = len(data.get("results") or ()) or 1
        pages = -(-int(data.get("total") or 0) // (int(data.get("rows") or 0) or size))
        numbers = range(2, pages + 1) if pages else itertools.count(2)
        for number in numbers:
            yield response.request.replace(url=url_with(response.url, page=number))

    def rows(self, response: TextResponse) -> Iterator[Row]:
        for result in self._data(response).get("results") or ():
            url = _said(result.get("url"))
            if url is None:
                continue
            published = _said(result.get("publishedTimeStr"))
            yield Row(
                response.urljoin(url),
                _plain(_said(result.get("title"))),
                date_in(published or ""),
                _fields(result),
            )

    def total(self, response: TextResponse) -> int | None:
        total = self._data(response).get("total")
        return int(total) if total is not None else None

    @staticmethod
    def _data(response: TextResponse) -> dict[str, Any]:
        data = response.json().get("data") or {}
        return data if isinstance(data, dict) else {}

    def article_url(self, url: str) -> str:
        """Without the switch to the view for the visually impaired, which is the same page."""
        return re.sub(r"[?&]version=zzzq\b", "", url)


def _fields(result: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for group in result.get("domainMetaList") or ():
        for entry in group.get("resultList") or ():
            column, value = _POLICY.get(entry.get("key")), _said(entry.get("value"))
            if column and value:
                fields[column] = date_in(value) if column == "written_on" else value
    return {k: v for k, v in fields.items() if v is not None and not (isinstance(v, date) and v.year < 1949)}


def _said(value: Any) -> str | None:
    text = str(value).strip() if value is not None else ""
    return None if text in ("", "null", "undefined") else text


def _plain(title: str | None) -> str | None:
    """A title without the markup that search highlighting leaves in it."""
    return re.sub(r"<[^>]+>", "", title) if title else None
