"""A supervision paper from the draft to the day it has done its work, and what is refused on the way."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from bihuan.accounts.tests.world import make_world
from bihuan.audit.queries import verify as verify_record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.tests.together import at_once
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.tests.factories import make_hazard, make_submitted
from bihuan.instruments import actions
from bihuan.instruments.models import Instrument, InstrumentRecipient
from bihuan.instruments.subjects import find_subject
from bihuan.instruments.types import labels, type_for
from bihuan.instruments.workflow import (
    COMMITMENT_RULES,
    RECIPIENT_RULES,
    RULES,
    CommitmentStatus,
    RecipientStatus,
    Status,
)
from bihuan.notifications.models import Message
from bihuan.papers.models import Paper

from .factories import drafted, given, issued, late_duty, recipient_of, replied, signing, talk_of

# By hand: (status, move).
LEGAL = {
    ("draft", "edit"), ("draft", "submit"), ("checking", "check"), ("checking", "return"), ("signing", "return"),
    ("signing", "sign"), ("issued", "talk"), ("issued", "close"), ("issued", "lift"), ("issued", "withdraw"),
    ("draft", "discard"), ("checking", "discard"), ("signing", "discard"),
}  # fmt: skip
LEGAL_RECIPIENT = {
    ("pending", "serve"), ("serving", "receive"), ("serving", "hand"), ("serving", "refuse"), ("received", "note"),
    ("received", "reply"), ("replied", "accept"), ("replied", "return"), ("serving", "extend"), ("received", "extend"),
    ("serving", "meet"), ("received", "meet"), ("committed", "keep"), ("serving", "release"), ("received", "release"),
    ("replied", "release"), ("committed", "release"), ("serving", "escalate"), ("received", "escalate"),
    ("replied", "escalate"), ("committed", "escalate"),
}  # fmt: skip
LEGAL_COMMITMENT = {
    ("open", "report"), ("reported", "confirm"), ("reported", "send_back"), ("open", "release"), ("reported", "release"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("statuses", "rules", "legal"),
    [
        (Status.values, RULES, LEGAL),
        (RecipientStatus.values, RECIPIENT_RULES, LEGAL_RECIPIENT),
        (CommitmentStatus.values, COMMITMENT_RULES, LEGAL_COMMITMENT),
    ],
)
def test_the_tables_of_moves(statuses, rules, legal):
    assert {(status, move) for status in statuses for move in rules if status in rules[move].sources} == legal


def test_every_kind_prints_escalates_to_a_known_kind_and_says_where_it_comes_from(world):
    for key in labels():
        kind = type_for(key)
        assert kind.paper in Paper.Kind.values
        assert not kind.escalates_to or kind.escalates_to in labels()
        assert kind.source
        assert kind.doc_no
        assert (kind.reply_due(dt.date(2026, 11, 23)) is not None) == bool(kind.reply_clock)


def test_a_paper_is_signed_numbered_and_owed_by_every_recipient(world, django_capture_on_commit_callbacks):
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False):
        instrument = signing(
            world,
            recipients=[world.organizations.qingshi, world.organizations.baita, world.organizations.housing],
        )
        assert Duty.objects.open().get(kind="instrument_sign").post == world.posts["office_leader"]
        with django_capture_on_commit_callbacks(execute=True):
            paper = actions.sign_instrument(instrument, revision=1, by=world.people.office_leader)
    assert paper.number == "云安办督〔2026〕1号"
    assert {each.organization for each in paper.addressees.all()} == {
        world.organizations.qingshi, world.organizations.baita, world.organizations.housing
    }  # fmt: skip
    words = str(paper.content)
    assert "青石街道办事处" in words
    assert "2026年12月3日前报告" in words
    assert "{reply_due" not in words
    assert not Duty.objects.open().filter(kind="instrument_sign").exists()
    owed = Duty.objects.open().filter(kind="instrument_receipt")
    assert owed.count() == 3
    # Monday: two working days later is Wednesday.
    assert {duty.due_on for duty in owed} == {dt.date(2026, 11, 25)}
    assert InstrumentRecipient.objects.filter(reply_due_on=dt.date(2026, 12, 3)).count() == 3
    for login in ("qingshi_officer", "housing"):
        person = getattr(world.people, login)
        assert Paper.objects.visible_to(person).filter(pk=paper.pk).exists()
        assert Instrument.objects.visible_to(person).filter(pk=instrument.pk).exists()
        assert Message.objects.filter(recipient=person, title__startswith="新待办：签收督办单").exists()
    assert verify_record(files=False).findings == []


def test_nobody_sees_a_draft_of_others_nor_checks_or_signs_his_own(world):
    instrument = drafted(world)
    for login in ("qingshi_officer", "housing", "shop", "county_office"):
        assert (
            not Instrument.objects.visible_to(getattr(world.people, login)).filter(pk=instrument.pk).exists()
        )
    assert Instrument.objects.visible_to(world.people.inspectorate).filter(pk=instrument.pk).exists()
    actions.submit_instrument(instrument, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.check_instrument(instrument, by=world.people.office)
    actions.check_instrument(instrument, by=world.people.office_leader)
    with pytest.raises(PermissionDenied):
        actions.sign_instrument(instrument, revision=1, by=world.people.office)
    with pytest.raises(PermissionDenied):
        actions.sign_instrument(instrument, revision=1, by=world.people.housing_leader)


def test_a_draft_sent_back_is_rewritten_and_a_stale_page_signs_nothing(world):
    instrument = signing(world)
    with pytest.raises(ReasonRequired):
        actions.return_draft(instrument, reason="", by=world.people.office_leader)
    actions.return_draft(instrument, reason="情况写清楚", by=world.people.office_leader)
    actions.edit_instrument(
        instrument, given(world, situation="覆盖率 61%。"), revision=1, by=world.people.office
    )
    stale = Instrument.objects.get(pk=instrument.pk)
    with pytest.raises(IllegalMove):
        actions.edit_instrument(stale, given(world), revision=1, by=world.people.office)
    instrument.refresh_from_db()
    actions.submit_instrument(instrument, by=world.people.office)
    actions.check_instrument(instrument, by=world.people.office_leader)
    with pytest.raises(IllegalMove):
        actions.sign_instrument(instrument, revision=1, by=world.people.office_leader)
    actions.sign_instrument(instrument, revision=2, by=world.people.office_leader)
    assert Paper.objects.count() == 1


def test_what_is_missing_is_said_at_once(world):
    instrument = drafted(world, recipients=[], situation="", demand="")
    with pytest.raises(Refused, match=r"没有收件单位.*没有写明情况.*没有写明要求"):
        actions.submit_instrument(instrument, by=world.people.office)
    with pytest.raises(Refused, match=r"说清楚.*不送企业"):
        drafted(world, kind="account", recipients=[world.organizations.shop])
    with pytest.raises(PermissionDenied):
        actions.draft_instrument(
            given(world), organization=world.organizations.office, by=world.people.qingshi_officer
        )


def test_receipt_reply_return_reply_accepted_closed(world):
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False) as clock:
        recipient = recipient_of(issued(world, kind="reminder", title="提醒函"))
        with pytest.raises(PermissionDenied):
            actions.receive(recipient, by=world.people.outsider)
        with pytest.raises(IllegalMove):
            actions.reply(recipient, text="已办", by=world.people.qingshi_officer)
        actions.receive(recipient, by=world.people.qingshi_officer)
        duty = Duty.objects.open().get(kind="instrument_reply")
        assert (duty.organization, duty.due_on) == (world.organizations.qingshi, dt.date(2026, 12, 3))
        clock.move_to(dt.datetime(2026, 12, 3, 1, tzinfo=dt.UTC))
        actions.reply(recipient, text="已排查 40 家", by=world.people.qingshi_officer)
        assert Duty.objects.open().get(kind="instrument_review").organization == world.organizations.office
        actions.return_reply(recipient, reason="没有附名单", by=world.people.office)
        # Back on the last day: five working days more, Thursday to Thursday.
        assert recipient.reply_due_on == dt.date(2026, 12, 10)
        assert Duty.objects.open().get(kind="instrument_reply").due_on == dt.date(2026, 12, 10)
        actions.reply(recipient, text="附上名单", by=world.people.qingshi_officer)
        actions.accept_reply(recipient, by=world.people.office)
    instrument = Instrument.objects.get()
    assert (instrument.status, instrument.closed_on) == ("closed", dt.date(2026, 12, 3))
    assert not Duty.objects.open().filter(kind__startswith="instrument").exists()
    moves = list(recipient.transitions.values_list("move", flat=True))
    assert moves == ["serve", "receive", "reply", "return", "reply", "accept"]


def test_a_refused_paper_is_served_with_its_reason_and_the_clock_runs(world):
    recipient = recipient_of(issued(world))
    with pytest.raises(ReasonRequired):
        actions.record_service(recipient, method="refused", receiver_name="某人", by=world.people.office)
    actions.record_service(
        recipient, method="refused", receiver_name="某人", note="拒收，社区两人见证", by=world.people.office
    )
    assert (recipient.status, recipient.method) == ("received", "refused")
    assert Duty.objects.open().filter(kind="instrument_reply").exists()


def test_praise_is_done_when_everybody_has_signed_for_it(world):
    both = [world.organizations.qingshi, world.organizations.baita]
    instrument = issued(world, kind="circular_praise", title="通报表扬", recipients=both)
    actions.receive(recipient_of(instrument, both[0]), by=world.people.qingshi_officer)
    instrument.refresh_from_db()
    assert instrument.status == "issued"
    actions.record_service(
        recipient_of(instrument, both[1]), method="handed", receiver_name="卫在岗", by=world.people.office
    )
    instrument.refresh_from_db()
    assert instrument.status == "closed"


def test_a_supervision_paper_waits_until_its_hazards_are_closed(world):
    hazard = make_submitted(world)
    facts = find_subject(f"hazards.hazard:{hazard.pk}", world.people.office)
    assert facts
    assert facts.organization == world.organizations.shop
    matter = actions.MatterGiven(facts.subject, facts.words, facts.url, facts.organization)
    recipient = replied(world, matters=[matter])
    actions.accept_reply(recipient, by=world.people.office)
    instrument = Instrument.objects.get()
    assert instrument.status == "issued"
    assert actions.waits_for(instrument) == "回复都已认可，所列事项还有 1 项没有办结"
    assert actions.supervise(timezone.now()) == 0
    hazards.reinspect(hazard, passed=True, text="已隔开", by=world.people.qingshi_officer)
    assert actions.supervise(timezone.now()) == 1
    instrument.refresh_from_db()
    assert instrument.status == "closed"
    assert actions.supervise(timezone.now()) == 0


def test_late_replies_are_escalated_once_and_a_reply_takes_it_back(world):
    both = [world.organizations.qingshi, world.organizations.baita]
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False) as clock:
        instrument = issued(world, recipients=both)
        street = recipient_of(instrument, both[0])
        actions.receive(street, by=world.people.qingshi_officer)
        # Reply due on 3 December; more than three days late from the 7th.
        clock.move_to(dt.datetime(2026, 11, 28, 1, tzinfo=dt.UTC))
        assert actions.escalate_late(timezone.localdate()) == 0
        clock.move_to(dt.datetime(2026, 11, 29, 1, tzinfo=dt.UTC))
        # Baita has not even signed: due on the 25th, four days late.
        assert actions.escalate_late(timezone.localdate()) == 1
        clock.move_to(dt.datetime(2026, 12, 7, 1, tzinfo=dt.UTC))
        assert actions.escalate_late(timezone.localdate()) == 1
        assert actions.escalate_late(timezone.localdate()) == 0
        drafts = Instrument.objects.filter(origin="escalation", status="draft")
        assert drafts.count() == 2
        assert {draft.kind for draft in drafts} == {"warning"}
        street = recipient_of(instrument, both[0])
        draft = street.escalated_to
        actions.reply(street, text="迟了，已办完", by=world.people.qingshi_officer)
        draft.refresh_from_db()
        assert draft.status == "discarded"
        assert recipient_of(instrument, both[0]).escalated_to is None
        # The other one goes on: signed, it takes over what Baita owed.
        other = drafts.get()
        actions.submit_instrument(other, by=world.people.office)
        actions.check_instrument(other, by=world.people.office_leader)
        actions.sign_instrument(other, revision=other.revision, by=world.people.office_leader)
        town = recipient_of(instrument, both[1])
        assert town.status == "escalated"
        assert not Duty.objects.open().filter(subject=f"instruments.instrumentrecipient:{town.pk}").exists()
        actions.accept_reply(recipient_of(instrument, both[0]), by=world.people.office)
    instrument.refresh_from_db()
    assert instrument.status == "closed"


def test_a_talk_with_commitments_is_done_when_they_are_kept(world):
    both = [world.organizations.qingshi, world.organizations.baita]
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False) as clock:
        instrument = talk_of(world, recipients=both)
        street, town = (recipient_of(instrument, each) for each in both)
        actions.receive(street, by=world.people.qingshi_officer)
        clock.move_to(dt.datetime(2026, 11, 23, 4, tzinfo=dt.UTC))
        promise = actions.Promise(street, "月底前完成全覆盖排查", dt.date(2026, 11, 30))
        held = actions.TalkHeld(
            timezone.now(), "三楼会议室", "钱立行", "王同心", "分析了原因", [street], [promise]
        )
        late = actions.Promise(town, "改", dt.date(2026, 12, 1))
        wrong = actions.TalkHeld(timezone.now(), "三楼", "钱立行", "某", "谈", [street], [late])
        with pytest.raises(Refused, match="承诺的单位没有到场"):
            actions.record_talk(instrument, wrong, by=world.people.office)
        talk = actions.record_talk(instrument, held, by=world.people.office)
        assert talk.paper.kind == "talk_minutes"
        assert "未到单位" in str(talk.paper.content)
        duty = Duty.objects.open().get(kind="commitment")
        assert (duty.organization, duty.due_on) == (world.organizations.qingshi, dt.date(2026, 11, 30))
        commitment = street.commitments.select_related(
            "instrument__organization", "recipient__organization", "recipient__escalated_to"
        ).get()
        actions.report_commitment(commitment, text="已全覆盖", by=world.people.qingshi_officer)
        actions.send_back_commitment(commitment, reason="差 3 家", by=world.people.office)
        assert Duty.objects.open().filter(kind="commitment").exists()
        # Baita did not come: five days after the day it owes the next paper.
        clock.move_to(dt.datetime(2026, 11, 30, 1, tzinfo=dt.UTC))
        assert actions.escalate_late(timezone.localdate()) == 1
        assert recipient_of(instrument, both[1]).escalated_to.kind == "circular_criticism"
        actions.report_commitment(commitment, text="3 家补齐", by=world.people.qingshi_officer)
        actions.confirm_commitment(commitment, by=world.people.office)
        assert recipient_of(instrument, both[0]).status == "accepted"
        actions.release(
            recipient_of(instrument, both[1]), reason="镇长住院，另行约谈", by=world.people.office_leader
        )
    instrument.refresh_from_db()
    assert instrument.status == "closed"
    assert not Instrument.objects.filter(status="draft").exists()


def test_withdrawing_ends_everything_that_is_owed(world):
    instrument = issued(world)
    with pytest.raises(PermissionDenied):
        actions.withdraw(instrument, reason="发错", by=world.people.office)
    actions.withdraw(instrument, reason="对象写错", by=world.people.office_leader)
    assert (instrument.status, recipient_of(instrument).status) == ("withdrawn", "released")
    assert not Duty.objects.open().filter(kind__startswith="instrument").exists()
    with pytest.raises(IllegalMove):
        actions.receive(recipient_of(instrument), by=world.people.qingshi_officer)


def test_findings_are_split_by_level_on_the_paper(world):
    points = [
        actions.PointGiven("没有专题研究", "government", None, "月底前研究一次", dt.date(2026, 12, 31)),
        actions.PointGiven("检查不到位", "street", world.organizations.qingshi),
    ]
    instrument = issued(world, kind="feedback", title="督查反馈", points=points)
    words = str(instrument.paper.content)
    assert "政府层面（1项）" in words
    assert "乡镇街道层面（1项）" in words
    assert "2026年12月31日" in words
    stray = drafted(
        world, kind="feedback", points=[actions.PointGiven("甲", "street", world.organizations.baita)]
    )
    with pytest.raises(Refused, match="责任单位不在收件单位里"):
        actions.submit_instrument(stray, by=world.people.office)


def test_an_edition_of_ones_own_changes_clock_and_words_from_its_day(world):
    base = {
        "organization": world.organizations.office, "opening": "{count}项", "demand": "办", "consequence": "",
        "reply_days": 3, "escalates_to": "talk", "escalate_after": 1, "document": "云安〔2026〕9号",
        "by": world.people.office,
    }  # fmt: skip
    with pytest.raises(Refused, match="不认识"):
        actions.set_edition("supervision", effective_from=timezone.localdate(), **(base | {"demand": "{坏}"}))
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False):
        actions.set_edition("supervision", effective_from=dt.date(2026, 11, 23), **base)
        instrument = issued(world)
        assert recipient_of(instrument).reply_due_on == dt.date(2026, 11, 26)
        assert instrument.terms["escalates_to"] == "talk"
    assert (
        type_for("supervision", world.organizations.office, dt.date(2026, 11, 22)).escalates_to == "warning"
    )
    assert type_for("supervision", world.organizations.housing).escalates_to == "warning"


def test_contradicting_figures_are_told_and_hold_nothing_up(world):
    instrument = drafted(world, situation="排查隐患200处，整改150处，整改率85%。")
    assert actions.figure_remarks(instrument)
    actions.submit_instrument(instrument, by=world.people.office)


@pytest.mark.django_db(transaction=True)
def test_of_two_signatures_one_counts():
    world = make_world()
    instrument = signing(world)
    seen = [Instrument.objects.select_related("organization__region").get(pk=instrument.pk) for _ in range(4)]
    results = at_once(
        lambda number: actions.sign_instrument(seen[number], revision=1, by=world.people.office_leader), 4
    )
    assert [type(error) for _, error in results if error] == [IllegalMove] * 3
    assert Paper.objects.count() == 1
    assert Duty.objects.open().filter(kind="instrument_receipt").count() == 1


def test_a_paper_about_an_open_duty_is_settled_with_it(world):
    duty = late_duty(world, due_on=timezone.localdate())
    facts = find_subject(f"duties.duty:{duty.pk}", world.people.office)
    assert facts
    matter = actions.MatterGiven(facts.subject, facts.words, facts.url, facts.organization)
    instrument = drafted(world, matters=[matter])
    assert actions.unsettled_matters(instrument) == [f"duties.duty:{duty.pk}"]
    finish_duty(world.enterprises.shop, Duty.Kind.TASK, by=world.people.office)
    assert actions.unsettled_matters(instrument) == []
    assert find_subject(f"duties.duty:{duty.pk}", world.people.shop) is None
    assert find_subject("duties.duty:十", world.people.office) is None
    assert make_hazard(world).is_open


def test_advice_is_a_paper_of_its_own_and_answered_within_its_days(world):
    """警示建议 (R107): a letter with a number of its own; whether it is taken is answered, or a reminder follows."""
    with time_machine.travel(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC), tick=False) as clock:
        instrument = issued(
            world,
            kind="advice",
            title="关于建立停业场所复业检查制度的工作建议书",
            demand="请研究，{reply_due}前答复。",
        )
        assert (instrument.paper.kind, instrument.label) == ("advice", "工作建议书")
        assert (
            instrument.paper.number.startswith("云安建议〔2026〕")
            or "建议〔2026〕" in instrument.paper.number
        )
        recipient = recipient_of(instrument)
        assert recipient.reply_due_on == dt.date(2026, 12, 8)  # fifteen days
        clock.move_to(dt.datetime(2026, 12, 14, 1, tzinfo=dt.UTC))
        actions.supervise(timezone.now())
        assert {each.kind for each in Instrument.objects.filter(status="draft")} == {"reminder"}
