"""Technical service to objects (市供电公司负责对煤改电整治单位的用电技术服务, R243): asked or offered, done, confirmed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import attach
from bihuan.audit.moves import step, write_line
from bihuan.batches.models import Batch
from bihuan.core.errors import Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules

from ..models import Project, ServiceRequest, ServiceTransition
from ..standing import may_serve, serves, speaks_for
from ..workflow import SERVICE_RULES, ServiceMove, ServiceStatus


@transaction.atomic
def open_service(
    enterprise: Enterprise,
    supplier: Organization,
    *,
    kind: str,
    content: str,
    project: Project | None = None,
    batch: Batch | None = None,
    by: User,
) -> ServiceRequest:
    """An object asks a supplier for help, or the supplier offers it. Raises PermissionDenied, Refused."""
    if not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise PermissionDenied
    if rules.row("services", kind) is None:
        raise Refused("请选择服务种类")
    if not content.strip():
        raise Refused("请写明需要什么、在哪里、什么时候方便")
    if supplier.pk == enterprise.organization_id:
        raise Refused("服务单位不能是对象自己")
    offered = serves(by, supplier.pk)
    service = ServiceRequest(
        enterprise=enterprise, supplier=supplier, kind=kind, content=content.strip()[:2000], project=project,
        batch=batch, department_id=enterprise.department_id, city_id=enterprise.city_id,
        county_id=enterprise.county_id, locality_id=enterprise.locality_id,
        status=ServiceStatus.OFFERED if offered else ServiceStatus.REQUESTED, opened_by=by,
        opened_at=timezone.now(),
    )  # fmt: skip
    if not offered and not speaks_for(by, service):
        raise PermissionDenied
    if project is not None and not Project.objects.visible_to(by).filter(pk=project.pk).exists():
        raise Refused("所选的工程项目不在您的范围内")
    service.save(force_insert=True)
    move = ServiceMove.OFFER if offered else ServiceMove.REQUEST
    write_line(service, move, ServiceTransition, seen="", by=by, act=f"projects.service_{move.value}")
    if offered:
        _owe(service, "是否接受技术服务", _object_body(service), "service.confirm", by)
    else:
        _owe(service, "受理技术服务", supplier, "service.accept", by)
    return service


def _object_body(service: ServiceRequest) -> Organization:
    """Who is asked in the object's name: itself, or its department where it has no account."""
    return service.enterprise.organization or service.department or service.supplier


def _owe(service: ServiceRequest, words: str, body: Organization, rule: str, by: User) -> None:
    derived = clock.due(rule, timezone.localdate())
    finish_duty(service, Duty.Kind.SERVICE, by=by)
    open_duty(
        kind=Duty.Kind.SERVICE, subject=service, title=f"{words}：{service}"[:200], url=service.get_absolute_url(),
        organization=body, place=service, due_on=derived.due_on, clock=derived.explanation, by=by,
    )  # fmt: skip
    ServiceRequest.objects.filter(pk=service.pk).update(due_on=derived.due_on, clock=derived.explanation)
    service.due_on, service.clock = derived.due_on, derived.explanation


def _move(
    service: ServiceRequest, move: ServiceMove, *, by: User, reason: str = "", **changed: object
) -> ServiceTransition:
    if (
        not may_serve(by, move, service)
        or not ServiceRequest.objects.visible_to(by).filter(pk=service.pk).exists()
    ):
        raise PermissionDenied
    line = step(
        service, move, SERVICE_RULES[move], ServiceTransition, by=by, reason=reason, changed=changed,
        act=f"projects.service_{move.value}",
    )  # fmt: skip
    finish_duty(service, Duty.Kind.SERVICE, by=by)
    return line


@transaction.atomic
def accept_service(service: ServiceRequest, *, by: User, reason: str = "") -> None:
    """The supplier takes it on, or the object takes what was offered. Raises PermissionDenied, IllegalMove."""
    move = ServiceMove.AGREE if service.status == ServiceStatus.OFFERED else ServiceMove.ACCEPT
    _move(service, move, by=by, reason=reason)
    _owe(service, "办理技术服务", service.supplier, "service.do", by)


@transaction.atomic
def decline_service(service: ServiceRequest, *, reason: str, by: User) -> None:
    """It does not come about, with a reason. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(service, ServiceMove.DECLINE, by=by, reason=reason, due_on=None)


@transaction.atomic
def finish_service(
    service: ServiceRequest, *, result: str, photos: Iterable[str | uuid.UUID] = (), by: User
) -> None:
    """The supplier says what was done; the object is asked to confirm. Raises PermissionDenied, Refused, IllegalMove."""
    line = _move(
        service,
        ServiceMove.DO,
        by=by,
        reason=result,
        result=result.strip()[:1000],
        done_on=timezone.localdate(),
    )
    attach(line, [str(each) for each in photos if each], "scene", by=by)
    _owe(service, "确认技术服务", _object_body(service), "service.confirm", by)


@transaction.atomic
def confirm_service(service: ServiceRequest, *, by: User, reason: str = "") -> None:
    """The object confirms that it was helped. Raises PermissionDenied, IllegalMove."""
    _move(service, ServiceMove.CONFIRM, by=by, reason=reason, due_on=None)


@transaction.atomic
def redo_service(service: ServiceRequest, *, reason: str, by: User) -> None:
    """The object was not helped; the supplier goes on. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(service, ServiceMove.REDO, by=by, reason=reason, done_on=None)
    _owe(service, "继续办理技术服务", service.supplier, "service.do", by)
