"""A recorded page read again: the row that today's rules make of it, without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govcrawl.archive.site import COLUMNS
from govcrawl.archive.values import storable
from govcrawl.attachments.fetching import name_documents
from govcrawl.extraction import parts
from govcrawl.pipelines import article_of, bring, demand, part_rounds, sort_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.archive.warc import Recorded
    from govcrawl.base_spiders.article import ArticlePage
    from govcrawl.items import Article


def row_again(page: ArticlePage, part: Callable[[str], Recorded | None], *, frames: int, pages: int) -> Article:
    """The row of a recorded page as the stages of a crawl make it, as revision 1, its values as the archive holds them.
    ``part``: the recorded response at the address of a frame or further page; at most so many ``frames`` and ``pages``. Raises
    Dropped where today's rules find no article in it."""
    for _ in part_rounds(page, frames, pages):
        wanted = parts.wanted(page.reading, frames=frames, pages=pages)
        for address in wanted:
            bring(page, address, part(address))
        if not wanted:
            break
    sort_out(page)
    page.article = article = article_of(page)
    demand(article, page)
    name_documents(article, page)
    for name in COLUMNS:
        setattr(article, name, storable(getattr(article, name)))
    return article
