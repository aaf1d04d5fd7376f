"""Scrapy's downloader with one promise kept: no more connections to a site than CONCURRENT_REQUESTS_PER_DOMAIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.core.downloader import Downloader

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from scrapy.core.downloader import Slot
    from scrapy.http import Request, Response
    from twisted.internet.defer import Deferred


class CountingDownloader(Downloader):
    """Counts a request from when it is taken from the queue. Scrapy counts from when its task begins; without a delay
    it takes the whole queue before the first one has begun."""

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        return super()._wait_for_download(slot, request, queue_dfd)
