"""A grouping that is killed at one of its steps on disk."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from govcrawl.archive.storage import Storage
from govcrawl.reprints.run import group_pending


def grouped(data: str, steps: str) -> None:
    """Group what is pending, and be killed after so many steps; say how many were left."""
    left = int(steps)

    def count(name: str, *, before: bool) -> None:
        real = getattr(os, name)

        def call(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0 and before:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*arguments)
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(os, name, call)

    count("fsync", before=False)
    count("rename", before=True)
    group_pending(Storage(str(Path(data))), batch=40)
    print(left)
