"""An office drafts the month's bulletin, is stopped by the figure check, puts it right, the leader issues it, the street reads it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.hazards.tests.factories import make_hazard
from bihuan.papers.models import Paper
from bihuan.returns import actions
from bihuan.returns.models import Bulletin
from bihuan.returns.periods import last_ended
from bihuan.returns.tests.factories import make_definition

from .conftest import Enter
from .people import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


@SIZES
def test_a_bulletin_is_drafted_stopped_put_right_issued_and_read(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    span = last_ended("month", timezone.localdate())
    make_hazard(world, found_on=span.last - dt.timedelta(days=1), description="用气场所在地下室")
    actions.open_period(make_definition(world, starts_on=span.first), span, by=world.people.robot)

    office = enter("office", size)
    office.go("/returns/bulletins/")
    office.heading("工作通报")
    fits(office)
    office.press("起草通报", exact=False)
    office.reads("已按台账取数并写出初稿")
    office.reads("查出隐患1项")
    fits(office)
    overview = office.page.get_by_label("总体情况")
    right = overview.input_value()
    overview.fill(right.replace("查出隐患1项", "查出隐患31项"))
    office.press("保存")
    office.reads("已保存，核校后可以送签发")
    office.reads("已手改")
    office.press("核校数字")
    office.reads("所附数表为1项")
    office.reads("怎么办")
    fits(office)
    office.page.get_by_label("总体情况").fill(right)
    office.press("保存")
    office.reads("已保存，核校后可以送签发")
    office.press("核校数字")
    office.reads("没有不符，请签发人审阅签发")
    office.page.get_by_role("link", name="版式预览").click()
    office.reads("安全生产委员会办公室文件")
    fits(office)

    bulletin = Bulletin.objects.get()
    leader = enter("office_leader", size)
    leader.go(bulletin.get_absolute_url())
    leader.press("签发")
    leader.reads("已印发，文号")
    assert Paper.objects.get(kind=Paper.Kind.BULLETIN).number in leader.page.content()

    street = enter("qingshi_officer", size)
    street.go("/returns/bulletins/")
    street.follow(bulletin.title)
    street.page.get_by_role("link", name="1", exact=True).first.click()
    street.reads("用气场所在地下室")
    fits(street)
