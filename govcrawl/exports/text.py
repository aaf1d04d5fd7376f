"""Articles as lines of text: CSV for spreadsheets, JSON Lines for programs and for language models."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govcrawl.exports.rows import iso

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

# The most UTF-16 units that a cell of Excel holds; what is longer, Excel breaks off.
CELL = 32_767
_CUT = "…"
# What makes Excel, LibreOffice and WPS take a cell as a formula, the full-width forms too; and the sign that undoes it.
_GUARDED = frozenset("=+-@\t\r\n＝＋－＠'")


@dataclass(slots=True)
class Written:
    """What was written: rows; cells longer than Excel shows, whole or cut; rows left out since they have no text."""

    rows: int = 0
    long_cells: int = 0
    without_text: int = 0


def write_csv(rows: Iterable[dict[str, Any]], columns: tuple[str, ...], out: TextIO, *, cut: bool = False) -> Written:
    """RFC 4180 with a head line. ``out`` is to be in UTF-8 with BOM, by which Excel knows it. ``cut``: no cell is longer than
    Excel shows, the last character of a cut one is ``…``."""
    done = Written()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        cells = [cell(row[name]) for name in columns]
        for n, text in enumerate(cells):
            if len(text) > CELL // 2 and units(text) > CELL:
                done.long_cells += 1
                cells[n] = shortened(text) if cut else text
        writer.writerow(cells)
        done.rows += 1
    return done


def cell(value: Any) -> str:
    """A value as a cell: lists joined by ``; ``, files and images a line each (name, blank, address), and text that a
    spreadsheet would compute begins with an apostrophe. ``uncell`` is the way back for text."""
    if value is None:
        return ""
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return _guarded("\n".join(f"{v.get('name') or v.get('alt') or ''} {v['url'] or ''}".strip() for v in value))
        return _guarded("; ".join(str(v) for v in value))
    return _guarded(value) if isinstance(value, str) else str(iso(value))


def _guarded(text: str) -> str:
    return f"'{text}" if text and text[0] in _GUARDED else text


def uncell(text: str) -> str:
    """The text that ``cell`` made a cell of."""
    return text.removeprefix("'")


def units(text: str) -> int:
    """Length of a text in UTF-16 units, as Excel counts."""
    return len(text) + sum(c > "\uffff" for c in text)


def shortened(text: str) -> str:
    """The beginning of a text that is longer than a cell of Excel."""
    kept = text[: CELL - 1]
    while units(kept) > CELL - 1:
        kept = kept[: len(kept) - (units(kept) - CELL + 2) // 2]
    return kept + _CUT


def write_jsonl(rows: Iterable[dict[str, Any]], out: TextIO) -> Written:
    """An object a line with every column, of the types of the archive: lists, numbers, null; days and moments in ISO 8601."""
    done = Written()
    for row in rows:
        out.write(dumps(row) + "\n")
        done.rows += 1
    return done


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=iso)


# What a user of a corpus must know of the rights, by kind of site. The program's licence covers no text.
LICENCES = {
    "department": "text of a state organ; documents of a legislative, administrative or judicial nature are outside "
    "copyright (Copyright Law of China, article 5), other texts belong to their authors or publisher",
    "news": "the rights are the publisher's and the author's; news of mere facts are outside copyright (Copyright Law of "
    "China, article 5); ask the publisher before you redistribute",
}
LICENCES["ministry"] = LICENCES["department"]
LICENCES["other"] = "the rights are the publisher's and the author's; ask the publisher before you redistribute"

CORPUS_COLUMNS = (
    "doc_id", "revision", "title", "text", "url", "site", "site_name", "site_kind", "channel", "province", "year",
    "published_on", "source", "author", "issuer", "doc_number", "script", "quality", "text_hash", "text_length",
    "extractor", "fetched_at",
)  # fmt: skip


def write_corpus(rows: Iterable[dict[str, Any]], out: TextIO) -> Written:
    """``{"text": …, "meta": {…}, "licence": …}`` a line: the title, a blank line, the body. Rows without text are left out."""
    done = Written()
    for row in rows:
        text = row.pop("text")
        if not text:
            done.without_text += 1
            continue
        licence = LICENCES.get(row["site_kind"], LICENCES["other"])
        text = f"{row['title']}\n\n{text}" if row["title"] else text
        out.write(dumps({"text": text, "meta": row, "licence": licence}) + "\n")
        done.rows += 1
    return done
