"""What was forgotten is never asked for again, wherever it is listed and whatever leads there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import new_run_id
from govcrawl.archive.family import family
from govcrawl.archive.forget import begin, finish_under_lock
from govcrawl.archive.storage import Storage
from tests import forgettable
from tests.forgettable import ALIAS, DUPLICATE, REASON, SECRET, SITE, TITLE, path_of
from tests.holds import holding
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from pathlib import Path

NEW = 9


def test_a_crawl_leaves_it_alone(tmp_path: Path) -> None:
    with Site(0) as site:
        for path, (headers, encoding, body) in forgettable.pages().items():
            packed = {"Content-Encoding": encoding} if encoding else {}
            site.answers[path] = (200, headers | packed, forgettable.PACKED[encoding](body))
        site.answers[path_of(NEW)] = (302, {"Location": path_of(SECRET)}, b"")
        _, headers, _ = site.answers["/node_1.htm"]
        row = f'<li><a href="{path_of(NEW)}">{TITLE}</a><span>2022-01-09</span></li>'
        listed = forgettable.list_page().replace("</ul>", f"{row}</ul>").encode()
        site.answers["/node_1.htm"] = (200, headers, forgettable.PACKED["br"](listed))
        forgettable.make(tmp_path, site.base)
        storage, key = Storage(str(tmp_path)), doc_id(site.base + path_of(SECRET))
        begin(
            storage, family(storage, SITE, [key]), REASON, new_run_id(storage, SITE)
        )  # killed here: the crawl finishes it
        done = crawl(tmp_path, SITE, "-a", f"channel={site.listing}", "-a", "full=1", GOVCRAWL_REVISIT="*:0")
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        assert "What scrapy forget had begun to take out of loopback is taken out now" in done.stderr
        assert "1 forgotten" in done.stdout
        gone = [path_of(n) for n in (SECRET, DUPLICATE, ALIAS)] + ["/frame.htm", "/files/own.pdf"]
        assert {path: site.asked[path] for path in gone} == dict.fromkeys(gone, 0)
        assert site.asked[path_of(NEW)] == 1
    rows = pq.read_table(tmp_path / "captures").to_pylist()
    told = [r for r in rows if r["outcome"] == "forgotten"]
    assert [(r["url"], r["alias_of"]) for r in told] == [(site.base + path_of(NEW), key)]
    assert {told[0][n] for n in ("listed_title", "listed_on", "listed", "error")} == {None}
    assert not holding(tmp_path, [forgettable.PERSON, forgettable.NUMBER, forgettable.FILE])
    assert [str(f) for f in verify(storage)] == []
    assert finish_under_lock(storage, SITE) == 0
