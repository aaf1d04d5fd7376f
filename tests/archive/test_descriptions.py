"""What the archive is described by, for programs (Croissant) and hubs (the head of data/README.md), is true of its files."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from govcrawl.archive import croissant, dictionary
from govcrawl.archive.site import partition_of
from tests.archive.test_compact import article, land
from tests.loopback import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESCRIBED: dict[str, Any] = json.loads(croissant.render())
KINDS = {
    "sc:Text": pa.types.is_string, "sc:URL": pa.types.is_string, "sc:Integer": pa.types.is_integer,
    "sc:Float": pa.types.is_floating, "sc:Boolean": pa.types.is_boolean, "sc:Date": pa.types.is_date,
    "sc:DateTime": pa.types.is_timestamp,
}  # fmt: skip


def nodes(found: Any) -> Iterator[dict[str, Any]]:
    """Every object of the description but its context."""
    if isinstance(found, dict):
        yield found
    for value in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from nodes(value)


def test_the_shipped_file_is_the_schemas() -> None:
    shipped = (PROJECT / "data/croissant.json").read_text(encoding="utf-8")
    assert shipped == croissant.render(), "run: scrapy dictionary --croissant --write data/croissant.json"


def test_it_is_croissant() -> None:
    assert DESCRIBED["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert {"@context", "@type", "name", "description", "license", "distribution", "recordSet"} <= DESCRIBED.keys()
    every = list(nodes({n: v for n, v in DESCRIBED.items() if n != "@context"}))
    typed = [node for node in every if "@type" in node]
    assert {node["@type"] for node in typed} == {"sc:Dataset", "cr:FileSet", "cr:RecordSet", "cr:Field"}
    made = [node["@id"] for node in typed if "@id" in node]
    assert len(made) == len(set(made)), "each name once"
    pointing = [node["@id"] for node in every if "@id" in node and "@type" not in node]
    assert set(pointing) <= set(made)
    plain = {"name", "description", "license", "version", "inLanguage", "keywords", "distribution", "encodingFormat"}
    used = {name for node in every for name in node if not name.startswith("@")}
    assert used <= DESCRIBED["@context"].keys() | plain, "schema.org's words, and those that the context has"


@pytest.mark.parametrize("records", DESCRIBED["recordSet"], ids=lambda records: records["name"])
def test_its_fields_are_the_columns(records: dict[str, Any]) -> None:
    schema, _ = dictionary.DATASETS[records["name"]]
    columns = {f["source"]["extract"]["column"]: f for f in records["field"] if "column" in f["source"]["extract"]}
    assert list(columns) == schema.names
    assert {key["@id"].rpartition("/")[2] for key in records.get("key", ())} <= set(columns)
    for name, field in columns.items():
        kind = schema.field(name).type
        assert field.get("repeated", False) == pa.types.is_list(kind)
        kind = kind.value_type if pa.types.is_list(kind) else kind
        assert field["description"] == dictionary.meaning_of(schema.field(name))
        parts = field.get("subField", ())
        for part in parts:
            jump = part["source"]["transform"]["jsonPath"]
            assert KINDS[part["dataType"]](kind.field(jump).type)
        assert [p["name"] for p in parts] == ([f.name for f in kind] if pa.types.is_struct(kind) else [])
        assert parts or KINDS[field["dataType"]](kind)


def test_its_files_are_those_of_an_archive(tmp_path: Path) -> None:
    land(tmp_path, "20240101", article(1), article(2, province="shaanxi", year=0))
    names = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.parquet")]
    files = {s["@id"]: [n for n in names if fnmatch(n, s["includes"])] for s in DESCRIBED["distribution"]}
    assert {name: len(found) for name, found in files.items() if found} == {"articles-files": 2, "captures-files": 1}
    (articles,) = (records for records in DESCRIBED["recordSet"] if records["name"] == "articles")
    fields = {field["name"]: field["source"] for field in articles["field"]}
    for name in files[fields["title"]["fileSet"]["@id"]]:
        assert fields["title"]["extract"]["column"] in pq.read_schema(tmp_path / name).names
        where = partition_of(name)
        for key, value in where.items():
            assert fields[key]["extract"] == {"fileProperty": "fullpath"}
            matched = re.match(fields[key]["transform"]["regex"], name)
            assert matched
            assert type(value)(matched[1]) == value


def test_the_head_of_the_dictionary_is_what_hubs_read(tmp_path: Path) -> None:
    _, head, rest = dictionary.render().split("---\n", 2)
    assert rest.startswith("\n# Data dictionary\n")
    card = yaml.safe_load(head)
    assert (card["language"], card["license"]) == (["zh"], "other")
    configs = {config["config_name"]: config for config in card["configs"]}
    assert list(configs) == list(dictionary.DATASETS)
    assert [name for name, config in configs.items() if config.get("default")] == ["articles"]
    land(tmp_path, "20240101", article(1))
    for name in ("articles", "captures"):
        assert len(list(tmp_path.glob(configs[name]["data_files"]))) == 1
