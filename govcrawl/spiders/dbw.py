from typing import ClassVar

from govcrawl.base_spiders.news_links import NextLinkSpider


class DbwSpider(NextLinkSpider):
    """东北网 – https://www.dbw.cn"""

    name = "dbw"
    site_name = "东北网"
    kind = "news"
    province = "national"
    hosts = ("dbw.cn",)
    verified = None  # look up live: how its lists go on to page 2; all that is known is of 2018 and 2019

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "黑龙江 教育要闻": "http://edu.dbw.cn/2014ljjy/2014ljyw/index.shtml",
        "黑龙江": "https://heilongjiang.dbw.cn/",
    }
    front_pages = ("https://heilongjiang.dbw.cn/",)
    article_pattern = r"^https?://(?:[\w-]+\.)?dbw\.cn/system/\d{4}/\d{2}/\d{2}/\d+\.shtml$"
    examples = (
        "https://internal.dbw.cn/system/2019/06/20/058219310.shtml",
        "https://wmw.dbw.cn/system/2018/09/25/001298805.shtml",
    )
    body_css = ("#p-detail", "div.duanluo")
