from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class JilinSpider(TrsSpider):
    """吉林省教育厅 – http://jyt.jl.gov.cn"""

    name = "jilin"
    site_name = "吉林省教育厅"
    province = "jilin"
    hosts = ("jyt.jl.gov.cn",)
    verified = None  # look up: an article address and body container; the form is that of other 吉林 departments

    # NumberedSpider
    extension = "htm"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "公示公告": "https://jyt.jl.gov.cn/zwgk/ggl/",
        "政策解读": "http://jyt.jl.gov.cn/zwgk/zcjd/",
        "职业教育": "http://jyt.jl.gov.cn/zwgk/wjtz/zyjy/",
        "高等教育": "http://jyt.jl.gov.cn/zwgk/wjtz/gdjy/",
        "重要活动": "http://jyt.jl.gov.cn/zyhd/",
        "各地各高校动态": "http://jyt.jl.gov.cn/jydt/xdt/index.htm",
        "国家省级动态": "http://jyt.jl.gov.cn/jydt/gjssdt/",
        "rsrm": "https://jyt.jl.gov.cn/zwgk/rsrm/",
    }
    left_out: ClassVar[dict[str, str]] = {
        "https://xxgk.jl.gov.cn/zcbm/fgw_97963/xxgkmlqy/": "another department's part of the province's platform",
    }
    article_pattern = r"^https?://jyt\.jl\.gov\.cn/(?:\w+/)+\d{6}/t\d{8}_\d+\.s?html?$"
    rows_css = "table.table1.navBlock tr"
