"""The data dictionary as Markdown, which is a dataset card too. Column texts stand in the schema; what follows from them stands
here."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

from govcrawl.archive.schema import ARTICLES, ATTACHMENT_TEXT, CAPTURES, FORGOTTEN, OUTCOMES, REPRINTS, SETTLED, SINCE

if TYPE_CHECKING:
    import pyarrow as pa

QUALITY: dict[str, str] = {
    "traditional_converted": "published in Traditional characters; title and text are converted, the originals kept",
    "no_publish_date": "the page states no publish date; `published_on` is null and the year comes from other evidence",
    "spam_removed": "links injected into the page were taken out of the text",
    "foreign_host": "a copy on a host that is not the publisher's",
    "word_substitution": "a content-farm copy in which words were replaced (高校 → 高公司, 学生 → 员工)",
    "truncated": "the text ends before its end, or a frame or further page of the article could not be had",
    "attachment_only": "the notice is its attachment; the text says little or nothing",
    "image_only": "the notice is its images, such as a scan, which `attachments` lists; the text says little or nothing",
    "no_text": "no text could be read from the page: title and date are those of its listing, the page is in the WARC, and "
    "`form` in captures tells what it shows; newer rules read it again",
    "short": "fewer than 100 characters",
    "mojibake_repaired": "the bytes were decoded wrongly before they were published, and were repaired",
    "unmapped_characters": "characters that only the page's own font shows are missing in the text",
}

_TYPES = {
    "date32[day]": "date32",
    "timestamp[ms, tz=Asia/Shanghai]": "timestamp[ms, Asia/Shanghai]",
    "timestamp[ms, tz=UTC]": "timestamp[ms, UTC]",
    "list<element: string>": "list<string>",
    "list<item: string>": "list<string>",
}

# What a description of the whole says, here and in Croissant.
NAME = "govcrawl"
ABOUT = (
    "Articles of the education departments of every Chinese province, of the Ministry of Education and of news sites that report "
    "on them: title, text, publish date, source, policy header, province and year, each with the evidence that decided it."
)
RIGHTS = (
    "Texts belong to their authors and publishers, whose addresses each row names; documents of state organs and news of mere facts "
    "are outside copyright in China (Copyright Law, article 5). The licence of govcrawl covers the program and no text."
)
KEYWORDS = ("education", "China", "policy documents", "news", "web archive")
DATASETS: dict[str, tuple[pa.Schema, str]] = {
    "articles": (ARTICLES, "one row per revision of an article"),
    "captures": (CAPTURES, "one row per attempt: crawl log, WARC index and state"),
    "attachment_text": (ATTACHMENT_TEXT, "the text of PDF, Word and Excel attachments"),
    "reprints": (REPRINTS, "which articles carry one notice, and who was first"),
    "forgotten": (FORGOTTEN, "what `scrapy forget` took out, and why; no word of the pages"),
}

# What hubs of datasets read: they find the files of each dataset by it.
_CARD = """\
---
pretty_name: {name}
language:
- zh
license: other
license_name: publishers
tags:
{tags}
configs:
{configs}
---

"""

_HEAD = """\
# Data dictionary

{about}

{rights}

Written by `scrapy dictionary --write data/README.md` from the schema in `govcrawl/archive/schema.py`; do not edit it by
hand. `data/croissant.json`, by `scrapy dictionary --croissant --write data/croissant.json`, says the same to programs
([Croissant](https://docs.mlcommons.org/croissant/) 1.0). Beside
the datasets they tell hubs and programs what the files are.

```
data/
  articles/province=heilongjiang/year=2023/*.parquet   {articles}
  captures/site=heilongjiang/*.parquet                 {captures}
  warc/site=heilongjiang/*.warc.gz                     every response as received (WARC 1.1)
  files/3f/3f9a….pdf                                   attachments, named by their SHA-256
  attachment_text/*.parquet                            {attachment_text}
  reprints/*.parquet                                   {reprints}
  reprints_index/                                      by which reprints are found; derived, scrapy reprints builds it anew
  runs/site=heilongjiang/<run_id>.json                 what a run did, per channel; old ones merged into .jsonl, a run a line
  forgotten/site=heilongjiang/*.parquet                {forgotten}
  versions/3.json                                      the schema versions that have written here, a file each
  state/site=heilongjiang/                             what is known of addresses and files, derived; may be removed
  staging/                                             files before they are renamed into place, and locks
  quarantine/                                          what `scrapy verify --repair` took out because it was broken
```

Files are immutable and appear whole or not at all; read any of the folders at any time. Every file has the complete
schema of the govcrawl that wrote it; `since` says which was the first with a column, and where a file lacks one it reads as
null (DuckDB: `union_by_name=true`). The partition columns are only in the path: `province` is a slug (`heilongjiang`, `shaanxi` 陕西, `shanxi` 山西,
`national` for the whole country, `unknown` where no evidence decides), `year` an integer (0 where unknown), neither is ever
null. The province is whose news it is: a department's site always lands in its own; elsewhere the evidence decides.

Dates: `published_on` is the calendar day in China; it is the same day whatever the time zone of your session. Use
`published_at` only where you need a clock; it is null where the page states none.
"""

_ATTACHMENT_TEXT = """\
Written by `scrapy attachments`; one row for each file and version of the readers. It joins to an article's attachments:

```sql
SELECT a.title, f.name, t.text
FROM read_parquet('data/articles/**/*.parquet', hive_partitioning=true) a, UNNEST(a.attachments) AS u(f)
JOIN read_parquet('data/attachment_text/*.parquet') t ON t.sha256 = f.sha256
```
"""

_REPRINTS = """\
Written by `scrapy reprints`; the newest row of a `doc_id` is true. To count each notice once:

```sql
SELECT count(DISTINCT group_id) FROM (
  SELECT doc_id, arg_max(group_id, grouped_at) AS group_id, arg_max(role, grouped_at) AS role
  FROM read_parquet('data/reprints/*.parquet') GROUP BY doc_id
) WHERE role <> 'forgotten'
```

More recipes (who reprinted, how late, what was changed), and how groups are made: [docs/reprints.md](../docs/reprints.md).
"""

_FORGOTTEN = """\
Written by `scrapy forget`; the newest row of a `doc_id` is true. What is named here is in `articles` and `captures`
no more; take it out of your own copies and exports too:

```sql
SELECT doc_id, arg_max(reason, forgotten_at) AS reason, max(forgotten_at) AS forgotten_at
FROM read_parquet('data/forgotten/**/*.parquet') GROUP BY doc_id
```
"""

_RECIPES = """\
## One row per article

The key is (`doc_id`, `revision`), and within every partition the newest row of a `doc_id` is true: an article that moves to
another partition leaves a `moved` row in the old one, one that its publisher withdraws gets a `gone` row. So these recipes
are right for the whole archive and for any partition alone.

### The latest state

DuckDB:

```sql
SELECT * FROM read_parquet('data/articles/**/*.parquet', hive_partitioning=true)
QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY revision DESC) = 1 AND status = 'live'
```

Polars:

```python
import polars as pl

latest = (
    pl.scan_parquet("data/articles/**/*.parquet", hive_partitioning=True)
    .sort("revision")
    .unique("doc_id", keep="last", maintain_order=True)
    .filter(pl.col("status") == "live")
    .collect()
)
```

### As of a date

What the archive knew at the end of a day (UTC):

```sql
SELECT * FROM read_parquet('data/articles/**/*.parquet', hive_partitioning=true)
WHERE fetched_at < TIMESTAMPTZ '2024-07-01 00:00:00+00'
QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY revision DESC) = 1 AND status = 'live'
```

```python
from datetime import datetime, timezone

import polars as pl

as_of = (
    pl.scan_parquet("data/articles/**/*.parquet", hive_partitioning=True)
    .filter(pl.col("fetched_at") < datetime(2024, 7, 1, tzinfo=timezone.utc))
    .sort("revision")
    .unique("doc_id", keep="last", maintain_order=True)
    .filter(pl.col("status") == "live")
    .collect()
)
```
"""


def render() -> str:
    """data/README.md."""
    parts = [_card(), _head(), "## articles\n", _table("articles", ARTICLES), _RECIPES]
    parts += ["## Quality flags\n", "A flag tells; it never drops a row.\n", _pairs("flag", QUALITY)]
    parts += ["## attachment_text\n", _ATTACHMENT_TEXT, _table("attachment_text", ATTACHMENT_TEXT)]
    parts += ["## reprints\n", _REPRINTS, _table("reprints", REPRINTS)]
    parts += ["## forgotten\n", _FORGOTTEN, _table("forgotten", FORGOTTEN)]
    parts += ["## captures\n", _table("captures", CAPTURES), "### Outcomes\n"]
    settled = {k: v for k, v in OUTCOMES.items() if k in SETTLED}
    retried = {k: v for k, v in OUTCOMES.items() if k not in SETTLED}
    parts += ["Settled; the address is not asked again until it is due:\n", _pairs("outcome", settled)]
    parts += ["Asked again by the next runs, five times at most:\n", _pairs("outcome", retried)]
    return "\n".join(parts)


def _card() -> str:
    first = "\n  default: true"
    configs = [
        f"- config_name: {name}\n  data_files: {name}/**/*.parquet{first if name == 'articles' else ''}"
        for name in DATASETS
    ]
    tags = "\n".join(f"- {word}" for word in KEYWORDS)
    return _CARD.format(name=NAME, tags=tags, configs="\n".join(configs)).rstrip() + "\n"


def _head() -> str:
    meanings = {name: meaning for name, (_, meaning) in DATASETS.items()}
    return _HEAD.format(about=fill(ABOUT, 126), rights=fill(f"Rights: {RIGHTS}", 126), **meanings)


def meaning_of(field: pa.Field) -> str:
    """What a column means."""
    return str((field.metadata or {}).get(b"description", b"").decode())


def _table(dataset: str, schema: pa.Schema) -> str:
    """``since``: the govcrawl that first wrote the column; files of earlier ones lack it, and it reads as null."""
    lines = ["| column | type | since | meaning |", "| --- | --- | --- | --- |"]
    for field in schema:
        meaning = meaning_of(field).replace("|", "\\|")
        since = SINCE.get(f"{dataset}.{field.name}", SINCE[dataset])
        lines.append(f"| `{field.name}` | {_type(field)} | {since} | {meaning} |")
    return "\n".join(lines) + "\n"


def _type(field: pa.Field) -> str:
    text = str(field.type)
    if text.startswith("list<") and "struct<" in text:
        inner = ", ".join(f"{f.name} {f.type}" for f in field.type.value_type)
        text = f"list<struct<{inner}>>"
    return _TYPES.get(text, text) + ("?" if field.nullable else "")


def _pairs(head: str, table: dict[str, str]) -> str:
    rows = "\n".join(f"| `{name}` | {about} |" for name, about in table.items())
    return f"| {head} | meaning |\n| --- | --- |\n{rows}\n"
