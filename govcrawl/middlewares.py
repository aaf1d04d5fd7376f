"""Recording and replaying, on the wire side of redirects, robots.txt and decompression."""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.responsetypes import responsetypes

from govcrawl.addresses import doc_id, host_of
from govcrawl.archive.ledger import Attempt, Hop, outcome_of_status
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import Exchange, Recorded, Replay, now_ms, payload_digest
from govcrawl.base_spiders.article import texts_of
from govcrawl.errors import BadArgument
from govcrawl.extensions import ArchiveExtension
from govcrawl.extraction import elsewhere
from govcrawl.extraction.charset import decode
from govcrawl.extraction.flags import registrable

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler

_LEADS = re.compile(rb"location|refresh|navigate|window\.open", re.IGNORECASE)

logger = logging.getLogger(__name__)

_REASONS = {s.value: s.phrase for s in HTTPStatus}


class NotRecorded(IgnoreRequest):
    """A request that the replayed recording does not answer."""


class Forgotten(IgnoreRequest):
    """A request, or where a redirect leads, that scrapy forget has taken out: it is never asked for again."""

    outcome = "forgotten"

    def __init__(self, url: str, key: str) -> None:
        super().__init__(f"{url} was taken out by scrapy forget")
        self.alias_of = key


class WarcMiddleware:
    """Records every response as WARC, or answers every request from the WARC files that GOVCRAWL_REPLAY names.
    Either way it notes in the request's ledger entry what came."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._replay: Replay | None = None
        if where := crawler.settings.get("GOVCRAWL_REPLAY"):
            try:
                self._replay = Replay(where)
            except ValueError as exc:
                raise BadArgument(str(exc)) from exc
            for warning in self._replay.warnings:
                logger.warning(warning)
        self._replayed: dict[Request, Recorded] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def _keeper(self) -> ArchiveExtension:
        extension = self._crawler.get_extension(ArchiveExtension)
        assert extension is not None
        return extension

    def process_request(self, request: Request) -> Response | None:
        attempt = self._attempt(request)
        key = doc_id(request.url, request.method, request.body)
        if key in self._keeper.archive.never_asked:
            raise Forgotten(request.url, key)
        if self._replay is None:
            known = attempt.known
            held = known is not None and known.full_file and (known.landed or known.kind == "attachment")
            whole = attempt.whole or attempt.kind == "part"
            if known is not None and held and not whole and request.url == attempt.url:
                if known.etag:
                    request.headers.setdefault("If-None-Match", known.etag)
                if known.last_modified:
                    request.headers.setdefault("If-Modified-Since", known.last_modified)
            return None
        found = self._replay.find(request.method, request.url, request.body)
        if found is None:
            self._crawler.stats.inc_value("govcrawl/replay/not_recorded")
            raise self._failed(request, attempt, NotRecorded(f"not in the recording: {request.url}"))
        headers = Headers()
        for name, value in found.headers:
            headers.appendlist(name, value)
        self._replayed[request] = found
        kind = responsetypes.from_args(headers=headers, url=request.url, body=found.body)
        length = (headers.get("Content-Length") or b"").decode("latin-1")
        whole = not (length.isascii() and length.isdigit() and len(length) < 16 and int(length) > len(found.body))
        flags = [] if whole else ["dataloss"]
        return kind(request.url, found.status, headers, found.body, flags, request)

    def process_response(self, request: Request, response: Response) -> Response:
        attempt = self._attempt(request)
        found = self._replayed.pop(request, None)
        hop = Hop(
            request.url,
            found.fetched_at if found else now_ms(),
            response.status,
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            bytes=len(response.body),
            location=_header(response, "Location") if 300 <= response.status < 400 else None,
            tls=request.meta.get("tls"),
        )
        if found is not None:
            hop.payload_digest = payload_digest(response.body)
            hop.warc_file, hop.warc_offset = found.file, found.offset
            hop.full_file, hop.full_offset = found.file, found.offset
        else:
            self._record(request, response, attempt, hop)
        attempt.hops.append(hop)
        if attempt.kind == "robots":
            outcome = "landed" if response.status < 300 else outcome_of_status(response.status)
            self._keeper.settle(attempt, outcome)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        if not isinstance(exception, NotRecorded | Forgotten):
            self._failed(request, self._attempt(request), exception)

    def _failed(self, request: Request, attempt: Attempt, error: Exception) -> Exception:
        text = f"{type(error).__name__}: {error}"[:500]
        attempt.hops.append(Hop(request.url, now_ms(), error=text))
        if attempt.kind == "robots":
            self._keeper.settle(attempt, "network", error=text)
        return error

    def _record(self, request: Request, response: Response, attempt: Attempt, hop: Hop) -> None:
        exchange = Exchange(
            request.url,
            request.method,
            _pairs(request.headers),
            request.body,
            response.status,
            _REASONS.get(response.status, ""),
            _pairs(response.headers),
            response.body,
            hop.fetched_at,
            str(response.ip_address) if response.ip_address else None,
        )
        archive = self._keeper.archive
        known = attempt.known if request.url == attempt.url else None
        try:
            written = archive.site(attempt.site).record(exchange, known)
        except StorageError as exc:
            self._keeper.storage_failed(exc)
            raise IgnoreRequest(str(exc)) from exc
        hop.warc_file, hop.warc_offset, hop.payload_digest, hop.full_file, hop.full_offset = written

    def _attempt(self, request: Request) -> Attempt:
        """The request's ledger entry. Requests that no spider made, for robots.txt, get theirs here."""
        attempt: Attempt | None = request.meta.get("attempt")
        if attempt is None:
            attempt = Attempt(self._keeper.site_of(request.url), request.url, "robots")
            self._keeper.archive.begin(attempt)
            request.meta["attempt"] = attempt
        return attempt


class PageRedirectMiddleware(MetaRefreshMiddleware):
    """Follows a page that shows nothing and leads on within its domain, by meta refresh or by script; it is then another
    name of where it leads, as with a redirect of HTTP. Takes the place of Scrapy's own, which follows the refresh of any
    page and no script."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        attempt: Attempt | None = request.meta.get("attempt")
        asked = (
            attempt is not None and attempt.kind in ("article", "listing", "part", "example") and response.status == 200
        )
        small = len(response.body) <= elsewhere.MAX_DOOR and _LEADS.search(response.body)
        if attempt is None or not asked or not small or not isinstance(response, TextResponse):
            return response
        markup = decode(response.body, texts_of(response.headers))[0]
        target = elsewhere.leads_to(markup, response.url)
        if target is None or not _is_near(response.url, target) or attempt.last is None:
            return response
        attempt.last.location = target
        return self._redirect(self._redirect_request_using_get(request, response, target), request, "page")


def _is_near(url: str, target: str) -> bool:
    return registrable(host_of(url)) == registrable(host_of(target))


def _header(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [(k.decode("latin-1"), v.decode("latin-1")) for k, values in headers.items() for v in values]
