"""A visit from above: its list read from their sheet, lines given out and prepared, problems told, handed over, scored.

On a desk and on a phone.
"""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.oversight.models import OversightFinding, Reception

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def sheet(name: str, *rows: list[object]) -> FilePayload:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return {"name": name, "mimeType": XLSX, "buffer": out.getvalue()}


@SIZES
def test_from_the_notice_to_the_score(world: World, enter: Enter, size: ViewportSize) -> None:
    today = timezone.localdate().isoformat()
    office = enter("office", size)
    office.go("/oversight/receptions/")
    office.reads("还没有登记过迎检")
    fits(office)
    office.follow("登记迎检")
    page = office.page
    page.get_by_label("名称").fill("迎接省安全生产考核巡查")
    page.get_by_label("检查组").fill("省第三考核巡查组")
    page.get_by_label("发文机关").fill("云岭省安全生产委员会办公室")
    page.get_by_label("进驻日期").fill(today)
    page.get_by_label("结束日期").fill(today)
    fits(office)
    office.press("登记")
    office.reads("先录入或者导入上级的检查清单")
    fits(office)
    address = page.url
    office.follow("导入评分表")
    fits(office)
    page.get_by_label("选择表格").set_input_files(
        sheet("评分表.xlsx", ["指标类别", "考核内容", "分值"], ["责任落实", "制定方案", "十分"])
    )
    office.press("导入")
    office.reads("一行也没有导入")
    fits(office)
    page.get_by_label("选择表格").set_input_files(
        sheet(
            "评分表.xlsx",
            ["指标类别", "考核内容", "分值"],
            ["责任落实", "制定方案，分解任务", 10],
            ["排查整改", "隐患台账逐条登记", 20],
        )
    )
    office.press("导入")
    office.reads("已列入 2 项")
    fits(office)
    page.get_by_label("选中第 1 项").check()
    page.get_by_label("选中第 2 项").check()
    page.get_by_label("准备单位").select_option(label="云溪市住房和城乡建设局")
    page.get_by_label("准备期限").fill(today)
    office.press("分派")
    office.reads("已把 2 项分派给市住建局")

    housing = enter("housing", size)
    housing.go("/oversight/receptions/")
    housing.reads("等我们准备的材料")
    fits(housing)
    housing.follow("隐患台账逐条登记", exact=False)
    housing.reads("台账里的数字")
    housing.page.get_by_label("准备情况").fill("隐患 120 条逐条登记，已全部整改。")
    fits(housing)
    housing.press("提交")
    housing.reads("已提交，等待审核")

    office.page.goto(housing.page.url)
    office.press("通过")
    office.reads("已备齐")
    fits(office)
    leader = enter("office_leader", size)
    leader.page.goto(address)
    leader.follow("汇报材料")
    leader.reads("隐患 120 条逐条登记")
    sign(leader, "签发人签名")
    fits(leader)
    leader.press("签发汇报材料")
    leader.agree("签发")
    leader.reads("已印发，文号")

    office.page.goto(address)
    office.press("登记进驻")
    office.reads("检查组已进驻")
    office.follow("导入反馈意见")
    page.get_by_label("选择表格").set_input_files(
        sheet("反馈.xlsx", ["存在问题", "责任单位"], ["两条到期隐患没有复查", "市住建局"])
    )
    office.press("导入")
    office.reads("已登记 1 项问题")
    fits(office)
    page.locator("summary", has_text="收到反馈意见").click()
    office.press("登记反馈")
    office.reads("1 项问题交办到责任单位")
    fits(office)
    office.follow("登记得分")
    page.get_by_label("得分", exact=True).fill("28")
    page.get_by_label("等次").fill("优秀")
    page.get_by_label("扣分", exact=True).first.fill("2")
    page.get_by_label("扣分原因").first.fill("任务没有分解到人")
    fits(office)
    office.press("登记得分")
    office.reads("28 / 30 分（优秀）")
    fits(office)
    office.follow("请示报告", inside=page.locator("main"))
    office.reads("起草报告：上级督查反馈问题整改情况")
    fits(office)
    office.press("起草报告：上级督查反馈问题整改情况")
    office.reads("反馈问题 1 项")
    fits(office)
    finding = OversightFinding.objects.get()
    assert (finding.status, finding.origin_kind) == ("rectifying", "upper")
    assert Reception.objects.get().status == "rectifying"
