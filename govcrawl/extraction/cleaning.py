"""Page → body text, images and attachments, and what kind of page it is."""

import hashlib
import json
import re
from urllib.parse import unquote, urljoin

from govcrawl import __version__
from govcrawl.extraction import body as bodies
from govcrawl.extraction import charset, marks, people, policy, script, title
from govcrawl.extraction.document import Document, Line, is_attachment, parse, squeeze
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Attachment, Cleaned, Image
from govcrawl.extraction.tidying import is_junk

_MAGIC = (
    b"%PDF",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"Rar!",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"7z\xbc\xaf",
    b"{\\rtf",
    b"\x1f\x8b",
)
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "wps": "application/vnd.ms-works",
    "et": "application/vnd.ms-excel",
    "ofd": "application/ofd",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
    "csv": "text/csv",
    "txt": "text/plain",
}
_SENTENCE = re.compile(r"[，。！？；,;](?:(?<![,;])|(?=[⺀-鿿]))")
_DATA = re.compile(r"\A\s*+(?:[\[{]\s*+[\[{\"]|[\w.$]++\(\s*+[\[{])")
_PLAYER = re.compile(
    r"video|player|vod|v\.qq\.com|youku|iqiyi|bilibili|cctv|miaopai|\.(?:mp4|flv|m3u8|swf)", re.IGNORECASE
)
_STATED = re.compile(
    r"""["']?(?:content|contents|articleContent|body|html|txt)["']?\s*[:=]\s*("(?:[^"\\]|\\.){60,}")""", re.IGNORECASE
)
_ICON = re.compile(r"icon|logo|share|qrcode|ewm|\.gif|weixin|blank|loading|spacer")
_CLOCK = re.compile(r"\d{1,2}[:：]\d\d")
_META = re.compile(r"(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}\s*日?")


def clean(page: Page) -> Cleaned:
    """The body of a page, without what surrounds it; empty for every page type but "article"."""
    if "cleaned" not in page.results:
        page.results["cleaned"] = _clean(page)
    result: Cleaned = page.results["cleaned"]
    return result


def _clean(page: Page) -> Cleaned:
    kind = charset.header(page.headers, "content-type").lower()
    if not page.is_filled_by_script and (
        page.body.lstrip()[:4].startswith(tuple(m[:4] for m in _MAGIC))
        or re.match(r"application/(?!xhtml|xml|json|javascript|octet)|image/|video/|audio/", kind)
    ):
        return Cleaned(page_type="attachment", extractor=_name("none"))
    document = page.document
    article = page.article
    lines = body_lines(page)
    text, rule = bodies.join(document, lines), article.rule
    page_type = _page_type(page, document, text)
    if page_type in ("empty", "video") and document.scripts:
        text, rule = _from_script(document), "script"
        page_type = "article" if text else page_type
    if page_type == "empty" and len(document.lines) > 3:
        text, rule = _last_resort(page), "trafilatura"
        page_type = "article" if text else page_type
    if page_type != "article":
        return Cleaned(page_type=page_type, extractor=_name("none"))
    result = Cleaned(text=text, extractor=_name(rule))
    if script.is_traditional(f"{page.headline.text}\n{text}"):
        result.script, result.text_original = "hant", text
        result.text = script.to_simplified(text)
    base = _join(page.url, document.base) if document.base else page.url
    first, last = (lines[0], lines[-1] + 1) if lines else (article.first, article.last)
    result.attachments = _attachments(document, base, first, max(last, article.last))
    result.images = _images(document, base, article, first, last)
    folded = "".join(script.nfkc(result.text).split())
    result.text_hash = hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()
    result.text_length = len(result.text)
    return result


def _from_script(document: Document) -> str:
    """The body that a page keeps as JSON in a script, content: {"content": "<p>…"}, and sets in by script; "" for none."""
    best = ""
    for source in document.scripts:
        for match in _STATED.finditer(source, 0, 2_000_000):
            try:
                html = json.loads(match[1])
            except ValueError:
                continue
            if html.count("<") >= 2 and len(html) > len(best):
                best = html
    inner = parse(best) if best else None
    text = "\n".join(line.text for line in inner.lines if not line.hidden and not is_junk(line.text)) if inner else ""
    return text if len(text) >= 20 and _SENTENCE.search(text) else ""


def _last_resort(page: Page) -> str:
    """What trafilatura takes for the text where no rule here finds any; "" where that is next to nothing."""
    # It takes 50 µs an element.
    if len(page.markup) > 2_000_000 or page.markup.count("<") > 15_000:
        return ""
    from trafilatura import extract as judge  # takes a second to import, and few pages need it

    try:
        text = judge(page.markup, include_comments=False, favor_precision=True) or ""
    except Exception:
        return ""
    lines = [squeeze(line) for line in text.split("\n")]
    text = "\n".join(line for line in lines if line)
    return text if len(text) >= 60 and _SENTENCE.search(text) else ""


def _name(rule: str) -> str:
    return f"govcrawl/{__version__}:{rule}"


def _join(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return href


def body_lines(page: Page) -> list[int]:
    """The indexes of the lines that are the article's text, without headline, meta and editor lines at its ends."""
    if "lines" not in page.results:
        page.results["lines"] = _trim(page.document, page)
    result: list[int] = page.results["lines"]
    return result


def _trim(document: Document, page: Page) -> list[int]:
    lines = document.lines
    kept = page.article.lines
    if not kept:
        return []
    header = policy.read(document, kept[0], min(kept[0] + 40, kept[-1] + 1), [])
    headline = title.key(page.headline.text)
    opening = next((n for n, i in enumerate(kept) if is_paragraph(lines[i]) and i not in header.lines), len(kept))
    # Without running text, as in a table, a number is a cell and no hit count.
    sparse = opening == len(kept)
    again = {lines[i].text for i in header.lines}  # a header that stands twice, for telephones
    front = [
        i
        for i in kept[: min(opening, 25)]
        if not (
            i in header.lines
            or lines[i].text in again
            or title.key(lines[i].text) in ("", headline)
            or (is_meta(lines[i].text) and not (sparse and lines[i].cell))
            or (len(lines[i].text) < 2 and not sparse)
            or people.is_credit(lines[i].text)
        )
    ]
    end = len(kept)
    while end > opening and kept[end - 1] not in document.attached and _is_below(lines[kept[end - 1]].text, headline):
        end -= 1
    return front + kept[min(opening, 25) : end]


def _is_below(text: str, headline: str) -> bool:
    """Whether a line at the end of the text is none of it: a credit, the headline again, a label without its file."""
    if len(text) < 60 and (marks.EDGE.match(text) or marks.BARE_LABEL.match(text)):
        return True
    return len(headline) >= 6 and len(text) < len(headline) + 20 and title.key(text).endswith(headline)


def is_paragraph(line: Line) -> bool:
    """Whether a line is running text: a sentence, or long, and mostly not links."""
    free = len(line.text) - line.linked
    return line.linked < free and (
        (free >= 30 and _SENTENCE.search(line.text) is not None and not (marks.EDGE.match(line.text) and free < 60))
        or (free >= 12 and line.text[-1] in "。！？")
    )


def is_meta(text: str) -> bool:
    """Whether a line before the text is about the article: its time, source, author, hits, tools."""
    if len(text) > 200:
        return False
    if marks.EDGE.match(text):
        return True
    dated = _META.search(text)
    if dated is None:
        return bool(marks.TOOLS.search(text)) and len(text) < 60
    # A day alone, or with a clock, a label or another short piece beside it; a sentence is none of these.
    return len(text) - len(dated[0]) < 36 or bool(_CLOCK.search(text) or marks.INNER.search(text))


def _images(document: Document, base: str, article: bodies.Body, first: int, last: int) -> list[Image]:
    """The pictures inside the body's container and between its lines, without the site's icons."""
    found: dict[str, Image] = {}
    for picture in document.pictures:
        if not picture.src or not first - 2 <= picture.line <= last or _ICON.search(picture.src.lower()):
            continue
        box = picture.box
        while box >= 0 and box != article.box:
            box = document.boxes[box].parent
        if box == article.box or article.rule == "notice":
            url = _join(base, picture.src)
            found.setdefault(url, Image(url, squeeze(picture.alt)))
    return list(found.values())


def _attachments(document: Document, base: str, first: int, last: int) -> list[Attachment]:
    found: dict[str, Attachment] = {}
    for link in document.links:
        if (
            first <= link.line <= last + 8
            and is_attachment(link.href)
            and not link.href.lower().startswith(("javascript", "#", "data:"))
        ):
            url = _join(base, link.href)
            path = unquote(link.href.split("?")[0].split("#")[0])
            suffix = re.search(r"\.([a-z0-9]{2,4})$", path.lower()) or re.search(
                r"\.([a-z0-9]{2,4})(?:$|&)", link.href.lower()
            )
            name = link.text.strip() or link.title.strip() or path.rsplit("/", 1)[-1]
            found.setdefault(url, Attachment(url, name, _MEDIA_TYPES.get(suffix[1]) if suffix else None))
    return list(found.values())


def _page_type(page: Page, document: Document, text: str) -> str:
    markup = page.markup
    size = len(text)
    if _DATA.match(markup[:200]):
        return "empty"
    if size < 300:
        shown = sum(len(line.text) for line in document.lines if not line.hidden)
        if len(markup) < 60_000 and shown < 300 and size < 120 and marks.CHALLENGE.search(markup[:60_000]):
            return "challenge"
        visible = " ".join(line.text for line in document.lines[:12] if not line.hidden)[:200]
        if (
            size < 200
            and (marks.ERROR.search(document.title) or (marks.ERROR.search(visible) and len(document.lines) < 40))
            and not re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", visible)
        ):
            return "error"
    if not document.lines:
        return "video" if _is_video(document) else "empty"
    # A page of little else than a few documents is a notice, one of many is their list.
    if (size > 60 or not 0 < len(document.attached) <= 5) and _is_list(page, document, size):
        return "list"
    if text:
        return "article"
    if document.attached:
        return "article"
    return "video" if _is_video(document) else "empty"


def _is_video(document: Document) -> bool:
    """Whether the page plays a film: a player of its own or one in a frame, other than an advertisement's."""
    return any(tag in ("video", "embed") or _PLAYER.search(src) for tag, src, _ in document.frames)


def _is_list(page: Page, document: Document, size: int) -> bool:
    """Whether a page lists articles: many rows of links, often dated, and no text or header of its own to speak of."""
    if document.first_meta("articletitle"):
        return False
    score = page.article.score
    if score >= 150:
        return False
    lines = [line for line in document.lines if not line.hidden]
    rows = [n for n, line in enumerate(lines) if line.linked > 0.5 * len(line.text) and line.linked >= 8]
    dated = sum(
        1
        for n in rows
        if any(_META.search(near.text) and len(near.text) - near.linked < 30 for near in lines[n : n + 2])
    )
    linked = sum(lines[n].linked for n in rows)
    many = len(rows) >= 12 and score < 120 and linked > 6 * size
    return (many or (dated >= 5 and linked >= 1.5 * size)) and not _has_header(page, document, sure=many)


def _has_header(page: Page, document: Document, *, sure: bool) -> bool:
    """Whether an article's date stands beside the headline: with a clock or a label, or alone above a known body."""
    begin = page.headline.line
    near = document.lines[max(0, begin - 2) : begin + 6] if begin >= 0 else []
    dates = [
        line.text for line in near if not line.hidden and line.linked < 0.5 * len(line.text) and _META.search(line.text)
    ]
    if sure:  # a list's first rows may look so too
        first = next(iter(page.article.lines), begin)
        follows = page.article.score >= 30 and 0 < first - begin < 12
        return follows and any(_CLOCK.search(text) or marks.INNER.search(text) for text in dates)
    known = page.article.rule in ("cms", "site")
    return any(_CLOCK.search(text) or marks.INNER.search(text) or known for text in dates)
