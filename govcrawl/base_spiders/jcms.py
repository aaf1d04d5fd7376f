"""Hanweb JCMS (大汉版通): 江苏, 浙江, 山东.

A column page ``/col/col<id>/index.html`` holds its newest records as CDATA in a script, which no HTML parser sees; what
``?uid=<unitid>&pageNum=N`` shows is made of them in the browser. Older ones come from ``dataproxy.jsp`` by windows
(``startrecord``, ``endrecord``, ``perpage``) for the ``webid``, ``columnid`` and ``unitid`` that the page names; some
hosts heed only ``page`` and ``perpage``. Where the ids are encrypted or the proxy answers nothing, the page's records
are all there is. 信息公开 columns are filled by POST ``/module/xxgk/search.jsp`` (``currpage``). Articles are
``/art/Y/M/D/art_<column>_<id>.html``.
"""

from __future__ import annotations

import itertools
import re
from html import unescape
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from parsel import Selector
from scrapy.http import Request

from govcrawl.base_spiders.fields import FORM_HEADERS, between, count_of, markup, scripts
from govcrawl.base_spiders.jpaas import JpaasSpider, is_unit
from govcrawl.base_spiders.listing import url_with
from govcrawl.base_spiders.numbered import stated_pages
from govcrawl.base_spiders.rows import find_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scrapy.http import TextResponse

    from govcrawl.base_spiders.rows import Row

_RECORD = re.compile(r"\s*+<!\[CDATA\[(.*)\]\]>\s*+", re.DOTALL)
_PROXY = re.compile(r"(/module/[\w/]{1,60}/(?:morecolumn)?dataproxy\.jsp)(?:\?([^\"'<>]*))?")
_PROXY_PATH = "/module/web/jpage/dataproxy.jsp"
_UNIT = re.compile(r"\bunitid[\"']?\s*+[:=]\s*+[\"']?\w")
_UNIT_TAG = re.compile(r"<[a-z][^<>]{0,500}?\sunitid\s*+=[^<>]{0,500}>", re.IGNORECASE)
_SEARCH = re.compile(r"(/module/xxgk/search\.jsp)(?:\?([^\"'<>]*))?")
_PATHS = re.compile(r"search\.jsp|dataproxy\.jsp")
_SITE = re.compile(r"\b(?:jdid|webid|siteid)[\"']?\s*(?:[:=]|content=)\s*[\"']?(\d+)", re.IGNORECASE)
_WIDGET = re.compile(r"\.jpage\(|\bparam_\w+\s*=|/module/xxgk/search\.jsp")
_TOTAL = re.compile(r"\btotalRecord[\"']?\s*[:=]\s*[\"']?(\d{1,9})(?!\d)")
_PAGE = 15
_WINDOW = 3 * _PAGE  # what the pager's own script asks for
_PROXY_FORM = ("col", "appid", "webid", "path", "columnid", "sourceContentType", "unitid", "webname", "permissiontype")
_SEARCH_FORM = (
    *("infotypeId", "jdid", "area", "divid", "vc_title", "vc_number"),
    *("sortfield", "standardXxgk", "isAllList"),
)


class JcmsSpider(JpaasSpider):
    """Lists the page's records, then ``dataproxy.jsp`` or ``search.jsp``; what has moved to JPaaS is read as such.
    ``disclosure_id``: the site's ``jdid`` in searches of 信息公开, for pages that do not name it."""

    disclosure_id: ClassVar[str | None] = None

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        path = urlsplit(response.url).path
        if path.endswith("/xxgk/search.jsp"):
            return self._search_pages(response)
        if path.endswith("dataproxy.jsp"):
            return self._windows_after(response)
        if (behind := self.filled_by(response)) is not None:
            return iter([behind])
        if _proxy_path(response) is not None:
            return self._proxy_pages(response)
        return super().page_requests(response)

    def filled_by(self, response: TextResponse) -> Request | None:
        """The first window of records where the page holds none; the search of a column of 信息公开, whose page names it or
        has no rows and no other source."""
        if is_unit(response) or _PATHS.search(response.url) or _records(response.text) or not response.body:
            return None
        if _is_search_shell(response):
            return self._search(response)
        if _proxy_path(response) is not None:
            first = next(self._proxy_pages(response), None)
            return first if first is not None and first.method == "POST" else None
        if not re.search(r"/col(\d+)/", response.url) or list(super().page_requests(response)):
            return None
        return None if list(super().rows(response)) else self._search(response)

    def rows(self, response: TextResponse) -> Iterable[Row]:
        if records := _records(response.text):
            boxes = Selector("".join(f"<div class='record'>{r}</div>" for r in records))
            return find_rows(boxes, response.url, self._pattern, "div.record")
        return () if "dataproxy.jsp" in response.url else super().rows(response)

    def total(self, response: TextResponse) -> int | None:
        return _total(response.text) or super().total(response)

    def _proxy_pages(self, response: TextResponse) -> Iterator[Request]:
        held = len(_records(response.text))
        form = {"col": "1", "appid": "1", "path": "/", "sourceContentType": "1", "permissiontype": "0"}
        form |= _stated(response.text, _PROXY, _PROXY_FORM)
        if (column := re.search(r"/col(\d+)/", response.url)) is not None:
            form.setdefault("columnid", column.group(1))
        total = _total(response.text)
        if total is not None and total <= held:
            return
        # The held records are the first window, unless they are so few that there would be hundreds of windows.
        window, first = (held, 2) if held >= _PAGE else (_WINDOW, 1)
        last = -(-total // window) if total else None
        numbers = itertools.count(first) if last is None else range(first, last + 1)
        proxy = urljoin(response.url, _proxy_path(response) or _PROXY_PATH)
        for number in numbers:
            if not form.get("unitid", "").isdigit():
                yield Request(url_with(response.url, uid=form.get("unitid", ""), pageNum=number))
                continue
            # Right for hosts that count records and for those that count pages alike.
            query = {
                "startrecord": (number - 1) * window + 1,
                "endrecord": number * window,
                "perpage": window,
                "page": number,
            }
            yield Request(
                f"{proxy}?{urlencode(query)}",
                method="POST",
                body=urlencode({k: form[k] for k in _PROXY_FORM if k in form}),
                headers=FORM_HEADERS | {"Referer": response.url},
                meta={"total": total},
            )

    @staticmethod
    def _windows_after(response: TextResponse) -> Iterator[Request]:
        """The windows after one, to the last where the column's page says how many records there are."""
        asked = response.request
        query = dict(parse_qsl(urlsplit(asked.url).query)) if asked is not None else {}
        if asked is None or not {"startrecord", "endrecord", "page"} <= query.keys():
            return
        size = int(query["endrecord"]) - int(query["startrecord"]) + 1
        total = asked.meta.get("total")
        for number in itertools.count(int(query["page"]) + 1):
            if total is not None and (number - 1) * size >= total:
                return
            window = {"startrecord": (number - 1) * size + 1, "endrecord": number * size, "page": number}
            yield asked.replace(url=url_with(asked.url, **window), meta={"total": total})

    def _search(self, response: TextResponse) -> Request:
        form = dict.fromkeys(_SEARCH_FORM, "") | {"sortfield": ",compaltedate:0", "standardXxgk": "0", "isAllList": "1"}
        if (column := re.search(r"/col(\d+)/", response.url)) is not None:
            form["divid"] = f"div{column.group(1)}"
        if self.disclosure_id is not None:
            form["jdid"] = self.disclosure_id
        form |= {name: value for name, value in _stated(response.text, _SEARCH, _SEARCH_FORM).items() if value}
        if not form["jdid"] and (site := _SITE.search(response.text)) is not None:
            form["jdid"] = site.group(1)
        query = {"standardXxgk": form["standardXxgk"], "isAllList": form["isAllList"], "texttype": "0", "fbtime": "-1"}
        query |= {"currpage": "1", "sortfield": form["sortfield"]}
        return Request(
            f"{urljoin(response.url, '/module/xxgk/search.jsp')}?{urlencode(query)}",
            method="POST",
            body=urlencode(form),
            headers=FORM_HEADERS | {"Referer": response.url},
        )

    def _search_pages(self, response: TextResponse) -> Iterator[Request]:
        asked = response.request
        assert asked is not None
        here = count_of(dict(parse_qsl(urlsplit(asked.url).query)).get("currpage")) or 1
        pages = stated_pages(response.text)
        for number in range(here + 1, pages + 1) if pages else itertools.count(here + 1):
            yield Request(url_with(asked.url, currpage=number), method="POST", body=asked.body, headers=asked.headers)


def _is_search_shell(response: TextResponse) -> bool:
    """Whether a script or a frame fills the page from ``search.jsp``; a link to it is the site's own search."""
    frames = markup(response).xpath("//iframe/@src").getall()
    return "search.jsp" not in response.url and any(_SEARCH.search(t) for t in (scripts(response), *frames))


def _proxy_path(response: TextResponse) -> str | None:
    """The path of the proxy that fills the page's list: as the page names it, or the usual one where a widget's settings
    name its unit and column but leave the path to a script of its own."""
    if (named := _PROXY.search(response.text)) is not None:
        return named.group(1)
    widgets = "\n".join([scripts(response), *_UNIT_TAG.findall(response.text)])
    return _PROXY_PATH if _UNIT.search(widgets) and re.search(r"\bcolumnid\b", widgets) else None


def _records(text: str) -> list[str]:
    """The records of the largest store: a page may hold the stores of several small lists."""
    stores = (
        [m.group(1) for r in between(s, "<record>", "</record>") if (m := _RECORD.fullmatch(r))] for s in _stores(text)
    )
    return max(stores, key=len, default=[])


def _stores(text: str) -> Iterator[str]:
    return between(text, "<datastore>", "</datastore>")


def _total(text: str) -> int | None:
    """The records that the page's widgets count, the most where there are several: too many end with an empty answer."""
    return max(map(int, _TOTAL.findall(text)), default=None)


def _stated(text: str, call: re.Pattern[str], names: tuple[str, ...]) -> dict[str, str]:
    """Parameters that the page names: in the query of the address that its largest store or its script calls, then in
    the script about it."""
    store = max(_stores(text), key=len, default="")
    found: dict[str, str] = {}
    for match in [*call.finditer(store), *call.finditer(text)]:
        for name, value in parse_qsl(unescape(match.group(2) or "")):
            found.setdefault(name, unquote(value))
    # A widget's settings stand together; elsewhere on the page the same words mean other things.
    unit = found.get("unitid")
    nearby = [text[m.start() : m.start() + 2000] for m in _WIDGET.finditer(text)]
    # Or in the tag or the object around the unit's id.
    nearby += _UNIT_TAG.findall(text)
    nearby += [text[text.rfind("{", 0, m.start()) + 1 : m.end() + 500].partition("}")[0] for m in _UNIT.finditer(text)]
    for region in sorted(nearby, key=lambda r: unit is not None and unit in r, reverse=True):
        for name in names:
            if setting := re.search(rf"\b{name}[\"']?\s*[:=]\s*(?:\"([^\"]*)\"|'([^']*)'|(\d+))", region):
                found.setdefault(name, next(g for g in setting.groups() if g is not None))
    return {name: found[name] for name in names if name in found}
