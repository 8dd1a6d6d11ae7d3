"""What is owed of a batch and when it counts as done in time; money set aside, refused and asked for again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.attachments import queries as files
from bihuan.batches import actions, queries
from bihuan.batches.models import BatchObject, Subsidy
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import make_campaign, photo
from bihuan.papers.models import Paper

from .factories import a_standard, accepted, applied, later, make_batch, notified, team, today


@pytest.fixture
def campaign(world):
    return make_campaign(world).campaign


def open_kinds(subject_batch) -> dict[str, dt.date]:
    found = Duty.objects.open().filter(subject=f"batches.batch:{subject_batch.pk}")
    return dict(found.values_list("kind", "due_on"))


def test_notices_are_owed_until_nobody_waits_for_one(world, campaign):
    housing = world.people.housing
    batch = make_batch(world, campaign, notice_by=later(3))
    assert open_kinds(batch) == {"batch_notify": later(3)}
    actions.edit_batch(batch, notice_by=later(5), by=housing)
    assert open_kinds(batch) == {"batch_notify": later(5)}
    actions.add_objects(batch, [world.enterprises.shop], by=housing)
    actions.issue_notices(batch, by=housing)
    assert open_kinds(batch) == {}
    assert Duty.objects.get(kind="batch_notify").status == "done"


def test_a_batch_without_a_day_for_notices_owes_none(world, campaign):
    batch = make_batch(world, campaign, notice_by=later(3))
    actions.edit_batch(batch, notice_by=None, by=world.people.housing)
    assert open_kinds(batch) == {}


def test_everybody_is_looked_at_within_the_window(world, campaign):
    housing = world.people.housing
    batch = make_batch(world, campaign, supervised_from=today(), supervised_to=later(20))
    actions.add_objects(batch, [world.enterprises.shop], by=housing)
    actions.issue_notices(batch, by=housing)
    assert open_kinds(batch) == {"batch_supervise": later(20)}
    member = BatchObject.objects.get()
    actions.record_progress(member, percent=10, text="已订货", by=world.people.shop)
    assert list(BatchObject.objects.unsupervised()) == [member]
    actions.record_progress(member, percent=20, text="看过订货合同", by=housing)
    assert list(BatchObject.objects.unsupervised()) == []
    assert open_kinds(batch) == {}


def test_a_look_before_the_window_does_not_count(world, campaign):
    housing = world.people.housing
    batch = make_batch(world, campaign)
    actions.add_objects(batch, [world.enterprises.shop], by=housing)
    actions.issue_notices(batch, by=housing)
    member = BatchObject.objects.get()
    actions.record_progress(member, percent=20, text="看过", by=housing)
    assert not BatchObject.objects.unsupervised().exists()
    batch.refresh_from_db()
    actions.edit_batch(batch, supervised_from=later(2), supervised_to=later(9), by=housing)
    assert BatchObject.objects.unsupervised().count() == 1
    assert open_kinds(batch) == {"batch_supervise": later(9)}


def test_the_late_are_owed_to_enforcement_once_and_settled_when_none_is_late(world, campaign):
    member = notified(world, campaign)
    assert actions.open_late(timezone.now()) == 0
    BatchObject.objects.update(due_on=later(-1))
    assert actions.open_late(timezone.now()) == 1
    assert actions.open_late(timezone.now()) == 0
    assert list(open_kinds(member.batch)) == ["batch_transfer"]
    member.refresh_from_db()
    actions.extend_object(member, due_on=later(4), reason="停电", by=world.people.housing)
    assert open_kinds(member.batch) == {}
    BatchObject.objects.update(due_on=later(-1))
    assert actions.open_late(timezone.now()) == 1
    BatchObject.objects.update(due_on=later(1))
    assert actions.open_late(timezone.now()) == 0
    assert open_kinds(member.batch) == {}


def judged(world, member, verdict, **given):
    member = BatchObject.objects.get(pk=member.pk)
    return actions.record_acceptance(
        member.batch,
        accepted_on=today(),
        team=team(world),
        verdicts=[actions.VerdictGiven(member, verdict, **given)],
        by=world.people.housing,
    )


def test_a_condition_gives_no_more_time_for_the_work(world, campaign):
    """Finished five days after the notice's deadline, then given a week for a paper: late it stays."""
    a_standard(world, campaign)
    member = notified(world, campaign)
    BatchObject.objects.update(due_on=later(-5), work_due_on=later(-5))
    member.refresh_from_db()
    actions.apply_for_acceptance(member, finished_on=today(), text="已换", by=world.people.shop)
    judged(world, member, "conditional", conditions="补检测报告", conditions_due_on=later(7))
    member.refresh_from_db()
    assert (member.due_on, member.work_due_on, member.finished_on) == (later(7), later(-5), today())
    actions.extend_object(member, due_on=later(9), reason="检测排队", by=world.people.housing)
    actions.apply_for_acceptance(member, finished_on=today(), text="报告已补", by=world.people.shop)
    judged(world, member, "passed")
    member.refresh_from_db()
    assert member.work_due_on == later(-5)
    with pytest.raises(Refused, match="超过期限 5 天"):
        actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=world.people.housing)


def test_work_done_in_time_stays_so_when_a_condition_is_met_later(world, campaign):
    a_standard(world, campaign)
    member = notified(world, campaign)
    BatchObject.objects.update(due_on=later(-2), work_due_on=later(-2))
    member.refresh_from_db()
    actions.apply_for_acceptance(member, finished_on=later(-4), text="已换", by=world.people.shop)
    judged(world, member, "conditional", conditions="补合格证", conditions_due_on=later(7))
    member.refresh_from_db()
    actions.apply_for_acceptance(member, finished_on=today(), text="合格证已补", by=world.people.shop)
    member.refresh_from_db()
    assert member.finished_on == later(-4)
    judged(world, member, "passed")
    member.refresh_from_db()
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=world.people.housing)
    assert subsidy.amount == Decimal("15000.00")


def test_an_extension_counts_as_time(world, campaign):
    member = notified(world, campaign)
    assert member.work_due_on == later(30)
    actions.extend_object(member, due_on=later(45), reason="设备迟到", by=world.people.housing)
    assert BatchObject.objects.get().work_due_on == later(45)


def test_the_team_says_when_the_work_was_finished_and_why(world, campaign):
    member = applied(world, campaign)
    with pytest.raises(Refused, match="写明依据"):
        judged(world, member, "passed", finished_on=later(-3))
    shot = photo(world.people.housing)
    acceptance = judged(world, member, "passed", finished_on=later(-3), note="竣工单日期", photos=(shot,))
    assert BatchObject.objects.get().finished_on == later(-3)
    verdict = acceptance.verdicts.get()
    assert verdict.finished_on == later(-3)
    assert [str(each.pk) for each in files.of(verdict, "scene")] == [shot]


def test_a_refused_subsidy_stays_on_record_and_may_be_asked_for_again(world, campaign):
    a_standard(world, campaign, cap=None)
    member, housing = accepted(world, campaign), world.people.housing
    first = actions.propose_subsidy(member, quantity=Decimal(3), investment=None, by=housing)
    actions.reject(first, reason="数量应为 1 台", by=world.people.housing_leader)
    bill = photo(housing)
    second = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, photos=[bill], by=housing)
    assert second.amount == Decimal("20000.00")
    assert [str(each.pk) for each in files.of(second, "voucher")] == [bill]
    assert list(Subsidy.objects.order_by("pk").values_list("status", flat=True)) == ["rejected", "proposed"]
    with pytest.raises(IllegalMove, match="已经申报"):
        actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)


def test_approval_stays_within_the_money_set_aside(world, campaign):
    a_standard(world, campaign)
    member, housing, leader = accepted(world, campaign), world.people.housing, world.people.housing_leader
    fund = {"purpose": "renovation", "amount": Decimal(10000), "document": "云财〔2026〕18号"}
    actions.set_fund(campaign, **fund, by=housing)
    with pytest.raises(Refused, match="已经登记过"):
        actions.set_fund(campaign, **fund, by=housing)
    with pytest.raises(PermissionDenied):
        actions.set_fund(campaign, **fund, by=world.people.market)
    subsidy = actions.propose_subsidy(member, quantity=Decimal(1), investment=None, by=housing)
    actions.review(subsidy, by=housing)
    with pytest.raises(Refused, match=r"只余 10000.00 元，不足 15000.00 元"):
        actions.approve(subsidy, by=leader)
    assert Subsidy.objects.get().status == "reviewed"
    actions.set_fund(
        campaign, purpose="renovation", amount=Decimal(6000), document="云财〔2026〕19号", by=housing
    )
    actions.approve(subsidy, by=leader)
    [money] = queries.money_of(campaign)
    assert (money.label, money.amount, money.granted, money.paid, money.left) == (
        "技术改造", Decimal(16000), Decimal(15000), Decimal(0), Decimal(1000),
    )  # fmt: skip


def test_each_purpose_has_its_own_standard(world, campaign):
    a_standard(world, campaign)
    training = a_standard(
        world, campaign, name="培训补贴", purpose="training", per_unit=Decimal(50), unit="人"
    )
    assert training.effective_to is None
    member = accepted(world, campaign)
    subsidy = actions.propose_subsidy(
        member, quantity=Decimal(4), investment=None, purpose="training", by=world.people.housing
    )
    assert subsidy.amount == Decimal("200.00")


def test_a_draft_is_edited_and_its_waiting_objects_follow(world, campaign):
    office = world.people.office
    batch = make_batch(world, campaign, by=office)
    actions.add_objects(batch, [world.enterprises.shop, world.enterprises.station], by=office)
    mine = BatchObject.objects.get(enterprise=world.enterprises.station)
    actions.edit_object(mine, content="锅炉 2 台", quantity=Decimal(2), due_on=later(50), by=office)
    actions.edit_batch(batch, due_on=later(40), demand="拆除锅炉", by=office)
    days = dict(BatchObject.objects.values_list("enterprise", "due_on"))
    assert days == {world.enterprises.shop.pk: later(40), world.enterprises.station.pk: later(50)}
    with pytest.raises(Refused, match="晚于督查开始"):
        actions.edit_batch(batch, supervised_from=later(9), supervised_to=later(8), by=office)
    actions.issue_notices(batch, by=office)
    batch.refresh_from_db()
    with pytest.raises(Refused, match=r"整改期限不能再改"):
        actions.edit_batch(batch, due_on=later(60), by=office)
    mine.refresh_from_db()
    assert mine.notice.due_on == later(50)
    with pytest.raises(IllegalMove, match="已经通知"):
        actions.edit_object(mine, content="", quantity=None, due_on=later(60), by=office)
    with pytest.raises(PermissionDenied):
        actions.edit_batch(batch, supervised_to=later(9), by=world.people.housing)


def test_notices_and_hand_overs_of_many_at_once(world, campaign, client):
    office = world.people.office
    batch = make_batch(world, campaign, by=office)
    client.force_login(office)
    page = client.get(f"/batches/{batch.pk}/objects/?zone=0").content.decode()
    assert "编入全部 2 家" in page
    answer = client.post(f"/batches/{batch.pk}/objects/", {"all": "1", "content": "换软管"})
    assert answer["Location"] == f"/batches/{batch.pk}/"
    assert client.post(f"/batches/{batch.pk}/notices/")["Location"] == f"/batches/{batch.pk}/"
    assert Paper.objects.filter(kind="batch_notice").count() == 2
    BatchObject.objects.update(due_on=later(-3))
    page = client.get(f"/batches/{batch.pk}/").content.decode()
    assert "2 家逾期未完成" in page
    unchosen = client.post(f"/batches/{batch.pk}/transfers/", {"to": ""}, follow=True)
    assert "请选择移送给哪个单位" in unchosen.content.decode()
    sent = client.post(f"/batches/{batch.pk}/transfers/", {"to": world.organizations.market.pk})
    assert sent["Location"] == f"/batches/{batch.pk}/"
    assert set(BatchObject.objects.values_list("status", flat=True)) == {"transferred"}
    assert Paper.objects.filter(kind="transfer", recipient=world.organizations.market).count() == 2
    assert Duty.objects.open().filter(kind="enforcement").count() == 2


def test_figures_open_the_rows_they_count(world, campaign, client):
    member = applied(world, campaign)
    judged(world, member, "conditional", conditions="补报告", conditions_due_on=later(7))
    client.force_login(world.people.housing)
    page = client.get(f"/batches/{member.batch_id}/").content.decode()
    assert 'href="?state=running"' in page
    rows = client.get(f"/batches/{member.batch_id}/?state=running").content.decode()
    assert "好味来面馆" in rows
    [(batch, standing)] = queries.standings_of([member.batch], world.people.housing, on=today())
    assert (standing.total, standing.running, standing.applied) == (1, 1, 0)
    assert standing == queries.standing_of(BatchObject.objects.filter(batch=batch), on=today())


def test_pages_of_editing_and_money(world, campaign, client):
    batch = make_batch(world, campaign)
    actions.add_objects(batch, [world.enterprises.shop], by=world.people.housing)
    member = batch.members.get()
    client.force_login(world.people.housing)
    assert "整改要求" in client.get(f"/batches/{batch.pk}/edit/").content.decode()
    sent = {"name": "首批", "demand": "换软管", "due_on": later(20).isoformat()}
    assert client.post(f"/batches/{batch.pk}/edit/", sent)["Location"] == f"/batches/{batch.pk}/"
    batch.refresh_from_db()
    assert (batch.name, batch.due_on) == ("首批", later(20))
    assert client.post(f"/batches/{batch.pk}/edit/", sent | {"demand": ""}).status_code == 422
    changed = {"content": "软管 2 根", "quantity": "2", "due_on": later(15).isoformat()}
    assert client.post(f"/batches/objects/{member.pk}/edit/", changed).status_code == 302
    member.refresh_from_db()
    assert (member.content, member.due_on) == ("软管 2 根", later(15))
    standards = f"/batches/subsidies/standards/?campaign={campaign.pk}"
    money = {
        "what": "fund",
        "fund-purpose": "renovation",
        "fund-amount": "50000",
        "fund-document": "云财〔2026〕18号",
    }
    assert client.post(standards, money).status_code == 302
    page = client.get(standards).content.decode()
    assert "云财〔2026〕18号" in page
    assert "50,000.00" in page
    assert "50,000.00" in client.get(f"/batches/subsidies/?campaign={campaign.pk}").content.decode()
    assert client.post(standards, money | {"fund-amount": "0"}).status_code == 422
