"""Fetching the documents that an article links: recorded like any page, stored once by SHA-256, listed in its row."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from govcrawl.addresses import doc_id, host_of, is_address
from govcrawl.archive.ledger import Attempt, outcome_of_status
from govcrawl.archive.storage import StorageError
from govcrawl.base_spiders.article import outcome_of_error
from govcrawl.extraction.flags import registrable
from govcrawl.pipelines import MIN_DUPLICATE_LENGTH, Stage

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from govcrawl.archive.captures import Known
    from govcrawl.archive.storage import Storage
    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.items import Article

_EXTENSION = re.compile(r"\.([a-z0-9]{1,5})$", re.IGNORECASE)
# First bytes of the formats that notices are published in; what a server calls them is often wrong.
_MAGIC = (
    (b"%PDF", "pdf", "application/pdf"),
    (b"\xd0\xcf\x11\xe0", "doc", "application/x-ole-storage"),
    (b"PK\x03\x04", "zip", "application/zip"),
    (b"Rar!", "rar", "application/vnd.rar"),
    (b"\x89PNG", "png", "image/png"),
    (b"\xff\xd8\xff", "jpg", "image/jpeg"),
    (b"GIF8", "gif", "image/gif"),
    (b"7z\xbc\xaf", "7z", "application/x-7z-compressed"),
)
# Containers whose members decide what they are; the name's extension is the better witness.
_CONTAINERS = {"doc": {"doc", "xls", "ppt", "wps", "et", "dps"}, "zip": {"zip", "docx", "xlsx", "pptx", "ofd"}}


@dataclass(frozen=True, slots=True)
class Stored:
    """A file in the archive: SHA-256 in hex, bytes, and its path relative to the data folder."""

    sha256: str
    bytes: int
    path: str
    media_type: str | None


class AttachmentsPipeline(Stage):
    """Fetches each document that the body links, and the images of a notice that is nothing but a scan. A file that
    cannot be fetched leaves its entry without a hash; the next visit of the article tries again."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._most = settings.getint("GOVCRAWL_ATTACHMENTS")
        self._largest = settings.getint("GOVCRAWL_ATTACHMENT_BYTES")
        self._hosts = tuple(settings.getlist("GOVCRAWL_ATTACHMENT_HOSTS"))
        self._fetching: dict[str, asyncio.Task[Stored | None]] = {}

    async def process_item(self, page: ArticlePage) -> ArticlePage:
        article = page.article
        assert article is not None
        name_documents(article, page)
        if page.reading_is_file:
            itself = store(self.keeper.archive.storage, page.reading.body, page.url)
            article.attachments[0] |= asdict(itself)
            return page
        for entry in article.attachments[: self._most]:
            if not self._allowed(entry["url"], page):
                self.crawler.stats.inc_value("govcrawl/attachment/foreign")
                continue
            stored = await self._fetched(entry["url"], page)
            if stored is not None:
                entry |= {"sha256": stored.sha256, "bytes": stored.bytes, "path": stored.path}
                entry["media_type"] = entry["media_type"] or stored.media_type
        return page

    def _allowed(self, url: str, page: ArticlePage) -> bool:
        host, own = host_of(url), host_of(page.url)
        near = (own.removeprefix("www."), *self._hosts)
        return any(host == h or host.endswith("." + h) for h in near if h)

    async def _fetched(self, url: str, page: ArticlePage) -> Stored | None:
        """The file at an address, fetched once in a run however many articles link it."""
        key = doc_id(url)
        if key not in self._fetching:
            self._fetching[key] = asyncio.ensure_future(self._fetch(url, page))
        return await asyncio.shield(self._fetching[key])

    async def _fetch(self, url: str, page: ArticlePage) -> Stored | None:
        before = known_file(self.keeper.archive.storage, self.site(page).state.get(doc_id(url)))
        if before is not None and (page.attempt.known is None or not page.attempt.known.landed):
            # A new article that links a known file: the file is asked again when the article is.
            return before
        attempt = self.keeper.archive.begin(Attempt(page.site, url, "attachment", channel=page.channel))
        try:
            response = await self.ask(attempt, self._largest, slot_of(url, page))
        except Exception as error:
            outcome, why = outcome_of_error(error)
            self.keeper.settle(attempt, outcome, error=why)
            self.crawler.stats.inc_value(f"govcrawl/attachment/{outcome}")
            return before
        return self._settled(attempt, response, before)

    def _settled(self, attempt: Attempt, response: Response, before: Stored | None) -> Stored | None:
        if response.status != 200:
            outcome = outcome_of_status(response.status)
        elif not response.body or _is_page(response):
            outcome = "not_article"
        else:
            try:
                disposition = response.headers.get("Content-Disposition")
                stored = store(self.keeper.archive.storage, response.body, response.url, disposition)
            except StorageError as exc:
                self.keeper.storage_failed(exc)
                return None
            outcome = "unchanged" if before is not None and before.sha256 == stored.sha256 else "landed"
            self.keeper.settle(attempt, outcome, text_hash=stored.sha256)
            self.crawler.stats.inc_value(f"govcrawl/attachment/{outcome}")
            return stored
        self.keeper.settle(attempt, outcome, error=f"HTTP {response.status}")
        self.crawler.stats.inc_value(f"govcrawl/attachment/{outcome}")
        return before


class ImagesPipeline(Stage):
    """Records the images of the body that lie in the article's own domain, each once, so that the recording shows the page
    whole. No column depends on them; one that cannot be had is left."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._most = crawler.settings.getint("GOVCRAWL_IMAGES")
        self._largest = crawler.settings.getint("GOVCRAWL_PART_BYTES")
        self._asked: set[str] = set()

    async def process_item(self, page: ArticlePage) -> ArticlePage:
        assert page.article is not None
        for image in page.article.images[: 0 if page.is_again else self._most]:
            if self._is_new(image["url"], page):
                await self._record(image["url"], page)
        return page

    def _is_new(self, url: str, page: ArticlePage) -> bool:
        if not is_address(url) or registrable(host_of(url)) != registrable(host_of(page.url)):
            return False
        key = doc_id(url)
        known = self.site(page).state.get(key)
        if key in self._asked or (known is not None and known.settled):
            return False
        self._asked.add(key)
        return True

    async def _record(self, url: str, page: ArticlePage) -> None:
        attempt = self.keeper.archive.begin(Attempt(page.site, url, "image", channel=page.channel, part_of=page.doc_id))
        why: str | None
        try:
            response = await self.ask(attempt, self._largest, slot_of(url, page))
        except Exception as error:
            outcome, why = outcome_of_error(error)
        else:
            shown = response.status == 200 and bool(response.body) and not _is_page(response)
            outcome = (
                "landed" if shown else "not_article" if response.status == 200 else outcome_of_status(response.status)
            )
            why = None if shown else f"HTTP {response.status}"
        self.keeper.settle(attempt, outcome, error=why)
        self.crawler.stats.inc_value(f"govcrawl/image/{outcome}")


def slot_of(url: str, page: ArticlePage) -> str:
    """The slot of the article's site for files on its hosts, so that a server never sees two connections at once."""
    host, site = host_of(url), page.reading.site
    hosts = (host_of(page.url), *(site.hosts if site is not None else ()))
    return page.site if any(host == h or host.endswith("." + h) for h in hosts) else host


def name_documents(article: Article, page: ArticlePage) -> None:
    """Name what of a page is fetched: the file that it is, the documents that it links, the images of a scanned notice."""
    if page.reading_is_file:
        article.attachments = [entry_of(page.url, article.title)]
    elif not article.attachments and article.text_length < MIN_DUPLICATE_LENGTH:
        article.attachments = [entry_of(image["url"], image["alt"]) for image in article.images]


def store(storage: Storage, body: bytes, url: str, disposition: bytes | None = None) -> Stored:
    """Put a file into the archive under its hash. The name says nothing but hash and kind: what a page calls its file
    never becomes a path."""
    sha256 = hashlib.sha256(body).hexdigest()
    extension, media_type = kind_of(body, url, disposition)
    path = f"files/{sha256[:2]}/{sha256}.{extension}"
    if not storage.exists(path):
        storage.publish(path, body)
    return Stored(sha256, len(body), path, media_type)


def kind_of(body: bytes, url: str, disposition: bytes | None = None) -> tuple[str, str | None]:
    """Extension and media type of a file, from its first bytes, then its name; ``bin`` where neither tells."""
    named = _EXTENSION.search(_name(url, None))
    if named is None and disposition:
        named = _EXTENSION.search(disposition.decode("latin-1").rstrip('"; '))
    name = named.group(1).lower() if named else ""
    for magic, extension, media_type in _MAGIC:
        if body.startswith(magic):
            return (name, None) if name in _CONTAINERS.get(extension, ()) else (extension, media_type)
    return name or "bin", None


def known_file(storage: Storage, known: Known | None) -> Stored | None:
    """The stored file of an attachment's address, where it was fetched before."""
    if known is None or known.kind != "attachment" or not known.text_hash:
        return None
    names = (n for n in storage.files(f"files/{known.text_hash[:2]}") if known.text_hash in n)
    path = next(names, None)
    return Stored(known.text_hash, known.bytes or 0, path, None) if path else None


def _name(url: str, given: str | None) -> str:
    """What to call a file: its link text, or the last part of its address without any folder."""
    last = os.path.basename(unquote(urlsplit(url).path).replace("\\", "/"))
    return (given or last or url)[:255]


def entry_of(url: str, name: str | None, stored: Stored | None = None) -> dict[str, Any]:
    """An element of the `attachments` column."""
    entry: dict[str, Any] = {"url": url, "name": _name(url, name), "media_type": None}
    facts = asdict(stored) if stored else dict.fromkeys(("sha256", "bytes", "path"))
    return entry | facts


def _is_page(response: Response) -> bool:
    """Whether an error or login page came in place of the file."""
    start = response.body[:512].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<script", b"<head"))
