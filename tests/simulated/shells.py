"""
信息公开 and other columns as shells: the list that belongs in the page is filled by a script of its own file, stands in
columns below, or in a frame, beside a side list of dated rows.

Each is a site of a known spider, with pages that say less than those of `SLUGS`: what is left to go by is an id in the
head, at a tab, in a widget's settings, or nothing but the column's own address.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

from . import html as h
from .columns import COLUMNS
from .gkmlpt import Guangdong
from .jcms import Jcms, Jiangsu, Zhejiang
from .jpaas import TAG, TEMPLATE, WEB_ID, ZhejiangJpaas
from .label8888 import SITE_ID as LABEL_SITE
from .label8888 import Anhui
from .trs import Neimenggu
from .ucap import Gansu, Heilongjiang, Sichuan

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from .model import Answer, Channel, Line, SimulatedSite

SCRIPT = '<script type="text/javascript" src="/js/list.min.js"></script>'


def shell(site: SimulatedSite, channel: Channel, inner: str, meta: str = "") -> str:
    """A column's page whose list is somewhere else."""
    body = f'{h.breadcrumb(channel, site)}{h.sidebar(site.stranger_rows[2:])}<div class="con">{inner}</div>'
    return h.document(
        site, f"{channel.name}_{site.site_name}", body, meta=f"{h.government_meta(site, channel.name)}\n{meta}"
    )


class HeilongjiangShells(Heilongjiang):
    """No script in the page: the id stands in the head, at the tab, or nowhere, and only the column's code tells it."""

    def columns(self) -> list[tuple[str, str]]:
        return [(name, url) for name, url in COLUMNS["heilongjiang"] if "/common/search/" not in url]

    def article_url(self, number: int, day: dt.date, channel_url: str) -> str:
        return f"https://jyt.hlj.gov.cn/jyt/c110476/{day:%Y%m}/c00_{number + 25_000_000}.shtml"

    def by_script(self, channel: Channel) -> bool:
        return True

    def list_page(self, channel: Channel, page: int) -> str:
        tabs = [c for c in self.lists if "?tab=" in c.url]
        if channel in tabs:
            items = "".join(
                f'<li class="tab-item" data-name="{parse_qs(urlsplit(c.url).query)["tab"][0]}" data-channelid="{self.channel_id(c)}">{escape(c.name)}</li>'
                for c in tabs
            )
            return shell(self, channel, f'<ul class="tabs">{items}</ul><ul id="xxgk_list"></ul>{SCRIPT}')
        if channel.url.endswith("/list.shtml"):
            return shell(self, channel, f'<ul class="list_box"></ul><div id="page_div"></div>{SCRIPT}')
        return shell(self, channel, f'<div id="listbox"></div>{SCRIPT}', self.list_meta(channel))


class GansuShells(Gansu):
    """The id only in the head, the rows in no comment; the heading of the side list says nothing."""

    def columns(self) -> list[tuple[str, str]]:
        return [(name, url) for name, url in COLUMNS["gansu"] if "/common/search/" not in url]

    def list_page(self, channel: Channel, page: int) -> str:
        return shell(
            self, channel, f'<ul class="jytxxgklist"></ul><div id="page_div"></div>{SCRIPT}', self.list_meta(channel)
        )


class SichuanComments(Sichuan):
    """The newest rows stand in a comment, and there is no interface: the numbered files hold the rest."""

    finite = False

    def columns(self) -> list[tuple[str, str]]:
        return COLUMNS["sichuan"]

    def by_script(self, channel: Channel) -> bool:
        return False

    def items(self, channel: Channel, lines: Sequence[Line]) -> str:
        inner = super().items(channel, lines)
        return f"<ul class='xwzxList'><!-- {inner} --></ul>" if lines is channel.pages[0] else inner

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        return None


class JcmsShells(Jcms):
    """A widget's settings without the address of the proxy; a 信息公开 column that names nothing at all."""

    proxy_path = "/module/web/jpage/dataproxy.jsp"

    def list_page(self, channel: Channel, page: int) -> str:
        column = self.column_id(channel.url)
        if self.is_xxgk(channel):
            return shell(self, channel, f'<div id="div{column}"></div>{SCRIPT}')
        settings = f"var setting_{column} = {{ webid: {self.webid}, columnid: {column}, unitid: '{self.unit(channel)}', totalRecord: {self.total(channel)} }};"
        return shell(self, channel, f'<div id="{self.unit(channel)}"></div><script>{settings}</script>{SCRIPT}')


class JiangsuShells(JcmsShells, Jiangsu):
    def columns(self) -> list[tuple[str, str]]:
        return COLUMNS["jiangsu"]


class ZhejiangShells(JcmsShells, Zhejiang):
    def columns(self) -> list[tuple[str, str]]:
        return COLUMNS["zhejiang"]


class JpaasShells(ZhejiangJpaas):
    """The unit is named in a script, and no row nor pager is in the page."""

    def list_page(self, channel: Channel, page: int) -> str:
        query = f"webId: '{WEB_ID}', pageId: '{self.column_id(channel.url)}', parseType: 'bulidstatic', pageType: 'column', tagId: '{TAG}', tplSetId: '{TEMPLATE}'"
        return shell(self, channel, f'<div id="list-unit"></div><script>loadUnit({{ {query} }});</script>{SCRIPT}')


class NeimengguTree(Neimenggu):
    """One channel, the trunk of a tree of 信息公开: columns below it in links, in a script's nodes, and in a frame."""

    trunk = "https://jyt.nmg.gov.cn/zfxxgk/fdzdgknr/"
    leaves = ("bmwj/", "ghjh/", "zdly/jyjf/", "tjxx/index.html")

    def columns(self) -> list[tuple[str, str]]:
        return [(f"信息公开 {n}", urljoin(self.trunk, leaf)) for n, leaf in enumerate(self.leaves)]

    def build(self) -> None:
        super().build()
        self.channels = {"信息公开": self.trunk}
        links = '<a href="./bmwj/" target="right">部门文件</a>'
        nodes = '<script>var zNodes = [{id:1, pId:0, name:"规划计划", url:"./ghjh/"}, {id:2, pId:0, name:"重点领域", url:"./zdly/"}];</script>'
        frame = '<iframe id="main" src="./tjxx/index.html"></iframe>'
        first = self.lists[0]
        self.publish(
            self.trunk, lambda: self.html(shell(self, first, f"<div class='tree'>{links}{nodes}</div>{frame}"))
        )
        branch = urljoin(self.trunk, "zdly/")
        self.publish(
            branch, lambda: self.html(shell(self, first, '<ul class="tree"><li><a href="jyjf/">教育经费</a></li></ul>'))
        )


class GuangdongPolicy(Guangdong):
    """`/gkmlpt/policy/`: one page of script over all top columns of the directory."""

    def columns(self) -> list[tuple[str, str]]:
        return [("信息公开目录(政策)", "https://edu.gd.gov.cn/gkmlpt/policy/")]

    def config(self, detail: dict[str, object] | None) -> str:
        return (
            super()
            .config(detail)
            .replace('"id": 1620', '"id": 1620, "pid": 0')
            .replace("TREE: [", 'TREE: [{"id": 9, "name": "空栏目", "children": []}, ', 1)
        )

    def dynamic(self, method: str, url: str, fields: dict[str, str]) -> Answer | None:
        if urlsplit(url).path == "/gkmlpt/api/all/9":
            return self.json({"articles": [], "total": 0})
        return super().dynamic(method, url, fields)


class AnhuiLabels(Anhui):
    """Columns of 信息公开 whose script lies in a file of its own."""

    def columns(self) -> list[tuple[str, str]]:
        return [(name, url) for name, url in COLUMNS["anhui"] if "/public/column/" in url]

    def list_page(self, channel: Channel, page: int) -> str:
        return shell(
            self, channel, f'<div id="publicInfoList"></div>{SCRIPT}', f'<meta name="SiteId" content="{LABEL_SITE}" />'
        )


SHELLS: dict[str, tuple[type[SimulatedSite], str]] = {
    "heilongjiang_shells": (HeilongjiangShells, "heilongjiang"),
    "gansu_shells": (GansuShells, "gansu"),
    "sichuan_comments": (SichuanComments, "sichuan"),
    "jiangsu_shells": (JiangsuShells, "jiangsu"),
    "zhejiang_shells": (ZhejiangShells, "zhejiang"),
    "jpaas_shells": (JpaasShells, "zhejiang"),
    "neimenggu_tree": (NeimengguTree, "neimenggu"),
    "guangdong_policy": (GuangdongPolicy, "guangdong"),
    "anhui_labels": (AnhuiLabels, "anhui"),
}
