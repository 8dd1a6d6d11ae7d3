"""One visit instead of several: what is due at one place across bodies, proposed, answered, made once (R059)."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from lxml import html

from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_submitted
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.submission import DRAWN, MemberGiven, SignatureGiven
from bihuan.inspections.tests.factories import ink, member, visit
from bihuan.planning import due, joint
from bihuan.planning.models import JointVisit, PlannedVisit

from .conftest import planned

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def in_days(days):
    return TODAY() + dt.timedelta(days=days)


def words(candidate) -> dict[str, list[str]]:
    return {body.short_name: [each.words for each in owed] for body, owed in candidate.owed.items()}


def test_visits_of_two_bodies_become_one(world, people, gas, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department", days=6)
    found = joint.candidates(people.office)
    assert [(each.enterprise, each.visited) for each in found] == [(world.enterprises.shop, 0)]
    assert words(found[0]) == {"市住建局": ["部门检查（年度计划）"], "青石街道": ["属地检查（年度计划）"]}
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    assert joint.candidates(people.office) == []
    assert proposed.shares.get(organization=world.organizations.qingshi).answer == "accepted"
    asked = Duty.objects.open().get(kind=Duty.Kind.JOINT_ANSWER)
    assert asked.organization == world.organizations.housing
    with pytest.raises(ReasonRequired):
        joint.answer_joint(proposed, accept=False, reason="", by=people.housing)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    for row in (proposed, mine, theirs, asked):
        row.refresh_from_db()
    assert (proposed.status, asked.status) == ("agreed", "done")
    assert (mine.kind, theirs.kind, mine.window_to) == ("joint", "joint", in_days(6))
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 2
    both = (member(people.inspector), member(people.housing))
    done = submit_inspection(
        visit(world, gas, people.inspector, kind="joint", members=both), by=people.inspector
    )
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.inspection, theirs.inspection) == (done, done)
    assert not Duty.objects.open().filter(kind=Duty.Kind.VISIT).exists()


def test_going_alone_settles_nothing_for_the_others(world, people, gas, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.status, theirs.status) == ("done", "planned")


def agreed(world, clerk):
    """Street and bureau have agreed to go together; returns the bureau's visit."""
    planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    joint.answer_joint(proposed, accept=True, reason="", by=world.people.housing)
    return theirs


def test_a_body_that_sent_nobody_has_not_been_there(world, people, gas, clerk):
    theirs = agreed(world, clerk)
    submit_inspection(visit(world, gas, people.inspector, kind="joint"), by=people.inspector)
    theirs.refresh_from_db()
    assert theirs.status == "planned"
    assert Duty.objects.open().get(kind=Duty.Kind.VISIT).organization == world.organizations.housing


def test_somebody_without_an_account_may_have_come_for_whoever_agreed(world, people, gas, clerk):
    theirs = agreed(world, clerk)
    guest = MemberGiven("住建局孙工", None, "", SignatureGiven(DRAWN, image=ink()))
    both = (member(people.inspector), guest)
    submit_inspection(visit(world, gas, people.inspector, kind="joint", members=both), by=people.inspector)
    theirs.refresh_from_db()
    assert theirs.status == "done"


def test_one_visit_is_for_every_cause_of_every_body_that_came(world, people, gas, clerk):
    theirs = agreed(world, clerk)
    drawn = planned(world, world.organizations.housing, "department")
    PlannedVisit.objects.filter(pk=drawn.pk).update(source="draw")
    unasked = planned(world, world.organizations.market, "department")
    both = (member(people.inspector), member(people.housing))
    done = submit_inspection(
        visit(world, gas, people.inspector, kind="joint", members=both), by=people.inspector
    )
    for row in (theirs, drawn, unasked):
        row.refresh_from_db()
    assert (theirs.inspection, drawn.inspection, unasked.status) == (done, done, "planned")


def test_who_comes_unannounced_is_not_proposed(world, people, clerk):
    planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "unannounced")
    assert joint.candidates(people.office) == []
    with pytest.raises(Refused, match="不需要合并"):
        joint.propose_joint(world.enterprises.shop, by=clerk)


def test_what_one_has_to_do_there_opens_from_the_visit(client, world, people, gas, clerk):
    """One's own task starts with its list and the others' people; the others' affairs are words."""
    review = make_submitted(world)
    planned(world, world.organizations.housing, "department")
    type(gas.task).objects.filter(pk=gas.task.pk).update(due_on=in_days(10))
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    street = proposed.shares.get(organization=world.organizations.qingshi)
    client.force_login(clerk)
    page = html.fromstring(client.get(reverse("planning:visit", args=[street.visit.pk])).content.decode())
    links = {link.text_content().strip(): link.get("href") for link in page.xpath("//main//a")}
    begin = links[f"任务：{gas.task}"]
    assert f"task={gas.task.pk}" in begin
    assert any(review.get_absolute_url() == href for href in links.values())
    walk = client.get(begin).content.decode()
    assert people.housing.full_name in walk
    assert "用气场所不在地下或半地下" in walk


def test_the_enterprise_is_told_of_a_joint_visit_once(client, world, people, clerk):
    agreed(world, clerk)
    client.force_login(people.shop)
    page = client.get("/").content.decode()
    assert page.count("综合查一次") == 1
    assert "青石街道、市住建局一起来" in page


def test_who_keeps_silent_stops_nobody(world, people, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department")
    planned(world, world.organizations.market, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    assert joint.settle_unanswered(timezone.now()) == 0  # there is still time to answer
    late = Duty.objects.open().filter(kind=Duty.Kind.JOINT_ANSWER)
    late.update(due_on=in_days(-1))
    assert joint.settle_unanswered(timezone.now()) == 1
    assert joint.settle_unanswered(timezone.now()) == 0
    for row in (proposed, mine, theirs):
        row.refresh_from_db()
    assert (proposed.status, mine.kind, theirs.kind) == ("agreed", "joint", "joint")
    alone = PlannedVisit.objects.get(organization=world.organizations.market)
    assert (alone.kind, alone.joint) == ("department", None)
    assert not late.exists()
    with pytest.raises(IllegalMove):
        joint.answer_joint(proposed, accept=True, reason="", by=people.market)


def test_a_due_review_and_a_planned_visit_are_proposed_as_one(client, world, people, clerk):
    hazard = make_submitted(world)
    review = Duty.objects.open().get(kind=Duty.Kind.HAZARD_REVIEW)
    bodies = {world.organizations.qingshi, world.organizations.housing}
    other = next(body for body in bodies if body != review.organization)
    planned(world, other, "department" if other == world.organizations.housing else "township")
    found = joint.candidates(clerk)
    assert [each.enterprise for each in found] == [world.enterprises.shop]
    assert words(found[0])[review.organization.short_name] == ["复查隐患：气瓶间与厨房连通"]
    client.force_login(clerk)
    page = client.get(reverse("planning:joints")).content.decode()
    assert "复查隐患：气瓶间与厨房连通" in page
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    share = proposed.shares.get(organization=review.organization)
    assert share.visit is None
    assert [each["url"] for each in share.owed] == [review.url]
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    share.refresh_from_db()
    assert (share.visit.source, share.visit.kind, share.visit.joint) == ("joint", "joint", proposed)
    assert Duty.objects.open().filter(kind=Duty.Kind.VISIT).count() == 2
    # What was agreed upon is not proposed again, and the review itself is still owed.
    assert joint.candidates(clerk) == []
    review.refresh_from_db()
    assert review.status == "open"
    assert hazard.enterprise == proposed.enterprise


def test_an_object_of_a_task_joins_what_else_is_due(world, people, gas, clerk):
    planned(world, world.organizations.housing, "department")
    assert joint.candidates(people.office) == []
    type(gas.task).objects.filter(pk=gas.task.pk).update(due_on=in_days(10))
    found = joint.candidates(people.office)
    # The locality goes for the task, not also its lead.
    assert words(found[0]) == {"市住建局": ["部门检查（年度计划）"], "青石街道": [f"任务：{gas.task}"]}
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    assert joint.candidates(people.office) == []  # visited under the task
    assert (
        due.owed_at(people.office, in_days(30))[world.enterprises.shop.pk][0].words == "部门检查（年度计划）"
    )


def test_a_task_alone_is_no_second_visit(world, people, gas):
    type(gas.task).objects.filter(pk=gas.task.pk).update(due_on=in_days(10))
    assert due.owed_at(people.office, in_days(30)) == {}


def test_declining_keeps_the_visits_apart(world, people, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    with pytest.raises(PermissionDenied):
        joint.answer_joint(proposed, accept=True, reason="", by=people.office)
    joint.answer_joint(proposed, accept=False, reason="专项取证，不便合并", by=people.housing)
    mine.refresh_from_db()
    assert JointVisit.objects.get().status == "dropped"
    assert (mine.kind, mine.joint) == ("township", None)
    with pytest.raises(IllegalMove):
        joint.answer_joint(proposed, accept=True, reason="", by=people.housing)


def test_a_visit_made_while_the_others_were_asked_is_not_planned_again(world, people, gas, clerk):
    mine = planned(world, world.organizations.qingshi, "township")
    theirs = planned(world, world.organizations.housing, "department")
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    joint.answer_joint(proposed, accept=True, reason="", by=people.housing)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    proposed.refresh_from_db()
    assert (proposed.status, mine.status, theirs.kind) == ("dropped", "done", "department")


def test_one_body_alone_merges_nothing(world, people, clerk):
    planned(world, world.organizations.qingshi, "township")
    with pytest.raises(Refused, match="不需要合并"):
        joint.propose_joint(world.enterprises.shop, by=clerk)


def test_what_is_overdue_is_given_a_week(world, people, clerk):
    late = planned(world, world.organizations.qingshi, "township")
    PlannedVisit.objects.filter(pk=late.pk).update(window_from=in_days(-40), window_to=in_days(-10))
    planned(world, world.organizations.housing, "department", days=5)
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    assert (proposed.window_from, proposed.window_to) == (TODAY(), in_days(5))
    joint.answer_joint(proposed, accept=False, reason="改日再去", by=people.housing)
    later = PlannedVisit.objects.get(organization=world.organizations.housing)
    PlannedVisit.objects.filter(pk=later.pk).update(window_from=in_days(9), window_to=in_days(20))
    proposed = joint.propose_joint(world.enterprises.shop, by=clerk)
    # No day in common: from the first beginning to the last end.
    assert (proposed.window_from, proposed.window_to) == (TODAY(), in_days(20))


def test_the_pages_lead_from_proposal_to_one_visit(client, world, people, clerk):
    shop = world.enterprises.shop
    mine = planned(world, world.organizations.qingshi, "township")
    planned(world, world.organizations.housing, "department")
    client.force_login(clerk)
    address = reverse("planning:visit", args=[mine.pk])
    assert "提议合并成一次" in client.get(address).content.decode()
    form = client.get(reverse("planning:new_request") + f"?enterprise={shop.pk}").content.decode()
    assert "近期要去的单位" in form
    page = client.get(reverse("planning:joints")).content.decode()
    assert "部门检查（年度计划）" in page
    assert "0 次" in page
    client.post(reverse("planning:propose"), {"enterprise": shop.pk})
    assert "提议合并成一次" not in client.get(address).content.decode()
    client.force_login(people.housing)
    assert "同意合并" in client.get(reverse("planning:joints")).content.decode()
    client.post(reverse("planning:answer", args=[JointVisit.objects.get().pk]), {"accept": "1"})
    assert JointVisit.objects.get().status == "agreed"
    page = client.get(reverse("planning:visit", args=[mine.pk])).content.decode()
    assert "一起去，各办各的事" in page
    client.force_login(people.outsider)
    assert client.post(reverse("planning:propose"), {"enterprise": shop.pk}).status_code in {403, 404}


def test_the_subjects_of_duties_name_their_enterprise(world, people):
    hazard = make_submitted(world)
    subjects = [
        f"hazards.hazard:{hazard.pk}", f"registry.enterprise:{world.enterprises.station.pk}",
        f"accounts.organization:{world.organizations.qingshi.pk}", "hazards.hazard:x", "nothing.known:7", "rubbish",
    ]  # fmt: skip
    assert due.enterprises_of(subjects) == {
        f"hazards.hazard:{hazard.pk}": world.enterprises.shop.pk,
        f"registry.enterprise:{world.enterprises.station.pk}": world.enterprises.station.pk,
    }
