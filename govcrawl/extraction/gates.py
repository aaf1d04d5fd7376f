"""What a field can never be: one gate for every way by which a value can come (gates.toml and the rules here)."""

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from govcrawl import provinces
from govcrawl.extraction import dates, header, names
from govcrawl.extraction.script import fold

NEVER = Path(__file__).with_name("gates.toml")
_MARKUP = re.compile(r"[<>{}=]|&[a-z]+;|&#\d|function\s*\(|document\.|javascript|\bvar\s", re.IGNORECASE)
_HOST = re.compile(
    r"(?:https?:)?//|(?<![\w.-])(?:[\w-]{1,40}\.){1,6}(?:com|cn|net|org|tw|hk|cc|gov|edu|info)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://|www\.[\w-]{1,40}\.[\w.]{1,40}/|[^\s@]@[^\s@.]{1,40}\.\S")
_CLOCK = re.compile(
    r"^\W*\d{1,2}:\d\d|^\d{1,2}[-/月]\d{1,2}|(?:秒|分钟|小时|天|周|月|年)前$|^(?:昨天|今天|前天|刚刚)|^(?:[上下]午|晚上?)?\d{1,2}[时点]"
)
_BROKEN = re.compile("[\u0080-\u00b6\u00b8-\u017f]{2}|\ufffd")  # bytes of another encoding
_COUNT = re.compile(
    r"\d*(?:人|次|条|个|位|分钟)?(?:参与|阅读|评论|浏览|点击|关注|回复|收藏|点赞|转发|跟[帖贴])(?:量|数|次数)?"
)
_CHANNEL = re.compile("(?:要闻|动态|公告|通知|公示|解读|专题|头条)$")
_SENTENCE = re.compile(r"[。！？!?]|[，,].*[，,]")
_CUT = re.compile(r"(?<![.…])(?:…|\.\.)[.…]*+$")
_LOGIN = re.compile(r"[A-Z\d]{2,8}")
_DOC_NUMBER = re.compile(r"\[(?:19|20)\d\d\]\d{1,5}号?$")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the page is and stands in, which none of its fields can be: channel and headline folded, the texts of the
    links above the headline as published."""

    channel: str = ""
    headline: str = ""
    crumbs: Collection[str] = ()


NOWHERE = Surroundings()


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(NEVER.read_text(encoding="utf-8"))


@cache
def _words(name: str, key: str = "words") -> frozenset[str]:
    return frozenset(_bare(word) for word in _lists()[name].get(key, ()))


@cache
def _prefixes(name: str) -> tuple[str, ...]:
    return tuple(_words(name, "prefixes"))


@cache
def _endings() -> re.Pattern[str]:
    return re.compile(
        "(?:" + "|".join(sorted(_lists()["outlets"]["endings"], key=len, reverse=True)) + r"|\.com|\.cn)$"
    )


def _bare(text: str) -> str:
    """A text as the lists have it: without spaces and the signs around it, lower case."""
    return "".join(text.split()).strip("|:,;[]()<>·-—_\x1f").lower()


def is_outlet(text: str) -> bool:
    """Whether a folded text is a known outlet, or ends as the names of outlets, offices and accounts do and is no
    person's name."""
    return is_known_outlet(text) or (_endings().search(text) is not None and not names.is_name(text))


def is_known_outlet(text: str) -> bool:
    """Whether a folded text is the name of a paper or site that its form does not tell."""
    return _bare(text) in _words("outlets", "names")


def is_interface(text: str) -> bool:
    """Whether a folded text is a control of the page: 内容纠错, 我要评论(0), 大 中 小."""
    bare = _bare(text)
    stem = bare.rstrip("0123456789)]").rstrip("([")
    words = _words("interface")
    return bare in words or stem in words or bare.startswith(_prefixes("interface"))


def _common(text: str, around: Surroundings) -> str | None:
    """Why a folded text can be no name of anybody or anything; None where it can."""
    bare = _bare(text)
    if not bare or not re.search(r"[^\W\d_]", bare):
        return "no word"
    if header.kind_of(text) is not None:
        return "a label, not a value"
    if is_interface(text):
        return "a word of the page's controls"
    if _MARKUP.search(text):
        return "markup"
    if _BROKEN.search(text):
        return "broken characters"
    if _COUNT.fullmatch(bare):
        return "a count"
    if _DOC_NUMBER.search(text):
        return "the number of a document"
    if dates.moments(text) or _CLOCK.search(text):
        return "a date or time"
    if around.channel and bare == _bare(around.channel):
        return "the channel's name"
    if around.headline and bare == _bare(around.headline):
        return "the headline"
    return None


def source(value: str, around: Surroundings = NOWHERE, *, labelled: bool = True) -> str | None:
    """Why a value can be no source; None where it can. Without a label it must have the form of an outlet's name."""
    text = fold(value)
    reason = _common(text, around)
    if reason:
        return reason
    if len(text) > 40:
        return "too long for a source"
    if _bare(text) in _words("source"):
        return "a word that names no source"
    if _ADDRESS.search(text):
        return "an address"
    if _CUT.search(text):
        return "cut, and nothing on the page completes it"
    if _SENTENCE.search(text):
        return "a sentence"
    if is_person(text):
        return "a person's name"
    if not labelled:
        return _unlabelled(text, value, around)
    return None


def _unlabelled(text: str, value: str, around: Surroundings) -> str | None:
    """Why a text that no label calls the source can be none."""
    if _HOST.search(text):
        return "a host, as menus name it"
    if value in around.crumbs:
        return "a link of the menu or the breadcrumbs"
    if _CHANNEL.search(text) and not is_known_outlet(text):
        return "a channel's name"
    return "too vague for an outlet" if is_vague(text) else None


def is_vague(text: str) -> bool:
    """Whether a folded text is a kind of sources rather than one: 网络, 综合自各媒体."""
    return _bare(text).startswith(_prefixes("source_weak"))


def is_person(text: str) -> bool:
    """Whether a folded text is the name of a person rather than of an outlet, an office or a place."""
    if not names.is_name(text) or is_known_outlet(text) or _endings().search(text):
        return False
    return next(provinces.places(text), None) is None


_NO_NAME = ("报道", "报导", "报社", "摄影", "供图", "整理", "综合")


def author(value: str, around: Surroundings = NOWHERE) -> str | None:
    """Why a value can be no author; None where it can."""
    text = fold(value)
    reason = _common(text, around)
    if reason:
        return reason
    if len(text) > 20:
        return "too long for a name"
    if text.endswith(_NO_NAME):
        return "what somebody did, not who"
    if any(_bare(text) in _words("author", key) for key in ("words", "also", "roles")):
        return "a word that names nobody"
    if _HOST.search(text) or _ADDRESS.search(text):
        return "an address"
    if is_paper(text):
        return "an outlet, not a person"
    if _SENTENCE.search(text):
        return "a sentence"
    return None


def is_paper(text: str) -> bool:
    """Whether a folded text is the name of a paper, site, broadcaster or account."""
    return is_known_outlet(text) or (not names.is_name(text) and _PAPER.search(text) is not None)


_PAPER = re.compile(r"(?:网|报|社|新闻|频道|客户端|日报|电视台|杂志|周刊|公众号|在线|晚报|融媒体?)$")


def editor(value: str, around: Surroundings = NOWHERE) -> str | None:
    """Why a value can be no editor; None where it can. A department's office may be one (基础教育处)."""
    text = fold(value)
    reason = _common(text, around)
    if reason:
        return reason
    if len(text) > 12:
        return "too long for a name"
    if _bare(text) in _words("editor"):
        return "a word that names nobody"
    if _LOGIN.fullmatch(text):
        return "a staff number"
    if names.is_organisation(text) and not re.search(r"(?:处|科|室|办)$", text):
        return "an organisation, not a person"
    return None


def title(value: str, around: Surroundings = NOWHERE) -> str | None:
    """Why a value can be no headline; None where it can."""
    text = fold(value)
    bare = _bare(text)
    if not bare:
        return "empty"
    if bare in _words("title") or (len(bare) <= 6 and is_interface(text)):
        return "a word of the page's frame"
    if len(bare) <= 6 and header.kind_of(text) is not None:
        return "a label, not a value"
    if around.channel and bare == _bare(around.channel):
        return "the channel's name"
    if re.fullmatch(r"(?:https?://)?(?:[\w-]+\.)+[a-z]{2,4}/?\S*", bare):
        return "an address"
    if _MARKUP.search(text) and re.search(r"<\w|function\s*\(|document\.", text):
        return "markup"
    return None
