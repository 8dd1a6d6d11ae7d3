"""Names of people: written sealed, shown masked, opened for a reason that is kept."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused

from ..models import Accident, AccidentMeasure, Casualty
from ..standing import acting
from ..workflow import FOLLOWED
from .moving import hold_still


@transaction.atomic
def add_casualty(
    accident: Accident,
    *,
    outcome: str,
    changed_on: dt.date,
    by: User,
    name: str = "",
    age: int | None = None,
    occupation: str = "",
    note: str = "",
) -> Casualty:
    """Write down one person who was hurt. The figures of the accident are reported apart from the list.

    Raises PermissionDenied, Refused, IllegalMove once settled.
    """
    if acting(by, Permission.REPORT_ACCIDENT, accident) is None:
        raise PermissionDenied
    if accident.status not in FOLLOWED:
        raise IllegalMove(f"“{accident}”现为“{accident.get_status_display()}”，名单不再改动")
    hold_still(accident, FOLLOWED)
    if not accident.occurred_on <= changed_on <= timezone.localdate():
        raise Refused("情况日期应在事故发生之后、今天之前，请核对")
    person = Casualty.objects.create(
        accident=accident, name=name.strip()[:60], age=age, occupation=occupation.strip()[:60], outcome=outcome,
        changed_on=changed_on, note=note.strip()[:200], by=by, at=timezone.now(),
    )  # fmt: skip
    record(
        "accidents.casualty",
        person,
        by=by,
        summary=f"{accident}伤亡名单：{person.get_outcome_display()} 1 人",
    )
    return person


@transaction.atomic
def reveal(row: Casualty | AccidentMeasure, *, by: User, reason: str) -> str:
    """The full name of one person; who looked and why goes on record. Raises PermissionDenied, ReasonRequired, Refused."""
    accident = row.accident
    if acting(by, Permission.REVEAL_PERSONAL, accident) is None:
        raise PermissionDenied
    if not Accident.objects.visible_to(by).filter(pk=accident.pk).exists():
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("查看姓名")
    name = row.name if isinstance(row, Casualty) else row.person
    if not name:
        raise Refused("没有登记姓名")
    what = "伤亡人员" if isinstance(row, Casualty) else "责任人员"
    record(
        "accidents.reveal", accident, by=by, summary=f"查看“{accident}”一名{what}的姓名",
        payload={"row": row.pk, "what": what, "reason": reason.strip()[:300]},
    )  # fmt: skip
    return name
