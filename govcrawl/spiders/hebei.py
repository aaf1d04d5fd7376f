from typing import ClassVar

from govcrawl.base_spiders.column_jsp import ColumnJspSpider


class HebeiSpider(ColumnJspSpider):
    """河北省教育厅 – http://jyt.hebei.gov.cn"""

    name = "hebei"
    site_name = "河北省教育厅"
    province = "hebei"
    hosts = ("jyt.hebei.gov.cn",)
    verified = None  # look up: the form of its article addresses, none was seen; any page of a row counts as one

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "河北教育要闻": "http://jyt.hebei.gov.cn/column.jsp?id=1405610764482&current=1",
        "全国教育要闻": "http://jyt.hebei.gov.cn/column.jsp?id=1413039313231&current=1",
        "文件通知": "http://jyt.hebei.gov.cn/column.jsp?id=1410097726928&current=1",
        "基础教育": "http://jyt.hebei.gov.cn/column.jsp?id=1533807631441&current=1",
        "职业教育": "http://jyt.hebei.gov.cn/column.jsp?id=1533807643547&current=1",
        "高等教育": "http://jyt.hebei.gov.cn/column.jsp?id=1533807656246&current=1",
        "民办教育": "http://jyt.hebei.gov.cn/column.jsp?id=1533807972414&current=1",
        "学生资助": "http://jyt.hebei.gov.cn/column.jsp?id=1533808726213&current=1",
        "教育法规": "http://jyt.hebei.gov.cn/column.jsp?id=1533808794703&current=1",
        "师资建设": "http://jyt.hebei.gov.cn/column.jsp?id=1533808854669&current=1",
    }
    article_pattern = (
        r"^https?://jyt\.hebei\.gov\.cn/(?!column\.jsp|col/\d+/(?:index\.html)?$)"
        r"(?:[\w-]+/)+[\w-]+\.(?:s?html?|jsp)(?:\?.*)?$"
    )
    rows_css = "div.col-name table tr"
    body_css = ("#Zoom",)
