"""来源, 作者 and 责任编辑 from labels, bylines and datelines, in the header, in the body's ends and in the meta tags."""

import re
from collections.abc import Iterable

_COLON = r"[ \x1f]*[:：︱︰∶/／|｜丨][ \x1f]*"
_SOURCE_LABEL = r"(?:信息|文章|新闻|新聞|稿件|本文|内容|消息|原文|来稿)?[ ]?(?:来[ ]{0,4}源|來[ ]{0,4}源|出[ ]?处|稿源|转自|轉自|供稿单位|供稿|发布单位|发布机构|信息提供)(?:于|自|為|为)?"
_AUTHOR_LABEL = r"(?:本文|文章|原文|特约)?(?:作[ ]{0,4}者|撰[ ]?稿人?|撰[ ]?文|执[ ]?笔|採訪|采[ ]?写|采访|編譯|编译|原创|供稿人|投稿人|文[/／]图|图[/／]文|图文|(?:本报|本網|本网|特约|见习|实习)?记[ ]{0,4}者|(?:本報|特約)?記[ ]{0,4}者|文|通讯员|評論員|评论员|报送人|发布人员)"
_EDITOR_LABEL = r"(?:责[ ]?任?[ ]?编[ ]?辑?|責[ ]?任?[ ]?編[ ]?輯?|(?:本文|网络|新闻|本期|值班|执行|版面|网页|審核|網絡|文字|微信|新媒体|实习|见习)?编[ ]{0,4}辑|(?:網絡|網路|本文)?編[ ]{0,4}輯|录入|录入员|小编)"
_OTHER_LABEL = r"(?:发布|發布|發佈|更新|发表|發表|时间|時間|日期|浏览|瀏覽|点击|點擊|阅读|閱讀|查看|访问|人气|次数|字号|字体|字體|大小|分享|打印|评论|評論|栏目|频道|标签|關鍵|关键|收藏|校对|校對|审核|審核|核稿|签发|摄影|攝影|主编|监制|责校|终审|初审|复审|选稿|排版|视觉|设计|摄|我要|微信|微博|扫描|版权|推荐|纠错|举报|【|\[?发布者|上一|下一|原标题|原標題|统筹|策划|来自|排版|录音|运营|制图|出品)"
_STOP = re.compile(
    rf"[ \x1f]*(?:{_SOURCE_LABEL}[ \x1f]*[:：︱/／|丨]|{_AUTHOR_LABEL}[ \x1f]*[:：︱/／|丨]|{_EDITOR_LABEL}[ \x1f]*[:：︱/／|丨]|{_OTHER_LABEL}|[|｜]| {{3,}}|(?:19|20)\d\d[ ]?[-年/.]|(?:0?[1-9]|1[0-2])-\d\d[ ]|[\])）】〗>]|[。！？])",
)
_SOURCE = re.compile(rf"(?:^|[ \x1f\[【（(:：\d日|｜，,。、/]|[^\w])(?P<label>{_SOURCE_LABEL}){_COLON}")
_SOURCE_BARE = re.compile(r"(?:^|[\x1f|｜] ?)(?:本文|文章)?(?:来源|來源)(?:于)? ?(?=[\w《“])")
_AUTHOR = re.compile(rf"(?:^|[ \x1f\[【（(:：\d日|｜，,。、/]|[^\w])(?P<label>{_AUTHOR_LABEL}){_COLON}")
_AUTHOR_BARE = re.compile(r"(?:^|[\x1f|｜] ?)作者 ?(?=[\w《“])")
_AUTHOR_GLUED = re.compile(r"作\s*者[:：]")
_SOURCE_GLUED = re.compile(r"来\s*源[:：]")
_EDITOR = re.compile(rf"(?:^|[ \x1f\[【（(〔:：\d日|｜，,。、/·●)）\]】]|[^\w])?(?P<label>{_EDITOR_LABEL})(?:{_COLON}|[ \x1f]+(?=[⺀-鿿]{{2,4}}[ \]】)）\x1f]*$))")
_DATELINE = re.compile(
    r"(?:[（(〔【\[]|^|讯|訊|电|電|日|[□◎●■\x1f ])[^（）()。，,]{0,18}?(?:记者|記者|评论员|評論員|特派员|特派員)\s*[:：/／]?\s*(?P<names>[^）)】〕\]。，：:]{2,60})",
)
_BYLINE = re.compile(
    r"^[\s【\[（(《〔■□◎●◆]*(?P<head>[^\s】\]）)]{0,14}?)(?:特约|见习|实习|特派|首席|驻.{2,4})?(?:记者|記者|评论员|評論員|撰稿人|撰稿|作者|通讯员|专栏作者|采写|文[/／︱|])\s*[:：/／︱|]?\s*(?P<names>[^。！？]{2,50}?)[\s】\]）)〕]*(?:[/／](?P<place>.{2,8})(?:报导|報導|报道|報道|电|電))?$",
)
_TW_BYLINE = re.compile(r"(?:記者|特派員|特派记者|实习记者)?\s*(?P<names>[⺀-鿿]{2,4}(?:[、,， ]{1,2}[⺀-鿿]{2,4}){0,3})\s*[/／╱]\s*(?:[⺀-鿿]{1,6})?(?:[報报][導导道]|外[電电]|[電电])")
_TAIL_NAMES = re.compile(r"[（(〔【\[]\s*(?P<names>[^（）()〔〕【】\[\]]{2,60})\s*[)）〕】\]]\s*$")
_ROLE = re.compile(r"(?:本报|本報|本网|本網|本刊|本社|本台|特约|特約|见习|見習|实习|實習|特派|首席|驻[⺀-鿿]{2,3}|总台|央视|新华社|新華社)*(?:记者|記者|评论员|評論員|撰稿人|作者|实习生|實習生|文字|文图|图文|文|编译|編譯|采写|撰文|特派员|特派員)[:：/／\s]*")
_OTHERS = re.compile(r"[\s、，,；;（(/／|]*(?:通讯员|通訊員|实习生|實習生|摄影|攝影|摄|攝|摄影报道|图片?|供图|制图|视频|校对|统筹|编辑|编审|剪辑|海报|综合|整合|整理|报道|報道|報導|报导|发自|發自|专电|綜合|撰稿|发回|编译|電|电)(?![⺀-鿿]?$)[^、]*$")
_CODE = re.compile(r"(?:[_＿\s(（]*[A-Z]{1,4}\d{2,}[)）]*|_\w{2,}$|\b[A-Z]{1,4}\d{2,}\b)")
_NOBODY = re.compile(
    r"^(?:未知|佚名|匿名|网络|網絡|网络整理|網路|互联网|本站|本网|本網|原创|本站原创|本站编辑|admin\w*|administrator|管理员|root|无|null|none|undefined|system|默认|转载|综合|编辑部?|小编|网站管理员|不详|记者|通讯员|作者|来源|test|我要投稿|-+)$",
    re.IGNORECASE,
)
_NO_SOURCE = re.compile(r"^(?:null|none|undefined|无|未知|不详|佚名|-+|作者|编辑|时间|浏览|点击|责任编辑|发布|字号|字体|\d+|其他|其它|暂无|[:：]+)$", re.IGNORECASE)
_OUTLET = re.compile(
    r"(?:网|網|报|報|社|台|电视|電視|新闻|新聞|日报|日報|晚报|在线|在線|杂志|雜誌|雜志|周刊|週刊|客户端|频道|頻道|财经|科技|体育|娱乐|资讯|时评|号|局|厅|部|委|会|办|处|政府|大学|学院|学校|中心|站|院|協會|协会|集团|公司|发布|传媒|傳媒|广播|廣播|视频|论坛|社区|观察|日報社|通讯社|\.com|\.cn|\.COM|之家|快讯|快訊|醒報|商訊|人民|政务|公众号|影视|早知道|商讯|專訊|专讯|参考|参考消息|科学人|家园|文摘|热线)$",
    re.IGNORECASE,
)
_PLACE_OR_WORD = re.compile(r"^(?:首页|正文|字号|字体|大|中|小|打印|分享|评论|微博|微信|更多|阅读|浏览|点击|收藏|举报|原创|转载|来自|关闭|返回|登录|注册|订阅|关注|讨论|投稿|纠错|我有话说|参与|责编|编辑|作者|来源|时间|发布|查看|次|人|条|手机看新闻|保存|复制链接|二维码|扫一扫|T|\d+)$")
_ORGANISATION = re.compile(r"(?:局|厅|部|委|办|处|科|室|院|校|网|報|报|社|台|中心|公司|大学|学院|集团|支部|协会|委员会|政府|频道|新闻|组|团|队|号|工作室|编辑部|所|站|厂)$")
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
    "張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭蔣葉蘇呂盧鐘鍾譚陸賈韋鄒閻龍賀顧龔萬錢嚴湯樂溫齊喬龐顏莊聶魯歐關蘭紀華單畢駱藍遊靳應寧閔鄔邊師榮鞏倉賴簡連車項麥衛費黨豐嚴塗闕褚婁竇饒諸葛慶樓滿聞厲國門雲鮮",
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "司徒", "夏侯", "范姜", "歐陽", "司馬", "諸葛", "端木", "闻人", "独孤", "南宫", "呼延", "长孙", "宇文", "张简")  # fmt: skip


def is_name(text: str) -> bool:
    """Whether a text can be a Chinese personal name: a surname and one or two characters, or a dotted foreign name."""
    if re.fullmatch(r"[⺀-鿿]{2,3}", text):
        return text[0] in SURNAMES
    if re.fullmatch(r"[⺀-鿿]{4}", text):
        return text.startswith(_COMPOUND)
    return bool(re.fullmatch(r"[⺀-鿿]{1,6}(?:[·•‧][⺀-鿿]{1,8}){1,3}", text))


def split_names(text: str) -> list[str]:
    """Several names in one value, without roles, staff codes and brackets. 方 敏 is one name, 方敏 王乐文 two."""
    text = _CODE.sub(" ", text)
    text = _ROLE.sub(" ", text.replace("\x1f", " ").replace("\u3000", " "))
    text = re.sub(r"[（(【\[《].*?[)）】\]》]|[）)】\]（(【\[“”\"'　]|[：:]", " ", text).strip(" /／|、，,;；.。-—")
    text = re.sub(r"(?<![⺀-鿿·])([⺀-鿿]) {1,3}([⺀-鿿])(?![⺀-鿿·])", r"\1\2", text)
    if re.fullmatch(r"[A-Za-z][\w.'-]*(?: [A-Z][\w.'-]*){1,3}", text):
        return [text]
    names = []
    for part in re.split(r"[\s、，,;；/／|｜&＆＋+]+|(?<=[⺀-鿿])(?:和|与)(?=[⺀-鿿]{2,3}$)", text):
        part = part.strip("·.-_:：")
        if part and not _NOBODY.match(part) and len(part) <= 24 and not re.fullmatch(r"[\d\W]+", part):
            names.append(part)
    return list(dict.fromkeys(names))


def _value(text: str, start: int) -> str:
    """The value from a label's end to the next label, date, bracket or wide gap."""
    rest = text[start : start + 120]
    stop = _STOP.search(rest)
    return (rest[: stop.start()] if stop else rest).strip(" \x1f")


def _values(pattern: re.Pattern[str], lines: list[str]) -> Iterable[tuple[str, str]]:
    """Label and value of each match; a label at its line's end takes the next line where that can be a value."""
    for position, text in enumerate(lines):
        for match in pattern.finditer(text):
            value = _value(text, match.end())
            if not value and not text[match.end() :].strip(" \x1f)）]】") and position + 1 < len(lines):
                following = lines[position + 1]
                if len(following) <= 24 and not _STOP.match(following) and not re.search(r"[:：。，]", following):
                    value = following.strip(" \x1f")
            yield match["label"] if "label" in pattern.groupindex else "", value


def clean_source(value: str) -> str | None:
    """A source as credited, without link texts, brackets and labels around it; None where nothing is left."""
    parts = [p.strip(" \x1f|｜:：，,;；[]【】()（）<>-—·") for p in value.split("\x1f")]
    parts = [p for p in parts if p and not _PLACE_OR_WORD.match(p)]
    if not parts:
        return None
    text = parts[0]
    if len(parts) > 1 and re.fullmatch(r"[-—·－]|[-—－·].*", value.split("\x1f")[1].strip() or " "):
        text = value.replace("\x1f", "")
    text = re.sub(r"^(?:(?:信息|文章|稿件)?(?:来源|來源)(?:于)?[:：\s]*)", "", text)
    text = re.sub(r"^《\s*(.+?)\s*》$", r"\1", text)
    text = re.sub(r"\s*(?:\[微博\]|微博|原创稿|\[整理\]|（ID：.*|\(ID:.*|作者$|记者$)\s*$", "", text).strip(" |｜:：，,；;。[]【】")
    text = text.strip()
    if not text or len(text) > 40 or _NO_SOURCE.match(text) or re.search(r"https?://|www\.\w+\.\w+/", text):
        return None
    return text


def find_source(header: list[str], tail: list[str], meta: list[str]) -> str | None:
    """来源 as the page credits it: by label in the header, then by label after the body, then in the meta tags."""
    for lines in (header, tail):
        for _, value in _values(_SOURCE, lines):
            source = clean_source(value)
            if source:
                return source
    for text in header:
        match = _SOURCE_BARE.search(text)
        if match:
            source = clean_source(_value(text, match.end()))
            if source:
                return source
    for value in meta:
        source = clean_source(value)
        if source:
            return source
    return None


def outlet(parts: Iterable[str]) -> str | None:
    """The outlet among the unlabelled pieces of the line that shows the publish time."""
    for part in parts:
        text = part.strip(" \x1f|｜:：，,;；[]【】()（）<>-—·")
        if 2 <= len(text) <= 20 and not _PLACE_OR_WORD.match(text) and _OUTLET.search(text) and not re.search(r"[。！？，]", text):
            return clean_source(text)
    return None


def find_editors(lines: list[str]) -> list[str]:
    """责任编辑, 责编 and 编辑 by label, in the order of the page."""
    names: list[str] = []
    for label, value in _values(_EDITOR, lines):
        if "录入" in label:
            continue
        for name in split_names(value):
            if len(name) <= 12 and not _OUTLET.fullmatch(name) and not re.fullmatch(r"[A-Z\d]{2,8}", name):
                names.append(name)
        if names:
            break
    return list(dict.fromkeys(names))


def find_authors(header: list[str], head: list[str], tail: list[str]) -> list[str]:
    """作者 and 记者: by label in the header, in the dateline of the first paragraphs, in a byline at the body's end."""
    for _, value in _values(_AUTHOR, header):
        names = [n for n in split_names(_strip_others(value)) if len(n) <= 20]
        if names:
            return names
    for text in header:
        match = _AUTHOR_BARE.search(text)
        if match:
            names = split_names(_value(text, match.end()))
            if names:
                return names
    names = []
    for text in head:
        names += _dateline(text)
    if names:
        return list(dict.fromkeys(names))
    for _, value in _values(_AUTHOR, tail):
        names = [n for n in split_names(_strip_others(value)) if is_name(n) or len(value) <= 12]
        if names:
            return names
    for text in reversed(tail):
        names = _byline(text)
        if names:
            return names
    return []


def _strip_others(text: str) -> str:
    return _OTHERS.sub("", text)


def _people(text: str) -> list[str]:
    """The names at the start of a text; stops at the first piece that is none."""
    names: list[str] = []
    for part in split_names(_strip_others(text)):
        if is_name(part):
            names.append(part)
        elif re.fullmatch(r"[⺀-鿿]{4,6}", part) and is_name(part[: len(part) // 2]) and is_name(part[len(part) // 2 :]) and not _ORGANISATION.search(part):
            names += [part[: len(part) // 2], part[len(part) // 2 :]]
        else:
            break
    return names


def _dateline(text: str) -> list[str]:
    """Reporters of a paragraph's dateline, （记者 张三 李四）or 本报记者 张三; only near its start."""
    byline = _byline(text) if len(text) < 60 else []
    if byline:
        return byline
    match = _DATELINE.search(text[:110])
    if match and match.start() < 50:
        return _people(match["names"])
    match = _TW_BYLINE.search(text[:60])
    return _people(match["names"]) if match else []


def _byline(text: str) -> list[str]:
    if len(text) < 70:
        match = _BYLINE.match(text)
        if match:
            names = _people(match["names"])
            if names:
                return names
        match = _TW_BYLINE.search(text)
        if match:
            return _people(match["names"])
    match = _TAIL_NAMES.search(text)
    if match and not re.search(r"(?:摄|攝|图|圖|供图|来源|资料|资料照|化名|编辑|責任|责任)\s*$|摄影|图片|编辑|编輯|編輯|责编|来源|來源", match["names"]):
        return _people(match["names"])
    return []
