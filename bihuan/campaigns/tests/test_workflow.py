"""Both tables move by move; the legal moves are listed here by hand."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.campaigns import actions
from bihuan.campaigns.models import Assignment, AssignmentTransition, Phase, PhaseTransition, Task
from bihuan.campaigns.queries import gate_report
from bihuan.campaigns.workflow import AssignmentMove, AssignmentStatus, PhaseMove, PhaseStatus
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.tally.actions import record as tally
from bihuan.tally.models import Delta

pytestmark = pytest.mark.django_db

ASSIGNMENT_MOVES = {
    ("assigned", "progress"): "working",
    ("working", "progress"): "working",
    ("assigned", "report"): "reported",
    ("working", "report"): "reported",
    ("reported", "confirm"): "confirmed",
    ("reported", "send_back"): "working",
    ("confirmed", "send_back"): "working",
}
PHASE_MOVES = {("pending", "open"): "open", ("open", "close"): "closed", ("closed", "reopen"): "open"}


@pytest.fixture
def share(campaign, world) -> Assignment:
    return Assignment.objects.get(task__heading="查充装管理", organization=world.organizations.qingshi)


@pytest.mark.parametrize("move", AssignmentMove.values)
@pytest.mark.parametrize("status", AssignmentStatus.values)
def test_shares_move_by_the_table(share, world, status, move):
    Assignment.objects.filter(pk=share.pk).update(status=status)
    Duty.objects.filter(subject=f"campaigns.assignment:{share.pk}").delete()
    share.refresh_from_db()
    person = world.people.qingshi_officer if move in {"progress", "report"} else world.people.office
    expected = ASSIGNMENT_MOVES.get((status, move))
    if expected is None:
        with pytest.raises(IllegalMove):
            actions.move_assignment(share, move, by=person, note="说明")
        assert not AssignmentTransition.objects.exists()
        return
    line = actions.move_assignment(share, move, by=person, note="说明")
    assert (share.status, line.from_status, line.to_status) == (expected, status, expected)


def test_whose_move_it_is(share, world):
    people = world.people
    for person in (people.office, people.outsider, people.inspector, people.market):
        with pytest.raises(PermissionDenied):
            actions.move_assignment(share, "report", by=person, note="完成")
    actions.move_assignment(share, "report", by=people.qingshi_leader, note="完成")
    for person in (people.qingshi_officer, people.county_office, people.market):
        with pytest.raises(PermissionDenied):
            actions.move_assignment(share, "confirm", by=person)
    actions.move_assignment(share, "confirm", by=people.office_leader)


@pytest.mark.parametrize("move", ["progress", "report", "send_back"])
def test_a_note_is_required(share, world, move):
    if move == "send_back":
        Assignment.objects.filter(pk=share.pk).update(status="reported")
        share.refresh_from_db()
    person = world.people.office if move == "send_back" else world.people.qingshi_officer
    with pytest.raises(ReasonRequired):
        actions.move_assignment(share, move, by=person, note="  ")


def test_the_second_of_two_stale_people_is_refused(share, world):
    theirs = Assignment.objects.get(pk=share.pk)
    actions.move_assignment(share, "report", by=world.people.qingshi_officer, note="完成")
    with pytest.raises(IllegalMove):
        actions.move_assignment(theirs, "report", by=world.people.qingshi_leader, note="完成")
    assert AssignmentTransition.objects.count() == 1


def test_the_duty_follows_the_share(share, world):
    duties = Duty.objects.filter(subject=f"campaigns.assignment:{share.pk}")
    assert duties.open().count() == 1
    actions.move_assignment(share, "report", by=world.people.qingshi_officer, note="完成")
    assert duties.open().count() == 0
    actions.move_assignment(share, "send_back", by=world.people.office, note="照片不符")
    assert duties.open().get().due_on == dt.date(2026, 11, 30)


def free(phase: Phase) -> None:
    """Take every gate condition away: these tests are about the table."""
    phase.conditions.all().delete()


@pytest.mark.parametrize("move", PhaseMove.values)
@pytest.mark.parametrize("status", PhaseStatus.values)
def test_phases_move_by_the_table(campaign, world, status, move):
    phase = campaign.phases.first()
    campaign.tasks.update(phase=phase)
    campaign.phases.exclude(pk=phase.pk).delete()
    free(phase)
    Phase.objects.filter(pk=phase.pk).update(
        status=status, closed_at=timezone.now() if status == "closed" else None
    )
    Duty.objects.filter(kind="phase").delete()
    phase.refresh_from_db()
    expected = PHASE_MOVES.get((status, move))
    if expected is None:
        with pytest.raises(IllegalMove):
            actions.move_phase(phase, move, by=world.people.office, reason="说明")
        return
    actions.move_phase(phase, move, by=world.people.office, reason="说明")
    assert phase.status == expected
    assert (phase.closed_at is not None) == (expected == "closed")


def test_only_the_office_closes(campaign, world):
    phase = campaign.phases.first()
    free(phase)
    for person in (world.people.housing_leader, world.people.county_office, world.people.qingshi_officer):
        with pytest.raises(PermissionDenied):
            actions.move_phase(phase, "close", by=person)


def test_a_later_phase_waits_for_the_earlier(campaign, world):
    first, second = campaign.phases.all()
    with pytest.raises(Refused, match="集中攻坚阶段"):
        actions.move_phase(second, "open", by=world.people.office)
    free(first)
    actions.move_phase(first, "close", by=world.people.office)
    actions.move_phase(second, "open", by=world.people.office)
    assert Duty.objects.open().get(kind="phase").subject == f"campaigns.phase:{second.pk}"
    with pytest.raises(Refused, match="正在进行"):
        actions.move_phase(first, "reopen", by=world.people.office, reason="反弹")


def test_the_last_phase_closed_ends_the_campaign(campaign, world):
    for phase in campaign.phases.all():
        free(phase)
        if phase.status == "pending":
            actions.move_phase(phase, "open", by=world.people.office)
        actions.move_phase(phase, "close", by=world.people.office)
    campaign.refresh_from_db()
    assert campaign.status == "finished"
    assert not Duty.objects.open().filter(kind="phase").exists()


TODAY = timezone.localdate


def count(campaign, task, locality="539702001", **metrics):
    tally(
        Delta(
            day=TODAY(), campaign_id=campaign.pk, task_id=task.pk, city_id="5397", county_id=locality[:6],
            locality_id=locality, subject="test", **metrics,
        )
    )  # fmt: skip


def sentences(phase):
    return [(line.met, line.sentence) for line in gate_report(phase, TODAY())]


def test_the_gate_says_what_is_missing_with_figures(campaign):
    """One restaurant in the city; two tasks of the first phase look at restaurants: two visits are owed."""
    first = campaign.phases.first()
    install = Task.objects.get(heading="查违规安装")
    count(campaign, install, covered=1, inspected=1, found=8, closed=7, overdue=1)
    assert sentences(first) == [
        (False, "覆盖率 50%，低于 100%：应查 2 户次，已查 1，还差 1"),
        (False, "整改率 87.5%，低于 95%：查出 8 项，已改 7，还差 1"),
        (False, "还有 1 项逾期未改隐患，不得多于 0 项"),
        (False, "本阶段 4 项任务只确认完成 0 项，还差 4"),
    ]


def test_nothing_found_is_not_a_bad_rate(campaign):
    lines = sentences(campaign.phases.first())
    assert (True, "尚未查出隐患，不计整改率") in lines
    assert (True, "没有逾期未改隐患") in lines


def test_an_unmet_gate_refuses_and_names_every_reason(campaign, world):
    phase = campaign.phases.first()
    with pytest.raises(Refused, match=r"2 项未满足：覆盖率 0%.*本阶段 4 项任务只确认完成 0 项"):
        actions.move_phase(phase, "close", by=world.people.office)
    phase.refresh_from_db()
    assert phase.status == "open"
    assert not PhaseTransition.objects.exists()


def test_a_met_gate_closes_and_freezes_its_report(campaign, world):
    phase = campaign.phases.first()
    actions.set_gate(phase, {"coverage": None, "tasks_done": Decimal(0)}, by=world.people.office)
    line = actions.move_phase(phase, "close", by=world.people.office)
    assert [entry["metric"] for entry in line.report] == ["rectification", "overdue", "tasks_done"]
    count(campaign, Task.objects.get(heading="查违规安装"), found=5, overdue=5)
    line.refresh_from_db()
    assert all(entry["met"] for entry in line.report)


def test_the_gate_is_fixed_once_the_phase_is_closed(campaign, world):
    phase = campaign.phases.first()
    free(phase)
    with pytest.raises(Refused, match="0 到 100"):
        actions.set_gate(phase, {"coverage": Decimal(101)}, by=world.people.office)
    actions.move_phase(phase, "close", by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.set_gate(phase, {"overdue": Decimal(3)}, by=world.people.office)


def test_a_revised_checklist_is_a_new_version_and_the_second_reviser_is_told(campaign, world):
    task = Task.objects.get(heading="查违规安装")
    lines = [actions.NewCheckItem("软管无老化开裂")]
    made = actions.revise_checklist(task, lines, version=1, by=world.people.office)
    assert made.version == 2
    assert task.checklists.get(version=1).items.count() == 1
    with pytest.raises(IllegalMove, match="更新的版本"):
        actions.revise_checklist(task, lines, version=1, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.revise_checklist(task, lines, version=2, by=world.people.housing)
    with pytest.raises(Refused):
        actions.revise_checklist(task, [], version=2, by=world.people.office)
