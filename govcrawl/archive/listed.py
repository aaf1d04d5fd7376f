"""What a listing states of an article beside its title and date, as JSON that captures keep, so that reading the article
again loses nothing."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def dumps(fields: Mapping[str, Any]) -> str:
    """Fields as JSON; days and times in ISO 8601."""
    return json.dumps(dict(fields), ensure_ascii=False, default=_plain, separators=(",", ":"))


def loads(text: str | None) -> dict[str, Any]:
    """The fields again, those named ``…_on`` as days and ``…_at`` as times; {} for what is no such JSON."""
    try:
        fields = json.loads(text or "{}")
        return {name: _typed(name, value) for name, value in fields.items()}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else str(value)


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, str) and name.endswith("_on"):
        return date.fromisoformat(value[:10])
    if isinstance(value, str) and name.endswith("_at"):
        return datetime.fromisoformat(value)
    return value
