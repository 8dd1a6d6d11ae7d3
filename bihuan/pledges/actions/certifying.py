"""Keeping the certificates of one's people, and what is owed for those that run out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import default_post, holders_of, service_user
from bihuan.audit.actions import chain_of, record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.duties.actions import finish_duty, open_duty, reschedule_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.dues import holder_of
from bihuan.registry.models import Enterprise
from bihuan.registry.workflow import SUPERVISED
from bihuan.rules.certificates import (
    EVENTS,
    CertificateState,
    certificate_kinds,
    certificate_rule,
    doubt_certificate,
)
from bihuan.rules.permits import reminder_rule

from ..models import SOON, StaffCertificate
from ..standing import may_keep

PIECE = 200
FRESH = 7  # days a reminder the worker slept through is still sent
FIELDS = ("person_name", "kind", "name", "number", "issuer", "issued_on", "valid_to", "review_by")


@transaction.atomic
def save_certificate(
    enterprise: Enterprise, *, by: User, certificate: StaffCertificate | None = None, **given: Any
) -> StaffCertificate:
    """Enter a certificate or change one; an empty number leaves the sealed one. A later day settles what was owed.

    Raises PermissionDenied, Refused for a kind nobody knows or dates that cannot be, IllegalMove for a retired one.
    """
    if not may_keep(by, enterprise):
        raise PermissionDenied
    today, now = timezone.localdate(), timezone.now()
    if given.get("kind") not in certificate_kinds(today):
        raise Refused("请选择证件种类")
    if not str(given.get("person_name", "")).strip():
        raise Refused("请填写持证人姓名")
    issued_on = given.get("issued_on")
    if issued_on is not None and issued_on > today:
        raise Refused(f"发证日期 {issued_on} 在今天之后，请核对")
    problem = doubt_certificate(
        certificate_rule(given["kind"], today),
        issued_on,
        given.get("valid_to"),
        given.get("review_by"),
    )
    if problem:
        raise Refused(problem)
    if certificate is None:
        certificate = StaffCertificate(enterprise=enterprise, recorded_by=by, recorded_at=now)
    elif not certificate.is_active:
        raise IllegalMove("这份证件已经注销，请另登记一份")
    for name in FIELDS:
        if name in given and not (name == "number" and not given[name]):
            setattr(certificate, name, given[name])
    certificate.updated_at = now
    certificate.save()
    record(
        "pledges.save_certificate",
        certificate,
        by=by,
        summary=f"登记{enterprise}的人员证件：{certificate}",
    )
    _settle(certificate, today, by)
    return certificate


@transaction.atomic
def retire_certificate(certificate: StaffCertificate, *, reason: str, by: User) -> None:
    """The person has left or the certificate was withdrawn: it counts no longer and stays on record.

    Raises PermissionDenied, ReasonRequired, IllegalMove.
    """
    if not may_keep(by, certificate.enterprise):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("注销证件")
    fields = {"is_active": False, "retired_reason": reason.strip()[:200], "updated_at": timezone.now()}
    if not StaffCertificate.objects.filter(pk=certificate.pk, is_active=True).update(**fields):
        raise IllegalMove("这份证件已经注销")
    for name, value in fields.items():
        setattr(certificate, name, value)
    record(
        "pledges.retire_certificate",
        certificate,
        by=by,
        summary=f"注销{certificate.enterprise}的人员证件：{certificate}",
        payload={"reason": certificate.retired_reason},
    )
    finish_duty(certificate, Duty.Kind.CERTIFICATE, by=by, cancelled=True)


def open_certificate_dues(now: dt.datetime) -> int:
    """Open and move the duties of certificates that run out or must be reviewed; returns how many were opened.

    The enterprise owes it, its locality where it has no account. Run again it does nothing; a reminder is sent once.
    """
    today, by = timezone.localdate(now), service_user()
    until = today + dt.timedelta(days=SOON)
    rows = (
        StaffCertificate.objects.held()
        .filter(Q(valid_to__lte=until) | Q(review_by__lte=until), enterprise__status__in=SUPERVISED)
        .select_related("enterprise__organization", "enterprise__department")
    )
    opened, last = 0, 0
    while piece := list(rows.filter(pk__gt=last).order_by("pk")[:PIECE]):
        owed = dict(
            Duty.objects.open()
            .filter(kind=Duty.Kind.CERTIFICATE, subject__in=[chain_of(each) for each in piece])
            .values_list("subject", "due_on")
        )
        for certificate in piece:
            state = certificate.state(today)
            if state.day is None:
                continue
            if owed.get(chain_of(certificate)) != state.day:
                opened += _owe(certificate, state, by)
            _remind(certificate, state, today)
        last = piece[-1].pk
    return opened


def _title(certificate: StaffCertificate, state: CertificateState) -> str:
    return f"“{certificate.enterprise}”{certificate}{EVENTS[state.event or 'expiry']}"


@transaction.atomic
def _owe(certificate: StaffCertificate, state: CertificateState, by: User) -> bool:
    """See to it that exactly one duty is open with the next day; whether it is a new one."""
    StaffCertificate.objects.select_for_update().get(pk=certificate.pk)
    title = _title(certificate, state)
    clock = {"summary": state.sentence(), "source": state.rule.source}
    if reschedule_duty(certificate, Duty.Kind.CERTIFICATE, state.day, clock, by=by, title=title):
        return False
    body = holder_of(certificate.enterprise, timezone.localdate())
    if body is None:
        return False
    open_duty(
        kind=Duty.Kind.CERTIFICATE, subject=certificate, title=title, url=certificate.get_absolute_url(),
        organization=body, place=certificate.enterprise, due_on=state.day, clock=clock, by=by,
    )  # fmt: skip
    return True


def _remind(certificate: StaffCertificate, state: CertificateState, today: dt.date) -> None:
    """Tell whoever owes it of the last reminder day reached (90, 60, 30, 7), once, and not long after its day."""
    left = state.days_left if state.days_left is not None else SOON
    reached = [days for days in reminder_rule(today).expiry if left <= days]
    if not reached or min(reached) - left > FRESH:
        return
    body = holder_of(certificate.enterprise, today)
    post = default_post(body) if body is not None else None
    if post is None:
        return
    notify(
        holders_of(post, today), category=Message.Category.REMINDER, title=_title(certificate, state)[:120],
        body=state.sentence(), url=certificate.get_absolute_url(),
        key=f"certificate.{certificate.pk}.{state.day}.{min(reached)}",
    )  # fmt: skip


def _settle(certificate: StaffCertificate, today: dt.date, by: User) -> None:
    """What was owed ends once the next day is far away, and follows it while it is near."""
    state = certificate.state(today)
    if state.day is None or (state.days_left or 0) > SOON:
        finish_duty(certificate, Duty.Kind.CERTIFICATE, by=by)
        return
    reschedule_duty(
        certificate,
        Duty.Kind.CERTIFICATE,
        state.day,
        {"summary": state.sentence(), "source": state.rule.source},
        by=by,
    )
