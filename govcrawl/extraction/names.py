"""Personal names in folded text (`script.fold`): what can be one, and how a value is split into several."""

import re
import tomllib
from functools import cache
from pathlib import Path

from govcrawl import provinces

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚"
    "岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟萧傅常洪阎酆昌贲钮滑荀羿糜隗宓郗仰秋暴钭韶蓟鄂咸籍莘贡逄扶堵宰郦郤璩濮寿习宦慎庾暨步弘禄殳沃蔚夔厍融訾巢蒯竺桓岳侴缑邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞"
    "敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓"
    "修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由禤仓庆彦诸赖"
)
COMPOUND = (
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯", "范姜", "端木", "闻人",
    "独孤", "南宫", "呼延", "长孙", "宇文", "张简",
)  # fmt: skip
_HAN = "[㐀-鿿]"
_CODE = re.compile(r"(?:_\w{2,}|(?<!\s)\s*+\([A-Z]{1,4}\d{2,}\)|\b[A-Z]{1,4}\d{2,}\b)")
_BEFORE = re.compile(
    r"^(?:[^\s、,;]{0,20}?(?:记者|评论员|撰稿人|作者|实习生|特派员)|通讯员)"
    rf"(?=[\s:/]|{_HAN}{{2}})[\s:/]*|^(?:文图|图文|文字|采写|采访|撰文|编译|文|图)\s*[:/]\s*"
)
_ROLE_BETWEEN = re.compile(rf"(?<={_HAN}{{2}})(?:实习生|实习记者|见习记者|特约记者|记者)(?={_HAN}{{2}})")
_ROLE_INSIDE = re.compile(rf"(?<=[\s、,])(?:本报|{_HAN}{{2,6}}报|特约|见习|实习)?(?:记者|评论员|实习生|特派员)\s*")
# From here on the people of a byline did something else: photographs, proofs, correspondence.
_OTHERS = re.compile(
    r"(?<![\s、,;(/|])[\s、,;(/|]*+(?:(?:职工|特约)?通讯员|摄影|摄影报道|摄(?=[/:\s])|图片|供图|制图|"
    rf"(?<={_HAN}\s)图(?=[/|:])|视频|校对|统筹|(?<!{_HAN})编辑|编审|剪辑|海报|整合|报道|报导|发自|专电|发回|编译|[电]$)"
    rf"(?!{_HAN}?$|者).{{0,400}}$"
    rf"|(?<={_HAN}{{2}})\s*+(?:摄|报道|报导|整合|综合|整理|撰稿|发自.{{0,400}}|编译|通讯员.{{0,400}})$"
    rf"|(?<={_HAN}{{4}})文$|(?<={_HAN})\s++文$"
)
_REPORTED = re.compile(rf"(?:{_HAN}{{2,3}})?(?:报[导道]|\d{{1,2}}日[电讯]?)")
_POST = re.compile(
    r"(?:大学|学院|研究院|研究所|中心|协会|委员会|[厅局部委])"
    r"(?:.{0,12}(?:教授|研究员|院长|主任|校长|会长|所长|书记|讲师|博士|博士生|学者|专家))?$"
)
_ORGANISATION = re.compile(
    r"(?:局|厅|部|委|办|处|科|室|院|校|网|报|社|台|中心|公司|大学|学院|集团|支部|协会|委员会|政府|频道|新闻|组|队|工作室"
    r"|编辑部|所|站|厂|会|银行|发布|客户端|公众号|法院|党校|小学|中学|幼儿园|年级|班)$"
)
# Who is spoken of so is no author: 张小明校长.
_TITLED = re.compile("(?:校长|老师|主任|教授|书记|局长|院长|处长|科长|同志|先生|女士)$")
# No name ends so, whatever its first character.
_NO_END = "网报社局厅部处科院校办委省县镇"


_ACCOUNT = re.compile("(?:网|报|社|号|新闻|频道|政务|客户端|发布|视频|资讯)(?:·|$)")  # 白石新闻·白石号


@cache
def _nobody() -> frozenset[str]:
    lists = tomllib.loads(Path(__file__).with_name("gates.toml").read_text(encoding="utf-8"))["author"]
    return frozenset(word.lower() for word in (*lists["words"], *lists["also"]))


def is_nobody(text: str) -> bool:
    """Whether a word stands where names do and names nobody: 佚名, 本报, 资料."""
    return text.lower() in _nobody() or not text.strip("-")


def is_name(text: str) -> bool:
    """Whether a text can be a Chinese personal name: a surname and one or two characters, or a dotted foreign name."""
    if re.fullmatch(r"[㐀-鿿]{2,3}", text):
        return text[0] in SURNAMES and text[-1] not in _NO_END and not is_nobody(text)
    if re.fullmatch(r"[㐀-鿿]{4}", text):
        return text.startswith(COMPOUND)
    return bool(re.fullmatch(r"[㐀-鿿]{1,6}(?:·[㐀-鿿]{1,8}){1,3}", text)) and not _ACCOUNT.search(text)


def is_organisation(text: str) -> bool:
    """Whether a text ends like the name of an office, school, paper or company."""
    return bool(_ORGANISATION.search(text)) and not (len(text) <= 3 and is_name(text))


def is_place(text: str) -> bool:
    """Whether a text is nothing but names of places: 北京, 江苏南通."""
    place = next(provinces.places(text), None)
    if place is None or place.start:
        return False
    rest = text[len(place.name) :].lstrip("省市县区")
    return not rest or is_place(rest)


def split_names(text: str) -> list[str]:
    """Several names in one value, without roles, staff codes and brackets. 方 敏 is one name, 方敏 王乐文 two."""
    text = _CODE.sub(" ", text[:400]).replace("\x1f", " ")
    text = _BEFORE.sub("", text.strip())
    if is_name(text):
        return [text]
    text = _ROLE_BETWEEN.sub("、", text)
    text = _OTHERS.sub("", _ROLE_INSIDE.sub("", text))
    text = re.sub(r"[(\[《][^)\]》]{0,400}[)\]》]|[)\](\[“”\"']|:", " ", text).strip(" /|、,;.。-—")
    text = re.sub(r"(?<![㐀-鿿·])([㐀-鿿]) {1,3}([㐀-鿿])(?![㐀-鿿·])", r"\1\2", text)
    if re.fullmatch(r"[A-Za-z][\w.'-]*(?: [A-Z][\w.'-]*){1,3}", text):
        return [text]
    found = []
    for part in re.split(r"[\s、,;/|&+]+|(?<=[㐀-鿿]{2})(?:和|与)(?=[㐀-鿿]{2,3}$)", text):
        part = part.strip("·.-_:")
        if len(part) > 3 and part[-1] == "等" and is_name(part[:-1]):
            part = part[:-1]
        if part and not is_nobody(part) and len(part) <= 24 and not re.fullmatch(r"[\d\W]+", part):
            found.append(part)
    return list(dict.fromkeys(found))


def people(text: str) -> list[str]:
    """The personal names at the start of a text, up to the first piece that is none; names run together are parted."""
    found: list[str] = []
    for part in split_names(text):
        if is_name(part):
            found.append(part)
            continue
        placed = next((part[:n] for n in (3, 2) if is_name(part[:n]) and _is_whereabouts(part[n:])), None)
        if placed:
            found.append(placed)
            continue
        if re.fullmatch(r"[㐀-鿿]{5,24}", part) and not is_organisation(part):
            several = run_together(part)
            if several:
                found += several
                continue
        if found or not is_organisation(part):
            break  # an office may stand before its people, 中国某某网 张三
    return found


def run_together(text: str) -> list[str]:
    """Names that no sign parts, 彭晗侯婷婷: the one way of parting them, or of two names the one that gives the first
    three characters; [] where there is none or several."""
    if _TITLED.search(text):
        return []
    ways = _partings(text, 3)
    if ways and len(text) <= 6:
        return ways[0]
    # Words of a sentence part into pairs; people's names are mostly of three characters.
    whole = len(ways) == 1 and sum(len(name) == 3 for name in ways[0]) * 2 >= len(ways[0])
    return ways[0] if whole and not re.search("[了到的是在]", text) else []


def _partings(text: str, most: int) -> list[list[str]]:
    """Up to `most` ways of parting a text into names."""
    ways: list[list[list[str]]] = [[] for _ in range(len(text) + 1)]
    ways[len(text)] = [[]]
    for start in range(len(text) - 2, -1, -1):
        for n in (3, 2):
            if start + n <= len(text) and ways[start + n] and is_name(text[start : start + n]):
                ways[start] += [[text[start : start + n], *rest] for rest in ways[start + n]][: most - len(ways[start])]
    return ways[0]


def _is_whereabouts(text: str) -> bool:
    """Whether what is glued to a name is not of it: where it reported from (台北報導), or an office (北京大学教授)."""
    if _REPORTED.fullmatch(text):
        return True
    place = next(provinces.places(text), None)
    if place is None or place.start:
        return text.startswith(("中国", "国家", "全国")) and _POST.search(text) is not None
    rest = text[len(place.name) :]
    return not rest or _POST.search(text) is not None or _is_whereabouts(rest)
