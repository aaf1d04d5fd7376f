from typing import ClassVar

from govcrawl.base_spiders.generic import DatedRowsSpider, GenericSpider


class QinghaiSpider(DatedRowsSpider, GenericSpider):
    """青海省教育厅 – https://jyt.qinghai.gov.cn"""

    name = "qinghai"
    site_name = "青海省教育厅"
    province = "qinghai"
    hosts = ("jyt.qinghai.gov.cn",)
    verified = None  # look up: article addresses and paging. A run ends with no rows where a script fills its lists

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育动态": "https://jyt.qinghai.gov.cn/xw/jydt/",
        "政务要闻": "https://jyt.qinghai.gov.cn/xw/zwyw/",
        "通知公告": "https://jyt.qinghai.gov.cn/gk/tzgg/",
        "网上公示": "https://jyt.qinghai.gov.cn/gk/wsgs/",
        "最新文件": "https://jyt.qinghai.gov.cn/gk/zxwj/",
    }
    article_pattern = (
        r"^https?://jyt\.qinghai\.gov\.cn/(?:[\w-]+/)+(?!index)(?=[\w-]*\d)[\w-]++\.(?:s?html?|aspx)(?:\?.*)?$"
    )
    rows_css = "ul#idul li"
