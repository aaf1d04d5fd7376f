"""Founder-style node/content CMS: gmw, china.com.cn.

Lists are ``node_<id>.htm``, then ``node_<id>_2.htm`` and so on (one based), with the next pages as links in the pager.
Articles are ``/YYYY-MM/DD/content_<id>.htm``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.news_links import next_link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import Request, TextResponse

_NODE = re.compile(r"node_(\d+)(?:_(\d+))?\.html?")


class FounderSpider(ListingSpider):
    """Lists ``node_<id>_<n>.htm``; the pager's links say which pages there are."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        here = _NODE.search(response.url)
        if here is None:
            if (url := next_link(response)) is not None:
                yield response.follow(url)
            return
        pages = {}
        for href in response.css("a::attr(href)").getall():
            found = _NODE.search(href)
            if found and found.group(1) == here.group(1):
                pages[int(found.group(2) or 1)] = href
        now = int(here.group(2) or 1)
        for number in range(now + 1, max(pages, default=0) + 1):
            yield response.follow(_NODE.sub(_numbered(here.group(1), number), response.url))


def _numbered(node: str, number: int) -> str:
    return f"node_{node}_{number}.htm"
