"""Attributes that are computed when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")


class lazy(Generic[Found]):  # noqa: N801 - a decorator, as property is
    """``functools.cached_property`` without its lock. Python 3.11 holds that over all instances at once: while one page of
    five megabytes was read in a thread, no other page could be."""

    def __init__(self, function: Callable[[Any], Found]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Found:
        found = instance.__dict__[self._name] = self._function(instance)
        return found
