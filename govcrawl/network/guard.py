"""No page can lead the crawler to local files or inner networks: the check is on the address that a name resolves to."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.error import DNSLookupError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

logger = logging.getLogger(__name__)


def is_inner(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local or otherwise not on the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return not (mapped or ip).is_global or (mapped or ip).is_multicast


class Refused(IgnoreRequest):
    """An address that the crawler never asks."""

    outcome = "not_article"


class GuardedResolver(CachingThreadedResolver):
    """Resolves names, and refuses those that lead to an inner address, unless GOVCRAWL_ALLOW_HOSTS names them. The
    connection is made to the address that was checked."""

    allowed: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = allowed_hosts(crawler)
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        def checked(address: str) -> str:
            if name not in self.allowed and is_inner(address):
                msg = f"{name} resolves to the inner address {address}; GOVCRAWL_ALLOW_HOSTS={name} would allow it"
                logger.warning(msg)  # Twisted tells its caller only that the name has no address
                raise DNSLookupError(msg)
            return address

        return super().getHostByName(name, timeout).addCallback(checked)


class AddressGuardMiddleware:
    """Refuses requests, redirected ones too, whose host is written as an inner IP address: those are never resolved."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self.allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(allowed_hosts(crawler))

    def process_request(self, request: Request) -> None:
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https"):
            msg = f"{request.url[:200]} is neither http nor https"
            raise Refused(msg)
        if host in self.allowed:
            return
        try:
            inner = is_inner(host)
        except ValueError:
            inner = host == "localhost" or host.endswith(".localhost") or host.isdigit() or host.startswith("0x")
        if inner:
            msg = f"{host} is an inner address; GOVCRAWL_ALLOW_HOSTS={host} would allow it"
            raise Refused(msg)


def allowed_hosts(crawler: Crawler) -> frozenset[str]:
    """Hosts that may resolve to inner addresses: GOVCRAWL_ALLOW_HOSTS, separated by commas; none by default."""
    return frozenset(h.strip() for h in crawler.settings.getlist("GOVCRAWL_ALLOW_HOSTS") if h.strip())
