from typing import ClassVar

from govcrawl.base_spiders.ucap import UcapSpider, search_url

BASE = "https://jyt.gansu.gov.cn"


class GansuSpider(UcapSpider):
    """甘肃省教育厅 – https://jyt.gansu.gov.cn

    A shield (HTTP 412) asked for a browser in 2025; a run then ends as blocked.
    """

    name = "gansu"
    site_name = "甘肃省教育厅"
    province = "gansu"
    hosts = ("jyt.gansu.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "媒体聚焦": search_url(BASE, "6ed9cac952e94022bd5bd213764b983d"),
        "教育动态": search_url(BASE, "c7df0c0ea0b7444d9744d4a6c1fcca4b"),
        "教育要闻": search_url(BASE, "695dc7247ea148ad8e01ad5988132d63"),
        "文件通知": "https://jyt.gansu.gov.cn/jyt/c110634/zwgklist.shtml",
        "政策法规": "https://jyt.gansu.gov.cn/jyt/c110311/zwgklist.shtml",
        "政府文件": "https://jyt.gansu.gov.cn/jyt/c107271/zwgklzyj.shtml",
        "政策解读": "https://jyt.gansu.gov.cn/jyt/c107274/zwgklist.shtml",
        "通知公告": "https://jyt.gansu.gov.cn/jyt/c107293/zwgklzyj.shtml",
        "新闻动态": "https://jyt.gansu.gov.cn/jyt/c120301/jytjydt_jyyw.shtml",
        "信息简报": "https://jyt.gansu.gov.cn/jyt/c020701/zwgklist_xxjb.shtml",
    }
    article_pattern = r"^https?://jyt\.gansu\.gov\.cn/jyt/c\d+/\d{6}/\d+\.shtml$"
    examples = ("https://jyt.gansu.gov.cn/jyt/c110634/202511/174240943.shtml",)
    rows_css = "ul.jytxxgklist li"
