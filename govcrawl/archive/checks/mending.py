"""What the repair of a site works with: its rows and records, its look as it is now, and the list of what is lost."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from govcrawl.addresses import doc_id
from govcrawl.archive.checks.look import Look
from govcrawl.archive.checks.reading import Hashes, open_place, whole_batches
from govcrawl.archive.compact import file_name
from govcrawl.archive.segments import captures_files
from govcrawl.archive.site import mark, segment
from govcrawl.archive.warc import recorded_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from govcrawl.archive.checks.finding import Segment
    from govcrawl.archive.storage import Storage
    from govcrawl.archive.warc import Recorded
    from govcrawl.items import Article


@dataclass(frozen=True, slots=True)
class Rules:
    """What the archive does not know of a site. ``is_article(site, url)``: whether an address is an article's, None where
    no rule tells; ``read(captures row, response, part)``: the row that a page gives today, None where it is no article;
    ``part(address)`` is the response of a frame or further page; ``is_rendered(site)``: whether a browser fills its articles."""

    is_article: Callable[[str, str], bool | None]
    read: Callable[[dict[str, Any], Recorded, Callable[[str], Recorded | None]], Article | None]
    is_rendered: Callable[[str], bool] = lambda _: False


class Mending:
    """The repair of one site, under its lock. ``lost``: parts of the run file that writes off what is gone."""

    def __init__(self, storage: Storage, site: str, run_id: str, rules: Rules, renew: Callable[[], None]) -> None:
        self.storage = storage
        self.site = site
        self.run_id = run_id
        self.rules = rules
        self.renew = renew
        self.hashes = Hashes(storage)
        self.lost: dict[str, Any] = {}
        self._seq = 0
        self._look: Look | None = None
        self._streams: dict[str, Any] = {}
        self.parts: dict[str, tuple[str, int]] = {}  # places of the frames and further pages of articles, by doc_id

    @property
    def look(self) -> Look:
        """The site as it is now."""
        if self._look is None:
            self._look = Look(self.storage, self.site, self.hashes)
        return self._look

    def changed(self) -> None:
        """Say that a step has changed the site: it is looked at anew."""
        self._look = None

    def quarantine(self, name: str) -> str:
        """Move a file out of the datasets; returns what was done."""
        return f"{name}: moved to {self.storage.quarantine(name)}"

    def next_segment(self) -> Segment:
        """The repair's next segment of its own."""
        self._seq += 1
        return self.run_id, self._seq

    def write_captures(self, rows: list[dict[str, Any]], run: str, seq: int, repaired: Iterable[str] = ()) -> str:
        name = f"captures/site={self.site}/{file_name(run, seq)}"
        self.storage.publish(name, mark(rows, repaired))
        return name

    def files(self, dataset: str) -> list[str]:
        if dataset == "captures":
            return list(captures_files(self.storage, self.site, judge=True).sizes)
        return [n for n in self.storage.files("articles", ".parquet") if (s := segment(n)) and s[0] == self.site]

    def rows(self, dataset: str, schema: pa.Schema, columns: list[str]) -> Iterator[dict[str, Any]]:
        """The site's rows in the order in which they were written."""
        for name in sorted(self.files(dataset), key=lambda n: n.rsplit("/", 1)[-1]):
            for batch in whole_batches(self.storage, name, schema, columns):
                yield from batch.to_pylist()

    def recorded(self, name: str | None, offset: int | None, *, rendered: bool = False) -> Recorded | None:
        """The response that a row names, its body unpacked; None for a revisit, and where it cannot be read."""
        if name is None or offset is None:
            return None
        if name not in self._streams:
            self._streams[name] = open_place(self.storage, name)
        stream = self._streams[name]
        return recorded_in(stream, name, offset, rendered=rendered) if stream is not None else None

    def part(self, address: str) -> Recorded | None:
        """The response of a frame or further page."""
        place = self.parts.get(doc_id(address))
        return self.recorded(*place) if place is not None else None

    def close(self) -> None:
        for stream in self._streams.values():
            if stream is not None:
                stream.close()


def sha256_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
