"""The parts of an article that stands on more than its own page: which are still to be brought, and bringing them.

while wanted := parts.wanted(page):
    for address in wanted:
        parts.bring(page, address, …)
"""

from collections.abc import Mapping

from govcrawl.extraction import elsewhere
from govcrawl.extraction.cleaning import MIN_TEXT, clean
from govcrawl.extraction.page import Page


def wanted(page: Page, *, frames: int = elsewhere.MAX_FRAMES, pages: int = elsewhere.MAX_PAGES) -> list[str]:
    """Addresses of the parts that a page still needs to be read: frames where it shows no text itself, further pages of
    its text. At most so many frames and pages in all; [] once nothing is missing."""
    found = clean(page)
    if found.page_type in ("empty", "video") or _is_bare(page):
        new = [a for a in elsewhere.frames(page) if a not in page.parts]
        if not new and found.page_type == "empty" and page.frames_asked == [*page.parts]:
            new = [a for a in elsewhere.asked(page) if a not in page.parts][:1]  # one by one, until the text is there
            page.scripts_asked += new
        page.frames_asked += new[: max(0, frames - len(page.frames_asked))]
    if found.page_type == "article" and found.text:
        new = [a for a in elsewhere.pages(page) if a not in page.parts]
        page.pages_asked += new[: max(0, pages - 1 - len(page.pages_asked))]
    return [a for a in [*page.frames_asked, *page.pages_asked] if a not in page.parts]


def _is_bare(page: Page) -> bool:
    """Whether an article, or a page that shows lists alone, has next to no text."""
    found = clean(page)
    if found.page_type not in ("article", "list"):
        return False
    return len(found.text) < MIN_TEXT and not found.attachments and not found.images


def bring(
    page: Page, address: str, body: bytes | None, url: str | None = None, headers: Mapping[str, str] | None = None
) -> None:
    """Give a page the part that it wants at an address: its bytes, the address that answered and its headers; None where
    it could not be had."""
    part = None
    if body is not None:
        part = Page(
            body, url or address, headers=headers, site=page.site, channel=page.channel, fetched_at=page.fetched_at
        )
    page.parts[address] = part
    page.forget()


def is_incomplete(page: Page) -> bool:
    """Whether a part of the article could not be had; what a script asks for may be anything."""
    return any(part is None for address, part in page.parts.items() if address not in page.scripts_asked)
