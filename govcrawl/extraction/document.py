"""Markup → lines, boxes and head facts, in one parse and one walk; everything else reads these."""

import re
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

BLOCK = frozenset(
    "html body div p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th section article "
    "main header footer aside nav form fieldset legend figure figcaption blockquote pre center address details summary "
    "dir menu hgroup marquee ucapcontent ucaptitle publishtime founder-content founder-title founder-author".split(),
)
# Not text for a reader; their subtrees are never entered.
_SKIP = frozenset(
    "script style noscript template svg math select option textarea button datalist head object applet audio canvas map"
    " xml".split(),
)
_FRAMES = frozenset({"video", "iframe", "embed"})
_SPACE = re.compile("[\\s\u00a0\u3000\u2000-\u200f\u2028-\u202f\u205f\u2060\ufeff\ue000-\uf8ff\x00-\x1f\x7f-\x9f\ufffe\uffff\ufdd0-\ufdef]+")
_ZERO = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\ufffe\uffff]")
_WRAP = re.compile("(?<=[⺀-鿿，。、；：？！”》）]) ?\n ?(?=[⺀-鿿“《（])")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_OFFSCREEN = re.compile(
    r"(?:(?:left|top|text-indent|margin-left|margin-top|right)\s*:\s*-\s*[1-9]\d{2,}|font-size\s*:\s*0(?:px)?\s*(?:;|$)"
    r"|clip\s*:\s*rect\(\s*0|(?:height|width)\s*:\s*[01](?:px)?\s*;[^}]*overflow\s*:\s*hidden)",
    re.IGNORECASE,
)
_SIMPLE = re.compile(r"(?:[a-z]+)?([.#][\w-]+)", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
MAX_LINES = 60_000
MAX_NODES = 1_500_000


@dataclass(slots=True)
class Box:
    """An element of the page's body that is a block or has an id or class. `first`..`last` are its lines, half open."""

    index: int
    tag: str
    id: str
    cls: str
    parent: int
    first: int
    last: int = 0
    style: str = ""
    hidden: bool = False
    offscreen: bool = False
    block: bool = True
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
    bold: bool = False


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
    """A page as its extraction needs it. `meta` keys are lower-case; `scripts` are the inline scripts' texts."""

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
    lang: str = ""

    def first_meta(self, *names: str) -> str:
        """The first non-empty content among the meta tags of these names, in the names' order."""
        for name in names:
            for value in self.meta.get(name, ()):
                if value:
                    return value
        return ""

    def ancestors(self, box: int) -> list[int]:
        """The box and the boxes around it, innermost first."""
        found = []
        while box >= 0:
            found.append(box)
            box = self.boxes[box].parent
        return found


def squeeze(text: str) -> str:
    """Text with every run of white space, controls and format characters as one space, ends stripped."""
    return _SPACE.sub(" ", _ZERO.sub("", text)).strip()


def parse(markup: str, selectors: tuple[str, ...] = ()) -> Document:
    """Read markup; boxes that match one of the CSS selectors are marked `selected`. Never raises for any markup."""
    document = Document()
    if not markup.strip():
        return document
    tree = LexborHTMLParser(markup)
    root = tree.root
    if root is None:
        return document
    wanted = set()
    for selector in selectors:
        try:
            wanted.update(node.mem_id for node in tree.css(selector))
        except (ValueError, RuntimeError):  # a selector that lexbor cannot read selects nothing
            continue
    _Walk(document, wanted, _hidden_names(markup)).run(root)
    _reveal(document)
    return document


def _reveal(document: Document) -> None:
    """Take back the hiding of a box that holds most of the page's text: its script shows it once it has run."""
    total = sum(len(line.text) for line in document.lines)
    hidden = sum(len(line.text) for line in document.lines if line.hidden)
    if hidden < 0.5 * total:
        return
    for box in document.boxes:
        if box.hidden and not box.offscreen:
            inside = sum(len(line.text) for line in document.lines[box.first : box.last])
            box.hidden = inside <= 0.4 * total
    for line in document.lines:
        line.hidden = False
    for box in document.boxes:
        if box.hidden:
            for line in document.lines[box.first : box.last]:
                line.hidden = True


def _hidden_names(markup: str) -> tuple[set[str], set[str]]:
    """The .class and #id selectors that a style block hides, and those that it moves off the screen."""
    hidden: set[str] = set()
    off: set[str] = set()
    start = 0
    for _ in range(40):
        start = markup.find("<style", start)
        if start < 0:
            break
        end = markup.find("</style", start)
        sheet = markup[start : end if end > 0 else start + 20_000]
        start = end if end > 0 else len(markup)
        if "none" not in sheet and "-" not in sheet:
            continue
        depth = 0
        for chunk in _COMMENT.sub("", sheet[sheet.find(">") + 1 :]).split("}"):
            depth += chunk.count("{") - 1
            names, brace, rules = chunk.partition("{")
            if depth != 0 or not brace:  # inside @media, or what closes it
                depth = max(depth, 0)
                continue
            hides = _HIDDEN_STYLE.search(rules)
            if hides or ("position" in rules and _OFFSCREEN.search(rules)):
                target = hidden if hides else off
                target.update(m[1].lower() for n in names.split(",") if (m := _SIMPLE.fullmatch(n.strip())))
    return hidden, off


class _Walk:
    """One pass over the tree, without recursion: markup may be nested hundreds of thousands deep."""

    def __init__(self, document: Document, wanted: set[int], hidden: tuple[set[str], set[str]]) -> None:
        self.document = document
        self.wanted = wanted
        self.hidden, self.off = hidden
        self.runs: list[Run] = []
        self.space = False
        self.box = -1
        self.block = -1
        self.hide = 0
        self.offscreen = 0
        self.link = -1
        self.bold = 0
        self.cells = 0

    def run(self, root: LexborNode) -> None:
        node: LexborNode | None = root
        open_: list[tuple[str, int, int]] = []
        count = 0
        while node is not None:
            count += 1
            tag = node.tag or ""
            child = None
            if tag == "-text":
                text = node.text_content
                if text:
                    self.text(text)
            elif tag in _SKIP:
                if tag == "head":
                    child = node.first_child
                    if child is not None:
                        open_.append((tag, -2, -2))
                        node = child
                        continue
                self.head(tag, node)
            elif tag in ("meta", "link", "title", "base"):
                self.head(tag, node)
            elif tag[:1] not in "-!":
                child = node.first_child
                entered = self.enter(tag, node, has_child=child is not None)
                if child is not None:
                    open_.append(entered)
                    node = child
                    continue
                self.leave(entered)
            if len(self.document.lines) > MAX_LINES or count > MAX_NODES:
                break
            following = node.next
            while following is None and open_:
                node = node.parent
                entered = open_.pop()
                if entered[1] != -2:
                    self.leave(entered)
                if node is None:
                    break
                following = node.next
            node = following
        for entered in reversed(open_):
            if entered[1] != -2:
                self.leave(entered)
        self.flush()

    def text(self, raw: str) -> None:
        text = _SPACE.sub(" ", _ZERO.sub("", _WRAP.sub("", raw) if "\n" in raw else raw))
        if not text or text == " ":
            self.space = self.space or bool(text)
            return
        if text[0] == " ":
            self.space = True
            text = text[1:]
        after = text.endswith(" ")
        if after:
            text = text[:-1]
        runs = self.runs
        if self.space and runs:
            text = " " + text
        self.space = after
        if runs and runs[-1].box == self.box and runs[-1].link == self.link:
            runs[-1].text += text
        else:
            runs.append(Run(text, self.box, self.link))
        if self.link >= 0:
            self.document.links[self.link].text += text

    def flush(self) -> None:
        """End a line at a block's border."""
        self.space = False
        if not self.runs:
            return
        runs = self.runs
        self.runs = []
        text = "".join(r.text for r in runs)
        if runs[0].text[:1] == " ":
            runs[0].text = runs[0].text[1:]
        linked = sum(len(r.text) for r in runs if r.link >= 0)
        box = self.block
        self.document.lines.append(Line(text.strip(), box, runs, linked, self.hide > 0, self.cells, self.bold > 0))

    def enter(self, tag: str, node: LexborNode, *, has_child: bool) -> tuple[str, int, int]:
        document = self.document
        block = tag in BLOCK
        if block:
            self.flush()
        if tag == "br":
            return (tag, -1, 0)
        attributes = node.attributes
        before = self.box
        undo = 0
        if attributes or block:
            name = (attributes.get("id") or "").strip()
            cls = (attributes.get("class") or "").strip()
            style = attributes.get("style") or ""
            index = len(document.boxes)
            box = Box(index, tag, name, cls, before, len(document.lines), 0, style, block=block)
            if style or self.hidden or self.off or "hidden" in attributes:
                self.visibility(box, attributes)
            if self.wanted and node.mem_id in self.wanted:
                box.selected = True
            document.boxes.append(box)
            self.box = index
            if block:
                self.block = index
            if box.hidden:
                self.hide += 1
                undo |= 1
            if box.offscreen:
                self.offscreen += 1
                undo |= 2
            self.inline(tag, attributes)
        if tag == "html":
            document.lang = (attributes.get("lang") or "").lower()
        elif tag in ("td", "th", "tr", "table"):
            self.cells += tag in ("td", "th")
        elif tag in ("b", "strong"):
            self.bold += 1
        if tag == "a" and attributes.get("href"):
            undo |= 4
        return (tag, before, undo)

    def inline(self, tag: str, attributes: dict[str, str | None]) -> None:
        document = self.document
        if tag == "a":
            href = attributes.get("href")
            if href:
                title = attributes.get("title") or attributes.get("download") or ""
                self.link = len(document.links)
                document.links.append(Link(href, title, len(document.lines), self.box, "", bool(self.offscreen)))
        elif tag == "img":
            src = ""
            for key in ("data-original", "data-src", "original", "_src", "data-url", "src"):
                src = attributes.get(key) or ""
                if src and not src.startswith("data:"):
                    break
            document.pictures.append(Picture(src, attributes.get("alt") or "", len(document.lines), self.box))
        elif tag in _FRAMES:
            document.frames.append((tag, attributes.get("src") or "", len(document.lines)))

    def visibility(self, box: Box, attributes: dict[str, str | None]) -> None:
        # A page's own root is sometimes hidden until its script has run.
        if box.tag in ("html", "body"):
            return
        style = box.style
        hidden, off = "hidden" in attributes, False
        if style:
            hidden = hidden or ("none" in style and _HIDDEN_STYLE.search(style) is not None)
            off = _OFFSCREEN.search(style) is not None
        if self.hidden or self.off:
            names = ["." + c for c in box.cls.lower().split()] + (["#" + box.id.lower()] if box.id else [])
            hidden = hidden or not self.hidden.isdisjoint(names)
            off = off or not self.off.isdisjoint(names)
        box.hidden, box.offscreen = hidden or off, off

    def leave(self, entered: tuple[str, int, int]) -> None:
        tag, before, undo = entered
        if tag == "br":
            return
        if tag in BLOCK:
            self.flush()
        elif tag == "a" and undo & 4:
            self.link = -1
        if tag in ("td", "th"):
            self.cells -= 1
        elif tag in ("b", "strong"):
            self.bold -= 1
        if self.box != before:
            box = self.document.boxes[self.box]
            box.last = len(self.document.lines) + (1 if self.runs else 0)
            self.box = before
            if box.block:
                self.block = self.outer(before)
        if undo & 1:
            self.hide -= 1
        if undo & 2:
            self.offscreen -= 1

    def outer(self, box: int) -> int:
        boxes = self.document.boxes
        while box >= 0 and not boxes[box].block:
            box = boxes[box].parent
        return box

    def head(self, tag: str, node: LexborNode) -> None:
        document = self.document
        if tag == "meta":
            attributes: dict[str, Any] = node.attributes
            content = attributes.get("content")
            if content:
                for key in ("name", "property", "itemprop", "http-equiv"):
                    name = attributes.get(key)
                    if name:
                        document.meta.setdefault(name.strip().lower(), []).append(squeeze(content))
        elif tag == "title":
            if not document.title:
                document.title = squeeze(node.text(deep=True) or "")
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
