"""Page → body text, images and attachments, and what kind of page it is."""

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urljoin, urlsplit

from govcrawl import __version__
from govcrawl.extraction import body as bodies
from govcrawl.extraction import charset, policy, script, title
from govcrawl.extraction.body import is_attachment
from govcrawl.extraction.document import Document
from govcrawl.extraction.page import Page
from govcrawl.extraction.results import Attachment, Cleaned, Image

_MAGIC = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"Rar!", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"7z\xbc\xaf", b"{\\rtf", b"\x1f\x8b")
_MEDIA_TYPES = {
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
_CHALLENGE = re.compile(
    r"wzws|__jsl_clearance|_\$jsl|acw_sc__v2|\$_ts\s*=|EO_Bot|edgeone|cf-challenge|challenge-platform|yunsuo|safedog|安全狗|网站防火墙|人机验证|安全验证|请完成验证|verify you are human|slidercaptcha|captcha"
    r"|请(?:开启|启用|打开)\s*JavaScript.{0,20}(?:继续|刷新|访问)|enable JavaScript and cookies|正在(?:验证|检查)您的浏览器|访问(?:过于)?频繁|\bdocument\.cookie\s*=[^;]{0,200};[\s\S]{0,300}location\.(?:reload|href|replace)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"(?:^|\D)(?:40[0134]|50[0234])(?:\D|$)|not found|forbidden|bad gateway|service unavailable|server error|页面(?:不存在|未找到|找不到|没有找到|已删除|丢失|无法访问)|(?:找不到|没有找到|无法找到)(?:该|您|你|相关|此)?.{0,8}(?:页|网页|页面|文件|内容)|访问(?:出错|的页面不存在|被拒绝|的资源不存在)|(?:您|你)?(?:访问|查看|请求)的.{0,12}(?:不存在|已删除|已被删除|已下线|找不到)|(?:文章|内容|信息|稿件)(?:不存在|已删除|已被删除|已下线)|系统(?:错误|异常|繁忙)|出错了|error",
    re.IGNORECASE,
)
_EDGE = re.compile(
    r"^[\s\[【〔(（<■●]*(?:(?:信息|文章|稿件|新闻|消息|本文)?(?:来\s*源|來\s*源|出处|稿源)(?:于)?\s*[:：︱|]|(?:责任编辑|責任編輯|责编|責編|(?:网络|本文|新闻)?编辑|編輯|作者|记者)\s*[:：︱|]|发布(?:时间|日期)\s*[:：]|發布時間|(?:发表|更新|录入)时间|浏览(?:次数|量)?\s*[:：]|点击(?:数|次数|率)?\s*[:：]|阅读(?:次数|量)?\s*[:：]"
    r"|【?(?:字[号体]|打印|关闭|收藏|大 中 小)|文章标题\s*[:：]|标\s*题\s*[:：]|日期\s*[:：]|时间\s*[:：]|\[ ?20\d\d-|访问量|分享|正在阅读|原标题|原標題|（?原标题)",
)
_META = re.compile(r"(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}\s*日?")


def clean(page: Page) -> Cleaned:
    """The body of a page, without what surrounds it; empty for every page type but "article"."""
    if "cleaned" not in page.results:
        page.results["cleaned"] = _clean(page)
    result: Cleaned = page.results["cleaned"]
    return result


def _clean(page: Page) -> Cleaned:
    kind = charset.header(page.headers, "content-type").lower()
    if page.body.lstrip()[:4].startswith(tuple(m[:4] for m in _MAGIC)) or re.match(r"application/(?!xhtml|xml|json|javascript|octet)|image/|video/|audio/", kind):
        return Cleaned(page_type="attachment", extractor=_name("none"))
    document = page.document
    article = page.article
    lines = _trim(document, page)
    text = bodies.join(document, lines)
    page_type = _page_type(page, document, text, lines)
    if page_type != "article":
        return Cleaned(page_type=page_type, extractor=_name("none"))
    result = Cleaned(text=text, extractor=_name(article.rule))
    if script.is_traditional(f"{page.headline.text}\n{text}"):
        result.script, result.text_original = "hant", text
        result.text = script.to_simplified(text)
    base = urljoin(page.url, document.base) if document.base else page.url
    first, last = (lines[0], lines[-1] + 1) if lines else (article.first, article.last)
    result.attachments = _attachments(document, base, first, max(last, article.last))
    inside = set(lines)
    result.images = [
        Image(_join(base, p.src), p.alt)
        for p in document.pictures
        if p.src and first <= p.line <= last and (p.line in inside or p.line - 1 in inside or not lines) and not re.search(r"icon|logo|share|qrcode|ewm|\.gif|weixin|blank|loading|spacer", p.src, re.IGNORECASE)
    ]
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", result.text))
    result.text_hash = hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()
    result.text_length = len(result.text)
    return result


def _name(rule: str) -> str:
    return f"govcrawl/{__version__}:{rule}"


def _join(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip())
    except ValueError:
        return href


def _trim(document: Document, page: Page) -> list[int]:
    """The body's lines without the headline, meta and editor lines at its ends."""
    lines = document.lines
    kept = page.article.lines
    if not kept:
        return []
    header = policy.read(document, kept[0], min(kept[0] + 40, kept[-1] + 1), [])
    headline = title.key(page.headline.text)
    start = 0
    end = len(kept)
    last_meta = min(len(kept), 14)
    for position in range(last_meta):
        line = lines[kept[position]]
        text = line.text
        meta = _EDGE.match(text) and len(text) < 120
        dated = len(text) < 60 and _META.search(text) and len(_META.sub("", text)) < 30 and not text.endswith("。")
        if kept[position] in header.lines or title.key(text) == headline or meta or (dated and position < 6):
            start = position + 1
        elif len(text) > 40 or position > start + 5:
            break
    for position in range(start):
        # What stands between the headline and a meta line is header as well, unless it is text.
        if len(lines[kept[position]].text) > 80:
            start = position
            break
    while end > start and (_EDGE.match(lines[kept[end - 1]].text) and len(lines[kept[end - 1]].text) < 60):
        end -= 1
    return kept[start:end]


def _attachments(document: Document, base: str, first: int, last: int) -> list[Attachment]:
    found: dict[str, Attachment] = {}
    for link in document.links:
        if first <= link.line <= last + 2 and is_attachment(link.href) and not link.href.lower().startswith(("javascript", "#", "data:")):
            url = _join(base, link.href)
            path = unquote(urlsplit(link.href.split("?")[0]).path) if "://" not in link.href[:10] else unquote(link.href.split("?")[0])
            suffix = re.search(r"\.([a-z0-9]{2,4})$", path.lower()) or re.search(r"\.([a-z0-9]{2,4})(?:$|&)", link.href.lower())
            name = link.text.strip() or link.title.strip() or path.rsplit("/", 1)[-1]
            found.setdefault(url, Attachment(url, name, _MEDIA_TYPES.get(suffix[1]) if suffix else None))
    return list(found.values())


def _page_type(page: Page, document: Document, text: str, lines: list[int]) -> str:
    markup = page.markup
    size = len(text)
    if size < 300:
        if len(markup) < 60_000 and len(document.lines) < 60 and _CHALLENGE.search(markup[:60_000]):
            return "challenge"
        visible = " ".join(line.text for line in document.lines[:12] if not line.hidden)[:200]
        if size < 200 and (_ERROR.search(document.title) or (_ERROR.search(visible) and len(document.lines) < 40)) and not re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", visible):
            return "error"
    if not document.lines:
        return "empty"
    linked = sum(line.linked for line in document.lines if not line.hidden)
    rows = sum(1 for line in document.lines if not line.hidden and line.linked > 0.5 * len(line.text) and len(line.text) > 10)
    score = page.article.score
    if not text:
        if any(is_attachment(link.href) for link in document.links[:400]):
            return "article"
        if document.frames:
            return "video"
        return "list" if rows >= 8 else "empty"
    if score < 120 and rows >= 12 and linked > 6 * size and page.article.rule == "text":
        return "list"
    return "article"
