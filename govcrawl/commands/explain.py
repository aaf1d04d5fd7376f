"""``scrapy explain <address or file>``: why each field of a page has its value, and which of its lines are its body."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import BaseRunSpiderCommand
from scrapy.exceptions import UsageError

from govcrawl.errors import BadArgument
from govcrawl.extraction import extract
from govcrawl.recognition import trial
from govcrawl.recognition.families import checked_url, owner, spiders
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse

    from govcrawl.extraction import Explanation, Extracted, Site

POLICY = ("issuer", "doc_number", "index_number", "written_on", "subject", "validity")  # told where there
WIDTH = 76  # of a text that is shown, in characters


class Command(BaseRunSpiderCommand):
    requires_project = True

    def syntax(self) -> str:
        return "[--site NAME] [--url ADDRESS] <address of a page, or a file>"

    def short_desc(self) -> str:
        return "Say why each field of a page has its value, and which lines are its body"

    def long_desc(self) -> str:
        return f"{self.short_desc()}. Asks for the page once and keeps nothing; a file is read without any request."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--site", metavar="NAME", help="read it as a page of this site (scrapy sites names them)")
        parser.add_argument("--url", metavar="ADDRESS", help="the address at which a file stood")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        trial.quiet(self)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) != 1:
            raise UsageError("give one address or file: scrapy explain https://…", print_help=False)
        assert self.settings is not None
        known = spiders(self.settings)
        if opts.site and opts.site not in known:
            raise UsageError(f"unknown site {opts.site!r}; scrapy sites shows the {len(known)} sites", print_help=False)
        file = Path(args[0])
        headers: dict[str, str] | None
        try:
            if file.is_file():
                url = checked_url(opts.url, "--url") if opts.url else file.resolve().as_uri()
                body, headers = file.read_bytes(), None
            else:
                url, body, headers = self.fetched(checked_url(args[0], "the page (there is no such file either)"))
        except BadArgument as exc:
            raise UsageError(str(exc), print_help=False) from exc
        except OSError as exc:
            raise UsageError(f"{file} cannot be read: {exc.strerror}", print_help=False) from exc
        spider = known[opts.site] if opts.site else owner(url, known)
        site: Site | None = spider.site() if spider is not None else None
        print(describe(extract(body, url, headers=headers, site=site, explain=True)))
        self.exitcode = verdict.COMPLETE

    def fetched(self, url: str) -> tuple[str, bytes, dict[str, str]]:
        """A page as the crawl would get it: address after redirects, bytes, headers. Raises BadArgument where it does
        not come."""
        assert self.crawler_process is not None
        cls = self.crawler_process.spider_loader.load("urls")
        seen = trial.run(self, [(cls, {"url": url})])[0]
        page = next((p for p in reversed(seen.pages) if p.status == 200), None)
        if page is None:
            why = f"answered {seen.pages[-1].status}" if seen.pages else seen.error or "did not come; -L INFO shows why"
            raise BadArgument(f"{url} {why}")
        return page.url, page.body, {"Content-Type": (page.headers.get("Content-Type") or b"").decode("latin-1")}


def describe(got: Extracted) -> str:
    """The explanation as lines: each field with its value, rule, text and the candidates that lost, then the body."""
    why = got.explanation
    assert why is not None
    lines = [f"page      {got.page_type}, {got.text_length} characters of text, {got.script}"]
    for name, decision in why.fields.items():
        if name in POLICY and not decision.value:
            continue
        lines.append(f"{name:<13} {decision.value or '–'}")
        if decision.value:
            lines.append(f"              by {decision.rule}" + _in(decision.text))
        lines += [
            f"              not {_short(lost.value)}: {lost.reason} ({lost.rule}){_in(lost.text)}"
            for lost in decision.lost
        ]
    return "\n".join([*lines, *_body(why)])


def _body(why: Explanation) -> list[str]:
    kept = sum(block.kept for block in why.blocks)
    lines = [f"body          {kept} lines kept, by rule {why.body_rule}"]
    for block in why.blocks:
        lines.append(
            f"  {'+' if block.kept else '-'} {_short(block.text)}" + (f"   [{block.reason}]" if block.reason else "")
        )
    return lines


def _in(text: str) -> str:
    return f", in “{_short(text)}”" if text else ""


def _short(text: str) -> str:
    text = " ".join(text.replace("\x1f", " ").split())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
