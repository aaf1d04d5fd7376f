"""HTML → fields: pure functions from a page's bytes to what an archive must say of it. No Scrapy here.

    extracted = extract(body, url, headers=headers)
    extracted.title, extracted.text, extracted.published_on
    extract(body, url, explain=True).explanation.fields["source"]  # why: docs/extraction.md

`clean`, `metadata` and `quality` are the same in three steps, on a `Page`; `parts` tells which further addresses (frames,
further pages) a page needs to be whole.
"""

import re
from collections.abc import Mapping
from typing import Any

from govcrawl import __version__
from govcrawl.addresses import host_of
from govcrawl.extraction import blocks, flags, parts
from govcrawl.extraction.cleaning import MIN_TEXT, clean
from govcrawl.extraction.explain import Decision, Explanation
from govcrawl.extraction.metadata import metadata
from govcrawl.extraction.page import Page, Site
from govcrawl.extraction.results import Attachment, Cleaned, Extracted, Image, Metadata

__all__ = [
    "Attachment",
    "Cleaned",
    "Decision",
    "Explanation",
    "Extracted",
    "Image",
    "Metadata",
    "Page",
    "Site",
    "clean",
    "extract",
    "is_older",
    "metadata",
    "parts",
    "quality",
]


def is_older(extractor: str | None, than: str = __version__) -> bool:
    """Whether rules of this name (``govcrawl/0.1.0:text``) are of a version before another, the present one."""
    found = re.match(r"govcrawl/(\d+(?:\.\d+)*)", extractor or "")
    return found is None or _numbers(found[1]) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def quality(page: Page) -> list[str]:
    """The flags of a page, in a fixed order; see the data dictionary for their meanings."""
    cleaned, stated = clean(page), metadata(page)
    if cleaned.page_type in ("challenge", "error", "away", "empty", "attachment"):
        return []
    host = host_of(page.url)
    bare = len("".join(cleaned.text.split()))
    found = {
        "traditional_converted": cleaned.script == "hant",
        "no_publish_date": stated.published_on is None,
        "spam_removed": flags.spam_removed(page.document, host),
        "foreign_host": flags.foreign_host(page.document, host, page.site),
        "word_substitution": flags.word_substitution(cleaned.text),
        "truncated": parts.is_incomplete(page)
        or flags.truncated(cleaned.text)
        or flags.cut_off(page.markup, cleaned.text),
        "attachment_only": bool(cleaned.attachments) and bare < 100,
        "image_only": bool(cleaned.images) and not cleaned.attachments and bare < MIN_TEXT,
        "short": cleaned.text_length < 100,
        "mojibake_repaired": page.decoded[2],
        "unmapped_characters": page.document.unmapped >= max(5, cleaned.text_length // 100),
    }
    return [name for name, raised in found.items() if raised]


def extract(
    body: bytes,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    site: Site | None = None,
    explain: bool = False,
    **hints: Any,
) -> Extracted:
    """Everything of one page. `hints` are `Page`'s further keywords. Any bytes give a result, never an exception.
    With `explain` the result says why each field has its value and which lines are its body."""
    page = Page(body, url, headers=headers, site=site, explain=explain, **hints)
    cleaned, stated, raised = clean(page), metadata(page), quality(page)
    if page.explanation is not None:
        blocks.explain(page, page.explanation)
    return Extracted(**vars(cleaned), **vars(stated), quality=raised, explanation=page.explanation)
