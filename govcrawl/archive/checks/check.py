"""The form of a check: what it looks at, what it finds, how that is mended, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from govcrawl.archive.checks.finding import Finding
    from govcrawl.archive.checks.look import Look
    from govcrawl.archive.checks.mending import Mending


class Check:
    """One thing that is looked at in a site. ``kinds``: of its findings. ``unfinished``: a run leaves it so while it is at
    work, so that a site that is held is not judged. ``deep``: it reads the WARC, which repairs do not change: what was found
    before is mended, and not looked for again."""

    kinds: ClassVar[tuple[str, ...]]
    looks_at: ClassVar[str]
    mended: ClassVar[str]
    unfinished: ClassVar[bool] = False
    deep: ClassVar[bool] = False

    def find(self, look: Look) -> Iterable[Finding]:
        """What is wrong. Raises StorageError."""
        raise NotImplementedError

    def mend(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        """Mend what can be mended of these; a line for each step."""
        yield from ()

    def write_off(self, work: Mending, found: list[Finding]) -> Iterator[str]:
        """Note what is left as lost, so that the next verify tells of new faults only; a line for each loss."""
        yield from ()
