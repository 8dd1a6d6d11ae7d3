"""Measures over what an enterprise does itself (R124): self-checks, risks with somebody responsible, promises kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.db.models import Q

from bihuan.inspections.models import Inspection
from bihuan.pledges.models import PledgeLine
from bihuan.pledges.workflow import LineVerdict
from bihuan.registry.models import Enterprise, RiskPoint
from bihuan.rules.headduties import self_check_cadence

from ..workflow import Audience
from .base import RATE, Measure, Paths, Reading, Row, Unit, Window, day, rate, register

FIRMS = frozenset({Audience.ENTERPRISES})
ENTERPRISE = "registry.enterprise"


def periods(since: dt.date, until: dt.date, months: int) -> Iterator[tuple[dt.date, dt.date]]:
    """Whole periods of so many calendar months that lie within the days, first to last."""
    year, month = since.year, since.month
    if since.day > 1:
        year, month = _later(year, month, 1)
    while True:
        after = _later(year, month, months)
        if dt.date(*after, 1) > until + dt.timedelta(days=1):
            return
        yield dt.date(year, month, 1), dt.date(*after, 1) - dt.timedelta(days=1)
        year, month = after


def _later(year: int, month: int, months: int) -> tuple[int, int]:
    years, index = divmod(month - 1 + months, 12)
    return year + years, index + 1


def _self_checks(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    """Of the whole periods within the days, those in which the enterprise signed a self-check at least once."""
    whose = {unit.organization: unit.key for unit in units if unit.user is None}
    months = self_check_cadence(window.until).every_months
    wanted = list(periods(window.since, min(window.until, window.today), months))
    if not wanted:
        return {}
    days: dict[int, list[dt.date]] = {}
    for body, on in Inspection.objects.filter(
        kind=Inspection.Kind.SELF_CHECK, enterprise__organization__in=list(whose),
        inspected_on__gte=wanted[0][0], inspected_on__lte=wanted[-1][1],
    ).order_by().values_list("enterprise__organization_id", "inspected_on").distinct():  # fmt: skip
        days.setdefault(body, []).append(on)
    found = {}
    for pk, body in Enterprise.objects.filter(organization__in=list(whose)).values_list(
        "pk", "organization_id"
    ):
        missed = [
            (first, last)
            for first, last in wanted
            if not any(first <= on <= last for on in days.get(body, ()))
        ]
        rows: list[Row] = [(pk, f"{_words(first, last)}没有自查记录") for first, last in missed]
        share = Decimal(len(wanted) - len(missed)) * 100 / len(wanted)
        found[whose[body]] = Reading(share, len(wanted), tuple(rows), whole=(pk,))
    return found


def _words(first: dt.date, last: dt.date) -> str:
    words = f"{first.year}年{first.month}月"
    return words if (first.year, first.month) == (last.year, last.month) else f"{words}至{last.month}月"


def _risk_named(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = RiskPoint.objects.filter(is_active=True)
    return rate(
        rows, units, good=~Q(responsible=""), paths=Paths.body("enterprise__organization_id"), key="enterprise_id",
        names=("name",), note=lambda name: f"风险点“{name}”没有责任人",
    )  # fmt: skip


def _promises(units: Sequence[Unit], window: Window) -> dict[int, Reading]:
    rows = PledgeLine.objects.exclude(verdict=LineVerdict.PENDING).filter(
        verified_at__date__gte=window.since, verified_at__date__lte=window.until
    )
    labels = dict(LineVerdict.choices)
    return rate(
        rows, units, good=Q(verdict=LineVerdict.TRUE),
        paths=Paths.body("pledge__enterprise__organization_id"), key="pledge_id",
        names=("description", "verdict", "verified_at"),
        note=lambda text, verdict, at: f"{text[:60] or '承诺事项'}：{day(at)} 核查{labels[verdict]}",
    )  # fmt: skip


register(Measure("enterprise.self_checks", "自查按期开展率", RATE, FIRMS, ENTERPRISE, "考核期内各月（按自查周期）有本企业签字自查记录的比例，只算整月", _self_checks))  # fmt: skip
register(Measure("enterprise.risk_named", "风险点落实责任人", RATE, FIRMS, ENTERPRISE, "登记在用的风险点中，写明责任人的比例", _risk_named))  # fmt: skip
register(Measure("enterprise.promises", "承诺属实率", RATE, FIRMS, "pledges.pledge", "期内核查的承诺事项中，认定属实的比例", _promises))  # fmt: skip
