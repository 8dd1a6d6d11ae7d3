"""Kinds of enterprise, place and equipment that a plan names."""

from __future__ import annotations

import re

_OBJECT = re.compile(
    # A place where no kind can begin is passed over by its character alone.
    r"(?=[“\"九三六小人公餐城管瓶燃充气液危道客货运化医烟民金冶有建机轻工纺粉涉铝钢施物电水渔港仓劳高矿非煤油外尾露加储检特中学幼托校养福旅星宾商超集农大影网歌K文宗群出厂自在地锅压])"
    r"(?:(?:[“\"]?(?:九小|三小|六小|小散远)[”\"]?场所)|人员密集场所|公共娱乐场所|"
    r"(?:餐饮|城镇燃气经营|管道燃气经营|瓶装液化石油气经营|燃气经营|燃气充装|城镇燃气充装|气瓶充装|充装|燃气具生产|液化石油气生产|燃气|危险货物运输|道路运输|客运|货运|运输|"
    r"危险化学品(?:生产|经营|使用|储存|运输)?|危化品(?:生产|经营|使用|储存|运输)?|化工(?:医药)?|医药|烟花爆竹(?:生产|经营|批发|零售)?|民爆|"
    r"金属冶炼|冶金|有色|建材|机械|轻工|纺织|工贸|粉尘涉爆|涉氨制冷|铝加工|钢铁|建筑施工|施工|物业(?:服务)?|电力|水利|渔业|港口|仓储(?:物流)?|物流|劳动密集型|高危|矿山|非煤矿山|煤矿|油气管道|外包)"
    r"(?:重点)?(?:企业|单位|门店|商户|站点|网点)"
    r"|非煤矿山|煤矿|尾矿库|露天矿山|加油站|加气站|加油加气站|储配站|气化站|液化气站|化工园区|工业园区|油气管道|燃气管道|餐饮场所|"
    r"检验检测机构|特种设备(?:使用|生产|检验)(?:单位|机构)|(?:中小)?学校|幼儿园|托育机构|校外培训机构|医院|医疗机构|养老机构|福利机构|民政服务机构|旅游景区|星级(?:宾馆|饭店)|宾馆|旅馆|民宿|农家乐|商场|超市|"
    r"集贸市场|农贸市场|大型商业综合体|商业综合体|影剧院|网吧|歌舞厅|KTV|文物保护单位|文博单位|宗教活动场所|高层建筑|自建房|群租房|出租房|厂房仓库|建筑工地|施工现场|在建工程|地下工程|"
    r"危险化学品重大危险源|有限空间(?:作业)?|渔船|客船|客运车辆|校车|货车|农机|电梯|锅炉|压力容器|气瓶|电动自行车)"
)


# Things a plan is aimed at, by their last word; what stands before it is taken along.
_THING = re.compile(
    r"(?:企业|场所|门店|店铺|作坊|商户|工地|厂房|仓库|冷库|园区|车辆|船舶|客车|货车|学校|医院|机构|设施|管道|管网|锅炉|宿舍|公寓|民房|自建房|建筑|楼宇|小区|加油站|储罐|罐区|油库|矿山|工厂|船厂"
    r"|市场|码头|渡口|桥梁|隧道|水库|电梯|气瓶|索道|游乐设施|起重机械|压力容器|酒店|饭店|宾馆|浴室|网吧|影院|剧院|体育馆|图书馆|博物馆|景区|寺庙|农家乐|民宿|摊点|夜市|充电桩|电动车|电动自行车)$"
)
# What an order is about stands behind these words, as a list, up to what is to be done with it.
_AIM = re.compile(
    r"(?:聚焦|紧盯|突出|围绕|督促|指导|组织|针对|检查|排查|整治|巡查|查处|查|对)(?P<list>[\u4e00-\u9fff、“”（）()]{2,70}?)"
    r"(?=等|开展|进行|落实|加强|实施|逐[一个栋家户]|全面|严格|未|违规|擅自|非法|安全|消防|的|[，,。；;：:\n]|$)"
)
_NOT_A_THING = re.compile(
    r"^(?:各|有关|相关|其他|所有|本|该|我|重点|一批|部分|上述|以下|生产经营|经营|生产|责任|成员|主管|这些|辖区|全[市县区省])*(?:企业|机构|设施|场所|建筑|车辆|市场)?$"
    r"|(?:不|未|要|对|把|将|为|应|并|被|由|在|向|与|存在|排查|检查|整治|落实|开展|加强|发现|负责|督促|指导|修订|完成|制定|推动|建立)"
)


def object_hints(text: str) -> list[str]:
    """Return the kinds of enterprise, place or equipment a task names, each once, in printed order, twelve at most.

    Known kinds are found anywhere; others where the grammar shows that the order is about them (督促租赁厂房、仓库落实…).
    """
    hits = [(match.start(), re.sub('[“”"]', "", match.group())) for match in _OBJECT.finditer(text)]
    known = [word for _, word in hits]
    for match in _AIM.finditer(text):
        at = match.start("list")
        for piece in re.split(r"(、|以及|和|及|与)", match["list"]):
            word = re.sub('[“”"]|^(?:辖区内?|全[市县区省]|本地)(?:所有|各类)?的?', "", piece)
            thing = 2 <= len(word) <= 12 and _THING.search(word) and not _NOT_A_THING.search(word)
            if thing and not any(other in word for other in known):
                hits.append((at, word))
            at += len(piece)
    found: list[str] = []
    for _, word in sorted(hits, key=lambda hit: hit[0]):
        if word not in found:
            found.append(word)
    return found[:12]
