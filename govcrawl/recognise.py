"""What an address belongs to: which spider's site, and which CMS family made a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.spiderloader import get_spider_loader

from govcrawl.archive.urls import canonical, host_of
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.extraction.page import Site

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def spiders(settings: BaseSettings) -> dict[str, type[ListingSpider]]:
    """The spiders of sites, by name."""
    loader = get_spider_loader(settings)
    found = {name: loader.load(name) for name in sorted(loader.list())}
    return {name: cls for name, cls in found.items() if issubclass(cls, ListingSpider) and hasattr(cls, "hosts")}


def owner(url: str, known: dict[str, type[ListingSpider]]) -> type[ListingSpider] | None:
    """The spider whose site an address belongs to: the one with the longest of the hosts that it lies on."""
    host = host_of(url)
    best: tuple[str, type[ListingSpider] | None] = ("", None)
    for cls in known.values():
        for own in cls.hosts:
            if (host == own or host.endswith("." + own)) and len(own) > len(best[0]):
                best = (own, cls)
    return best[1]


def other_site(url: str) -> Site:
    """The site of an address that no spider knows: its host."""
    host = host_of(canonical(url))
    return Site(host.replace(":", "-"), kind="other")
