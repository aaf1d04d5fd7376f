"""The provincial divisions and the places within them."""

import csv
from importlib import resources

import pytest

from govcrawl.addresses import host_of
from govcrawl.provinces import PROVINCES, UNKNOWN, of_code, of_domain, of_host, of_path, places


def test_thirty_four_divisions_and_the_corps() -> None:
    assert len(PROVINCES) == 35
    assert len({p.code for p in PROVINCES.values()}) == 35
    assert all(slug == p.slug and slug.isascii() and slug.islower() for slug, p in PROVINCES.items())
    assert {PROVINCES[s].name for s in ("shanxi", "shaanxi", "neimenggu", "xizang")} == {
        "山西省",
        "陕西省",
        "内蒙古自治区",
        "西藏自治区",
    }
    assert "黑" in PROVINCES["heilongjiang"].letter
    assert "龙江" in PROVINCES["heilongjiang"].nicknames
    assert PROVINCES["gansu"].letter == "甘,陇"


def test_codes_are_those_of_the_gazetteer() -> None:
    with (resources.files("govcrawl.provinces") / "gazetteer.csv").open(encoding="utf-8") as file:
        rows = {row["code"]: row["name"] for row in csv.DictReader(file)}
    for province in PROVINCES.values():
        if province.slug != "bingtuan":
            assert rows[province.code] == province.name
            assert of_code(province.code) == province.slug
    assert of_code("230102") == "heilongjiang"
    assert of_code("999999") == UNKNOWN
    assert len(rows) > 3000


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("黑龙江省哈尔滨市", ["heilongjiang", "heilongjiang"]),
        ("龙江教育", ["heilongjiang"]),
        ("齐鲁大地", ["shandong"]),
        ("海南藏族自治州", ["qinghai"]),
        ("海南省", ["hainan"]),
        ("恩施土家族苗族自治州", ["hubei"]),
        ("吉林市", ["jilin"]),
        ("延边州", ["jilin"]),
        ("德清县", ["zhejiang"]),
        ("河北路小学", []),
        ("北京时间", []),
        ("香港脚", []),
        ("南京东路", []),
        ("鼓楼区", []),
        ("阿里巴巴合作项目", []),
        ("国家长治久安", []),
        ("孙中山先生", []),
        ("滦县", ["hebei"]),
        ("黄河南岸的小学", []),
        ("渤海南部有大风", []),
        ("海南部分地区", ["hainan"]),
        ("湖南部署工作", ["hunan"]),
        ("舞台中央", []),
        ("到台中读书", ["taiwan"]),
        ("推广东西部协作", []),
        ("四川火锅和兰州拉面", []),
        ("北京冬奥精神", []),
        ("遵义会议精神", []),
        ("内地西藏班学生", []),
        ("上海合作组织", []),
        ("", []),
    ],
)
def test_places(text: str, want: list[str]) -> None:
    assert [place.province for place in places(text)] == want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("https://jyt.hlj.gov.cn/jyt/c1/1.shtml", "heilongjiang"),
        ("http://jyt.sn.gov.cn/", "shaanxi"),
        ("http://jyt.shanxi.gov.cn/", "shanxi"),
        ("http://jyt.gxzf.gov.cn/", "guangxi"),
        ("https://liaoning.news.163.com/23/0210/10/X.html", "liaoning"),
        ("http://www.sx.gov.cn/", None),  # 绍兴, not 山西
        ("http://www.gz.gov.cn/", None),  # 广州, not 贵州
        ("http://www.moe.gov.cn/", None),
        ("https://www.163.com/local/article/X.html", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_province_of_a_host(url: str, want: str | None) -> None:
    assert of_host(url) == want


def test_domain_and_folder() -> None:
    assert of_domain("http://news.example.tw/1") == "taiwan"
    assert of_domain("http://news.example.cn/1") is None
    assert of_path("https://difang.gmw.cn/hlj/2023-02/08/content_1.htm") == "heilongjiang"
    assert of_path("https://www.gmw.cn/js/a.htm") is None
    assert host_of("HTTP://Jyt.HLJ.gov.cn:80/x") == "jyt.hlj.gov.cn"
