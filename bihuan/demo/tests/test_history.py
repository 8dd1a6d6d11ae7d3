"""The demo city against the rules of the real one: record, figures, table, duties. Counted again by plain Python."""

import datetime as dt
import re
from collections import Counter, defaultdict
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.roles import Role
from bihuan.audit.models import Event, Seal
from bihuan.audit.verification import verify
from bihuan.campaigns.models import Campaign, PlanItem, PlanUnit
from bihuan.demo.cast import LOGINS, PASSWORD
from bihuan.demo.loading import SIZES, load_city
from bihuan.demo.moments import as_of
from bihuan.duties.models import Duty
from bihuan.hazards.models import Extension, Hazard, HazardTransition
from bihuan.hazards.standing import has_standing
from bihuan.hazards.workflow import Move, Status
from bihuan.inspections.models import Coverage, Inspection
from bihuan.papers.models import Paper, PaperSequence
from bihuan.registry.models import Contact, Permit
from bihuan.returns.counting import Filling, ask_of, cell_of, fill, rounded, scope_of_body
from bihuan.returns.measures import measure
from bihuan.returns.periods import Span, last_ended
from bihuan.returns.shipped import shipped
from bihuan.tally import queries as tally

NOW = dt.datetime(2026, 11, 20, 17, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
TODAY = NOW.date()
DAYS = [TODAY - dt.timedelta(days=30), TODAY - dt.timedelta(days=7), TODAY]
CLOSING = {"fix_on_spot", "close", "close_major"}
# What each status makes somebody owe, by hand.
OWED = {
    "reported": {"hazard_confirm"},
    "rectifying": {"hazard_rectify"},
    "reinspecting": {"hazard_review"},
    "planning": {"report", "major_plan"},
    "plan_review": {"major_plan_review"},
    "accepting": {"major_acceptance"},
    "evaluating": {"major_evaluation"},
    "closed": set(),
    "dismissed": set(),
}


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker):
    """The small city, loaded once for this module and rolled back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        with as_of(NOW):
            load_city(SIZES["small"], say=lambda words: None, now=NOW)
            yield
        transaction.set_rollback(True)


@pytest.fixture
def _django_db_helper(city):
    """The transaction of the module stands in for one per test: nothing here changes what was loaded."""


pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.usefixtures("city")]


def local_day(moment):
    return timezone.localdate(moment)


# --- the record ----------------------------------------------------------------------------------------


def test_the_record_verifies_and_every_day_is_sealed():
    report = verify(files=True)
    assert report.findings == []
    assert report.events > 3000
    assert Seal.objects.order_by("day").last().day == TODAY - dt.timedelta(days=1)
    first = Event.objects.order_by("day").first().day
    assert Seal.objects.count() == (TODAY - first).days


def test_one_changed_byte_is_named():
    hazard = Hazard.objects.filter(status="closed").first()
    with transaction.atomic():
        Hazard.objects.filter(pk=hazard.pk).update(description="改过的描述")
        named = [finding.subject for finding in verify().findings]
        transaction.set_rollback(True)
    assert named == [f"hazards.hazard:{hazard.pk}"]


# --- the figures, counted again ------------------------------------------------------------------------


def lives():
    """Every hazard with its lines in order."""
    lines = defaultdict(list)
    for line in HazardTransition.objects.order_by("id"):
        lines[line.hazard_id].append(line)
    return [(hazard, lines[hazard.pk]) for hazard in Hazard.objects.all()]


def is_found_on(hazard, lines, day):
    dismissed = any(line.move in {"dismiss", "merge"} and local_day(line.at) <= day for line in lines)
    return hazard.found_on <= day and not dismissed


def is_closed_on(hazard, lines, day):
    if hazard.source == "import":
        return hazard.closed_on is not None and hazard.closed_on <= day
    closed = False
    for line in lines:
        on = hazard.found_on if line.move == "fix_on_spot" else local_day(line.at)
        if on <= day and line.move in CLOSING:
            closed = True
        elif on <= day and line.move == "reopen":
            closed = False
    return closed


def overdue_on(day):
    """From the duties of rectification and the extensions, not from deltas; imported ones from their own dates."""
    granted = defaultdict(list)
    for extension in Extension.objects.filter(status="approved").order_by("id"):
        granted[f"hazards.hazard:{extension.hazard_id}"].append(extension)
    late = set()
    for duty in Duty.objects.filter(kind="hazard_rectify"):
        due_on = duty.due_on
        later = [each for each in granted[duty.subject] if local_day(each.decided_at) > day]
        later = [each for each in later if duty.closed_at is None or each.decided_at <= duty.closed_at]
        if later and duty.opened_at < later[0].decided_at:
            due_on = later[0].old_due_on
        runs = local_day(duty.opened_at) <= day and (
            duty.closed_at is None or local_day(duty.closed_at) > day
        )
        if runs and due_on < day:
            late.add(duty.subject)
    for hazard, lines in lives():
        ends = hazard.closed_on or local_day(lines[0].at)
        if hazard.source == "import" and hazard.due_on < day < ends:
            late.add(f"hazards.hazard:{hazard.pk}")
    return len(late)


@pytest.mark.parametrize("day", DAYS)
def test_totals_equal_a_recount_of_the_ledger(day):
    figures = tally.totals(on=day, region="5397")
    everything = lives()
    assert figures.found == sum(is_found_on(hazard, lines, day) for hazard, lines in everything)
    assert figures.closed == sum(is_closed_on(hazard, lines, day) for hazard, lines in everything)
    assert figures.overdue == overdue_on(day)
    visits = Inspection.objects.exclude(kind="self_check")  # no visit of an authority
    assert figures.inspected == visits.filter(inspected_on__lte=day).count()
    assert figures.covered == Coverage.objects.filter(on__lte=day).count()


def test_regions_equal_a_recount():
    found, closed = Counter(), Counter()
    for hazard, lines in lives():
        found[hazard.locality_id] += is_found_on(hazard, lines, TODAY)
        closed[hazard.locality_id] += is_closed_on(hazard, lines, TODAY)
    rows = tally.by_region(found, on=TODAY)
    assert {code: row.found for code, row in rows.items()} == dict(found)
    assert {code: row.closed for code, row in rows.items()} == {code: closed[code] for code in found}


def test_the_matrix_equals_a_recount():
    campaign = Campaign.objects.order_by("pk").first()
    expected = defaultdict(lambda: [0, 0, 0, 0])
    for hazard, lines in lives():
        if hazard.campaign_id == campaign.pk and hazard.task_id:
            row = expected[hazard.task_id, hazard.locality_id]
            row[0] += is_found_on(hazard, lines, TODAY)
            row[1] += is_closed_on(hazard, lines, TODAY)
    for visit in Inspection.objects.filter(campaign=campaign, task__isnull=False).exclude(kind="self_check"):
        expected[visit.task_id, visit.locality_id][2] += 1
    for first in Coverage.objects.filter(task__campaign=campaign).select_related("enterprise"):
        expected[first.task_id, first.enterprise.locality_id][3] += 1
    counted = tally.matrix(campaign.pk, on=TODAY)
    assert {key: [row.found, row.closed, row.inspected, row.covered] for key, row in counted.items()} == dict(
        expected
    )


# --- the table and the duties --------------------------------------------------------------------------


def test_every_status_and_every_move_can_be_seen():
    assert set(Hazard.objects.values_list("status", flat=True)) == set(Status.values)
    assert set(HazardTransition.objects.values_list("move", flat=True)) == set(Move.values)
    assert set(Extension.objects.values_list("status", flat=True)) == {
        "pending", "approved", "rejected", "withdrawn",
    }  # fmt: skip


def test_every_life_is_a_chain_of_legal_moves_in_time():
    for hazard, lines in lives():
        status, at = "", None
        for line in lines:
            assert line.from_status == status, f"{line} of {hazard}"
            assert at is None or line.at >= at
            status, at = line.to_status, line.at
        assert status == hazard.status
        assert lines[0].move in {"report", "record", "self_report", "import"}
        assert at <= NOW


def test_whoever_moved_a_hazard_stood_in_the_right_relation_to_it():
    reassigned = set(HazardTransition.objects.filter(move="assign").values_list("hazard", flat=True))
    entries = {"report", "record", "self_report", "import"}
    lines = HazardTransition.objects.exclude(move__in=entries).exclude(hazard__in=reassigned)
    for line in lines.select_related("hazard__enterprise", "by"):
        assert has_standing(line.by, line.move, line.hazard), f"{line.by} {line.move}"


def test_nobody_judged_what_he_handed_in():
    for hazard in Hazard.objects.prefetch_related("reinspections__rectification"):
        assert all(each.by_id != each.rectification.by_id for each in hazard.reinspections.all())


def test_open_duties_are_what_the_statuses_owe():
    open_kinds = defaultdict(set)
    for duty in Duty.objects.open().filter(subject__startswith="hazards.hazard:"):
        open_kinds[int(duty.subject.split(":")[1])].add(duty.kind)
    pending = set(Extension.objects.filter(status="pending").values_list("hazard", flat=True))
    for hazard in Hazard.objects.prefetch_related("major_reports"):
        expected = set(OWED[hazard.status])
        if hazard.status == "planning" and hazard.major_reports.all():
            expected.discard("report")
        if hazard.pk in pending:
            expected.add("extension")
        assert open_kinds[hazard.pk] == expected, f"{hazard.status} {hazard.pk}"


def test_what_is_late_has_been_pressed():
    late = Duty.objects.overdue(on=TODAY).filter(due_on__lt=TODAY - dt.timedelta(days=2), opened_at__lt=NOW)
    late = late.exclude(opened_at__gte=NOW - dt.timedelta(days=3))
    assert late
    assert all(duty.steps_taken == duty.steps.count() > 0 for duty in late)


def test_some_duties_are_held_by_nobody():
    assert Duty.objects.unheld(on=TODAY).filter(kind="task").exists()


# --- returns ------------------------------------------------------------------------------------------------


def test_every_figure_of_every_shipped_return_is_the_sum_of_its_rows():
    bodies = Organization.objects.filter(short_name__in=["市安委办", "市住建局", "青石街道"]).order_by("pk")
    assert len(bodies) == 3
    opening = Campaign.objects.order_by("pk")[0].starts_on
    compared, without_rows, wrong = 0, set(), []
    for spec in shipped():
        span = Span(opening, TODAY) if not spec.recurs else last_ended(spec.period, TODAY, spec.anchor)
        for body in bodies:
            filling = Filling(spec, scope_of_body(body), span, opening)
            sheet = fill(filling)
            for row in sheet.rows[:4]:
                for item in (each for each in spec.items if each.measure):
                    behind = measure(item.measure).family.rows(ask_of(item, row, filling), filling.scope, NOW)
                    figure = sheet.cells[cell_of(row.key, item.key)]
                    if behind is None or figure is None:
                        without_rows.add(item.measure)
                        continue
                    compared += bool(figure)
                    summed = sum((behind.amount(each) for each in behind.queryset), Decimal(0))
                    if rounded(summed, item.digits) != figure:
                        wrong.append((spec.key, body.short_name, row.label, item.label, figure, summed))
    assert not wrong, "\n".join(map(str, wrong))
    assert compared > 400
    # A share of control numbers stands on a document, the part of the year that has passed on the calendar.
    assert without_rows <= {"accidents.control", "calendar.elapsed"}


# --- papers, plans, people ------------------------------------------------------------------------------


def test_papers_are_numbered_without_a_gap():
    for sequence in PaperSequence.objects.all():
        own = Paper.objects.filter(organization=sequence.organization, case_year=sequence.year)
        assert sorted(set(own.values_list("case_seq", flat=True))) == list(range(1, sequence.last + 1))
        # A case begins with a paper of its own; nothing begins twice under one number.
        begun = own.filter(ordinal=1).exclude(
            kind__in=[
                "rectification_order", "reinspection_opinion", "acceptance_record", "listing_extension", "delisting",
            ]
        )  # fmt: skip
        assert sorted(begun.values_list("case_seq", flat=True)) == list(range(1, sequence.last + 1))


def test_the_campaigns_are_published_whole():
    gas, chemicals = Campaign.objects.order_by("pk")
    assert [gas.short_title, chemicals.short_title] == ["城镇燃气安全专项整治", "危险化学品安全风险专项整治"]
    assert not PlanItem.objects.filter(state="proposed", document__status="published").exists()
    by_hand = PlanUnit.objects.exclude(matched_by=None).order_by("name")
    assert {unit.name: unit.group or unit.organization.short_name for unit in by_hand} == {
        "云溪供电局": "ignored",
        "市燃气行业协会": "ignored",
    }
    # The old name of the bureau needs nobody's hand.
    former = PlanUnit.objects.get(name="市建设局", document__status="published")
    assert former.organization.short_name == "市住建局"
    assert [phase.status for phase in chemicals.phases.all()] == ["closed", "open", "pending"]


def test_every_role_has_a_login_that_works():
    users = [User.objects.get(username=login) for _, login, _ in LOGINS]
    assert {user.main_post.role for user in users} == set(Role.values) - {"unassigned"}
    assert all(user.check_password(PASSWORD) and not user.must_change_password for user in users)


def test_no_telephone_is_real():
    phones = [each.phone for each in Contact.objects.all()] + [each.phone for each in User.objects.all()]
    assert [phone for phone in phones if phone and not re.fullmatch(r"1990000\d{4}", phone)] == []


def test_some_permits_run_out():
    assert Permit.objects.expiring(on=TODAY).exists()


def test_a_second_load_is_refused():
    before = Hazard.objects.count()
    with pytest.raises(CommandError, match="只装入空库"):
        call_command("demo")
    assert Hazard.objects.count() == before >= 150
