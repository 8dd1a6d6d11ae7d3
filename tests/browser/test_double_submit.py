"""An impatient finger presses twice; what is pressed happens once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from bihuan.accounts.tests.world import World
from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import make_submitted

from .conftest import Enter, Hall

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("scripts", [True, False], ids=["with-script", "without-script"])
def test_registering_twice_registers_once(world: World, hall: Hall, scripts: bool) -> None:
    street = hall.enter("qingshi_officer", scripts=scripts).sign_in()
    street.go(f"/hazards/create/?enterprise={world.enterprises.shop.pk}")
    street.page.get_by_label("隐患描述").fill("排烟罩积油")
    street.page.get_by_role("button", name="登记", exact=True).dblclick()
    street.heading("排烟罩积油")
    assert Hazard.objects.count() == 1


def test_closing_twice_closes_once(world: World, enter: Enter) -> None:
    hazard = make_submitted(world)
    street = enter("qingshi_officer")
    street.go(hazard.get_absolute_url())
    street.page.get_by_role("radio", name="合格", exact=True).check()
    street.page.get_by_role("button", name="提交复查结论").dblclick()
    street.reads("已销号")
    street.reads("复查结论已记入台账")
    expect(street.page.get_by_text("页面已过期")).to_have_count(0)
    assert hazard.transitions.filter(move="close").count() == 1
    assert hazard.reinspections.count() == 1
