"""
A Scrapy download handler that answers from simulated sites: crawls run as they are, only the network is replaced.

    scrapy crawl moe -s SIMULATED_SITES=moe -s 'DOWNLOAD_HANDLERS={"http": "tests.simulated.download.Handler", …}'

Everything above the wire stays in place: robots.txt, redirects, recording. `settings` gives both settings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import NotConfigured
from scrapy.responsetypes import responsetypes

from . import site

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from .model import Answer

NAME = "tests.simulated.download.Handler"


def settings(
    *slugs: str, pages: int = 4, per_page: int = 12, channels: int | None = 2, newer: int = 0
) -> dict[str, str]:
    """The settings to give with `-s` so that a crawl meets these sites only; the sizes are those of `site`."""
    sizes = {"pages": pages, "per_page": per_page, "channels": channels, "newer": newer}
    return {
        "DOWNLOAD_HANDLERS": json.dumps(dict.fromkeys(("http", "https"), NAME)),
        "SIMULATED_SITES": ",".join(slugs),
        "SIMULATED_SIZES": json.dumps(sizes),
    }


class Handler(BaseDownloadHandler):
    """Answers each request from the first simulated site that has it, with 404 where none has."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        slugs = crawler.settings.getlist("SIMULATED_SITES")
        if not slugs:
            raise NotConfigured("SIMULATED_SITES names no site")
        sizes = json.loads(crawler.settings.get("SIMULATED_SIZES") or "{}")
        self.sites = [site(slug, **sizes) for slug in slugs]

    async def download_request(self, request: Request) -> Response:
        answers = (simulated.answer(request.method, request.url, request.body) for simulated in self.sites)
        answer = next((answer for answer in answers if answer.status != 404), None)
        if answer is None:
            answer = self.sites[0].answer(request.method, request.url, request.body)
        return response_of(answer, request)


def response_of(answer: Answer, request: Request) -> Response:
    """A simulated answer as Scrapy's downloader gives it."""
    headers = dict((*answer.headers, ("Content-Length", str(len(answer.body)))))
    wire = {name.encode(): value.encode() for name, value in headers.items()}
    made = responsetypes.from_args(headers=wire, url=request.url, body=answer.body)
    return made(url=request.url, status=answer.status, headers=headers, body=answer.body, request=request)
