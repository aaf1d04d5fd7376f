from typing import ClassVar

from govcrawl.base_spiders.news_json import JsonListSpider


class SinaSpider(JsonListSpider):
    """新浪 – https://www.sina.com.cn"""

    name = "sina"
    site_name = "新浪"
    kind = "news"
    province = "national"
    hosts = ("sina.com.cn",)
    verified = None  # look up live: how its lists go on to page 2

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "https://edu.sina.com.cn/",
        "中小学": "https://edu.sina.com.cn/zxx/",
        "高考": "https://edu.sina.com.cn/gaokao/",
        "国际学校": "https://edu.sina.com.cn/ischool/",
        "教育滚动": "http://edu.sina.com.cn/other/roll.d.html?cat=80448",
    }
    front_pages = tuple(url for url in channels.values() if url.endswith("/"))
    article_pattern = r"^https?://(?:[\w-]+\.)?sina\.com\.cn/(?:[\w-]+/)+\d{4}-\d{2}-\d{2}/doc-i\w+\.shtml$"
    examples = (
        "https://news.sina.com.cn/c/2024-05-10/doc-inausehc2630922.shtml",
        "http://edu.sina.com.cn/official/2019-10-27/doc-iicezuev5137438.shtml",
    )
    body_css = ("#article", "#artibody")
