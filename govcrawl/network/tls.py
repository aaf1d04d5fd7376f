"""Old servers: TLS 1.0 and 1.1, small keys and renegotiation of the old kind are spoken with those that offer nothing
newer. The pages are public and nothing secret is sent; what was spoken stands in the captures."""

from __future__ import annotations

import ipaddress
import logging
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from OpenSSL import SSL
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

logger = logging.getLogger(__name__)

# What OpenSSL says where the two sides have no version, cipher, key length or kind of renegotiation in common.
_NOTHING_IN_COMMON = (
    "protocol version",
    "unsupported protocol",
    "no protocols available",
    "wrong version number",
    "handshake failure",
    "insufficient security",
    "key too small",
    "modulus too small",
    "md too weak",
    "wrong signature type",
    "no cipher",
    "renegotiation disabled",
    "inappropriate fallback",
    "bad ecpoint",
    "illegal parameter",
)
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT, which pyOpenSSL does not name


class Peers:
    """What a run has learnt of its hosts: the old ones, and the last connections to each."""

    def __init__(self) -> None:
        self.old: set[str] = set()
        self.connections: dict[str, deque[SSL.Connection]] = defaultdict(lambda: deque(maxlen=8))

    def version(self, host: str) -> str | None:
        """The version that was last spoken with a host: ``TLSv1.2``; None before."""
        spoken = (c for c in reversed(self.connections[host]) if c.get_cipher_name() is not None)
        return next((c.get_protocol_version_name() for c in spoken), None)


_peers: WeakKeyDictionary[Crawler, Peers] = WeakKeyDictionary()


def peers(crawler: Crawler) -> Peers:
    """What the crawler's connections and its middleware share."""
    return _peers.setdefault(crawler, Peers())


@implementer(IPolicyForHTTPS)
class ContextFactory:
    """Scrapy's own contexts (certificates are not checked: those of many sites have run out), and for old hosts one
    without any demands."""

    def __init__(self, inner: Any, known: Peers) -> None:
        self._inner = inner
        self._known = known

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        return cls(_ScrapyClientContextFactory.from_crawler(crawler, *args, **kwargs), peers(crawler))

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802
        host = hostname.decode("ascii")
        make: Callable[[Any], SSL.Connection]
        if host in self._known.old:

            def make(protocol: Any) -> SSL.Connection:
                return _undemanding(host, protocol)
        else:
            make = self._inner.creatorForNetloc(hostname, port).clientConnectionForTLS
        return _Remembering(make, host, self._known)


class Handler(HTTP11DownloadHandler):
    """Scrapy's handler with the contexts of this module; the setting for them is deprecated without a successor."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._contextFactory: IPolicyForHTTPS = ContextFactory.from_crawler(crawler)  # type: ignore[assignment]


@implementer(IOpenSSLClientConnectionCreator)
class _Remembering:
    def __init__(self, make: Callable[[Any], SSL.Connection], host: str, known: Peers) -> None:
        self._make = make
        self._host = host
        self._known = known

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802
        connection = self._make(protocol)
        self._known.connections[self._host].append(connection)
        return connection


def _undemanding(host: str, protocol: Any) -> SSL.Connection:
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_cipher_list(b"ALL:!aNULL:@SECLEVEL=0")
    context.set_options(_LEGACY_SERVER_CONNECT)
    connection = SSL.Connection(context, None)
    connection.set_app_data(protocol)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        connection.set_tlsext_host_name(host.encode("ascii"))
    return connection


class OldServersMiddleware:
    """Asks once more, without demands, where a handshake found nothing in common; the host is remembered for the run."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._known = peers(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        parts = urlparse_cached(request)
        request.meta["tls"] = self._known.version(parts.hostname or "") if parts.scheme == "https" else None
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        if parts.scheme != "https" or host in self._known.old or not nothing_in_common(exception):
            return None
        self._known.old.add(host)
        self._crawler.stats.inc_value("govcrawl/old_tls")
        logger.info("%s offers no TLS of today; asked again with what it has (%s)", host, exception)
        again = request.replace(dont_filter=True)
        again.priority = request.priority + 1
        return again


def nothing_in_common(error: BaseException) -> bool:
    """Whether a connection failed because the two sides had no TLS in common."""
    said = str(error).lower()
    return "ssl" in said and any(words in said for words in _NOTHING_IN_COMMON)
