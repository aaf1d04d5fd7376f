"""What is body text and what stands around it: one small invented page for each kind of page and of surroundings."""

import pytest

from govcrawl.extraction import extract
from govcrawl.extraction.marks import FORMS, pattern

NAV = '<div><a href="/">首页</a><a href="/jg/">机构</a><a href="/zw/">政务公开</a><a href="/hd/">互动交流</a></div>'
HEADER = (
    "<h1>关于做好开学工作的通知</h1><div>发布时间：2024-03-08 来源：云岭县教育局 浏览次数：12 字号：[大 中 小]</div>"
)
LINES = (
    "各中小学校，局属各单位：",
    "为进一步做好春季学期开学工作，保障校园安全稳定，现就有关事项通知如下。",
    "一、加强组织领导，各校要成立专班，落实责任，确保开学平稳有序。",
    "二、做好物资准备，提前检查教室、食堂和宿舍，发现问题立即整改。",
    "云岭县教育局",
    "2024年3月8日",
)
TEXT = "\n".join(LINES)
BODY = "".join(f"<p>{line}</p>" for line in LINES)
FOOTER = "<div>地址：云岭县学府路1号 邮编：150001<br>网站标识码：2300000001 滇ICP备12345号</div>"
TABLE = (
    "<table><tr><td>索 引 号：</td><td>000014349/2024-00018</td><td>分类：</td><td>基础教育；通知</td></tr>"
    "<tr><td>发文机关：</td><td>云岭县教育局</td><td>成文日期：</td><td>2024年03月08日</td></tr>"
    "<tr><td>发文字号：</td><td>云教〔2024〕6号</td><td>发布日期：</td><td>2024年03月09日</td></tr></table>"
)
ROWS = "".join(f'<tr><td><a href="/a{n}.html">第{n}所学校开展消防演练活动</a></td></tr>' for n in range(14))
PARTS = "<p>一、总体要求</p><p>各校要成立专班，落实责任，确保开学平稳有序。</p><p>二、主要任务</p><p>提前检查教室、食堂和宿舍。</p>"
PARTED = "一、总体要求\n各校要成立专班，落实责任，确保开学平稳有序。\n二、主要任务\n提前检查教室、食堂和宿舍。"


def text_of(body: str, title: str = "关于做好开学工作的通知") -> str:
    """The text of a page with this body."""
    markup = f'<html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'
    return extract(markup.encode(), "http://jyj.yunling.example/a.html").text


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(f"{HEADER}<div id='zoom'>{TABLE}{BODY}</div>{FOOTER}", id="header table in a known container"),
        pytest.param(f"{TABLE}{TABLE}{HEADER}<div class='c'>{BODY}</div>{FOOTER}", id="header table twice"),
        pytest.param(
            f"<div>{HEADER}<div>{BODY}</div><p>主办单位：云岭县教育局</p><p>承办：信息中心</p>{FOOTER}</div>",
            id="hosts of the site",
        ),
        pytest.param(
            f"<div>{HEADER}<div>{BODY}</div><p>附件：</p><p>开办单位：云岭县教育局</p><p>技术支持：某公司</p></div>",
            id="label without document, hosts",
        ),
        pytest.param(f"<div>{HEADER}{BODY}<p>我的收藏</p><p>打印此页</p></div>{FOOTER}", id="tools below the text"),
        pytest.param(f"<div>{HEADER}{BODY}<p>关于做好开学工作的通知</p></div>{FOOTER}", id="headline again"),
        pytest.param(
            f"<div>{HEADER}{BODY}<p>分享：关于做好开学工作的通知</p></div>{FOOTER}", id="headline again, labelled"
        ),
        pytest.param(
            f"{HEADER}<div>{BODY}</div><div class='p'><h2>关于做好开学工作的通知</h2>{BODY}</div>{FOOTER}",
            id="copy for print",
        ),
        pytest.param(
            f"{HEADER}<div><div class='pc'>{BODY}</div><div class='m'>{BODY}</div></div>", id="copy for phones"
        ),
        pytest.param(
            f"{HEADER}<div>{BODY}<p>更多教育资讯请关注“云岭教育”微信公众号</p><p>投稿邮箱：tg@yunling.example</p></div>",
            id="promotion",
        ),
        pytest.param(
            f"{HEADER}<div>{BODY}<p>初审：张三 复审：李四 终审：王五</p><p>上一篇：没有了</p><p>下一篇：春季招生公告</p></div>",
            id="credits and neighbours",
        ),
        pytest.param(
            f"{HEADER}<div>{BODY}<p>2024-03-09 10:21 网友 青山</p><p>通知写得很清楚，我们都会照着做，谢谢老师们。</p>"
            "<p>2024-03-09 11:02 网友 绿水</p><p>请问幼儿园的开学时间是不是也按这个通知来安排？</p></div>",
            id="comments",
        ),
        pytest.param(
            f"{HEADER}<div>&lt;script src='http://ad.example/a.js'&gt;&lt;/script&gt;<br>{BODY}"
            "var ad = document.getElementById('a'); if (ad) { ad.style.width = '300px'; }</div>",
            id="markup and script as text",
        ),
        pytest.param(
            f"<table><tr><td>{HEADER}<br>　　{'<br>　　'.join(LINES)}<br><table>{ROWS}</table></td></tr></table>",
            id="text and list in one cell",
        ),
        pytest.param(
            f"<style>.m{{display:none}}</style>{HEADER}<div>{BODY}<div class='m'><p>请使用手机扫描页面上的二维码，继续阅读全文。</p></div></div>",
            id="hidden by a style sheet",
        ),
    ],
)
def test_what_stands_around_the_text(markup: str) -> None:
    assert text_of(NAV + markup) == TEXT


def test_who_holds_an_event_stays_in_its_notice() -> None:
    held = BODY.replace(
        "<p>云岭县教育局", "<p>主办单位：云岭县教育局</p><p>承办单位：云岭县第一中学</p><p>云岭县教育局"
    )
    want = TEXT.replace("\n云岭县教育局", "\n主办单位：云岭县教育局\n承办单位：云岭县第一中学\n云岭县教育局")
    assert text_of(f"{NAV}{HEADER}<div>{held}</div>{FOOTER}") == want


@pytest.mark.parametrize(
    "contents",
    [
        '<p>目录</p><p><a href="#1">一、总体要求</a></p><p><a href="#2">二、主要任务</a></p>',
        "<p>目 录</p><p>一、总体要求</p><p>二、主要任务</p>",
    ],
)
def test_table_of_contents(contents: str) -> None:
    assert text_of(f"{NAV}{HEADER}<div>{contents}{PARTS}</div>{FOOTER}") == PARTED


def test_opening_post_of_a_thread() -> None:
    opening = "<br>".join(f"第{n}天，我们沿着河边走到山脚的小学，看孩子们上课。" for n in "一二三")
    posts = "".join(
        f"<tr><td>{reply}<br>发布时间 2005/05/1{n} 22:11:42 by 网友{n}</td></tr>"
        for n, reply in enumerate(
            [opening, "写得真好，让我想起了小时候在乡下读书的日子。", "请问楼主，这所学校在哪个县？我也想去看看。"]
        )
    )
    text = text_of(f"<table><tr><td>山里的小学</td></tr>{posts}</table>", "山里的小学")
    assert text.split("\n")[-3:] == opening.split("<br>")


def test_newest_post_of_a_blog() -> None:
    days = [
        ("雨天里的作文课", "下了一天的雨，孩子们在教室里听雨声，写了一篇短短的作文。"),
        ("晴天里的课文", "天终于晴了，我们把课桌搬到操场上，晒太阳，读课文。"),
    ]
    posts = "".join(f"<h3>{name}</h3><p>2005-06-1{n} 15:00:14</p><p>{line}</p>" for n, (name, line) in enumerate(days))
    more = "<h3>阴天里的旗子</h3><p>2005-06-13 09:00:00</p><p>今天阴天，没有风，旗子一动也不动，孩子们问我它是不是睡着了。</p>"
    assert text_of(f"<div>{posts}{more}</div>", "雨天里的作文课") == days[0][1]


def test_text_below_the_headline_before_a_longer_list_of_excerpts() -> None:
    body = "".join(f"<p>{line}</p>" for line in LINES[1:4])
    excerpts = "".join(
        f'<li><a href="/n{n}.html">另一条新闻的标题</a><p>这是第{n}条新闻的摘要，讲的是别的学校里发生的另一件事情，和这篇通知没有关系。</p></li>'
        for n in range(5)
    )
    markup = f"<div>{HEADER}</div><div><div>{body}</div></div><div><h3>热门新闻</h3><ul>{excerpts}</ul></div>"
    assert text_of(NAV + markup) == "\n".join(LINES[1:4])


def test_short_news_among_many_links_is_an_article() -> None:
    news = "云岭县教育局今天上午召开会议，部署春季学期开学工作，要求各校做好准备。"
    markup = f"<div><h1>云岭县部署开学工作</h1><div>2024-03-08 09:30 来源：云岭日报</div><p>{news}</p></div><table>{ROWS}{ROWS}</table>"
    assert text_of(NAV + markup, "云岭县部署开学工作") == news


@pytest.mark.parametrize("close", ["</a>", ""])
def test_an_anchor_around_paragraphs_is_no_link(close: str) -> None:
    long = "".join(
        f"<p>第{n}段：各校要提前检查教室、食堂和宿舍，发现问题立即整改，并把结果报告教育局，由教育局汇总以后公布。</p>"
        for n in range(9)
    )
    assert text_of(f"{NAV}{HEADER}<div><a href='/full.html'>{long}{close}</div>{FOOTER}").count("\n") == 8


def test_a_headline_does_not_stand_below_its_text() -> None:
    name = "我的博客在这里"
    assert text_of(f"<div>{BODY}<p>{name}</p><p>欢迎来坐坐。</p></div>", name).startswith(LINES[0])


def test_vocabularies_match_traditional_characters() -> None:
    from opencc import OpenCC

    convert = OpenCC("s2t").convert
    assert {char for char in FORMS if convert(char) not in (char, *FORMS[char])} == set()
    assert pattern("责任编辑： [关闭]页", "^").match("責任編輯 ：")
    assert pattern("责任编辑： [关闭]页", "^").match("閉頁")


REST = '<ul><li><a href="/n1.html">云岭县第一小学举行运动会开幕式</a></li><li><a href="/n2.html">云岭县第二小学举行读书节</a></li></ul>'
ALL_LINES = "".join(f"<p>{line}</p>" for line in LINES)


@pytest.mark.parametrize(
    "below",
    [
        f"<p>往期回顾</p>{REST}",
        f"<p>您可能感兴趣的文章</p>{REST}",
        f"<p>大家还在看：</p>{REST}",
        f"<p>【热点推荐】</p>{REST}",
        "<p>撰稿：何一舟</p><p>一审：林小满</p>",
        "<p>编辑｜何一舟</p><p>审核｜林小满</p><p>来源｜云岭教育</p>",
        "<p>供稿：基教科　审核：周明远　编辑：何一舟</p>",
        "<p>END</p><p>扫码关注云岭教育</p>",
        "<p>监制：周明远</p><p>统筹：林小满</p><p>编辑：何一舟</p>",
        "<p>发布人：何一舟</p><p>发布时间：2024-03-08</p>",
        "<p>更新日期：2024-03-09</p>",
        "<p>本网站版权归云岭县教育局所有</p>",
        "<div>« 上一篇 云岭县召开教育大会</div><div>下一篇 » 云岭一中举行运动会</div>",
        "<p>手机扫码阅读本文</p><p>在APP内打开</p>",
        "<p>本文系转载，如涉及版权问题，请与我们联系。</p>",
        "<p>关注“云岭教育”公众号，了解更多资讯</p>",
        "<p>您对本页面内容是否满意？</p><p>满意</p><p>一般</p><p>不满意</p>",
        "<div><a href=#1>智能问答</a><a href=#2>政务微博</a><a href=#3>返回顶部</a></div>",
    ],
)
@pytest.mark.parametrize("container", ["<div class=c>", "<div class=TRS_Editor>"])
def test_what_a_template_sets_below_the_text(container: str, below: str) -> None:
    assert text_of(f"{NAV}{HEADER}{container}{ALL_LINES}{below}</div>{FOOTER}") == TEXT


@pytest.mark.parametrize(
    "above",
    [
        "<p>当前位置：<a href=/>首页</a> &gt; <a href=/x>工作动态</a> &gt; 正文</p>",
        "<p>语音播报：</p><p>00:00/03:12</p>",
        "<p>听新闻</p><p>倍速</p>",
        "<p>AI朗读</p><p>男声</p><p>女声</p>",
        "<p>本文共1200字，预计阅读3分钟</p>",
        "<div><a href=#1>智能问答</a><a href=#2>政务微博</a><a href=#3>返回顶部</a></div>",
    ],
)
@pytest.mark.parametrize("container", ["<div class=c>", "<div class=TRS_Editor>"])
def test_what_a_template_sets_above_the_text(container: str, above: str) -> None:
    assert text_of(f"{NAV}{HEADER}{container}{above}{ALL_LINES}</div>{FOOTER}") == TEXT


@pytest.mark.parametrize(
    "lines",
    [
        ["作品类型：", "图文：每人限交三幅", "视频：每人限交一个"],
        ["报名岗位：", "撰稿：2名", "摄影：1名"],
        ["分享是一种快乐。", "收藏一片树叶，也收藏一个秋天。"],
        ["举报电话：0451-1234567", "投稿邮箱：a@yunling.example"],
        ["关注孩子成长，是学校和家庭共同的责任，微信公众号也要定期推送。"],
        ["最新动态显示，全县已有六所学校完成整改，其余学校将在月底前完成。"],
        ["策划：何一舟", "设计：林小满"],
        ["截止日期：2024年4月1日", "工作地点：云岭县"],
        ["检查组成立。", "2024年3月5日", "检查组走访城关小学。"],
    ],
)
@pytest.mark.parametrize("container", ["<div class=c>", "<div class=TRS_Editor>"])
def test_words_of_templates_inside_the_text(container: str, lines: list[str]) -> None:
    lines = [LINES[1], *lines, LINES[4], LINES[5]]
    body = "".join(f"<p>{line}</p>" for line in lines)
    assert text_of(f"{NAV}{HEADER}{container}{body}</div>{FOOTER}") == "\n".join(lines)


@pytest.mark.parametrize(
    "lines",
    [
        ["招聘单位：云岭一中", "招聘岗位：语文教师", "截止日期：2024年4月1日"],
        ["8:00", "升旗仪式", "8:30", "校长讲话", "9:00", "班级活动"],
    ],
)
def test_days_and_hours_of_events_without_a_sentence(lines: list[str]) -> None:
    body = "".join(f"<p>{line}</p>" for line in lines)
    assert text_of(f"{NAV}{HEADER}<div>{body}</div>{FOOTER}") == "\n".join(lines)


def table(rows: list[list[str]]) -> str:
    return "<table>" + "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows) + "</table>"


def test_figures_of_a_table_above_a_sentence() -> None:
    rows = [["学校", "班数", "人数"], ["城关小学", "36", "1620"], ["第二小学", "24", "1080"]]
    want = "\n".join("\t".join(row) for row in rows) + f"\n{LINES[2]}"
    assert text_of(f"{NAV}{HEADER}<div>{table(rows)}<p>{LINES[2]}</p></div>{FOOTER}") == want


def test_every_row_of_a_long_table() -> None:
    rows = [
        ["序号", "姓名", "学校", "得分"],
        *([f"{n}", f"学生{n}号", f"第{n}中学", f"{90 - n / 10}"] for n in range(1, 200)),
    ]
    assert text_of(f"{NAV}{HEADER}<div>{table(rows)}</div>{FOOTER}") == "\n".join("\t".join(row) for row in rows)


def test_containers_of_one_name_that_follow_one_another() -> None:
    parts = ["".join(f"<p>{line}</p>" for line in part) for part in (LINES[:3], LINES[3:])]
    boxes = "".join(f"<div class=TRS_Editor>{part}</div>" for part in parts)
    assert text_of(f"{NAV}{HEADER}<div>{boxes}</div>{FOOTER}") == TEXT
    listed = "<p><a href=/1>云岭县举行运动会开幕式</a></p>".join(
        f"<div class=TRS_Editor>{part}</div>" for part in parts
    )
    assert text_of(f"{NAV}{HEADER}<div>{listed}</div>{FOOTER}") != TEXT


@pytest.mark.parametrize("container", ["<div class=c>", "<div class=TRS_Editor>"])
def test_a_linked_attachment_closes_the_text(container: str) -> None:
    linked = "<p>附件：<a href=/art/2.html>检查台账</a></p>"
    assert text_of(f"{NAV}{HEADER}{container}{ALL_LINES}{linked}</div>{FOOTER}") == f"{TEXT}\n附件：检查台账"
