"""Canonical URLs and the ids derived from them. Form 1; frozen by tests/test_addresses.py, since every key rests on it."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

FORM = 1

_TRACKING = re.compile(r"^(?:utm_\w+|spm|from|isappinstalled|share_token|_t|timestamp)$", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[\w!.-]*", re.IGNORECASE)
_DEFAULT_PORTS = re.compile(r":(?:80|443)?$")


def canonical(url: str) -> str:
    """The one spelling of a URL: host in lower case and punycode, no default port (80 or 443 under either scheme, since
    some sites write ``:443`` behind http), query sorted and without share and tracking parameters, no fragment.
    What is no URL stays as it is."""
    try:
        parts = urlsplit(canonicalize_url(url.strip(), keep_blank_values=True))
    except ValueError:
        return url.strip()
    host = _DEFAULT_PORTS.sub("", parts.netloc.rpartition("@")[2]).rstrip(".")
    query = "&".join(q for q in parts.query.split("&") if q and not _TRACKING.match(q.partition("=")[0]))
    return urlunsplit((parts.scheme, host, parts.path or "/", query, ""))


@lru_cache(8192)  # ten are asked for each page, by listing, ledger and dedupe
def doc_id(url: str, method: str = "GET", body: bytes = b"") -> str:
    """First 32 hex digits of SHA-256 of the canonical URL without its scheme, so that http and https are one document.
    A request that is not a plain GET adds its method and body."""
    key = canonical(url).partition("://")[2]
    if method != "GET" or body:
        key = f"{method} {key} {hashlib.sha256(body).hexdigest()}"
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def as_written(url: str, encoding: str = "utf-8") -> str:
    """A link's address as a browser asks for it: blanks and Chinese escaped, those of the query in the page's encoding.
    An address that is written in ASCII, or that is none, stays as it is."""
    text = "".join(url.split("\t")).replace("\n", "").replace("\r", "").strip()
    if text.isascii() and " " not in text:
        return text
    try:
        return str(safe_url_string(text, "gb18030" if encoding in ("gbk", "gb2312") else encoding))
    except (ValueError, LookupError, UnicodeError):
        return text


def joined(base: str, href: str) -> str:
    """The address of a link as a browser joins it to its base: backslashes are slashes, line ends are nothing. The number of
    a visitor's session is no part of it. Raises ValueError."""
    href = href.strip()
    if "\\" in href:
        path, mark, rest = href.partition("?")
        href = path.replace("\\", "/") + mark + rest
    url = urljoin(base, href)
    return _SESSION.sub("", url) if ";" in url else url


@lru_cache(8192)  # by the listing, then by the guard
def is_address(url: str) -> bool:
    """Whether a URL can be asked at all: http or https, a host of whole labels, a port that exists, no password in it."""
    try:
        parts = urlsplit(safe_url_string(url.strip()))
        host = parts.hostname or ""
        parts.port  # noqa: B018
    except (ValueError, UnicodeError):
        return False
    whole = ":" in host or all(0 < len(label) <= 63 for label in host.removesuffix(".").split("."))
    return parts.scheme in ("http", "https") and "@" not in parts.netloc and whole and not re.search(r"\s", host)


def host_of(url: str) -> str:
    """Host of a URL in lower case, without port; ``""`` where it has none or is broken."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
