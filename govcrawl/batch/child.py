"""What a batch starts for each site: a command of scrapy that ends with whoever started it.

python -m govcrawl.batch.child PID crawl heilongjiang
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Ask Linux to kill this process when the thread that started it ends, in whatever way."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the request was made
        os._exit(1)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    from scrapy.cmdline import execute  # takes a second, in which nobody would end with anybody

    execute(["scrapy", *sys.argv[2:]])
