"""Whole pages in the forms that templates have: how they credit people and source, and what stands around the text."""

from __future__ import annotations

import pytest

from govcrawl.extraction import Extracted, extract

SENTENCE = "各学校要提前安排，演练期间由值班教师负责登记，结束后三日内把记录交到办公室存档"
TEXT = f"<p>{SENTENCE}。</p>" + "<p>演练的路线已经在各班张贴，家长可以在校门口的公告栏看到，也可以向班主任询问。</p>"


def page(head: str, tail: str = "", text: str = TEXT, title: str = "<h1>关于安全演练的通知</h1>") -> Extracted:
    foot = "<div>版权所有：白石县教育局</div>"
    body = f"<title>白石县教育局</title>{title}<div>{head}</div><div class=content>{text}</div>{tail}{foot}"
    return extract(body.encode(), "http://www.baishi.example/show?id=1")


DAY = "2024-03-12 10:10"
TOOLS = "<div>分享到</div><div>微博</div><div>空间</div>" * 6


@pytest.mark.parametrize(
    ("head", "source"),
    [
        (f"作者：<span>静水流深</span> <span>{DAY}</span>", None),  # the author's element is no account
        (f"{DAY} <a href=/1>摘自白石晚报</a>", "白石晚报"),
        (f"{DAY}<p>转自：白石日报</p>", "白石日报"),
        (f"{DAY}<p>转自：网络</p>", None),
        (f"{DAY}<p>转自白石的一封来信</p>", None),
        (f"白石新闻╱青禾中心 {DAY}", "白石新闻"),
        (f"{DAY}<p>【白石日报／】</p>", "白石日报"),
        (f"【白石日报╱青禾社北京9日电】<p>{DAY}</p>", "白石日报"),
        ("来源：县教育局阅读次数：132发布时间：2024-03-12", "县教育局"),
        ("来源：县教育局字号：大 中 小 2024-03-12", "县教育局"),
        (f"<h2>校园安全无小事</h2><p>{DAY}</p>", None),
        ("<p>校园安全无小事</p><p>2024-03-12</p>", None),
        ("教育要闻　2024-03-12　阅读：33", None),
        ("类型：转载 来源：白石网 2024-03-12", "白石网"),
        (f"<span>{DAY}</span><span>白石日报</span><span>作者：何一舟</span>", "白石日报"),
        ("更新于 2024-03-12 · 3 分钟阅读", None),
        ("2024-03-12 <a>登录</a> <a>客户端</a>", None),
        ("2024-03-12 <a href=1.pdf>PDF版</a>", None),
        ("2024-03-12<p>本项目资金来源：财政拨款</p>", None),
        ("2024-03-12<p>书名：《呐喊》</p><p>作者：何一舟</p><p>出版社：白石文学出版社</p>", None),
        ("来源:县教育局/作者:何一舟/2024-03-12", "县教育局"),
        ("【发布时间】2024-03-12 【来源】白石县教育局 【作者】何一舟", "白石县教育局"),
        ("白教安〔2024〕9号　发布时间：2024-03-12", None),
        ("作者：何一舟 | 转贴自：白石教育网 | 更新时间：2024-03-12", "白石教育网"),
        ("发布人：何一舟　发布时间：2024-03-12　已被浏览 55 次", None),
        ("来源：教育部网站 http://www.example.cn 2024-03-12", "教育部网站"),
        ("今天是2025年11月20日 欢迎访问白石县教育局<p>2024-03-12</p>", None),
    ],
)
def test_source_of_the_header(head: str, source: str | None) -> None:
    assert page(head).source == source


@pytest.mark.parametrize(
    ("head", "author"),
    [
        (f"作者：<span>静水流深</span> <span>{DAY}</span>", ["静水流深"]),
        ("作者：城关小学 何一舟　2024-03-12", ["何一舟"]),
        ("2024/3/12 何一舟 報導", ["何一舟"]),
        ("作者：三年级二班 何一舟 指导老师：林小满 2024-03-12", ["何一舟"]),
        ("作者：何一舟、林小满等 2024-03-12", ["何一舟", "林小满"]),
        ("2024-03-12 白石县报道", []),
        ("2024-03-12<p>书名：《呐喊》</p><p>作者：何一舟</p><p>出版社：白石文学出版社</p>", []),
        ("2024-03-12<p>演练路线示意图 制图/何一舟</p>", []),
        ("作者：［美］约翰·史密斯 译者：何一舟 2024-03-12", ["约翰·史密斯"]),
        ("【发布时间】2024-03-12 【来源】白石县教育局 【作者】何一舟", ["何一舟"]),
        ("2024-03-12<p>□本报记者 何一舟 通讯员 蒋小满</p>", ["何一舟"]),
    ],
)
def test_author_of_the_header(head: str, author: list[str]) -> None:
    assert page(head).author == author


@pytest.mark.parametrize(
    ("text", "author"),
    [
        (f"<p>何一舟 林小满 文/图</p>{TEXT}", ["何一舟", "林小满"]),
        (f"<p>（编译何一舟／综合报道）{SENTENCE}。</p>{TEXT}", ["何一舟"]),
        (f"{TEXT}<p>{SENTENCE}。记者何一舟</p>", ["何一舟"]),
        (f"{TEXT}<p>{SENTENCE}。记者何一舟 摄</p>", []),
        (f"{TEXT}<p>“{SENTENCE}。”文/何一舟</p>", ["何一舟"]),
        (f"{TEXT}<p>{SENTENCE}。（记者 何一舟 通讯员 林小满 摄影报道）</p>", ["何一舟"]),
        (f"{TEXT}<p>文字/何一舟</p><p>图片/林小满</p>", ["何一舟"]),
        (f"{TEXT}<p>白石广播电台何一舟报道</p>", ["何一舟"]),
        (f"{TEXT}<p>据白石广播电台报道</p>", []),
        (f"{TEXT}<p>（白石县）</p>", []),
        (f"{TEXT}<p>何小文 林小满</p>", []),  # a name ends in 文
        (f"{TEXT}<p>{SENTENCE}。（王小明校长）</p>", []),
    ],
)
def test_author_of_the_text(text: str, author: list[str]) -> None:
    assert page("2024-03-12 来源：白石日报", text=text).author == author


@pytest.mark.parametrize(
    ("tail", "editor"),
    [
        ("<p>青禾网编辑：蒋小满</p>", ["蒋小满"]),
        ("<p>（编辑：newsroom）</p>", []),
        (f"{TOOLS}<div>[责任编辑：蒋小满]</div>", ["蒋小满"]),
        (f"{TOOLS}<h2>另一篇</h2><p>{SENTENCE}，另一篇文章从这里开始。</p><div>[责任编辑：蒋小满]</div>", []),
        (f"{TOOLS}<div>[责任编辑：{SENTENCE}]</div>", []),
    ],
)
def test_editor_below_the_text(tail: str, editor: list[str]) -> None:
    got = page("2024-03-12 来源：白石日报", tail)
    assert got.editor == editor
    assert "编辑" not in got.text


@pytest.mark.parametrize(
    ("title", "want"),
    [
        ("<h1>校园里的一百个春天<br>白石县中小学劳动课侧记</h1>", "校园里的一百个春天 白石县中小学劳动课侧记"),
        ("<h1>校园里的一百个春天<br><a href=/>返回列表</a></h1>", "校园里的一百个春天"),
    ],
)
def test_a_headline_of_several_lines(title: str, want: str) -> None:
    assert page("发布时间：2024-03-12 来源：白石日报", title=title).title == want


NOTICE = "关于安全演练的通知"
ROWS = "<ul><li><a href=/1>白石县举行运动会</a> 2024-03-15</li><li><a href=/2>县教育局召开例会</a> 2024-03-14</li></ul>"


def test_a_list_above_the_headline_says_nothing_of_it() -> None:
    body = f"<title>{NOTICE}</title>{ROWS}<h1>{NOTICE}</h1><p>来源：安全科</p><div class=content>{TEXT}</div>"
    got = extract(body.encode(), "http://www.baishi.example/show?id=1")
    assert (got.published_on, got.source) == (None, "安全科")


@pytest.mark.parametrize(
    ("above", "day"),
    [
        ("2024年3月20日 星期三", None),
        ("白石 晴 12℃ 2024年3月20日", None),
        ("白石日报 2024年3月20日 星期三", "2024-03-20"),
        ("2024-03-20 10:00", "2024-03-20"),
    ],
)
def test_the_readers_day_above_the_headline(above: str, day: str | None) -> None:
    body = (
        f"<title>{NOTICE}</title><div>{above}</div><h1>{NOTICE}</h1><p>来源：安全科</p><div class=content>{TEXT}</div>"
    )
    got = extract(body.encode(), "http://www.baishi.example/show?id=1")
    assert (str(got.published_on) if got.published_on else None) == day


def test_a_dated_list_below_the_text_is_none_of_it() -> None:
    got = page("2024-03-12", tail=ROWS)
    assert got.text.endswith("也可以向班主任询问。")


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        (f"<p>白石县教育局</p><p>{NOTICE}</p><p>白教安〔2024〕9号</p>", NOTICE),
        (f"<h1>白石县教育局</h1><div>{NOTICE}</div>", NOTICE),
    ],
)
def test_neither_office_nor_number_is_the_headline(lines: str, want: str) -> None:
    body = f"<title>白石县教育局</title>{lines}<p>发布时间：2024-03-12</p><div>{TEXT}</div>"
    assert extract(body.encode(), "http://www.baishi.example/show?id=1").title == want


def test_an_event_told_at_the_head_of_the_text_is_of_the_text() -> None:
    got = page("2024-03-12", text=f"<p>时间：2024年3月20日上午9时</p><p>地点：县教育局三楼会议室</p>{TEXT}")
    assert got.text.startswith("时间：2024年3月20日上午9时\n地点：")
    assert (str(got.published_on), got.source) == ("2024-03-12", None)


def test_what_an_account_asks_of_its_readers_is_no_text() -> None:
    got = page("2024-03-12", text=f"<p>点击上方蓝字关注我们</p>{TEXT}<p>长按二维码关注</p><p>喜欢就点个在看吧</p>")
    assert got.text.startswith(SENTENCE)
    assert got.text.endswith("也可以向班主任询问。")


def test_source_and_clock_of_a_policy_header() -> None:
    rows = [
        ("索引号：", "A07/2024-0031"),
        ("发文机关：", "白石县教育局"),
        ("来　　源：", "教育局网站"),
        ("发布日期：", "2024-03-12"),
    ]
    table = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in rows)
    body = f"<title>{NOTICE}</title><table>{table}</table><h1>{NOTICE}</h1><p>发布日期：2024-03-12 10:22:33</p>{TEXT}"
    got = extract(body.encode(), "http://www.baishi.example/show?id=1")
    assert (got.source, got.issuer) == ("教育局网站", "白石县教育局")
    assert str(got.published_at) == "2024-03-12 10:22:33+08:00"


def test_a_text_as_typed_has_its_paragraphs() -> None:
    typed = f"<PRE>\n        {NOTICE}\n\n　　{SENTENCE}，\n不得缺漏。\n　　演练的<b>路线</b>已经张贴，家长可以看到。\r\n\r\n办公室在二楼，可以来问。\n</PRE>"
    got = extract(f"<title>{NOTICE}</title>{typed}".encode(), "http://www.baishi.example/show?id=1")
    assert got.title == NOTICE
    assert got.text.splitlines() == [
        f"{SENTENCE}，不得缺漏。",
        "演练的路线已经张贴，家长可以看到。",
        "办公室在二楼，可以来问。",
    ]
