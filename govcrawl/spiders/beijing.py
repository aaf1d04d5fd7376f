from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class BeijingSpider(TrsSpider):
    """北京市教育委员会 – https://jw.beijing.gov.cn"""

    name = "beijing"
    site_name = "北京市教育委员会"
    province = "beijing"
    hosts = ("jw.beijing.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jw.beijing.gov.cn/tzgg/",
        "教育新闻": "https://jw.beijing.gov.cn/jyzx/jyxw/",
        "视频新闻": "https://jw.beijing.gov.cn/jyzx/spxw/",
        "最新信息公开": "https://jw.beijing.gov.cn/xxgk/zxxxgk/",
        "政策文件": "https://jw.beijing.gov.cn/xxgk/2024zcwj/",
        "行政规范性文件": "https://jw.beijing.gov.cn/xxgk/2024zcwj/2024xzgfwj/",
        "政策解读": "https://jw.beijing.gov.cn/xxgk/2024zcjd/",
        "教育统计概况": "https://jw.beijing.gov.cn/xxgk/shujufab/tongjigaikuang/",
    }
    article_pattern = r"^https?://jw\.beijing\.gov\.cn/(?:[\w-]+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = (
        "https://jw.beijing.gov.cn/gjc/tzgg_15688/202503/t20250311_4031112.html",
        "https://jw.beijing.gov.cn/xxgk/2024zcjd/202407/t20240709_3741681.html",
    )
    rows_css = "div.announce_list.a-hov-c > ul > li"
    body_css = (".TRS_UEDITOR",)
