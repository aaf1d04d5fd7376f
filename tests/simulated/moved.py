"""Sites after a redesign: the same host, columns and lists, but every article under an address of another form."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urljoin

from . import class_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from .model import SimulatedSite

FORMS: dict[str, Callable[[SimulatedSite, int, dt.date], str]] = {
    "boda": lambda site, number, day: f"/info/{1000 + number % 7}/{number}.htm",
    "webplus": lambda site, number, day: f"/{day:%Y}/{day:%m%d}/c{number % 90 + 100}a{number}/page.htm",
    "query": lambda site, number, day: f"/article/show.jsp?id={number}&type=2",
    "hex": lambda site, number, day: f"/zwgk/content/{site.hex32(number)}.html",
    "founder": lambda site, number, day: f"/{day:%Y-%m/%d}/content_{number}.html",
    "trs": lambda site, number, day: f"/new/tz/{day:%Y%m}/t{day:%Y%m%d}_{number}.html",
    "two": lambda site, number, day: f"/info/{number}.htm" if number % 3 else f"/doc/{day:%Y}/{number}.jhtml",
}


def moved(slug: str, form: str, *, pages: int = 3, per_page: int = 12, channels: int | None = 1) -> SimulatedSite:
    """The simulated site of a spider name with the addresses of a form."""
    path = FORMS[form]

    def article_url(self: SimulatedSite, number: int, day: dt.date, channel_url: str) -> str:
        return urljoin(channel_url, path(self, number, day))

    made: type[SimulatedSite] = type("Moved", (class_of(slug),), {"article_url": article_url})
    return made(slug, pages=pages, per_page=per_page, channels=channels)
