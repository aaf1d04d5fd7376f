from typing import ClassVar

from govcrawl.base_spiders.was_json import WasJsonSpider, was_url

BASE = "https://jyt.fujian.gov.cn"


class FujianSpider(WasJsonSpider):
    """福建省教育厅 – https://jyt.fujian.gov.cn"""

    name = "fujian"
    site_name = "福建省教育厅"
    province = "fujian"
    hosts = ("jyt.fujian.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": was_url(BASE, 30242),
        "教育动态": was_url(BASE, 30245),
        "公告公示": was_url(BASE, 30169),
        "重要文件": was_url(BASE, 30170),
        "部门政策文件解读": was_url(BASE, 30173),
        "其他政策文件解读": "https://jyt.fujian.gov.cn/xxgk/zcjd/qtzcwjjd/",
        "行政规范性文件": "https://jyt.fujian.gov.cn/xxgk/zfxxgkzl/zc/xzgfxwj/",
        "政策文件": "https://jyt.fujian.gov.cn/xxgk/zfxxgkzl/zfxxgkml/zcwj/",
        "人事信息": "https://jyt.fujian.gov.cn/xxgk/rsxx/",
    }
    article_pattern = r"^https?://jyt\.fujian\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.htm$"
    examples = ("https://jyt.fujian.gov.cn/xxgk/zywj/202408/t20240812_6500947.htm",)
    body_css = (".TRS_Editor", ".article_component")
