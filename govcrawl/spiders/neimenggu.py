from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class NeimengguSpider(TrsSpider):
    """内蒙古自治区教育厅 – https://jyt.nmg.gov.cn"""

    name = "neimenggu"
    site_name = "内蒙古自治区教育厅"
    province = "neimenggu"
    hosts = ("jyt.nmg.gov.cn",)
    verified = None  # look up: an article address; the form is that of other 内蒙古 departments

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jyt.nmg.gov.cn/zwgk/tzgg_25132/",
        "综合信息": "https://jyt.nmg.gov.cn/jydt/zhxx/",
        "北疆教育": "https://jyt.nmg.gov.cn/jydt/bjjy/",
        "部门文件": "https://jyt.nmg.gov.cn/zfxxgk/fdzdgknr/bmwj/",
        "政策解读": "https://jyt.nmg.gov.cn/zfxxgk/fdzdgknr/zcjd_17374/index.html",
    }
    article_pattern = r"^https?://jyt\.nmg\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    rows_css = "div.tygl_con_con > ul > li"
    body_css = (".TRS_Editor",)
