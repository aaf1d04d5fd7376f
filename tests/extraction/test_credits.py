"""Whole pages whose header or end credits its people and its source in one of the forms that templates have."""

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
        ("来源:县教育局/作者:何一舟/2024-03-12", "县教育局"),
        ("【发布时间】2024-03-12 【来源】白石县教育局 【作者】何一舟", "白石县教育局"),
        ("白教安〔2024〕9号　发布时间：2024-03-12", None),
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
        ("2024-03-12 白石县报道", []),
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
