"""The headline and where it stands on the page: the headline line anchors date, source and body."""

import re
from dataclasses import dataclass
from functools import lru_cache

from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.script import nfkc
from govcrawl.extraction.tidying import is_footer

_DROP = re.compile("[\\s\"'“”‘’「」『』《》〈〉【】\\[\\]()（）|｜丨_·・,，:：!！?？。、—–\\-…．.]+")
_SITE = re.compile(
    r"(?:网|網|新闻|新聞|频道|頻道|日报|日報|晚报|晚報|时报|時報|周刊|在线|在線|门户|门户网站|政府|教育[厅局部]|教育委员会|委员会|人民政府|中心|平台|客户端|公众号|博客|论坛|杂志|杂志社|出版社|大学|学院|学校"
    r"|新浪|搜狐|网易|腾讯|凤凰|百度|知乎|首页|正文|资讯|要闻|动态|公告|快讯|专栏|报道|评论|财经|体育|娱乐|科技|教育|社会|文化|国内|国际|时政|地方|军事|汽车|房产|视频|图片|滚动|原创|澎湃|澎湃号|.{0,8}(?:com|cn|net|org))$",
    re.IGNORECASE,
)
_TITLE_NAME = re.compile(
    "title|biaoti|headline|"
    + "|".join(rf"{word}(?<=[\s_-]{word})(?=[\s_\d-])" for word in ("bt", "tit", "tt", "h1", "wzbt", "xwbt"))
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ucaptitle"})
# Alternatives that each begin with a character of their own are searched several times faster than others.
_DAY = r"\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}"
_META_LINE = re.compile(rf"19{_DAY}|20{_DAY}|来源|來源|发布(?:时间|日期)|發[布佈]時間|浏览|作者[:：]|记者|記者")
_LABEL = re.compile(r"^(?:文章)?(?:标\s*题|標題|信息名称|文件名称|名\s*称)\s*[:：]\s*")
_SENTENCE = re.compile(r"[，。！？；,;](?:(?<![,;])|(?=[⺀-鿿]))")
_TOOLS = re.compile(r"^(?:字[号體体]|分享|打印|来源|作者|浏览|【?字|T\||推荐|收藏|评论)")
_CRUMB = re.compile(r"(?:当前|现在|所在|您(?:现|所)在)的?位置|您的位置|首页\s*(?:>|»|/|→|-)|正在阅读")
# A kicker, channel or badge that a template sets before the headline.
_BADGE = re.compile(
    r"^(?:(?:原创|转载|置顶|推荐|热门|独家)\s+|\[(?:置顶|推荐|图文|组图|转载|原创)\]\s*|【(?:置顶|转载)】\s*|[》>·●■◆★]+\s*)"
)
_GENERIC = re.compile(
    r"(?:新闻|动态|公告|通知|要闻|资讯|中心|频道|正文|详情|内容|网|网站|首页|门户|文章|列表|公开|栏目|详细|信息|公司|官网|资讯网|总局|委员会|政府|日报|在线|厅|局|新聞|網|資訊|頻道|首頁|電台|报|報)$"
)
_TAIL = re.compile(r"(?<!\s)\s*+(?:正文|[\[(（]\d{1,3}[/／]\d{1,3}[\])）]|\[\d+\]|<\s*+\d++\s*+>)$")


@dataclass(slots=True)
class Title:
    """The headline, the index of its first and last lines (-1 where it is in no line), and which evidence gave it."""

    text: str
    line: int = -1
    end: int = -1
    evidence: str = "none"


def key(text: str) -> str:
    """A headline as it compares with another: NFKC, without spaces, quotes and punctuation, lower case."""
    bare = _DROP.sub("", text)
    folded = nfkc(bare)
    return (bare if folded == bare else _DROP.sub("", folded)).lower()


def find(
    document: Document, *, known: str | None = None, listed: str | None = None, channel: str | None = None
) -> Title:
    """The headline of a page; never the name of the channel it was listed in."""
    references = _references(document, known, listed, channel)
    lines = document.lines
    keyed = [(evidence, text, key(text)) for evidence, text in references]
    stated = " ".join(text for _, text in references)
    paragraphs = [i for i, line in enumerate(lines) if _paragraph(line)]
    final = paragraphs[-1] if paragraphs else len(lines)
    begins = _beginnings(lines[: final + 1], set(paragraphs))
    best, score = -1, 0.0
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
        if value > 0:
            # Of several places the first is the headline, except for breadcrumbs and lists, which score low.
            value -= min(0.3, 0.004 * seen) + (2.0 if i > final else 0.0)
        seen += 1
        if value > score + 1e-9:
            best, score = i, value
    if best >= 0 and score >= 2.5:
        text, begin, end = _join(document, best, references)
        return Title(_fill(text, references), begin, end, "heading")
    if best >= 0 and score >= 1.5 and all(_generic(text) for _, text in references):
        text, begin, end = _join(document, best, references)
        return Title(text, begin, end, "heading")
    for evidence, text in references:
        if evidence != "whole" and (evidence != "title" or len(key(text)) >= 4):
            return Title(text, best if score >= 1.5 else -1, best if score >= 1.5 else -1, evidence)
    return Title("")


def _generic(reference: str) -> bool:
    """Whether a <title> is the site's or the column's name, the same on every page."""
    return len(key(reference)) <= 14 and _GENERIC.search(reference.strip()) is not None


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
            if (
                len(key(text)) >= 4
                and lines[j].linked < 0.5 * len(text)
                and not _CRUMB.search(text)
                and not _TOOLS.search(text)
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
    return [(evidence, text) for evidence, text in found if len(key(text)) >= 2 and text != channel]


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
        if cut <= 0:
            break
        head, tail = text[:cut].rstrip("_|｜-–—丨－»><· ~"), text[cut + 1 :].strip()
        mark = text[cut]
        spaced = text[cut - 1 : cut] == " " or text[cut - 1 : cut] == mark
        if len(key(head)) < 4:
            break
        sure = mark in "_|｜" or key(tail) in names or spaced or not tail or not re.search("[⺀-鿿\\d]", tail)
        if (sure and len(tail) <= 30) or (
            _SITE.search(tail) and len(tail) <= 20 and not re.search("[，。！？；]", tail)
        ):
            text = head
        else:
            break
    for mark in ("_", "|", "--", " - "):
        first, found, rest = text.partition(mark)
        if found and (key(first) in names or (_SITE.search(first) and len(first) <= 10)) and len(key(rest)) >= 6:
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
    crumb = bool(_CRUMB.search(line.text))
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
    return _TITLE_NAME.search(f" {name} {cls} ".lower()) is not None


def _join(document: Document, i: int, references: list[tuple[str, str]]) -> tuple[str, int, int]:
    """A headline that stands on several lines of one element, or that a reference continues."""
    lines = document.lines
    text, begin, end = lines[i].text, i, i
    others = [key(t) for _, t in references]
    whole = max(others, key=len, default="")
    for j in range(i - 1, max(-1, i - 4), -1):
        before = lines[j]
        if before.hidden or len(before.text) > 120 or not any(key(before.text + text) in other for other in others):
            break
        text, begin = before.text + text, j
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
