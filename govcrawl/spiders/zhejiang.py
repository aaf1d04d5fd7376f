from typing import ClassVar

from govcrawl.base_spiders.jcms import JcmsSpider


class ZhejiangSpider(JcmsSpider):
    """浙江省教育厅 – https://jyt.zj.gov.cn"""

    name = "zhejiang"
    site_name = "浙江省教育厅"
    province = "zhejiang"
    hosts = ("jyt.zj.gov.cn",)

    # JcmsSpider
    disclosure_id = "3099"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jyt.zj.gov.cn/col/col1229266336/index.html",
        "教育动态": "https://jyt.zj.gov.cn/col/col1543974/index.html",
        "图文报道": "https://jyt.zj.gov.cn/col/col1543973/index.html",
        "新闻发布会": "https://jyt.zj.gov.cn/col/col1532992/index.html",
        "媒体关注": "https://jyt.zj.gov.cn/col/col1532836/index.html",
        "规范性文件": "https://jyt.zj.gov.cn/col/col1229106823/index.html",
        "职业教育": "https://jyt.zj.gov.cn/col/col1532983/index.html",
        "最新文件": "https://jyt.zj.gov.cn/col/col1532970/index.html",
        "文件列表": "http://jyt.zj.gov.cn/col/col1543960/index.html",
    }
    article_pattern = (
        r"^https?://jyt\.zj\.gov\.cn/"
        r"(?:art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+|col/col\d+/art/\d{4}/art_[0-9a-f]{32})\.html$"
    )
    examples = ("https://jyt.zj.gov.cn/art/2025/7/22/art_1532836_58944135.html",)
    body_css = ("#zoom",)
