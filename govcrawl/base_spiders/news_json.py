"""Lists as JSON or JSONP: the feeds of news sites. A row is any object that holds an address of an article, so that a
field's new name changes nothing."""

from __future__ import annotations

import json
import re
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from scrapy.http import Request

from govcrawl.addresses import doc_id
from govcrawl.base_spiders.fields import read_json, whole_number
from govcrawl.base_spiders.news_links import NextLinkSpider
from govcrawl.base_spiders.rows import Row, date_in, date_in_url, make_date

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from scrapy.http import TextResponse

_WRAPPED = re.compile(r"^\s*(?:/\*.*?\*/\s*)?(?:(?:var\s+)?[\w$.]+\s*(?:=|\())\s*(?=[\[{(])", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False, parse_int=whole_number)
MENDED = 2 << 20  # characters beyond which a feed that is no JSON is not mended, character by character
MISREAD = 100  # beginnings in one script that are tried in vain
_TITLES = ("title", "showtitle", "doctitle", "name", "topic", "headline")
_CLOSES = re.compile(r"\s*+(?:[:}\]]|,\s*(?:[\"'{\[\]}\d-]|true|false|null|[A-Za-z_]\w*\s*:)|$)")
_TRAILING = re.compile(r",\s*+[}\],]")
_BARE_WORD = re.compile(r"[A-Za-z_$][\w$]*+")
_COLON = re.compile(r"(?<=[\w$])\s*+:")
_US_DATE = re.compile(r"^\s*(\d{1,2})/(\d{1,2})/((?:19|20)\d{2})\b")
_DATA = re.compile(r"(?:^[^\S\n]*+|[\w\])]\s*+=\s*+)(?=[\[{])", re.MULTILINE)
_TAGS = re.compile(r"<[^<>]*>")


class JsonListSpider(NextLinkSpider):
    """Channels may be feeds as well as pages. ``feed_requests`` gives the further pages of a feed."""

    def rows(self, response: TextResponse) -> Iterable[Row]:
        data = feed_of(response)
        if data is not None:
            return rows_in(data, response.url, self._pattern)
        return list(super().rows(response)) or rows_in(script_data(response), response.url, self._pattern)

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if feed_of(response) is None:
            yield from super().page_requests(response)
        else:
            yield from self.feed_requests(response)

    def feed_requests(self, response: TextResponse) -> Iterable[Request]:
        """The pages of a feed after this one."""
        return ()


def numbered_files(url: str) -> Iterator[Request]:
    """The parts of a feed that lie in files of their own: ``name.js``, then ``name_02.js``, ``name_03.js`` and so on.
    The feed does not say how many there are: the first that is not there ends it."""
    path, query = re.split(r"(?=\?|$)", url, maxsplit=1)
    if found := re.fullmatch(r"(.*?)(?:_(\d{2}))?(\.\w+)", path):
        stem, number, extension = found.groups()
        for n in range(int(number or 1) + 1, 100):
            yield Request(f"{stem}_{n:02d}{extension}{query}")


def feed_of(response: TextResponse) -> Any:
    """The data of a JSON or JSONP response, None where it is a page. Raises ValueError where it begins as data and
    cannot be read."""
    cached = response.meta.get("feed") if response.request is not None else None
    if cached is not None and cached[0] is response.body:
        return cached[1]
    # Feeds of the older sites are GBK and often say nothing or something else.
    try:
        text = response.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = response.body.decode("gb18030", "replace")
    text = text.lstrip("\ufeff \t\r\n")
    data = loads(text) if text[:1] in ("{", "[", "(") or _WRAPPED.match(text) else None
    if response.request is not None:
        response.meta["feed"] = (response.body, data)
    return data


def script_data(response: TextResponse) -> list[Any]:
    """The objects that a page's scripts hold: ``var allData = {…};`` and scripts of type application/json."""
    found = []
    for script in response.css("script:not([src])::text").getall():
        end = failed = 0
        for start in _DATA.finditer(script):
            if start.end() < end or failed == MISREAD:
                continue  # inside what was read; or a script that only looks like data
            try:
                data, end = _DECODER.raw_decode(script, start.end())
                found.append(data)
            except (ValueError, RecursionError):
                failed += 1
    return found


def loads(text: str) -> Any:
    """JSON, also in a callback or an assignment, and as scripts write it: with bare keys, single quotes, trailing
    commas and quotation marks inside strings. Raises ValueError."""
    inner = _WRAPPED.sub("", text, count=1).strip()
    inner = inner.rstrip(f"{string.whitespace}\u3000\xa0;)").lstrip("(")
    try:
        return read_json(inner)
    except ValueError:
        if len(inner) > MENDED:
            raise
        return read_json(_mended(inner))


def _mended(text: str) -> str:
    out: list[str] = []
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                pair = text[at : at + 2]
                out.append(pair if pair[1:] in ('"', "\\", "/", "b", "f", "n", "r", "t", "u") else pair[1:])
                at += 2
                continue
            if char == quote and _CLOSES.match(text, at + 1):
                quote = ""
                out.append('"')
            else:
                out.append('\\"' if char == '"' else char)
        elif char in "\"'":
            quote = char
            out.append('"')
        elif char == "," and _TRAILING.match(text, at):
            pass
        elif (word := _BARE_WORD.match(text, at)) is not None:
            colon = _COLON.match(text, word.end())
            out.append(f'"{word.group()}":' if colon else word.group())
            at = (colon or word).end()
            continue
        else:
            out.append(char)
        at += 1
    return "".join(out)


def rows_in(data: Any, base_url: str, pattern: re.Pattern[str]) -> list[Row]:
    """Every object that holds the address of an article, in the data's order."""
    rows: dict[str, Row] = {}
    for entry in _objects(data):
        url = _article(entry, base_url, pattern)
        if url is not None:
            rows.setdefault(doc_id(url), Row(url, _title(entry), _date(entry, url)))
    return list(rows.values())


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            yield value
            stack.extend(reversed(value.values()))
        elif isinstance(value, list):
            stack.extend(reversed(value))


def _article(entry: dict[str, Any], base_url: str, pattern: re.Pattern[str]) -> str | None:
    for value in entry.values():
        if isinstance(value, str) and 8 < len(value) < 500 and "/" in value and not re.search(r"\s|<", value.strip()):
            try:
                url = urljoin(base_url, value.strip())
            except ValueError:
                continue
            if pattern.search(url):
                return url
    return None


def _title(entry: dict[str, Any]) -> str | None:
    low = {k.lower(): v for k, v in entry.items()}
    for name in _TITLES:
        if isinstance(value := low.get(name), str) and (text := " ".join(_TAGS.sub("", value).split())):
            return text
    return None


def _date(entry: dict[str, Any], url: str) -> date | None:
    """A field that is a date, in Chinese or in American order; then the address."""
    for name, value in entry.items():
        if isinstance(value, str) and len(value) < 40 and "url" not in name.lower():
            if found := _US_DATE.match(value):
                return make_date(found.group(3), found.group(1), found.group(2))
            if re.match(r"\s*(?:19|20)\d{2}\D", value) and (on := date_in(value)) is not None:
                return on
    return date_in_url(url)
