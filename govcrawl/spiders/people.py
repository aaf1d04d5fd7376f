from typing import ClassVar

from govcrawl.base_spiders.news_links import NextLinkSpider


class PeopleSpider(NextLinkSpider):
    """人民网 – http://www.people.com.cn"""

    name = "people"
    site_name = "人民网"
    kind = "news"
    province = "national"
    hosts = ("people.com.cn",)

    # ListingSpider
    channels: ClassVar[dict[str, str]] = {
        "教育 滚动": "http://edu.people.com.cn/GB/1053/index.html",
        "教育 原创": "http://edu.people.com.cn/GB/367001/index.html",
        "辽宁 教育健康": "http://ln.people.com.cn/GB/378330/index.html",
        "辽宁 要闻": "http://ln.people.com.cn/GB/378317/index.html",
        "山西 教育": "http://sx.people.com.cn/GB/352650/index.html",
        "上海 教育科技": "http://sh.people.com.cn/GB/176739/index.html",
        "江苏 教育": "http://js.people.com.cn/GB/360307/index.html",
        "广东 教育": "http://gd.people.com.cn/GB/378373/index.html",
        "四川 教育": "http://sc.people.com.cn/GB/345515/index.html",
        "贵州 教育": "http://gz.people.com.cn/GB/358160/index.html",
        "吉林 科教": "http://jl.people.com.cn/GB/351122/index.html",
        "青海 科教文卫": "http://qh.people.com.cn/GB/182755/index.html",
        "河北": "http://he.people.com.cn/",
        "山西": "http://sx.people.com.cn/",
        "内蒙古": "http://nm.people.com.cn/",
        "辽宁": "http://ln.people.com.cn/",
        "吉林": "http://jl.people.com.cn/",
        "黑龙江": "http://hlj.people.com.cn/",
        "上海": "http://sh.people.com.cn/",
        "江苏": "http://js.people.com.cn/",
        "浙江": "http://zj.people.com.cn/",
        "安徽": "http://ah.people.com.cn/",
        "福建": "http://fj.people.com.cn/",
        "江西": "http://jx.people.com.cn/",
        "山东": "http://sd.people.com.cn/",
        "河南": "http://henan.people.com.cn/",
        "湖北": "http://hb.people.com.cn/",
        "湖南": "http://hn.people.com.cn/",
        "广东": "http://gd.people.com.cn/",
        "广西": "http://gx.people.com.cn/",
        "海南": "http://hi.people.com.cn/",
        "重庆": "http://cq.people.com.cn/",
        "四川": "http://sc.people.com.cn/",
        "贵州": "http://gz.people.com.cn/",
        "云南": "http://yn.people.com.cn/",
        "西藏": "http://xz.people.com.cn/",
        "陕西": "http://sn.people.com.cn/",
        "甘肃": "http://gs.people.com.cn/",
        "青海": "http://qh.people.com.cn/",
        "宁夏": "http://nx.people.com.cn/",
        "新疆": "http://xj.people.com.cn/",
    }
    front_pages = tuple(url for url in channels.values() if url.endswith(".cn/"))
    # /n1/ are channels, /n2/ local channels, /n/ lies before about 2015.
    article_pattern = r"^https?://(?:[\w-]+\.)?people\.com\.cn/n[12]?/\d{4}/\d{4}/c\d+-\d+(?:-\d+)?\.html$"
    examples = (
        "http://edu.people.com.cn/n1/2025/1121/c367001-40608931.html",
        "http://ln.people.com.cn/n2/2023/1205/c400024-40666177.html",
        "http://edu.people.com.cn/n/2014/0430/c1053-24959606.html",
    )
    rows_css = "ul.list_16 li, ul.list16 li"
    body_css = ("div.rm_txt_con", "#rm_txt_zw", "#rwb_zw", "#p_content", ".show_text", ".artDet")
