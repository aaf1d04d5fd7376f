"""The headline and where it stands on the page: the headline line anchors date, source and body."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from govcrawl.extraction import gates, header
from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.explain import Candidate, Explanation, choose
from govcrawl.extraction.script import fold, nfkc
from govcrawl.extraction.tidying import is_footer

_DROP = re.compile("[\\s\"'“”‘’「」『』《》〈〉【】\\[\\]()（）|｜丨_·・,，:：!！?？。、—–\\-…．.]")
# The patterns below read folded text.
_SITE = re.compile(
    r"(?:网|新闻|频道|日报|晚报|时报|周刊|在线|门户|门户网站|政府|教育[厅局部]|教育委员会|委员会|人民政府|中心|平台|客户端"
    r"|公众号|博客|论坛|杂志|杂志社|出版社|大学|学院|学校|新浪|搜狐|网易|腾讯|凤凰|百度|知乎|首页|正文|资讯|要闻|动态"
    r"|公告|快讯|专栏|报道|评论|财经|体育|娱乐|科技|教育|社会|文化|国内|国际|时政|地方|军事|汽车|房产|视频|图片|滚动"
    r"|原创|澎湃|澎湃号|.{0,8}(?:com|cn|net|org))$",
    re.IGNORECASE,
)
_TITLE_NAME = re.compile(
    "title|biaoti|headline|"
    + "|".join(rf"{word}(?<=[\s_-]{word})(?=[\s_\d-])" for word in ("bt", "tit", "tt", "h1", "wzbt", "xwbt"))
)
_TITLE_PARTS = ("tit", "bt", "tt", "h1", "biaoti", "headline")  # it has one of these, which is sooner found
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ucaptitle"})
# Alternatives that each begin with a character of their own are searched several times faster than others.
_DAY = r"\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}"
# Of lines as published: it is asked of nearly every line of a page.
_META_LINE = re.compile(rf"19{_DAY}|20{_DAY}|来源|來源|发布[时日]|發[布佈][時日]|浏[览覽]|瀏[览覽]|作者[:：]|记者|記者")
_NUMBER = re.compile(
    r"^.{0,16}[〔\[［【（(](?:19|20)\d\d[〕\]］】）)]\s?第?\d{1,5}号$"
)  # a document's, below its headline
_CLOCK = re.compile(r"\d{1,2}:\d\d")
_LABEL = re.compile(r"^(?:文章)?(?:标\s*题|標題|信息名称|文件名称|名\s*称)\s*[:：]\s*")
_SENTENCE = re.compile(r"[，。！？；,;](?:(?<![,;])|(?=[⺀-鿿]))")
_TOOLS = re.compile(r"^(?:字[号体]|分享|打印|来源|作者|浏览|\[?字|T\||推荐|收藏|评论)")
_CRUMB = re.compile(
    r"当前的?位置|现在的?位置|所在的?位置|您现在的?位置|您所在的?位置|您的位置|首页\s*(?:>|»|/|→|-)|正在阅读"
)
# A kicker, channel or badge that a template sets before the headline.
_BADGE = re.compile(
    r"^(?:(?:原创|转载|置顶|推荐|热门|独家)\s+|\[(?:置顶|推荐|图文|组图|转载|原创)\]\s*|【(?:置顶|转载)】\s*|[》>·●■◆★*]+\s*)"
)
_GENERIC = re.compile(
    r"(?:新闻|动态|公告|通知|要闻|资讯|中心|频道|正文|详情|内容|网|网站|首页|门户|文章|列表|公开|栏目|详细|信息|公司|官网"
    r"|资讯网|总局|委员会|政府|日报|在线|厅|局|电台|报)$"
)
_OFFICE = re.compile(
    "(?:网|网站|门户|厅|局|委员会|政府|电台|[日晚时]报|公司)$"
)  # as logo or above the headline none itself
_TAIL = re.compile(r"(?<!\s)\s*+(?:正文|[\[(（]\d{1,3}[/／]\d{1,3}[\])）]|\[\d+\]|<\s*+\d++\s*+>)$")


@dataclass(slots=True)
class Title:
    """The headline, the index of its first and last lines (-1 where it is in no line), which evidence gave it,
    and what stood behind it in its element, a date or the source."""

    text: str
    line: int = -1
    end: int = -1
    evidence: str = "none"
    rest: str = ""

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)  # the same lines are compared several times
def key(text: str) -> str:
    """A headline as it compares with another: NFKC, without spaces, quotes and punctuation, lower case."""
    bare = _DROP.sub("", text)
    folded = nfkc(bare)
    return (bare if folded == bare else _DROP.sub("", folded)).lower()


def find(
    document: Document,
    *,
    known: str | None = None,
    listed: str | None = None,
    channel: str | None = None,
    explanation: Explanation | None = None,
) -> Title:
    """The headline of a page; never the name of the channel it was listed in, never a word of the page's frame."""
    references = _references(document, known, listed, channel)
    around = gates.Surroundings(channel=fold(channel or ""))
    winner = choose(
        "title",
        _candidates(document, _ranked(document, references, channel), references),
        lambda found: gates.title(found.text, around),
        explanation,
    )
    return winner.value if winner else Title("")


def _candidates(
    document: Document, ranked: list[tuple[float, int]], references: list[tuple[str, str]]
) -> Iterator[Candidate[Title]]:
    """What could be the headline: the lines that most speaks for, then what the head of the page states, then the first
    line above the text."""
    lines = document.lines
    generic = all(_generic(text) for _, text in references)
    for score, i in ranked:
        if score >= 2.5:
            yield _heading_at(document, i, score, references)
    first = _opening(document) if generic else None
    if first is not None:
        text, rest = cut_end(tidy(lines[first].text))
        yield Candidate(Title(text, first, first, "opening", rest), "first line above the text", lines[first].text)
    if generic and ranked and ranked[0][0] < 2.5:
        yield _heading_at(document, ranked[0][1], ranked[0][0], references)
    place = ranked[0][1] if ranked else -1
    for evidence, stated in references:
        text, _ = cut_end(stated)
        enough = len(key(text)) >= 4 and re.search("[⺀-鿿]", text) is not None
        if evidence != "whole" and (evidence not in ("title", "og") or enough):
            yield Candidate(Title(text, place, place, evidence), _EVIDENCE[evidence], stated)


def _heading_at(document: Document, i: int, score: float, references: list[tuple[str, str]]) -> Candidate[Title]:
    """A line that something speaks for, whole, without what stands behind the headline."""
    text, begin, end = _join(document, i, references)
    text, rest = cut_end(_fill(text, references) if score >= 2.5 else text)
    return Candidate(Title(text, begin, end, "heading", rest), f"line, score {score:.1f}", document.lines[i].text)


_EVIDENCE = {
    "known": "stated by the site's data",
    "meta": "meta tag ArticleTitle",
    "title": "<title>",
    "og": "meta tag og:title",
    "listed": "title in the listing",
}


def _ranked(document: Document, references: list[tuple[str, str]], channel: str | None) -> list[tuple[float, int]]:
    """The lines that something speaks for, with their scores, best and then first ones first."""
    lines = document.lines
    keyed = [(evidence, text, key(text)) for evidence, text in references]
    stated = " ".join(text for _, text in references)
    paragraphs = [i for i, line in enumerate(lines) if len(line.text) >= 28 and _paragraph(line)]
    final = paragraphs[-1] if paragraphs else len(lines)
    begins = _beginnings(lines[: final + 1], set(paragraphs))
    generic = all(_generic(text) for _, text in references)
    frame = {key(text) for _, text in references if _generic(text) and _OFFICE.search(text)}
    found: list[tuple[float, int]] = []
    score = 0.0
    seen = 0
    for i, line in enumerate(lines):
        if i > final and score >= 2.5:
            break
        if line.hidden or not 2 <= len(line.text) <= 160 or line.text == channel:
            continue
        # Most lines of a page can be no headline: nothing states them and nothing marks their place.
        text = line.text
        if not (
            i in begins
            or text[:3] in stated
            or text[-3:] in stated
            or text[1:4] in stated
            or _in_heading(document, line)
        ):
            seen += 1
            continue
        value = _score(document, i, line, keyed) + begins.get(i, 0.0)
        if generic and i in begins and line.linked > 0.5 * len(text):
            value += 2.0  # the headline of a blog links to itself
        if frame and key(text) in frame:
            value -= 4.0
        if value > 0:
            # Of several places the first is the headline, except for breadcrumbs and lists, which score low.
            value -= min(0.3, 0.004 * seen) + (2.0 if i > final else 0.0)
        seen += 1
        if value >= 1.5:
            found.append((value, i))
            score = max(score, value)
    return sorted(found, key=lambda pair: (-round(pair[0], 9), pair[1]))


def _opening(document: Document) -> int | None:
    """The first of the few short lines right above the text, on a page that says nothing else of its headline."""
    lines = document.lines
    visible = [i for i, line in enumerate(lines) if not line.hidden]
    start = next((n for n, i in enumerate(visible) if len(lines[i].text) - lines[i].linked >= 24), 0)
    found = None
    for i in reversed(visible[max(0, start - 5) : start]):
        text = lines[i].text
        if (
            len(text) > 60
            or lines[i].linked
            or _CRUMB.search(fold(text))
            or _TOOLS.search(fold(text))
            or not re.search("[⺀-鿿]", text)
            or gates.is_interface(fold(text))
            or text.endswith(("：", ":", "。"))
        ):
            break
        if len(key(text)) >= 4 and not _META_LINE.search(text):
            found = i
    return found


def cut_end(text: str) -> tuple[str, str]:
    """A headline without the date, clock or source line behind it in its element, and what was cut: 开学通知 2024-03-12
    来源：某报. A day in words (2024年3月12日) belongs to a headline."""
    if not _MAY_END.search(text):
        return text, ""
    folded = fold(text)
    cut = len(text)
    for value in header.read({0: text}).values:
        if value.kind in _BEHIND and value.mark == ":" and value.start and text[value.start - 1] in " \x1f（([【\u3000":
            cut = min(cut, value.start)
    for pattern in (_BEHIND_DATE, _BEHIND_CLOCK):
        match = pattern.search(folded, 0, cut)
        if match:
            cut = min(cut, match.start())
    head = text[:cut].rstrip(" \u3000([（【|·-")
    return (head, text[cut:]) if cut < len(text) and len(key(head)) >= 4 else (text, "")


_FOREIGN = re.compile("[a-z]{1,12}")  # the name of a product or site
_MAY_END = re.compile(r"[:：]|\d[-/.]\d")
_BEHIND = frozenset({"source", "author", "editor", "published", "date", "updated", "hits", "index_number"})
_BEHIND_DATE = re.compile(
    r"(?<![ \[(])[ \[(]++(?:19|20)\d\d ?[-/.] ?\d{1,2} ?[-/.] ?\d{1,2}(?: ?\d{1,2}:\d\d(?::\d\d)?)?[ \])]*$"
)
_BEHIND_CLOCK = re.compile(r"(?<![ \[(])[ \[(]++\d{1,2}:\d\d(?::\d\d)?[ \])]*+$")


def _generic(reference: str) -> bool:
    """Whether a <title> is the site's or the column's name, the same on every page."""
    return len(key(reference)) <= 14 and _GENERIC.search(fold(reference.strip())) is not None


def _paragraph(line: Line) -> bool:
    free = len(line.text) - line.linked
    return (
        not line.hidden
        and free >= 28
        and line.linked < free
        and bool(_SENTENCE.search(line.text))
        and not is_footer(line.text)
    )


def _beginnings(lines: list[Line], paragraphs: set[int]) -> dict[int, float]:
    """Lines that stand where headlines stand: before a line of date or source that text follows soon."""
    found: dict[int, float] = {}
    visible = [i for i, line in enumerate(lines) if not line.hidden]
    for position, i in enumerate(visible):
        line = lines[i]
        if (
            len(line.text) > 200
            or line.linked > 0.7 * len(line.text)
            or not _META_LINE.search(line.text)
            or i in paragraphs
        ):
            continue
        if not any(j in paragraphs for j in visible[position + 1 : position + 8]):
            continue
        value = 2.6
        for j in reversed(visible[max(0, position - 3) : position]):
            text = lines[j].text
            if _META_LINE.search(text):
                break
            if _NUMBER.search(text):
                continue
            if (
                len(key(text)) >= 4
                and (lines[j].linked < 0.5 * len(text) or (j == visible[position - 1] and _CLOCK.search(line.text)))
                and not _CRUMB.search(fold(text))
                and not _TOOLS.search(fold(text))
            ):
                found[j] = max(found.get(j, 0.0), value)
                value -= 0.9
    return found


def _references(
    document: Document, known: str | None, listed: str | None, channel: str | None
) -> list[tuple[str, str]]:
    """What states the headline beside the visible text, best first."""
    found: list[tuple[str, str]] = []
    if known:
        found.append(("known", known))
    meta = document.first_meta("articletitle")
    sites = [document.first_meta("sitename", "og:site_name"), document.first_meta("columnname"), channel or ""]
    if meta:
        found.append(("meta", tidy(meta)))
    if document.title:
        found.append(("title", strip_site(document.title, sites)))
        whole = tidy(document.title)
        if whole != found[-1][1]:
            found.append(("whole", whole))
    for name in ("og:title", "twitter:title", "title"):
        value = document.first_meta(name)
        if value:
            found.append(("og", strip_site(value, sites)))
    if listed and not listed.rstrip().endswith(("...", "…")):
        found.append(("listed", tidy(listed)))
    return [
        (evidence, text)
        for evidence, text in found
        if len(key(text)) >= 2 and text != channel and gates.title(text) is None and not _FOREIGN.fullmatch(key(text))
    ]


def tidy(text: str) -> str:
    """A headline without the badge before it and the page number behind it."""
    text = _LABEL.sub("", text.strip().strip(":：").strip())
    for _ in range(3):
        text, before = _BADGE.sub("", text), text
        if text == before:
            break
    return _TAIL.sub("", text).strip()


def strip_site(title: str, sites: list[str]) -> str:
    """The <title> without the names of site and channels that templates append or set before it."""
    names = {key(s) for s in sites if s}
    text = tidy(title)
    for _ in range(6):
        cut = max(map(text.rfind, "_|｜-–—丨－»>·<~"))
        if cut <= 0 or re.match(r"\d[-–]\d", text[cut - 1 : cut + 2]):
            break
        head, tail = text[:cut].rstrip("_|｜-–—丨－»><· ~"), text[cut + 1 :].strip()
        mark = text[cut]
        spaced = text[cut - 1 : cut] == " " or text[cut - 1 : cut] == mark
        if len(key(head)) < 4:
            break
        sure = mark in "_|｜" or key(tail) in names or spaced or not tail or not re.search("[⺀-鿿\\d]", tail)
        if (sure and len(tail) <= 30) or (
            _SITE.search(fold(tail)) and len(tail) <= 20 and not re.search("[，。！？；]", tail)
        ):
            text = head
        else:
            break
    for mark in ("_", "|", "--", " - "):
        first, found, rest = text.partition(mark)
        if found and (key(first) in names or (_SITE.search(fold(first)) and len(first) <= 10)) and len(key(rest)) >= 6:
            text = rest.strip(" -_|")
    return text.strip()


def _score(document: Document, i: int, line: Line, references: list[tuple[str, str, str]]) -> float:
    text = _LABEL.sub("", line.text)
    own = key(text)
    if len(own) < 2:
        return 0.0
    value = 0.0
    for rank, (evidence, reference, other) in enumerate(references):
        if own == other:
            match = 5.0
        elif len(own) >= max(5, 0.35 * len(other)) and (other.startswith(own) or other.endswith(own)):
            match = 2.0 + 2.5 * len(own) / len(other)
        elif len(other) >= 5 and own.startswith(other) and len(own) < 2 * len(other) + 10:
            match = 4.0
        elif len(other) >= 6 and other in own and len(own) < 1.4 * len(other) + 4:
            match = 3.5
        elif len(own) >= 6 and own in other:
            match = 2.0 + 2.0 * len(own) / len(other)
        else:
            continue
        if len(other) <= 4 or _generic(reference):
            match = min(match, 1.5)  # the <title> of every page of the site
        value = max(value, match - 0.1 * rank + (1.0 if evidence in ("known", "meta") else 0))
    tag, named = _heading(document, line)
    crumb = bool(_CRUMB.search(fold(line.text)))
    if len(own) >= 5 or value or tag == "h1":
        value += {"h1": 2.0, "ucaptitle": 2.5, "h2": 1.4, "h3": 1.0, "h4": 0.7, "h5": 0.6, "h6": 0.4}.get(tag, 0.0)
        value += 0.8 if named else 0.0
    if line.linked > 0.5 * len(line.text):
        value -= 2.5
    if crumb:
        value -= 2.5
    if len(own) >= 6 and value > 0:
        for j in range(i + 1, min(i + 6, len(document.lines))):
            following = document.lines[j]
            if not following.hidden and len(following.text) < 200 and _META_LINE.search(following.text):
                value += 1.2
                break
    if (named or tag) and len(own) >= 8 and not line.linked:
        below = next((ln for ln in document.lines[i + 1 : i + 4] if not ln.hidden), None)
        value += (
            1.0
            if below is not None and len(below.text) >= 20 and not below.linked and _SENTENCE.search(below.text)
            else 0.0
        )
    if _META_LINE.match(line.text):
        value -= 1.0
    return value


def _in_heading(document: Document, line: Line) -> bool:
    box = document.boxes[line.box] if line.box >= 0 else None
    if box is None:
        return False
    if (box.id or box.cls) and _title_name(box.id, box.cls):
        return True
    return box.tag in _HEADINGS or (box.parent >= 0 and document.boxes[box.parent].tag in _HEADINGS)


def _heading(document: Document, line: Line) -> tuple[str, bool]:
    """The heading element about a line, "" for none, and whether an element about it is named as the title's."""
    tag, named = "", False
    box = line.box
    for _ in range(4):
        if box < 0:
            break
        found = document.boxes[box]
        if found.tag in _HEADINGS:
            tag = tag or found.tag
        named = named or ((found.id != "" or found.cls != "") and _title_name(found.id, found.cls))
        box = found.parent
    return tag, named


@lru_cache(maxsize=4096)
def _title_name(name: str, cls: str) -> bool:
    both = f" {name} {cls} ".lower()
    return any(word in both for word in _TITLE_PARTS) and _TITLE_NAME.search(both) is not None


def _join(document: Document, i: int, references: list[tuple[str, str]]) -> tuple[str, int, int]:
    """A headline that stands on several lines of one element, or that a reference continues."""
    lines = document.lines
    text, begin, end = lines[i].text, i, i
    others = [key(t) for _, t in references]
    whole = max(others, key=len, default="")
    heading = document.boxes[lines[i].box]
    whole_heading = heading.tag in ("h1", "h2", "ucaptitle") and heading.first >= i - 3
    for j in range(i - 1, max(-1, i - 4), -1):
        before = lines[j]
        if before.hidden or len(before.text) > 120:
            break
        if any(key(before.text + text) in other for other in others):
            text, begin = before.text + text, j
        elif (
            whole_heading
            and before.box == lines[i].box
            and bool(before.linked) == bool(lines[i].linked)
            and key(text) not in others
            and not _META_LINE.search(before.text)
        ):
            text, begin = f"{before.text} {text}", j
        else:
            break
    for j in range(i + 1, min(i + 4, len(lines))):
        following = lines[j]
        if following.hidden or len(following.text) > 120:
            break
        grown = key(text + following.text)
        heading = document.boxes[lines[i].box]
        same = following.box == lines[i].box and heading.tag in ("h1", "h2", "ucaptitle") and heading.last <= i + 4
        if any(other.startswith(grown) for other in others) and (same or len(key(text)) < len(whole)):
            text, end = f"{text} {following.text}" if _needs_space(text, references) else text + following.text, j
        elif (
            same
            and bool(following.linked) == bool(lines[i].linked)
            and key(text) not in others
            and key(following.text) not in key(text)
            and not _META_LINE.search(following.text)
        ):
            text, end = f"{text} {following.text}", j
        else:
            break
    return tidy(text), begin, end


def _needs_space(text: str, references: list[tuple[str, str]]) -> bool:
    return any(" " in other[len(text) - 2 : len(text) + 2] for _, other in references)


def _fill(text: str, references: list[tuple[str, str]]) -> str:
    """A headline cut by "…" in full, where a reference begins with it."""
    own = key(text)
    for _, other in references:  # a counter glued to the headline
        stem = key(other)
        if len(stem) >= 5 and own.startswith(stem) and own[len(stem) :].isdigit() and not text.endswith((")", "）")):
            return other
    bare = text.rstrip("….")
    if bare != text and len(bare) >= 8:
        for _, other in references:
            if (
                other.startswith(bare)
                and not re.search(r"[_|｜]| - ", other[len(bare) :])
                and not other.endswith(("…", "..."))
                and len(other) > len(bare) + 1
            ):
                return other
    return text
