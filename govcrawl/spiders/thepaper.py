import json
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from scrapy.http import Request, TextResponse

from govcrawl.base_spiders.fields import data_of, day_of, inner, listed, plain, said
from govcrawl.base_spiders.listing import ListingSpider
from govcrawl.base_spiders.rows import Row

API = "https://api.thepaper.cn/contentapi/nodeCont/getByChannelId"


class ThepaperSpider(ListingSpider):
    """澎湃新闻 – https://www.thepaper.cn. A channel is read by POST, 20 rows a time, from the time of the last row on."""

    name = "thepaper"
    site_name = "澎湃新闻"
    kind = "news"
    province = "national"
    hosts = ("thepaper.cn",)
    verified = None  # look up live: the number of its education channel (contentapi/node/getWwwAllNodes lists them)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "时事": "https://www.thepaper.cn/channel_25950",
        "生活": "https://www.thepaper.cn/channel_25953",
    }
    article_pattern = r"^https?://(?:www|m)\.thepaper\.cn/newsDetail_forward_\d+(?:\?|$)"
    examples = ("https://www.thepaper.cn/newsDetail_forward_7732983",)
    body_css = (".index_cententWrap__Jv8jK", ".news_txt")

    def first_request(self, url: str) -> Request:
        found = re.search(r"channel_(\d+)", url)
        return _asked(found.group(1), 1, None) if found else Request(url)

    def page_requests(self, response: TextResponse) -> Iterable[Request]:
        if response.url == API:
            data = inner(data_of(response), "data")
            if data.get("hasNext"):
                asked = json.loads(response.request.body)  # type: ignore[union-attr]
                yield _asked(asked["channelId"], asked["pageNum"] + 1, data.get("startTime"))

    def rows(self, response: TextResponse) -> Iterable[Row]:
        if response.url != API:
            yield from super().rows(response)
            return
        for entry in listed(inner(data_of(response), "data"), "list"):
            if (number := said(entry.get("contId"))) is not None:
                on = day_of(entry.get("pubTimeLong"))
                yield Row(f"https://www.thepaper.cn/newsDetail_forward_{number}", plain(entry.get("name")), on)

    def article_url(self, url: str) -> str:
        return url.partition("?")[0]


def _asked(channel: str, page: int, start: int | None) -> Request:
    body: dict[str, Any] = {
        "channelId": channel,
        "excludeContIds": [],
        "listRecommendIds": [],
        "province": "",
        "pageSize": 20,
        "startTime": start,
        "pageNum": page,
    }
    return Request(API, method="POST", body=json.dumps(body), headers={"Content-Type": "application/json"})
