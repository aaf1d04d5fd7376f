from typing import ClassVar

from govcrawl.base_spiders.news_json import JsonListSpider


class QqSpider(JsonListSpider):
    """腾讯新闻 – https://new.qq.com"""

    name = "qq"
    site_name = "腾讯新闻"
    kind = "news"
    province = "national"
    hosts = ("new.qq.com", "news.qq.com")
    verified = None  # look up live: the parameters of i.news.qq.com/getSubNewsMixedList, and accounts worth following

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {}
    why_no_channels = (
        "its lists come from an interface whose parameters are not known; scrapy crawl urls takes its pages"
    )
    article_pattern = r"^https?://(?:new|news)\.qq\.com/(?:rain/a|omn/\w+)/\d{8}[A-Z]\w+(?:\.html)?(?:\?|$)"
    examples = ("https://new.qq.com/rain/a/20240513A00GCM00", "https://new.qq.com/rain/a/20240518A060RN00")
    body_css = ("#ArticleContent", ".content-article")

    def article_url(self, url: str) -> str:
        return url.partition("?")[0]
