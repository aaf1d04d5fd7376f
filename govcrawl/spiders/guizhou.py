from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class GuizhouSpider(TrsSpider):
    """贵州省教育厅 – https://jyt.guizhou.gov.cn"""

    name = "guizhou"
    site_name = "贵州省教育厅"
    province = "guizhou"
    hosts = ("jyt.guizhou.gov.cn",)
    verified = None  # look up: an article address; the form is that of other sites of this CMS

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "时政要闻": "https://jyt.guizhou.gov.cn/ywdt/szyw/",
        "工作动态": "https://jyt.guizhou.gov.cn/ywdt/gzdt/",
        "战线联播": "https://jyt.guizhou.gov.cn/ywdt/zxlb/",
        "通知公告": "https://jyt.guizhou.gov.cn/zwgk/tzgg/",
        "政策解读": "https://jyt.guizhou.gov.cn/zwgk/zcjd/",
        "权责清单": "https://jyt.guizhou.gov.cn/zwgk/zdlyxxgk/qzqd/",
        "人大建议办理": "https://jyt.guizhou.gov.cn/zwgk/jytabl/rddbjy/",
    }
    left_out: ClassVar[dict[str, str]] = dict.fromkeys(
        (
            "https://jyt.guizhou.gov.cn/xwzx/szyw/index.html",
            "https://jyt.guizhou.gov.cn/xwzx/gzdt/index.html",
            "https://jyt.guizhou.gov.cn/xwzx/zxlb/index.html",
            "https://jyt.guizhou.gov.cn/xwzx/tzgg/index.html",
            "https://jyt.guizhou.gov.cn/ywgz/gdjy/index.html",
            "https://jyt.guizhou.gov.cn/ywgz/jsgz/index.html",
        ),
        "another generation of the site's paths; those of /ywdt and /zwgk are walked",
    )
    article_pattern = r"^https?://jyt\.guizhou\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    rows_css = ".NewsList li:not(.b)"
    body_css = (".trs_editor_view", ".TRS_UEDITOR")
