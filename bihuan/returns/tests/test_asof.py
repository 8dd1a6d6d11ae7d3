"""Figures of deadlines, plans and stocks as of the moment they were counted: figure and rows say the same, then and later."""

import datetime as dt

import pytest
import time_machine

from bihuan.hazards import actions as hazards
from bihuan.hazards.tests.factories import SIX_PARTS, make_hazard, make_major
from bihuan.returns import actions
from bihuan.returns.figures import figures_of, rows_behind
from bihuan.returns.periods import span_of

from .factories import make_period, return_of

pytestmark = pytest.mark.django_db
CHINA = dt.timezone(dt.timedelta(hours=8))
SEPTEMBER = dt.datetime(2026, 9, 2, 10, tzinfo=CHINA)
ITEMS = [
    {"key": "before", "label": "期初未整改", "measure": "hazards.open", "window": "opening"},
    {"key": "found", "label": "查出隐患", "measure": "hazards.found"},
    {"key": "closed", "label": "整改销号", "measure": "hazards.closed"},
    {"key": "open", "label": "期末未整改", "measure": "hazards.open"},
    {"key": "due", "label": "到期隐患", "measure": "hazards.due"},
    {"key": "due_major", "label": "其中：重大", "measure": "hazards.due", "filters": {"level": ["major"]}},
    {"key": "planned", "label": "列入治理计划", "measure": "hazards.planned"},
]


def on(month, day):
    return time_machine.travel(dt.datetime(2026, month, day, 10, tzinfo=CHINA), tick=False)


def sheet_of(world, period):
    return figures_of(return_of(period, world.organizations.qingshi), live=True)


def said(sheet, name):
    """The figure, after its rows were counted beside it."""
    figure = sheet.whole(name)
    rows = rows_behind(sheet, figure).rows
    assert sum(rows.amount(row) for row in rows.queryset) == figure.value, name
    return figure.value


@pytest.fixture
def period(world):
    """September: one left from August, one due on the 20th, one major with a plan; in October all of them change."""
    with on(8, 20):
        make_hazard(world, due_on=dt.date(2026, 8, 30))
    with on(9, 2):
        moved = make_hazard(world, due_on=dt.date(2026, 9, 20))
        major = make_major(world)
        hazards.report_major(major, causes="占压", danger="泄漏", by=world.people.shop)
        hazards.submit_major_plan(major, **SIX_PARTS, due_on=dt.date(2026, 9, 28), by=world.people.shop)
    with on(10, 2):
        period = make_period(world, dt.date(2026, 9, 1), items=ITEMS, checks=[])
    return period, moved, major


def test_figures_of_september_are_those_of_september(world, period):
    opened, _, _ = period
    with on(10, 2):
        sheet = sheet_of(world, opened)
        assert [said(sheet, name) for name in ("before", "found", "closed", "open")] == [1, 2, 0, 3]
        assert (
            said(sheet, "due") == 1
        )  # the plan of the major one waits for review: its deadline is not in force yet
        assert said(sheet, "planned") == 1


def test_what_happens_later_changes_neither_figure_nor_rows(world, period):
    opened, moved, major = period
    with on(10, 3):
        hazards.extend_ex_officio(moved, to=dt.date(2026, 10, 20), reason="台风停工", by=world.people.office)
        plan = major.major_plans.get()
        hazards.review_major_plan(plan, approved=False, opinion="措施不具体", by=world.people.housing_leader)
        major.refresh_from_db()
        hazards.downgrade(major, reason="占压已拆", by=world.people.housing)
    with on(10, 9):
        sheet = sheet_of(world, opened)
        assert said(sheet, "due") == 1
        assert said(sheet, "due_major") == 0
        assert said(sheet, "planned") == 1
        october = make_period(world, dt.date(2026, 10, 1), key="test.october", items=ITEMS, checks=[])
    with on(11, 2):
        october_sheet = sheet_of(world, october)
        assert said(october_sheet, "before") == 3
        assert said(october_sheet, "due") >= 1


def test_a_signed_figure_of_due_hazards_opens_the_same_rows_a_month_later(world, period):
    opened, moved, _ = period
    with on(10, 8):
        record = return_of(opened, world.organizations.qingshi)
        actions.sign_return(record, by=world.people.qingshi_officer)
    with on(10, 9):
        hazards.extend_ex_officio(moved, to=dt.date(2026, 10, 15), reason="台风停工", by=world.people.office)
    with on(11, 9):
        sheet = figures_of(return_of(opened, world.organizations.qingshi))
        assert [row.pk for row in rows_behind(sheet, sheet.whole("due")).rows.queryset] == [moved.pk]
        assert said(sheet, "before") == 1


def test_what_a_return_is_compared_to_opens_its_rows_too(world, period, client):
    opened, _moved, _major = period
    with on(10, 8):
        record = return_of(opened, world.organizations.qingshi)
        actions.sign_return(record, by=world.people.qingshi_officer)
        october = actions.open_period(
            opened.definition,
            span_of("month", dt.date(2026, 10, 1), actions.spec_of_version(opened.version).anchor),
            by=world.people.robot,
        )
    with on(11, 3):
        client.force_login(world.people.qingshi_officer)
        live = figures_of(return_of(october, world.organizations.qingshi), live=True)
        before = live.whole("due")
        assert before.previous == 1
        answer = client.get(before.previous_url)
        signed = figures_of(return_of(opened, world.organizations.qingshi))
        assert answer.status_code == 302
        assert answer.url == signed.whole("due").url
        # August was never a period here: the ledger's own figures, with their own rows.
        august = figures_of(return_of(opened, world.organizations.qingshi)).whole("open")
        assert august.previous == 1
        page = client.get(august.previous_url)
        assert page.status_code == 200
        assert page.context["other"] == "上期"
        assert [row.due_on.day for row in page.context["page"].items] == [30]
        assert page.context["figure"].value == 1
