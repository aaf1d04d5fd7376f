"""Pages that only a browser fills, for sites that ask for it (``browser`` of a spider). The browser has no network of its
own: whatever a page's scripts ask for is asked by the crawl, under the same robots.txt, pace and guard, and recorded."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.http import HtmlResponse, Request, Response

from govcrawl.archive.ledger import Attempt, outcome_of_status
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import now_ms
from govcrawl.base_spiders.article import outcome_of_error
from govcrawl.errors import BadArgument
from govcrawl.extensions import ArchiveExtension

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

# What a text needs; pictures, fonts and films are not asked for.
_NEEDED = frozenset({"document", "script", "xhr", "fetch"})
_SHUT = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-dev-shm-usage",
)
_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})


class BrowserMiddleware:
    """Renders the listings and articles of a site whose spider says so, as ``browser = ("listing", "article")``; none by
    default. Raises BadArgument at the start where the extra or the browser is missing."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._seconds = settings.getfloat("GOVCRAWL_BROWSER_SECONDS")
        self._most = settings.getint("GOVCRAWL_BROWSER_REQUESTS")
        self._path = settings.get("GOVCRAWL_CHROMIUM") or next(
            filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
        )
        self._kinds: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()  # one page at a time: a browser's page takes a hundred megabytes
        self._playwright: Any = None
        self._browser: Any = None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        kinds = getattr(crawler.spider or crawler.spidercls, "browser", ())
        middleware = cls(crawler)
        middleware._kinds = frozenset(kinds)
        if kinds:
            middleware._check()
        return middleware

    def _check(self) -> None:
        try:
            import playwright  # noqa: F401
        except ImportError as exc:
            raise BadArgument(
                "this site is read by a browser; install it with pip install 'govcrawl[browser]'"
            ) from exc
        if self._path is None or not os.access(self._path, os.X_OK):
            what = f"{self._path} is no program" if self._path else "no Chromium is installed"
            raise BadArgument(
                f"this site is read by a browser, and {what}: apt install chromium, or set GOVCRAWL_CHROMIUM"
            )

    def opened(self) -> None:
        if self._kinds:
            logger.info("%s of this site are rendered by %s", " and ".join(sorted(self._kinds)), self._path)

    async def closed(self) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()

    async def process_response(self, request: Request, response: Response) -> Response:
        attempt: Attempt | None = request.meta.get("attempt")
        html = isinstance(response, HtmlResponse) and response.status == 200 and response.body
        if attempt is None or attempt.kind not in self._kinds or not html or request.method != "GET":
            return response
        async with self._lock:
            try:
                markup = await self._rendered(request, response)
            except Exception as exc:
                logger.warning("%s could not be rendered, and is read as it came: %s", response.url, exc)
                self._crawler.stats.inc_value("govcrawl/browser/failed")
                return response
        self._crawler.stats.inc_value("govcrawl/browser/rendered")
        body = markup.encode("utf-8", "replace")
        try:
            self._keeper.archive.site(attempt.site).record_rendered(response.url, body, now_ms())
        except StorageError as exc:
            self._keeper.storage_failed(exc)
        headers = response.headers.copy()
        headers["Content-Type"] = "text/html; charset=utf-8"
        return response.replace(body=body, headers=headers, encoding="utf-8")

    @property
    def _keeper(self) -> ArchiveExtension:
        extension = self._crawler.get_extension(ArchiveExtension)
        assert extension is not None
        return extension

    async def _rendered(self, request: Request, response: Response) -> str:
        """The page's markup once its scripts have run and ask for nothing more, or their time is over."""
        from playwright.async_api import TimeoutError as OverTime

        if self._browser is None:
            await self._launch()
        context = await self._browser.new_context(
            user_agent=self._crawler.settings["USER_AGENT"], service_workers="block", accept_downloads=False
        )
        page = _Rendering(self._crawler, self._keeper, request, response, self._most)
        try:
            await context.route("**/*", page.route)
            await context.route_web_socket("**/*", lambda socket: socket.close())
            tab = await context.new_page()
            try:
                await tab.goto(response.url, wait_until="networkidle", timeout=self._seconds * 1000)
            except OverTime:
                logger.info("%s: scripts still ask after %s s; read as far as it is", response.url, self._seconds)
            return str(await tab.content())
        finally:
            await context.close()

    async def _launch(self) -> None:
        from playwright.async_api import async_playwright

        self._playwright = await async_playwright().start()
        root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not work for root
        self._browser = await self._playwright.chromium.launch(executable_path=self._path, args=[*_SHUT, *root])


class _Rendering:
    """One page in the browser: its own document is the response that the crawl has; what its scripts ask for is asked by
    the crawl."""

    def __init__(
        self, crawler: Crawler, keeper: ArchiveExtension, request: Request, response: Response, most: int
    ) -> None:
        self._crawler = crawler
        self._keeper = keeper
        self._response = response
        self._attempt: Attempt = request.meta["attempt"]
        self._slot = request.meta.get("download_slot")
        self._left = most
        self._given = False

    async def route(self, route: Any, asked: Any) -> None:
        if not self._given and asked.url.partition("#")[0] == self._response.url.partition("#")[0]:
            self._given = True
            await route.fulfill(status=200, headers=_headers(self._response), body=self._response.body)
            return
        if asked.resource_type not in _NEEDED or asked.method not in ("GET", "POST") or self._left <= 0:
            await route.abort()
            return
        self._left -= 1
        response = await self._fetched(asked)
        if response is None:
            await route.abort()
        else:
            await route.fulfill(status=response.status, headers=_headers(response), body=response.body)

    async def _fetched(self, asked: Any) -> Response | None:
        method, body = asked.method, asked.post_data_buffer or b""
        attempt = Attempt(self._attempt.site, asked.url, "part", method, body, self._attempt.channel)
        self._keeper.archive.begin(attempt)
        kept = {
            k: v for k, v in asked.headers.items() if k in ("accept", "content-type", "x-requested-with", "referer")
        }
        meta = {"attempt": attempt, "allow_offsite": True, "handle_httpstatus_all": True}
        if self._slot is not None:
            meta["download_slot"] = self._slot  # of the site: a server sees no connection more
        assert self._crawler.engine is not None
        try:
            request = Request(
                asked.url, method=method, headers=kept, body=body, meta=meta, dont_filter=True, priority=2
            )
            response = await self._crawler.engine.download_async(request)
        except Exception as error:
            outcome, why = outcome_of_error(error)
            self._keeper.settle(attempt, outcome, error=why)
            return None
        self._keeper.settle(attempt, "landed" if response.status == 200 else outcome_of_status(response.status))
        return response


def _headers(response: Response) -> dict[str, str]:
    found = {k.decode("latin-1"): b", ".join(v).decode("latin-1") for k, v in response.headers.items()}
    return {k: v for k, v in found.items() if k.lower() not in _DROPPED}
