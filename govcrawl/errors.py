"""Errors that a user can mend; their messages name the thing and the remedy."""

from __future__ import annotations


class BadArgument(ValueError):
    """A spider argument, a setting or a site name that cannot be used."""


class IncoherentSpider(TypeError):
    """A spider class whose attributes are missing or contradict one another."""
