"""Coming into the ledger: found by an inspector, reported by a tip, or found by the enterprise itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import attach
from bihuan.audit.actions import NEW, Pen
from bihuan.campaigns.models import Campaign, CheckItem, Task
from bihuan.core.errors import Refused
from bihuan.core.writes import Writes, row_of
from bihuan.notifications.actions import send_out_after_commit
from bihuan.registry.models import Enterprise, Premises
from bihuan.rules.calendar import DateOutOfRange, check_range
from bihuan.rules.hazards import criterion
from bihuan.rules.records import UnknownRule
from bihuan.tally.models import Delta

from .. import searching
from ..deadlines import deadline
from ..deltas import delta_columns, state_of
from ..models import Hazard, HazardTransition, Rectification
from ..standing import seats
from ..workflow import RULES, Level, Move, Status, target_of
from .door import Told, add_line, carry_out, enter, open_owed, summary_of
from .sight import Sight, look_ahead

# What somebody else says must first be confirmed; what an inspector saw stands.
_UNCONFIRMED = frozenset({Hazard.Source.TIP, Hazard.Source.MONITORING})
_REVIEWERS = frozenset({Organization.Kind.OFFICE, Organization.Kind.DEPARTMENT, Organization.Kind.LOCALITY})


def record_hazard(
    *,
    enterprise: Enterprise,
    source: str,
    description: str,
    found_on: dt.date,
    by: User,
    found_organization: Organization,
    premises: Premises | None = None,
    location: str = "",
    basis: str = "",
    level: str = Level.GENERAL,
    criterion_code: str = "",
    campaign: Campaign | None = None,
    task: Task | None = None,
    check_item: CheckItem | None = None,
    department: Organization | None = None,
    due_on: dt.date | None = None,
    responsible_person: str = "",
    measures: str = "",
    funds: Decimal | None = None,
    contingency: str = "",
    interim_measures: str = "",
    photos: Iterable[UUID | str] = (),
    client_id: UUID | None = None,
    reviewing_organization: Organization | None = None,
) -> Hazard:
    """Enter one hazard and return it; the same `client_id` twice returns the first one (invariant 7).

    Inspections, oversight and experts open the enterprise's clock at once; tips, alarms and what a gas company found at
    its users wait for confirmation, and an enterprise may enter what it found itself. `due_on` may differ from the rule within its limits. The
    department is the enterprise's own unless given; whoever inspects reviews unless somebody else is named.
    Raises PermissionDenied, Refused with the field and its remedy.
    """
    if client_id and (known := _already(client_id, enterprise, by)):
        return known
    move = _entry_move(source, by, enterprise, found_organization)
    today = timezone.localdate()
    _check(enterprise, premises, description, found_on, level, criterion_code, today)
    status = target_of(move, "", level)
    if status == Status.REPORTED and due_on is not None:
        raise Refused("待核实的隐患在核实时才确定整改期限，请留空")
    reviewer = reviewing_organization or _reviewer(enterprise, found_organization)
    now = timezone.now()
    try:
        with transaction.atomic():
            sight = look_ahead(enterprise, reviewer)
            derived = (
                None
                if status == Status.REPORTED
                else deadline(level, found_on, due_on, due_by=sight.terms.due)
            )
            hazard = Hazard(
                pk=sight.hazard.pk,
                client_id=client_id,
                enterprise=enterprise,
                premises=premises,
                campaign=campaign or (task.campaign if task else None),
                task=task,
                check_item=check_item,
                department=department or enterprise.department,
                city_id=enterprise.city_id,
                county_id=enterprise.county_id,
                locality_id=enterprise.locality_id,
                kind_id=enterprise.kind_id,
                source=source,
                level=level,
                criterion_code=criterion_code,
                status=status,
                description=description.strip(),
                location=location.strip(),
                basis=basis.strip(),
                found_on=found_on,
                found_at=now,
                found_by=by,
                found_organization=found_organization,
                reviewing_organization=reviewer,
                due_on=derived.due_on if derived else None,
                clock=derived.explanation if derived else {},
                responsible_person=responsible_person.strip(),
                measures=measures.strip(),
                funds=cents(funds),
                contingency=contingency.strip(),
                interim_measures=interim_measures.strip(),
            )
            told = _enter_into_ledger(hazard, replace(sight, hazard=hazard), move, by=by, at=now)
            searching.index([hazard])
            attach_if_any(hazard, photos, "before", by=by)
            send_out_after_commit(told)
    except IntegrityError:
        # The same phone sent it twice at the same moment; the other one has won.
        if client_id and (known := _already(client_id, enterprise, by)):
            return known
        raise
    return hazard


def _enter_into_ledger(hazard: Hazard, sight: Sight, move: Move, *, by: User, at: dt.datetime) -> Told:
    """Write the hazard, its first line, its figures, its duties and the record of all that, in one go."""
    writes = Writes()
    writes.insert(Hazard, row_of(hazard))
    pen = Pen(writes, f"hazards.{move.value}", by=by, summary=summary_of(hazard, move), at=at)
    line = add_line(
        writes,
        pen,
        hazard,
        move,
        pk=sight.line_id,
        after=NEW,
        from_status="",
        by=by,
        at=at,
        counted_on=hazard.found_on,
    )
    for delta in delta_columns(hazard, None, state_of(hazard), hazard.found_on):
        writes.insert(Delta, delta)
    told = open_owed(writes, sight, line, by=by)
    writes.send()
    hazard._state.adding, hazard._state.db = False, connection.alias
    return told


@transaction.atomic
def fix_on_spot(
    hazard: Hazard,
    *,
    text: str,
    before: Iterable[UUID | str],
    after: Iterable[UUID | str],
    by: User,
) -> HazardTransition:
    """Close a general hazard that was put right before the inspector's eyes, with photos before and after.

    Only on the day it was entered and before anything was handed in; later it takes the ordinary way, because
    nobody was looking.
    """
    sight = enter(hazard, Move.FIX_ON_SPOT, by=by, evidence=Rectification)
    now = timezone.now()
    if not may_fix_on_spot(hazard, on=timezone.localdate(now)):
        raise Refused("当场整改只能在登记当日、企业提交整改之前办理，请由企业提交整改后复查")
    if not text.strip():
        raise Refused("请写明当场怎样整改")
    done = Rectification(
        hazard_id=hazard.pk,
        round=sight.hazard.round,
        text=text.strip(),
        finished_on=hazard.found_on,
        on_behalf=True,
        by_id=by.pk,
        at=now,
    )
    attach_if_any(hazard, before, "before", by=by)
    line = carry_out(hazard, sight, Move.FIX_ON_SPOT, by=by, evidence=done, at=now)
    attach_if_any(done, after, "after", by=by)
    return line


def may_fix_on_spot(hazard: Hazard, *, on: dt.date) -> bool:
    """Whether the spot is still the spot: entered on that day, nothing handed in yet."""
    return timezone.localdate(hazard.found_at) == on and not hazard.rectifications.exists()


def cents(amount: Decimal | None) -> Decimal | None:
    """An amount of yuan as the database keeps it, so that what is signed now is what is read later."""
    return None if amount is None else Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


def attach_if_any(subject: Any, photos: Iterable[UUID | str], role: str, *, by: User) -> None:
    """Hang files on a record, if there are any."""
    ids = [str(photo) for photo in photos]
    if ids:
        attach(subject, ids, role, by=by)


def _already(client_id: UUID, enterprise: Enterprise, by: User) -> Hazard | None:
    known = Hazard.objects.filter(client_id=client_id).first()
    if known is not None and (known.enterprise_id != enterprise.pk or known.found_by_id != by.pk):
        raise Refused("设备编号已被另一条隐患使用，请重新登记")
    return known


def _entry_move(source: str, by: User, enterprise: Enterprise, found_organization: Organization) -> Move:
    if source == Hazard.Source.IMPORT:
        raise Refused("历史台账请用“导入台账”，不能逐条登记")
    if source == Hazard.Source.DELIVERY:
        return _delivered(by, enterprise, found_organization)
    if source == Hazard.Source.SELF_CHECK and found_organization.pk == enterprise.organization_id:
        move = Move.SELF_REPORT
    elif source in _UNCONFIRMED:
        move = Move.REPORT
    else:
        move = Move.RECORD
    if not any(post.organization_id == found_organization.pk for post in seats(by, RULES[move].permission)):
        raise PermissionDenied
    if not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise PermissionDenied
    return move


def _delivered(by: User, enterprise: Enterprise, found_organization: Organization) -> Move:
    """What a gas company's own people found at a user of theirs: the authority confirms it like a tip.

    They see nothing else of that place; whether they stand at its door is known to whoever recorded their visit.
    """
    if found_organization.pk == enterprise.organization_id or not any(
        post.organization_id == found_organization.pk for post in seats(by, Permission.SIGN_PLEDGE)
    ):
        raise PermissionDenied
    return Move.REPORT


def _check(
    enterprise: Enterprise,
    premises: Premises | None,
    description: str,
    found_on: dt.date,
    level: str,
    criterion_code: str,
    today: dt.date,
) -> None:
    if not description.strip():
        raise Refused("请填写隐患描述")
    try:
        check_range(found_on)
    except DateOutOfRange as error:
        raise Refused(f"发现日期：{error}") from error
    if found_on > today:
        raise Refused(f"发现日期{found_on.isoformat()}在今天之后，请核对")
    if premises is not None and premises.enterprise_id != enterprise.pk:
        raise Refused("所选场所不属于该企业，请重新选择")
    if criterion_code:
        if level != Level.MAJOR:
            raise Refused("一般隐患不填重大判定条款；按条款属重大的，请把等级改为重大")
        try:
            criterion(criterion_code, found_on)
        except UnknownRule as error:
            raise Refused(str(error)) from error


def _reviewer(enterprise: Enterprise, found_organization: Organization) -> Organization:
    """Whoever inspects reviews (谁检查谁复查); what others found is reviewed by the locality."""
    if found_organization.kind in _REVIEWERS:
        return found_organization
    local = Organization.objects.filter(
        kind=Organization.Kind.LOCALITY, region=enterprise.locality_id, valid_to=None
    ).first()
    body = local or enterprise.department
    if body is None:
        raise Refused(f"{enterprise}所在地没有乡镇街道单位，也没有主管部门，请先确定复查单位")
    return body
