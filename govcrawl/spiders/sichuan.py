from typing import ClassVar

from govcrawl.base_spiders.ucap import UcapSpider


class SichuanSpider(UcapSpider):
    """四川省教育厅 – https://edu.sc.gov.cn"""

    name = "sichuan"
    site_name = "四川省教育厅"
    province = "sichuan"
    hosts = ("edu.sc.gov.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "委厅信息": "https://edu.sc.gov.cn/scedu/c100494/xwzx_list.shtml",
        "通知公告": "https://edu.sc.gov.cn/scedu/c100495/xwzx_list.shtml",
        "视频新闻": "https://edu.sc.gov.cn/scedu/c100496/xwzx_list.shtml",
        "市州区县动态": "https://edu.sc.gov.cn/scedu/c100498/xwzx_list.shtml",
        "高等学校动态": "https://edu.sc.gov.cn/scedu/c100499/xwzx_list.shtml",
        "基层学校动态": "https://edu.sc.gov.cn/scedu/c100500/xwzx_list.shtml",
        "政策解读": "https://edu.sc.gov.cn/scedu/c100503/xwzx_list.shtml",
        "招考录用": "https://edu.sc.gov.cn/scedu/c100505/xwzx_list.shtml",
        "网信工作": "https://edu.sc.gov.cn/scedu/c100507/xwzx_list.shtml",
        "政策文件": "https://edu.sc.gov.cn/scedu/c100538/xxgk_list.shtml",
        "政策文件 c101518": "https://edu.sc.gov.cn/scedu/c101518/xxgk_list.shtml",
        "政策文件库": "https://edu.sc.gov.cn/scedu/zcwjk/newzfwj.shtml",
    }
    article_pattern = r"^https?://edu\.sc\.gov\.cn/scedu/c\d+/\d{4}/\d{1,2}/\d{1,2}/[0-9a-f]{32}\.shtml(?:\?.*)?$"
    examples = ("http://edu.sc.gov.cn/scedu/c100494/2025/12/23/87c5149b82a34bc6a59e81ece936aa6d.shtml",)
    rows_css = "ul.xwzxList li"
