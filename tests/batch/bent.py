"""Simulated sites, some of them bent: a shield, a redesign, a dead host, a slow drip, a robots.txt against us."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import HtmlResponse, TextResponse
from twisted.internet.error import ConnectionRefusedError as Refused

from tests import simulated
from tests.simulated.download import response_of
from tests.simulated.moved import moved

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

HEALTHY = ("hubei", "zhejiang", "sichuan")
BLOCKED, REDESIGNED, DEAD, DRIPS, FORBIDDEN = "beijing", "tianjin", "jiangsu", "guangdong", "heilongjiang"
SIZES: dict[str, Any] = {"pages": 2, "per_page": 6, "channels": 1}
SITES = (*HEALTHY, BLOCKED, REDESIGNED, DEAD, DRIPS, FORBIDDEN)


class Handler(BaseDownloadHandler):
    """Answers for the site of the crawl's own spider, which walks the columns that are simulated."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider: Any = crawler.spider
        self.name = spider.name
        self.site = moved(self.name, "boda", **SIZES) if self.name == REDESIGNED else simulated.site(self.name, **SIZES)
        spider.planned = self.site.channels
        self.delay = crawler.settings.getfloat("BENT_DELAY")

    async def download_request(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.name == DEAD:
            raise Refused
        if path == "/robots.txt" and self.name == FORBIDDEN:
            return TextResponse(request.url, body=b"User-agent: *\nDisallow: /\n", request=request)
        if self.name == BLOCKED:
            return HtmlResponse(request.url, status=412, body=b"<html><script>$_ts={}</script></html>", request=request)
        if self.name == DRIPS:
            await asyncio.sleep(0.05)
        return response_of(self.site.answer(request.method, request.url, request.body), request)
