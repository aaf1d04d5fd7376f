"""The Arrow schemas, complete in every file from the first on. Descriptions travel with the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "3"  # 2 added columns; of 3, captures files may be merged

CHINA_MS = pa.timestamp("ms", tz="Asia/Shanghai")
UTC_MS = pa.timestamp("ms", tz="UTC")
# "element" is what Parquet calls a list's values, so that a schema read back equals this one.
STRINGS = pa.list_(pa.field("element", pa.string()))
_FILE = {
    "url": "string",
    "name": "string",
    "media_type": "string",
    "sha256": "string",
    "bytes": "int64",
    "path": "string",
}
ATTACHMENTS = pa.list_(pa.field("element", pa.struct([pa.field(n, pa.type_for_alias(t)) for n, t in _FILE.items()])))
IMAGES = pa.list_(pa.field("element", pa.struct([pa.field("url", pa.string()), pa.field("alt", pa.string())])))


def _schema(*columns: tuple[str, Any, bool, str]) -> pa.Schema:
    fields = [pa.field(n, t, nullable=null, metadata={"description": about}) for n, t, null, about in columns]
    return pa.schema(fields, metadata={"schema_version": VERSION})


def version_of(metadata: Mapping[bytes, bytes] | None) -> int | None:
    """The schema version that a Parquet file's metadata states; files of versions 1 and 2 call it ``govcrawl``. None where
    it is none of ours."""
    said = metadata or {}
    stated = said.get(b"schema_version") or said.get(b"govcrawl")
    return int(stated) if stated is not None and stated.isdigit() else None


ARTICLES = _schema(
    ("doc_id", pa.string(), False, "key: first 32 hex of SHA-256 of the canonical URL without its scheme"),
    ("revision", pa.int32(), False, "1, 2, … within a doc_id; (doc_id, revision) is unique"),
    ("revision_cause", pa.string(), False, "`first` `edited` `reextracted` `moved` `gone` `returned`"),
    ("status", pa.string(), False, "`live`, `moved` (now in another partition) or `gone` (withdrawn by the publisher)"),
    ("url", pa.string(), False, "the address fetched, after redirects"),
    ("site", pa.string(), False, "slug of the site: `heilongjiang`, `gmw`, or a host"),
    ("site_name", pa.string(), True, "its name: 黑龙江省教育厅"),
    ("site_kind", pa.string(), False, "`department` `ministry` `news` `other`"),
    ("channel", pa.string(), True, "the column (栏目) it was listed in"),
    ("title", pa.string(), True, "the headline in Simplified characters, without site suffixes"),
    ("title_original", pa.string(), True, "the headline as published, where that was in Traditional characters"),
    ("text", pa.string(), True, "the body in Simplified characters; paragraphs joined by \\n, table cells by tabs"),
    ("text_original", pa.string(), True, "the body as published, where that was in Traditional characters"),
    ("script", pa.string(), False, "`hans` or `hant`: the characters the page was published in"),
    ("published_on", pa.date32(), True, "the calendar date in China that the page states as its publish date"),
    ("published_at", CHINA_MS, True, "the publish time, only where the page states a clock"),
    ("published_precision", pa.string(), True, "`second` `minute` `day`"),
    ("published_from", pa.string(), True, "the evidence: `meta` `label` `url` `listing` `signature`"),
    ("source", pa.string(), True, "来源, as credited"),
    ("author", STRINGS, False, "作者 / 记者; empty where none is stated"),
    ("editor", STRINGS, False, "责任编辑; empty where none is stated"),
    ("issuer", pa.string(), True, "发文机关, the body that issued a policy document"),
    ("doc_number", pa.string(), True, "发文字号: 教思政厅函〔2024〕10号"),
    ("index_number", pa.string(), True, "索引号"),
    ("written_on", pa.date32(), True, "成文日期"),
    ("subject", pa.string(), True, "主题分类"),
    ("validity", pa.string(), True, "有效性, as stated"),
    ("province_name", pa.string(), False, "黑龙江省; 全国 for `national`, 未知 for `unknown`"),
    ("province_code", pa.string(), True, "GB/T 2260 code: 230000"),
    ("province_from", pa.string(), False, "the evidence that decided the province"),
    (
        "year_from",
        pa.string(),
        False,
        "the evidence that decided the year: `published` `title` `event` `listing` `none`",
    ),
    ("keywords", STRINGS, False, "the page's own keywords"),
    (
        "attachments",
        ATTACHMENTS,
        False,
        "documents that the body links, shows or opens, and scanned pages; sha256, bytes and path where fetched",
    ),
    ("images", IMAGES, False, "images of the body"),
    ("quality", STRINGS, False, "flags, listed below"),
    ("text_hash", pa.string(), False, "SHA-256 of the normalised text (NFKC, no whitespace)"),
    ("text_length", pa.int32(), False, "characters of `text`"),
    ("extractor", pa.string(), False, "name and version of the rules that read the page"),
    ("warc_file", pa.string(), True, "where the full response lies, relative to the data folder, never a revisit"),
    ("warc_offset", pa.int64(), True, "byte offset of its record in that file"),
    ("payload_digest", pa.string(), True, "sha1:… of the payload as received (WARC-Payload-Digest)"),
    ("fetched_at", UTC_MS, False, "when the response came"),
    ("run_id", pa.string(), False, "the run that landed the row; its run file is below runs/site=…/"),
    ("seq", pa.int32(), False, "the segment of that run; files of one (run_id, seq) were committed together"),
)

CAPTURES = _schema(
    ("url", pa.string(), False, "what was asked"),
    ("doc_id", pa.string(), False, "its key, as in articles"),
    ("method", pa.string(), False, "GET or POST"),
    (
        "kind",
        pa.string(),
        False,
        "`listing` `article` `part` (a frame or further page) `image` `script` (asked in a browser, or asked for by a page and not had) `example` (for a proposal) `attachment` `robots`",
    ),
    ("channel", pa.string(), True, "the column it belongs to"),
    ("listed_title", pa.string(), True, "the title in the listing"),
    ("listed_on", pa.date32(), True, "the date in the listing"),
    ("status", pa.int32(), True, "HTTP status; null where no response came"),
    ("outcome", pa.string(), False, "how the attempt ended, listed below"),
    ("alias_of", pa.string(), True, "doc_id of the article that this address leads to or repeats"),
    ("error", pa.string(), True, "what went wrong"),
    ("attempts", pa.int32(), False, "failed attempts in a row, this one included; 1 for a success"),
    ("etag", pa.string(), True, "for conditional requests"),
    ("last_modified", pa.string(), True, "for conditional requests"),
    ("payload_digest", pa.string(), True, "sha1:… of the payload as received"),
    ("text_hash", pa.string(), True, "of the article's text, for change detection; SHA-256 of an attachment's bytes"),
    ("revision", pa.int32(), True, "the article's revision after this attempt"),
    ("warc_file", pa.string(), True, "where the response (or revisit) record lies, relative to the data folder"),
    ("warc_offset", pa.int64(), True, "byte offset of the record"),
    ("bytes", pa.int64(), True, "payload bytes as received"),
    ("tls", pa.string(), True, "the TLS version spoken, `TLSv1.2`; null for http"),
    ("truncated", pa.bool_(), True, "true where the body ended before its Content-Length"),
    ("fetched_at", UTC_MS, False, "when the response came or the attempt failed"),
    ("run_id", pa.string(), False, "the run"),
    ("seq", pa.int32(), False, "the segment of that run"),
    ("form", pa.string(), True, "what the page shows where no text could be read: `script` `frame` `video` `list` …"),
    (
        "extractor",
        pa.string(),
        True,
        "the rules that could not read it, or that read it again; newer ones read it from the WARC",
    ),
    ("part_of", pa.string(), True, "doc_id of the article that a part or an image belongs to"),
    ("listed", pa.string(), True, "JSON: what the listing stated of the article beside title and date"),
)
# Columns that files of version 1 lack; they read as null.
ADDED = frozenset({"tls", "truncated", "form", "extractor", "part_of", "listed"})
# The govcrawl that first wrote a dataset, or a column of it that was not there from the dataset's first day.
SINCE = {
    "articles": "0.1.0",
    "captures": "0.1.0",
    "attachment_text": "0.1.0",
    "reprints": "0.2.0",
    "forgotten": "0.3.0",
    **{f"captures.{name}": "0.2.0" for name in ADDED},
}

# Columns of articles that stand in the path alone.
PARTITIONS = {
    "province": "slug of the province: `heilongjiang`, `national`, `unknown`",
    "year": "the year of publication; 0 where none is known",
}

# The dataset reprints/: one row whenever an article's place in its group changed.
REPRINTS = _schema(
    ("doc_id", pa.string(), False, "the article; its newest row (by grouped_at) is true"),
    ("revision", pa.int32(), False, "the revision of the article that was compared"),
    ("group_id", pa.string(), False, "the same for all articles that carry one notice; an article alone has its own"),
    ("role", pa.string(), False, "`origin` `reprint` `excerpt` `digest`, or `forgotten`: taken out of the archive"),
    ("origin_doc_id", pa.string(), False, "the article that the group's others repeat; its own doc_id for an origin"),
    ("origin_from", pa.string(), False, "the evidence: `only` `credited` `earliest` `site_kind` `none`"),
    ("similarity", pa.float32(), False, "Jaccard similarity of the 3-grams of its text and the origin's"),
    ("containment", pa.float32(), False, "share of the 3-grams of its text that the origin's has"),
    ("delay_hours", pa.float64(), True, "hours after the origin; whole days where either page states no clock"),
    ("also", STRINGS, False, "doc_ids of other notices that a digest contains; their groups stay apart"),
    ("merged_from", pa.string(), True, "the group_id it had before its group and this one became one"),
    ("grouped_at", UTC_MS, False, "when the row was made"),
    ("run_id", pa.string(), False, "the run of scrapy reprints"),
)

# The dataset forgotten/: one row for each address that scrapy forget took out. It never holds words of a page.
FORGOTTEN = _schema(
    ("doc_id", pa.string(), False, "what is in the archive no more and is never asked for again"),
    (
        "kind",
        pa.string(),
        False,
        "`article` `alias` `duplicate` (addresses that led to it) `part` `script` `attachment`",
    ),
    ("article", pa.string(), False, "doc_id of the forgotten article that it belongs to; its own for an article"),
    ("reason", pa.string(), False, "why, as the operator gave it"),
    ("landed", STRINGS, False, "the runs that had landed its rows of articles, once for each row that was removed"),
    ("forgotten_at", UTC_MS, False, "when"),
    ("run_id", pa.string(), False, "the run of scrapy forget; its run file says that the removal is complete"),
)

# The dataset attachment_text/: one row for each file and reader.
ATTACHMENT_TEXT = _schema(
    ("sha256", pa.string(), False, "the file: `sha256` of an entry in articles.attachments, and its name below files/"),
    (
        "media_type",
        pa.string(),
        True,
        "what its bytes are, whatever its name says; null where they tell nothing",
    ),
    ("text", pa.string(), True, "its text, lines as on the page, table cells by tabs; null: see error"),
    ("text_length", pa.int32(), False, "characters of text; 0 for a PDF of scanned pages"),
    ("extractor", pa.string(), False, "version of the readers, and which of them read it"),
    ("error", pa.string(), True, "why there is no text, or what is missing from it"),
    ("extracted_at", UTC_MS, False, "when it was read"),
    ("run_id", pa.string(), False, "the run of scrapy attachments"),
)

AGAIN = "reread"
LANDING = ("landed", AGAIN)  # outcomes whose `revision` is a row of their own run
# Outcomes of an attempt. A settled address is not asked again; the others are retried at the next start, a few times.
SETTLED = frozenset(
    {
        *("landed", "unchanged", "alias", "duplicate", "not_article", "unreadable", "not_found", "robots", "given_up"),
        AGAIN,
        "forgotten",
    }
)
# Kinds of pages that are fetched beside the articles: they say nothing of an article at the same address.
BESIDE = frozenset({"part", "image", "example"})
RETRIED = frozenset({"network", "server_error", "throttled", "challenge", "callback_error"})
OUTCOMES: dict[str, str] = {
    "landed": "a new article or revision; for a listing: rows were read",
    "unchanged": "visited again, nothing changed",
    "alias": "leads to another address (redirect), see alias_of",
    "duplicate": "same title, text, date and attachments as another article of the site, see alias_of",
    "not_article": "positively something else, which `error` names: a list, a video, an error text, a front page",
    "unreadable": "no listing names it and no text could be read, see `form`; newer rules read it again from the WARC",
    AGAIN: "read again from the WARC by the rules that `extractor` names: nothing was asked, and no visit is counted",
    "not_found": "404 or 410; asked again after 30 days",
    "robots": "forbidden by robots.txt",
    "given_up": "failed too often in a row",
    "forgotten": "leads to an article that `scrapy forget` took out, see alias_of; it was not asked for",
    "network": "no response: connection, DNS, timeout, or not in the recording that is replayed",
    "server_error": "5xx or an empty page",
    "throttled": "429 or 408",
    "challenge": "a shield asked for a browser",
    "callback_error": "our own code failed on it, or no column holds what it says; the page is in the WARC",
}


def without(schema: pa.Schema, names: list[str]) -> pa.Schema:
    """A schema without these columns."""
    return pa.schema([field for field in schema if field.name not in names], metadata=schema.metadata)


def with_nulls(batch: pa.RecordBatch, names: list[str], schema: pa.Schema | None) -> pa.RecordBatch:
    """A batch with these columns of the schema added, null in every row."""
    for name in names if schema is not None else ():
        assert schema is not None
        batch = batch.append_column(schema.field(name), pa.nulls(batch.num_rows, schema.field(name).type))
    return batch
