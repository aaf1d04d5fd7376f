import re
from typing import ClassVar

from govcrawl.base_spiders.news_links import NextLinkSpider


class ChinanewsSpider(NextLinkSpider):
    """中国新闻网 – https://www.chinanews.com.cn"""

    name = "chinanews"
    site_name = "中国新闻网"
    kind = "news"
    province = "national"
    hosts = ("chinanews.com.cn", "chinanews.com")
    verified = None  # look up live: whether 重庆 answers under .com or .com.cn

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "滚动新闻": "https://www.chinanews.com.cn/scroll-news/news1.html",
        "云南 教育": "http://www.yn.chinanews.com/edu/index.shtml",
        "兵团": "http://www.bt.chinanews.com.cn/",
        "重庆": "http://www.cq.chinanews.com.cn/",
    }
    front_pages = ("http://www.bt.chinanews.com.cn/", "http://www.cq.chinanews.com.cn/")
    article_pattern = r"^https?://(?:[\w-]+\.)*chinanews\.com(?:\.cn)?/[\w-]+/\d{4}/\d{2}-\d{2}/\d+\.shtml$"
    examples = (
        "https://www.chinanews.com/edu/2026/06-28/10648735.shtml",
        "https://www.chinanews.com/edu/2014/06-13/6277812.shtml",
    )
    rows_css = ".content_list li"
    body_css = (".left_zw",)

    def article_url(self, url: str) -> str:
        """www.chinanews.com serves the same paths."""
        return re.sub(r"^(https?://www\.chinanews\.com)/", r"\1.cn/", url)
