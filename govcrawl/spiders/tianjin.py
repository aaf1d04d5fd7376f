from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class TianjinSpider(TrsSpider):
    """天津市教育委员会 – https://jy.tj.gov.cn"""

    name = "tianjin"
    site_name = "天津市教育委员会"
    province = "tianjin"
    hosts = ("jy.tj.gov.cn",)
    verified = None  # look up: title and body containers of its article pages

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jy.tj.gov.cn/ZWGK_52172/TZGG/",
        "政策文件": "https://jy.tj.gov.cn/ZWGK_52172/zcwj/",
        "市教委文件": "https://jy.tj.gov.cn/ZWGK_52172/zcwj/sjwwj/index.html",
        "政策解读": "https://jy.tj.gov.cn/ZWGK_52172/zcjd_1/index.html",
        "天津教育": "https://jy.tj.gov.cn/JYXW/TJJY/index.html",
        "国内教育": "https://jy.tj.gov.cn/JYXW/GNJY/index.html",
        "基层教育": "https://jy.tj.gov.cn/JYXW/JCJY/index.html",
        "义务教育招生": "https://jy.tj.gov.cn/BMFW/rxzs/ywjyzs/",
    }
    article_pattern = r"^https?://jy\.tj\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = ("https://jy.tj.gov.cn/ZWGK_52172/zcjd_1/202405/t20240520_6629281.html",)
    rows_css = "ul.common-list-right-list > li"
