"""Pages that hold no plan yield no tasks."""

import pytest

from bihuan.plans import compile_text

NEWS = (
    "云溪市召开安全生产会议\n2031-03-02 10:20:11 云溪日报\n3月1日，云溪市召开全市安全生产工作会议，市长赵一鸣出席并讲话。\n"
    "会议强调，一要提高认识；二要压实责任；三要狠抓落实。各县区要全面排查隐患。\n会议要求，市应急局牵头做好督查。\n（记者 钱二虎）"
)
STATUTE = (
    "云溪市消防条例\n（2031年3月2日云溪市人民代表大会常务委员会通过）\n第一章 总则\n第一条 为了预防火灾，制定本条例。\n"
    "第二章 火灾预防\n第二条 单位应当落实消防安全责任制。\n第三条 公众聚集场所应当保持疏散通道畅通。\n"
    "第三章 法律责任\n第四条 违反本条例规定的，责令改正，处五千元以上五万元以下罚款。"
)
ENGLISH = "Annual Safety Report\n1. Introduction\nEach department must report monthly.\n2. Results\n(1) Fire\n(2) Gas\n3. Conclusion\nDone."
FIGURES = "序号 企业名称 数量\n1 云溪甲公司 20\n2 云溪乙公司 30\n3 云溪丙公司 40\n合计 90"
NAMES = "云溪市2031年通过验收企业名单\n1.云溪市甲化工有限公司\n2.云溪市乙机械有限公司\n3.云溪市丙食品有限公司"
MENU = "首页\n政务公开\n当前位置：首页 > 政务公开\n1. 通知公告\n2. 政策文件\n3. 工作动态\n上一篇：无\n版权所有：云溪市政府"
LABELS = "【法规名称】 云溪市消防条例\n【颁发部门】 云溪市人大\n【发文字号】 云人发〔2031〕1号\n【颁发时间】 2031-03-02\n"


@pytest.mark.parametrize(
    "page", [NEWS, STATUTE, ENGLISH, FIGURES, NAMES, MENU, LABELS, "", "1. 20\n2. 30\n3. 40"]
)
def test_a_page_without_a_plan_gives_no_tasks(page):
    plan = compile_text(page)
    assert plan.tasks == []
    assert plan.duties == []
    assert plan.reports == []


@pytest.mark.parametrize(
    "text",
    [
        "云溪市检查办法\n第一条 各单位应当每月自查。\n第二条 市应急局负责督查。",
        "云溪市消防条例实施方案\n一、任务\n1.查企业。\n2.查场所。",
        "1.查企业储气罐\n2.查经营场所\n3.查用户",
    ],
)
def test_a_plan_still_does(text):
    assert compile_text(text).tasks
