from typing import ClassVar

from govcrawl.base_spiders.ucap import UcapSpider


class HainanSpider(UcapSpider):
    """海南省教育厅 – http://edu.hainan.gov.cn"""

    name = "hainan"
    site_name = "海南省教育厅"
    province = "hainan"
    hosts = ("edu.hainan.gov.cn",)
    verified = None  # look up: an article address; the form is that of other sites of this CMS

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "最新解读": "http://edu.hainan.gov.cn/edu/zxjd/tylist.shtml",
        "公示公告": (
            "http://edu.hainan.gov.cn/common/search/459d0a8a28674196bc67bbfa4db378a8?sort=publishedTime&_isAgg=false"
            "&_isJson=false&_pageSize=12&_template=edu&_rangeTimeGte=&_channelName=&page=1"
        ),
        "政策文件": "http://edu.hainan.gov.cn/edu/0500/tylist.shtml",
    }
    left_out: ClassVar[dict[str, str]] = dict.fromkeys(
        ("http://edu.hainan.gov.cn/news-list-633-1.html", "http://edu.hainan.gov.cn/news-list-596-1.html"),
        "the site as it was before 2018, in another CMS",
    )
    article_pattern = r"^https?://edu\.hainan\.gov\.cn/(?:\w+/)+\d{6}/(?:[0-9a-f]{32}|(?:c00_)?\d+)\.shtml$"
    rows_css = "dl > li, .flfg_038-01 li, div.cen-div-1.mar-t > div"
    body_css = (".zx-xxxqy-nr",)
