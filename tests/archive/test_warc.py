"""Recording: public tools read what we write; replaying: it answers as the site did."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange, Original, Replay, WarcWriter, payload_digest
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from pathlib import Path

WHEN = datetime(2024, 5, 3, 1, 2, 3, 456000, tzinfo=UTC)


def exchange(url: str = "http://h.cn/a", body: bytes = "你好".encode(), **more: object) -> Exchange:
    given = {
        "url": url,
        "method": "GET",
        "request_headers": [("User-Agent", "t"), ("Authorization", "secret")],
        "request_body": b"",
        "status": 200,
        "reason": "OK",
        "headers": [("Content-Type", "text/html"), ("Transfer-Encoding", "chunked"), ("X-Two\r\nLines", "a\r\nb")],
        "body": body,
        "fetched_at": WHEN,
    }
    return Exchange(**(given | more))  # type: ignore[arg-type]


def write(folder: Path, *exchanges: Exchange, rotate: int = 1 << 30) -> list[tuple[str, int]]:
    storage = Storage(str(folder))
    storage.prepare()
    writer = WarcWriter(storage, "s", "s-20240503T010203456Z-ab12", rotate)
    places = [writer.write(e, payload_digest(e.body)) for e in exchanges]
    writer.close()
    return places


def test_records_are_readable_at_their_offsets(tmp_path: Path) -> None:
    places = write(tmp_path, exchange(), exchange("http://h.cn/b?x=1", b"second"))
    for (name, offset), url in zip(places, ("http://h.cn/a", "http://h.cn/b?x=1"), strict=True):
        with open(tmp_path / name, "rb") as file:
            file.seek(offset)
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_headers["WARC-Target-URI"] == url
            assert record.rec_headers["WARC-Date"] == "2024-05-03T01:02:03.456Z"
            body = record.content_stream().read()
            assert record.http_headers["Content-Length"] == str(len(body))
            assert record.http_headers["Transfer-Encoding"] is None
    with open(tmp_path / places[0][0], "rb") as file:
        kinds = [(r.rec_type, r.http_headers) for r in ArchiveIterator(file)]
    assert [k for k, _ in kinds] == ["warcinfo", "response", "request", "response", "request"]
    assert kinds[2][1]["Authorization"] is None
    assert kinds[2][1].protocol == "GET"
    assert kinds[4][1].statusline.startswith("/b?x=1 ")


def test_files_rotate_by_size(tmp_path: Path) -> None:
    places = write(tmp_path, exchange(), exchange("http://h.cn/b"), exchange("http://h.cn/c"), rotate=500)
    assert len({name for name, _ in places}) == 3
    assert sorted(Replay(str(tmp_path / "warc")).files) == [str(tmp_path / name) for name, _ in places]


def test_replay_resolves_revisits_twins_and_bodies(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    writer = WarcWriter(storage, "s", "s-20240503T010203456Z-ab12")
    first = exchange()
    writer.write(first, payload_digest(first.body))
    again = exchange(fetched_at=WHEN.replace(month=6))
    writer.write(again, payload_digest(again.body), Original(first.url, first.fetched_at))
    for page in (b"page=1", b"page=2"):
        post = exchange("http://h.cn/q", b"answer to " + page, method="POST", request_body=page)
        writer.write(post, payload_digest(post.body))
    moved = exchange("http://h.cn/m", b"", status=301, headers=[("Location", "https://h.cn/m")])
    writer.write(moved, payload_digest(b""))
    writer.close()
    replay = Replay(str(tmp_path / "warc" / "**" / "*.warc.gz"))
    found, twin = replay.find("GET", "http://h.cn/a"), replay.find("GET", "https://h.cn/a")
    assert found is not None
    assert twin is not None
    assert (found.body.decode(), found.fetched_at.month, found.offset) == ("你好", 6, twin.offset)
    posted = replay.find("POST", "http://h.cn/q", b"page=2")
    assert posted is not None
    assert posted.body == b"answer to page=2"
    assert replay.find("POST", "http://h.cn/q", b"page=3") is None
    assert replay.find("GET", "http://h.cn/q") is None
    assert replay.find("GET", "http://h.cn/m").status == 301  # type: ignore[union-attr]
    assert replay.find("GET", "https://h.cn/m") is None, "a twin that redirects to the asked address is no answer to it"


@pytest.mark.parametrize(("make", "said"), [("nothing", "names no WARC file"), ("noise", "cannot be read as WARC")])
def test_unusable_recordings_are_named(tmp_path: Path, make: str, said: str) -> None:
    where = tmp_path / "x.warc.gz"
    if make == "noise":
        where.write_bytes(b"this is no WARC at all\n" * 10)
    with pytest.raises(ValueError, match=said):
        Replay(str(where))


def test_one_empty_file_among_others_is_told_and_passed_over(tmp_path: Path) -> None:
    name, _ = write(tmp_path, exchange())[0]
    (tmp_path / name).with_name("empty.warc.gz").write_bytes(b"")
    replay = Replay(str(tmp_path / "warc"))
    assert replay.find("GET", "http://h.cn/a") is not None
    assert "empty.warc.gz holds no WARC response record" in replay.warnings[0]


def test_a_recording_cut_in_the_middle_says_so(tmp_path: Path) -> None:
    name, offset = write(tmp_path, exchange(), exchange("http://h.cn/b", b"x" * 5000))[1]
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: offset + 60])
    replay = Replay(str(tmp_path / name))
    assert len(replay) == 1
    assert "cut short after 1 responses" in replay.warnings[0]


def test_a_crawl_is_recorded_as_received_and_replays_to_the_same_rows(tmp_path: Path) -> None:
    live, again = tmp_path / "live", tmp_path / "again"
    with Site(25) as site:
        packed = gzip.compress(site.article(25).encode(), mtime=0)
        site.answers[site.path_of(25)] = (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, packed)
        site.answers[site.path_of(24)] = (302, {"Location": "/moved/content_24.htm"}, b"")
        site.answers["/moved/content_24.htm"] = (
            200,
            {"Content-Type": "text/html; charset=utf-8"},
            site.article(24).encode(),
        )
        site.answers[site.path_of(23)] = (404, {}, b"gone")
        for _ in range(2):
            done = crawl(live, "loopback", "-a", f"channel={site.listing}", "-a", "full=1")
            assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        listing = site.listing
    files = sorted(str(p) for p in live.glob("warc/**/*.warc.gz"))
    assert len(files) == 2, "one file a run"
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", *files], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    kinds: dict[str, int] = {}
    for name in files:
        with open(name, "rb") as file:
            for record in FastIterator(file, parse_http=True):
                kind = str(record.record_type)
                kinds[kind] = kinds.get(kind, 0) + 1
                target = record.headers.get("WARC-Target-URI") or ""
                if target.endswith(site.path_of(25)) and kind == "response":
                    assert record.http_headers["Content-Encoding"] == "gzip"
                    assert record.reader.read() == packed
    assert kinds["revisit"] == 2, "both list pages of the second run were unchanged"
    rows = pq.read_table(live / "articles").to_pylist()
    assert len(rows) == 24
    captures = pq.read_table(live / "captures").to_pylist()
    outcomes = {c["url"].removeprefix(site.base): c["outcome"] for c in captures if c["kind"] == "article"}
    assert outcomes[site.path_of(24)] == "alias"
    assert outcomes["/moved/content_24.htm"] == "landed"
    assert outcomes[site.path_of(23)] == "not_found"
    for row in rows:
        with open(live / row["warc_file"], "rb") as file:
            file.seek(row["warc_offset"])
            assert next(iter(FastIterator(file))).headers["WARC-Target-URI"] == row["url"]
    replayed = crawl(again, "loopback", "-a", f"channel={listing}", GOVCRAWL_REPLAY=str(live / "warc"))
    assert replayed.returncode == 0, replayed.stdout
    assert not list(again.glob("warc/**/*.gz")), "replaying records nothing"
    keep = ("url", "title", "text", "published_at", "fetched_at", "payload_digest", "warc_offset")
    copies = pq.read_table(again / "articles").to_pylist()
    assert sorted(tuple(r[k] for k in keep) for r in copies) == sorted(tuple(r[k] for k in keep) for r in rows)
    report = json.loads(next(again.glob("runs/**/*.json")).read_text())
    assert report["status"] == "complete"
