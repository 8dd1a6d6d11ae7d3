"""Drafts: the list decides the form and the clock; one addressee; nobody's head is gone over unsaid."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.hazards.tests.factories import make_major
from bihuan.papers.models import Paper
from bihuan.submissions import actions
from bihuan.submissions.ladder import addressees, offices_above, skipped
from bihuan.submissions.models import Submission

from .factories import drafted, fresh, given, report, sent, signing, today


def duties(kind: str, subject=None):
    rows = Duty.objects.open().filter(kind=kind)
    return rows.filter(subject=f"{subject._meta.label_lower}:{subject.pk}") if subject else rows


def test_the_ladder_goes_up_one_office_at_a_time(world):
    bodies = world.organizations
    assert offices_above(bodies.qingshi) == [bodies.county_office, bodies.office]
    assert offices_above(bodies.county_office) == [bodies.office]
    assert offices_above(bodies.housing) == [bodies.office]
    assert offices_above(bodies.office) == []
    assert skipped(bodies.qingshi, bodies.office) == [bodies.county_office]
    assert skipped(bodies.qingshi, bodies.county_office) == []
    # A neighbouring department is not above; for a street the city's departments are.
    assert bodies.market not in addressees(bodies.housing)
    assert bodies.housing in addressees(bodies.qingshi)


def test_a_draft_keeps_its_clock_and_where_it_comes_from(world):
    row = drafted(world)
    assert (row.status, row.matter_name, row.county_id) == ("draft", "专项资金安排", None)
    assert row.due_on > row.event_on
    assert row.clock["event"] == "形成资金安排意见之日"
    assert row.transitions.get().move == "draft"


def test_nobody_drafts_for_another_body(world):
    with pytest.raises(PermissionDenied):
        actions.draft_submission(
            given(world), organization=world.organizations.market, by=world.people.housing
        )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"form": "situation"}, "应当用请示"),
        ({"matter": "nothing"}, "重要事项清单"),
        ({"addressee": None}, "主送"),
        ({"addressee": None, "addressee_name": "省安委办、省应急厅"}, "只能有一个主送机关"),
        ({"title": " "}, "标题"),
    ],
)
def test_what_a_draft_may_not_be(world, changes, words):
    with pytest.raises(Refused, match=words):
        drafted(world, **changes)


def test_a_neighbour_is_not_asked_and_those_below_get_no_copy(world):
    with pytest.raises(Refused, match="不能向它请示"):
        drafted(world, addressee=world.organizations.market)
    with pytest.raises(Refused, match="不抄送下级"):
        drafted(world, copies=[world.organizations.qingshi])


def test_an_event_does_not_lie_ahead(world):
    with pytest.raises(Refused, match="晚于今天"):
        drafted(world, event_on=today() + dt.timedelta(days=1))


def test_going_over_a_head_takes_a_reason_and_a_copy(world):
    street = {"organization": world.organizations.qingshi, "by": world.people.qingshi_officer}
    with pytest.raises(Refused, match="越级"):
        actions.draft_submission(given(world), **street)
    row = actions.draft_submission(given(world, skip_reason="情况紧急，来不及逐级请示"), **street)
    copy = row.copies.get()
    assert (copy.organization, copy.ground) == (world.organizations.county_office, "skipped")


def test_the_same_matter_of_one_record_is_under_way_once(world):
    hazard = make_major(world)
    about = {"matter": "major_listing", "subject": f"hazards.hazard:{hazard.pk}", "subject_words": "隐患"}
    row = drafted(world, **about)
    with pytest.raises(Refused, match="已经有一份"):
        drafted(world, **about)
    actions.discard_draft(row, reason="重写", by=world.people.housing)
    drafted(world, **about)


def test_two_who_edit_one_draft_are_told(world):
    row = drafted(world)
    actions.edit_submission(row, given(world, title="关于资金的请示"), revision=1, by=world.people.housing)
    with pytest.raises(IllegalMove):
        actions.edit_submission(fresh(row), given(world), revision=1, by=world.people.housing)
    assert fresh(row).title == "关于资金的请示"


def test_a_request_without_a_contact_is_not_signed(world):
    row = drafted(world, contact="")
    with pytest.raises(Refused, match="联系人"):
        actions.submit_submission(row, by=world.people.housing)


def test_the_leader_signs_and_the_paper_goes_up(world):
    row = signing(world)
    assert duties("submission_sign", row).get().post == world.posts["housing_leader"]
    with pytest.raises(PermissionDenied):
        actions.sign_submission(row, revision=1, by=world.people.housing)
    actions.sign_submission(row, revision=row.revision, by=world.people.housing_leader)
    row = fresh(row)
    assert (row.status, row.paper.kind) == ("sent", Paper.Kind.REQUEST)
    assert row.paper.content["signers"] == ["周为民"]
    assert row.paper.content["blocks"][0] == {"kind": "recipients", "names": ["云溪市安全生产委员会办公室"]}
    assert any(
        block["kind"] == "annotation" and "李建明" in block["text"] for block in row.paper.content["blocks"]
    )
    assert not duties("submission_sign").exists()
    assert duties("submission", row).get().organization == world.organizations.office


def test_a_report_ends_as_a_report(world):
    row = sent(world, report(world))
    words = [block.get("text") for block in row.paper.content["blocks"]]
    assert row.paper.kind == Paper.Kind.SITUATION
    assert "特此报告。" in words
    assert "妥否，请批示。" not in words


def test_a_draft_that_changed_under_the_pen_is_not_signed(world):
    row = signing(world)
    with pytest.raises(IllegalMove):
        actions.sign_submission(row, revision=row.revision + 1, by=world.people.housing_leader)


def test_sent_back_by_the_leader_with_a_reason(world):
    row = signing(world)
    with pytest.raises(ReasonRequired):
        actions.send_back_draft(row, reason=" ", by=world.people.housing_leader)
    actions.send_back_draft(row, reason="写明资金来源", by=world.people.housing_leader)
    assert row.status == "draft"
    assert not duties("submission_sign").exists()


def test_a_draft_is_seen_by_its_own_body_alone(world):
    row = drafted(world)
    people = world.people

    def sees(user):
        return Submission.objects.visible_to(user).filter(pk=row.pk).exists()

    assert sees(people.housing_leader)
    assert not any(map(sees, (people.office, people.market, people.inspectorate, people.qingshi_officer)))
    sent(world, row)
    assert all(map(sees, (people.housing, people.office, people.inspectorate)))
    assert not any(map(sees, (people.market, people.qingshi_officer, people.shop, people.county_office)))
