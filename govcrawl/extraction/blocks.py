"""Which lines of a page are its body and why the others are not, for an explanation."""

from govcrawl.extraction import tidying
from govcrawl.extraction.cleaning import body_lines
from govcrawl.extraction.document import Line
from govcrawl.extraction.explain import Block, Explanation
from govcrawl.extraction.page import Page

_BEFORE, _AFTER = 6, 12  # lines about the body that are told too


def explain(page: Page, explanation: Explanation) -> None:
    """Fill in the body: the rule that chose it, and the lines in and about it, each kept or cut with the reason."""
    article = page.article
    kept = set(body_lines(page))
    chosen = set(article.lines)
    explanation.body_rule = article.rule
    if not kept:
        return
    lines = page.document.lines
    first = max(0, min([*kept, max(page.headline.line, 0)]) - _BEFORE)
    for i in range(first, min(len(lines), max([*kept, article.last]) + _AFTER)):
        reason = "" if i in kept else _why(page, lines[i], i, in_body=i in chosen)
        explanation.blocks.append(Block(lines[i].text, i in kept, reason))


def _why(page: Page, line: Line, i: int, *, in_body: bool) -> str:
    """Why a line is not in the body's text."""
    article, headline = page.article, page.headline
    if headline.line <= i <= headline.end:
        return "the headline"
    if line.hidden:
        return "hidden"
    if in_body:
        return "date, source, credit or repeated headline at the ends of the text"
    if tidying.is_footer(line.text):
        return "of the site: copyright, licence, disclaimer"
    if tidying.is_junk(line.text):
        return "a control of the page"
    if not article.first <= i < article.last:
        return "outside the body's element"
    if line.linked > 0.5 * len(line.text):
        return "links"
    return "in a part named as no text, or after the article's end"
