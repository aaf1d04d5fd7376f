from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class EolSpider(TrsSpider):
    """中国教育在线 – https://www.eol.cn"""

    name = "eol"
    site_name = "中国教育在线"
    kind = "news"
    province = "national"
    hosts = ("eol.cn",)
    verified = None  # look up live: how its lists go on to page 2, and where an article keeps its body

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "要闻": "https://www.eol.cn/news/yaowen/",
        "新闻": "https://www.eol.cn/news/",
        "海南 高考动态": "https://gaokao.eol.cn/hai_nan/dongtai/",
        "安徽 高考动态": "https://gaokao.eol.cn/an_hui/dongtai/",
    }
    front_pages = ("https://www.eol.cn/news/",)
    article_pattern = (
        r"^https?://(?:[\w-]+\.)?eol\.cn/"
        r"(?:(?:[\w-]+/)+\d{6}/t\d{8}_\d+\.shtml|detail/\d{4}/\d{2}/\d{2}/\d+_\d+\.html)$"
    )
    examples = (
        "https://www.eol.cn/news/yaowen/202512/t20251222_2711583.shtml",
        "https://gaokao.eol.cn/hai_nan/dongtai/202606/t20260607_2742074.shtml",
        "https://zhijiao.eol.cn/detail/2025/12/22/1766394417_27137.html",
    )
    rows_css = "div.list .fline"
