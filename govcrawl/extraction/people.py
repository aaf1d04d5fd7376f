"""作者 and 责任编辑: by label, in the byline, in the dateline, in the brackets that close the text. All patterns read
folded text (`script.fold`): Simplified characters, half-width signs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from govcrawl.extraction import dates, gates
from govcrawl.extraction.explain import Candidate, Explanation
from govcrawl.extraction.gates import Surroundings
from govcrawl.extraction.header import (
    BORDER,
    Labelled,
    Reading,
    as_published,
    begins_label,
    kind_of,
    label_before,
    read,
)
from govcrawl.extraction.lazy import lazy
from govcrawl.extraction.names import is_name, is_nobody, is_organisation, is_place, people, split_names
from govcrawl.extraction.script import fold

_HAN = "[㐀-鿿]"
ROLE = r"(?:记者|评论员|特派员|撰稿人|实习生)"
# (记者 张三 李四), 本报讯 记者张三, □快报记者 刘峻: only where a paragraph begins or a bracket opens.
_OPENING = re.compile(rf"^[^。;]{{0,60}}?[(\[][^()]{{0,14}}?{ROLE}\s*+[:/]?\s*+(?P<names>[^)\]。:]{{2,70}})[)\]]")
_BRACKET = re.compile(rf"\([^(),。]{{0,14}}?{ROLE}\s*+:?\s*+(?P<names>[^()。,:]{{2,50}})\)")
_REPORTED = re.compile(r"\((?P<names>[^(),。:]{2,20}?报[导道])\)")
_WIRE = re.compile(rf"^[^。,;(]{{2,24}}[电讯]\s*+\((?P<names>(?:{_HAN}|[、 ]){{2,20}})\)")
_LEAD = re.compile(
    rf"^[□◎●■◆·\s]*+(?:\d|{_HAN}|[·《》]){{0,14}}?(?:讯|电|报|社|网|^)?\s*+"
    rf"(?:本报|本网|本刊|特约|见习|实习|首席){{0,3}}{ROLE}\s*+"
    rf"(?P<names>(?:{_HAN}|[·、, ]){{2,30}}?)(?:\s*+(?:报道|报导|通讯员|电|发自)|$|\s{{2}})"
)
_BYLINE = re.compile(
    rf"^[\s\[(《■□◎·◆—-]*+(?:[^\s\]):]{{0,16}}?)(?:{ROLE}|撰稿|作者|专栏作者|采写|采写报道|编译|文(?=\s*+[:/|])|(?<!{_HAN})文(?=\s))\s*+(?:[:/|]\s*+)?"
    r"(?P<names>[^。!?:]{2,50}?)[\s\])]*+(?:/.{2,8})?$"
)
# Who wrote and photographed: 张三 摄影报道, 张三 文/图.
_BOTH = re.compile(r"(?<!\s)\s*+(?:摄影报[导道]|图文报[导道]|文/[图摄]|图/文|文图|文并[图摄])$")
# What follows the text's last sentence: 。记者张三, ”文/张三.
_LAST_WORDS = re.compile(
    rf"[。!?”]\s*+(?:(?:文|撰文|撰稿)\s*+/|(?:本报|本网|本刊|见习|实习){{0,2}}记者)\s*+(?P<names>(?:{_HAN}|[、 ]){{2,20}})$"
)
# A line of its own below the text: 白石广播电台张三报道.
_REPORTER = re.compile(
    rf"^{_HAN}{{2,14}}?[台网社报]\s*+(?P<names>(?:{_HAN}|[、 ]){{2,24}}?)(?:采访|综合|现场)?报[导道]。?$"
)
_COMPILED = re.compile(rf"^[\[(]编译\s*+[:/]?\s*+(?P<names>(?:{_HAN}|[、 ]){{2,20}})[/)\]]")
_MAY_BYLINE = re.compile("[者员稿生写译文/]")  # no byline is without one of these
# These two read text as published.
_CREDIT_LINE = re.compile(
    r"作者|[记記]者|撰[稿文]|[采採][写寫]|[执執][笔筆]|[编編][译譯]|文字?[/／╱⁄∕:：︓︰︱∶﹕꞉|｜丨│┃∣]"
)
_MAY_BRACKET = re.compile("[记記]者|[评評][论論][员員]|特派[员員]|撰稿人|[实實][习習]生|[报報][导導道]")
# After the reporter a byline may name others: 每经记者 张三 每经编辑 李四.
_THEN = re.compile(rf"(?<={_HAN})\s+{_HAN}{{0,4}}(?:编辑|责编|校对|审核|摄影|视频|图片|设计)")
_ALSO = re.compile(rf"(?<={_HAN}{{2}})(?:摄影|图片|校对|编辑){_HAN}{{2,3}}$")
_SLASH = re.compile(r"(?P<one>[^/]{2,20}?)\s*+/\s*+(?P<two>.{2,24})$")
_REPORT = re.compile(r"(?:报[导道]|外电|专电|整理|采访报导)$")
_TAIL = re.compile(r"[(\[]\s*+(?P<names>[^()\[\]]{2,60})\s*+[)\]]\s*+$")
_NOT_AUTHORS = re.compile(
    r"摄|图片|供图|编辑|责编|来源|资料|化名|原题|原标题|原载|译自|刊于|选自|摘自|本文|作者单位|校对|综合(?!报)|整理$"
    r"|综合自|整理自|编译自|摘编自|改编自|见习$|单位:|出处|转自|注:|据"
)
_EDITOR_AFTER = re.compile(rf"\(\s*(?P<names>{_HAN}{{2,4}})\s+(?:责任)?编辑\s*\)")
_NAME_HINT = re.compile(
    r"author|writer|editor-name|user-?name|nick|byline|byname|zuozhe|reporter|rich_media_meta_text", re.IGNORECASE
)
_CREDITED = re.compile(rf"(?P<outlet>\S{{2,12}}(?:网|报|社|电视台|周刊))[ \x1f]+(?P<name>{_HAN}{{2,3}})")
# 某某研究中心研究员张三
_POSTED = re.compile(rf"(?:研究员|教授|主任|院长|局长|校长|书记|会长|所长|处长|博士|记者|律师)(?P<name>{_HAN}{{2,3}})$")
_PARTS = re.compile(r"\|| +")


@dataclass(frozen=True, slots=True)
class Piece:
    """Text of a header line that no label claims, folded and as published. `hint` are the id and class names of the
    element around it; `dated` tells whether its line shows a time, `near` whether a line beside it does, `above`
    whether the next line begins with one; `place` is the number of lines from the headline, `line` the line's index."""

    text: str
    shown: str
    hint: str
    dated: bool
    near: bool = False
    above: bool = False
    place: int = 0
    line: int = -1


class Text:
    """A paragraph as published, and folded when it is asked for: most name nobody. Its opening, in which a dateline stands,
    and its end, in which a bracket closes it, are asked for more often than the whole."""

    def __init__(self, shown: str) -> None:
        self.shown = shown

    @lazy
    def folded(self) -> str:
        return fold(self.shown)

    @property
    def opening(self) -> str:
        return fold(self.shown[:140])

    @property
    def ending(self) -> str:
        return fold(self.shown[-160:])


def texts(paragraphs: Iterable[str]) -> list[Text]:
    """Paragraphs to be read for names."""
    return [Text(p) for p in paragraphs]


# Editors


def editors(readings: Sequence[Reading]) -> Iterator[Candidate[list[str]]]:
    """责任编辑, 责编 and 编辑: one candidate for each label, then the name before the label, (张三 编辑)."""
    found = False
    for reading in readings:
        for value in reading.of("editor"):
            names = _labelled_names(value)
            if value.mark == ":" or all(is_name(n) for n in names):
                found = found or bool(names)
                yield Candidate(_shown(names, value), f"label {value.label}", reading.shown[value.line])
    if not found:
        for reading in readings:
            for i, text in reading.folded.items():
                match = _EDITOR_AFTER.search(text)
                if match:
                    yield Candidate([reading.shown[i][slice(*match.span("names"))]], "name before its label", text)


def _labelled_names(value: Labelled) -> list[str]:
    """The names in a label's value: of one in brackets what stands in them."""
    text = value.value.strip(" " + BORDER)
    if text.endswith(("摄", "摄影")):
        return []  # who took the picture
    inside = re.fullmatch(r"[(\[]\s*([^()\[\]]{2,30}?)\s*[)\]]?", text)
    names = split_names(inside[1] if inside else text)
    post = _POSTED.search(names[-1]) if names else None
    if post and is_name(post["name"]):
        return [post["name"]]
    if names and is_name(names[0]):  # where they live and what they are may stand behind them
        names = [n for n in names if is_name(n) or not (len(n) > 3 or is_organisation(n) or is_place(n))]
    elif len(names) > 1 and is_organisation(names[0]) and all(map(is_name, names[1:])):
        return names[1:]  # 城关小学 张三
    return names


def _shown(names: Iterable[str], value: Labelled) -> list[str]:
    return [as_published(name, value.shown, value.value) for name in names]


# Authors


def authors(
    header: Reading, pieces: Sequence[Piece], body: Sequence[Text], after: Reading, tail: Reading
) -> Iterator[Candidate[list[str]]]:
    """作者 and 记者: by label in the header, in its byline, in the dateline, at the body's end; strongest first.

    `body` are the article's paragraphs, `after` the lines that follow it.
    """
    for value in header.of("author", "author_short"):
        names = _labelled_names(value)
        if value.mark in (":", "/") or all(is_name(n) for n in names):
            yield Candidate(_shown(names, value), f"label {value.label}", header.shown[value.line])
    yield from _header_names(header, pieces)
    yield from _credited(header)
    yield from _posters(header)
    yield from _body_names(body, after)
    yield from _alone(header)
    yield from _credited(tail)
    for value in (*header.of("source"), *tail.of("source")):
        if value.mark and is_name(value.value):
            yield Candidate(_shown([value.value], value), "person in the source's place", value.shown)


def _posters(header: Reading) -> Iterator[Candidate[list[str]]]:
    """Who posted a blog's article: what stands alone before 发表于."""
    for value in header.of("published"):
        before = header.folded[value.line][: value.start].strip(" |·" + BORDER)
        if value.label in ("发表于", "发布于", "发表") and re.fullmatch(
            r"[^\s\x1f:,。|\d][^\s\x1f:,。|]{1,15}", before
        ):
            yield Candidate(
                [header.shown[value.line][: value.start].strip(" |·" + BORDER)], "name before 发表于", before
            )


def _alone(header: Reading) -> Iterator[Candidate[list[str]]]:
    """A name that is all of the line below the headline, on a page without dates: a bare text and its author."""
    if any(is_dated(text) for text in header.folded.values()):
        return
    for i in list(header.folded)[:1]:
        if is_name(header.folded[i]):
            yield Candidate([header.shown[i]], "name alone below the headline", header.shown[i])


def _credited(reading: Reading) -> Iterator[Candidate[list[str]]]:
    """The reporters who stand behind the outlet in the source's place."""
    for value in reading.of("source"):
        match = credit(value.value)
        if match:
            yield Candidate(_shown([match["name"]], value), "name behind the outlet", reading.shown[value.line])


def credit(value: str) -> re.Match[str] | None:
    """An outlet and its reporter in one value, 示例日报 张三."""
    match = _CREDITED.fullmatch(value)
    return match if match and is_name(match["name"]) else None


def _header_names(header: Reading, pieces: Sequence[Piece]) -> Iterator[Candidate[list[str]]]:
    for i, text in header.folded.items():
        bare = text.replace(BORDER, " ").strip()
        if len(bare) <= 60:
            names = _byline(bare) or _dated_reporter(bare)
            yield Candidate([as_published(n, header.shown[i], text) for n in names], "byline", header.shown[i])
    for piece in pieces:
        yield Candidate([as_published(n, piece.shown, piece.text) for n in _piece_names(piece)], "byline", piece.shown)


def _dated_reporter(text: str) -> list[str]:
    """The reporter of a line that has the time beside it and nothing else: 2024/3/12 张三 报道."""
    if not text.endswith(("报道", "报导")) or len(text) > 40:
        return []
    stated = dates.moments(text)
    rest = text[stated[0][2] :].strip(" |") if stated and not text[: stated[0][1]].strip() else ""
    return people(rest[:-2]) if rest else []


def _piece_names(piece: Piece) -> list[str]:
    """The names of an unlabelled piece: beside an outlet and a slash, or in an element named as the author's."""
    text = piece.text.strip(" |:,[]()·")
    slash = _SLASH.fullmatch(text)
    if slash:
        one, two = slash["one"].strip(), slash["two"].strip()
        if kind_of(one) in ("picture", "editor", "staff"):
            return []  # 制图/张三
        for part in (one, two) if _REPORT.search(two) or is_name(one) else (two, one):
            names = people(part)
            if names and not gates.is_paper(part):
                return names
    elif _NAME_HINT.search(piece.hint):
        names = split_names(text)
        if all(is_name(n) for n in names):
            return names
    return []


def _body_names(body: Sequence[Text], after: Reading) -> Iterator[Candidate[list[str]]]:
    reported = _reported(body)
    if reported is not None:
        yield reported
    for value in [*_closing(body[-4:]), *after.of("author", "author_short")]:
        found = _labelled_names(value)
        short = len(value.value) <= 12
        names = people(value.value) if found else []
        if not names and value.mark == ":":
            names = [n for n in found if is_name(n) or (short and len(n) <= 6 and not is_organisation(n))]
        yield Candidate(_shown(names, value), f"label {value.label} at the end", value.shown)
    ends = [Text(text) for text in after.shown.values()]
    for text in [*reversed(ends[:2]), *reversed(body[-3:])]:
        yield Candidate(
            [as_published(n, text.shown, text.folded) for n in _tail(text.ending)], "closing brackets", text.shown
        )


def _closing(body: Sequence[Text]) -> Iterator[Labelled]:
    """The author's labels in the last paragraphs."""
    told = {i: text.shown for i, text in enumerate(body) if _CREDIT_LINE.search(text.shown)}
    yield from read(told).of("author", "author_short")


def _reported(body: Sequence[Text]) -> Candidate[list[str]] | None:
    """The reporters whom the dateline, a line among the first, and brackets in the text name."""
    names: list[str] = []
    place = ""
    for text in body[:3]:
        found = _dateline(text.opening)
        if found:
            names, place = [as_published(n, text.shown, text.folded) for n in found], text.shown
            break
    for text in body[3:60] if not names else ():
        if len(text.shown) <= 34 and _CREDIT_LINE.search(text.shown):
            found = _byline(text.folded)
            names += [as_published(n, text.shown, text.folded) for n in found]
            place = place or (text.shown if found else "")
    for text in body[:60]:
        if ("(" not in text.shown and "（" not in text.shown) or not _MAY_BRACKET.search(text.shown):
            continue
        for match in (m for pattern in (_BRACKET, _REPORTED) for m in pattern.finditer(text.folded)):
            told = _BOTH.sub("", match["names"])
            if not re.search(r"摄|图片|供图", told):
                found = people(told)
                names += [as_published(n, text.shown, text.folded) for n in found]
                place = place or (text.shown if found else "")
    return Candidate(list(dict.fromkeys(names))[:12], "dateline or brackets in the text", place) if names else None


def _dateline(text: str) -> list[str]:
    """Reporters of a paragraph's opening, (记者 张三 李四) or 本报记者 张三."""
    names = _byline(text) if len(text) <= 60 else []
    if names:
        return names
    for pattern in (_OPENING, _LEAD, _WIRE, _COMPILED):
        match = pattern.search(text[:140])
        told = _BOTH.sub("", match["names"]) if match else ""
        if match and "摄" not in told:
            names = people(told)
            if names:
                return [*_before_role(match[0]), *names] if pattern is _OPENING else names
            if (
                pattern is _WIRE
                and re.fullmatch(f"{_HAN}{{2,3}}", match["names"])
                and not is_organisation(match["names"])
            ):
                return [match["names"]]  # a pen name
    return []


_OUTLET_NAME = re.compile(rf"[(\[]{_HAN}{{1,8}}(?:网|报|社|台)(?P<name>{_HAN}{{2,3}})[\s、]")


def _before_role(opening: str) -> list[str]:
    """Who stands with another outlet before the reporter: (白石网张三 青禾网记者李四)."""
    match = _OUTLET_NAME.search(opening)
    return [match["name"]] if match and is_name(match["name"]) else []


def is_credit(text: str) -> bool:
    """Whether a line about the headline is nothing but a byline or an outlet with its reporter."""
    if len(text) > 40:
        return False
    text = fold(text).strip("[]() ")
    slash = _SLASH.fullmatch(text) if len(text) <= 30 else None
    if slash and gates.is_outlet(slash["one"]) and people(slash["two"]):
        return True
    return len(text) <= 30 and bool(_byline(text))


def _byline(text: str) -> list[str]:
    """The names of a line that is nothing but a byline: 本报记者 王乐文 方 敏, [文/观察者网 王文], 王嘉源/综合报导."""
    if not _MAY_BYLINE.search(text):
        return []
    text = _ALSO.sub("", _THEN.split(text, maxsplit=1)[0])
    if not text or _NOT_AUTHORS.search(text):
        return []
    match = _BYLINE.match(text)
    if match:
        names = people(match["names"])
        if names and len(match["names"]) - len("".join(names)) <= 14:  # more is a sentence
            return names
    bare = text.strip("[]() □◎")
    if bare.endswith("/文"):
        return people(bare[:-2])
    both = _BOTH.search(bare) if len(bare) <= 30 else None
    if both:
        return people(bare[: both.start()])
    slash = _SLASH.fullmatch(bare)
    if slash and _REPORT.search(slash["two"]):
        return people(re.sub(rf"^.*{ROLE}", "", slash["one"]))
    return []


def _tail(text: str) -> list[str]:
    """The names in brackets that end a text, or a byline alone."""
    if len(text) <= 60:
        names = _byline(text)
        if names:
            return names
    said = _LAST_WORDS.search(text, max(0, len(text) - 40)) or (_REPORTER.search(text) if len(text) <= 40 else None)
    if said and not _NOT_AUTHORS.search(said["names"]):
        names = people(said["names"])
        if (
            names and len("".join(names)) >= len(re.sub(r"[、 ]", "", said["names"])) - 4
        ):  # with the place of the report
            return names
    match = _TAIL.search(text, max(0, len(text) - 90))
    if not match or _NOT_AUTHORS.search(match["names"]):
        return []
    inside = re.sub(r"^\(?\s*(?:文/图|图/文|文|作者)\s*[:/]?\s*", "", match["names"])
    names = people(inside)
    if names and not _cuts_a_name(inside, names):
        return names
    # A pen name: two or three characters after the last full stop.
    before = text[: match.start()].rstrip()
    if (
        re.fullmatch(f"{_HAN}{{2,3}}", inside)
        and inside[-1] not in "网报社省市县区乡镇村州"
        and (before.endswith(("。", "!", "?", "”", ".")) or not before)
        and not is_nobody(inside)
        and not is_organisation(inside)
    ):
        return [inside]
    return []


def _cuts_a_name(inside: str, names: list[str]) -> bool:
    """Whether the one name found is the beginning of a longer word."""
    return len(names) == 1 and inside != names[0] and re.fullmatch(rf"{re.escape(names[0])}{_HAN}", inside) is not None


# Pieces


def is_dated(text: str) -> bool:
    """Whether a header line shows a time, with or without its year."""
    return bool(dates.moments(text)) or dates.yearless(text) is not None


_TIME = re.compile(r"(?:发布|发表)(?:时间|于)|昨天|今天|前天|刚刚|\d{1,2}-\d{1,2} ?\d{1,2}:\d\d|\d+(?:分钟|小时|天)前")


def begins_with_time(text: str) -> bool:
    """Whether a header line begins with its time, or with the label of the publish time."""
    begun = dates.moments(text)
    return (bool(begun) and begun[0][1] <= 1) or _TIME.match(text) is not None


def pieces_of(
    runs: Sequence[tuple[str, str]],
    *,
    dated: bool,
    near: bool = False,
    above: bool = False,
    place: int = 0,
    line: int = -1,
) -> list[Piece]:
    """The unlabelled pieces of a header line whose runs are (text, hint)."""
    found = []
    for shown, hint in runs:
        text, at = fold(shown), 0
        for start, end in [*_dates_in(text), (len(text), len(text))]:
            found += [
                Piece(text[part], shown[part], hint, dated, near, above, place, line)
                for part in _split(text, at, start)
            ]
            at = end
    return found


def _dates_in(text: str) -> list[tuple[int, int]]:
    return sorted((start, end) for _, start, end in dates.moments(text))


def _split(text: str, first: int, last: int) -> Iterator[slice]:
    """The places of the pieces between gaps and bars; nothing from a label on."""
    at = first
    while at < last:
        gap = _PARTS.search(text, at, last)
        end = gap.start() if gap else last
        start = at
        at = gap.end() if gap else last
        colon = text.find(":", start, end)
        while start < end and text[start] in " \x1f·▪()[]":
            start += 1
        while end > start and text[end - 1] in " \x1f·▪()[]":
            end -= 1
        label = label_before(text, colon) if colon > 0 else None
        if label is not None and gates.is_outlet(text[start : label[1]]):
            yield slice(start, label[1])  # an outlet that no gap parts from the label: 白石日报作者：张三
        if label is not None or begins_label(text[start:end]):
            return
        if end > start and kind_of(text[start:end]) is None:
            yield slice(start, end)


def choose_names(
    name: str,
    candidates: Iterable[Candidate[list[str]]],
    explanation: Explanation | None,
    around: Surroundings,
    *,
    every: bool = False,
) -> list[str]:
    """The names of the first candidate of which any passes the field's gate, or of `every` one of them."""
    gate = gates.editor if name == "editor" else gates.author
    found: list[str] = []
    if explanation is not None:
        explanation.decision(name)
    for candidate in candidates:
        kept = []
        for value in candidate.value:
            reason = gate(value, around)
            if reason is None and found and not every:
                reason = "weaker evidence than what was found before"
            if reason is None:
                kept.append(value)
            elif explanation is not None:
                explanation.lose(name, Candidate(value, candidate.rule, candidate.text), reason)
        if kept:
            found += kept
            if explanation is None and not every:
                break
            if explanation is not None:
                explanation.won(name, Candidate(list(dict.fromkeys(found)), candidate.rule, candidate.text))
    return list(dict.fromkeys(found))
