"""The same pages as another site might have written them: what extraction may not depend on.

Each takes a row and gives the changed row, or the row itself where the change does not apply to it.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import unescape
from itertools import takewhile
from typing import Any

import lxml.html

from benchmarks.pages import Row
from govcrawl.extraction.charset import decode
from govcrawl.extraction.script import is_traditional

_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_NAMES = re.compile(r"""(?<=\s)(class|id)(\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)
_SHEET = re.compile(r"(<style[^>]*>)(.*?)(</style)", re.IGNORECASE | re.DOTALL)
_SELECTOR = re.compile(r"([.#])([A-Za-z_][\w-]*)(?=[^{}]*\{)")
_META = re.compile(r"<meta\b[^>]*>", re.IGNORECASE)
_CHARSET = re.compile(r"""(charset\s*=\s*["']?)[\w-]+""", re.IGNORECASE)
_DAY = re.compile(r"(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}")
_BLOCK_TAGS = "div p td th tr table li ul dl section article header h1 h2 h3 h4 center font"
_BLOCKS = frozenset(_BLOCK_TAGS.split())


def hashed_names(row: Row) -> Row:
    """Class and id names mean nothing any more; style sheets name the same elements as before."""

    def names(match: re.Match[str]) -> str:
        value = match[3].strip("\"'")
        return f'{match[1]}{match[2]}"{" ".join(map(_hashed, value.split()))}"'

    markup = _TAG.sub(lambda tag: _NAMES.sub(names, tag[0]), _markup(row))
    return _written(
        row, _SHEET.sub(lambda m: m[1] + _SELECTOR.sub(lambda s: s[1] + _hashed(s[2]), m[2]) + m[3], markup)
    )


@cache
def _hashed(name: str) -> str:
    return "n" + hashlib.sha256(name.encode()).hexdigest()[:8]


def no_meta(row: Row) -> Row:
    """Without meta tags, but for the one that states the charset; gold that stood in them alone is left out with them."""
    markup = _META.sub(lambda m: m[0] if "charset" in m[0].lower() else "", _markup(row))
    bare = _bare(unescape(markup))
    gold = {field: value for field, value in row.gold.items() if _stands(field, value, bare, row.url)}
    return replace(_written(row, markup), gold=gold)


def _stands(field: str, value: Any, bare: str, url: str) -> bool:
    """Whether what is true still stands in a page, given without white space, or in its address; a field that the page
    does not have, and what is no text of the page, always do."""
    if field == "date" and value:
        year, month, day = re.findall(r"\d+", str(value))[:3]
        day_in = rf"{year}(?:年|[-/.]|&\w+;)?0?{int(month)}(?:月|[-/.])?0?{int(day)}(?!\d)|{year}{month:0>2}{day:0>2}"
        return re.search(day_in, bare) is not None or re.search(day_in, url) is not None
    if field in ("title", "source") and value:
        return _bare(str(value)) in bare
    return True


def header_below(row: Row) -> Row:
    """The line of date, source and author stands below the body instead of above it."""
    if not all(row.ends):
        return row
    parser = lxml.html.HTMLParser(encoding="utf-8")
    root = lxml.html.document_fromstring(_markup(row).encode("utf-8", "replace"), parser=parser)
    first, last = (_deepest(root, _bare(text)) for text in row.ends)
    above = [last, *last.iterancestors()]
    body = next(e for e in [first, *first.iterancestors()] if e in above)
    header = _header(root, first, _bare(str(row.gold.get("title") or ""))[:8])
    if header is None or body is root or header in above:
        return row
    _take_out(header)
    below = body
    if body in header.iterancestors():  # the container of the text holds its header too
        below = next((e for e in above if e.getparent() is body), None)
    if below is None:
        body.append(header)
    else:
        below.addnext(header)  # lxml moves the text after `below` along with it, which is where it belongs
    return _written(row, lxml.html.tostring(root, encoding="unicode", doctype="<!DOCTYPE html>"))


def _deepest(root: Any, text: str) -> Any:
    """The innermost element that holds a text, its first copy."""
    node = root
    while True:
        inner = (e for e in node if isinstance(e.tag, str) and e.tag not in ("script", "style", "head"))
        node, outer = next((e for e in inner if text in _bare(e.text_content())), None), node
        if node is None:
            return outer


def _header(root: Any, first: Any, title: str) -> Any:
    """The outermost short block with a day that is nearest before the body's first element, without the headline."""

    def fits(element: Any) -> bool:
        text = element.text_content()
        short = len(text) < 2000 and len(_bare(text)) < 160 and element.tag in _BLOCKS
        return bool(short and _DAY.search(text) and (not title or title not in _bare(text)))

    around = {first, *first.iterancestors()}
    before = takewhile(lambda e: e is not first, root.iter(*_BLOCKS))
    header = next((e for e in reversed(list(before)) if e not in around and fits(e)), None)
    while header is not None and header.getparent() not in around and fits(header.getparent()):
        header = header.getparent()
    return header


def _take_out(element: Any) -> None:
    """Remove an element; the text after it stays where it was."""
    previous, parent = element.getprevious(), element.getparent()
    if element.tail and previous is not None:
        previous.tail = (previous.tail or "") + element.tail
    elif element.tail:
        parent.text = (parent.text or "") + element.tail
    element.tail = None
    parent.remove(element)


def gbk(row: Row) -> Row:
    """Bytes in GBK, declared so, instead of UTF-8."""
    encoding = decode(row.body, row.context.get("headers"))[1]
    if encoding != "utf-8":
        return row
    markup = _CHARSET.sub(r"\1gbk", _markup(row))
    return replace(row, body=markup.encode("gbk", "xmlcharrefreplace"), context=row.context | {"headers": {}})


def traditional(row: Row) -> Row:
    """In Traditional characters, gold included."""
    if is_traditional(str(row.gold.get("body") or row.gold.get("title") or "")):
        return row
    gold = {k: v if k in ("date", "province") else _traditional(v) for k, v in row.gold.items()}
    return replace(_written(row, _to_traditional(_markup(row))), gold=gold)


PERTURBATIONS: dict[str, Callable[[Row], Row]] = {
    "class and id names hashed": hashed_names,
    "meta tags stripped": no_meta,
    "header below the body": header_below,
    "GBK instead of UTF-8": gbk,
    "Traditional instead of Simplified": traditional,
}


def _markup(row: Row) -> str:
    return decode(row.body, row.context.get("headers"))[0]


def _written(row: Row, markup: str) -> Row:
    return replace(row, body=_CHARSET.sub(r"\1utf-8", markup).encode("utf-8", "replace"))


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


def _to_traditional(text: str) -> str:
    converted: str = _converter().convert(text)
    return converted


def _traditional(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_traditional(v) for v in value]
    return _to_traditional(value) if isinstance(value, str) else value
