from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class MoeSpider(TrsSpider):
    """中华人民共和国教育部 – http://www.moe.gov.cn"""

    name = "moe"
    site_name = "中华人民共和国教育部"
    kind = "ministry"
    province = "national"
    hosts = ("moe.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育要闻": "http://www.moe.gov.cn/jyb_sy/sy_jyyw/",
        "时政要闻": "http://www.moe.gov.cn/jyb_sy/shizheng/",
        "工作动态": "http://www.moe.gov.cn/jyb_xwfb/gzdt_gzdt/",
        "司局动态": "http://www.moe.gov.cn/jyb_xwfb/gzdt_gzdt/s5987/",
        "政策解读": "http://www.moe.gov.cn/jyb_xwfb/s271/",
        "公告公示": "http://www.moe.gov.cn/jyb_xxgk/s5743/s5744/",
        "战线联播": "http://www.moe.gov.cn/jyb_xwfb/s6192/s222/",
        "教育部简报": "http://www.moe.gov.cn/jyb_sjzl/s3165/",
        "中央文件": "http://www.moe.gov.cn/jyb_xxgk/moe_1777/moe_1778/",
        "其他部门文件": "http://www.moe.gov.cn/jyb_xxgk/moe_1777/moe_1779/",
        "教育部文件": "http://www.moe.gov.cn/was5/web/search?channelid=239993&page=1",
        "最新文件": "http://www.moe.gov.cn/jyb_xxgk/zywj_btlj/",
        "教育法律": "http://www.moe.gov.cn/jyb_sjzl/sjzl_zcfg/zcfg_jyfl/",
        "统计公报": "http://www.moe.gov.cn/jyb_xxgk/xxgk/neirong/tongji/gongbao/",
        "发布会": "http://www.moe.gov.cn/jyb_xwfb/xw_fbh/moe_2069/xwfbh/",
        "媒体声音": "http://www.moe.gov.cn/jyb_xwfb/s5147/",
    }
    article_pattern = r"^https?://(?:www|hudong)\.moe\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.html$"
    examples = (
        "http://www.moe.gov.cn/jyb_xwfb/gzdt_gzdt/s5987/202504/t20250422_1188245.html",
        "http://www.moe.gov.cn/srcsite/A06/s3321/202204/t20220401_612689.html",
    )
    rows_css = "ul#list li, dl#list dd"
    body_css = (".TRS_Editor", "#downloadContent", "#content_body")

    def article_url(self, url: str) -> str:
        """On the main host: hudong has the same pages."""
        return super().article_url(url.replace("//hudong.", "//www."))
