"""What Scrapy would look at for every response, and is told not to (``WARN_ON_GENERATOR_RETURN_VALUE``)."""

from __future__ import annotations

import inspect

from scrapy.utils.misc import is_generator_with_return_value
from scrapy.utils.project import get_project_settings

from govcrawl.recognition.families import spiders


def test_no_generator_returns_a_value() -> None:
    """It would be lost: Scrapy takes what a callback yields."""
    methods = {
        method
        for spider in spiders(get_project_settings()).values()
        for _, method in inspect.getmembers(spider, inspect.isgeneratorfunction)
    }
    assert {method.__name__ for method in methods} >= {"parse_list", "parse_article"}
    assert [method.__qualname__ for method in methods if is_generator_with_return_value(method)] == []
