"""The figures of the extraction benchmark never fall below the floor that an earlier version reached."""

import importlib.util
import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.pages import FIELDS, REFERENCE, SHIPPED, WRONG_GOLD, Row, rows_of, there
from benchmarks.perturbations import PERTURBATIONS, gbk, hashed_names, header_below, no_meta, traditional

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "extraction.py"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("extraction_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("pages", ["shipped", "pages", "pages_more"])
def test_floor(benchmark: ModuleType, pages: str) -> None:
    folder = {"shipped": SHIPPED} | {folder.name: folder for folder in REFERENCE}
    if not folder[pages].exists():
        pytest.skip(f"no reference pages beside the repository (../shared/{pages})")
    floor = json.loads(benchmark.FLOOR.read_text(encoding="utf-8"))[pages]
    figures = benchmark.figures(benchmark.run(rows_of(folder[pages]), ["govcrawl"])["govcrawl"])
    assert {field for field in floor if not field.endswith("precision")} == set(FIELDS)
    below = {field: (figures[field], least) for field, least in floor.items() if figures[field] < least}
    assert not below


@pytest.mark.parametrize(
    ("a", "b", "length"), [("", "abc", 0), ("abc", "abc", 3), ("abcbdab", "bdcaba", 4), ("一二三四", "二四", 2)]
)
def test_common_subsequence(benchmark: ModuleType, a: str, b: str, length: int) -> None:
    assert benchmark.lcs(a, b) == length


def test_a_field_that_the_page_lacks_must_not_be_invented(benchmark: ModuleType) -> None:
    row = Row("x", b"", "", {"source": None, "author": [], "date": None}, {})
    assert benchmark.score(row, {"source": None, "author": [], "date": None}) == {
        "source": 1.0,
        "author": 1.0,
        "date": 1.0,
    }
    assert benchmark.score(row, {"source": "某报", "author": ["某人"], "date": "2024-01-01"}) == {
        "source": 0.0,
        "author": 0.0,
        "date": 0.0,
    }


def test_precision_is_of_the_values_given(benchmark: ModuleType) -> None:
    rows = [Row(str(n), b"", "", {"source": "某报", "province": "hebei"}, {}) for n in range(3)]
    values = [("某报", "hebei"), ("别报", "unknown"), (None, "henan")]
    readings = []
    for row, (source, province) in zip(rows, values, strict=True):
        got = {"source": source, "province": province}
        readings.append(benchmark.Reading(row, got, benchmark.score(row, got), benchmark.given(got), 0.0))
    assert benchmark.figures(readings) == {
        "source": pytest.approx(1 / 3),
        "source precision": 0.5,
        "province": pytest.approx(1 / 3),
        "province precision": 0.5,
    }


def test_wrong_gold_names_pages_that_are_there() -> None:
    if there() == [SHIPPED]:
        pytest.skip("no reference pages beside the repository (../shared)")
    names = [row.name for folder in there() for row in rows_of(folder)]
    assert [(part, why) for part, _, why in WRONG_GOLD if sum(part in name for name in names) != 1 or not why] == []


BODY = "各市县从今年春季学期起开放学校操场，并安排专人值守。"
MARKUP = (
    '<html><head><meta charset="utf-8"><meta name="source" content="某报"><style>.gone{display:none}</style></head><body>'
    f'<div id="main"><h1>标题在此</h1><div class="info">2024-03-01 来源：某报</div><p class="gone">藏</p><p>{BODY}</p></div>'
    "</body></html>"
)


def row_of(markup: str) -> Row:
    gold = {"title": "标题在此", "body": BODY, "date": "2024-03-01", "source": "某报", "author": ["黄华"]}
    return Row("x", markup.encode(), "", gold, {}, "news", (BODY[:12], BODY[-12:]))


def test_names_are_hashed_alike_in_page_and_sheet() -> None:
    markup = hashed_names(row_of(MARKUP)).body.decode()
    assert "gone" not in markup
    assert 'id="main"' not in markup
    hidden = re.search(r'<p class="(\w+)">藏', markup)
    assert hidden is not None
    assert f".{hidden[1]}{{display:none}}" in markup


def test_meta_tags_go_but_the_charset_stays() -> None:
    markup = no_meta(row_of(MARKUP)).body.decode()
    assert "name=" not in markup
    assert 'charset="utf-8"' in markup


@pytest.mark.parametrize(
    "markup", [MARKUP, MARKUP.replace("<p>", "<br>").replace("</p>", ""), MARKUP.replace('<p class="gone">藏</p>', "")]
)
def test_header_stands_below_the_body(markup: str) -> None:
    changed = header_below(row_of(markup)).body.decode()
    assert changed.index("标题在此") < changed.index(BODY) < changed.index("2024-03-01 来源")
    assert changed.count("2024-03-01") == 1


def test_gbk_bytes_say_so() -> None:
    body = gbk(row_of(MARKUP)).body
    assert b'charset="gbk"' in body
    assert BODY in body.decode("gbk")


def test_traditional_with_its_gold() -> None:
    changed = traditional(row_of(MARKUP))
    assert changed.gold["body"] == "各市縣從今年春季學期起開放學校操場，並安排專人值守。"
    assert changed.gold["author"] == ["黃華"]
    assert changed.gold["date"] == "2024-03-01"
    assert "各市縣從今年" in changed.body.decode()
    assert traditional(changed) is changed


def test_perturbed_table_of_the_shipped_pages(benchmark: ModuleType) -> None:
    table = benchmark.perturb_table(rows_of(SHIPPED)[:4]).split("\n")
    assert len(table) == 3 + len(PERTURBATIONS)
    assert table[2].startswith("| as they are | – | – | 1.000 |")


def test_a_truth_that_stood_in_a_meta_tag_alone_is_left_out(benchmark: ModuleType) -> None:
    alone = row_of(MARKUP.replace('<div class="info">2024-03-01 来源：某报</div>', "").replace("2024-03-01", ""))
    assert no_meta(alone).gold.keys() == {"title", "body", "author"}
    written = row_of(MARKUP.replace("2024-03-01 来源", "2024年3月1日 来源"))
    assert no_meta(written).gold == written.gold
    addressed = replace(alone, url="http://a.example/20240301/1.html")
    assert no_meta(addressed).gold.keys() == {"title", "body", "author", "date"}
    table = benchmark.perturb_table([alone]).split("\n")
    assert [row.split("|")[3].strip() for row in table[3:]] == ["0", "2", "0", "0", "0"]
