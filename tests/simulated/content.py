"""Invented headlines and bodies. The same seed always gives the same words; no two articles of a site share a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

# Characters that real county names hardly combine, so that no place written here exists.
_PLACE_HEADS = "岚汀澄泓桦槐棠椿柘榆漪沁砚筠蓼"
_PLACE_TAILS = "墅垟畈坞岬崮堰埭碶渚"
_PLACE_KINDS = ("县", "县", "区", "市")
_SURNAMES = "季喻裴晏阮佟祁桑尹殷"
_GIVEN = ("若溪", "怀瑾", "知远", "清和", "砚秋", "云舒", "牧之", "以宁", "景行", "听澜", "望舒", "亦舟")
_SCHOOLS = (
    "第一小学",
    "实验中学",
    "职业技术学校",
    "中心幼儿园",
    "特殊教育学校",
    "第三中学",
    "师范附属小学",
    "开放大学",
)
_TOPICS = (
    "义务教育阶段招生入学",
    "中小学教材教辅征订",
    "校园食品安全专项检查",
    "普通高中学业水平考试",
    "学前教育普及普惠督导评估",
    "职业教育产教融合",
    "教师职称评审",
    "校外培训治理",
    "学生体质健康监测",
    "高校毕业生就业创业",
    "语言文字规范化",
    "劳动教育实践基地认定",
    "家庭经济困难学生资助",
    "智慧教育平台应用试点",
    "乡村学校音体美教师走教",
    "科学教育实验区建设",
)
_EVENTS = ("推进会", "座谈会", "现场观摩活动", "专题培训班", "工作调度会", "开放周活动", "经验交流会", "主题宣讲活动")
_NOTICES = (
    "关于做好{year}年{place}{topic}工作的通知",
    "关于公布{year}年{place}{topic}结果的公告",
    "关于开展{year}年度{place}{topic}情况抽查的函",
    "{place}{topic}实施方案（征求意见稿）公开征求意见的公告",
    "{place}召开{topic}{event}",
    "{place}{school}：{topic}有了新办法",
    "{topic}走进{place}{school}",
    "{place}{school}举行“{slogan}”{event}",
    "图解：{place}{topic}怎么办、找谁办",
    "{place}教师{person}：二十年守着一间教室",
)
_SLOGANS = ("书香润校园", "小手拉大手", "阳光一小时", "匠心筑梦", "春雨润田", "同上一堂课", "青苗成长", "星火讲堂")
_SENTENCES = (
    "{day}，{place}{topic}{event}在{school}举行，全县{count}所学校的{people}名教师参加。",
    "各校要在{month}月底前完成自查，建立问题清单，逐项明确责任人和整改时限，{count}所抽查学校的结果将向社会公开。",
    "据介绍，今年以来当地投入{money}万元，新建改扩建校舍{people}平方米，增加学位{seats}个。",
    "{school}教师{person}说，过去办一次手续要跑{few}趟，现在在线提交材料，{few}个工作日就能收到答复。",
    "下一步，将围绕{topic}继续完善制度，把“{slogan}”办成常态化项目，让更多孩子在家门口上好学。",
    "符合条件的学生和家长可在{month}月{few}日前登录平台填报信息，逾期不再补录，咨询电话见各校公告栏。",
    "会议要求，有关科室要下沉一线，每月至少走访{few}所学校，帮助解决师资、设备和安全方面的实际困难。",
    "校长{person}介绍，学校把{topic}写进了年度计划，{people}名学生分{few}批参加了实践课程。",
    "本次共收到申报材料{seats}份，经形式审查、专家评议和集中公示，最终确定{count}项列入名单。",
    "截至目前，{place}已有{count}个乡镇完成试点任务，群众满意度调查得分为{score}分。",
)


@dataclass(frozen=True)
class Prose:
    """Title, paragraphs and credits of one invented article."""

    title: str
    paragraphs: tuple[str, ...]
    author: str
    editor: str


class Writer:
    """Writes articles that differ from each other, from one random generator."""

    def __init__(self, random_: random.Random) -> None:
        self.random = random_
        self.titles: set[str] = set()

    def person(self) -> str:
        return self.random.choice(_SURNAMES) + self.random.choice(_GIVEN)

    def place(self) -> str:
        pick = self.random.choice
        return pick(_PLACE_HEADS) + pick(_PLACE_TAILS) + pick(_PLACE_KINDS)

    def _fill(self, template: str, place: str, topic: str, year: int) -> str:
        random_ = self.random
        return template.format(
            place=place, topic=topic, year=year, school=place[:2] + random_.choice(_SCHOOLS), person=self.person(),
            event=random_.choice(_EVENTS), slogan=random_.choice(_SLOGANS), day=f"{random_.randint(1, 28)}日上午",
            count=random_.randint(11, 97), people=random_.randint(120, 9800), money=random_.randint(150, 9900),
            seats=random_.randint(260, 4900), month=random_.randint(6, 12), few=random_.randint(2, 9),
            score=f"{random_.randint(88, 97)}.{random_.randint(1, 9)}",
        )  # fmt: skip

    def write(self, year: int) -> Prose:
        """An article of four to six paragraphs, 150 to 400 characters."""
        while True:
            place, topic = self.place(), self.random.choice(_TOPICS)
            title = self._fill(self.random.choice(_NOTICES), place, topic, year)
            if title not in self.titles:
                break
        self.titles.add(title)
        chosen = self.random.sample(_SENTENCES, self.random.randint(4, 6))
        paragraphs = tuple(self._fill(sentence, place, topic, year) for sentence in chosen)
        return Prose(title, paragraphs, self.person(), self.person())
