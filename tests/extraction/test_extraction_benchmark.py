"""The figures of the extraction benchmark never fall below the floor that an earlier version reached."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.mark.parametrize("pages", ["shipped", "reference"])
def test_floor(benchmark: ModuleType, pages: str) -> None:
    folder = {"shipped": benchmark.SHIPPED, "reference": benchmark.REFERENCE}[pages]
    if not folder.exists():
        pytest.skip("no reference pages beside the repository (../shared/pages)")
    floor = json.loads(benchmark.FLOOR.read_text(encoding="utf-8"))[pages]
    figures = benchmark.run(benchmark.rows_of(folder), ["govcrawl"])["govcrawl"]
    assert set(floor) == set(benchmark.FIELDS)
    below = {field: (figures[field], least) for field, least in floor.items() if figures[field] < least}
    assert not below


@pytest.mark.parametrize(
    ("a", "b", "length"), [("", "abc", 0), ("abc", "abc", 3), ("abcbdab", "bdcaba", 4), ("一二三四", "二四", 2)]
)
def test_common_subsequence(benchmark: ModuleType, a: str, b: str, length: int) -> None:
    assert benchmark.lcs(a, b) == length


def test_a_field_that_the_page_lacks_must_not_be_invented(benchmark: ModuleType) -> None:
    row = benchmark.Row("x", b"", "", {"source": None, "author": [], "date": None}, {})
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
