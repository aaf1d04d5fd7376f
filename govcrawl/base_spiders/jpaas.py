"""Hanweb JPaaS: the successor of JCMS, on departments of 浙江 since 2025.

A column page ``/col/col<id>/index.html`` holds its first rows; the pager beside them names its query in attributes
(``count``, ``rows``, ``queryData="{'webId':…,'pageId':…,'tagId':…,'tplSetId':…}"``). Further pages come from
``/api-gateway/jpaas-publish-server/front/page/build/unit`` as JSON whose ``data.html`` is the list; some hosts heed
``pageNo`` and ``rows``, others only ``paramJson``. Articles are ``/col/col<id>/art/<year>/art_<32 hex>.html``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from parsel import Selector

from govcrawl.base_spiders.fields import count_of, data_of, markup
from govcrawl.base_spiders.listing import ListingSpider, column_names, url_with
from govcrawl.base_spiders.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import Request, TextResponse

    from govcrawl.base_spiders.rows import Row

_UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
_PAIR = re.compile(r"(?<!\w)(\w++)[\"']?\s*+:\s*+[\"']([^\"']*+)[\"']")
_QUERY = ("webId", "pageId", "tagId", "tplSetId", "parseType", "pageType", "editType")
_LIST_TAG = re.compile("列表|分页|list", re.IGNORECASE)


class JpaasSpider(ListingSpider):
    """Lists ``build/unit``."""

    rows_per_page: ClassVar[int] = 15

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        page = self._list(response)
        unit = _list_unit(page)
        stated = unit.attrib if unit is not None else {}
        query = dict(_PAIR.findall(stated["querydata"])) if unit is not None else _scripted_unit(page)
        if not query and is_unit(response):
            # Nothing tells how many pages there are: the one after the last has no rows, or repeats it.
            number = _page_number(response.url) + 1
            paged = {"pageNo": number, "paramJson": json.dumps({"pageNo": number, "pageSize": self.rows_per_page})}
            yield response.follow(url_with(response.url, **{k: quote(str(v)) for k, v in paged.items()}))
        if not query:
            return
        size = count_of(stated.get("rows")) or self.rows_per_page
        api = stated.get("url") or stated.get("uniturl") or _UNIT
        count = count_of(stated.get("count")) or size
        # What the page shows is the first page of the unit where it is as long as that.
        shown = is_unit(response) or len(list(self.rows(response))) >= min(size, count)
        for number in range(_page_number(response.url) + 1 if shown else 1, -(-count // size) + 1):
            numbers = {"rows": size, "pageNo": number, "paramJson": json.dumps({"pageNo": number, "pageSize": size})}
            yield response.follow(f"{api}?{urlencode(query | numbers)}", headers={"X-Requested-With": "XMLHttpRequest"})

    def rows(self, response: TextResponse) -> Iterable[Row]:
        names = column_names(response)
        return find_rows(self._list(response), response.url, self._pattern, self.rows_css, names=names)

    def total(self, response: TextResponse) -> int | None:
        count = self._list(response).xpath("//*[@querydata and @count]/@count").get()
        return count_of(count) or super().total(response)

    @staticmethod
    def _list(response: TextResponse) -> Selector:
        """The list's markup: the page itself, or what the JSON holds."""
        if not is_unit(response):
            return markup(response)
        data = data_of(response).get("data")
        return Selector(str((data.get("html") if isinstance(data, dict) else data) or "<p></p>"))


def is_unit(response: TextResponse) -> bool:
    """Whether the response is JSON of ``build/unit``."""
    return urlsplit(response.url).path.endswith("/page/build/unit")


def _list_unit(page: Selector) -> Selector | None:
    """The element that names the list's query: the pager, else the unit that calls itself a list."""
    units = page.xpath("//*[@querydata]")
    pagers = [u for u in units if u.attrib.get("count", "").isdigit()]
    lists = [u for u in units if _LIST_TAG.search(u.attrib["querydata"])]
    return next(iter([*pagers, *lists]), None)


def _scripted_unit(page: Selector) -> dict[str, str]:
    """The query of the unit that a script asks for, where no element names it; empty where none does."""
    for script in page.xpath("//script/text()").getall():
        query = {name: value for name, value in _PAIR.findall(script) if name in _QUERY}
        if {"webId", "pageId", "tplSetId"} <= query.keys():
            return {"parseType": "bulidstatic", "pageType": "column"} | query
    return {}


def _page_number(url: str) -> int:
    return count_of(parse_qs(urlsplit(url).query).get("pageNo", ["1"])[0]) or 1
