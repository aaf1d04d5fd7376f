"""The questions that the overview answers, each a query of DuckDB that a reader can run again.

``latest`` is the present state of the archive: the newest row of each article that is still published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import fs

from govcrawl.archive.schema import ARTICLES, CAPTURES, REPRINTS
from govcrawl.archive.segments import captures_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow.dataset as ds

    from govcrawl.archive.storage import Storage

MEMORY = "600MB"
# How a reader makes the three tables that the queries ask; `data` is the archive's folder.
PREPARED = """\
CREATE VIEW articles AS SELECT * FROM read_parquet('data/articles/**/*.parquet', hive_partitioning=true, union_by_name=true);
CREATE VIEW captures AS SELECT * FROM read_parquet('data/captures/**/*.parquet', hive_partitioning=true, union_by_name=true);
CREATE VIEW reprints AS SELECT * FROM read_parquet('data/reprints/*.parquet');  -- where scrapy reprints has run
CREATE TABLE latest AS SELECT doc_id, revision, revision_cause, status, site, site_kind, province, year, published_on,
  published_at, source, author, editor, doc_number, attachments, quality, fetched_at, title FROM articles
  QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY revision DESC) = 1 AND status = 'live';"""
_LATEST = PREPARED[PREPARED.index("CREATE TABLE latest") :]

_NONE = pa.schema([])
QUERIES: dict[str, str] = {
    "totals": """\
SELECT count(*) AS articles, count(DISTINCT site) AS sites, count(DISTINCT province) AS provinces,
       min(published_on) AS oldest, max(published_on) AS newest FROM latest""",
    "years": """\
SELECT province, year, count(*) AS articles FROM latest GROUP BY ALL ORDER BY ALL""",
    "days": """\
SELECT published_on AS day, count(*) AS articles FROM latest
WHERE published_on > (SELECT max(published_on) FROM latest WHERE published_on <= current_date) - INTERVAL 365 DAY
  AND published_on <= current_date
GROUP BY ALL ORDER BY ALL""",
    "coverage": """\
SELECT date_trunc('month', published_on) AS month, count(*) AS articles,
       count(source) / count(*) AS source, count(*) FILTER (len(author) > 0) / count(*) AS author,
       count(*) FILTER (len(editor) > 0) / count(*) AS editor, count(published_at) / count(*) AS published_at,
       count(doc_number) / count(*) AS doc_number, count(*) FILTER (len(attachments) > 0) / count(*) AS attachments
FROM latest WHERE published_on <= current_date GROUP BY ALL ORDER BY month DESC LIMIT 24""",
    "unread": """\
SELECT coalesce(form, 'unknown') AS form, count(DISTINCT doc_id) AS pages FROM captures
WHERE kind = 'article' AND form IS NOT NULL GROUP BY ALL ORDER BY pages DESC""",
    "failed": """\
SELECT site, outcome, count(*) AS addresses, any_value(error) AS example FROM
  (SELECT * FROM captures WHERE outcome <> 'reread' QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY run_id DESC, seq DESC) = 1)
WHERE outcome IN ('network', 'server_error', 'throttled', 'challenge', 'callback_error', 'given_up')
GROUP BY ALL ORDER BY addresses DESC, site LIMIT 40""",
    "changes": """\
SELECT date_trunc('month', make_timestamp(epoch_us(fetched_at))) AS month, revision_cause AS cause, count(*) AS rows FROM articles
WHERE revision_cause <> 'first' GROUP BY ALL ORDER BY month DESC, cause LIMIT 60""",
    "reprinted": """\
SELECT origin.title, origin.site, origin.published_on AS day, count(*) AS copies
FROM (SELECT * FROM reprints QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY grouped_at DESC) = 1) AS place
JOIN latest AS origin ON origin.doc_id = place.origin_doc_id
WHERE place.role IN ('reprint', 'excerpt', 'digest') GROUP BY ALL ORDER BY copies DESC, day DESC, title LIMIT 20""",
    "carriers": """\
SELECT origin.province, copy.site AS outlet, count(*) AS copies
FROM (SELECT * FROM reprints QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY grouped_at DESC) = 1) AS place
JOIN latest AS copy ON copy.doc_id = place.doc_id JOIN latest AS origin ON origin.doc_id = place.origin_doc_id
WHERE place.role IN ('reprint', 'excerpt', 'digest') GROUP BY ALL ORDER BY copies DESC, province, outlet LIMIT 40""",
    "flags": """\
SELECT flag, count(*) AS articles FROM (SELECT unnest(quality) AS flag FROM latest) GROUP BY ALL ORDER BY articles DESC, flag""",
}


class Answers:
    """The archive's tables in DuckDB; each answer is a list of rows by column name."""

    def __init__(self, storage: Storage) -> None:
        import duckdb

        self._connection = duckdb.connect(config={"memory_limit": MEMORY})
        partitions = pa.schema([("province", pa.string()), ("year", pa.int32())])
        self._connection.register("reprints", dataset(storage, "reprints", REPRINTS))
        sites = pa.schema([("site", pa.string())])
        self._connection.register("articles", dataset(storage, "articles", ARTICLES, partitions))
        self._connection.register(
            "captures", dataset(storage, "captures", CAPTURES, sites, captures_files(storage).sizes)
        )
        self._connection.execute(_LATEST)

    def of(self, name: str) -> list[dict[str, Any]]:
        found = self._connection.execute(QUERIES[name])
        columns = [column[0] for column in found.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def dataset(
    storage: Storage, folder: str, schema: pa.Schema, partitions: pa.Schema = _NONE, files: Iterable[str] | None = None
) -> ds.Dataset:
    """A dataset of the archive by its present schema: what older files lack is null. Of these ``files``, or all. Empty where
    there is no file."""
    import pyarrow.dataset as ds  # brings pandas where that is installed, and every command would wait for it

    selector: Any = fs.FileSelector(storage.path(folder), recursive=True, allow_not_found=True)
    if files is not None:
        selector = [storage.path(name) for name in files]
    kind = ds.partitioning(partitions, flavor="hive")
    options = ds.FileSystemFactoryOptions(partition_base_dir=storage.path(folder), partitioning=kind)
    return ds.FileSystemDatasetFactory(storage.fs, selector, ds.ParquetFileFormat(), options).finish(
        pa.unify_schemas([schema, partitions])
    )
