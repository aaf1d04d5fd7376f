"""News sites whose lists are data: 新华网 (JSONP, static JSON), 网易 (GBK feeds), 澎湃 (POST with a cursor), 凤凰网 (allData)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from . import html as h
from .founder import media_meta
from .model import Answer, Channel, Line, Row, SimulatedSite, key

if TYPE_CHECKING:
    import datetime as dt


PROVINCES = (
    "bj", "tj", "he", "sx", "ln", "jl", "sh", "js", "zj", "ah", "fj", "jx", "sd", "ha", "hb", "hn", "gd", "gx", "hq", "cq", "sc", "gz",
    "yn", "xizang", "sn", "gs", "qh", "nx", "xj", "nmg", "hlj", "bt",
)  # fmt: skip


def script(text: str, encoding: str) -> Answer:
    return Answer(200, (("Content-Type", f"application/javascript; charset={encoding}"),), text.encode(encoding))


class Xinhua(SimulatedSite):
    """`nodeart/list` in brackets (or a callback), and section pages beside one `ds_<32 hex>.json` that holds every row."""

    family = "news_json"
    site_name = "新华网"
    finite = False
    planted = (
        "JSON in brackets, callback only if asked", "section page holds the first rows, the JSON file all", "an article listed twice: under news.cn and xinhuanet.com", "links with ../ in JSON",
        "facts unknown: start pages of provinces, no paging",
    )  # fmt: skip

    def line(self, row: Row, list_url: str, place: int) -> Line:
        """The old host's start page links the articles on that host; they are the same ones."""
        line = super().line(row, list_url, place)
        return (
            replace(line, href=row.url.replace("//www.news.cn", "//www.xinhuanet.com"))
            if "xinhuanet" in list_url
            else line
        )

    def page_size(self, channel_url: str) -> int:
        return 20 if "nodeart" in channel_url else self.per_page

    def columns(self) -> list[tuple[str, str]]:
        known = super().columns()
        hosts = {url for _, url in known}
        return known + [
            (f"地方 {code}", url) for code in PROVINCES if (url := f"http://www.{code}.news.cn/") not in hosts
        ]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        if "nodeart" in channel_url:
            host = "http://www.news.cn/edu"
        else:
            host = urljoin(channel_url, "./").rstrip("/").replace("//www.xinhuanet.com", "//www.news.cn")
        return f"{host}/{day:%Y%m%d}/{self.hex32(number)}/c.html"

    def publish_article(self, row: Row) -> None:
        super().publish_article(row)
        self.publish(row.url.replace("//www.news.cn", "//www.xinhuanet.com"), lambda: self.html(self.article_page(row)))

    def list_url(self, channel: Channel, page: int) -> str:
        return re.sub(r"pgnum=\d+", f"pgnum={page}", channel.url)

    def data_name(self, channel: Channel) -> str:
        return f"ds_{self.hex32(channel.url)}.json"

    def publish_lists(self, channel: Channel) -> None:
        if "nodeart" in channel.url:
            return
        if channel.url.endswith("/"):
            self.publish(channel.url, lambda: self.html(h.front_page(self, channel)))
            return
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))
        self.publish(
            urljoin(channel.url, self.data_name(channel)),
            lambda: self.json({"datasource": [self.section_row(row) for row in channel.rows]}),
        )

    def section_row(self, row: Row) -> dict[str, Any]:
        return {"contentId": f"{row.number}", "title": f'<a href="{row.url}" target="_blank">{row.title}</a>' if row.number % 5 == 0 else row.title, "showTitle": row.title,
                "publishUrl": ".." + row.path if row.number % 2 else row.url, "publishTime": f"{row.stamp}:00", "sourceText": row.source, "editor": row.editor,
                "summary": row.paragraphs[0]}  # fmt: skip

    def list_page(self, channel: Channel, page: int) -> str:
        items = "".join(
            f'<div class="item"><div class="tit"><a href="{line.href}" target="_blank">{escape(line.text)}</a></div><div class="time">{line.date}</div></div>'
            for line in channel.pages[0]
        )
        body = f"""<div class="crumb"><a href="/">首页</a> &gt; {escape(channel.name)}</div><div id="content-list" class="column-center" data="datasource:{self.data_name(channel)[3:-5]}" preview="{self.data_name(channel)}">{items}</div>
<div class="moreBtn xpage-more-btn">加载更多</div><script>window.datasource = "{self.data_name(channel)}";</script>{h.sidebar(self.stranger_rows[2:], "热门文章")}"""
        return h.document(self, f"{channel.name}-{self.site_name}", body)

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if urlsplit(url).path != "/nodeart/list":
            return None
        page, size = int(fields.get("pgnum", "1") or 1), int(fields.get("cnt", "20") or 20)
        for channel in self.lists:
            if f"nid={fields.get('nid')}&" in channel.url:
                entries = []
                for place, row in enumerate(channel.rows):
                    entries.append(self.entry(row, row.url))
                    if place % 9 == 4:
                        twin = channel.rows[place - 3]
                        entries.append(self.entry(twin, twin.url.replace("//www.news.cn", "//www.xinhuanet.com")))
                found = entries[(page - 1) * size : page * size]
                value = {
                    "status": 0 if found else -1,
                    "data": {"list": found} if found else None,
                    "totalnum": len(entries),
                }
                return script(f"{fields.get('callback', '')}({json.dumps(value, ensure_ascii=False)})", "utf-8")
        return script('({"status":-1})', "utf-8")

    def entry(self, row: Row, link: str) -> dict[str, Any]:
        return {"DocID": row.number, "Title": row.title, "NodeId": 11109063, "PubTime": f"{row.stamp}:00", "LinkUrl": link, "Abstract": row.paragraphs[0], "keyword": "",
                "Editor": row.editor, "Author": row.author, "IsLink": 0, "SourceName": row.source, "PicLinks": ""}  # fmt: skip

    def article_page(self, row: Row) -> str:
        day = row.published_on
        body = f"""<div class="header domPC"><div class="header-cont clearfix"><div class="header-time left"><span class="year"><em>{day.year}</em></span>
<span class="day"><em>{day:%m}</em>/<em>{day:%d}</em></span><span class="time">{row.clock}:00</span></div><div class="source">来源：{escape(row.source)}</div>
<div class="head-line clearfix"><h1><span class="title">{escape(row.title)}</span></h1></div></div></div>
<div class="main clearfix" id="detail"><span id="detailContent">{row.html_paragraphs}</span><div id="articleEdit"><span class="tiyi1"></span><span class="editor">【责任编辑:{row.editor}】</span></div></div>{h.neighbours(self)}"""
        return h.document(self, f"{row.title}-{self.site_name}", body, meta=media_meta(row))


class Netease(SimulatedSite):
    """Feeds `<name>.js`, `<name>_02.js`, …: GBK, a function call, dates as month/day/year, not quite JSON."""

    family = "news_json"
    site_name = "网易"
    planted = (
        "JSONP that is not strict JSON", "dates in US order", "GBK feeds", "feeds end with 404", "two forms of article URLs, one without a date", "the query is not looked at", "start pages without paging",
    )  # fmt: skip

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        code = self.hex32(number)[:8].upper()
        if number % 3:
            return f"https://www.163.com/dy/article/{code}0514R9KQ.html"
        host = "edu.163.com" if "edu.163" in channel_url or "bendi" in channel_url else urlsplit(channel_url).hostname
        return f"https://{host}/{day:%y/%m%d}/{8 + number % 9:02d}/{code}00297VGM.html"

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url if page == 1 else re.sub(r"\.js\b", f"_{page:02d}.js", channel.url)

    def publish_lists(self, channel: Channel) -> None:
        if not urlsplit(channel.url).path.endswith(".js"):
            self.publish(channel.url, lambda: self.html(h.front_page(self, channel)))
            return
        for page in range(1, len(channel.pages) + 1):
            address = self.list_url(channel, page)
            for form in dict.fromkeys(
                (address, address.split("?")[0], f"{address.split('?')[0]}?callback=data_callback")
            ):
                self.publish(form, partial(self.feed_answer, channel, page))

    def feed_answer(self, channel: Channel, page: int) -> Answer:
        return script(self.feed(channel, page), "gbk")

    def feed(self, channel: Channel, page: int) -> str:
        entries = []
        for line in channel.pages[page - 1]:
            row = line.row
            digest = row.paragraphs[0][:30] + ("\\'" if row.number % 4 == 0 else "")
            entries.append(
                "    {\n"
                f'        "title":"{row.title}",\n        "digest":"{digest}",\n        "docurl":"{row.url}",\n        "commenturl":"{row.url}",\n'
                f'        "tienum":{row.number % 50},\n        "tlink":"{row.url}",\n        "label":"其它",\n        "keywords":[{{"akey_link":"/keywords/1/","keyname":"教育"}},],\n'
                f'        "time":"{row.published_on:%m/%d/%Y} {row.clock}:00",\n        "newstype":"article",\n        "imgurl":"",\n        "add1":"",\n    }}'
            )
        return "data_callback([\n" + ",\n".join(entries) + ",\n])\n"

    def article_page(self, row: Row) -> str:
        body = f"""<div class="post_main"><h1 class="post_title">{escape(row.title)}</h1><div class="post_info">{row.stamp}:00　来源: <a href="#" target="_blank">{escape(row.source)}</a> 北京 <a href="#" class="post_jubao">举报</a></div>
<div id="content" class="post_content"><div class="post_body">{row.html_paragraphs}</div><div class="post_author">本文来源：{escape(row.source)} 责任编辑：{row.editor}_NB12345</div></div></div>
{h.sidebar(self.stranger_rows[2:], "热点新闻")}"""
        meta = f'<meta property="article:published_time" content="{row.published_on}T{row.clock}:00+08:00">'
        return h.document(self, f"{row.title}_网易教育", body, meta=meta)


class Thepaper(SimulatedSite):
    """A POST with JSON; `startTime` is what turns the page, `pageNum` alone answers page 1 for ever; GET fails politely."""

    family = "news_json"
    site_name = "澎湃新闻"
    finite = False
    planted = (
        "POST with a JSON body",
        "cursor startTime; pageNum alone repeats page 1",
        "no date in article URLs",
        "times in words (3小时前)",
        "body in __NEXT_DATA__",
    )

    def page_size(self, channel_url: str) -> int:
        return 20

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://www.thepaper.cn/newsDetail_forward_{number + 20_900_000}"

    def lay_out(self, index: int, url: str, rows: list[Row]) -> list[list[Row]]:
        """The cursor needs strictly falling times, so no two rows of one column share a minute."""
        used: set[int] = set()
        chosen = []
        for row in rows:
            while row.unix in used:
                row = replace(row, clock=f"{self.random.randint(8, 17):02d}:{self.random.randint(0, 59):02d}")
            used.add(row.unix)
            chosen.append(row)
        return super().lay_out(index, url, sorted(chosen, key=lambda row: -row.unix))

    def channel_number(self, channel: Channel) -> str:
        return channel.url.rsplit("_", 1)[1]

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url

    def entry(self, row: Row) -> dict[str, Any]:
        return {"contId": row.url.rsplit("_", 1)[1], "isOutForword": "0", "isOutForward": "0", "forwardType": "0", "name": row.title, "pubTime": "3小时前", "pubTimeNew": "3小时前",
                "pubTimeLong": row.unix * 1000, "nodeInfo": {"nodeId": 25950, "name": row.channel}, "author": ""}  # fmt: skip

    def publish_lists(self, channel: Channel) -> None:
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))

    def page_data(self, channel: Channel, size: int, before: int | None) -> dict[str, Any]:
        rows = [row for row in channel.rows if before is None or row.unix * 1000 < before]
        chosen = rows[:size]
        return {"hasNext": len(rows) > size, "startTime": chosen[-1].unix * 1000 if chosen else None, "list": [self.entry(row) for row in chosen], "nodeInfo": None,
                "pageNum": 1, "pageSize": size, "total": None}  # fmt: skip

    def list_page(self, channel: Channel, page: int) -> str:
        data = {
            "props": {
                "pageProps": {
                    "data": self.page_data(channel, self.per_page, None),
                    "channelId": self.channel_number(channel),
                }
            },
            "page": "/channel_[id]",
        }
        items = "".join(
            f'<div class="small_toplink"><a target="_blank" href="/newsDetail_forward_{line.row.url.rsplit("_", 1)[1]}"><h2>{escape(line.text)}</h2></a><span>3小时前</span></div>'
            for line in channel.pages[0]
        )
        body = f'<div id="__next"><main><ul>{items}</ul>{h.sidebar(self.stranger_rows[2:], "热新闻")}</main></div><script id="__NEXT_DATA__" type="application/json">{json.dumps(data, ensure_ascii=False)}</script>'
        return h.document(self, f"{channel.name}-{self.site_name}", body)

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if key(url).split("?")[0] != "api.thepaper.cn/contentapi/nodeCont/getByChannelId":
            return None
        if method != "POST":
            return self.json({"code": 99998, "desc": "系统繁忙", "data": None})
        for channel in self.lists:
            if fields.get("channelId") == self.channel_number(channel):
                cursor = fields.get("startTime", "")
                size = fields.get("pageSize", "")
                data = self.page_data(
                    channel, int(size) if size.isdigit() else 20, int(cursor) if cursor.isdigit() else None
                )
                return self.json({"code": 200, "desc": "成功", "time": 1, "data": data})
        return self.json({"code": 200, "desc": "成功", "data": {"hasNext": False, "list": []}})

    def article_page(self, row: Row) -> str:
        detail = {"contId": row.url.rsplit("_", 1)[1], "name": row.title, "publishTime": row.unix * 1000, "pubTime": row.stamp, "source": row.source, "author": row.author,
                  "responEditor": row.editor, "content": row.html_paragraphs}  # fmt: skip
        data = json.dumps(
            {"props": {"pageProps": {"detailData": {"contentDetail": detail}}}}, ensure_ascii=False
        ).replace("</", "<\\/")
        body = f"""<div id="__next"><h1 class="index_title__B8mhI">{escape(row.title)}</h1><div class="index_left__LfzyH"><div>{escape(row.source)}</div><div><span>{row.stamp}</span></div></div>
<div class="index_cententWrap__Jv8jK">{row.html_paragraphs}</div><div class="index_resEditor">责任编辑：{row.editor}</div></div><script id="__NEXT_DATA__" type="application/json">{data}</script>"""
        return h.document(self, f"{row.title}_{row.channel}_{self.site_name}", body)


class Ifeng(SimulatedSite):
    """One page whose rows stand in `allData` only; class names carry build hashes."""

    family = "news_json"
    site_name = "凤凰网"
    planted = (
        "rows only in a script (allData)",
        "no date in article URLs",
        "protocol-relative links",
        "class names with build hashes",
        "everything on one page",
    )

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://edu.ifeng.com/c/8{self.hex32(number)[:10]}"

    def list_url(self, channel: Channel, page: int) -> str:
        return channel.url

    def line(self, row: Row, list_url: str, place: int) -> Line:
        return replace(super().line(row, list_url, place), href=row.url.removeprefix("https:"))

    def publish_lists(self, channel: Channel) -> None:
        self.publish(channel.url, lambda: self.html(self.list_page(channel, 1)))

    def list_page(self, channel: Channel, page: int) -> str:
        rows = [
            {
                "id": str(line.row.number),
                "title": line.text,
                "url": line.href,
                "newsTime": f"{line.row.stamp}:00",
                "source": line.row.source,
                "type": "article",
            }
            for line in channel.lines
        ]
        body = f"""<div id="root"><div class="index_newsList_Mm2Xy"></div></div>
<script>var allData = {json.dumps({"newsstream": rows, "nav": [], "hotNews": []}, ensure_ascii=False)};
var adData = {{}};</script>"""
        return h.document(self, f"{channel.name}_{self.site_name}", body)

    def article_page(self, row: Row) -> str:
        data = {
            "docData": {
                "title": row.title,
                "newsTime": f"{row.stamp}:00",
                "source": row.source,
                "contentData": {"contentList": [{"type": "text", "data": row.html_paragraphs}]},
            }
        }
        body = f"""<div id="root"><div class="index_artical_EnkrJ"><h1 class="index_topic_2KhAz">{escape(row.title)}</h1><div class="index_author_b35cB"><span>{escape(row.source)}</span><span>{row.published_on:%Y年%m月%d日} {row.clock}:00</span></div>
<div class="index_text_D0U1y">{row.html_paragraphs}</div></div></div><script>var allData = {json.dumps(data, ensure_ascii=False).replace("</", "<" + chr(92) + "/")};</script>"""
        return h.document(
            self, f"{row.title}_{self.site_name}", body, meta=f'<meta property="og:time " content="{row.stamp}:00"/>'
        )


CLASSES: dict[str, type[SimulatedSite]] = {"xinhua": Xinhua, "netease": Netease, "thepaper": Thepaper, "ifeng": Ifeng}
