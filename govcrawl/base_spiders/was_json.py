"""TRS WAS behind a TRS WCM site: the departments of 福建.

The columns' lists are JSON, ``/fjdzapp/search?channelid=229105&classsql=chnlid=<column>&…&page=N&prepage=<rows>`` (one
based): ``data[]`` (``docs[]`` with the template docs.jsp) of doctitle, chnldocurl or docpuburl, docreltime (text or
milliseconds), and ``pageCount``. A column's directory is a static list too; its script names the search.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scrapy.http import Request

from govcrawl.base_spiders.fields import count_of, data_of, day_of, listed, plain, said, scripts
from govcrawl.base_spiders.listing import url_with
from govcrawl.base_spiders.rows import Row
from govcrawl.base_spiders.trs import TrsSpider

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

_PATH = "/fjdzapp/search"
_COLUMN = re.compile(r"\bchnlid\s*+(?:=|%3D|[\"']?\s*+:\s*+[\"']?)\s*+(\d+)")
_LIBRARY = re.compile(r"\bchannelid[\"']?\s*[:=]\s*[\"']?(\d+)")


def was_url(base: str, column: int | str, library: int | str = 229105) -> str:
    """The address of a column's JSON listing, all years. ``library``: the site's ``channelid``."""
    query = {
        "channelid": str(library),
        "sortfield": "-docorderpri,-docreltime",
        "classsql": f"chnlid={column}",
        "classcol": "publishyear",
        "classnum": "100",
        "classsort": "0",
        "cache": "true",
        "page": "1",
        "prepage": "75",
    }
    return f"{base}{_PATH}?{urlencode(query)}"


class WasJsonSpider(TrsSpider):
    """Lists the search; a directory whose script names none is a static TRS list."""

    extension = "htm"

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if not _is_search(response):
            if (search := self.filled_by(response)) is not None:
                yield search
            else:
                yield from super().page_requests(response)
            return
        here = re.search(r"[?&]page=(\d+)", response.url)
        following = int(here.group(1)) + 1 if here else 2
        pages = count_of(data_of(response).get("pageCount"))
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(url_with(response.url, page=number))

    def rows(self, response: TextResponse) -> Iterable[Row]:
        return self._documents(response) if _is_search(response) else super().rows(response)

    def filled_by(self, response: TextResponse) -> Request | None:
        """The search that a directory's script names: it gives the same rows, with their times."""
        if _is_search(response) or (column := _column(response)) is None:
            return None
        library = _LIBRARY.search(scripts(response))
        return Request(was_url(response.urljoin("/").rstrip("/"), column, library.group(1) if library else 229105))

    def total(self, response: TextResponse) -> int | None:
        if not _is_search(response):
            return super().total(response)
        return count_of(data_of(response).get("recordCount")) or None

    def _documents(self, response: TextResponse) -> Iterator[Row]:
        for entry in listed(data_of(response), "data", "docs"):
            url = said(entry.get("chnldocurl")) or said(entry.get("docpuburl")) or said(entry.get("url"))
            if url is not None:
                yield Row(
                    response.urljoin(url),
                    plain(entry.get("doctitle") or entry.get("title")),
                    day_of(entry.get("docreltime")),
                )


def _is_search(response: TextResponse) -> bool:
    return _PATH in response.url


def _column(response: TextResponse) -> str | None:
    """The column number of the search that a directory's script names."""
    text = scripts(response)
    found = _COLUMN.search(text) if _PATH in text else None
    return found.group(1) if found else None
