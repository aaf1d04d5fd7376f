from typing import ClassVar

from govcrawl.base_spiders.news_json import JsonListSpider


class SohuSpider(JsonListSpider):
    """搜狐 – https://www.sohu.com. The second number of an article's address is the account that wrote it."""

    name = "sohu"
    site_name = "搜狐"
    kind = "news"
    province = "national"
    hosts = ("sohu.com",)
    verified = None  # look up live: where its channels keep the rows after the first ones

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "https://learning.sohu.com/",
        "教育频道": "https://www.sohu.com/c/education",
    }
    front_pages = tuple(channels.values())
    article_pattern = r"^https?://www\.sohu\.com/a/\d+_\d+(?:\?|$)"
    examples = ("https://www.sohu.com/a/778336904_120702", "https://www.sohu.com/a/780060546_458722")
    body_css = ("article#mp-editor", "#mp-editor")

    def article_url(self, url: str) -> str:
        return url.partition("?")[0]
