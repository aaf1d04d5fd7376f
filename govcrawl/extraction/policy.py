"""The header of policy documents (索引号, 发文机关, 成文日期, 发文字号, 主题分类, 有效性) and the number in the body."""

import re
from dataclasses import dataclass
from datetime import date

from govcrawl.extraction import dates
from govcrawl.extraction.document import Document

# Labels of the header by field, spaces squeezed out; synonyms are folded as the sites use them.
LABELS = {
    "index_number": ("索引号", "索引号码", "信息索引", "索引", "信息索引号"),
    "issuer": ("发文机关", "发文机构", "发布机构", "发布机关", "制定机关", "发文单位", "发布单位", "公开责任部门", "责任部门", "信息来源机构", "制发单位", "制发机关", "发布部门", "发文部门"),
    "doc_number": ("发文字号", "文号", "文件编号", "发文文号", "文件号", "公文文号", "文件字号", "公文字号"),
    "written_on": ("成文日期", "生成日期", "印发日期", "发文日期", "成文时间", "生成时间", "制发日期", "发文时间", "签署日期"),
    "subject": ("主题分类", "信息类别", "信息分类", "分类", "主题类别", "组配分类", "公开分类"),
    "validity": ("有效性", "效力状态", "状态", "是否有效", "文件状态", "时效性", "时效", "文件有效性", "有效状态"),
    "published": ("发布日期", "发布时间", "公开日期", "公布日期", "发文发布日期"),
    "title": ("标题", "信息名称", "文件名称", "名称"),
    "other": ("内容概述", "主题词", "关键词", "公开方式", "公开范围", "公开形式", "实施日期", "废止日期", "施行日期", "生效日期", "失效日期", "体裁分类", "体裁", "服务对象", "内容分类", "公文种类", "文件类型", "有效期", "公开时限", "统一编号", "登记号", "统一登记号"),
}  # fmt: skip
_FIELD = {label: name for name, labels in LABELS.items() for label in labels}
_INLINE = re.compile(
    "(?:^|[\\s\x1f（(【\\[|，,;；])(?P<label>"
    + "|".join(r"\s*".join(x) for x in sorted(_FIELD, key=len, reverse=True))
    + ")[\\s\x1f】\\]]*[:：][\\s\x1f]*"
)
# 教思政厅函〔2024〕10号, 黑教规[2023]1号, 国办发（2017）47 号, 第 12 号 is too weak to stand alone.
NUMBER = re.compile(
    r"(?P<prefix>[⺀-鿿]{1,14}?)\s*+(?P<open>[〔\[［【（(﹝〈<])\s*+(?P<year>(?:19|20)\d\d)\s*+(?P<close>[〕\]］】）)﹞〉>])\s*+(?P<order>(?:第\s*+)?\d{1,5}(?:[-—]\d{1,3})?)\s*+号",
)
_NOT_PREFIX = re.compile(
    r"^.*(?:根据|依据|按照|贯彻|落实|关于|印发|转发|现将|执行|废止|修订|原|见|文件|由|和|与|及|的|以|通知|意见|办法|《|》|（|\()"
)
# A label and its number in elements that no sign divides: 文 号青教规〔2023〕1号.
_NUMBER_LABEL = re.compile(f"^(?:{'|'.join(LABELS['doc_number'])})[:：]?")
# No header is without one of these; the blanks inside labels are few and kept out.
_ANY = re.compile(r"索\s*引|文\s*号|字\s*号|机\s*[关构]|日\s*[期间]|时\s*[期间]|分\s*类|效\s*性")
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
    lines: frozenset[int] = frozenset()


def read(document: Document, first: int, last: int, body_text: list[str]) -> Policy:
    """The policy header among lines first..last (half open), completed by the number that stands alone about the headline or in the body's opening lines."""
    found, used = _header(document, first, last)
    policy = Policy(
        issuer=_short(found.get("issuer"), 60),
        index_number=_short(found.get("index_number"), 60),
        subject=_short(found.get("subject"), 80),
        published=found.get("published"),
        lines=frozenset(used),
    )
    policy.doc_number = doc_number(found.get("doc_number", "")) or _short(found.get("doc_number"), 40)
    if policy.doc_number and not re.search(r"\d", policy.doc_number):
        policy.doc_number = None
    written = dates.first_moment(found.get("written_on", ""))
    policy.written_on = written.day if written else None
    state = _STATES.search(found.get("validity", ""))
    if state and len(found["validity"]) <= 12:
        policy.validity = {"是": "有效", "否": "失效"}.get(state[0], found["validity"].strip())
    if policy.doc_number is None:
        policy.doc_number = _in_body(body_text)
    return policy


def _short(value: str | None, longest: int) -> str | None:
    value = (value or "").strip(" \x1f:：;；|")
    return (
        value.replace("\x1f", "")
        if value and len(value) <= longest and not re.fullmatch(r"[-—/无\s]+|null|undefined", value)
        else None
    )


def label_of(text: str) -> str | None:
    """The field that a label names, None for any other text. Spaces, brackets and the colon do not count."""
    return _FIELD.get("".join(text.split()).strip(":：[]【】*·"))


def _header(document: Document, first: int, last: int) -> tuple[dict[str, str], set[int]]:
    """Values by field: label and value in one line, or in neighbouring cells; needs two labels to be a header."""
    found: dict[str, str] = {}
    used: set[int] = set()
    if not _ANY.search("".join(line.text for line in document.lines[first:last])):
        return found, used
    labels: set[str] = set()
    lines = document.lines
    i = first
    while i < last:
        text = lines[i].text
        if lines[i].hidden or len(text) > 400:
            i += 1
            continue
        name = label_of(text) if len(text) <= 40 else None
        if name is not None and i + 1 < last:
            following = lines[i + 1]
            apart = label_of(following.text) is not None or len(following.text) > 200 or _INLINE.match(following.text)
            labels.add(name)
            used.add(i)
            if not apart and (lines[i].cell or following.box != lines[i].box or text.endswith((":", "："))):
                found.setdefault(name, following.text)
                used.add(i + 1)
                i += 1
        elif _ANY.search(text):
            matches = list(_INLINE.finditer(text))
            for n, match in enumerate(matches):
                field = _FIELD["".join(match["label"].split())]
                end = matches[n + 1].start() if n + 1 < len(matches) else len(text)
                value = text[match.end() : end].strip(" \x1f）)】]|，,;；")
                labels.add(field)
                if (
                    not value
                    and n + 1 == len(matches)
                    and i + 1 < last
                    and len(lines[i + 1].text) < 100
                    and label_of(lines[i + 1].text) is None
                    and not _INLINE.match(lines[i + 1].text)
                ):
                    value = lines[i + 1].text
                    used.add(i + 1)
                if value:
                    found.setdefault(field, value)
            if matches and matches[0].start() < 3:
                used.add(i)
        i += 1
    strong = labels & {"index_number", "doc_number", "issuer", "written_on", "validity", "subject"}
    if len(strong) < 2 and not ("doc_number" in labels or "index_number" in labels):
        return {}, set()
    return found, used


def doc_number(text: str) -> str | None:
    """A document number as written, without inner spaces, None where the text holds none."""
    match = NUMBER.search("".join(text.split()))
    if match is None:
        return None
    prefix = _NOT_PREFIX.sub("", match["prefix"]) or match["prefix"]
    return f"{prefix}{match['open']}{match['year']}{match['close']}{match['order']}号"


def _in_body(lines: list[str]) -> str | None:
    """The number that stands alone on one of the body's first lines."""
    for text in lines:
        if len(text) > 60:
            continue
        bare = _NUMBER_LABEL.sub("", "".join(text.split()).strip("()（）"))
        match = NUMBER.fullmatch(bare)
        if match and len(bare) <= 30:
            return bare
    return None
