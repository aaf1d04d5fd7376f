from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class NingxiaSpider(TrsSpider):
    """宁夏回族自治区教育厅 – https://jyt.nx.gov.cn"""

    name = "ningxia"
    site_name = "宁夏回族自治区教育厅"
    province = "ningxia"
    hosts = ("jyt.nx.gov.cn",)
    verified = None  # look up: title, date and body containers of its article pages

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jyt.nx.gov.cn/xwdt/tzgg/index.html",
        "重要会议": "https://jyt.nx.gov.cn/xwdt/zdhy/index.html",
        "工作动态": "https://jyt.nx.gov.cn/xwdt/gzdt/index.html",
        "自治区文件": "https://jyt.nx.gov.cn/zwgk/zcwj/zzqzfwj/index.html",
        "规范性文件": "https://jyt.nx.gov.cn/zwgk/zcwj/gfxwj/",
        "政策解读": "https://jyt.nx.gov.cn/zwgk/zcwj/zcjd/index.html",
    }
    article_pattern = r"^https?://jyt\.nx\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = ("https://jyt.nx.gov.cn/zwgk/zcwj/zcjd/202310/t20231018_4315230.html",)
    rows_css = "ul.wzlb > a, div.zfxxgk_zd1"
