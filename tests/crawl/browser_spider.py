"""The site of the tests, read by a browser."""

from __future__ import annotations

from typing import ClassVar

from tests.loopback_spider import LoopbackSpider


class RenderedSpider(LoopbackSpider):
    """As the site of the tests, but its pages are filled by scripts."""

    name = "rendered"
    browser: ClassVar[tuple[str, ...]] = ("listing", "article")
