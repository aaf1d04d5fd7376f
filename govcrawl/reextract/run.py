"""Re-extraction of a site: pages read again by workers, what differs landed as revisions through the archive's own commit.

Every page that was read leaves a row in captures (outcome ``reread``) with the rules that read it, in the segment of its
revision, if it has one: so a run that was killed is continued where it was, and a reading without a difference is not done
again by ``--where-extractor-older-than``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govcrawl.addresses import doc_id
from govcrawl.archive.captures import read_rows
from govcrawl.archive.compact import maintenance_report, new_run_id
from govcrawl.archive.ledger import Attempt, Hop
from govcrawl.archive.run import Archive
from govcrawl.archive.schema import AGAIN
from govcrawl.archive.segments import captures_files
from govcrawl.archive.state import State
from govcrawl.attachments.fetching import known_file
from govcrawl.pipelines import differences, repeated, revised
from govcrawl.reextract.piece import read_piece
from govcrawl.reextract.plan import Plan
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from govcrawl.archive.site import SiteArchive
    from govcrawl.archive.storage import Storage
    from govcrawl.items import Article
    from govcrawl.reextract.facts import Sites
    from govcrawl.reextract.piece import Piece, Read, Wanted
    from govcrawl.reextract.plan import Scope
    from govcrawl.workers.local import Workers

NAMED = 20  # pages that could not be read are named, the others counted


@dataclass(slots=True)
class Done:
    """What was done of a site. ``resumed``: pages that an unfinished run had read. ``fields``: changed pages by column;
    ``trouble``: pages by why no row was made of them, `refused`, `missing`, `failed` or `repeated`, and ``named`` the first of
    them, in words. ``stopped``: before the end."""

    site: str
    total: int = 0
    resumed: int = 0
    read: int = 0
    changed: int = 0
    moved: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def exit_code(self) -> int:
        return verdict.PARTIAL if self.stopped or +self.trouble else verdict.COMPLETE

    def tell(self, found: str, why: str) -> None:
        self.trouble[found] += 1
        if len(self.named) < NAMED:
            self.named.append(f"{found}: {why}")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a run reads: which articles, the facts of their sites, most parts of an article, and the workers. ``told`` is called
    with what is done after each piece, ``shown`` with each page that differs; either ends the run by returning True."""

    scope: Scope
    sites: Sites
    frames: int
    pages: int
    workers: Workers
    told: Callable[[Done], bool] = lambda _: False
    shown: Callable[[Wanted, Article, list[str]], bool] = lambda *_: False


def look(storage: Storage, site: str, how: Reading) -> Done:
    """What ``reextract`` would do; nothing is written, and no lock taken. Raises StorageError, WorkerDied."""
    state = State(read_rows(storage, captures_files(storage, site).sizes))
    return _read(storage, Plan(storage, site, state, how.scope, new_run_id(storage, site)), how, None)


def reextract(storage: Storage, site: str, how: Reading, **segment: Any) -> Done:
    """Read a site's articles again. ``segment``: as of ``Archive``. Raises Locked, StorageError, WorkerDied; what is committed
    stays, and the next run goes on there."""
    archive = Archive(storage, **segment)
    own = archive.site(site)
    report: dict[str, Any] | None = None
    try:
        plan = Plan(storage, site, own.state, how.scope, own.run_id)
        done = _read(storage, plan, how, archive)
        if done.read or done.resumed or done.trouble:
            own.commit()
            report = _report(archive, own, how.scope, done)
    except BaseException:
        own.abandon()
        raise
    if report is None:
        own.abandon()
    else:
        own.close(report)
    return done


def _read(storage: Storage, plan: Plan, how: Reading, archive: Archive | None) -> Done:
    done = Done(plan.site, plan.total, plan.resumed)
    pieces = plan.pieces(how.sites, how.frames, how.pages)
    for piece, results in how.workers.map(read_piece, pieces):
        for wanted, read in zip(piece.wanted, results, strict=True):
            done.read += 1
            if read.article is not None and read.found == "changed":
                _complete(storage, plan.state, wanted, read)
                if wanted.before is not None:
                    done.fields.update(read.changed)
                done.stopped |= how.shown(wanted, read.article, read.changed)
            if read.why:
                done.tell(read.found, read.why)
            if archive is not None:
                _land(archive, piece, wanted, read, done)
            elif read.found == "changed":
                done.changed += 1
        if archive is not None:
            archive.commit_if_due()
        done.stopped |= how.told(done)
        if done.stopped:
            break
    for url in plan.lost:
        done.tell("missing", f"{url} has no row in captures; run scrapy verify --repair {plan.site}")
    return done


def _complete(storage: Storage, state: State, wanted: Wanted, read: Read) -> None:
    """Documents that the page links, and that were fetched for another article."""
    assert read.article is not None
    for entry in read.article.attachments:
        if entry["sha256"] is None:
            stored = known_file(storage, state.get(doc_id(entry["url"])))
            if stored is not None:
                entry |= {"sha256": stored.sha256, "bytes": stored.bytes, "path": stored.path}
    if wanted.before is not None:
        read.changed = differences(wanted.before, read.article)


def _land(archive: Archive, piece: Piece, wanted: Wanted, read: Read, done: Done) -> None:
    """The capture of a reading, and the revisions that it makes."""
    if read.found in ("missing", "failed"):
        return  # nothing was read: the next run tries again
    outcome = AGAIN
    final: dict[str, Any] = {"extractor": read.extractor, "form": read.form}
    rows: list[Article] = []
    if (article := read.article) is not None:
        rows = [article] if wanted.before is None else revised(article, wanted.before, read.changed, again=True)
        other = repeated(archive.site(done.site), article) if wanted.before is None else None
        if other is not None:
            done.tell("repeated", f"{article.url} repeats another article of the site")
            outcome, rows, final = "duplicate", [], {"alias_of": other}
        else:
            done.changed += 1
            done.moved += len(rows) - 1
            final |= {"revision": rows[-1].revision, "text_hash": article.text_hash}
            if wanted.before is None or wanted.before["status"] == "moved":
                outcome = "landed"
    _settle(archive, piece, wanted, outcome, rows, {"error": read.why or None, **final})


def _settle(
    archive: Archive, piece: Piece, wanted: Wanted, outcome: str, rows: list[Article], final: dict[str, Any]
) -> None:
    known = wanted.known
    attempt = Attempt(
        piece.site.name,
        known.url,
        "article",
        channel=known.channel,
        listed_title=known.listed_title,
        listed_on=known.listed_on,
    )
    hop = Hop(known.url, wanted.fetched_at, 200)
    if doc_id(wanted.url) == known.doc_id:  # else the record is that of where it had moved to
        hop.warc_file, hop.warc_offset, hop.payload_digest = piece.file, wanted.offset, wanted.digest
    if outcome == "landed":  # which says anew what is known of the address
        hop.etag, hop.last_modified = known.etag, known.last_modified
    attempt.hops.append(hop)
    archive.settle(archive.begin(attempt), outcome, rows, **final)


def _report(archive: Archive, own: SiteArchive, scope: Scope, done: Done) -> dict[str, Any]:
    landed: dict[str, dict[str, int]] = defaultdict(dict)
    for (province, year), rows in sorted(own.rows_landed.items()):
        landed[province][str(year)] = rows
    code = done.exit_code
    outcomes: Counter[str] = Counter()
    for (_, _, _, outcome), count in archive.outcomes.items():
        outcomes[outcome] += count
    facts = {
        "through": not done.stopped,
        "read": done.read,
        "resumed": done.resumed,
        "changed": done.changed,
        "moved": done.moved,
        "trouble": dict(done.trouble),
        "since": scope.since,
        "older_than": scope.older_than,
    }
    return maintenance_report(
        own.site,
        own.run_id,
        "reextract",
        status=verdict.EXIT_CODES[code][0],
        exit_code=code,
        reason="stopped" if done.stopped else "; ".join(f"{n} {what}" for what, n in done.trouble.items()),
        problems=done.named,
        landed=landed,
        outcomes={"article": outcomes},
        changed=dict(done.fields),
        reextract=facts,
    )
