"""Publish time: every statement of it on the page with its evidence, and the one to believe."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
FIRST = date(1949, 10, 1)

_DIGITS = str.maketrans("０１２３４５６７８９：／．－〇○零一二三四五六七八九", "0123456789:/.-000123456789")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９：／．－\u3000\xa0", "0123456789:/.-  ")
_CLOCK = (
    r"(?:[ T,，|·-]{0,4}(?:(?:星期|周|週)[一二三四五六日天])?[ T,，|]{0,3}(?P<half>上午|下午|晚上|凌晨|中午|[AaPp][Mm])?[ ]{0,2}"
    r"(?P<hour>[01]?\d|2[0-4])[ ]?[:时時点點][ ]?(?P<minute>[0-5]\d)(?:[ ]?[:分][ ]?(?P<second>[0-5]\d))?(?:分|秒)?"
    r"(?:[ ]?(?P<after>[AaPp][Mm])(?![A-Za-z]))?(?P<zone>\.\d+)?(?P<utc>Z|[+-]\d\d:?\d\d)?)?"
)
_DATE = re.compile(
    r"(?P<year>19[4-9]\d|20[0-9]\d)(?<![\d.]\d{4})[ ]{0,2}(?P<mark>[-/.年])[ ]{0,2}(?P<month>0?[1-9]"
    r"|1[0-2])[ ]{0,2}[-/.月][ ]{0,2}(?P<day>3[01]|[12]\d|0?[1-9](?!\d(?!\d?[ ]?[:时時点點])))[ ]{0,2}[日号號]?"
    + _CLOCK,
)
_US_DATE = re.compile(
    r"(?<!\d)(?P<month>0?[1-9]|1[0-2])/(?P<day>3[01]|[12]\d|0?[1-9])/(?P<year>(?:19[4-9]|20[0-9])\d)" + _CLOCK
)
_DAY_FIRST_DATE = re.compile(
    r"(?<![\d.])(?P<day>3[01]|2\d|1[3-9])[/.](?P<month>0?[1-9]|1[0-2])[/.](?P<year>(?:19[4-9]|20[0-9])\d)(?![\d.])"
    + _CLOCK
)
_SPLIT_DATE = re.compile(
    r"(?<!\d)(?P<year>20[0-3]\d)[ \x1f]{1,3}(?P<month>0[1-9]|1[0-2])[ ]?[/月-][ ]?(?P<day>3[01]|[12]\d|0[1-9])日?"
    + _CLOCK
)
_ROC_DATE = re.compile(
    r"(?:民[國国])[ ]?(?P<roc>\d{2,3})[ ]?[年/.][ ]?(?P<month>0?[1-9]|1[0-2])[ ]?[月/.][ ]?(?P<day>3[01]|[12]\d|0?[1-9])日?"
    + _CLOCK
)
# Elements set apart for a calendar leaf: year above month and day, or day above year and month.
_LEAF_DATE = re.compile(
    r"(?<!\d)(?P<year>20[0-4]\d)(?P<month>0[1-9]|1[0-2])[-/](?P<day>3[01]|[12]\d|0[1-9])(?!\d)" + _CLOCK
)
_LEAF_DAY_DATE = re.compile(
    r"(?<!\d)(?P<day>3[01]|[12]\d|0[1-9])[ \x1f]{0,2}(?P<year>20[0-4]\d)[-/.](?P<month>0[1-9]|1[0-2])(?![\d]|[-/.]\d)"
)
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTH_NAMES)})[a-z]{{0,6}}\.?"
_ENGLISH_DATE = re.compile(
    rf"(?<![A-Za-z]){_MONTH}[ ]{{1,2}}(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd"
    rf"|th)?,?[ ]{{1,2}}(?P<year>20[0-4]\d)(?!\d){_CLOCK}"
)
_ENGLISH_DAY_DATE = re.compile(
    rf"(?<!\d)(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd"
    rf"|th)?[ ]{{1,2}}{_MONTH},?[ ]{{1,2}}(?P<year>20[0-4]\d)(?!\d){_CLOCK}"
)
_LABELLED_COMPACT = re.compile(
    r"(?:(?<=[间間期][:：])|(?<=[间間期][:：] ))(?P<year>(?:19[5-9]|20[0-4])\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]"
    r"|[12]\d|3[01])(?!\d)"
)
# 18-03-08 only behind a label.
_LABELLED_SHORT = re.compile(
    r"(?:(?<=[间間期][:：])|(?<=[间間期][:：] ))(?P<short>[0-2]\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d"
    r"|3[01])(?!\d{3})" + _CLOCK
)
_INITIALS = frozenset(name[0] for name in _MONTH_NAMES)
# The forms of a date, each with characters of which it has one: most lines lack those of most forms.
_DATES = tuple((pattern, frozenset(needs)) for pattern, needs in (
    (_DATE, "-/.年"), (_US_DATE, "/"), (_DAY_FIRST_DATE, "/."), (_SPLIT_DATE, " \x1f"), (_ROC_DATE, "民"),
    (_LEAF_DATE, "-/"), (_LEAF_DAY_DATE, "-/."), (_ENGLISH_DATE, _INITIALS), (_ENGLISH_DAY_DATE, _INITIALS),
    (_LABELLED_COMPACT, "间間期"), (_LABELLED_SHORT, "间間期"),
))  # fmt: skip
_COMPACT = re.compile(
    r"(?<!\d)(?P<year>(?:19[5-9]|20[0-4])\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d"
    r"|3[01])(?:[ T]?(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d):?(?P<second>[0-5]\d)?)?(?!\d)"
)
_CHINESE_DATE = re.compile(
    r"(?P<year>[一二三四五六七八九〇○零０]{4})年(?P<month>[一二三四五六七八九十]{1,2})月(?P<day>[一二三四五六七八九十廿卅]{1,3})日"
)
_YEARLESS = re.compile(
    r"(?<![\d-])(?P<month>0?[1-9]|1[0-2])[-/月](?P<day>3[01]|[12]\d|0?[1-9])日?[ ]{0,2}(?P<hour>[01]\d"
    r"|2[0-3]):(?P<minute>[0-5]\d)"
)
# Where each alternative begins with one character, the engine leaps from one of these to the next.
_YEAR_HINT = re.compile(
    "|".join(rf"{digit}[90９０][0-9０-９]{{2}}" for digit in "12１２")
    + r"|民|〇|○|零|一[一二三四五六七八九]|二[一二三四五六七八九]|间[:：] ?[0-2]\d-|間[:：] ?[0-2]\d-|期[:：] ?[0-2]\d-"
)
_URL_DATES = (
    re.compile(
        r"[/_=-](?P<year>(?:19[89]|20[0-4])\d)[-/_](?P<month>0?[1-9]|1[0-2])[-/_](?P<day>3[01]|[12]\d"
        r"|0?[1-9])(?=[/_.?&-]|$)"
    ),
    re.compile(
        r"/(?P<year>(?:19[89]|20[0-4])\d)[-/]?(?P<month>0[1-9]|1[0-2])[-/]?(?P<day>0[1-9]|[12]\d|3[01])(?=[/_.?&-]|$)"
    ),
    re.compile(
        r"/(?:t|art_|P|A|a|c_|content_|node_)?(?P<year>(?:19[89]|20[0-4])\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]"
        r"|[12]\d|3[01])(?:_|(?=\d{0,14}\.(?:s?html?|jsp|asp|php)))"
    ),
    re.compile(r"/(?P<year2>\d\d)/(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])/\d\d/[A-Z0-9]{16}\."),
)
_META_NAMES = (
    "firstpublishedtime", "pubdate", "publishdate", "publish_date", "publishtime", "publish-time",
    "article:published_time", "og:release_date", "og:article:published_time", "datepublished",
    "bytedance:published_time", "weibo:article:create_at", "og:time", "og:published_time", "parsely-pub-date",
    "sailthru.date", "dc.date.issued", "dcterms.created", "dc.date", "date", "pub_date", "firstcreate", "apub:time",
    "dateupdate", "createdate", "article.created", "article:create_at", "_pubtime", "releasedate",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """A stated time: the day, and the clock where stated. `precision` is "day", "minute" or "second"; `slashed` tells
    that the page writes two numbers before the year, 06/02/2022, of which either may be the month."""

    day: date
    at: datetime | None = None
    precision: str = "day"
    evidence: str = "label"
    slashed: bool = False


@lru_cache(maxsize=256)  # the lines about a headline are asked several times
def moments(text: str) -> tuple[tuple[Moment, int, int], ...]:
    """Every full date in a text with its clock and its place, left to right, in China time."""
    hint = _YEAR_HINT.search(text)
    return tuple(_moments(text, hint.start())) if hint else ()


def _moments(text: str, hint: int) -> Iterator[tuple[Moment, int, int]]:
    begin = max(0, hint - 20)  # September 30th, 2023 is the form in which most stands before the year
    plain = text.translate(_FULL_WIDTH)
    has = set(plain)
    found: list[re.Match[str]] = []
    for pattern, needs in _DATES:
        if not needs.isdisjoint(has):
            found += pattern.finditer(plain, begin)
    for match in _CHINESE_DATE.finditer(text, begin) if "年" in has else ():
        moment = chinese_date(match)
        if moment is not None:
            yield moment, match.start(), match.end()
    last = -1
    for match in sorted(found, key=lambda m: m.start()):
        if match.start() < last:
            continue
        moment = _moment(match)
        if moment is not None:
            last = match.end()
            yield moment, match.start(), match.end()


def first_moment(text: str) -> Moment | None:
    """The first date in a text: full, compact (20230208) or in Chinese digits."""
    for moment, _, _ in moments(text):
        return moment
    match = _COMPACT.search(text.translate(_FULL_WIDTH))
    return _moment(match) if match else None


def yearless(text: str) -> tuple[int, int, int, int] | None:
    """Month, day, hour and minute of a time whose year the page leaves out."""
    match = _YEARLESS.search(text.translate(_FULL_WIDTH)) if ":" in text or "：" in text else None
    return (int(match["month"]), int(match["day"]), int(match["hour"]), int(match["minute"])) if match else None


def chinese_date(match: re.Match[str]) -> Moment | None:
    """A date in Chinese digits, 二〇二三年二月八日."""
    year = int(match["year"].translate(_DIGITS))
    return _day(year, _number(match["month"]), _number(match["day"]))


def _number(text: str) -> int:
    text = text.replace("廿", "二十").replace("卅", "三十")
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (int(tens.translate(_DIGITS)) if tens else 1) * 10 + (int(ones.translate(_DIGITS)) if ones else 0)
    return int(text.translate(_DIGITS))


def _day(year: int, month: int, day: int) -> Moment | None:
    try:
        return Moment(date(year, month, day))
    except ValueError:
        return None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTH_NAMES.index(text) + 1


def _year(groups: dict[str, str | None]) -> int:
    """The year of a date: in full, of the Republic, or its last two digits."""
    if roc := groups.get("roc"):
        return int(roc) + 1911
    if short := groups.get("short"):
        return int(short) + 2000
    return int(groups["year"] or 0)


def _moment(match: re.Match[str]) -> Moment | None:
    groups = match.groupdict()
    year = _year(groups)
    try:
        day = date(year, _month(groups["month"]), int(groups["day"]))
    except ValueError:
        return None
    slashed = match.re is _US_DATE
    if not groups.get("hour"):
        return Moment(day, slashed=slashed)
    hour = int(groups["hour"])
    half = (groups.get("half") or groups.get("after") or "").lower()
    if half in ("下午", "晚上", "pm") and hour < 12:
        hour += 12
    if half in ("am", "凌晨") and hour == 12:
        hour = 0
    second = groups.get("second")
    if hour > 23:
        return Moment(day)
    at = datetime(day.year, day.month, day.day, hour, int(groups["minute"]), int(second or 0), tzinfo=CHINA)
    zone = groups.get("utc")
    if zone:
        at = at.replace(tzinfo=UTC if zone == "Z" else _zone(zone)).astimezone(CHINA)
    return Moment(at.date(), at, "second" if second else "minute", slashed=slashed)


def _zone(text: str) -> timezone:
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14:
        return CHINA
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def url_date(url: str) -> date | None:
    """The day that an address states: /2023-02/08/, /20230208/, t20230208_, /2023/2/8/, /23/0208/16/."""
    for pattern in _URL_DATES:
        match = pattern.search(url)
        if match:
            groups = match.groupdict()
            year = int(groups["year"]) if groups.get("year") else 2000 + int(groups["year2"])
            moment = _day(year, int(groups["month"]), int(groups["day"]))
            if moment is not None:
                return moment.day
    return None


def url_month(url: str) -> tuple[int, int] | None:
    """Year and month of an address that names a month only: /202302/, /2023-02/."""
    match = re.search(r"/((?:19[89]|20[0-4])\d)[-/]?(0[1-9]|1[0-2])(?=/|-|_)", url)
    return (int(match[1]), int(match[2])) if match else None


def meta_moments(meta: dict[str, list[str]]) -> Iterator[tuple[str, Moment]]:
    """The publish times of the page's meta tags with the tags' names."""
    for name in _META_NAMES:
        for value in meta.get(name, ()):
            moment = first_moment(value)
            if moment is not None:
                yield name, moment
                break


def valid(day: date, latest: date) -> bool:
    """Whether a publish day can be true: from 1949 on, and not after `latest`."""
    return FIRST <= day <= latest
