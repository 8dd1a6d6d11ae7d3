"""The checkup: found at import, found again after every change, answered by people, on record."""

import pytest
from django.db import IntegrityError, transaction

from bihuan.audit.models import Event
from bihuan.campaigns import actions
from bihuan.campaigns.checkup import plan_of
from bihuan.campaigns.models import PlanFinding
from bihuan.core.errors import IllegalMove, ReasonRequired
from bihuan.plans import compile_text

from .plans import TEXT, check_off, make_draft, task

pytestmark = pytest.mark.django_db
IMPOSSIBLE = TEXT.replace("2026年8月20日前", "2026年9月31日前")


@pytest.fixture
def office(people):
    return people.office


@pytest.fixture
def faulty(world):
    return make_draft(world, IMPOSSIBLE)


def error(document) -> PlanFinding:
    """The one error of the faulty plan: the thirty-first of September."""
    found = PlanFinding.objects.get(document=document, severity="error")
    found.document = document
    return found


def test_an_impossible_date_is_found_at_its_place(faulty):
    finding = error(faulty)
    assert "9月31日" in faulty.text[finding.start : finding.end]
    assert finding.state == "open"
    assert finding.message


def test_a_draft_as_imported_is_the_plan_as_compiled(draft):
    plan, again = compile_text(TEXT), plan_of(draft, draft.items.all())
    for name in ("tasks", "phases", "reports", "targets", "bodies", "duties"):
        assert getattr(again, name) == getattr(plan, name), name


def test_what_a_person_corrects_is_found_no_more_and_comes_back_with_the_fault(draft, office):
    item = task(draft, "查充装管理")
    nobody = {"lead": [], "responsible": ["各有关部门"], "support": [], "territorial": []}

    def about_the_lead():
        rows = PlanFinding.objects.filter(document=draft, start__gte=item.whole[0], start__lt=item.whole[1])
        return {(row.code, row.state) for row in rows}

    before = about_the_lead()
    item = actions.edit_item(item, item.data | nobody, version=1, by=office)
    actions.recheck(draft)
    missing = {code for code, state in about_the_lead() - before if state == "open"}
    assert missing
    actions.undo_step(draft, by=office)
    actions.recheck(draft)
    assert {(code, "gone") for code in missing} <= about_the_lead()
    item.refresh_from_db()
    actions.edit_item(item, item.data | nobody, version=item.version, by=office)
    actions.recheck(draft)
    assert {(code, "open") for code in missing} <= about_the_lead()


def test_a_recheck_of_the_unchanged_changes_nothing(faulty):
    before = list(PlanFinding.objects.values())
    revision = faulty.revision
    actions.recheck(faulty)
    faulty.refresh_from_db()
    assert list(PlanFinding.objects.values()) == before
    assert faulty.revision >= revision


def test_an_answer_is_recorded_with_who_and_when_and_why(faulty, office):
    finding = error(faulty)
    with pytest.raises(ReasonRequired):
        actions.waive_finding(finding, version=1, by=office, reason="  ")
    actions.waive_finding(finding, version=1, by=office, reason="原件即如此，已请示")
    finding.refresh_from_db()
    assert (finding.state, finding.reason, finding.decided_by) == ("waived", "原件即如此，已请示", office)
    event = Event.objects.get(act="campaigns.answer_finding")
    assert "不采纳" in event.summary
    assert event.payload["reason"] == "原件即如此，已请示"


def test_an_answer_is_changed_only_after_reopening(faulty, office):
    finding = error(faulty)
    actions.accept_finding(finding, version=1, by=office)
    with pytest.raises(IllegalMove, match="请先重新打开"):
        actions.waive_finding(finding, version=2, by=office, reason="不改")
    actions.reopen_finding(finding, version=2, by=office)
    with pytest.raises(IllegalMove, match="没有答复"):
        actions.reopen_finding(finding, version=3, by=office)
    finding.refresh_from_db()
    assert (finding.state, finding.decided_by, finding.reason) == ("open", None, "")


def test_a_stale_answer_is_refused(faulty, office):
    mine, theirs = error(faulty), error(faulty)
    actions.accept_finding(theirs, version=1, by=office)
    actions.reopen_finding(theirs, version=2, by=office)
    with pytest.raises(IllegalMove, match="刚被别人改过"):
        actions.accept_finding(mine, version=1, by=office)


def test_answers_survive_a_recheck_and_are_undone_like_any_step(faulty, office):
    finding = error(faulty)
    actions.accept_finding(finding, version=1, by=office)
    actions.recheck(faulty)
    finding.refresh_from_db()
    assert finding.state == "accepted"
    actions.undo_step(faulty, by=office)
    finding.refresh_from_db()
    assert (finding.state, finding.decided_at) == ("open", None)


def test_the_database_keeps_a_waiver_from_standing_without_a_reason(faulty):
    finding = error(faulty)
    finding.state = "waived"
    with pytest.raises(IntegrityError), transaction.atomic():
        finding.save()


def test_many_at_once_leaves_errors_to_a_person(faulty, office, world):
    check = task(faulty, "摸清底数")
    actions.confirm_confident(faulty, by=office, threshold=0)
    check.refresh_from_db()
    assert check.state == "proposed"
    actions.accept_finding(error(faulty), version=1, by=office)
    actions.confirm_confident(faulty, by=office, threshold=0)
    check.refresh_from_db()
    assert check.state == "confirmed"


def test_unanswered_errors_go_on_record_with_the_reason_at_publishing(faulty, office, world):
    check_off(faulty, world)
    message = error(faulty).message
    campaign = actions.publish(faulty, by=office, reason="领导已同意先行印发")
    event = Event.objects.get(act="campaigns.publish")
    assert event.payload["unanswered"] == [message]
    assert event.payload["reason"] == "领导已同意先行印发"
    assert campaign.plan == faulty
