"""Documents that a page shows or opens instead of linking them: addresses in frames, viewers' parameters, calls and
attributes."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from govcrawl import addresses
from govcrawl.extraction.written import literal

_EXTENSIONS = "pdf|docx?|xlsx?|pptx?|wps|et|dps|rtf|zip|rar|7z|ofd|ceb|csv|txt"
_FILE = re.compile(rf"\.(?:{_EXTENSIONS})$", re.IGNORECASE)
_NAMED = re.compile(rf"\.(?:{_EXTENSIONS})\s{{0,3}}[)）】\]]?\s{{0,3}}$", re.IGNORECASE)
_ATTACHMENT = re.compile(
    r"\.(?:pdf|PDF|docx?|DOCX?|xlsx?|XLSX?|pptx?|PPTX?|wps|WPS|et|rtf|zip|ZIP|rar|RAR|7z|ofd|csv|txt)(?:[?#]|$)|downfile|download\.(?:jsp|php|asp)|DownloadAttach|/attachment/",
)
_VIEWER = re.compile(
    r"viewer|pdfjs|pdf\.js|preview|/op/(?:view|embed)|wopi|officeapps|readpdf|showpdf|onlineread", re.IGNORECASE
)
_QUOTED = re.compile(r"""'([^'"<>\n]{0,1000})'|"([^'"<>\n]{0,1000})\"""")
_MAY_QUOTE = re.compile("[\"'%]")
_CALL = re.compile(r"[(=]\s{0,9}$")
_HINT = re.compile(rf"\.(?:{_EXTENSIONS})|down|attach|preview")  # reads lower case
# Attributes that scripts of pages read a document's address from.
_HOLDERS_TEXT = (
    "data-href data-url data-file data-fileurl data-file-url data-path data-filepath data-src data-link data-download "
    "data-pdf data-attach data-original-url fileurl filepath file-url file-path _href"
)
HOLDERS = frozenset([*_HOLDERS_TEXT.split(), "onclick", "ondblclick"])
_NAMES = frozenset(
    ["name", "filename", "file_name", "title", "fn", "downname", "downloadname"]
)  # parameters that name, not address
_HELD_FILE = re.compile(
    r"""<(?:div|section|span|canvas)\b[^<>]{0,500}?\s(?:source|file|pdf|data-[\w-]{1,30})\s{0,9}=\s{0,9}["']([^"'<>]{1,1000})["']"""
)
_ENCODED = re.compile("%(?:2f|3a|25)", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,2000}={0,2}$")
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "wps": "application/vnd.ms-works",
    "et": "application/vnd.ms-excel",
    "ofd": "application/ofd",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
    "csv": "text/csv",
    "txt": "text/plain",
}


def is_attachment(href: str) -> bool:
    """Whether an address is that of a document to download."""
    return _ATTACHMENT.search(href) is not None


def is_named(text: str) -> bool:
    """Whether a link's words are the name of a file: 名单.xls."""
    return _NAMED.search(text[-24:]) is not None


def is_file(address: str) -> bool:
    """Whether the path of an address ends as a document's does."""
    if "." not in address and "%" not in address:  # as most parameters
        return False
    return _FILE.search(unquote(re.split("[?#]", address, maxsplit=1)[0]).rstrip()) is not None


def is_viewer(address: str) -> bool:
    """Whether an address with parameters is that of a program that shows documents."""
    path, mark, _ = address.partition("?")
    return mark != "" and _VIEWER.search(path) is not None


def media_type(address: str) -> str | None:
    """The media type of a document by the end of its address, None where that tells nothing."""
    path = unquote(re.split("[?#]", address, maxsplit=1)[0]).lower()
    found = re.search(r"\.([a-z0-9]{2,4})$", path) or re.search(r"\.([a-z0-9]{2,4})(?:$|&)", address.lower()[-400:])
    return MEDIA_TYPES.get(found[1]) if found else None


def shown(src: str, *, framed: bool = True) -> str:
    """The address of the document that a frame or link at `src` shows: its own, or one in its parameters; relative ones
    are joined to `src`. "" for none. `framed`: whatever stands in a frame is shown; a link must lead to a viewer."""
    src = src.strip()
    if len(src) > 4000 or src.lower().startswith(("javascript:", "data:", "about:", "blob:")):
        return ""
    if is_file(src):
        return src.partition("#")[0]
    path = src.partition("?")[0]
    if framed or _VIEWER.search(path):
        for value in _parameters(src):
            if found := _document(value):
                return found if found.startswith(("http:", "https:", "/")) else joined(path, found)
    return src if framed and is_attachment(src) else ""


def _parameters(src: str) -> Iterator[str]:
    """The values behind ? and # of an address, those of names left out."""
    _, mark, behind_mark = src.partition("?")
    for part in re.split("[&#]", behind_mark if mark else src.partition("#")[2])[:60]:
        name, equals, value = part.partition("=")
        if name.lower() not in _NAMES and (equals or _FILE.search(name)):
            yield value if equals else name


def _document(value: str) -> str:
    """A document's address that a parameter holds as it is, percent-encoded up to three times, or in base 64."""
    for _ in range(3):
        if is_file(value) and not _ENCODED.search(value):
            return value
        decoded = unquote(value)
        if decoded == value:
            break
        value = decoded
    if is_file(value) or ("/" in value and is_attachment(value)):
        return value
    if _BASE64.match(value):
        try:
            plain = base64.urlsafe_b64decode(
                value.replace("+", "-").replace("/", "_") + "=" * (-len(value) % 4)
            ).decode()
        except (binascii.Error, UnicodeDecodeError):
            return ""
        plain = unquote(plain)
        if plain.startswith(("http://", "https://", "/")) and is_file(plain):
            return plain
    return ""


def behind(attributes: Mapping[str, str | None]) -> str:
    """The document that an element opens by a script: an address in its onclick call, a ``javascript:`` link or a data
    attribute. "" for none."""
    for name, value in attributes.items():
        if name in HOLDERS and value and _HINT.search(value.lower()):
            found = in_call(value) if name.startswith("on") else shown(value, framed=False)
            if found:
                return found
    href = attributes.get("href") or ""
    # Most such links do nothing: void(0).
    return in_call(unquote(href[11:])) if href[:11].lower() == "javascript:" and _MAY_QUOTE.search(href) else ""


def in_call(code: str) -> str:
    """The document's address among the strings of a script call; a bare file name counts only as the first argument,
    since behind an id it is what the download is called."""
    for match in _QUOTED.finditer(code[:4000]):
        text = match[1] or match[2] or ""
        if found := shown(text, framed=False):
            if "/" in found or _CALL.search(code[: match.start()][-40:]):
                return found
        elif is_attachment(text) and "/" in text:
            return text
    return ""


def in_scripts(scripts: Iterable[str]) -> list[str]:
    """Documents that a page's scripts name: ``PDFObject.embed("/files/a.pdf")``, ``var url = "viewer.html?file=…"``."""
    found: dict[str, None] = {}
    for script in scripts:
        for match in _QUOTED.finditer(script[:200_000]):
            text = literal(match[0])
            if "." in text and (address := shown(text, framed=False)):
                found.setdefault(address)
    return list(found)


def in_attributes(markup: str) -> list[str]:
    """Documents that elements without text hold for a script to show: ``<div class="flipbook" data-pdf="…">``."""
    return list(dict.fromkeys(src for src in _HELD_FILE.findall(markup[:2_000_000]) if is_file(src)))


def joined(base: str, href: str) -> str:
    """An address joined to its base; as it is where it is none."""
    try:
        return addresses.joined(base, href)
    except ValueError:
        return href
