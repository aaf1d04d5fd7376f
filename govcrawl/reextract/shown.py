"""What a re-extraction changes, in words."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from govcrawl.reprints.diff import changes, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcrawl.items import Article
    from govcrawl.reextract.piece import Wanted

EXAMPLES = 3  # of each column
_LONG = ("text", "text_original")
_AROUND = 12  # characters that stand on either side of a passage that changed
_WIDTH = 60


class Examples:
    """The first pages in which each column differs."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = defaultdict(list)

    def take(self, wanted: Wanted, article: Article, changed: list[str]) -> None:
        for name in changed if wanted.before is not None else ():
            assert wanted.before is not None
            if len(self._lines[name]) < EXAMPLES:
                old, new = wanted.before.get(name), getattr(article, name, None)
                self._lines[name].append(f"{wanted.url}: {difference(name, old, new)}")

    def of(self, name: str) -> list[str]:
        return self._lines[name]


def difference(name: str, old: Any, new: Any) -> str:
    """What became of a value, on one line: of a text the first passage that changed."""
    if name in _LONG and old and new:
        return f"{len(old)} → {len(new)} characters, {_passage(old, new)}"
    if name == "attachments":
        old, new = ([entry["name"] for entry in value or ()] for value in (old, new))
    return f"{_short(old)} → {_short(new)}"


def page(wanted: Wanted, article: Article, changed: list[str]) -> Iterator[str]:
    """A page before and after: each column that differs, texts as one with their marks."""
    before = wanted.before
    yield f"--- {article.doc_id} revision {before['revision'] if before else 0} {wanted.url}"
    yield f"+++ {article.extractor}"
    if before is None:
        yield f"title: {{+{article.title}+}}"
        yield f"text: {{+{article.text}+}}"
        return
    for name in changed:
        old, new = before.get(name), getattr(article, name, None)
        if name in _LONG:
            yield f"{name}: {marked(old or '', new or '')}"
        elif name == "attachments":
            yield f"{name}: {difference(name, old, new)}"
        else:
            yield f"{name}: [-{_plain(old)}-]{{+{_plain(new)}+}}"


def _passage(old: str, new: str) -> str:
    parts = list(changes(old, new))
    at = next((n for n, (kind, _) in enumerate(parts) if kind != "same"), 0)
    before = parts[at - 1][1][-_AROUND:] if at else ""
    removed = "".join(text for kind, text in parts[at : at + 2] if kind == "removed")
    added = "".join(text for kind, text in parts[at : at + 2] if kind == "added")
    return (
        f"{before}{f'[-{removed[:_WIDTH]}-]' if removed else ''}{f'{{+{added[:_WIDTH]}+}}' if added else ''}".replace(
            "\n", "⏎"
        )
    )


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(str(v.get("url", v)) if isinstance(v, dict) else str(v) for v in value)
    return "" if value is None else str(value)


def _short(value: Any) -> str:
    text = _plain(value) or "nothing"
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
