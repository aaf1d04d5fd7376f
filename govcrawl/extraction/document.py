"""Markup → lines, boxes and head facts, in one parse and one walk, two where scripts write into the page; everything else
reads these."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, groupby, islice
from operator import itemgetter
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from govcrawl.extraction.shown import HOLDERS, behind, is_attachment, is_named
from govcrawl.extraction.styles import HIDDEN, OFFSCREEN, hidden_names
from govcrawl.extraction.written import Writing, writings

_BLOCK_TAGS = (
    "html body div p br hr h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption thead tbody tfoot tr td th section "
    "article main header footer aside nav form fieldset legend figure figcaption blockquote pre center address details "
    "summary dir menu hgroup marquee ucapcontent ucaptitle publishtime founder-content founder-title founder-author"
)
BLOCK = frozenset(_BLOCK_TAGS.split())
# Not text for a reader; their subtrees are never entered.
_SKIP_TAGS = (
    "script style noscript template svg math select option textarea button datalist object applet audio canvas map xml"
)
_SKIP = frozenset(_SKIP_TAGS.split())
# What the walk does with an element, as bits; TEXT stands for a text node.
TEXT, BREAKS, SKIP, HEAD, CELL, LINK, MEDIA, VOID, IGNORED, KEPT, ROOT = 1 << 20, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512
SCRIPT = 2048
HOLDER = 1024  # a plug-in or a button: the address that it holds is noted, its subtree is not text
TELLING = LINK | MEDIA | CELL | KEPT  # kinds that are noted without any attribute too
# Blocks that are a box only where they have a name: they stand by the hundred and tell nothing.
_PLAIN_TAGS = "p li ul ol dl dt dd tbody thead tfoot center br hr address caption"
_PLAIN = frozenset(_PLAIN_TAGS.split())
_BITS = (
    ({"td", "th"}, CELL), ({"a"}, LINK), ({"img", "video", "iframe", "embed", "frame"}, MEDIA), ({"br", "hr"}, VOID), ({"html", "body"}, ROOT),
    ({"meta", "link", "base"}, HEAD), ({"title"}, SKIP), ({"script"}, SCRIPT), ({"object", "button"}, HOLDER), ({"-comment", "!doctype", "-document", "-undef"}, IGNORED),
)  # fmt: skip
# What shows nothing and is no white space to str.split: the first kind joins, the second parts.
_ZERO = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad\ufffe\uffff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\ue000-\uf8ff\ufdd0-\ufdef]")
# A character of the page's own font inside a word.
_OWN = re.compile("[⺀-鿿][\ue000-\uf8ff]+(?=[⺀-鿿，。])")
_ODD = re.compile(f"[{_ZERO.pattern[1:-1]}{_CONTROL.pattern[1:-1]}]")
_BEFORE, _BEHIND = "[⺀-鿿，。、；：？！”》）]", "(?=[⺀-鿿“《（])"
# A line break inside Chinese text; each way of writing it begins with one character, to which the engine leaps.
_WRAP = re.compile(rf"\n(?<={_BEFORE}\n) ?{_BEHIND}| \n(?<={_BEFORE} \n) ?{_BEHIND}")
# Old pages set their text as typed: there a paragraph begins with an indentation or behind an empty line.
_PRE = re.compile(rf"<pre\b[^<>]{{0,300}}>[^<]{{0,20}}{_BEFORE[:-1]}　](?:[^<]|<(?!/pre))*+", re.IGNORECASE)
_INDENT = re.compile("\n(?=[ \r\t]{0,40}(?:\n|　|(?<=[ \t]{4})[㐀-鿿]))")
# Addresses of pages, told at once: nearly all links.
_PAGES = (".html", ".htm", ".shtml", "/")
MAX_SHEETS = 40
MAX_SCRIPTS = 200
MAX_LINES = 60_000
MAX_OPEN = 6_000
MAX_DEPTH = 400
MAX_TAG = 1_000
MAX_ATTRIBUTES = 300
LONG = 1_000  # characters of a run to which texts are added one by one
MAX_ANCHOR = 250  # characters of a link over several lines that is one to a reader
_OPENING = re.compile("<[a-zA-Z]")
_ATTRIBUTE = re.compile(r"""[^\s=/>]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?""")
_SCRIPT = re.compile(r"<script\b[^>]{0,2000}>(?:[^<]|<(?!/script))*+(?:</script\s{0,99}>|$)", re.IGNORECASE)
_ENDS = re.compile(r"(?:\s|</[a-zA-Z]+>)*+")
_NAME = re.compile(r"[\w-]{1,80}$")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>?")
# Tags that the parser closes by itself or that hold nothing: they never nest.
_LEVEL_TAGS = (
    "p li dt dd tr td th tbody thead tfoot option br hr img input meta link base col area embed source param wbr"
)
_LEVEL = frozenset(_LEVEL_TAGS.split())
MAX_BLOCKS = 1_000_000
_SCRIPTED = frozenset(("", "#", "j", "J"))  # how the address of a link begins that a script handles
_SOURCES = (
    "data-original",
    "data-src",
    "data-lazy-src",
    "data-lazyload",
    "data-echo",
    "original",
    "_src",
    "file",
    "data-url",
    "src",
)
_LAZY = frozenset(_SOURCES) - {"src"}


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


# Text that no element's border cuts, a piece of a line: (text, box, index of its anchor or -1). A tuple, since a page
# has hundreds.
Run = tuple[str, int, int]


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
    """An anchor with an address. `line` is where its text, which comes in `parts`, stands."""

    href: str
    title: str
    line: int
    box: int
    offscreen: bool
    parts: list[str]

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(slots=True)
class Picture:
    """An image; `link` is the index of the anchor around it, -1 without one."""

    attributes: dict[str, str | None]
    line: int
    box: int
    link: int = -1

    @property
    def src(self) -> str:
        """Its address, of which lazy loaders keep the true one elsewhere."""
        for key in ("src",) if _LAZY.isdisjoint(self.attributes) else _SOURCES:
            src = self.attributes.get(key)
            if src and not src.startswith("data:"):
                return src
        several = self.attributes.get("srcset") or self.attributes.get("data-srcset") or ""
        return next(iter(several.split()), "").rstrip(",")

    @property
    def alt(self) -> str:
        return self.attributes.get("alt") or ""

    @property
    def width(self) -> int:
        """Its stated width in pixels, -1 for none."""
        width = (self.attributes.get("width") or "")[:5]
        return int(width) if width.isdecimal() else -1


@dataclass(slots=True)
class Document:
    """A page as its extraction needs it. `meta` keys are lower-case; `scripts` are the inline scripts' texts;
    `attached` are the lines with a link to a document; `frames` are tag, address and line of players, frames, plug-ins."""

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
    unmapped: int = 0  # characters inside words that only the page's own font shows

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
    kind = 0
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
    return " ".join(_plain(text).split())


def _plain(text: str) -> str:
    """Text without controls and format characters."""
    return _CONTROL.sub(" ", _ZERO.sub("", text)) if _ODD.search(text) else text


@lru_cache(maxsize=4096)  # a site writes the same ones on every page
def _hiding(style: str) -> int:
    """1 for a style attribute that hides its element, 3 for one that moves it off the screen, 0 for others."""
    low = style.lower()
    return 3 if OFFSCREEN.search(low) else 1 if HIDDEN.search(low) else 0


def parse(markup: str, selectors: tuple[str, ...] = ()) -> Document:
    """Read markup; boxes that match one of the CSS selectors are marked `selected`. Never raises for any markup."""
    if not markup or markup.isspace():
        return Document()
    if markup.count("<") > MAX_OPEN and markup.count("<") - markup.count("</") > MAX_OPEN:
        markup = _flatten(markup)
    tree = LexborHTMLParser(shorten(markup))
    walk = _walked(tree, selectors)
    if walk.typed and _PRE.search(markup):
        tree = LexborHTMLParser(shorten(_PRE.sub(lambda found: _INDENT.sub("<br>", found[0]), markup)))
        walk = _walked(tree, selectors)
    # Few pages' scripts write what shows something: only these are walked again with it.
    if any(_shows(writing) for found in writings(walk.document.scripts[:MAX_SCRIPTS]) for writing in found):
        _write(tree)
        walk = _walked(tree, selectors)
    document = walk.document
    _hide(document, *hidden_names(walk.sheets))
    _reveal(document)
    _unfold(document)
    _unlink(document)
    document.attached = {link.line for link in document.links if _is_document(link)}
    return document


def _walked(tree: LexborHTMLParser, selectors: tuple[str, ...]) -> "_Walk":
    """The walk over a tree, done."""
    walk = _Walk({node.mem_id for selector in selectors for node in tree.css(selector)})
    walk.run(tree.root)
    return walk


def _is_document(link: Link) -> bool:
    """Whether a link is to a document, by its address or its words."""
    if link.href.endswith(_PAGES):
        return False
    return is_attachment(link.href) or (("." in link.text[-9:] or "." in link.title[-9:]) and is_file_of(link))


def is_file_of(link: Link) -> bool:
    """Whether a link's words, or the name under which it is kept, are that of a file."""
    text, title = link.text, link.title
    if "." in text[-9:] and is_named(text):
        return True
    return title != "" and "." in title[-9:] and is_named(title) and not link.href.endswith(_PAGES)


def _write(tree: LexborHTMLParser) -> None:
    """Set into the tree what the page's scripts write, where it shows something."""
    scripts, texts = [], []
    for node in tree.tags("script")[:MAX_SCRIPTS]:
        if (child := node.first_child) is not None:
            scripts.append(node)
            texts.append(child.text_content or "")
    for node, found in zip(scripts, writings(texts), strict=True):
        for writing in reversed(found):
            _set(tree, node, writing)


def _shows(writing: Writing) -> bool:
    """Whether what a script writes shows anything: the end of a tag alone does not."""
    return _ENDS.fullmatch(writing.html) is None


def _set(tree: LexborHTMLParser, script: LexborNode, writing: Writing) -> None:
    parent = script.parent
    html = _SCRIPT.sub("", writing.html)
    if not html.strip() or parent is None or (not writing.target and parent.tag == "head"):
        return
    made = LexborHTMLParser(f"<span>{html}</span>").body
    node = made.first_child if made is not None else None
    if node is None:
        return
    if not writing.target:
        script.insert_after(node)
    elif _NAME.match(writing.target) and (holder := tree.css_first(f'[id="{writing.target}"]')) is not None:
        holder.insert_child(node)


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


def shorten(markup: str) -> str:
    """Markup without what a tag has beyond its first hundreds of attributes: the parser compares each with all."""
    parts: list[str] = []
    kept = start = 0
    while len(markup) - start > MAX_TAG:
        end = markup.rfind(">", start, start + MAX_TAG)
        if end >= 0:
            start = end + 1
            continue
        end = markup.find(">", start + MAX_TAG)
        end = end if end >= 0 else len(markup)
        opening = _OPENING.search(markup, start, end)
        if opening:
            closing = markup.find("</", opening.end(), end)
            stop = closing if closing >= 0 else end
            attributes = islice(_ATTRIBUTE.finditer(markup, opening.end(), stop), MAX_ATTRIBUTES, None)
            beyond = next(attributes, None)
            if beyond:
                parts.append(markup[kept : beyond.start()])
                kept = stop
        start = end + 1
    return "".join(parts) + markup[kept:] if parts else markup


def _hide(document: Document, hidden: set[str], off: set[str]) -> None:
    """Hide the boxes that the page's style sheets hide or move off the screen; a page's own root is sometimes hidden
    until its script has run."""
    named = hidden | off
    if not named:
        return
    looks: dict[tuple[str, str], int] = {("", ""): 0}
    moved = set()
    for box in document.boxes:
        look = looks.get((box.id, box.cls))
        if look is None:
            names = {"." + c for c in box.cls.lower().split()} | {"#" + box.id.lower()}
            look = 0 if named.isdisjoint(names) else 1 if off.isdisjoint(names) else 2
            looks[box.id, box.cls] = look
        if look and box.tag not in ("html", "body"):
            box.hidden = True
            box.offscreen = box.offscreen or look == 2
        if box.offscreen or box.parent in moved:
            moved.add(box.index)
    _hide_lines(document, [box for box in document.boxes if box.hidden and box.block])
    for link in document.links if moved else ():
        link.offscreen = link.offscreen or link.box in moved


def _hide_lines(document: Document, boxes: list[Box]) -> None:
    """Hide what stands in boxes, given in the page's order; one inside another is done with it."""
    done = 0
    for box in boxes:
        for line in document.lines[max(box.first, done) : box.last]:
            line.hidden = True
        done = max(done, box.last)


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
    before = list(accumulate((len(line.text) for line in lines), initial=0))
    for box in document.boxes:
        if box.hidden and not box.offscreen:
            inside = before[min(box.last, len(lines))] - before[min(box.first, len(lines))]
            box.hidden = inside <= 0.4 * total and not box.first <= shown < box.last
    for line in lines:
        line.hidden = False
    _hide_lines(document, [box for box in document.boxes if box.hidden])


# What a reader presses to see the rest of a text.
_UNFOLDS = re.compile(
    r"\W{0,6}(?:点击)?(?:展开|阅读|查看|显示|余下|剩余)(?:阅读|查看|余下|剩余)?(?:全文|全部|更多|内容)\W{0,6}"
)
_PAGER_WORDS = re.compile(r"下一?页|上一?页|[首尾末]页|[\W\d共第页]")


def _unfold(document: Document) -> None:
    """Show what goes on from the text before it and is hidden up to 展开全文, or to a pager that only a script turns."""
    lines = document.lines
    ends = {box.last: box for box in reversed(document.boxes) if box.hidden and not box.offscreen and box.block}
    for number in list(ends):
        line = lines[number] if number < len(lines) else None
        if line is None or line.hidden or not 2 < len(line.text) < 80:
            continue
        turns = (
            ("下" in line.text or " 2" in line.text)
            and not _PAGER_WORDS.sub("", line.text)
            and _is_scripted(document, number)
        )
        if not turns and _UNFOLDS.fullmatch(line.text) is None:
            continue
        folded: list[Box] = []
        at = number
        while (box := ends.get(at)) is not None and box.first < at:
            folded.append(box)
            at = box.first
        if (
            at
            and len(lines[at - 1].text) >= 20
            and not lines[at - 1].hidden
            and _goes_on(document, at - 1, folded, turns)
        ):
            for box in folded:
                box.hidden = False
            for inner in lines[at:number]:
                inner.hidden = False
            _hide_lines(document, [box for box in document.boxes if box.hidden and box.block])


def _goes_on(document: Document, before: int, folded: list[Box], turns: bool) -> bool:
    """Whether hidden boxes go on from the text in a line: they stand in a box around it, or beside one of their own kind."""
    box, around = document.lines[before].box, set()
    while box >= 0:
        around.add(box)
        box = document.boxes[box].parent
    if any(one.parent not in around for one in folded):
        return False
    return not turns or any(
        document.boxes[b].cls == folded[0].cls and document.boxes[b].parent == folded[0].parent for b in around
    )


def _is_scripted(document: Document, number: int) -> bool:
    """Whether the links of a line lead nowhere by themselves."""
    own = [link for link in document.links if link.line == number]
    return bool(own) and all(link.href[:1] == "#" or link.href[:11].lower() == "javascript:" for link in own)


def _unlink(document: Document) -> None:
    """An anchor around paragraphs, or one never closed that the parser opens again in each, is no link to a reader."""
    lines = document.lines
    for link in document.links:
        rest, last = sum(map(len, link.parts)) if len(link.parts) > 2 else 0, link.line
        if rest < MAX_ANCHOR:
            continue
        while last < len(lines) and rest > 0 and lines[last].linked:
            rest -= lines[last].linked
            last += 1
        if last - link.line >= 3:
            for line in lines[link.line : last]:
                line.linked = 0


def _same(text: str, stated: str) -> bool:
    """Whether a line is a headline as the meta tags state it, or its first line."""
    text = text.replace(" ", "")
    return len(text) >= 0.45 * len(stated) and stated.startswith(text)


# What is around a node: box, block box, link, and how many hidden elements, ones off the screen and table cells.
_Around = tuple[int, int, int, int, int, int]
# An element that encloses the node at hand, its kind and what is around it.
_Enclosing = tuple[LexborNode, int, _Around]


class _Walk:
    """One pass over the tree, without recursion: markup may be nested hundreds of thousands deep.

    It runs for each of a page's thousands of nodes, so what most of them need stands in one loop, in local variables; the
    methods are for what few of them are.
    """

    __slots__ = ("document", "sheets", "typed", "wanted")

    def __init__(self, wanted: set[int]) -> None:
        self.document = Document()
        self.wanted = wanted
        self.sheets: list[str] = []
        self.typed = False  # whether the page has text set as typed

    def run(self, node: LexborNode | None) -> None:
        """Fill the document from the tree below its root."""
        kinds, lines, boxes = _KINDS, self.document.lines, self.document.boxes
        around: _Around = (-1, -1, -1, 0, 0, 0)
        box, block, link, hide, off, cells = around
        runs: list[Run] = []  # of the line that is begun
        gap, blocks, room = "", 0, True  # the space before what comes next; whether the page is not too long yet
        enclosing: list[_Enclosing] = []
        while node is not None:
            try:
                kind = kinds[node.tag_id]
            except KeyError:
                kind = _kind(node)
            if kind == TEXT:
                gap = " " if node.is_empty_text_node else self.text(node.text_content or "", runs, box, link, gap)
            elif kind & (IGNORED | SKIP | HEAD):
                self.aside(node, kind, box)
            else:
                if kind & BREAKS:
                    gap = ""
                    if runs:
                        runs = self.end(runs, block, hide, cells)
                    blocks += 1
                    room = blocks & 1023 != 0 or (len(lines) <= MAX_LINES and blocks <= MAX_BLOCKS)
                if (inner := node.first_child if room and not kind & VOID else None) is not None:
                    enclosing.append((node, kind, around))
                    if (attributes := node.attributes) or kind & TELLING:
                        name, cls, bits = attributes.get("id") or "", attributes.get("class") or "", 0
                        if ("style" in attributes or "hidden" in attributes) and not kind & ROOT:
                            bits = _hiding(attributes.get("style") or "") | ("hidden" in attributes)
                            hide, off = hide + (bits > 0), off + (bits > 1)
                        if cls or name or bits or kind & KEPT:
                            box = self.open(node, name, cls, box, kind, bits)
                            block = box if kind & BREAKS else block
                        if kind & CELL:
                            cells += 1
                        elif kind & MEDIA:
                            self.media(node, box, link)
                        elif kind & LINK or not HOLDERS.isdisjoint(attributes):
                            link = self.anchor(attributes, kind, box, link, off)
                        around = (box, block, link, hide, off, cells)
                    node = inner
                    continue
                if kind & (MEDIA | LINK) and room:
                    self.empty(node, kind, box, link, off)
            following = node.next if room else None
            while following is None and enclosing:
                node, kind, outer = enclosing.pop()
                if kind & BREAKS:
                    gap = ""
                    if runs:
                        runs = self.end(runs, block, hide, cells)
                if outer is not around:
                    if box != outer[0]:
                        boxes[box].last = len(lines) + (1 if runs else 0)
                    box, block, link, hide, off, cells = around = outer
                following = node.next if room else None
            node = following
        if runs:
            self.end(runs, block, hide, cells)

    def text(self, text: str, runs: list[Run], box: int, link: int, gap: str) -> str:
        """Add a text to the runs of the line, with single spaces, behind the gap; the gap that it leaves."""
        after = ""
        if " " in text or not text.isprintable():  # most texts are words without white space
            words = text.split()
            if not " ".join(words).isprintable():
                self.document.unmapped += len(_OWN.findall(text))
                text = _plain(text)
                words = text.split()
            gap = " " if text[:1].isspace() else gap
            after = " " if text[-1:].isspace() else ""
            if len(words) > 1 and "\n" in text:
                words = _WRAP.sub("", text).split()
            text = " ".join(words)
            if not text:
                return gap
        if runs:
            text = gap + text
            before = runs[-1]
            if before[1] == box and before[2] == link and len(before[0]) < LONG:
                runs[-1] = (before[0] + text, box, link)
            else:
                runs.append((text, box, link))
        else:
            runs.append((text, box, link))
        if link >= 0:
            self.document.links[link].parts.append(text)
        return after

    def end(self, runs: list[Run], box: int, hide: int, cells: int) -> list[Run]:
        """End a line, whose first run begins without a space; the runs of the next one."""
        if len(runs) == 1:
            text, _, link = runs[0]
            linked = len(text) if link >= 0 else 0
        else:
            text = "".join([text for text, _, _ in runs])
            linked = sum([len(text) for text, _, link in runs if link >= 0])
            runs = _merged(runs) if len(text) > LONG else runs
        self.document.lines.append(Line(text, box, runs, linked, hide > 0, cells))
        return []

    def open(self, node: LexborNode, name: str, cls: str, parent: int, kind: int, bits: int) -> int:
        """Begin the box of an element; its index."""
        boxes, line = self.document.boxes, len(self.document.lines)
        index = len(boxes)
        box = Box(index, node.tag or "", name, cls, parent, line, line, kind & BREAKS != 0, bits > 0, bits > 1)
        if self.wanted and node.mem_id in self.wanted:
            box.selected = True
        if box.tag == "pre":
            self.typed = True
        boxes.append(box)
        return index

    def anchor(self, attributes: dict[str, str | None], kind: int, box: int, link: int, off: int) -> int:
        """Begin the link of an element that leads somewhere: an anchor with an address, or what opens a document by a script;
        its index, that of the link around any other element."""
        href = attributes.get("href") or ""
        if not kind & LINK:
            leads = behind(attributes) != ""  # asked only where an attribute may hold an address
        else:
            leads = href != "" or not HOLDERS.isdisjoint(attributes)
        if not leads:
            return link
        links = self.document.links
        links.append(_link(attributes, href, len(self.document.lines), box, off > 0))
        return len(links) - 1

    def empty(self, node: LexborNode, kind: int, box: int, link: int, off: int) -> None:
        """Note a picture, a player or a link without text."""
        if kind & MEDIA:
            self.media(node, box, link)
        elif (attributes := node.attributes).get("href"):
            self.anchor(attributes, kind, box, link, off)

    def aside(self, node: LexborNode, kind: int, box: int) -> None:
        """Note what an element says whose content is no text; a comment says nothing."""
        if kind & IGNORED:
            return
        if kind & SCRIPT:
            self.script(node)
        elif kind & HOLDER:
            self.held(node, box)
        else:
            self.head(node.tag or "", node)

    def media(self, node: LexborNode, box: int, link: int) -> None:
        """Note a picture, player or frame."""
        document, attributes = self.document, node.attributes
        line, tag = len(document.lines), node.tag or ""
        if tag == "img":
            document.pictures.append(Picture(attributes, line, box, link))
        else:
            document.frames.append((tag, attributes.get("src") or attributes.get("data-src") or "", line))

    def held(self, node: LexborNode, box: int) -> None:
        """Note the document that a button opens, or what an object shows: its data, a parameter that names its source, or an
        embed inside it."""
        document, line = self.document, len(self.document.lines)
        if node.tag == "button":
            if href := behind(node.attributes):
                document.links.append(Link(href, "", line, box, False, [squeeze(node.text())]))
            return
        src = node.attributes.get("data") or ""
        child = node.first_child
        while child is not None and not src:
            attributes = child.attributes if child.is_element_node else {}
            if child.tag == "param" and (attributes.get("name") or "").lower() in ("src", "movie", "filename", "url"):
                src = attributes.get("value") or ""
            elif child.tag == "embed":
                src = attributes.get("src") or ""
            child = child.next
        document.frames.append(("object", src, line))

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
        elif tag == "style":
            sheet = node.first_child
            if sheet is not None and len(self.sheets) < MAX_SHEETS:
                self.sheets.append(sheet.text_content or "")
        elif tag == "base":
            document.base = document.base or node.attributes.get("href") or ""
        elif tag == "link":
            attributes = node.attributes
            if (attributes.get("rel") or "").lower() == "canonical":
                document.canonical = attributes.get("href") or ""

    def script(self, node: LexborNode) -> None:
        """Keep the text of an inline script."""
        child = node.first_child
        text = (child.text_content or "") if child is not None else ""
        attributes = node.attributes if text else {}
        if text and not attributes.get("src"):
            structured = "ld+json" in (attributes.get("type") or "").lower()
            (self.document.json_ld if structured else self.document.scripts).append(text)


def _link(attributes: dict[str, str | None], href: str, line: int, box: int, off: bool) -> Link:
    title = attributes.get("title") or attributes.get("download") or ""
    if href[:1] in _SCRIPTED and (href[:1] in ("", "#") or href[:11].lower() == "javascript:"):
        href = behind(attributes) or href
    return Link(href, title, line, box, off, [])


def _merged(runs: list[Run]) -> list[Run]:
    """The runs of a long line, those of one box and link that follow one another as one."""
    return [("".join([text for text, _, _ in same]), *place) for place, same in groupby(runs, itemgetter(1, 2))]
