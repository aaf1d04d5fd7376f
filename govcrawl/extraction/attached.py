"""The documents and images that belong to an article: linked, shown in frames and viewers, opened by scripts, or the notice
itself as scanned pages."""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from govcrawl.extraction import body as bodies
from govcrawl.extraction import marks
from govcrawl.extraction.document import Link, Picture, is_file_of, squeeze
from govcrawl.extraction.results import Attachment, Image
from govcrawl.extraction.shown import (
    in_attributes,
    in_scripts,
    is_attachment,
    is_file,
    is_named,
    is_viewer,
    joined,
    media_type,
    shown,
)

if TYPE_CHECKING:
    from govcrawl.extraction.page import Page

_ICON = re.compile(
    r"icon|logo|share|qrcode|ewm|\.gif|weixin|blank|loading|spacer|/(?:close|print|dayin|guanbi|fontsize|arrow\w{0,8}|btn\w{0,8})\.\w"
)
_DECORATION = re.compile(
    r"banner|/nav|_nav|btn|button|arrow|bg\.|_bg|dot\.|line\.|avatar|police|beian|jiucuo|dzjg|error\.png|close|print|emblem"
)
_SCRIPTED = ("javascript", "#", "data:")
# Names of boxes whose pictures are never the article's.
_FOREIGN = re.compile(
    r"(?<![a-z])(?:ads?|advert|qrcode|ewm|erweima|share|fenxiang|bdshare|tuijian|recommend|comment|pinglun)(?![a-z])"
)
_FOOT = frozenset(("footer", "foot", "ft", "copyright", "bottom"))
NEAR = 8  # lines below the text in which a linked document is its own
FAR = 60  # lines below it in which a heading of attachments may still stand
MIN_WIDTH = 120  # pixels: a scanned page is larger


def documents(page: "Page", first: int, last: int) -> list[Attachment]:
    """The documents linked in these lines, near below them and below a heading of attachments, and those shown anywhere on
    the page, each once, in its order."""
    document, base = page.document, page.base
    placed: list[tuple[int, str, str]] = [
        (link.line, address, _name(link))
        for link in document.links
        if first <= link.line <= last + FAR and (address := _linked(link)) and _belongs(page, link, last)
    ]
    placed += [
        (line, address, "")
        for tag, src, line in document.frames
        if tag != "video" and _may_show(src) and (address := _framed(base, tag, src))
    ]
    found: dict[str, Attachment] = {}
    for _, address, name in sorted(placed, key=lambda one: one[0]):
        url = joined(base, address)
        found.setdefault(url, Attachment(url, name or file_name(address), media_type(address)))
    return list(found.values())


def _belongs(page: "Page", link: Link, last: int) -> bool:
    """Whether a linked document is the article's: in its lines or near below, unless the site offers it to every reader;
    farther off where a heading of attachments stands above it."""
    if link.line < last:
        return True
    lines = page.document.lines
    above = [
        lines[i].text for i in range(link.line - 1, max(last, link.line - NEAR + 1) - 1, -1) if not lines[i].hidden
    ]
    heading = next((text for text in above if not is_named(text)), "")
    if marks.BARE_LABEL.match(heading) and (link.line <= last + NEAR or "附件" in heading):
        return True
    if link.line > last + NEAR or marks.DOWNLOADS.match(heading):
        return False
    boxes, box = page.document.boxes, lines[link.line].box if link.line < len(lines) else -1
    while box >= 0:
        if boxes[box].tag == "footer" or not _FOOT.isdisjoint(f"{boxes[box].id} {boxes[box].cls}".lower().split()):
            return False
        box = boxes[box].parent
    return True


def _may_show(src: str) -> bool:
    """Whether a frame's address may be a document's or that of a program with parameters: most are a page's."""
    return not src or "?" in src or "#" in src or is_file(src) or is_attachment(src)


def _framed(base: str, tag: str, src: str) -> str:
    """The document that a frame or plug-in shows, "" for none."""
    return shown(src if tag == "object" and is_file(src) else joined(base, src))


def in_its_scripts(page: "Page") -> list[Attachment]:
    """The documents that the scripts and empty elements of a page without a body name, to show them in it."""
    urls = dict.fromkeys(
        joined(page.base, address) for address in [*in_scripts(page.document.scripts), *in_attributes(page.markup)]
    )
    return [Attachment(url, file_name(url), media_type(url)) for url in urls][:20]


def _linked(link: Link) -> str:
    """The document that a link leads to, through a viewer or not; "" for none."""
    href = link.href
    if href.lower().startswith(_SCRIPTED):
        return ""
    if is_viewer(href) and not is_file(href) and (viewed := shown(href, framed=False)):
        return viewed
    if is_attachment(href):
        return href
    return href if href and is_file_of(link) else ""


def _name(link: Link) -> str:
    return link.text.strip() or link.title.strip()


def file_name(address: str) -> str:
    """The last part of an address's path, decoded."""
    return unquote(re.split("[?#]", address, maxsplit=1)[0]).rstrip("/").rsplit("/", 1)[-1] or address


def images(page: "Page", first: int, last: int) -> list[Image]:
    """The pictures inside the body's container and between its lines, without the site's icons, codes, advertisements."""
    document, article = page.document, page.article
    boxes = document.boxes
    chosen = []
    for picture in document.pictures:
        if not picture.src or not first - 2 <= picture.line <= last or _ICON.search(picture.src.lower()):
            continue
        box, foreign = picture.box, False
        while box >= 0 and box != article.box:
            inside = boxes[box].first > first or boxes[box].last < last
            foreign = foreign or (inside and _FOREIGN.search(f"{boxes[box].id} {boxes[box].cls}".lower()) is not None)
            box = boxes[box].parent
        if not foreign and (box == article.box or article.rule == "notice"):
            chosen.append(picture)
    return _of(page, chosen)


def scanned(page: "Page") -> list[Image]:
    """The pictures of a page that has no text, where they are its notice: below its headline, above the first mark of its
    end, not in menus, not links to other pages."""
    document = page.document
    lines = document.lines
    begin = page.headline.end if page.headline.line >= 0 else -1
    if begin < 0 and sum(len(line.text) for line in lines if not line.hidden) > 200:
        return []
    noise = bodies.noise_boxes(document)
    end = next((i for i in range(begin + 1, len(lines)) if bodies.is_end(lines[i].text)), len(lines))
    return _of(
        page, [p for p in document.pictures if begin < p.line <= end and p.box not in noise and _is_scan(page, p)]
    )


def _is_scan(page: "Page", picture: Picture) -> bool:
    source = picture.src.lower()
    if not source or 0 <= picture.width < MIN_WIDTH or _ICON.search(source) or _DECORATION.search(source):
        return False
    if picture.link < 0:
        return True
    href = page.document.links[picture.link].href.lower().partition("?")[0]
    return (
        href.endswith((".jpg", ".jpeg", ".png", ".bmp", ".tif"))
        or href[:1] in ("", "#")
        or href.startswith("javascript")
    )


def _of(page: "Page", pictures: list[Picture]) -> list[Image]:
    found: dict[str, Image] = {}
    for picture in pictures:
        url = joined(page.base, picture.src)
        found.setdefault(url, Image(url, squeeze(picture.alt)))
    return list(found.values())
