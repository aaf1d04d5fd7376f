"""Large pages are read in a thread, so that the connections of other pages go on meanwhile."""

from __future__ import annotations

import asyncio
import threading

from govcrawl.extraction.page import Page
from govcrawl.pipelines import LARGE_PAGE, aside


def read_in(*bodies: int) -> tuple[bool, bool]:
    """Whether a page of parts of so many bytes was read in the loop's thread, and whether the loop went on meanwhile."""
    page, *others = [Page(b" " * size, f"http://x.example/{n}") for n, size in enumerate(bodies)]
    page.parts = {other.url: other for other in others}

    async def run() -> tuple[bool, bool]:
        went_on = threading.Event()
        asyncio.get_running_loop().call_soon(went_on.set)
        here = threading.get_ident()

        def read(_: Page) -> tuple[bool, bool]:
            same = threading.get_ident() == here
            return same, went_on.is_set() if same else went_on.wait(10)

        return await aside(read, page)

    return asyncio.run(run())


def test_an_ordinary_page_is_read_at_once() -> None:
    assert read_in(LARGE_PAGE - 1) == (True, False)


def test_other_connections_go_on_while_a_large_page_is_read() -> None:
    assert read_in(LARGE_PAGE) == (False, True)


def test_a_page_is_as_large_as_all_its_parts() -> None:
    assert read_in(LARGE_PAGE // 2, LARGE_PAGE // 2) == (False, True)
