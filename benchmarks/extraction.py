"""How well and how fast pages are read: govcrawl's extraction beside other extractors, as a Markdown table.

    python benchmarks/extraction.py                       # all installed systems, on the pages that are there
    python benchmarks/extraction.py --systems govcrawl    # quality only of ours, quick
    python benchmarks/extraction.py --pages tests/pages   # the shipped pages, whatever else is there
    python benchmarks/extraction.py --raise-floor         # write better figures of ours into extraction_floor.json

The pages are ../shared/pages (real pages with gold made by people) where that folder stands beside the repository, and
tests/pages (our own) elsewhere. Body: F1 of the longest common subsequence of characters, white space removed. Title,
date, source, author, editor, province: share of pages with exactly the gold value; a page without the field must yield
none. Speed: pages per second of CPU time on one core, systems taking turns of 20 pages, and the ratio to trafilatura.
A system that does not give a field shows a dash. readability-lxml, gne and resiliparse are used where installed.
"""

import argparse
import json
import logging
import re
import sys
import time
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "tests" / "pages"
REFERENCE = ROOT.parent / "shared" / "pages"
TURN = 20  # pages: the load of the machine changes slower, and none starts each page with the others' data in the cache
FLOOR = Path(__file__).with_name("extraction_floor.json")
FIELDS = ("body", "title", "date", "source", "author", "editor", "province")

# Reference pages whose gold is wrong, with the reason; they are left out of the named field.
WRONG_GOLD = {
    "www.uho.com.tw_2c3f2218": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_32bc40bd": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_4a1dec40": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_a6e901f3": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_ab1276d2": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_193667c6": ("title", "gold keeps the list mark 》 before the headline"),
    "www.uho.com.tw_dfb71b0c": ("title", "gold keeps the list mark 》 before the headline"),
    "aa1432d872173fe8": ("body", "a journal's table of contents, labelled a listing"),
}


@dataclass(frozen=True)
class Row:
    """A page and its gold; a field that is not in `gold` is not scored."""

    name: str
    body: bytes
    url: str
    gold: dict[str, Any]
    context: dict[str, Any]


def norm(value: object) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def lcs(a: str, b: str) -> int:
    """The length of the longest common subsequence, by bits (Hyyrö 2004)."""
    masks: dict[str, int] = defaultdict(int)
    for i, char in enumerate(a):
        masks[char] |= 1 << i
    full = (1 << len(a)) - 1
    state = full
    for char in b:
        both = state & masks.get(char, 0)
        state = ((state + both) | (state - both)) & full
    return (~state & full).bit_count()


def f1(got: str, want: str) -> float:
    got, want = norm(got), norm(want)
    common = lcs(got, want) if got and want else 0
    return 2 * common / (len(got) + len(want)) if common else 0.0


def day(value: object) -> tuple[int, ...] | None:
    match = re.search(r"(\d{4})\D{1,3}(\d{1,2})\D{1,3}(\d{1,2})", str(value or "")) or re.search(
        r"(\d{4})(\d{2})(\d{2})", str(value or "")
    )
    return tuple(map(int, match.groups())) if match else None


def simplified(text: str) -> str:
    from govcrawl.extraction.script import to_simplified

    return to_simplified(text)


def people(value: object) -> set[str]:
    parts = value if isinstance(value, list) else re.split(r"[,，、;；\s]+", str(value or ""))
    return {norm(p) for p in parts if norm(p)}


def score(row: Row, got: dict[str, Any]) -> dict[str, float]:
    """The scores of one page, 0 to 1, by field; only of fields that the system gives."""
    found: dict[str, float] = {}
    for field, want in row.gold.items():
        if field not in got:
            continue
        value = got[field]
        if field == "body":
            found[field] = f1(value, want)
        elif field == "date":
            found[field] = float(day(value) == day(want))
        elif field in ("author", "editor"):
            found[field] = float(people(value) in (people(want), {simplified(n) for n in people(want)}))
        else:
            found[field] = float(norm(value) in {norm(want), norm(simplified(str(want or "")))})
    return found


def reference_rows(folder: Path) -> list[Row]:
    """The real pages: gold bodies of the manifest, hand-made labels before its other gold."""
    labels = {}
    for file in sorted(folder.glob("labels_*.jsonl")):
        for line in file.read_text(encoding="utf-8").strip().split("\n"):
            label = json.loads(line)
            labels[label["file"]] = label
    rows = []
    for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").strip().split("\n"):
        page = json.loads(line)
        given = page.get("gold") or {}
        label = labels.get(page["file"])
        if page["kind"] != "article" or page.get("gold_ok") is False or not (given or label):
            continue
        gold: dict[str, Any] = {}
        if given.get("body_path"):
            gold["body"] = (folder / given["body_path"]).read_text(encoding="utf-8")
        if label and label.get("page_type", "article") == "article":
            gold |= {"title": label.get("title"), "date": label.get("publish_time")}
            gold |= {k: label[k] for k in ("source", "author", "editor") if k in label}
            gold |= {"province": label["province"]} if label.get("province") else {}
        elif not label and given.get("title"):
            gold["title"] = given["title"]
        for part, (field, _) in WRONG_GOLD.items():
            if part in page["file"]:
                gold.pop(field, None)
        if gold:
            rows.append(
                Row(
                    page["file"],
                    (folder / page["file"]).read_bytes(),
                    page.get("url") or "http://x.invalid/a",
                    gold,
                    {},
                )
            )
    return rows


def shipped_rows(folder: Path) -> list[Row]:
    """Our own pages with their gold."""
    names = {"text": "body", "published_on": "date"} | {f: f for f in FIELDS}
    rows = []
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").strip().split("\n"):
        page = json.loads(line)
        given = page["gold"]
        if given.get("page_type", "article") != "article":
            continue
        gold = {names[k]: v for k, v in given.items() if k in names}
        for original, field in (("text_original", "body"), ("title_original", "title")):
            if original in given:
                gold[field] = given[original]
        context = {"headers": page["headers"], "site": page["site"], "hints": page["hints"]}
        rows.append(Row(page["file"], (folder / page["file"]).read_bytes(), page["url"], gold, context))
    return rows


def govcrawl(row: Row) -> dict[str, Any]:
    from govcrawl.extraction import Site, extract

    context = row.context
    site = Site(**context["site"]) if context.get("site") else None
    got = extract(row.body, row.url, headers=context.get("headers"), site=site, **context.get("hints", {}))
    return {
        "body": got.text_original or got.text,
        "title": got.title_original or got.title,
        "date": got.published_on,
        "source": got.source,
        "author": got.author,
        "editor": got.editor,
        "province": got.province,
    }


def trafilatura(row: Row) -> dict[str, Any]:
    from trafilatura import bare_extraction

    got = bare_extraction(row.body, url=row.url, with_metadata=True)
    if got is None or isinstance(got, dict):
        return {"body": "", "title": None, "date": None, "source": None, "author": None}
    author = re.split(r"[;；]\s*", got.author) if got.author else []
    return {"body": got.text, "title": got.title, "date": got.date, "source": got.sitename, "author": author}


def readability(row: Row) -> dict[str, Any]:
    import lxml.html
    from readability import Document

    document = Document(decoded(row))
    return {"body": lxml.html.fromstring(document.summary()).text_content(), "title": document.short_title()}


def gne(row: Row) -> dict[str, Any]:
    from gne import GeneralNewsExtractor

    got = GeneralNewsExtractor().extract(decoded(row), host=row.url)
    return {"body": got["content"], "title": got["title"], "date": got["publish_time"], "author": got["author"]}


def resiliparse(row: Row) -> dict[str, Any]:
    from resiliparse.extract.html2text import extract_plain_text

    return {"body": extract_plain_text(decoded(row), main_content=True, alt_texts=False, links=False)}


def decoded(row: Row) -> str:
    """The text for systems that read no bytes; ours decodes it, outside of their time."""
    from govcrawl.extraction.charset import decode

    return _DECODED.setdefault(row.name, decode(row.body, row.context.get("headers"))[0])


_DECODED: dict[str, str] = {}
SYSTEMS: dict[str, Callable[[Row], dict[str, Any]]] = {
    f.__name__: f for f in (govcrawl, trafilatura, readability, gne, resiliparse)
}


def installed(names: list[str]) -> Iterator[str]:
    """The systems that can be imported here; the others are named on standard error."""
    for name in names:
        try:
            __import__(name)
        except ImportError:
            print(f"{name}: not installed, left out", file=sys.stderr)
        else:
            yield name


def attempt(system: Callable[[Row], dict[str, Any]], row: Row) -> dict[str, Any]:
    """What a system gives for a page; nothing where it fails."""
    try:
        return system(row)
    except Exception:
        return {"body": "", "title": None}


def run(rows: list[Row], names: list[str]) -> dict[str, dict[str, float]]:
    """Mean scores by system and field, with pages per second of CPU time under "pages/s"."""
    sums: dict[str, dict[str, list[float]]] = {n: defaultdict(list) for n in names}
    spent = dict.fromkeys(names, 0.0)
    for first in range(0, len(rows), TURN):
        turn = rows[first : first + TURN]
        for row in turn:
            decoded(row)
        for name in names:
            start = time.process_time()
            found = [attempt(SYSTEMS[name], row) for row in turn]
            spent[name] += time.process_time() - start
            for row, got in zip(turn, found, strict=True):
                for field, value in score(row, got).items():
                    sums[name][field].append(value)
    return {
        n: {f: sum(v) / len(v) for f, v in sums[n].items()} | {"pages/s": len(rows) / max(spent[n], 1e-9)}
        for n in names
    }


def table(result: dict[str, dict[str, float]], rows: list[Row]) -> str:
    """The figures as a Markdown table; n is the number of pages that have gold for a field."""
    counts = {f: sum(1 for r in rows if f in r.gold) for f in FIELDS}
    shown = [f for f in FIELDS if counts[f]]
    lines = [
        "| system | " + " | ".join(f"{f} ({counts[f]})" for f in shown) + " | pages/s | × trafilatura |",
        "|---" * (len(shown) + 3) + "|",
    ]
    base = result.get("trafilatura", {}).get("pages/s")
    for name, figures in result.items():
        cells = [f"{figures[f]:.3f}" if f in figures else "–" for f in shown]
        ratio = f"{figures['pages/s'] / base:.1f}" if base else "–"
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {figures['pages/s']:.0f} | {ratio} |")
    return "\n".join(lines)


def floor_key(folder: Path) -> str:
    return "reference" if folder == REFERENCE else "shipped"


def rows_of(folder: Path) -> list[Row]:
    return reference_rows(folder) if (folder / "manifest.jsonl").exists() else shipped_rows(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pages",
        type=Path,
        default=REFERENCE if REFERENCE.exists() else SHIPPED,
        help="folder with manifest.jsonl or gold.jsonl",
    )
    parser.add_argument("--systems", default=",".join(SYSTEMS), help=f"comma separated, of {', '.join(SYSTEMS)}")
    parser.add_argument(
        "--raise-floor", action="store_true", help="write figures of ours that are better than the floor into it"
    )
    args = parser.parse_args()
    unknown = set(args.systems.split(",")) - set(SYSTEMS)
    if unknown:
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sys.path.insert(0, str(ROOT))
    folder = args.pages.resolve()
    rows = rows_of(folder)
    names = list(installed(args.systems.split(",")))
    for name in names:  # imports and caches are not the page's time
        run(rows[:2], [name])
    result = run(rows, names)
    print(table(result, rows))
    if args.raise_floor and "govcrawl" in result:
        floor = json.loads(FLOOR.read_text(encoding="utf-8")) if FLOOR.exists() else {}
        own = floor.setdefault(floor_key(folder), {})
        for field in FIELDS:
            if field in result["govcrawl"]:
                # Cut, not rounded: the floor must hold for the very run that set it.
                own[field] = max(own.get(field, 0.0), int(result["govcrawl"][field] * 1000) / 1000)
        FLOOR.write_text(json.dumps(floor, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
