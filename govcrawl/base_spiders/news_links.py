"""Listings whose pager is links: 下一页, or the number after the present one. Most news sites have such pages, whatever
made them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from scrapy.http import Request

from govcrawl.addresses import doc_id, host_of, joined
from govcrawl.base_spiders.fields import FORM_HEADERS
from govcrawl.base_spiders.listing import ListingSpider, stated_position
from govcrawl.base_spiders.rows import base_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

_NEXT = re.compile(
    r"^[\[【(]?\s*(?:下一页|下一頁|下页|后一页|后页|次页|(?:点击)?加载更多|next(?: page)?)\s*+[>›»]*+\s*+[\])】]?$",
    re.IGNORECASE,
)
_ARROW = re.compile(r"^[>›»]{1,2}$")
_NUMBER = re.compile(r"^[\[【(]?\s*(\d{1,4})\s*[\])】]?$")
_CALLED = re.compile(
    r"""(?:location(?:\.href)?\s{0,9}=|open\(|location\.(?:replace|assign)\()\s{0,9}["']([^"'\s]{1,1000})["']"""
)
_PAGE_FIELD = re.compile(r"(?:^|[._-]|cur|current|to|go)_?page(?:no|num|number|index|id)?$|^pn$", re.IGNORECASE)
_POST_BACK = re.compile(r"__doPostBack\(\s{0,9}['\"]([^'\"]{1,300})['\"]\s{0,9},\s{0,9}['\"]([^'\"]{0,300})['\"]")
_IN_URL = re.compile(
    r"(?:[?&](?:page|pageno|pagenum|pageindex|p|pn|cp)=|(?<=\D))(\d{1,4})(?=(?:\.\w{2,5})?/?$|&)", re.IGNORECASE
)


class NextLinkSpider(ListingSpider):
    """Goes on along the pager's next link until there is none."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if (url := next_link(response)) is not None:
            yield response.follow(url)
        elif (request := form_page(response)) is not None:
            yield request


def next_link(response: TextResponse) -> str | None:
    """Address of the next list page: ``rel=next``, a link that says so, or else the link with the number after this
    page's. A pager on its last page links to nothing, to a script or to itself."""
    here = doc_id(response.url)
    numbered: dict[int, str] = {}
    root = response.selector.root
    base = base_of(root, response.url)
    for anchor in root.iter("a", "link", "button", "input", "span", "li"):
        url = _address(anchor, base)
        if url is None or doc_id(url) == here:
            continue
        text = " ".join(anchor.itertext()).strip() or anchor.get("value") or anchor.get("title") or _pictured(anchor)
        if "next" in (anchor.get("rel") or "").split() or _NEXT.match(text):
            return url
        # An arrow is a pager's only where it leads to the page with the next number.
        if _ARROW.match(text) and _number(url) == _number(response.url) + 1:
            return url
        if (found := _NUMBER.match(text)) and _number(url) == int(found.group(1)):
            numbered.setdefault(int(found.group(1)), url)
    # The number of a column stands where that of a page may: without a link back to other pages this is page 1.
    return numbered.get((_number(response.url) if 1 in numbered else 1) + 1)


def _pictured(anchor: HtmlElement) -> str:
    """What the picture in a link stands for."""
    return next((alt for img in anchor.iter("img") if (alt := img.get("alt") or img.get("title"))), "")


def form_page(response: TextResponse) -> Request | None:
    """The request by which a form of the page asks for the next list page, as ``goPage(2)`` and ``__doPostBack`` do, where
    the page says that it is not the last: 第1页/共4页."""
    position = stated_position(response.text)
    if position is None or position[0] >= position[1] or response.selector.type == "json":
        return None
    number, root = position[0] + 1, response.selector.root
    for form in root.iter("form"):
        fields = {
            str(i.get("name")): i.get("value") or ""
            for i in form.iter("input")
            if i.get("name") and (i.get("type") or "").lower() not in ("submit", "button", "image", "checkbox", "radio")
        }
        back = _POST_BACK.search(_called(root)) if "__VIEWSTATE" in fields else None
        field = next((name for name in fields if _PAGE_FIELD.search(name)), None)
        # A form in which words are written is a search of the whole site.
        asks = {i.get("name") for i in form.iter("input") if (i.get("type") or "text").lower() in ("text", "search")}
        field = None if asks - {field, None} else field
        if back is not None:
            fields |= {"__EVENTTARGET": back[1], "__EVENTARGUMENT": back[2]}
        elif field is not None:
            fields[field] = str(number)
        else:
            continue
        url, body = joined(base_of(root, response.url), form.get("action") or response.url), urlencode(fields)
        if host_of(url) != host_of(response.url):
            continue
        if back is not None or (form.get("method") or "").lower() == "post":
            return Request(url, method="POST", body=body, headers={"Content-Type": FORM_HEADERS["Content-Type"]})
        return Request(f"{url.partition('?')[0]}?{body}")
    return None


def _called(root: HtmlElement) -> str:
    """The script of the link to the next page."""
    for anchor in root.iter("a"):
        if _NEXT.match(" ".join(anchor.itertext()).strip()):
            return f"{anchor.get('href') or ''} {anchor.get('onclick') or ''}"
    return ""


def _address(anchor: HtmlElement, base: str) -> str | None:
    href = (anchor.get("href") or "").strip()
    if not href or href.startswith(("#", "javascript:")):
        called = _CALLED.search(anchor.get("onclick") or href)
        href = called[1] if called is not None else ""
    if not href:
        return None
    try:
        url = joined(base, href)
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) else None


def _number(url: str) -> int:
    """The page number in a listing's address, 1 where it has none."""
    found = _IN_URL.search(url)
    return int(found.group(1)) if found else 1
