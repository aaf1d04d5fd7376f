"""Which lines of a page are its article's body: site and CMS containers first, then a general scorer of text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate

from govcrawl.extraction import marks
from govcrawl.extraction.document import Box, Document, Line
from govcrawl.extraction.flags import spam_words
from govcrawl.extraction.tidying import is_code, is_footer, is_junk, tidy

_PUNCTUATION = re.compile("[，。！？；,.;!?](?:(?<![,.;!?])|(?=[ ⺀-鿿“]|$))")


# Elements whose name alone tells what they hold; of the others without an id or a class nothing is known.
_TELLING = frozenset(["nav", "footer", "aside", "ucapcontent", "founder-content"])
_PLAIN = (False, 0.0)
# Lines at the ends of a run of text that may belong to it.
EDGE = 5
# Lines in which a notice without sentences ends: a table of a thousand rows.
NOTICE = 5_000


@dataclass(slots=True)
class Body:
    """The chosen lines, in order, and the rule that chose them; `box` is the container, -1 without one."""

    lines: list[int] = field(default_factory=list)
    box: int = -1
    rule: str = "none"
    score: int = 0
    first: int = 0
    last: int = 0


def find(document: Document, title_line: int, *, selected: bool = False) -> Body:
    """The body of a page whose headline stands in line `title_line` (-1 unknown)."""
    names = [
        _named(box.tag, box.id, box.cls, box.block) if box.cls or box.id or box.tag in _TELLING else _PLAIN
        for box in document.boxes
    ]
    noise = _noise_lines(document, names)
    values, own = _values(document, title_line, noise)
    total = _sums(values)
    text = _sums(own)
    lead = _lead(document, title_line, values)
    best = _container(document, names, total, text, lead, selected=selected)
    if title_line >= 0 and (best is None or text[best[0].last] - text[best[0].first] < 160):
        short = tidy(document, _notice(document, title_line, noise), values, trusted=True)
        if short and (best is None or best[1] == "text" or best[0].first > short[-1]):
            chars = sum(len(document.lines[i].text) for i in short)
            if best is None or chars > 1.2 * (text[best[0].last] - text[best[0].first]):
                score = sum(own[i] for i in short)
                return Body(short, document.lines[short[0]].box, "notice", score, short[0], short[-1] + 1)
    if best is None:
        return Body()
    box, rule = best
    below = text[box.last] - text[max(box.first, title_line)]
    if box.first < title_line < box.last and text[title_line] - text[box.first] > 2 * below:
        return find(document, -1, selected=selected)  # no headline stands below its text
    if rule == "text":
        box = _densest(document, (total[box.last] - total[box.first], box), total, lead)
    body = Body(box=box.index, rule=rule, first=box.first, last=box.last)
    body.lines = _clean(document, names, box, title_line, values, trusted=rule != "text")
    body.score = sum(own[i] for i in body.lines)
    return body


def _lead(document: Document, title_line: int, values: list[float]) -> int:
    """The first line of running text below the headline, -1 where rows of links come before it."""
    rows = 0
    for i in range(title_line + 1, min(len(values), title_line + 40)) if title_line >= 0 else ():
        text = document.lines[i].text
        if values[i] >= 14 and (values[i] >= 60 or text[-1] in "。！？”」…"):
            return i
        rows += document.lines[i].linked > 8 and values[i] < 0
        if rows > 3:
            break
    return -1


def _sums(values: Iterable[float]) -> list[float]:
    return list(accumulate(values, initial=0.0))


@lru_cache(maxsize=8192)
def _named(tag: str, name: str, cls: str, block: bool) -> tuple[bool, float]:
    """What an element's names say of it: whether a CMS so marks the body, and how much of the text the element may hold
    and still be left out as navigation, sharing, comments, related items; 0 where the names say nothing."""
    if tag in ("ucapcontent", "founder-content"):
        return True, 0.0
    both = f" {name} {cls}".lower()
    body = not marks.BODY_NAMES.isdisjoint(both.split())
    if not block:
        return body, 0.0
    if tag in ("nav", "footer", "aside"):
        return body, 0.4
    words = both.replace("_", " ").replace("-", " ").split()
    if body or (marks.NOISE_NAMES.isdisjoint(words) and not marks.is_noise(both)):
        return body, 0.0
    return False, 0.7 if marks.SURE_NOISE.search(both) else 0.4  # no article is called comments


def _values(document: Document, title_line: int, noise: list[bool]) -> tuple[list[float], list[int]]:
    """For each line what it is worth as body text, and its characters of running text."""
    values: list[float] = []
    own: list[int] = []
    seen: set[str] = set()
    for i, line in enumerate(document.lines):
        length = len(line.text)
        free = length - line.linked
        paragraph = 0
        if line.hidden:
            value = 0.0
        elif line.linked > 0.5 * length:
            value = -1.2 * line.linked - 2
        elif is_code(line.text):
            value = 0.0
        elif is_footer(line.text):
            value = -20.0
        else:
            sentence = length > 8 and _PUNCTUATION.search(line.text) is not None
            if (sentence and free >= 14) or free >= 50:
                paragraph = min(free, 1500)
                value = float(paragraph) if sentence else 0.4 * paragraph
                if length > 30:
                    if line.text in seen:
                        value, paragraph = 0.0, 0
                    seen.add(line.text)
                if i < title_line:
                    value *= 0.3
            else:
                value = -0.3 * free - 1.5
        if noise[i] and value > 0:
            value, paragraph = -0.2 * value, 0
        values.append(value)
        own.append(paragraph)
    for i in _excerpts(document.lines, own):
        values[i], own[i], noise[i] = -0.3 * own[i], 0, True
    return values, own


def noise_boxes(document: Document) -> set[int]:
    """The boxes named as menus, sharing, related items, and those inside them."""
    noise: set[int] = set()
    for box in document.boxes:
        if box.parent in noise or _named(box.tag, box.id, box.cls, box.block)[1]:
            noise.add(box.index)
    return noise


def is_end(text: str) -> bool:
    """Whether a line is a first mark of an article's end: its editor, related items, the foot of the page."""
    return marks.END.match(text) is not None or is_footer(text)


def _excerpts(lines: list[Line], own: list[int]) -> list[int]:
    """The paragraphs that stand each below a link of its own, three or more in a row: a list of other articles."""
    found: list[int] = []
    row: list[int] = []
    link = -9  # the last line that is a link
    for i, line in enumerate(lines):
        if line.linked > 0.5 * len(line.text):
            link = i
        elif own[i]:
            if not (own[i] < 200 and i - link <= 2 and (not row or i - row[-1] <= 4)):
                found += row if len(row) >= 3 else []
                row = []
            if own[i] < 200 and i - link <= 2:
                row.append(i)
    return found + (row if len(row) >= 3 else [])


def _noise_lines(document: Document, names: list[tuple[bool, float]]) -> list[bool]:
    """Lines inside boxes named as noise, unless such a box holds most of the page's text."""
    lines = document.lines
    chars = _sums([0 if line.hidden else len(line.text) - line.linked for line in lines])
    noise = [False] * len(lines)
    for box, (_, share) in zip(document.boxes, names, strict=True):
        if share and box.last > box.first:
            inside = chars[box.last] - chars[box.first]
            if inside < share * chars[-1]:
                noise[box.first : box.last] = [True] * (box.last - box.first)
    return noise


def _container(
    document: Document,
    names: list[tuple[bool, float]],
    total: list[float],
    text: list[float],
    lead: int,
    *,
    selected: bool,
) -> tuple[Box, str] | None:
    best: tuple[float, Box] | None = None
    cms: tuple[float, Box] | None = None
    site: tuple[float, Box] | None = None
    near: tuple[float, Box] | None = None
    for box, (named, _) in zip(document.boxes, names, strict=True):
        if box.last <= box.first or box.hidden:
            continue
        value = total[box.last] - total[box.first]
        chars = text[box.last] - text[box.first]
        if box.selected:
            shown = float(sum(len(line.text) for line in document.lines[box.first : box.last] if not line.hidden))
            if site is None or shown > site[0]:
                site = (shown, box)
        if named:
            rank = value + 0.2 * chars
            if (
                cms is None
                or rank >= cms[0]
                or (box.first >= cms[1].first and box.last <= cms[1].last and rank > 0.7 * cms[0])
            ):
                cms = (rank, box)
        if (box.block or box.id) and (best is None or value > best[0] or (value == best[0] and value > 0)):
            best = (value, box)
        if box.first <= lead < box.last and (near is None or value > near[0]):
            near = (value, box)
    if near is not None and best is not None and not best[1].first <= lead < best[1].last and near[0] > best[0] / 3:
        best = near
    if selected and site is not None and site[0] > 0:
        return site[1], "site"
    if cms is not None:
        box = _with_siblings(document, names, cms[1])
        inside = text[box.last] - text[box.first]
        whole = text[best[1].last] - text[best[1].first] if best else 0.0
        # A container that leaves most of the text outside is not what its name says.
        if inside > 0.6 * whole or (best is not None and best[0] < 80 and inside > 0):
            return box, "cms"
    if best is None or best[0] <= 0:
        return (cms[1], "cms") if cms is not None else None
    return best[1], "text"


def _with_siblings(document: Document, names: list[tuple[bool, float]], box: Box) -> Box:
    """A body's container with those of the same name that follow one another: some editors set each part in its own."""
    first, last, parent = box.first, box.last, box.parent
    if parent < 0 or not box.cls:
        return box
    beside = [
        other
        for other, (named, _) in zip(document.boxes, names, strict=True)
        if named and other.parent == parent and other.cls == box.cls and other.last > other.first and not other.hidden
    ]
    for other in beside:
        if last <= other.first <= last + 1:
            last = other.last
    for other in reversed(beside):
        if first - 1 <= other.last <= first:
            first = other.first
    return box if (first, last) == (box.first, box.last) else replace(document.boxes[parent], first=first, last=last)


def _densest(document: Document, best: tuple[float, Box], total: list[float], lead: int) -> Box:
    """The best box, or the run of lines with clearly more text in it: in old pages one table cell holds the text and
    long lists of links below it."""
    value, box = best
    first, last, most = _run(total)
    inside = box.first <= first and last <= box.last
    if (
        most <= 1.4 * value
        or (lead >= 0 and not first <= lead < last)
        or (first <= box.first and box.last <= last)
        or not (inside or last <= box.first or box.last <= first)
    ):
        return box
    around = box if inside else document.boxes[0]
    for other in document.boxes:
        if other.first <= first and last <= other.last and other.last - other.first <= around.last - around.first:
            around = other
    # What has no sentences at the run's ends belongs to it too: an address, a signature.
    lines = document.lines
    while first > max(around.first, lead - EDGE) and not lines[first - 1].linked:
        first -= 1
    for i in range(last, min(last + EDGE, around.last)):
        if lines[i].linked or is_footer(lines[i].text):
            break
        last = i + 1
    return replace(around, first=first, last=last)


def _run(total: list[float]) -> tuple[int, int, float]:
    """The lines with the greatest sum of values, half open, and that sum, from the running sums."""
    first = last = low = 0
    most = 0.0
    for i, value in enumerate(total):
        if value - total[low] > most:
            first, last, most = low, i, value - total[low]
        if value < total[low]:
            low = i
    return first, last, most


def _notice(document: Document, title_line: int, noise: list[bool]) -> list[int]:
    """What follows the headline up to the first mark of an end: for notices, tables and verse without sentences."""
    attached = document.attached
    found: list[int] = []
    links = 0
    for i in range(title_line + 1, min(len(document.lines), title_line + NOTICE)):
        line = document.lines[i]
        if line.hidden or noise[i]:
            continue
        if found and (marks.END.match(line.text) or is_footer(line.text)):
            while len(found) > 1 and marks.STAFF.match(document.lines[found[-1]].text):
                found.pop()
            break
        if line.linked > 0.5 * len(line.text) and i not in attached and not line.text.startswith(marks.ATTACHED):
            links += 1
            if links >= 3:
                return [] if found == [i - 3] else found  # the heading of these rows is no text
            continue
        links = 0
        if not is_junk(line.text) and not marks.END.match(line.text):
            found.append(i)
    return found


def _clean(
    document: Document,
    names: list[tuple[bool, float]],
    box: Box,
    title_line: int,
    values: list[float],
    *,
    trusted: bool,
) -> list[int]:
    """The container's lines without what is around the article inside it."""
    lines = document.lines
    first, last = box.first, min(box.last, len(lines))
    if first <= title_line < last:
        first = title_line + 1
    worth = _sums([max(0.0, value) for value in values])
    chars = worth[last] - worth[first]
    drop = [line.hidden for line in lines[first:last]]
    for other, (_, share) in zip(document.boxes, names, strict=True):
        inside = first <= other.first < other.last <= last and (other.first, other.last) != (box.first, box.last)
        if share and inside:
            small = worth[other.last] - worth[other.first] < max(0.3, share - 0.1) * chars
            if small or other.hidden:
                drop[other.first - first : other.last - first] = [True] * (other.last - other.first)
    attached = document.attached
    kept = [
        i
        for i in range(first, last)
        if not drop[i - first]
        and (
            values[i] >= 40  # a sentence
            or i in attached
            or not (
                is_junk(lines[i].text) or (lines[i].linked > 0.5 * len(lines[i].text) and spam_words(lines[i].text))
            )
        )
    ]
    return tidy(document, kept, values, trusted=trusted)


def join(document: Document, chosen: list[int]) -> str:
    """The lines as text: paragraphs by newlines, the cells of a table's row by tabs."""
    lines, boxes = document.lines, document.boxes
    rows: list[tuple[int, list[tuple[int, str]]]] = []
    for i in chosen:
        line = lines[i]
        row = cell = -1
        if line.cell:
            box = line.box
            while box >= 0:
                tag = boxes[box].tag
                if cell < 0 and tag in ("td", "th"):
                    cell = box
                elif tag == "tr":
                    row = box
                    break
                box = boxes[box].parent
        if row >= 0 and rows and rows[-1][0] == row:
            rows[-1][1].append((cell, line.text))
        else:
            rows.append((row, [(cell, line.text)]))
    out: list[str] = []
    for row, parts in rows:
        cells = list(dict.fromkeys(cell for cell, _ in parts))
        if row < 0 or len(cells) < 2 or len(parts) > 4 * len(cells) + 2 or sum(len(t) for _, t in parts) > 1500:
            out.extend(text for _, text in parts)
        else:
            out.append("\t".join(" ".join(t for c, t in parts if c == cell) for cell in cells))
    return "\n".join(t for t in out if t)
