from typing import ClassVar

from govcrawl.base_spiders.generic import GenericSpider


class XizangSpider(GenericSpider):
    """西藏自治区教育厅 – http://edu.xizang.gov.cn"""

    name = "xizang"
    site_name = "西藏自治区教育厅"
    province = "xizang"
    hosts = ("edu.xizang.gov.cn",)
    verified = None  # look up: an article address; the form is that of the exam office below it

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": "http://edu.xizang.gov.cn/7/20/index.html",
        "政策解读": "http://edu.xizang.gov.cn/7/21/index.html",
        "文件列表": "http://edu.xizang.gov.cn/6/29/index.html",
        "文件通知": "http://edu.xizang.gov.cn/6/index.html",
    }
    article_pattern = r"^https?://(?:zsks\.)?edu\.xizang\.gov\.cn/\d+/\d+/\d+\.html$"
    examples = ("http://zsks.edu.xizang.gov.cn/71/74/7787.html",)
    rows_css = "div.content-box ul li, div.notice ul li"
