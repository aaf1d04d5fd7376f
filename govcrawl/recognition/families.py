"""What an address belongs to: which spider's site, and which CMS family made a listing.

A family is told by the form of the listing's address, by marks in its page and by the form of the articles that it
links; two of the three must agree, or one be unmistakable. Where nothing is known the articles are the links of one
shape that look most like rows, and the pager says where to go on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from scrapy.spiderloader import get_spider_loader

from govcrawl.addresses import canonical, doc_id, host_of, is_address, joined
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.news_json import feed_of
from govcrawl.base_spiders.rows import DOCUMENT, MAX_ADDRESS, base_of, find_rows
from govcrawl.errors import BadArgument
from govcrawl.extraction import flags
from govcrawl.extraction.page import Site

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from scrapy.http import TextResponse
    from scrapy.settings import BaseSettings


@dataclass(frozen=True, slots=True)
class Family:
    """One class of base_spiders and what gives it away: its lists' addresses, marks in their pages, its articles."""

    module: str
    name: str
    about: str
    listing: str = ""
    marks: str = ""
    article: str = ""
    needs_mark: bool = False  # its articles look like another's
    asks: str = ""  # the interface that its pages' scripts ask, in a form that no other has

    @property
    def spider(self) -> type[ListingSpider]:
        found: type[ListingSpider] = getattr(import_module(f"govcrawl.base_spiders.{self.module}"), self.name)
        return found


FAMILIES = (
    Family(
        "jpaas", "JpaasSpider", "Hanweb JPaaS", r"/jpaas-publish-server/", r"jpaas-publish-server|bulidstatic",
        r"/col/col\d+/art/\d{4}/art_[0-9a-f]{32}\.html$", asks=r"jpaas-publish-server|bulidstatic",
    ),
    Family(
        "jcms", "JcmsSpider", "Hanweb JCMS", r"/col/col\d+/(?:index\.html)?(?:\?|$)|/dataproxy\.jsp",
        r"<datastore>|dataproxy\.jsp|/module/xxgk/search\.jsp|default_pgContainer",
        r"/art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+\.html$", asks=r"dataproxy\.jsp|/module/xxgk/search\.jsp",
    ),
    Family(
        "was_json", "WasJsonSpider", "TRS WCM behind a WAS search", r"/fjdzapp/search", r"/fjdzapp/search",
        r"/\d{6}/t\d{8}_\d+\.s?html?$", needs_mark=True, asks=r"/fjdzapp/search\?",
    ),
    Family(
        "trs", "TrsSpider", "TRS WCM", r"/was5/web/search|/index_\d+\.s?html?$",
        r"createPageHTML?\(|CurrChnlCls|TRS_Editor|TRS_UEDITOR|\bcountPage\s*=",
        r"/\d{6}(?:\d{2})?/t\d{8}_\d+\.s?html?$",
    ),
    Family(
        "ucap", "UcapSpider", "Ucap 开普", r"/(?:common/)?search(?:List)?/[0-9a-f]{32}|list(?:_\d+)?\.shtml$",
        r"ucap|/common/search/[0-9a-f]{32}|name=[\"']channelId[\"']",
        r"/c\d+/\d{4,6}/(?:\d{1,2}/\d{1,2}/)?(?:c00_\d+|[0-9a-f]{32}|\d+)\.shtml$",
        asks=r"/common/search/(?:[0-9a-f]{32}|[\"'])|name=[\"']channelId[\"'][^>]{0,200}content=[\"'][0-9a-f]{32}[\"']",
    ),
    Family(
        "gkmlpt", "GkmlptSpider", "gkmlpt / NFCMS", r"/gkmlpt/", r"window\._CONFIG|/gkmlpt/|nfw-cms",
        r"/(?:content/(?:\d+/\d+/)?)post_\d+\.html$", asks=r"window\._CONFIG\s*=[^<]{0,300}?SITE_ID",
    ),
    Family(
        "querylist", "QueryListSpider", "江西 platform", r"/queryList", r"/queryList\b|webSiteCode|-articleList\.json",
        r"/content/content_\d{15,}\.html$", asks=r"/queryList\b",
    ),
    Family(
        "label8888", "LabelSpider", "安徽 platform", r"/content/column/\d+|/site/label/8888|/public/column/\d+",
        r"/site/label/8888|/content/column/\d+", r"/(?:public/\d+|[\w/-]{1,200})/\d{7,9}\.html$", needs_mark=True,
        asks=r"/site/label/8888",
    ),
    Family(
        "easysite", "EasySiteSpider", "辽宁 platform", r"/[0-9a-f]{8}-\d+\.shtml$", r"tagname=[\"'][^\"']*[0-9a-f]{8}-\d+\.shtml",
        r"/\d{19}/index\.shtml$",
    ),
    Family("category", "CategorySpider", "云南 platform", r"/article/category/[0-9a-f]{32}(?:-\d+)?$"),
    Family("column_jsp", "ColumnJspSpider", "河北 JSP", r"/column\.jsp\?", r"column\.jsp\?id=\d+"),
    Family(
        "founder", "FounderSpider", "Founder node/content", r"/node_\d+(?:_\d+)?\.html?$", r"displaypagenum|enpproperty",
        r"/\d{4}-\d{2}/\d{2}/content_\d+(?:_\d+)?\.s?html?$",
    ),
    Family(
        "numbered", "NumberedSpider", "numbered files", article=r"/(?:\d{4}/\d{2}-\d{2}/\d{6,8}|\d{8}/[0-9a-f]{32})\.html$",
    ),
)  # fmt: skip
_URL = re.compile(r"https?://[^\s/?#]++\S*", re.IGNORECASE)
GENERIC = Family("generic", "GenericSpider", "unknown CMS, by its pager")
FEED = Family("news_json", "JsonListSpider", "JSON feeds, data in scripts")
NEXT_LINK = Family("news_links", "NextLinkSpider", "pager of links")


@dataclass(frozen=True, slots=True)
class Recognised:
    """A listing's family, the form of its articles' addresses, and what spoke for them."""

    family: Family
    article_pattern: str
    evidence: tuple[str, ...]


def recognise(response: TextResponse) -> Recognised | None:
    """The family of a listing; None where the page links nothing that looks like articles."""
    if feed_of(response) is not None:
        known = next((f for f in FAMILIES if f.listing and f.article and re.search(f.listing, response.url)), None)
        if known is not None:
            return Recognised(known, bound_to(response.url, known.article), ("the listing's address",))
        return _recognised_feed(response)
    links = _links(response)
    best: tuple[int, Family, int, tuple[str, ...]] | None = None
    for family in FAMILIES:
        article = re.compile(family.article) if family.article else None
        count = sum(bool(article.search(url)) for url in links) if article is not None else 0
        evidence = []
        if family.listing and re.search(family.listing, response.url):
            evidence.append("the listing's address")
        if family.marks and (mark := re.search(family.marks, response.text, re.IGNORECASE)):
            evidence.append(f"the mark {mark.group()!r}")
        asked = re.search(family.asks, response.text, re.IGNORECASE) if family.asks else None
        if asked is not None:
            evidence.append(f"the interface {asked.group()[:60]!r}")
        if family.needs_mark and not evidence:
            continue
        if count >= 3:
            evidence.append(f"{count} article addresses")
        # An address, an interface or articles of a form of its own say more than a word in a script.
        score = sum(2 if not e.startswith("the mark") else 1 for e in evidence)
        if score >= 2 and (best is None or (score, count) > (best[0], best[2])):
            best = score, family, count, tuple(evidence)
    learned = None
    if best is not None and best[2]:
        pattern = bound_to(response.url, best[1].article)
        if len(best[3]) == 1 and not find_rows(response.selector, response.url, re.compile(pattern)):
            learned = _learned(links, response)  # such addresses stand beside the list alone
        if learned is None or not find_rows(response.selector, response.url, re.compile(learned)):
            return Recognised(best[1], pattern, best[3])
        best = None
    learned = learned or _learned(links, response)
    if best is not None:
        return Recognised(best[1], learned or bound_to(response.url, best[1].article or r"/.*\d"), best[3])
    if learned is None:
        return _recognised_feed(response)
    beside = not find_rows(response.selector, response.url, re.compile(learned))  # links of side lists alone
    if beside and (feed := _recognised_feed(response)) is not None:
        return feed
    return Recognised(GENERIC, learned, (f"{sum(bool(re.search(learned, u)) for u in links)} links of one shape",))


def bound_to(url: str, article: str) -> str:
    """A pattern for addresses of a form on the same site: its host, or one below or beside it."""
    port = f":{urlsplit(url).port}" if is_address(url) and urlsplit(url).port else "(?::(?:80|443))?"
    return rf"^https?://(?:[\w-]+\.)*{re.escape(registrable(url))}{port}(?:/[^?#]*)?{article}"


def registrable(url: str) -> str:
    """The part of a host that one owner has: ``jyt.hlj.gov.cn`` → ``hlj.gov.cn``; an address in numbers as it is."""
    host = host_of(url)
    return host if host.rpartition(".")[2].isdigit() else flags.registrable(host)


def spiders(settings: BaseSettings) -> dict[str, type[ListingSpider]]:
    """The spiders of sites, by name."""
    loader = get_spider_loader(settings)
    found = {name: loader.load(name) for name in sorted(loader.list())}
    return {name: cls for name, cls in found.items() if issubclass(cls, ListingSpider)}


def owner(url: str, known: dict[str, type[ListingSpider]]) -> type[ListingSpider] | None:
    """The spider whose site an address belongs to: the one with the longest of the hosts that it lies on."""
    host = host_of(url)
    best: tuple[str, type[ListingSpider] | None] = ("", None)
    for cls in known.values():
        for own in cls.hosts:
            if (host == own or host.endswith("." + own)) and len(own) > len(best[0]):
                best = (own, cls)
    return best[1]


def checked_url(address: str, where: str) -> str:
    """A web address as given. Raises BadArgument, which says where it stands."""
    try:
        good = _URL.fullmatch(address) is not None and is_address(address) and doc_id(address) != ""
    except ValueError:
        good = False
    if not good:
        raise BadArgument(f"{where}: {address[:200]!r} is no address; write it as https://host/path")
    return address


def other_site(url: str, known: Container[str] = ()) -> Site:
    """The site of an address that no spider knows: its host, as a name that is safe for a folder and no spider's. Those
    have no dots; a host without any, one that begins with a sign, or one that is called like a spider, gets ``host-`` before
    it."""
    host = host_of(canonical(url))
    name = re.sub(r"[^a-z0-9_.-]", "-", host).lstrip("._")
    own = "." in name and name[0] != "-" and name not in known
    return Site(name if own else f"host-{name}", kind="other", hosts=(host,))


def _links(response: TextResponse) -> dict[str, str]:
    """Addresses that the page links on the same site, and the longest text of each."""
    found: dict[str, str] = {}
    same = registrable(response.url)
    if feed_of(response) is not None:
        return found
    base = base_of(response.selector.root, response.url)
    for anchor in response.css("a[href], area[href]"):
        try:
            url = joined(base, anchor.attrib["href"]).partition("#")[0]
        except ValueError:
            continue
        if len(url) > MAX_ADDRESS or not is_address(url):
            continue
        if url.startswith(("http://", "https://")) and (host_of(url) == same or host_of(url).endswith("." + same)):
            text = anchor.attrib.get("title") or "".join(anchor.xpath(".//text()").getall()).strip()
            found[url] = max(found.get(url, ""), text, key=len)
    return found


def _learned(links: dict[str, str], response: TextResponse) -> str | None:
    """The form of address under which the page has most rows: numbers in it vary, words are long enough for headlines."""
    shapes: dict[str, list[str]] = defaultdict(list)
    for url, text in links.items():
        if len(text) >= 6 and (shape := _shape(url)) is not None:
            shapes[shape].append(url)
    # Files beside articles are attachments; where there are only files, they are what is listed.
    pages = {shape: urls for shape, urls in shapes.items() if not DOCUMENT.search(urls[0]) and len(urls) >= 3}
    best: tuple[bool, int, int, str] | None = None
    for shape, urls in (pages or shapes).items():
        pattern = _bound_shape(response.url, shape)
        rows = find_rows(response.selector, response.url, re.compile(pattern))
        other = re.search(pattern, response.url) is None
        dated = sum(row.date is not None for row in rows)
        if len(urls) >= 3 and (best is None or (other, dated, len(rows)) > best[:3]):
            best = other, dated, len(rows), pattern
    return best[3] if best else None


def _bound_shape(url: str, shape: str) -> str:
    """A pattern for addresses of a shape on the same site: the folders before the first number hold none."""
    return bound_to(url, shape).replace("(?:/[^?#]*)?", r"(?:/[^/?#\d]+)*", 1)


def shapes_of(url: str, articles: Iterable[str]) -> str | None:
    """A pattern for the shapes of all these addresses, on the site of ``url``; None where one of them has no shape."""
    shapes = {_shape(article) for article in articles}
    if not shapes or None in shapes:
        return None
    every = sorted(shape for shape in shapes if shape is not None)
    return _bound_shape(url, every[0] if len(every) == 1 else f"(?:{'|'.join(every)})")


def _shape(url: str) -> str | None:
    """A pattern for the end of an address, from the first part that holds a number on; None where none does."""
    parts = urlsplit(url)
    segments = parts.path.lstrip("/").split("/")
    first = next((i for i, s in enumerate(segments) if re.search(r"\d", s)), None)
    query = re.sub(r"\\?=\d+", r"=\\d+", re.escape(parts.query)) if re.search(r"=\d+", parts.query) else ""
    if first is None and not query:
        return None
    path = "/".join(_numbers(s) for s in segments[first if first is not None else -1 :])
    return f"/{path}" + (r"(?:\?.*)?$" if first is not None else rf"\?{query}$")


def _numbers(segment: str) -> str:
    """A part of an address with its numbers, and ids of letters and digits, left open."""
    parts = re.split(r"((?<![0-9A-Za-z])(?=[0-9]*+[A-Za-z])(?=[A-Za-z]*+[0-9])[0-9A-Za-z]{10,}|\d+)", segment)
    return "".join(re.escape(p) if i % 2 == 0 else _left_open(p) for i, p in enumerate(parts))


def _left_open(number: str) -> str:
    if number.isdigit():
        return r"\d+"
    # Words are shorter than ids: index, content.
    return "[0-9a-f]{32}" if re.fullmatch("[0-9a-f]{32}", number) else "[0-9A-Za-z]{10,}"


def _recognised_feed(response: TextResponse) -> Recognised | None:
    """The articles of a feed, or of the data in a page's scripts: the addresses in it that are not pictures."""
    addresses = re.findall(r"""["'](?:https?:)?//[^"'\s]+|["']/[^"'\s]+""", response.text.replace("\\/", "/"))
    shapes: dict[str, set[str]] = defaultdict(set)
    for found in addresses:
        try:
            url = urljoin(response.url, found[1:])
        except ValueError:
            continue
        if (
            len(url) <= MAX_ADDRESS
            and not re.search(r"\.(?:jpe?g|png|gif|webp|js|css|json)(?:\?|$)", url)
            and (shape := _shape(url)) is not None
        ):
            shapes[bound_to(url, shape)].add(url)
    if not shapes:
        return None
    pattern, urls = max(shapes.items(), key=lambda item: len(item[1]))
    return Recognised(FEED, pattern, (f"{len(urls)} addresses in a feed",)) if len(urls) > 1 else None


def family_named(cls: type[ListingSpider]) -> Family | None:
    """The family that a spider derives from: the nearest of its bases that is one."""
    families = {f.name: f for f in (*FAMILIES, GENERIC, FEED, NEXT_LINK)}
    return next((families[base.__name__] for base in cls.__mro__ if base.__name__ in families), None)


def family_of(cls: type[ListingSpider]) -> str:
    """What a spider's family is called; "own" where it derives from none."""
    family = family_named(cls)
    return family.about if family is not None else "own"


def columns(response: TextResponse) -> list[tuple[str, str]]:
    """The other listings that a page links in the form of its own address, as names and addresses: its neighbours in
    the menu. Pages of the same listing and articles are none."""
    form = _form(response.url)
    found: dict[str, str] = {}
    for url, text in _links(response).items():
        name = " ".join(text.split())
        if 2 <= len(name) <= 12 and re.search(r"[⺀-鿿]", name) and _form(url) == form and url not in found.values():
            found.setdefault(name, url)
    return list(found.items())


def _form(url: str) -> tuple[str, str]:
    """Host and path of a listing without what changes from one to the next."""
    parts = urlsplit(url)
    path = re.sub(r"(?:_\d{1,3})?(?=\.\w+$)", "", parts.path, count=1)
    folders, _, last = path.rpartition("/")
    depth = folders.count("/")
    query = "&".join(q.partition("=")[0] for q in parts.query.split("&"))
    last = re.sub(r"[0-9a-f]{8,}|\d+", "#", last)
    return f"{host_of(url)}/{depth}", f"{last}?{query}"
