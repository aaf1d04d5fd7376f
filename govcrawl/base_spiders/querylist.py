"""The provincial platform of 江西: lists by POST ``/queryList``.

The column page ``/<site>/<column>/index.html`` is a shell; ``?uid=&pageNum=N`` shows the same. The form is ``current``,
``pageSize``, ``webSiteCode[]``, ``channelCode[]``; the answer's ``data.results[].source`` holds title, pubDate and the
whole text (``content.content``); ``urls``, ``images`` and ``metadata`` are JSON inside strings. Article pages are shells
too: title and body stand in a script.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import (
    FORM_HEADERS,
    count_of,
    data_of,
    day_of,
    inner,
    listed,
    plain,
    read_json,
    said,
    scripts,
)
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

_SIZE = 15


class QueryListSpider(ListingSpider):
    """Lists ``/queryList`` for the codes that the column page's script names, else for the first folders of its address."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        asked = response.request
        assert asked is not None
        if asked.method == "GET":
            if (codes := _codes(response)) is not None:
                form = {"current": 1, "pageSize": _SIZE, "webSiteCode[]": codes[0], "channelCode[]": codes[1]}
                yield _query(response.urljoin("/queryList"), form | {"sort": "sortNum", "order": "desc"})
            return
        form = dict(parse_qsl(asked.body.decode()))
        following = count_of(form["current"]) + 1
        pages = -(-(self.total(response) or 0) // (count_of(form["pageSize"]) or 1))
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield _query(asked.url, form | {"current": number})

    def rows(self, response: TextResponse) -> Iterator[Row]:
        for result in listed(inner(data_of(response), "data"), "results"):
            source = inner(result, "source") or result
            urls = _unpacked(source.get("urls"))
            url = said(urls.get("pc") if isinstance(urls, dict) else urls) or said(source.get("url"))
            if url is not None:
                fields = _fields(source)
                yield Row(response.urljoin(url), fields.get("title"), fields.get("published_on"), fields)

    def total(self, response: TextResponse) -> int | None:
        return count_of(inner(data_of(response), "data").get("total")) or None


def _codes(response: TextResponse) -> tuple[str, str] | None:
    """The codes of site and column."""
    text = scripts(response)
    site, column = (
        re.search(rf"\b{n}(?:\[\])?[\"']?\s*[:=]\s*\[?[\"']([\w-]+)", text) for n in ("webSiteCode", "channelCode")
    )
    folders = re.match(r"/([\w-]+)/([\w-]+)/", urlsplit(response.url).path)
    if site is not None and column is not None:
        return site.group(1), column.group(1)
    return (folders.group(1), folders.group(2)) if folders is not None else None


def _query(url: str, form: dict[str, Any]) -> Request:
    return Request(url, method="POST", body=urlencode(form), headers=FORM_HEADERS)


def _unpacked(value: Any) -> Any:
    """What a string that holds JSON says; other values as they are."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return read_json(value)
    except ValueError:
        return value


def _fields(source: dict[str, Any]) -> dict[str, Any]:
    content, metadata = _unpacked(source.get("content")), _unpacked(source.get("metadata"))
    fields = {
        "title": plain(source.get("title")) or plain(source.get("showTitle")),
        "published_on": day_of(source.get("pubDate")),
        "html": said(content.get("content") if isinstance(content, dict) else content),
        # The platform's field for the author holds the office that the text comes from.
        "source": said(metadata.get("author")) if isinstance(metadata, dict) else None,
    }
    return {k: v for k, v in fields.items() if v is not None}
