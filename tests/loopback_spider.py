from typing import ClassVar

from govcrawl.base_spiders.founder import FounderSpider


class LoopbackSpider(FounderSpider):
    """Walks the loopback site of these tests; give its listing with ``-a channel=``."""

    name = "loopback"
    site_name = "测试站"
    province = "heilongjiang"
    hosts = ("127.0.0.1",)
    channels: ClassVar[dict[str, str]] = {}
    article_pattern = r"/\d{4}-\d{2}/\d{2}/content_\d+\.htm$"
