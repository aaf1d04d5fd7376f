"""A survey as Prometheus text, for the textfile collector of node_exporter."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from govcrawl.health.survey import SiteHealth


def write(found: Iterable[SiteHealth], now: datetime, path: str) -> None:
    """Write the file, whole or not at all. Raises OSError."""
    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"govcrawl_{name}", about, labels, registry=registry)

    last_run = gauge("site_last_run_timestamp_seconds", "End of the newest crawl of a site.", "site")
    complete = gauge("site_last_complete_timestamp_seconds", "End of the newest complete crawl of a site.", "site")
    newest = gauge("site_newest_article_timestamp_seconds", "Publish date of the newest article of a site.", "site")
    articles = gauge("site_articles", "Articles of a site.", "site")
    waiting = gauge("site_retries_waiting", "Addresses of a site that will be asked again.", "site")
    unread = gauge("site_unread_articles", "Pages of a site that hold no text that could be read.", "site")
    rows = gauge("channel_listed_rows", "Rows that the newest walk of a channel found.", "site", "channel")
    coverage = gauge("field_coverage_ratio", "Share of the newest rows that state a field.", "site", "field")
    alarm = gauge("site_alarm", "1 for each alarm of a site.", "site", "kind", "subject")
    alarms = gauge("site_alarms", "Alarms of a site.", "site")
    proposals = gauge("site_proposals", "Proposals for what has changed on a site.", "site")
    dead = gauge("channel_dead", "1 for each channel of a site that has not been found for 30 days.", "site", "channel")
    gauge("health_timestamp_seconds", "When scrapy health last judged the archive.").set(now.timestamp())
    for one in found:
        for metric, moment in ((last_run, one.last_run), (complete, one.last_complete), (newest, one.newest_article)):
            if moment is not None:
                metric.labels(one.site).set(_seconds(moment))
        articles.labels(one.site).set(one.articles)
        waiting.labels(one.site).set(one.waiting)
        unread.labels(one.site).set(one.unread)
        alarms.labels(one.site).set(len(one.alarms))
        proposals.labels(one.site).set(len(one.proposals))
        for name in one.retire:
            dead.labels(one.site, name).set(1)
        for channel in one.channels:
            rows.labels(one.site, channel["name"]).set(channel["rows"] or 0)
        for name, share in one.coverage.items():
            coverage.labels(one.site, name).set(share)
        for sign in one.alarms:
            alarm.labels(one.site, sign.kind, sign.subject).set(1)
    write_to_textfile(path, registry)


def _seconds(moment: date) -> float:
    if isinstance(moment, datetime):
        return moment.timestamp()
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC).timestamp()
