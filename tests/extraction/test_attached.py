"""Which documents and images are the article's and which the site's."""

import pytest

from govcrawl.extraction import extract

TEXT = "<p>各中小学校要提前检查教室、食堂和宿舍，发现问题立即整改。</p><p>检查的结果由学校汇总，于月底前报送县教育局基教科。</p>"
TOOLS = "<div>扫一扫</div><div>分享</div><div>微信</div><div>微博</div><div>空间</div><div>打印</div><div>关闭</div><div>收藏</div>"


def names(body: str, what: str) -> list[str]:
    head = "<title>检查通知</title><h1>关于开展安全检查的通知</h1><div>2024-03-08 来源：基教科</div>"
    got = extract(f"{head}{body}".encode(), "http://www.yunling.example/a/1.html")
    return [item.url.removeprefix("http://www.yunling.example") for item in getattr(got, what)]


@pytest.mark.parametrize(
    ("below", "want"),
    [
        ("<div>附件：</div><a href=/f/1.doc>台账.doc</a>", ["/f/1.doc"]),
        (
            f"{TOOLS}<div>附件：</div><div><a href=/f/1.doc>台账.doc</a></div><div><a href=/f/2.doc>检查表.doc</a></div>",
            ["/f/1.doc", "/f/2.doc"],
        ),
        (f"{TOOLS}<div>相关文件</div><div><a href=/f/1.doc>台账.doc</a></div>", []),
        (
            "<div><h3>下载专区</h3><p><a href=/f/1.doc>申请表.doc</a></p><p><a href=/f/2.doc>登记表.doc</a></p></div>",
            [],
        ),
        ("<div class=footer><a href=/help.pdf>使用手册</a></div>", []),
        ("<footer><p><a href=/help.pdf>使用手册</a></p></footer>", []),
    ],
)
def test_documents_below_the_text(below: str, want: list[str]) -> None:
    assert names(f"<div class=c>{TEXT}</div>{below}", "attachments") == want


def test_signs_of_the_pages_tools_are_no_images() -> None:
    tools = "<p><img src=/images/close.png><img src=/images/dayin.jpg><img src=/images/btn_top.png></p>"
    assert names(f"<div class=c>{TEXT}<p><img src=/u/closeup.jpg></p>{tools}</div>", "images") == ["/u/closeup.jpg"]


@pytest.mark.parametrize("name", ["ad", "ewm", "share-box", "tuijian"])
def test_pictures_of_advertisements_and_codes_are_no_images(name: str) -> None:
    inside = f"<div class=c>{TEXT}<p><img src=/u/1.jpg></p><div class={name}><img src=/u/2.jpg></div></div>"
    assert names(inside, "images") == ["/u/1.jpg"]


def test_a_name_of_a_box_around_the_whole_text_tells_nothing_of_its_pictures() -> None:
    assert names(f"<div class='share main'><div class=c>{TEXT}<p><img src=/u/1.jpg></p></div></div>", "images") == [
        "/u/1.jpg"
    ]
