"""What the spiders know of sites, for pages that are read without one."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from govcrawl.base_spiders.article import is_rendered
from govcrawl.recognition.families import other_site, spiders

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

    from govcrawl.base_spiders.listing import ListingSpider
    from govcrawl.extraction import Site


class Sites:
    """The facts of sites by name."""

    def __init__(self, settings: BaseSettings) -> None:
        self._spiders = spiders(settings)
        self.region = cache(self._region)

    def of(self, name: str, url: str) -> Site:
        """The site; of one that no spider knows, what an address of it tells."""
        spider = self._spiders.get(name)
        return spider.site() if spider is not None else other_site(url, self._spiders)

    def _region(self, name: str, channel: str | None, url: str) -> str | None:
        """The province of a regional channel."""
        spider = self._spiders.get(name)
        if spider is None or not channel:
            return None
        # The rule reads class attributes only; a spider without channels cannot be instantiated.
        return spider.region(cast("Any", spider), channel, url)

    def is_article(self, name: str, url: str) -> bool | None:
        """Whether an address is that of an article; None where no rule tells."""
        spider: type[ListingSpider] | None = self._spiders.get(name)
        return None if spider is None else re.search(spider.article_pattern, url) is not None

    def is_rendered(self, name: str) -> bool:
        """Whether a browser fills the site's articles."""
        return is_rendered(self._spiders.get(name))
