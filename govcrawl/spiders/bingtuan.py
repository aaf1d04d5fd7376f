from typing import ClassVar

from govcrawl.base_spiders.generic import GenericSpider


class BingtuanSpider(GenericSpider):
    """新疆生产建设兵团教育局 – (address unknown)"""

    name = "bingtuan"
    site_name = "新疆生产建设兵团教育局"
    province = "bingtuan"
    hosts = ("xjbt.gov.cn",)
    verified = None  # look up: host and columns of the bureau; the form of addresses is that of its sister bureaus

    why_no_channels = "no address of the 兵团 education bureau is known; look it up below xjbt.gov.cn"

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {}
    article_pattern = r"^https?://(?:\w+\.)?xjbt\.gov\.cn/(?:[\w-]+/)*c/\d{4}-\d{2}-\d{2}/\d+\.shtml$"
