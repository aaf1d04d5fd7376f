from typing import ClassVar

from govcrawl.base_spiders.news_links import NextLinkSpider


class ChceSpider(NextLinkSpider):
    """国家素质教育网 – http://www.chce.org.cn"""

    name = "chce"
    site_name = "国家素质教育网"
    kind = "news"
    province = "national"
    hosts = ("chce.org.cn",)
    verified = None  # look up live: whether the host still belongs to this site, and its other columns

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "政务公开": "http://www.chce.org.cn/Article_Class.asp?ClassID=12",
    }
    article_pattern = r"^https?://(?:www\.)?chce\.org\.cn/Article_Show\.asp\?ArticleID=\d+$"
    examples = ("http://www.chce.org.cn/Article_Show.asp?ArticleID=11738",)
    rows_css = "tr.tdbg"
    body_css = ("#articleContent",)
