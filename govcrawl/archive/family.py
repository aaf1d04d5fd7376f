"""What the archive holds of articles that are to be forgotten: their rows, other addresses, parts, attachments,
records and words, and what others hold of the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from govcrawl.addresses import doc_id, host_of
from govcrawl.archive.captures import read_table
from govcrawl.archive.schema import ARTICLES, CAPTURES
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import segment_of
from govcrawl.archive.words import Words
from govcrawl.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from govcrawl.archive.forgotten import Tombstone
    from govcrawl.archive.storage import Storage

_LINKS = ["doc_id", "outcome", "alias_of", "part_of"]
_CAPTURED = ["doc_id", "url", "listed_title", "warc_file", "warc_offset"]
_OF_ARTICLES = ["doc_id", "url", "title", "title_original", "text_hash", "text_length", "run_id", "attachments"]
_OF_OTHERS = ["doc_id", "url", "site", "text_hash", "attachments"]
_LEAST_TEXT = 20  # characters from which on an equal text is the same article
_NEAR = 20_000  # addresses among which the nearest is looked for


class Unknown(LookupError):
    """The archive holds nothing of an address."""


@dataclass(slots=True)
class Family:
    """Articles of one site with all that belongs to them. ``members``: doc_id → kind and doc_id of its article;
    ``landed``: runs of each member's rows of articles; ``files``: path → SHA-256 of attachments that nothing else
    uses, ``shared`` those that stay; ``places``: WARC file and offset of records that captures name; ``outside``:
    recordings elsewhere that rows name; ``copies``: doc_id → site and address of other articles with the same text;
    ``quoting``: doc_id → address of other articles whose text names a title; ``others``: doc_ids of all other
    articles of the site."""

    site: str
    members: dict[str, tuple[str, str]]
    addresses: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    landed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    captures: int = 0
    files: dict[str, str] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    places: set[tuple[str, int]] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)
    quoting: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    @property
    def kinds(self) -> Counter[str]:
        return Counter(kind for kind, _ in self.members.values())

    def words(self) -> Words:
        return Words(self.titles, self.texts, self.addresses, self.members)


def find(storage: Storage, given: str, known: Mapping[str, Tombstone]) -> dict[str, str]:
    """The site, or sites, that have asked for an address (or a doc_id), and its doc_id; those of ``known`` tombstones
    too. Raises Unknown, StorageError."""
    key = given if _is_key(given) else doc_id(given)
    if key in known:
        return {known[key].site: key}
    found: dict[str, str] = {}
    kinds: set[str] = set()
    near: dict[str, None] = {}
    for name in captures_files(storage).sizes:
        table = read_table(storage, name, CAPTURES, ["doc_id", "url", "kind"])
        same = table.filter(pc.equal(table["doc_id"], key))
        if len(same):
            kinds.update(same["kind"].to_pylist())
            found[name.split("/")[1].removeprefix("site=")] = key
        elif not found and len(near) < _NEAR and (host := host_of(given)):
            urls = table["url"].filter(pc.match_substring(table["url"], host))
            near |= dict.fromkeys(pc.unique(urls).to_pylist())
    if not found:
        msg = f"the archive holds nothing of {given}{nearest(given, near)}"
        raise Unknown(msg)
    if "article" not in kinds:
        what = ", ".join(sorted(kinds))
        msg = f"{given} is no article's address ({what}); give that of the article which is to be forgotten"
        raise Unknown(msg)
    return found


def _is_key(given: str) -> bool:
    return len(given) == 32 and all(c in "0123456789abcdef" for c in given)


def family(storage: Storage, site: str, given: Iterable[str], going: Collection[str] = ()) -> Family:
    """Articles of a site by their doc_ids, or those of other addresses that lead to them, with all that belongs to
    them. ``going``: articles, of other sites too, that are forgotten with them. Raises StorageError."""
    held = _Held(storage, site)
    members: dict[str, tuple[str, str]] = {}
    for key in given:
        article = held.article_of(key)
        for doc, kind in held.belonging(article).items():
            members.setdefault(doc, (kind, article))
    return _with_copies(storage, _described(held, members | _attachments(held, members, going)))


def known(storage: Storage, site: str, members: Mapping[str, tuple[str, str]]) -> Family:
    """The same for a family that is known, such as from its tombstones."""
    return _with_copies(storage, _described(_Held(storage, site), dict(members)))


class _Held:
    """The rows of one site."""

    def __init__(self, storage: Storage, site: str) -> None:
        self.storage = storage
        self.site = site
        self.captures = _table(storage, captures_of(storage, site), CAPTURES, _LINKS)
        self.articles = _table(storage, articles_of(storage, site), ARTICLES, _OF_ARTICLES)
        self.landed = set(pc.unique(self.articles["doc_id"]).to_pylist())

    @cached_property
    def _aliases(self) -> dict[str, tuple[str, str]]:
        """doc_id → where it leads to or what it repeats, by its newest row, and how."""
        numbered = self.captures.append_column("row", pa.array(range(len(self.captures)), pa.int64()))
        newest = numbered.group_by("doc_id").aggregate([("row", "max")])["row_max"]
        table = self.captures.take(newest)
        table = table.filter(pc.is_valid(table["alias_of"]))
        kinds = ["duplicate" if o == "duplicate" else "alias" for o in table["outcome"].to_pylist()]
        return dict(
            zip(table["doc_id"].to_pylist(), zip(table["alias_of"].to_pylist(), kinds, strict=True), strict=True)
        )

    def article_of(self, key: str) -> str:
        """The article that an address leads to; itself, where none has landed there."""
        end, seen = key, {key}
        while (following := self._aliases.get(end)) is not None and following[0] not in seen:
            end = following[0]
            seen.add(end)
        return end if end in self.landed else key

    def belonging(self, article: str) -> dict[str, str]:
        """An article, the addresses that lead to it or repeat it, and their parts, each with its kind."""
        into: dict[str, dict[str, str]] = defaultdict(dict)
        for doc, (target, kind) in self._aliases.items():
            into[target][doc] = kind
        found, waiting = {article: "article"}, [article]
        while waiting:
            for doc, kind in into[waiting.pop()].items():
                if doc not in found:
                    found[doc] = kind
                    waiting.append(doc)
        table = self.captures.filter(pc.is_in(self.captures["part_of"], pa.array(list(found), pa.string())))
        inside = set(table["doc_id"].to_pylist()) - found.keys() - self.landed
        rows = self.captures.filter(pc.is_in(self.captures["doc_id"], pa.array(list(inside), pa.string())))
        for row in rows.select(["doc_id", "part_of"]).to_pylist():
            if row["part_of"] not in found:
                inside.discard(row["doc_id"])  # it is another article's part, too
        return found | dict.fromkeys(inside, "part")


def _described(held: _Held, members: dict[str, tuple[str, str]]) -> Family:
    found = Family(held.site, members)
    docs = pa.array(list(members), pa.string())
    for name in captures_of(held.storage, held.site):
        table = read_table(held.storage, name, CAPTURES, _CAPTURED)
        for row in table.filter(pc.is_in(table["doc_id"], docs)).to_pylist():
            found.captures += 1
            found.addresses.add(row["url"])
            if row["listed_title"]:
                found.titles.add(row["listed_title"])
            _place(found, row)
    own = pc.is_in(held.articles["doc_id"], docs)
    for row in held.articles.filter(own).to_pylist():
        found.landed[row["doc_id"]].append(row["run_id"])
        found.addresses.add(row["url"])
        found.titles.update(t for t in (row["title"], row["title_original"]) if t)
        for file in row["attachments"] or ():
            if file["path"] and file["sha256"]:
                found.files[file["path"]] = file["sha256"]
    found.others = held.landed - members.keys()
    # A title that another article has too names neither of them.
    shared = held.articles["title"].filter(pc.invert(own))
    found.titles -= set(shared.filter(pc.is_in(shared, pa.array(list(found.titles), pa.string()))).to_pylist())
    _read_texts(held, found)
    return found


def _place(found: Family, row: Mapping[str, Any]) -> None:
    if row["warc_file"] is None or row["warc_offset"] is None:
        return
    if row["warc_file"].startswith("warc/"):
        found.places.add((row["warc_file"], row["warc_offset"]))
    else:
        found.outside.add(row["warc_file"])


def _read_texts(held: _Held, found: Family) -> None:
    """The bodies, and which other articles of the site name a title in theirs."""
    docs = pa.array(list(found.members), pa.string())
    titles = found.words().titles
    for name in articles_of(held.storage, held.site):
        table = read_table(held.storage, name, ARTICLES, ["doc_id", "url", "text", "text_original"])
        own = pc.is_in(table["doc_id"], docs)
        for row in table.filter(own).to_pylist():
            found.texts.update(t for t in (row["text"], row["text_original"]) if t)
        others = table.filter(pc.invert(own))
        for title in titles:
            naming = others.filter(pc.fill_null(pc.match_substring(others["text"], title), fill_value=False))
            found.quoting |= dict(zip(naming["doc_id"].to_pylist(), naming["url"].to_pylist(), strict=True))


def _with_copies(storage: Storage, found: Family) -> Family:
    """Whether other articles, of any site, have the same text or use the attachments."""
    docs = pa.array(list(found.members), pa.string())
    hashes: set[str] = set()
    tables = []
    for name in storage.files("articles", ".parquet"):
        table = read_table(storage, name, ARTICLES, [*_OF_OTHERS, "text_length"])
        own = pc.is_in(table["doc_id"], docs)
        long = pc.greater_equal(table["text_length"], _LEAST_TEXT)
        hashes.update(table["text_hash"].filter(pc.and_(own, long)).to_pylist())
        tables.append(table.filter(pc.invert(own)).select(_OF_OTHERS if found.files else _OF_OTHERS[:-1]))
    for table in tables:
        same = table.filter(pc.is_in(table["text_hash"], pa.array(list(hashes), pa.string())))
        found.copies |= {row["doc_id"]: (row["site"], row["url"]) for row in same.to_pylist()}
        for used in _used(table) if found.files else ():
            if found.files.pop(used, None) is not None:
                found.shared.add(used)
    return found


def _used(table: pa.Table) -> Iterator[str]:
    paths = pc.struct_field(pc.list_flatten(table["attachments"]), "path")
    return (path for path in pc.unique(paths).to_pylist() if path)


def _attachments(
    held: _Held, members: Mapping[str, tuple[str, str]], going: Collection[str]
) -> dict[str, tuple[str, str]]:
    """The addresses of attachments that were asked for, and that no other article links, as further members."""
    own = held.articles.filter(pc.is_in(held.articles["doc_id"], pa.array(list(members), pa.string()))).to_pylist()
    mine = {f["url"]: ("attachment", members[row["doc_id"]][1]) for row in own for f in row["attachments"] or ()}
    if not mine:
        return {}
    docs = pa.array([*members, *going], pa.string())
    for name in held.storage.files("articles", ".parquet"):
        table = read_table(held.storage, name, ARTICLES, ["doc_id", "attachments"])
        lists = table.filter(pc.invert(pc.is_in(table["doc_id"], docs)))["attachments"]
        for url in pc.unique(pc.struct_field(pc.list_flatten(lists), "url")).to_pylist():
            mine.pop(url, None)
    asked = set(held.captures["doc_id"].to_pylist())
    found = {doc_id(url): told for url, told in mine.items()}
    return {key: told for key, told in found.items() if key in asked and key not in members}


def captures_of(storage: Storage, site: str) -> list[str]:
    """A site's files of captures in the order in which they were written."""
    return list(captures_files(storage, site).sizes)


def articles_of(storage: Storage, site: str) -> list[str]:
    """A site's files of articles."""
    return [n for n in storage.files("articles", ".parquet") if (s := segment_of(n)) and s[0] == site]


def _table(storage: Storage, names: list[str], schema: pa.Schema, columns: list[str]) -> pa.Table:
    tables = [read_table(storage, name, schema, columns).select(columns) for name in names]
    return pa.concat_tables(tables) if tables else pa.schema([schema.field(c) for c in columns]).empty_table()
