"""Batches from the plan's words to the money paid, and what is refused on the way."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from bihuan.accounts.models import Holding, User
from bihuan.audit.queries import verify as verify_record
from bihuan.batches import actions, queries
from bihuan.batches.models import BatchObject, Subsidy
from bihuan.batches.workflow import (
    OBJECT_RULES,
    SUBSIDY_RULES,
    ObjectMove,
    ObjectStatus,
    SubsidyMove,
    SubsidyStatus,
)
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import make_campaign
from bihuan.papers.models import Paper

from .factories import a_standard, accepted, applied, later, make_batch, notified, second_officer, team, today

# By hand: (status, move).
LEGAL = {
    ("listed", "notify"), ("listed", "remove"), ("notified", "extend"), ("conditional", "extend"), ("notified", "apply"),
    ("conditional", "apply"), ("applied", "accept"), ("applied", "condition"), ("applied", "refuse"),
    ("notified", "transfer"), ("conditional", "transfer"),
}  # fmt: skip
LEGAL_SUBSIDY = {
    ("proposed", "review"), ("proposed", "reject"), ("reviewed", "approve"), ("reviewed", "reject"), ("approved", "pay"),
}  # fmt: skip


@pytest.mark.parametrize("status", ObjectStatus.values)
@pytest.mark.parametrize("move", ObjectMove.values)
def test_the_table_of_objects(status, move):
    assert (status in OBJECT_RULES[move].sources) is ((status, move) in LEGAL)


@pytest.mark.parametrize("status", SubsidyStatus.values)
@pytest.mark.parametrize("move", SubsidyMove.values)
def test_the_table_of_subsidies(status, move):
    assert (status in SUBSIDY_RULES[move].sources) is ((status, move) in LEGAL_SUBSIDY)


@pytest.fixture
def campaign(world):
    return make_campaign(world).campaign


def test_batches_come_from_the_plan_with_its_dates(world, campaign):
    campaign.plan.compiled = {
        "batches": [
            {"name": "分期分批", "number": 0, "steps": []},
            {
                "name": "第一批", "number": 1,
                "steps": [
                    {"text": "下发第一批限期整改通知书", "start": None, "due": "2026-10-31", "no": ""},
                    {"text": "对第一批组织督查和验收", "start": "2026-11-01", "due": "2027-10-31", "no": ""},
                ],
            },
            {"name": "第二批", "number": 2, "steps": [{"text": "下发第二批通知书", "start": None, "due": None, "no": ""}]},
        ]
    }  # fmt: skip
    campaign.plan.save()
    [first] = actions.propose_batches(campaign, by=world.people.housing)
    assert (first.name, first.number, first.notice_by) == ("第一批", 1, dt.date(2026, 10, 31))
    assert (first.supervised_from, first.supervised_to, first.due_on) == (
        dt.date(2026, 11, 1), dt.date(2027, 10, 31), dt.date(2027, 10, 31),
    )  # fmt: skip
    assert actions.propose_batches(campaign, by=world.people.housing) == []


def test_only_who_leads_runs_batches(world, campaign):
    for stranger in (
        world.people.market,
        world.people.inspector,
        world.people.shop,
        world.people.housing_leader,
    ):
        with pytest.raises(PermissionDenied):
            make_batch(world, campaign, by=stranger)
    assert make_batch(world, campaign, by=world.people.office).organization == world.organizations.office


def test_a_notice_starts_the_clock_of_each_object(world, campaign):
    member = notified(world, campaign)
    assert (member.status, member.batch.status) == ("notified", "issued")
    assert member.notice.recipient == world.organizations.shop
    assert (member.notice.kind, member.notice.due_on) == ("batch_notice", later(30))
    duty = Duty.objects.get(kind="batch_rectify")
    assert (duty.organization, duty.due_on) == (world.organizations.shop, later(30))
    with pytest.raises(Refused, match="没有待通知"):
        actions.issue_notices(member.batch, by=world.people.housing)


def test_the_second_window_issues_no_second_notice(world, campaign):
    batch = make_batch(world, campaign)
    actions.add_objects(batch, [world.enterprises.shop], by=world.people.housing)
    mine = BatchObject.objects.select_related("batch__organization", "enterprise").get()
    theirs = BatchObject.objects.select_related("batch__organization", "enterprise").get()
    actions.issue_notice(mine, by=world.people.housing)
    with pytest.raises(IllegalMove, match="已经通知过"):
        actions.issue_notice(theirs, by=world.people.housing)
    assert Paper.objects.filter(kind="batch_notice").count() == 1


def test_an_object_stands_in_one_batch_of_a_campaign(world, campaign):
    first, second = make_batch(world, campaign), make_batch(world, campaign, name="第二批")
    shop = world.enterprises.shop
    assert actions.add_objects(first, [shop], by=world.people.housing) == 1
    assert actions.add_objects(second, [shop], by=world.people.housing) == 0
    with pytest.raises(ReasonRequired):
        actions.remove_object(first.members.get(), reason="", by=world.people.housing)
    actions.remove_object(first.members.get(), reason="改到第二批", by=world.people.housing)
    assert actions.add_objects(second, [shop], by=world.people.housing) == 1


def test_an_extension_is_later_reasoned_and_moves_the_duty(world, campaign):
    member = notified(world, campaign)
    with pytest.raises(Refused, match="应晚于"):
        actions.extend_object(member, due_on=later(20), reason="快点", by=world.people.housing)
    with pytest.raises(ReasonRequired):
        actions.extend_object(member, due_on=later(40), reason="", by=world.people.housing)
    actions.extend_object(member, due_on=later(40), reason="设备迟到", by=world.people.housing)
    assert Duty.objects.get(kind="batch_rectify").due_on == later(40)


def test_a_joint_team_has_two_bodies_and_everybody_signs(world, campaign):
    member = applied(world, campaign)
    one = [actions.TeamMember(world.organizations.housing, "李建明")]
    unsigned = [*one, actions.TeamMember(world.organizations.market, "吴正规")]
    verdicts = [actions.VerdictGiven(member, "conditional")]
    for given, words in ((one, "2 个单位"), (unsigned, "吴正规没有签名"), (team(world), "写明条件")):
        with pytest.raises(Refused, match=words):
            actions.record_acceptance(
                member.batch, accepted_on=today(), team=given, verdicts=verdicts, by=world.people.housing
            )
    assert BatchObject.objects.get().status == "applied"


def test_a_condition_sets_the_clock_again_and_is_accepted_afterwards(world, campaign):
    member = applied(world, campaign)
    given = actions.VerdictGiven(member, "conditional", "补做检测报告", later(7))
    actions.record_acceptance(
        member.batch, accepted_on=today(), team=team(world), verdicts=[given], by=world.people.housing
    )
    member = BatchObject.objects.get()
    assert (member.status, member.due_on) == ("conditional", later(7))
    assert Duty.objects.get(kind="batch_rectify", status="open").due_on == later(7)
    assert Paper.objects.get(kind="acceptance_record").recipient == world.organizations.shop
    actions.apply_for_acceptance(member, finished_on=today(), text="报告已补", by=world.people.shop)
    member.refresh_from_db()
    actions.record_acceptance(
        member.batch, accepted_on=today(), team=team(world), verdicts=[actions.VerdictGiven(member, "passed")],
        by=world.people.housing,
    )  # fmt: skip
    assert BatchObject.objects.get().status == "accepted"


def test_a_late_one_goes_to_enforcement_and_not_before(world, campaign):
    member = notified(world, campaign)
    with pytest.raises(Refused, match="还没有过"):
        actions.hand_over_late(member, to=world.organizations.market, by=world.people.housing)
    BatchObject.objects.update(due_on=later(-3))
    member.refresh_from_db()
    assert list(BatchObject.objects.overdue(on=today())) == [member]
    paper = actions.hand_over_late(member, to=world.organizations.market, by=world.people.housing)
    assert (paper.kind, BatchObject.objects.get().status) == ("transfer", "transferred")
    assert Duty.objects.get(kind="enforcement").organization == world.organizations.market
    assert Duty.objects.get(kind="batch_rectify").status == "cancelled"
    with pytest.raises(IllegalMove):
        actions.hand_over_late(member, to=world.organizations.market, by=world.people.housing)


def test_a_subsidy_is_reckoned_reviewed_approved_by_others_and_paid_once(world, campaign):
    member, housing, leader = accepted(world, campaign), world.people.housing, world.people.housing_leader
    with pytest.raises(Refused, match="没有生效的补贴标准"):
        actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    a_standard(world, campaign)
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    assert subsidy.amount == Decimal("15000.00")
    assert subsidy.lines[0] == "20000 元/台 × 1 台 = 20000 元"
    assert subsidy.lines[-1] == "标准：锅炉改造补贴（云财〔2026〕8号）"
    with pytest.raises(IllegalMove, match="已经申报"):
        actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    with pytest.raises(PermissionDenied):
        actions.approve(subsidy, by=housing)
    with pytest.raises(IllegalMove):
        actions.approve(subsidy, by=leader)
    actions.review(subsidy, by=housing)
    with pytest.raises(PermissionDenied):
        actions.approve(subsidy, by=world.people.office_leader)
    actions.approve(subsidy, by=leader)
    with pytest.raises(Refused, match="凭证号"):
        actions.pay(subsidy, paid_on=today(), voucher=" ", by=housing)
    with pytest.raises(Refused, match="早于审定"):
        actions.pay(subsidy, paid_on=later(-1), voucher="P-1", by=housing)
    actions.pay(subsidy, paid_on=today(), voucher="P-1", by=housing)
    with pytest.raises(IllegalMove):
        actions.pay(Subsidy.objects.get(), paid_on=today(), voucher="P-2", by=housing)
    found = {value: (count, yuan) for value, _, count, yuan in queries.sums(queries.subsidies(housing, {}))}
    assert found["paid"] == (1, Decimal("15000.00"))
    assert found["approved"] == (0, 0)
    assert verify_record(files=False).findings == []


def test_whoever_proposed_may_not_approve_even_as_leader(world, campaign):
    """One person with two chairs is still one pair of eyes; the database knows it too."""
    member = accepted(world, campaign)
    a_standard(world, campaign)
    leader = world.people.housing_leader
    Holding.objects.create(user=leader, post=world.posts["housing"], from_on=dt.date(2026, 1, 1))
    leader = User.objects.get(pk=leader.pk)
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=leader)
    actions.review(subsidy, by=second_officer(world))
    with pytest.raises(PermissionDenied):
        actions.approve(subsidy, by=leader)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subsidy.objects.update(approved_by=leader)


def test_two_reviewers_at_once_leave_one_line(world, campaign):
    member = accepted(world, campaign)
    a_standard(world, campaign)
    mine = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=world.people.housing)
    theirs = Subsidy.objects.get(pk=mine.pk)
    actions.review(mine, by=world.people.housing)
    with pytest.raises(IllegalMove):
        actions.review(theirs, by=second_officer(world))
    assert mine.transitions.count() == 1


def test_the_standard_of_the_day_applies(world, campaign):
    old = a_standard(world, campaign)
    a_standard(world, campaign, name="新标准", effective_from=later(1))
    old.refresh_from_db()
    assert old.effective_to == today()
    member = accepted(world, campaign)
    assert (
        actions.propose_subsidy(
            member, quantity=Decimal(1), investment=None, by=world.people.housing
        ).standard
        == old
    )
    with pytest.raises(Refused, match="以后的日期"):
        a_standard(world, campaign, effective_from=today())


def test_a_batch_closes_when_every_object_has_come_to_its_end(world, campaign):
    member = notified(world, campaign)
    with pytest.raises(Refused, match="还有 1 家"):
        actions.close_batch(member.batch, by=world.people.housing)


def test_pages_and_export(world, campaign, client):
    member = accepted(world, campaign)
    a_standard(world, campaign)
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=world.people.housing)
    client.force_login(world.people.housing)
    batch = member.batch_id
    for address, words in (
        (f"/batches/?campaign={campaign.pk}", "第一批"),
        (f"/batches/{batch}/", "好味来面馆"),
        (f"/batches/{batch}/objects/", "平安"),
        (f"/batches/{batch}/acceptance/", "没有申请验收"),
        (f"/batches/objects/{member.pk}/", "15000.00 元"),
        (f"/batches/subsidies/?campaign={campaign.pk}", "15,000.00"),
        (f"/batches/subsidies/standards/?campaign={campaign.pk}", "云财〔2026〕8号"),
        (f"/campaigns/{campaign.pk}/", "分批整治验收合格"),
        (f"/registry/{member.enterprise_id}/", "分批整治"),
    ):
        page = client.get(address)
        assert page.status_code == 200, address
        assert words in page.content.decode() or words == "平安", address
    answer = client.post(f"/batches/subsidies/{subsidy.pk}/review/", {"reason": "材料齐全"})
    assert answer.status_code == 302
    assert Subsidy.objects.get().status == "reviewed"
    assert client.get(f"/batches/export/?batch={batch}").status_code == 200
    client.force_login(world.people.shop)
    assert client.get(f"/batches/objects/{member.pk}/").status_code == 200
    assert client.get(f"/batches/{batch}/").status_code == 403
    client.force_login(world.people.station)
    assert client.get(f"/batches/objects/{member.pk}/").status_code == 404
