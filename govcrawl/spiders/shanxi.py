from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class ShanxiSpider(TrsSpider):
    """山西省教育厅 – https://jyt.shanxi.gov.cn"""

    name = "shanxi"
    site_name = "山西省教育厅"
    province = "shanxi"
    hosts = ("jyt.shanxi.gov.cn",)
    verified = None  # look up: an article address; the form is that of other 山西 sites. Many rows are PDF files

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "公告通知": "https://jyt.shanxi.gov.cn/xwzx/ggtz/",
        "要闻速递": "https://jyt.shanxi.gov.cn/xwzx/ywsd/",
        "工作动态": "https://jyt.shanxi.gov.cn/xwzx/gzdt/",
        "市校动态": "https://jyt.shanxi.gov.cn/xwzx/sxdt/",
        "政策法规处": "https://jyt.shanxi.gov.cn/jgsz/jgcs/zcfgc/",
        "教育厅文件": "https://jyt.shanxi.gov.cn/sjytxxgk/xxgkml/jytwj/",
    }
    article_pattern = r"^https?://jyt\.shanxi\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.s?html$"
    rows_css = ".xwzx_ggtz ul.fl li"
    body_css = ("#contents", ".TRS_Editor")
