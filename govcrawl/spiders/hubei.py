from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class HubeiSpider(TrsSpider):
    """湖北省教育厅 – https://jyt.hubei.gov.cn"""

    name = "hubei"
    site_name = "湖北省教育厅"
    province = "hubei"
    hosts = ("jyt.hubei.gov.cn",)
    verified = None  # look up: title, date and body containers of its article pages

    # NumberedSpider
    extension = "shtml"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "时政要闻": "https://jyt.hubei.gov.cn/bmdt/szyw/",
        "动态要闻": "https://jyt.hubei.gov.cn/bmdt/dtyw/",
        "通知公告": "https://jyt.hubei.gov.cn/bmdt/tzgg/",
        "媒体聚焦": "https://jyt.hubei.gov.cn/bmdt/gxhptlm/mtjj/",
        "创新案例": "https://jyt.hubei.gov.cn/bmdt/gxhptlm/cxal/",
        "规范性文件": "https://jyt.hubei.gov.cn/zfxxgk/zc_GK2020/gfxwj_GK2020/",
        "政策解读": "https://jyt.hubei.gov.cn/zfxxgk/zc_GK2020/zcjd_GK2020/",
        "其他主动公开文件": "https://jyt.hubei.gov.cn/zfxxgk/zc_GK2020/qtzdgkwj_GK2020/",
        "高校招生": "https://jyt.hubei.gov.cn/bmdt/ztzl/gxzs/",
    }
    article_pattern = r"^https?://jyt\.hubei\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.shtml$"
    examples = ("https://jyt.hubei.gov.cn/zfxxgk/zc_GK2020/gfxwj_GK2020/202306/t20230629_4727322.shtml",)
    rows_css = "li.col-md-6, ul.info-list li:not(.line)"
