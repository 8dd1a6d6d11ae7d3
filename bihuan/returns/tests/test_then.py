"""Figures whose rows change later: control measures, tolls of accidents, risk colours, findings, plans of the office."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from bihuan.accidents import actions as accidents
from bihuan.accidents.tests.factories import fresh, reported
from bihuan.hazards import actions as hazards
from bihuan.hazards.tests.factories import SIX_PARTS, make_hazard, make_major
from bihuan.returns.counting import is_zero
from bihuan.returns.measures import Ask, Scope, measure, terms
from bihuan.returns.schema import read
from bihuan.returns.shipped import shipped_by_key
from bihuan.rules.accidents import Toll

from .factories import content

pytestmark = pytest.mark.django_db
CHINA = dt.timezone(dt.timedelta(hours=8))


def at(month, day, hour=10):
    return dt.datetime(2026, month, day, hour, tzinfo=CHINA)


def on(month, day, hour=10):
    return time_machine.travel(at(month, day, hour), tick=False)


def said(world, key, until, moment, since=None, **filters):
    """The figure of the whole city, after its rows were added up beside it."""
    counted, scope = measure(key), Scope(world.regions.city.code)
    ask = Ask(key, until, since, {name: tuple(values) for name, values in filters.items()})
    value = counted.family.count([ask], scope, moment)[0]
    rows = counted.family.rows(ask, scope, moment)
    assert sum((rows.amount(row) for row in rows.queryset), Decimal(0)) == value
    return value


def test_control_measures_count_from_the_moment_they_were_granted(world):
    with on(9, 2):
        hazard = make_hazard(world, due_on=dt.date(2026, 9, 20))
        make_hazard(world, due_on=dt.date(2026, 9, 20), interim_measures="停用并围挡")
    with on(9, 10):
        extension = hazards.request_extension(
            hazard, requested_due_on=dt.date(2026, 9, 25), reason="配件未到", interim_measures="专人看守",
            by=world.people.shop,
        )  # fmt: skip
    with on(9, 12):
        hazards.decide_extension(extension, approved=True, by=world.people.qingshi_leader)
    day = dt.date(2026, 9, 30)
    assert said(world, "hazards.controlled", day, at(9, 11)) == 1  # asked for, not granted yet
    assert said(world, "hazards.controlled", day, at(9, 30)) == 2
    assert said(world, "hazards.controlled", dt.date(2026, 9, 11), at(9, 30)) == 1


def test_an_approved_plan_is_control_and_a_refused_one_is_not(world):
    with on(9, 2):
        major = make_major(world)
        hazards.report_major(major, causes="占压", danger="泄漏", by=world.people.shop)
        hazards.submit_major_plan(major, **SIX_PARTS, due_on=dt.date(2026, 9, 28), by=world.people.shop)
    with on(9, 5):
        hazards.review_major_plan(
            major.major_plans.get(), approved=True, opinion="", by=world.people.housing_leader
        )
    assert said(world, "hazards.controlled", dt.date(2026, 9, 30), at(9, 4)) == 0
    assert said(world, "hazards.controlled", dt.date(2026, 9, 30), at(9, 6)) == 1


def test_a_death_reported_later_is_not_in_the_rows_of_the_figure_signed_before(world):
    with on(9, 2):
        accident = reported(
            world, occurred_at=at(9, 2, 8), known_at=at(9, 2, 9), toll=Toll(1, 2, 0, 0, Decimal("35.5"))
        )
    with on(9, 20):
        accidents.follow_up(
            fresh(accident), known_at=at(9, 20, 9), as_of=dt.date(2026, 9, 20), toll=Toll(2, 1, 0, 0, Decimal("40")),
            told=accidents.Told(course="一名重伤员医治无效死亡"), by=world.people.shop,
        )  # fmt: skip
    year = {"since": dt.date(2026, 1, 1)}
    day = dt.date(2026, 9, 30)
    assert said(world, "accidents.deaths", day, at(9, 3), **year) == 1
    assert said(world, "accidents.deaths", day, at(9, 30), **year) == 2
    assert said(world, "accidents.loss", day, at(9, 3), **year) == Decimal("35.5")


def test_a_year_under_way_and_a_control_number_do_not_make_a_zero_return_less_of_one():
    spec = shipped_by_key("accidents.monthly")
    cells = {f"|{item.key}": Decimal(0) for item in spec.items}
    cells |= {"|control": Decimal(12), "|elapsed": Decimal("75.0"), "|pace": Decimal("-75.0")}
    assert is_zero(spec, cells)
    assert not is_zero(spec, cells | {"|count": Decimal(1)})


def test_the_office_offers_its_own_ledgers_and_the_visits_from_above():
    keys = [
        "office.items",
        "office.items_finished",
        "office.asked",
        "oversight.receptions",
        "oversight.findings",
        "oversight.left",
    ]
    items = [
        {"key": f"i{number}", "label": f"第{number}项", "measure": key} for number, key in enumerate(keys)
    ]
    assert len(read(content(items=items, checks=[]), terms()).items) == len(keys)
