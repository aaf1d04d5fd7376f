"""The provincial divisions of China, the places within them, and whose news a text is.

Codes and names: GB/T 2260 as in gazetteer.csv (see gazetteer.txt for its origin and licence).
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from govcrawl.addresses import host_of

NATIONAL = "national"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Province:
    """A provincial division. `short` is the usual name (黑龙江), `letter` the one-character abbreviations (黑),
    `nicknames` other names by which news call it, `hosts` the host labels of its government under gov.cn."""

    slug: str
    name: str
    short: str
    code: str
    letter: str
    nicknames: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


_TABLE = """
beijing 北京市 北京 110000 京 京华,首都教育 beijing,bj
tianjin 天津市 天津 120000 津 津门,津沽 tj,tianjin
hebei 河北省 河北 130000 冀 燕赵 hebei
shanxi 山西省 山西 140000 晋 三晋 shanxi
neimenggu 内蒙古自治区 内蒙古 150000 蒙 内蒙 nmg,neimenggu
liaoning 辽宁省 辽宁 210000 辽 辽沈,辽海 ln,liaoning
jilin 吉林省 吉林 220000 吉 吉林省 jl,jilin
heilongjiang 黑龙江省 黑龙江 230000 黑 龙江,龙江大地,黑土地上 hlj,heilongjiang
shanghai 上海市 上海 310000 沪 申城,沪上 sh,shanghai
jiangsu 江苏省 江苏 320000 苏 江苏省 jiangsu,js
zhejiang 浙江省 浙江 330000 浙 之江,浙里 zj,zhejiang
anhui 安徽省 安徽 340000 皖 江淮大地 ah,anhui
fujian 福建省 福建 350000 闽 八闽 fj,fujian
jiangxi 江西省 江西 360000 赣 赣鄱 jiangxi
shandong 山东省 山东 370000 鲁 齐鲁 shandong,sd
henan 河南省 河南 410000 豫 中原大地 henan
hubei 湖北省 湖北 420000 鄂 荆楚,楚天 hubei
hunan 湖南省 湖南 430000 湘 三湘,湖湘 hunan
guangdong 广东省 广东 440000 粤 南粤 gd,guangdong
guangxi 广西壮族自治区 广西 450000 桂 八桂,壮乡 gxzf,gx,guangxi
hainan 海南省 海南 460000 琼 琼州,琼岛,海南自贸港 hainan
chongqing 重庆市 重庆 500000 渝 巴渝 cq,chongqing
sichuan 四川省 四川 510000 川,蜀 巴蜀,天府 sc,sichuan
guizhou 贵州省 贵州 520000 黔,贵 黔贵 guizhou
yunnan 云南省 云南 530000 滇,云 彩云之南,三迤 yn,yunnan
xizang 西藏自治区 西藏 540000 藏 雪域高原 xizang
shaanxi 陕西省 陕西 610000 陕,秦 三秦 shaanxi,sn
gansu 甘肃省 甘肃 620000 甘,陇 陇原,陇上 gansu
qinghai 青海省 青海 630000 青 大美青海 qinghai
ningxia 宁夏回族自治区 宁夏 640000 宁 塞上江南 nx,ningxia
xinjiang 新疆维吾尔自治区 新疆 650000 新 天山南北 xinjiang,xj
bingtuan 新疆生产建设兵团 兵团 659000 兵 新疆兵团 xjbt,bingtuan
taiwan 台湾省 台湾 710000 台 全台,健保局,卫生署,疾管局,行政院,立法院,台北,新北,高雄,台中,台南,国健局,健保署,国健署,新竹,桃园县 taiwan
xianggang 香港特别行政区 香港 810000 港 港府,港特首,特区政府,港铁,本港,全港,港岛,九龙 xianggang
aomen 澳门特别行政区 澳门 820000 澳 澳府 aomen
"""


def _read() -> dict[str, Province]:
    found = {}
    for row in _TABLE.split("\n"):
        if row:
            slug, name, short, code, letters, nicknames, hosts = row.split(" ")
            found[slug] = Province(
                slug, name, short, code, letters, tuple(nicknames.split(",")), tuple(hosts.split(","))
            )
    return found


PROVINCES: dict[str, Province] = _read()
_BY_CODE = {p.code[:2]: p.slug for p in PROVINCES.values() if p.slug != "bingtuan"}
_HOSTS = {label: p.slug for p in PROVINCES.values() for label in p.hosts}
# Stems that are words, persons or other places far more often than the prefecture or city they name.
_AMBIGUOUS = (
    "朝阳 中山 来宾 白银 日照 长治 阿里 大同 平安 和平 东方 三明 德州 北海 山南 海东 海北 黄南 海西 安康 文昌 普洱 玉树 宝山"
    " 城中 城区 郊区 新城 新华 桥西 桥东 铁西 铁东 鼓楼 西湖 市中 河东 河西 南山 龙华 长安 安宁 永安 高要 乐平 丰城 南康 大"
    "安 太和 平和 兴化 通州 崇明 长春花 南平 海门 建德 高平 合作 石河 双河 红河 怒江 河源 四平 河池 防城 玉林 安顺 六盘 攀枝"
)
_WORDS = frozenset(_AMBIGUOUS.split())
_TRAPS = re.compile(
    r"(?:[东南西北中]?(?:一|二|三|四)?路|大?街|大道|大桥|巷|弄|胡同|站|时间|话剧|人民艺术|饭店|大厦|烤鸭|航空|银行|证券|海洋|片|菜|队|国安|国际机场|脚|火锅|拉面|小面|米[线粉]|螺蛳粉|热干面|烤冷面|凉皮|小吃"
    r"|冬奥|冬残奥|奥运|大屠杀|合作组织|共识|条约|起义|战役|事变|惨案|航天|卫星|班(?![级子])|(?:会议)?精神(?![病卫科分损障]))"
)
_SUFFIX = re.compile(
    r"(?:特别行政区|(?:(?:(?!族)[⺀-鿿]){1,3}族){1,8}自治[州县区旗]|维吾尔自治区|壮族自治区|回族自治区|自治[区州县旗]|省|市|地区|盟|州|县|区|旗|林区)$"
)
_MINORITIES = re.compile(
    r"(?:满|回|藏|苗|彝|壮|侗|瑶|白|傣|黎|畲|羌|土|水|佤|京|蒙古|朝鲜|土家|布依|哈尼|哈萨克|傈僳|景颇|柯尔克孜|达斡尔|仡佬|锡伯|撒拉|保安|东乡|裕固|塔吉克|毛南|仫佬|拉祜|纳西|普米|怒|独龙|布朗|鄂伦春|鄂温克|各|维吾尔)族?(?=(?:(?:(?!族)[⺀-鿿]){1,3}族){0,8}自治)"
)
# Names that are a river's, lake's or mountain's side as well: 黄河南岸, 渤海南部.
_SIDES = frozenset("河南 河北 湖南 湖北 山东 山西 海南 江西 云南".split())  # noqa: SIM905
_SIDE = re.compile(r"[岸麓侧坡端畔]|部(?![分门署队委长级])")
# What a name's first character belongs to instead: 舞台中央, 推广东西部协作, 平台北侧.
_STAGES = frozenset("舞平视电柜阳讲后前擂播站月灶")


@dataclass(frozen=True, slots=True)
class Place:
    """A mention: where it starts, the name as written, the province, and how surely the name means the place (0-1)."""

    start: int
    name: str
    province: str
    weight: float


def of_code(code: str) -> str:
    """The slug of the province of a GB/T 2260 code, "unknown" for none."""
    return _BY_CODE.get(code[:2], UNKNOWN)


def of_host(url: str) -> str | None:
    """The province of a government host: jyt.hlj.gov.cn, www.hlj.gov.cn, heilongjiang.xinhuanet.com. None elsewhere."""
    host = host_of(url)
    labels = host.split(".")
    if host.endswith(".gov.cn"):
        return next((_HOSTS[label] for label in reversed(labels[:-2]) if label in _HOSTS), None)
    first = next((label for label in labels if label not in ("www", "m", "news", "edu", "3g", "wap")), "")
    for label in (first, *labels[:-1]):
        if label in _HOSTS and len(label) > 2 and label != "gxzf":
            return _HOSTS[label]
        if label in PROVINCES:
            return label
    parts = {p for label in labels[:-1] for p in label.split("-")}
    return next((_HOSTS[p] for p in parts if p in ("hlj", "nmg", "gxzf")), None)


def of_domain(url: str) -> str | None:
    """The region of a country-code domain: .tw, .hk, .mo."""
    end = host_of(url).rpartition(".")[2]
    return {"tw": "taiwan", "hk": "xianggang", "mo": "aomen"}.get(end)


def of_path(url: str) -> str | None:
    """The province whose name is the address's first folder, as the regional channels of news sites have it: /hlj/."""
    first = re.sub(r"^[a-z]+://[^/?#]*", "", url.lower()).split("?")[0].split("/")[1:2]
    return _HOSTS.get(first[0]) if first and (len(first[0]) > 2 or first[0] == "nx") else None


@cache
def _names() -> dict[str, tuple[tuple[str, str, float], ...]]:
    """Place names by their first two characters, longest first: (name, province, weight)."""
    found: dict[str, dict[str, float]] = {}

    def add(name: str, slug: str, weight: float) -> None:
        if len(name) >= 2:
            at = found.setdefault(name, {})
            at[slug] = max(at.get(slug, 0.0), weight)

    with (resources.files("govcrawl.provinces") / "gazetteer.csv").open(encoding="utf-8") as file:
        rows = [(row["code"], row["name"]) for row in csv.DictReader(file)]
    for code, name in rows:
        slug = of_code(code)
        if slug == UNKNOWN or code.endswith("0000"):
            continue
        prefecture = code.endswith("00")
        if code[:2] == "65" and name in (
            "石河子市",
            "阿拉尔市",
            "图木舒克市",
            "五家渠市",
            "北屯市",
            "铁门关市",
            "双河市",
            "可克达拉市",
            "昆玉市",
            "胡杨河市",
            "新星市",
            "白杨市",
        ):
            add(name, "bingtuan", 0.6)
        add(name, slug, 1.0 if prefecture else 0.9)
        stem = _SUFFIX.sub("", name)
        if "自治" in name:
            short = _MINORITIES.sub("", name)
            if short != name:
                stem = re.sub("自治.$", "", short)
                add(stem + name[-1], slug, 0.9)
        if len(stem) >= 2 and stem != name and (prefecture or (name.endswith("市") and len(stem) >= 2)):
            if stem in _WORDS:
                continue
            add(stem, slug, 0.9 if prefecture else 0.6)
    # 海南 is the province; the prefecture of Qinghai goes by its full name only.
    for stem in ("海南", "河南", "吉林", "河北", "江苏"):
        found.pop(stem, None)
    for province in PROVINCES.values():
        add(province.name, province.slug, 1.0)
        if province.slug != "bingtuan":
            add(province.short, province.slug, 1.0)
            add(province.short + "省", province.slug, 1.0)
        for nickname in province.nicknames:
            add(nickname, province.slug, 0.9)
    table: dict[str, list[tuple[str, str, float]]] = {}
    for name, slugs in found.items():
        # A name that several provinces share (鼓楼区) tells nothing by itself.
        slug, weight = max(slugs.items(), key=lambda x: x[1])
        if len(slugs) > 1 and sorted(slugs.values())[-2] > 0.6 * weight:
            slug, weight = "", 0.0
        table.setdefault(name[:2], []).append((name, slug, weight))
    return {start: tuple(sorted(names, key=lambda n: -len(n[0]))) for start, names in table.items()}


@cache
def _beginnings() -> re.Pattern[str]:
    """Two characters that may begin a place name: few of a text's do."""
    first, second = ("".join(sorted({pair[n] for pair in _names()})) for n in (0, 1))
    return re.compile(f"[{re.escape(first)}][{re.escape(second)}]")


def places(text: str) -> Iterator[Place]:
    """The places that a text names, longest name first at each point; streets, dishes and the like are passed over."""
    return (place for place in mentions(text) if place.province)


def mentions(text: str) -> Iterator[Place]:
    """``places``, and those whose name several provinces share (鼓楼区): their province is empty."""
    table = _names()
    beginning = _beginnings()
    start = beginning.search(text)
    while start is not None:
        i = start.start()
        step = 1
        for name, slug, weight in table.get(start[0], ()):
            if text.startswith(name, i):
                step = len(name)
                if not _trap(text, i, name):
                    yield Place(i, name, slug, weight)
                break
        start = beginning.search(text, i + step)


def _trap(text: str, start: int, name: str) -> bool:
    """Whether a name at this point is part of another: 河北路, 北京时间, 南京东路, 海南航空."""
    end = start + len(name)
    if name[-1] not in "省市县" and _TRAPS.match(text, end):
        return True
    if name in _SIDES and _SIDE.match(text, end):
        return True
    before = text[start - 1] if start else ""
    if before and ((name[0] == "台" and before in _STAGES) or (before == "推" and name[0] == "广")):
        return True
    if before and before in "孙大小老" and name in ("中山", "上海", "河北", "江西"):
        return True
    return name in ("北京", "上海", "东方") and text[max(0, start - 4) : start].endswith(("新华社", "人民网"))
