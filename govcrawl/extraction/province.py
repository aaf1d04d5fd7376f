"""Whose news a page is: the evidence of source, channel, host, title and text, strongest first."""

import re
from collections import Counter
from collections.abc import Iterable

from govcrawl import provinces
from govcrawl.provinces import NATIONAL, PROVINCES, UNKNOWN

_CENTRAL = re.compile(
    r"^(?:中华人民共和国)?(?:教育部|国务院|财政部|科技部|人力资源社会保障部|人社部|发展改革委|国家[⺀-鿿]{2,12}(?:局|委|署|总局|委员会|中心)|中共中央|中央[⺀-鿿]{2,10}|全国[⺀-鿿]{2,14}|公安部|民政部|工业和信息化部|文化和旅游部|交通运输部|外交部|中国[⺀-鿿]{0,10}(?:学会|协会|研究院|科学院))",
)
_NATIONAL_WORDS = re.compile(r"全国|我国|中国|国务院|教育部|党中央|中央|国家|习近平|各省|各地|部委|国资委|央行|证监会|工信部|发改委|财政部|外交部|中共中央|全会|两会|中美|世界|国际")
_LOCAL_AUTHORITY = re.compile(r"(?:厅|局|委|政府|办|日报|晚报|广播电视台|电视台|新闻网|教育|大学|学院|网|报|发布)")
_WE = re.compile(r"(?:我|全|本)省|(?:全|我|本)[市县区州]|省(?:委|政府|教育厅|教委)")


def decide(
    *,
    own: str | None,
    region: str | None,
    source: str | None,
    issuer: str | None,
    doc_number: str | None,
    title: str,
    text: str,
    url: str,
    channel: str | None,
) -> tuple[str, str]:
    """Province slug ("national", "unknown" included) and the evidence that decided, strongest first."""
    if own and own != NATIONAL:
        return own, "site"
    for evidence, value in (("source", source), ("issuer", issuer)):
        slug = _authority(value)
        if slug:
            return slug, evidence
    host = provinces.of_host(url)
    if host and ".gov.cn" in url:
        return host, "host"
    if region and region in PROVINCES:
        return region, "channel"
    named = _tally(((title, 3.0),))
    slug = _leader(named, 1.8)
    if slug:
        return slug, "title"
    if source and _CENTRAL.match(source) and not named:
        return NATIONAL, "source"
    paragraphs = text.split("\n")
    lead = _opening(paragraphs)
    counts = _tally([(title, 3.0), (source or "", 2.0), (lead, 2.0), (text[:4000], 1.0)])
    total = sum(counts.values())
    slug = _leader(counts, 2.0)
    share = counts[slug] / total if slug else 0.0
    central = len(_NATIONAL_WORDS.findall(text[:3000])) + 2 * len(_NATIONAL_WORDS.findall(title))
    if slug and share >= 0.6 and (counts[slug] >= 3.0 or central < 4) and not (central > 3 * counts[slug]):
        return slug, "text"
    if host:
        return host, "host"
    if own == NATIONAL or central >= 3 or (title and _NATIONAL_WORDS.search(title)):
        return NATIONAL, "text"
    if slug and share > 0.5 and counts[slug] >= 1.5:
        return slug, "text"
    return UNKNOWN, "none"


def _opening(paragraphs: list[str]) -> str:
    """The first two paragraphs without the dateline's place of writing, which is where the reporter sat."""
    text = "\n".join(paragraphs[:2])[:400]
    return re.sub(r"^[^\n]{0,12}?[⺀-鿿]{2,4}\d{1,2}月\d{1,2}日[电電讯訊]", "", text)


def _authority(value: str | None) -> str | None:
    """The province of an office or paper that bears a place's name: 黑龙江省教育厅, 林芝日报."""
    if not value or not _LOCAL_AUTHORITY.search(value):
        return None
    found = list(provinces.places(value))
    return found[0].province if found and found[0].start <= 2 and found[0].weight >= 0.8 else None


def _tally(parts: Iterable[tuple[str, float]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, factor in parts:
        seen: Counter[str] = Counter()
        for place in provinces.places(text):
            # The tenth mention says little more than the third.
            counts[place.province] += factor * place.weight / (1 + 0.35 * seen[place.province])
            seen[place.province] += 1
    return counts


def _leader(counts: Counter[str], least: float) -> str | None:
    ranked = counts.most_common(2)
    if not ranked or ranked[0][1] < least:
        return None
    if len(ranked) > 1 and ranked[0][1] < 1.5 * ranked[1][1]:
        return None
    return ranked[0][0]
