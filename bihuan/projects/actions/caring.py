"""Looking after people whom works or a stop of gas hit harder (关爱在前、妥善处置, R242)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.batches.models import Batch
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules
from bihuan.rules.clocks import Due

from ..models import CareHousehold, CareTransition, Project
from ..standing import cares
from ..workflow import CARE_RULES, OVER, CareMove
from .moving import held
from .owing import fixed, locality_body
from .pooling import planned_day


def visit_by(about: Project | Batch, today: dt.date) -> Due:
    """By when somebody is to go there: the day before works begin or gas is stopped; else by the clock."""
    first = planned_day(about) if isinstance(about, Project) else about.notice_by
    if first is not None and first > today:
        before = first - dt.timedelta(days=1)
        word = "开工或者停气" if isinstance(about, Project) else "下发通知"
        return fixed(before, f"{first} {word}，此前一天走访完")
    return clock.due("project.care", today)


@transaction.atomic
def mark_household(
    about: Project | Batch,
    *,
    locality: Region,
    name: str,
    address: str,
    kinds: Sequence[str],
    visitor: str,
    phone: str = "",
    benefits: Sequence[str] = (),
    help: str = "",
    enterprise: Enterprise | None = None,
    by: User,
) -> CareHousehold:
    """Mark a household or shop as one to look after; its locality owes the visit. Raises PermissionDenied, Refused."""
    project = about if isinstance(about, Project) else None
    batch = about if isinstance(about, Batch) else None
    seen = (
        Project.objects.visible_to(by).filter(pk=about.pk).exists()
        if project is not None
        else Batch.objects.visible_to(by).filter(pk=about.pk).exists()
    )
    department = about.department if isinstance(about, Project) else about.organization
    if not seen or not cares(by, department.pk, locality.code):
        raise PermissionDenied
    if project is not None and held(project).status in OVER:
        raise IllegalMove(
            f"“{project}”已经{project.get_status_display().removeprefix('已')}，不再登记照顾对象"
        )
    if not locality.is_locality:
        raise Refused("请选择住户所在的乡镇（街道）")
    if not name.strip() or not address.strip():
        raise Refused("请填写姓名（商户名称）和住址")
    chosen = [key for key in dict.fromkeys(kinds) if rules.row("care", key)]
    if not chosen:
        raise Refused("请选择需要照顾的情形")
    if not visitor.strip():
        raise Refused("请填写谁去走访")
    if enterprise is not None and not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise Refused("所选的商户不在您的管理范围内")
    where = place_of(locality)
    due = visit_by(about, timezone.localdate())
    household = CareHousehold.objects.create(
        project=project, batch=batch, enterprise=enterprise, department=department, city_id=where.city_id,
        county_id=where.county_id or locality.code, locality=locality, name=name.strip()[:60], phone=phone.strip()[:30],
        address=address.strip()[:160], kinds=chosen,
        benefits=[key for key in dict.fromkeys(benefits) if rules.row("benefits", key)], help=help.strip()[:300],
        visitor=visitor.strip()[:60], visit_by=due.due_on, clock=due.explanation, marked_by=by, marked_at=timezone.now(),
    )  # fmt: skip
    write_line(household, CareMove.MARK, CareTransition, seen="", by=by, act="projects.care_mark")
    open_duty(
        kind=Duty.Kind.PROJECT, subject=household, title=f"走访需要照顾的住户或商户：{about}"[:200],
        url=household.get_absolute_url(), organization=locality_body(locality.code) or department, place=household,
        due_on=due.due_on, clock=due.explanation, by=by,
    )  # fmt: skip
    return household


@transaction.atomic
def visit_household(
    household: CareHousehold,
    *,
    visited_on: dt.date,
    found: str,
    help: str = "",
    benefits: Sequence[str] | None = None,
    photos: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """Somebody went there: what they found, what help is arranged. Raises PermissionDenied, Refused, IllegalMove."""
    _may(household, by)
    if not found.strip():
        raise Refused("请写明走访情况：有什么困难，怎么安排的")
    if not timezone.localdate(household.marked_at) <= visited_on <= timezone.localdate():
        raise Refused("走访日期应在登记之后、今天之前，请核对")
    changed: dict[str, object] = {"visited_on": visited_on}
    if help.strip():
        changed["help"] = help.strip()[:300]
    if benefits is not None:
        changed["benefits"] = [key for key in dict.fromkeys(benefits) if rules.row("benefits", key)]
    line = step(
        household, CareMove.VISIT, CARE_RULES[CareMove.VISIT], CareTransition, by=by, reason=found, changed=changed,
        act="projects.care_visit",
    )  # fmt: skip
    attach(line, [str(each) for each in photos if each], "scene", by=by)
    finish_duty(household, Duty.Kind.PROJECT, by=by)


@transaction.atomic
def release_household(household: CareHousehold, *, reason: str, by: User) -> None:
    """Care is needed no more. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _may(household, by)
    step(
        household, CareMove.RELEASE, CARE_RULES[CareMove.RELEASE], CareTransition, by=by, reason=reason,
        act="projects.care_release",
    )  # fmt: skip
    finish_duty(household, Duty.Kind.PROJECT, by=by, cancelled=True)


@transaction.atomic
def reveal_household(household: CareHousehold, *, reason: str, by: User) -> dict[str, str]:
    """Name, phone and address in full; who looked and why goes on record. Raises PermissionDenied, ReasonRequired."""
    _may(household, by)
    if not by.has_perm(Permission.CARE_HOUSEHOLDS):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("查看姓名住址")
    record(
        "projects.care_reveal", household, by=by, summary=f"查看{household}的姓名住址",
        payload={"reason": reason.strip()[:300]},
    )  # fmt: skip
    return {"姓名": household.name, "电话": household.phone or "未登记", "住址": household.address}


def _may(household: CareHousehold, by: User) -> None:
    if not CareHousehold.objects.visible_to(by).filter(pk=household.pk).exists():
        raise PermissionDenied
    if not cares(by, household.department_id, household.locality_id):
        raise PermissionDenied
