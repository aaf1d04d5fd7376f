from typing import ClassVar

from govcrawl.base_spiders.numbered import NumberedSpider


class ShanghaiSpider(NumberedSpider):
    """上海市教育委员会 – https://edu.sh.gov.cn

    上海市统一平台: list pages hold commented copies of rows; the number of pages is words, 共N页.
    """

    name = "shanghai"
    site_name = "上海市教育委员会"
    province = "shanghai"
    hosts = ("edu.sh.gov.cn",)

    # NumberedSpider
    first_number = 2

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "本市教育新闻": "https://edu.sh.gov.cn/xwzx_bsxw/index.html",
        "国内教育新闻": "https://edu.sh.gov.cn/xwzx_gnxw/index.html",
        "信息关注": "https://edu.sh.gov.cn/xwzx_xxgz/index.html",
        "图片新闻": "https://edu.sh.gov.cn/xwzx_tpxw/index.html",
        "教育简报": "https://edu.sh.gov.cn/xwzx_jyjb/index.html",
        "教育专题": "https://edu.sh.gov.cn/jyzt_index/",
        "公示公告": "https://edu.sh.gov.cn/web/gsgg/",
        "政策文件": "https://edu.sh.gov.cn/xxgk2_zhzw_zcwj_02/index.html",
        "重点工作": "https://edu.sh.gov.cn/xxgk2_zdgz/",
        "信息公开": "https://edu.sh.gov.cn/xxgk2_zdgz_xxxsgz_01/",
    }
    article_pattern = r"^https?://edu\.sh\.gov\.cn/\w+/\d{8}/(?:[0-9a-f]{32}|\d{4}-xw_\d+)\.html$"
    examples = (
        "https://edu.sh.gov.cn/xxgk2_zdgz_jcjy_05/20240329/34b9d042f7664c1d81bb0e703af6539e.html",
        "https://edu.sh.gov.cn/xwzx_bsxw/20040517/0015-xw_14550.html",
    )
    rows_css = "ul#listContent > li"
    body_css = ("#ivs_content", "div.Article_content")
