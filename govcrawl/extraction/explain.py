"""Why a field has its value: the candidates in the order of their evidence, the gate that each must pass, a trace of
what won and what lost, kept only where it is asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """A value that a field could have, the rule that found it, and the text in which it stood."""

    value: T
    rule: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """A candidate that was not taken, and why."""

    value: str
    rule: str
    text: str
    reason: str


@dataclass(slots=True)
class Decision:
    """What a field's value is ("" for none), by which rule and from which text, and the candidates that lost."""

    name: str
    value: str = ""
    rule: str = "none"
    text: str = ""
    lost: list[Lost] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """A line of the page as the body's rules judged it: `kept`, or the reason for which it was cut."""

    text: str
    kept: bool
    reason: str


@dataclass(slots=True)
class Explanation:
    """The decisions on a page's fields in the order in which they were made, and the lines in and about its body."""

    fields: dict[str, Decision] = field(default_factory=dict)
    body_rule: str = "none"
    blocks: list[Block] = field(default_factory=list)

    def decision(self, name: str) -> Decision:
        """The decision on a field, begun where there is none yet."""
        return self.fields.setdefault(name, Decision(name))

    def won(self, name: str, candidate: Candidate[T] | None) -> None:
        """Note what a field was given; None for nothing."""
        if candidate is not None:
            decision = self.decision(name)
            decision.value, decision.rule, decision.text = as_text(candidate.value), candidate.rule, candidate.text
        else:
            self.decision(name)

    def lose(self, name: str, candidate: Candidate[T], reason: str) -> None:
        """Note a candidate that a field was not given."""
        lost = Lost(as_text(candidate.value), candidate.rule, candidate.text, reason)
        if lost not in self.decision(name).lost:
            self.decision(name).lost.append(lost)

    def note(self, name: str, value: object, rule: str, text: str = "") -> None:
        """Note a value that one rule gives, without candidates."""
        self.won(name, Candidate(value, rule, text) if value not in (None, "", []) else None)


def choose(
    name: str,
    candidates: Iterable[Candidate[T]],
    gate: Callable[[T], str | None],
    explanation: Explanation | None = None,
) -> Candidate[T] | None:
    """The first candidate that the gate lets pass (None: it may be that), strongest evidence first. Without an
    explanation to fill, the weaker ones are never computed."""
    winner: Candidate[T] | None = None
    for candidate in candidates:
        reason = gate(candidate.value) if winner is None else f"weaker evidence than “{winner.rule}”"
        if reason is None:
            winner = candidate
            if explanation is None:
                return winner
        elif explanation is not None:
            explanation.lose(name, candidate, reason)
    if explanation is not None:
        explanation.won(name, winner)
    return winner


def as_text(value: object) -> str:
    """A value as an explanation prints it."""
    if isinstance(value, list | tuple):
        return "、".join(map(str, value))
    return "" if value is None else str(value)
