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
    r"全国|我国|中国|国务院|教育部|党中央|中央|国家|习近平|各省|各地|部委|国资委|央行|证监会|工信部|发改委|财政部|外交部|中共中央|全会|两会|中美|世界|国际|京津冀|长三角|大湾区|长江经济带|中铁总"
    r"|国铁|十四五",
)
# A headline that opens with an authority of the whole country is about the country, whatever places it names.
_CENTRAL_TITLE = re.compile(
    r"^(?:国务院|中共中央|中央[⺀-鿿]{0,8}|全国[⺀-鿿]{2,10}|教育部[⺀-鿿]{0,6}|[⺀-鿿]{2,8}部|国家[⺀-鿿]{2,8}[局委署])[⺀-鿿等、]{0,12}[:：]|^(?:国务院"
    r"|中共中央|教育部)(?:办公[厅室])?(?:关于|印发|等)"
    r"|^[两三四五六七八九十]+部[门委](?:联合)?(?:印发|发文|部署|发布|启动|出台|开展|要求)"
)
# An office speaks for its place; a paper or site prints news of others too.
_OFFICE = re.compile(
    r"(?:[厅局委办]|政府|办公[厅室]|教育工委|教育考试院|招生办|大学|学院|学校|中学|小学|发布|教育在线|教育网|教育信息网?|教育新闻网)$"
)


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
    named = _tally(((page.title, 3.0),))
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
    slug = _leader(named, 1.8)
    if slug:
        yield Candidate(slug, "title", page.title)
    if page.source and _CENTRAL.match(page.source) and not named:
        yield Candidate(NATIONAL, "source", page.source)


def _text(page: Evidence, named: dict[str, float], host: str | None) -> Iterator[Candidate[str]]:
    """What places and words of the whole country in the text say, weighed against each other."""
    counts = _places(page)
    slug = _leader(counts, 1.4)
    share = counts[slug] / sum(counts.values()) if slug else 0.0
    central = len(_NATIONAL_WORDS.findall(page.text[:3000]))
    headline = len(set(_NATIONAL_WORDS.findall(page.title)))
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


def _places(page: Evidence) -> dict[str, float]:
    """The weight of each province's places: in headline, source, frame, opening and text, and in the address."""
    opening = _opening(page.text.split("\n"))
    counts = _tally([(page.title, 3.0), (opening, 2.0), (page.text[:4000], 1.0)])
    for slug, weight in _tally(((page.source or "", 2.0),)).items():
        if slug in counts:  # a paper's name alone does not say whose news it prints
            counts[slug] += weight
    for slug, weight in _tally(((page.frame, 2.0),)).items():
        if slug in _TRADITIONAL:
            counts[slug] = counts.get(slug, 0.0) + weight
    for stated in (provinces.of_domain(page.url), provinces.of_path(page.url)):
        if stated:
            counts[stated] = counts.get(stated, 0.0) + 2.0
    return counts


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


def _of_number(value: str | None) -> str | None:
    """The province whose letter opens a document number: 黑教规〔2023〕1号, 苏政发〔2024〕10号."""
    if not value or len(value) < 4 or value[1] not in "教政府招财人发委办科卫文体民":
        return None
    return next((p.slug for p in PROVINCES.values() if value[0] in p.letter.split(",")), None)


def _tally(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for text, factor in parts:
        seen: dict[str, int] = {}
        for place in provinces.places(text):
            if _is_a_name(text, place.start, len(place.name)):
                continue
            # The tenth mention says little more than the third.
            times = seen.get(place.province, 0)
            counts[place.province] = counts.get(place.province, 0.0) + factor * place.weight / (1 + 0.35 * times)
            seen[place.province] = times + 1
    return counts


_SAYS = re.compile(r"指出|表示|说|提醒|认为|建议|介绍|告诉|透露|强调|呼吁|医师|老师|教授|先生|女士|博士|校长|主任")


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
