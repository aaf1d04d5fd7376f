"""Which of the page's dates is its publish time."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from govcrawl.extraction import dates, relative
from govcrawl.extraction.dates import CHINA, Moment
from govcrawl.extraction.document import Document
from govcrawl.extraction.explain import Candidate, Explanation, choose
from govcrawl.extraction.header import BORDER, Reading, label_before, vocabulary

_GENERATED = re.compile(r"页面生成时间|生成时间")
_POSTED = re.compile(r"posted|发表|发布|阅读|浏览|来源|作者|编辑", re.IGNORECASE)
_DIGIT = "[一二三四五六七八九〇○零０]"
_LONE = re.compile(
    r"^[\s（(【\[]*(?:(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日"
    rf"|{_DIGIT}{{4}}年[一二三四五六七八九十]{{1,2}}月[一二三四五六七八九十]{{1,3}}日)[\s）)】\]]*$"
)
# A day on which something happens, begins or ends: what follows the date says so.
_EVENT = re.compile(
    r"^[日\s]*(?:起|至|到(?!期)|前|之前|以前|截止(?!日期|时间)|—|~|－|-\s*\d{1,2}月)|^[^,。]{0,30}(?:通过|批准|修订|修正|施行|审议)"
)
_EVENT_LABEL = re.compile(
    r"(?!发布).{0,4}地点|主讲人?|主讲嘉宾|报告人|主持人?|(?:参会|参加|出席|与会)人员|(?:会议|活动)?议[题程]|(?:讲座|报告)(?:题目|主题|人)"
)
# The hour of an event, in words.
_HOUR = re.compile(r"[日\s]*(?:[上下]午|[早中]上|中午|晚上?)\s?\d{1,2}[时点]")
# What stands between the two days of a span.
_SPAN = re.compile(r"[\s日时分]{0,4}(?:起|开始)?\s?(?:至|到|—{1,2}|–|-{1,2}|~|～|－)\s{0,2}")
_SCRIPT_TIMES = (
    re.compile(r"""\bvar\s+ct\s*=\s*["'](\d{10})["']"""),
    re.compile(
        r"""["'](?:publish_?time|pub_?time|publishDate|ptime|ctime|createTime)["']\s*:\s*["']?(1\d{9})(?:\d{3})?\b""",
        re.IGNORECASE,
    ),
    re.compile(
        r"""["']?\b(?:publish_?time|pub_?time|publishDate|pubDate|ptime|createTime)["']?\s*[:=]\s*"""
        r"""["']((?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}[^"']{0,12})["']""",
        re.IGNORECASE,
    ),
)
_SAYS = {
    "published": "published", "entered": "entered", "date": "published", "sent_on": "published", "updated": "updated", "update": "updated",
    "other_date": "other", "other_day": "other", "written_on": "other", "policy": "other",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """A date as the page states it, and what stands against its being the publish time, "" for nothing."""

    moment: Moment
    against: str = ""

    def __str__(self) -> str:
        return self.moment.at.isoformat(" ") if self.moment.at else self.moment.day.isoformat()


def latest(fetched_at: datetime | None) -> date:
    """The last day on which a page can have been published: that of its fetch, else tomorrow."""
    now = fetched_at if fetched_at is not None else datetime.now(CHINA) + timedelta(days=1)
    return (now if now.tzinfo is None else now.astimezone(CHINA)).date()


def decide(
    document: Document,
    *,
    url: str,
    header: Reading,
    tail: Reading,
    stated: str | None,
    listed_on: date | None,
    body: list[str],
    fetched_at: datetime | None,
    explanation: Explanation | None = None,
) -> Moment | None:
    """The publish time. `header` are the lines about the headline, nearest first, `tail` those around the body's end,
    `stated` the 发布日期 of a policy header. Nothing after the fetch is believed."""
    limit = latest(fetched_at)
    metas = [m for _, m in dates.meta_moments(document.meta) if dates.valid(m.day, limit)]
    address = dates.url_date(url) or dates.url_date(document.canonical)
    visible = choose("published_on", _visible(header, tail, stated, address), _gate(limit), explanation)
    if visible is None and fetched_at is not None:
        visible = choose("published_on", _relative(header, fetched_at), _gate(limit), explanation)
    if visible is None and not metas:
        visible = choose("published_on", _signed(tail), _gate(limit), explanation)
    if visible is not None:
        told = visible.value.moment
        return _finer(told, metas if told.at is not None else [*metas, *_clocks(header)], address)
    silent = _silent(document, metas, url, address, listed_on, body, limit)
    winner = choose("published_on", silent, _gate(limit), explanation)
    return winner.value.moment if winner else None


def _gate(limit: date) -> Callable[[Stated], str | None]:
    def gate(value: Stated) -> str | None:
        if value.against:
            return value.against
        return None if dates.valid(value.moment.day, limit) else f"not between 1949 and {limit}"

    return gate


def said(line: str, start: int, reading: Reading, index: int) -> tuple[str, str]:
    """What the label before a date says of it, "published", "entered", "updated", "other" or "", and the label. A date that begins
    its line has the label that ends the line before."""
    end = start
    while end > 0 and line[end - 1] in " :([]" + BORDER:
        end -= 1
    if end == 0:
        above = next((v for v in reading.values if v.at == index and v.line != index), None)
        return (_SAYS.get(above.kind, "other" if above.kind == "unknown" else ""), above.label) if above else ("", "")
    labelled = label_before(line, end)
    if labelled is None:
        return "", ""
    label, begin = labelled
    kind = vocabulary()[label].kind
    if kind == "date" and begin and re.match("[㐀-鿿]", line[begin - 1]):
        return ("other" if line[end : end + 1] == ":" else ""), line[max(0, begin - 4) : end]
    return _SAYS.get(kind, ""), label


def _dates(reading: Reading, place: str) -> Iterator[tuple[str, Candidate[Stated], str, int]]:
    """Each date of the lines: what its label says of it, the candidate, the plain line, the date's length."""
    for index, line in reading.folded.items():
        plain = line.replace(BORDER, " ")
        found = dates.moments(plain)
        if not found:
            continue
        spans = [_SPAN.fullmatch(plain, a[2], b[1]) is not None for a, b in pairwise(found)]
        for (moment, start, end), before, after in zip(found, [False, *spans], [*spans, False], strict=True):
            says, label = said(line, start, reading, index)
            rule = f"label {label} {place}" if label else f"date {place}"
            against = f"its label is {label}" if says == "other" else ""
            if before or after:
                says, against = "other", "one end of a span of days"
            elif label in ("", "时间", "日期") and _HOUR.match(plain, end):
                says, against = "other", "the hour of an event"
            elif label in ("时间", "日期") and _is_event(reading, index):
                says, against = "other", "the day of an event whose place or people are told beside it"
            elif label.startswith(("公示", "公告")) and _EVENT.match(plain[end:]):
                says, against = "other", "the first day of a term"
            elif not says and _EVENT.match(plain[end:]):
                says, against = "other", "the day of something that the page tells"
            yield says, Candidate(Stated(moment, against), rule, reading.shown[index]), plain, end - start


def _is_event(reading: Reading, index: int) -> bool:
    """Whether lines beside this one tell the place or the people of an event."""
    return any(abs(v.line - index) <= 2 and _EVENT_LABEL.fullmatch(v.label) for v in reading.values)


def _visible(header: Reading, tail: Reading, stated: str | None, address: date | None) -> Iterator[Candidate[Stated]]:
    """The dates in the lines about the headline: labelled before bare, published before updated; then a labelled one
    below the text; then that of a policy header."""
    entered: list[Candidate[Stated]] = []
    bare: list[Candidate[Stated]] = []
    updated: list[Candidate[Stated]] = []
    others: list[Candidate[Stated]] = []
    for says, candidate, plain, length in _dates(header, "in the header"):
        if says == "published":
            yield candidate
        elif says == "entered":
            entered.append(candidate)
        elif says == "updated":
            updated.append(candidate)
        elif says == "other":
            others.append(candidate)
        elif candidate.value.moment.at is not None or len(plain) - length <= 90:
            bare.append(candidate)
    bare.sort(key=lambda c: (c.value.moment.day != address, c.value.moment.at is None))
    yield from entered
    yield from bare
    yield from updated
    for says, candidate, plain, _ in _dates(tail, "below the text"):
        if says in ("published", "entered") and len(plain) <= 160:
            yield candidate
    if stated:
        for moment, _, _ in dates.moments(stated):
            yield Candidate(Stated(moment), "publish date of the policy header", stated)
    yield from others


def _relative(header: Reading, fetched_at: datetime) -> Iterator[Candidate[Stated]]:
    """A time told from now, 3小时前, or without its year, 09-30 22:46, in a short line of the header: counted from the
    fetch."""
    now = fetched_at if fetched_at.tzinfo else fetched_at.replace(tzinfo=CHINA)
    for index, line in header.folded.items():
        plain = line.replace(BORDER, " ")
        if len(line) <= 90:
            for words in relative.RELATIVE.finditer(plain):
                apart = _APART.match(plain[: words.start()][-1:]) and _APART.match(plain[words.end() :][:1])
                moment = relative.moment(words[0], now) if apart or label_before(plain, words.start()) else None
                if moment is not None:
                    yield Candidate(Stated(moment), "time told from the fetch", header.shown[index])
            stated = None if dates.moments(plain) else dates.yearless(plain)
            if stated is not None:
                yield Candidate(Stated(_last(stated, fetched_at)), "time without its year", header.shown[index])


_APART = re.compile(r"$|[\s|,;:()\[\]]")


def _last(stated: tuple[int, int, int, int], fetched_at: datetime) -> Moment:
    """The last time before the fetch that has this month, day, hour and minute."""
    month, day, hour, minute = stated
    now = fetched_at.astimezone(CHINA) if fetched_at.tzinfo else fetched_at.replace(tzinfo=CHINA)
    for year in range(now.year, now.year - 9, -1):  # February 29th may be eight years ago
        try:
            at = datetime(year, month, day, hour, minute, tzinfo=CHINA)
        except ValueError:
            continue
        if at <= now:
            return Moment(at.date(), at, "minute")
    return Moment(now.date())


def _signed(tail: Reading) -> Iterator[Candidate[Stated]]:
    """The clock in a line below the text that tells who posted it and how often it was read; a lone time is none."""
    for says, candidate, plain, _ in _dates(tail, "below the text"):
        if len(plain) <= 80 and says != "other" and _POSTED.search(plain) and candidate.value.moment.at is not None:
            yield candidate


def _clocks(header: Reading) -> Iterator[Moment]:
    """The times with a clock that the header's lines call the publication's."""
    for says, candidate, _, _ in _dates(header, "in the header"):
        if says == "published" and candidate.value.moment.at is not None:
            yield candidate.value.moment


def _finer(visible: Moment, metas: list[Moment], address: date | None) -> Moment:
    """The visible time with the clock of a meta tag that names the same day, where the page shows the day only; and
    06/02/2022 as the meta tag or the address understands it."""
    for meta in (*metas, *([Moment(address)] if address else ())):
        turned = (meta.day.year, meta.day.day, meta.day.month)
        if visible.slashed and turned == (visible.day.year, visible.day.month, visible.day.day):
            at = visible.at.replace(month=meta.day.month, day=meta.day.day) if visible.at else meta.at
            return Moment(meta.day, at, visible.precision if visible.at else meta.precision, "label")
    if visible.at is None:
        for meta in metas:
            if meta.day == visible.day and meta.at is not None and (meta.at.hour or meta.at.minute):
                return Moment(meta.day, meta.at, meta.precision, "meta")
    return Moment(visible.day, visible.at, visible.precision, "label")


def _silent(
    document: Document,
    metas: list[Moment],
    url: str,
    address: date | None,
    listed_on: date | None,
    body: list[str],
    limit: date,
) -> Iterator[Candidate[Stated]]:
    """The dates of a page that shows none: its meta tags, scripts, address, listing, the signature of its text."""
    meta = _believed(metas, document, address, dates.url_month(url))
    if meta is not None:
        # Midnight is what a CMS writes where it knows the day only.
        midnight = meta.at is None or not (meta.at.hour or meta.at.minute or meta.at.second)
        moment = Moment(meta.day, evidence="meta") if midnight else Moment(meta.day, meta.at, meta.precision, "meta")
        yield Candidate(Stated(moment), "meta tag")
    for written, text in _written(document):
        yield Candidate(
            Stated(Moment(written.day, written.at, written.precision, "label")), "written by a script", text
        )
    for found, text in _scripts(document, limit):
        against = "" if address is None or abs((found.day - address).days) <= 2 else "not the day of the address"
        yield Candidate(Stated(Moment(found.day, found.at, found.precision, "meta"), against), "script", text)
    if address is not None:
        yield Candidate(Stated(Moment(address, evidence="url")), "address", url)
    if listed_on is not None:
        yield Candidate(Stated(Moment(listed_on, evidence="listing")), "listing")
    for text in reversed(body[-6:]):
        if _LONE.match(text):
            for found, _, _ in dates.moments(text):
                yield Candidate(Stated(Moment(found.day, evidence="signature")), "date that signs the text", text)


def _believed(
    metas: list[Moment], document: Document, address: date | None, month: tuple[int, int] | None
) -> Moment | None:
    """The meta time to believe: some CMSs write the time of the page's generation, which the address then refutes."""
    if not metas:
        return None
    if address is not None:
        agreeing = [m for m in metas if abs((m.day - address).days) <= 1]
        if agreeing:
            return agreeing[0]
    elif month is not None:
        agreeing = [m for m in metas if (m.day.year, m.day.month) == month]
        if agreeing:
            return agreeing[0]
    if (address or month) and _GENERATED.search(document.first_meta("others")):
        return None
    return metas[0]


_WRITE = re.compile(r"""document\.write\(\s*(["'])([^"'<>]{6,60})\1\s*\)""")


def written_lines(document: Document) -> list[str]:
    """The literal texts that short inline scripts write into the page."""
    return [m[2].strip() for text in document.scripts if len(text) < 4000 for m in _WRITE.finditer(text)]


def _written(document: Document) -> Iterator[tuple[Moment, str]]:
    """The dates that scripts write: nothing but a date, or one with its label."""
    for text in written_lines(document):
        for moment, start, end in dates.moments(text):
            if len(text) - (end - start) <= 8:
                yield moment, text


def _scripts(document: Document, limit: date) -> Iterator[tuple[Moment, str]]:
    for text in document.json_ld:
        for match in re.finditer(r'"(?:datePublished|pubDate|upDate)"\s*:\s*"([^"]{8,40})"', text):
            moment = dates.first_moment(match[1])
            if moment is not None and dates.valid(moment.day, limit):
                yield moment, match[0]
    for pattern in _SCRIPT_TIMES:
        for text in document.scripts:
            stated = pattern.search(text[:200_000])
            found = _stated(stated[1]) if stated else None
            if stated and found is not None and dates.valid(found.day, limit):
                yield found, stated[0]


def _stated(value: str) -> Moment | None:
    """The moment of a script's value: seconds since 1970, or a date."""
    if value.isdigit() and len(value) == 10:
        at = datetime.fromtimestamp(int(value), CHINA)
        return Moment(at.date(), at, "second")
    return dates.first_moment(value)


def json_ld(document: Document) -> tuple[list[str], list[str]]:
    """The names of the authors and of the publishers in the page's JSON-LD."""
    authors: list[str] = []
    publishers: list[str] = []
    for text in document.json_ld:
        try:
            data = json.loads(text, strict=False)
        except ValueError:
            continue
        for node in data if isinstance(data, list) else [data]:
            if isinstance(node, dict):
                authors += _named(node.get("author"))
                publishers += _named(node.get("publisher"))
    return authors, publishers


def _named(value: object) -> list[str]:
    if isinstance(value, list):
        return [name for part in value for name in _named(part)]
    if isinstance(value, dict):
        value = value.get("name")
    return [value.strip()] if isinstance(value, str) and value.strip() else []
