"""Forgetting an article: no word of it is left in any byte of the archive, which is sound, and a kill at any write
leaves the old state or one that is brought to the new one."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from fastwarc.warc import ArchiveIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as OtherIterator

from govcrawl.addresses import doc_id
from govcrawl.archive import forgotten
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact import compact, new_run_id
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.erase import Moved, members, moves, placeholder
from govcrawl.archive.family import Unknown, family, find
from govcrawl.archive.forget import begin, finish, finish_under_lock, unfinished
from govcrawl.archive.lock import Locked, SiteLock
from govcrawl.archive.run import Archive
from govcrawl.archive.site import encode
from govcrawl.archive.storage import Storage, StorageError
from govcrawl.archive.warc import Replay, responses
from govcrawl.archive.words import Words
from tests import forgettable
from tests.forgettable import ALIAS, BASE, COPY, DUPLICATE, NEIGHBOUR, REASON, SECRET, SITE, TITLE, WORDS, path_of
from tests.holds import holding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULES = Rules(lambda site, url: None, lambda row, record, part: None)
KEY = doc_id(BASE + path_of(SECRET))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("origin") / "data"
    forgettable.make(data)
    assert {line.split("/")[0] for line in holding(data, WORDS)} == {"articles", "captures", "files", "runs", "warc"}
    return data


@pytest.fixture
def data(origin: Path, tmp_path: Path) -> Path:
    return shutil.copytree(origin, tmp_path / "data")


def take_out(data: Path | str, key: str = KEY, site: str = SITE, going: tuple[str, ...] = ()) -> None:
    storage = Storage(str(data))
    run_id = new_run_id(storage, site)
    lock = SiteLock(storage, site, run_id)
    lock.acquire()
    try:
        begin(storage, family(storage, site, [key], going), REASON, run_id)
        assert finish(storage, site, lock.renew)
    finally:
        lock.release()


def findings(data: Path | str) -> list[str]:
    return [str(f) for f in verify(Storage(str(data)))]


def rows(data: Path, dataset: str) -> list[dict[str, Any]]:
    return list(pq.read_table(data / dataset).to_pylist())


def view(data: Path) -> list[tuple[Any, ...]]:
    found = [(r["doc_id"], r["revision"], r["title"], r["text"]) for r in rows(data, "articles")]
    return sorted(found)


def test_no_word_is_left_in_any_byte_and_the_archive_is_sound(data: Path) -> None:
    before = view(data)
    take_out(data)
    assert holding(data, WORDS) == []
    assert findings(data) == []
    assert view(data) == [row for row in before if row[0] != KEY]
    stones = forgotten.tombstones(Storage(str(data)))
    assert {(s.kind, s.article, s.reason) for s in stones.values()} == {
        (kind, KEY, REASON) for kind in ("article", "alias", "duplicate", "part", "attachment")
    }
    assert set(stones) == {
        doc_id(BASE + path) for path in (*map(path_of, (SECRET, DUPLICATE, ALIAS)), "/frame.htm", "/files/own.pdf")
    }
    assert not stones.keys() & {r["doc_id"] for r in rows(data, "captures")}
    assert len(list(data.glob("files/*/*"))) == 1, "the attachment that another article has stays"
    assert unfinished(Storage(str(data)), SITE) == []


def test_every_other_record_is_where_it_was(data: Path) -> None:
    before = {name: list(responses(str(data / name))) for name in Storage(str(data)).files("warc")}
    sizes = {name: (data / name).stat().st_size for name in before}
    take_out(data)
    gone = {BASE + path_of(n) for n in (SECRET, DUPLICATE, ALIAS)} | {
        BASE + p for p in ("/frame.htm", "/files/own.pdf")
    }
    cut = {BASE + p for p in ("/node_1.htm", "/hot.htm", path_of(NEIGHBOUR))}
    lost = {BASE + "/list.json"}  # it carries the text
    for name, records in before.items():
        after = list(responses(str(data / name)))
        assert [r for r in records if r[1] not in gone | cut | lost] == [r for r in after if r[1] not in cut]
        moved = [r for r in after if r[1] in cut]
        assert [(url, when) for _, url, when in moved] == [(u, w) for _, u, w in records if u in cut]
        assert all(offset >= sizes[name] for offset, _, _ in moved)


def test_other_readers_read_the_recording(data: Path) -> None:
    take_out(data)
    for name in Storage(str(data)).files("warc"):
        with (data / name).open("rb") as stream:
            ours = [r.headers.get("WARC-Record-ID") for r in ArchiveIterator(stream, parse_http=False)]
        with (data / name).open("rb") as stream:
            theirs = []
            for record in OtherIterator(stream, check_digests="raise"):
                record.raw_stream.read()
                theirs.append(record.rec_headers.get_header("WARC-Record-ID"))
        assert ours == theirs
        assert len(ours) == len(set(ours))


def test_what_lost_words_is_replayed_with_its_revisits(data: Path) -> None:
    take_out(data)
    replay = Replay(str(data / "warc"))
    for path, kept in (("/node_1.htm", "黑龙江省第7号教育消息"), (path_of(NEIGHBOUR), "黑龙江省第6号教育消息")):
        found = replay.find("GET", BASE + path)
        assert found is not None
        assert kept in found.body.decode()
        assert "*" * len(TITLE.encode()) in found.body.decode()
    assert replay.find("GET", BASE + path_of(SECRET)) is None


def test_a_later_removal_follows_records_that_were_moved(data: Path) -> None:
    take_out(data)
    take_out(data, doc_id(BASE + path_of(NEIGHBOUR)))
    assert findings(data) == []
    assert holding(data, [*WORDS, "黑龙江省第6号教育消息"]) == []


def test_a_title_that_another_article_has_is_no_word_of_this_one(data: Path, tmp_path: Path) -> None:
    name = next(n for n in Storage(str(data)).files("articles"))
    table = pq.read_table(data / name, partitioning=None)
    titles = [TITLE if "6号" in t else t for t in table["title"].to_pylist()]
    at = table.schema.get_field_index("title")
    changed = table.set_column(at, table.schema.field(at), [titles])
    (data / name).write_bytes(encode(changed))
    take_out(data)
    assert not holding(data, [forgettable.NUMBER, forgettable.PERSON])
    said = Replay(str(data / "warc")).find("GET", BASE + "/node_1.htm")
    assert said is not None
    assert TITLE not in said.body.decode(), "what links to it is cut by the address"
    assert findings(data) == []


def test_articles_that_name_the_title_keep_their_text(data: Path) -> None:
    storage = Storage(str(data))
    name = next(n for n in storage.files("articles"))
    table = pq.read_table(data / name, partitioning=None)
    texts = [f"见《{TITLE}》。" if "6号" in t else t for t in table["text"].to_pylist()]
    at = table.schema.get_field_index("text")
    (data / name).write_bytes(encode(table.set_column(at, table.schema.field(at), [texts])))
    found = family(storage, SITE, [KEY])
    assert list(found.quoting.values()) == [BASE + path_of(NEIGHBOUR)]
    take_out(data)
    kept = Replay(str(data / "warc")).find("GET", BASE + path_of(NEIGHBOUR))
    assert kept is not None
    assert TITLE in kept.body.decode()
    assert not holding(data, [forgettable.NUMBER, forgettable.PERSON])


def test_the_address_of_a_duplicate_or_a_redirect_means_the_article(origin: Path) -> None:
    storage = Storage(str(origin))
    for number in (DUPLICATE, ALIAS):
        found = family(storage, SITE, [doc_id(BASE + path_of(number))])
        assert found.members[KEY] == ("article", KEY)
        assert len(found.members) == 5


def test_copies_on_other_sites_are_told(tmp_path: Path) -> None:
    forgettable.make(tmp_path, copy=True)
    storage = Storage(str(tmp_path))
    found = family(storage, SITE, [KEY])
    copy = BASE + path_of(COPY)
    assert found.copies == {doc_id(copy): ("reprinter", copy)}
    assert len(found.shared) == 2, "its attachments are the copy's too"
    take_out(tmp_path, going=(doc_id(copy),))
    assert findings(tmp_path) == []
    take_out(tmp_path, doc_id(copy), "reprinter")
    assert holding(tmp_path, WORDS) == []
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (BASE + "/2022-01/05/content_6.htm", f"holds nothing of .*did you mean .*{path_of(6)}"),
        (BASE + "/node_1.htm", r"is no article's address \(listing\)"),
        (BASE + "/files/own.pdf", r"is no article's address \(attachment\)"),
    ],
)
def test_addresses_that_mean_no_article(origin: Path, given: str, says: str) -> None:
    with pytest.raises(Unknown, match=says):
        find(Storage(str(origin)), given, {})


def test_an_object_store(tmp_path: Path) -> None:
    where = f"file://{tmp_path}/data"
    forgettable.make(where)
    take_out(where)
    assert holding(tmp_path / "data", WORDS) == []
    assert findings(where) == []


def test_compaction_and_a_later_run_leave_it_forgotten(data: Path) -> None:
    list(compact_captures(Storage(str(data))))
    take_out(data)
    assert findings(data) == []
    list(compact(Storage(str(data))))
    archive = Archive(Storage(str(data)))
    assert archive.site(SITE).state.get(KEY) is None
    assert {KEY, doc_id(BASE + path_of(ALIAS))} <= archive.never_asked
    assert doc_id(BASE + "/files/own.pdf") not in archive.never_asked
    archive.site(SITE).close()
    assert holding(data, WORDS) == []
    assert findings(data) == []


def test_set_aside_and_left_behind_files_go(data: Path) -> None:
    storage = Storage(str(data))
    run = new_run_id(storage, SITE)
    for name in (
        f"quarantine/captures/site={SITE}/x.parquet",
        f"quarantine/articles/province=x/year=1/{run}-00001-aaaaaa.parquet",
        f"staging/{run}-00001-aaaaaa.parquet.01",
        "quarantine/articles/x.parquet",
        "batches/one.json",
        "alarms/one.json",
    ):
        storage.publish(name, json.dumps({"said": TITLE}, ensure_ascii=False).encode())
    storage.publish("quarantine/captures/site=other/x.parquet", b"of another site")
    storage.publish(f"state/site={SITE}/x.state", b"packed words")
    warc = data / next(storage.files("warc"))
    with warc.open("ab") as file:  # a killed run's half of a record
        file.write(gzip.compress(TITLE.encode() * 50)[:-12])
    take_out(data)
    assert holding(data, WORDS) == []
    assert json.loads((data / "batches/one.json").read_bytes()).keys() == {"said"}
    assert (data / "quarantine/captures/site=other/x.parquet").exists()
    assert list(storage.files("state")) == [], "a snapshot of captures is made anew"
    assert findings(data) == []


class Killed(BaseException):
    """Stands for a kill: nothing after it happens."""


class Counting(Storage):
    """Counts the steps that write, and ends before the one with the number ``at``."""

    def __init__(self, root: str, at: int = 0) -> None:
        super().__init__(root)
        self.at, self.steps = at, 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.at:
            raise Killed

    def publish_stream(self, relative: str, write: Callable[[Any], object]) -> None:
        self._step()
        super().publish_stream(relative, write)

    def remove(self, relative: str) -> None:
        if not relative.startswith("staging/"):
            self._step()
        super().remove(relative)


def steps_of(data: Path, at: int = 0) -> int:
    storage = Counting(str(data), at)
    found = family(storage, SITE, [KEY])
    try:
        begin(storage, found, REASON, new_run_id(storage, SITE))
        finish(storage, SITE, lambda: None)
    except Killed:
        pass
    return storage.steps


def test_a_kill_before_any_step_leaves_the_old_state_or_one_that_is_finished(origin: Path, tmp_path: Path) -> None:
    before, words = view(origin), holding(origin, WORDS)
    count = steps_of(shutil.copytree(origin, tmp_path / "whole"))
    assert count >= 10
    after = view(tmp_path / "whole")
    for at in (*range(1, count, 2), count):
        data = shutil.copytree(origin, tmp_path / f"{at}")
        steps_of(data, at)
        storage = Storage(str(data))
        if not unfinished(storage, SITE):
            assert at == 1
            assert (view(data), holding(data, WORDS), findings(data)) == (before, words, [])
            continue
        assert [f.partition(":")[0] for f in findings(data)] == ["forgotten"], at
        if at % 4 == 1:
            assert finish_under_lock(storage, SITE) == 1
        else:
            assert list(repair(storage, verify(storage), RULES))
        assert (view(data), holding(data, WORDS), findings(data)) == (after, [], []), at
        shutil.rmtree(data)


def test_a_run_finishes_what_was_begun_and_one_at_a_time(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    steps_of(data, 4)
    storage = Storage(str(data))
    other = SiteLock(storage, "attachment_text", "x")
    other.acquire()
    with pytest.raises(Locked):
        Archive(storage).site(SITE)
    assert any("waits" in line for line in list(repair(storage, verify(storage), RULES)))
    other.release()
    archive = Archive(storage)
    archive.site(SITE).abandon()
    assert "taken out now" in caplog.text
    assert holding(data, WORDS) == []
    assert findings(data) == []


def test_what_is_back_is_found_and_taken_out_again(data: Path, origin: Path) -> None:
    take_out(data)
    for dataset in ("articles", "captures", "warc"):
        shutil.rmtree(data / dataset)
        shutil.copytree(origin / dataset, data / dataset)
    told = findings(data)
    assert any(line.startswith("forgotten: ") and "are back" in line for line in told)
    storage = Storage(str(data))
    assert any("taken out again" in line for line in list(repair(storage, verify(storage), RULES)))
    assert view(data) == [row for row in view(origin) if row[0] != KEY]
    assert not holding(data, [forgettable.NUMBER, forgettable.PERSON])


def test_a_tombstone_that_cannot_be_read_is_told(data: Path) -> None:
    take_out(data)
    stone = data / next(forgotten.names(Storage(str(data))))
    stone.write_bytes(b"PAR1")
    assert any("restore it from a backup" in line for line in findings(data))
    with pytest.raises(StorageError, match="restore it from a backup"):
        Archive(Storage(str(data)))


RUN = "s-20240503T010203456Z-ab12"


@given(st.integers(400, 200_000), st.lists(st.integers(0, 10**10), max_size=2))
def test_a_placeholder_is_one_record_of_exactly_the_length(length: int, offsets: list[int]) -> None:
    moved = [Moved(n, n + 7, "sha1:A", "sha1:B") for n in offsets]
    made = placeholder(length, RUN, moved)
    assert len(made) == length
    (found,) = members(io.BytesIO(made))
    assert (found.length, found.is_placeholder, moves(found)) == (length, True, moved)
    (record,) = ArchiveIterator(io.BytesIO(made))
    assert record.headers["WARC-Date"] == "2024-05-03T01:02:03Z"
    assert gzip.decompress(made) == found.content
    (other,) = OtherIterator(io.BytesIO(made))
    assert other.rec_type == "metadata"


def test_a_placeholder_has_a_least_length() -> None:
    with pytest.raises(ValueError, match="100 bytes cannot hold a record"):
        placeholder(100, RUN)


TEXTS = st.text(
    st.characters(codec="gb18030", categories=("Lu", "Ll", "Lo", "Nd", "Po", "Pi", "Pf")), min_size=8, max_size=30
)
SPELLED: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "GB 18030": lambda t: t.encode("gb18030"),
    "JSON": lambda t: json.dumps(t)[1:-1].encode(),
    "numbers": lambda t: "".join(f"&#{ord(c)};" for c in t).encode(),
    "tags": lambda t: f"{t[:3]}<em class='x'>{t[3:5]}</em>\n {t[5:]}".encode(),
}


@settings(max_examples=40)
@given(TEXTS, st.sampled_from(sorted(SPELLED)))
def test_words_are_cut_however_they_are_spelled(title: str, how: str) -> None:
    title = title.rstrip(" .…")  # which say nothing, and are left
    words = Words([title], [], [], [])
    if not words.titles:
        return
    page = b"<p>vorher " + SPELLED[how](title) + b" nachher</p>"
    cut = words.cut(page)
    assert len(cut) == len(page)
    assert cut.startswith(b"<p>vorher *")
    assert cut.endswith(b"* nachher</p>")
    assert words.cut(cut) == cut


def test_links_say_nothing_any_more() -> None:
    url = "http://h.cn/a/t2023_1.html"
    words = Words([], [], [url], [doc_id(url)])
    page = '<a href="./t2023_1.html" title=\'全名\'><b>短</b>名</a><a href="t2023_1.html#b">x<a href="t2.html">留</a>'
    cut = words.cut(page.encode(), "http://h.cn/a/index.html").decode()
    assert "全名" not in cut
    assert "短" not in cut
    assert "x<" not in cut
    assert "留" in cut
    assert words.cut(page.encode(), "http://h.cn/b/index.html").decode() == page, "it leads elsewhere"
