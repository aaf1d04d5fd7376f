"""来源 as a page credits it: by label, by the form of the header, by meta tag, by JSON-LD; strongest first."""

import re
from collections.abc import Iterator, Sequence

from govcrawl.extraction import dates, gates
from govcrawl.extraction.explain import Candidate, Explanation, choose
from govcrawl.extraction.gates import Surroundings
from govcrawl.extraction.header import BORDER, Labelled, Reading, as_published
from govcrawl.extraction.names import is_name, people
from govcrawl.extraction.people import ROLE, Piece, Text, credit
from govcrawl.extraction.script import fold

_OPEN = re.compile(r"[(][^()]*$")
_EDGE = " |:,;[]<>—·-" + BORDER
_LABELS_INSIDE = re.compile(r"^(?:(?:信息|文章|稿件)?(?:来源|原创|稿源)(?:于)?\s*:\s*)+")
_BESIDE = re.compile(r"(?<=[㐀-鿿])\s*+\(?(?:https?://|www\.)[^\s㐀-鿿]{0,100}$")  # the address beside a name
_CUT = re.compile(r"(?<![.…])(?:…|\.\.)[.…]*+$")
_NOTICE = re.compile(r"凡|注明|转载|版权|声明")
_SLASH = re.compile(r"(?P<one>[^/]{2,20}?)\s*+/\s*+(?P<two>.{2,24})$")
_WIRE = re.compile(r"社.{0,12}\d{1,2}日[电讯]$")
_REPORT = re.compile(r"(?:报[导道]|外电|专电|整理)$")
_SOURCE_HINT = re.compile(
    r"source|laiyuan|copyfrom|media(?![_-]?meta)|(?:^|[\s_-])(?:from|origin|ly|mp-?name|wemedia|nickname|account)"
    r"|js_name|publisher",
    re.IGNORECASE,
)
_NAME_HINT = re.compile(r"author|user-?name|nick|byline|rich_media_meta_text", re.IGNORECASE)


def decide(
    header: Reading,
    tail: Reading,
    pieces: Sequence[Piece] = (),
    body: Sequence[Text] = (),
    metas: Sequence[str] = (),
    publishers: Sequence[str] = (),
    *,
    stated: str | None = None,
    around: Surroundings = gates.NOWHERE,
    explanation: Explanation | None = None,
) -> str | None:
    """The source. `metas` are the values of the meta tags that name it, `publishers` those of JSON-LD, `stated` that of a
    policy header."""
    winner = choose(
        "source",
        _candidates(header, tail, pieces, body, metas, publishers, stated),
        lambda value: _gate(value, around),
        explanation,
    )
    return winner.value.shown if winner else None


class Value:
    """A candidate's text, folded and as published, and whether a label calls it the source."""

    __slots__ = ("folded", "labelled", "shown")

    def __init__(self, shown: str, *, labelled: bool, folded: str | None = None) -> None:
        self.shown, self.labelled = shown, labelled
        self.folded = fold(shown) if folded is None else folded

    def __str__(self) -> str:
        return self.shown


def _gate(value: Value, around: Surroundings) -> str | None:
    return gates.source(value.shown, around, labelled=value.labelled)


def _candidates(
    header: Reading,
    tail: Reading,
    pieces: Sequence[Piece],
    body: Sequence[Text],
    metas: Sequence[str],
    publishers: Sequence[str],
    stated: str | None,
) -> Iterator[Candidate[Value]]:
    empty = False
    for value in header.of("source"):
        found = list(_labelled(value, header, metas, "in the header"))
        yield from found
        empty = empty or not found
    told = tidy(fold(stated), stated) if stated else None
    if told:
        yield Candidate(Value(told, labelled=True), "source of the policy header", stated or "")
    for value in header.of("author"):
        shown = tidy(value.value, value.shown)
        if shown and gates.is_paper(fold(shown)):
            yield Candidate(Value(shown, labelled=True), f"outlet behind {value.label}", header.shown[value.line])
    for value in tail.of("source"):
        text = tail.folded[value.line]
        if (not value.mark and len(text) > 60) or value.label == "出版社":
            continue  # a word of the text, or of a book in it
        # A notice on reprints names sources too; one with a date is the header, set below.
        if _NOTICE.search(text[: value.start] + text[value.end :]) and not (len(text) <= 80 and dates.moments(text)):
            continue
        for candidate in _labelled(value, tail, metas, "below the text"):
            if not gates.is_vague(candidate.value.folded):
                yield candidate
    for reading in (header, tail):
        for value in reading.of("reprinted"):
            quoted = re.match(r"《([^《》]{2,20})》", value.value)
            shown = value.shown[slice(*quoted.span(1))] if quoted else _reprinted(value, reading)
            if shown:
                yield Candidate(Value(shown, labelled=True), f"label {value.label}", reading.shown[value.line])
    for i, text in tail.folded.items():
        issue = _ISSUE.match(text)
        if issue:
            yield Candidate(Value(tail.shown[i][slice(*issue.span(1))], labelled=True), "issue of a paper", text)
    if not empty:
        yield from _accounts(pieces)
        yield from _unlabelled(pieces)
    for meta in metas:
        shown = tidy(fold(meta), meta)
        if shown:
            yield Candidate(Value(shown, labelled=True), "meta tag", meta)
    yield from _dateline(body)
    for publisher in publishers:
        yield Candidate(Value(publisher, labelled=True), "JSON-LD publisher", publisher)


def _reprinted(value: Labelled, reading: Reading) -> str | None:
    """The outlet that a label of reprints names, alone in its line or behind the time: 转自：白石日报, (摘自白石晚报)."""
    alone = re.search(r"[^\W\d年月日]", reading.folded[value.line][: value.start].replace(BORDER, "")) is None
    shown = tidy(value.value, value.shown) if alone and len(value.value) <= 24 else None
    return shown if shown and gates.is_outlet(fold(shown)) and not gates.is_vague(fold(shown)) else None


# A line that is nothing but a paper and its issue: ——《白石月刊》1998年3月号.
_ISSUE = re.compile(r"[-—(\s]*《([^《》]{2,20})》[,\s]*(?:(?:19|20)\d\d年)?(?:第?\d{1,3}[月期号]|总第)[^。]{0,12}$")
_OUTLET = r"(?P<outlet>[^\W\d]{2,14}?(?:社|报|网|台|周刊))"
# [白石社], 《白石通讯社15日专讯》, [白石日报记者张三北京报道], 白石社北京1月1日电.
_DATELINES = (
    re.compile(rf"[\[《(]{_OUTLET}(?:[㐀-鿿]{{0,4}}\d{{1,2}}日)?(?:专?[电讯])?[\]》)]"),
    re.compile(rf"[\[(]{_OUTLET}(?:驻[㐀-鿿]{{2,8}}|特约|见习|实习)?{ROLE}[^\])]{{2,40}}[\])]"),
    re.compile(rf"{_OUTLET}(?:[㐀-鿿]{{2,6}})?(?:\d{{1,2}}月)?\d{{1,2}}日[电讯]"),
)


def _dateline(body: Sequence[Text]) -> Iterator[Candidate[Value]]:
    """The agency or paper that opens the text's dateline."""
    for text in body[:2]:
        for pattern in _DATELINES:
            match = pattern.match(text.folded[:80])
            if match and not match["outlet"].startswith(("本", "该", "据", "我")):
                shown = text.shown[slice(*match.span("outlet"))]
                yield Candidate(Value(shown, labelled=False), "dateline", text.shown)
                return


def _labelled(value: Labelled, reading: Reading, metas: Sequence[str], place: str) -> Iterator[Candidate[Value]]:
    """A label's value; where the page cuts it and a meta tag has the whole of it, the meta tag's."""
    match = credit(value.value)
    shown = value.shown[slice(*match.span("outlet"))] if match else tidy(value.value, value.shown)
    if not shown:
        return
    cut = _CUT.search(shown)
    if cut and len(shown[: cut.start()]) >= 3:
        for meta in metas:
            if meta.startswith(shown[: cut.start()]) and not _CUT.search(meta):
                yield Candidate(Value(meta, labelled=True), "meta tag that completes the cut value", meta)
    yield Candidate(Value(shown, labelled=True), f"label {value.label} {place}", reading.shown[value.line])


def tidy(folded: str, shown: str) -> str | None:
    """A source as credited, without link texts, brackets and labels around it; None where nothing is left."""
    parts = [_unbracketed(p) for p in folded.split(BORDER)]
    parts = [p for p in parts if p and not gates.is_interface(p) and not re.fullmatch(r"[\d\W]+", p)]
    if not parts:
        return None
    text = parts[0]
    if len(parts) > 1 and (re.match(r"[-—·]", parts[1]) or text.endswith(("-", "—", "·"))):
        text = "".join(parts)
    text = _LABELS_INSIDE.sub("", text)
    text = re.sub(r"^《([^《》]+)》$", lambda m: m[1].strip(), text)
    text = re.sub(r"(?<!\s)\s*+\[[^\]]{0,6}\]?$", "", text)
    text = _BESIDE.sub("", text)
    text = re.sub(r"(?<!\s)\s*+(?:\[微博\]|微博|原创稿|\[整理\]|\(ID:[^(]{0,80}|作者|记者)$", "", text)
    return as_published(text.strip(" |:,;。[]-/"), shown, folded) or None


def _unbracketed(text: str) -> str:
    """Text without the round brackets at its ends, but for one that closes what opens inside: 办公室(规划处)."""
    bare = text.strip("() |:,;[]<>—·")
    at = text.find(bare) + len(bare)
    return bare + text[at] if bare and _OPEN.search(bare) and text[at : at + 1] == ")" else bare


def _accounts(pieces: Sequence[Piece]) -> Iterator[Candidate[Value]]:
    """The account of a self-publishing platform: alone with the time in the line below the headline, or above it."""
    told = [p for p in pieces if p.place == 1 and not gates.is_interface(p.text) and re.search(r"[^\W\d]", p.text)]
    if len(told) != 1 or not (told[0].dated or told[0].above):
        return
    text = re.sub(r"(?<!\s)\s*+\[[^\]]{0,4}\]?$", "", told[0].text)
    if 2 <= len(text) <= 16 and not re.search(r"[。!?,:/《》—]", text) and not is_name(text):
        yield _piece(told[0], text)


def _unlabelled(pieces: Sequence[Piece]) -> Iterator[Candidate[Value]]:
    """The outlets among the unlabelled pieces about the headline, best first: by their slash form, their element's
    name, their own form."""
    scored: list[tuple[float, Piece, str]] = []
    for order, piece in enumerate(pieces):
        text = piece.text.strip(" |:,;[]()<>-—·▪/")
        slash = _SLASH.fullmatch(text)
        if slash:
            outlet = _before_slash(slash, dated=piece.dated)
            if outlet:
                yield _piece(piece, outlet)
            continue
        bare = re.sub(r"^《([^《》]+)》$", r"\1", text)
        if not 2 <= len(bare) <= 20 or re.search(r"[。!?,:/]|\d{4}", bare) or re.match(ROLE, bare):
            continue
        value = _weight(piece, bare) - 0.05 * order
        if value >= 1.7:
            scored.append((value, piece, bare))
    for _, piece, text in sorted(scored, key=lambda found: -found[0]):
        yield _piece(piece, text)


def _piece(piece: Piece, text: str) -> Candidate[Value]:
    shown = as_published(text, piece.shown, piece.text)
    return Candidate(Value(shown, labelled=False), "unlabelled in the header", piece.shown)


def _before_slash(slash: re.Match[str], *, dated: bool) -> str | None:
    """The outlet of an outlet and a reporter that a slash divides, in either order; beside a time, of an outlet and its
    desk, and of one and the agency that it prints."""
    one, two = slash["one"].strip(), slash["two"].strip()
    if is_name(one) and gates.is_outlet(two) and not _REPORT.search(two):
        return two
    if not gates.is_outlet(one) or _REPORT.search(one):
        return None
    if people(two.split("/")[0]) or re.match(ROLE, two) or _WIRE.search(two) or (dated and gates.is_paper(one)):
        return one
    return None


def _weight(piece: Piece, text: str) -> float:
    """How much speaks for an unlabelled text as the source: its form, its element's name, a date beside it."""
    value = 0.0
    if gates.is_outlet(text):
        value += 2.0 if piece.dated or piece.near else 0.8
    if _SOURCE_HINT.search(piece.hint):
        value += 2.2
    elif _NAME_HINT.search(piece.hint):
        value += 1.2
    value += 1.0 if piece.dated else 0.5 if piece.near else 0.0
    return value - 1.5 if is_name(text) and value < 4 else value
