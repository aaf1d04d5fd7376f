"""The text of attachments: what is read of Chinese PDF and DOCX files, and what no file can do to the reader."""

from __future__ import annotations

import hashlib
import io
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.checks.verify import verify
from govcrawl.archive.lock import SiteLock
from govcrawl.archive.schema import ATTACHMENT_TEXT
from govcrawl.archive.storage import Storage
from govcrawl.attachments.readers import DOC, DOCX, PDF, SUITE, XLS, XLSX, Reader, _table_rows, read_document
from govcrawl.attachments.text import extract_pending
from tests.loopback import scrapy

for library in ("pypdfium2", "olefile", "python_calamine"):
    pytest.importorskip(library, reason="pip install 'govcrawl[attachments]'")
DOCUMENTS = Path(__file__).parents[1] / "documents"

LINES = ["青河县第三中学招生简章", "联系人：林知远，电话：0451-00000000", "“双减”之后，每班不超过45人。"]


def pdf(
    *pages: list[str], encoding: str = "UniGB-UCS2-H", codec: str = "utf-16-be", stream: bytes | None = None
) -> bytes:
    """A PDF in STSong, which is not embedded: readers must know the encoding themselves. ``stream``: the packed content
    of its pages instead of lines."""
    objects = [b"", b""]

    def add(content: bytes) -> int:
        objects.append(content)
        return len(objects)

    about = add(b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /StemV 93 >>")
    system = b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /DW 1000"
    glyphs = add(
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light %s /FontDescriptor %d 0 R >>" % (system, about)
    )
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /%s /DescendantFonts [%d 0 R] >>"
    used = add(font % (encoding.encode(), glyphs))
    kids = []
    for lines in pages:
        shown = b" T* ".join(b"<%s> Tj" % line.encode(codec).hex().encode() for line in lines)
        drawn = zlib.compress(b"BT /F1 12 Tf 20 TL 60 800 Td " + shown + b" ET") if stream is None else stream
        content = add(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(drawn), drawn))
        page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 %d 0 R >> >> /Contents %d 0 R >>"
        kids.append(add(page % (used, content)))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(b"%d 0 R" % k for k in kids))
    out, places = b"%PDF-1.4\n", []
    for number, drawn_object in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, drawn_object)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + end % (size, table, size, len(out))


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def docx(body: str, head: str = "", name: str = "word/document.xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            name,
            f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document {W} {MC}><w:body>{body}</w:body></w:document>',
        )
    return out.getvalue()


def p(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t xml:space='preserve'>{run}</w:t></w:r>" for run in runs) + "</w:p>"


# What is read


@pytest.mark.parametrize(
    ("encoding", "codec"), [("UniGB-UCS2-H", "utf-16-be"), ("GBK-EUC-H", "gbk"), ("UniGB-UTF16-H", "utf-16-be")]
)
def test_a_chinese_pdf(encoding: str, codec: str) -> None:
    found = read_document(pdf(LINES, ["第二页"], encoding=encoding, codec=codec))
    assert (found.media_type, found.text, found.error) == (PDF, "\n".join([*LINES, "第二页"]), None)
    assert found.extractor.startswith(f"{SUITE} pypdfium2/")


def test_a_pdf_of_scanned_pages_has_no_text() -> None:
    found = read_document(pdf([]))
    assert (found.text, found.error) == ("", None)


def test_a_pdf_whose_table_of_places_is_wrong_is_read_all_the_same() -> None:
    whole = pdf(LINES)
    shifted = b"\r\n" + whole.replace(b"0000000009", b"0000000777")
    assert shifted != whole
    assert read_document(shifted).text == "\n".join(LINES)
    cut = read_document(whole[: whole.index(b"xref\n0")])
    assert (cut.text, cut.error is None) == (None, False), "a file cut short says so"


def test_a_docx() -> None:
    cells = "".join(f"<w:tc>{p(c)}</w:tc>" for c in ("学校", "名额"))
    more = f"<w:tc>{p('青河三中')}{p('（本部）')}</w:tc><w:tc>{p('45')}</w:tc>"
    body = (
        p("青河县", "第三中学")
        + "<w:p><w:r><w:t>一、</w:t><w:tab/><w:t>时间</w:t><w:br/><w:t>九月</w:t></w:r></w:p>"
        + f"<w:tbl><w:tr>{cells}</w:tr><w:tr>{more}</w:tr></w:tbl>"
        + "<w:p><w:del><w:r><w:delText>旧</w:delText><w:t>删去</w:t></w:r></w:del><w:ins><w:r><w:t>新的</w:t></w:r></w:ins></w:p>"
        + f"<w:sdt><w:sdtContent>{p('内容控件')}</w:sdtContent></w:sdt>"
        + "<w:p><w:hyperlink><w:r><w:t>链接</w:t></w:r></w:hyperlink></w:p>"
        + "<w:p><mc:AlternateContent><mc:Choice Requires='x'><w:r><w:t>一次</w:t></w:r></mc:Choice>"
        "<mc:Fallback><w:r><w:t>一次</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>"
    )
    found = read_document(docx(body))
    assert (found.media_type, found.error, found.extractor) == (DOCX, None, f"{SUITE} docx")
    assert (
        found.text == "青河县第三中学\n一、\t时间\n九月\n学校\t名额\n青河三中 （本部）\t45\n新的\n内容控件\n链接\n一次"
    )


def test_a_word_97_file() -> None:
    found = read_document((DOCUMENTS / "notice.doc").read_bytes())
    assert (found.media_type, found.error) == (DOC, None)
    assert found.extractor.startswith(f"{SUITE} olefile/")
    assert found.text == (
        "青河县第三中学招生简章\n一、招生范围：青河县城区，“双减”之后每班不超过45人。\n"
        "二、联系人：林知远，电话：0451-00000000，网址：招生网页。\n请提前预约。\n"
        "学校\t名额\n青河三中\t45\n合计\n二〇二三年二月八日"
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("前文\r甲\x07乙\x07\x07丙\x07丁\x07\x07后文", ["前文", "甲\t乙", "丙\t丁", "后文"]),
        ("甲\x07乙\x07\x07丙\x07\x07\x07", ["甲\t乙", "丙", ""]),
        ("甲\x07乙\x07\x07\x07丁\x07\x07", ["甲\t乙", "\t丁", ""]),
        ("甲\x07乙\x07\x07合并\x07\x07丙\x07丁\x07\x07", ["甲\t乙", "合并", "丙\t丁", ""]),
        ("甲\x07\x07丙\x07丁\x07\x07", ["甲", "丙\t丁", ""]),
        ("没有表格", ["没有表格"]),
    ],
)
def test_rows_of_a_word_97_table(text: str, want: list[str]) -> None:
    assert list(_table_rows(text)) == want


def test_a_word_97_file_that_cannot_be_read_says_why() -> None:
    body = bytearray((DOCUMENTS / "notice.doc").read_bytes())
    start = body.index(b"\xec\xa5")
    body[start + 11] |= 1
    assert "the file is encrypted" in (read_document(bytes(body)).error or "")
    body[start + 2 : start + 4] = b"\x68\0"
    assert "Word 95 or older" in (read_document(bytes(body)).error or "")


def xlsx(*sheets: list[list[str | float]], hidden: tuple[int, ...] = ()) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names = "".join(
        f'<sheet name="表{n}" sheetId="{n}" r:id="r{n}" state="{"hidden" if n in hidden else "visible"}"/>'
        for n in range(1, len(sheets) + 1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        root = f'<Relationship Id="r0" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{package}">{root}</Relationships>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}">{links}</Relationships>')
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{names}</sheets></workbook>'
        )
        for n, rows in enumerate(sheets, 1):
            cells = "".join(
                "<row>"
                + "".join(
                    f'<c t="inlineStr"><is><t>{v}</t></is></c>' if isinstance(v, str) else f"<c><v>{v}</v></c>"
                    for v in row
                )
                + "</row>"
                for row in rows
            )
            archive.writestr(
                f"xl/worksheets/s{n}.xml", f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>'
            )
    return out.getvalue()


def test_sheets_of_an_excel_file() -> None:
    found = read_document(xlsx([["学校", "名额"], ["青河三中", 45.0], ["比例", 0.5]]))
    assert (found.media_type, found.text, found.error) == (XLSX, "学校\t名额\n青河三中\t45\n比例\t0.5", None)
    assert found.extractor.startswith(f"{SUITE} calamine/")
    several = read_document(xlsx([["甲"]], [["乙"]], [["丙"]], hidden=(2,)))
    assert several.text == "表1\n甲\n表3\n丙"
    old = read_document((DOCUMENTS / "list.xls").read_bytes())
    assert (old.media_type, old.error) == (XLS, None)
    assert (old.text or "").split("\n")[:2] == [
        "序号\t姓名\t学校\t日期\t得分",
        "1\t林知远\t青河县第三中学\t2023-02-08\t95.5",
    ]


@pytest.mark.parametrize(
    ("body", "media_type", "said"),
    [
        (b"", None, "no reader for files of this kind"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "application/x-ole-storage",
            "no reader for application/x-ole-storage",
        ),
        (b"\xd0\xcf\x11\xe0" + "WordDocument\0".encode("utf-16-le") + b"\0" * 600, DOC, "NotOleFileError"),
        (docx("", name="xl/workbook.xml"), XLSX, "CalamineError"),
        ((DOCUMENTS / "list.xls").read_bytes()[:5300], XLS, "PanicException"),
        (b"\xd0\xcf\x11\xe0" + "Workbook\0WordDocument\0".encode("utf-16-le"), XLS, "CalamineError"),
        (docx("", name="ppt/presentation.xml"), "application/zip", "no reader for application/zip"),
        (b"%PDF-1.7\nnothing more", PDF, "PdfiumError"),
        (b"PK\x03\x04 broken", "application/zip", "no reader for application/zip"),
        (docx("<w:p>"), DOCX, "XMLSyntaxError"),
    ],
    ids=[
        "empty",
        "other ole",
        "broken doc",
        "broken xlsx",
        "cut xls",
        "xls with an embedded document",
        "pptx",
        "broken pdf",
        "broken zip",
        "broken xml",
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, media_type: str | None, said: str) -> None:
    found = read_document(body)
    assert (found.media_type, found.text) == (media_type, None)
    assert said in (found.error or "")


def test_a_missing_library_is_no_error_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    found = read_document(pdf(LINES))
    assert (found.missing, found.error) == ("pypdfium2", None)


# What no file can do


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "file"


def read_in_process(place: Path, body: bytes, **limits: Any) -> Any:
    place.write_bytes(body)
    with Reader(**limits) as reader:
        found = reader.read(str(place))
        place.write_bytes(pdf(LINES))
        assert reader.read(str(place)).text == "\n".join(LINES), "the next file is read"
    return found


def test_the_process_reads_several_files(place: Path) -> None:
    place.write_bytes(pdf(LINES))
    with Reader() as reader:
        assert reader.read(str(place)).text == "\n".join(LINES)
        first = reader.process
        assert (
            reader.read(str(place) + ".none").error
            == f"FileNotFoundError: [Errno 2] No such file or directory: '{place}.none'"
        )
        assert reader.process is first
    assert first is not None
    assert first.returncode is not None


def test_output_is_limited(place: Path) -> None:
    found = read_in_process(place, docx(p("长" * 5000)), characters=1000)
    assert (found.text, found.error) == ("长" * 1000, "cut at 1000 characters")


def test_a_zip_bomb(place: Path) -> None:
    found = read_in_process(place, docx(p("0" * (80 << 20))))
    assert found.text is None
    assert "unpacks to more than 64 MiB" in found.error


def test_entities_are_not_expanded(place: Path) -> None:
    secret = place.with_name("secret")
    secret.write_text("秘密")
    head = f'<!DOCTYPE d [<!ENTITY a "{"A" * 1000}"><!ENTITY s SYSTEM "{secret.as_uri()}">]>'
    found = read_in_process(place, docx(p("前&a;&s;后"), head))
    assert "AAA" not in (found.text or "")
    assert "秘密" not in (found.text or "")


def test_a_pdf_that_unpacks_beyond_the_memory_limit(place: Path) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(600)) + packer.flush()
    assert len(bomb) < 3 << 20
    found = read_in_process(place, pdf([""], stream=bomb), memory=400 << 20)
    assert not found.text


def test_memory_is_limited(place: Path) -> None:
    """A document of many small elements: lxml's tree takes many times its size."""
    found = read_in_process(place, docx("<w:p/>" * 4_000_000), memory=320 << 20)
    assert found.text is None
    assert found.error


def fake(code: str) -> list[str]:
    """A reader that does something to itself with the first file, and answers as the real one does from the second on."""
    return [sys.executable, "-c", f"import os, sys, time\npath = sys.stdin.readline()\n{code}"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("time.sleep(60)", "took longer than 0.5 s"),
        ("os.abort()", "SIGABRT"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("sys.exit(3)", "exit code 3"),
        ("print('no JSON', flush=True); sys.exit(0)", "the reader of the file died"),
        ("print('x' * 13_000_000, flush=True)", "the reader of the file died"),
    ],
)
def test_a_reader_that_hangs_or_dies_is_replaced(code: str, said: str, place: Path) -> None:
    place.write_bytes(pdf(LINES))
    seconds = 0.5 if "sleep" in code else 20
    with Reader(seconds=seconds, command=fake(code)) as reader:
        began = time.monotonic()
        found = reader.read(str(place))
        assert time.monotonic() - began < 10
        assert found.text is None
        assert said in (found.error or "")
        assert reader.process is None
        reader.command, reader.seconds = Reader().command, 30
        assert reader.read(str(place)).text == "\n".join(LINES)


def test_the_reader_does_not_get_the_keys_of_the_archive(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a key")
    code = "import json, os, sys; sys.stdin.readline(); print(json.dumps({'text': ' '.join(os.environ)}), flush=True)"
    with Reader(command=[sys.executable, "-c", code]) as reader:
        found = reader.read(str(place))
    assert "PYTHONPATH" in (found.text or "")
    assert "AWS" not in (found.text or "")


# The dataset


def put(data: Path, body: bytes, extension: str) -> str:
    sha256 = hashlib.sha256(body).hexdigest()
    path = data / f"files/{sha256[:2]}/{sha256}.{extension}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return sha256


def rows(data: Path) -> list[dict[str, Any]]:
    return list(pq.read_table(data / "attachment_text").to_pylist())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for number in range(4):
        put(tmp_path, pdf([f"第{number}号通知", *LINES]), "pdf")
    put(tmp_path, docx(p("表格")), "docx")
    put(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc")
    put(tmp_path, b"%PDF-1.7 broken", "pdf")
    put(tmp_path, pdf([]), "pdf")
    return tmp_path


def test_each_file_once(data: Path) -> None:
    storage = Storage(str(data))
    assert extract_pending(storage) == {"text": 5, "unsupported": 1, "error": 1, "empty": 1}
    (path,) = data.glob("attachment_text/*.parquet")
    assert pq.read_schema(path).equals(ATTACHMENT_TEXT, check_metadata=True)
    found = {r["sha256"]: r for r in rows(data)}
    assert len(found) == 8
    for row in found.values():
        assert row["text_length"] == len(row["text"] or "")
        assert (row["text"] is None) == (row["error"] is not None)
        assert next(data.glob(f"files/*/{row['sha256']}.*"))
    assert max(r["text"] for r in found.values() if r["text"]) == "表格"
    assert not extract_pending(storage)
    new = put(data, docx(p("后来")), "docx")
    assert extract_pending(storage) == {"text": 1}
    assert {r["sha256"] for r in rows(data)} == {*found, new}
    assert not list(verify(storage))


def test_a_new_version_reads_them_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(data))
    extract_pending(storage)
    monkeypatch.setattr("govcrawl.attachments.text.SUITE", "document-text/next")
    assert sum(extract_pending(storage).values()) == 8


class Killed(BaseException):
    pass


def test_a_kill_at_any_file_loses_and_doubles_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(str(data))
    monkeypatch.setattr("govcrawl.attachments.text.SEGMENT_ROWS", 2)
    real = Storage.publish
    for number in range(1, 4):
        done = [0]

        def publish(self: Storage, relative: str, content: Any, done: list[int] = done, number: int = number) -> None:
            done[0] += 1
            if done[0] == number:
                (data / "staging" / f"{relative.rsplit('/', 1)[-1]}.0a1b2c3d").write_bytes(b"half")
                raise Killed
            real(self, relative, content)

        with monkeypatch.context() as patch:
            patch.setattr(Storage, "publish", publish)
            with pytest.raises(Killed):
                extract_pending(storage)
    extract_pending(storage)
    assert sorted(r["sha256"] for r in rows(data)) == sorted({p.name.split(".")[0] for p in data.glob("files/*/*")})
    assert not list((data / "staging").glob("*.parquet*"))
    assert not list(verify(storage))


def test_two_at_once(data: Path) -> None:
    storage = Storage(str(data))
    storage.prepare()
    lock = SiteLock(storage, "attachment_text", "attachment_text-20240101T000000000Z-0000")
    lock.acquire()
    assert extract_pending(storage) == {"locked": 1}
    lock.release()


def test_an_archive_without_attachments(tmp_path: Path) -> None:
    assert not extract_pending(Storage(str(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_the_command(data: Path) -> None:
    first = scrapy(data, "attachments")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [
        "5 files with text",
        "1 files without any text (scanned pages)",
        "1 files of other kinds than PDF, Word and Excel",
        "1 files that could not be read",
        f"8 files read into {data}/attachment_text",
    ]
    assert scrapy(data, "attachments").stdout == f"0 files read into {data}/attachment_text\n"
    wrong = scrapy(data, "attachments", "now")
    assert wrong.returncode == 2
    assert "attachments takes no argument" in wrong.stdout + wrong.stderr
