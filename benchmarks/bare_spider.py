"""A Scrapy spider that downloads what a listing names and keeps nothing of it, for benchmarks.whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scrapy
from lxml import html

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response


class BareSpider(scrapy.Spider):
    name = "bare"
    seen = 0

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(os.environ["WHOLE_LISTING"])

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        for address in html.fromstring(response.body).xpath("//@href"):
            listed = "content_" not in address
            yield response.follow(address, self.parse if listed else self.article, priority=0 if listed else 1)

    def article(self, response: Response) -> None:
        self.seen += bool(response.body)

    def closed(self, reason: str) -> None:
        Path(os.environ["WHOLE_SEEN"]).write_text(str(self.seen))
