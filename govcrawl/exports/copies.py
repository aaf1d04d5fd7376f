"""Leaving out copies: of articles that carry one text, or by ``scrapy reprints`` one notice, a selection keeps one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.errors import BadArgument
from govcrawl.exports.selection import tables
from govcrawl.reprints.groups import ROLES
from govcrawl.reprints.index import keys_of
from govcrawl.reprints.run import known_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from govcrawl.archive.storage import Storage
    from govcrawl.exports.selection import Places

EXACT, NEAR = "exact", "near"
_READ = ["doc_id", "revision", "text_hash", "text_length", "published_on", "site_kind"]
# Of copies the earliest stays; of those of one day, that of the publisher nearest to the source.
_KINDS = ["department", "ministry", "news"]
_UNDATED = np.iinfo(np.int32).max
_DIGEST = ROLES.index("digest")


def without_copies(storage: Storage, places: Places, how: str) -> tuple[Places, int]:
    """A selection of newest rows without copies, and how many of its articles ``scrapy reprints`` has not grouped as they are
    now. ``exact``: one of each text; ``near``: beside that one of each notice, its origin where it is selected; a digest is
    more than a copy and stays. Rows without text stay. Raises BadArgument where nothing was grouped, StorageError."""
    facts = _facts(storage, places)
    order = np.lexsort((places.keys, facts["kind"], facts["day"]))
    ungrouped = 0
    kept = np.ones(len(places), bool)
    if how == NEAR:
        groups, roles, ungrouped = _groups(storage, places, facts["revision"])
        by_role = order[np.argsort(roles[order], kind="stable")]
        kept &= _first_of_each(groups, by_role) | (roles == _DIGEST)
    order = order[kept[order]]
    kept &= _first_of_each(facts["text"], order) | (facts["length"] == 0)
    return places.some(kept), ungrouped


def _first_of_each(values: NDArray[Any], order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which positions come first with their value, in this order."""
    mask = np.zeros(len(values), bool)
    mask[order[np.unique(values[order], return_index=True)[1]]] = True
    return mask


def _facts(storage: Storage, places: Places) -> dict[str, NDArray[Any]]:
    """By position: key of the text, its length, day of publication, rank of the site's kind, revision."""
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("text", "length", "day", "kind", "revision")}
    kinds = pa.array(_KINDS)  # made here: with the first array pyarrow loads pandas where it is installed
    for table in tables(storage, places, _READ):
        parts["text"].append(keys_of(pc.utf8_slice_codeunits(table.column("text_hash"), 0, 32)))
        parts["length"].append(table.column("text_length").to_numpy())
        parts["day"].append(table.column("published_on").cast(pa.int32()).fill_null(_UNDATED).to_numpy())
        parts["kind"].append(pc.index_in(table.column("site_kind"), kinds).fill_null(len(_KINDS)).to_numpy())
        parts["revision"].append(table.column("revision").to_numpy())
    return {name: np.concatenate([np.zeros(0, np.int64), *found]) if not found else np.concatenate(found)
            for name, found in parts.items()}  # fmt: skip


def _groups(
    storage: Storage, places: Places, revisions: NDArray[Any]
) -> tuple[NDArray[np.uint64], NDArray[np.int8], int]:
    """Group and role of each position; an article that is in no group is the origin of its own."""
    known = known_rows(storage)
    if not len(known.ids):
        msg = "--without-copies near needs the groups of scrapy reprints, and there are none; run scrapy reprints first"
        raise BadArgument(msg)
    at = np.minimum(np.searchsorted(known.ids, places.keys), len(known.ids) - 1)
    found = (known.ids[at] == places.keys) & (known.roles[at] < ROLES.index("forgotten"))
    groups = np.where(found, known.groups[at], places.keys)
    roles = np.where(found, known.roles[at], 0).astype(np.int8)
    return groups, roles, int((~found | (known.revisions[at] != revisions)).sum())
