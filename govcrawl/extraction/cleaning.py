"""Page → body text, images and attachments, and what kind of page it is."""

import hashlib
import re

from govcrawl import __version__
from govcrawl.extraction import attached, charset, elsewhere, marks, people, policy, script, title
from govcrawl.extraction import body as bodies
from govcrawl.extraction.document import Document, Line, squeeze
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Attachment, Cleaned, Image

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
_SENTENCE = re.compile(r"[，。！？；,;](?:(?<![,;])|(?=[⺀-鿿]))")
_DATA = re.compile(r"\A\s*+(?:[\[{]\s*+[\[{\"]|[\w.$]++\(\s*+[\[{])")
_PLAYER = re.compile(
    r"video|player|vod|v\.qq\.com|youku|iqiyi|bilibili|cctv|miaopai|\.(?:mp4|flv|m3u8|swf)", re.IGNORECASE
)
_PLACE = re.compile(r"[一二三四五六、.\d（(]{0,3}[）)]?(?:会议|活动|举办|报名|考试|集合)?地\s{0,4}点\s{0,2}[:：]")
_EVENT = re.compile(
    r"[一二三四五六、.\d（(]{0,3}[）)]?(?:截止|截至|报名|报到|活动|会议|考试|面试|笔试|培训|比赛|举办|公示)(?:时间|日期|期限)\s{0,2}[:：]"
)
_HOUR = re.compile(r"\d{1,2}[:：]\d\d$")
_CLOCK = re.compile(r"\d{1,2}[:：]\d\d")
MIN_TEXT = 50  # characters: less is a caption
MIN_MORE = 20  # characters that a body elsewhere has at least
_META = re.compile(r"(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}\s*日?")


def clean(page: Page) -> Cleaned:
    """The body of a page, without what surrounds it; empty for every page type but "article"."""
    if "cleaned" not in page.results:
        page.results["cleaned"] = _clean(page)
    result: Cleaned = page.results["cleaned"]
    return result


def _clean(page: Page) -> Cleaned:
    if _is_file(page):
        return Cleaned(page_type="attachment", extractor=_name("none"))
    text, rule, page_type = _found(page)
    if _is_poor(page, text, page_type):
        text, rule, page_type = _fuller(page, text, rule, page_type)
    attachments, images = _belongings(page, text, page_type)
    if page_type in ("empty", "video", "list") and (attachments or images):
        text, page_type = "", "article"
    if page_type == "empty" and len(page.document.lines) > 3 and not elsewhere.frames(page):
        text, rule = _last_resort(page), "trafilatura"
        page_type = "article" if text else page_type
    if page_type != "article":
        form = elsewhere.form(page) if page_type == "empty" else page_type
        return Cleaned(page_type=page_type, extractor=_name("none"), form=form)
    result = Cleaned(text=text, extractor=_name(rule), attachments=attachments, images=images)
    _add_pages(page, result)
    return _finished(page, result)


def _is_file(page: Page) -> bool:
    """Whether the response is a document or an image, by its first bytes or its type."""
    if page.is_filled_by_script:
        return False
    kind = charset.header(page.headers, "content-type").lower()
    return page.body.lstrip()[:4].startswith(tuple(m[:4] for m in _MAGIC)) or bool(
        re.match(r"application/(?!xhtml|xml|json|javascript|octet)|image/|video/|audio/", kind)
    )


def _found(page: Page) -> tuple[str, str, str]:
    """The text of the page's lines, the rule that found it, and the page type."""
    text = bodies.join(page.document, body_lines(page))
    if 0 < len(text) < MIN_TEXT:
        noise = bodies.noise_boxes(page.document)
        own = [i for i in body_lines(page) if page.document.lines[i].box not in noise]
        text = bodies.join(page.document, own)
    page_type = _page_type(page, page.document, text)
    if page_type == "list" and page.article.score < 60 and elsewhere.is_headed(page):
        text, page_type = "", "empty"  # an article's page, on which only the lists beside it can be read
    return text, page.article.rule, page_type


def _is_poor(page: Page, text: str, page_type: str) -> bool:
    """Whether the page's lines hold next to nothing of an article; a page that shows lists alone may be one, where a listing
    names it or it has frames."""
    if page_type == "list":
        return bool(page.listed_title or page.frames_asked) and page.article.score < 60
    return page_type in ("empty", "video") or (page_type == "article" and len(text) < MIN_TEXT)


def _fuller(page: Page, text: str, rule: str, page_type: str) -> tuple[str, str, str]:
    """What is found with the page's frames set in, or the body that it keeps hidden or in scripts, where that is more."""
    framed, covered = elsewhere.with_frames(page), elsewhere.uncovered(page)
    hidden, held_by = elsewhere.with_source(page) if page_type != "list" or page.listed_title else ("", "")
    for markup, where, least in ((framed, "frame", MIN_MORE), (covered, "covered", 100), (hidden, held_by, MIN_MORE)):
        if not markup:
            continue
        other = page.with_markup(markup, stated=markup is hidden)
        more, _, other_type = _found(other)
        shown = not text and page_type != "article" and least == MIN_MORE and any(_belongings(other, more, "empty"))
        if (other_type == "article" and len(more) >= max(least, 1.5 * len(text))) or shown:
            page.adopt(other)
            text, rule, page_type = more, where, other_type
    return text, rule, page_type


def _belongings(page: Page, text: str, page_type: str) -> tuple[list[Attachment], list[Image]]:
    """Documents and images of the article; of a page without text those that are shown where a body would stand."""
    lines, article = body_lines(page), page.article
    if page_type == "article" and lines:
        first, last = lines[0], lines[-1] + 1
        documents = attached.documents(page, first, max(last, article.last))
        images = attached.images(page, first, last)
    elif page_type in ("article", "empty", "video") or elsewhere.is_headed(page):
        documents = attached.documents(page, max(page.headline.line, 0), len(page.document.lines))
        images = []
    else:
        return [], []
    bare = len("".join(text.split()))
    if not documents and not images and bare < MIN_TEXT:
        images = attached.scanned(page)
    if not documents and not images and not bare:
        documents = attached.in_its_scripts(page)
    return documents, images


def _add_pages(page: Page, result: Cleaned) -> None:
    """Add what the article's further pages hold, in their order; one that repeats the text before it adds nothing."""
    for address in page.pages_asked:
        part = page.parts.get(address)
        more = clean(part) if part is not None else None
        if more is None or more.page_type != "article" or (more.text_original or more.text) in result.text:
            continue
        result.text += "\n" + (more.text_original or more.text)
        result.attachments = list({a.url: a for a in [*result.attachments, *more.attachments]}.values())
        result.images = list({i.url: i for i in [*result.images, *more.images]}.values())


def _finished(page: Page, result: Cleaned) -> Cleaned:
    """Simplified characters, hash and length."""
    if script.is_traditional(f"{page.headline.text}\n{result.text}"):
        result.script, result.text_original = "hant", result.text
        result.text = script.to_simplified(result.text)
    folded = "".join(script.nfkc(result.text).split())
    result.text_hash = hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()
    result.text_length = len(result.text)
    return result


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
    header = policy.read(document, kept[0], min(kept[0] + 40, kept[-1] + 1), [], page.headline.text)
    headline = title.key(page.headline.text)
    opening = next((n for n, i in enumerate(kept) if _is_text(lines[i]) and i not in header.lines), len(kept))
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
            or (
                is_meta(lines[i].text)
                and not (lines[i].cell and (sparse or _is_figure(document, i)))
                and not _is_agenda(lines, i)
            )
            or (len(lines[i].text) < 2 and not sparse)
            or people.is_credit(lines[i].text)
        )
    ]
    end = len(kept)
    while end > opening and kept[end - 1] not in document.attached:
        text = lines[kept[end - 1]].text
        if not (_is_below(text, headline) or (end < len(kept) and marks.STAFF.match(text))):
            break
        end -= 1
    return front + kept[min(opening, 25) : end]


def _is_text(line: Line) -> bool:
    """Whether a line opens the text: a paragraph, or a short sentence with a full stop."""
    short = len(line.text) >= 6 and line.text[-1] in "。！？" and not line.linked and not is_meta(line.text)
    return short or is_paragraph(line)


def _is_figure(document: Document, i: int) -> bool:
    """Whether a number stands in a row of a table of data, beside what is no label."""
    before = document.lines[i - 1] if i else None
    if before is None or not document.lines[i].text.isdigit() or _row(document, i) != _row(document, i - 1):
        return False
    return not is_meta(before.text) or before.text.isdigit()


def _row(document: Document, i: int) -> int:
    """The table row around a line, -1 for none."""
    boxes, box = document.boxes, document.lines[i].box
    while box >= 0 and boxes[box].tag != "tr":
        box = boxes[box].parent
    return box


def _is_agenda(lines: list[Line], i: int) -> bool:
    """Whether a line tells the time of an event: the next one tells its place, a label its kind, or it is one of several
    hours."""
    text = lines[i].text
    if _EVENT.match(text) or (i + 1 < len(lines) and _PLACE.match(lines[i + 1].text)):
        return True
    return (
        _HOUR.match(text) is not None and sum(bool(_HOUR.match(line.text)) for line in lines[max(0, i - 6) : i + 7]) > 2
    )


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
        if size < 200 and len(document.lines) < 40 and _is_away(page, visible):
            return "away"
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


def _is_away(page: Page, visible: str) -> bool:
    """Whether a page is its server's word that it is busy or being mended; a notice of such work has a header, or the title
    that its listing names."""
    if not (marks.AWAY.search(page.document.title) or marks.AWAY.search(visible)):
        return False
    listed = title.key(page.listed_title or "")[:12]
    return not (len(listed) > 3 and listed in title.key(visible)) and not elsewhere.is_headed(page)


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
