"""What of an article's text is compared: the body without the lines that each outlet writes itself, letters only."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# A page that never ends is compared by its beginning.
CHARACTERS = 200_000
_HEAD_LINES, _TAIL_LINES = 6, 10

_LABEL = re.compile(
    r"[\s(\[【<〔]*(?:信息来源|文章来源|新闻来源|资料来源|来源|稿源|转载自|转自|摘自|发布时间|发布日期|发表时间|更新时间|时间|日期"
    r"|作者|记者|本报记者|见习记者|通讯员|撰稿|撰文|供稿|供图|摄影|图片|文字|编辑|责任编辑|责编|编审|审核|审校|复审|终审|校对|监制|主编"
    r"|值班编辑|浏览次数|浏览量|阅读量|阅读次数|点击数|点击率|字号|字体|打印|分享到|分享|原标题|原题|版权|声明|编者按|编者的话|本网编者)"
    r"\s*[::|/\])】]"
)
_DATE = re.compile(
    r"[\s(\[]*(?:(?:19|20)\d\d\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}\s*日?|[二一][〇零○O0oo九一二三四五六七八]{3}年[一二三四五六七八九十]{1,3}月"
    r"[一二三四五六七八九十]{1,3}日)(?:\s*\d{1,2}[::]\d\d(?:[::]\d\d)?)?[\s)\]]*"
)
# 新华社北京1月12日电(记者 某某)  本报讯  中国教育报-中国教育新闻网讯(通讯员 某某)
_LEAD = re.compile(
    r"\s*(?:[^。,;:!?\n]{2,30}?(?:讯|电)(?:\s+|(?=[(\[])|$)(?:\s*[(\[](?:[^)\]\n]{0,60})[)\]])?"
    r"|[^。,;!?\n]{0,30}\((?:本报|本网|见习|实习)?(?:记者|通讯员|作者)[^)\n]{0,60}\))\s*"
)
_CREDIT = re.compile(
    r"\s*[(\[【](?:来源|转自|摘自|记者|本报记者|本网记者|通讯员|作者|编辑|责任编辑|责编|完|文/|图/|文|供稿)[^)\]】\n]{0,60}[)\]】]\s*$"
)
_SENTENCE_END = re.compile(r"[。!?;\n]")
_NOISE = re.compile(r"[\W_]+")


class Compared(NamedTuple):
    """``letters``: letters, digits and ideographs of the body in NFKC and lower case, nothing between them; ``first``:
    its first sentence as written; ``plain``: the body in NFKC with its punctuation."""

    letters: str
    first: str
    plain: str


def compared(text: str | None, title: str | None = None) -> Compared:
    """The part of a text that says whether it is another's reprint. Source line, date line, lead, signature and editor
    are left out, and a first line that repeats the title."""
    lines = [line.strip() for line in unicodedata.normalize("NFKC", (text or "")[:CHARACTERS]).split("\n")]
    lines = [line for line in lines if line]
    headline = letters(title or "")
    start, end = 0, len(lines)
    while start < min(end - 1, _HEAD_LINES) and (_is_furniture(lines[start]) or letters(lines[start]) == headline):
        start += 1
    while end - 1 > start and len(lines) - end < _TAIL_LINES and _is_furniture(lines[end - 1]):
        end -= 1
        # What stands alone above a closing date is who signed.
        if _DATE.fullmatch(lines[end]):
            while end - 1 > start and len(lines) - end < _TAIL_LINES and _is_signature(lines[end - 1]):
                end -= 1
    kept = lines[start:end]
    if kept:
        kept[0] = _LEAD.sub("", kept[0], count=1) if _LEAD.match(kept[0]) else kept[0]
        kept[-1] = _CREDIT.sub("", kept[-1])
    plain = "\n".join(kept)
    first = next((s for s in _SENTENCE_END.split(plain[:1000]) if len(letters(s)) >= 6), "")
    return Compared(letters(plain), first.strip()[:160], plain)


def letters(text: str) -> str:
    """Letters, digits and ideographs only, in NFKC and lower case."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).lower()


def _is_furniture(line: str) -> bool:
    return len(line) <= 80 and bool(_LABEL.match(line) or _DATE.fullmatch(line))


def _is_signature(line: str) -> bool:
    return len(line) <= 30 and not re.search(r"[。,;:!?、]", line)
