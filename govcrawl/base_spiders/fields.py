"""Values as the JSON and the scripts of a listing state them."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from parsel import Selector

from govcrawl.base_spiders.rows import date_in, make_date

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import TextResponse

CHINA = timezone(timedelta(hours=8))
# How the sites' own scripts post a form; some answer nothing else.
FORM_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "X-Requested-With": "XMLHttpRequest",
}


def said(value: Any) -> str | None:
    """A text that says something; ``null`` and ``undefined`` as words say nothing."""
    text = str(value).strip() if value is not None else ""
    return None if text in ("", "null", "undefined", "None") else text


def plain(title: Any) -> str | None:
    """A title without the markup that search highlighting leaves in it."""
    text = said(title)
    return " ".join(re.sub(r"<[^<>]*>", "", text).split()) or None if text else None


def read_json(text: str | bytes) -> Any:
    """JSON, also with raw line ends in its strings. A number of more digits than any count or id has reads as None.
    Raises ValueError, also where it nests without end."""
    try:
        return json.loads(text, strict=False, parse_int=whole_number)
    except RecursionError as exc:
        raise ValueError("JSON that nests too deeply") from exc


def whole_number(digits: str) -> int | None:
    """For ``parse_int`` of JSON readers: Python refuses to read thousands of digits."""
    return int(digits) if len(digits) <= 40 else None


def between(text: str, opening: str, closing: str) -> Iterator[str]:
    """The texts between two marks, one after the other."""
    at = 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        yield text[start + len(opening) : end]
        at = end + len(closing)


def data_of(response: TextResponse) -> dict[str, Any]:
    """The object that a JSON response holds; empty where it holds none, as the page of a shield does."""
    try:
        data = read_json(response.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def inner(data: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside an object; empty where there is none."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def listed(data: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    """The objects of the first of these lists that holds any."""
    for name in names:
        value = data.get(name)
        if isinstance(value, list) and value:
            return [v for v in value if isinstance(v, dict)]
    return []


def count_of(value: Any) -> int:
    """A number of rows or pages, 0 where it is none."""
    text = str(value).strip()
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


def day_of(value: Any) -> date | None:
    """The day in China of a publish time: a text, or seconds or milliseconds since 1970."""
    text = said(value)
    if text is None:
        return None
    if not re.fullmatch(r"\d{9,13}", text):
        return date_in(text)
    seconds = int(text) / (1000 if len(text) > 11 else 1)
    found = datetime.fromtimestamp(seconds, UTC).astimezone(CHINA)
    return make_date(found.year, found.month, found.day)


def markup(response: TextResponse) -> Selector:
    """The response as markup; an empty page where it is JSON, as shields answer."""
    return response.selector if response.selector.type != "json" else Selector("<p></p>")


def scripts(response: TextResponse) -> str:
    """The page's own scripts. What they ask for fills this page; the same address in a link is another column's."""
    return "\n".join(markup(response).xpath("//script/text()").getall())
