"""Times that are told from the present on: 2小时前, 昨天 08:30, 刚刚. They count from when the page was fetched."""

import re
from datetime import datetime, timedelta

from govcrawl.extraction.dates import CHINA, Moment

_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2, "大前天": 3}
_UNITS = {
    "秒": timedelta(seconds=1),
    "分": timedelta(minutes=1),
    "时": timedelta(hours=1),
    "天": timedelta(days=1),
    "周": timedelta(weeks=1),
}
_NUMBERS = {
    "半": 0.5,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
RELATIVE = re.compile(
    r"(?P<now>[刚剛](?:[刚剛]|才)|现在|現在)"
    r"|(?P<number>\d{1,3}|[半一两二三四五六七八九十])\s?(?:个|個)?(?P<unit>秒钟?|秒鐘|分[钟鐘]|小时|小時|钟头|天|日|周|星期)(?:之|以)?前"
    r"|(?P<day>大?前[天日]|[昨今][天日])(?:\s{0,3}(?P<hour>[01]?\d|2[0-3])[:：](?P<minute>[0-5]\d)(?:[:：][0-5]\d)?)?"
)
_ALONE = re.compile(
    r"\A\s*+(?:[\[(（【]\s*+)?(?:(?:发布|更新)?(?:时间|日期|于)?\s*+[:：]\s*+)?("
    + RELATIVE.pattern
    + r")\s*+(?:[\])）】]\s*+)?"
)


def alone(text: str) -> str | None:
    """The relative time that a text is, with nothing else beside it but its label and brackets."""
    found = _ALONE.fullmatch(text) if len(text) < 60 else None
    return found[1] if found else None


def moment(words: str, fetched_at: datetime) -> Moment | None:
    """The moment that such words name on a page that was fetched then; with a clock only where they tell one."""
    found = RELATIVE.fullmatch(words.strip())
    if found is None:
        return None
    now = fetched_at.astimezone(CHINA)
    if found["now"]:
        return Moment(now.date())
    if found["day"]:
        day = now.date() - timedelta(days=_DAYS[found["day"]])
        if found["hour"] is None:
            return Moment(day)
        at = datetime(day.year, day.month, day.day, int(found["hour"]), int(found["minute"]), tzinfo=CHINA)
        return Moment(day, at, "minute")
    number = _NUMBERS.get(found["number"]) or float(found["number"])
    unit = found["unit"].replace("時", "时").replace("日", "天").replace("星期", "周").replace("钟头", "时")
    step = next(length for mark, length in _UNITS.items() if mark in unit)
    return Moment((now - number * step).date())
