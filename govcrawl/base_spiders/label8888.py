"""The provincial platform of 安徽 (Lonsun 龙讯 style).

Columns are ``/content/column/<id>?pageIndex=N``; a column's own ``index.html`` goes on there. The pager's links have no
address but an attribute ``paged``. 信息公开 columns, ``/public/column/<office>?type=4&catId=<category>``, are shells that
a script fills with fragments of ``/site/label/8888`` for the ``siteId`` in the head. Article addresses have no date.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import count_of, markup, scripts
from govcrawl.base_spiders.listing import ListingSpider, url_with
from govcrawl.base_spiders.numbered import stated_pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy.http import TextResponse

_LABEL = "/site/label/8888"
_COLUMN = re.compile(r"\bcolumnId[\"']?\s*[:=]\s*[\"']?(\d+)|/content/column/(\d+)")
_SETTING = re.compile(r"\b(siteId|organId|catId|labelName|file)[\"']?\s*:\s*[\"']?([\w/.-]+)")


class LabelSpider(ListingSpider):
    """Lists ``pageIndex=N``, of a column or of the label behind a 信息公开 column."""

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if (label := self.filled_by(response)) is not None:
            yield label
            return
        query = dict(parse_qsl(urlsplit(response.url).query))
        following = (count_of(query.get("pageIndex")) or 1) + 1
        listing = self._paged_url(response)
        if listing is None:
            return
        pages = stated_pages(response.text)
        for number in range(following, pages + 1) if pages else itertools.count(following):
            yield Request(url_with(listing, pageIndex=number), headers={"Ls-Language": "zh"})

    def filled_by(self, response: TextResponse) -> Request | None:
        """The label behind a column of 信息公开, or behind another page whose script asks for it and that shows no rows."""
        if _LABEL in response.url or not ("/public/column/" in response.url or _LABEL in scripts(response)):
            return None
        if "/public/column/" not in response.url and list(self.rows(response)):
            return None
        return self._label(response)

    @staticmethod
    def _paged_url(response: TextResponse) -> str | None:
        """The address that takes a page number: this one, or that of the column whose index this is."""
        if "/content/column/" in response.url or _LABEL in response.url:
            return response.url
        found = _COLUMN.search(scripts(response))
        return response.urljoin(f"/content/column/{found.group(1) or found.group(2)}") if found else None

    @staticmethod
    def _label(response: TextResponse) -> Request:
        parts = urlsplit(response.url)
        asked = dict(parse_qsl(parts.query))
        stated = dict(_SETTING.findall(scripts(response).partition(_LABEL)[2][:2000]))
        kind = next((t for t in re.findall(r"\btype[\"']?\s*:\s*[\"']?(\d+)", scripts(response))), "4")
        organ = re.search(r"/public/column/(\d+)", parts.path)
        site = markup(response).xpath("//meta[translate(@name,'SI','si')='siteid']/@content").get()
        query = {
            "labelName": stated.get("labelName", "publicInfoList"),
            "siteId": site or stated.get("siteId", ""),
            "organId": organ.group(1) if organ else stated.get("organId", ""),
            "catId": asked.get("catId") or stated.get("catId", ""),
            "type": asked.get("type") or kind,
            "action": "list",
            "pageSize": "15",
            "pageIndex": "1",
            "isDate": "true",
            "dateFormat": "yyyy-MM-dd",
            "length": "80",
            "file": stated.get("file", "/xxgk/publicInfoList_newest2020"),
        }
        return response.follow(f"{_LABEL}?{urlencode(query)}", headers={"Ls-Language": "zh"})
