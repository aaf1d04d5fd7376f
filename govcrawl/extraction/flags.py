"""Flags that tell a reader what is wrong or peculiar with a page; none of them drops it."""

import re
from typing import Any

from govcrawl.addresses import host_of
from govcrawl.extraction.document import Document

_CUT = re.compile(
    r"(?<!…)(?<!\.)(?:\.{3}|…)$|(?:(?<!\.)\.{2,}+|…)\s*+[\[【（(<]?(?:详细|详情|全文|更多|阅读全文|查看全文|查看更多|未完|\[?详)\S{0,4}$|[，、,]$",
)
# What content farms put for the words of education news: 学生 → 员工, 学校 → 公司, 专业 → 公司产品, 招生 → 招商.
_IMPOSSIBLE = re.compile(
    r"高公司(?<![提最更新]高公司)|中小公司(?![企股])|高三员工|初三员工|小学员工|在校员工|毕业班员工|年级员工|初中员工|高中员工|大员工|员工(?:家长|和家长|资助|学籍|作业|课业|德智体)|本科公司|公司产品(?:设置"
    r"|建设|教学|内涵|课程|改革)"
    r"|教育公司产品|招商(?:考试|录取|简章)|公司(?:思政|德育|教研|校园|班主任)",
)
_SCHOOL = re.compile(r"班主任|家长|年级|补课|教育[厅局部]|校内|课堂|师生|教师|开学|寒假|暑假|学期|高考|中考|教学")
_SPAM = re.compile(
    r"国产精品|亚洲(?:一区|精品|无码|欧美)|无码|A[vV](?:在线|毛片|片)|a[vV](?:在线|毛片|片)|毛片|色情|三级片|久久(?:久|精品|热)|情[侣侶]视频|成人(?:视频|网站|电影)"
    r"|黄色(?:网站|视频)|裸体|老司机|性感美女"
    r"|娱乐城|博彩|赌场|六合彩|时时彩|北京赛车|百家乐|老虎机|澳门(?:新)?(?:葡京|金沙|威尼斯|银河)|葡京|太阳城|棋牌(?:游戏|平台)|彩票(?:平台|网)|bet365|A[gG](?:真人|视讯)"
    r"|a[gG](?:真人|视讯)|开户送|私服|代孕|迷药|办证|一区二区|在线观看免费|欧美(?:日韩|一区)|體育投注|体育(?:投注|博彩)",
)


def spam_removed(document: Document, host: str) -> bool:
    """Whether links were injected: off the screen to other hosts, or in the words of adult and gambling farms."""
    # One search over all the links' texts clears nearly every page.
    words = 0
    if _SPAM.search("\n".join([f"{link.text}\t{link.title}" for link in document.links])):
        words = sum(1 for link in document.links if _SPAM.search(link.text) or _SPAM.search(link.title))
    off = 0
    for link in document.links:
        if link.offscreen and link.text.strip():
            target = (host_of(link.href) or host).removeprefix("www.")
            if (
                target != host.removeprefix("www.")
                and not target.endswith(".gov.cn")
                and registrable(target) != registrable(host)
            ):
                off += 1
    return words >= 2 or off >= 4


def spam_words(text: str) -> bool:
    """Whether a text is of the vocabulary of adult and gambling link farms."""
    return _SPAM.search(text) is not None


def registrable(host: str) -> str:
    """The domain under which a host is registered: gmw.cn, hlj.gov.cn, junhanjc.com."""
    labels = host.split(".")
    if len(labels) > 2 and labels[-2] in ("com", "gov", "edu", "org", "net", "ac", "co") and len(labels[-1]) == 2:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


def word_substitution(text: str) -> bool:
    """Whether the words of education news were replaced by those of business: 高校 → 高公司, 学生 → 员工."""
    if "员工" not in text and "公司" not in text and "招商" not in text:
        return False
    impossible = len(_IMPOSSIBLE.findall(text))
    if impossible >= 2:
        return True
    business = text.count("员工") + text.count("公司")
    school = text.count("学生") + text.count("学校") + text.count("高校")
    if impossible and business >= 5 and not school:
        return True
    # A text on schools that never says pupil or school, but employee and company again and again.
    return business >= 5 and school <= 0.1 * business and len(set(_SCHOOL.findall(text))) >= 4


def truncated(text: str) -> bool:
    """Whether the body ends in the middle: three dots or a link for the rest, or a comma. ……, by which Chinese prose
    trails off, is an end."""
    end = text.rstrip()[-14:]
    return len(text) > 60 and _CUT.search(end) is not None


def cut_off(markup: str, text: str) -> bool:
    """Whether the response ended in the middle of a sentence: nothing of the page is closed, the text has no end."""
    if len(text) <= 60 or not _OPEN_END.search(text[-80:].rstrip()[-20:]):
        return False
    tail = markup[-4096:].lower()
    return "</body" not in tail and "</html" not in tail


_OPEN_END = re.compile(r"[^。！？!?.…：:；;”’\"'）)】》\]\d日\n]{12}$")


def foreign_host(document: Document, host: str, site: Any) -> bool:
    """Whether a page stands on a host that is not its publisher's: its footer, canonical address or licence says so."""
    if site is not None and site.hosts and site.kind != "other":
        return registrable(host) not in {registrable(h) for h in site.hosts}
    footer = " ".join(line.text for line in document.lines[-25:] if not line.hidden)[-1500:]
    owner = _OWNER.search(footer)
    if owner is None:
        return False
    known = _PUBLISHERS.get(owner[0])
    return known is not None and not any(registrable(host) == k for k in known)


_PUBLISHERS = {
    "中国教育新闻网": ("jyb.cn",), "中國教育新聞網": ("jyb.cn",), "中国教育报刊社": ("jyb.cn",), "中國教育報刊社": ("jyb.cn",),
    "光明网": ("gmw.cn",), "人民网": ("people.com.cn", "people.cn"), "新华网": ("news.cn", "xinhuanet.com"),
    "央视网": ("cctv.com", "cctv.cn"), "中国新闻网": ("chinanews.com", "chinanews.com.cn"),
    "中国教育在线": ("eol.cn", "edu.cn"), "网易": ("163.com", "netease.com"),
}  # fmt: skip
_OWNER = re.compile("(?:" + "|".join(_PUBLISHERS) + r")(?=[^。]{0,12}(?:版权所有|版權所有|主办|主辦|授权|授權))")
