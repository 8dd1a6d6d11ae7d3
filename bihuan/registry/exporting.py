"""The registry as a table to take away. No phones: those are seen one by one, with a reason."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Max
from django.http import QueryDict

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.core.sheets import Column
from bihuan.jobs.exports import Export, Row

from .attributes import Attribute
from .filters import RegistryFilter
from .models import Contact, Enterprise, Permit, RiskColour
from .schemas import attributes_of
from .workflow import EnterpriseStatus

# Headings as the import knows them, so that the table can come back.
COLUMNS = (
    Column("企业名称", 34), Column("统一社会信用代码", 22), Column("类型", 16), Column("县区", 12),
    Column("所在乡镇（街道）", 16), Column("地址", 36), Column("主管部门", 16), Column("风险等级", 10),
    Column("状态", 10), Column("从业人数", 10), Column("法定代表人", 12), Column("安全管理人", 12),
    Column("许可证", 44), Column("许可证最早到期", 16), Column("经度", 12), Column("纬度", 12), Column("备注", 24),
)  # fmt: skip
_READ = (
    "pk", "name", "credit_code", "kind__label", "county__name", "locality__name", "address",
    "department__short_name", "risk", "status", "employees", "longitude", "latitude", "remark",
)  # fmt: skip
_RISKS, _STATUSES = dict(RiskColour.choices), dict(EnterpriseStatus.choices)
_NAMED = (Contact.Role.LEGAL, Contact.Role.SAFETY)


class RegistrySource:
    """The rows of a list of enterprises for one person, the latest registered first."""

    def __init__(self, user: User, query: str) -> None:
        filters = RegistryFilter(QueryDict(query), user)
        self._rows = filters.queryset
        self._asked = attributes_of(filters.only_kind)
        self.columns = (*COLUMNS, *(Column(each.heading, 16) for each in self._asked))

    def total(self) -> int:
        return self._rows.count()

    def is_longer_than(self, limit: int) -> bool:
        return self._rows[: limit + 1].count() > limit

    def begin(self) -> Any:
        """Enterprises registered after this moment stay out, so that no piece moves under the reader."""
        return (Enterprise.objects.aggregate(last=Max("pk"))["last"] or 0) + 1

    def after(self, position: Any, limit: int) -> tuple[list[Row], Any]:
        found = list(self._rows.filter(pk__lt=position).order_by("-pk").values_list(*_READ)[:limit])
        if not found:
            return [], position
        pks = [row[0] for row in found]
        people: dict[tuple[int, str], str] = {}
        named = Contact.objects.filter(enterprise__in=pks, role__in=_NAMED)
        for pk, role, name in named.values_list("enterprise", "role", "name"):
            people.setdefault((pk, role), name)
        permits: dict[int, list[Permit]] = defaultdict(list)
        for permit in Permit.objects.filter(enterprise__in=pks):
            permits[permit.enterprise_id].append(permit)
        rows = [_row(people, permits[row[0]], *row) for row in found]
        if self._asked:
            filled = dict(self._rows.filter(pk__in=pks).order_by().values_list("pk", "attributes"))
            rows = [
                (*row, *(_cell(each, filled.get(pk, {}).get(each.name)) for each in self._asked))
                for pk, row in zip(pks, rows, strict=True)
            ]
        return rows, pks[-1]


def _cell(attribute: Attribute, value: Any) -> Any:
    """A value as a table holds it: numbers stay numbers, the unit stands in the heading."""
    return value if attribute.type in ("integer", "number") else attribute.words(value)


def _row(
    people: dict[tuple[int, str], str], permits: list[Permit], pk, name, code, kind, county, locality, address,
    department, risk, status, employees, longitude, latitude, remark,
) -> Row:  # fmt: skip
    legal, safety = (people.get((pk, role), "") for role in _NAMED)
    ends = [permit.valid_to for permit in permits if permit.valid_to]
    return (
        name, code, kind, county, locality, address, department, _RISKS[risk], _STATUSES[status], employees, legal,
        safety, "；".join(map(str, permits)), min(ends, default=None), longitude, latitude, remark,
    )  # fmt: skip


REGISTRY = Export(
    "registry", "企业与场所底册", "registry.export", Permission.EXPORT_HAZARDS, COLUMNS, RegistrySource
)
