"""How a command that writes an export ends where something is missing or fails."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from govcrawl.archive.storage import StorageError
from govcrawl.errors import BadArgument
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.commands import ScrapyCommand


@contextlib.contextmanager
def told(command: ScrapyCommand) -> Iterator[None]:
    """Raises UsageError for a bad argument and for an extra that is not installed. A reader of standard output that goes away is no
    error; what cannot be read or written is told, with exit code 8."""
    try:
        yield
    except BadArgument as exc:
        raise UsageError(str(exc), print_help=False) from exc
    except ModuleNotFoundError as exc:
        msg = f"{exc.name} is not installed; pip install 'govcrawl[webarchive]'"
        raise UsageError(msg, print_help=False) from exc
    except BrokenPipeError:
        # Whoever read standard output has had enough; nothing of it is left to flush at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (StorageError, OSError) as exc:
        sys.stderr.write(f"{exc}\n")
        command.exitcode = verdict.STORAGE
