"""Tables of snippets as real pages write them, and properties that must hold for any text."""

import re
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from coverage import Coverage
from hypothesis import given, settings
from hypothesis import strategies as st

from govcrawl.extraction import (
    Site,
    charset,
    dates,
    extract,
    flags,
    gates,
    header,
    names,
    people,
    policy,
    publish,
    script,
    source,
    title,
)
from govcrawl.extraction.document import parse, squeeze

DAY = date(2023, 2, 8)


def reading(lines: list[str]) -> header.Reading:
    return header.read(dict(enumerate(lines)))


def source_of(lines: list[str], tail: list[str]) -> str | None:
    return source.decide(reading(lines), reading(tail))


def authors_of(lines: list[str], body: list[str]) -> list[str]:
    none = reading([])
    candidates = people.authors(reading(lines), [], people.texts(body), none, none)
    return people.choose_names("author", candidates, None, gates.NOWHERE)


def editors_of(text: str) -> list[str]:
    return people.choose_names("editor", people.editors([reading([text])]), None, gates.NOWHERE, every=True)


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("发布时间：2023-02-08", DAY, None),
        ("2023年2月8日", DAY, None),
        ("2023年02月08日16:42", DAY, "16:42:00"),
        ("2023-02-08 16:42:05", DAY, "16:42:05"),
        ("２０２３－０２－０８　１６：４２", DAY, "16:42:00"),
        ("2023/2/8 下午 4:42", DAY, "16:42:00"),
        ("2023.02.08 09时32分", DAY, "09:32:00"),
        ("2023年 2 月 8 日 09 : 05", DAY, "09:05:00"),
        ("2023-02-0816:42来源：某报", DAY, "16:42:00"),
        ("原创：2023-02-08 04:29:4439健康网", DAY, "04:29:44"),
        ("2023-02-08T16:42:05+08:00", DAY, "16:42:05"),
        ("2023-02-08T08:42:05Z", DAY, "16:42:05"),
        ("2023-02-07T20:00:00.000Z", DAY, "04:00:00"),
        ("02/08/2023 09:05:00", DAY, "09:05:00"),
        ("二〇二三年二月八日", DAY, None),
        ("二○二三年二月八日", DAY, None),
        ("2023 02/08 22:27:02", DAY, "22:27:02"),
        ("民國112年2月8日", DAY, None),
        ("Feb 8, 2023", DAY, None),
        ("8th February 2023 16:42", DAY, "16:42:00"),
        ("202302-08 16:42", DAY, "16:42:00"),
        ("08\x1f2023-02", DAY, None),
        ("时间：20230208", DAY, None),
    ],
)
def test_date_spellings(text: str, day: date, clock: str | None) -> None:
    moment = dates.first_moment(text)
    assert moment is not None
    assert moment.day == day
    assert (moment.at.strftime("%H:%M:%S") if moment.at else None) == clock
    assert moment.precision == ("day" if clock is None else "second" if re.search(r"\d:\d\d:\d\d", text) else "minute")


@pytest.mark.parametrize(
    "text",
    [
        "2023-13-01",
        "2023年2月30日",
        "电话 010-66096114",
        "2026-02-00018",
        "3.2023.1",
        "版本1.2.3",
        "20230230",
        "2023年2月32日",
        "2023-2-45",
        "2023-0212",
        "",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert dates.first_moment(text) is None


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://difang.gmw.cn/hlj/2023-02/08/content_36354401.htm", DAY),
        ("http://www.moe.gov.cn/srcsite/A17/202302/t20230208_1135001.html", DAY),
        ("https://x.gov.cn/art/2023/2/8/art_1229123_58901234.html", DAY),
        ("http://www.news.cn/20230208/0123456789abcdef0123456789abcdef/c.html", DAY),
        ("https://liaoning.news.163.com/23/0208/10/HT7H7D3A04228EEM.html", DAY),
        ("http://edu.people.com.cn/n1/2023/0208/c1006-40238001.html", DAY),
        ("https://x.gov.cn/c100/202302/c00_31470873.shtml", None),
        ("https://x.cn/Article_Show.asp?ArticleID=11738", None),
        ("https://x.cn/p/20231399.html", None),
    ],
)
def test_date_of_an_address(url: str, day: date | None) -> None:
    assert dates.url_date(url) == day


@pytest.mark.parametrize(
    ("html", "url", "day", "evidence"),
    [
        (
            "<h1>开学通知</h1><p>发布时间：2023-02-08</p><p>各校于2023年3月1日开学，请做好准备工作。</p>",
            "/a",
            DAY,
            "label",
        ),
        (
            "<h1>开学通知</h1><p>成文日期：2023-01-02</p><p>日期：2023-02-08</p><p>各校做好开学准备工作，确保安全。</p>",
            "/a",
            DAY,
            "label",
        ),
        (
            "<h1>开学通知</h1><p>截止日期：2023-01-02</p><p>各校于2023年3月1日前做好准备工作，确保安全。</p>",
            "/a",
            None,
            None,
        ),
        (
            "<meta name=PubDate content='2022-10-14 10:16:14'><h1>开学通知</h1><p>2023年02月08日 来源：某局</p><p>各校做好准备工作。</p>",
            "/a",
            DAY,
            "label",
        ),
        (
            "<meta name=PubDate content='2023-02-08 09:30'><h1>开学通知</h1><p>日期：2023-02-08</p><p>各校做好准备工作。</p>",
            "/a",
            DAY,
            "meta",
        ),
        (
            "<h1>开学通知</h1><p>各校做好准备工作，确保按时开学。</p><ul><li><a href=/b>某地开会</a> 2025-01-01</li></ul>",
            "/202302/t20230208_1.html",
            DAY,
            "url",
        ),
        (
            "<h1>开学通知</h1><div id=zoom><p>各校做好准备工作，确保按时开学。</p><p>某县教育局</p><p>2023年2月8日</p></div>",
            "/a",
            DAY,
            "signature",
        ),
        (
            "<meta name=PubDate content='2022-10-14 10:16:14'><meta name=others content='页面生成时间 2022-10-14'><h1>开学通知</h1><p>各校做好准备工作，确保按时开学。</p>",
            "/c1/202302/0a1b.shtml",
            None,
            None,
        ),
        (
            "<meta name=PubDate content='2023-02-08 10:16'><h1>开学通知</h1><p>各校做好准备工作，确保按时开学。</p>",
            "/c1/202302/0a1b.shtml",
            DAY,
            "meta",
        ),
        ("<h1>开学通知</h1><p>发布时间：2099-02-08</p><p>各校做好准备工作，确保按时开学。</p>", "/a", None, None),
        ("<h1>开学通知</h1><p>发布时间：1912-02-08</p><p>各校做好准备工作，确保按时开学。</p>", "/a", None, None),
    ],
)
def test_publish_date_by_evidence(html: str, url: str, day: date | None, evidence: str | None) -> None:
    got = extract(html.encode(), "http://x.example" + url)
    assert (got.published_on, got.published_from) == (day, evidence)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("徐皓", ["徐皓"]),
        ("郝帅、杨迪", ["郝帅", "杨迪"]),
        ("王乐文 方 敏", ["王乐文", "方敏"]),
        ("杨倩_NF4425", ["杨倩"]),
        ("韩保林 PK155", ["韩保林"]),
        ("本报记者 阿妮尔", ["阿妮尔"]),
        ("记者李文蕊 通讯员张文远", ["李文蕊"]),
        ("吴梦丽、记者喻云亮", ["吴梦丽", "喻云亮"]),
        ("基础教育处", ["基础教育处"]),
        ("网络整理", []),
        ("未知", []),
        ("Demi Xia", ["Demi Xia"]),
        ("陈智 整合", ["陈智"]),
    ],
)
def test_names(value: str, want: list[str]) -> None:
    assert names.split_names(value) == want


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        (["来源:黑龙江省教育厅\x1f2023-02-08 16:42"], "黑龙江省教育厅"),
        (["发布时间：2023-01-16作者：浏览次数：10"], None),
        (["作者：基础教育处发布时间：2023-01-12浏览次数：22"], None),
        (["[ 2024-1-18 浏览:219 来源:教育部 ]"], "教育部"),
        (["2023-02-16 14:22:10 来源: \x1f滨河教育发布\x1f 辽宁 \x1f举报"], "滨河教育发布"),
        (["2024年05月17日08:59 | 来源：\x1f人民网－人民日报"], "人民网－人民日报"),
        (["2024-05-11 本文来源于\x1f国家统计局"], "国家统计局"),
        (["来源：《羊城晚报》 \x1f手机看新闻"], "羊城晚报"),
        (["发表于2014-08-24 21:30| 1164次阅读| 来源CSDN| 0 条评论| 作者魏星"], "CSDN"),
        (["信息来源：", "青禾县教育体育局", "2023-01-09"], "青禾县教育体育局"),
        (["新闻图片来源：某图片社"], None),
        (["2023年1月1日 来源：示例日报 张云帆"], "示例日报"),
        (["2023-01-09 16:42:00 来源: 示例网(北京) 举报"], "示例网(北京)"),
        (["信息来源：办公室（规划处） 2023-01-09"], "办公室（规划处）"),
        (["（来源：示例日报）2023-01-09"], "示例日报"),
        (["素材来源：示例日报、示例网"], None),
    ],
)
def test_source_by_label(lines: list[str], want: str | None) -> None:
    assert source_of(lines, []) == want


@pytest.mark.parametrize(
    ("body", "want"),
    [
        (
            [
                "中国教育报-中国教育新闻网讯（记者 周予安）近日，浙江省海宁湾市十二所乡村学校集中展示了一学期的研究成果。"
            ],
            ["周予安"],
        ),
        (
            ["示例网太原5月16日电 （记者林知远、方 敏）记者从山西省教育部门获悉，今年全省将新增寄宿位，优先满足需要。"],
            ["林知远", "方敏"],
        ),
        (["本报记者 王乐文 方 敏", "正文在这里，很长很长，足够作为一个段落出现。"], ["王乐文", "方敏"]),
        (["正文在这里，很长很长，足够作为一个段落出现。（张巨峰）"], ["张巨峰"]),
        (["正文在这里，很长很长，足够作为一个段落出现。（刘通摄）"], []),
        (["正文在这里，很长很长，足够作为一个段落出现。（德清县发改局）"], []),
        (["现场有记者提问，新华社记者 李梦馨 摄"], []),
        (["【示例時報記者范姜佳鈺／台北報導】台北市教育局昨日宣布，新學期起在三十所國小推動晨間閱讀。"], ["范姜佳鈺"]),
        (["会议指出，要坚持五育并举，做好教育工作。"], []),
        (["示例日报北京1月1日电 记者张云帆、李若溪报道：新学期开始了，各校准备了开学第一课。"], ["张云帆", "李若溪"]),
        (["示例网北京1月1日电 （张云帆）新学期开始了，各校准备了开学第一课。"], ["张云帆"]),
        (["21世纪示例报道记者张云帆 北京报道 新学期开始了，各校准备了开学第一课。"], ["张云帆"]),
        (["（示例社記者張雲帆台北1日電）新學期開始了，各校準備了開學第一課。"], ["張雲帆"]),
        (
            ["新學期開始了，各校準備了開學第一課。(林若溪報導)", "第二段。", "第三段。", "第四段。", "第五段。"],
            ["林若溪"],
        ),
        (["【示例時報記者張雲帆台北報導】新學期開始了。"], ["張雲帆"]),
        (["《示例》作者 张云帆", "新学期开始了，各校准备了开学第一课。"], ["张云帆"]),
        (["每日示例记者 张云帆 每日示例编辑 李若溪", "新学期开始了，各校准备了开学第一课。"], ["张云帆"]),
        (["新学期开始了。", "（作者：张云帆北京示例大学教授）"], ["张云帆"]),
        (["新学期开始了。", "（中国示例网 张云帆）"], ["张云帆"]),
        (["新学期开始了。", "撰稿：张云帆 审核：李若溪"], ["张云帆"]),
        (["新学期开始了。", "作者简介：张云帆，男，教授"], []),
        (["新学期开始了。", "（综合整理自示例新闻、示例网等）"], []),
        (["昨日下午，记者王先生说，新学期开始了。"], []),
    ],
)
def test_author_from_the_body(body: list[str], want: list[str]) -> None:
    assert authors_of([], body) == want


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("文/张云帆 图/李若溪", ["张云帆"]),
        ("张云帆/文", ["张云帆"]),
        ("文 | 张云帆 编辑 | 李若溪", ["张云帆"]),
        ("記者張雲帆／綜合報導", ["張雲帆"]),
        ("2023年1月1日 来源：示例日报 张云帆", ["张云帆"]),
        ("2023年1月1日 来源：示例日报 社会新闻部", []),
    ],
)
def test_author_of_the_header(line: str, want: list[str]) -> None:
    assert authors_of([line], ["新学期开始了，各校准备了开学第一课。"]) == want


def test_source_below_the_text_by_its_date_not_by_a_notice() -> None:
    dated = "版权声明 来源：示例商报 时间：2023-02-08 14:34:05 作者："
    assert source_of([], [dated]) == "示例商报"
    assert source_of([], ["版权声明：凡注明来源：示例商报的作品，转载请联系本网"]) is None


def test_a_credit_that_closes_the_body_is_read_though_it_is_no_text() -> None:
    body = (
        "<h1>新学期的第一课</h1><p>2023-02-08</p>"
        + "<p>新学期开始了，各校准备了开学第一课，内容丰富，形式多样。</p>" * 2
    )
    got = extract(f"{body}<p>(作者：张云帆北京示例大学教授)</p>".encode(), "http://x.example/1")
    assert got.author == ["张云帆"]
    assert "作者" not in got.text


def test_several_authors_beside_the_date_are_no_source() -> None:
    body = "<h1>新学期的第一课</h1><p>2020-06-05 20:35 <span>示例姐</span> 张云帆</p><p>执笔/示例姐、张云帆&李若溪</p>"
    body += "<p>新学期开始了，各校准备了开学第一课，内容丰富，形式多样，孩子们都很期待。</p>" * 2
    got = extract(body.encode(), "http://x.example/1")
    assert (got.source, got.author) == (None, ["示例姐", "张云帆", "李若溪"])


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("[ 责编:徐皓 ]", ["徐皓"]),
        ("责任编辑：赵明_NXXX12", ["赵明"]),
        ("(责编：胡永秋、杨光宇)", ["胡永秋", "杨光宇"]),
        ("（责任编辑： HN666）", []),
        ("編輯： 李志強 )", ["李志強"]),
        ("（責任編輯 余淩雲）", ["余淩雲"]),
        ("责任编辑 姚立伟", ["姚立伟"]),
        ("编辑部电话：010-66096114", []),
        ("[责任编辑：alonliu]", ["alonliu"]),
        ("编辑 刘若溪 校对 李明", ["刘若溪"]),
        ("编辑 周若溪 ｜ 排版 魏明", ["周若溪"]),
    ],
)
def test_editor_by_label(text: str, want: list[str]) -> None:
    assert editors_of(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("教思政厅函〔2024〕10号", "教思政厅函〔2024〕10号"),
        ("黑教规[2023]1号", "黑教规[2023]1号"),
        ("国办发（2017） 47 号", "国办发（2017）47号"),
        ("苏政办发【2022】3号", "苏政办发【2022】3号"),
        ("根据教基〔2021〕8号文件", "教基〔2021〕8号"),
        ("第12号", None),
        ("2024年10号", None),
    ],
)
def test_document_number(text: str, want: str | None) -> None:
    assert policy.doc_number(text) == want


@pytest.mark.parametrize(
    "line", ["青教规〔2023〕1号", "<span>文　　号</span><span>青教规〔2023〕1号</span>", "（青教规〔2023〕1号）"]
)
def test_document_number_on_a_line_of_its_own(line: str) -> None:
    body = (
        f"<h1>关于做好读书节工作的通知</h1><p>{line}</p><p>各县区教育局：现将读书节有关事项通知如下，请认真落实。</p>"
    )
    assert extract(body.encode(), "http://x.example/1").doc_number == "青教规〔2023〕1号"


@pytest.mark.parametrize(
    "markup",
    [
        "<table><tr><th>索引号</th><td>0001/2024-1</td><th>发布机构</th><td>某省教育厅</td></tr><tr><th>文　　号</th><td>某教〔2024〕1号</td><th>生成日期</th><td>2024-01-05</td></tr></table>",
        "<ul><li><b>信息索引：</b>0001/2024-1</li><li><b>发文机构：</b>某省教育厅</li><li><b>发文字号：</b>某教〔2024〕1号</li><li><b>成文日期：</b>2024年1月5日</li></ul>",
        "<div>索 引 号：0001/2024-1 发文机关：某省教育厅</div><div>文号：某教〔2024〕1号　成文日期：2024年01月05日</div>",
    ],
)
def test_policy_header_shapes(markup: str) -> None:
    document = parse(f"<body>{markup}<h1>关于开学的通知</h1></body>")
    got = policy.read(document, 0, len(document.lines), [])
    assert (got.index_number, got.issuer, got.doc_number, got.written_on) == (
        "0001/2024-1",
        "某省教育厅",
        "某教〔2024〕1号",
        date(2024, 1, 5),
    )


@pytest.mark.parametrize(
    ("tag", "want"),
    [
        ("2023年黑龙江省教育工作会议召开_光明网", "2023年黑龙江省教育工作会议召开"),
        ("山西今年新增寄宿位--教育--人民网", "山西今年新增寄宿位"),
        ("关于开学的通知_通知公告_某省教育厅", "关于开学的通知"),
        ("多運動 薪水高 ｜即時新聞｜中時電子報", "多運動 薪水高"),
        ("2024-2025学年校历公布", "2024-2025学年校历公布"),
        ("某某：一边争相上马，一边接连叫停 - 每日经济新闻", "某某：一边争相上马，一边接连叫停"),
        ("[组图]校园里的春天", "校园里的春天"),
    ],
)
def test_title_without_site(tag: str, want: str) -> None:
    assert title.strip_site(title.tidy(tag), []) == want


def test_headline_restores_what_the_meta_tag_cut() -> None:
    body = '<meta property="og:title" content="奖金711万元！"><title>奖金711万元！"少年科学奖"首位获奖女生是谁?_某网</title><h1>奖金711万元！"少年科学奖"首位获奖女生是谁?</h1><p>今天，这个奖项揭晓，获奖者来自云岭县。</p>'
    assert extract(body.encode(), "http://x.example/1").title == '奖金711万元！"少年科学奖"首位获奖女生是谁?'


def test_a_channel_is_neither_headline_nor_source() -> None:
    body = "<title>山野小学的读书节-童心书屋</title><h1>童心书屋</h1><div><b>山野小学的读书节</b></div>"
    body += "<div>2023-02-08 <span>童心书屋</span></div><p>读书节那天，山野小学的孩子们带来了自己最喜欢的书。</p>" * 2
    got = extract(body.encode(), "http://x.example/1", channel="童心书屋")
    assert (got.title, got.source) == ("山野小学的读书节", None)


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        (("发布会", "学校位于上海市河北路，学生来自附近社区，上海的家长都很支持，上海市教委也提供帮助。"), "shanghai"),
        (
            ("牧区孩子的足球梦", "海南藏族自治州的草原上，海南州第一民族中学的孩子们每天训练，青海省足协派来教练。"),
            "qinghai",
        ),
        (
            ("流动图书车走进社区", "吉林市的志愿者把图书送到长春和延边的学校，吉林的冬天很冷，但孩子们热情很高。"),
            "jilin",
        ),
        (("新时代龙江教育改革", "会议要求，助力龙江振兴发展，龙江各高校要主动作为，做好服务工作。"), "heilongjiang"),
        (
            ("教育部部署阅读行动", "教育部要求各地各校把阅读融入课程，全国中小学都要参加，推动教育强国建设。"),
            "national",
        ),
        (("四部门联合部署暑期托管", "有关部门负责人介绍，托管由学校自愿开展，家长自愿选择。"), "national"),
        (("怎样陪孩子写作业", "把手机放下，坐在孩子旁边读一本书，比催促更有用。"), "unknown"),
    ],
)
def test_province_of_the_text(texts: tuple[str, str], want: str) -> None:
    body = f"<h1>{texts[0]}</h1><div id=zoom><p>{texts[1]}</p></div>"
    assert extract(body.encode(), "http://x.example/1.html").province == want


def test_department_lands_in_its_own_province() -> None:
    body = "<h1>广东与辽宁交流职业教育</h1><div id=zoom><p>广东省代表团到访，广东各校介绍了产教融合经验。</p></div>".encode()
    got = extract(body, "http://x.example/1", site=Site("liaoning", kind="department", province="liaoning"))
    assert (got.province, got.province_name, got.province_code, got.province_from) == (
        "liaoning",
        "辽宁省",
        "210000",
        "site",
    )


@pytest.mark.parametrize(
    ("text", "flagged"),
    [
        ("各中小公司要布置寒假作业，高三员工不得补课，班主任要联系家长。", True),
        ("近年来各高公司深化改革，本科公司产品设置更加合理。", True),
        ("企业选派技术水平高的员工担任师傅，公司与学校共同制定方案，学生到企业实习，教师与员工结对。", False),
        ("某公司向学校捐赠图书，公司员工代表参加仪式。公司负责人说，公司将继续支持教育。", False),
    ],
)
def test_word_substitution(text: str, flagged: bool) -> None:
    assert flags.word_substitution(text) is flagged


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        ("春天来了。", False),
        ("孩子们笑了……", False),
        ("会议要求，各地要...", True),
        ("详见…[全文]", True),
        ("一是加强管理，", True),
        ("活动持续到年底。(完)", False),
    ],
)
def test_truncated(end: str, cut: bool) -> None:
    assert flags.truncated("这是正文里的一个句子，讲的是校园里的事情。" * 4 + end) is cut
    assert not flags.truncated(end)


def test_midnight_in_a_meta_tag_is_no_clock() -> None:
    body = "<meta name=PubDate content='2023-02-08 00:00:00'><h1>开学通知</h1><p>各校做好准备工作，确保按时开学。</p>".encode()
    got = extract(body, "http://x.example/1")
    assert (got.published_on, got.published_at, got.published_precision) == (DAY, None, "day")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("沖著目標著力推進，沿著道路走", "冲着目标着力推进，沿着道路走"),
        ("著名作家的著作成效顯著", "著名作家的著作成效显著"),
        ("編著譯著原著名著", "编著译著原著名著"),
    ],
)
def test_simplified(text: str, want: str) -> None:
    assert script.to_simplified(text) == want


def test_traditional_only_where_the_page_is() -> None:
    assert script.is_traditional("會議指出，要認真學習貫徹精神，推動教育強國建設。")
    assert not script.is_traditional(
        "会议指出，古籍中的“師者，所以傳道受業解惑也”至今仍有启发，各校要认真学习，推动教育高质量发展，办好人民满意的教育。"
    )


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("gb18030", "gb2312"),
        ("gb18030", "utf-8"),
        ("gb18030", None),
        ("utf-8", "gb2312"),
        ("utf-8", None),
        ("big5", "big5"),
        ("utf-8-sig", "gbk"),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
    ],
)
def test_charset(encoding: str, declared: str | None) -> None:
    words = (
        "會議要求，各校要把學生的安全放在首位，認真做好開學準備。"
        if encoding == "big5"
        else "会议要求，各校要把学生的安全放在首位，认真做好开学准备。"
    )
    head = f'<meta charset="{declared}">' if declared else ""
    head = "<html><head><title></title></head><body><div class='content'>" if "16-" in encoding else head
    text, _, repaired = charset.decode(f"{head}<p>{words * 6}</p>".encode(encoding))
    assert words in text
    assert not repaired


def test_one_broken_byte_does_not_change_the_charset() -> None:
    body = "<meta charset=utf-8><p>会议要求，各校要把学生的安全放在首位。</p>".encode() * 20 + b"\xff\xfe\x80"
    assert "会议要求" in charset.decode(body)[0]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        ["http://x.example/a", "", "not a url", "http://[broken", "http://x.example/202302/t20230208_1.html"]
    ),
)
def test_any_bytes_give_a_result(body: bytes, url: str) -> None:
    got = extract(body, url)
    assert got.page_type in {"article", "list", "video", "challenge", "error", "attachment", "empty"}
    got.text.encode()
    got.title.encode()


MARKUP = st.lists(
    st.sampled_from(
        [
            *[
                "<div>",
                "</div>",
                "<p>",
                "</p>",
                "<table><tr><td>",
                "</td>",
                "<h1>",
                "</h1>",
                "<a href='x.doc'>",
                "</a>",
                "<br>",
                "<!--",
                "-->",
                "<script>",
                "</script>",
                "<div style='display:none'>",
                "<b>",
                "<title>",
                "</title>",
            ],
            *[
                "来源：",
                "作者：记者 ",
                "责任编辑：",
                "2023-02-08 16:42",
                "二〇二三年二月八日",
                "索引号：",
                "某教〔2023〕1号",
                "附件：",
                "（记者 张三）",
                "这是一个足够长的段落，里面有标点。",
                "\x00",
                "\ud800".encode("utf-8", "replace").decode(),
                "&#xD800;",
                "<",
                "&",
            ],
        ],
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(MARKUP)
def test_any_markup_gives_a_consistent_result(parts: list[str]) -> None:
    fetched = datetime(2024, 1, 1, tzinfo=UTC)
    got = extract("".join(parts).encode(), "http://x.example/a", fetched_at=fetched)
    assert got.text_length == len(got.text)
    if got.published_on is not None:
        assert date(1949, 10, 1) <= got.published_on <= fetched.date()
    assert got.published_at is None or got.published_at <= fetched
    assert got.page_type == "article" or not got.text


@settings(max_examples=200, deadline=None)
@given(
    st.dates(date(1949, 10, 1), date(2049, 12, 31)),
    st.times(),
    st.sampled_from(
        [
            "{0:%Y-%m-%d %H:%M:%S}",
            "{0:%Y年%m月%d日%H:%M:%S}",
            "{0:%Y/%m/%d %H:%M:%S}",
            "发布时间：{0:%Y.%m.%d %H:%M:%S} 来源",
        ]
    ),
)
def test_every_moment_is_read_back(day: date, clock: object, form: str) -> None:
    stamp = datetime.combine(day, clock)  # type: ignore[arg-type]
    moment = dates.first_moment(form.format(stamp))
    assert moment is not None
    assert moment.at is not None
    assert moment.at.replace(tzinfo=None) == stamp.replace(microsecond=0)
    assert moment.at.utcoffset() == timedelta(hours=8)


@settings(max_examples=200, deadline=None)
@given(
    st.text("教育厅办函发政规黑苏", min_size=1, max_size=8),
    st.integers(1949, 2049),
    st.integers(1, 9999),
    st.sampled_from(["〔〕", "[]", "（）", "()", "【】", "［］"]),
)
def test_every_document_number_is_read_back(prefix: str, year: int, order: int, brackets: str) -> None:
    number = f"{prefix}{brackets[0]}{year}{brackets[1]}{order}号"
    assert policy.doc_number(f" {number} ") == number


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_names_of_any_text(text: str) -> None:
    found = names.split_names(text)
    assert len(found) == len(set(found))
    assert all(name and name == name.strip() for name in found)
    assert set(names.people(text)) <= {n for n in names.people(text) if 2 <= len(n) <= 40}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_squeezed_text_has_single_spaces(text: str) -> None:
    got = squeeze(text)
    assert got == got.strip()
    assert "  " not in got


SENTENCE = "这是正文里的一个句子，讲的是校园里的事情。"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<div>" * 100_000 + SENTENCE, id="deep blocks"),
        pytest.param("<b><i>" * 50_000 + SENTENCE, id="deep inline"),
        pytest.param("<table><tr><td>" * 20_000 + SENTENCE, id="deep tables"),
        pytest.param(f"<p>{SENTENCE}</p>" * 20_000, id="paragraphs"),
        pytest.param("<br>x" * 200_000, id="lines"),
        pytest.param("<tr><td>a" * 60_000, id="rows"),
        pytest.param("".join(f'<div class="c{i} d{i}">y</div>' for i in range(30_000)), id="names"),
        pytest.param(f"<div {' '.join(f'a{i}=1' for i in range(100_000))}>{SENTENCE}", id="attributes"),
        pytest.param("<a b='" * 100_000, id="open quotes"),
        pytest.param("<style>" + ".a{position:absolute;left:-999px}" * 30_000, id="styles"),
        pytest.param(
            "<style>.a{display:none}</style>" + "<div class=a>" * 5_000 + "<p>x</p>" * 50_000 + "</div>" * 5_000,
            id="hidden",
        ),
        pytest.param("<p>目录</p>" + "".join(f"<p>第{i}节</p>" for i in range(25_000)) * 2, id="contents"),
        pytest.param(f"<p>{SENTENCE}</p>" + "<p>打印</p>" * 50_000 + "<a href='a.pdf'>附件</a>", id="ends"),
        pytest.param(f"<p>2023-01-01 08:00 回复</p><p>{SENTENCE}</p>" * 20_000, id="posts"),
        pytest.param(f"<a href='a'>{SENTENCE}</a><p>{SENTENCE}</p>" * 15_000, id="excerpts"),
        pytest.param(("<a href='a'>" + f"<p>{SENTENCE}</p>" * 9) * 4_000, id="anchors"),
        pytest.param("<p>" + "<b>青溪县</b>" * 100_000, id="pieces"),
        pytest.param("1" * 500_000, id="digits"),
        pytest.param("<h1>x</h1>" + "2023-01-01 08 " * 60_000, id="dates"),
        pytest.param("来源：作者：责任编辑：" * 20_000, id="labels"),
        pytest.param("（记者" * 100_000, id="brackets"),
    ],
)
def test_any_large_markup_is_read_in_time(body: str) -> None:
    extract(f"<h1>{SENTENCE}</h1><p>{SENTENCE}</p>".encode(), "http://x.example/a")  # reads the vocabularies
    start = time.process_time()
    extract(body.encode(), "http://x.example/a")
    # A second for a million characters is several times what any takes; coverage traces each line.
    room = 1 if Coverage.current() is None else 4
    assert time.process_time() - start < room * max(1.0, len(body) / 1e6)


def test_texts_of_one_element_are_one_run_however_many() -> None:
    long = parse("<p>" + "<b>青溪县</b>" * 1_000 + "<i class=by>张三</i><a href=b.html>甲<b>乙</b></a></p>")
    assert [(len(text), link) for text, _, link in long.lines[0].runs] == [(3_000, -1), (2, -1), (2, 0)]
    assert long.links[0].text == "甲乙"
    assert long.lines[0].linked == 2


def test_a_tag_with_too_many_attributes_keeps_its_first_and_its_text() -> None:
    crowd = " ".join(f"a{i}=1" for i in range(2_000))
    read = parse(f'<p id="first" {crowd} class="last">甲</p><p id="second" {crowd[:200]}>乙</p>')
    assert [(box.id, box.cls) for box in read.boxes if box.tag == "p"] == [("first", ""), ("second", "")]
    assert [line.text for line in read.lines] == ["甲", "乙"]
    picture = parse(
        f'<img src="data:image/png;base64,{"A" * 5_000}" alt="图"><script>var a = "{"x y " * 2_000}";</script>'
    )
    assert [p.alt for p in picture.pictures] == ["图"]
    assert len(picture.scripts[0]) > 8_000


def test_publish_limit_is_the_fetch_or_tomorrow() -> None:
    assert publish.latest(datetime(2024, 1, 1, 20, tzinfo=UTC)) == date(2024, 1, 2)
    assert publish.latest(None) > datetime.now(UTC).date() - timedelta(days=1)


def test_foreign_host_by_site() -> None:
    body = "<h1>校园里的春天</h1><div id=zoom><p>同学们在操场上放风筝，老师们忙着整理花圃。</p></div>".encode()
    site = Site("gmw", "光明网", "news", "national", ("gmw.cn",))
    assert "foreign_host" in extract(body, "http://m.copy.example/1", site=site).quality
    assert "foreign_host" not in extract(body, "http://difang.gmw.cn/1", site=site).quality
    assert urlsplit("http://difang.gmw.cn/1").hostname == "difang.gmw.cn"


@pytest.mark.parametrize(
    ("stated", "want"),
    [
        ("食堂,检查；学校", ["食堂", "检查", "学校"]),
        ("关于开展食堂检查的通知,食堂", ["食堂"]),
        ("关键词1,关键词2", []),
        ("null", []),
        ("首页,食堂", ["食堂"]),
        ("{$keywords}", []),
    ],
)
def test_keywords(stated: str, want: list[str]) -> None:
    body = f'<meta name="keywords" content="{stated}"><h1>关于开展食堂检查的通知</h1><p>各学校要做好食堂检查，发现问题立即整改。</p>'
    assert extract(body.encode(), "http://x.example/1.html").keywords == want
