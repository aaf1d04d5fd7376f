"""Values of spider arguments; a wrong one is a BadArgument that says how to write it."""

from __future__ import annotations

import re
from datetime import date, timedelta

from govcrawl.errors import BadArgument


def day(arguments: dict[str, str], name: str, *, first: bool) -> date | None:
    value = arguments.get(name)
    if value is None:
        return None
    if match := re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value.strip()):
        year, month, day = (int(g) if g else None for g in match.groups())
        assert year is not None
        try:
            if day is not None and month is not None:
                return date(year, month, day)
            if first:
                return date(year, month or 1, 1)
            return (date(year, month or 12, 1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        except ValueError:
            pass
    msg = f"{name}={value} is not a date; write it as 2024-03-31, 2024-03 or 2024"
    raise BadArgument(msg)


def count(arguments: dict[str, str], name: str) -> int | None:
    value = arguments.get(name)
    if value is None:
        return None
    if not value.isdigit() or int(value) < 1:
        msg = f"{name}={value} is not a number of articles; write {name}=5"
        raise BadArgument(msg)
    return int(value)


def switch(arguments: dict[str, str], name: str) -> bool:
    value = arguments.get(name, "0").lower()
    if value not in ("0", "1", "true", "false", "yes", "no"):
        msg = f"{name}={value} is neither 1 nor 0"
        raise BadArgument(msg)
    return value in ("1", "true", "yes")
