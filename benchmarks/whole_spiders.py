"""The spider of benchmarks.whole: that of the tests, with the delays of its event loop noted."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals

from tests.loopback_spider import LoopbackSpider

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

TICK = 0.005


class WholeSpider(LoopbackSpider):
    """Notes how late the event loop wakes up, into the file that WHOLE_LAG names."""

    name = "whole"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if where := os.getenv("WHOLE_LAG"):
            crawler.signals.connect(lambda: watch(crawler, Path(where)), signals.spider_opened, weak=False)
        return spider


_watching: set[asyncio.Task[None]] = set()


def watch(crawler: Crawler, where: Path) -> None:
    """Note from now on how late the loop is, and write that when the crawl ends."""
    lags: list[tuple[float, float]] = []
    _watching.add(asyncio.get_running_loop().create_task(_lateness(lags)))
    crawler.signals.connect(lambda: where.write_text(json.dumps(lags)), signals.engine_stopped, weak=False)


async def _lateness(lags: list[tuple[float, float]]) -> None:
    """Seconds by the clock, and those of them in which this process computed: the rest is other processes'."""
    while True:
        before, busy = time.perf_counter(), time.process_time()
        await asyncio.sleep(TICK)
        late = max(0.0, time.perf_counter() - before - TICK)
        lags.append((late, min(late, time.process_time() - busy)))
