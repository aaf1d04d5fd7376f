"""The words of forgotten articles in bytes that say more: list pages, pages that link on, run files. They are found
however they are written (UTF-8, GB 18030, escapes of JSON and HTML, with tags and blanks between), and starred out,
so that the rest keeps its bytes."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from html.entities import codepoint2name
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from govcrawl.addresses import doc_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LEAST = 6  # letters of a title that names one article; 通知公告 stands on every page
_LINE = 20  # letters of a line of text that is no other page's
_LINES = 400
_ANCHOR_BYTES = 4_000
_GAP = rb"(?:\s|&nbsp;|&#160;|&#xa0;|\xc2\xa0|\xe3\x80\x80|\\[nrt]|<[^<>]{0,300}>)*+"
_TAG_OR_BYTE = re.compile(rb"<[^<>]{0,300}>|.", re.DOTALL)
_TAG = re.compile(rb"<a\b[^<>]{1,2000}>", re.IGNORECASE)
_NEXT = re.compile(rb"</?a\b", re.IGNORECASE)
_HREF = re.compile(rb"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_SAID = re.compile(rb"(\b(?:title|alt|aria-label)\s*=\s*)(?:(\")([^\"]*)\"|(')([^']*)')", re.IGNORECASE)


def letters(text: str) -> str:
    """Letters and digits of a text, nothing between them."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


class Words:
    """``titles``: headlines that name no other article; ``texts``: bodies; ``addresses`` of the articles with all their
    other addresses, ``keys`` their doc_ids."""

    def __init__(
        self, titles: Iterable[str], texts: Iterable[str], addresses: Iterable[str], keys: Collection[str]
    ) -> None:
        cut = (title.strip().rstrip(".…") for title in titles)
        self.titles = sorted({t for t in cut if len(letters(t)) >= LEAST}, key=len, reverse=True)
        lines = {line.strip() for text in texts for line in text.split("\n") if len(letters(line)) >= _LINE}
        self.lines = sorted(lines, key=len, reverse=True)[:_LINES]
        self._keys = frozenset(keys)
        self._tails = {tail for url in addresses if len(tail := _tail(url)) > 4}

    def cut(self, data: bytes, base: str = "") -> bytes:
        """The same with titles starred out, and what links to the addresses say, on a page at ``base``."""
        for title in self.titles:
            if _may_hold(title, data):
                data = _pattern(title).sub(_starred, data)
        return self._cut_links(data, base) if base and self.names(data) else data

    def names(self, data: bytes) -> bool:
        """Whether one of the addresses stands there, as far as its last part tells."""
        return any(tail in data for tail in self._tails)

    def tells(self, data: bytes) -> bool:
        """Whether a line of the bodies stands there."""
        return any(_may_hold(line, data) and _pattern(line).search(data) is not None for line in self.lines)

    def _cut_links(self, data: bytes, base: str) -> bytes:
        out, at = [], 0
        for tag in _TAG.finditer(data):
            if tag.start() < at or not self.names(tag[0]) or not self._leads_here(tag[0], base):
                continue
            following = _NEXT.search(data, tag.end(), tag.end() + _ANCHOR_BYTES)
            end = following.start() if following is not None else tag.end()
            out += [data[at : tag.start()], _SAID.sub(_said, tag[0]), _SAID.sub(_said, _stars(data[tag.end() : end]))]
            at = end
        return b"".join([*out, data[at:]]) if out else data

    def _leads_here(self, tag: bytes, base: str) -> bool:
        found = _HREF.search(tag)
        if found is None:
            return False
        href = html.unescape((found[1] or found[2] or found[3] or b"").decode("utf-8", "replace")).strip()
        try:
            return doc_id(urljoin(base, href)) in self._keys
        except ValueError:
            return False


def _tail(url: str) -> bytes:
    """The last part of an address, by which a page names it whatever it is relative to."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").rpartition("/")[2]
    return (f"{path}?{parts.query}" if parts.query else path).encode()


def _stars(data: bytes) -> bytes:
    """A piece of a page with stars in the place of what it says; its tags stay."""
    return b"".join(p if len(p) > 1 or p.isspace() else b"*" for p in _TAG_OR_BYTE.findall(data))


def _starred(match: re.Match[bytes]) -> bytes:
    return _stars(match[0])


def _said(match: re.Match[bytes]) -> bytes:
    mark, said = match[2] or match[4], match[3] or match[5] or b""
    return match[1] + mark + b"*" * len(said) + mark


@lru_cache(maxsize=4096)
def _forms(char: str) -> tuple[bytes, ...]:
    """How a character is written: in UTF-8, in GB 18030, with the escapes of JSON, HTML and addresses."""
    point = ord(char)
    units = char.encode("utf-16-be")
    escaped = "".join(f"\\u{units[n] << 8 | units[n + 1]:04x}" for n in range(0, len(units), 2))
    found = [
        char.encode(),
        char.encode("gb18030"),
        escaped.encode(),
        escaped.replace("\\u", "\\U").upper().replace("\\U", "\\u").encode(),
        f"&#{point};".encode(),
        f"&#x{point:x};".encode(),
        f"&#x{point:X};".encode(),
        f"\\{char}".encode(),
    ]
    if point in codepoint2name:
        found.append(f"&{codepoint2name[point]};".encode())
    if not char.isascii():
        found += [quote(char).encode(), quote(char).lower().encode()]
    return tuple(sorted(dict.fromkeys(found), key=len, reverse=True))  # of &#38; not the & alone


def _chars(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and c.isprintable())


def _may_hold(text: str, data: bytes) -> bool:
    """Whether every character of a text stands somewhere: most pages are told apart by the first one that does not."""
    return all(any(form in data for form in _forms(char)) for char in _rare_first(text))


@lru_cache(maxsize=4096)
def _rare_first(text: str) -> tuple[str, ...]:
    """The characters of a text; ideographs before what stands on every page."""
    return tuple(sorted(set(_chars(text)), key=lambda c: (c.isascii(), -ord(c))))


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[bytes]:
    """A text in any of its spellings, with tags and blanks between its characters."""
    chars = (b"(?:" + b"|".join(map(re.escape, _forms(c))) + b")" for c in _chars(text))
    return re.compile(_GAP.join(chars))
