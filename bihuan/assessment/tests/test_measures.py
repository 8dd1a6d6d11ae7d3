"""Each measure counts what it says, and hands over the rows that cost points."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.utils import timezone

from bihuan.accidents.models import ControlNumber
from bihuan.accidents.tests.factories import verified
from bihuan.accounts.scope import place_of
from bihuan.assessment import actions
from bihuan.assessment.measures import MEASURES, Unit, Window, read_all, register
from bihuan.assessment.measures.base import Measure
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.tests.factories import make_closed, make_hazard, make_submitted
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.tests.factories import make_campaign, visit
from bihuan.planning.models import PlannedVisit
from bihuan.pledges.models import StaffCertificate

from .factories import make_letters

pytestmark = pytest.mark.django_db


def day(days: int) -> dt.date:
    return timezone.localdate() - dt.timedelta(days=days)


def window(days: int = 200) -> Window:
    return Window(day(days), day(0))


def unit(organization, key: int = 1, user: int | None = None) -> Unit:
    return Unit(key, organization.pk, organization.kind, organization.region_id, user)


def read(measure: str, *units: Unit, days: int = 200):
    return read_all([measure], units, window(days))[measure]


def dated(hazard, **days: int):
    """Move a hazard's dates into the past, as many days ago."""
    type(hazard).objects.filter(pk=hazard.pk).update(**{name: day(value) for name, value in days.items()})
    return hazard


def test_on_time_by_place_by_line_and_by_enterprise(world) -> None:
    late = dated(make_hazard(world), found_on=40, due_on=20)
    good = dated(make_submitted(world), found_on=40, due_on=20, submitted_on=20)
    dated(make_hazard(world), found_on=3, due_on=0)  # due today is not late
    own = world.organizations
    units = [unit(own.qingshi, 1), unit(own.baita, 2), unit(own.housing, 3), unit(own.shop, 4)]
    found = read("hazard.on_time", *units)
    for key in (1, 3, 4):
        assert (found[key].value, found[key].counted, [row[0] for row in found[key].rows]) == (
            50,
            2,
            [late.pk],
        )
    assert found[2].value is None
    dated(good, submitted_on=19)
    assert read("hazard.on_time", units[0])[1].value == 0  # fmt: skip


def test_all_rows_of_a_rate_are_those_it_is_counted_over(world) -> None:
    late = dated(make_hazard(world), found_on=40, due_on=20)
    good = dated(make_submitted(world), found_on=40, due_on=20, submitted_on=20)
    dated(make_hazard(world), found_on=3, due_on=0)  # not due yet
    street, town = unit(world.organizations.qingshi), unit(world.organizations.baita, 2)
    found = read("hazard.on_time", street, town)
    assert sorted(found[1].whole) == sorted([late.pk, good.pk])
    assert found[2].whole == ()
    # Pieces are all rows behind already.
    assert read("hazard.overdue", street)[1].whole == ()


def test_closing_overdue_and_major(world) -> None:
    open_one = dated(make_hazard(world), found_on=40, due_on=20)
    make_closed(world)
    street = unit(world.organizations.qingshi)
    closing, overdue = read("hazard.closing", street)[1], read("hazard.overdue", street)[1]
    assert (closing.value, [row[0] for row in closing.rows]) == (50, [open_one.pk])
    assert (overdue.value, [row[0] for row in overdue.rows]) == (1, [open_one.pk])
    assert "逾期 20 天" in overdue.rows[0][1]
    assert read("hazard.major_on_time", street)[1].value is None
    assert read("hazard.overdue", unit(world.organizations.baita))[1].value == 0


def test_rebound_and_returned(world) -> None:
    again = make_closed(world)
    make_closed(world)
    hazards.reopen(again, by=world.people.qingshi_leader, reason="又堵上了")
    sent = make_submitted(world)
    hazards.reinspect(
        sent, passed=False, text="没改好", reason_type="not_rectified", by=world.people.qingshi_officer
    )
    street = unit(world.organizations.qingshi)
    rebound = read("hazard.rebound", street)[1]
    assert (rebound.value, [row[0] for row in rebound.rows]) == (50, [again.pk])
    returned = read("hazard.returned", street)[1]
    assert (returned.counted, [row[0] for row in returned.rows]) == (3, [sent.pk])  # fmt: skip


def test_plans_coverage_and_officers(world) -> None:
    gas = make_campaign(world)
    submit_inspection(visit(world, gas, world.people.inspector), by=world.people.inspector)
    place = {"city": world.city, "county": world.regions.yunxi, "locality": world.regions.qingshi}
    for status in ("planned", "cancelled"):
        PlannedVisit.objects.create(
            enterprise=world.enterprises.shop, organization=world.organizations.qingshi, kind="township", source="plan",
            window_from=day(30), window_to=day(10), status=status, **place,
        )  # fmt: skip
    street, town = unit(world.organizations.qingshi, 1), unit(world.organizations.baita, 2)
    planned = read("visit.planned", street)[1]
    assert (planned.value, planned.counted) == (0, 1)
    coverage = read("visit.coverage", street, town)
    assert (coverage[1].value, coverage[2].value) == (100, 0)
    assert coverage[2].rows[0][0] == world.enterprises.station.pk
    officer = unit(world.organizations.qingshi, 7, world.people.inspector.pk)
    assert read("officer.visits", officer)[7].value == 1
    assert read("officer.finding", officer)[7].value == 0
    assert read("officer.doubtful", officer)[7].value == 0
    assert read("hazard.on_time", officer)[7].value is None


def test_duties_done_late_or_not_at_all(world) -> None:
    hazard = make_hazard(world)
    subjects = [make_hazard(world), make_hazard(world), hazard]
    for subject, due in zip(subjects, (10, 5, 0), strict=True):
        open_duty(
            kind=Duty.Kind.TASK, subject=subject, title="查燃气", url="/", organization=world.organizations.qingshi,
            place=place_of(world.regions.qingshi), due_on=day(due), by=world.people.office,
        )  # fmt: skip
    finish_duty(subjects[0], Duty.Kind.TASK, by=world.people.office)
    finish_duty(subjects[2], Duty.Kind.TASK, by=world.people.office)
    street = unit(world.organizations.qingshi)
    found = read("duty.task", street)[1]
    # Two fell due before today: one done ten days late, one not at all.
    assert (found.value, found.counted) == (0, 2)
    assert "才办结" in found.rows[0][1]
    assert "没有办结" in found.rows[1][1]


def test_certificates_and_letters(world) -> None:
    for valid_to in (day(-30), day(3), None):
        StaffCertificate.objects.create(
            enterprise=world.enterprises.shop, person_name="蒋好味", kind="safety_officer", valid_to=valid_to,
            recorded_by=world.people.shop, recorded_at=timezone.now(), updated_at=timezone.now(),
        )  # fmt: skip
    street = unit(world.organizations.qingshi)
    certificates = read("training.certificates", street)[1]
    assert (round(certificates.value, 2), certificates.counted) == (D("66.67"), 3)
    (letter,) = make_letters(world)
    assert read("letter.signed", street)[1].value is None  # not yet due
    type(letter).objects.filter(pk=letter.pk).update(due_on=day(2))
    assert read("letter.signed", street)[1].rows == (
        (letter.pk, f"安全生产目标责任书：应在 {day(2)} 前签订，没有签齐"),
    )
    letter.refresh_from_db()
    actions.sign_letter(letter, "sign_lower", by=world.people.qingshi_leader)
    actions.sign_letter(letter, "sign_upper", by=world.people.office_leader)
    assert read("letter.signed", street)[1].value == 100


def test_deaths_beyond_the_control_number(world) -> None:
    accident = verified(world)
    type(accident).objects.filter(pk=accident.pk).update(
        deaths=3, grade="larger", locality=world.regions.qingshi, occurred_on=day(5)
    )
    street, town = unit(world.organizations.qingshi, 1), unit(world.organizations.baita, 2)
    assert read("accident.larger", street, town)[1].value == 1
    assert read("accident.major", street)[1].value == 0
    assert read("accident.deaths_over", street)[1].value is None
    ControlNumber.objects.create(
        region=world.regions.qingshi, year=day(0).year, item="deaths", value=1, document="云安〔2026〕1号",
        set_by=world.people.office, set_at=timezone.now(),
    )  # fmt: skip
    over = read("accident.deaths_over", street, town)
    assert (over[1].value, over[2].value) == (2, None)
    assert "死亡 3 人" in over[1].rows[0][1]


@pytest.mark.parametrize("key", sorted(MEASURES))
def test_every_measure_reads_an_empty_ledger(world, key) -> None:
    own = world.organizations
    units = [
        unit(own.qingshi, 1),
        unit(own.housing, 2),
        unit(own.shop, 3),
        unit(own.qingshi, 4, world.people.inspector.pk),
    ]
    found = read(key, *units)
    assert set(found) == {1, 2, 3, 4}
    assert all(
        not each.rows
        for each in found.values()
        if each.value in {None, 0, 100} and key not in {"visit.coverage", "enterprise.self_checks"}
    )
    assert MEASURES[key].words  # fmt: skip


def test_the_vocabulary_can_grow_but_not_be_taken_over() -> None:
    measure = Measure(
        "test.own", "自加", "件", frozenset(), "hazards.hazard", "测试", lambda units, window: {}
    )
    try:
        assert register(measure) is measure
        with pytest.raises(ValueError, match="is taken"):
            register(Measure("test.own", "另一个", "件", frozenset(), "hazards.hazard", "测试", lambda units, window: {}))  # fmt: skip
    finally:
        MEASURES.pop("test.own", None)
