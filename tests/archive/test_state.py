"""What is known of addresses, from a snapshot and the captures since: it is what the captures say, whatever became of the
snapshot."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govcrawl.archive import levels, snapshot, state
from govcrawl.archive.captures import LISTED_HELD, STATE, read_rows
from govcrawl.archive.checks.mending import Rules
from govcrawl.archive.checks.repair import repair
from govcrawl.archive.checks.verify import verify
from govcrawl.archive.compact_captures import compact_captures
from govcrawl.archive.folding import folded
from govcrawl.archive.levels import Levels, folder_of
from govcrawl.archive.revisit import Schedule
from govcrawl.archive.schema import CAPTURES, OUTCOMES, RETRIED
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import SiteArchive, encode
from govcrawl.archive.snapshot import Columns, Level, Pairs, Part, identities_of, key_of, keys_of, known_of, table_of
from govcrawl.archive.state import State
from govcrawl.archive.storage import Storage, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SITE = "s"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
KEYS = (1, 1 << 55, 1 << 58, 1 << 62, (1 << 64) - 1)
ADDRESSES = [f"{n:016x}{n:016x}" for n in KEYS] + [f"{9:016x}{KEYS[1]:016x}", "not hexadecimal"]
TEXTS = [f"{n:064x}" for n in (5, 6 << 62, 7)]


def run_id(day: int) -> str:
    return f"{SITE}-{datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%dT%H%M%S}000Z-ab12"


def row(doc_id: str, day: int = 0, **columns: Any) -> dict[str, Any]:
    """A row of captures; landed where nothing else is said."""
    made: dict[str, Any] = {
        "doc_id": doc_id,
        "url": f"http://h.cn/{doc_id}",
        "method": "GET",
        "kind": "article",
        "outcome": "landed",
    }
    when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=1)
    made |= {"attempts": 1, "fetched_at": when, "run_id": run_id(day), "seq": 1}
    return dict.fromkeys(CAPTURES.names) | made | columns


def capture(storage: Storage, day: int, rows: list[dict[str, Any]]) -> str:
    name = f"captures/site={SITE}/{run_id(day)}-00001-{day:06x}.parquet"
    storage.publish(name, encode(pa.Table.from_pylist(rows, schema=CAPTURES)))
    return name


def captures(storage: Storage) -> dict[str, int]:
    return storage.sizes(f"captures/site={SITE}", ".parquet")


def opened(storage: Storage, day: int = 500) -> State:
    return State.open(storage, SITE, run_id(day), lambda: None)


def told(known: State) -> dict[str, Any]:
    return {k.doc_id: asdict(k) for k in known.values()}


def answers(known: State) -> list[Any]:
    """All that a crawl asks."""
    single = [(known.get(a) and asdict(known.get(a)), known.other_addresses(a), known.resolve(a)) for a in ADDRESSES]  # type: ignore[arg-type]
    retried = {k.doc_id for k in known.where(lambda k: k.ended(RETRIED))}
    due = [k.doc_id for k in known.where(lambda k: Schedule.parse("*:1").due(k, NOW), longest_unasked=True)]
    return [single, [(first := known.with_text(t)) and key_of(first) for t in TEXTS], retried, sorted(due), told(known)]


def files_of(storage: Storage) -> list[str]:
    return list(storage.files(folder_of(SITE)))


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each start and each end of a run makes a level."""
    monkeypatch.setattr(state, "UNCOVERED_FILES", 0)
    monkeypatch.setattr(state, "ADDED_ROWS", 0)


_FACTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["article", "article", "part", "attachment"]),
        "outcome": st.sampled_from([*OUTCOMES, "landed", "not_found"]),
        "method": st.sampled_from(["GET", "POST"]),
        "alias_of": st.none() | st.sampled_from(ADDRESSES),
        "text_hash": st.none() | st.sampled_from(TEXTS),
        "revision": st.none() | st.integers(1, 3),
        "status": st.sampled_from([None, 200, 304, 404]),
        "warc_file": st.none() | st.just("warc/a.warc.gz"),
        "warc_offset": st.integers(0, 9),
        "payload_digest": st.none() | st.sampled_from(["sha1:A", "sha1:B"]),
        "etag": st.none() | st.text(max_size=3),
        "form": st.none() | st.sampled_from(["script", "list"]),
        "extractor": st.none() | st.sampled_from(["x 1", "x 2"]),
        "listed": st.none() | st.sampled_from(['{"source":"教育厅"}', '{"html":"' + "x" * LISTED_HELD + '"}']),
        "listed_on": st.none() | st.just(date(2024, 1, 1)),
        "part_of": st.none() | st.sampled_from(ADDRESSES),
    }
)
_RUNS = st.lists(
    st.tuples(
        st.lists(st.tuples(st.sampled_from(ADDRESSES), _FACTS), min_size=1, max_size=6),
        st.sampled_from(["nothing", "start", "end", "restart", "compaction"]),
    ),
    min_size=1,
    max_size=6,
)


@given(_RUNS, st.integers(1, 4), st.sampled_from([1, 3, 50_000]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_says_what_the_captures_say(
    tmp_path_factory: pytest.TempPathFactory, runs: list[Any], growth: int, part_rows: int
) -> None:
    """However runs, starts and merges follow one another; in parts as in one."""
    storage = Storage(str(tmp_path_factory.mktemp("data")))
    storage.prepare()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "UNCOVERED_FILES", 0)
        patch.setattr(levels, "GROWTH", growth)
        patch.setattr(levels, "_PART_ROWS", part_rows)
        patch.setattr(levels, "_BATCH_ROWS", part_rows)
        patch.setattr(snapshot, "BLOCK", 2)
        known = opened(storage)
        for day, (visits, what) in enumerate(runs):
            rows = [row(doc_id, day, **facts) for doc_id, facts in visits]
            name = capture(storage, day, rows)
            for one in rows:
                known.apply(one)
            known.committed(name, captures(storage)[name], run_id(day))
            if what == "compaction":
                list(compact_captures(storage))
                known = opened(storage, day)
            elif what == "end":
                known.keep(run_id(day))
            elif what != "nothing":
                known = opened(storage, day) if what == "start" else State(read_rows(storage, captures(storage)))
        expected = answers(State(read_rows(storage, captures(storage))))
        assert answers(known) == expected
        assert answers(opened(storage)) == expected
        assert answers(opened(storage)) == expected
        assert len(files_of(storage)) <= 1 + len(runs)


@given(st.lists(st.tuples(st.sampled_from(ADDRESSES), _FACTS), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_whole_tables_are_folded_as_rows_are(visits: list[Any]) -> None:
    rows = [row(doc_id, day, **facts) for day, (doc_id, facts) in enumerate(visits)]
    table = pa.Table.from_pylist(rows, schema=CAPTURES).select(STATE)
    states = {known.doc_id: known for known in map(known_of, folded(table, []).to_pylist())}
    assert states == {known.doc_id: known for known in State(rows).values()}


def test_keys_are_the_same_in_bulk() -> None:
    for names in (
        ADDRESSES,
        ADDRESSES[:5],
        TEXTS,
        [],
        ["x"],
        [""],
        [ADDRESSES[0].upper()],
        ["é" * 16],
        ["1" * 20, "f" * 20],
    ):
        assert keys_of(pa.array(names, pa.string())).tolist() == [key_of(n) for n in names]
    sliced = pa.array(ADDRESSES[:5]).slice(1, 3)
    assert keys_of(sliced).tolist() == [key_of(n) for n in ADDRESSES[1:4]]


def test_identities_are_those_of_the_names() -> None:
    for names in (ADDRESSES, ADDRESSES[:6], [n[1:] for n in ADDRESSES[:6]]):
        keys, rests = identities_of(pa.array(names))
        assert keys.tolist() == [key_of(n) for n in names]
        assert len(set(zip(keys.tolist(), rests.tolist(), strict=True))) == len(names)
    one_by_one = identities_of(pa.array([*ADDRESSES[:6], "x"]))[1][:6]
    assert one_by_one.tolist() == identities_of(pa.array(ADDRESSES[:6]))[1].tolist()


def test_due_is_what_the_schedule_says() -> None:
    """Young ones often, old ones rarely, missing ones after a week, aliases and what never landed never."""
    cases: list[tuple[int, bool, dict[str, Any]]] = [
        (2, True, {"listed_on": date(2024, 5, 29)}),
        (0, False, {"listed_on": date(2024, 5, 29)}),
        (2, False, {"listed_on": date(2023, 1, 1)}),
        (40, True, {"listed_on": date(2023, 1, 1)}),
        (40, False, {"listed_on": date(2023, 1, 1), "alias_of": ADDRESSES[0]}),
        (40, False, {"listed_on": date(2023, 1, 1), "revision": None}),
    ]
    day = (NOW - datetime(2024, 1, 1, tzinfo=UTC)).days
    known = State(row(f"{n:032x}", day - ago, **{"revision": 1} | c) for n, (ago, _, c) in enumerate(cases))
    schedule = Schedule.parse("7:1 *:30")
    found = {k.doc_id for k in known.where(lambda k: schedule.due(k, NOW))}
    assert found == {f"{n:032x}" for n, (_, due, _) in enumerate(cases) if due}
    missing = State([row("a", day - 20, revision=1), row("a", day - 8, outcome="not_found"), row("b", revision=1)])
    assert [k.doc_id for k in missing.where(lambda k: schedule.due(k, NOW), longest_unasked=True)] == ["b", "a"]
    assert not Schedule(()).due(Columns.of(table_of(missing.values())), NOW).any()


def snapshots(storage: Storage) -> State:
    """Two runs of a site, each with its level."""
    storage.prepare()
    capture(storage, 1, [row(a, 1, revision=1, text_hash=TEXTS[0], alias_of=ADDRESSES[1]) for a in ADDRESSES])
    opened(storage, 1)
    capture(storage, 2, [row(ADDRESSES[0], 2, outcome="network", attempts=3)])
    return opened(storage, 2)


def levels_of(storage: Storage) -> list[dict[str, int]]:
    return [c.marks for c in Levels(storage, SITE, captures_files(storage, SITE)).covered]


def test_a_later_start_reads_no_captures(tmp_path: Path, always: None, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(tmp_path))
    expected = answers(snapshots(storage))
    assert [len(files) for files in levels_of(storage)] == [1, 1]
    monkeypatch.setattr(
        state, "read_rows", lambda storage, names: [] if not names else pytest.fail("captures are read")
    )
    assert answers(opened(storage, 3)) == expected


def rebuilt(storage: Storage, expected: list[Any]) -> None:
    assert answers(opened(storage, 9)) == expected
    assert sum(map(len, levels_of(storage))) == len(captures(storage))


@pytest.mark.parametrize("suffix", [".json", ".state"])
@pytest.mark.parametrize("harm", ["gone", "empty", "cut", "bit", "older"])
def test_what_is_not_whole_is_made_anew(tmp_path: Path, always: None, suffix: str, harm: str) -> None:
    storage = Storage(str(tmp_path))
    snapshots(storage)
    older = {p: p.read_bytes() for p in (tmp_path / folder_of(SITE)).iterdir()}
    capture(storage, 3, [row(a, 3, outcome="unchanged") for a in ADDRESSES])
    expected = answers(opened(storage, 3))
    for path in (tmp_path / folder_of(SITE)).glob(f"*{suffix}"):
        data = path.read_bytes()
        if harm == "gone":
            path.unlink()
        elif harm == "older":
            path.write_bytes(next(v for p, v in older.items() if p.suffix == suffix))
        else:
            at = len(data) * 2 // 3  # beyond the blocks, in arrays or footer
            changed = {"empty": b"", "cut": data[:-5], "bit": data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]}[harm]
            path.write_bytes(changed)
    rebuilt(storage, expected)


def test_other_captures_are_noticed(tmp_path: Path, always: None) -> None:
    """One that is gone, one of another size, one that comes before those covered: only what is built on it is made anew."""
    storage = Storage(str(tmp_path))
    snapshots(storage)
    capture(storage, 0, [row(ADDRESSES[2], 0, listed_title="早")])
    rebuilt(storage, answers(State(read_rows(storage, captures(storage)))))
    first, _, last = captures(storage)
    storage.remove(last)
    capture(storage, 2, [row(ADDRESSES[0], 2, outcome="not_found", error="x" * 99)])
    kept = Levels(storage, SITE, captures_files(storage, SITE)).levels
    rebuilt(storage, answers(State(read_rows(storage, captures(storage)))))
    assert [level.name for level in kept] == [
        c.level.name for c in Levels(storage, SITE, captures_files(storage, SITE)).covered
    ][: len(kept)]
    storage.remove(first)
    rebuilt(storage, answers(State(read_rows(storage, captures(storage)))))


def test_a_damaged_block_ends_the_run_and_the_next_is_whole(tmp_path: Path, always: None) -> None:
    storage = Storage(str(tmp_path))
    expected = answers(snapshots(storage))
    for path in (tmp_path / folder_of(SITE)).glob("*.state"):
        data = path.read_bytes()
        path.write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    broken = opened(storage, 3)
    with pytest.raises(StorageError, match=r"is damaged at byte 0 .* it was removed, the next run makes it anew"):
        broken.get(ADDRESSES[2])
    rebuilt(storage, expected)


def test_one_that_another_version_wrote_is_made_anew(
    tmp_path: Path, always: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Storage(str(tmp_path))
    expected = answers(snapshots(storage))
    monkeypatch.setattr(snapshot, "FORMAT", 99)
    assert not [f for f in verify(storage) if f.kind == "state"], "that is no damage"
    with caplog.at_level(logging.INFO):
        rebuilt(storage, expected)
    assert "another version wrote state/site=s/" in caplog.text
    assert not [r for r in caplog.records if r.levelno > logging.INFO]


class Killed(BaseException):
    """What a kill looks like to the code that it hits."""


@pytest.mark.parametrize("step", range(1, 7))
def test_a_kill_while_it_is_written_harms_nothing(
    tmp_path: Path, always: None, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    storage = Storage(str(tmp_path))
    snapshots(storage)
    capture(storage, 3, [row(a, 3, outcome="unchanged") for a in ADDRESSES])
    steps = 0

    def counted(method: Any) -> Any:
        def run(*args: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == step:
                raise Killed
            return method(*args)

        return run

    expected = answers(State(read_rows(storage, captures(storage))))
    with monkeypatch.context() as patch:
        for method in ("publish", "publish_stream", "remove"):
            patch.setattr(storage, method, counted(getattr(storage, method)))
        try:
            opened(storage, 4)
        except Killed:
            pass
        assert steps >= min(step, 4)
    assert answers(opened(storage, 5)) == expected
    assert len(files_of(storage)) == 1 + len(levels_of(storage)), "what no list names is swept"


def test_a_run_goes_on_where_it_cannot_be_written(
    tmp_path: Path, always: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Storage(str(tmp_path))
    known = snapshots(storage)
    new = row(ADDRESSES[3], 3, outcome="not_found")
    known.apply(new)
    name = capture(storage, 3, [new])

    def full(*_: Any) -> None:
        raise StorageError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "publish_stream", full)
        known.committed(name, captures(storage)[name], run_id(3))
        known.ended(run_id(3))
    assert "the next run reads captures instead: no space" in caplog.text
    assert answers(known) == answers(opened(storage, 4)) == answers(State(read_rows(storage, captures(storage))))


def test_memory_of_a_long_run_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "HELD_ROWS", 3)
    storage = Storage(str(tmp_path))
    storage.prepare()
    site = SiteArchive(storage, SITE, run_id(1), segment_rows=2)
    stamped = ("run_id", "seq")
    rows: Iterable[dict[str, Any]] = ({n: v for n, v in row(a).items() if n not in stamped} for a in ADDRESSES)
    for one in rows:
        site.add([one])
    assert len(site.state._new) <= 3
    assert all(site.state.get(a) is not None for a in ADDRESSES)
    site.close()
    assert set(told(opened(storage))) == set(ADDRESSES)


def test_it_is_read_from_what_is_no_local_folder(tmp_path: Path, always: None) -> None:
    storage = Storage(str(tmp_path))
    expected = answers(snapshots(storage))
    remote = Storage(f"file://{tmp_path}")
    assert answers(opened(remote, 3)) == expected
    capture(remote, 4, [row(ADDRESSES[0], 4, outcome="unchanged")])
    assert answers(opened(remote, 4)) == answers(State(read_rows(storage, captures(storage))))
    (name,) = storage.files(folder_of(SITE), ".json")
    assert len(json.loads(storage.read(name))["levels"]) == len(levels_of(storage)) > 0


@pytest.mark.parametrize("harm", ["row", "text", "more", "damage", "none"])
def test_verify_holds_it_against_the_captures(tmp_path: Path, always: None, harm: str) -> None:
    storage = Storage(str(tmp_path))
    snapshots(storage)
    known = Levels(storage, SITE, captures_files(storage, SITE))
    if harm in ("row", "text", "more"):
        files = {name: size for one in known.covered for name, size in one.marks.items()}
        other = State(read_rows(storage, files))
        other.apply(row(ADDRESSES[2], 9, outcome="network") if harm == "row" else row("f" * 15 + "e", 9))
        rows = [k for k in other.values() if harm != "text" or k.doc_id in ADDRESSES]
        texts = Pairs.sorted([(k := keys_of(pa.array([TEXTS[1]])), k)], once=True)
        known.add(run_id(9), {}, table_of(rows), texts)
    elif harm == "damage":
        next(iter((tmp_path / folder_of(SITE)).glob("*.state"))).write_bytes(b"x" * 40)
    told = [f for f in verify(storage) if f.kind == "state"]
    whats = {
        "row": "something else",
        "more": "something else of addresses that are in no captures",
        "text": "first had a text",
        "damage": "is damaged",
    }
    assert len(told) == (harm != "none")
    assert all(re.search(whats[harm], f.what) for f in told)
    done = list(repair(storage, told, Rules(lambda site, url: None, lambda row, record, part: None)))
    assert done.count(f"{folder_of(SITE)}: removed") == len(told)
    assert not [f for f in verify(storage) if f.kind == "state"]


def test_a_level_alone(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    storage.prepare()
    known = State([row(a, listed_title="题") for a in ADDRESSES])
    part = Part(table_of(known.values()))
    storage.publish_stream(
        "state/x.state", lambda out: snapshot.write(out, [part], lambda: Pairs.sorted([], once=True))
    )
    level = Level(storage, "state/x.state")
    assert level.has(np.array([key_of(ADDRESSES[0]), 77], np.uint64)).tolist() == [True, False]
    assert level.find(f"{5:016x}{KEYS[1]:016x}") is None, "a key is not an address"
    assert {level.known(n).doc_id for n in range(level.rows)} == set(ADDRESSES)
