"""The pages that extraction is measured on, with their gold, the kind of their site, and the gold that is wrong."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "tests" / "pages"
# Sets of real pages beside the repository, scored together and each by itself.
REFERENCE = tuple(ROOT.parent / "shared" / name for name in ("pages", "pages_more"))
FIELDS = ("body", "title", "date", "source", "author", "editor", "province")
KINDS = ("government", "news", "other")

# What is neither a government's site nor a paper's, station's or portal's: encyclopaedias, blogs, forums, journals,
# novels, schools, hospitals, companies, writers of their own accounts. Parts of a host, or of a file's name.
_OTHER = re.compile(
    r"baike\.|blog|bbs|forum|luntan|tieba|douban|zhihu|csdn|cnblogs|mp\.weixin|w3\.org|hanspub|qidian|shici|shige"
    r"|\.edu\.|beijingspring|cclw|cl2000|confucius|myrice|netsh|theorychina|tqxz|gamersky"
    r"|1905\.com|bilibili|ednchina|gsc\.org"
    r"|mingridapan|njxfhn|zyyfy|/xds/|uho\.com|awakeningtw"
)
_HOST = re.compile(rb"https?://([\w.-]+)/")

# Reference pages whose gold is wrong, as (part of the file's name, field, reason); the field is left out there.
_MARK = "gold keeps the list mark 》 before the headline"
_DISCLAIMED = (
    "58269337f0d6202b",
    "7d04f1d2e8c9b8fb",
    "c0f165a436f45895",
    "0fb286aeefcd53ce",
    "f010ebf42fdd1cfe",
    "386f66390ee01316",
    "bfbda7e2bf460fd4",
    "fd2de5210a20b4bf",
)
WRONG_GOLD = (
    ("www.uho.com.tw_2c3f2218", "title", _MARK),
    ("www.uho.com.tw_32bc40bd", "title", _MARK),
    ("www.uho.com.tw_4a1dec40", "title", _MARK),
    ("www.uho.com.tw_a6e901f3", "title", _MARK),
    ("www.uho.com.tw_ab1276d2", "title", _MARK),
    ("www.uho.com.tw_193667c6", "title", _MARK),
    ("www.uho.com.tw_dfb71b0c", "title", _MARK),
    ("97ce5c1e5e2afdcf", "title", "begins with the last word of the breadcrumbs, 正文"),
    ("ae852d2e26054a08", "title", "begins with words of the breadcrumbs"),
    ("8a01bbd5e7d9594f", "title", "lacks the quotation mark that opens the headline"),
    ("c580070bd60454f0", "title", "ends with the first character of the site's name"),
    ("fd9a7a9a17524b4a", "title", "keeps the clock behind the headline, which the page sets apart"),
    ("da3bc160cddd146f", "title", "lacks the second half of the headline"),
    ("aa1432d872173fe8", "body", "a journal's table of contents, labelled a listing"),
    *((part, "body", "holds the site's disclaimer") for part in _DISCLAIMED),
    ("774599098d724d50", "body", "ends before the report's second part, which the page shows"),
    ("658d9f03-ebba-4946", "body", "runs on into recommendations and comments"),
)


@dataclass(frozen=True)
class Row:
    """A page and its gold; a field that is not in `gold` is not scored. `ends` are the body's first and last words."""

    name: str
    body: bytes
    url: str
    gold: dict[str, Any]
    context: dict[str, Any]
    kind: str = "other"
    ends: tuple[str, str] = ("", "")


def there() -> list[Path]:
    """The folders of real pages beside the repository, else that of our own."""
    return [folder for folder in REFERENCE if folder.exists()] or [SHIPPED]


def sets(folders: list[Path]) -> dict[str, list[Row]]:
    """The pages by set; a set's name is its folder's, "shipped" for our own."""
    return {"shipped" if folder == SHIPPED else folder.name: rows_of(folder) for folder in folders}


def rows_of(folder: Path) -> list[Row]:
    """The pages of a folder with manifest.jsonl (real ones) or gold.jsonl (our own)."""
    return _real(folder) if (folder / "manifest.jsonl").exists() else _own(folder)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def _real(folder: Path) -> list[Row]:
    """Real pages: gold bodies of the manifest, hand-made labels before its other gold."""
    labels = {label["file"]: label for file in sorted(folder.glob("labels_*.jsonl")) for label in _lines(file)}
    rows = []
    for page in _lines(folder / "manifest.jsonl"):
        label = labels.get(page["file"])
        if page["kind"] != "article" or page.get("gold_ok") is False or not (page.get("gold") or label):
            continue
        gold = _gold(folder, page, label)
        body = (folder / page["file"]).read_bytes()
        url = page.get("url") or "http://x.invalid/a"
        ends = _ends(str(gold.get("body") or ""), label or {})
        rows.append(Row(page["file"], body, url, gold, {}, _kind(page, body), ends))
    return rows


def _gold(folder: Path, page: dict[str, Any], label: dict[str, Any] | None) -> dict[str, Any]:
    given = page.get("gold") or {}
    gold: dict[str, Any] = {}
    if given.get("body_path"):
        gold["body"] = (folder / given["body_path"]).read_text(encoding="utf-8")
    if label and label.get("page_type", "article") == "article":
        gold |= {"title": label.get("title"), "date": label.get("publish_time")}
        gold |= {k: label[k] for k in ("source", "author", "editor") if k in label}
        gold |= {"province": label["province"]} if label.get("province") else {}
    elif not label and given.get("title"):
        gold["title"] = given["title"]
    wrong = {field for part, field, _ in WRONG_GOLD if part in page["file"]}
    return {field: value for field, value in gold.items() if field not in wrong}


def _ends(body: str, label: dict[str, Any]) -> tuple[str, str]:
    lines = body.strip().split("\n")
    return label.get("body_start") or lines[0].strip()[:20], label.get("body_end") or lines[-1].strip()[-20:]


def _kind(page: dict[str, Any], body: bytes) -> str:
    """government, news or other; a page without a known site is of the host that it links to most."""
    if page.get("gov"):
        return "government"
    linked = Counter(_HOST.findall(body)).most_common(1)
    host = page.get("site") or (linked[0][0].decode("ascii", "replace") if linked else "")
    return "other" if _OTHER.search(f"{host} {page['file']}") else "news"


def _own(folder: Path) -> list[Row]:
    """Our own pages with their gold."""
    names = {"text": "body", "published_on": "date"} | {f: f for f in FIELDS}
    kinds = {"department": "government", "ministry": "government"}
    rows = []
    for page in _lines(folder / "gold.jsonl"):
        given = page["gold"]
        if given.get("page_type", "article") != "article":
            continue
        gold = {names[k]: v for k, v in given.items() if k in names}
        for original, field in (("text_original", "body"), ("title_original", "title")):
            if original in given:
                gold[field] = given[original]
        context = {"headers": page["headers"], "site": page["site"], "hints": page["hints"]}
        kind = kinds.get(str((page["site"] or {}).get("kind")), "news")
        body, ends = (folder / page["file"]).read_bytes(), _ends(str(gold.get("body") or ""), {})
        rows.append(Row(page["file"], body, page["url"], gold, context, kind, ends))
    return rows
