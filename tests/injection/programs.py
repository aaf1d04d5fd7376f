"""What is run in the forks beside the commands: the archive without a crawl, and the look at what became of one."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.site import SiteArchive, partition_of
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import Exchange
from govcrawl.reprints.run import group_pending
from tests import forgettable as planted
from tests.archive.test_compact import with_doubles
from tests.archive.test_readers import article
from tests.holds import holding
from tests.loopback import PROJECT

STORAGE = 8
WHEN = datetime(2024, 1, 2, tzinfo=UTC)


def keep(data: str) -> int:
    """Two small runs of a site as a crawl makes them, by the archive alone: eight articles in two partitions, one edited,
    one that moves to another partition, one poison row. Asked again, it adds what is missing."""
    try:
        for edition in (1, 2):
            _keep(data, edition)
    except StorageError as exc:
        print(exc)
        return STORAGE
    return 0


def _keep(data: str, edition: int) -> None:
    archive = Archive(Storage(data), segment_rows=4, rotate_bytes=4000)
    site = archive.site("s")
    for number in range(1, 9):
        key = doc_id(f"http://h.cn/{number}")
        known = site.state.get(key)
        before = site.stored(key, ["title", "revision", "status"]) if known is not None and known.landed else None
        edited = edition == 2 and number in (3, 5)
        if known is None or (
            edited and before is not None and (before["title"], before["status"]) != ("新标题", "live")
        ):
            _visit(archive, site, number, before)
    archive.commit()
    landed: dict[str, dict[str, int]] = {}
    for (province, year), rows in site.rows_landed.items():
        landed.setdefault(province, {})[str(year)] = rows
    site.close({"run_id": site.run_id, "landed": landed, "channels": []})


def _visit(archive: Archive, site: SiteArchive, number: int, before: dict[str, Any] | None) -> None:
    url = f"http://h.cn/{number}"
    attempt = archive.begin(Attempt("s", url, "article"))
    body = f"<p>{number} {before is None}</p>".encode() * 20
    exchange = Exchange(url, "GET", [], b"", 200, "OK", [("Content-Type", "text/html")], body, WHEN)
    file, offset, digest, full_file, full_offset = site.record(exchange, attempt.known)
    size = 1 << 70 if number == 7 else len(body)  # the poison row: no column holds its size
    attempt.hops.append(Hop(url, WHEN, 200, None, None, None, digest, file, offset, full_file, full_offset, size))
    if number == 7:
        archive.settle(attempt, "not_article")
        return
    facts: dict[str, Any] = {
        "doc_id": attempt.doc_id,
        "url": url,
        "year": 2023 + number % 2,
        "province_name": "黑龙江省",
    }
    facts |= {"warc_file": full_file, "warc_offset": full_offset, "payload_digest": digest}
    row = article(number, **facts)
    rows = [row]
    if before is not None:
        row.title, row.revision, row.revision_cause = "新标题", before["revision"] + 1, "edited"
        if number == 5:
            row.province = "shaanxi"
            if before["status"] == "live":
                rows = [article(number, **facts, revision=row.revision, revision_cause="moved", status="moved"), row]
                row.revision += 1
    archive.settle(attempt, "landed", rows, text_hash=row.text_hash, revision=row.revision)


def merge(data: str) -> None:
    """An archive for compaction: many files, and rows that are there twice."""
    with_doubles(Path(data))


def documents(data: str) -> None:
    """An archive with attachments that nobody has read yet."""
    import hashlib

    (Path(data) / "articles").mkdir(parents=True)
    for source in ("pages/attachment.pdf", "documents/notice.doc", "documents/list.xls"):
        path = PROJECT / "tests" / source
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        target = Path(data) / "files" / sha256[:2] / f"{sha256}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def forgettable(data: str) -> None:
    """An archive with what must go, in two sites, its articles grouped."""
    planted.make(data, copy=True)
    group_pending(Storage(data))


def damage(data: str) -> None:
    """What verify --repair mends, planted into the archive of a crawl: a file of articles cut, captures of another segment
    cut, rows that are there twice, a WARC file with half a record more, no run file, an attachment that is gone."""
    root = Path(data)
    articles = sorted(root.glob("articles/**/*.parquet"), key=lambda p: p.name)
    captures = sorted(root.glob("captures/**/*.parquet"))
    shutil.copy(articles[-1], articles[-1].with_name(articles[-1].name[:-11] + "2.parquet"))
    articles[0].write_bytes(articles[0].read_bytes()[:-100])
    captures[-1].write_bytes(captures[-1].read_bytes()[:-10])
    warc = next(root.glob("warc/**/*.gz"))
    with warc.open("ab") as file:
        file.write(warc.read_bytes()[:200])
    next(root.glob("runs/**/*.json")).write_text("[]")
    for path in root.glob("files/**/*.pdf"):
        path.unlink()


def examine(data: str, out: str, code: int = 0) -> None:
    """Write what an archive holds: the newest row of each document in each partition, how many rows are there more than
    once, what cannot be read, and what verify finds; ``code`` is that of the program which ended just before."""
    root = Path(data)
    keys: Counter[tuple[str, int]] = Counter()
    newest: dict[tuple[str, str, int], tuple[int, str, str, str]] = {}
    unreadable = []
    for path in sorted(root.glob("articles/**/*.parquet")):
        try:
            rows = pq.ParquetFile(path).read().to_pylist()
            where = partition_of(str(path.relative_to(root)))
        except Exception as exc:
            unreadable.append(f"{path}: {exc}")
            continue
        for row in rows:
            keys[row["doc_id"], row["revision"]] += 1
            place = (row["doc_id"], where["province"], where["year"])
            newest[place] = max(
                newest.get(place, (0, "", "", "")), (row["revision"], row["url"], row["status"], row["title"])
            )
    texts: Counter[str] = Counter()
    for path in sorted(root.glob("attachment_text/*")):
        try:
            texts.update(pq.ParquetFile(path).read()["sha256"].to_pylist())
        except Exception as exc:
            unreadable.append(f"{path}: {exc}")
    found = {
        "code": code,
        "view": sorted([place[1:], row[1:]] for place, row in newest.items()),
        "texts": sorted(texts),
        "doubled": sum(n - 1 for counts in (keys, texts) for n in counts.values()),
        "unreadable": unreadable,
        # What was to be forgotten must not be held anywhere.
        "findings": [
            *map(str, verify(Storage(data))),
            *(holding(root, planted.WORDS) if (root / "forgotten").exists() else ()),
        ],
    }
    Path(out).write_text(json.dumps(found, ensure_ascii=False))
