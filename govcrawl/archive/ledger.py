"""The ledger of a run: every request is entered, and ends in exactly one outcome and one row of captures (a redirect
or a retry before it leaves a row of its own). No outcome is written before the last one of its request is known, so a
kill never leaves an address settled whose article is not in the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from govcrawl.addresses import doc_id
from govcrawl.archive import listed
from govcrawl.archive.schema import RETRIED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from govcrawl.archive.captures import Known

MAX_ATTEMPTS = 5


# What a row does not hold that leads to a forgotten article: its listing's words are those of the article.
_WORDLESS = dict.fromkeys(("listed_title", "listed_on", "listed", "error"))


@dataclass(slots=True)
class Hop:
    """One response, or one failure to get one."""

    url: str
    fetched_at: datetime
    status: int | None = None
    error: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    payload_digest: str | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    full_file: str | None = None
    full_offset: int | None = None
    bytes: int | None = None
    location: str | None = None
    tls: str | None = None
    truncated: bool | None = None


@dataclass(slots=True, eq=False)
class Attempt:
    """One request: what was asked and why, what came, and in the end its outcome. ``keeps``: the outcome is the asked
    address's own although a redirect led elsewhere (the article has moved, or its address now leads to a front page). ``part_of``: doc_id of the article
    whose part this is. ``whole``: asked without conditions, since the page is to be read again."""

    site: str
    url: str
    kind: str
    method: str = "GET"
    body: bytes = b""
    channel: str | None = None
    listed_title: str | None = None
    listed_on: date | None = None
    known: Known | None = None
    fields: Mapping[str, Any] | None = None
    hops: list[Hop] = field(default_factory=list)
    outcome: str | None = None
    keeps: bool = False
    part_of: str | None = None
    whole: bool = False

    @property
    def doc_id(self) -> str:
        return doc_id(self.url, self.method, self.body)

    @property
    def last(self) -> Hop | None:
        return self.hops[-1] if self.hops else None


def outcome_of_status(status: int) -> str:
    """What a status other than success says of an attempt. 412 and 521 are how the shields of Chinese hosts
    (瑞数, 加速乐) ask for a browser; 403 comes from the same shields and from address filters."""
    if status in (404, 410):
        return "not_found"
    if status in (408, 425, 429):
        return "throttled"
    if status in (401, 403, 412, 521):
        return "challenge"
    if status == 304:
        return "unchanged"
    if 300 <= status < 400:
        return "not_article"
    return "not_found" if 400 <= status < 500 else "server_error"  # what is no status of HTTP says nothing of the page


def capture_rows(attempt: Attempt, outcome: str, final: Mapping[str, Any], when: datetime) -> list[dict[str, Any]]:
    """The rows of captures for a finished attempt, one for each hop; ``final`` holds further columns of the row that gets
    the outcome. That is the last one, where a redirect led to another document, whose other name the first address then
    is; and the first one where the attempt keeps its own document. ``when`` dates an attempt that never got a hop."""
    hops = attempt.hops or [Hop(attempt.url, when)]
    ended = {k: v for k, v in final.items() if v is not None} | {"outcome": outcome}
    if outcome in RETRIED or outcome == "given_up":
        ended["attempts"] = failed_before(attempt) + 1
    rows = []
    for hop, following in zip(hops, [*hops[1:], None], strict=True):
        row = _row(attempt, hop)
        if attempt.keeps and len(hops) > 1:
            led_on = outcome in ("landed", "unchanged", "duplicate")
            other = {"outcome": "alias", "alias_of": attempt.doc_id} if led_on else {"outcome": "not_article"}
            row |= ended if hop is hops[0] else other
        elif following is None:
            row |= ended
            if row.get("alias_of") == row["doc_id"]:
                # The address that another one led to: it was met again and is what it was.
                row |= {"outcome": "unchanged", "alias_of": None}
        elif hop.location:
            row |= {"outcome": "alias", "alias_of": doc_id(following.url)}
        else:
            row["outcome"] = outcome_of_status(hop.status) if hop.status else "network"
        rows.append(row | _WORDLESS if outcome == "forgotten" else row)
    return rows


def _row(attempt: Attempt, hop: Hop) -> dict[str, Any]:
    asked = hop.url == attempt.url
    method, body = (attempt.method, attempt.body) if asked else ("GET", b"")
    return {
        "url": hop.url,
        "doc_id": doc_id(hop.url, method, body),
        "method": method,
        "kind": attempt.kind,
        "channel": attempt.channel,
        "listed_title": attempt.listed_title,
        "listed_on": attempt.listed_on,
        "status": hop.status,
        "error": hop.error,
        "attempts": 1,
        "etag": hop.etag,
        "last_modified": hop.last_modified,
        "payload_digest": hop.payload_digest,
        "warc_file": hop.warc_file,
        "warc_offset": hop.warc_offset,
        "bytes": hop.bytes,
        "tls": hop.tls,
        "truncated": hop.truncated,
        "fetched_at": hop.fetched_at,
        "part_of": attempt.part_of,
        "listed": listed.dumps(attempt.fields) if asked and attempt.fields else None,
    }


def failed_before(attempt: Attempt) -> int:
    """Failures in a row before this attempt, over the runs."""
    known = attempt.known
    return known.attempts if known is not None and known.outcome in RETRIED else 0
