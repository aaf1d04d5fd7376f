"""Whose news a page is: names of places that are no place of the news, news from abroad, pages in Traditional characters."""

import pytest

from govcrawl.extraction import Extracted, extract

FILLER = "各校要把安全教育摆在突出位置，认真组织开展应急演练活动。"


def page(title: str, *texts: str, foot: str = "", url: str = "http://news.example.com/a.html") -> Extracted:
    body = f"<title>{title}</title><h1>{title}</h1><div>2024-03-08 09:00</div>"
    body += f"<div class=content>{''.join(f'<p>{t}</p>' for t in texts)}</div><div>{foot}</div>"
    return extract(body.encode(), url)


@pytest.mark.parametrize(
    ("title", "text", "want"),
    [
        ("校园美食节上的四川火锅", "学校举办美食节，兰州拉面、云南米线受到欢迎。", "unknown"),
        ("学生学习北京冬奥精神", "学校组织学生学习北京冬奥精神，开展冰雪运动。", "unknown"),
        ("上海合作组织大学联盟会议举行", "会议以视频方式举行，代表们先后发言。", "unknown"),
        ("全台词背诵比赛举行", "孩子们全台精彩演出，台下掌声不断，港岛风情的歌也很好听。", "unknown"),
        ("港口小学参观本港码头", "青岛市港口小学的学生参观本港码头，青岛市教育局组织。", "shandong"),
        ("英国卫生署发布报告", "英国卫生署发布报告，称流感病例上升，提醒公众注意。", "unknown"),
        ("张江西同志先进事迹", "张江西同志多年来踏实肯干，受到同事好评。", "unknown"),
        ("北京师范大学附属学校揭牌", "学校在昆明市官渡区揭牌，云南省教育厅有关负责人出席。", "yunnan"),
        ("吉林大学举行毕业典礼", "吉林大学今天举行毕业典礼，吉林省教育厅负责人出席。", "jilin"),
        ("舞台中央的孩子", "孩子们在舞台上跳起舞来，台下坐满了家长。", "unknown"),
        ("河南大学就业质量报告发布", "报告显示，河南大学毕业生去向落实率稳步提高，郑州用人单位满意。", "henan"),
        ("黑龙江省教育厅赴广东考察", "考察团赴广州市、深圳市，走进广州的职业学校参观。", "heilongjiang"),
        ("黑龙江与广东交流职业教育", "广东省代表团到访，广东各校介绍了经验。", "guangdong"),
        ("多地中小学推迟开学时间", "山东、河南、安徽、江苏四省教育厅先后发布通知。", "national"),
        ("四省份公布报名时间", "河北、湖南、广东、四川先后公布报名时间。", "national"),
        ("为师者当三省吾身", "每天放学以后，他都要想一想这一天的课。", "unknown"),
        ("多地小学开展演练", "广州市、深圳市、珠海市的小学开展演练，广东省教育厅派人观摩。", "guangdong"),
    ],
)
def test_names_that_are_no_place_of_the_news(title: str, text: str, want: str) -> None:
    assert page(title, text, FILLER).province == want


WORLD = (
    "法國總統週一在巴黎表示，將進一步加強對人工智慧的監管，並與德國、義大利協商。",
    "分析人士認為，這項法案可能在今年秋季通過，對美國科技企業造成壓力。",
)


@pytest.mark.parametrize(
    ("texts", "want"),
    [
        (("台灣一家晶片企業也表示關注。", "台灣的出口約有一成銷往歐洲。"), "unknown"),
        (("香港一家研究機構的學者說，各國的做法並不相同。", "另一名香港學者表示同意。"), "unknown"),
    ],
)
def test_news_of_the_world_that_speaks_of_an_island_in_passing(texts: tuple[str, ...], want: str) -> None:
    assert page("法國推動人工智慧監管法案", *WORLD, *texts).province == want


def test_ministries_of_other_countries_are_not_ours() -> None:
    assert (
        page(
            "新加坡教育部公布会考成绩", "新加坡教育部公布小六会考成绩，考生逾四万人。", "学生不必与别人比较。"
        ).province
        == "unknown"
    )
    assert (
        page(
            "馬來西亞統考成績公布",
            "馬來西亞考生今天領到成績單，吉隆坡考生居多。",
            "部分考生將前往台灣升學，台灣的大學承認統考成績。",
        ).province
        == "unknown"
    )


HEALTH = ("冬季手腳冰冷怎麼辦？醫師表示，可以多運動，並注意保暖。", "營養師建議多吃溫熱食物。")
PUBLISHER = "地址：台北市忠孝東路一號 電話：02-1234567 版權所有"


def test_a_publishers_address_tells_of_its_own_news_alone() -> None:
    assert page("冬季手腳冰冷 醫師教你改善", *HEALTH, foot=PUBLISHER).province == "taiwan"
    country = "國務院日前印發意見，要求全國各地推進醫改，中央財政安排補助，衛生部負責落實。"
    assert page("新醫改未達標", country, *HEALTH, foot=PUBLISHER).province == "national"
    assert page("法國推動人工智慧監管法案", *WORLD, foot=PUBLISHER).province == "unknown"


@pytest.mark.parametrize(
    ("title", "text", "want"),
    [
        ("台北市公布開學日期", "台北市教育局今天公布新學期開學日期，新北市也同步公布。", "taiwan"),
        ("幼稚園收生安排公布", "香港教育局今日公布幼稚園收生安排，本港約五萬名兒童適齡。", "xianggang"),
        ("台灣學生赴美國參賽", "台灣學生赴美國參賽，在紐約獲得金牌，日本、德國學生獲得銀牌。", "taiwan"),
    ],
)
def test_news_of_the_island_itself(title: str, text: str, want: str) -> None:
    assert page(title, text, HEALTH[0]).province == want
