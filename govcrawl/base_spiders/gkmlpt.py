"""NFCMS and gkmlpt (南方网): the departments of 广东.

NFCMS lists are static, ``index_2.html`` is page 2; articles are ``<column>/content/post_<id>.html``. gkmlpt, the
directory of 政府信息公开, is one page of script with ``window._CONFIG`` (``SITE_ID``, ``TREE`` of columns); its lists are
JSON, ``/gkmlpt/api/all/<column>?page=N&sid=<site>``, up to 100 rows a page, with ``total`` and the policy fields; a page
past the last may answer 404. Its articles are ``/gkmlpt/content/<millions>/<thousands>/post_<id>.html``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import count_of, data_of, day_of, listed, plain, said, whole_number
from govcrawl.base_spiders.listing import url_with
from govcrawl.base_spiders.numbered import NumberedSpider
from govcrawl.base_spiders.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

# Keys of articles[] → columns of the archive.
_POLICY = {
    "identifier": "index_number",
    "document_number": "doc_number",
    "publisher": "issuer",
    "classify_main_name": "subject",
}
_SITE_ID = re.compile(r"\bSITE_ID[\"']?\s*:\s*[\"']?(\d+)")
_COLUMN_ID = re.compile(r"\b(?:COLUMN|CLASSIFY|CATE|CHANNEL)_ID[\"']?\s*:\s*[\"']?([1-9]\d*)")
_TREE = re.compile(r"\bTREE[\"']?\s*:\s*(?=\[)")


class GkmlptSpider(NumberedSpider):
    """Lists NFCMS pages, and the columns of a directory one after the other."""

    first_number = 2

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if _is_api(response):
            yield from self._api_pages(response)
        elif columns := _columns(response):
            yield from self._column(response, columns)
        else:
            yield from super().page_requests(response)

    def rows(self, response: TextResponse) -> Iterable[Row]:
        if not _is_api(response):
            return () if _columns(response) else super().rows(response)
        return self._articles(response)

    def total(self, response: TextResponse) -> int | None:
        return count_of(data_of(response).get("total")) or None if _is_api(response) else super().total(response)

    def _api_pages(self, response: TextResponse) -> Iterator[Request]:
        data = data_of(response)
        here = re.search(r"[?&]page=(\d+)", response.url)
        number = int(here.group(1)) if here else 1
        size = len(listed(data, "articles")) or 1
        meta = {"columns": response.meta.get("columns", [])}
        pages = -(-count_of(data.get("total")) // size) if number == 1 else number
        for following in range(number + 1, pages + 1):
            yield Request(url_with(response.url, page=following), meta=meta)
        yield from self._column(response, meta["columns"])

    def _column(self, response: TextResponse, columns: list[str]) -> Iterator[Request]:
        """The first page of the next column; it carries the rest along."""
        for column in columns[:1]:
            yield response.follow(column, meta={"columns": columns[1:], "part": True})

    def _articles(self, response: TextResponse) -> Iterator[Row]:
        for article in listed(data_of(response), "articles"):
            if (url := said(article.get("url") or article.get("post_url"))) is not None:
                fields = {column: value for key, column in _POLICY.items() if (value := said(article.get(key)))}
                published = article.get("date") or article.get("display_publish_time") or article.get("created_at")
                yield Row(response.urljoin(url), plain(article.get("title")), day_of(published), fields)


def _is_api(response: TextResponse) -> bool:
    return "/gkmlpt/api/" in response.url


def _columns(response: TextResponse) -> list[str]:
    """The JSON addresses of the directory's top columns, which hold those below them, or of the one that the address names
    (``/gkmlpt/index#1620``); empty where the page is no directory, or one of its articles."""
    text = response.text
    site, tree = _SITE_ID.search(text), _TREE.search(text)
    if site is None or re.search(r"\bDETAIL[\"']?\s*:\s*\{\s*[\"'\w]", text):
        return []
    named = urlsplit(response.url).fragment
    nodes: list[dict[str, Any]] = []
    try:
        nodes = json.JSONDecoder(parse_int=whole_number).raw_decode(text, tree.end())[0] if tree is not None else []
    except (ValueError, RecursionError):
        pass
    ids = [str(n.get("id", "")) for n in nodes if isinstance(n, dict)]
    if not ids and (column := _COLUMN_ID.search(text)) is not None:
        ids = [column.group(1)]
    chosen = [named] if named.isdigit() else ids
    return [f"/gkmlpt/api/all/{column}?page=1&sid={site.group(1)}" for column in chosen if column.isdigit()]
