"""Whose news a page is: the evidence of source, channel, host, title and text, strongest first."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from govcrawl import provinces
from govcrawl.extraction.explain import Candidate, Explanation, choose
from govcrawl.extraction.names import SURNAMES
from govcrawl.provinces import NATIONAL, PROVINCES, UNKNOWN

_CENTRAL = re.compile(
    r"^(?:中华人民共和国)?(?:教育部|国务院|财政部|科技部|人力资源社会保障部|人社部|发展改革委|国家[⺀-鿿]{2,12}(?:局|委|署|总局|委员会|中心)|中共中央|中央[⺀-鿿]{2,10}"
    r"|全国[⺀-鿿]{2,14}|公安部|民政部|工业和信息化部|文化和旅游部|交通运输部|外交部|中国[⺀-鿿]{0,10}(?:学会|协会|研究院|科学院))",
)
_NATIONAL_WORDS = re.compile(
    r"全国|我国|中国|国务院|教育部|党中央|(?<!台)中央|国家|习近平|各省|各地|部委|国资委|央行|证监会|工信部|发改委|财政部|外交部|中共中央|全会|两会|中美|世界|国际|京津冀|长三角|大湾区|长江经济带|中铁总"
    r"|国铁|十四五",
)
# A headline that opens with an authority of the whole country is about the country, whatever places it names.
_CENTRAL_TITLE = re.compile(
    r"^(?:国务院|中共中央|中央[⺀-鿿]{0,8}|全国[⺀-鿿]{2,10}|教育部[⺀-鿿]{0,6}|[⺀-鿿]{2,8}部|国家[⺀-鿿]{2,8}[局委署])[⺀-鿿等、]{0,12}[:：]|^(?:国务院"
    r"|中共中央|教育部)(?:办公[厅室])?(?:关于|印发|等)"
    r"|^[两三四五六七八九十]+部[门委](?:联合)?(?:印发|发文|部署|发布|启动|出台|开展|要求)"
)
# A headline about several places at once is about none of them.
_SEVERAL = re.compile(
    r"多地|多省|[二两三四五六七八九十\d](?:省[区市份]|(?:省|地)(?:教育|中小学|考生|公布|发布|出台|启动|高考|联考|推迟))"
)
# Abroad: where the page names no place of China in its headline, these are weighed as a place is.
_ABROAD = re.compile(
    r"美国|英国|法国|德国|日本|韩国|南韩|北韩|俄罗斯|印度|欧盟|欧洲|澳大利亚|澳洲|加拿大|意大利|义大利|西班牙|葡萄牙|荷兰|瑞士|瑞典|挪威|芬兰|丹麦"
    r"|巴西|墨西哥|阿根廷|新加坡|马来西亚|泰国|越南|印尼|菲律宾|以色列|伊朗|伊拉克|乌克兰|土耳其|埃及|南非|新西兰|纽西兰|纽约|华盛顿|伦敦|巴黎|柏林|东京|首尔"
    r"|洛杉矶|硅谷|旧金山|哈佛|麻省理工|剑桥大学|白宫|美联储|吉隆坡|曼谷|莫斯科|悉尼|多伦多"
)
# The ministries of other countries bear the names of ours: 新加坡教育部.
_THEIR_MINISTRIES = re.compile(rf"(?:{_ABROAD.pattern})[⺀-鿿]{{0,2}}?(?:教育部|财政部|外交部|国务院|央行|国家|中央)")
# The headline's subject, where it is an office of a place: 黑龙江省教育厅赴广东考察.
_SUBJECT = re.compile(
    r"[⺀-鿿]{0,6}?(?:教育[厅局]|教委|教体局|教育委员会|教育考试院|考试院|招生办|人民政府|省委|市委|政府办公厅)"
)
# A university bears the name of its seat, or of a place far off, wherever the news is: 吉林大学, 北京师范大学附属学校.
_CAMPUS = re.compile(r"[⺀-鿿]{0,4}?大学(?![生城路堂])")
# Words that only pages in Traditional characters say of their own place: elsewhere 全台 is a whole stage.
_OWN_WORDS = frozenset("全台 卫生署 行政院 立法院 全港 本港 港岛 港府".split())  # noqa: SIM905
# An office speaks for its place; a paper or site prints news of others too.
_OFFICE = re.compile(
    r"(?:[厅局委办]|政府|办公[厅室]|教育工委|教育考试院|招生办|大学|学院|学校|中学|小学|发布|教育在线|教育网|教育信息网?|教育新闻网)$"
)


HEADLINE = 3.0  # what a place in the headline counts, of one in the text


@dataclass(frozen=True, slots=True)
class Evidence:
    """What tells whose news a page is: the site's own province, the region of the channel, and what the page says.
    `frame` is the byline and the site's footer, of pages in Traditional characters."""

    own: str | None
    region: str | None
    source: str | None
    issuer: str | None
    doc_number: str | None
    title: str
    text: str
    url: str
    frame: str = ""
    traditional: bool = False


def decide(evidence: Evidence, explanation: Explanation | None = None) -> tuple[str, str]:
    """Province slug ("national", "unknown" included) and the evidence that decided, strongest first."""
    winner = choose("province", _candidates(evidence), lambda _: None, explanation)
    return (winner.value, winner.rule) if winner else (UNKNOWN, "none")


def _candidates(page: Evidence) -> Iterator[Candidate[str]]:
    if page.own and page.own != NATIONAL:
        yield Candidate(page.own, "site")
    for rule, value in (("source", page.source), ("issuer", page.issuer)):
        slug = _authority(value)
        if slug:
            yield Candidate(slug, rule, value or "")
    host = provinces.of_host(page.url)
    if host and ".gov.cn" in page.url:
        yield Candidate(host, "host", page.url)
    if page.region and page.region in PROVINCES:
        yield Candidate(page.region, "channel")
    named = _tally(((page.title, HEADLINE),), traditional=page.traditional)
    yield from _headline(page, named)
    yield from _text(page, named, host)
    # A city's or county's office uses a letter of its own, which may be another province's.
    slug = _of_number(page.doc_number)
    if slug and not re.search(r"[市县区州旗]", f"{page.issuer or ''}{page.source or ''}"):
        yield Candidate(slug, "doc_number", page.doc_number or "")


def _headline(page: Evidence, named: dict[str, float]) -> Iterator[Candidate[str]]:
    """What the headline says: an authority of the country, a place; without a place, the source's being central."""
    if _CENTRAL_TITLE.search(page.title):
        yield Candidate(NATIONAL, "title", page.title)
    slug = _subject(page.title) or _leader(named, 1.8)
    if slug:
        yield Candidate(slug, "title", page.title)
    if page.source and _CENTRAL.match(page.source) and not named:
        yield Candidate(NATIONAL, "source", page.source)


def _text(page: Evidence, named: dict[str, float], host: str | None) -> Iterator[Candidate[str]]:
    """What places and words of the whole country in the text say, weighed against each other."""
    central = len(_NATIONAL_WORDS.findall(page.text[:3000]))
    counts = _places(page, central)
    slug = _leader(counts, 1.4)
    if slug and not named and counts[slug] < 1.25 * _foreign(page, slug):
        slug = None
    share = counts[slug] / sum(counts.values()) if slug else 0.0
    title = _THEIR_MINISTRIES.sub("", page.title)
    headline = len(set(_NATIONAL_WORDS.findall(title))) + bool(not named and _SEVERAL.search(page.title))
    # A headline about the country that names no place needs more to be of one province.
    margin = 1.5 if headline and not named else 1.1
    if slug and share >= 0.6 and counts[slug] > margin * (0.35 * min(central, 30) + 2.0 * headline):
        yield Candidate(slug, "text", _told(counts, central))
    if host:
        yield Candidate(host, "host", page.url)
    if page.own == NATIONAL or central >= 3 or headline:
        yield Candidate(NATIONAL, "text", _told(counts, central))
    if slug and share > 0.5:
        yield Candidate(slug, "text", _told(counts, central))


def _places(page: Evidence, central: int) -> dict[str, float]:
    """The weight of each province's places: in headline, source, frame, opening and text, and in the address."""
    counts = _tally(_weighed(page), traditional=page.traditional)
    for slug, weight in _tally(((page.source or "", 2.0),), traditional=page.traditional).items():
        if slug in counts:  # a paper's name alone does not say whose news it prints
            counts[slug] += weight
    for slug, weight in _tally(((page.frame, 2.0),), traditional=page.traditional).items():
        # Nor does the publisher's address, of news of the whole country or from elsewhere.
        if slug in _TRADITIONAL and (slug in counts or (central < 3 and max(counts.values(), default=0.0) < 1.4)):
            counts[slug] = counts.get(slug, 0.0) + weight
    for stated in (provinces.of_domain(page.url), provinces.of_path(page.url)):
        if stated:
            counts[stated] = counts.get(stated, 0.0) + 2.0
    return counts


def _weighed(page: Evidence) -> list[tuple[str, float]]:
    """The parts of a page with what a place in them counts."""
    return [(page.title, HEADLINE), (_opening(page.text.split("\n")), 2.0), (page.text[:4000], 1.0)]


def _foreign(page: Evidence, slug: str) -> float:
    """The weight of places abroad, as `_tally` weighs those of a province: where the headline names one, and against the
    places of which news of the world speak in passing."""
    if slug not in _TRADITIONAL and not _ABROAD.search(page.title):
        return 0.0
    found = ((factor, len(_ABROAD.findall(text))) for text, factor in _weighed(page))
    return sum(factor / (1 + 0.35 * n) for factor, times in found for n in range(times))


# Whose sites write Traditional characters; a mainland footer names the seat of a publisher of news from everywhere.
_TRADITIONAL = frozenset({"taiwan", "xianggang", "aomen"})


def _told(counts: dict[str, float], central: int) -> str:
    """The weights as an explanation shows them."""
    leading = sorted(counts.items(), key=lambda item: -item[1])[:3]
    return ", ".join([*(f"{slug} {weight:.1f}" for slug, weight in leading), f"{central} words of the country"])


def _opening(paragraphs: list[str]) -> str:
    """The first two paragraphs without the dateline's place of writing, which is where the reporter sat."""
    text = "\n".join(paragraphs[:2])[:400]
    return re.sub(r"^[^\n]{0,12}?[⺀-鿿]{2,4}\d{1,2}月\d{1,2}日[电電讯訊]", "", text)


def _authority(value: str | None) -> str | None:
    """The province of an office that bears a place's name: 黑龙江省教育厅, 哈尔滨市教育局."""
    if not value or not _OFFICE.search(value):
        return None
    found = list(provinces.places(value))
    return found[0].province if found and found[0].start <= 2 and found[0].weight >= 0.8 else None


def _subject(title: str) -> str | None:
    """The province of the office that opens a headline in which other places are named too."""
    first = next(provinces.places(title), None)
    if first is None or first.start > 0 or first.weight < 0.9:
        return None
    return first.province if _SUBJECT.match(title, len(first.name)) else None


def _of_number(value: str | None) -> str | None:
    """The province whose letter opens a document number: 黑教规〔2023〕1号, 苏政发〔2024〕10号."""
    if not value or len(value) < 4 or value[1] not in "教政府招财人发委办科卫文体民":
        return None
    return next((p.slug for p in PROVINCES.values() if value[0] in p.letter.split(",")), None)


def _tally(parts: Iterable[tuple[str, float]], *, traditional: bool) -> dict[str, float]:
    """The weight of each province's places in texts that count by their factors."""
    counts: dict[str, float] = {}
    for text, factor in parts:
        seen: dict[str, int] = {}
        for place in provinces.places(text):
            if _is_a_name(text, place.start, len(place.name)) or (not traditional and place.name in _OWN_WORDS):
                continue
            end = place.start + len(place.name)
            weight = factor * place.weight
            if factor == HEADLINE and place.name[-1] not in "省市县区州" and _CAMPUS.match(text, end):
                weight *= 0.4
            # The tenth mention says little more than the third.
            times = seen.get(place.province, 0)
            counts[place.province] = counts.get(place.province, 0.0) + weight / (1 + 0.35 * times)
            seen[place.province] = times + 1
    return counts


_SAYS = re.compile(
    r"指出|表示|说|提醒|认为|建议|介绍|告诉|透露|强调|呼吁|医师|老师|教授|先生|女士|博士|校长|主任|同志|同学|院士"
)


def _is_a_name(text: str, start: int, length: int) -> bool:
    """Whether what looks like a place is the given name of a person who is spoken of: 邱南昌指出."""
    return length == 2 and start > 0 and text[start - 1] in SURNAMES and _SAYS.match(text, start + 2) is not None


def _leader(counts: dict[str, float], least: float) -> str | None:
    ranked = sorted(counts.items(), key=lambda item: -item[1])[:2]
    if not ranked or ranked[0][1] < least:
        return None
    if len(ranked) > 1 and ranked[0][1] < 1.25 * ranked[1][1]:
        return None
    return ranked[0][0]
