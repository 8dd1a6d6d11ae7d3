"""An office plans a round, draws it, looks at a closed hazard and finds it again. On a desk and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.hazards.models import Hazard
from bihuan.lookback.models import LookbackCheck
from bihuan.lookback.tests.factories import closed

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_a_round_from_the_plan_to_what_came_back(world: World, enter: Enter, size: ViewportSize) -> None:
    closed(world, 3)
    office = enter("office", size)
    office.go("/lookback/")
    office.follow("组织一轮")
    office.page.get_by_label("名称", exact=False).first.fill("第四季度回头看")
    office.press("测算")
    office.reads("共抽")
    fits(office)
    office.press("公布承诺值")
    office.heading("第四季度回头看")
    office.press("抽取")
    office.reads("抽查名单")
    fits(office)
    check = LookbackCheck.objects.order_by("position")[0]
    office.go(check.get_absolute_url())
    fits(office)
    main = office.page.get_by_role("main")
    main.get_by_label("已反弹").check()
    main.get_by_label("现场情况").fill("通道又堆放杂物")
    attach(main, "现场照片（认定反弹必须有）", "又堆了杂物")
    sign(office, "抽查人签字")
    office.press("登记")
    office.heading("第四季度回头看")
    assert Hazard.objects.get(pk=check.hazard_id).status == "rectifying"
    office.go("/lookback/stock/")
    office.heading("存量与增量")
    fits(office)
