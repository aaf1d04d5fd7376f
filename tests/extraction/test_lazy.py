"""Attributes that are computed once, of each page by itself."""

from __future__ import annotations

import threading

from govcrawl.extraction.lazy import lazy


class Slow:
    asked = 0

    def __init__(self, wait: threading.Event | None = None) -> None:
        self._wait = wait
        self.begun = threading.Event()

    @lazy
    def found(self) -> bool:
        self.asked += 1
        self.begun.set()
        return self._wait is None or self._wait.wait(60)


def test_it_is_computed_once() -> None:
    one = Slow()
    assert one.found
    assert one.found
    assert one.asked == 1


def test_one_page_does_not_wait_for_another() -> None:
    """As it would for the lock that Python 3.11 holds over all instances."""
    go_on = threading.Event()
    large = Slow(go_on)
    reader = threading.Thread(target=lambda: large.found, daemon=True)
    reader.start()
    assert large.begun.wait(60)
    other = threading.Thread(target=lambda: Slow().found, daemon=True)
    other.start()
    other.join(10)
    went_on = not other.is_alive()
    go_on.set()
    reader.join()
    assert went_on
