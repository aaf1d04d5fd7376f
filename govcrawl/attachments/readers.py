"""The text of PDF, Word and Excel files, and the process that reads files which nobody vouches for.

Run as ``python -m govcrawl.attachments.readers`` this is that process: it takes paths on its standard input, one JSON string a
line, and answers each with one JSON object. It imports nothing of the archive, so that its memory can be limited.
"""

from __future__ import annotations

import io
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from struct import unpack_from
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

# Raised whenever the text of a file that was read before would come out otherwise; files are then read again.
SUITE = "document-text/2"

SECONDS = 30.0
MEMORY = 1 << 30
CHARACTERS = 2_000_000
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
_MEMBER_BYTES = 64 << 20
_ANSWER_BYTES = 6 * CHARACTERS + (1 << 16)

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC = "application/msword"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MAGIC = (
    (b"Rar!", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"{\\rtf", "application/rtf"),
)
_OLE = b"\xd0\xcf\x11\xe0"
# The stream that tells an OLE file's kind, as its directory names it; WPS Office writes the same ones.
_STREAMS = (
    ("WordDocument", DOC),
    ("Workbook", XLS),
    ("Book", XLS),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
)
# What Word's own marks are in plain text: breaks, hyphens; objects and notes are none.
_MARKS = {
    11: "\n",
    12: "\n",
    13: "\n",
    14: "\n",
    30: "-",
    31: "",
    160: " ",
    **dict.fromkeys((1, 2, 3, 4, 5, 8, 19, 20, 21), ""),
}
_FIELD = re.compile("\x13[^\x13-\x15]*\x14|\x13[^\x13-\x15]*\x15")


@dataclass(slots=True)
class DocumentText:
    """What was read of a file. ``text`` is None where nothing could be read, ``error`` says why, or what is missing from
    the text; ``extractor`` is the suite and what read the file; ``missing`` names a library that is not installed."""

    media_type: str | None = None
    text: str | None = None
    extractor: str = SUITE
    error: str | None = None
    missing: str | None = None


def read_document(body: bytes, characters: int = CHARACTERS) -> DocumentText:
    """The text of a file, by what its bytes are and not by its name. Lines are those of the page; table cells of Word
    and Excel files are divided by tabs. Never raises for any bytes, but a hostile file may eat time and memory: see
    ``Reader``."""
    found = DocumentText(media_type_of(body))
    try:
        if found.media_type == PDF:
            found.text = _limited(_pdf(body, found), characters, found)
        elif found.media_type == DOCX:
            found.extractor = f"{SUITE} docx"
            found.text = _limited(_docx(body), characters, found)
        elif found.media_type == DOC:
            found.text = _limited(_doc(body, found), characters, found)
        elif found.media_type in (XLSX, XLS):
            found.text = _limited(_sheets(body, found), characters, found)
        else:
            found.error = f"no reader for {found.media_type or 'files of this kind'}"
    except ModuleNotFoundError as exc:
        found.missing = exc.name
    except MemoryError:
        found.error = "more memory than the limit"
    except Exception as exc:
        found.error = f"{type(exc).__name__}: {exc}"[:300]
    except BaseException as exc:  # what a library written in Rust raises for a broken file is no Exception
        if type(exc).__name__ != "PanicException":
            raise
        found.error = f"{type(exc).__name__}: {exc}"[:300]
    return found


def media_type_of(body: bytes) -> str | None:
    """The media type that the bytes show, None where they show none that is known here."""
    if b"%PDF-" in body[:1024]:
        return PDF
    if body.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                names = archive.NameToInfo
                return (
                    DOCX if "word/document.xml" in names else XLSX if "xl/workbook.xml" in names else "application/zip"
                )
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            return "application/zip"
    if body.startswith(_OLE):
        named = ((body.find(f"{name}\0".encode("utf-16-le")), kind) for name, kind in _STREAMS)
        # The first is the file's own; an object embedded in it may have others.
        return min((place for place in named if place[0] >= 0), default=(0, "application/x-ole-storage"))[1]
    return next((kind for magic, kind in _MAGIC if body.startswith(magic)), None)


def _limited(parts: Iterator[str], characters: int, found: DocumentText) -> str:
    """The parts as one text with tidy lines, cut at the limit."""
    kept: list[str] = []
    room = characters
    for part in parts:
        kept.append(part[:room])
        room -= len(kept[-1]) + 1
        if room <= 0:
            found.error = f"cut at {characters} characters"
            break
    lines = (line.rstrip(" \u3000\xa0") for line in "\n".join(kept).split("\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return text.encode("utf-8", "replace").decode()[:characters]


def _pdf(body: bytes, found: DocumentText) -> Iterator[str]:
    pypdfium2 = import_module("pypdfium2")
    found.extractor = f"{SUITE} pypdfium2/{metadata.version('pypdfium2').partition('.')[0]}"
    document = pypdfium2.PdfDocument(body)
    try:
        broken = 0
        for number in range(len(document)):
            try:
                page = document[number]
                text = page.get_textpage().get_text_bounded()
                page.close()
            except pypdfium2.PdfiumError:
                broken += 1
                found.error = f"{broken} of {len(document)} pages could not be read"
                continue
            # U+FFFE is PDFium's mark of a word that a line's end divides.
            yield text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufffe\n", "").replace("\ufffe", "-")
    finally:
        document.close()


def _docx(body: bytes) -> Iterator[str]:
    from lxml import etree

    with zipfile.ZipFile(io.BytesIO(body)) as archive, archive.open("word/document.xml") as member:
        content = member.read(_MEMBER_BYTES + 1)
    if len(content) > _MEMBER_BYTES:
        msg = f"word/document.xml unpacks to more than {_MEMBER_BYTES >> 20} MiB"
        raise ValueError(msg)
    # No entity is resolved and nothing is loaded: the markup is a stranger's.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(content, parser)
    top = root.find(f"{_W}body")
    if top is not None:
        yield from _blocks(top)


def _doc(body: bytes, found: DocumentText) -> Iterator[str]:
    """The main text of a Word 97-2003 file ([MS-DOC] 2.4.1: the piece table that the FIB points to)."""
    olefile = import_module("olefile")
    found.extractor = f"{SUITE} olefile/{metadata.version('olefile')}"
    with olefile.OleFileIO(io.BytesIO(body)) as ole:
        main = ole.openstream("WordDocument").read()
        version, flags = unpack_from("<H", main, 2)[0], unpack_from("<H", main, 10)[0]
        if version < 0xC1:
            msg = "written by Word 95 or older"
            raise ValueError(msg)
        if flags & 0x100:
            msg = "the file is encrypted"
            raise ValueError(msg)
        tables = ole.openstream("1Table" if flags & 0x200 else "0Table").read()
    (left,) = unpack_from("<i", main, 76)  # characters of the main text; headers, notes and comments follow
    start, size = unpack_from("<II", main, 418)
    pieces: list[str] = []
    for first, last, place in _pieces(tables[start : start + size]):
        count = min(last - first, left)
        if count <= 0:
            break
        left -= count
        at = place & 0x3FFFFFFF
        if place & 0x40000000:
            pieces.append(main[at // 2 : at // 2 + count].decode("cp1252", "replace"))
        else:
            pieces.append(main[at : at + 2 * count].decode("utf-16-le", "replace"))
    text = "".join(pieces)
    while (plain := _FIELD.sub("", text)) != text:  # fields stand within fields
        text = plain
    for line in _table_rows(text):
        yield line.translate(_MARKS)


def _table_rows(text: str) -> Iterator[str]:
    """Text with its table cells by tabs, a row a line. One mark ends a cell and, once more, a row: whether an empty
    cell or the row ends there, the table's first row tells by its number of cells."""
    *cells, after = text.split("\x07")
    row: list[str] = []
    width = 0
    for cell in cells:
        if not row and "\r" in cell:  # what stands before the table
            before, _, cell = cell.rpartition("\r")
            yield before
            width = 0
        if row and not cell and len(row) >= width:
            yield "\t".join(row).rstrip("\t")
            width = width or len(row)
            row = []
            continue
        if cell and row and len(row) == width and not row[-1]:  # a row of fewer cells has ended
            yield "\t".join(row[:-1]).rstrip("\t")
            row = []
        row.append(re.sub(r"\s+", " ", cell).strip())
    if row:
        yield "\t".join(row).rstrip("\t")
    yield after


def _pieces(table: bytes) -> Iterator[tuple[int, int, int]]:
    """First and last character and place of each piece of the text ([MS-DOC] 2.9.38 Clx)."""
    at = 0
    while table[at] == 1:
        at += 3 + int(unpack_from("<H", table, at + 1)[0])
    (size,) = unpack_from("<I", table, at + 1)
    count = (size - 4) // 12
    bounds = unpack_from(f"<{count + 1}I", table, at + 5)
    places = at + 5 + 4 * (count + 1)
    for n in range(count):
        yield bounds[n], bounds[n + 1], unpack_from("<I", table, places + 8 * n + 2)[0]


def _sheets(body: bytes, found: DocumentText) -> Iterator[str]:
    """The shown sheets of a workbook, a row a line; a sheet's name stands before it where there are several."""
    calamine = import_module("python_calamine")
    found.extractor = f"{SUITE} calamine/{metadata.version('python-calamine')}"
    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    shown = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == calamine.SheetVisibleEnum.Visible]
    for name in shown:
        if len(shown) > 1:
            yield name
        for row in workbook.get_sheet_by_name(name).iter_rows():
            yield "\t".join(_cell(value) for value in row).rstrip("\t")


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return re.sub(r"(?<!\s)\s*\n\s*", " ", str(value)).strip()


def _blocks(parent: Any) -> Iterator[str]:
    """Paragraphs and table rows in their order."""
    for child in parent:
        if child.tag == f"{_W}p":
            yield "".join(_runs(child))
        elif child.tag == f"{_W}tbl":
            for row in child.iter(f"{_W}tr"):
                cells = ("\n".join(_blocks(cell)) for cell in row.iter(f"{_W}tc"))
                yield "\t".join(re.sub(r"(?<!\s)\s*\n\s*", " ", cell).strip() for cell in cells)
        elif isinstance(child.tag, str) and child.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
            yield from _blocks(child)


def _runs(node: Any) -> Iterator[str]:
    for child in node:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            yield "\t"
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif child.tag in (f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", _FALLBACK) or not isinstance(
            child.tag, str
        ):
            continue
        elif child.tag == f"{_W}txbxContent":
            yield "\n" + "\n".join(_blocks(child)) + "\n"
        else:
            yield from _runs(child)


class Reader:
    """Reads files in a process of its own with limits of time, memory and output. One that hangs or dies is replaced by
    the next file; its file gets the error. ``command`` runs another reader, for tests."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        characters: int = CHARACTERS,
        command: Sequence[str] | None = None,
    ) -> None:
        self.seconds = seconds
        self.command = list(
            command or (sys.executable, "-m", __name__, str(memory), str(characters), str(int(seconds) + 5))
        )
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def read(self, path: str) -> DocumentText:
        """The text of a local file."""
        process = self.process = self.process or self._start()
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(path).encode() + b"\n")
            process.stdin.flush()
            found = DocumentText(**json.loads(self._answer(process)))
            if not all(value is None or isinstance(value, str) for value in asdict(found).values()):
                raise TypeError
            return found
        except TimeoutError:
            self.close()
            return DocumentText(error=f"took longer than {self.seconds:g} s")
        except (OSError, EOFError, ValueError, TypeError):
            self.close()
            code = process.returncode
            died = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
            return DocumentText(error=f"the reader of the file died ({died}): out of memory, or the file broke it")

    def close(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            # What has died by itself keeps its own exit code, which names the reason.
            with suppress(subprocess.TimeoutExpired):
                if process.stdin is not None:
                    with suppress(OSError):
                        process.stdin.close()
                process.wait(0.5)
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _start(self) -> subprocess.Popen[bytes]:
        # Not the keys of shared storage, which stand in the environment too.
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        pipe = subprocess.PIPE
        return subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)  # noqa: S603

    def _answer(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        descriptor = process.stdout.fileno()
        deadline = time.monotonic() + self.seconds
        answer = bytearray()
        while not answer.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
            block = os.read(descriptor, 1 << 16)
            if not block:
                raise EOFError
            answer += block
            if len(answer) > _ANSWER_BYTES:
                raise ValueError
        return bytes(answer)


def serve(memory: int, characters: int, seconds: int) -> None:
    """Answer paths until the input ends. The alarm ends a process whose parent died while it was reading."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What a library prints must not mix with the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    for line in sys.stdin.buffer:
        signal.alarm(seconds)
        try:
            with open(json.loads(line), "rb") as file:
                found = read_document(file.read(), characters)
        except (OSError, MemoryError) as exc:
            found = DocumentText(error=f"{type(exc).__name__}: {exc}"[:300])
        signal.alarm(0)
        answers.write(json.dumps(asdict(found)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    serve(*(int(argument) for argument in sys.argv[1:4]))
