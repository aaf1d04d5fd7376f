"""What stands around an article, as data: names of containers, and the words of credits, lists, page controls, footers.

Each vocabulary is alternatives between white space, in regular expressions without spaces. They are written in
Simplified characters and match the Traditional forms too; ： is a colon of any width, after any space.
"""

import re

# Containers by which content management systems mark the body; ids and class names, lower case.
# TRS WCM, Hanweb, Ucap, Boda, Founder, EasySite, gkmlpt, Lonsun, WeChat and the large news sites.
BODY_NAMES = frozenset(
    """
    trs_editor trs_ueditor trs_editor_view trs_uedtior zoom zoomcon ucap-content ucapcontent cmsarticlecontent
    v_news_content vsb_content vsbcontent news_content newscontent newscontnet newstext news_txt newsdetail
    article-content article_content articlecontent article-body article_body articlebody articletext article-text
    artical-main-content article-detail articledetail article_txt article_text art_con art_content artcontent
    artibody articlebox arti_content wp_articlecontent entry-content post-content post_content post_body post_text
    endtext rm_txt_con rm_txt_zw rm_txt p-detail main-content-text detailcontent detail_content detail-content
    js_content rich_media_content left_zw left-zw mp-editor u-maintext con_text con-text bt-content bt_content
    bt-box-zoom xl_text main-txt artile_zw zw_content zwcontent textcontent text_content text-content content_text
    contenttext nfw-cms-content gkml_detail ivs_content lfnewsdetail gzk_detail zwxl-article contxt contxt contents_text
    xxgk_content gknbxx_cont pages_content info-cont main_content main-content mainbody cnt_bd content_area text_area
    textarea-content articlecontent-wrap show_text txt_con neirong nr_content newsbody news_body blkcontainersblk
    blkcontainersblkcon cnt-main-article-qq article_inbox fontzoom founder-content article_component xl-main
    jgzn_content det zx-xxxqy-nr gfxwj-content zcwjk-xlcon news-detail news_detail downloadcontent content_body duanluo
    article-content-wrap moe-detail-box zw-content content-article detail-body detail_body xxgk-content contentdiv
    contentbody js_article_content paragraph xwzw zhengwen show_content showcontent view_content
    """.split()  # noqa: SIM905
)
# What names menus, sharing, comments, related items: whole words of an id or class.
NOISE_NAMES = frozenset(
    """
    relate related relative relation xiangguan xgyd xgxw tuijian hotnews hot paihang fenxiang comment comments pinglun
    reply gentie copyright footer foot bottom breadcrumb breadcrumbs crumb crumbs nav navi navbar menu sidebar aside
    pager pagination paging qrcode ewm erweima tool tools toolbar tag tags keyword keywords ad ads banner login search
    mood emotion xinqing toplink links statement disclaimer shengming feedback jubao prevnext nextprev shangxia dianzan
    like dig digg vote survey subscribe follow popup modal tooltip sjb wxewm side rightbar header topbar
    """.split()  # noqa: SIM905
)
# Beginnings of such words, and parts that are found anywhere in a name.
_NOISE_BEGINNINGS = "rank share bshare advert friend widget"
_NOISE_PARTS = """
    recommend bdshare jiathis editor-info pre_next prev-next next_prev right_bar video-list top_bar relatednews relnews
    xiangguan tuijian pinglun fenxiang copyright guess.?like related hotlist hot-list newslist news-list readmore
    post_side post_top post_recommend post_statement post_next
    """

# Below these the article has ended. Whose work it is:
_CREDITS = r"""
    责任编辑 责编 (?:本文|网络|新闻|执行|实习|见习|值班)?编辑\s*[:：/｜|︱丨] (?:值班)?(?:总监|主编|校对)： 审核\s*[:：｜|︱丨] 编审： 选稿：
    [初复终一二三]审[:：] 签发： 作者[:：].{0,12}$
    (?:撰稿|供稿|撰文|图文|文图)\s*[:：｜|︱丨](?:\s*[⺀-鿿]{2,4}(?:[、，,\s][⺀-鿿]{2,4}){0,3}|.{2,14}\s(?:审核|编辑|校对|签发)[:：].{2,24})$
"""
# What else there is to read:
_LISTS = r"""
    相关(?:阅读|新闻|链接|文章|报道|报导|信息|推荐|专题|内容|解读|政策|稿件|资讯|搜索|搜寻|热词|主题|话题|连结|标签|图片)
    延伸[·\s]?(?:阅读|推荐) 推荐(?:阅读|新闻) 热门(?:推荐|文章|新闻|评论|点击|信息|资讯|排行|专题|内容) 猜你喜欢 更多(?:精彩|新闻|阅读|报道|相关)
    大家都在看 为您推荐 编辑推荐 精彩推荐 特别推荐 最新(?:文章|资讯|评论) 看过本文 上一[篇条页] 下一[篇条页] [上下]一?则
    (?:往期(?:回顾|推荐|精彩|精选|文章)|热点(?:推荐|文章|排行)|同类文章|大家[还都正]在[看读搜]|最新(?:新闻|动态)|友情链接|(?:点击|阅读)排行榜?)[\]】：:>]*$
    [您你]?可能还?(?:感兴趣|喜欢|想看)的?.{0,4}[：:]?$ (?:下载(?:专区|中心|排行)|常用下载|栏目导航)[】：:>]*$
    [前后]一篇 .{0,4}(?:最新|排行榜?|热点)：?$ (?:本文|文章)?关键[词字]： 文章关键词 标签： 标签\s*$
"""
# What a reader can do with the page:
_TOOLS = r"""
    分享(?:到|至|让) 分享[:：] 【?打印 \[?打印(?:本页|此页|本文)? 关闭(?:窗口|本页) 【关闭 扫一扫 扫描二维码 我要(?:评论|纠错|留言)
    网友评论 发表评论 用户评论 (?:最新|全部|热门)评论 已有\d*[人条]评论 点击心情 心情排行 我?要爆料 调整字体
    点击(?:查看|进入)(?:更多|下一页|专题) 阅读剩余 展开全文 阅读全文 返回(?:顶部|列表|首页) (?:举报|收藏|点赞)(?:$|[^⺀-鿿]|[本此该][页文站篇]) 加入收藏 我的收藏
    复制(?:地址|链接) 【?字[体号] 浏览次数 关注我们 微信公众号 您(?:看到此篇|看完) 发送给朋友 推荐给朋友
    您对(?:本|此|该)(?:页面?|网站?|信息|文章|条).{0,14}(?:满意|评价|有用|帮助) (?:该|此)(?:信息|页面|文章).{0,4}对您.{0,6}(?:有用|有帮助)
"""
# What the site says of its rights:
_NOTICES = r"""
    版权声明 版权所有 (?:版权)?[与和及]?免责声明 特别声明 (?:网站)?声明： 郑重声明 本文来源[:：] 文章来源[:：] \(?原标题
    凡本网注明 凡注明 转载请(?:注明|务必) [Cc]opyright © ICP[备证] 本网站转载 以上内容仅 未经授权
    本(?:网站?|站).{0,4}版权.{0,2}归 本文系转载 如有?涉及(?:版权|侵权) (?:以上|本站|部分)(?:内容|文章|图片|稿件).{0,4}(?:来源于|来自|转载自)(?:网络|互联网)
"""
# What is most certainly below the text, however much follows.
_SURE_CREDITS = "责任编辑 责编"
_SURE_LISTS = r"""
    相关(?:阅读|新闻|链接|文章|报道|报导|推荐|连结) 推荐阅读 猜你喜欢 热门推荐 为您推荐 网友评论 版权声明 您此时的心情 新闻表情
"""
_RELATED = "相关 延伸 推荐 更多 此前报道 参考阅读 链接"
# Lines that never belong to an article, whatever their place.
_JUNK = r"""
    阅读剩余全文 展开(?:阅读)?全文 点击(?:查看|图片)(?:原图|大图|进入下一页) 分享到 分享至 字[体号][:：]? 扫一扫.{0,18}
    打印本页 关闭窗口 下载(?:APP|客户端).{0,10} 打开.{0,6}APP.{0,10} 您的浏览器.{0,30} 正在加载.{0,4} 广告 advertisement
    转播到腾讯微博 自动播放(?:开关\s?自动播放)? 正在播放.{0,20} share 播放 暂停 \d{2}:\d{2}\s*/\s*\d{2}:\d{2} 加载中.{0,3}
    返回顶部 收藏本[页站].{0,6} 【?[大中小]】?(?:\s*+【?[大中小]】?){1,2} 微信(?:扫码)?(?:分享)? 微博 QQ空间 复制链接
    (?:\d++\s*+){1,9}(?:下一页|尾页).{0,80} T\s*+[|+-]?\s*+T 更多 跳转至? [\d\s]{1,12}人?(?:阅读|点赞|评论) 阅读\s?\d{1,9}\+? 网易首页
    点击[上下左右]方.{0,6}蓝字.{0,8} (?:长按|扫描|识别).{0,6}二维码.{0,8} 喜欢.{0,4}点个?.{0,2}在看.{0,6} 觉得.{0,6}点个?.{0,2}在看.{0,6} 点个?.{0,2}在看.{0,6}
    返回搜狐，查看更多 播报 第\d{1,4}页/共\d{1,4}页.{0,80} 全屏观看
    语音播报[:：]?(?:点击播放)? 听新闻 点击(?:播放|收听) 倍速.{0,12} AI(?:朗读|播报|摘要|导读) [男女]声 (?:手机|微信)扫[码描一].{0,14} (?:扫码|扫一扫|扫描).{0,6}关注.{0,12} end\W{0,3} 喜欢作者 赞赏(?:作者|支持)?
    (?:本文|全文)共?约?\s?\d{2,6}\s?字.{0,24} 在.{0,8}APP.{0,2}打开 (?:新浪|腾讯)微博 (?:微信|QQ)?好友 (?:微信)?朋友圈 无障碍(?:工具条|浏览|阅读|服务) (?:进入)?(?:关怀|适老|长者|老年)(?:版|模式)
"""
# Lines of the site, wherever in them the words stand.
_FOOTER = r"""
    ICP[备证] 公网安备 版权所有 Copyright copyright COPYRIGHT © 网站标识码 违法和?不良信息举报 互联网新闻信息服务许可证
    未经.{0,8}(?:授权|许可|允许).{0,12}(?:不得|禁止|转载) 凡(?:本[网站].{0,8})?注明 免责声明\s*[:：】] 文责自负
    不代表本(?:网|站|报|刊|公司) 版权(?:相关)?声明[:：] 法律(?:相关)?声明[:：] 如有侵权 <script 建议使用.{0,20}浏览器
    请(?:及时)?(?:与|和)本[网站刊].{0,6}联系 技术支持[:：]
"""
# Words of a site's footer that an article may say of itself too: they are the footer's where one of the above is near.
_FOOTER_BESIDE = r"""
    (?:开|主|承|协)办(?:单位)?： 网站地图 联系我们 关于我们 邮政?编码?[:：] (?:建设|运行)?维护(?:单位)?： 中文域名 访问量
    我的收藏 设为首页 制作单位：
"""
# What a site says of itself below an article: its account elsewhere, its hot line, its programme.
_PROMOTION = r"""
    (?:[Ff]acebook|[Gg]oogle\+?|微博|微信|公众号|客户端|APP).{0,50}(?:专页|关注我|扫码|扫描|[Ff]ollow|[Ll]ike) 内容由.{2,10}提供[。，]
    ^.{0,20}(?:欢迎|敬请|更多.{0,20}请)(?:关注|下载|登[录陆]|订阅|扫码).{0,40}$ ^关注.{0,24}(?:公众号|微信号|视频号|抖音号|官方微博).{0,24}$ ^.{0,9}(?:投稿|稿件|举报)(?:邮箱|电话|热线|处理) ^[\s•·]*凡注明
    ^.{0,4}(?:新闻|爆料|报料)热线[:：] 爆料.{0,12}(?:平台|热线|电话|奖励|\d{6}) (?:电话|传真|邮箱)[:：].{4,40}(?:电话|传真|邮箱|[Qq]{2})[:：]
"""
# What every line of these two kinds has, to tell the others at a glance.
_SITE_HINT = """
    Facebook facebook Google google 微博 微信 公众号 客户端 APP 内容由 欢迎 敬请 更多 投稿 稿件 举报 凡注明 爆料 热线 电话 传真 邮箱 关注 办： 办单位
    网站地图 联系我们 关于我们 邮 维护 中文域名 访问量 我的收藏 设为首页 制作单位
"""
# Words of a forum's thread and of the comments below an article.
_THREAD = "回复 回帖 跟帖 楼主 发表于 发贴 沙发 引用 留言 评论 网友"
# Headings of a table of contents.
_CONTENTS = r"目\s*录 目\s*次 本[文页](?:目录|导航|导读) 文章(?:目录|导航|导读) 内容(?:导航|目录) 快速导航"
# A label whose document is missing.
_BARE_LABELS = r"(?:相关)?附件(?:下载|列表)? 相关(?:文件|下载)"
# Lines above and below the text that are about the article. Beginnings of such lines:
_EDGE = r"""
    (?:信息|文章|稿件|新闻|消息|本文)?(?:来\s*源|出处|稿源)于?\s*[:：︱|] (?:责任编辑|责编|(?:网络|本文|新闻)?编辑|作者|记者)\s*[:：︱|]
    [^\s：]{2,6}[网报社台]编辑： 发布(?:时间|日期)： 发布时间 (?:发表|更新|录入)时间 更新日期： 浏览(?:次数|量)?： 点击(?:数|次数|率)?： 阅读(?:次数|量)?：
    【?(?:字[号体]|大\s中\s小) 【?(?:打印|关闭|收藏|分享)(?:$|[^⺀-鿿]|[本此该][页文站篇]|窗口|页面|工具|[到至]) 文章标题： 标\s*题： 日期： 时间： \[\s?20\d\d- 访问量 正在阅读 （?原标题
    (?:您的?)?(?:当前的?|现在的?|所在的?)(?:位置|栏目)： 您的位置：
"""
# Labels inside them:
_INNER = "来源 作者 编辑 责任编辑 点击 浏览 字号 发布 时间"
# Whole lines above the text that are the page's tools:
_HEAD_TOOLS = r"""
    \d+ \d{1,2}[/-]\d{1,2} \d{1,2}:\d\d(?::\d\d)? 分享.{0,10} 字[号体].* 评论.{0,6} \S{0,4}浏览\S{0,8} 文字\s*〖.*
    [〖【]\s*[大小].* T[|+-]T.* 打印 收藏 [大中小](?:\s[大中小])* 阅读\s*\d+
"""
# A page that asks who is there instead of answering:
_CHALLENGE = r"""
    wzws __jsl_clearance _\$jsl acw_sc__v2 \$_ts\s*= EO_Bot edgeone cf-challenge challenge-platform yunsuo safedog 安全狗
    网站防火墙 人机验证 安全验证 请完成验证 verify\syou\sare\shuman slidercaptcha captcha
    请(?:开启|启用|打开)\s*JavaScript.{0,20}(?:继续|刷新|访问) enable\sJavaScript\sand\scookies
    正在(?:验证|检查)您的浏览器 访问(?:过于)?频繁 统一身份认证 请(?:先|您)?登录(?:后|再){0,2}(?:查看|访问|继续|浏览)
    (?:访问|请求|操作)(?:已|已经)?被(?:拦截|阻断|屏蔽) 可能对网站(?:造成)?(?:安全)?威胁 创宇盾 云盾
    (?:登录|登陆)后(?:查看|访问|继续) \bdocument\.cookie\s*=[^;]{0,200};[\s\S]{0,300}location\.(?:reload|href|replace)
"""
# A page that says that there is none. The number of an error stands alone or before its name; 新增学位403个 is news.
_NUMBERED = r"^[^\w\n]*+(?:http[^\w\n]*+)?(?:错误[^\w\n]*+)?(?:40[0134]|50[0234])[^\w\n]*+"
_NAMED = r"(?:$|错误|页面|找不到|error|not\s|forbidden|bad\s|internal|service)"
_ERROR = (
    _NUMBERED
    + _NAMED
    + r"""
    not\sfound forbidden bad\sgateway service\sunavailable server\serror \berror\b
    页面(?:不存在|未找到|找不到|没有找到|已删除|丢失|无法访问)
    (?:找不到|没有找到|无法找到)(?:该|您|你|相关|此)?.{0,8}(?:页|网页|页面|文件|内容)
    访问(?:出错|的页面不存在|被拒绝|的资源不存在) (?:您|你)?(?:访问|查看|请求)的.{0,12}(?:不存在|已删除|已被删除|已下线|找不到)
    (?:文章|内容|信息|稿件)(?:不存在|已删除|已被删除|已下线) 系统(?:错误|异常|繁忙) 出错了
"""
)
# A page that says that the server is busy, broken or being mended: it says nothing of the article.
_AWAY = r"""
    (?:系统|服务器|服务|网络|当前)(?:繁忙|忙碌|过载|错误|异常) 请稍[后候](?:再试|再来|重试|访问) 稍[后候]再试
    (?:网站|系统|平台|服务器)(?:正在)?(?:升级|维护|改版|调整|检修){1,2}(?:中|公告|通知|。|，|$) 暂停(?:服务|访问|对外服务) 暂时无法访问
    数据库(?:连接)?(?:错误|失败|异常) http\sstatus\s50\d internal\sserver\serror service\s(?:temporarily\s)?unavailable
    bad\sgateway gateway\stime-?\s?out too\smany\sconnections nullpointerexception sqlexception
"""
# The Traditional forms of the characters above: a Simplified one and those that stand for it.
_PAIRS = """
    与與 专專 丢丟 个個 为爲 举舉 习習 于於 仅僅 们們 众衆 传傳 体體 余餘 关關 内內 击擊 则則 删刪 别別 办辦
    务務 动動 励勵 协協 单單 参參 发發 台臺 号號 后後 启啓 图圖 墙牆 声聲 处處 备備 复複復 奖獎 学學 实實 审審
    对對 寻尋 导導 广廣 开開 异異 录錄 总總 户戶 执執 扫掃 护護 报報 数數 无無 时時 暂暫 术術 机機 权權 条條
    来來 标標 检檢 楼樓 欢歡 没沒 浏瀏 点點 热熱 电電 监監 码碼 签籤 纠糾 线線 终終 经經 结結 给給 络絡 绝絕
    统統 继繼 续續 维維 编編 网網 联聯 腾騰 荐薦 见見 观觀 览覽 订訂 认認 让讓 议議 讯訊 记記 许許 论論 设設
    访訪 证證 评評 识識 词詞 话話 该該 误誤 请請 读讀 调調 负負 责責 贴貼 资資 赞贊 转轉 载載 辑輯 过過 运運
    进進 违違 连連 选選 邮郵 郑鄭 链鏈 错錯 键鍵 门門 闭閉 问問 间間 闻聞 阅閱 陆陸 页頁 顶頂 频頻 题題 验驗
    制製
"""
FORMS = {pair[0]: pair[1:] for pair in _PAIRS.split()}


def pattern(words: str, before: str = "", after: str = "", flags: int = 0) -> re.Pattern[str]:
    """One pattern of a vocabulary, between what comes before and after each of its words."""
    # Where each alternative begins with one character, the engine leaps from one of these to the next.
    every = [
        form + _written(word[1:]) if form else _written(word) for word in words.split() for form in _beginnings(word)
    ]
    return re.compile(f"{before}(?:{'|'.join(every)}){after}", flags)


def _beginnings(word: str) -> str | tuple[str]:
    """The forms of a word's first character where it has several."""
    return word[0] + FORMS[word[0]] if word[0] in FORMS else ("",)


def _written(word: str) -> str:
    """A word's expression in both scripts."""
    parts: list[str] = []
    inside = False  # between square brackets
    for char, previous in zip(word, " " + word, strict=False):
        if char in "[]" and previous != "\\":
            inside = char == "["
        if char == "：" and not inside:
            parts.append(r"\s*[:：]")
        elif char in FORMS:
            parts.append(char + FORMS[char] if inside else f"[{char}{FORMS[char]}]")
        else:
            parts.append(char)
    return "".join(parts)


_OPENING = r"^[\s\[【〔(（<{〖*·•|:：>»«‹←→-]*"
END = pattern(f"{_CREDITS} {_LISTS} {_TOOLS} {_NOTICES}", _OPENING)
_SURE = (
    pattern(_SURE_CREDITS, _OPENING, r"\s*[:：].{0,20}$"),
    pattern(_SURE_LISTS, _OPENING, r"[\s】\]：:]*.{0,6}$"),
)
SURE_END = re.compile("|".join(part.pattern for part in _SURE))
RELATED = pattern(_RELATED, "^.{0,4}")
JUNK = pattern(_JUNK, r"^[\s\[【(（·|>↑↓▲▼-]*+", r"[\s\]】)）>]*+$", re.IGNORECASE)
FOOTER = pattern(_FOOTER)
THREAD = pattern(_THREAD)
CONTENTS = pattern(_CONTENTS, r"^[\s【\[]*", r"[\s】\]：:]*$")
BARE_LABEL = pattern(_BARE_LABELS, r"^[\s【\[]*", r"[\s】\]：:]*$")
# How a line begins that links an attachment, whatever its address looks like.
ATTACHED = ("附件", "附表", "附图")
# Who else had a hand in it: credits where a mark of the end stands below them.
STAFF = pattern(
    r"(?:总监制|监制|统筹|策划|出品|制片|发布人|发布|上传|录入|供图|摄影|摄像|文字|图片|设计|制作|美编|视觉|校对|排版)\s{0,2}[:：｜|︱丨/]\s{0,2}[⺀-鿿]{2,6}(?:[、，,\s]{1,2}[⺀-鿿]{2,6}){0,3}",
    _OPENING,
    r"[\])）】\s]*$",
)
# What a site offers every reader beside the article.
DOWNLOADS = pattern(r"下载(?:专区|中心|排行) 常用下载 表格下载 软件下载 网站 帮助", r"^[\s【\[]*")
# The moment at which a post or a comment was sent.
STAMP = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?\s{0,3}\d{1,2}[:：]\d\d")
FOOTER_BESIDE = pattern(_FOOTER_BESIDE)
SITE_HINT = pattern(_SITE_HINT)
PROMOTION = pattern(_PROMOTION)
# Markup or script that a page shows as text.
CODE = re.compile(
    r"</?(?:a|img|div|p|br|span|font|script|iframe|!--)[\s>/]|(?:var\s|function\b|document\.|window\.|\$\()[^。]{0,400}[;{(]",
    re.IGNORECASE,
)
EDGE = pattern(_EDGE, r"^[\s\[【〔(（<■●]*")
INNER = pattern(_INNER, "", r"[\s\x1f]*[:：]")
TOOLS = pattern(_HEAD_TOOLS, "^", "$")
CHALLENGE = pattern(_CHALLENGE, flags=re.IGNORECASE)
AWAY = pattern(_AWAY, flags=re.IGNORECASE | re.MULTILINE)
ERROR = pattern(_ERROR, flags=re.IGNORECASE | re.MULTILINE)
NOISE = re.compile(
    "|".join(f"{word}(?<=[ _-]{word})" for word in _NOISE_BEGINNINGS.split()) + "|" + "|".join(_NOISE_PARTS.split())
)
# The first characters of each of these words: a name without any is told by a glance.
_NOISE_STARTS = frozenset(word[:4] for word in f"{_NOISE_BEGINNINGS} {_NOISE_PARTS}".split())


def is_noise(names: str) -> bool:
    """Whether an element's names, lower case, hold a word or part of what surrounds an article."""
    if _NOISE_STARTS.isdisjoint([names[i : i + 4] for i in range(len(names) - 3)]):
        return False
    return NOISE.search(names) is not None


SURE_NOISE = re.compile("comment|pinglun|reply|gentie|related|relative|relation|recommend|xiangguan|tuijian|guess")
