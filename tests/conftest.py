"""A table at the end of the run: each spider's family, and how much of its simulated site it walked."""

from __future__ import annotations

from typing import Any

HEAD = ("spider", "family", "articles", "titles", "dates", "list pages")


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
