"""Days in the life of an archive, invented by chance: articles appear, are edited, move, are withdrawn and return; runs are
killed, clocks set back, files damaged and repaired, compacted, forgotten. No crawl is made: rows land as one lands them."""

from __future__ import annotations

import json
import random
import re
import secrets
import sys
import tempfile
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.archive import forgotten, runs
from govcrawl.archive.changes.events import ROW
from govcrawl.archive.changes.feed import Changes
from govcrawl.archive.changes.news import Wanted
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import compact, new_run_id
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.forgotten import Tombstone
from govcrawl.archive.run import Archive
from govcrawl.archive.site import STORED, captured, encode, partition_of
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange, payload_digest
from govcrawl.items import Article
from govcrawl.pipelines import changes, revised
from tests.archive.test_readers import article as any_article

if TYPE_CHECKING:
    from govcrawl.archive.changes.events import Event
    from govcrawl.archive.changes.positions import Cursor
    from govcrawl.archive.site import SiteArchive
    from govcrawl.archive.warc import Recorded

Row = dict[str, Any]
PROVINCES = ("heilongjiang", "shaanxi", "national")


def read_again(captures_row: Row, record: Recorded, part: Any) -> Article:
    """What a page says: its body is the row's columns as JSON."""
    said = json.loads(record.body)
    return any_article(0, **said, url=record.url, site=captures_row["site"], fetched_at=captures_row["fetched_at"])


RULES = Rules(lambda _site, _url: True, read_again)


class Days:
    def __init__(self, data: Path, seed: int, sites: tuple[str, ...] = ("s", "news-1.cn")) -> None:
        self.storage = Storage(str(data))
        self.storage.prepare()
        self.chance = random.Random(seed)
        self.sites = sites
        self.now = datetime(2030, 1, 1, 5, tzinfo=UTC)  # of commands that know the true date, the clock goes back
        self.live: dict[str, list[str]] = {site: [] for site in sites}
        self.away: dict[str, list[str]] = {site: [] for site in sites}
        self.number = 0
        self.forgotten: set[str] = set()
        self.done: Counter[str] = Counter()

    def day(self, *, accidents: bool = True) -> None:
        self.now += timedelta(days=1)
        for site in self.sites:
            if self.chance.random() < 0.5:
                self.run(site, killed=accidents and self.chance.random() < 0.15)
        if accidents and self.chance.random() < 0.15:
            self.damage()
        if self.chance.random() < 0.1:
            self.forget()
        if self.chance.random() < 0.3:
            self.done["compaction"] += len([*compact(self.storage), *compact_captures(self.storage)])

    def settle(self) -> None:
        """A run of each site, which takes in what a killed one left."""
        self.now += timedelta(days=1)
        for site in self.sites:
            self.run(site)

    def run(self, site: str, *, killed: bool = False) -> None:
        whole = Archive(self.storage, segment_rows=self.chance.choice((3, 2000, 2000)))
        whole.started_at = self.now - timedelta(days=40 if self.chance.random() < 0.1 else 0)  # the clock was set back
        archive = whole.site(site)
        run_id = archive.run_id
        marks = set(self.storage.files(f"captures/site={site}"))
        self.lost_again(archive)
        for _ in range(self.chance.randrange(1, 4)):
            self.publish(archive)
        for what in (self.edit, self.edit, self.withdraw, self.bring_back, self.lead_elsewhere):
            if self.chance.random() < 0.4:
                what(archive)
        archive.close({"run_id": run_id, "landed": {}})
        if killed:  # before its last mark; what was to come after it never came
            last = max(set(self.storage.files(f"captures/site={site}")) - marks)
            self.storage.remove(last)
            self.storage.remove(runs.name_of(site, run_id))
            self.done["kill"] += 1

    # What happens to articles

    def publish(self, archive: SiteArchive) -> None:
        self.number += 1
        doc_id = f"{self.number:032x}"
        said = {"title": f"标题{self.number}", "text": f"正文{self.number}\n第二段\\\t“表格”"}
        self.land(
            archive, doc_id, said | {"province": self.chance.choice(PROVINCES), "year": self.chance.choice((0, 2024))}
        )
        self.live[archive.site].append(doc_id)

    def edit(self, archive: SiteArchive) -> None:
        doc_id = self.chosen(self.live[archive.site])
        before = archive.stored(doc_id, STORED) if doc_id else None
        if doc_id is None or before is None:
            return
        said = {name: before[name] for name in ("title", "text", "province", "year")}
        kind = self.chance.choice(("title", "text", "place", "both"))
        if kind in ("title", "both"):
            said["title"] += "（更正）"
        if kind == "text":
            said["text"] = said["text"][: self.chance.randrange(2, 9)] or None
        if kind in ("place", "both"):
            said["province"] = self.chance.choice(PROVINCES)
        self.land(archive, doc_id, said)

    def withdraw(self, archive: SiteArchive) -> None:
        self.leave(archive, "gone")

    def lead_elsewhere(self, archive: SiteArchive) -> None:
        self.leave(archive, "moved")

    def leave(self, archive: SiteArchive, status: str) -> None:
        doc_id = self.chosen(self.live[archive.site])
        before = archive.stored(doc_id, STORED) if doc_id else None
        if doc_id is None or before is None or before["status"] != "live":
            return
        changed = {
            "revision": before["revision"] + 1,
            "revision_cause": status,
            "status": status,
            "fetched_at": self.now,
        }
        row = Article(**before | changed)
        left = captured(as_row(row) | {"run_id": "", "seq": 0})
        if status == "moved":
            left |= {"outcome": "alias", "alias_of": f"{self.number:032x}"}
        archive.add([left], [row])
        self.live[archive.site].remove(doc_id)
        (self.away if status == "gone" else {archive.site: []})[archive.site].append(doc_id)

    def bring_back(self, archive: SiteArchive) -> None:
        doc_id = self.chosen(self.away[archive.site])
        before = archive.stored(doc_id, STORED) if doc_id else None
        if doc_id is not None and before is not None and before["status"] == "gone":
            self.land(archive, doc_id, {name: before[name] for name in ("title", "text", "province", "year")})
            self.away[archive.site].remove(doc_id)
            self.live[archive.site].append(doc_id)

    def lost_again(self, archive: SiteArchive) -> None:
        """What a repair wrote off is asked for again, as a crawl does it."""
        for known in list(archive.state.values()):
            if known.outcome == "callback_error" and known.doc_id in self.live[archive.site]:
                said = {"title": f"又见{known.doc_id[-3:]}", "text": "又见", "province": "shaanxi", "year": 2024}
                self.land(archive, known.doc_id, said)

    def land(self, archive: SiteArchive, doc_id: str, said: Row) -> None:
        url = f"http://{archive.site}/{doc_id}"
        said = said | {
            "text_hash": payload_digest((said["text"] or "").encode()),
            "text_length": len(said["text"] or ""),
        }
        said |= {"province_name": said["province"], "published_on": None, "published_at": None}
        exchange = Exchange(
            url, "GET", [], b"", 200, "OK", [("Content-Type", "x/y")], json.dumps(said).encode(), self.now
        )
        file, offset, digest, *_ = archive.record(exchange, None)
        found = any_article(0, **said, doc_id=doc_id, url=url, site=archive.site, fetched_at=self.now)
        found.warc_file, found.warc_offset, found.payload_digest = file, offset, digest
        before = archive.stored(doc_id, STORED) if archive.state.get(doc_id) else None
        rows = revised(found, before, changes(before, found)) if before is not None else [found]
        if before is not None and before["status"] == "live" and rows[-1].revision_cause == "reextracted":
            rows[-1].revision_cause = "edited"
        archive.add([captured(as_row(rows[-1]) | {"run_id": "", "seq": 0})], rows)

    def chosen(self, documents: list[str]) -> str | None:
        return self.chance.choice(documents) if documents else None

    def forget(self) -> None:
        """Take an article out, in the order of `scrapy forget`: its tombstone, then its rows."""
        site = self.chance.choice(self.sites)
        doc_id = self.chosen(self.live[site])
        if doc_id is None:
            return
        self.live[site].remove(doc_id)
        run_id = new_run_id(self.storage, site)
        stone = Tombstone(doc_id, "article", doc_id, "asked for", ("x",), self.now, run_id, site)
        forgotten.write(self.storage, [stone])
        self.forgotten.add(doc_id)
        for folder in ("articles", f"captures/site={site}"):
            for name in list(self.storage.files(folder, ".parquet")):
                table = pq.ParquetFile(self.storage.path(name)).read()
                kept = table.filter(pc.not_equal(table["doc_id"], doc_id))
                if len(kept) == len(table):
                    continue
                if len(kept) or folder != "articles":
                    self.storage.publish(
                        re.sub(r"[0-9a-f]+\.parquet$", f"{secrets.token_hex(3)}.parquet", name), encode(kept)
                    )
                self.storage.remove(name)

    # Accidents

    def damage(self) -> None:
        """A file of articles or captures that is no Parquet any more, and the repair of it."""
        folder = self.chance.choice(("articles", "articles", "captures"))
        names = list(self.storage.files(folder, ".parquet"))
        if names:
            with open(self.storage.path(self.chance.choice(names)), "wb") as file:
                file.write(b"PAR1 no more")
            if self.chance.random() < 0.3:  # and what tells of its rows
                for name in self.storage.files("warc"):
                    if self.chance.random() < 0.2:
                        self.storage.quarantine(name)
            self.mend()

    def mend(self) -> None:
        self.done["repair"] += len(list(repair(self.storage, list(verify(self.storage)), RULES)))


def as_row(article: Article) -> Row:
    return {f.name: getattr(article, f.name) for f in fields(article)}


def latest(data: Path) -> dict[str, Row]:
    """The archive's latest view: the newest row of each article, where it is live."""
    newest: dict[str, Row] = {}
    for path in data.glob("articles/**/*.parquet"):
        where = partition_of(str(path.relative_to(data)))
        for row in pq.ParquetFile(path).read().to_pylist():
            if row["revision"] > newest.get(row["doc_id"], {"revision": 0})["revision"]:
                newest[row["doc_id"]] = {name: (row | where)[name] for name in ROW}
    return {doc_id: row for doc_id, row in newest.items() if row["status"] == "live"}


class Consumer:
    """A copy of the latest view that knows nothing but the changes."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.copy: dict[str, Row] = {}
        self.cursor: Cursor = {}
        self.seen: list[Event] = []

    def follow(self, **options: Any) -> list[Event]:
        with Changes(Storage(str(self.data)), Wanted(self.cursor), **options) as found:
            events = list(found)
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        for event in events:
            self.apply(event)
        self.cursor = found.cursor
        self.seen += events
        return events

    def apply(self, event: Event) -> None:
        if event["after"] is None:
            self.copy.pop(event["doc_id"], None)
        else:
            self.copy[event["doc_id"]] = event["after"]


def followed(data: Path, seed: int, days: int = 30) -> tuple[Days, list[Consumer]]:
    """So many days, and those who followed them daily, now and then, and only at the end. Each ends equal to the archive's
    latest view, in every column, and was told of each revision at most once, and of nothing that was forgotten."""
    made = Days(data, seed)
    consumers = [Consumer(data) for _ in range(3)]
    for day in range(days):
        made.day()
        consumers[0].follow()
        if day % 7 == 3:
            consumers[1].follow(bucket_rows=3)
    made.settle()
    expected = latest(data)
    for consumer in consumers:
        consumer.follow()
        assert consumer.copy == expected
        assert not consumer.follow()
        rows = Counter(
            (e["doc_id"], e["revision"]) for e in consumer.seen if e["change"] not in ("repaired", "forgotten")
        )
        lost = {e["doc_id"] for e in consumer.seen if e["change"] == "repaired"}
        assert all(count == 1 for (doc_id, _), count in rows.items() if doc_id not in lost)
        told = [e["doc_id"] for e in consumer.seen if e["change"] == "forgotten"]
        assert sorted(told) == sorted(made.forgotten)
        for doc_id in made.forgotten:
            own = [e["change"] for e in consumer.seen if e["doc_id"] == doc_id]
            assert own[-1] == "forgotten"
            assert consumer is not consumers[2] or own == ["forgotten"]
    return made, consumers


def main() -> None:
    """``python -m tests.archive.days 0 100``: these seeds."""
    for seed in range(*map(int, sys.argv[1:])):
        with tempfile.TemporaryDirectory() as folder:
            made, consumers = followed(Path(folder), seed)
            print(
                seed, dict(made.done), len(consumers[2].copy), "articles", len(consumers[0].seen), "changes", flush=True
            )


if __name__ == "__main__":
    main()
