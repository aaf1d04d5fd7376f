"""Which sites a batch crawls, in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from govcrawl.archive import runs
from govcrawl.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from govcrawl.archive.storage import Storage
    from govcrawl.base_spiders.listing import ListingSpider

_LOOKED_AT = 20  # runs without success after which a site counts as one that never had any
NEVER = datetime.min.replace(tzinfo=UTC)


def chosen(
    known: Mapping[str, type[ListingSpider]],
    sites: Sequence[str] = (),
    kind: str | None = None,
    province: str | None = None,
) -> list[str]:
    """The sites that were asked for, all without any wish; a spider that knows no channel only where it is named. Raises
    BadArgument for a name that is none, and where nothing is left."""
    if unknown := [name for name in sites if name not in known]:
        msg = f"unknown site {unknown[0]!r}; scrapy sites shows the {len(known)} sites"
        raise BadArgument(msg)
    found = [
        name
        for name, spider in known.items()
        if (name in sites if sites else spider.channels)
        and kind in (None, spider.kind)
        and province in (None, spider.province)
    ]
    if not found:
        wishes = {"--sites": ",".join(sites), "--kind": kind, "--province": province}
        msg = (
            f"no site has {' and '.join(f'{k} {v}' for k, v in wishes.items() if v)}; scrapy sites shows what there is"
        )
        raise BadArgument(msg)
    return found


def last_success(storage: Storage, site: str) -> datetime:
    """When the newest complete run of a site ended; long ago where the last ones were none. Raises StorageError."""
    newest = islice(runs.newest_crawls(storage, site), _LOOKED_AT)
    return next((finished(run) for run in newest if run.get("status") == "complete"), NEVER)


def finished(run: Mapping[str, Any]) -> datetime:
    """The end of a run by its run file; long ago where that does not say it."""
    try:
        return datetime.fromisoformat(run["finished_at"])
    except (KeyError, TypeError, ValueError):
        return NEVER


def in_order(storage: Storage, sites: Iterable[str]) -> list[str]:
    """The sites whose last success is oldest first. Raises StorageError."""
    return sorted(sites, key=lambda site: last_success(storage, site))
