"""What teams of this place and of the levels above look at and find: visits, receptions (迎检, R110), findings by origin."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from bihuan.accounts.scope import area_q
from bihuan.hazards.workflow import Status as HazardStatus
from bihuan.oversight.models import (
    FindingTransition,
    LineTransition,
    OversightFinding,
    OversightVisit,
    Reception,
    ReceptionLine,
    ReceptionTransition,
)
from bihuan.oversight.models.findings import ORIGINS
from bihuan.oversight.workflow import FindingStatus, LineStatus, ReceptionStatus

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .plain import Plain, stood, within

_ORIGIN = {"round": "visit", "district": "district_visit", "upper": "reception"}


def _day_end(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time.max))


# --- visits of our own teams ------------------------------------------------------------------------------------


def _visits(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    rows = OversightVisit.objects.filter(
        area_q(scope.region), submitted_at__lte=moment, **within(ask, "visited_on")
    )
    return rows if scope.department is None else rows.filter(round__organization=scope.department)


def _show_visits(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("round", "organization"), ("-visited_on", "-id"),
        (("督导轮次", lambda row: row.round.title), ("督导日期", lambda row: row.visited_on)),
        lambda row: row.get_absolute_url(), lambda row: row.organization.name,
    )  # fmt: skip


# --- findings ---------------------------------------------------------------------------------------------------


def _known(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Findings entered by then and not withdrawn, with how each stood (`then`) and since when (`then_at`)."""
    rows = OversightFinding.objects.filter(
        area_q(scope.region), found_on__lte=ask.until, pk__in=FindingTransition.objects.filter(at__lte=moment).values("finding")
    )  # fmt: skip
    if scope.department is not None:
        rows = rows.filter(Q(organization=scope.department) | Q(enterprise__department=scope.department))
    if chosen := ask.chosen("finding_origin"):
        origin = Q(pk__in=[])
        for name in chosen:
            origin |= Q(**{f"{_ORIGIN[name]}__isnull": False})
        rows = rows.filter(origin)
    return rows.annotate(
        then=stood(FindingTransition, "finding", moment), then_at=stood(FindingTransition, "finding", moment, "at")
    ).exclude(then=FindingStatus.WITHDRAWN)  # fmt: skip


def _found(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    return _known(ask, scope, moment).filter(**within(ask, "found_on"))


def _settled(ask: Ask, moment: dt.datetime) -> Q:
    """Verified in the window; a hazard of an enterprise when the ledger closed it."""
    own = Q(then=FindingStatus.CLOSED, then_at__lte=_day_end(ask.until))
    if ask.since:
        own &= Q(then_at__date__gte=ask.since)
    ledger = Q(
        hazard__status=HazardStatus.CLOSED, hazard__closed_at__lte=moment, **within(ask, "hazard__closed_on")
    )
    return own | ledger


def _corrected(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    return _known(ask, scope, moment).filter(_settled(ask, moment))


def _left(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    rows = _known(ask, scope, moment)
    done = rows.filter(_settled(Ask(ask.measure, ask.until), moment)).values("pk")
    return rows.exclude(pk__in=done).exclude(hazard__status=HazardStatus.DISMISSED)


def _show_findings(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization", "enterprise", "visit__round", "district_visit", "reception"),
        ("-found_on", "-id"),
        (
            ("来源", _origin), ("责任单位", lambda row: row.enterprise.name if row.enterprise_id else row.organization.short_name),
            ("发现日期", lambda row: row.found_on), ("整改期限", lambda row: row.due_on or "—"),
            ("当时状态", lambda row: FindingStatus(row.then).label), ("现在状态", lambda row: row.get_status_display()),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.description[:60],
    )  # fmt: skip


def _origin(row: Any) -> str:
    if row.reception_id is not None:
        return str(row.reception.title)
    return str(row.visit.round.title) if row.visit_id is not None else ORIGINS["district"]


# --- visits from above (迎检) -------------------------------------------------------------------------------------


def _receptions(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Visits that began in the window, as far as they were registered and not cancelled by then."""
    rows = Reception.objects.filter(
        area_q(scope.region), created_at__lte=moment, **within(ask, "starts_on")
    ).annotate(then=stood(ReceptionTransition, "reception", moment))
    if scope.department is not None:
        given = ReceptionLine.objects.filter(reception=OuterRef("pk"), organization=scope.department)
        rows = rows.filter(Q(organization=scope.department) | Exists(given))
    if chosen := ask.chosen("reception_level"):
        rows = rows.filter(level__in=chosen)
    return rows.exclude(then=ReceptionStatus.CANCELLED)


def _show_receptions(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("organization"), ("-starts_on", "-id"),
        (
            ("检查组", lambda row: row.visitor), ("级别", lambda row: row.get_level_display()),
            ("牵头迎检单位", lambda row: row.organization.short_name), ("进驻日期", lambda row: row.starts_on),
            ("当时状态", lambda row: ReceptionStatus(row.then).label), ("得分", lambda row: row.score_words or "—"),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.title,
    )  # fmt: skip


def _lines(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    """Lines of the lists of those visits that apply, of a department those given to it; ready ones if they are asked for."""
    visits = _receptions(Ask(ask.measure, ask.until, ask.since, ask.filters), scope, moment)
    rows = ReceptionLine.objects.filter(
        reception__in=visits.values("pk"), pk__in=LineTransition.objects.filter(at__lte=moment).values("line")
    ).annotate(then=stood(LineTransition, "line", moment))
    if scope.department is not None:
        rows = rows.filter(organization=scope.department)
    if ask.measure == "oversight.reception_ready":
        return rows.filter(then=LineStatus.READY)
    return rows.exclude(then=LineStatus.DROPPED)


def _show_lines(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("reception", "organization").annotate(starts=F("reception__starts_on")), ("-starts", "-id"),
        (
            ("迎检", lambda row: row.reception.title), ("准备单位", lambda row: row.organization.short_name if row.organization_id else "—"),
            ("准备期限", lambda row: row.due_on or "—"), ("当时状态", lambda row: LineStatus(row.then).label),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.text,
    )  # fmt: skip


_BY_PLACE = {"locality": "locality_id"}
_PLACES, _ORIGINS, _LEVELS = (
    frozenset({"locality"}),
    frozenset({"finding_origin"}),
    frozenset({"reception_level"}),
)
register(
    Measure("oversight.visits", "督导检查次数", "次", "时段内督导组到属地督导检查并提交记录的次数。", Plain(_visits, _show_visits, dimensions=_BY_PLACE), frozenset(), _PLACES),
    Measure("oversight.findings", "督导发现问题", "项", "时段内督导轮次、包干走访和上级检查发现或者反馈的问题，撤销的不算；可按来源。", Plain(_found, _show_findings, dimensions=_BY_PLACE), _ORIGINS, _PLACES),
    Measure("oversight.corrected", "督导问题整改销号", "项", "时段内核验通过或者在隐患台账销号的督导问题，不论何时发现；可按来源。", Plain(_corrected, _show_findings, dimensions=_BY_PLACE), _ORIGINS, _PLACES),
    Measure("oversight.left", "督导问题未整改", "项", "时段末还没有核验销号的督导问题（存量）；可按来源。", Plain(_left, _show_findings, dimensions=_BY_PLACE), _ORIGINS, _PLACES, is_stock=True),
    Measure("oversight.receptions", "迎接上级检查", "次", "时段内进驻、没有取消的上级检查；部门只算本部门牵头或者承担迎检事项的。", Plain(_receptions, _show_receptions, dimensions=_BY_PLACE), _LEVELS, _PLACES, additive=False),
    Measure("oversight.reception_lines", "迎检清单事项", "项", "时段内进驻的上级检查的清单事项，不适用的不算；部门只算分派给本部门的。", Plain(_lines, _show_lines), _LEVELS),
    Measure("oversight.reception_ready", "迎检事项已备齐", "项", "时段内进驻的上级检查的清单事项中，取数时已审核备齐的。", Plain(_lines, _show_lines), _LEVELS),
)  # fmt: skip
register_filter("finding_origin", "问题来源", lambda: ORIGINS.items())
register_filter("reception_level", "检查级别", lambda: Reception.Level.choices)
