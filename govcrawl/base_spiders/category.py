"""The CMS of 云南: lists ``/article/category/<32 hex>-<N>`` (one based), the number of pages as text, …条记录 x/N页."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from scrapy.http import Request

from govcrawl.base_spiders.generic import DatedRowsSpider
from govcrawl.base_spiders.numbered import stated_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_LIST = re.compile(r"(/article/category/[0-9a-f]{32})(?:-(\d+))?$")


class CategorySpider(DatedRowsSpider):
    """Lists ``<category>-<N>``."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        here = _LIST.search(response.url)
        if here is None:
            return
        following = int(here.group(2) or 1) + 1
        pages = stated_pages(response.text)
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(_LIST.sub(rf"\g<1>-{number}", response.url))
