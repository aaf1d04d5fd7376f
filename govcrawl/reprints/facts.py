"""What tells a template notice from a reprint: the same notice for another place, year or number is another notice."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING

from govcrawl import provinces
from govcrawl.reprints.text import letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Sentences or titles alike in this share of their two-letter pieces, numbers and places aside, say the same of another case.
ALIKE = 0.6
_DIGIT = "0-9〇零一二三四五六七八九十百千两"
_NUMBER = re.compile(
    r"(?=[第0-9])(?:(?<![\d.])(?P<year>(?:19|20)\d\d)(?!\d)"
    r"|(?<!\d)(?P<month>\d{1,2})月(?P<day>\d{1,2})[日号]"
    rf"|第(?P<ordinal>[{_DIGIT}]{{1,6}})\s*(?P<what>[\u4e00-\u9fff])"
    r"|(?<![\d.])(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[\u4e00-\u9fff%]))"
)
_CHINESE = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCHOOL = re.compile("大学|学院|中学|小学|幼儿园|学校|附中")
_QUOTED = re.compile(r"《([^》]{2,60})》")


@dataclass(frozen=True, slots=True)
class Facts:
    """Of a title or sentence: numbers by what they count, places by name with their province, names in 《》, the
    two-letter pieces of what is left when numbers and places are taken out, and of that what is in no 《》."""

    numbers: dict[str, frozenset[str]]
    places: frozenset[tuple[str, str]]
    named: frozenset[str]
    pieces: frozenset[str]
    frame: frozenset[str]


@lru_cache(maxsize=20_000)
def facts(text: str) -> Facts:
    """What a title or first sentence states."""
    numbers: dict[str, set[str]] = {}
    for slot, value in _numbers(text):
        numbers.setdefault(slot, set()).add(value)
    found = list(provinces.mentions(text))
    left, end = [], 0
    for place in found:
        left.append(text[end : place.start])
        end = max(end, place.start + len(place.name))
    rest = re.sub(rf"第[{_DIGIT}]+|\d+", "", "".join([*left, text[end:]]))
    return Facts(
        {slot: frozenset(values) for slot, values in numbers.items()},
        frozenset((_stem(p.name), p.province) for p in found),
        frozenset(letters(name) for name in _QUOTED.findall(text)),
        _pairs(letters(rest)),
        _pairs(letters(_QUOTED.sub("", rest))),
    )


def tokens(text: str) -> list[int]:
    """The numbers and places that a whole text states, as 32-bit hashes of what is counted and how many."""
    return sorted({token(*pair) for pair in [*_numbers(text), *_place_pairs(provinces.mentions(text))]})


def head_keys(title: str, first: str) -> list[bytes]:
    """What finds an article among the copies of a template: its title, and the numbers and places that its first
    sentence states, where these are two or more."""
    found = facts(first)
    stated = [f"{slot} {value}" for slot, values in found.numbers.items() for value in values]
    stated += [stem for stem, _ in found.places]
    keys = [letters(title), " ".join(sorted(stated)) if len(stated) > 1 else ""]
    return [f"{n} {key}".encode() for n, key in enumerate(keys) if len(key) > 3]


def token(slot: str, value: str) -> int:
    return zlib.crc32(f"{slot} {value}".encode())


@dataclass(frozen=True, slots=True)
class Head:
    """What of an article can veto: its document number, title, first sentence, and the ``tokens`` of its whole text."""

    doc_number: str
    title: str
    first: str
    stated: frozenset[int]


def conflict(one: Head, other: Head, *, comparable: bool) -> str:
    """Which evidence says that two texts that share words are different notices, or "". ``comparable``: they are about
    equally long, so that each should have the number and title of the other."""
    if comparable and one.doc_number and other.doc_number:
        a, b = letters(one.doc_number), letters(other.doc_number)
        if a != b and a not in b and b not in a:
            return "doc_number"
    a_title, b_title = facts(one.title), facts(other.title)
    same_form = alike(a_title, b_title)
    if (same_form or comparable) and (found := _differ(a_title, b_title, same_form=same_form)):
        return f"title {found}"
    if comparable and dice(a_title.frame, b_title.frame) >= ALIKE and _other_name(a_title.named, b_title.named):
        return "title name"
    if comparable and same_form and _other_school(one.title, other.title):
        return "title school"
    a_first, b_first = facts(one.first), facts(other.first)
    if alike(a_first, b_first) and (found := _differ(a_first, b_first, same_form=True, within=(one, other))):
        return f"first sentence {found}"
    return ""


def alike(one: Facts, other: Facts) -> bool:
    """Whether two titles or sentences have the same form."""
    return dice(one.pieces, other.pieces) >= ALIKE


def dice(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0.0


def _differ(one: Facts, other: Facts, *, same_form: bool, within: tuple[Head, Head] | None = None) -> str:
    """What differs: a number's slot or "place". Of the same form, each must state something that the other does not;
    else nothing that one states may be stated by the other. ``within``: articles in whose whole texts a number of one
    must be missing to count as differing, since an edit may have hit one of its places."""
    for slot in one.numbers.keys() & other.numbers.keys():
        a, b = one.numbers[slot], other.numbers[slot]
        if same_form:
            more_a, more_b = a - b, b - a
            if within is not None:
                more_a = frozenset(v for v in more_a if token(slot, v) not in within[1].stated)
                more_b = frozenset(v for v in more_b if token(slot, v) not in within[0].stated)
            if more_a and more_b:
                return slot
        elif not a & b and (slot == "year" or slot.startswith("第")):
            return slot
    if one.places and other.places:
        a_more = [p for p in one.places if not any(_agree(p, q) for q in other.places)]
        b_more = [q for q in other.places if not any(_agree(p, q) for p in one.places)]
        if (a_more and b_more) if same_form else (len(a_more), len(b_more)) == (len(one.places), len(other.places)):
            return "place"
    return ""


def missing(short: Head, long: Head) -> bool:
    """Whether a longer text lacks what a shorter one states: it contains another case of the notice, not this one. An
    edit may hit a number or two, so half of what title and first sentence state must be lacking (of a single number or
    place nothing is told), or most of all: a digest's other notices state some of them by chance."""
    head = set(tokens(f"{short.title}\n{short.first}"))
    lacking = len(head - long.stated)
    return (lacking > 1 and lacking * 2 >= len(head)) or len(short.stated - long.stated) * 2 > len(short.stated)


def _place_pairs(found: Iterable[provinces.Place]) -> Iterator[tuple[str, str]]:
    return (("place", _stem(place.name)) for place in found)


def _other_name(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether both titles name documents in 《》, and none of them is like one of the other's."""

    def like(a: str, b: str) -> bool:
        return dice(_pairs(a), _pairs(b)) >= 0.5

    return bool(one and other) and not any(like(a, b) for a in one for b in other)


def _other_school(one: str, other: str) -> bool:
    """Whether two titles of the same form name different schools. (A content farm's copy writes 公司 for 学校, which is
    no school's name.)"""
    a, b = letters(one), letters(other)
    if a == b or not (_SCHOOL.search(a) and _SCHOOL.search(b)):
        return False
    return any(
        tag == "replace" and j - i > 1 and n - m > 1 and _SCHOOL.search(a[i : j + 3]) and _SCHOOL.search(b[m : n + 3])
        for tag, i, j, m, n in SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    )


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[i : i + 2] for i in range(len(text) - 1))


def _agree(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two places may be of one notice: the same, or a province and a place in it."""
    if one[0] == other[0]:
        return True
    whole = [stem in _provincial() for stem, _ in (one, other)]
    return (one[1] == other[1] or not one[1] or not other[1]) and any(whole)


@lru_cache(maxsize=1)
def _provincial() -> frozenset[str]:
    return frozenset(
        _stem(name) for p in provinces.PROVINCES.values() for name in (p.name, p.short, *p.nicknames) if name
    )


def _stem(name: str) -> str:
    """A place's name without 省 and 市; 吉林市 is not 吉林."""
    if len(name) < 3 or name[-1] not in "省市":
        return name
    return name if name[-1] == "市" and name[:-1] in _shorts() and name not in _shorts() else name[:-1]


@lru_cache(maxsize=1)
def _shorts() -> frozenset[str]:
    return frozenset(name for p in provinces.PROVINCES.values() for name in (p.name, p.short))


def _numbers(text: str) -> list[tuple[str, str]]:
    found = []
    for match in _NUMBER.finditer(text):
        kind = match.lastgroup
        if kind == "year":
            found.append(("year", match["year"]))
        elif kind == "day":
            found.append(("date", f"{int(match['month'])}-{int(match['day'])}"))
        elif kind == "what":
            found.append((f"第{match['what']}", str(_value(match["ordinal"]))))
        elif kind == "unit":
            found.append((match["unit"], match["count"].lstrip("0") or "0"))
    return found


def _value(digits: str) -> int | str:
    """A number in Chinese or Arabic numerals: 十二, 二十, 12."""
    if digits.isdecimal():
        return int(digits)
    total, last = 0, 0
    for char in digits:
        if char in "十百千":
            total += (last or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            last = 0
        elif char in _CHINESE:
            last = last * 10 + _CHINESE[char]
        else:
            return digits
    return total + last
