"""A shop reports an accident, the county verifies it and inquires; the figures open their rows. On a desk and a phone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accidents.models import Accident
from bihuan.accounts.tests.world import World

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_from_the_first_report_to_the_inquiry(world: World, enter: Enter, size: ViewportSize) -> None:
    happened = timezone.localtime() - dt.timedelta(minutes=50)
    shop = enter("shop", size)
    shop.go("/accidents/new/")
    shop.heading("报告事故")
    page = shop.page
    page.get_by_label("事故名称").fill("好味来面馆燃气爆燃事故")
    page.get_by_label("事故类别").select_option(label="城镇燃气")
    page.get_by_label("发生时间").fill(f"{happened:%Y-%m-%dT%H:%M}")
    page.get_by_label("发生地点").fill("后厨")
    page.get_by_label("重伤（人）").fill("1")
    page.get_by_label("直接经济损失（万元）").fill("12.5")
    page.get_by_label("简要经过").fill("更换气瓶时接口没有拧紧，泄漏气体遇明火爆燃")
    fits(shop)
    shop.press("报告")
    shop.heading("好味来面馆燃气爆燃事故")
    shop.reads("续报伤亡变化")
    fits(shop)
    accident = Accident.objects.get()

    county = enter("county_office", size)
    county.go(accident.get_absolute_url())
    county.reads("上报设区的市级")
    county.page.get_by_label("上报方式").fill("电话报市安委办值班室")
    county.press("登记上报")
    county.page.get_by_text("核定事故", exact=True).click()
    county.page.locator("#id_verify_serious").fill("2")
    county.page.get_by_role("button", name="核定", exact=True).click()
    county.reads("已核定")
    county.page.get_by_text("成立调查组", exact=True).first.click()
    county.page.get_by_label("组长").fill("孙知远，股长")
    county.page.get_by_label("成员").fill("市住房和城乡建设局，李建明")
    county.page.get_by_role("button", name="成立", exact=True).click()
    county.reads("提交调查报告")
    fits(county)

    office = enter("office", size)
    office.go("/accidents/statistics/")
    office.heading("事故统计")
    fits(office)
    office.page.get_by_role("link", name="1", exact=True).first.click()
    office.heading("事故台账")
    office.reads("好味来面馆燃气爆燃事故")
    fits(office)
