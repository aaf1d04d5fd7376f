import re
from collections.abc import Iterable
from typing import ClassVar

from scrapy.http import Request, TextResponse

from govcrawl.base_spiders.listing import url_with
from govcrawl.base_spiders.news_json import JsonListSpider

_DATA = re.compile(r"\bds_[0-9a-f]{32}\.json\b")
_SOURCE = re.compile(r"""\bdata=["']datasource:([0-9a-f]{32})\b""")


class XinhuaSpider(JsonListSpider):
    """新华网 – https://www.news.cn. A section's page shows its first rows and keeps all in ``ds_<32 hex>.json`` beside
    it; older columns are ``nodeart/list`` feeds."""

    name = "xinhua"
    site_name = "新华网"
    kind = "news"
    province = "national"
    hosts = ("news.cn", "xinhuanet.com")

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "https://education.news.cn/",
        "教育 滚动": "https://education.news.cn/roll.htm",
        "教育 djgd": "https://education.news.cn/djgd.htm",
        "教育 qw": "https://education.news.cn/qw.htm",
        "教育 job": "https://education.news.cn/job.htm",
        "教育 旧站": "http://www.xinhuanet.com/edu/",
        "教育列表": "http://qc.wa.news.cn/nodeart/list?nid=11109063&pgnum=1&cnt=20&tp=1&orderby=1",
        "北京": "http://www.bj.news.cn/",
        "天津": "http://www.tj.news.cn/",
        "河北": "http://www.he.news.cn/",
        "山西": "http://www.sx.news.cn/",
        "内蒙古": "http://www.nmg.news.cn/",
        "辽宁": "http://www.ln.news.cn/",
        "吉林": "http://www.jl.news.cn/",
        "黑龙江": "http://www.hlj.news.cn/",
        "上海": "http://www.sh.news.cn/",
        "江苏": "http://www.js.news.cn/",
        "浙江": "http://www.zj.news.cn/",
        "安徽": "http://www.ah.news.cn/",
        "福建": "http://www.fj.news.cn/",
        "江西": "http://www.jx.news.cn/",
        "山东": "http://www.sd.news.cn/",
        "河南": "http://www.ha.news.cn/",
        "湖北": "http://www.hb.news.cn/",
        "湖南": "http://www.hn.news.cn/",
        "广东": "http://www.gd.news.cn/",
        "广西": "http://www.gx.news.cn/",
        "海南": "http://www.hq.news.cn/",
        "重庆": "http://www.cq.news.cn/",
        "四川": "http://www.sc.news.cn/",
        "贵州": "http://www.gz.news.cn/",
        "云南": "http://www.yn.news.cn/",
        "西藏": "http://www.xizang.news.cn/",
        "陕西": "http://www.sn.news.cn/",
        "甘肃": "http://www.gs.news.cn/",
        "青海": "http://www.qh.news.cn/",
        "宁夏": "http://www.nx.news.cn/",
        "新疆": "http://www.xj.news.cn/",
        "兵团": "http://www.bt.news.cn/",
    }
    front_pages = tuple(url for url in channels.values() if url.endswith("/"))
    article_pattern = (
        r"^https?://(?:[\w-]+\.)*(?:news\.cn|xinhuanet\.com)/(?:[\w-]+/)*"
        r"(?:\d{8}/[0-9a-f]{32}/c\.html|\d{4}-\d{2}/\d{2}/c_\d+\.html?)$"
    )
    examples = (
        "http://www.news.cn/politics/leaders/20240509/3dd6e33cc6d749fbaae01fea337ff400/c.html",
        "http://www.he.news.cn/20240515/d59c39d4160a4fe4b3084c3e4abfb450/c.html",
        "https://www.xinhuanet.com/edu/20260625/fb56ac200608457cbce7ea6cbe1a6774/c.html",
        "http://education.news.cn/2019-05/30/c_1210147250.htm",
    )
    body_css = ("#detailContent", "#p-detail")

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        yield from super().page_requests(response)
        names = [*_DATA.findall(response.text), *(f"ds_{found}.json" for found in _SOURCE.findall(response.text))]
        for name in dict.fromkeys(names):
            yield response.follow(name, meta={"part": True})

    def article_url(self, url: str) -> str:
        """The articles of www.xinhuanet.com that have 32 digits lie under www.news.cn too."""
        return re.sub(r"^(https?://www\.)xinhuanet\.com(?=/.*[0-9a-f]{32}/c\.html$)", r"\1news.cn", url)

    def feed_requests(self, response: TextResponse) -> Iterable[Request]:
        if found := re.search(r"[?&]pgnum=(\d+)", response.url):
            yield Request(url_with(response.url, pgnum=int(found.group(1)) + 1))
