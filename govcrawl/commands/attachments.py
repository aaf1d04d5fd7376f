"""``scrapy attachments``: the text of the attachments that have none yet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from govcrawl.archive.storage import Storage, StorageError
from govcrawl.attachments.text import FOLDER, extract_pending
from govcrawl.extensions import data_folder
from govcrawl.run_report import verdict

if TYPE_CHECKING:
    import argparse

_MEANINGS = {
    "text": "with text",
    "empty": "without any text (scanned pages)",
    "unsupported": "of other kinds than PDF, Word and Excel",
    "error": "that could not be read",
}


class Command(ScrapyCommand):
    requires_project = True
    requires_crawler_process = False

    def short_desc(self) -> str:
        return "Read the text of attachments (PDF, Word, Excel) into attachment_text/"

    def long_desc(self) -> str:
        return (
            "Read the text of the attachments that have not been read yet, in a process with limits of time and memory. It may "
            "be killed and run again at any time. Exit codes: 0 done, 2 bad argument or library missing, 7 another process is "
            "at it, 8 storage failed."
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if args:
            msg = (
                f"attachments takes no argument, and {args[0]!r} is one; scrapy attachments reads what is not read yet"
            )
            raise UsageError(msg, print_help=False)
        assert self.settings is not None
        data = data_folder(self.settings)
        try:
            found = extract_pending(Storage(data))
        except StorageError as exc:
            sys.stderr.write(f"{exc}\n")
            self.exitcode = verdict.STORAGE
            return
        if found["locked"]:
            sys.stderr.write(f"another process reads the attachments of {data}; wait for it to end\n")
            self.exitcode = verdict.LOCKED
            return
        for outcome, meaning in _MEANINGS.items():
            if found[outcome]:
                print(f"{found[outcome]} files {meaning}")
        print(f"{sum(found[o] for o in _MEANINGS)} files read into {data}/{FOLDER}")
        missing = sorted(o for o in found if o.startswith("missing "))
        for outcome in missing:
            library = outcome.partition(" ")[2]
            sys.stderr.write(
                f"{found[outcome]} files need {library}: pip install 'govcrawl[attachments]', then run again\n"
            )
        self.exitcode = verdict.ARGUMENTS if missing else verdict.COMPLETE
