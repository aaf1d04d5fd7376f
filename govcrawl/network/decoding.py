"""The middleware that takes bodies out of their Content-Encoding, and has half a body asked again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import TextResponse
from scrapy.responsetypes import responsetypes

from govcrawl.archive.unpacking import TooLarge, encodings_in, is_packed, unpack
from govcrawl.extraction.document import MAX_TAG, shorten

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

    from govcrawl.archive.ledger import Attempt

logger = logging.getLogger(__name__)

OFFERED = "gzip, deflate, br, zstd"
ROBOTS_BYTES = 512 << 10  # what RFC 9309 asks of a crawler to read of a robots.txt


class TruncatedBody(IgnoreRequest):
    """An encoded body that ends before its end; half a page must not land as a whole one."""


class Oversized(IgnoreRequest):
    """A body that is larger than DOWNLOAD_MAXSIZE once it is unpacked, or packed again and again."""


class UnpackMiddleware:
    """In the place of Scrapy's HttpCompressionMiddleware, which takes half a body for a whole one. A body that is cut is
    asked again as a failed connection is, then fails. What would hold up the readers of listings and of robots.txt is
    cut off here too."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._limit = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        request.headers.setdefault("Accept-Encoding", OFFERED)

    def process_response(self, request: Request, response: Response) -> Response | Request:
        attempt: Attempt | None = request.meta.get("attempt")
        if "dataloss" in response.flags and not self._bearable(request, attempt):
            return self._again(request, "the body is shorter than its Content-Length", attempt)
        encodings = encodings_of(response)
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        if (encodings or is_packed(response.body, kind)) and request.method != "HEAD" and response.body:
            try:
                done = unpack(response.body, encodings, request.meta.get("download_maxsize", self._limit), kind)
            except TooLarge as exc:
                raise Oversized(f"{exc} (DOWNLOAD_MAXSIZE)") from exc
            if done.cut is not None:
                return self._again(request, f"the {done.cut} body is cut short", attempt)
            if done.lied:
                logger.info("%s: the body is not %s as its header says", response.url, ", ".join(done.lied))
                self._crawler.stats.inc_value("govcrawl/encoding_lied")
            response = _replaced(response, done.body)
        if attempt is not None and attempt.kind == "robots" and len(response.body) > ROBOTS_BYTES:
            logger.warning("%s has %d bytes; the first %d are read", response.url, len(response.body), ROBOTS_BYTES)
            response = response.replace(body=response.body[:ROBOTS_BYTES].rpartition(b"\n")[0])
        elif attempt is not None and attempt.kind == "listing" and len(response.body) > MAX_TAG:
            body = shorten(response.body.decode("latin-1")).encode(
                "latin-1"
            )  # tags are ASCII in every encoding of these
            if len(body) < len(response.body):
                response = response.replace(body=body)
        return response

    def _bearable(self, request: Request, attempt: Attempt | None) -> bool:
        """Whether what came of a body is kept: of an article, once it was asked for as often as a failed request is."""
        retries = request.meta.get("max_retry_times", self._crawler.settings.getint("RETRY_TIMES"))
        if attempt is None or attempt.kind not in ("article", "part") or request.meta.get("retry_times", 0) < retries:
            return False
        if attempt.last is not None:
            attempt.last.truncated = True
        self._crawler.stats.inc_value("govcrawl/truncated")
        return True

    def _again(self, request: Request, reason: str, attempt: Attempt | None) -> Request:
        if attempt is not None and attempt.last is not None:
            attempt.last.error = reason
        spider = self._crawler.spider
        assert spider is not None
        again = get_retry_request(request, spider=spider, reason=reason)
        if again is None:
            raise TruncatedBody(f"{request.url}: {reason}")
        return again


def encodings_of(response: Response) -> list[str]:
    """What Content-Encoding names, in the order in which it was applied, in lower case."""
    return encodings_in(b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1"))


def _replaced(response: Response, body: bytes) -> Response:
    headers = response.headers.copy()
    headers.pop("Content-Encoding", None)
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    given: dict[str, Any] = {"encoding": None} if issubclass(kind, TextResponse) else {}  # told anew from the text
    return response.replace(cls=kind, headers=headers, body=body, **given)
