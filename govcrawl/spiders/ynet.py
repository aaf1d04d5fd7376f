from typing import ClassVar

from govcrawl.base_spiders.news_links import NextLinkSpider


class YnetSpider(NextLinkSpider):
    """北青网 – http://www.ynet.com"""

    name = "ynet"
    site_name = "北青网"
    kind = "news"
    province = "national"
    hosts = ("ynet.com",)
    verified = None  # look up live: the names of the lists 990, 1700 and 939

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "北青快讯": "https://news.ynet.com/list/2121t76.html",
        "990": "http://news.ynet.com/list/990t76.html",
        "1700": "http://news.ynet.com/list/1700t76.html",
        "939": "http://news.ynet.com/list/939t76.html",
    }
    article_pattern = r"^https?://(?:[\w-]+\.)?ynet\.com/\d{4}/\d{2}/\d{2}/\d+t\d+\.html$"
    examples = ("https://news.ynet.com/2024/05/08/3758770t70.html", "http://news.ynet.com/2018/07/02/1287606t70.html")
    rows_css = "li.cfix"
    body_css = ("#articleBox",)
