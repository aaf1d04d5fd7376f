from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govcrawl.base_spiders.article import ArticleSpider
from govcrawl.errors import BadArgument, nearest
from govcrawl.recognition.families import checked_url, other_site, owner, spiders
from govcrawl.recognition.unknown import UnknownSite, anew

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class SiteSpider(ArticleSpider):
    """Any listing: ``-a start=<its address>``. A host that a spider knows is walked by that spider, as its ``channel``;
    for others the CMS family is recognised from the first page. Takes what the other spiders take: since, sample …"""

    name = "site"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Any:
        start = kwargs.pop("start", None)
        if start is None or "channel" in kwargs:
            near = next((f"{k!r}{found}" for k in kwargs if (found := nearest(k, ["start"]))), None)
            said = f"; it has no argument {near}" if near else ""
            raise BadArgument(f"site needs -a start=<address of a listing> and takes no channel{said}")
        start = checked_url(start, "start")
        named = spiders(crawler.settings)
        known = owner(start, named)
        if known is not None:
            return known.from_crawler(crawler, *args, channel=start, **kwargs)
        site = other_site(start, named)
        other = anew(UnknownSite, None, site, None)
        return other.from_crawler(crawler, *args, channel=start, **kwargs)
