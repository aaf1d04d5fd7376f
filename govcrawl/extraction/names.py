"""Personal names: what can be one, and how a value is split into several."""

import re

from govcrawl import provinces

SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟萧傅常洪阎酆昌贲钮滑荀羿糜隗宓郗仰秋暴钭韶蓟鄂咸籍莘贡逄扶堵宰郦郤璩濮寿习宦慎庾暨步弘禄殳沃蔚夔厍融訾巢蒯竺桓岳侴缑邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由禤"
    "張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭蔣葉蘇呂盧鐘鍾譚陸賈韋鄒閻龍賀顧龔萬錢嚴湯樂溫齊喬龐顏莊聶魯歐關蘭紀華單畢駱藍遊靳應寧閔鄔邊師榮鞏倉賴簡連車項麥衛費黨豐嚴塗闕褚婁竇饒諸葛慶樓滿聞厲國門雲鮮羅彥涂",
)
COMPOUND = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯", "范姜", "歐陽", "司馬", "諸葛", "端木", "闻人", "独孤", "南宫", "呼延", "长孙", "宇文", "张简")  # fmt: skip
NOBODY = re.compile(
    r"^(?:未知|佚名|匿名|网络|網絡|网络整理|網路|互联网|本站|本网|本網|原创|本站原创|本站编辑|admin\w*|administrator|管理员|root|无|null|none|undefined|system|默认|转载|综合|综合整理|编辑部?|小编|网站管理员|不详|记者|通讯员|作者|来源|test|我要投稿|原题为|原标题|关闭|信箱|打印|收藏|推荐|完|全文完|未完|待续|图|图片|资料|下转|上接|责任|全文|附图|有删节|有删改|略|节选|摘要|根据|本报|本社|本刊|综述|组图|连载|连线|时间|日期|浏览|点击|下一页|上一页|见图|如图|左|右|中|前|后|新华网|人民网|编译|直播|以上|如下|不等|左起|右起|例如|化名|音译|文字|纠错|转发|回复|评论|举报|分享|返回|首页|正文|相关|链接|附件|翻译|制作|配图|插图|美编|终审|初审|审核|校对|监制|策划|主编|总监|来论|时评|社论|快评|短评|新闻|视频|专题|现场|独家|更正|补充|备注|说明|注释|参考|编者按|编者注|编按|编后|责任编辑|责编|编辑|原声|字幕|中字|全集|预告|花絮|-+)$",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:[_＿]\w{2,}|(?<!\s)\s*+[(（][A-Z]{1,4}\d{2,}[)）]|\b[A-Z]{1,4}\d{2,}\b)")
_BEFORE = re.compile(
    r"^(?:[^\s、，,；;]{0,20}?(?:记者|記者|评论员|評論員|撰稿人|作者|实习生|實習生|特派员|特派員)|通讯员|通訊員)(?=[\s:：/／]|[㐀-鿿]{2})[\s:：/／]*|^(?:文图|图文|文字|采写|采访|撰文|编译|編譯|文|图)\s*[:：/／]\s*",
)
_ROLE_INSIDE = re.compile(
    r"(?<=[\s、，,])(?:本报|[㐀-鿿]{2,6}报|本報|特约|见习|实习)?(?:记者|記者|评论员|实习生|實習生|特派员)\s*"
)
# From here on the people of a byline did something else: photographs, proofs, correspondence.
_OTHERS = re.compile(
    r"(?<![\s、，,；;（(/／|])[\s、，,；;（(/／|]*+(?:(?:职工|特约)?通讯员|通訊員|摄影|攝影|摄影报道|[摄攝](?=[/／:：\s])|图片|供图|制图|(?<=[㐀-鿿]\s)[图圖](?=[/／|｜:：])|视频|校对|统筹|(?<![㐀-鿿])编辑|编审|剪辑|海报|整合|报道|報道|報導|报导|發自|发自|专电|发回|編譯|[電电]$)(?![㐀-鿿]?$|者).{0,400}$|(?<=[㐀-鿿]{2})[\s]*+(?:文|摄|攝|报道|報道|報導|整合|综合|整理|撰稿|发自.{0,400}|编译|报导|通讯员.{0,400})$",
)
_REPORTED = re.compile(r"(?:[㐀-鿿]{2,3})?(?:[報报][導导道]|\d{1,2}日[電电訊讯]?)")
_POST = re.compile(
    r"(?:大学|学院|研究院|研究所|中心|协会|委员会|[厅局部委])(?:.{0,12}(?:教授|研究员|院长|主任|校长|会长|所长|书记|讲师|博士|博士生|学者|专家))?$"
)
_ORGANISATION = re.compile(
    r"(?:局|厅|部|委|办|处|科|室|院|校|网|報|报|社|台|中心|公司|大学|学院|集团|支部|协会|委员会|政府|频道|新闻|组|队|工作室|编辑部|所|站|厂|会|银行|发布|客户端|公众号|法院|党校)$"
)


def is_name(text: str) -> bool:
    """Whether a text can be a Chinese personal name: a surname and one or two characters, or a dotted foreign name."""
    if re.fullmatch(r"[㐀-鿿]{2,3}", text):
        return text[0] in SURNAMES and text[-1] not in "网網报報社局厅部" and not NOBODY.match(text)
    if re.fullmatch(r"[㐀-鿿]{4}", text):
        return text.startswith(COMPOUND)
    return bool(re.fullmatch(r"[㐀-鿿]{1,6}(?:[·•‧][㐀-鿿]{1,8}){1,3}", text))


def is_organisation(text: str) -> bool:
    """Whether a text ends like the name of an office, school, paper or company."""
    return bool(_ORGANISATION.search(text)) and not (len(text) <= 3 and is_name(text))


def split_names(text: str) -> list[str]:
    """Several names in one value, without roles, staff codes and brackets. 方 敏 is one name, 方敏 王乐文 two."""
    text = _CODE.sub(" ", text[:400]).replace("\x1f", " ").replace("\u3000", " ").replace("\xa0", " ")
    text = _BEFORE.sub("", text.strip())
    text = _OTHERS.sub("", _ROLE_INSIDE.sub("", text))
    text = re.sub(r"[（(【\[《].{0,400}?[)）】\]》]|[）)】\]（(【\[“”\"']|[：:]", " ", text).strip(" /／|、，,;；.。-—")
    text = re.sub(r"(?<![㐀-鿿·])([㐀-鿿]) {1,3}([㐀-鿿])(?![㐀-鿿·])", r"\1\2", text)
    if re.fullmatch(r"[A-Za-z][\w.'-]*(?: [A-Z][\w.'-]*){1,3}", text):
        return [text]
    found = []
    for part in re.split(r"[\s、，,;；/／|｜&＆＋+]+|(?<=[㐀-鿿]{2})(?:和|与)(?=[㐀-鿿]{2,3}$)", text):
        part = part.strip("·.-_:：")
        if part and not NOBODY.match(part) and len(part) <= 24 and not re.fullmatch(r"[\d\W]+", part):
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
        if re.fullmatch(r"[㐀-鿿]{5,6}", part) and not is_organisation(part):
            two = next(((part[:n], part[n:]) for n in (3, 2) if is_name(part[:n]) and is_name(part[n:])), None)
            if two:
                found += two
                continue
        if found or not is_organisation(part):
            break  # an office may stand before its people, 中国某某网 张三
    return found


def _is_whereabouts(text: str) -> bool:
    """Whether what is glued to a name is not of it: where it reported from (台北報導), or an office (北京大学教授)."""
    if _REPORTED.fullmatch(text):
        return True
    place = next(provinces.places(text), None)
    if place is None or place.start:
        return text.startswith(("中国", "国家", "全国")) and _POST.search(text) is not None
    rest = text[len(place.name) :]
    return not rest or _POST.search(text) is not None or _is_whereabouts(rest)
