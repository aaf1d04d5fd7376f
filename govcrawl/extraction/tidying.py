"""What does not belong to an article though its container holds it: replies, the site's own words, lists, copies."""

import re
from functools import lru_cache
from itertools import accumulate

from govcrawl.extraction import marks
from govcrawl.extraction.document import Box, Document, Line

_BEHIND = re.compile(r"[\[(（]?(?:(?:19|20)\d\d[-/.年])?\d{1,2}[-/.月]\d{1,2}日?(?: \d{1,2}:\d\d)?[\])）]?$")
_SIGNED = re.compile(
    r"(?:19|20|二[〇○O零])[\d〇○O零一二三四五六七八九]{2}\s?年\s?[\d一二三四五六七八九十]{1,3}\s?月\s?[\d一二三四五六七八九十]{1,3}\s?日$"
)
# Lines at the end of a container in which the site may speak of itself.
TAIL = 15


def tidy(document: Document, kept: list[int], values: list[float], *, trusted: bool) -> list[int]:
    """The lines of an article's container without what else stands among and below them.

    `values` are the worth of each line of the document as text; `trusted` is a container known to be the body, whose
    links among the paragraphs belong to it.
    """
    kept = _first_post(document, kept, values)
    kept = _cut_tail(document, kept, values)
    kept = _drop_lists(document, kept, values, trusted=trusted)
    return _drop_contents(document, _drop_copies(document.lines, kept))


def is_footer(text: str) -> bool:
    """Whether a line is of the site, not of the article: copyright, licence, disclaimer."""
    return len(text) < 500 and _has_footer(text)


@lru_cache(maxsize=4096)  # a page's lines are asked several times
def _has_footer(text: str) -> bool:
    return marks.FOOTER.search(text) is not None


def is_junk(text: str) -> bool:
    """Whether a line is a control of the page that never belongs to an article: 分享到, 字体 大 中 小, 阅读剩余全文."""
    return (len(text) < 80 and marks.JUNK.match(text) is not None) or is_code(text)


def is_code(text: str) -> bool:
    """Whether a line is markup or script that the page shows by mistake."""
    return text[0] in "<vfdw$" and marks.CODE.match(text) is not None


def _first_post(document: Document, kept: list[int], values: list[float]) -> list[int]:
    """The opening post of a thread, the newest of a blog's page, an article without its comments: the lines up to the
    second of several moments of sending, or up to the first where each stands below its post."""
    lines, boxes = document.lines, document.boxes
    stamps: list[int] = []
    for n, i in enumerate(kept):
        line = lines[i]
        if len(line.text) < 90 and line.linked < 0.3 * len(line.text) and marks.STAMP.search(line.text):
            alike = not stamps or boxes[line.box].cls == boxes[lines[kept[stamps[0]]].box].cls
            if alike and (not stamps or n - stamps[-1] > 1):  # two moments that follow one another are of one post
                stamps.append(n)
    if len(stamps) < 2:
        return kept
    if len(stamps) < 3 and not any(len(lines[i].text) < 40 and marks.THREAD.search(lines[i].text) for i in kept):
        return kept
    worth = _running([max(0.0, values[i]) for i in kept])
    if worth[stamps[0]] >= 40:
        return kept[: stamps[0]]
    end = stamps[1]
    if stamps[0] > 4 or worth[end] - worth[stamps[0] + 1] < 20:
        return kept
    # The next post's headline and author stand above its moment.
    while end > max(stamps[0] + 2, stamps[1] - 2) and lines[kept[end - 1]].text[-1] not in "。！？…”」）)":
        end -= 1
    return kept[:end]


def _drop_copies(lines: list[Line], kept: list[int]) -> list[int]:
    """Without a second copy of the text, as for printing, for telephones or for reading aloud."""
    first: dict[str, int] = {}
    again = []
    for n, i in enumerate(kept):
        if first.setdefault(lines[i].text, n) != n and len(lines[i].text) >= 20:
            again.append(n)
    if not again or sum(len(lines[kept[n]].text) for n in again) < 0.3 * sum(len(lines[i].text) for i in kept):
        return kept
    start = again[0]
    while start > 1 and first[lines[kept[start - 1]].text] < start - 1:
        start -= 1
    return [i for n, i in enumerate(kept) if n < start or first[lines[i].text] == n]


def _drop_contents(document: Document, kept: list[int]) -> list[int]:
    """Without a table of contents: links into the page, or lines below such a heading that come again as headings."""
    lines = document.lines
    inward = {link.line for link in document.links if link.href.startswith("#") and len(link.href) > 1}
    drop = {i for i in kept if i in inward and lines[i].linked > 0.6 * len(lines[i].text)}
    for n, i in enumerate(kept[:40]):
        if len(lines[i].text) < 12 and marks.CONTENTS.match(lines[i].text):
            entries = _entries([lines[j].text for j in kept[n + 1 :]])
            if entries >= 2 or i + 1 in inward:
                drop.update(kept[n : n + 1 + entries])
            break
    return [i for i in kept if i not in drop] if drop else kept


def _entries(texts: list[str]) -> int:
    """How many of the first lines come again, in their order, among the others."""
    last = {text: n for n, text in enumerate(texts)}
    seen: set[str] = set()
    for count, text in enumerate(texts):
        if text in seen or last[text] == count:
            return count
        seen.add(text)
    return len(texts)


def _cut_tail(document: Document, kept: list[int], values: list[float]) -> list[int]:
    """Lines up to the first mark of the article's end after which no substantial text follows.

    After the editor's name or a heading of related items whatever follows is another matter, unless they stand at the
    head of the page.
    """
    lines, boxes, attached = document.lines, document.boxes, document.attached
    worth = [max(0.0, values[i]) for i in kept]
    site = _site_lines(lines, kept)
    for position in site:
        worth[position] = 0.0
    sums = _running(worth)
    total = sums[-1]
    end = len(kept)
    last_attached = max((n for n, i in enumerate(kept) if i in attached), default=-1)
    last_home = -1
    for position in range(len(kept) - 1, -1, -1):
        text = lines[kept[position]].text
        before, rest = sums[position], sums[end] - sums[position + 1]
        if rest > 0.25 * total:  # only the surest marks, which are short
            if len(text) >= 45 or before < max(150.0, 0.12 * total) or not marks.SURE_END.match(text):
                continue
            last_home = last_home if last_home >= 0 else _last_at_home(lines, kept, values, boxes)
            if last_home >= position:
                continue
        elif position not in site and not _is_end(text):
            continue
        if last_attached <= position:
            end = position
    while last_attached + 1 < end < len(kept) and marks.STAFF.match(lines[kept[end - 1]].text):
        end -= 1
    return [i for i in kept[:end] if not (len(lines[i].text) < 60 and marks.END.match(lines[i].text))]


def _is_end(text: str) -> bool:
    """Whether a line is a mark of the article's end: a credit, a heading of related items, a control, a notice."""
    return len(text) < 200 and (marks.END.match(text) is not None or is_footer(text))


def _site_lines(lines: list[Line], kept: list[int]) -> set[int]:
    """The positions at the end whose lines are the site's word on itself, up to the second paragraph above them: its
    accounts elsewhere, its hot line, its host."""
    found = set()
    paragraphs = 0
    # Above a notice's signature its hot line and address are its own.
    signed = max(
        (n for n in range(max(0, len(kept) - TAIL), len(kept)) if _SIGNED.match(lines[kept[n]].text)), default=-1
    )
    below = True  # only such lines so far: who holds an event stands in its notice, who holds the site below it
    for position in range(len(kept) - 1, max(0, len(kept) - 1 - TAIL), -1):
        text = lines[kept[position]].text
        if len(text) < 200 and marks.SITE_HINT.search(text):
            beside = below and marks.FOOTER_BESIDE.search(text) and _is_above_footer(lines, kept[position])
            if beside or (position > signed and marks.PROMOTION.search(text)):
                found.add(position)
        if position not in found and not _is_end(text):
            below = False
            paragraphs += len(text) > 60
            if paragraphs == 2:
                break
    return found


def _is_above_footer(lines: list[Line], i: int) -> bool:
    return any(is_footer(line.text) for line in lines[i + 1 : i + 9])


def _last_at_home(lines: list[Line], kept: list[int], values: list[float], boxes: list[Box]) -> int:
    """The position of the last line of text in the box where most of it stands."""
    main = _main_home(lines, kept, values, boxes)
    return max((n for n, i in enumerate(kept) if values[i] > 0 and _home(lines[i], boxes) == main), default=0)


def _home(line: Line, boxes: list[Box]) -> int:
    """The box that holds a line together with its neighbours: the line's own, or the one around a paragraph's."""
    box = line.box
    if box >= 0 and boxes[box].tag in ("p", "div", "section", "li") and boxes[box].last - boxes[box].first <= 2:
        return boxes[box].parent
    return box


def _main_home(lines: list[Line], kept: list[int], values: list[float], boxes: list[Box]) -> int:
    """The box in which most of the text stands, -1 without text."""
    homes: dict[int, float] = {}
    for i in kept:
        if values[i] > 0:
            home = _home(lines[i], boxes)
            homes[home] = homes.get(home, 0.0) + values[i]
    return max(homes, key=lambda h: homes[h], default=-1)


def _drop_lists(document: Document, kept: list[int], values: list[float], *, trusted: bool) -> list[int]:
    """Without runs of link lines (related items). Links to documents and single links stay; in a container that is
    known to be the body so do those among its paragraphs that no heading calls related."""
    lines, attached = document.lines, document.attached
    final = max((i for i in kept if values[i] > 0), default=-1)
    main = _main_home(lines, kept, values, document.boxes)
    found: list[int] = []
    run: list[int] = []
    for i in [*kept, -1]:
        line = lines[i] if i >= 0 else None
        listed = line is not None and line.linked > 0.6 * _undated(line) and i not in attached
        if line is not None and line.linked and listed and not line.text.startswith(marks.ATTACHED):
            run.append(i)
            continue
        menu = len(run) == 1 and _is_menu(document, run[0], bool(found), final)
        single = len(run) == 1 and line is not None
        if (single and not menu) or (
            trusted
            and run
            and not menu
            and run[-1] < final
            and all(_home(lines[n], document.boxes) == main for n in run)
            and not (found and marks.RELATED.search(lines[found[-1]].text))
        ):
            found.extend(run)
        run = []
        if i >= 0:
            found.append(i)
    return found


def _is_menu(document: Document, i: int, inside: bool, final: int) -> bool:
    """Whether a line above or below the text is nothing but several short links: 政务微博 政务微信 返回顶部."""
    line = document.lines[i]
    if (inside and i < final) or line.linked < 0.9 * len(line.text):
        return False
    return len(line.runs) >= 3 and all(len(text.strip()) <= 8 for text, _, _ in line.runs)


def _undated(line: Line) -> int:
    """The length of a line without the date behind its link, as items of a list have it."""
    length = len(line.text)
    dated = _BEHIND.search(line.text, max(0, length - 24)) if 6 <= line.linked < length else None
    return dated.start() if dated else length


def _running(values: list[float]) -> list[float]:
    return list(accumulate(values, initial=0.0))
