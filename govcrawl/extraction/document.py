"""Markup → lines, boxes and head facts, in one parse and one walk; everything else reads these."""

import re
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from govcrawl.extraction.styles import HIDDEN, OFFSCREEN, hidden_names

_BLOCK_TAGS = (
    "html body div p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th section article "
    "main header footer aside nav form fieldset legend figure figcaption blockquote pre center address details summary "
    "dir menu hgroup marquee ucapcontent ucaptitle publishtime founder-content founder-title founder-author"
)
BLOCK = frozenset(_BLOCK_TAGS.split())
# Not text for a reader; their subtrees are never entered.
_SKIP_TAGS = (
    "script style noscript template svg math select option textarea button datalist object applet audio canvas map xml"
)
_SKIP = frozenset(_SKIP_TAGS.split())
# What the walk does with an element, as bits; TEXT stands for a text node.
TEXT, BREAKS, SKIP, HEAD, CELL, RICH, VOID, IGNORED, INLINE, KEPT, ROOT = 1 << 20, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512
# Blocks that are a box only where they have a name: they stand by the hundred and tell nothing.
_PLAIN_TAGS = "p li ul ol dl dt dd tbody thead tfoot center br hr address caption"
_PLAIN = frozenset(_PLAIN_TAGS.split())
_BITS = (
    ({"td", "th"}, CELL), ({"a", "img", "video", "iframe", "embed"}, RICH), ({"br", "hr"}, VOID), ({"html", "body"}, ROOT),
    ({"meta", "link", "base"}, HEAD), ({"title"}, SKIP), ({"-comment", "!doctype", "-document", "-undef"}, IGNORED),
)  # fmt: skip
_BLANK = "\\s\u00a0\u3000\u2000-\u200f\u2028-\u202f\u205f\u2060\ufeff\ue000-\uf8ff\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff"
_SPACE = re.compile(f"[{_BLANK}]+")
_ZERO = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\ufffe\uffff]")
_DIRTY = re.compile(f"[{_BLANK}\u00ad]")
_WRAP = re.compile("(?<=[⺀-鿿，。、；：？！”》）]) ?\n ?(?=[⺀-鿿“《（])")
_ATTACHMENT = re.compile(
    r"\.(?:pdf|PDF|docx?|DOCX?|xlsx?|XLSX?|pptx?|PPTX?|wps|WPS|et|rtf|zip|ZIP|rar|RAR|7z|ofd|csv|txt)(?:[?#]|$)|downfile|download\.(?:jsp|php|asp)|DownloadAttach|/attachment/",
)
MAX_LINES = 60_000
MAX_OPEN = 6_000
MAX_DEPTH = 400
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>?")
# Tags that the parser closes by itself or that hold nothing: they never nest.
_LEVEL_TAGS = (
    "p li dt dd tr td th tbody thead tfoot option br hr img input meta link base col area embed source param wbr"
)
_LEVEL = frozenset(_LEVEL_TAGS.split())
MAX_NODES = 1_500_000


@dataclass(slots=True)
class Box:
    """An element of the page's body that is a block or has an id or class; plain paragraphs and list items are none.

    `first`..`last` are its lines, half open.
    """

    index: int
    tag: str
    id: str
    cls: str
    parent: int
    first: int
    last: int
    block: bool
    hidden: bool = False
    offscreen: bool = False
    selected: bool = False


@dataclass(slots=True)
class Run:
    """Text that no element's border cuts: a piece of a line. `link` is the index of its anchor, or -1."""

    text: str
    box: int
    link: int


@dataclass(slots=True)
class Line:
    """What stands between two block borders or line breaks. `box` is the innermost block that holds it."""

    text: str
    box: int
    runs: list[Run]
    linked: int
    hidden: bool
    cell: int


@dataclass(slots=True)
class Link:
    """An anchor with an address. `line` is where its text stands."""

    href: str
    title: str
    line: int
    box: int
    text: str = ""
    offscreen: bool = False


@dataclass(slots=True)
class Picture:
    src: str
    alt: str
    line: int
    box: int


@dataclass(slots=True)
class Document:
    """A page as its extraction needs it. `meta` keys are lower-case; `scripts` are the inline scripts' texts; `attached`
    are the lines with a link to a document."""

    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    meta: dict[str, list[str]] = field(default_factory=dict)
    title: str = ""
    canonical: str = ""
    base: str = ""
    json_ld: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    frames: list[tuple[str, str, int]] = field(default_factory=list)
    attached: set[int] = field(default_factory=set)

    def first_meta(self, *names: str) -> str:
        """The first non-empty content among the meta tags of these names, in the names' order."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return ""


_KINDS: dict[int, int] = {}


def _kind(node: LexborNode) -> int:
    """The bits of an element by its name, remembered by lexbor's number for names that it knows."""
    tag = (node.tag or "").lower()
    kind = INLINE
    if tag == "-text":
        kind = TEXT
    elif tag[:1] in ("-", "!"):
        kind = IGNORED
    else:
        kind |= BREAKS if tag in BLOCK else 0
        kind |= KEPT if tag in BLOCK and tag not in _PLAIN else 0
        kind |= SKIP if tag in _SKIP else 0
        for names, bits in _BITS:
            kind |= bits if tag in names else 0
    if node.tag_id < 256:  # lexbor numbers names that it does not know per document
        _KINDS[node.tag_id] = kind
    return kind


def squeeze(text: str) -> str:
    """Text with every run of white space, controls and format characters as one space, ends stripped."""
    return _SPACE.sub(" ", _ZERO.sub("", text)).strip()


def parse(markup: str, selectors: tuple[str, ...] = ()) -> Document:
    """Read markup; boxes that match one of the CSS selectors are marked `selected`. Never raises for any markup."""
    document = Document()
    if not markup.strip():
        return document
    if markup.count("<") - markup.count("</") > MAX_OPEN:
        markup = _flatten(markup)
    tree = LexborHTMLParser(markup)
    root = tree.root
    if root is None:
        return document
    wanted: set[int] = set()
    for selector in selectors:
        wanted.update(node.mem_id for node in tree.css(selector))
    _Walk(document, wanted, hidden_names(markup)).run(root)
    _reveal(document)
    document.attached = {link.line for link in document.links if is_attachment(link.href)}
    return document


def check_selector(selector: str) -> None:
    """Raise ValueError for a CSS selector that the parser cannot read."""
    try:
        LexborHTMLParser("<p>").css(selector)
    except SelectolaxError as error:
        msg = f"not a CSS selector: {selector!r}"
        raise ValueError(msg) from error


def _flatten(markup: str) -> str:
    """Markup without the tags that nest deeper than any page does: parsing takes the square of the depth in time."""
    parts: list[str] = []
    depth = at = 0
    for match in _TAG.finditer(markup):
        if match[2].lower() in _LEVEL:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth >= MAX_DEPTH:
            parts.append(markup[at : match.start()])
            at = match.end()
    return "".join(parts) + markup[at:] if parts else markup


def is_attachment(href: str) -> bool:
    """Whether an address is that of a document to download."""
    return _ATTACHMENT.search(href) is not None


def _reveal(document: Document) -> None:
    """Take back the hiding of a box that the page's script shows once it has run: one that holds most of the page's
    text, or the only place where the headline of the meta tags stands."""
    lines = document.lines
    if not any(line.hidden for line in lines):
        return
    total = sum(len(line.text) for line in lines)
    hidden = sum(len(line.text) for line in lines if line.hidden)
    shown = -1
    stated = document.first_meta("articletitle").replace(" ", "")
    if len(stated) >= 8 and not any(not line.hidden and _same(line.text, stated) for line in lines):
        shown = next((i for i, line in enumerate(lines) if line.hidden and _same(line.text, stated)), -1)
    if shown < 0 and hidden < 0.5 * total:
        return
    for box in document.boxes:
        if box.hidden and not box.offscreen:
            inside = sum(len(line.text) for line in lines[box.first : box.last])
            box.hidden = inside <= 0.4 * total and not box.first <= shown < box.last
    for line in lines:
        line.hidden = False
    for box in document.boxes:
        if box.hidden:
            for line in lines[box.first : box.last]:
                line.hidden = True


def _same(text: str, stated: str) -> bool:
    """Whether a line is a headline as the meta tags state it, or its first line."""
    text = text.replace(" ", "")
    return len(text) >= 0.45 * len(stated) and stated.startswith(text)


class _Walk:
    """One pass over the tree, without recursion: markup may be nested hundreds of thousands deep.

    One long loop on local names, since it runs for each of a page's thousands of nodes.
    """

    def __init__(self, document: Document, wanted: set[int], hidden: tuple[set[str], set[str]]) -> None:
        self.document = document
        self.wanted = wanted
        self.hidden, self.off = hidden

    def run(self, root: LexborNode) -> None:
        document = self.document
        boxes, lines, links = document.boxes, document.lines, document.links
        wanted, named, kinds = self.wanted, self.hidden | self.off, _KINDS
        # What encloses the node: innermost box and block box, link, hidden and off-screen boxes, cells.
        box = block = link = -1
        hide = off = cells = 0
        runs: list[Run] = []
        space = False
        # An open element: its identity, kind, the box, block and link around it, and whether it is hidden or moved.
        open_: list[tuple[int, int, int, int, int, int]] = []
        skipped = 0
        count = 0
        # What a style or class attribute hides, as bits: they recur on every page.
        styles: dict[str, int] = {}
        classes: dict[str, int] = {}

        for node in root.traverse(include_text=True):
            kind = kinds.get(node.tag_id, -1)
            if kind < 0:
                kind = _kind(node)
            if kind & IGNORED:
                continue
            raw = ""
            if kind == TEXT and not skipped:
                raw = node.text_content or ""
                if not raw or raw.isspace():
                    space = space or raw != ""
                    continue
            count += 1
            if not count & 1023 and (len(lines) > MAX_LINES or count > MAX_NODES):
                break
            parent = node.parent
            above = parent.mem_id if parent is not None else 0
            # The elements that ended before this node.
            while open_ and open_[-1][0] != above:
                _, closed, before, block_before, link_before, flags = open_.pop()
                if closed & SKIP:
                    skipped -= 1
                    continue
                if closed & BREAKS:
                    if runs:
                        lines.append(_line(runs, block, hide > 0, cells))
                        runs = []
                    space = False
                if box != before:
                    boxes[box].last = len(lines) + (1 if runs else 0)
                box, block, link = before, block_before, link_before
                if closed & CELL:
                    cells -= 1
                if flags:
                    hide -= flags & 1
                    off -= flags >> 1
            if skipped:
                if kind != TEXT:
                    open_.append((node.mem_id, SKIP, box, block, link, 0))
                    skipped += 1
                continue
            if kind == TEXT:
                raw = raw or node.text_content or ""  # the first text after what was skipped
                text, after = raw, False
                if _DIRTY.search(raw):
                    text = _SPACE.sub(" ", _ZERO.sub("", _WRAP.sub("", raw) if "\n" in raw else raw))
                    space = space or text[:1] == " "
                    after = text[-1:] == " "
                    text = text.strip(" ")
                if text:
                    if space and runs:
                        text = " " + text
                    space = after
                    if runs and runs[-1].box == box and runs[-1].link == link:
                        runs[-1].text += text
                    else:
                        runs.append(Run(text, box, link))
                    if link >= 0:
                        links[link].text += text
                continue
            if kind & SKIP:
                self.head(node.tag or "", node)
                open_.append((node.mem_id, SKIP, box, block, link, 0))
                skipped = 1
                continue
            if kind & HEAD:
                self.head(node.tag or "", node)
                continue
            if kind & BREAKS:
                if runs:
                    lines.append(_line(runs, block, hide > 0, cells))
                    runs = []
                space = False
                if kind & VOID:
                    continue
            attributes = node.attributes
            outer_box, outer_block, outer_link = box, block, link
            identity = node.mem_id
            flags = 0
            name = cls = style = ""
            if attributes:
                name = attributes.get("id") or ""
                cls = attributes.get("class") or ""
                style = attributes.get("style") or ""
            hides = moves = False
            if attributes and not kind & ROOT:  # a page's own root is sometimes hidden until its script has run
                if "hidden" in attributes:
                    hides = True
                bits = 0
                if style:
                    bits = styles.get(style, -1)
                    if bits < 0:
                        moves = OFFSCREEN.search(style) is not None
                        bits = styles[style] = 3 if moves else 1 if HIDDEN.search(style) else 0
                if named:
                    if cls:
                        found = classes.get(cls, -1)
                        if found < 0:
                            found = classes[cls] = self.bits(["." + c for c in cls.lower().split()])
                        bits |= found
                    if name and "#" + name.lower() in named:
                        bits |= self.bits(["#" + name.lower()])
                if bits:
                    hides, moves = True, bits > 1
            if cls or name or kind & KEPT or hides:
                made = Box(
                    len(boxes), node.tag or "", name, cls, box, len(lines), len(lines), kind & BREAKS != 0, hides, moves
                )
                if hides:
                    flags = 1 + 2 * moves
                    hide += 1
                    off += moves
                if wanted and identity in wanted:
                    made.selected = True
                box = made.index
                if kind & BREAKS:
                    block = box
                boxes.append(made)
            if kind & RICH and attributes:
                tag = node.tag
                if tag == "a":
                    href = attributes.get("href")
                    if href:
                        link = len(links)
                        title = attributes.get("title") or attributes.get("download") or ""
                        links.append(Link(href, title, len(lines), box, "", off > 0))
                elif tag == "img":
                    document.pictures.append(Picture(_source(attributes), attributes.get("alt") or "", len(lines), box))
                else:
                    document.frames.append((tag or "", attributes.get("src") or "", len(lines)))
            if kind & CELL:
                cells += 1
            open_.append((identity, kind, outer_box, outer_block, outer_link, flags))
        if runs:
            lines.append(_line(runs, block, hide > 0, cells))
        for entered_ in reversed(open_):
            if box != entered_[2] and not entered_[1] & SKIP:
                boxes[box].last = len(lines)
                box = entered_[2]

    def bits(self, names: list[str]) -> int:
        """0 for names that no style sheet hides, 1 for hidden, 3 for moved off the screen."""
        return 3 if not self.off.isdisjoint(names) else 0 if self.hidden.isdisjoint(names) else 1

    def head(self, tag: str, node: LexborNode) -> None:
        document = self.document
        if tag == "meta":
            attributes: dict[str, Any] = node.attributes
            content = attributes.get("content")
            if content:
                for key in ("name", "property", "itemprop", "http-equiv"):
                    name = attributes.get(key)
                    if name:
                        document.meta.setdefault(name.strip().lower(), []).append(squeeze(content[:4000]))
        elif tag == "title":
            if not document.title:
                document.title = squeeze((node.text(deep=True) or "")[:2000])
        elif tag == "script":
            self.script(node)
        elif tag == "base":
            document.base = document.base or node.attributes.get("href") or ""
        elif tag == "link":
            attributes = node.attributes
            if (attributes.get("rel") or "").lower() == "canonical":
                document.canonical = attributes.get("href") or ""

    def script(self, node: LexborNode) -> None:
        kind = (node.attributes.get("type") or "").lower()
        if node.attributes.get("src"):
            return
        child = node.first_child
        text = (child.text_content or "") if child is not None else ""
        if "ld+json" in kind:
            self.document.json_ld.append(text)
        elif text:
            self.document.scripts.append(text)


def _line(runs: list[Run], box: int, hidden: bool, cell: int) -> Line:
    """The runs between two borders as a line; the first run of a line begins without a space."""
    if len(runs) == 1:
        run = runs[0]
        return Line(run.text, box, runs, len(run.text) if run.link >= 0 else 0, hidden, cell)
    linked = sum(len(r.text) for r in runs if r.link >= 0)
    return Line("".join(r.text for r in runs), box, runs, linked, hidden, cell)


def _source(attributes: dict[str, str | None]) -> str:
    """The address of an image, of which lazy loaders keep the true one elsewhere."""
    for key in ("data-original", "data-src", "original", "_src", "data-url", "src"):
        src = attributes.get(key)
        if src and not src.startswith("data:"):
            return src
    return ""
