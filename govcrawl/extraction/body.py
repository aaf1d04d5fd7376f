"""Which lines of a page are its article's body: site and CMS containers first, then a general scorer of Chinese text."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate

from govcrawl.extraction.document import Box, Document, Line
from govcrawl.extraction.flags import spam_words

_PUNCTUATION = re.compile("[，。！？；：、“”《》,.;:!?](?:(?<![,.;:!?])|(?=[ ⺀-鿿“]|$))")
# Containers by which content management systems mark the body; ids and class names, lower case.
# TRS WCM, Hanweb, Ucap, Boda, Founder, EasySite, gkmlpt, Lonsun, WeChat and the large news sites.
_BODY_NAMES = """
    trs_editor trs_ueditor trs_editor_view trs_uedtior zoom zoomcon ucap-content ucapcontent cmsarticlecontent
    v_news_content vsb_content vsbcontent news_content newscontent newscontnet newstext news_txt newsdetail
    article-content article_content articlecontent article-body article_body articlebody articletext article-text
    artical-main-content article-detail articledetail article_txt article_text art_con art_content artcontent
    artibody articlebox arti_content wp_articlecontent entry-content post-content post_content post_body post_text endtext
    rm_txt_con rm_txt_zw rm_txt p-detail main-content-text detailcontent detail_content detail-content js_content
    rich_media_content left_zw left-zw mp-editor u-maintext con_text con-text bt-content bt_content bt-box-zoom xl_text
    main-txt artile_zw zw_content zwcontent textcontent text_content text-content content_text contenttext
    nfw-cms-content gkml_detail ivs_content lfnewsdetail gzk_detail zwxl-article conTxt contxt contents_text
    xxgk_content gknbxx_cont pages_content info-cont main_content main-content mainbody
    cnt_bd content_area text_area textarea-content articlecontent-wrap show_text txt_con neirong
    nr_content newsbody news_body blkcontainersblk blkcontainersblkcon cnt-main-article-qq article_inbox fontzoom founder-content
    article_component xl-main jgzn_content det zx-xxxqy-nr gfxwj-content zcwjk-xlcon news-detail news_detail downloadcontent
    content_body duanluo article-content-wrap moe-detail-box zw-content content-article detail-body detail_body xxgk-content
    contentdiv contentbody js_article_content paragraph xwzw zhengwen show_content showcontent view_content"""
CMS_NAMES = frozenset(_BODY_NAMES.lower().split())
# What names menus, sharing, comments, related items: whole words of an id or class, beginnings of words, any part.
_NOISE_TEXT = """
    relate related relative relation xiangguan xgyd xgxw tuijian hotnews hot paihang fenxiang comment comments pinglun
    reply gentie copyright footer foot bottom breadcrumb breadcrumbs crumb crumbs nav navi navbar menu sidebar aside pager
    pagination paging qrcode ewm erweima tool tools toolbar tag tags keyword keywords ad ads banner login search mood emotion
    xinqing toplink links statement disclaimer shengming feedback jubao prevnext nextprev shangxia dianzan like dig digg vote
    survey subscribe follow popup modal tooltip sjb wxewm side rightbar header topbar"""
_NOISE_WORDS = frozenset(_NOISE_TEXT.split())
_NOISE = re.compile(
    "|".join(f"{word}(?<=[ _-]{word})" for word in ("rank", "share", "bshare", "advert", "friend", "widget"))
    + "|recommend|bdshare|jiathis|editor-info|pre_next|prev-next|next_prev|right_bar|video-list|top_bar|relatednews|relnews"
    "|xiangguan|tuijian|pinglun|fenxiang|copyright|guess.?like|related|hotlist|hot-list|newslist|news-list|readmore|post_side"
    "|post_top|post_recommend|post_statement|post_next"
)
_SURE_NOISE = re.compile("comment|pinglun|reply|gentie|related|relative|relation|recommend|xiangguan|tuijian|guess")
_END = re.compile(
    r"^[\s\[【〔(（<{〖*·|:：>»-]*(?:责任编辑|責任編輯|责编|責編|(?:本文|网络|新闻)?编辑\s*[:：/]|編輯\s*[:：]|(?:值班)?(?:总监|主编|校对)\s*[:：]|审核\s*[:：]|编审\s*[:：]"
    r"|相关(?:阅读|新闻|链接|文章|报道|信息|推荐|专题|内容|解读|政策|稿件|资讯|搜索|热词|主题|话题)|相關(?:閱讀|新聞|連結|文章|報導|報道|搜尋)|延伸[·\s]?(?:阅读|推荐|閱讀)|推荐阅读|推薦閱讀|热门(?:推荐|文章|新闻|评论|点击)"
    r"|猜你喜欢|更多精彩|更多新闻|更多阅读|大家都在看|为您推荐|编辑推荐|精彩推荐|最新(?:文章|资讯|评论)|上一[篇条页]|下一[篇条页]|下[一]?則|上[一]?則|前一篇|后一篇|分享(?:到|至|让)|分享[:：]|打印本页|【?打印|关闭(?:窗口|本页)|【关闭"
    r"|扫一扫|扫描二维码|我要(?:评论|纠错|留言)|网友评论|发表评论|用户评论|(?:最新|全部|热门)评论|已有\d*[人条]评论|版权声明|版权所有|(?:版权)?[与和及]?免[责責][声聲]明|特别声明|点击心情|心情排行|[我]?要爆料|(?:网站)?声明\s*[:：]|郑重声明"
    r"|本文来源[:：]|文章来源[:：]|点击(?:查看|进入)(?:更多|下一页|专题)|阅读剩余|展开全文|阅读全文|返回(?:顶部|列表|首页)|举报|收藏|点赞|\(?原标题|复制(?:地址|链接)|您(?:看到此篇|看完)|文章关键词|关键词[:：]|关键字[:：]|标签[:：]"
    r"|标签\s*$|加入收藏|凡本网注明|凡注明|转载请(?:注明|务必)|[Cc]opyright|©|ICP[备证]|【?字[体号]|浏览次数|关注我们|特别推荐|微信公众号|作者[:：].{0,12}$|更多报道|看过本文|本网站转载|以上内容仅|未经授权)",
)
_RELATED = re.compile(r"^.{0,4}(?:相关|相關|延伸|推荐|推薦|更多|此前报道|参考阅读|链接)")
_SURE_END = re.compile(
    r"^[\s\[【〔(（<]*(?:责任编辑|責任編輯|责编|責編)\s*[:：].{0,20}$|^[\s\[【]*(?:相关(?:阅读|新闻|链接|文章|报道|推荐)|相關(?:閱讀|新聞|連結|文章|報導)|推荐阅读|推薦閱讀|猜你喜欢|热门推荐|为您推荐|网友评论|版权声明|您此时的心情|新闻表情)[\s】\]：:]*.{0,6}$",
)
# These never stand inside an article's text, whatever their place.
_JUNK = re.compile(
    r"^[\s\[【(（·|>-]*+(?:阅读剩余全文|展开(?:阅读)?全文|点击(?:查看|图片)(?:原图|大图|进入下一页)|分享到|分享至|字[体号][:：]?|扫一扫.{0,18}|打印本页|关闭窗口|下载(?:APP|客户端).{0,10}|打开.{0,6}APP.{0,10}|您的浏览器.{0,30}|正在加载.{0,4}"
    r"|广告|advertisement|转播到腾讯微博|自动播放(?:开关自动播放)?|正在播放.{0,20}|share|播放|暂停|\d{2}:\d{2}\s*/\s*\d{2}:\d{2}|加载中.{0,3}|返回顶部|收藏本[页站].{0,6}|【?(?:大|中|小)】?(?:\s*+[【]?(?:大|中|小)】?){1,2}|微信(?:扫码)?(?:分享)?|微博|QQ空间|复制链接|(?:\d++\s*+){1,9}(?:下一页|尾页).*"
    r"|T\s*+[|+-]?\s*+T|更多|跳转至?|[\d\s]{1,12}人?(?:阅读|点赞|评论)|网易首页|返回搜狐，查看更多)[\s\]】)）>]*+$",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"ICP[备证]|公网安备|版权所有|Copyright|copyright|COPYRIGHT|©|网站标识码|主办单位[:：]|承办单位[:：]|未经.{0,8}(?:授权|许可|允许).{0,12}(?:不得|禁止|转载)|违法和?不良信息举报|互联网新闻信息服务许可证|凡(?:本[网站].{0,8})?注明|免[责責][声聲]明\s*[:：】]|不代表本(?:网|站|报|刊|公司)|文责自负|版权(?:相关)?声明[:：]|法律(?:相关)?声明[:：]|如有侵权|请(?:及时)?(?:与|和)本[网站刊].{0,6}联系|<script|建议使用.{0,20}浏览器|技术支持[:：]",
)


@dataclass(slots=True)
class Body:
    """The chosen lines, in order, and the rule that chose them; `box` is the container, -1 without one."""

    lines: list[int] = field(default_factory=list)
    box: int = -1
    rule: str = "none"
    score: int = 0
    first: int = 0
    last: int = 0


def find(document: Document, title_line: int, *, selected: bool = False) -> Body:
    """The body of a page whose headline stands in line `title_line` (-1 unknown)."""
    names = [_named(box.tag, box.id, box.cls, box.block) for box in document.boxes]
    noise = _noise_lines(document, names)
    values, own = _values(document, title_line, noise)
    total = _sums(values)
    text = _sums(own)
    best = _container(document, names, total, text, selected=selected)
    short = (
        _notice(document, title_line, noise)
        if title_line >= 0 and (best is None or text[best[0].last] - text[best[0].first] < 160)
        else []
    )
    if short and (best is None or best[1] == "text" or best[0].first > short[-1]):
        chars = sum(len(document.lines[i].text) for i in short)
        if best is None or chars > 1.2 * (text[best[0].last] - text[best[0].first]):
            return Body(
                short, document.lines[short[0]].box, "notice", sum(own[i] for i in short), short[0], short[-1] + 1
            )
    if best is None:
        return Body()
    box, rule = best
    body = Body(box=box.index, rule=rule, first=box.first, last=box.last)
    body.lines = _clean(document, names, box, title_line, values, trusted=rule != "text")
    body.score = sum(own[i] for i in body.lines)
    return body


def _sums(values: Iterable[float]) -> list[float]:
    return list(accumulate(values, initial=0.0))


@lru_cache(maxsize=8192)
def _named(tag: str, name: str, cls: str, block: bool) -> tuple[bool, float]:
    """What an element's names say of it: whether a CMS so marks the body, and how much of the text the element may hold
    and still be left out as navigation, sharing, comments, related items; 0 where the names say nothing."""
    if tag in ("ucapcontent", "founder-content"):
        return True, 0.0
    both = f" {name} {cls}".lower()
    body = not CMS_NAMES.isdisjoint(both.split())
    if not block:
        return body, 0.0
    if tag in ("nav", "footer", "aside"):
        return body, 0.4
    words = both.replace("_", " ").replace("-", " ").split()
    if body or (_NOISE_WORDS.isdisjoint(words) and not _NOISE.search(both)):
        return body, 0.0
    return False, 0.7 if _SURE_NOISE.search(both) else 0.4  # no article is called comments


def _values(document: Document, title_line: int, noise: list[bool]) -> tuple[list[float], list[int]]:
    """For each line what it is worth as body text, and its characters of running text."""
    values: list[float] = []
    own: list[int] = []
    seen: set[str] = set()
    for i, line in enumerate(document.lines):
        length = len(line.text)
        free = length - line.linked
        paragraph = 0
        if line.hidden:
            value = 0.0
        elif line.linked > 0.5 * length:
            value = -1.2 * line.linked - 2
        elif is_footer(line.text):
            value = -20.0
        else:
            marks = length > 8 and _PUNCTUATION.search(line.text) is not None
            if (marks and free >= 14) or free >= 50:
                paragraph = min(free, 1500)
                value = float(paragraph) if marks else 0.4 * paragraph
                if length > 30:
                    if line.text in seen:
                        value, paragraph = 0.0, 0
                    seen.add(line.text)
                if i < title_line:
                    value *= 0.3
            else:
                value = -0.3 * free - 1.5
        if noise[i] and value > 0:
            value, paragraph = -0.2 * value, 0
        values.append(value)
        own.append(paragraph)
    return values, own


def noise_boxes(document: Document) -> set[int]:
    """The boxes named as menus, sharing, related items, and those inside them."""
    noise: set[int] = set()
    for box in document.boxes:
        if box.parent in noise or _named(box.tag, box.id, box.cls, box.block)[1]:
            noise.add(box.index)
    return noise


def is_end(text: str) -> bool:
    """Whether a line is a first mark of an article's end: its editor, related items, the foot of the page."""
    return _END.match(text) is not None or is_footer(text)


def _noise_lines(document: Document, names: list[tuple[bool, float]]) -> list[bool]:
    """Lines inside boxes named as noise, unless such a box holds most of the page's text."""
    lines = document.lines
    chars = _sums([0 if line.hidden else len(line.text) - line.linked for line in lines])
    noise = [False] * len(lines)
    for box, (_, share) in zip(document.boxes, names, strict=True):
        if share and box.last > box.first:
            inside = chars[box.last] - chars[box.first]
            if inside < share * chars[-1]:
                noise[box.first : box.last] = [True] * (box.last - box.first)
    return noise


def _container(
    document: Document, names: list[tuple[bool, float]], total: list[float], text: list[float], *, selected: bool
) -> tuple[Box, str] | None:
    best: tuple[float, Box] | None = None
    cms: tuple[float, Box] | None = None
    site: tuple[float, Box] | None = None
    for box, (named, _) in zip(document.boxes, names, strict=True):
        if box.last <= box.first or box.hidden:
            continue
        value = total[box.last] - total[box.first]
        chars = text[box.last] - text[box.first]
        if box.selected:
            shown = float(sum(len(line.text) for line in document.lines[box.first : box.last] if not line.hidden))
            if site is None or shown > site[0]:
                site = (shown, box)
        if named:
            rank = value + 0.2 * chars
            if (
                cms is None
                or rank >= cms[0]
                or (box.first >= cms[1].first and box.last <= cms[1].last and rank > 0.7 * cms[0])
            ):
                cms = (rank, box)
        if (box.block or box.id) and (best is None or value > best[0] or (value == best[0] and value > 0)):
            best = (value, box)
    if selected and site is not None and site[0] > 0:
        return site[1], "site"
    if cms is not None:
        box = cms[1]
        inside = text[box.last] - text[box.first]
        whole = text[best[1].last] - text[best[1].first] if best else 0.0
        # A container that leaves most of the text outside is not what its name says.
        if inside > 0.6 * whole or (best is not None and best[0] < 80 and inside > 0):
            return box, "cms"
    if best is None or best[0] <= 0:
        return (cms[1], "cms") if cms is not None else None
    return best[1], "text"


def _notice(document: Document, title_line: int, noise: list[bool]) -> list[int]:
    """What follows the headline up to the first mark of an end: for notices, tables and verse without sentences."""
    attached = document.attached
    found: list[int] = []
    links = 0
    for i in range(title_line + 1, min(len(document.lines), title_line + 400)):
        line = document.lines[i]
        if line.hidden or noise[i]:
            continue
        if found and (_END.match(line.text) or is_footer(line.text)):
            break
        if line.linked > 0.5 * len(line.text) and i not in attached:
            links += 1
            if links >= 3:
                break
            continue
        links = 0
        if not is_junk(line.text) and not _END.match(line.text):
            found.append(i)
    return found


def _clean(
    document: Document,
    names: list[tuple[bool, float]],
    box: Box,
    title_line: int,
    values: list[float],
    *,
    trusted: bool,
) -> list[int]:
    """The container's lines without what is around the article inside it."""
    lines = document.lines
    first, last = box.first, min(box.last, len(lines))
    if first <= title_line < last:
        first = title_line + 1
    worth = _sums([max(0.0, value) for value in values])
    chars = worth[last] - worth[first]
    drop = [line.hidden for line in lines[first:last]]
    for other, (_, share) in zip(document.boxes, names, strict=True):
        inside = first <= other.first < other.last <= last and (other.first, other.last) != (box.first, box.last)
        if share and inside:
            small = worth[other.last] - worth[other.first] < max(0.3, share - 0.1) * chars
            if small or other.hidden:
                drop[other.first - first : other.last - first] = [True] * (other.last - other.first)
    attached = document.attached
    kept = [
        i
        for i in range(first, last)
        if not drop[i - first]
        and (
            i in attached
            or not (
                is_junk(lines[i].text) or (lines[i].linked > 0.5 * len(lines[i].text) and spam_words(lines[i].text))
            )
        )
    ]
    kept = _cut_tail(lines, kept, attached, values, document.boxes)
    return _drop_lists(document, kept, values, trusted=trusted)


def is_footer(text: str) -> bool:
    """Whether a line is of the site, not of the article: copyright, licence, disclaimer."""
    return len(text) < 500 and _FOOTER.search(text) is not None


def is_junk(text: str) -> bool:
    """Whether a line is a control of the page that never belongs to an article: 分享到, 字体 大 中 小, 阅读剩余全文."""
    return len(text) < 80 and _JUNK.match(text) is not None


def _cut_tail(
    lines: list[Line], kept: list[int], attached: set[int], values: list[float], boxes: list[Box]
) -> list[int]:
    """Lines up to the first mark of the article's end after which no substantial text follows.

    After the editor's name or a heading of related items whatever follows is another matter, unless they stand at the
    head of the page.
    """
    sums = _sums([max(0.0, values[i]) for i in kept])
    total = sums[-1]
    end = len(kept)
    main = _main_home(lines, kept, values, boxes)
    last_home = max((n for n, i in enumerate(kept) if values[i] > 0 and _home(lines[i], boxes) == main), default=-1)
    for position in range(len(kept) - 1, -1, -1):
        text = lines[kept[position]].text
        if len(text) >= 200 or not (_END.match(text) or is_footer(text)):
            continue
        before, rest = sums[position], sums[end] - sums[position + 1]
        sure = before >= max(150.0, 0.12 * total) and last_home < position and _SURE_END.match(text) is not None
        if (sure or rest <= 0.25 * total) and not any(i in attached for i in kept[position + 1 : end]):
            end = position
    return [i for i in kept[:end] if not (len(lines[i].text) < 60 and _END.match(lines[i].text))]


def _home(line: Line, boxes: list[Box]) -> int:
    """The box that holds a line together with its neighbours: the line's own, or the one around a paragraph's."""
    box = line.box
    if box >= 0 and boxes[box].tag in ("p", "div", "section", "li") and boxes[box].last - boxes[box].first <= 2:
        return boxes[box].parent
    return box


def _main_home(lines: list[Line], kept: list[int], values: list[float], boxes: list[Box]) -> int:
    """The box in which most of the text stands, -1 without text."""
    homes: dict[int, float] = {}
    for i in kept:
        if values[i] > 0:
            home = _home(lines[i], boxes)
            homes[home] = homes.get(home, 0.0) + values[i]
    return max(homes, key=lambda h: homes[h], default=-1)


def _drop_lists(document: Document, kept: list[int], values: list[float], *, trusted: bool) -> list[int]:
    """Without runs of link lines (related items). Links to documents and single links stay; in a container that is
    known to be the body so do those among its paragraphs that no heading calls related."""
    lines, attached = document.lines, document.attached
    final = max((i for i in kept if values[i] > 0), default=-1)
    main = _main_home(lines, kept, values, document.boxes)
    found: list[int] = []
    run: list[int] = []
    for i in [*kept, -1]:
        line = lines[i] if i >= 0 else None
        if line is not None and line.linked > 0.6 * len(line.text) and i not in attached:
            run.append(i)
            continue
        single = len(run) == 1 and line is not None
        if single or (
            trusted
            and run
            and run[-1] < final
            and all(_home(lines[n], document.boxes) == main for n in run)
            and not (found and _RELATED.search(lines[found[-1]].text))
        ):
            found.extend(run)
        run = []
        if i >= 0:
            found.append(i)
    return found


def join(document: Document, chosen: list[int]) -> str:
    """The lines as text: paragraphs by newlines, the cells of a table's row by tabs."""
    lines, boxes = document.lines, document.boxes
    rows: list[tuple[int, list[tuple[int, str]]]] = []
    for i in chosen:
        line = lines[i]
        row = cell = -1
        if line.cell:
            box = line.box
            while box >= 0:
                tag = boxes[box].tag
                if cell < 0 and tag in ("td", "th"):
                    cell = box
                elif tag == "tr":
                    row = box
                    break
                box = boxes[box].parent
        if row >= 0 and rows and rows[-1][0] == row:
            rows[-1][1].append((cell, line.text))
        else:
            rows.append((row, [(cell, line.text)]))
    out: list[str] = []
    for row, parts in rows:
        cells = list(dict.fromkeys(cell for cell, _ in parts))
        if row < 0 or len(cells) < 2 or len(parts) > 4 * len(cells) + 2 or sum(len(t) for _, t in parts) > 1500:
            out.extend(text for _, text in parts)
        else:
            out.append("\t".join(" ".join(t for c, t in parts if c == cell) for cell in cells))
    return "\n".join(t for t in out if t)
