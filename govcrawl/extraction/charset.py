"""Bytes of a page → text: the declared charset where it holds, the bytes themselves where it lies."""

import codecs
import re
from collections.abc import Mapping

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*+=\s*+["']?\s*+([A-Za-z0-9_.:-]{3,20})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*+=\s*+["']?\s*+([\w.:-]+)""", re.IGNORECASE)
# Chinese sites write these for what browsers read as the larger set (WHATWG Encoding Standard).
_ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "gb18030": "gb18030", "hz-gb-2312": "hz", "utf8": "utf-8", "utf-8": "utf-8", "unicode": "utf-8",
    "big5": "big5hkscs", "big-5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs", "cp950": "big5hkscs",
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be",
}  # fmt: skip
# The commonest characters of Chinese news, both scripts: three of four characters of any real text are among them.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相"
    "全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五"
    "果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先"
    "回则任取据处理府研质信四道至支治京省市县教育校师幼园培训考招试厅委局院科技安会议精神指导落实服务推进加强优秀促进"
    "這個國們來時會發動過說產種後學經進電裡現實當點從業還關樣與線內數變條沒結問無軍題黨長頭資邊級圖統見計別運農區強戰則據處導務訊記"
)
_CJK = re.compile("[㐀-鿿]")
_LATIN1_UTF8 = re.compile("[\u00c2-\u00ef][\u0080-\u00bf\u0152-\u2122]")


def decode(body: bytes, headers: Mapping[str, str] | None = None) -> tuple[str, str, bool]:
    """The text of a page, the encoding that it was read by, and whether it had to be repaired.

    gb2312 and gbk are read as gb18030. Chinese only: a page is UTF-8, GB18030, Big5 or UTF-16, never a guess from
    among the world's encodings.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace").replace("\0", ""), name, False
    if body[1:200:2].count(0) > 40 or body[:200:2].count(0) > 40:  # the tags of a page in UTF-16 that says so nowhere
        name = "utf-16-le" if body[1:200:2].count(0) > 40 else "utf-16-be"
        return body.decode(name, "replace").replace("\0", ""), name, False
    sound = body.replace(b"\0", b"") if b"\0" in body else body  # a NUL ends a C string
    try:
        # Text of another encoding is valid UTF-8 by chance only where it is very short.
        text, name = _repair(sound.decode("utf-8"))
        return text, name, name != "utf-8"
    except UnicodeDecodeError:
        pass
    names = [_ALIASES[n] for n in _declared(body, headers) if n in _ALIASES and _ALIASES[n] != "utf-8"]
    best, encoding, score = "", "utf-8", -1.0
    for name in dict.fromkeys([*names, "utf-8", "gb18030", "big5hkscs"]):
        try:
            text = (body if name.startswith("utf-16") else sound).decode(name, "replace")
        except (UnicodeError, LookupError):
            continue
        found = _score(text) + (0.05 if name in names else 0)
        if found > score + 1e-9:
            best, encoding, score = text, name, found
        if score > 0.7:  # bytes read by a wrong table stay under 0.5
            break
    return best.replace("\0", ""), encoding, False


def header(headers: Mapping[str, str] | None, name: str) -> str:
    """A header's value without regard to its name's case, "" where absent; bytes are read as Latin-1."""
    for key, value in (headers or {}).items():
        if _plain(key).lower() == name:
            return _plain(value[0] if isinstance(value, list) and value else value)
    return ""


def _plain(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _declared(body: bytes, headers: Mapping[str, str] | None) -> list[str]:
    found = _HEADER.findall(header(headers, "content-type"))
    found += [m.decode("ascii", "replace") for m in _DECLARED.findall(body[:8192])]
    return [name.lower() for name in found]


def _score(text: str) -> float:
    """How Chinese a text reads, about 0 (bytes read by the wrong table) to 1, less its undecodable part."""
    sample = text[:150_000]
    chinese = _CJK.findall(sample)
    bad = sample.count("\ufffd")
    if not chinese:
        return 0.4 - bad / (len(sample) + 1) if bad < len(sample) / 20 else 0.0
    probe = chinese[:: len(chinese) // 4000 + 1]
    common = sum([c in _COMMON for c in probe]) / len(probe)
    return common + 0.2 - 4 * bad / (len(chinese) + bad)


def _repair(text: str) -> tuple[str, str]:
    """Undo an encoding applied twice, as when a CMS read UTF-8 by a GBK or Latin-1 table before it wrote UTF-8."""
    # What the commonest characters (的，。) become; hardly a sound page has any of these.
    middle = text[len(text) // 3 : len(text) // 3 + 20_000]
    if "锛" in middle or "銆" in middle or "鐨" in middle:
        chinese = _CJK.findall(text)[:20_000]
        if len(chinese) >= 40 and sum(1 for c in chinese if c in _COMMON) < 0.12 * len(chinese):
            fixed = text.encode("gb18030", "replace").decode("utf-8", "replace")
            if _score(fixed) > _score(text) + 0.2:
                return fixed, "utf-8-as-gbk"
    if ("ï" in middle or "ã" in middle) and ("ï¼" in middle or "ã€" in middle or "ã\x80" in middle):
        sample = text[:200_000]
        if len(_LATIN1_UTF8.findall(sample)) > 40 + 2 * len(_CJK.findall(sample)):
            fixed = text.encode("cp1252", "ignore").decode("utf-8", "replace")
            if len(_CJK.findall(fixed)) > 40:
                return fixed, "utf-8-as-latin-1"
    return text, "utf-8"
