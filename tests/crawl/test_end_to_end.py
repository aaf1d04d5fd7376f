"""From recorded sites to rows: every article that a recording's gold lists lands once, in its partition, with its fields.
The shipped recording is crawled everywhere; a larger one beside the project, where it is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.addresses import doc_id
from tests.loopback import PROJECT, crawl

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = PROJECT / "data/sample/web.warc.gz", PROJECT / "tests/web/gold.jsonl"
SEEDWEB = PROJECT / "../shared/seedweb/web.warc.gz", PROJECT / "../shared/seedweb/gold.jsonl"

# How each site of a gold file is crawled: spider and arguments; the copies are asked for by their addresses.
SHIPPED_CRAWLS: dict[str, tuple[str, ...]] = {
    "heilongjiang": (),
    "gmw": ("-a", "channel=https://difang.gmw.cn/hlj/node_12836.htm"),
    "netease": ("-a", "channel=https://liaoning.news.163.com/"),
    "chce": ("-a", "channel=http://www.chce.org.cn/Article_Class.asp?ClassID=12"),
}
SEEDWEB_CRAWLS = {
    "gmw": SHIPPED_CRAWLS["gmw"],
    "wy163": SHIPPED_CRAWLS["netease"],
    "chce": SHIPPED_CRAWLS["chce"],
}
SPIDERS = {"wy163": "netease"}
FIELDS = ("title", "published_on", "published_precision", "source", "author", "editor", "script", "province", "year")


def gold_rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def squeezed(text: str | None) -> str:
    return re.sub(r"\s+", "", (text or "").replace("著", "着"))


def rows_of(data: Path) -> list[dict[str, Any]]:
    return pq.read_table(data / "articles").to_pylist()  # type: ignore[no-any-return]


def differences(want: dict[str, Any], got: dict[str, Any]) -> list[str]:
    found = []
    for name in FIELDS:
        have = got[name]
        if name == "published_on":
            have = have.isoformat() if have else None
        if have != want[name]:
            found.append(f"{name}: {have!r}, gold {want[name]!r}")
    at = got["published_at"].isoformat() if got["published_at"] else None
    if at != want["published_at"]:
        found.append(f"published_at: {at!r}, gold {want['published_at']!r}")
    flags, optional = set(got["quality"]), set(want.get("quality_optional", ()))
    if flags - optional != set(want["quality"]) - optional:
        found.append(f"quality: {sorted(flags)}, gold {want['quality']}")
    for name in ("doc_number", "index_number", "issuer"):
        if want.get(name) and got[name] != want[name]:
            found.append(f"{name}: {got[name]!r}, gold {want[name]!r}")
    if "attachments" in want and {a["url"] for a in got["attachments"]} != set(want["attachments"]):
        found.append(f"attachments: {[a['url'] for a in got['attachments']]}, gold {want['attachments']}")
    for name in ("text", "text_original", "title_original"):
        if want.get(name) and squeezed(got[name]) != squeezed(want[name]):
            found.append(f"{name}: {got[name]!r}\n   gold {want[name]!r}")
    return found


def check(gold: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    by_url = {doc_id(r["url"]): r for r in rows}
    assert len(by_url) == len(rows), "an article landed twice"
    problems = []
    for want in gold:
        got = next((by_url[u] for u in _ids(want) if u in by_url), None)
        problems += (
            [f"{want['url']}: did not land"] if got is None else [f"{want['url']}: {d}" for d in differences(want, got)]
        )
    accepted = {u for want in gold for u in _ids(want)}
    problems += [
        f"{row['url']}: landed, but gold does not list it" for key, row in by_url.items() if key not in accepted
    ]
    assert not problems, "\n".join(problems)


def _ids(want: dict[str, Any]) -> list[str]:
    """The documents as which a gold row may land: its own address, or the other that shows the same text."""
    also = want.get("also_at") or []
    return [doc_id(url) for url in (want["url"], *([also] if isinstance(also, str) else also))]


def crawl_twice(data: Path, spider: str, arguments: tuple[str, ...], warc: Path, failing: int = 0) -> None:
    """A crawl that ends complete, and an identical one that lands nothing and asks for first list pages only.
    ``failing``: articles that the recording answers with a server error, which each run asks again."""
    for again in (False, True):
        done = crawl(data, spider, *arguments, GOVCRAWL_REPLAY=str(warc))
        assert done.returncode == (3 if failing else 0), done.stdout + done.stderr[-3000:]
        report = json.loads(max(data.glob("runs/**/*.json")).read_text())
        assert report["status"] == ("partial" if failing else "complete")
        if again:
            assert report["landed"] == {}
            assert report["outcomes"].get("article", {}) == ({"server_error": failing} if failing else {})
            assert all(c["complete"] for c in report["channels"])
            assert failing or all(c["pages"] == 1 for c in report["channels"]), "an unsettled row keeps a walk going"


@pytest.mark.parametrize("site", SHIPPED_CRAWLS)
def test_the_shipped_recording(site: str, tmp_path: Path) -> None:
    warc, gold = SHIPPED
    crawl_twice(tmp_path, site, SHIPPED_CRAWLS[site], warc, failing={"netease": 1, "chce": 1}.get(site, 0))
    check([g for g in gold_rows(gold) if g["site"] == site], rows_of(tmp_path))


def test_the_shipped_recording_of_jyb(tmp_path: Path) -> None:
    warc, gold = SHIPPED
    for channel in ("http://www.jyb.cn/rmtlistxqjy/", "http://www.jyb.cn/rmtlistzyjy/"):
        done = crawl(tmp_path, "jyb", "-a", f"channel={channel}", GOVCRAWL_REPLAY=str(warc))
        assert done.returncode in (0, 3), done.stdout + done.stderr[-3000:]
    check([g for g in gold_rows(gold) if g["site"] == "jyb"], rows_of(tmp_path))


def test_the_shipped_copies_by_address(tmp_path: Path) -> None:
    warc, path = SHIPPED
    gold = [g for g in gold_rows(path) if "." in g["site"]]
    by_address(tmp_path, gold, warc)


@pytest.fixture
def seedweb() -> tuple[Path, Path]:
    if not SEEDWEB[0].exists():
        pytest.skip("the seed web is not beside this checkout (../shared/seedweb)")
    return SEEDWEB


@pytest.mark.parametrize("site", SEEDWEB_CRAWLS)
def test_the_seed_web(site: str, seedweb: tuple[Path, Path], tmp_path: Path) -> None:
    warc, gold = seedweb
    crawl_twice(tmp_path, SPIDERS.get(site, site), SEEDWEB_CRAWLS[site], warc)
    check([g for g in gold_rows(gold) if g["site"] == site], rows_of(tmp_path))


def test_the_seed_web_copies_by_address(seedweb: tuple[Path, Path], tmp_path: Path) -> None:
    warc, path = seedweb
    by_address(tmp_path, [g for g in gold_rows(path) if g["site"] in ("hlj_rehost", "jyb_mirror")], warc)


def by_address(data: Path, gold: list[dict[str, Any]], warc: Path) -> None:
    assert gold
    listed = data / "urls.txt"
    listed.write_text("# copies\n" + "\n".join(g["url"] for g in gold) + "\n")
    first = crawl(data / "a", "urls", "-a", f"file={listed}", GOVCRAWL_REPLAY=str(warc))
    assert first.returncode == 0, first.stdout + first.stderr[-3000:]
    check(gold, rows_of(data / "a"))
    again = crawl(data / "a", "urls", "-a", f"file={listed}", GOVCRAWL_REPLAY=str(warc))
    assert again.returncode == 0, again.stdout
    assert len(rows_of(data / "a")) == len(gold)
    for site in {r["site"] for r in rows_of(data / "a")}:
        assert list((data / "a" / "captures" / f"site={site}").glob("*.parquet"))
