"""Hazards moved by programs: the table, the person, the reason, each with its own answer."""

import datetime as dt

import pytest
from django.utils import timezone

from bihuan.hazards.models import Hazard
from bihuan.hazards.tests.factories import SIX_PARTS, make_closed, make_hazard, make_submitted
from bihuan.inspections.tests.factories import photo


def after(days: int) -> str:
    return (timezone.localdate() + dt.timedelta(days=days)).isoformat()


@pytest.fixture
def move(call):
    def moving(who: str, hazard: Hazard, **body):
        return call(who).post(f"/hazards/{hazard.pk}/moves", body)

    return moving


@pytest.fixture
def picture(world):
    return lambda who: photo(getattr(world.people, who))


def test_the_short_path(stage, move, picture):
    hazard = make_hazard(stage.world, enterprise=stage.stall, source=Hazard.Source.TIP)
    done = {"text": "已加装钢瓶固定链", "photos": [picture("qingshi_officer")]}
    steps = [
        ("qingshi_officer", {"move": "confirm", "due_on": after(10)}, "reported", "rectifying"),
        ("office", {"move": "extend", "due_on": after(14), "reason": "全市统一顺延"}, "rectifying", "rectifying"),
        ("qingshi_officer", {"move": "submit", **done, "funds_spent": "80.50"}, "rectifying", "reinspecting"),
        ("inspector", {"move": "send_back", "reason_type": "other", "reason": "只固定了一只"}, "reinspecting", "rectifying"),
        ("qingshi_officer", {"move": "submit", **done}, "rectifying", "reinspecting"),
        ("inspector", {"move": "close", "reason": "两只都已固定"}, "reinspecting", "closed"),
        ("office", {"move": "reopen", "reason": "回头看发现又松脱"}, "closed", "rectifying"),
    ]  # fmt: skip
    for who, body, before, now in steps:
        response = move(who, hazard, **body)
        assert response.status_code == 201, (body, response.content.decode())
        line = response.json()
        assert (line["move"], line["from_status"], line["to_status"]) == (body["move"], before, now)
    hazard.refresh_from_db()
    assert (hazard.status, hazard.round) == ("rectifying", 2)
    assert hazard.transitions.count() == 1 + len(steps)


def test_the_long_path(stage, move, picture):
    hazard = make_hazard(stage.world, enterprise=stage.stall)
    evaluation = {
        "evaluator": "云溪市安全生产专家库", "measures_done": True, "risk_before": "red", "risk_after": "blue",
        "funds_in_place": True, "staff_informed": True, "conclusion": "治理有效",
    }  # fmt: skip
    finished = {"text": "已拆除并换管", "photos": [picture("qingshi_officer")]}
    steps = [
        ("housing", {"move": "grade_major", "reason": "气瓶间与厨房相通"}, "planning"),
        ("qingshi_officer", {"move": "report_major", "causes": "私自改建", "danger": "泄漏即可能爆燃"}, "planning"),
        ("qingshi_officer", {"move": "submit_plan", **SIX_PARTS, "due_on": after(60)}, "plan_review"),
        ("office", {"move": "return_plan", "reason": "没有写停气期间怎样供餐"}, "planning"),
        ("qingshi_officer", {"move": "submit_plan", **SIX_PARTS, "due_on": after(60)}, "plan_review"),
        ("office", {"move": "approve_plan"}, "rectifying"),
        ("qingshi_officer", {"move": "apply_acceptance", **finished}, "accepting"),
        ("office", {"move": "refuse_acceptance", "team": "赵安和、李建明", "reason": "隔墙未封顶"}, "rectifying"),
        ("qingshi_officer", {"move": "apply_acceptance", **finished}, "accepting"),
        ("office", {"move": "accept", "team": "赵安和、李建明"}, "evaluating"),
        ("office", {"move": "fail_evaluation", **evaluation, "conclusion": "未验证报警联动"}, "rectifying"),
        ("qingshi_officer", {"move": "apply_acceptance", **finished}, "accepting"),
        ("office", {"move": "accept", "team": "赵安和、李建明"}, "evaluating"),
        ("office", {"move": "close_major", **evaluation}, "closed"),
    ]  # fmt: skip
    for who, body, now in steps:
        response = move(who, hazard, **body)
        assert response.status_code == 201, (body, response.content.decode())
        assert response.json()["to_status"] == now


def test_nobody_lists_a_hazard_directly_and_only_a_mark_without_listing_is_taken_off(stage, move):
    """A listing begins with a report and ends with signatures (bihuan.listings): no act of the hazard does either."""
    hazard = make_hazard(stage.world, enterprise=stage.stall, level="major")
    refused = move("office", hazard, move="place_under_supervision", reason="涉及夜市人群密集")
    assert refused.status_code == 422
    hazard.refresh_from_db()
    assert not hazard.is_supervised
    Hazard.objects.filter(pk=hazard.pk).update(
        is_supervised=True, status="closed", closed_on=hazard.found_on, closed_at=timezone.now()
    )
    assert move("office", hazard, move="lift_supervision", reason="历史导入的标记").status_code == 201
    hazard.refresh_from_db()
    assert not hazard.is_supervised


def test_the_remaining_moves(stage, move, picture):
    world = stage.world
    reported = make_hazard(world, source=Hazard.Source.TIP)
    assert move("qingshi_officer", reported, move="dismiss", reason="现场没有该店").status_code == 201
    fresh = make_hazard(world)
    photos = {"before": [picture("inspector")], "after": [picture("inspector")]}
    assert move("inspector", fresh, move="fix_on_spot", text="当场换管", **photos).status_code == 201
    major = make_hazard(world, level="major")
    assert move("office", major, move="downgrade", reason="复核不符合条款").status_code == 201
    given = make_hazard(world)
    housing = world.organizations.housing
    body = {"move": "assign", "organization": housing.pk, "reason": "归口住建"}
    assert move("office", given, **body).status_code == 201
    given.refresh_from_db()
    assert given.reviewing_organization == housing


@pytest.mark.parametrize(
    ("make", "body"),
    [
        (make_hazard, {"move": "close"}),
        (make_hazard, {"move": "confirm"}),
        (make_hazard, {"move": "approve_plan"}),
        (make_submitted, {"move": "reopen", "reason": "反弹"}),
        (make_closed, {"move": "close"}),
        (make_closed, {"move": "assign", "reason": "归口", "organization": "housing"}),
    ],
)
def test_what_the_table_forbids_is_409(stage, move, make, body):
    hazard = make(stage.world)
    if "organization" in body:
        body = body | {"organization": stage.world.organizations.housing.pk}
    lines = hazard.transitions.count()
    response = move("office", hazard, **body)
    assert response.status_code == 409
    assert "状态已变化" in response.json()["detail"]
    assert hazard.transitions.count() == lines


@pytest.mark.parametrize(
    ("make", "body", "where"),
    [
        (make_hazard, {"move": "grade_major"}, "须填写理由"),
        (make_submitted, {"move": "send_back"}, "须填写理由"),
        (make_submitted, {"move": "send_back", "reason_type": "no_such"}, "no_such"),
        (make_closed, {"move": "reopen", "reason": "  "}, "须填写理由"),
        (make_hazard, {"move": "extend", "due_on": "0001-01-01", "reason": "顺延"}, "2000年至2100年"),
        (make_hazard, {"move": "extend", "due_on": "9999-12-31", "reason": "顺延"}, "2000年至2100年"),
        (make_hazard, {"move": "report"}, "没有这个动作"),
        (make_hazard, {"reason": "没有动作"}, "须注明 move"),
        (make_submitted, {"move": "close", "reason": "好" * 501}, "500"),
        (make_submitted, {"move": "close", "resaon": "错别字"}, "resaon"),
        (make_submitted, {"move": "close", "reason": "合\x00格"}, "控制字符"),
        (make_submitted, {"move": "close", "photos": ["8f14e45f-ceea-467f-a8f4-1f5d4d6c1c5a"]}, "附件不存在"),
        (make_hazard, {"move": "assign", "organization": 999999, "reason": "归口"}, "organization"),
    ],
)
def test_what_is_missing_or_wrong_is_422(stage, move, make, body, where):
    hazard = make(stage.world)
    response = move("office", hazard, **body)
    assert response.status_code == 422
    assert where in response.content.decode()


def test_the_wrong_person_is_403(stage, move, picture):
    # The shop has an account: nobody hands in for it.
    hazard = make_hazard(stage.world)
    handed = {"move": "submit", "text": "代交", "photos": [picture("office")]}
    assert move("office", hazard, **handed).status_code == 403
    # Whoever handed it in on behalf does not judge it.
    mine = make_hazard(stage.world, enterprise=stage.stall)
    own = {"move": "submit", "text": "已改", "photos": [picture("qingshi_officer")]}
    assert move("qingshi_officer", mine, **own).status_code == 201
    assert move("qingshi_officer", mine, move="close").status_code == 403
    # An inspector does not decide on time.
    refused = move("inspector", stage.on_behalf, move="extend", due_on=after(20), reason="顺延")
    assert refused.status_code == 403
    assert "不能办理" in refused.json()["detail"]


def test_an_extension_is_decided_once_and_not_by_whoever_asked(stage, call):
    path = f"/extensions/{stage.extension.pk}/decision"
    assert call("qingshi_officer").post(path, {"approved": True}).status_code == 403
    assert call("office").post(path, {"approved": False}).status_code == 422
    granted = call("office").post(path, {"approved": True, "reason": "同意"})
    assert granted.json()["status"] == "approved"
    stage.on_behalf.refresh_from_db()
    # On a day of rest the deadline rolls to the next working day.
    assert stage.on_behalf.due_on.isoformat() >= granted.json()["requested_due_on"]
    assert call("office").post(path, {"approved": True}).status_code == 409


def test_photos_come_back_with_what_they_prove(stage, move, call, picture):
    image = picture("qingshi_officer")
    move("qingshi_officer", stage.rectifying, move="submit", text="已固定", photos=[image])
    rows = call("office").get(f"/hazards/{stage.rectifying.pk}/rectifications").json()["items"]
    assert [file["id"] for file in rows[0]["attachments"]["after"]] == [image]
    downloaded = call("office").get(f"/attachments/{image}/content")
    assert downloaded.status_code == 200
    assert downloaded["Content-Type"] == "image/jpeg"
    assert call("outsider").get(f"/attachments/{image}").status_code == 404
