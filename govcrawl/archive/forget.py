"""Articles taken out of the archive with every word of theirs, so that a kill at any moment leaves the old state, or
one that whoever opens the site next brings to the new one.

Order of the steps. ``begin`` writes the tombstones: before they are there nothing has changed, and from then on the
removal is decided. Then what needs the words to be found: WARC, run files; then attachments; then captures; and last
the rows of articles, which hold the words. The run file says that all is done: tombstones without one are
``unfinished``, and ``finish`` makes all steps again. Files keep their names and are replaced whole, so that readers
see the old one or the new one, and each step can be made again."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from fastwarc.warc import WarcRecordType
from pyarrow import fs

from govcrawl.addresses import doc_id
from govcrawl.archive import forgotten, runs
from govcrawl.archive.captures import read_table
from govcrawl.archive.compact import maintenance_report, new_run_id
from govcrawl.archive.erase import Erasure, members, moves, response_of, rewrite
from govcrawl.archive.family import Family, articles_of, known
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ARTICLES, ATTACHMENT_TEXT, CAPTURES
from govcrawl.archive.segments import MERGED, REPAIRED, metadata_of
from govcrawl.archive.site import encode, owner_of_staged, segment
from govcrawl.archive.storage import StorageError
from govcrawl.archive.warc import http_head, now_ms, payload_digest, record_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from govcrawl.archive.erase import Member, Moved
    from govcrawl.archive.storage import Storage
    from govcrawl.archive.words import Words

ATTACHMENT_TEXTS = "attachment_text"
# Folders with steps of their own, or without words; files of any other are searched for words.
_OWN_STEPS = {
    *("articles", "captures", "warc", "files", "runs", "forgotten", "staging", "quarantine", "state", "versions"),
    *(ATTACHMENT_TEXTS, "reprints", "reprints_index"),
}
_BINARY = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf")
_KINDS = {
    "response": WarcRecordType.response,
    "conversion": WarcRecordType.conversion,
    "revisit": WarcRecordType.revisit,
}
_REWRITTEN = {
    "warc-type",
    "warc-record-id",
    "content-type",
    "content-length",
    "warc-block-digest",
    "warc-payload-digest",
}
_PLACE = ["warc_file", "warc_offset", "payload_digest"]


@dataclass(slots=True)
class Records:
    """What is to become of a site's WARC files: by file, with the member in which each article's replaced payload had
    which digest; and how many records go whole, and how many lose words."""

    files: dict[str, Erasure] = field(default_factory=dict)
    removed: int = 0
    rewritten: int = 0


@dataclass(slots=True)
class Places:
    """Where records lie now: those that were moved, and stretches of files in which none is any more."""

    moved: dict[tuple[str, int], Moved] = field(default_factory=dict)
    erased: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))

    def is_erased(self, name: str, offset: int) -> bool:
        return any(start <= offset < end for start, end in self.erased.get(name, ()))


def begin(storage: Storage, found: Family, reason: str, run_id: str) -> None:
    """Decide that a family goes, under its site's lock: ``finish`` then takes it out. Raises StorageError; then
    nothing is decided."""
    now = now_ms()
    forgotten.write(
        storage,
        [
            forgotten.Tombstone(key, kind, article, reason, tuple(found.landed.get(key, ())), now, run_id, found.site)
            for key, (kind, article) in found.members.items()
        ],
    )


def finish(storage: Storage, site: str, renew: Callable[[], None]) -> list[Records]:
    """Bring removals to their end that were begun, under the site's lock; what became of the records of each. Raises
    StorageError, Locked where the attachments are being read."""
    done = []
    for name in unfinished(storage, site):
        found, run_id = begun(storage, name)
        with _attachments_at_rest(storage, found, run_id):
            done.append(_remove(storage, found, run_id, renew))
    return done


def finish_under_lock(storage: Storage, site: str) -> int:
    """``finish`` with the site's lock, which is taken only where there is something to finish. Returns how many
    removals there were. Raises Locked too."""
    if not unfinished(storage, site):
        return 0
    lock = SiteLock(storage, site, new_run_id(storage, site))
    lock.acquire()
    try:
        return len(finish(storage, site, lock.renew))
    finally:
        lock.release()


def unfinished(storage: Storage, site: str) -> list[str]:
    """Files of tombstones whose run has no run file: the removal was begun and not finished."""
    stones = list(forgotten.names(storage, [site]))
    if not stones:
        return []
    ended = runs.ids(storage, site)
    return [name for name in stones if _stem(name) not in ended]


def begun(storage: Storage, name: str) -> tuple[Family, str]:
    """The family of a file of tombstones, as far as it is there still, and the run that wrote it. Raises
    StorageError."""
    stones = forgotten.read(storage, name)
    found = known(storage, forgotten.site_of(name), {s.doc_id: (s.kind, s.article) for s in stones})
    found.landed = defaultdict(list, {s.doc_id: list(s.landed) for s in stones})
    return found, _stem(name)


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].rpartition(".")[0]


def _attachments_at_rest(storage: Storage, found: Family, run_id: str) -> ExitStack:
    """The lock of those who read attachments, where some go. Raises Locked."""
    with ExitStack() as stack:
        if found.files:
            lock = SiteLock(storage, ATTACHMENT_TEXTS, run_id)
            lock.acquire()
            stack.callback(lock.release)
        return stack.pop_all()


def _remove(storage: Storage, found: Family, run_id: str, renew: Callable[[], None]) -> Records:
    """Every step; each finds what is left of its work. Raises StorageError."""
    words = found.words()
    for name in list(storage.files(f"state/site={found.site}")):
        storage.remove(name)  # derived from captures
    records = plan_records(storage, found, words, renew)
    for name, erasure in records.files.items():
        rewrite(storage, name, erasure, run_id)
        renew()
    places = places_of(storage, found.site, renew)
    for name in texts_with(storage, found.site, words):
        storage.publish(name, words.cut(storage.read(name)))
    _remove_attachments(storage, found)
    for name in leftovers(storage, found):
        storage.remove(name)
    renew()
    gone = pa.array(list(found.members), pa.string())
    for name in list(storage.files(f"captures/site={found.site}", ".parquet")):  # those that do not count, too
        _rewrite_rows(storage, name, CAPTURES, gone, places)
        renew()
    for name in articles_of(storage, found.site):
        _rewrite_rows(storage, name, ARTICLES, gone, places)
        renew()
    removed = Counter(run for many in found.landed.values() for run in many)
    report = maintenance_report(found.site, run_id, "forget", rows_removed=dict(removed), forgotten=dict(found.kinds))
    runs.write(storage, found.site, run_id, report)
    return records


# WARC


def plan_records(storage: Storage, found: Family, words: Words, renew: Callable[[], None] = lambda: None) -> Records:
    """What is to become of the records of a site. Files are read in the order in which they were written, so that a
    full response comes before the revisits that refer to it."""
    plan = Records()
    judge = _Judge(found, words, plan)
    for name in storage.files(f"warc/site={found.site}", ".gz"):
        erasure = Erasure()
        for member in _members(storage, name):
            judge.see(name, member, erasure)
            erasure.end = member.offset + member.length
            renew()
        if erasure.gone or erasure.end < _size(storage, name):  # half a record may hold words, and counts for nothing
            plan.files[name] = erasure
    return plan


def places_of(storage: Storage, site: str, renew: Callable[[], None] = lambda: None) -> Places:
    """Where a site's records lie that were moved, and where none is any more, as the files themselves say."""
    places = Places()
    for name in storage.files(f"warc/site={site}", ".gz"):
        for member in _members(storage, name):
            if member.is_placeholder:
                places.erased[name].append((member.offset, member.offset + member.length))
                places.moved |= {(name, move.offset): move for move in moves(member)}
        renew()
    return places


def _members(storage: Storage, name: str) -> Iterator[Member]:
    try:
        with storage.fs.open_input_file(storage.path(name)) as stream:
            yield from members(stream)
    except OSError as exc:
        msg = f"cannot read {name} below {storage.root} ({exc})"
        raise StorageError(msg) from exc


def _size(storage: Storage, name: str) -> int:
    return int(storage.fs.get_file_info(storage.path(name)).size)


class _Judge:
    """Decides of each record whether it goes, stays, or is replaced by one without the words."""

    def __init__(self, found: Family, words: Words, plan: Records) -> None:
        self.found, self.words, self.plan = found, words, plan
        self._gone: set[str] = set()  # ids of responses that go, whose requests go too
        self._replaced: dict[str, tuple[Erasure, int]] = {}  # ids of those that are replaced
        self._digests: dict[tuple[str, str], str] = {}  # digest and address of payloads that lost words → new digest

    def see(self, name: str, member: Member, erasure: Erasure) -> None:
        if member.is_placeholder:
            for move in moves(member):
                self._digests.setdefault((move.digest, ""), move.new_digest)
        elif self._is_theirs(name, member):
            self._gone.add(member.record_id)
            erasure.gone[member.offset] = member.length
            self.plan.removed += 1
        elif member.concurrent_to in self._replaced:
            own, offset = self._replaced.pop(member.concurrent_to)
            if own is erasure:
                own.replaced[offset][0].append(gzip.compress(member.content, 9, mtime=0))
                own.gone[member.offset] = member.length
        elif member.kind in _KINDS:
            self._search(member, erasure)

    def _is_theirs(self, name: str, member: Member) -> bool:
        if (name, member.offset) in self.found.places or (member.concurrent_to and member.concurrent_to in self._gone):
            return True
        return bool(member.url) and member.kind != "warcinfo" and doc_id(member.url) in self.found.members

    def _search(self, member: Member, erasure: Erasure) -> None:
        """A record of another address: a list page, an article that links on, what a script asked for."""
        if member.kind == "revisit":
            new_digest = self._digests.get((member.digest, doc_id(member.url))) or self._digests.get(
                (member.digest, "")
            )
            if new_digest is not None:
                self._replace(member, erasure, member.block, new_digest)
            return
        key = doc_id(member.url)
        if key in self.found.quoting:
            return
        said = response_of(member)
        if said.payload.startswith(_BINARY):
            return
        cut = self.words.cut(said.payload, member.url)
        if key not in self.found.others and (self.words.tells(cut) or self._names_only(said.payload, cut)):
            self._gone.add(member.record_id)
            erasure.gone[member.offset] = member.length
            self.plan.removed += 1
        elif cut != said.payload:
            digest = payload_digest(cut)
            head = [(n, v) for n, v in said.headers if n.lower() != "content-encoding"]
            block = (http_head(said.first, head, len(cut)) if said.first else b"") + cut
            self._digests[member.digest, key] = digest
            self._replace(member, erasure, block, digest)

    def _names_only(self, payload: bytes, cut: bytes) -> bool:
        """Whether data that is no page names an address, with what else nobody can tell."""
        return cut == payload and b"<a" not in payload and self.words.names(payload)

    def _replace(self, member: Member, erasure: Erasure, block: bytes, digest: str) -> None:
        names = member.content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").split("\r\n")[1:]
        pairs = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in names)]
        headers = [pair for pair in pairs if pair[0].lower() not in _REWRITTEN]
        headers.append(("WARC-Payload-Digest", digest))
        media_type, urn = member.headers.get("content-type", ""), f"<{member.record_id}>"
        new = record_bytes(_KINDS[member.kind], urn, headers, block, media_type)
        erasure.gone[member.offset] = member.length
        erasure.replaced[member.offset] = ([new], member.digest or "-", digest)
        self._replaced[member.record_id] = (erasure, member.offset)
        self.plan.rewritten += 1


# What else holds words


def texts_with(storage: Storage, site: str, words: Words) -> list[str]:
    """Run files of the site, batches, and files of folders that nothing else here knows, which hold the words."""
    try:
        entries = storage.fs.get_file_info(fs.FileSelector(storage.path(""), allow_not_found=True))
    except OSError as exc:
        msg = f"cannot list {storage.root} ({exc})"
        raise StorageError(msg) from exc
    folders = sorted(e.base_name for e in entries if e.type == fs.FileType.Directory and e.base_name not in _OWN_STEPS)
    found = []
    for folder in (f"runs/site={site}", *folders):
        for name in storage.files(folder):
            content = storage.read(name)
            if words.cut(content) != content:
                found.append(name)
    return found


def leftovers(storage: Storage, found: Family) -> list[str]:
    """What was set aside or left behind of the site, or of none, of which nobody can tell what it holds."""
    hashes = set(found.files.values())
    names = [n for n in storage.files("quarantine") if _site_in(n) in ("", found.site) or _hash_in(n) in hashes]
    staged = (n for n in storage.files("staging") if not n.endswith((".lock", ".lease")))
    return names + [n for n in staged if owner_of_staged(n) == found.site or _hash_in(n) in hashes]


def _site_in(name: str) -> str:
    """The site that a path below quarantine/ names; empty for none."""
    folder = next((part for part in name.split("/") if part.startswith("site=")), None)
    if folder is not None:
        return folder.removeprefix("site=")
    tells = segment(name)
    return tells[0] if tells is not None and name.startswith("quarantine/articles/") else ""


def _hash_in(name: str) -> str:
    return name.rsplit("/", 1)[-1].partition(".")[0]


def _remove_attachments(storage: Storage, found: Family) -> None:
    """The texts of the attachments first: without their files nobody would know which they were."""
    hashes = pa.array(sorted(set(found.files.values())), pa.string())
    for name in list(storage.files(ATTACHMENT_TEXTS, ".parquet")) if found.files else ():
        table = read_table(storage, name, ATTACHMENT_TEXT)
        stay = table.filter(pc.invert(pc.is_in(table["sha256"], hashes)))
        if not len(stay):
            storage.remove(name)
        elif len(stay) < len(table):
            storage.publish(name, encode(stay))
    for path in sorted(found.files):
        storage.remove(path)


# Rows


def _rewrite_rows(storage: Storage, name: str, schema: pa.Schema, gone: pa.Array, places: Places) -> None:
    """Take rows out of a file, and let others follow their records. A file of captures stays, even with no row: it is
    the mark of its segments, and says what it said of them."""
    keys = read_table(storage, name, schema, ["doc_id", "warc_file", "warc_offset"])
    stay = pc.invert(pc.is_in(keys["doc_id"], gone))
    touched = partial(_touched, places)
    if pc.all(stay).as_py() in (True, None) and not any(touched(keys)):
        return
    table = read_table(storage, name, schema).filter(stay)
    if not len(table) and schema is ARTICLES:
        storage.remove(name)
        return
    said = {key: text for key, text in metadata_of(storage, name).items() if key in (MERGED, REPAIRED)}
    storage.publish(name, encode(_followed(table, places).replace_schema_metadata({**(schema.metadata or {}), **said})))


def _touched(places: Places, table: pa.Table) -> Iterator[bool]:
    if not places.erased:
        return
    files, offsets = table["warc_file"].to_pylist(), table["warc_offset"].to_pylist()
    for name, offset in zip(files, offsets, strict=True):
        if name in places.erased and offset is not None:
            yield (name, offset) in places.moved or places.is_erased(name, offset)


def _followed(table: pa.Table, places: Places) -> pa.Table:
    """The rows with the place and digest that their records have now; none, where a record is no more."""
    columns: dict[str, list[Any]] = {
        n: table[n].to_pylist() for n in [*_PLACE, "etag", "last_modified"] if n in table.schema.names
    }
    for row, (name, offset) in enumerate(zip(columns["warc_file"], columns["warc_offset"], strict=True)):
        if name is None or offset is None:
            continue
        if (move := places.moved.get((name, offset))) is not None:
            columns["warc_offset"][row] = move.to
            if columns["payload_digest"][row] is not None:
                columns["payload_digest"][row] = move.new_digest
        elif places.is_erased(name, offset):
            for cells in columns.values():
                cells[row] = None
    for column, cells in columns.items():
        at = table.schema.get_field_index(column)
        table = table.set_column(at, table.schema.field(at), pa.array(cells, table.schema.field(at).type))
    return table
