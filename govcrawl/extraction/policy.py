"""The header of policy documents (索引号, 发文机关, 成文日期, 发文字号, 主题分类, 有效性) and the number in the body."""

import re
from dataclasses import dataclass
from datetime import date

from govcrawl.extraction import dates, header
from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.header import kind_of

# What a label of the vocabulary names here; any other label only ends a value.
_FIELDS = {
    "index_number": "index_number", "issuer": "issuer", "doc_number": "doc_number", "written_on": "written_on",
    "sent_on": "written_on", "subject": "subject", "validity": "validity", "published": "published",
}  # fmt: skip
_STRONG = frozenset({"index_number", "doc_number", "issuer", "written_on", "validity", "subject"})
# 教思政厅函〔2024〕10号, 黑教规[2023]1号, 国办发（2017）47 号, 第 12 号 is too weak to stand alone.
NUMBER = re.compile(
    r"(?P<prefix>[⺀-鿿]{1,14}?)\s*+(?P<open>[〔\[［【（(﹝〈<])\s*+(?P<year>(?:19|20)\d\d)\s*+(?P<close>[〕\]］】）)﹞〉>])"
    r"\s*+(?P<order>(?:第\s*+)?\d{1,5}(?:[-—]\d{1,3})?)\s*+号"
)
_NOT_PREFIX = re.compile(
    r"^.*(?:根据|依据|按照|贯彻|落实|关于|印发|转发|现将|执行|废止|修订|原|见|文件|由|和|与|及|的|以|通知|意见|办法|《|》|（|\()"
)
# A label and its number in elements that no sign divides: 文 号青教规〔2023〕1号.
# No header is without one of these; the blanks inside labels are few and kept out.
_ANY = re.compile(
    r"索\s*[引取]|编号|文\s*[号號]|字\s*[号號]|机\s*[关构關構]|機\s*[关构關構]|日\s*[期间間]|时\s*[期间間]|時\s*[期间間]|分\s*[类類]|效\s*性"
)
# Decrees and announcements are counted by the authority: 白石县人民政府令第12号, 教育部公告2024年第3号.
_DECREE = re.compile(r"[⺀-鿿]{2,24}(?:令|公告(?:(?:19|20)\d\d年)?)第[\d一二三四五六七八九十百〇零]{1,6}号")
_SIGNED_BY = re.compile(r"(?:签发人|簽發人)[:：].{0,12}$")
_RUNNING = ("。", "！", "？", "；", "：", ":")
_AT_END = re.compile(
    r"(?<!》)[（(]([⺀-鿿]{2,14}[〔\[［【（(﹝〈<](?:19|20)\d\d[〕\]］】）)﹞〉>](?:第)?\d{1,5}号)[）)]$"
)
# A headline that names another document's number.
_OF_OTHERS = re.compile(r"解读|解讀|转发|轉發|废止|廢止|修改|学习|學習|贯彻|落实|问答|解答")
_STATES = re.compile(r"现行有效|有效|失效|废止|已修改|尚未生效|部分失效|宣布失效|继续有效|是|否")


@dataclass(slots=True)
class Policy:
    issuer: str | None = None
    doc_number: str | None = None
    index_number: str | None = None
    written_on: date | None = None
    subject: str | None = None
    validity: str | None = None
    published: str | None = None
    source: str | None = None
    lines: frozenset[int] = frozenset()


def read(document: Document, first: int, last: int, body_text: list[str], headline: str = "") -> Policy:
    """The policy header among lines first..last (half open), completed by the number that ends the headline or stands
    alone about it or in the body's opening lines."""
    found, used = _header(document, first, last, headline)
    policy = Policy(
        issuer=_short(found.get("issuer"), 60),
        index_number=_short(found.get("index_number"), 60),
        subject=_short(found.get("subject"), 80),
        published=found.get("published"),
        source=_short(found.get("source"), 60),
        lines=frozenset(used),
    )
    policy.doc_number = doc_number(found.get("doc_number", "")) or _short(found.get("doc_number"), 40)
    if policy.doc_number and (len(policy.doc_number) < 4 or not re.search(r"\d", policy.doc_number)):
        policy.doc_number = None
    written = dates.first_moment(found.get("written_on", ""))
    policy.written_on = written.day if written else None
    state = _STATES.search(found.get("validity", ""))
    if state and len(found["validity"]) <= 12:
        policy.validity = {"是": "有效", "否": "失效"}.get(state[0], found["validity"].strip())
    if policy.doc_number is None:
        policy.doc_number = _in_body(body_text) or of_title(headline)
    return policy


def _short(value: str | None, longest: int) -> str | None:
    value = (value or "").strip(" \x1f:：;；|")
    return (
        value.replace("\x1f", "")
        if value and len(value) <= longest and not re.fullmatch(r"[-—/无\s]+|null|undefined", value)
        else None
    )


def _header(document: Document, first: int, last: int, headline: str) -> tuple[dict[str, str], set[int]]:
    """Values by field: label and value in one line, in neighbouring cells, or a row of labels above one of values;
    needs two labels to be a header."""
    found: dict[str, str] = {}
    used: set[int] = set()
    if not _ANY.search("".join(line.text for line in document.lines[first:last])):
        return found, used
    kinds: set[str] = set()
    lines = document.lines
    i = first
    while i < last:
        text = lines[i].text
        if lines[i].hidden or len(text) > 400:
            i += 1
            continue
        kind = kind_of(text) if len(text) <= 40 else None
        if kind is not None:
            kinds.add(kind)
            used.add(i)
            columns = _columns(document, i, last, headline) if lines[i].cell else {}
            for j, value in columns.items():
                _note(found, kind_of(lines[j].text), lines[value].text)
                kinds.add(kind_of(lines[j].text) or "")
                used |= {j, value}
            if columns:
                i = max(columns.values())
            elif i + 1 < last and _is_value(document, i):
                _note(found, kind, lines[i + 1].text)
                used.add(i + 1)
                i += 1
        elif any(sign in text for sign in ":：】]") and _ANY.search(text):
            parted = "\x1f".join(
                [run for run, _, _ in lines[i].runs]
            )  # labels and values may touch: 文号：1号发布机构：某局
            inside = [
                v for v in header.read({i: parted} | _next(lines, i, last)).values if v.line == i and v.mark == ":"
            ]
            for labelled in inside:
                kinds.add(labelled.kind)
                _note(found, labelled.kind, labelled.shown.strip(" \x1f)）]】|，,;；"))
                used |= {labelled.at} - {i}
            if inside and inside[0].start < 3 and inside[0].kind in _FIELDS:
                used.add(i)
        i += 1
    fields = {_FIELDS[kind] for kind in kinds if kind in _FIELDS} & _STRONG
    if len(fields) < 2 and not fields & {"doc_number", "index_number"}:
        return {}, set()
    return found, used


def _note(found: dict[str, str], kind: str | None, value: str) -> None:
    field = "source" if kind == "source" else _FIELDS.get(kind or "")
    if field and value:
        found.setdefault(field, value)
        if field == "published" and value.startswith(found[field]):  # the same day with its clock
            found[field] = value


def _next(lines: list[Line], i: int, last: int) -> dict[int, str]:
    return {i + 1: lines[i + 1].text} if i + 1 < last and len(lines[i + 1].text) < 100 else {}


def _is_value(document: Document, i: int) -> bool:
    """Whether the line after a label in an element of its own is its value. Another row of a table is not, where the
    label's row goes on: the first column of a list of documents."""
    label, following = document.lines[i], document.lines[i + 1]
    if kind_of(following.text) is not None or len(following.text) > 200 or _begins_with_label(following.text):
        return False
    if label.cell:
        row = _row(document, i)
        return _row(document, i + 1) == row or i == 0 or _row(document, i - 1) != row
    return _alternates(document.lines, i) or following.box != label.box or label.text.endswith((":", "："))


def _alternates(lines: list[Line], i: int) -> bool:
    """Whether labels and values take turns about a label, as in a list of terms and descriptions."""
    return any(0 <= j < len(lines) and len(lines[j].text) <= 40 and kind_of(lines[j].text) for j in (i - 2, i + 2))


def _begins_with_label(text: str) -> bool:
    values = header.read({0: text}).values
    return bool(values) and values[0].start < 2 and values[0].mark == ":"


def _columns(document: Document, first: int, last: int, headline: str) -> dict[int, int]:
    """The line of the value for each line of labels, where a table's row holds labels alone and the row below it as
    many values; {} otherwise."""
    lines, row = document.lines, _row(document, first)
    labels = [i for i in range(first, last) if _row(document, i) == row]
    if row < 0 or len(labels) < 2 or any(kind_of(document.lines[i].text) is None for i in labels):
        return {}
    below = _row(document, labels[-1] + 1) if labels[-1] + 1 < last else -1
    values = [i for i in range(labels[-1] + 1, last) if _row(document, i) == below]
    if below < 0 or len(values) != len(labels) or any(kind_of(document.lines[i].text) for i in values):
        return {}
    third = _row(document, values[-1] + 1) if values[-1] + 1 < last else -1
    if third >= 0 and sum(_row(document, i) == third for i in range(values[-1] + 1, last)) == len(labels):
        return {}  # a list of documents, none of which is this one
    names = [lines[b].text for a, b in zip(labels, values, strict=True) if kind_of(lines[a].text) == "title"]
    if names and not any(name in headline or headline in name for name in names):
        return {}  # another one
    return dict(zip(labels, values, strict=True))


def _row(document: Document, i: int) -> int:
    """The table row around a line, -1 for none."""
    boxes, box = document.boxes, document.lines[i].box
    while box >= 0 and boxes[box].tag != "tr":
        box = boxes[box].parent
    return box


def doc_number(text: str) -> str | None:
    """A document number as written, without inner spaces, None where the text holds none."""
    match = NUMBER.search("".join(text.split()))
    if match is None:
        return None
    prefix = _NOT_PREFIX.sub("", match["prefix"]) or match["prefix"]
    return f"{prefix}{match['open']}{match['year']}{match['close']}{match['order']}号"


def _in_body(lines: list[str]) -> str | None:
    """The number that stands alone on one of the body's first lines, above its running text: below it others are quoted."""
    for text in lines:
        if len(text) <= 60 and re.search("[号號]", text):
            bare = _SIGNED_BY.sub("", "".join(text.split())).strip("()（）")
            opening = next((n for n in range(5, 1, -1) if kind_of(bare[:n]) == "doc_number"), 0)
            bare = bare[opening:].lstrip(":：")
            if len(bare) <= 30 and (NUMBER.fullmatch(bare) or _DECREE.fullmatch(bare)):
                return bare
        if text[-1:] in _RUNNING and kind_of(text) is None:
            break
    return None


def of_title(text: str) -> str | None:
    """The number in brackets that ends a headline: 关于开展检查的通知（白教发〔2024〕6号)."""
    match = _AT_END.search("".join(text.split())[-40:])
    if match is None or _OF_OTHERS.search(text):
        return None
    return doc_number(match[1])
