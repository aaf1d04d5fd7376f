"""``scrapy export``: articles as a file for another program."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand

from govcrawl.archive.checks.verify import is_there, sites_of
from govcrawl.archive.storage import Storage
from govcrawl.base_spiders.arguments import day
from govcrawl.errors import BadArgument, nearest
from govcrawl.exports import copies, sqlite, text, wacz
from govcrawl.exports.ends import told
from govcrawl.exports.output import Output
from govcrawl.exports.rows import COLUMNS, rows
from govcrawl.exports.selection import Selection, select
from govcrawl.extensions import data_folder
from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from govcrawl.exports.selection import Places

FORMATS = ("csv", "jsonl", "sqlite", "wacz", "corpus")
_STREAMS = ("csv", "jsonl", "corpus")
NOTHING = 1  # exit code where no article is selected, as grep's
_TOLD_SECONDS = 10
# Options that only some formats know.
_ONLY = {"columns": ("csv", "jsonl"), "excel": ("csv",), "metadata": ("sqlite",), "listings": ("wacz",)}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return f"--format {'|'.join(FORMATS)} -o FILE [filters]"

    def short_desc(self) -> str:
        return "Write articles as CSV, JSON Lines, an SQLite database, a web archive (WACZ) or a corpus"

    def long_desc(self) -> str:
        return (
            "Write the newest row of each article that is published, or with --revisions every row. Filters that are given "
            "must all hold; values of one are joined by commas, of which any may. The file appears when it is whole. Exit "
            "codes: 0 done, 1 no article is selected and nothing was written, 2 bad argument, 8 reading or writing failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        add = parser.add_argument
        add("--format", choices=FORMATS, required=True, help="csv, jsonl, sqlite, wacz or corpus")
        add("-o", "--output", metavar="FILE", help="the file; .gz compresses lines of text; - is standard output")
        add("--force", action="store_true", help="replace a file that is there")
        add("--province", metavar="SLUG,…", help="of these provinces: heilongjiang or 黑龙江省; national, unknown")
        add("--year", metavar="YYYY,…", help="of these years; 0: without a year")
        add("--site", metavar="SITE,…", help="of these sites")
        add("--since", metavar="DATE", help="published on this day or later: 2024-03-31, 2024-03 or 2024")
        add("--until", metavar="DATE", help="published on this day or earlier")
        add("--words", metavar="WORDS", help="each word, between blanks, stands in title or text")
        add("--revisions", action="store_true", help="every revision, withdrawn articles too")
        add("--without-copies", choices=(copies.EXACT, copies.NEAR), help="one article of each text, or of each notice")
        add("--columns", metavar="NAME,…", help="csv, jsonl: only these columns, in this order")
        add("--excel", action="store_true", help="csv: cut cells that are longer than Excel shows")
        add("--metadata", metavar="FILE", help="sqlite: write what Datasette needs to show the file well")
        add("--listings", action="store_true", help="wacz: the sites' listing pages too")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        with told(self):
            output = _output(args, opts)
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise BadArgument(msg)
            selection = _selection(storage, opts)
            places = select(storage, selection)
            if opts.without_copies:
                places, ungrouped = copies.without_copies(storage, places, opts.without_copies)
                if ungrouped:
                    _tell(f"{ungrouped} articles are not grouped as they are now; run scrapy reprints")
            if not len(places):
                _tell(f"no article of {data} is selected; nothing was written")
                self.exitcode = NOTHING
                return
            _export(storage, places, output, opts, _about(opts))


def _output(args: list[str], opts: argparse.Namespace) -> Output:
    if args:
        msg = f"export takes no argument, and {args[0]!r} is one; write --site {args[0]} for a site"
        raise BadArgument(msg)
    if not opts.output:
        msg = f"say where to write: scrapy export --format {opts.format} -o FILE"
        raise BadArgument(msg)
    for name, formats in _ONLY.items():
        if getattr(opts, name) and opts.format not in formats:
            msg = f"--{name} is an option of --format {' or '.join(formats)}, not of {opts.format}"
            raise BadArgument(msg)
    if opts.without_copies and opts.revisions:
        msg = "--without-copies looks at the newest row of each article; leave out --revisions"
        raise BadArgument(msg)
    output = Output(opts.output, opts.force)
    output.check(streams=opts.format in _STREAMS, gz=opts.format in _STREAMS)
    if opts.metadata:
        Output(opts.metadata, opts.force).check(streams=False, gz=False)
    return output


# What is selected


def _selection(storage: Storage, opts: argparse.Namespace) -> Selection:
    given = {name: value for name in ("since", "until") if (value := getattr(opts, name)) is not None}
    since, until = day(given, "since", first=True), day(given, "until", first=False)
    if since and until and since > until:
        msg = f"--since {since} is after --until {until}; swap them"
        raise BadArgument(msg)
    words = tuple(opts.words.split()) if opts.words is not None else ()
    if opts.words is not None and not words:
        msg = "--words holds no word; write --words 招生"
        raise BadArgument(msg)
    return Selection(
        tuple(_province(value) for value in _values("province", opts.province)),
        tuple(_year(value) for value in _values("year", opts.year)),
        _known("site", _values("site", opts.site), sites_of(storage), "scrapy stats shows those of the archive"),
        since,
        until,
        words,
        opts.revisions,
    )


def _values(name: str, value: str | None) -> tuple[str, ...]:
    """The parts of an option that are joined by commas."""
    parts = tuple(part.strip() for part in (value or "").split(",") if part.strip())
    if value is not None and not parts:
        msg = f"--{name} names nothing; leave it out, or write a value"
        raise BadArgument(msg)
    return parts


def _known(name: str, values: tuple[str, ...], known: list[str], remedy: str) -> tuple[str, ...]:
    for value in values:
        if value not in known:
            msg = f"{value} is no {name}{nearest(value, known)}; {remedy}"
            raise BadArgument(msg)
    return values


def _province(value: str) -> str:
    """The slug of a province that is given by slug or name."""
    names = {name: slug for slug, p in PROVINCES.items() for name in (slug, p.name, p.short)}
    names |= {"national": "national", "全国": "national", "unknown": "unknown", "未知": "unknown"}
    _known("province", (value,), list(names), "write its slug or name: heilongjiang, 黑龙江省")
    return names[value]


def _year(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 4):
        msg = f"--year {value} is not a year; write --year 2023, or 0 for articles without one"
        raise BadArgument(msg)
    return int(value)


def _about(opts: argparse.Namespace) -> dict[str, str]:
    """What a file says of how it was made: the filters, and which rows it holds."""
    names = ("province", "year", "site", "since", "until", "words", "without_copies")
    chosen = [f"--{n.replace('_', '-')} {value}" for n in names if (value := getattr(opts, n))]
    return {"rows": "revisions" if opts.revisions else "newest", "filters": " ".join(chosen)}


# What is written


def _export(storage: Storage, places: Places, output: Output, opts: argparse.Namespace, about: dict[str, str]) -> None:
    if opts.format == "wacz":
        with output.path() as part:
            done = wacz.write(storage, places, part, about, listings=opts.listings, tell=_tell)
        _tell("; ".join(done.lines()))
        return
    if opts.format == "sqlite":
        with output.path() as part:
            written = sqlite.write(_told(rows(storage, places), len(places)), part, about)
        if opts.metadata:
            with Output(opts.metadata, opts.force).text() as out:
                json.dump(sqlite.metadata(opts.output, about), out, ensure_ascii=False, indent=1)
    else:
        written = _write_text(storage, places, output, opts)
    _tell(f"{written.rows} rows{'' if output.is_stream else f' in {output.target}'}")
    if written.without_text:
        _tell(f"{written.without_text} articles without text are left out")
    if written.long_cells:
        kept = "are cut" if opts.excel else "are whole, and too long for Excel; --excel cuts them"
        _tell(f"{written.long_cells} cells of more than {text.CELL} characters {kept}")


def _write_text(storage: Storage, places: Places, output: Output, opts: argparse.Namespace) -> text.Written:
    columns = _known("column", _values("columns", opts.columns), list(COLUMNS), "data/README.md tells them") or COLUMNS
    if opts.format == "corpus":
        columns = text.CORPUS_COLUMNS
    found = _told(rows(storage, places, columns), len(places))
    with output.text("utf-8-sig" if opts.format == "csv" else "utf-8") as out:
        if opts.format == "csv":
            return text.write_csv(found, columns, out, cut=opts.excel)
        return (text.write_corpus if opts.format == "corpus" else text.write_jsonl)(found, out)


def _told(found: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """The rows, with a line on standard error every ten seconds."""
    began = told = time.monotonic()
    for number, row in enumerate(found):
        now = time.monotonic()
        if now - told >= _TOLD_SECONDS:
            told = now
            left = (now - began) / number * (total - number) if number else 0
            _tell(f"{number} of {total} rows, {100 * number // total} %, {left:.0f} s left")
        yield row


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
