from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class ChongqingSpider(TrsSpider):
    """重庆市教育委员会 – https://jw.cq.gov.cn"""

    name = "chongqing"
    site_name = "重庆市教育委员会"
    province = "chongqing"
    hosts = ("jw.cq.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "公告公示": "https://jw.cq.gov.cn/zwxx_209/gggs/",
        "综合信息": "https://jw.cq.gov.cn/zwxx_209/bmdt/zhxx/",
        "区县信息": "https://jw.cq.gov.cn/zwxx_209/bmdt/qxxx/",
        "高校信息": "https://jw.cq.gov.cn/zwxx_209/bmdt/gxxx/",
        "直属单位信息": "https://jw.cq.gov.cn/zwxx_209/bmdt/zsdwxx/",
        "媒体新闻": "https://jw.cq.gov.cn/zwxx_209/bmdt/mtxx/mtxw/",
        "督导信息": "https://jw.cq.gov.cn/zwxx_209/bmdt/ddxx/",
        "焦点图片": "https://jw.cq.gov.cn/zwxx_209/jdtp/",
        "行政规范性文件": "https://jw.cq.gov.cn/zwgk/zfxxgkml/zcwj/gfxwj/",
        "其他文件": "https://jw.cq.gov.cn/zwgk/zfxxgkml/zcwj/qtwj/",
        "文字解读": "https://jw.cq.gov.cn/zwgk/zfxxgkml/zcjd/wzjd/",
        "政策文件库": "https://jw.cq.gov.cn/zwgk/zfxxgkml/zcjd/zcwjk/",
    }
    article_pattern = r"^https?://jw\.cq\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+(?:_wap)?\.html$"
    examples = (
        "https://jw.cq.gov.cn/zwxx_209/gggs/202505/t20250512_14601180.html",
        "https://jw.cq.gov.cn/zwxx_209/gggs/202506/t20250624_14738643_wap.html",
    )
    rows_css = "div.information-l-content ul li, div.zcwjk-list tr"
    body_css = ("div.trs_editor_view.TRS_UEDITOR", "div.view.TRS_UEDITOR")
