"""Where a person may register and change objects: one rule for the form, the table import and bulk acts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import scope_of
from bihuan.rules.regions import ancestors, is_within

from .models import Enterprise

OUTSIDE = "不在您的管理范围内，请由当地乡镇街道或安委办登记"


@dataclass(frozen=True)
class EditScope:
    """`areas`: region codes edited whole; `departments`: line departments edited for."""

    areas: tuple[str, ...]
    departments: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.areas or self.departments)

    @property
    def own_department(self) -> int | None:
        """The department that a department's own officer registers for; None for offices and localities."""
        return self.departments[0] if len(self.departments) == 1 and not self.areas else None

    def covers(self, enterprise: Enterprise) -> bool:
        """Whether an existing record may be changed."""
        return self.allows(enterprise.locality_id, enterprise.department_id)

    def allows(self, locality_code: str, department_id: int | None) -> bool:
        """Whether a record may lie in this locality under this department."""
        return any(is_within(locality_code, area) for area in self.areas) or department_id in self.departments

    def refusal(self, locality: Region, department: Organization | None, *, on: dt.date) -> str | None:
        """Why a record may not be put there, as a Chinese sentence; None when it may."""
        if department is not None:
            if not is_within(locality.code, department.region_id):
                return f"主管部门“{department.short_name}”不管辖{locality.name}，请改选当地或上级部门"
            if department.valid_to is not None and department.valid_to < on:
                return f"主管部门“{department.short_name}”已于{department.valid_to}撤销，请改选承接部门"
        if self.allows(locality.code, department.pk if department else None):
            return None
        if self.departments and not self.areas:
            return "不归口本部门，只能登记主管部门为本部门的对象"
        return f"{locality.name}{OUTSIDE}"


def edit_scope(user: User) -> EditScope:
    """The edit scope of a person's posts today; empty without the permission."""
    scope = scope_of(user, Permission.EDIT_REGISTRY)
    return EditScope(scope.areas, scope.departments)


def import_scope(user: User) -> EditScope:
    """The same for bringing tables."""
    scope = scope_of(user, Permission.IMPORT_REGISTRY)
    return EditScope(scope.areas, scope.departments)


def keeps_kinds(user: User) -> bool:
    """Whether a person keeps the kinds and what is asked of them.

    They are the same for every record there is, so only the office whose area holds every region does: that of the
    city, or of the province where several cities share the installation. A county's office reads them.
    """
    return any(_is_everything(area) for area in scope_of(user, Permission.DEFINE_KINDS).areas)


def _is_everything(area: str) -> bool:
    above = ancestors(area)
    return not above or not Region.objects.exclude(code__startswith=area).exclude(code__in=above).exists()
