"""How well and how fast pages are read: govcrawl's extraction beside other extractors, as Markdown tables.

    python benchmarks/extraction.py                       # all installed systems, on the pages that are there
    python benchmarks/extraction.py --systems govcrawl    # quality only of ours, quick
    python benchmarks/extraction.py --worst 10            # and by field the pages on which ours does worst
    python benchmarks/extraction.py --perturb             # what ours loses when pages are written otherwise
    python benchmarks/extraction.py --pages tests/pages   # the shipped pages, whatever else is there
    python benchmarks/extraction.py --raise-floor         # write better figures of ours into extraction_floor.json

The pages are ../shared/pages and ../shared/pages_more (real pages with gold made by people) where they stand beside the
repository, and tests/pages (our own) elsewhere. Body: F1 of the longest common subsequence of characters, white space
removed. Title, date, source, author, editor, province: accuracy / precision. Accuracy is the share of pages with
exactly the gold value; a page without the field must yield none. Precision is the share of right ones among the values
given.
Speed: pages per second of CPU time on one core, systems taking turns of 20 pages, and the ratio to trafilatura. A
system that does not give a field shows a dash. readability-lxml, gne and resiliparse are used where installed.
"""

import argparse
import json
import logging
import re
import statistics
import sys
import time
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pages import FIELDS, KINDS, WRONG_GOLD, Row, sets, there  # noqa: E402
from benchmarks.perturbations import PERTURBATIONS  # noqa: E402

TURN = 20  # pages: the load of the machine changes slower, and none starts each page with the others' data in the cache
FLOOR = Path(__file__).with_name("extraction_floor.json")


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


@dataclass(frozen=True)
class Reading:
    """What a system gave for a page: its scores, 0 to 1, by field, the fields that it gave a value for, CPU seconds."""

    row: Row
    got: dict[str, Any]
    scores: dict[str, float]
    given: frozenset[str]
    seconds: float


def given(got: dict[str, Any]) -> frozenset[str]:
    return frozenset(field for field, value in got.items() if value and value != "unknown")


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


def run(rows: list[Row], names: list[str]) -> dict[str, list[Reading]]:
    """What each system gives for each page, systems taking turns."""
    readings: dict[str, list[Reading]] = {n: [] for n in names}
    for first in range(0, len(rows), TURN):
        turn = rows[first : first + TURN]
        for row in turn:
            decoded(row)
        for name in names:
            for row in turn:
                start = time.process_time()
                got = attempt(SYSTEMS[name], row)
                seconds = time.process_time() - start
                readings[name].append(Reading(row, got, score(row, got), given(got), seconds))
    return readings


def figures(readings: Iterable[Reading]) -> dict[str, float]:
    """Accuracy by field, and precision by "<field> precision" where any value was given."""
    found: dict[str, list[float]] = defaultdict(list)
    for reading in readings:
        for field, value in reading.scores.items():
            found[field].append(value)
            if field != "body" and field in reading.given:
                found[f"{field} precision"].append(value)
    return {field: statistics.fmean(values) for field, values in found.items()}


def cell(result: dict[str, float], field: str) -> str:
    if field not in result:
        return "–"
    precision = result.get(f"{field} precision")
    return f"{result[field]:.3f}" + (f" / {precision:.3f}" if precision is not None else "")


def table(readings: dict[str, list[Reading]], rows: list[Row]) -> str:
    """All systems on all pages; the number beside a field is that of the pages with gold for it."""
    counts = {f: sum(1 for r in rows if f in r.gold) for f in FIELDS}
    shown = [f for f in FIELDS if counts[f]]
    heads = [f"{f} ({counts[f]})" for f in shown]
    lines = [f"| system | {' | '.join(heads)} | pages/s | × trafilatura |", "|---" * (len(shown) + 3) + "|"]
    speeds = {n: len(r) / max(sum(one.seconds for one in r), 1e-9) for n, r in readings.items()}
    for name, read in readings.items():
        result = figures(read)
        ratio = f"{speeds[name] / speeds['trafilatura']:.1f}" if "trafilatura" in speeds else "–"
        cells = " | ".join(cell(result, f) for f in shown)
        lines.append(f"| {name} | {cells} | {speeds[name]:.0f} | {ratio} |")
    return "\n".join(lines)


def parts_table(readings: list[Reading], pages: dict[str, list[Row]]) -> str:
    """Ours by set of pages and by kind of site."""
    parts: dict[str, list[Reading]] = {"all": readings}
    for name, rows in pages.items():
        names = {row.name for row in rows}
        parts[name] = [r for r in readings if r.row.name in names]
    for kind in KINDS:
        parts[kind] = [r for r in readings if r.row.kind == kind]
    shown = [f for f in FIELDS if any(f in r.row.gold for r in readings)]
    lines = [f"| govcrawl | {' | '.join(shown)} |", "|---" * (len(shown) + 1) + "|"]
    for name, read in parts.items():
        result = figures(read)
        lines.append(f"| {name} ({len(read)} pages) | {' | '.join(cell(result, f) for f in shown)} |")
    return "\n".join(lines)


def slowest(readings: list[Reading]) -> str:
    """The median page's time and the slowest's, the least of three readings, since a machine has other work too."""
    median = statistics.median(r.seconds for r in readings)

    def again(reading: Reading) -> float:
        times = []
        for _ in range(3):
            start = time.process_time()
            attempt(govcrawl, reading.row)
            times.append(time.process_time() - start)
        return min(times)

    suspects = sorted(readings, key=lambda r: -r.seconds)[:5]
    seconds, row = max(((again(r), r.row) for r in suspects), key=lambda pair: pair[0])
    return (
        f"govcrawl: median {1000 * median:.1f} ms a page, slowest {1000 * seconds:.1f} ms "
        f"({seconds / median:.1f} × the median): {row.name}, {len(row.body) // 1024} KiB"
    )


def perturb_table(rows: list[Row]) -> str:
    """On the pages as they are, and the points of a hundred by which fields change when they are written otherwise. Where a
    change takes away the only place of a truth, the field is scored in neither; `left out` counts these."""
    before = run(rows, ["govcrawl"])["govcrawl"]
    plain = figures(before)
    shown = [f for f in FIELDS if f in plain]
    lines = [f"| pages | changed | left out | {' | '.join(shown)} |", "|---" * (len(shown) + 3) + "|"]
    lines.append(f"| as they are | – | – | {' | '.join(f'{plain[f]:.3f}' for f in shown)} |")
    for name, change in PERTURBATIONS.items():
        changed = [change(row) for row in rows]
        same = [
            replace(r, scores={f: r.scores[f] for f in r.scores if f in c.gold})
            for r, c in zip(before, changed, strict=True)
        ]
        first, after = figures(same), figures(run(changed, ["govcrawl"])["govcrawl"])
        count = sum(a is not b for a, b in zip(changed, rows, strict=True))
        out = sum(len(a.gold) - len(b.gold) for a, b in zip(rows, changed, strict=True))
        points = [f"{100 * (after[f] - first[f]):+.1f}" if f in after else "–" for f in shown]
        lines.append(f"| {name} | {count} | {out} | {' | '.join(points)} |")
    return "\n".join(lines)


def worst(readings: list[Reading], count: int) -> Iterator[str]:
    """The pages on which ours does worst, by field: name, kind, what was given and what is right."""
    for field in FIELDS:
        bad = [r for r in readings if r.scores.get(field, 1.0) < (0.9 if field == "body" else 1.0)]
        for r in sorted(bad, key=lambda r: r.scores[field])[:count]:
            values = "" if field == "body" else f"{r.got[field]!r}, gold {r.row.gold[field]!r}"
            yield f"{field} {r.scores[field]:.2f} {r.row.name} ({r.row.kind}) {values}"


def raise_floor(readings: list[Reading], pages: dict[str, list[Row]]) -> None:
    """Keep figures that are better than before, a floor for each set."""
    floor = json.loads(FLOOR.read_text(encoding="utf-8")) if FLOOR.exists() else {}
    for name, rows in pages.items():
        own, names = floor.setdefault(name, {}), {row.name for row in rows}
        for field, value in figures(r for r in readings if r.row.name in names).items():
            # Cut, not rounded: the floor must hold for the very run that set it.
            own[field] = max(own.get(field, 0.0), int(value * 1000) / 1000)
    FLOOR.write_text(json.dumps(floor, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--pages", type=Path, nargs="+", default=there(), help="folders with manifest.jsonl or gold.jsonl"
    )
    parser.add_argument("--systems", default=",".join(SYSTEMS), help=f"comma separated, of {', '.join(SYSTEMS)}")
    parser.add_argument("--perturb", action="store_true", help="ours on changed pages: what each field loses")
    parser.add_argument("--worst", type=int, default=0, help="list this many of our worst pages by field")
    parser.add_argument("--raise-floor", action="store_true", help="write better figures of ours into the floor")
    args = parser.parse_args()
    unknown = set(args.systems.split(",")) - set(SYSTEMS)
    if unknown:
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    missing = [str(f) for f in args.pages if not any((f / n).exists() for n in ("manifest.jsonl", "gold.jsonl"))]
    if missing:
        parser.error(f"no manifest.jsonl or gold.jsonl in {', '.join(missing)}")
    return args


def main() -> int:
    args = arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    pages = sets([folder.resolve() for folder in args.pages])
    rows = [row for part in pages.values() for row in part]
    if args.perturb:
        print(perturb_table(rows))
        return 0
    names = list(installed(args.systems.split(",")))
    for name in names:  # imports and caches are not the page's time
        run(rows[:2], [name])
    readings = run(rows, names)
    print(table(readings, rows))
    if "govcrawl" in readings:
        ours = readings["govcrawl"]
        print("", parts_table(ours, pages), "", slowest(ours), *worst(ours, args.worst), sep="\n")
        if args.raise_floor:
            raise_floor(ours, pages)
    wrong = [(part, field, why) for part, field, why in WRONG_GOLD if any(part in row.name for row in rows)]
    for part, field, why in wrong:
        print(f"wrong gold, left out: {field} of {part}: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
