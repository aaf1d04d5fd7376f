"""An archive that holds what should never have been published, in every place where a real one repeats it; made
without a crawl, as one makes it."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import brotli
from backports import zstd

from govcrawl.addresses import doc_id
from govcrawl.archive import runs
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.storage import Storage
from govcrawl.archive.warc import Exchange
from govcrawl.attachments.fetching import store
from tests.archive.test_readers import article

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from govcrawl.items import Article

TITLE = "关于2023年教师资格认定人员名单的公示"
PERSON = "张三丰"
NUMBER = "110101199003078888"
FILE = "拟认定人员身份证号一览"
WORDS = [TITLE, PERSON, NUMBER, FILE]
TEXT = f"第一名：{PERSON}，身份证号{NUMBER}，认定学科为高级中学语文，现予以公示，接受社会监督。\n名单见附件。"
SITE, REASON = "loopback", "公示名单含身份证号"
SECRET, DUPLICATE, ALIAS, NEIGHBOUR, COPY = 5, 501, 502, 6, 601
BASE = "http://127.0.0.1:8"
URL = BASE + "/2022-01/05/content_5.htm"
OWN = b"%PDF-1.4\n" + f"{PERSON} {NUMBER}\n".encode() + b"%%EOF\n"
SHARED = b"%PDF-1.4\nshared by two articles\n%%EOF\n"
WHEN = datetime(2024, 1, 2, tzinfo=UTC)
Headers = dict[str, str]
HTML = {"Content-Type": "text/html; charset=utf-8"}
PACKED = {
    "br": brotli.compress,
    "zstd": zstd.compress,
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "": lambda body: body,
}


def path_of(number: int) -> str:
    return f"/2022-01/{number % 100:02d}/content_{number}.htm"


def list_page() -> str:
    """Names the article at three addresses: cut short with its whole title beside it, in full, and with tags in it."""
    rows = {
        SECRET: TITLE,
        DUPLICATE: f"{TITLE[:12]}…",
        ALIAS: TITLE.replace("名单", "<b>名单</b>"),
        **{n: f"黑龙江省第{n}号教育消息" for n in (NEIGHBOUR, 7)},
    }
    entries = "".join(
        f'<li><a href="{path_of(n)}"{f" title={chr(34)}{TITLE}{chr(34)}" if n == DUPLICATE else ""}>{said}</a>'
        f"<span>2022-01-{n % 100:02d}</span></li>"
        for n, said in rows.items()
    )
    return f"<html><head><title>列表</title></head><body><ul>{entries}</ul></body></html>"


def pages() -> dict[str, tuple[Headers, str, bytes]]:
    """Path → headers, encoding, body of what the site answers with status 200."""
    secret = f"<html><title>{TITLE}</title><h1>{TITLE}</h1><div>{TEXT}</div><a href='/files/own.pdf'>{FILE}</a></html>"
    near = (
        f"<html><h1>黑龙江省第6号教育消息</h1><p>正文</p>上一篇：<a href='{path_of(SECRET)}'>{TITLE}</a>"
        f"<script>var near={json.dumps({'next': TITLE})};</script></html>"
    )
    gbk = {"Content-Type": "text/html; charset=gbk"}
    return {
        "/node_1.htm": (HTML, "br", list_page().encode()),
        "/hot.htm": (gbk, "gzip", f"<p>热点：{TITLE}</p>".encode("gb18030")),
        "/list.json": ({}, "", json.dumps([{"title": TITLE, "content": TEXT.partition("\n")[0]}]).encode()),
        path_of(SECRET): (HTML, "zstd", secret.encode()),
        path_of(DUPLICATE): (HTML, "gzip", secret.encode()),
        path_of(COPY): (HTML, "", secret.encode()),
        "/frame.htm": (HTML, "", f"<p>{PERSON}{NUMBER}</p>".encode()),
        path_of(NEIGHBOUR): (HTML, "", near.encode()),
        path_of(7): (HTML, "gzip", "<html><h1>黑龙江省第7号教育消息</h1><p>正文</p></html>".encode()),
        "/files/own.pdf": ({"Content-Type": "application/pdf"}, "", OWN),
        "/files/shared.pdf": ({"Content-Type": "application/pdf"}, "", SHARED),
    }


def make(data: Path | str, base: str = BASE, *, copy: bool = False) -> None:
    """Two runs: the first lands the article, its neighbours, an attachment of its own and a shared one; the second
    meets the same pages again, which leaves revisits, and the article at another address. ``copy``: another site has
    it too."""
    for number in (1, 2):
        _run(str(data), base, number)
    if copy:
        archive = Archive(Storage(str(data)))
        row = _article(base, COPY, site="reprinter")
        _settle(archive, base, path_of(COPY), "article", "landed", [row], site="reprinter")
        archive.commit()
        archive.site("reprinter").close()


def _run(data: str, base: str, number: int) -> None:
    archive = Archive(Storage(data), segment_rows=6)
    site = archive.site(SITE)
    for path in ("/node_1.htm", "/hot.htm", "/list.json"):
        _settle(archive, base, path, "listing", "landed")
    again = "landed" if number == 1 else "unchanged"
    for n, title in ((SECRET, TITLE), (NEIGHBOUR, "黑龙江省第6号教育消息"), (7, "黑龙江省第7号教育消息")):
        rows = [_article(base, n)] if number == 1 else []
        _settle(archive, base, path_of(n), "article", again, rows, title=title)
    site.record_rendered(base + path_of(SECRET), f"<p>{TEXT}</p>".encode(), WHEN)
    _settle(archive, base, "/frame.htm", "part", "landed", part_of=_key(base, SECRET))
    for name in ("own", "shared"):
        body = pages()[f"/files/{name}.pdf"][2]
        store(archive.storage, body, f"{base}/files/{name}.pdf")
        _settle(archive, base, f"/files/{name}.pdf", "attachment", again, text_hash=hashlib.sha256(body).hexdigest())
    if number == 2:
        _settle(archive, base, path_of(DUPLICATE), "article", "duplicate", alias_of=_key(base, SECRET))
        attempt = _begun(archive, base, path_of(ALIAS), "article", SITE)
        _answer(archive, attempt, base + path_of(ALIAS), 302, {"Location": path_of(SECRET)}, b"")
        attempt.hops[-1].location = base + path_of(SECRET)
        archive.settle(attempt, "alias", alias_of=_key(base, SECRET))
    archive.commit()
    report: dict[str, Any] = {"run_id": site.run_id, "landed": {"heilongjiang": {"2022": 3}} if number == 1 else {}}
    walk = {"url": f"{base}/node_1.htm", "complete": True, "ended": "last", "rows": 5, "channel": "公示"}
    report |= {"finished_at": (WHEN + timedelta(days=number)).isoformat(), "channels": [walk], "not_landed": [TITLE]}
    site.close(report)
    assert runs.read(archive.storage, runs.name_of(SITE, site.run_id))


def _key(base: str, number: int) -> str:
    return doc_id(base + path_of(number))


def _begun(archive: Archive, base: str, path: str, kind: str, site: str, title: str = TITLE) -> Attempt:
    listed = title if kind == "article" else None
    attempt = Attempt(site, base + path, kind, channel="公示", listed_title=listed, fields={"summary": TEXT})
    if kind != "article":
        attempt.fields = None
    elif title != TITLE:
        attempt.fields = {"summary": title}
    return archive.begin(attempt)


def _settle(
    archive: Archive,
    base: str,
    path: str,
    kind: str,
    outcome: str,
    rows: list[Article] = [],  # noqa: B006
    *,
    site: str = SITE,
    title: str = TITLE,
    part_of: str | None = None,
    **final: Any,
) -> None:
    attempt = _begun(archive, base, path, kind, site, title)
    attempt.part_of = part_of
    headers, encoding, body = pages()[path]
    packed = {"Content-Encoding": encoding} if encoding else {}
    _answer(archive, attempt, base + path, 200, {**headers, **packed}, PACKED[encoding](body))
    hop = attempt.hops[-1]
    for row in rows:
        row.warc_file, row.warc_offset, row.payload_digest = hop.full_file, hop.full_offset, hop.payload_digest
        final |= {"revision": row.revision, "text_hash": row.text_hash}
    archive.settle(attempt, outcome, rows, **final)


def _answer(archive: Archive, attempt: Attempt, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    exchange = Exchange(url, "GET", [("User-Agent", "t")], b"", status, "OK", list(headers.items()), body, WHEN)
    file, offset, digest, full_file, full_offset = archive.site(attempt.site).record(exchange, attempt.known)
    attempt.hops.append(
        Hop(url, WHEN, status, None, '"e"', None, digest, file, offset, full_file, full_offset, len(body))
    )


def _article(base: str, number: int, site: str = SITE) -> Article:
    url = base + path_of(number)
    secret = number in (SECRET, COPY)
    names = {"own.pdf": OWN, "shared.pdf": SHARED} if secret else {"shared.pdf": SHARED} if number == 7 else {}
    files: list[dict[str, Any]] = []
    for name, body in names.items():
        sha256 = hashlib.sha256(body).hexdigest()
        path = f"files/{sha256[:2]}/{sha256}.pdf"
        said = FILE if name == "own.pdf" else "说明"
        files.append({"url": f"{base}/files/{name}", "name": said, "media_type": None, "sha256": sha256})
        files[-1] |= {"bytes": len(body), "path": path}
    text = TEXT if secret else f"第{number}号教育消息的正文，与别的没有关系。"
    return article(
        number,
        doc_id=doc_id(url),
        url=url,
        site=site,
        year=2022,
        province_name="黑龙江省",
        title=TITLE if secret else f"黑龙江省第{number}号教育消息",
        text=text,
        text_length=len(text),
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        published_on=date(2022, 1, 1) + timedelta(days=number % 100),
        attachments=files,
    )
