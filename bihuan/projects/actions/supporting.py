"""Support for technical renovation (R239): an enterprise applies, a department reviews, the office decides.

What is granted is reckoned from the campaign's standard in force on the planned day, with every step in words; the
project then enters the pool with its shares: what is granted from public money, the rest the enterprise's own.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import office_of
from bihuan.attachments.actions import attach
from bihuan.audit.moves import step, write_line
from bihuan.batches.actions.subsidizing import standard_for
from bihuan.batches.models import SubsidyStandard
from bihuan.batches.workflow import Purpose
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.registry.models import Enterprise
from bihuan.rules import projects as rules
from bihuan.rules.subsidies import Amount, reckon

from ..models import Project, ProjectSource, SupportRequest, SupportTransition
from ..standing import holds, may_support
from ..workflow import SUPPORT_RULES, ProjectMove, SupportMove
from .moving import move_project
from .owing import owe_next
from .pooling import MOST, new_project

CONTENT = ("title", "kind", "content", "quantity", "investment", "start_on", "finish_on")


@transaction.atomic
def apply_for_support(
    enterprise: Enterprise,
    campaign: Campaign,
    *,
    title: str,
    kind: str,
    content: str,
    quantity: Decimal,
    investment: Decimal,
    start_on: dt.date,
    finish_on: dt.date,
    files: Iterable[str | uuid.UUID] = (),
    by: User,
) -> SupportRequest:
    """An enterprise asks for support; its department, or the office, reviews. Raises PermissionDenied, Refused."""
    if not holds(by, Permission.APPLY_PROJECT, enterprise.organization_id):
        raise PermissionDenied
    _check(title, kind, content, quantity, investment, start_on, finish_on)
    department = enterprise.department or office_of(enterprise.locality_id)
    if department is None:
        raise Refused("还没有指定主管部门，请联系当地安委办")
    request = SupportRequest.objects.create(
        enterprise=enterprise, campaign=campaign, department=department, city_id=enterprise.city_id,
        county_id=enterprise.county_id, locality_id=enterprise.locality_id, title=title.strip()[:100], kind=kind,
        content=content.strip(), quantity=quantity, investment=investment, start_on=start_on, finish_on=finish_on,
        filed_by=by, filed_at=timezone.now(),
    )  # fmt: skip
    request.refresh_from_db()
    write_line(request, SupportMove.FILE, SupportTransition, seen="", by=by, act="projects.support_file")
    attach(request, [str(each) for each in files if each], "document", by=by)
    _owe(request, department, "初审技改支持", "project.support.review", by)
    return request


def _check(
    title: str,
    kind: str,
    content: str,
    quantity: Decimal,
    investment: Decimal,
    start_on: dt.date,
    finish_on: dt.date,
) -> None:
    if not title.strip() or not content.strip():
        raise Refused("请写明改造什么、消除什么隐患")
    if rules.row("kinds", kind) is None:
        raise Refused("请选择项目种类")
    if quantity <= 0 or not 0 < investment < MOST:
        raise Refused("数量和总投资应大于 0，请核对")
    if finish_on < start_on:
        raise Refused(f"计划完工 {finish_on} 早于计划开工 {start_on}，请核对")


def _owe(request: SupportRequest, body: Organization, words: str, rule: str, by: User) -> None:
    open_duty(
        kind=Duty.Kind.PROJECT, subject=request, title=f"{words}：{request}"[:200], url=request.get_absolute_url(),
        organization=body, place=request, clock_rule=rule, by=by,
    )  # fmt: skip


def _move(
    request: SupportRequest, move: SupportMove, *, by: User, reason: str = "", **changed: object
) -> None:
    if (
        not may_support(by, move, request)
        or not SupportRequest.objects.visible_to(by).filter(pk=request.pk).exists()
    ):
        raise PermissionDenied
    step(
        request, move, SUPPORT_RULES[move], SupportTransition, by=by, reason=reason, changed=changed,
        watched=("reviewed_by_id",), act=f"projects.support_{move.value}",
    )  # fmt: skip
    finish_duty(request, Duty.Kind.PROJECT, by=by)


def reckon_support(request: SupportRequest) -> tuple[SubsidyStandard, Amount]:
    """What the standard in force on the planned day gives, step by step. Raises Refused without a standard."""
    standard = standard_for(request.campaign, request.finish_on, Purpose.RENOVATION)
    try:
        found = reckon(
            standard.terms, quantity=request.quantity, investment=request.investment,
            finished_on=request.finish_on, due_on=request.finish_on,
        )  # fmt: skip
    except ValueError as error:
        raise Refused(str(error)) from error
    return standard, found


@transaction.atomic
def review_support(request: SupportRequest, *, by: User, reason: str = "") -> None:
    """The department has looked at it on the spot and agrees. Raises PermissionDenied, Refused, IllegalMove."""
    office = office_of(request.locality_id)
    _move(request, SupportMove.REVIEW, by=by, reason=reason, reviewed_by=by)
    _owe(request, office or request.department, "审定技改支持", "project.support.approve", by)


@transaction.atomic
def return_support(request: SupportRequest, *, reason: str, by: User) -> None:
    """Ask the enterprise for more. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(request, SupportMove.RETURN, by=by, reason=reason)
    body = request.enterprise.organization
    if body is not None:
        _owe(request, body, "补充技改支持材料", "project.support.review", by)


@transaction.atomic
def refile_support(
    request: SupportRequest,
    *,
    content: str,
    quantity: Decimal,
    investment: Decimal,
    files: Iterable[str | uuid.UUID] = (),
    by: User,
) -> None:
    """The enterprise hands it in again, put right. Raises PermissionDenied, Refused, IllegalMove."""
    _check(request.title, request.kind, content, quantity, investment, request.start_on, request.finish_on)
    _move(
        request, SupportMove.REFILE, by=by, content=content.strip(), quantity=quantity, investment=investment
    )
    attach(request, [str(each) for each in files if each], "document", by=by)
    _owe(request, request.department, "初审技改支持", "project.support.review", by)


@transaction.atomic
def withdraw_support(request: SupportRequest, *, reason: str, by: User) -> None:
    """The enterprise takes it back. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(request, SupportMove.WITHDRAW, by=by, reason=reason)


@transaction.atomic
def refuse_support(request: SupportRequest, *, reason: str, by: User) -> None:
    """The office gives no support, and says why. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    _move(request, SupportMove.REFUSE, by=by, reason=reason, decided_by=by)


@transaction.atomic
def approve_support(request: SupportRequest, *, approval: str, terms: str = "", by: User) -> Project:
    """The office grants what the standard gives; the project enters the pool with its shares and its terms.

    Raises PermissionDenied (also for whoever reviewed it), Refused, IllegalMove.
    """
    if not may_support(by, SupportMove.APPROVE, request):
        raise PermissionDenied
    if request.status not in SUPPORT_RULES[SupportMove.APPROVE].sources:
        raise IllegalMove(f"申请现为“{request.get_status_display()}”，请刷新后核对")
    if not approval.strip():
        raise Refused("请填写审定的文号或者会议纪要")
    standard, found = reckon_support(request)
    if found.refused or found.yuan <= 0:
        raise Refused(found.refused or "按标准算出的支持金额为 0，请退回或者不予支持")
    granted = min(found.yuan, request.investment)
    said = terms.strip()[:300] or "验收合格后按实际完成拨付，逾期按标准扣减"
    project = new_project(
        region=request.locality, department=request.department, by=request.reviewed_by or by,
        name=f"{request.title}（{request.enterprise.name}）"[:120], kind=request.kind, campaign=request.campaign,
        owner=request.enterprise, taker=request.enterprise, need=request.content, quantity=request.quantity,
        estimate=request.investment, start_on=request.start_on, finish_on=request.finish_on, basis=standard.document,
    )  # fmt: skip
    Project.objects.filter(pk=project.pk).update(
        support_terms=f"技改支持 {granted:,.2f} 元（{standard.name}，{standard.document}）：{said}"[:500]
    )
    ProjectSource.objects.create(project=project, kind="local", planned=granted)
    if request.investment > granted:
        ProjectSource.objects.create(project=project, kind="enterprise", planned=request.investment - granted)
    project.refresh_from_db()
    move_project(
        project, ProjectMove.APPROVE, by=by, reason=approval, checked=True,
        changed={"approval": approval.strip()[:120], "approved_on": timezone.localdate()},
    )  # fmt: skip
    owe_next(project, by=by)
    _move(
        request, SupportMove.APPROVE, by=by, reason=approval, decided_by=by, project=project, standard=standard,
        amount=granted, terms=said, lines=[*found.lines, f"标准：{standard.name}（{standard.document}）"],
    )  # fmt: skip
    return project
