"""Listings whose pager is links: 下一页, or the number after the present one. Most news sites have such pages, whatever
made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from govcrawl.addresses import doc_id
from govcrawl.base_spiders.listing import ListingSpider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement
    from scrapy.http import Request, TextResponse

_NEXT = re.compile(
    r"^[\[【(]?\s*(?:下一页|下一頁|下页|后一页|后页|次页|next(?: page)?)\s*+[>›»]*+\s*+[\])】]?$", re.IGNORECASE
)
_ARROW = re.compile(r"^[>›»]{1,2}$")
_NUMBER = re.compile(r"^[\[【(]?\s*(\d{1,4})\s*[\])】]?$")
_IN_URL = re.compile(
    r"(?:[?&](?:page|pageno|pagenum|pageindex|p|pn|cp)=|(?<=\D))(\d{1,4})(?=(?:\.\w{2,5})?/?$|&)", re.IGNORECASE
)


class NextLinkSpider(ListingSpider):
    """Goes on along the pager's next link until there is none."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if (url := next_link(response)) is not None:
            yield response.follow(url)


def next_link(response: TextResponse) -> str | None:
    """Address of the next list page: ``rel=next``, a link that says so, or else the link with the number after this
    page's. A pager on its last page links to nothing, to a script or to itself."""
    here = doc_id(response.url)
    numbered: dict[int, str] = {}
    for anchor in response.selector.root.iter("a", "link"):
        url = _address(anchor, response.url)
        if url is None or doc_id(url) == here:
            continue
        text = " ".join(anchor.itertext()).strip()
        if "next" in (anchor.get("rel") or "").split() or _NEXT.match(text):
            return url
        # An arrow is a pager's only where it leads to the page with the next number.
        if _ARROW.match(text) and _number(url) == _number(response.url) + 1:
            return url
        if (found := _NUMBER.match(text)) and _number(url) == int(found.group(1)):
            numbered.setdefault(int(found.group(1)), url)
    # The number of a column stands where that of a page may: without a link back to other pages this is page 1.
    return numbered.get((_number(response.url) if 1 in numbered else 1) + 1)


def _address(anchor: HtmlElement, base: str) -> str | None:
    href = (anchor.get("href") or "").strip()
    if not href or href.startswith("#"):
        return None
    try:
        url = urljoin(base, href)
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None


def _number(url: str) -> int:
    """The page number in a listing's address, 1 where it has none."""
    found = _IN_URL.search(url)
    return int(found.group(1)) if found else 1
