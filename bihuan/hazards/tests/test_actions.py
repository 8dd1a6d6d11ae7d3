"""What people do with a hazard, told as they would tell it."""

import datetime as dt
import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.audit.models import Event
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards import actions
from bihuan.hazards.models import Extension, Hazard, HazardTransition
from bihuan.hazards.tests.factories import (
    SIX_PARTS,
    make_accepting,
    make_closed,
    make_hazard,
    make_major,
    make_submitted,
)
from bihuan.hazards.workflow import Move, Status
from bihuan.jobs import actions as jobs
from bihuan.jobs import running, selections
from bihuan.jobs.models import Job
from bihuan.jobs.selections import do_each
from bihuan.notifications.models import Message
from bihuan.tally.queries import totals

DAY = dt.timedelta(days=1)


def open_duties(hazard):
    return {
        (duty.kind, duty.organization.short_name, duty.post.title if duty.post else None)
        for duty in Duty.objects.open().filter(subject=f"hazards.hazard:{hazard.pk}").select_related("post", "organization")
    }  # fmt: skip


def figures(world, on=None):
    return totals(on=on or timezone.localdate(), region="5397")


# --- the short path ----------------------------------------------------------------------------


def test_what_an_inspector_finds_is_being_rectified_with_a_clock_and_a_duty(world):
    hazard = make_hazard(world, found_on=dt.date(2026, 9, 1))
    assert hazard.status == Status.RECTIFYING
    assert hazard.due_on == dt.date(2026, 9, 16)  # fifteen days after 1 September, a Wednesday
    assert hazard.clock["rule"] == "hazard.rectify.general"
    assert hazard.department == world.organizations.housing
    assert hazard.reviewing_organization == world.organizations.qingshi
    assert open_duties(hazard) == {("hazard_rectify", "好味来面馆", "安全管理人")}
    assert list(HazardTransition.objects.values_list("move", "from_status", "to_status", "round")) == [
        ("record", "", "rectifying", 1)
    ]
    assert figures(world).found == 1


def test_the_whole_loop_of_a_general_hazard(world, django_capture_on_commit_callbacks):
    hazard = make_hazard(world)
    with django_capture_on_commit_callbacks(execute=True):
        first = actions.submit_rectification(hazard, text="已砌墙", by=world.people.shop)
    assert (hazard.status, hazard.submitted_on) == (Status.REINSPECTING, timezone.localdate())
    assert open_duties(hazard) == {("hazard_review", "青石街道", "应急办")}
    with django_capture_on_commit_callbacks(execute=True):
        actions.reinspect(hazard, passed=False, reason_type="photo_mismatch", by=world.people.inspector2)
    assert (hazard.status, hazard.submitted_on) == (Status.RECTIFYING, None)
    sent = Message.objects.get(recipient=world.people.shop, category="result")
    assert sent.title == "退回整改：气瓶间与厨房连通"
    assert sent.body.startswith("照片不符")
    second = actions.submit_rectification(hazard, text="换角度重拍", by=world.people.shop)
    judgement = actions.reinspect(hazard, passed=True, by=world.people.qingshi_officer)
    assert judgement.rectification == second != first
    assert (hazard.status, hazard.closed_on) == (Status.CLOSED, timezone.localdate())
    assert open_duties(hazard) == set()
    assert [line.move for line in hazard.transitions.all()] == [
        "record", "submit", "send_back", "submit", "close"
    ]  # fmt: skip
    assert (figures(world).found, figures(world).closed, figures(world).overdue) == (1, 1, 0)


def test_every_act_is_recorded_for_hazard_line_and_evidence(world):
    hazard = make_submitted(world)
    done = hazard.rectifications.get()
    assert list(Event.objects.filter(chain=f"hazards.hazard:{hazard.pk}").values_list("act", flat=True)) == [
        "hazards.record", "hazards.submit"
    ]  # fmt: skip
    assert Event.objects.filter(chain=f"hazards.rectification:{done.pk}", act="hazards.submit").count() == 1
    for line in hazard.transitions.all():
        assert Event.objects.filter(chain=f"hazards.hazardtransition:{line.pk}").count() == 1


def test_a_hazard_fixed_on_the_spot_is_closed_the_day_it_was_found(world):
    yesterday = timezone.localdate() - DAY
    hazard = make_hazard(world, found_on=yesterday)
    actions.fix_on_spot(hazard, text="当场更换软管", before=(), after=(), by=world.people.inspector)
    assert (hazard.status, hazard.closed_on, hazard.fixed_on_spot) == (Status.CLOSED, yesterday, True)
    assert open_duties(hazard) == set()
    assert totals(on=yesterday, region="5397").closed == 1
    assert figures(world).overdue == 0


def test_on_the_spot_is_refused_the_day_after(world):
    hazard = make_hazard(world)
    Hazard.objects.update(found_at=timezone.now() - DAY)
    hazard.refresh_from_db()
    with pytest.raises(Refused, match="登记当日"):
        actions.fix_on_spot(hazard, text="已改", before=(), after=(), by=world.people.inspector)


def test_on_the_spot_is_over_once_the_enterprise_has_handed_in(world):
    hazard = make_submitted(world)
    actions.reinspect(hazard, passed=False, reason_type="not_rectified", by=world.people.inspector2)
    with pytest.raises(Refused, match="提交整改之前"):
        actions.fix_on_spot(hazard, text="已改", before=(), after=(), by=world.people.inspector)


def test_a_second_of_two_stale_reviewers_is_refused(world):
    mine = make_submitted(world)
    theirs = Hazard.objects.get(pk=mine.pk)
    actions.reinspect(mine, passed=True, by=world.people.qingshi_officer)
    with pytest.raises(IllegalMove, match="已销号"):
        actions.reinspect(theirs, passed=False, reason_type="not_rectified", by=world.people.inspector2)
    assert mine.reinspections.count() == 1


def test_a_deadline_moved_meanwhile_refuses_the_outdated_view(world):
    hazard = make_hazard(world)
    outdated = Hazard.objects.get(pk=hazard.pk)
    actions.extend_ex_officio(hazard, to=hazard.due_on + 5 * DAY, reason="统一顺延", by=world.people.office)
    with pytest.raises(IllegalMove):
        actions.submit_rectification(outdated, text="已改", by=world.people.shop)


def test_sending_back_needs_a_typed_reason(world):
    hazard = make_submitted(world)
    with pytest.raises(ReasonRequired):
        actions.reinspect(hazard, passed=False, text="不行", by=world.people.inspector2)
    with pytest.raises(Refused, match="写明具体情况"):
        actions.reinspect(hazard, passed=False, reason_type="other", by=world.people.inspector2)
    with pytest.raises(Refused, match="没有名为"):
        actions.reinspect(hazard, passed=False, reason_type="because", by=world.people.inspector2)
    assert hazard.reinspections.count() == 0


def test_the_bare_door_wants_the_evidence_the_table_names(world):
    hazard = make_submitted(world)
    with pytest.raises(Refused, match="须附相应材料"):
        actions.move_hazard(hazard, Move.CLOSE, by=world.people.qingshi_officer)
    with pytest.raises(Refused, match="须附相应材料"):
        actions.move_hazard(
            hazard, Move.CLOSE, by=world.people.qingshi_officer, evidence=hazard.rectifications.get()
        )


def test_reopening_makes_a_new_round_with_a_new_clock_and_keeps_the_old_evidence(world):
    hazard = make_closed(world)
    first = hazard.rectifications.get()
    actions.reopen(hazard, reason="回访发现又连通", by=world.people.qingshi_leader)
    assert (hazard.status, hazard.round, hazard.closed_on, hazard.closed_at) == (
        Status.RECTIFYING,
        2,
        None,
        None,
    )
    assert hazard.clock["start"] == timezone.localdate().isoformat()
    assert open_duties(hazard) == {("hazard_rectify", "好味来面馆", "安全管理人")}
    actions.submit_rectification(hazard, text="重新砌墙", by=world.people.shop)
    assert list(hazard.rectifications.values_list("round", "text")) == [(1, "已砌墙隔开"), (2, "重新砌墙")]
    assert first.round == 1
    assert (figures(world).found, figures(world).closed) == (1, 0)


def test_a_tip_waits_for_confirmation_and_may_be_dismissed(world):
    hazard = make_hazard(world, source=Hazard.Source.TIP)
    assert (hazard.status, hazard.due_on) == (Status.REPORTED, None)
    assert open_duties(hazard) == {("hazard_confirm", "青石街道", "应急办")}
    other = make_hazard(world, source=Hazard.Source.TIP, description="楼道堆气瓶")
    assert figures(world).found == 2
    actions.confirm(hazard, by=world.people.qingshi_officer)
    assert hazard.status == Status.RECTIFYING
    assert hazard.due_on is not None
    with pytest.raises(ReasonRequired):
        actions.dismiss(other, reason=" ", by=world.people.qingshi_officer)
    actions.dismiss(other, reason="现场没有气瓶", by=world.people.qingshi_officer)
    assert open_duties(other) == set()
    assert figures(world).found == 1


def test_what_the_enterprise_finds_itself_needs_no_confirmation(world):
    hazard = make_hazard(world, by=world.people.shop, source=Hazard.Source.SELF_CHECK)
    assert hazard.status == Status.RECTIFYING
    assert hazard.transitions.get().move == "self_report"
    assert hazard.reviewing_organization == world.organizations.qingshi


# --- entering ----------------------------------------------------------------------------------


def test_the_same_device_number_twice_is_one_hazard(world):
    number = uuid.uuid4()
    assert make_hazard(world, client_id=number) == make_hazard(world, client_id=number)
    assert HazardTransition.objects.count() == 1
    assert figures(world).found == 1


def test_a_device_number_of_another_hazard_is_refused(world):
    number = uuid.uuid4()
    make_hazard(world, client_id=number)
    with pytest.raises(Refused, match="设备编号"):
        make_hazard(world, client_id=number, by=world.people.inspector2)


def test_an_inspector_may_set_the_deadline_within_the_limit(world):
    found = dt.date(2026, 9, 1)
    hazard = make_hazard(world, found_on=found, due_on=dt.date(2026, 9, 4))
    assert hazard.due_on == dt.date(2026, 9, 4)
    assert "检查人员" in hazard.clock["source"]
    with pytest.raises(Refused, match="2026-10-16"):  # 16 September and thirty days more
        make_hazard(world, found_on=found, due_on=dt.date(2026, 10, 17))
    with pytest.raises(Refused, match="早于起算日"):
        make_hazard(world, found_on=found, due_on=dt.date(2026, 8, 31))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"description": " "}, "隐患描述"),
        ({"found_on": dt.date(2099, 1, 1)}, "今天之后"),
        ({"found_on": dt.date(1, 1, 1)}, "超出可计算范围"),
        ({"found_on": dt.date(9999, 12, 31)}, "超出可计算范围"),
        ({"source": "import"}, "导入台账"),
        ({"level": "general", "criterion_code": "G5-1"}, "一般隐患不填"),
        ({"level": "major", "criterion_code": "X9"}, "不存在"),
        ({"source": "tip", "due_on": dt.date(2026, 12, 1)}, "核实时才确定"),
    ],
)
def test_bad_entries_are_refused_with_their_place(world, fields, message):
    with pytest.raises(Refused, match=message):
        make_hazard(world, **fields)
    assert Hazard.objects.count() == 0


# --- who may -----------------------------------------------------------------------------------


def test_finding_it_gives_no_right_to_judge_it(world):
    """The market bureau found it, the review was handed to the street: the bureau no longer judges."""
    hazard = make_submitted(world)
    Hazard.objects.filter(pk=hazard.pk).update(found_organization=world.organizations.market)
    hazard.refresh_from_db()
    with pytest.raises(PermissionDenied):
        actions.reinspect(hazard, passed=True, by=world.people.market)


@pytest.mark.parametrize("who", ["qingshi_officer", "inspector2", "housing", "county_office", "office"])
def test_reviewer_department_and_those_above_may_judge(world, who):
    hazard = make_submitted(world)
    actions.reinspect(hazard, passed=True, by=getattr(world.people, who))
    assert hazard.status == Status.CLOSED


@pytest.mark.parametrize(
    "who",
    [
        "outsider",
        "market",
        "shop",
        "station",
        "expert",
        "inspectorate",
        "qingshi_leader",
        "sysadmin",
        "auditor",
    ],
)
def test_others_may_not_judge(world, who):
    hazard = make_submitted(world)
    with pytest.raises(PermissionDenied):
        actions.reinspect(hazard, passed=True, by=getattr(world.people, who))


def test_an_enterprise_rectifies_only_its_own(world):
    hazard = make_hazard(world)
    for who in ("station", "inspector", "qingshi_officer", "office"):
        with pytest.raises(PermissionDenied):
            actions.submit_rectification(hazard, text="已改", by=getattr(world.people, who))


def test_without_an_account_the_locality_is_pressed_and_may_enter_it(world):
    shop = world.enterprises.shop
    shop.organization = None
    shop.save()
    hazard = make_hazard(world)
    duty = Duty.objects.open().get()
    assert duty.title == "代企业督办·整改隐患：云溪区好味来面馆 气瓶间与厨房连通"
    assert duty.organization == world.organizations.qingshi
    done = actions.submit_rectification(hazard, text="已砌墙", by=world.people.inspector)
    assert done.on_behalf
    assert not make_submitted_by_shop_is_possible(world)
    with pytest.raises(PermissionDenied):  # nobody judges what he handed in himself
        actions.reinspect(hazard, passed=True, by=world.people.inspector)
    actions.reinspect(hazard, passed=True, by=world.people.inspector2)
    assert hazard.status == Status.CLOSED


def make_submitted_by_shop_is_possible(world):
    hazard = make_hazard(world, description="灭火器过期")
    return Move.SUBMIT in actions.available_moves(hazard, by=world.people.shop)


def test_available_moves_say_what_each_may_do(world):
    hazard = make_hazard(world)
    moves = {
        who: actions.available_moves(hazard, by=getattr(world.people, who)) for who in vars(world.people)
    }
    assert moves["shop"] == [Move.SUBMIT]
    assert moves["inspector"] == [Move.MERGE, Move.FIX_ON_SPOT]
    assert moves["qingshi_officer"] == [Move.MERGE, Move.FIX_ON_SPOT, Move.ASSIGN]
    assert moves["qingshi_leader"] == [Move.EXTEND]
    assert moves["housing"] == [Move.MERGE, Move.GRADE_MAJOR, Move.FIX_ON_SPOT, Move.ASSIGN]
    assert moves["office"] == [Move.MERGE, Move.GRADE_MAJOR, Move.FIX_ON_SPOT, Move.EXTEND, Move.ASSIGN]
    for who in (
        "market",
        "outsider",
        "baita_leader",
        "station",
        "expert",
        "inspectorate",
        "sysadmin",
        "auditor",
    ):
        assert moves[who] == []


# --- more time ---------------------------------------------------------------------------------


def test_an_extension_is_asked_decided_by_another_and_moves_every_clock(world):
    hazard = make_hazard(world)
    old = hazard.due_on
    asked = actions.request_extension(
        hazard,
        requested_due_on=old + 10 * DAY,
        reason="等设备到货",
        interim_measures="停用气瓶间",
        by=world.people.shop,
    )
    assert ("extension", "青石街道", "主任") in open_duties(hazard)
    with pytest.raises(IllegalMove, match="等待审批"):
        actions.request_extension(
            hazard,
            requested_due_on=old + 9 * DAY,
            reason="再要",
            interim_measures="停用",
            by=world.people.shop,
        )
    for who in ("shop", "inspector", "baita_leader"):
        with pytest.raises(PermissionDenied):
            actions.decide_extension(asked, approved=True, by=getattr(world.people, who))
    before = figures(world, on=old + DAY).overdue
    actions.decide_extension(asked, approved=True, by=world.people.qingshi_leader)
    hazard.refresh_from_db()
    assert hazard.due_on >= old + 10 * DAY  # rolled on if that is not a working day
    assert Duty.objects.open().get().due_on == hazard.due_on
    assert (before, figures(world, on=old + DAY).overdue) == (1, 0)
    assert figures(world, on=hazard.due_on + DAY).overdue == 1


def test_an_extension_refused_needs_words_and_leaves_the_deadline(world):
    hazard = make_hazard(world)
    asked = actions.request_extension(
        hazard,
        requested_due_on=hazard.due_on + DAY,
        reason="忙",
        interim_measures="停用",
        by=world.people.shop,
    )
    with pytest.raises(ReasonRequired):
        actions.decide_extension(asked, approved=False, by=world.people.office_leader)
    actions.decide_extension(asked, approved=False, note="设备已到货", by=world.people.office_leader)
    assert asked.status == "rejected"
    assert [duty[0] for duty in open_duties(hazard)] == ["hazard_rectify"]
    with pytest.raises(IllegalMove, match="已经办理"):
        actions.decide_extension(asked, approved=True, by=world.people.qingshi_leader)


def test_limits_of_an_extension(world):
    hazard = make_hazard(world)
    ask = {"reason": "等货", "interim_measures": "停用", "by": world.people.shop}
    with pytest.raises(Refused, match="最长30日"):
        actions.request_extension(hazard, requested_due_on=hazard.due_on + 31 * DAY, **ask)
    with pytest.raises(Refused, match="晚于现期限"):
        actions.request_extension(hazard, requested_due_on=hazard.due_on, **ask)
    late = make_hazard(world, found_on=timezone.localdate() - 10 * DAY, description="软管老化")
    with pytest.raises(Refused, match="须在期限届满前10日"):
        actions.request_extension(late, requested_due_on=late.due_on + DAY, **ask)


def test_handing_in_withdraws_a_pending_request(world):
    hazard = make_hazard(world)
    actions.request_extension(
        hazard,
        requested_due_on=hazard.due_on + DAY,
        reason="忙",
        interim_measures="停用",
        by=world.people.shop,
    )
    actions.submit_rectification(hazard, text="提前改好了", by=world.people.shop)
    assert Extension.objects.get().status == "withdrawn"
    assert open_duties(hazard) == {("hazard_review", "青石街道", "应急办")}


def test_a_leader_of_a_locality_does_not_extend_major_hazards(world):
    hazard = make_major(world)
    assert Move.EXTEND not in actions.available_moves(hazard, by=world.people.qingshi_leader)
    assert Move.EXTEND in actions.available_moves(hazard, by=world.people.housing_leader)


def test_many_at_once_answer_one_by_one(world):
    first, second, closed = (
        make_hazard(world),
        make_hazard(world, description="灭火器过期"),
        make_closed(world),
    )
    elsewhere = make_hazard(world, description="别处的").pk + 1000
    picked = [first.pk, closed.pk, elsewhere, second.pk]
    wanted = {"to": (first.due_on + 5 * DAY).isoformat(), "reason": "雨灾停工"}
    job = do_each("hazards.extend", picked, wanted, by=world.people.office)
    assert (job.state, job.message) == ("done", "办成 2 项，未办成 2 项")
    assert [each["url"] for each in job.problems] == [closed.get_absolute_url(), ""]
    assert "不再计时" in job.problems[0]["words"]
    assert Hazard.objects.filter(due_on__gt=first.due_on).count() == 2
    refused = do_each("hazards.extend", [first.pk], wanted, by=world.people.qingshi_leader)
    assert "岗位" in refused.problems[0]["words"]


def test_many_at_once_stopped_and_gone_on_with_are_dealt_with_once(
    world, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(selections, "DIRECT", 0)
    monkeypatch.setattr(running, "WRITE_SECONDS", 0)
    hazards = [make_hazard(world, description=f"隐患{number}") for number in range(4)]
    wanted = {"to": (hazards[0].due_on + 5 * DAY).isoformat(), "reason": "雨灾停工"}
    real = selections._deal_with

    def stops_after_two(job, act, pk, *rest):
        if pk == hazards[2].pk:
            Job.objects.update(cancel_wanted=True)
        return real(job, act, pk, *rest)

    monkeypatch.setattr(selections, "_deal_with", stops_after_two)
    with django_capture_on_commit_callbacks(execute=True):
        job = do_each("hazards.extend", [each.pk for each in hazards], wanted, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, job.message) == ("stopped", "办成 3 项；其余 1 项没有办，可以继续")
    monkeypatch.setattr(selections, "_deal_with", real)
    with django_capture_on_commit_callbacks(execute=True):
        jobs.resume(job, by=world.people.office)
    job.refresh_from_db()
    assert (job.state, job.done, job.problems) == ("done", 4, [])
    assert HazardTransition.objects.filter(move=Move.EXTEND).count() == 4


def test_handing_over_moves_the_review_duty(world):
    hazard = make_submitted(world)
    actions.assign(
        hazard, organization=world.organizations.market, reason="属特种设备", by=world.people.office
    )
    assert open_duties(hazard) == {("hazard_review", "市市场监管局", "特设科")}
    actions.reinspect(hazard, passed=True, by=world.people.market)
    with pytest.raises(Refused, match="不管辖"):
        actions.assign(
            make_hazard(world), organization=world.organizations.baita, reason="错派", by=world.people.office
        )


# --- the long path -----------------------------------------------------------------------------


def test_the_whole_path_of_a_major_hazard(world):
    hazard = make_hazard(world)
    general_due = hazard.due_on
    actions.grade_major(hazard, reason="须停产整改", by=world.people.housing)
    assert (hazard.status, hazard.level) == (Status.PLANNING, "major")
    assert hazard.due_on > general_due
    assert {duty[0] for duty in open_duties(hazard)} == {"report", "major_plan"}
    assert (figures(world).found_major, figures(world).found) == (1, 1)
    with pytest.raises(Refused, match="先报送重大隐患报告"):
        actions.submit_major_plan(hazard, **SIX_PARTS, due_on=hazard.due_on, by=world.people.shop)
    actions.report_major(hazard, causes="占压", danger="泄漏", by=world.people.shop)
    assert {duty[0] for duty in open_duties(hazard)} == {"major_plan"}
    with pytest.raises(Refused, match="经费和物资"):
        actions.submit_major_plan(
            hazard, **(SIX_PARTS | {"funding": " "}), due_on=hazard.due_on, by=world.people.shop
        )
    agreed = timezone.localdate() + 30 * DAY
    plan = actions.submit_major_plan(hazard, **SIX_PARTS, due_on=agreed, by=world.people.shop)
    assert open_duties(hazard) == {("major_plan_review", "市住建局", "局长")}
    actions.review_major_plan(plan, approved=False, opinion="缺监护措施", by=world.people.housing_leader)
    hazard.refresh_from_db()
    assert {duty[0] for duty in open_duties(hazard)} == {"major_plan"}  # the report stands
    plan = actions.submit_major_plan(hazard, **SIX_PARTS, due_on=agreed, by=world.people.shop)
    actions.place_under_supervision(hazard, reason="挂市级", by=world.people.office)
    plan = type(plan).objects.get(pk=plan.pk)
    actions.review_major_plan(plan, approved=True, opinion="", by=world.people.office)
    hazard.refresh_from_db()
    assert (hazard.status, hazard.due_on, hazard.is_supervised) == (Status.RECTIFYING, agreed, True)
    actions.apply_acceptance(hazard, text="已拆除", by=world.people.shop)
    assert open_duties(hazard) == {("major_acceptance", "市住建局", "局长")}
    actions.record_acceptance(
        hazard, team="李某、外聘专家一人", passed=False, opinion="管沟未回填", by=world.people.housing_leader
    )
    assert hazard.status == Status.RECTIFYING
    actions.apply_acceptance(hazard, text="已回填", by=world.people.shop)
    actions.record_acceptance(
        hazard, team="原验收组", passed=True, opinion="", by=world.people.housing_leader
    )
    assert open_duties(hazard) == {("major_evaluation", "市住建局", "局长")}
    judged = {
        "evaluator": "市安全评价中心", "measures_done": True, "risk_before": "red", "risk_after": "blue",
        "funds_in_place": True, "conclusion": "隐患已消除",
    }  # fmt: skip
    with pytest.raises(Refused, match="从业人员"):
        actions.record_evaluation(hazard, **judged, staff_informed=False, passed=True, by=world.people.office)
    actions.record_evaluation(hazard, **judged, staff_informed=True, passed=True, by=world.people.office)
    assert hazard.status == Status.CLOSED
    assert (figures(world).closed_major, figures(world).closed, figures(world).overdue_major) == (1, 1, 0)
    actions.lift_supervision(hazard, reason="验收合格", by=world.people.office)
    assert not hazard.is_supervised
    assert open_duties(hazard) == set()


def test_a_failed_evaluation_goes_back_to_rectification(world):
    hazard = make_accepting(world)
    actions.record_acceptance(hazard, team="三人", passed=True, opinion="", by=world.people.housing_leader)
    actions.record_evaluation(
        hazard, evaluator="中心", measures_done=False, risk_before="red", risk_after="red", funds_in_place=True,
        staff_informed=False, conclusion="仍有残余风险", passed=False, by=world.people.housing_leader,
    )  # fmt: skip
    assert hazard.status == Status.RECTIFYING
    assert open_duties(hazard) == {("hazard_rectify", "好味来面馆", "安全管理人")}


def test_downgrading_starts_the_general_clock(world):
    hazard = make_major(world)
    actions.downgrade(hazard, reason="专家认定不属重大", by=world.people.housing_leader)
    assert (hazard.status, hazard.level) == (Status.RECTIFYING, "general")
    assert hazard.clock["rule"] == "hazard.rectify.general"
    assert figures(world).found_major == 0


def test_supervision_is_placed_once(world):
    hazard = make_major(world)
    actions.place_under_supervision(hazard, reason="挂牌", by=world.people.office_leader)
    with pytest.raises(IllegalMove, match="已经挂牌"):
        actions.place_under_supervision(hazard, reason="再挂", by=world.people.office_leader)
    with pytest.raises(PermissionDenied):
        actions.place_under_supervision(hazard, reason="挂牌", by=world.people.housing_leader)
