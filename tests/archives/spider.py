from typing import ClassVar

from govcrawl.base_spiders.founder import FounderSpider


class ArchivedSpider(FounderSpider):
    """Walks the site of the archives that are kept; tests answer for it through a proxy on 127.0.0.1."""

    name = "archived"
    site_name = "测试省教育厅"
    province = "heilongjiang"
    hosts = ("edu.archived.example",)
    channels: ClassVar[dict[str, str]] = {"教育要闻": "http://edu.archived.example/node_1.htm"}
    article_pattern = r"/\d{4}-\d{2}/\d{2}/content_\d+\.htm$"
