"""
Build `data/sample/web.warc.gz`, the small recorded web that the project ships, from the page sources in `tests/web`.

    python tests/build_web.py           write the file
    python tests/build_web.py --check   exit 1 when the shipped file does not hold what the sources say

WARC 1.1 with one gzip member a record: a warcinfo record, a request and a response for each line of
`tests/web/index.jsonl`, and a revisit for lines that ask for one. Dates and record ids are fixed, so that every run
writes the same bytes; between builds of zlib only the outer compression may differ, and `--check` looks inside it.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import struct
import sys
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "web"
TARGET = ROOT / "data" / "sample" / "web.warc.gz"
START = datetime(2024, 3, 1, 2, 0, 0, tzinfo=UTC)
REVISITED = START + timedelta(days=1)
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
INFO = (
    "software: govcrawl tests/build_web.py\r\nformat: WARC File Format 1.1\r\n"
    "description: invented pages in the templates of real sites; names, places and events are not real\r\n"
)

Entry = dict[str, Any]
Headers = list[tuple[str, str]]


def entries(sources: Path = SOURCES) -> list[Entry]:
    """The lines of the index, in its order."""
    lines = (sources / "index.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def gzip_stored(data: bytes) -> bytes:
    """A gzip stream of stored blocks: the same bytes under every zlib, and the record around it is compressed."""
    chunks = [data[i : i + 65535] for i in range(0, len(data), 65535)] or [b""]
    out = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    for number, chunk in enumerate(chunks, 1):
        out += struct.pack("<BHH", number == len(chunks), len(chunk), len(chunk) ^ 0xFFFF) + chunk
    return out + struct.pack("<II", zlib.crc32(data), len(data))


def payload(entry: Entry, sources: Path = SOURCES) -> bytes:
    """The body as the server sent it: in the page's charset, with its content coding."""
    text = (sources / entry["file"]).read_bytes().decode("utf-8")
    body = text.encode(entry["encoding"])
    return gzip_stored(body) if entry.get("content_encoding") == "gzip" else body


def http_head(first_line: str, headers: Headers) -> bytes:
    """Start line and header lines, with the empty line that ends them."""
    return "".join(f"{line}\r\n" for line in [first_line, *(f"{k}: {v}" for k, v in headers), ""]).encode("latin-1")


def response_head(entry: Entry, when: datetime, length: int) -> bytes:
    """Status line and headers; Content-Length is left out where the index says so, as after a chunked transfer."""
    headers = [("Date", format_datetime(when, usegmt=True)), *((k, v) for k, v in entry["headers"])]
    if entry.get("content_encoding"):
        headers.append(("Content-Encoding", entry["content_encoding"]))
    if entry.get("content_length", True):
        headers.append(("Content-Length", str(length)))
    return http_head(f"HTTP/1.1 {entry['status']} {HTTPStatus(entry['status']).phrase}", headers)


def request_head(url: str, conditions: Headers) -> bytes:
    """What a polite crawler would have sent."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fixed = [("Host", parts.netloc), ("User-Agent", "govcrawl"), ("Accept-Encoding", "gzip")]
    return http_head(f"GET {target} HTTP/1.1", fixed + conditions)


def digest(data: bytes) -> str:
    """`sha1:` and Base32, as crawlers write it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def stamp(when: datetime) -> str:
    """A WARC-Date."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def record_id(kind: str, url: str, when: datetime) -> str:
    """The same id on every run."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{kind} {stamp(when)} {url}')}>"


def record(kind: str, url: str, when: datetime, block: bytes, extra: Headers) -> bytes:
    """One WARC record as a gzip member of its own."""
    content_type = {"warcinfo": "application/warc-fields", "request": "application/http; msgtype=request"}
    headers = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id(kind, url, when)),
        ("WARC-Date", stamp(when)),
        *([] if kind == "warcinfo" else [("WARC-Target-URI", url)]),
        *extra,
        ("WARC-Block-Digest", digest(block)),
        ("Content-Type", content_type.get(kind, "application/http; msgtype=response")),
        ("Content-Length", str(len(block))),
    ]
    return gzip.compress(http_head("WARC/1.1", headers) + block + b"\r\n\r\n", 9, mtime=0)


def capture(entry: Entry, when: datetime, sources: Path) -> bytes:
    """A request and its response."""
    url, body = entry["url"], payload(entry, sources)
    to_response = [("WARC-Concurrent-To", record_id("response", url, when))]
    request = record("request", url, when, request_head(url, []), to_response)
    extra = [("WARC-Payload-Digest", digest(body))]
    if entry.get("truncated"):
        extra.append(("WARC-Truncated", "disconnect"))
    return request + record("response", url, when, response_head(entry, when, len(body)) + body, extra)


def revisit(entry: Entry, first: datetime, when: datetime, sources: Path) -> bytes:
    """The same address asked again with its validators, and the 304 that came back."""
    url, sent = entry["url"], dict(entry["headers"])
    conditions = [("If-None-Match", sent["ETag"]), ("If-Modified-Since", sent["Last-Modified"])]
    headers = [("Date", format_datetime(when, usegmt=True)), ("Server", sent["Server"]), ("ETag", sent["ETag"])]
    extra = [
        ("WARC-Profile", NOT_MODIFIED),
        ("WARC-Refers-To", record_id("response", url, first)),
        ("WARC-Refers-To-Target-URI", url),
        ("WARC-Refers-To-Date", stamp(first)),
        ("WARC-Payload-Digest", digest(payload(entry, sources))),
    ]
    to_revisit = [("WARC-Concurrent-To", record_id("revisit", url, when))]
    asked = record("request", url, when, request_head(url, conditions), to_revisit)
    return asked + record("revisit", url, when, http_head("HTTP/1.1 304 Not Modified", headers), extra)


def build(sources: Path = SOURCES) -> bytes:
    """The whole file."""
    out = [record("warcinfo", "web.warc.gz", START, INFO.encode(), [("WARC-Filename", "web.warc.gz")])]
    again: list[bytes] = []
    for number, entry in enumerate(entries(sources)):
        when = START + timedelta(seconds=number)
        out.append(capture(entry, when, sources))
        if entry.get("revisit"):
            again.append(revisit(entry, when, REVISITED + timedelta(seconds=len(again)), sources))
    return b"".join(out + again)


def main(argv: list[str] | None = None) -> int:
    """Write the file, or with `--check` compare it: 0 when it is up to date, 1 when it is stale or missing."""
    parser = argparse.ArgumentParser(description="Build data/sample/web.warc.gz from tests/web.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is stale")
    parser.add_argument("--sources", type=Path, default=SOURCES, help="folder with index.jsonl and the pages")
    parser.add_argument("--target", type=Path, default=TARGET, help="the WARC file")
    args = parser.parse_args(argv)
    warc = build(args.sources)
    if not args.check:
        args.target.parent.mkdir(parents=True, exist_ok=True)
        args.target.write_bytes(warc)
        print(f"{args.target}: {len(warc)} bytes")
        return 0
    try:
        fresh = gzip.decompress(args.target.read_bytes()) == gzip.decompress(warc)
    except (OSError, EOFError, zlib.error):
        fresh = False
    if not fresh:
        print(f"{args.target} is stale or unreadable: run python tests/build_web.py", file=sys.stderr)
    return 0 if fresh else 1


if __name__ == "__main__":
    sys.exit(main())
