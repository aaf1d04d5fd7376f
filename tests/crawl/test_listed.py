"""Whole crawls of listings whose rows are elsewhere: filled by an interface, in a comment, or not to be had, each beside a
side list that is never taken for the channel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from govcrawl.base_spiders.ucap import search_url
from tests.loopback import Site, crawl

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}
CHANNEL = "0f" * 16


def links(site: Site, numbers: range) -> str:
    return "".join(
        f'<li><a href="{site.path_of(n)}">第{n}号消息公布了很长的题目</a><em>{site.day(n)}</em></li>' for n in numbers
    )


def page(inner: str, site: Site, head: str = "") -> bytes:
    side = f'<div class="fr"><h3>阅读排行</h3><ul>{links(site, range(1, 7))}</ul></div>'
    return f"<html><head><title>通知公告</title>{head}</head><body>{side}<div>{inner}</div></body></html>".encode()


@pytest.mark.parametrize("form", ["interface", "comment", "nothing"])
def test_the_side_list_is_never_the_channel(form: str, tmp_path: Path) -> None:
    with Site(14) as site:
        head = f'<meta name="channelId" content="{CHANNEL}">' if form == "interface" else ""
        inner = (
            f"<ul class='list'><!-- {links(site, range(7, 15))} --></ul>"
            if form == "comment"
            else "<ul class='list'></ul>"
        )
        site.answers["/gk/list.shtml"] = 200, HTML, page(inner, site, head)
        results = [
            {"title": f"第{n}号消息", "url": site.path_of(n), "publishedTimeStr": f"{site.day(n)} 09:00:00"}
            for n in range(7, 15)
        ]
        data = json.dumps({"data": {"total": 8, "rows": 15, "results": results}}).encode()
        asked = search_url("", CHANNEL)
        site.answers[asked] = 200, {"Content-Type": "application/json"}, data
        unknown = {"SPIDER_MODULES": "govcrawl.spiders"}  # no spider has this host
        done = crawl(tmp_path, "site", "-a", f"start={site.base}/gk/list.shtml", settings=unknown)
        expected = 4 if form == "nothing" else 0
        assert done.returncode == expected, done.stdout + done.stderr[-3000:]
        rows = pq.read_table(tmp_path / "articles").to_pylist() if expected == 0 else []
        assert {r["url"] for r in rows} == ({site.base + site.path_of(n) for n in range(7, 15)} if rows else set())
        assert site.asked[asked] == (form == "interface")
        assert not any(site.asked[site.path_of(n)] for n in range(1, 7))
        assert ("no_rows" in done.stdout) == (form == "nothing")
