"""The archive as Croissant describes datasets (JSON-LD), from the same schemas as the data dictionary."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from govcrawl import __version__
from govcrawl.archive.dictionary import ABOUT, DATASETS, KEYWORDS, NAME, RIGHTS, meaning_of
from govcrawl.archive.schema import PARTITIONS

_TERMS = (
    "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes isLiveDataset jsonPath key md5 "
    "parentField path recordSet references regex repeated replace samplingRate separator source subField transform"
)
# What the terms are short for, as Croissant 1.0 has it.
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
_KEYS = {
    "articles": ("doc_id", "revision"),
    "attachment_text": ("sha256", "extractor"),
    "reprints": ("doc_id", "grouped_at"),
    "forgotten": ("doc_id", "forgotten_at"),
}


def render() -> str:
    """data/croissant.json: a set of files and of records for each dataset; paths are relative to its folder."""
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": NAME,
        "description": ABOUT,
        "license": RIGHTS,
        "version": __version__,
        "inLanguage": "zh",
        "keywords": list(KEYWORDS),
        "isLiveDataset": True,  # files come and go, so that none has a checksum here
        "distribution": [_files(name) for name in DATASETS],
        "recordSet": [_records(name) for name in DATASETS],
    }
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _files(dataset: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{dataset}-files",
        "name": f"{dataset}-files",
        "description": f"Parquet files of {dataset}",
        "encodingFormat": "application/x-parquet",
        "includes": f"{dataset}/*.parquet",
    }


def _records(dataset: str) -> dict[str, Any]:
    schema, meaning = DATASETS[dataset]
    fields = [_field(dataset, column) for column in schema]
    if dataset == "articles":
        fields += [_in_path(dataset, name, text) for name, text in PARTITIONS.items()]
    keys = [{"@id": f"{dataset}/{name}"} for name in _KEYS.get(dataset, ())]
    record = {"@type": "cr:RecordSet", "@id": dataset, "name": dataset, "description": meaning, "field": fields}
    return record | ({"key": keys} if keys else {})


def _field(dataset: str, column: pa.Field) -> dict[str, Any]:
    repeated = pa.types.is_list(column.type)
    kind = column.type.value_type if repeated else column.type
    made = _named(dataset, column.name, meaning_of(column)) | ({"repeated": True} if repeated else {})
    source = {"fileSet": {"@id": f"{dataset}-files"}, "extract": {"column": column.name}}
    if not pa.types.is_struct(kind):
        return made | {"dataType": _type(column.name, kind), "source": source}
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{dataset}/{column.name}/{part.name}",
            "name": part.name,
            "dataType": _type(part.name, part.type),
            "source": source | {"transform": {"jsonPath": part.name}},
        }
        for part in kind
    ]
    return made | {"source": source, "subField": parts}


def _in_path(dataset: str, name: str, text: str) -> dict[str, Any]:
    return _named(dataset, name, text) | {
        "dataType": "sc:Integer" if name == "year" else "sc:Text",
        "source": {
            "fileSet": {"@id": f"{dataset}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f".*/{name}=([^/]+)/.*"},
        },
    }


def _named(dataset: str, name: str, text: str) -> dict[str, Any]:
    return {"@type": "cr:Field", "@id": f"{dataset}/{name}", "name": name, "description": text}


def _type(name: str, kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return "sc:Integer"
    if pa.types.is_boolean(kind):
        return "sc:Boolean"
    if pa.types.is_floating(kind):
        return "sc:Float"
    if pa.types.is_date(kind):
        return "sc:Date"
    if pa.types.is_timestamp(kind):
        return "sc:DateTime"
    return "sc:URL" if name == "url" else "sc:Text"
