"""Lines → labelled values: one vocabulary (labels.toml), one tokeniser, on folded text. Source, people, dates and
policy fields read from what this gives."""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from govcrawl.extraction.script import fold

VOCABULARY = Path(__file__).with_name("labels.toml")
BORDER = "\x1f"  # where an element begins or ends inside a line
_SEPARATORS = re.compile(r"[ \x1f|,;]+")
_TOKEN = re.compile(r"[^ \x1f|,;()\[□■○●◎◆★·]+(?:\([^ \x1f|,;()\[]*)*")
_MARKS = re.compile(r"[:/|]")
_CJK = re.compile("[㐀-鿿]")
# Whose source it is: 本项目资金来源.
_OTHER_SOURCES = frozenset(
    ("资金", "经费", "收入", "数据", "线索", "案件", "货物", "原料", "学生", "人员", "试题", "产品", "样品")
)
_CLAIMED = re.compile(r"(?:来源|作者|编辑|稿源|出处):[^:]{2,24}$")
# What ends a value beside the next label: a bar, a wide gap, a date, a closing bracket, a sentence's end, a count.
_STOP = re.compile(r"\|(?!\S{0,2}$)| {3,}|(?:19|20)\d\d ?[-年/.]|[\])>]|[。!?]|\d{1,9}次|\(\d")
_OPEN = {")": re.compile(r"\([^()]*$"), "]": re.compile(r"\[[^\[\]]*$")}
_UNKNOWN = re.compile(r"(?:^|[ \x1f|,;\[(])(?P<label>[㐀-鿿]{2,6}) ?:")
_BOUNDED = frozenset({"source", "picture", "author", "author_short", "editor", "staff"})  # those end at any stop
_VALUE = 120  # characters in which a value ends
_BOOK = frozenset(("书名", "定价", "开本", "页数", "isbn"))  # whose author and publisher stand beside these
_LONGEST_LINE = 240  # in which labels without a mark are looked for; a longer one is text


@dataclass(frozen=True, slots=True)
class Form:
    """A written label: what it names, and where it may stand. See labels.toml for the flags."""

    kind: str
    slash: bool = False
    open: bool = False
    start: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and its value in a line. `value` is folded, `shown` as published; `mark` is the sign that divides them, a
    colon, slash or bar, "" for none; `line` is the index of the line that holds the label, `at` that of the value's."""

    kind: str
    label: str
    value: str
    shown: str
    line: int
    start: int
    end: int
    mark: str
    at: int


# A label's form, the label, where it begins, where its value begins, and the mark between them.
Found = tuple[Form, str, int, int, str]


@dataclass(slots=True)
class Reading:
    """Lines by their index, as published and folded, and the labelled values in them, in the order of the lines."""

    shown: dict[int, str]
    folded: dict[int, str]
    values: list[Labelled] = field(default_factory=list)

    def of(self, *kinds: str) -> Iterator[Labelled]:
        """The labelled values of these kinds."""
        return (v for v in self.values if v.kind in kinds)

    def pick(self, lines: Iterable[int]) -> "Reading":
        """The reading of some of the lines, in the order given."""
        order = {i: n for n, i in enumerate(lines) if i in self.shown}
        values = sorted((v for v in self.values if v.line in order), key=lambda v: order[v.line])
        return Reading({i: self.shown[i] for i in order}, {i: self.folded[i] for i in order}, values)

    def without(self, lines: Collection[int]) -> "Reading":
        """The reading less some lines and what is labelled in them."""
        if not lines:
            return self
        shown = {i: text for i, text in self.shown.items() if i not in lines}
        folded = {i: self.folded[i] for i in shown}
        return Reading(shown, folded, [v for v in self.values if v.line not in lines])


@cache
def vocabulary() -> dict[str, Form]:
    """Every written label with what it names."""
    forms: dict[str, Form] = {}
    for kind, row in tomllib.loads(VOCABULARY.read_text(encoding="utf-8")).items():
        open_ = set(row.get("open", ()))
        for before in ("", *row.get("before", ())):
            for word in row["words"]:
                for after in row.get("after", ("",)):
                    label = before + word + after
                    forms.setdefault(
                        label,
                        Form(
                            kind,
                            row.get("slash", False),
                            label in open_,
                            row.get("start", False),
                            row.get("prefix", False),
                        ),
                    )
        for label in open_:
            forms[label] = Form(kind, row.get("slash", False), open=True)
    return forms


@cache
def _longest() -> int:
    return max(map(len, vocabulary()))


@lru_cache(maxsize=8192)  # the same words stand on every page of a site
def kind_of(text: str) -> str | None:
    """What a text names that is nothing but a label; None for any other. Spaces, brackets, colons do not count."""
    if len(text) > 40:
        return None
    form = vocabulary().get("".join(fold(text).split()).strip(":[]*·" + BORDER))
    return form.kind if form else None


def label_before(text: str, end: int) -> tuple[str, int] | None:
    """The longest label that ends at `end` of a folded text, and where it begins. Spaces inside it do not count."""
    forms, longest = vocabulary(), _longest()
    found: tuple[str, int] | None = None
    label = ""
    at = end
    while at > 0 and len(label) < longest:
        at -= 1
        char = text[at]
        if char == " ":
            continue
        if char == BORDER or char in ":;,.()[]。":
            break
        label = char.lower() + label
        if label in forms:
            found = (label, at)
    return found


def read(lines: Mapping[int, str], links: Collection[int] = ()) -> Reading:
    """The labelled values of lines, given by their index in the page. A label that ends its line takes the next line
    where that can be a value. `links` are lines that are nothing but a link: values, but hardly labels."""
    folded = {i: fold(text) for i, text in lines.items()}
    reading = Reading(dict(lines), folded)
    for i in lines:
        if i in links and ":" not in folded[i] and not _credits_outlet(folded[i]):
            continue
        found = _labels(folded[i])
        for n, (form, label, start, end, mark) in enumerate(found):
            limit = found[n + 1][2] if n + 1 < len(found) else len(folded[i])
            a, b = _value(folded[i], end, limit, bounded=form.kind in _BOUNDED)
            at, value, shown = i, folded[i][a:b], lines[i][a:b]
            following = None if value or folded[i][end:].strip(" )]" + BORDER) else _following(folded, i, form.kind)
            if following is not None:
                ends = " " + BORDER
                at, value, shown = following, folded[following].strip(ends), lines[following].strip(ends)
            reading.values.append(Labelled(form.kind, label, value, shown, i, start, end, mark, at))
    return reading


def of_books(reading: Reading) -> set[int]:
    """The lines that tell of a book: its author and publisher are not the article's."""
    found = [v.line for v in reading.values if v.label in _BOOK]
    return {line + step for line in found for step in range(5)}


def _credits_outlet(text: str) -> bool:
    """Whether a folded line that is nothing but a link begins with a label of source or reprint: 摘自白石日报."""
    label = begins_label(text.lstrip("[(" + BORDER)) if len(text) <= 24 else None
    return label is not None and vocabulary()[label].kind in ("source", "reprinted")


def _following(folded: Mapping[int, str], i: int, kind: str) -> int | None:
    """The line after line `i` that can be the value of a label of this kind at its end; None where none can."""
    following = next((j for j in (i + 1, i + 2, i + 3) if j in folded), None)
    if following is None:
        return None
    text = folded[following]
    clock = kind == "other_date" and re.search(r"\d:\d", text) is not None  # 来信时间 above 2024-03-01 09:00
    if len(text) > 40 or re.search(r"[。,]|^\d+$", text) or (":" in text and not clock) or _labels(text):
        return None
    return following


@lru_cache(maxsize=4096)  # a page's lines are asked several times, and a site's on every page
def _labels(text: str) -> tuple[Found, ...]:
    """The labels of a folded line: form, label, where it begins, where its value begins, the mark."""
    found: dict[int, Found] = {}
    colon = ":" in text
    if colon or "/" in text or "|" in text:
        for mark in _MARKS.finditer(text):
            labelled = _marked(text, mark.start(), mark[0])
            if labelled is not None:
                found[labelled[2]] = labelled
    for match in _UNKNOWN.finditer(text) if colon else ():
        start = match.start("label")
        if not any(at < match.end() and start < found[at][3] for at in found):
            found[start] = (Form("unknown"), match["label"], start, match.end(), ":")
    if len(text) <= _LONGEST_LINE:
        for labelled in _unmarked(text):
            if not any(other[2] <= labelled[2] < other[3] for other in found.values()):
                found[labelled[2]] = labelled
    return tuple(found[start] for start in sorted(found))


def _marked(text: str, mark: int, sign: str) -> Found | None:
    """The label that a colon, slash or bar ends."""
    end = mark
    while end > 0 and text[end - 1] in " \x1f":
        end -= 1
    labelled = label_before(text, end)
    if labelled is None:
        return None
    label, start = labelled
    form = vocabulary()[label]
    before = text[start - 1] if start else ""
    if (sign != ":" and not form.slash) or (form.start and before not in ("", "[", "(", BORDER, " ")):
        return None
    if _CJK.match(before) and not _may_be_glued(text, start, form):
        return None
    after = mark + 1
    while after < len(text) and text[after] in " \x1f:":
        after += 1
    return form, label, start, after, sign


def _may_be_glued(text: str, start: int, form: Form) -> bool:
    """Whether a label may follow Chinese text without a gap: behind a time, behind the value of another label (来源：教育局
    字号：), of an editor's behind the outlet, or behind more than a word that would make it another label (资金 + 来源)."""
    begin = max((m.end() for m in _SEPARATORS.finditer(text, 0, start)), default=0)
    if form.kind in ("hits", "tools", "staff", "date"):
        return _CLAIMED.search(text, begin, start) is not None
    if form.kind not in ("source", "author", "editor", "published"):
        return False
    if re.search(r"\d[日时分秒次]$", text[max(0, start - 4) : start]):
        return True
    if form.kind == "source" and text[start - 2 : start] in _OTHER_SOURCES:
        return False
    return start - begin > 4 or (form.kind == "editor" and start - begin >= 3 and text[start - 1] in "网报社台站")


def _unmarked(text: str) -> Iterator[Found]:
    """Labels that stand between gaps or borders with no mark behind them: 作者 张三, 来源CSDN, 我要评论(0)."""
    forms, longest, begins = vocabulary(), _longest(), _beginnings()
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token[:2].lower() not in begins:
            continue
        boxed = token[: token.find("]")].lower() if "]" in token else ""  # [来源]白石日报
        if boxed in forms and text[match.start() - 1 : match.start()] == "[":
            yield forms[boxed], boxed, match.start(), match.start() + len(boxed) + 1, ":"
            continue
        bare = token.rstrip(":)]").lower() if len(token) <= longest else ""
        form = forms.get(bare)
        if form is not None and not form.start:
            yield form, bare, match.start(), match.end(), ""
            continue
        opening = begins_label(token)
        if opening:
            yield forms[opening.lower()], opening, match.start(), match.start() + len(opening), ""


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(label[:2] for label in vocabulary() if len(label) > 1)


@cache
def _openings() -> frozenset[str]:
    return frozenset(label[:2] for label, form in vocabulary().items() if form.prefix or form.open)


def begins_label(token: str) -> str | None:
    """The longest label that begins a folded token and needs no sign behind it: 来源CSDN, 我要评论(0)."""
    if token[:2].lower() not in _openings():
        return None
    forms = vocabulary()
    for n in range(min(len(token) - 1, 6), 1, -1):
        form = forms.get(token[:n].lower())
        if form is not None and (form.prefix or (form.open and re.match(r"[\w《“]", token[n]))):
            return token[:n]
    return None


def _value(text: str, start: int, limit: int, *, bounded: bool) -> tuple[int, int]:
    """Where a value begins and ends, from its label's end to the next label and, of a name, to the next date, bracket
    or wide gap."""
    limit = min(limit, start + _VALUE)
    while start < limit and text[start] in " \x1f":
        start += 1
    stop = _STOP.search(text, start, limit) if bounded else None
    # A bracket that was opened inside the value belongs to it.
    while stop and text[stop.start()] in _OPEN and _OPEN[text[stop.start()]].search(text, start, stop.start()):
        stop = _STOP.search(text, stop.start() + 1, limit)
    end = stop.start() if stop else limit
    while end > start and text[end - 1] in " \x1f[(":  # the bracket of the next label
        end -= 1
    return start, max(start, end)


def as_published(value: str, shown: str, folded: str) -> str:
    """A piece of a folded text as the page writes it; where spaces were closed inside it, without them."""
    if not value or shown == folded:
        return value
    at = folded.find(value)
    if at >= 0:
        return shown[at : at + len(value)]
    spaced = re.search(r"[ \x1f]*".join(map(re.escape, value)), folded)
    return re.sub(r"[ \x1f]", "", shown[spaced.start() : spaced.end()]) if spaced else value
