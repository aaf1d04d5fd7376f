"""One reading of the header: every kind of label in the vocabulary, and how the tokeniser parts a line."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.extraction import header
from govcrawl.extraction.script import fold

# A line for each kind of labels.toml: what the line is, and the value that it labels.
LINES = [
    ("source", "信息来源：白石县教育局　2024-03-12", "白石县教育局"),
    ("source", "來源︰白石日報　2024-03-12", "白石日報"),
    ("source", "2024-03-12 来 源：白石日报 打印", "白石日报"),
    ("source", "2024-03-12| 来源白石日报| 0 条评论", "白石日报"),
    ("reprinted", "转自《白石日报》", "《白石日报》"),
    ("picture", "图片来源：青禾图片社 来源：白石日报", "青禾图片社"),
    ("author", "作 者：何一舟　来源：白石日报", "何一舟"),
    ("author", "本报记者 | 何一舟 编辑 | 蒋小满", "何一舟"),
    ("author_short", "文/何一舟 图/蒋小满", "何一舟"),
    ("editor", "責任編輯：蔣小滿 ]", "蔣小滿"),
    ("editor", "编辑：（蒋小满）　信息来源：白石县图书馆", "（蒋小满）"),
    ("published", "发布时间：2024-03-12 15:40 字号：大 中 小", "2024-03-12 15:40"),
    ("published", "【发布时间】2024-03-12 【来源】白石日报", "2024-03-12"),
    ("source", "【发布时间】2024-03-12 【来源】白石日报", "白石日报"),
    ("author", "作者：[美]约翰·史密斯 译者：何一舟", "[美]约翰·史密斯"),
    ("entered", "录入时间：2024-03-12 来源：白石日报", "2024-03-12"),
    ("date", "时间：2024-03-12 来源：白石日报", "2024-03-12"),
    ("updated", "更新时间：2024-03-12", "2024-03-12"),
    ("update", "最后更新：2024-03-12", "2024-03-12"),
    ("other_date", "开始时间：2024-06-01 结束时间：2024-06-03", "2024-06-01"),
    ("other_day", "截止：2024-06-01", "2024-06-01"),
    ("hits", "浏览次数：219 来源：白石日报", "219"),
    ("tools", "字号：大 中 小", "大 中 小"),
    ("staff", "校对：蒋小满 审核：何一舟", "蒋小满"),
    ("about", "栏目：教育动态 来源：白石日报", "教育动态"),
    ("index_number", "索 引 号：A07/2024-0031 发布机构：白石县教育局", "A07/2024-0031"),
    ("issuer", "发文机关：白石县教育局 文号：白教安〔2024〕9号", "白石县教育局"),
    ("doc_number", "發文字號：白教安〔2024〕9號 成文日期：2024年3月1日", "白教安〔2024〕9號"),
    ("written_on", "成文日期：2024年3月1日 有效性：有效", "2024年3月1日"),
    ("sent_on", "发文日期：2024年3月1日", "2024年3月1日"),
    ("subject", "主题分类：教育 有效性：有效", "教育"),
    ("validity", "有效性：有效 索引号：A07", "有效"),
    ("title", "标题：关于安全演练的通知 索引号：A07", "关于安全演练的通知"),
    ("policy", "公开方式：主动公开 公开范围：全社会", "主动公开"),
]


@pytest.mark.parametrize(("kind", "line", "value"), LINES)
def test_a_label_and_its_value(kind: str, line: str, value: str) -> None:
    assert next(header.read({0: line}).of(kind)).shown == value


def test_every_kind_has_its_line() -> None:
    assert {kind for kind, _, _ in LINES} == set(tomllib.loads(header.VOCABULARY.read_text(encoding="utf-8")))


def test_no_label_names_two_things() -> None:
    rows = tomllib.loads(header.VOCABULARY.read_text(encoding="utf-8"))
    named: dict[str, str] = {}
    for kind, row in rows.items():
        for word in row["words"]:
            for after in row.get("after", ("",)):
                assert named.setdefault(word + after, kind) == kind, (
                    f"{word}{after} is in {named[word + after]} and {kind}"
                )


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        (["来源：", "白石县教育局", "2024-03-12"], "白石县教育局"),  # the next line
        (["来源：", "发布日期：2024-03-12"], ""),  # which is a label itself
        (["来源：", "2024年3月12日，白石县举行开学典礼。"], ""),  # which is text
        (["资金来源：县财政"], None),  # a word before it makes it another label
        (["作者：何一舟来源：白石日报"], "白石日报"),
        (["（来源：白石县融媒体中心（筹））"], "白石县融媒体中心（筹）"),
        (["来源：白石日报 摄像：何一舟"], "白石日报"),  # a label that no vocabulary knows ends a value too
    ],
)
def test_where_a_value_stands(lines: list[str], want: str | None) -> None:
    values = list(header.read(dict(enumerate(lines))).of("source"))
    assert (values[0].shown if values else None) == want


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("来源：作者/|:（）()[]《》 \x1f2024-03编辑何一舟發佈時間。1次", max_size=40), max_size=4))
def test_any_lines_are_read(lines: list[str]) -> None:
    for value in header.read(dict(enumerate(lines))).values:
        text = lines[value.at]
        assert value.shown in text
        assert fold(value.shown) == value.value
        assert 0 <= value.start < value.end <= len(lines[value.line])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_folding_keeps_every_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("來源︰臺灣　１２３", "来源:台湾 123"),
        ("【責編／蔣】", "[责编/蒋]"),
        ("abc", "abc"),
        ("张三•李四｜王五", "张三·李四|王五"),
    ],
)
def test_folding(text: str, want: str) -> None:
    assert fold(text) == want
    assert fold(text + "，" * 80) == want + "," * 80
