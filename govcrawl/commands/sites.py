"""``scrapy sites``: the sites that have a spider, as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.provinces import PROVINCES
from govcrawl.recognition.families import family_of, spiders

if TYPE_CHECKING:
    import argparse

    from scrapy.settings import BaseSettings

COLUMNS = ("spider", "site", "CMS family", "province", "channels", "last verified")
_OPENING, _CLOSING = "<!-- sites -->\n", "<!-- /sites -->"
_KINDS = ("ministry", "department", "news", "other")


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--markdown] [--write FILE]"

    def short_desc(self) -> str:
        return "Print the table of sites (that of docs/sites.md is written by it)"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
        parser.add_argument(
            "--write", metavar="FILE", help="put it between <!-- sites --> and <!-- /sites --> of a file"
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            raise UsageError("sites takes no arguments but options", print_help=False)
        assert self.settings is not None
        rows = table(self.settings)
        if opts.write:
            path = Path(opts.write)
            try:
                path.write_text(put(path.read_text(encoding="utf-8"), markdown(rows)), encoding="utf-8")
            except (OSError, ValueError) as exc:
                raise UsageError(f"{path}: {exc}", print_help=False) from exc
        else:
            print(markdown(rows) if opts.markdown else aligned(COLUMNS, rows), end="")


def table(settings: BaseSettings) -> list[tuple[str, ...]]:
    """A row of COLUMNS for every spider: the ministry, the departments in the order of GB/T 2260, the news sites."""
    order = list(PROVINCES)
    known = sorted(
        spiders(settings).values(),
        key=lambda c: (_KINDS.index(c.kind), order.index(c.province) if c.province in order else -1, c.name),
    )
    return [
        (c.name, c.site_name, family_of(c), c.province, str(len(c.channels)), c.verified or "not yet") for c in known
    ]


def aligned(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table for a terminal, its columns aligned; the last may be of any length."""
    widths = [max(_width(r[i]) for r in [head, *rows]) for i in range(len(head) - 1)]
    lines = [
        "  ".join([c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=False)] + [row[-1]]).rstrip()
        for row in [head, *rows]
    ]
    return "\n".join(lines) + "\n"


def markdown(rows: list[tuple[str, ...]]) -> str:
    head = [COLUMNS, tuple("---" for _ in COLUMNS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*head, *rows])


def put(document: str, new: str) -> str:
    """A document with what stands between the markers replaced. Raises ValueError where they are missing."""
    before, opening, rest = document.partition(_OPENING)
    _, closing, after = rest.partition(_CLOSING)
    if not closing:
        raise ValueError("no <!-- sites --> … <!-- /sites --> to write between")
    return before + opening + new + closing + after


def _width(cell: str) -> int:
    """Columns of a terminal that a cell takes: Chinese characters take two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in cell)
