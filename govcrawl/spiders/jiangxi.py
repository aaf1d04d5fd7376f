from typing import ClassVar

from govcrawl.base_spiders.querylist import QueryListSpider


class JiangxiSpider(QueryListSpider):
    """江西省教育厅 – http://jyt.jiangxi.gov.cn"""

    name = "jiangxi"
    site_name = "江西省教育厅"
    province = "jiangxi"
    hosts = ("jyt.jiangxi.gov.cn",)
    verified = None  # look up: that its lists come from /queryList, seen on other 江西 departments only

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "http://jyt.jiangxi.gov.cn/jxjyw/tzgg785/index.html",
        "教育要闻": "http://jyt.jiangxi.gov.cn/jxjyw/sjyt/index.html",
        "政策文件": "https://jyt.jiangxi.gov.cn/jxjyw/zcwj978/index.html",
        "政策文件 jyb877": "http://jyt.jiangxi.gov.cn/jxjyw/jyb877/pc/list.html",
    }
    article_pattern = (
        r"^https?://jyt\.jiangxi\.gov\.cn/"
        r"(?:jxjyw/(?:\w+/)*content/content_\d+|art/\d{4}/\d{1,2}/\d{1,2}/art_\d+_\d+)\.html$"
    )
    examples = ("http://jyt.jiangxi.gov.cn/art/2022/9/5/art_56952_4132818.html",)
