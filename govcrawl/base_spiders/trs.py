"""TRS WCM: static lists and articles, the CMS of most departments and of the ministry.

The first list page is the column's directory or its index file; page 2 is ``index_1.html`` (counted from 0) on most
sites and ``index_2.html`` on a few. Articles are ``YYYYMM/tYYYYMMDD_<id>.html`` below the column, attachments
``P0…``/``W0…`` beside them. How many pages there are stands in a script (``createPageHTML``, ``countPage``), in the
pager's words or in its last link; some columns say nothing, and files of some 300 bytes or a page not found end the list.
Search columns are ``/was5/web/search?channelid=…&page=N``.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from scrapy.http import Request

from govcrawl.base_spiders.listing import url_with
from govcrawl.base_spiders.numbered import NumberedSpider, stated_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse


class TrsSpider(NumberedSpider):
    """Lists ``index_N``, and searches by page number."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if "/was5/web/search" not in response.url:
            yield from super().page_requests(response)
            return
        pages = stated_pages(response.text)
        here = re.search(r"[?&]page=(\d+)", response.url)
        following = int(here.group(1)) + 1 if here else 2
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(url_with(response.url, page=number))

    def article_url(self, url: str) -> str:
        """Without the mark of the copy for telephones."""
        return re.sub(r"_wap(?=\.s?html?$)", "", url)
