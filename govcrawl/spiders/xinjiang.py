from typing import ClassVar

from govcrawl.base_spiders.ucap import UcapSpider


class XinjiangSpider(UcapSpider):
    """新疆维吾尔自治区教育厅 – https://jyt.xinjiang.gov.cn"""

    name = "xinjiang"
    site_name = "新疆维吾尔自治区教育厅"
    province = "xinjiang"
    hosts = ("jyt.xinjiang.gov.cn",)
    verified = None  # look up: an article address; the form is that of another 新疆 site of this CMS

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育动态": "https://jyt.xinjiang.gov.cn/edu/jydt/list_xw.shtml",
        "工作动态": "https://jyt.xinjiang.gov.cn/edu/jiaoyudt/list_xw.shtml",
        "学校动态": "https://jyt.xinjiang.gov.cn/edu/xuexiaodt/list_xw.shtml",
        "地州动态": "https://jyt.xinjiang.gov.cn/edu/dzdt/list_xw.shtml",
        "公示公告": "https://jyt.xinjiang.gov.cn/edu/gsgg/list_xw.shtml",
        "发布会": "https://jyt.xinjiang.gov.cn/edu/fbh/list_xw.shtml",
        "最新文件": "https://jyt.xinjiang.gov.cn/edu/zxwj/list_xw.shtml",
        "规范性文件": "https://jyt.xinjiang.gov.cn/edu/gfxwj/newzfxxgk_list2.shtml",
    }
    article_pattern = r"^https?://jyt\.xinjiang\.gov\.cn/edu/\w+/\d{6}/[0-9a-f]{32}\.shtml$"
    rows_css = "div.tab ul li"
