from typing import ClassVar

from govcrawl.base_spiders.label8888 import LabelSpider


class AnhuiSpider(LabelSpider):
    """安徽省教育厅 – https://jyt.ah.gov.cn"""

    name = "anhui"
    site_name = "安徽省教育厅"
    province = "anhui"
    hosts = ("jyt.ah.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "通知公告": "https://jyt.ah.gov.cn/content/column/31401481?pageIndex=1",
        "教育要闻": "https://jyt.ah.gov.cn/content/column/31401491?pageIndex=1",
        "基础教育": "https://jyt.ah.gov.cn/content/column/31401501?pageIndex=1",
        "职业教育": "https://jyt.ah.gov.cn/content/column/31401511?pageIndex=1",
        "高等教育": "https://jyt.ah.gov.cn/content/column/31401521?pageIndex=1",
        "政策文件": "https://jyt.ah.gov.cn/public/column/7071?type=4&action=list&nav=3&catId=34482303",
        "大学生学科和技能竞赛": "http://jyt.ah.gov.cn/tsdw/gdjyc/dxsxkhjnjs/index.html",
        "高教处通知公告": "https://jyt.ah.gov.cn/tsdw/gdjyc/tzgg/",
    }
    article_pattern = r"^https?://jyt\.ah\.gov\.cn/(?:[a-z0-9]+/)+\d{8}\.html$"
    examples = (
        "https://jyt.ah.gov.cn/tsdw/gdjyc/tzgg/40777323.html",
        "https://jyt.ah.gov.cn/public/7071/40711918.html",
    )
    rows_css = "div.rightnr li:not(.lm_line), .listnews li:not(.lm_line)"
    body_css = (".newscontnet", "#zoom")
