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
from govcrawl.recognition.families import checked_url, columns, family_named, owner, registrable, spiders
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse

    from govcrawl.base_spiders.listing import ListingSpider
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


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[-o FILE] <address of a listing>"

    def short_desc(self) -> str:
        return "Recognise a listing's CMS, show its rows and an article, and draft a spider"

    def long_desc(self) -> str:
        return f"{self.short_desc()}. Asks for one list page and one article; keeps nothing but the draft (-o)."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
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
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        assert self.crawler_process is not None
        assert self.settings is not None
        known = owner(url, spiders(self.settings))
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
    for walk in seen.walks:
        lines += [f"problem   {problem}" for problem in walk.broken]
        if not walk.rows:
            lines.append(f"problem   {walk.url} gave no rows ({walk.ended})")
    if seen.articles:
        article = min(seen.articles, key=lambda a: listed.index(a.url) if a.url in listed else len(listed))
        for name in (
            "url",
            "title",
            "published_on",
            "published_at",
            "source",
            "author",
            "editor",
            "doc_number",
            "province",
        ):
            lines.append(f"{name:<14}{_shown(getattr(article, name))}")
        lines.append(f"{'text':<14}{article.text_length} characters: {' '.join((article.text or '').split())[:60]}")
    else:
        lines.append("article   none landed")
    return "\n".join(lines)


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
