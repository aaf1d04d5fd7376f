"""``scrapy version``: govcrawl's version beside Scrapy's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.commands import version

from govcrawl import __version__

if TYPE_CHECKING:
    import argparse


class Command(version.Command):
    def short_desc(self) -> str:
        return "Print govcrawl's version and Scrapy's"

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        print(f"govcrawl {__version__}")
        super().run(args, opts)
