"""The provincial platform of 辽宁 (EasySite-like classes).

List pages are ``<8 hex of the column>-<N>.shtml`` (one based); the hash stands only in the pager, whose links have no
address but an attribute ``tagname``. Articles are folders named by 19 digits that begin with the time of publishing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrapy.http import Request

from govcrawl.base_spiders.fields import markup
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.numbered import stated_pages
from govcrawl.base_spiders.rows import make_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

    from govcrawl.base_spiders.rows import Row

_LIST = re.compile(r"([0-9a-f]{8})-(\d{1,9})\.shtml$")
_STAMP = re.compile(r"/(\d{4})(\d{2})(\d{2})\d{11}/")
_PAGES = re.compile(r"class=[\"']page_zys[\"'][^<>]{0,200}>\s{0,20}(\d{1,6})(?!\d)")


class EasySiteSpider(ListingSpider):
    """Lists ``<hash>-<N>.shtml``."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        linked = [
            response.urljoin(t) for t in markup(response).css("[tagname]::attr(tagname)").getall() if _LIST.search(t)
        ]
        here = _LIST.search(response.url)
        listing = response.url if here else next(iter(linked), None)
        if listing is None:
            return
        numbers = [int(found.group(2)) for url in linked if (found := _LIST.search(url))]
        stated = [stated_pages(response.text) or 1, *(int(n) for n in _PAGES.findall(response.text))]
        for number in range(int(here.group(2)) + 1 if here else 2, max(numbers + stated) + 1):
            yield Request(_LIST.sub(rf"\g<1>-{number}.shtml", listing))

    def rows(self, response: TextResponse) -> Iterator[Row]:
        for row in super().rows(response):
            if row.date is None and (stamp := _STAMP.search(row.url)):
                row.date = make_date(*stamp.groups())
            yield row
