from collections.abc import Iterable
from typing import ClassVar

from scrapy.http import Request, TextResponse

from govcrawl.base_spiders.news_json import JsonListSpider, numbered_files


class NeteaseSpider(JsonListSpider):
    """网易 – https://www.163.com"""

    name = "netease"
    site_name = "网易"
    kind = "news"
    province = "national"
    hosts = ("163.com",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "https://edu.163.com/",
        "教育热点": "https://edu.163.com/special/002987KB/newsdata_edu_hot.js?callback=data_callback",
        "辽宁": "https://liaoning.news.163.com/",
        "辽宁 信息流": "http://bendi.news.163.com/liaoning/special/04228EED/xinxiliu.js",
        "辽宁 大连": "http://liaoning.news.163.com/special/04228EEL/dlxinxiliu.js",
        "辽宁 鞍山": "http://liaoning.news.163.com/special/04228R04/anshanxinxiliu.js",
        "辽宁 丹东": "http://liaoning.news.163.com/special/04228EFD/dd_xxl.js",
        "四川": "http://sc.news.163.com/",
        "黑龙江": "http://hlj.news.163.com/",
        "吉林": "http://jl.news.163.com/",
        "浙江": "http://zj.news.163.com/",
        "山东": "http://sd.news.163.com/",
        "内蒙古 呼和浩特": "http://hhht.news.163.com/",
        "河北": "http://hebei.news.163.com/",
        "河南": "http://henan.163.com/",
    }
    # An article lies under /dy/article/ (accounts), /local/article/ or its channel's, before 2021 under its day.
    article_pattern = (
        r"^https?://(?:[\w-]+\.)*163\.com/"
        r"(?:(?:[a-z0-9]+/)*article/(?:detail/)?[A-Z0-9]{16}|\d{2}/\d{4}/\d{2}/[A-Z0-9]{16})\.html(?:\?|$)"
    )
    examples = (
        "https://www.163.com/dy/article/J22CN60P0514R9KQ.html",
        "https://www.163.com/local/article/HTEM4U7A04228EEJ.html",
        "http://liaoning.news.163.com/19/0314/05/EA74TS1I04228EEJ.html",
    )
    rows_css = ".ln_headline, .news_article"
    body_css = ("div.post_body", "#endText")

    def feed_requests(self, response: TextResponse) -> Iterable[Request]:
        return numbered_files(response.url)

    def article_url(self, url: str) -> str:
        """Without where the reader clicked."""
        return url.partition("?")[0]
