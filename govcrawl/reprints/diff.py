"""What a reprint changed: the words taken out and put in between two articles of the archive."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govcrawl.addresses import doc_id
from govcrawl.archive.storage import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.archive.storage import Storage

_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?%?|[^\W\d_\u2e80-\u9fff\uf900-\ufaff]+|\s+|.", re.DOTALL)
_SENTENCE = re.compile(r"[^。！？；!?;\n]*(?:[。！？；!?;\n]|$)")
# So few letters in common between two changes are shown as part of one change.
_BRIDGE = 2
_COLUMNS = ["doc_id", "revision", "url", "site_name", "title", "text"]
# Two passages of more words than this are shown one after the other.
_WORDS = 4_000


class Unknown(Exception):
    """An article that the archive does not have; the message names it and the remedy."""


def article(storage: Storage, asked: str) -> dict[str, Any]:
    """The newest row of an article, by its doc_id, the beginning of one, or its address. Raises Unknown, StorageError."""
    wanted = doc_id(asked) if "://" in asked else asked.lower()
    if not re.fullmatch(r"[0-9a-f]{4,32}", wanted):
        msg = f"{asked!r} is no article: give a doc_id (or at least 4 of its first digits) or an address with http://"
        raise Unknown(msg)
    newest: dict[str, dict[str, Any]] = {}
    for name in storage.files("articles", ".parquet"):
        try:
            ids = pq.read_table(storage.path(name), filesystem=storage.fs, columns=["doc_id"], partitioning=None)
            if not pc.any(pc.starts_with(ids["doc_id"], wanted)).as_py():
                continue
            table = pq.read_table(storage.path(name), filesystem=storage.fs, columns=_COLUMNS, partitioning=None)
        except (OSError, pa.ArrowException) as exc:
            msg = f"{name} below {storage.root} is not readable ({exc}); run scrapy verify --repair, then again"
            raise StorageError(msg) from exc
        for row in table.filter(pc.starts_with(table["doc_id"], wanted)).to_pylist():
            if row["doc_id"] not in newest or row["revision"] > newest[row["doc_id"]]["revision"]:
                newest[row["doc_id"]] = row
    if not newest:
        msg = f"the archive at {storage.root} has no article {asked}; its doc_ids are in the column doc_id of articles/"
        raise Unknown(msg)
    if len(newest) > 1:
        msg = f"{asked} begins {len(newest)} doc_ids: {', '.join(sorted(newest)[:5])} …; give more digits"
        raise Unknown(msg)
    return next(iter(newest.values()))


def changes(old: str, new: str) -> Iterator[tuple[str, str]]:
    """The passages of two texts in order, each with what became of it: ``same``, ``removed``, ``added``. Sentences are
    matched first, then the words of those that changed: a Chinese character, a number or a word in other letters."""
    found: list[list[str]] = []

    def put(kind: str, text: str) -> None:
        if not text:
            return
        if found and found[-1][0] == kind:
            found[-1][1] += text
        else:
            found.append([kind, text])

    for tag, one, other in _aligned(_SENTENCE.findall(old), _SENTENCE.findall(new)):
        if tag == "equal":
            put("same", "".join(one))
            continue
        words, others = (_WORD.findall("".join(part)) for part in (one, other))
        if max(len(words), len(others)) > _WORDS:
            put("removed", "".join(words))
            put("added", "".join(others))
            continue
        for same, left, right in _bridged(_aligned(words, others)):
            if same:
                put("same", left)
            else:
                put("removed", left)
                put("added", right)
    yield from ((kind, text) for kind, text in found)


def marked(old: str, new: str) -> str:
    """Both texts in one, as git's word diff shows them: [-removed-]{+added+}."""
    marks = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    return "".join(text.join(marks[kind]) for kind, text in changes(old, new))


def _aligned(old: list[str], new: list[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield tag, old[a:b], new[c:d]


def _bridged(parts: Iterator[tuple[str, list[str], list[str]]]) -> Iterator[tuple[bool, str, str]]:
    """Whether the same, old and new; a word or two that two changes have between them by chance belong to the change."""
    every = [(tag == "equal", "".join(one), "".join(other)) for tag, one, other in parts]
    left = right = ""
    for n, (same, one, other) in enumerate(every):
        between = same and len(one) < _BRIDGE and 0 < n < len(every) - 1
        if same and not between:
            if left or right:
                yield False, left, right
            left = right = ""
            yield True, one, other
        else:
            left, right = left + one, right + other
    if left or right:
        yield False, left, right
