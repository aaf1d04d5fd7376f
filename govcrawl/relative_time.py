"""Times told from now, 2小时前, 昨天 08:30, 刚刚, counted from the moment at which the page was fetched."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
_AGO = re.compile(
    r"(?<![\d.])(?P<count>\d{1,3}|半)\s{0,3}个?\s{0,3}(?P<unit>秒[钟鐘]?|分[钟鐘]?|小[时時]|钟头|天|日|[周週]|星期|月|年)\s{0,3}(?:以|之)?前"
)
_DAY = re.compile(
    r"(?P<day>今天|今日|昨天|昨日|前天)(?:\s{0,3}(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d))?(?![㐀-鿿])"
)
_NOW = re.compile(r"[刚剛][刚剛才]")
_SECONDS = {
    "秒": 1,
    "分": 60,
    "小": 3600,
    "钟": 3600,
    "天": 86400,
    "日": 86400,
    "周": 604800,
    "週": 604800,
    "星": 604800,
}
_BACK = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """The day in China, and the clock (+08:00) only where the text states one."""

    day: date
    at: datetime | None = None


def read(text: str, now: datetime) -> Told | None:
    """The time that a short text tells from `now`, the fetch (without a zone: in China's time); None where it tells
    none, or only months and years, which name no day."""
    here = now.replace(tzinfo=CHINA) if now.tzinfo is None else now.astimezone(CHINA)
    text = text.replace("：", ":")
    ago = _AGO.search(text)
    if ago:
        unit = _SECONDS.get(ago["unit"][0])
        if unit is None:
            return None
        count = 0.5 if ago["count"] == "半" else int(ago["count"])
        return Told((here - timedelta(seconds=count * unit)).date())
    named = _DAY.search(text)
    if named:
        day = here.date() - timedelta(days=_BACK[named["day"]])
        if not named["hour"]:
            return Told(day)
        return Told(day, datetime(day.year, day.month, day.day, int(named["hour"]), int(named["minute"]), tzinfo=CHINA))
    return Told(here.date()) if _NOW.search(text) else None
