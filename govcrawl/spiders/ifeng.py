import re
from collections.abc import Iterable
from typing import ClassVar

from scrapy.http import Request, TextResponse

from govcrawl.base_spiders.news_json import JsonListSpider


class IfengSpider(JsonListSpider):
    """凤凰网 – https://www.ifeng.com. Rows stand in a script of the page (``allData``); an account's articles come from
    ``shankapi.ifeng.com/…/getShareListData/<account>/doc/<page>/…``."""

    name = "ifeng"
    site_name = "凤凰网"
    kind = "news"
    province = "national"
    hosts = ("ifeng.com",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {"教育": "https://edu.ifeng.com/"}
    front_pages = ("https://edu.ifeng.com/",)
    article_pattern = r"^https?://(?:[\w-]+\.)?ifeng\.com/(?:c/[0-9A-Za-z]{11}|a/\d{8}/\d+_\d+\.shtml)(?:\?|$)"
    examples = ("https://news.ifeng.com/c/8Wda7wwUnuC", "http://nb.ifeng.com/a/20200911/14526474_0.shtml")
    body_css = ("[class^=index_text_]", "#main_content")

    def feed_requests(self, response: TextResponse) -> Iterable[Request]:
        if found := re.search(r"(/getShareListData/[^/]+/doc/)(\d+)(?=/)", response.url):
            path = f"{found.group(1)}{int(found.group(2)) + 1}"
            yield Request(response.url[: found.start()] + path + response.url[found.end() :])

    def article_url(self, url: str) -> str:
        return url.partition("?")[0]
