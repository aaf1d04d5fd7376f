"""What a page's styles hide: attributes, and the simple rules of its own style sheets."""

import re
from collections.abc import Iterable
from functools import lru_cache

# Both read lower-case styles: a pattern without regard to case is ten times slower.
HIDDEN = re.compile(r"display\s*:\s*none")
_FAR = r"\s*:\s*-\s*[1-9]\d{2,}"
_NONE = r"\s*:\s*[01](?:px)?\s*;[^}]*overflow\s*:\s*hidden"
OFFSCREEN = re.compile(
    rf"left{_FAR}|top{_FAR}|text-indent{_FAR}|right{_FAR}|font-size\s*:\s*0(?:px)?\s*(?:;|$)"
    rf"|clip\s*:\s*rect\(\s*0|height{_NONE}|width{_NONE}"
)
# One literal beginning each, for long style sheets.
_HIDING_RULES = (
    re.compile(r"display\s*:\s*none"),
    re.compile(r"DISPLAY\s*:\s*(?:none|NONE)"),
    re.compile(r"position\s*:\s*(?:absolute|fixed)"),
)
_MEDIA_END = re.compile(r"\}\s*\}")
_SIMPLE = re.compile(r"(?<![a-z])(?:[a-z]++)?([.#][\w-]+)", re.IGNORECASE)


def hidden_names(sheets: Iterable[str]) -> tuple[set[str], set[str]]:
    """The .class and #id selectors that style sheets hide, and those that they move off the screen."""
    hidden: set[str] = set()
    off: set[str] = set()
    for sheet in sheets:
        for names, hides in _hiding_rules(sheet):
            (hidden if hides else off).update(names)
    return hidden, off


@lru_cache(maxsize=64)  # the pages of a site have the same ones
def _hiding_rules(sheet: str) -> list[tuple[list[str], bool]]:
    """The selectors of each rule that hides its elements or, False, moves them off the screen."""
    found: list[tuple[list[str], bool]] = []
    matches = [match for rule in _HIDING_RULES for match in rule.finditer(sheet)]
    media = _media(sheet) if matches else []
    for match in matches:
        at = match.start()
        window = max(0, at - 600)
        opening = sheet.rfind("{", window, at)
        if opening < 0 or any(first < at < last for first, last in media):
            continue
        hides = match[0][:1] in "dD"
        if hides or OFFSCREEN.search(sheet[opening : at + 600].partition("}")[0].lower()):
            begin = 1 + max(sheet.rfind(mark, window, opening) for mark in "}>/;")
            selectors = [_SIMPLE.fullmatch(name.strip()) for name in sheet[begin:opening].split(",")]
            found.append(([selector[1].lower() for selector in selectors if selector], hides))
    return found


def _media(sheet: str) -> list[tuple[int, int]]:
    """The @media blocks of a style sheet, whose rules do not hold on every screen."""
    found: list[tuple[int, int]] = []
    at = sheet.find("@media")
    while at >= 0 and len(found) < 200:
        close = _MEDIA_END.search(sheet, at)
        last = close.end() if close else len(sheet)
        found.append((at, last))
        at = sheet.find("@media", last)
    return found
