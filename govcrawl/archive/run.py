"""The archive as one run sees it: the sites it writes to, and the ledger of its requests."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from govcrawl.archive import runs
from govcrawl.archive.forget import finish_under_lock
from govcrawl.archive.forgotten import never_asked
from govcrawl.archive.ledger import MAX_ATTEMPTS, Attempt, capture_rows, failed_before
from govcrawl.archive.revisit import is_withdrawn
from govcrawl.archive.schema import CAPTURES, RETRIED
from govcrawl.archive.site import STORED, SiteArchive
from govcrawl.archive.storage import StorageError
from govcrawl.archive.values import Misfit, fitting
from govcrawl.archive.warc import now_ms, read_record
from govcrawl.items import Article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from govcrawl.archive.captures import Known
    from govcrawl.archive.storage import Storage
    from govcrawl.archive.warc import Recorded

logger = logging.getLogger(__name__)

UNSTAMPED = pa.schema([field for field in CAPTURES if field.name not in ("run_id", "seq")])  # as the ledger makes rows
NAMED_FAILURES = 20  # the others are counted, and named in captures


class Archive:
    """Sites are opened when they are first needed: one for a listing spider, several for a list of addresses.

    Whatever keeps rows from being written passes through ``failed``: the first such error is told to ``on_failure``, and
    nothing is settled or committed after it. Without ``on_failure`` it is raised."""

    def __init__(
        self,
        storage: Storage,
        *,
        max_attempts: int = MAX_ATTEMPTS,
        on_failure: Callable[[StorageError], None] | None = None,
        **segment: Any,
    ) -> None:
        storage.prepare()
        self.storage = storage
        self.never_asked = never_asked(storage)
        self.started_at = now_ms()
        self.sites: dict[str, SiteArchive] = {}
        self.open_attempts: dict[Attempt, None] = {}
        self.outcomes: Counter[tuple[str, str | None, str, str]] = Counter()  # site, channel, kind, outcome
        self.forms: Counter[tuple[str, str, str]] = Counter()  # site, `no_text` or `unreadable`, what the page shows
        self.failures: list[tuple[str, str, str]] = []  # site, address and error where our own code failed
        self.refused: Counter[str] = Counter()  # by site: requests with a row that the schema cannot hold
        self.failure: StorageError | None = None
        self._on_failure = on_failure
        self._random = secrets.token_hex(2)
        self._max_attempts = max_attempts
        self._segment = segment

    def site(self, name: str) -> SiteArchive:
        """Open a site, or the one already open. Raises Locked, StorageError."""
        if name not in self.sites:
            if finish_under_lock(self.storage, name):
                logger.warning("What scrapy forget had begun to take out of %s is taken out now", name)
            self.sites[name] = self._open(name)
        return self.sites[name]

    def _open(self, name: str) -> SiteArchive:
        """The site under its lock, as a run dated after all others of it: none came and went before the lock was had."""
        while True:
            opened = SiteArchive(self.storage, name, self._run_id(name), **self._segment)
            if self._run_id(name) == opened.run_id:
                return opened
            opened.abandon()

    def _run_id(self, name: str) -> str:
        return runs.run_id(self.storage, name, self.started_at, self._random)

    def recorded(self, known: Known, *, rendered: bool = False) -> Recorded | None:
        """The last full response of an address, from the WARC, ``rendered``: as a browser made it; None where there is none
        that can be read."""
        if known.full_file is None or known.full_offset is None:
            return None
        return read_record(
            self.storage, known.full_file, known.full_offset, known.full_url or known.url, rendered=rendered
        )

    def begin(self, attempt: Attempt) -> Attempt:
        """Enter a request. What is known of its address comes with it."""
        attempt.known = self.site(attempt.site).state.get(attempt.doc_id)
        self.open_attempts[attempt] = None
        return attempt

    def failed(self, error: StorageError) -> None:
        """The one place through which every failure to keep rows goes. Raises it where nobody is told."""
        first, self.failure = self.failure is None, self.failure or error
        if self._on_failure is None:
            raise error
        if first:
            self._on_failure(error)

    def settle(self, attempt: Attempt, outcome: str, articles: Iterable[Article] = (), **final: Any) -> None:
        """End a request with its outcome. The first outcome counts; a later one is ignored. Where the schema cannot hold one
        of its rows, the request ends as ``callback_error`` with the reason, and its articles do not land."""
        if attempt.outcome is not None or self.failure is not None:
            return
        try:
            self._settle(attempt, outcome, list(articles), final)
        except StorageError as exc:
            self.failed(exc)

    def _settle(self, attempt: Attempt, outcome: str, articles: list[Article], final: dict[str, Any]) -> None:
        if outcome == "not_found" and (last := self._withdrawal(attempt)) is not None:
            row, elsewhere = last
            articles, final = [row], final | {"revision": row.revision, "text_hash": row.text_hash}
            if elsewhere is not None:
                outcome, final["alias_of"] = "alias", elsewhere
        attempt.outcome = outcome = self._last_try(attempt, outcome)
        self.open_attempts.pop(attempt, None)
        site, told = self.site(attempt.site), outcome == "callback_error"
        try:
            site.add(capture_rows(attempt, outcome, final, now_ms()), articles)
        except Misfit as exc:
            self.refused[attempt.site] += 1
            attempt.outcome = outcome = self._last_try(attempt, "callback_error")
            told, final = True, {"error": str(exc)}
            rows = capture_rows(attempt, outcome, final, now_ms())
            site.add([fitting(row, UNSTAMPED) for row in rows])
        if told and len(self.failures) < NAMED_FAILURES:
            self.failures.append((attempt.site, attempt.url, str(final.get("error") or "")))
        self.outcomes[attempt.site, attempt.channel, attempt.kind, outcome] += 1
        if final.get("form") and outcome in ("landed", "unreadable"):
            self.forms[attempt.site, "no_text" if outcome == "landed" else outcome, final["form"]] += 1

    def _last_try(self, attempt: Attempt, outcome: str) -> str:
        return "given_up" if outcome in RETRIED and self.is_last_try(attempt) else outcome

    def is_last_try(self, attempt: Attempt) -> bool:
        """Whether an address is given up if this attempt fails too."""
        return failed_before(attempt) + 1 >= self._max_attempts

    def _withdrawal(self, attempt: Attempt) -> tuple[Article, str | None] | None:
        """The last row of an article that was missing on enough visits for long enough: `gone`; or `moved`, with the
        doc_id of the article that has its number and title at another address. None where its text stands elsewhere."""
        known = attempt.known
        if known is None or not known.landed or known.gone or not is_withdrawn(known, self.started_at):
            return None
        site = self.site(attempt.site)
        for other in site.state.other_addresses(known.doc_id):
            copy = site.state.get(other)
            if copy is not None and copy.outcome in ("duplicate", "alias") and not copy.missing:
                return None
        row = site.stored(known.doc_id, STORED)
        if row is None:
            return None
        elsewhere = site.same_notice(row)
        status = "moved" if elsewhere else "gone"
        changed = {"revision": row["revision"] + 1, "revision_cause": status, "status": status, "fetched_at": now_ms()}
        return Article(**row | changed), elsewhere

    def commit(self) -> None:
        self._each(SiteArchive.commit)

    def commit_if_due(self) -> None:
        self._each(SiteArchive.commit_if_due)

    def _each(self, step: Callable[[SiteArchive], None]) -> None:
        try:
            for site in self.sites.values() if self.failure is None else ():
                step(site)
        except StorageError as exc:
            self.failed(exc)
