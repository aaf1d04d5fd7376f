from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class JybSpider(TrsSpider):
    """中国教育新闻网 / 中国教育报 – http://www.jyb.cn"""

    name = "jyb"
    site_name = "中国教育新闻网"
    kind = "news"
    province = "national"
    hosts = ("jyb.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "学前教育": "http://www.jyb.cn/rmtlistxqjy/",
        "职业教育": "http://www.jyb.cn/rmtlistzyjy/",
        "高等教育": "http://www.jyb.cn/list_gdjy/",
        "基础教育": "http://www.jyb.cn/list_jcjy/",
        "职业教育 (2018)": "http://www.jyb.cn/list_zyjy/",
        "民族教育": "http://www.jyb.cn/list_mzjy/",
        "国际教育": "http://www.jyb.cn/list_gjjy/",
        "综合新闻": "http://www.jyb.cn/sy/zhxw/",
    }
    article_pattern = r"^https?://(?:\w+\.)?jyb\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = (
        "http://www.jyb.cn/rmtzcg/xwy/wzxw/202609/t20260921_2111523823.html",
        "http://www.jyb.cn/zgjyb/201811/t20181126_1267919.html",
    )
    rows_css = "ul.yxj_list li"
    body_css = (".xl_text",)
