from typing import ClassVar

from govcrawl.base_spiders.trs import TrsSpider


class CnrSpider(TrsSpider):
    """央广网 – https://www.cnr.cn"""

    name = "cnr"
    site_name = "央广网"
    kind = "news"
    province = "national"
    hosts = ("cnr.cn",)
    verified = None  # look up live: how its lists go on to page 2; only split articles are known

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育": "https://edu.cnr.cn/",
        "教育列表": "https://edu.cnr.cn/list/",
        "辽宁": "https://www.cnr.cn/ln/",
        "吉林": "https://www.cnr.cn/jl/",
        "黑龙江": "http://hlj.cnr.cn/",
        "江苏": "https://www.cnr.cn/js/",
        "浙江": "https://www.cnr.cn/zj/",
        "湖北": "https://www.cnr.cn/hubei/",
        "湖南": "https://www.cnr.cn/hunan/",
        "广东": "https://www.cnr.cn/gd/",
        "广西": "https://www.cnr.cn/gx/",
        "海南": "https://www.cnr.cn/hainan/",
        "重庆": "https://www.cnr.cn/cq/",
        "四川": "https://www.cnr.cn/sc/",
        "贵州": "https://www.cnr.cn/gz/",
        "云南": "https://www.cnr.cn/yn/",
        "陕西": "https://www.cnr.cn/shaanxi/",
        "甘肃": "https://www.cnr.cn/gs/",
        "青海": "https://www.cnr.cn/qh/",
        "宁夏": "https://www.cnr.cn/nx/",
        "新疆": "https://www.cnr.cn/xinjiang/",
    }
    front_pages = tuple(url for url in channels.values() if not url.endswith("/list/"))
    article_pattern = r"^https?://(?:[\w-]+\.)?cnr\.cn/(?:[\w-]+/)+\d{8}/t\d{8}_\d+\.s?html$"
    examples = (
        "https://edu.cnr.cn/list/20260829/t20260829_527797416.shtml",
        "https://edu.cnr.cn/sy/sytjB/20240131/t20240131_526577335.shtml",
    )
    body_css = ("div.article-body", ".TRS_Editor")
