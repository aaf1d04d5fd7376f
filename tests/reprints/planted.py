"""Notices that we make up, and copies of them whose truth is known: edits, cuts, digests, and templates that are none."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

import opencc

from govcrawl import provinces
from govcrawl.extraction.script import to_simplified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHARS = (
    "学校教师生课程育考试招录取专业科研究培训名额资金项目管理服务安全卫生食堂体艺术劳动实践活动家长社区乡村城镇基础高职中小幼儿园民办公特殊"
    "国家省市县区厅局委办组织领导责任制度规范标准质量评价监督检查整改通报表彰先进典型经验推广宣传引导舆论氛围创新改革发展规划方案措施落实推进"
    "加强完善建立健全机制体系保障投入支持鼓励参与合作交流开放国际语言文字普通话图书馆实验室信息化数字平台网络资源共享优质均衡公平入学资助奖励"
    "贷款就业创业指导岗位需求企业产教融合实习基地队伍素质能力提升师德风尚心理健康营养近视防控疫情交通消防应急演练隐患排查治理法治依法行政许可"
    "审批公开咨询电话地址时间方式材料申请受理审核公示结果异议申诉复核备案归档统计报表数据分析研判形势任务目标重点难点问题建议意见反馈报告总结"
)
_WORDS = 3000
_OPENINGS = [
    "为贯彻落实",
    "根据有关规定",
    "按照统一部署",
    "经研究决定",
    "为进一步做好",
    "结合我省实际",
    "在前期工作基础上",
    "围绕重点任务",
    "坚持问题导向",
    "各地各校要",
]
_PHRASES = [
    "深入学习贯彻党的二十大精神",
    "全面落实立德树人根本任务",
    "推动教育高质量发展",
    "切实加强组织领导",
    "明确责任分工",
    "确保各项工作落到实处",
    "及时报送有关情况",
    "加强督促检查",
    "广泛宣传动员",
    "营造良好氛围",
    "不断提高人民群众的教育获得感",
    "坚持以人民为中心的发展思想",
    "办好人民满意的教育",
]
_TOPICS = [
    "普通高校招生录取",
    "中小学教师培训",
    "校园食品安全",
    "义务教育入学",
    "职业院校技能大赛",
    "高校毕业生就业",
    "语言文字推广",
    "学前教育普惠发展",
    "学生资助",
    "体育美育",
    "教材选用",
    "教育督导",
    "民办教育年检",
    "科研项目申报",
    "师德师风建设",
    "寒假工作安排",
    "春季学期开学",
    "优秀教师推荐",
]
PLACES = [
    "黑龙江省",
    "辽宁省",
    "江苏省",
    "浙江省",
    "四川省",
    "甘肃省",
    "湖南省",
    "河北省",
    "山东省",
    "云南省",
    "哈尔滨市",
    "沈阳市",
    "南京市",
    "杭州市",
    "成都市",
    "兰州市",
]
# A content farm's replacements, in the manner in which such copies are made.
_SUBSTITUTED = {
    "高校": "高公司",
    "学生": "员工",
    "教学": "公司产品",
    "教师": "员工",
    "招生": "招工",
    "课程": "产品",
    "学校": "公司",
}
SITES = (
    ("news1", "清源新闻网", "news"),
    ("news2", "北岸在线", "news"),
    ("news3", "东林网", "news"),
    ("moe", "中华人民共和国教育部", "ministry"),
    ("other", "石桥教育信息", "other"),
)


@dataclass(frozen=True)
class Text:
    """An article's part that matters here. ``of``: number of the notice, or of both, that it carries; ``kind``: how it
    was made from it."""

    kind: str
    of: tuple[int, ...]
    title: str
    text: str
    site: tuple[str, str, str]
    source: str | None
    day: date


@cache
def vocabulary() -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Words of two characters, and how often each comes: few often, most seldom."""
    chance = random.Random(7)
    chars = sorted(set(_CHARS))
    words: dict[str, None] = {}
    while len(words) < _WORDS:
        words["".join(chance.sample(chars, 2))] = None
    total, cumulative = 0.0, []
    for rank in range(_WORDS):
        total += 1 / (rank + 10)
        cumulative.append(total)
    return tuple(words), tuple(cumulative)


def notice(chance: random.Random, number: int, place: str, year: int, length: int = 680) -> tuple[str, str]:
    """Title and text of an invented notice of some ``length``."""
    words, cumulative = vocabulary()

    def some(count: int) -> str:
        return "".join(chance.choices(words, cum_weights=cumulative, k=count))

    topic = chance.choice(_TOPICS) + some(3)
    month, day = chance.randint(1, 12), chance.randint(1, 28)
    people = chance.randint(11, 989)
    title = f"{place}{year}年第{number % 97 + 2}批{topic}工作的通知"
    parts = [f"{month}月{day}日,{place}召开{year}年{topic}工作会议,{people}名代表参加。"]
    while sum(map(len, parts)) < length:
        sentence = chance.choice(_OPENINGS) + some(chance.randint(3, 7)) + "," + some(chance.randint(4, 10))
        if chance.random() < 0.2:
            sentence += "," + chance.choice(_PHRASES)
        parts.append(sentence + ("。\n" if chance.random() < 0.3 else "。"))
    return title, "".join(parts)


def edited(chance: random.Random, text: str, share: float) -> str:
    """So large a share of the characters replaced, removed or doubled by others; numbers stay, as editors leave them."""
    chars = sorted(set(_CHARS))
    out = []
    for char in text:
        if char.isdigit() or char == "\n" or chance.random() >= share:
            out.append(char)
            continue
        what = chance.random()
        out += [] if what < 0.25 else [char, chance.choice(chars)] if what < 0.5 else [chance.choice(chars)]
    return "".join(out)


def template_of(chance: random.Random, title: str, text: str) -> tuple[str, str] | None:
    """The same notice for another place, year and number; None where title and first sentence state none of them."""
    head = title + re.split(r"[。\n]", text)[0]
    found = {p.name for p in provinces.places(text + "\n" + title)}
    if not re.search(r"(?:19|20)\d\d年", head) and not any(name in head for name in found):
        return None
    others = [p for p in PLACES if not any(p[:2] in name or name[:2] in p for name in found)]
    chance.shuffle(others)

    def changed(part: str) -> str:
        for name, other in zip(sorted(found, key=lambda n: (-len(n), n)), others * 9, strict=False):
            part = part.replace(name, other)
        part = re.sub(r"(?<!\d)((?:19|20)\d\d)(?=年)", lambda m: str(int(m[1]) + 1), part)
        return re.sub(
            r"(?<!\d)(\d{1,3})(?=[月日批名])", lambda m: str(int(m[1]) % 9 + 1 + (m[1] == str(int(m[1]) % 9 + 1))), part
        )

    return changed(title), changed(text)


def substituted(text: str) -> str:
    """A content farm's copy. Where a text has few of the farm's words, its own commonest pieces are replaced."""
    for word, other in _SUBSTITUTED.items():
        text = text.replace(word, other)
    return text


def traditional(text: str) -> str:
    """As the archive stores a copy that a site shows in Traditional characters."""
    return to_simplified(_t()(text))


@cache
def _t() -> Callable[[str], str]:
    convert: Callable[[str], str] = opencc.OpenCC("s2t").convert
    return convert


def third(text: str) -> str:
    return text[: len(text) // 3]


EXCERPTS = ("third",)
KINDS = (
    *(
        "edit 2 %",
        "edit 5 %",
        "edit 10 %",
        "edit 20 %",
        "cut head",
        "cut tail",
        "third",
        "editor's note",
        "traditional",
    ),
    *("word-substituted", "digest"),
)
TEMPLATE = "template"


def plant(texts: list[tuple[str, str]], seed: int = 1) -> Iterator[Text]:
    """Each notice, a copy of it of each kind on other sites, a digest of it with the next one, and a template of it."""
    chance = random.Random(seed)
    home = ("dept", "清源省教育厅", "department")
    for number, (title, text) in enumerate(texts):
        day = date(2023, 1, 2) + timedelta(days=chance.randrange(700))
        origin = Text("origin", (number,), title, text, home, None, day)
        yield origin
        site = iter([*SITES, *SITES, *SITES])

        def copy(
            kind: str,
            body: str,
            headline: str = title,
            origin: Text = origin,
            site: Iterator[tuple[str, str, str]] = site,
        ) -> Text:
            later = origin.day + timedelta(days=chance.randrange(4))
            credit = chance.choice([None, None, origin.site[1]])
            return replace(origin, kind=kind, text=body, title=headline, site=next(site), source=credit, day=later)

        for share in (2, 5, 10, 20):
            yield copy(f"edit {share} %", edited(chance, text, share / 100))
        yield copy("cut head", text[len(text) * 3 // 10 :])
        yield copy("cut tail", text[: len(text) * 7 // 10])
        yield copy("third", third(text))
        note = "编者按:本文所述情况引起读者关注,现予转载,供各地参考,欢迎来信来电提出意见。"
        yield copy("editor's note", f"{note}\n来源:清源省教育厅\n{text}\n责任编辑:林知远")
        yield copy("traditional", traditional(text), traditional(title))
        yield copy("word-substituted", substituted(text), substituted(title))
        if len(texts) > 1:
            other = (number + 1) % len(texts)
            body = f"{text}\n{texts[other][1]}"
            yield replace(copy("digest", body, f"教育要闻两则({number})"), of=(number, other), day=date(2025, 1, 5))
        if (made := template_of(chance, title, text)) is not None:
            yield replace(
                origin,
                kind=TEMPLATE,
                of=(-1 - number,),
                title=made[0],
                text=made[1],
                site=("dept2", "云桥省教育厅", "department"),
            )


def synthetic(count: int, seed: int = 1, length: int = 680) -> list[tuple[str, str]]:
    """Invented notices."""
    chance = random.Random(seed)
    return [notice(chance, n, chance.choice(PLACES), chance.randint(2015, 2024), length) for n in range(count)]
