"""A page to read: its bytes, what is known of it beforehand, and one lazily parsed document."""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from html import escape, unescape
from typing import Any, Self

from govcrawl.extraction import body as bodies
from govcrawl.extraction import charset, document, title
from govcrawl.extraction.explain import Explanation
from govcrawl.extraction.lazy import lazy
from govcrawl.extraction.shown import joined

STATED = "govcrawl-stated-body"  # the id of the element into which a body is set that the page keeps elsewhere


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a site before its page is read; spiders fill it.

    `name` is a slug ("heilongjiang", "gmw") or a host; `kind` one of department, ministry, news, other; `province` the
    slug of a department's own province, "national" for the ministry and news sites, None where unknown. A page that
    looks like the publisher's but stands on none of `hosts` (registrable domains, "gmw.cn") is a foreign copy.
    `body` holds CSS selectors of the body's container, tried before the rules of CMS products and the general ones;
    one that cannot be read raises ValueError here, before any page is.
    """

    name: str
    title: str | None = None
    kind: str = "other"
    province: str | None = None
    hosts: tuple[str, ...] = ()
    body: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for selector in self.body:
            document.check_selector(selector)


def _bare(markup: str) -> str:
    """Markup as its bare characters: no tags, no white space."""
    return re.sub(r"<[^<>]*>|\s+", "", markup)


class Page:
    """A response as extraction reads it.

    `known` holds fields that a CMS's JSON already stated, by the names of `Extracted`; `html` there is the body's
    markup. `channel` is the column (栏目) it was listed in, `region` the province slug of a regional one. `parts` are pages
    that belong to this one by their address, frames and further pages, None where one could not be had; see
    `extraction.parts`. `explain` keeps why each field has its value. Nothing here raises for any bytes.
    """

    def __init__(
        self,
        body: bytes,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        site: Site | None = None,
        channel: str | None = None,
        region: str | None = None,
        listed_title: str | None = None,
        listed_on: date | None = None,
        fetched_at: datetime | None = None,
        known: Mapping[str, Any] | None = None,
        explain: bool = False,
    ) -> None:
        self.body = body
        self.url = url
        self.headers = headers
        self.site = site
        self.channel = channel
        self.region = region
        self.listed_title = listed_title
        self.listed_on = listed_on
        self.fetched_at = fetched_at
        self.known: Mapping[str, Any] = known or {}
        self.results: dict[str, Any] = {}
        self.parts: dict[str, Page | None] = {}
        self.frames_asked: list[str] = []
        self.pages_asked: list[str] = []
        self.scripts_asked: list[str] = []
        self.is_stated = False
        self.explanation = Explanation() if explain else None

    @lazy
    def decoded(self) -> tuple[str, str, bool]:
        """The markup, its encoding, and whether it was repaired."""
        return charset.decode(self.body, self.headers)

    @lazy
    def markup(self) -> str:
        """The page's markup; where scripts fill it, that of the body that a CMS's JSON stated, as a page of its own."""
        if self.is_filled_by_script:
            html = self.known["html"]
            heading = escape(str(self.known.get("title") or self.listed_title or ""))
            return f'<html><body><h1>{heading}</h1><div id="{STATED}">{html}</div></body></html>'
        return self.decoded[0]

    @lazy
    def is_filled_by_script(self) -> bool:
        """Whether the page lacks the body that a CMS's JSON stated. One that shows it says more: the clock of its
        publish time, its attachments, its editor."""
        stated = _bare(unescape(str(self.known.get("html") or "")))
        middle = len(stated) // 2
        return bool(stated) and stated[max(0, middle - 10) : middle + 10] not in _bare(unescape(self.decoded[0]))

    @lazy
    def document(self) -> document.Document:
        """The page's lines and boxes: one parse for everything that is read from it."""
        return document.parse(self.markup, self.selectors)

    @property
    def selectors(self) -> tuple[str, ...]:
        """The CSS selectors of the body's container, as far as known beforehand."""
        if self.is_filled_by_script or self.is_stated:
            return (f"#{STATED}",)
        return self.site.body if self.site is not None else ()

    @lazy
    def headline(self) -> title.Title:
        return title.find(
            self.document,
            known=self.known.get("title"),
            listed=self.listed_title,
            channel=self.channel,
            explanation=self.explanation,
        )

    @lazy
    def article(self) -> bodies.Body:
        """The body's lines, before the editor and source lines at its ends are taken off."""
        return bodies.find(self.document, self.headline.end, selected=bool(self.selectors))

    @property
    def base(self) -> str:
        """What relative addresses on the page are joined to."""
        return joined(self.url, self.document.base) if self.document.base else self.url

    def with_markup(self, markup: str, *, stated: bool = False) -> Self:
        """The page as it would be with this markup; `stated`: its body is the element with the id STATED."""
        other = copy(self)
        other.forget()
        other.explanation = Explanation() if self.explanation is not None else None
        other.__dict__["markup"] = markup
        other.is_stated = stated
        return other

    def adopt(self, other: "Page") -> None:
        """Read from now on what another form of this page holds."""
        for name in _READ:
            if name in other.__dict__:
                self.__dict__[name] = other.__dict__[name]
        self.results, self.is_stated, self.explanation = other.results, other.is_stated, other.explanation

    def forget(self) -> None:
        """Forget what was read, as when a part was brought."""
        self.results = {}
        self.is_stated = False
        for name in _READ:
            self.__dict__.pop(name, None)


_READ = ("markup", "document", "headline", "article")
