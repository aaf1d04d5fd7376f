"""No page can lead the crawler to local files or inner networks: the check is on the address that a name resolves to."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote
from urllib.request import getproxies

from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.error import DNSLookupError

from govcrawl.addresses import host_of, is_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred

logger = logging.getLogger(__name__)


_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that is given out
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_TEREDO = ipaddress.ip_network("2001::/32")


def is_inner(address: str) -> bool:
    """Whether an IP address is loopback, private, link-local or otherwise not on the public internet, itself or the
    IPv4 address that it stands for. Raises ValueError where it is no address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        behind = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            behind = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if behind is None:
            return not (ip in _UNICAST and ip.is_global) or ip in _TEREDO
        ip = behind
    return not ip.is_global or ip.is_multicast


@lru_cache(1024)
def written_address(host: str) -> str | None:
    """The IP address that a host of a URL is, however it is written: 127.1, 0x7f000001, 0177.0.0.1, [::1], full-width
    digits, ``%31``, ideographic stops. None where it is a name."""
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("。", ".").strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(plain.partition("%")[0]))
    except ValueError:
        pass
    if re.fullmatch(r"[0-9A-Fa-fxX.]{1,60}", plain) is None:
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(plain))
    except OSError:
        return None


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
        # The operator's own proxy stands on an inner address more often than not. Pages are not let to it: see below.
        resolver.allowed = allowed_hosts(crawler) | proxy_hosts()
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
    """Refuses requests, redirected ones too, whose host is written as an inner IP address: those are never resolved.
    User names and passwords in addresses are not sent."""

    def __init__(self, allowed: frozenset[str], proxies: frozenset[str] = frozenset()) -> None:
        self.allowed = allowed
        self.proxies = proxies - allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(allowed_hosts(crawler), proxy_hosts())

    def process_request(self, request: Request) -> Request | None:
        parts = urlparse_cached(request)
        if "@" in parts.netloc:  # in redirects; no address of a listing has one
            return request.replace(url=parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
        if parts.scheme not in ("http", "https"):
            msg = f"{request.url[:200]} is neither http nor https"
            raise Refused(msg)
        if not is_address(request.url):
            msg = f"{request.url[:200]} names no host that can be asked"
            raise Refused(msg)
        host = (parts.hostname or "").removesuffix(".")
        if (why := self.inner(host)) is not None:
            msg = f"{host} is {why}; GOVCRAWL_ALLOW_HOSTS={host} would allow it"
            raise Refused(msg)
        return None

    def inner(self, host: str) -> str | None:
        """What is inner in a host of a URL; None where nothing is, or GOVCRAWL_ALLOW_HOSTS names it."""
        address = written_address(host)
        if host in self.proxies or address in self.proxies:
            return "the proxy of this crawl"
        if host in self.allowed or address in self.allowed:
            return None
        if address is None:
            local = host == "localhost" or host.endswith(".localhost")
            return "an inner address" if local else None
        if not is_inner(address):
            return None
        return "an inner address" if address == host else f"the inner address {address}"


def proxy_hosts() -> frozenset[str]:
    """The hosts that http_proxy, https_proxy and all_proxy of the environment name."""
    named = (proxy if "://" in proxy else f"//{proxy}" for scheme, proxy in getproxies().items() if scheme != "no")
    return frozenset(filter(None, map(host_of, named)))


def allowed_hosts(crawler: Crawler) -> frozenset[str]:
    """Hosts that may resolve to inner addresses: GOVCRAWL_ALLOW_HOSTS, separated by commas; none by default."""
    return frozenset(h.strip() for h in crawler.settings.getlist("GOVCRAWL_ALLOW_HOSTS") if h.strip())
