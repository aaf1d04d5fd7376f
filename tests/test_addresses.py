"""The canonical form is frozen: every key in every archive rests on it. A row may be added, never changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govcrawl.addresses import FORM, canonical, doc_id, host_of

FROZEN = [
    ("http://www.moe.gov.cn", "http://www.moe.gov.cn/"),
    ("HTTP://WWW.MOE.gov.CN/A/b.html#top", "http://www.moe.gov.cn/A/b.html"),
    ("https://jyt.henan.gov.cn:443/2024/05-03/1.html", "https://jyt.henan.gov.cn/2024/05-03/1.html"),
    ("http://jyt.henan.gov.cn:443/2024/05-03/1.html", "http://jyt.henan.gov.cn/2024/05-03/1.html"),
    ("http://jyt.henan.gov.cn:80/a", "http://jyt.henan.gov.cn/a"),
    ("http://jyt.henan.gov.cn:8080/a", "http://jyt.henan.gov.cn:8080/a"),
    ("http://h.cn/a?b=2&a=1", "http://h.cn/a?a=1&b=2"),
    ("http://h.cn/a?id=1&utm_source=x&spm=1.2.3", "http://h.cn/a?id=1"),
    ("http://h.cn/a?id=", "http://h.cn/a?id="),
    ("http://h.cn/通知.html", "http://h.cn/%E9%80%9A%E7%9F%A5.html"),
    ("http://h.cn/%e9%80%9a.html", "http://h.cn/%E9%80%9A.html"),
    ("http://h.cn/a b", "http://h.cn/a%20b"),
    ("http://教育.中国/a", "http://xn--wcvs22d.xn--fiqs8s/a"),
    ("http://user:pw@h.cn/a", "http://h.cn/a"),
    (" http://h.cn/a ", "http://h.cn/a"),
    ("http://h.cn./a", "http://h.cn/a"),
]


@pytest.mark.parametrize(("url", "expected"), FROZEN)
def test_canonical_form_1(url: str, expected: str) -> None:
    assert FORM == 1
    assert canonical(url) == expected


def test_doc_id_is_frozen_and_knows_no_scheme() -> None:
    assert doc_id("https://www.moe.gov.cn/a.html") == "f62f14c725e3626601c13b04bb7ce0a2"
    assert doc_id("http://www.moe.gov.cn/a.html") == "f62f14c725e3626601c13b04bb7ce0a2"
    assert doc_id("http://h.cn/q", "POST", b"page=1") != doc_id("http://h.cn/q", "POST", b"page=2")
    assert doc_id("http://h.cn/q", "POST", b"") != doc_id("http://h.cn/q")


@given(st.from_regex(r"https?://[a-z]{1,8}\.cn(:\d{2,4})?/[\w%./?&=;~\[-]{0,40}", fullmatch=True))
def test_canonical_is_idempotent(url: str) -> None:
    assert canonical(canonical(url)) == canonical(url)


@pytest.mark.parametrize(
    ("url", "host"), [("http://A.cn:80/x", "a.cn"), ("nothing", ""), ("//a.cn/x", "a.cn"), ("http://[broken", "")]
)
def test_host(url: str, host: str) -> None:
    assert host_of(url) == host
