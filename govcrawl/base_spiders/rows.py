"""Finding the rows of a listing: first by the site's article URL pattern, which outlives redesigns; selectors only
refine. Pure functions over a parsed page."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from govcrawl.archive.urls import doc_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lxml.html import HtmlElement
    from parsel import Selector

DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|zip|rar|wps|et|ofd|pptx?)$", re.IGNORECASE)

_DATE = re.compile(r"((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})(?!\d)")
_ONLY_DATE = re.compile(r"^\s*[\[(（【]?\s*(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?\s*[\])）】]?\s*$")
# The day that a document was signed or takes effect, by its label; the label may stand in an element of its own.
_OTHER = r"(?:成文|生成|印发|制发|实施|施行|废止|失效|截止)(?:(?:日期|时间)[\s\]】]*[:：]?|[:：])\s*"
_OTHER_LABEL = re.compile(_OTHER + "$")
_OTHER_DATE = re.compile(_OTHER + r"(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}日?")
_URL_DATES = (
    re.compile(r"/t((?:19|20)\d{2})(\d{2})(\d{2})_"),
    re.compile(r"/((?:19|20)\d{2})-?(\d{2})[-/](\d{2})/"),
    re.compile(r"/((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})(\d{2})(?:/|[A-Z])"),
    re.compile(r"/((?:19|20)\d{2})/(\d{2})-?(\d{2})/"),
    re.compile(r"[/.](\d{2})/(\d{2})(\d{2})/\d{2}/[A-Z0-9]{16}\."),
    re.compile(r"/((?:19|20)\d{2})-(\d{2})-(\d{2})/"),
)
_URL_IN_SCRIPT = re.compile(r"""['"]((?:https?:)?/?[^'"\s]*/[^'"\s]+)['"]""")
_LABELLED_TITLE = re.compile(r"^\s*(?:文章)?标\s*题\s*[:：]\s*([^\r\n]+)")
_ASIDE = re.compile(
    r"(?<![a-z])(?:side-?_?bar|aside|rank(?:ing)?|paihang|phb|hot(?:list|news)?|tuijian|recommend|relate[ds]?)(?![a-z])", re.IGNORECASE
)
_CUT = re.compile(r"(?:…|\.{2,})\s*$")


@dataclass(slots=True)
class Row:
    """One entry of a listing. ``fields``: what the listing's JSON already states of the article (names as in the
    archive's columns, ``html`` for its body)."""

    url: str
    title: str | None = None
    date: date | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def document(self) -> bool:
        """Whether the row is a file (PDF, DOC …) instead of a page."""
        return bool(DOCUMENT.search(self.url.partition("?")[0]))


def find_rows(
    page: Selector, base_url: str, pattern: re.Pattern[str], css: str | None = None, *, every_block: bool = False
) -> list[Row]:
    """The rows of a list page in page order. ``pattern``: what the site's article URLs look like; files that stand
    among such rows count too. ``css``: the row elements; where none of them holds a link, rows are found without.
    ``every_block``: the articles of all blocks, as on a front page, instead of those of the main list."""
    root: HtmlElement = page.root
    links = [(a, url) for a in root.iter("a") if (url := _target(a, base_url)) and (pattern.search(url) or _is_file(url))]
    elements: list[HtmlElement] = [s.root for s in page.css(css)] if css else []
    chosen = _in_elements(links, elements)
    groups = [chosen] if chosen else _by_shape(links)
    groups = [g for g in groups if any(pattern.search(url) for _, _, url in g)] or groups
    groups = [g for g in groups if not _aside(g[0][0])] or groups
    if not groups:
        return []
    if every_block and groups != [chosen]:
        best = [link for group in groups for link in group if pattern.search(link[2])]
    else:
        best = max(groups, key=lambda g: (sum(_row_date(e, a, u) is not None for e, a, u in g), len(g)))
    rows: dict[str, Row] = {}
    for element, anchor, url in best:
        row = rows.setdefault(doc_id(url), Row(url))
        row.title = _better(row.title, _title(anchor))
        row.date = row.date or _row_date(element, anchor, url)
    return list(rows.values())


def date_in(text: str) -> date | None:
    """The first full date in a text: 2024-05-03, 2024.5.3, 2024年5月3日."""
    for match in _DATE.finditer(text):
        if (found := make_date(*match.groups())) is not None:
            return found
    return None


def date_in_url(url: str) -> date | None:
    """The day that a CMS writes into its addresses: /202405/t20240503_1.html, /2024-05/03/, /art/2024/5/3/, /24/0503/."""
    for form in _URL_DATES:
        if (match := form.search(url)) and (found := make_date(*match.groups())) is not None:
            return found
    return None


def make_date(year: str | int, month: str | int, day: str | int) -> date | None:
    """A date of this archive's time (1949 to next year), or None."""
    number = int(year) + (2000 if int(year) < 100 else 0)
    try:
        found = date(number, int(month), int(day))
    except ValueError:
        return None
    return found if 1949 <= found.year <= date.today().year + 1 else None  # noqa: DTZ011


def _target(anchor: HtmlElement, base_url: str) -> str | None:
    href = (anchor.get("href") or "").strip()
    if not href or href.startswith(("#", "javascript:")):
        found = _URL_IN_SCRIPT.search(anchor.get("onclick") or href)
        if found is None:
            return None
        href = found.group(1)
    try:
        url = urljoin(base_url, href)
    except ValueError:
        return None
    return url.partition("#")[0] if url.startswith(("http://", "https://")) else None


def _is_file(url: str) -> bool:
    return bool(DOCUMENT.search(url.partition("?")[0]))


Group = list[tuple[Any, Any, str]]


def _in_elements(links: Iterable[tuple[HtmlElement, str]], elements: list[HtmlElement]) -> Group:
    inside = {id(e) for e in elements}
    group: Group = []
    for anchor, url in links:
        node = anchor
        while node is not None and id(node) not in inside:
            node = node.getparent()
        if node is not None:
            group.append((node, anchor, url))
    return group


def _by_shape(links: list[tuple[HtmlElement, str]]) -> list[Group]:
    """Rows that stand in containers of the same shape. A row is the largest element around a link that holds no other
    row's link; its shape is the path of tags and classes above it."""
    addresses: dict[Any, set[str]] = defaultdict(set)
    for anchor, url in links:
        node = anchor
        while node is not None:
            addresses[node].add(url)
            node = node.getparent()
    groups: dict[tuple[str, ...], Group] = defaultdict(list)
    for anchor, url in links:
        node = anchor
        while (parent := node.getparent()) is not None and addresses[parent] == {url} and parent.tag != "body":
            node = parent
        shape = []
        above = node
        while (above := above.getparent()) is not None:
            shape.append(f"{above.tag}.{(above.get('class') or '').split(' ')[0]}#{above.get('id') or ''}")
        groups[(str(node.tag), *shape)].append((node, anchor, url))
    return list(groups.values())


def _aside(element: HtmlElement) -> bool:
    """Whether a row stands in a box beside the list: hot, recommended, related."""
    above: HtmlElement | None = element
    while above is not None:
        if above.tag == "aside" or _ASIDE.search(f"{above.get('class') or ''} {above.get('id') or ''}"):
            return True
        above = above.getparent()
    return False


def _title(anchor: HtmlElement) -> str | None:
    text = " ".join(" ".join(t for t in anchor.itertext() if not _ONLY_DATE.match(t)).split())
    full = anchor.get("title") or ""
    if labelled := _LABELLED_TITLE.match(full):
        full = labelled.group(1)
    full = " ".join(full.split())
    if full and (not text or _CUT.search(text) or len(full) > len(text)):
        text = full
    return text or None


def _better(old: str | None, new: str | None) -> str | None:
    if old is None or (new is not None and (_CUT.search(old) or len(new) > len(old)) and not _CUT.search(new)):
        return new if new is not None else old
    return old


def _row_date(element: HtmlElement, anchor: HtmlElement, url: str) -> date | None:
    """The row's own date: text beside the link, or an element of its own inside it; then the URL, then the tooltip.
    A date that is labelled as the document's, 成文日期, is not that of its publishing."""
    inside = set(anchor.iter())
    labelled = False
    for owner, text in _texts(element):
        own = text if owner not in inside or _ONLY_DATE.match(text) else ""
        if (found := date_in(_OTHER_DATE.sub(" ", own))) is not None and not (labelled and _ONLY_DATE.match(own)):
            return found
        labelled = _OTHER_LABEL.search(text) is not None
    beside = " ".join(t for t in element.itertext()) if element is not anchor else ""
    return date_in_url(url) or date_in(anchor.get("title") or "") or _split_date(beside)


def _texts(element: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """The texts in an element that say something, each with the element it stands in, in the order of the document."""
    if isinstance(element.tag, str):
        if element.text and element.text.strip():
            yield element, element.text
        for child in element:
            yield from _texts(child)
            if child.tail and child.tail.strip():
                yield element, child.tail


def _split_date(text: str) -> date | None:
    """A date whose parts stand in elements of their own: ``<b>03</b><i>2024-05</i>``."""
    if found := re.search(r"\b(\d{1,2})\s+((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\b", text):
        return make_date(found.group(2), found.group(3), found.group(1))
    return None
