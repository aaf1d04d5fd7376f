"""Page → title, publish time, source, people, policy header, province, year and keywords."""

import re
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from govcrawl.extraction import flags, people, policy, province, publish, script
from govcrawl.extraction.cleaning import body_lines, clean, is_paragraph
from govcrawl.extraction.dates import CHINA, Moment, valid
from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Metadata
from govcrawl.extraction.title import Title
from govcrawl.provinces import NATIONAL, PROVINCES, UNKNOWN

_NAMES = {NATIONAL: "全国", UNKNOWN: "未知"}
_CRUMB = re.compile(r"当前位置|所在位置|您的位置|首页\s*[>»/→]|\S\s*>\s*\S")
_YEAR = re.compile(r"(?<!\d)((?:19[5-9]|20[0-4])\d)\s*(?:年|学年|届)")


def metadata(page: Page) -> Metadata:
    """What the page says of itself; nothing that it does not say."""
    if "metadata" not in page.results:
        page.results["metadata"] = _metadata(page)
    result: Metadata = page.results["metadata"]
    return result


def marked(line: Line) -> str:
    """A line's text with \\x1f where an element begins or ends inside it; of long lines the two ends."""
    text = "\x1f".join([text for text, _, _ in line.runs]).strip()
    return text if len(text) <= 800 else f"{text[:400]}\x1f{text[-400:]}"


def _metadata(page: Page) -> Metadata:
    cleaned = clean(page)
    result = Metadata()
    document = page.document
    if cleaned.page_type in ("challenge", "error", "attachment") or _is_silent(page):
        if cleaned.page_type == "attachment":
            result.title = page.listed_title or ""
        return _finish(page, result, None)
    known = page.known
    text = cleaned.text_original or cleaned.text
    result.title = page.headline.text
    zone, tail, after = _regions(page)
    body = [p if len(p) <= 4000 else p[:3000] + p[-1000:] for p in text.split("\n")] if text else []
    begin = max(page.headline.line, 0)
    front = [text.replace("\x1f", "") for text in zone.values()]
    rules = policy.read(
        document,
        max(0, begin - 25),
        min(len(document.lines), max(begin + 40, page.article.first + 40)),
        [*front, *body[:8]],
    )
    for name in ("issuer", "doc_number", "index_number", "written_on", "subject", "validity"):
        setattr(result, name, getattr(rules, name))
    limit = publish.latest(page.fetched_at)
    # The dates of a policy header are named there; its cells would be bare dates here.
    header = [text for i, text in zone.items() if i not in rules.lines]
    moment = publish.decide(
        document,
        url=page.url,
        header=header,
        tail=tail,
        stated=rules.published,
        listed_on=page.listed_on,
        body=body,
        limit=limit,
        fetched_at=page.fetched_at,
    )
    pieces = [p for p in _pieces(document, zone, page.headline) if p.text != page.channel]
    result.source = people.find_source(header, tail, _meta_sources(document), pieces)
    result.editor = people.find_editors([*tail, *header])
    result.author = people.find_authors(header, pieces, body, after)
    if result.source in result.author:
        if len(result.author) > 1 and not people.is_outlet(result.source):
            result.source = None  # one of several authors beside the date
        else:
            result.author.remove(result.source)
    result.keywords = _keywords(document)
    return _finish(page, result, moment, known)


def _is_silent(page: Page) -> bool:
    """Whether a page shows nothing of an article; one that a listing names may show its header."""
    return clean(page).page_type == "empty" and not page.listed_title


def _regions(page: Page) -> tuple[dict[int, str], list[str], list[str]]:
    """The lines about the headline by index, and those around and after the body's end, nearest first; hidden ones
    never."""
    document = page.document
    lines = document.lines
    article = page.article
    chosen = body_lines(page)
    first = next((i for i in article.lines if is_paragraph(lines[i])), chosen[0] if chosen else article.first)
    last = article.lines[-1] if article.lines else article.first
    begin, end = page.headline.line, page.headline.end
    if begin < 0:
        begin = end = max(-1, first - 12)
    if begin < first:
        zone = [*range(end + 1, min(first, end + 40)), *range(begin - 1, max(-1, begin - 5), -1)]
    else:
        zone = [*range(begin - 1, max(-1, begin - 5), -1), *range(end + 1, min(len(lines), end + 8))]
    tail = [marked(lines[i]) for i in range(max(first, last - 3), min(len(lines), last + 14)) if not lines[i].hidden]
    ending = chosen[-1] if chosen else last  # a credit may close the body
    after = [marked(lines[i]) for i in range(ending + 1, min(len(lines), last + 8)) if not lines[i].hidden]
    return {i: marked(lines[i]) for i in zone if not lines[i].hidden}, tail, after


def _pieces(document: Document, zone: dict[int, str], headline: Title) -> list[people.Piece]:
    """The unlabelled pieces of the header's lines, for the source and the author that no label names."""
    boxes = document.boxes
    # Menu and breadcrumb links above the headline are channels, never sources.
    channels = {link.text.strip() for link in takewhile(lambda link: link.line < headline.line - 3, document.links)}
    dated = {
        i
        for i, text in zone.items()
        if len(document.lines[i].text) <= 90 and people.is_dated(text.replace("\x1f", " "))
    }
    near = {i + step for i in dated for step in (-2, -1, 1, 2)}
    found: list[people.Piece] = []
    for i in zone:
        line = document.lines[i]
        if (
            len(line.text) > 90
            or line.text.endswith(("：", ":"))
            or _CRUMB.search(line.text)
            or (i < headline.line and i not in dated)
        ):
            continue
        hints = []
        for text, box, _ in line.runs:
            hint = ""
            for _ in range(3):
                if box < 0:
                    break
                hint += f" {boxes[box].id} {boxes[box].cls}"
                if boxes[box].block and box != line.box:
                    break
                box = boxes[box].parent
            hints.append((text, hint))
        found += people.pieces_of(hints, dated=i in dated, near=i in near)
    return [p for p in found if p.text != headline.text and p.text not in channels]


def _meta_sources(document: Document) -> list[str]:
    return [v for name in ("contentsource", "source", "mediaid") for v in document.meta.get(name, ()) if v]


def _keywords(document: Document) -> list[str]:
    value = document.first_meta("keywords")
    if flags.spam_words(value):
        return []
    words = [w.strip() for w in re.split(r"[,，;；、|\s]+", value)]
    return list(dict.fromkeys(w for w in words if 1 < len(w) <= 30))[:20]


def _finish(page: Page, result: Metadata, moment: Moment | None, known: Any = None) -> Metadata:
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
        if name.startswith("published") and result.published_on is not None:
            continue  # what the page itself shows has its clock
        if value not in (None, "", []) and name != "html" and hasattr(result, name):
            setattr(result, name, value)
    _complete(page, result)
    cleaned = clean(page)
    site = page.site
    own = site.province if site is not None else None
    if cleaned.page_type in ("challenge", "error") or _is_silent(page):
        result.province, result.province_from = (own, "site") if own and own != NATIONAL else (UNKNOWN, "none")
    else:
        result.province, result.province_from = province.decide(
            own=own, region=page.region, source=result.source, issuer=result.issuer, doc_number=result.doc_number,
            title=result.title, text=cleaned.text, url=page.url,
        )  # fmt: skip
    division = PROVINCES.get(result.province)
    result.province_name = division.name if division else _NAMES.get(result.province, "")
    result.province_code = division.code if division else None
    result.year, result.year_from = _year(page, result, cleaned.text)
    return result


def _complete(page: Page, result: Metadata) -> None:
    """The day of a time stated alone, and no clock after the fetch or date out of range."""
    if result.published_at is not None and result.published_on is None:
        result.published_on = result.published_at.astimezone(CHINA).date()
    if result.published_on is not None and result.published_precision is None:
        result.published_precision = "day" if result.published_at is None else "second"
        result.published_from = result.published_from or "listing"
    fetched = page.fetched_at
    if (
        result.published_at is not None
        and fetched is not None
        and fetched.tzinfo is not None
        and result.published_at > fetched
    ):
        result.published_at, result.published_precision = None, "day"
    if result.written_on is not None and not valid(result.written_on, publish.latest(page.fetched_at)):
        result.written_on = None


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
    years = [int(y) for y in _YEAR.findall(text[:600]) if int(y) <= limit]
    if years:
        return max(set(years), key=years.count), "event"
    if page.listed_on is not None:
        return page.listed_on.year, "listing"
    return 0, "none"
