"""Every legal move, listed by hand, and what happens on the way from the pool to the gas."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.audit.queries import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_hazard
from bihuan.papers.models import Paper
from bihuan.projects import actions
from bihuan.projects.actions.building import month_before
from bihuan.projects.models import GasCheck, Project, ProjectReport
from bihuan.projects.workflow import (
    CARE_RULES,
    GAS_CHECK_RULES,
    HANDOVER_RULES,
    MILESTONE_RULES,
    REPORT_RULES,
    RULES,
    SERVICE_RULES,
    SUPPORT_RULES,
)
from bihuan.registry.models import Enterprise, EnterpriseChange

from . import factories as made

# By hand: (status, move).
LEGAL = {
    ("reserved", "approve"), ("reserved", "send_back"), ("reserved", "suspend"), ("reserved", "cancel"),
    ("approved", "share"), ("approved", "fund"), ("approved", "suspend"), ("approved", "cancel"),
    ("funded", "share"), ("funded", "start"), ("funded", "suspend"), ("funded", "cancel"),
    ("started", "share"), ("started", "complete"), ("started", "suspend"),
    ("completed", "accept"), ("completed", "condition"), ("completed", "rework"),
    ("accepted", "hand_over"), ("handed", "put_in_use"), ("suspended", "resume"), ("suspended", "cancel"),
}  # fmt: skip
OTHERS = [
    (MILESTONE_RULES, {("open", "finish"), ("open", "postpone"), ("open", "drop")}),
    (REPORT_RULES, {("due", "file")}),
    (GAS_CHECK_RULES, {("open", "meet"), ("met", "reopen")}),
    (HANDOVER_RULES, {("prepared", "sign"), ("prepared", "return")}),
    (
        SUPPORT_RULES,
        {
            ("filed", "review"), ("filed", "return"), ("returned", "refile"), ("filed", "withdraw"),
            ("returned", "withdraw"), ("reviewed", "approve"), ("reviewed", "refuse"),
        },
    ),
    (
        CARE_RULES,
        {("to_visit", "visit"), ("visited", "visit"), ("to_visit", "release"), ("visited", "release")},
    ),
    (
        SERVICE_RULES,
        {
            ("requested", "accept"), ("offered", "agree"), ("requested", "decline"), ("offered", "decline"),
            ("accepted", "do"), ("done", "confirm"), ("done", "redo"),
        },
    ),
]  # fmt: skip
pytestmark = pytest.mark.django_db


def pairs(rules) -> set[tuple[str, str]]:
    return {(str(source), str(move)) for move, rule in rules.items() for source in rule.sources}


def test_the_legal_moves_of_a_project_are_these() -> None:
    assert pairs(RULES) == LEGAL


@pytest.mark.parametrize(("rules", "legal"), OTHERS)
def test_the_legal_moves_of_what_hangs_on_it_are_these(rules, legal) -> None:
    assert pairs(rules) == legal


def owed(project: Project) -> list[str]:
    return list(
        Duty.objects.open()
        .filter(subject=f"projects.project:{project.pk}", kind="project")
        .values_list("title", flat=True)
    )


def test_from_the_pool_to_the_gas(world) -> None:
    project = made.handed(world)
    assert (project.status, project.taker_id) == ("handed", world.enterprises.shop.pk)
    assert owed(project) == ["核查通气条件，通气投用：幸福路中压管道更新"]
    with pytest.raises(Refused, match="还有 10 项通气条件没有确认"):
        actions.put_in_use(project, used_on=made.today(), by=world.people.housing)
    made.meet_all(world, project)
    actions.put_in_use(project, used_on=made.today(), by=world.people.housing)
    project.refresh_from_db()
    assert (project.status, project.used_on, owed(project)) == ("in_use", made.today(), [])
    moves = list(project.transitions.values_list("move", flat=True))
    assert moves == [
        "register", "share", "approve", "fund", "start", "complete", "accept", "hand_over", "put_in_use",
    ]  # fmt: skip
    assert verify_record(files=False).findings == []


def test_each_step_is_owed_by_whoever_makes_it_and_by_the_plans_day(world) -> None:
    project = made.shared(world, start_on=made.later(15), finish_on=made.later(90))
    office, bureau = world.organizations.county_office, world.organizations.housing
    seen = [
        (each.title[:4], each.organization, each.due_on)
        for each in Duty.objects.open().filter(kind="project")
    ]
    assert [each[:2] for each in seen] == [("审定入库", office)]
    actions.approve_project(project, approval="文", by=world.people.office_leader)
    for each in project.sources.all():
        made.line(world, project, each.kind, "commit", each.planned)
    duty = Duty.objects.open().get(kind="project")
    assert (duty.title[:4], duty.organization, duty.due_on) == ("落实资金", bureau, made.later(15))
    actions.confirm_funding(project, by=world.people.housing)
    actions.start_works(project, started_on=made.today(), by=world.people.housing)
    duty = Duty.objects.open().get(kind="project")
    assert (duty.title[:2], duty.due_on) == ("完工", made.later(90))
    actions.suspend_project(project, reason="征迁", by=world.people.housing)
    assert owed(project) == []
    actions.resume_project(project, by=world.people.housing)
    assert owed(project) == ["完工：幸福路中压管道更新"]


def test_a_condition_withdrawn_keeps_the_gas_out(world) -> None:
    project = made.handed(world)
    made.meet_all(world, project)
    check = project.gas_checks.get(key="leak")
    actions.reopen_check(check, reason="复测压力下降", by=world.people.housing)
    with pytest.raises(Refused, match="带气检漏合格"):
        actions.put_in_use(project, used_on=made.today(), by=world.people.housing)


def test_who_takes_over_confirms_and_the_street_does_not(world) -> None:
    project = made.accepted(world)
    check = project.gas_checks.get(key="valves")
    with pytest.raises(PermissionDenied):
        actions.meet_check(check, checked_on=made.today(), found="好", by=world.people.qingshi_officer)
    actions.meet_check(check, checked_on=made.today(), found="三处阀门挂牌", by=world.people.shop)
    with pytest.raises(IllegalMove):
        actions.meet_check(check, checked_on=made.today(), found="又一次", by=world.people.housing)
    assert GasCheck.objects.get(pk=check.pk).checked_by == world.people.shop


def test_a_kind_without_gas_needs_no_conditions(world) -> None:
    project = made.handed(world, kind="monitoring", kilometres=None, name="报警器建设")
    assert not project.gas_checks.exists()
    actions.put_in_use(project, used_on=made.today(), by=world.people.housing)
    assert project.status == "in_use"


def test_nobody_approves_their_own_or_beside(world) -> None:
    project = made.shared(world)
    for person in (world.people.housing, world.people.office, world.people.housing_leader, world.people.shop):
        with pytest.raises(PermissionDenied):
            actions.approve_project(project, approval="文", by=person)
    actions.approve_project(project, approval="文", by=world.people.office_leader)
    with pytest.raises(IllegalMove):
        actions.approve_project(project, approval="文", by=world.people.office_leader)


def test_the_pool_is_entered_only_with_the_whole_money(world) -> None:
    project = made.reserved(world)
    actions.set_shares(project, Decimal(1000000), {"local": Decimal(400000)}, by=world.people.housing)
    assert actions.shares_gap(project) == Decimal(600000)
    with pytest.raises(Refused, match=r"还差 600,000.00 元"):
        actions.approve_project(project, approval="文", by=world.people.office_leader)
    actions.set_shares(
        project,
        Decimal(1000000),
        {"local": Decimal(400000), "residents": Decimal(700000)},
        by=world.people.housing,
    )
    with pytest.raises(Refused, match=r"多出 100,000.00 元"):
        actions.approve_project(project, approval="文", by=world.people.office_leader)


def test_shares_of_an_approved_project_change_with_a_reason_and_never_below_what_is_committed(world) -> None:
    project = made.funded(world)
    half = Decimal(500000)
    with pytest.raises(PermissionDenied):
        actions.set_shares(project, project.estimate, {"local": half}, by=world.people.housing)
    leader = world.people.office_leader
    with pytest.raises(ReasonRequired):
        actions.set_shares(project, project.estimate, {"local": half, "enterprise": half}, by=leader)
    with pytest.raises(Refused, match=r"已经落实 500,000.00 元"):
        actions.set_shares(
            project, project.estimate, {"local": half - 1, "enterprise": half + 1}, reason="调", by=leader
        )
    more = {"local": half, "enterprise": half, "residents": Decimal(100000)}
    actions.set_shares(project, Decimal(1100000), more, reason="居民分摊部分", by=leader)
    assert Project.objects.get(pk=project.pk).estimate == Decimal(1100000)


def test_pausing_comes_back_to_where_it_was_and_cancelling_clears_the_money(world) -> None:
    project = made.funded(world)
    with pytest.raises(ReasonRequired):
        actions.suspend_project(project, reason="", by=world.people.housing)
    actions.suspend_project(project, reason="征迁未完成", by=world.people.housing)
    assert (project.status, project.resumes_to) == ("suspended", "funded")
    actions.resume_project(project, by=world.people.housing)
    assert (project.status, project.resumes_to) == ("funded", "")
    made.line(world, project, "local", "receive", 1000)
    with pytest.raises(Refused, match=r"没有支出的资金还有 1,000.00 元"):
        actions.cancel_project(project, reason="并入其他项目", by=world.people.office_leader)
    line = project.money.filter(kind="receive").get()
    actions.counter_money(line, reason="退回", by=world.people.housing)
    actions.cancel_project(project, reason="并入其他项目", by=world.people.office_leader)
    assert project.status == "cancelled"


def test_failed_goes_back_to_the_works_and_conditions_are_owed(world) -> None:
    project = made.completed(world)
    made.accept(
        world, project, verdict="conditional", conditions="补回填记录", conditions_due_on=made.later(9)
    )
    assert project.status == "completed"
    assert Duty.objects.open().get(subject=f"projects.project:{project.pk}").due_on == made.later(9)
    made.accept(world, project, verdict="failed", opinion="焊口不合格")
    assert (project.status, project.completed_on) == ("started", None)
    assert owed(project) == ["完工：幸福路中压管道更新"]


def test_acceptance_takes_two_bodies_and_every_signature(world) -> None:
    project = made.completed(world)
    with pytest.raises(Refused, match="至少要有 2 个单位"):
        made.accept(world, project, team=made.team(world)[:1])
    unsigned = [made.team(world)[0], made.TeamMember(world.organizations.market, "吴正规", "科员")]
    with pytest.raises(Refused, match="吴正规没有签名"):
        made.accept(world, project, team=unsigned)
    assert project.acceptances.count() == 0


def test_both_sign_the_handover_and_the_registry_says_so(world) -> None:
    shop = world.enterprises.shop
    Enterprise.objects.filter(pk=shop.pk).update(attributes={"old_network_km": 3.5})
    project = made.accepted(world)
    handover = made.prepared(world, project)
    with pytest.raises(IllegalMove):
        made.prepared(world, project)
    with pytest.raises(PermissionDenied):
        actions.sign_handover(handover, name="沈平安", by=world.people.station)
    paper = actions.sign_handover(handover, name=world.people.shop.full_name, by=world.people.shop)
    assert (paper.kind, paper.recipient) == (Paper.Kind.PROJECT_HANDOVER, world.organizations.shop)
    shop.refresh_from_db()
    assert shop.attributes["old_network_km"] == 1.1
    change = EnterpriseChange.objects.filter(enterprise=shop).first()
    assert change is not None
    assert ["老旧管道长度", "3.5", "1.1"] in change.changes


def test_a_returned_handover_is_prepared_again(world) -> None:
    project = made.accepted(world)
    handover = made.prepared(world, project)
    with pytest.raises(ReasonRequired):
        actions.return_handover(handover, reason=" ", by=world.people.shop)
    actions.return_handover(handover, reason="缺竣工图", by=world.people.shop)
    again = made.prepared(world, project)
    actions.sign_handover(again, name=world.people.shop.full_name, by=world.people.shop)
    project.refresh_from_db()
    assert project.status == "handed"


def test_milestones_are_owed_put_off_and_reached(world) -> None:
    project = made.started(world)
    stone = actions.set_milestone(project, name="管沟开挖", due_on=made.later(10), by=world.people.housing)
    duty = Duty.objects.open().get(subject=f"projects.milestone:{stone.pk}")
    assert (duty.due_on, duty.organization) == (made.later(10), world.organizations.housing)
    actions.postpone_milestone(stone, due_on=made.later(20), reason="连续降雨", by=world.people.housing)
    duty.refresh_from_db()
    assert duty.due_on == made.later(20)
    actions.finish_milestone(stone, done_on=made.today(), note="完成 800 米", by=world.people.housing)
    assert not Duty.objects.open().filter(subject=f"projects.milestone:{stone.pk}").exists()


def test_every_month_is_asked_for_once_and_late_stays_late(world, settings) -> None:
    from django.utils import timezone

    first = month_before(made.today())
    project = made.started(world, on=first)
    now = timezone.now()
    assert actions.open_reports(now) == 1
    assert actions.open_reports(now) == 0
    report = ProjectReport.objects.get(project=project)
    assert (report.month, report.organization) == (first, world.organizations.shop)
    with pytest.raises(PermissionDenied):
        actions.file_report(report, percent=30, text="开挖", by=world.people.station)
    actions.file_report(
        report, percent=30, text="开挖 800 米", kilometres=Decimal("0.8"), by=world.people.shop
    )
    project.refresh_from_db()
    assert (project.progress, project.kilometres_done) == (30, Decimal("0.800"))
    with pytest.raises(IllegalMove):
        actions.file_report(report, percent=40, text="再报", by=world.people.shop)
    ProjectReport.objects.filter(pk=report.pk).update(due_on=made.today() - dt.timedelta(days=1))
    assert ProjectReport.objects.late(on=made.today()).count() == 1


def test_hazards_and_objects_are_linked_once_and_only_those_one_sees(world) -> None:
    project = made.reserved(world)
    hazard = make_hazard(world)
    assert actions.link_hazards(project, [hazard], by=world.people.housing) == 1
    assert actions.link_hazards(project, [hazard], by=world.people.housing) == 0
    with pytest.raises(Refused, match="不在您的管理范围内"):
        actions.link_objects(project, [world.enterprises.station], by=world.people.housing)
    assert actions.link_objects(project, [world.enterprises.shop], by=world.people.housing) == 1


def test_who_sees_a_project(world) -> None:
    project = made.reserved(world)
    seen = {
        name
        for name in vars(world.people)
        if Project.objects.visible_to(getattr(world.people, name)).filter(pk=project.pk).exists()
    }
    assert seen == {
        "office", "office_leader", "county_office", "housing", "housing_leader", "qingshi_officer", "qingshi_leader",
        "inspector", "inspector2", "shop", "inspectorate",
    }  # fmt: skip
