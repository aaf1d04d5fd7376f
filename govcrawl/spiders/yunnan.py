from typing import ClassVar

from govcrawl.base_spiders.category import CategorySpider


class YunnanSpider(CategorySpider):
    """云南省教育厅 – https://jyt.yn.gov.cn"""

    name = "yunnan"
    site_name = "云南省教育厅"
    province = "yunnan"
    hosts = ("jyt.yn.gov.cn",)
    verified = None  # look up: the form of its article addresses, none was seen; any page of a row counts as one

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育信息": "https://jyt.yn.gov.cn/article/category/38d5f8d6af024bd0abe28cc484b18af0-1",
        "政策文件": "https://jyt.yn.gov.cn/article/category/b99635e859f74b70b0d855812d7452fc-1",
        "公示公告": "https://jyt.yn.gov.cn/article/category/fb23c6e425a14040a8efbef2fa58e43f-1",
        "政策解读": "https://jyt.yn.gov.cn/article/category/4bd1bac5820642cfb7e2cf7af02f1484-1",
    }
    article_pattern = r"^https?://jyt\.yn\.gov\.cn/(?!article/category/)(?:[\w-]+/)+[\w-]{5,}(?:\.s?html?)?$"
    rows_css = "div.jyxxlb div.jyxxnr1, div.yemian li"
    body_css = (".TRS_Editor",)
