"""What a page's styles hide: attributes, and the simple rules of its own style sheets."""

import re

HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
OFFSCREEN = re.compile(
    r"(?:(?:left|top|text-indent|margin-left|margin-top|right)\s*:\s*-\s*[1-9]\d{2,}|font-size\s*:\s*0(?:px)?\s*(?:;|$)"
    r"|clip\s*:\s*rect\(\s*0|(?:height|width)\s*:\s*[01](?:px)?\s*;[^}]*overflow\s*:\s*hidden)",
    re.IGNORECASE,
)
# One literal beginning each: a pattern without regard to case is ten times slower on long style sheets.
_HIDING_RULES = (
    re.compile(r"display\s*:\s*none"),
    re.compile(r"DISPLAY\s*:\s*(?:none|NONE)"),
    re.compile(r"position\s*:\s*(?:absolute|fixed)"),
)
_MEDIA_END = re.compile(r"\}\s*\}")
_SIMPLE = re.compile(r"(?:[a-z]+)?([.#][\w-]+)", re.IGNORECASE)


def hidden_names(markup: str) -> tuple[set[str], set[str]]:
    """The .class and #id selectors that a style block hides, and those that it moves off the screen."""
    hidden: set[str] = set()
    off: set[str] = set()
    end = 0
    for _ in range(40):
        start = markup.find("<style", end)
        if start < 0:
            break
        end = markup.find("</style", start)
        if end < 0:
            end = len(markup)
        media = _media(markup, start, end)
        for match in (m for rule in _HIDING_RULES for m in rule.finditer(markup, start, end)):
            at = match.start()
            window = max(start, at - 600)
            opening = markup.rfind("{", window, at)
            if opening < 0 or any(first < at < last for first, last in media):
                continue
            begin = 1 + max(markup.rfind(mark, window, opening) for mark in "}>/;")
            rules = markup[opening : min(end, at + 600)].partition("}")[0]
            hides = match[0][:1] in "dD"
            if hides or OFFSCREEN.search(rules):
                target = hidden if hides else off
                target.update(
                    m[1].lower() for n in markup[begin:opening].split(",") if (m := _SIMPLE.fullmatch(n.strip()))
                )
    return hidden, off


def _media(markup: str, start: int, end: int) -> list[tuple[int, int]]:
    """The @media blocks of a style sheet, whose rules do not hold on every screen."""
    found: list[tuple[int, int]] = []
    at = markup.find("@media", start, end)
    while at >= 0 and len(found) < 200:
        close = _MEDIA_END.search(markup, at, end)
        last = close.end() if close else end
        found.append((at, last))
        at = markup.find("@media", last, end)
    return found
