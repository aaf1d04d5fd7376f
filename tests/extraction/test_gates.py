"""What a field can never be, by whatever way the value came: one line for each gate, then whole pages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from govcrawl.extraction import Extracted, extract, gates
from govcrawl.extraction.gates import Surroundings

TEXT = "<p>各学校要提前安排，演练期间由值班教师负责登记，结束后三日内把记录交到办公室存档。</p>" * 3


def page(head: str, title: str = "关于安全演练的通知", meta: str = "", **hints: object) -> Extracted:
    body = f"<title>{title}</title>{meta}<div><a href=/>首页</a> &gt; <a href=/gg/>公告</a></div><h2>{title}</h2>{head}<div>{TEXT}</div>"
    return extract(body.encode(), "http://www.baishi.example/show?id=1", **hints)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("发布日期", "label"),
        ("內容糾錯", "label"),
        ("QQ空间", "controls"),
        ("我要评论(0)", "controls"),
        ('size="20"', "markup"),
        ("2024-03-12", "no word"),
        ("2024年3月12日", "date"),
        ("3小时前", "date"),
        ("12345", "no word"),
        ("转载文章", "names no source"),
        ("http://www.baishi.example/", "address"),
        ("12人阅读", "count"),
        ("\u00c0\u017d\u00d4\u017d\u00a3\u00ba白石", "broken"),
        ("毛\ufffd磊", "broken"),
        ("白石县教育局、白石日报、白石县融媒…", "cut"),
        ("何一舟", "person"),
        ("演练很成功。", "sentence"),
        ("公告", "label|channel|controls"),
    ],
)
def test_no_source(value: str, reason: str) -> None:
    found = gates.source(value, Surroundings(channel="公告"))
    assert found is not None
    assert any(part in found for part in reason.split("|"))


@pytest.mark.parametrize("value", ["白石日报", "白石县教育局", "和讯", "办公室（规划处）", "白石日报、青禾网", "安徽"])
def test_a_source(value: str) -> None:
    assert gates.source(value) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [("AUTO.BAISHI.COM", "host"), ("綜合報導", "source"), ("网络整理", "vague"), ("白石网", "link")],
)
def test_no_source_without_a_label(value: str, reason: str) -> None:
    found = gates.source(value, Surroundings(crumbs={"白石网"}), labelled=False)
    assert found is not None
    assert reason in found


@pytest.mark.parametrize(
    "value", ["白石日报", "新华网", "责任编辑", "佚名", "点击关闭", "2024-03-12", "<b>", "本报讯。"]
)
def test_no_author(value: str) -> None:
    assert gates.author(value) is not None


@pytest.mark.parametrize("value", ["HN666", "白石县教育局", "管理员", "审核", "robot"])
def test_no_editor(value: str) -> None:
    assert gates.editor(value) is not None


@pytest.mark.parametrize("value", ["导航", "首页", "正文", "www.baishi.example", "发布时间", "公告"])
def test_no_title(value: str) -> None:
    assert gates.title(value, Surroundings(channel="公告")) is not None


def test_people_and_offices_pass() -> None:
    assert gates.author("何一舟") is None
    assert gates.editor("何一舟") is None
    assert gates.editor("基础教育处") is None
    assert gates.title("关于安全演练的通知") is None


@pytest.mark.parametrize(
    ("head", "want"),
    [
        # The label's value is written by a script; what follows is a control or the next label.
        ("<p>2024-03-12 来源： <a>内容纠错</a></p>", None),
        ("<p><span>来源：</span></p><p>发布日期：2024-03-12</p>", None),
        ("<p>来源：</p><p>我要评论</p><p>2024-03-12</p>", None),
        ('<p>来源： size="20" 2024-03-12</p>', None),
        ("<p>2024-03-12 来源：何一舟</p>", None),
        ("<p>AUTO.BAISHI.COM 2024-03-12 15:40</p>", None),
        ("<p>白石日报 2024-03-12 15:40</p>", "白石日报"),
        ("<p>《白石周刊》2024-03-12 15:40</p>", "白石周刊"),
        ("<p>青禾小记</p><p>发表于</p>", "青禾小记"),
        ("<p>青禾小记</p><p>2024-03-12 15:40 来自白石</p>", "青禾小记"),
        ("<p>2024-03-12 来源：转载文章</p>", None),
    ],
)
def test_source_or_nothing(head: str, want: str | None) -> None:
    assert page(head).source == want


def test_a_cut_value_is_completed_by_the_meta_tag() -> None:
    meta = "<meta name=ContentSource content='白石县教育局、白石日报、白石县融媒体中心'>"
    head = "<p>2024-03-12　【来源：白石县教育局、白石日报、白石县融媒...】</p>"
    assert page(head, meta=meta).source == "白石县教育局、白石日报、白石县融媒体中心"
    assert page(head).source is None


def test_the_outlet_below_a_header_that_says_nothing() -> None:
    body = f"<title>读书节</title><h1>山野小学的读书节</h1><p>2024-03-12 来源：转载文章</p><div>{TEXT}</div><p>来源：白石日报</p>"
    assert extract(body.encode(), "http://x.example/1").source == "白石日报"


@pytest.mark.parametrize(
    ("opening", "want"),
    [
        ("《白石通讯社15日专讯》各学校开展演练。", "白石通讯社"),
        ("【白石日报记者何一舟北京报道】各学校开展演练。", "白石日报"),
        ("白石社北京1月1日电 各学校开展演练。", "白石社"),
        ("本报讯 各学校开展演练。", None),
        ("某报记者在学校看到，演练有序。", None),
    ],
)
def test_source_of_a_dateline(opening: str, want: str | None) -> None:
    body = f"<title>安全演练周</title><h1>各学校开展安全演练周</h1><div><p>{opening}{TEXT[3:]}</div>"
    assert extract(body.encode(), "http://x.example/1").source == want


@pytest.mark.parametrize(
    ("head", "want"),
    [
        ("<dl><dt>开始时间：</dt><dd>2024-06-01</dd></dl><dl><dt>结束时间：</dt><dd>2024-06-03</dd></dl>", None),
        ("<p>(2007年6月29日县人民代表大会通过)</p>", None),
        ("<p>活动定于2024年6月1日至6月3日</p>", None),
        ("<p>报名时间：2024-03-01至2024-03-10</p>", None),
        ("<p>征求意见时间：2024-03-01 - 2024-03-10</p>", None),
        ("<p>时间：2024-03-01 09:00 至 2024-03-02 17:00</p>", None),
        ("<p>发布时间：2024-03-10 03:20 PM</p>", date(2024, 3, 10)),
        ("<p>加入日期：2024-03-12</p>", date(2024, 3, 12)),
        ("<p>创建时间：2024-03-10 09:00　发布时间：2024-03-11 08:00</p>", date(2024, 3, 11)),
        ("<p>【信息时间：2024/3/11　阅读次数：33】</p>", date(2024, 3, 11)),
        ("<p>【截止时间】2024-03-11</p>", None),
        ("<p>2024-03-11　截止日期：2024-03-01</p>", date(2024, 3, 11)),
        ("<p>2024-03-11截止</p>", None),
        ("<p>主讲人：何一舟</p><p>时间：2024年3月8日14:00</p>", None),
        ("<p>公示时间：2024年3月8日—14日</p>", None),
        ("<p>公告时间：2024-03-08 16:40</p>", date(2024, 3, 8)),
        ("<p>2024-03-10</p><p>时间：2024年3月8日</p><p>地点：县礼堂</p>", date(2024, 3, 10)),
        ("<p>时间：2024年3月8日</p><p>会议地点：县礼堂</p>", None),
        ("<p>时间：2024年3月8日上午9时</p>", None),
        ("<p>发布时间：2024-03-08</p><p>活动地点：县礼堂</p>", date(2024, 3, 8)),
        ("<table><tr><td>来信时间</td><td>2024-03-01 09:00:00</td></tr></table>", None),
        ("<p>开工日期：2024-03-12</p>", None),
        ("<p>时间：<script>document.write('2024-03-12');</script></p>", date(2024, 3, 12)),
        ("<p>3小时前　来源：白石日报</p>", date(2024, 3, 11)),
        ("<p>昨天 08:30</p>", date(2024, 3, 11)),
        ("<p>发布时间：03-10 22:46</p>", date(2024, 3, 10)),
        ("<p>发布时间：12-30 22:46</p>", date(2023, 12, 30)),
        ("<p>发布时间：24-03-08 22:46</p>", date(2024, 3, 8)),
    ],
)
def test_publish_date_or_nothing(head: str, want: date | None) -> None:
    fetched = datetime(2024, 3, 11, 17, tzinfo=UTC)  # one o'clock of March 12 in China
    got = page(head, fetched_at=fetched)
    assert got.published_on == want


def test_a_day_written_before_its_month_is_read_by_the_meta_tag() -> None:
    meta = "<meta property='article:published_time' content='2024-03-04T12:48:06+08:00'>"
    assert page("<p>发表时间： 04/03/2024 - 12:48</p>", meta=meta).published_on == date(2024, 3, 4)
    assert page("<p>发表时间： 22.03.2024 12:48</p>").published_on == date(2024, 3, 22)
    assert page("<p>发表时间： 22/03/2024 - 12:48</p>").published_on == date(2024, 3, 22)


@pytest.mark.parametrize(
    ("line", "title", "source", "day"),
    [
        ("关于安全演练的通知 ( 2024-03-12 )", "关于安全演练的通知", None, date(2024, 3, 12)),
        ("共话办学 校长论坛举行 2024-03-12 来源：白石日报", "共话办学 校长论坛举行", "白石日报", date(2024, 3, 12)),
        ("校长论坛例行记者会（2024年3月12日）", "校长论坛例行记者会（2024年3月12日）", None, None),
        ("校长论坛今日举行 【08:05】", "校长论坛今日举行", None, None),
    ],
)
def test_what_stands_behind_the_headline(line: str, title: str, source: str | None, day: date | None) -> None:
    got = page("", title=line)
    assert (got.title, got.source, got.published_on) == (title, source, day)


def test_the_headline_of_a_page_that_says_nothing_of_it() -> None:
    body = f"<title>显示</title><body>山野里的课堂(上)<br>何一舟<br>——乡村学校纪行<br>{TEXT}"
    got = extract(body.encode(), "http://x.example/1")
    assert (got.title, got.author) == ("山野里的课堂(上)", ["何一舟"])


@pytest.mark.parametrize(
    ("tail", "author", "editor"),
    [
        ("<p>编辑：（<!--b-->蒋小满<!--e-->）　信息来源：白石县图书馆</p>", [], ["蒋小满"]),
        ("<p>作者最新文章</p><p>怎样陪孩子读书</p>", [], []),
        ("<p>（来源：白石日报网 何一舟 编辑：蒋小满）</p>", ["何一舟"], ["蒋小满"]),
        ("<p>作者：何一舟，白石县教育研究中心</p>", ["何一舟"], []),
        ("<p>本版文/记者李莎莎黎史翔王进雨程磊</p>", ["李莎莎", "黎史翔", "王进雨", "程磊"], []),
        ("<p>记者向白石县教育局了解到</p>", [], []),
        ("<p>来源：白石日报 责任编辑：管理员</p>", [], []),
        ("<p>编辑：黄静文 作者：</p>", [], ["黄静文"]),
        ("<p>分享这篇文章到</p>", [], []),
        ("<p>文化・娱乐 体育・休闲</p>", [], []),
        ("<p>（张文禄报道）</p>", ["张文禄"], []),
        ("<p>文/图记者黄国金、华莹实习生杨金运</p>", ["黄国金", "华莹", "杨金运"], []),
        ("<p>读书节现场。 本报记者 何一舟 摄</p>", [], []),
        ("<p>出处：白石在线 作者：白石在线</p>", [], []),
        ("<p>文章来源：何一舟</p>", ["何一舟"], []),
    ],
)
def test_people_below_the_text(tail: str, author: list[str], editor: list[str]) -> None:
    body = f"<title>读书节</title><h1>山野小学的读书节开幕了</h1><p>2024-03-12</p><div>{TEXT}</div>{tail}"
    got = extract(body.encode(), "http://x.example/1")
    assert (got.author, got.editor) == (author, editor)


def test_a_row_of_labels_above_a_row_of_values() -> None:
    table = (
        "<table><tr><th>索取号</th><th>发布时间</th><th>发布机构</th><th>文件编号</th></tr>"
        "<tr><td>A07/2024-0031</td><td>2024-03-12</td><td>白石县教育局</td><td>白教安〔2024〕9号</td></tr></table>"
    )
    got = page(table)
    assert (got.index_number, got.issuer, got.doc_number) == ("A07/2024-0031", "白石县教育局", "白教安〔2024〕9号")
    assert got.published_on == date(2024, 3, 12)


def test_json_ld_where_the_page_shows_nothing() -> None:
    data = '{"@type":"NewsArticle","datePublished":"2024-03-11T18:20:00Z","author":{"name":"何一舟"},"publisher":{"name":"白石日报"}}'
    got = page("", meta=f'<script type="application/ld+json">{data}</script>')
    assert (got.author, got.source, got.published_on) == (["何一舟"], "白石日报", date(2024, 3, 12))
    own = page("", title="演练通知-白石日报", meta=f'<script type="application/ld+json">{data}</script>')
    assert own.source is None, "the site is no source of its own"


OTHERS = "<ul><li><a href=/b>青禾县举行全县读书节</a><li><a href=/c>山野小学的操场开放了</a></ul>"  # other articles


@pytest.mark.parametrize(
    ("line", "day", "source"),
    [
        ("2024-03-12 15:40 来源：白石日报", date(2024, 3, 12), "白石日报"),
        ("2024-03-12 15:40 <a href=/>白石日报</a>", date(2024, 3, 12), "白石日报"),
        ("原创 青禾小记 2024-03-12 15:40", date(2024, 3, 12), "青禾小记"),
        ("2024-03-12 白石日报", date(2024, 3, 12), "白石日报"),
        ("<a href=/b>青禾县举行读书节</a> 2024-03-12 15:40", None, None),
        ("白石县教育局 2024-03-12", None, None),
        ("<p>来源：白石日报<p>2024-03-12 · 青禾城市报道", date(2024, 3, 12), "白石日报"),
        ("<p>来源：网络<p>青禾小记 2024-03-12 15:40", date(2024, 3, 12), "青禾小记"),
        ("<a href=/w>微博</a><p>2024-03-12 15:40", date(2024, 3, 12), None),
        (f"{OTHERS}<p>2024-03-12 15:40<p>来源：白石日报", date(2024, 3, 12), "白石日报"),
        (f"{OTHERS}<p>2024-03-12 15:40", None, None),
        (f"{OTHERS}<p>青禾网友 2024-03-12 15:40", None, None),
    ],
)
def test_a_header_below_the_text(line: str, day: date | None, source: str | None) -> None:
    body = f"<title>读书节</title><h1>山野小学的读书节开幕了</h1><div id=zoom>{TEXT}</div><div>{line}</div>"
    got = extract(body.encode(), "http://x.example/1")
    assert (got.published_on, got.source) == (day, source)
