"""Which of the page's dates is its publish time."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from govcrawl.extraction import dates, relative
from govcrawl.extraction.dates import CHINA, Moment
from govcrawl.extraction.document import Document

_GENERATED = re.compile(r"页面生成时间|生成时间")
_POSTED = re.compile(r"posted|发表|发布|發表|發布|阅读|閱讀|浏览|来源|來源|作者|编辑|編輯", re.IGNORECASE)
_LONE = re.compile(
    r"^[\s（(【\[]*(?:(?:19|20)\d\d\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|[一二三四五六七八九〇○零０]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日)[\s）)】\]]*$"
)
_SCRIPT_TIMES = (
    re.compile(r"""\bvar\s+ct\s*=\s*["'](\d{10})["']"""),
    re.compile(
        r"""["'](?:publish_?time|pub_?time|publishDate|ptime|ctime|createTime)["']\s*:\s*["']?(1\d{9})(?:\d{3})?\b""",
        re.IGNORECASE,
    ),
    re.compile(
        r"""["']?\b(?:publish_?time|pub_?time|publishDate|pubDate|ptime|createTime)["']?\s*[:=]\s*["']((?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}[^"']{0,12})["']""",
        re.IGNORECASE,
    ),
)


def latest(fetched_at: datetime | None) -> date:
    """The last day on which a page can have been published: that of its fetch, else tomorrow."""
    now = fetched_at if fetched_at is not None else datetime.now(CHINA) + timedelta(days=1)
    return (now if now.tzinfo is None else now.astimezone(CHINA)).date()


def decide(
    document: Document,
    *,
    url: str,
    header: list[str],
    tail: list[str],
    stated: str | None,
    listed_on: date | None,
    body: list[str],
    limit: date,
    fetched_at: datetime | None = None,
) -> Moment | None:
    """The publish time. `header` are the lines about the headline, nearest first, `tail` those around the body's end,
    `stated` the 发布日期 of a policy header. Nothing after `limit` is believed. Times told from the present on count from
    `fetched_at`."""
    address = dates.url_date(url) or dates.url_date(document.canonical)
    visible = _visible(header, limit, address) or _labelled(tail, limit)
    if visible is None and stated:
        visible = _first(stated, limit)
    metas = [m for name, m in dates.meta_moments(document.meta) if dates.valid(m.day, limit)]
    if visible is None and not metas:
        visible = _signed(tail, limit)
    if visible is None and not metas and fetched_at is not None:
        visible = _relative(header, fetched_at, address)
    if visible is not None:
        return _finer(visible, metas)
    meta = _believed(metas, document, address, dates.url_month(url))
    if meta is not None:
        # Midnight is what a CMS writes where it knows the day only.
        if meta.at is not None and not (meta.at.hour or meta.at.minute or meta.at.second):
            return Moment(meta.day, evidence="meta")
        return Moment(meta.day, meta.at, meta.precision, "meta")
    for moment in _scripts(document, limit):
        if address is None or abs((moment.day - address).days) <= 2:
            return Moment(moment.day, moment.at, moment.precision, "meta")
    if address is not None and dates.valid(address, limit):
        return Moment(address, evidence="url")
    if listed_on is not None and dates.valid(listed_on, limit):
        return Moment(listed_on, evidence="listing")
    for text in reversed(body[-6:]):
        if _LONE.match(text):
            found = _first(text, limit)
            if found is not None:
                return Moment(found.day, evidence="signature")
    return None


def _first(text: str, limit: date) -> Moment | None:
    return next((m for m, _, _ in dates.moments(text) if dates.valid(m.day, limit)), None)


def _visible(header: Iterable[str], limit: date, address: date | None) -> Moment | None:
    """The date in the lines about the headline: labelled before bare, published before updated."""
    bare: list[Moment] = []
    updated: Moment | None = None
    for text in header:
        plain = text.replace("\x1f", " ")
        for moment, start, end in dates.moments(plain):
            if not dates.valid(moment.day, limit):
                continue
            kind = dates.labelled(plain[:start])
            if kind == "published":
                return moment
            if kind == "updated":
                updated = updated or moment
            elif kind != "other" and (moment.at is not None or len(plain) - (end - start) <= 90):
                bare.append(moment)
    if bare:
        near = [m for m in bare if address is not None and m.day == address]
        clocks = [m for m in bare if m.at is not None]
        return (near or clocks or bare)[0]
    return updated


def _labelled(lines: Iterable[str], limit: date) -> Moment | None:
    """The first date that its label calls the publish time."""
    for text in lines:
        plain = text.replace("\x1f", " ")
        if len(plain) > 160:
            continue
        for moment, start, _ in dates.moments(plain):
            if dates.valid(moment.day, limit) and dates.labelled(plain[:start]) == "published":
                return moment
    return None


def _relative(header: Iterable[str], fetched_at: datetime, address: date | None) -> Moment | None:
    """2小时前 or 昨天 08:30 by its label, or in a place of its own; not where the address names another day."""
    for text in header:
        plain = text.replace("\x1f", " ")
        labelled = (
            m[0] for m in relative.RELATIVE.finditer(plain) if dates.labelled(plain[: m.start()]) == "published"
        )
        words = next(labelled, None) or next(filter(None, map(relative.alone, re.split(r"[\x1f|｜]", text))), None)
        found = relative.moment(words, fetched_at) if words else None
        if found is not None and (address is None or abs((found.day - address).days) <= 1):
            return found
    return None


def _signed(lines: Iterable[str], limit: date) -> Moment | None:
    """The clock in a line below the text that tells who posted it and how often it was read; a lone time is none."""
    for text in lines:
        plain = text.replace("\x1f", " ")
        if len(plain) > 80 or not _POSTED.search(plain):
            continue
        for moment, _, _ in dates.moments(plain):
            if moment.at is not None and dates.valid(moment.day, limit):
                return moment
    return None


def _finer(visible: Moment, metas: list[Moment]) -> Moment:
    """The visible time with the clock of a meta tag that names the same day, where the page shows the day only."""
    if visible.at is None:
        for meta in metas:
            if meta.day == visible.day and meta.at is not None and (meta.at.hour or meta.at.minute):
                return Moment(meta.day, meta.at, meta.precision, "meta")
    return Moment(visible.day, visible.at, visible.precision, "label")


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


def _scripts(document: Document, limit: date) -> Iterable[Moment]:
    for text in document.json_ld:
        for match in re.finditer(r'"(?:datePublished|pubDate|upDate)"\s*:\s*"([^"]{8,40})"', text):
            moment = dates.first_moment(match[1])
            if moment is not None and dates.valid(moment.day, limit):
                yield moment
    for pattern in _SCRIPT_TIMES:
        for text in document.scripts:
            stated = pattern.search(text[:200_000])
            found = _stated(stated[1]) if stated else None
            if found is not None and dates.valid(found.day, limit):
                yield found


def _stated(value: str) -> Moment | None:
    """The moment of a script's value: seconds since 1970, or a date."""
    if value.isdigit() and len(value) == 10:
        at = datetime.fromtimestamp(int(value), CHINA)
        return Moment(at.date(), at, "second")
    return dates.first_moment(value)
