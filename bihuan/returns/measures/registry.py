"""What is supervised: enterprises by kind and risk, those out of operation, key areas (R040 五个清单)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet

from bihuan.registry.models import Enterprise, EnterpriseChange, EnterpriseKind
from bihuan.registry.models.kinds import RiskColour
from bihuan.registry.models.lifecycle import StatusPeriod
from bihuan.zones.models import Zone

from .base import Ask, Measure, Rows, Scope, register, register_filter
from .plain import Plain

_RISK = str(Enterprise._meta.get_field("risk").verbose_name)
_DIMENSIONS = {"kind": "kind_id", "department": "department_id", "locality": "locality_id"}


def _enterprises(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = Enterprise.objects.filter(
        scope.q(campaign=False), created_at__lte=moment, created_at__date__lte=ask.until
    )
    if chosen := ask.chosen("kind"):
        rows = rows.filter(kind__in=chosen)
    if chosen := ask.chosen("risk"):
        rows = _of_colour(rows, chosen, moment)
    then = StatusPeriod.objects.filter(
        Q(to_on=None) | Q(to_on__gte=ask.until), from_on__lte=ask.until, at__lte=moment,
    )  # fmt: skip
    away = then.exclude(status=Enterprise.Status.OPERATING)
    if ask.measure == "registry.stopped":
        return rows.filter(pk__in=away.values("enterprise"))
    gone = away.filter(status__in=["closed", "moved"])
    return rows.exclude(pk__in=gone.values("enterprise"))


def _of_colour(rows: QuerySet[Any], chosen: tuple[str, ...], moment: dt.datetime) -> QuerySet[Any]:
    """Of these, those that had one of these colours at the moment: what was changed since is taken back, change by change."""
    last = EnterpriseChange.objects.order_by("-id").values_list("at", flat=True).first()
    if last is None or last <= moment:
        return rows.filter(risk__in=chosen)
    colours = {label: value for value, label in RiskColour.choices}
    then: dict[int, str] = {}
    since = EnterpriseChange.objects.filter(enterprise__in=rows, at__gt=moment).order_by("-id")
    for pk, changes in since.values_list("enterprise", "changes"):
        for name, before, *_ in changes:
            if name == _RISK:
                then[pk] = colours.get(before, "")  # the earliest since comes last and says how it was
    had = [pk for pk, colour in then.items() if colour in chosen]
    return rows.filter((Q(risk__in=chosen) & ~Q(pk__in=list(then))) | Q(pk__in=had))


def _zones(ask: Ask, scope: Scope, moment: dt.datetime) -> QuerySet[Any]:
    return Zone.objects.filter(
        region__code__startswith=scope.region, created_at__lte=moment, created_at__date__lte=ask.until
    )


def _show_enterprises(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("kind", "locality", "department"), ("-id",),
        (
            ("类型", lambda row: row.kind.label), ("乡镇（街道）", lambda row: row.locality.name),
            ("主管部门", lambda row: row.department.short_name if row.department else "—"),
            ("现在风险等级", lambda row: row.get_risk_display()), ("现在状态", lambda row: row.get_status_display()),
        ),
        lambda row: row.get_absolute_url(), lambda row: row.name,
    )  # fmt: skip


def _show_zones(rows: QuerySet[Any]) -> Rows:
    return Rows(
        rows.select_related("kind", "region"), ("-id",),
        (("类型", lambda row: row.kind.label), ("所在区划", lambda row: row.region.name)),
        lambda row: row.get_absolute_url(), lambda row: row.name,
    )  # fmt: skip


ENTERPRISES = Plain(_enterprises, _show_enterprises, dimensions=_DIMENSIONS)
_FILTERS, _ALL = frozenset({"kind", "risk"}), frozenset(_DIMENSIONS)
register(
    Measure("registry.enterprises", "在册企业与场所", "家", "时段末在册、没有关闭或者迁出的企业与场所；风险等级按取数时刻登记的，类型按现在登记的。", ENTERPRISES, _FILTERS, _ALL, is_stock=True),
    Measure("registry.stopped", "停产停业企业", "家", "时段末处于停产、停业等非正常经营状态的企业与场所。", ENTERPRISES, _FILTERS, _ALL, is_stock=True),
    Measure("registry.zones", "重点区域", "个", "时段末已登记的区域。", Plain(_zones, _show_zones), is_stock=True),
)  # fmt: skip
register_filter(
    "kind", "对象类型", lambda: EnterpriseKind.objects.order_by("position", "key").values_list("key", "label")
)
register_filter("risk", "风险等级", lambda: RiskColour.choices)
