"""How the crawl behaves towards a host that asks for patience: robots.txt's Crawl-delay, Retry-After, and shields."""

from __future__ import annotations

import email.utils
import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.httpobj import urlparse_cached

from govcrawl.addresses import host_of
from govcrawl.archive.ledger import outcome_of_status

if TYPE_CHECKING:
    from typing import Self

    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)


class HostBlocked(IgnoreRequest):
    """A host that answered with challenges again and again is left alone for the rest of the run."""

    outcome = "challenge"


class PolitenessMiddleware:
    """Holds the slot of a host to what the host asks: never faster than its Crawl-delay, silent for its Retry-After,
    and no request more once it has shown GOVCRAWL_CHALLENGES challenges in a row."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._agent = settings["USER_AGENT"]
        self._longest_delay = settings.getfloat("GOVCRAWL_CRAWL_DELAY_MAX")
        self._longest_wait = settings.getfloat("GOVCRAWL_RETRY_AFTER_MAX")
        self._challenges_allowed = settings.getint("GOVCRAWL_CHALLENGES")
        self._floor: dict[str, float] = {}  # slot → seconds between requests that robots.txt asks for
        self._silent_until: dict[str, float] = {}
        self._challenges: Counter[str] = Counter()  # host → challenges in a row
        crawler.signals.connect(self.robots_parsed, signals.robots_parsed)
        crawler.signals.connect(self.response_downloaded, signals.response_downloaded)
        crawler.signals.connect(self.item_dropped, signals.item_dropped)
        crawler.signals.connect(self.item_scraped, signals.item_scraped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        host = urlparse_cached(request).hostname or ""
        if self._challenges[host] >= self._challenges_allowed:
            msg = f"challenge: {host} is left alone after {self._challenges[host]} challenges in a row"
            raise HostBlocked(msg)

    def challenged(self, url_host: str) -> None:
        """Note a challenge page; one that came with status 200 is only known once it was read."""
        self._challenges[url_host] += 1
        self._crawler.stats.inc_value("govcrawl/challenges")
        if self._challenges[url_host] == self._challenges_allowed:
            logger.warning("%s asks for a browser again and again; it is left alone for the rest of this run", url_host)

    def process_response(self, request: Request, response: Response) -> Response:
        host = urlparse_cached(request).hostname or ""
        if outcome_of_status(response.status) == "challenge":
            self.challenged(host)
        if response.status in (429, 503) and (wait := retry_after(response)) is not None:
            key = self._key(request)
            self._silent_until[key] = time.monotonic() + min(wait, self._longest_wait)
            self._hold(key)
            self._crawler.stats.inc_value("govcrawl/retry_after")
        return response

    def item_dropped(self, item: Any, exception: Exception) -> None:
        if getattr(exception, "outcome", None) == "challenge":
            self.challenged(host_of(item.url))

    def item_scraped(self, item: Any) -> None:
        self._challenges.pop(host_of(item.url), None)

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(self._agent)
        if not delay or not float(delay) >= 0:
            return
        key = self._key(request)
        self._floor[key] = max(self._floor.get(key, 0.0), min(float(delay), self._longest_delay))
        self._hold(key)
        logger.info("%s asks for %s s between requests (Crawl-delay)", key, delay)

    def response_downloaded(self, request: Request) -> None:
        """After AutoThrottle, which knows neither."""
        self._hold(self._key(request))

    def _hold(self, key: str) -> None:
        slot = self._slot(key)
        if slot is None:
            return
        wait = self._silent_until.get(key, 0.0) - time.monotonic()
        base = max(self._floor.get(key, 0.0), self._crawler.settings.getfloat("DOWNLOAD_DELAY"))
        if wait > 0 or key in self._floor:
            slot.jitter = 0.0  # a number that the host itself gave is kept, not varied
        if wait > 0:
            slot.delay = wait + max(0.0, time.monotonic() - slot.lastseen)  # Scrapy counts from when it last asked
        elif self._silent_until.pop(key, None) is not None or slot.delay < base:
            slot.delay = base

    def _key(self, request: Request) -> str:
        return request.meta.get("download_slot") or urlparse_cached(request).hostname or ""

    def _slot(self, key: str) -> Slot | None:
        engine = self._crawler.engine
        return engine.downloader.slots.get(key) if engine is not None else None


def retry_after(response: Response) -> float | None:
    """Seconds that a Retry-After header asks for; it holds a number of seconds or an HTTP date. None where it holds
    neither."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
