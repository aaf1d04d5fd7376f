"""Times told from now, counted from the fetch in China's time."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from govcrawl import relative_time

NOW = datetime(2024, 3, 11, 17, 30, tzinfo=UTC)  # half past one on March 12 in China


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("3小时前", date(2024, 3, 11), None),
        ("1 小時前", date(2024, 3, 12), None),
        ("40分钟前", date(2024, 3, 12), None),
        ("半小时前", date(2024, 3, 12), None),
        ("2天前", date(2024, 3, 10), None),
        ("1周之前", date(2024, 3, 5), None),
        ("刚刚", date(2024, 3, 12), None),
        ("昨天 08:30", date(2024, 3, 11), "08:30"),
        ("昨天08：30 来源：白石日报", date(2024, 3, 11), "08:30"),
        ("前天", date(2024, 3, 10), None),
        ("今天 1:05", date(2024, 3, 12), "01:05"),
    ],
)
def test_counted_from_the_fetch(text: str, day: date, clock: str | None) -> None:
    told = relative_time.read(text, NOW)
    assert told is not None
    assert told.day == day
    assert (told.at.strftime("%H:%M") if told.at else None) == clock


@pytest.mark.parametrize("text", ["3个月前", "1年前", "昨天的会议", "10:30", "2024-03-12", "三年前的夏天", ""])
def test_what_names_no_day(text: str) -> None:
    assert relative_time.read(text, NOW) is None


def test_a_fetch_without_a_zone_is_in_china() -> None:
    told = relative_time.read("3小时前", datetime(2024, 3, 12, 2, 0))  # noqa: DTZ001
    assert told is not None
    assert told.day == date(2024, 3, 11)
