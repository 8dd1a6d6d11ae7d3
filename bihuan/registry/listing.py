"""What the registry itself puts into shared lists: enterprises and risk points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Case, Q, Value, When
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission

from .filters import RegistryFilter
from .keysupervision import reasons_of
from .lists import ListColumn, ListSource, Reading
from .models import (
    Contact,
    Enterprise,
    EnterpriseGrading,
    Responsibility,
    RiskColour,
    RiskPoint,
    StatusPeriod,
)

ENTERPRISES, RISK_POINTS = "registry.enterprises", "registry.risk_points"
_COLUMNS = (
    ListColumn("name", "企业名称", 30),
    ListColumn("code", "统一社会信用代码", 20),
    ListColumn("kind", "类型", 14),
    ListColumn("county", "县区", 10),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("address", "地址", 30),
    ListColumn("department", "主管部门", 14),
    ListColumn("risk", "风险", 8),
    ListColumn("grade", "企业分级", 8),
    ListColumn("status", "状态", 10),
    ListColumn("since", "状态起始", 11),
    ListColumn("why", "停产关闭理由", 24),
    ListColumn("expected", "预计复产", 11),
    ListColumn("employees", "从业人数", 8),
    ListColumn("principal", "主要负责人", 10),
    ListColumn("leader", "包干领导", 16),
    ListColumn("watcher", "专盯人员", 16),
    ListColumn("flags", "列入理由", 28),
)


def _read_enterprises(user: User, query: QueryDict) -> Reading:
    filters = RegistryFilter(query, user)
    related = ("kind", "county", "locality", "department")
    return Reading(filters.queryset.select_related(*related), filters.words)


def _enterprise_cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    facts = _facts(rows, set(columns))
    plain: dict[str, Callable[[Enterprise], Any]] = {
        "name": lambda row: row.name,
        "code": lambda row: row.credit_code or "",
        "kind": lambda row: row.kind.label,
        "county": lambda row: row.county.name,
        "locality": lambda row: row.locality.name,
        "address": lambda row: row.address,
        "department": lambda row: row.department.short_name if row.department else "未指定",
        "risk": lambda row: row.get_risk_display(),
        "status": lambda row: row.get_status_display(),
        "employees": lambda row: row.employees,
    }
    return [
        [plain[key](row) if key in plain else facts[key].get(row.pk, "") for key in columns] for row in rows
    ]


def _facts(rows: Sequence[Enterprise], wanted: set[str]) -> dict[str, dict[int, Any]]:
    """What stands in other tables, read for all rows at once and only where a column asks for it."""
    pks = [row.pk for row in rows]
    facts: dict[str, dict[int, Any]] = defaultdict(dict)
    if "grade" in wanted:
        current = EnterpriseGrading.objects.filter(enterprise__in=pks, is_current=True)
        facts["grade"] = {pk: f"{grade}级" for pk, grade in current.values_list("enterprise", "grade")}
    if wanted & {"since", "why", "expected"}:
        for period in StatusPeriod.objects.filter(enterprise__in=pks, to_on=None):
            facts["since"][period.enterprise_id] = period.from_on
            facts["why"][period.enterprise_id] = period.reason
            facts["expected"][period.enterprise_id] = period.expected_until or ""
    if "principal" in wanted:
        people = Contact.objects.filter(enterprise__in=pks, role__in=["legal", "principal"]).order_by("role")
        facts["principal"] = dict(people.values_list("enterprise", "name"))
    if wanted & {"leader", "watcher"}:
        _who_answers(rows, facts)
    if "flags" in wanted:
        facts["flags"] = {pk: "；".join(reasons) for pk, reasons in reasons_of(pks).items()}
    return facts


def _who_answers(rows: Sequence[Enterprise], facts: dict[str, dict[int, Any]]) -> None:
    regions = {code for row in rows for code in (row.locality_id, row.county_id)}
    named = (
        Responsibility.objects.in_force(on=timezone.localdate())
        .filter(Q(enterprise__in=[row.pk for row in rows]) | Q(region__in=regions))
        .exclude(kind=Responsibility.Kind.SPECIAL)
        .select_related("post__organization")
    )
    of_region: dict[str, str] = {}
    for each in named:
        if each.enterprise_id is not None:
            facts[each.kind][each.enterprise_id] = str(each.post)
        elif each.region_id is not None:
            of_region[each.region_id] = str(each.post)
    for row in rows:
        leader = of_region.get(row.locality_id) or of_region.get(row.county_id)
        if leader:
            facts["leader"].setdefault(row.pk, leader)


def gravest_first(column: str) -> Case:
    """Red, orange, yellow, blue, then what has no colour."""
    return Case(
        *(When(**{column: risk.value}, then=Value(place)) for place, risk in enumerate(RiskColour)),
        default=Value(len(RiskColour)),
    )


ENTERPRISE_ROWS = ListSource(
    key=ENTERPRISES,
    title="企业与场所",
    unit="家",
    permission=Permission.VIEW_REGISTRY,
    page="registry:list",
    columns=_COLUMNS,
    usual=("name", "kind", "locality", "department", "risk", "status", "leader", "watcher"),
    read=_read_enterprises,
    cells=_enterprise_cells,
    url_of=lambda row: row.get_absolute_url(),
    orders={
        "kind": ("按行业类型", ("kind__position", "kind_id", "locality_id", "name")),
        "place": ("按乡镇街道", ("locality_id", "kind__position", "kind_id", "name")),
        "department": ("按主管部门", ("department_id", "kind__position", "kind_id", "name")),
        "risk": ("按风险高低", (gravest_first("risk"), "locality_id", "name")),
    },
)


# --- risk points -----------------------------------------------------------------------------------

_POINT_COLUMNS = (
    ListColumn("enterprise", "企业名称", 28),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("department", "主管部门", 14),
    ListColumn("name", "风险点", 20),
    ListColumn("kind", "风险点类型", 10),
    ListColumn("place", "部位", 18),
    ListColumn("colour", "风险等级", 8),
    ListColumn("outcome", "可能后果", 18),
    ListColumn("measures", "管控措施", 34),
    ListColumn("responsible", "责任人", 10),
    ListColumn("dangers", "危险源", 24),
)


def _read_points(user: User, query: QueryDict) -> Reading:
    """Risk points of the enterprises a filter of the registry finds; `colour` narrows to some colours."""
    filters = RegistryFilter(query, user)
    points = RiskPoint.objects.filter(enterprise__in=filters.queryset.values("pk"), is_active=True)
    words = [filters.words] if filters.applied else []
    colours = [each for each in query.getlist("colour") if each in RiskColour.values]
    if colours:
        points = points.filter(colour__in=colours)
        words.append("、".join(RiskColour(each).label for each in colours) + "色风险点")
    rows = points.select_related("enterprise__locality", "enterprise__department")
    return Reading(rows.order_by("-pk"), "，".join(words) or "全部")


def _point_cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    dangers: dict[int, list[str]] = defaultdict(list)
    if "dangers" in columns:
        current = RiskPoint.objects.filter(pk__in=[row.pk for row in rows], assessments__is_current=True)
        for pk, danger in current.order_by("assessments__id").values_list("pk", "assessments__danger"):
            dangers[pk].append(danger)
    plain: dict[str, Callable[[RiskPoint], Any]] = {
        "enterprise": lambda row: row.enterprise.name,
        "locality": lambda row: row.enterprise.locality.name,
        "department": lambda row: (
            row.enterprise.department.short_name if row.enterprise.department else "未指定"
        ),
        "name": lambda row: row.name,
        "kind": lambda row: row.get_kind_display(),
        "place": lambda row: row.place,
        "colour": lambda row: row.get_colour_display() or "未评价",
        "outcome": lambda row: row.outcome,
        "measures": lambda row: row.measures,
        "responsible": lambda row: row.responsible,
        "dangers": lambda row: "、".join(dangers[row.pk]),
    }
    return [[plain[key](row) for key in columns] for row in rows]


RISK_POINT_ROWS = ListSource(
    key=RISK_POINTS,
    title="风险点",
    unit="个",
    permission=Permission.VIEW_REGISTRY,
    page="registry:risk_points",
    columns=_POINT_COLUMNS,
    usual=("enterprise", "locality", "name", "colour", "outcome", "measures", "responsible"),
    read=_read_points,
    cells=_point_cells,
    url_of=lambda row: row.get_absolute_url(),
    orders={
        "colour": ("按风险高低", (gravest_first("colour"), "enterprise__locality_id", "enterprise__name")),
        "enterprise": ("按企业", ("enterprise__locality_id", "enterprise__name", "enterprise_id", "name")),
    },
)
