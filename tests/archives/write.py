"""Writes the small archives that later versions must go on reading: four days of an invented site, and the shipped sample.

    python -m tests.archives.write tests/archives/v1.tar.gz

An archive is written once, by the version that is to be remembered, and never again.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from tests.loopback import PROJECT, Site, crawl, scrapy

ADDRESS = "http://edu.archived.example"
HTML = {"Content-Type": "text/html; charset=utf-8"}
BINARY = {"Content-Type": "application/octet-stream"}
SETTINGS = {
    "SPIDER_MODULES": "tests.archives.spider,govcrawl.spiders",
    "GOVCRAWL_REVISIT": "*:0",
    "RETRY_TIMES": "0",
}
ARTICLES = 45
FORGOTTEN = 5


class ArchivedSite(Site):
    """The site on its first day; a proxy, so that addresses stay the same wherever it listens."""

    def __init__(self) -> None:
        super().__init__(ARTICLES)
        notice, table = ((PROJECT / "tests/documents" / name).read_bytes() for name in ("notice.doc", "list.xls"))
        self.says("/files/notice.doc", notice, BINARY)
        self.says("/files/list.xls", table, BINARY)
        links = (
            '<p><a href="/files/notice.doc">附件1：通知.doc</a></p><p><a href="/files/list.xls">附件2：名单.xls</a></p>'
        )
        self.edits(44, "</div></body>", f"{links}</div></body>")
        self.edits(43, "都有新的进展", "都有新的進展，並且學生們歡迎這個辦法")
        self.answers[self.path_of(42)] = (302, {"Location": self.path_of(41)}, b"")
        self.answers[self.path_of(40)] = (404, HTML, b"not found")
        self.answers[self.path_of(39)] = (503, HTML, b"busy")
        gbk = self.article(38).replace("utf-8", "gbk").encode("gbk")
        self.says(self.path_of(38), gbk, {"Content-Type": "text/html; charset=gbk"})
        self.headers[self.path_of(37)] = {"ETag": '"37"'}

    def answer(self, path: str, request_headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        return super().answer(path.removeprefix(ADDRESS), request_headers)

    def says(self, path: str, body: bytes, headers: dict[str, str] = HTML) -> None:
        self.answers[path] = (200, headers, body)

    def edits(self, number: int, old: str, new: str) -> None:
        page = self.article(number)
        assert old in page
        self.says(self.path_of(number), page.replace(old, new).encode())

    def second_day(self) -> None:
        """Two articles more, one edited, one that is well again, one file corrected."""
        self.publish(2)
        self.edits(36, "都有新的进展", "都有了可喜的进展")
        del self.answers[self.path_of(39)]
        self.says("/files/list.xls", (PROJECT / "tests/documents/list.xls").read_bytes() + b"\0" * 512, BINARY)

    def another_day(self) -> None:
        """One article more, and one more edited: what a later version finds when it goes on."""
        self.second_day()
        self.publish(1)
        self.edits(35, "都有新的进展", "都有了可喜的进展")


def run(data: Path, site: ArchivedSite, *arguments: str, **settings: str) -> Any:
    """Crawl the site as it is now."""
    return crawl(data, "archived", *arguments, settings=SETTINGS | settings, http_proxy=site.base)


def write(data: Path) -> None:
    with ArchivedSite() as site:
        first = run(data, site)
        assert first.returncode == 3, first.stdout + first.stderr
        site.second_day()
        for _ in range(2):
            later = run(data, site)
            assert later.returncode == 0, later.stdout + later.stderr
    replayed = crawl(data, "heilongjiang", settings=SETTINGS, GOVCRAWL_REPLAY="data/sample")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    forget = ("forget", "--reason", "tried", ADDRESS + Site.path_of(FORGOTTEN))
    for command in (("attachments",), ("reprints",), forget, ("compact",)):
        done = scrapy(data, *command, settings=SETTINGS)
        assert done.returncode == 0, done.stdout + done.stderr
    with ArchivedSite() as site:
        site.second_day()
        last = run(data, site)
        assert last.returncode == 0, last.stdout + last.stderr


def main() -> None:
    packed = Path(sys.argv[1])
    assert not packed.exists(), f"{packed} is there: an archive that is kept is never written again"
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        with tarfile.open(packed, "w:gz") as tar:
            tar.add(folder, ".", filter=_anonymous)
    print(f"{packed}: {packed.stat().st_size} bytes")


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Without the machine's names, which locks hold too."""
    if member.name.endswith(".lock"):
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


if __name__ == "__main__":
    main()
