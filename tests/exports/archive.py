"""A small recorded archive, written by the archive's own writer: pages with image, frame, attachment and redirect, listings by
POST, a page that came again unchanged, an edit, a withdrawal, a copy on another site.

``python -m tests.exports.archive FOLDER`` makes it for programs that are tried by hand."""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from govcrawl.addresses import doc_id
from govcrawl.archive.compact import maintenance_report
from govcrawl.archive.site import SiteArchive
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange
from govcrawl.items import Article

WHEN = datetime(2024, 3, 1, 2, 0, 0, 123_000, tzinfo=UTC)
BASE = "http://jyt.qingyuan-edu.example"
NEWS = "http://news.qingyuan.example"
HTML = (("Content-Type", "text/html; charset=utf-8"),)
TEXT = (
    "各市教育局：现将2024年普通高等学校招生工作有关事项通知如下。一、加强组织领导，明确工作职责。二、严格执行招生政策，维护考生权益。"
    "三、做好宣传服务，及时回应社会关切。请各单位遵照执行，工作中遇到的问题及时报送省教育厅。"
)
OTHER = "本网讯，清源省职业教育工作会议昨日召开，会议总结了上一年的经验，部署了今年的任务，与会代表参观了实训基地。"


def png(red: int, size: int = 40) -> bytes:
    """A square of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + bytes((red, 40, 40)) * size) * size
    head = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def page(title: str, text: str, more: str = "") -> bytes:
    body = "".join(f"<p>{part}。</p>" for part in text.split("。") if part)
    return (
        f"<html><head><meta charset='utf-8'><title>{title}</title></head><body><h1>{title}</h1>"
        f"<div class='content'>{body}{more}</div></body></html>"
    ).encode()


def article(url: str, title: str, text: str | None, **fields: Any) -> Article:
    """A row of articles that no recording is behind yet."""
    empty: dict[str, Any] = dict.fromkeys(Article.__dataclass_fields__)
    lists: dict[str, Any] = {n: [] for n in ("author", "editor", "keywords", "attachments", "images", "quality")}
    plain = "".join((text or "").split())
    given: dict[str, Any] = {
        "doc_id": doc_id(url), "revision": 1, "revision_cause": "first", "status": "live", "url": url, "site": "jyt",
        "site_name": "清源省教育厅", "site_kind": "department", "title": title, "text": text, "script": "hans",
        "published_on": date(2024, 2, 29), "province_name": "黑龙江省", "province_from": "site", "year_from": "published",
        "text_hash": hashlib.sha256(plain.encode()).hexdigest(), "text_length": len(text or ""), "extractor": "test",
        "fetched_at": WHEN, "province": "heilongjiang", "year": 2024,
    }  # fmt: skip
    return Article(**(empty | lists | given | fields))


class Run:
    """One run of a site, of which every response is recorded."""

    def __init__(self, data: Path, site: str, day: int = 0) -> None:
        self.when = WHEN + timedelta(days=day)
        run_id = f"{site}-{self.when:%Y%m%dT%H%M%S}{self.when.microsecond // 1000:03d}Z-ab12"
        storage = Storage(str(data))
        storage.prepare()
        self.archive = SiteArchive(storage, site, run_id)

    def visit(
        self,
        url: str,
        kind: str,
        body: bytes,
        row: Article | None = None,
        *,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = HTML,
        method: str = "GET",
        sent: tuple[str, bytes] = ("", b""),
        **columns: Any,
    ) -> None:
        """Record a response and add what it says. ``sent``: type and body of the request."""
        self.when += timedelta(seconds=1)
        key = doc_id(url, method, sent[1])
        asked = [("User-Agent", "test"), *([("Content-Type", sent[0])] if sent[0] else [])]
        exchange = Exchange(url, method, asked, sent[1], status, "", headers, body, self.when)
        file, offset, digest, full_file, full_offset = self.archive.record(exchange, self.archive.state.get(key))
        if row is not None:
            row.warc_file, row.warc_offset, row.payload_digest, row.fetched_at = (
                full_file,
                full_offset,
                digest,
                self.when,
            )
            columns |= {"text_hash": row.text_hash, "revision": row.revision}
        capture = {
            "url": url, "doc_id": key, "method": method, "kind": kind, "status": status, "outcome": "landed", "attempts": 1,
            "payload_digest": digest, "warc_file": file, "warc_offset": offset, "bytes": len(body), "fetched_at": self.when,
        } | columns  # fmt: skip
        self.archive.add([capture], [row] if row is not None else [])

    def close(self) -> None:
        self.archive.commit()
        landed: dict[str, dict[str, int]] = {}
        for (province, year), count in self.archive.rows_landed.items():
            landed.setdefault(province, {})[str(year)] = count
        self.archive.close(maintenance_report(self.archive.site, self.archive.run_id, "crawl", landed=landed))


def notice() -> Article:
    files = [{"url": f"{BASE}/f/名单.pdf", "name": "名单", "media_type": "application/pdf"}]
    return article(
        f"{BASE}/2024/0229/c1.html", "关于做好2024年普通高等学校招生工作的通知", TEXT, author=["王某", "李某"],
        doc_number="清教考〔2024〕1号", published_at=datetime(2024, 2, 29, 0, 30, tzinfo=UTC), published_precision="minute",
        attachments=[dict.fromkeys(("sha256", "bytes", "path")) | file for file in files],
        images=[{"url": f"{BASE}/i/1.png", "alt": "图"}, {"url": f"{BASE}/i/2.png", "alt": ""}],
    )  # fmt: skip


def build(data: Path) -> None:
    """Five addresses of articles on two sites; four of them are published."""
    run = Run(data, "jyt")
    form = "application/x-www-form-urlencoded"
    run.visit(f"{BASE}/list.html", "listing", page("通知公告", "列表"))
    for number in (1, 2):
        sent = (form, f"page={number}&栏目=通知".encode())
        run.visit(f"{BASE}/search", "listing", f'{{"page":{number}}}'.encode(), method="POST", sent=sent)
    run.visit(f"{BASE}/api", "listing", b"{}", method="POST", sent=("application/json", b'{"page":{"no":1}}'))
    first = notice()
    old = f"{BASE}/old/c1.html"
    moved = (*HTML, ("Location", first.url))
    run.visit(old, "article", b"", status=302, headers=moved, outcome="alias", alias_of=first.doc_id)
    frame = f"<iframe src='{BASE}/frame.html'></iframe>"
    shown = "<img id='one' src='/i/1.png'><img id='two' src='/i/2.png'><a href='/f/名单.pdf'>名单</a>" + frame
    run.visit(first.url, "article", page(str(first.title), TEXT, shown), first)
    run.visit(f"{BASE}/frame.html", "part", page("附表", "表中的文字"), part_of=first.doc_id)
    for number in (1, 2):
        picture = (("Content-Type", "image/png"),)
        run.visit(f"{BASE}/i/{number}.png", "image", png(90 * number), headers=picture, part_of=first.doc_id)
    pdf = (("Content-Type", "application/pdf"),)
    run.visit(f"{BASE}/f/%E5%90%8D%E5%8D%95.pdf", "attachment", b"%PDF-1.4 names", headers=pdf, text_hash="0" * 64)
    edited = f"{BASE}/2023/0101/c2.html"
    words = {"published_on": date(2023, 1, 1), "year": 2023}
    run.visit(edited, "article", page("会议", OTHER), article(edited, "职业教育会议", OTHER, **words))
    gone = f"{BASE}/2023/0202/c3.html"
    withdrawn = words | {"published_on": date(2023, 2, 2)}
    run.visit(gone, "article", page("撤", OTHER * 2), article(gone, "=已撤回的文章", OTHER * 2, **withdrawn))
    run.close()
    run = Run(data, "jyt", 2)
    run.visit(first.url, "article", page(str(first.title), TEXT, shown), outcome="unchanged")  # a revisit record
    again = article(edited, "职业教育工作会议", OTHER + "（更正）", revision=2, revision_cause="edited", **words)
    run.visit(edited, "article", page("工作会议", OTHER + "（更正）"), again)
    last = article(gone, "=已撤回的文章", OTHER * 2, revision=2, revision_cause="gone", status="gone", **withdrawn)
    run.visit(gone, "article", b"no", last, status=404, outcome="not_found")
    run.close()
    copy = f"{NEWS}/a/1.html"
    told = {"site": "news", "site_name": "清源网", "site_kind": "news", "source": "清源省教育厅"}
    elsewhere = {"province": "national", "province_name": "全国", "published_on": date(2024, 3, 2)}
    run = Run(data, "news", 3)
    run.visit(copy, "article", page("招生", TEXT), article(copy, "教育厅发布招生通知", TEXT, **told, **elsewhere))
    scan = f"{NEWS}/a/2.html"
    bare = {"images": [{"url": f"{NEWS}/i/s.png", "alt": ""}], "quality": ["image_only"], **told, **elsewhere}
    run.visit(scan, "article", page("图解", ""), article(scan, "图解新闻", None, **bare))
    run.close()


if __name__ == "__main__":
    build(Path(sys.argv[1]))
