"""The CMS of 河北: lists ``/column.jsp?id=<13 digits>&current=N`` (one based) in GBK, tables of title and date.

The pager's links are scripts; the number of pages is the first argument of the one titled 最后页. Past the last page
the last one is shown again.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import count_of, markup
from govcrawl.base_spiders.generic import DatedRowsSpider
from govcrawl.base_spiders.listing import url_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse


class ColumnJspSpider(DatedRowsSpider):
    """Lists ``current=N``; the static ``/col/<id>/index.html`` is page 1 of the same."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        query = dict(parse_qsl(urlsplit(response.url).query))
        column = query.get("id")
        if column is None and (found := re.search(r"/col/(\d+)/", response.url)):
            column = found.group(1)
        if column is None:
            return
        last = re.search(r"\(\s*[\"']?(\d{1,6})(?!\d)", markup(response).css("a[title=最后页]::attr(onclick)").get(""))
        following = (count_of(query.get("current")) or 1) + 1
        listing = response.urljoin(f"/column.jsp?id={column}")
        for number in range(following, int(last.group(1)) + 1) if last else itertools.count(following):
            yield Request(url_with(listing, current=number))
