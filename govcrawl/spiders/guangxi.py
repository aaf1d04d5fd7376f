from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class GuangxiSpider(TrsSpider):
    """广西壮族自治区教育厅 – http://jyt.gxzf.gov.cn"""

    name = "guangxi"
    site_name = "广西壮族自治区教育厅"
    province = "guangxi"
    hosts = ("jyt.gxzf.gov.cn",)

    # NumberedSpider
    extension = "shtml"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": "http://jyt.gxzf.gov.cn/jyxw/jyyw/",
        "通知公告": "http://jyt.gxzf.gov.cn/zfxxgk/fdzdgknr/tzgg_58179/",
        "粽仔说高考": "http://jyt.gxzf.gov.cn/ztzl/zzgk/",
        "考录招聘": "http://jyt.gxzf.gov.cn/zfxxgk/fdzdgknr/rsxx/klzp/",
        "政策": "http://jyt.gxzf.gov.cn/zfxxgk/zc/",
    }
    article_pattern = r"^https?://jyt\.gxzf\.gov\.cn/(?:\w+/)+t\d+\.shtml$"
    examples = ("http://jyt.gxzf.gov.cn/zfxxgk/fdzdgknr/tzgg_58179/t16361991.shtml",)
    rows_css = "ul.more-list li"
    body_css = ("div.view.TRS_UEDITOR",)
