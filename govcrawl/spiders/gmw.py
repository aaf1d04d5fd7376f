from typing import ClassVar

from govcrawl.base_spiders.founder import FounderSpider


class GmwSpider(FounderSpider):
    """光明网 – https://www.gmw.cn"""

    name = "gmw"
    site_name = "光明网"
    kind = "news"
    province = "national"
    hosts = ("gmw.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育 要闻": "http://edu.gmw.cn/node_10602.htm",
        "光明教育": "http://edu.gmw.cn/node_10810.htm",
        "中小学": "http://edu.gmw.cn/node_9729.htm",
        "高校": "http://edu.gmw.cn/node_9757.htm",
        "黑龙江": "https://difang.gmw.cn/hlj/node_12836.htm",
    }
    article_pattern = r"^https?://(?:[\w-]+\.)?gmw\.cn/(?:[\w-]+/)*\d{4}-\d{2}/\d{2}/content_\d+\.html?$"
    rows_css = "ul.channel-newsGroup li, div.each_news"
    body_css = ("#article_inbox .u-mainText", "#contentMain")
