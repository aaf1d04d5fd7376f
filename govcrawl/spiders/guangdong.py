from typing import ClassVar

from govcrawl.base_spiders.gkmlpt import GkmlptSpider


class GuangdongSpider(GkmlptSpider):
    """广东省教育厅 – https://edu.gd.gov.cn"""

    name = "guangdong"
    site_name = "广东省教育厅"
    province = "guangdong"
    hosts = ("edu.gd.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "广东教育新闻": "https://edu.gd.gov.cn/jyzxnew/gdjyxw/index.html",
        "图片新闻": "https://edu.gd.gov.cn/jyzxnew/tpxw/",
        "战线联播": "https://edu.gd.gov.cn/jyzxnew/zxlb/index.html",
        "公示公告": "https://edu.gd.gov.cn/zwgknew/gsgg/index.html",
        "教育政策法规": "https://edu.gd.gov.cn/zwgknew/jyzcfg/index.html",
        "章程": "https://edu.gd.gov.cn/zwgknew/jyzcfg/zc/",
        "地方性法规": "https://edu.gd.gov.cn/zwgknew/jyzcfg/dfjyzcfg/",
        "规范性文件": "https://edu.gd.gov.cn/zwgknew/jyzcfg/gfxwj/index.html",
        "政策解读": "https://edu.gd.gov.cn/zwgknew/zcjd/index.html",
        "招标采购": "https://edu.gd.gov.cn/zwgknew/zbcg/",
        "数据发布": "https://edu.gd.gov.cn/zwgknew/sjfb/",
        "教育发展规划": "https://edu.gd.gov.cn/zwgknew/jyfzgh/",
        "高校信息公开": "https://edu.gd.gov.cn/zwgknew/gxxxgkzl/xxgkgz/",
        "信息公开目录": "https://edu.gd.gov.cn/gkmlpt/api/all/1620?page=1&sid=168",
    }
    left_out: ClassVar[dict[str, str]] = {
        "https://edu.gd.gov.cn/gkmlpt/policy/": "the page of the directory, whose column is walked by its JSON interface",
    }
    article_pattern = r"^https?://edu\.gd\.gov\.cn/(?:\w+/)*content/(?:\d+/\d+/)?post_\d+\.html$"
    examples = (
        "https://edu.gd.gov.cn/jyzxnew/zxlb/gd/content/post_4829873.html",
        "https://edu.gd.gov.cn/gkmlpt/content/3/3429/post_3429549.html",
    )
    rows_css = "ul.list li"
