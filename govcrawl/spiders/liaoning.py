from typing import ClassVar

from govcrawl.base_spiders.easysite import EasySiteSpider


class LiaoningSpider(EasySiteSpider):
    """辽宁省教育厅 – https://jyt.ln.gov.cn"""

    name = "liaoning"
    site_name = "辽宁省教育厅"
    province = "liaoning"
    hosts = ("jyt.ln.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": "https://jyt.ln.gov.cn/jyt/jyzx/jyyw/03ebc6c8-1.shtml",
        "省委省政府信息": "https://jyt.ln.gov.cn/jyt/jyzx/swszfxx/9fad0ecd-1.shtml",
        "战线联播": "https://jyt.ln.gov.cn/jyt/jyzx/zxlb/1843edeb-1.shtml",
        "最新通知": "https://jyt.ln.gov.cn/jyt/gk/zxtz/f797aa36-1.shtml",
        "公示公告": "https://jyt.ln.gov.cn/jyt/gk/gsgg/269bf6a1-1.shtml",
        "教育厅文件": "https://jyt.ln.gov.cn/jyt/gk/jywj/2edce1e3-1.shtml",
        "教育厅文件 jytwj": "https://jyt.ln.gov.cn/jyt/gk/jywj/jytwj/9fdf10b6-1.shtml",
        "联合发文": "https://jyt.ln.gov.cn/jyt/gk/jywj/qtbmwj/14e3b4f1-1.shtml",
        "政策解读": "https://jyt.ln.gov.cn/jyt/gk/zcjd/1d6b4b62-1.shtml",
        "行政规范性文件": "https://jyt.ln.gov.cn/jyt/gk/zfxxgk/zc/xzgfxwj/ccf7ccb6-1.shtml",
    }
    article_pattern = r"^https?://jyt\.ln\.gov\.cn/jyt/(?:\w+/)+\d{19}/index\.shtml$"
    examples = (
        "https://jyt.ln.gov.cn/jyt/jyzx/jyyw/2025062010472685884/index.shtml",
        "https://jyt.ln.gov.cn/jyt/gk/zxtz/2023082115102399493/index.shtml",
    )
    rows_css = "div.l-gl-main.cl > ul > li, li.kr-body-table-block, div.xxgk_con.clearfix ul li"
    body_css = ("div.zoom", "div.TRS_Editor")
