"""The archive as one run sees it: the sites it writes to, and the ledger of its requests."""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

from govcrawl.archive.ledger import MAX_ATTEMPTS, Attempt, capture_rows, failed_before
from govcrawl.archive.schema import RETRIED
from govcrawl.archive.site import SiteArchive
from govcrawl.archive.warc import now_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from govcrawl.archive.storage import Storage
    from govcrawl.items import Article


class Archive:
    """Sites are opened when they are first needed: one for a listing spider, several for a list of addresses."""

    def __init__(self, storage: Storage, *, max_attempts: int = MAX_ATTEMPTS, **segment: Any) -> None:
        storage.prepare()
        self.storage = storage
        self.started_at = now_ms()
        self.sites: dict[str, SiteArchive] = {}
        self.open_attempts: dict[Attempt, None] = {}
        self.outcomes: Counter[tuple[str, str | None, str, str]] = Counter()  # site, channel, kind, outcome
        self.on_settled: Callable[[Attempt], None] = lambda attempt: None
        milliseconds = self.started_at.microsecond // 1000
        self._stamp = f"{self.started_at:%Y%m%dT%H%M%S}{milliseconds:03d}Z-{secrets.token_hex(2)}"
        self._max_attempts = max_attempts
        self._segment = segment

    def site(self, name: str) -> SiteArchive:
        """Open a site, or the one already open. Raises Locked, StorageError."""
        if name not in self.sites:
            self.sites[name] = SiteArchive(self.storage, name, f"{name}-{self._stamp}", **self._segment)
        return self.sites[name]

    def begin(self, attempt: Attempt) -> Attempt:
        """Enter a request. What is known of its address comes with it."""
        attempt.known = self.site(attempt.site).state.get(attempt.doc_id)
        self.open_attempts[attempt] = None
        return attempt

    def settle(self, attempt: Attempt, outcome: str, articles: Iterable[Article] = (), **final: Any) -> None:
        """End a request with its outcome. The first outcome counts; a later one is ignored."""
        if attempt.outcome is not None:
            return
        if outcome in RETRIED and failed_before(attempt) + 1 >= self._max_attempts:
            outcome = "given_up"
        attempt.outcome = outcome
        self.open_attempts.pop(attempt, None)
        self.outcomes[attempt.site, attempt.channel, attempt.kind, outcome] += 1
        self.on_settled(attempt)
        self.site(attempt.site).add(capture_rows(attempt, outcome, final, now_ms()), articles)

    def commit(self) -> None:
        for site in self.sites.values():
            site.commit()

    def commit_if_due(self) -> None:
        for site in self.sites.values():
            site.commit_if_due()
