"""How well reprints are found, and what it costs: govcrawl beside datasketch, rensa and trafilatura's Simhash.

    python -m benchmarks.reprints                        # planted truth on invented notices, and on real texts where they are
    python -m benchmarks.reprints --notices 200 --systems govcrawl
    python -m benchmarks.reprints --scale 100000 1000000  # time for each 100,000 articles, memory, index, and a second run

Planted are, for each notice: edits of 2, 5, 10 and 20 % of its characters, its head or tail cut off, its first third, an
editor's note added, a Traditional copy, a word-substituted copy, a digest of it and another notice, and the same notice
for another place, year and number, which is no reprint. Recall: share of the copies found together with their notice.
Precision: of all pairs found together, the share that carry one notice. Real texts are those with gold made by people in
../shared, where that folder stands beside the repository. Peers compare every text as it stands in the archive.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import pages
from govcrawl.archive.schema import ARTICLES
from govcrawl.archive.storage import Storage
from govcrawl.extraction.script import to_simplified
from govcrawl.reprints.run import group_pending
from govcrawl.reprints.text import letters
from govcrawl.workers.local import local
from tests.reprints.planted import KINDS, TEMPLATE, Text, edited, plant, synthetic, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Pairs = set[tuple[int, int]]
EASY = tuple(k for k in KINDS if k not in ("edit 20 %", "third"))


def doc_id(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def rows_of(texts: Iterable[Text], first: int = 0) -> Iterator[dict[str, Any]]:
    """Texts as rows of articles."""
    for number, text in enumerate(texts, first):
        yield {
            "doc_id": doc_id(number), "revision": 1, "revision_cause": "first", "status": "live",
            "url": f"http://{text.site[0]}.example/{number}", "site": text.site[0], "site_name": text.site[1],
            "site_kind": text.site[2], "title": text.title, "text": text.text, "script": "hans",
            "published_on": text.day, "source": text.source, "author": [], "editor": [], "province_name": "未知",
            "province_from": "none", "year_from": "published", "keywords": [], "attachments": [], "images": [],
            "quality": [], "text_hash": "", "text_length": len(text.text), "extractor": "", "seq": 1,
            "fetched_at": datetime(2025, 1, 1, tzinfo=UTC), "run_id": "synthetic",
        }  # fmt: skip


def write(folder: Path, rows: list[dict[str, Any]], name: str) -> None:
    path = folder / f"articles/province=unknown/year=2024/{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=ARTICLES), path, compression="zstd", row_group_size=10_000)


# Systems: pairs of texts that each finds together


def govcrawl(texts: list[Text]) -> Pairs:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), list(rows_of(texts)), "a")
        began = time.process_time()
        group_pending(Storage(folder))
        govcrawl.seconds = time.process_time() - began  # type: ignore[attr-defined]
        rows = pq.read_table(Path(folder) / "reprints").sort_by("grouped_at").to_pylist()
    newest = {row["doc_id"]: row for row in rows}
    number = {doc_id(n): n for n in range(len(texts))}
    groups: dict[str, list[int]] = defaultdict(list)
    for row in newest.values():
        groups[row["group_id"]].append(number[row["doc_id"]])
    found = {p for members in groups.values() for p in itertools.combinations(sorted(members), 2)}
    for row in newest.values():  # a digest is of its group, and carries others
        for other in row["also"]:
            for member in groups[newest[other]["group_id"]]:
                one = number[row["doc_id"]]
                found.add((min(one, member), max(one, member)))
    return found


def grams(text: str, size: int) -> list[bytes]:
    plain = re.sub(r"\s+", "", text)
    return [g.encode() for g in {plain[i : i + size] for i in range(max(len(plain) - size + 1, 1))}]


def datasketch(texts: list[Text]) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.5, num_perm=128)
    found = set()
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=128)
        sketch.update_batch(grams(text.text, 3))
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


def rensa(texts: list[Text]) -> Pairs:
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32)
    found = set()
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=128, seed=1)
        sketch.update([g.decode() for g in grams(text.text, 3)])
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


def trafilatura(texts: list[Text]) -> Pairs:
    from trafilatura.deduplication import Simhash

    hashes = np.array([Simhash(t.text).hash & (2**64 - 1) for t in texts], np.uint64)
    found = set()
    for number in range(1, len(hashes)):
        near = np.bitwise_count(hashes[:number] ^ hashes[number]) <= 3
        found |= {(int(other), number) for other in np.flatnonzero(near)}
    return found


SYSTEMS: dict[str, Callable[[list[Text]], Pairs]] = {
    "govcrawl": govcrawl,
    "datasketch": datasketch,
    "rensa": rensa,
    "trafilatura Simhash": trafilatura,
}


def score(texts: list[Text], found: Pairs) -> dict[str, float]:
    """Recall by kind, precision over all pairs, and the share of templates that stay apart from their notice."""
    origin = {t.of[0]: n for n, t in enumerate(texts) if t.kind == "origin"}
    right = sum(bool(set(texts[a].of) & set(texts[b].of)) for a, b in found)
    hits: dict[str, list[bool]] = defaultdict(list)
    for number, text in enumerate(texts):
        if text.kind == TEMPLATE:
            one = origin[-1 - text.of[0]]
            hits[TEMPLATE].append((min(one, number), max(one, number)) not in found)
        elif text.kind != "origin":
            hits[text.kind] += [(min(origin[o], number), max(origin[o], number)) in found for o in text.of]
    result = {kind: sum(hits[kind]) / len(hits[kind]) for kind in (*KINDS, TEMPLATE) if hits[kind]}
    return result | {"precision": right / len(found) if found else 0.0}


def real_texts() -> list[tuple[str, str]]:
    """Titles and texts of the reference pages, in Simplified characters as the archive has them. Of those that share a
    tenth of their passages of 13 characters with one before, which are reprints themselves, only the first."""
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    for row in (row for folder in pages.REFERENCE if folder.exists() for row in pages.rows_of(folder)):
        body, title = to_simplified(row.gold.get("body") or ""), to_simplified(row.gold.get("title") or "")
        plain = letters(body)
        passages = {plain[i : i + 13] for i in range(len(plain) - 12)}
        if len(plain) >= 250 and len(passages & seen) < len(passages) / 10:
            found.append((title or body.split("\n")[0][:40], body))
        seen |= passages
    return found


def quality(systems: list[str], notices: int) -> None:
    for name, texts in (("invented notices", synthetic(notices)), ("real texts", real_texts())):
        if not texts:
            print(f"\n{name}: none are there")
            continue
        planted = list(plant(texts))
        print(f"\n{len(texts)} {name}, {len(planted)} articles\n")
        print("| system | precision | " + " | ".join(KINDS) + " | templates apart | CPU minutes a million |")
        print("| --- |" + " --- |" * (len(KINDS) + 3))
        for system in systems:
            began = time.process_time()
            found = SYSTEMS[system](planted)
            seconds = getattr(SYSTEMS[system], "seconds", time.process_time() - began)
            figures = score(planted, found)
            cells = [f"{figures.get(k, float('nan')):.3f}" for k in ("precision", *KINDS, TEMPLATE)]
            print(f"| {system} | {' | '.join(cells)} | {seconds / len(planted) * 1e6 / 60:.0f} |", flush=True)


# Scale


def stream(count: int, seed: int) -> Iterator[Text]:
    """Articles of which a quarter repeat one of the last thousand: edited, cut to a third, or as it is."""
    chance = random.Random(seed)
    words, cumulative = vocabulary()
    base = next(plant(synthetic(1)))
    recent: list[tuple[str, str]] = []
    for number in range(count):
        if recent and chance.random() < 0.25:
            title, text = chance.choice(recent)
            made = chance.random()
            text = edited(chance, text, 0.05) if made < 0.5 else text[: len(text) // 3] if made < 0.7 else text
        else:
            title = "".join(chance.choices(words, cum_weights=cumulative, k=9))
            parts = chance.choices(words, cum_weights=cumulative, k=chance.randint(200, 480))
            text = "".join(w + "。" if n % 12 == 11 else w for n, w in enumerate(parts))
            recent = [*recent[-999:], (title, text)]
        yield Text("", (number,), title, text, base.site, None, base.day)


def scale(sizes: list[int], jobs: int) -> None:
    """Group archives that grow to these sizes, then by one more per cent, and print what each hundred thousand cost."""
    print("| articles | s | CPU µs an article | index | memory beside mapped files |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder, done = Path(name), 0
        for size in [*sizes, sizes[-1] + sizes[-1] // 100]:
            for first in range(done, size, 10_000):
                some = stream(min(10_000, size - first), first)
                write(folder, list(rows_of(some, first)), f"s-20250101T000000000Z-{first:08x}-00001-abcdef")
            began = time.monotonic()
            pid = os.fork()
            if not pid:
                grouped_in_a_process(name, jobs)
            peak = 0.0
            while os.waitpid(pid, os.WNOHANG) == (0, 0):
                peak = max(peak, anonymous_mib(pid))
                time.sleep(0.2)
            seconds = time.monotonic() - began
            marks = json.loads((folder / "marks.json").read_text())
            index = sum(p.stat().st_size for p in (folder / "reprints_index").iterdir()) / 2**20
            steps = [marks[0], *(m for m in marks[1:-1] if m[1] % 100_000 == 0), marks[-1]]
            for (cpu, n), (more, m) in itertools.pairwise(steps):
                if m > n:
                    print(f"| {done + n:,} to {done + m:,} | | {(more - cpu) / (m - n) * 1e6:.0f} | | |")
            whole = f"{marks[-1][0] / (size - done) * 1e6:.0f}, in all {marks[-1][0]:.1f} s"
            print(f"| run to {size:,} | {seconds:.0f} | {whole} | {index:.0f} MiB | {peak:.0f} MiB |", flush=True)
            done = size


def grouped_in_a_process(folder: str, jobs: int) -> None:
    """Group, note CPU time and articles after each batch in marks.json, and end the process."""
    marks: list[tuple[float, int]] = []
    began = time.process_time()
    try:
        marks.append((0.0, 0))
        with local(jobs) as workers:
            group_pending(
                Storage(folder),
                workers=workers,
                after=lambda g: marks.append((time.process_time() - began, g.articles)),
            )
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        marks.append((time.process_time() - began + children.ru_utime + children.ru_stime, marks[-1][1]))
        Path(folder, "marks.json").write_text(json.dumps(marks))
    finally:
        os._exit(0)


def anonymous_mib(pid: int) -> float:
    """Memory of a process and its children, without the mapped files that the system drops when it needs the room."""
    total = 0.0
    for one in (pid, *children(pid)):
        try:
            found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{one}/status").read_text())
        except OSError:
            continue
        total += int(found[1]) / 1024 if found else 0
    return total


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=300, help="invented notices (default 300)")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help=f"comma separated, of {', '.join(SYSTEMS)}")
    parser.add_argument("--scale", type=int, nargs="+", metavar="N", help="instead, group so many synthetic articles")
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        help="processes of the scale run that read texts; CPU time for each hundred thousand is told with 1 only (default 1)",
    )
    args = parser.parse_args()
    unknown = set(args.systems.split(",")) - set(SYSTEMS)
    if unknown:
        parser.error(f"no such system: {', '.join(sorted(unknown))}")
    if args.scale:
        scale(sorted(args.scale), args.jobs)
    else:
        quality(args.systems.split(","), args.notices)
    return 0


if __name__ == "__main__":
    sys.exit(main())
