"""
Sites that answer as the real ones do, page by page, written from what is known of each CMS.

`site("tianjin")` builds one; its `answer(method, url, body)` is what the host would send and its `articles` are what a
complete walk must find. `download` puts such sites under a Scrapy crawl, `server` on a local port, `server.record` into a
WARC file. All people, places and texts are invented; hosts and addresses are those of the real sites.
"""

from __future__ import annotations

from . import (
    easysite,
    founder,
    generic,
    gkmlpt,
    hebei_jsp,
    henan,
    jcms,
    jpaas,
    label8888,
    news_json,
    people,
    querylist,
    shanghai,
    shells,
    trs,
    ucap,
    was_json,
    yunnan,
)
from .model import Answer, Expected, SimulatedSite

_FAMILIES = (
    easysite, founder, generic, gkmlpt, hebei_jsp, henan, jcms, label8888, news_json, people, querylist, shanghai,
    trs, ucap, was_json, yunnan,
)  # fmt: skip
_CLASSES: dict[str, type[SimulatedSite]] = {slug: made for family in _FAMILIES for slug, made in family.CLASSES.items()}
SLUGS: list[str] = sorted(_CLASSES)
# Sites as they would be after a change of CMS: same host and columns as the spider of that name, other pages.
VARIANTS: dict[str, str] = {"zhejiang_jpaas": "zhejiang"}
_CLASSES.update(jpaas.VARIANTS)
# Sites whose columns are shells; the spider that walks each.
SHELLS: dict[str, str] = {slug: spider for slug, (_, spider) in shells.SHELLS.items()}
_CLASSES.update({slug: made for slug, (made, _) in shells.SHELLS.items()})

__all__ = ["SHELLS", "SLUGS", "VARIANTS", "Answer", "Expected", "SimulatedSite", "class_of", "site"]


def class_of(slug: str) -> type[SimulatedSite]:
    """The class of the simulated site of a spider name, for sites that differ from it. Raises KeyError for others."""
    return _CLASSES[slug]


def site(slug: str, *, pages: int = 4, per_page: int = 12, channels: int | None = 2, newer: int = 0) -> SimulatedSite:
    """
    The simulated site of a spider name.

    Each channel has `pages` list pages of `per_page` rows, the last one partly filled; `channels` limits how many
    columns are built, None means all. `newer` puts that many articles of later days on top of every column of the
    otherwise same site, for crawls that are repeated. The same arguments always build the same site. Raises KeyError for others.
    """
    return class_of(slug)(slug, pages=pages, per_page=per_page, channels=channels, newer=newer)
