from typing import ClassVar

from govcrawl.base_spiders.jcms import JcmsSpider


class JiangsuSpider(JcmsSpider):
    """江苏省教育厅 – https://jyt.jiangsu.gov.cn"""

    name = "jiangsu"
    site_name = "江苏省教育厅"
    province = "jiangsu"
    hosts = ("jyt.jiangsu.gov.cn",)

    # JcmsSpider
    disclosure_id = "62"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jyt.jiangsu.gov.cn/col/col58320/index.html",
        "教育要闻": "https://jyt.jiangsu.gov.cn/col/col57807/index.html",
        "时政要闻": "https://jyt.jiangsu.gov.cn/col/col82269/index.html?uid=396302&pageNum=1",
        "市县动态": "https://jyt.jiangsu.gov.cn/col/col57812/index.html",
        "高校动态": "https://jyt.jiangsu.gov.cn/col/col57813/index.html",
        "媒体聚焦": "https://jyt.jiangsu.gov.cn/col/col57810/index.html",
        "图片新闻": "https://jyt.jiangsu.gov.cn/col/col57816/index.html",
        "政策文件": "https://jyt.jiangsu.gov.cn/col/col77615/index.html",
        "政府信息公开": "http://jyt.jiangsu.gov.cn/col/col55505/index.html",
    }
    article_pattern = (
        r"^https?://jyt\.jiangsu\.gov\.cn/"
        r"(?:art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+|col/col\d+/art/\d{4}/art_[0-9a-f]{32})\.html$"
    )
    examples = (
        "https://jyt.jiangsu.gov.cn/art/2025/12/22/art_58320_11697322.html",
        "https://jyt.jiangsu.gov.cn/art/2023/1/6/art_57827_10737259.html",
    )
    body_css = ("#zoom", ".bt-content.zoom")
