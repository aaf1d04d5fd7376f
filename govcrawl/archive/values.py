"""What the columns of a dataset can hold: values made fit to store, and rows that cannot be stored told before they are
taken in, so that one of them never spoils the segment of the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

MOST_CHARACTERS = 1 << 28  # of one value: a column's part in memory ends at 2 GiB


class Misfit(ValueError):
    """A row that its dataset cannot hold; the message names column, value and reason."""


def storable(value: Any) -> Any:
    """A value without the characters that no column can hold or no reader shows: controls, lone surrogates."""
    if isinstance(value, str):
        return _CONTROL.sub("", value) if _CONTROL.search(value) else value
    if isinstance(value, list):
        return [storable(v) for v in value]
    if isinstance(value, dict):
        return {k: storable(v) for k, v in value.items()}
    return value


def check(row: Mapping[str, Any], schema: pa.Schema) -> None:
    """Raises Misfit where a column cannot hold the row's value, or could not give it back."""
    for name, nullable, problem in _columns(schema):
        value = row.get(name)
        why = (None if nullable else "a value is required") if value is None else problem(value)
        if why is not None:
            msg = f"{name} cannot be stored: {value!r:.80} ({why})"
            raise Misfit(msg)


def fitting(row: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """The row with null in place of what a column cannot hold. Raises Misfit where the column must have a value."""
    fit = {name: storable(value) for name, value in row.items()}
    for name, _, problem in _columns(schema):
        if fit.get(name) is not None and problem(fit[name]) is not None:
            fit[name] = None
    check(fit, schema)
    return fit


Problem = Callable[[Any], str | None]


Column = tuple[str, bool, Problem]
_known: dict[int, tuple[pa.Schema, list[Column]]] = {}  # by identity: a schema's hash costs as much as checking a row


def _columns(schema: pa.Schema) -> list[Column]:
    found = _known.get(id(schema))
    if found is None:
        columns = [(field.name, field.nullable, _problem_of(field.type)) for field in schema]
        found = _known[id(schema)] = schema, columns  # kept, so that no other gets its number
    return found[1]


def _problem_of(kind: pa.DataType) -> Problem:
    """A function that says what keeps a value from being stored as a type of Arrow. Where that would convert silently
    (a string into a list of its characters, 1.5 into 1), it is a problem too."""
    if pa.types.is_string(kind):
        return _text
    if pa.types.is_integer(kind):
        return partial(_integer, 1 << (kind.bit_width - 1))
    if pa.types.is_boolean(kind):
        return lambda value: None if isinstance(value, bool) else "neither true nor false"
    if pa.types.is_date(kind):
        return lambda value: None if type(value) is date else "no date"
    if pa.types.is_timestamp(kind):
        return partial(_moment, ZoneInfo(kind.tz))
    if pa.types.is_list(kind):
        return partial(_list, _problem_of(kind.value_type))
    if pa.types.is_struct(kind):
        return partial(_struct, {field.name: _problem_of(field.type) for field in kind})
    raise NotImplementedError(kind)


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return "no text"
    if len(value) > MOST_CHARACTERS:
        return f"{len(value)} characters"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "half a surrogate pair"
    return None


def _integer(bound: int, value: Any) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "no whole number"
    return None if -bound <= value < bound else "out of range"


def _moment(zone: ZoneInfo, value: Any) -> str | None:
    if not isinstance(value, datetime):
        return "no moment"
    try:
        value.replace(tzinfo=value.tzinfo or UTC).astimezone(zone)
    except (OverflowError, ValueError):
        return f"out of range in {zone}"
    return None


def _list(problem: Problem, value: Any) -> str | None:
    if not isinstance(value, list):
        return "no list"
    return next((why for v in value if v is not None and (why := problem(v)) is not None), None)


def _struct(problems: dict[str, Problem], value: Any) -> str | None:
    if not isinstance(value, dict):
        return "no record"
    given = ((name, problem, value.get(name)) for name, problem in problems.items())
    return next((f"{n}: {why}" for n, problem, v in given if v is not None and (why := problem(v)) is not None), None)
