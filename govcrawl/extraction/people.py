"""来源, 作者 and 责任编辑 from labels, bylines and datelines, in the header, in the body's ends and in the meta tags."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govcrawl.extraction import dates
from govcrawl.extraction.names import (
    NOBODY,
    is_name,
    is_organisation,
    people,
    split_names,
)

_GAP = r"[ \x1f]*+"
_COLON = rf"{_GAP}[:：︱︰∶]{_GAP}"
_MARK = rf"{_GAP}[:：︱︰∶/／|｜丨]{_GAP}"
_SOURCE_LABEL = r"(?:信息|文章|新闻|新聞|稿件|本文|内容|消息|原文|来稿)?[ ]?(?:来[ ]{0,4}源|來[ ]{0,4}源|出[ ]?处|稿源|转自|轉自|供稿单位|信息提供)(?:于|自|為|为)?"
_AUTHOR_LABEL = r"(?:本文|文章|原文|特约)?(?:作[ ]{0,4}者|撰[ ]?稿人?|撰[ ]?文|执[ ]?笔|採訪|采[ ]?写|采访|編譯|编译|原创|供稿人|投稿人|文[/／]图|图[/／]文|图文|(?:本报|本網|本网|特约|见习|实习)?记[ ]{0,4}者|(?:本報|特約)?記[ ]{0,4}者|通讯员|評論員|评论员|报送人)"
_EDITOR_LABEL = r"(?:责[ ]?任?[ ]?编[ ]?辑?|責[ ]?任?[ ]?編[ ]?輯?|(?:本文|网络|新闻|本期|值班|执行|版面|网页|網絡|文字|微信|新媒体|实习|见习)?编[ ]{0,4}辑|(?:網絡|網路|本文)?編[ ]{0,4}輯|小编)"
_OTHER_LABEL = r"(?:实际入稿|實際入稿|入稿|发布|發布|發佈|更新|发表|發表|时间|時間|日期|浏览|瀏覽|点击|點擊|阅读|閱讀|查看|访问|人气|次数|字号|字体|字體|大小|分享|打印|评论|評論|栏目|频道|标签|關鍵|关键|收藏|校对|校對|审核|審核|核稿|签发|摄影|攝影|主编|监制|责校|终审|初审|复审|选稿|排版|视觉|设计|我要|微信|微博|扫描|版权|推荐|纠错|举报|上一|下一|原标题|原標題|统筹|策划|运营|制图|出品|摄|网友|網友|已有|手机看)"
_STOP = re.compile(
    rf"[ \x1f]{{0,8}}(?:{_SOURCE_LABEL}{_COLON}|{_AUTHOR_LABEL}{_COLON}|{_EDITOR_LABEL}{_COLON}|[|｜](?!\S{{0,2}}$)| {{3,}}|(?:19|20)\d\d[ ]?[-年/.]|[\])）】〗>]|[。！？])"
    rf"|[ \x1f|｜,，;；]{{1,20}}+(?:{_OTHER_LABEL}|{_SOURCE_LABEL}[ \x1f]|{_AUTHOR_LABEL}[ \x1f]|{_EDITOR_LABEL}[ \x1f])|{_OTHER_LABEL}(?:[者人]|时间|時間|日期|次数|量|数|率)?{_COLON}|\d{{1,9}}次|[(（]\d",
)
_EDGE = r"(?:^|[ \x1f\[【（(:：\d日|｜，,。、/●]|(?<=[^\w]))"
_SOURCE = re.compile(
    rf"(?:{_EDGE}|(?=[来來]))(?<!图片)(?<!圖片)(?<!资料)(?<!資料)(?<!数据)(?<!素材)(?P<label>{_SOURCE_LABEL}){_MARK}"
)
_SOURCE_BARE = re.compile(r"(?:^|[\x1f|｜ ]) ?(?:本文|文章)?(?:来源|來源)(?:于)?[ \x1f]*(?=[\w《“])(?!于)")
_AUTHOR = re.compile(rf"(?:{_EDGE}|(?=作者|採訪))(?P<label>{_AUTHOR_LABEL}){_MARK}|(?:^|[【（(\[])(?P<short>文){_MARK}")
_AUTHOR_BARE = re.compile(r"(?:^|[\x1f|｜] ?)作者[ \x1f]*(?=[\w《“])")
_EDITOR = re.compile(
    rf"(?<![A-Za-z])(?P<label>{_EDITOR_LABEL})(?:{_MARK}|[ \x1f]+(?=[⺀-鿿]{{2,4}}{_GAP}(?:[\]】)）|｜]|$|(?:校对|排版|审核|设计|责编)[ \x1f])))"
)
_EDITOR_AFTER = re.compile(r"[（(]\s*(?P<names>[⺀-鿿]{2,4})\s+(?:责任|責任)?[编編][辑輯]\s*[)）]")
_ROLE = r"(?:记者|記者|评论员|評論員|特派员|特派員|撰稿人|实习生|實習生)"
# （记者 张三 李四）, 本报讯 记者张三, □快報記者 劉峻: only where a paragraph begins or a bracket opens.
_OPENING = re.compile(
    rf"^[^。；]{{0,60}}?[（(〔【\[][^（）()]{{0,14}}?{_ROLE}\s*+[:：/／]?\s*+(?P<names>[^）)】〕\]。：:]{{2,70}})[）)】〕\]]"
)
_BRACKET = re.compile(rf"[（(][^（）()，。]{{0,14}}?{_ROLE}\s*+[:：]?\s*+(?P<names>[^（）()。，：:]{{2,50}})[)）]")
_WIRE = re.compile(r"^[^。，；（(]{2,24}[电電讯訊]\s*[（(](?P<names>[⺀-鿿、 ]{2,20})[)）]")
_REPORTED = re.compile(r"[（(](?P<names>[^（）()，。：:]{2,20}?(?:報導|报导|报道|報道))[)）]")
_AUTHOR_LINE = re.compile(r"作者|记者|記者|撰稿|撰文|采写|执笔")
_LEAD = re.compile(
    rf"^[□◎●■◆\s]*+[\d⺀-鿿·《》]{{0,14}}?(?:讯|訊|电|電|报|報|社|网|網|^)?[\s　]*+(?:本报|本報|本网|本刊|特约|见习|实习|首席){{0,3}}{_ROLE}\s*+(?P<names>[⺀-鿿·、，, 　]{{2,30}}?)(?:[\s　]*(?:报道|報道|報導|报导|摄|通讯员|電|电|发自)|$|[\s　]{{2,}})"
)
_BYLINE = re.compile(
    rf"^[\s【\[（(《〔■□◎●◆—-]*(?:[^\s】\]）)：:]{{0,16}}?)(?:{_ROLE}|撰稿|作者|专栏作者|采写|采写报道|编译|編譯|文)\s*[:：/／︱|]?\s*(?P<names>[^。！？：:]{{2,50}}?)[\s】\]）)〕]*(?:[/／╱].{{2,8}})?$",
)
# After the reporter a byline may name others: 每经记者 张三 每经编辑 李四.
_THEN = re.compile(r"(?<=[⺀-鿿])\s+[⺀-鿿]{0,4}(?:编辑|編輯|责编|責編|校对|审核|摄影|攝影|视频|图片|设计)")
_SLASH = re.compile(r"(?P<one>[^/／╱]{2,20}?)\s*+[/／╱]\s*+(?P<two>.{2,24})$")
_REPORT = re.compile(r"(?:[報报][導导道]|外[電电]|專電|专电|整理|採訪報導)$")
_TAIL = re.compile(r"[（(〔【]\s*+(?P<names>[^（）()〔〕【】\[\]]{2,60})\s*+[)）〕】]\s*+$")
_NOT_AUTHORS = re.compile(
    r"摄|攝|摄影|图片|圖片|供图|编辑|编輯|編輯|责编|責編|来源|來源|资料|資料|化名|原题|原题为|原标题|原載|原载|译自|刊于|选自|摘自|本文|作者单位|校对|綜合(?![報报])|综合$|整理$|(?:综合|整理|编译|摘编|改编)自|見習$|单位[:：]"
)
_NO_SOURCE = re.compile(
    r"^(?:null|none|undefined|无|未知|不详|佚名|-+|作者|编辑|时间|浏览|点击|责任编辑|发布|字号|字体|\d+|其他|其它|暂无|[:：]+|于)$",
    re.IGNORECASE,
)
_CREDITED = re.compile(r"(?P<outlet>\S{2,12}(?:网|網|报|報|社|电视台|周刊))[ \x1f]+(?P<name>[⺀-鿿]{2,3})")
_OUTLET = re.compile(
    r"(?:网|網|报|報|社|台|电视|電視|新闻|新聞|晚报|在线|在線|杂志|雜誌|雜志|周刊|週刊|客户端|频道|頻道|财经|科技|体育|资讯|时评|号|局|厅|部|委|会|办|处|政府|大学|学院|学校|中心|站|院|協會|集团|公司|发布|传媒|傳媒|广播|廣播|视频|社区|快訊|快讯|之家|醒報|商訊|人民|政务|公众号|商讯|參考|参考|参考消息|科学人|家园|文摘|热线|云|\.com|\.cn)$",
    re.IGNORECASE,
)
_NOTICE = re.compile(r"凡|注明|註明|转载|轉載|版权|版權|声明|(?:图片|圖片|资料|資料|数据|素材)[来來]源")
_WORD = re.compile(
    r"^(?:報導|报导|报道|讯|专讯|编译|整理|打印本文章|打印本文|综合报道|本报讯|首页|正文|字号|字体|大|中|小|打印|分享|评论|微博|微信|更多|阅读|浏览|点击|收藏|举报|原创|转载|来自|关闭|返回|登录|注册|订阅|关注|讨论|投稿|纠错|我有话说|参与|参与互动|责编|编辑|作者|来源|时间|发布|查看|次|人|条|條|手机看新闻|保存|复制链接|二维码|扫一扫|T|下载客户端|独家抢先看|网友评论|我要评论|網友評論|一键登录|QQ空间|新浪微博|微信好友|企鹅号|优质原创作者|站内|正文|推荐|专栏|评论员|记者|昨天|今天|前天|刚刚|发表于|发布于|朗读|听新闻|[\d\W]+)$",
)
_SOURCE_HINT = re.compile(
    r"source|laiyuan|copyfrom|media(?![_-]?meta)|(?:^|[\s_-])(?:from|origin|ly|mp-?name|wemedia|nickname|account)|js_name|publisher",
    re.IGNORECASE,
)
_NAME_HINT = re.compile(
    r"author|writer|editor-name|user-?name|nick|byline|byname|zuozhe|reporter|rich_media_meta_text", re.IGNORECASE
)


_OPEN = re.compile(r"[(（][^()（）]*$")
_LABEL = re.compile(rf"{_SOURCE_LABEL}{_COLON}|{_AUTHOR_LABEL}{_COLON}|{_EDITOR_LABEL}{_COLON}")
_PARTS = re.compile(r"[|｜\u3000]| +")
_COLONS = re.compile(r"[:：︱︰∶/／|｜丨编編](?:(?<![编編])|[辑輯])")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a header line that no label claims. `hint` are the id and class names of the element around it."""

    text: str
    hint: str
    dated: bool
    near: bool = False


def value_at(text: str, start: int) -> str:
    """The value from a label's end to the next label, date, bracket or wide gap."""
    rest = text[start : start + 120]
    stop = _STOP.search(rest)
    # A bracket that was opened inside the value belongs to it.
    while stop and rest[stop.start()] in ")）" and _OPEN.search(rest, 0, stop.start()):
        stop = _STOP.search(rest, stop.start() + 1)
    return (rest[: stop.start()] if stop else rest).strip(" \x1f")


def _values(pattern: re.Pattern[str], lines: Sequence[str]) -> Iterable[str]:
    """The value of each match; a label at its line's end takes the next line where that can be a value."""
    for position, text in enumerate(lines):
        if not _COLONS.search(text):
            continue
        for match in pattern.finditer(text):
            value = value_at(text, match.end())
            if not value and not text[match.end() :].strip(" \x1f)）]】") and position + 1 < len(lines):
                following = lines[position + 1]
                if len(following) <= 24 and not _STOP.match(following) and not re.search(r"[:：。，]|^\d+$", following):
                    value = following.strip(" \x1f")
            yield value


def _unbracketed(text: str) -> str:
    """Text without the round brackets at its ends, but for one that closes what opens inside: 办公室(规划处)."""
    bare = text.strip("()（） |｜:：，,;；[]【】<>—·")
    at = text.find(bare) + len(bare)
    return bare + text[at] if bare and _OPEN.search(bare) and text[at : at + 1] in (")", "）") else bare


def clean_source(value: str) -> str | None:
    """A source as credited, without link texts, brackets and labels around it; None where nothing is left."""
    parts = [_unbracketed(p.strip(" \x1f|｜:：，,;；[]【】<>—·")) for p in value.split("\x1f")]
    parts = [p for p in parts if p and not _WORD.match(p)]
    if not parts:
        return None
    text = parts[0]
    if len(parts) > 1 and (re.match(r"[-—·－]", parts[1]) or text.endswith(("-", "—", "·", "－"))):
        text = "".join(parts)
    text = re.sub(r"^(?:(?:信息|文章|稿件)?(?:来源|來源|原创|稿源)(?:于)?\s*[:：]\s*)+", "", text)
    text = re.sub(r"^《([^《》]+)》$", lambda m: m[1].strip(), text)
    text = re.sub(r"(?<!\s)\s*+[\[【][^\]】]{0,6}[\]】]?$", "", text)
    text = re.sub(
        r"(?<!\s)\s*+(?:\[微博\]|微博|原创稿|\[整理\]|（ID：.{0,80}|\(ID:.{0,80}|作者|记者)$", "", text
    ).strip(" |｜:：，,；;。[]【】-")
    if not text or len(text) > 40 or _NO_SOURCE.match(text) or re.search(r"https?://|www\.\w+\.\w+/", text):
        return None
    return text


def _credit(value: str) -> re.Match[str] | None:
    """An outlet and its reporter in one value, 示例日报 张三."""
    credit = _CREDITED.fullmatch(value)
    return credit if credit and is_name(credit["name"]) else None


def find_source(header: Sequence[str], tail: Sequence[str], meta: Sequence[str], pieces: Sequence[Piece]) -> str | None:
    """来源 as the page credits it: by label in the header, by the header's form, by label after the body, by meta tag."""
    for value in _values(_SOURCE, header):
        credit = _credit(value)
        source = clean_source(credit["outlet"] if credit else value)
        if source:
            return source
    for text in header:
        match = _SOURCE_BARE.search(text)
        source = clean_source(value_at(text, match.end())) if match else None
        if source:
            return source
    for value in _values(_AUTHOR, header):
        source = clean_source(value)
        if source and is_outlet(source):
            return source
    for value in _values(_SOURCE, [t for t in tail if not _NOTICE.search(t) or (len(t) <= 80 and dates.moments(t))]):
        source = clean_source(value)
        if source and not re.match(r"(?:网络|網絡|綜合|综合|互联网)", source):
            return source
    source = _unlabelled(pieces)
    if source:
        return source
    for value in meta:
        source = clean_source(value)
        if source:
            return source
    return None


def _unlabelled(pieces: Sequence[Piece]) -> str | None:
    """The outlet among the unlabelled pieces about the headline: by its slash form, its element's name, its own name."""
    best: tuple[float, str] | None = None
    for order, piece in enumerate(pieces):
        text = piece.text.strip(" |｜:：，,;；[]【】()（）<>-—·▪•")
        slash = _SLASH.fullmatch(text)
        if slash and not _REPORT.search(slash["one"]):
            one, two = slash["one"].strip(), slash["two"].strip()
            if is_name(one) and _OUTLET.search(two) and not _REPORT.search(two):
                return clean_source(two)
            if _OUTLET.search(one) and not is_name(one) and (people(two.split("／")[0]) or re.match(_ROLE, two)):
                return clean_source(one)
        if (
            slash
            or not 2 <= len(text) <= 20
            or _WORD.match(text)
            or re.search(r"[。！？，：:]|\d{4}", text)
            or re.match(_ROLE, text)
        ):
            continue
        score = 0.0
        if _OUTLET.search(text):
            score += 2.0 if piece.dated or piece.near else 0.8
        if _SOURCE_HINT.search(piece.hint):
            score += 2.2
        elif _NAME_HINT.search(piece.hint):
            score += 1.2
        score += 1.0 if piece.dated else 0.5 if piece.near else 0.0
        if is_name(text) and score < 4:
            score -= 1.5
        score -= 0.05 * order
        if score >= 1.7 and (best is None or score > best[0]):
            best = (score, text)
    if best is not None:
        return clean_source(best[1])
    # 原创 GameForce 2019-09-04: what stands right before the time of a self-publishing platform is the account.
    dated = [
        p.text.strip(" |｜·")
        for p in pieces
        if p.dated and not _WORD.match(p.text.strip()) and not is_name(p.text.strip())
    ]
    if 1 <= len(dated) <= 2 and 2 <= len(dated[-1]) <= 16 and not re.search(r"[。！？，：:\d]|http", dated[-1]):
        return clean_source(dated[-1])
    return None


def find_editors(lines: Sequence[str]) -> list[str]:
    """责任编辑, 责编 and 编辑 by label, in the order of the page."""
    names: list[str] = []
    for value in _values(_EDITOR, lines):
        names += [
            n for n in split_names(value) if len(n) <= 12 and _can_edit(n) and not re.fullmatch(r"[A-Z\d]{2,8}", n)
        ]
    if not names:
        for text in lines:
            match = _EDITOR_AFTER.search(text)
            if match:
                names.append(match["names"])
    return list(dict.fromkeys(names))


def _can_edit(name: str) -> bool:
    """A person, or the office of a department that signs its notices (基础教育处); not the outlet itself."""
    return not is_organisation(name) or bool(re.search(r"(?:处|科|室|办)$", name))


def find_authors(
    header: Sequence[str], pieces: Sequence[Piece], body: Sequence[str], after: Sequence[str]
) -> list[str]:
    """作者 and 记者: by label in the header, in its byline, in the dateline, at the body's end.

    `body` are the article's paragraphs, `after` the lines that follow it.
    """
    for value in _values(_AUTHOR, header):
        names = [n for n in split_names(value) if len(n) <= 20 and not is_outlet(n)]
        if names:
            return names
    for text in header:
        match = _AUTHOR_BARE.search(text)
        names = split_names(value_at(text, match.end())) if match else []
        if names:
            return names
    names = _header_names(header, pieces)
    if names:
        return names
    for value in _values(_SOURCE, header):
        credit = _credit(value)
        if credit:
            return [credit["name"]]
    return _body_names(body, after)


def is_outlet(text: str) -> bool:
    """Whether a text is the name of a paper, site, broadcaster or account, not of a person."""
    return (
        bool(_OUTLET.search(text))
        and not is_name(text)
        and bool(re.search(r"(?:网|網|报|報|社|新闻|新聞|频道|客户端|日报|电视台|杂志|周刊|公众号)$", text))
    )


def _header_names(header: Sequence[str], pieces: Sequence[Piece]) -> list[str]:
    for text in header:
        bare = text.replace("\x1f", " ").strip()
        if len(bare) <= 60:
            names = _byline(bare)
            if names:
                return names
    for piece in pieces:
        text = piece.text.strip(" |｜:：，,[]【】()（）·")
        slash = _SLASH.fullmatch(text)
        if slash:
            one, two = slash["one"].strip(), slash["two"].strip()
            for part in (one, two) if _REPORT.search(two) or is_name(one) else (two, one):
                names = people(part)
                if names and not is_outlet(part):
                    return names
        elif _NAME_HINT.search(piece.hint) and all(is_name(n) for n in split_names(text)) and not _WORD.match(text):
            return split_names(text)
    return []


def _body_names(body: Sequence[str], after: Sequence[str]) -> list[str]:
    names: list[str] = []
    for text in body[:3]:
        names += _dateline(text)
        if names:
            break
    for text in body[3:8]:
        if not names and len(text) <= 30 and _AUTHOR_LINE.search(text):
            names = _byline(text)
    for text in body[:60]:
        for match in (m for pattern in (_BRACKET, _REPORTED) for m in pattern.finditer(text)):
            if not re.search(r"[摄攝]|图片|供图", match["names"]):
                names += people(match["names"])
    if names:
        return list(dict.fromkeys(names))[:12]
    for value in _values(_AUTHOR, [*body[-4:], *after]):
        found = split_names(value)
        names = people(value) or [n for n in found if len(n) <= 6 and not is_organisation(n) and len(value) <= 12]
        if names:
            return names
    for text in [*reversed(after[:2]), *reversed(body[-3:])]:
        names = _tail(text)
        if names:
            return names
    return []


def _dateline(text: str) -> list[str]:
    """Reporters of a paragraph's opening, （记者 张三 李四）or 本报记者 张三."""
    names = _byline(text) if len(text) <= 60 else []
    if names:
        return names
    for pattern in (_OPENING, _LEAD, _WIRE):
        match = pattern.search(text[:140])
        if match and not re.search(r"[摄攝]", match["names"]):
            names = people(match["names"])
            if names:
                return names
    return []


def is_credit(text: str) -> bool:
    """Whether a line about the headline is nothing but a byline or an outlet with its reporter."""
    text = text.strip("【】[]（）() ")
    slash = _SLASH.fullmatch(text) if len(text) <= 30 else None
    if slash and _OUTLET.search(slash["one"]) and people(slash["two"]):
        return True
    return len(text) <= 30 and bool(_byline(text))


def _byline(text: str) -> list[str]:
    """The names of a line that is nothing but a byline: 本报记者 王乐文 方 敏, 【文/观察者网 王文】, 王嘉源／綜合報導."""
    text = _THEN.split(text, maxsplit=1)[0]
    if _NOT_AUTHORS.search(text) or not text:
        return []
    match = _BYLINE.match(text)
    if match:
        names = people(match["names"])
        if names:
            return names
    bare = text.strip("【】[]（）() □◎")
    if bare.endswith(("/文", "／文")):
        return people(bare[:-2])
    slash = _SLASH.fullmatch(bare)
    if slash and _REPORT.search(slash["two"]):
        return people(re.sub(rf"^.*{_ROLE}", "", slash["one"]))
    return []


def _tail(text: str) -> list[str]:
    """The names in brackets that end a text, or a byline alone."""
    if len(text) <= 60:
        names = _byline(text)
        if names:
            return names
    match = _TAIL.search(text, max(0, len(text) - 90))
    if not match or _NOT_AUTHORS.search(match["names"]):
        return []
    inside = re.sub(r"^[(（]?\s*(?:文/图|图/文|文|作者)\s*[:：/]?\s*", "", match["names"])
    names = people(inside)
    if names:
        return names
    # A pen name: two or three characters after the last full stop.
    before = text[: match.start()].rstrip()
    if (
        re.fullmatch(r"[⺀-鿿]{2,3}", inside)
        and inside[-1] not in "网網报報社"
        and (before.endswith(("。", "！", "？", "”", ".")) or not before)
        and not NOBODY.match(inside)
        and not is_organisation(inside)
    ):
        return [inside]
    return []


def is_dated(text: str) -> bool:
    """Whether a header line shows a time, with or without its year."""
    return bool(dates.moments(text)) or dates.yearless(text) is not None


def pieces_of(hints: Sequence[tuple[str, str]], *, dated: bool, near: bool) -> list[Piece]:
    """The unlabelled pieces of a header line whose runs are (text, hint)."""
    found = []
    for run, hint in hints:
        bare = _without_dates(run)
        if (":" in bare or "：" in bare) and (_SOURCE.search(run) or _AUTHOR.search(run) or _EDITOR.search(run)):
            bare = _without_dates(_LABEL.split(run, maxsplit=1)[0])
        for part in _PARTS.split(bare):
            part = part.strip(" \x1f·•▪()（）[]【】")
            if part:
                found.append(Piece(part, hint, dated, near))
    return found


def _without_dates(text: str) -> str:
    for _, start, end in reversed(dates.moments(text)):
        text = text[:start] + "|" + text[end:]
    return text
