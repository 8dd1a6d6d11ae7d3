"""The short path: the enterprise puts it right and shows it, the reviewer judges; and asking for more time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.core.statements import whole_act
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.rules.reasons import Reason
from bihuan.rules.reasons import reason as reason_of
from bihuan.rules.records import UnknownRule

from .. import owed
from ..deadlines import check_in_time, extended
from ..models import Extension, Hazard, HazardTransition, Rectification, Reinspection
from ..standing import may_act_for_enterprise, may_extend_ex_officio, may_move, may_request_extension
from ..workflow import ExtensionStatus, Level, Move, is_legal
from .door import carry_out, enter, move_hazard, stale
from .recording import attach_if_any, cents


def submit_rectification(
    hazard: Hazard,
    *,
    text: str,
    by: User,
    photos: Iterable[UUID | str] = (),
    finished_on: dt.date | None = None,
    funds_spent: Decimal | None = None,
) -> Rectification:
    """Hand in what was done; a general hazard goes to review, a major one to acceptance.

    An authority may do it for an enterprise without an account; the row then says so (代企业填报).
    """
    move = Move.APPLY_ACCEPTANCE if hazard.level == Level.MAJOR else Move.SUBMIT
    files = list(photos)
    with whole_act(several=bool(files)):
        sight = enter(hazard, move, by=by, evidence=Rectification)
        now = timezone.now()
        today = timezone.localdate(now)
        finished = finished_on or today
        if not text.strip():
            raise Refused("请写明整改情况：做了什么、现在怎样")
        if finished > today or finished < hazard.found_on:
            raise Refused(
                f"完成日期应在{hazard.found_on.isoformat()}至今天之间，所填为{finished.isoformat()}"
            )
        done = Rectification(
            hazard_id=hazard.pk,
            round=sight.hazard.round,
            text=text.strip(),
            funds_spent=cents(funds_spent),
            finished_on=finished,
            on_behalf=not sight.hazard.has_account,
            by_id=by.pk,
            at=now,
        )
        carry_out(hazard, sight, move, by=by, evidence=done, at=now)
        attach_if_any(done, files, "after", by=by)
    return done


def apply_acceptance(
    hazard: Hazard,
    *,
    text: str,
    by: User,
    photos: Iterable[UUID | str] = (),
    finished_on: dt.date | None = None,
) -> Rectification:
    """Hand in the rectification of a major hazard and ask for acceptance on site (R098)."""
    if hazard.level != Level.MAJOR:
        raise IllegalMove("一般隐患提交整改后由复查单位复查，不需要申请验收")
    return submit_rectification(hazard, text=text, by=by, photos=photos, finished_on=finished_on)


def reinspect(
    hazard: Hazard,
    *,
    passed: bool,
    by: User,
    text: str = "",
    reason_type: str = "",
    photos: Iterable[UUID | str] = (),
) -> Reinspection:
    """Judge the rectification handed in: close the hazard, or send it back for a typed reason.

    The reason is one of `bihuan.rules.reasons`; some also need words. Raises ReasonRequired without one.
    """
    move = Move.CLOSE if passed else Move.SEND_BACK
    files = list(photos)
    with whole_act(several=bool(files)):
        sight = enter(hazard, move, by=by, evidence=Reinspection)
        said = text.strip()
        if passed:
            said = said or "复查合格，同意销号"
            reason = ""
        else:
            typed = _send_back_reason(reason_type, said)
            reason = f"{typed.label}：{said}" if said else f"{typed.label}。{typed.remedy}"
            said = said or typed.remedy
        judged, now = sight.handed_in, timezone.now()
        judgement = Reinspection(
            hazard_id=hazard.pk,
            rectification_id=judged.pk if judged and judged.round == sight.hazard.round else None,
            round=sight.hazard.round,
            passed=passed,
            reason_type="" if passed else reason_type,
            text=said[:500],
            by_id=by.pk,
            at=now,
        )
        carry_out(hazard, sight, move, by=by, reason=reason, evidence=judgement, at=now)
        attach_if_any(judgement, files, "scene", by=by)
    return judgement


def _send_back_reason(reason_type: str, text: str) -> Reason:
    if not reason_type:
        raise ReasonRequired(Move.SEND_BACK.label)
    try:
        typed = reason_of(reason_type)
    except UnknownRule as error:
        raise Refused(str(error)) from error
    if typed.needs_text and not text:
        raise Refused(f"退回原因选“{typed.label}”时须写明具体情况")
    return typed


@transaction.atomic
def request_extension(
    hazard: Hazard, *, requested_due_on: dt.date, reason: str, interim_measures: str, by: User
) -> Extension:
    """Ask for more time before it runs out; the answer is a duty with its own clock (R080).

    Raises Refused when it is too late to ask, too long, too often, or another request is still open.
    """
    if not may_act_for_enterprise(by, hazard):
        raise PermissionDenied
    if not may_request_extension(by, hazard):
        raise IllegalMove(stale(hazard))
    if not reason.strip():
        raise ReasonRequired("申请延期")
    if not interim_measures.strip():
        raise Refused("请写明延期期间怎样管控风险")
    today = timezone.localdate()
    check_in_time(hazard, on=today)
    extended(hazard, requested_due_on, on=today, reason=reason)
    assert hazard.due_on is not None  # check_in_time refuses otherwise
    if hazard.extensions.filter(status=ExtensionStatus.PENDING).exists():
        raise IllegalMove("已有一份延期申请在等待审批，请勿重复提交")
    extension = Extension.objects.create(
        hazard=hazard,
        round=hazard.round,
        old_due_on=hazard.due_on,
        requested_due_on=requested_due_on,
        reason=reason.strip(),
        interim_measures=interim_measures.strip(),
        requested_by=by,
        requested_at=timezone.now(),
    )
    record(
        "hazards.request_extension",
        extension,
        by=by,
        summary=f"申请延期：{hazard.number} 由{hazard.due_on}延至{requested_due_on}",
    )
    owed.open_for_extension(extension, by=by, on=today)
    return extension


@transaction.atomic
def decide_extension(extension: Extension, *, approved: bool, by: User, note: str = "") -> Extension:
    """Grant or refuse a request for more time. Leaders and offices decide, never whoever asked."""
    hazard = extension.hazard
    if not may_move(by, Move.EXTEND, hazard) or extension.requested_by_id == by.pk:
        raise PermissionDenied
    if not approved and not note.strip():
        raise ReasonRequired("不同意延期")
    now = timezone.now()
    decided = Extension.objects.filter(pk=extension.pk, status=ExtensionStatus.PENDING).update(
        status=ExtensionStatus.APPROVED if approved else ExtensionStatus.REJECTED,
        decided_by=by,
        decided_at=now,
        decision_note=note.strip()[:300],
    )
    if not decided:
        raise IllegalMove("该延期申请已经办理或撤回，请核对后重试")
    extension.refresh_from_db()
    if approved:
        if hazard.due_on != extension.old_due_on or hazard.round != extension.round:
            raise IllegalMove("申请之后整改期限已有变化，请退回申请由企业重新提出")
        moved = extended(
            hazard, extension.requested_due_on, on=timezone.localdate(now), reason=extension.reason
        )
        move_hazard(
            hazard,
            Move.EXTEND,
            by=by,
            reason=note.strip() or f"同意延至{moved.due_on.isoformat()}：{extension.reason}",
            evidence=extension,
            changed={"due_on": moved.due_on, "clock": moved.explanation},
        )
    else:
        record("hazards.reject_extension", extension, by=by, summary=f"不同意延期：{hazard.number}")
        finish_duty(hazard, Duty.Kind.EXTENSION, by=by)
        transaction.on_commit(partial(_tell_rejected, extension.pk))
    return extension


@transaction.atomic
def withdraw_extension(extension: Extension, *, by: User) -> Extension:
    """Take back one's own request before it is decided."""
    if not may_act_for_enterprise(by, extension.hazard):
        raise PermissionDenied
    if not Extension.objects.filter(pk=extension.pk, status=ExtensionStatus.PENDING).update(
        status=ExtensionStatus.WITHDRAWN, decided_by=by, decided_at=timezone.now()
    ):
        raise IllegalMove("该延期申请已经办理或撤回")
    extension.refresh_from_db()
    record("hazards.withdraw_extension", extension, by=by, summary=f"撤回延期申请：{extension.hazard.number}")
    finish_duty(extension.hazard, Duty.Kind.EXTENSION, by=by, cancelled=True)
    return extension


@transaction.atomic
def extend_ex_officio(hazard: Hazard, *, to: dt.date, reason: str, by: User) -> HazardTransition:
    """Move a deadline without a request, by decision of the office above (统一延期), within the same limits."""
    if not may_extend_ex_officio(by, hazard) or not may_move(by, Move.EXTEND, hazard):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired(Move.EXTEND.label)
    if not is_legal(Move.EXTEND, hazard.status, hazard.level):
        raise IllegalMove(
            f"隐患{hazard.number}现为“{hazard.get_status_display()}”，整改期限已不再计时，不能延期"
        )
    if hazard.extensions.filter(status=ExtensionStatus.PENDING).exists():
        raise Refused("企业已提出延期申请，请在隐患页面审批")
    now = timezone.now()
    moved = extended(hazard, to, on=timezone.localdate(now), reason=reason)
    assert hazard.due_on is not None  # extended() refuses otherwise
    extension = Extension.objects.create(
        hazard=hazard,
        round=hazard.round,
        old_due_on=hazard.due_on,
        requested_due_on=to,
        reason=reason.strip(),
        interim_measures=hazard.interim_measures or "沿用原管控措施",
        status=ExtensionStatus.APPROVED,
        requested_by=by,
        requested_at=now,
        decided_by=by,
        decided_at=now,
        ex_officio=True,
    )
    return move_hazard(
        hazard,
        Move.EXTEND,
        by=by,
        reason=reason,
        evidence=extension,
        changed={"due_on": moved.due_on, "clock": moved.explanation},
    )


def _tell_rejected(extension_id: int) -> None:
    extension = Extension.objects.select_related("hazard", "requested_by").get(pk=extension_id)
    notify(
        [extension.requested_by],
        category=Message.Category.RESULT,
        title=f"延期未获同意：{extension.hazard.description[:60]}",
        body=extension.decision_note,
        url=extension.hazard.get_absolute_url(),
        key=f"hazards.extension:{extension.pk}:rejected",
    )
