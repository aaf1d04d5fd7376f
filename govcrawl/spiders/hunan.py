from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class HunanSpider(TrsSpider):
    """湖南省教育厅 – https://jyt.hunan.gov.cn"""

    name = "hunan"
    site_name = "湖南省教育厅"
    province = "hunan"
    hosts = ("jyt.hunan.gov.cn",)
    verified = None  # look up: title, date and body containers of its article pages

    # NumberedSpider
    first_number = 2

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": "https://jyt.hunan.gov.cn/jyt/sjyt/jyyw/2019_zfxxgk_listsub.html",
        "教育快讯": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/jykx/jykx_1/index.html",
        "部委动态": "https://jyt.hunan.gov.cn/jyt/sjyt/bwdt/index.html",
        "市州动态": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/szdt/index.html",
        "高校动态": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/gxdt/index.html",
        "通知公告": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/tzgg/index.html",
        "政策解读": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/zcfg/zcjd/index.html",
        "文件库": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/c100959/index.html",
        "规范性文件": "https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/zcfg/gfxwj/index.html",
    }
    article_pattern = r"^https?://jyt\.hunan\.gov\.cn/jyt/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = ("https://jyt.hunan.gov.cn/jyt/sjyt/xxgk/tzgg/202312/t20231204_32456028.html",)
    rows_css = "ul.list_gkzd_content li"
