"""What a sheet can be filled from: the figures of a return, the ledger of hazards, listings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from bihuan.accounts.models import User
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level, Status
from bihuan.listings.models import Listing
from bihuan.listings.workflow import HANGING
from bihuan.returns.models import Definition
from bihuan.returns.shipped import shipped, shipped_by_key

from .sheets import MOST_ROWS

RETURN = "return:"
_LEVELS, _STATUSES = dict(Level.choices), dict(Status.choices)


@dataclass(frozen=True)
class Column:
    """One thing that can be put into a column or a cell."""

    key: str
    label: str
    value: Callable[[Any], Any] = lambda row: None


@dataclass(frozen=True)
class Table:
    """Rows of ours that can fill a table."""

    key: str
    label: str
    columns: Sequence[Column]
    rows: Callable[[User, dt.date | None, dt.date | None], Iterable[Any]]


def _hazards(user: User, first: dt.date | None, last: dt.date | None) -> QuerySet[Hazard]:
    rows = Hazard.objects.visible_to(user).select_related(
        "enterprise", "locality", "county", "department", "kind"
    )
    if first:
        rows = rows.filter(found_on__gte=first)
    if last:
        rows = rows.filter(found_on__lte=last)
    return rows.order_by("found_on", "id")[: MOST_ROWS + 1]


def _listings(user: User, first: dt.date | None, last: dt.date | None) -> QuerySet[Listing]:
    rows = (
        Listing.objects.visible_to(user)
        .filter(status__in=HANGING)
        .select_related("organization", "locality", "county", "city")
    )
    if first:
        rows = rows.filter(listed_on__gte=first)
    if last:
        rows = rows.filter(listed_on__lte=last)
    return rows.order_by("listed_on", "id")[: MOST_ROWS + 1]


HAZARDS = Table(
    "hazards", "隐患台账",
    (
        Column("number", "隐患编号", lambda row: row.number), Column("enterprise", "企业名称", lambda row: row.enterprise.name),
        Column("credit_code", "统一社会信用代码", lambda row: row.enterprise.credit_code),
        Column("county", "县区", lambda row: row.county.name), Column("locality", "乡镇（街道）", lambda row: row.locality.name),
        Column("kind", "行业类型", lambda row: row.kind.label if row.kind else ""),
        Column("department", "主管部门", lambda row: row.department.name if row.department else ""),
        Column("description", "隐患描述", lambda row: row.description), Column("location", "部位", lambda row: row.location),
        Column("basis", "依据条款", lambda row: row.basis), Column("level", "等级", lambda row: _LEVELS[row.level]),
        Column("status", "状态", lambda row: _STATUSES[row.status]), Column("found_on", "发现日期", lambda row: row.found_on),
        Column("due_on", "整改期限", lambda row: row.due_on), Column("closed_on", "销号日期", lambda row: row.closed_on),
        Column("person", "整改责任人", lambda row: row.responsible_person), Column("measures", "整改措施", lambda row: row.measures),
        Column("funds", "整改资金（元）", lambda row: row.funds),
    ),
    _hazards,
)  # fmt: skip
LISTINGS = Table(
    "listings", "挂牌督办",
    (
        Column("number", "挂牌编号", lambda row: row.number), Column("title", "督办事项", lambda row: row.title),
        Column("owner", "整改单位", lambda row: row.owner_name), Column("place", "场所", lambda row: row.place),
        Column("region", "区划", lambda row: (row.locality or row.county or row.city).name),
        Column("level", "挂牌级别", lambda row: row.get_level_display()), Column("status", "状态", lambda row: row.get_status_display()),
        Column("organization", "挂牌单位", lambda row: row.organization.name), Column("listed_on", "挂牌日期", lambda row: row.listed_on),
        Column("due_on", "整改期限", lambda row: row.due_on), Column("person", "整改责任人", lambda row: row.person_name),
        Column("leader", "督办领导", lambda row: row.leader_name),
    ),
    _listings,
)  # fmt: skip
TABLES = {table.key: table for table in (HAZARDS, LISTINGS)}


def choices(shape: str, user: User) -> list[tuple[str, str]]:
    """The sources that fit: figures of a return go into cells, ledgers into rows."""
    if shape == "rows":
        return [(table.key, table.label) for table in TABLES.values()]
    names = {spec.key: spec.name for spec in shipped()}
    names |= dict(Definition.objects.visible_to(user).values_list("key", "name"))
    return [(f"{RETURN}{key}", f"报送：{name}") for key, name in names.items()]


def columns_of(source: str, user: User | None = None) -> list[Column]:
    """What can be placed from a source; empty for one that is unknown."""
    if source in TABLES:
        return list(TABLES[source].columns)
    key = source.removeprefix(RETURN)
    rows = Definition.objects.visible_to(user) if user is not None else Definition.objects.all()
    definition = rows.filter(key=key).order_by("-id").first()
    version = definition.versions.order_by("-number").first() if definition else None
    if version is not None:
        return [Column(item["key"], item["label"]) for item in version.content.get("items", [])]
    spec = shipped_by_key(key)
    return [Column(item.key, item.label) for item in spec.items] if spec else []


def label_of(source: str) -> str:
    """A source in words."""
    return labels_of([source])[source]


def labels_of(sources: Iterable[str]) -> dict[str, str]:
    """Sources in words, in one query however many."""
    asked = set(sources)
    keys = {source.removeprefix(RETURN) for source in asked if source not in TABLES}
    names: dict[str, str] = {}
    for key, name in (
        Definition.objects.filter(key__in=keys).order_by("organization_id", "pk").values_list("key", "name")
    ):
        names.setdefault(key, name)
    found = {}
    for source in asked:
        key = source.removeprefix(RETURN)
        if source in TABLES:
            found[source] = TABLES[source].label
        else:
            spec = None if key in names else shipped_by_key(key)
            found[source] = f"报送：{names.get(key) or (spec.name if spec else key)}"
    return found
