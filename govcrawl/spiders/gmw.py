from typing import ClassVar

from govcrawl.base_spiders.founder import FounderSpider


class GmwSpider(FounderSpider):
    """光明网 – https://www.gmw.cn"""

    name = "gmw"
    site_name = "光明网"
    kind = "news"
    province = "national"
    hosts = ("gmw.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育 要闻": "http://edu.gmw.cn/node_10602.htm",
        "光明教育": "http://edu.gmw.cn/node_10810.htm",
        "中小学": "http://edu.gmw.cn/node_9729.htm",
        "高校": "http://edu.gmw.cn/node_9757.htm",
        "教育评论": "http://edu.gmw.cn/node_9737.htm",
        "留学": "http://edu.gmw.cn/node_9746.htm",
        "招生信息": "http://edu.gmw.cn/node_9749.htm",
        "职教": "http://edu.gmw.cn/node_9722.htm",
        "教育人物": "http://edu.gmw.cn/node_9717.htm",
        "学前": "http://edu.gmw.cn/node_9743.htm",
        "权威发布": "http://edu.gmw.cn/node_9725.htm",
        "高招信息": "http://edu.gmw.cn/node_9758.htm",
        "地方 教育": "https://difang.gmw.cn/node_29670.htm",
        "地方要闻": "https://difang.gmw.cn/node_29677.htm",
        "光明导读": "https://news.gmw.cn/node_4108.htm",
        "教育家": "http://jyj.gmw.cn/node_77695.htm",
        "重庆 教育": "https://difang.gmw.cn/cq/node_12896.htm",
        "湖北 要闻": "https://difang.gmw.cn/hb/node_12827.htm",
        "安徽 要闻": "https://difang.gmw.cn/ah/node_12871.htm",
        "北京 要闻": "https://difang.gmw.cn/bj/node_12792.htm",
        "重庆 要闻": "https://difang.gmw.cn/cq/node_12898.htm",
        "福建 要闻": "https://difang.gmw.cn/fj/node_12907.htm",
        "广东 要闻": "https://difang.gmw.cn/gd/node_12934.htm",
        "甘肃 要闻": "https://difang.gmw.cn/gs/node_12916.htm",
        "广西 要闻": "https://difang.gmw.cn/gx/node_12944.htm",
        "贵州 要闻": "https://difang.gmw.cn/gz/node_12925.htm",
        "河南 要闻": "https://difang.gmw.cn/ha/node_12962.htm",
        "河北 要闻": "https://difang.gmw.cn/he/node_12853.htm",
        "海南 要闻": "https://difang.gmw.cn/hi/node_13056.htm",
        "黑龙江 要闻": "https://difang.gmw.cn/hlj/node_12836.htm",
        "湖南 要闻": "https://difang.gmw.cn/hn/node_12971.htm",
        "吉林 要闻": "https://difang.gmw.cn/jl/node_12998.htm",
        "江苏 要闻": "https://difang.gmw.cn/js/node_12980.htm",
        "江西 要闻": "https://difang.gmw.cn/jx/node_12953.htm",
        "辽宁 要闻": "https://difang.gmw.cn/ln/node_13020.htm",
        "宁夏 要闻": "https://difang.gmw.cn/nx/node_13029.htm",
        "青海 要闻": "https://difang.gmw.cn/qh/node_26918.htm",
        "四川 要闻": "https://difang.gmw.cn/sc/node_13030.htm",
        "山东 要闻": "https://difang.gmw.cn/sd/node_12862.htm",
        "上海 要闻": "https://difang.gmw.cn/sh/node_12880.htm",
        "陕西 要闻": "https://difang.gmw.cn/sn/node_20914.htm",
        "山西 要闻": "https://difang.gmw.cn/sx/node_12818.htm",
        "天津 要闻": "https://difang.gmw.cn/tj/node_12889.htm",
        "内蒙古 要闻": "https://difang.gmw.cn/nmg/node_13007.htm",
        "云南 要闻": "https://difang.gmw.cn/yn/node_13047.htm",
        "浙江 要闻": "https://difang.gmw.cn/zj/node_12989.htm",
        "辽宁 滚动": "https://difang.gmw.cn/roll2/node_10045084.htm",
        "湖北 滚动": "https://difang.gmw.cn/roll2/node_10045083.htm",
        "广东 滚动": "https://difang.gmw.cn/roll2/node_10045101.htm",
        "四川 滚动": "https://difang.gmw.cn/roll2/node_10045098.htm",
        "云南 滚动": "https://difang.gmw.cn/roll2/node_10045108.htm",
    }
    article_pattern = r"^https?://(?:[\w-]+\.)?gmw\.cn/(?:[\w-]+/)*\d{4}-\d{2}/\d{2}/content_\d+\.html?$"
    examples = (
        "https://politics.gmw.cn/2024-05/13/content_37319243.htm",
        "https://difang.gmw.cn/sd/2026-10/01/content_39030430.htm",
        "https://difang.gmw.cn/2026-07/14/content_38885203.htm",
    )
    rows_css = "ul.channel-newsGroup li, div.each_news"
    body_css = ("#article_inbox .u-mainText", "#contentMain")
