from typing import ClassVar

from govcrawl.base_spiders.numbered import NumberedSpider


class HenanSpider(NumberedSpider):
    """河南省教育厅 – https://jyt.henan.gov.cn

    河南省政府网站集约化平台: articles stand at the root of the host by day, whatever their column.
    """

    name = "henan"
    site_name = "河南省教育厅"
    province = "henan"
    hosts = ("jyt.henan.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "文件通知": "https://jyt.henan.gov.cn/xxgk/wjtz/",
        "公告公示": "https://jyt.henan.gov.cn/xxgk/gggs/",
        "行政规范性文件": "https://jyt.henan.gov.cn/zwgk/zc/xzgfxwj",
        "政声传递": "https://jyt.henan.gov.cn/jydt/zscd/",
        "豫教要闻": "https://jyt.henan.gov.cn/jydt/yjyw/",
        "媒体聚焦": "https://jyt.henan.gov.cn/jydt/mtjj/",
        "高校动态": "https://jyt.henan.gov.cn/jydt/gxdt/",
        "市县动态": "https://jyt.henan.gov.cn/jydt/sxdt/",
        "新闻发布": "https://jyt.henan.gov.cn/jydt/xwfb/",
        "政策解读": "https://jyt.henan.gov.cn/jydt/zcjd/",
    }
    article_pattern = r"^https?://(?:m\.)?jyt\.henan\.gov\.cn(?::443)?/\d{4}/\d{2}-\d{2}/\d+\.html$"
    examples = (
        "https://jyt.henan.gov.cn:443/2025/12-23/3277284.html",
        "https://m.jyt.henan.gov.cn/2020/11-30/1912063.html",
    )
    rows_css = "div.list > ul > li"
    body_css = (".article .det", "#det")

    def article_url(self, url: str) -> str:
        """On the main host: that for telephones has the same pages."""
        return url.replace("//m.jyt.", "//jyt.")
