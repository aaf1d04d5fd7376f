"""What a person sees of a batch: one live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.live import Live
from rich.markup import escape
from rich.table import Table

from govcrawl.batch.site import last_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

    from govcrawl.batch.runner import Batch, SiteRun

_STYLES = {"complete": "green", "partial": "yellow", "failed": "red", "running": "cyan"}


@contextmanager
def shown(batch: Batch, console: Console) -> Iterator[None]:
    """Show the batch while it runs."""
    if not console.is_terminal:
        batch.told = _lines(batch, console)
        yield
        return
    with Live(console=console, get_renderable=lambda: table(batch), refresh_per_second=2):
        yield


def table(batch: Batch) -> Table:
    """The sites that run, those that wait in one line, then those that ended, the last first: what does not fit on the
    terminal is the oldest. The words at the end of a line take what width the others leave."""
    found = Table(box=None, pad_edge=False, header_style="bold", expand=True)
    for name in ("site", "state", "time", "landed"):
        found.add_column(name, justify="right" if name in ("time", "landed") else "left", no_wrap=True)
    found.add_column("", no_wrap=True, ratio=1, overflow="ellipsis")
    running = [run for run in batch.runs if run.state == "running"]
    ended = [run for run in batch.runs if run.state not in ("running", "waiting")]
    _add(found, running)
    if waiting := sum(run.state == "waiting" for run in batch.runs):
        found.add_row(f"{waiting} more", "waiting")
    _add(found, sorted(ended, key=lambda run: run.began + run.seconds, reverse=True))
    return found


def _add(found: Table, runs: Iterable[SiteRun]) -> None:
    for run in runs:
        style = _STYLES.get(run.state, "")
        found.add_row(run.site, run.state, duration(seconds(run)), str(run.landed), escape(_why(run)), style=style)


def seconds(run: SiteRun) -> float:
    """How long the site's crawl took, or takes by now."""
    return time.monotonic() - run.began if run.state == "running" else run.seconds


def duration(number: float) -> str:
    """``42 s``, ``3:05``, ``2:03:05``."""
    whole = round(number)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest} s"


def summary(batch: Batch) -> str:
    """The batch when it has ended: a line a site, and one for all."""
    width = max((len(run.site) for run in batch.runs), default=0)
    lines = [
        f"{run.site:<{width}}  {run.state:<11}  {duration(run.seconds):>8}  {run.landed:>6} landed  {run.reason}".rstrip()
        for run in batch.runs
    ]
    states = [run.state for run in batch.runs]
    counts = ", ".join(f"{states.count(s)} {s}" for s in dict.fromkeys(sorted(states)))
    landed = sum(run.landed for run in batch.runs)
    why = f" ({batch.stopped})" if batch.stopped else ""
    return "\n".join([*lines, f"{len(states)} sites: {counts}; {landed} rows landed{why}, exit code {batch.exit_code}"])


def _why(run: SiteRun) -> str:
    if run.state != "running":
        return run.reason
    log = Path(run.log)
    return last_line(log)[-90:] if log.is_file() else ""


def _lines(batch: Batch, console: Console) -> Callable[[SiteRun], None]:
    def told(run: SiteRun) -> None:
        done = sum(r.state not in ("waiting", "running") for r in batch.runs)
        if run.state == "running":
            line = f"{run.site}: started"
        else:
            why = f" ({run.reason})" if run.reason else ""
            line = f"{run.site}: {run.state}{why}, {run.landed} landed in {duration(run.seconds)}, {done} of {len(batch.runs)}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    return told
