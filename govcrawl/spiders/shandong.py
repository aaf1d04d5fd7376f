from typing import ClassVar

from govcrawl.base_spiders.jcms import JcmsSpider


class ShandongSpider(JcmsSpider):
    """山东省教育厅 – http://edu.shandong.gov.cn"""

    name = "shandong"
    site_name = "山东省教育厅"
    province = "shandong"
    hosts = ("edu.shandong.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "工作动态": "http://edu.shandong.gov.cn/col/col11969/index.html",
        "战线联播": "http://edu.shandong.gov.cn/col/col11972/index.html",
        "新闻发布会": "http://edu.shandong.gov.cn/col/col11973/index.html",
        "厅长办公会": "http://edu.shandong.gov.cn/col/col11974/index.html",
        "媒体聚焦": "http://edu.shandong.gov.cn/col/col11975/index.html",
        "通知公告": "http://edu.shandong.gov.cn/col/col11982/index.html",
        "政策文件": "http://edu.shandong.gov.cn/col/col11990/index.html",
        "政策解读": "http://edu.shandong.gov.cn/col/col11992/index.html",
        "鲁教发": "http://edu.shandong.gov.cn/col/col124275/index.html",
        "鲁教字": "http://edu.shandong.gov.cn/col/col124276/index.html",
        "鲁教函": "http://edu.shandong.gov.cn/col/col124277/index.html",
    }
    article_pattern = (
        r"^https?://edu\.shandong\.gov\.cn/"
        r"(?:art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+|col/col\d+/art/\d{4}/art_[0-9a-f]{32})\.html$"
    )
    examples = ("http://edu.shandong.gov.cn/art/2025/12/22/art_107093_10344338.html",)
    body_css = ("#zoom",)
