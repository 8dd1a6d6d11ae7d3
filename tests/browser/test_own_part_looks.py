"""The pages of enterprises' own part, of batches and of cases: axe finds nothing, and none is wider than its screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.batches import actions as batches
from bihuan.batches.tests.factories import a_standard, team
from bihuan.hazards.actions import record_hazard
from bihuan.inspections.tests.factories import make_campaign, photo
from bihuan.pledges import actions as pledges
from bihuan.pledges.models import FalseClaim, PledgeForm, Referral
from bihuan.pledges.tests.factories import fire_form, make_signed
from bihuan.registry.models import Permit

from .conftest import Enter
from .people import Person
from .test_accessibility import overflows, violations

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def paths(world: World) -> dict[str, dict[str, str]]:
    """The addresses of the pages by who looks at them: the shop, the housing bureau, the market bureau, the office."""
    gas, today = make_campaign(world), timezone.localdate()
    shop, housing = world.people.shop, world.people.housing
    record_hazard(
        enterprise=world.enterprises.shop, task=gas.task, check_item=gas.items[1], source="inspection",
        description="连接软管长 2.6 米", found_on=today, due_on=today + dt.timedelta(days=2), by=world.people.inspector,
        found_organization=world.organizations.qingshi,
    )  # fmt: skip
    Permit.objects.create(
        enterprise=world.enterprises.shop,
        kind="食品经营许可证",
        number="JY1",
        valid_to=today - dt.timedelta(days=2),
    )
    certificate = pledges.save_certificate(
        world.enterprises.shop, person_name="罗守电", kind="special_operation", name="低压电工",
        issued_on=today - dt.timedelta(days=1000), valid_to=today + dt.timedelta(days=1100),
        review_by=today + dt.timedelta(days=20), by=shop,
    )  # fmt: skip
    pledge = make_signed(world)
    line = pledge.lines.get(role="corrected")
    pledges.judge_line(line, "false", note="仍堆着", photos=[photo(housing)], by=housing)
    pledges.hand_over(FalseClaim.objects.get(), to=world.organizations.market, by=housing)
    draft = pledges.start_draft(world.enterprises.shop, fire_form(), by=shop, campaign=gas.campaign)
    batch = batches.create_batch(
        gas.campaign, name="第一批", demand="换装金属软管", due_on=today + dt.timedelta(days=30),
        notice_by=today + dt.timedelta(days=5), supervised_from=today, supervised_to=today + dt.timedelta(days=20),
        by=housing,
    )  # fmt: skip
    batches.add_objects(batch, [world.enterprises.shop], by=housing, quantity=Decimal(1))
    batches.issue_notices(batch, by=housing)
    member = batch.members.select_related("batch__campaign", "enterprise__organization").get()
    batches.record_progress(member, percent=40, text="软管已到货", photos=[photo(shop)], by=shop)
    batches.apply_for_acceptance(member, finished_on=today, text="已换", by=shop)
    case = Referral.objects.get()
    return {
        "shop": {
            "首页": "/", "自查": "/pledges/self-check/", "自查走查": f"/pledges/self-check/walk/?task={gas.task.pk}",
            "承诺书列表": "/pledges/", "填写承诺书": f"/pledges/{draft.pk}/edit/", "签署": f"/pledges/{draft.pk}/signature/",
            "打印草稿": f"/pledges/{draft.pk}/print/", "承诺书": f"/pledges/{pledge.pk}/", "人员证件": "/pledges/certificates/",
            "一份证件": f"/pledges/certificates/{certificate.pk}/", "批次对象": f"/batches/objects/{member.pk}/",
        },
        "housing": {
            "核查": f"/pledges/{pledge.pk}/", "打印": f"/pledges/{pledge.pk}/print/", "虚假承诺": "/pledges/false-claims/",
            "移送案件": "/pledges/referrals/", "各家证件": "/pledges/certificates/?state=ending",
            "分批整治": f"/batches/?campaign={gas.campaign.pk}", "批次": f"/batches/{batch.pk}/",
            "修改批次": f"/batches/{batch.pk}/edit/", "编入对象": f"/batches/{batch.pk}/objects/",
            "联合验收": f"/batches/{batch.pk}/acceptance/", "对象": f"/batches/objects/{member.pk}/",
            "标准与资金": f"/batches/subsidies/standards/?campaign={gas.campaign.pk}",
        },
        "market": {"一件移送案件": f"/pledges/referrals/{case.pk}/"},
        "office": {
            "式样": "/pledges/forms/", "编制式样": f"/pledges/forms/new/?from={PledgeForm.objects.get().pk}",
            "企业自查": "/pledges/self-checks/",
        },
    }  # fmt: skip


def pages(enter: Enter, paths: dict[str, dict[str, str]]) -> Iterator[tuple[Person, str]]:
    """Everybody on every page, one after the other."""
    for login, named in paths.items():
        person = enter(login)
        for name, path in named.items():
            person.go(path)
            yield person, name


def test_axe_finds_nothing(paths: dict[str, dict[str, str]], enter: Enter) -> None:
    assert [line for person, name in pages(enter, paths) for line in violations(person, name)] == []


def test_no_page_is_wider_than_its_screen(paths: dict[str, dict[str, str]], enter: Enter) -> None:
    assert [line for person, name in pages(enter, paths) for line in overflows(person, name)] == []


def test_money_fits(world: World, enter: Enter) -> None:
    """A paid subsidy with its steps, and the table of funds, on the narrowest screen."""
    campaign, housing, today = make_campaign(world).campaign, world.people.housing, timezone.localdate()
    a_standard(world, campaign)
    batches.set_fund(
        campaign, purpose="renovation", amount=Decimal(1234567), document="云财〔2026〕18号", by=housing
    )
    batch = batches.create_batch(campaign, name="第一批", demand="改造锅炉", due_on=today, by=housing)
    batches.add_objects(batch, [world.enterprises.shop], by=housing, quantity=Decimal(1))
    batches.issue_notices(batch, by=housing)
    member = batch.members.select_related("batch__campaign", "enterprise__organization").get()
    batches.apply_for_acceptance(member, finished_on=today, text="已改", by=world.people.shop)
    batches.record_acceptance(
        batch,
        accepted_on=today,
        team=team(world),
        verdicts=[batches.VerdictGiven(member, "passed")],
        by=housing,
    )
    subsidy = batches.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    batches.review(subsidy, by=housing, reason="票据齐全")
    person = enter("housing")
    found = []
    for name, path in (
        ("对象", f"/batches/objects/{member.pk}/"),
        ("补贴", f"/batches/subsidies/?campaign={campaign.pk}"),
        ("标准与资金", f"/batches/subsidies/standards/?campaign={campaign.pk}"),
    ):
        person.go(path)
        found += violations(person, name) + overflows(person, name)
    assert found == []
