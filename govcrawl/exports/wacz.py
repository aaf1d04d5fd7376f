"""Chosen articles as one web archive: WACZ 1.1.1, which replayweb.page opens in a browser and pywb takes in.

In it are the records of the articles as they were received, with those of their parts, attachments and images as far as the
crawl recorded them; copied byte for byte, a WARC file for each site, and never read into memory as a whole. py-wacz is not
used to write: it takes whole WARC files and holds every page's text.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tempfile
import time
import zipfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl import __version__
from govcrawl.addresses import doc_id
from govcrawl.archive.checks.reading import open_place
from govcrawl.archive.warc import ROTATE_BYTES, info_record, now_ms, warc_date
from govcrawl.exports import cdxj
from govcrawl.exports.rows import rows
from govcrawl.exports.text import dumps
from govcrawl.reprints.index import keys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from govcrawl.archive.storage import Storage
    from govcrawl.exports.selection import Places

VERSION = "1.1.1"
_BLOCK_LINES = 1024  # index lines that are compressed together, as py-wacz does
_CAPTURED = ["doc_id", "alias_of", "part_of", "kind", "status", "payload_digest", "warc_file", "warc_offset"]
_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(slots=True)
class Packed:
    """What went into the file, and what rows name and could not be read, by file."""

    pages: int = 0
    records: int = 0
    lost: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        yield f"{self.pages} pages, {self.records} records"
        for name, lost in self.lost.items():
            yield f"{lost} records of {name} cannot be read; run scrapy verify"


@dataclass(slots=True)
class _Wanted:
    """Of one site: keys of its chosen articles, keys of the documents these show or link, and the places of the articles'
    own records by file."""

    articles: list[Any] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


def write(
    storage: Storage, places: Places, path: str, about: dict[str, str], *, listings: bool, tell: Callable[[str], None]
) -> Packed:
    """Make the WACZ of these articles at a path. ``listings``: the newest recording of each listing page too. Raises
    StorageError, OSError."""
    done = Packed()
    wanted = _wanted(storage, places)
    resources: list[dict[str, Any]] = []
    with zipfile.ZipFile(path, "w") as package, tempfile.TemporaryFile() as blocks, tempfile.TemporaryFile() as pages:
        index_bytes = io.BytesIO()
        with io.TextIOWrapper(index_bytes, "utf-8", newline="") as index:
            writer = cdxj.library().blocks(index, blocks, _BLOCK_LINES, "index.cdx.gz", digest_records=True)
            with cdxj.sorting(_Blocks(writer)) as lines:
                for site, own in sorted(wanted.items()):
                    tell(f"{site}: {len(own.articles)} articles")
                    copied = _copied(storage, _records_of(storage, site, own, listings=listings), done)
                    _write_warcs(package, site, copied, lines, resources)
            index.flush()
            _put(package, "indexes/index.cdx.gz", blocks, resources, stored=True)
            _put(package, "indexes/index.idx", index_bytes, resources)
        main: dict[str, Any] = {}
        for page in _pages(storage, places):
            main = page if not done.pages else {}
            pages.write(f"{dumps(page)}\n".encode())
            done.pages += "url" in page
        _put(package, "pages/pages.jsonl", pages, resources)
        _describe(package, resources, main, about)
    return done


class _Blocks:
    """A compressing writer of index lines whose last block is written once, by ``flush`` at the end; where there is no line
    there is no block."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, line: str) -> None:
        self._writer.write(line)

    def flush(self) -> None:
        if self._writer.block:
            self._writer.flush()


# What belongs to the articles


def _wanted(storage: Storage, places: Places) -> dict[str, _Wanted]:
    found: dict[str, _Wanted] = defaultdict(_Wanted)
    for row in rows(storage, places, ("doc_id", "site", "attachments", "images", "warc_file", "warc_offset")):
        own = found[row["site"]]
        own.articles.append(row["doc_id"])
        own.linked |= {
            doc_id(entry["url"]) for name in ("attachments", "images") for entry in row[name] if entry["url"]
        }
        if row["warc_file"] is not None:
            own.places[row["warc_file"]].append(row["warc_offset"])
    return found


def _records_of(storage: Storage, site: str, own: _Wanted, *, listings: bool) -> dict[str, NDArray[np.int64]]:
    """Files and offsets of everything that belongs to the chosen articles of a site: their own records; of the addresses that
    lead to them, of their parts and of what they link the newest full response."""
    captured = cdxj.captured(storage, site, _CAPTURED, lambda table: table)
    places: dict[str, list[int]] = {name: list(offsets) for name, offsets in own.places.items()}
    if captured:
        table = pa.concat_tables(captured).unify_dictionaries()
        mask = _is_in(table, "part_of", own.articles) | _is_in(table, "alias_of", own.articles)
        mask |= _is_in(table, "doc_id", sorted(own.linked))
        if listings:
            mask |= pc.equal(table.column("kind"), "listing").to_numpy(zero_copy_only=False)
        mask &= _is_in(table, "status", [200, *_REDIRECTS])
        for row in _newest_full(table.filter(pa.array(mask))):
            places.setdefault(row["warc_file"], []).append(row["warc_offset"])
    return {name: np.unique(np.array(offsets, np.int64)) for name, offsets in sorted(places.items())}


def _is_in(table: pa.Table, column: str, values: list[Any]) -> NDArray[np.bool_]:
    kind = table.schema.field(column).type
    mask: NDArray[np.bool_] = pc.is_in(table.column(column), pa.array(values, kind)).to_numpy(zero_copy_only=False)
    mask &= table.column(column).is_valid().to_numpy(zero_copy_only=False)
    return mask


def _newest_full(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Of each document the row whose record holds what it last was: the first with that digest, since later ones are
    revisits. Rows are in the order in which they were written."""
    keys = keys_of(table.column("doc_id"))
    digests = pc.dictionary_encode(table.column("payload_digest")).combine_chunks().indices.fill_null(-1).to_numpy()
    newest = dict(zip(keys.tolist(), digests.tolist(), strict=True))
    full: dict[int, int] = {}
    for number, (key, digest) in enumerate(zip(keys.tolist(), digests.tolist(), strict=True)):
        if digest == newest[key]:
            full.setdefault(key, number)
    yield from table.take(pa.array(sorted(full.values()), pa.int64())).select(["warc_file", "warc_offset"]).to_pylist()


# What is written


def _copied(
    storage: Storage, chosen: dict[str, NDArray[np.int64]], done: Packed
) -> Iterator[tuple[cdxj.Record, bytes, bytes]]:
    """Each of these records with its bytes and those of its request, each a gzip member."""
    for name, offsets in chosen.items():
        found = 0
        stream = open_place(storage, name)
        if stream is not None:
            with stream:
                for record in cdxj.records(storage, name, offsets):
                    stream.seek(record.offset)
                    raw = stream.read(record.end - record.offset)
                    response, request = raw[: record.length], raw[record.length :]
                    if not name.endswith(".gz"):
                        response, request = gzip.compress(response), gzip.compress(request) if request else b""
                    yield record, response, request
                    found += 1
        done.records += found
        if found < len(offsets):
            done.lost[name] = done.lost.get(name, 0) + len(offsets) - found


def _write_warcs(
    package: zipfile.ZipFile,
    site: str,
    copied: Iterator[tuple[cdxj.Record, bytes, bytes]],
    lines: Any,
    resources: list[dict[str, Any]],
) -> None:
    """Write records into WARC files of about ``ROTATE_BYTES``, and their index lines."""
    pending = next(copied, None)
    for number in count(1):
        if pending is None:
            return
        filename = f"{site}-{number:05d}.warc.gz"
        with _member(package, f"archive/{filename}", resources, stored=True) as out:
            out.write(info_record(filename, "export"))
            while pending is not None and out.bytes < ROTATE_BYTES:
                record, response, request = pending
                lines.write(cdxj.line(record, filename, out.bytes, len(response)))
                out.write(response + request)
                pending = next(copied, None)


def _pages(storage: Storage, places: Places) -> Iterator[dict[str, Any]]:
    """The lines of pages.jsonl: its head, then a page for each article."""
    yield {"format": "json-pages-1.0", "id": "pages", "title": "Articles", "hasText": True}
    for row in rows(storage, places, ("doc_id", "revision", "url", "title", "text", "fetched_at")):
        yield {
            "id": f"{row['doc_id']}-{row['revision']}",
            "url": row["url"],
            "ts": warc_date(row["fetched_at"]),
            "title": row["title"] or row["url"],
            "text": row["text"] or "",
        }


def _put(
    package: zipfile.ZipFile, name: str, file: Any, resources: list[dict[str, Any]], *, stored: bool = False
) -> None:
    """Write what is in a temporary file."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    with _member(package, name, resources, stored=stored, size=size) as out:
        while block := file.read(1 << 20):
            out.write(block)


def _describe(
    package: zipfile.ZipFile, resources: list[dict[str, Any]], main: dict[str, Any], about: dict[str, str]
) -> None:
    """The description of the package and its digest. ``main``: the page to open first, where there is but one."""
    described: dict[str, Any] = {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": main.get("title") or "Articles of the archive of govcrawl",
        "description": " ".join(("govcrawl", about["rows"], "rows", about["filters"])).strip(),
        "created": warc_date(now_ms()),
        "software": f"govcrawl {__version__}",
        "resources": resources,
    }
    if main:
        described |= {"mainPageUrl": main["url"], "mainPageDate": main["ts"]}
    data = json.dumps(described, ensure_ascii=False, indent=2).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    with _member(package, "datapackage.json", []) as out:
        out.write(data)
    with _member(package, "datapackage-digest.json", []) as out:
        out.write(json.dumps(digest, indent=2).encode())


class _Hashed:
    """A file in the package, its bytes counted and hashed on their way."""

    def __init__(self, out: Any) -> None:
        self._out, self.bytes, self.hash = out, 0, hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._out.write(data)
        self.bytes += len(data)
        self.hash.update(data)


@contextmanager
def _member(
    package: zipfile.ZipFile, name: str, resources: list[dict[str, Any]], *, stored: bool = False, size: int = 0
) -> Iterator[_Hashed]:
    """Write a file of the package and enter it among the resources. ``stored``: as it is, so that readers take parts of it by
    their place. ``size``: its bytes, where they may be more than ``ZIP64_LIMIT``: wabac takes the bytes for elsewhere where a
    file has the fields of ZIP64 before it and not in the table at the end, which has them for large files only."""
    entry = zipfile.ZipInfo(name, time.gmtime()[:6])
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with package.open(entry, "w", force_zip64=size > zipfile.ZIP64_LIMIT) as out:
        hashed = _Hashed(out)
        yield hashed
    resources.append(
        {
            "name": name.rpartition("/")[2],
            "path": name,
            "hash": f"sha256:{hashed.hash.hexdigest()}",
            "bytes": hashed.bytes,
        }
    )
