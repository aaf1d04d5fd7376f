"""Articles read again: what a reader would see otherwise lands, what reads the same does not, nothing is lost."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from govcrawl import __version__
from govcrawl.addresses import doc_id
from govcrawl.archive import forgotten
from govcrawl.archive.captures import read_rows
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.schema import CAPTURES
from govcrawl.archive.state import State
from govcrawl.archive.storage import Storage
from govcrawl.pipelines import Unreadable
from govcrawl.reextract import shown
from govcrawl.reextract.plan import Scope
from govcrawl.reextract.run import Reading, look
from govcrawl.workers.local import Here
from tests.archive.test_compact import Killed, known
from tests.reextract.archive import BASE, OLD, PAGES, SITE, SITES, WHEN, Made, captures, read, rows, said

if TYPE_CHECKING:
    from pathlib import Path

BODY = "".join(f"<p>这是第{n}段，说的是学校与教师在课程改革中的新进展和新办法。</p>" for n in range(5))


def markup(number: int, more: str = "", body: str = BODY, day: str | None = None) -> str:
    head = f"发布时间：{day or PAGES.day(number)} 来源：黑龙江日报"
    title = PAGES.title(number)
    return (
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1><div class=info>{head}</div>"
        f"<div class=content>{body}{more}</div></body></html>"
    )


def newest(data: Path) -> dict[str, dict[str, Any]]:
    return {row["url"].removeprefix(BASE): row for row in rows(data)}


def sound(data: Path) -> bool:
    return not list(verify(Storage(str(data))))


def test_only_a_difference_makes_a_revision(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.land(1)
    made.land(2, title="误读的标题", author=["误读"])
    made.land(3, source=None, province_from="title", text_length=7)
    made.land(4, province_from="title", published_from="url", script="hant", site_name="旧名")  # no reader sees that
    made.close()
    before = known(tmp_path, SITE)
    done = read(tmp_path)
    assert (done.read, done.changed, done.exit_code) == (4, 2, 0)
    assert done.fields == {"title": 1, "author": 1, "source": 1}
    found = rows(tmp_path)
    assert len(found) == 6
    again = {r["url"]: r for r in found if r["revision"] == 2}
    assert set(again) == {BASE + PAGES.path_of(n) for n in (2, 3)}
    assert {(r["revision_cause"], r["status"], r["source"]) for r in again.values()} == {
        ("reextracted", "live", "黑龙江日报")
    }
    assert again[BASE + PAGES.path_of(2)]["title"] == PAGES.title(2)
    for row in again.values():
        first = next(r for r in found if (r["doc_id"], r["revision"]) == (row["doc_id"], 1))
        same = ("warc_file", "warc_offset", "payload_digest", "fetched_at", "text", "channel")
        assert [row[n] for n in same] == [first[n] for n in same]
        assert row["extractor"].startswith(f"govcrawl/{__version__}")
    # No visit: when it was asked, what is known of its response, and its outcome are what they were.
    after = known(tmp_path, SITE)
    visited = (
        "outcome",
        "asked_at",
        "settled_at",
        "etag",
        "payload_digest",
        "full_file",
        "full_offset",
        "missing",
        "attempts",
    )
    assert {d: [k[n] for n in visited] for d, k in after.items()} == {
        d: [k[n] for n in visited] for d, k in before.items()
    }
    assert sorted(k["revision"] for k in after.values()) == [1, 1, 2, 2]
    assert sound(tmp_path)


def test_what_was_read_by_newer_rules_is_left_alone(tmp_path: Path) -> None:
    made = Made(tmp_path)
    for number in range(1, 5):
        misread: dict[str, Any] = {"source": None} if number == 2 else {}
        made.land(number, **misread)
    made.land(5, extractor=f"govcrawl/{__version__}:text")
    made.close()
    old = Scope(older_than=__version__)
    assert read(tmp_path, scope=old).read == 4
    files = len(list(tmp_path.glob("captures/**/*.parquet")))
    assert read(tmp_path, scope=old).read == 0, "also where the page made no row"
    assert len(list(tmp_path.glob("captures/**/*.parquet"))) == files
    assert read(tmp_path).read == 5, "without a condition, every article"
    assert read(tmp_path, scope=Scope(since=date(2022, 1, 4))).read == 3
    assert len(rows(tmp_path)) == 6


def test_another_year_moves_the_article(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.land(1, published_on=date(2019, 1, 1), year=2019)
    made.land(2, province="national", province_name="全国")
    made.close()
    done = read(tmp_path)
    assert (done.changed, done.moved, done.fields["year"], done.fields["province"]) == (2, 2, 1, 1)
    found = [(r["province"], r["year"], r["revision"], r["status"], r["revision_cause"]) for r in rows(tmp_path)]
    assert sorted(found) == [
        ("heilongjiang", 2019, 1, "live", "first"),
        ("heilongjiang", 2019, 2, "moved", "moved"),
        ("heilongjiang", 2022, 3, "live", "reextracted"),
        ("heilongjiang", 2022, 3, "live", "reextracted"),
        ("national", 2022, 1, "live", "first"),
        ("national", 2022, 2, "moved", "moved"),
    ]
    assert read(tmp_path).changed == 0
    assert sound(tmp_path)


def many(data: Path) -> Path:
    made = Made(data, segment_rows=10)
    for number in range(1, 31):
        misread: dict[str, Any] = {"source": None} if number % 3 == 0 else {}
        made.land(number, **misread | ({"year": 2019, "published_on": date(2019, 5, 5)} if number % 5 == 0 else {}))
    made.close()
    return data


def test_five_kills_end_with_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kill at any write, most of them between the files of a segment."""
    whole = many(tmp_path / "whole")
    data = shutil.copytree(whole, tmp_path / "killed")
    read(whole, segment_rows=4)
    publish, left = Storage.publish, [0]

    def dies(storage: Storage, name: str, content: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        publish(storage, name, content)

    monkeypatch.setattr(Storage, "publish", dies)
    reads = []
    for at in (2, 5, 4, 6, 3):
        left[0] = at
        with pytest.raises(Killed):
            read(data, segment_rows=4)
        reads.append(len(captures(data)))
    assert reads == sorted(reads)
    monkeypatch.undo()
    last = read(data, segment_rows=4)
    assert last.resumed + last.read >= 24
    assert last.resumed > 0
    assert said(rows(data)) == said(rows(whole))
    assert sound(data)
    assert read(data).read == 30, "that run came to its end: the next one is a new one"


def test_a_stopped_run_commits_and_is_continued(tmp_path: Path) -> None:
    data = many(tmp_path)
    first = read(data, shown=lambda *_: True)
    assert (first.stopped, first.exit_code, first.read) == (True, 3, 30)
    report = json.loads(max(data.glob("runs/**/*.json"), key=lambda p: p.name).read_text())
    assert (report["spider"], report["status"], report["reextract"]["through"]) == ("reextract", "partial", False)
    again = read(data)
    assert (again.resumed, again.read, again.exit_code) == (30, 0, 0)
    assert read(data).read == 30


def test_a_missing_recording_is_told_and_the_row_stays(tmp_path: Path) -> None:
    made = Made(tmp_path)
    for number in (1, 2):
        made.land(number, source=None)
    made.close()
    before = rows(tmp_path)
    path = next(tmp_path.glob("warc/**/*.gz"))
    content = path.read_bytes()
    path.write_bytes(
        content[: before[1 if before[0]["warc_offset"] < before[1]["warc_offset"] else 0]["warc_offset"] + 9]
    )
    done = read(tmp_path)
    assert (done.changed, dict(done.trouble), done.exit_code) == (1, {"missing": 1}, 3)
    assert "holds no response of" in done.named[0]
    path.unlink()
    done = read(tmp_path)
    assert (done.changed, dict(done.trouble)) == (0, {"missing": 2})
    assert "cannot be opened" in done.named[0]
    assert len(rows(tmp_path)) == 3
    path.write_bytes(content)
    assert read(tmp_path).changed == 1, "nothing was read, so nothing is taken for read"


def test_a_wrong_offset_is_no_other_article(tmp_path: Path) -> None:
    made = Made(tmp_path)
    first = made.land(1)
    assert first is not None
    made.land(2, warc_offset=first.warc_offset)
    made.close()
    done = read(tmp_path)
    assert (done.changed, dict(done.trouble)) == (0, {"missing": 1})


def test_what_todays_rules_take_for_no_article_stays(tmp_path: Path) -> None:
    """The row that older rules made of what is an error text is kept and told; it is not read again and again."""
    made = Made(tmp_path)
    attempt_page = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"
    made.land(1)
    made.close()
    swapped = Made(tmp_path)
    swapped.land(2, attempt_page)
    swapped.close()
    assert len(rows(tmp_path)) == 1
    # The row as rules that took the error for an article would have landed it.
    wrong = next(c for c in captures(tmp_path) if c["outcome"] == "not_article")
    for path in tmp_path.glob("articles/**/*.parquet"):
        row = pq.ParquetFile(path).read().to_pylist()[0]
        row |= {
            name: wrong[name] for name in ("doc_id", "url", "warc_file", "warc_offset", "payload_digest", "fetched_at")
        }
        schema = pq.read_schema(path)
        table = pa.Table.from_pylist([*pq.ParquetFile(path).read().to_pylist(), row], schema=schema)
        pq.write_table(table, path)
    done = read(tmp_path)
    assert (done.changed, dict(done.trouble), done.exit_code) == (0, {"refused": 1}, 3)
    assert "says that there is no such page" in done.named[0]
    assert read(tmp_path, scope=Scope(older_than=__version__)).read == 0
    assert next(c for c in captures(tmp_path) if c["outcome"] == "reread" and c["error"])["extractor"]


JSON = {
    "title": PAGES.title(1), "source": "省教育厅办公室", "doc_number": "黑教规〔2022〕1号", "index_number": "HLJ-2022-0001",
    "published_on": date(2022, 1, 2), "published_at": datetime(2022, 1, 2, 9, 15, tzinfo=UTC), "html": BODY,
}  # fmt: skip


def test_what_a_listing_stated_is_used_again(tmp_path: Path) -> None:
    made = Made(tmp_path)
    shell = "<html><head><title>x</title></head><body><div id=app></div><script src=/a.js></script></body></html>"
    article = made.land(1, shell, listed=JSON, doc_number=None)
    made.close()
    assert article is not None
    assert article.text is not None
    assert read(tmp_path).fields == {"doc_number": 1}
    row = rows(tmp_path)[-1]
    assert (row["doc_number"], row["source"], row["index_number"]) == (
        JSON["doc_number"],
        JSON["source"],
        JSON["index_number"],
    )
    assert row["text"].count("新办法") == 5


def forget_what_was_listed(data: Path) -> None:
    """Captures as the version before wrote them."""
    names = [n for n in CAPTURES.names if n not in ("tls", "truncated", "form", "extractor", "part_of", "listed")]
    for path in data.glob("captures/**/*.parquet"):
        table = pq.ParquetFile(path).read().select(names)
        pq.write_table(table, path)


def test_what_old_captures_did_not_keep_stays(tmp_path: Path) -> None:
    """A value that the page does not show came from the listing; one that it shows is for today's rules to judge."""
    made = Made(tmp_path)
    clock: dict[str, Any] = {
        "published_at": JSON["published_at"],
        "published_precision": "second",
        "published_from": "meta",
    }
    fields = {name: JSON[name] for name in ("source", "doc_number")}
    made.land(
        1,
        markup(1).replace(f"发布时间：{PAGES.day(1)} 来源：黑龙江日报", ""),
        listed=fields,
        author=["教师"],
        title="误读",
        **clock,
    )
    made.land(2, "<html><body><div id=app></div></body></html>", listed=JSON)
    made.close()
    before = rows(tmp_path)
    forget_what_was_listed(tmp_path)
    done = read(tmp_path)
    assert done.fields == {"title": 1, "author": 1}, "教师 stands on the page, and is no author of it"
    row = next(r for r in rows(tmp_path) if r["revision"] == 2)
    old = next(r for r in before if r["doc_id"] == row["doc_id"])
    for name in ("source", "doc_number", "published_at", "published_precision", "published_from"):
        assert row[name] == old[name], name
        assert row[name], name
    assert (row["title"], row["author"]) == (PAGES.title(1), [])
    assert dict(done.trouble) == {"refused": 1}, "its text was the listing's: the row stays as it is"
    assert len(rows(tmp_path)) == 3


def test_parts_come_from_the_recording(tmp_path: Path) -> None:
    made = Made(tmp_path)
    second = BASE + PAGES.path_of(1).replace(".htm", "_2.htm")
    made.part(second, markup(1, body="".join(f"<p>第二页第{n}段，继续说明有关的安排。</p>" for n in range(4))))
    lost = BASE + PAGES.path_of(2).replace(".htm", "_2.htm")
    made.part(lost, "no", 404)
    frame = BASE + "/frame.html"
    made.part(frame, f"<html><body>{BODY}</body></html>")
    made.land(1, markup(1, f'<a href="{second}">下一页</a>'), source=None)
    made.land(2, markup(2, f'<a href="{lost}">下一页</a>'), source=None)
    made.land(3, markup(3, body=f'<iframe src="{frame}"></iframe>'), source=None)
    made.part(
        second, markup(1, body="".join(f"<p>第二页第{n}段，继续说明有关的安排。</p>" for n in range(4)))
    )  # a revisit
    made.close()
    before = newest(tmp_path)
    assert before[PAGES.path_of(1)]["text"].count("继续说明") == 4
    assert before[PAGES.path_of(2)]["quality"] == ["truncated"]
    done = read(tmp_path)
    assert done.fields == {"source": 3}
    after = newest(tmp_path)
    for number in (1, 2, 3):
        path = PAGES.path_of(number)
        assert [after[path][n] for n in ("text", "quality")] == [before[path][n] for n in ("text", "quality")]
    assert sound(tmp_path)


def test_bodies_are_unpacked_and_decoded_as_a_crawl_does(tmp_path: Path) -> None:
    made = Made(tmp_path)
    gbk = markup(1).encode("gbk")
    made.land(1, gbk, headers={"Content-Type": "text/html; charset=gbk"}, source=None)
    made.land(2, headers={"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}, source=None)
    made.close()
    assert read(tmp_path).fields == {"source": 2}
    assert {r["source"] for r in rows(tmp_path) if r["revision"] == 2} == {"黑龙江日报"}


def test_a_page_that_a_browser_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw page is a shell; what its scripts made of it follows it in the WARC."""
    made = Made(tmp_path)
    listed = {"html": BODY}  # only so that the row is there
    made.land(1, "<html><body><div id=app></div></body></html>", listed=listed)
    made.own.record_rendered(BASE + PAGES.path_of(1), markup(1, "<p>脚本写出的最后一段，也是正文。</p>").encode(), WHEN)
    made.close()
    monkeypatch.setattr(SITES, "is_rendered", lambda name: name == SITE)
    assert read(tmp_path).fields["text"] == 1
    assert rows(tmp_path)[-1]["text"].endswith("脚本写出的最后一段，也是正文。")


def test_revisits_and_withdrawn_articles(tmp_path: Path) -> None:
    made = Made(tmp_path)
    first = made.land(1, source=None)
    gone = made.land(2, source=None)
    assert first is not None
    assert gone is not None
    made.close()
    visit = Made(tmp_path)
    again = visit.land(1, revision=2, revision_cause="edited", author=["误读"])
    assert again is not None
    assert again.warc_offset == first.warc_offset, "the same payload: a revisit, and the row names the full record"
    withdrawn: dict[str, Any] = {"revision": 2, "revision_cause": "gone", "status": "gone", "source": None}
    visit.land(2, **withdrawn)
    visit.close()
    done = read(tmp_path)
    assert (done.read, done.fields) == (1, {"author": 1})
    assert rows(tmp_path)[-1]["status"] in ("live", "gone")
    assert max(r["revision"] for r in rows(tmp_path) if r["doc_id"] == gone.doc_id) == 2
    assert max(r["revision"] for r in rows(tmp_path) if r["doc_id"] == first.doc_id) == 3


def test_attachments_stay_fetched(tmp_path: Path) -> None:
    made = Made(tmp_path)
    link = '<p>附件：<a href="/files/a.pdf">名单.pdf</a></p>'
    fetched: dict[str, Any] = {
        "url": f"{BASE}/files/a.pdf",
        "name": "名单.pdf",
        "media_type": "application/pdf",
        "sha256": "ab" * 32,
    }
    fetched |= {"bytes": 5, "path": f"files/ab/{'ab' * 32}.pdf"}
    made.land(1, markup(1, link), attachments=[fetched])
    made.land(2, markup(2, link, body="<p>名单见附件。</p>"), attachments=[fetched], source=None)
    made.land(3, markup(3, link), attachments=[])
    made.close()
    done = read(tmp_path)
    assert done.fields == {"source": 1, "attachments": 1}
    after = newest(tmp_path)
    assert after[PAGES.path_of(2)]["attachments"] == [fetched]
    assert (after[PAGES.path_of(3)]["attachments"][0]["url"], after[PAGES.path_of(3)]["revision"]) == (
        fetched["url"],
        2,
    )
    assert after[PAGES.path_of(3)]["revision_cause"] == "reextracted"


def test_pages_that_could_not_be_read(tmp_path: Path) -> None:
    """A given page without a row lands once rules can read it; a listed one gets its text; a copy is told as one."""
    made = Made(tmp_path)
    blank = "<html><body><div id=app></div><script src=/a.js></script></body></html>"
    assert made.land(1, blank, channel=None) is None
    made.land(2, text=None, text_length=0, text_hash="0" * 64, quality=["no_text"], form="script")
    article = made.land(3)
    assert article is not None
    made.close()
    done = read(tmp_path)
    assert (done.read, done.changed, dict(done.trouble)) == (3, 1, {"refused": 1})
    row = newest(tmp_path)[PAGES.path_of(2)]
    assert (row["revision"], row["quality"]) == (2, [])
    state = known(tmp_path, SITE)[row["doc_id"]]
    assert (state["form"], state["text_hash"], state["revision"]) == (None, row["text_hash"], 2)
    unread = known(tmp_path, SITE)[doc_id(BASE + PAGES.path_of(1))]
    assert (unread["outcome"], unread["form"], unread["extractor"].startswith(f"govcrawl/{__version__}")) == (
        "unreadable", "script", True,
    )  # fmt: skip


@pytest.mark.parametrize("copy", [False, True])
def test_an_unread_page_that_can_be_read_now(copy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path)
    page = markup(1, "".join(f"<p>{PAGES.article(1)}</p>" for _ in range(2)))
    if copy:
        made.land(1, page)
    url = f"{BASE}/2022-01/02/content_900.htm"
    with monkeypatch.context() as older:
        older.setattr("tests.reextract.archive.row_again", _cannot_read)
        assert made.land(900, page, url=url, channel=None) is None
    made.close()
    done = read(tmp_path)
    last = captures(tmp_path)[-1]
    if copy:
        assert (last["outcome"], last["alias_of"]) == ("duplicate", doc_id(BASE + PAGES.path_of(1)))
        assert dict(done.trouble) == {"repeated": 1}
    else:
        row = rows(tmp_path)[0]
        assert (row["url"], row["revision"], row["revision_cause"]) == (url, 1, "first")
        assert (last["outcome"], last["revision"]) == ("landed", 1)
    assert sound(tmp_path)


def _cannot_read(*_: Any, **__: Any) -> Any:
    raise Unreadable("older rules could not read it")


def test_a_body_that_was_cut_keeps_its_flag(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.land(1, quality=["truncated"], source=None)
    made.close()
    for path in tmp_path.glob("captures/**/*.parquet"):
        cut = [row | {"truncated": True} for row in pq.ParquetFile(path).read().to_pylist()]
        pq.write_table(pa.Table.from_pylist(cut, schema=CAPTURES), path)
    assert read(tmp_path).fields == {"source": 1}
    assert rows(tmp_path)[-1]["quality"] == ["truncated"]


def test_forgotten_articles_are_not_read(tmp_path: Path) -> None:
    made = Made(tmp_path)
    article = made.land(1, source=None)
    made.land(2)
    made.close()
    assert article is not None
    stone = forgotten.Tombstone(article.doc_id, "article", article.doc_id, "asked", (), WHEN, made.own.run_id, SITE)
    forgotten.write(Storage(str(tmp_path)), [stone])
    done = read(tmp_path)
    assert (done.read, done.changed) == (1, 0)


def test_a_page_that_breaks_the_rules_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Made(tmp_path)
    made.land(1, source=None)
    made.land(2, source=None)
    made.close()
    real = __import__("govcrawl.reextract.piece", fromlist=["row_again"]).row_again

    def breaks(page: Any, *args: Any, **more: Any) -> Any:
        if page.url.endswith(PAGES.path_of(1)):
            raise RecursionError("too deep")
        return real(page, *args, **more)

    monkeypatch.setattr("govcrawl.reextract.piece.row_again", breaks)
    done = read(tmp_path)
    assert (done.changed, dict(done.trouble), done.exit_code) == (1, {"failed": 1}, 3)
    assert "RecursionError: too deep" in done.named[0]
    monkeypatch.undo()
    assert read(tmp_path).changed == 1


def test_a_look_writes_nothing(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.land(1, title="误读的标题", text="正文\n第二段", year=2019, published_on=date(2019, 1, 2))
    made.land(2)
    made.close()
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"}
    examples = shown.Examples()
    pages: list[str] = []

    def show(wanted: Any, article: Any, changed: list[str]) -> bool:
        examples.take(wanted, article, changed)
        pages.extend(shown.page(wanted, article, changed))
        return False

    done = look(Storage(str(tmp_path)), SITE, Reading(Scope(), SITES, 8, 8, Here(), shown=show))
    assert (done.read, done.changed) == (2, 1)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"} == before
    url = BASE + PAGES.path_of(1)
    assert examples.of("title") == [f"{url}: 误读的标题 → {PAGES.title(1)}"]
    assert examples.of("year") == [f"{url}: 2019 → 2022"]
    assert examples.of("text")[0].startswith(f"{url}: 6 → ")
    assert f"title: [-误读的标题-]{{+{PAGES.title(1)}+}}" in pages
    assert any(line.startswith("text: ") and "[-" in line for line in pages)


def test_a_site_that_a_run_holds(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.land(1)
    made.close()
    lock = SiteLock(Storage(str(tmp_path)), SITE, "other")
    lock.acquire()
    with pytest.raises(Locked):
        read(tmp_path)
    lock.release()
    state = State(read_rows(Storage(str(tmp_path)), list(Storage(str(tmp_path)).files(f"captures/site={SITE}"))))
    assert len(list(state.values())) == 1
    assert OLD in {r["extractor"] for r in rows(tmp_path)}
