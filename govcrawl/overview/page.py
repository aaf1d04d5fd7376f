"""The overview as one HTML page that loads nothing from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from govcrawl import __version__
from govcrawl.overview import figures
from govcrawl.overview.queries import PREPARED, QUERIES
from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from govcrawl.health.survey import SiteHealth
    from govcrawl.overview.queries import Answers

COVERED = ("source", "author", "editor", "published_at", "doc_number", "attachments")


def render(answers: Answers, health: Sequence[SiteHealth], now: datetime, data: str) -> str:
    """The page. ``health``: the sites as ``scrapy health`` judges them."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("govcrawl", "overview"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    found: dict[str, Any] = {name: answers.of(name) for name in QUERIES}
    years, heat = figures.heat_map(found["years"])
    return environment.get_template("page.html.j2").render(
        found=found,
        totals=found["totals"][0],
        years=years,
        heat=heat,
        tiles=figures.tile_map(found["years"]),
        bars=figures.bars(found["days"]),
        covered=COVERED,
        health=health,
        names={slug: p.name for slug, p in PROVINCES.items()} | {"national": "全国", "unknown": "未知"},
        scale=figures.SCALE,
        queries=QUERIES,
        prepared=PREPARED,
        now=now,
        data=data,
        version=__version__,
    )
