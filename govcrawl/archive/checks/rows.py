"""The check of rows: what captures say landed is there."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.check import Check
from govcrawl.archive.checks.look import LANDED
from govcrawl.archive.checks.mending import sha256_of
from govcrawl.archive.compact import file_name
from govcrawl.archive.schema import ARTICLES, CAPTURES, LANDING
from govcrawl.archive.site import COLUMNS, encode, partition_of
from govcrawl.archive.values import storable
from govcrawl.archive.warc import now_ms
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.checks.finding import Finding, Key
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending

_FLUSH = 500
_LOST = "its row was lost from the archive and could not be read again from the WARC"


class LostRows(Check):
    kinds = ("lost_row",)
    looks_at = "the rows that captures say landed, and the revisions between two others"
    mended = "read again from the WARC, cause `reextracted`; what that does not give is written off and asked for again"

    def find(self, look: Look) -> Iterator[Finding]:
        lost: dict[str, list[Key]] = defaultdict(list)
        for key, name in look.stated.items():
            if key not in look.keys and key not in look.losses.rows:
                lost[name].append(key)
        for name, keys in sorted(lost.items()):
            what = f"{len(keys)} articles that it says landed have no row, first {keys[0][0]} revision {keys[0][1]}"
            yield look.finding("lost_row", name, what, items=sorted(keys))
        top: dict[str, int] = {}
        for document, revision in (*look.keys, *look.stated):
            top[document] = max(revision, top.get(document, 0))
        gaps = [
            (document, revision)
            for document, last in top.items()
            for revision in range(1, last)
            if (document, revision) not in look.keys and (document, revision) not in look.stated
        ]
        gaps = [key for key in gaps if key not in look.losses.rows]
        if gaps:
            what = f"{len(gaps)} articles lack a revision between others, first {gaps[0][0]} revision {gaps[0][1]}"
            yield look.finding("lost_row", f"captures/site={look.site}", what, items=sorted(gaps))

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        """Rows that captures say landed and that no file holds, read again from the WARC. They keep revision, run and
        segment, so that their captures and run file stay true, in files of a segment of the repair; their cause says
        ``reextracted``."""
        lost = sorted({key for finding in found for key in finding.items})
        if not lost:
            return
        documents = {document for document, _ in lost}
        captures: dict[str, list[dict[str, Any]]] = defaultdict(list)
        files: dict[str, str] = {}
        for row in work.rows("captures", CAPTURES, CAPTURES.names):
            if row["kind"] == "part" and row["status"] == 200:
                work.parts[row["doc_id"]] = (row["warc_file"], row["warc_offset"])
            if row["kind"] == "attachment" and row["text_hash"]:
                files[row["doc_id"]] = row["text_hash"]
            for document in {row["doc_id"], row["alias_of"]} & documents:
                captures[document].append(row)
        waiting: list[Article] = []
        restored = 0
        for document, revision in lost:
            article = self._read_again(work, document, revision, captures[document], waiting)
            if article is None:
                continue
            for entry in article.attachments:
                _attach(work, entry, files.get(doc_id(entry["url"])))
            waiting.append(article)
            restored += 1
            # A document's revisions are written together: a later one may be made from the one before.
            if len(waiting) >= _FLUSH and document != waiting[-2].doc_id:
                _land(work, waiting[:-1])
                waiting = waiting[-1:]
        _land(work, waiting)
        yield f"{work.site}: {restored} of {len(lost)} lost article rows read again from the WARC"

    def _read_again(
        self, work: Mending, document: str, revision: int, captures: list[dict[str, Any]], waiting: list[Article]
    ) -> Article | None:
        own = [r for r in captures if r["doc_id"] == document and r["revision"] == revision]
        base = next((r for r in reversed(own) if r["outcome"] in LANDED), None)
        if base is None or base["outcome"] not in LANDING:
            return self._copied(work, document, revision, base, waiting)
        # A redirected article's response is its target's; a revisit's payload is that of an earlier row.
        same = [r for r in captures if (r["run_id"], r["seq"]) == (base["run_id"], base["seq"]) and r["status"] == 200]
        like = [r for r in captures if r["payload_digest"] == base["payload_digest"] and r["status"] == 200]
        stated = next((r["listed"] for r in reversed(captures) if r["doc_id"] == document and r["listed"]), None)
        for row in (*([base] if base["status"] == 200 else reversed(same)), *reversed(like)):
            rendered = work.rules.is_rendered(work.site)
            record = work.recorded(row["warc_file"], row["warc_offset"], rendered=rendered)
            if record is None:
                continue
            facts = base | {"site": work.site, "fetched_at": row["fetched_at"], "listed": stated}
            article = work.rules.read(facts, record, work.part)
            if article is None:
                continue
            article.doc_id, article.revision, article.revision_cause = document, revision, "reextracted"
            article.run_id, article.seq, article.fetched_at = base["run_id"], base["seq"], base["fetched_at"]
            article.warc_file, article.warc_offset = row["warc_file"], row["warc_offset"]
            article.payload_digest = row["payload_digest"]
            for entry in article.attachments:
                if entry["url"] == article.url:  # a row whose page is the document
                    _attach(work, entry, sha256_of(record.body))
            for name in COLUMNS:
                setattr(article, name, storable(getattr(article, name)))
            return article
        return None

    def _copied(
        self, work: Mending, document: str, revision: int, left: dict[str, Any] | None, waiting: list[Article]
    ) -> Article | None:
        """The last row of an article that ``left``, `gone` or to another address, or the `moved` row between two partitions:
        the row before it with another status."""
        before = _row(work, document, revision - 1, waiting)
        if before is None:
            return None
        status = "gone" if left is not None and left["outcome"] == "not_found" else "moved"
        following: dict[str, Any] | None = left
        if left is None:
            following = _row(work, document, revision + 1, waiting)
            if following is None or all(following[n] == before[n] for n in ("province", "year")):
                return None
        assert following is not None
        changed = {n: following[n] for n in ("run_id", "seq", "fetched_at")}
        return Article(**before | changed | {"revision": revision, "revision_cause": status, "status": status})

    def write_off(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        rows = sorted({key for finding in found for key in finding.items})
        work.lost["lost_rows"] = rows
        if rows:
            again = _ask_again(work, rows)
            yield f"{work.site}: {len(rows)} article rows are lost; the next crawl asks for {again} of them again"


def _row(work: Mending, document: str, revision: int, waiting: list[Article]) -> dict[str, Any] | None:
    for article in waiting:
        if (article.doc_id, article.revision) == (document, revision):
            return {f.name: getattr(article, f.name) for f in fields(Article)}
    for name in work.files("articles"):
        table = pq.read_table(
            work.storage.path(name),
            filesystem=work.storage.fs,
            partitioning=None,
            filters=(pc.field("doc_id") == document) & (pc.field("revision") == revision),
        )
        for row in table.to_pylist():
            return dict(row) | partition_of(name)
    return None


def _attach(work: Mending, entry: dict[str, Any], sha256: str | None) -> None:
    path = next((n for n in work.storage.files(f"files/{sha256[:2]}") if sha256 in n), None) if sha256 else None
    if path is not None and (found := work.hashes.get(path)) is not None and found[0] == sha256:
        entry |= {"sha256": sha256, "bytes": found[1], "path": path}


def _land(work: Mending, articles: list[Article]) -> None:
    """Publish rows that were put back, as a segment of the repair, whose mark names their articles."""
    if not articles:
        return
    own = work.next_segment()
    groups: dict[tuple[str, int], list[Article]] = defaultdict(list)
    for article in articles:
        groups[article.province, article.year].append(article)
    for (province, year), rows in sorted(groups.items()):
        table = pa.table({n: [getattr(r, n) for r in rows] for n in COLUMNS}, schema=ARTICLES)
        work.storage.publish(f"articles/province={province}/year={year}/{file_name(*own)}", encode(table))
    work.write_captures([], *own, repaired=[article.doc_id for article in articles])


def _ask_again(work: Mending, lost: list[Key]) -> int:
    """Captures that have the next run ask for articles whose newest row is lost."""
    newest: dict[str, int] = {}
    for document, revision in work.look.keys:
        newest[document] = max(revision, newest.get(document, 0))
    wanted = {document for document, revision in lost if revision > newest.get(document, 0)}
    rows: dict[str, dict[str, Any]] = {}
    for row in work.rows("captures", CAPTURES, CAPTURES.names):
        if row["doc_id"] in wanted and row["kind"] == "article":
            rows[row["doc_id"]] = row
    same = ("url", "doc_id", "method", "kind", "channel", "listed_title", "listed_on")
    new = {"outcome": "callback_error", "error": _LOST, "attempts": 1, "fetched_at": now_ms()}
    run_id, seq = work.next_segment()
    asked = [{n: row[n] for n in same} | new | {"run_id": run_id, "seq": seq} for row in rows.values()]
    if lost:
        work.write_captures(asked, run_id, seq, repaired=[document for document, _ in lost])
    return len(asked)
