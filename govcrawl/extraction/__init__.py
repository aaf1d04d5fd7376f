"""HTML → fields: pure functions from a page's bytes to what an archive must say of it. No Scrapy here.

    extracted = extract(body, url, headers=headers)
    extracted.title, extracted.text, extracted.published_on
    extract(body, url, explain=True).explanation.fields["source"]  # why: docs/extraction.md

`clean`, `metadata` and `quality` are the same in three steps, on a `Page`.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from govcrawl.addresses import host_of
from govcrawl.extraction import blocks, flags
from govcrawl.extraction.cleaning import clean
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
    "metadata",
    "quality",
]


def quality(page: Page) -> list[str]:
    """The flags of a page, in a fixed order; see the data dictionary for their meanings."""
    cleaned, stated = clean(page), metadata(page)
    if cleaned.page_type in ("challenge", "error", "empty", "attachment"):
        return []
    host = host_of(page.url)
    found = {
        "traditional_converted": cleaned.script == "hant",
        "no_publish_date": stated.published_on is None,
        "spam_removed": flags.spam_removed(page.document, host),
        "foreign_host": flags.foreign_host(page.document, host, page.site),
        "word_substitution": flags.word_substitution(cleaned.text),
        "truncated": flags.truncated(cleaned.text) or flags.cut_off(page.markup, cleaned.text),
        "attachment_only": bool(cleaned.attachments) and len(re.sub(r"\s", "", cleaned.text)) < 100,
        "short": cleaned.text_length < 100,
        "mojibake_repaired": page.decoded[2],
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
    values = {f.name: getattr(part, f.name) for part in (cleaned, stated) for f in fields(part)}
    if page.explanation is not None:
        blocks.explain(page, page.explanation)
    return Extracted(**values, quality=raised, explanation=page.explanation)
