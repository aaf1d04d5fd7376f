"""Every value explained: the rule that gave it, where it stood, what lost and why; and nothing changes by asking."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from govcrawl.extraction import Extracted, Site, extract

PAGES = Path(__file__).parents[1] / "pages"
ROWS = [json.loads(line) for line in (PAGES / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
CASES = Path(__file__).parents[3] / "shared" / "cases"
DECIDED = ("title", "published_on", "source", "author", "editor", "province")
BODY = """<title>山野小学的读书节-白石县教育局</title><meta name=PubDate content="2024-03-12 09:00">
<div><a href=/>首页</a> &gt; <a href=/gg/>校园</a></div><h2>山野小学的读书节</h2>
<dl><dt>开始时间：</dt><dd>2024-06-01</dd></dl><p>来源：转载文章 <a>内容纠错</a></p>
<div id=zoom><p>读书节那天，山野小学的孩子们带来了自己最喜欢的书，在操场上读给大家听。</p>
<p>老师们准备了书签，家长们也来了，读书声一直传到山脚下的村庄里去。</p></div>
<p>来源：白石日报 责任编辑：蒋小满 HN666</p><p>版权所有：白石县教育局</p>"""


def of(row: dict[str, Any], *, explain: bool) -> Extracted:
    site = Site(**row["site"]) if row.get("site") else None
    body = (PAGES / row["file"]).read_bytes()
    return extract(body, row["url"], headers=row["headers"], site=site, explain=explain, **row["hints"])


def test_what_won_and_what_lost() -> None:
    why = extract(BODY.encode(), "http://x.example/1", explain=True).explanation
    assert why is not None
    source = why.fields["source"]
    assert (source.value, source.rule, source.text) == (
        "白石日报",
        "label 来源 below the text",
        "来源：白石日报 责任编辑：蒋小满 HN666",
    )
    assert [(lost.value, lost.reason) for lost in source.lost] == [("转载文章", "a word that names no source")]
    published = why.fields["published_on"]
    assert published.rule == "meta tag"
    assert [(lost.value, lost.reason) for lost in published.lost] == [("2024-06-01", "its label is 开始时间")]
    assert why.fields["editor"].value == "蒋小满"
    assert why.fields["author"].value == ""
    assert why.fields["title"].rule.startswith("line")


def test_the_lines_of_the_body() -> None:
    why = extract(BODY.encode(), "http://x.example/1", explain=True).explanation
    assert why is not None
    kept = [block.text[:3] for block in why.blocks if block.kept]
    assert kept == ["读书节", "老师们"]
    cut = {block.text[:6]: block.reason for block in why.blocks if not block.kept}
    assert cut["山野小学的读"] == "the headline"
    assert cut["版权所有：白"] == "of the site: copyright, licence, disclaimer"
    assert all(cut.values())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_asking_changes_nothing(row: dict[str, Any]) -> None:
    plain, told = of(row, explain=False), of(row, explain=True)
    assert plain.explanation is None
    assert told.explanation is not None
    for column in fields(Extracted):
        if column.name != "explanation":
            assert getattr(plain, column.name) == getattr(told, column.name)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_every_value_has_its_rule(row: dict[str, Any]) -> None:
    got = of(row, explain=True)
    assert got.explanation is not None
    for name in DECIDED if got.page_type in ("article", "list", "video") else ():
        decision = got.explanation.fields[name]
        value = getattr(got, name)
        if value not in (None, [], "", "unknown"):
            assert decision.rule != "none", name
        assert all(lost.reason for lost in decision.lost)


@pytest.mark.skipif(not CASES.exists(), reason="no small cases beside the repository (../shared/cases)")
@pytest.mark.parametrize("file", sorted(p.name for p in CASES.glob("*.html")) if CASES.exists() else [])
def test_every_case_is_answered(file: str) -> None:
    got = extract((CASES / file).read_bytes(), f"http://x.example/{file}", explain=True)
    assert got.explanation is not None
    if got.page_type == "article":
        assert set(DECIDED) <= set(got.explanation.fields)
        assert any(block.kept for block in got.explanation.blocks) == bool(got.text)
