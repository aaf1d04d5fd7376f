"""``scrapy dictionary``: the data dictionary, from the schemas that the writer uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand

from govcrawl.archive import croissant, dictionary

if TYPE_CHECKING:
    import argparse


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "[--croissant] [--write FILE]"

    def short_desc(self) -> str:
        return "Print the data dictionary and dataset card (data/README.md), or data/croissant.json"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--croissant", action="store_true", help="the same for programs: Croissant 1.0, JSON-LD")
        parser.add_argument("--write", metavar="FILE", help="write it to a file, such as data/README.md")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        text = croissant.render() if opts.croissant else dictionary.render()
        if opts.write:
            Path(opts.write).write_text(text, encoding="utf-8")
        else:
            print(text, end="")
