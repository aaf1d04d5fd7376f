from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from govcrawl.addresses import doc_id, host_of
from govcrawl.base_spiders.article import ArticleSpider
from govcrawl.base_spiders.rows import Row
from govcrawl.errors import BadArgument, nearest
from govcrawl.extensions import ArchiveExtension
from govcrawl.recognition.families import checked_url, other_site, owner, spiders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Self

    from scrapy.crawler import Crawler

    from govcrawl.extraction.page import Site


class UrlsSpider(ArticleSpider):
    """Given pages: ``-a file=urls.txt`` (one address a line, # begins a comment) or ``-a url=…``. A page whose host
    belongs to a spider goes to that spider's site, others to one named after their host. What is settled is not asked
    again."""

    name = "urls"
    arguments: ClassVar[dict[str, str]] = {"file": "a text file, one address a line", "url": "one address"}

    def __init__(self, name: str | None = None, **arguments: str) -> None:
        super().__init__(name)
        self.given = arguments
        unknown = sorted(set(arguments) - set(self.arguments))
        if unknown or len(arguments) != 1:
            takes = " or ".join(f"-a {k}=<{v}>" for k, v in self.arguments.items())
            if unknown:
                near = nearest(unknown[0], self.arguments)
                raise BadArgument(f"urls has no argument {unknown[0]!r}{near}; it takes {takes}")
            raise BadArgument(f"urls needs one argument; it takes {takes}")
        urls = [checked_url(arguments["url"], "url")] if "url" in arguments else list(_read(arguments["file"]))
        self.pages: dict[str, tuple[str, Site]] = {}
        for url in urls:
            self.pages.setdefault(doc_id(url), (url, other_site(url)))

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        known = spiders(crawler.settings)
        for key, (url, _) in spider.pages.items():
            if (found := owner(url, known)) is not None:
                spider.pages[key] = (found(channel=url).article_url(url), found.site())
            else:
                spider.pages[key] = (url, other_site(url, known))
        return spider

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that the run writes to; opened, and so locked, before its first request."""
        return tuple(sorted({site.name for _, site in self.pages.values()}))

    async def start(self) -> AsyncIterator[Any]:
        extension = self.crawler.get_extension(ArchiveExtension)
        assert extension is not None
        extension.sites_by_host.update({host_of(url): site.name for url, site in self.pages.values()})
        for site in {site.name: site for _, site in self.pages.values()}.values():
            for page in self.read_again(site):
                yield page
        for url, site in self.pages.values():
            if self.unsettled(site.name, url):
                yield self.article_request(Row(url), site)


def _read(file: str) -> Iterator[str]:
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise BadArgument(f"file={file} cannot be read: {why}") from exc
    found = 0
    for number, line in enumerate(text.splitlines(), 1):
        address = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if address:
            found += 1
            yield checked_url(address, f"{file}, line {number}")
    if not found:
        raise BadArgument(f"{file} holds no address; write one a line")
