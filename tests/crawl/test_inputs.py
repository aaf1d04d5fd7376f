"""Odd answers of a host: each is the failure of one request or one row; the rest lands, once, and nothing waits for it."""

from __future__ import annotations

import gzip
import json
import random
import re
import signal
import subprocess
import time
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import brotli
import pyarrow.parquet as pq
import pytest
from backports import zstd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from scrapy.http import Request, Response

from govcrawl.addresses import is_address
from govcrawl.archive.unpacking import TooLarge, Unpacked, unpack
from govcrawl.base_spiders.fields import between, read_json
from govcrawl.base_spiders.news_json import loads, script_data
from govcrawl.errors import BadArgument
from govcrawl.network.decoding import encodings_of
from govcrawl.network.guard import AddressGuardMiddleware, Refused, is_inner, written_address
from govcrawl.network.politeness import retry_after
from govcrawl.recognition.families import checked_url, other_site
from tests.crawl.test_linear import superlinear
from tests.loopback import FAST, Site, command, crawl, environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}


def _raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": _raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "gzip, br": lambda body: brotli.compress(gzip.compress(body)),
    "deflate,gzip": lambda body: gzip.compress(zlib.compress(body)),
}


def named(header: str) -> list[str]:
    return encodings_of(Response("http://h/", headers={"Content-Encoding": header}))


# Encodings


@pytest.mark.parametrize("header", PACKERS)
@given(body=st.binary(max_size=3000) | st.text(max_size=3000).map(str.encode), seed=st.integers(0, 2**32))
@example(body=b"\xe0\x10\xc0\x90Q", seed=0)
@example(body=b'\xc0\x10\x10\x90"', seed=0)
def test_unpacking(header: str, body: bytes, seed: int) -> None:
    """What was packed comes out; what is cut is never taken for the whole; whatever comes, nothing is raised."""
    packed = PACKERS[header](body)
    assert unpack(packed, named(header), 0) == Unpacked(body)
    left = packed[: random.Random(seed).randrange(len(packed))]
    cut = unpack(left, named(header), 0)
    if len(left) < 64 and all(32 <= c < 127 or c in b"\t\r\n" for c in left):
        assert cut.cut is not None or cut.body in (body, b"", left), (
            "a few bytes may be text as well as the beginning of a page"
        )
    else:
        assert cut.cut is not None or cut.body in (body, b""), "a checksum may be missing, but no part of the page"
    unpack(body, named(header), 0)


@pytest.mark.parametrize("header", PACKERS)
def test_a_bomb_costs_no_more_than_the_limit(header: str) -> None:
    packed = PACKERS[header](b"<p>x</p>" * 2_000_000)
    with pytest.raises(TooLarge, match="more than 1000000 bytes"):
        unpack(packed, named(header), 1_000_000)


def test_encodings_without_end() -> None:
    with pytest.raises(TooLarge, match="packed 50 times"):
        unpack(b"x", ["gzip"] * 50, 0)


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd", "gzip, br"])
def test_a_body_that_is_not_what_its_header_says_is_read_as_it_is(header: str) -> None:
    for body in (b"<html><body>plain</body></html>", "<p>黑龙江省教育厅</p>".encode("gb18030"), b'{"rows": []}'):
        assert unpack(body, named(header), 0).body == body


@pytest.mark.parametrize("header", ["gzip", "deflate", "br", "zstd"])
def test_unpacking_is_linear(header: str) -> None:
    noise = random.Random(1).randbytes(64 << 10)
    large = {n: PACKERS[header](noise * (n // 20)) for n in (24, 48, 200, 800, 2000, 8000)}
    assert superlinear(lambda size: unpack(large[size], [header], 0)) is None


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One crawl of a site that packs: every article whole in one encoding, and every other one cut in the middle."""
    data = tmp_path_factory.mktemp("packed")
    with Site(2 * len(PACKERS)) as site:
        for number, (header, pack) in enumerate(PACKERS.items()):
            whole, half = pack(site.article(2 * number + 1).encode()), pack(site.article(2 * number + 2).encode())
            site.answers[site.path_of(2 * number + 1)] = (200, HTML | {"Content-Encoding": header}, whole)
            site.answers[site.path_of(2 * number + 2)] = (
                200,
                HTML | {"Content-Encoding": header},
                half[: len(half) // 2],
            )
        done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "1"})
        yield data, site, done


def landed(data: Path, site: Site) -> Counter[str]:
    rows = pq.read_table(data / "articles", columns=["url"]).to_pylist()
    return Counter(r["url"].removeprefix(site.base) for r in rows)


def captures(data: Path, site: Site) -> dict[str, dict[str, Any]]:
    return {r["url"].removeprefix(site.base): r for r in pq.read_table(data / "captures").to_pylist()}


def test_whole_bodies_land_and_halves_are_asked_again(packed: Any) -> None:
    data, site, done = packed
    assert done.returncode == 3, done.stdout
    assert landed(data, site) == {site.path_of(2 * n + 1): 1 for n in range(len(PACKERS))}
    for number in range(len(PACKERS)):
        path = site.path_of(2 * number + 2)
        assert site.asked[path] == 2, "the request is repeated as after a broken connection"
        assert captures(data, site)[path]["outcome"] == "network"
        assert "body is cut short" in captures(data, site)[path]["error"]


# Headers and addresses

LINKS = (
    "http://127.0.0.1:99999/2022-01/01/content_1.htm",
    "http://127.0.0.1:abc/2022-01/01/content_2.htm",
    "http://127.0.0.1:1:1/2022-01/01/content_3.htm",
    "http://user:pw@127.0.0.1/2022-01/01/content_4.htm",
    "http://[::1/2022-01/01/content_5.htm",
    "http://127.0.0.1:٣/2022-01/01/content_6.htm",
    "http://../2022-01/01/content_7.htm",
    "http://a..b/2022-01/01/content_8.htm",
    "/2022-01/01/content_9.htm" + " " * 200_000 + "x",
)


def test_odd_headers_and_addresses_are_one_request_s_failure(tmp_path: Path) -> None:
    with Site(45) as site:
        odd = "".join(
            f'<li><a href="{link}">第{n}行的标题</a><span>2022-01-01</span></li>' for n, link in enumerate(LINKS)
        )
        for page in (1, 2):
            path = "/node_1.htm" if page == 1 else f"/node_1_{page}.htm"
            text = site.list_page(page).replace("</ul>", odd + "</ul>").replace("<ul>", f"<p>共{'9' * 5000}条</p><ul>")
            site.answers[path] = (200, HTML, text.encode())
        site.answers[site.path_of(45)] = (503, {"Retry-After": "²"}, b"")
        site.answers[site.path_of(44)] = (302, {"Location": f"http://user:pw@{site.base[7:]}{site.path_of(1)}"}, b"")
        site.answers[site.path_of(43)] = (302, {"Location": "http://127.0.0.1:99999/x_1.htm"}, b"")
        site.answers[site.path_of(42)] = (302, {"Location": "http://[::1/"}, b"")
        site.answers[site.path_of(41)] = (302, {"Location": "http://127.1/content_1.htm"}, b"")
        site.answers[site.path_of(40)] = (302, {"Location": "\x00"}, b"")
        site.raw[site.path_of(39)] = b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"y" * 2_000_000 + b"\r\n\r\n"
        site.raw[site.path_of(38)] = (
            b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n"
        )
        site.answers["/robots.txt"] = (
            200,
            {"Content-Type": "text/plain"},
            b"User-agent: *\nDisallow: /no/*a*b\n" * 300_000,
        )
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "0"})
        assert done.returncode == 3, done.stdout + done.stderr[-3000:]
        report = json.loads(next(tmp_path.glob("runs/**/*.json")).read_text())
        channel = report["channels"][0]
        assert channel["refused"] + channel["elsewhere"] >= len(LINKS) - 1, channel
        assert channel["ended"] == "last", "the walk went on to the last page"
        assert {site.path_of(n) for n in range(1, 38)} <= set(landed(tmp_path, site))
        assert set(landed(tmp_path, site).values()) == {1}
        assert not re.search("Spider error|Unhandled", done.stderr), done.stderr[-3000:]


@pytest.mark.parametrize(
    "value",
    ["²", "1" * 5000, "-1", "1e9", "٣", "Wed, 21 Oct 99999 07:28:00 GMT", "Mon, 01 Jan 0001 00:00:00 -2400", ""],
)
def test_retry_after(value: str) -> None:
    found = retry_after(Response("http://h/", headers={"Retry-After": value.encode()}))
    assert found is None or found >= 0


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text: str) -> None:
    for url in (text, f"http://{text}", f"http://h/{text}", f"http://h:{text}/"):
        if is_address(url):
            Request(url)
            other_site(url)


# Inner addresses


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:c0a8:101::1",
        "::127.0.0.1",
        "::7f00:1",
        "fec0::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "5f00::1",
        "::",
    ],
)
def test_inner(address: str) -> None:
    assert is_inner(address)


@pytest.mark.parametrize(
    "address", ["64:ff9b::8.8.8.8", "2002:808:808::1", "240e::1", "2400:3200::1", "114.114.114.114"]
)
def test_outer(address: str) -> None:
    assert not is_inner(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7F000001",
        "017700000001",
        "127.0.0.1.",
        "１２７.0.0.1",
        "127。0。0。1",
        "127．0．0．1",
        "%31%32%37.0.0.1",
        "①②⑦.0.0.1",
        "[::1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "0",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "user@127.0.0.1",
        "localhost:80",
    ],
)
def test_inner_hosts_in_every_writing(host: str) -> None:
    guard = AddressGuardMiddleware(frozenset())
    with pytest.raises(Refused):
        guard.process_request(guard.process_request(Request(f"http://{host}/")) or Request(f"http://{host}/"))


@pytest.mark.parametrize(
    "host", ["www.moe.gov.cn", "8.8.8.8", "0x08080808", "jyt.hlj.gov.cn.", "教育.中国", "1.cn", "[240e::1]"]
)
def test_outer_hosts(host: str) -> None:
    AddressGuardMiddleware(frozenset()).process_request(Request(f"http://{host}/"))


@given(st.text(max_size=40))
def test_any_host_is_an_address_or_a_name(host: str) -> None:
    found = written_address(host)
    assert found is None or isinstance(is_inner(found), bool)


# Names of sites


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://jyt.example.gov.cn/", "jyt.example.gov.cn"),
        ("http://moe/", "host-moe"),
        ("http://MOE./", "host-moe"),
        ("http://heilongjiang:8080/", "host-heilongjiang"),
        ("http://[::1]/", "host---1"),
        ("http://_x.cn/", "x.cn"),
        ("http://教育.cn/", "xn--wcvs22d.cn"),
        ("http://;.0/", "host--.0"),
    ],
)
def test_a_site_without_a_spider_has_a_name_of_its_own(url: str, name: str) -> None:
    assert other_site(url, {"moe", "heilongjiang"}).name == name


@pytest.mark.parametrize(
    "url", ["http://../", "http://./", "http:///x", "http://a..b/", "http://h:99999/", "http://u:p@h/"]
)
def test_what_names_no_host_is_no_start(url: str) -> None:
    with pytest.raises(BadArgument, match="is no address"):
        checked_url(url, "start")


@given(st.text(max_size=30))
def test_names_are_safe_for_folders(host: str) -> None:
    name = other_site(f"http://{host}/", {"moe"}).name
    assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", name), name
    assert name != "moe"


def test_a_spider_s_name_is_not_taken(tmp_path: Path) -> None:
    done = crawl(tmp_path, "site", "-a", "start=http://moe/", settings={"RETRY_TIMES": "0"})
    assert done.returncode in (3, 4), done.stdout + done.stderr[-2000:]
    assert {p.name for p in tmp_path.glob("runs/*")} == {"site=host-moe"}
    done = crawl(tmp_path / "b", "site", "-a", "start=http://../")
    assert done.returncode == 2
    assert not (tmp_path / "b").exists()


# JSON and what scripts hold


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "[" * 500 + "9" * 5_000 + "]" * 500])
def test_json_beyond_reason(text: str) -> None:
    for read in (read_json, loads):
        try:
            assert read(text) is not None or text[0] == "9"
        except ValueError:
            pass


@given(st.text(alphabet="[]{}\"'\\:,=;() \nab1", max_size=300))
def test_any_script_is_read_or_refused(text: str) -> None:
    try:
        loads(text)
    except ValueError:
        pass


@pytest.mark.parametrize(
    "unit", ['"a', "[", "{", "a", "'", ",", "\\", '{"a":1,', "=[", "a=[\n", '[\n"x', "/*", "var a="]
)
def test_reading_scripts_is_linear(unit: str) -> None:
    from scrapy.http import HtmlResponse

    def feed(size: int) -> None:
        try:
            loads(unit * size)
        except ValueError:
            pass

    def script(size: int) -> None:
        page = f"<html><script>{unit * size}</script></html>"
        script_data(HtmlResponse("http://h/", body=page.encode(), encoding="utf-8"))

    assert superlinear(feed) is None
    assert superlinear(script) is None


def test_between() -> None:
    assert list(between("a<1>b<2>c<3", "<", ">")) == ["1", "2"]
    assert superlinear(lambda size: list(between("<!--" * size, "<!--", "-->"))) is None


# The whole crawl


def test_sigterm_is_heard_under_any_input(tmp_path: Path) -> None:
    """A crawl that is fed pages of the worst kinds ends within seconds of the signal."""
    with Site(200, delay=0.02) as site:
        worst = [
            ("<div>" * 200_000 + "</div>" * 200_000).encode(),
            ("<a href='" + " " * 300_000 + "'>x</a>").encode(),
            ("<p>" + "<" * 400_000).encode(),
            ("<p>" + "（记者" * 100_000 + "</p>").encode(),
            ("<p>" + "2024-01-01 " * 100_000 + "</p>").encode(),
            ("<p " + " ".join(f"a{n}=b" for n in range(200_000)) + ">").encode(),
        ]
        site.answers["/node_1.htm"] = (200, HTML, site.list_page(1).encode() + b"".join(worst))
        for number in range(1, 201):
            page = site.article(number).encode()
            site.answers[site.path_of(number)] = (200, HTML, page + worst[number % len(worst)])
        process = subprocess.Popen(
            command("crawl", "loopback", "-a", f"channel={site.listing}", settings=FAST),
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while sum(site.asked.values()) < 12 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert process.stderr is not None
        heard = next((line for line in process.stderr if "Received SIGTERM" in line), None)
        assert heard is not None
        assert time.monotonic() - began < 5, "a second on a machine that does nothing else"
        out, err = process.communicate(timeout=60)
        assert process.returncode == 3, out + err[-2000:]
        assert "partial (stopped: shutdown)" in out


with Site(1) as _any:
    PAGE = _any.article(900).encode()
_lines = st.sampled_from(
    [b"HTTP/1.1 200 OK", b"HTTP/1.0 200", b"HTTP/1.1 404 Not Found", b"HTTP/1.1 500 x", b"HTTP/1.1 304 Not Modified",
     b"HTTP/1.1 302 Found", b"HTTP/1.1 204 No Content", b"HTTP/1.1 206 Partial Content", b"HTTP/1.1 999 x", b"HTTP/9.9 200 OK",
     b"HTTP/1.1 -1 x", b"HTTP/1.1 0 x", b"HTTP/1.1 \xff x", b"ICY 200 OK", b"HTTP/1.1 2000 OK", b""]
) | st.binary(max_size=40).map(lambda b: b.replace(b"\n", b""))  # fmt: skip
_values = st.sampled_from(
    [b"", b"0", b"-1", b"9" * 30, b"gzip", b"br, gzip", b"deflate", b"zstd", b"utf-8", b"chunked", b"\xb2", b"close",
     b"text/html", b"text/html; charset=\xff", b"application/json", b"application/pdf", b"/", b"http://[::1/", b"//127.1/", b"?",
     b"Mon, 99 Foo 2024 99:99:99 GMT", b'W/"x', b"attachment; filename*=UTF-8''%ff"]
) | st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b""))  # fmt: skip
_names = st.sampled_from(
    [b"Content-Length", b"Content-Encoding", b"Content-Type", b"Transfer-Encoding", b"Location", b"Retry-After", b"ETag",
     b"Last-Modified", b"Set-Cookie", b"Refresh", b"Content-Disposition", b"Connection", b"X", b"\xff", b"a b", b""]
)  # fmt: skip
_hrefs = st.text(max_size=40) | st.sampled_from(LINKS[:-1]) | st.binary(max_size=30).map(lambda b: b.decode("latin-1"))


@st.composite
def _answers(draw: st.DrawFn) -> bytes:
    """What a broken or hostile server may write: any status line, headers, encodings that are cut, nested or lie."""
    body = draw(st.binary(max_size=200)) + draw(st.sampled_from([b"", PAGE]))
    headers = draw(st.lists(st.tuples(_names, _values), max_size=5))
    if draw(st.booleans()):
        header = draw(st.sampled_from(sorted(PACKERS)))
        body = PACKERS[header](body)
        body = body[: draw(st.integers(0, len(body)))]
        headers.append((b"Content-Encoding", header.encode()))
    lines = b"".join(n + b": " + v + b"\r\n" for n, v in headers)
    return draw(_lines) + b"\r\n" + lines + b"\r\n" + body


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _hrefs,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "title", "rows", "total", "time"]), inner)
    ),
    max_leaves=12,
)
ODD = 14  # articles whose answer is drawn; the others are well


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    answers=st.lists(_answers(), min_size=ODD, max_size=ODD),
    hrefs=st.lists(_hrefs, max_size=12),
    data=_JSON,
    state=st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()),
)
def test_whatever_a_site_answers_the_other_articles_land_once(
    tmp_path_factory: pytest.TempPathFactory, answers: list[bytes], hrefs: list[str], data: Any, state: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "runs" / "site=loopback").mkdir(parents=True)
    (folder / "runs" / "site=loopback" / "loopback-20240101T000000000Z-abcd.json").write_bytes(state)
    with Site(40) as site:
        for number, answer in enumerate(answers, start=1):
            site.raw[site.path_of(2 * number)] = answer
        rows = "".join(f'<li><a href="{href}">标题</a></li>' for href in hrefs)
        island = f"<script>var data = {json.dumps(data)};</script>"
        page = site.list_page(2).replace("</ul>", f"{rows}</ul>{island}")
        site.answers["/node_1_2.htm"] = (200, HTML, page.encode("utf-8", "replace"))
        short = {"RETRY_TIMES": "0", "DOWNLOAD_TIMEOUT": "3"}
        done = crawl(folder, "loopback", "-a", f"channel={site.listing}", settings=short)
        assert done.returncode in (0, 3, 4, 5), done.stdout + done.stderr[-3000:]
        well = {site.path_of(n) for n in range(1, 41)} - {site.path_of(2 * n) for n in range(1, ODD + 1)}
        found = landed(folder, site)
        assert well <= set(found), (well - set(found), done.stdout, done.stderr[-3000:])
        assert max(found.values()) == 1, found
