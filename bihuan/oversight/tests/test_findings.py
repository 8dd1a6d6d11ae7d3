"""A finding from the signed visit to its closing, answered and judged by the right people."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from bihuan.accounts.tests.world import sign_in
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.models import Duty
from bihuan.inspections.tests.factories import photo
from bihuan.oversight import actions
from bihuan.oversight.models import FindingTransition, OversightFinding
from bihuan.oversight.queries.findings import feedback_of, findings_of, recurrent, standing

from .factories import again, found, handed_over, later, submit, today, visit_of


def answered(world, finding):
    street = world.people.qingshi_officer
    actions.reply(finding, text="已补拍并建立每周复核", cause="人手不足", photos=[photo(street)], by=street)
    return again(finding)


def test_answered_verified_closed(world):
    finding = answered(world, handed_over(world))
    assert (finding.status, finding.replied_on) == ("replied", today())
    verify = Duty.objects.open().get(kind="oversight_verify")
    assert (verify.organization, verify.clock["rule"]) == (world.organizations.office, "oversight.verify")
    actions.verify(finding, passed=True, method="on_site", opinion="逐条看过", by=world.people.housing)
    finding = again(finding)
    assert (finding.status, finding.closed_on) == ("closed", today())
    assert not Duty.objects.open().filter(subject=f"oversight.oversightfinding:{finding.pk}").exists()
    moves = list(FindingTransition.objects.filter(finding=finding).values_list("move", flat=True))
    assert moves == ["record", "hand_over", "reply", "pass"]


def test_sent_back_the_clock_starts_again(world):
    finding = answered(world, handed_over(world))
    with pytest.raises(ReasonRequired):
        actions.verify(finding, passed=False, method="documents", opinion=" ", by=world.people.office)
    actions.verify(finding, passed=False, method="documents", opinion="只有一张照片", by=world.people.office)
    finding = again(finding)
    assert (finding.status, finding.replied_on, finding.due_on > today()) == ("rectifying", None, True)
    assert Duty.objects.open().get(kind="oversight_finding").organization == world.organizations.qingshi


def test_who_may_do_what(world):
    finding, people = handed_over(world), world.people
    for stranger in (people.office, people.housing, people.outsider, people.inspector, people.market):
        with pytest.raises(PermissionDenied):
            actions.reply(finding, text="改好了", by=stranger)
    finding = answered(world, finding)
    for stranger in (people.qingshi_officer, people.market, people.inspectorate, people.county_office):
        with pytest.raises(PermissionDenied):
            actions.verify(finding, passed=True, method="documents", opinion="好", by=stranger)
    with pytest.raises(IllegalMove):
        actions.reply(finding, text="又改了一次", by=people.qingshi_officer)


def test_more_time_and_back_again(world):
    finding, office = handed_over(world), world.people.office
    with pytest.raises(Refused, match="晚于原来"):
        actions.extend_finding(finding, due_on=today(), reason="采购", by=office)
    with pytest.raises(PermissionDenied):
        actions.extend_finding(finding, due_on=later(60), reason="采购", by=world.people.qingshi_officer)
    actions.extend_finding(finding, due_on=later(60), reason="设备采购", by=office)
    assert Duty.objects.open().get(kind="oversight_finding").due_on == later(60)
    finding = answered(world, again(finding))
    actions.verify(finding, passed=True, method="documents", opinion="好", by=office)
    actions.reopen(again(finding), reason="回头看又没有照片", by=office)
    finding = again(finding)
    assert (finding.status, finding.closed_on) == ("rectifying", None)
    actions.withdraw(finding, reason="与另一条重复", by=office)
    assert not Duty.objects.open().filter(kind="oversight_finding").exists()


def test_figures_are_the_rows_they_open(world):
    finding = handed_over(world)
    OversightFinding.objects.update(due_on=later(-1))
    office, on = world.people.office, today()
    figures = standing(findings_of(office, {}, on=on), on=on)
    assert figures == {"found": 1, "closed": 0, "open": 1, "overdue": 1}
    for state in ("open", "overdue"):
        assert [each.pk for each in findings_of(office, {"state": state}, on=on)] == [finding.pk]
    assert not findings_of(office, {"state": "closed"}, on=on).exists()
    assert standing(findings_of(world.people.inspectorate, {}, on=on), on=on)["found"] == 1


def test_what_comes_back_is_named(world):
    finding = handed_over(world)
    assert recurrent(world.people.office, on=today()) == []
    OversightFinding.objects.filter(pk=finding.pk).update(found_on=later(-40))
    twin = again(finding)
    twin.pk, twin.found_on = None, today()
    twin.save(force_insert=True)
    [row] = recurrent(world.people.office, on=today())
    assert (row.organization, row.code, row.count) == (world.organizations.qingshi, "ledger.true", 2)
    OversightFinding.objects.filter(pk=finding.pk).update(found_on=later(-400))
    assert recurrent(world.people.office, on=today()) == []


def test_each_body_is_told_its_own_by_level(world):
    finding = found(world, level="department", organization=world.organizations.market)
    visit = finding.visit
    actions.record_finding(
        visit, level="locality", code="排查整改", description="两条隐患到期没有复查",
        organization=world.organizations.qingshi, by=world.people.housing,
    )  # fmt: skip
    submit(world, visit_of(visit.round, world))
    told = {each.organization.short_name: each for each in feedback_of(visit.round, world.people.office)}
    assert told["市市场监管局"].sentence == "部门层面1项"
    assert told["青石街道"].sentence == "部门层面1项、乡镇街道层面1项"
    assert told["青石街道"].praise == ["网格员随身带检查表"]
    assert [each.organization.short_name for each in feedback_of(visit.round, world.people.qingshi_officer)]


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_are_one(world):
    finding = handed_over(world)
    mine, street = [again(finding), again(finding)], world.people.qingshi_officer
    told = at_once(lambda number: actions.reply(mine[number], text="已整改", by=street), 2)
    assert sorted(type(error).__name__ for _, error in told) == ["IllegalMove", "NoneType"]
    assert again(finding).replies.count() == 1
    assert Duty.objects.open().filter(kind="oversight_verify").count() == 1


def test_what_is_told_to_two_is_counted_once(world, client):
    """A department's problem stands under the place where it was found and under the department."""
    finding = found(world, level="department", organization=world.organizations.market)
    submit(world, visit_of(finding.visit.round, world))
    told = feedback_of(finding.visit.round, world.people.office)
    assert [each.total for each in told] == [1, 1]
    page = sign_in(client, world.people.office).get(
        reverse("oversight:feedback", args=[finding.visit.round_id])
    )
    assert "共 1 项" in page.content.decode()
