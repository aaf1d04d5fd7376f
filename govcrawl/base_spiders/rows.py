"""Finding the rows of a listing: first by the site's article URL pattern, which outlives redesigns; selectors only
refine. Pure functions over a parsed page."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from lxml import etree
from parsel import Selector

from govcrawl.addresses import doc_id, host_of, joined
from govcrawl.base_spiders.blocks import Blocks, around
from govcrawl.extraction import elsewhere, relative

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lxml.html import HtmlElement

# Longer rows than any real list has.
MAX_TEXTS = 400
FEW = 12  # rows that may be a box beside a list
FEW_WRITTEN = 8  # rows that a script writes
MAX_ADDRESS = 2_000  # a longer one is looked at by its ends; it will be refused

DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|zip|rar|wps|et|ofd|pptx?)$", re.IGNORECASE)

_DATE = re.compile(r"((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})(?!\d)")
_ONLY_DATE = re.compile(
    r"^\s*+(?:[\[(（【]\s*+)?(?:19|20)\d{2}\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?\s*+(?:[\])）】]\s*+)?$"
)
# The day that a document was signed or takes effect, by its label; the label may stand in an element of its own.
_OTHER = r"(?:成文|生成|印发|制发|实施|施行|废止|失效|截止)(?:(?:日期|时间)[\s\]】]*+[:：]?|[:：])\s*+"
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
_URL_IN_SCRIPT = re.compile(r"""['"]([^'"\s/]*+/[^'"\s]++)['"]""")
_HOLDERS = ("href", "value", "onclick", "data-url", "data-href", "data-link")
_CALLING = etree.XPath(
    "//*[self::area or self::option or ((self::li or self::tr or self::td or self::div or self::p or self::span)"
    " and (@onclick or @data-url or @data-href or @data-link))]"
)
_QUOTED = re.compile(r"""['"]([^'"\s<>]{3,1000})['"]""")
_LABELLED_TITLE = re.compile(r"^\s*(?:文章)?标\s*题\s*[:：]\s*([^\r\n]+)")
_CUT = re.compile(r"(?:…|(?<!\.)\.{2,}+)\s*+$")


Group = list[tuple[Any, Any, str]]


@dataclass(slots=True)
class Row:
    """One entry of a listing. ``fields``: what the listing's JSON already states of the article (names as in the
    archive's columns, ``html`` for its body). ``told``: a time that counts from the present on, 2小时前."""

    url: str
    title: str | None = None
    date: date | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    told: str | None = None

    @property
    def document(self) -> bool:
        """Whether the row is a file (PDF, DOC …) instead of a page."""
        return bool(DOCUMENT.search(self.url.partition("?")[0]))


def find_rows(
    page: Selector,
    base_url: str,
    pattern: re.Pattern[str],
    css: str | None = None,
    *,
    every_block: bool = False,
    names: Iterable[str] = (),
    comments: bool = True,
) -> list[Row]:
    """The rows of a list page in page order: those of its own list, none where only boxes beside it have rows.
    ``pattern``: what the site's article URLs look like; files that stand among such rows count too. ``css``: the row
    elements; where none of them holds a link, rows are found without. ``every_block``: the articles of all blocks, as on a
    front page, instead of those of the main list. ``names``: what the column is called, beside what the page says.
    ``comments``: whether rows that stand in a comment count where the page shows none."""
    group, _ = _main_group(page, base_url, pattern, css, every_block=every_block, names=names, comments=comments)
    return _as_rows(group)


def is_sure(
    page: Selector, base_url: str, pattern: re.Pattern[str], css: str | None = None, names: Iterable[str] = ()
) -> bool:
    """Whether the rows that a page shows are surely its list: the spider's own selector, the column's name, a pager or
    their number says so. False where it shows none."""
    group, evident = _main_group(page, base_url, pattern, css, every_block=False, names=names, comments=False)
    return bool(group) and (evident or len({u for *_, u in group}) > FEW)


def _main_group(
    page: Selector,
    base_url: str,
    pattern: re.Pattern[str],
    css: str | None,
    *,
    every_block: bool,
    names: Iterable[str],
    comments: bool,
) -> tuple[Group, bool]:
    """The links of the page's list, and whether more than their look says that they are it."""
    if page.type == "json":
        return [], False
    root: HtmlElement = page.root
    base_url = base_of(root, base_url)
    links = _links(root, base_url, pattern)
    if len(linked := {url for _, url in links}) <= FEW:  # they may be of a box beside rows that are no links
        links += [link for link in _called(root, base_url, pattern) if link[1] not in linked]
    blocks = Blocks(root, (a for a, _ in links), names, front=every_block)
    elements: list[HtmlElement] = [s.root for s in page.css(css)] if css else []
    chosen = [link for link in _in_elements(links, elements) if not blocks.beside(link[0])]
    if chosen:
        return chosen, True
    groups = _by_shape(links)
    groups = [g for g in groups if any(pattern.search(_ends(url)) for _, _, url in g)] or groups
    if every_block:
        groups = [own for g in groups if (own := [link for link in g if not blocks.beside(link[0])])]
        order = {anchor: place for place, (anchor, _) in enumerate(links)}
        every = [link for group in groups for link in group if pattern.search(_ends(link[2]))]
        return sorted(every, key=lambda link: order[link[1]]), True
    groups = [own for g in groups if (own := [link for link in g if not blocks.beside(link[0])])]
    groups = [_main_links(g) for g in groups if not blocks.elsewhere([e for e, *_ in g])]
    plain = [g for g in groups if blocks.evident([e for e, *_ in g])]
    best = max(plain or groups, key=_worth, default=[])
    best = _leading(best, groups, pattern) + best
    if comments and not plain:
        written_out = _in_comments(root, base_url, pattern, blocks, scripts=len(best) < FEW)
        best = written_out if len(written_out) > len(best) else best
    return best, bool(plain)


def base_of(root: HtmlElement, url: str) -> str:
    """What a page's relative links are joined to: its ``<base>``, unless that is the address of a server behind the site's."""
    href = next((href for base in root.iter("base") if (href := base.get("href"))), "")
    try:
        base = joined(url, href)
    except ValueError:
        return url
    host = host_of(base)
    inner = "." not in host or host.replace(".", "").isdigit()
    return url if inner and host != host_of(url) else base


def _leading(best: Group, groups: list[Group], pattern: re.Pattern[str]) -> Group:
    """The story that stands alone above a list, in the same box: it is no row of the list below."""
    rows = [element for element, *_ in best]
    holder = rows[0].getparent() if len(rows) > 3 else None
    box = holder.getparent() if holder is not None else None
    if box is None or box.tag in ("body", "html") or any(row.getparent() is not holder for row in rows):
        return []
    listed = {url for *_, url in best}
    above = list(takewhile(lambda child: child is not holder, box.iterchildren()))
    lead = [
        link
        for group in groups
        for link in group
        if link[2] not in listed and pattern.search(_ends(link[2])) and any(a in above for a in around(link[1]))
    ]
    return lead if len({url for *_, url in lead}) == 1 else []


def _links(root: HtmlElement, base_url: str, pattern: re.Pattern[str]) -> list[tuple[HtmlElement, str]]:
    """The links that may be rows, with their addresses."""
    return [
        (a, url)
        for a in root.iter("a")
        if (url := _target(a, base_url)) and (pattern.search(_ends(url)) or _is_file(_ends(url)))
    ]


def _called(root: HtmlElement, base_url: str, pattern: re.Pattern[str]) -> list[tuple[HtmlElement, str]]:
    """The elements that lead to articles without being links: areas of a picture, options, rows with a script call or a data
    attribute."""
    found: list[tuple[HtmlElement, str]] = []
    for node in _CALLING(root):
        for name in _HOLDERS:
            value = node.get(name) or ""
            quoted = _QUOTED.search(value) if name == "onclick" else None
            address = quoted[1] if quoted is not None else "" if name == "onclick" else value.strip()
            if "/" not in address and "." not in address:
                continue
            try:
                url = joined(base_url, address)
            except ValueError:
                continue
            if url.startswith(("http://", "https://")) and pattern.search(_ends(url)):
                found.append((node, url))
                break
    return found


def _worth(group: Group) -> tuple[int, int]:
    """How many of a group's rows have a date, and how many there are."""
    return sum(_row_date(e, a, u) is not None or _told(e) is not None for e, a, u in group), len({u for *_, u in group})


def _in_comments(
    root: HtmlElement, base_url: str, pattern: re.Pattern[str], blocks: Blocks, *, scripts: bool = True
) -> Group:
    """The best rows that a comment, a text field or a script holds: lists that a script fills often keep their static rows
    so. What few a script writes may be of a box anywhere."""
    written_out: dict[HtmlElement, list[str]] = defaultdict(list)
    for node in root.iter(etree.Comment, "textarea", "xmp", *(["script"] if scripts else [])):
        parent = node.getparent()
        if parent is not None and (markup := _kept(node)) and not blocks.beside(node):
            written_out[node if node.tag == "script" else parent].append(markup)
    best: Group = []
    for holder, texts in written_out.items():  # a list's rows may each stand in a comment of their own
        inner = Selector(f"<div>{' '.join(texts)}</div>").root
        links = _links(inner, base_url, pattern)
        within = Blocks(inner, (a for a, _ in links))
        least = FEW_WRITTEN if holder.tag == "script" else 2
        groups = [[link for link in g if not within.beside(link[0])] for g in _by_shape(links)]
        groups = [_main_links(g) for g in groups if len({u for *_, u in g if pattern.search(_ends(u))}) >= least]
        best = max([best, *groups], key=_worth)
    return best


def _kept(node: HtmlElement) -> str:
    """The markup with links that a comment or an element keeps without showing it."""
    text = node.text or ""
    if "<a" not in text.lower() and "<a" not in text.replace("\\u003C", "<").replace("\\u003c", "<").lower():
        return ""
    return text if node.tag != "script" else " ".join(source.html for source in elsewhere.in_script(text[:2_000_000]))


def _as_rows(group: Group) -> list[Row]:
    rows: dict[str, Row] = {}
    beside = _dates_beside(group)
    for element, anchor, url in group:
        row = rows.setdefault(doc_id(url), Row(url))
        row.title = _better(row.title, _title(anchor))
        row.date = row.date or beside.get(element) or _row_date(element, anchor, url)
        row.told = row.told or _told(element)
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
        url = joined(base_url, href)
    except ValueError:
        return None
    return url.partition("#")[0] if url.startswith(("http://", "https://")) else None


def _ends(url: str) -> str:
    return url if len(url) <= MAX_ADDRESS else url[: MAX_ADDRESS // 2] + url[-MAX_ADDRESS // 2 :]


def _is_file(url: str) -> bool:
    return bool(DOCUMENT.search(url.partition("?")[0]))


def _in_elements(links: Iterable[tuple[HtmlElement, str]], elements: list[HtmlElement]) -> Group:
    inside = {id(e) for e in elements}
    group: Group = []
    for anchor, url in links if inside else ():
        node = next((n for n in around(anchor) if id(n) in inside), None)
        if node is not None:
            group.append((node, anchor, url))
    return group


def _by_shape(links: list[tuple[HtmlElement, str]]) -> list[Group]:
    """Rows that stand in containers of the same shape. A row is the innermost element around a link beside which stands
    another of its kind, with another row's link; its shape is the path of tags and classes above it. Where a link has
    none beside it, its row is the item, or else the largest element, that holds no other row's link."""
    addresses: dict[HtmlElement, set[str]] = defaultdict(set)
    for anchor, url in links:
        for node in around(anchor):
            addresses[node].add(url)
    groups: dict[tuple[str, ...], Group] = defaultdict(list)
    for anchor, url in links:
        outwards = around(anchor)
        row = next((n for n in outwards if _has_like(n, addresses)), None)
        if row is None or row.tag == "body":
            alone = [n for n in outwards if addresses[n] == {url} and n.tag not in ("body", "html")]
            row = next((n for n in alone if n.tag in ("li", "tr", "dl", "article")), alone[-1])
        shape = [f"{n.tag!s}.{_first_class(n)}#{n.get('id') or ''}" for n in around(row)[1:]]
        groups[(str(row.tag), *shape)].append((row, anchor, url))
    return list(groups.values())


def _has_like(node: HtmlElement, addresses: Mapping[HtmlElement, set[str]]) -> bool:
    """Whether an element of the same kind with another address stands beside this one. Elements that say nothing of
    themselves are of a kind only where their class is the same."""
    own = addresses[node]
    parent = node.getparent()
    if parent is None or len(addresses[parent]) == len(own):
        return False
    return any(
        other is not node
        and addresses.get(other, own) - own
        and (node.tag not in ("div", "span", "section") or _first_class(other) == _first_class(node))
        for other in parent.iterchildren(str(node.tag))
    )


def _first_class(element: HtmlElement) -> str:
    return next(iter((element.get("class") or "").split()), "")


def _main_links(group: Group) -> Group:
    """The links to each row's own article: the first that has words. Others in it are of things beside it, an
    interpretation of a document or its attachment."""
    own: dict[HtmlElement, str] = {}
    for element, anchor, url in group:
        if element not in own and len(_title(anchor) or "") >= 4:
            own[element] = url
    return [(e, a, u) for e, a, u in group if own.get(e, u) == u]


def _title(anchor: HtmlElement) -> str | None:
    """A link's words; its heading's, where it holds more, as links around a whole card do; the whole title where the
    words are cut."""
    heading = next(anchor.iter("h1", "h2", "h3", "h4", "h5", "h6"), None)
    words = heading if heading is not None and (heading.text_content() or "").strip() else anchor
    text = _words(words) if anchor.tag != "option" else _DATE.sub("", _words(words)).strip()
    full = anchor.get("title") or anchor.get("alt") or ""
    if labelled := _LABELLED_TITLE.match(full):
        full = labelled.group(1)
    full = " ".join(full.split())
    if full and (not text or _CUT.search(text) or len(full) > len(text)):
        text = full
    return text or None


def _words(element: HtmlElement) -> str:
    """An element's text without dates that stand in it by themselves; emphasis is no end of a word."""
    parts: list[str] = []
    for owner, text in islice(_pieces(element), MAX_TEXTS):
        if owner is not element and owner.tag not in ("em", "b", "strong", "font", "i", "u", "mark"):
            text = f" {text} "
        parts.append("" if _ONLY_DATE.match(text) or relative.alone(text) else text)
    return " ".join("".join(parts).split())


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
    beside = " ".join(islice(element.itertext(), MAX_TEXTS)) if element is not anchor else ""
    return date_in_url(url) or date_in(anchor.get("title") or "") or _split_date(beside)


def _told(element: HtmlElement) -> str | None:
    """A time that counts from the present on, in a place of its own: 2小时前, 昨天 08:30."""
    return next((words for _, text in _texts(element) if (words := relative.alone(text)) is not None), None)


def _texts(element: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """The texts in an element that say something, each with the element it stands in, in the order of the document."""
    return ((owner, text) for owner, text in islice(_pieces(element), MAX_TEXTS) if text.strip())


def _pieces(element: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """All texts in an element, in the order of the document; without recursion, since some pages nest without end."""
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event == "start" and node.text:
            yield node, node.text
        parent = node.getparent()
        if event != "start" and node is not element and parent is not None and node.tail:
            yield parent, node.tail


def _dates_beside(group: Group) -> dict[HtmlElement, date]:
    """Dates that stand between the rows instead of in them: ``<a>…</a> 2024-05-03 <br>``, a cell or a dd beside the
    link. Before the link on every row where they stand before the first, else after it. Only for rows without one."""
    elements = list(dict.fromkeys(e for e, *_ in group))
    if any(date_in(" ".join(t for _, t in _texts(e))) for e in elements):
        return {}
    rows = set(elements)
    for back in (True, False):
        found = {e: on for e in elements if (on := date_in(_between(e, rows, back=back))) is not None}
        if elements and elements[0] in found:
            return found
    return {}


def _between(element: HtmlElement, rows: set[HtmlElement], *, back: bool) -> str:
    """The text between a row and the one before it, or after it."""
    parent = element.getparent()
    texts: list[str] = []
    for other in element.itersiblings(preceding=back):
        if other in rows:
            if back:
                texts.append(other.tail or "")
            break
        inner = " ".join(islice(other.itertext(), MAX_TEXTS)) if isinstance(other.tag, str) else ""
        texts.extend((other.tail or "", inner) if back else (inner, other.tail or ""))
    else:
        if back and parent is not None:
            texts.append(parent.text or "")
    return " ".join(reversed(texts)) if back else " ".join([element.tail or "", *texts])


def _split_date(text: str) -> date | None:
    """A date whose parts stand in elements of their own: ``<b>03</b><i>2024-05</i>``."""
    if found := re.search(r"\b(\d{1,2})\s+((?:19|20)\d{2})\s*[-./年]\s*(\d{1,2})\b", text):
        return make_date(found.group(2), found.group(3), found.group(1))
    return None
