"""The header of policy documents in the layouts that sites have, and numbers that are another document's."""

from datetime import date

import pytest

from govcrawl.extraction import Extracted, extract

NOTICE = "白石县教育局关于开展食堂检查的通知"
TEXT = ("各中小学校：", "为规范食堂管理，现就开展检查有关事项通知如下。", "一、重点检查食材采购台账和留样记录。")
BODY = "".join(f"<p>{line}</p>" for line in TEXT)
FOOT = "<div><p>主办：白石县教育局　承办：信息中心</p></div>"


def page(head: str, body: str = BODY, title: str = NOTICE) -> Extracted:
    markup = (
        f"<title>{title}-白石县教育局</title><h1>{title}</h1><div>2024-03-08</div>{head}<div id=zoom>{body}</div>{FOOT}"
    )
    return extract(markup.encode(), "http://www.baishi.example/show?id=1")


def fields(got: Extracted) -> tuple[object, ...]:
    return got.doc_number, got.index_number, got.issuer, got.written_on, got.validity


NUMBER = "白教发〔2024〕6号"
ALL = (NUMBER, "BS-1", "白石县教育局", date(2024, 3, 8), "有效")
NOTHING = (None,) * 5


TERMS = (
    "<dl><dt>索引号</dt><dd>BS-1</dd><dt>发文机关</dt><dd>白石县教育局</dd><dt>成文日期</dt><dd>2024年3月8日</dd>"
    f"<dt>发文字号</dt><dd>{NUMBER}</dd><dt>有效性</dt><dd>有效</dd></dl>"
)
TOUCHING = (
    f"<div><span class=a>索引号：BS-1</span><span class=b>文号：{NUMBER}</span><span class=c>发布机构：白石县教育局</span>"
    "<span class=d>成文日期：2024-03-08</span><span class=e>有效性：有效</span></div>"
)
COLUMNS = (
    "<table><tr><th>索引号</th><th>发文字号</th><th>发文机关</th><th>成文日期</th><th>有效性</th></tr>"
    f"<tr><td>BS-1</td><td>{NUMBER}</td><td>白石县教育局</td><td>2024-03-08</td><td>有效</td></tr></table>"
)
DAYS = (
    "<table><tr><td>索引号</td><td>BS-1</td><td>发布机构</td><td>白石县教育局</td></tr><tr><td>成文日期</td><td>2024-03-08</td>"
    "<td>发布日期</td><td>2024-03-09</td></tr><tr><td>生效日期</td><td>2024-04-01</td><td>废止日期</td><td></td></tr>"
    f"<tr><td>文号</td><td>{NUMBER}</td><td>有效性</td><td>有效</td></tr></table>"
)


BRACKETS = f"<div>【索引号】BS-1 【发布机构】白石县教育局 【文号】{NUMBER} 【成文日期】2024-03-08 【有效性】有效</div>"


@pytest.mark.parametrize("head", [TERMS, TOUCHING, COLUMNS, DAYS, BRACKETS])
def test_layouts(head: str) -> None:
    assert fields(page(head)) == ALL


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (NUMBER, NUMBER),
        ("白教联发〔2024〕6号　　签发人：何一舟", "白教联发〔2024〕6号"),
        ("白石县人民政府令 第12号", "白石县人民政府令第12号"),
        ("白石县人民政府令第十二号", "白石县人民政府令第十二号"),
        ("白石县教育局公告 2024年第3号", "白石县教育局公告2024年第3号"),
        ("第12号", None),
    ],
)
def test_number_above_the_text(line: str, number: str | None) -> None:
    assert page("", f"<p align=center>{line}</p>{BODY}").doc_number == number


LISTED = (
    "<p>经研究，决定废止下列文件。</p><table><tr><td>{}</td><td>文号</td><td>发文机关</td></tr>"
    "<tr><td>1</td><td>白政发〔2013〕11号</td><td>白石县政府</td></tr><tr><td>2</td><td>白教发〔2012〕3号</td><td>白石县教育局</td></tr></table>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            f"{BODY}<p>《关于加强食堂管理的意见》</p><p>（白政发〔2023〕11号）</p>", id="quoted below the text"
        ),
        pytest.param(f"<p>{TEXT[1]}</p><p>省教发〔2024〕1号</p>{BODY}", id="reprinted below a text"),
        pytest.param(LISTED.format("序号"), id="list of documents"),
        pytest.param(LISTED.format("索引号"), id="list of documents under labels alone"),
        pytest.param(
            "<p>现公布继续有效的文件。</p><table><tr><td>文件名称</td><td>发文字号</td><td>成文日期</td></tr>"
            "<tr><td>关于食堂管理的意见</td><td>白政发〔2013〕11号</td><td>2013-05-01</td></tr></table>",
            id="list of one document",
        ),
        pytest.param(f"{BODY}<p>索引号：</p><p>发文机关：</p>", id="labels above the foot of the page"),
    ],
)
def test_what_is_another_documents(body: str) -> None:
    assert fields(page("", body)) == NOTHING


@pytest.mark.parametrize(
    ("title", "number"),
    [
        (f"{NOTICE}（{NUMBER}）", NUMBER),
        (f"《食堂管理办法》（{NUMBER}）解读", None),
        (f"转发县教育局关于开展食堂检查的通知（{NUMBER}）", None),
        ("关于废止白教发〔2014〕6号文件的通知", None),
    ],
)
def test_number_in_the_headline(title: str, number: str | None) -> None:
    assert page("", title=title).doc_number == number
