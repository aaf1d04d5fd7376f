"""What every simulated site is made of: answers, expected articles, rows, lines of a list, and the site itself."""

from __future__ import annotations

import datetime as dt
import json
import posixpath
import random
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from .columns import COLUMNS
from .content import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NEWEST = dt.date(2024, 5, 31)
CHINA = dt.timezone(dt.timedelta(hours=8))


@dataclass(frozen=True)
class Answer:
    """One HTTP response: status, header pairs, body bytes as sent (never compressed)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Expected:
    """
    An article that a complete walk must find.

    `url` is absolute and canonical: no default port, no wrapper parameters, the scheme of the channel; compare without
    the scheme. `published_on` is the date that the article's page states. `document` marks a row that links a file.
    """

    url: str
    title: str
    published_on: dt.date
    channel: str
    document: bool = False


@dataclass(frozen=True)
class Row:
    """One article with everything its page may print."""

    url: str
    title: str
    published_on: dt.date
    channel: str
    paragraphs: tuple[str, ...]
    author: str
    editor: str
    source: str
    clock: str
    number: int
    document: bool = False

    @property
    def expected(self) -> Expected:
        return Expected(self.url, self.title, self.published_on, self.channel, self.document)

    @property
    def stamp(self) -> str:
        """`2024-05-31 09:32`, China time."""
        return f"{self.published_on} {self.clock}"

    @property
    def unix(self) -> int:
        """Seconds since 1970 of the publish time."""
        hour, minute = (int(part) for part in self.clock.split(":"))
        day = self.published_on
        return int(dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA).timestamp())

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def cut_title(self) -> str:
        """The title as a list shows it: cut after 18 characters."""
        return self.title if len(self.title) <= 18 else self.title[:18] + "..."

    @property
    def doc_number(self) -> str:
        return f"教办〔{self.published_on.year}〕{self.number % 90 + 10}号"

    @property
    def index_number(self) -> str:
        return f"{self.published_on:%Y-%m}-{self.number % 100000:05d}"

    @property
    def html_paragraphs(self) -> str:
        return "\n".join(f"<p>　　{escape(text)}</p>" for text in self.paragraphs)


@dataclass(frozen=True)
class Line:
    """A row as one list shows it: the link as written, the words, the date (empty where none is shown)."""

    row: Row
    href: str
    text: str
    date: str


@dataclass(frozen=True)
class Channel:
    """One column: its pages of lines, newest first, and a number that families use as its id."""

    name: str
    url: str
    index: int
    pages: tuple[tuple[Line, ...], ...]

    @property
    def lines(self) -> list[Line]:
        return [line for page in self.pages for line in page]

    @property
    def rows(self) -> list[Row]:
        """Each row once, in list order."""
        return list(dict.fromkeys(line.row for line in self.lines))

    def with_line(self, page: int, place: int, line: Line, *, instead: bool = False) -> Channel:
        """A copy with `line` put into a page (counted from 0, the last one if there are fewer), or in place of another."""
        pages = list(self.pages)
        page = min(page, len(pages) - 1)
        place = min(place, len(pages[page]) - 1)
        pages[page] = (*pages[page][:place], line, *pages[page][place + instead :])
        return replace(self, pages=tuple(pages))


def relative(target: str, base: str) -> str:
    """The link from a page to another of the same host as TRS writes it: `./202405/t…html`, `../…`."""
    parts = urlsplit(target)
    path = posixpath.relpath(parts.path, posixpath.dirname(urlsplit(base).path) or "/")
    return path if path.startswith("../") else "./" + path


def key(url: str) -> str:
    """Host, path and sorted query: what a server looks at; scheme, default port and fragment do not count."""
    parts = urlsplit(url)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{(parts.hostname or '').lower()}{parts.path or '/'}{'?' if query else ''}{query}"


def split_pages(rows: list[Row], per_page: int) -> list[list[Row]]:
    return [rows[start : start + per_page] for start in range(0, len(rows), per_page)]


def overlapping_pages(rows: list[Row], per_page: int) -> list[list[Row]]:
    """Pages as read while one article appears after page 1 was read: page 2 begins with the last row of page 1."""
    return [rows[:per_page], *split_pages(rows[per_page - 1 :], per_page)]


def encoded_form(url: str, body: bytes) -> dict[str, str]:
    """Query and form (or JSON object) of a request in one dictionary; the body wins."""
    fields = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if body.lstrip().startswith(b"{"):
        fields.update({name: str(value) for name, value in json.loads(body).items()})
    else:
        fields.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return fields


class SimulatedSite:
    """
    A site that answers as the real one would, with articles that can be counted by hand.

    Subclasses say how their CMS writes URLs, list pages and article pages; `answer` and `requests` serve them.
    `strangers` are articles linked from sidebars only: they answer 200 and belong to no channel of this site object.
    """

    family = ""
    site_name = ""
    encoding = "utf-8"
    declared = ""  # the charset that pages name in their head; the encoding itself unless it is lied about
    charset_header = True
    newest = NEWEST
    steps: tuple[int, ...] = (0, 1, 1, 2, 3)  # days between two rows, one of them at random
    after_end = "404"  # what a page past the last one answers: "404", "stub" or "repeat"
    truncate = False
    planted: tuple[str, ...] = ()
    finite = True

    def __init__(
        self, slug: str, *, pages: int = 4, per_page: int = 12, channels: int | None = 2, newer: int = 0
    ) -> None:
        self.slug = slug
        self.per_page = per_page
        self.random = random.Random(slug)
        self.writer = Writer(self.random)
        self.number = 6_500_000 + self.random.randint(0, 90_000)
        columns = self.columns()[:channels]
        self.channels: dict[str, str] = dict(columns)
        self.lists: list[Channel] = []
        self._published: dict[str, Callable[[], Answer]] = {}
        self._addresses: list[str] = []
        for index, (name, url) in enumerate(columns):
            size = self.page_size(url)
            rows = self.make_rows(name, url, size * (pages - 1) + max(1, size * 2 // 3))
            rows = self.newer_rows(name, url, newer) + rows
            laid = self.lay_out(index, url, rows)
            lines = tuple(tuple(self.line(row, url, place) for place, row in enumerate(page)) for page in laid)
            self.lists.append(self.retouch(Channel(name, url, index, lines)))
        first_name, first_url = columns[0]
        old = dt.date(2023, 6, 9)
        self.stranger_rows = [self.make_row(first_name, first_url, old - dt.timedelta(days=40 * n)) for n in range(9)]
        self.traps: tuple[str, ...] = self.planted
        self.build()

    # What a subclass decides.

    def columns(self) -> list[tuple[str, str]]:
        """Name and listing URL of every column that can be simulated."""
        return COLUMNS[self.slug]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        raise NotImplementedError

    def page_size(self, channel_url: str) -> int:
        """Rows on one page of the list: `per_page`, except where the address itself or the host's interface says more."""
        return self.per_page

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        """Rows on pages; traps that repeat or move rows override this."""
        return split_pages(rows, self.per_page)

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return Line(row, row.url, row.cut_title if self.truncate else row.title, f"{row.published_on}")

    def retouch(self, channel: Channel) -> Channel:
        """A last look at a finished channel, for traps that need the whole list."""
        return channel

    def list_url(self, channel: Channel, page: int) -> str:
        """The address of page 1, 2, …"""
        raise NotImplementedError

    def list_page(self, channel: Channel, page: int) -> str:
        raise NotImplementedError

    def article_page(self, row: Row) -> str:
        raise NotImplementedError

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        """An answer that depends on parameters, or None."""
        return None

    # What all share.

    @property
    def articles(self) -> list[Expected]:
        """Every article that a complete walk must find, once each."""
        return list(dict.fromkeys(row.expected for channel in self.lists for row in channel.rows))

    def expected(self, addresses: Iterable[str]) -> list[Expected]:
        """The articles of the columns at these listing addresses: for spiders that walk some of the columns only."""
        wanted = list(addresses)
        chosen = [channel for channel in self.lists if any(self.lists_at(channel, address) for address in wanted)]
        return list(dict.fromkeys(row.expected for channel in chosen for row in channel.rows))

    def lists_at(self, channel: Channel, address: str) -> bool:
        """Whether an address asks for this column, in whatever form a spider writes it."""
        return key(address) == key(channel.url)

    @property
    def strangers(self) -> list[Expected]:
        return [row.expected for row in self.stranger_rows]

    def make_row(self, channel: str, channel_url: str, day: dt.date) -> Row:
        prose = self.writer.write(day.year)
        self.number -= self.random.randint(3, 40)
        clock = f"{self.random.randint(8, 17):02d}:{self.random.randint(0, 59):02d}"
        url = self.article_url(self.number, day, channel_url)
        source = self.random.choice((self.site_name, f"{self.writer.place()}教育局", f"{self.site_name}办公室"))
        return Row(url, prose.title, day, channel, prose.paragraphs, prose.author, prose.editor, source, clock,
                   self.number)  # fmt: skip

    def make_rows(self, channel: str, channel_url: str, count: int) -> list[Row]:
        day, rows = self.newest, []
        for _ in range(count):
            rows.append(self.make_row(channel, channel_url, day))
            day -= dt.timedelta(days=self.random.choice(self.steps))
        return rows

    def newer_rows(self, channel: str, channel_url: str, count: int) -> list[Row]:
        """Articles of the days after `newest`; they change nothing in the other rows."""
        kept = self.random, self.writer, self.number
        self.random = random.Random(f"{self.slug} {channel_url}")
        self.writer = Writer(self.random)
        rows = []
        for place in range(count, 0, -1):
            # Ids above all others: columns count down from the site's first number.
            self.number = 6_600_000 + 4000 * (len(self.lists) + 1) + 50 * place
            row = self.make_row(channel, channel_url, self.newest + dt.timedelta(days=place))
            rows.append(replace(row, title=f"{row.title}（{place}）"))
        self.random, self.writer, self.number = kept
        return rows

    def hex32(self, *parts: object) -> str:
        return f"{random.Random(f'{self.slug}{parts}').getrandbits(128):032x}"

    def publish(self, url: str, render: Callable[[], Answer]) -> None:
        """Serve `url`; the page is rendered when it is asked for."""
        if key(url) not in self._published:
            self._published[key(url)] = render
            self._addresses.append(url)

    def build(self) -> None:
        """Publish list pages and articles; called once, at the end of construction."""
        for channel in self.lists:
            self.publish_lists(channel)
            for line in channel.lines:
                self.publish_article(line.row)
        for row in self.stranger_rows:
            self.publish_article(row)

    def publish_lists(self, channel: Channel) -> None:
        count = len(channel.pages)
        for page in range(1, count + 1):
            self.publish(self.list_url(channel, page), partial(self.list_answer, channel, page))
        beyond = self.list_url(channel, count + 1)
        if self.after_end == "stub":
            self.publish(beyond, lambda: self.html(STUB))
        elif self.after_end == "repeat":
            for page in range(count + 1, count + 40):
                self.publish(self.list_url(channel, page), partial(self.list_answer, channel, count))

    def list_answer(self, channel: Channel, page: int) -> Answer:
        return self.html(self.list_page(channel, page))

    def publish_article(self, row: Row) -> None:
        if row.document:
            self.publish(row.url, lambda: Answer(200, (("Content-Type", "application/pdf"),), pdf(row)))
        else:
            self.publish(row.url, lambda: self.html(self.article_page(row)))

    def html(self, text: str, status: int = 200) -> Answer:
        charset = f"; charset={self.encoding}" if self.charset_header else ""
        return Answer(status, (("Content-Type", f"text/html{charset}"),), text.encode(self.encoding, "replace"))

    def json(self, value: object) -> Answer:
        body = json.dumps(value, ensure_ascii=False).encode()
        return Answer(200, (("Content-Type", "application/json;charset=UTF-8"),), body)

    def answer(self, method: str, url: str, body: bytes = b"") -> Answer:
        """What the site answers; 404 for what it does not have, 405 for a POST to a static page, 500 for parameters that cannot be read."""
        render = self._published.get(key(url))
        if render is not None and method in ("GET", "HEAD"):
            return render()
        try:
            dynamic = self.dynamic(method, url, encoded_form(url, body))
        except (ValueError, AttributeError):
            dynamic = self.html("<html><head><title>500</title></head><body>参数错误</body></html>", 500)
        if dynamic is not None:
            return dynamic
        if render is not None:
            return self.html("<html><head><title>405 Not Allowed</title></head><body></body></html>", 405)
        return self.html(NOT_FOUND, 404)

    def requests(self) -> Iterable[tuple[str, str, bytes]]:
        """Every GET of a static site, as addressed and as linked, and one past the end of each list; else nothing."""
        if not self.finite:
            return
        linked = [urljoin(channel.url, line.href) for channel in self.lists for line in channel.lines]
        beyond = [self.list_url(channel, len(channel.pages) + 1) for channel in self.lists]
        for url in dict.fromkeys((*self._addresses, *linked, *beyond)):
            yield "GET", url, b""


def pdf(row: Row) -> bytes:
    """A PDF file too small to read but true to its media type; the number makes each one different."""
    return f"%PDF-1.4\n% {row.number}\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n".encode()


def as_document(row: Row, url: str) -> Row:
    return replace(row, url=url, document=True)


NOT_FOUND = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>404</title></head><body><h1>您访问的页面不存在或已删除</h1>'
    '<p><a href="/">返回首页</a></p></body></html>'
)
# TRS leaves such files where a list used to be longer: some 300 bytes, no link.
STUB = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n'
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />'
    "<title></title></head>\n<body><!-- published by TRS WCM --></body></html>\n"
)
