"""Groups of articles that carry one notice, and the place of each in its group: origin, reprint, excerpt, digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from govcrawl.reprints.facts import conflict, dice, facts, missing
from govcrawl.reprints.sketch import Array, shared
from govcrawl.reprints.text import letters

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from govcrawl.reprints.index import Document, Index

# Two texts are one notice where each has this share of the other's grams: a tenth of the characters edited leaves .73.
SAME = 0.45
# The shorter is an excerpt where the longer has this share of it.
PART = 0.55
# A notice within a digest of which it is the most: this share of it is there, and it is no more of the digest.
WHOLE = 0.8
# Of fewer letters, or with another title, more must be shared: forms and covering letters are like each other.
SHORT, SAME_SHORT = 250, 0.6
# Below this size beside its origin a text is an excerpt, above the reverse a digest; between, a reprint.
EXCERPT = 0.6
# Texts of fewer distinct grams are not compared.
LEAST_GRAMS = 30
TITLES_ALIKE = 0.4
# Of larger groups the origin is compared with the newcomer alone.
LARGE = 200
# Of larger groups the rest stays together when a member leaves.
REGROUPED = 64

ORIGIN, REPRINT, EXCERPT_OF, DIGEST, FORGOTTEN = range(5)
ROLES = ("origin", "reprint", "excerpt", "digest", "forgotten")
# What decides an origin where there is a choice, beside "only".
EVIDENCE = ("credited", "earliest", "site_kind", "none")
_KINDS = {"department": 0, "ministry": 1, "news": 2}
# An agency or paper and the site that carries its texts.
_OUTLETS = (
    ("新华社", "新华网"),
    ("新华网客户端", "新华网"),
    ("人民日报", "人民网"),
    ("光明日报", "光明网"),
    ("中国教育报", "中国教育新闻网"),
    ("中新社", "中国新闻网"),
    ("中新网", "中国新闻网"),
    ("中央广播电视总台", "央广网"),
    ("教育部", "中华人民共和国教育部"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A document that shares grams with the one at hand: the share of the one's grams in it, and the reverse."""

    ordinal: int
    mine: float
    theirs: float
    similarity: float


@dataclass(slots=True)
class Groups:
    """Which documents belong together. ``label`` by ordinal: the group, named by an ordinal or, below -1, by an entry of
    ``names``; -1 for none. Members of a group are linked in a ring by ``following``."""

    index: Index
    alive: Array
    label: Array = field(default_factory=lambda: np.zeros(0, np.int32))
    following: Array = field(default_factory=lambda: np.zeros(0, np.int32))
    origin: Array = field(default_factory=lambda: np.zeros(0, np.int32))
    names: list[str] = field(default_factory=list)
    also: dict[int, set[int]] = field(default_factory=dict)
    evidence: dict[int, str] = field(default_factory=dict)  # by origin of a group of several
    orphaned: set[str] = field(default_factory=set)  # names of groups whose founder is not in them
    mixed: set[int] = field(default_factory=set)  # labels of groups that were two, whose origin is to be chosen
    # Since the last rows were taken: documents that came, whose rows changed, whose group was merged into another.
    fresh: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)
    merged_from: dict[int, str] = field(default_factory=dict)

    def grow(self) -> None:
        """Make room for the documents that the index has got."""
        more = len(self.index) - len(self.label)
        if more > 0:
            self.label = np.concatenate([self.label, np.full(more, -1, np.int32)])
            self.following = np.concatenate(
                [self.following, np.arange(len(self.following), len(self.index), dtype=np.int32)]
            )
            self.origin = np.concatenate([self.origin, np.arange(len(self.origin), len(self.index), dtype=np.int32)])
            self.alive = np.concatenate([self.alive, np.ones(more, bool)])

    # Membership

    def members(self, ordinal: int, most: int | None = None) -> list[int]:
        """The documents of a document's group, itself first; ``most`` of them."""
        found, at = [ordinal], int(self.following[ordinal])
        while at != ordinal and len(found) != most:
            found.append(at)
            at = int(self.following[at])
        return found

    def group_id(self, ordinal: int) -> str:
        label = int(self.label[ordinal])
        return self.index.doc_id(label) if label >= 0 else self.names[-label - 2]

    def put(self, ordinal: int, label: int) -> None:
        """A group of one."""
        self.label[ordinal], self.following[ordinal], self.origin[ordinal] = label, ordinal, ordinal
        self.touched.add(ordinal)

    def named(self, group_id: str) -> int:
        """A label for a group whose founder is not in the index."""
        self.names.append(group_id)
        return -len(self.names) - 1

    def join(self, one: int, other: int) -> bool:
        """Put the groups of two documents together. False where they are together or their origins conflict."""
        if self.label[one] == self.label[other]:
            return False
        a, b = (self.index.document(int(self.origin[m])) for m in (one, other))
        if conflict(a.head, b.head, comparable=_comparable(a, b)):
            return False
        for new, group in ((one, other), (other, one)):
            if new in self.fresh and self.following[new] == new and self.following[group] != group:
                self.label[new] = self.label[group]
                self.following[[new, group]] = self.following[[group, new]]
                self.touched.add(new)
                return True
        left, right = self.members(one), self.members(other)
        if self._standing(left) < self._standing(right):
            left, right = right, left
        absorbed, known = self.group_id(right[0]), not self.fresh.issuperset(right)
        for member in right:
            if known:
                self.merged_from.setdefault(member, absorbed)
            self.label[member] = self.label[left[0]]
        self.following[[left[0], right[0]]] = self.following[[right[0], left[0]]]
        self.touched.update(right)
        self.mixed.add(int(self.label[left[0]]))
        return True

    def _standing(self, members: list[int]) -> tuple[bool, int, int]:
        """What decides which of two groups keeps its name: one that readers know, the larger, the first by name."""
        return not self.fresh.issuperset(members), len(members), -int(self.group_id(members[0])[:15], 16)

    def leave(self, ordinal: int) -> list[int]:
        """Take a document out of its group. Returns those that stay, which must be regrouped."""
        if self.label[ordinal] == -1:
            return []
        if self.group_id(ordinal) == self.index.doc_id(ordinal) and self.following[ordinal] != ordinal:
            self.orphaned.add(self.index.doc_id(ordinal))
        rest = [m for m in self.members(ordinal) if m != ordinal]
        for member in rest:
            if self.following[member] == ordinal:
                self.following[member] = self.following[ordinal]
        self.following[ordinal] = self.origin[ordinal] = ordinal
        self.label[ordinal] = -1
        self.also.pop(ordinal, None)
        return rest

    # A new document

    def place(self, ordinal: int, links: list[Link], label: int | None = None) -> None:
        """Find the group of a document that is in none: ``links`` are the documents like it, those in no group yet left
        out; the most alike decide first. ``label``: of the group of its own that it begins with."""
        me = self.index.document(ordinal)
        self.put(ordinal, self._free_label(ordinal) if label is None else label)
        if label is None:
            self.fresh.add(ordinal)
        contained: list[tuple[Link, Document]] = []
        for link in sorted(links, key=lambda k: (-k.similarity, k.ordinal)):
            other = self.index.document(link.ordinal)
            if conflict(me.head, other.head, comparable=_comparable(me, other)):
                continue
            if is_same(me, other, link):
                self._join_same(me, other, link)
            elif is_part(me, other, link):
                contained.append((link, other))
        # The largest part first: a digest belongs to what it has most of.
        contained.sort(key=lambda c: (-max(c[0].mine * me.size, c[0].theirs * c[1].size), c[0].ordinal))
        for _, other in contained:
            if me.size < other.size:
                self._place_part(me, other)
            else:
                self._place_whole(me, other)
        self._settle(ordinal)

    def _join_same(self, me: Document, other: Document, link: Link) -> None:
        """Join the group of a like text, unless the two origins are no like texts: a chain of small changes, or a digest
        of which one notice is the most."""
        if self.label[me.ordinal] == self.label[other.ordinal]:
            return
        mine, theirs = int(self.origin[me.ordinal]), int(self.origin[other.ordinal])
        for one in sorted({me.ordinal, mine}):
            if (one, theirs) != (me.ordinal, other.ordinal) and not self._related(one, theirs):
                short, long = (me, other) if me.size < other.size else (other, me)
                if max(link.mine, link.theirs) >= WHOLE and short.size <= WHOLE * long.size:
                    self._add_also(long.ordinal, short.ordinal)
                return
        self.join(other.ordinal, me.ordinal)

    def _related(self, one: int, other: int) -> bool:
        a, b = self.index.document(one), self.index.document(other)
        link = Link(other, *shared(a.hashes, a.size, b.hashes, b.size))
        return is_same(a, b, link) or is_part(a, b, link)

    def _place_part(self, short: Document, long: Document) -> None:
        """A new text that a longer one contains: its excerpt, or one of the notices that it is a digest of."""
        if self.label[short.ordinal] == self.label[long.ordinal]:
            return
        origin = int(self.origin[long.ordinal])
        digest = is_digest(long, short) or long.ordinal in self.also
        if (
            origin == long.ordinal
            and (not digest or (len(self.members(long.ordinal)) == 1 and long.ordinal not in self.also))
        ) or (origin != long.ordinal and self._related(short.ordinal, origin)):
            self.join(long.ordinal, short.ordinal)
        elif digest or origin != long.ordinal:
            self._add_also(long.ordinal, short.ordinal)

    def _place_whole(self, long: Document, short: Document) -> None:
        """A new text that contains a shorter one: what that is an excerpt of, or a digest of it."""
        if self.label[short.ordinal] == self.label[long.ordinal]:
            return
        alone = self.following[long.ordinal] == long.ordinal and long.ordinal not in self.also
        origin = int(self.origin[short.ordinal])
        if is_digest(long, short):
            if alone and self._related(long.ordinal, origin):
                self.join(short.ordinal, long.ordinal)
            else:
                self._add_also(long.ordinal, short.ordinal)
        elif origin == short.ordinal or self._related(long.ordinal, origin):
            if alone or self._related(short.ordinal, int(self.origin[long.ordinal])):
                self.join(short.ordinal, long.ordinal)
            else:
                self._add_also(long.ordinal, short.ordinal)

    def _add_also(self, digest: int, part: int) -> None:
        """Note a further notice that a digest contains, by its group's origin."""
        origin = int(self.origin[part])
        if origin != part and not self._related(digest, origin):
            return
        if origin != digest and self.label[origin] != self.label[digest]:
            self.also.setdefault(digest, set()).add(origin)
            self.touched.add(digest)
            self._settle(digest)

    def _free_label(self, ordinal: int) -> int:
        """The document's own ordinal, or a new name where the group that it founded goes on without it."""
        me = self.index.document(ordinal)
        if me.doc_id not in self.orphaned:
            return ordinal
        return self.named(hashlib.sha256(f"{me.doc_id} {me.revision}".encode()).hexdigest()[:32])

    def regroup(self, rest: list[int]) -> None:
        """Group again what stays of a group that a document has left; the founder's part, or the origin's, keeps the name."""
        if not rest:
            return
        label = int(self.label[rest[0]])
        if len(rest) > REGROUPED:
            self._settle(rest[0])
            return
        # The founder alone may have the group's name for a group of its own.
        first = [label] if label in rest else [o for o in rest if self.origin[o] == o][:1]
        order = first + sorted(o for o in rest if o not in first)
        for ordinal in order:
            self.put(ordinal, -1)
        documents = {o: self.index.document(o) for o in order}
        for n, ordinal in enumerate(order):
            me = documents[ordinal]
            links = [Link(o, *shared(me.hashes, me.size, documents[o].hashes, documents[o].size)) for o in order[:n]]
            self.place(ordinal, links, label if n == 0 else None)

    # Origins and roles

    def _settle(self, ordinal: int) -> None:
        """Choose the origin of a document's group anew."""
        label = int(self.label[ordinal])
        members = self.members(ordinal, LARGE + 1)
        if len(members) <= LARGE:
            candidates = members
        else:
            # Of a large group all have one origin already, but for the newcomer and those of a group that it has taken in.
            near = self.members(ordinal) if label in self.mixed else [ordinal, int(self.following[ordinal])]
            candidates = sorted({ordinal, *(int(self.origin[m]) for m in near)})
        chosen, evidence = choose_origin([self.index.document(m) for m in candidates], self.also.keys())
        if len(members) > LARGE:
            same = label not in self.mixed and self.origin[self.following[ordinal]] == chosen
            members = [ordinal] if same else self.members(ordinal)
        self.mixed.discard(label)
        changed = [m for m in members if self.origin[m] != chosen]
        self.origin[changed] = chosen
        self.touched.update(changed)
        if evidence != "only" and self.evidence.get(chosen) != evidence:
            self.evidence[chosen] = evidence
            self.touched.update(members if len(members) <= LARGE else [chosen])

    def role(self, ordinal: int) -> tuple[int, float, float]:
        """Role, Jaccard similarity to the origin, and the share of its grams that the origin has."""
        if self.origin[ordinal] == ordinal:
            return ORIGIN, 1.0, 1.0
        me, origin = self.index.document(ordinal), self.index.document(int(self.origin[ordinal]))
        mine, theirs, similarity = shared(me.hashes, me.size, origin.hashes, origin.size)
        ratio = me.size / max(origin.size, 1)
        if ordinal in self.also or (ratio > 1 / EXCERPT and theirs >= PART):
            return DIGEST, similarity, mine
        if ratio < EXCERPT and mine >= PART:
            return EXCERPT_OF, similarity, mine
        return REPRINT, similarity, mine

    def origin_from(self, ordinal: int) -> str:
        """The evidence that decided the origin of a document's group."""
        alone = self.following[ordinal] == ordinal
        return "only" if alone else self.evidence.get(int(self.origin[ordinal]), "none")

    def changed(self) -> list[int]:
        """The documents whose rows have changed since ``clear``."""
        return sorted(o for o in self.touched if self.alive[o] and self.label[o] != -1)

    def clear(self) -> None:
        for known in (self.touched, self.fresh, self.merged_from):
            known.clear()


def is_same(one: Document, other: Document, link: Link) -> bool:
    """Whether two texts are one notice, edited at most."""
    if min(one.size, other.size) < LEAST_GRAMS:
        return False
    if not _comparable(one, other) or min(link.mine, link.theirs) < SAME:
        return False
    if _titles_alike(one, other):
        return True
    short, long = (one, other) if one.size <= other.size else (other, one)
    # A digest may be little longer than one of its notices.
    return (min(one.size, other.size) >= SHORT or min(link.mine, link.theirs) >= SAME_SHORT) and not missing(
        short.head, long.head
    )


def is_part(one: Document, other: Document, link: Link) -> bool:
    """Whether the longer of two texts contains the shorter."""
    part = link.mine if one.size <= other.size else link.theirs
    if min(one.size, other.size) < LEAST_GRAMS or _comparable(one, other) or part < PART:
        return False
    short, long = (one, other) if one.size <= other.size else (other, one)
    return not missing(short.head, long.head)


def is_digest(long: Document, short: Document) -> bool:
    """Whether the longer text quotes the shorter one, rather than the shorter being an excerpt: by the credits, then the
    days, then the titles."""
    quoted, quotes = is_source(long, short), is_source(short, long)
    if long.site != short.site and quoted != quotes:
        return quoted
    if long.day is not None and short.day is not None and long.day != short.day:
        return long.day > short.day
    return bool(long.head.title and short.head.title) and not _titles_alike(long, short)


def choose_origin(members: Iterable[Document], digests: Collection[int]) -> tuple[int, str]:
    """Which of a group's articles was first, and the evidence: ``only``, ``credited``, ``earliest``, ``site_kind`` or
    ``none`` (the first by doc_id)."""
    every = list(members)
    able = [m for m in every if m.ordinal not in digests] or every
    if len(able) == 1:
        return able[0].ordinal, "only" if len(every) == 1 else "earliest"
    sources = Counter(m.source for m in every if m.source)
    votes = {m.ordinal: sum(n for source, n in sources.items() if _means(source, m.site_name)) for m in able}
    most = max(votes.values())
    if most:
        able, evidence = [m for m in able if votes[m.ordinal] == most], "credited"
        if len(able) == 1:
            return able[0].ordinal, evidence
    else:
        evidence = ""
    days = [m.day for m in able if m.day is not None]
    if days:
        first = [m for m in able if m.day == min(days)]
        if len(first) > 1 and all(m.clock for m in first):
            times = [m.published or 0 for m in first]
            first = [m for m in first if m.published == min(times)]
        if len(first) < len(able):
            able, evidence = first, evidence or "earliest"
    if len(able) > 1:
        ranks = [_KINDS.get(m.site_kind, 3) for m in able]
        best = [m for m, rank in zip(able, ranks, strict=True) if rank == min(ranks)]
        if len(best) < len(able):
            able, evidence = best, evidence or "site_kind"
    return min(able, key=lambda m: m.doc_id).ordinal, evidence or "none"


def is_source(one: Document, other: Document) -> bool:
    """Whether the source that an article states is another article's site. A site that names itself says the same."""
    return bool(one.source) and _means(one.source, other.site_name)


@lru_cache(maxsize=100_000)
def _means(source: str, site: str) -> bool:
    source, site = letters(source), letters(site)
    if len(source) < 2 or len(site) < 2:
        return False
    if site in source or (len(source) >= 4 and source in site):
        return True
    return any(outlet in source and site == own for outlet, own in _OUTLETS)


def delay_hours(me: Document, origin: Document) -> float | None:
    """Hours from the origin's publication to this one's; of whole days where either states no clock."""
    if me.published is None or origin.published is None:
        return None
    if me.clock and origin.clock:
        return (me.published - origin.published) / 3_600_000
    assert me.day is not None
    assert origin.day is not None
    return float((me.day - origin.day) * 24)


def _comparable(one: Document, other: Document) -> bool:
    return min(one.size, other.size) >= EXCERPT * max(one.size, other.size)


def _titles_alike(one: Document, other: Document) -> bool:
    a, b = facts(one.head.title), facts(other.head.title)
    return dice(a.pieces, b.pieces) >= TITLES_ALIKE
