"""督查反馈, R065: what a round of supervision found, split by level, told to each body by a paper of its own, answered.

On a desk and on a phone.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import ViewportSize

from bihuan.accounts.tests.world import World
from bihuan.instruments.models import Instrument
from bihuan.oversight.tests import factories as rounds

from .conftest import Enter
from .people import DESK, PHONE, Person
from .test_story import attach, sign

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])


def fits(person: Person) -> None:
    assert person.overflow() <= 0, person.page.url


def supervised(world: World) -> rounds.OversightRound:
    """A round on which the street, a department and an enterprise were found wanting; signed by the team."""
    finding = rounds.found(world)
    for more in (
        {"level": "department", "code": "部门履职", "description": "两次检查没有复查", "organization": world.organizations.market},
        {"level": "enterprise", "code": "现场状况", "description": "软管长 2.6 米", "enterprise": world.enterprises.shop},
    ):  # fmt: skip
        rounds.actions.record_finding(finding.visit, by=world.people.housing, **more)
    rounds.submit(world, rounds.visit_of(finding.visit.round, world))
    return finding.visit.round


@SIZES
def test_a_round_is_told_to_each_body_by_level_and_answered(
    world: World, enter: Enter, size: ViewportSize
) -> None:
    row, bodies = supervised(world), world.organizations
    office = enter("office", size)
    office.go(row.get_absolute_url())
    office.follow("督查反馈")
    office.heading("督查反馈")
    office.reads("部门层面1项、乡镇街道层面1项、企业层面1项")
    fits(office)
    office.follow("起草督查反馈")
    office.reads("部门层面1项、乡镇街道层面1项、企业层面1项")
    fits(office)
    office.press("给勾选的单位各起草一份")
    office.is_told("已起草 2 份督查反馈")
    fits(office)
    drafts = {each.recipients.get().organization: each for each in Instrument.objects.all()}
    assert set(drafts) == {bodies.qingshi, bodies.market}

    # The street's paper: everything found in it, by level, with who puts it right and by when.
    paper = drafts[bodies.qingshi]
    office.go(paper.get_absolute_url())
    for words in ("两次检查没有复查", "由市市场监管局整改", "隐患台账有三条没有照片", "软管长 2.6 米"):
        office.reads(words)
    fits(office)
    office.press("送核")
    office.reads("已送核")
    leader = enter("office_leader", size)
    leader.go(paper.get_absolute_url())
    leader.press("核稿通过")
    leader.reads("核稿通过")
    sign(leader, "签发人签名")
    leader.press("签发印发")
    leader.agree("签发印发")
    leader.reads("已签发印发")
    fits(leader)

    street = enter("qingshi_officer", size)
    street.go("/instruments/mine/")
    street.follow(paper.title)
    street.reads("隐患台账有三条没有照片")
    fits(street)
    street.press("签收")
    street.reads("已签收")
    street.page.get_by_label("办理情况").fill("三条照片已补拍，软管督促企业换新，部门层面的已报市市场监管局")
    attach(street.page.locator("main"), "照片", "补拍")
    street.press("提交回复")
    street.reads("已回复")
    fits(street)

    # The department reads its own paper only, when it is signed.
    market = enter("market", size)
    assert market.context.request.get(paper.get_absolute_url()).status == 404

    office.go(paper.get_absolute_url())
    office.reads("三条照片已补拍")
    office.press("认可")
    office.reads("已认可回复")
    fits(office)
    paper.refresh_from_db()
    assert paper.status == "closed"
    office.go(f"/instruments/feedback/{row.pk}/")
    office.reads(paper.paper.number)
    office.reads("打开原稿")
    fits(office)
