"""The forms of characters: compatibility forms, and Traditional ones, detected and made Simplified without touching
the vocabulary."""

import re
import unicodedata
from functools import cache, lru_cache
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
    a glance, any other takes the normalizer some 150 ns a character; a line's form does not depend on other lines."""
    if unicodedata.is_normalized("NFKC", text):
        return text
    for wide, plain in _WIDE.items():
        text = text.replace(wide, plain)
    if unicodedata.is_normalized("NFKC", text):
        return text
    return "\n".join([unicodedata.normalize("NFKC", line) for line in text.split("\n")])


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


# Signs that pages write in several ways, as the one that patterns and vocabularies know.
_SIGNS = {
    **dict.fromkeys("︰︱∶﹕꞉", ":"), **dict.fromkeys("丨│┃∣", "|"), **dict.fromkeys("╱⁄∕", "/"),
    **dict.fromkeys("【〔〖", "["), **dict.fromkeys("】〕〗", "]"), **dict.fromkeys("•‧・●", "·"),
    **dict.fromkeys("\u3000\xa0", " "),
}  # fmt: skip


@cache
def _folding() -> dict[int, str]:
    """One character for each character that folding changes; none changes a text's length."""
    every = [chr(c) for c in (*range(0x2E80, 0x2FE0), *range(0x3400, 0x9FFF), *range(0xF900, 0xFB00))]
    simple = zip(every, _converter().convert("\n".join(every)).split("\n"), strict=True)
    table: dict[int, str] = {ord(a): b for a, b in simple if a != b and len(b) == 1}
    for code in (*range(0xA0, 0x2E80), *range(0x2E80, 0x3400), *range(0xF900, 0xFFF0)):
        plain = unicodedata.normalize("NFKC", chr(code))
        if len(plain) == 1 and plain != chr(code):
            table[code] = table.get(ord(plain), plain)
    return table | {ord(a): b for a, b in _SIGNS.items()}


@cache
def _folded() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds any character that folding changes, and what finds one beside the most common."""
    signs = [chr(c) for c in _folding()]
    rare = [c for c in signs if c not in _COMMON]
    return re.compile(f"[{re.escape(''.join(signs))}]"), re.compile(f"[{re.escape(''.join(rare))}]")


_COMMON = dict(zip("，：；！？（）【】\u3000\xa0", ",:;!?()[]  ", strict=True))


def fold(text: str) -> str:
    """Text for comparison: Simplified, NFKC and with one form of each sign, character for character, so that a place in
    it is the same place in the text."""
    if text.isascii():
        return text
    if len(text) < 60:
        return _fold_short(text)
    every, rare = _folded()
    if not every.search(text):
        return text
    for sign, plain in _COMMON.items():
        text = text.replace(sign, plain)
    return rare.sub(_swap, text)


@lru_cache(maxsize=4096)  # the lines of a header are asked for several times
def _fold_short(text: str) -> str:
    return _folded()[0].sub(_swap, text)


def _swap(match: re.Match[str]) -> str:
    return _folding_text()[match[0]]


@cache
def _folding_text() -> dict[str, str]:
    return {chr(code): plain for code, plain in _folding().items()}
