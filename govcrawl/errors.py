"""Errors that a user can mend; their messages name the thing and the remedy."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class BadArgument(ValueError):
    """A spider argument, a setting or a site name that cannot be used."""


class IncoherentSpider(TypeError):
    """A spider class whose attributes are missing or contradict one another."""


def nearest(wrong: str, known: Iterable[str]) -> str:
    """What an error about a mistyped name adds: `` (did you mean a or b?)`` with at most three of the known names, the
    nearest first, or nothing where none is near. Case does not count; a part of a name is near it."""
    written = {name.casefold(): name for name in known}
    wrong = wrong.strip().casefold()
    near = (
        get_close_matches(wrong, written, cutoff=0.8)  # a slip of the finger leaves no room for others
        or get_close_matches(wrong, written)
        or [name for name in written if len(wrong) > 1 and wrong in name][:3]
    )
    return f" (did you mean {' or '.join(written[name] for name in near)}?)" if near else ""
