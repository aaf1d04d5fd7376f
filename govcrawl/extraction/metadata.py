"""Page → title, publish time, source, people, policy header, province, year and keywords."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import takewhile
from typing import Any

from govcrawl.extraction import dates, flags, gates, people, policy, province, publish, script, source
from govcrawl.extraction.cleaning import body_lines, clean, is_paragraph
from govcrawl.extraction.dates import CHINA, Moment, valid
from govcrawl.extraction.document import Document, Line
from govcrawl.extraction.explain import Candidate, Explanation, as_text
from govcrawl.extraction.header import Reading, of_books, read
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Metadata
from govcrawl.extraction.script import fold
from govcrawl.extraction.title import Title
from govcrawl.provinces import NATIONAL, PROVINCES, UNKNOWN

_NAMES = {NATIONAL: "全国", UNKNOWN: "未知"}
_PUBLISHER = re.compile(r"授權|版權|著作|地址|電話|傳真|©|copyright", re.IGNORECASE)
_CRUMB = re.compile(r"当前位置|所在位置|您的位置|首页\s*[>»/→]|>(?<=.>)\s*\S")
_CLAUSE = re.compile("[。！？，；]")
_LABELLED = re.compile(r"(?:来源|來源|作者|发[布佈表]|發[布佈表]|时[间間]|時[间間]|日期|编[辑輯]|編[辑輯])\s?[:：]")
_SURE = re.compile(r"(?:来源|來源|稿源|发布|發布|發佈)(?:时间|時間|日期|于)?\s?[:：于\d]")
_CLAIMING = ("author", "author_short", "editor", "staff", "picture")  # labels whose value is nobody else's
_FAR = 100  # lines below the text in which its header may still stand
_EDITOR_LINE = re.compile(r"[\[【(（](?:责任|責任)?(?:编辑|編輯|责编|責編)\s?[:：][^\[\]【】()（）]{2,16}[\])）】]$")
_CLOCK = re.compile(r"\d[:：]\d\d|前|刚刚|昨天|今天|^\d{1,2}[-/月]\d{1,2}日?$|发[布表]于?[:：]?$")
_SECOND = re.compile(r"sub-?_?tit|fut|fubiao|fbt|ftit|lead|summary|intro", re.IGNORECASE)
_TODAY = re.compile(r"\d日?\s{0,3}(?:星期|周[一二三四五六日])|[℃]|°C")
_DISCLAIMER = re.compile("声明|聲明|仅供|僅供|风险|風險|版权|版權|转载|轉載")
_PLACEHOLDER = re.compile(
    r"(?:关键[词字]|關鍵字|keywords?|null|undefined|none|nan|(?:网站)?首页)\d*$|[{$]|在此(?:输入|填写)", re.IGNORECASE
)
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
    if cleaned.page_type in ("challenge", "error", "away", "attachment") or _is_silent(page):
        if cleaned.page_type == "attachment":
            result.title = page.listed_title or ""
        return _finish(page, result, None)
    text = cleaned.text_original or cleaned.text
    body = [p if len(p) <= 4000 else p[:3000] + p[-1000:] for p in text.split("\n")] if text else []
    result.title = page.headline.text
    regions = _regions(page)
    rules = _policy(page, regions, body)
    for name in ("issuer", "doc_number", "index_number", "written_on", "subject", "validity"):
        setattr(result, name, getattr(rules, name))
        if page.explanation is not None:
            page.explanation.note(name, getattr(rules, name), "policy header")
    # The dates of a policy header are named there; its cells would be bare dates here.
    header = regions.header.without(rules.lines)
    moment = publish.decide(
        page.document,
        url=page.url,
        header=header,
        tail=regions.tail,
        stated=rules.published,
        listed_on=page.listed_on,
        body=body,
        fetched_at=page.fetched_at,
        explanation=page.explanation,
    )
    _credits(page, result, header, regions, body, rules.source)
    result.keywords = _keywords(page.document, page.headline.text)
    return _finish(page, result, moment, page.known)


def _is_silent(page: Page) -> bool:
    """Whether a page shows nothing of an article; one that a listing names may show its header."""
    return clean(page).page_type == "empty" and not page.listed_title


def _policy(page: Page, regions: "Regions", body: list[str]) -> policy.Policy:
    begin = max(page.headline.line, 0)
    front = [text.replace("\x1f", "") for text in regions.header.shown.values()]
    last = min(len(page.document.lines), max(begin + 40, page.article.first + 40))
    return policy.read(page.document, max(0, begin - 25), last, [*front, *body[:8]], page.headline.text)


def _credits(
    page: Page, result: Metadata, header: Reading, regions: "Regions", body: list[str], policy_source: str | None
) -> None:
    """Source, editor and author: one reading of the page's lines gives all three."""
    document, explanation = page.document, page.explanation
    around = gates.Surroundings(fold(page.channel or ""), fold(page.headline.text), _crumbs(document, page.headline))
    pieces = _pieces(document, header, page.headline, regions.below)
    writers, publishers = publish.json_ld(document)
    paragraphs = people.texts(body)
    # A publisher that the page's own frame names is the site, which says nothing of a credit.
    frame = f"{document.title} {document.first_meta('og:site_name', 'sitename')}"
    frame += " ".join(line.text for line in document.lines[-30:])
    result.source = source.decide(
        header,
        regions.tail,
        pieces,
        paragraphs,
        _meta_sources(document),
        [p for p in publishers if p not in frame],
        stated=policy_source,
        around=around,
        explanation=explanation,
    )
    result.editor = people.choose_names(
        "editor", people.editors([regions.tail, header]), explanation, around, every=True
    )
    if not result.editor:
        far = _editor_lines(document.lines, page.article.lines[-1] if page.article.lines else 0)
        if far:
            result.editor = people.choose_names("editor", people.editors([read(far)]), explanation, around)
    candidates = people.authors(header, pieces, paragraphs, regions.after, regions.tail)
    stated = [Candidate([name], "JSON-LD author", name) for name in writers]
    result.author = people.choose_names("author", [*candidates, *stated], explanation, around)
    _part(result, explanation)


def _editor_lines(lines: Sequence[Line], last: int) -> dict[int, str]:
    """The first line below the text that is nothing but the editor in brackets, before any other text begins."""
    for i in range(last + 1, min(len(lines), last + _FAR)):
        line = lines[i]
        text = line.text
        if text[0] in "[【(（":
            if len(text) <= 30 and not line.hidden and _EDITOR_LINE.match(text):
                return {i: text}
        elif text[-1] in "。！？…”" and len(text) - line.linked >= 30 and not _DISCLAIMER.search(text):
            break
    return {}


def _part(result: Metadata, explanation: Explanation | None) -> None:
    """Take the source from the authors, or one of several authors from the source's place."""
    own = (result.source or "").lower()
    same = [name for name in result.author if name.lower() == own]
    if not same:
        return
    if len(result.author) > 1 and not gates.is_paper(fold(result.source or "")):
        result.source = None
    else:
        result.author = [name for name in result.author if name not in same]
    if explanation is not None:
        lost = "source" if result.source is None else "author"
        decision = explanation.decision(lost)
        explanation.lose(lost, Candidate(same[0], decision.rule, decision.text), "author and source at once")
        decision.value = as_text(getattr(result, lost))


@dataclass(frozen=True, slots=True)
class Regions:
    """The lines about the headline, nearest first; those around the body's end; those after its last line; and the
    first of a header that stands below the text, -1 where none does."""

    header: Reading
    tail: Reading
    after: Reading
    below: int = -1


def _regions(page: Page) -> Regions:
    """The lines that tell of the article, read once; hidden ones never."""
    lines = page.document.lines
    article = page.article
    chosen = body_lines(page)
    first = next((i for i in article.lines if is_paragraph(lines[i])), chosen[0] if chosen else article.first)
    last = article.lines[-1] if article.lines else article.first
    begin, end = page.headline.line, page.headline.end
    if begin < 0:
        begin = end = max(-1, first - 12)
    above = [
        i for i in range(begin - 1, max(-1, begin - 5), -1) if not (_is_item(lines[i]) or _is_today(lines[i].text))
    ]
    if begin < first:
        zone = [*range(end + 1, min(first, end + 40)), *above]
    else:
        zone = [*above, *range(end + 1, min(len(lines), end + 8))]
    ending = chosen[-1] if chosen else last  # a credit may close the body
    parts = (
        zone,
        range(max(first, last - 3), min(len(lines), last + 14)),
        range(ending + 1, min(len(lines), last + 8)),
    )
    texts = {i: marked(lines[i]) for i in sorted({i for part in parts for i in part}) if not lines[i].hidden}
    if page.headline.rest:  # what stands behind the headline in its own line is of the header
        texts[end] = page.headline.rest
        parts = ([end, *zone], *parts[1:])
    links = {i for i in texts if lines[i].linked >= len(lines[i].text)}
    below: list[int] = []
    if not any(len(texts[i]) <= 160 and people.is_dated(_plain(texts[i])) for i in parts[0] if i in texts):
        below = _header_below(lines, max(end + 1, first), ending, set(chosen))
        texts |= {i: marked(lines[i]) for i in below}
        parts = ([*parts[0], *below], *parts[1:])
    whole = read(dict(sorted(texts.items())), links)
    whole = whole.without(of_books(whole))
    header, tail, after = (whole.pick(part) for part in parts)
    return Regions(header, tail, after, below[0] if below else -1)


def _is_item(line: Line) -> bool:
    """Whether a line is an item of a list, a link with its date behind it."""
    may = line.linked > 0.25 * len(line.text) and len(line.text) <= 160 and line.text[-1] in "0123456789日)）]】"
    stated = dates.moments(line.text) if may else ()
    return bool(stated) and stated[0][1] > 1


def _is_today(text: str) -> bool:
    """Whether a line above the headline tells the reader's day, with the day of the week or the weather; a paper's issue has
    its name or page beside it."""
    if len(text) > 60 or not any(sign in text for sign in ("星期", "周", "℃", "°C")):
        return False
    return _TODAY.search(text) is not None and not re.search(r"[报報刊]|第.{1,4}[版期]|来源|來源|发布|發布", text)


def _header_below(lines: Sequence[Line], first: int, ending: int, kept: Collection[int]) -> list[int]:
    """The lines of date and source that some templates set below the text, those beside the date included; [] where there
    are none. Near the text's end, `ending`, a clock or a label beside the date tells them: a lone day signs the text.
    Farther off, or behind links to other articles, which have dates too, they show a clock and name source or publication."""
    passed = False
    for i in range(first, min(len(lines), ending + _FAR)):
        line = lines[i]
        if line.hidden:
            continue
        stated = dates.moments(line.text) if len(line.text) <= 120 and not _CLAUSE.search(line.text) else ()
        if line.linked > 0.5 * len(line.text) and not (stated and stated[0][1] <= 1 and stated[0][0].at):
            passed = passed or (i > ending and line.linked >= 8)
            continue
        if not stated:
            continue
        near = not passed and ending - 4 <= i < ending + 7
        if near and (_LABELLED.search(line.text) or _is_header(lines, i, stated[0])):
            return _about(lines, i, ending)
        if stated[0][0].at is not None and (i not in kept or _SURE.match(line.text)) and _is_sure(lines, i):
            return _about(lines, i, ending)
    return []


def _is_sure(lines: Sequence[Line], i: int) -> bool:
    """Whether a line with a date, or the short one after it, names source or publication."""
    following = lines[i + 1].text if i + 1 < len(lines) else ""
    return _SURE.search(lines[i].text) is not None or (len(following) <= 30 and _SURE.match(following) is not None)


def _about(lines: Sequence[Line], i: int, ending: int) -> list[int]:
    """A line of the header below the text with the short ones about it: at most three before, two after."""
    begin = i
    while begin > max(ending + 1, i - 3) and len(lines[begin - 1].text) <= 20 and not lines[begin - 1].hidden:
        if read({0: lines[begin - 1].text}).values:
            break  # a credit of the text's end, which is read as such
        begin -= 1
    after = range(i + 1, min(len(lines), i + 3))
    return [
        *range(begin, i + 1),
        *(j for j in after if not lines[j].hidden and not lines[j].linked and len(lines[j].text) <= 40),
    ]


def _is_header(lines: Sequence[Line], i: int, stated: tuple[Moment, int, int]) -> bool:
    """Whether a line with a date that no label names is the header: it shows a clock, or a paper beside or below it, or
    stands below the source."""
    moment, start, end = stated
    if lines[i].linked > 0.25 * len(lines[i].text) and start > 1:
        return False  # an item of a list: its title, then its date
    if i and len(lines[i - 1].text) <= 30 and _SURE.match(lines[i - 1].text):
        return True
    beside = fold(lines[i].text[:start] + lines[i].text[end:]).strip(" |·")
    below = fold(lines[i + 1].text) if i + 1 < len(lines) else ""
    return moment.at is not None or gates.is_paper(beside or below)


def _crumbs(document: Document, headline: Title) -> frozenset[str]:
    """Menu and breadcrumb links above the headline: channels, never sources."""
    above = takewhile(lambda link: link.line < headline.line - 3, document.links)
    return frozenset(link.text.strip() for link in above)


def _pieces(document: Document, header: Reading, headline: Title, below: int) -> list[people.Piece]:
    """The unlabelled pieces of the header's lines, for the source and the author that no label names."""
    dated = {
        i for i, text in header.shown.items() if len(document.lines[i].text) <= 90 and people.is_dated(_plain(text))
    }
    near = {i + step for i in dated for step in (-2, -1, 1, 2)}
    claimed = {(v.at, v.value.partition("\x1f")[0].strip()) for v in header.of(*_CLAIMING) if v.mark}
    found: list[people.Piece] = []
    for i in header.shown:
        line = document.lines[i]
        if (
            len(line.text) > 90
            or line.text.endswith(("：", ":"))
            or _CRUMB.search(line.text)
            or "©" in line.text
            or (i < headline.line and i not in dated)
        ):
            continue
        runs = [(text, _hint(document, box, line.box)) for text, box, _ in line.runs]
        above = i in (headline.end + 1, below) and not _is_second(document, line) and _time_follows(header, i)
        found += people.pieces_of(
            runs,
            line=i,
            dated=i in dated,
            near=i in near,
            above=above,
            place=1 if i == below else max(0, i - headline.end),
        )
    return [p for p in found if p.shown != headline.text and (p.line, p.text) not in claimed]


def _is_second(document: Document, line: Line) -> bool:
    """Whether a line below the headline is a second one, by its element; an account links to itself."""
    box = document.boxes[line.box]
    return (box.tag in ("h1", "h2", "h3") and not line.linked) or _SECOND.search(f"{box.id} {box.cls}") is not None


def _time_follows(header: Reading, i: int) -> bool:
    """Whether the next line that is no control of the page begins with a time of day; a day alone may stand below a
    second headline as well."""
    for j in range(i + 1, i + 6):
        text = header.folded.get(j)
        if text is not None and people.begins_with_time(text):
            return _CLOCK.search(text) is not None
        if text is not None and not gates.is_interface(text):
            return False
    return False


def _plain(text: str) -> str:
    return text.replace("\x1f", " ")


def _hint(document: Document, box: int, block: int) -> str:
    """The id and class names of the elements around a run, up to its block and two more at most."""
    hint = ""
    for _ in range(3):
        if box < 0:
            break
        found = document.boxes[box]
        hint += f" {found.id} {found.cls}"
        if found.block and box != block:
            break
        box = found.parent
    return hint


def _meta_sources(document: Document) -> list[str]:
    return [v for name in ("contentsource", "source", "mediaid") for v in document.meta.get(name, ()) if v]


def _keywords(document: Document, headline: str) -> list[str]:
    value = document.first_meta("keywords")
    if flags.spam_words(value):
        return []
    words = [w.strip() for w in re.split(r"[,，;；、|\s]+", value)]
    return list(dict.fromkeys(w for w in words if 1 < len(w) <= 30 and not _no_keyword(w, headline)))[:20]


def _no_keyword(word: str, headline: str) -> bool:
    """Whether a keyword is the headline or what a template has in the place of one."""
    return word == headline or _PLACEHOLDER.match(word) is not None


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
    if cleaned.page_type in ("challenge", "error", "away") or _is_silent(page):
        result.province, result.province_from = (own, "site") if own and own != NATIONAL else (UNKNOWN, "none")
    else:
        evidence = province.Evidence(
            own=own,
            region=page.region,
            source=result.source,
            issuer=result.issuer,
            doc_number=result.doc_number,
            title=result.title,
            text=cleaned.text,
            url=page.url,
            frame=_frame(page) if cleaned.script == "hant" else "",
            traditional=cleaned.script == "hant",
        )
        result.province, result.province_from = province.decide(evidence, page.explanation)
    division = PROVINCES.get(result.province)
    result.province_name = division.name if division else _NAMES.get(result.province, "")
    result.province_code = division.code if division else None
    result.year, result.year_from = _year(page, result, cleaned.text)
    if page.explanation is not None:
        page.explanation.note("year", result.year or None, result.year_from)
    return result


def _frame(page: Page) -> str:
    """The lines below the headline, the page's last ones, and what it says of its publisher, Simplified."""
    lines, headline = page.document.lines, page.headline
    below = lines[headline.end + 1 : headline.end + 4] if headline.end >= 0 else []
    about = [line for line in below if not is_paragraph(line)]
    after = lines[page.article.last :]
    told = [line for n, line in enumerate(after, -len(after)) if n >= -15 or _PUBLISHER.search(line.text)]
    texts = [line.text for line in (*about, *told) if len(line.text) <= 200]
    return script.to_simplified("\n".join(texts))


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
