"""Sites whose CMS is not known: what any pager tells. Next links and links of numbers first, then numbered files where
the page says how many there are. No address is tried that nothing on the page speaks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from scrapy.http import Request

from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.news_links import form_page, next_link
from govcrawl.base_spiders.numbered import numbered_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

    from govcrawl.base_spiders.rows import Row

_LAST = re.compile(r"^\W*(?:尾页|末页|最后一?页|last)\W*$", re.IGNORECASE)
_NUMBERED = re.compile(r"^(.*/)([a-z]+[_-]?)(\d{1,4})(\.\w{3,5})$", re.IGNORECASE)


class DatedRowsSpider(ListingSpider):
    """For sites whose article addresses are not known: any page may be one, and a link without a date is a menu's."""

    def rows(self, response: TextResponse) -> Iterable[Row]:
        return [row for row in super().rows(response) if row.date is not None]


class GenericSpider(ListingSpider):
    """Goes where the pager points."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if response.selector.type == "json":
            return
        if (url := next_link(response)) is not None:
            yield Request(url)
        elif (pages := _up_to_last(response)) is not None:
            yield from pages
        elif (request := form_page(response)) is not None:
            yield request
        else:
            yield from numbered_pages(response, endless=False)


def _up_to_last(response: TextResponse) -> Iterable[Request] | None:
    """The pages up to the one that the pager links as its last, ``list12.html``; page 2 is numbered 2 there."""
    here = _NUMBERED.match(response.url)
    for anchor in response.css("a[href]"):
        text = " ".join(anchor.xpath(".//text()").getall())
        last = _NUMBERED.match(urljoin(response.url, anchor.attrib["href"]))
        if last is None or not (_LAST.match(text) or "last" in anchor.attrib.get("class", "").split()):
            continue
        folder, stem, count, extension = last.groups()
        same = here is not None and here.group(1, 2) == (folder, stem)
        first = int(here.group(3)) + 1 if here is not None and same else 2
        return (Request(f"{folder}{stem}{n}{extension}") for n in range(first, int(count) + 1))
    return None
