"""Page → title, publish time, source, people, policy header, province, year and keywords."""

import re
from datetime import date, datetime
from typing import Any

from govcrawl.extraction import dates, people, policy, province, publish, quality, script
from govcrawl.extraction.cleaning import clean
from govcrawl.extraction.dates import Moment
from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Metadata
from govcrawl.provinces import NATIONAL, PROVINCES, UNKNOWN

_NAMES = {NATIONAL: "全国", UNKNOWN: "未知"}
_YEAR = re.compile(r"(?<!\d)((?:19[5-9]|20[0-4])\d)\s*(?:年|学年|届)")


def metadata(page: Page) -> Metadata:
    """What the page says of itself; nothing that it does not say."""
    if "metadata" not in page.results:
        page.results["metadata"] = _metadata(page)
    result: Metadata = page.results["metadata"]
    return result


def marked(line: Line) -> str:
    """A line's text with \\x1f where an element begins or ends inside it."""
    parts = []
    box = line.runs[0].box if line.runs else 0
    for run in line.runs:
        if run.box != box:
            parts.append("\x1f")
            box = run.box
        parts.append(run.text)
    return "".join(parts).strip()


def _metadata(page: Page) -> Metadata:
    cleaned = clean(page)
    result = Metadata()
    document = page.document
    if cleaned.page_type in ("challenge", "error", "attachment", "empty"):
        if cleaned.page_type == "attachment":
            result.title = page.listed_title or ""
        return _finish(page, result, "", None)
    known = page.known
    text = cleaned.text_original or cleaned.text
    result.title = page.headline.text
    header, tail = _regions(page)
    body = text.split("\n") if text else []
    begin = page.headline.line if page.headline.line >= 0 else 0
    rules = policy.read(document, max(0, begin - 25), min(len(document.lines), max(begin + 40, page.article.first + 40)), body)
    for name in ("issuer", "doc_number", "index_number", "written_on", "subject", "validity"):
        setattr(result, name, getattr(rules, name))
    limit = publish.latest(page.fetched_at)
    moment = publish.decide(document, url=page.url, header=header, tail=tail, stated=rules.published, listed_on=page.listed_on, body=body, limit=limit)
    head = body[:3]
    result.source = people.find_source(header, tail, _meta_sources(document)) or _bare_outlet(header, result.title)
    result.editor = people.find_editors([*tail, *header])
    result.author = people.find_authors(header, head, tail)
    result.author = [a for a in result.author if a != result.source]
    result.keywords = _keywords(document)
    return _finish(page, result, text, moment, known)


def _regions(page: Page) -> tuple[list[str], list[str]]:
    """The lines about the headline, and those around the body's end, nearest first; hidden ones never."""
    document = page.document
    lines = document.lines
    article = page.article
    first = article.lines[0] if article.lines else article.first
    last = article.lines[-1] if article.lines else article.first
    begin = page.headline.line
    header: list[str] = []
    chosen = set(clean_lines(page))
    if begin >= 0:
        for i in range(begin, min(len(lines), max(begin, min(first, begin + 30)) + 4)):
            if not lines[i].hidden and i not in chosen and (i > page.headline.end or i < begin):
                header.append(marked(lines[i]))
        header += [marked(lines[i]) for i in range(begin - 1, max(-1, begin - 5), -1) if not lines[i].hidden]
    else:
        header += [marked(lines[i]) for i in range(max(0, first - 12), min(len(lines), first + 3)) if not lines[i].hidden and i not in chosen]
    tail = [marked(lines[i]) for i in range(max(first, last - 3), min(len(lines), last + 14)) if not lines[i].hidden]
    return header, tail


def clean_lines(page: Page) -> list[int]:
    """The indexes of the lines that are body text."""
    from govcrawl.extraction.cleaning import _trim

    if "lines" not in page.results:
        page.results["lines"] = _trim(page.document, page)
    result: list[int] = page.results["lines"]
    return result


def _meta_sources(document: Document) -> list[str]:
    return [v for name in ("contentsource", "source", "mediaid") for v in document.meta.get(name, ()) if v]


def _bare_outlet(header: list[str], headline: str) -> str | None:
    """The outlet beside an unlabelled publish time."""
    for text in header[:8]:
        for _, start, end in dates.moments(text):
            if len(text) - (end - start) > 70:
                continue
            parts = re.split(r"[\x1f|｜]| {1,}", text[:start]) + re.split(r"[\x1f|｜]| {1,}", text[end:])
            found = people.outlet(parts)
            if found and found != headline:
                return found
    return None


def _keywords(document: Document) -> list[str]:
    value = document.first_meta("keywords")
    if quality.spam_words(value):
        return []
    words = [w.strip() for w in re.split(r"[,，;；、|\s]+", value)]
    return list(dict.fromkeys(w for w in words if 1 < len(w) <= 30))[:20]


def _finish(page: Page, result: Metadata, text: str, moment: Moment | None, known: Any = None) -> Metadata:
    """Simplified names, known fields, province and year."""
    if clean(page).script == "hant":
        result.title_original = result.title
        for name in ("title", "source", "issuer", "doc_number", "subject", "validity"):
            value = getattr(result, name)
            if value:
                setattr(result, name, script.to_simplified(value))
        for name in ("author", "editor", "keywords"):
            setattr(result, name, [script.to_simplified(v) for v in getattr(result, name)])
    _published(result, moment)
    for name, value in (known or {}).items():
        if value not in (None, "", []) and name != "html" and hasattr(result, name):
            setattr(result, name, value)
    cleaned = clean(page)
    site = page.site
    own = site.province if site is not None else None
    if cleaned.page_type in ("challenge", "error", "empty"):
        result.province, result.province_from = (own, "site") if own and own != NATIONAL else (UNKNOWN, "none")
    else:
        result.province, result.province_from = province.decide(
            own=own, region=page.region, source=result.source, issuer=result.issuer, doc_number=result.doc_number,
            title=result.title, text=cleaned.text, url=page.url, channel=page.channel,
        )  # fmt: skip
    division = PROVINCES.get(result.province)
    result.province_name = division.name if division else _NAMES.get(result.province, "")
    result.province_code = division.code if division else None
    result.year, result.year_from = _year(page, result, cleaned.text)
    return result


def _published(result: Metadata, moment: Moment | None) -> None:
    if moment is None:
        return
    result.published_on = moment.day
    result.published_at = moment.at
    result.published_precision = moment.precision
    result.published_from = moment.evidence


def _year(page: Page, result: Metadata, text: str) -> tuple[int, str]:
    """The year of an article, and from what: its publish day, its title, the dates in its text, its listing."""
    if isinstance(result.published_on, date | datetime):
        return result.published_on.year, "published"
    limit = publish.latest(page.fetched_at).year
    years = [int(y) for y in _YEAR.findall(result.title) if int(y) <= limit]
    if years:
        return max(years), "title"
    if page.listed_on is not None:
        return page.listed_on.year, "listing"
    years = [int(y) for y in _YEAR.findall(text[:600]) if int(y) <= limit]
    if years:
        return max(set(years), key=years.count), "event"
    return 0, "none"
