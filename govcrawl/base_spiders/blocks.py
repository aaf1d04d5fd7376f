"""Which block of a page is its list and which stand beside it: told by headings, pagers, and what scripts fill; words in
classes come last. Pure functions over a parsed page."""

from __future__ import annotations

import re
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement

# Deeper nesting and longer texts than any real list has.
MAX_DEPTH = 60
MAX_SIBLINGS = 100
MOST_BESIDE = 40  # links of one box beside a list

_ASIDE = re.compile(
    r"(?<![a-z])(?:side-?_?(?:bar|box|nav)?|aside|rank(?:ing)?|paihang|r?d?ph|phb|hot(?:s|list|news|box)?|tuijian|recommend(?:ed|s)?"
    r"|relat(?:e[ds]?|ion)|djph|rmtj|rdtj|rmxw|rdxw|xgyd|xgwz|xglj|xgxx|tjyd|yqlj)(?![a-z])",
    re.IGNORECASE,
)
# The whole heading of a box beside a list: 热门信息, 点击排行, 一周热榜, 相关阅读, 图片新闻, 友情链接, 猜你喜欢.
_SCOPE = r"(?:本站|站内|全站|本类|本栏目?|栏目|本月|本周|今日|昨日|近期|每日|每周|一周|周|月|24小时|48小时|信息|新闻|文章|资讯|图文|政策|教育){0,4}"
_THINGS = r"(?:信息|新闻|文章|资讯|内容|图文|专题|话题|阅读|推荐|排行榜?|关注|导读|追踪|聚焦|回顾)?"
_BESIDE = re.compile(
    rf"{_SCOPE}(?:(?:热点|焦点){_THINGS}|(?:热[门文读榜搜议度]|最[热新]|点击|阅读|浏览|人气|访问量?|推荐|相关|猜[你您]|[你您]可能|大家"
    r"|编辑|小编|为[你您]|延伸|拓展|扩展|随机|图[片说]|视频|友情|常用|快[速捷]|排行|hot|top|rank|recommend|related|latest).{0,8})"
    r"|.{0,8}(?:排[行名]榜?|点击榜|热榜|推荐|友情链接|相关链接|延伸阅读|猜你喜欢|top\d*)",
    re.IGNORECASE,
)
_RANKED = re.compile(r".{0,8}(?:排[行名]榜?|点击榜?|热榜|热文|相关|推荐阅读|猜你喜欢|友情链接).{0,4}")
_MORE = re.compile(r"(?:更多|more|查看全部|换一[换批])[^\w]*|[^\w]+", re.IGNORECASE)
_CRUMB = re.compile(r"位置|首页|导航|(?<!更多)(?<![>»›])[>»›]\s*[^\s>»›]")
_TITLE_END = re.compile(r"[\s_|—–\-<>«»·]+")
_HEADING_CLASS = re.compile(r"(?<![a-z])(?:tit(?:le|tle)?|head(?:er|ing)?|hd|caption|name|bt|lm)", re.IGNORECASE)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "caption", "legend")
_SILENT = ("script", "style", "link", "input", "br", "hr", "img")
_PAGER_TEXT = re.compile(
    r"[\[(【]?[ \u3000]{0,3}(?:下一?[页頁]|后一?页|次页|[尾末]页|最后一?页|next)[ \u3000]{0,3}[>›»]{0,3}[ \u3000]{0,3}[\])】]?"
    r"|.{0,20}共\s{0,9}\d{1,5}\s{0,9}页.{0,20}",
    re.IGNORECASE | re.DOTALL,
)
_PAGER_SCRIPT = re.compile(
    r"\bcreatePage(?:HTML)?\s*\(\s*[\"'\d]|\b(?:countPage|totalPage|pageCount)\b\s*[=:]\s*[\"']?\d"
)
_PAGER_NAME = re.compile(
    r"(?<![a-z-])(?:page|pages|pager|pagination|page[-_]?(?:div|box|bar|list|nav)|fenye)(?![a-z])", re.IGNORECASE
)
_LISTISH = re.compile(r"list|box|data|news|xxgk|result|content|main|info|article|items|rows", re.IGNORECASE)
_NO_LIST = re.compile(
    r"nav|menu|search|suggest|swiper|slide|banner|weather|login|user|share|foot|head|page|crumb|tab|sub|tips|hits|video|code|fenye|copy",
    re.IGNORECASE,
)
_ASKS = re.compile(r"ajax|getJSON|\$\.(?:get|post)\b|\bfetch\(|axios|XMLHttpRequest|\.load\(|jsonp", re.IGNORECASE)
_WAITS = re.compile(
    r"(?:(?:正在)?(?:努力)?加载中?|数据加载中?|loading|请稍[候等]|暂无数据)?[.…，,]{0,6}(?:请稍[候等后])?[.…]{0,6}",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{.{1,80}?\}\}|<%=")


class Blocks:
    """The blocks of one page. ``anchors``: the links that may be rows; ``names``: what the column is called; ``front``: a
    front page, where recommended and newest articles are content, and only what is ranked or related is beside."""

    def __init__(
        self, root: HtmlElement, anchors: Iterable[HtmlElement], names: Iterable[str] = (), *, front: bool = False
    ) -> None:
        self.root = root
        self._heading = _RANKED if front else _BESIDE
        self._given = {_bare(name) for name in names}
        self._anchors = list(anchors)
        self._holders = {node for anchor in self._anchors for node in around(anchor)}
        self._beside: dict[tuple[HtmlElement | None, HtmlElement | None], bool] = {}
        self._long: dict[HtmlElement, bool] = {}
        self._paged: dict[HtmlElement, bool] = {}

    @cached_property
    def names(self) -> set[str]:
        """What the column is called: as given, in the head, in the page's title, at the end of the breadcrumb."""
        found = set(self._given)
        for meta in self.root.iter("meta"):
            if (meta.get("name") or "").lower() == "columnname":
                found.add(_bare(meta.get("content") or ""))
        title = next(self.root.iter("title"), None)
        words = _TITLE_END.split((title.text or "").strip()) if title is not None else []
        found.update(_bare(w) for w in words[:1])
        for crumb in islice((t for t in self._short_texts() if "位置" in t and _CRUMB.search(t)), 3):
            found.add(_bare(re.split(r"[>»›]|&gt;|-|/|：", crumb)[-1]))
        return {n for n in found if len(n) > 1}

    def beside(self, element: HtmlElement) -> bool:
        """Whether a row stands in a box beside the list: one that its heading or its class calls so, and that has neither
        the column's name above it nor a pager in it."""
        key = element.getparent(), self._first_like(element)
        if key not in self._beside:
            self._beside[key] = self._is_beside(element)
        return self._beside[key]

    def evident(self, group: list[HtmlElement]) -> bool:
        """Whether these rows are the page's list: the column's name stands above them, or the pager follows them."""
        if not group:
            return False
        if any(self._is_named(texts) for _, texts, _ in self._headings(group[0])):
            return True
        inside = {a for row in group for a in row.iter("a")}
        last = max((self._order.get(a, -1) for a in inside), default=-1)
        pager = min((p for p in self._pagers if p > last), default=None)
        if last < 0 or pager is None:
            return False
        between = [self._order[a] for a in self._anchors if a not in inside] + [self._order[h] for h in self.filled]
        return not any(last < place < pager for place in between)

    def elsewhere(self, group: list[HtmlElement]) -> bool:
        """Whether a script fills the page's list in another place than these few rows, which nothing calls the list."""
        if not self.filled or len(group) > 12:
            return False
        common = _common(group)
        near = {common, common.getparent()} if common is not None else set()
        return all(_common([holder, group[0]]) not in near for holder in self.filled) and not self.evident(group)

    @cached_property
    def filled(self) -> list[HtmlElement]:
        """Empty elements in which a script writes the rows of a list."""
        scripts, asks = self._scripts, _ASKS.search(self._scripts) is not None
        found: list[HtmlElement] = []
        for node in self.root.iter("ul", "ol", "dl", "table", "tbody", "div", "section"):
            if node in self._holders:
                continue
            if (
                node.get("v-for")
                or node.get("ng-repeat")
                or any(c.get("v-for") for c in node.iterchildren("li", "tr", "div"))
            ):
                found.append(node)
                continue
            name = f"{node.get('id') or ''} {node.get('class') or ''}".strip()
            if not name or _NO_LIST.search(name) or _ASIDE.search(name) or len(node) > 2 or not _is_waiting(node):
                continue
            listed = node.tag not in ("div", "section") and _LISTISH.search(name) is not None
            written = asks and any(re.search(rf"[\"'#.]{re.escape(w)}\b", scripts) for w in name.split()[:3])
            if (listed or (written and _LISTISH.search(name))) and not self.beside(node):
                found.append(node)
        return found

    @cached_property
    def asks(self) -> bool:
        """Whether the page's own scripts ask for something, or repeat an element for each row."""
        if _ASKS.search(self._scripts) or _TEMPLATE.search(self._scripts):
            return True
        return any(node.get("v-for") or node.get("ng-repeat") for node in self.root.iter(etree.Element))

    # The inside

    @cached_property
    def _scripts(self) -> str:
        return "\n".join(s.text or "" for s in self.root.iter("script") if not s.get("src"))

    def _is_beside(self, element: HtmlElement) -> bool:
        for box, texts, proper in () if self._is_long(element.getparent()) else self._headings(element):
            if self._is_named(texts):
                return False
            if any(self._heading.fullmatch(t) for t in texts) and not self._has_pager(box):
                return True
            if proper:
                break
        for above in around(element):
            if above.tag in ("body", "html"):
                break
            if called_aside(above) and not self._has_pager(above):
                return True
        return False

    def _is_long(self, parent: HtmlElement | None) -> bool:
        if parent is not None and parent not in self._long:
            self._long[parent] = sum(child in self._holders for child in parent) > MOST_BESIDE
        return parent is not None and self._long[parent]

    def _is_named(self, texts: Iterable[str]) -> bool:
        return any(t in self.names or (len(t) > 3 and any(t in name for name in self.names)) for t in texts)

    def _headings(self, row: HtmlElement) -> Iterator[tuple[HtmlElement, list[str], bool]]:
        """The boxes around a row from the inside, each with the short texts that stand in it above the row, and whether
        they are a heading by their markup. Other rows and long texts end a box's heading."""
        for node in around(row):
            box = node.getparent()
            if box is None or node.tag in ("body", "html"):
                return
            texts = [_bare(name) for key in ("title", "aria-label", "summary") if (name := box.get(key))]
            proper = False
            for other in islice(node.itersiblings(preceding=True), MAX_SIBLINGS):
                if not isinstance(other.tag, str) or (other.tag in _SILENT and not other.get("alt")):
                    continue
                if other in self._holders:
                    if node is row and other.tag == row.tag:
                        continue
                    break
                words = _words(other)
                if not words or (len(words) <= 30 and _is_empty_box(other)):
                    continue
                if len(words) > 30 or _CRUMB.search(words):
                    break
                texts.append(_bare(words))
                proper = proper or other.tag in _HEADINGS or _HEADING_CLASS.search(other.get("class") or "") is not None
                if any(child.tag in _HEADINGS for child in other.iterchildren()):
                    proper = True
            if box.text and 1 < len(box.text.strip()) <= 12:
                texts.append(_bare(box.text))
            if texts:
                yield box, texts, proper

    def _first_like(self, element: HtmlElement) -> HtmlElement | None:
        """What tells apart the rows of one parent that stand under different headings: the last heading before them."""
        for other in islice(element.itersiblings(preceding=True), MAX_SIBLINGS):
            if isinstance(other.tag, str) and other.tag not in _SILENT and other not in self._holders:
                return other
        return None

    @cached_property
    def _order(self) -> dict[HtmlElement, int]:
        return {node: place for place, node in enumerate(self.root.iter(etree.Element))}

    @cached_property
    def _pagers(self) -> list[int]:
        return [self._order[node] for node in self._order if _is_pager(node)]

    def _has_pager(self, box: HtmlElement) -> bool:
        """Whether a box has a pager of its own; what holds the whole page is no box."""
        if box not in self._paged:
            here = box.tag not in ("body", "html") and any(_is_pager(node) for node in box.iter(etree.Element))
            self._paged[box] = here
        return self._paged[box]

    def _short_texts(self) -> Iterator[str]:
        for node in self.root.iter("div", "p", "td", "ul", "span", "nav", "ol"):
            words = "".join(islice(node.itertext(), 40))
            if 2 < len(words.strip()) < 100:
                yield words


def around(element: HtmlElement) -> list[HtmlElement]:
    """An element and those around it, innermost first; not all where markup nests without end."""
    return [element, *islice(element.iterancestors(), MAX_DEPTH)]


def called_aside(element: HtmlElement) -> bool:
    """Whether an element's own name says that it stands beside something."""
    return (
        element.tag == "aside" or _ASIDE.search(f"{element.get('class') or ''} {element.get('id') or ''}") is not None
    )


def _words(element: HtmlElement) -> str:
    """An element's text, or that of its pictures: some headings are one."""
    words = " ".join(" ".join(islice(element.itertext(), 40)).split())
    return words or " ".join(
        alt for img in islice(element.iter("img"), 3) if (alt := img.get("alt") or img.get("title"))
    )


def _is_pager(node: HtmlElement) -> bool:
    if node.tag == "script":
        return _PAGER_SCRIPT.search(node.text or "") is not None
    if node.text and len(node.text) < 60 and _PAGER_TEXT.fullmatch(node.text.strip()):
        return True
    name = f"{node.get('id') or ''} {node.get('class') or ''}"
    return len(name) > 1 and _PAGER_NAME.search(name) is not None and len(node) == 0 and not (node.text or "").strip()


def _is_waiting(node: HtmlElement) -> bool:
    """Whether an element says nothing, or that its rows are coming."""
    words = "".join(islice(node.itertext(), 20))
    return len(words) < 200 and (_WAITS.fullmatch(words.strip()) is not None or _TEMPLATE.search(words) is not None)


def _is_empty_box(element: HtmlElement) -> bool:
    """Whether an element is a box of its own whose rows are still to come: its heading is none of what follows it."""
    return any(len(box) == 0 and not (box.text or "").strip() for box in element.iter("ul", "ol", "tbody"))


def _common(nodes: list[HtmlElement]) -> HtmlElement | None:
    """The innermost element that holds all of these."""
    shared = list(nodes[0].iterancestors())
    for node in nodes[1:]:
        over = set(node.iterancestors())
        shared = [n for n in shared if n in over]
    return shared[0] if shared else None


def _bare(words: str) -> str:
    """A heading's words alone, without 更多 and marks."""
    return _MORE.sub("", words)
