"""Definitions and returns in the states tests need, brought there by the same actions people use."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from bihuan.accounts.tests.world import World
from bihuan.returns import actions
from bihuan.returns.models import Definition, Period, Return
from bihuan.returns.periods import Span, span_of

CONTENT: dict[str, Any] = {
    "key": "test.month", "name": "月度试报表", "period": "month", "owers": ["locality", "department"],
    "cutoff": {"days": 5, "unit": "working", "roll": True, "basis": "测试"}, "source": "测试", "verified": True,
    "items": [
        {"key": "found", "label": "查出隐患", "measure": "hazards.found"},
        {"key": "major", "label": "其中：重大", "measure": "hazards.found", "filters": {"level": ["major"]}},
        {"key": "closed", "label": "整改销号", "measure": "hazards.closed"},
        {"key": "open", "label": "期末未整改", "measure": "hazards.open"},
        {"key": "overdue", "label": "逾期未整改", "measure": "hazards.overdue"},
        {"key": "visits", "label": "检查次数", "measure": "inspections.visits"},
        {"key": "rate", "label": "整改率", "unit": "%", "formula": "closed / found * 100", "digits": 1},
        {"key": "trained", "label": "培训人次", "unit": "人次", "optional": True},
    ],
    "checks": [{"expression": "major <= found", "message": "重大不多于查出", "remedy": "核对等级"}],
}  # fmt: skip


def content(**changed: Any) -> dict[str, Any]:
    return copy.deepcopy(CONTENT) | changed


def make_definition(world: World, *, starts_on: dt.date, **changed: Any) -> Definition:
    """A monthly return of the city office, in force."""
    return actions.create_definition(
        content(**changed), world.organizations.office, by=world.people.office, starts_on=starts_on, put_in_force=True
    )  # fmt: skip


def make_period(world: World, day: dt.date, **changed: Any) -> Period:
    """The period `day` lies in, opened."""
    definition = make_definition(world, starts_on=day, **changed)
    spec = actions.spec_of_version(actions.current_version(definition))
    span: Span = span_of(spec.period, day, spec.anchor)
    return actions.open_period(definition, span, by=world.people.robot)


def return_of(period: Period, organization: Any) -> Return:
    return Return.objects.select_related(
        "period__version", "period__definition__campaign", "organization__region", "collector", "current__by"
    ).get(period=period, organization=organization)  # fmt: skip
