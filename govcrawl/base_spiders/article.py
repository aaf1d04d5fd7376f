"""Asking for an article, and handing it to the stages; the same for listed pages and given ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.http import Headers, Request, Response
from scrapy.spidermiddlewares.httperror import HttpError

from govcrawl import items
from govcrawl.addresses import doc_id, host_of
from govcrawl.archive.ledger import Attempt, Hop, outcome_of_status
from govcrawl.archive.schema import BESIDE, RETRIED
from govcrawl.base_spiders.rows import Row
from govcrawl.extraction import is_older
from govcrawl.extraction.flags import registrable
from govcrawl.extraction.page import Page as Reading
from govcrawl.extraction.page import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from twisted.python.failure import Failure

    from govcrawl.archive.captures import Known
    from govcrawl.archive.run import Archive
    from govcrawl.archive.warc import Recorded

ArticlePage: TypeAlias = "items.Page[Attempt, Reading]"


class ArticleSpider(Spider):
    """Asks for articles and hands them to the stages; the base of every spider here. ``archive`` is there once the crawl
    has opened it."""

    archive: Archive

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._asked: set[str] = set()

    def article_url(self, url: str) -> str:
        """The address under which a row's article is asked for; families strip what is theirs here."""
        return url

    def unsettled(self, site: str, url: str) -> bool:
        """Whether an address is still to be asked: not asked in this run, not settled by another, and not forgotten."""
        key = doc_id(url)
        if key in self.archive.never_asked:
            return False
        known = self.archive.site(site).state.get(key)
        return key not in self._asked and (known is None or known.kind in BESIDE or known.outcome in RETRIED)

    def is_article_address(self, url: str) -> bool:
        """Whether a redirect to this address can be an article that has moved, and not a front page or a listing."""
        return not _is_front(url)

    def article_request(self, row: Row, site: Site, channel: str | None = None, region: str | None = None) -> Request:
        """The request for a row's article, entered in the ledger of the site; conditional where it has landed before."""
        url = self.article_url(row.url)
        attempt = self.archive.begin(attempt_for(row, url, site, channel))
        self._asked.add(attempt.doc_id)
        # Above the next list page: a page's articles are fetched before more rows fill the memory.
        return Request(
            url,
            callback=self.parse_article,
            errback=self.article_failed,
            cb_kwargs={"site": site, "region": region},
            meta={"attempt": attempt, "allow_offsite": True, "download_slot": site.name},
            dont_filter=True,
            priority=1,
        )

    def parse_article(self, response: Response, site: Site, region: str | None = None) -> Iterator[ArticlePage]:
        attempt: Attempt = response.meta["attempt"]
        page = page_of(attempt, response.url, response.body, texts_of(response.headers), site, region)
        page.is_article_address = self.is_article_address(response.url)
        yield page

    def read_again(self, site: Site) -> Iterator[ArticlePage]:
        """The site's pages in which older rules could read no text, from the WARC, without a request."""
        own = self.archive.site(site.name)
        for known in own.state.where(lambda k: k.of_kind("article") & k.read_by(is_older)):
            recorded = self.archive.recorded(known, rendered=is_rendered(self))
            if recorded is None or known.method != "GET":
                continue
            row = Row(known.url, known.listed_title, known.listed_on, own.listed_fields(known))
            attempt = self.archive.begin(attempt_for(row, known.url, site, known.channel))
            attempt.hops.append(hop_again(known, recorded))
            self._asked.add(known.doc_id)
            region = self.region(known.channel, known.url) if known.channel else None
            yield page_again(attempt, recorded, site, region)

    def region(self, channel: str, url: str) -> str | None:
        """The province of a regional channel; only listings have such."""
        return None

    def article_failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, error = outcome_of(failure)
        alias_of = getattr(failure.value, "alias_of", None)
        self.archive.settle(request.meta["attempt"], outcome, error=error, alias_of=alias_of)


def attempt_for(row: Row, url: str, site: Site, channel: str | None) -> Attempt:
    """The ledger's entry for a row's article."""
    return Attempt(
        site.name, url, "article", channel=channel, listed_title=row.title, listed_on=row.date, fields=row.fields
    )


def hop_again(known: Known, recorded: Recorded) -> Hop:
    """A response that the WARC holds, as the ledger enters it once more."""
    return Hop(
        known.url,
        recorded.fetched_at,
        recorded.status,
        etag=known.etag,
        last_modified=known.last_modified,
        payload_digest=known.payload_digest,
        bytes=known.bytes,
        warc_file=known.full_file,
        warc_offset=known.full_offset,
        full_file=known.full_file,
        full_offset=known.full_offset,
    )


def is_rendered(spider: ArticleSpider | type[ArticleSpider] | None) -> bool:
    """Whether a browser fills the articles of a spider's site."""
    return "article" in getattr(spider, "browser", ())


def page_again(attempt: Attempt, recorded: Recorded, site: Site, region: str | None = None) -> ArticlePage:
    """The item for an article's response that the WARC holds. Its hop is in the attempt: it dates what the page tells from
    the time at which it came."""
    page = page_of(attempt, recorded.url, recorded.body, texts_of(recorded.headers), site, region)
    page.doc_id, page.is_again = attempt.doc_id, True
    return page


def page_of(
    attempt: Attempt, url: str, body: bytes, headers: dict[str, str], site: Site, region: str | None = None
) -> ArticlePage:
    """The item for an article's response: its facts, and the reading that the stages fill."""
    hop = attempt.last
    fetched_at = hop.fetched_at if hop is not None else datetime.now(UTC)
    reading = Reading(
        body,
        url,
        headers=headers,
        site=site,
        channel=attempt.channel,
        region=region,
        listed_title=attempt.listed_title,
        listed_on=attempt.listed_on,
        fetched_at=fetched_at,
        known=attempt.fields or None,
    )
    listed = attempt.channel is not None
    # The front page of another site is where addresses lead that are gone.
    elsewhere = registrable(host_of(url)) != registrable(host_of(attempt.url))
    return items.Page(
        url,
        doc_id(url),
        site.name,
        site.title,
        site.kind,
        attempt.channel,
        fetched_at,
        attempt,
        reading,
        is_listed=listed,
        is_foreign=listed and elsewhere and not _is_front(url),
    )


def _is_front(url: str) -> bool:
    """Whether an address is that of a front page or of an error."""
    path = urlsplit(url).path
    return path.endswith("/") or path == "" or re.search(r"/(?:index|default|404|error)\.\w+$", path) is not None


def texts_of(headers: Headers | Iterable[tuple[str, str]]) -> dict[str, str]:
    """Response headers as text; what is there several times is joined."""
    if isinstance(headers, Headers):
        return {k.decode("latin-1"): b",".join(v).decode("latin-1") for k, v in headers.items()}
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def outcome_of(failure: Failure) -> tuple[str, str]:
    """The outcome that a failed request ends with, and why."""
    assert failure.value is not None
    return outcome_of_error(failure.value)


def outcome_of_error(error: BaseException) -> tuple[str, str]:
    if isinstance(error, HttpError):
        status = error.response.status
        nowhere = 300 <= status < 400 and status != 304 and not error.response.headers.get("Location")
        return "server_error" if nowhere else outcome_of_status(status), f"HTTP {status}"
    text = f"{type(error).__name__}: {error}"[:500]
    if (outcome := getattr(error, "outcome", None)) is not None:
        return str(outcome), text
    if "robots.txt" in str(error):
        return "robots", "forbidden by robots.txt"
    return "network", text
