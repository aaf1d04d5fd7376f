"""Broken input: each gets its own clear message and exit code, and leaves an archive that every reader opens."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from govcrawl.archive.checks.verify import verify
from govcrawl.archive.storage import Storage
from tests.loopback import Site, crawl
from tests.readers import read_all

if TYPE_CHECKING:
    from pathlib import Path

HTML = {"Content-Type": "text/html; charset=utf-8"}


def captures(data: Path) -> dict[str, dict[str, Any]]:
    return {r["url"]: r for r in pq.read_table(data / "captures").to_pylist()}


def report(data: Path) -> dict[str, Any]:
    return json.loads(max(data.glob("runs/**/*.json")).read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One crawl of twelve articles, six of them broken each in its way."""
    data = tmp_path_factory.mktemp("broken")
    with Site(12) as site:
        page = site.article(12)
        packed = gzip.compress(site.article(11).encode() * 3)
        site.answers[site.path_of(12)] = (200, HTML, b"")
        site.answers[site.path_of(11)] = (200, HTML | {"Content-Encoding": "gzip"}, packed[: len(packed) // 2])
        huge = site.article(10).replace("</body>", "<div><p><a href='x'>相关</a></p></div>" * 250_000 + "</body>")
        assert len(huge.encode()) > 10_000_000
        site.answers[site.path_of(10)] = (200, HTML, huge.encode())
        site.answers[site.path_of(9)] = (200, HTML, site.article(9).encode("gb18030"))
        site.answers[site.path_of(8)] = (200, HTML, site.article(8).replace(site.day(8), "9999-12-31").encode())
        site.answers[site.path_of(7)] = (500, HTML, b"oops")
        assert page
        done = crawl(data, "loopback", "-a", f"channel={site.listing}", settings={"RETRY_TIMES": "1"})
        yield data, site, done


def row(data: Path, site: Site, number: int) -> dict[str, Any] | None:
    url = site.base + site.path_of(number)
    return next((r for r in pq.read_table(data / "articles").to_pylist() if r["url"] == url), None)


def test_the_run_says_what_failed_and_the_rest_lands(broken: Any) -> None:
    data, site, done = broken
    assert done.returncode == 3, done.stdout + done.stderr[-3000:]
    assert "2 articles: server_error" in done.stdout
    assert report(data)["status"] == "partial"
    landed = {r["url"] for r in pq.read_table(data / "articles").to_pylist()}
    assert {site.base + site.path_of(n) for n in (1, 2, 3, 4, 5, 6, 8, 9, 10)} <= landed
    assert len(read_all(data)) == len(landed)


def test_zero_bytes(broken: Any) -> None:
    data, site, done = broken
    url = site.base + site.path_of(12)
    assert f"{url} is a page of zero bytes" in done.stderr
    assert captures(data)[url]["outcome"] == "server_error"


def test_a_listed_page_that_stays_empty_lands_as_its_listing_names_it(tmp_path: Path) -> None:
    with Site(1) as site:
        site.answers[site.path_of(1)] = (200, HTML, b"")
        given = {"GOVCRAWL_MAX_ATTEMPTS": "1"}
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=given)
    assert done.returncode == 3, done.stdout + done.stderr[-3000:]
    (landed,) = pq.read_table(tmp_path / "articles").to_pylist()
    assert (landed["title"], landed["published_on"].isoformat()) == (site.title(1), site.day(1))
    assert landed["text"] is None
    assert "no_text" in landed["quality"]
    (capture,) = [c for c in captures(tmp_path).values() if c["kind"] == "article"]
    assert (capture["outcome"], capture["form"]) == ("landed", "empty")


AWAY = (
    "<title>网站升级维护公告</title><h1>网站升级维护公告</h1><p>尊敬的用户：因系统升级，本网站将于近期暂停服务，敬请谅解。</p>",
    "<title>提示</title><p>服务器繁忙，请稍后再试！</p>",
    "<title>HTTP Status 500 – Internal Server Error</title><h1>HTTP Status 500</h1><p>java.lang.NullPointerException</p>",
)


@pytest.mark.parametrize("page", AWAY)
def test_a_server_that_is_away_says_nothing_of_its_articles(page: str, tmp_path: Path) -> None:
    """Neither of new ones nor of known ones; once it is back they are read."""
    given = {"GOVCRAWL_REVISIT": "*:0", "RETRY_TIMES": "0"}
    with Site(4) as site:
        for number in (1, 2):
            site.answers[site.path_of(number)] = (200, HTML, page.encode())
        away = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=given)
        assert away.returncode == 3, away.stdout
        assert "problem: 2 articles: server_error" in away.stdout
        assert "dropped: 2 ServerAway" in away.stdout
        site.answers = {site.path_of(4): (200, HTML, page.encode())}
        known = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=given)
        assert known.returncode == 3, known.stdout
        rows = pq.read_table(tmp_path / "articles").to_pylist()
        assert sorted((r["title"], r["revision"]) for r in rows) == [(site.title(n), 1) for n in range(1, 5)]
        assert all(r["text"].count("号消息说") == 4 for r in rows)


def test_a_server_that_stays_away_leaves_what_its_listing_says(tmp_path: Path) -> None:
    with Site(1) as site:
        site.answers[site.path_of(1)] = (200, HTML, AWAY[0].encode())
        given = {"GOVCRAWL_MAX_ATTEMPTS": "1"}
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=given)
        assert done.returncode == 3, done.stdout
    (landed,) = pq.read_table(tmp_path / "articles").to_pylist()
    assert (landed["title"], landed["published_on"].isoformat(), landed["text"]) == (site.title(1), site.day(1), None)
    (capture,) = [c for c in captures(tmp_path).values() if c["kind"] == "article"]
    assert (capture["outcome"], capture["form"]) == ("landed", "away")


def test_a_notice_of_such_work_is_an_article(tmp_path: Path) -> None:
    notice = "<title>关于网站升级维护的公告</title><h2>关于网站升级维护的公告</h2>{}<div>因系统升级，本网站将于3月5日暂停服务，敬请谅解。</div>"
    with Site(2) as site:
        listed = site.list_page(1).replace(site.title(1), "关于网站升级维护的公告").encode()
        site.answers["/node_1.htm"] = (200, HTML, listed)
        site.answers[site.path_of(1)] = (200, HTML, notice.format("").encode())
        site.answers[site.path_of(2)] = (200, HTML, notice.format("<p>发布时间：2022-01-03 08:30</p>").encode())
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout
    assert all("暂停服务" in r["text"] for r in pq.read_table(tmp_path / "articles").to_pylist())


def test_truncated_gzip(broken: Any) -> None:
    data, site, _ = broken
    capture = captures(data)[site.base + site.path_of(11)]
    assert capture["outcome"] == "network"
    assert "gzip body is cut short" in capture["error"]
    assert row(data, site, 11) is None


def test_ten_megabytes_of_markup(broken: Any) -> None:
    data, site, _ = broken
    landed = row(data, site, 10)
    assert landed is not None
    assert landed["title"] == site.title(10)
    assert landed["text_length"] < 1000


def test_wrong_charset(broken: Any) -> None:
    data, site, _ = broken
    landed = row(data, site, 9)
    assert landed is not None
    assert landed["title"] == site.title(9)


def test_year_9999(broken: Any) -> None:
    data, site, _ = broken
    landed = row(data, site, 8)
    assert landed is not None
    assert landed["published_on"] is None or landed["published_on"].year < 2030


def test_server_error_is_retried_by_the_next_run(broken: Any, tmp_path: Path) -> None:
    data, site, _ = broken
    del site.answers[site.path_of(7)]
    del site.answers[site.path_of(12)]
    site.answers[site.path_of(11)] = (200, HTML, site.article(11).encode())
    again = crawl(data, "loopback", "-a", f"channel={site.listing}")
    assert again.returncode == 0, again.stdout
    assert len({r["doc_id"] for r in pq.read_table(data / "articles").to_pylist()}) == 12
    assert len(read_all(data)) == 12


def test_a_list_without_rows(tmp_path: Path) -> None:
    with Site(3) as site:
        site.answers["/node_1.htm"] = (200, HTML, b"<html><body><p>new design</p></body></html>")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 4
    assert f"no_rows at {site.listing}" in done.stdout


def test_a_list_that_is_gone(tmp_path: Path) -> None:
    with Site(3) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.base}/node_9.htm")
    assert done.returncode == 4
    assert "not_found" in done.stdout


def test_a_shield(tmp_path: Path) -> None:
    with Site(3) as site:
        site.answers["/node_1.htm"] = (412, HTML, b"<html><script>$_ts</script></html>")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 5


def test_robots(tmp_path: Path) -> None:
    with Site(3) as site:
        site.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /\n")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 6
        assert set(site.asked) == {"/robots.txt"}


def test_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    with Site(3) as site:
        done = crawl(tmp_path / "file" / "data", "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 8
    assert "is not writable" in done.stderr
    assert "GOVCRAWL_DATA" in done.stderr


def test_a_disk_that_fails_during_the_run(tmp_path: Path) -> None:
    with Site(30, delay=0.02) as site:
        # A file where the folder of the partition should be: publishing the segment fails as on a full disk.
        (tmp_path / "articles").mkdir()
        (tmp_path / "articles" / "province=heilongjiang").write_text("in the way")
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings={"GOVCRAWL_SEGMENT_ROWS": "5"})
        assert done.returncode == 8, done.stdout + done.stderr[-2000:]
        assert "cannot write articles/province=heilongjiang" in done.stderr
        (tmp_path / "articles" / "province=heilongjiang").unlink()
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert again.returncode == 0, again.stdout
    assert len(read_all(tmp_path)) == 30


def test_a_lock_file_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "staging/site=loopback.lock").mkdir(parents=True)
    with Site(3) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 8
    assert "cannot lock site loopback" in done.stderr
    assert "Traceback" not in done.stderr


STATUS_LINES = [
    b"HTTP/1.1 99999999999 OK",
    b"HTTP/1.1 2147483648 ",
    b"HTTP/1.1 -1 OK",
    b"HTTP/1.1 0 OK",
    b"HTTP/1.1 000200 OK",
    b"HTTP/1.1 " + b"9" * 5000 + b" OK",
    b"HTTP/1.1 2e2 OK",
    b"HTTP/1.1 \xc2\xb200 OK",
    b"HTTP/1.1 200 \xff\xfe\x00",
    b"HTTP/1.1 200",
    b"HTTP/9.9 200 OK",
    b"HTTP/1.1  200 OK",
    b"ICY 200 OK",
    b"",
    b"HTTP/1.1 999 \xd6\xd0",
]


def test_status_lines_of_any_kind_cost_their_own_page_alone(tmp_path: Path) -> None:
    """Segments of four rows: each odd answer shares one with whole articles."""
    count = 2 * len(STATUS_LINES)
    lines = {Site.path_of(2 * n + 1): line for n, line in enumerate(STATUS_LINES)}
    settings = {"GOVCRAWL_SEGMENT_ROWS": "4", "RETRY_TIMES": "1", "DOWNLOAD_TIMEOUT": "3"}
    with Site(count) as site:
        handler: Any = site._server.RequestHandlerClass
        plain = handler.do_GET

        def answer(self: Any) -> None:
            if self.path not in lines:
                plain(self)
                return
            body = site.article(int(self.path.rsplit("_", 1)[1][:-4])).encode()
            head = b"%s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n"
            self.wfile.write(head % (lines[self.path], len(body)) + body)
            self.close_connection = True

        handler.do_GET = answer
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=settings)
        assert done.returncode == 3, done.stdout + done.stderr[-3000:]
        assert "status cannot be stored: 99999999999 (out of range)" in done.stdout
        urls = pq.read_table(tmp_path / "articles", columns=["url"])["url"].to_pylist()
        assert len(urls) == len(set(urls))
        assert {site.base + site.path_of(n) for n in range(2, count + 1, 2)} <= set(urls)
        assert not list(verify(Storage(str(tmp_path))))
        handler.do_GET = plain
        again = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}", settings=settings)
        assert again.returncode == 0, again.stdout
        urls = pq.read_table(tmp_path / "articles", columns=["url"])["url"].to_pylist()
        assert sorted(urls) == sorted(site.urls())
    replayed = crawl(
        tmp_path / "again", "loopback", "-a", f"channel={site.listing}", GOVCRAWL_REPLAY=str(tmp_path / "warc")
    )
    assert replayed.returncode in (0, 3), replayed.stderr[-2000:]


def test_run_files_of_any_kind_are_set_aside(tmp_path: Path) -> None:
    with Site(6) as site:
        assert crawl(tmp_path, "loopback", "-a", f"channel={site.listing}").returncode == 0
        name = next((tmp_path / "runs/site=loopback").iterdir())
        whole = json.loads(name.read_text())
        for number, content in enumerate(("[]", "null", json.dumps(whole)[:-9], json.dumps(whole | {"channels": [7]}))):
            name.with_name(f"loopback-20300101T00000000{number}Z-0000.json").write_text(content)
        name.write_text(json.dumps(whole | {"channels": {}}))
        site.publish(2)
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
        assert done.returncode == 0, done.stdout + done.stderr[-2000:]
        assert done.stderr.count("it was set aside as quarantine/runs/site=loopback/") == 5
    assert "2 article rows landed" in done.stdout
    assert len(read_all(tmp_path)) == 8
    assert [f.kind for f in verify(Storage(str(tmp_path)))] == []


def test_two_runs_of_one_site(tmp_path: Path) -> None:
    from govcrawl.archive.run import Archive
    from govcrawl.archive.storage import Storage

    other = Archive(Storage(str(tmp_path)))
    other.site("loopback")
    with Site(3) as site:
        done = crawl(tmp_path, "loopback", "-a", f"channel={site.listing}")
    assert done.returncode == 7
    assert "another run holds site loopback" in done.stderr
    other.site("loopback").close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gmw", "-a", "chanel=x"], "has no argument 'chanel' (did you mean channel?); it takes: since"),
        (["gmw", "-a", "since=tomorrow"], "since=tomorrow is not a date; write it as"),
        (["gmw", "-a", "since=2024-02-30"], "since=2024-02-30 is not a date"),
        (["gmw", "-a", "since=2024-02", "-a", "until=2023"], "is after until"),
        (["gmw", "-a", "sample=many"], "sample=many is not a number"),
        (["gmw", "-a", "full=perhaps"], "full=perhaps is neither 1 nor 0"),
        (["gmw", "-a", "channel=体育"], "gmw has no channel '体育'; it has: "),
        (["heilongjiang", "-a", "channel=通知公吿"], "no channel '通知公吿' (did you mean 通知公告?); it has: "),
        (["gmw", "-a", "channel=https://example.com/"], "is not on a host of gmw"),
        (["atlantis"], "unknown site 'atlantis'; scrapy list shows"),
        (["helongjiang"], "unknown site 'helongjiang' (did you mean heilongjiang"),
        (["黑龙江"], "unknown site '黑龙江' (did you mean heilongjiang (黑龙江省教育厅)?)"),
        (["site", "-a", "strat=https://x.example/"], "it has no argument 'strat' (did you mean start?)"),
        ([], "give one spider"),
    ],
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = crawl(tmp_path, *arguments) if arguments else crawl(tmp_path, "")
    if not arguments:
        said = "unknown site ''"
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_recording_that_is_cut(tmp_path: Path) -> None:
    with Site(30) as site:
        assert crawl(tmp_path / "live", "loopback", "-a", f"channel={site.listing}").returncode == 0
        listing = site.listing
    whole = next((tmp_path / "live").glob("warc/**/*.warc.gz"))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = crawl(tmp_path / "again", "loopback", "-a", f"channel={listing}", GOVCRAWL_REPLAY=str(whole))
    assert done.returncode == 3
    assert "is cut short after" in done.stderr
    assert "articles: network" in done.stdout or "channel" in done.stdout
    assert 0 < len(read_all(tmp_path / "again")) < 30
