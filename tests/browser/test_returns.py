"""A street reports its month, the office sends it back by the figure, the street corrects it, a figure opens its rows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.hazards.tests.factories import make_hazard
from bihuan.returns import actions
from bihuan.returns.models import Return
from bihuan.returns.periods import last_ended
from bihuan.returns.tests.factories import make_definition

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_a_month_is_reported_sent_back_and_corrected(world: World, enter: Enter, size: ViewportSize) -> None:
    span = last_ended("month", timezone.localdate())
    make_hazard(world, found_on=span.last - dt.timedelta(days=1), description="用气场所在地下室")
    definition = make_definition(world, starts_on=span.first)
    actions.open_period(definition, span, by=world.people.robot)

    street = enter("qingshi_officer", size)
    street.go("/returns/")
    street.heading("报送")
    fits(street)
    street.follow("月度试报表")
    street.heading("月度试报表")
    street.reads("查出隐患")
    fits(street)
    street.page.get_by_label("培训人次").fill("很多")
    street.press("先保存")
    street.reads("不是数")
    street.page.get_by_label("培训人次").fill("36")
    street.page.get_by_label("文字说明").fill("本月组织餐饮场所用气检查。")
    street.press("先保存")
    street.reads("已保存，还没有签报")
    street.press("签字报送")
    street.agree("签字报送")
    street.reads("为什么锁定")
    fits(street)
    record = Return.objects.get(organization=world.organizations.qingshi)
    assert record.status == "signed"

    street.page.get_by_role("link", name="1", exact=True).first.click()
    street.reads("用气场所在地下室")
    street.reads("与报表的数一致")
    fits(street)

    office = enter("office", DESK)
    office.go(f"/returns/periods/{record.period_id}/")
    office.reads("缺报 4")
    office.follow("青石街道")
    office.page.get_by_text("退回重报", exact=True).click()
    office.page.get_by_label("查出隐患 1").fill("与检查记录对不上")
    office.press("退回")
    office.reads("已退回")

    street.go(f"/returns/{record.pk}/")
    street.reads("与检查记录对不上")
    street.page.get_by_label("更正理由").fill("核对无误，重新报送")
    street.press("签字报送")
    street.agree("签字报送")
    street.reads("历次签报")
    fits(street)

    office.go("/returns/collecting/")
    office.reads("青石街道")
    office.go("/returns/definitions/")
    office.follow("日调度表")
    office.reads("勾稽关系")
    fits(office)
