"""The order of the tests, and a table at the end of the run: each spider's family, and how much of its simulated site it walked."""

from __future__ import annotations

from typing import Any

# Begun first, so that no core waits for them at the end.
LONGEST = ("test_faults.py", "test_crawlall.py")
HEAD = ("spider", "family", "articles", "titles", "dates", "list pages")


def pytest_collection_modifyitems(items: list[Any]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, ())]
    rows = sorted(
        tuple(value) for r in reports for name, value in getattr(r, "user_properties", ()) if name == "walked"
    )
    if not rows:
        return
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    terminalreporter.section("spiders on their simulated sites")
    for row in (HEAD, *rows):
        terminalreporter.write_line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
