from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class ShaanxiSpider(TrsSpider):
    """陕西省教育厅 – https://jyt.shaanxi.gov.cn"""

    name = "shaanxi"
    site_name = "陕西省教育厅"
    province = "shaanxi"
    hosts = ("jyt.shaanxi.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "头条推荐": "https://jyt.shaanxi.gov.cn/index/tt/",
        "时政要闻": "https://jyt.shaanxi.gov.cn/index/szyw/",
        "教育要闻": "https://jyt.shaanxi.gov.cn/index/dtyw/",
        "战线联播": "https://jyt.shaanxi.gov.cn/index/dsyw/",
        "媒体视角": "https://jyt.shaanxi.gov.cn/index/mtr/",
        "公示公告": "https://jyt.shaanxi.gov.cn/gk/fdnr/gsgggk/",
        "规范性文件": "https://jyt.shaanxi.gov.cn/gk/zc/gfxwj/",
        "规范性文件 2025": "https://jyt.shaanxi.gov.cn/gk/zc/gfxwj_20255/gfxwj_20254/",
        "工委文件": "https://jyt.shaanxi.gov.cn/gk/zc/gfxwj_20255/gwwj/",
        "规划信息": "https://jyt.shaanxi.gov.cn/gk/fdnr/ghxx/",
        "统计信息": "https://jyt.shaanxi.gov.cn/gk/fdnr/tjxx/",
    }
    article_pattern = r"^https?://jyt\.shaanxi\.gov\.cn/(?:\w+/)+\d{6}/(?:t\d{8}_\d+|\d{2}/\d+)\.html$"
    examples = (
        "https://jyt.shaanxi.gov.cn/index/dtyw/202512/t20251222_3598104.html",
        "https://jyt.shaanxi.gov.cn/jynews/gdxx/202002/09/96635.html",
    )
    rows_css = "li.clearfix, ul.cm-news-list li"
    body_css = ("div.lfNewsDetail", "div.news-detail", "#article")
