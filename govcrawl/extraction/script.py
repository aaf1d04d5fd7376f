"""The forms of characters: compatibility forms, and Traditional ones, detected and made Simplified without touching
the vocabulary."""

import re
import unicodedata
from functools import cache
from typing import Any

_CJK = re.compile("[㐀-鿿]")
# The compatibility characters that hardly a Chinese text is without, and what NFKC makes of them.
_WIDE = {wide: unicodedata.normalize("NFKC", wide) for wide in "，：；！？（）％…　０１２３４５６７８９"}
# 著 stays where it is a word of its own: famous, to write, a work, obvious. Elsewhere it is the particle 着.
_PARTICLE = re.compile("(?<![名论专译原编巨土显卓昭遗拙合新校旧较所共主])著(?![名作书者述称录文有])")


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


def nfkc(text: str) -> str:
    """Text in Unicode's normal form NFKC. What is common goes first: a text without compatibility characters is told by
    a glance, any other takes the normalizer some 150 ns a character."""
    if unicodedata.is_normalized("NFKC", text):
        return text
    for wide, plain in _WIDE.items():
        text = text.replace(wide, plain)
    return unicodedata.normalize("NFKC", text)


@cache
def _traditional_only() -> re.Pattern[str]:
    """The characters that OpenCC changes, less those that Simplified texts write too (著, 乾, 於, 瞭)."""
    every = [chr(c) for c in range(0x4E00, 0x9FA6)]
    changed = zip(every, _converter().convert("\n".join(every)).split("\n"), strict=True)
    only = {a for a, b in changed if a != b} - set("著乾於瞭藉夥甚麽麼妳祂牠")
    return re.compile(f"[{''.join(sorted(only))}]")


def is_traditional(text: str) -> bool:
    """Whether a text is written in Traditional characters: more than an eighth of it exists in that script only.

    Running Traditional text has about a third; a Simplified text that quotes a name or an old book far less.
    """
    found = len(_traditional_only().findall(text[:2500]))
    return found >= 2 and found > 0.12 * len(_CJK.findall(text[:2500]))


def to_simplified(text: str) -> str:
    """Simplified characters for Traditional ones (OpenCC t2s), then 著 as 着 except where 著 belongs."""
    converted: str = _converter().convert(text)
    return _PARTICLE.sub("着", converted) if "著" in converted else converted
