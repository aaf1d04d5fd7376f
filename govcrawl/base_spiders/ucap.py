"""Ucap 开普: the provincial platform of 黑龙江, 四川, 甘肃, 海南, 新疆.

Lists are static files (``xwzx_list.shtml``, ``xwzx_list_2.shtml``, one based) or a search,
``/common/search/<32 hex channel id>?…&page=N`` (one based), which answers JSON or, with ``_isJson=false``, HTML. The JSON
holds ``data.total``, ``data.rows`` (page size) and ``data.results[]`` with title, url, publishedTimeStr and often the whole
text (``contentHtml``) and the policy fields (``domainMetaList``); empty values are the strings ``null`` and ``undefined``.
Some columns are shells that a script fills from the search, 信息公开 columns (``public_list``, ``public_zfxxgk?tab=…``)
mostly: their old rows may stand in a comment; the channel's id stands in the script, at the tab, or in the head, else
``/common/getChannelList?channelCode=<code>&websiteCodeName=<site>`` tells it.
"""

from __future__ import annotations

import itertools
import re
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import count_of, data_of, day_of, inner, listed, markup, plain, said, scripts
from govcrawl.base_spiders.listing import ListingSpider, column_names, stated_total, url_with
from govcrawl.base_spiders.numbered import numbered_pages, stated_pages
from govcrawl.base_spiders.rows import Row, is_sure

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
_NAMES = "/common/getChannelList"
_HEX = "[0-9a-f]{32}"
_CHANNEL_ID = re.compile(rf"\bchannel_?Id[\"']?\s*[:=]\s*[\"']({_HEX})[\"']", re.IGNORECASE)
_CHANNEL_IN_ADDRESS = re.compile(rf"/search(?:List)?/({_HEX})")
_SEARCHED = re.compile(rf"/search(?:List)?/(?:{_HEX}\b|[\"'])")
_TABS = "//*[@data-channelid or @data-channel-id or @channelid or @data-channel]"


def search_url(base: str, channel_id: str) -> str:
    """The address of a channel's JSON listing."""
    return _API.format(base=base, channel=channel_id)


class UcapSpider(ListingSpider):
    """Lists by search where the channel is one or its page a shell, else static files."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if not _is_search(response.url):
            if (behind := self.filled_by(response)) is not None:
                yield behind
            if not _is_json(response):
                yield from numbered_pages(response, first=2, extension="shtml")
            return
        here = re.search(r"[?&]page=(\d+)", response.url)
        following = int(here.group(1)) + 1 if here else 2
        pages = self._pages(response)
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(url_with(response.url, page=number))

    def rows(self, response: TextResponse) -> Iterable[Row]:
        return self._results(response) if _is_json(response) else super().rows(response)

    def filled_by(self, response: TextResponse) -> Request | None:
        """The search behind a page whose script names it, or that shows no rows that are surely its own."""
        if _is_search(response.url) or _is_json(response) or not response.body:
            return None
        base = urljoin(response.url, "/").rstrip("/")
        if (channel := next(iter(_channels(response)), None)) is not None:
            known = self._shows_its_list(response) and not _scripted(response)
            return None if known else Request(search_url(base, channel))
        code = re.search(r"^/(\w+)/(c\d{4,})/", urlsplit(response.url).path)
        if code is None or super().rows(response):
            return None
        return Request(f"{base}{_NAMES}?channelCode={code.group(2)}&websiteCodeName={code.group(1)}")

    def branches(self, response: TextResponse) -> Iterable[Request]:
        """The searches of a page's other tabs, and of the channels that a code stands for."""
        base = urljoin(response.url, "/").rstrip("/")
        if _NAMES in response.url:
            return [Request(search_url(base, channel)) for channel in _named_channels(data_of(response))]
        if _is_json(response) or self.filled_by(response) is None:
            return ()
        return [Request(search_url(base, channel)) for channel in _channels(response)[1:]]

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

    def _shows_its_list(self, response: TextResponse) -> bool:
        return is_sure(response.selector, response.url, self._pattern, self.rows_css, column_names(response))


def _is_search(url: str) -> bool:
    return _CHANNEL_IN_ADDRESS.search(url) is not None


def _is_json(response: TextResponse) -> bool:
    return response.body.lstrip()[:1] == b"{"


def _data(response: TextResponse) -> dict[str, Any]:
    return inner(data_of(response), "data")


def _scripted(response: TextResponse) -> bool:
    """Whether a script of the page asks the search for its rows."""
    return _SEARCHED.search(scripts(response)) is not None


def _channels(response: TextResponse) -> list[str]:
    """The ids of the page's channels: that of the tab which its address names, else the one that the script searches or
    the head names, which holds what is below it; where there is none, those of all tabs."""
    text, page = scripts(response), markup(response)
    for _, value in parse_qsl(urlsplit(response.url).query):
        if len(value) > 1 and (tied := _tied(value, response.text)) is not None:
            return [tied]
    head = page.xpath("//meta[translate(@name,'CI','ci')='channelid']/@content").getall()
    inputs = page.xpath("//input[contains(translate(concat(@id,@name),'CI','ci'),'channelid')]/@value").getall()
    named = " ".join(page.xpath("//*[not(self::a)]/@*[contains(., '/search')]").getall())
    searched = [*_CHANNEL_IN_ADDRESS.findall(f"{text} {named}"), *_CHANNEL_ID.findall(text)]
    own = [c for c in (*head, *inputs) if c in searched] or searched or [*head, *inputs]
    tabs = [value for tab in page.xpath(_TABS) for value in tab.attrib.values()]
    return list(dict.fromkeys(c for c in own[:1] or tabs if re.fullmatch(_HEX, c)))


def _tied(tab: str, text: str) -> str | None:
    """The id that stands in one tag or one object with a tab's name."""
    name = rf"(?<![\w-]){re.escape(tab)}(?![\w-])"
    found = re.search(rf"{name}[^<>{{}}]{{0,200}}?({_HEX})|({_HEX})[^<>{{}}]{{0,200}}?{name}", text)
    return found.group(1) or found.group(2) if found else None


def _named_channels(data: dict[str, Any]) -> list[str]:
    """The ids in an answer of getChannelList: the channel's own, which holds those below it, else theirs."""
    results = data.get("results") or data.get("data")
    nodes = results if isinstance(results, list) else [results]
    while nodes:
        known = [n for n in nodes if isinstance(n, dict)]
        if ids := [i for n in known if (i := said(n.get("channelId"))) and re.fullmatch(_HEX, i)]:
            return list(dict.fromkeys(ids))
        nodes = [child for n in known for child in listed(n, "children")]
    return []


def _fields(result: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for group in listed(result, "domainMetaList"):
        for entry in listed(group, "resultList"):
            column, value = _POLICY.get(str(entry.get("key"))), said(entry.get("value"))
            if column and value:
                fields[column] = day_of(value) if column == "written_on" else value
    fields["html"] = said(result.get("contentHtml"))
    return {k: v for k, v in fields.items() if v is not None and not (isinstance(v, date) and v.year < 1949)}
