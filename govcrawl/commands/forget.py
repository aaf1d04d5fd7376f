"""``scrapy forget``: articles taken out of the archive with every word of theirs."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.checks.verify import is_there
from govcrawl.archive.compact import new_run_id
from govcrawl.archive.family import Unknown, family, find
from govcrawl.archive.forget import (
    ATTACHMENT_TEXTS,
    begin,
    begun,
    finish,
    leftovers,
    plan_records,
    texts_with,
    unfinished,
)
from govcrawl.archive.forgotten import names, site_of, tombstones
from govcrawl.archive.lock import Locked, SiteLock, is_held
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.extensions import data_folder
from govcrawl.reprints import run as reprints
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from govcrawl.archive.family import Family
    from govcrawl.archive.forget import Records

SHOWN = 10  # copies, and articles that quote a title, which are named; the others are counted


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def syntax(self) -> str:
        return "--reason TEXT [--copies] [--dry-run] <URL> ... | --file FILE | --list"

    def short_desc(self) -> str:
        return "Take articles out of the archive for good, with every word of theirs"

    def long_desc(self) -> str:
        return (
            "Take out the rows of articles, all revisions, what was recorded of them and of their other addresses, "
            "parts and attachments, and their words on other recorded pages; leave a tombstone with the reason, so that "
            "they are never asked for again. It may be killed: run it again, or let the site's next crawl or "
            "scrapy verify --repair finish it. "
            "Exit codes: 0 done, 2 bad argument, 7 a site or a dataset is held by another process, 8 storage failed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--reason", metavar="TEXT", help="why; it is kept, so name nobody in it")
        parser.add_argument("--file", metavar="FILE", help="a text file with addresses, one a line, # begins a comment")
        parser.add_argument(
            "--copies", action="store_true", help="also other articles that have the same text, of any site"
        )
        parser.add_argument("--dry-run", action="store_true", help="tell what would be removed; change nothing")
        parser.add_argument("--list", action="store_true", help="tell what has been forgotten, and why")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        data = data_folder(self.settings)
        storage = Storage(data)
        given = [*args, *(_read(opts.file) if opts.file else ())]
        try:
            if not is_there(storage):
                msg = f"there is no archive at {data}; set GOVCRAWL_DATA to one"
                raise UsageError(msg, print_help=False)
            if opts.list:
                print(*_listed(storage), sep="\n")
                return
            self._forget(storage, given, opts)
        except Locked as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.LOCKED
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE

    def _forget(self, storage: Storage, given: list[str], opts: argparse.Namespace) -> None:
        reason = (opts.reason or "").strip()
        if not reason and not opts.dry_run:
            msg = 'forget needs a reason, which is kept: --reason "ID numbers in a public list"'
            raise UsageError(msg, print_help=False)
        if not given:
            msg = "forget needs the address of an article, or --file with addresses, one a line"
            raise UsageError(msg, print_help=False)
        by_site = _by_site(storage, given)
        for folder in (reprints.FOLDER, ATTACHMENT_TEXTS):
            if is_held(storage, folder):
                msg = f"another process is at {folder} (scrapy reprints, scrapy attachments); wait for it to end"
                raise Locked(msg)
        copies = _copies(storage, by_site)
        if opts.copies:
            for key, (site, _) in copies.items():
                by_site[site].append(key)
        done = {key for keys in by_site.values() for key in keys}
        if opts.dry_run:
            for site, keys in sorted(by_site.items()):
                found = family(storage, site, _not_yet(storage, site, keys), done)
                print(*_plan(storage, found), _told(site, plan_records(storage, found, found.words())), sep="\n")
        else:
            done |= _take_out(storage, by_site, done, reason)
            regrouped = reprints.forget(storage, done)
            print(f"{regrouped} articles taken out of their groups" if regrouped else "no group had them")
        if left := {key: told for key, told in copies.items() if key not in done}:
            print(f"{len(left)} other articles have the same text; --copies takes them out too:")
            print(*_some([f"  {site}: {url}" for site, url in left.values()]), sep="\n")


def _take_out(storage: Storage, by_site: dict[str, list[str]], going: set[str], reason: str) -> set[str]:
    """Forget these articles, and bring to its end what was begun before. Everything is decided, in all sites, before
    anything is removed, so that the same command finds copies again whenever it was killed. Returns the doc_ids."""
    storage.prepare()
    done: set[str] = set()
    with ExitStack() as stack:
        locks = {}
        for site in sorted(by_site):
            locks[site] = SiteLock(storage, site, new_run_id(storage, site))
            locks[site].acquire()
            stack.callback(locks[site].release)
        for site, lock in locks.items():
            found = family(storage, site, _not_yet(storage, site, by_site[site]), going)
            if found.members:
                print(*_plan(storage, found), sep="\n")
                begin(storage, found, reason, lock.run_id)
        for site, lock in locks.items():
            done.update(key for name in unfinished(storage, site) for key in begun(storage, name)[0].members)
            for records in finish(storage, site, lock.renew):
                print(_told(site, records))
    return done


def _copies(storage: Storage, by_site: dict[str, list[str]]) -> dict[str, tuple[str, str]]:
    """Other articles with the text of these, and with the text of what belongs to those: doc_id → site and address."""
    copies: dict[str, tuple[str, str]] = {}
    waiting = [family(storage, site, _not_yet(storage, site, keys)) for site, keys in by_site.items()]
    waiting += [begun(storage, name)[0] for site in by_site for name in unfinished(storage, site)]
    seen = {key for keys in by_site.values() for key in keys}
    while waiting:
        found = waiting.pop()
        seen |= found.members.keys()
        for key, told in found.copies.items():
            if key not in seen:
                seen.add(key)
                copies[key] = told
                waiting.append(family(storage, told[0], [key]))
    return {key: told for key, told in copies.items() if key not in by_site.get(told[0], ())}


def _not_yet(storage: Storage, site: str, keys: list[str]) -> list[str]:
    stones = tombstones(storage, [site])
    return [key for key in keys if key not in stones]


def _read(file: str) -> list[str]:
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        msg = f"--file {file} cannot be read: {why}"
        raise UsageError(msg, print_help=False) from exc
    return [line.partition(" #")[0].strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _by_site(storage: Storage, given: list[str]) -> dict[str, list[str]]:
    """The doc_ids that are meant, by site, and the sites where a removal was begun and not finished. Raises
    UsageError before anything is removed."""
    stones = tombstones(storage)
    by_site: dict[str, list[str]] = defaultdict(list)
    for name in names(storage):
        if unfinished(storage, site_of(name)):
            by_site[site_of(name)] = []
    for address in given:
        try:
            for site, key in find(storage, address, known=stones).items():
                by_site[site].append(key)
                if (stone := stones.get(key)) is not None:
                    print(f"{address} was forgotten on {stone.forgotten_at:%Y-%m-%d}: {stone.reason}")
        except Unknown as exc:
            raise UsageError(str(exc), print_help=False) from exc
    return by_site


def _plan(storage: Storage, found: Family) -> Iterator[str]:
    """What is removed, in numbers; what stays and may be looked at."""
    words = found.words()
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(found.kinds.items()))
    yield f"{found.site}: addresses: {kinds}"
    yield f"  {sum(map(len, found.landed.values()))} rows of articles, {found.captures} rows of captures"
    yield f"  {len(found.files)} attachments with their texts"
    yield f"  {len(texts_with(storage, found.site, words))} run files and the like that name it"
    if others := leftovers(storage, found):
        yield f"  {len(others)} files of quarantine/ and staging/, of which nobody can tell what they hold"
    for name in sorted(found.shared):
        yield f"  stays, as other articles use it: {name}"
    for name in sorted(found.outside):
        yield f"  a recording outside the archive, which is yours to clean: {name}"
    if found.quoting:
        yield f"  {len(found.quoting)} other articles name its title in their text, which stays:"
        yield from _some([f"    {url}" for url in found.quoting.values()])


def _told(site: str, records: Records) -> str:
    return (
        f"{site}: {records.removed} WARC records, and words in {records.rewritten} more, in {len(records.files)} files"
    )


def _some(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return [*lines[:SHOWN], f"  and {more} more"] if more > 0 else lines


def _listed(storage: Storage) -> Iterator[str]:
    stones = tombstones(storage).values()
    others = Counter(s.article for s in stones if s.doc_id != s.article)
    for stone in sorted(stones, key=lambda s: s.forgotten_at):
        if stone.doc_id == stone.article:
            more = f", with {others[stone.doc_id]} other addresses" if others[stone.doc_id] else ""
            yield f"{stone.forgotten_at:%Y-%m-%d} {stone.site} {stone.doc_id}: {stone.reason}{more}"
    yield f"{sum(s.doc_id == s.article for s in stones)} articles forgotten"
