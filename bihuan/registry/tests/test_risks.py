"""Chemicals, units and risk points: reckoned as the standard says, kept with every term, carried up."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.core.errors import ReasonRequired, Refused
from bihuan.duties.models import Duty
from bihuan.registry import grading, risks
from bihuan.registry.models import (
    Chemical,
    Enterprise,
    EnterpriseGrading,
    MajorUnit,
    RiskAssessment,
    RiskPoint,
)

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 2)


@pytest.fixture
def station(world):
    return world.enterprises.station


def tank(station, by, population=60, **values):
    unit = risks.save_unit(
        station, {"name": "罐区", "kind": "storage", "population": population} | values, by=by
    )
    chemical = {
        "unit": unit, "name": "液化石油气", "state": "liquid", "categories": [], "design_maximum": Decimal(200), "place": "球罐",
    }  # fmt: skip
    risks.save_chemical(station, chemical, by=by)
    unit.refresh_from_db()
    return unit


def test_a_tank_farm_is_graded_and_every_term_is_kept(world, station):
    """200 t of LPG, Q = 50 t, beta 1.5, 50 to 99 people: R = 1.5×1.5×4 = 9."""
    unit = tank(station, world.people.office)
    assert (unit.is_major, unit.s, unit.r, unit.grade) == (True, "4", "9", 4)
    terms = unit.explanation["terms"]
    assert [(term["name"], term["amount"], term["quantity"]) for term in terms] == [
        ("液化石油气", "200", "50")
    ]
    assert station.changes.first().changes[0][2] == "四级重大危险源"


def test_without_the_number_of_people_it_constitutes_but_has_no_grade(world, station):
    unit = tank(station, world.people.office, population=None)
    assert (unit.is_major, unit.grade, unit.r) == (True, None, "")
    assert risks.standing(unit) == "构成重大危险源，尚未分级"


def test_what_cannot_be_reckoned_says_why(world, station):
    by = world.people.office
    unit = risks.save_unit(station, {"name": "库房", "kind": "storage"}, by=by)
    assert "没有登记危险化学品" in unit.problem
    risks.save_chemical(
        station, {"unit": unit, "name": "神秘液体", "state": "liquid", "categories": [], "design_maximum": Decimal(5)}, by=by
    )  # fmt: skip
    unit.refresh_from_db()
    assert "神秘液体" in unit.problem
    assert not unit.is_major


def test_taking_the_chemical_out_takes_the_unit_back(world, station):
    by = world.people.office
    unit = tank(station, by)
    risks.save_chemical(station, {"is_present": False}, by=by, chemical=Chemical.objects.get())
    unit.refresh_from_db()
    assert not unit.is_major


def test_an_evaluation_owes_the_next_one_in_three_years(world, station):
    by = world.people.office
    unit = tank(station, by, evaluated_on=DAY)
    assert unit.reevaluate_by == dt.date(2029, 11, 2)
    duty = Duty.objects.open().get(kind=Duty.Kind.REEVALUATION)
    assert (duty.organization, duty.due_on) == (station.organization, dt.date(2029, 11, 2))
    assert duty.clock["summary"] == "自2026-11-02起每36个月，至2029-11-02"
    risks.save_unit(station, {"evaluated_on": DAY + dt.timedelta(days=10)}, by=by, unit=unit)
    assert Duty.objects.open().get(kind=Duty.Kind.REEVALUATION).due_on == dt.date(2029, 11, 12)
    assert Duty.objects.filter(kind=Duty.Kind.REEVALUATION, status="done").count() == 1


def test_filing_is_due_within_fifteen_days(world, station):
    unit = tank(station, world.people.office, evaluated_on=DAY)
    assert risks.filing_words(unit, on=dt.date(2026, 11, 17)) == ("orange", "待备案，应于2026-11-17前备案")
    assert risks.filing_words(unit, on=dt.date(2026, 11, 18))[0] == "red"
    unit.filed_on = dt.date(2026, 11, 10)
    assert risks.filing_words(unit, on=DAY) == ("green", "2026-11-10备案")


def test_three_persons_stand_for_a_unit(world, station):
    by = world.people.office
    people = [
        {"role": "principal", "name": "沈平安", "title": "总经理", "phone": "19900001111"},
        {"role": "technical", "name": "何技术", "title": "", "phone": ""},
        {"role": "operation", "name": "", "title": "", "phone": ""},
    ]
    unit = risks.save_unit(station, {"name": "罐区", "kind": "storage"}, by=by, guardians=people)
    assert [str(each) for each in unit.guardians.all()] == ["主要负责人 沈平安", "技术负责人 何技术"]
    people[0] |= {"phone": "", "title": "董事长"}
    people[1]["name"] = ""
    risks.save_unit(station, {}, by=by, unit=unit, guardians=people)
    only = unit.guardians.get()
    assert (only.title, only.phone) == ("董事长", "19900001111")


def test_dates_that_cannot_be_are_refused(world, station):
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    with pytest.raises(Refused, match="安全评估日期不能晚于今天"):
        risks.save_unit(
            station, {"name": "一", "kind": "storage", "evaluated_on": tomorrow}, by=world.people.office
        )
    with pytest.raises(Refused, match="备案日期不能早于"):
        risks.save_unit(
            station, {"name": "一", "kind": "storage", "evaluated_on": DAY, "filed_on": dt.date(2026, 1, 1)}, by=world.people.office
        )  # fmt: skip


def test_the_database_keeps_amounts_sane(station):
    with pytest.raises(IntegrityError), transaction.atomic():
        Chemical.objects.create(enterprise=station, name="氨", state="gas", design_maximum=0)


def test_a_unit_of_somebody_else_is_refused(world, station):
    unit = tank(station, world.people.office)
    with pytest.raises(Refused, match="不属于这家企业"):
        risks.save_chemical(world.enterprises.shop, {"unit": unit}, by=world.people.office)


@pytest.mark.parametrize("who", ["inspector", "shop", "qingshi_officer", "housing", "inspectorate"])
def test_who_may_not_enter_risks_of_the_station(world, station, who):
    with pytest.raises(PermissionDenied):
        risks.save_point(station, {"name": "罐", "kind": "device"}, by=getattr(world.people, who))
    assert not RiskPoint.objects.exists()


# --- risk points -----------------------------------------------------------------------------------


def lec(point, by, likelihood="3", exposure="6", consequence="40", **changes):
    given = {
        "danger": "法兰泄漏", "method": "LEC", "policy": "", "direct": [], "on": DAY,
        "values": {"likelihood": likelihood, "exposure": exposure, "consequence": consequence},
    }  # fmt: skip
    return risks.assess(point, by=by, **given | changes)


def test_the_gravest_danger_colours_point_and_enterprise(world, station):
    """3×6×40 = 720 is red; the station was entered as orange."""
    by = world.people.office
    point = risks.save_point(station, {"name": "装卸台", "kind": "place"}, by=by)
    lec(point, by, "0.5", "1", "3", danger="滑倒")
    point.refresh_from_db()
    assert point.colour == "blue"
    made = lec(point, by)
    assert "D=3×6×40=720" in "".join(made.explanation["steps"])
    point.refresh_from_db()
    assert point.colour == "red"
    assert Enterprise.objects.get(pk=station.pk).risk == "red"


def test_a_new_judgement_keeps_the_old_one(world, station):
    by = world.people.office
    point = risks.save_point(station, {"name": "装卸台", "kind": "place"}, by=by)
    lec(point, by)
    lec(point, by, "0.5")
    assert [row.is_current for row in RiskAssessment.objects.order_by("id")] == [False, True]
    point.refresh_from_db()
    assert point.colour == "yellow"  # 0.5×6×40 = 120
    station.refresh_from_db()
    assert station.risk == "yellow"


def test_a_matrix_by_another_policy_and_a_circumstance_that_decides(world, station):
    by = world.people.office
    point = risks.save_point(station, {"name": "装卸台", "kind": "place"}, by=by)
    made = risks.assess(
        point, danger="受限空间", method="LS", values={"likelihood": "2", "severity": "4"}, policy="", direct=[], by=by, on=DAY
    )  # fmt: skip
    assert made.colour == "blue"  # R = 8
    key = made.explanation["policy"]
    again = risks.assess(
        point, danger="受限空间", method="LS", values={"likelihood": "2", "severity": "4"}, policy=key,
        direct=["installation"], by=by, on=DAY,
    )  # fmt: skip
    assert again.colour == "red"


def test_values_no_scale_holds_are_refused(world, station):
    by = world.people.office
    point = risks.save_point(station, {"name": "装卸台", "kind": "place"}, by=by)
    with pytest.raises(Refused, match="只能取"):
        lec(point, by, "4")
    with pytest.raises(Refused, match="1至5"):
        lec(point, by, method="LS", values={"likelihood": "x", "severity": "2"})


# --- grade -----------------------------------------------------------------------------------------


def test_a_grade_is_reckoned_explained_and_says_what_would_change_it(world, station):
    by = world.people.office
    first = grading.regrade(station, by=by)
    assert first.is_current
    assert first.reckoned == first.grade
    steps = grading.what_would_change(station, on=timezone.localdate())
    assert any("标准化三级达标" in step["text"] for step in steps)
    assert all(step["points"] > 0 or step["changes"] for step in steps)


def test_experts_may_see_it_otherwise_with_a_reason(world, station):
    by = world.people.office
    grading.regrade(station, by=by)
    with pytest.raises(ReasonRequired):
        grading.override_grade(station, "D", reason=" ", by=by)
    with pytest.raises(Refused, match="分级只有"):
        grading.override_grade(station, "E", reason="专家组意见", by=by)
    made = grading.override_grade(station, "D", reason="专家组现场诊断", by=by)
    assert (made.grade, made.is_override) == ("D", True)
    assert EnterpriseGrading.objects.filter(is_current=True).get() == made
    grading.regrade(station, by=by)
    assert not EnterpriseGrading.objects.get(is_current=True).is_override
    assert EnterpriseGrading.objects.count() == 3


def test_accidents_of_twelve_months_and_units_weigh(world, station):
    by = world.people.office
    unit = tank(station, by)
    assert unit.grade == 4
    today = timezone.localdate()
    grading.record_accident(station, kind="injury", on=today - dt.timedelta(days=30), words="烫伤", by=by)
    grading.record_accident(station, kind="injury", on=today - dt.timedelta(days=400), words="旧事", by=by)
    facts = grading.facts_of(station, on=today)
    assert (facts.installation_grade, dict(facts.accidents)) == (4, {"injury": 1})
    with pytest.raises(Refused, match="不能晚于今天"):
        grading.record_accident(station, kind="injury", on=today + dt.timedelta(days=1), words="", by=by)


def test_flags_come_from_declaration_inventory_and_units(world, station):
    by = world.people.office
    assert risks.flags_words(station) == ""
    tank(station, by)
    risks.save_profile(station, {"key_processes": True}, by=by)
    Chemical.objects.update(is_key=True)
    assert risks.flags_words(station) == "重点监管危险化学品、重点监管危险化工工艺、重大危险源"
    assert MajorUnit.objects.count() == 1
