"""Listings whose pages are numbered files beside the first: ``index_1.html``, ``xwzx_list_2.shtml``, ``list2.html``.

How many pages there are, and whether page 2 is ``_1`` or ``_2``, differs between sites and between the columns of one.
What the page itself says comes first: the call that draws the pager, the pager's links, its words. A number that is too
high costs one request for a page that is not there; one that is too low would lose articles.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urljoin, urlsplit

from scrapy.http import Request

from govcrawl.base_spiders.fields import markup
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.news_links import form_page, next_link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.html import HtmlElement
    from scrapy.http import TextResponse

# Two to five arguments: createPageHTML(4, 0, "index", "html"), with the records before, or a div's id before all.
_CALL = re.compile(r"\bcreatePage(?:HTML)?\s*\(([^()]*)\)")
_TAGS = r"(?:\s|&nbsp;|<[^<>]*>)*"
_COUNTS = (
    re.compile(
        r"\b(?:countPages?|totalPages?|pages?Count|contenpage)\b[\"']?\s*[=:]\s*[\"']?(\d{1,5})\b", re.IGNORECASE
    ),
    re.compile(rf"共{_TAGS}(\d{{1,5}}){_TAGS}页"),
    re.compile(rf"\d{{1,5}}{_TAGS}/{_TAGS}(\d{{1,5}}){_TAGS}页"),
    re.compile(r"\b(?:data-page|paged)\s*=\s*[\"'](\d{1,5})[\"']"),
)
_NEXT = re.compile(r"^\W*(?:下一?页|后一页|next)\W*$", re.IGNORECASE)
_DISCLOSURE = re.compile(r"xxgk|gkml|fdzdgk|fdnr", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:url|href|link|path)[\"']?\s*:\s*[\"']([^\"'\s<>]{2,200})[\"']", re.IGNORECASE)
_LINKS = ("href", "tagname", "onclick", "value", "data-url")
_ADDRESS = re.compile(r"(?<![\w./:%?&=-])[\w./:%?&=-]*\w\.s?html?\b")


@dataclass(frozen=True, slots=True)
class Pager:
    """What the script that draws a pager is told: pages, the present one as the site counts, file name, extension."""

    pages: int
    current: int | None = None
    name: str | None = None
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list page's address in parts: ``…/zcfg/`` ``index`` ``_`` ``3`` ``html``; number None on a page without one."""

    folder: str
    name: str
    separator: str
    number: int | None
    extension: str

    def at(self, number: int) -> str:
        """The address of another page."""
        return f"{self.folder}{self.name}{self.separator}{number}.{self.extension}"


class NumberedSpider(ListingSpider):
    """Lists numbered files. ``first_number``: the number in page 2's address where the page does not tell (1 or 2);
    ``extension``: that of list pages after the first; ``separator`` stands before the number."""

    first_number: ClassVar[int] = 1
    extension: ClassVar[str] = "html"
    separator: ClassVar[str] = "_"

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        return numbered_pages(response, first=self.first_number, extension=self.extension, separator=self.separator)

    def branches(self, response: TextResponse) -> Iterable[Request]:
        """The columns below one that has no rows of its own, or that is the trunk of a tree of 信息公开."""
        here = list_file(response.url, self.extension, self.separator)
        folder = urlsplit(here.folder).path
        if folder == "/" or here.number is not None or script_pager(response.text) or stated_pages(response.text):
            return
        if list(self.rows(response)) and not (_DISCLOSURE.search(folder) and not linked_pages(response, here)):
            return
        for url in _below(response, here.folder):
            if self.owns(url) and not self._pattern.search(url):
                yield Request(url)


def _below(response: TextResponse, folder: str) -> Iterator[str]:
    """The directories and index files below a folder that a page names, in links or in the data of its scripts."""
    page = markup(response)
    named = [*page.xpath("//a/@href").getall(), *_NAMED.findall("\n".join(page.xpath("//script/text()").getall()))]
    for address in dict.fromkeys(a.strip() for a in named):
        try:
            url = urljoin(response.url, address).partition("#")[0]
        except ValueError:
            continue
        rest = url.removeprefix(folder) if url.startswith(folder) else ""
        # 202405/ holds a month's articles.
        if "/" in rest and re.search(r"/(?:index\.s?html?)?$", rest) and not re.search(r"(?:^|/)\d{6,8}/", rest):
            yield url


def script_pager(text: str) -> Pager | None:
    """The arguments of ``createPageHTML`` or ``createPage``: (pages, current, name, extension), (records, pages,
    current, …) and (id of a div, pages, current, name, extension, records)."""
    for call in _CALL.finditer(text):
        arguments = [a.strip() for a in call.group(1).split(",")]
        if arguments and arguments[0][:1] in "'\"":
            arguments.pop(0)
        numbers = [int(a) for a in itertools.takewhile(str.isdigit, arguments)]
        if not numbers:
            continue
        names = [a.strip("'\"") for a in arguments[len(numbers) :] if a[:1] in ("'", '"')]
        if len(numbers) > 2:
            numbers.pop(0)
        name, extension = [*names, None, None][:2] if names else (None, None)
        return Pager(numbers[0], numbers[1] if len(numbers) > 1 else None, name, extension)
    return None


def stated_pages(text: str) -> int | None:
    """The number of pages that a page states: ``countPage = 4``, 共4页, 2/4页. The highest where several are stated."""
    return max((int(m.group(1)) for form in _COUNTS for m in form.finditer(text)), default=None)


def list_file(url: str, extension: str = "html", separator: str = "_") -> ListFile:
    """A list page's address in parts; a directory stands for its ``index``."""
    path = urlsplit(url).path
    last = path.rpartition("/")[2]
    if "." not in last:
        return ListFile(urljoin(url, f"{last}/" if last else "./"), "index", separator, None, extension)
    stem, _, extension = last.rpartition(".")
    # Behind a column's number the page's own always stands: news-list-633-1.
    found = re.fullmatch(rf"(.+?)({re.escape(separator)})(\d{{1,4}})", stem) or re.fullmatch(
        r"(.+\d)(-)(\d{1,3})", stem
    )
    # list_2020 names a year, not a page.
    if found is None or int(found.group(3)) >= 1900:
        return ListFile(urljoin(url, "./"), stem, separator, None, extension)
    return ListFile(urljoin(url, "./"), found.group(1), found.group(2), int(found.group(3)), extension)


def linked_pages(response: TextResponse, here: ListFile) -> dict[int, set[str]]:
    """The numbers of the pages of this listing that the page links, in whatever attribute, and the links' texts."""
    form = re.compile(rf"{re.escape(here.folder)}{re.escape(here.name)}{re.escape(here.separator)}(\d{{1,4}})\.\w+$")
    found: dict[int, set[str]] = {}
    for element in markup(response).root.iter("a", "option", "span", "li"):
        for address in _addresses(element):
            if match := form.match(urljoin(response.url, address)):
                found.setdefault(int(match.group(1)), set()).add(" ".join("".join(element.itertext()).split()))
    return found


def numbered_pages(
    response: TextResponse, *, first: int = 1, extension: str = "html", separator: str = "_", endless: bool = True
) -> Iterator[Request]:
    """The pages after this one, nearest first. ``first``: the number in page 2's address where the page does not tell
    (1 or 2); ``extension`` likewise. Where nothing tells how many there are: on and on if ``endless``, else none."""
    here = list_file(response.url, extension, separator)
    script = script_pager(response.text)
    linked = linked_pages(response, here)
    if not linked and response.selector.type != "json" and (url := next_link(response)) is not None:
        yield Request(url)  # the site writes its further pages otherwise
        return
    if not linked and script is None and (request := form_page(response)) is not None:
        yield request
        return
    # A page that shows rows and counts no page does not count.
    counts = [n for n in (script.pages if script else None, stated_pages(response.text)) if n]
    if here.number is None:
        here = ListFile(
            here.folder,
            (script.name if script else None) or here.name,
            separator,
            None,
            (script.extension if script else None) or _linked_extension(response, here) or here.extension,
        )
        first = _first_number(script, linked, counts) or first
    following = first if here.number is None else here.number + 1
    last = max([n + first - 2 for n in counts] + list(linked), default=None)
    if last is None and not endless:
        return
    for number in itertools.count(following) if last is None else range(following, last + 1):
        yield Request(here.at(number))


def _first_number(script: Pager | None, linked: dict[int, set[str]], counts: list[int]) -> int | None:
    """The number in page 2's address, as page 1 tells it."""
    if script is not None and script.current in (0, 1):
        return script.current + 1
    for number, texts in sorted(linked.items()):
        if number in (1, 2) and ("2" in texts or any(_NEXT.match(t) for t in texts)):
            return number
    # The last page's number is that of the pages, or one less.
    behind = max(counts) - max(linked) if counts and linked else None
    return 2 - behind if behind in (0, 1) else None


def _linked_extension(response: TextResponse, here: ListFile) -> str | None:
    form = re.compile(rf"{re.escape(here.name)}{re.escape(here.separator)}\d{{1,4}}\.(s?html?)\b")
    found = form.search(response.text)
    return found.group(1) if found else None


def _addresses(element: HtmlElement) -> Iterator[str]:
    for name in _LINKS:
        value = element.get(name)
        if value and name in ("href", "tagname"):
            yield value.strip()
        elif value:
            yield from _ADDRESS.findall(value)
