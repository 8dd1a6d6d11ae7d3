"""From a hazard judged major to the day it is struck off and made public. On a desk and on a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, ViewportSize, expect

from bihuan.accounts.tests.world import PASSWORD, World
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import SIX_PARTS, make_major
from bihuan.listings.models import Listing
from bihuan.listings.tests.factories import ASSURED, TOLD, county_leader
from bihuan.listings.tests.test_exposing import late, public

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
PARTS = {
    "goals": "治理的目标和任务", "methods": "采取的方法和措施", "funding": "经费和物资的落实", "staffing": "负责治理的机构和人员",
    "schedule": "治理的时限和要求", "safety": "安全措施和应急预案",
}  # fmt: skip
SECURED = {
    "measures_secured": "整改措施落实", "funds_secured": "整改资金落实", "deadline_secured": "整改期限落实",
    "person_secured": "整改责任人落实", "contingency_secured": "应急预案落实",
}  # fmt: skip


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def panel(person: Person, title: str) -> Locator:
    """One form of the page, opened."""
    found = person.ready().get_by_role("region", name=title)
    if not found.locator("details").evaluate("each => each.open"):
        found.locator("summary").click()
    return found


def sign_step(person: Person, path: str, title: str) -> None:
    person.go(path)
    form = panel(person, title)
    form.get_by_role("radio", name="同意").check()
    sign(person, "签名")
    fits(person)
    person.press("提交签署", inside=form)
    person.is_told("已签署")


@SIZES
def test_a_major_hazard_is_listed_put_right_and_struck_off(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    hazard, today = make_major(world), timezone.localdate()
    leader = county_leader(world)
    leader.set_password(PASSWORD)
    leader.save()

    bureau = enter("housing", size)
    bureau.go("/listings/candidates/")
    fits(bureau)
    bureau.follow(
        "呈报", inside=bureau.page.get_by_role("main").get_by_role("row").filter(has_text=hazard.number)
    )
    bureau.heading("呈报挂牌督办")
    for label, name in (
        ("督办事项", "title"), ("呈报理由", "reason"), ("督办要求", "demand"), ("公开表述", "public_text"), ("场所", "place"),
        ("责任人职务", "person_title"), ("督办领导职务", "leader_title"),
    ):  # fmt: skip
        bureau.page.get_by_label(label, exact=False).first.fill(TOLD[name])
    bureau.page.locator("[name=person_name]").fill(TOLD["person_name"])
    bureau.page.locator("[name=leader_name]").fill(TOLD["leader_name"])
    bureau.page.locator("[name=leader_title]").fill(TOLD["leader_title"])
    bureau.page.get_by_label("整改期限").fill((today + dt.timedelta(days=60)).isoformat())
    fits(bureau)
    bureau.press("保存呈报稿")
    bureau.heading(TOLD["title"])
    path = Listing.objects.get().get_absolute_url()
    bureau.press("签字呈报", inside=panel(bureau, "呈报挂牌"))
    bureau.is_told("已呈报")
    fits(bureau)

    head, office_head = enter("housing_leader", size), enter("county_leader", size)
    sign_step(head, path, "挂牌审签：呈报单位负责人审核")
    sign_step(office_head, path, "挂牌审签：安委办负责人审核")
    county = enter("county_office", size)
    county.go(path)
    form = panel(county, "挂牌审签：政府领导签批")
    form.get_by_role("radio", name="同意").check()
    form.get_by_label("签批领导姓名").fill("何分管")
    form.get_by_label("签批领导职务").fill("副区长")
    attach(form, "签批页扫描件", "签批页")
    county.press("提交签署", inside=form)
    county.reads("挂牌整改")
    form = panel(county, "公布挂牌公告")
    form.get_by_label("公布在哪里").fill("区政府网站")
    county.press("登记公布", inside=form)
    county.is_told("已公布")
    county.follow("公示牌")
    expect(county.page.get_by_role("heading", name="重大事故隐患公示牌")).to_be_visible()
    fits(county)
    assert Hazard.objects.get().is_supervised

    shop = enter("shop", size)
    shop.go(path)
    fits(shop)
    shop.press("签收", inside=panel(shop, "签收挂牌督办通知书"))
    shop.is_told("已签收")
    form = panel(shop, "治理方案备案")
    form.get_by_label("现状及产生原因").fill("彩钢棚压在管道上")
    form.get_by_label("危害程度和整改难易").fill("泄漏可燃，须停气整改")
    for key, label in PARTS.items():
        form.get_by_label(label).fill(SIX_PARTS[key])
    for key, label in SECURED.items():
        form.get_by_label(label).fill(ASSURED[key])
    shop.press("报送备案", inside=form)
    shop.is_told("方案已备案")
    plan = Hazard.objects.get().major_plans.get()
    hazards.review_major_plan(plan, approved=True, opinion="", by=world.people.housing_leader)
    form = panel(shop, "报告进展")
    form.get_by_label("进度（%）").fill("60")
    form.get_by_label("已做的").fill("棚已拆除")
    attach(form, "现场照片", "拆除现场")
    shop.press("提交报告", inside=form)
    shop.is_told("进展已报告")
    form = panel(shop, "申请摘牌验收")
    form.get_by_label("完成情况").fill("已换管，试压合格")
    attach(form, "整改后照片", "换管以后")
    shop.press("申请验收", inside=form)
    shop.is_told("已申请")
    form = panel(shop, "提交整改效果评价报告")
    form.get_by_label("评价单位或专家").fill("云溪评价公司")
    form.get_by_label("整改前风险").fill("红")
    form.get_by_label("整改后风险").fill("蓝")
    for group in ("治理措施全部完成", "资金到位", "已向从业人员通报", "同类隐患没有再发生"):
        form.get_by_role("group", name=group).get_by_role("radio", name="是").check()
    form.get_by_label("评价结论").fill("隐患已消除")
    shop.press("提交报告", inside=form)
    shop.is_told("效果评价报告已提交")
    fits(shop)

    county.go(path)
    county.follow("现场审查")
    main = county.page.get_by_role("main")
    main.get_by_role("radio", name="合格，同意摘牌").check()
    main.get_by_label("审查意见").fill("现场核实已拆除换管")
    mine, other = (main.get_by_role("group", name=f"成员 {number}", exact=True) for number in (1, 2))
    mine.get_by_label("经办人以登录身份确认").check()
    other.get_by_label("单位").select_option(label="市住建局")
    other.get_by_label("姓名").fill("李建明")
    pad = other.get_by_role("img", name="签名区")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    mouse = county.page.mouse
    mouse.move(box["x"] + 30, box["y"] + 40)
    mouse.down()
    for step in range(1, 6):
        mouse.move(box["x"] + 30 + step * 20, box["y"] + 40 + (-1) ** step * 12)
    mouse.up()
    fits(county)
    county.press("提交审查结论")
    county.is_told("现场审查已记录")
    sign_step(office_head, path, "摘牌审签：安委办负责人审签")
    county.go(path)
    county.press("登记公布", inside=panel(county, "公布摘牌公告"))
    county.is_told("已公布")
    fits(county)
    listing = Listing.objects.get()
    assert (listing.status, Hazard.objects.get().status) == ("struck_off", "closed")
    county.go(listing.public_url)
    county.reads("已摘牌")
    fits(county)
    county.go("/listings/public/")
    county.reads(TOLD["public_text"])
    fits(county)


@SIZES
def test_what_stays_undone_is_told_in_the_media_and_the_leader_writes_the_visit_down(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    """R092, R094: the head of the department was there; it is overdue, exposed, and anybody reads so without login."""
    listing = public(world)
    head = enter("housing_leader", size)
    head.go(listing.get_absolute_url())
    form = panel(head, "登记领导督办或跟踪指导")
    form.get_by_label("带队人").fill("周为民")
    form.get_by_label("职务").fill("局长")
    form.get_by_label("现场情况").fill("彩钢棚还没有拆，施工队没有进场")
    fits(head)
    head.press("登记", inside=form)
    head.is_told("已登记")
    head.reads("彩钢棚还没有拆，施工队没有进场")

    late(listing)
    county = enter("county_office", size)
    county.go(listing.get_absolute_url())
    county.reads("逾期未摘牌")
    form = panel(county, "媒体曝光")
    form.get_by_label("理由").fill("两次现场督办仍没有动工")
    fits(county)
    county.press("决定曝光", inside=form)
    county.is_told("已决定媒体曝光")
    form = panel(county, "公布媒体曝光公告")
    form.get_by_label("公布在哪里").fill("云溪日报")
    county.press("登记公布", inside=form)
    county.is_told("已公布")
    county.go("/listings/?state=exposed")
    county.reads(listing.title)
    fits(county)
    county.page.goto(listing.public_url)
    expect(county.page.get_by_text("云溪日报").first).to_be_visible()
