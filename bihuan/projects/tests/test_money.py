"""Money: nothing is spent that was not received, nothing set aside that was not granted; lines are only added."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan.accounts.tests.world import World
from bihuan.batches import actions as batches
from bihuan.batches.models import Subsidy
from bihuan.batches.tests.factories import a_standard, accepted, second_officer
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import outcomes
from bihuan.inspections.tests.factories import make_campaign
from bihuan.projects import actions, queries
from bihuan.projects.models import (
    FundAccount,
    FundCommitment,
    FundLine,
    FundPurpose,
    Project,
    ProjectMoney,
    ProjectSource,
)

from . import factories as made


def source(project: Project, kind: str = "local") -> ProjectSource:
    return ProjectSource.objects.get(project=project, kind=kind)


def figures(row: ProjectSource) -> list[Decimal]:
    row.refresh_from_db()
    return [row.planned, row.committed, row.received, row.spent]


@pytest.mark.django_db
def test_each_step_stands_on_the_one_before(world: World) -> None:
    project = made.approved(world)
    with pytest.raises(Refused, match=r"已落实未到位的只有 0.00 元"):
        made.line(world, project, "local", "receive", 1)
    with pytest.raises(Refused, match=r"落实 500,000.01 元超过分担"):
        made.line(world, project, "local", "commit", "500000.01")
    made.line(world, project, "local", "commit", 300000)
    with pytest.raises(Refused, match=r"资金还差 700,000.00 元没有落实"):
        actions.confirm_funding(project, by=world.people.housing)
    with pytest.raises(IllegalMove):  # not secured yet: nothing is spent
        made.line(world, project, "local", "spend", 1)
    made.line(world, project, "local", "commit", 200000)
    made.line(world, project, "enterprise", "commit", 500000)
    actions.confirm_funding(project, by=world.people.housing)
    made.line(world, project, "local", "receive", 100000)
    with pytest.raises(Refused, match=r"到位未支出的只有 100,000.00 元，不能支出 100,000.01 元"):
        made.line(world, project, "local", "spend", "100000.01")
    made.line(world, project, "local", "spend", 100000)
    assert figures(source(project)) == [500000, 500000, 100000, 100000]


@pytest.mark.django_db
def test_a_counter_line_takes_back_once_and_not_what_was_used(world: World) -> None:
    project = made.funded(world)
    got = made.line(world, project, "local", "receive", 1000)
    made.line(world, project, "local", "spend", 400)
    with pytest.raises(Refused, match=r"已经支出 400.00 元，不能红冲"):
        actions.counter_money(got, reason="记错", by=world.people.housing)
    spent = project.money.get(kind="spend")
    with pytest.raises(ReasonRequired):
        actions.counter_money(spent, reason="", by=world.people.housing)
    with pytest.raises(PermissionDenied):
        actions.counter_money(spent, reason="记错", by=world.people.shop)
    counter = actions.counter_money(spent, reason="记错", by=world.people.housing)
    assert (counter.amount, counter.corrects) == (Decimal(-400), spent)
    with pytest.raises(IllegalMove):
        actions.counter_money(spent, reason="再来", by=world.people.housing)
    with pytest.raises(IllegalMove):
        actions.counter_money(counter, reason="再来", by=world.people.housing)
    assert figures(source(project))[2:] == [1000, 0]


@pytest.mark.django_db
def test_the_database_keeps_the_rule_as_well(world: World) -> None:
    row = source(made.funded(world))
    with pytest.raises(IntegrityError), transaction.atomic():
        ProjectSource.objects.filter(pk=row.pk).update(spent=Decimal(1))
    purpose = made.purpose(made.fund(world))
    with pytest.raises(IntegrityError), transaction.atomic():
        FundPurpose.objects.filter(pk=purpose.pk).update(committed=purpose.granted + 1)


STEPS = st.lists(
    st.tuples(st.sampled_from(["commit", "receive", "spend", "counter"]), st.integers(1, 60_000)), max_size=12
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_tried_the_figures_are_the_sums_of_the_lines_and_in_order(world: World, steps) -> None:
    with transaction.atomic():
        project = made.funded(world, estimate=Decimal("1000.00"))
        for kind, cents in steps:
            amount = Decimal(cents) / 100
            try:
                with transaction.atomic():
                    if kind == "counter":
                        lines = list(project.money.filter(source__kind="local").order_by("pk"))
                        actions.counter_money(
                            lines[cents % len(lines)], reason="记错", by=world.people.housing
                        )
                    else:
                        made.line(world, project, "local", kind, amount)
            except Refused:
                continue
        planned, committed, received, spent = figures(source(project))
        assert 0 <= spent <= received <= committed <= planned
        for kind, figure in (("commit", committed), ("receive", received), ("spend", spent)):
            lines = ProjectMoney.objects.filter(source__project=project, source__kind="local", kind=kind)
            assert sum(lines.values_list("amount", flat=True)) == figure
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_once_never_spend_the_same_yuan(world: World) -> None:
    project = made.funded(world)
    made.line(world, project, "local", "receive", 1000)

    def spend(document: str):
        def act() -> None:
            made.line(world, project, "local", "spend", 700, document=document)

        return act

    assert outcomes(spend("甲"), spend("乙")) == ["Refused", "done"]
    assert figures(source(project))[3] == 700


@pytest.mark.django_db(transaction=True)
def test_two_who_set_the_last_of_a_fund_aside_at_once(world: World) -> None:
    purpose = made.purpose(made.fund(world, training=1000), "training")

    def aside(what: str):
        def act() -> None:
            fund = FundPurpose.objects.select_related("account").get(pk=purpose.pk)
            actions.set_aside(
                fund, "training", Decimal(600), what=what, payee="某某学校", happened_on=made.today(),
                document=what, by=world.people.office,
            )  # fmt: skip

        return act

    assert outcomes(aside("甲"), aside("乙")) == ["Refused", "done"]
    purpose.refresh_from_db()
    assert (purpose.committed, FundCommitment.objects.count()) == (600, 1)


@pytest.mark.django_db(transaction=True)
def test_a_commitment_paid_twice_at_once_is_paid_once(world: World) -> None:
    purpose = made.purpose(made.fund(world, training=1000), "training")
    held = actions.set_aside(
        purpose, "training", Decimal(600), what="培训", payee="学校", happened_on=made.today(), document="甲",
        by=world.people.office,
    )  # fmt: skip

    def pay(document: str):
        def act() -> None:
            row = FundCommitment.objects.select_related("fund__account").get(pk=held.pk)
            actions.pay(
                row, Decimal(600), happened_on=made.today(), document=document, by=world.people.office
            )

        return act

    assert outcomes(pay("凭1"), pay("凭2")) == ["Refused", "done"]
    purpose.refresh_from_db()
    assert purpose.paid == 600


@pytest.mark.django_db
def test_a_fund_is_granted_set_aside_and_paid_by_purpose(world: World) -> None:
    account = made.fund(world, training=1000, assessment=500)
    training = made.purpose(account, "training")
    with pytest.raises(PermissionDenied):
        actions.grant(
            account, "training", Decimal(1), happened_on=made.today(), document="文", by=world.people.housing
        )
    given_away = {"what": "经营者培训", "payee": "某某学校", "happened_on": made.today(), "document": "安排1"}
    with pytest.raises(Refused, match=r"只余 1,000.00 元，不足 1,000.01 元"):
        actions.set_aside(training, "training", Decimal("1000.01"), by=world.people.office, **given_away)
    with pytest.raises(Refused, match="工程项目在项目页"):
        actions.set_aside(training, "project", Decimal(1), by=world.people.office, **given_away)
    held = actions.set_aside(training, "training", Decimal(800), by=world.people.office, **given_away)
    with pytest.raises(Refused, match=r"未拨付的只有 800.00 元"):
        actions.pay(held, Decimal(801), happened_on=made.today(), document="凭1", by=world.people.office)
    paid = actions.pay(held, Decimal(500), happened_on=made.today(), document="凭1", by=world.people.office)
    line = FundLine.objects.get(commitment=held, kind="commit")
    with pytest.raises(Refused, match=r"已经拨付 500.00 元，不能红冲安排"):
        actions.counter_line(line, reason="退回", by=world.people.office)
    actions.counter_line(paid, reason="退票", by=world.people.office)
    actions.counter_line(line, reason="退回", by=world.people.office)
    training.refresh_from_db()
    assert (training.granted, training.committed, training.paid) == (1000, 0, 0)
    row = queries.with_sums([account])[0]
    assert (row.sum.granted, row.sum.left) == (1500, 1500)


@pytest.mark.django_db
def test_a_project_takes_its_share_out_of_a_fund_and_gives_it_back(world: World) -> None:
    account = made.fund(world, renovation=600000)
    project = made.approved(world)
    office = world.people.office
    purpose = made.purpose(account)
    with pytest.raises(PermissionDenied):  # the office keeps it
        made.line(world, project, "local", "commit", 1000, fund=purpose)
    line = made.line(world, project, "local", "commit", 500000, fund=purpose, by=office)
    purpose.refresh_from_db()
    assert (purpose.committed, line.commitment.project) == (500000, project)
    made.line(world, project, "enterprise", "commit", 500000)
    actions.confirm_funding(project, by=office)
    got = made.line(world, project, "local", "receive", 200000, commitment=line.commitment, by=office)
    purpose.refresh_from_db()
    assert purpose.paid == 200000
    with pytest.raises(Refused, match="项目页或者补贴页更正"):
        actions.counter_line(FundLine.objects.get(kind="pay"), reason="错", by=office)
    actions.counter_money(got, reason="退回", by=office)
    actions.counter_money(line, reason="退回", by=office)
    purpose.refresh_from_db()
    assert (purpose.committed, purpose.paid) == (0, 0)


@pytest.mark.django_db
def test_a_subsidy_comes_out_of_the_campaigns_fund_and_is_refused_beyond_it(world: World) -> None:
    campaign = make_campaign(world).campaign
    account = made.fund(world, renovation=10000)
    FundAccount.objects.filter(pk=account.pk).update(campaign=campaign)
    a_standard(world, campaign)
    member = accepted(world, campaign)
    subsidy = batches.propose_subsidy(
        member, quantity=Decimal(1), investment=Decimal(40000), by=world.people.housing
    )
    batches.review(subsidy, by=second_officer(world))
    with pytest.raises(Refused, match=r"只余 10,000.00 元，不足 15,000.00 元"):
        batches.approve(Subsidy.objects.get(pk=subsidy.pk), by=world.people.housing_leader)
    assert Subsidy.objects.get(pk=subsidy.pk).status == "reviewed"
    actions.grant(
        account,
        "renovation",
        Decimal(10000),
        happened_on=made.today(),
        document="追加",
        by=world.people.office,
    )
    row = Subsidy.objects.get(pk=subsidy.pk)
    batches.approve(row, by=world.people.housing_leader)
    batches.pay(row, paid_on=made.today(), voucher="凭-1", by=world.people.housing)
    purpose = made.purpose(account)
    assert (purpose.granted, purpose.committed, purpose.paid) == (20000, 15000, 15000)
    [found] = queries.leverage(Project.objects.none(), world.people.office)
    assert (found.subsidies, found.invested, found.times) == (15000, 40000, Decimal("2.67"))


@pytest.mark.django_db
def test_subsidies_of_before_the_fund_are_charged_to_it_afterwards(world: World, client: Client) -> None:
    campaign = make_campaign(world).campaign
    a_standard(world, campaign)
    subsidy = batches.propose_subsidy(
        accepted(world, campaign), quantity=Decimal(1), investment=Decimal(40000), by=world.people.housing
    )
    batches.review(subsidy, by=second_officer(world))
    batches.approve(Subsidy.objects.get(pk=subsidy.pk), by=world.people.housing_leader)
    row = Subsidy.objects.get(pk=subsidy.pk)
    batches.pay(row, paid_on=made.today(), voucher="凭-1", by=world.people.housing)
    account = made.fund(world, renovation=10000)
    FundAccount.objects.filter(pk=account.pk).update(campaign=campaign, year=made.today().year)
    account.refresh_from_db()
    assert list(actions.uncharged(account)) == [row]
    with pytest.raises(PermissionDenied):
        actions.charge_earlier(account, by=world.people.housing)
    with pytest.raises(Refused, match=r"只余 10,000.00 元，补记要 15,000.00 元"):
        actions.charge_earlier(account, by=world.people.office)
    assert not FundCommitment.objects.exists()
    actions.grant(
        account,
        "renovation",
        Decimal(20000),
        happened_on=made.today(),
        document="追加",
        by=world.people.office,
    )
    client.force_login(world.people.office)
    page = client.get(account.get_absolute_url()).content.decode()
    assert "1 笔，合计 <strong>15,000.00</strong> 元" in page
    said = client.post(reverse("projects:fund_act", args=[account.pk, "earlier"]), follow=True)
    assert "已补记 1 笔补贴，合计 15,000.00 元" in said.content.decode()
    purpose = made.purpose(account)
    assert (purpose.committed, purpose.paid) == (15000, 15000)
    assert actions.charge_earlier(account, by=world.people.office) == (0, 0)


@pytest.mark.django_db
def test_one_paid_after_the_fund_came_is_charged_when_it_is_paid(world: World) -> None:
    campaign = make_campaign(world).campaign
    a_standard(world, campaign)
    subsidy = batches.propose_subsidy(
        accepted(world, campaign), quantity=Decimal(1), investment=Decimal(40000), by=world.people.housing
    )
    batches.review(subsidy, by=second_officer(world))
    batches.approve(Subsidy.objects.get(pk=subsidy.pk), by=world.people.housing_leader)
    account = made.fund(world, renovation=20000)
    FundAccount.objects.filter(pk=account.pk).update(campaign=campaign)
    row = Subsidy.objects.get(pk=subsidy.pk)
    batches.pay(row, paid_on=made.today(), voucher="凭-1", by=world.people.housing)
    purpose = made.purpose(account)
    assert (purpose.committed, purpose.paid) == (15000, 15000)


@pytest.mark.django_db
def test_figures_by_source_and_place(world: World) -> None:
    project = made.funded(world)
    made.line(world, project, "local", "receive", 1000)
    over = made.approved(world, name="全区立管改造", region=world.regions.yunxi, kilometres=Decimal("4"))
    made.reserved(world, name="还在储备")
    rows = Project.objects.visible_to(world.people.office)
    standing = queries.standing_of(rows, on=made.today())
    assert (standing.total, standing.pool, standing.live, standing.kilometres) == (3, 1, 2, Decimal("6.5"))
    by_source = {each.key: each for each in queries.money_by_source(rows.live())}
    assert (by_source["local"].planned, by_source["local"].committed, by_source["local"].received) == (
        1000000, 500000, 1000,
    )  # fmt: skip
    places = queries.by_place(rows, on=made.today(), query={})
    assert [(each.name, each.total) for each in places] == [("青石街道", 1), ("跨乡镇（街道）", 1)]
    assert over.locality is None
