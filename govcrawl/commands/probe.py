"""``scrapy probe <listing>``: what a listing is made of, and a draft of its spider."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError
from scrapy.http import TextResponse

from govcrawl.addresses import host_of
from govcrawl.base_spiders.numbered import script_pager, stated_pages
from govcrawl.errors import BadArgument
from govcrawl.recognition import trial
from govcrawl.recognition.families import (
    checked_url,
    columns,
    family_named,
    other_site,
    owner,
    registrable,
    spiders,
)
from govcrawl.recognition.proposals import FIELDS
from govcrawl.recognition.unknown import ARTICLES, TriedSite, UnknownSite, anew
from govcrawl.run_report import report, verdict

if TYPE_CHECKING:
    import argparse

    from govcrawl.base_spiders.listing import ListingSpider
    from govcrawl.items import Article
    from govcrawl.recognition.families import Family
    from govcrawl.recognition.trial import Trial

TEMPLATE = Template('''\
from typing import ClassVar

from govcrawl.base_spiders.$module import $base


class $classname($base):
    """$site_name – $home"""

    name = "$name"
    site_name = "$site_name"
    kind = "department"  # or ministry, news
    province = "national"  # the province's slug in govcrawl/provinces; national for the ministry and for news
    hosts = ("$host",)
    verified = None  # the day on which somebody looked at what a crawl brought, "2024-05-31"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
$channels    }
    article_pattern = r"$pattern"
    examples = ($examples)
    rows_css = None  # only where rows are not found without it
    body_css = ()
''')
SAMPLES = 5
TRIED_PAGES = 3


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[-o FILE | --try [--pattern REGEX]] <address of a listing>"

    def short_desc(self) -> str:
        return "Recognise a listing's CMS, show its rows and an article, and draft a spider"

    def long_desc(self) -> str:
        return (
            f"{self.short_desc()}. Asks for one list page and a few articles; keeps nothing but the draft (-o). With --try the "
            f"listing is walked as if no spider knew it, {TRIED_PAGES} list pages and {ARTICLES} articles of it, to see what "
            "would land; --pattern says what its articles' addresses look like, as a proposal of scrapy health does."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--try", dest="tried", action="store_true", help="walk the listing anew, keep nothing")
        parser.add_argument(
            "--pattern", metavar="REGEX", help="with --try: the article pattern, instead of a learnt one"
        )
        parser.epilog = "The draft is a Python file: -o govcrawl/spiders/<name>.py. A file that exists is left alone."

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        # -o is Scrapy's option for feeds; here it names the draft.
        self.draft, opts.output = list(opts.output or ()), None
        super().process_options(args, opts)
        trial.quiet(self)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give one address of a listing: scrapy probe https://…", print_help=False)
        path = Path(self.draft[0]) if self.draft else None
        if path is not None and (path.exists() or path.suffix != ".py" or not path.stem.isidentifier()):
            problem = "exists already" if path.exists() else "is no name for a spider's file (letters, digits, _, .py)"
            raise UsageError(f"{path} {problem}", print_help=False)
        try:
            url = checked_url(args[0], "the listing")
            pattern = checked_pattern(opts.pattern, tried=opts.tried, draft=path is not None)
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        assert self.crawler_process is not None
        assert self.settings is not None
        named = spiders(self.settings)
        known = owner(url, named)
        if opts.tried:
            of = known.site() if known is not None else other_site(url, named)
            tried = anew(TriedSite, known, of, pattern)
            seen = trial.run(self, [(tried, dict(opts.spargs) | {"channel": url})], pages=TRIED_PAGES)[0]
            if seen.error is not None:
                raise UsageError(seen.error, print_help=False)
            print(describe_try(seen))
            self.exitcode = verdict.COMPLETE if any(a.text for a in seen.articles) else verdict.NO_ROWS
            return
        cls = self.crawler_process.spider_loader.load("site")
        seen = trial.run(self, [(cls, dict(opts.spargs) | {"start": url})])[0]
        if seen.error is not None:
            raise UsageError(seen.error, print_help=False)
        print(describe(seen, known))
        found = any(w.rows for w in seen.walks)
        if path is not None and found and seen.spider is not None:
            path.write_text(draft_of(path.stem, seen), encoding="utf-8")
            print(
                f"draft written to {path}: complete kind, province, site_name, then scrapy crawl {path.stem} -a sample=5"
            )
        self.exitcode = (
            verdict.COMPLETE if found else (seen.run or {}).get("exit_code", verdict.NO_ROWS) or verdict.NO_ROWS
        )


def describe(seen: Trial, known: type[ListingSpider] | None) -> str:
    """Family, columns, pages, rows and one article, as lines."""
    spider = seen.spider
    assert spider is not None
    family, evidence = family_and_evidence(spider)
    lines = [f"family    {family.about if family else 'none recognised'}" + (f" ({evidence})" if evidence else "")]
    if known is not None:
        lines.append(f"spider    {known.name} ({known.site_name}) has this host already")
    page = next((r for r in seen.lists if isinstance(r, TextResponse)), None)
    listed: list[str] = []
    if page is not None:
        lines.append(f"pattern   {pattern_of(spider)}")
        for name, url in columns(page):
            lines.append(f"column    {name}  {url}")
        script = script_pager(page.text)
        pages = script.pages if script else stated_pages(page.text)
        total = spider.total(page)
        lines.append(f"pages     {pages or 'not stated'}" + (f", {total} rows stated" if total else ""))
        following = next(iter(spider.page_requests(page)), None)
        lines.append(f"page 2    {f'{following.method} {following.url}' if following else 'none found'}")
        rows = list(spider.rows(page))
        listed = [row.url for row in rows]
        lines.append(f"rows      {len(rows)} on the first page")
        lines += [
            f"          {row.date or 'no date'!s:<10}  {row.title or 'no title'}  {row.url}" for row in rows[:SAMPLES]
        ]
    lines += _problems(seen)
    for proposal in (seen.run or {}).get("proposals", ()):
        lines.append(f"proposal  {report.of_proposal(proposal)}; try it: {proposal['command']}")
    if seen.articles:
        lines += _fields(min(seen.articles, key=lambda a: listed.index(a.url) if a.url in listed else len(listed)))
    else:
        lines.append("article   none landed")
    return "\n".join(lines)


def _problems(seen: Trial) -> list[str]:
    lines = []
    for walk in seen.walks:
        lines += [f"problem   {problem}" for problem in walk.broken if "GOVCRAWL_LIST_PAGES" not in problem]
        if not walk.rows:
            lines.append(f"problem   {walk.url} gave no rows ({walk.ended})")
    return lines


def _fields(article: Article) -> list[str]:
    """An article as it would land, in lines."""
    names = ("url", "title", "published_on", "published_at", "source", "author", "editor", "doc_number", "province")
    lines = [f"{name:<14}{_shown(getattr(article, name))}" for name in names]
    text = " ".join((article.text or "").split())[:60]
    return [*lines, f"{'text':<14}{article.text_length} characters: {text}"]


def describe_try(seen: Trial) -> str:
    """How far a listing was walked anew, and what would have landed, as lines."""
    spider = seen.spider
    assert isinstance(spider, UnknownSite)
    found = spider.recognised
    lines = [f"family    {found.family.about} ({', '.join(found.evidence)})" if found else "family    none recognised"]
    if spider.family is not None:
        lines.append(
            f"walked as {type(spider.family).mro()[1].__name__} with the pattern {spider.family.article_pattern}"
        )
    pages = [page for page in seen.lists if isinstance(page, TextResponse)]
    for number, page in enumerate(pages if spider.family is not None else (), 1):
        rows = list(spider.rows(page))
        lines.append(f"page {number:<5}{len(rows)} rows  {page.url}")
        for row in rows[:SAMPLES] if number == 1 else ():
            lines.append(f"          {row.date or 'no date'!s:<10}  {row.title or 'no title'}  {row.url}")
    lines += _problems(seen)
    for article in seen.articles:
        lines += ["", *_fields(article)]
    stated = [n for n in FIELDS if seen.articles and all(getattr(a, n) for a in seen.articles)]
    told = f"; all of them state {', '.join(stated)}" if stated else ""
    return "\n".join([*lines, "", f"{len(seen.articles)} articles would land{told}; nothing was written"])


def checked_pattern(pattern: str | None, *, tried: bool, draft: bool) -> str | None:
    """The article pattern as given. Raises BadArgument for one that is none, and for options that do not go together."""
    if tried and draft:
        msg = "--try writes nothing; leave -o or --try away"
        raise BadArgument(msg)
    if pattern is None:
        return None
    if not tried:
        msg = "--pattern goes with --try"
        raise BadArgument(msg)
    try:
        re.compile(pattern)
    except re.error as exc:
        msg = f"--pattern {pattern!r} is no regular expression ({exc})"
        raise BadArgument(msg) from exc
    return pattern


def _shown(value: Any) -> str:
    return "、".join(value) or "-" if isinstance(value, list) else str(value or "-")


def family_and_evidence(spider: ListingSpider) -> tuple[Family | None, str]:
    """A spider's family; where it was recognised, by what."""
    found = getattr(spider, "recognised", None)
    if found is not None:
        return found.family, ", ".join(found.evidence)
    return (family_named(type(spider)), "") if spider.article_pattern != r"(?!)" else (None, "")


def pattern_of(spider: ListingSpider) -> str:
    found = getattr(spider, "recognised", None)
    return str(found.article_pattern if found is not None else spider.article_pattern)


def draft_of(name: str, seen: Trial) -> str:
    """The draft of a spider for what was seen."""
    spider = seen.spider
    assert spider is not None
    family, _ = family_and_evidence(spider)
    assert family is not None
    page = next(r for r in seen.lists if isinstance(r, TextResponse))
    listed = dict(columns(page)) or {}
    url = next(w.url for w in seen.walks)
    if url not in listed.values():
        said = re.search(r"<title[^>]*>([^<]*)", page.text, re.IGNORECASE)
        title = re.split(r"[-_|–—\s]", said.group(1).strip())[0] if said else ""
        listed = {title or "首页": url} | listed
    found = [row.url for row in spider.rows(page)][:2]
    host = host_of(url)
    return draft(
        family,
        name=name,
        site_name=host,
        home=f"{urlsplit(url).scheme}://{host}",
        host=registrable(url) if not host.endswith(".gov.cn") else host,
        channels="".join(f"        {_quoted(n)}: {_quoted(u)},\n" for n, u in listed.items()),
        pattern=pattern_of(spider),
        examples="\n" + "".join(f"        {_quoted(u)},\n" for u in found) + "    ",
    )


def draft(family: Family, **values: Any) -> str:
    """A spider's file. ``values``: those of TEMPLATE that the family and the name do not tell."""
    name: str = values["name"]
    given = {
        "module": family.module,
        "base": family.name,
        "classname": "".join(part.capitalize() for part in name.split("_")) + "Spider",
    }
    return TEMPLATE.substitute(given | values)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def template_of(family: Family) -> str:
    """The template of ``scrapy genspider -t`` for a family: a draft whose facts are genspider's own variables."""
    article = family.article or r"/(?:[\w-]+/)*\d+\.s?html?$"
    return draft(
        family,
        name="$name",
        classname="$classname",
        site_name="$name",
        home="$url",
        host="$domain",
        channels='        "首页": "$url",\n',
        pattern=rf"^https?://$domain(?:/[^?#]*)?{article.replace('$', '$$')}",
        examples="",
    )
