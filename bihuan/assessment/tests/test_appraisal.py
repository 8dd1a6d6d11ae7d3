"""Heads of enterprises (R124): put in by scope, report on their duties, are judged by street or bureau, sign or object."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.models import Organization
from bihuan.assessment import actions
from bihuan.assessment.models import AssessedUnit, Assessment, Judgement, SelfReport
from bihuan.assessment.standing import sees_ranking
from bihuan.audit.verification import verify
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.instruments.models import Instrument
from bihuan.papers.models import Paper
from bihuan.registry.models import Contact, Enterprise

from .factories import body_seat, hand_in, heads_round, judge_head, report_of, unit_of

pytestmark = pytest.mark.django_db


def later(days: int):
    return time_machine.travel(timezone.now() + dt.timedelta(days=days), tick=True)


def published(world) -> Assessment:
    made = heads_round(world)
    hand_in(world, made)
    judge_head(made, world)
    with later(40):
        actions.judge(
            body_seat(made, world, "baita"), unit_of(made, "平安充装"), made.sheet.items.get(key="quality"),
            points=D(10), how="archive", text="没有制度", by=baita_officer(world),
        )  # fmt: skip
        actions.freeze(made, by=world.people.office)
        actions.adopt(made, by=world.people.office_leader)
        actions.publish(made, by=world.people.office)
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def baita_officer(world):
    """Somebody of Baita town who reviews: the town's clerk."""
    from bihuan.accounts.models import Holding, Post, User

    user = User.objects.filter(username="baita_officer").first()
    if user is None:
        post = Post.objects.create(
            organization=world.organizations.baita, title="应急办", role="township_officer"
        )
        user = User.objects.create_user("baita_officer", "x", full_name="白审核")
        Holding.objects.create(user=user, post=post, from_on=dt.date(2026, 1, 1))
    return user


def test_a_round_by_scope_assigns_reviewers_and_owes_reports(world) -> None:
    Contact.objects.create(enterprise=world.enterprises.shop, role="principal", name="蒋好味")
    Enterprise.objects.create(
        name="没有账号的小店", kind=world.kinds.restaurant, city=world.city, county=world.regions.yunxi,
        locality=world.regions.qingshi,
    )  # fmt: skip
    made = heads_round(world, started=False)
    found = actions.count_chosen(made, actions.Selection())
    assert (found.ready, found.without_account) == (0, 1)  # both with an account are in already
    assert dict(made.units.values_list("organization__short_name", "reviewer__short_name")) == {
        "好味来面馆": "青石街道",
        "平安充装": "白塔镇",
    }
    assert unit_of(made, "好味来面馆").person_name == "蒋好味"
    actions.start_assessment(made, by=world.people.office)
    made.refresh_from_db()
    report = report_of(made)
    assert report.status == "owed"
    assert report.due_on == made.report_due_on > timezone.localdate()
    assert report.clock["rule"] == "appraisal.report" if "rule" in report.clock else report.clock
    owed = Duty.objects.open().filter(kind=Duty.Kind.APPRAISAL)
    assert set(owed.values_list("organization__short_name", flat=True)) == {"好味来面馆", "平安充装", "青石街道", "白塔镇"}  # fmt: skip
    assert body_seat(made, world).due_on > report.due_on


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ({"kinds": ["restaurant"]}, {"好味来面馆"}),
        ({"risks": ["orange"]}, {"平安充装"}),
        ({"localities": ["539702001", "539702101"]}, {"好味来面馆", "平安充装"}),
        ({"kinds": ["restaurant"], "risks": ["orange"]}, set()),
    ],
)
def test_a_scope_takes_what_meets_every_condition(world, selection, names) -> None:
    made = heads_round(world, started=False)
    made.units.all().delete()
    if not names:
        with pytest.raises(Refused, match="没有可以编入的企业"):
            actions.add_chosen(
                made, actions.Selection(**selection), review_by="locality", by=world.people.office
            )
        return
    count = actions.add_chosen(
        made, actions.Selection(**selection), review_by="department", by=world.people.office
    )
    assert count == len(names)
    assert set(made.units.values_list("organization__short_name", flat=True)) == names
    reviewers = {"好味来面馆": "市住建局", "平安充装": "市市场监管局"}
    for unit in made.units.select_related("organization", "reviewer"):
        assert unit.reviewer.short_name == reviewers[unit.organization.short_name]


def test_a_report_is_written_signed_returned_and_signed_again(world) -> None:
    made = heads_round(world)
    report = report_of(made)
    item = made.sheet.items.get(key="quality")
    with pytest.raises(Refused, match="全员责任制”没有写自评情况"):
        actions.submit_report(report, by=world.people.shop)
    with pytest.raises(PermissionDenied):
        actions.save_report(report, text="", lines={}, by=world.people.station)
    with pytest.raises(Refused, match="满分 40 分"):
        actions.save_report(
            report, text="", lines={item.pk: actions.LineGiven("好", D(41))}, by=world.people.shop
        )
    report = hand_in(world, made)
    assert (report.status, report.revision, report.signed_by) == ("submitted", 1, world.people.shop)
    assert (
        not Duty.objects.open()
        .filter(organization=world.organizations.shop, kind=Duty.Kind.APPRAISAL)
        .exists()
    )
    with pytest.raises(IllegalMove):
        actions.save_report(report, text="改", lines={}, by=world.people.shop)
    with pytest.raises(IllegalMove):
        actions.submit_report(report, by=world.people.shop)
    with pytest.raises(PermissionDenied):
        actions.return_report(report, reason="没有附件", by=world.people.market)
    with pytest.raises(ReasonRequired):
        actions.return_report(report, reason=" ", by=world.people.qingshi_officer)
    actions.return_report(report, reason="没有附培训记录", by=world.people.qingshi_officer)
    assert Duty.objects.open().get(organization=world.organizations.shop, kind=Duty.Kind.APPRAISAL).due_on == report.due_on  # fmt: skip
    with pytest.raises(IllegalMove):
        actions.return_report(report_of(made), reason="再退", by=world.people.qingshi_officer)
    report = hand_in(world, made, claimed=30)
    assert (report.status, report.revision) == ("submitted", 2)
    assert [line.move for line in report.transitions.all()] == ["submit", "return", "submit"]
    assert report.lines.get().claimed == 30


def test_nobody_judges_before_the_report_or_the_day(world) -> None:
    made = heads_round(world)
    with pytest.raises(Refused, match="还没有提交自评"):
        judge_head(made, world)
    hand_in(world, made)
    with pytest.raises(PermissionDenied):
        judge_head(made, world, "housing")
    with pytest.raises(PermissionDenied):
        judge_head(made, world, "inspector")  # sees it, may not review
    judge_head(made, world, points=30)
    assert (
        not Duty.objects.open()
        .filter(kind=Duty.Kind.APPRAISAL, organization=world.organizations.qingshi)
        .exists()
    )
    # One word of the body: whoever speaks later corrects it, they are not averaged.
    from bihuan.accounts.models import Holding, Post, User

    post = Post.objects.create(
        organization=world.organizations.qingshi, title="安监站", role="township_officer"
    )
    other = User.objects.create_user("qingshi2", "x", full_name="何复核")
    Holding.objects.create(user=other, post=post, from_on=dt.date(2026, 1, 1))
    world.people.qingshi2 = other
    judge_head(made, world, "qingshi2", points=20)
    assert list(Judgement.objects.order_by("pk").values_list("revision", flat=True)) == [1, 2]
    snapshot = actions.take_interim(made, by=world.people.office)
    got = snapshot.scores.get(unit__organization=world.organizations.shop).items.get(item__key="quality").got
    assert got == 20
    with later(60):
        actions.judge(
            body_seat(made, world, "baita"), unit_of(made, "平安充装"), made.sheet.items.get(key="quality"),
            points=D(5), how="archive", text="逾期未报", by=baita_officer(world),
        )  # fmt: skip


def test_what_never_came_is_noted_when_the_result_is_frozen(world) -> None:
    made = published(world)
    missed = report_of(made, "平安充装")
    assert missed.status == "missed"
    assert missed.transitions.get().move == "miss"
    assert not Duty.objects.open().filter(kind=Duty.Kind.APPRAISAL, subject__startswith="assessment.selfreport").exists()  # fmt: skip
    with pytest.raises(IllegalMove):
        actions.submit_report(missed, by=world.people.station)


def test_the_head_signs_for_the_paper_or_objects_and_gets_another_when_right(world) -> None:
    made = published(world)
    unit = unit_of(made, "好味来面馆")
    paper = unit.paper
    assert (paper.kind, paper.recipient) == (Paper.Kind.APPRAISAL_RESULT, world.organizations.shop)
    words = str(paper.content)
    assert "安全生产法" in words
    assert "提出申辩" in words
    with pytest.raises(PermissionDenied):
        actions.sign_for_result(unit, by=world.people.station)
    actions.sign_for_result(unit, by=world.people.shop)
    assert paper.receipt.receiver_name == "蒋好味"
    with pytest.raises(Refused):
        actions.sign_for_result(unit, by=world.people.shop)
    with later(41):
        appeal = actions.appeal(
            unit,
            made.sheet.items.get(key="quality"),
            text="制度齐全，漏看一册",
            asked=D(38),
            by=world.people.shop,
        )
        actions.uphold(appeal, granted=D(38), answer="补看属实", by=world.people.office_leader)
    with later(60):
        made.refresh_from_db()
        actions.finalize(made, by=world.people.office)
    unit.refresh_from_db()
    assert unit.paper_id != paper.pk  # the one that counts now
    station = unit_of(made, "平安充装")
    assert Paper.objects.filter(subject=f"assessment.assessedunit:{station.pk}").count() == 1
    # 10 of 40 points: the worst grade, and what the rules propose for heads.
    assert station.grade == "不达标"
    advice = station.recommendations.get(key="head_talk")
    with pytest.raises(IllegalMove, match="还没有决定采纳"):
        actions.draft_talk(advice, by=world.people.office)
    actions.decide_recommendation(advice, "accepted", by=world.people.office_leader)
    with pytest.raises(PermissionDenied):
        actions.draft_talk(advice, by=world.people.housing)
    made_paper = actions.draft_talk(advice, by=world.people.office)
    assert isinstance(made_paper, Instrument)
    assert (made_paper.kind, made_paper.status) == ("talk", "draft")
    assert list(made_paper.recipients.values_list("organization", flat=True)) == [
        world.organizations.station.pk
    ]
    with pytest.raises(IllegalMove, match="已经起草"):
        actions.draft_talk(advice, by=world.people.office)


def test_measures_by_hand_need_a_reason_and_the_leader(world) -> None:
    made = published(world)
    unit = unit_of(made, "平安充装")
    with pytest.raises(Refused, match="理由"):
        actions.propose(unit, "key_object", text="", why="", by=world.people.office)
    with pytest.raises(Refused, match="措施"):
        actions.propose(unit, "suspend", text="", why="没有制度", by=world.people.office)  # of officers only
    with pytest.raises(PermissionDenied):
        actions.propose(unit, "key_object", text="", why="没有制度", by=world.people.qingshi_officer)
    row = actions.propose(unit, "key_object", text="", why="自评没有报", by=world.people.office)
    assert (row.status, row.label) == ("proposed", "列为重点检查对象")
    with pytest.raises(PermissionDenied):
        actions.decide_recommendation(row, "accepted", by=world.people.office)
    assert actions.decide_recommendation(row, "accepted", by=world.people.office_leader).status == "accepted"


def test_each_sees_the_own_and_nobody_the_ranking(world) -> None:
    made = published(world)
    people = world.people
    seen = {
        name: set(
            AssessedUnit.objects.visible_to(getattr(people, name)).values_list(
                "organization__short_name", flat=True
            )
        )
        for name in (
            "shop",
            "station",
            "qingshi_officer",
            "baita_leader",
            "housing",
            "office",
            "inspectorate",
        )
    }
    both = {"好味来面馆", "平安充装"}
    assert seen == {
        "shop": {"好味来面馆"}, "station": {"平安充装"}, "qingshi_officer": {"好味来面馆"}, "baita_leader": {"平安充装"},
        "housing": set(), "office": both, "inspectorate": both,
    }  # fmt: skip
    assert [sees_ranking(getattr(people, name), made) for name in ("shop", "qingshi_officer", "office")] == [False, False, True]  # fmt: skip
    assert SelfReport.objects.visible_to(people.housing).count() == 0


def test_late_ones_are_reminded_once_a_day(world, django_capture_on_commit_callbacks) -> None:
    from bihuan.notifications.models import Message

    made = heads_round(world)
    hand_in(world, made)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert actions.remind_reports(made, by=world.people.office) == 1
    assert Message.objects.filter(title__startswith="请提交履职自评").count() <= 1
    with pytest.raises(PermissionDenied):
        actions.remind_reports(made, by=world.people.qingshi_officer)


def test_a_round_called_off_owes_nothing_more(world) -> None:
    made = heads_round(world)
    actions.cancel_assessment(made, by=world.people.office, reason="改期")
    assert not Duty.objects.open().filter(kind=Duty.Kind.APPRAISAL).exists()
    with pytest.raises(IllegalMove):
        actions.submit_report(report_of(made), by=world.people.shop)


def test_what_was_signed_stands_in_the_audit(world) -> None:
    published(world)
    report = verify()
    assert not report.findings, list(report.findings)[:3]
    SelfReport.objects.filter(status="submitted").update(text="事后改写")
    assert verify().findings


def test_starting_asks_as_much_for_many_as_for_few(world, django_assert_max_num_queries) -> None:
    made = heads_round(world, started=False)
    region = world.regions.qingshi
    for number in range(12):
        body = Organization.objects.create(
            name=f"第{number}面馆", short_name=f"第{number}面馆", kind="enterprise", region=region,
            valid_from=dt.date(2026, 1, 1),
        )  # fmt: skip
        Enterprise.objects.create(
            name=body.name, kind=world.kinds.restaurant, city=world.city, county=world.regions.yunxi, locality=region,
            organization=body, department=world.organizations.housing,
        )  # fmt: skip
    with django_assert_max_num_queries(20):
        assert (
            actions.add_chosen(made, actions.Selection(), review_by="locality", by=world.people.office) == 12
        )
    with django_assert_max_num_queries(60):
        actions.start_assessment(made, by=world.people.office)
