"""Shapes of figures, as numbers that the page draws: nothing here knows HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import log10
from typing import TYPE_CHECKING, Any

from govcrawl.provinces import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Cividis, from light to dark: told apart by readers of every colour vision, and in grey print.
SCALE = ("#fdea45", "#dccb54", "#bcaf6f", "#9b9476", "#7c7b78", "#5c636f", "#3b496c", "#1b2f66", "#00224e")
# Where each province lies on a map of equal tiles: column, row.
TILES: dict[str, tuple[int, int]] = {
    "xinjiang": (0, 2), "bingtuan": (0, 1), "xizang": (1, 4), "qinghai": (2, 3), "gansu": (3, 3), "ningxia": (4, 2),
    "neimenggu": (5, 1), "heilongjiang": (8, 0), "jilin": (8, 1), "liaoning": (8, 2), "beijing": (6, 2),
    "tianjin": (7, 2), "hebei": (6, 3), "shanxi": (5, 3), "shaanxi": (4, 4), "shandong": (7, 3), "henan": (5, 4),
    "jiangsu": (7, 4), "anhui": (6, 4), "shanghai": (8, 4), "zhejiang": (8, 5), "hubei": (5, 5), "chongqing": (4, 5),
    "sichuan": (3, 4), "hunan": (5, 6), "jiangxi": (6, 5), "fujian": (7, 6), "taiwan": (8, 7), "guizhou": (4, 6),
    "yunnan": (3, 6), "guangxi": (4, 7), "guangdong": (6, 7), "hainan": (5, 8), "xianggang": (7, 8), "aomen": (6, 8),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """A number on its colour. ``ink``: the colour in which the number is legible on it."""

    number: int
    colour: str
    ink: str


def shade(number: int, most: int) -> Cell:
    """A number as a cell, by its logarithm: the large sites would leave no difference among the others."""
    if number <= 0 or most <= 0:
        return Cell(number, "transparent", "inherit")
    place = round((len(SCALE) - 1) * log10(number + 1) / log10(most + 1))
    return Cell(number, SCALE[place], "#000" if place < 4 else "#fff")


def heat_map(rows: Iterable[Mapping[str, Any]]) -> tuple[list[int], list[tuple[str, list[Cell]]]]:
    """Years, newest last, and for each province a cell a year; 0 stands for articles without a year."""
    counts = {(r["province"], r["year"]): r["articles"] for r in rows}
    years = sorted({year for _, year in counts})
    most = max(counts.values(), default=0)
    order = {slug: number for number, slug in enumerate(PROVINCES)}
    slugs = sorted({slug for slug, _ in counts}, key=lambda s: (order.get(s, len(order)), s))
    return years, [(slug, [shade(counts.get((slug, year), 0), most) for year in years]) for slug in slugs]


def tile_map(rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, int, int, Cell]]:
    """Slug, short name, column, row and cell of each province."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["province"]] = counts.get(row["province"], 0) + row["articles"]
    most = max((counts.get(slug, 0) for slug in TILES), default=0)
    return [(slug, PROVINCES[slug].short, x, y, shade(counts.get(slug, 0), most)) for slug, (x, y) in TILES.items()]


def bars(rows: Sequence[Mapping[str, Any]]) -> list[tuple[date, int, float]]:
    """Day, articles and height from 0 to 1 of each day from the first to the last, those without articles included."""
    counts = {r["day"]: r["articles"] for r in rows}
    if not counts:
        return []
    most, first = max(counts.values()), min(counts)
    days = (first + timedelta(days=n) for n in range((max(counts) - first).days + 1))
    return [(day, counts.get(day, 0), counts.get(day, 0) / most) for day in days]
