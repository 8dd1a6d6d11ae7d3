"""A visit is recorded whole or not at all, once however often it is sent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.attachments.models import Attachment, Signature
from bihuan.audit.models import Event
from bihuan.campaigns.models import Assignment
from bihuan.core.digest import matches
from bihuan.core.errors import Refused
from bihuan.hazards.models import Hazard
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Answer, Coverage, Inspection
from bihuan.inspections.submission import AnswerGiven, InspectionRefused, SignatureGiven
from bihuan.papers.models import Paper
from bihuan.tally.models import Delta

from .factories import deadline, drawn, fixed, member, visit


def refusal(given, by) -> str:
    """The one problem the visit is refused for; nothing may be left behind."""
    with pytest.raises(InspectionRefused) as caught:
        submit_inspection(given, by=by)
    assert not Inspection.objects.exists()
    assert not Hazard.objects.exists()
    assert not Paper.objects.exists()
    assert not Coverage.objects.exists()
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0].message


def test_a_clean_visit_is_recorded_signed_counted_and_put_on_paper(world, people, gas):
    inspection = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)

    assert inspection.is_clean
    assert inspection.hazard_count == 0
    assert inspection.organization == world.organizations.qingshi
    assert inspection.department == world.organizations.housing
    assert (inspection.city_id, inspection.county_id, inspection.locality_id) == (
        "5397",
        "539702",
        "539702001",
    )
    assert [answer.verdict for answer in inspection.answers.all()] == ["pass", "pass", "pass", "pass"]
    assert Coverage.objects.get().first_inspection == inspection
    delta = Delta.objects.get()
    assert (delta.inspected, delta.inspected_clean, delta.covered, delta.found) == (1, 1, 1, 0)
    assert [(each.role, each.signer_name) for each in Signature.objects.all()] == [
        ("inspector", "冯走访"),
        ("accompanying", "蒋好味"),
    ]
    paper = Paper.objects.get()
    assert paper.kind == "inspection_record"
    assert paper.number == f"（青石）应急检记〔{inspection.inspected_on.year}〕1号"
    assert paper.recipient == world.organizations.shop
    assert Event.objects.get(act="inspections.submit").summary == "检查云溪区好味来面馆，未发现隐患"


def test_two_hazards_one_fixed_on_the_spot_one_with_a_deadline(world, people, gas):
    given = visit(
        world, gas, people.inspector, "pffp",
        findings={2: fixed(people.inspector), 3: deadline(people.inspector)},
    )  # fmt: skip
    inspection = submit_inspection(given, by=people.inspector)

    assert inspection.hazard_count == 2
    assert not inspection.is_clean
    soon, later = Hazard.objects.order_by("id")
    assert (soon.status, soon.fixed_on_spot, soon.check_item.position) == ("closed", True, 2)
    assert (later.status, later.fixed_on_spot, later.check_item.position) == ("rectifying", False, 3)
    assert later.responsible_person == "蒋好味"
    assert later.interim_measures == "停用后厨燃气，改用电灶"
    assert later.clock["days"] == 15
    assert later.task == gas.task
    assert later.department == world.organizations.housing
    assert later.reviewing_organization == world.organizations.qingshi
    assert [answer.hazard for answer in inspection.answers.all()] == [None, soon, later, None]
    record, order = Paper.objects.order_by("id")
    assert (record.kind, order.kind) == ("inspection_record", "rectification_order")
    assert (record.case_seq, order.case_seq) == (1, 1)
    assert order.number == f"（青石）应急责改〔{inspection.inspected_on.year}〕1号"
    assert order.due_on == later.due_on
    texts = str(order.content)
    assert "未安装可燃气体探测器和紧急切断阀" in texts
    assert "停用后厨燃气，改用电灶" in texts
    assert "行政复议" in texts
    assert "软管老化" not in texts
    assert "软管老化" in str(record.content)
    visits = Delta.objects.filter(inspected=1)
    assert [(each.inspected_clean, each.covered) for each in visits] == [(0, 1)]


def test_a_hazard_off_the_list_stands_after_the_items(world, people, gas):
    given = visit(world, gas, people.inspector, others=(deadline(people.inspector),))
    inspection = submit_inspection(given, by=people.inspector)
    last = inspection.answers.last()
    assert (last.position, last.check_item, last.verdict) == (5, None, "fail")
    assert last.hazard.description == "未安装可燃气体探测器和紧急切断阀"


def test_an_item_that_is_major_if_failed_takes_the_long_path(world, people, gas):
    finding = deadline(people.inspector, level="major", description="使用泄漏气瓶")
    given = visit(world, gas, people.inspector, "pppf", findings={4: finding})
    submit_inspection(given, by=people.inspector)
    assert Hazard.objects.get().status == "planning"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"interim_measures": " "}, "第 3 项不能立即整改，缺临时管控措施，请写明整改前怎么保证安全"),
        ({"responsible_person": ""}, "第 3 项限期改正，缺整改责任人，请填写"),
        ({"measures": ""}, "第 3 项限期改正，缺整改措施，请填写"),
        ({"funds": None}, "第 3 项限期改正，缺整改资金，请填写金额（元），不需要投入的填 0"),
        ({"contingency": ""}, "第 3 项限期改正，缺应急预案，请写明出现险情怎么办"),
        ({"photos": ()}, "第 3 项限期改正，缺现场照片，请补拍"),
        ({"description": ""}, "第 3 项没有写问题，请写明看到了什么"),
        ({"outcome": ""}, "第 3 项没有说怎么处理，请选“现场已改”或“限期改正”"),
        ({"location": "部" * 121}, "第 3 项的部位超过 120 字，请删减"),
        ({"level": "major"}, "第 3 项：认定重大隐患须有认定权限，请先登记为一般隐患，再报主管部门认定"),
        ({"photos": (str(uuid.uuid4()),)}, "第 3 项有照片没有传上来，请重新拍照"),
    ],
)  # fmt: skip
def test_what_a_deadline_hazard_lacks_is_named(world, people, gas, changes, message):
    finding = deadline(people.inspector, **changes)
    assert (
        refusal(visit(world, gas, people.inspector, "ppfp", findings={3: finding}), people.inspector)
        == message
    )


def test_a_deadline_may_not_lie_before_the_visit(world, people, gas):
    finding = deadline(people.inspector, due_on=dt.date(2026, 1, 1))
    message = refusal(visit(world, gas, people.inspector, "ppfp", findings={3: finding}), people.inspector)
    assert message.startswith("第 3 项：整改期限2026-01-01早于起算日")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"after_photos": ()}, "第 2 项现场已改，缺整改后照片，请补拍"),
        ({"photos": ()}, "第 2 项现场已改，缺整改前照片，请补拍"),
        ({"fix_text": ""}, "第 2 项现场已改，请写明怎么改的"),
    ],
)
def test_what_a_fix_on_the_spot_lacks_is_named(world, people, gas, changes, message):
    finding = fixed(people.inspector, **changes)
    assert (
        refusal(visit(world, gas, people.inspector, "pfpp", findings={2: finding}), people.inspector)
        == message
    )


def test_a_major_item_cannot_be_closed_on_the_spot(world, people, gas):
    finding = fixed(people.inspector, level="major")
    given = visit(world, gas, people.inspector, "pppf", findings={4: finding})
    assert refusal(given, people.inspector) == "第 4 项按重大隐患判定，不能当场销号，请选“限期改正”"


def test_a_major_item_cannot_be_played_down(world, people, gas):
    given = visit(world, gas, people.inspector, "pppf", findings={4: deadline(people.inspector)})
    assert refusal(given, people.inspector) == "第 4 项不合格即按重大隐患判定，不能登记为一般隐患"


def test_an_unanswered_item_is_named(world, people, gas):
    given = visit(world, gas, people.inspector)
    given = dataclasses.replace(given, answers=given.answers[:3])
    assert refusal(given, people.inspector) == "第 4 项没有回答，请选合格、不合格或不适用"


def test_a_failed_item_without_finding_is_named(world, people, gas):
    message = refusal(visit(world, gas, people.inspector, "fppp"), people.inspector)
    assert message == "第 1 项不合格，请写明问题，选“现场已改”或“限期改正”"


def test_enforcement_needs_a_second_inspector(world, people, gas):
    message = refusal(visit(world, gas, people.inspector, kind="enforcement"), people.inspector)
    assert message == "执法检查不得少于 2 名检查人员，请补充另一名持证人员，或改选其他类别"


def test_enforcement_needs_certificates(world, people, gas):
    members = (member(people.inspector), member(people.inspector2, certificate_no=""))
    message = refusal(
        visit(world, gas, people.inspector, kind="enforcement", members=members), people.inspector
    )
    assert message == "执法检查须持证：陈细看没有执法证号，请填写或换人"


def test_enforcement_by_two_certified_inspectors_is_recorded(world, people, gas):
    members = (member(people.inspector), member(people.inspector2))
    given = visit(world, gas, people.inspector, kind="enforcement", members=members)
    inspection = submit_inspection(given, by=people.inspector)
    assert [each.name for each in inspection.members.all()] == ["冯走访", "陈细看"]


def test_an_expert_joins_and_sees_the_visit_but_is_no_second_inspector(world, people, gas):
    alone = (member(people.inspector), member(people.expert, certificate_no=""))
    given = visit(world, gas, people.inspector, kind="enforcement", members=alone)
    assert refusal(given, people.inspector).startswith("执法检查不得少于 2 名检查人员")
    both = (*alone, member(people.inspector2))
    inspection = submit_inspection(dataclasses.replace(given, members=both), by=people.inspector)
    assert list(Inspection.objects.visible_to(people.expert)) == [inspection]


def test_an_expert_sees_the_hazards_of_a_visit_taken_part_in_and_no_others(world, people, gas):
    taken_part = visit(
        world, gas, people.inspector, "pfpp", members=(member(people.inspector), member(people.expert)),
        findings={2: fixed(people.inspector)},
    )  # fmt: skip
    inspection = submit_inspection(taken_part, by=people.inspector)
    submit_inspection(
        visit(world, gas, people.inspector, "pfpp", findings={2: fixed(people.inspector)}),
        by=people.inspector,
    )
    assert inspection.hazard_count == 1
    assert [hazard.answer.inspection for hazard in Hazard.objects.visible_to(people.expert)] == [inspection]


def test_strangers_inspect_together_only_when_it_is_joint(world, people, gas):
    members = (member(people.inspector), member(people.housing))
    given = visit(world, gas, people.inspector, members=members)
    assert refusal(given, people.inspector) == "李建明不是青石街道的人员，须按联合检查提交"
    submit_inspection(dataclasses.replace(given, is_joint=True), by=people.inspector)


def test_every_inspector_signs(world, people, gas):
    unsigned = dataclasses.replace(member(people.inspector), signature=None)
    message = refusal(visit(world, gas, people.inspector, members=(unsigned,)), people.inspector)
    assert message == "检查人员冯走访没有签名，请签名后提交"


def test_nobody_confirms_with_the_login_of_another(world, people, gas):
    members = (member(people.inspector), member(people.inspector2, signature=SignatureGiven("login")))
    message = refusal(visit(world, gas, people.inspector, members=members), people.inspector)
    assert message == "陈细看不能以别人的登录身份确认，请本人手写签名"


def test_the_accompanying_person_signs_or_the_refusal_says_why(world, people, gas):
    given = visit(world, gas, people.inspector, accompanying_signature=None)
    assert refusal(given, people.inspector) == "陪同人没有签名；拒绝签字的，请勾选并写明情况"
    mute = dataclasses.replace(given, accompanying_signature=SignatureGiven("refused"))
    assert refusal(mute, people.inspector) == "陪同人拒绝签字，请写明理由和在场情况"
    told = dataclasses.replace(
        given, accompanying_signature=SignatureGiven("refused", remark="认为不归本店管，街道网格员在场")
    )
    submit_inspection(told, by=people.inspector)
    assert Signature.objects.get(role="accompanying").method == "refused"


def test_an_enterprise_outside_the_task_is_refused(world, people, gas):
    given = visit(world, gas, people.outsider, enterprise=world.enterprises.station)
    assert "不在“一 餐饮场所燃气”的对象范围内" in refusal(given, people.outsider)


@pytest.mark.parametrize(
    "name", ["outsider", "market", "shop", "inspectorate", "qingshi_leader", "expert", "sysadmin"]
)
def test_only_inspectors_of_the_place_may(world, people, gas, name):
    someone = getattr(people, name)
    with pytest.raises(PermissionDenied):
        submit_inspection(visit(world, gas, someone), by=someone)


def test_the_same_visit_twice_is_one(world, people, gas):
    given = visit(world, gas, people.inspector, "pfpp", findings={2: fixed(people.inspector)})
    first = submit_inspection(given, by=people.inspector)
    again = submit_inspection(given, by=people.inspector)
    assert first == again
    assert (Inspection.objects.count(), Hazard.objects.count(), Paper.objects.count()) == (1, 1, 1)
    assert Delta.objects.filter(inspected=1).count() == 1


def test_another_visit_under_the_same_id_is_refused(world, people, gas):
    given = visit(world, gas, people.inspector)
    submit_inspection(given, by=people.inspector)
    changed = dataclasses.replace(given, answers=(AnswerGiven(1, "na"), *given.answers[1:]))
    with pytest.raises(Refused, match="内容与这次不同"):
        submit_inspection(changed, by=people.inspector)
    with pytest.raises(Refused, match="内容与这次不同"):
        submit_inspection(
            dataclasses.replace(given, members=(member(people.inspector2),)), by=people.inspector2
        )


def test_coverage_counts_an_object_once_over_two_visits(world, people, gas):
    first = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    submit_inspection(visit(world, gas, people.inspector2), by=people.inspector2)
    assert Coverage.objects.get().first_inspection == first
    deltas = Delta.objects.filter(inspected=1).order_by("id")
    assert [each.covered for each in deltas] == [1, 0]


def test_the_first_visit_moves_the_share_of_the_task(world, people, gas):
    submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    shares = {each.organization.short_name: each.status for each in Assignment.objects.all()}
    assert shares == {"青石街道": "working", "市住建局": "assigned"}
    line = Assignment.objects.get(organization=world.organizations.qingshi).transitions.get()
    assert line.note == "开始检查：云溪区好味来面馆"


def test_changing_an_answer_afterwards_breaks_the_signatures(world, people, gas):
    inspection = submit_inspection(visit(world, gas, people.inspector), by=people.inspector)
    signatures = list(Signature.objects.all())
    assert all(matches(inspection.signed_content(), each.content_hash) for each in signatures)
    Answer.objects.filter(inspection=inspection, position=2).update(verdict="na")
    assert not any(matches(inspection.signed_content(), each.content_hash) for each in signatures)


def test_what_fails_late_leaves_nothing_but_the_photos(world, people, gas, monkeypatch):
    finding = fixed(people.inspector)
    given = visit(world, gas, people.inspector, "pfpp", findings={2: finding})

    def broken(*args, **kwargs):
        raise Refused("文号被占用")

    monkeypatch.setattr("bihuan.inspections.actions.issue_paper", broken)
    with pytest.raises(Refused):
        submit_inspection(given, by=people.inspector)
    assert (Inspection.objects.count(), Hazard.objects.count(), Delta.objects.count()) == (0, 0, 0)
    assert Attachment.objects.filter(pk__in=[*finding.photos, *finding.after_photos]).count() == 2


def test_a_routine_visit_needs_no_task(world, people, gas):
    given = visit(world, gas, people.inspector, kind="township", task=None, checklist=None, answers=())
    inspection = submit_inspection(given, by=people.inspector)
    assert inspection.is_clean
    assert not Coverage.objects.exists()


def test_a_drawn_signature_must_be_a_picture(world, people, gas):
    given = visit(
        world, gas, people.inspector, accompanying_signature=SignatureGiven("drawn", image="data:text/html,x")
    )
    with pytest.raises(Refused, match="签名图"):
        submit_inspection(given, by=people.inspector)
    assert not Inspection.objects.exists()
    assert drawn().image.startswith("data:image/png")
