"""Servers that answer a visitor without a cookie with a redirect to the same address that only sets one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from scrapy.utils.httpobj import urlparse_cached

from govcrawl.addresses import as_written, canonical

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

_REDIRECTS = (301, 302, 303, 307, 308)


class CookieDoorMiddleware:
    """Goes through such a door once for each request, and shows the cookie to that host for the rest of the run. No other
    cookie is kept or sent; a spider whose site needs more turns COOKIES_ENABLED on."""

    def __init__(self, crawler: Crawler) -> None:
        self._off = crawler.settings.getbool("COOKIES_ENABLED")
        self._stats = crawler.stats
        self._cookies: dict[tuple[str, str], str] = {}  # scheme and host → what its door set

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        if (cookie := self._cookies.get(_host(request))) is not None:
            request.headers["Cookie"] = cookie
        elif request.meta.get("door") and not self._off:
            request.headers.pop("Cookie", None)  # a redirect led on to another host

    def process_response(self, request: Request, response: Response) -> Response | Request:
        if self._off or response.status not in _REDIRECTS or request.meta.get("door"):
            return response
        location = (response.headers.get("Location") or b"").decode("utf-8", "replace")
        cookies = _pairs(response)
        try:
            itself = canonical(urljoin(request.url, as_written(location))) == canonical(request.url)
        except ValueError:
            return response
        if not cookies or not location or not itself or location.partition("#")[0] == "":
            return response
        self._cookies[_host(request)] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._stats.inc_value("govcrawl/cookie_doors")
        attempt = request.meta.get("attempt")
        if attempt is not None and attempt.last is not None:
            attempt.last.location = None  # it leads nowhere else; the same address is asked again
            attempt.last.error = "a redirect to itself that sets a cookie"
        return request.replace(dont_filter=True, meta=request.meta | {"door": True})


def _host(request: Request) -> tuple[str, str]:
    parts = urlparse_cached(request)
    return parts.scheme, parts.netloc


def _pairs(response: Response) -> dict[str, str]:
    """The names and values that Set-Cookie gives, without those that it takes away."""
    found: dict[str, str] = {}
    for header in response.headers.getlist("Set-Cookie"):
        pair, _, attributes = header.decode("latin-1").partition(";")
        name, given, value = pair.strip().partition("=")
        gone = "max-age=0" in attributes.lower().replace(" ", "")
        if given and name and value and not gone and len(pair) < 4096 and pair.isprintable():
            found[name.strip()] = value.strip()
    return found
