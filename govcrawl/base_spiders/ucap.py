"""Ucap 开普: the provincial platform of 黑龙江, 四川, 甘肃, 海南, 新疆.

Lists are static files (``xwzx_list.shtml``, ``xwzx_list_2.shtml``, one based) or a search,
``/common/search/<32 hex channel id>?…&page=N`` (one based), which answers JSON or, with ``_isJson=false``, HTML. The JSON
holds ``data.total``, ``data.rows`` (page size) and ``data.results[]`` with title, url, publishedTimeStr and often the whole
text (``contentHtml``) and the policy fields (``domainMetaList``); empty values are the strings ``null`` and ``undefined``.
Some columns are shells that a script fills from the search; their old rows may stand in a comment, and the channel's id
in the script or the head.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from parsel import Selector
from scrapy.http import Request

from govcrawl.base_spiders.fields import between, count_of, data_of, day_of, inner, listed, markup, plain, said, scripts
from govcrawl.base_spiders.listing import ListingSpider, stated_total, url_with
from govcrawl.base_spiders.numbered import numbered_pages, stated_pages
from govcrawl.base_spiders.rows import Row, find_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

# Keys of domainMetaList → columns of the archive.
_POLICY = {
    "refno": "doc_number",
    "writedate": "written_on",
    "indexnumber": "index_number",
    "theme": "subject",
    "source": "source",
}
_API = (
    "{base}/common/search/{channel}"
    "?_isAgg=true&_isJson=true&_pageSize=15&_template=index&_rangeTimeGte=&_channelName=&page=1"
)
_SEARCH = "/common/search/"
_CHANNEL_ID = re.compile(r"\bchannelId[\"']?\s*[:=]\s*[\"']([0-9a-f]{32})[\"']", re.IGNORECASE)
_CHANNEL_IN_ADDRESS = re.compile(r"/search(?:List)?/([0-9a-f]{32})")


def search_url(base: str, channel_id: str) -> str:
    """The address of a channel's JSON listing."""
    return _API.format(base=base, channel=channel_id)


class UcapSpider(ListingSpider):
    """Lists by search where the channel is one or its page a shell, else static files."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if not _is_search(response.url):
            if (behind := self._behind(response)) is not None:
                yield behind
            else:
                yield from numbered_pages(response, first=2, extension="shtml")
            return
        here = re.search(r"[?&]page=(\d+)", response.url)
        following = int(here.group(1)) + 1 if here else 2
        pages = self._pages(response)
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(url_with(response.url, page=number))

    def rows(self, response: TextResponse) -> Iterable[Row]:
        if _is_json(response):
            return self._results(response)
        if self._behind(response) is not None:
            return ()
        return super().rows(response) or self._commented_rows(response)

    def total(self, response: TextResponse) -> int | None:
        if not _is_json(response):
            return stated_total(response.text)
        return count_of(_data(response).get("total")) or None

    def article_url(self, url: str) -> str:
        """Without the switch to the view for the visually impaired, which is the same page."""
        return re.sub(r"(?<=[?&])version=zzzq(?:&|$)", "", url).rstrip("?&")

    def _pages(self, response: TextResponse) -> int | None:
        if not _is_json(response):
            return stated_pages(response.text)
        data = _data(response)
        size = count_of(data.get("rows")) or len(listed(data, "results")) or 1
        return -(-count_of(data.get("total")) // size) or None

    def _results(self, response: TextResponse) -> Iterator[Row]:
        for result in listed(_data(response), "results"):
            if (url := said(result.get("url"))) is not None:
                yield Row(
                    response.urljoin(url),
                    plain(result.get("title")),
                    day_of(result.get("publishedTimeStr") or result.get("publishedTime")),
                    _fields(result),
                )

    def _behind(self, response: TextResponse) -> Request | None:
        """The search behind a shell: a page whose script names it, or that shows fewer rows than it comments out."""
        if _is_search(response.url) or (channel := _channel_id(response)) is None:
            return None
        visible = len(list(super().rows(response)))
        if visible and not _scripted(response) and visible >= len(self._commented_rows(response)):
            return None
        return Request(search_url(urljoin(response.url, "/").rstrip("/"), channel))

    def _commented_rows(self, response: TextResponse) -> list[Row]:
        text = " ".join(between(response.text, "<!--", "-->"))
        return find_rows(Selector(text), response.url, self._pattern, self.rows_css) if text.strip() else []


def _is_search(url: str) -> bool:
    return re.search(r"/search(?:List)?/[0-9a-f]{32}", url) is not None


def _is_json(response: TextResponse) -> bool:
    return response.body.lstrip()[:1] == b"{"


def _data(response: TextResponse) -> dict[str, Any]:
    return inner(data_of(response), "data")


def _scripted(response: TextResponse) -> bool:
    """Whether a script of the page asks the search for its rows."""
    return _SEARCH in scripts(response)


def _channel_id(response: TextResponse) -> str | None:
    """The channel's id, as the page's script or head names it."""
    text = scripts(response)
    if (found := _CHANNEL_ID.search(text) or _CHANNEL_IN_ADDRESS.search(text)) is not None:
        return found.group(1)
    named = markup(response).xpath("//meta[translate(@name,'CI','ci')='channelid']/@content").get("")
    return named if re.fullmatch(r"[0-9a-f]{32}", named) else None


def _fields(result: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for group in listed(result, "domainMetaList"):
        for entry in listed(group, "resultList"):
            column, value = _POLICY.get(str(entry.get("key"))), said(entry.get("value"))
            if column and value:
                fields[column] = day_of(value) if column == "written_on" else value
    fields["html"] = said(result.get("contentHtml"))
    return {k: v for k, v in fields.items() if v is not None and not (isinstance(v, date) and v.year < 1949)}
