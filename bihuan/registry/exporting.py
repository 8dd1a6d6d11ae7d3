"""The registry as a table to take away. No phones: those are seen one by one, with a reason."""

from __future__ import annotations

from typing import Any

from bihuan.core.sheets import Column

from .models import Enterprise, EnterpriseQuerySet

COLUMNS = [
    Column("企业名称", 34),
    Column("统一社会信用代码", 22),
    Column("类型", 16),
    Column("县区", 12),
    Column("所在乡镇（街道）", 16),
    Column("地址", 36),
    Column("主管部门", 16),
    Column("风险等级", 10),
    Column("状态", 10),
    Column("从业人数", 10),
    Column("法定代表人", 12),
    Column("安全管理人", 12),
    Column("许可证", 44),
    Column("许可证最早到期", 16),
    Column("经度", 12),
    Column("纬度", 12),
    Column("备注", 24),
]


def rows_of(objects: EnterpriseQuerySet) -> list[list[Any]]:
    """The rows of an export in list order; headings as the import knows them, so the table can come back."""
    found = objects.select_related("kind", "county", "locality", "department").prefetch_related(
        "contacts", "permits"
    )
    return [_row(enterprise) for enterprise in found]


def _row(enterprise: Enterprise) -> list[Any]:
    people: dict[str, str] = {}
    for contact in enterprise.contacts.all():
        people.setdefault(contact.role, contact.name)
    permits = list(enterprise.permits.all())
    ends = [permit.valid_to for permit in permits if permit.valid_to]
    return [
        enterprise.name,
        enterprise.credit_code or "",
        enterprise.kind.label,
        enterprise.county.name,
        enterprise.locality.name,
        enterprise.address,
        enterprise.department.short_name if enterprise.department else "",
        enterprise.get_risk_display(),
        enterprise.get_status_display(),
        enterprise.employees,
        people.get("legal", ""),
        people.get("safety", ""),
        "；".join(str(permit) for permit in permits),
        min(ends, default=None),
        enterprise.longitude,
        enterprise.latitude,
        enterprise.remark,
    ]
