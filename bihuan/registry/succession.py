"""When departments merge or are dissolved, what they supervised passes to whoever takes over (R275)."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Post, User

from .models import Enterprise, EnterpriseChange, EnterpriseKind


@transaction.atomic
def pass_supervision(
    before: Organization, after: Organization, posts: list[Post], by: User, reason: str
) -> None:
    """Give a department's enterprises to `after` once no active post is left in it; a line per enterprise.

    A department that goes on after a split keeps its enterprises: which of them follow is the office's decision,
    made with the list's 指定主管部门. The database does it: no enterprise is read, however many there are.
    """
    if before.kind != Organization.Kind.DEPARTMENT or before.posts.filter(is_active=True).exists():
        return
    now = timezone.now()
    line: dict[str, Any] = {
        "what": EnterpriseChange.What.ASSIGNED,
        "changes": [["主管部门", before.name, after.name]],
        "reason": f"机构改革：{reason}"[:300],
        "by": by.pk,
        "at": now,
    }
    fields = [field for field in EnterpriseChange._meta.concrete_fields if field.name in line]
    values = [field.get_db_prep_save(line[field.name], connection) for field in fields]
    columns = ", ".join(["enterprise_id", *(str(field.column) for field in fields)])
    lines = f"INSERT INTO {EnterpriseChange._meta.db_table} ({columns}) SELECT id, {', '.join(['%s'] * len(values))}"
    enterprises = Enterprise._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement: exactly those that are passed on get their line, whoever is assigned meanwhile.
            cursor.execute(
                f"WITH passed AS (UPDATE {enterprises} SET department_id = %s, updated_at = %s "  # noqa: S608
                f"WHERE department_id = %s RETURNING id) {lines} FROM passed",
                [after.pk, now, before.pk, *values],
            )
        else:
            cursor.execute(f"{lines} FROM {enterprises} WHERE department_id = %s", [*values, before.pk])
            Enterprise.objects.filter(department=before).update(department=after, updated_at=now)
    EnterpriseKind.objects.filter(default_department=before).update(default_department=after)
