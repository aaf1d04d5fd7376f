"""Images of the body: recorded where the setting says so, each once, from the article's own domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from govcrawl.archive.storage import Storage
from govcrawl.exports import wacz
from govcrawl.exports.selection import Selection, select
from tests.exports.archive import png
from tests.exports.test_web_archives import ABOUT, urls_of
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
PICTURE = {"Content-Type": "image/png"}


def test_images_are_recorded_and_exported(tmp_path: Path) -> None:
    with Site(3) as site:
        for name, body in (("a", png(9)), ("b", b"<html>login</html>")):
            site.answers[f"/i/{name}.png"] = (200, PICTURE, body)
        sources = ("/i/a.png", "/i/b.png", "/i/gone.png", "http://elsewhere.example/x.png", "/i/late.png")
        shown = "".join(f"<p><img src='{source}'></p>" for source in sources)
        for number in (1, 2):
            html = site.article(number).replace("</div></body>", shown + "</div></body>")
            site.answers[site.path_of(number)] = (200, HTML, html.encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_IMAGES": "4"})
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        asked = {path: count for path, count in site.asked.items() if path.startswith("/i/")}
        assert asked == {"/i/a.png": 1, "/i/b.png": 1, "/i/gone.png": 1}
        captures = pq.read_table(tmp_path / "captures").to_pylist()
        found = {row["url"].rsplit("/", 1)[1]: row for row in captures if row["kind"] == "image"}
        assert {n: r["outcome"] for n, r in found.items()} == {
            "a.png": "landed", "b.png": "not_article", "gone.png": "not_found",
        }  # fmt: skip
        assert all(row["part_of"] for row in found.values())
        storage = Storage(str(tmp_path))
        target = tmp_path / "a.wacz"
        wacz.write(storage, select(storage, Selection()), str(target), ABOUT, listings=False, tell=lambda _: None)
        assert f"{site.base}/i/a.png" in urls_of(target)
