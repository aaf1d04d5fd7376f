from typing import ClassVar

from govcrawl.base_spiders.ucap import UcapSpider, search_url

BASE = "https://jyt.hlj.gov.cn"


class HeilongjiangSpider(UcapSpider):
    """黑龙江省教育厅 – https://jyt.hlj.gov.cn"""

    name = "heilongjiang"
    site_name = "黑龙江省教育厅"
    province = "heilongjiang"
    hosts = ("jyt.hlj.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": search_url(BASE, "d9459b0a5b814070974bee87b113b6a1"),
        "通知公告": search_url(BASE, "bffa5a0ba13c428bb95799f87aa2e9fe"),
        "市县区": search_url(BASE, "443c0ba9d1a74f709497959900a6025e"),
        "学校": search_url(BASE, "e575055b2b3f4ef2ba1ee5c53e36475a"),
        "通知公告 (信息公开)": f"{BASE}/jyt/c110481/public_list.shtml",
        "教育厅通知": f"{BASE}/jyt/c110476/list.shtml",
        "规范性文件": f"{BASE}/jyt/c110487/public_zfxxgk.shtml?tab=gfxwj",
        "政策文件": f"{BASE}/jyt/c110487/public_zfxxgk.shtml?tab=gkzc",
    }
    article_pattern = r"^https?://jyt\.hlj\.gov\.cn/jyt/c\d+/\d{6}/c00_\d+\.shtml$"
    examples = ("https://jyt.hlj.gov.cn/jyt/c110476/202606/c00_31952462.shtml",)
