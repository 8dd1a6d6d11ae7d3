"""The registers of major-hazard units and of dangerous chemicals over all enterprises (R048, R194), and as shared lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.jobs.selections import Act, Wanted
from bihuan.rules.keysupervised import find_key_chemical
from bihuan.rules.majorhazards import MajorHazardError, find_named
from bihuan.rules.majortables import factor_set
from bihuan.rules.records import UnknownRule

from .access import edit_scope
from .filters import RegistryFilter
from .lists import ListColumn, ListSource, Reading
from .models import Chemical, Enterprise, Guardian, MajorUnit
from .risks import filing_words, reckon, standing

LEVELS = {"1": "一级", "2": "二级", "3": "三级", "4": "四级"}
STATES = {**LEVELS, "ungraded": "构成，未分级", "problem": "暂不能辨识", "none": "不构成"}
DUES = {
    "unevaluated": "未安全评估", "unfiled": "未备案", "late": "评估已到期", "unguarded": "包保责任人不全",
}  # fmt: skip
KEY = {"key": "重点监管", "other": "其他"}
GROUPS_SHOWN = 300
_ENTERPRISE = ("enterprise__locality", "enterprise__department", "enterprise__county")


# --- major-hazard units ----------------------------------------------------------------------------


def units_of(user: User, query: QueryDict) -> Reading:
    """Units in use of the enterprises a filter of the registry finds, narrowed by `state` and `due`; newest first."""
    filters = RegistryFilter(query, user)
    units = MajorUnit.objects.filter(enterprise__in=filters.queryset.values("pk"), is_active=True)
    words = [filters.words] if filters.applied else []
    state, due = query.get("state", ""), query.get("due", "")
    if state:
        units = units.filter(_state(state))
        words.append(STATES.get(state, "无此项"))
    if due:
        units = _due(units.filter(is_major=True), due, timezone.localdate())
        words.append(DUES.get(due, "无此项"))
    rows = units.select_related(*_ENTERPRISE, "premises").order_by("-pk")
    return Reading(rows, "，".join(words) or "全部")


def _state(state: str) -> Q:
    if state in LEVELS:
        return Q(is_major=True, grade=int(state))
    match state:
        case "ungraded":
            return Q(is_major=True, grade=None)
        case "problem":
            return ~Q(problem="")
        case "none":
            return Q(is_major=False, problem="")
    return Q(pk__in=())


def _due(units: QuerySet[MajorUnit], due: str, on: dt.date) -> QuerySet[MajorUnit]:
    match due:
        case "unevaluated":
            return units.filter(evaluated_on=None)
        case "unfiled":
            return units.filter(filed_on=None)
        case "late":
            return units.filter(reevaluate_by__lt=on)
        case "unguarded":
            named = units.annotate(named=Count("guardians"))
            return named.filter(named__lt=len(Guardian.Role))
    return units.none()


def unit_counts(units: QuerySet[MajorUnit]) -> dict[str, int]:
    """How many units of each grade, and how many enterprises and units constitute at all (R194)."""
    major = Q(is_major=True)
    counted: dict[str, int] = units.order_by().aggregate(
        units=Count("pk", filter=major),
        enterprises=Count("enterprise", filter=major, distinct=True),
        ungraded=Count("pk", filter=major & Q(grade=None)),
        problem=Count("pk", filter=~Q(problem="")),
        **{f"level_{grade}": Count("pk", filter=major & Q(grade=int(grade))) for grade in LEVELS},
    )
    return counted


def outdated(user: User, on: dt.date) -> QuerySet[MajorUnit]:
    """Units the person keeps that are still reckoned by another version of the standard than the one in force."""
    mine = Enterprise.objects.within_scope_of(user, Permission.EDIT_REGISTRY)
    units = MajorUnit.objects.filter(enterprise__in=mine.values("pk"), is_active=True, problem="")
    return units.filter(~Q(explanation__set=factor_set(on).key)).order_by("pk")


def _find_unit(user: User, pk: int) -> MajorUnit | None:
    unit = (
        MajorUnit.objects.select_related("enterprise__organization", "enterprise__department")
        .filter(pk=pk)
        .first()
    )
    return unit if unit is not None and edit_scope(user).covers(unit.enterprise) else None


def _reckon(unit: MajorUnit, wanted: Wanted, by: User) -> None:
    reckon(unit, by=by)


RECKON = Act("registry.reckon", "按现行标准重新计算重大危险源", "个", _find_unit, _reckon)

_UNIT_COLUMNS = (
    ListColumn("enterprise", "企业名称", 28),
    ListColumn("code", "统一社会信用代码", 20),
    ListColumn("county", "县区", 10),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("department", "主管部门", 14),
    ListColumn("name", "单元名称", 20),
    ListColumn("kind", "单元类型", 10),
    ListColumn("chemicals", "品种和设计最大量", 30),
    ListColumn("s", "S值", 8),
    ListColumn("population", "500米内人口", 10),
    ListColumn("r", "R值", 8),
    ListColumn("standing", "结论", 18),
    ListColumn("variant", "系数取法", 16),
    ListColumn("evaluated", "安全评估", 11),
    ListColumn("reevaluate", "下次评估期限", 11),
    ListColumn("filing", "备案", 22),
    ListColumn("filing_no", "备案编号", 16),
    ListColumn("guardians", "包保责任人", 30),
)


def _unit_cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    today, pks = timezone.localdate(), [row.pk for row in rows]
    held: dict[int, list[str]] = {}
    if "chemicals" in columns:
        for each in Chemical.objects.filter(unit__in=pks, is_present=True).order_by("id"):
            held.setdefault(each.unit_id or 0, []).append(f"{each.name}{each.design_maximum.normalize():f}吨")
    people: dict[int, list[str]] = {}
    if "guardians" in columns:
        for person in Guardian.objects.filter(unit__in=pks):
            people.setdefault(person.unit_id, []).append(str(person))
    plain: dict[str, Callable[[MajorUnit], Any]] = {
        **_OF_ENTERPRISE,
        "name": lambda row: row.name,
        "kind": lambda row: row.get_kind_display(),
        "chemicals": lambda row: "、".join(held.get(row.pk, ())),
        "s": lambda row: row.s,
        "population": lambda row: row.population,
        "r": lambda row: row.r,
        "standing": standing,
        "variant": lambda row: (row.explanation.get("variant") or {}).get("label", ""),
        "evaluated": lambda row: row.evaluated_on,
        "reevaluate": lambda row: row.reevaluate_by,
        "filing": lambda row: filing_words(row, on=today)[1],
        "filing_no": lambda row: row.filing_no,
        "guardians": lambda row: "、".join(people.get(row.pk, ())),
    }
    return [[plain[key](row) for key in columns] for row in rows]


_OF_ENTERPRISE: dict[str, Callable[[Any], Any]] = {
    "enterprise": lambda row: row.enterprise.name,
    "code": lambda row: row.enterprise.credit_code or "",
    "county": lambda row: row.enterprise.county.name,
    "locality": lambda row: row.enterprise.locality.name,
    "department": lambda row: row.enterprise.department.short_name if row.enterprise.department else "未指定",
}

UNIT_ROWS = ListSource(
    key="registry.major_units",
    title="重大危险源单元",
    unit="个",
    permission=Permission.VIEW_REGISTRY,
    page="registry:units",
    columns=_UNIT_COLUMNS,
    usual=(
        "enterprise",
        "locality",
        "name",
        "chemicals",
        "r",
        "standing",
        "reevaluate",
        "filing",
        "guardians",
    ),
    read=units_of,
    cells=_unit_cells,
    url_of=lambda row: row.get_absolute_url(),
)


# --- chemicals -------------------------------------------------------------------------------------


def chemicals_of(user: User, query: QueryDict) -> Reading:
    """Chemicals present at the enterprises a filter of the registry finds, narrowed by `chemical` (name or CAS) and `key`."""
    narrowed = query.copy()
    name = narrowed.pop("chemical", [""])[-1].replace("\x00", "").strip()[:60]
    filters = RegistryFilter(narrowed, user)
    rows = Chemical.objects.filter(enterprise__in=filters.queryset.values("pk"), is_present=True)
    words = [filters.words] if filters.applied else []
    if name:
        rows = rows.filter(Q(name__in=names_of(name)) | Q(name__icontains=name) | Q(cas=name))
        words.append(f"品名：{name}")
    key = query.get("key", "")
    if key:
        rows = rows.filter(is_key=key == "key") if key in KEY else rows.none()
        words.append(KEY.get(key, "无此项"))
    related = rows.select_related(*_ENTERPRISE, "unit", "premises").order_by("-pk")
    return Reading(related, "，".join(words) or "全部")


def names_of(name: str) -> list[str]:
    """The name and the other names the standard and the national list know it by: 光气 finds 碳酰氯."""
    today = timezone.localdate()
    found = [name]
    try:
        named = find_named(name, today)
    except (MajorHazardError, UnknownRule):
        named = None  # several rows bear it: what is entered under them contains the word anyway
    if named is not None:
        found += [named.name, *named.aliases]
    listed = find_key_chemical(name, name, today)
    if listed is not None:
        found += [listed.name, *listed.aliases]
    return list(dict.fromkeys(found))


def totals_of(rows: QuerySet[Chemical]) -> dict[str, Any]:
    """How many entries, at how many enterprises, how much at most by design."""
    counted: dict[str, Any] = rows.order_by().aggregate(
        rows=Count("pk"), enterprises=Count("enterprise", distinct=True), tonnes=Sum("design_maximum"),
        key=Count("pk", filter=Q(is_key=True)),
    )  # fmt: skip
    return counted | {"tonnes": counted["tonnes"] or Decimal(0)}


def by_name(rows: QuerySet[Chemical]) -> list[dict[str, Any]]:
    """The same for each chemical, the greatest amounts first."""
    grouped = rows.order_by().values("name").annotate(
        rows=Count("pk"), enterprises=Count("enterprise", distinct=True), tonnes=Sum("design_maximum"),
        actual=Sum("actual"), key=Count("pk", filter=Q(is_key=True)),
    )  # fmt: skip
    return [dict(row) for row in grouped.order_by("-tonnes", "name")[:GROUPS_SHOWN]]


_CHEMICAL_COLUMNS = (
    ListColumn("enterprise", "企业名称", 28),
    ListColumn("code", "统一社会信用代码", 20),
    ListColumn("county", "县区", 10),
    ListColumn("locality", "乡镇街道", 12),
    ListColumn("department", "主管部门", 14),
    ListColumn("name", "品名", 18),
    ListColumn("cas", "CAS号", 12),
    ListColumn("state", "形态", 8),
    ListColumn("categories", "危险性类别", 12),
    ListColumn("maximum", "设计最大量（吨）", 12),
    ListColumn("actual", "实际储量（吨）", 12),
    ListColumn("unit", "单元", 16),
    ListColumn("place", "存放位置", 18),
    ListColumn("key", "重点监管", 30),
)


def _chemical_cells(rows: Sequence[Any], columns: Sequence[str]) -> list[list[Any]]:
    today = timezone.localdate()
    plain: dict[str, Callable[[Chemical], Any]] = {
        **_OF_ENTERPRISE,
        "name": lambda row: row.name,
        "cas": lambda row: row.cas,
        "state": lambda row: row.get_state_display(),
        "categories": lambda row: "、".join(row.categories),
        "maximum": lambda row: float(row.design_maximum),
        "actual": lambda row: None if row.actual is None else float(row.actual),
        "unit": lambda row: row.unit.name if row.unit else "",
        "place": lambda row: row.place,
        "key": lambda row: key_words(row, today),
    }
    return [[plain[key](row) for key in columns] for row in rows]


def key_words(chemical: Chemical, on: dt.date) -> str:
    """By which list a chemical is under key supervision; empty when it is not."""
    if not chemical.is_key:
        return ""
    listed = find_key_chemical(chemical.name, chemical.cas, on)
    return listed.basis if listed else "本地增补"


CHEMICAL_ROWS = ListSource(
    key="registry.chemicals",
    title="危险化学品",
    unit="条",
    permission=Permission.VIEW_REGISTRY,
    page="registry:chemicals",
    columns=_CHEMICAL_COLUMNS,
    usual=("enterprise", "locality", "department", "name", "cas", "maximum", "actual", "unit", "key"),
    read=chemicals_of,
    cells=_chemical_cells,
    url_of=lambda row: row.enterprise.get_absolute_url(),
)
