"""Where a page's content lies when it does not stand in the page: another address that it leads to, frames, further pages,
hidden elements and the data of its scripts. Recognised here on the page alone; whoever reads pages brings the parts."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape, unescape
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from govcrawl.addresses import canonical, host_of, is_address
from govcrawl.extraction import marks
from govcrawl.extraction.flags import registrable
from govcrawl.extraction.page import STATED
from govcrawl.extraction.shown import joined, shown
from govcrawl.extraction.written import percent_decoded, text_of, unescaped

if TYPE_CHECKING:
    from govcrawl.extraction.page import Page

MAX_DEPTH = 3
MAX_FRAMES = 6  # of one article
MAX_PAGES = 30  # of one article, the first one included
MAX_MARKUP = 4_000_000


# Leading elsewhere

MAX_DOOR = 30_000  # bytes: a page that only leads on is small
_META = re.compile(r"<meta\b[^>]{0,600}>", re.IGNORECASE)
_REFRESH = re.compile(r"http-equiv\s{0,9}=\s{0,9}[\"']?\s{0,9}refresh", re.IGNORECASE)
_CONTENT = re.compile(
    r"""content\s{0,9}=\s{0,9}(?:"([^"]{0,2000})"|'([^']{0,2000})'|([^\s>]{1,2000}))""", re.IGNORECASE
)
_TARGET = re.compile(
    r"""\s{0,9}(\d{0,9})(?:\.\d{0,9})?\s{0,9}[;,]?\s{0,9}(?:url\s{0,9}=)?\s{0,9}["']?([^"']{0,2000})""", re.IGNORECASE
)
_GO = re.compile(
    r"""(?<![\w$.])(?:(?:window|self|top|parent|document|this)\s?\.\s?){0,3}location\s{0,9}(?:\.\s?href\s{0,9})?(?:=(?!=)\s{0,9}|\.\s?(?:replace|assign)\s{0,9}\(\s{0,9})"""
    r"""(?P<value>"[^"\n]{1,2000}"|'[^'\n]{1,2000}'|[A-Za-z_$][\w$]{0,60})\s{0,9}(?=[;)}\n<"']|$)"""
    r"""|window\s?\.\s?(?:navigate|open)\s{0,9}\(\s{0,9}(?P<opened>"[^"\n]{1,2000}"|'[^'\n]{1,2000}')\s{0,9}(?:,\s{0,9}["']_(?:self|top|parent)["'][^)]{0,60})\)"""
)
_GIVEN = r"""(?<![\w$.]){name}\s{{0,9}}=(?!=)\s{{0,9}}("[^"\n]{{1,2000}}"|'[^'\n]{{1,2000}}')"""
_FUNCTION = re.compile(r"function\s{1,9}(\w{1,60})\s{0,9}\([^()]{0,200}\)\s{0,9}\{")
_ON_LOAD = re.compile(r"(?:onload\s{0,9}=|(?:setTimeout|setInterval|addEventListener)\s{0,9}\()[^>;]{0,200}")
# A shield sets a cookie and reloads; a phone page is for phones.
_NOT_FOR_US = re.compile(r"document\s?\.\s?cookie|userAgent|screen\.width|navigator\.|localStorage", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SHOWS = re.compile(r"<(?:i?frame|embed|object|img|video|textarea)\b", re.IGNORECASE)


def leads_to(markup: str, url: str) -> str | None:
    """The address that a page leads its visitors to by a meta refresh or a script, where it shows nothing itself; None
    where it does not, or only to itself; where a shield's page sends a browser is never gone."""
    if len(markup) > MAX_DOOR or marks.CHALLENGE.search(markup):
        return None
    markup = _without(_without(markup, "<!--", "-->"), "<noscript", "</noscript>")
    target = _refreshed(markup) or _sent(markup)
    if target is None or _SHOWS.search(markup) or "document.cookie" in markup:
        return None
    for name in ("script", "style", "title"):
        markup = _without(markup, f"<{name}", f"</{name}>")
    if len("".join(_TAG.sub("", markup).split())) > 200:
        return None
    found = joined(url, unescape(target).strip())
    if not is_address(found) or canonical(found) == canonical(url):
        return None
    return found


def _refreshed(markup: str) -> str | None:
    for tag in _META.findall(markup):
        content = _CONTENT.search(tag) if _REFRESH.search(tag) else None
        found = _TARGET.match(unescape(content[1] or content[2] or content[3] or "")) if content else None
        if found and found[2].strip():
            return found[2]
    return None


def _sent(markup: str) -> str | None:
    """The address to which a script of the page goes."""
    for start, end in _spans(markup.lower(), "<script", "</script"):
        code = markup[start:end].partition(">")[2]
        if _NOT_FOR_US.search(code):
            continue
        for match in _GO.finditer(code):
            if not _is_run(code, match.start(), markup):
                continue
            value = match["value"] or match["opened"]
            if value[0] not in "\"'":
                given = re.findall(_GIVEN.format(name=re.escape(value)), code)
                value = given[0] if len(given) == 1 else ""
            if value[1:-1].strip() and not value[1:-1].startswith(("#", "javascript:", "about:")):
                return unescaped(value[1:-1])
    return None


def _is_run(code: str, at: int, markup: str) -> bool:
    """Whether a place in a script is come to by loading the page: it stands in no named function, or in one that the page
    calls itself, not at a click."""
    for function in _FUNCTION.finditer(code, 0, at):
        inside = code[function.end() : at]
        if inside.count("{") < inside.count("}"):
            continue
        call = function[1] + "("
        elsewhere = code[: function.start()] + code[function.end() :]
        loads = any(function[1] in handler for handler in _ON_LOAD.findall(markup))
        return loads or call in elsewhere.replace(" ", "")
    return True


def _spans(low: str, opening: str, closing: str) -> Iterator[tuple[int, int]]:
    """Where stretches of markup begin and end, the closing included; one that is not closed goes to the end."""
    at = low.find(opening)
    while at >= 0:
        end = low.find(closing, at + len(opening))
        end = len(low) if end < 0 else end + len(closing)
        yield at, end
        at = low.find(opening, end)


def _without(markup: str, opening: str, closing: str) -> str:
    kept: list[str] = []
    last = 0
    for start, end in _spans(markup.lower(), opening, closing):
        kept.append(markup[last:start])
        last = end
    return "".join(kept) + markup[last:] if last else markup


# Frames

_FRAME = re.compile(
    r"<(i?frame)\b((?:[^<>\"']{1,2000}+|\"[^\"]{0,200000}+\"|'[^']{0,200000}+'){0,60}+)>(?:[^<]{0,2000}</iframe\s{0,9}>)?",
    re.IGNORECASE,
)
_SRC = re.compile(
    r"""(?<![\w-])(?:data-)?src\s{0,9}=\s{0,9}(?:"([^"]{0,200000})"|'([^']{0,200000})'|([^\s>"']{1,4000}))""",
    re.IGNORECASE,
)
_SRCDOC = re.compile(r"""srcdoc\s{0,9}=\s{0,9}(?:"([^"]{20,200000})"|'([^']{20,200000})')""", re.IGNORECASE)
_BESIDE = re.compile(
    r"(?<![a-z])(?:top|head|header|foot|footer|bottom|nav|menu|left|banner|login|search|weather|tianqi|share|count|stat|hits"
    r"|comment|pinglun|related|hot|ads?|logo|copyright|player|video|counter|vote|xgwz|visit)(?![a-z])",
    re.IGNORECASE,
)
_LINKS = re.compile(
    r"""(?<=\s)(href|src|data|data-original|data-src|_src|original|data-href|data-url|data-file)(\s{0,9}=\s{0,9})(?:"([^"]{1,4000})"|'([^']{1,4000})'|([^\s>"']{1,4000}))""",
    re.IGNORECASE,
)
_BASE = re.compile(r"<base\b[^>]{0,2000}>", re.IGNORECASE)
_HTML = re.compile(r"\.s?html?(?:[?#]|$)", re.IGNORECASE)
_FRAMESET = re.compile(r"<frameset\b", re.IGNORECASE)
_BODY = re.compile(r"</?body\b|</html", re.IGNORECASE)


def frames(page: "Page") -> list[str]:
    """Addresses of the page's frames on its own site that may hold its body."""
    brought = [part for address in page.frames_asked if (part := page.parts.get(address)) is not None]
    found: dict[str, None] = {}
    for holder in (page, *brought):
        for tag, src, _ in holder.document.frames:
            framed = tag in ("iframe", "frame") or (tag in ("object", "embed") and _HTML.search(src))
            address = _frame_address(holder.base, src) if framed else ""
            if address and not _BESIDE.search(urlsplit(address).path) and same_site(page, address):
                found.setdefault(address)
    return list(found)


# What a script asks for and puts into its page: where the expression of its address begins.
_ASKS = re.compile(
    r"""(?:\.load|\.get|\.getJSON|\bfetch|\baxios)\s?\(\s{0,9}(?=["'`\w])|\.open\s?\(\s{0,9}["']get["']\s{0,9},\s{0,9}"""
    r"""|\burl\s{0,9}:\s{0,9}|\.src\s{0,9}=(?!=)\s{0,9}|\.attr\s?\(\s{0,9}["']src["']\s{0,9},\s{0,9}""",
    re.IGNORECASE,
)
_POSTS = re.compile(r"""\b(?:type|method)["']?\s{0,9}:\s{0,9}["']post""", re.IGNORECASE)
_SERVED = re.compile(r"""<script\b[^>]{0,300}\bsrc\s{0,9}=\s{0,9}["']?([^\s"'>]{1,1000})""", re.IGNORECASE)
_CALLS_BACK = re.compile(r"[?&](?:callback|jsonp|jsoncallback|cb)=", re.IGNORECASE)
_NO_PART = re.compile(r"\.(?:js|css|png|jpe?g|gif|bmp|ico|svg|webp|mp4|mp3|m3u8|swf|woff2?)$", re.IGNORECASE)


def asked(page: "Page") -> list[str]:
    """Addresses on the page's own site that its scripts ask for, by which they may fill it."""
    whole = "\n".join(page.document.scripts)
    stem = _parts_of(page.url)[1]
    found: dict[str, None] = {}
    served = [unescape(src) for src in _SERVED.findall(page.markup)]
    for src in [*_asked_in(whole), *(s for s in served if _CALLS_BACK.search(s) or (len(stem) > 3 and stem in s))]:
        address = _frame_address(page.base, src)
        path = urlsplit(address).path if address else ""
        plain = not _NO_PART.search(path) or src in served
        if address and plain and not _BESIDE.search(path) and same_site(page, address) and address != page.url:
            found.setdefault(address)
    return list(found)


def _asked_in(script: str) -> Iterator[str]:
    for match in islice(_ASKS.finditer(script), 100):
        if _POSTS.search(script, max(0, match.start() - 200), match.end() + 300):
            continue
        address = text_of(script[match.end() : match.end() + 400], script)
        if re.search(r"[/?]|\.\w{3,5}$", address) and not re.search(r"[\s<>{}]", address):
            yield address


def same_site(page: "Page", address: str) -> bool:
    """Whether an address lies on the page's host, on another of its domain, or on one of the site's own."""
    host, own = host_of(address), host_of(page.url)
    if not host:
        return False
    near = (registrable(own) if not own.replace(".", "").isdigit() else own, *(page.site.hosts if page.site else ()))
    return any(host == h or host.endswith("." + h) for h in near if h)


def _frame_address(base: str, src: str) -> str:
    src = src.strip()
    if not src or src.startswith(("#", "about:", "javascript:", "data:", "blob:")) or shown(src):
        return ""
    address = joined(base, src).partition("#")[0]
    return address if is_address(address) else ""


def with_frames(page: "Page") -> str:
    """The page's markup with the frames that were brought set in where they stand; "" where none was."""
    used: set[str] = set()
    whole = "" if _FRAMESET.search(page.markup) else _framed(page, page.markup, page.base, used, 0)
    # What has no place in the markup: frames that scripts write, and those of a frameset, which shows nothing else.
    rest = ""
    for address in page.frames_asked:
        part = page.parts.get(address)
        if part is not None and address not in used:
            used.add(address)
            rest += _inner(page, _readable(page, part), part.url, used, 1)
    if not used:
        return ""
    if whole:
        return whole + rest
    head = page.markup[: _FRAMESET.search(page.markup).start()]  # type: ignore[union-attr]
    return f"{_BODY.sub('<div', head)}<body>{rest}</body></html>"


_DATA = re.compile(r"\s{0,99}(?:[\[{]|(?:var|let|const)\s|[\w.$]{1,80}\s{0,9}[(=])")
_ENTRIES = re.compile(r"""["']?\b(?:\w{0,9}title|headline)["']?\s{0,9}:\s{0,9}["']([^"'\n]{1,300})""", re.IGNORECASE)


def _readable(page: "Page", part: "Page") -> str:
    """A part as markup: the body that JSON or a script keeps, none of a list or of another article; XML without its marks."""
    markup = part.markup
    if not _DATA.match(markup[:200]):
        return unescape(markup) if markup.lstrip()[:5] == "<?xml" and "&lt;p" in markup else markup
    titles = [_bare(unescaped(title)) for title in _ENTRIES.findall(markup)[:5]]
    own = [_bare(title) for title in (page.headline.text, page.listed_title) if title]
    if len(titles) > 4 or (titles and not any(t[:8] and t[:8] in o for t in titles for o in own)):
        return ""
    best = max(in_script(markup[:2_000_000]), key=lambda source: _weight(source.html), default=None)
    return f"<p>{escape(best.header)}</p><div>{best.html}</div>" if best is not None else ""


def _bare(title: str) -> str:
    return re.sub(r"\W+", "", title)


def _framed(page: "Page", markup: str, base: str, used: set[str], depth: int) -> str:
    """Markup with each frame that was brought in the frame's place."""
    if depth > MAX_DEPTH or len(markup) > MAX_MARKUP:
        return markup

    def one(match: re.Match[str]) -> str:
        document = _SRCDOC.search(match[2])
        if document:
            used.add(base + "#srcdoc")
            return _division(_framed(page, unescape(document[1] or document[2]), base, used, depth + 1))
        src = _SRC.search(match[2])
        written = unescape(src[1] or src[2] or src[3] or "") if src else ""
        if inner := _written_out(written):
            used.add(written[:80])
            return _division(_framed(page, inner, base, used, depth + 1))
        address = _frame_address(base, written) if src else ""
        part = page.parts.get(address) if address else None
        if part is None or address in used:
            return match[0]
        used.add(address)
        return _inner(page, part.markup, part.url, used, depth + 1)

    out: list[str] = []
    last = 0
    for start, end in [*_spans(markup.lower(), "<script", "</script"), (len(markup), len(markup))]:
        out += [_FRAME.sub(one, markup[last:start]), markup[start:end]]
        last = end
    return "".join(out)


def _written_out(src: str) -> str:
    """The markup that a frame's address holds itself: ``data:text/html;base64,…``; "" for none."""
    kind, comma, data = src.strip().partition(",")
    if not comma or not kind.lower().startswith("data:text/html"):
        return ""
    return _deciphered(data) if kind.lower().endswith(";base64") else percent_decoded(data)


def _inner(page: "Page", markup: str, url: str, used: set[str], depth: int) -> str:
    inner = _framed(page, _BASE.sub("", markup), url, used, depth)
    return _division(_LINKS.sub(lambda match: _absolute(match, url), inner))


def _division(markup: str) -> str:
    return f"<div class=govcrawl-frame>{markup}</div>"


def _absolute(match: re.Match[str], url: str) -> str:
    address = unescape(match[3] or match[4] or match[5]).strip()
    if address[:1] != "#" and not re.match(r"[a-zA-Z]{2,12}:", address):
        address = joined(url, address)
    quoted = address.replace('"', "&quot;")
    return f'{match[1]}{match[2]}"{quoted}"'


# The body in the page itself, where it does not show

_HIDDEN = re.compile(
    r"<(textarea|xmp|template|noscript|xml)\b[^>]{0,2000}>"
    r"|<(script)\b[^>]{0,600}\btype\s{0,9}=\s{0,9}[\"']?text/(?:html|template|plain|xml|markdown|x-[\w-]{1,40})[^>]{0,600}>",
    re.IGNORECASE,
)
_HELD = re.compile(
    r"""\s:?(?:value|content|[\w-]{0,30}(?:content|html|body|text|detail|article|props))"""
    r"""\s{0,9}=\s{0,9}(?:"([^"]{80,200000})"|'([^']{80,200000})')""",
    re.IGNORECASE,
)
# A string of a script, with the name that it is given or the key that it stands under.
_STRING = re.compile(
    r"""(?:["']?(?P<key>[\w$]{1,60})["']?\s{0,9}(?P<sign>:|\+?=)\s{0,9}(?:[\w.]{1,40}\(\s{0,9}){0,3})?"""
    r"""(?P<text>"(?:[^"\\\n]|\\[\s\S])*+"?|'(?:[^'\\\n]|\\[\s\S])*+'?|`(?:[^`\\]|\\[\s\S])*+`?)"""
)
_CREDITS = {"来源": "source", "作者": "author", "责任编辑": "editor"}
_CREDIT = re.compile(
    r"""["']?\b(?:(?P<source>(?:doc|info|article|content|news)?_?source(?:name|from)?|copyfrom|medianame|laiyuan)"""
    r"""|(?P<author>author(?:name)?|writer|zuozhe)|(?P<editor>(?:duty|responsible)?_?editor(?:name)?|zrbj))["']?"""
    r"""\s{0,9}:\s{0,9}["'](?P<text>[^"'\n\\]{2,40}|(?:\\u[0-9a-fA-F]{4}){2,20})["']""",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"title|summary|digest|desc|abstract|keyword|intro|brief|share|copyright|tips?$|msg|message", re.IGNORECASE
)
# What stands before a string that is added to others: + "…", ["…", push("…"
_ADDED = re.compile(r"(?:[+,\[]|\b(?:push|writeln|write|append|concat)\s{0,3}\()\s{0,20}$")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}$")
_TAGS = re.compile(r"<(?:p|br|div|span|img|table|section|h[1-6]|iframe|embed|a)\b", re.IGNORECASE)
_CHINESE = re.compile("[⺀-鿿]")
_PROSE = re.compile("[⺀-鿿][，。；：、！？]")
_MARKUP = re.compile(r"<[^<>]{0,5000}>")
# What programs say to their users.
_INTERFACE = re.compile(
    "即将离开|是否继续|浏览器|请(?:您|先|重新|正确)?(?:输入|选择|填写|登录|登陆|稍[候后])|扫一扫|扫描|加载"
    "|点击(?:确定|取消|关闭)|验证码|请勿重复|提交成功|操作失败|网络异常|分享到"
)
MAX_MESSAGE = 200  # Chinese characters
MIN_PROSE = 20  # Chinese characters


@dataclass(frozen=True, slots=True)
class Source:
    """A body that the page keeps where it does not show: its markup, where it stands in the page's markup (-1 where that
    says nothing of its place), what holds it, and the header line that stands beside it in the data."""

    html: str
    start: int = -1
    end: int = -1
    rule: str = "script"
    header: str = ""


def with_source(page: "Page") -> tuple[str, str]:
    """The page's markup with the body set in that it keeps in a hidden element or in the data of its scripts, and what
    holds it; two empty texts where it keeps none."""
    markup = page.markup
    if len(markup) > MAX_MARKUP:
        return "", ""
    best = max(
        _sources(markup, [*page.document.scripts, *page.document.json_ld]), key=lambda s: _weight(s.html), default=None
    )
    if best is None or _weight(best.html) < MIN_PROSE:
        return "", ""
    header = f"<p>{escape(best.header)}</p>" if best.header else ""
    body = f'{header}<div id="{STATED}">{best.html}</div>'
    if best.start >= 0:
        return markup[: best.start] + body + markup[best.end :], best.rule
    end = max(markup.lower().rfind("</body"), 0) or len(markup)
    return markup[:end] + body + markup[end:], best.rule


_COVERED = re.compile(
    r"""<(?:div|td|section|article|span)\b(?=[^>]{0,400}(?:id|class)\s{0,9}=\s{0,9}["']?[^"'>]{0,60}"""
    r"""(?:con|zoom|article|text|body|detail|main|nr|wz|trs))(?![^>]{0,400}(?:id|class)\s{0,9}=\s{0,9}["']?[^"'>]{0,60}"""
    r"""(?:pop|layer|dialog|modal|tip|alert|share|mask|win|wx|code|log|comment|menu|nav|foot|side|vote|form))"""
    r"""[^>]{0,400}?\b(display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden)[^>]{0,400}>""",
    re.IGNORECASE,
)


def uncovered(page: "Page") -> str:
    """The page's markup with the body shown that a script shows once it has run; "" where none is hidden."""
    markup = page.markup
    spans = [match.span(1) for match in _COVERED.finditer(markup)] if len(markup) <= MAX_MARKUP else []
    out, last = "", 0
    for start, end in spans[:20]:
        out, last = out + markup[last:start], end
    return out + markup[last:] if spans else ""


def _sources(markup: str, scripts: list[str]) -> Iterator[Source]:
    low = markup.lower()
    last = 0
    unclosed: set[str] = set()
    for match in _HIDDEN.finditer(markup):
        tag = (match[1] or match[2]).lower()
        if match.start() < last or tag in unclosed:
            continue
        end = low.find(f"</{tag}", match.end())
        if end < 0:
            unclosed.add(tag)
            continue
        html = _markup_of(markup[match.end() : end], tags=tag != "textarea")
        last = end + len(tag) + 2
        yield Source(html, match.start(), low.find(">", end) + 1 or last, "hidden")
    for match in _HELD.finditer(markup):
        html = _markup_of(_deciphered((match[1] or match[2]).strip()))
        if _TAGS.search(html):
            data = in_script(unescape(html)) if html[:1] in "{[\"'" else ()
            yield from [replace(source, rule="hidden") for source in data] or [Source(html, rule="hidden")]
    for script in scripts:
        yield from in_script(script[:2_000_000])


def in_script(script: str) -> Iterator[Source]:
    """Markup in a script's strings, those that it puts together as one; and paragraphs that stand as strings under the same
    key."""
    prose: dict[str, list[str]] = {}
    pieces: dict[str, list[str]] = {}
    header = _credits(script)
    name = ""
    for match in _STRING.finditer(script):
        text, key = match["text"], match["key"] or ""
        if key:  # a name is added to later on, a key of data is not
            name = key if match["sign"] != ":" else f"{match.start()}"
        if len(text) < 10 or text[-1] != text[0] or _SUMMARY.search(key):
            continue
        words = _markup_of(_deciphered(unescaped(text[1:-1])))
        if _INTERFACE.search(words) and len(_CHINESE.findall(words)) < MAX_MESSAGE:
            continue
        added = key or _ADDED.search(script[max(0, match.start() - 40) : match.start()])
        if _TAGS.search(words):
            pieces.setdefault(name if added else f"{match.start()}", []).append(_whole_tags(words))
        elif _PROSE.search(words) and "function" not in words:
            prose.setdefault(key, []).append(f"<p>{words}</p>")
            if name in pieces and added and not key:
                pieces[name].append(words)
    for together in pieces.values():
        if len(html := "".join(together)) >= MIN_PROSE:
            yield Source(html, header=header)
    for key, paragraphs in prose.items():
        if key:
            yield Source("".join(dict.fromkeys(paragraphs)), header=header)


def _whole_tags(words: str) -> str:
    """A piece of markup without the halves of tags at its ends, which other pieces complete."""
    opened, closed = words.find("<"), words.find(">")
    if 0 <= closed < opened and not _CHINESE.search(words, 0, closed):
        words = words[closed + 1 :]
    return words[: words.rfind("<")] if words.rfind("<") > words.rfind(">") else words


def _deciphered(text: str) -> str:
    """A text out of percent signs or base 64, in which some pages keep their markup."""
    if len(text) >= 200 and _BASE64.match(text):
        try:
            text = b64decode(text + "=" * (-len(text) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return percent_decoded(text)


def _credits(script: str) -> str:
    """Source, author and editor that a script's data states once, as a header would write them; what stands there twice
    belongs to a list."""
    found: dict[str, set[str]] = {}
    for match in _CREDIT.finditer(script):
        label = next(label for label, name in _CREDITS.items() if match[name])
        name = unescaped(match["text"]).strip()
        if _CHINESE.search(name):  # the others are the programs' own: web, admin
            found.setdefault(label, set()).add(name)
    return " ".join(f"{label}：{min(names)}" for label, names in found.items() if len(names) == 1)


def _markup_of(text: str, *, tags: bool = True) -> str:
    """Text as markup: entities resolved where tags are written with them, which is done twice by some."""
    for _ in range(2):
        if "&lt;" not in text and "&#60;" not in text and "&quot;" not in text:
            break
        text = unescape(text)
    text = text.replace("<![CDATA[", "").replace("]]>", "")
    if not tags and not _TAGS.search(text):
        text = "<p>" + text.replace("\n", "</p><p>") + "</p>"
    return text


def _weight(html: str) -> int:
    """How much of an article a piece of markup holds: its Chinese characters where they make sentences, and pictures."""
    plain = _MARKUP.sub("", html)
    words = len(_CHINESE.findall(plain)) if _PROSE.search(plain) else 0
    return words + 60 * min(5, html.lower().count("<img")) + 60 * len(re.findall(r"<(?:iframe|embed|object)\b", html))


# Further pages

_MADE = re.compile(r"createPage\w{0,20}\s{0,9}\(([^()]{3,300})\)")
_COUNT = re.compile(r"\b(?:countPage|pageCount|totalPage)\s{0,9}=\s{0,9}[\"']?(\d{1,3})\b")
_PAGER = re.compile(
    r"[\s\[【(（<]*(?:第?\s?(\d{1,3})\s?页?|下一?页|后一?页|[尾末][页頁]|最后一?[页頁]|[>»]{1,2}|下一?頁|Next|next)[\s\]】)）>»]*$"
)
_BEGINS = frozenset("0123456789 [【(（<第下后尾末最>»Nn")  # the first characters of a pager's links
_NUMBERED = (
    "page",
    "p",
    "pn",
    "pageno",
    "pageindex",
    "pagenum",
    "pagenumber",
    "currentpage",
    "curpage",
    "cpage",
    "pageid",
    "pno",
)


def pages(page: "Page") -> list[str]:
    """Addresses of the article's further pages that the page and those already brought tell of, in order."""
    parts = [page.parts[a] for a in page.pages_asked]
    found: dict[int, str] = {}
    for number, address in [*_told(page.url, page.markup), *_linked(page.url, page.document.links, page.base)]:
        found.setdefault(number, address)
    for part in parts:
        if part is not None:
            for number, address in _linked(page.url, part.document.links, part.url):
                found.setdefault(number, address)
    return [found[n] for n in sorted(found)][:MAX_PAGES]


def _told(url: str, markup: str) -> Iterator[tuple[int, str]]:
    """Pages that a script's pager makes: ``createPageHTML(3, 0, "t20240312_17", "html")``."""
    folder, stem, ext = _parts_of(url)
    if not stem or stem not in markup:
        return
    for match in _MADE.finditer(markup) if "createPage" in markup else ():
        names = re.findall(r"[\"']([^\"']{0,100})[\"']", match[1])
        numbers = [int(n) for n in re.findall(r"(?<![\"'\w.])\d{1,3}(?![\"'\w.])", match[1])]
        if numbers and stem in names and numbers[0] > 1:
            end = next((f".{n.lstrip('.')}" for n in names[names.index(stem) + 1 :] if n), ext)
            first = 2 if numbers[1:2] == [1] else 1  # some count their pages from 1
            last = min(numbers[0], MAX_PAGES + 1)
            yield from ((n, f"{folder}{stem}_{n}{end}") for n in range(first, last + first - 1))
            return
    yield from _named(url, markup, stem, ext)
    if f"{stem}_" not in markup:
        return
    if f'"{stem}_' in markup or f"'{stem}_" in markup or f'\\"{stem}_' in markup:
        counted = _COUNT.search(markup)
        if counted and int(counted[1]) > 1:
            yield from ((n, f"{folder}{stem}_{n}{ext}") for n in range(1, min(int(counted[1]), MAX_PAGES + 1)))


def _named(url: str, markup: str, stem: str, ext: str) -> Iterator[tuple[int, str]]:
    """Pages that the page names in an attribute or a script: ``<link rel=next>``, options, ``onclick``."""
    form = re.compile(rf"[_-]\d{{1,3}}{re.escape(ext)}(?=[\"'\s>)?#])")
    at = markup.find(stem) if len(stem) > 3 and ext else -1
    while at >= 0:
        if (match := form.match(markup, at + len(stem))) is not None:
            before = re.search(r"[^\"'\s<>()=]{0,200}$", markup[max(0, at - 200) : at])
            address = joined(url, before[0] + markup[at : match.end()]) if before else ""
            if found := _further(url, address):
                yield found
        at = markup.find(stem, at + len(stem))


def _linked(url: str, links: list[Any], base: str) -> Iterator[tuple[int, str]]:
    """Pages to which the links of a pager lead."""
    for link in links:
        if (
            link.text[:1] in _BEGINS
            and len(link.text) <= 12
            and _PAGER.match(link.text)
            and (found := _further(url, joined(base, link.href)))
        ):
            yield found


def _further(url: str, address: str) -> tuple[int, str] | None:
    """The number of a page of the article at `url`, and its address; None for the address of anything else."""
    try:
        own, other = urlsplit(url), urlsplit(address)
    except ValueError:
        return None
    if own.netloc != other.netloc:
        return None
    address = address.partition("#")[0]
    if own.path == other.path:
        mine, theirs = dict(parse_qsl(own.query)), dict(parse_qsl(other.query))
        names = [n for n in theirs if mine.get(n) != theirs[n]]
        if (
            len(names) == 1
            and names[0].lower() in _NUMBERED
            and theirs[names[0]].isdecimal()
            and not (mine.keys() - theirs.keys())
        ):
            number = int(theirs[names[0]][:4])
            return (number, address) if 1 < number <= 200 else None
        return None
    if own.query != other.query:
        return None
    folder, stem, ext = _parts_of(url)
    if not stem or not address.startswith(folder):
        return None
    first = re.sub(r"_1$", "", stem)  # some number the first page too
    name = address[len(folder) :].partition("?")[0]
    found = re.match(rf"(?:{re.escape(stem)}[_/-]|{re.escape(first)}_)(\d{{1,3}}){re.escape(ext)}$", name)
    number = int(found[1]) if found else 0
    return (number, address) if 0 < number <= 200 and address != url else None


def _parts_of(url: str) -> tuple[str, str, str]:
    """Folder, name and extension of an address without its query: ``http://h/a/``, ``t2024_17``, ``.html``."""
    plain = re.split("[?#]", url, maxsplit=1)[0]
    folder, slash, name = plain.rpartition("/")
    stem, dot, ext = name.rpartition(".")
    return (folder + slash, stem, dot + ext) if dot else (folder + slash, name, "")


# What stands where a body should

_APPLICATION = re.compile(
    r"""<(?:div|main|section)\b[^>]{0,200}\bid\s{0,9}=\s{0,9}["']?(?:app|root|__next|__nuxt|main-app|container|content|vue)\b|createApp\(|new Vue\(|ReactDOM|axios|XMLHttpRequest|fetch\(|\$\.(?:ajax|get|post|getJSON)\(""",
    re.IGNORECASE,
)


_PLAYER = re.compile(r"player|v\.qq\.com|youku|iqiyi|bilibili|cctv|\.(?:mp4|flv|m3u8)(?:[?#]|$)", re.IGNORECASE)
_DATED = re.compile(r"(?:19|20)\d\d\s{0,3}[-年/.]\s{0,3}\d{1,2}\s{0,3}[-月/.]\s{0,3}\d{1,2}")
_SAYS = re.compile(r"(?:来源|來源|作者|发布|發布|时间|日期|浏览|编辑)[^:：]{0,6}[:：]|\d{1,2}[:：]\d\d")


def is_headed(page: "Page") -> bool:
    """Whether the page has an article's header: a headline, and beside it a date with a label or a clock."""
    begin = page.headline.line
    near = page.document.lines[max(0, begin - 2) : begin + 6] if begin >= 0 else []
    return any(
        not line.hidden and line.linked < 0.5 * len(line.text) and _DATED.search(line.text) and _SAYS.search(line.text)
        for line in near
    )


def form(page: "Page") -> str:
    """What a page shows in place of a body that can be read: redirect, frame, video, plugin, image, script; or nothing."""
    document = page.document
    tags = {tag for tag, src, _ in document.frames if src}
    if "video" in {tag for tag, _, _ in document.frames} or any(_PLAYER.search(src) for _, src, _ in document.frames):
        return "video"
    if leads_to(page.decoded[0], page.url):
        return "redirect"
    if tags & {"iframe", "frame"}:
        return "frame"
    if tags & {"embed", "object"}:
        return "plugin"
    if "<canvas" in page.markup:
        return "canvas"
    if document.scripts and _APPLICATION.search(page.markup[:300_000]):
        return "script"
    if any(picture.src for picture in document.pictures):
        return "image"
    if "<script" in page.markup[:300_000].lower():
        return "script"
    return "empty"
