from typing import ClassVar

from govcrawl.base_spiders.founder import FounderSpider


class ChinaComCnSpider(FounderSpider):
    """中国网 – http://www.china.com.cn"""

    name = "china_com_cn"
    site_name = "中国网"
    kind = "news"
    province = "national"
    hosts = ("china.com.cn",)
    verified = None  # look up live: that node lists go on as node_<id>_2.htm

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "http://edu.china.com.cn/",
        "中小学": "http://zxx.edu.china.com.cn/node_544773.htm",
    }
    front_pages = ("http://edu.china.com.cn/",)
    article_pattern = (
        r"^https?://(?:[\w-]+\.)*china\.com\.cn/(?:[\w-]+/)*\d{4}-\d{2}/\d{2}/content_\d+(?:_\d+)?\.s?html?$"
    )
    examples = (
        "http://news.china.com.cn/2024-05/13/content_117184963.shtml",
        "http://travel.china.com.cn/txt/2024-05/20/content_117199185.shtml",
    )
    body_css = ("div.article", "#artbody", "#articleBody")
