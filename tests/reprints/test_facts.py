"""Which texts are compared by what, and what vetoes a match."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.reprints.facts import Head, conflict, facts, missing, tokens
from govcrawl.reprints.text import compared, letters

BODY = "各市县要高度重视春季开学工作，认真排查校园安全隐患，确保师生平安。"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (f"来源：清源教育网\n发布时间：2024-03-01 09:30\n{BODY}", ""),
        (f"关于春季开学的通知\n{BODY}", "关于春季开学的通知"),
        (f"新华社北京3月1日电（记者 林知远）{BODY}", ""),
        (f"本报讯（记者 林知远 通讯员 苏禾）{BODY}", ""),
        (f"中国教育报-中国教育新闻网讯（记者 林知远）{BODY}", ""),
        (f"{BODY}\n责任编辑：林知远", ""),
        (f"{BODY}（记者 林知远）", ""),
        (f"{BODY}\n（来源：清源省教育厅）", ""),
        (f"{BODY}\n清源省教育厅\n2024年3月1日", ""),
        (f"{BODY}\n清源省教育厅办公室\n二〇二四年三月一日\n编辑：苏禾", ""),
        (f"　　{BODY}　", ""),
        (BODY.replace("，", ",").replace("。", "．"), ""),
    ],
)
def test_what_each_outlet_writes_itself_is_left_out(text: str, title: str) -> None:
    assert compared(text, title).letters == letters(BODY)


@pytest.mark.parametrize(
    "text",
    [
        "记者从省教育厅获悉，今年春季学期将于三月一日开学。",
        "国家电网公司向学校捐赠教室照明设备，学生视力得到保护。",
        "通讯员队伍建设会议在省城召开，来自各地的代表参加了会议。",
        "时间就是生命，各校要把急救知识教给每一名学生和老师们。",
    ],
)
def test_a_body_that_begins_like_a_label_stays(text: str) -> None:
    assert compared(text).letters == letters(text)


@given(st.text(max_size=300), st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_compared(text: str, title: str) -> None:
    found = compared(text, title)
    assert found.letters == letters(found.plain)
    assert found.first in found.plain
    assert len(tokens(text)) == len(set(tokens(text)))
    assert conflict(head(text, title), head(text, title), comparable=True) == ""


def head(text: str, title: str = "", number: str = "") -> Head:
    found = compared(text, title)
    return Head(number, title, found.first, frozenset(tokens(f"{title}\n{found.plain}")))


SAME_TITLE = "关于做好中小学生安全教育工作的通知"


@pytest.mark.parametrize(
    ("one", "other", "evidence"),
    [
        (("2023年黑龙江省教育工作会议召开", BODY), ("2024年黑龙江省教育工作会议召开", BODY), "title year"),
        (("黑龙江省教育工作会议召开", BODY), ("辽宁省教育工作会议召开", BODY), "title place"),
        (("哈尔滨市教育工作会议召开", BODY), ("大庆市教育工作会议召开", BODY), "title place"),
        (("关于同意清源学院增设专业的批复", BODY), ("关于同意北岸师范学院增设专业的批复", BODY), "title school"),
        (("鼓楼区教育工作会议召开", BODY), ("城关区教育工作会议召开", BODY), "title place"),
        (("吉林市教育工作会议召开", BODY), ("长春市教育工作会议召开", BODY), "title place"),
        (("关于公布第十二批名单的通知", BODY), ("关于公布第13批名单的通知", BODY), "title 第批"),
        (("总结2022年工作谋划2023年工作", BODY), ("总结2023年工作谋划2024年工作", BODY), "title year"),
        (("关于印发《校车管理办法》的通知", BODY), ("关于印发《食堂管理细则》的通知", BODY), "title name"),
        ((SAME_TITLE, f"哈尔滨市各中小学于3月1日开学。{BODY}"), (SAME_TITLE, f"大庆市各中小学于3月8日开学。{BODY}"), "first sentence"),
        ((SAME_TITLE, f"现有名额15名，请按时报送。{BODY}"), (SAME_TITLE, f"现有名额27名，请按时报送。{BODY}"), "first sentence"),
        ((SAME_TITLE, BODY, "清教函〔2024〕10号"), (SAME_TITLE, BODY, "清教函〔2024〕11号"), "doc_number"),
    ],
)  # fmt: skip
def test_a_template_for_another_case_is_vetoed(one: tuple[str, ...], other: tuple[str, ...], evidence: str) -> None:
    a, b = (head(t[1], t[0], t[2] if len(t) > 2 else "") for t in (one, other))
    assert conflict(a, b, comparable=True).startswith(evidence)
    assert conflict(b, a, comparable=True).startswith(evidence)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("江苏召开2024年全省教育工作会议", BODY), ("2024年江苏省教育工作会议在南京召开", BODY)),
        (("关于加强学校学生管理的通知", BODY), ("关于加强公司员工管理的通知", BODY)),
        (("南京市鼓楼区召开会议", BODY), ("鼓楼区召开会议", BODY)),
        (("吉林省教育工作会议召开", BODY), ("长春市召开教育工作会议", BODY)),
        (("2024年全省教育工作会议召开", BODY), ("全省教育工作会议召开", BODY)),
        (("关于公布第十二批名单的通知", BODY), ("关于公布第12批名单的通知", BODY)),
        ((SAME_TITLE, BODY, "清教函〔2024〕10号"), (SAME_TITLE, BODY, "清教函[2024]10号")),
        ((SAME_TITLE, BODY, "清教函〔2024〕10号"), (SAME_TITLE, BODY)),
        (("省教育厅召开会议", f"3月1日，全省会议召开。{BODY}"), ("省教育厅召开会议", f"日前，全省会议召开。{BODY}")),
        (("某地部署春季开学", f"2022年工作回顾如下。{BODY}"), ("某地部署春季开学", f"3月1日，全省会议召开。{BODY}")),
    ],
)
def test_a_reprint_is_not(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    a, b = (head(t[1], t[0], t[2] if len(t) > 2 else "") for t in (one, other))
    assert conflict(a, b, comparable=True) == ""
    assert conflict(b, a, comparable=True) == ""


def test_a_longer_text_that_contains_another_case() -> None:
    ours, others = (f"{day}，{place}召开会议，{count}名代表参加。{BODY}" for day, place, count in
                    (("3月1日", "哈尔滨市", 120), ("5月9日", "大庆市", 88)))  # fmt: skip
    digest = head(f"教育要闻。{BODY}\n{ours}")
    assert not missing(head(ours), digest)
    assert missing(head(others), digest)
    assert not missing(head(BODY), digest)


def test_numbers_in_both_scripts() -> None:
    assert facts("第二十三届").numbers == facts("第23届").numbers
    assert facts("第一百零五号").numbers == {"第号": frozenset({"105"})}
    assert facts("3月1日").numbers == facts("03月01日").numbers == {"date": frozenset({"3-1"})}
    assert facts("2024年3月").numbers["year"] == {"2024"}
